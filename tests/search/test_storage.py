"""Files that a power cut, a full disk or somebody left: repaired with a warning, or refused."""

import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest

from lstmlab.search import RandomSearch, Serial, run, storage, table
from lstmlab.search.storage import peek
from tests.search.made import (
    SPACE,
    assert_same,
    environment,
    searcher,
    serial,
    uneven,
)

TRIALS = 6


def go_on(place, trials=TRIALS, **options):
    """Run the study of these tests, from wherever it is."""
    return run(
        searcher("random"), uneven, trials, executor=Serial(), storage=place, progress=False,
        **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The bytes of a study in a journal and in SQLite, and the whole study's table."""
    folder = tmp_path_factory.mktemp("files")
    for name in ("a.journal", "a.db"):
        go_on(folder / name, TRIALS - 2)
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def whole():
    return serial("random", uneven, TRIALS)


def test_a_journal_cut_at_any_byte_of_its_last_line_is_repaired(files, whole, tmp_path):
    data = files[".journal"]
    begin = data.rstrip().rfind(b"\n") + 1
    assert len(data) - begin > 100
    for cut in range(begin + 1, len(data)):
        place = tmp_path / f"{cut}.journal"
        place.write_bytes(data[:cut] + b"\0" * (cut % 3))
        with pytest.warns(RuntimeWarning, match="ended in the middle of a line: .* is run again"):
            study = peek(place, "study")
        assert place.read_bytes() == data[:begin]
        assert len(study.trials) == TRIALS - 3
        if cut % 25 == 0:
            assert_same(go_on(place), whole)


@pytest.mark.parametrize("line", range(6))
def test_a_journal_cut_in_any_earlier_line_loses_what_came_after_and_is_run_again(
    line, files, whole, tmp_path
):
    """Those lines were written later, so they are gone too: nothing finished stands behind."""
    lines = files[".journal"].splitlines(keepends=True)
    place = tmp_path / "a.journal"
    place.write_bytes(b"".join(lines[:line]) + lines[line][: len(lines[line]) // 2])
    with pytest.warns(RuntimeWarning, match="ended in the middle of a line"):
        study = go_on(place)
    assert_same(study, whole)


def test_the_warning_names_the_callers_line(files, tmp_path):
    place = tmp_path / "a.journal"
    place.write_bytes(files[".journal"][:-5])
    with pytest.warns(RuntimeWarning) as caught:
        run(searcher("random"), uneven, 1, executor=Serial(), storage=place, progress=False)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b"{}", b"3", b"\xff", b"\0\0\0", b"hello"])
def test_a_broken_line_with_others_behind_it_is_refused_with_its_number(broken, files, tmp_path):
    place = tmp_path / "a.journal"
    lines = files[".journal"].splitlines()
    lines[4] = broken
    place.write_bytes(b"\n".join(lines) + b"\n")
    before = place.read_bytes()
    with pytest.raises(ValueError, match=r"a.journal, line 5 must be an entry of an Optuna jour"):
        go_on(place)
    assert place.read_bytes() == before


def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(tmp_path):
    for text in ("Dear diary,\n", "Dear diary", "a\nb\nc", '{"a": 1}\n', "\n"):
        place = tmp_path / "a.log"
        place.write_text(text)
        with pytest.raises(ValueError, match="must be an .*Optuna journal"):
            go_on(place)
        assert place.read_text() == text


@pytest.mark.parametrize("name", ["a.journal", "a.db"])
def test_an_empty_file_is_a_new_study(name, whole, tmp_path):
    (tmp_path / name).touch()
    assert_same(go_on(tmp_path / name), whole)


@pytest.mark.parametrize("kind", ["link", "file"])
def test_the_lock_of_a_killed_process_is_taken_away(kind, files, whole, tmp_path):
    place = tmp_path / "a.journal"
    place.write_bytes(files[".journal"])
    lock = tmp_path / "a.journal.lock"
    if kind == "link":
        lock.symlink_to(place)
    else:
        lock.touch()
    (tmp_path / "a.journal.running").touch()
    assert_same(go_on(place), whole)
    assert list(tmp_path.iterdir()) == [place]


def test_a_text_file_is_no_sqlite_file(tmp_path):
    place = tmp_path / "a.db"
    place.write_text("Dear diary, " * 500)
    with pytest.raises(ValueError, match="must be a SQLite file, but .*a.db is damaged or none"):
        go_on(place)
    assert place.read_text() == "Dear diary, " * 500
    with pytest.raises(ValueError, match="is damaged or none"):
        peek(place, "study")


def test_a_folder_is_no_storage(tmp_path):
    for name in ("a.db", "a.journal"):
        (tmp_path / name).mkdir()
        with pytest.raises((ValueError, IsADirectoryError), match=name):
            go_on(tmp_path / name)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_sqlite_file_is_refused(share, files, tmp_path):
    place = tmp_path / "a.db"
    place.write_bytes(files[".db"][: int(len(files[".db"]) * share)])
    with pytest.raises(ValueError, match="must be a SQLite file, but .*a.db is damaged or none"):
        go_on(place)


def test_a_sqlite_file_overwritten_in_the_middle_is_refused_or_makes_no_difference(
    files, whole, tmp_path
):
    chance = random.Random(0)
    said = []
    for number in range(24):
        data = bytearray(files[".db"])
        at = chance.randrange(0, len(data) - 2048)
        data[at : at + 2048] = chance.randbytes(2048) if number % 2 else bytes(2048)
        place = tmp_path / f"{number}.db"
        place.write_bytes(data)
        try:
            study = go_on(place)
        except ValueError as error:
            said.append(str(error))
        else:
            assert_same(study, whole)
    assert 5 < len(said) < 24
    assert all(".db is damaged or none" in refused for refused in said)


def test_a_sqlite_file_that_somebody_else_holds_is_not_called_damaged(files, tmp_path, monkeypatch):
    place = tmp_path / "a.db"
    place.write_bytes(files[".db"])
    connect = sqlite3.connect
    monkeypatch.setattr(storage.sqlite3, "connect", lambda path: connect(path, timeout=0))
    other = connect(place, isolation_level=None)
    other.execute("begin exclusive")
    with pytest.raises(BlockingIOError, match="a.db is being written by another program"):
        go_on(place)
    other.close()


def test_a_journal_that_is_being_written_is_looked_at_and_not_repaired(files, tmp_path):
    """What is half now may be whole in a moment."""
    place = tmp_path / "a.journal"
    place.write_bytes(files[".journal"][:-5])
    with storage._locked(place), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(peek(place, "study").trials) == TRIALS - 3
    assert place.read_bytes() == files[".journal"][:-5]


def test_looking_at_what_is_not_there_makes_nothing(files, tmp_path):
    assert peek(tmp_path / "a.db", "study") is None
    assert peek(tmp_path / "a.journal", "study") is None
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.journal").write_bytes(files[".journal"])
    assert peek(tmp_path / "a.journal", "another") is None


ELSEWHERE = """
import os, resource, sys
from pathlib import Path
from lstmlab.search import Serial, run
from tests.search.made import searcher, uneven
if sys.argv[3] == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
elif os.geteuid() == 0:  # who may write everywhere
    run(searcher("random"), uneven, 1, executor=Serial(), progress=False)  # and has imported all
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
try:
    run(searcher("random"), uneven, int(sys.argv[2]), executor=Serial(), storage=sys.argv[1],
        progress=False)
except Exception as error:
    print(type(error).__name__, error)
else:
    print("done")
"""


def elsewhere(root, *arguments):
    """What a process with less rights or disk says."""
    return subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *map(str, arguments)],
        cwd=root, env=environment(root), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


@pytest.mark.parametrize("name", ["a.db", "a.journal"])
def test_a_folder_or_file_that_must_not_be_written_to_is_named(name, root):
    with tempfile.TemporaryDirectory() as place:  # pytest's own are closed to others
        folder = Path(place)
        folder.chmod(0o555)
        said = elsewhere(root, folder / name, 3, "rights")
        assert said == f"PermissionError {folder} must not be written to: name another storage\n"
        folder.chmod(0o777)
        file = folder / name
        go_on(file, 2)
        file.chmod(0o444)
        said = elsewhere(root, file, 3, "rights")
        assert said == f"PermissionError {file} must not be written to: name another storage\n"


@pytest.mark.parametrize("name", ["a.db", "a.journal"])
def test_a_full_disk_stops_the_study_and_when_there_is_room_it_goes_on(name, root, tmp_path):
    place = tmp_path / name
    go_on(place, 3)
    limit = place.stat().st_size + 3000 if name == "a.journal" else place.stat().st_size
    said = elsewhere(root, place, 500, "limit", limit)
    assert re.fullmatch(
        r"OSError trial \d+ could not be written to the storage \(.*(File too large|disk I/O error"
        r"|disk is full)\): the same call, with a new searcher, goes on once that is mended\n",
        said,
    )
    assert place.stat().st_size <= limit
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*ended in the middle of a line")
        study = go_on(place, 40)
    assert_same(study, serial("random", uneven, 40))


def test_nothing_is_written_after_a_line_that_was_cut_off(tmp_path):
    """The next line would be joined to it, and the file would be broken in its middle."""
    place = tmp_path / "a.journal"

    class Full(storage.JournalFileBackend):
        def append_logs(self, logs):
            super().append_logs(logs)
            if place.read_bytes().count(b'"number"') == 3:
                os.truncate(place, place.stat().st_size - 20)
                raise OSError("the disk is full")

    kept = storage.JournalStorage(Full(str(place)))
    with pytest.raises(OSError, match="the disk is full"):
        run(
            searcher("random"), lambda p, seed: 1.0, 50, executor=ThreadPoolExecutor(8),
            storage=kept, progress=False,
        )  # fmt: skip
    assert not place.read_bytes().endswith(b"\n")
    with pytest.warns(RuntimeWarning, match="ended in the middle"):
        study = run(
            searcher("random"), lambda p, seed: 1.0, 50, executor=Serial(), storage=place,
            progress=False,
        )  # fmt: skip
    assert list(table(study).number) == list(range(50))


AT_EVERY_STATEMENT = """
import os, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from lstmlab.search import RandomSearch, Serial, run
from lstmlab.search.storage import peek
from tests.search.made import SPACE, searcher, uneven

def study(place, until=None):
    left = until
    def count(*_):
        nonlocal left
        left -= 1
        if left < 0:
            os._exit(9)
    if until is not None:
        event.listen(Engine, "before_cursor_execute", count)
        event.listen(Engine, "commit", count)
    run(searcher("random"), uneven, 2, executor=Serial(), storage=place, progress=False)

def in_a_child(work, *arguments):
    child = os.fork()
    if not child:
        try:
            work(*arguments)
        except BaseException as error:
            print(arguments, type(error).__name__, error, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

for killed in range(int(sys.argv[2]), 10_000, int(sys.argv[3])):
    place = f"{sys.argv[1]}/{killed}.db"
    if in_a_child(study, place, killed) != 9:
        print("reached", killed)
        break
    if in_a_child(study, place):
        print("not continued after statement", killed)
"""


def test_a_sqlite_file_goes_on_after_a_kill_at_any_statement(root, tmp_path):
    """From the first table that is made to the last commit; every fiftieth of them here."""
    step = 1 if os.environ.get("LSTMLAB_KILLS") else 50
    said = subprocess.run(
        [sys.executable, "-c", AT_EVERY_STATEMENT, str(tmp_path), "0", str(step)],
        cwd=root, env=environment(root), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.startswith("reached"), said
    assert int(said.split()[1]) > 50
    expected = serial("random", uneven, 2)
    for place in tmp_path.iterdir():
        study = optuna.load_study(study_name="study", storage=f"sqlite:///{place}")
        assert_same(study, expected)


def test_the_study_of_these_files_has_another_searcher_refused(files, tmp_path):
    place = tmp_path / "a.db"
    place.write_bytes(files[".db"])
    with pytest.raises(ValueError, match="with seed 7, not 1"):
        run(RandomSearch(SPACE, seed=1), uneven, 3, executor=Serial(), storage=place)

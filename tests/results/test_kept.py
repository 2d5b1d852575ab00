"""What is finished is on the disk, whenever the computation is killed, and is not made again."""

import os
import signal
import subprocess
import sys

import pytest

from lstmlab.results.kept import Kept

ROWS = [{"seed": 0, "test": 8.25}]
PLAN = (32, 0.1)


def never():
    raise AssertionError("it is there already")


def test_a_piece_is_made_once_and_read_by_the_next_process(tmp_path):
    first = Kept(PLAN, tmp_path / "kept")
    assert first.get("one", lambda: ROWS) == ROWS
    assert first.get("one", never) == ROWS
    again = Kept(PLAN, tmp_path / "kept")
    assert again.get("one", never) == ROWS
    assert again.get("two", lambda: []) == []
    assert list(again.asked) == ["one", "two"]
    assert Kept(PLAN, tmp_path / "kept").get("two", never) == []


def test_a_piece_is_on_the_disk_before_it_is_returned(tmp_path, monkeypatch):
    path, synced = tmp_path / "kept", []
    monkeypatch.setattr("lstmlab.results.kept.os.fsync", lambda _: synced.append(path.read_bytes()))
    Kept(PLAN, path).get("one", lambda: ROWS)
    assert synced == [path.read_bytes()]
    assert synced[0].endswith(b"\n")


@pytest.mark.parametrize("where", ["nowhere/kept", ""])
def test_a_file_that_cannot_be_written_is_an_error_before_anything_is_made(tmp_path, where):
    with pytest.raises(OSError, match="No such file|Is a directory"):
        Kept((32, 0.1), tmp_path / where)


def test_without_a_file_it_is_kept_in_memory():
    kept = Kept(PLAN)
    assert kept.get("one", lambda: ROWS) == kept.get("one", never) == ROWS


def test_the_cost_is_that_of_what_was_asked_for_once_each(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("lstmlab.results.kept.time.process_time", lambda: clock[0])

    def work():
        clock[0] += 0.5
        return ROWS

    kept = Kept(PLAN, tmp_path / "kept")
    kept.get("one", work)
    assert kept.seconds == 0.5
    clock[0] += 7
    kept.get("one", never)
    assert kept.seconds == 0.5
    kept.get("two", work)
    assert kept.seconds == 1
    again = Kept(PLAN, tmp_path / "kept")
    assert again.seconds == 0
    again.get("one", never)
    assert again.seconds == 0.5


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_line_that_a_kill_cut_off_is_made_again(tmp_path, cut):
    path = tmp_path / "kept"
    for name in ("one", "two"):
        Kept(PLAN, path).get(name, lambda: ROWS)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    kept = Kept(PLAN, path)
    assert kept.get("one", never) == ROWS
    made = []
    assert kept.get("two", lambda: made.append(1) or ROWS) == ROWS
    assert made == [1]
    assert len(path.read_bytes().splitlines()) == 2
    assert Kept(PLAN, path).get("two", never) == ROWS


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path):
    """As on a full disk: after so many bytes no more are taken, until there is room again."""
    path = tmp_path / "kept"
    script = (
        "import pathlib, resource, signal, sys\n"
        "from lstmlab.results.kept import Kept\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "kept = Kept((32, 0.1), pathlib.Path(sys.argv[1]))\n"
        "kept.get('one', lambda: [1])\n"
        "_, most = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, most))\n"
        "try:\n"
        "    kept.get('big', lambda: 'x' * 20000)\n"
        "except OSError:\n"
        "    print('refused')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))\n"
        "kept.get('two', lambda: [2])\n"
    )
    pytest.importorskip("resource", reason="this system has no limits to files")
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
    kept = Kept(PLAN, path)
    assert kept.get("one", never) == [1]
    assert kept.get("two", never) == [2]
    assert len(path.read_bytes().splitlines()) == 2


def test_a_line_that_is_being_written_is_left_to_its_writer(tmp_path):
    path = tmp_path / "kept"
    for name in ("one", "two"):
        Kept(PLAN, path).get(name, lambda: ROWS)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    second = Kept(PLAN, path)
    with path.open("ab") as first:
        first.write(whole[-5:])
    second.get("three", lambda: ROWS)
    again = Kept(PLAN, path)
    for name in ("one", "two", "three"):
        assert again.get(name, never) == ROWS


@pytest.mark.parametrize("line", ["[]", "{}", "half a li", '{"piece": 1}', "null"])
@pytest.mark.parametrize("end", ["\n", ""])
def test_another_file_is_refused_and_left_as_it_is(tmp_path, line, end):
    path = tmp_path / "notes.txt"
    path.write_text(line + end, encoding="utf-8")
    with pytest.raises(ValueError, match=r"notes.txt, line 1 must be a finished piece, got"):
        Kept(PLAN, path)
    assert path.read_text("utf-8") == line + end


@pytest.mark.parametrize("changed", ["plan", "version", "a file of before"])
def test_a_piece_of_another_plan_or_version_is_refused_and_left(tmp_path, changed, monkeypatch):
    path = tmp_path / "kept"
    Kept(PLAN, path).get("one", lambda: ROWS)
    if changed == "version":
        monkeypatch.setattr("lstmlab.__version__", "0.0.1")
    if changed == "a file of before":
        path.write_text('{"name": "one", "seconds": 1.0, "piece": []}\n', encoding="utf-8")
    kept = path.read_bytes()
    with pytest.raises(ValueError, match="kept, line 1 must be a piece of the same plan, got one"):
        Kept((64, 0.1) if changed == "plan" else PLAN, path)
    assert path.read_bytes() == kept


def test_after_kill_9_everything_finished_is_there(tmp_path):
    """A process that finishes a piece every moment is killed; the next one goes on from it."""
    path = tmp_path / "kept"
    script = (
        "import pathlib, sys\n"
        "from lstmlab.results.kept import Kept\n"
        "kept = Kept((32, 0.1), pathlib.Path(sys.argv[1]))\n"
        "for n in range(10**6):\n"
        "    kept.get(str(n), lambda: {'n': n, 'more': 'x' * 5000})\n"
        "    print(n, flush=True)\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
    )
    for _ in range(20):
        last = int(running.stdout.readline())
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    kept = Kept(PLAN, path)
    assert [kept.get(str(n), never)["n"] for n in range(last + 1)] == list(range(last + 1))

"""What was read once is kept: the same arrays come back, checked, or are made anew."""

import os
import re
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from lstmlab.tasks import entries, prepared
from lstmlab.tasks.prepared import forget

from .packing import damaged

ARRAYS = {
    "x": np.arange(5000, dtype=np.uint16).reshape(50, 20, 5),
    "classes": np.arange(-3, 4),
    "labels": np.array(["a", "bé"]),
    "bytes": np.array([b"a", b"bcd"]),
    "one": np.array(2.5, ">f4"),
    "none": np.empty((0, 3)),
    "flags": np.array([True, False]),
}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(prepared.store, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache" / "prepared"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "set.bin"
    path.write_bytes(b"published")
    return path


class Maker:
    """Makes the arrays, and counts how often it was asked."""

    def __init__(self, arrays=ARRAYS):
        self.arrays, self.times = arrays, 0

    def __call__(self):
        self.times += 1
        return self.arrays


def take(source, make, **more):
    found = prepared.prepared(source, "tests", make, **more)
    same(found, make.arrays)
    return found


def same(found, wanted):
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


def test_the_second_time_nothing_is_made(cache, source):
    make = Maker()
    for _ in range(3):
        take(source, make)
    assert make.times == 1
    assert prepared.folder() == cache
    assert len(list(cache.iterdir())) == 1
    assert b"published" not in next(cache.iterdir()).read_bytes()


def test_many_pieces_come_back(cache, source, monkeypatch):
    monkeypatch.setattr(entries, "PIECE", 1000)
    make = Maker()
    for _ in range(2):
        take(source, make)
    assert make.times == 1


def test_a_changed_file_is_read_anew_and_the_old_entry_is_gone(cache, source):
    make = Maker()
    take(source, make)
    when = source.stat()
    source.write_bytes(b"Published")
    os.utime(source, ns=(when.st_atime_ns, when.st_mtime_ns))
    take(source, make)
    assert make.times == 2
    assert len(list(cache.iterdir())) == 1


def test_another_file_of_the_same_size_and_times_is_another_one(cache, source, monkeypatch):
    monkeypatch.setattr(prepared, "_times", lambda found: (found.st_size, 0, 0))
    make, other = Maker(), source.with_name("other")
    take(source, make)
    other.write_bytes(b"Published")
    other.replace(source)
    take(source, make)
    assert make.times == 2
    found = source.stat()
    assert prepared._marks(source, ())[-2:] == [found.st_ino, found.st_dev]


def test_a_file_that_was_touched_or_copied_over_is_known_by_its_checksum(cache, source):
    make = Maker()
    take(source, make)
    os.utime(source, ns=(1, 1))
    take(source, make)
    source.unlink()
    source.write_bytes(b"published")
    for _ in range(2):
        take(source, make)
    assert make.times == 1


def test_a_folder_is_known_by_what_lies_in_it(cache, tmp_path):
    folder, make = tmp_path / "set", Maker()
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1").write_bytes(b"1")
    steps = [
        lambda: None,
        lambda: (folder / "a" / "2").write_bytes(b"2"),
        lambda: (folder / "a" / "2").rename(folder / "a" / "3"),
        lambda: (folder / "a" / "1").write_bytes(b"2"),
        lambda: os.utime(folder / "a" / "1", ns=(5, 5)),
        lambda: (folder / "a" / "1").unlink(),
        lambda: (folder / "b").symlink_to(folder / "nowhere"),
    ]
    for count, step in enumerate(steps, start=1):
        step()
        for _ in range(2):
            take(folder, make)
        assert make.times == count
    assert len(list(cache.iterdir())) == 1


def test_only_the_parts_that_are_read_count_and_links_lead_to_them(cache, tmp_path):
    folder, away, make = tmp_path / "set", tmp_path / "away", Maker()
    for place in (folder / "one", away):
        place.mkdir(parents=True)
        (place / "1").write_bytes(b"1")
    (folder / "two").symlink_to(away)
    (folder / "file").symlink_to(away / "1")
    steps = [
        (1, lambda: None),
        (1, lambda: (folder / "beside").write_bytes(b"note")),
        (1, lambda: (away.with_name("another")).mkdir()),
        (2, lambda: (folder / "one" / "1").write_bytes(b"2")),
        (3, lambda: (away / "1").write_bytes(b"2")),
        (4, lambda: (away / "2").write_bytes(b"2")),
        (5, lambda: (folder / "three").mkdir() or (folder / "three" / "1").write_bytes(b"1")),
        (6, lambda: (folder / "one" / "a").symlink_to("/")),  # whoever reads it has to refuse that
    ]
    for count, step in steps:
        step()
        for _ in range(2):
            take(folder, make, parts=("one", "two", "file", "three", "none"))
        assert make.times == count
    take(folder, make, parts=("one", "two"))
    assert make.times == 7


def test_kinds_sources_and_versions_are_kept_apart(cache, source, tmp_path):
    one, two = Maker(), Maker({"y": np.zeros(3)})
    take(source, one)
    same(prepared.prepared(source, "others", two), two.arrays)
    other = tmp_path / "other"
    other.write_bytes(b"published")
    take(other, two)
    take(source, one)
    assert (one.times, two.times) == (1, 2)
    assert len(list(cache.iterdir())) == 3
    take(source, two, version=2)
    assert len(list(cache.iterdir())) == 3


def test_entries_whose_source_is_gone_and_what_killed_writers_left_are_removed(cache, source):
    take(source, Maker())
    other = source.with_name("other")
    other.write_bytes(b"x")
    source.unlink()
    old, new, foreign = (
        cache / name for name in (f".t.{'0' * 12}.part", f".t.{'1' * 12}.part", ".mine.part")
    )
    for path in (old, new, foreign):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    take(other, Maker())
    assert not old.exists()
    assert new.exists()
    assert foreign.exists()
    assert len(list(cache.glob("*.arrays"))) == 1


def test_forget_removes_every_entry(cache, source):
    forget()
    make = Maker()
    take(source, make)
    (cache / "note.txt").write_text("mine")
    forget()
    assert [path.name for path in cache.iterdir()] == ["note.txt"]
    take(source, make)
    assert make.times == 2


def test_forget_says_where_it_may_not_look(cache, source, monkeypatch):
    take(source, Maker())

    def closed(path):
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", closed)  # permissions do not stop a test that runs as root
        with pytest.raises(PermissionError, match="Permission denied.*prepared"):
            forget()
    assert forget() > 0


def entry_of(cache, source):
    take(source, Maker())
    return next(cache.glob("*.arrays"))


def test_a_changed_byte_anywhere_is_noticed(cache, source, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)
    entry = entry_of(cache, source)
    data = entry.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(data), 500):
        broken = bytearray(data)
        broken[at] ^= 1 << int(rng.integers(0, 8))
        check_repaired(entry, bytes(broken), data, source)


def test_damage_of_any_kind_is_noticed(cache, source, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)
    entry = entry_of(cache, source)
    data = entry.read_bytes()
    for seed in range(500):
        check_repaired(entry, damaged(data, seed), data, source)


def check_repaired(entry, broken, data, source):
    """A damaged entry is said so, and replaced by a whole one."""
    entry.write_bytes(broken)
    if broken == data:
        return
    make = Maker()
    if _other_version(broken):
        take(source, make)
    else:
        _warned(source, make, entry)
    assert make.times == 1
    assert entry.read_bytes() == data


def _other_version(broken):
    """Whether an entry says that another version of the package wrote it: no damage to tell."""
    said = re.match(rb"lstmlab arrays \d+\n", broken)
    return said is not None and said.group() != entries.MAGIC


def _warned(source, make, entry):
    with pytest.warns(RuntimeWarning, match="is not what was kept there: .*; it is made anew") as w:
        take(source, make)
    assert str(entry) in str(w[0].message)


def test_a_link_or_a_folder_in_the_place_of_an_entry_is_not_followed(cache, source, tmp_path):
    entry = entry_of(cache, source)
    elsewhere = tmp_path / "elsewhere"
    entry.rename(elsewhere)
    entry.symlink_to(elsewhere)
    data = elsewhere.read_bytes()
    _warned(source, Maker(), entry)
    assert elsewhere.read_bytes() == data
    assert not entry.is_symlink()
    entry.unlink()
    entry.mkdir()
    with pytest.warns(RuntimeWarning) as caught:
        take(source, Maker())
    assert "it is no file; it is made anew" in str(caught[0].message)
    assert "is not kept: cannot write to" in str(caught[1].message)


@pytest.mark.parametrize("place", ["cache", "cache/prepared"])
def test_a_cache_that_cannot_be_written_costs_a_warning(cache, source, tmp_path, place):
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_bytes(b"a file, where there should be a folder")
    make = Maker()
    with pytest.warns(RuntimeWarning):
        take(source, make)
    assert make.times == 1


def test_without_a_home_there_is_no_cache(source, monkeypatch):
    def nowhere():
        raise RuntimeError("no home")

    monkeypatch.setattr(prepared.store, "cache_folder", nowhere)
    with pytest.warns(RuntimeWarning, match=r"there is no cache \(no home\)"):
        take(source, Maker())


def test_a_full_disk_leaves_nothing_behind(cache, source, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(RuntimeWarning, match="No space left on device"):
        take(source, Maker())
    assert list(cache.iterdir()) == []


def test_what_a_killed_writer_left_is_gone_before_it_fills_the_disk(cache, source, monkeypatch):
    cache.mkdir(parents=True)
    left = cache / f".t.{'0' * 12}.part"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))

    def synced(_):
        if left.exists():
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", synced)
    make = Maker()
    for _ in range(2):
        take(source, make)
    assert make.times == 1


def test_an_interrupted_write_leaves_the_old_entry(cache, source, monkeypatch):
    data = entry_of(cache, source).read_bytes()

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepared.prepared(source, "tests", Maker({"y": np.zeros(2)}), version=2)
    assert [path.read_bytes() for path in cache.iterdir()] == [data]


def test_what_make_raises_is_raised_and_nothing_is_kept(cache, source):
    def refuse():
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        prepared.prepared(source, "tests", refuse)
    assert not cache.exists()


def test_a_source_that_changes_while_it_is_read_is_not_kept(cache, source):
    def make():
        source.write_bytes(b"another")
        return ARRAYS

    same(prepared.prepared(source, "tests", make), ARRAYS)
    assert not cache.exists()


def test_writers_at_the_same_time_all_get_the_arrays(cache, source):
    results, begin = [], threading.Barrier(8)

    def slow():
        time.sleep(0.01)
        return ARRAYS

    def work():
        begin.wait()
        results.append(prepared.prepared(source, "tests", slow))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    for found in results:
        same(found, ARRAYS)
    assert len(list(cache.iterdir())) == 1
    make = Maker()
    take(source, make)
    assert make.times == 0


def test_objects_and_odd_kinds_are_refused(cache, source):
    with pytest.raises(ValueError, match="x must hold numbers or text, got object"):
        prepared.prepared(source, "tests", lambda: {"x": np.array([None])})
    for kind in ("", "../up", "A", "a b", "a/b", "-"):
        with pytest.raises(ValueError, match="kind must be small letters"):
            prepared.prepared(source, kind, Maker())
    with pytest.raises(FileNotFoundError):
        prepared.prepared(source.with_name("absent"), "tests", Maker())
    assert not cache.exists()

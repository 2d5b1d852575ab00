"""Fetching puts the right file in its place or none, and goes on where it broke off."""

import gc
import hashlib
import os
import socket
import time
import types
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from lstmlab.tasks import DataError, DownloadError, fetching, store

from .served import DATA, NAME, record

pytestmark = pytest.mark.usefixtures("nowhere")


@pytest.mark.parametrize("progress", [False, True])
def test_a_file_is_fetched_into_the_cache(server, tmp_path, progress, capfd):
    path = fetching.fetch(record(server), progress=progress)
    assert path == tmp_path / "cache" / NAME
    assert path.read_bytes() == DATA
    assert [entry.name for entry in path.parent.iterdir()] == [NAME]
    out, err = capfd.readouterr()
    assert out == ""
    assert bool(err) == progress


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    fetching.fetch(record(server), tmp_path)
    fetching.fetch(record(server), tmp_path)
    assert server.asked == ["/good"]


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("/absent", DownloadError, "could not be fetched.*404"),
        ("/unasked", DownloadError, "a part that was not asked for, 'bytes 1000-255999/256000'"),
        ("/other", DataError, "sent another file: expected sha256 [0-9a-f]{64} .256000 bytes."),
        ("/long", DataError, "bytes or more.; nothing was kept"),
        ("/endless", DataError, "bytes or more.; nothing was kept"),
    ],
)
def test_a_failed_transfer_leaves_nothing(server, tmp_path, path, error, message):
    with pytest.raises(error, match=message) as caught:
        fetching.fetch(record(server, path), tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_server_that_sends_elsewhere_and_says_no_address_is_one_clear_line(server, tmp_path):
    with pytest.raises(DownloadError, match=r"could not be fetched.*\(Invalid IPv6 URL\)"):
        fetching.fetch(record(server, "/astray"), tmp_path)
    assert list(tmp_path.iterdir()) == []
    gc.collect()  # urllib leaves its connection to the garbage collector then


def test_no_more_than_the_published_size_is_read(server, tmp_path, monkeypatch):
    sizes = []
    new = hashlib.sha256

    class Counted:
        def __init__(self):
            self.digest = new()

        def update(self, chunk):
            sizes.append(len(chunk))
            self.digest.update(chunk)

        def hexdigest(self):
            return self.digest.hexdigest()

    monkeypatch.setattr(fetching, "hashlib", types.SimpleNamespace(sha256=Counted))
    with pytest.raises(DataError, match="bytes or more"):
        fetching.fetch(record(server, "/endless"), tmp_path)
    assert len(DATA) < sum(sizes) <= len(DATA) + fetching.CHUNK


def test_what_broke_off_goes_on(server, tmp_path):
    """The second try asks for the rest alone."""
    with pytest.raises(DownloadError, match="broke off after 100000 of 256000|could not be"):
        fetching.fetch(record(server, "/cut"), tmp_path)
    (left,) = tmp_path.iterdir()
    assert left.name == f".{NAME}.part"
    assert left.read_bytes() == DATA[: left.stat().st_size]
    assert fetching.fetch(record(server), tmp_path).read_bytes() == DATA
    assert server.begins == [0, 100_000]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_server_that_never_sends_the_asked_part_is_asked_twice_and_no_more(server, tmp_path):
    left = tmp_path / f".{NAME}.part"
    left.write_bytes(DATA[:500])
    with pytest.raises(DownloadError, match="a part that was not asked for"):
        fetching.fetch(record(server, "/unasked"), tmp_path)
    assert server.begins == [500, 0]
    assert left.read_bytes() == DATA[:500]


@pytest.mark.parametrize("path", ["/plain", "/lying", "/full"])
def test_a_server_that_cannot_go_on_sends_it_all(server, tmp_path, path):
    """It ignores the wish, answers with another part, or refuses it."""
    (tmp_path / f".{NAME}.part").write_bytes(DATA[:1000])
    assert fetching.fetch(record(server, path), tmp_path).read_bytes() == DATA
    assert server.begins[0] == 1000


def test_what_is_not_the_files_beginning_is_thrown_away(server, tmp_path):
    (tmp_path / f".{NAME}.part").write_bytes(b"some of another")
    assert fetching.fetch(record(server), tmp_path).read_bytes() == DATA
    assert server.begins == [15, 0]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_rest_that_is_whole_is_not_fetched_again(server, tmp_path):
    (tmp_path / f".{NAME}.part").write_bytes(DATA)
    assert fetching.fetch(record(server), tmp_path).read_bytes() == DATA
    assert server.asked == []


def test_another_file_is_never_kept_to_go_on_with(server, tmp_path):
    (tmp_path / f".{NAME}.part").write_bytes(DATA[:1000])
    with pytest.raises(DataError, match="sent another file"):
        fetching.fetch(record(server, "/other"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_fetch_left_is_gone_on_with(server, tmp_path):
    """Only old temporary files of this data file: another's, the reader's and new ones stay."""
    mine = f".{NAME}.0123456789ab.part"
    kept = [
        f".{NAME}.ba9876543210.part",  # new: a fetch that is still going on
        ".other.bin.0123456789ab.part",
        f".{NAME}.notes.part",
        f"{NAME}.part",
        ".notesXbin.0123456789ab.part",
    ]
    for name in (mine, *kept):
        (tmp_path / name).write_bytes(DATA[:5000])
    for name in (mine, *kept[1:]):
        old = time.time() - fetching.STALE - 60
        os.utime(tmp_path / name, (old, old))
    fetching.fetch(record(server), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {NAME, *kept}
    assert server.begins == [5000]


def test_what_cannot_be_removed_does_not_stop_a_fetch(server, tmp_path):
    folder = tmp_path / f".{NAME}.0123456789ab.part"
    folder.mkdir()
    os.utime(folder, (0, 0))
    assert fetching.fetch(record(server), tmp_path).read_bytes() == DATA


@pytest.mark.parametrize("path", ["/good", "/cut"])
@pytest.mark.parametrize("name", [f".{NAME}.part", f".{NAME}.0123456789ab.part"])
def test_a_link_with_a_temporary_name_is_not_followed(server, tmp_path, path, name):
    mine, folder = tmp_path / "mine", tmp_path / "folder"
    mine.write_bytes(DATA[:1000])
    os.utime(mine, (0, 0))
    folder.mkdir()
    (folder / name).symlink_to(mine)
    with suppress(DownloadError):
        fetching.fetch(record(server, path), folder)
    assert mine.read_bytes() == DATA[:1000]
    assert server.begins == [0]
    assert (folder / NAME).exists() == (path == "/good")


def test_a_server_that_is_not_there_is_one_clear_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gone = store.DataFile("Notes", NAME, f"http://127.0.0.1:{port}/", "0" * 64, 1, "free")
    with pytest.raises(DownloadError, match="could not be fetched.*put it into") as caught:
        fetching.fetch(gone, tmp_path)
    assert "\n" not in str(caught.value)


def test_the_name_appears_only_when_all_is_there(server, tmp_path, monkeypatch):
    seen = []

    class Watched:
        def __init__(self):
            self.digest = hashlib.new("sha256")

        def update(self, chunk):
            seen.append((tmp_path / NAME).exists())
            seen_parts.append([entry.name for entry in tmp_path.iterdir()])
            self.digest.update(chunk)

        def hexdigest(self):
            return self.digest.hexdigest()

    seen_parts = []
    monkeypatch.setattr(fetching, "hashlib", types.SimpleNamespace(sha256=Watched))
    known = record(server, sha256=hashlib.new("sha256", DATA).hexdigest())
    fetching.fetch(known, tmp_path)
    assert len(seen) > 1
    assert not any(seen)
    assert all(len(names) == 1 and names[0].endswith(".part") for names in seen_parts)
    assert (tmp_path / NAME).read_bytes() == DATA


def test_an_interrupted_fetch_goes_on(server, tmp_path, monkeypatch):
    def interrupt(handle):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fetching.os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetching.fetch(record(server), tmp_path)
    assert not (tmp_path / NAME).exists()
    assert fetching.fetch(record(server), tmp_path).read_bytes() == DATA
    assert len(server.asked) == 1  # all of it had come


def appearing(monkeypatch, make):
    """Have something be made in the file's place when the transfer has just ended."""
    link = os.link

    def late(part, target):
        make(target)
        link(part, target)

    monkeypatch.setattr(fetching.os, "link", late)


def test_the_right_file_that_appears_meanwhile_is_taken(server, tmp_path, monkeypatch):
    appearing(monkeypatch, lambda target: target.write_bytes(DATA))
    path = fetching.fetch(record(server), tmp_path)
    assert path.read_bytes() == DATA
    assert [entry.name for entry in tmp_path.iterdir()] == [NAME]


def test_a_wrong_file_that_appears_meanwhile_is_left_and_named(server, tmp_path, monkeypatch):
    """What was fetched waits until that file is moved away."""
    with monkeypatch.context() as patch:
        appearing(patch, lambda target: target.write_bytes(b"my own notes"))
        with pytest.raises(DataError, match=r"is not Notes as published: .* \(12 bytes\)"):
            fetching.fetch(record(server), tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"my own notes"
    (tmp_path / NAME).unlink()
    assert fetching.fetch(record(server), tmp_path).read_bytes() == DATA
    assert server.asked == ["/good"]


@pytest.mark.parametrize("make", [lambda at: at.mkdir(), lambda at: at.symlink_to("nothing")])
def test_what_is_no_file_and_appears_meanwhile_is_left(server, tmp_path, monkeypatch, make):
    appearing(monkeypatch, make)
    with pytest.raises(DownloadError, match="cannot write to"):
        fetching.fetch(record(server), tmp_path)
    assert (tmp_path / NAME).is_symlink() or (tmp_path / NAME).is_dir()


@pytest.mark.parametrize("there", [None, DATA, b"my own notes"])
def test_a_disk_without_links_is_no_hindrance(server, tmp_path, monkeypatch, there):
    def link(part, target):
        if there is not None:
            target.write_bytes(there)
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(fetching.os, "link", link)
    if there == b"my own notes":
        with pytest.raises(DataError, match="is not Notes as published"):
            fetching.fetch(record(server), tmp_path)
        assert (tmp_path / NAME).read_bytes() == there
        return
    assert fetching.fetch(record(server), tmp_path).read_bytes() == DATA
    assert [entry.name for entry in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize(
    ("make", "what"),
    [(lambda at: at.mkdir(), "a folder"), (lambda at: at.symlink_to("nothing"), "no file")],
)
def test_what_is_no_file_is_refused_at_once(server, tmp_path, make, what):
    make(tmp_path / NAME)
    with pytest.raises(DataError, match=f"{NAME} must be a file or not be there, got {what}"):
        fetching.fetch(record(server), tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [NAME]
    assert server.asked == []


def test_two_fetches_at_once_are_in_nobodys_way(server, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fetching.fetch(record(server), tmp_path), range(8)))
    assert set(found) == {tmp_path / NAME}
    assert (tmp_path / NAME).read_bytes() == DATA


def test_a_wrong_file_of_the_readers_is_kept_and_named(server, tmp_path):
    mine = tmp_path / NAME
    mine.write_bytes(b"my own notes")
    with pytest.raises(DataError) as caught:
        fetching.fetch(record(server), tmp_path)
    for part in (
        str(mine),
        hashlib.sha256(DATA).hexdigest(),
        hashlib.sha256(b"my own notes").hexdigest(),
        "(256000 bytes)",
        "(12 bytes)",
    ):
        assert part in str(caught.value)
    assert mine.read_bytes() == b"my own notes"
    assert server.asked == []


def test_a_folder_that_cannot_be_written_to_is_said(server, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DownloadError, match="cannot write to"):
        fetching.fetch(record(server), tmp_path / "file")


@pytest.mark.parametrize("url", ["", "file:///etc/hostname", "ftp://example.org/x"])
def test_only_web_addresses_are_fetched(server, tmp_path, url):
    with pytest.raises(DownloadError, match=r"url must be a web address \(https://…\), got"):
        fetching.fetch(record(server, url=url), tmp_path)

"""Fetching leaves either the right file in its place or nothing at all."""

import functools
import hashlib
import http.server
import os
import socket
import threading
import time
import types

import pytest

from lstmlab.tasks import DataError, DownloadError, MissingDataError, load, music, store
from lstmlab.tasks.__main__ import main

DATA = bytes(range(256)) * 1000
NAME = "notes.bin"


class Server(http.server.BaseHTTPRequestHandler):
    """Serves DATA well at /good, and badly elsewhere."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path == "/absent":
            self.send_error(404)
            return
        body = {"/other": b"x" * len(DATA), "/long": DATA + DATA}.get(self.path, DATA)
        self.send_response(200)
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if self.path == "/cut":
                self.wfile.write(body[:100_000])
            elif self.path == "/endless":
                for _ in range(1000):
                    self.wfile.write(body)
            else:
                self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.server.asked.append("hung up")

    def log_message(self, *args):
        """Keep quiet."""


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        running.asked = []
        thread = threading.Thread(target=functools.partial(running.serve_forever, 0.01))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    monkeypatch.delenv(store.ENVIRONMENT, raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(store, "cache_folder", lambda: tmp_path / "cache")


def record(server, path="/good", **changes):
    values = {
        "name": "Notes",
        "filename": NAME,
        "url": f"http://127.0.0.1:{server.server_address[1]}{path}",
        "sha256": hashlib.sha256(DATA).hexdigest(),
        "size": len(DATA),
        "licence": "free",
    }
    return store.DataFile(**values | changes)


@pytest.mark.parametrize("progress", [False, True])
def test_a_file_is_fetched_into_the_cache(server, tmp_path, progress, capfd):
    path = store.fetch(record(server), progress=progress)
    assert path == tmp_path / "cache" / NAME
    assert path.read_bytes() == DATA
    assert [entry.name for entry in path.parent.iterdir()] == [NAME]
    out, err = capfd.readouterr()
    assert out == ""
    assert bool(err) == progress


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    store.fetch(record(server), tmp_path)
    store.fetch(record(server), tmp_path)
    assert server.asked == ["/good"]


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("/absent", DownloadError, "could not be fetched.*404"),
        ("/cut", DownloadError, "broke off after 100000 of 256000 bytes|could not be fetched"),
        ("/other", DataError, "sent another file: expected sha256 [0-9a-f]{64} .256000 bytes."),
        ("/long", DataError, "bytes or more.; nothing was kept"),
        ("/endless", DataError, "bytes or more.; nothing was kept"),
    ],
)
def test_a_failed_transfer_leaves_nothing(server, tmp_path, path, error, message):
    with pytest.raises(error, match=message) as caught:
        store.fetch(record(server, path), tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


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

    monkeypatch.setattr(store, "hashlib", types.SimpleNamespace(sha256=Counted))
    with pytest.raises(DataError, match="bytes or more"):
        store.fetch(record(server, "/endless"), tmp_path)
    assert len(DATA) < sum(sizes) <= len(DATA) + store.CHUNK


def test_what_a_killed_fetch_left_is_removed_by_the_next_one(server, tmp_path):
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
        (tmp_path / name).write_bytes(b"some of it")
    for name in (mine, *kept[1:]):
        old = time.time() - store.STALE - 60
        os.utime(tmp_path / name, (old, old))
    store.fetch(record(server), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {NAME, *kept}


def test_what_cannot_be_removed_does_not_stop_a_fetch(server, tmp_path):
    folder = tmp_path / f".{NAME}.0123456789ab.part"
    folder.mkdir()
    os.utime(folder, (0, 0))
    assert store.fetch(record(server), tmp_path).read_bytes() == DATA


def test_a_server_that_is_not_there_is_one_clear_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gone = store.DataFile("Notes", NAME, f"http://127.0.0.1:{port}/", "0" * 64, 1, "free")
    with pytest.raises(DownloadError, match="could not be fetched.*put it into") as caught:
        store.fetch(gone, tmp_path)
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
    monkeypatch.setattr(store, "hashlib", types.SimpleNamespace(sha256=Watched))
    known = record(server, sha256=hashlib.new("sha256", DATA).hexdigest())
    store.fetch(known, tmp_path)
    assert len(seen) > 1
    assert not any(seen)
    assert all(len(names) == 1 and names[0].endswith(".part") for names in seen_parts)
    assert (tmp_path / NAME).read_bytes() == DATA


def test_an_interrupted_fetch_leaves_nothing(server, tmp_path, monkeypatch):
    def interrupt(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(store.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.fetch(record(server), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_file_of_the_readers_is_kept_and_named(server, tmp_path):
    mine = tmp_path / NAME
    mine.write_bytes(b"my own notes")
    with pytest.raises(DataError) as caught:
        store.fetch(record(server), tmp_path)
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
        store.fetch(record(server), tmp_path / "file")


@pytest.mark.parametrize("url", ["", "file:///etc/hostname", "ftp://example.org/x"])
def test_only_web_addresses_are_fetched(server, tmp_path, url):
    with pytest.raises(DownloadError, match=r"url must be a web address \(https://…\), got"):
        store.fetch(record(server, url=url), tmp_path)


def test_find_looks_in_root_then_environment_then_cache(server, tmp_path, monkeypatch):
    known = record(server)
    places = [tmp_path / name for name in ("cache", "environment", "root")]
    monkeypatch.setenv(store.ENVIRONMENT, str(places[1]))
    places[2].mkdir()
    places[1].mkdir()
    assert store.find(known, places[2]) is None
    for place in places:
        place.mkdir(exist_ok=True)
        (place / NAME).write_bytes(DATA)
        assert store.find(known, places[2]) == place / NAME
    assert store.folders(places[2]) == places[::-1]
    with pytest.raises(MissingDataError):
        store.find(known, tmp_path / "nothing")


def test_the_cache_is_the_systems_own(monkeypatch):
    monkeypatch.undo()
    assert "lstmlab" in str(store.cache_folder())
    assert store.cache_folder().is_absolute()


# -- through load and the command line --------------------------------------------------------


@pytest.fixture
def served(server, monkeypatch):
    """Have the music served from here: a good record whose contents are no chorales."""
    known = record(server)
    monkeypatch.setattr(music, "JSB_CHORALES", known)
    monkeypatch.setattr("lstmlab.tasks.__main__.FILES", {"music": known})
    return known


def test_download_fetches_what_is_absent(served, server, tmp_path):
    with pytest.raises(DataError, match="is not UTF-8 text"):
        load("music", download=True)  # the stand-in arrives, and is no music
    assert (tmp_path / "cache" / NAME).read_bytes() == DATA
    (tmp_path / "root").mkdir()
    (tmp_path / "cache" / NAME).unlink()
    with pytest.raises(DataError, match="is not UTF-8 text"):
        load("music", download=True, root=tmp_path / "root")
    assert (tmp_path / "root" / NAME).exists()
    assert len(server.asked) == 2


def test_nothing_is_fetched_unasked(served, server):
    assert load("music").source == "generated"
    assert load("music", source="generated", download=True).source == "generated"
    assert server.asked == []


def test_the_command_fetches_and_says_where(served, tmp_path, capsys):
    assert main(["fetch", "music"]) == 0
    out, err = capsys.readouterr()
    assert str(tmp_path / "cache" / NAME) in out
    assert "100%" in err
    assert main(["fetch", "music"]) == 0
    assert "100%" not in capsys.readouterr().err
    assert main(["fetch", "music", "--into", str(tmp_path / "there")]) == 0
    assert (tmp_path / "there" / NAME).exists()


def test_the_command_fails_with_one_line_when_the_network_refuses(server, monkeypatch, capsys):
    known = record(server, "/absent")
    monkeypatch.setattr("lstmlab.tasks.__main__.FILES", {"music": known})
    assert main(["fetch", "music"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "404" in err


def test_the_command_refuses_a_wrong_file(served, tmp_path, capsys):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / NAME).write_bytes(b"wrong")
    assert main(["fetch", "music"]) == 1
    assert "expected sha256" in capsys.readouterr().err


def test_the_command_lists_what_auto_would_take(served, tmp_path, capsys):
    assert main(["list"]) == 0
    assert f"music: generated (looked for in {tmp_path / 'cache'})" in capsys.readouterr().out
    store.fetch(served)
    assert main(["list"]) == 0
    assert f"music: JSB Chorales ({tmp_path / 'cache' / NAME})" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["fetch"], ["fetch", "musik"], ["dance"]])
def test_the_command_refuses_what_it_does_not_know(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err

"""`lstmlab data` lists, fetches and verifies, and says in one line what went wrong."""

import errno
import hashlib
import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmlab.__main__ import main
from lstmlab.tasks import (
    DataError,
    MissingDataError,
    images,
    load,
    music,
    names,
    prepared,
    records,
    store,
)

from .handwriting.files import corpus
from .served import DATA, NAME, record

pytestmark = pytest.mark.usefixtures("nowhere")


def serve(known, monkeypatch):
    """Have the music served from here: a good record whose contents are no chorales."""
    monkeypatch.setattr(music, "JSB_CHORALES", known)
    monkeypatch.setattr(music, "RECORD", replace(music.RECORD, file=known))


@pytest.fixture
def served(server, monkeypatch):
    known = record(server)
    serve(known, monkeypatch)
    return known


def test_every_data_set_has_a_record():
    found = records()
    assert list(found) == list(names)
    for name, one in found.items():
        assert one.task == name
        assert one.what
        assert one.default
        if one.title:
            assert one.publisher
            assert one.licence
            assert one.differs
            assert one.how
            assert len(one.sizes) == 3
            assert one.find is not None
            assert one.verify is not None


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


def test_nothing_is_fetched_unasked(served, server, capsys):
    assert load("music").source == "generated"
    assert load("music", source="generated", download=True).source == "generated"
    assert main(["data"]) == main(["data", "verify"]) == 0
    assert server.asked == []


def test_it_fetches_and_says_where(served, tmp_path, capsys):
    assert main(["data", "fetch", "music"]) == 0
    out, err = capsys.readouterr()
    assert str(tmp_path / "cache" / NAME) in out
    assert "100%" in err
    assert main(["data", "fetch", "music"]) == 0
    assert "100%" not in capsys.readouterr().err
    assert main(["data", "fetch", "music", "--into", str(tmp_path / "there")]) == 0
    assert (tmp_path / "there" / NAME).exists()


def test_an_empty_folder_to_fetch_into_is_said(served, server, capsys):
    assert main(["data", "fetch", "music", "--into", ""]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == 'lstmlab: --into must name a folder (this one is "."), got an empty name\n'
    assert server.asked == []


@pytest.mark.parametrize("action", ["fetch", "verify"])
def test_a_file_that_is_closed_to_the_user_is_named_with_what_to_do(
    action, served, tmp_path, monkeypatch, capsys
):
    mine = tmp_path / "cache" / NAME
    mine.parent.mkdir()
    mine.write_bytes(DATA)

    def closed(self, *_, **__):  # permissions do not stop a test that runs as root
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", closed)
    assert main(["data", action, "music"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"lstmlab: {mine} must be open to this user, got: Permission denied; change the "
        "permissions of the file and its folder, or move it away\n"
    )


def test_a_folder_that_cannot_be_written_to_is_named_with_what_to_do(
    served, tmp_path, monkeypatch, capsys
):
    def closed(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", closed)
    assert main(["data", "fetch", "music", "--into", str(tmp_path / "there")]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"cannot write to {tmp_path / 'there'}, choose another folder" in err


def test_it_fails_with_one_line_when_the_network_refuses(server, monkeypatch, capsys):
    serve(record(server, "/absent"), monkeypatch)
    assert main(["data", "fetch", "music"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "404" in err


def test_it_refuses_a_wrong_file_and_leaves_it(served, tmp_path, capsys):
    mine = tmp_path / "cache" / NAME
    mine.parent.mkdir()
    mine.write_bytes(b"wrong")
    for action in ("fetch", "verify"):
        assert main(["data", action, "music"]) == 1
        assert "expected sha256" in capsys.readouterr().err
    assert mine.read_bytes() == b"wrong"


@pytest.mark.parametrize("arguments", [[], ["list"]])
def test_it_lists_what_is_here_and_how_to_get_what_is_not(served, tmp_path, arguments, capsys):
    assert main(["data", *arguments]) == 0
    out = capsys.readouterr().out
    assert "not here; until then 382 generated chorales" in out
    assert "Linguistic Data Consortium" in out
    assert str(tmp_path / "cache") in out
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / NAME).write_bytes(DATA)
    assert main(["data", *arguments]) == 0
    assert f"here: {tmp_path / 'cache' / NAME}" in capsys.readouterr().out


def test_a_copy_is_here_and_is_called_a_copy(tmp_path, capsys, monkeypatch):
    (tmp_path / "cache").mkdir()
    copy = tmp_path / "cache" / images.JPEG.filename
    copy.write_bytes(DATA)
    known = replace(images.JPEG, sha256=hashlib.sha256(DATA).hexdigest(), size=len(DATA))
    monkeypatch.setattr(images, "JPEG", known)
    assert main(["data"]) == 0
    assert f"here: {copy} (CIFAR-10 (JPEG copy))" in capsys.readouterr().out
    assert main(["data", "verify", "images"]) == 0
    assert "images: CIFAR-10 (JPEG copy), checksum right" in capsys.readouterr().out


def test_it_verifies_what_is_here(served, tmp_path, capsys, monkeypatch):
    assert main(["data", "verify"]) == 0
    assert "no real set is here" in capsys.readouterr().out
    assert main(["data", "verify", "music"]) == 1
    assert "JSB Chorales is not here" in capsys.readouterr().err
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / NAME).write_bytes(DATA)
    assert main(["data", "verify"]) == 0
    assert "music: JSB Chorales, checksum right" in capsys.readouterr().out


def test_it_refuses_a_folder_that_is_not_all_there(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(store.ENVIRONMENT, str(corpus(tmp_path / "ink")))
    assert main(["data", "verify", "handwriting"]) == 1
    assert "is it complete?" in capsys.readouterr().err


def test_a_root_that_is_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MissingDataError, match="root must be a folder .* which is no folder"):
        load("handwriting", root=tmp_path / "file")


def said_into(stdout):
    """Run the command in a process whose stdout is redirected by a shell."""
    line = f'exec "$0" -m lstmlab data where {stdout}'
    return subprocess.run(
        ["sh", "-c", line, sys.executable], stderr=subprocess.PIPE, text=True, check=False
    )


@pytest.mark.parametrize(
    ("stdout", "says"), [(">&-", "stdout is closed"), (">/dev/full", "No space left")]
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_stdout_that_takes_nothing_is_one_line_and_1(stdout, says):
    done = said_into(stdout)
    assert done.returncode == 1
    assert done.stderr.startswith("lstmlab: ")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_stdout_that_was_closed_meanwhile_is_said(monkeypatch, capsys):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stdout", closed)
    assert main(["data", "where"]) == 1
    assert capsys.readouterr().err.startswith("lstmlab: I/O operation on closed file")


def test_what_is_sold_is_not_fetched(capsys):
    assert main(["data", "fetch", "speech"]) == 1
    assert "TIMIT cannot be fetched. TIMIT is sold" in capsys.readouterr().err


def test_it_says_where_it_looks(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(store.ENVIRONMENT, str(tmp_path))
    assert main(["data", "where"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}\n{tmp_path / 'cache'}\n"


def test_a_task_that_is_not_known_is_named(capsys):
    assert main(["data", "verify", "musik"]) == 1
    assert "TASK must be one of music, speech" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["data", "fetch"], ["data", "fetch", "musik"], ["data", "dance"], ["dance"]]
)
def test_it_refuses_what_it_does_not_know(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_it_forgets_what_was_read_and_says_how_much(tmp_path, capsys):
    def make():
        return {"numbers": np.arange(300_000, dtype=np.int32)}

    source = tmp_path / "source"
    source.write_bytes(b"data")
    prepared.prepared(source, "numbers", make)
    assert main(["data", "forget"]) == 0
    assert capsys.readouterr().out == f"1.2 MB removed from {prepared.folder()}\n"
    assert list(prepared.folder().iterdir()) == []
    assert source.read_bytes() == b"data"
    assert main(["data", "forget"]) == 0
    assert capsys.readouterr().out.startswith("0.0 MB removed")

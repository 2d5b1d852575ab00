"""Data files are looked for in the folders that the reader names, then in the cache."""

import errno
import os
from pathlib import Path

import pytest

from lstmlab.tasks import (
    DataError,
    MissingDataError,
    available,
    load,
    names,
    records,
    reviews,
    store,
)

from .images.files import class_folders, put
from .packing import packed
from .reviews.files import archive, texts
from .served import DATA, NAME, record


@pytest.mark.usefixtures("nowhere")
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


@pytest.mark.usefixtures("nowhere")
def test_what_is_no_file_is_not_found(server, tmp_path):
    known = record(server)
    (tmp_path / "cache" / NAME).mkdir(parents=True)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / NAME).symlink_to("nothing")
    assert store.find(known, tmp_path / "root") is None


@pytest.mark.usefixtures("nowhere")
def test_a_root_is_a_name(tmp_path, monkeypatch):
    for root in ("", 3, b"here", "x" * 5000, "a\0b"):
        for asked in (available, load):
            with pytest.raises(ValueError, match="root must be"):
                asked("music", root=root)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.txt").write_text("To be, or not to be\n" * 40)
    assert load("shakespeare", root="~/mine.txt").source == "mine.txt (own file)"


@pytest.mark.usefixtures("nowhere")
def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("music", "shakespeare", "images", "reviews"):
        with pytest.raises(MissingDataError, match="pipe, which is no file"):
            load(name, root=tmp_path / "pipe")
        with pytest.raises(MissingDataError, match="gone, which is not there"):
            load(name, root=tmp_path / "gone")


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("music", "jsb-chorales-quarter.json"),
        ("speech", "TRAIN and TEST"),
        ("handwriting", "lineStrokes and ascii"),
    ],
)
def test_a_folder_of_something_else_is_not_replaced(name, wanted, tmp_path):
    (tmp_path / "empty").mkdir()
    assert available(name, root=tmp_path / "empty") == "generated"
    (tmp_path / "other" / "holiday").mkdir(parents=True)
    for asked in (available, load):
        with pytest.raises(MissingDataError, match=f"root must hold {wanted}.*holds 'holiday'; wi"):
            asked(name, root=tmp_path / "other")
    assert load(name, source="generated", root=tmp_path / "other").source == "generated"


def closed_to_us(path, *_, **__):
    raise PermissionError(errno.EACCES, "Permission denied", str(path))


def no_home():
    raise RuntimeError("there is no home")


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("why", ["there is no home", "Permission denied"])
def test_a_cache_that_cannot_be_searched_is_left_out(why, tmp_path, monkeypatch):
    if why == "Permission denied":
        (tmp_path / "cache").mkdir()
        monkeypatch.setattr(os, "scandir", closed_to_us)  # permissions do not stop root
    else:
        monkeypatch.setattr(store, "cache_folder", no_home)
    for name in names:
        if records()[name].title:
            with pytest.warns(RuntimeWarning, match=f"the cache is not searched: .*{why}"):
                assert available(name) in ("generated", "embedded")
    with pytest.warns(RuntimeWarning, match="the cache is not searched"):
        assert load("reviews").source == "generated"
    for name in ("music", "speech", "images", "reviews", "shakespeare", "translation"):
        with (
            pytest.warns(RuntimeWarning, match="the cache is not searched"),
            pytest.raises(MissingDataError, match=r"in no folder that is searched\. "),
        ):
            load(name, source="real")


def sets(place):
    """A set in a folder, and in an archive, of pictures and of reviews, with a file of each."""
    pictures, said = class_folders(), texts()
    put(place / "images", pictures)
    put(place / "reviews", said)
    (place / "images.zip").write_bytes(packed(pictures, "deflated"))
    (place / "reviews.tar").write_bytes(archive(said, "w:"))
    return {
        "images": place / "images" / next(iter(pictures)), "images.zip": place / "images.zip",
        "reviews": place / "reviews" / next(iter(said)), "reviews.tar": place / "reviews.tar",
    }  # fmt: skip


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("name", ["images", "images.zip", "reviews", "reviews.tar"])
def test_a_file_that_is_closed_to_the_user_is_named(name, tmp_path, monkeypatch):
    closed = sets(tmp_path)[name]
    opened = Path.open

    def open_(self, *arguments, **options):  # permissions do not stop a test that runs as root
        return (closed_to_us if self == closed else opened)(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", open_)
    monkeypatch.setattr(Path, "read_bytes", lambda self: self.open("rb").read())
    loads = [lambda root: load(name.partition(".")[0], root=root)]
    loads += [lambda root: reviews.load(root=root)] * name.startswith("reviews")
    for asked in loads:
        with pytest.raises(DataError, match="must be open to this user, got: Permission") as caught:
            asked(tmp_path / name)
        assert str(closed) in str(caught.value)


@pytest.mark.usefixtures("nowhere")
def test_a_root_that_is_closed_to_the_user_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "is_file", closed_to_us)
    for asked in (load, available):
        with pytest.raises(DataError, match=f"{tmp_path} must be open to this user"):
            asked("images", root=tmp_path)


def test_the_cache_is_the_systems_own(monkeypatch):
    monkeypatch.undo()
    assert "lstmlab" in str(store.cache_folder())
    assert store.cache_folder().is_absolute()

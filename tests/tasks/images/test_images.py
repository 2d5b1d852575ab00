"""Images are found where they lie, read as they are, and called what they are."""

import doctest
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lstmlab.tasks import DataError, DownloadError, MissingDataError, images, store
from lstmlab.tasks.images import IMAGES, cifar, load_digits, pictures
from lstmlab.tasks.images.splits import apart
from lstmlab.tasks.store import DataFile

from ..packing import packed
from .files import BIN, NAMES, PY, binary, class_folders, picture, put, python, rows

SPLITS = ("train", "valid", "test")
DATA = Path(os.environ.get("LSTMLAB_DATA", ""))
COPY = DATA / images.JPEG.filename


def load(root=None, source="auto", download=False, seed=0):
    return IMAGES.load(source, root, download, seed)


def archive(folder, files, name="own.tar.gz", kind="w:gz"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(packed(files, kind))
    return folder / name


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A small archive that stands in for the published one."""
    path = archive(tmp_path / "data", binary(), images.BINARY.filename)
    data, url = path.read_bytes(), images.BINARY.url
    known = DataFile(
        "CIFAR-10", path.name, url, hashlib.sha256(data).hexdigest(), len(data), "made"
    )
    monkeypatch.setattr(images, "BINARY", known)
    return path


# -- the default ------------------------------------------------------------------------------


def test_the_default_is_scikit_learns_digits():
    task = load()
    assert task.caption == "digits of scikit-learn (seed 0), 1197/300/300 pictures"
    assert (task.source, task.name, task.form, task.answer) == (
        "embedded", "images", "pictures", "sequence",
    )  # fmt: skip
    assert (task.loss, task.metric, task.inputs, task.outputs) == ("softmax", "error rate", 64, 10)
    assert task.labels == tuple("0123456789")
    assert IMAGES.available() == "embedded"
    x, target = task.train[0]
    assert (x.shape, x.dtype, target.shape) == ((8, 8, 1), np.uint8, ())
    assert max(split.x.max() for split in (task.train, task.valid, task.test)) == 240


def test_digits_are_all_there_once_and_shuffled_by_the_seed():
    from sklearn.datasets import load_digits as original

    every = np.sort([x.tobytes() for x in (original().images * 15).astype(np.uint8)])
    orders = []
    for seed in (0, 1, 0):
        task = load_digits(seed)
        found = np.concatenate([task.split(split).x for split in SPLITS])
        assert np.array_equal(np.sort([x.tobytes() for x in found]), every)
        orders.append(found)
        for split in (task.valid, task.test):
            assert np.all(np.abs(np.bincount(split.classes) - 30) <= 2)
    assert np.array_equal(orders[0], orders[2])
    assert not np.array_equal(orders[0], orders[1])


@pytest.mark.parametrize("seed", range(20))
def test_every_class_is_set_apart_in_its_share(seed):
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, rng.integers(1, 9), rng.integers(2, 300))
    count = int(rng.integers(1, len(classes)))
    rest, picked = apart(classes, count, rng)
    assert sorted([*rest, *picked]) == list(range(len(classes)))
    share = np.bincount(classes) * count / len(classes)
    assert np.all(np.abs(np.bincount(classes[picked], minlength=len(share)) - share) < 1)


# -- CIFAR-10 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("files", [binary(), python(), python(protocol=4)], ids=["bin", "py", "4"])
@pytest.mark.parametrize("form", ["tar.gz", "zip", "folder"])
def test_both_versions_are_read_packed_or_not(tmp_path, files, form):
    if form == "folder":
        put(tmp_path, files)
        place = tmp_path / next(iter(files)).split("/")[0]
    else:
        kind = "deflated" if form == "zip" else "w:gz"
        place = archive(tmp_path / "own", files, f"own.{form}", kind)
    what = "folder" if form == "folder" else "file"
    for root in (place, place) if what == "file" else (place, tmp_path):
        task = load(root)
        assert task.caption == f"{place.name} (own {what}), 18/2/5 pictures"
        assert IMAGES.available(root) == task.source
    assert task.labels == tuple(NAMES)
    assert (task.inputs, task.outputs) == (3072, 10)
    every = np.concatenate([task.train.x, task.valid.x])
    wanted = np.concatenate([rows(12, 1)[1], rows(8, 2)[1]])
    assert np.array_equal(every.transpose(0, 3, 1, 2).reshape(20, 3072), wanted)
    assert task.valid.classes.tolist() == [6, 7]
    assert np.array_equal(task.test.x[3][..., 2].ravel(), rows(5, 0)[1][3, 2048:])


def test_the_published_file_is_known_by_its_checksum(published, tmp_path):
    other = tmp_path / "renamed.bin"
    other.write_bytes(published.read_bytes())
    for root in (published, published.parent, other):
        for source in ("auto", "real", "CIFAR-10"):
            assert load(root, source).caption == "CIFAR-10 (real), 18/2/5 pictures"
        assert IMAGES.available(root) == "CIFAR-10"
    assert IMAGES.RECORD.verify(published) == "CIFAR-10, checksum right"
    published.write_bytes(published.read_bytes() + b"\0")
    for source in ("auto", "real"):
        with pytest.raises(DataError, match="is not CIFAR-10 as published: expected sha256"):
            load(published, source)
    with pytest.raises(DataError, match="expected sha256"):
        IMAGES.RECORD.verify(published)


def test_the_python_version_is_known_by_its_md5(tmp_path, monkeypatch):
    path = archive(tmp_path / "data", python(), images.PYTHON.filename)
    data = path.read_bytes()
    with pytest.raises(DataError, match="expected md5 c58f30108f718f92721af3b95e74349a"):
        load(path.parent)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    monkeypatch.setattr(images, "PYTHON", images.PythonVersion(path.name, len(data), md5))
    assert load(path.parent, "real").source == "CIFAR-10"
    assert IMAGES.RECORD.verify(path) == "CIFAR-10, checksum right (md5)"


def test_the_binary_version_is_preferred_and_root_comes_first(published, tmp_path, monkeypatch):
    folder = published.parent
    put(folder, python())
    assert IMAGES.find(folder) == published
    monkeypatch.setenv(store.ENVIRONMENT, str(folder))
    assert IMAGES.find() == published
    put(tmp_path / "root", binary((3,), 1))
    assert IMAGES.find(tmp_path / "root") == tmp_path / "root" / BIN.strip("/")


def test_a_folder_with_all_of_cifar_10_is_the_real_one(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar, "SIZES", (18, 2, 5))
    put(tmp_path, binary())
    assert IMAGES.available(tmp_path) == load(tmp_path, "real").source == "CIFAR-10"
    line = IMAGES.RECORD.verify(IMAGES.RECORD.place(tmp_path))
    known = "known by its numbers of pictures, every file read"
    assert line == f"CIFAR-10 (real), 18/2/5 pictures, {known}"


def test_a_folder_is_verified_by_reading_it_whatever_is_kept(tmp_path, monkeypatch):
    put(tmp_path, binary((15, 5), 4))
    place = tmp_path / BIN
    monkeypatch.setattr(cifar, "SIZES", (18, 2, 4))
    load(place, "real")
    whole, read = cifar.read, []
    monkeypatch.setattr(cifar, "read", lambda where: read.append(where) or whole(where))
    images._verified(place)
    assert read == [place]
    monkeypatch.setattr(cifar, "SIZES", (19, 2, 4))
    with pytest.raises(DataError, match="is not CIFAR-10 as published: .* of 18/2/4 pictures"):
        images._verified(place)


def test_the_example_of_the_help_runs():
    assert doctest.testmod(images) == (0, 5)


def test_digits_have_a_seed_of_0_or_more():
    with pytest.raises(ValueError, match="seed must be a whole number, 0 or more, got -1"):
        load_digits(-1)


def test_a_folder_of_something_else_is_not_replaced(tmp_path):
    (tmp_path / "empty").mkdir()
    assert IMAGES.available(tmp_path / "empty") == load(tmp_path / "empty").source == "embedded"
    put(tmp_path, {f"flat/{label}/0.png": picture() for label in ("cat", "dog")})
    for asked in (IMAGES.available, load):
        with pytest.raises(MissingDataError, match=r"root must hold .*holds 'cat', 'dog'; without"):
            asked(tmp_path / "flat")
    assert load(tmp_path / "flat", "embedded").source == "embedded"


def test_your_own_data_are_not_the_real_ones(tmp_path):
    put(tmp_path, binary())
    for source in ("real", "CIFAR-10"):
        with pytest.raises(DataError, match="is not CIFAR-10 as published: it has other contents"):
            load(tmp_path, source)
    with pytest.raises(MissingDataError, match="cifar10-jpeg-subset.zip is in none of"):
        load(tmp_path, "CIFAR-10 (JPEG copy)")


def test_what_was_read_is_kept_and_read_again_only_when_it_changes(tmp_path, monkeypatch):
    path = archive(tmp_path / "own", binary())
    first = load(path)
    with monkeypatch.context() as patched:
        patched.setattr(cifar, "read", None)
        again = load(path)
    for split in SPLITS:
        assert np.array_equal(first.split(split).x, again.split(split).x)
        assert np.array_equal(first.split(split).classes, again.split(split).classes)
    assert (first.source, first.labels) == (again.source, again.labels)
    path.write_bytes(packed(binary((30,), 7), "w:gz"))
    assert load(path).caption == "own.tar.gz (own file), 27/3/7 pictures"


def test_what_lies_behind_a_link_is_read_again_when_it_changes(tmp_path):
    place, away = tmp_path / "own", tmp_path / "away"
    put(away, class_folders())
    place.mkdir()
    for split in ("train", "test"):
        (place / split).symlink_to(away / split)
    before = load(place).train.x.copy()
    put(away, dict(zip(class_folders(), reversed(class_folders().values()), strict=True)))
    assert not np.array_equal(load(place).train.x, before)


@pytest.mark.parametrize("files", [binary(), python(), class_folders()], ids=["bin", "py", "own"])
def test_a_note_beside_the_pictures_does_not_have_them_read_again(tmp_path, files, monkeypatch):
    put(tmp_path, files)
    top = next(iter(files)).partition("/")[0]
    place = tmp_path if top in SPLITS else tmp_path / top
    first = load(place)
    (place / "note.txt").write_text("mine")
    for reader in (cifar, pictures):
        monkeypatch.setattr(reader, "read", None)
    assert np.array_equal(load(place).train.x, first.train.x)


# -- class folders ----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("form", ["folder", "w", "w:gz", "deflated", "around"])
def test_class_folders_are_read_packed_or_not(tmp_path, form, mode):
    files = class_folders(around="mine/" if form == "around" else "", mode=mode)
    files |= {"README.txt": b"x", "train/.DS_Store": b"x", "train/cat/Thumbs.db": b"x"}
    if form == "folder":
        place, what = tmp_path / "own", "folder"
        put(place, files)
    else:
        kind = "stored" if form == "around" else form
        place, what = archive(tmp_path, files, "own", kind), "file"
        files.pop("train/cat/Thumbs.db")
    task = load(place)
    assert task.caption == f"own (own {what}), 18/2/6 pictures"
    assert IMAGES.available(place) == task.source
    assert task.labels == ("cat", "dog")
    assert task.train.x.shape == (18, 4, 6, 3 if mode == "RGB" else 1)
    assert [np.bincount(task.split(split).classes).tolist() for split in SPLITS] == [
        [9, 9], [1, 1], [3, 3]
    ]  # fmt: skip
    assert len(np.unique(np.diff(task.train.classes.astype(int)))) == 3  # shuffled


def test_pictures_go_with_their_classes(tmp_path):
    files = class_folders(train=5, valid=2)
    place = archive(tmp_path, dict(reversed(files.items())), "own.zip", "deflated")
    task, folder = load(place), tmp_path / "own"
    put(folder, files)
    same = load(folder)
    assert task.caption == "own.zip (own file), 10/4/6 pictures"
    known = {}
    for name in files:
        with Image.open(folder / name) as opened:
            known[opened.tobytes()] = tuple(name.split("/")[:2])
    assert len(known) == 20
    for split in SPLITS:
        found = [(known[x.tobytes()], k) for x, k in task.split(split)]
        assert all(place == (split, task.labels[k]) for place, k in found)
        assert np.array_equal(task.split(split).x, same.split(split).x)


def test_folders_train_and_test_are_taken_only_where_they_are_named(tmp_path, monkeypatch):
    put(tmp_path / "own", class_folders())
    monkeypatch.setenv(store.ENVIRONMENT, str(tmp_path / "own"))
    assert IMAGES.available() == "embedded"
    assert load(tmp_path / "own").source == "own (own folder)"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("train/cat/x.png", picture(size=(7, 4)), "x.png must be 6 x 4 RGB, as the first, got 7 x"),
        ("train/cat/x.png", picture(mode="L"), "as the first, got 6 x 4 L"),
        ("train/cat/x.gif", picture(mode="L", kind="GIF"), "x.gif must be a picture"),
        ("train/cat/x.png", picture(mode="L", kind="GIF"), "x.png is not a picture that can be re"),
        ("train/cat/x.png", picture()[:60], "x.png is not a picture that can be read"),
        ("train/cat/x.jpg", b"", "x.jpg is not a picture that can be read"),
        ("train/cat/0.ppm", b"P6 2999 2999 255\n", "must have 1 to 4,194,304 pixels, got 2,999 x"),
        ("train/cat/x.ppm", b"P6 99999 99999 255\n", "could be decompression bomb"),
        ("train/cat/x.txt", b"hello", "x.txt must be a picture"),
        ("train/x.png", picture(), "train/x.png must"),
        ("train/cat/more/x.png", picture(), "more.* must"),
        ("test/bird/x.png", picture(), "test/bird must be a class that is in train"),
        (f"train/{'c' * 101}/x.png", picture(), "must have a class of 100 letters"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["folder", "archive"])
def test_pictures_that_do_not_belong_are_named(tmp_path, form, name, data, message):
    place, files = tmp_path / "own", class_folders() | {name: data}
    if form == "folder":
        put(place, files)
    else:
        place = archive(tmp_path, files, "own.zip", "deflated")
    with pytest.raises(DataError, match=message) as caught:
        load(place)
    assert str(caught.value).startswith(place.name) or str(place) in str(caught.value)
    assert not (tmp_path / "cache").exists()


def test_every_split_must_have_pictures(tmp_path):
    for number, (files, message) in enumerate((
        (class_folders(test=0) | {"test/.keep": b""}, "1 pictures or more in test, got 0"),
        ({"train/a/1.png": picture(), "test/a/1.png": picture()}, "2 pictures or more in train"),
        ({"README": b"x"}, "2 pictures or more in train, got 0"),
    )):  # fmt: skip
        with pytest.raises(DataError, match=message):
            load(archive(tmp_path, files, f"{number}.zip", "deflated"))


# -- what is asked for and not there ----------------------------------------------------------


def test_what_is_not_there_says_how_to_get_it(tmp_path):
    with pytest.raises(MissingDataError, match="cifar-10-binary.tar.gz is in none of .* Fetch it"):
        load(source="real")
    with pytest.raises(DownloadError, match="JPEG copy. cannot be fetched"):
        load(source="CIFAR-10 (JPEG copy)", download=True)
    with pytest.raises(MissingDataError, match="root must be a folder or the file"):
        load(tmp_path / "absent")
    for source in ("generated", "MNIST"):
        with pytest.raises(ValueError, match="source must be one of 'auto', 'embedded'"):
            load(source=source)
    with pytest.raises(ValueError, match="seed must be"):
        load(seed=-1)
    assert IMAGES.RECORD.place() is None
    assert IMAGES.RECORD.counts == "45,000 / 5,000 / 10,000 pictures"


def test_a_published_folder_without_its_files_is_refused(tmp_path):
    for name in (BIN, PY):
        (tmp_path / name).mkdir()
        with pytest.raises(DataError, match="must hold the file data_batch_1"):
            load(tmp_path / name)


@pytest.mark.skipif(not COPY.is_file(), reason="the JPEG copy is not here (LSTMLAB_DATA)")
def test_the_jpeg_copy_is_loaded_and_called_so():
    task = load(COPY)
    assert task.caption == "CIFAR-10 (JPEG copy), 18000/2000/5000 pictures"
    assert task.labels == tuple(NAMES)
    assert np.bincount(task.valid.classes).tolist() == [200] * 10
    assert load(DATA, "CIFAR-10 (JPEG copy)").source == task.source
    with pytest.raises(DataError, match="is not CIFAR-10 as published"):
        load(COPY, "real")

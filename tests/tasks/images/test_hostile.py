"""Whatever the readers of pictures are given, they read it rightly or say why not."""

import gzip
import io
import os
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from lstmlab.tasks import DataError, images
from lstmlab.tasks.images import IMAGES

from ..packing import damaged, entry, packed, tar_of
from .files import BIN, PY, binary, class_folders, picture, put, python

CASES = 500


def load(place):
    return IMAGES.load("auto", place, False, 0)


class Runs:
    """Its pickle makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def objects():
    """A batch whose pixels are an array of objects."""
    pixels = np.empty((2, 3072), object)
    return pickle.dumps({"data": pixels, "labels": [0, 1]}, 2)


def batch(**more):
    held = {"data": np.zeros((2, 3072), np.uint8), "labels": [0, 1]}
    return pickle.dumps(held | more, 2)


ROW = bytes(3073)
WRONG_BINARY = [
    ("data_batch_1.bin", ROW[:-1], "must have 3,073 bytes for each picture, got 3,072"),
    ("data_batch_1.bin", ROW + b"\0", "got 3,074"),
    ("data_batch_1.bin", b"", "got 0"),
    ("test_batch.bin", b"", "got 0"),
    ("test_batch.bin", ROW + b"\x0a" + ROW[1:], "from 0 to 9, got 10 for picture 1"),
    ("data_batch_2.bin", b"\xff" + ROW[1:], "from 0 to 9, got 255 for picture 0"),
    ("batches.meta.txt", b"cat\ndog\n", "must have the names of 10 classes"),
    ("batches.meta.txt", b"cat\n" * 10, "must have the names of 10 classes"),
    ("batches.meta.txt", b"\n".join(b"%d" % n for n in range(11)), "the names of 10 classes"),
    ("batches.meta.txt", b"\xff\n1\n2\n3\n4\n5\n6\n7\n8\n9\n", "of 10 classes, in ASCII"),
    ("data_batch_1.bin", None, "must hold the file data_batch_1"),
    ("test_batch.bin", None, "must hold the file test_batch"),
    ("batches.meta.txt", None, "must hold the file batches.meta"),
    ("data_batch_5.bin", ROW, "must hold the file data_batch_3"),
    ("data_batch_1", ROW, "must hold the binary or the Python version, got both"),
]  # fmt: skip
WRONG_PYTHON = [
    ("data_batch_1", b"", "not a pickle that can be read"),
    ("data_batch_1", pickle.dumps([1], 2), "must be a dict, got list"),
    ("data_batch_1", objects(), r"must have data of uint8 \(pictures, 3,072\)"),
    ("data_batch_1", batch(data=np.zeros((2, 3071), np.uint8)), "must have data of uint8"),
    ("data_batch_1", batch(data=np.zeros((2, 3072))), "must have data of uint8"),
    ("data_batch_1", batch(data=[[0]]), "must have data of uint8"),
    ("data_batch_1", batch(labels=[0]), "must have a label for each picture, got 1"),
    ("data_batch_1", batch(labels=[0, 10]), "from 0 to 9, got 10 for picture 1"),
    ("data_batch_1", batch(labels=[0, -1]), "from 0 to 9, got -1 for picture 1"),
    ("data_batch_1", batch(labels=[0, 2**90]), "from 0 to 9, got 1237940039285380274899124224"),
    ("data_batch_1", batch(labels=[0, 1.0]), "labels that are a list of whole numbers"),
    ("data_batch_1", batch(labels=[0, True]), "labels that are a list of whole numbers"),
    ("data_batch_1", batch(labels=np.array([0, 1])), "labels that are a list of whole numbers"),
    ("data_batch_1", b"\x80\x02B\xff\xff\xff\xff.", "not a pickle that can be read"),
    ("batches.meta", pickle.dumps({"label_names": [[1]] * 10}, 2), "hold every list|10 classes"),
    ("batches.meta", pickle.dumps({}, 2), "must have the names of 10 classes"),
    ("test_batch", None, "must hold the file test_batch"),
]


@pytest.mark.parametrize("form", ["archive", "folder"])
@pytest.mark.parametrize(
    ("version", "name", "data", "message"),
    [("bin", *case) for case in WRONG_BINARY] + [("py", *case) for case in WRONG_PYTHON],
    ids=range(len(WRONG_BINARY) + len(WRONG_PYTHON)),
)
def test_wrong_batches_are_named(tmp_path, form, version, name, data, message):
    top, files = (BIN, binary()) if version == "bin" else (PY, python())
    files.pop(f"{top}{name}", None)
    if data is not None:
        files[f"{top}{name}"] = data
    place = tmp_path / "own.tar"
    if form == "folder":
        put(tmp_path, files)
        place = tmp_path / top
    else:
        place.write_bytes(packed(files))
    with pytest.raises(DataError, match=message) as caught:
        load(place)
    assert str(caught.value).startswith(place.name)
    nothing_left(tmp_path, place)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("form", ["archive", "folder"])
def test_a_batch_with_code_is_not_run(tmp_path, form, protocol):
    marker = tmp_path / "marker"
    data = pickle.dumps({"data": Runs(marker), "labels": [1]}, protocol)
    pickle.loads(data)
    assert marker.exists()  # `pickle` would run it
    marker.unlink()
    files = python() | {f"{PY}data_batch_2": data}
    place = tmp_path / "own.tar"
    place.write_bytes(packed(files))
    if form == "folder":
        place.unlink()
        put(tmp_path, files)
        place = tmp_path / PY
    with pytest.raises(DataError, match="data_batch_2 must hold plain data"):
        load(place)
    nothing_left(tmp_path, place)


def test_links_names_and_sizes_in_archives_are_refused(tmp_path):
    place = tmp_path / "own.tar"
    files = binary()
    announced = tarfile.TarInfo(f"{BIN}test_batch.bin")
    announced.size = 10 << 30
    for data, message in (
        (packed(files | {"../../up": b""}), "within the archive's own folder"),
        (tar_of(entry(f"{BIN}x", kind=tarfile.SYMTYPE, linkname="/etc")), "got a link"),
        (packed(files | {f"./{BIN}test_batch.bin": ROW}), "must be there once, got it twice"),
        (packed(files | {"other/test_batch.bin": ROW}), "got another in another folder"),
        (announced.tobuf() + bytes(2048), "bytes or fewer, got 10,737,418,240"),
        (packed(binary()).rstrip(b"\0"), "breaks off"),
        (gzip.compress(packed(binary()))[:-9], "breaks off|damaged"),
        (gzip.compress(packed(binary())) + b"more", "damaged"),
        (b"", "is not an archive"),
    ):
        place.write_bytes(data)
        with pytest.raises(DataError, match=message):
            load(place)
    nothing_left(tmp_path, place)


def test_what_is_no_file_in_a_folder_is_refused(tmp_path):
    put(tmp_path, class_folders())
    put(tmp_path / "two", binary())
    odd, place = tmp_path / "train/cat/a.png", tmp_path / "two" / BIN
    os.mkfifo(odd)
    os.mkfifo(place / "data_batch_3.bin")
    for where in (tmp_path, place):
        with pytest.raises(DataError, match="must be a file, got something else"):
            load(where)
    for at in (odd, place / "data_batch_3.bin"):
        at.unlink()
        at.symlink_to("nowhere")
    for where in (tmp_path, place):
        with pytest.raises(DataError, match="or a link that leads nowhere"):
            load(where)
    odd.unlink()
    (tmp_path / "train/link").symlink_to(tmp_path / "train/cat")
    with pytest.raises(DataError, match="train/link must be a folder, got a file or a link"):
        load(tmp_path)


def small(form):
    """Files of a set, with no more bytes than there must be."""
    if form == "bin":
        return binary((2,), 1)
    return python((2,), 1) if form == "py" else class_folders(2, 1, 1, size=(3, 2))


@pytest.mark.parametrize("kind", ["w", "w:gz", "deflated"])
@pytest.mark.parametrize("form", ["bin", "py", "classes"])
def test_damaged_archives_are_read_or_refused(tmp_path, form, kind, monkeypatch):
    monkeypatch.setattr(images, "prepared", lambda place, kind, make, version, parts: make())
    place, data = tmp_path / "own", packed(small(form), kind)
    survive(place, form, lambda seed: place.write_bytes(damaged(data, seed)))
    nothing_left(tmp_path, place)


@pytest.mark.parametrize("form", ["bin", "py", "classes", "jpeg", "bmp", "ppm"])
def test_damaged_files_in_a_folder_are_read_or_refused(tmp_path, form, monkeypatch):
    monkeypatch.setattr(images, "prepared", lambda place, kind, make, version, parts: make())
    files = small(form)
    if form in ("jpeg", "bmp", "ppm"):
        made = {name: picture(seed, (3, 2), kind=form) for seed, name in enumerate(files)}
        files = {name.replace("png", form): data for name, data in made.items()}
    place = tmp_path / {"bin": BIN, "py": PY}.get(form, "own")
    put(tmp_path if form in ("bin", "py") else place, files)
    paths = [tmp_path / name if form in ("bin", "py") else place / name for name in files]

    def hurt(seed):
        before = paths[(seed - 1) % len(files)], list(files.values())[(seed - 1) % len(files)]
        before[0].write_bytes(before[1])
        at = seed % len(files)
        paths[at].write_bytes(damaged(list(files.values())[at], seed))

    survive(place, form, hurt)
    nothing_left(tmp_path, *paths)


def survive(place, form, hurt):
    """Load a set damaged in many ways: a task or a `DataError`, and no other end."""
    messages = []
    for seed in range(CASES):
        hurt(seed)
        try:
            task = load(place)
        except DataError as error:
            messages.append(str(error))
            continue
        assert task.outputs in ((10,) if form in ("bin", "py") else (1, 2, 3))
        assert task.source == f"{place.name} (own {'folder' if place.is_dir() else 'file'})"
    assert len(messages) > CASES // 20
    assert all(len(message) < 500 for message in messages)


def nothing_left(folder, *places):
    """No file but those of the set, and what is kept of it in whole entries."""
    own = {path for place in places for path in ([place] if place.is_file() else place.rglob("*"))}
    found = {path for path in folder.rglob("*") if path.is_file() and path not in own}
    assert {path.suffix for path in found} <= {".arrays"}
    assert len(found) <= 1


def test_pillow_alone_decides_what_a_picture_is(tmp_path):
    """A file that only some other library takes for a picture, such as a script, is refused."""
    for data in (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"<svg/>", b"GIF89a" * 9):
        put(tmp_path, class_folders() | {"train/cat/a.png": data})
        with pytest.raises(DataError, match="a.png is not a picture that can be read"):
            load(tmp_path)


def test_random_bytes_are_no_set(tmp_path):
    place = tmp_path / "own"
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        begin = [b"", b"PK\3\4", b"\x1f\x8b\x08\0", b"BZh9", b"\xfd7zXZ\0"][seed % 5]
        place.write_bytes(begin + rng.bytes(int(rng.integers(0, 3000))))
        with pytest.raises(DataError):
            load(place)
    held = io.BytesIO()
    np.save(held, np.zeros(3))
    place.write_bytes(held.getvalue())
    with pytest.raises(DataError, match="own is not an archive"):
        load(place)

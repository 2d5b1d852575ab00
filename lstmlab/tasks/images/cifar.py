"""CIFAR-10 as it is published: batches of pictures, as bytes or as Python's pickles.

The binary version has 3,073 bytes a picture: its class, then 32 x 32 of red, of green and of blue.
The Python version has the same numbers in a pickled dict. Either is an archive, or the folder that
it unpacks to. The last tenth of the training pictures, in the order of publication, becomes the
validation set: 45,000, 5,000 and 10,000 pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import archives, pickles
from lstmlab.tasks.images.splits import VALID, Arrays
from lstmlab.tasks.store import DataError

SIDE, CHANNELS, CLASSES = 32, 3, 10
PIXELS = SIDE * SIDE * CHANNELS
SIZES = (45_000, 5_000, 10_000)
MOST, LARGEST, COUNT = 1 << 28, 1 << 26, 100  # bytes of all batches, of one, and how many files
FOLDERS = ("cifar-10-batches-bin", "cifar-10-batches-py")
BATCH = re.compile(r"(data_batch_[1-9]|test_batch)(\.bin)?|batches\.meta(\.txt)?")
LABEL = re.compile(r"[\w -]{1,40}", re.ASCII)

Block = NDArray[np.uint8]


def is_part(name: str) -> bool:
    """Whether a file is one of CIFAR-10's, by its name."""
    return BATCH.fullmatch(PurePosixPath(name).name) is not None


def is_folder(place: Path) -> bool:
    """Whether a folder holds batches, by its name or the names in it."""
    return place.name in FOLDERS or any(
        (place / name).is_file() for name in ("data_batch_1.bin", "data_batch_1")
    )


def holds_all(place: Path) -> bool:
    """Whether the files of a folder are large enough for all of CIFAR-10."""
    sizes = [path.stat().st_size for path in place.iterdir() if is_part(path.name)]
    return sum(sizes) >= sum(SIZES) * PIXELS


def read(place: Path) -> Arrays:
    """Read an archive or a folder of batches.

    Parameters
    ----------
    place : Path
        Of the binary or the Python version. There may be fewer batches, of other lengths.

    Returns
    -------
    dict of str to ndarray
        "train", "valid", "test": uint8 (n, 32, 32, 3); "train classes" …: uint8 (n,); "labels":
        text (10,).

    Raises
    ------
    DataError
        If a file is missing, or is not what it should be.
    """
    files = _of_folder(place) if place.is_dir() else _of_archive(place)
    return _joined(files, place.name)


def _of_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    found = archives.members(path, most=MOST, largest=LARGEST, count=COUNT, wanted=is_part)
    return ((PurePosixPath(name).name, data) for name, data in found)


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.iterdir()):
        if is_part(path.name):
            yield path.name, read_file(path, LARGEST)


def read_file(path: Path, largest: int) -> bytes:
    """Read a file of a folder; a DataError if it is no plain file, or larger than expected."""
    if not path.is_file():
        raise DataError(f"{path} must be a file, got something else, or a link that leads nowhere")
    if path.stat().st_size > largest:
        raise DataError(f"{path} must have {largest:,} bytes or fewer, got {path.stat().st_size:,}")
    return path.read_bytes()


def _joined(files: Iterator[tuple[str, bytes]], where: str) -> Arrays:
    batches: dict[str, tuple[Block, Block]] = {}
    labels: tuple[str, ...] = ()
    versions = set()
    for name, data in files:
        binary = name.endswith((".bin", ".txt"))
        versions.add(binary)
        stem, said = name.partition(".bin")[0], f"{where}: {name}"
        if len(versions) > 1:
            raise DataError(f"{where} must hold the binary or the Python version, got both")
        if stem in batches or (labels and stem.startswith("batches")):
            raise DataError(f"{said} must be there once, got another in another folder")
        if stem.startswith("batches"):
            labels = _labels(data, said, binary)
        else:
            batches[stem] = (_rows if binary else _unpickled)(data, said)
    numbers = range(1, len(batches)) if "test_batch" in batches else range(1, 1 + len(batches))
    missing = [name for n in numbers or (1,) if (name := f"data_batch_{n}") not in batches]
    missing += ["test_batch"] * ("test_batch" not in batches) + ["batches.meta"] * (not labels)
    if missing:
        raise DataError(f"{where} must hold the file {missing[0]}, which is not there")
    test, test_classes = _put_together([batches.pop("test_batch")])
    train, classes = _put_together([batches.pop(f"data_batch_{n}") for n in numbers])
    if len(train) < 2:
        raise DataError(f"{where} must hold 2 training pictures or more, got {len(train)}")
    cut = len(train) - max(1, len(train) // VALID)
    return {
        "train": train[:cut], "train classes": classes[:cut],
        "valid": train[cut:], "valid classes": classes[cut:],
        "test": test, "test classes": test_classes,
        "labels": np.array(labels),
    }  # fmt: skip


def _put_together(batches: list[tuple[Block, Block]]) -> tuple[Block, Block]:
    """Make one block (n, 32, 32, 3) of batches (n, 3072); each is let go when it is copied."""
    classes = np.concatenate([batch[1] for batch in batches])
    block = np.empty((len(classes), SIDE, SIDE, CHANNELS), np.uint8)
    at = 0
    while batches:
        rows, _ = batches.pop(0)
        planes = rows.reshape(-1, CHANNELS, SIDE, SIDE)
        block[at : at + len(rows)] = planes.transpose(0, 2, 3, 1)
        at += len(rows)
    return block, classes


def _rows(data: bytes, name: str) -> tuple[Block, Block]:
    """Pixels (n, 3072) and classes (n,) of a binary batch."""
    if not data or len(data) % (1 + PIXELS):
        raise DataError(
            f"{name} must have {1 + PIXELS:,} bytes for each picture, got {len(data):,} in all"
        )
    rows = np.frombuffer(data, np.uint8).reshape(-1, 1 + PIXELS)
    return rows[:, 1:], _checked(rows[:, 0], name)


def _unpickled(data: bytes, name: str) -> tuple[Block, Block]:
    """Pixels (n, 3072) and classes (n,) of a Python batch."""
    found = _dict(data, name)
    rows, classes = found.get("data"), found.get("labels")
    if (
        not isinstance(rows, np.ndarray)
        or (rows.dtype, rows.ndim) != (np.uint8, 2)
        or rows.shape[1] != PIXELS
        or not len(rows)
    ):
        raise DataError(f"{name} must have data of uint8 (pictures, {PIXELS:,})")
    if not isinstance(classes, list) or {type(k) for k in classes} != {int}:
        raise DataError(f"{name} must have labels that are a list of whole numbers")
    if len(classes) != len(rows):
        raise DataError(f"{name} must have a label for each picture, got {len(classes):,}")
    return rows, _checked(np.array(classes, object), name)


def _dict(data: bytes, name: str) -> dict[str, Any]:
    """A pickled dict; Python 2 wrote its keys as bytes."""
    found = pickles.loads(data, name)
    if not isinstance(found, dict):
        raise DataError(f"{name} must be a dict, got {type(found).__name__}")
    return {
        key.decode("ascii", "replace") if isinstance(key, bytes) else key: value
        for key, value in found.items()
    }


def _checked(classes: NDArray[Any], name: str) -> Block:
    wrong = np.flatnonzero((classes < 0) | (classes >= CLASSES))
    if len(wrong):
        raise DataError(
            f"{name} must have classes from 0 to {CLASSES - 1}, got {classes[wrong[0]]} for "
            f"picture {wrong[0]}"
        )
    return classes.astype(np.uint8)


def _labels(data: bytes, name: str, binary: bool) -> tuple[str, ...]:
    """The names of the classes."""
    lines = [line.strip() for line in data.splitlines() if line.strip()]
    said: object = lines if binary else _dict(data, name).get("label_names")
    names = [
        label.decode("ascii", "replace") if isinstance(label, bytes) else label
        for label in (said if isinstance(said, list) else ())
    ]
    right = all(isinstance(label, str) and LABEL.fullmatch(label) for label in names)
    if not right or not len(names) == len(set(names)) == CLASSES:
        raise DataError(f"{name} must have the names of {CLASSES} classes, in ASCII")
    return tuple(names)

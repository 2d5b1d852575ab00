"""Pictures in class folders, {train,test}/CLASS/NAME.jpg, as a folder or in an archive of one.

There may be a folder valid too; without one, a tenth of the training pictures is set apart. The
names are sorted and then shuffled, always the same way.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import archives
from lstmlab.tasks.archives import OF_THE_SYSTEM
from lstmlab.tasks.images.cifar import read_file
from lstmlab.tasks.images.splits import VALID, Arrays, apart
from lstmlab.tasks.store import DataError
from lstmlab.tasks.task import SPLITS

MOST, LARGEST, COUNT = 1 << 31, 1 << 26, 1 << 18  # bytes of all files, of one, and how many
LARGEST_PICTURE = 1 << 22  # pixels
LARGEST_SET = 1 << 30  # bytes of all pictures, unpacked
LONGEST_LABEL, MOST_LABELS = 100, 10_000
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm"})
FORMATS = ("JPEG", "PNG", "BMP", "PPM")
CHANNELS = {"RGB": 3, "L": 1}


def is_folder(place: Path) -> bool:
    """Whether a folder has a folder train and a folder test."""
    return (place / "train").is_dir() and (place / "test").is_dir()


def read(place: Path) -> Arrays:
    """Read pictures of one size, all in colours or all in greys.

    Parameters
    ----------
    place : Path
        A folder with the folders train and test, or an archive of one; an archive may have a folder
        around them.

    Returns
    -------
    dict of str to ndarray
        "train", "valid", "test": uint8 (n, height, width, 3 or 1); "train classes" …: whole numbers
        (n,); "labels": the names of the folders in train, sorted.

    Raises
    ------
    DataError
        If a picture cannot be read, is of another size or mode than the first, or lies elsewhere;
        if a split has no pictures, or a class that train has not.
    """
    reader = _Reader(place.name)
    if place.is_dir():
        reader.read(_of_folder(place))
    else:
        reader.read(
            archives.members(place, most=MOST, largest=LARGEST, count=COUNT, wanted=_in_a_split)
        )
    return reader.arrays()


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file in train, valid and test, with its name from there on."""
    for split in SPLITS:
        for place in _listed(folder, split):
            name = f"{split}/{place.name}"
            # A link would lead out of what is looked at to see whether anything has changed.
            if place.is_symlink() or not place.is_dir():
                raise DataError(f"{folder.name}: {name} must be a folder, got a file or a link")
            for path in _listed(folder, name):
                yield f"{name}/{path.name}", read_file(path, LARGEST)


def _listed(folder: Path, name: str) -> list[Path]:
    """What lies in a folder, sorted, but for what systems leave there."""
    if not (folder / name).is_dir():
        return []
    found = sorted((folder / name).iterdir())
    for path in found:
        if any("\ud800" <= letter <= "\udfff" for letter in path.name):
            raise DataError(f"{folder.name}: {path.name!a} must be a name in UTF-8")
    return [path for path in found if not OF_THE_SYSTEM.fullmatch(path.name)]


def _in_a_split(name: str) -> bool:
    """Whether a file of an archive lies in train, valid or test, and is not the system's."""
    parts = PurePosixPath(name).parts
    if any(OF_THE_SYSTEM.fullmatch(part) for part in parts):
        return False
    return any(part in SPLITS for part in parts[:2])


class _Reader:
    """Pictures as they come, and what is known about them."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._blocks = {split: bytearray() for split in SPLITS}
        self._names: dict[str, list[tuple[str, str]]] = {split: [] for split in SPLITS}
        self._around: str | None = None
        self._what: tuple[int, int, str] | None = None

    def read(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Unpack pictures."""
        from PIL import Image

        with warnings.catch_warnings():
            for kind in (UserWarning, Image.DecompressionBombWarning):
                warnings.simplefilter("error", kind)  # what the decoder doubts is not taken
            for name, data in files:
                split, label, file = self._place(name)
                self._blocks[split] += self._unpacked(data, f"{self._where}: {name}")
                self._names[split].append((label, file))
                if sum(map(len, self._blocks.values())) > LARGEST_SET:
                    raise DataError(f"{self._where} must unpack to {LARGEST_SET:,} bytes or fewer")

    def _place(self, name: str) -> tuple[str, str, str]:
        """Split, class and name of a picture."""
        parts = PurePosixPath(name).parts
        around = "" if parts[0] in SPLITS else parts[0]
        if self._around is None:
            self._around = around
        inside = parts[1:] if around else parts
        if len(inside) != 3 or around != self._around:
            raise DataError(
                f"{self._where}: {name} must lie in a class folder of train, valid or test"
            )
        if PurePosixPath(name).suffix.lower() not in SUFFIXES:
            known = ", ".join(sorted(SUFFIXES))
            raise DataError(f"{self._where}: {name} must be a picture ({known})")
        if len(inside[1]) > LONGEST_LABEL:
            raise DataError(f"{self._where}: {name} must have a class of {LONGEST_LABEL} letters")
        return inside[0], inside[1], inside[2]

    def _unpacked(self, data: bytes, name: str) -> bytes:
        """The pixels of a picture, row by row; size and mode are checked before it is unpacked."""
        from PIL import Image

        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                what = (*picture.size, picture.mode)
                self._check(what, name)
                return picture.tobytes()
        except DataError:
            raise
        except Exception as error:  # each format's decoder has errors of its own
            reason = " ".join(str(error).split())[:100]
            raise DataError(f"{name} is not a picture that can be read: {reason}") from error

    def _check(self, what: tuple[int, int, str], name: str) -> None:
        width, height, mode = what
        if mode not in CHANNELS:
            raise DataError(f"{name} must be in colours or greys (RGB or L), got {mode}")
        if not 0 < width * height <= LARGEST_PICTURE:
            raise DataError(
                f"{name} must have 1 to {LARGEST_PICTURE:,} pixels, got {width:,} x {height:,}"
            )
        if self._what is None:
            self._what = what
        if what != self._what:
            first = "{} x {} {}".format(*self._what)
            raise DataError(f"{name} must be {first}, as the first, got {width} x {height} {mode}")

    def arrays(self) -> Arrays:
        """Sort, shuffle and split what was read."""
        labels = sorted({label for label, _ in self._names["train"]})
        if len(labels) > MOST_LABELS:
            raise DataError(f"{self._where} must have {MOST_LABELS:,} classes or fewer, got more")
        own = SPLITS if self._names["valid"] else ("train", "test")
        for split in own:
            least = 2 if split == "train" else 1
            if len(self._names[split]) < least:
                raise DataError(
                    f"{self._where} must have {least} pictures or more in {split}, "
                    f"got {len(self._names[split])}"
                )
            if unknown := sorted({label for label, _ in self._names[split]} - set(labels)):
                raise DataError(
                    f"{self._where}: {split}/{unknown[0]} must be a class that is in train"
                )
        rng = np.random.default_rng(0)
        found: Arrays = {"labels": np.array(labels)}
        for split in own:
            order, classes = self._sorted(split, labels)
            if split == "train" and len(own) < len(SPLITS):
                train, valid = apart(classes, max(1, len(classes) // VALID), rng)
                chosen = {"train": train, "valid": valid}
            else:
                chosen = {split: rng.permutation(len(classes))}
            block = self._block(split)
            for name, places in chosen.items():
                found[name] = block[order[places]]
                found[f"{name} classes"] = classes[places]
        return found

    def _sorted(self, split: str, labels: list[str]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """The order of names, and the classes in that order."""
        names = self._names[split]
        order = sorted(range(len(names)), key=names.__getitem__)
        number = {label: place for place, label in enumerate(labels)}
        return np.array(order), np.array([number[names[place][0]] for place in order])

    def _block(self, split: str) -> NDArray[np.uint8]:
        assert self._what is not None
        width, height, mode = self._what
        flat = np.frombuffer(self._blocks[split], np.uint8)
        return flat.reshape(-1, height, width, CHANNELS[mode])

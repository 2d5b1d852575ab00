"""Images: say what a small picture shows, read pixel by pixel or row by row.

The real set is CIFAR-10: 60,000 pictures of 32 x 32 in ten classes. It is found as the binary
version (preferred) or the Python version, packed or unpacked; or as a copy in JPEG, which is
smaller, not quite the same, and called so. Pictures of your own lie in class folders (`pictures`).
The default is the digits that scikit-learn ships (`digits`). What was read once is kept
(`lstmlab.tasks.prepared`).

`lstmlab.tasks.load` gives the task, from a folder or an archive of yours with `root`; `load_digits`
gives the default alone, shuffled by a seed. A split is pairs of a picture, uint8 (height, width,
channels), and its class, a place in the task's labels.

    >>> from lstmlab.tasks import load
    >>> task = load("images", source="embedded")  # source="real" if CIFAR-10 is here
    >>> task.caption
    'digits of scikit-learn (seed 0), 1197/300/300 pictures'
    >>> x, target = task.train[0]
    >>> x.shape, x.dtype, task.labels[target]
    ((8, 8, 1), dtype('uint8'), '5')
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from lstmlab.tasks import archives, fetching, store
from lstmlab.tasks.images import cifar, digits, pictures
from lstmlab.tasks.images.splits import Arrays
from lstmlab.tasks.prepared import prepared
from lstmlab.tasks.records import Place, Record
from lstmlab.tasks.store import DataError, DataFile, DownloadError, MissingDataError
from lstmlab.tasks.task import SPLITS, Pictures, Task, check_request

__all__ = ["IMAGES", "load_digits"]

REAL, COPY = "CIFAR-10", "CIFAR-10 (JPEG copy)"
EMBEDDED = "embedded"
SOURCES = ("auto", EMBEDDED, REAL, "real", COPY)
VERSION = 1
"""Of what is kept; another number has every set read anew."""

BINARY = DataFile(
    name=REAL,
    filename="cifar-10-binary.tar.gz",
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    size=170_052_171,
    licence="none is stated, so the file is fetched from its publisher and not passed on",
)
JPEG = DataFile(
    name=COPY,
    filename="cifar10-jpeg-subset.zip",
    url="",
    sha256="bd3d34089b2ee8f38313ea0d390a4e485cd484d7b1088ef935302edbdc0c5ded",
    size=25_918_592,
    licence="none is stated",
)
WANTED = (
    f"{BINARY.filename}, cifar-10-python.tar.gz, a folder of CIFAR-10's batches, or folders train "
    "and test of a folder for each class"
)
HOW_TO_GET = (
    'Fetch it with `lstmlab data fetch images` or download=True, use source="embedded" instead'
)


@dataclass(frozen=True)
class PythonVersion:
    """The Python version of CIFAR-10, of which its publisher gives the md5 alone.

    That is enough to tell a damaged file, not a forged one; so its pickles are read as hostile.
    """

    filename: str = "cifar-10-python.tar.gz"
    size: int = 170_498_071
    md5: str = "c58f30108f718f92721af3b95e74349a"


PYTHON = PythonVersion()


class Images:
    """The data set as `lstmlab.tasks` wants it."""

    @property
    def RECORD(self) -> Record:
        """What the command line and the data page say of it."""
        return Record(
            task="images",
            title=REAL,
            what="say what a picture of 32 x 32 shows, one of ten things",
            publisher="A. Krizhevsky, Learning multiple layers of features from tiny images (2009)",
            licence=BINARY.licence,
            sizes=cifar.SIZES,
            unit="pictures",
            default="scikit-learn's 1,797 digits",
            differs="grey digits of 8 x 8 in place of coloured pictures of 32 x 32: linear models "
            "read them with an error near 3 %",
            how="`lstmlab data fetch images` fetches it (170 MB). The unpacked folder does as "
            "well, known by its numbers of pictures",
            file=BINARY,
            copy=JPEG,
            find=self.find,
            verify=_verified,
        )

    def load(self, source: str, root: Place, download: bool, seed: int) -> Task:
        """Load it; `lstmlab.tasks.load` says what the parameters mean."""
        seed = check_request("images", source, SOURCES, seed)
        if source == EMBEDDED:
            return load_digits(seed)
        wanted = "" if source == "auto" else REAL if source == "real" else source
        place = self.find(root, wanted)
        if place is None and download:
            if wanted == COPY:
                raise DownloadError(f"{COPY} cannot be fetched")
            place = fetching.fetch(BINARY, root)
        if place is not None:
            return load_place(place, wanted)
        if source == "auto":
            store.check_found(root, WANTED)
            return load_digits(seed)
        if wanted == COPY:
            raise MissingDataError(f"{COPY}: {JPEG.filename} is {store.nowhere(root)}")
        raise store.missing(BINARY, HOW_TO_GET, root)

    def available(self, root: Place = None) -> str:
        """Name the source that "auto" would take."""
        place = self.find(root)
        if place is None:
            store.check_found(root, WANTED)
            return EMBEDDED
        if place.name in (BINARY.filename, PYTHON.filename):
            return REAL
        if place.is_dir():
            real = cifar.is_folder(place) and cifar.holds_all(place)
            return REAL if real else _own(place)
        return COPY if place.name == JPEG.filename else _published(place) or _own(place)

    def find(self, root: Place = None, wanted: str = "") -> Path | None:
        """Where pictures lie: in `root`, `$LSTMLAB_DATA` or the cache, or nowhere (None).

        Parameters
        ----------
        root : str or Path, optional
            A folder to search first, or the file or folder itself, whatever it is called.
        wanted : str
            `REAL` or `COPY` look for nothing else.

        Raises
        ------
        MissingDataError
            If `root` is given and is not there.
        """
        if root is not None and Path(root).is_file():
            return Path(root)
        if root is not None and not Path(root).is_dir():
            raise store.absent(root, f"a folder or the file {BINARY.filename}")
        real = (BINARY.filename, PYTHON.filename, *cifar.FOLDERS)
        names = {REAL: real, COPY: (JPEG.filename,)}.get(wanted, (*real, JPEG.filename))
        for folder in store.folders(root):
            if wanted != COPY and cifar.is_folder(folder):
                return folder
            for name in names:
                known = Path.is_dir if name in cifar.FOLDERS else Path.is_file
                if known(folder / name):
                    return folder / name
            # Folders train and test may be any data set, so only a folder that is named is taken.
            named = not wanted and root is not None and folder == Path(root)
            if named and pictures.is_folder(folder):
                return folder
        return None


IMAGES = Images()


def load_digits(seed: int = 0) -> Task:
    """Load scikit-learn's digits, shuffled by a seed: 1,197, 300 and 300 pictures."""
    seed = check_request("images", EMBEDDED, SOURCES, seed)
    return _task(digits.arrays(seed), EMBEDDED, f"digits of scikit-learn (seed {seed})", seed)


def load_place(place: Path, wanted: str = "") -> Task:
    """Load what `Images.find` gives.

    Parameters
    ----------
    place : Path
        An archive or a folder.
    wanted : str
        `REAL` or `COPY` refuse anything else. A file that bears a published name is always checked
        against the published checksum.

    Returns
    -------
    Task
        Its source is "CIFAR-10", "CIFAR-10 (JPEG copy)", "NAME (own file)" or "NAME (own folder)".

    Raises
    ------
    DataError
        If a file is not what it should be.
    """
    make = partial(_read, place)
    arrays = prepared(place, "images", make, version=VERSION, parts=_parts(place))
    return _checked(arrays, place, wanted)


def _checked(arrays: Arrays, place: Path, wanted: str) -> Task:
    """The task of what was read; a DataError if it is not what was wanted."""
    source = str(arrays["source"])
    if wanted and source != wanted:
        counts = "/".join(f"{len(arrays[split]):,}" for split in SPLITS)
        raise DataError(
            f"{place} is not {wanted} as published: it has other contents, of {counts} pictures "
            f'(train/valid/test); source="auto" takes it as your own data'
        )
    return _task(arrays, source, "" if source == REAL else source)


def _read(place: Path) -> Arrays:
    """Read a folder or an archive, whichever it is, and say which."""
    if place.is_dir():
        of_cifar = cifar.is_folder(place)
        found = cifar.read(place) if of_cifar else pictures.read(place)
        sizes = tuple(len(found[split]) for split in SPLITS)
        source = REAL if of_cifar and sizes == cifar.SIZES else _own(place)
    else:
        source = _published(place)
        of_cifar = source == REAL or (not source and _holds_batches(place))
        found = cifar.read(place) if of_cifar else pictures.read(place)
    return found | {"source": np.array(source or _own(place))}


def _parts(place: Path) -> tuple[str, ...]:
    """What is read of a folder."""
    if not cifar.is_folder(place):
        return SPLITS
    return tuple(sorted(path.name for path in place.iterdir() if cifar.is_part(path.name)))


def _holds_batches(path: Path) -> bool:
    """Whether an archive holds CIFAR-10's files, by their names."""
    names: list[str] = []

    def noted(name: str) -> bool:
        names.append(name)
        return False

    most, largest, count = pictures.MOST, pictures.LARGEST, pictures.COUNT
    for _ in archives.members(path, most=most, largest=largest, count=count, wanted=noted):
        pass
    return any(cifar.is_part(name) for name in names)


def _published(path: Path) -> str:
    """Which published file this is, or ""; a DataError if it bears the name and is another."""
    for title, record in ((REAL, BINARY), (COPY, JPEG)):
        if path.name == record.filename:
            store.verify(record, path)
            return title
        if path.stat().st_size == record.size and _digest(path, "sha256") == record.sha256:
            return title
    named, size = path.name == PYTHON.filename, path.stat().st_size
    if not named and size != PYTHON.size:
        return ""
    found = _digest(path, "md5")
    if found == PYTHON.md5:
        return REAL
    if named:
        raise DataError(
            f"{path} is not {REAL} as published: expected md5 {PYTHON.md5} ({PYTHON.size} bytes), "
            f"found {found} ({size} bytes). It was left as it is; move it away"
        )
    return ""


def _digest(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        make = partial(hashlib.new, kind, usedforsecurity=kind != "md5")
        return hashlib.file_digest(file, make).hexdigest()


def _own(place: Path) -> str:
    return f"{place.name} (own {'folder' if place.is_dir() else 'file'})"


def _verified(place: Path) -> str:
    if place.is_dir():
        caption = _checked(_read(place), place, REAL).caption
        return f"{caption}, known by its numbers of pictures, every file read"
    title = _published(place)
    if not title:
        raise store.mismatch(BINARY, place, _digest(place, "sha256"), place.stat().st_size)
    return f"{title}, checksum right" + (" (md5)" if place.name == PYTHON.filename else "")


def _task(arrays: Arrays, source: str, title: str, seed: int | None = None) -> Task:
    """Make the task of blocks of pictures, uint8 (n, height, width, channels)."""
    train, valid, test = (Pictures(arrays[split], arrays[f"{split} classes"]) for split in SPLITS)
    labels = tuple(str(label) for label in arrays["labels"])
    return Task(
        name="images", source=source, train=train, valid=valid, test=test,
        inputs=int(np.prod(train.x.shape[1:])), outputs=len(labels), loss="softmax",
        metric="error rate", seed=seed, title=title, form="pictures", answer="sequence",
        labels=labels, unit="pictures",
    )  # fmt: skip

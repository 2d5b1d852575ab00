"""Handwriting: read a line from the way of the pen (Greff et al., section IV-A.2).

The real set is IAM-OnDB: 5,355, 2,956 and 3,859 lines of 81 characters. It is free for research
after registration, so it is read from your copy. The default is made up (`ink`), with other
writers in each split. A frame is Δx, Δy, the time since the stroke began, and the pen's lifting
(`pen`); the first three are divided by their deviation over the training set.
"""

from __future__ import annotations

import operator
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import store
from lstmlab.tasks.handwriting import iamondb, ink, pen, words
from lstmlab.tasks.handwriting.alphabet import CHARACTERS, decode, encode
from lstmlab.tasks.records import Record
from lstmlab.tasks.store import DataError, DownloadError, MissingDataError
from lstmlab.tasks.task import SPLITS, Split, Task

__all__ = ["CHARACTERS", "RECORD", "available", "decode", "encode", "load", "sample"]

Floats = NDArray[np.float64]
REAL, GENERATED = "IAM-OnDB", "generated"
SOURCES = ("auto", GENERATED, REAL, "real")
SIZES = ((120, 10), (15, 10), (15, 10))
"""Writers, and lines of each, in the default's three splits."""
HOW_TO_GET = (
    "IAM-OnDB is free for research after registration with the University of Bern. With a copy, "
    "give the folder that holds lineStrokes, ascii and the lists (trainset.txt …) as root, or its "
    f'place in `${store.ENVIRONMENT}`; `source="generated"` needs none'
)
Labels = NDArray[np.int64]


def load(source: str, root: str | Path | None, download: bool, seed: int) -> Task:
    """Load the handwriting task; `lstmlab.tasks.load` says what the parameters mean."""
    if source not in SOURCES:
        known = ", ".join(repr(name) for name in SOURCES)
        raise ValueError(f"source must be one of {known} for handwriting, got {source!r}")
    seed = operator.index(seed)
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    if source == GENERATED:
        return load_generated(seed)
    folder = find(root)
    if folder is not None:
        return load_folder(folder, must_be_real=source != "auto")
    if download:
        raise DownloadError(f"{REAL} cannot be fetched. {HOW_TO_GET}")
    if source == "auto":
        return load_generated(seed)
    places = ", ".join(str(place) for place in store.folders(root))
    raise MissingDataError(f"{REAL} is in none of {places}. {HOW_TO_GET}")


def available(root: str | Path | None = None) -> str:
    """Name the source that "auto" would take."""
    folder = find(root)
    return GENERATED if folder is None else _source(iamondb.lines(folder), folder)


def find(root: str | Path | None = None) -> Path | None:
    """The folder with lineStrokes and ascii, in `root`, `$LSTMLAB_DATA` or the cache, or None.

    Raises
    ------
    MissingDataError
        If `root` is given and is no folder.
    """
    if root is not None and not Path(root).is_dir():
        raise MissingDataError(
            "root must be a folder that holds lineStrokes and ascii, "
            f"got {root}, which is not there"
        )
    for folder in store.folders(root):
        place = iamondb.find(folder)
        if place is not None:
            return place
    return None


def load_folder(folder: Path, *, must_be_real: bool = True) -> Task:
    """Read IAM-OnDB, or a set of your own in the same form.

    Parameters
    ----------
    folder : Path
        It holds lineStrokes, ascii, and the lists of the splits.
    must_be_real : bool
        Whether other numbers of lines than those of the paper are refused.

    Returns
    -------
    Task
        Its source is "IAM-OnDB", or "NAME (own folder)".

    Raises
    ------
    DataError
        If a file is not what it should be, or there are other numbers of lines.
    """
    found = iamondb.lines(folder)
    source = _source(found, folder)
    if must_be_real and source != REAL:
        counts = "/".join(str(len(found[split])) for split in SPLITS)
        wanted = "/".join(map(str, iamondb.SIZES))
        raise DataError(
            f"{folder} has {counts} lines (train/valid/test), {REAL} has {wanted}; "
            'is it complete? source="auto" takes it as your own data'
        )
    return _task({split: [read(line) for line in found[split]] for split in SPLITS}, source)


def read(line: iamondb.Line) -> tuple[Floats, Labels]:
    """Features (T, 4) and classes (U,) of one line of IAM-OnDB."""
    return pen.features(line.strokes()), encode(line.text, line.name)


def load_generated(seed: int = 0) -> Task:
    """Make up the lines of `seed`: no writer is in two splits."""
    splits = {
        split: [
            _described(*sample(seed, place, writer, number))
            for writer in range(SIZES[place][0])
            for number in range(SIZES[place][1])
        ]
        for place, split in enumerate(SPLITS)
    }
    return _task(splits, GENERATED, seed)


def sample(seed: int, split: int, writer: int, number: int) -> tuple[list[Floats], str]:
    """One line of the default: its strokes, and what is written.

    Parameters
    ----------
    seed : int
        The data set's.
    split : int
        0, 1, 2: training, validation, test.
    writer, number : int
        Who, and which line, counted from 0.
    """
    who = _writer(seed, split, writer)
    rng = np.random.default_rng([seed, split, writer, number])
    text = words.line(rng, words=int(rng.integers(2, 5)))
    return ink.write(text, who, rng), text


@lru_cache(maxsize=256)
def _writer(seed: int, split: int, number: int) -> ink.Writer:
    return ink.writer(np.random.default_rng([seed, split, number]))


def _described(strokes: list[Floats], text: str) -> tuple[Floats, Labels]:
    return pen.features(strokes), encode(text)


def _source(found: dict[str, list[iamondb.Line]], folder: Path) -> str:
    sizes = tuple(len(found[split]) for split in SPLITS)
    return REAL if sizes == iamondb.SIZES else f"{folder.name} (own folder)"


def _task(
    splits: dict[str, list[tuple[Floats, Labels]]], source: str, seed: int | None = None
) -> Task:
    """Divide Δx, Δy and time by their deviation in training, and cut what is far out at 10."""
    every = np.concatenate([x for x, _ in splits["train"]])
    scale = np.ones(pen.INPUTS)
    scale[:3] = np.maximum(every[:, :3].std(axis=0), 1e-12)

    def scaled(lines: list[tuple[Floats, Labels]]) -> Split:
        return [(np.clip(x / scale, -10, 10).astype(np.float32), k) for x, k in lines]

    train, valid, test = (scaled(splits[split]) for split in SPLITS)
    return Task(
        name="handwriting", source=source, train=train, valid=valid, test=test,
        inputs=pen.INPUTS, outputs=1 + len(CHARACTERS), loss="ctc",
        metric="character error rate", seed=seed,
    )  # fmt: skip


def _verified(folder: Path) -> str:
    task = load_folder(folder)
    return f"{task.caption}, every file read"


RECORD = Record(
    task="handwriting",
    title=REAL,
    what="read a line of writing from the way of the pen",
    publisher="Liwicki and Bunke (2005), University of Bern",
    licence="free for research after registration; may not be passed on",
    sizes=iamondb.SIZES,
    unit="lines",
    default="1,500 lines of made-up writing",
    differs="letters of three single-stroke fonts, distorted by 150 writers; two to four words of "
    "a list of 450; 12 frames a character",
    how=HOW_TO_GET,
    find=find,
    verify=_verified,
)

"""Handwriting: read a line from the way of the pen (Greff et al., section IV-A.2).

The real set is IAM-OnDB: 5,355, 2,956 and 3,859 lines of 81 characters. It is free for research
after registration, so it is read from your copy. The default is made up (`ink`), with other
writers in each split. A frame is Δx, Δy, the time since the stroke began, and the pen's lifting
(`pen`); the first three are divided by their deviation over the training set, and cut off at ten
deviations.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import store
from lstmlab.tasks.folders import Floats, FolderSet, Sequences, changed, made_up
from lstmlab.tasks.handwriting import iamondb, ink, pen, words
from lstmlab.tasks.handwriting.alphabet import CHARACTERS, decode, encode
from lstmlab.tasks.records import Record
from lstmlab.tasks.store import DataError
from lstmlab.tasks.task import GENERATED, SPLITS, Task

__all__ = ["CHARACTERS", "HANDWRITING", "decode", "encode", "load_generated", "sample"]

SIZES = ((120, 10), (15, 10), (15, 10))
"""Writers, and lines of each, in the default's three splits."""
Labels = NDArray[np.int64]


def read_all(found: dict[str, list[iamondb.Line]], source: str) -> Task:
    """Read the lines of IAM-OnDB's form that `iamondb.lines` lists."""
    return _task({split: [read(line) for line in found[split]] for split in SPLITS}, source)


def read(line: iamondb.Line) -> tuple[Floats, Labels]:
    """Features (T, 4) and classes (U,) of one line of IAM-OnDB.

    Raises
    ------
    DataError
        If a file is wrong, or the text is too long for its points.
    """
    x, k = pen.features(line.strokes()), encode(line.text, line.name)
    needed = len(k) + int(np.count_nonzero(k[1:] == k[:-1]))
    if needed > len(x):
        raise DataError(
            f"{line.name} must have text that fits into its {len(x)} frames, got {len(k)} "
            f"characters that need {needed}"
        )
    return x, k


def load_generated(seed: int = 0) -> Task:
    """Make up the lines of `seed`: no writer is in two splits."""
    return _task(made_up(SIZES, lambda *who: _described(*sample(seed, *who))), GENERATED, seed)


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


def _task(splits: Sequences, source: str, seed: int | None = None) -> Task:
    """Divide Δx, Δy and time by their deviation in training, and cut what is far out at 10."""
    every = np.concatenate([x for x, _ in splits["train"]])
    scale = np.ones(pen.INPUTS)
    scale[:3] = np.maximum(every[:, :3].std(axis=0), 1e-12)
    train, valid, test = changed(splits, lambda x: np.clip(x / scale, -10, 10))
    return Task(
        name="handwriting", source=source, train=train, valid=valid, test=test,
        inputs=pen.INPUTS, outputs=1 + len(CHARACTERS), loss="ctc",
        metric="character error rate", seed=seed,
    )  # fmt: skip


HANDWRITING = FolderSet(
    Record(
        task="handwriting",
        title="IAM-OnDB",
        what="read a line of writing from the way of the pen",
        publisher="Liwicki and Bunke (2005), University of Bern",
        licence="free for research after registration; may not be passed on",
        sizes=iamondb.SIZES,
        unit="lines",
        default="1,500 lines of made-up writing",
        differs="letters of three single-stroke fonts, distorted by 150 writers; two to four words "
        "of a list of some 440; 13 frames a character",
        how="IAM-OnDB is free for research after registration with the University of Bern. With a "
        "copy, give the folder that holds lineStrokes, ascii and the lists (trainset.txt …) as "
        f'root, or its place in `${store.ENVIRONMENT}`; `source="generated"` needs none',
    ),
    holds="lineStrokes and ascii",
    within=iamondb.find,
    listed=iamondb.lines,
    read=read_all,
    generated=load_generated,
)

"""The IMDB reviews as Keras publishes them, imdb.npz: ranks of words, and no texts.

Rank 1 is the most frequent word of all 50,000 reviews. Which word that is, a second file says,
imdb_word_index.json. Keras adds 3 to a rank, so where that file is missing the words are called
"#4", "#5", …
"""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import archives, pickles
from lstmlab.tasks.reviews import corpus
from lstmlab.tasks.reviews.words import SPECIAL
from lstmlab.tasks.store import DataError

MEMBERS = ("x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy")
INDEX = "imdb_word_index.json"
KERAS_ADDS = 3
HIGHEST = 1 << 20  # rank of a word
MOST = 1 << 27  # bytes of the file, unpacked: 12 million ranks of 2 to 6 bytes each
WORDS = 60_000_000  # of all reviews
LONGEST_INDEX = 1 << 24  # bytes of the list of words


def read(path: Path) -> dict[str, NDArray[Any]]:
    """Read an imdb.npz; `corpus.laid_out` says what is returned.

    Raises
    ------
    DataError
        If it holds anything else. Nothing in it is run.
    """
    reviews: dict[str, list[corpus.Ids]] = {}
    labels: dict[str, NDArray[np.bool_]] = {}
    for name, data in archives.members(path, most=MOST, largest=MOST, count=10):
        where = f"{path.name}: {name}"
        if name not in MEMBERS:
            raise DataError(f"{path.name} must hold {', '.join(MEMBERS)}, got {ascii(name)[:60]}")
        kind, split = name.removesuffix(".npy").split("_")
        found = pickles.array(data, where)
        if kind == "x":
            reviews[split] = _reviews(found, where)
        else:
            labels[split] = _labels(found, where)
    for split in ("train", "test"):
        if split not in reviews or split not in labels:
            raise DataError(f"{path.name} must hold x_{split}.npy and y_{split}.npy")
        if len(reviews[split]) != len(labels[split]):
            raise DataError(
                f"{path.name} must have as many labels as reviews for {split}, got "
                f"{len(labels[split])} and {len(reviews[split])}"
            )
    both = list(chain(reviews["train"], reviews["test"]))
    positive = np.concatenate([labels["train"], labels["test"]])
    tested = np.arange(len(both)) >= len(labels["train"])
    if (count := sum(map(len, both))) > WORDS:
        raise DataError(f"{path.name} must have {WORDS:,} words or fewer, got {count:,}")
    highest = max(int(review.max()) for review in both)
    parts = corpus.split_up(positive, tested, path.name)
    numbered = np.arange(len(SPECIAL) - 1, len(SPECIAL) + highest, dtype=np.int32)
    return corpus.laid_out(both, positive, parts, numbered)


def _reviews(found: NDArray[Any], where: str) -> list[corpus.Ids]:
    if found.dtype != object or found.ndim != 1:
        raise DataError(f"{where} must be an array (n,) of lists, got {found.dtype} {found.shape}")
    rows = []
    for at, row in enumerate(found.tolist()):
        if type(row) is not list or not row or set(map(type, row)) != {int}:
            raise DataError(f"{where}[{at}] must be a list of whole numbers, 1 or more")
        if min(row) < 1 or max(row) > HIGHEST:
            raise DataError(f"{where}[{at}] must hold ranks from 1 to {HIGHEST:,}, got others")
        rows.append(np.array(row, np.int32))
    return rows


def _labels(found: NDArray[Any], where: str) -> NDArray[np.bool_]:
    if found.ndim != 1 or found.dtype.kind not in "iu" or not np.isin(found, (0, 1)).all():
        raise DataError(
            f"{where} must be whole numbers (n,), 0 or 1, got {found.dtype} {found.shape}"
        )
    return found.astype(bool)


def names(arrays: corpus.Arrays, most: int, path: Path) -> list[str]:
    """The words of rank 1, 2, …, so many of them or all that there are.

    Parameters
    ----------
    arrays : mapping
        What `read` gives.
    most : int
    path : Path
        The imdb.npz; beside it may lie the list of words.

    Raises
    ------
    DataError
        If that list is not what it should be.
    """
    most = min(most, int(arrays["tokens"].max()) - len(SPECIAL) + 1)
    found = [f"#{rank + KERAS_ADDS}" for rank in range(1, most + 1)]
    index = path.with_name(INDEX)
    if not index.is_file():
        return found
    if index.stat().st_size > LONGEST_INDEX:
        raise DataError(f"{index} must be smaller than {LONGEST_INDEX:,} bytes")
    try:
        said = json.loads(index.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{index} must be JSON in UTF-8: {error}") from error
    if not isinstance(said, dict):
        raise DataError(f"{index} must be an object of words and their ranks")
    for word, rank in said.items():
        if type(rank) is not int or rank < 1:
            raise DataError(
                f"{index} must give each word a rank of 1 or more, got {ascii(rank)[:40]} for "
                f"{ascii(word)[:40]}"
            )
        if rank <= most:
            found[rank - 1] = word
    return found

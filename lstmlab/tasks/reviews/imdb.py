"""The Large Movie Review Dataset as it is published: a text a review, in an archive or a folder.

A text is {train,test}/{pos,neg}/ID_RATING.txt: rated 7 to 10 or 1 to 4, of 10. What else is there,
such as the reviews without a rating in train/unsup, is not read.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import archives
from lstmlab.tasks.archives import OF_THE_SYSTEM
from lstmlab.tasks.reviews import corpus
from lstmlab.tasks.reviews.words import tokenise
from lstmlab.tasks.store import DataError

FOLDERS = ("train/pos", "train/neg", "test/pos", "test/neg")
WITHIN = re.compile(r"(?:([^/]+)/)?((?:train|test)/(?:pos|neg))/(.*)", re.DOTALL)
NAME = re.compile(r"(\d{1,9})_(\d{1,2})\.txt", re.ASCII)
RATINGS = {"pos": range(7, 11), "neg": range(1, 5)}
LONGEST = 1 << 20  # bytes of a review
TEXT, WORDS, DIFFERENT = 200_000_000, 60_000_000, 2_000_000
"""Bytes and words of all reviews, and different words, at most: IMDB has a third, or less."""
ALL, LARGEST, MOST = 1 << 30, 1 << 26, 300_000  # bytes and files of an archive


def find(folder: Path) -> Path | None:
    """The folder that holds train and test, each with pos and neg: this one, or aclImdb in it."""
    for place in (folder, folder / "aclImdb"):
        if all((place / name).is_dir() for name in FOLDERS):
            return place
    return None


def read(path: Path) -> dict[str, NDArray[Any]]:
    """Read the reviews of an archive or a folder.

    Returns
    -------
    dict of str to ndarray
        As `corpus.laid_out`; and `words`: those of the training set, the most frequent first,
        joined by line ends, as bytes.

    Raises
    ------
    DataError
        If a file is not what it should be, which the message names, or reviews are missing.
    """
    files = in_folder(path) if path.is_dir() else in_archive(path)
    return gathered(files, path.name)


def names(arrays: corpus.Arrays, most: int) -> list[str]:
    """The most frequent words of what `read` gives, so many of them or all."""
    return arrays["words"].tobytes().decode().split("\n")[:most]


def counted(folder: Path) -> list[int]:
    """Count what lies in the four folders, in the order of `FOLDERS`, without reading it."""
    return [
        sum(not OF_THE_SYSTEM.fullmatch(path.name) for path in (folder / name).iterdir())
        for name in FOLDERS
    ]


def in_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    """Give name, as in "train/pos/0_9.txt", and contents of an archive's reviews."""
    above: set[str | None] = set()
    for name, data in archives.members(
        path, most=ALL, largest=LARGEST, count=MOST, wanted=_is_review
    ):
        found = WITHIN.fullmatch(name)
        if found is None:
            continue
        above.add(found[1])
        if len(above) > 1:
            raise DataError(
                f"{path.name} must hold one set of reviews, got {sorted(map(str, above))}"
            )
        yield f"{found[2]}/{found[3]}", data


def in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give name, as in "train/pos/0_9.txt", and contents of a folder's reviews."""
    for name in FOLDERS:
        with os.scandir(folder / name) as listed:
            found = sorted(
                (entry for entry in listed if not OF_THE_SYSTEM.fullmatch(entry.name)),
                key=lambda entry: entry.name,
            )
        for entry in found:
            inner = f"{name}/{entry.name}"
            where = f"{folder.name}: {inner!a}"
            if not entry.is_file(follow_symlinks=False):
                raise DataError(f"{where} must be a file, got a link, a folder or a device")
            if entry.stat().st_size > LONGEST:
                raise DataError(f"{where} must have {LONGEST:,} bytes or fewer")
            yield inner, Path(entry.path).read_bytes()


def _is_review(name: str) -> bool:
    """Whether a file of an archive lies in one of the four folders, and is not the system's."""
    return bool(WITHIN.match(name)) and not OF_THE_SYSTEM.fullmatch(PurePosixPath(name).name)


def gathered(files: Iterable[tuple[str, bytes]], source: str) -> dict[str, NDArray[Any]]:
    """Turn named texts into arrays: words ranked by frequency in training, a fifth held back."""
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    rows = []
    size = count = 0
    for name, data in files:
        order = _place(name, source)
        size += len(data)
        if size > TEXT:
            raise DataError(f"{source} must have reviews of {TEXT:,} bytes or fewer, got more")
        words = _words(data, f"{source}: {name}")
        count += len(words)
        if count > WORDS:
            raise DataError(f"{source} must have {WORDS:,} words or fewer, got more")
        if len(ids) > DIFFERENT:
            raise DataError(f"{source} must have {DIFFERENT:,} different words or fewer, got more")
        rows.append((order, np.fromiter(map(ids.__getitem__, words), np.int32, len(words))))
    rows.sort(key=lambda row: row[0])
    reviews = [row for _, row in rows]
    labels = np.array([positive for (_, positive, _, _), _ in rows], bool)
    tested = np.array([test for (test, _, _, _), _ in rows], bool)
    parts = corpus.split_up(labels, tested, source)
    numbers, words = corpus.by_frequency([reviews[at] for at in parts[0]], list(ids))
    joined = np.frombuffer("\n".join(words).encode(), np.uint8)
    return corpus.laid_out(reviews, labels, parts, numbers) | {"words": joined}


def _place(name: str, source: str) -> tuple[bool, bool, int, int]:
    """Whether a review is for the test, whether positive, its number, its rating: its place."""
    split, kind, last = name.split("/", 2)
    said = NAME.fullmatch(last)
    if said is None:
        raise DataError(
            f"{source}: {ascii(name)[:80]} must be named ID_RATING.txt, such as 0_9.txt"
        )
    rating, right = int(said[2]), RATINGS[kind]
    if rating not in right:
        raise DataError(
            f"{source}: {name} must have a rating from {right[0]} to {right[-1]}, got {rating}"
        )
    return split == "test", kind == "pos", int(said[1]), rating


def _words(data: bytes, where: str) -> list[str]:
    if len(data) > LONGEST:
        raise DataError(f"{where} must have {LONGEST:,} bytes or fewer, got {len(data):,}")
    try:
        words = tokenise(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(f"{where} must be UTF-8 text, got byte {error.start}") from error
    if not words:
        raise DataError(f"{where} must hold a word or more, got none")
    return words

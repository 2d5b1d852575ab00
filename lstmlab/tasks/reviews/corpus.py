"""Reviews as arrays: split, ranked by frequency, laid end to end, and made a `Task` of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.reviews.words import SPECIAL, START, UNK
from lstmlab.tasks.store import DataError
from lstmlab.tasks.task import Task, Texts

Ids = NDArray[np.int32]
Arrays = Mapping[str, NDArray[Any]]

FIFTH = 5
"""One review in so many of those for training is kept for validation."""
SHUFFLE = 50_000
"""The seed of the one order that the real reviews are given in, whatever seed is asked for."""


def split_up(labels: NDArray[np.bool_], tested: NDArray[np.bool_], name: str) -> list[Ids]:
    """Choose the reviews of training, validation and test, each in a fixed random order.

    Parameters
    ----------
    labels, tested : ndarray of bool, (n,)
        Whether a review is positive, and whether it is for the test.
    name : str
        What errors call the source.

    Returns
    -------
    list of ndarray
        Places in `labels`. Of both classes a fifth of what is not tested is for validation.

    Raises
    ------
    DataError
        If a class has too few reviews.
    """
    rng = np.random.default_rng(SHUFFLE)
    train, valid = [], []
    for positive in (True, False):
        places = rng.permutation(np.flatnonzero((labels == positive) & ~tested))
        if len(places) < FIFTH:
            kind = "positive" if positive else "negative"
            raise DataError(
                f"{name} must have {FIFTH} {kind} reviews or more for training, got {len(places)}"
            )
        cut = len(places) - len(places) // FIFTH
        train.append(places[:cut])
        valid.append(places[cut:])
    test = np.flatnonzero(tested)
    if not len(test):
        raise DataError(f"{name} must have reviews for the test, got none")
    return [rng.permutation(part).astype(np.int32)
            for part in (np.concatenate(train), np.concatenate(valid), test)]  # fmt: skip


def by_frequency(reviews: Sequence[Ids], words: Sequence[str]) -> tuple[Ids, list[str]]:
    """Rank words by how often they are in some reviews, and by the alphabet where that is equal.

    Parameters
    ----------
    reviews : sequence of ndarray
        Places in `words`.
    words : sequence of str

    Returns
    -------
    numbers : ndarray (words,)
        What each word becomes: 3 for the most frequent, 4, 5, …; <UNK> for one that is in none.
    ranked : list of str
        The words that are in some, the most frequent first.
    """
    counts = np.zeros(len(words), np.int64)
    for start in range(0, len(reviews), 1000):
        counts += np.bincount(np.concatenate(reviews[start : start + 1000]), minlength=len(words))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda at: (-counts[at], words[at]))
    numbers = np.full(len(words), UNK, np.int32)
    numbers[order] = np.arange(len(SPECIAL), len(SPECIAL) + len(order), dtype=np.int32)
    return numbers, [words[at] for at in order]


def laid_out(
    reviews: Sequence[Ids],
    labels: NDArray[np.bool_],
    parts: Sequence[Ids],
    numbers: Ids,
) -> dict[str, NDArray[Any]]:
    """Lay reviews end to end, each behind a <START>, training first and the test last.

    Parameters
    ----------
    reviews : sequence of ndarray
        Each is places in `numbers`.
    labels : ndarray of bool, (n,)
    parts : sequence of ndarray
        The places of each split's reviews.
    numbers : ndarray
        What each word becomes.

    Returns
    -------
    dict of str to ndarray
        `tokens`, `lengths` and `labels` of all reviews, and how many reviews each split has
        (`sizes`).
    """
    order = np.concatenate(parts)
    lengths = np.array([len(reviews[at]) + 1 for at in order], np.int32)
    tokens = np.empty(int(lengths.sum()), np.int32)
    begin = 0
    for at in order:
        review = reviews[at]
        end = begin + 1 + len(review)
        tokens[begin] = START
        tokens[begin + 1 : end] = numbers[review]
        begin = end
    return {
        "tokens": tokens, "lengths": lengths, "labels": labels[order],
        "sizes": np.array([len(part) for part in parts], np.int32),
    }  # fmt: skip


def as_task(
    arrays: Arrays, words: Sequence[str], source: str, title: str = "", seed: int | None = None
) -> Task:
    """Make the task of what `laid_out` gives, with the words from number 3 on that are to be kept.

    The x of a review is a view into one array of all of them, and so is its target.
    """
    vocabulary = (*SPECIAL, *words)
    tokens = np.where(arrays["tokens"] < len(vocabulary), arrays["tokens"], UNK).astype(np.int32)
    targets = arrays["labels"].astype(np.float32)[:, None]
    lengths, ends = arrays["lengths"], np.cumsum(arrays["lengths"], dtype=np.int64)
    splits, first = [], 0
    for size in arrays["sizes"].tolist():
        last = first + size
        begin, end = ends[first] - lengths[first], ends[last - 1]
        splits.append(Texts(tokens[begin:end], lengths[first:last], targets[first:last]))
        first = last
    train, valid, test = splits
    return Task(
        name="reviews", source=source, train=train, valid=valid, test=test,
        inputs=len(vocabulary), outputs=1, loss="sigmoid", metric="accuracy",
        seed=seed, title=title, form="tokens", answer="sequence", vocabulary=vocabulary,
        labels=("positive",), unit="reviews",
    )  # fmt: skip

"""Texts as words, and words as the whole numbers that a network is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.generated import check_codes, check_whole
from lstmlab.tasks.task import SPLITS, Split, Task

Tokens = NDArray[np.integer[Any]]

SPECIAL = ("<PAD>", "<START>", "<UNK>")
PAD, START, UNK = range(3)
FILTERED = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
"""What Keras takes out of a text: all punctuation but the apostrophe."""
_SPACES = str.maketrans(FILTERED, " " * len(FILTERED))
ENDS = ("first", "last")


def tokenise(text: str) -> list[str]:
    """Split a text into words, in small letters: at `FILTERED` as Keras does, and at white space.

    Keras leaves all white space but blank, tab and line feed in words: 692 of IMDB's 50,000 reviews
    hold some, such as no-break spaces.
    """
    return text.lower().translate(_SPACES).split()


def first_words(x: Tokens, n: int) -> Tokens:
    """Keep the first `n` words of a review, (T,) -> (T or n,); <START> is one of them."""
    return x[: check_whole("n", n)]


def last_words(x: Tokens, n: int) -> Tokens:
    """Keep <START> and the last `n` - 1 words of a review: `n` in all, or T if it has fewer."""
    if len(x) <= check_whole("n", n):
        return x
    return np.concatenate([x[:1], x[len(x) - n + 1 :]])


def masked(x: Sequence[int] | Tokens) -> Tokens:
    """Leave out <UNK> and <PAD>, which are to contribute nothing (Poudel et al., section III).

    A step that is masked leaves the state of a network as it was, and so does one that is not made.
    """
    codes: Tokens = np.asarray(x)
    kept: Tokens = codes[(codes != UNK) & (codes != PAD)]
    return kept


def text(task: Task, x: Sequence[int] | Tokens) -> str:
    """Give a review of a task back as its words.

    Raises
    ------
    ValueError
        If `x` holds a number that stands for no word.
    """
    known = task.vocabulary
    return " ".join(known[word] for word in check_codes("x", x, len(known)).tolist())


def shortened(task: Task, length: int, end: str = "first") -> Task:
    """Give the same task with `length` words a review, or all of those that have fewer.

    Parameters
    ----------
    task : Task
    length : int
        1 or more; <START> is one of them.
    end : {"first", "last"}
        Which are kept (`first_words`, `last_words`).

    Raises
    ------
    ValueError
        If `length` or `end` is something else.
    """
    if end not in ENDS:
        raise ValueError(f"end must be one of {ENDS}, got {end!r}")
    length = check_whole("length", length)
    keep = first_words if end == "first" else last_words

    def kept(split: Split) -> Split:
        return [(keep(x, length), target) for x, target in split]

    train, valid, test = (kept(task.split(split)) for split in SPLITS)
    return replace(task, train=train, valid=valid, test=test)


def seen(task: Task, length: int, end: str = "first") -> Task:
    """Give the task as a network is given it: so many words of each review, without <UNK>."""
    cut = shortened(task, length, end)
    train, valid, test = ([(masked(x), y) for x, y in cut.split(name)] for name in SPLITS)
    return replace(cut, train=train, valid=valid, test=test)

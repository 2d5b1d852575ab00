"""What a character's chance is after the few before it: the score that a network has to beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.task import Task

Codes = NDArray[np.integer]
Floats = NDArray[np.float64]

LONGEST = 8


def ngram_nats(task: Task, n: int, split: str = "test") -> float:
    """Score the guess that looks at the n - 1 characters before.

    Parameters
    ----------
    task : Task
        A text (form "tokens", answer "frame", as many outputs as inputs).
    n : int
        1 to 8.
    split : str
        "train", "valid" or "test".

    Returns
    -------
    float
        Nats a character. Of the first n - 2 characters that are predicted as much is seen as there
        is.

    Raises
    ------
    ValueError
        If the task is another one, n is out of range, or there is no such split.
    """
    codes = _text(task, split)
    _check(n, task.outputs)
    early = [codes[np.newaxis, : end + 1] for end in range(1, min(n - 1, len(codes)))]
    full = _windows(codes, n)[int(n == 1) :]
    chance = np.concatenate([chances(task, grams) for grams in (*early, full)])
    return float(-np.log(chance).mean())


def chances(task: Task, grams: Codes) -> Floats:
    """The chance of the last character of each row, after the others of the row.

    Parameters
    ----------
    task : Task
        The text whose training split is counted.
    grams : ndarray of whole numbers, (rows, n)
        Codes; n from 1 to 8.

    Returns
    -------
    ndarray, (rows,)

    Notes
    -----
    Witten and Bell's (1991) interpolation: P(k | h) = (N(h k) + D(h) P(k | h')) / (N(h) + D(h)),
    where N counts, D(h) is the number of different characters that came after h, and h' is h
    without its first character. Below the single characters every code has the chance 1 / K.
    """
    if grams.ndim != 2:
        raise ValueError(f"grams must have shape (rows, n), got {grams.shape}")
    _check(grams.shape[1], task.outputs)
    codes, K = _text(task, "train"), task.outputs
    chance = np.full(len(grams), 1 / K)
    for n in range(1, grams.shape[1] + 1):
        seen, times = np.unique(_numbers(_windows(codes, n), K), return_counts=True)
        asked = _numbers(grams[:, -n:], K)
        # All grams with one history lie side by side, from history * K to that + K - 1.
        total = np.concatenate([[0], np.cumsum(times)])
        first, last = (np.searchsorted(seen, asked // K * K + more) for more in (0, K))
        count, kinds = total[last] - total[first], last - first
        place = np.minimum(np.searchsorted(seen, asked), len(seen) - 1)
        own = np.where(seen[place] == asked, times[place], 0)
        known = kinds > 0
        chance[known] = ((own + kinds * chance) / np.maximum(count + kinds, 1))[known]
    return chance


def _check(n: int, K: int) -> None:
    whole = isinstance(n, int | np.integer) and not isinstance(n, bool)
    if not whole or not 1 <= n <= LONGEST or K**n > np.iinfo(np.int64).max:
        raise ValueError(f"n must be from 1 to {LONGEST}, and fewer for many characters, got {n!r}")


def _text(task: Task, split: str) -> Codes:
    """A split's text as one row of codes, (T + 1,)."""
    if task.form != "tokens" or task.answer != "frame" or task.inputs != task.outputs:
        raise ValueError(f"task must be a text (shakespeare), got {task.name}")
    (x, target), *_ = task.split(split)
    return np.concatenate([x[:1], target]).astype(np.int64)


def _windows(codes: Codes, n: int) -> Codes:
    """Every n codes in a row, (rows, n); none if there are fewer."""
    if len(codes) < n:
        return np.empty((0, n), np.int64)
    return np.lib.stride_tricks.sliding_window_view(codes, n)


def _numbers(grams: Codes, K: int) -> NDArray[np.int64]:
    """One number for each row of codes, as digits of base K."""
    numbers = np.zeros(len(grams), np.int64)
    for column in grams.T:
        numbers = numbers * K + column
    return numbers

"""Copy: take in some symbols, wait, and say them again in their order.

A block of symbols is followed by blanks, then a signal, then blanks again; from the signal on the
symbols are to be said. All of them have to be kept over the wait, and nothing in the input says
what they were. (After the experiments of Hochreiter and Schmidhuber, 1997, with long lags.)
"""

from __future__ import annotations

import math

import numpy as np

from lstmlab.tasks.generated import Generated, check_whole
from lstmlab.tasks.task import Pair, Split

SYMBOLS, LENGTH, LAG = 8, 5, 20


def copies(
    rng: np.random.Generator, count: int, length: int = LENGTH, lag: int = LAG
) -> Split:
    """Draw sequences of `length` symbols and `lag` blanks before the signal.

    Parameters
    ----------
    rng : numpy.random.Generator
    count, length : int
    lag : int
        0 or more.

    Returns
    -------
    list of (x, target)
        x float32 (2 · length + lag, 10), one-hot: eight symbols, the blank, the signal. target
        whole numbers (2 · length + lag,): class 0 is the blank, symbol k is class k + 1.
    """
    count, length = check_whole("count", count), check_whole("length", length)
    lag = check_whole("lag", lag, 0)
    found: list[Pair] = []
    blank, signal = SYMBOLS, SYMBOLS + 1
    for _ in range(count):
        symbols = rng.integers(SYMBOLS, size=length)
        shown = np.full(2 * length + lag, blank)
        shown[:length] = symbols
        shown[length + lag] = signal
        target = np.zeros(2 * length + lag, np.int64)
        target[length + lag :] = 1 + symbols
        found.append((np.eye(SYMBOLS + 2, dtype=np.float32)[shown], target))
    return found


def without_memory(length: int = LENGTH, lag: int = LAG) -> float:
    """The loss a frame, in nats, of who knows all but the symbols: length · ln 8 / T."""
    return length * math.log(SYMBOLS) / (2 * length + lag)


COPY = Generated(
    "copy", copies, SYMBOLS + 2, SYMBOLS + 1, (500, 100, 100),
    loss="softmax", metric="frame error rate", what="say a block of symbols again after a wait",
    default=f"{LENGTH} of {SYMBOLS} symbols, {LAG} blanks, a signal",
)  # fmt: skip

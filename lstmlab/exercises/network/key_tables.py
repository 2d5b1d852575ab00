"""How often a key goes down, by what it did before: for an exercise of "Learning Bach"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array64 = NDArray[np.float64]


def random_roll(rng: np.random.Generator, T: int, keys: int) -> Array64:
    """A piano roll (T, keys) of coins, each key with a probability of its own."""
    return (rng.random((T, keys)) < rng.uniform(0.2, 0.8, keys)).astype(np.float64)


def seen(rolls: Sequence[Array64]) -> Array64:
    """How often each pair of frames stands before another: (2, 2, keys), older frame first."""
    return _count([(roll[:-2], roll[1:-1]) for roll in rolls])


def two_back(rolls: Sequence[Array64]) -> Array64:
    """P(key goes down), by the frame two before and the one before: (2, 2, keys).

    (Times it went down + 1) / (times it could + 2), never across the end of a roll.
    """
    down = _count([(roll[:-2], roll[1:-1], roll[2:]) for roll in rolls])
    return (down + 1) / (seen(rolls) + 2)


def one_back(rolls: Sequence[Array64]) -> Array64:
    """The bigram table, written as one of (2, 2, keys): the older frame makes no difference."""
    before = np.concatenate([roll[:-1] for roll in rolls])
    now = np.concatenate([roll[1:] for roll in rolls])
    down = np.array([((now == 1) & (before == b)).sum(axis=0) for b in (0, 1)])
    could = np.array([(before == b).sum(axis=0) for b in (0, 1)])
    return np.repeat((down[None] + 1) / (could + 2), 2, axis=0)


def price(table: Array64, rolls: Sequence[Array64]) -> float:
    """Nats per frame, from the third on, for what a table (2, 2, keys) says of each key."""
    paid = []
    for roll in rolls:
        old, new = roll[:-2].astype(int), roll[1:-1].astype(int)
        chance = table[old, new, np.arange(roll.shape[1])]
        paid.append(-np.log(np.where(roll[2:] == 1, chance, 1 - chance)).sum(axis=1))
    return float(np.concatenate(paid).mean())


def _count(frames: Sequence[tuple[Array64, ...]]) -> Array64:
    """In how many frames the first two are a and b, and a third, if there is one, is 1."""
    counts = [[sum(((old == a) & (new == b) & np.all([n == 1 for n in now], axis=0)).sum(axis=0)
                   for old, new, *now in frames) for b in (0, 1)] for a in (0, 1)]  # fmt: skip
    return np.array(counts, dtype=np.float64)

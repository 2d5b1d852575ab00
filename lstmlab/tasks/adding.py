"""Adding: keep the sum of the numbers that are marked, among many that are not.

After the adding problem of Hochreiter and Schmidhuber (1997): two of T numbers are marked, and
what counts is their sum. There it was asked for at the last step alone; here the sum so far is the
target at every step, so that a network is trained as everywhere in this book. What has to be
learned is the same: take in what is marked, keep it, let nothing else in.
"""

from __future__ import annotations

import numpy as np

from lstmlab.tasks.generated import Generated, check_whole
from lstmlab.tasks.task import Pair, Split

STEPS = 50


def sums(rng: np.random.Generator, count: int, steps: int = STEPS) -> Split:
    """Draw sequences with two marked numbers, one in each half.

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int
    steps : int
        T, 2 or more.

    Returns
    -------
    list of (x, target)
        x float32 (T, 2): a number from -1 to 1, and 1 where it is marked. target float32 (T, 1):
        ½ + (sum of the marked numbers so far) / 4, from 0 to 1.
    """
    count, steps = check_whole("count", count), check_whole("steps", steps, 2)
    found: list[Pair] = []
    for _ in range(count):
        x = np.zeros((steps, 2), np.float32)
        x[:, 0] = rng.uniform(-1, 1, steps)
        half = steps // 2
        x[[rng.integers(half), rng.integers(half, steps)], 1] = 1
        so_far = np.cumsum(x[:, 0] * x[:, 1])
        found.append((x, (0.5 + so_far / 4)[:, None].astype(np.float32)))
    return found


ADDING = Generated(
    "adding", sums, 2, 1, (500, 100, 100),
    what="keep the sum of the marked numbers",
    default=f"{STEPS} numbers from -1 to 1, two of them marked",
)  # fmt: skip

"""How pictures are shuffled and set apart, with every class in its share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
Places = NDArray[np.integer]

VALID = 10
"""One training picture in so many is set apart for validation, where a set has none of its own."""


def apart(classes: Places, count: int, rng: np.random.Generator) -> tuple[Places, Places]:
    """Shuffle, and set some apart: of every class its share, give or take one.

    Parameters
    ----------
    classes : ndarray of whole numbers, (n,)
    count : int
        How many are set apart, from 1 to n - 1.
    rng : Generator

    Returns
    -------
    rest, picked : ndarray of whole numbers, (n - count,) and (count,)
        Places in `classes`.
    """
    order = rng.permutation(len(classes))
    by_class = order[np.argsort(classes[order], kind="stable")]
    chosen = np.zeros(len(classes), bool)
    chosen[by_class[(2 * np.arange(count) + 1) * len(classes) // (2 * count)]] = True
    return order[~chosen[order]], order[chosen[order]]

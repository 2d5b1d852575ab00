"""The digits that scikit-learn ships: 1,797 pictures of 8 x 8, from the UCI repository."""

from __future__ import annotations

import numpy as np

from lstmlab.tasks.images.splits import Arrays, apart

SIZES = (1197, 300, 300)
BRIGHTER = 15
"""Pictures have values from 0 to 16, and have them from 0 to 240 here."""


def arrays(seed: int) -> Arrays:
    """The digits in three splits, shuffled by a seed; each has its share of every class."""
    from sklearn.datasets import load_digits

    found = load_digits()
    x = (found.images * BRIGHTER).astype(np.uint8)[..., None]
    classes = found.target.astype(np.uint8)
    rng = np.random.default_rng(seed)
    rest, test = apart(classes, SIZES[2], rng)
    train, valid = (rest[some] for some in apart(classes[rest], SIZES[1], rng))
    return {
        "train": x[train], "train classes": classes[train],
        "valid": x[valid], "valid classes": classes[valid],
        "test": x[test], "test classes": classes[test],
        "labels": np.array([str(digit) for digit in range(10)]),
    }  # fmt: skip

"""How good a verdict is: accuracy, and the area under the precision-recall curve.

Poudel et al. choose by accuracy on the validation set and report the area on the test set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def accuracy(p: ArrayLike, y: ArrayLike) -> float:
    """The share of reviews that are judged right.

    Parameters
    ----------
    p : array_like, (n,) or (n, 1)
        The probability that each is positive; above ½ it is taken for positive.
    y : array_like, (n,) or (n, 1)
        1 where it is, 0 where not.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, `p` is not finite, or `y` holds anything else.
    """
    chance, positive = _checked(p, y)
    return float(np.mean((chance > 0.5) == positive))


def pr_curve(p: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Precision and recall for every threshold that makes a difference, the highest first.

    Parameters
    ----------
    p, y : array_like
        As for `accuracy`; any score will do that is higher for what is more likely positive.

    Returns
    -------
    precision, recall, thresholds : ndarray (thresholds,)
        Of the reviews whose p is the threshold or more, how many are positive; and how many of the
        positive ones they are. Equal scores make one threshold.

    Raises
    ------
    ValueError
        As `accuracy`; or if no review is positive.
    """
    chance, positive = _checked(p, y)
    if not positive.any():
        raise ValueError("y must hold a positive review or more, got none")
    order = np.argsort(-chance, kind="stable")
    chance, hits = chance[order], np.cumsum(positive[order])
    last = np.flatnonzero(np.append(np.diff(chance) != 0, True))  # of those with equal scores
    precision, recall = hits[last] / (last + 1), hits[last] / hits[-1]
    return precision, recall, chance[last]


def average_precision(p: ArrayLike, y: ArrayLike) -> float:
    """The area under the precision-recall curve, as steps: Σ (R_n - R_{n-1}) P_n.

    Parameters
    ----------
    p, y : array_like
        As for `pr_curve`.

    Returns
    -------
    float
        1 if every positive review scores higher than every negative one.

    Raises
    ------
    ValueError
        As `pr_curve`.
    """
    precision, recall, _ = pr_curve(p, y)
    return float(np.sum(np.diff(recall, prepend=0) * precision))


def _checked(p: ArrayLike, y: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    chance, target = np.asarray(p, np.float64), np.asarray(y)
    n = chance.size
    if not n or chance.shape != target.shape or chance.shape not in ((n,), (n, 1)):
        raise ValueError(
            f"p and y must have one shape, (n,) or (n, 1), got {chance.shape} and {target.shape}"
        )
    if not np.isfinite(chance).all():
        raise ValueError("p must be finite, got a number that is not")
    if not np.isin(target, (0, 1)).all():
        raise ValueError("y must hold 0 and 1, got other numbers")
    return chance.reshape(-1), target.reshape(-1).astype(bool)

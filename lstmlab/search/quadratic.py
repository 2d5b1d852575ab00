"""The mathematics of Newton's method: differences, a step, and what keeps the step sensible."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from lstmlab.search.cube import Array

GOLDEN = (3 - math.sqrt(5)) / 2
"""Where golden section divides: .382 of the way."""


def places(x: ArrayLike, order: Sequence[int], h: float) -> list[Array]:
    """Where a mixed partial derivative at x is to be evaluated, 2^len(order) places.

    ∂²f/∂xᵢ∂xⱼ, order (i, j), needs x + heᵢ + heⱼ, x + heⱼ, x + heᵢ, x. They stand in the order in
    which the recursion of Newhouse's listing (Code, "Mixed Partial Derivative") comes to them.

    Parameters
    ----------
    x : (d,)
    order : sequence of int
        The coordinates by which to differentiate, from the inside out.
    h : float
        Width of the forward differences.
    """
    x = np.asarray(x, dtype=np.float64)
    if not order:
        return [x]
    step = x.copy()
    step[order[-1]] += h
    return places(step, order[:-1], h) + places(x, order[:-1], h)


def fold(values: ArrayLike, h: float) -> float:
    """The mixed partial derivative from the values at its `places`: differences of differences."""
    found = np.asarray(values, dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        while len(found) > 1:
            found = (found[0::2] - found[1::2]) / h
    return float(found[0])


def mixed_partial(
    f: Callable[[Array], float], x: ArrayLike, order: Sequence[int], h: float = 1e-6
) -> float:
    """A mixed partial derivative of a function by recursive forward differences.

    Parameters
    ----------
    f : callable
        (d,) -> a number.
    x : (d,)
    order : sequence of int
        [0, 1] is ∂²f/∂x₀∂x₁, [1, 2, 2] is ∂³f/∂x₁∂x₂².
    h : float
        The paper's 1e-6.

    Raises
    ------
    ValueError
        If `order` is empty, or h is not more than 0.
    """
    if not order or not h > 0:
        raise ValueError(f"order must name a coordinate and h be more than 0, got {order} and {h}")
    return fold([f(place) for place in places(x, order, h)], h)


def rounding(value: float, h: float) -> float:
    """How large a second difference of equal values near `value` can be by rounding alone."""
    return 8 * float(np.finfo(float).eps) * abs(value) / h**2


def newton_step(g: Array, H: Array) -> Array | None:
    """-H⁻¹ g, (d,): to where the model f + gᵀs + ½ sᵀHs is stationary.

    Returns
    -------
    (d,) or None
        None if H is singular: its determinant is 0, or not a number.
    """
    with np.errstate(all="ignore"):
        if not np.isfinite(H).all() or np.linalg.det(H) == 0:
            return None
        try:
            s: Array = -np.linalg.inv(H) @ g
        except np.linalg.LinAlgError:
            return None
    return s


def definite(H: Array, least: float) -> Array:
    """H, (d, d), with its eigenvalues λ replaced by max(|λ|, least): a bowl, whatever it was.

    Along a direction in which H bends downwards, -H⁻¹ g would lead uphill; now it leads downhill,
    as far as the bend is strong (Nocedal and Wright, *Numerical Optimization*, 3.4).
    """
    eigenvalues, vectors = np.linalg.eigh(H)
    raised = np.maximum(np.abs(eigenvalues), least)
    return np.asarray((vectors * raised) @ vectors.T)


def lowest(g: Array, H: Array, low: Array, high: Array) -> Array:
    """Where gᵀs + ½ sᵀHs is least with low ≤ s ≤ high, (d,), for a positive definite H.

    With H = LLᵀ it is ½ |Lᵀs + L⁻¹g|² but for a constant, bounded least squares.
    """
    from scipy.optimize import lsq_linear  # a tenth of a second, which no other searcher needs

    L = np.linalg.cholesky(H)
    free = np.asarray(-np.linalg.solve(H, g), dtype=np.float64)
    if ((low <= free) & (free <= high)).all():
        return free
    open_ = low < high
    s = np.where(open_, 0.0, low)
    if open_.any():
        b = -np.linalg.solve(L, g) - L.T @ s
        s[open_] = lsq_linear(L.T[:, open_], b, (low[open_], high[open_]), method="bvls").x
    return np.asarray(s)


def golden(known: Mapping[int, float], low: int, high: int) -> int | None:
    """Where a golden-section search over the whole numbers low…high looks next.

    Parameters
    ----------
    known : dict of int to float
        The values that it has found, at least one. The lowest lies between its neighbours among
        them, or an end; a function with one minimum has it there.

    Returns
    -------
    int or None
        .382 of the way from the lowest into the wider gap; None if there is no gap beside it.
    """
    seen = sorted(known)
    best = min(seen, key=lambda n: known[n])
    k = seen.index(best)
    below = best - (seen[k - 1] if k else low - 1)
    above = (seen[k + 1] if k + 1 < len(seen) else high + 1) - best
    if max(below, above) <= 1:
        return None
    if above >= below:
        return best + max(1, round(GOLDEN * above))
    return best - max(1, round(GOLDEN * below))

"""Conjugate gradients: a system of linear equations solved by products with its matrix alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from lstmlab.search.searcher import check_count, check_number


def conjugate_gradient(
    product: Callable[[Tensor], Tensor], b: Tensor, steps: int = 10, tolerance: float = 1e-10
) -> Tensor:
    """The x with A x = b, for a symmetric, positive definite A (Hestenes and Stiefel, 1952).

    Parameters
    ----------
    product : function of Tensor (n,) to Tensor (n,)
        v ↦ A v. The matrix itself is never needed.
    b : Tensor, (n,)
    steps : int
        At most so many products; n solve the system but for rounding.
    tolerance : float
        It ends once ‖b - A x‖ ≤ tolerance · ‖b‖.

    Returns
    -------
    Tensor, (n,)
        Of all vectors in the span of b, A b, …, Aᵏ⁻¹ b the one for which ½ xᵀA x - bᵀx is least,
        after k steps. 0 if b is 0.

    Raises
    ------
    TypeError, ValueError
        If b is no vector of finite numbers, `steps` not 1 or more or `tolerance` below 0.

    Notes
    -----
    It ends early where a direction p has pᵀA p ≤ 0 or not finite, since A is not positive definite
    there: x is what was found before.

    b is scaled to numbers near 1, by a power of two, which changes no digit, and x back: squares of
    what is very small or large would not be numbers. x itself may still be too large for its dtype.
    """
    if not isinstance(b, Tensor):
        raise TypeError(f"b must be a Tensor, got {type(b).__name__}")
    if b.ndim != 1 or not bool(torch.isfinite(b).all()):
        raise ValueError(f"b must be a vector of finite numbers, got the shape {tuple(b.shape)}")
    steps = check_count(steps, "steps")
    tolerance = check_number(tolerance, "tolerance", 0, float("inf"), "0 or more")
    scale = _scale(b)
    x = torch.zeros_like(b)
    r = b / scale
    p = r.clone()
    rr = r @ r
    enough = tolerance**2 * rr
    for _ in range(steps):
        if rr <= enough:
            break
        Ap = product(p)
        curvature = p @ Ap
        if not 0 < float(curvature) < float("inf"):
            break
        alpha = rr / curvature
        x += alpha * p
        r -= alpha * Ap
        before, rr = rr, r @ r
        p = r + (rr / before) * p
    return x * scale


def _scale(b: Tensor) -> float:
    """The power of two up to the largest number of a vector; 1 if that is 0."""
    largest = float(b.abs().max()) if len(b) else 0.0
    tiny = torch.finfo(b.dtype).tiny  # of which 1 / tiny is a number, too
    return 2.0 ** (math.frexp(max(largest, tiny))[1] - 1) if largest else 1.0

"""Quasi-Newton's mathematics: updates of an inverse Hessian, and how far to go along a direction.

s is the step from x to the next point, y the change of the gradient over it, and V approximates the
inverse Hessian. Both updates fulfil the secant equation V' y = s. After Newhouse, Code ("BFGS and
DFP Inverse Hessian Update Formulae", "Backtracking Line Search"), with columns for its rows, and
Nocedal and Wright, *Numerical Optimization*, chapters 3 and 6.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from lstmlab.search.cube import Array

Update: TypeAlias = Literal["bfgs", "dfp"]
Trying: TypeAlias = Generator[float, float, "Tried"]
"""A line search: it yields step lengths α, and is sent f(x + αp) for each."""


def bfgs(V: Array, s: Array, y: Array) -> Array:
    """V after a step, by Broyden, Fletcher, Goldfarb and Shanno.

    V + (1 + yᵀVy / sᵀy) ssᵀ / sᵀy - (V y sᵀ + s yᵀ V) / sᵀy

    Parameters
    ----------
    V : (d, d)
        Symmetric.
    s, y : (d,)
        The step and the change of the gradient.

    Returns
    -------
    (d, d)
        Symmetric; positive definite if V is and sᵀy > 0. Not finite where sᵀy = 0.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        sy, Vy = s @ y, V @ y
        return np.asarray(
            V + (1 + y @ Vy / sy) * np.outer(s, s) / sy - (np.outer(Vy, s) + np.outer(s, Vy)) / sy
        )


def dfp(V: Array, s: Array, y: Array) -> Array:
    """V after a step, by Davidon, Fletcher and Powell.

    V + ssᵀ / sᵀy - V y yᵀ V / yᵀVy

    Parameters and what is returned are those of `bfgs`.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        Vy = V @ y
        return np.asarray(V + np.outer(s, s) / (s @ y) - np.outer(Vy, Vy) / (y @ Vy))


UPDATES: dict[Update, Callable[[Array, Array, Array], Array]] = {"bfgs": bfgs, "dfp": dfp}


def check_update(update: object) -> Update:
    """The name of an update; ValueError if it is none."""
    if update not in ("bfgs", "dfp"):
        raise ValueError(f"update must be 'bfgs' or 'dfp', got {update!r}")
    return update


@dataclass(frozen=True)
class Tried:
    """What came of a line search: the step length α, f there (NaN if not asked), and success."""

    alpha: float
    value: float
    met: bool


def backtracking(
    value: float, slope: float, *, c: float = 1e-4, tau: float = 0.5, most: int = 20
) -> Trying:
    """Try α = 1, τ, τ², … until f(x + αp) ≤ f(x) + c α gᵀp (Armijo 1966).

    Parameters
    ----------
    value, slope : float
        f(x) and gᵀp.
    c, tau : float
        The paper's 0.99 and 0.5; 1e-4 is customary, for near a minimum a Newton step gains half of
        what its slope promises.
    most : int
        So many are tried. If none will do, the next α is returned untried, as in the paper.
    """
    alpha = 1.0
    for _ in range(most):
        tried = yield alpha
        if tried <= value + c * alpha * slope:
            return Tried(alpha, tried, met=True)
        alpha *= tau
    return Tried(alpha, math.nan, met=False)


def armijo(
    f: Callable[[Array], float],
    x: Array,
    p: Array,
    slope: float,
    *,
    c: float = 1e-4,
    tau: float = 0.5,
    most: int = 20,
) -> Tried:
    """`backtracking` on a function, from x (d,) along p (d,), whose slope there is gᵀp."""
    search = backtracking(f(x), slope, c=c, tau=tau, most=most)
    alpha = next(search)
    while True:
        try:
            alpha = search.send(f(x + alpha * p))
        except StopIteration as end:
            found: Tried = end.value
            return found


@dataclass(frozen=True)
class Minimum:
    """Where `minimize` ended.

    Attributes
    ----------
    x, gradient : (d,)
    value : float
    iterations, evaluations : int
        Steps, and calls of f; the gradient is called as often.
    met : bool
        Whether the gradient's largest component is below the tolerance.
    path : (iterations + 1, d)
        Every iterate, the start first.
    """

    x: Array
    gradient: Array
    value: float
    iterations: int
    evaluations: int
    met: bool
    path: Array


def minimize(
    f: Callable[[Array], float],
    gradient: Callable[[Array], Array],
    x0: ArrayLike,
    *,
    update: Update = "bfgs",
    tolerance: float = 1e-5,
    steps: int = 1000,
    c: float = 1e-4,
    curvature: float = 0.2,
) -> Minimum:
    """The nearest minimum of a smooth function by a quasi-Newton method.

    Parameters
    ----------
    f, gradient : callable
        (d,) -> a number, and (d,) -> (d,).
    x0 : (d,)
    update : {"bfgs", "dfp"}
    tolerance : float
        It ends when no component of the gradient is larger.
    steps : int
        At most.
    c, curvature : float
        Of the strong Wolfe conditions, f(x + αp) ≤ f + c α gᵀp and |g(x + αp)ᵀp| ≤ curvature |gᵀp|.
        0.9 is customary for BFGS; with 0.2 it takes fewer steps and more evaluations, and DFP needs
        the better search.

    Returns
    -------
    Minimum

    Raises
    ------
    ValueError
        If an argument is not as above, or the function or its gradient is not finite at x0.

    Notes
    -----
    V begins as 1, and the first step is at most 1 long. A step without sᵀy > 0 updates nothing. It
    ends without `met` where no step along -g is accepted.
    """
    rule = UPDATES[check_update(update)]
    if not 0 < c < curvature < 1:
        raise ValueError(f"c and curvature must be 0 < c < curvature < 1, got {c} and {curvature}")
    x = np.array(x0, dtype=np.float64)
    if x.ndim != 1:
        raise ValueError(f"x0 must be a vector (d,), got shape {x.shape}")
    line = _Line(f, gradient)
    value, g = line.at(x)
    if not (np.isfinite(value) and np.isfinite(g).all()):
        raise ValueError(f"f and gradient must be finite at x0, got {value} and {g}")
    V, path, first = np.eye(len(x)), [x], True
    while len(path) <= steps and np.abs(g).max() > tolerance:
        p = -V @ g
        if not g @ p < 0:
            V, first = np.eye(len(x)), True
            p = -g
        reach = min(1.0, 1 / np.abs(g).sum()) if first else 1.0
        alpha = wolfe(lambda a: line.along(x, p, a), value, float(g @ p), reach, c, curvature)  # noqa: B023
        if alpha is None or not np.any(alpha * p):
            if first:
                break
            V, first = np.eye(len(x)), True
            continue
        s = alpha * p
        x = x + s
        value, g_next = line.at(x)
        y, g = g_next - g, g_next
        if s @ y > 0:
            V = rule(V, s, y)
            first = False
        path.append(x)
    met = bool(np.abs(g).max() <= tolerance)
    return Minimum(x, g, value, len(path) - 1, line.evaluations, met, np.array(path))


class _Line:
    """A function with its gradient, each place asked for once in a row."""

    def __init__(self, f: Callable[[Array], float], gradient: Callable[[Array], Array]) -> None:
        self.f, self.gradient, self.evaluations = f, gradient, 0
        self._known: tuple[Array, float, Array] | None = None

    def at(self, x: Array) -> tuple[float, Array]:
        if self._known is None or not np.array_equal(self._known[0], x):
            self.evaluations += 1
            g = np.asarray(self.gradient(x), dtype=np.float64)
            self._known = x.copy(), float(self.f(x)), g
        return self._known[1:]

    def along(self, x: Array, p: Array, alpha: float) -> tuple[float, float]:
        """f(x + αp) and its slope along p."""
        value, g = self.at(x + alpha * p)
        return value, float(g @ p)


def wolfe(
    phi: Callable[[float], tuple[float, float]],
    value: float,
    slope: float,
    reach: float,
    c: float,
    curvature: float,
    most: int = 40,
) -> float | None:
    """A step length that fulfils the strong Wolfe conditions (Nocedal and Wright, 3.5 and 3.6).

    Parameters
    ----------
    phi : callable
        α -> f(x + αp) and its slope there.
    value, slope : float
        The same for α = 0; the slope is negative.
    reach : float
        The first α.
    c, curvature : float
    most : int
        Calls of phi at most.

    Returns
    -------
    float or None
        None if there is none; one that fulfils the first condition alone, if such was found.
    """
    low = (0.0, value, slope)
    high: tuple[float, float, float] | None = None
    alpha = reach
    for _ in range(most):
        tried, steep = phi(alpha)
        if not tried <= value + c * alpha * slope or tried > low[1]:
            high = alpha, tried, steep
        elif abs(steep) <= -curvature * slope:
            return alpha
        else:
            if steep * (alpha - low[0] if high is None else high[0] - low[0]) >= 0:
                high = low
            low = alpha, tried, steep
        if high is None:
            alpha *= 2
        elif abs(high[0] - low[0]) <= 1e-12 * max(abs(high[0]), abs(low[0])):
            break
        else:
            alpha = _between(low, high)
    return low[0] or None


def _between(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    """Where the cubic through two ends and their slopes is least, not too near to either."""
    width = b[0] - a[0]
    with np.errstate(all="ignore"):
        d1 = a[2] + b[2] - 3 * (a[1] - b[1]) / (a[0] - b[0])
        d2 = np.sign(width) * np.sqrt(d1 * d1 - a[2] * b[2])
        share = 1 - float((b[2] + d2 - d1) / (b[2] - a[2] + 2 * d2))
    if not math.isfinite(share):
        share = 0.5
    return a[0] + width * min(max(share, 0.1), 0.9)

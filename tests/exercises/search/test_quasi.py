"""The exercises of "Quasi-Newton"."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lstmlab.cells import Array
from lstmlab.search.updates import bfgs, dfp

from ..harness import Promises

HOLD = {"a", "d", "f"}

Objective = Callable[[Array], float]
Update = Callable[[Array, Array, Array], Array]


def count(c: float, tau: float, limit: float) -> int:
    return next(k for k in range(999) if tau**k <= limit)


def by_logarithm(c: float, tau: float) -> int:
    return max(0, math.ceil(math.log(2 * (1 - c)) / math.log(tau) - 1e-12))


def distance(s: float, l: float) -> float:
    return math.hypot(25 - s, 0.5 - l)


def share_s(s: float, l: float) -> float:
    return (5 - s) / (25 - s)


def share_l(s: float, l: float) -> float:
    return (1e-4 - l) / (0.5 - l)


def walked(s: float, l: float) -> int:
    """Step by step."""
    steps = 0
    while s < 5 and l < 1e-4:
        far = distance(s, l)
        s, l, steps = s + (25 - s) / far, l + (0.5 - l) / far, steps + 1
    return steps


def looked(update: Update) -> Update:
    """An update that keeps V where yᵀs ≤ 0."""

    def careful(V: Array, s: Array, y: Array) -> Array:
        return update(V, s, y) if y @ s > 0 else V

    return careful


def without_square(V: Array, s: Array, y: Array) -> Array:
    left = np.eye(len(s)) - np.outer(s, y) / (y @ s)
    return np.asarray(left @ V @ left.T)


def transposed(V: Array, s: Array, y: Array) -> Array:
    left = np.eye(len(s)) - np.outer(s, y) / (y @ s)
    return np.asarray(left.T @ V @ left + np.outer(s, s) / (y @ s))


def one_sided(V: Array, s: Array, y: Array) -> Array:
    """Broyden's first: the secant equation alone."""
    return np.asarray(V + np.outer(s - V @ y, y) / (y @ y))


def rank_one(V: Array, s: Array, y: Array) -> Array:
    rest = s - V @ y
    return np.asarray(V + np.outer(rest, rest) / (rest @ y))


def zero_updated(V: Array, s: Array, y: Array) -> Array:
    if y @ s < 0:
        return V
    return bfgs(V, s, y) if y @ s > 0 else V * 0.5


def search(
    *, sign: bool = True, failed: float | None = 0.0, c_used: bool = True, promise: bool = True,
    shorter: bool = False, more: int = 0, level: bool = True, once: bool = True,
) -> Callable[[Objective, Array, Array, Array, float, float, int], float]:
    """A search with a mistake."""  # fmt: skip

    def careful(f: Objective, x: Array, p: Array, g: Array, c: float, tau: float, n: int) -> float:
        slope = float(g @ p)
        if sign and (slope > 0 or (level and slope == 0)):
            return 0.0
        fx, t = f(x), 1.0
        for _ in range(n + more):
            fx = fx if once else f(x)
            if f(x + t * p) <= fx + (c if c_used else 0) * (t if promise else 1) * slope:
                return t * tau if shorter else t
            t *= tau
        return t if failed is None else failed

    return careful


class TestQuasiNewton(Promises):
    chapter = "6-4-quasi-newton"
    wrong = {
        "search.quasi-holds": [
            (HOLD | {"b"}, "no-such-matrix"),
            (HOLD | {"c"}, "lax"),
            (HOLD | {"e"}, "wrong-way-round"),
            (HOLD - {"a"}, "all-settled"),
            (lambda: ["a", "f"], "uphill"),
            (HOLD - {"f"}, "network-needed"),
        ],
        "search.refused-lengths": [
            (lambda c, tau: count(c, tau, 2 * (1 - c)) + 1, "tried-not-refused"),
            (lambda c, tau: count(c, tau, 1 - c), "half-forgotten"),
            (lambda c, tau: count(c, tau, c), "c-itself"),
            (lambda c, tau: 0, "customary"),
            (lambda c, tau: max(count(c, tau, 2 * (1 - c)) - 1, 0), "rounded-down"),
            (lambda c, tau: 6, "another-count"),
            (lambda c, tau: math.log(2 * (1 - c)) / math.log(tau), "not-whole"),
        ],
        "search.way-home": [
            (lambda s, l: math.ceil(max(share_s(s, l), share_l(s, l)) * distance(s, l)), "both"),
            (lambda s, l: math.ceil(distance(s, l)), "to-the-middle"),
            (lambda s, l: math.ceil(min(5 - s, 1e-4 - l)), "each-alone"),
            (lambda s, l: math.ceil(share_s(s, l) * distance(s, l)), "length-alone"),
            (lambda s, l: math.ceil(share_l(s, l) * distance(s, l)), "rate-alone"),
            (lambda s, l: walked(s, l) - 1, "rounded-down"),
            (lambda s, l: 26, "another-count"),
        ],
        "search.careful-update": [
            (bfgs, "sign-not-seen"),
            (looked(dfp), "dfp"),
            (lambda V, s, y: bfgs(V, s, y) - V, "change-alone"),
            (lambda V, s, y: V, "never"),
            (lambda V, s, y: bfgs(V, y, s), "exchanged"),
            (without_square, "square-missing"),
            (transposed, "transposed"),
            (one_sided, "not-symmetric"),
            (lambda V, s, y: bfgs(V, s, y) * 2, "no-secant"),
            (rank_one, "another-update"),
            (zero_updated, "zero"),
            (lambda V, s, y: s, "shape"),
        ],
        "search.careful-length": [
            (search(sign=False), "uphill"),
            (search(failed=None), "untested"),
            (search(c_used=False), "any-gain"),
            (search(promise=False), "whole-promise"),
            (search(shorter=True), "one-more"),
            (search(more=10), "too-many"),
            (search(level=False), "level"),
            (search(once=False), "asked-again"),
            (lambda f, x, p, g, c, tau, n: 0.1, "another-length"),
        ],
    }
    right = {
        "search.refused-lengths": [by_logarithm, lambda c, tau: float(by_logarithm(c, tau))],
        "search.way-home": [walked],
        "search.careful-update": [looked(bfgs)],
        "search.careful-length": [search()],
    }

"""The exercises of "Newton's trouble"."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations_with_replacement

import numpy as np

from lstmlab.cells import Array
from lstmlab.search.quadratic import definite, mixed_partial

from ..harness import Promises

HOLD = {"a", "c", "f", "g"}

Loss = Callable[[Array], float]


def width(luck: float, fourth: float) -> float:
    return float((12 * luck / fourth) ** 0.25)


def by_search(sigma: float, fourth: float) -> float:
    """The best of many widths."""
    h = np.geomspace(1e-4, 100, 2_000_001)
    return float(h[np.argmin(math.sqrt(6) * sigma / h**2 + fourth * h**2 / 12)])


def beyond(factor: float, length: float, h: float, h_2: float) -> float:
    return 2 / math.pi * math.atan2(h_2**2, factor * h * length)


def bare(f: Loss, x: Array, h: float) -> Array:
    """The Hessian times h², each place asked for once."""
    d, e = len(x), h * np.eye(len(x))
    middle, one = f(x), [f(x + step) for step in e]
    H = np.zeros((d, d))
    for i, j in combinations_with_replacement(range(d), 2):
        H[i, j] = H[j, i] = f(x + e[i] + e[j]) - one[i] - one[j] + middle
    return H


def hessian(f: Loss, x: Array, h: float) -> Array:
    return bare(f, x, h) / h**2


def listing(f: Loss, x: Array, h: float) -> Array:
    d = len(x)
    return np.array([[mixed_partial(f, x, [i, j], h) for j in range(d)] for i in range(d)])


def half_diagonal(f: Loss, x: Array, h: float) -> Array:
    H = hessian(f, x, h)
    return H - np.diag(np.diag(H)) / 2


def central(f: Loss, x: Array, h: float) -> Array:
    """Right to second order, and another matrix."""
    return hessian(f, x - h * np.ones(len(x)), h)


def over(g: Array, bends: Array, v: Array) -> Array:
    return np.asarray(-v @ ((v.T @ g) / bends))


def mended(g: Array, H: Array, least: float) -> Array:
    lam, v = np.linalg.eigh(H)
    return over(g, np.maximum(abs(lam), least), v)


def short(s: Array, longest: float) -> Array:
    length = np.linalg.norm(s)
    return s * longest / length if length > longest else s


def raised(g: Array, H: Array, least: float, longest: float) -> Array:
    lam, v = np.linalg.eigh(H)
    return short(over(g, np.maximum(lam, least), v), longest)


def no_least(g: Array, H: Array, least: float, longest: float) -> Array:
    lam, v = np.linalg.eigh(H)
    return short(over(g, abs(lam), v), longest)


def added(g: Array, H: Array, least: float, longest: float) -> Array:
    lam, v = np.linalg.eigh(H)
    return short(over(g, abs(lam) + least, v), longest)


def always(g: Array, H: Array, least: float, longest: float) -> Array:
    s = mended(g, H, least)
    return s * longest / np.linalg.norm(s)


class TestNewton(Promises):
    chapter = "6-3-newtons-trouble"
    wrong = {
        "search.newton-holds": [
            (HOLD | {"b"}, "flat-is-low"),
            (HOLD | {"d"}, "arch-is-seen"),
            (HOLD | {"e"}, "mean-changes-steps"),
            (HOLD - {"a"}, "more-than-one"),
            (lambda: ["a", "f", "g"], "units-count"),
            (HOLD - {"f"}, "bowl-draws"),
            (HOLD - {"g"}, "mended-uphill"),
        ],
        "search.best-width": [
            (lambda sigma, fourth: width(math.sqrt(3) * sigma, fourth), "middle-once"),
            (lambda sigma, fourth: width(2 * sigma, fourth), "middle-independent"),
            (lambda sigma, fourth: width(4 * sigma, fourth), "sizes-added"),
            (lambda sigma, fourth: width(6 * sigma, fourth), "variance"),
            (lambda sigma, fourth: (4 * sigma / fourth) ** (1 / 3), "forward"),
            (lambda sigma, fourth: width(math.sqrt(6) * sigma, 12 * fourth), "balance"),
            (lambda sigma, fourth: width(math.sqrt(6) * sigma, fourth) ** 2, "square-root"),
            (lambda sigma, fourth: 1 / width(math.sqrt(6) * sigma, fourth), "upside-down"),
            (lambda sigma, fourth: 1e-6, "another-width"),
        ],
        "search.long-steps": [
            (lambda length, h, h_2: beyond(math.sqrt(2), length, h, h_2), "forward"),
            (lambda length, h, h_2: beyond(math.sqrt(8), length, h, h_2), "middle-twice"),
            (lambda length, h, h_2: beyond(math.sqrt(6), length, h, h_2), "middle-once"),
            (lambda length, h, h_2: beyond(math.sqrt(3), length, h, h_2), "two-h"),
            (lambda length, h, h_2: beyond(math.sqrt(12), length, h, h_2) / 2, "one-side"),
            (lambda length, h, h_2: 1 - beyond(math.sqrt(12), length, h, h_2), "shorter"),
            (
                lambda length, h, h_2: 2 / math.pi * math.atan(math.sqrt(12) * h * length / h_2**2),
                "shorter",
            ),
            (lambda length, h, h_2: h_2**2 / h / length, "another-probability"),
        ],
        "search.second-differences": [
            (listing, "asked-twice"),
            (lambda f, x, h: np.triu(hessian(f, x, h)), "half-empty"),
            (lambda f, x, h: np.tril(hessian(f, x, h)), "half-empty"),
            (lambda f, x, h: bare(f, x, h) / h, "divided-once"),
            (bare, "not-divided"),
            (lambda f, x, h: -hessian(f, x, h), "sign"),
            (lambda f, x, h: np.diag(np.diag(hessian(f, x, h))), "diagonal-only"),
            (half_diagonal, "another-matrix"),
            (
                lambda f, x, h: half_diagonal(f, x, h) if len(x) > 1 else hessian(f, x, h),
                "diagonal",
            ),
            (central, "another-matrix"),
            (lambda f, x, h: np.eye(len(x)), "no-training"),
        ],
        "search.safe-step": [
            (lambda g, H, least, longest: -short(mended(g, H, least), longest), "uphill"),
            (lambda g, H, least, longest: short(-np.linalg.solve(H, g), longest), "plain"),
            (raised, "raised"),
            (no_least, "no-least"),
            (added, "added"),
            (
                lambda g, H, least, longest: short(
                    -np.linalg.lstsq(abs(H), g, rcond=None)[0], longest
                ),
                "entries",
            ),
            (lambda g, H, least, longest: mended(g, H, least), "not-shortened"),
            (always, "always-longest"),
            (
                lambda g, H, least, longest: np.clip(mended(g, H, least), -longest, longest),
                "clipped",
            ),
            (lambda g, H, least, longest: -g, "another-step"),
            (lambda g, H, least, longest: H, "shape"),
        ],
    }
    right = {
        "search.best-width": [by_search],
        "search.long-steps": [lambda length, h, h_2: beyond(math.sqrt(12), length, h, h_2)],
        "search.second-differences": [hessian],
        "search.safe-step": [
            lambda g, H, least, longest: short(-np.linalg.solve(definite(H, least), g), longest)
        ],
    }

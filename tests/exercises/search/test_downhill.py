"""The exercises of "Downhill"."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lstmlab.cells import Array

from ..harness import Promises

HOLD = {"a", "c", "e"}

Loss = Callable[[Array], float]
Slope = Callable[[Array], Array]


def length(x0: list[float], m: list[float]) -> float:
    return math.dist(x0, m)


def share(x0: list[float], m: list[float], edge: float) -> float:
    return (edge - x0[0]) / (m[0] - x0[0])


def exact(x0: list[float], m: list[float], edge: float, r: float) -> float:
    return share(x0, m, edge) * length(x0, m) / r


def first_alone(x0: list[float], m: list[float], edge: float, r: float) -> int:
    return math.ceil(abs(edge - x0[0]) / r)


def along_edges(x0: list[float], m: list[float], edge: float, r: float) -> int:
    added = sum(abs(b - a) for a, b in zip(x0, m, strict=True))
    return math.ceil(share(x0, m, edge) * added / r)


def by_factors(
    f: Loss, x: Array, low: Array, high: Array, width: float, *, clip: bool = True,
    over: Callable[[float, float, float], float] = lambda up, down, width: math.log(up / down),
    down_to: Callable[[float, float], float] = lambda x, width: x / width,
) -> Array:  # fmt: skip
    """The gradient, or one with a mistake."""
    g = np.zeros(len(x))
    for n in range(len(x)):
        up, down = np.array(x), np.array(x)
        up[n], down[n] = x[n] * width, down_to(x[n], width)
        if clip:
            up, down = np.clip(up, low, high), np.clip(down, low, high)
        g[n] = (f(up) - f(down)) / over(up[n], down[n], width) if up[n] > down[n] else 0.0
    return g


def outside(f: Loss, x: Array, low: Array, high: Array, width: float) -> Array:
    return by_factors(f, x, low, high, width, clip=False)


def fixed_width(f: Loss, x: Array, low: Array, high: Array, width: float) -> Array:
    return by_factors(f, x, low, high, width, over=lambda up, down, w: 2 * math.log(w))


def plain(f: Loss, x: Array, low: Array, high: Array, width: float) -> Array:
    return by_factors(f, x, low, high, width, over=lambda up, down, w: up - down)


def tens(f: Loss, x: Array, low: Array, high: Array, width: float) -> Array:
    return by_factors(f, x, low, high, width, over=lambda up, down, w: math.log10(up / down))


def half(f: Loss, x: Array, low: Array, high: Array, width: float) -> Array:
    return by_factors(f, x, low, high, width, over=lambda up, down, w: math.log(w))


def backwards(f: Loss, x: Array, low: Array, high: Array, width: float) -> Array:
    return -by_factors(f, x, low, high, width)


def forward(f: Loss, x: Array, low: Array, high: Array, width: float) -> Array:
    return by_factors(f, x, low, high, width, down_to=lambda x, width: x)


def at_once(f: Loss, x: Array, low: Array, high: Array, width: float) -> Array:
    up, down = np.clip(x * width, low, high), np.clip(x / width, low, high)
    return np.asarray((f(up) - f(down)) / np.log(up / down))


def twice(f: Loss, x: Array, low: Array, high: Array, width: float) -> Array:
    by_factors(f, x, low, high, width)
    return by_factors(f, x, low, high, width)


def steady(
    f: Loss, slope: Slope, x: Array, r: float, n: int, *, refuse: bool = True,
    longer: float = 1.5, shorter: float = 0.25, sign: float = -1.0, unit: bool = True,
    again: bool = False,
) -> Array:  # fmt: skip
    """The descent, or one with a mistake."""
    lowest = f(x)
    for _ in range(n):
        g = slope(x)
        if not g.any():
            break
        there = x + sign * r * g / (np.linalg.norm(g) if unit else 1.0)
        value = f(there)
        lowest = f(x) if again else lowest
        good = value < lowest
        if good or not refuse:
            x, lowest = there, value
        r *= longer if good else shorter
    return x


def always(f: Loss, slope: Slope, x: Array, r: float, n: int) -> Array:
    return steady(f, slope, x, r, n, refuse=False)


def stubborn(f: Loss, slope: Slope, x: Array, r: float, n: int) -> Array:
    return steady(f, slope, x, r, n, shorter=1.0)


def timid(f: Loss, slope: Slope, x: Array, r: float, n: int) -> Array:
    return steady(f, slope, x, r, n, longer=1.0)


def swapped(f: Loss, slope: Slope, x: Array, r: float, n: int) -> Array:
    return steady(f, slope, x, r, n, longer=0.25, shorter=1.5)


def uphill(f: Loss, slope: Slope, x: Array, r: float, n: int) -> Array:
    return steady(f, slope, x, r, n, sign=1.0)


def scaled(f: Loss, slope: Slope, x: Array, r: float, n: int) -> Array:
    return steady(f, slope, x, r, n, unit=False)


def forgetful(f: Loss, slope: Slope, x: Array, r: float, n: int) -> Array:
    return steady(f, slope, x, r, n, again=True)


def divides_by_zero(f: Loss, slope: Slope, x: Array, r: float, n: int) -> Array:
    if not slope(x).any():
        return np.full(len(x), np.nan)
    return steady(f, slope, x, r, n)


class TestDownhill(Promises):
    chapter = "6-2-downhill"
    wrong = {
        "search.downhill-holds": [
            (HOLD | {"b"}, "comes-to-rest"),
            (HOLD | {"d"}, "length-of-the-gradient"),
            (HOLD | {"f"}, "root-of-beta"),
            (HOLD | {"g"}, "length-as-quality"),
            (HOLD - {"a"}, "narrower-is-better"),
            (lambda: ["a", "e"], "not-the-middle"),
            (HOLD - {"e"}, "not-the-root"),
        ],
        "search.best-half-width": [
            (lambda sigma, c: math.cbrt(3 * sigma / c), "negative"),
            (lambda sigma, c: (8 * sigma**2 / c**2) ** 0.25, "forward"),
            (lambda sigma, c: math.cbrt(6 * sigma / abs(c)), "not-halved"),
            (lambda sigma, c: math.cbrt(6 * sigma / math.sqrt(2) / abs(c)), "balanced"),
            (lambda sigma, c: math.cbrt(3 * sigma / math.sqrt(2) / abs(c)), "one-luck"),
            (lambda sigma, c: 2 * math.cbrt(3 * sigma / abs(c)), "whole-width"),
            (lambda sigma, c: 3 * sigma / abs(c), "no-root"),
            (lambda sigma, c: 9 * (sigma / c) ** 2, "sixth-power"),
            (lambda sigma, c: 1e-8, "another-width"),
        ],
        "search.steps-to-edge": [
            (exact, "not-whole"),
            (lambda x0, m, edge, r: math.floor(exact(x0, m, edge, r)), "rounded-down"),
            (lambda x0, m, edge, r: math.ceil(exact(x0, m, edge, r)) + 1, "one-too-many"),
            (first_alone, "first-alone"),
            (lambda x0, m, edge, r: math.ceil(length(x0, m) / r), "to-the-middle"),
            (
                lambda x0, m, edge, r: math.ceil(share(x0, m, edge) * length(x0, m) ** 2 / r),
                "squared",
            ),
            (along_edges, "sum-of-ways"),
            (lambda x0, m, edge, r: 161, "another-count"),
            (lambda x0, m, edge, r: 161.5, "not-whole"),
        ],
        "search.factor-gradient": [
            (outside, "outside"),
            (fixed_width, "width-at-the-end"),
            (plain, "not-by-factors"),
            (tens, "another-logarithm"),
            (half, "not-halved"),
            (backwards, "sign"),
            (forward, "one-sided"),
            (at_once, "all-at-once"),
            (twice, "too-many-calls"),
            (lambda f, x, low, high, width: np.ones(len(x)), "another-gradient"),
            (lambda f, x, low, high, width: np.ones(9), "shape"),
        ],
        "search.steady-descent": [
            (always, "never-refuses"),
            (stubborn, "never-shorter"),
            (timid, "never-longer"),
            (swapped, "factors-swapped"),
            (uphill, "uphill"),
            (scaled, "not-unit"),
            (forgetful, "too-many-calls"),
            (divides_by_zero, "zero-slope"),
            (lambda f, slope, x, r, n: 2 * x, "another-place"),
        ],
    }
    right = {
        "search.best-half-width": [lambda sigma, c: (9 * sigma**2 / c**2) ** (1 / 6)],
        "search.steps-to-edge": [
            lambda x0, m, edge, r: math.ceil(exact(x0, m, edge, r)),
            lambda x0, m, edge, r: np.ceil(exact(x0, m, edge, r)),
        ],
        "search.factor-gradient": [by_factors],
        "search.steady-descent": [steady],
    }

"""The exercises of "Hyperparameters you can differentiate"."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from lstmlab.cells import Array

from ..harness import Promises

HOLD = {"a", "d", "e", "g"}

Loss = Callable[[tuple[int, ...]], float]


def twist(f00: float, f01: float, f10: float, f11: float) -> float:
    return f11 - f10 - f01 + f00


def flat(f00: float, f01: float, f10: float, f11: float) -> tuple[float, float]:
    b = twist(f00, f01, f10, f11)
    return (f00 - f01) / b, (f00 - f10) / b


def negative(f00: float, f01: float, f10: float, f11: float) -> tuple[float, float]:
    p, q = flat(f00, f01, f10, f11)
    return -p, -q


def shrunk(fractions: Sequence[float]) -> float:
    return math.prod(math.hypot(p, 1 - p) for p in fractions)


def by_corners(sigma: float, fractions: Sequence[float], beta: int) -> float:
    """By going through the corners."""
    weights = [math.prod(each) for each in product(*([p, 1 - p] for p in fractions))]
    return float(sigma * np.linalg.norm(weights) / beta**0.5)


def weighed(
    f: Loss,
    x: Sequence[float],
    *,
    floor: Callable[[float], int] = math.floor,
    drop: bool = True,
    swap: bool = False,
    plain: bool = False,
) -> float:
    """The relaxation, or one of the ways in which it goes wrong."""
    total, count = 0.0, 0
    for sides in product((0, 1), repeat=len(x)):
        parts = [each - floor(each) for each in x]
        weight = math.prod(
            p if side != swap else 1 - p for p, side in zip(parts, sides, strict=True)
        )
        if weight or not drop:
            corner = tuple(floor(each) + side for each, side in zip(x, sides, strict=True))
            total += f(corner) if plain else weight * f(corner)
            count += 1
    return total / count if plain else total


def dimension_by_dimension(f: Loss, x: Sequence[float]) -> float:
    """Another way to write it: fix one integer after the other."""
    x = list(x)
    for n, each in enumerate(x):
        if each != math.floor(each):
            low = math.floor(each)
            below, above = [*x[:n], low, *x[n + 1 :]], [*x[:n], low + 1, *x[n + 1 :]]
            p = each - low
            return (1 - p) * dimension_by_dimension(f, below) + p * dimension_by_dimension(f, above)
    return f(tuple(int(each) for each in x))


def nearest(f: Loss, x: Sequence[float]) -> float:
    return f(tuple(round(each) for each in x))


def twice(f: Loss, x: Sequence[float]) -> float:
    weighed(f, x)
    return weighed(f, x)


def shifted(f: Loss, x: Sequence[float]) -> float:
    return weighed(f, x) + 1


def compared(table: Array, steps: Sequence[tuple[int, int]]) -> Array:
    """Place by place."""
    rows, columns = table.shape
    found = np.ones(table.shape, dtype=bool)
    for (i, j), (di, dj) in product(np.ndindex(rows, columns), steps):
        if 0 <= i + di < rows and 0 <= j + dj < columns:
            found[i, j] &= table[i, j] < table[i + di, j + dj]
    return found


FOUR = ((0, 1), (0, -1), (1, 0), (-1, 0))
ACROSS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def inner(table: Array) -> Array:
    found = compared(table, FOUR)
    found[[0, -1]] = found[:, [0, -1]] = False
    return found


def rolled(table: Array) -> Array:
    found = np.ones(table.shape, dtype=bool)
    for axis, step in product((0, 1), (1, -1)):
        found &= table < np.roll(table, step, axis)
    return found


class TestRelaxing(Promises):
    chapter = "6-1-hyperparameters-you-can-differentiate"
    wrong = {
        "search.relaxation-holds": [
            (HOLD | {"b"}, "below-the-corners"),
            (HOLD | {"c"}, "narrower-is-better"),
            (HOLD | {"f"}, "arch-is-a-bowl"),
            (lambda: ["d", "e", "g"], "always-four"),
            (HOLD - {"d"}, "jumps-or-smooth"),
            (HOLD - {"e"}, "definite"),
            (HOLD - {"g"}, "diagonals-count"),
        ],
        "search.flat-point": [
            (lambda f00, f01, f10, f11: flat(f00, f01, f10, f11)[::-1], "swapped"),
            (negative, "sign"),
            (lambda f00, f01, f10, f11: negative(f00, f01, f10, f11)[::-1], "swapped-sign"),
            (lambda f00, f01, f10, f11: (0.5, 0.5), "middle"),
            (lambda f00, f01, f10, f11: (0.0, 1.0), "not-flat"),
            (lambda f00, f01, f10, f11: 0.5, "form"),
        ],
        "search.noise-between": [
            (lambda sigma, fractions, beta: sigma / beta**0.5, "no-mean"),
            (lambda sigma, fractions, beta: (sigma * shrunk(fractions)) ** 2 / beta, "variance"),
            (lambda sigma, fractions, beta: sigma * shrunk(fractions) / beta, "beta-whole"),
            (lambda sigma, fractions, beta: sigma * shrunk(fractions), "beta-forgotten"),
            (
                lambda sigma, fractions, beta: (
                    sigma * math.prod(max(p, 1 - p) for p in fractions) ** 0.5 / beta**0.5
                ),
                "weights-not-squared",
            ),
            (
                lambda sigma, fractions, beta: sigma * shrunk(fractions[:1]) / beta**0.5,
                "first-only",
            ),
            (
                lambda sigma, fractions, beta: sigma / (beta * 2 ** len(fractions)) ** 0.5,
                "corners-counted",
            ),
            (lambda sigma, fractions, beta: 0.25, "another-deviation"),
        ],
        "search.relax": [
            (lambda f, x: 1.0, "no-training"),
            (lambda f, x: weighed(f, x, floor=int), "towards-zero"),
            (nearest, "corners-missing"),
            (lambda f, x: weighed(f, x, drop=False), "trained-for-nothing"),
            (twice, "trained-twice"),
            (lambda f, x: weighed(f, x, swap=True), "weights-swapped"),
            (lambda f, x: weighed(f, x, plain=True), "plain-mean"),
            (shifted, "another-value"),
        ],
        "search.resting-places": [
            (lambda table: compared(table, FOUR + ACROSS), "eight"),
            (inner, "border-left-out"),
            (rolled, "around-the-corner"),
            (lambda table: compared(-table, FOUR), "hilltops"),
            (lambda table: table == table.min(), "lowest-alone"),
            (lambda table: compared(table, FOUR[:2]), "one-direction"),
            (lambda table: compared(table, FOUR[2:]), "one-direction"),
            (lambda table: compared(table, ACROSS), "diagonals-alone"),
            (lambda table: np.zeros(table.shape, dtype=bool), "other-places"),
            (lambda table: table, "not-yes-or-no"),
            (lambda table: compared(table, FOUR).sum(), "shape"),
        ],
    }
    right = {
        "search.flat-point": [flat, lambda f00, f01, f10, f11: list(flat(f00, f01, f10, f11))],
        "search.noise-between": [by_corners],
        "search.relax": [weighed, dimension_by_dimension],
        "search.resting-places": [
            lambda table: compared(table, FOUR),
            lambda table: compared(table, FOUR).astype(int),
        ],
    }

"""The exercises of "Grids and their curse"."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from lstmlab.cells import Array
from lstmlab.search.start import latin_hypercube

from ..harness import Promises

HOLD = {"a", "c", "e"}

Winners = list[dict[str, float]]


def sides(r: float) -> int:
    return math.ceil(1 / (2 * r))


def counted(levels: list[int], n: int) -> list[int]:
    """By going through the grid."""
    places = list(product(*(range(k) for k in levels)))[:n]
    return [len(set(column)) for column in zip(*places, strict=True)]


def rounded_down(levels: list[int], n: int) -> list[int]:
    return [min(k, n // math.prod(levels[j + 1 :])) for j, k in enumerate(levels)]


def beyond(levels: list[int], n: int) -> list[int]:
    return [math.ceil(n / math.prod(levels[j + 1 :])) for j in range(len(levels))]


def one_order(n: int, d: int, rng: np.random.Generator) -> Array:
    return np.asarray((rng.permutation(n)[:, None] + rng.random((n, d))) / n)


def middles(n: int, d: int, rng: np.random.Generator) -> Array:
    return np.stack([(rng.permutation(n) + 0.5) / n for _ in range(d)], axis=1)


def in_order(n: int, d: int, rng: np.random.Generator) -> Array:
    return (np.arange(n)[:, None] + rng.random((n, d))) / n


def one_offset(n: int, d: int, rng: np.random.Generator) -> Array:
    return np.stack([(rng.permutation(n) + rng.random()) / n for _ in range(d)], axis=1)


def shared_offsets(n: int, d: int, rng: np.random.Generator) -> Array:
    within = rng.random(n)
    return np.stack([(rng.permutation(n) + within) / n for _ in range(d)], axis=1)


def squared(n: int, d: int, rng: np.random.Generator) -> Array:
    return np.stack([(rng.permutation(n) + rng.random(n) ** 2) / n for _ in range(d)], axis=1)


def rolled(n: int, d: int, rng: np.random.Generator) -> Array:
    columns = [np.roll(np.arange(n), rng.integers(0, 2)) + rng.random(n) for _ in range(d)]
    return np.stack(columns, axis=1) / n


def elsewhere(n: int, d: int, rng: np.random.Generator) -> Array:
    return latin_hypercube(n, d, np.random.default_rng())


def too_wide(n: int, d: int, rng: np.random.Generator) -> Array:
    return latin_hypercube(n, d, rng) * n


def values(winners: Winners) -> dict[str, list[float]]:
    return {name: list(dict.fromkeys(w[name] for w in winners)) for name in winners[0]}


def combinations(winners: Winners) -> int:
    return math.prod(len(each) for each in values(winners).values())


def known(winners: Winners) -> int:
    return len({tuple(each.values()) for each in winners})


class TestGrids(Promises):
    chapter = "5-1-grids-and-their-curse"
    wrong = {
        "search.grids-hold": [
            (HOLD | {"b"}, "curse-solved"),
            (HOLD | {"d"}, "hypercube-is-grid"),
            (HOLD | {"f"}, "between-winners"),
            (HOLD - {"a"}, "not-the-power"),
            (lambda: ["a", "e"], "strips-empty"),
            (HOLD - {"e"}, "winners-left-out"),
        ],
        "search.near-enough": [
            (lambda r, d: math.ceil((1 / (2 * r)) ** d), "power-first"),
            (lambda r, d: (sides(r) + 1) ** d, "end-to-end"),
            (lambda r, d: math.ceil(1 / r) ** d, "whole-cell"),
            (lambda r, d: math.floor(1 / (2 * r)) ** d, "rounded-down"),
            (lambda r, d: sides(r) * d, "added"),
            (lambda r, d: sides(r), "one-side"),
            (lambda r, d: 25, "another-number"),
            (lambda r, d: 0.5 + (1 / (2 * r)) ** d, "not-whole"),
        ],
        "search.seen-so-far": [
            (lambda levels, n: counted(levels[::-1], n)[::-1], "first-fastest"),
            (rounded_down, "rounded-down"),
            (beyond, "beyond-the-last"),
            (lambda levels, n: counted(levels, n + 1), "one-too-far"),
            (lambda levels, n: levels, "another-count"),
            (lambda levels, n: [1, 2], "shape"),
        ],
        "search.hypercube": [
            (too_wide, "outside"),
            (lambda n, d, rng: rng.random((n, d)), "empty-strips"),
            (one_order, "one-order"),
            (in_order, "fixed-order"),
            (middles, "not-random-within"),
            (one_offset, "one-offset"),
            (shared_offsets, "one-offset"),
            (squared, "not-uniform"),
            (rolled, "not-shuffled"),
            (elsewhere, "other-luck"),
            (lambda n, d, rng: latin_hypercube(n, d, rng).T, "shape"),
        ],
        "search.over-winners": [
            (lambda w: (values(w), combinations(w)), "winners-counted"),
            (lambda w: (values(w), len(w) ** len(w[0]) - len(w)), "all-different"),
            (lambda w: (values(w), combinations(w) - len(w)), "same-place"),
            (lambda w: (values(w), 3), "another-number"),
            (
                lambda w: ({name: [each[name] for each in w] for name in w[0]}, 0),
                "twice",
            ),
            (
                lambda w: (
                    {name: sorted(each) for name, each in values(w).items()},
                    combinations(w) - known(w),
                ),
                "order",
            ),
            (lambda w: ({name: [1.0] for name in w[0]}, 0), "levels"),
        ],
    }
    right = {
        "search.near-enough": [lambda r, d: sides(r) ** d],
        "search.seen-so-far": [counted, lambda levels, n: np.array(counted(levels, n))],
        "search.hypercube": [latin_hypercube],
        "search.over-winners": [lambda w: (values(w), combinations(w) - known(w))],
    }

"""The exercises of "What was the problem"."""

from __future__ import annotations

from itertools import combinations
from math import ceil, comb, log

import numpy as np
from scipy.stats import norm

from lstmlab.cells import Array

from ..harness import Promises

HOLD = {"a", "c", "e", "g"}


def pairs(d: float, sigma_1: float, sigma_2: float, rho: float, P: float) -> float:
    variance = sigma_1**2 + sigma_2**2 - 2 * rho * sigma_1 * sigma_2
    return float(norm.ppf(P) ** 2 * variance / d**2)


def whole(d: float, sigma_1: float, sigma_2: float, rho: float, P: float) -> int:
    return max(1, ceil(pairs(d, sigma_1, sigma_2, rho, P)))


def by_counting(d: float, sigma_1: float, sigma_2: float, rho: float, P: float) -> int:
    """One pair after the other."""
    deviation = (sigma_1**2 + sigma_2**2 - 2 * rho * sigma_1 * sigma_2) ** 0.5
    n = 1
    while norm.cdf(n**0.5 * abs(d) / deviation) < P:
        n += 1
    return n


def L(s: int, alpha: int, V: int, e: float) -> float:
    left = 0.999**alpha
    return float(left * s * log(V) + (1 - left) * s * e)


def even(s: int, alpha: int, V: int, e: float) -> float:
    """From two values of a straight line."""
    zero, one = L(s + 1, alpha, V, 0.0), L(s + 1, alpha, V, 1.0)
    return (L(s, alpha, V, e) - zero) / (one - zero)


def start(alpha: int, V: int) -> float:
    return 0.999**alpha * log(V) / (1 - 0.999**alpha)


def held(table: Array) -> Array:
    """Cell by cell."""
    rows, columns = table.shape
    found = np.zeros((rows - 1, columns - 1), dtype=bool)
    for i, j in np.ndindex(found.shape):
        order = np.argsort(table[i : i + 2, j : j + 2].ravel())
        found[i, j] = set(order[:2].tolist()) in ({0, 3}, {1, 2})
    return found


def slopes(table: Array) -> tuple[Array, Array]:
    down, right = np.diff(table, axis=0), np.diff(table, axis=1)
    return down[:, :-1] * down[:, 1:] < 0, right[:-1] * right[1:] < 0


def diagonals(table: Array) -> tuple[Array, Array, Array, Array]:
    return table[:-1, :-1], table[1:, 1:], table[:-1, 1:], table[1:, :-1]


def higher(table: Array) -> Array:
    a, d, b, c = diagonals(table)
    return np.asarray(np.minimum(a, d) > np.maximum(b, c))


def lower(table: Array) -> Array:
    a, d, b, c = diagonals(table)
    return np.asarray(np.minimum(b, c) > np.maximum(a, d))


def twisted(table: Array) -> Array:
    a, d, b, c = diagonals(table)
    return np.asarray(a + d > b + c)


def lowest(losses: Array, n: int) -> float:
    """With binomials."""
    N = len(losses)
    ways = np.array([comb(N - 1 - i, n - 1) for i in range(N)])
    return float(np.sort(losses) @ ways / comb(N, n))


def by_sets(losses: Array, n: int) -> float:
    return float(np.mean([min(each) for each in combinations(losses.tolist(), n)]))


def repeated(losses: Array, n: int) -> float:
    share = np.arange(len(losses) + 1)[::-1] / len(losses)
    return float(np.sort(losses) @ -np.diff(share**n))


class TestTheProblem(Promises):
    chapter = "6-5-what-was-the-problem"
    wrong = {
        "search.what-it-was": [
            (HOLD | {"b"}, "averaging-mends-saddles"),
            (HOLD | {"d"}, "common-cancels"),
            (lambda: ["a", "c", "e", "f", "g"], "clear-is-right"),
            (HOLD - {"a"}, "ruler"),
            (HOLD - {"c"}, "luck-in-cells"),
            (HOLD - {"e"}, "doubt-is-dear"),
            (HOLD - {"g"}, "equal-from-the-start"),
        ],
        "search.pairs-for-a-sign": [
            (lambda d, sigma_1, sigma_2, rho, P: whole(d, sigma_1, sigma_2, 0, P), "rho-forgotten"),
            (
                lambda d, sigma_1, sigma_2, rho, P: whole(d, sigma_1, sigma_2, rho / 2, P),
                "rho-once",
            ),
            (lambda d, sigma_1, sigma_2, rho, P: whole(d, sigma_1, sigma_2, -rho, P), "rho-sign"),
            (
                lambda d, sigma_1, sigma_2, rho, P: whole(d, sigma_1, sigma_2, rho, (1 + P) / 2),
                "two-sided",
            ),
            (
                lambda d, sigma_1, sigma_2, rho, P: max(1, ceil((norm.ppf(P) * sigma_1 / d) ** 2)),
                "one-network",
            ),
            (
                lambda d, sigma_1, sigma_2, rho, P: max(
                    1, ceil(pairs(d, sigma_1, sigma_2, rho, P) ** 0.5)
                ),
                "not-squared",
            ),
            (
                lambda d, sigma_1, sigma_2, rho, P: int(pairs(d, sigma_1, sigma_2, rho, P)),
                "rounded-down",
            ),
            (lambda d, sigma_1, sigma_2, rho, P: 40, "another-number"),
            (lambda d, sigma_1, sigma_2, rho, P: 1.5, "not-whole"),
        ],
        "search.break-even": [
            (lambda s, alpha, V, e: s * e / (s + 1), "constant-forgotten"),
            (lambda s, alpha, V, e: max(0.0, even(s, alpha, V, e)), "clamped"),
            (lambda s, alpha, V, e: e, "same-mean"),
            (lambda s, alpha, V, e: (s * e - 0.999**alpha * log(V)) / (s + 1), "constant-once"),
            (lambda s, alpha, V, e: (s * e + start(alpha, V)) / (s + 1), "upwards"),
            (lambda s, alpha, V, e: s * e - start(alpha, V), "summed-not-mean"),
            (lambda s, alpha, V, e: (s * e - start(alpha, V)) / s, "old-length"),
            (lambda s, alpha, V, e: 1.0, "another-mean"),
        ],
        "search.saddles-inside": [
            (lambda table: np.ones((len(table) - 1, table.shape[1] - 1), bool), "every-cell"),
            (lambda table: slopes(table)[0], "one-direction"),
            (lambda table: slopes(table)[1], "one-direction"),
            (lambda table: slopes(table)[0] | slopes(table)[1], "either"),
            (higher, "one-diagonal"),
            (lower, "one-diagonal"),
            (twisted, "sums"),
            (lambda table: ~held(table), "inverted"),
            (lambda table: np.zeros((len(table) - 1, table.shape[1] - 1)), "other-cells"),
            (lambda table: table[1:, 1:], "not-yes-or-no"),
            (lambda table: held(table).sum(), "shape"),
        ],
        "search.best-of-lots": [
            (repeated, "with-repetition"),
            (lambda losses, n: -lowest(-losses, n), "highest"),
            (lambda losses, n: losses.min(), "lowest-of-all"),
            (lambda losses, n: losses[:n].min(), "first-n"),
            (lambda losses, n: losses.mean(), "mean"),
            (lambda losses, n: np.quantile(losses, 1 - 0.5 ** (1 / n)), "quantile"),
            (lambda losses, n: 0.0, "another-expectation"),
        ],
    }
    right = {
        "search.pairs-for-a-sign": [whole, by_counting],
        "search.break-even": [even],
        "search.saddles-inside": [
            held,
            lambda table: slopes(table)[0] & slopes(table)[1],
            lambda table: held(table).astype(int),
        ],
        "search.best-of-lots": [lowest, by_sets],
    }

"""The exercises of the chapter "Boxes and t-tests"."""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests

from lstmlab.exercises.search import boxes_and_t_tests

from ..harness import Promises

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def trials(variance: float, difference: float) -> int:
    return 10 * math.ceil(9 * variance / difference**2)


@cache
def corrected(p: tuple[float, ...], alpha: float, method: str) -> Bools:
    """Each is asked for many times, and statsmodels collects all garbage every time."""
    return np.asarray(multipletests(p, alpha, method=method)[0])


def holm(p: Floats, alpha: float) -> Bools:
    return corrected(tuple(p), alpha, "holm").copy()


def hochberg(p: Floats, alpha: float) -> Bools:
    return corrected(tuple(p), alpha, "simes-hochberg").copy()


def levels(p: Floats, alpha: float) -> Floats:
    """The level of each test by its rank."""
    return alpha / (len(p) - np.argsort(np.argsort(p)))


def in_given_order(p: Floats, alpha: float) -> list[bool]:
    found = [False] * len(p)
    for n, one in enumerate(p):
        if one >= alpha / (len(p) - n):
            break
        found[n] = True
    return found


def differences(x: Floats, y: Floats, k: int) -> list[float]:
    """Of every deal; the true one is the first."""
    pool, found = [*x, *y], []
    for hand in combinations(range(len(pool)), len(x)):
        first = sorted(pool[n] for n in hand)[:k]
        second = sorted(pool[n] for n in range(len(pool)) if n not in hand)[:k]
        found.append(sum(first) / len(first) - sum(second) / len(second))
    return found


def share(x: Floats, y: Floats, k: int, slack: float = 1e-9, sign: int = 0) -> float:
    found = np.array(differences(x, y, k))
    found = sign * found if sign else np.abs(found)
    return float(np.mean(found >= found[0] - slack))


class TestBoxesAndTTests(Promises):
    chapter = "4-2-boxes-and-t-tests"
    wrong = {
        "search.what-p-says": [
            ({"a", "b", "d", "e"}, "probability-of-null"),
            ({"b", "c", "d", "e"}, "size"),
            ({"b", "d", "e", "f"}, "eight"),
            ({"b", "d", "e", "g"}, "again"),
            ({"b", "e"}, "definition"),
            ({"d", "e"}, "interval-95"),
            ({"b", "d"}, "interval-99"),
            (set(), "definition"),
        ],
        "search.level-each": [
            (lambda tests, family: family / tests, "bonferroni"),
            (lambda tests, family: 1 - (1 - family) ** tests, "other-way"),
            (lambda tests, family: (1 - family) ** (1 / tests), "no-alarm"),
            (lambda tests, family: family ** (1 / tests), "all-alarm"),
            (lambda tests, family: family, "no-correction"),
            (lambda tests, family: family / (tests + 1), "another-level"),
        ],
        "search.trials-to-see": [
            (lambda difference, sd, cut: trials(2 * sd**2, difference), "no-cut"),
            (lambda difference, sd, cut: trials(sd**2 + 0.9 * cut**2, difference), "one-variant"),
            (lambda difference, sd, cut: trials(2 * (sd**2 + cut**2), difference), "whole-cut"),
            (
                lambda difference, sd, cut: trials(2 * (sd**2 + 0.9 * cut**2) / 9, difference),
                "one-error",
            ),
            (
                lambda difference, sd, cut: trials(4 * (sd**2 + 0.9 * cut**2), difference),
                "errors-added",
            ),
            (
                lambda difference, sd, cut: trials(2 * (sd**2 + 0.9 * cut**2), difference) // 10,
                "kept-only",
            ),
            (
                lambda difference, sd, cut: math.ceil(
                    180 * (sd**2 + 0.9 * cut**2) / difference**2
                ),
                "no-ten",
            ),
            (
                lambda difference, sd, cut: (
                    trials(2 * (sd**2 + 0.9 * cut**2), difference) - 10
                ),
                "rounded-down",
            ),
            (lambda difference, sd, cut: 200, "another-number"),
        ],
        "search.holm": [
            (lambda p, alpha: p < alpha / len(p), "bonferroni"),
            (lambda p, alpha: p < alpha, "no-correction"),
            (lambda p, alpha: np.sort(holm(p, alpha))[::-1], "sorted"),
            (lambda p, alpha: p < levels(p, alpha), "no-stop"),
            (hochberg, "from-the-largest"),
            (lambda p, alpha: np.array(in_given_order(p, alpha)), "not-ordered"),
            (lambda p, alpha: ~holm(p, alpha), "upside-down"),
            (lambda p, alpha: np.zeros(len(p), bool), "another-answer"),
            (lambda p, alpha: np.minimum(1, p * len(p)), "no-booleans"),
        ],
        "search.every-deal": [
            (lambda x, y, k: share(x, y, k, -1e-9), "larger-only"),
            (lambda x, y, k: share(x, y, k, sign=1), "one-sided"),
            (lambda x, y, k: share(x, y, k, sign=-1), "one-sided"),
            (lambda x, y, k: share(x, y, len(x) + len(y)), "all-kept"),
            (lambda x, y, k: share(np.sort(x)[:k], np.sort(y)[:k], k), "chosen-before"),
            (
                lambda x, y, k: share(x, y, k) - 1 / math.comb(len(x) + len(y), len(x)),
                "without-the-true",
            ),
            (lambda x, y, k: share(x, y, k) * math.comb(len(x) + len(y), len(x)), "count"),
            (lambda x, y, k: 1 - share(x, y, k), "smaller"),
            (lambda x, y, k: 0.05, "another-p"),
        ],
    }
    right = {
        "search.what-p-says": [lambda: ["e", "D", "b"]],
        "search.level-each": [
            lambda tests, family: -math.expm1(math.log1p(-family) / tests),
        ],
        "search.holm": [
            holm,
            lambda p, alpha: holm(p, alpha).astype(float).tolist(),
            lambda p, alpha: holm(p, alpha).tolist(),
            lambda p, alpha: tuple(holm(p, alpha)),
        ],
        "search.every-deal": [share],
    }


@pytest.mark.parametrize("seed", range(20))
def test_the_corrections_that_the_check_uses_are_those_of_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.random(rng.integers(1, 20)) ** 3
    assert np.array_equal(boxes_and_t_tests._holm(p, 0.1), holm(p, 0.1))
    assert np.array_equal(boxes_and_t_tests._last(p, 0.1), hochberg(p, 0.1))


def test_the_numbers_of_the_statements_say_what_the_solution_says() -> None:
    from scipy.special import nctdtr, stdtrit

    t = stdtrit(38, 1 - 0.03 / 2)
    assert stdtrit(38, 0.975) < t < stdtrit(38, 0.995)  # in the 99% interval, not in the 95%
    assert 8 * 0.03 > 0.05
    again = 1 - nctdtr(38, t, stdtrit(38, 0.975))
    assert 0.5 < again < 0.65

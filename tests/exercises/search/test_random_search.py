"""The exercises of "Random search"."""

from __future__ import annotations

import math

import numpy as np
import pytest
from optuna.distributions import IntDistribution
from scipy.special import comb

from lstmlab.cells import Array
from lstmlab.exercises.search import random_search
from lstmlab.search.space import draw

from ..harness import Promises

HOLD = {"a", "d", "f"}


def quotient(q: float, p: float) -> float:
    return math.log(1 - p) / math.log(1 - q)


def counted(q: float, p: float) -> int:
    """One trial more until it is enough."""
    n = 1
    while 1 - (1 - q) ** n < p:
        n += 1
    return n


def chances(n: int, N: int) -> Array:
    return np.asarray(comb(N - np.arange(1, N + 1), n - 1) / comb(N, n))


def reported(valid: Array, test: Array, n: int) -> float:
    return float(chances(n, len(valid)) @ test[np.argsort(valid)])


def put_back(valid: Array, test: Array, n: int) -> float:
    worse = np.arange(len(valid), -1, -1) / len(valid)
    return float((worse[:-1] ** n - worse[1:] ** n) @ test[np.argsort(valid)])


class TestRandomSearch(Promises):
    chapter = "4-1-random-search"
    wrong = {
        "search.what-holds": [
            (HOLD | {"b"}, "share-is-value"),
            (HOLD | {"c"}, "levels-multiply"),
            (HOLD | {"e"}, "always-random"),
            (HOLD - {"a"}, "knobs-count"),
            (HOLD - {"d"}, "idle-knob"),
            (lambda: ["a", "d"], "gaps"),
        ],
        "search.below-the-middle": [
            (lambda r: 0.5, "half"),
            (lambda r: 1 / math.sqrt(r), "from-zero"),
            (lambda r: math.sqrt(r) / (1 + math.sqrt(r)), "above"),
            (lambda r: (math.sqrt(r) - 1) / r, "one-end-forgotten"),
            (lambda r: math.sqrt(r) / (r - 1), "one-end-forgotten"),
            (lambda r: 1 / r, "another-share"),
            (lambda r: 0.01, "another-share"),
        ],
        "search.trials-needed": [
            (lambda q, p: math.floor(quotient(q, p)), "one-short"),
            (lambda q, p: round(quotient(q, p)), "one-short"),
            (lambda q, p: math.ceil(quotient(q, p)) + 1, "one-over"),
            (lambda q, p: math.ceil(p / q), "added-up"),
            (lambda q, p: math.ceil(1 / quotient(q, p)), "upside-down"),
            (lambda q, p: math.ceil(math.log(p) / math.log(1 - q)), "misses-with-p"),
            (lambda q, p: math.ceil(math.log(1 - p) / math.log(q)), "hits-each-time"),
            (lambda q, p: 59, "another-number"),
            (quotient, "not-whole"),
        ],
        "search.whole-numbers": [
            (lambda u, low, high: round(low * (high / low) ** u), "half-ends"),
            (lambda u, low, high: int(low * ((high + 1) / low) ** u), "rounded-down"),
            (lambda u, low, high: int(low * (high / low) ** u), "cut-off"),
            (
                lambda u, low, high: round((low - 0.5) * ((high + 0.5) / (low - 0.5)) ** u),
                "half-to-even",
            ),
            (lambda u, low, high: int(low + (high + 1 - low) * u), "uniform"),
            (lambda u, low, high: round(low + (high - low) * u), "uniform"),
            (lambda u, low, high: draw(IntDistribution(low, high, log=True), 1 - u), "backwards"),
            (lambda u, low, high: int((low - 0.5) * ((high + 0.5) / (low - 0.5)) ** u), "outside"),
            (lambda u, low, high: low, "another-draw"),
        ],
        "search.chosen-by-validation": [
            (lambda v, t, n: chances(n, len(v)) @ np.sort(t), "chosen-on-test"),
            (lambda v, t, n: chances(n, len(v)) @ t, "not-ranked"),
            (lambda v, t, n: chances(n, len(v)) @ np.sort(v), "valid-reported"),
            (put_back, "put-back"),
            (lambda v, t, n: t[v.argmin()], "all-of-them"),
            (lambda v, t, n: reported(-v, t, n), "worst-chosen"),
            (lambda v, t, n: t.mean(), "another-loss"),
        ],
    }
    right = {
        "search.what-holds": [lambda: ("f", "D", "a")],
        "search.below-the-middle": [lambda r: (math.sqrt(r) - 1) / (r - 1)],
        "search.trials-needed": [counted],
        "search.whole-numbers": [
            lambda u, low, high: draw(IntDistribution(low, high, log=True), u)
        ],
        "search.chosen-by-validation": [
            lambda v, t, n: sum(
                p * t[i] for p, i in zip(chances(n, len(v)), np.argsort(v), strict=True)
            )
        ],
    }


@pytest.mark.parametrize(("n", "N"), [(1, 5), (3, 9), (9, 9)])
def test_the_probabilities_that_the_check_uses_are_those_of_the_chapter(n: int, N: int) -> None:
    assert np.allclose(random_search._first(n, N), chances(n, N))


def test_a_hint_keeps_the_promise_of_about_three_over_q() -> None:
    assert counted(0.01, 0.95) == 299
    assert round(1 / (1 + math.sqrt(2)), 2) == 0.41

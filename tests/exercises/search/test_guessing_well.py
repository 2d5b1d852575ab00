"""The exercises of "Guessing well: TPE"."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from lstmlab.exercises.search import guessing_well
from lstmlab.search.cube import Side
from lstmlab.search.parzen import Parzen

from ..harness import Promises

Floats = NDArray[np.float64]


def ranked(values: Floats, count: int) -> list[int]:
    return list(np.argsort(values, kind="stable")[:count].tolist())


def count(values: Floats, gamma: float) -> int:
    return math.ceil(gamma * len(values))


def finite(values: Floats) -> int:
    return int(np.isfinite(values).sum())


def good(values: Floats, gamma: float) -> list[int]:
    return ranked(values, min(count(values, gamma), finite(values)))


def gaps(places: Floats) -> tuple[Floats, Floats]:
    """To the left and to the right, in the order of the trials."""
    order = np.argsort(places)
    every = np.diff(np.concatenate([[0.0], np.sort(places), [1.0]]))
    both = np.empty((2, len(places)))
    both[:, order] = every[:-1], every[1:]
    return both[0], both[1]


def floor(places: Floats) -> float:
    return 1 / min(100, 2 + len(places))


def wide(places: Floats) -> Floats:
    return np.maximum(np.maximum(*gaps(places)), floor(places))


def no_ends(places: Floats) -> Floats:
    if len(places) == 1:
        return np.array([0.5])
    order = np.argsort(places)
    between = np.diff(np.sort(places))
    out = np.empty(len(places))
    out[order] = np.maximum(np.append(between, between[-1]), np.append(between[0], between))
    return np.maximum(out, floor(places))


def bell(t: float) -> float:
    return math.exp(-t * t / 2) / math.sqrt(2 * math.pi)


def below(t: float) -> float:
    return (1 + math.erf(t / math.sqrt(2))) / 2


class TestGuessingWell(Promises):
    chapter = "5-2-guessing-well"
    wrong = {
        "search.which-is-next": [
            (["e", "f", "d", "a", "c", "b"], "reversed"),
            (["a", "f", "c", "d", "b", "e"], "good-alone"),
            (list("becdaf"), "others-alone"),
            (lambda: ("a", "c", "b", "d", "f", "e"), "difference"),
            (["b", "a", "c", "d", "f", "e"], "another-order"),
            (["b", "b", "c", "a", "d", "f"], "twice"),
        ],
        "search.good-ones": [
            (lambda v, p: ranked(v, count(v, p)), "failed-are-good"),
            (lambda v, p: ranked(v, min(int(p * len(v)), finite(v))), "rounded-down"),
            (lambda v, p: ranked(v, min(round(p * len(v)), finite(v))), "rounded-down"),
            (lambda v, p: ranked(v, math.ceil(p * finite(v))), "share-of-the-rest"),
            (lambda v, p: ranked(-v, min(count(v, p), finite(v))), "largest"),
            (lambda v, p: sorted(good(v, p)), "not-in-order"),
            (lambda v, p: good(v, p)[::-1], "not-in-order"),
            (lambda v, p: v[good(v, p)], "values"),
            (lambda v, p: np.lexsort((-np.arange(len(v)), v))[: len(good(v, p))], "equal-ones"),
            (lambda v, p: list(range(len(v))), "others"),
        ],
        "search.window-widths": [
            (lambda u: np.maximum(np.minimum(*gaps(u)), floor(u)), "smaller-gap"),
            (lambda u: wide(np.sort(u)), "sorted"),
            (lambda u: np.maximum(*gaps(u)), "no-floor"),
            (lambda u: np.maximum(np.maximum(*gaps(u)), 1 / (2 + len(u))), "floor-of-trials-alone"),
            (lambda u: np.maximum(np.maximum(*gaps(u)), 0.01), "floor-of-a-hundredth"),
            (lambda u: np.maximum(sum(gaps(u)) / 2, floor(u)), "mean-gap"),
            (lambda u: np.maximum(sum(gaps(u)), floor(u)), "both-gaps"),
            (no_ends, "ends-forgotten"),
            (lambda u: np.full(len(u), 0.3), "other-widths"),
        ],
        "search.chance-to-be-good": [
            (lambda l, g, p: l / (l + g), "share-forgotten"),
            (lambda l, g, p: (1 - p) * l / ((1 - p) * l + p * g), "share-swapped"),
            (lambda l, g, p: l / g, "ratio"),
            (lambda l, g, p: (1 - p) * g / (p * l + (1 - p) * g), "the-others"),
            (lambda l, g, p: p * l, "not-divided"),
            (lambda l, g, p: l / (p * l + (1 - p) * g), "improvement"),
            (lambda l, g, p: p * l / ((1 - p) * g), "odds"),
            (lambda l, g, p: 0.2, "another-chance"),
        ],
        "search.improvement-in-accuracy": [
            (lambda m, s, b: (b - m) * below((b - m) / s) + s * bell((b - m) / s),
             "other-direction"),
            (lambda m, s, b: below((m - b) / s), "chance"),
            (lambda m, s, b: max(m - b, 0), "mean-alone"),
            (lambda m, s, b: (m - b) * below((m - b) / s), "first-term"),
            (lambda m, s, b: s * bell((m - b) / s), "second-term"),
            (lambda m, s, b: (m - b) * below((m - b) / s) + bell((m - b) / s),
             "deviation-forgotten"),
            (lambda m, s, b: (m - b) * below((m - b) / s) + norm.pdf(b, m, s), "density-of-y"),
            (lambda m, s, b: (m - b) * below((m - b) / s) - s * bell((m - b) / s), "minus"),
            (lambda m, s, b: 0.02, "another-improvement"),
        ],
    }  # fmt: skip
    right = {
        "search.which-is-next": [("B", "C", "A", "D", "F", "E")],
        "search.good-ones": [guessing_well._good, lambda v, p: np.array(good(v, p))],
        "search.window-widths": [
            lambda u: Parzen([Side("u", 0.0, 1.0)], np.asarray(u)[:, None]).sigma[:-1, 0]
        ],
        "search.chance-to-be-good": [
            lambda l, g, p: 0.0 if l == 0 else p / (p + (1 - p) * g / l),
        ],
        "search.improvement-in-accuracy": [
            lambda m, s, b: float(norm.expect(lambda y: y - b, loc=m, scale=s, lb=b)),
        ],
    }


@pytest.mark.parametrize(
    "mistake",
    [
        lambda k: -guessing_well.L[k],
        lambda k: guessing_well.G[k],
        lambda k: round(guessing_well.G[k] - guessing_well.L[k], 9),
    ],
)
def test_no_wrong_order_of_the_six_is_the_right_one(mistake) -> None:
    ratio = {k: guessing_well.L[k] / guessing_well.G[k] for k in guessing_well.L}
    right = sorted(ratio, key=ratio.__getitem__, reverse=True)
    assert len(set(ratio.values())) == 6
    assert len({mistake(k) for k in ratio}) == 6  # so that there is one order by it
    assert sorted(ratio, key=mistake) != right


def test_a_belief_at_the_best_expects_four_tenths_of_its_deviation() -> None:
    assert round(float(norm.expect(lambda y: y, lb=0)), 1) == 0.4

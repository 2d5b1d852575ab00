"""The exercises of "Advice you can use"."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lstmlab.cells import Array

from ..harness import Promises

FOLLOW = {"a", "d", "e"}
HALF = math.sqrt(10)


def steps(start: float, best: float, factor: float) -> float:
    return math.log(start / best) / math.log(factor)


def parts(a: float, b: float, c: float, d: float) -> tuple[float, float, float]:
    return c + d - a - b, b + d - a - c, a - b - c + d


def share(a: float, b: float, c: float, d: float) -> float:
    """By sums of squares around means, and not by the formula of the check."""
    E = np.array([[a, b], [c, d]])
    size, rate = E.mean(axis=1, keepdims=True), E.mean(axis=0, keepdims=True)
    return float(((E - size - rate + E.mean()) ** 2).mean() / E.var())


def tuned(
    loss: Callable[[float], float],
    *,
    at_divergence: bool = False,
    sides: tuple[float, ...] = (HALF, 1 / HALF),
    of_last: bool = False,
    too_far: bool = False,
    again: bool = False,
    returns: str = "best",
) -> float:
    rate, tried = 1.0, {}
    while True:
        tried[rate] = loss(rate)
        best = min(tried, key=lambda r: tried[r])
        if best != rate and (at_divergence or math.isfinite(tried[best])):
            break
        rate /= 10
    if too_far:
        tried[rate / 10] = loss(rate / 10)
    coarse = rate if of_last else best
    for side in sides:
        tried[coarse * side] = loss(coarse * side)
    if again:
        loss(best)
    last = min(tried, key=lambda r: tried[r])
    return {"best": last, "coarse": best, "loss": tried[last], "last": rate}[returns]


def regrets(valid: Array, test: Array) -> Array:
    return np.array(
        [[own[row.argmin()] - own.min() for own in test] for row in valid], dtype=np.float64
    )


class TestAdvice(Promises):
    chapter = "4-4-advice-you-can-use"
    wrong = {
        "search.what-follows": [
            (FOLLOW | {"b"}, "share-of-loss"),
            (FOLLOW | {"c"}, "only-without"),
            (FOLLOW | {"f"}, "fewer-is-less"),
            (FOLLOW - {"a"}, "sum-moves"),
            (FOLLOW - {"d"}, "stops-early"),
            (lambda: ["a", "d"], "further-off"),
        ],
        "search.trials-of-descent": [
            (lambda s, b, q: round(steps(s, b, q)) + 1, "last-forgotten"),
            (lambda s, b, q: math.floor(steps(s, b, q)) + 2, "rounded-down"),
            (lambda s, b, q: math.ceil(steps(s, b, q)) + 2, "rounded-up"),
            (lambda s, b, q: round(steps(s, b, q)), "steps-alone"),
            (lambda s, b, q: round(steps(s, b, 10)) + 2, "always-ten"),
            (lambda s, b, q: 40, "another-number"),
            (steps, "not-whole"),
        ],
        "search.two-by-two": [
            (
                lambda a, b, c, d: abs(a - b - c + d) / sum(map(abs, parts(a, b, c, d))),
                "not-squared",
            ),
            (lambda a, b, c, d: share(a, b, c, d) / (1 - share(a, b, c, d)), "of-the-mains"),
            (lambda a, b, c, d: 1 - share(a, b, c, d), "the-rest"),
            (
                lambda a, b, c, d: (c + d - a - b) ** 2 / sum(x * x for x in parts(a, b, c, d)),
                "size-alone",
            ),
            (
                lambda a, b, c, d: (b + d - a - c) ** 2 / sum(x * x for x in parts(a, b, c, d)),
                "rate-alone",
            ),
            (lambda a, b, c, d: 0.5, "another-share"),
        ],
        "search.down-then-beside": [
            (lambda loss: tuned(loss, again=True), "trained-twice"),
            (lambda loss: tuned(loss, sides=()), "coarse-only"),
            (lambda loss: tuned(loss, sides=(3.0, 1 / 3)), "other-sides"),
            (lambda loss: tuned(loss, sides=(5.0, 1 / 5)), "other-sides"),
            (lambda loss: tuned(loss, sides=(HALF,)), "sides"),
            (lambda loss: tuned(loss, of_last=True), "sides"),
            (lambda loss: tuned(loss, too_far=True), "too-far"),
            (lambda loss: tuned(loss, sides=(HALF, 1 / HALF, 2.0)), "more-than-asked"),
            (lambda loss: tuned(loss, returns="coarse"), "side-ignored"),
            (lambda loss: tuned(loss, returns="loss"), "another-rate"),
            (lambda loss: tuned(loss, at_divergence=True), "stopped-at-divergence"),
            (lambda loss: 0.01, "no-training"),
        ],
        "search.transferred": [
            (lambda valid, test: regrets(valid, test).T, "transposed"),
            (lambda valid, test: regrets(test, test), "chosen-on-test"),
            (lambda valid, test: regrets(valid, valid), "judged-by-validation"),
            (
                lambda valid, test: (
                    test[:, valid.argmin(axis=1)].T
                    - test[np.arange(len(test)), valid.argmin(axis=1)]
                ),
                "against-own-rate",
            ),
            (lambda valid, test: regrets(valid, test) + test.min(axis=1), "not-subtracted"),
            (
                lambda valid, test: regrets(valid, test) + test.min(axis=1) - test.min(),
                "least-of-all",
            ),
            (lambda valid, test: np.zeros((len(valid), len(valid))), "another-matrix"),
        ],
    }
    right = {
        "search.what-follows": [lambda: ("e", "D", "a")],
        "search.two-by-two": [share],
        "search.down-then-beside": [tuned],
        "search.transferred": [regrets],
    }


def test_the_trials_that_the_check_expects_are_those_of_a_descent() -> None:
    for start, best, factor in ((1.0, 0.0051, 10.0), (3.0, 0.0007, 2.0), (0.1, 0.09, 10.0)):
        away = [abs(steps(start, best, factor) - n) for n in range(40)]
        tried = next(n for n in range(1, 40) if away[n] > away[n - 1]) + 1
        assert tried == round(steps(start, best, factor)) + 2

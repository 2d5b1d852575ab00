"""The exercises of "Learning from reward"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lstmlab.cells import Array

from ..harness import Promises

HOLD = {"a", "c", "d", "f"}
Line = Callable[[float], float]


def price(of: Callable[[float, float], float]) -> object:
    """A function of p, N and beta that is beta times something."""
    return lambda p, N, beta: beta * of(p, N)


def odds(p: float) -> float:
    return float(np.log(p / (1 - p)))


def moved(
    direction: Callable[[Array, Array], Array],
    length: Callable[[Array, Array, float], float],
) -> Callable[[Array, Array, float], Array]:
    """Probabilities after so long a step of the logits."""

    def natural(p: Array, rewards: Array, eps: float) -> Array:
        x = direction(p, rewards)
        e = p * np.exp(length(p, x, eps) * x)
        new: Array = e / e.sum()
        return new

    return natural


def centred(p: Array, rewards: Array) -> Array:
    return rewards - p @ rewards


def gradient(p: Array, rewards: Array) -> Array:
    return p * (rewards - p @ rewards)


def deviation(p: Array, x: Array, eps: float) -> float:
    variance = float(p @ x**2 - (p @ x) ** 2)
    return float(np.sqrt(2 * eps / variance)) if variance > 0 else 0.0


def straight(p: Array, rewards: Array, eps: float) -> Array:
    x = centred(p, rewards)
    return p * (1 + deviation(p, x, eps) * x)


def unnormalised(p: Array, rewards: Array, eps: float) -> Array:
    x = centred(p, rewards)
    new: Array = p * np.exp(deviation(p, x, eps) * x)
    return new


def search(
    accepts: Callable[[float, float, float, float], bool],
    parts: Callable[[int], int] = lambda most: most + 1,
    otherwise: Callable[[int], float] = lambda most: 0.0,
) -> Callable[[Line, Line, float, int], float]:
    """The first part at which (value, before, divergence, bound) is accepted."""

    def line_search(surrogate: Line, kl: Line, bound: float, most: int) -> float:
        before = surrogate(0)
        for k in range(parts(most)):
            t = 0.5**k
            if accepts(surrogate(t), before, kl(t), bound):
                return t
        return otherwise(most)

    return line_search


def right(value: float, before: float, kl: float, bound: float) -> bool:
    return before < value < np.inf and kl <= bound


class TestReward(Promises):
    chapter = "8-2-learning-from-reward"
    wrong = {
        "writing.reward-hold": [
            (HOLD | {"b"}, "shifted-mean"),
            (HOLD | {"e"}, "promise"),
            (HOLD | {"g"}, "short-steps"),
            (HOLD - {"a"}, "reward-gradient"),
            (HOLD - {"c"}, "past-baseline"),
            (HOLD - {"d"}, "rewards-themselves"),
            (lambda: ["a", "c", "d"], "measured"),
        ],
        "writing.own-baseline": [
            (lambda B: 1, "unbiased"),
            (lambda B: 1 / B, "the-rest"),
            (lambda B: 1 - 1 / B**2, "sum-of-pairs"),
            (lambda B: (B + 1) / B, "longer"),
            (lambda B: B / max(B - 1, 1), "leave-one-out"),
            (lambda B: 0.8, "another-factor"),
        ],
        "writing.price-of-entropy": [
            (price(lambda p, N: np.log(N) + odds(p)), "itself-too"),
            (price(lambda p, N: np.log(N - 1)), "half-only"),
            (price(lambda p, N: odds(p)), "no-crowd"),
            (price(lambda p, N: np.log(p * (N - 1))), "no-odds"),
            (price(lambda p, N: np.log(N - 1) - odds(p)), "odds-reversed"),
            (price(lambda p, N: (N - 1) * p / (1 - p)), "no-logarithm"),
            (lambda p, N, beta: np.log(N - 1) + odds(p), "no-temperature"),
            (price(lambda p, N: p * N), "another-advantage"),
        ],
        "writing.natural-step": [
            (moved(gradient, deviation), "gradient"),
            (straight, "probabilities-moved"),
            (moved(centred, lambda p, x, eps: float(np.sqrt(2 * eps / (x @ x)))), "length-of-x"),
            (moved(centred, lambda p, x, eps: float(2 * eps / (p @ x**2))), "no-root"),
            (moved(centred, lambda p, x, eps: deviation(p, x, eps / 2)), "half-missing"),
            (
                moved(
                    lambda p, rewards: rewards,
                    lambda p, x, eps: float(np.sqrt(2 * eps / (p @ x**2))),
                ),
                "not-centred",
            ),
            (unnormalised, "no-distribution"),
            (moved(centred, lambda p, x, eps: eps), "another-step"),
            (
                lambda p, rewards, eps: (
                    moved(centred, deviation)(p, rewards, eps)
                    if np.ptp(rewards) > 0
                    else np.full(len(p), 1 / len(p))
                ),
                "equal-rewards",
            ),
            (lambda p, rewards, eps: p[:-1], "shape"),
        ],
        "writing.line-search": [
            (search(lambda value, before, kl, bound: kl <= bound), "divergence-only"),
            (search(lambda value, before, kl, bound: before < value < np.inf), "surrogate-only"),
            (
                search(lambda value, before, kl, bound: before <= value < np.inf and kl <= bound),
                "no-gain",
            ),
            (search(right, parts=lambda most: most), "one-less"),
            (
                search(lambda value, before, kl, bound: before < value < np.inf and kl < bound),
                "at-the-bound",
            ),
            (search(lambda value, before, kl, bound: before < value and kl <= bound), "infinite"),
            (search(right, otherwise=lambda most: 0.5**most), "last-anyway"),
            (
                search(lambda value, before, kl, bound: 0 < value < np.inf and kl <= bound),
                "above-zero",
            ),
            (lambda surrogate, kl, bound, most: 1, "another-part"),
        ],
    }
    right = {
        "writing.own-baseline": [lambda B: (B - 1) / B],
        "writing.price-of-entropy": [price(lambda p, N: np.log(p * (N - 1) / (1 - p)))],
        "writing.natural-step": [moved(lambda p, rewards: rewards, deviation)],
        "writing.line-search": [search(right)],
    }

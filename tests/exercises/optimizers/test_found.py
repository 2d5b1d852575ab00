"""The exercises of "The rules the machine found"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lstmlab.cells import Array

from ..harness import Promises

HOLD = {"a", "c", "d"}


def share(of: Callable[[float], float]) -> Callable[[float], float]:
    """Half, and an arc sine over pi."""
    return lambda beta: 0.5 + float(np.arcsin(of(beta))) / np.pi


def pair(of: Callable[[float, float, float], tuple[float, float]]) -> object:
    """A function of α, cosh and sinh of its logarithm."""
    return lambda alpha: of(alpha, (alpha + 1 / alpha) / 2, (alpha - 1 / alpha) / 2)


def choice(
    accuracy: Array, *, by: Callable[[Array], Array], report: Callable[[Array], float]
) -> tuple[int, float]:
    index = int(np.argmax(by(accuracy)))
    return index, report(accuracy[index])


def zeros(accuracy: Array) -> Array:
    return np.where(np.isnan(accuracy), 0.0, accuracy)


def first(accuracy: Array) -> Array:
    mean: Array = zeros(accuracy)[..., 0].mean(axis=1)
    return mean


def final(accuracy: Array) -> float:
    return float(zeros(accuracy)[:, -1].mean())


def chosen(
    by: Callable[[Array], Array] = first, report: Callable[[Array], float] = final
) -> Callable[[Array], tuple[int, float]]:
    def paper_choice(accuracy: Array) -> tuple[int, float]:
        return choice(accuracy, by=by, report=report)

    return paper_choice


def last_of_equals(accuracy: Array) -> tuple[int, float]:
    index = int(np.flatnonzero(first(accuracy) == first(accuracy).max())[-1])
    return index, final(accuracy[index])


class TestFound(Promises):
    chapter = "7-3-the-rules-the-machine-found"
    wrong = {
        "optimizers.found-hold": [
            (HOLD | {"b"}, "same-rate"),
            (HOLD | {"e"}, "edge-of-the-grid"),
            (HOLD | {"f"}, "scale"),
            (HOLD | {"g"}, "new-rate"),
            (HOLD - {"a"}, "against"),
            (HOLD - {"c"}, "exponentials"),
            (lambda: ["a", "c"], "drop"),
        ],
        "optimizers.noise-agrees": [
            (lambda beta: 0.5, "coin"),
            (lambda beta: 0.5 + (1 - beta) / 2, "weight"),
            (share(lambda b: 1 - b), "covariance"),
            (lambda beta: (1 + (1 - beta**2) ** 0.5) / 2, "linear"),
            (lambda beta: 1 - share(lambda b: (1 - b * b) ** 0.5)(beta), "apart"),
            (lambda beta: 2 * share(lambda b: (1 - b * b) ** 0.5)(beta) - 1, "twice"),
            (share(lambda b: (1 - b) ** 0.5), "variance"),
            (lambda beta: 0.644, "another-share"),
        ],
        "optimizers.same-family": [
            (pair(lambda a, even, odd: (odd, even)), "not-divided"),
            (pair(lambda a, even, odd: (odd, odd / even)), "upside-down"),
            (pair(lambda a, even, odd: (even, odd / even)), "other-part"),
            (pair(lambda a, even, odd: (1, even / odd)), "no-factor"),
            (pair(lambda a, even, odd: (a, 0)), "one-case"),
            (pair(lambda a, even, odd: (a, 1 / a)), "two-numbers"),
            (pair(lambda a, even, odd: (even / odd, odd)), "exchanged"),
            (lambda alpha: (np.sinh(1), 1 / np.tanh(1)), "another-rule"),
            (lambda alpha: alpha, "form"),
        ],
        "optimizers.paper-choice": [
            (
                chosen(
                    lambda a: np.nanmean(a[..., 0], axis=1), lambda a: float(np.nanmean(a[:, -1]))
                ),
                "failures-skipped",
            ),
            (chosen(lambda a: zeros(a)[..., -1].mean(axis=1)), "chosen-late"),
            (chosen(lambda a: zeros(a).mean(axis=(1, 2))), "chosen-anyhow"),
            (chosen(report=lambda a: float(zeros(a)[:, 0].mean())), "reported-early"),
            (chosen(report=lambda a: float(zeros(a).max(axis=1).mean())), "reported-best"),
            (chosen(lambda a: zeros(a)[..., 0].max(axis=1)), "lucky-seed"),
            (last_of_equals, "last-of-equals"),
            (chosen(lambda a: -first(a)), "another-choice"),
            (lambda accuracy: int(np.argmax(first(accuracy))), "form"),
            (chosen(report=lambda a: float(a[:, -1].mean())), "not-finite"),
        ],
    }
    right = {
        "optimizers.noise-agrees": [
            lambda beta: np.arccos(-((1 - beta**2) ** 0.5)) / np.pi,
        ],
        "optimizers.same-family": [
            lambda alpha: (np.sinh(np.log(alpha)), 1 / np.tanh(np.log(alpha))),
        ],
        "optimizers.paper-choice": [chosen()],
    }

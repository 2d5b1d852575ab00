"""The exercises of the chapter "Reviews"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import Array, Params, forward
from lstmlab.tasks.reviews.scores import average_precision
from lstmlab.training.classifier import Classifier

from ..harness import Promises

APART = {"b", "d", "g"}
Bools = NDArray[np.bool_]
Review = NDArray[np.integer]
Predict = Callable[[Sequence[Review]], Array]
Importance = Callable[[Predict, Review], Array]


def weights(
    *, gates: int = 4, peepholes: int = 0, biases: bool = True, E: bool = True, out: bool = True
) -> Callable[[int, int, int], int]:
    def count(K: int, M: int, N: int) -> int:
        found = gates * (N * M + N * N + N * biases) + peepholes * N
        return found + K * M * E + (N + biases) * out

    return count


def by_shapes(K: int, M: int, N: int) -> int:
    return Classifier(K, N, embedding=M).size


def drawn_area(ε: float) -> float:
    """The area on labels of which that many are wrong."""
    truth = np.arange(20_000) % 2
    labels = truth.copy()
    for kind in (0, 1):
        places = np.flatnonzero(truth == kind)
        labels[places[: round(ε * len(places))]] = 1 - kind
    return average_precision(truth.astype(float), labels)


def masked(
    *,
    y_held: bool = True,
    c_held: bool = True,
    keep: float = 1.0,
    seen: Callable[[Bools], Bools] = lambda mask: mask,
) -> Callable[[Params, Array, Bools], Array]:
    def outputs(params: Params, x: Array, mask: Bools) -> Array:
        (T, B, _), N = x.shape, len(params["b_z"])
        y, c, ys = np.zeros((B, N)), np.zeros((B, N)), np.zeros((T, B, N))
        for t in range(T):
            step, m = forward(params, x[[t]], "NP", y, c), seen(mask)[t][:, None]
            y = np.where(m | (not y_held), step.y[0], keep * y)
            c = np.where(m | (not c_held), step.c[0], keep * c)
            ys[t] = y
        return ys

    return outputs


def one_by_one(params: Params, x: Array, mask: Bools) -> Array:
    """Each review read without its masked words, and every output held until the next."""
    (T, B, _), N = x.shape, len(params["b_z"])
    ys = np.zeros((T, B, N))
    for n in range(B):
        places = np.flatnonzero(mask[:, n])
        y = forward(params, x[places, n], "NP").y
        for place, output in zip(places, y, strict=True):
            ys[place:, n] = output
    return ys


def importance(without: Callable[[Review, int], Review], *, sign: float = 1.0) -> Importance:
    def matters(predict: Predict, x: Review) -> Array:
        gone = [without(x, k) for k in range(1, len(x))]
        return np.asarray(sign * (predict([x])[0] - predict(gone)))

    return matters


def unknown(x: Review, k: int) -> Review:
    x = x.copy()
    x[k] = 2
    return x


def left_out(x: Review, k: int) -> Review:
    return np.delete(x, k)


def test_the_formula_for_the_area_is_what_scores_says() -> None:
    for ε in (0.0, 0.05, 0.2):
        assert np.isclose(drawn_area(ε), (1 - ε) ** 2 + ε / 2)


class TestReviews(Promises):
    chapter = "3-3-reviews"
    wrong = {
        "data.bag-pairs": [
            (APART | {"a"}, "order"),
            (APART | {"c"}, "order"),
            (APART | {"f"}, "order"),
            (APART | {"e"}, "counts"),
            (APART - {"b"}, "not"),
            (APART - {"d"}, "more-words"),
            (APART - {"g"}, "one-word"),
            (set(), "not"),
            ({"h"}, "not-an-option"),
        ],
        "data.classifier-weights": [
            (weights(peepholes=3), "peepholes"),
            (weights(gates=1), "one-of-four"),
            (weights(gates=3), "three-of-four"),
            (weights(biases=False), "biases"),
            (weights(E=False), "embedding"),
            (weights(out=False), "output"),
            (lambda K, M, N: K * M + 4 * (N * M + N) + N + 1, "recurrent"),
            (lambda K, M, N: 4 * (N * K + N * N + N) + N + 1, "one-hot"),
            (lambda K, M, N: 11_553, "another-number"),
            (lambda K, M, N: 0.5, "not-whole"),
        ],
        "data.noisy-area": [
            (lambda ε: 1 - ε, "accuracy"),
            (lambda ε: (1 - ε) ** 2, "one-step"),
            (lambda ε: (1 - ε) ** 2 + ε * (1 - ε + 0.5) / 2, "slope"),
            (lambda ε: (1 - ε) ** 2 + ε, "sure"),
            (lambda ε: 0.9275, "another-area"),
            (0.9275, "form"),
        ],
        "data.masked-forward": [
            (masked(seen=lambda mask: ~mask), "upside-down"),
            (lambda params, x, mask: forward(params, x * mask[..., None], "NP").y, "zero-input"),
            (lambda params, x, mask: forward(params, x, "NP").y * mask[..., None], "silent"),
            (masked(keep=0.0), "reset"),
            (masked(c_held=False), "cell-runs-on"),
            (masked(y_held=False), "output-runs-on"),
            (
                masked(
                    seen=lambda mask: np.repeat(mask.any(axis=1, keepdims=True), mask.shape[1], 1)
                ),
                "all-together",
            ),
            (lambda params, x, mask: forward(params, x, "NP").y, "no-mask"),
            (lambda params, x, mask: forward(params, x[::-1], "NP").y, "another-state"),
            (lambda params, x, mask: forward(params, x, "NP").y[-1], "shape"),
        ],
        "data.leave-one-out": [
            (importance(left_out, sign=-1), "sign"),
            (lambda predict, x: np.abs(importance(left_out)(predict, x)), "size"),
            (importance(unknown), "unknown"),
            (importance(lambda x, k: x[x != x[k]]), "everywhere"),
            (
                lambda predict, x: np.diff(predict([x[:k] for k in range(1, len(x) + 1)])),
                "so-far",
            ),
            (importance(lambda x, k: np.delete(x, k - 1)), "off-by-one"),
            (
                lambda predict, x: predict([np.delete(x, k) for k in range(1, len(x))]),
                "without",
            ),
            (importance(lambda x, k: x[:1]), "another-number"),
            (lambda predict, x: np.zeros(len(x)), "shape"),
        ],
    }
    right = {
        "data.bag-pairs": [["g", "b", "d"]],
        "data.classifier-weights": [by_shapes],
        "data.noisy-area": [lambda ε: 1 - 1.5 * ε + ε**2],
        "data.masked-forward": [one_by_one],
        "data.leave-one-out": [importance(left_out)],
    }

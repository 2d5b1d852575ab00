"""The exercises of "Backpropagation through time, by hand"."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lstmlab import check
from lstmlab.cells import Array, Params, Trace, backward, forward, init_params, sigmoid
from lstmlab.exercises.network.bptt import _gradients

from ..harness import Promises

Backward = Callable[[Params, Trace, Array, bool], Params]
EVERY = {"o", "c", "f", "i", "z"}


def shut(i: set[str], f: set[str], o: set[str]) -> Callable[[], dict[str, set[str]]]:
    return lambda: {"i": i, "f": f, "o": o}


def deltas(
    do: Callable[..., Array] = lambda dy, o, c: dy * c * o * (1 - o),
    dc: Callable[..., Array] = lambda dy, o, c, p_o, do, later: dy * o + p_o * do + later,
) -> Callable[..., tuple[Array, Array]]:
    """The deltas of NOAF in which one line may be another."""

    def both(dy: Array, o: Array, c: Array, p_o: Array, dc_next: Array) -> tuple[Array, Array]:
        first = do(dy, o, c)
        return first, dc(dy, o, c, p_o, first, dc_next)

    return both


def bias_of(gate: Callable[[float, float], float]) -> Callable[[float, float], float]:
    return lambda share, steps: math.log(gate(share, steps) / (1 - gate(share, steps)))


def package(w: Params, trace: Trace, Delta: Array, truncated: bool) -> Params:
    return backward(w, trace, Delta, truncated=truncated).params


def with_mistake(recurrent: str = "transposed", carried: str = "by f") -> Backward:
    """Right where truncated; otherwise with a mistake."""

    def own(w: Params, trace: Trace, Delta: Array, truncated: bool) -> Params:
        if truncated:
            return package(w, trace, Delta, True)
        return _gradients(w, trace, Delta, recurrent=recurrent, carried=carried)

    return own


def changed(change: Callable[[Params, Params, Trace, bool], Params]) -> Backward:
    """The right gradients, some of them replaced."""

    def own(w: Params, trace: Trace, Delta: Array, truncated: bool) -> Params:
        grads = package(w, trace, Delta, truncated)
        return grads | change(grads, w, trace, truncated)

    return own


def nothing_flows(w: Params, trace: Trace, Delta: Array, truncated: bool) -> Params:
    if truncated:
        return _gradients(w, trace, Delta, recurrent="cut", carried="not")
    return package(w, trace, Delta, False)


class TestBackpropagationThroughTime(Promises):
    chapter = "1-3-backpropagation-through-time"
    wrong = {
        "network.shut-doors": [
            (shut({"z"}, {"f"}, EVERY), "no-slope"),
            (shut({"i", "z"}, set(), EVERY), "no-slope"),
            (shut({"i", "z"}, {"f"}, {"o"}), "only-the-gate"),
            (shut({"i", "z"}, {"f"}, {"o", "c"}), "way-round"),
            (shut({"i", "z"}, {"f"}, {"o", "f", "i", "z"}), "way-round"),
            (shut({"i", "z"}, {"f", "c"}, EVERY), "cell-hears-y"),
            (shut({"i"}, {"f"}, EVERY), "offer-refused"),
            (shut({"i", "z", "f"}, {"f"}, EVERY), "too-many"),
            (shut({"i", "z"}, {"f", "i"}, EVERY), "too-many"),
            (shut({"y"}, {"f"}, EVERY), "not-an-option"),
        ],
        "network.deltas-without-h": [
            (deltas(do=lambda dy, o, c: dy * np.tanh(c) * o * (1 - o)), "still-squashed"),
            (deltas(dc=lambda dy, o, c, p_o, do, later:
                    dy * o * (1 - np.tanh(c) ** 2) + p_o * do + later), "still-squashed"),
            (deltas(do=lambda dy, o, c: dy * c), "not-the-bar"),
            (deltas(do=lambda dy, o, c: dy * o), "wrong-do"),
            (deltas(dc=lambda dy, o, c, p_o, do, later:
                    dy * o * (1 - c**2) + p_o * do + later), "slope-of-what"),
            (deltas(dc=lambda dy, o, c, p_o, do, later: dy * o + later), "no-peephole"),
            (deltas(dc=lambda dy, o, c, p_o, do, later: dy * o + p_o * do), "no-future"),
            (deltas(dc=lambda dy, o, c, p_o, do, later: dy * o * p_o * do * later), "wrong-dc"),
            (lambda dy, o, c, p_o, dc_next: dy * o, "length"),
        ],
        "network.forget-bias": [
            (lambda share, steps: share ** (1 / steps), "the-gate"),
            (lambda share, steps: -bias_of(lambda s, n: s ** (1 / n))(share, steps), "sign"),
            (lambda share, steps: math.log(share) / steps, "not-a-sigmoid"),
            (bias_of(lambda share, steps: 1 - (1 - share) / steps), "straight-line"),
            (bias_of(lambda share, steps: share), "one-step"),
            (bias_of(lambda share, steps: share / steps), "another-share"),
            (lambda share, steps: 5, "another-share"),
        ],
        "network.own-backward": [
            (changed(lambda g, w, trace, truncated: {"b_o": 2 * g["b_o"]}), "delta-o"),
            (changed(lambda g, w, trace, truncated: {"b_z": -g["b_z"]}), "delta-z"),
            (changed(lambda g, w, trace, truncated: {"W_i": g["W_i"][:, ::-1]}), "not-outer"),
            (changed(lambda g, w, trace, truncated:
                     {"R_z": np.outer(g["b_z"], trace.y[-1])}), "same-step"),
            (lambda w, trace, Delta, truncated: package(w, trace, Delta, False),
             "never-truncated"),
            (lambda w, trace, Delta, truncated: package(w, trace, Delta, True),
             "always-truncated"),
            (nothing_flows, "nothing-flows"),
            (with_mistake(recurrent="plain"), "not-transposed"),
            (with_mistake(carried="not"), "cell-not-carried"),
            (with_mistake(carried="by this f"), "wrong-f"),
            (with_mistake(recurrent="cut", carried="not"), "through-time"),
            (changed(lambda g, w, trace, truncated:
                     {"b_z": g["b_z"] * (1 + truncated * (len(trace.y) > 1))}), "cut-elsewhere"),
            (changed(lambda g, w, trace, truncated: {"p_o": g["b_o"]}), "keys"),
            (changed(lambda g, w, trace, truncated: {"W_z": g["W_z"].T}), "shape"),
            (changed(lambda g, w, trace, truncated: {"b_z": np.full(3, np.nan)}), "not-finite"),
        ],
    }  # fmt: skip
    right = {
        "network.shut-doors": [
            lambda: {"i": ["z", "i"], "f": ("f",), "o": EVERY},
        ],
        "network.deltas-without-h": [deltas(), lambda *args: list(deltas()(*args))],
        "network.forget-bias": [lambda share, steps: -math.log(share ** (-1 / steps) - 1)],
        "network.own-backward": [package],
    }


@pytest.mark.parametrize("gate", ["i", "f", "o"])
def test_the_answer_to_shut_doors_is_what_the_package_computes(gate: str) -> None:
    rng = np.random.default_rng(0)
    w = init_params("V", 2, 3, rng=rng, std=1.0)
    trace = forward(w, rng.standard_normal((1, 2)), "V", c0=rng.standard_normal(3))
    dy = rng.standard_normal((1, 3))
    trace = replace(trace, **{gate: np.zeros((1, 3))})
    grads = backward(w, trace, dy).params
    o, h = trace.o[0], np.tanh(trace.c[0])
    dc = dy[0] * o * (1 - h**2) + w["p_o"] * grads["b_o"]
    found = {q for q in "ofiz" if not grads[f"b_{q}"].any()} | ({"c"} if not dc.any() else set())
    answer = {"i": ["i", "z"], "f": ["f"], "o": EVERY} | {gate: found}
    assert check("network.shut-doors", answer)


def test_the_answer_to_deltas_without_h_is_what_the_package_computes() -> None:
    rng = np.random.default_rng(0)
    w = init_params("NOAF", 2, 3, rng=rng, std=1.0)
    w |= {"p_i": np.zeros(3), "p_f": np.zeros(3)}  # then the cell before hears δc ⊙ f alone
    trace = forward(w, rng.standard_normal((1, 2)), "NOAF", c0=rng.standard_normal(3))
    dy, later = rng.standard_normal((1, 3)), rng.standard_normal(3)
    grads = backward(w, trace, dy, later)
    do, dc = deltas()(dy[0], trace.o[0], trace.c[0], w["p_o"], later)
    np.testing.assert_allclose(do, grads.params["b_o"])
    np.testing.assert_allclose(dc, grads.c0 / trace.f[0])


def test_the_bias_that_is_asked_for_lets_the_share_through() -> None:
    bias = bias_of(lambda share, steps: share ** (1 / steps))(0.3, 40)
    assert check("network.forget-bias", bias_of(lambda s, n: s ** (1 / n)))
    assert sigmoid(np.array(bias)) ** 40 == pytest.approx(0.3)


def test_the_gradients_that_mistakes_are_told_by_are_right_without_a_mistake() -> None:
    rng = np.random.default_rng(0)
    w = init_params("NP", 2, 3, rng=rng, std=1.0)
    trace = forward(w, rng.standard_normal((7, 2)), "NP")
    Delta = rng.standard_normal((7, 3))
    for recurrent, truncated in (("transposed", False), ("cut", True)):
        ours = _gradients(w, trace, Delta, recurrent=recurrent)
        theirs = package(w, trace, Delta, truncated)
        assert ours.keys() == theirs.keys()
        for name in theirs:
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12, atol=1e-12)

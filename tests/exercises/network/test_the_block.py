"""The exercises of "The block": their solutions, and the mistakes they know."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from lstmlab import check
from lstmlab.cells import Params, count_params, forward, init_params, sigmoid

from ..harness import Promises

Arrays = dict[str, np.ndarray]
ALL = {"i", "f", "c", "o", "y"}


def noticed(V: set[str], NP: set[str]) -> Callable[[], dict[str, set[str]]]:
    """An answer as the page asks for it: a function that returns a dict of two sets."""
    return lambda: {"V": V, "NP": NP}


def coupled(
    forget: Callable[[Arrays], np.ndarray] = lambda s: 1 - s["i"],
    cell: Callable[[Arrays], np.ndarray] = lambda s: s["z"] * s["i"] + s["old"] * s["f"],
    seen: str = "c",
    out: Callable[[Arrays], np.ndarray] = lambda s: np.tanh(s["c"]) * s["o"],
) -> Callable[..., Arrays]:
    """A step of CIFG in which one line may be another."""

    def step(w: Params, x: np.ndarray, y: np.ndarray, c: np.ndarray) -> Arrays:
        def bar(q: str) -> np.ndarray:
            return w[f"W_{q}"] @ x + w[f"R_{q}"] @ y + w[f"b_{q}"]

        s = {"old": c, "z": np.tanh(bar("z")), "i": sigmoid(bar("i") + w["p_i"] * c)}
        s["f"] = forget(s)
        s["c"] = cell(s)
        s["o"] = sigmoid(bar("o") + w["p_o"] * s[seen])
        s["y"] = out(s)
        return {name: s[name] for name in "zifcoy"}

    return step


def knocks(**changed: float) -> Params:
    """The weights of the solution, some of them others."""
    set_by_hand = {"W_z": np.arctanh(0.5), "b_i": 20, "b_f": 20, "clear": -40, "p_o": 60,
                   "b_o": -75, "b_z": 0, "W_i": 0, "R_f": 0, "p_f": 0}  # fmt: skip
    given = set_by_hand | changed
    w = init_params("V", 2, 1, rng=np.random.default_rng(0), std=0)
    w["W_z"][0, 0], w["W_f"][0, 1], w["W_i"][0, 0] = given["W_z"], given["clear"], given["W_i"]
    w["R_f"][0, 0] = given["R_f"]
    for name in ("b_z", "b_i", "b_f", "b_o", "p_f", "p_o"):
        w[name][0] = given[name]
    return w


def layer(linear: float, square: float, off: float = 0) -> Callable[[int, int], int]:
    """The largest N with square·N² + (linear_M·M + rest)·N at most the budget, rounded down."""

    def largest(budget: int, M: int) -> int:
        a = (4 * M + linear) / (2 * square)
        return int(np.sqrt(a**2 + (budget + off) / square) - a)

    return largest


def one_part(budget: int, M: int) -> int:
    return int(np.sqrt((M + 1) ** 2 / 4 + budget) - (M + 1) / 2)


def up(budget: int, M: int) -> int:
    a = (4 * M + 7) / 8
    return math.ceil(np.sqrt(a**2 + budget / 4) - a)


class TestTheBlock(Promises):
    chapter = "1-2-the-block"
    wrong = {
        "network.who-notices": [
            (noticed(ALL | {"z"}, {"c", "y"}), "block-input"),
            (noticed({"i", "f", "o"}, {"c", "y"}), "cell-moves-too"),
            (noticed(ALL, {"y"}), "cell-moves-too"),
            (noticed({"c", "y"}, {"c", "y"}), "no-peepholes"),
            (noticed({"i", "f", "c", "y"}, {"c", "y"}), "o-is-late"),
            (noticed(ALL, {"o", "c", "y"}), "blind-gates"),
            (noticed(ALL, ALL), "blind-gates"),
            (noticed({"h"}, {"c", "y"}), "not-an-option"),
            ({"V": ["c", "y"]}, "keys"),
            (["c", "y"], "form"),
        ],
        "network.half-life": [
            (lambda f: np.log(f) / np.log(0.5), "upside-down"),
            (lambda f: np.log(2) / np.log(f), "sign"),
            (lambda f: 0.5 / (1 - f), "straight-line"),
            (lambda f: -1 / np.log(f), "another-share"),
            (lambda f: 1 / (1 - f), "another-share"),
            (lambda f: np.ceil(np.log(0.5) / np.log(f)), "rounded"),
            (lambda f: 6.58, "no-half"),
        ],
        "network.largest-layer": [
            (up, "rounded-up"),
            (layer(4, 4), "cheap-blocks"),
            (layer(3, 4), "cheap-blocks"),
            (layer(7, 4, off=-1), "spends-less"),
            (lambda budget, M: budget // (4 * M + 7), "no-recurrence"),
            (one_part, "one-part"),
            (lambda budget, M: 100, "miscounted"),
            (lambda budget, M: 5, "miscounted"),
            (lambda budget, M: max(1, layer(7, 4)(budget, M)), "not-even-one"),
            (lambda budget, M: np.sqrt(((4 * M + 7) / 8) ** 2 + budget / 4) - (4 * M + 7) / 8,
             "not-whole"),
        ],
        "network.coupled-step": [
            (coupled(forget=lambda s: s["i"]), "both-open"),
            (coupled(forget=lambda s: 1 - s["z"]), "f-not-coupled"),
            (coupled(cell=lambda s: s["z"] * s["f"] + s["old"] * s["i"]), "crossed"),
            (coupled(cell=lambda s: s["z"] * s["i"] + s["f"]), "wrong-c"),
            (coupled(seen="old"), "old-cell"),
            (coupled(out=lambda s: np.tanh(s["c"] * s["o"])), "output"),
            (coupled(out=lambda s: s["c"] * s["o"]), "output"),
            (lambda w, x, y, c: {**coupled()(w, x, y, c), "f": 1 - w["W_f"]}, "raises"),
            (lambda w, x, y, c: forward(w, x[None], "CIFG", y0=y, c0=c), "form"),
        ],
        "network.third-knock": [
            (knocks(b_z=0.3), "counts-steps"),
            (knocks(b_o=-45), "too-early"),
            (knocks(b_o=-100), "stays-silent"),
            (knocks(W_z=0.1, b_o=-0.25 * 60), "stays-silent"),
            (knocks(b_f=3), "falls-silent"),
            (knocks(p_f=-15, b_f=30), "falls-silent"),
            (knocks(b_f=2.5, R_f=40, clear=-80), "forgets-knocks"),
            (knocks(clear=0), "deaf-to-clear"),
            (knocks(clear=40), "deaf-to-clear"),
            (knocks(W_z=np.inf), "not-finite"),
            ({"W_z": [[1, 0]]}, "keys"),
            (knocks() | {"W_z": np.zeros((2, 1))}, "shape"),
        ],
    }  # fmt: skip
    right = {
        "network.who-notices": [
            {"V": ["y", "o", "c", "f", "i"], "NP": ("c", "y")},
            lambda: {"V": ALL, "NP": frozenset("cy")},
        ],
        "network.half-life": [
            lambda f: -math.log(2) / math.log(f),
            lambda forget: np.array(1 / -np.log2(forget)),
        ],
        "network.largest-layer": [
            lambda budget, M: max(
                N for N in range(1000) if N == 0 or count_params("V", M, N) <= budget
            ),
            lambda budget, M: np.floor(np.sqrt((4 * M + 7) ** 2 + 16 * budget) - (4 * M + 7)) // 8,
        ],
        "network.coupled-step": [coupled()],
        "network.third-knock": [
            knocks,
            # Only a knock opens the input gate, and z is always 0.5.
            lambda: knocks(W_z=0, b_z=np.arctanh(0.5), b_i=-20, W_i=40),
            {name: a.tolist() for name, a in knocks(b_f=40, clear=-80).items()},
        ],
    }


@pytest.mark.parametrize("variant", ["V", "NP"])
def test_the_answer_to_who_notices_is_what_the_package_computes(variant: str) -> None:
    rng = np.random.default_rng(0)
    w = init_params(variant, 2, 1, rng=rng, std=1.0)
    x, y0, c0 = rng.standard_normal((1, 2)), rng.standard_normal(1), rng.standard_normal(1)
    before, after = (forward(w, x, variant, y0=y0, c0=c) for c in (c0, c0 + 0.1))
    changed = {q for q in "zifcoy" if getattr(before, q)[0] != getattr(after, q)[0]}
    answer = {"V": ALL, "NP": {"c", "y"}} | {variant: changed}
    assert check("network.who-notices", answer)

"""The exercises of "What mattered"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lstmlab.cells import Array

from ..harness import Promises

FOLLOWS = {"a", "d", "f"}


def corner(s: float, r: float) -> tuple[float, float, float]:
    p, q = 1 - s, 1 - r
    V = p * q * (1 - p * q)
    return q * q * p * s / V, p * p * q * r / V, p * s * q * r / V


def corner_variances(s: float, r: float) -> tuple[float, float, float]:
    p, q = 1 - s, 1 - r
    return q * q * p * s, p * p * q * r, p * s * q * r


def step(
    *, log: bool = True, power: int = 2, share: Callable[[float, float], float] | None = None
) -> Callable[[float, float, float, float, float], float]:
    def answer(low: float, high: float, at: float, d: float, W: float) -> float:
        s = np.log(at / low) / np.log(high / low) if log else (at - low) / (high - low)
        V = s * (1 - s) * abs(d) ** power
        return share(V, W) if share else V / (V + W)

    return answer


def pairs(
    *, whole: bool = False, itself: bool = False, cut: bool = True, mean: bool = True,
    part: bool = True,
) -> Callable[[Array, Array, Array, int], float]:  # fmt: skip
    def answer(low: Array, high: Array, value: Array, j: int) -> float:
        volume = np.prod(high - low, axis=1)
        h = value * volume / (1 if whole else high[:, j] - low[:, j])
        ends = np.minimum.outer(high[:, j], high[:, j])
        overlap = ends - np.maximum.outer(low[:, j], low[:, j])
        if cut:
            overlap = np.maximum(overlap, 0)
        if itself:
            overlap = np.diag(np.diag(overlap))
        f_0 = volume @ value
        V_j = h @ overlap @ h - (f_0**2 if mean else 0)
        return float(V_j / (volume @ (value - f_0) ** 2 if part else 1))

    return answer


def R2(predicted: Array, y: Array) -> float:
    return float(1 - ((predicted - y) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def bagged(predicted: Array, drawn: Array, y: Array) -> float:
    counts = (drawn == 0).sum(axis=0)
    kept = counts > 0
    means = [predicted[drawn[:, k] == 0, k].mean() for k in np.flatnonzero(kept)]
    return R2(np.array(means), y[kept])


def zeros_predicted(predicted: Array, drawn: Array, y: Array) -> float:
    unseen = drawn == 0
    return R2((predicted * unseen).sum(axis=0) / np.maximum(unseen.sum(axis=0), 1), y)


def seen_only(predicted: Array, drawn: Array, y: Array) -> float:
    seen = drawn > 0
    some = seen.any(axis=0)
    means = (predicted * seen).sum(axis=0)[some] / seen.sum(axis=0)[some]
    return R2(means, y[some])


def all_below(predicted: Array, drawn: Array, y: Array) -> float:
    unseen = drawn == 0
    some = unseen.any(axis=0)
    means = (predicted * unseen).sum(axis=0)[some] / unseen.sum(axis=0)[some]
    return float(1 - ((means - y[some]) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def tree_by_tree(predicted: Array, drawn: Array, y: Array) -> float:
    unseen = drawn == 0
    return R2(predicted[unseen], np.broadcast_to(y, unseen.shape)[unseen])


class TestWhatMattered(Promises):
    chapter = "4-3-what-mattered"
    wrong = {
        "search.what-a-share-says": [
            (FOLLOWS | {"b"}, "direction"),
            (FOLLOWS | {"c"}, "range"),
            (FOLLOWS | {"e"}, "size"),
            (FOLLOWS | {"g"}, "nearby"),
            (FOLLOWS - {"a"}, "told"),
            (FOLLOWS - {"d"}, "momentum"),
            (FOLLOWS - {"f"}, "scale"),
        ],
        "search.corner": [
            (corner_variances, "variances"),
            (lambda s, r: corner(r, s), "exchanged"),
            (lambda s, r: corner(1 - s, 1 - r), "other-corner"),
            (lambda s, r: (*corner(s, r)[:2], 1.0), "total"),
            (lambda s, r: tuple(100 * F for F in corner(s, r)), "percent"),
            (lambda s, r: (*corner(s, r)[:2], 0.0), "not-one"),
            (lambda s, r: (s, (1 - s) * r, (1 - s) * (1 - r)), "other-shares"),
        ],
        "search.narrower-range": [
            (step(log=False), "linear"),
            (step(share=lambda V, W: V), "variance"),
            (step(share=lambda V, W: V / W), "ratio"),
            (lambda low, high, at, d, W: d**2 / (d**2 + W), "height-alone"),
            (step(power=1), "not-squared"),
            (lambda low, high, at, d, W: np.log(at / low) / np.log(high / low), "other-share"),
        ],
        "search.pairs-of-leaves": [
            (pairs(part=False), "variance"),
            (pairs(mean=False), "mean-kept"),
            (pairs(whole=True), "whole-volume"),
            (pairs(itself=True), "same-leaf"),
            (pairs(cut=False), "negative-overlap"),
            (lambda low, high, value, j: 1 / len(low[0]), "other-share"),
        ],
        "search.out-of-bag": [
            (lambda predicted, drawn, y: R2(predicted.mean(axis=0), y), "all-trees"),
            (seen_only, "in-bag"),
            (lambda predicted, drawn, y: 1 - bagged(predicted, drawn, y), "what-is-left"),
            (zeros_predicted, "predicted-zero"),
            (all_below, "other-trials"),
            (tree_by_tree, "tree-by-tree"),
            (lambda predicted, drawn, y: 0.9, "other-value"),
        ],
    }
    right = {
        "search.corner": [corner],
        "search.narrower-range": [step()],
        "search.pairs-of-leaves": [pairs()],
        "search.out-of-bag": [bagged],
    }

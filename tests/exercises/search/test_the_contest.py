"""The exercises of "The contest"."""

from __future__ import annotations

import numpy as np

from lstmlab.cells import Array
from lstmlab.evidence import Verdicts

from ..harness import Promises

BUDGETS = {"random": 80, "Bayesian": 80, "I": 1500, "II": 1010, "III": 1010}


def matrix(P: float, R: float, n: float, p: float) -> tuple[float, float, float, float]:
    tp = R * p
    fp = tp / P - tp
    return n - fp, fp, p - tp, tp


def area(p: Array, y: Array) -> float:
    return Verdicts(p, y).area


def above(p: Array, y: Array) -> float:
    """Average precision with p > threshold in place of p >= threshold."""
    total, before = 0.0, 0.0
    for threshold in np.unique(p)[::-1]:
        called = p > threshold
        if called.any():
            recall = y[called].sum() / y.sum()
            total += (recall - before) * y[called].mean()
            before = recall
    return float(total)


def in_turn(p: Array, y: Array, *, sign: int = 1) -> float:
    """Average precision that takes ties one after the other."""
    hits = y[np.argsort(-sign * p, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(p) + 1)
    return float((precision * hits).sum() / hits.sum())


def race(values: Array) -> Array:
    return np.median(np.fmin.accumulate(values, axis=1), axis=0)


def behind(a: Array, b: Array, tie: float = 0.5) -> float:
    return float(np.mean([1.0 * (x > y) + tie * (x == y) for x in a for y in b]))


def in_the_way(a: Array, b: Array, tie: float = 0.5) -> float:
    return behind(a, b, tie) if np.median(a) < np.median(b) else behind(b, a, tie)


def same_place(a: Array, b: Array) -> float:
    n = min(len(a), len(b))
    better, other = (a, b) if np.median(a) < np.median(b) else (b, a)
    better, other = better[:n], other[:n]
    return float((better > other).mean() + (better == other).mean() / 2)


class TestTheContest(Promises):
    chapter = "5-4-the-contest"
    wrong = {
        "search.count-budgets": [
            (BUDGETS | {"I": 1451}, "best-not-again"),
            (BUDGETS | {"II": 1500, "III": 1500}, "all-again"),
            (BUDGETS | {"II": 1000, "III": 1000}, "first-forgotten"),
            (BUDGETS | {"II": 980, "III": 980}, "first-forgotten"),
            (BUDGETS | {"II": 1030, "III": 1030}, "one-too-many"),
            (BUDGETS | {"I": 50, "II": 50, "III": 50}, "generations"),
            (dict.fromkeys(BUDGETS, 80), "equal"),
            (BUDGETS | {"III": 1500}, "power-costs"),
            (BUDGETS | {"random": 1}, "no-generations"),
            (BUDGETS | {"I": 1400}, "another-one"),
            (lambda: BUDGETS | {"II": 710, "III": 710}, "another-two"),
        ],
        "search.matrix-from-scores": [
            (lambda P, R, n, p: matrix(P, R, n, p)[::-1], "positive-first"),
            (lambda P, R, n, p: np.array(matrix(P, R, n, p))[[0, 2, 1, 3]], "transposed"),
            (lambda P, R, n, p: (R * n, n - R * n, p - R * p, R * p), "recall-of-negatives"),
            (lambda P, R, n, p: (n - P * n, P * n, p - R * p, R * p), "precision-of-positives"),
            (lambda P, R, n, p: (n - (1 - P) * R * p, (1 - P) * R * p, p - R * p, R * p),
             "share-of-hits"),
            (lambda P, R, n, p: matrix(R, P, n, p), "precision-is-recall"),
            (lambda P, R, n, p: (n, 0.0, 0.0, p), "true-positives"),
            (lambda P, R, n, p: (n, n, p, R * p), "rows"),
            (lambda P, R, n, p: (n / 2, n / 2, p - R * p, R * p), "another-matrix"),
        ],
        "search.average-precision": [
            (in_turn, "ties-in-turn"),
            (lambda p, y: Verdicts(p, y).trapezoid, "straight-lines"),
            (above, "above-it-alone"),
            (lambda p, y: area(1 - p, y), "lowest-first"),
            (lambda p, y: area(1 - p, 1 - y), "negatives"),
            (lambda p, y: float(np.mean([y[p >= c].mean() for c in np.unique(p)])),
             "mean-precision"),
            (lambda p, y: float(((p > 0.5) == (y == 1)).mean()), "accuracy"),
            (lambda p, y: 1 - behind(p[y == 0], p[y == 1]), "roc"),
            (lambda p, y: float(y.mean()), "another-area"),
        ],
        "search.median-race": [
            (lambda v: np.fmin.accumulate(v, axis=1).min(axis=0), "best-of-all"),
            (lambda v: np.fmin.accumulate(v, axis=1).mean(axis=0), "mean"),
            (lambda v: np.fmin.accumulate(np.nanmedian(v, axis=0)), "median-first"),
            (lambda v: np.nanmedian(v, axis=0), "not-so-far"),
            (lambda v: np.median(np.fmax.accumulate(v, axis=1), axis=0), "highest"),
            (lambda v: np.median(np.fmin.accumulate(v, axis=0), axis=0), "other-axis"),
            (lambda v: race(np.nan_to_num(v, nan=0.0)), "failed-trials"),
            (lambda v: np.median(np.minimum.accumulate(v, axis=1), axis=0), "failed-trials"),
            (lambda v: np.zeros(v.shape[1]), "another-race"),
        ],
        "search.wrong-order": [
            (lambda a, b: 1 - in_the_way(a, b), "right-order"),
            (lambda a, b: in_the_way(a, b, tie=0.0), "ties-left-out"),
            (lambda a, b: in_the_way(a, b, tie=1.0), "ties-wrong"),
            (behind, "a-is-better"),
            (lambda a, b: behind(b, a), "b-is-better"),
            (lambda a, b: behind(a, b) if a.mean() < b.mean() else behind(b, a), "means"),
            (lambda a, b: min(in_the_way(a, b), 1 - in_the_way(a, b)), "never-above-a-half"),
            (same_place, "same-place"),
            (lambda a, b: 0.5, "another-share"),
        ],
    }
    right = {
        "search.count-budgets": [lambda: dict(BUDGETS)],
        "search.matrix-from-scores": [matrix],
        "search.average-precision": [area],
        "search.median-race": [
            lambda v: np.median(
                np.minimum.accumulate(np.where(np.isnan(v), np.inf, v), axis=1), axis=0
            )
        ],
        "search.wrong-order": [in_the_way],
    }

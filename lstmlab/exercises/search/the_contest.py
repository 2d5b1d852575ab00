"""Checks of the exercises in the chapter "The contest"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, mapping, number, several, whole

Floats = NDArray[np.float64]

CONTESTANTS = ("random", "Bayesian", "I", "II", "III")


@exercise("search.count-budgets", kind="recall")
def count_budgets(answer: object) -> str:
    """How many networks each of the paper's five searches trains in 50 generations of 30."""
    given = mapping(answer, CONTESTANTS)
    got = {name: whole(given[name]) for name in CONTESTANTS}
    want = {"random": 80, "Bayesian": 80, "I": 1500, "II": 1010, "III": 1010}
    if got == want:
        return "The genetic searches are given 13 to 19 times as many evaluations as the others."
    for name in ("random", "Bayesian"):
        if got[name] != 80:
            raise Wrong("no-generations", f"The {name} search trains another number of networks.",
                        hint="What has no generations trains one network an iteration.")
    if got["II"] != got["III"]:
        raise Wrong("power-costs", "Your approaches II and III train different numbers.",
                    hint="They differ in the power to which fitness is raised. Does a power train "
                         "anything?")  # fmt: skip
    pairs = {
        (1451, 1010): ("best-not-again", "Your approach I does not train its best again.",
                       "How many of a generation does approach I train, as it is counted here?"),
        (1500, 1500): ("all-again", "Your approach II trains everybody in every generation.",
                       "Which networks does it already know the fitness of?"),
        (1500, 1000): ("first-forgotten", "You count the ones who are new in the first generation "
                       "as in all others.", "How many of the very first 30 have been trained "
                       "before?"),
        (1500, 980): ("first-forgotten", "The first generation is missing from your approach II.",
                      "How many of the very first 30 have been trained before?"),
        (1500, 1030): ("one-too-many", "Your approach II has 51 generations.",
                       "The first of the 50 is trained whole. How many are left?"),
        (50, 50): ("generations", "You count generations, not networks.",
                   "How many networks are trained in each?"),
        (80, 80): ("equal", "In your answer all searches train equally many.",
                   "Look again at what a generation trains."),
    }  # fmt: skip
    if (got["I"], got["II"]) in pairs:
        mistake, says, hint = pairs[got["I"], got["II"]]
        raise Wrong(mistake, says, hint=hint)
    if got["I"] != 1500:
        raise Wrong("another-one", "Approach I trains another number of networks.",
                    hint="Its best is trained again, so how many of each generation are trained?")
    raise Wrong("another-two", "Approach II trains another number of networks.",
                hint="First count a generation in which ten need no training.")


@exercise("search.matrix-from-scores", kind="derive")
def matrix_from_scores(answer: object) -> str:
    """The confusion matrix that a precision and a recall come from."""
    f = function(answer, "precision", "recall", "negatives", "positives")
    cases = (
        (0.8, 0.6, 1000.0, 500.0), (0.95, 0.4, 300.0, 700.0), (0.5, 0.9, 2000.0, 400.0),
        (0.7, 0.35, 90.0, 60.0),
    )  # fmt: skip
    for P, R, n, p in cases:
        got = [
            number(one)
            for one in several(call(f, P, R, n, p), "true negatives", "false positives",
                               "false negatives", "true positives")
        ]  # fmt: skip
        tp = R * p
        fp = tp * (1 - P) / P
        want = [n - fp, fp, p - tp, tp]
        if all(close(a, b) for a, b in zip(got, want, strict=True)):
            continue
        for mistake, other, says, hint in (
            ("positive-first", want[::-1], "Your four numbers stand in the opposite order.",
             "Negatives that are called negative come first."),
            ("transposed", [want[0], want[2], want[1], want[3]],
             "Your false positives and false negatives have changed places.",
             "A false positive is a negative one that is called positive."),
            ("recall-of-negatives", [R * n, n - R * n, p - tp, tp],
             "Your recall is also the share of the negatives that are called negative.",
             "Recall says nothing about the negatives. What does precision divide by?"),
            ("precision-of-positives", [n - P * n, P * n, p - tp, tp],
             "You multiply precision by the negatives.",
             "Of how many is precision the share?"),
            ("share-of-hits", [n - (1 - P) * tp, (1 - P) * tp, p - tp, tp],
             "Your false positives are a share of the true positives.",
             "1 - P is their share of all that are *called* positive."),
            ("precision-is-recall",
             [n - P * p * (1 - R) / R, P * p * (1 - R) / R, p - P * p, P * p],
             "Precision and recall have changed places.",
             "Which of them needs only the row of the positive ones?"),
        ):  # fmt: skip
            if all(close(a, b) for a, b in zip(got, other, strict=True)):
                raise Wrong(mistake, says, hint=hint)
        if not close(got[3], tp):
            raise Wrong("true-positives", "Your true positives are another number.",
                        hint="Which of the two scores is a share of the positive ones?")
        if not close(got[2] + got[3], p) or not close(got[0] + got[1], n):
            raise Wrong("rows", "Your rows do not add up to the negatives and the positives.",
                        hint="Everybody is called either the one or the other.")
        raise Wrong("another-matrix", f"With precision {P}, recall {R}, {n:g} negatives and "
                    f"{p:g} positives it is another matrix.",
                    hint="How many are called positive, if you know how many of them are?")
    return "From such a matrix the accuracy follows, and every other score at this threshold."


@exercise("search.average-precision", kind="build")
def average_precision(answer: object) -> str:
    """The area under a precision-recall curve as a sum of steps."""
    f = function(answer, "p", "y")
    rng = np.random.default_rng(7)
    cases = []
    for n, grades in ((7, 1000), (12, 4), (40, 1000), (40, 6), (60, 2)):
        y = (rng.random(n) < 0.4).astype(float)
        y[:2] = 0.0, 1.0
        cases.append((np.round((0.5 * y + rng.random(n)) / 1.5 * grades) / grades, y))
    cases.append((np.array([0.9, 0.8, 0.7, 0.2]), np.array([0.0, 1.0, 0.0, 1.0])))
    got = np.array([number(call(f, p, y)) for p, y in cases])
    want = np.array([_area(p, y) for p, y in cases])
    if close(got, want):
        return "It is what `Verdicts.area` gives, and what a table may call AUC."
    distinct = np.array([len(set(p.tolist())) == len(p) for p, _ in cases])
    if close(got[distinct], want[distinct]):
        raise Wrong("ties-in-turn", "Where several have the same p, you count one after the other.",
                    hint="A threshold calls all of them positive at once, or none. At which places "
                         "of the sorted list does a threshold lie?")  # fmt: skip
    if close(got, np.array([_area(p, y, straight=True) for p, y in cases])):
        raise Wrong("straight-lines", "You join the points by straight lines.",
                    hint="A step has the precision of its own end. What does a straight line take?")
    others: tuple[tuple[str, Callable[[Floats, Floats], float], str, str], ...] = (
        ("lowest-first", lambda p, y: _area(-p, y), "You begin with the lowest p.",
         "Who is called positive when the threshold is high?"),
        ("above-it-alone", _above, "A threshold calls those at the threshold as well.",
         "`p >= threshold`: whom does `>` leave out?"),
        ("negatives", lambda p, y: _area(-p, 1 - y), "Your positive ones are the negative ones.",
         "y is 1 where a review is positive."),
        ("left-end", _left, "Your steps have the precision of the point before.",
         "The sum has P of the same index as the recall that has been reached."),
        ("mean-precision", _mean, "You take the mean of the precisions of all thresholds.",
         "A threshold at which recall stands still adds nothing."),
        ("accuracy", lambda p, y: float(((p > 0.5) == (y > 0.5)).mean()),
         "That is a share of right verdicts at one threshold.",
         "The area is over all thresholds."),
        ("roc", _roc, "That is the area under another curve, the ROC curve.",
         "Which two numbers are drawn against each other here?"),
    )  # fmt: skip
    for mistake, other, says, hint in others:
        if close(got, np.array([other(p, y) for p, y in cases])):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong("another-area", "Your area is another one.",
                hint="Try p = [0.9, 0.8, 0.7, 0.2] with y = [0, 1, 0, 1] by hand: recall goes up "
                     "twice, each time by a half.")  # fmt: skip


def _points(p: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Precision and recall at every threshold, the highest first."""
    order = np.argsort(-p, kind="stable")
    last = np.append(np.diff(p[order]) != 0, True)
    hits, called = np.cumsum(y[order])[last], np.arange(1, len(p) + 1)[last]
    return hits / called, hits / y.sum()


def _area(p: Floats, y: Floats, *, straight: bool = False) -> float:
    precision, recall = _points(p, y)
    if straight:
        return float(np.trapezoid(np.append(1.0, precision), np.append(0.0, recall)))
    return float(np.diff(recall, prepend=0.0) @ precision)


def _left(p: Floats, y: Floats) -> float:
    precision, recall = _points(p, y)
    return float(np.diff(recall, prepend=0.0) @ np.append(1.0, precision[:-1]))


def _above(p: Floats, y: Floats) -> float:
    """With the thresholds that there are, calling only what lies above them."""
    precision, recall = _points(p, y)
    return float(np.diff(recall[:-1], prepend=0.0) @ precision[:-1])


def _mean(p: Floats, y: Floats) -> float:
    return float(_points(p, y)[0].mean())


def _roc(p: Floats, y: Floats) -> float:
    more = p[y == 1][:, None] - p[y == 0]
    return float((more > 0).mean() + (more == 0).mean() / 2)


@exercise("search.median-race", kind="build")
def median_race(answer: object) -> str:
    """The best value so far of several searches, and its median at each evaluation."""
    f = function(answer, "values")
    rng = np.random.default_rng(7)
    cases = []
    for seeds, n, failing in ((5, 12, 0.0), (3, 20, 0.2), (8, 9, 0.3), (1, 6, 0.0), (4, 15, 0.1)):
        values = rng.random((seeds, n))
        values[rng.random((seeds, n)) < failing] = np.nan
        values[:, 0] = rng.random(seeds)
        cases.append(values)
    got = [array(call(f, values), (values.shape[1],), finite=False) for values in cases]
    lowest = [np.fmin.accumulate(values, axis=1) for values in cases]
    if all(close(a, np.median(b, axis=0)) for a, b in zip(got, lowest, strict=True)):
        return "Drawn against the evaluations, it is a line of `lstmlab.viewing.races`."
    filled = [np.nan_to_num(values, nan=np.inf) for values in cases]
    others: tuple[tuple[str, list[Floats], str, str], ...] = (
        ("best-of-all", [b.min(axis=0) for b in lowest], "You show the luckiest search.",
         "At each evaluation, half of the searches should be above your number."),
        ("mean", [b.mean(axis=0) for b in lowest], "You take the mean over the searches.",
         "One bad search moves a mean. What does it do to the number in the middle?"),
        ("median-first", [np.minimum.accumulate(np.median(v, axis=0)) for v in filled],
         "You take the median first, and then the best so far.",
         "The best so far belongs to one search. Make it for each, then compare the searches."),
        ("median-first", [np.fmin.accumulate(np.nanmedian(v, axis=0)) for v in cases],
         "You take the median first, and then the best so far.",
         "The best so far belongs to one search. Make it for each, then compare the searches."),
        ("not-so-far", [np.nanmedian(v, axis=0) for v in cases],
         "Your numbers go up and down: they are of single evaluations.",
         "What has been found is not lost again."),
        ("highest", [np.median(np.fmax.accumulate(v, axis=1), axis=0) for v in cases],
         "You keep the highest value.", "These are errors."),
    )  # fmt: skip
    for mistake, other, says, hint in others:
        if all(close(a, b) for a, b in zip(got, other, strict=True)):
            raise Wrong(mistake, says, hint=hint)
    if close(got[0], np.median(np.minimum.accumulate(cases[0], axis=0), axis=0)):
        raise Wrong("other-axis", "Your best so far goes from search to search.",
                    hint="Along which axis do the evaluations of one search lie?")
    if close(got[0], np.median(lowest[0], axis=0)):
        raise Wrong("failed-trials", "Where evaluations have failed, your numbers are others.",
                    hint="A failed evaluation leaves the best as it was. What does the smaller of "
                         "nan and 0.3 come to?")  # fmt: skip
    raise Wrong("another-race", "Your numbers are others.",
                hint="Take two searches of three evaluations and write down what each has found "
                     "after one, two and three.")  # fmt: skip


@exercise("search.wrong-order", kind="derive")
def wrong_order(answer: object) -> str:
    """How often the method with the higher median is ahead, with one run each."""
    f = function(answer, "a", "b")
    rng = np.random.default_rng(7)
    cases = []
    for n, m, shift, digits in ((5, 5, 0.2, 6), (9, 6, 0.05, 6), (8, 8, 0.1, 1), (4, 11, -0.3, 6),
                                (12, 12, 0.15, 1)):  # fmt: skip
        a, b = rng.random(n), rng.random(m) + shift
        cases.append((np.round(a, digits), np.round(b, digits)))
    cases.append((np.array([1.0, 2, 3, 40, 50]), np.array([4.0, 5, 6, 7, 8])))
    cases.append((np.array([5.0, 5, 5, 9, 9]), np.array([6.0, 1, 1, 7, 8])))
    got = np.array([number(call(f, a, b)) for a, b in cases])
    want = np.array([_wrong(a, b) for a, b in cases])
    if close(got, want):
        return "For two methods that are alike it is one half: then the order says nothing."
    others: tuple[tuple[str, Callable[[Floats, Floats], float], str, str], ...] = (
        ("right-order", lambda a, b: 1 - _wrong(a, b),
         "That is how often the order is the right one.",
         "Which of the two should be ahead? Count the pairs in which it is not."),
        ("ties-left-out", lambda a, b: _wrong(a, b, tie=0.0), "You leave ties out.",
         "If nobody is ahead, a coin decides."),
        ("ties-wrong", lambda a, b: _wrong(a, b, tie=1.0), "Your ties are all wrong.",
         "If nobody is ahead, a coin decides."),
        ("a-is-better", lambda a, b: _behind(a, b), "In your answer it is always a that is better.",
         "Look at the medians first: which of the two is it?"),
        ("b-is-better", lambda a, b: _behind(b, a), "In your answer it is always b that is better.",
         "Look at the medians first: which of the two is it?"),
        ("means", lambda a, b: _behind(*((a, b) if a.mean() < b.mean() else (b, a))),
         "You take the method with the lower mean for the better one.",
         "One bad run moves a mean. By which number does the text tell the better one?"),
        ("never-above-a-half", lambda a, b: min(_wrong(a, b), 1 - _wrong(a, b)),
         "Your share is never above one half.",
         "With a = [5, 5, 9] and b = [6, 1, 8] it is 5/9."),
    )  # fmt: skip
    for mistake, other, says, hint in others:
        if close(got, np.array([other(a, b) for a, b in cases])):
            raise Wrong(mistake, says, hint=hint)
    equal = [n for n, (a, b) in enumerate(cases) if len(a) == len(b)]
    if close(got[equal], np.array([_paired(*cases[n]) for n in equal])):
        raise Wrong("same-place", "You compare runs at the same place of the two lists only.",
                    hint="The runs do not belong together. How many pairs are there of 5 and 5?")
    raise Wrong("another-share", "Your share is another one.",
                hint="With a = [1, 4] and b = [2, 3, 9], write down all six pairs.")


def _behind(a: Floats, b: Floats, tie: float = 0.5) -> float:
    """How often a run of a is above one of b."""
    return float((a[:, None] > b).mean() + tie * (a[:, None] == b).mean())


def _wrong(a: Floats, b: Floats, tie: float = 0.5) -> float:
    better, other = (a, b) if np.median(a) < np.median(b) else (b, a)
    return _behind(better, other, tie)


def _paired(a: Floats, b: Floats) -> float:
    better, other = (a, b) if np.median(a) < np.median(b) else (b, a)
    return float((better > other).mean() + (better == other).mean() / 2)

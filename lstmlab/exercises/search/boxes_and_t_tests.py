"""Checks of the exercises in the chapter "Boxes and t-tests"."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number, whole
from lstmlab.exercises.reading import Given, is_a, parts, plain

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STATEMENTS = ("a", "b", "c", "d", "e", "f", "g")


@exercise("search.what-p-says", kind="recall")
def what_p_says(answer: object) -> str:
    """Which statements follow from p = 0.03."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("a", "probability-of-null", "In your answer p is the probability that nothing differs.",
         "If nobody ever builds a variant that differs, some tests still give p = 0.03. What is "
         "the probability then that the means are equal?"),
        ("c", "size", "In your answer a small p makes a difference large.",
         "In the chapter's second widget, leave the difference alone and move the number in "
         "each sample."),
        ("f", "eight", "In your answer 0.03 is small enough for one test of eight.",
         "What does Bonferroni compare with 0.05?"),
        ("g", "again", "In your answer p says how a second study will end.",
         "Suppose that the true difference is what was measured. How often does a second study "
         "measure a smaller one?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("d", "definition", "In your answer p is not what the chapter defines it to be.",
         "Read the sentence again that stands before the function `t_test`."),
        ("b", "interval-95", "In your answer the 95% interval does not follow from p.",
         "The interval and p are made of the same t and the same degrees of freedom. Where is the "
         "edge of the interval if p is exactly 0.05?"),
        ("e", "interval-99", "In your answer the 99% interval does not follow from p.",
         "Which p belongs to an interval at 99% that ends exactly at 0?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "Had the trials been chosen, not even d would hold as it stands."


@exercise("search.level-each", kind="derive")
def level_each(answer: object) -> str:
    """The level of each of some independent tests that keeps the level of all."""
    f = function(answer, "tests", "family")
    for tests, family in ((1, 0.05), (8, 0.05), (3, 0.2), (20, 0.01), (16, 0.5)):
        level = number(call(f, tests, family))
        if close(level, -math.expm1(math.log1p(-family) / tests)):
            continue
        said = f"For {tests} tests and {family} the level is another."
        for wrong, mistake, hint in (
            (family / tests, "bonferroni", "Bonferroni's level is safe, and a little too strict. "
             "With it, what is the probability that none of the tests raises an alarm?"),
            (1 - (1 - family) ** tests, "other-way", "This is what some tests do together if each "
             "has that level. You are given what they do together."),
            ((1 - family) ** (1 / tests), "no-alarm", "Is this the probability of an alarm, or "
             "that of none?"),
            (family ** (1 / tests), "all-alarm", "This would be right if *all* of the tests had to "
             "raise an alarm."),
            (family, "no-correction", "And with several tests?"),
        ):  # fmt: skip
            if close(level, wrong):
                raise Wrong(mistake, said, hint=hint)
        raise Wrong("another-level", said, hint="Write down the probability that no test raises an "
                    "alarm, in terms of the level, and what it shall be.")  # fmt: skip
    return "For few tests and small levels Bonferroni's is almost the same, and it needs less."


@exercise("search.trials-to-see", kind="derive")
def trials_to_see(answer: object) -> str:
    """How many trials it takes to see a difference between two best tenths."""
    f = function(answer, "difference", "sd", "cut")
    for difference, sd, cut in (
        (0.3, 0.1, 0.15), (0.1, 0.1, 0.2), (0.5, 0.4, 0.1), (0.07, 0.05, 0.09), (1.0, 0.8, 1.7),
    ):  # fmt: skip
        found = whole(call(f, difference, sd, cut))
        if found == _trials(2 * (sd**2 + 0.9 * cut**2), difference):
            continue
        said = f"For {difference}, {sd} and {cut} the number is another."
        for variance, mistake, hint in (
            (2 * sd**2, "no-cut", "What moves all kept trials together, when the search is "
             "repeated?"),
            (sd**2 + 0.9 * cut**2, "one-variant", "V is no constant. How does a difference of two "
             "independent means vary?"),
            (2 * (sd**2 + cut**2), "whole-cut", "Look at the formula again: what stands before the "
             "square of the distance to the cut?"),
            (2 * (sd**2 + 0.9 * cut**2) / 9, "one-error", "One standard error, or three?"),
            (4 * (sd**2 + 0.9 * cut**2), "errors-added", "Of two independent means the variances "
             "add, not the standard errors."),
        ):  # fmt: skip
            if found == _trials(variance, difference):
                raise Wrong(mistake, said, hint=hint)
        kept = math.ceil(18 * (sd**2 + 0.9 * cut**2) / difference**2)
        if found == kept:
            raise Wrong("kept-only", said, hint="Is this how many are kept, or how many are run?")
        if found == math.ceil(180 * (sd**2 + 0.9 * cut**2) / difference**2):
            raise Wrong("no-ten", said, hint="A multiple of ten is wanted, so that a tenth of it "
                        "is a whole number.")  # fmt: skip
        if found == 10 * (kept - 1):
            raise Wrong("rounded-down", said, hint="With so few, is the difference still three "
                        "standard errors?")  # fmt: skip
        raise Wrong("another-number", said, hint="Set the difference equal to three standard "
                    "errors, and solve for the number of kept trials first.")  # fmt: skip
    return "Half the difference takes four times the trials."


def _trials(variance: float, difference: float) -> int:
    """Ten times the smallest k with 3 √(variance / k) at most the difference."""
    return 10 * math.ceil(9 * variance / difference**2)


@exercise("search.holm", kind="build")
def holm(answer: object) -> str:
    """Holm's correction for one study."""
    f = function(answer, "p", "alpha")
    rng = np.random.default_rng(7)
    studies = [np.array([0.009, 0.011, 0.3, 0.001, 0.041]), np.array([0.02, 0.3, 0.021, 0.022])]
    studies += [np.array([0.9, 0.006, 0.03, 0.0001, 0.3, 0.0101, 0.5, 0.7]), np.array([0.1])]
    studies += [rng.random(n) ** 3 / 4 for n in (8, 8, 5, 16, 12, 8, 3)]
    for p in studies:
        for alpha in (0.05, 0.2):
            said = array(_as_array(call(f, p, alpha)), (len(p),))
            found = said == 1
            if not np.isin(said, (0, 1)).all():
                raise Wrong("no-booleans", "There are other entries than true and false.",
                            hint="Say of each test whether it is significant, not its "
                            "level or its corrected p.")  # fmt: skip
            want = _holm(p, alpha)
            if np.array_equal(found, want):
                continue
            shown = f"For p = {p.round(4).tolist()} and alpha {alpha} the answer is another."
            for wrong, mistake, hint in (
                (np.sort(want)[::-1], "sorted", "In which order are the tests to be given back?"),
                (p < alpha / len(p), "bonferroni", "The first test has Bonferroni's level. What "
                 "has the second?"),
                (_below(p, alpha), "no-stop", "After one has failed, may a later one still pass?"),
                (_last(p, alpha), "from-the-largest", "You stop at the last that passes. That is "
                 "another procedure, with a promise of its own. Where does Holm stop?"),
                (p < alpha, "no-correction", "How many tests are there?"),
                (_same_order(p, alpha), "not-ordered", "Which is tested first: the one that was "
                 "given first?"),
                (~want, "upside-down", "True is for the significant ones."),
            ):  # fmt: skip
                if np.array_equal(found, wrong):
                    raise Wrong(mistake, shown, hint=hint)
            raise Wrong("another-answer", shown, hint="Write down the p-values in order, below "
                        "each its level, and stop at the first that is too large.")  # fmt: skip
    return "It finds whatever Bonferroni finds, and sometimes more."


def _as_array(answer: Given) -> Given:
    """A list of True and False as an array of them; anything else as it is."""
    said = parts(answer.value) if is_a(answer.value, list, tuple) else None
    truths = [plain(one) for one in said or []]
    if not truths or not all(is_a(one, bool) for one in truths):
        return answer
    return replace(answer, value=np.array(truths, dtype=bool))


def _below(p: Floats, alpha: float) -> Bools:
    """Which are below their own level, those after a failure too."""
    rank = np.argsort(np.argsort(p, kind="stable"), kind="stable")
    return np.asarray(p < alpha / (len(p) - rank))


def _holm(p: Floats, alpha: float) -> Bools:
    order = np.argsort(p, kind="stable")
    return _put(order, np.logical_and.accumulate(_below(p, alpha)[order]))


def _last(p: Floats, alpha: float) -> Bools:
    """Hochberg's procedure: all up to the last that passes."""
    order = np.argsort(p, kind="stable")
    return _put(order, np.logical_or.accumulate(_below(p, alpha)[order][::-1])[::-1])


def _same_order(p: Floats, alpha: float) -> Bools:
    """Holm's levels in the order in which the tests are given."""
    return np.logical_and.accumulate(p < alpha / (len(p) - np.arange(len(p))))


def _put(order: NDArray[np.intp], passes: Bools) -> Bools:
    found = np.zeros(len(order), dtype=bool)
    found[order] = passes
    return found


@exercise("search.every-deal", kind="build")
def every_deal(answer: object) -> str:
    """The exact permutation test of two best means."""
    f = function(answer, "x", "y", "k")
    rng = np.random.default_rng(10)
    for n, m, k, shift in (
        (5, 4, 2, 0.2), (4, 4, 2, 0.8), (5, 3, 2, 0.0), (5, 5, 3, 1.5), (4, 5, 1, 1.0),
        (3, 4, 3, -0.7),
    ):  # fmt: skip
        x, y = rng.random(n).round(2) + shift, rng.random(m).round(2)
        p = number(call(f, x, y, k))
        seen, deals = _apart(x, y, k), _deals(x, y, k)
        if close(p, float(np.mean(np.abs(deals) >= abs(seen) - 1e-9))):
            continue
        size = f"{n} and {m} errors, of which {k} {'is' if k == 1 else 'are'} kept"
        said = f"With {size} each, p is another."
        plain = _deals(x, y, None)
        kept = _deals(np.sort(x)[:k], np.sort(y)[:k], None)
        for wrong, mistake, hint in (
            (np.mean(np.abs(deals) > abs(seen) + 1e-9), "larger-only", "The true deal is one of "
             "all. Is its difference as large as its own?"),
            ((np.sum(np.abs(deals) >= abs(seen) - 1e-9) - 1) / len(deals), "without-the-true",
             "The true deal is one of all, and counts."),
            (np.mean(deals >= seen - 1e-9), "one-sided", "Before looking, it was not known which "
             "of the two would be better."),
            (np.mean(deals <= seen + 1e-9), "one-sided", "Before looking, it was not known which "
             "of the two would be better."),
            (np.mean(np.abs(plain) >= abs(_apart(x, y, None)) - 1e-9), "all-kept",
             "Which errors of a hand are compared?"),
            (np.mean(np.abs(kept) >= abs(_apart(x, y, k)) - 1e-9), "chosen-before",
             "You choose, then deal. In another deal, would the same errors have been chosen?"),
            (np.sum(np.abs(deals) >= abs(seen) - 1e-9), "count", "A share of all deals is wanted."),
            (np.mean(np.abs(deals) < abs(seen) - 1e-9), "smaller", "Is this how often chance does "
             "as much, or how often it does less?"),
        ):  # fmt: skip
            if close(p, float(wrong)):
                raise Wrong(mistake, said, hint=hint)
        raise Wrong("another-p", said, hint="Take two errors each and write down all six deals.")
    return "No distribution is supposed, and the choice is made anew in every deal."


def _apart(x: Floats, y: Floats, k: int | None) -> float:
    """The difference of the means of the best k."""
    return float(np.sort(x)[:k].mean() - np.sort(y)[:k].mean())


def _deals(x: Floats, y: Floats, k: int | None) -> Floats:
    """The difference in every deal of all errors."""
    pool = np.append(x, y)
    hands = (list(hand) for hand in combinations(range(len(pool)), len(x)))
    return np.array([_apart(pool[hand], np.delete(pool, hand), k) for hand in hands])

"""Checks of the exercises in the chapter "Random search"."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import call, close, function, members, number
from lstmlab.exercises.answers import whole as whole_number

Floats = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f")


@exercise("search.what-holds", kind="recall")
def what_holds(answer: object) -> str:
    """What holds of random trials, of grids, and of shares of a space."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "share-is-value", "In your answer being among the best 5% says how good the value "
         "is.", "A rank has no nats in it. Think of a space in which 96% of the places are "
         "hopeless."),
        ("c", "levels-multiply", "In your answer a grid tries as many rates as it has trials.",
         "How many of the trials of a grid share one rate?"),
        ("e", "always-random", "In your answer random search is best even where no knob can be "
         "left out.", "Which of the two leaves large holes: points drawn at random, or the middles "
         "of equal cells?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "knobs-count", "In your answer the number of knobs changes how many trials are "
         "needed to be among the best 5%.", "With which probability does a single trial land in "
         "that share, and what has the number of knobs to do with it?"),
        ("d", "idle-knob", "In your answer a knob that does nothing costs random search tries of "
         "the others.", "Strike the noise from a list of 81 random trials. How many of the lines "
         "left are equal?"),
        ("f", "gaps", "In your answer a search that was broken off has to be completed before its "
         "trials can be used.", "Does a random trial know of the others?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return (
        "A grid with gaps is no grid; a random search with fewer trials is a random search. "
        "(Trials that *failed* are another matter: see *Boxes and t-tests*.)"
    )


@exercise("search.below-the-middle", kind="derive")
def below_the_middle(answer: object) -> str:
    """The share of uniform draws from [a, r a] that lie below the middle in factors."""
    f = function(answer, "r")
    for r in (100.0, 1e4, 2.5, 1e6, 9.0):
        share = number(call(f, r))
        want = 1 / (1 + math.sqrt(r))
        if close(share, want):
            continue
        if close(share, 0.5):
            raise Wrong("half", "Your share is a half for every range.",
                        hint="Half of the draws would be below it if they were log-uniform. These "
                             "are uniform: what counts is how far the middle is from a, as a part "
                             "of the way from a to b.")  # fmt: skip
        if close(share, 1 / math.sqrt(r)):
            raise Wrong("from-zero", "Your share is counted from 0.",
                        hint="The draws begin at a. From where to where do you have to measure, "
                             "above the line and below it?")  # fmt: skip
        if close(share, 1 - want):
            raise Wrong("above", "That is the share above the middle.",
                        hint="For the paper's rates the answer is near 0.01.")  # fmt: skip
        if close(share, (math.sqrt(r) - 1) / r) or close(share, math.sqrt(r) / (r - 1)):
            raise Wrong("one-end-forgotten", "One of the two lengths is measured from a, the "
                        "other from 0.", hint="Take a from both: from the middle, and from "
                        "b.")  # fmt: skip
        raise Wrong("another-share", f"With r = {r:g} the share is another.",
                    hint="Put a = 1. Then b is r, and the middle is the root of r.")  # fmt: skip
    return "With a range of only a factor of two it is 41%: there the scale matters little."


@exercise("search.trials-needed", kind="derive")
def trials_needed(answer: object) -> str:
    """How many random trials hit the best share q with a probability of p or more."""
    f = function(answer, "q", "p")
    cases = ((0.01, 0.95), (0.1, 0.5), (0.002, 0.99), (0.3, 0.9), (0.6, 0.99), (0.05, 0.6))
    got = [whole_number(call(f, q, p)) for q, p in cases]
    exact = [math.log(1 - p) / math.log(1 - q) for q, p in cases]
    if got == [math.ceil(x) for x in exact]:
        return "For the best 1% it is 299, with a probability of 95%: about 3 / q, for a small q."
    for mistake, other, says, hint in (
        ("one-short", exact, "With some q and p your trials do not quite reach p.",
         "Which whole number is the smallest that is not below the quotient?"),
        ("one-over", [x + 1 for x in exact], "One trial less is enough.",
         "Try how likely a hit is with one trial less."),
        ("added-up", [p / q for q, p in cases], "You have added up the chances of single trials.",
         "Two trials can hit the same share, and 1/q trials are not certain of it. Begin with the "
         "chance that all of them miss."),
        ("upside-down", [1 / x for x in exact], "A smaller share takes fewer trials in your "
         "answer.", "Which of the two logarithms belongs below the line?"),
        ("misses-with-p", [math.log(p) / math.log(1 - q) for q, p in cases],
         "Your trials all miss with a probability of p.",
         "If one or more hits with a probability of p, how likely is it that none does?"),
        ("hits-each-time", [math.log(1 - p) / math.log(q) for q, p in cases],
         "Your logarithm below the line is that of a hit.",
         "With which probability does a single trial miss the best q?"),
    ):  # fmt: skip
        if any(got == [turned(x) for x in other] for turned in (math.ceil, math.floor, round)):
            raise Wrong(mistake, says, hint=hint)
    q, p = cases[next(n for n, x in enumerate(exact) if got[n] != math.ceil(x))]
    raise Wrong("another-number", f"With q = {q} and p = {p} it is another number.",
                hint="All n miss with a probability of (1 - q) to the power of n. How large may "
                     "that be?")  # fmt: skip


@exercise("search.whole-numbers", kind="build")
def whole_numbers(answer: object) -> str:
    """A draw of whole numbers on a logarithmic scale, from a uniform number."""
    f = function(answer, "u", "low", "high")
    rng = np.random.default_rng(7)
    for low, high in ((20, 200), (1, 8), (3, 4), (5, 50)):
        share = np.append(0.0, rng.random(60))
        got = np.array([whole_number(call(f, float(u), low, high)) for u in share])
        want = _stretches(share, low, high)
        if np.array_equal(got, want):
            continue
        if np.array_equal(got, np.round((low - 0.5) * ((high + 0.5) / (low - 0.5)) ** share)):
            raise Wrong("half-to-even", f"From {low} to {high}, at `u = 0` you have {got[0]:g}: "
                        "Python's `round` takes a half to the even neighbour.",
                        hint="`floor(x + 0.5)` does not.")  # fmt: skip
        if got.min() < low or got.max() > high:
            raise Wrong("outside", f"From {low} to {high}, one of your numbers is "
                        f"{got.max() if got.max() > high else got.min()}.",
                        hint="Where does the stretch of the last number end, and where that of the "
                             "first begin?")  # fmt: skip
        for mistake, other, says, hint in (
            ("half-ends", np.round(low * (high / low) ** share),
             "The first and the last number come up too seldom.",
             "A number has half a stretch to either side. What is there below the first, and above "
             "the last?"),
            ("cut-off", np.floor(low * (high / low) ** share),
             "Your number N has the stretch from N to N + 1, and the last number has none.",
             "In the text the stretch of N lies to both sides of N."),
            ("rounded-down", np.floor(low * ((high + 1) / low) ** share),
             "Your number N has the stretch from N to N + 1.",
             "In the text the stretch of N lies to both sides of N."),
            ("uniform", np.floor(low + (high + 1 - low) * share),
             "All numbers are equally likely in your draw.",
             "On a logarithmic scale 5 has a wider stretch than 50."),
            ("uniform", np.round(low + (high - low) * share),
             "Your draw is uniform, on a linear scale.",
             "On a logarithmic scale 5 has a wider stretch than 50."),
            ("backwards", _stretches(1 - share, low, high),
             "A larger `u` gives a smaller number.", "At `u = 0` the number is `low`."),
        ):  # fmt: skip
            if np.array_equal(got, other):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-draw", f"From {low} to {high}, some of your numbers are others.",
                    hint="Draw a number that need not be whole first, log-uniformly, from half "
                         "below the first to half above the last.")  # fmt: skip
    return "That is how `lstmlab.search` draws the number of blocks."


def _stretches(u: Floats, low: int, high: int) -> Floats:
    """The number in whose stretch each u lies, by looking at all of them."""
    edges = np.log(np.arange(low, high + 2) - 0.5)
    edges = (edges - edges[0]) / (edges[-1] - edges[0])
    at = np.searchsorted(edges, u, side="right") - 1
    return np.asarray(low + np.clip(at, 0, high - low), dtype=np.float64)


@exercise("search.chosen-by-validation", kind="build")
def chosen_by_validation(answer: object) -> str:
    """The mean test loss of the trial that validation would choose among n."""
    f = function(answer, "valid", "test", "n")
    rng = np.random.default_rng(7)
    for N, n in ((6, 2), (25, 7), (60, 1), (40, 12), (9, 9)):
        valid = rng.permutation(np.geomspace(8, 60, N))
        test = valid * rng.uniform(0.8, 1.3, N)
        loss = number(call(f, valid, test, n))
        order = np.argsort(valid)
        p = _first(n, N)
        if close(loss, float(p @ test[order])):
            continue
        back = np.arange(N, -1, -1) / N
        for mistake, other, says, hint in (
            ("chosen-on-test", p @ np.sort(test),
             "Your search chooses by the test loss.",
             "On whose ranks do the probabilities depend? The losses must stand in that order."),
            ("not-ranked", p @ test,
             "Your trials are not in the order of their ranks.",
             "The first probability belongs to the best trial, not to the first in the list."),
            ("valid-reported", p @ valid[order],
             "You report the validation loss of the chosen trial.",
             "Validation chooses; which loss is then read off?"),
            ("put-back", (back[:-1] ** n - back[1:] ** n) @ test[order],
             "A trial can be taken twice in your search.",
             "Nothing is put back: after the first draw only N - 1 are left."),
            ("all-of-them", test[order[0]],
             "Your search always has all N trials.",
             "The best of all is often not among the n that are taken."),
            ("worst-chosen", p @ test[order[::-1]],
             "Your search chooses the trial with the highest loss.",
             "Less is better: which rank has the largest probability?"),
        ):  # fmt: skip
            if close(loss, float(other)):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-loss", f"With {N} trials and n = {n} the mean is another.",
                    hint="Try N = 2 by hand: with n = 1 both trials are equally likely, with "
                         "n = 2 the better one is chosen.")  # fmt: skip
    return "So the curve of test loss over the number of trials costs no further training."


def _first(n: int, N: int) -> Floats:
    """Probabilities that the best of n of N is the first, second, … of all, one factor a step."""
    p, left = np.zeros(N), 1.0
    for i in range(N - n + 1):
        p[i] = left * n / (N - i)
        left -= p[i]
    return p

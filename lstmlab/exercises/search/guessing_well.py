"""Checks of the exercises in the chapter "Guessing well: TPE"."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, choice, close, function, number, several

Floats = NDArray[np.float64]

L = {"a": 3.2, "b": 0.6, "c": 2.0, "d": 1.2, "e": 0.2, "f": 2.5}
G = {"a": 1.6, "b": 0.1, "c": 0.5, "d": 0.8, "e": 0.4, "f": 2.5}


@exercise("search.which-is-next", kind="recall")
def which_is_next(answer: object) -> str:
    """Six candidates in the order in which TPE likes them."""
    places = ("first", "second", "third", "fourth", "fifth", "sixth")
    given = [choice(one, list(L)) for one in several(answer, *places)]
    if len(set(given)) < len(given):
        raise Wrong("twice", "One of the letters is there twice.",
                    hint="There are six candidates and six places.")  # fmt: skip
    if given == sorted(L, key=lambda k: L[k] / G[k], reverse=True):
        return "A place with few good trials can be the best, if nobody else has been there."
    for mistake, key, says, hint in (
        ("reversed", lambda k: L[k] / G[k], "Your order begins with the worst.",
         "Is a place good if it looks more like the good trials, or if it looks less like them?"),
        ("good-alone", lambda k: -L[k], "Your order looks at the good trials alone.",
         "Candidate a has the highest l. How many of the others have been there?"),
        ("others-alone", lambda k: G[k], "Your order looks at the others alone.",
         "Few of the others have been at e. Have any good ones?"),
        ("difference", lambda k: G[k] - L[k], "Your order is that of the differences l - g.",
         "On what does the expected improvement depend, if you divide above and below by l?"),
    ):  # fmt: skip
        if given == sorted(L, key=key):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong("another-order", "Some of the six are in another order.",
                hint="Work out one number for each candidate: how many times as dense the good "
                     "trials are there as the others.")  # fmt: skip


@exercise("search.good-ones", kind="build")
def good_ones(answer: object) -> str:
    """The numbers of the good trials, the best first."""
    f = function(answer, "values", "gamma")
    nan = float("nan")
    rng = np.random.default_rng(7)
    cases = [
        (rng.permutation(12) / 10.0, 0.3),
        (rng.permutation(9) - 20.0, 0.5),
        (np.array([0.4, 0.2, 0.2, 0.9, 0.2]), 0.4),
        (np.array([0.5, nan, 0.4, nan, nan, 0.8, 0.3, nan]), 0.25),
        (np.array([nan, 0.7, nan, nan]), 0.75),
        (np.array([3.0, 1.0, nan, 2.0, nan]), 0.5),
        (np.array([2.0, 1.0]), 0.05),
        (rng.permutation(40) / 7.0, 0.11),
        (np.tile([0.5, 0.25], 20), 0.4),
    ]
    for values, gamma in cases:
        got = array(call(f, values, gamma), (None,)).tolist()
        if got == _good(values, gamma):
            continue
        order = np.argsort(values, kind="stable")
        done = values[np.isfinite(values)]
        share = gamma * len(values)
        count = math.ceil(share)
        told = f"With {len(values)} trials, {len(values) - len(done)} of them failed, and a "
        told += f"share of {gamma:g}"
        for mistake, other, says, hint in (
            ("failed-are-good", order[:count].tolist(), f"{told}, a failed trial is good.",
             "How many trials have a value at all?"),
            ("rounded-down", order[: int(share)].tolist(), f"{told}, one is missing.",
             "The share is rounded up: also the smallest share makes one trial good."),
            ("share-of-the-rest", order[: math.ceil(gamma * len(done))].tolist(),
             f"{told}, there are too few.",
             "The share is of all trials, and a failed one is a trial."),
            ("largest", np.argsort(-values, kind="stable")[:count].tolist(),
             "Your good trials are those with the largest errors.", "Less is better."),
            ("not-in-order", sorted(_good(values, gamma)),
             "They are the right trials, in the order in which they were made.",
             "The best comes first."),
        ):  # fmt: skip
            if got == other:
                raise Wrong(mistake, says, hint=hint)
        if close_to_values(got, values[_good(values, gamma)]):
            raise Wrong("values", "These are the errors of the good trials.",
                        hint="Asked for are their numbers, counted from 0.")  # fmt: skip
        if sorted(got) == sorted(_good(values, gamma)):
            raise Wrong("not-in-order", "They are the right trials, in another order.",
                        hint="The best comes first, and of equal ones the earlier.")  # fmt: skip
        if len(set(done.tolist())) < len(done):
            raise Wrong("equal-ones", "Some errors are equal, and a later trial is before an "
                        "earlier one.", hint="Sorting can be told to keep the order of equals: "
                        "look for \"stable\".")  # fmt: skip
        raise Wrong("others", f"{told}, your good trials are not the right ones.",
                    hint="Put all trials in order first, the failed ones last; then count off the "
                         "share, rounded up.")  # fmt: skip
    return "If only half as many trials have a value as the share asks for, all that have are good."


def close_to_values(got: list[float], want: Floats) -> bool:
    """Whether a list holds these errors."""
    return len(got) == len(want) and bool(np.allclose(got, want))


def _good(values: Floats, gamma: float) -> list[int]:
    """One after the other, the best that is left."""
    left = {n: float(v) for n, v in enumerate(values) if np.isfinite(v)}
    found: list[int] = []
    while left and len(found) < gamma * len(values):
        best = min(left, key=lambda n: (left[n], n))
        found.append(best)
        del left[best]
    return found


@exercise("search.window-widths", kind="build")
def window_widths(answer: object) -> str:
    """How wide the window around each trial is."""
    f = function(answer, "places")
    rng = np.random.default_rng(7)
    for places in (
        np.array([0.404, 0.9, 0.4, 0.408]), np.array([0.25]), rng.random(2), rng.random(5),
        rng.permutation(np.linspace(0.05, 0.95, 10)), rng.random(30), rng.random(200),
        np.array([0.0, 1.0, 0.1, 0.7]),
    ):  # fmt: skip
        K = len(places)
        got = array(call(f, places), (K,))
        gaps = np.array([_gaps(places, k) for k in range(K)])
        floor = 1 / min(100, 2 + K)
        want = np.maximum(gaps.max(axis=1), floor)
        if close(got, want):
            continue
        trials = f"{K} trial{'s' if K > 1 else ''}"
        order = np.argsort(places)
        inner = np.sort(places)
        no_ends = np.array([
            max([abs(places[k] - other) for other in _beside(inner, order, k)], default=0.5)
            for k in range(K)
        ])  # fmt: skip
        for mistake, other, says, hint in (
            ("smaller-gap", np.maximum(gaps.min(axis=1), floor),
             "Your window reaches to the nearer neighbour.",
             "Of the two distances the larger one counts: a window has to reach across the gap."),
            ("sorted", want[order],
             "Your widths are in the order of the places.",
             "The first width belongs to the first trial, wherever it lies. What puts sorted "
             "things back?"),
            ("no-floor", gaps.max(axis=1), f"With {trials} your narrowest window is too narrow.",
             "A width has a smallest value, which depends on the number of trials."),
            ("floor-of-trials-alone", np.maximum(gaps.max(axis=1), 1 / (2 + K)),
             f"With {trials} a window is narrower than 1/100.",
             "With many trials the other bound is the larger one."),
            ("floor-of-a-hundredth", np.maximum(gaps.max(axis=1), 0.01),
             f"With {trials} your narrowest window is narrower than 1 / (2 + K).",
             "There are two bounds, and the larger one holds."),
            ("mean-gap", np.maximum(gaps.mean(axis=1), floor),
             "Your width is the mean of both distances.", "The larger one counts."),
            ("both-gaps", np.maximum(gaps.sum(axis=1), floor),
             "Your width is the sum of both distances.", "The larger one counts."),
            ("ends-forgotten", np.maximum(no_ends, floor),
             "Your outermost trials do not reach to the ends of the range.",
             "0 and 1 are neighbours, too. Put them into the list before you take differences."),
        ):  # fmt: skip
            if close(got, other):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("other-widths", f"With {trials} some widths are others.",
                    hint="Sort the places, put 0 before them and 1 behind, and look at the gaps: "
                         "every trial has one on its left and one on its right.")  # fmt: skip
    return "So the density follows trials where they are dense, and is flat where they are not."


def _gaps(places: Floats, k: int) -> tuple[float, float]:
    """The distances from a trial to its neighbours, by looking at all others."""
    here = float(places[k])
    left, right = here, 1 - here
    for n, there in enumerate(places.tolist()):
        if n == k:
            continue
        if there < here:
            left = min(left, here - there)
        else:
            right = min(right, there - here)
    return left, right


def _beside(inner: Floats, order: NDArray[np.intp], k: int) -> list[float]:
    """The trials beside a trial, without the ends."""
    at = int(np.flatnonzero(order == k)[0])
    return [float(inner[n]) for n in (at - 1, at + 1) if 0 <= n < len(inner)]


@exercise("search.chance-to-be-good", kind="derive")
def chance_to_be_good(answer: object) -> str:
    """The probability that a trial is good, from both densities and the share."""
    f = function(answer, "l", "g", "gamma")
    for l, g, gamma in (
        (2.0, 0.5, 0.2), (0.3, 1.7, 0.15), (1.4, 1.4, 0.35), (4.0, 0.1, 0.1), (0.0, 0.8, 0.25),
        (0.9, 0.0, 0.3),
    ):  # fmt: skip
        got = number(call(f, l, g, gamma))
        want = gamma * l / (gamma * l + (1 - gamma) * g)
        if close(got, want):
            continue
        both = l + g
        for mistake, other, says, hint in (
            ("share-forgotten", l / both, "Your probability does not depend on the share.",
             "Where both densities are the same, a trial is good as often as anywhere: not half of "
             "the time."),
            ("share-swapped", (1 - gamma) * l / ((1 - gamma) * l + gamma * g),
             "You have given the good trials the others' share.",
             "Which of the two groups is the share gamma of all trials?"),
            ("ratio", l / g if g else None, "That is the ratio of the densities.",
             "A probability is at most 1. How is p(x) made of both densities?"),
            ("the-others", 1 - want, "That is the probability that it is not good.",
             "Where l is large and g small the answer is near 1."),
            ("not-divided", gamma * l, "That is how dense good trials are among all trials.",
             "Bayes' rule divides by something."),
            ("improvement", l / (gamma * l + (1 - gamma) * g),
             "That is the bracket of the expected improvement; it can be more than 1.",
             "Where l and g are equal the place says nothing: what is the probability then?"),
            ("odds", gamma * l / ((1 - gamma) * g) if g else None,
             "Those are the odds, good against not good.",
             "A probability is a part of the whole; the whole is both."),
        ):  # fmt: skip
            if other is not None and close(got, other):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-chance",
                    f"With l = {l:g}, g = {g:g} and gamma = {gamma:g} it is another number.",
                    hint="Think of a thousand trials, of which gamma are good. How many good ones "
                         "are near x, and how many others?")  # fmt: skip
    return "Times the mean improvement of a good trial it is TPE's expected improvement."


@exercise("search.improvement-in-accuracy", kind="derive")
def improvement_in_accuracy(answer: object) -> str:
    """The expected improvement where more is better, under a normal belief."""
    f = function(answer, "m", "s", "b")
    for m, s, b in (
        (0.8, 0.1, 0.85), (0.9, 0.02, 0.88), (0.5, 0.3, 0.9), (0.7, 0.05, 0.7), (2.0, 1.5, -1.0),
    ):  # fmt: skip
        got = number(call(f, m, s, b))
        z = (m - b) / s
        bell, below = math.exp(-z * z / 2) / math.sqrt(2 * math.pi), float(ndtr(z))
        if close(got, (m - b) * below + s * bell):
            continue
        for mistake, other, says, hint in (
            ("other-direction", (b - m) * (1 - below) + s * bell,
             "That is the improvement to expect if less were better.",
             "Where the mean is far above b, the expected improvement is nearly m - b."),
            ("chance", below, "That is the probability of an improvement.",
             "How large an improvement is counts, too."),
            ("mean-alone", max(m - b, 0.0), "Your place cannot be better than its mean.",
             "With m = b half of the outcomes are above b."),
            ("first-term", (m - b) * below, "A part of the integral is missing.",
             "With m = b your result is 0, and half of the outcomes are above b."),
            ("second-term", s * bell, "A part of the integral is missing.",
             "Split the integral: y - b is (m - b) and what y is above m."),
            ("deviation-forgotten", (m - b) * below + bell,
             "The bell does not know how wide the belief is.",
             "Put y = m + s t. What does t have in front of it?"),
            ("density-of-y", (m - b) * below + bell / s,
             "You have taken the density of y for that of t.",
             "After y = m + s t the density is that of the standard normal, and dy is s dt."),
            ("minus", (m - b) * below - s * bell, "One of the terms has the wrong sign.",
             "An expected improvement is never below 0. With m = b yours is."),
        ):  # fmt: skip
            if close(got, other):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-improvement",
                    f"With m = {m:g}, s = {s:g} and b = {b:g} it is another number.",
                    hint="With y = m + s t the integral begins at t = -z, where z = (m - b)/s. "
                         "What is the integral of t times the bell from there?")  # fmt: skip
    return "At m = b it is 0.4 s: what is not known is worth something by itself."

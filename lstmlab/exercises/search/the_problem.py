"""Checks of the exercises in the chapter "What was the problem"."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number, whole

Floats = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f", "g")


@exercise("search.what-it-was", kind="recall")
def what_it_was(answer: object) -> str:
    """What the measurements of the chapter say, and what they do not."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "averaging-mends-saddles", "In your answer enough networks at each corner give a "
         "cell a bottom.", "Whatever the four numbers at the corners are, what is the second "
         "derivative along an edge?"),
        ("d", "common-cancels", "In your answer common seeds make a difference in the hidden size "
         "calmer.", "What have matrices for 40 and for 41 units in common, besides their seed?"),
        ("f", "clear-is-right", "In your answer clear signs speak for an objective.",
         "Which of the two losses had the clearest signs, and what did it rank places by?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "ruler", "In your answer the surface can grow a hundredfold when the ruler shrinks "
         "to a hundredth.", "What does a slope do when it is measured with a narrower difference, "
         "and what does luck over that width?"),
        ("c", "luck-in-cells", "In your answer luck puts another share of the saddles inside.",
         "Of the six pairs of corners that can be the highest two, how many are a diagonal?"),
        ("e", "doubt-is-dear", "In your answer a doubtful sign always costs much.",
         "Where signs are doubtful, how large is the difference that is at stake?"),
        ("g", "equal-from-the-start", "In your answer a descent needs no more trainings than lots "
         "before it can be better.", "How many trainings is one gradient with differences to both "
         "sides, and how many places has random search seen by then?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "Behind every fault stood the next: with calm signs the loss would still rank by length."


@exercise("search.pairs-for-a-sign", kind="derive")
def pairs_for_a_sign(answer: object) -> str:
    """How many pairs make a sign right with a given probability, with correlated luck."""
    f = function(answer, "d", "sigma_1", "sigma_2", "rho", "P")
    cases = [
        (0.1, 0.1, 0.1, 0.0, 0.95),
        (-0.05, 0.09, 0.12, 0.0, 0.95),
        (0.05, 0.1, 0.1, 0.9, 0.95),
        (0.02, 0.08, 0.05, 0.4, 0.99),
        (1.5, 0.2, 0.1, 0.3, 0.8),
        (0.03, 0.1, 0.2, -0.2, 0.75),
    ]
    got = [whole(call(f, *case)) for case in cases]

    def all_like(way: Callable[[float, float, float, float, float], float]) -> bool:
        return got == [max(1, math.ceil(way(*case))) for case in cases]

    if all_like(_pairs):
        return "With ρ = 0.9 a tenth of the pairs is enough; in the hidden size ρ is about 0."
    for mistake, way, says, hint in (
        ("rho-forgotten", lambda d, a, b, rho, p: _pairs(d, a, b, 0.0, p),
         "Your number does not depend on rho.",
         "The variance of a difference has a term with the covariance."),
        ("rho-once", lambda d, a, b, rho, p: _pairs(d, a, b, rho / 2, p),
         "The correlation counts half for you.",
         "How often is the product of both ends' luck in the square of their difference?"),
        ("rho-sign", lambda d, a, b, rho, p: _pairs(d, a, b, -rho, p),
         "For you luck that is alike makes a difference less certain.",
         "What is left of luck that is the same at both ends?"),
        ("two-sided", lambda d, a, b, rho, p: _pairs(d, a, b, rho, (1 + p) / 2),
         "You leave half of the errors at the far side.",
         "A sign is wrong at one side only: where the mean difference is beyond 0."),
        ("one-network", lambda d, a, b, rho, p: (_z(p) * a / d) ** 2,
         "You count the luck of one end alone.", "Both ends of a difference are trainings."),
        ("not-squared", lambda d, a, b, rho, p: math.sqrt(_pairs(d, a, b, rho, p)),
         "Your number grows with σ/d, not with its square.",
         "Four pairs halve the deviation of a mean."),
    ):  # fmt: skip
        if all_like(way):
            raise Wrong(mistake, says, hint=hint)
    if got == [math.floor(_pairs(*case)) for case in cases]:
        raise Wrong("rounded-down", "With so many pairs it is not quite P yet, or there is none.",
                    hint="Round up; and at least one pair is needed.")  # fmt: skip
    at = next(n for n, case in enumerate(cases) if got[n] != max(1, math.ceil(_pairs(*case))))
    d, a, b, rho, p = cases[at]
    raise Wrong("another-number", f"For d = {d}, sigma_1 = {a}, sigma_2 = {b}, rho = {rho} and "
                f"P = {p} it is not {got[at]}.",
                hint="Write the probability that the mean of n differences has the sign of d, and "
                     "solve for n.")  # fmt: skip


def _z(p: float) -> float:
    """The normal quantile, by bisection of the error function."""
    low, high = -9.0, 9.0
    for _ in range(200):
        middle = (low + high) / 2
        if (1 + math.erf(middle / math.sqrt(2))) / 2 < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _pairs(d: float, a: float, b: float, rho: float, p: float) -> float:
    return _z(p) ** 2 * (a * a + b * b - 2 * rho * a * b) / d**2


@exercise("search.break-even", kind="derive")
def break_even(answer: object) -> str:
    """How well a network with one character more must do for the summed loss to notice."""
    f = function(answer, "s", "alpha", "V", "e")
    cases = [(12, 100, 63, 4.0), (30, 100, 65, 3.5), (20, 1000, 63, 3.0), (5, 2000, 50, 2.5),
             (39, 500, 80, 3.2), (12, 100, 63, 3.0)]  # fmt: skip
    got = np.array([number(call(f, *case)) for case in cases])

    def all_like(way: Callable[[int, int, int, float], float]) -> bool:
        return close(got, np.array([way(*case) for case in cases]), 1e-4)

    if all_like(_even):
        return "After 100 windows of 12 at 3.4 nats it is 0.1: one with 13 must be all but perfect."
    for mistake, way, says, hint in (
        ("constant-forgotten", lambda s, n, v, e: s * e / (s + 1),
         "You leave out what is left of the start.",
         "How much of s ln V is in the loss after α windows, and of (s + 1) ln V?"),
        ("clamped", lambda s, n, v, e: max(0.0, _even(s, n, v, e)),
         "You do not let it go below 0.",
         "A negative answer says something, too: leave it as it is."),
        ("same-mean", lambda s, n, v, e: e, "At the same mean per character the longer window's "
         "sum is larger.", "Write both losses, and set them equal."),
        ("constant-once", lambda s, n, v, e: (s * e - 0.999**n * math.log(v)) / (s + 1),
         "You forget that the windows count for 1 - 0.999^α only.",
         "In front of s e stands a factor, too."),
        ("upwards", lambda s, n, v, e: (s * e + _start(n, v)) / (s + 1),
         "For you the longer window may be worse than the shorter one.",
         "Which of the two begins with the larger constant?"),
        ("summed-not-mean", lambda s, n, v, e: s * e - _start(n, v),
         "That is the sum over the s + 1 characters.", "Asked is the mean per character."),
        ("old-length", lambda s, n, v, e: (s * e - _start(n, v)) / s,
         "You divide by the old length.", "Over how many characters is the mean?"),
    ):  # fmt: skip
        if all_like(way):
            raise Wrong(mistake, says, hint=hint)
    at = next(n for n, case in enumerate(cases) if not close(got[n], _even(*case), 1e-4))
    s, n, v, e = cases[at]
    raise Wrong("another-mean", f"For s = {s}, alpha = {n}, V = {v} and e = {e} it is not "
                f"{got[at]:.4g}.", hint="Set L(s, α, V, e) equal to L(s + 1, α, V, x) and solve "
                "for x.")  # fmt: skip


def _start(alpha: int, v: int) -> float:
    """What one character's share of the start weighs, against the windows' weight."""
    left = 0.999**alpha
    return left / (1 - left) * math.log(v)


def _even(s: int, alpha: int, v: int, e: float) -> float:
    return (s * e - _start(alpha, v)) / (s + 1)


@exercise("search.saddles-inside", kind="build")
def saddles_inside(answer: object) -> str:
    """Which cells of a table hold their saddle, from comparisons alone."""
    f = function(answer, "table")
    rng = np.random.default_rng(4)
    tables = [
        rng.permutation(42.0 * np.arange(42) % 43 + 1).reshape(6, 7),
        rng.normal(size=(9, 5)),
        np.add.outer(np.arange(4.0) ** 2, 3.0 * np.arange(6)) + 0.01 * rng.normal(size=(4, 6)),
        rng.normal(size=(3, 3)) * 1e-3 + 50,
        np.add.outer(np.arange(5.0), np.arange(5.0)) + rng.normal(size=(5, 5)),
    ]
    got = [
        array(call(f, table.copy()), (table.shape[0] - 1, table.shape[1] - 1)) for table in tables
    ]
    for each in got:
        if not np.isin(each, (0, 1)).all():
            raise Wrong("not-yes-or-no", "Your array holds other things than True and False.",
                        hint="Each cell holds its saddle, or does not.")  # fmt: skip

    def all_like(way: Callable[[Floats, Floats, Floats, Floats], NDArray[np.bool_]]) -> bool:
        return all(
            np.array_equal(each, way(*_corners(table)))
            for each, table in zip(got, tables, strict=True)
        )

    if all_like(_held):
        return "Of 400 by 400 draws of pure luck it finds a third of the cells."
    for mistake, way, says, hint in (
        ("every-cell", lambda a, b, c, d: np.ones(a.shape, dtype=bool),
         "You count every cell that has a saddle somewhere.",
         "Asked is whether it lies inside of the cell."),
        ("one-direction", lambda a, b, c, d: (c - a) * (d - b) < 0,
         "You look whether the slope in the rows' direction changes sign, and at no other.",
         "At the level point both slopes are 0."),
        ("one-direction", lambda a, b, c, d: (b - a) * (d - c) < 0,
         "You look whether the slope in the columns' direction changes sign, and at no other.",
         "At the level point both slopes are 0."),
        ("either", lambda a, b, c, d: ((c - a) * (d - b) < 0) | ((b - a) * (d - c) < 0),
         "You take cells in which one of the slopes changes sign.",
         "At the level point both slopes are 0."),
        ("one-diagonal", lambda a, b, c, d: np.minimum(a, d) > np.maximum(b, c),
         "You find the saddles between two high corners on one diagonal.",
         "The high corners may be on the other diagonal."),
        ("one-diagonal", lambda a, b, c, d: np.minimum(b, c) > np.maximum(a, d),
         "You find the saddles between two high corners on one diagonal.",
         "The high corners may be on the other diagonal."),
        ("sums", lambda a, b, c, d: a + d > b + c,
         "You compare the diagonals' sums: that is the sign of the twist.",
         "Are both corners of one diagonal higher than both of the other?"),
        ("inverted", lambda a, b, c, d: ~_held(a, b, c, d),
         "True and False have changed places.", "True where the saddle lies inside."),
    ):  # fmt: skip
        if all_like(way):
            raise Wrong(mistake, says, hint=hint)
    n = next(n for n, t in enumerate(tables) if not np.array_equal(got[n], _held(*_corners(t))))
    i, j = np.argwhere(got[n] != _held(*_corners(tables[n])))[0]
    four = ", ".join(f"{corner[i, j]:.4g}" for corner in _corners(tables[n]))
    raise Wrong("other-cells", f"The cell with the corners {four} (f00, f01, f10, f11) is "
                f"{'not one' if got[n][i, j] else 'one'} of them.",
                hint="Both slopes must change sign within the cell.")  # fmt: skip


def _corners(table: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    return table[:-1, :-1], table[:-1, 1:], table[1:, :-1], table[1:, 1:]


def _held(a: Floats, b: Floats, c: Floats, d: Floats) -> NDArray[np.bool_]:
    held: NDArray[np.bool_] = (np.minimum(a, d) > np.maximum(b, c)) | (
        np.minimum(b, c) > np.maximum(a, d)
    )
    return held


@exercise("search.best-of-lots", kind="build")
def best_of_lots(answer: object) -> str:
    """The expected lowest of n lots, from a sample without repetition."""
    f = function(answer, "losses", "n")
    rng = np.random.default_rng(8)
    cases = [
        ([4.0, 3.0, 5.0, 1.0], 2),
        (rng.normal(size=9).round(3).tolist(), 3),
        ([2.0, 2.0, 7.0, 1.0, 7.0], 1),
        (rng.exponential(size=8).round(3).tolist(), 8),
        (rng.normal(size=14).round(3).tolist(), 5),
    ]
    got = np.array([number(call(f, np.array(losses), n)) for losses, n in cases])

    def all_like(way: Callable[[Floats, int], float]) -> bool:
        return close(got, np.array([way(np.array(losses), n) for losses, n in cases]))

    if all_like(_lowest):
        return "From one sample of lots it draws the whole curve of random search."
    for mistake, way, says, hint in (
        ("with-repetition", _repeating, "Your lots can be drawn twice.",
         "Of N losses, how many sets of n are there in which the i-th smallest is the lowest?"),
        ("highest", lambda x, n: -_lowest(-x, n), "That is the expected highest.",
         "A loss is to be low."),
        ("lowest-of-all", lambda x, n: float(x.min()), "That is the lowest of all N.",
         "Only n of them have been seen."),
        ("first-n", lambda x, n: float(x[:n].min()), "You look at the first n alone.",
         "Every set of n is as likely as any other."),
        ("mean", lambda x, n: float(x.mean()), "That is the mean of all.",
         "Of n lots the lowest is kept."),
        ("quantile", lambda x, n: float(np.quantile(x, 1 - 0.5 ** (1 / n))),
         "That is the median of the lowest.", "Asked is its expectation."),
    ):  # fmt: skip
        if all_like(way):
            raise Wrong(mistake, says, hint=hint)
    at = next(n for n, (x, k) in enumerate(cases) if not close(got[n], _lowest(np.array(x), k)))
    losses, n = cases[at]
    raise Wrong("another-expectation", f"For {len(losses)} losses and n = {n} it is not "
                f"{got[at]:.4g}.",
                hint="Sort them. In how many of the C(N, n) sets is the i-th the "
                "lowest?")  # fmt: skip


def _lowest(x: Floats, n: int) -> float:
    """By the definition: over all sets of n."""
    return float(np.mean([min(chosen) for chosen in combinations(x.tolist(), n)]))


def _repeating(x: Floats, n: int) -> float:
    above = np.arange(len(x), -1, -1) / len(x)
    return float(np.sort(x) @ (above[:-1] ** n - above[1:] ** n))

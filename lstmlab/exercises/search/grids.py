"""Checks of the exercises in the chapter "Grids and their curse"."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, function, mapping, members, several
from lstmlab.exercises.answers import whole as whole_number

STATEMENTS = ("a", "b", "c", "d", "e", "f")


@exercise("search.grids-hold", kind="recall")
def grids_hold(answer: object) -> str:
    """What holds of distances, of Latin hypercubes, and of grids over winners."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "curse-solved", "In your answer random trials are as close to everything in eight "
         "dimensions as in two.", "Around each trial, what is the volume of the cube of places "
         "within 0.1 of it, with two hyperparameters and with eight?"),
        ("d", "hypercube-is-grid", "In your answer a Latin hypercube has a trial in each cell of a "
         "grid.", "Think of two hyperparameters and four trials along the diagonal. Is that a "
         "Latin hypercube?"),
        ("f", "between-winners", "In your answer a grid over winners has values that no winner "
         "had.", "Where do its levels come from?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "not-the-power", "In your answer the distance halves for another number of trials.",
         "Half the distance makes a cube with half the side. How many of them fill the old one, in "
         "four dimensions?"),
        ("c", "strips-empty", "In your answer a Latin hypercube leaves strips empty, or uses one "
         "twice.", "How many trials are there, how many strips, and what is a random *order* of "
         "the strips?"),
        ("e", "winners-left-out", "In your answer a grid over winners can be worse than all of "
         "them.", "Are the winners themselves among its combinations?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "With luck in the objective, the grid's choice can be worse: the lowest of many is low."


@exercise("search.near-enough", kind="derive")
def near_enough(answer: object) -> str:
    """The trials of the smallest grid of middles that is within r of every place."""
    f = function(answer, "r", "d")
    cases = ((0.3, 3), (0.15, 4), (0.07, 2), (0.125, 3), (0.24, 5), (0.04, 1))
    got = [whole_number(call(f, r, d)) for r, d in cases]
    k = [math.ceil(1 / (2 * r)) for r, _ in cases]
    if got == [each**d for each, (_, d) in zip(k, cases, strict=True)]:
        return "For r = 0.05 and the paper's four hyperparameters it is 10,000."
    for mistake, other, says, hint in (
        ("power-first", [math.ceil((1 / (2 * r)) ** d) for r, d in cases],
         "You take the power first, and then the next whole number.",
         "How many levels does one hyperparameter have? That must be a whole number already."),
        ("end-to-end", [(each + 1) ** d for each, (_, d) in zip(k, cases, strict=True)],
         "Your grid has one level too many: it goes from end to end.",
         "In a grid of middles the first level is half a cell from the end."),
        ("whole-cell", [math.ceil(1 / r) ** d for r, d in cases],
         "Your cells are only r wide.",
         "From the middle of a cell, how far is it to the cell's border?"),
        ("rounded-down", [math.floor(1 / (2 * r)) ** d for r, d in cases],
         "In your grid some places are further than r from all trials.",
         "Which whole number of levels is the smallest that is not below 1 / (2 r)?"),
        ("added", [each * d for each, (_, d) in zip(k, cases, strict=True)],
         "You add up the levels of the hyperparameters.",
         "A grid tries each level of one with each level of all the others."),
        ("one-side", k, "Your number does not depend on the hyperparameters.",
         "That is how many levels each of them has. How many combinations are there?"),
    ):  # fmt: skip
        if got == other:
            raise Wrong(mistake, says, hint=hint)
    at = next(n for n, (r, d) in enumerate(cases) if got[n] != k[n] ** d)
    raise Wrong("another-number", f"With r = {cases[at][0]} and d = {cases[at][1]} it is another "
                "number.", hint="With k levels a cell is 1/k wide. How far are its corners from "
                "its middle?")  # fmt: skip


@exercise("search.seen-so-far", kind="derive")
def seen_so_far(answer: object) -> str:
    """How many levels of each hyperparameter a grid has tried after n trials."""
    f = function(answer, "levels", "n")
    cases = (([3, 3, 3, 3], 40), ([2, 5, 3], 16), ([5, 4], 9), ([7], 3), ([2, 3, 4], 24),
             ([4, 2, 2, 3], 1), ([3, 4, 2], 8))  # fmt: skip
    got = [_counts(call(f, list(levels), n), len(levels)) for levels, n in cases]
    want = [_seen(levels, n) for levels, n in cases]
    if got == want:
        return "Half a grid of an even number of levels has seen half of the first hyperparameter."
    for mistake, other, says, hint in (
        ("first-fastest", [_seen(levels[::-1], n)[::-1] for levels, n in cases],
         "In your grid the first hyperparameter changes fastest.",
         "Which one does `GridSearch` change from the first trial to the second?"),
        ("rounded-down", [_seen(levels, n, up=False) for levels, n in cases],
         "You count a level only when all of its trials have been made.",
         "A level counts as tried from its first trial on."),
        ("beyond-the-last", [_seen(levels, n, most=False) for levels, n in cases],
         "You have hyperparameters with more levels than there are.",
         "When all levels of one have come up, it begins again."),
        ("one-too-far", [_seen(levels, n + 1) for levels, n in cases],
         "You are one trial ahead.",
         "After n = 1 trial one level of each has been tried. Which trials are the first to "
         "bring a new level?"),
    ):  # fmt: skip
        if got == other:
            raise Wrong(mistake, says, hint=hint)
    at = next(n for n in range(len(cases)) if got[n] != want[n])
    raise Wrong("another-count", f"With levels = {cases[at][0]} and n = {cases[at][1]} you have "
                f"{got[at]}.", hint="For how many trials does a level of the first hyperparameter "
                "stand still? And one of the second?")  # fmt: skip


def _counts(given: object, length: int) -> list[int]:
    return [whole_number(float(each)) for each in array(given, (length,))]


def _seen(levels: Sequence[int], n: int, *, up: bool = True, most: bool = True) -> list[int]:
    """Levels begun, or if not `up` ended; as many as there are at most."""
    seen = []
    for j, k in enumerate(levels):
        block = math.prod(levels[j + 1 :])
        count = math.ceil(n / block) if up else n // block
        seen.append(min(k, count) if most else count)
    return seen


@exercise("search.hypercube", kind="build")
def hypercube(answer: object) -> str:
    """One trial in each n-th of every hyperparameter, in random order and at random within."""
    f = function(answer, "n", "d", "rng")
    for n, d in ((1, 2), (7, 3), (40, 4), (12, 1)):
        u = array(call(f, n, d, np.random.default_rng(7)), (n, d))
        if not ((u >= 0) & (u <= 1)).all():
            raise Wrong("outside", f"With n = {n}, one of your values is not between 0 and 1.",
                        hint="Strips are counted from 0 to n - 1. What do you divide by?")
        strips = np.minimum(np.floor(u * n + 1e-9), n - 1)
        full = [len(set(column)) for column in strips.T]
        if min(full) < n:
            raise Wrong("empty-strips", f"With n = {n}, only {min(full)} strips of a "
                        "hyperparameter have a trial.", hint="Draw the order of the strips, not "
                        "the strip of each trial.")  # fmt: skip
    u = np.stack([array(call(f, 30, 3, np.random.default_rng(s)), (30, 3)) for s in range(40)])
    again = array(call(f, 30, 3, np.random.default_rng(0)), (30, 3))
    if not np.array_equal(u[0], again):
        raise Wrong("other-luck", "The same generator gives another hypercube.",
                    hint="Take all that is random from `rng`.")
    strips, within = np.floor(u * 30 + 1e-9), u * 30 - np.floor(u * 30 + 1e-9)
    if all(np.array_equal(one, strips[0]) for one in strips):
        raise Wrong("fixed-order", "Each trial has the same strips with every generator.",
                    hint="The strips are to be dealt out in a random order.")
    if np.array_equal(strips[:, :, 0], strips[:, :, 1]):
        raise Wrong("one-order", "All hyperparameters have the strips in the same order.",
                    hint="Draw your trials for two hyperparameters on paper. Do they fill the "
                         "square, or a line?")  # fmt: skip
    if within.std() < 0.2:
        raise Wrong("not-random-within", "Your values stand at the same place of every strip.",
                    hint="Within its strip, a value is uniform: how do you get from the strip's "
                         "number to a number between it and the next?")  # fmt: skip
    if within.std(axis=1).mean() < 0.2:
        raise Wrong("one-offset", "All trials are at the same place of their strips.",
                    hint="How many uniform numbers does a column need?")
    for a, b in ((0, 1), (0, 2), (1, 2)):
        if np.allclose(within[:, :, a], within[:, :, b]):
            raise Wrong("one-offset", "Two hyperparameters share their places within the strips.",
                        hint="How many uniform numbers does the whole array need?")
    if abs(within.mean() - 0.5) > 0.05:
        raise Wrong("not-uniform", "Within the strips your values are not uniform.",
                    hint="`rng.random` gives uniform numbers from 0 to 1.")
    if len(set(strips[:, 0].flat)) < 20:  # of 30, in 120 draws
        raise Wrong("not-shuffled", "Your first trial only ever gets a few of the strips.",
                    hint="Every order of the strips should be as likely as every other.")
    return "It is what TPE and the swarm of the next chapters start from."


@exercise("search.over-winners", kind="build")
def over_winners(answer: object) -> str:
    """The levels of a grid over winners, and how many of its places are new."""
    f = function(answer, "winners")
    cases = (
        [(0.018, 464, 5), (0.0031, 278, 7), (0.012, 54, 3), (0.0075, 85, 3)],
        [(0.2, 8, 4), (0.1, 8, 4), (0.2, 8, 4)],
        [(0.5, 1, 2)],
        [(0.3, 9, 1), (0.2, 7, 2), (0.1, 5, 3)],
    )
    names = ("rate", "size", "turns")
    for rows in cases:
        winners = [dict(zip(names, row, strict=True)) for row in rows]
        levels, count = several(call(f, winners), "levels", "new")
        given = mapping(levels, list(names))
        new = whole_number(count)
        values = [list(dict.fromkeys(column)) for column in zip(*rows, strict=True)]
        for name, want in zip(names, values, strict=True):
            got = array(given[name], (None,)).tolist()
            if got == want:
                continue
            if len(got) > len(set(got)):
                raise Wrong("twice", f"{name!r} has a value twice.",
                            hint="Two winners can share a value. A grid tries it once.")
            if sorted(got) == sorted(want):
                raise Wrong("order", f"The values of {name!r} are not in the order of the winners.",
                            hint="`dict.fromkeys` keeps each value once, and their order.")
            raise Wrong("levels", f"{name!r} has other values: {got}.",
                        hint="Collect what each winner has for this hyperparameter.")
        places = math.prod(len(each) for each in values)
        if new == places - len(set(rows)):
            continue
        for mistake, other, says, hint in (
            ("winners-counted", places, "You count the winners as new.",
             "The grid holds the winners too. How many are there?"),
            ("all-different", len(rows) ** len(names) - len(rows),
             "Your grid has as many values of each as there are winners.",
             "Two winners can share a value. How many different ones are there?"),
            ("same-place", places - len(rows), "You take away a place twice.",
             "Two searches may have found the same place."),
        ):  # fmt: skip
            if new == other:
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-number", f"Of {len(rows)} winners you make {new} new places.",
                    hint="How many combinations does the grid have, and how many of them are "
                         "known?")  # fmt: skip
    return "For the paper's four winners it is 188, of 192."

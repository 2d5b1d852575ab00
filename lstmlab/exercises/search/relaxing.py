"""Checks of the exercises in the chapter "Hyperparameters you can differentiate"."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number, several

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STATEMENTS = ("a", "b", "c", "d", "e", "f", "g")


@exercise("search.relaxation-holds", kind="recall")
def relaxation_holds(answer: object) -> str:
    """What holds of the relaxation within a cell, at its edges and outside of the bounds."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "below-the-corners", "In your answer a weighted mean can be below all that it is "
         "made of.", "Take the lowest of the four corners from each of them. What signs have the "
         "four terms that are left?"),
        ("c", "narrower-is-better", "In your answer a narrow difference comes closer to the slope "
         "than a wide one.", "Along h, within a cell, what kind of curve is the relaxation? Which "
         "error does a difference have on such a curve?"),
        ("f", "arch-is-a-bowl", "In your answer a second-order method sees the square in the arch "
         "of the hidden size.", "At which sizes is the square computed, and what is there between "
         "them?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "always-four", "In your answer a point with a whole sequence length needs four "
         "networks.", "How much do the two corners with the longer sequence weigh?"),
        ("d", "jumps-or-smooth", "In your answer the relaxation jumps at whole sizes, or its slope "
         "does not change there.", "Which corners do two neighbouring cells share? And which two "
         "differences are the slopes at either side?"),
        ("e", "definite", "In your answer the Hessian of a cell can have two eigenvalues of the "
         "same sign.", "What is the determinant of [[0, b], [b, 0]]?"),
        ("g", "diagonals-count", "In your answer a lower neighbour across the diagonal is a way "
         "down.", "Take a small step from the corner into the cell. Which of the four weights is "
         "of first order in the step, and which of second?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return (
        "Between integers there is nothing new: neither a better place nor a curvature of its own."
    )


@exercise("search.flat-point", kind="derive")
def flat_point(answer: object) -> str:
    """Where in a cell, or beyond it, both partial derivatives are 0."""
    f = function(answer, "f00", "f01", "f10", "f11")
    cases = [
        (4.0, 1.0, 2.0, 5.0),
        (3.0, 2.5, 1.0, 6.0),
        (1.0, 2.0, 4.0, 3.5),
        (120.0, 124.0, 119.0, 124.5),
        (0.0, 1.0, 1.0, 0.0),
    ]
    got: list[list[float]] = []
    for case in cases:
        both = several(call(f, *case), "p", "q")
        got.append([number(each) for each in both])

    def all_like(way: Callable[[float, float, float], tuple[float, float]]) -> bool:
        return close(np.array(got), np.array([way(*_parts(*case)) for case in cases]))

    if all_like(lambda a, c, b: (-c / b, -a / b)):
        return "It is a saddle each time, and nothing keeps it inside of the cell."
    for mistake, way, says, hint in (
        ("swapped", lambda a, c, b: (-a / b, -c / b), "p and q have changed places.",
         "Which of the two does the slope in h depend on?"),
        ("sign", lambda a, c, b: (c / b, a / b), "Your point is at the wrong side.",
         "a + b q is 0: on which side of the equation stands a?"),
        ("swapped-sign", lambda a, c, b: (a / b, c / b), "p and q have changed places, and signs.",
         "Write the slope in h as a + b q, and set it to 0."),
        ("upside-down", lambda a, c, b: (-_over(b, c), -_over(b, a)),
         "Your fractions stand upside down.", "With b near 0 the slopes hardly change. Is the "
         "point where they are 0 near then, or far?"),
        ("middle", lambda a, c, b: (0.5, 0.5), "The middle of the cell is not always flat.",
         "What is the slope in h at q = 0.5? Is it 0?"),
    ):  # fmt: skip
        if all_like(way):
            raise Wrong(mistake, says, hint=hint)
    at = next(
        n for n, case in enumerate(cases)
        if not close(np.array(got[n]), np.array(_flat(*case)))
    )  # fmt: skip
    a, c, b = _parts(*cases[at])
    in_h, in_s = a + b * got[at][1], c + b * got[at][0]
    f00, f01, f10, f11 = cases[at]
    raise Wrong("not-flat", f"With the corners {f00:g}, {f01:g}, {f10:g}, {f11:g} your point has "
                f"the slope {in_h:.3g} in h and {in_s:.3g} in s.",
                hint="Write both slopes as a number plus b times a fraction.")  # fmt: skip


def _parts(f00: float, f01: float, f10: float, f11: float) -> tuple[float, float, float]:
    """The slopes a in h and c in s at the first corner, and the twist b."""
    return f10 - f00, f01 - f00, f11 - f10 - f01 + f00


def _flat(f00: float, f01: float, f10: float, f11: float) -> tuple[float, float]:
    a, c, b = _parts(f00, f01, f10, f11)
    return -c / b, -a / b


def _over(above: float, below: float) -> float:
    return above / below if below else math.inf


@exercise("search.noise-between", kind="derive")
def noise_between(answer: object) -> str:
    """The deviation of the relaxation where each corner is trained with luck of its own."""
    f = function(answer, "sigma", "fractions", "beta")
    cases = [
        (1.0, [0.5, 0.5], 1),
        (2.0, [0.25, 0.8], 1),
        (3.0, [0.0, 0.3], 4),
        (0.7, [0.1, 0.6, 0.5], 9),
        (5.0, [0.75], 2),
    ]
    got = np.array([number(call(f, sigma, list(p), beta)) for sigma, p, beta in cases])

    def all_like(way: Callable[[float, Floats, int], float]) -> bool:
        want = [way(sigma, np.array(p), beta) for sigma, p, beta in cases]
        return close(got, np.array(want), 1e-5)

    if all_like(lambda sigma, p, beta: sigma * _shrunk(p) / math.sqrt(beta)):
        return "In the middle of a cell of k integers it is 2 to the power of -k/2 of the corners'."
    for mistake, way, says, hint in (
        ("no-mean", lambda sigma, p, beta: sigma / math.sqrt(beta),
         "Yours is the same everywhere in the cell.",
         "The mean of two numbers with luck of their own varies less than one of them."),
        ("variance", lambda sigma, p, beta: (sigma * _shrunk(p)) ** 2 / beta,
         "That is the variance.", "The deviation is in the unit of the loss."),
        ("beta-whole", lambda sigma, p, beta: sigma * _shrunk(p) / beta,
         "You divide by β.", "Four trainings halve the deviation of a mean."),
        ("beta-forgotten", lambda sigma, p, beta: sigma * _shrunk(p),
         "Your number does not depend on β.", "Each corner is the mean of β trainings."),
        ("weights-not-squared", lambda sigma, p, beta: sigma / math.sqrt(beta)
         * math.prod(math.sqrt(max(x, 1 - x)) for x in p),
         "You take the larger weight alone.", "All corners have luck. How does the variance of "
         "w X depend on w?"),
        ("first-only", lambda sigma, p, beta: sigma * _shrunk(p[:1]) / math.sqrt(beta),
         "You look at the first fraction alone.", "Each hyperparameter doubles the number of the "
         "corners."),
        ("corners-counted", lambda sigma, p, beta: sigma / math.sqrt(beta * 2 ** len(p)),
         "You count all corners alike.", "At an integer only one corner weighs anything."),
    ):  # fmt: skip
        if all_like(way):
            raise Wrong(mistake, says, hint=hint)
    at = next(
        n for n, (sigma, p, beta) in enumerate(cases)
        if not close(got[n], sigma * _shrunk(np.array(p)) / math.sqrt(beta), 1e-5)
    )  # fmt: skip
    sigma, fractions, beta = cases[at]
    raise Wrong("another-deviation", f"For sigma = {sigma:g}, fractions = {fractions} and beta = "
                f"{beta} it is not {got[at]:.4g}.",
                hint="The variance of a sum of independent terms w X is the sum of the w squared, "
                     "times the variance of X.")  # fmt: skip


def _shrunk(fractions: Floats) -> float:
    """The root of the sum of the corners' squared weights."""
    return math.sqrt(math.prod(p**2 + (1 - p) ** 2 for p in fractions))


@exercise("search.relax", kind="build")
def relax(answer: object) -> str:
    """The relaxation of a function of any number of integers."""
    f = function(answer, "f", "x")
    cases = [(40.25, 12.8), (3.0, 7.5), (2.5,), (1.2, 5.9, 8.4), (-1.75, 2.5), (6.0, 9.0)]
    for x in cases:
        asked = _Asked()
        got = number(call(f, asked, list(x)))
        seen = list(asked.values)
        want, known = _relaxed(asked.loss, x), asked.values
        needed = {corner for corner, weight in _corners(x) if weight > 0}
        point = "(" + ", ".join(f"{each:g}" for each in x) + ")"
        if not seen:
            raise Wrong(
                "no-training",
                "Your function never calls `f`.",
                hint="`f((40, 12))` trains a network of size 40 on sequences of 12.",
            )
        truncated = {tuple(int(each) + side for each, side in zip(x, sides, strict=True))
                     for sides in product((0, 1), repeat=len(x))}  # fmt: skip
        if min(x) < 0 and set(seen) <= truncated and not needed <= set(seen):
            raise Wrong(
                "towards-zero",
                "Below 0 your corners are not the neighbours of the point.",
                hint="`int` cuts towards 0. Which whole number is below -1.75?",
            )
        if close(got, want) and set(seen) == needed and asked.count == len(needed):
            continue
        if not needed <= set(seen):
            raise Wrong("corners-missing", f"For {point} you look at {len(set(seen) & needed)} of "
                        f"the {len(needed)} corners that weigh anything.",
                        hint="Each integer has a side below and one above, and all combinations "
                             "count.")  # fmt: skip
        if close(got, want) and set(seen) != needed:
            raise Wrong("trained-for-nothing", f"For {point} you train a network of weight 0.",
                        hint="The mean is right. But which corners could you leave out, when a "
                             "coordinate is a whole number?")  # fmt: skip
        if close(got, want):
            raise Wrong(
                "trained-twice",
                f"For {point} you train a network more than once.",
                hint="Each corner of the cell is one training.",
            )
        if close(got, _relaxed(asked.loss, x, swapped=True)):
            raise Wrong(
                "weights-swapped",
                "Your weights are the wrong way round.",
                hint="The nearer integer weighs more: 40.25 is nearer to 40.",
            )
        if close(got, float(np.mean([known[corner] for corner in seen]))):
            raise Wrong(
                "plain-mean",
                "You take the plain mean of the corners.",
                hint="What are the weights of 40 and 41 in 40.25?",
            )
        raise Wrong("another-value", f"For {point} it is another value.",
                    hint="A corner's weight is a product, one factor an integer; and all weights "
                         "add up to 1.")  # fmt: skip
    return "It takes one training where all are integers, and twice as many for each that is not."


def _corners(x: Sequence[float]) -> list[tuple[tuple[int, ...], float]]:
    found = []
    for sides in product((0, 1), repeat=len(x)):
        corner = tuple(math.floor(each) + side for each, side in zip(x, sides, strict=True))
        parts = [each - math.floor(each) for each in x]
        weights = [p if side else 1 - p for p, side in zip(parts, sides, strict=True)]
        found.append((corner, math.prod(weights)))
    return found


def _relaxed(
    loss: Callable[[tuple[int, ...]], float], x: Sequence[float], *, swapped: bool = False
) -> float:
    pairs = _corners(x)
    weights = [weight for _, weight in (pairs[::-1] if swapped else pairs)]
    return sum(w * loss(corner) for w, (corner, _) in zip(weights, pairs, strict=True))


class _Asked:
    """A loss that remembers for which integers it was asked, and refuses all else."""

    def __init__(self) -> None:
        self.values: dict[tuple[int, ...], float] = {}
        self.count = 0

    def __call__(self, corner: Sequence[int]) -> float:
        if self.count == 100:
            raise RuntimeError("a hundred trainings, and no end")
        given = np.asarray(corner, dtype=np.float64)
        if given.ndim != 1 or not np.array_equal(given, np.round(given)):
            raise ValueError("f takes one tuple of whole numbers")
        key = tuple(int(each) for each in given)
        self.count += 1
        self.values[key] = self.loss(key)
        return self.values[key]

    def __deepcopy__(self, memo: object) -> _Asked:
        return self  # or a copy would be asked, and not this one

    @staticmethod
    def loss(corner: tuple[int, ...]) -> float:
        """Something without symmetry."""
        return 50 + math.fsum((n + 2) * math.sin((1.3 + n) * x) for n, x in enumerate(corner))\
            + math.prod(math.cos(x) for x in corner)  # fmt: skip


@exercise("search.resting-places", kind="build")
def resting_places(answer: object) -> str:
    """The local minima of the relaxation of a table: four neighbours, not eight."""
    f = function(answer, "table")
    tables = [_hollows(rows, columns, seed) for rows, columns, seed in
              ((5, 7, 0), (9, 9, 1), (4, 3, 2), (12, 6, 3))]  # fmt: skip
    got = [array(call(f, table), table.shape) for table in tables]
    for each in got:
        if not np.isin(each, (0, 1)).all():
            raise Wrong(
                "not-yes-or-no",
                "Your array holds other things than True and False.",
                hint="At each place of the table: does the descent stay, or not?",
            )
    sides = ((0, 1), (0, -1), (1, 0), (-1, 0))
    diagonals = ((1, 1), (1, -1), (-1, 1), (-1, -1))

    def all_like(way: Callable[[Floats], Bools]) -> bool:
        return all(
            np.array_equal(each, way(table)) for each, table in zip(got, tables, strict=True)
        )

    if all_like(lambda table: _lowest_of(table, sides)):
        return "With one knob at a time you get stuck at the same places."
    for mistake, way, says, hint in (
        ("eight", lambda table: _lowest_of(table, sides + diagonals),
         "You compare with eight neighbours.",
         "Is a lower corner at the far end of a diagonal seen, by someone who takes a small step?"),
        ("border-left-out", lambda table: _lowest_of(table, sides) & _inside(table),
         "At the border of the table you find none.",
         "A place at the border has fewer neighbours. Can it be lower than those it has?"),
        ("around-the-corner", _wrapped,
         "You compare the border with the opposite border.",
         "`np.roll` brings back at one end what leaves at the other."),
        ("hilltops", lambda table: _lowest_of(-table, sides), "Those are the tops of hills.",
         "A descent rests where all ways lead up."),
        ("lowest-alone", lambda table: table == table.min(), "You find only the lowest of all.",
         "A descent does not see what lies behind a ridge."),
        ("one-direction", lambda table: _lowest_of(table, sides[:2]),
         "You look along the rows alone.", "There are two integers to change."),
        ("one-direction", lambda table: _lowest_of(table, sides[2:]),
         "You look along the columns alone.", "There are two integers to change."),
        ("diagonals-alone", lambda table: _lowest_of(table, diagonals),
         "You compare with the neighbours across the diagonals.",
         "Along which edges do the weights change first?"),
    ):  # fmt: skip
        if all_like(way):
            raise Wrong(mistake, says, hint=hint)
    at = next(
        n for n, table in enumerate(tables)
        if not np.array_equal(got[n], _lowest_of(table, sides))
    )  # fmt: skip
    right = _lowest_of(tables[at], sides)
    raise Wrong("other-places", f"In a table of shape {tables[at].shape} you find "
                f"{int(got[at].sum())} places, and {int((got[at] != right).sum())} entries differ.",
                hint="Begin with one place: which neighbours has it, and are all of them "
                     "higher?")  # fmt: skip


def _hollows(rows: int, columns: int, seed: int) -> Floats:
    """Losses without a tie, a tilted valley under luck."""
    rng = np.random.default_rng(seed)
    i, j = np.indices((rows, columns))
    return np.asarray(0.1 * (i - j) ** 2 + rng.normal(0, 2, (rows, columns)) + 30)


def _lowest_of(table: Floats, steps: Sequence[tuple[int, int]]) -> Bools:
    rows, columns = table.shape
    rim = np.pad(table, 1, constant_values=np.inf)
    lower = [table < rim[1 + i : 1 + i + rows, 1 + j : 1 + j + columns] for i, j in steps]
    return np.asarray(np.logical_and.reduce(lower))


def _inside(table: Floats) -> Bools:
    mask = np.zeros(table.shape, dtype=bool)
    mask[1:-1, 1:-1] = True
    return mask


def _wrapped(table: Floats) -> Bools:
    turned = [np.roll(table, step, axis) for axis in (0, 1) for step in (1, -1)]
    return np.asarray(np.logical_and.reduce([table < each for each in turned]))

"""Checks of the exercises in the chapter "Downhill"."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number, whole

Floats = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f", "g")


@exercise("search.downhill-holds", kind="recall")
def downhill_holds(answer: object) -> str:
    """What holds of differences, of steps of one length and of random walks."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "comes-to-rest", "In your answer a walk whose steps all have one length can "
         "stand still.",
         "Where is the walk after the step that it makes at the bottom?"),
        ("d", "length-of-the-gradient", "In your answer the steps depend on the length of the "
         "gradient.", "What is the gradient divided by, before it is subtracted?"),
        ("f", "root-of-beta", "In your answer the wait goes with the root of β.",
         "How does the luck τ depend on β? And the wait on τ?"),
        ("g", "length-as-quality", "In your answer Fig. 1E tells good places from bad ones.",
         "From what have you computed the same lengths, without any gradient?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "narrower-is-better", "In your answer luck does not ask for wider differences.",
         "By what is the luck of a difference divided?"),
        ("c", "not-the-middle", "In your answer the descent of a sum of squares is not straight.",
         "Which way does the gradient of |x - m|² point, seen from x?"),
        ("e", "not-the-root", "In your answer a random walk is not twice as far after four times "
         "as many steps.", "The mean square of the distance grows as n. And its root?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "Each of the three is a line of algebra, and each decided what the paper's trials did."


@exercise("search.best-half-width", kind="derive")
def best_half_width(answer: object) -> str:
    """Where curvature of third order and luck are in balance in a central difference."""
    f = function(answer, "sigma", "c")
    cases = [(0.09, 10.0), (0.03, 1.0), (2.0, 0.5), (1e-3, -4.0), (0.5, -30.0)]
    got = np.array([number(call(f, sigma, c)) for sigma, c in cases])

    def all_like(way: Callable[[float, float], float]) -> bool:
        return close(got, np.array([way(sigma, c) for sigma, c in cases]), 1e-5)

    if all_like(lambda sigma, c: math.cbrt(3 * sigma / abs(c))):
        return "It grows only as the third root of the luck: ten times the luck, twice the width."
    if got.min() < 0 and close(np.abs(got), np.cbrt([3 * s / abs(c) for s, c in cases]), 1e-5):
        raise Wrong("negative", "For a negative third derivative your width is negative.",
                    hint="In the mean square, does the sign of c matter?")  # fmt: skip
    for mistake, way, says, hint in (
        ("forward", lambda s, c: (8 * s**2 / c**2) ** 0.25,
         "That is the best forward difference.",
         "Write down the mean square anew: what is the error of the curve now?"),
        ("not-halved", lambda s, c: math.cbrt(6 * s / abs(c)),
         "In your difference the luck is divided by δ.",
         "How far apart are the two places?"),
        ("balanced", lambda s, c: math.cbrt(6 * s / (math.sqrt(2) * abs(c))),
         "At your width both errors are equal.",
         "Where the sum of two squares is least, they need not be equal: differentiate it."),
        ("one-luck", lambda s, c: math.cbrt(3 * s / (math.sqrt(2) * abs(c))),
         "In your difference one value alone has luck.",
         "The variances of two independent lucks add up."),
        ("whole-width", lambda s, c: 2 * math.cbrt(3 * s / abs(c)),
         "That is the whole width, from one place to the other.",
         "δ goes to one side."),
        ("no-root", lambda s, c: 3 * s / abs(c),
         "Your width is the third power of what it should be.",
         "Which power of δ stands in c² δ³ / 9 = σ² / δ³, when all δ are on one side?"),
        ("sixth-power", lambda s, c: 9 * s**2 / c**2,
         "Your width is the sixth power of what it should be.",
         "Solve for δ."),
    ):  # fmt: skip
        if all_like(way):
            raise Wrong(mistake, says, hint=hint)
    at = next(
        n for n, (s, c) in enumerate(cases)
        if not close(got[n], math.cbrt(3 * s / abs(c)), 1e-5)
    )  # fmt: skip
    sigma, c = cases[at]
    raise Wrong("another-width", f"For sigma = {sigma:g} and c = {c:g} it is not {got[at]:.4g}.",
                hint="Add the square of c δ² / 6 to the variance of the difference over 2 δ, and "
                     "set the derivative to 0.")  # fmt: skip


Case = tuple[list[float], list[float], float, float]


@exercise("search.steps-to-edge", kind="derive")
def steps_to_edge(answer: object) -> str:
    """How many steps of one length lead along a straight line to an edge."""
    f = function(answer, "x0", "m", "edge", "r")
    cases: list[Case] = [
        ([4.0, 2.0, 9.0], [410.0, 25.0, 0.5], 20.0, 0.1),
        ([1.0, 90.0], [41.0, 60.0], 8.3, 0.5),
        ([7.0], [50.0], 20.2, 0.5),
        ([9.0, 1.0, 1.0, 5.0], [-3.0, 14.0, 6.0, 5.0], 1.4, 0.25),
        ([0.0, 0.0], [3.0, 400.0], 1.7, 10.0),
    ]
    raw = [number(call(f, list(x0), list(m), edge, r)) for x0, m, edge, r in cases]
    exact = np.array([_share(case) * _far(case) / case[3] for case in cases])
    got = np.array(raw)
    if np.array_equal(got, np.ceil(exact)):
        return "From the paper's starts it is hardly more than the way in h alone."
    if close(got, exact):
        raise Wrong("not-whole", "Your numbers are no whole numbers.",
                    hint="A part of a step is not made.")  # fmt: skip
    for mistake, numbers, says, hint in (
        ("rounded-down", np.floor(exact), "You round down.",
         "Has the first coordinate reached the edge before the last step?"),
        ("one-too-many", np.ceil(exact) + 1, "That is one step too many.",
         "At the edge counts as reached."),
        ("first-alone", np.array([_first(case) for case in cases]),
         "You walk along the first coordinate alone.",
         "The other coordinates move too, and each step is as long as r in all."),
        ("to-the-middle", np.array([math.ceil(_far(case) / case[3]) for case in cases]),
         "You walk all the way to the middle.",
         "Which share of the way has been done when the first coordinate is at the edge?"),
        ("squared", np.array([math.ceil(_share(case) * _far(case) ** 2 / case[3])
                              for case in cases]),
         "You divide the square of the distance by r.", "A distance is a root of squares."),
        ("sum-of-ways", np.array([math.ceil(_share(case) * _added(case) / case[3])
                                  for case in cases]),
         "You add up the ways in all coordinates.", "The walk goes straight, not along edges."),
    ):  # fmt: skip
        if np.array_equal(got, numbers):
            raise Wrong(mistake, says, hint=hint)
    at = int(np.argmax(got != np.ceil(exact)))
    x0, m, edge, r = cases[at]
    whole(raw[at])
    raise Wrong("another-count", f"From {x0} towards {m}, to the edge {edge:g} with steps of "
                f"{r:g}, it is not {got[at]:g}.",
                hint="Draw the straight line from x0 to m, and mark where its first coordinate is "
                     "at the edge.")  # fmt: skip


def _way(case: Case) -> Floats:
    way: Floats = np.array(case[1]) - np.array(case[0])
    return way


def _share(case: Case) -> float:
    return float((case[2] - case[0][0]) / _way(case)[0])


def _far(case: Case) -> float:
    return math.hypot(*_way(case).tolist())


def _added(case: Case) -> float:
    return float(np.abs(_way(case)).sum())


def _first(case: Case) -> int:
    return math.ceil(abs(case[2] - case[0][0]) / case[3])


LOW, HIGH = np.array([20.0, 5.0, 1e-4]), np.array([800.0, 40.0, 1.0])


@exercise("search.factor-gradient", kind="build")
def factor_gradient(answer: object) -> str:
    """Central differences in logarithms, kept within the ranges."""
    f = function(answer, "f", "x", "low", "high", "width")
    cases = [
        (np.array([100.0, 12.0, 0.01]), 1.5, 3),
        (np.array([60.0, 15.0, 0.1]), 1.25, 3),
        (np.array([780.0, 5.0, 0.5]), 2.0, 3),
        (np.array([20.0, 40.0, 3e-4]), 8.0, 3),
        (np.array([50.0]), 1.1, 1),
    ]
    for x, width, d in cases:
        low, high = LOW[:d], HIGH[:d]
        asked = _Hills(low, high)
        got = array(call(f, asked, x.copy(), low.copy(), high.copy(), width), (d,))
        count, outside = asked.count, asked.outside
        at = "[" + ", ".join(f"{each:g}" for each in x) + f"] and a width of {width:g}"
        if outside:
            raise Wrong("outside", f"For {at} your function asks outside of the ranges.",
                        hint="What is nearest to the place, in the range?")  # fmt: skip
        if count > 2 * d:
            raise Wrong("too-many-calls", f"For {at} your function trains {count} networks.",
                        hint="Two for each coordinate are enough.")  # fmt: skip
        up, down = np.clip(x * width, low, high), np.clip(x / width, low, high)
        ways: dict[str, Floats] = {
            "": np.array([_rise(x, n, up, down) / math.log(up[n] / down[n]) for n in range(d)]),
            "width-at-the-end": np.array([_rise(x, n, up, down) for n in range(d)])
            / (2 * math.log(width)),
            "not-by-factors": np.array(
                [_rise(x, n, up, down) / (up[n] - down[n]) for n in range(d)]
            ),
            "another-logarithm": np.array(
                [_rise(x, n, up, down) / math.log10(up[n] / down[n]) for n in range(d)]
            ),
            "sign": np.array([-_rise(x, n, up, down) / math.log(up[n] / down[n])
                              for n in range(d)]),
            "not-halved": np.array([_rise(x, n, up, down) for n in range(d)]) / math.log(width),
            "all-at-once": np.array([(_hills(up) - _hills(down)) / math.log(up[n] / down[n])
                                     for n in range(d)]),
            "one-sided": np.array([
                _rise(x, n, up, x) / math.log(up[n] / x[n]) if up[n] > x[n] else 0.0
                for n in range(d)
            ]),
        }  # fmt: skip
        if close(got, ways.pop("")):
            continue
        for mistake, want in ways.items():
            if close(got, want):
                raise Wrong(mistake, f"For {at}: {_SAYS[mistake][0]}", hint=_SAYS[mistake][1])
        raise Wrong("another-gradient", f"For {at} it is another gradient.",
                    hint="One coordinate at a time: two places, two values, and the difference of "
                         "two logarithms.")  # fmt: skip
    return "Six networks for three hyperparameters, and no training outside of the box."


_SAYS = {
    "width-at-the-end": ("you divide by twice ln(width), also at an end of a range.",
                         "How far apart are the two places there, by factors?"),
    "not-by-factors": ("these are slopes in x.", "What is to be the unit of a step: one, or a "
                       "factor?"),
    "another-logarithm": ("these are slopes in another logarithm.", "Which one does ln x mean?"),
    "sign": ("your slopes have the wrong sign.", "The value at the higher place comes first."),
    "not-halved": ("you divide by half the distance.", "From x / width to x · width it is twice "
                   "ln(width)."),
    "all-at-once": ("you move all coordinates at once.", "Which of them should differ between the "
                    "two places?"),
    "one-sided": ("your differences go to one side.", "A central one leaves x out."),
}  # fmt: skip


def _hills(x: Floats) -> float:
    """Something without symmetry."""
    u = np.log(x)
    return float(np.sum((np.arange(len(u)) + 1) * np.sin(1.1 * u) + 0.3 * u**2) + np.prod(u) / 9)


def _rise(x: Floats, n: int, up: Floats, down: Floats) -> float:
    above, below = x.copy(), x.copy()
    above[n], below[n] = up[n], down[n]
    return _hills(above) - _hills(below)


class _Hills:
    """A loss that notes whether it was asked outside of the ranges."""

    def __init__(self, low: Floats, high: Floats) -> None:
        self.low, self.high, self.count, self.outside = low, high, 0, False

    def __call__(self, x: Sequence[float]) -> float:
        given = np.asarray(x, dtype=np.float64)
        if given.shape != self.low.shape or not (given > 0).all():
            raise ValueError(f"f takes one array of {len(self.low)} numbers above 0")
        self.count += 1
        if self.count > 200:
            raise RuntimeError("two hundred calls, and no end")
        slack = 1e-9
        if (given < self.low * (1 - slack)).any() or (given > self.high * (1 + slack)).any():
            self.outside = True
        return _hills(given)

    def __deepcopy__(self, memo: object) -> _Hills:
        return self  # or a copy would be asked, and not this one


@exercise("search.steady-descent", kind="build")
def steady_descent(answer: object) -> str:
    """A descent that refuses steps, and learns from that how long they should be."""
    f = function(answer, "f", "slope", "x", "r", "n")
    cases: list[tuple[list[float], float, int]] = [
        ([4.0, 1.0], 0.3, 12),
        ([4.0, 1.0], 9.0, 5),
        ([-2.0, 0.5], 1.0, 40),
        ([3.0], 0.7, 9),
        ([1.0, 2.0, -3.0], 0.2, 1),
        ([2.5, 1.5], 0.4, 0),
    ]
    for x, r, n in cases:
        asked = _Valley()
        got = array(call(f, asked, _slope, np.array(x), r, n), (len(x),))
        count = asked.count
        case = f"From {x} with r = {r:g} and {n} tries"
        if close(got, _steady(x, r, n)):
            if count > n + 1:
                raise Wrong("too-many-calls", f"{case} you call `f` {count} times.",
                            hint="Keep the value of the place where you are.")  # fmt: skip
            continue
        for mistake, want, says, hint in (
            ("never-refuses", _steady(x, r, n, refuse=False), "you take every step.",
             "What if the place is higher?"),
            ("never-shorter", _steady(x, r, n, shorter=1.0), "a refused step is not shortened.",
             "Trying the same step again gives the same answer."),
            ("never-longer", _steady(x, r, n, longer=1.0), "a good step does not make the next "
             "one longer.", "What happens to r after a success?"),
            ("factors-swapped", _steady(x, r, n, longer=0.25, shorter=1.5),
             "r is shortened after a success.", "When do you dare to go further?"),
            ("uphill", _steady(x, r, n, sign=1.0), "you go with the slope.",
             "The slope points uphill."),
            ("not-unit", _steady(x, r, n, unit=False), "the step is r times the slope.",
             "How far from x is the place to be?"),
        ):  # fmt: skip
            if close(got, want):
                raise Wrong(mistake, f"{case}, {says}", hint=hint)
        raise Wrong(
            "another-place",
            f"{case} it ends at another place.",
            hint="Each try: one place, one comparison, and r becomes 1.5 r or r / 4.",
        )
    flat = array(call(f, _Valley(), _slope, np.zeros(2), 0.5, 3), (2,), finite=False)
    if not np.array_equal(flat, np.zeros(2)):
        raise Wrong("zero-slope", "Where the slope is 0 your walk does not stay.",
                    hint="What is 0 divided by the length of 0?")  # fmt: skip
    return "It never ends higher than it began, whatever the slopes are worth."


def _valley(x: Floats) -> float:
    return float(np.sum((np.arange(len(x)) + 1) ** 2 * x**2))


def _slope(x: Sequence[float] | Floats) -> Floats:
    given = np.asarray(x, dtype=np.float64)
    return np.asarray(2 * (np.arange(len(given)) + 1) ** 2 * given)


class _Valley:
    """A bowl that counts its calls."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, x: Sequence[float]) -> float:
        given = np.asarray(x, dtype=np.float64)
        if given.ndim != 1:
            raise ValueError("f takes one array of numbers")
        self.count += 1
        if self.count > 1000:
            raise RuntimeError("a thousand calls, and no end")
        return _valley(given)

    def __deepcopy__(self, memo: object) -> _Valley:
        return self  # or a copy would be asked, and not this one


def _steady(
    x: Sequence[float], r: float, n: int, *, refuse: bool = True, longer: float = 1.5,
    shorter: float = 0.25, sign: float = -1.0, unit: bool = True,
) -> Floats:  # fmt: skip
    at = np.array(x, dtype=np.float64)
    for _ in range(n):
        g = _slope(at)
        there = at + sign * r * g / (np.linalg.norm(g) if unit else 1.0)
        good = _valley(there) < _valley(at)
        at = there if good or not refuse else at
        r *= longer if good else shorter
    return at

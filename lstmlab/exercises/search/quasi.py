"""Checks of the exercises in the chapter "Quasi-Newton"."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number, whole
from lstmlab.search.updates import bfgs, dfp

Vector = NDArray[np.float64]
Objective = Callable[[Vector], float]

STATEMENTS = ("a", "b", "c", "d", "e", "f")


@exercise("search.quasi-holds", kind="recall")
def quasi_holds(answer: object) -> str:
    """What holds of secants, of Armijo's constant and of the paper's rows."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "no-such-matrix", "In your answer a positive definite V can fulfil the secant "
         "equation where yᵀs is negative.", "Multiply both sides of V y = s by yᵀ."),
        ("c", "lax", "In your answer a larger c accepts more.", "Which share of what the slope "
         "promises must be gained, and how much is gained at the bottom of a bowl?"),
        ("e", "wrong-way-round", "In your answer a large y makes a large V.",
         "In one dimension V = s/y."),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "all-settled", "In your answer two gradients do not leave one number open in two "
         "dimensions, or do so in one.", "How many lines has V y = s, and how many numbers a "
         "symmetric V?"),
        ("d", "uphill", "In your answer a positive definite V can lead uphill.",
         "Write gᵀp with p = -V g."),
        ("f", "network-needed", "In your answer most rows need a network.",
         "What is the objective outside of the bounds? Count the rows that it tells."),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "What tells those rows is the fallback alone, which has nothing of quasi-Newton."


@exercise("search.refused-lengths", kind="derive")
def refused_lengths(answer: object) -> str:
    """How many lengths of Newton's step Armijo's condition refuses on a quadratic."""
    f = function(answer, "c", "τ")
    cases = ((0.9, 0.5), (0.7, 0.5), (0.5, 0.5), (1e-4, 0.3), (0.99, 0.8), (0.995, 0.1),
             (0.75, 0.5), (0.2, 0.8))  # fmt: skip
    got = [whole(call(f, c, tau)) for c, tau in cases]

    def counts(limit: Callable[[float], float]) -> list[int]:
        return [next(k for k in range(999) if tau**k <= limit(c)) for c, tau in cases]

    want = counts(lambda c: 2 * (1 - c))
    if got == want:
        return "With c = 0.5 it is 0: Armijo's own constant lets the whole step pass, barely."
    for mistake, other, says, hint in (
        ("tried-not-refused", [k + 1 for k in want], "You count the length that is accepted, too.",
         "Of the lengths that are tried, how many are refused?"),
        ("half-forgotten", counts(lambda c: 1 - c), "Your limit of the length is 1 - c.",
         "Along Newton's step f changes by t (1 - t/2) times the slope. Where is that enough?"),
        ("c-itself", counts(lambda c: c), "You take c for the longest length.",
         "c is a share of the gain that the slope promises, not a length."),
        ("customary", [0] * len(cases), "In your answer nothing is ever refused.",
         "With c = 0.99, how much must the whole step gain, and how much does it gain?"),
        ("rounded-down", [max(k - 1, 0) for k in want], "You stop one length too early.",
         "The length must not be above the limit. Is it, when you stop?"),
    ):  # fmt: skip
        if got == other:
            raise Wrong(mistake, says, hint=hint)
    at = next(n for n in range(len(cases)) if got[n] != want[n])
    raise Wrong("another-count", f"With c = {cases[at][0]} and τ = {cases[at][1]} it is another "
                "number.", hint="Up to which length does the condition hold? Count the powers of "
                "τ that are above it.")  # fmt: skip


@exercise("search.way-home", kind="derive")
def way_home(answer: object) -> str:
    """How many steps of length 1 lead back from far outside."""
    f = function(answer, "s", "l")
    cases = ((-159.6, -148.3), (4.5, -80.0), (-60.0, -0.7), (-3.0, -2.2), (-700.0, -40.0))
    got = [whole(call(f, s, l)) for s, l in cases]
    want = [_home(s, l, min) for s, l in cases]
    if got == want:
        return "From row 40 of trial 8 it is 212 steps, and the trial had 60 left."
    for mistake, other, says, hint in (
        ("both", [_home(s, l, max) for s, l in cases],
         "That is when the second of the two is back.", "Which of the two comes in first?"),
        ("to-the-middle", [math.ceil(math.hypot(25 - s, 0.5 - l)) for s, l in cases],
         "You walk all the way to the middle.", "Where on the way does s reach 5, and l 0.0001?"),
        ("each-alone", [math.ceil(min(5 - s, 1e-4 - l)) for s, l in cases],
         "You give each hyperparameter steps of length 1 of its own.",
         "A step has length 1 in the plane. How much of it goes along s, and how much along l?"),
        ("length-alone", [_home(s, l, lambda a, b: a) for s, l in cases],
         "You look at the sequence length only.", "The learning rate may be in first."),
        ("rate-alone", [_home(s, l, lambda a, b: b) for s, l in cases],
         "You look at the learning rate only.", "The sequence length may be in first."),
        ("rounded-down", [k - 1 for k in want], "After so many steps neither is back.",
         "Is a part of a step enough?"),
    ):  # fmt: skip
        if got == other:
            raise Wrong(mistake, says, hint=hint)
    at = next(n for n in range(len(cases)) if got[n] != want[n])
    raise Wrong("another-count", f"From s = {cases[at][0]} and l = {cases[at][1]} it is another "
                "number.", hint="Draw the line from (s, l) to (25, 0.5). Which share of it lies "
                "before s = 5, and which before l = 0.0001?")  # fmt: skip


def _home(s: float, l: float, choose: Callable[[float, float], float]) -> int:
    share = choose((5 - s) / (25 - s), (1e-4 - l) / (0.5 - l))
    return math.ceil(share * math.hypot(25 - s, 0.5 - l))


@exercise("search.careful-update", kind="build")
def careful_update(answer: object) -> str:
    """BFGS where yᵀs > 0, and V as it was elsewhere."""
    f = function(answer, "V", "s", "y")
    rng = np.random.default_rng(8)
    for d in (3, 2, 5, 1):
        root = rng.normal(size=(d, d))
        V, s, y = root @ root.T + np.eye(d), rng.normal(size=d), rng.normal(size=d)
        y = y if y @ s > 0 else -y
        got = array(call(f, V, s, y), (d, d))
        if not close(got, bfgs(V, s, y), 1e-8):
            raise _wrong_update(got, V, s, y)
        kept = array(call(f, V, s, -y), (d, d), finite=False)
        if not close(kept, V, 1e-12):
            raise Wrong(
                "sign-not-seen",
                "Where yᵀs is negative, your V changes.",
                hint="Which V comes out of such an update: is it positive definite?",
            )
    V, s = np.eye(2), np.array([1.0, 0.0])
    kept = array(call(f, V, s, np.array([0.0, 1.0])), (2, 2), finite=False)
    if not close(kept, V, 1e-12):
        raise Wrong("zero", "Where yᵀs is 0, your V changes.", hint="What do you divide by there?")
    return "With it, a direction -Vg leads down for ever."


def _wrong_update(got: Vector, V: Vector, s: Vector, y: Vector) -> Wrong:
    """What is wrong with an update where yᵀs > 0."""
    want = bfgs(V, s, y)
    if close(got, V, 1e-12):
        return Wrong(
            "never",
            "Your V stays as it was where yᵀs is positive.",
            hint="Which sign of yᵀs says that the slope has grown along the step?",
        )
    if close(got, want - V, 1e-8):
        return Wrong(
            "change-alone",
            "You return the change of V.",
            hint="The paper's listing does so, too, and adds V in the line that calls it.",
        )
    if close(got, dfp(V, s, y), 1e-8):
        return Wrong("dfp", "That is DFP.", hint="BFGS is a product of three, and a square.")
    if len(s) > 1 and close(got, bfgs(V, y, s), 1e-8):
        return Wrong(
            "exchanged",
            "In your update s and y have changed places.",
            hint="What should V do to y?",
        )
    if close(got, want - np.outer(s, s) / (y @ s), 1e-8):
        return Wrong(
            "square-missing",
            "Your V sends y to 0.",
            hint="The product makes room for the new pair. What puts it in?",
        )
    left = np.eye(len(s)) - np.outer(s, y) / (y @ s)
    if len(s) > 1 and close(got, left.T @ V @ left + np.outer(s, s) / (y @ s), 1e-8):
        return Wrong(
            "transposed",
            "The two outer factors of your product are the wrong way round.",
            hint="The left one holds s yᵀ: the last thing done is a multiple of s.",
        )
    if not close(got, got.T, 1e-9):
        return Wrong(
            "not-symmetric",
            "Your V is not symmetric.",
            hint="The right factor is the left one transposed.",
        )
    if not close(got @ y, s, 1e-8):
        return Wrong(
            "no-secant",
            "Your V does not fulfil V y = s.",
            hint="Multiply your formula by y, one term after the other.",
        )
    return Wrong("another-update", "Your V fulfils the secant equation, and is not that of BFGS.",
                 hint="Compare it with the formula of the section on two updates.")  # fmt: skip


@exercise("search.careful-length", kind="build")
def careful_length(answer: object) -> str:
    """Backtracking that returns 0 where no length will do, or the direction leads up."""
    f = function(answer, "f", "x", "p", "g", "c", "τ", "n")
    bowl, x = np.array([1.0, 4.0]), np.array([1.0, 1.0])
    g = bowl * x

    def cost(at: Vector) -> float:
        return float(0.5 * at @ (bowl * at))

    def asked(objective: Objective, p: Vector, c: float, tau: float, n: int) -> float:
        return number(call(f, objective, x, p, g, c, tau, n))

    _lengths(asked, cost, g, bowl)
    for n in (3, 4):
        got = asked(cost, -64 * g, 0.5, 0.5, n)
        if got in (0.5**n, 0.5 ** (n - 1)):
            raise Wrong("untested", "Where no length will do, you return one nevertheless.",
                        hint="The paper's listing does this. What should a search say that has "
                             "found nothing?")  # fmt: skip
        if got != 0:
            raise Wrong("too-many", f"With n = {n} you return a length that is not among the first "
                        f"{n}.", hint="The first length is 1: what is the n-th?")  # fmt: skip

    def crest(at: Vector) -> float:
        return float(-0.5 * (at - 2) @ (at - 2) if at @ at > 2.5 else cost(at))

    if asked(crest, g, 0.99, 0.5, 20) != 0 or asked(cost, g, 0.5, 0.5, 20) != 0:
        raise Wrong(
            "uphill",
            "Along a direction that leads uphill you return a length.",
            hint="Look at the sign of the slope before anything else.",
        )
    level = np.array([4.0, -1.0])  # at a right angle to g
    if asked(lambda at: -float(at @ at), level, 0.5, 0.5, 5) != 0:
        raise Wrong(
            "level",
            "Where gᵀp is 0 you return a length.",
            hint="A direction that leads neither up nor down promises nothing.",
        )
    calls: list[Vector] = []

    def counted(at: Vector) -> float:
        calls.append(at)
        return cost(at)

    asked(counted, -64 * g, 1e-4, 0.5, 20)
    if sum(np.array_equal(at, x) for at in calls) > 1:
        raise Wrong(
            "asked-again",
            "You ask for f(x) more than once.",
            hint="Each value is a training. Keep it in a name before the loop.",
        )
    return "Two lines more than the listing, and no step is made that has not been tested."


def _lengths(
    asked: Callable[[Objective, Vector, float, float, int], float],
    cost: Objective,
    g: Vector,
    bowl: Vector,
) -> None:
    """Complain of lengths along directions downhill."""
    newton = -g / bowl
    cases = (
        (newton, 1e-4, 0.5), (newton, 0.99, 0.5), (newton, 0.9, 0.3), (-3 * g, 0.1, 0.5),
        (4 * newton, 0.5, 0.7), (newton, 0.3, 0.5),
    )  # fmt: skip
    x = g / bowl
    got = [asked(cost, p, c, tau, 20) for p, c, tau in cases]

    def lengths(accept: Callable[[Vector, float, float], bool]) -> list[float]:
        return [next((t for t in (tau**k for k in range(40)) if accept(p, t, c)), 0.0)
                for p, c, tau in cases]  # fmt: skip

    def gain(p: Vector, t: float) -> float:
        return cost(x + t * p) - cost(x)

    want = lengths(lambda p, t, c: gain(p, t) <= c * t * float(g @ p))
    if np.allclose(got, want, rtol=1e-9, atol=0):
        return
    for mistake, other, says, hint in (
        ("any-gain", lengths(lambda p, t, c: gain(p, t) <= 0), "You accept any gain.",
         "How much of what the slope promises does the condition ask for?"),
        ("whole-promise", lengths(lambda p, t, c: gain(p, t) <= c * float(g @ p)),
         "You ask short steps for the gain of a whole one.",
         "The slope promises less, the shorter the step."),
        ("one-more", [t * tau for t, (_, _, tau) in zip(want, cases, strict=True)],
         "You make the length shorter once more than is needed.",
         "Test first, then shorten."),
    ):  # fmt: skip
        if np.allclose(got, other, rtol=1e-9, atol=0):
            raise Wrong(mistake, says, hint=hint)
    at = next(n for n in range(len(cases)) if not math.isclose(got[n], want[n]))
    raise Wrong("another-length", f"With c = {cases[at][1]} and τ = {cases[at][2]} you return "
                f"{got[at]:.3g}.", hint="Try the lengths by hand: 1, τ, τ², … and the condition "
                "at each.")  # fmt: skip

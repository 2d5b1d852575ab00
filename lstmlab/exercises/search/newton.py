"""Checks of the exercises in the chapter "Newton's trouble"."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number

Floats = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f", "g")


@exercise("search.newton-holds", kind="recall")
def newton_holds(answer: object) -> str:
    """What holds of Newton's step on bowls, arches, luck and the relaxation."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "flat-is-low", "In your answer a place without slope is a minimum.",
         "Where else is the gradient 0? Think of the 225 starts."),
        ("d", "arch-is-seen", "In your answer the Hessian over the arch of the hidden size tells "
         "how far 410 is.", "At which sizes is the square computed, and what is there between "
         "them?"),
        ("e", "mean-changes-steps", "In your answer the length of a step on luck depends on how "
         "much luck there is.", "The gradient is divided by √β. And the Hessian?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "more-than-one", "In your answer a long bowl needs more than one step.",
         "The model of a quadratic is the quadratic. What is g + HΔ at the bottom?"),
        ("c", "units-count", "In your answer the unit of a hyperparameter matters to neither, or "
         "to both.", "With x = Sz, what become of g and of H, and what of H⁻¹ g?"),
        ("f", "bowl-draws", "In your answer the relaxation of a bowl leads to its bottom.",
         "Which entries of the Hessian does a cell have? By what is the distance multiplied in "
         "two steps?"),
        ("g", "mended-uphill", "In your answer the mended step can begin uphill.",
         "Write gᵀΔ as a sum over the directions. Which sign has each term?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "It looks for a place without slope, at the speed that the model deserves."


@exercise("search.best-width", kind="derive")
def best_width(answer: object) -> str:
    """The width at which a central second difference is least uncertain."""
    f = function(answer, "sigma", "fourth")
    cases = [(0.05, 0.64), (1.0, 1.0), (0.003, 20.0), (2.5, 0.1), (1e-6, 5.0)]
    got = np.array([number(call(f, sigma, fourth)) for sigma, fourth in cases])

    def like(way: Callable[[float, float], float]) -> bool:
        want = np.array([way(sigma, fourth) for sigma, fourth in cases])
        return bool(np.allclose(got, want, rtol=1e-4, atol=0))

    if like(lambda sigma, fourth: _width(math.sqrt(6) * sigma, fourth)):
        return "With luck of 0.05 and a fourth derivative of 1 it is a bit more than one unit."
    for mistake, way, says, hint in (
        ("middle-once", lambda sigma, fourth: _width(math.sqrt(3) * sigma, fourth),
         "You count the middle value's luck once.",
         "It is one value, doubled. What is the variance of 2 ε?"),
        ("middle-independent", lambda sigma, fourth: _width(2 * sigma, fourth),
         "You take the middle as two values with luck of their own.",
         "f(x) is asked for once and doubled. What is the variance of 2 ε, beside that of "
         "ε + ε'?"),
        ("sizes-added", lambda sigma, fourth: _width(4 * sigma, fourth),
         "You add up deviations.", "Of independent luck the variances add up."),
        ("variance", lambda sigma, fourth: _width(6 * sigma, fourth),
         "You have six times the deviation where it should be its root.",
         "Six is the factor of the variance. What is that of the deviation?"),
        ("forward", lambda sigma, fourth: (4 * sigma / fourth) ** (1 / 3),
         "That is the best width of the text's forward difference.",
         "Here the error of a wide difference grows with the square of the width."),
        ("balance", lambda sigma, fourth: (math.sqrt(6) * sigma / fourth) ** 0.25,
         "The twelve has been lost.", "Take the derivative of both terms by the width."),
        ("square-root", lambda sigma, fourth: math.sqrt(12 * math.sqrt(6) * sigma / fourth),
         "That is the square of the best width.", "Which power of the width stands alone when the "
         "derivative is 0?"),
        ("upside-down", lambda sigma, fourth: 1 / _width(math.sqrt(6) * sigma, fourth),
         "Your fraction stands upside down.", "With more luck, should the difference be wider or "
         "narrower?"),
    ):  # fmt: skip
        if like(way):
            raise Wrong(mistake, says, hint=hint)
    at = next(
        n
        for n, (sigma, fourth) in enumerate(cases)
        if not math.isclose(got[n], _width(math.sqrt(6) * sigma, fourth), rel_tol=1e-4)
    )
    raise Wrong("another-width", f"With sigma = {cases[at][0]:g} and fourth = {cases[at][1]:g} it "
                f"is not {got[at]:.4g}.", hint="Set the derivative of the sum by the width to 0: "
                "one term falls as its third power, the other rises as its first.")  # fmt: skip


def _width(luck: float, fourth: float) -> float:
    """Where luck / h² + fourth h² / 12 is least."""
    return float((12 * luck / fourth) ** 0.25)


@exercise("search.long-steps", kind="derive")
def long_steps(answer: object) -> str:
    """How likely Newton's step with central differences on luck alone is to be so long."""
    f = function(answer, "length", "h", "h_2")
    cases = [(1e-4, 1e-8, 1e-6), (0.5, 0.1, 0.2), (3.0, 1.0, 1.0), (20.0, 1e-8, 1e-6),
             (0.02, 1e-3, 1e-2)]  # fmt: skip
    got = np.array([number(call(f, *case)) for case in cases])

    def like(way: Callable[[float, float, float], float]) -> bool:
        want = np.array([way(*case) for case in cases])
        return bool(np.allclose(got, want, rtol=1e-3, atol=1e-13))

    if like(lambda length, h, h_2: _beyond(math.sqrt(12) * h * length / h_2**2)):
        return "It is more often short than with forward differences, and as unbounded."
    for mistake, way, says, hint in (
        ("forward", lambda length, h, h_2: _beyond(math.sqrt(2) * h * length / h_2**2),
         "That is the text's formula, for forward differences.",
         "A central difference is divided by 2 h. And how does the second difference's variance "
         "come about here?"),
        ("middle-twice", lambda length, h, h_2: _beyond(math.sqrt(8) * h * length / h_2**2),
         "You take the middle as two values with luck of their own.",
         "f(x) is asked for once and doubled. What is the variance of 2 ε?"),
        ("middle-once", lambda length, h, h_2: _beyond(math.sqrt(6) * h * length / h_2**2),
         "You count the middle value's luck once.", "What is the variance of 2 ε?"),
        ("two-h", lambda length, h, h_2: _beyond(math.sqrt(3) * h * length / h_2**2),
         "Your gradient is divided by h.", "How far are the two values of the gradient apart?"),
        ("one-side", lambda length, h, h_2: _beyond(math.sqrt(12) * h * length / h_2**2) / 2,
         "You count steps in one direction alone.", "A step may be long to both sides."),
        ("shorter", lambda length, h, h_2: 1 - _beyond(math.sqrt(12) * h * length / h_2**2),
         "That is the probability of a shorter step.", "The longer the length, the fewer steps "
         "are beyond it."),
        ("upside-down", lambda length, h, h_2: _beyond(h_2**2 / (math.sqrt(12) * h * length)),
         "In your answer long steps are the rule, and short ones rare.",
         "Divide the length by the ratio of the two deviations."),
    ):  # fmt: skip
        if like(way):
            raise Wrong(mistake, says, hint=hint)
    at = next(
        n
        for n, (length, h, h_2) in enumerate(cases)
        if not math.isclose(got[n], _beyond(math.sqrt(12) * h * length / h_2**2), rel_tol=1e-3)
    )
    length, h, h_2 = cases[at]
    raise Wrong("another-probability", f"For length = {length:g}, h = {h:g} and h_2 = {h_2:g} it "
                f"is not {got[at]:.4g}.", hint="If X and Y are normal with deviations a and b, X/Y "
                "is beyond ± t with probability 1 - (2/π) arctan(t b / a).")  # fmt: skip


def _beyond(x: float) -> float:
    """The share of Cauchy's distribution beyond ±x, to the last digit also for large x."""
    return 2 / math.pi * math.atan(1 / x)


@exercise("search.second-differences", kind="build")
def second_differences(answer: object) -> str:
    """A Hessian by forward differences, without asking for the same place twice."""
    f = function(answer, "f", "x", "h")
    for d, h in ((1, 0.1), (2, 0.02), (3, 0.01), (4, 0.05)):
        ground = _Ground(d)
        x = np.linspace(-0.4, 0.7, d)
        given = x.copy()
        got = array(call(f, ground, given, h), (d, d))
        want = _second(_Ground(d).value, x, h)
        if ground.count == 0:
            raise Wrong("no-training", "Your function never calls `f`.",
                        hint="`f(x)` is the loss at x, an array of shape (d,).")  # fmt: skip
        most = 1 + d + d * (d + 1) // 2
        if close(got, want, 1e-5) and ground.count <= most:
            continue
        if close(got, want, 1e-5):
            raise Wrong("asked-twice", f"In {d} dimensions you ask for {ground.count} values, and "
                        f"{most} are enough.", hint="f(x) and f(x + h e_i) stand in many entries, "
                        "and H_ij is H_ji.")  # fmt: skip
        if not close(got, got.T, 1e-6) and close(np.triu(got), np.triu(want), 1e-5):
            raise Wrong("half-empty", "The lower half of your matrix is missing.",
                        hint="H_ji is H_ij.")  # fmt: skip
        if not close(got, got.T, 1e-6) and close(np.tril(got), np.tril(want), 1e-5):
            raise Wrong("half-empty", "The upper half of your matrix is missing.",
                        hint="H_ij is H_ji.")  # fmt: skip
        if close(got, want * h, 1e-5):
            raise Wrong("divided-once", "You divide by h once.",
                        hint="Each of the two differences is divided by h.")  # fmt: skip
        if close(got, want * h**2, 1e-5):
            raise Wrong("not-divided", "You do not divide by the width.",
                        hint="Each of the two differences is divided by h.")  # fmt: skip
        if close(got, -want, 1e-5):
            raise Wrong("sign", "Your matrix has the opposite sign.",
                        hint="f(x + h e_i + h e_j) counts positively.")  # fmt: skip
        if d > 1 and close(np.diag(np.diag(got)), got, 1e-9):
            raise Wrong("diagonal-only", "Off the diagonal your matrix is 0.",
                        hint="What does f(x + h e_i + h e_j) tell?")  # fmt: skip
        off = ~np.eye(d, dtype=bool)
        if close(got[off], want[off], 1e-5) and d > 1:
            raise Wrong("diagonal", "Your diagonal is wrong.",
                        hint="With i = j the far place is x + 2 h e_i, and the text's formula "
                             "holds as it stands.")  # fmt: skip
        raise Wrong(
            "another-matrix",
            f"In {d} dimensions it is another matrix.",
            hint="H_ij h² is f(x + h e_i + h e_j) - f(x + h e_i) - f(x + h e_j) + f(x).",
        )
    return "In three dimensions it takes 10 values; the paper's listing takes 36 for the same."


def _second(f: Callable[[Floats], float], x: Floats, h: float) -> Floats:
    e = h * np.eye(len(x))
    one = np.array([f(x + step) for step in e])
    both = np.array([[f(x + a + b) for b in e] for a in e])
    return np.asarray((both - one[:, None] - one[None, :] + f(x)) / h**2)


class _Ground:
    """A smooth loss in d dimensions that counts how often it is asked."""

    def __init__(self, d: int) -> None:
        self.d, self.count = d, 0

    def __call__(self, x: object) -> float:
        if self.count == 500:
            raise RuntimeError("five hundred values, and no end")
        place = np.asarray(x, dtype=np.float64)
        if place.shape != (self.d,):
            raise ValueError(f"f takes an array of shape ({self.d},), got {place.shape}")
        self.count += 1
        return self.value(place)

    def __deepcopy__(self, memo: object) -> _Ground:
        return self  # or a copy would be asked, and not this one

    @staticmethod
    def value(x: Floats) -> float:
        """Bends and twists of both signs."""
        n = np.arange(1, len(x) + 1)
        return float(
            np.sin(n @ x) + (x**2) @ (2.5 - n) + np.exp(0.3 * x).prod() + x[0] * x[-1] ** 2
        )


@exercise("search.safe-step", kind="build")
def safe_step(answer: object) -> str:
    """Newton's step over the sizes of the bends, not too long."""
    f = function(answer, "g", "H", "least", "longest")
    rng = np.random.default_rng(11)
    cases: list[tuple[Floats, Floats, float, float]] = []
    for n, d in enumerate((1, 2, 2, 3, 4, 3, 2, 2)):
        half = rng.normal(size=(d, d))
        H = half @ half.T + 0.5 * np.eye(d) if n in (1, 3) else half + half.T
        if n == 7:
            H = np.diag([1.0, 1e-9])
        cases.append(
            (rng.normal(size=d), H, 0.3, (50.0, 50.0, 0.4, 50.0, 50.0, 0.2, 50.0, 50.0)[n])
        )
    got = [array(call(f, g.copy(), H.copy(), least, longest), g.shape)
           for g, H, least, longest in cases]  # fmt: skip

    def like(way: Callable[[Floats, Floats, float], Floats], short: Callable[..., Floats]) -> bool:
        return all(
            close(each, short(way(g, H, least), longest), 1e-5)
            for each, (g, H, least, longest) in zip(got, cases, strict=True)
        )

    if like(_mended, _short):
        return "With a box instead of a longest step it is what `Newton.customary` does."
    for mistake, way, short, says, hint in (
        ("uphill", lambda g, H, least: -_mended(g, H, least), _short,
         "Your step leads uphill.", "Downhill is against the gradient."),
        ("plain", lambda g, H, least: -np.linalg.solve(H, g), _short,
         "On a saddle your step is Newton's plain one.", "What becomes of a negative eigenvalue?"),
        ("raised", lambda g, H, least: _over(g, H, lambda lam: np.maximum(lam, least)), _short,
         "Where the surface bends down you divide by `least`.",
         "The size of the bend counts: take it before the larger of the two."),
        ("no-least", lambda g, H, least: _over(g, H, np.abs), _short,
         "In a direction that is nearly straight your step is a leap.", "What is `least` for?"),
        ("added", lambda g, H, least: _over(g, H, lambda lam: np.abs(lam) + least), _short,
         "You add `least` to the bends.", "It is the smallest divisor, and changes no larger one."),
        ("entries", lambda g, H, least: -np.linalg.lstsq(np.abs(H), g, rcond=None)[0], _short,
         "You take the sizes of the matrix's entries.",
         "The bends are its eigenvalues: `np.linalg.eigh` finds them, with their directions."),
        ("not-shortened", _mended, lambda s, longest: s,
         "Your step can be longer than `longest`.", "Multiply a step that is too long by a number "
         "below 1."),
        ("always-longest", _mended, lambda s, longest: s * longest / np.linalg.norm(s),
         "Your step always has the length `longest`.", "A step that is short enough stays as it "
         "is."),
        ("clipped", _mended, lambda s, longest: np.clip(s, -longest, longest),
         "You cut each coordinate, so the step changes its direction.",
         "All coordinates are to shrink by the same factor."),
    ):  # fmt: skip
        if like(way, short):
            raise Wrong(mistake, says, hint=hint)
    at = next(
        n
        for n, (g, H, least, longest) in enumerate(cases)
        if not close(got[n], _short(_mended(g, H, least), longest), 1e-5)
    )
    g, H, least, longest = cases[at]
    raise Wrong("another-step", f"In {len(g)} dimensions, with eigenvalues "
                f"{np.round(np.linalg.eigvalsh(H), 2).tolist()}, your step is another.",
                hint="Turn g into the eigenvectors' directions, divide each part, turn "
                     "back.")  # fmt: skip


def _over(g: Floats, H: Floats, bends: Callable[[Floats], Floats]) -> Floats:
    """-g divided by changed eigenvalues, each direction on its own."""
    lam, v = np.linalg.eigh(H)
    return np.asarray(-v @ ((v.T @ g) / bends(lam)))


def _mended(g: Floats, H: Floats, least: float) -> Floats:
    return _over(g, H, lambda lam: np.maximum(np.abs(lam), least))


def _short(s: Floats, longest: float) -> Floats:
    return np.asarray(s * min(1.0, longest / float(np.linalg.norm(s))))

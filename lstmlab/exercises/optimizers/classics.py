"""Checks of the exercises in the chapter "Every optimizer you know, in five tokens"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import (
    array,
    call,
    choice,
    close,
    function,
    members,
    number,
    several,
)
from lstmlab.optimizers import BINARY, OPERANDS, UNARY, Rule, named
from lstmlab.optimizers.evaluate import Step, evaluate

Array = NDArray[np.float64]
Moved = tuple[Array, Array, Array]

STATEMENTS = ("a", "b", "c", "d", "e", "f", "g")
B1, B2, DELTA = 0.9, 0.999, 1e-8


@exercise("optimizers.classics-hold", kind="recall")
def classics_hold(answer: object) -> str:
    """What holds of the classics as strings, of their averages, their memory and their rates."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("a", "adam-for-nothing", "In your answer a string of five puts Adam together from smaller "
         "words.", "Which function does Adam's denominator need, and is it in the paper's list?"),
        ("b", "against-the-gradient", "In your answer PowerSign goes on the old way after a turn.",
         "Which sign has e to any power?"),
        ("f", "two-averages", "In your answer AddSign remembers as much as Adam.",
         "Which averages are in its formula?"),
        ("g", "power-is-safe", "In your answer PowerSign may have a larger rate than SGD.",
         "By what is the gradient multiplied where both signs agree?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("c", "too-small", "In your answer RMSProp without a correction starts with small steps.",
         "What is divided by what? Which of the two is too small at first?"),
        ("d", "same-number", "In your answer ten times the rate does not make momentum in the "
         "language like torch's.", "Torch keeps a sum, the language an average. How far apart are "
         "they when the start is forgotten?"),
        ("e", "scale", "In your answer Adam notices a loss that is multiplied by 100, or momentum "
         "does not.", "By what are m and the root of v multiplied then?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "Half of what tells optimizers apart is the scale of a rate, and its first steps."


ONE_RATE = (
    (1, 0.001, 1e-8, 0.9, 0.999),
    (2, 0.1, 1e-3, 0.8, 0.99),
    (7, 1.0, 0.1, 0.5, 0.9),
    (300, 0.01, 1e-6, 0.95, 0.999),
)


@exercise("optimizers.one-rate", kind="derive")
def one_rate(answer: object) -> str:
    """The rate and the ε with which an Adam without corrections is Adam."""
    f = function(answer, "t", "lr", "delta", "beta_1", "beta_2")
    rows = [several(call(f, *case), "eta", "epsilon") for case in ONE_RATE]
    got = np.array([[number(part) for part in row] for row in rows])

    def is_like(way: Callable[[float, float], tuple[float, float]]) -> bool:
        return all(
            close(row / scale, np.array(way(1 - b1**t, 1 - b2**t)), 1e-5)
            for row, (t, lr, delta, b1, b2) in zip(got, ONE_RATE, strict=True)
            for scale in (np.array([lr, delta]),)
        )

    if is_like(lambda c1, c2: (c2**0.5 / c1, c2**0.5)):
        return "Kingma and Ba compute it in this way, to save two divisions of whole vectors."
    for mistake, way, says, hint in (
        ("delta-as-it-is", lambda c1, c2: (c2**0.5 / c1, 1.0), "The rate is right, ε is not.",
         "When you stretch the fraction, δ is stretched with it."),
        ("delta-shrunk", lambda c1, c2: (c2**0.5 / c1, c2**-0.5), "The rate is right, ε is not.",
         "Multiply both sides of the fraction by the same number, so that √v has no factor. What "
         "becomes of δ?"),
        ("upside-down", lambda c1, c2: (c1 / c2**0.5, c2**0.5), "Your rate is upside down.",
         "At the first step, is the step without corrections too large or too small?"),
        ("root-forgotten", lambda c1, c2: (c2 / c1, c2), "A root is missing.",
         "v is corrected under the root."),
        ("half", lambda c1, c2: (c2**0.5 / c1, c2), "The rate is right, ε is not.",
         "δ stands beside the root, not under it."),
        ("rmsprop", lambda c1, c2: (c2**0.5, c2**0.5), "You correct v alone: that is RMSProp's.",
         "What stands above the fraction line is an average, too."),
        ("momentum", lambda c1, c2: (1 / c1, 1.0), "You correct m alone.",
         "What stands below the fraction line is an average, too."),
    ):  # fmt: skip
        if is_like(way):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong("another-rate", "With your rate and ε the steps are not Adam's.",
                hint="Write m̂ and v̂ with their corrections, and move all factors to the "
                "front.")  # fmt: skip


BOWLS = ((1.0, 0.9), (100.0, 0.9), (4.0, 0.0), (20.0, 0.5), (0.3, 0.99))


@exercise("optimizers.largest-rate", kind="derive")
def largest_rate(answer: object) -> str:
    """Up to which rate momentum's steps shrink in a bowl."""
    f = function(answer, "L", "beta")
    got = np.array([number(call(f, L, beta)) for L, beta in BOWLS])

    def is_like(way: Callable[[float, float], float]) -> bool:
        return close(got / np.array([way(L, beta) for L, beta in BOWLS]), np.ones(len(BOWLS)), 1e-5)

    if is_like(lambda L, b: 2 * (1 + b) / ((1 - b) * L)):
        return (
            "That is 19 times SGD's limit for β = 0.9; in the widget ten times SGD's rate was fine."
        )
    for mistake, way, says, hint in (
        ("sgd", lambda L, b: 2 / L, "That is the limit of SGD.",
         "At your rate, with β = 0.9, momentum is still far from its limit. Try it."),
        ("torchs", lambda L, b: 2 * (1 + b) / L, "That is the limit of torch's momentum.",
         "The language has an average where torch has a sum. What does that do to the rate?"),
        ("upside-down", lambda L, b: 2 * (1 - b) / ((1 + b) * L), "Your fraction is upside down.",
         "Does averaging make large rates safer or not?"),
        ("scaled-sgd", lambda L, b: 2 / ((1 - b) * L), "You treat the sum as if it were the last "
         "gradient times a number.", "At the limit w changes its sign at each step. What does the "
         "average make of gradients that do?"),
        ("fastest", lambda L, b: (1 + b**0.5) ** 2 / ((1 - b) * L), "That is where the roots "
         "become real, not where the steps stop shrinking.", "Of two real roots with the product "
         "β the larger one may still be inside of the unit circle."),
        ("curvature", lambda L, b: 2 * (1 + b) * L / (1 - b), "Your limit grows with L.",
         "In a narrower bowl, is a larger rate safe?"),
    ):  # fmt: skip
        if is_like(way):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong("another-limit", "At your rate the steps still shrink, or they do no longer.",
                hint="Just at the limit w is +1, -1, +1, … What is m then, with its sign? Put "
                "both into w ← w - λ m.")  # fmt: skip


@exercise("optimizers.ten-tokens", kind="build")
def ten_tokens(answer: object) -> str:
    """AddSign as ten tokens, with the extension sqrt."""
    known = tuple(dict.fromkeys((*OPERANDS, "r1", *UNARY, "sqrt", *BINARY)))
    given = several(answer, *(f"token {n}" for n in range(1, 11)))
    tokens = [choice(part, known) for part in given]
    rule = _rule(tokens)
    if rule is None:
        raise _misplaced(tokens)
    got = _value(rule)
    if close(got, _value(named("addsign"))):
        return "Two groups in place of three: the space of ten tokens has AddSign in it."
    for mistake, like, says, hint in (
        ("powersign", named("powersign"), "That is PowerSign.", "e and 1/e are not wanted, but 2 "
         "and 0."),
        ("signs-alone", Rule.parse("sign(g) + sign(m)"), "Your rule has the right sign and no "
         "size.", "By what must it be multiplied, so that the gradient's size comes back?"),
        ("sign-twice", Rule.parse("(sign(g) + sign(m)) * g"), "Your rule goes uphill or down, "
         "whatever the sign of g: it has that sign twice.", "The sum of the signs has the sign of "
         "g already. What is missing is the size of g, without its sign."),
        ("size-squared", Rule.parse("(sign(g) + sign(m)) * g^2"), "Where g is 3, your rule is 18.",
         "The square of g has no sign, but it is not the size of g."),
        ("minus", Rule.parse("(sign(g) - sign(m)) * sqrt(g^2)", ["sqrt"]), "Your rule is 0 where "
         "the signs agree.", "What is the sum of two signs that agree, and of two that do not?"),
        ("root-of-g", Rule.parse("(sign(g) + sign(m)) * sqrt(g)", ["sqrt"]), "Where g is 4, your "
         "rule is 4.", "The root of what is the size of g?"),
        ("average-only", Rule.parse("(1 + sign(m)) * g"), "Your rule does not ask whether the "
         "signs agree.", "For which signs of g and m is AddSign 0?"),
    ):  # fmt: skip
        if close(got, _value(like)):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong("another-rule", f"Your tokens are the rule {rule}, and that is not AddSign.",
                hint="The sum of the two signs is 2, 0 or -2. When? And what is missing "
                "then?")  # fmt: skip


def _rule(tokens: Sequence[str]) -> Rule | None:
    try:
        return Rule.from_tokens(tokens, ["sqrt"])
    except ValueError:
        return None


def _misplaced(tokens: Sequence[str]) -> Wrong:
    for n, token in enumerate(tokens):
        bank = (*OPERANDS, "r1") if n >= 5 else OPERANDS
        slot = bank if n % 5 < 2 else (*UNARY, "sqrt") if n % 5 < 4 else BINARY
        if token not in slot:
            break
    place = ("operand", "operand", "function of one value", "function of one value",
             "function of two values")[n % 5]  # fmt: skip
    return Wrong("wrong-place", f"Token {n + 1}, {token!r}, stands where there must be an {place}."
                 .replace("an function", "a function"),
                 hint="A group is two operands, two functions of one value, and one of two; r1 "
                 "exists after the first group.")  # fmt: skip


def _value(rule: Rule) -> Array:
    """The update at 40 made-up places, NaN not being among them; chance is drawn from key 0."""
    rng = np.random.default_rng(7)
    g, m, gamma, w = rng.normal(size=(4, 40)) * 2
    averages = {"m": m, "v": rng.uniform(0.1, 4, 40), "gamma": gamma}
    found = evaluate(rule.graph, w=w, g=g, averages=averages, step=Step(2000))
    return np.nan_to_num(np.asarray(found, dtype=np.float64), nan=1e9, posinf=1e9, neginf=-1e9)


@exercise("optimizers.adam-step", kind="build")
def adam_step(answer: object) -> str:
    """One step of Adam, with the averages that are kept."""
    f = function(answer, "w", "g", "m", "v", "t", "lr")
    rng = np.random.default_rng(3)
    cases: list[tuple[Array, Array, Array, Array, int, float]] = []
    for n, (t, size) in enumerate(((1, 1.0), (1, 1e-7), (2, 1.0), (30, 1e-6), (4000, 3.0))):
        w, g, m = rng.normal(size=(3, 3 + n)) * np.array([[1.0], [size], [size]])
        v = rng.uniform(0.2, 2, 3 + n) * size**2
        cases.append((w, g, m * (t > 1), v * (t > 1), t, 0.1 * n + 0.01))
    got: list[list[Array]] = []
    for case in cases:
        made = several(call(f, *case), "w", "m", "v")
        got.append([array(part, case[0].shape) for part in made])

    def is_like(way: Callable[..., Moved]) -> bool:
        return all(
            close(mine, theirs, 1e-8)
            for case, row in zip(cases, got, strict=True)
            for mine, theirs in zip(row, way(*case), strict=True)
        )

    if is_like(_adam):
        return "Five lines, and the same numbers as torch's."
    for mistake, way, says, hint in _SLIPS:
        if is_like(way):
            raise Wrong(mistake, says, hint=hint)
    names = ("w", "m", "v")
    n, k = next(
        (n, k) for k in (1, 2, 0) for n, case in enumerate(cases)
        if not close(got[n][k], _adam(*case)[k], 1e-8)
    )  # fmt: skip
    raise Wrong("another-step", f"At step t = {cases[n][4]} your {names[k]} is another.",
                hint="Three things are returned: the weights after the step, and the two averages "
                "as they are kept, before any correction.")  # fmt: skip


def _adam(
    w: Array, g: Array, m: Array, v: Array, t: int, lr: float, *,
    b1: float = B1, b2: float = B2, c1: float = 1.0, c2: float = 1.0, inside: bool = False,
    square: bool = True, old: bool = False, delta: float = DELTA, sign: float = -1.0,
    keep: bool = True,
) -> Moved:  # fmt: skip
    """Adam's step, or with the options one that has a slip."""
    m_new = b1 * m + (1 - b1) * g
    v_new = b2 * v + (1 - b2) * (g * g if square else np.abs(g))
    used_m, used_v = (m, v) if old else (m_new, v_new)
    m_hat = used_m / (1 - b1**t) if c1 else used_m
    v_hat = used_v / (1 - b2**t) if c2 else used_v
    below = np.sqrt(v_hat + delta) if inside else np.sqrt(v_hat) + delta
    moved = w + sign * lr * m_hat / np.where(below == 0, 1.0, below)
    return (moved, m_new, v_new) if keep else (moved, m_hat, v_hat)


def _slip(**options: float) -> Callable[..., Moved]:
    def way(*case: object) -> Moved:
        return _adam(*case, **options)  # type: ignore[arg-type]

    return way


_SLIPS: tuple[tuple[str, Callable[..., Moved], str, str], ...] = (
    ("no-correction", _slip(c1=0, c2=0), "You correct neither average.",
     "How much do the gradients weigh in m after one step?"),
    ("half-corrected", _slip(c2=0), "You correct m, but not v.",
     "v starts at 0, too, and forgets even more slowly."),
    ("half-corrected", _slip(c1=0), "You correct v, but not m.", "m starts at 0, too."),
    ("corrected-kept", _slip(keep=False), "You return the corrected averages.",
     "What goes into the next step's average?"),
    ("delta-inside", _slip(inside=True), "δ is under the root.",
     "Look at the formula of `adam` again; with gradients of 1e-6 it makes a difference."),
    ("no-delta", _slip(delta=0.0), "δ is missing.", "What if all gradients were 0 so far?"),
    ("uphill", _slip(sign=1.0), "You go uphill.", "Which sign has Δw?"),
    ("betas-exchanged", _slip(b1=B2, b2=B1), "β₁ and β₂ have changed places.",
     "Which of the two averages forgets faster?"),
    ("not-squared", _slip(square=False), "v is no average of squares.",
     "Of what is v the average?"),
    ("old-averages", _slip(old=True), "You use the averages from before the step.",
     "At the first step they are 0. Does the weight move then?"),
)  # fmt: skip

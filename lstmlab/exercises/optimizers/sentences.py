"""Checks of the exercises in the chapter "Update rules as sentences"."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, choice, close, function, members, several, truth
from lstmlab.exercises.answers import whole as whole_number
from lstmlab.optimizers import BINARY, OPERANDS, UNARY, Rule

Array = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f")
DELTA = 1e-8


@exercise("optimizers.sentences-hold", kind="recall")
def sentences_hold(answer: object) -> str:
    """What holds of groups, shared values, constraints, equality and parsing."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "two-masks", "In your answer a result that is used twice is drawn twice.",
         "How many boxes has r1 in the drawing of the graph?"),
        ("d", "no-way-round", "In your answer no rule that ends in a sum is left without final "
         "additions.", "What may a group do that is put after the sum?"),
        ("f", "equal-means-all", "In your answer two rules that always give the same numbers are "
         "always found to be equal.", "Which identities does the canonical form use? Is "
         "log 1 = 0 one of them?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "brackets-needed", "In your answer a token string needs brackets to be read.",
         "Is there a place in a group at which two kinds of tokens may stand?"),
        ("c", "mostly-used", "In your answer most free strings of ten tokens use their first "
         "group.", "Of 17 operands, how many are r1? How many operands does the second group "
         "have?"),
        ("e", "order-counts", "In your answer the canonical form keeps the order of a product.",
         "Is there a number for which a · b and b · a differ?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "Equal means the same to the bit; what is not equal may still come to the same."


_WANTED = "(g + drop(m, 0.3)) * exp(-(g * m))"
_NEAR = (
    ("no-minus", "(g + drop(m, 0.3)) * exp(g * m)", "Your rule has no minus in the exponent.",
     "An arm has one function only. In which group is there a place for the minus?"),
    ("minus-outside", "-((g + drop(m, 0.3)) * exp(g * m))",
     "Your minus stands before the whole rule, not in the exponent.",
     "e to the power of -x is not minus e to the power of x."),
    ("minus-of-exp", "(g + drop(m, 0.3)) * -exp(g * m)", "Your minus stands before e.",
     "The minus is to be there before the function exp comes."),
    ("other-arm-dropped", "(drop(g, 0.3) + m) * exp(-(g * m))",
     "In your rule it is g that is dropped.",
     "Unary 1 belongs to operand 1, unary 2 to operand 2."),
    ("all-dropped", "drop(g + m, 0.3) * exp(-(g * m))", "You drop the sum.",
     "Only m is dropped: which arm of which group is that?"),
    ("other-arm-exp", "exp(g + drop(m, 0.3)) * -(g * m)",
     "You have the exponential of the sum, not of the product.",
     "Unary 1 belongs to operand 1, unary 2 to operand 2."),
    ("added", "(g + drop(m, 0.3)) + exp(-(g * m))", "Your last group adds.",
     "Which binary function joins the two brackets?"),
    ("no-exp", "(g + drop(m, 0.3)) * -(g * m)", "Your rule has no exponential.",
     "The last group has a place for a function of each of its operands."),
)  # fmt: skip


@exercise("optimizers.three-groups", kind="derive")
def three_groups(answer: object) -> str:
    """The token string of a rule that needs three groups."""
    known = (*OPERANDS, *UNARY, *BINARY, "r1", "r2")
    parts = several(answer, *(f"token {n}" for n in range(1, 16)))
    tokens = [choice(part, known) for part in parts]
    rule = _rule(tokens)
    if rule is None:
        raise _unreadable(tokens)
    if rule == Rule.parse(_WANTED):
        return f"Read back it is {rule}."
    for mistake, text, says, hint in _NEAR:
        if rule == Rule.parse(text):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong("another-rule", f"Your string reads {str(rule)[:120]}.",
                hint="Begin with the innermost parts: which two values can be had from operands "
                     "alone?")  # fmt: skip


def _rule(tokens: Sequence[str]) -> Rule | None:
    try:
        return Rule.from_tokens(tokens)
    except ValueError:
        return None


def _unreadable(tokens: Sequence[str]) -> Wrong:
    groups = [tokens[n : n + 5] for n in range(0, 15, 5)]
    told = [(a, b, u, v, f) for a, u, b, v, f in groups]
    if _rule([token for group in told for token in group]) is not None:
        return Wrong(
            "interleaved",
            "You put each function right after its operand.",
            hint="First both operands, then both functions, then the binary one.",
        )
    for n, group in enumerate(groups, start=1):
        late = [token for token in group[:2] if token in ("r1", "r2") and int(token[1]) >= n]
        if late:
            return Wrong(
                "not-there-yet",
                f"Group {n} uses {late[0]}, which is not there yet.",
                hint="The first group's result is called r1, and later groups may use it.",
            )
    at = next(n for n, token in enumerate(tokens) if token not in _slot(n))
    slot = ("operand 1", "operand 2", "unary 1", "unary 2", "binary")[at % 5]
    return Wrong("wrong-place", f"Token {at + 1}, {tokens[at]!r}, cannot stand at the place of "
                 f"{slot}.", hint="Count in fives: two operands, two unary functions, one binary "
                 "function.")  # fmt: skip


def _slot(n: int) -> Sequence[str]:
    """What may stand at place n, results not looked at."""
    return (*OPERANDS, "r1", "r2") if n % 5 < 2 else UNARY if n % 5 < 4 else BINARY


@exercise("optimizers.count-sentences", kind="derive")
def count_sentences(answer: object) -> str:
    """How many strings there are if every later group uses an earlier result."""
    f = function(answer, "o", "u", "b", "n")
    cases = ((16, 11, 5, 2), (3, 2, 1, 3), (5, 4, 3, 4), (7, 3, 2, 1), (2, 1, 1, 2))
    got = [whole_number(call(f, *case)) for case in cases]
    want = [_count(*case, lambda o, k: (o + k) ** 2 - o**2) for case in cases]
    if got == want:
        return "Of four groups of the full lists, this leaves less than one string in a hundred."
    for mistake, other, says, hint in (
        ("free", [_count(*case, lambda o, k: (o + k) ** 2) for case in cases],
         "You count the strings that use no earlier result, too.",
         "How many pairs have both operands from the list? Those are not allowed."),
        ("exactly-one", [_count(*case, lambda o, k: 2 * o * k) for case in cases],
         "You leave out the pairs with two earlier results.",
         "r1 and r1 again is a pair, too."),
        ("one-result", [_count(*case, lambda o, k: (o + 1) ** 2 - o**2) for case in cases],
         "In your count a group has one earlier result to choose from.",
         "The third group may use r1 and r2."),
        ("two-results-only", [_count(*case, lambda o, k: k**2) for case in cases],
         "In your count both operands are earlier results.", "One of the two is enough."),
        ("pairs-twice", [_count(*case, lambda o, k: 2 * k * (o + k)) for case in cases],
         "You count the pairs of two earlier results twice.",
         "Take all pairs, and from them those that are not allowed."),
        ("one-unary", [w // u ** n for w, (_, u, _, n) in zip(want, cases, strict=True)],
         "In your count a group has one unary function.", "Each of the two operands has its own."),
        ("added", [sum(_pairs(o, k) * u**2 * b for k in range(n)) for o, u, b, n in cases],
         "You add up the groups.", "Each first group can be followed by each second one."),
    ):  # fmt: skip
        if got == other:
            raise Wrong(mistake, says, hint=hint)
    at = next(n for n in range(len(cases)) if got[n] != want[n])
    o, u, b, n = cases[at]
    raise Wrong(
        "another-count",
        f"With o = {o}, u = {u}, b = {b} and n = {n} you have {got[at]}.",
        hint="How many pairs of operands may each group have? Begin with n = 1.",
    )


def _pairs(o: int, k: int) -> int:
    return (o + k) ** 2 - (o**2 if k else 0)


def _count(o: int, u: int, b: int, n: int, later: Callable[[int, int], int]) -> int:
    """Strings of n groups, `later` being the pairs of a group that has k results before it."""
    return math.prod((later(o, k) if k else o**2) * u**2 * b for k in range(n))


_UNARY: dict[str, Callable[[Array], Array]] = {
    "x": lambda x: x, "-x": lambda x: -x, "exp": np.exp, "sign": np.sign,
    "log": lambda x: np.log(np.abs(x)),
}  # fmt: skip
_BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "left": lambda x, y: x,
    "/": lambda x, y: x / (y + DELTA),
}  # fmt: skip

_READ = (
    "g m x x -", "g m x -x +", "g m exp sign left", "m g log x *", "g w x x /",
    "g m x x * r1 g exp x -", "m g sign x left g r1 x x /", "g m x x + g w x exp * r1 r2 log x *",
    "w w x x + g g x x * m r1 x x -",
)  # fmt: skip
"""Strings, told apart by different mistakes; w is as small as δ."""


@exercise("optimizers.read-aloud", kind="build")
def read_aloud(answer: object) -> str:
    """A reader of token strings, with the operand bank."""
    f = function(answer, "tokens", "values")
    rng = np.random.default_rng(11)
    values = {
        "g": rng.normal(size=4),
        "m": rng.normal(size=4),
        "w": np.array([1.0, 2, -3, 4]) / 1e8,
    }
    for text in _READ:
        tokens = text.split()
        given = {name: value.copy() for name, value in values.items()}
        got = array(call(f, list(tokens), given), (4,), finite=False)
        if close(got, _read(tokens, values)):
            continue
        for mistake, says, hint, other in _misread(tokens, values):
            if close(got, other):
                raise Wrong(mistake, f"{text}: {says}", hint=hint)
        if np.isnan(got).any():
            raise Wrong(
                "log-of-negative",
                f"{text}: some of your values are not a number.",
                hint="Which logarithm does the language have for a negative number?",
            )
        raise Wrong(
            "another-value",
            f"{text}: your values are others.",
            hint="Print what each group comes to, and compare with a pencil.",
        )
    return "It is all there is to a rule but its draws: the package reads strings in the same way."


def _read(
    tokens: Sequence[str],
    values: Mapping[str, Array],
    binary: Mapping[str, Callable[[Array, Array], Array]] = _BINARY,
    *,
    crossed: bool = False,
) -> Array:
    bank = dict(values)
    found = np.zeros(0)
    for k in range(0, len(tokens), 5):
        a, b, u, v, f = tokens[k : k + 5]
        u, v = (v, u) if crossed else (u, v)
        found = binary[f](_UNARY[u](bank[a]), _UNARY[v](bank[b]))
        bank[f"r{k // 5 + 1}"] = found
    return found


def _misread(
    tokens: Sequence[str], values: Mapping[str, Array]
) -> list[tuple[str, str, str, Array]]:
    """Mistakes, what is said of them, and the values they lead to."""
    left, right = values[tokens[0]], values[tokens[1]]
    return [
        ("no-delta", "you divide by y itself.", "What does the language add to a divisor?",
         _read(tokens, values, {**_BINARY, "/": lambda x, y: x / y})),
        ("keeps-right", "`left` keeps the right one.", "What is the word for x of b(x, y)?",
         _read(tokens, values, {**_BINARY, "left": lambda x, y: y})),
        ("crossed", "you give each operand the other's function.",
         "Unary 1 belongs to operand 1, unary 2 to operand 2.",
         _read(tokens, values, crossed=True)),
        ("first-group", "your value is that of the first group.", "Which group's result is the "
         "rule?", _read(tokens[:5], values)),
        ("no-functions", "you leave the unary functions out.", "A group is b(u1(op1), u2(op2)).",
         _BINARY[tokens[4]](left, right)),
        ("subtracts-backwards", "you subtract the first from the second.",
         "x - y: x is the first arm.",
         _read(tokens, values, {**_BINARY, "-": lambda x, y: y - x})),
    ]  # fmt: skip


_PAIRS = (
    ("g m x exp *", "g m x exp *", True, ""),
    ("g m x exp *", "m g exp x *", True, "order"),
    ("v m sign x +", "m v x sign +", True, "order"),
    ("g m x exp left", "g v x log left", True, "ignored-arm"),
    ("g m exp x left", "g m exp sign left", True, "ignored-arm"),
    ("g m x exp -", "m g exp x -", False, "all-commute"),
    ("g v x log /", "v g log x /", False, "all-commute"),
    ("g m x exp left", "m g exp x left", False, "all-commute"),
    ("g m x exp *", "m g x exp *", False, "taken-apart"),
    ("g m sign exp +", "m g sign exp +", False, "taken-apart"),
    ("g m x exp *", "g m x exp +", False, "another-function"),
    ("g m x exp left", "g m x exp *", False, "another-function"),
    ("g m x exp *", "g m x sign *", False, "half-read"),
    ("g v x exp -", "g m x exp -", False, "half-read"),
    ("g m log x left", "v m log x left", False, "half-read"),
)
_SAYS = {
    "order": ("do not say that they are the same", "May the two sides of a sum or a product be "
              "exchanged?"),
    "ignored-arm": ("do not say that they are the same", "What becomes of the second arm after "
                    "`left`?"),
    "all-commute": ("say that they are the same", "Try the function on 3 and 2, and on 2 and 3."),
    "taken-apart": ("say that they are the same", "An operand and its function belong together: "
                    "what moves to the other side is an arm, not a token."),
    "another-function": ("say that they are the same", "What does the fifth token say?"),
    "half-read": ("say that they are the same", "Are all tokens looked at that matter?"),
    "": ("do not say that they are the same", "Compare what is left when the order is gone."),
}  # fmt: skip


@exercise("optimizers.same-rule", kind="build")
def same_rule(answer: object) -> str:
    """Whether two strings of five tokens are one rule."""
    f = function(answer, "first", "second")
    for one, other, want, mistake in _PAIRS:
        for first, second in ((one, other), (other, one)):
            if truth(call(f, first.split(), second.split())) is want:
                continue
            says, hint = _SAYS[mistake]
            raise Wrong(mistake or "never", f"Of {first} and {second} you {says}.", hint=hint)
    return "The package's canonical form does this at every node, and knows the minus as well."

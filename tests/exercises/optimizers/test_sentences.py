"""The exercises of "Update rules as sentences"."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..harness import Promises

Array = NDArray[np.float64]
Values = Mapping[str, Array]
Pair = Sequence[str]

HOLD = {"a", "c", "e"}
SUM, PRODUCT = "g m x drop0.3 +", "g m -x x *"


def groups(*texts: str) -> Callable[[], list[str]]:
    return lambda: " ".join(texts).split()


def counted(o: int, u: int, b: int, n: int, later: Callable[[int, int], int]) -> int:
    return math.prod((later(o, k) if k else o * o) * u * u * b for k in range(n))


def sentences(o: int, u: int, b: int, n: int) -> int:
    return counted(o, u, b, n, lambda o, k: 2 * o * k + k * k)


def added(o: int, u: int, b: int, n: int) -> int:
    return sum((2 * o * k + k * k if k else o * o) * u * u * b for k in range(n))


ONE: dict[str, Callable[[Array], Array]] = {
    "x": np.array, "-x": np.negative, "exp": np.exp, "sign": np.sign,
    "log": lambda x: np.log(np.abs(x)),
}  # fmt: skip
TWO: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "left": lambda x, y: x,
    "/": lambda x, y: x / (y + 1e-8),
}  # fmt: skip


def reader(
    one: Mapping[str, Callable[[Array], Array]] = ONE,
    two: Mapping[str, Callable[[Array, Array], Array]] = TWO,
    order: Sequence[int] = (0, 1, 2, 3, 4),
    last: int | None = None,
) -> Callable[[Sequence[str], Values], Array]:
    """A reader with other functions, another order of the tokens, or an end after `last`."""

    def read(tokens: Sequence[str], values: Values) -> Array:
        bank = dict(values)
        for k in range(0, last or len(tokens), 5):
            a, b, u, v, f = (tokens[k + n] for n in order)
            bank["last"] = bank[f"r{k // 5 + 1}"] = two[f](one[u](bank[a]), one[v](bank[b]))
        return bank["last"]

    return read


def bare(tokens: Sequence[str], values: Values) -> Array:
    return TWO[tokens[4]](values[tokens[0]], values[tokens[1]])


def without_absolute(tokens: Sequence[str], values: Values) -> Array:
    with np.errstate(invalid="ignore"):
        return reader({**ONE, "log": np.log})(tokens, values)


def form(tokens: Pair, commuting: str = "+*", *, drops: bool = True, apart: bool = False) -> object:
    a, b, u, v, f = tokens
    arms = [(a, u), (b, v)]
    if drops and f == "left":
        return f, arms[0]
    if apart:
        return f, sorted((a, b)), (u, v) if f not in commuting else sorted((u, v))
    return f, sorted(arms) if f in commuting else arms


def same(first: Pair, second: Pair) -> bool:
    return form(first) == form(second)


class TestSentences(Promises):
    chapter = "7-1-update-rules-as-sentences"
    wrong = {
        "optimizers.sentences-hold": [
            (HOLD | {"b"}, "two-masks"),
            (HOLD | {"d"}, "no-way-round"),
            (HOLD | {"f"}, "equal-means-all"),
            (HOLD - {"a"}, "brackets-needed"),
            (lambda: ["a", "e"], "mostly-used"),
            (HOLD - {"e"}, "order-counts"),
        ],
        "optimizers.three-groups": [
            (groups(SUM, "g m x x *", "r1 r2 x exp *"), "no-minus"),
            (groups(SUM, PRODUCT, "r1 r2 x x *"), "no-exp"),
            (groups("g m drop0.3 x +", PRODUCT, "r1 r2 x exp *"), "other-arm-dropped"),
            (groups("g m x x +", PRODUCT, "r1 r2 drop0.3 exp *"), "all-dropped"),
            (groups(SUM, PRODUCT, "r1 r2 exp x *"), "other-arm-exp"),
            (groups(SUM, PRODUCT, "r1 r2 x exp +"), "added"),
            (groups("g m -x drop0.3 +", "g m x x *", "r1 r2 x exp *"), "another-rule"),
            (groups("g x m drop0.3 +", "g -x m x *", "r1 x r2 exp *"), "interleaved"),
            (groups("r1 m x drop0.3 +", PRODUCT, "r1 r2 x exp *"), "not-there-yet"),
            (groups(SUM, PRODUCT, "r1 r2 * x exp"), "wrong-place"),
            (groups(SUM, PRODUCT), "length"),
            (groups(SUM, PRODUCT, "r1 r3 x exp *"), "not-an-option"),
        ],
        "optimizers.count-sentences": [
            (lambda o, u, b, n: counted(o, u, b, n, lambda o, k: (o + k) ** 2), "free"),
            (lambda o, u, b, n: counted(o, u, b, n, lambda o, k: 2 * o * k), "exactly-one"),
            (lambda o, u, b, n: counted(o, u, b, n, lambda o, k: 2 * o + 1), "one-result"),
            (lambda o, u, b, n: counted(o, u, b, n, lambda o, k: k * k), "two-results-only"),
            (lambda o, u, b, n: counted(o, u, b, n, lambda o, k: 2 * k * (o + k)), "pairs-twice"),
            (lambda o, u, b, n: sentences(o, u, b, n) // u**n, "one-unary"),
            (added, "added"),
            (lambda o, u, b, n: 7, "another-count"),
        ],
        "optimizers.read-aloud": [
            (reader(two={**TWO, "/": np.divide}), "no-delta"),
            (reader(two={**TWO, "left": lambda x, y: y}), "keeps-right"),
            (reader(two={**TWO, "-": lambda x, y: y - x}), "subtracts-backwards"),
            (reader(order=(0, 1, 3, 2, 4)), "crossed"),
            (reader(last=5), "first-group"),
            (bare, "no-functions"),
            (without_absolute, "log-of-negative"),
            (lambda tokens, values: values["g"], "another-value"),
            (lambda tokens, values: 1.0, "shape"),
        ],
        "optimizers.same-rule": [
            (lambda a, b: False, "never"),
            (lambda a, b: list(a) == list(b), "order"),
            (lambda a, b: form(a, drops=False) == form(b, drops=False), "ignored-arm"),
            (lambda a, b: form(a, "+*-/") == form(b, "+*-/"), "all-commute"),
            (lambda a, b: form(a, apart=True) == form(b, apart=True), "taken-apart"),
            (lambda a, b: True, "all-commute"),
            (lambda a, b: same([*a[:4], "*"], [*b[:4], "*"]) or same(a, b), "all-commute"),
            (lambda a, b: same(a, b) or (a[:4] == b[:4] and {a[4], b[4]} <= {"*", "+"}),
             "another-function"),
            (lambda a, b: same(a, b) or (a[:3] == b[:3] and a[4] == b[4]), "half-read"),
            (lambda a, b: "yes", "form"),
        ],
    }  # fmt: skip
    right = {
        "optimizers.three-groups": [
            groups(PRODUCT, SUM, "r2 r1 x exp *"),
            groups("m g drop0.3 x +", "m g x -x *", "r2 r1 exp x *"),
            tuple(groups(SUM, PRODUCT, "r1 r2 x exp *")()),
        ],
        "optimizers.count-sentences": [sentences],
        "optimizers.read-aloud": [reader()],
        "optimizers.same-rule": [same],
    }

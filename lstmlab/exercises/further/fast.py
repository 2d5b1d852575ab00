"""Checks of the exercises in the chapter "Making it fast"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import VARIANTS, Variant
from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, mapping, members, number, whole

PRESENT = ("V", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP")
HALF = 2.4e-4  # an error that half precision does not see near 1


@exercise("further.lines-left-out", kind="recall")
def lines_left_out(answer: object) -> str:
    """In which variants' machine code a line of the kernel is missing."""
    keys = ("in", "kept", "rest", "peep")
    given = mapping(answer, keys)
    found = {key: members(given[key], PRESENT) for key in keys}
    wanted = {
        "in": frozenset({"NIG"}),
        "kept": frozenset({"NFG", "CIFG"}),
        "rest": frozenset(PRESENT) - {"CIFG"},
        "peep": frozenset({"NP"}),
    }
    if found["rest"] == {"CIFG"} or found["in"] == frozenset(PRESENT) - {"NIG"}:
        raise Wrong("turned-round", "You name the variants that have the line.",
                    hint="The question is in whose machine code it is not.")  # fmt: skip
    if found["kept"] == {"NFG"}:
        raise Wrong("coupled-too", "One more variant has no forget gate of its own.",
                    hint="Where does its f come from, and which line of `step` computes what it "
                         "keeps?")  # fmt: skip
    if found["peep"] > wanted["peep"]:
        raise Wrong("still-there", "The peepholes' line stands in `step` three times.",
                    hint="Take one gate away: is the line gone everywhere?")  # fmt: skip
    if "V" not in found["rest"]:
        raise Wrong("v-has-all", "V does not have every line of `step`.",
                    hint="Which switch is off in V, and on in one other variant?")  # fmt: skip
    for key in keys:
        if found[key] != wanted[key]:
            raise Wrong(f"wrong-{key}", f'The set at "{key}" is not right.',
                        hint="Find the line in `step`, and read upwards: which `if` does it stand "
                             "under, or does it stand under none?")  # fmt: skip
    return "The widget above shows each of them struck out."


@exercise("further.count-operations", kind="derive")
def count_operations(answer: object) -> None:
    """Operations of the matrix products of an update, for any variant."""
    f = function(answer, "variant", "T", "M", "N", "K")
    sizes = ((61, 88, 100, 88), (7, 3, 5, 2), (30, 40, 16, 10))
    mixed = Variant(forget_gate=False, full_gate_recurrence=True, peepholes=False)
    for variant in (*VARIANTS.values(), mixed, Variant(coupled=True, full_gate_recurrence=True)):
        for size in sizes:
            found = whole(call(f, variant, *size))
            if found != _operations(variant, *size):
                raise _miscounted(variant, size, found)


def _operations(
    variant: Variant, T: int, M: int, N: int, K: int,
    *, W: int = 2, R: int = 3, out: int = 3, gates: bool = True, parts: int = 0,
) -> int:  # fmt: skip
    """Operations if W, R and the output layer's weights are used in so many products."""
    P, G = parts or len(variant.parts), len(variant.gates)
    used = P * N * (W * M + R * N) + out * N * K
    if gates and variant.full_gate_recurrence:
        used += R * G * G * N * N
    return 2 * T * used


def _miscounted(variant: Variant, size: tuple[int, int, int, int], found: int) -> Wrong:
    T, M, N, K = size
    name = next((name for name, one in VARIANTS.items() if one == variant), repr(variant))
    if 2 * found == _operations(variant, *size):
        return Wrong("products-alone", "You are off by a factor of two.",
                     hint="A weight is multiplied, and then?")  # fmt: skip
    if found * T == _operations(variant, *size):
        return Wrong("one-step", "That is one step.",
                     hint="How often is each product done in a sequence?")  # fmt: skip
    if found == _operations(variant, *size, W=1, R=1, out=1):
        return Wrong("forwards", "That is the forward pass.",
                     hint="What does training do after it, and with which matrices?")  # fmt: skip
    if found == _operations(variant, *size, W=3):
        return Wrong("input-too", "You count one product with W that nobody needs.",
                     hint="Which gradient would it give, and who asks for it?")  # fmt: skip
    if variant.full_gate_recurrence and found in (
        _operations(variant, *size, gates=False),
        _operations(variant, *size, gates=False) + 2 * T * 27 * N * N,
    ):
        return Wrong("gates-hear-gates", f"{name} is not counted rightly.",
                     hint="How many matrices lead from gates to gates if there are G gates, and in "
                          "how many products is each?")  # fmt: skip
    if found == _operations(variant, *size, parts=4):
        return Wrong("four-parts", f"{name} has not as many parts as you count.",
                     hint="Use `variant.parts`.")  # fmt: skip
    return Wrong("miscounted", f"{name} with T, M, N, K = {size} has "
                               f"{'more' if found < _operations(variant, *size) else 'fewer'} "
                               "operations.",
                 hint="List the matrices, and for each the products it is in: forwards, "
                      "backwards, gradient.")  # fmt: skip


@exercise("further.most-updates", kind="derive")
def most_updates(answer: object) -> None:
    """The most updates a second if reading R is all that takes time."""
    f = function(answer, "N", "T", "caches")
    near = [(2.0**15, 3e11), (2.0**20, 1.2e11), (2.0**25, 5e10), (np.inf, 1.5e10)]
    flat = [(2.0**14, 1e11), (np.inf, 1e11)]
    for N, T, caches in ((100, 61, flat), (37, 20, flat), (10, 30, near), (100, 61, near),
                         (200, 50, near), (300, 7, near), (2000, 10, near), (64, 10, near),
                         (256, 10, near)):  # fmt: skip
        found = number(call(f, N, T, list(caches)))
        size = 16.0 * N * N
        rate = next(rate for holds, rate in caches if size <= holds)
        want = rate / (2 * T * size)
        if not close(found, want):
            raise _other_bound(found, want, T, caches, rate, size)


def _other_bound(
    found: float, want: float, T: int, caches: list[tuple[float, float]], rate: float, size: float
) -> Wrong:
    if close(found, 1 / want):
        return Wrong("seconds", "Those are the seconds of one update.",
                     hint="How many of them fit into a second?")  # fmt: skip
    if close(found, 2 * want):
        return Wrong("one-way", "That is the forward pass.",
                     hint="Does anything else read R at every step?")  # fmt: skip
    if close(found, 16 * want):
        return Wrong("one-byte-one-matrix", "You read 16 times too few bytes.",
                     hint="How many matrices R are there, and how many bytes has a number?"
                     )  # fmt: skip
    if close(found, 4 * want):
        return Wrong("four-times-too-few", "You read four times too few bytes.",
                     hint="A float32 has four bytes, and a vanilla layer has four R. One of the "
                          "two is missing.")  # fmt: skip
    if close(found, want * T) or close(found, want * 2 * T):
        return Wrong("steps", "Those are steps a second, not updates.",
                     hint="How many steps has a sequence, and are the caches asked once for all of "
                          "them?")  # fmt: skip
    for _, other in caches:
        if other != rate and close(found, want * other / rate):
            return Wrong("another-cache", f"With {size:,.0f} bytes of R, you take the rate of "
                                          "another cache.",
                         hint="It is the first of the list that all four R fit into, to the last "
                              "byte.")  # fmt: skip
    return Wrong("another-bound", "That is another number of updates.",
                 hint="Bytes of all R; bytes of an update; and then the rate.")  # fmt: skip


@exercise("further.four-accumulators", kind="build")
def four_accumulators(answer: object) -> str:
    """The dot product with four accumulators in float32, to the last bit."""
    f = function(answer, "a", "b")
    rng = np.random.default_rng(5)
    for n in (64, 1000, 1, 3, 6, 999, 0, *range(4, 50)):
        a, b = rng.standard_normal((2, n)).astype(np.float32)
        found = number(call(f, a, b))
        want = _in_turn(a, b)
        if found == want:
            continue
        exact = float(np.dot(a.astype(float), b.astype(float)))
        if n < 4 and n % 4 and abs(found - want) > 1e-3 * abs(want):
            raise _dropped(n)
        if n % 4 and found == _in_turn(a[: n - n % 4], b[: n - n % 4]):
            raise _dropped(n)
        if abs(found - exact) > 1e-3 * (1 + abs(exact)):
            raise Wrong("no-dot", f"For {n} numbers that is not their dot product.",
                        hint="Multiply entry by entry and add up; mind that n may be "
                             "0.")  # fmt: skip
        if found == _one_after_the_other(a, b):
            raise Wrong("one-accumulator", "Those are the bits of a single accumulator.",
                        hint="Each product belongs to one of four sums. To which does number 5?"
                        )  # fmt: skip
        if abs(found - exact) < 1e-9 * (1 + abs(exact)) or found != np.float32(found):
            raise Wrong("too-exact", "That is more exact than float32 sums are.",
                        hint="Somewhere your sums became float64. The products and the four sums "
                             "are to be float32.")  # fmt: skip
        if found == _in_turn(a, b, pairs=False):
            raise Wrong("last-sum", "The four sums are right, and their sum is rounded otherwise.",
                        hint="Look at the brackets in the text.")  # fmt: skip
        if n % 4 == 0 and found == _in_quarters(a, b):
            raise Wrong("quarters", "You gave each accumulator a quarter of the arrays.",
                        hint="They take products in turn: neighbours go to different ones."
                        )  # fmt: skip
        raise Wrong("another-order", f"For {n} numbers the last bits are others.",
                    hint="Something is added in another order, or rounded to another type, than "
                         "the text says.")  # fmt: skip
    return "To the last bit, for arrays of any length."


def _dropped(n: int) -> Wrong:
    return Wrong("left-over", f"With {n} numbers, those after the last group of four "
                              "are not in their place.",
                 hint="The length need not be a multiple of four. What becomes of the one to three "
                      "products that are left over?")  # fmt: skip


Floats = NDArray[np.float32]


def _one_after_the_other(a: Floats, b: Floats) -> float:
    s = np.float32(0)
    for x in a * b:
        s = np.float32(s + x)
    return float(s)


def _in_turn(a: Floats, b: Floats, *, pairs: bool = True) -> float:
    s = [np.float32(_one_after_the_other(a[n::4], b[n::4])) for n in range(4)]
    if pairs:
        return float(np.float32(s[0] + s[1]) + np.float32(s[2] + s[3]))
    return float(np.float32(np.float32(s[0] + s[1]) + s[2]) + s[3])


def _in_quarters(a: Floats, b: Floats) -> float:
    q = len(a) // 4
    s = [np.float32(_one_after_the_other(a[n * q : (n + 1) * q], b[n * q : (n + 1) * q]))
         for n in range(4)]  # fmt: skip
    return float(np.float32(s[0] + s[1]) + np.float32(s[2] + s[3]))


@exercise("further.short-tanh", kind="build")
def short_tanh(answer: object) -> str:
    """A quotient of degree (2, 2) that is tanh to half precision, everywhere."""
    given = mapping(answer, ("reach", "p", "q"))
    reach = number(given["reach"])
    p, q = (array(given[name], (2,)) for name in ("p", "q"))
    if reach <= 0:
        raise Wrong("no-reach", "The reach has to be above 0.",
                    hint="Up to which |x| is the quotient to be used?")  # fmt: skip
    at = min(reach, 40.0)
    if 1 - np.tanh(at) > HALF:
        raise Wrong("reach-too-short", f"At your reach tanh is {np.tanh(at):.4f}, and from there "
                                       "on your function stays what it is.",
                    hint="How near to 1 must tanh be where you leave it? np.arctanh "
                         "knows.")  # fmt: skip
    x = np.concatenate([np.linspace(0, at, 4001)[1:], [reach]])
    below = _polynomial(q, x)
    if not np.all(np.isfinite(below)) or below.min() <= 1e-9:
        raise Wrong("pole", "Below the line there is a 0 within the reach.",
                    hint="Are q's coefficients above 0, and is their sign turned when you solve "
                         "for them?")  # fmt: skip
    error = np.abs(x * _polynomial(p, x) / below - np.tanh(x))
    if not np.all(np.isfinite(error)):
        raise Wrong("pole", "Within the reach your quotient is not finite.",
                    hint="Choose a shorter reach and smaller coefficients.")  # fmt: skip
    if error.max() < HALF:
        return f"Its largest error is {error.max():.1e}."
    small = error[x < 1].max()
    if (
        np.abs(x * _polynomial(q, x) / np.maximum(_polynomial(p, x), 1e-9) - np.tanh(x)).max()
        < HALF
    ):
        raise Wrong("swapped", "Above and below the line have changed places.",
                    hint="For large x the quotient has to fall below x. Which of the two grows "
                         "faster?")  # fmt: skip
    if small < HALF / 10 and error[-1] == error.max():
        raise Wrong("near-zero-alone", f"Near 0 it is exact, and at the reach off by "
                                       f"{error[-1]:.1e}.",
                    hint="A series is best at one point. Fit to points of the whole stretch."
                    )  # fmt: skip
    if error.max() < 0.02 and reach > 5.5:
        raise Wrong("reach-too-long", f"The largest error is {error.max():.1e}.",
                    hint="You spend your four coefficients on a long stretch where tanh hardly "
                         "moves. How long need it be?")  # fmt: skip
    raise Wrong("too-far-off", f"At x = {x[int(np.argmax(error))]:.2f} the error is "
                               f"{error.max():.1e}.",
                hint="Multiply the equation by what is below the line: it is linear in the four "
                     "coefficients, and `np.linalg.lstsq` solves it. Dividing each row by the "
                     "`1 + q…` of a first fit makes the second better.")  # fmt: skip


def _polynomial(coefficients: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 + c_1 x² + c_2 x⁴; huge coefficients may overflow, quietly."""
    with np.errstate(all="ignore"):
        u = x * x
        found: NDArray[np.float64] = 1 + coefficients[0] * u + coefficients[1] * u * u
    return found

"""Checks of the exercises in the chapter "Does it travel?"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number, several

Array = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f", "g")


@exercise("writing.travel-holds", kind="recall")
def travel_holds(answer: object) -> str:
    """What holds of rates at an end, best epochs, pairs, averages, and masks."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("c", "test-too-high", "In your answer Best Test is as much too high as Best Val.",
         "Which of the two sets chose the epoch?"),
        ("f", "champion", "In your answer the best of sixteen is as far ahead the next time.",
         "Of what is its lead a maximum?"),
        ("g", "nearly-zero", "In your answer a padded place has a little of the attention.",
         "What is e to the power of -∞?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "last-rate", "In your answer nothing better can lie beyond the last rate.",
         "Who has tried?"),
        ("b", "val-fair", "In your answer Best Val of many epochs is what new pictures would say.",
         "What is the mean of the largest of thirty noisy numbers?"),
        ("d", "pairs-always", "In your answer pairs help even if seeds move two rules apart.",
         "What is the variance of a difference, if the covariance is negative?"),
        ("e", "without-m", "In your answer Adam is not RMSProp with β₁ = 0.",
         "What is the running average of gradients that forgets everything at each step?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "At which rate, with how many seeds, judged when, and against what: four questions."


_NETS = ((4, 10), (2, 2), (1, 3), (6, 4))


def _weights(
    n: int, k: int, *, short: float = 1, first: bool = True, each: int = 2, wide_in: bool = False,
    shorts: int = 1,
) -> float:  # fmt: skip
    """Weights of the blocks' convolutions, or with an option those of a mistake."""
    came, total = 16 * (k if wide_in else 1), 0.0
    for filters in (16 * k, 32 * k, 64 * k):
        enters = came if first else filters
        total += 9 * enters * filters + 9 * (each * n - 1) * filters**2
        total += short * (came * filters + (shorts - 1) * filters**2)
        came = filters
    return total


@exercise("writing.wide-weights", kind="derive")
def wide_weights(answer: object) -> str:
    """How many weights the convolutions of a Wide ResNet's blocks have."""
    f = function(answer, "n", "k")
    got = np.array([number(call(f, n, k)) for n, k in _NETS])

    def is_like(way: Callable[[int, int], float]) -> bool:
        return close(got, np.array([way(n, k) for n, k in _NETS]))

    if is_like(_weights):
        return "With n = 4 and k = 10: 36.4 of WRN-28-10's 36.5 million."
    for mistake, says, hint, way in (
        ("no-short", "You leave out the short ways.", "What does x pass through where the shape "
         "changes?", lambda n, k: _weights(n, k, short=0)),
        ("short-nine", "Your short ways are 3 × 3.", "The text says 1 × 1.",
         lambda n, k: _weights(n, k, short=9)),
        ("short-everywhere", "You give every block a short way with weights.",
         "In which blocks can x be added as it is?",
         lambda n, k: _weights(n, k, shorts=n)),
        ("same-filters", "Your first convolution of a group has as many filters in as out.",
         "How many come from the group before?", lambda n, k: _weights(n, k, first=False)),
        ("wide-from-the-start", "Your first group is given 16 k filters.",
         "How many does the network's first convolution make?",
         lambda n, k: _weights(n, k, wide_in=True)),
        ("one-convolution", "Your blocks have one convolution.", "Count the W in the equation of "
         "a block.", lambda n, k: _weights(n, k, each=1)),
        ("places-once", "You have a number for each pair of filters.", "How many places has a "
         "convolution of 3 × 3?", lambda n, k: _weights(n, k, short=9) / 9),
        ("width-once", "In yours twice the width has twice the weights.",
         "A convolution's weights are for each filter in and each filter out.",
         lambda n, k: k * _weights(n, 1)),
    ):  # fmt: skip
        if is_like(way):
            raise Wrong(mistake, says, hint=hint)
    n, k = _NETS[0]
    raise Wrong(
        "another-count", f"With n = {n} and k = {k} you have {got[0]:,.0f}.",
        hint="Group by group: the first block's first convolution, the 2 n - 1 others, and the "
        "short way.",
    )  # fmt: skip


_WOBBLES = ((1.0, 2), (0.5, 10), (3.0, 1), (2.0, 30), (0.01, 5))


@exercise("writing.best-of-epochs", kind="derive")
def best_of_epochs(answer: object) -> str:
    """By how much the best of some epochs is too high."""
    f = function(answer, "w", "E")
    got = np.array([number(call(f, w, E)) for w, E in _WOBBLES])

    def is_like(way: Callable[[float, int], float]) -> bool:
        return close(got, np.array([way(w, E) for w, E in _WOBBLES]))

    if is_like(lambda w, E: w * (E - 1) / (E + 1)):
        return "After ten epochs 82% of the largest wobble there is."
    for mistake, says, hint, way in (
        ("one-sided", "Your wobble goes from 0 to w.", "The text's goes from -w to w.",
         lambda w, E: w * E / (E + 1)),
        ("from-below", "You measure from the lowest value.", "From a, not from a - w.",
         lambda w, E: 2 * w * E / (E + 1)),
        ("largest", "You return the largest wobble there is.", "Does one of E epochs always have "
         "it?", lambda w, E: w),
        ("twice", "Yours is twice as large as the spread allows.", "Put E to infinity: can it be "
         "more than w?", lambda w, E: 2 * w * (E - 1) / (E + 1)),
        ("mean", "On average a wobble is 0; the best is not.", "What is the mean of the larger of "
         "two?", lambda w, E: 0.0),
        ("median", "That is the median of the best.", "The mean is asked for: the integral of x "
         "times its density.", lambda w, E: w * (2 * 0.5 ** (1 / E) - 1)),
    ):  # fmt: skip
        if is_like(way):
            raise Wrong(mistake, says, hint=hint)
    w, E = _WOBBLES[1]
    raise Wrong("another-mean", f"With w = {w} and E = {E} you have {got[1]:.4g}.",
                hint="All E are below x with the probability ((x + w) / 2w) to the power of E. "
                "The derivative is the density of the best.")  # fmt: skip


def _asked(seed: int, S: int, H: int, size: int, scale: float = 1.0) -> tuple[Array, ...]:
    rng = np.random.default_rng(seed)
    there = np.ones(S)
    there[max(1, S - 2) :] = 0 if S > 2 else 1
    return (
        rng.normal(size=H), rng.normal(size=(S, size)), there, rng.normal(size=(H, H)),
        rng.normal(size=(H, size)), scale * rng.normal(size=H),
    )  # fmt: skip


_ASKED = (_asked(0, 6, 3, 4), _asked(1, 1, 2, 2), _asked(2, 9, 5, 3))
_LARGE = _asked(4, 5, 4, 2, 900.0)


def _attention(
    h: Array, M: Array, there: Array, W_q: Array, W_m: Array, v: Array, *, bend: bool = True,
    asked: bool = True, mask: str = "before", of: str = "M",
) -> Array:  # fmt: skip
    """Weights and context, one after the other, or with an option those of a mistake."""
    hidden = M @ W_m.T
    inside = hidden + (W_q @ h if asked else 0)
    s = (np.tanh(inside) if bend else inside) @ v
    if mask == "before":
        s = np.where(there, s, -np.inf)
    elif mask == "zero":
        s = np.where(there, s, 0.0)
    e = np.exp(s - s.max())
    a = e / e.sum()
    if mask == "after":
        a = a * there
    context = a @ (M if of == "M" else hidden)
    if of == "sum":
        context = there @ M
    whole: Array = np.concatenate([a, np.ravel(context)])
    return whole


@exercise("writing.attention", kind="build")
def attention(answer: object) -> str:
    """Attention with one hidden layer."""
    f = function(answer, "h", "M", "there", "W_q", "W_m", "v")

    def weighed(case: tuple[Array, ...], *, finite: bool = True) -> Array:
        h, M, there, *others = (one.copy() for one in case)
        pair = several(call(f, h, M, there.astype(bool), *others), "weights", "context")
        sizes = len(M), M.shape[1]
        both = [array(p, (n,), finite=finite) for p, n in zip(pair, sizes, strict=True)]
        return np.concatenate(both)

    got = [weighed(case) for case in _ASKED]

    def is_like(way: Callable[..., Array]) -> bool:
        return all(close(mine, way(*case)) for mine, case in zip(got, _ASKED, strict=True))

    if not is_like(_attention):
        for mistake, says, hint, options in (
            ("no-mask", "Yours looks at places beyond the end.", "What score have they?",
             {"mask": "none"}),
            ("masked-late", "Your weights do not add up to 1.", "Mask the scores, not the "
             "weights.", {"mask": "after"}),
            ("zero-score", "Places beyond the end have the score 0 in yours.",
             "e to the power of 0 is 1.", {"mask": "zero"}),
            ("no-tanh", "You leave out tanh.", "What is v multiplied with in the equation?",
             {"bend": False}),
            ("unasked", "In yours the look does not depend on h.", "Where is W_q h?",
             {"asked": False}),
            ("plain-sum", "Your context is the sum of all places.", "Each place counts with its "
             "weight.", {"of": "sum"}),
        ):  # fmt: skip
            if is_like(lambda *case, o=options: _attention(*case, **o)):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-look", "With your function it looks elsewhere.",
                    hint="Scores first, with tanh; then the mask; the softmax; and the mean of M "
                    "by these weights.")  # fmt: skip
    if not close(weighed(_LARGE, finite=False), _attention(*_LARGE)):
        raise Wrong(
            "overflow",
            "With large scores your softmax is wrong.",
            hint="A softmax does not change if the largest score is taken from all.",
        )
    return "The whole of the translator's memory of a sentence goes through these few lines."


_PAIRS: tuple[tuple[Array, Array], ...] = tuple(
    (rng.normal(size=n) + 3 * seed, rng.normal(size=n) * 2 + 3 * seed)
    for seed, (n, rng) in enumerate((n, np.random.default_rng(n)) for n in (3, 5, 10))
)


def _lead(
    one: Array, other: Array, *, ddof: int = 1, freedom: int = 1, level: float = 0.975,
    root: bool = True, normal: bool = False,
) -> tuple[float, float]:  # fmt: skip
    d, n = one - other, len(one)
    t = 1.959963984540054 if normal else float(stdtrit(n - freedom, level))
    return float(d.mean()), t * float(d.std(ddof=ddof)) / (np.sqrt(n) if root else 1.0)


def _unpaired(one: Array, other: Array) -> tuple[float, float]:
    n = len(one)
    error = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / n)
    return float((one - other).mean()), float(stdtrit(2 * n - 2, 0.975) * error)


@exercise("writing.paired-lead", kind="build")
def paired_lead(answer: object) -> str:
    """The lead of a rule over seeds, and the half-width of its interval."""
    f = function(answer, "one", "other")
    rows = [several(call(f, a.copy(), b.copy()), "lead", "half") for a, b in _PAIRS]
    got = np.array([[number(part) for part in row] for row in rows])

    def is_like(way: Callable[[Array, Array], tuple[float, float]]) -> bool:
        return close(got, np.array([way(a, b) for a, b in _PAIRS]), 1e-6)

    if is_like(_lead):
        return "With three seeds it is 2.5 times the deviation of the differences."
    for mistake, says, hint, way in (
        ("unpaired", "Your interval is one for two groups that have nothing in common.",
         "Which trainings had the same first weights?", _unpaired),
        ("normal", "You take 1.96 for t.", "With three pairs the deviation itself is uncertain.",
         lambda a, b: _lead(a, b, normal=True)),
        ("freedom", "Your t has n degrees of freedom.", "The mean takes one away.",
         lambda a, b: _lead(a, b, freedom=0)),
        ("one-sided", "Your t leaves 5% at one side.", "2.5% at each side make 95%.",
         lambda a, b: _lead(a, b, level=0.95)),
        ("population", "Your deviation divides by n.", "Of a sample it divides by n - 1.",
         lambda a, b: _lead(a, b, ddof=0)),
        ("not-of-the-mean", "That is the spread of one pair, not of the mean of n.",
         "By which root is the error of a mean smaller?", lambda a, b: _lead(a, b, root=False)),
        ("turned", "You subtract the first from the second.", "The lead of `one`.",
         lambda a, b: (-_lead(a, b)[0], _lead(a, b)[1])),
    ):  # fmt: skip
        if is_like(way):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong(
        "another-interval",
        "For some pairs you have another lead or another interval.",
        hint="Differences first; then everything is about this one row of numbers.",
    )

"""The exercises of "Does it travel?"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import stdtrit

from lstmlab.cells import Array

from ..harness import Promises

HOLD = {"a", "b", "d", "e"}


def blocks(
    n: int, k: int, *, short: Callable[[int, int], int], first: int = 9, others: int = 9,
    come: int = 16, group: Callable[[int, int], int] = lambda come, filters: come,
) -> int:  # fmt: skip
    total = 0
    for filters in (16 * k, 32 * k, 64 * k):
        enters = group(come, filters)
        total += first * enters * filters + others * (2 * n - 1) * filters**2
        total += short(come, filters)
        come = filters
    return total


def one_by_one(come: int, filters: int) -> int:
    return come * filters


def half_as_many(n: int, k: int) -> float:
    """With one convolution a block."""
    both = blocks(n, k, short=one_by_one)
    return both - n * 9 * (16**2 + 32**2 + 64**2) * k**2


def looked(
    h: Array, M: Array, there: Array, W_q: Array, W_m: Array, v: Array, *, padded: float = -1e300,
    late: bool = False, bend: Callable[[Array], Array] = np.tanh, ask: float = 1.0,
    largest: Callable[[Array], float] = np.max,
) -> tuple[Array, Array]:  # fmt: skip
    s = bend(ask * W_q @ h + M @ W_m.T) @ v
    if not late:
        s = np.where(there, s, s if np.isnan(padded) else padded)
    with np.errstate(all="ignore"):
        e = np.exp(s - largest(s))
        a = e / e.sum()
    if late:
        a = a * there
    return a, a @ M


def attend(**options: object) -> Callable[..., tuple[Array, Array]]:
    return lambda *case: looked(*case, **options)  # type: ignore[arg-type]


def summed(h: Array, M: Array, there: Array, *others: Array) -> tuple[Array, Array]:
    return looked(h, M, there, *others)[0], M[there].sum(axis=0)


def with_t(t: Callable[[int], float]) -> Callable[[Array, Array], tuple[float, float]]:
    def lead(one: Array, other: Array) -> tuple[float, float]:
        d = one - other
        return float(d.mean()), float(t(len(d)) * d.std(ddof=1) / len(d) ** 0.5)

    return lead


def two_groups(one: Array, other: Array) -> tuple[float, float]:
    n = len(one)
    error = ((np.var(one, ddof=1) + np.var(other, ddof=1)) / n) ** 0.5
    return float(np.mean(one) - np.mean(other)), float(stdtrit(2 * n - 2, 0.975) * error)


def t(n: int) -> float:
    return float(stdtrit(n - 1, 0.975))


class TestTravelling(Promises):
    chapter = "8-4-does-it-travel"
    wrong = {
        "writing.travel-holds": [
            (HOLD | {"c"}, "test-too-high"),
            (HOLD | {"f"}, "champion"),
            (HOLD | {"g"}, "nearly-zero"),
            (HOLD - {"a"}, "last-rate"),
            (HOLD - {"b"}, "val-fair"),
            (HOLD - {"d"}, "pairs-always"),
            (lambda: ["a", "b", "d"], "without-m"),
        ],
        "writing.wide-weights": [
            (lambda n, k: blocks(n, k, short=lambda come, filters: 0), "no-short"),
            (lambda n, k: blocks(n, k, short=lambda c, f: 9 * c * f), "short-nine"),
            (
                lambda n, k: blocks(n, k, short=lambda c, f: c * f + (n - 1) * f * f),
                "short-everywhere",
            ),
            (
                lambda n, k: blocks(n, k, short=one_by_one, group=lambda come, filters: filters),
                "same-filters",
            ),
            (lambda n, k: blocks(n, k, short=one_by_one, come=16 * k), "wide-from-the-start"),
            (half_as_many, "one-convolution"),
            (lambda n, k: blocks(n, k, short=one_by_one, first=1, others=1), "places-once"),
            (lambda n, k: k * blocks(n, 1, short=one_by_one), "width-once"),
            (lambda n, k: 36.5e6, "another-count"),
        ],
        "writing.best-of-epochs": [
            (lambda w, E: w * E / (E + 1), "one-sided"),
            (lambda w, E: 2 * w * E / (E + 1), "from-below"),
            (lambda w, E: w, "largest"),
            (lambda w, E: 2 * w * (E - 1) / (E + 1), "twice"),
            (lambda w, E: 0, "mean"),
            (lambda w, E: w * (2 ** (1 - 1 / E) - 1), "median"),
            (lambda w, E: w * (1 - 1 / E), "another-mean"),
        ],
        "writing.attention": [
            (attend(padded=np.nan), "no-mask"),
            (attend(late=True), "masked-late"),
            (attend(padded=0.0), "zero-score"),
            (attend(bend=lambda x: x), "no-tanh"),
            (attend(ask=0.0), "unasked"),
            (summed, "plain-sum"),
            (attend(bend=np.sin), "another-look"),
            (attend(largest=lambda s: 0.0), "overflow"),
        ],
        "writing.paired-lead": [
            (two_groups, "unpaired"),
            (with_t(lambda n: 1.959963984540054), "normal"),
            (with_t(lambda n: t(n + 1)), "freedom"),
            (with_t(lambda n: float(stdtrit(n - 1, 0.95))), "one-sided"),
            (with_t(lambda n: t(n) * ((n - 1) / n) ** 0.5), "population"),
            (with_t(lambda n: t(n) * n**0.5), "not-of-the-mean"),
            (lambda one, other: with_t(t)(other, one), "turned"),
            (lambda one, other: (np.mean(one), np.std(one)), "another-interval"),
        ],
    }
    right = {
        "writing.wide-weights": [
            lambda n, k: 2560 * k + 25600 * k**2 + 48384 * (2 * n - 1) * k**2,
        ],
        "writing.best-of-epochs": [lambda w, E: w - 2 * w / (E + 1)],
        "writing.attention": [attend(padded=-np.inf)],
        "writing.paired-lead": [with_t(t)],
    }

"""The exercises of "A network that writes"."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..harness import Promises

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

HOLD = {"a", "d", "f"}


def nats(o: int, r: int, second: float | None = None) -> float:
    n = o + r
    after_result = math.log(n - 1) if second is None else second
    return math.log(n) + (r * after_result + o * math.log(r)) / n


def softmax(a: Array, allowed: Flags | None = None) -> Array:
    a = a if allowed is None else np.where(allowed, a, -np.inf)
    e: Array = np.exp(a - a.max())
    p: Array = e / e.sum()
    return p


def one(a: Array, k: int) -> Array:
    row: Array = (np.arange(len(a)) == k).astype(float)
    return row


def naive(a: Array, allowed: Flags) -> Array:
    """Without taking the largest out."""
    with np.errstate(all="ignore"):
        e: Array = np.exp(a) * allowed
        p: Array = e / e.sum()
    return p


def not_a_number(a: Array, allowed: Flags, k: int) -> Array:
    score = one(a, k) - softmax(a, allowed)
    score[~allowed] = np.nan
    return score


def strings(
    log: Callable[[Array, Flags, int], float], join: Callable[[Sequence[float]], float] = math.fsum
) -> object:
    """A string_log_p from what a place comes to and how places are joined."""

    def string_log_p(
        logits: Sequence[Array], allowed: Sequence[Flags], string: Sequence[int]
    ) -> float:
        return join([log(*place) for place in zip(logits, allowed, string, strict=True)])

    return string_log_p


def log_p(a: Array, allowed: Flags, k: int) -> float:
    return never_forbidden(a, allowed, k) if allowed[k] else -math.inf


def log_of_softmax(a: Array, allowed: Flags, k: int) -> float:
    """Right, until a probability is too small for a float."""
    with np.errstate(divide="ignore"):
        return float(np.log(softmax(a, allowed)[k]))


def never_forbidden(a: Array, allowed: Flags, k: int) -> float:
    """The logit is not masked, only the sum."""
    top = a[allowed].max()
    return float(a[k] - top - np.log(np.exp(a[allowed] - top).sum()))


def naive_log_p(a: Array, allowed: Flags, k: int) -> float:
    with np.errstate(all="ignore"):
        return float(np.log(naive(a, allowed)[k]))


def draw(p: Array, u: float) -> int:
    """A loop, and the last token that can be hit if the dart falls beyond."""
    end = 0.0
    for k, share in enumerate(p):
        end += share
        if u < end:
            return k
    return int(np.flatnonzero(p)[-1])


class TestSampling(Promises):
    chapter = "8-1-a-network-that-writes"
    wrong = {
        "writing.policy-holds": [
            (HOLD | {"b"}, "mask-is-filter"),
            (HOLD | {"c"}, "even-tokens-even-strings"),
            (HOLD | {"e"}, "greedy-is-best"),
            (HOLD - {"a"}, "sum-not-one"),
            (lambda: ["a", "f"], "learns-grammar"),
            (HOLD - {"f"}, "mean-score"),
            ({"a", "g"}, "not-an-option"),
        ],
        "writing.effective-pairs": [
            (nats, "in-nats"),
            (lambda o, r: r * (o + r - 1) + o * r, "pairs-counted"),
            (lambda o, r: math.exp(nats(o, r, math.log(o + r))), "equal-allowed"),
            (lambda o, r: (o + r) * (o + r - 1), "no-reuse"),
            (lambda o, r: o + r, "first-alone"),
            (lambda o, r: (o + r) * ((o + r - 1) * r) ** 0.5, "not-weighted"),
            (lambda o, r: (o + r) * ((o + r - 1) ** o * r**r) ** (1 / (o + r)), "weights-swapped"),
            (lambda o, r: 20.01, "another-number"),
            (lambda o, r: None, "form"),
        ],
        "writing.masked-score": [
            (lambda a, allowed, k: one(a, k) - softmax(a), "no-mask"),
            (lambda a, allowed, k: softmax(a, allowed) - one(a, k), "sign"),
            (lambda a, allowed, k: softmax(a, allowed)[k] * (one(a, k) - softmax(a, allowed)),
             "of-p"),
            (lambda a, allowed, k: one(a, k), "no-sum"),
            (lambda a, allowed, k: one(a, k) * (1 - softmax(a, allowed)), "own-only"),
            (lambda a, allowed, k: softmax(a, allowed), "probabilities"),
            (not_a_number, "not-finite"),
            (lambda a, allowed, k: one(a, k) - naive(a, allowed), "overflow"),
            (lambda a, allowed, k: np.zeros(len(a)), "another-score"),
            (lambda a, allowed, k: 0.5, "shape"),
        ],
        "writing.string-log-p": [
            (strings(lambda a, allowed, k: float(np.log(softmax(a)[k]))), "no-mask"),
            (strings(lambda a, allowed, k: float(softmax(a, allowed)[k]), math.prod), "no-log"),
            (strings(lambda a, allowed, k: -log_p(a, allowed, k)), "sign"),
            (strings(log_p, lambda each: math.fsum(each) / len(each)), "mean"),
            (strings(lambda a, allowed, k: float(a[k])), "logits-alone"),
            (strings(log_p, lambda each: each[-1]), "last-place"),
            (strings(lambda a, allowed, k: log_p(a, allowed, k) / math.log(2)), "bits"),
            (strings(lambda a, allowed, k: log_p(a, allowed, k) / math.log(10)), "decades"),
            (strings(never_forbidden), "forbidden-possible"),
            (strings(naive_log_p), "overflow"),
            (strings(log_of_softmax), "underflow"),
            (lambda logits, allowed, string: -3.0, "another-value"),
            (lambda logits, allowed, string: "small", "form"),
        ],
        "writing.draw-token": [
            (lambda p, u: int(np.argmax(p)), "greedy"),
            (lambda p, u: draw(p, u) + 1, "off-by-one"),
            (lambda p, u: int(np.searchsorted(np.cumsum(p), u)), "hits-forbidden"),
            (lambda p, u: int(np.argmax(np.cumsum(p) >= u)), "hits-forbidden"),
            (lambda p, u: draw(p, u - 1e-12 if u else 0.0), "hits-forbidden"),
            (lambda p, u: 0 if u == 0.5 else draw(p, u), "wrong-end"),
            (lambda p, u: int(np.searchsorted(np.cumsum(p), u, side="right")), "falls-off"),
            (lambda p, u: int(np.argmax(np.cumsum(p) > u)), "falls-off"),
            (lambda p, u: 1, "another-token"),
            (lambda p, u: 0.5, "not-whole"),
        ],
    }  # fmt: skip
    right = {
        "writing.policy-holds": [lambda: ("d", "f", "a")],
        "writing.effective-pairs": [lambda o, r: math.exp(nats(o, r))],
        "writing.masked-score": [lambda a, allowed, k: list(one(a, k) - softmax(a, allowed))],
        "writing.string-log-p": [strings(log_p)],
        "writing.draw-token": [draw],
    }

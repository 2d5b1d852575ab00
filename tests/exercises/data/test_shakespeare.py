"""The exercises of "Shakespeare, one character at a time"."""

from __future__ import annotations

import itertools
import math

import numpy as np

from lstmlab.cells import Array
from lstmlab.exercises.data import shakespeare
from lstmlab.exercises.data.shakespeare import Codes, bigram_chances

from ..harness import Promises

HOLD = {"a", "d", "e"}


def smoothed(T: int, K: int, E: float, n: int) -> float:
    """By going through all windows."""
    s = T * math.log(K)
    for _ in range(n):
        s = 0.999 * s + 0.001 * T * E
    return s


def walked(g: float, n: int, rate: float) -> float:
    """The last of n steps, taken one by one."""
    m, w, before = 0.0, 0.0, 0.0
    for _ in range(n):
        before = w
        m += g * g
        w -= rate * g / math.sqrt(m + 1e-8)
    return w - before


def warm(p: Array, temperature: float) -> Array:
    with np.errstate(divide="ignore"):
        a = np.log(p) / temperature
    e = np.exp(a - a.max())
    return np.asarray(e / e.sum())


def powered(p: Array, power: float) -> Array:
    q = p**power
    return np.asarray(q / q.sum())


def in_place(p: Array, temperature: float) -> Array:
    p /= p.max()
    return powered(p, 1 / temperature)


def softmax(a: Array) -> Array:
    return np.asarray(np.exp(a) / np.exp(a).sum())


def added(x: Codes, K: int) -> Array:
    N = np.ones((K, K))
    for h, k in itertools.pairwise(x):
        N[h, k] += 1
    return np.asarray(N / N.sum(axis=1, keepdims=True))


def counted(x: Codes, K: int) -> Array:
    N = np.zeros((K, K))
    for h, k in itertools.pairwise(x):
        N[h, k] += 1
    return np.asarray(N / N.sum(axis=1, keepdims=True))


def built(x: Codes, K: int, *, once: bool = False, before: bool = False, blind: bool = False,
          rows: float | None = None) -> Array:  # fmt: skip
    """The model as the exercise describes it, pair by pair, with the slips that readers make."""
    single = np.bincount(x, minlength=K)
    D = np.count_nonzero(single)
    P = np.full(K, 1 / K) if blind else (single + D / K) / (len(x) + D)
    N = np.zeros((K, K))
    for h, k in itertools.pairwise(x):
        h, k = (k, h) if before else (h, k)
        N[h, k] = 1 if once else N[h, k] + 1
    chances = np.full((K, K), np.nan)
    for h in range(K):
        kinds, total = np.count_nonzero(N[h]), N[h].sum()
        if total:
            chances[h] = (N[h] + kinds * P) / (total + kinds)
        else:
            chances[h] = P if rows is None else rows
    return chances


class TestShakespeare(Promises):
    chapter = "3-4-shakespeare-one-character-at-a-time"
    wrong = {
        "data.window-reach": [
            (HOLD | {"b"}, "gradient-back"),
            (HOLD | {"c"}, "pays-off"),
            (HOLD | {"f"}, "state-doubled"),
            ({"d", "e"}, "state-stops"),
            ({"a", "e"}, "use-unlearnt"),
            ({"a", "d"}, "same-cost"),
        ],
        "data.smoothed-loss": [
            (lambda T, K, E, n: smoothed(T, K, E, n) / T, "a-character"),
            (lambda T, K, E, n: T * (0.999**n * math.log(K) + 0.001 * E), "last-only"),
            (lambda T, K, E, n: T * ((1 - 0.999**n) * math.log(K) + 0.999**n * E), "swapped"),
            (lambda T, K, E, n: T * ((1 - 0.001 * n) * math.log(K) + 0.001 * n * E), "straight"),
            (lambda T, K, E, n: T * (0.999**n * math.log2(K) + (1 - 0.999**n) * E), "bits"),
            (lambda T, K, E, n: T * E, "another-value"),
        ],
        "data.adagrad-step": [
            (lambda g, n, rate: math.copysign(rate, g) / math.sqrt(n), "uphill"),
            (lambda g, n, rate: -rate / math.sqrt(n), "no-sign"),
            (lambda g, n, rate: -math.copysign(rate, g) / n, "one-over-n"),
            (lambda g, n, rate: -rate * g / math.sqrt(n), "grows-with-g"),
            (lambda g, n, rate: -math.copysign(rate, g), "never-smaller"),
            (lambda g, n, rate: 1.5, "another-step"),
        ],
        "data.temperature": [
            (lambda p, temperature: powered(p, 1 / temperature), "underflow"),
            (lambda p, temperature: powered(p, temperature), "inverted"),
            (lambda p, temperature: p ** (1 / temperature), "no-sum"),
            (lambda p, temperature: softmax(p / temperature), "softmax-of-p"),
            (lambda p, temperature: (p / temperature) / (p / temperature).sum(), "unchanged"),
            (lambda p, temperature: np.eye(len(p))[p.argmax()], "another-law"),
            (in_place, "p-changed"),
        ],
        "data.bigrams": [
            (lambda x, K: bigram_chances(x, K)[0].T, "turned"),
            (lambda x, K: bigram_chances(x, K)[1], "no-room"),
            (counted, "no-room"),
            (added, "add-one"),
            (lambda x, K: bigram_chances(x, K, level=False)[0], "single-counts"),
            (lambda x, K: bigram_chances(x, K, kinds=False)[0], "kinds-as-counts"),
            (lambda x, K: built(x, K, once=True), "pair-once"),
            (lambda x, K: built(x, K, before=True), "came-before"),
            (lambda x, K: built(x, K, blind=True), "blind"),
            (lambda x, K: built(x, K, rows=0.0), "no-follower"),
            (lambda x, K: built(x, K, rows=math.nan), "no-follower"),
            (lambda x, K: built(x, K, rows=1 / K), "no-follower"),
            (lambda x, K: np.full((K, K), 1 / K), "another-model"),
        ],
    }
    right = {
        "data.smoothed-loss": [smoothed],
        "data.adagrad-step": [walked],
        "data.temperature": [warm],
        "data.bigrams": [built],
    }


def test_the_bigrams_are_those_of_the_package() -> None:
    """The reference of the check is the formula of `lstmlab.tasks.shakespeare.ngrams`."""
    from lstmlab.tasks import load
    from lstmlab.tasks.shakespeare.ngrams import chances

    task = load("shakespeare", source="generated")
    x, target = task.train[0]
    text = np.concatenate([x[:1], target])
    P, _ = bigram_chances(text, task.outputs)
    pairs = np.argwhere(np.ones((task.outputs, task.outputs), bool))
    assert np.allclose(chances(task, pairs).reshape(P.shape), P)


def test_the_module_holds_what_is_tested() -> None:
    assert set(TestShakespeare.wrong) == {
        f"data.{name}"
        for name in ("window-reach", "smoothed-loss", "adagrad-step", "temperature", "bigrams")
    }
    assert shakespeare.STATEMENTS

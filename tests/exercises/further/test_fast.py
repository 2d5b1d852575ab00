"""The exercises of "Making it fast": their solutions, and the mistakes they know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..harness import Promises

EIGHT = {"V", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP"}
RIGHT = {"in": {"NIG"}, "kept": {"NFG", "CIFG"}, "rest": EIGHT - {"CIFG"}, "peep": {"NP"}}


def operations(
    W: int = 2, R: int = 3, out: int = 3, gates: int | None = None, parts: int = 0, each: int = 2
) -> Callable[..., int]:
    """A count in which each matrix is in so many products."""

    def count(variant, T, M, N, K):
        P, G = parts or len(variant.parts), len(variant.gates)
        used = P * N * (W * M + R * N) + out * N * K
        if variant.full_gate_recurrence:
            used += R * N * N * (G * G if gates is None else gates)
        return each * T * used

    return count


def bound(
    times: float = 1.0, *, T_times: bool = False, at: int | None = None
) -> Callable[..., float]:
    """The bound, several times as large, or at the rate of cache number `at`."""

    def most(N, T, caches):
        size = 16 * N * N
        rate = next(rate for holds, rate in caches if size <= holds)
        if at is not None:
            rate = caches[at][1]
        return times * rate / (2 * T * size) * (T if T_times else 1)

    return most


def strictly_smaller(N, T, caches):
    size = 16 * N * N
    return next(rate for holds, rate in caches if size < holds) / (2 * T * size)


def dot(
    lanes: int = 4, dtype: type = np.float32, *, drop: bool = False, pairs: bool = True
) -> Callable[..., float]:
    """A dot product with some accumulators."""

    def product(a, b):
        s = np.zeros(lanes, dtype)
        whole = len(a) - len(a) % 4 if drop else len(a)
        for k in range(whole):
            s[k % lanes] += a[k] * b[k] if dtype is np.float32 else float(a[k]) * float(b[k])
        if lanes == 4 and pairs:
            return (s[0] + s[1]) + (s[2] + s[3])
        found = s[0]
        for more in s[1:]:
            found = found + more
        return found

    return product


def quarters(a, b):
    q = len(a) // 4
    s = [dot(1)(a[n * q : (n + 1) * q], b[n * q : (n + 1) * q]) for n in range(4)]
    return (s[0] + s[1]) + (s[2] + s[3])


def broadcast(a, b):
    """Four at a time; a single product that is left over goes into all four sums."""
    s = np.zeros(4, np.float32)
    for k in range(0, len(a), 4):
        s += a[k : k + 4] * b[k : k + 4]
    return (s[0] + s[1]) + (s[2] + s[3])


def rows_of_four(a, b):
    """By columns of a matrix with four of them, padded."""
    s = np.zeros(4, np.float32)
    for row in np.pad(a * b, (0, -len(a) % 4)).reshape(-1, 4):
        s += row
    return (s[0] + s[1]) + (s[2] + s[3])


def fitted(reach: float, rounds: int = 2) -> dict[str, object]:
    """A least-squares quotient."""
    x = np.linspace(0, reach, 201)[1:]
    u, t, below = x**2, np.tanh(x), np.ones_like(x)
    columns = np.stack([x * u, x * u**2, -t * u, -t * u**2], axis=1)
    for _ in range(rounds):
        c = np.linalg.lstsq(columns / below[:, None], (t - x) / below, rcond=None)[0]
        below = 1 + c[2] * u + c[3] * u**2
    return {"reach": reach, "p": c[:2].tolist(), "q": c[2:].tolist()}


GOOD = fitted(5.0)
PADE = {"p": [1 / 9, 1 / 945], "q": [4 / 9, 1 / 63]}


class TestFast(Promises):
    chapter = "2-4-making-it-fast"
    wrong = {
        "further.lines-left-out": [
            ({key: EIGHT - names for key, names in RIGHT.items()}, "turned-round"),
            (RIGHT | {"rest": {"CIFG"}}, "turned-round"),
            (RIGHT | {"kept": {"NFG"}}, "coupled-too"),
            (RIGHT | {"peep": {"NP", "NOG"}}, "still-there"),
            (RIGHT | {"rest": EIGHT - {"CIFG", "V"}}, "v-has-all"),
            (RIGHT | {"in": {"NIAF"}}, "wrong-in"),
            (RIGHT | {"kept": {"CIFG"}}, "wrong-kept"),
            (RIGHT | {"in": {"FGR"}}, "not-an-option"),
            ({"in": {"NIG"}}, "keys"),
        ],
        "further.count-operations": [
            (operations(each=1), "products-alone"),
            (lambda v, T, M, N, K: operations()(v, 1, M, N, K), "one-step"),
            (operations(W=1, R=1, out=1), "forwards"),
            (operations(W=3), "input-too"),
            (operations(gates=0), "gates-hear-gates"),
            (operations(gates=9), "gates-hear-gates"),
            (operations(parts=4), "four-parts"),
            (operations(out=1), "miscounted"),
            (operations(R=2), "miscounted"),
            (lambda v, T, M, N, K: 26_449_600, "miscounted"),
        ],
        "further.most-updates": [
            (lambda *a: 1 / bound()(*a), "seconds"),
            (bound(2), "one-way"),
            (bound(4), "four-times-too-few"),
            (bound(16), "one-byte-one-matrix"),
            (bound(T_times=True), "steps"),
            (bound(2, T_times=True), "steps"),
            (bound(at=0), "another-cache"),
            (bound(at=-1), "another-cache"),
            (strictly_smaller, "another-cache"),
            (bound(3), "another-bound"),
            (lambda N, T, caches: 10_000, "another-bound"),
        ],
        "further.four-accumulators": [
            (dot(1), "one-accumulator"),
            (dot(4, np.float64), "too-exact"),
            (lambda a, b: np.dot(a.astype(float), b.astype(float)), "too-exact"),
            (dot(drop=True), "left-over"),
            (broadcast, "left-over"),
            (dot(pairs=False), "last-sum"),
            (quarters, "quarters"),
            (dot(8), "another-order"),
            (lambda a, b: a @ a, "no-dot"),
            (lambda a, b: a * b, "form"),
        ],
        "further.short-tanh": [
            (fitted(8.0), "reach-too-long"),
            (fitted(6.0), "reach-too-long"),
            (fitted(2.0), "reach-too-short"),
            (GOOD | {"p": GOOD["q"], "q": GOOD["p"]}, "swapped"),
            ({"reach": 5.0, **PADE}, "near-zero-alone"),
            (fitted(5.5, rounds=1), "too-far-off"),
            ({"reach": 5.0, "p": [0, 0], "q": [-1, 0]}, "pole"),
            (GOOD | {"reach": -5}, "no-reach"),
            (GOOD | {"p": [1, 2, 3]}, "shape"),
            (lambda: (5.0, [1, 2]), "form"),
        ],
    }  # fmt: skip
    right = {
        "further.lines-left-out": [lambda: {key: sorted(names) for key, names in RIGHT.items()}],
        "further.count-operations": [operations()],
        "further.most-updates": [bound()],
        "further.four-accumulators": [dot(), rows_of_four],
        "further.short-tanh": [GOOD, lambda: fitted(4.75), fitted(5.5)],
    }

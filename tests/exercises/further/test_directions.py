"""The exercises of "Both directions": solutions, and the mistakes they know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..harness import Promises


def entropy(p: float, base: float = np.e) -> float:
    return float(-(p * np.log(p) + (1 - p) * np.log(1 - p)) / np.log(base))


def seen(q: float, m: float, base: float = np.e) -> float:
    """What a sign leaves open, by Bayes' rule, sign by sign."""
    left = 0.0
    for first, second in ((q * (1 - m), (1 - q) * m), (q * m, (1 - q) * (1 - m))):
        left += (first + second) * entropy(first / (first + second), base)
    return left


def floors(q: float, m: float, base: float = np.e) -> tuple[float, float]:
    after = seen(q, m, base)
    return (entropy(q, base) + after) / 2, after


def layer(M: int, N: int) -> int:
    return 4 * N * (M + N) + 7 * N


def turned(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    order = [
        [L - 1 - t if t < L else t for t in range(len(x))] for L in lengths.clip(0, len(x)).tolist()
    ]
    return np.stack([x[steps, n] for n, steps in enumerate(order)], axis=1)


def smooth(
    start: np.ndarray, moves: np.ndarray, likely: np.ndarray, *, scaled: bool = True,
    back: Callable[[np.ndarray], np.ndarray] = lambda moves: moves, twice: bool = False,
    rows: bool = True, first: bool = True,
) -> np.ndarray:  # fmt: skip
    """From the last frame to the first, p(state | next state) step by step."""

    def size(p: np.ndarray) -> float:
        return float(p.sum()) if scaled else 1.0

    ahead = [(likely[0] * start if first else likely[0].copy())]
    ahead[0] = ahead[0] / size(ahead[0])
    for frame in likely[1:]:
        now = frame * (moves.T @ ahead[-1])
        ahead.append(now / size(now))
    behind = [np.ones(len(start))]
    for frame in likely[:0:-1]:
        now = back(moves) @ (frame * behind[0])
        behind.insert(0, now / size(now))
    with np.errstate(all="ignore"):
        p = np.array(ahead) * np.array(behind) * (likely if twice else 1)
        return p / p.sum(axis=1, keepdims=True) if rows else p


def filtered(start: np.ndarray, moves: np.ndarray, likely: np.ndarray) -> np.ndarray:
    p = start * likely[0]
    found = [p / p.sum()]
    for frame in likely[1:]:
        p = frame * (found[-1] @ moves)
        found.append(p / p.sum())
    return np.array(found)


class TestBothDirections(Promises):
    chapter = "2-2-both-directions"
    wrong = {
        "further.who-hears": [
            ({"p", "s"}, "turned"),
            ({"p", "q", "r", "s", "t", "u"}, "other-side"),
            ({"q", "r", "t", "u", "v"}, "not-so-far"),
            ({"q", "r", "t", "u", "w"}, "not-so-far"),
            ({"q", "r", "t"}, "late"),
            (lambda: ["q", "r", "u"], "missing"),
        ],
        "further.both-weights": [
            (lambda M, N, K: layer(M, N) + K * N + K, "one-direction"),
            (lambda M, N, K: 2 * layer(M, N) + K * N + K, "sees-one"),
            (lambda M, N, K: 2 * (layer(M, N) + K * N + K), "two-networks"),
            (lambda M, N, K: layer(M, 2 * N) + 2 * K * N + K, "hear-each-other"),
            (lambda M, N, K: 8 * N * (M + N) + 8 * N + 2 * K * N + K, "no-peepholes"),
            (lambda M, N, K: 8 * N * (M + N) + 6 * N + 2 * K * N + K, "no-biases"),
            (lambda M, N, K: 8 * N * (M + N) + 6 * N + 2 * K * N, "no-biases"),
            (lambda M, N, K: M + N + K, "miscounted"),
        ],
        "further.two-frames": [
            (lambda q, m: floors(q, m)[::-1], "swapped"),
            (lambda q, m: (2 * floors(q, m)[0], 2 * floors(q, m)[1]), "per-line"),
            (lambda q, m: floors(q, m, 2), "bits"),
            (lambda q, m: ((entropy(q) + entropy(m)) / 2, entropy(m)), "words-alike"),
            (lambda q, m: (floors(q, m)[0], seen(q, m) / 2), "first-frame-free"),
            (lambda q, m: (floors(q, m)[0], floors(q, m)[0]), "no-looking-ahead"),
            (lambda q, m: (entropy(q), seen(q, m)), "one-of-two"),
            (lambda q, m: (np.log(2), m), "no-floor"),
        ],
        "further.turn": [
            (lambda x, lengths: x[::-1], "padding-first"),
            (lambda x, lengths: x, "not-turned"),
            (lambda x, lengths: x[:, ::-1], "batch-turned"),
            (lambda x, lengths: turned(x, lengths - 1), "off-by-one"),
            (lambda x, lengths: turned(x, lengths * 0 + lengths.min()), "shortest"),
            (lambda x, lengths: np.zeros_like(x), "misplaced"),
        ],
        "further.smoother": [
            (filtered, "filter"),
            (lambda *hmm: smooth(*hmm, scaled=False), "underflow"),
            (lambda *hmm: smooth(*hmm, rows=False), "rows"),
            (lambda *hmm: smooth(*hmm, twice=True), "counted-twice"),
            (lambda *hmm: smooth(*hmm, first=False), "no-start"),
            (lambda *hmm: smooth(*hmm, back=lambda moves: moves.T), "transposed"),
            (lambda start, moves, likely: likely / likely.sum(1, keepdims=True), "no-smoother"),
        ],
    }
    right = {
        "further.two-frames": [floors],
        "further.turn": [turned],
        "further.smoother": [smooth],
    }

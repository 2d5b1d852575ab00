"""The exercises of "Reading without segmentation": solutions, and the mistakes they know."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import comb

import numpy as np

from lstmlab.training.ctc import extended

from ..harness import Promises

Arrow = Callable[[np.ndarray, int], bool]


def back(
    allowed: Arrow = lambda l_, s: l_[s + 2] != 0 and l_[s + 2] != l_[s], with_y: bool = True
) -> Callable[..., np.ndarray]:
    """A step back along other arrows than the right ones."""

    def step(after: np.ndarray, y: np.ndarray, entries: np.ndarray) -> np.ndarray:
        goes = after.copy()
        goes[:-1] += after[1:]
        for s in range(len(after) - 2):
            goes[s] += after[s + 2] * allowed(entries, s)
        return goes * y[entries] if with_y else goes

    return step


def in_place(after: np.ndarray, y: np.ndarray, entries: np.ndarray) -> np.ndarray:
    after[:-1] += after[1:]
    for s in range(len(after) - 2):
        if entries[s + 2] not in (0, entries[s]):
            after[s] += after[s + 2]
    return after * y[entries]


def forwards(after: np.ndarray, y: np.ndarray, entries: np.ndarray) -> np.ndarray:
    return back()(after[::-1], y, entries[::-1])[::-1]


def aligned(
    y: np.ndarray, labels: np.ndarray, *, through: bool = False, last: bool = False,
    logs: bool = True,
) -> np.ndarray:  # fmt: skip
    """The likeliest path, by dictionaries: the best score and path that end at each entry."""
    l_ = extended(labels)
    score = (lambda s, t: np.log(y[t, l_[s]])) if logs else (lambda s, t: y[t, l_[s]])
    join = (lambda a, b: a + b) if logs else (lambda a, b: a * b)
    ends = {s: (score(s, 0), [l_[s]]) for s in (0, 1)}
    for t in range(1, len(y)):
        after = {}
        for s in range(len(l_)):
            jump = s >= 2 and l_[s] != 0 and (through or l_[s] != l_[s - 2])
            came = [ends[r] for r in range(max(0, s - 1 - jump), s + 1) if r in ends]
            if came:
                p, path = max(came, key=lambda end: end[0])
                after[s] = (join(p, score(s, t)), [*path, l_[s]])
        ends = after
    S = len(l_)
    final = [ends[s] for s in ((S - 1,) if last else (S - 1, S - 2)) if s in ends]
    return np.array(max(final, key=lambda end: end[0])[1]) if final else np.zeros(len(y))


def twins(labels: list[int]) -> int:
    return sum(a == b for a, b in pairwise(labels))


def formula(pick: Callable[[int, int, int], int]) -> Callable[[int, int, int], int]:
    """A count that knows what does not fit."""
    return lambda T, U, r: pick(T, U, r) if U + r <= T else 0


class TestReadingWithoutSegmentation(Promises):
    chapter = "2-3-reading-without-segmentation"
    wrong = {
        "further.which-paths": [
            ({"p", "q", "r", "s", "u"}, "blank-ignored"),
            ({"p", "r", "t", "u"}, "late-blank"),
            ({"p", "u"}, "runs-last"),
            (lambda: ["r"], "missing"),
        ],
        "further.shortest-input": [
            (len, "no-blanks"),
            (lambda labels: 2 * len(labels) + 1, "all-blanks"),
            (lambda labels: max(0, 2 * len(labels) - 1), "blank-between-all"),
            (lambda labels: 2 * len(labels) - len(set(labels)), "not-neighbours"),
            (lambda labels: max(1, len(labels) + twins(labels)), "nothing"),
            (lambda labels: len(labels) + 2 * twins(labels), "miscounted"),
        ],
        "further.number-of-paths": [
            (lambda T, U, r: comb(T, U), "one-frame-each"),
            (lambda T, U, r: comb(T + U, 2 * U), "repeats-forgotten"),
            (formula(lambda T, U, r: comb(T + U + r, 2 * U)), "wrong-way"),
            (formula(lambda T, U, r: comb(T, 2 * U)), "no-empty-pause"),
            (formula(lambda T, U, r: comb(T - 1, U - 1)), "no-pauses"),
            (lambda T, U, r: comb(T + U - r, 2 * U) or 1, "does-not-fit"),
            (lambda T, U, r: 3**T, "miscounted"),
        ],
        "further.step-back": [
            (forwards, "forward"),
            (back(with_y=False), "y-forgotten"),
            (back(lambda l_, s: False), "no-jump"),
            (back(lambda l_, s: l_[s + 2] != 0), "through-repeat"),
            (back(lambda l_, s: True), "jumps-labels"),
            (
                lambda after, y, entries: back(with_y=False)(after * y[entries], y, entries),
                "y-of-the-next",
            ),
            (in_place, "in-place"),
            (lambda after, y, entries: after, "not-beta"),
        ],
        "further.alignment": [
            (lambda y, labels: y.argmax(axis=1), "best-path"),
            (lambda y, labels: aligned(y, labels)[::-1], "reversed"),
            (lambda y, labels: aligned(y, labels, through=True), "reads-another"),
            (lambda y, labels: aligned(y, labels, last=True), "not-likeliest"),
            (lambda y, labels: aligned(y, labels, logs=False), "not-likeliest"),
            (lambda y, labels: aligned(y, labels) + 0.5, "no-classes"),
        ],
    }
    right = {
        "further.which-paths": [["u", "r", "p"]],
        "further.shortest-input": [lambda labels: len(labels) + twins(labels)],
        "further.number-of-paths": [formula(lambda T, U, r: comb(T + U - r, T - U - r))],
        "further.step-back": [back()],
        "further.alignment": [aligned],
    }

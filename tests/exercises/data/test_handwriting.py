"""The exercises of "Handwriting, stroke by stroke"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lstmlab.cells import Array
from lstmlab.exercises.data import handwriting
from lstmlab.tasks.handwriting import encode
from lstmlab.training import edit_distance
from lstmlab.training.ctc import ctc

from ..harness import Promises

SAME = {"right", "pause", "clock"}


def share(T: int, U: int, r: int, *, twins: bool = True, back: bool = True) -> float:
    added = U + 1 - (r if twins else 0)
    return ((U + 1) * (T + added) / (2 * U + 1) - (added if back else U + 1)) / T


def by_counting(T: int, U: int, r: int) -> float:
    """The blank's share from the gradient of CTC."""
    labels = np.cumsum([1, *([0] * r), *([1] * (U - 1 - r))])
    _, delta = ctc(np.zeros((T, U + 1)), labels)
    return float(1 / (U + 1) - delta[:, 0].mean())


def drawn(
    *,
    numbers: Callable[[Array], Array] = lambda x: 1 + np.cumsum(x[:, 3]) - x[:, 3],
    places: Callable[[Array], Array] = lambda x: x[:, :2].cumsum(axis=0),
) -> Callable[[Array], tuple[Array, Array]]:
    return lambda x: (places(x), numbers(x))


def each_anew(x: Array) -> Array:
    places, at = x[:, :2].cumsum(axis=0), 0
    for end in 1 + np.flatnonzero(x[:, 3]):
        places[at:end] -= places[at].copy()
        at = end
    return places


def nearest(
    *,
    enough: Callable[[int, int], bool] = lambda distance, most: distance <= most,
    first: bool = True,
    off: int = 0,
) -> Callable[[str, Sequence[str], int], int]:
    def position(read: str, words: Sequence[str], most: int) -> int:
        found = [edit_distance(encode(read), encode(word)) for word in words]
        best = min(found)
        where = [n for n, distance in enumerate(found) if distance == best]
        return where[0 if first else -1] + off if enough(best, most) else -1

    return position


def bar(
    *,
    cer: Callable[[Array, Array], float] = lambda e, n: float(e.sum() / n.sum()),
    factor: Callable[[int], float] = lambda W: (W - 1) / W,
) -> Callable[[Array, Array], tuple[float, float]]:
    def error(e: Array, n: Array) -> tuple[float, float]:
        without = (e.sum() - e) / (n.sum() - n)
        off = float(((without - without.mean()) ** 2).sum())
        return cer(e, n), float(np.sqrt(factor(len(e)) * off))

    return error


def test_the_share_of_the_check_is_that_of_ctc() -> None:
    for T, U, r in ((40, 7, 0), (12, 10, 2), (31, 4, 1), (9, 5, 4)):
        assert np.isclose(handwriting._blanks(T, U, r) / T, by_counting(T, U, r))


class TestHandwriting(Promises):
    chapter = "3-2-handwriting-stroke-by-stroke"
    wrong = {
        "data.same-inputs": [
            (SAME - {"right"}, "place"),
            (SAME - {"clock"}, "clock"),
            (SAME - {"pause"}, "pause"),
            (SAME | {"larger"}, "size"),
            (SAME | {"slower"}, "speed"),
            (SAME | {"turned"}, "turn"),
            (SAME | {"at once"}, "order"),
            ({"left"}, "not-an-option"),
        ],
        "data.blank-share": [
            (lambda T, U, r: share(T, U, r, twins=False), "no-twins"),
            (lambda T, U, r: 1 - share(T, U, r), "letters"),
            (lambda T, U, r: T * share(T, U, r), "frames"),
            (lambda T, U, r: share(T, U, r, back=False), "taken-back"),
            (lambda T, U, r: 0.5, "long-lines"),
            (lambda T, U, r: (U + 1) / (2 * U + 1), "long-lines"),
            (lambda T, U, r: 1 - U / T, "another-share"),
            (0.48, "form"),
        ],
        "data.drawing": [
            (drawn(numbers=lambda x: np.cumsum(x[:, 3]) - x[:, 3]), "from-zero"),
            (drawn(numbers=lambda x: 1 + np.cumsum(x[:, 3])), "lifted-early"),
            (drawn(numbers=lambda x: x[:, 3]), "other-strokes"),
            (drawn(places=lambda x: x[:, :2]), "not-summed"),
            (drawn(places=each_anew), "every-stroke-anew"),
            (drawn(places=lambda x: x[::-1, :2].cumsum(axis=0)), "elsewhere"),
            (drawn(places=lambda x: x[:, :3].cumsum(axis=0)), "shape"),
        ],
        "data.nearest-word": [
            (nearest(enough=lambda distance, most: True), "at-any-price"),
            (nearest(enough=lambda distance, most: distance < most), "too-strict"),
            (nearest(first=False), "the-last-one"),
            (nearest(off=1), "from-one"),
            (lambda read, words, most: -1, "too-strict"),
            (lambda read, words, most: -7, "another-word"),
            (lambda read, words, most: 0.5, "not-whole"),
        ],
        "data.error-bar": [
            (bar(cer=lambda e, n: float(np.mean(e / n))), "mean-of-rates"),
            (bar(cer=lambda e, n: 100 * float(e.sum() / n.sum())), "per-cent"),
            (bar(cer=lambda e, n: float(e.mean())), "another-cer"),
            (bar(factor=lambda W: 1 / W), "no-factor"),
            (bar(factor=lambda W: 1 / (W - 1)), "no-factor"),
            (bar(factor=lambda W: W - 1), "wrong-factor"),
            (lambda e, n: (e.sum() / n.sum(), np.std(e / n)), "spread-of-writers"),
            (lambda e, n: (e.sum() / n.sum(), 0.01), "another-error"),
            (lambda e, n: 0.02, "form"),
        ],
    }
    right = {
        "data.same-inputs": [["clock", "right", "pause"]],
        "data.blank-share": [by_counting],
    }

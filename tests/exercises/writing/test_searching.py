"""The exercises of "The search"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..harness import Promises

HOLD = {"a", "c", "e"}
Shares = Callable[[Sequence[float], int, int, int], float]


def shrunk(reward: float, n: int, mu: float, between: float, within: float) -> float:
    noise = within / n
    return mu + (between / (between + noise) if noise else 1.0) * (reward - mu)


def ends(
    seconds: Sequence[float], workers: int, batch: int, lag: int, *, in_turn: bool = False
) -> list[float]:
    """Batch after batch, each with the time at which it is asked for."""
    free, found = [0.0] * workers, list[list[float]]()
    for j in range(0, len(seconds), batch):
        told = [end for each in found[: max(0, j // batch - lag)] for end in each]
        asked, own = max(told, default=0.0), list[float]()
        for k, duration in enumerate(seconds[j : j + batch], start=j):
            w = k % workers if in_turn else min(range(workers), key=free.__getitem__)
            free[w] = max(free[w], asked) + duration
            own.append(free[w])
        found.append(own)
    return [end for each in found for end in each]


def busy(shift: int = 0, *, in_turn: bool = False, fixed: int | None = None) -> Shares:
    """A busy share with a lag that is `shift` longer, or always `fixed`."""

    def share(seconds: Sequence[float], workers: int, batch: int, lag: int) -> float:
        used = lag + shift if fixed is None else fixed
        last = max(ends(seconds, workers, batch, used, in_turn=in_turn))
        return sum(seconds) / (workers * last)

    return share


def to_last_of_queue(seconds: Sequence[float], workers: int, batch: int, lag: int) -> float:
    return sum(seconds) / (workers * ends(seconds, workers, batch, lag)[-1])


class TestSearching(Promises):
    chapter = "8-3-the-search"
    wrong = {
        "writing.search-holds": [
            (HOLD | {"b"}, "mean-is-best"),
            (HOLD | {"d"}, "order-matters"),
            (lambda: ["a", "c", "e", "f"], "longer-is-finer"),
            (HOLD - {"a"}, "lag-miscounted"),
            (HOLD - {"c"}, "no-selection"),
            (HOLD - {"e"}, "weights-needed"),
            ({"a", "g"}, "not-an-option"),
        ],
        "writing.best-luck": [
            (lambda n, h: n / (n + 1), "of-unit"),
            (lambda n, h: 2 * h * n / (n + 1), "from-below"),
            (lambda n, h: h / 2 * (n - 1) / (n + 1), "half-width"),
            (lambda n, h: h, "largest-possible"),
            (lambda n, h: h * n / (n + 1), "off-by-one"),
            (lambda n, h: h * (1 - n) / (n + 1), "sign"),
            (lambda n, h: 0.0, "another-number"),
            (lambda n, h: None, "form"),
        ],
        "writing.shrunk": [
            (lambda reward, n, mu, between, within: shrunk(reward, 1, mu, between, within),
             "n-ignored"),
            (lambda reward, n, mu, between, within:
             reward + mu - shrunk(reward, n, mu, between, within), "weights-swapped"),
            (lambda reward, n, mu, between, within:
             shrunk(reward, 1, mu, between, within * n), "n-wrong-way"),
            (lambda reward, n, mu, between, within:
             shrunk(reward, 1, mu, between**0.5, (within / n) ** 0.5), "not-squared"),
            (lambda reward, n, mu, between, within: shrunk(1.0, n, 0.0, between, within),
             "only-share"),
            (lambda reward, n, mu, between, within: shrunk(reward, n, 0.0, between, within),
             "towards-zero"),
            (lambda reward, n, mu, between, within: reward, "as-it-is"),
            (lambda reward, n, mu, between, within: mu
             + (between / (between + within / n) if between else 0.0) * (reward - mu), "no-noise"),
            (lambda reward, n, mu, between, within: mu, "another-guess"),
            (lambda reward, n, mu, between, within: "much", "form"),
        ],
        "writing.busy": [
            (busy(fixed=99), "never-waits"),
            (busy(1), "lag-too-long"),
            (busy(fixed=0), "lag-ignored"),
            (busy(in_turn=True), "in-turn"),
            (to_last_of_queue, "last-end"),
            (lambda seconds, workers, batch, lag: 1 - busy()(seconds, workers, batch, lag),
             "idle-share"),
            (lambda seconds, workers, batch, lag: busy()(seconds, workers, batch, lag) * workers,
             "one-worker"),
            (lambda seconds, workers, batch, lag: 0.5, "another-share"),
            (lambda seconds, workers, batch, lag: [0.5, 0.5], "form"),
        ],
    }  # fmt: skip
    right = {
        "writing.search-holds": [lambda: ("e", "c", "a")],
        "writing.best-luck": [lambda n, h: 2 * h * n / (n + 1) - h],
        "writing.shrunk": [shrunk],
        "writing.busy": [busy()],
    }

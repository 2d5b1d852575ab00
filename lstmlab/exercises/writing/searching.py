"""Checks of the exercises in the chapter "The search"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import call, close, function, members, number

STATEMENTS = ("a", "b", "c", "d", "e", "f")


@exercise("writing.search-holds", kind="recall")
def search_holds(answer: object) -> str:
    """What holds of lags, means, selection, workers and kills."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "mean-is-best", "In your answer a rising mean makes a better best rule.",
         "What becomes of the mean if a policy stops writing rules that fail?"),
        ("d", "order-matters", "In your answer the trials depend on who ends first.",
         "When is batch j asked for? Does a clock stand in that rule?"),
        ("f", "longer-is-finer", "In your answer a longer search sees past a ceiling.",
         "What can a searcher know of two rules that earn the same?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "lag-miscounted", "In your answer lag 1 means something else.",
         "Batch j is asked for when 0 to j - 2 have been told. How many are these?"),
        ("c", "no-selection", "In your answer the largest of many noisy rewards is fair.",
         "If all rules are worth the same, which of them has the largest reward?"),
        ("e", "weights-needed", "In your answer the weights have to be in the file.",
         "What do a controller's weights depend on, other than its seed and the rewards?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "The trials are fixed by the seed and the rewards; the rewards are partly luck."


_COUNTS = ((1, 0.02), (2, 0.02), (20, 0.01), (300, 0.05), (7, 1.0))

_LUCKS: tuple[tuple[str, str, str, Callable[[int, float], float]], ...] = (
    ("of-unit", "You have the mean of the largest of n uniform numbers from 0 to 1.",
     "A reward is w - h + 2hU. What is the mean of that, less w?", lambda n, h: n / (n + 1)),
    ("from-below", "You measure from w - h.", "By how much is it larger than w?",
     lambda n, h: 2 * h * n / (n + 1)),
    ("half-width", "You take h as the whole width.", "From w - h to w + h: how wide is that?",
     lambda n, h: h * (n - 1) / (n + 1) / 2),
    ("largest-possible", "You return the largest luck there is.",
     "How much is it for a single rule, in the mean?", lambda n, h: h),
    ("off-by-one", "You are one rule off.", "What is the mean of the largest of one?",
     lambda n, h: h * n / (n + 1)),
    ("sign", "You have the smallest of n rewards.", "Is the best too high or too low?",
     lambda n, h: -h * (n - 1) / (n + 1)),
)  # fmt: skip


@exercise("writing.best-luck", kind="derive")
def best_luck(answer: object) -> str:
    """The mean excess of the largest of n uniform rewards."""
    f = function(answer, "n", "h")
    got = np.array([number(call(f, n, h)) for n, h in _COUNTS])
    if close(got, np.array([h * (n - 1) / (n + 1) for n, h in _COUNTS])):
        return "With twenty rules that are all alike, nine tenths of the largest luck there is."
    for mistake, says, hint, other in _LUCKS:
        if close(got, np.array([other(n, h) for n, h in _COUNTS])):
            raise Wrong(mistake, says, hint=hint)
    at = int(np.argmax(np.abs(got - np.array([h * (n - 1) / (n + 1) for n, h in _COUNTS]))))
    n, h = _COUNTS[at]
    raise Wrong("another-number", f"With n = {n} and h = {h:g} you have {got[at]:.4g}.",
                hint="How likely is it that all n lie below a number?")  # fmt: skip


@dataclass(frozen=True)
class _Rule:
    """What is known of a rule, and of all."""

    reward: float
    n: int
    mu: float
    between: float
    within: float


_RULES = (
    _Rule(0.98, 1, 0.95, 1e-4, 1e-4),
    _Rule(0.9, 4, 0.95, 2e-4, 1e-4),
    _Rule(0.97, 2, 0.5, 0.04, 0.01),
    _Rule(0.7, 3, 0.6, 0.0, 0.01),
    _Rule(0.3, 10, 0.8, 0.5, 0.2),
)
_NOISELESS = (_Rule(0.7, 3, 0.6, 0.02, 0.0), _Rule(0.7, 1, 0.6, 0.0, 0.0))


def _guess(rule: _Rule, c: float) -> float:
    return rule.mu + c * (rule.reward - rule.mu)


def _share(a: float, b: float) -> float:
    return a / (a + b)


_GUESSES: tuple[tuple[str, str, str, Callable[[_Rule], float]], ...] = (
    ("n-ignored", "You take one reward for n.", "What is the variance of the mean of n?",
     lambda r: _guess(r, _share(r.between, r.within))),
    ("weights-swapped", "You shrink by the other share.",
     "Which way should it go when the noise is large?",
     lambda r: _guess(r, _share(r.within / r.n, r.between))),
    ("n-wrong-way", "With more rewards you believe less.",
     "Does the variance of a mean grow or fall with n?",
     lambda r: _guess(r, _share(r.between, r.within * r.n))),
    ("not-squared", "You weight by standard deviations.",
     "The square of what error is to be least? Variances stand in it.",
     lambda r: _guess(r, _share(r.between**0.5, (r.within / r.n) ** 0.5))),
    ("only-share", "You return c.", "The guess is asked for: mu + c (reward - mu).",
     lambda r: _share(r.between, r.within / r.n)),
    ("towards-zero", "You shrink towards 0.", "Towards what, if nothing is known of a rule?",
     lambda r: r.reward * _share(r.between, r.within / r.n)),
    ("as-it-is", "You return the reward.", "Is a part of it noise?", lambda r: r.reward),
)  # fmt: skip


@exercise("writing.shrunk", kind="derive")
def shrunk(answer: object) -> str:
    """The best linear guess at a worth."""
    f = function(answer, "reward", "n", "mu", "between", "within")

    def of(rule: _Rule) -> float:
        return number(
            call(f, rule.reward, rule.n, rule.mu, rule.between, rule.within), finite=False
        )

    got = np.array([of(rule) for rule in _RULES])
    if close(got, np.array([_guess(r, _share(r.between, r.within / r.n)) for r in _RULES])):
        ends = np.array([of(rule) for rule in _NOISELESS])
        if close(ends, np.array([rule.reward for rule in _NOISELESS])):
            return "Where rules differ less than their noise, most of a reward is not believed."
        raise Wrong("no-noise", "Without noise your guess is not the reward.",
                    hint="What is c if within is 0, also if between is 0?")  # fmt: skip
    for mistake, says, hint, other in _GUESSES:
        if close(got, np.array([other(rule) for rule in _RULES])):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong("another-guess", "Your guesses are others.",
                hint="The error is (1 - c) a - c ε: take its mean square.")  # fmt: skip


@dataclass(frozen=True)
class _Queue:
    """Rules in a queue, and who works on them."""

    seconds: tuple[float, ...]
    workers: int
    batch: int
    lag: int


_QUEUES = (
    _Queue((1.0, 1.0, 1.0, 1.0), 2, 2, 0),
    _Queue((3.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 4.0, 1.0), 5, 5, 0),
    _Queue((3.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 4.0, 1.0), 5, 5, 1),
    _Queue((0.5, 2.0, 1.0, 0.25, 3.0, 1.5, 0.75, 1.0, 2.5, 0.5, 1.0), 3, 2, 1),
    _Queue((0.5, 2.0, 1.0, 0.25, 3.0, 1.5, 0.75, 1.0, 2.5, 0.5, 1.0), 3, 2, 2),
    _Queue((4.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), 2, 2, 1),
    _Queue((2.0, 1.0, 1.0), 10, 5, 0),
    _Queue((9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), 5, 1, 2),
    _Queue((9.0, 1.0, 1.0, 1.0, 6.0, 1.0, 1.0, 8.0), 5, 1, 1),
)


def _ends(queue: _Queue, lag: int | None = None, *, in_turn: bool = False) -> list[float]:
    """When each rule ends; with `in_turn` rule n goes to worker n modulo their number."""
    lag = queue.lag if lag is None else lag
    free, ends = [0.0] * queue.workers, list[float]()
    for n, duration in enumerate(queue.seconds):
        known = queue.batch * max(0, n // queue.batch - lag)
        w = n % queue.workers if in_turn else free.index(min(free))
        free[w] = max(free[w], max(ends[:known], default=0.0)) + duration
        ends.append(free[w])
    return ends


def _busy(queue: _Queue, ends: Sequence[float]) -> float:
    return sum(queue.seconds) / (queue.workers * max(ends))


_SHARES: tuple[tuple[str, str, str, Callable[[_Queue], float]], ...] = (
    ("never-waits", "In your queue no batch waits for another.",
     "When may batch j begin?", lambda q: _busy(q, _ends(q, len(q.seconds)))),
    ("lag-too-long", "Your lag is one batch too long.",
     "With lag 0, which batches have ended when batch j begins?",
     lambda q: _busy(q, _ends(q, q.lag + 1))),
    ("lag-ignored", "Your queue always waits for the batch before.",
     "With lag 1, for which batches does batch j wait?", lambda q: _busy(q, _ends(q, 0))),
    ("in-turn", "You give rules to workers in turn.", "Who is free first?",
     lambda q: _busy(q, _ends(q, in_turn=True))),
    ("last-end", "You take the end of the last rule in the queue.",
     "Can one that began before end after it?",
     lambda q: sum(q.seconds) / (q.workers * _ends(q)[-1])),
    ("idle-share", "You return the share of idle time.", "In which share do they work?",
     lambda q: 1 - _busy(q, _ends(q))),
    ("one-worker", "You do not divide by the number of workers.",
     "How much time have all workers together?", lambda q: _busy(q, _ends(q)) * q.workers),
)  # fmt: skip


@exercise("writing.busy", kind="build")
def busy(answer: object) -> str:
    """The share of their time that workers work."""
    f = function(answer, "seconds", "workers", "batch", "lag")
    got = np.array([number(call(f, list(q.seconds), q.workers, q.batch, q.lag)) for q in _QUEUES])
    want = np.array([_busy(q, _ends(q)) for q in _QUEUES])
    if close(got, want):
        return "This is the white in the chapter's figure, and why a batch is in flight."
    for mistake, says, hint, other in _SHARES:
        if close(got, np.array([other(q) for q in _QUEUES])):
            raise Wrong(mistake, says, hint=hint)
    at = int(np.argmax(np.abs(got - want)))
    q = _QUEUES[at]
    shown = ", ".join(f"{s:g}" for s in q.seconds)
    raise Wrong("another-share", f"With rules of {shown} seconds, {q.workers} workers, batches of "
                f"{q.batch} and lag {q.lag} you have {got[at]:.3f}.",
                hint="Draw a line for each worker, and begin with batch 0.")  # fmt: skip

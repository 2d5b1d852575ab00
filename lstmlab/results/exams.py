"""What the ages of the LSTM are examined in: strings, a stream, beats and delays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

from lstmlab.cells import Array, Cell
from lstmlab.tasks import load, reber, timing
from lstmlab.tasks.task import Split, Target
from lstmlab.training import Engine, Network

SOURCE = "generated"


class Machine(Engine, Protocol):
    """An engine that says what it answers."""

    def says(self, x: Array) -> Array:
        """A number for each output, (T, K): above 0 where it gives more than ½."""


@dataclass(frozen=True, eq=False)
class Exam:
    """What is learned, and what counts as having learned it.

    Attributes
    ----------
    train, valid : list of (x, target)
    test : callable
        Makes the test sequences.
    weights : int
        About so many for every network.
    updates, every : int
        At most so many updates; validated after every so many.
    stops : int
        If above 0, a training sequence ends with its first mistake, but has this many steps or
        more: where that is, is looked up every 20 updates.
    """

    train: Split
    valid: Split
    test: Callable[[], Split]
    weights: int
    updates: int
    every: int
    stops: int = 0


@cache
def exam(name: str) -> Exam:
    """The exam of one name: "strings", "stream", or "beat 10" or "delay 10" with any number.

    Validated and tested are, in this order: strings that are not in the training set; streams of
    1,000 and 100,000 symbols; one sequence of 100 spikes and one of 1,000, where training sequences
    have 5 at most; the 20 sequences of two spikes, 10 or 9 apart, that are trained on, and 40 whose
    first spike comes later.
    """
    if name == "strings":
        task = load("reber", source=SOURCE)
        return Exam(task.train, task.valid, lambda: task.test, 600, 20_000, 500)
    if name == "stream":
        task, rng = load("continual-reber", source=SOURCE), np.random.default_rng(1)
        valid, seeds = reber.streams(rng, 10, 1000), np.random.default_rng(2)
        return Exam(
            task.train, valid, cache(lambda: reber.streams(seeds, 3, 100_000)), 600, 20_000, 500
        )
    if name.startswith("delay "):
        longest = int(name.removeprefix("delay "))
        early = two_spikes(longest, 1, 11)
        return Exam(early, early, lambda: two_spikes(longest, 11, 31), 113, 40_000, 500)
    every = int(name.removeprefix("beat "))
    heard = [timing.spikes(every, beats * every) for beats in (5, 100, 1000)]
    return Exam([heard[0]], [heard[1]], lambda: [heard[2]], 113, 40_000, 500, 2 * every)


def two_spikes(longest: int, begin: int, end: int) -> Split:
    """Spikes `longest` steps apart, or one fewer; the first at each step from `begin` to `end`."""
    return [
        timing.delay(longest - less, longest, first, longest + end)
        for first in range(begin, end) for less in (0, 1)
    ]  # fmt: skip


def nearest(make: Callable[[int], Network], weights: int) -> Network:
    """Of networks with 2, 3, … blocks, the one whose number of weights is nearest to `weights`."""
    return min((make(N) for N in range(2, 100)), key=lambda net: abs(net.size - weights))


def fitting(cell: Cell, test: Exam) -> Network:
    """The network of such blocks that takes an exam."""
    x, target = test.train[0]
    M, K = x.shape[1], target.shape[1]
    return nearest(lambda N: Network(M, N, K, variant=cell), test.weights)


def until_mistake(machine: Machine, x: Array, target: Target) -> int:
    """Steps before the first one with an output on the wrong side of ½; T if there is none."""
    right = reber.right(machine.says(x) + 0.5, target)
    return len(x) if right.all() else int(right.argmin())


def marks(machine: Machine, sequences: Split) -> tuple[float, float]:
    """Share of the sequences without a mistake, and the mean of `until_mistake`."""
    until = [until_mistake(machine, x, target) for x, target in sequences]
    whole = [steps == len(x) for steps, (x, _) in zip(until, sequences, strict=True)]
    return float(np.mean(whole)), float(np.mean(until))

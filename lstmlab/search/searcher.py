"""What every search algorithm of the book is: an object that is asked and told."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, Protocol, TypeAlias

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from lstmlab.search.space import Params, Space, check_space

Direction: TypeAlias = Literal["minimize", "maximize"]


class Searcher(Protocol):
    """Proposes hyperparameters and learns from what came of them.

    Attributes
    ----------
    space : dict of str to optuna.distributions.BaseDistribution
    seed : int
        Fixes every proposal, and with the trial's number the seed its objective gets.
    direction : {"minimize", "maximize"}
    batch : int
        How many proposals it likes to be asked for at once.
    lag : int
        How many batches may still be out when it is asked again: 0 if it waits for every result,
        1 if it can think of the next batch while the last one is computed.
    """

    space: dict[str, BaseDistribution]
    seed: int
    direction: Direction
    batch: int
    lag: int

    def ask(self, n: int = 1) -> list[Params]:
        """At most n proposals; fewer if it needs results first, none if it has no more."""

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Learn from finished trials, in the order in which they were asked for.

        A failed trial has no value; it counts as worse than all others.
        """


class Base:
    """The arguments that all searchers share, checked."""

    batch = 1
    lag = 0

    def __init__(self, space: Space, *, seed: int = 0, direction: Direction = "minimize") -> None:
        self.space = check_space(space)
        self.seed = check_seed(seed)
        self.direction: Direction = check_direction(direction)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(seed={self.seed}, direction={self.direction!r})"

    def cost(self, trial: FrozenTrial) -> float:
        """A trial's value, turned so that less is better; infinite for a failed one."""
        if trial.state != TrialState.COMPLETE or trial.value is None:
            return np.inf
        return trial.value if self.direction == "minimize" else -trial.value


def claim(searcher: object) -> None:
    """Note in a searcher, and so in its copies, that it has been asked."""
    with suppress(AttributeError):  # of one that takes no note, which is believed
        searcher._claimed = True  # type: ignore[attr-defined]


def claimed(searcher: object) -> bool:
    """Whether a searcher has been asked by another search."""
    return bool(getattr(searcher, "_claimed", False))


def check_seed(seed: object) -> int:
    """A seed as an int; ValueError if it is none."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be a whole number, 0 or more, got {seed!r}")
    return int(seed)


def check_direction(direction: Direction) -> Direction:
    """A direction; ValueError if it is none."""
    if direction not in ("minimize", "maximize"):
        raise ValueError(f"direction must be 'minimize' or 'maximize', got {direction!r}")
    return direction


def check_number(value: object, name: str, low: float, high: float, what: str) -> float:
    """A number from low to high, a finite one; ValueError, which names it, if it is none."""
    number = isinstance(value, int | float | np.integer | np.floating)
    if isinstance(value, bool) or not number or not (low <= value <= high and np.isfinite(value)):  # type: ignore[operator, call-overload]
        raise ValueError(f"{name} must be {what}, got {value!r}")
    return float(value)  # type: ignore[arg-type]


def check_count(n: object, name: str = "n", *, least: int = 1) -> int:
    """A number of things, as an int; ValueError, which names it, if it is not 1 or more."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < least:
        raise ValueError(f"{name} must be a whole number, {least} or more, got {n!r}")
    return int(n)

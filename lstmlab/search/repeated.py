"""An objective averaged over several seeds: the β of Newhouse, and common random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from lstmlab.search.ledger import seed_of
from lstmlab.search.outcome import Answer, Objective
from lstmlab.search.searcher import check_count, check_seed
from lstmlab.search.space import Params


@dataclass(frozen=True)
class Repeated:
    """An objective averaged over several seeds.

    Parameters
    ----------
    objective : callable
        As for `run`.
    repetitions : int
        β, how many values are averaged.
    seed : int, optional
        If given, the seed of a trial is ignored, and every trial uses the same β: common random
        numbers. If not, they are fixed by the seed of the trial.
    """

    objective: Objective
    repetitions: int = 1
    seed: int | None = None

    def __post_init__(self) -> None:
        if not callable(self.objective):
            raise TypeError(
                f"objective must be a function of params and seed, got {self.objective!r}"
            )
        check_count(self.repetitions, "repetitions")
        if self.seed is not None:
            check_seed(self.seed)

    def __call__(self, params: Params, seed: int) -> Answer:
        """What the objective answers; of several answers the mean `value`, and all `values`."""
        first = seed if self.seed is None else self.seed
        if self.repetitions == 1:
            return self.objective(params, seed if self.seed is None else seed_of(first, 0))
        answers = [self.objective(dict(params), seed_of(first, n)) for n in range(self.repetitions)]
        values = [float(cast(float, a["value"] if isinstance(a, Mapping) else a)) for a in answers]
        return {"value": sum(values) / len(values), "values": values}


def common(objective: Objective, seed: int = 0, repetitions: int = 1) -> Repeated:
    """The objective with common random numbers: the same seeds, whatever a trial's seed is."""
    return Repeated(objective, repetitions, seed)

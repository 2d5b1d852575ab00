"""A controller and its rewards, for tests of the search; as a program, something to be killed.

    python -m tests.optimizers.writing LEARNER JOURNAL WORKERS TRIALS STATE

`STATE` is where the controller's state is kept when the search has ended. Workers import this file
for the rewards, and no torch.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstmlab.search import Serial, run
from lstmlab.search.space import Params

if TYPE_CHECKING:
    from lstmlab.optimizers import Controller

BEST = ("g", "m", "x", "sign", "*", "r1", "m", "exp", "x", "*")


def controller(learner: str = "trpo", **settings: object) -> Controller:
    """A new one, always the same."""
    from lstmlab.optimizers import Controller, Grammar

    return Controller(Grammar(2), **({"learner": learner, "units": 12, "seed": 5} | settings))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Alike:
    """The share of a string's tokens that are those of `BEST`; one in nine fails."""

    sleep: float = 0.0
    luck: bool = True

    def __call__(self, params: Params, seed: int) -> float:
        time.sleep(self.sleep * (seed % 7))
        if self.luck and seed % 9 == 0:
            raise ArithmeticError("diverged")
        return sum(map(str.__eq__, map(str, params.values()), BEST)) / 10


def main(learner: str, storage: str, workers: str, trials: str, state: str) -> None:
    """Say that it begins, search, and keep what the controller has become."""
    import torch

    print("begun", flush=True)
    searcher = controller(learner)
    executor = int(workers) if int(workers) else Serial()
    run(searcher, Alike(0.004), int(trials), executor=executor, storage=storage, progress=False)
    torch.save(searcher.state_dict(), state)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

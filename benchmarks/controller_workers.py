"""Does a controller keep two workers busy, and what does it cost itself?

    python benchmarks/controller_workers.py [--short]

Rules of unequal cost, on two processes: those that sleep for 0.2 to 2 seconds, drawn on a log
scale; and those of a search, judged by the child network, which gives up hopeless ones early. With
a lag of one batch, as the controller has it, and for comparison with none, where it waits for a
whole batch before it writes the next. A worker is busy from the beginning of a trial to its end;
the share is of the time from the first trial's beginning to the last one's end. The target is 90 %.

What the controller costs, in the processor's milliseconds: to write a batch of 5 rules of two
groups and to learn from it, and to take up a search of 1,000 trials from its journal. The targets
are 100 ms for a batch that is written and learned from, and 30 ms a trial that is taken up.

The exit status is 1 if a target is missed. `--short` takes a quarter of the trials.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from optuna.trial import FrozenTrial

from lstmlab.optimizers import Controller, Grammar, RuleReward
from lstmlab.search import Serial, run
from lstmlab.search.outcome import Objective
from lstmlab.search.space import Params

WORKERS, SLEEPS, TRAININGS, TAKEN_UP = 2, 240, 200, 1_000
BUSY, A_BATCH, A_TRIAL = 0.9, 100.0, 30.0
"""The targets: a share; ms to write a batch and learn from it; ms to take a trial up again."""


@dataclass(frozen=True)
class Sleeping:
    """A rule that takes its time: `least` to `most` seconds, whatever it says."""

    least: float = 0.2
    most: float = 2.0

    def __call__(self, params: Params, seed: int) -> float:
        share = np.random.default_rng(seed).random()
        time.sleep(self.least * (self.most / self.least) ** share)
        return float(share)


@dataclass(frozen=True)
class Nothing:
    """A rule that costs nothing."""

    def __call__(self, params: Params, seed: int) -> float:
        return seed % 100 / 100


class Timed(Controller):
    """A controller that counts the processor's seconds."""

    writing = learning = 0.0

    def ask(self, n: int = 1) -> list[Params]:
        began = time.process_time()
        asked = super().ask(n)
        self.writing += time.process_time() - began
        return asked

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        began = time.process_time()
        super().tell(trials)
        self.learning += time.process_time() - began


def busy(objective: Objective, trials: int, lag: int) -> tuple[float, float, np.ndarray]:
    """The share of the workers' time that was spent in trials; the wall's seconds; a trial's."""
    controller = Controller(Grammar(2), seed=1)
    controller.lag = lag
    study = run(controller, objective, trials, executor=WORKERS, progress=False)
    ended = study.get_trials(deepcopy=False)
    seconds = np.array([trial.user_attrs["seconds"] for trial in ended])
    first = min(trial.datetime_start for trial in ended)
    last = max(trial.datetime_complete for trial in ended)
    wall = (last - first).total_seconds()
    return float(seconds.sum()) / (WORKERS * wall), wall, seconds


def costs(learner: str, trials: int) -> tuple[float, float, float]:
    """ms a batch to write it and to learn from it, and ms a trial to take a search up again."""
    batches = trials // 5
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "a.journal"
        first = Timed(Grammar(2), learner=learner)
        run(first, Nothing(), trials, executor=Serial(), storage=place, progress=False)
        began = time.process_time()
        again = Timed(Grammar(2), learner=learner)
        run(again, Nothing(), trials, executor=Serial(), storage=place, progress=False)
        taken_up = 1e3 * (time.process_time() - began) / trials
    return 1e3 * first.writing / batches, 1e3 * first.learning / batches, taken_up


def main() -> None:
    """Print the tables."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    part = 4 if "--short" in sys.argv[1:] else 1
    missed = []
    print(f"{WORKERS} workers: the share of their time that is spent in trials")
    print(f"{'rules':12}{'lag':>4}{'trials':>8}{'seconds a trial':>24}{'wall, s':>9}{'busy':>8}")
    for name, objective, trials in (
        ("sleeping", Sleeping(), SLEEPS // part),
        ("trained", RuleReward(Grammar(2)), TRAININGS // part),
    ):
        for lag in (1, 0):
            share, wall, seconds = busy(objective, trials, lag)
            low, middle, high = np.quantile(seconds, [0.05, 0.5, 0.95])
            spread = f"{low:.2f} / {middle:.2f} / {high:.2f}"
            print(f"{name:12}{lag:4}{trials:8}{spread:>24}{wall:9.1f}{share:8.1%}", flush=True)
            if lag and share < BUSY:
                missed.append(f"{name}: workers busy for less than {BUSY:.0%}")
    print("seconds a trial: 5 %, half and 95 % of them take less")
    print(f"{'learner':12}{'write':>8}{'learn':>8}{'taken up':>10}   ms a batch, a batch, a trial")
    for learner in ("trpo", "reinforce"):
        write, learn, taken_up = costs(learner, TAKEN_UP // part)
        print(f"{learner:12}{write:8.1f}{learn:8.1f}{taken_up:10.1f}", flush=True)
        if write + learn > A_BATCH:
            missed.append(f"{learner}: above {A_BATCH:.0f} ms a batch")
        if taken_up > A_TRIAL:
            missed.append(f"{learner}: above {A_TRIAL:.0f} ms a trial that is taken up")
    if missed:
        raise SystemExit("\n".join(missed))


if __name__ == "__main__":
    main()

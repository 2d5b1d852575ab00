"""How fast is the analysis of variance against Optuna's, and whose importances are right?

    python benchmarks/fanova.py

Forests of 100 trees on 200 and on 2,000 trials of four hyperparameters, two of them logarithmic.
Ours: the forest, the importance of each hyperparameter and of each pair, four marginal curves, the
spread of all of them over the trees, and the out-of-bag R². Optuna's `FanovaImportanceEvaluator`:
the forest and the importance of each hyperparameter. One thread; they take turns in one process;
medians of 5 turns on 200 trials. On 2,000 Optuna takes minutes: ours has 5 turns, Optuna's has 1.

The truth is the share of variance over the ranges from which the trials were drawn, in the
logarithm where the search is logarithmic.

The exit status is 1 if a target is missed: 10 times as fast at 200 trials, 50 times at 2,000.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import statistics
import time
from collections.abc import Callable

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, FloatDistribution

from lstmlab.evidence import Fanova

TREES, TURNS = 100, 5
TIMES = {200: 10, 2000: 50}
"""The targets: how many times as fast as Optuna's, by the number of trials."""
SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-6, 1e-2, log=True),
    "one_minus_momentum": FloatDistribution(0.01, 1.0, log=True),
    "size": FloatDistribution(20.0, 200.0, log=True),
    "noise": FloatDistribution(0.0, 1.0),
}


def terms(unit: np.ndarray) -> np.ndarray:
    """What each hyperparameter adds to the error, at places (n, 4) in the unit cube: (n, 4)."""
    lr, momentum, size, noise = unit.T
    return np.stack(
        [4 * np.minimum((lr - 0.75) ** 2, 0.25), 0.02 * momentum, 0.15 * (1 - size) ** 2,
         0.2 * noise**2], axis=1,
    )  # fmt: skip


def drawn(n: int) -> optuna.Study:
    """Random trials as a study."""
    rng = np.random.default_rng(0)
    unit = rng.random((n, 4))
    values = 8 + terms(unit).sum(axis=1) + 0.02 * rng.standard_normal(n)
    ends = [(1e-6, 1e-2), (0.01, 1.0), (20.0, 200.0)]
    own = [low * (high / low) ** side for (low, high), side in zip(ends, unit.T, strict=False)]
    params = np.stack([*own, unit[:, 3]], axis=1).tolist()
    study = optuna.create_study()
    study.add_trials([
        optuna.trial.create_trial(
            params=dict(zip(SPACE, one, strict=True)), distributions=SPACE, value=value
        )
        for one, value in zip(params, values.tolist(), strict=True)
    ])  # fmt: skip
    return study


def ours(study: optuna.Study) -> pd.Series:
    """Importances with pairs and spread, and the curves."""
    fanova = Fanova(study, TREES)
    for name in fanova.names:
        fanova.marginal(name)
    return fanova.importance().fraction


def optuna_s(study: optuna.Study) -> dict[str, float]:
    """Importances of single hyperparameters."""
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=TREES, seed=0)
    return evaluator.evaluate(study)


def timed(work: Callable[[], object], seconds: list[float]) -> None:
    began = time.perf_counter()
    work()
    seconds.append(time.perf_counter() - began)


def main() -> None:
    """Print the table."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ours(drawn(50))  # imports
    grid = (np.arange(10_000) + 0.5) / 10_000
    variances = terms(np.stack([grid] * 4, axis=1)).var(axis=0)
    truth = dict(zip(SPACE, variances / variances.sum(), strict=True))
    print("trials | ours, s | Optuna's, s | ratio")
    rows, slow = [], []
    for n, turns in ((200, TURNS), (2000, 1)):
        study = drawn(n)
        mine: list[float] = []
        theirs: list[float] = []
        for turn in range(TURNS):
            timed(lambda study=study: ours(study), mine)
            if turn < turns:
                timed(lambda study=study: optuna_s(study), theirs)
        seconds, minutes = statistics.median(mine), statistics.median(theirs)
        print(f"{n:6} | {seconds:7.2f} | {minutes:11.1f} | {minutes / seconds:5.0f}", flush=True)
        if minutes < TIMES[n] * seconds:
            slow.append(f"{n} trials: less than {TIMES[n]} times as fast as Optuna's")
        rows += [(n, "ours", ours(study)), (n, "Optuna's", optuna_s(study) if n < 1000 else None)]
    print("importance:", ", ".join(SPACE))
    print("truth        ", ", ".join(f"{share:.3f}" for share in truth.values()))
    for n, whose, found in rows:
        if found is not None:
            shares = ", ".join(f"{found[name]:.3f}" for name in SPACE)
            print(f"{whose:8} {n:4}", shares)
    if slow:
        raise SystemExit("\n".join(slow))


if __name__ == "__main__":
    main()

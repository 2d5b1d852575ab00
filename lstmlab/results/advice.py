"""The paper's advice on learning rates, tried on music: small networks for large, and coarse steps.

    python -m lstmlab.results.advice --real

trains vanilla networks of five sizes with rates from 1 down to 10^-5, three seeds each, on the real
chorales (from `$LSTMLAB_DATA` or the cache), and writes the table beside this file. Stopped, it
goes on where it was. Without `--real` it does so on the generated ones.
"""

import argparse
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

import lstmlab
from lstmlab.results import HERE, record, verified
from lstmlab.results.odyssey import rows
from lstmlab.search import GridSearch, read_trials, run, table
from lstmlab.search.odyssey import Training
from lstmlab.search.outcome import Answer
from lstmlab.search.space import Params

NAMES = {"JSB Chorales": "advice-jsb", "generated": "advice"}
SIZES = (20, 36, 63, 112, 200)
RATES = tuple(float(f"{10 ** (-k / 2):.3g}") for k in range(11))
SEEDS = (0, 1, 2)
MOMENTUM, NOISE = 0.9, 0.2
SPACE = {
    "repeat": CategoricalDistribution(SEEDS),
    "blocks": IntDistribution(min(SIZES), max(SIZES)),
    "lr": FloatDistribution(min(RATES), max(RATES), log=True),
}


@dataclass(frozen=True)
class Tuning:
    """The objective: train as in the odyssey, with momentum and noise fixed."""

    training: Training
    momentum: float = field(default=MOMENTUM)
    noise: float = field(default=NOISE)

    def __call__(self, params: Params, seed: int) -> Answer:
        """Train with this size and rate; the repeat alone decides on the seed."""
        fixed: Params = {"one_minus_momentum": 1 - self.momentum, "noise": self.noise}
        return self.training({**params, **fixed}, int(params["repeat"]))  # type: ignore[arg-type]


def grid() -> GridSearch:
    """Every rate with every size, once for each seed."""
    return GridSearch(SPACE, {"blocks": SIZES, "lr": RATES, "repeat": SEEDS})


def trials(source: str = "JSB Chorales") -> pd.DataFrame:
    """The trials on "JSB Chorales" or "generated" data, a row for each rate, size and seed.

    Raises
    ------
    ValueError
        If the file is not the one that was recorded.
    """
    return read_trials(verified(NAMES[source], f"{NAMES[source]}.csv"))


def main(arguments: Sequence[str] | None = None, folder: Path = HERE) -> None:
    """Train what is missing, and record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", action="store_true", help="on the real chorales")
    parser.add_argument("--epochs", type=int, default=150, help="at most so many (default 150)")
    options = parser.parse_args(arguments)
    source = "JSB Chorales" if options.real else "generated"
    training = Training("music", source, epochs=options.epochs)
    searcher = grid()
    name = NAMES[source]
    study = table(run(searcher, Tuning(training), len(searcher), storage=f"{name}.journal"))
    made = record(
        name,
        {"": rows(study)},
        {},
        command=f"python -m lstmlab.results.advice{' --real' if options.real else ''}",
        seconds=round(float(study["seconds"].sum())),
        machine=f"one core ({platform.machine()}, {training.engine})",
        sources=[source],
        version=lstmlab.__version__,
        folder=folder,
    )
    print(f"{len(study)} trials; {made}")


if __name__ == "__main__":
    main()

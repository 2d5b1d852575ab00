"""The paper's advice on learning rates, tried on music: small networks for large, and coarse steps.

    python -m lstmlab.results.advice --real

trains vanilla networks of five sizes with rates from 1 down to 10^-5, three seeds each, on the real
chorales (from `$LSTMLAB_DATA` or the cache), and writes the table beside this file. Stopped, it
goes on where it was. Without `--real` it does so on the generated ones.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from lstmlab.results import verified
from lstmlab.results.making import publish
from lstmlab.results.odyssey import rows
from lstmlab.search import GridSearch, odyssey, read_trials, run, table
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
FIXED = ("variant", "one_minus_momentum", "noise", "nesterov", "clip", "seed")
COLUMNS = {"repeat": odyssey.COLUMNS["seed"]} | {
    name: means for name, means in odyssey.COLUMNS.items() if name not in FIXED
}
"""What the columns of the table mean. The seed that `run` hands out trains nothing here."""


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

    `COLUMNS` says what the columns are.

    Raises
    ------
    ValueError
        If the file is not the one that was recorded.
    """
    return read_trials(verified(NAMES[source], f"{NAMES[source]}.csv"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, and record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", action="store_true", help="on the real chorales")
    real = parser.parse_args(arguments).real
    source = "JSB Chorales" if real else "generated"
    training, searcher, name = Training("music", source), grid(), NAMES[source]
    study = table(run(searcher, Tuning(training), len(searcher), storage=f"{name}.journal"))
    publish(
        name,
        {"": rows(study.drop(columns="seed"))},
        command=f"advice{' --real' if real else ''}",
        seconds=float(study["seconds"].sum()),
        by=training.engine,
        sources=[source],
    )


if __name__ == "__main__":
    main()

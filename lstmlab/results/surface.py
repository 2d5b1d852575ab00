"""Poudel et al.'s four hyperparameters, tabulated: networks that have been trained already.

    python -m lstmlab.results.surface

trains classifiers of the generated reviews at every place of a grid of widths, learning rates and
input lengths, and writes their validation accuracy after each of 15 epochs beside this file. The
widths up to 128 are trained with three seeds each (`GRIDS` says with which rates and lengths), the
two others with one. Stopped, it goes on where it was.
"""

import argparse
import itertools
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from lstmlab.results import Row
from lstmlab.results import table as table_of
from lstmlab.results.making import publish
from lstmlab.search import GridSearch, run, table
from lstmlab.search.cube import Array
from lstmlab.search.outcome import Answer
from lstmlab.search.poudel import Reading, numbers
from lstmlab.search.space import Params

NAME = "surface-reviews"
SMALL, LARGE = (1, 2, 4, 8, 16, 32, 64, 128), (256, 511)
RATES = (*(0.0005 * 2**k for k in range(10)), 0.5115)
LENGTHS = (4, 8, 16, 24, 32, 48, 64, 96, 128)
SEEDS = (0, 1, 2)
EPOCHS = range(1, 16)
AFTER = [f"after_{epoch}" for epoch in EPOCHS]
OBJECTIVE = Reading("generated", train=1000, valid=1500, embedding=16, epochs=EPOCHS[-1])


def grid(hidden: Sequence[int], seeds: Sequence[int], every: int) -> GridSearch:
    """Every width with every rate and length, or every second of them, once for each seed."""
    space = {
        "repeat": CategoricalDistribution(SEEDS),
        "hidden": IntDistribution(1, 511, log=True),
        "lr": FloatDistribution(0.0005, 0.5115, log=True),
        "maxlen": IntDistribution(1, 511, log=True),
    }
    levels = {"repeat": seeds, "hidden": hidden, "lr": RATES[::every], "maxlen": LENGTHS[::every]}
    return GridSearch(space, levels)


GRIDS = {
    "small": (SMALL, SEEDS[:1], 1),
    "large": (LARGE, SEEDS[:1], 2),
    "again": (SMALL[:-1], SEEDS[1:], 1),
    "again-128": (SMALL[-1:], SEEDS[1:], 2),
}
"""Widths, seeds, and whether all rates and lengths or every second: wide networks take longest."""


def rows(trials: pd.DataFrame) -> list[Row]:
    """A row for each network: where it is, its accuracies, why it stopped."""
    found: list[Row] = []
    for trial in trials.sort_values(["hidden", "lr", "maxlen", "repeat"]).itertuples():
        accuracy = json.loads(str(trial.accuracy))
        row: Row = {
            "source": OBJECTIVE.source,
            "hidden": int(trial.hidden),
            "lr": float(trial.lr),
            "maxlen": int(trial.maxlen),
            "repeat": int(trial.repeat),
            "seconds": round(float(trial.seconds), 3),
        }
        for epoch, value in itertools.zip_longest(EPOCHS, accuracy):
            row[f"after_{epoch}"] = "" if value is None else value
        found.append(row)
    return found


def _plane(trained: pd.DataFrame, logs: tuple[Array, Array]) -> Array:
    """All rates and lengths of one width and seed, those between two trained ones interpolated."""
    from scipy.interpolate import RegularGridInterpolator

    rates, lengths = (trained.index.unique(level).sort_values() for level in ("lr", "maxlen"))
    known = trained.sort_index().to_numpy().reshape(len(rates), len(lengths), -1)
    plane = RegularGridInterpolator((np.log(rates), np.log(lengths)), known)
    return np.asarray(plane(tuple(np.meshgrid(*logs, indexing="ij"))))


class Tabulated:
    """The objective as the table has it: what a network is expected to come to, at once.

    Between the places of the grid the accuracy, and the logarithm of the seconds, are interpolated
    linearly, on the logarithms of width, rate and length; beyond its ends they are those of the end
    (no review has more than 128 words, and fewer than four say nothing). Networks with 256 and 511
    blocks were trained with one seed, which stands for all. A network that diverged guesses: ½.

    Parameters
    ----------
    noisy : bool
        Whether a trial's seed decides which of the three trainings it sees, as training anew would;
        if not, it sees their mean.
    """

    def __init__(self, *, noisy: bool = True) -> None:
        from scipy.interpolate import RegularGridInterpolator

        found = pd.DataFrame(table_of(NAME)).set_index(["repeat", "hidden", "lr", "maxlen"])
        seconds = found["seconds"].astype(float)
        after = found[AFTER].apply(pd.to_numeric)
        trained = after.notna().sum(axis=1).clip(lower=1)
        found = after.fillna(0.5)
        found["speed"] = np.log(seconds / trained)
        logs = np.log(RATES), np.log(LENGTHS)
        planes = {
            (seed, h): _plane(trained.droplevel([0, 1]), logs)
            for (seed, h), trained in found.groupby(level=["repeat", "hidden"])
        }
        hidden = (*SMALL, *LARGE)
        cells = np.array(
            [[planes[seed if h in SMALL else SEEDS[0], h] for h in hidden] for seed in SEEDS]
        )
        axes = np.log(hidden), *logs
        epochs = np.array(EPOCHS, dtype=float)
        self.low, self.high = ([axis[end] for axis in (*axes, epochs)] for end in (0, -1))
        accuracy = cells[..., :-1] if noisy else cells[..., :-1].mean(axis=0, keepdims=True)
        self.accuracies = [RegularGridInterpolator((*axes, epochs), one) for one in accuracy]
        self.an_epoch = RegularGridInterpolator(axes, cells[..., -1].mean(axis=0))

    def __call__(self, params: Params, seed: int) -> Answer:
        """The error on the validation reviews, and the seconds of one core that it would take."""
        lr, hidden, epochs, maxlen = numbers(params)
        logs = np.log(hidden), np.log(lr), np.log(maxlen), epochs
        place = np.clip(logs, self.low, self.high)
        accuracy = self.accuracies[seed % len(self.accuracies)](place)
        seconds = epochs * np.exp(self.an_epoch(place[:3]))
        return {"value": 1 - float(accuracy[0]), "seconds": float(seconds[0])}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, and record it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--storage", default=f"{NAME}.journal", help="finished trainings (%(default)s)"
    )
    storage = parser.parse_args(arguments).storage
    parts = []
    for name, (hidden, seeds, every) in GRIDS.items():
        searcher = grid(hidden, seeds, every)
        study = run(searcher, OBJECTIVE, len(searcher), storage=storage, name=name)
        parts.append(table(study))
    trials = pd.concat(parts)
    publish(
        NAME,
        {"": rows(trials)},
        command="surface",
        seconds=float(trials["seconds"].sum()),
        by="compiled engine, float32",
        sources=["generated"],
    )


if __name__ == "__main__":
    main()

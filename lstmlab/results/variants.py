"""Does coupling take over what the output activation is for? Four variants, trained on music.

    python -m lstmlab.results.variants --seeds 0 1 2 3 4

trains V, NOAF, CIFG and both changes at once on the real chorales (from `$LSTMLAB_DATA` or the
cache), V and NOAF also with clipped gradients, and writes the tables beside this file. The learning
rate of each is climbed to on the mean validation loss of the first two seeds; then the other seeds
run at that rate.

    python -m lstmlab.results.variants --seeds 0 1 2 3 4 --kept runs.jsonl

notes every finished run in a file and, started again, goes on from there.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

import numpy as np

from lstmlab.cells import VARIANTS, Array, Params, Variant, as_cell, forward
from lstmlab.results import Row
from lstmlab.results.making import command_line, publish
from lstmlab.tasks import Task, load
from lstmlab.training import Network, NumpyEngine, Recipe, train
from lstmlab.training.losses import LOSSES, Target

NAME = "variants-coupling"
SOURCE = "JSB Chorales"
BLOCKS = 100
RECIPE = Recipe(lr=0.01, momentum=0.9, noise=0.2)
"""That of `results.music`, but for the rate, which is searched, and the clip."""

RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
CLIMBERS = 2
"""How many of the seeds choose the rate."""

FOUR: dict[str, Variant] = {
    "V": VARIANTS["V"],
    "NOAF": VARIANTS["NOAF"],
    "CIFG": VARIANTS["CIFG"],
    "CIFG+NOAF": Variant(coupled=True, output_activation=False),
}
ARMS = (*((name, 0.0) for name in FOUR), ("V", 1.0), ("NOAF", 1.0))
"""Variant and clip: every entry of a gradient is clipped to ±1, or (0) left alone."""


class Fit(TypedDict):
    """A finished run: its row in the main table, and its rows in the table of curves."""

    row: Row
    curve: list[Row]


class Watched(NumpyEngine):
    """The plain engine, which also notes how large cells and outputs get where it is evaluated."""

    def __init__(self, network: Network, params: Params) -> None:
        super().__init__(network, params)
        self.reached: list[tuple[float, float]] = []

    def cost(self, x: Array, target: Target) -> float:
        """The loss of one sequence, summed over its frames."""
        params = self._params
        cell = {name: w for name, w in params.items() if name not in ("W_y", "b_y")}
        trace = forward(cell, x, as_cell(self.network.variant))
        self.reached.append((float(np.abs(trace.c).max()), float(np.abs(trace.y).max())))
        a = trace.y @ params["W_y"].T + params["b_y"]
        return LOSSES[self.network.loss].cross_entropy(a, target)[0]


def fit(name: str, task: Task, recipe: Recipe, seed: int, blocks: int = BLOCKS) -> Fit:
    """Train one network.

    Parameters
    ----------
    name : str
        One of `FOUR`.
    task : Task
    recipe : Recipe
    seed : int
    blocks : int
        N.

    Returns
    -------
    Fit
        In its row, `c_best` and `y_best` are the largest |c| and |y| on the validation set with the
        weights that were kept, `c_ever` and `y_ever` those after any epoch; `valid` and `test` are
        infinite if no epoch was finished.
    """
    engines: list[Watched] = []

    def engine(network: Network, params: Params) -> Watched:
        engines.append(Watched(network, params))
        return engines[0]

    began = time.process_time()
    network = Network(task.inputs, blocks, task.outputs, FOUR[name], task.loss)
    run = train(network, task, recipe, seed=seed, engine=engine, progress=False)
    epochs, sequences = len(run.history), len(task.valid)
    reached = np.reshape(engines[0].reached[: epochs * sequences], (epochs, sequences, 2)).max(1)
    at_best = reached[run.best_epoch - 1] if epochs else np.full(2, np.nan)
    ever = reached.max(0) if epochs else np.full(2, np.nan)
    setting: Row = {
        "source": run.source,
        "variant": name,
        "clip": recipe.clip or 0.0,
        "lr": recipe.lr,
        "seed": seed,
    }
    row = setting | {
        "blocks": blocks,
        "weights": network.size,
        "epochs": epochs,
        "best_epoch": run.best_epoch,
        "valid": round(run.valid, 5),
        "test": round(run.test, 5),
        "stopped": run.stopped,
        "c_best": round(float(at_best[0]), 3),
        "y_best": round(float(at_best[1]), 3),
        "c_ever": round(float(ever[0]), 3),
        "y_ever": round(float(ever[1]), 3),
        "seconds": round(time.process_time() - began, 1),
    }
    curve = [
        setting | {"epoch": epoch, "train": round(train_loss, 4), "valid": round(valid, 4),
                   "c": round(float(c), 3), "y": round(float(y), 3)}
        for epoch, (train_loss, valid, (c, y)) in enumerate(
            zip(run.history.train, run.history.valid, reached, strict=True), start=1
        )
    ]  # fmt: skip
    return {"row": row, "curve": curve}


def climb(score: Callable[[float], float], rates: Sequence[float], start: float) -> float:
    """The rate with the lowest score between two neighbours that are worse.

    Parameters
    ----------
    score : callable
        The validation loss at a rate; asked once for each rate that is tried.
    rates : sequence of float
        In ascending order.
    start : float
        One of them. It and its neighbours are tried first; while the best stands at the edge of
        what was tried, the next one beyond it is.
    """
    first = rates.index(start)
    tried = {n: score(rates[n]) for n in (first, first - 1, first + 1) if 0 <= n < len(rates)}
    while True:
        best = min(tried, key=tried.__getitem__)
        beyond = [n for n in (best - 1, best + 1) if n not in tried and 0 <= n < len(rates)]
        if not beyond:
            return rates[best]
        tried |= {n: score(rates[n]) for n in beyond}


class Runs:
    """The runs of the study, each made once; kept in a file if one is named.

    Parameters
    ----------
    task : Task
    recipe : Recipe
        Its `lr` and `clip` are replaced.
    blocks : int
    kept : Path, optional
        One run a line, as JSON; what is there already is not run again.

    Attributes
    ----------
    made, asked : dict of tuple to Fit
        By variant, clip, rate and seed: every run there is, and those that `run` was asked for.
    """

    def __init__(
        self, task: Task, recipe: Recipe = RECIPE, blocks: int = BLOCKS, kept: Path | None = None
    ) -> None:
        self.task, self.recipe, self.blocks, self.kept = task, recipe, blocks, kept
        self.made: dict[tuple[str, float, float, int], Fit] = {}
        self.asked: dict[tuple[str, float, float, int], Fit] = {}
        if kept is not None and kept.exists():
            for line in kept.read_text().splitlines():
                fit: Fit = json.loads(line)
                self._add(fit)

    def run(self, name: str, clip: float, lr: float, seed: int) -> Row:
        """The row of one run, which is made if it is not there yet."""
        key = (name, clip, lr, seed)
        if key not in self.made:
            recipe = replace(self.recipe, lr=lr, clip=clip or None)
            made = fit(name, self.task, recipe, seed, self.blocks)
            self._add(made)
            if self.kept is not None:
                with self.kept.open("a") as file:
                    file.write(json.dumps(made) + "\n")
        self.asked[key] = self.made[key]
        return self.made[key]["row"]

    def _add(self, made: Fit) -> None:
        row = made["row"]
        key = (str(row["variant"]), float(row["clip"]), float(row["lr"]), int(row["seed"]))
        self.made[key] = made


def study(
    runs: Runs, seeds: Sequence[int], arms: Sequence[tuple[str, float]] = ARMS
) -> dict[tuple[str, float], float]:
    """Make every run of the study; give the rate chosen for each variant and clip."""
    chosen = {}
    for name, clip in arms:

        def score(lr: float, name: str = name, clip: float = clip) -> float:
            rows = [runs.run(name, clip, lr, seed) for seed in seeds[:CLIMBERS]]
            return float(np.mean([float(row["valid"]) for row in rows]))

        lr = chosen[name, clip] = climb(score, RATES, RECIPE.lr)
        tests = [float(runs.run(name, clip, lr, seed)["test"]) for seed in seeds]
        print(f"{name}, clip {clip:g}: lr {lr:g}, test {np.round(tests, 2)}", flush=True)
    return chosen


def main() -> None:
    """Do what the command line asks for."""
    parser = command_line(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options = parser.parse_args()
    runs = Runs(load("music", source=SOURCE), kept=options.kept)
    chosen = study(runs, options.seeds)
    rows = [
        made["row"] | {"chosen": int(chosen[name, clip] == lr)}
        for (name, clip, lr, _), made in runs.asked.items()
    ]
    curves = [
        row
        for made in runs.asked.values()
        for row in made["curve"]
        if row["seed"] == options.seeds[0]
    ]
    publish(
        NAME,
        {"": rows, "curves": curves},
        command=f"variants --seeds {' '.join(map(str, options.seeds))}",
        seconds=sum(float(row["seconds"]) for row in rows),
        by="NumPy engine, float32",
        sources=[SOURCE],
    )


if __name__ == "__main__":
    main()

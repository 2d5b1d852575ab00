"""Reading made-up handwriting of unseen writers: forwards, and in both directions.

    python -m lstmlab.results.handwriting

chooses the learning rate of each on a seed of its own, trains three other seeds with it, and writes
the table, the learning curves, and the first network in both directions beside this file.
"""

import time
from dataclasses import replace

from lstmlab.results import Row, making
from lstmlab.results.speech import curve
from lstmlab.tasks import Task, load
from lstmlab.training import Network, Recipe, Run, train

NAME, SOURCE = "handwriting", "generated"
SEEDS = (0, 1, 2)
TUNED_ON, TUNED_FOR = 100, 15
RATES = (0.001, 0.003, 0.01)
RECIPE = Recipe(lr=0.003, momentum=0.9, epochs=60, patience=15)
LAYERS = {"forward": (96, 1), "both directions": (64, 2)}
"""Blocks in each direction, and directions: about 46,000 weights."""


def network(task: Task, name: str) -> Network:
    """One of `LAYERS` for a task."""
    blocks, directions = LAYERS[name]
    return Network(task.inputs, blocks, task.outputs, loss=task.loss, directions=directions)


def tuned(task: Task, name: str) -> float:
    """The learning rate with the lowest validation loss after 15 epochs.

    The error would not tell them apart: on the plateau of the blank it is 1 for all.
    """
    made = network(task, name)

    def loss(lr: float) -> float:
        recipe = replace(RECIPE, lr=lr, epochs=TUNED_FOR)
        return train(made, task, recipe, seed=TUNED_ON, progress=False).valid

    return making.tuned(name, RATES, loss)


def summary(run: Run, name: str) -> Row:
    """The row of a run."""
    return {
        "source": run.source, "contestant": name, "weights": run.network.size,
        "lr": run.recipe.lr, "seed": run.seed, "epochs": len(run.history),
        "best_epoch": run.best_epoch, "valid": round(float(run.valid_error or 0), 5),
        "test": round(float(run.test_error or 0), 5), "seconds": round(run.seconds, 1),
    }  # fmt: skip


def main() -> None:
    """Compute the tables and record them."""
    began = time.process_time()
    task = load("handwriting", source=SOURCE)
    rows: list[Row] = []
    curves: list[Row] = []
    first: dict[str, Run] = {}
    for name in LAYERS:
        recipe = replace(RECIPE, lr=tuned(task, name))
        for seed in SEEDS:
            run = train(network(task, name), task, recipe, seed=seed, progress=False)
            print(name, run, flush=True)
            rows.append(summary(run, name))
            curves += curve(run, name)
            first.setdefault(name, run)
    making.publish(
        NAME,
        {"": rows, "curves": curves},
        {"both": first["both directions"].params},
        command="handwriting",
        seconds=time.process_time() - began,
        by="compiled engine, float32",
        sources=[task.source],
    )


if __name__ == "__main__":
    main()

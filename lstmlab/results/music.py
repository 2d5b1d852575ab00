"""Vanilla LSTMs trained on music, as the chapter on Bach shows them.

    python -m lstmlab.results.music --seeds 0 1 2 3 4

trains one network a seed on the real chorales (from `$LSTMLAB_DATA` or the cache) and one on the
generated ones, and writes the tables and the first seed's weights beside this file.

    python -m lstmlab.results.music --tried

trains the settings that were compared first, and prints them.
"""

import argparse

from lstmlab.results import Row
from lstmlab.results.making import publish
from lstmlab.tasks import Task, load
from lstmlab.training import Network, NumpyEngine, Recipe, Run, train

NAME = "music-vanilla"
BLOCKS = 100
RECIPE = Recipe(lr=0.01, momentum=0.9, noise=0.2)
TRIED = {
    (100, 0.01, 0.2): 8.41,
    (100, 0.01, 0.4): 8.52,
    (150, 0.005, 0.4): 8.51,
    (100, 0.02, 0.4): 8.48,
    (60, 0.02, 0.4): 8.64,
}
"""Blocks, lr and noise of the settings that were tried on the real chorales with momentum 0.9 and
seed 0, and the validation loss of each; `RECIPE` is the best of them."""

SOURCES = {"jsb": "JSB Chorales", "generated": "generated"}


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--tried", action="store_true", help="run the settings compared first")
    options = parser.parse_args()
    if options.tried:
        run_tried()
    else:
        run_seeds(options.seeds)


def run_seeds(seeds: list[int]) -> None:
    """Train one network a seed and source, and record what came out."""
    runs = {part: [fit(load("music", source=s), seed) for seed in seeds]
            for part, s in SOURCES.items()}
    everything = [run for of_source in runs.values() for run in of_source]
    publish(
        NAME,
        {
            "": [summary(run) for run in everything],
            "curves": [row for run in everything for row in curve(run)],
        },
        {part: of_source[0].params for part, of_source in runs.items()},
        command=f"music --seeds {' '.join(map(str, seeds))}",
        seconds=sum(run.seconds for run in everything),
        by="NumPy engine, float32",
        sources=list(SOURCES.values()),
    )


def run_tried() -> None:
    """Train every setting of `TRIED` once and print what came out beside what is noted there."""
    task = load("music", source=SOURCES["jsb"])
    for (blocks, lr, noise), noted in TRIED.items():
        recipe = Recipe(lr=lr, momentum=0.9, noise=noise)
        run = train(_network(task, blocks), task, recipe, engine=NumpyEngine)
        print(f"{blocks} blocks, lr {lr}, noise {noise}: valid {run.valid:.2f}, noted {noted}")


def _network(task: Task, blocks: int) -> Network:
    return Network(task.inputs, blocks, task.outputs, loss=task.loss)


def fit(task: Task, seed: int) -> Run:
    """One network of the result."""
    run = train(_network(task, BLOCKS), task, RECIPE, seed=seed, engine=NumpyEngine)
    print(run, flush=True)
    return run


def summary(run: Run) -> Row:
    """The row of a run in the main table."""
    return {
        "source": run.source,
        "seed": run.seed,
        "variant": "V",
        "blocks": run.network.blocks,
        "weights": run.network.size,
        "lr": run.recipe.lr,
        "momentum": run.recipe.momentum,
        "noise": run.recipe.noise,
        "epochs": len(run.history),
        "best_epoch": run.best_epoch,
        "valid": round(run.valid, 5),
        "test": round(run.test, 5),
        "stopped": run.stopped,
        "seconds": round(run.seconds, 1),
    }


def curve(run: Run) -> list[Row]:
    """The rows of a run in the table of learning curves."""
    return [
        {
            "source": run.source,
            "seed": run.seed,
            "epoch": epoch,
            "train": round(train_loss, 5),
            "valid": round(valid_loss, 5),
        }
        for epoch, (train_loss, valid_loss) in enumerate(
            zip(run.history.train, run.history.valid, strict=True), start=1
        )
    ]


if __name__ == "__main__":
    main()

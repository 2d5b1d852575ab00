"""Who names the phones best? A frame alone, the past, or the whole sentence; on made-up speech.

    python -m lstmlab.results.speech

chooses settings for each contestant on a seed of its own, trains ten other seeds with them, and
writes the table, the learning curves, and the first network in both directions beside this file.
Four contestants have about 57,000 weights; logistic regression has what it needs.
"""

import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lstmlab.results import Row
from lstmlab.results.making import publish
from lstmlab.tasks import Task, load
from lstmlab.training import Network, Recipe, Run, train

NAME, SOURCE = "speech", "generated"
SEEDS = tuple(range(10))
TUNED_ON = 100
RATES, NOISES = (0.001, 0.003, 0.01), (0.0, 0.3, 0.6)
RECIPE = Recipe(lr=0.003, momentum=0.9, epochs=60, patience=15)
LAYERS = {"forward": (98, 1), "both directions": (64, 2)}
"""Blocks in each direction, and directions."""
HIDDEN, RATES_OF_A_FRAME, DECAYS = 810, (0.0003, 0.001, 0.003), (0.0, 1e-3, 1e-2)
PENALTIES = (0.01, 0.1, 1.0)

Frames = tuple[NDArray[np.float32], NDArray[np.integer]]


def network(task: Task, name: str) -> Network:
    """One of `LAYERS` for a task."""
    blocks, directions = LAYERS[name]
    return Network(task.inputs, blocks, task.outputs, loss=task.loss, directions=directions)


def frames(task: Task, split: str) -> Frames:
    """All frames of a split, as if they had nothing to do with each other."""
    x, classes = zip(*task.split(split), strict=True)
    return np.concatenate(x), np.concatenate(classes)


def of_sequences(task: Task, name: str, seeds: Iterable[int] = SEEDS) -> tuple[list[Run], Run]:
    """Train a recurrent contestant on every seed; also what was best in tuning."""
    made = network(task, name)
    tuned = min(
        (
            train(made, task, replace(RECIPE, lr=lr, noise=noise), seed=TUNED_ON, progress=False)
            for lr, noise in product(RATES, NOISES)
        ),
        key=_valid_error,
    )
    print(f"{name}: lr {tuned.recipe.lr}, noise {tuned.recipe.noise}", flush=True)
    return [train(made, task, tuned.recipe, seed=seed, progress=False) for seed in seeds], tuned


def _valid_error(run: Run) -> float:
    return np.inf if run.valid_error is None else run.valid_error


def of_frames(task: Task, name: str, seeds: Iterable[int] = SEEDS) -> list[Row]:
    """Train a contestant that sees a frame alone, by scikit-learn, on every seed.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    heard, valid, test = (frames(task, split) for split in ("train", "valid", "test"))

    def fitted(setting: tuple[float, float], seed: int) -> "LogisticRegression | MLPClassifier":
        rate, decay = setting
        model = (
            LogisticRegression(C=rate, max_iter=300)
            if name == "logistic regression"
            else MLPClassifier(
                (HIDDEN,), learning_rate_init=rate, alpha=decay, max_iter=60, random_state=seed,
                early_stopping=True, n_iter_no_change=5,
            )
        )  # fmt: skip
        return model.fit(*heard)

    settings: list[tuple[float, float]] = (
        [(penalty, 0.0) for penalty in PENALTIES]
        if name == "logistic regression"
        else list(product(RATES_OF_A_FRAME, DECAYS))
    )
    best = max(settings, key=lambda setting: float(fitted(setting, TUNED_ON).score(*valid)))
    print(f"{name}: {best}", flush=True)
    M, K = task.inputs, task.outputs
    weights, setting = HIDDEN * (M + 1 + K) + K, f"lr {best[0]}, weight decay {best[1]}"
    if name == "logistic regression":
        weights, setting = K * (M + 1), f"C {best[0]}"
    rows: list[Row] = []
    for seed in seeds:
        model = fitted(best, seed)
        rows.append({
            "source": SOURCE, "contestant": name, "weights": weights, "setting": setting,
            "seed": seed, "epochs": 0, "valid": round(1 - float(model.score(*valid)), 5),
            "test": round(1 - float(model.score(*test)), 5),
        })  # fmt: skip
    return rows


def summary(run: Run, name: str) -> Row:
    """The row of a run."""
    return {
        "source": run.source, "contestant": name, "weights": run.network.size,
        "setting": f"lr {run.recipe.lr}, noise {run.recipe.noise}", "seed": run.seed,
        "epochs": len(run.history), "valid": round(_valid_error(run), 5),
        "test": round(float(run.test_error or 0), 5),
    }  # fmt: skip


def curve(run: Run, name: str) -> list[Row]:
    """The validation error of a run after every epoch."""
    return [
        {"contestant": name, "seed": run.seed, "epoch": epoch, "train": round(loss, 4),
         "valid": round(valid, 4), "error": round(error, 5)}
        for epoch, (loss, valid, error) in enumerate(
            zip(run.history.train, run.history.valid, run.history.error, strict=True), start=1
        )
    ]  # fmt: skip


def main() -> None:
    """Compute the tables and record them."""
    began = time.process_time()
    task = load("speech", source=SOURCE)
    rows: list[Row] = []
    curves: list[Row] = []
    arrays = {}
    for name in ("logistic regression", "one-frame network"):
        rows += of_frames(task, name)
    for name in LAYERS:
        runs, _ = of_sequences(task, name)
        rows += [summary(run, name) for run in runs]
        curves += [row for run in runs[:3] for row in curve(run, name)]
        arrays[name.replace(" ", "-")] = runs[0].params
    for name in dict.fromkeys(str(row["contestant"]) for row in rows):
        errors = [float(row["test"]) for row in rows if row["contestant"] == name]
        print(f"{name}: {np.mean(errors):.3f} ± {np.std(errors, ddof=1):.3f}")
    publish(
        NAME,
        {"": rows, "curves": curves},
        {"both": arrays["both-directions"]},
        command="speech",
        seconds=time.process_time() - began,
        by="compiled engine, float32",
        sources=[task.source],
    )


if __name__ == "__main__":
    main()

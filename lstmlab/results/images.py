"""What is on the picture? A network that reads it row by row, against what needs no network.

    python -m lstmlab.results.images
    python -m lstmlab.results.images --real

The first computes on scikit-learn's digits, the second on the JPEG copy of a part of CIFAR-10 (from
`$LSTMLAB_DATA` or the cache). Settings are chosen on the validation set: the networks' rate with
the first of them and a seed of its own. With `--kept FILE` finished pieces are noted in a file, to
go on from after a break.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.results import Row
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line, publish, tuned
from lstmlab.tasks import Task, load
from lstmlab.tasks.task import Pictures
from lstmlab.training.batches import BatchRecipe, train_classifier
from lstmlab.training.classifier import Classifier

COPY = "CIFAR-10 (JPEG copy)"
SEEDS, TUNED_ON = (0, 1, 2), 100
RATES = (0.001, 0.003)
PENALTIES = (0.0001, 0.001, 0.01, 0.1, 1.0)
NEIGHBOURS = (1, 5, 10, 20)
NETWORKS: dict[str, dict[str, Any]] = {
    "LSTM": {},
    "both directions": {"directions": 2, "pooling": "mean"},
}
COUNTED = ("commonest class", "nearest neighbours", "logistic regression")


@dataclass(frozen=True)
class Plan:
    """What is computed on one source."""

    blocks: int
    recipe: BatchRecipe


PLANS = {
    "embedded": Plan(32, BatchRecipe(epochs=30, keep="best")),
    COPY: Plan(64, BatchRecipe(epochs=8, batch=64, clip=1.0, keep="best")),
}


def settings() -> tuple[object, ...]:
    """What a finished piece depends on that its name does not say."""
    return PLANS, NETWORKS, PENALTIES, NEIGHBOURS


def network(task: Task, plan: Plan, name: str) -> Classifier:
    """One of `NETWORKS` for pictures: a step is a row, from the top."""
    rows = len(task.train[0][0])
    return Classifier(
        task.inputs // rows, plan.blocks, task.outputs, embedding=0, loss="softmax",
        **NETWORKS[name],
    )  # fmt: skip


def flat(task: Task, split: str) -> tuple[NDArray[np.float32], NDArray[np.integer]]:
    """The pictures of a split as rows of numbers from -½ to ½, and their classes."""
    pictures = task.split(split)
    if not isinstance(pictures, Pictures):
        raise ValueError(f"task must be of pictures, got {task.name}")
    x = pictures.x.reshape(len(pictures), -1).astype(np.float32)
    x /= 255
    x -= 0.5
    return x, pictures.classes


def baseline(task: Task, name: str) -> dict[str, float]:
    """What one of `COUNTED` gets right, with the setting that is best on the validation set."""
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    x, classes = flat(task, "train")
    if name == "commonest class":
        models = {0.0: DummyClassifier()}
    elif name == "nearest neighbours":
        models = {float(k): KNeighborsClassifier(k, algorithm="brute") for k in NEIGHBOURS}
    else:
        models = {C: LogisticRegression(C=C, max_iter=300, tol=1e-3) for C in PENALTIES}
    scores = {}
    for setting, model in models.items():
        scores[setting] = float(model.fit(x, classes).score(*flat(task, "valid")))
    best = max(scores, key=lambda setting: scores[setting])
    test = float(models[best].score(*flat(task, "test")))
    weights = task.outputs * (task.inputs + 1) if name == "logistic regression" else 0
    return {"setting": best, "valid": scores[best], "test": test, "weights": weights}


def measured(task: Task, plan: Plan, name: str, lr: float, seed: int) -> dict[str, float]:
    """What a network gets right."""
    recipe = replace(plan.recipe, lr=lr)
    run = train_classifier(network(task, plan, name), task, recipe, seed=seed, progress=False)
    return {
        "setting": lr, "valid": run.valid_accuracy, "test": run.test_accuracy,
        "weights": run.network.size, "epoch": run.epoch,
    }  # fmt: skip


def compute(source: str, kept: Kept[dict[str, float]]) -> tuple[list[Row], str]:
    """The table, and the data's name."""
    task, plan = load("images", source=source), PLANS[source]
    rows: list[Row] = []

    def add(name: str, seed: int, found: dict[str, float]) -> None:
        rows.append({
            "source": task.source, "contestant": name, "seed": seed, "setting": found["setting"],
            "weights": int(found["weights"]), "valid": round(found["valid"], 4),
            "test": round(found["test"], 4),
        })  # fmt: skip
        print(rows[-1], flush=True)

    def trained(name: str, lr: float, seed: int) -> dict[str, float]:
        make = partial(measured, task, plan, name, lr, seed)
        return kept.get(f"{source}, {name}, {lr}, {seed}", make)

    for name in COUNTED:
        add(name, 0, kept.get(f"{source}, {name}", partial(baseline, task, name)))
    first = next(iter(NETWORKS))
    lr = tuned(
        f"{source}, {first}", RATES, lambda rate: trained(first, rate, TUNED_ON)["valid"], max
    )
    for name in NETWORKS:
        for seed in SEEDS:
            add(name, seed, trained(name, lr, seed))
    return rows, task.source


def main() -> None:
    """Compute the table and record it."""
    options = command_line(__doc__, real="the copy of CIFAR-10").parse_args()
    kept: Kept[dict[str, float]] = Kept(settings(), options.kept)
    rows, source = compute(COPY if options.real else "embedded", kept)
    publish(
        "images-cifar10" if options.real else "images",
        {"": rows},
        command="images" + (" --real" if options.real else ""),
        seconds=kept.seconds,
        by="compiled layers, float32",
        sources=[source],
    )


if __name__ == "__main__":
    main()

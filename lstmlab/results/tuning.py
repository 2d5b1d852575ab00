"""One search of each of Poudel et al.'s methods on IMDB, and what the networks found are worth.

    python -m lstmlab.results.tuning

searches IMDB (from `$LSTMLAB_DATA` or the cache), 70 evaluations of each method, with half the
paper's widths and lengths and a part of its reviews; then a grid over winners, as in the paper's
section IV. What each has found is trained anew, on that part and on all reviews, with three seeds,
and judged on the test set. Stopped, it goes on where it was: searches are in journals, and
judgements in files, in the folder in which it runs.
"""

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from optuna.distributions import FloatDistribution, IntDistribution

from lstmlab.cells import Array
from lstmlab.evidence import Verdicts
from lstmlab.results import Row, weights
from lstmlab.results.kept import Kept
from lstmlab.results.making import publish
from lstmlab.search import Gene, GridSearch, Searcher, Serial, local_pool, run, table
from lstmlab.search.poudel import IN_GRID, METHODS, Reading, all_reviews, contestant
from lstmlab.search.space import Params
from lstmlab.tasks.reviews import seen
from lstmlab.training import BatchRecipe, Classifier, train_classifier

NAME = "tuning-imdb"
BUDGET = 70
SEEDS = (1, 2, 3)
SPACE = {
    "lr": FloatDistribution(0.0005, 0.5115),
    "hidden": IntDistribution(1, 127),
    "epochs": IntDistribution(1, 15),
    "maxlen": IntDistribution(1, 255),
}
GENES = {"lr": Gene(10, 1 / 2000), "hidden": Gene(7, 1), "epochs": Gene(4, 1), "maxlen": Gene(8, 1)}
GRID = "grid"
OBJECTIVE = Reading("IMDB", train=4000, valid=2500)


def searched(
    method: str, searcher: Searcher, objective: Reading, trials: int
) -> pd.DataFrame:
    """One search, in this process, written down trial by trial."""
    journal = f"{NAME}-{method.replace(' ', '-')}.journal"
    found = run(searcher, objective, trials, executor=Serial(), storage=journal, progress=False)
    return table(found).assign(method=method)


def winner(trials: pd.DataFrame) -> Params:
    """The hyperparameters of the smallest error, and of several the first."""
    best = trials.nsmallest(1, "value").iloc[0]
    return {
        name: float(best[name]) if name == "lr" else int(best[name]) for name in SPACE
    }


def over_winners(objective: Reading, winners: Sequence[Params]) -> pd.DataFrame:
    """Every combination of the winners' values: a row each.

    A training answers for all numbers of epochs up to its own: the rate does not depend on how many
    there will be. So only the longest is trained, and its seconds are shared out.
    """
    levels = {name: sorted({one[name] for one in winners}) for name in SPACE}  # type: ignore
    epochs = [int(e) for e in levels.pop("epochs")]  # type: ignore[arg-type]
    longest = replace(objective, epochs=max(epochs))
    grid = GridSearch({name: SPACE[name] for name in levels}, levels)
    trained = searched(GRID, grid, longest, len(grid))
    rows = []
    for trial in trained.to_dict("records"):
        accuracy = dict(enumerate(json.loads(trial["accuracy"]), 1))
        for e in epochs:
            value, seconds = 1 - accuracy.get(e, np.nan), trial["seconds"] / len(epochs)
            rows.append({**trial, "epochs": e, "value": value, "seconds": seconds})
    return pd.DataFrame(rows).assign(number=range(len(rows)))


def judged(
    method: str, params: Params, objective: Reading, train: int, seed: int
) -> tuple[Row, Verdicts]:
    """Train the network that a search has found, and judge it on the whole test set."""
    task = all_reviews(objective.source)
    cut = seen(replace(task, train=task.train[:train]), int(params["maxlen"]))  # type: ignore
    network = Classifier(
        cut.inputs,
        int(params["hidden"]),  # type: ignore[arg-type]
        embedding=objective.embedding,
        variant="NP",
    )
    recipe = BatchRecipe(lr=float(params["lr"]), epochs=int(params["epochs"]))  # type: ignore
    began = time.thread_time()
    done = train_classifier(network, cut, recipe, seed=seed, progress=False)
    p = network.predict(done.params, [x for x, _ in cut.test])
    found = Verdicts(p, np.stack([y for _, y in cut.test]))
    (tn, fp), (fn, tp) = found.confusion.tolist()
    row: Row = {
        "source": objective.source,
        "method": method,
        "train": len(cut.train),
        "seed": seed,
        "valid": round(done.valid_accuracy, 6),
        "accuracy": round(found.accuracy, 6),
        "precision": round(found.precision, 6),
        "recall": round(found.recall, 6),
        "f1": round(found.f1, 6),
        "area": round(found.area, 6),
        "trapezoid": round(found.trapezoid, 6),
        "tn": tn, "fp": fp, "fn": fn, "tp": tp,
        "seconds": round(time.thread_time() - began, 2),
    }  # fmt: skip
    return row, found


def judgement(
    method: str, params: Params, objective: Reading, train: int, seed: int
) -> tuple[Row, list[float]]:
    """The row of `judged` and its network's logits; made once, and kept in a file."""

    def make() -> tuple[Row, list[float]]:
        row, found = judged(method, params, objective, train, seed)
        return row, logits(found.p).tolist()

    name = f"{NAME}-{method.replace(' ', '-')}-{train}-{seed}.judged"
    kept: Kept[tuple[Row, list[float]]] = Kept((objective, params), Path(name))
    row, odds = kept.get("judgement", make)
    return row, odds


def logits(p: Array) -> NDArray[np.float16]:
    """log(p / (1 - p)) in half precision, which keeps the order of probabilities near 0 and 1."""
    p = np.clip(np.asarray(p, np.float64).ravel(), 1e-30, 1 - 1e-9)
    return np.log(p / (1 - p)).astype(np.float16)


def verdicts(method: str) -> Verdicts:
    """What the network of one method says of the test reviews: trained on all, first seed."""
    from scipy.special import expit

    recorded = weights(NAME, "said")
    return Verdicts(expit(recorded[method.replace(" ", "-")].astype(float)), recorded["y"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Search, judge and record."""
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args(arguments)
    objective = OBJECTIVE
    sizes = (len(objective.task().train), len(all_reviews(objective.source).train))
    with local_pool() as pool:
        jobs = [
            pool.submit(searched, method, contestant(method, SPACE, GENES), objective, BUDGET)
            for method in METHODS
        ]
        found: dict[str, pd.DataFrame] = {}
        judging: list[Future[tuple[Row, list[float]]]] = []

        def judge(method: str, trials: pd.DataFrame) -> None:
            found[method] = trials
            judging.extend(
                pool.submit(judgement, method, winner(trials), objective, size, seed)
                for size in sizes
                for seed in SEEDS
            )

        for method, job in zip(METHODS, jobs, strict=True):
            judge(method, job.result())
            if method == IN_GRID[-1]:
                winners = [winner(found[one]) for one in IN_GRID]
                grid = pool.submit(over_winners, objective, winners)
        judge(GRID, grid.result())
        judgements = [job.result() for job in judging]
    trials = pd.concat(found.values())[["method", "number", *SPACE, "value", "seconds"]]
    rows = [row for row, _ in judgements]
    said: dict[str, Array] = {
        str(row["method"]).replace(" ", "-"): np.array(odds, np.float16)
        for row, odds in judgements
        if (row["seed"], row["train"]) == (SEEDS[0], sizes[-1])
    }
    said["y"] = np.ravel([y for _, y in all_reviews(objective.source).test]).astype(np.uint8)
    publish(
        NAME,
        {"": rows, "trials": recorded(trials)},
        {"said": said},
        command="tuning",
        seconds=float(trials["seconds"].sum()) + sum(float(row["seconds"]) for row in rows),
        by="compiled layers, float32",
        sources=[objective.source],
    )


def recorded(trials: pd.DataFrame) -> list[Row]:
    """The trials as they are written; a failed one has no value."""
    return [
        {
            name: "" if pd.isna(cell) else round(cell, 6) if isinstance(cell, float) else cell
            for name, cell in trial.items()
        }
        for trial in trials.to_dict("records")
    ]


if __name__ == "__main__":
    main()

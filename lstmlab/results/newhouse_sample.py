"""Two thousand characters after 100,000 updates, with the paper's hyperparameters and others.

The race's winner was the best after 5,000 characters, and what is best then need not be it later.
So a third set of hyperparameters is looked for where networks read twenty times as much; and the
race's winner, whose windows are short, is also trained until it has read as much as the paper's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypedDict

import numpy as np

from lstmlab import results
from lstmlab.results import Row
from lstmlab.results.newhouse_pieces import SOURCE, per_character
from lstmlab.search.loop import run
from lstmlab.search.newhouse import LOG_SPACE
from lstmlab.search.outcome import Objective
from lstmlab.search.quasi import QuasiNewton
from lstmlab.search.repeated import common
from lstmlab.search.workers import Serial
from lstmlab.tasks import Task, load, shakespeare
from lstmlab.training import Network, StreamRecipe, StreamRun, train_stream
from lstmlab.training.sampling import sample

UPDATES, EVERY = 100_000, 5_000
CHARACTERS = 2_000
SEEDS = (0, 1, 2)
LONG, SEARCH = 100_000, 60
"""Characters that networks read in the longer search, and its trainings."""
PAPER: dict[str, float] = {"hidden": 37, "length": 36, "lr": 0.2646}
"""[36.7481, 35.9527, 0.2646], where the paper's first trial ended with steps of 0.5 (Fig 1A)."""


class Written(TypedDict):
    """What one network came to."""

    row: Row
    curve: list[Row]
    text: str


def race_winner() -> dict[str, float]:
    """The hyperparameters of the shipped race that its judges found best."""
    best = min(results.table("newhouse-race"), key=lambda row: float(row["loss"]))
    return {
        "hidden": int(best["hidden"]), "length": int(best["length"]), "lr": float(best["lr"])
    }  # fmt: skip


def learn(task: Task, params: Mapping[str, float], seed: int, updates: int) -> StreamRun:
    """The paper's network, trained for so many updates: first weights from N(0, 0.01²)."""
    network = Network(
        task.inputs, int(params["hidden"]), task.outputs, variant="SRN", loss="softmax"
    )
    recipe = StreamRecipe(
        lr=params["lr"], length=int(params["length"]), updates=updates,
        every=min(EVERY, updates), clip=5.0, std=0.01, rule="adagrad",
    )  # fmt: skip
    return train_stream(network, task, recipe, seed=seed, progress=False)


def written(
    whose: str, params: Mapping[str, float], seed: int, updates: int = UPDATES,
    characters: int = CHARACTERS,
) -> Written:  # fmt: skip
    """Train one network and let it write.

    Parameters
    ----------
    whose : str
        Who found the hyperparameters.
    params : dict of str to float
    seed : int
        Of the first weights, and of what is drawn.
    updates, characters : int

    Returns
    -------
    dict
        `row` with the losses in nats per character, of the weights with the lowest validation loss;
        `curve` with those on the way; `text`, which goes on from the first line of the test split.
    """
    task = load("shakespeare", source=SOURCE)
    done = learn(task, params, seed, updates)
    start = task.test[0][0][:40]
    codes = sample(
        done.network, done.params, start, characters, rng=np.random.default_rng([seed, 1])
    )
    about: Row = {"source": done.source, "whose": whose, "seed": seed}
    losses = zip(done.updates, done.train, done.valid, strict=True)
    return {
        "row": about | {
            **dict(params), "updates": done.updates[-1] if done.updates else 0,
            "characters": (done.updates[-1] if done.updates else 0) * int(params["length"]),
            "valid": round(min(done.valid, default=float("inf")), 4),
            "test": round(done.test, 4), "stopped": done.stopped,
        },
        "curve": [
            about | {"updates": made, "train": round(train, 4), "valid": round(valid, 4)}
            for made, train, valid in losses
        ],
        "text": shakespeare.text(task, codes),
    }  # fmt: skip


def sought(trials: int = SEARCH, objective: Objective | None = None) -> Written:
    """What customary BFGS finds for networks that have read 100,000 characters; no network yet."""
    searcher = QuasiNewton.customary(LOG_SPACE, update="bfgs", seed=0)
    aim = common(objective or per_character(LONG), seed=0)
    found = run(searcher, aim, trials, executor=Serial(), progress=False)
    row: Row = {name: found.best_params[name] for name in LOG_SPACE}
    return {"row": row | {"value": found.best_value, "trainings": len(found.trials)}, "curve": [],
            "text": ""}  # fmt: skip


def sample_works(sets: Mapping[str, Mapping[str, float]]) -> dict[str, Callable[[], Written]]:
    """A piece for each seed of every set of hyperparameters, and of the race's read as much.

    Parameters
    ----------
    sets : dict of str to dict
        Hyperparameters by who found them, "paper" and "race" among them.
    """
    wanted = [(whose, params, UPDATES) for whose, params in sets.items()]
    as_many = int(UPDATES * PAPER["length"] / sets["race"]["length"])
    wanted.append(("race, as many characters", sets["race"], as_many))
    return {
        f"sample/{whose}/{params}/{seed}": partial(written, whose, params, seed, updates)
        for seed in SEEDS
        for whose, params, updates in wanted
    }


def sample_tables(found: Sequence[Written]) -> dict[str, list[Row]]:
    """The losses, the curves, and the first texts."""
    texts: list[Row] = [
        {name: piece["row"][name] for name in ("source", "whose", "seed")} | {"text": piece["text"]}
        for piece in found
        if piece["row"]["seed"] == SEEDS[0]
    ]
    return {
        "": [piece["row"] for piece in found],
        "curves": [row for piece in found for row in piece["curve"]],
        "texts": texts,
    }

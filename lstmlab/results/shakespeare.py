"""Who guesses the next character best? Counts, plain recurrent units, LSTM blocks; and their cells.

    python -m lstmlab.results.shakespeare
    python -m lstmlab.results.shakespeare --real

The first computes on the generated play, the second on Tiny Shakespeare (from `$LSTMLAB_DATA` or
the cache). A rate is chosen for every contestant on a seed of its own; then every seed trains one
network. With `--kept FILE` finished pieces are noted in a file, to go on from after a break.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import Params, forward
from lstmlab.results import Row
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line, publish, tuned
from lstmlab.tasks import Task, load, shakespeare
from lstmlab.tasks.shakespeare import marks
from lstmlab.training import Network
from lstmlab.training.stream import StreamRecipe, StreamRun, one_hot, train_stream

SEEDS, TUNED_ON = tuple(range(5)), 100
RATES = (0.03, 0.1, 0.2)
CONTESTANTS = {
    "SRN, 100 units": ("SRN", 100),
    "SRN, 212 units": ("SRN", 212),
    "LSTM, 100 blocks": ("NP", 100),
}
"""Variant and size; the second SRN has as many weights as the LSTM, to 1 %."""
RECIPE = StreamRecipe(length=50, every=4_000, std=0.05)
UPDATES = {"generated": 40_000, "real": 100_000}
"""About eleven times through the generated play, five times through Tiny Shakespeare."""
TUNING = 10_000  # updates
GRAMS = (1, 2, 3, 4, 5, 6, 7, 8)
Marks = Callable[[str], NDArray[np.generic]]
WANTED: dict[str, Marks] = {
    "quotation": marks.quoted,
    "stage direction": marks.bracketed,
    "column": marks.column,
}
"""What a cell may keep in mind."""


def settings() -> tuple[object, ...]:
    """What a finished piece depends on that its name does not say."""
    return CONTESTANTS, RECIPE, UPDATES, TUNING, tuple(WANTED)


def network(task: Task, name: str) -> Network:
    """One of `CONTESTANTS` for a text."""
    variant, blocks = CONTESTANTS[name]
    return Network(task.inputs, blocks, task.outputs, variant=variant, loss="softmax")


def fit(task: Task, name: str, seed: int, lr: float, updates: int) -> StreamRun:
    """One network of the result."""
    recipe = replace(RECIPE, lr=lr, updates=updates, every=min(RECIPE.every, updates))
    return train_stream(network(task, name), task, recipe, seed=seed, progress=False)


def cells(task: Task, made: Network, params: Params, split: str) -> NDArray[np.float32]:
    """The cells c of a network while it reads a split, (T, N), from a state of zeros."""
    x, _ = task.split(split)[0]
    own = {name: w for name, w in params.items() if name not in ("W_y", "b_y")}
    return np.asarray(forward(own, one_hot(x, task.inputs, params["W_y"].dtype), made.cell).c)


def follows(c: NDArray[np.float32], wanted: NDArray[np.generic]) -> NDArray[np.float64]:
    """How well every cell follows something, (N,), from 0.5 (not at all) to 1, in either direction.

    For yes and no it is the area under the ROC curve: how often the cell is higher (or always
    lower) in a place where it is so than in one where it is not. For numbers, the same as far as
    their order goes: ½ + ½ |Spearman's rank correlation|.

    Parameters
    ----------
    c : ndarray, (T, N)
    wanted : ndarray, (T,), of bool or numbers
    """
    from scipy.stats import rankdata

    ranks = rankdata(c, axis=0)
    if wanted.dtype == bool:
        yes = int(wanted.sum())
        no = len(wanted) - yes
        if not yes or not no:
            raise ValueError("wanted must be so in some places and not in others, got one of both")
        area = (ranks[wanted].sum(axis=0) - yes * (yes + 1) / 2) / (yes * no)
        return np.asarray(0.5 + abs(area - 0.5))
    of_wanted = rankdata(wanted)
    a, b = ranks - ranks.mean(axis=0), of_wanted - of_wanted.mean()
    scale = np.sqrt((a * a).sum(axis=0) * (b * b).sum())
    return np.asarray(0.5 + 0.5 * abs(b @ a) / np.where(scale > 0, scale, 1))


def found(task: Task, run: StreamRun) -> list[Row]:
    """The cell that follows each of `WANTED` best on the validation text, and how well elsewhere.

    It is chosen on one text and measured on another; beside it stands what the same search finds
    among the cells of the first weights, which have learned nothing.
    """
    splits = ("valid", "test")
    texts = [shakespeare.text(task, task.split(split)[0][0]) for split in splits]
    untrained = run.network.init(np.random.default_rng(run.seed), run.recipe.std)
    states = [
        [cells(task, run.network, params, split) for split in splits]
        for params in (run.params, untrained)
    ]
    rows: list[Row] = []
    for what, mark in WANTED.items():
        on_valid, on_test = (mark(text) for text in texts)
        if len(np.unique(on_valid)) < 2 or len(np.unique(on_test)) < 2:
            continue
        best = [int(follows(valid, on_valid).argmax()) for valid, _ in states]
        own = [
            float(follows(test[:, [cell]], on_test)[0])
            for cell, (_, test) in zip(best, states, strict=True)
        ]
        rows.append({
            "source": run.source, "what": what, "seed": run.seed, "cell": best[0],
            "test": round(own[0], 4), "untrained": round(own[1], 4),
        })  # fmt: skip
    return rows


def compute(source: str, kept: Kept[Any]) -> tuple[list[Row], list[Row], list[Row], Params]:
    """The table of contestants, their curves, the cells, and the first LSTM's weights."""
    task = load("shakespeare", source=shakespeare.TINY if source == "real" else source)
    rows: list[Row] = []

    def loss(name: str, lr: float) -> float:
        return float(kept.get(f"{source}, {name}, tried {lr}", partial(_tried, task, name, lr)))

    for n in GRAMS:
        rows.append({
            "source": task.source, "contestant": f"{n}-grams", "weights": 0, "lr": 0, "seed": 0,
            "updates": 0, "valid": round(shakespeare.ngram_nats(task, n, "valid"), 4),
            "test": round(shakespeare.ngram_nats(task, n), 4),
        })  # fmt: skip
    curves: list[Row] = []
    cell_rows: list[Row] = []
    first: Params = {}
    for name in CONTESTANTS:
        lr = tuned(f"{source}, {name}", RATES, partial(loss, name))
        for seed in SEEDS:
            make = partial(_piece, task, name, seed, lr, UPDATES[source])
            piece = kept.get(f"{source}, {name}, {lr}, {seed}", make)
            rows.append(piece["row"])
            curves += piece["curve"]
            cell_rows += piece["cells"]
            if name.startswith("LSTM") and seed == SEEDS[0]:
                first = {key: np.array(w, np.float32) for key, w in piece["params"].items()}
            print(piece["row"], flush=True)
    return rows, curves, cell_rows, first


def _tried(task: Task, name: str, lr: float) -> float:
    """The validation loss of a rate after `TUNING` updates."""
    return min(fit(task, name, TUNED_ON, lr, TUNING).valid, default=float("inf"))


def _piece(
    task: Task, name: str, seed: int, lr: float, updates: int
) -> dict[str, object]:
    """One seed of a contestant, as plain data."""
    run = fit(task, name, seed, lr, updates)
    is_first = name.startswith("LSTM") and seed == SEEDS[0]
    return {
        "row": {
            "source": run.source, "contestant": name, "weights": run.network.size, "lr": lr,
            "seed": seed, "updates": run.updates[-1] if run.updates else 0,
            "valid": round(min(run.valid, default=np.inf), 4), "test": round(run.test, 4),
        },
        "curve": [
            {"source": run.source, "contestant": name, "seed": seed, "updates": made,
             "train": round(train, 4), "valid": round(valid, 4)}
            for made, train, valid in zip(run.updates, run.train, run.valid, strict=True)
        ],
        "cells": found(task, run) if name.startswith("LSTM") else [],
        "params": {key: w.tolist() for key, w in run.params.items()} if is_first else {},
    }  # fmt: skip


def main() -> None:
    """Compute the tables and record them."""
    options = command_line(__doc__, real="Tiny Shakespeare").parse_args()
    kept: Kept[Any] = Kept(settings(), options.kept)
    rows, curves, cell_rows, first = compute("real" if options.real else "generated", kept)
    publish(
        "shakespeare-tiny" if options.real else "shakespeare",
        {"": rows, "curves": curves, "cells": cell_rows},
        {"lstm": first},
        command="shakespeare" + (" --real" if options.real else ""),
        seconds=kept.seconds,
        by="compiled engine, float32",
        sources=[str(rows[0]["source"])],
    )


if __name__ == "__main__":
    main()

"""The study of Greff et al.: which variant, which hyperparameters, on which task."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

import lstmlab
from lstmlab.cells import VARIANTS
from lstmlab.search.random import RandomSearch
from lstmlab.search.searcher import check_seed
from lstmlab.search.space import Params
from lstmlab.search.strata import Strata
from lstmlab.tasks import Task, load
from lstmlab.training import Network, NumpyEngine, Recipe, fastest, train

if TYPE_CHECKING:
    import pandas as pd

DIRECTIONS = {"music": 1, "speech": 2, "handwriting": 2}
"""The tasks of the study, and in how many directions its networks read them (section IV-B)."""

SPACE: dict[str, BaseDistribution] = {
    "blocks": IntDistribution(20, 200, log=True),
    "lr": FloatDistribution(1e-6, 1e-2, log=True),
    "one_minus_momentum": FloatDistribution(0.01, 1.0, log=True),
    "noise": FloatDistribution(0.0, 1.0),
}
"""What is searched on every task (section IV-D)."""

SPEECH = {
    "nesterov": CategoricalDistribution((False, True)),
    "clip": CategoricalDistribution((False, True)),
}
"""What was searched on TIMIT besides: the kind of momentum, and gradients clipped to [-1, 1]."""

COLUMNS = {
    "number": "the trial's number in the study; the variants take turns",
    "variant": "V, or what differs from it",
    "blocks": "LSTM blocks in each hidden layer, N",
    "lr": "learning rate; what is applied is lr · one_minus_momentum",
    "one_minus_momentum": "1 - μ",
    "noise": "standard deviation of the Gaussian noise on the inputs",
    "nesterov": "speech: whether momentum is Nesterov's",
    "clip": "speech: whether gradients are clipped to [-1, 1]",
    "value": "what the search goes by: valid",
    "best_epoch": "the epoch with the best validation score, counted from 1",
    "engine": "what did the arithmetic, and with what precision",
    "epochs": "how many were run",
    "max_epochs": "how many were allowed",
    "metric": "what valid and test are",
    "patience": "training stopped after more than so many epochs without improvement",
    "source": "where the data came from",
    "stopped": "why training ended: patience, epochs or diverged",
    "task": "music, speech or handwriting",
    "test": "on the test set, with the weights of the best epoch",
    "test_loss": "where the task is judged by an error: nats per frame of the same weights",
    "valid": "on the validation set, at the best epoch",
    "valid_loss": "where the task is judged by an error: nats per frame at the best epoch",
    "version": "of lstmlab",
    "weights": "how many numbers the network has learned",
    "seconds": "of one core, by its own clock: other programs do not count",
    "seed": "fixes the first weights, the order of the sequences and the noise",
    "state": "complete or failed",
    "reason": "why it failed",
}
"""What the columns of a table of its trials mean."""


def space(task: str) -> dict[str, BaseDistribution]:
    """The hyperparameters of a task (Greff et al., section IV-D).

    Raises
    ------
    ValueError
        If it is no task of the study.
    """
    if task not in DIRECTIONS:
        raise ValueError(f"task must be one of {', '.join(DIRECTIONS)}, got {task!r}")
    return SPACE | SPEECH if task == "speech" else dict(SPACE)


def searcher(
    task: str,
    variants: Sequence[str] = tuple(VARIANTS),
    *,
    seed: int = 0,
    shared_draws: bool = False,
) -> Strata:
    """A random search for each variant, taking turns.

    Parameters
    ----------
    task : {"music", "speech", "handwriting"}
    variants : list of str
    seed : int
    shared_draws : bool
        Whether all variants are tried with the same hyperparameters. In the paper they are not.

    Raises
    ------
    ValueError
        If there is no such task or variant.
    """
    seed, known = check_seed(seed), list(VARIANTS)
    for variant in variants:
        if variant not in known:
            raise ValueError(f"variants must be of {', '.join(known)}, got {variant!r}")
    seeds = {
        variant: seed if shared_draws else _seed(seed, known.index(variant))
        for variant in variants
    }
    searchers = {
        variant: RandomSearch(space(task), seed=seeds[variant]) for variant in variants
    }
    return Strata("variant", searchers, seed=seed)


@dataclass(frozen=True)
class Training:
    """The objective: train one network on a task, and see what it does on unseen data.

    Parameters
    ----------
    task : {"music", "speech", "handwriting"}
    source : str
        As for `lstmlab.tasks.load`; what is found at first has to be found by every worker.
    root : str or Path, optional
        As for `load`.
    epochs, patience : int
        Of the recipe; 150 and 15 in the paper (section IV-B).

    Raises
    ------
    ValueError, MissingDataError
        If there is no such task or data.
    """

    task: str
    source: str = field(default="auto", repr=False)
    root: str | Path | None = field(default=None, repr=False)
    epochs: int = 150
    patience: int = 15
    data: str = field(init=False)
    engine: str = field(init=False)

    def __post_init__(self) -> None:
        space(self.task)
        Recipe(lr=1.0, epochs=self.epochs, patience=self.patience)
        object.__setattr__(self, "data", _load(self.task, self.source, self.root).source)
        engine = "NumPy" if fastest() is NumpyEngine else "compiled"
        object.__setattr__(self, "engine", f"{engine}, float32")

    def __call__(self, params: Params, seed: int) -> dict[str, object]:
        """Train with these hyperparameters; a row of the table, without what `run` adds."""
        task = _load(self.task, self.source, self.root)
        if task.source != self.data:
            raise FileNotFoundError(
                f"the study is on {self.data}, and this worker finds {task.source}: set "
                "LSTMLAB_DATA where the worker is started"
            )
        network, recipe = self.network(params, task), self.recipe(params)
        began = time.thread_time()  # other trials may be under way in this process
        run = train(network, task, recipe, seed=seed, progress=False)
        seconds = time.thread_time() - began
        by_error = run.valid_error is not None
        scores: dict[str, object] = {
            "valid": run.valid_error if by_error else run.valid,
            "test": run.test_error if by_error else run.test,
        }
        if by_error:
            scores |= {"valid_loss": run.valid, "test_loss": run.test}
        return {
            "value": scores["valid"],
            **scores,
            "epochs": len(run.history),
            "max_epochs": self.epochs,
            "patience": self.patience,
            "best_epoch": run.best_epoch,
            "stopped": run.stopped,
            "weights": network.size,
            "task": self.task,
            "metric": task.metric,
            "source": run.source,
            "engine": self.engine,
            "version": lstmlab.__version__,
            "seconds": seconds,
        }

    def network(self, params: Params, task: Task) -> Network:
        """The network of a trial (section IV-B)."""
        return Network(
            task.inputs,
            int(params["blocks"]),  # type: ignore[arg-type]
            task.outputs,
            str(params.get("variant", "V")),
            task.loss,
            DIRECTIONS[self.task],
        )

    def recipe(self, params: Params) -> Recipe:
        """How it is trained (sections IV-B and IV-D)."""
        return Recipe(
            lr=float(params["lr"]),  # type: ignore[arg-type]
            momentum=1 - float(params["one_minus_momentum"]),  # type: ignore[arg-type]
            noise=float(params["noise"]),  # type: ignore[arg-type]
            nesterov=bool(params.get("nesterov", True)),
            clip=1.0 if params.get("clip") else None,
            epochs=self.epochs,
            patience=self.patience,
        )


def check_recipe(trials: pd.DataFrame, epochs: int, patience: int) -> None:
    """See that trials were trained for at most so many epochs, with so much patience.

    Where a trial does not say it, as in older tables, it must have stopped when it would have
    stopped so.

    Raises
    ------
    ValueError
        If one was not.
    """
    wrong = np.zeros(len(trials), dtype=bool)
    found = {
        what: trials[what].to_numpy(np.float64, na_value=np.nan)
        for what in ("max_epochs", "patience", "epochs", "best_epoch")
        if what in trials
    }
    for what, ours in (("max_epochs", epochs), ("patience", patience)):
        if what in found:
            wrong |= ~np.isnan(found[what]) & (found[what] != ours)
    if {"epochs", "best_epoch"} <= set(found) and "stopped" in trials:
        ran, stopped = found["epochs"], trials["stopped"]
        wrong |= ran > epochs
        wrong |= (stopped == "epochs").to_numpy(bool) & (ran != epochs)
        waited = ran - found["best_epoch"] - 1
        wrong |= (stopped == "patience").to_numpy(bool) & (waited != patience)
    if wrong.any():
        raise ValueError(
            f"trials must be trained for at most {epochs} epochs with patience {patience}, got "
            f"trial {trials['number'].to_numpy()[wrong][0]} of another recipe"
        )


def _seed(seed: int, variant: int) -> int:
    """The seed of one variant's search."""
    return int(np.random.SeedSequence([seed, variant]).generate_state(1)[0])


@lru_cache(maxsize=2)
def _load(task: str, source: str, root: str | Path | None) -> Task:
    return load(task, source=source, root=root)

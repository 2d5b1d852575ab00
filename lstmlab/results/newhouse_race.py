"""Newhouse's methods against random search and box halving, at equal numbers of trainings.

Each method runs with the paper's settings and with customary ones, from ten starts; all for the
mean loss per character of networks that have read as much. The paper's settings also run for the
paper's own objective, summed over the sequence. What a search has found is trained anew with five
seeds that no search has used, and judged by the loss per character.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import pandas as pd

from lstmlab.results import Row
from lstmlab.results.newhouse_pieces import SOURCE, loss_of, per_character, summed
from lstmlab.search import BoxHalving, RandomSearch, Searcher, Serial, run, table
from lstmlab.search.climber import Climber
from lstmlab.search.downhill import GradientDescent
from lstmlab.search.newhouse import LOG_SPACE, SPACE
from lstmlab.search.newton import Newton
from lstmlab.search.outcome import Objective
from lstmlab.search.quasi import QuasiNewton
from lstmlab.search.repeated import common
from lstmlab.search.updates import Update

Entry: TypeAlias = tuple[str, str]

METHODS = ("gradient descent", "Newton", "BFGS", "DFP")
UPDATES: dict[str, Update] = {"BFGS": "bfgs", "DFP": "dfp"}
SETTINGS = ("paper", "paper, summed loss", "customary")
OTHERS = ("random search", "box halving")
ENTRIES: tuple[Entry, ...] = (
    *((method, setting) for setting in reversed(SETTINGS) for method in METHODS),
    *((method, "") for method in OTHERS),
)
SEEDS = tuple(range(10))
BUDGETS = (15, 30, 60, 120)
JUDGES = tuple(range(1_000_000, 1_000_005))
"""Seeds of the trainings that judge; a search's own come from its seed and the trial's number."""
FALLBACK = 1.0
"""Newton's step along the gradient, as the paper's rows have it; with the 10 of its text no step
leads into the bounds of the rate, once that is all that is broken."""
ALPHA = 100
"""Of the paper's objective."""


def contestant(method: str, setting: str, seed: int) -> Searcher:
    """A searcher that has one of `SETTINGS`, or "" if it is one of `OTHERS`."""
    space = LOG_SPACE if setting in ("", "customary") else SPACE
    if setting == "customary":
        match method:
            case "gradient descent":
                return GradientDescent.customary(space, seed=seed)
            case "Newton":
                return Newton.customary(space, seed=seed)
            case "BFGS" | "DFP":
                return QuasiNewton.customary(space, update=UPDATES[method], seed=seed)
    match method:
        case "gradient descent":
            return GradientDescent(space, seed=seed)
        case "Newton":
            return Newton(space, fallback=FALLBACK, seed=seed)
        case "BFGS" | "DFP":
            return QuasiNewton(space, update=UPDATES[method], seed=seed)
        case "random search":
            return RandomSearch(space, seed=seed)
        case "box halving":
            return BoxHalving(space, seed=seed)
    raise ValueError(f"method must be one of {', '.join((*METHODS, *OTHERS))}, got {method!r}")


def aim(setting: str, seed: int, fair: Objective, paper: Objective) -> Objective:
    """What a contestant minimizes: the customary methods see the same seed at every training."""
    if setting == "customary":
        return common(fair, seed=seed)
    return paper if setting == "paper, summed loss" else fair


def end(searcher: Searcher, trainings: int) -> tuple[dict[str, float], bool] | None:
    """Where a climber stood after so many trainings, and whether that is inside the bounds.

    The point is brought to the nearest one of the space; None if the searcher is no climber.
    """
    if not isinstance(searcher, Climber):
        return None
    stood = [iterate for iterate in searcher.iterates if iterate.trainings <= trainings]
    point = stood[-1].point if stood else searcher.at(searcher.start)
    nearest: dict[str, float] = {}
    inside = True
    for name, (low, high) in searcher.bounds.items():
        x = point[name] if math.isfinite(point[name]) else low
        inside &= low <= point[name] <= high
        x = min(max(x, low), high)
        nearest[name] = round(x) if isinstance(low, int) else x
    return nearest, inside


def raced(
    method: str,
    setting: str,
    seed: int,
    *,
    budgets: Sequence[int] = BUDGETS,
    fair: Objective | None = None,
    paper: Objective | None = None,
) -> list[Row]:
    """One search, judged after each budget: a row each.

    Returns
    -------
    list of dict
        Beside who it was: `trainings`, how many it had made (fewer than the budget if it ended);
        the hyperparameters of the best that it saw, its `value` then, and its `loss` by the judges
        with their standard deviation; for a climber `end_…`, where it stood, whether that was
        `inside` of the bounds, and what the nearest place in them is worth. A search that has
        trained nothing within the bounds has no best: its end stands for it.
    """
    fair, paper = fair or per_character(), paper or summed(ALPHA)
    searcher = contestant(method, setting, seed)
    study = run(
        searcher, aim(setting, seed, fair, paper), max(budgets), executor=Serial(), progress=False
    )
    trials = table(study) if study.trials else pd.DataFrame(columns=[*SPACE, "value"])
    worth: dict[tuple[float, ...], list[float]] = {}

    def losses(params: Mapping[str, float]) -> list[float]:
        key = tuple(params[name] for name in SPACE)
        if key not in worth:
            worth[key] = [loss_of(fair, params, judge) for judge in JUDGES]
        return worth[key]

    rows: list[Row] = []
    for budget in budgets:
        seen = trials.head(budget).dropna(subset=["value"])
        stood = end(searcher, budget)
        if len(seen):
            first = seen.loc[seen["value"].astype(float).idxmin()]
            best = {name: float(first[name]) for name in SPACE}
            best |= {name: int(best[name]) for name in ("hidden", "length")}
            value: float | str = float(first["value"])
        else:
            assert stood is not None
            best, value = stood[0], ""
        found = losses(best)
        row: Row = {
            "source": SOURCE, "method": method, "setting": setting, "seed": seed, "budget": budget,
            "trainings": min(budget, len(trials)), **best, "value": value,
            "loss": float(np.mean(found)), "spread": float(np.std(found, ddof=1)),
        }  # fmt: skip
        if stood is None:
            stood = best, True
        row |= {f"end_{name}": stood[0][name] for name in SPACE}
        row |= {"end_inside": int(stood[1]), "end_loss": float(np.mean(losses(stood[0])))}
        rows.append(row)
    return rows


def race_works() -> dict[str, Callable[[], list[Row]]]:
    """A piece for each seed and contestant; all contestants of a seed before the next seed."""
    return {
        f"race/{seed}/{method}/{setting}": partial(raced, method, setting, seed)
        for seed in SEEDS
        for method, setting in ENTRIES
    }


def whole_seeds(found: Mapping[str, list[Row]]) -> list[Row]:
    """The rows of those seeds for which every contestant has run."""
    rows: list[Row] = []
    for seed in SEEDS:
        pieces = [found.get(f"race/{seed}/{method}/{setting}") for method, setting in ENTRIES]
        if all(piece is not None for piece in pieces):
            rows += [row for piece in pieces for row in piece or ()]
    return rows

"""Searchers compared: the best they have found after so many evaluations, or so many seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from lstmlab.evidence.trials import finished, require

QUARTILES = {"low": 0.25, "median": 0.5, "high": 0.75}


def best_so_far(
    trials: pd.DataFrame,
    *,
    by: Sequence[str] = ("method", "seed"),
    value: str = "value",
    order: str = "number",
    direction: Literal["minimize", "maximize"] = "minimize",
) -> pd.DataFrame:
    """Each search's best value up to each of its trials.

    Parameters
    ----------
    trials : DataFrame
        One row a trial.
    by : sequence of str
        The columns that tell one search from another.
    value : str
        What is searched for. A failed trial, or one without a finite value, is no improvement.
    order : str
        The column in whose order the trials of a search were made.
    direction : {"minimize", "maximize"}

    Returns
    -------
    DataFrame
        The table sorted by search and order, with columns `evaluations` (1, 2, …), `best` (nan
        before the first value) and, if it has seconds, `spent` (those of all trials up to this).
    """
    if direction not in ("minimize", "maximize"):
        raise ValueError(f"direction must be 'minimize' or 'maximize', got {direction!r}")
    for column in (*by, order, value):
        require(trials, column)
    table = trials.sort_values([*by, order], kind="stable").reset_index(drop=True)
    values = table[value].where(finished(table, value))
    searches = table.groupby(list(by), sort=False)
    table["evaluations"] = searches.cumcount() + 1
    sign = 1.0 if direction == "minimize" else -1.0
    signed = (sign * values.astype(float)).groupby([table[name] for name in by], sort=False)
    table["best"] = sign * signed.transform(lambda each: each.cummin().ffill())
    if "seconds" in table:
        table["spent"] = searches["seconds"].cumsum()
    return table


def contest(
    trials: pd.DataFrame,
    budgets: Sequence[float],
    *,
    cost: Literal["evaluations", "spent"] = "evaluations",
    method: str = "method",
    seed: str = "seed",
    value: str = "value",
    order: str = "number",
    direction: Literal["minimize", "maximize"] = "minimize",
) -> pd.DataFrame:
    """The best value found within each budget: median and quartiles over the seeds.

    Parameters
    ----------
    trials : DataFrame
        One row a trial of each method with each seed.
    budgets : sequence of float
        Numbers of evaluations, or of seconds if `cost` is "spent".
    cost : {"evaluations", "spent"}
    method, seed, value, order, direction
        Columns and direction, as for `best_so_far`.

    Returns
    -------
    DataFrame
        One row a method and budget: `method`, `budget`, `seeds` (how many searches have a value
        within the budget and trials up to its end), `low`, `median`, `high` (quartiles). Searches
        that ended before the budget are not counted: they are nan where there is no other.

    Raises
    ------
    ValueError
        If a column is missing or a budget is not above 0.
    """
    if not len(budgets) or not all(budget > 0 for budget in budgets):
        raise ValueError(f"budgets must be numbers above 0, got {list(budgets)!r}")
    table = best_so_far(
        trials, by=(method, seed), value=value, order=order, direction=direction
    )
    require(table, cost)
    rows = []
    for name, of_method in table.groupby(method, sort=False):
        for budget in budgets:
            found = []
            for _, search in of_method.groupby(seed):
                within = search[search[cost] <= budget]
                whole = search[cost].iloc[-1] >= budget
                if whole and len(within) and np.isfinite(within["best"].iloc[-1]):
                    found.append(float(within["best"].iloc[-1]))
            row: dict[str, object] = {method: name, "budget": budget, "seeds": len(found)}
            for what, quantile in QUARTILES.items():
                row[what] = float(np.quantile(found, quantile)) if found else float("nan")
            rows.append(row)
    return pd.DataFrame(rows)

"""Trials as a table: one row each, from a table or from an Optuna study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from optuna.study import Study

STATES = ("complete", "failed")


def as_table(trials: pd.DataFrame | Study) -> pd.DataFrame:
    """The trials, one row each.

    Parameters
    ----------
    trials : DataFrame or optuna.study.Study
        Of a study with one objective, each hyperparameter and each user attribute becomes a column
        beside `number`, `state` and `value` (`lstmlab.search.table`). Trials that are waiting,
        running or pruned are left out.

    Returns
    -------
    DataFrame
        A table is returned as it is; without a column `state`, all of its trials are complete.

    Raises
    ------
    TypeError
        If it is neither a table nor a study.
    ValueError
        If it has no row, a state is neither "complete" nor "failed", or the study has several
        objectives.
    """
    table = trials if isinstance(trials, pd.DataFrame) else _from_study(trials)
    if not len(table):
        raise ValueError("trials must hold at least one trial, got none")
    if "state" in table:
        unknown = set(table["state"]) - set(STATES)
        if unknown:
            raise ValueError(
                f'trials["state"] must be "complete" or "failed", got {next(iter(unknown))!r}'
            )
    return table


def finished(table: pd.DataFrame, *columns: str) -> NDArray[np.bool_]:
    """Which trials are complete and have a finite number in each of the columns: (trials,).

    Raises
    ------
    ValueError
        If the table has no such column, or it does not hold numbers.
    """
    done = np.ones(len(table), dtype=bool)
    if "state" in table:
        done &= (table["state"] == "complete").to_numpy()
    for column in columns:
        require(table, column)
        try:
            values = table[column].to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise ValueError(f"trials[{column!r}] must hold numbers") from None
        done &= np.isfinite(values)
    return done


def require(table: pd.DataFrame, column: str) -> None:
    """Refuse a table without this column."""
    if column not in table:
        raise ValueError(
            f"trials must have a column {column!r}, got {', '.join(map(str, table.columns))}"
        )


def check_share(name: str, share: object) -> None:
    """Refuse what is no share of a whole, above 0."""
    plain = isinstance(share, float | int | np.floating) and not isinstance(share, bool)
    if not plain or not 0 < share <= 1:  # type: ignore[operator]
        raise ValueError(f"{name} must be above 0 and at most 1, got {share!r}")


def _from_study(study: Study) -> pd.DataFrame:
    """A study's trials as a table."""
    from optuna.study import Study

    from lstmlab.search import table

    if not isinstance(study, Study):
        raise TypeError(f"trials must be a table or an Optuna study, got {type(study).__name__}")
    if len(study.directions) != 1:
        raise ValueError(f"trials must have one objective, got {len(study.directions)}")
    return table(study)

"""A variant's trials in order: which are kept, where the cut lies, and what it makes unsure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmlab.evidence.trials import check_share, finished, require


@dataclass(frozen=True)
class Ranking:
    """One variant's trials, of which the best are kept.

    Attributes
    ----------
    rows : DataFrame
        Its finished trials, best first.
    errors : (finished,)
        By what they are judged, in the same order.
    trials : int
        How many it has, failed ones among them: these rank as its worst.
    kept : int
        How many may be kept.
    """

    rows: pd.DataFrame
    errors: NDArray[np.float64]
    trials: int
    kept: int

    @property
    def best(self) -> NDArray[np.float64]:
        """The errors of those that are kept."""
        return self.errors[: self.kept]

    @property
    def cut(self) -> float:
        """The error to be expected right at the cut: of the last kept and the next, their mean.

        nan if all trials are kept, inf if the next one has failed.
        """
        if self.kept >= self.trials:
            return float("nan")
        if self.kept >= len(self.errors):
            return float("inf")
        return float(self.errors[self.kept - 1 : self.kept + 1].mean())

    @property
    def cut_variance(self) -> float:
        """What the cut adds to the variance of the mean of the kept.

        With x̄ the mean of the best k of n trials and c the error at the cut, that mean varies with

            (s² + (1 - k/n) (c - x̄)²) / k

        of which this is the second term: another search would have its cut elsewhere. It is known
        for the mean of the worst share of losses (Manistre and Hancock 2005); the chapter "Boxes
        and t-tests" derives it.
        """
        if self.kept >= self.trials or not len(self.best):
            return 0.0
        below = self.cut - self.best.mean()
        return float((1 - self.kept / self.trials) * below**2 / self.kept)


def rank(
    table: pd.DataFrame, top: float, select: str, judge: str, by: str
) -> dict[str, Ranking]:
    """Each variant's trials, best by `select` first; as for `best_trials`."""
    check_share("top", top)
    require(table, by)
    done = table[finished(table, select, judge)].sort_values(select, kind="stable")
    ranked = {}
    for variant in table[by].unique():
        rows, trials = done[done[by] == variant], int((table[by] == variant).sum())
        errors = rows[judge].to_numpy(dtype=np.float64)
        ranked[variant] = Ranking(rows, errors, trials, how_many(top, trials))
    return ranked


def how_many(top: float, trials: int) -> int:
    """How many trials are kept: their share, rounded, but at least 2."""
    return max(2, round(top * trials))

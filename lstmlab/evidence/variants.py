"""Which variants differ from the baseline, when each is judged by its best trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lstmlab.evidence.trials import as_table, finished, require
from lstmlab.evidence.welch import hedges_g, welch

if TYPE_CHECKING:
    from optuna.study import Study


def best_trials(
    trials: pd.DataFrame | Study,
    top: float = 0.1,
    *,
    select: str = "valid",
    judge: str = "test",
    by: str = "variant",
) -> pd.DataFrame:
    """The best trials of each variant, best first.

    Parameters
    ----------
    trials : DataFrame or optuna.study.Study
        One row a trial (`as_table`).
    top : float
        Which share of a variant's trials to keep, in 0…1: rounded, but at least 2 trials. Failed
        trials, and those without a finite number in `select` and `judge`, count as its worst: they
        are in the total, and never kept.
    select : str
        The column that says which trials are best; lower is better.
    judge : str
        The column in which they are to be compared.
    by : str
        The column that names the variant.

    Returns
    -------
    DataFrame
        Those rows of the table, variants in the order in which they first appear.
    """
    if not 0 < top <= 1:
        raise ValueError(f"top must be above 0 and at most 1, got {top!r}")
    table = as_table(trials)
    require(table, by)
    done = table[finished(table, select, judge)].sort_values(select, kind="stable")
    kept = []
    for variant in table[by].unique():
        most = max(2, round(top * int((table[by] == variant).sum())))
        kept.append(done[done[by] == variant][:most])
    return pd.concat(kept)


def compare_variants(
    trials: pd.DataFrame | Study,
    baseline: str = "V",
    top: float = 0.1,
    alpha: float = 0.05,
    *,
    select: str = "valid",
    judge: str = "test",
    by: str = "variant",
) -> pd.DataFrame:
    """Compare the best trials of each variant with those of the baseline.

    As in Greff et al., section V-A: the best tenth of each variant's trials by validation error,
    Welch's t-test on their test errors, and Bonferroni's correction for as many tests as there are
    other variants. `top=1.0` gives the upper half of the paper's figure 3. Beside it what a p-value
    does not say: intervals of the difference, and its size in standard deviations.

    Parameters
    ----------
    trials, top, select, judge, by
        As for `best_trials`.
    baseline : str
        The variant to compare with.
    alpha : float
        Level of significance, and one less the level of the intervals.

    Returns
    -------
    DataFrame
        One row a variant, the baseline first, the others in the order in which they first appear.

        trials, failed, kept : how many there are, failed or have no finite numbers, are judged.
        mean, sd, median : of `judge` over the kept trials.
        best : `judge` of the trial that is best by `select`.
        weights : mean number of parameters of the kept trials (nan without such a column).
        difference : mean less the baseline's; negative is better.
        low, high : its Welch interval at level 1 - alpha.
        low_all, high_all : the interval so wide that all comparisons hold together at that level.
        t, df, p : Welch's test.
        p_all : p times the number of comparisons, at most 1 (Bonferroni).
        significant : whether p_all < alpha.
        g, g_low, g_high : Hedges' g with its interval at level 1 - alpha (`welch.hedges_g`).

        Whatever does not exist is nan: for the baseline all that compares, for others all that two
        kept trials, not all the same, would be needed for.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, a column is missing, or no trial is of the baseline.

    Notes
    -----
    The trials are chosen by validation error, so the choice does not flatter their test errors. But
    the best tenth of another search would lie below another cut, of which the spread within this
    one says nothing: two searches of the same variant, 200 trials each, differ with p < 0.05 in
    about a fifth of cases, not in a twentieth, and an interval by `welch.bootstrap_interval` of the
    kept trials is no better. The chapter "Boxes and t-tests" measures this, and mends it.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, got {alpha!r}")
    kept = best_trials(trials, top, select=select, judge=judge, by=by)
    table = as_table(trials)
    names = list(table[by].unique())
    if baseline not in names:
        raise ValueError(f"baseline must be one of {', '.join(map(str, names))}, got {baseline!r}")
    names = [baseline, *(name for name in names if name != baseline)]
    comparisons = max(1, len(names) - 1)
    done = finished(table, select, judge)
    nan = float("nan")
    reference = kept.loc[kept[by] == baseline, judge].to_numpy(dtype=np.float64)
    rows = []
    for name in names:
        own, best = table[by] == name, kept[kept[by] == name]
        sample = best[judge].to_numpy(dtype=np.float64)
        row: dict[str, object] = {
            "trials": int(own.sum()),
            "failed": int((own & ~done).sum()),
            "kept": len(sample),
            "mean": sample.mean() if len(sample) else nan,
            "sd": sample.std(ddof=1) if len(sample) > 1 else nan,
            "median": np.median(sample) if len(sample) else nan,
            "best": sample[0] if len(sample) else nan,
            "weights": best["weights"].mean() if "weights" in best else nan,
        }
        test = welch(sample, reference if name != baseline else [])
        g, (g_low, g_high) = hedges_g(sample, reference if name != baseline else [], alpha)
        p_all = nan if np.isnan(test.p) else min(1.0, test.p * comparisons)
        low, high = test.interval(alpha)
        low_all, high_all = test.interval(alpha / comparisons)
        rows.append(row | {
            "difference": test.difference, "low": low, "high": high,
            "low_all": low_all, "high_all": high_all,
            "t": test.t, "df": test.df, "p": test.p, "p_all": p_all, "significant": p_all < alpha,
            "g": g, "g_low": g_low, "g_high": g_high,
        })  # fmt: skip
    return pd.DataFrame(rows, index=pd.Index(names, name=by))

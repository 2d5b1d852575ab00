"""Which variants differ from the baseline, when each is judged by its best trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lstmlab.evidence.ranking import Ranking, rank
from lstmlab.evidence.trials import as_table
from lstmlab.evidence.welch import check_alpha, hedges_g, welch

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
        The column that says which trials are best; lower is better, so it cannot be the value of a
        study that maximizes.
    judge : str
        The column in which they are to be compared.
    by : str
        The column that names the variant.

    Returns
    -------
    DataFrame
        Those rows of the table, variants in the order in which they first appear.
    """
    ranked = _ranked(trials, top, select, judge, by)
    return pd.concat([one.rows[: one.kept] for one in ranked.values()])


def compare_variants(
    trials: pd.DataFrame | Study,
    baseline: str = "V",
    top: float = 0.1,
    alpha: float = 0.05,
    *,
    cut: bool = False,
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
    cut : bool
        Add to the variance what the cut between kept and other trials adds to it
        (`Ranking.cut_variance`). The paper does not.

    Returns
    -------
    DataFrame
        One row a variant, the baseline first, the others in the order in which they first appear.

        trials, failed, kept : how many there are, failed or have no finite numbers, are judged.
        mean, sd, median : of `judge` over the kept trials.
        best : `judge` of the trial that is best by `select`.
        cut : `judge` to be expected right at the cut; inf if the first that is not kept has failed.
        weights : mean number of parameters of the kept trials (nan without such a column).
        difference : mean less the baseline's; negative is better.
        low, high : its Welch interval at level 1 - alpha.
        low_all, high_all : the interval so wide that all comparisons hold together at that level.
        t, df, p : Welch's test.
        p_all : p times the number of comparisons, at most 1 (Bonferroni).
        significant : whether p_all < alpha.
        g, g_low, g_high : Hedges' g with its interval at level 1 - alpha (`hedges_g`). With `cut`
            there is no interval: the one of `hedges_g` is for independent draws.

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
    about a fifth of cases, not in a twentieth, and an interval by `bootstrap_interval` of the kept
    trials is no better. With `cut=True` it is about a twentieth, and by `permutation_p` too. The
    chapter "Boxes and t-tests" measures all of them.
    """
    check_alpha(alpha)
    ranked = _ranked(trials, top, select, judge, by)
    _require_variant(baseline, "baseline", ranked)
    names = [baseline, *(name for name in ranked if name != baseline)]
    comparisons = max(1, len(names) - 1)
    nan = float("nan")
    rows = []
    for name in names:
        own, reference = ranked[name], ranked[baseline]
        sample = own.best
        other = reference.best[: 0 if name == baseline else None]
        weights = own.rows[: own.kept].get("weights")
        row: dict[str, object] = {
            "trials": own.trials,
            "failed": own.trials - len(own.errors),
            "kept": len(sample),
            "mean": sample.mean() if len(sample) else nan,
            "sd": sample.std(ddof=1) if len(sample) > 1 else nan,
            "median": np.median(sample) if len(sample) else nan,
            "best": sample[0] if len(sample) else nan,
            "cut": own.cut,
            "weights": nan if weights is None else weights.mean(),
        }
        more = own.cut_variance + reference.cut_variance if cut else 0.0
        test = welch(sample, other, more=more)
        g, (g_low, g_high) = hedges_g(sample, other, alpha)
        p_all = nan if np.isnan(test.p) else min(1.0, test.p * comparisons)
        low, high = test.interval(alpha)
        low_all, high_all = test.interval(alpha / comparisons)
        rows.append(row | {
            "difference": test.difference, "low": low, "high": high,
            "low_all": low_all, "high_all": high_all,
            "t": test.t, "df": test.df, "p": test.p, "p_all": p_all, "significant": p_all < alpha,
            "g": g, "g_low": nan if cut else g_low, "g_high": nan if cut else g_high,
        })  # fmt: skip
    return pd.DataFrame(rows, index=pd.Index(names, name=by))


def permutation_p(
    trials: pd.DataFrame | Study,
    variant: str,
    baseline: str = "V",
    top: float = 0.1,
    *,
    rng: np.random.Generator,
    draws: int = 10_000,
    select: str = "valid",
    judge: str = "test",
    by: str = "variant",
) -> float:
    """How often a difference as large comes up if the variants' names are shuffled.

    If two variants are the same, it does not matter which trial is called by which name. So the
    names of their trials are shuffled, the best of each chosen anew, and the absolute difference of
    the means compared with the true one. It supposes no distribution, and knows that trials were
    chosen.

    Parameters
    ----------
    trials, top, select, judge, by
        As for `best_trials`.
    variant, baseline : str
        The two to compare.
    rng : numpy.random.Generator
        Shuffles.
    draws : int
        How many times.

    Returns
    -------
    float
        (1 + the number of shuffles whose difference is as large or larger) / (1 + draws), since the
        true names are one way to deal them. nan if one of the two has no finished trial.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, a column is missing, or no trial is of a variant.
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws!r}")
    ranked = _ranked(trials, top, select, judge, by)
    for what, name in (("variant", variant), ("baseline", baseline)):
        _require_variant(name, what, ranked)
    own, other = ranked[variant], ranked[baseline]
    if variant == baseline:
        raise ValueError(f"variant must be another one than the baseline, got {variant!r}")
    if not (len(own.best) and len(other.best)):
        return float("nan")
    both = pd.concat([own.rows, other.rows]).sort_values(select, kind="stable")
    errors = both[judge].to_numpy(dtype=np.float64)  # places behind its end are failed trials
    seen = abs(own.best.mean() - other.best.mean())
    larger = 0
    for _ in range(draws):
        places = rng.permutation(own.trials + other.trials)
        means = []
        for hand, one in ((places[: own.trials], own), (places[own.trials :], other)):
            kept = np.sort(hand)[: one.kept]
            kept = kept[kept < len(errors)]
            means.append(errors[kept].mean() if len(kept) else np.inf)
        # also if it is nan, with two hands of failed trials
        larger += not abs(means[0] - means[1]) < seen * (1 - 1e-9)
    return (1 + larger) / (1 + draws)


def _ranked(
    trials: pd.DataFrame | Study, top: float, select: str, judge: str, by: str
) -> dict[str, Ranking]:
    table = as_table(trials)
    of_study = not isinstance(trials, pd.DataFrame)
    if select == "value" and of_study and trials.direction.name == "MAXIMIZE":
        raise ValueError(
            "trials must be of a study that minimizes, for lower is better here, got one that "
            "maximizes: give its table, with the value's sign turned"
        )
    return rank(table, top, select, judge, by)


def _require_variant(name: str, what: str, ranked: dict[str, Ranking]) -> None:
    if name not in ranked:
        raise ValueError(f"{what} must be one of {', '.join(map(str, ranked))}, got {name!r}")

"""Variants are compared by their best trials, as in the paper, and failures count against them."""

from __future__ import annotations

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttest_ind

from lstmlab.cells import VARIANTS
from lstmlab.evidence import best_trials, compare_variants, hedges_g, permutation_p, welch


def study(n: int = 50, seed: int = 0, **worse: float) -> pd.DataFrame:
    """Trials of all nine variants; some are worse by so much."""
    rng = np.random.default_rng(seed)
    rows = []
    for variant in reversed(VARIANTS):
        valid = 8 + worse.get(variant, 0.0) + rng.gamma(2.0, 0.5, n)
        test = valid + rng.normal(0, 0.1, n)
        weights = rng.integers(1000, 90_000, n)
        rows.append(pd.DataFrame({
            "variant": variant, "state": "complete", "valid": valid, "test": test,
            "weights": weights,
        }))  # fmt: skip
    return pd.concat(rows, ignore_index=True).assign(number=range(9 * n))


@settings(max_examples=10)
@given(seed=st.integers(0, 999), top=st.sampled_from([0.1, 0.25, 1.0]))
def test_tests_and_their_correction_are_those_of_statsmodels(seed: int, top: float) -> None:
    trials = study(30, seed, NOAF=1.0, NFG=0.3)
    found = compare_variants(trials, top=top)
    kept = max(2, round(30 * top))
    best = {
        variant: rows.nsmallest(kept, "valid")["test"]
        for variant, rows in trials.groupby("variant")
    }
    others = [variant for variant in found.index if variant != "V"]
    raw = []
    for variant in others:
        t, p, df = ttest_ind(best[variant], best["V"], usevar="unequal")
        assert found.loc[variant, ["t", "p", "df"]].tolist() == pytest.approx(
            [t, p, df], rel=1e-10, abs=1e-10
        )
        raw.append(p)
    reject, corrected, *_ = multipletests(raw, 0.05, method="bonferroni")
    np.testing.assert_allclose(found.loc[others, "p_all"], corrected, rtol=1e-10, atol=1e-10)
    assert found.loc[others, "significant"].tolist() == reject.tolist()


def test_each_row_says_what_it_says() -> None:
    trials = study(40, NOAF=1.0)
    found = compare_variants(trials)
    assert list(found.index) == ["V", *(name for name in reversed(VARIANTS) if name != "V")]
    rows = trials[trials["variant"] == "NOAF"].sort_values("valid")
    best = rows[:4]
    reference = trials[trials["variant"] == "V"].nsmallest(4, "valid")["test"].to_numpy()
    sample, noaf = best["test"].to_numpy(), found.loc["NOAF"]
    assert (noaf.trials, noaf.failed, noaf.kept) == (40, 0, 4)
    assert (noaf["mean"], noaf["sd"]) == pytest.approx((sample.mean(), sample.std(ddof=1)))
    assert noaf["median"] == np.median(sample)
    assert noaf.best == sample[0]
    assert noaf.weights == best["weights"].mean()
    assert noaf.difference == pytest.approx(sample.mean() - reference.mean())
    assert (noaf.low, noaf.high) == welch(sample, reference).interval(0.05)
    assert (noaf.low_all, noaf.high_all) == welch(sample, reference).interval(0.05 / 8)
    assert noaf.low_all < noaf.low < noaf.difference < noaf.high < noaf.high_all
    g, interval = hedges_g(sample, reference)
    assert (noaf.g, noaf.g_low, noaf.g_high) == (g, *interval)
    assert noaf.significant
    compares = found.loc["V", "difference":"g_high"].drop("significant")  # type: ignore[misc]
    assert compares.isna().all()
    assert not found.significant["V"]


def test_two_comparisons_are_corrected_for_two() -> None:
    trials = study(40, NFG=0.1)
    found = compare_variants(trials[trials["variant"].isin(["V", "NFG", "NP"])])
    best = {name: rows.nsmallest(4, "valid")["test"] for name, rows in trials.groupby("variant")}
    for name in ("NFG", "NP"):
        test = welch(best[name], best["V"])
        assert found.p_all[name] == min(1.0, 2 * test.p)
        assert (found.low_all[name], found.high_all[name]) == test.interval(0.05 / 2)


def test_the_best_trial_is_the_one_that_validation_finds() -> None:
    trials = study(20)
    own = trials.index[trials["variant"] == "NP"]
    trials.loc[own[3], ["valid", "test"]] = [1.0, 9.5]
    trials.loc[own[7], ["valid", "test"]] = [1.5, 2.0]
    found = compare_variants(trials).loc["NP"]
    assert (found.best, found["mean"], found.kept) == (9.5, 5.75, 2)


def test_significant_means_that_the_wide_interval_leaves_zero_out() -> None:
    found = compare_variants(study(60, 3, NOAF=0.3, NFG=0.1, FGR=0.2), top=0.2).drop("V")
    outside = (found.low_all > 0) | (found.high_all < 0)
    assert (found.significant == outside).all()
    assert 0 < outside.sum() < 8


def test_failed_trials_count_as_a_variant_s_worst() -> None:
    trials = study(20)
    first = trials.index[trials["variant"] == "NP"]
    trials.loc[first[:10], ["state", "valid", "test"]] = ["failed", np.nan, np.nan]
    trials.loc[first[10], "test"] = np.inf
    found = compare_variants(trials, top=0.25)
    # a quarter of twenty, not a quarter of the nine that are left
    assert found.loc["NP", ["trials", "failed", "kept"]].tolist() == [20, 11, 5]
    assert found.loc["V", ["trials", "failed", "kept"]].tolist() == [20, 0, 5]
    assert compare_variants(trials, top=1.0).kept["NP"] == 9


def test_at_least_two_trials_are_kept_and_ties_go_to_the_earlier() -> None:
    trials = study(10).assign(valid=1.0)
    kept = best_trials(trials, 0.1)
    assert kept.groupby("variant").size().tolist() == [2] * 9
    assert kept[kept["variant"] == "FGR"]["number"].tolist() == [0, 1]


@pytest.mark.filterwarnings("error")
def test_too_few_or_constant_trials_are_nan_without_a_warning() -> None:
    trials = study(20)
    failed = (trials["variant"] == "NFG") & (trials["number"] % 20 > 0)
    trials.loc[failed, "state"] = "failed"
    trials.loc[trials["variant"] == "NOG", "state"] = "failed"
    trials.loc[trials["variant"].isin(["NIG", "V"]), "test"] = 8.0
    found = compare_variants(trials)
    assert found.loc["NFG", ["kept", "failed"]].tolist() == [1, 19]
    assert np.isfinite(found.loc["NFG", "mean"])
    assert found.loc["NFG", ["sd", "t", "p_all", "low", "g"]].isna().all()
    assert found.loc["NOG", ["mean", "best", "median", "weights", "difference", "p"]].isna().all()
    assert found.loc["NIG", "difference"] == 0.0
    assert found.loc["NIG", ["t", "p_all", "g"]].isna().all()
    assert not found.significant[["NFG", "NOG", "NIG"]].any()


def test_a_study_s_trials_can_be_compared_and_other_columns_judged() -> None:
    rng = np.random.default_rng(0)
    space = {"cell": CategoricalDistribution(["V", "NP"]), "lr": FloatDistribution(0, 1)}
    optuna_study = optuna.create_study()
    for number in range(40):
        params = {"cell": ["V", "NP"][number % 2], "lr": rng.random()}
        value = rng.random()
        optuna_study.add_trial(
            optuna.trial.create_trial(
                params=params, distributions=space, value=value, user_attrs={"error": 2 * value}
            )
        )
    found = compare_variants(optuna_study, top=0.2, select="value", judge="error", by="cell")
    assert list(found.index) == ["V", "NP"]
    assert found.kept.tolist() == [4, 4]
    assert found.weights.isna().all()
    assert found.p_all["NP"] == found.p["NP"]  # one comparison is not corrected


def test_the_value_of_a_study_that_maximizes_is_refused_and_its_other_columns_are_not() -> None:
    """Or its worst trials would be taken for its best."""
    space = {"variant": CategoricalDistribution(["V", "NP"])}
    maximized = optuna.create_study(direction="maximize")
    for number in range(8):
        maximized.add_trial(
            optuna.trial.create_trial(
                params={"variant": ["V", "NP"][number % 2]}, distributions=space,
                value=float(number), user_attrs={"error": -float(number)},
            )
        )  # fmt: skip
    rng = np.random.default_rng(0)
    for call in (
        lambda **columns: best_trials(maximized, **columns),
        lambda **columns: compare_variants(maximized, **columns),
        lambda **columns: permutation_p(maximized, "NP", rng=rng, draws=1, **columns),
    ):
        for judge in ("value", "error"):
            with pytest.raises(ValueError, match="must be of a study that minimizes"):
                call(select="value", judge=judge)
    assert best_trials(maximized, 0.5, select="error", judge="error")["value"].min() == 4.0


def test_wrong_arguments_are_named() -> None:
    trials = study(5)
    for says, options in (
        ("baseline must be one of FGR, .*, got 'LSTM'", {"baseline": "LSTM"}),
        ("top must be above 0 and at most 1, got 0", {"top": 0}),
        ("top must be above 0 and at most 1, got 10", {"top": 10}),
        ("top must be above 0 and at most 1, got 'a'", {"top": "a"}),
        ("alpha must be between 0 and 1, got 5", {"alpha": 5}),
        ("column 'cell'", {"by": "cell"}),
        ("column 'error'", {"judge": "error"}),
        ("column 'dev'", {"select": "dev"}),
        (r"trials\['variant'\] must hold numbers", {"judge": "variant"}),
    ):
        with pytest.raises(ValueError, match=says):
            compare_variants(trials, **options)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="trials must be a table or an Optuna study, got dict"):
        compare_variants({})  # type: ignore[arg-type]

"""The statistics of two samples are those of SciPy and statsmodels, and mean what they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from lstmlab.evidence import bootstrap_interval, hedges_g, welch


@pytest.mark.parametrize("seed", range(20))
def test_welch_s_test_is_that_of_scipy_and_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = rng.integers(2, 40, 2)
    x = rng.normal(rng.normal(), rng.uniform(0.1, 3), n)
    y = rng.normal(8, rng.uniform(0.1, 3), m)
    ours = welch(x, y)
    scipy = stats.ttest_ind(x, y, equal_var=False)
    means = CompareMeans(DescrStatsW(x), DescrStatsW(y))
    assert (ours.t, ours.df, ours.p) == pytest.approx(
        (scipy.statistic, scipy.df, scipy.pvalue), rel=1e-10, abs=1e-10
    )
    assert (ours.t, ours.p, ours.df) == pytest.approx(
        means.ttest_ind(usevar="unequal"), rel=1e-10, abs=1e-10
    )
    assert ours.error == pytest.approx(means.std_meandiff_separatevar, rel=1e-10)
    for alpha in (0.05, 0.05 / 8):
        interval = means.tconfint_diff(alpha, usevar="unequal")
        assert ours.interval(alpha) == pytest.approx(interval, rel=1e-10, abs=1e-10)
        assert tuple(scipy.confidence_interval(1 - alpha)) == pytest.approx(interval, rel=1e-10)


def test_a_tiny_spread_beside_a_large_one_is_no_division_by_zero() -> None:
    test = welch([1.0, 1.0 + 1e-12, 1.0], [5.0, 7.0, 9.0])
    assert test.df == pytest.approx(2.0)
    assert np.isfinite(test.p)


@pytest.mark.parametrize("seed", range(8))
def test_hedges_g_is_that_of_statsmodels_up_to_its_approximate_factor(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(1, 2, 30), rng.normal(0, 2, 25)
    g, _ = hedges_g(x, y)
    theirs, _ = effectsize_smd(x.mean(), x.std(ddof=1), 30, y.mean(), y.std(ddof=1), 25)
    assert g == pytest.approx(float(theirs), rel=1e-4)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (4, 20), (20, 20)])
def test_the_ends_of_g_s_interval_make_what_was_seen_just_too_extreme(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.normal(2, 1, n), rng.normal(0, 1, m)
    g, (low, high) = hedges_g(x, y, alpha=0.1)
    t, k = stats.ttest_ind(x, y).statistic, n + m - 2
    root = np.sqrt(1 / n + 1 / m)
    assert stats.nct.sf(t, k, low / root) == pytest.approx(0.05, abs=1e-5)
    assert stats.nct.cdf(t, k, high / root) == pytest.approx(0.05, abs=1e-5)
    assert low < g < high


def test_g_is_unbiased_and_its_interval_covers_what_is_true_in_very_small_samples() -> None:
    rng = np.random.default_rng(0)
    found, covered = [], 0
    for _ in range(3000):
        g, (low, high) = hedges_g(rng.normal(1.5, 1, 3), rng.normal(0, 1, 4))
        found.append(g)
        covered += low <= 1.5 <= high
    assert np.mean(found) == pytest.approx(1.5, abs=0.05)  # its standard error is 0.016
    assert covered / 3000 == pytest.approx(0.95, abs=0.012)


def test_the_bootstrap_s_interval_is_near_welch_s_in_large_samples() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(1, 1, 200), rng.normal(0, 2, 150)
    interval = bootstrap_interval(x, y, rng=rng)
    assert interval == pytest.approx(welch(x, y).interval(), abs=0.02)
    again = bootstrap_interval(x, y, rng=np.random.default_rng(5))
    assert again == bootstrap_interval(x, y, rng=np.random.default_rng(5))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("power", [-1000, -700, 0, 500, 1000])
def test_how_small_or_large_the_numbers_are_does_not_matter_to_the_bit(power: int) -> None:
    x, y = np.array([1.0, 2.5, 2.0]), np.array([1.0, 3.0, 7.0, 2.0])
    unit = 2.0**power
    ours, theirs = welch(x, y, more=0.5), welch(x * unit, y * unit, more=0.5 * unit * unit)
    if unit * unit == 0 or np.isinf(unit * unit):
        ours, theirs = welch(x, y), welch(x * unit, y * unit)
    assert (theirs.t, theirs.df, theirs.p) == (ours.t, ours.df, ours.p)
    assert (theirs.difference, theirs.error) == (ours.difference * unit, ours.error * unit)
    assert np.isfinite([theirs.t, theirs.df, theirs.p]).all()
    assert hedges_g(x * unit, y * unit) == hedges_g(x, y)


@pytest.mark.filterwarnings("error")
def test_a_spread_too_small_beside_the_means_is_none() -> None:
    test = welch([1e-200, 2e-200], [1.0, 1.0])
    assert test.difference == -1.0
    assert np.isnan([test.error, test.t, test.df, test.p]).all()
    assert np.isnan(hedges_g([1e-200, 2e-200], [1.0, 1.0])[0])


@pytest.mark.parametrize("alpha", [0, 1, 5, -0.1, np.nan, "a", True])
def test_what_is_no_level_is_refused(alpha: float) -> None:
    x, y = [1.0, 2.0, 4.0], [1.0, 3.0]
    rng = np.random.default_rng(0)
    for call in (
        lambda: welch(x, y).interval(alpha),
        lambda: hedges_g(x, y, alpha),
        lambda: bootstrap_interval(x, y, rng=rng, alpha=alpha),
    ):
        with pytest.raises(ValueError, match="alpha must be between 0 and 1, got"):
            call()


@pytest.mark.filterwarnings("error")
def test_what_does_not_exist_is_nan_without_a_warning() -> None:
    for x, y in (([1.0], [2.0, 3.0]), ([1.0, 1.0], [2.0, 2.0]), ([1.0, 2.0], [])):
        test = welch(x, y)
        assert np.isnan([test.t, test.df, test.p, *test.interval(), *hedges_g(x, y)[1]]).all()
        assert np.isnan(hedges_g(x, y)[0])
    assert welch([1.0], [2.0, 4.0]).difference == -2.0
    one_constant = welch([1.0, 1.0], [2.0, 3.0, 5.0])
    assert one_constant.df == pytest.approx(2.0)


def test_wrong_samples_are_named() -> None:
    with pytest.raises(ValueError, match="sample must be a list of finite numbers"):
        welch([1.0, np.nan], [1.0])
    with pytest.raises(ValueError, match="other must be a list of finite numbers"):
        hedges_g([1.0, 2.0], [[1.0]])
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="both samples must hold numbers, got 0 and 1"):
        bootstrap_interval([], [1.0], rng=rng)
    with pytest.raises(ValueError, match="draws must be at least 1, got 0"):
        bootstrap_interval([1.0], [1.0], rng=rng, draws=0)

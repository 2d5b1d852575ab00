"""Trials that were chosen move together with the cut: the variance, and shuffled names."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from lstmlab.evidence import best_trials, compare_variants, permutation_p, welch
from lstmlab.evidence.ranking import rank


def study(rng: np.random.Generator, n: int, noise: float = 0.0, **worse: float) -> pd.DataFrame:
    """n trials of V and of each variant named, of a skewed distribution."""
    rows = []
    for name, by in {"V": 0.0, **worse}.items():
        valid = np.exp(rng.standard_normal(n)) + by
        test = valid + noise * rng.standard_normal(n)
        rows.append(pd.DataFrame({"variant": name, "valid": valid, "test": test}))
    return pd.concat(rows, ignore_index=True).assign(state="complete")


@settings(max_examples=20)
@given(
    seed=st.integers(0, 999), n=st.integers(5, 60), top=st.sampled_from([0.1, 0.25, 0.5, 0.95])
)
def test_the_variance_with_the_cut_is_the_formula(seed: int, n: int, top: float) -> None:
    trials = study(np.random.default_rng(seed), n, noise=0.1, NP=0.3)
    k = max(2, round(top * n))
    a, b = [], []
    for name in ("NP", "V"):
        x = trials[trials["variant"] == name].sort_values("valid")["test"].to_numpy()
        c = (x[k - 1] + x[k]) / 2 if k < n else np.nan
        s2, mean = x[:k].var(ddof=1), x[:k].mean()
        a.append(s2 / k)
        b.append((s2 + (1 - k / n) * (c - mean) ** 2) / k if k < n else s2 / k)
    found = compare_variants(trials, top=top, cut=True).loc["NP"]
    df = sum(a) ** 2 * (k - 1) / (a[0] ** 2 + a[1] ** 2)
    assert found.t == pytest.approx(found.difference / np.sqrt(sum(b)), rel=1e-10)
    assert found.df == pytest.approx(df, rel=1e-10)
    assert found.p == pytest.approx(2 * student.sf(abs(found.t), df), rel=1e-10)
    half = student.ppf(1 - 0.025, df) * np.sqrt(sum(b))
    assert (found.low, found.high) == pytest.approx(
        (found.difference - half, found.difference + half), rel=1e-10
    )


@pytest.mark.parametrize(
    ("noise", "most"),
    [(0.0, 1.1), (0.2, 1.35)],  # two trials at the cut are few if validation and test disagree
)
def test_the_variance_with_the_cut_is_true_or_a_little_too_large(
    noise: float, most: float
) -> None:
    """Over many searches of which the best tenth is kept."""
    rng = np.random.default_rng(0)
    means, said, plain = [], [], []
    for _ in range(1500):
        one = rank(study(rng, 100, noise=noise), 0.1, "valid", "test", "variant")["V"]
        means.append(one.best.mean())
        plain.append(one.best.var(ddof=1) / len(one.best))
        said.append(plain[-1] + one.cut_variance)
    assert 0.9 < np.mean(said) / np.var(means) < most
    assert np.mean(plain) < 0.75 * np.mean(said)


def test_false_alarms_are_as_many_as_promised() -> None:
    rng = np.random.default_rng(1)
    alarms = np.zeros(3)
    for _ in range(300):
        trials = study(rng, 100, NP=0.0)
        alarms += (
            compare_variants(trials).p["NP"] < 0.05,
            compare_variants(trials, cut=True).p["NP"] < 0.05,
            permutation_p(trials, "NP", rng=rng, draws=100) <= 0.05,
        )
    by_welch, with_the_cut, shuffled = alarms / 300
    assert by_welch > 0.15
    assert with_the_cut < 0.09
    assert shuffled < 0.09


def test_real_differences_are_found_by_both() -> None:
    trials = study(np.random.default_rng(2), 200, NP=0.3)
    assert compare_variants(trials, cut=True).p["NP"] < 0.01
    assert permutation_p(trials, "NP", rng=np.random.default_rng(0), draws=300) < 0.01


def test_where_all_trials_are_kept_there_is_no_cut() -> None:
    trials = study(np.random.default_rng(3), 30, NP=0.3)
    with_cut, without = (compare_variants(trials, top=1.0, cut=cut) for cut in (True, False))
    assert without.cut.isna().all()
    dropped = ["g_low", "g_high"]  # hedges_g has no interval for chosen trials
    pd.testing.assert_frame_equal(with_cut.drop(columns=dropped), without.drop(columns=dropped))
    assert with_cut[dropped].isna().all().all()
    assert without.loc["NP", dropped].notna().all()


@pytest.mark.filterwarnings("error")
def test_a_cut_among_failed_trials_leaves_everything_open() -> None:
    trials = study(np.random.default_rng(4), 20, NP=5.0)
    own = trials.index[trials["variant"] == "NP"]
    trials.loc[own[5:], "state"] = "failed"
    found = compare_variants(trials, top=0.25, cut=True).loc["NP"]
    assert (found.kept, found.cut, found.p) == (5, np.inf, 1.0)
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert not found.significant
    assert compare_variants(trials, top=0.25).loc["NP"].significant


def all_deals(x: list[float], y: list[float], k: int) -> float:
    """The share of all deals whose difference is as large; inf is a failed trial."""
    pool = np.array(x + y)

    def best(hand: list[int]) -> float:
        kept = np.sort(pool[hand])[:k]
        kept = kept[np.isfinite(kept)]
        return float(kept.mean()) if len(kept) else np.inf

    def apart(hand: list[int]) -> float:
        return abs(best(hand) - best([n for n in range(len(pool)) if n not in hand]))

    deals = [apart(list(hand)) for hand in combinations(range(len(pool)), len(x))]
    return float(np.mean(np.array(deals) >= apart(list(range(len(x)))) - 1e-9))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1.0, 2.0, 5.0, 9.0], [3.0, 4.0, 6.0, 7.0, 8.0]),
        ([1.0, 2.0, 3.0, 3.5], [4.0, 5.0, 6.0, 7.0]),
        ([1.0, 2.0, np.inf, np.inf], [1.5, 4.0, 5.0, np.inf]),
        ([3.0, np.inf, np.inf, np.inf, np.inf], [1.0, 1.0, np.inf, np.inf]),
    ],
)
def test_shuffled_names_are_as_rare_as_among_all_deals(x: list[float], y: list[float]) -> None:
    trials = pd.DataFrame({"variant": ["NP"] * len(x) + ["V"] * len(y), "valid": x + y})
    trials = trials.assign(test=trials["valid"])
    trials["state"] = np.where(np.isfinite(trials["valid"]), "complete", "failed")
    draws = 4000
    p = permutation_p(trials, "NP", top=0.5, rng=np.random.default_rng(0), draws=draws)
    exact = all_deals(x, y, 2)
    assert p == pytest.approx(exact, abs=4 * np.sqrt(exact / draws))
    assert best_trials(trials, 0.5).groupby("variant").size().max() == 2


def test_who_shuffles_decides_and_nothing_finished_is_nan() -> None:
    trials = study(np.random.default_rng(5), 20, NP=0.2)
    once, twice, other = (
        permutation_p(trials, "NP", rng=np.random.default_rng(seed), draws=200)
        for seed in (0, 0, 1)
    )
    assert once == twice != other
    assert (once * 201) % 1 == pytest.approx(0, abs=1e-9) or (once * 201) % 1 > 1 - 1e-9
    trials.loc[trials["variant"] == "NP", "state"] = "failed"
    assert np.isnan(permutation_p(trials, "NP", rng=np.random.default_rng(0)))


def test_wrong_arguments_are_named() -> None:
    trials, rng = study(np.random.default_rng(6), 10, NP=0.2), np.random.default_rng(0)
    for says, variant, options in (
        ("variant must be one of V, NP, got 'CIFG'", "CIFG", {}),
        ("baseline must be one of V, NP, got 'W'", "NP", {"baseline": "W"}),
        ("variant must be another one than the baseline, got 'V'", "V", {}),
        ("draws must be at least 1, got 0", "NP", {"draws": 0}),
        ("top must be above 0 and at most 1, got 2", "NP", {"top": 2}),
    ):
        with pytest.raises(ValueError, match=says):
            permutation_p(trials, variant, rng=rng, **options)
    for more in (-1.0, np.nan):
        with pytest.raises(ValueError, match="more must be a variance, 0 or more, got"):
            welch([1, 2], [2, 4], more=more)

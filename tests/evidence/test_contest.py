"""The contest: what each method has found within a budget."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lstmlab.evidence import best_so_far, contest


def searches(seed: int = 0, trials: int = 12) -> pd.DataFrame:
    """Two methods, five seeds each, in a random order of rows."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame([
        {"method": method, "seed": s, "number": n, "value": rng.random() + shift,
         "seconds": rng.random() * pace, "state": "complete"}
        for method, shift, pace in (("random", 0.0, 1.0), ("tpe", -0.3, 2.0))
        for s in range(5) for n in range(trials)
    ])  # fmt: skip
    return rows.sample(frac=1, random_state=seed)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_best_so_far_of_each_search(direction: str) -> None:
    trials = searches()
    found = best_so_far(trials, direction=direction)  # type: ignore[arg-type]
    assert len(found) == len(trials)
    best = min if direction == "minimize" else max
    for (method, seed), search in found.groupby(["method", "seed"]):
        own = trials[(trials["method"] == method) & (trials["seed"] == seed)]
        own = own.sort_values("number")
        values = own["value"].tolist()
        assert search["evaluations"].tolist() == list(range(1, 13))
        assert search["best"].tolist() == [best(values[: n + 1]) for n in range(12)]
        assert search["spent"].tolist() == pytest.approx(np.cumsum(own["seconds"]).tolist())


def test_failed_trials_cost_and_find_nothing() -> None:
    trials = pd.DataFrame({
        "method": "a", "seed": 0, "number": range(6), "seconds": 1.0,
        "value": [np.nan, 3.0, 0.1, np.inf, 2.0, np.nan],
        "state": ["failed", "complete", "failed", "complete", "complete", "failed"],
    })  # fmt: skip
    found = best_so_far(trials)
    assert np.isnan(found["best"][0])
    assert found["best"][1:].tolist() == [3, 3, 3, 2, 2]
    assert found["spent"].tolist() == [1, 2, 3, 4, 5, 6]


def test_quartiles_over_the_seeds_at_each_budget() -> None:
    trials = searches()
    table = contest(trials, [3, 12]).set_index(["method", "budget"])
    for method in ("random", "tpe"):
        for budget in (3, 12):
            own = trials[(trials["method"] == method) & (trials["number"] < budget)]
            best = own.groupby("seed")["value"].min()
            row = table.loc[(method, budget)]
            assert row.seeds == 5
            assert [row.low, row["median"], row.high] == pytest.approx(
                best.quantile([0.25, 0.5, 0.75]).tolist()
            )


def test_seconds_are_a_budget_too() -> None:
    trials = searches()
    table = contest(trials, [2.0, 4.0], cost="spent").set_index(["method", "budget"])
    best = []
    for seed in range(5):
        own = trials[(trials["method"] == "tpe") & (trials["seed"] == seed)].sort_values("number")
        own = own[own["seconds"].cumsum() <= 4.0]
        best.append(own["value"].min())
    assert table.loc[("tpe", 4.0), "median"] == np.median(best)


def test_searches_that_ended_before_the_budget_are_not_counted() -> None:
    trials = searches()
    short = trials[~((trials["method"] == "tpe") & (trials["seed"] < 2) & (trials["number"] > 4))]
    table = contest(short, [5, 6, 13]).set_index(["method", "budget"])
    assert table.loc["tpe"].seeds.tolist() == [5, 3, 0]
    assert table.loc["random"].seeds.tolist() == [5, 5, 0]
    assert table.loc[("tpe", 13), ["low", "median", "high"]].isna().all()


def test_wrong_arguments_are_named() -> None:
    trials = searches()
    for says, options in (
        ("budgets must be numbers above 0, got", {"budgets": []}),
        ("budgets must be numbers above 0, got", {"budgets": [5, 0]}),
        ("column 'loss'", {"budgets": [5], "value": "loss"}),
        ("column 'name'", {"budgets": [5], "method": "name"}),
        ("direction must be", {"budgets": [5], "direction": "up"}),
    ):
        with pytest.raises(ValueError, match=says):
            contest(trials, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="column 'spent'"):
        contest(trials.drop(columns="seconds"), [5], cost="spent")

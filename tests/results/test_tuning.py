"""How the search on reviews is made and recorded, on a small piece of generated ones."""

import numpy as np
import pytest

from lstmlab.evidence import Verdicts
from lstmlab.results import tuning
from lstmlab.search import Serial
from lstmlab.search.poudel import IN_GRID, METHODS, Reading

TINY = Reading("generated", train=40, valid=30, embedding=4)
WINNERS = [
    {"lr": 0.01, "hidden": 3, "epochs": 1, "maxlen": 9},
    {"lr": 0.05, "hidden": 3, "epochs": 2, "maxlen": 20},
]


def test_a_grid_over_winners_has_every_combination_of_their_values(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = tuning.over_winners(TINY, WINNERS)
    assert len(found) == 2 * 1 * 2 * 2
    assert len(found[list(tuning.SPACE)].drop_duplicates()) == 8
    for trial in found.to_dict("records"):
        params = {name: trial[name] for name in tuning.SPACE}
        assert TINY(params, trial["seed"])["value"] == pytest.approx(trial["value"])


def test_the_winner_is_the_smallest_error_and_failed_trials_are_none():
    import pandas as pd

    rows = [{**WINNERS[0], "value": np.nan}, {**WINNERS[0], "value": 0.3}]
    rows += [{**WINNERS[1], "value": 0.2}, {**WINNERS[0], "value": 0.2}]
    assert tuning.winner(pd.DataFrame(rows)) == WINNERS[1]


def test_half_precision_keeps_what_the_verdicts_are_worth(monkeypatch):
    rng = np.random.default_rng(0)
    y = rng.random(3000) < 0.4
    p = 1 / (1 + np.exp(-(6 * y + 4 * rng.standard_normal(3000)))).astype(np.float32)
    recorded = {"genetic-I": tuning.logits(p), "y": y}
    monkeypatch.setattr(tuning, "weights", lambda name, part: recorded)
    before, after = Verdicts(p, y), tuning.verdicts("genetic I")
    assert (after.confusion == before.confusion).all()
    assert after.area == pytest.approx(before.area, abs=1e-4)
    assert np.isfinite(tuning.logits(np.array([0.0, 1.0], np.float32))).all()


def test_everything_is_recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = {}
    monkeypatch.setattr(tuning, "OBJECTIVE", TINY)
    monkeypatch.setattr(tuning, "METHODS", IN_GRID)
    monkeypatch.setattr(tuning, "BUDGET", 3)
    monkeypatch.setattr(tuning, "SEEDS", (1,))
    monkeypatch.setattr(tuning, "local_pool", Serial)
    monkeypatch.setattr(
        tuning,
        "publish",
        lambda name, tables, arrays, **about: made.update(tables, **arrays, about=about),
    )
    monkeypatch.setattr(
        tuning,
        "winner",
        lambda trials, real=tuning.winner: {**real(trials), "epochs": 1, "hidden": 2},
    )
    tuning.main([])
    methods = {*IN_GRID, "grid"}
    assert {row["method"] for row in made[""]} == methods
    assert {row["source"] for row in made[""]} == {"generated"}
    assert len(made[""]) == 5 * 2
    for row in made[""]:
        assert row["tn"] + row["fp"] + row["fn"] + row["tp"] == 1000
        assert row["accuracy"] == pytest.approx((row["tn"] + row["tp"]) / 1000)
        assert 0 <= row["area"] <= 1
    assert {row["train"] for row in made[""]} == {40, 2000}
    assert set(made["said"]) == {name.replace(" ", "-") for name in methods} | {"y"}
    assert all(array.shape == (1000,) for array in made["said"].values())
    trials = made["trials"]
    assert all(sum(row["method"] == name for row in trials) == 3 for name in IN_GRID)
    assert made["about"]["sources"] == ["generated"]


@pytest.fixture(scope="module")
def shipped():
    import pandas as pd

    from lstmlab import results

    trials = pd.DataFrame(results.table("tuning-imdb", "trials"))
    trials["value"] = pd.to_numeric(trials["value"], errors="coerce")
    return pd.DataFrame(results.table("tuning-imdb")), trials


def test_every_method_is_shipped_with_all_its_evaluations_inside_the_space(shipped):
    judged, trials = shipped
    made = trials.groupby("method")["number"].apply(sorted).to_dict()
    assert set(made) == {*METHODS, tuning.GRID} == set(judged["method"])
    assert all(made[method] == list(range(tuning.BUDGET)) for method in METHODS)
    for name, one in tuning.SPACE.items():
        assert trials[name].between(one.low, one.high).all()
    assert trials["value"].between(0, 1).mean() > 0.95
    assert (trials["seconds"] > 0).all()


def test_the_shipped_grid_holds_its_winners_and_their_values_alone(shipped):
    _, trials = shipped
    winners = [tuning.winner(trials[trials["method"] == method]) for method in IN_GRID]
    grid = trials[trials["method"] == tuning.GRID]
    for name in tuning.SPACE:
        assert set(grid[name]) == {one[name] for one in winners}
    places = set(grid[list(tuning.SPACE)].itertuples(index=False, name=None))
    assert len(places) == len(grid)
    assert all(tuple(one.values()) in places for one in winners)


def test_what_was_found_is_judged_on_all_test_reviews_with_every_seed(shipped):
    judged, _ = shipped
    assert set(judged["source"]) == {"IMDB"}
    assert set(judged["train"]) == {4000, 20_000}
    counts = judged[["tn", "fp", "fn", "tp"]]
    assert (counts.sum(axis=1) == 25_000).all()
    assert np.allclose((counts["tn"] + counts["tp"]) / 25_000, judged["accuracy"])
    assert (judged.groupby(["method", "train"])["seed"].apply(set) == {*tuning.SEEDS}).all()


def test_shipped_verdicts_give_the_shipped_scores(shipped):
    judged, _ = shipped
    own = judged[(judged["seed"] == tuning.SEEDS[0]) & (judged["train"] == 20_000)]
    for row in own.to_dict("records"):
        said = tuning.verdicts(row["method"])
        assert said.accuracy == pytest.approx(row["accuracy"], abs=0.002)
        assert said.area == pytest.approx(row["area"], abs=0.005)

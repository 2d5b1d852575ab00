"""How the race of the controllers is run and recorded, and what was shipped of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")


from lstmlab.optimizers import Grammar, UniformRules
from lstmlab.optimizers.rewards import REWARDS, Matching
from lstmlab.results import controller, names, table
from lstmlab.results.kept import Kept
from lstmlab.search import rehearse


def test_the_first_arrival_is_that_of_one_sample_and_the_mean_that_of_a_window() -> None:
    earned = [0.1, 0.95, 0.2, 0.9, 0.9, 0.9, 0.9]
    assert controller.first(earned) == 2
    assert controller.first(earned, 0.96) == np.inf
    assert controller.mean(earned, 0.9, 3) == 6
    assert controller.mean(earned, 0.9, 1) == 2
    assert controller.mean(earned, 0.9, 5) == np.inf
    assert controller.mean(earned[:2], 0.1, 5) == np.inf


@pytest.mark.parametrize("window", [1, 10])
def test_a_run_is_that_of_the_searcher_until_it_has_arrived(window: int) -> None:
    grammar = Grammar(1, operands=("g", "m"), unary=("x", "exp"), binary=("*", "-"))
    landscape = Matching(grammar)
    whole = rehearse(UniformRules(grammar, seed=1), landscape, 400)["value"].tolist()
    goal = 0.6 if window == 10 else 1.0
    until = controller.Until(UniformRules(grammar, seed=1), goal, window)
    earned = rehearse(until, landscape, 400)["value"].tolist()
    assert earned == whole[: len(earned)]
    assert max(earned) >= goal
    arrived = max(controller.first(whole, goal), controller.mean(whole, goal, window))
    assert arrived <= len(earned) <= arrived + 3 * until.batch
    assert len(earned) < 400


def test_a_run_that_does_not_arrive_counts_as_the_cap() -> None:
    races = controller.Races(Kept("test"), cap=30)
    piece = races.get("matching", "random", None, 0)
    assert max(piece["earned"]) < 0.9
    assert len(piece["earned"]) == 30
    assert races.arrival(piece) == races.arrival(piece, controller.WINDOW) == 30
    row = controller.run_row(races, {"seed": 0}, piece)
    assert row["arrived"] is row["arrived_mean"] is False
    assert row["best"] == max(piece["earned"])


def test_what_is_earned_is_what_the_controller_was_told() -> None:
    piece = controller.raced("neighbours", "trpo", 0.01, 3, cap=20, window=50)
    searcher = controller.contestant("trpo", 0.01, 3)
    trials = rehearse(searcher, REWARDS["neighbours"](Grammar(2)), 20)
    assert piece["earned"] == pytest.approx(trials["value"].tolist(), abs=1e-4)
    assert len(piece["kl"]) == len(piece["entropy"]) == len(searcher.reports)
    assert max(piece["kl"]) <= 0.01 * 1.01


def rows_of(method: str, means: dict[float, Sequence[float]]) -> list[dict[str, object]]:
    return [
        {"method": method, "setting": setting, "landscape": str(n), "mean": mean}
        for setting, landscapes in means.items()
        for n, mean in enumerate(landscapes)
    ]


def test_one_setting_is_chosen_for_all_landscapes() -> None:
    rows = rows_of("trpo", {0.01: [100, 900], 0.02: [300, 600], 0.04: [50, 2000]})
    assert controller.chosen(rows) == 0.02


def test_everything_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, list[dict[str, object]]] = {}
    asked = []

    def raced(landscape: str, method: str, setting: float, seed: int, cap: int, window: int):
        asked.append((landscape, method, setting, seed, window))
        slow = setting in (None, 0.0025, 5e-4, 0.04, 8e-3)
        earned = [0.5] * (300 if slow else 60) + [0.95] * 60
        return {"earned": earned, "kl": [0.01] * 3, "entropy": [20.0] * 3}

    monkeypatch.setattr(controller, "raced", raced)
    monkeypatch.setattr(controller, "publish", lambda name, tables, **about: made.update(tables))
    controller.main([])
    runs = pd.DataFrame(made[""])
    assert len(runs) == 20 * 3 * 3
    assert set(runs.method) == set(controller.METHODS)
    assert (runs.samples == np.where(runs.method == "random", 301, 61)).all()
    assert set(runs[runs.method == "trpo"].setting) == {0.005}
    assert len(made["tuning"]) == 5 * 3 * 2
    others = pd.DataFrame(made["others"])
    assert (others.groupby(["method", "setting", "landscape"]).seed.nunique() == 20).all()
    assert set(zip(others.method, others.setting, strict=True)) == set(controller.OTHERS)
    tuned_on = {seed for *_, seed, window in asked if window == 1}
    raced_on = {seed for *_, seed, window in asked if window > 1}
    assert raced_on == set(controller.SEEDS)
    assert tuned_on == {*controller.TUNED_ON, *controller.SEEDS}
    assert not set(controller.TUNED_ON) & set(controller.SEEDS)
    assert {row["seed"] for row in made["curves"]} == set(controller.DRAWN)


def test_a_curve_is_thinned_and_says_what_the_update_there_did() -> None:
    rng = np.random.default_rng(0)
    piece = {"earned": list(rng.random(77)), "kl": list(rng.random(13)), "entropy": [1.0] * 13}
    rows = controller.curve_rows({"seed": 1}, piece)
    assert [row["samples"] for row in rows] == [25, 50, 75]
    assert rows[1]["mean"] == round(float(np.mean(piece["earned"][25:50])), 3)
    assert rows[1]["best"] == round(max(piece["earned"][:50]), 3)
    assert rows[1]["kl"] == piece["kl"][9]
    assert rows[2]["kl"] == ""


@pytest.mark.skipif("controller" not in names(), reason="not shipped yet")
class TestShipped:
    def test_every_run_is_there_and_says_what_it_was(self) -> None:
        runs = pd.DataFrame(table(controller.NAME))
        groups = runs.groupby(["landscape", "method"])
        assert set(groups.groups) == {
            (a, b) for a in controller.LANDSCAPES for b in controller.METHODS
        }
        assert (groups.seed.nunique() == 20).all()
        assert (runs.samples <= controller.CAP).all()
        arrived = runs.arrived.astype(str) == "True"
        assert (runs.best[arrived] >= controller.GOAL).all()
        assert (runs.best[~arrived] < controller.GOAL).all()
        assert (runs.samples[~arrived] == controller.CAP).all()

    def test_trpo_needs_the_fewest_samples_in_the_median(self) -> None:
        runs = pd.DataFrame(table(controller.NAME))
        medians = runs.groupby(["landscape", "method"]).samples.median().unstack()
        assert (medians.trpo < medians.reinforce).all()
        assert (medians.trpo < medians.random).all()

    def test_the_settings_are_those_of_the_tuning(self) -> None:
        runs, tuning = (pd.DataFrame(table(controller.NAME, part)) for part in ("", "tuning"))
        for method in controller.GRIDS:
            rows = tuning[tuning.method == method].to_dict("records")
            used = set(runs[runs.method == method].setting.astype(float))
            assert used == {controller.chosen(rows)}

    def test_no_step_of_trpo_was_longer_than_it_may_be(self) -> None:
        runs = pd.DataFrame(table(controller.NAME))
        trpo = runs[runs.method == "trpo"]
        bound = trpo.setting.astype(float) * 1.006  # three digits are kept
        assert (trpo.largest_kl.astype(float) <= bound).all()

    def test_a_run_can_be_made_again(self) -> None:
        runs = pd.DataFrame(table(controller.NAME))
        row = runs[(runs.method == "random") & (runs.seed == 3)].iloc[0]
        piece = controller.raced(row.landscape, "random", None, 3, 200, controller.WINDOW)
        curves = pd.DataFrame(table(controller.NAME, "curves"))
        mine = curves[
            (curves.method == "random") & (curves.seed == 3) & (curves.landscape == row.landscape)
        ]
        found = controller.curve_rows({}, piece)
        assert [r["best"] for r in found] == mine.best.astype(float).tolist()[: len(found)]

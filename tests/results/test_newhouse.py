"""Newhouse's study: pieces of what the shipped tables are made of, and what those hold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lstmlab import results
from lstmlab.results import newhouse, newhouse_noise, newhouse_stencils, newhouse_trials
from lstmlab.results import newhouse_differences as differences
from lstmlab.results import newhouse_race as race
from lstmlab.results import newhouse_sample as sample
from lstmlab.results.kept import Kept
from lstmlab.results.newhouse_pieces import OutOfTime, WhileTimeLasts, loss_of, published
from lstmlab.results.newhouse_walks import Walk, reports
from lstmlab.search.newhouse import PAPER, SPACE, TRIALS, CharRNN
from lstmlab.tasks import available


def bowl(params, seed):
    """A smooth objective whose best place is (100, 20, 0.03), with some luck."""
    off = [
        math.log(params[name] / best)
        for name, best in (("hidden", 100), ("length", 20), ("lr", 0.03))
    ]
    luck = float(np.random.default_rng(seed).standard_normal())
    return {"value": 2 + sum(x * x for x in off) + 1e-3 * luck}


def test_no_piece_is_begun_too_late_and_kept_ones_are_always_given(tmp_path):
    path = tmp_path / "kept"
    WhileTimeLasts(Kept("plan", path)).get("one", lambda: [1])
    late = WhileTimeLasts(Kept("plan", path), minutes=0)
    assert late.all({"one": lambda: [0], "two": lambda: [2]}) == {"one": [1]}
    with pytest.raises(OutOfTime, match="two"):
        late.get("two", lambda: [2])
    assert WhileTimeLasts(Kept("plan", path)).get("two", lambda: [2]) == [2]


@pytest.mark.parametrize(
    ("answer", "loss"), [(1.5, 1.5), ({"value": 2}, 2.0), (math.nan, math.inf)]
)
def test_a_training_without_a_loss_is_infinitely_bad(answer, loss):
    assert loss_of(lambda params, seed: answer, {}, 0) == loss


@pytest.mark.parametrize(
    ("name", "width", "low", "high"),
    [
        ("hidden", 1.0, 40, 41),
        ("hidden", 1.5, 27, 60),
        ("length", 2.0, 6, 24),
        ("lr", 1.25, 0.08, 0.125),
        ("lr", 1.0, 0.1, 0.1 + 1e-8),
    ],
)
def test_the_two_ends_differ_in_one_hyperparameter_alone(name, width, low, high):
    at = {"hidden": 40, "length": 12, "lr": 0.1}
    for end, x in zip(differences.ends(at, name, width), (low, high), strict=True):
        assert end[name] == pytest.approx(x, rel=1e-12)
        assert {other: end[other] for other in at if other != name} == {
            other: at[other] for other in at if other != name
        }


def test_no_end_lies_outside_of_the_bounds():
    for at in differences.PLACES:
        for name, scale in SPACE.items():
            for width in differences.WIDTHS:
                for end in differences.ends(at, name, width):
                    assert scale.low <= end[name] <= scale.high


def test_luck_that_both_ends_share_hides_nothing_from_common_pairs_and_much_from_fresh_ones():
    rng = np.random.default_rng(0)
    luck = rng.standard_normal(80)
    row = differences.judged(luck, luck + 0.1 + 0.01 * rng.standard_normal(80))
    assert row["decided"] == row["common"] == row["common_4"] == 1
    assert 0.5 < row["fresh"] < row["fresh_4"] < 0.65
    assert row["together"] > 0.999
    assert row["spread"] == pytest.approx(1, abs=0.2)


def test_where_there_is_no_difference_nothing_is_decided_and_a_sign_is_a_coin():
    rng = np.random.default_rng(3)
    rows = [differences.judged(*rng.standard_normal((2, 80))) for _ in range(60)]
    assert np.mean([row["decided"] for row in rows]) < 0.15
    for name in ("common", "fresh", "common_4", "fresh_4"):
        assert np.mean([row[name] for row in rows]) == pytest.approx(0.5, abs=0.05)


def test_equal_losses_have_no_sign():
    row = differences.judged(np.ones(80), np.ones(80))
    assert row["decided"] == 0
    assert row["together"] == 0


def test_the_gradient_of_luck_grows_as_h_shrinks():
    lengths = [
        np.linalg.norm(differences.slopes("fresh", h, 1, 5, bowl), axis=1).mean()
        for h in (1e-4, 1e-6, 1e-8)
    ]
    np.testing.assert_allclose(np.log10(lengths[1:]) - np.log10(lengths[:-1]), 2, atol=0.5)
    same = np.linalg.norm(differences.slopes("common", 1e-4, 1, 2, bowl), axis=1)
    assert (same < 1e2).all()
    repeated = np.linalg.norm(differences.slopes("fresh", 1e-6, 25, 8, bowl), axis=1).mean()
    once = np.linalg.norm(differences.slopes("fresh", 1e-6, 1, 40, bowl), axis=1).mean()
    assert 3 < once / repeated < 8


def test_a_stencil_is_twelve_places_and_its_slopes_are_those_of_a_plane():
    at = differences.PLACES[0]
    places = newhouse_stencils.corners(at, 1.5)
    assert len({tuple(place.values()) for place in places}) == 12
    plane = np.array([[2 * p["hidden"] - p["length"] + 3 * p["lr"]] * 4 for p in places])
    ends = {name: differences.ends(at, name, 1.5) for name in SPACE}
    for name, factor in (("hidden", 2), ("length", -1), ("lr", 3)):
        low, high = (end[name] for end in ends[name])
        found = newhouse_stencils.slopes(plane)[name]
        np.testing.assert_allclose(found, factor * (high - low), rtol=1e-9)


def test_a_stencil_shows_downhill_on_a_bowl_and_nothing_where_all_is_luck():
    at = differences.PLACES[2]
    row = newhouse_stencils.judged(np.array(newhouse_stencils.stencils(at, 1.5, 8, bowl)))
    assert all(found["decided"] == found["common"] == found["fresh"] == 1 for found in row.values())
    assert row["lr"]["difference"] > 0 > row["hidden"]["difference"] - 1
    luck = np.random.default_rng(0).standard_normal((12, 400))
    for found in newhouse_stencils.judged(luck).values():
        assert found["fresh"] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("method", "setting"), race.ENTRIES)
def test_every_contestant_is_judged_after_every_budget(method, setting):
    rows = race.raced(method, setting, 1, budgets=(5, 30), fair=bowl, paper=bowl)
    assert [row["budget"] for row in rows] == [5, 30]
    for row in rows:
        assert row["trainings"] <= row["budget"]
        for prefix in ("", "end_"):
            params = {name: row[prefix + name] for name in SPACE}
            for name, scale in SPACE.items():
                assert scale.low <= params[name] <= scale.high
            assert isinstance(params["hidden"], int)
            assert row[f"{prefix}loss"] == pytest.approx(bowl(params, 0)["value"], abs=0.01)
    if row["value"] != "":
        assert rows[1]["value"] <= rows[0]["value"]
    assert rows == race.raced(method, setting, 1, budgets=(5, 30), fair=bowl, paper=bowl)


def test_customary_methods_see_one_seed_and_the_others_many():
    seen = []
    objective = lambda params, seed: seen.append(seed) or 1.0  # noqa: E731
    for setting, most in (("customary", 1), ("paper", 3)):
        seen.clear()
        aimed = race.aim(setting, 0, objective, bowl)
        for seed in (1, 2, 3):
            aimed({}, seed)
        assert len(set(seen)) == most
    assert race.aim("paper, summed loss", 0, objective, bowl) is bowl


def test_only_seeds_that_all_have_run_are_published():
    works = race.race_works()
    found = {name: [{"name": name}] for name in list(works)[: len(race.ENTRIES) + 3]}
    assert [row["name"] for row in race.whole_seeds(found)] == list(works)[: len(race.ENTRIES)]


TINY = CharRNN(1)


def test_a_walk_in_legs_is_carried_on_and_the_same_again(tmp_path, monkeypatch):
    monkeypatch.setattr("lstmlab.results.newhouse_walks.LEGS", {1: 3})
    monkeypatch.setattr("lstmlab.results.newhouse_walks.EVERY", 2)
    made = []
    for minutes, path in ((math.inf, "whole"), (math.inf, "broken")):
        walk = Walk(TRIALS[3 + 1], 0.5, objective=TINY)
        monkeypatch.setattr(walk.trial.__class__, "every", 2, raising=False)
        pieces = WhileTimeLasts(Kept("plan", tmp_path / path), minutes)
        if path == "broken":
            walk.carry(pieces, 5)
            walk = Walk(TRIALS[4], 0.5, objective=TINY)
            with pytest.raises(OutOfTime):
                walk.carry(WhileTimeLasts(Kept("plan", tmp_path / path), 0), 9)
            assert walk.steps == 5
        walk.carry(pieces, 9)
        made.append(walk.points)
    steps = [step for step, _, _ in made[0]]
    assert steps == sorted(set(steps))
    assert steps[-1] == 9
    assert all(len(place) == 3 for _, _, place in made[0])


def test_trials_start_where_the_paper_says():
    starts = {walk.name: list(walk.at.values()) for walk in newhouse_trials.walks()}
    assert starts["6/1.0/0"] == list(PAPER["3A"][6, 0])
    assert starts["9/1.0/0"] == list(PAPER["4B"][9, 0])
    assert len(starts) == 5 * 3 + 4
    for name, start in starts.items():
        assert all(0 <= x <= 10 for x in start), name
    assert starts["1/0.1/0"] != starts["1/0.5/0"] != starts["2/0.5/0"]


def test_the_ends_that_the_paper_prints_stand_beside_ours():
    trial = {trial.number: trial for trial in TRIALS}
    assert newhouse_trials.printed_end(trial[1], 0.5) == (36.7481, 35.9527, 0.2646)
    assert newhouse_trials.printed_end(trial[3], 0.1) is None
    assert newhouse_trials.printed_end(trial[8], 1.0) == (92.842619, -120.690901, -116.894512)


def test_noise_side_by_side_is_the_noise_of_one_point_after_the_other():
    place = {"hidden": 19.25, "length": 12.8, "lr": 0.1}
    x = np.array([list(place.values())] * 2000)
    rng = np.random.default_rng(0)
    many = newhouse_noise.relaxed_noise(x, rng, 1.0)
    one = newhouse_noise.noisy(rng, 1.0)
    single = [one(place) for _ in range(2000)]
    assert many.mean() == pytest.approx(0.75 * (1e6 + 391**2), abs=0.1)
    assert many.mean() == pytest.approx(np.mean(single), abs=0.05)
    assert many.std() == pytest.approx(0.25 * np.hypot(0.2, 0.8), rel=0.1)
    assert many.std() == pytest.approx(np.std(single), rel=0.1)


def test_over_the_arches_there_is_no_luck_and_one_walk_is_the_other():
    """Rounding apart, side by side is as one by one, until the walk is sane."""
    size, steps = 0.5, 15
    many = newhouse_noise.noisy_descents(size, steps, 5, walks=3, seed=4)
    for path in many:
        start = dict(zip(SPACE, path[0].tolist(), strict=True))
        walk = Walk(TRIALS[4], size)
        walk.points = [(0, "gradient", list(start.values()))]
        single = reports(
            walk.climber(steps), newhouse_noise.noisy(np.random.default_rng(0), 1.0), 5
        )
        np.testing.assert_allclose([place for _, _, place in single], path, atol=1e-2)


def test_a_text_goes_on_and_its_losses_are_those_of_the_network(monkeypatch):
    monkeypatch.setattr(sample, "SOURCE", "generated")
    made = sample.written("paper", {"hidden": 20, "length": 10, "lr": 0.1}, 0, 300, 80)
    assert len(made["text"]) == 80
    assert made["row"]["updates"] == 300
    assert made["row"]["characters"] == 3000
    assert 1 < made["row"]["test"] < 4.5
    tables = sample.sample_tables([made])
    assert tables[""] == [made["row"]]
    assert tables["texts"][0]["text"] == made["text"]


def test_every_part_is_published_with_what_there_is(monkeypatch, tmp_path):
    told = []
    monkeypatch.setattr(
        "lstmlab.results.newhouse_pieces.publish", lambda *given, **more: told.append((given, more))
    )
    published("signs", {"": []}, 1.0)
    assert told == []
    newhouse.main(["--part", "race", "--minutes", "0"])
    assert told == []
    published("signs", {"": [{"a": 1}], "gradients": []}, 1.0, {"pairs": {}})
    (name, tables, arrays), more = told[0]
    assert (name, tables, arrays) == ("newhouse-signs", {"": [{"a": 1}]}, {})
    assert more["command"] == "newhouse --part signs"


def test_a_part_has_to_be_named(capsys):
    with pytest.raises(SystemExit):
        newhouse.main(["--part", "all"])
    assert "invalid choice: 'all'" in capsys.readouterr().err


def shipped(name, part=""):
    return results.table(f"newhouse-{name}", part)


def test_the_shipped_signs_follow_from_the_shipped_losses():
    losses = results.weights("newhouse-signs", "pairs")
    rows = shipped("signs")
    assert len(losses) == len(rows)
    for n, row in list(enumerate(rows))[::5]:
        low, high = losses[str(n)].astype(float)
        for name, x in differences.judged(low, high).items():
            assert row[name] == pytest.approx(x, rel=1e-4, abs=1e-3)


def test_wide_differences_are_right_where_the_papers_are_a_coin():
    rows = [row for row in shipped("signs") if row["decided"]]

    def right(name, width, seeds):
        found = [r[seeds] for r in rows if (r["name"], r["width"]) == (name, width)]
        return np.mean(found)

    assert right("lr", differences.ONE, "fresh") == pytest.approx(0.5, abs=0.02)
    for name in ("hidden", "lr"):
        assert right(name, 2.0, "fresh") > 0.95
    assert right("hidden", differences.ONE, "fresh") < 0.85 < right("hidden", 1.1, "fresh")


def test_the_papers_gradient_is_noise_over_h():
    rows = [row for row in shipped("signs", "gradients") if row["mode"] == "fresh"]
    once = {row["h"]: [] for row in rows if row["beta"] == 1}
    for row in rows:
        if row["beta"] == 1:
            once[row["h"]].append(row["magnitude"])
    hs = [h for h in sorted(once) if h <= 1e-4]
    slope = np.polyfit(np.log10(hs), [np.log10(np.median(once[h])) for h in hs], 1)[0]
    assert slope == pytest.approx(-1, abs=0.05)


def test_a_shipped_training_again_comes_to_the_same():
    """On the real text, where it is; to what other processors make of the same additions."""
    if available("shakespeare") != "Tiny Shakespeare":
        pytest.skip("Tiny Shakespeare is not here")
    row, losses = shipped("signs")[0], results.weights("newhouse-signs", "pairs")["0"]
    again = differences.trained(
        row["loss"], differences.PLACES[row["place"]], row["name"], row["width"], 2
    )
    np.testing.assert_allclose(again, losses[:, :2], rtol=0.01)


def test_the_shipped_race_has_ten_starts_of_every_contestant():
    rows = shipped("race")
    for method, setting in race.ENTRIES:
        for budget in race.BUDGETS:
            seeds = [
                row["seed"]
                for row in rows
                if (row["method"], row["setting"], row["budget"]) == (method, setting, budget)
            ]
            assert seeds == list(range(len(seeds)))
            assert len(seeds) >= 10


def test_the_customary_methods_beat_the_papers_settings_at_equal_evaluations():
    rows = shipped("race")

    def median(method, setting, budget):
        return np.median([
            row["loss"]
            for row in rows
            if (row["method"], row["setting"], row["budget"]) == (method, setting, budget)
        ])  # fmt: skip

    for method in race.METHODS:
        for budget in (60, 120):
            ours = median(method, "customary", budget)
            assert ours < median(method, "paper", budget)
            assert ours < median(method, "paper, summed loss", budget)


def test_the_shipped_walks_go_over_the_arches_as_the_papers_do():
    paths = {(row["trial"], row["step"]): row for row in shipped("trials", "paths")}
    for trial, figure in ((6, "3A"), (7, "3B"), (9, "4B")):
        ours = [paths[trial, 10][name] for name in SPACE]
        assert ours == pytest.approx(PAPER[figure][trial, 10], abs=1e-3)


def test_the_shipped_walks_are_of_all_trials_and_say_how_far_they_went():
    rows = {(row["trial"], row["size"]): row for row in shipped("trials")}
    assert set(rows) == {(t.number, size) for t in TRIALS for size in t.step_sizes}
    for (trial, _), row in rows.items():
        assert row["steps"] == row["of"] or trial <= 3
        assert row["steps"] >= 100
    noise = results.weights("newhouse-trials", "noise")
    assert noise["step-0.1"].shape == (newhouse_noise.WALKS, 101, 3)
    assert noise["trial-7"].shape[0] >= 20


def test_the_shipped_texts_have_two_thousand_characters_and_their_losses():
    texts = shipped("sample", "texts")
    assert {"paper", "race", "long"} <= {row["whose"] for row in texts}
    assert all(len(row["text"]) == 2000 for row in texts)
    losses: dict[str, list[float]] = {}
    for row in shipped("sample"):
        losses.setdefault(row["whose"], []).append(row["valid"])
    assert np.mean(losses["long"]) < np.mean(losses["paper"]) < np.mean(losses["race"])


def test_the_longer_search_ends_with_what_it_found_best():
    found = sample.sought(30, bowl)
    row = found["row"]
    assert bowl(row, 0)["value"] < 2.2
    assert row["value"] < 2.2
    assert row["trainings"] <= 30
    sets = {"paper": sample.PAPER, "race": {"hidden": 20, "length": 5, "lr": 0.1}, "long": row}
    works = sample.sample_works(sets)
    assert len(works) == 4 * len(sample.SEEDS)
    as_many = [work.args[3] for name, work in works.items() if "as many" in name]
    assert as_many == [720_000] * len(sample.SEEDS)


def test_a_shipped_stencil_of_one_and_a_half_shows_downhill_nineteen_times_in_twenty():
    rows = [row for row in shipped("signs", "stencils") if row["decided"] and row["width"] == 1.5]
    assert {row["place"] for row in rows} == set(range(len(differences.PLACES)))
    for name in SPACE:
        assert np.mean([row["common"] for row in rows if row["name"] == name]) > 0.95

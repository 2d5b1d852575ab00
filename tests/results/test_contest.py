"""How the contest is made and recorded, on a made-up table of trained networks."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from lstmlab.results import contest, surface, table
from lstmlab.search import Genetic, Serial, rehearse
from lstmlab.search.poudel import BUDGETS, GENES, IN_GRID, METHODS, SPACE, contestant


@pytest.fixture
def networks(monkeypatch):
    """A table in which every accuracy has a formula: (name, part) -> rows."""

    def accuracy(hidden, lr, maxlen, repeat, epoch):
        off = (np.log(lr / 0.008) / 3) ** 2 + (np.log(hidden / 40) / 6) ** 2
        return round(0.5 + 0.4 * np.exp(-off) * (1 - np.exp(-maxlen * epoch / 90)) + repeat / 99, 6)

    rows = []
    for hidden, seeds, every in surface.GRIDS.values():
        grid = surface.grid(hidden, seeds, every)
        for place in grid.ask(len(grid)):
            row = {name: place[name] for name in ("hidden", "lr", "maxlen", "repeat")}
            gone = place["lr"] > 0.5 and place["hidden"] > 100
            for epoch in surface.EPOCHS:
                lost = gone and epoch > 3
                row[f"after_{epoch}"] = "" if lost else accuracy(**place, epoch=epoch)
            rows.append({**row, "seconds": (3 if gone else 15) * place["hidden"] / 100})
    monkeypatch.setattr(surface, "table_of", lambda name: rows)
    return accuracy


def test_at_its_own_places_the_table_says_what_was_trained(networks):
    noisy, mean = surface.Tabulated(), surface.Tabulated(noisy=False)
    for hidden, lr, maxlen, epochs in ((1, 0.0005, 4, 1), (64, 0.004, 48, 7), (16, 0.256, 128, 15)):
        place = {"hidden": hidden, "lr": lr, "maxlen": maxlen, "epochs": epochs}
        each = [networks(hidden, lr, maxlen, repeat, epochs) for repeat in range(3)]
        for seed in range(5):
            assert noisy(place, seed)["value"] == pytest.approx(1 - each[seed % 3])
        assert mean(place, 2)["value"] == pytest.approx(1 - np.mean(each))
        assert noisy(place, 0)["seconds"] == pytest.approx(epochs * hidden / 100)


def test_between_its_places_it_lies_between_and_beyond_its_ends_it_stays(networks):
    mean = surface.Tabulated(noisy=False)
    low, high = ({"hidden": 16, "lr": 0.008, "maxlen": m, "epochs": 8} for m in (32, 48))
    between = mean({**low, "maxlen": 39}, 0)["value"]
    assert mean(high, 0)["value"] < between < mean(low, 0)["value"]
    assert mean({**low, "maxlen": 500}, 0) == mean({**low, "maxlen": 128}, 0)
    assert mean({**low, "maxlen": 1}, 0) == mean({**low, "maxlen": 4}, 0)


def test_a_network_that_diverged_guesses_and_cost_no_more_than_it_took(networks):
    noisy = surface.Tabulated()
    place = {"hidden": 511, "lr": 0.5115, "maxlen": 64, "epochs": 10}
    assert noisy(place, 0)["value"] == 0.5
    assert noisy({**place, "epochs": 3}, 0)["value"] != 0.5
    assert noisy({**place, "epochs": 3}, 0)["seconds"] == pytest.approx(3 * 511 / 100)


@pytest.mark.parametrize("wrong", [{"lr": None}, {"epochs": "3"}, {"lr": -1.0}, {"hidden": np.nan}])
def test_a_place_that_is_none_is_refused(networks, wrong):
    place = {"hidden": 16, "lr": 0.008, "maxlen": 32, "epochs": 8}
    with pytest.raises(ValueError, match="must be a number above 0, got"):
        surface.Tabulated()({**place, **wrong}, 0)


def test_widths_that_were_trained_sparsely_are_filled_in(networks):
    mean = surface.Tabulated(noisy=False)
    trained = {"hidden": 256, "lr": 0.002, "maxlen": 16, "epochs": 5}
    assert mean(trained, 0)["value"] == pytest.approx(1 - networks(256, 0.002, 16, 0, 5))
    left_out = {**trained, "lr": 0.001, "maxlen": 16}
    ends = [networks(256, lr, 16, 0, 5) for lr in (0.0005, 0.002)]
    assert mean(left_out, 0)["value"] == pytest.approx(1 - np.mean(ends))


def test_a_search_is_marked_with_what_it_believes_and_what_it_gets(networks):
    noisy, expected = surface.Tabulated(), surface.Tabulated(noisy=False)
    trials = rehearse(contestant("genetic II", SPACE, GENES, 0), noisy, 75)
    rows = contest.marked(trials, expected)
    assert [row["evaluations"] for row in rows] == [m for m in contest.MARKS if m <= 75]
    for row in rows:
        seen = trials.iloc[: row["evaluations"]]
        winner = seen.loc[seen["value"].idxmin()]
        assert row["best"] == pytest.approx(seen["value"].min(), abs=1e-6)
        assert row["true"] == pytest.approx(
            expected({name: winner[name] for name in SPACE}, 0)["value"], abs=1e-6
        )
        assert row["spent"] == pytest.approx(seen["seconds"].sum(), abs=0.01)


def test_generations_are_those_that_are_known_whole(networks):
    search = contestant("genetic I", SPACE, GENES, 1)
    assert isinstance(search, Genetic)
    trials = rehearse(search, surface.Tabulated(), 50)
    rows = contest.of_generations(search)
    assert [row["generation"] for row in rows] == [1, 2]
    assert rows[0]["lived"] == ""
    accuracy = 1 - trials["value"]
    assert rows[0]["new"] == rows[0]["all"] == pytest.approx(accuracy[:20].mean(), abs=1e-6)
    assert rows[1]["lived"] == pytest.approx(accuracy[20], abs=1e-6)
    assert rows[1]["new"] == pytest.approx(accuracy[21:40].mean(), abs=1e-6)
    assert rows[1]["best"] == pytest.approx(accuracy[20:40].max(), abs=1e-6)


def test_the_grid_over_winners_holds_the_winners(networks):
    noisy, expected = surface.Tabulated(), surface.Tabulated(noisy=False)
    searches = {m: rehearse(contestant(m, SPACE, GENES, 3), noisy, 40) for m in METHODS[:5]}
    row = contest.winners_grid(searches, 3, dict.fromkeys(BUDGETS, 30), expected)
    best = min(searches[method]["value"][:30].min() for method in IN_GRID)
    assert row["best_before"] == pytest.approx(best, abs=1e-6)
    winners = [searches[method].iloc[:30].nsmallest(1, "value").iloc[0] for method in IN_GRID]
    levels = [sorted({winner[name] for winner in winners}) for name in SPACE]
    places = [dict(zip(SPACE, place, strict=True)) for place in product(*levels)]
    assert row["evaluations"] == len(places) <= 4**4
    true = [expected(place, 0)["value"] for place in places]
    assert min(abs(np.array(true) - row["true"])) < 1e-6
    assert min(abs(np.array(true) - row["true_before"])) < 1e-6
    luck = max(abs(noisy(place, k)["value"] - t) for place, t in zip(places, true, strict=True)
               for k in range(3))  # fmt: skip
    assert row["true"] <= min(true) + 2 * luck + 1e-6


def test_everything_is_recorded(networks, monkeypatch):
    made = {}
    monkeypatch.setattr(contest, "MOST", dict.fromkeys(METHODS, 5) | {"genetic II": 45})
    monkeypatch.setattr(contest, "SEEDS", range(2))
    monkeypatch.setattr(contest, "FOLLOWED", range(1))
    monkeypatch.setattr(contest, "local_pool", Serial)
    monkeypatch.setattr(contest, "publish", lambda name, tables, **about: made.update(tables))
    contest.main([])
    assert {row["method"] for row in made[""]} == set(METHODS)
    assert {row["space"] for row in made[""]} == {"linear", "log"}
    assert {(row["budgets"], row["seed"]) for row in made["grids"]} == {
        ("own", 0), ("own", 1), ("equal", 0), ("equal", 1),
    }  # fmt: skip
    assert {row["method"] for row in made["generations"]} == {"genetic II"}
    assert {row["seed"] for row in made["generations"]} == {0}


def shipped(part=""):
    return pd.DataFrame(table(contest.NAME, part))


def test_every_search_is_shipped_to_its_end():
    found = shipped()
    searches = found.groupby(["method", "space", "seed"])
    assert len(searches) == len(METHODS) * len(contest.SPACES) * len(contest.SEEDS)
    for (method, _, _), search in searches:
        marks = [mark for mark in contest.MARKS if mark <= contest.MOST[method]]
        assert search["evaluations"].tolist() == marks
        assert search["best"].is_monotonic_decreasing
        assert search["spent"].is_monotonic_increasing
    grids = shipped("grids")
    assert grids.groupby("budgets")["seed"].nunique().to_dict() == {"own": 50, "equal": 50}
    assert (grids["evaluations"] <= 4**4).all()
    retrained = grids[grids["same"].astype(str) == "True"]
    assert len(retrained) < len(grids)
    assert np.allclose(retrained["true"], retrained["true_before"])


@pytest.mark.parametrize(("method", "space"), [("TPE", "log"), ("genetic III", "linear")])
def test_a_shipped_search_is_made_again(method, space):
    genes = GENES if space == "linear" else None
    search = contestant(method, contest.SPACES[space], genes, seed=7)
    trials = rehearse(search, surface.Tabulated(), 40)
    rows = contest.marked(trials, surface.Tabulated(noisy=False))
    found = shipped().query("method == @method and space == @space and seed == 7")
    for row, (_, was) in zip(rows, found.iterrows(), strict=False):
        assert row["evaluations"] == was["evaluations"]
        assert row["best"] == pytest.approx(was["best"], abs=2e-6)
        assert row["spent"] == pytest.approx(was["spent"], abs=0.02)

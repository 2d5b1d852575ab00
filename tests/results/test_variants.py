"""The study of coupling: what it runs, that it goes on where it stopped, and what is shipped."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lstmlab import results
from lstmlab.cells import forward
from lstmlab.results import variants
from lstmlab.results.variants import ARMS, CLIMBERS, FOUR, NAME, RATES, Runs, climb, fit, study
from lstmlab.tasks import load
from lstmlab.training import Network, Recipe, train

RECIPE = Recipe(lr=0.01, momentum=0.9, noise=0.2, epochs=2)


@pytest.fixture(scope="module")
def task():
    whole = load("music", source="generated")
    return replace(whole, train=whole.train[:4], valid=whole.valid[:3], test=whole.test[:2])


@pytest.mark.parametrize(
    ("scores", "best", "asked"),
    [
        ({0.1: 3, 1: 2, 10: 4}, 1, 3),
        ({0.1: 1, 0.01: 0.5, 0.001: 0.7, 1: 2, 10: 4}, 0.01, 5),
        ({0.1: 3, 1: 2, 10: 1, 100: 5}, 10, 4),
        ({0.1: 1, 0.01: 0.5, 0.001: 0.4, 1: 2, 10: 4}, 0.001, 5),
        ({0.1: float("inf"), 1: 2, 10: float("inf")}, 1, 3),
    ],
)
def test_the_rate_is_climbed_to_until_both_neighbours_are_worse(scores, best, asked):
    tried = []

    def score(rate):
        tried.append(rate)
        return scores[rate]

    assert climb(score, [0.001, 0.01, 0.1, 1, 10, 100], 1) == best
    assert len(tried) == len(set(tried)) == asked


def test_a_watched_run_is_the_plain_run(task):
    row = fit("NOAF", task, RECIPE, 3, blocks=5)["row"]
    run = train(Network(88, 5, 88, FOUR["NOAF"]), task, RECIPE, seed=3, progress=False)
    assert row["valid"] == pytest.approx(run.valid, abs=1e-4)
    assert row["test"] == pytest.approx(run.test, abs=1e-4)


def test_what_is_noted_is_the_largest_cell_and_output_on_the_validation_set(task):
    made = fit("NOAF", task, RECIPE, 3, blocks=5)
    run = train(Network(88, 5, 88, FOUR["NOAF"]), task, RECIPE, seed=3, progress=False)
    cell = {name: w for name, w in run.params.items() if name not in ("W_y", "b_y")}
    traces = [forward(cell, x, FOUR["NOAF"]) for x, _ in task.valid]
    for q in "cy":
        largest = max(float(np.abs(getattr(trace, q)).max()) for trace in traces)
        assert made["row"][f"{q}_best"] == pytest.approx(largest, abs=1e-3)
        assert made["row"][f"{q}_ever"] == max(row[q] for row in made["curve"])
    assert [row["epoch"] for row in made["curve"]] == [1, 2]


def test_a_run_that_diverges_is_a_row_like_any_other(task):
    broken = replace(RECIPE, lr=1e38)
    row = fit("NOAF", task, broken, 0, blocks=3)["row"]
    assert row["stopped"] == "diverged"
    assert row["valid"] == row["test"] == float("inf")


def test_a_study_goes_on_where_it_was_stopped(task, tmp_path, monkeypatch):
    kept = tmp_path / "runs.jsonl"
    first = Runs(task, RECIPE, 3, kept)
    row = first.run("CIFG", 0.0, 0.01, 1)
    assert len(kept.read_text().splitlines()) == 1
    monkeypatch.setattr(variants, "fit", None)  # nothing is to be run again
    again = Runs(task, RECIPE, 3, kept)
    assert again.run("CIFG", 0.0, 0.01, 1) == row
    assert again.made == first.made


def test_a_study_chooses_on_validation_and_runs_every_seed(task, monkeypatch):
    def fake(name, task, recipe, seed, blocks):
        row = {"variant": name, "clip": recipe.clip or 0.0, "lr": recipe.lr, "seed": seed}
        return {"row": row | {"valid": abs(np.log(recipe.lr / 0.001)), "test": 1.0}, "curve": []}

    monkeypatch.setattr(variants, "fit", fake)
    runs = Runs(task)
    chosen = study(runs, [0, 1, 2], [("NOAF", 0.0), ("V", 1.0)])
    assert chosen == {("NOAF", 0.0): 0.001, ("V", 1.0): 0.001}
    tried = {(name, clip, lr) for name, clip, lr, _ in runs.made}
    assert {lr for name, _, lr in tried if name == "V"} == {0.0003, 0.001, 0.003, 0.01, 0.03}
    assert sum(lr == 0.001 for _, _, lr, _ in runs.made) == 2 * 3
    assert sum(lr == 0.03 for _, _, lr, _ in runs.made) == 2 * CLIMBERS


def shipped(chosen=True):
    return [row for row in results.table(NAME) if row["chosen"] or not chosen]


def test_the_shipped_study_has_five_seeds_of_each_arm_at_the_rate_that_validation_chose():
    rows = results.table(NAME)
    for name, clip in ARMS:
        arm = [row for row in rows if (row["variant"], row["clip"]) == (name, clip)]
        score = {
            lr: np.mean(
                [row["valid"] for row in arm if row["lr"] == lr and row["seed"] < CLIMBERS]
            )
            for lr in {row["lr"] for row in arm}
        }
        best = min(score, key=score.__getitem__)
        assert {row["lr"] for row in arm if row["chosen"]} == {best}
        assert sorted(row["seed"] for row in arm if row["chosen"]) == [0, 1, 2, 3, 4]
        at = RATES.index(best)
        assert {RATES[at - 1], RATES[at + 1]} <= set(score)  # both neighbours were tried


def test_what_is_proved_of_the_bounds_holds_in_every_shipped_run():
    for row in shipped(chosen=False):
        if "CIFG" in row["variant"]:
            assert row["c_ever"] <= 1
        if "NOAF" not in row["variant"]:
            assert row["y_ever"] <= 1


def test_the_shipped_curves_belong_to_the_runs_of_the_first_seed():
    curves = results.table(NAME, "curves")
    for row in shipped(chosen=False):
        if row["seed"] == 0:
            own = [c for c in curves if all(c[k] == row[k] for k in ("variant", "clip", "lr"))]
            assert [c["epoch"] for c in own] == list(range(1, row["epochs"] + 1))
            assert min(c["valid"] for c in own) == pytest.approx(row["valid"], abs=1e-3)
            assert max(c["y"] for c in own) == row["y_ever"]


def test_kept_runs_are_plain_json(task, tmp_path):
    kept = tmp_path / "runs.jsonl"
    Runs(task, replace(RECIPE, epochs=1), 2, kept).run("V", 1.0, 0.01, 0)
    made = json.loads(kept.read_text())
    assert made["row"]["clip"] == 1.0
    assert len(made["curve"]) == 1

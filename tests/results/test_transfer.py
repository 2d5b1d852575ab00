"""Rules carried to other networks: how the tables are made, and the shipped ones."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from lstmlab.optimizers import CLASSICS, ZOO, Rule
from lstmlab.optimizers.landscapes import RATES
from lstmlab.results import about, names, table, transfer, transfer_betas
from lstmlab.results.kept import Kept

NAMES = tuple(transfer.PLANS)
FOUR = ("final_valid", "final_test", "best_valid", "best_test")


# -- how they are made --------------------------------------------------------------------------


def accuracy(rule, lr, seed, epoch):
    """Best at the rate 0.01, and at the epoch before the last; later rules are worse."""
    place = list(transfer.CONTESTANTS.values()).index(rule)
    return 0.8 - abs(math.log10(lr) + 2) / 10 - place / 100 + seed / 200 - abs(epoch - 4) / 100


@pytest.fixture
def made(monkeypatch):
    """Trainings whose measures have a formula; those with the rate 10 fail in their second epoch.

    The loss on validation text is best at 0.001, so that it chooses another rate than BLEU would.
    """
    asked = []

    def train(rule, lr, seed, epochs):
        asked.append((rule, lr, seed, epochs))
        there = 1 if lr == 10 else epochs
        return {
            "epochs": [
                {
                    "loss": 5.0 - epoch / 10, "valid_loss": 2 + abs(math.log10(lr) + 3) - epoch / 9,
                    "valid": accuracy(rule, lr, seed, epoch),
                    "test": accuracy(rule, lr, seed, epoch) - 0.1,
                }
                for epoch in range(1, there + 1)
            ],
            "updates": 9, "seconds": 1.0, "failed": "" if there == epochs else "the loss was nan",
        }  # fmt: skip

    monkeypatch.setattr(transfer, "training", lambda name: (train, "embedded"))
    return asked


@pytest.fixture
def kept(tmp_path):
    return lambda name: Kept(transfer.settings(name), tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
def test_the_rate_is_chosen_by_short_trainings_and_reported_on_other_seeds(made, kept, name):
    plan = transfer.PLANS[name]
    tables, source = transfer.compute(name, kept(name), transfer.CONTESTANTS)
    assert source == "embedded"
    rows = pd.DataFrame(tables[""])
    assert rows["name"].tolist() == list(transfer.CONTESTANTS)
    best_rate = 0.001 if plan.judged == "valid_loss" else 0.01
    assert set(rows["lr"]) == {best_rate}
    assert set(made) == {
        *product(transfer.CONTESTANTS.values(), RATES, [transfer.TUNED_ON], [plan.tuned]),
        *product(transfer.CONTESTANTS.values(), [best_rate], transfer.SEEDS, [plan.epochs]),
    }
    assert transfer.TUNED_ON not in transfer.SEEDS
    for _, row in rows.iterrows():
        rule = transfer.CONTESTANTS[row["name"]]
        for when, epoch in (("final", plan.epochs), ("best", 4)):
            values = [accuracy(rule, best_rate, seed, epoch) for seed in transfer.SEEDS]
            assert row[f"{when}_valid"] == pytest.approx(np.mean(values), abs=1e-4)
            assert row[f"{when}_test"] == pytest.approx(np.mean(values) - 0.1, abs=1e-4)
            assert row[f"{when}_valid_sd"] == pytest.approx(np.std(values, ddof=1), abs=1e-4)
        if plan.judged == "valid_loss":
            train, valid = math.exp(5 - plan.epochs / 10), math.exp(2 - plan.epochs / 9)
            assert row["train_perplexity"] == pytest.approx(train, rel=1e-4)
            assert row["valid_perplexity"] == pytest.approx(valid, rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_every_training_and_every_epoch_of_the_long_ones_is_written_down(made, kept, name):
    plan = transfer.PLANS[name]
    some = {one: transfer.CONTESTANTS[one] for one in ("adam", "powersign")}
    tables, _ = transfer.compute(name, kept(name), some)
    runs, epochs = pd.DataFrame(tables["runs"]), pd.DataFrame(tables["epochs"])
    assert len(runs) == 2 * (len(RATES) + len(transfer.SEEDS)) == len(made)
    assert len(epochs) == 2 * len(transfer.SEEDS) * plan.epochs
    assert {*runs, *epochs} >= set(plan.measures)
    failed = runs[runs["lr"] == 10]
    assert set(failed["failed"]) == {"the loss was nan"}
    assert (failed["final_valid"] == 0).all()
    assert (failed["best_valid"] > 0).all()


def piece(*valid, failed=""):
    epochs = [{"loss": 1.0, "valid": v, "valid_loss": 2.0, "test": v / 2} for v in valid]
    return {"epochs": epochs, "updates": 1, "seconds": 1.0, "failed": failed}


def test_the_papers_four_numbers():
    assert list(transfer.said(piece(0.3, 0.8, 0.8, 0.6)).values()) == [0.6, 0.3, 0.8, 0.4]
    assert list(transfer.said(piece(0.3, 0.8, failed="nan")).values()) == [0, 0, 0.8, 0.4]
    assert list(transfer.said(piece(failed="nan")).values()) == [0, 0, 0, 0]


def test_a_training_that_failed_has_no_perplexity_and_is_never_chosen():
    plan = transfer.PLANS["transfer-translation"]
    assert set(map(math.isnan, transfer.perplexities(piece(0.5, failed="nan"), plan).values())) == {
        True
    }
    assert transfer.perplexities(piece(0.5), plan) == pytest.approx(
        {"train_perplexity": math.e, "valid_perplexity": math.e**2}
    )
    assert transfer.perplexities(piece(0.5), transfer.PLANS["transfer-images"]) == {}
    assert transfer.score(piece(0.9, failed="nan"), plan) < transfer.score(piece(0.1), plan)


def test_what_was_kept_is_not_trained_again_and_a_new_rule_adds_to_it(made, kept, monkeypatch):
    name = "transfer-images"
    first, _ = transfer.compute(name, kept(name), transfer.CONTESTANTS)
    count = len(made)
    more = transfer.CONTESTANTS | {"written-9": Rule.parse("sign(m) * exp(g)")}
    monkeypatch.setattr(transfer, "CONTESTANTS", more)
    again, _ = transfer.compute(name, kept(name), more)
    assert len(made) == count + len(RATES) + len(transfer.SEEDS)
    assert again[""][:-1] == first[""]
    plan = transfer.PLANS[name]
    monkeypatch.setitem(transfer.PLANS, name, replace(plan, batch=7))
    with pytest.raises(ValueError, match="must be a piece of the same plan"):
        kept(name)


@pytest.mark.parametrize(
    ("line", "name", "source"),
    [
        (["images"], "transfer-images", "transfer images"),
        (["images", "--real"], "transfer-images-cifar10", "transfer images --real"),
        (["translation"], "transfer-translation", "transfer translation"),
        (
            ["translation", "--only", "adam", "sgd"],
            "transfer-translation",
            "transfer translation --only adam sgd",
        ),
    ],
)
def test_the_command_records_its_source(made, tmp_path, monkeypatch, line, name, source):
    found = {}
    monkeypatch.setattr(transfer, "publish", lambda name, tables, **said: found.update(
        said, name=name, tables=tables
    ))  # fmt: skip
    pytest.importorskip("torch")
    transfer.main([*line, "--kept", str(tmp_path / "kept")])
    assert (found["name"], found["command"]) == (name, source)
    assert list(found["tables"]) == ["", "runs", "epochs"]
    assert found["sources"] == ["embedded"]
    if "--only" in line:
        assert [row["name"] for row in found["tables"][""]] == ["adam", "sgd"]


def test_real_translation_is_refused(capsys):
    pytest.importorskip("torch")
    with pytest.raises(SystemExit):
        transfer.main(["translation", "--real"])
    assert "--real goes with images" in capsys.readouterr().err


# -- the robustness to β ------------------------------------------------------------------------


def test_only_the_betas_that_a_rule_uses_are_varied():
    of = {name: transfer_betas.grid(ZOO[name].rule) for name in ("sgd", *CLASSICS, "powersign")}
    assert of["sgd"] == [(0.9, 0.999)]
    assert of["powersign"] == of["momentum"] == [(b1, 0.999) for b1 in transfer_betas.BETA1]
    assert of["rmsprop"] == [(0.9, b2) for b2 in transfer_betas.BETA2]
    assert of["adam"] == list(product(transfer_betas.BETA1, transfer_betas.BETA2))


@pytest.fixture
def betas_made(monkeypatch):
    """Trainings whose accuracy falls with β₁ and with the rate's distance from 0.1."""
    asked = []

    def train(task, plan, rule, lr, betas, seed):
        asked.append((rule, lr, betas, seed))
        value = 0.9 - betas[0] / 10 - abs(math.log10(lr) + 1) / 20 + seed / 100
        bad = betas[0] == 0.99
        there = plan.epochs - 1 if bad else plan.epochs
        return {
            "accuracy": [value - 0.2] + [value] * (there - 1), "loss": [1.0] * there,
            "test": None if bad else value, "failed": "the loss was nan" if bad else "",
        }  # fmt: skip

    monkeypatch.setattr(transfer_betas, "measured", train)
    real = transfer_betas.load
    monkeypatch.setattr(transfer_betas, "load", lambda name, source: real(name, source="embedded"))
    return asked


@pytest.mark.parametrize("source", transfer_betas.PLANS)
def test_the_rate_is_the_best_with_the_usual_betas(betas_made, tmp_path, source):
    """And the means are right."""
    some = {name: ZOO[name].rule for name in ("powersign", "rmsprop")}
    kept = Kept(transfer_betas.settings(source), tmp_path / "kept")
    tables, _ = transfer_betas.compute(source, kept, some)
    rows = pd.DataFrame(tables[""])
    assert set(rows["lr"]) == {0.1}
    assert len(rows) == len(transfer_betas.BETA1) + len(transfer_betas.BETA2)
    assert len(betas_made) == len(set(betas_made)) == len(tables["runs"])
    assert transfer_betas.TUNED_ON not in transfer_betas.SEEDS
    powersign = rows[rows["name"] == "powersign"].set_index("beta1")
    assert set(powersign["beta2"]) == {""}
    assert set(rows[rows["name"] == "rmsprop"]["beta1"]) == {""}
    for beta1, row in powersign.iterrows():
        mean = 0.9 - beta1 / 10 + np.mean(transfer_betas.SEEDS) / 100
        assert row["first"] == pytest.approx(mean - 0.2, abs=1e-4)
        wanted = 0 if beta1 == 0.99 else mean
        assert row["valid"] == pytest.approx(wanted, abs=1e-4)
        assert row["test"] == pytest.approx(wanted, abs=1e-4)
        assert row["failed"] == (3 if beta1 == 0.99 else 0)


def test_betas_reach_the_child():
    pytest.importorskip("torch")
    from lstmlab.tasks import load

    task = load("images", source="embedded")
    plan = replace(transfer_betas.PLANS["embedded"], examples=60)
    usual, other, same = (
        transfer_betas.measured(task, plan, ZOO["momentum"].rule, 0.1, betas, 1)["loss"]
        for betas in ((0.9, 0.999), (0.5, 0.999), (0.9, 0.9))
    )
    assert usual == same
    assert usual != other


# -- what is shipped ----------------------------------------------------------------------------


def shipped(name, part=""):
    return pd.DataFrame(table(name, part))


@pytest.mark.parametrize("name", NAMES)
def test_every_contestant_is_shipped_at_seven_rates_and_with_three_seeds(name):
    plan = transfer.PLANS[name]
    rows, runs, epochs = (shipped(name, part) for part in ("", "runs", "epochs"))
    assert rows["name"].tolist() == list(transfer.contestants(name))
    assert set(rows["name"]) >= {*CLASSICS, "powersign", "found-8", "found-10"}
    assert about(name).sources == [plan.source]
    assert len(transfer.SEEDS) >= 3
    best = dict(zip(rows["name"], rows["lr"].astype(float), strict=True))
    wanted = {(one, lr, transfer.TUNED_ON, plan.tuned) for one, lr in product(best, RATES)} | {
        (one, lr, seed, plan.epochs) for one, lr in best.items() for seed in transfer.SEEDS
    }
    found = zip(runs["name"], runs["lr"].astype(float), runs["seed"], runs["epochs"], strict=True)
    assert len(runs) == len(wanted)
    assert set(found) == wanted
    for one, said in zip(rows["name"], rows["formula"], strict=True):
        assert said == str(transfer.CONTESTANTS[one])
    whole = epochs.groupby(["name", "seed"])["epoch"].max()
    assert set(whole.index) == set(product(best, transfer.SEEDS))


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_rates_are_the_best_and_the_means_are_right(name):
    plan = transfer.PLANS[name]
    rows, runs = shipped(name), shipped(name, "runs")
    short = runs[(runs["seed"] == transfer.TUNED_ON) & runs["failed"].isna()
                 | (runs["seed"] == transfer.TUNED_ON) & (runs["failed"] == "")]  # fmt: skip
    long = runs[runs["seed"] != transfer.TUNED_ON]
    for _, row in rows.iterrows():
        judged = short[short["name"] == row["name"]].set_index("lr")[plan.judged].astype(float)
        best = judged.min() if plan.judged == "valid_loss" else judged.max()
        assert judged[row["lr"]] == best
        of_rule = long[long["name"] == row["name"]]
        assert row["seeds"] == len(of_rule) == len(transfer.SEEDS)
        for what in FOUR:
            assert row[what] == pytest.approx(of_rule[what].mean(), rel=1e-3)
            assert row[f"{what}_sd"] == pytest.approx(of_rule[what].std(), rel=1e-2, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_numbers_follow_from_the_shipped_epochs(name):
    runs, epochs = shipped(name, "runs"), shipped(name, "epochs")
    long = runs[runs["seed"] != transfer.TUNED_ON].set_index(["name", "seed"])
    for place, curve in epochs.groupby(["name", "seed"]):
        row, curve = long.loc[place], curve.sort_values("epoch")
        best = curve.loc[curve["valid"].idxmax()]
        assert (row["best_valid"], row["best_test"]) == (best["valid"], best["test"])
        if not isinstance(row["failed"], str) or not row["failed"]:
            last = curve.iloc[-1]
            assert (row["final_valid"], row["final_test"]) == (last["valid"], last["test"])


def test_shipped_betas_are_those_of_the_grid_and_their_means_are_right():
    rows, runs = shipped("transfer-betas"), shipped("transfer-betas", "runs")
    assert about("transfer-betas").sources == ["embedded"]
    for name, rule in transfer_betas.CONTESTANTS.items():
        mine, made = rows[rows["name"] == name], runs[runs["name"] == name]
        assert len(mine) == len(transfer_betas.grid(rule))
        assert set(mine["formula"]) == {str(rule)}
        long = made[made["seed"] != transfer_betas.TUNED_ON]
        assert len(long) == len(mine) * len(transfer_betas.SEEDS)
        for _, row in mine.iterrows():
            same = long[(long["beta1"] == row["beta1"]) & (long["beta2"] == row["beta2"])]
            assert set(same["seed"]) == set(transfer_betas.SEEDS)
            if row["failed"] == 0:
                assert row["test"] == pytest.approx(same["test"].astype(float).mean(), abs=2e-4)


def test_a_shipped_training_is_made_again():
    """Another machine adds in another order: not to the bit, but nearly."""
    pytest.importorskip("torch")
    train, _ = transfer.training("transfer-images")
    plan = transfer.PLANS["transfer-images"]
    again = train(ZOO["adam"].rule, 0.001, transfer.TUNED_ON, plan.tuned)["epochs"][-1]
    runs = shipped("transfer-images", "runs").set_index(["name", "lr", "seed"])
    was = runs.loc[("adam", 0.001, transfer.TUNED_ON)]
    assert again["loss"] == pytest.approx(was["loss"], rel=0.1)
    assert again["valid"] == pytest.approx(was["valid"], abs=0.05)


def test_a_shipped_translator_is_made_again():
    pytest.importorskip("torch")
    train, _ = transfer.training("transfer-translation")
    again = train(ZOO["adam"].rule, 0.01, transfer.TUNED_ON, 1)["epochs"][0]
    assert "transfer-translation" in names()
    runs = shipped("transfer-translation", "runs").set_index(["name", "lr", "seed"])
    was = runs.loc[("adam", 0.01, transfer.TUNED_ON)]
    assert was["loss"] < again["loss"] < 6

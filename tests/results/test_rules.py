"""The rules on the paper's small network: how the tables are made, and the shipped ones."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import pytest

from lstmlab.optimizers import FOUND, ZOO
from lstmlab.optimizers.landscapes import RATES
from lstmlab.results import about, rules, table
from lstmlab.results.kept import Kept

NAMES = tuple(rules.NAMES.values())
SOURCES = {name: source for source, name in rules.NAMES.items()}


# -- how they are made --------------------------------------------------------------------------


def formula(rule, lr, seed, epoch):
    """Early the rate 0.01 is best, in the end 0.1; later rules are worse."""
    place = [ZOO[name].rule for name in rules.CONTESTANTS].index(rule)
    best = -2 if epoch == 1 else -1
    return 0.8 + epoch / 100 - abs(math.log10(lr) - best) / 10 - place / 100 + seed / 200


@pytest.fixture
def made(monkeypatch):
    """Trainings whose accuracy has a formula; those with the rate 10 fail in their third epoch."""
    asked = []

    def train(task, plan, rule, lr, seed, epochs):
        asked.append((rule, lr, seed, epochs))
        there = min(epochs, 2) if lr == 10 else epochs
        accuracy = [formula(rule, lr, seed, epoch) for epoch in range(1, there + 1)]
        failed = "the loss was nan after 9 updates" if there < epochs else ""
        test = accuracy[-1] - 0.1 if epochs == plan.epochs and not failed else None
        return {"accuracy": accuracy, "loss": [1.0] * there, "test": test, "failed": failed}

    monkeypatch.setattr(rules, "measured", train)
    monkeypatch.setattr(rules, "PLANS", {
        source: replace(plan, halved=False, seeds=(0, 1)) for source, plan in rules.PLANS.items()
    })  # fmt: skip
    real = rules.load
    monkeypatch.setattr(rules, "load", lambda name, source: real(name, source="embedded"))
    return asked


@pytest.fixture
def kept(tmp_path):
    return lambda: Kept(rules.settings(), tmp_path / "kept")


def test_the_rate_is_chosen_after_the_first_epoch_and_trained_to_the_end(made, kept):
    tables, source = rules.compute(rules.COPY, kept())
    assert source == "embedded"
    best = pd.DataFrame(tables["best"])
    assert best["name"].tolist() == list(rules.CONTESTANTS)
    assert set(best["choice"]) == {"first"}
    assert set(best["lr"]) == {0.01}
    for _, row in best.iterrows():
        rule = ZOO[row["name"]].rule
        ends = [formula(rule, 0.01, seed, 5) for seed in (0, 1)]
        assert row["valid"] == pytest.approx(np.mean(ends), abs=1e-4)
        assert row["valid_sd"] == pytest.approx(np.std(ends, ddof=1), abs=1e-4)
        assert row["test"] == pytest.approx(np.mean(ends) - 0.1, abs=1e-4)
    rows = pd.DataFrame(tables[""])
    assert len(rows) == len(rules.CONTESTANTS) * len(RATES) * 2
    whole = rows["valid_5"] != ""
    assert (whole == (rows["lr"] == 0.01)).all()
    assert {epochs for *_, epochs in made} == {1, 5}


def test_where_all_rates_are_trained_the_end_chooses_too(made, kept):
    tables, _ = rules.compute("embedded", kept())
    best = pd.DataFrame(tables["best"])
    assert best.groupby("choice")["lr"].unique().map(list).to_dict() == {
        "first": [0.01], "last": [0.1],
    }  # fmt: skip
    rows = pd.DataFrame(tables[""])
    failed = rows["lr"] == 10
    assert ((rows["failed"] != "") == failed).all()
    assert (rows.loc[failed, ["valid_3", "valid_5", "loss_3", "test"]] == "").all(axis=None)
    assert (rows.loc[~failed, "test"] != "").all()
    assert {epochs for *_, epochs in made} == {5}


def test_a_training_that_fails_counts_as_nothing(made, kept):
    trainings = rules.Trainings("embedded", kept())
    assert trainings.scores("sgd", 10.0, "last") == [0, 0]
    assert min(trainings.scores("sgd", 10.0, "first")) > 0


def test_equal_rules_are_trained_once(made, kept):
    assert ZOO["powersign"].rule == ZOO["found-4"].rule
    tables, _ = rules.compute("embedded", kept())
    assert len(made) == len(set(made))
    rows = pd.DataFrame(tables[""]).set_index("name")
    one, other = (rows.loc[name].reset_index(drop=True) for name in ("powersign", "found-4"))
    assert one.drop(columns="formula").equals(other.drop(columns="formula"))


def test_what_was_kept_is_not_trained_again(made, kept):
    first, _ = rules.compute(rules.COPY, kept())
    count = len(made)
    again, _ = rules.compute(rules.COPY, kept())
    assert len(made) == count
    assert first == again


def test_more_seeds_go_on_from_what_was_kept_and_other_plans_do_not(made, kept, monkeypatch):
    rules.Trainings("embedded", kept()).try_all()
    plan = rules.PLANS["embedded"]
    with monkeypatch.context() as patched:
        patched.setitem(rules.PLANS, "embedded", replace(plan, seeds=(0, 1, 2)))
        count = len(made)
        rules.Trainings("embedded", kept()).try_all()
        assert {seed for _, _, seed, _ in made[count:]} == {2}
    monkeypatch.setitem(rules.PLANS, "embedded", replace(plan, batch=7))
    with pytest.raises(ValueError, match="must be a piece of the same plan"):
        kept()


@pytest.mark.parametrize("option", [[], ["--real"]])
def test_the_command_records_its_source(made, tmp_path, monkeypatch, option):
    found = {}
    monkeypatch.setattr(rules, "publish", lambda name, tables, **said: found.update(
        said, name=name, parts=sorted(tables)
    ))  # fmt: skip
    pytest.importorskip("torch")
    rules.main([*option, "--kept", str(tmp_path / "kept")])
    assert found["name"] == ("rules-cifar10" if option else "rules")
    assert found["command"] == " ".join(["rules", *option])
    assert found["parts"] == ["", "best"]
    assert found["sources"] == ["embedded"]


# -- what is shipped ----------------------------------------------------------------------------


def shipped(name, part=""):
    return pd.DataFrame(table(name, part))


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_is_shipped_at_every_rate_with_every_seed(name):
    plan, rows = rules.PLANS[SOURCES[name]], shipped(name)
    assert len(plan.seeds) >= 3
    wanted = set(product(rules.CONTESTANTS, RATES, plan.seeds))
    assert len(rows) == len(wanted)
    assert set(zip(rows["name"], rows["lr"].astype(float), rows["seed"], strict=True)) == wanted
    assert about(name).sources == [SOURCES[name]]
    assert set(rows["source"]) == set(shipped(name, "best")["source"]) == {SOURCES[name]}
    assert len(FOUND) == 16
    assert set(FOUND) < set(rows["name"])
    for rule, said in zip(rows["name"], rows["formula"], strict=True):
        assert said == str(ZOO[rule].rule)


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_rates_are_the_best_and_their_means_are_right(name):
    plan, rows = rules.PLANS[SOURCES[name]], shipped(name)
    numbers = ["valid_1", f"valid_{plan.epochs}", "test"]
    rows[numbers] = rows[numbers].apply(pd.to_numeric, errors="coerce").fillna(0.0)
    best = shipped(name, "best")
    assert best["name"].value_counts().to_dict() == dict.fromkeys(
        rules.CONTESTANTS, len(plan.choices)
    )
    for _, row in best.iterrows():
        of_rule = rows[rows["name"] == row["name"]].groupby("lr")
        by = f"valid_{1 if row['choice'] == 'first' else plan.epochs}"
        means = of_rule[by].mean()
        assert means[row["lr"]] == pytest.approx(means.max(), abs=2e-4)
        chosen = of_rule.get_group(row["lr"])
        assert row["seeds"] == len(chosen) == len(plan.seeds)
        for what, column in zip(("first", "valid", "test"), numbers, strict=True):
            assert row[what] == pytest.approx(chosen[column].mean(), abs=2e-4)
            assert row[f"{what}_sd"] == pytest.approx(chosen[column].std(), abs=2e-4)


def test_a_shipped_training_is_made_again():
    """Another machine adds in another order: not to the bit, but nearly."""
    pytest.importorskip("torch")
    plan = rules.PLANS["embedded"]
    task = rules.prepared("embedded")
    make = partial(rules.measured, task, plan, epochs=plan.epochs)
    rows = shipped("rules").set_index(["name", "lr", "seed"])
    for place in (("adam", 0.001, 0), ("found-5", 0.01, 1)):
        name, lr, seed = place
        found, was = make(ZOO[name].rule, lr, seed), rows.loc[place]
        for epoch in range(1, plan.epochs + 1):
            assert found["loss"][epoch - 1] == pytest.approx(was[f"loss_{epoch}"], rel=0.05)
            assert found["accuracy"][epoch - 1] == pytest.approx(was[f"valid_{epoch}"], abs=0.03)

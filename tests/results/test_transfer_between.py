"""Translators at rates between those of the grid: how they are made, and the shipped ones."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest

from lstmlab.results import about, table, transfer, transfer_between
from lstmlab.results.kept import Kept
from lstmlab.results.transfer_plans import CONTESTANTS

PLAN = transfer.PLANS[transfer_between.OF]
CHOSEN = pd.DataFrame(table(transfer_between.OF)).set_index("name")["lr"].astype(float)
WANTED = {
    (name, aside * CHOSEN[name], seed)
    for name, aside, seed in product(transfer_between.RULES, transfer_between.ASIDE, transfer.SEEDS)
}


def as_set(rows):
    return {(row["name"], round(float(row["lr"]), 9), row["seed"]) for row in rows}


def rounded(wanted):
    return {(name, round(lr, 9), seed) for name, lr, seed in wanted}


def test_the_rates_are_beside_the_chosen_one():
    for name in transfer_between.RULES:
        below, above = transfer_between.rates(name)
        assert below == pytest.approx(0.3 * CHOSEN[name])
        assert above == pytest.approx(3 * CHOSEN[name])


def test_every_training_is_made_once_and_as_long_as_those_of_the_grid(monkeypatch):
    asked = []

    def train(rule, lr, seed, epochs):
        asked.append((str(rule), lr, seed, epochs))
        epoch = {"loss": 2.0, "valid_loss": 2.0 + lr, "valid": 3.0, "test": lr + seed}
        return {"epochs": [epoch], "updates": 1, "seconds": 1.0, "failed": ""}

    monkeypatch.setattr(transfer, "training", lambda name: (train, "generated"))
    found = {}
    monkeypatch.setattr(
        transfer_between,
        "publish",
        lambda name, tables, **said: found.update(said, name=name, tables=tables),
    )
    pytest.importorskip("torch")
    transfer_between.main([])
    assert (found["name"], found["command"]) == (transfer_between.NAME, "transfer_between")
    rows = found["tables"][""]
    assert as_set(rows) == rounded(WANTED)
    assert len(asked) == len(set(asked)) == len(WANTED)
    assert {epochs for *_, epochs in asked} == {PLAN.epochs}
    for row in rows:
        assert row["formula"] == str(CONTESTANTS[row["name"]])
        assert row["final_test"] == pytest.approx(row["lr"] + row["seed"])


def test_finished_trainings_are_kept_like_those_of_the_grid(tmp_path):
    path = tmp_path / "kept"
    Kept(transfer.settings(transfer_between.OF), path).get("one", lambda: {"failed": ""})
    again = Kept(transfer.settings(transfer_between.OF), path)
    assert again.get("one", pytest.fail) == {"failed": ""}


def test_the_shipped_ones_are_all_there():
    rows = table(transfer_between.NAME)
    assert as_set(rows) == rounded(WANTED)
    assert len(rows) == len(WANTED)
    assert {row["epochs"] for row in rows} == {PLAN.epochs}
    assert about(transfer_between.NAME).sources == [PLAN.source]

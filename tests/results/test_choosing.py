"""Nothing is chosen on the test set: here it says the opposite of the validation set."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from lstmlab.results import images, reviews, shakespeare
from lstmlab.results.kept import Kept
from lstmlab.tasks import Task, load
from lstmlab.tasks.shakespeare import marks
from lstmlab.tasks.task import Pictures


@pytest.mark.parametrize("name", reviews.COUNTED)
def test_what_is_counted_is_set_on_the_validation_reviews(name, monkeypatch):
    """The test set says the opposite of the validation set: what is best there is worst here."""
    whole = load("reviews", source="generated")
    turned = [(x, 1 - target) for x, target in whole.valid]
    task = replace(whole, train=whole.train[:300], test=turned)
    settings = "SMOOTHINGS" if name == "naive Bayes" else "PENALTIES"
    found = reviews.by_counts(task, name)
    alone = {}
    for setting in getattr(reviews, settings):
        monkeypatch.setattr(reviews, settings, (setting,))
        alone[setting] = reviews.by_counts(task, name)["valid"]
    assert min(alone.values()) < max(alone.values())
    assert found["valid"] == alone[found["setting"]] == max(alone.values())
    assert found["test"] == pytest.approx(1 - found["valid"])


def dots(**splits):
    """Pictures of one dot each, from pairs of its brightness and its class."""
    x = {name: np.array([x for x, _ in pairs], np.uint8) for name, pairs in splits.items()}
    parts = {name: Pictures(x[name].reshape(-1, 1, 1, 1), np.array([k for _, k in pairs]))
             for name, pairs in splits.items()}  # fmt: skip
    return Task("dots", "embedded", **parts, inputs=1, outputs=2, loss="softmax", metric="errors",
                form="pictures", answer="sequence")  # fmt: skip


def test_nearest_neighbours_are_counted_on_the_validation_pictures():
    train = [(x, int(x > 128)) for x in range(0, 256, 2)] + [(21, 1)]
    task = dots(train=train, valid=[(21, 0), (200, 1)], test=[(21, 1), (200, 1)])
    found = images.baseline(task, "nearest neighbours")
    assert found["setting"] > 1  # the single nearest one is right about the test
    assert (found["valid"], found["test"]) == (1, 0.5)


def test_the_penalty_of_pictures_is_chosen_on_the_validation_pictures():
    train = [(0, 0)] * 60 + [(255, 1)] * 20
    task = dots(train=train, valid=[(0, 0), (255, 1)], test=[(0, 0), (255, 0)])
    found = images.baseline(task, "logistic regression")
    assert found["setting"] > min(images.PENALTIES)  # the largest penalty always says 0
    assert (found["valid"], found["test"]) == (1, 0.5)


def opposed(task, plan, name, lr, seed):
    """A network for which the largest rate does best in validation, and worst in the test."""
    return {"setting": lr, "valid": lr, "test": 1 - lr, "area": 1 - lr, "weights": 1}


def counted(*_):
    return {"setting": 0, "valid": 0, "test": 0, "area": 0, "weights": 1}


@pytest.mark.parametrize("source", ["generated", "real"])
def test_the_rate_for_reviews_is_chosen_in_validation(source, monkeypatch):
    task = load("reviews", source="generated")
    few = replace(task, train=task.train[:9], valid=task.valid[:9], test=task.test[:9])
    monkeypatch.setattr(reviews, "load", lambda name, source: few)
    monkeypatch.setattr(reviews, "by_counts", counted)
    monkeypatch.setattr(reviews, "measured", opposed)
    rows, lengths, _ = reviews.compute(source, Kept(""))
    best = max(reviews.PLANS[source].rates)
    assert {row["setting"] for row in rows if row["contestant"] in reviews.NETWORKS} == {best}
    assert {row["setting"] for row in lengths if row["contestant"] == "LSTM"} == {best}


def test_the_rate_for_pictures_is_chosen_in_validation(monkeypatch):
    monkeypatch.setattr(images, "baseline", counted)
    monkeypatch.setattr(images, "measured", opposed)
    rows, _ = images.compute("embedded", Kept(""))
    networks = [row for row in rows if row["contestant"] in images.NETWORKS]
    assert {row["setting"] for row in networks} == {max(images.RATES)}


def test_the_rate_for_a_play_is_chosen_in_validation(monkeypatch):
    def fit(task, name, seed, lr, updates):
        return SimpleNamespace(valid=[9.0, 1 - lr], test=lr)  # nats: less is better

    used = []

    def piece(task, name, seed, lr, updates):
        used.append(lr)
        return {"row": {}, "curve": [], "cells": [], "params": {}}

    monkeypatch.setattr(shakespeare, "GRAMS", (1,))
    monkeypatch.setattr(shakespeare, "fit", fit)
    monkeypatch.setattr(shakespeare, "_piece", piece)
    shakespeare.compute("generated", Kept(""))
    assert used == [max(shakespeare.RATES)] * len(shakespeare.CONTESTANTS) * len(shakespeare.SEEDS)


def test_the_cell_is_chosen_on_the_validation_text(monkeypatch):
    """Cell 0 follows quotations in the validation text, cell 1 in the test text."""
    task = load("shakespeare", source="generated")
    noise = np.random.default_rng(0)

    def cells(task, made, params, split):
        text = shakespeare.shakespeare.text(task, task.split(split)[0][0])
        c = noise.standard_normal((len(text), 2)).astype(np.float32)
        c[:, int(split == "test")] += 9 * marks.quoted(text)
        return c

    monkeypatch.setattr(shakespeare, "cells", cells)
    monkeypatch.setattr(shakespeare, "WANTED", {"quotation": marks.quoted})
    network = shakespeare.network(task, "LSTM, 100 blocks")
    run = SimpleNamespace(
        network=network, seed=0, recipe=shakespeare.RECIPE, params={}, source="generated"
    )
    (row,) = shakespeare.found(task, run)
    assert row["cell"] == 0
    assert row["test"] < 0.6
    assert row["untrained"] < 0.6

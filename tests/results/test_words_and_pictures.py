"""The shipped tables on reviews, Shakespeare and images, and the code that made them."""

from dataclasses import replace

import numpy as np
import pytest

from lstmlab.results import about, images, names, reviews, shakespeare, table, weights
from lstmlab.results.kept import Kept
from lstmlab.tasks import load
from lstmlab.tasks.reviews import KERAS, seen
from lstmlab.tasks.shakespeare import ngram_nats
from lstmlab.training.stream import evaluate_stream

REAL = {"reviews-imdb": "IMDB", "shakespeare-tiny": "Tiny Shakespeare",
        "images-cifar10": "CIFAR-10 (JPEG copy)"}  # fmt: skip


@pytest.fixture
def kept(tmp_path):
    """From the module of a result to what its pieces are kept in."""
    return lambda module: Kept(module.settings(), tmp_path / "kept")


def column(name, contestant, key="test", part=""):
    return [row[key] for row in table(name, part) if row["contestant"] == contestant]


@pytest.mark.parametrize("name", ["reviews", "shakespeare", "images", *REAL])
def test_every_row_says_its_source(name):
    source = REAL.get(name, "embedded" if name == "images" else "generated")
    assert about(name).sources == [source]
    assert name in names()
    for part in about(name).sha256:
        if part.endswith(".csv"):
            rows = table(name, part.removeprefix(name).removesuffix(".csv").lstrip("-"))
            assert {row["source"] for row in rows} == {source}


# -- reviews ------------------------------------------------------------------------------------


def test_order_tells_what_words_do_not():
    """Ten networks, each better than any count of words; nobody above the ceiling by much."""
    for name in reviews.NETWORKS:
        found = column("reviews", name)
        assert len(found) == 10
        assert min(found) > max(column("reviews", "up to four words")) + 0.03
        assert max(found) < 0.96
    assert max(column("reviews", "bag of words")) < 0.8


def test_the_end_of_a_review_says_more_than_its_beginning():
    def mean(end, length):
        return np.mean([
            row["test"] for row in table("reviews", "lengths")
            if (row["contestant"], row["end"], row["length"]) == ("LSTM", end, length)
        ])  # fmt: skip

    for length in (10, 20, 30):
        assert mean("last", length) > mean("first", length) + 0.05
    assert mean("first", 10_000) == mean("last", 10_000) > mean("first", 40)


def test_networks_beat_the_baselines_on_real_reviews():
    best = {
        name: np.mean(column("reviews-imdb", name)) for name in reviews.PLANS["real"].networks
    }
    assert max(best.values()) > column("reviews-imdb", "bag of words")[0]
    assert max(best.values()) > column("reviews-imdb", "naive Bayes")[0]
    for name in best:
        assert len(column("reviews-imdb", name)) == 3


def test_the_table_of_reviews_can_be_made_again_for_counted_words():
    task = seen(load("reviews", source="generated"), reviews.ALL)
    for name in ("naive Bayes", "bag of words"):
        found = reviews.by_counts(task, name)
        (row,) = [row for row in table("reviews") if row["contestant"] == name]
        assert found["test"] == pytest.approx(row["test"], abs=0.01)
        assert found["weights"] == row["weights"]


def test_the_run_on_reviews_works(monkeypatch, kept):
    plan = replace(
        reviews.PLANS["generated"], seeds=(0,), lengths=(5,), length_seeds=(0,), rates=(0.01,),
        networks=("LSTM",), recipe=replace(reviews.PLANS["generated"].recipe, epochs=1),
    )  # fmt: skip
    monkeypatch.setitem(reviews.PLANS, "generated", plan)
    whole = load("reviews", source="generated")
    few = replace(whole, train=whole.train[:60], valid=whole.valid[:20], test=whole.test[:20])
    monkeypatch.setattr(reviews, "load", lambda name, source: few)
    rows, lengths, source = reviews.compute("generated", kept(reviews))
    assert [row["contestant"] for row in rows] == [*reviews.COUNTED, "LSTM"]
    assert {(row["end"], row["length"]) for row in lengths} == {("first", 5), ("last", 5)}
    assert source == "generated"
    again = reviews.compute("generated", kept(reviews))
    assert again[0] == rows


def test_the_table_on_imdb_is_of_its_texts_and_not_of_keras_ranks(monkeypatch):
    ranks = replace(load("reviews", source="generated"), source="IMDB", title=KERAS)
    monkeypatch.setattr(reviews, "load", lambda name, source: ranks)
    with pytest.raises(ValueError, match="reviews must be the texts of IMDB, got IMDB as Keras ha"):
        reviews.compute("real", Kept(""))


# -- Shakespeare --------------------------------------------------------------------------------


def test_lstm_blocks_guess_best_and_plain_units_do_not():
    for name in ("shakespeare", "shakespeare-tiny"):
        lstm = column(name, "LSTM, 100 blocks")
        assert len(lstm) == 5
        for other in ("SRN, 100 units", "SRN, 212 units"):
            assert max(lstm) < min(column(name, other)), name
        counted = min(column(name, f"{n}-grams")[0] for n in shakespeare.GRAMS)
        assert max(lstm) < counted, name


def test_a_cell_keeps_track_of_quotations_in_every_network():
    rows = [row for row in table("shakespeare", "cells") if row["what"] == "quotation"]
    assert len(rows) == 5
    assert min(row["test"] for row in rows) > 0.95
    assert max(row["untrained"] for row in rows) < 0.65


def test_the_shipped_network_scores_what_its_row_says():
    pytest.importorskip("numba", reason="the compiled streamer needs Numba")
    from lstmlab.training.compiled_stream import CompiledStreamer

    task = load("shakespeare", source="generated")
    network = shakespeare.network(task, "LSTM, 100 blocks")
    machine = CompiledStreamer(network, weights("shakespeare", "lstm"))
    found = evaluate_stream(machine, task.test)
    assert found == pytest.approx(column("shakespeare", "LSTM, 100 blocks")[0], abs=1e-3)
    assert ngram_nats(task, 3) == pytest.approx(column("shakespeare", "3-grams")[0], abs=1e-4)


def test_how_well_a_cell_follows_is_a_rank_statistic():
    from scipy.stats import spearmanr
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    c = rng.standard_normal((300, 4)).astype(np.float32)
    wanted = c[:, 1] + rng.standard_normal(300) > 0.5
    found = shakespeare.follows(c, wanted)
    for n in range(4):
        area = roc_auc_score(wanted, c[:, n])
        assert found[n] == pytest.approx(max(area, 1 - area))
    numbers = rng.integers(0, 9, 300)
    found = shakespeare.follows(c, numbers)
    for n in range(4):
        assert found[n] == pytest.approx(0.5 + abs(spearmanr(c[:, n], numbers)[0]) / 2)
    with pytest.raises(ValueError, match="wanted must be so in some places and not in others"):
        shakespeare.follows(c, np.ones(300, bool))


def test_the_run_on_a_play_works(monkeypatch, kept):
    monkeypatch.setattr(shakespeare, "SEEDS", (0,))
    monkeypatch.setattr(shakespeare, "RATES", (0.1,))
    monkeypatch.setattr(shakespeare, "TUNING", 5)
    monkeypatch.setattr(shakespeare, "GRAMS", (1, 2))
    monkeypatch.setitem(shakespeare.UPDATES, "generated", 10)
    rows, curves, cells, first = shakespeare.compute("generated", kept(shakespeare))
    assert [row["contestant"] for row in rows[2:]] == list(shakespeare.CONTESTANTS)
    assert {row["updates"] for row in curves} == {10}
    assert [row["what"] for row in cells] == list(shakespeare.WANTED)
    assert first["W_y"].shape[1] == 100


def test_a_run_on_a_play_that_diverges_at_once_is_a_row():
    task = load("shakespeare", source="generated")
    piece = shakespeare._piece(task, "SRN, 100 units", 0, 1e38, 50)
    row = piece["row"]
    assert (row["updates"], row["valid"], row["test"]) == (0, np.inf, np.inf)
    assert piece["curve"] == []


def test_the_real_play_is_tiny_shakespeare_whatever_else_is_here(monkeypatch):
    asked = []

    def noted(name, source):
        asked.append((name, source))
        raise LookupError

    monkeypatch.setattr(shakespeare, "load", noted)
    for source in ("real", "generated"):
        with pytest.raises(LookupError):
            shakespeare.compute(source, Kept(""))
    assert asked == [("shakespeare", "Tiny Shakespeare"), ("shakespeare", "generated")]


# -- images -------------------------------------------------------------------------------------


def test_reading_rows_beats_what_needs_no_network():
    for name in ("images", "images-cifar10"):
        for network in images.NETWORKS:
            assert len(column(name, network)) == 3
    best = max(column("images-cifar10", one)[0] for one in images.COUNTED)
    for network in images.NETWORKS:
        assert min(column("images-cifar10", network)) > best


def test_the_run_on_digits_works(monkeypatch, kept):
    monkeypatch.setattr(images, "SEEDS", (0,))
    monkeypatch.setattr(images, "RATES", (0.003,))
    small = images.Plan(4, replace(images.PLANS["embedded"].recipe, epochs=1))
    monkeypatch.setitem(images.PLANS, "embedded", small)
    rows, source = images.compute("embedded", kept(images))
    assert [row["contestant"] for row in rows] == [*images.COUNTED, *images.NETWORKS]
    assert source == "embedded"
    logistic = next(row for row in rows if row["contestant"] == "logistic regression")
    shipped = next(row for row in table("images") if row["contestant"] == "logistic regression")
    assert logistic["test"] == pytest.approx(shipped["test"], abs=0.01)


# -- what is kept -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["blocks", "embedding", "recipe", "length"])
def test_pieces_of_another_plan_on_reviews_are_not_taken(name, monkeypatch, kept):
    kept(reviews).get("one", dict)
    plan = reviews.PLANS["generated"]
    other = {"recipe": replace(plan.recipe, epochs=1)}.get(name, 7)
    monkeypatch.setitem(reviews.PLANS, "generated", replace(plan, **{name: other}))
    with pytest.raises(ValueError, match="must be a piece of the same plan"):
        kept(reviews)


@pytest.mark.parametrize("name", ["blocks", "recipe"])
def test_pieces_of_another_plan_on_pictures_are_not_taken(name, monkeypatch, kept):
    kept(images).get("one", dict)
    plan = images.PLANS["embedded"]
    other = {"recipe": replace(plan.recipe, epochs=1)}.get(name, 7)
    monkeypatch.setitem(images.PLANS, "embedded", replace(plan, **{name: other}))
    with pytest.raises(ValueError, match="must be a piece of the same plan"):
        kept(images)


def test_pieces_of_another_plan_on_a_play_are_not_taken(monkeypatch, kept):
    kept(shakespeare).get("one", dict)
    with monkeypatch.context() as patched:
        patched.setitem(shakespeare.UPDATES, "generated", 10)
        with pytest.raises(ValueError, match="must be a piece of the same plan"):
            kept(shakespeare)
    monkeypatch.setattr(shakespeare, "RECIPE", replace(shakespeare.RECIPE, length=7))
    with pytest.raises(ValueError, match="must be a piece of the same plan"):
        kept(shakespeare)

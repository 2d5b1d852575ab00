"""The shipped tables on speech and handwriting, and the code that made them."""

from dataclasses import replace

import numpy as np
import pytest

from lstmlab.results import about, handwriting, speech, table, weights
from lstmlab.tasks import load
from lstmlab.tasks.task import Task
from lstmlab.training import Recipe, evaluate_error

ORDER = ["logistic regression", "one-frame network", "forward", "both directions"]


@pytest.fixture(scope="module")
def small():
    """Speech of a few sentences."""
    task = load("speech", source="generated")
    return replace(task, train=task.train[:12], valid=task.valid[:4], test=task.test[:4])


def errors(name, contestant, column="test"):
    return [row[column] for row in table(name) if row["contestant"] == contestant]


def test_contestants_of_a_layer_have_about_as_many_weights():
    for name, sizes in (("speech", ORDER[1:]), ("handwriting", ORDER[2:])):
        found = {row["contestant"]: row["weights"] for row in table(name)}
        assert max(found[one] for one in sizes) / min(found[one] for one in sizes) < 1.03


def test_more_context_names_phones_better():
    """Both directions < forward < a frame alone < a line through it, in the mean of ten seeds."""
    means = [np.mean(errors("speech", one)) for one in ORDER]
    assert means == sorted(means, reverse=True)
    assert 0.05 < means[-1] < means[0] < 0.6
    for one in ORDER:
        assert len(errors("speech", one)) == 10
    worst_of_both = max(errors("speech", "both directions"))
    assert worst_of_both < min(errors("speech", "one-frame network"))


def test_unseen_writers_are_read_with_less_than_a_tenth_of_errors():
    found = errors("handwriting", "both directions")
    assert len(found) == 3
    assert max(found) < 0.10
    assert min(found) > 0


def test_curves_end_where_the_rows_say():
    for name in ("speech", "handwriting"):
        curves = table(name, "curves")
        for row in table(name):
            who = row["contestant"], row["seed"]
            own = [one for one in curves if (one["contestant"], one["seed"]) == who]
            if not own:
                continue
            assert [one["epoch"] for one in own] == list(range(1, row["epochs"] + 1))
            assert min(one["error"] for one in own) == row["valid"]


def test_the_shipped_network_makes_the_errors_of_its_row():
    task = load("speech", source="generated")
    network = speech.network(task, "both directions")
    params = weights("speech", "both")
    _, found = evaluate_error(lambda x, k: network.assess(params, x, k), task.test)
    first = errors("speech", "both directions")[0]
    assert found == pytest.approx(first, abs=2e-3)


def test_the_shipped_reader_reads_a_writer_it_has_never_seen():
    from lstmlab.tasks import handwriting as data

    lines = [data.sample(0, 2, 0, number) for number in range(4)]
    train = [data.sample(0, 0, writer, number) for writer in range(4) for number in range(4)]
    splits = {
        name: [(data.pen.features(strokes), data.encode(text)) for strokes, text in one]
        for name, one in (("train", train), ("valid", lines), ("test", lines))
    }
    task = data._task(splits, "generated", 0)
    assert isinstance(task, Task)
    network = handwriting.network(task, "both directions")
    params = weights("handwriting", "both")
    _, found = evaluate_error(lambda x, k: network.assess(params, x, k), task.test)
    assert found < 0.3  # scaled by 16 lines, not by 1,200


def test_it_says_where_it_comes_from():
    for name in ("speech", "handwriting"):
        made = about(name)
        assert made.command == f"python -m lstmlab.results.{name}"
        assert made.sources == ["generated"]
        assert made.seconds > 60


def test_runs_can_be_made_again(small, monkeypatch):
    monkeypatch.setattr(speech, "RATES", (0.003,))
    monkeypatch.setattr(speech, "NOISES", (0.0,))
    monkeypatch.setattr(speech, "RECIPE", Recipe(lr=0.1, epochs=2))
    monkeypatch.setitem(speech.LAYERS, "forward", (5, 1))
    runs, tuned = speech.of_sequences(small, "forward", seeds=[0, 1])
    assert [run.seed for run in runs] == [0, 1]
    assert tuned.recipe.lr == 0.003
    row = speech.summary(runs[0], "forward")
    assert row.keys() == table("speech")[0].keys()
    assert 0 < row["test"] < 1
    assert len(speech.curve(runs[0], "forward")) == 2


def test_frames_alone_are_fitted_by_scikit_learn(small, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(speech, "PENALTIES", (0.1,))
    monkeypatch.setattr(speech, "HIDDEN", 8)
    monkeypatch.setattr(speech, "RATES_OF_A_FRAME", (0.003,))
    monkeypatch.setattr(speech, "DECAYS", (0.0,))
    for name in ORDER[:2]:
        (row,) = speech.of_frames(small, name, seeds=[0])
        assert row.keys() == table("speech")[0].keys()
        assert 0 < row["test"] < 1


def test_the_rate_of_the_reader_is_tuned_by_loss(monkeypatch):
    from lstmlab.tasks import handwriting as data

    monkeypatch.setattr(data, "SIZES", ((2, 2), (1, 2), (1, 1)))
    monkeypatch.setattr(handwriting, "TUNED_FOR", 1)
    monkeypatch.setattr(handwriting, "RATES", (1e-6, 0.003))
    monkeypatch.setitem(handwriting.LAYERS, "forward", (4, 1))
    task = data.load_generated(0)
    assert handwriting.tuned(task, "forward") == 0.003

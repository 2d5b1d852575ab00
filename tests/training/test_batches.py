"""Training a classifier: what it learns, which weights it returns, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from lstmlab.tasks import Task
from lstmlab.tasks.task import Pictures
from lstmlab.training import Network, Recipe
from lstmlab.training.batches import (
    BatchRecipe,
    check_fit,
    evaluate_classifier,
    train_classifier,
)
from lstmlab.training.classifier import Classifier


def first_word(rng, count):
    """Reviews whose first word is their verdict; the others mean nothing."""
    pairs = []
    for _ in range(count):
        x = rng.integers(0, 6, rng.integers(3, 9)).astype(np.int32)
        pairs.append((x, np.array([x[0] < 3], np.float32)))
    return pairs


def task(**changes):
    rng = np.random.default_rng(0)
    sets = {name: first_word(rng, n) for name, n in (("train", 200), ("valid", 50), ("test", 50))}
    values = {"name": "first", "source": "generated", "inputs": 6, "outputs": 1,
              "form": "tokens", "answer": "sequence", "metric": "accuracy"}  # fmt: skip
    return Task(**values | sets | changes)


NETWORK = Classifier(6, 8, embedding=4)
RECIPE = BatchRecipe(lr=0.03, epochs=12, batch=16)


def test_it_learns_and_says_how_well():
    toy = task()
    run = train_classifier(NETWORK, toy, RECIPE, progress=False)
    assert run.test_accuracy > 0.95
    assert len(run.history) == run.epoch == 12
    assert run.history.train[-1] < 0.3 < run.history.train[0]
    assert evaluate_classifier(NETWORK, run.params, toy.test) == (run.test, run.test_accuracy)
    assert run.history.accuracy[-1] == run.valid_accuracy
    assert "test accuracy" in str(run)
    again = train_classifier(NETWORK, toy, RECIPE, progress=False)
    assert all(np.array_equal(run.params[name], again.params[name]) for name in run.params)
    other = train_classifier(NETWORK, toy, RECIPE, seed=1, progress=False)
    assert other.history.train != run.history.train


def test_the_best_epoch_may_be_kept():
    recipe = BatchRecipe(lr=0.3, epochs=6, batch=16, keep="best")
    run = train_classifier(NETWORK, task(), recipe, seed=3, progress=False)
    assert run.valid_accuracy == max(run.history.accuracy)
    assert run.epoch == 1 + max(
        range(6), key=lambda n: (run.history.accuracy[n], -run.history.valid[n])
    )
    assert evaluate_classifier(NETWORK, run.params, task().valid)[1] == run.valid_accuracy


@pytest.mark.parametrize("variant", ["NP", "V", "FGR", "SRN"])
@pytest.mark.parametrize("directions", [1, 2])
def test_a_run_that_diverges_leaves_nothing_for_the_next_one(variant, directions):
    network = Classifier(6, 5, embedding=4, variant=variant, directions=directions)
    recipe = replace(RECIPE, epochs=1)
    before = train_classifier(network, task(), recipe, progress=False)
    for lr in (1e30, 1e3):
        train_classifier(network, task(), replace(recipe, lr=lr), progress=False)
    after = train_classifier(network, task(), recipe, progress=False)
    assert after.stopped == "epochs"
    assert after.history.valid == before.history.valid


def test_a_run_that_diverges_says_so():
    recipe = BatchRecipe(lr=1e38, epochs=3, rule="sgd")
    run = train_classifier(NETWORK, task(), recipe, progress=False)
    assert run.stopped == "diverged"
    assert (run.epoch, run.test, run.test_accuracy) == (0, np.inf, 0)
    assert all(np.isfinite(w).all() for w in run.params.values())
    assert "no epoch was finished" in str(run)


def test_a_long_gradient_is_made_shorter():
    toy = task()
    one = BatchRecipe(lr=1.0, epochs=1, batch=200, rule="sgd", clip=1e-3)
    run = train_classifier(NETWORK, toy, one, progress=False, dtype=np.float64)
    streams = np.random.SeedSequence(0).spawn(3)
    start = NETWORK.init(np.random.default_rng(streams[0]), np.float64)
    moved = np.sqrt(sum(((run.params[name] - start[name]) ** 2).sum() for name in start))
    assert moved == pytest.approx(1e-3, rel=1e-6)


def test_pictures_are_learned_row_by_row():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 120)
    x = rng.integers(0, 100, (120, 4, 3, 1)).astype(np.uint8)
    x[classes == 1, 0] += 120  # bright in the first row
    split = Pictures(x, classes)
    toy = Task(name="bright", source="generated", train=split, valid=split[:40], test=split[:40],
               inputs=12, outputs=2, loss="softmax", form="pictures", answer="sequence",
               metric="error rate")  # fmt: skip
    network = Classifier(3, 6, 2, embedding=0, loss="softmax")
    run = train_classifier(network, toy, BatchRecipe(lr=0.03, epochs=8), progress=False)
    assert run.test_accuracy > 0.95
    message = "network.inputs must be 3, the width 3 times the channels 1 of a picture.* got 12"
    with pytest.raises(ValueError, match=message):
        check_fit(Classifier(12, 6, 2, embedding=0, loss="softmax"), toy)
    with pytest.raises(ValueError, match="network.embedding must be 0 for pictures, got 32"):
        check_fit(Classifier(12, 6, 2, loss="softmax"), toy)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number, 1 or more, got 0"),
        ({"batch": 2.5}, "batch must be a whole number"),
        ({"lr": 0}, "lr must be a finite number above 0, got 0"),
        ({"lr": "0.1"}, "lr must be a finite number above 0, got '0.1'"),
        ({"clip": -1}, "clip must be a finite number above 0, got -1"),
        ({"rule": "newton"}, "rule must be one of adam, rmsprop, adagrad, sgd, got 'newton'"),
        ({"keep": "first"}, "keep must be 'last' or 'best', got 'first'"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        BatchRecipe(**options)


@pytest.mark.parametrize(
    ("network", "changes", "message"),
    [
        (Classifier(7, 4), {}, "network.inputs must be the task's, 6, got 7"),
        (Classifier(6, 4, 2), {}, "network.outputs must be the task's, 1, got 2"),
        (Classifier(6, 4, loss="softmax"), {}, "network.loss must be the task's, 'sigmoid'"),
        (Classifier(6, 4, embedding=0), {}, "network.embedding must be 1 or more for tokens"),
    ],
)
def test_a_task_of_another_kind_is_refused(network, changes, message):
    with pytest.raises(ValueError, match=message):
        check_fit(network, task(**changes))


def test_a_task_with_an_answer_a_frame_and_a_bad_seed_are_refused():
    x = np.zeros((4, 6), np.float32)
    pairs = {name: [(x, x[:, :1])] for name in ("train", "valid", "test")}
    frames = task(form="frames", answer="frame", metric="nats per frame", **pairs)
    with pytest.raises(ValueError, match="task must have one answer a sequence"):
        check_fit(NETWORK, frames)
    with pytest.raises(ValueError, match="seed must be a whole number, 0 or more, got -1"):
        train_classifier(NETWORK, task(), RECIPE, seed=-1)


def test_what_is_no_classifier_task_or_recipe_is_named():
    for given, message in (
        ((Network(6, 4, 1), task(), RECIPE), "network must be a Classifier, got Network"),
        ((NETWORK, None, RECIPE), "task must be a Task, got NoneType"),
        ((NETWORK, task(), Recipe(lr=0.1)), "recipe must be a BatchRecipe, got Recipe"),
    ):
        with pytest.raises(TypeError, match=message):
            train_classifier(*given)
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got"):
        train_classifier(NETWORK, task(), RECIPE, dtype=np.float16, progress=False)

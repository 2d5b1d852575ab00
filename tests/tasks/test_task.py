"""A task is checked when it is made, and its caption says where its data comes from."""

import numpy as np
import pytest

from lstmlab.tasks import Task, names


def pairs(count=1, inputs=3, outputs=2, dtype=np.float32):
    return [(np.zeros((4, inputs), dtype), np.zeros((4, outputs), dtype)) for _ in range(count)]


def task(**changes):
    values = {
        "name": "toy",
        "source": "generated",
        "train": pairs(3),
        "valid": pairs(2),
        "test": pairs(1),
        "inputs": 3,
        "outputs": 2,
    }
    return Task(**values | changes)


@pytest.mark.parametrize(
    ("changes", "caption"),
    [
        ({"seed": 4}, "generated toy (seed 4), 3/2/1 sequences"),
        ({"source": "embedded"}, "embedded toy, 3/2/1 sequences"),
        ({"source": "Real Set"}, "Real Set (real), 3/2/1 sequences"),
        ({"title": "my data"}, "my data, 3/2/1 sequences"),
    ],
)
def test_the_caption_names_source_seed_and_sizes(changes, caption):
    assert task(**changes).caption == caption


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"valid": []}, "valid must hold 1 sequence or more, got none"),
        ({"test": pairs(inputs=4)}, r"test\[0\] must have shapes \(4, 3\), \(4, 2\), got \(4, 4\)"),
        ({"train": pairs(dtype=np.float64)}, r"train\[0\] must be float32, float32, got float64"),
        ({"test": [(np.zeros((4, 3), np.float32), np.full((4, 2), 9, np.float32))]}, "from 0 to 1"),
        ({"test": [(np.zeros((4, 3), np.float32), np.full((4, 2), np.nan, np.float32))]}, "0 to 1"),
        ({"loss": "softmax"}, r"train\[0\] must have shapes \(4, 3\), \(4,\)"),
    ],
)
def test_a_task_that_is_not_whole_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        task(**changes)


def test_classes_are_whole_numbers_of_one_dimension():
    x = np.zeros((4, 3), np.float32)

    def classes(target):
        sets = {name: [(x, target)] for name in ("train", "valid", "test")}
        return task(loss="softmax", **sets)

    assert classes(np.array([0, 1, 1, 0])).loss == "softmax"
    with pytest.raises(ValueError, match="must have targets from 0 to 1, got 0 to 2"):
        classes(np.array([0, 1, 2, 0]))
    with pytest.raises(ValueError, match="must be float32, whole numbers"):
        classes(np.zeros(4))


def test_labels_are_whole_numbers_that_fit_their_sequence():
    x = np.zeros((4, 3), np.float32)

    def labels(target, **changes):
        sets = {name: [(x, target)] for name in ("train", "valid", "test")}
        return task(loss="ctc", outputs=3, **sets, **changes)

    assert labels(np.array([2, 1, 1])).loss == "ctc"
    assert labels(np.array([], int)).metric == "nats per frame"
    for target, message in (
        (np.array([0, 1]), "must have targets from 1 to 2, got 0 to 1"),
        (np.array([3]), "must have targets from 1 to 2, got 3 to 3"),
        (np.array([1.0]), "must be float32, whole numbers"),
        (np.array([[1]]), "must have shapes"),
        (np.array([1, 1, 1]), "must have labels that fit into its 4 frames, got 3 that need 5"),
    ):
        with pytest.raises(ValueError, match=message):
            labels(target)


def test_a_metric_must_be_one_of_the_loss():
    message = "metric must be one of the loss 'sigmoid', got 'frame error rate'"
    with pytest.raises(ValueError, match=message):
        task(metric="frame error rate")


def test_splits_are_had_by_name_and_arrays_are_not_shown():
    whole = task()
    assert whole.split("valid") is whole.valid
    with pytest.raises(ValueError, match="split must be one of train, valid, test, got 'dev'"):
        whole.split("dev")
    assert "array" not in repr(whole)


def test_music_is_among_the_names():
    assert "music" in names

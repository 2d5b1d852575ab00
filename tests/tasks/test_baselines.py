"""The frequency baselines score as counted by hand, and as published on the real set."""

import os
from pathlib import Path

import numpy as np
import pytest

from lstmlab.tasks import Task, load, music
from lstmlab.tasks.baselines import bigram_nll, marginal_nll


def tiny(**changes):
    x = np.array([[1], [0], [0], [0]], np.float32)
    target = np.array([[0], [0], [0], [1]], np.float32)
    pairs = [(x, target)]
    values = {
        "name": "tiny",
        "source": "generated",
        "train": pairs,
        "valid": pairs,
        "test": pairs,
        "inputs": 1,
        "outputs": 1,
    }
    return Task(**values | changes)


def test_the_marginal_is_counted_over_targets_with_one_added():
    chance = (1 + 1) / (4 + 2)
    expected = -(3 * np.log(1 - chance) + np.log(chance)) / 4
    assert marginal_nll(tiny()) == pytest.approx(expected, rel=1e-12)


def test_the_bigram_is_counted_by_what_the_key_did_before_with_one_added():
    after_down, after_up = 1 / 3, 2 / 5
    expected = -(np.log(1 - after_down) + 2 * np.log(1 - after_up) + np.log(after_up)) / 4
    assert bigram_nll(tiny()) == pytest.approx(expected, rel=1e-12)


def test_counts_come_from_training_and_the_score_from_the_split():
    x, target = tiny().train[0]
    other = tiny(test=[(x, 1 - target)])
    assert marginal_nll(other, "valid") == marginal_nll(tiny())
    assert marginal_nll(other, "test") > marginal_nll(other, "valid")


@pytest.mark.parametrize("baseline", [marginal_nll, bigram_nll])
def test_what_has_no_such_baseline_is_refused(baseline):
    pairs = [(np.zeros((4, 1), np.float32), np.zeros(4, int))]
    sets = dict.fromkeys(("train", "valid", "test"), pairs)
    classes = tiny(loss="softmax", **sets)
    with pytest.raises(ValueError, match="task must have the loss 'sigmoid', got 'softmax'"):
        baseline(classes)
    with pytest.raises(ValueError, match="split must be one of .* got 'dev'"):
        baseline(tiny(), "dev")


def test_a_bigram_needs_as_many_inputs_as_outputs():
    pairs = [(np.zeros((4, 2), np.float32), np.zeros((4, 1), np.float32))]
    task = tiny(inputs=2, train=pairs, valid=pairs, test=pairs)
    with pytest.raises(ValueError, match="task must have as many inputs as outputs, got 2 and 1"):
        bigram_nll(task)


def test_generated_chorales_are_as_hard_as_the_real_ones_and_a_bigram_is_better():
    task = load("music", source="generated")
    assert marginal_nll(task) == pytest.approx(11.34, abs=0.01)
    assert bigram_nll(task) == pytest.approx(10.60, abs=0.01)


def test_the_real_set_scores_what_is_known_of_it():
    folder = os.environ.get("LSTMLAB_DATA")
    if not folder or not (Path(folder) / music.JSB_CHORALES.filename).is_file():
        pytest.skip("the JSB Chorales are not in LSTMLAB_DATA")
    task = load("music", source="JSB Chorales", root=folder)
    assert task.caption == "JSB Chorales (real), 229/76/77 sequences"
    assert marginal_nll(task) == pytest.approx(11.1, abs=0.05)
    assert bigram_nll(task) == pytest.approx(10.49, abs=0.01)
    frames = [len(x) + 1 for split in ("train", "valid", "test") for x, _ in task.split(split)]
    assert (min(frames), max(frames), sum(frames)) == (25, 160, 23134)

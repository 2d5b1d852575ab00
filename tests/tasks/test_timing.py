"""Spikes: on the step, counted anew from every start."""

import numpy as np
import pytest

from lstmlab.tasks import load, timing
from lstmlab.tasks.timing import EVERY, STEPS, delay, spikes, starts


def at(array):
    return (1 + np.flatnonzero(array[:, 0])).tolist()


def test_a_spike_comes_every_so_many_steps_after_the_start():
    x, target = spikes(4, 18)
    assert (at(x), at(target)) == ([1], [5, 9, 13, 17])
    assert (x.shape, target.shape) == ((18, 1), (18, 1))
    assert (x.dtype, target.dtype) == (np.float32, np.float32)


def test_a_start_sets_the_count_back():
    x, target = spikes(4, 18, starts=[2, 8, 12, 15])
    assert at(x) == [2, 8, 12, 15]
    assert at(target) == [6]  # 12 is the step of a start
    assert at(spikes(4, 18, starts=[2, 8])[1]) == [6, 12, 16]
    assert at(spikes(1, 5, [3])[1]) == [4, 5]


def test_a_delay_is_the_longest_or_it_is_not():
    x, target = delay(5, 5, 3, 10)
    assert (at(x), at(target)) == ([3, 8], [8])
    x, target = delay(4, 5, 3, 10)
    assert (at(x), at(target)) == ([3, 7], [])
    assert (x.shape, x.dtype, target.dtype) == ((10, 1), np.float32, np.float32)


def test_starts_are_one_to_five_beats_apart_and_the_first_is_at_once():
    rng = np.random.default_rng(0)
    gaps = np.concatenate([np.diff(starts(rng, 10, 1000)) for _ in range(50)])
    assert (gaps.min(), gaps.max()) == (10, 50)
    assert abs(gaps.mean() - 30) < 1
    assert all(starts(rng, 10, 9) == [1] for _ in range(5))


def test_the_task_is_drawn_from_its_seed():
    task, again, other = load("timing"), load("timing"), load("timing", seed=1)
    assert task.caption == "generated timing (seed 0), 100/50/50 sequences"
    assert (task.inputs, task.outputs, task.loss, task.seed) == (1, 1, "sigmoid", 0)
    for (x, target), (same, _) in zip(task.test, again.test, strict=True):
        assert np.array_equal(x, same)
        assert np.array_equal(target, spikes(EVERY, STEPS, at(x))[1])
    drawn = [[at(x) for x, _ in split] for split in (task.train, task.valid, task.test)]
    assert not any(drawn[0][:50] == later for later in drawn[1:])
    assert drawn[0] != [at(x) for x, _ in other.train]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spikes(0, 10), "every must be a whole number, 1 or more, got 0"),
        (lambda: spikes(3, 2.0), "steps must be a whole number, 1 or more, got 2.0"),
        (lambda: spikes(3, 10, []), r"starts must be steps from 1 to 10, ascending, got \[\]"),
        (lambda: spikes(3, 10, [0, 4]), "starts must be steps from 1 to 10"),
        (lambda: spikes(3, 10, [4, 4]), "starts must be steps from 1 to 10, ascending"),
        (lambda: spikes(3, 10, [4, 11]), "starts must be steps from 1 to 10, ascending"),
        (lambda: spikes(3, 10, [1.5]), "starts must be steps from 1 to 10, ascending"),
        (lambda: delay(5, 5, 6, 10), "steps must be 11 or more for both spikes, got 10"),
        (lambda: delay(0, 5, 1, 10), "apart must be a whole number, 1 or more, got 0"),
        (lambda: timing.beats(np.random.default_rng(0), 0), "count must be a whole number"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

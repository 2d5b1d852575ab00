"""Adding and copying: what is asked is in the sequence, and only a memory can know it."""

import numpy as np
import pytest

from lstmlab.tasks import load
from lstmlab.tasks.adding import sums
from lstmlab.tasks.copying import SYMBOLS, copies, without_memory
from lstmlab.training import Network, Recipe, train


def test_two_numbers_are_marked_one_in_each_half_and_the_target_is_their_sum():
    for x, target in sums(np.random.default_rng(0), 200, steps=11):
        assert x.shape == (11, 2)
        marked = np.flatnonzero(x[:, 1])
        assert len(marked) == 2
        assert marked[0] < 5 <= marked[1]
        assert np.abs(x[:, 0]).max() <= 1
        assert np.allclose(target[: marked[0], 0], 0.5)
        assert np.allclose(target[marked[0] : marked[1], 0], 0.5 + x[marked[0], 0] / 4)
        assert np.allclose(target[marked[1] :, 0], 0.5 + x[marked, 0].sum() / 4, atol=1e-6)
        assert target.min() >= 0
        assert target.max() <= 1


def test_a_copy_comes_after_the_signal():
    for x, target in copies(np.random.default_rng(0), 100, length=3, lag=4):
        shown = x.argmax(axis=1)
        assert np.all(x.sum(axis=1) == 1)
        assert shown[3:7].tolist() == [SYMBOLS] * 4
        assert shown[7] == SYMBOLS + 1
        assert shown[8:].tolist() == [SYMBOLS] * 2
        assert target[:7].tolist() == [0] * 7
        assert target[7:].tolist() == (1 + shown[:3]).tolist()


def test_all_symbols_are_as_frequent():
    sequences = copies(np.random.default_rng(0), 2000)
    shown = np.concatenate([x.argmax(axis=1)[:5] for x, _ in sequences])
    shares = np.bincount(shown, minlength=SYMBOLS) / len(shown)
    assert np.allclose(shares, 1 / SYMBOLS, atol=0.01)


def test_without_memory_the_loss_is_known():
    """Of the best guess that uses the step alone: blank where blank is right, else 1 in 8."""
    sequences = copies(np.random.default_rng(0), 500, length=4, lag=6)
    found = []
    for _, target in sequences:
        p = np.zeros((14, SYMBOLS + 1))
        p[:10, 0] = 1
        p[10:, 1:] = 1 / SYMBOLS
        found.append(-np.log(p[np.arange(14), target]).mean())
    assert np.mean(found) == pytest.approx(without_memory(4, 6))


@pytest.mark.parametrize(
    ("name", "inputs", "outputs", "loss"), [("adding", 2, 1, "sigmoid"), ("copy", 10, 9, "softmax")]
)
def test_they_are_tasks_drawn_from_a_seed(name, inputs, outputs, loss):
    task, again, other = (load(name, seed=seed) for seed in (0, 0, 1))
    assert (task.inputs, task.outputs, task.loss) == (inputs, outputs, loss)
    assert task.caption == f"generated {name} (seed 0), 500/100/100 sequences"
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(task.train, again.train, strict=True))
    assert any(not np.array_equal(a[0], b[0])
               for a, b in zip(task.train, other.train, strict=True))  # fmt: skip


def test_a_network_with_memory_learns_a_short_copy(monkeypatch):
    """Below the loss of who forgets; one symbol, two blanks."""
    from lstmlab.tasks import copying

    short = copying.Generated(
        "copy", lambda rng, count: copies(rng, count, 1, 2), 10, 9, (200, 50, 50), "softmax"
    )
    task = short.load("auto", None, False, 0)
    run = train(Network(10, 12, 9, loss="softmax"), task, Recipe(lr=0.3, epochs=15), progress=False)
    assert run.test < 0.2 * without_memory(1, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: sums(rng, 0), "count must be a whole number, 1 or more, got 0"),
        (lambda rng: sums(rng, 1, 1), "steps must be a whole number, 2 or more, got 1"),
        (lambda rng: copies(rng, 1, 0), "length must be a whole number, 1 or more, got 0"),
        (lambda rng: copies(rng, 1, 1, -1), "lag must be a whole number, 0 or more, got -1"),
        (lambda rng: load("copy", source="real"), "source must be one of 'auto', 'generated'"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))

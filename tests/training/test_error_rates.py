"""Training that is judged by an error rate: frames of speech, characters of handwriting."""

from functools import partial

import numpy as np
import pytest

from lstmlab.tasks import Task
from lstmlab.training import (
    Network,
    NumpyEngine,
    Recipe,
    best_path,
    error_rate,
    evaluate,
    evaluate_error,
    train,
)
from lstmlab.training.compiled import CompiledEngine

SYMBOLS = 5  # and 0, which is a pause, or the blank


def written(rng, noise):
    """Symbols of 3 to 6 frames each under noise, mostly with pauses: x, frame classes, labels."""
    labels, frames = rng.integers(1, SYMBOLS + 1, rng.integers(3, 8)), []
    for last, label in zip((0, *labels), labels, strict=False):
        frames += [0] * rng.integers(2 if label == last else 0, 4)
        frames += [label] * rng.integers(3, 7)
    clean = np.eye(SYMBOLS + 1)[frames]
    blurred = (np.roll(clean, 1, axis=0) + clean + np.roll(clean, -1, axis=0)) / 3
    x = blurred + noise * rng.standard_normal(clean.shape)
    return x[:, 1:].astype(np.float32), np.array(frames), labels


def handwriting(loss, noise, sizes=(60, 20, 20), **options):
    rng = np.random.default_rng(0)
    sets = {}
    for name, size in zip(("train", "valid", "test"), sizes, strict=True):
        lines = [written(rng, noise) for _ in range(size)]
        sets[name] = [(x, frames if loss == "softmax" else l) for x, frames, l in lines]
    metric = {"softmax": "frame error rate", "ctc": "character error rate"}[loss]
    given = {"metric": metric, "source": "generated", "seed": 0} | options
    return Task(name="bursts", inputs=SYMBOLS, outputs=SYMBOLS + 1, loss=loss, **sets, **given)


def network(loss, blocks=12):
    return Network(SYMBOLS, blocks, SYMBOLS + 1, loss=loss, directions=2)


def test_ctc_learns_to_read_what_nobody_has_segmented():
    task = handwriting("ctc", noise=0.15)
    run = train(network("ctc"), task, Recipe(lr=0.05, epochs=40), progress=False)
    assert run.test_error < 0.05
    assert f"{run.test_error:.1%} character error rate" in str(run)
    readings = [run.network.read(run.params, x) for x, _ in task.test]
    assert error_rate(readings, [l for _, l in task.test]) == run.test_error
    best = [best_path(run.network.predict(run.params, x)) for x, _ in task.test]
    assert all(map(np.array_equal, best, readings))


def test_frames_are_classified_better_than_one_frame_alone_allows():
    task = handwriting("softmax", noise=0.3, sizes=(150, 20, 20))
    run = train(network("softmax"), task, Recipe(lr=0.02, epochs=30), progress=False)
    x, frames = (np.concatenate(parts) for parts in zip(*task.test, strict=True))
    distances = ((x[:, None] - np.eye(SYMBOLS + 1)[:, 1:]) ** 2).sum(axis=2)
    assert run.test_error < 0.17 < 0.2 < np.mean(distances.argmin(axis=1) != frames)
    read = np.concatenate([run.network.read(run.params, x) for x, _ in task.test])
    assert run.test_error == np.mean(read != frames)


@pytest.mark.parametrize("loss", ["softmax", "ctc"])
def test_the_errors_are_those_of_the_returned_weights_and_of_the_best_epoch(loss):
    task = handwriting(loss, 0.2, sizes=(10, 5, 5))
    run = train(network(loss, 6), task, Recipe(lr=0.1, epochs=12), progress=False)
    for name in ("valid", "test"):
        E, error = evaluate_error(
            lambda x, target: run.network.assess(run.params, x, target), task.split(name)
        )
        assert E == pytest.approx(getattr(run, name), rel=1e-5)
        assert error == getattr(run, f"{name}_error")
    history = run.history
    assert run.valid_error == min(history.error) == history.error[run.best_epoch - 1]
    assert run.valid == history.valid[run.best_epoch - 1]
    assert history.plot().axes[0].get_ylabel() == "nats per frame"


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("loss", ["softmax", "ctc"])
def test_both_engines_train_to_the_same_errors(loss, directions):
    task = handwriting(loss, 0.2, sizes=(8, 4, 4))
    net = Network(SYMBOLS, 5, SYMBOLS + 1, loss=loss, directions=directions)
    runs = [
        train(net, task, Recipe(lr=0.1, epochs=4), engine=engine, dtype=float, progress=False)
        for engine in (NumpyEngine, CompiledEngine)
    ]
    assert runs[0].history.error == runs[1].history.error
    assert np.allclose(runs[0].history.valid, runs[1].history.valid, rtol=1e-9)


def scripted(scores, **recipe):
    """A run whose validation scores are a list of (loss, mistakes), three entries a sequence."""

    class Scripted(NumpyEngine):
        calls = 0

        def step(self, x, target, **options):
            return 1.0

        def assess(self, x, target):
            loss, mistakes = scores[min(self.calls, len(scores) - 1)]
            self.calls += 1
            return len(x) * loss, mistakes

    sequence = (np.zeros((9, 1), np.float32), np.array([1, 1, 1]))
    task = Task("scripted", "generated", [sequence], [sequence], [sequence], 1, 2, "ctc",
                "character error rate")  # fmt: skip
    net = Network(1, 2, 2, loss="ctc")
    return train(net, task, Recipe(lr=1, **recipe), engine=Scripted, progress=False)


def test_training_stops_for_the_error_not_for_the_loss():
    run = scripted([(1, 3), (2, 1), *[(0.5, 2)] * 50], patience=5)
    assert (run.stopped, run.best_epoch, len(run.history)) == ("patience", 2, 2 + 6)
    assert (run.valid_error, run.valid) == (1 / 3, 2)


def test_where_the_error_stays_the_loss_decides():
    falling = [(10 - epoch, 3) for epoch in range(9)]
    run = scripted([*falling, *[(0, 3), (1, 3)] * 9], patience=2)
    assert run.best_epoch == 10
    assert run.valid_error == 1


def test_a_loss_that_is_not_finite_diverges_whatever_the_error():
    run = scripted([(1, 3), (np.inf, 0)])
    assert run.diverged
    assert run.best_epoch == 1
    run = scripted([(np.nan, 0)])
    assert run.valid_error == run.test_error == run.test == np.inf


def test_a_task_in_nats_is_judged_by_its_loss():
    task = handwriting("ctc", 0.2, sizes=(4, 2, 2), metric="nats per frame")
    run = train(network("ctc", 4), task, Recipe(lr=0.1, epochs=3), progress=False)
    assert run.history.error == []
    assert run.valid_error is run.test_error is None
    cost = evaluate(lambda x, l: run.network.cost(run.params, x, l), task.valid)
    assert cost == pytest.approx(run.valid, rel=1e-5)
    assert "nats per frame" in str(run)


@pytest.mark.parametrize("engine", [NumpyEngine, CompiledEngine])
def test_labels_that_do_not_fit_are_an_error_that_says_so_and_change_nothing(engine):
    net = network("ctc", 4)
    machine = engine(net, net.init(np.random.default_rng(0)))
    before, x = machine.weights(), np.zeros((4, SYMBOLS), np.float32)
    for ask in (machine.cost, machine.assess, partial(machine.step, rate=1, momentum=0)):
        for target, needed in ((np.array([1, 2, 2, 3]), 5), (np.array([1] * 4), 7)):
            with pytest.raises(ValueError, match=f"the 4 frames of x, got 4 labels .* {needed}"):
                ask(x, target)
        assert np.isfinite(ask(x, np.array([1, 2, 3, 2]))).all()
        machine.load(before)


def test_mistakes_of_a_sigmoid_and_rates_of_nothing_are_refused():
    net = Network(1, 2, 3)
    params, x = net.init(np.random.default_rng(0)), np.zeros((4, 1), np.float32)
    with pytest.raises(ValueError, match="loss must be softmax or ctc to count mistakes"):
        net.assess(params, x, np.zeros((4, 3), np.float32))
    with pytest.raises(ValueError, match="loss must be softmax or ctc to read classes"):
        net.read(params, x)
    with pytest.raises(ValueError, match="targets must hold 1 label or more, got none"):
        evaluate_error(lambda x, l: (1.0, 0), [(x, np.array([], int))])

"""The exercises of "Learning Bach"."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lstmlab import check
from lstmlab.cells import Array
from lstmlab.exercises.network import key_tables
from lstmlab.tasks import load
from lstmlab.tasks.baselines import bigram_nll
from lstmlab.training import Network, Recipe, train
from lstmlab.training.losses import sigmoid_cross_entropy

from ..harness import Promises

Stop = Callable[[list[float], int], tuple[int, int]]
SETS = {"gradients": "training", "epoch": "validation", "rate": "validation", "report": "test"}


def one_price(
    p: Callable[[float, int], float] = lambda m, K: m / K,
    nats: Callable[[float, int, float], float] = (
        lambda m, K, p: -m * math.log(p) - (K - m) * math.log(1 - p)
    ),
) -> Callable[[float, int], tuple[float, float]]:
    return lambda m, K: (p(m, K), nats(m, K, p(m, K)))


def summed(each: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    return lambda a, k: each(a, k).sum(axis=1)


def through_p(clip: float) -> Callable[[Array, Array], Array]:
    def each(a: Array, k: Array) -> Array:
        p = np.clip(1 / (1 + np.exp(-a)), clip, 1 - clip)
        return -k * np.log(p) - (1 - k) * np.log(1 - p)

    return summed(each)


def stopping(
    *,
    better: Callable[[float, float], bool] = lambda loss, best: loss < best,
    over: Callable[[int, int], bool] = lambda waited, patience: waited > patience,
    off: int = 0,
    moving: bool = False,
    keeps: Callable[[list[float], int, int], int] = lambda valid, ends, kept: kept,
) -> Stop:
    """Early stopping in which one line may be another."""

    def stop(valid: list[float], patience: int) -> tuple[int, int]:
        best, kept, last, ends = math.inf, 0, 0, len(valid)
        for epoch, loss in enumerate(valid, start=1):
            if better(loss, best):
                best, kept, last = loss, epoch, epoch
            elif over(epoch - last, patience):
                ends = epoch
                break
            if moving:
                best = loss
        return ends + off, keeps(valid, ends, kept) + off

    return stop




def joint(rolls: list[Array]) -> Array:
    frames = sum(max(len(roll) - 2, 0) for roll in rolls)
    return key_tables.two_back(rolls) * (key_tables.seen(rolls) + 2) / (frames + 2)


def after_silence(rolls: list[Array], frames: int) -> list[Array]:
    return [np.pad(roll, ((frames, 0), (0, 0))) for roll in rolls]


def unsmoothed(rolls: list[Array]) -> Array:
    seen = key_tables.seen(rolls)
    down = key_tables.two_back(rolls) * (seen + 2) - 1
    return down / np.maximum(seen, 1)


class TestLearningBach(Promises):
    chapter = "1-6-learning-bach"
    wrong = {
        "network.three-sets": [
            (SETS | {"epoch": "test"}, "chosen-on-test"),
            (SETS | {"rate": "Test"}, "chosen-on-test"),
            (SETS | {"gradients": "validation"}, "learns-elsewhere"),
            (SETS | {"rate": "training"}, "chosen-on-training"),
            (SETS | {"report": "validation"}, "already-used"),
            (SETS | {"report": "all"}, "not-an-option"),
            ({"gradients": "training"}, "keys"),
            (["training", "validation", "validation", "test"], "form"),
        ],
        "network.one-price": [
            (one_price(p=lambda m, K: 0.5), "a-coin"),
            (one_price(p=lambda m, K: 1 - m / K), "up-for-down"),
            (one_price(p=lambda m, K: 1 / K), "another-p"),
            (one_price(nats=lambda m, K, p: m * math.log(p) + (K - m) * math.log(1 - p)), "sign"),
            (one_price(nats=lambda m, K, p: -p * math.log(p) - (1 - p) * math.log(1 - p)),
             "per-key"),
            (one_price(nats=lambda m, K, p: -m * math.log2(p) - (K - m) * math.log2(1 - p)),
             "bits"),
            (one_price(nats=lambda m, K, p: -m * math.log(p)), "only-down"),
            (one_price(nats=lambda m, K, p: 61.0), "wrong-price"),
            (lambda m, K: 16.27, "form"),
        ],
        "network.exact-price": [
            (summed(lambda a, k: k * a - np.logaddexp(0, a)), "sign"),
            (lambda a, k: (np.logaddexp(0, a) - k * a).mean(axis=1), "mean-of-keys"),
            (lambda a, k: (np.logaddexp(0, a) - k * a).sum(), "not-per-frame"),
            (summed(lambda a, k: np.logaddexp(0, -a) * k), "only-down"),
            (summed(lambda a, k: np.logaddexp(0, a) + k * a), "up-for-down"),
            (summed(lambda a, k: k * np.logaddexp(0, a) + (1 - k) * np.logaddexp(0, -a)),
             "up-for-down"),
            (summed(lambda a, k: (k - a) ** 2), "wrong-price"),
            (through_p(0.0), "log-of-zero"),
            (summed(lambda a, k: np.log(1 + np.exp(a)) - k * a), "log-of-zero"),
            (through_p(1e-6), "clipped"),
            (through_p(1e-12), "clipped"),
        ],
        "network.early-stopping": [
            (stopping(off=-1), "from-zero"),
            (stopping(keeps=lambda valid, ends, kept: 1 + int(np.argmin(valid))),
             "sees-the-future"),
            (stopping(keeps=lambda valid, ends, kept: ends), "keeps-the-last"),
            (stopping(better=lambda loss, best: loss <= best), "ties"),
            (stopping(over=lambda waited, patience: waited >= patience), "impatient"),
            (stopping(over=lambda waited, patience: waited > patience + 1), "too-patient"),
            (stopping(moving=True), "against-the-last"),
            (lambda valid, patience: (len(valid), 1 + int(np.argmin(valid))), "never-stops"),
            (stopping(keeps=lambda valid, ends, kept: max(1, kept - 1)), "another-epoch"),
            (lambda valid, patience: (7, 3), "wrong-epochs"),
            (lambda valid, patience: 5, "form"),
            (lambda valid, patience: (5.5, 2), "not-whole"),
        ],
        "network.two-frames-back": [
            (lambda rolls: key_tables.two_back(rolls).swapaxes(0, 1), "swapped"),
            (lambda rolls: key_tables.two_back([np.concatenate(rolls)]), "across-the-end"),
            (lambda rolls: key_tables.two_back(after_silence(rolls, 1)), "silence-before"),
            (lambda rolls: key_tables.two_back(after_silence(rolls, 2)), "silence-before"),
            (unsmoothed, "never-certain"),
            (lambda rolls: 1 - key_tables.two_back(rolls), "up-for-down"),
            (joint, "joint"),
            (key_tables.one_back, "one-frame"),
            (lambda rolls: np.full((2, 2, rolls[0].shape[1]), 0.5), "one-frame"),
            (lambda rolls: key_tables.two_back(rolls) ** 2, "miscounted"),
            (lambda rolls: key_tables.two_back(rolls)[..., :1], "shape"),
        ],
    }  # fmt: skip
    right = {
        "network.three-sets": [lambda: {what: name.upper() for what, name in SETS.items()}],
        "network.one-price": [one_price(), lambda m, K: list(one_price()(m, K))],
        "network.exact-price": [
            summed(lambda a, k: np.maximum(a, 0) - a * k + np.log1p(np.exp(-np.abs(a)))),
            summed(lambda a, k: np.logaddexp(0, (1 - 2 * k) * a)),
        ],
        "network.early-stopping": [stopping(), lambda valid, patience: list(
            stopping()(valid, patience))],
        "network.two-frames-back": [key_tables.two_back],
    }  # fmt: skip


def test_the_rule_of_early_stopping_is_the_one_that_train_follows() -> None:
    task = load("music", source="generated")
    task = replace(task, train=task.train[:8], valid=task.valid[:8], test=task.test[:8])
    recipe = Recipe(lr=1.0, momentum=0.9, epochs=40, patience=1)
    run = train(Network(88, 2, 88, "V"), task, recipe, seed=0, progress=False)
    assert run.stopped == "patience"
    valid = [*run.history.valid, 0.0]  # an epoch that the run did not live to see
    assert stopping()(valid, 1) == (len(run.history), run.best_epoch)


def test_the_exact_price_is_the_loss_that_the_network_learns_from() -> None:
    rng = np.random.default_rng(0)
    a, k = rng.standard_normal((6, 5)), rng.integers(0, 2, (6, 5)).astype(np.float64)
    price = summed(lambda a, k: np.logaddexp(0, a) - k * a)
    assert check("network.exact-price", price)
    assert price(a, k).sum() == pytest.approx(sigmoid_cross_entropy(a, k)[0])


def test_a_table_of_two_frames_is_counted_as_by_hand() -> None:
    roll = np.array([[1], [0], [1], [1], [0], [1.0]])  # 1 0 1 1 0 1
    table = key_tables.two_back([roll, np.ones((2, 1))])[..., 0]
    # After 1 0 it was down twice out of two, after 0 1 once out of one, after 1 1 never out of one.
    np.testing.assert_allclose(table, [[1 / 2, 2 / 3], [3 / 4, 1 / 3]])


def test_a_table_of_one_frame_is_the_bigram_predictor() -> None:
    task = load("music", source="generated")
    train_rolls, test_rolls = (
        [np.concatenate([x[:1], k]).astype(np.float64) for x, k in part]
        for part in (task.train, task.test)
    )
    table = key_tables.one_back(train_rolls)
    # Both leave out the first frame; the table's price leaves out the second as well.
    assert key_tables.price(table, test_rolls) == pytest.approx(bigram_nll(task), rel=0.01)

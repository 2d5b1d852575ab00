"""Training a classifier on batches, as Poudel et al. do: so many epochs, the last one counts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike
from tqdm.auto import tqdm

from lstmlab.cells import Array, Params
from lstmlab.tasks import Task
from lstmlab.tasks.task import Pair
from lstmlab.training.checks import (
    above_0,
    check_agree,
    check_kinds,
    check_one_of,
    check_seed,
    settle_numbers,
    settle_wholes,
)
from lstmlab.training.classifier import Classifier
from lstmlab.training.updates import RULES

TINY = 1e-12


@dataclass(frozen=True, kw_only=True)
class BatchRecipe:
    """How to train a classifier (Poudel et al., section III).

    Parameters
    ----------
    lr : float
        Learning rate of the rule.
    epochs : int
        Passes over the training set; all of them are made.
    batch : int
        Sequences an update. The paper leaves it at Keras' 32.
    rule : {"adam", "rmsprop", "adagrad", "sgd"}
        The paper does not name its optimizer.
    clip : float, optional
        Longest gradient: one that is longer, all weights together, is made so long.
    keep : {"last", "best"}
        Which weights are returned: those of the last epoch, as in the paper, or those of the epoch
        with the best validation accuracy (of equal ones, that with the lower loss).

    Raises
    ------
    ValueError
        If one is out of range; the message names it.
    """

    lr: float = 0.001
    epochs: int = 5
    batch: int = 32
    rule: str = "adam"
    clip: float | None = None
    keep: Literal["last", "best"] = "last"

    def __post_init__(self) -> None:
        settle_wholes(self, "epochs", "batch")
        given = ("lr",) if self.clip is None else ("lr", "clip")
        settle_numbers(self, *given, right=above_0, what="a finite number above 0")
        check_one_of("rule", self.rule, RULES)
        if self.keep not in ("last", "best"):
            raise ValueError(f"keep must be 'last' or 'best', got {self.keep!r}")


@dataclass
class Epochs:
    """What was measured after every epoch.

    Attributes
    ----------
    train : list of float
        Mean loss of the epoch's batches in nats a sequence, each before its update.
    valid, accuracy : list of float
        Loss and accuracy on the validation set.
    """

    train: list[float] = field(default_factory=list)
    valid: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.valid)


@dataclass(frozen=True)
class ClassifierRun:
    """A finished training run of a classifier.

    Attributes
    ----------
    network, recipe, seed
        What was asked for.
    source : str
        Where the data came from.
    params : dict of str to ndarray
        The weights of `epoch`.
    history : Epochs
    epoch : int
        Counted from 1; 0 if none was finished.
    valid, test : float
        Loss in nats a sequence with these weights.
    valid_accuracy, test_accuracy : float
    stopped : {"epochs", "diverged"}
        Why the run ended.
    seconds : float
        Wall-clock time.
    """

    network: Classifier
    recipe: BatchRecipe
    seed: int
    source: str
    params: Params
    history: Epochs
    epoch: int
    valid: float
    test: float
    valid_accuracy: float
    test_accuracy: float
    stopped: Literal["epochs", "diverged"]
    seconds: float

    def __str__(self) -> str:
        why = "all epochs done" if self.stopped == "epochs" else "the loss became infinite or NaN"
        if not self.epoch:
            return f"{self.source}, seed {self.seed}: no epoch was finished; stopped: {why}"
        return (
            f"{self.source}, seed {self.seed}: test accuracy {self.test_accuracy:.1%} "
            f"(valid {self.valid_accuracy:.1%}) after {self.epoch} of {len(self.history)} epochs; "
            f"stopped: {why}"
        )


def train_classifier(
    network: Classifier,
    task: Task,
    recipe: BatchRecipe,
    *,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
    progress: bool = True,
) -> ClassifierRun:
    """Train a classifier and measure it on the validation set after every epoch.

    Parameters
    ----------
    network : Classifier
    task : Task
        With one answer for every sequence.
    recipe : BatchRecipe
    seed : int
        Fixes the first weights, the order of the sequences and what is dropped.
    dtype : float32 or float64
    progress : bool
        Show a bar with the batches of an epoch and the last validation accuracy.

    Returns
    -------
    ClassifierRun

    Raises
    ------
    TypeError
        If network, task or recipe is something else.
    ValueError
        If network and task do not fit each other, or seed or dtype is none.

    Notes
    -----
    A loss that is NaN or infinite ends the run, which then returns the weights of the last epoch
    that was finished.
    """
    check_kinds(network=(network, Classifier), task=(task, Task), recipe=(recipe, BatchRecipe))
    check_fit(network, task)
    seed = check_seed(seed)
    began = time.perf_counter()
    streams = np.random.SeedSequence(seed).spawn(3)
    for_weights, for_order, for_drops = (np.random.default_rng(stream) for stream in streams)
    w, params = _flat(network.init(for_weights, dtype))
    g, gradient = _flat({name: np.zeros_like(array) for name, array in params.items()})
    rule = RULES[recipe.rule](len(w), w.dtype)

    history, epoch = Epochs(), 0
    kept, best = w.copy(), (-np.inf, -np.inf)
    stopped: Literal["epochs", "diverged"] = "epochs"
    batches = -(-len(task.train) // recipe.batch)
    bar = tqdm(total=recipe.epochs * batches, unit="batch", disable=not progress, leave=False)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"), bar:
        for _ in range(recipe.epochs):
            total = 0.0
            order = for_order.permutation(len(task.train))
            for first in range(0, len(order), recipe.batch):
                pairs = [task.train[int(k)] for k in order[first : first + recipe.batch]]
                xs, targets = zip(*pairs, strict=True)
                E, found = network.gradient(params, xs, targets, for_drops)
                total += E * len(pairs)
                if not np.isfinite(E):
                    break
                for name, array in found.items():
                    gradient[name][...] = array
                if recipe.clip is not None:
                    g *= min(1.0, recipe.clip / (float(np.linalg.norm(g)) + TINY))
                rule(w, g, recipe.lr)
                bar.update()
            valid, accuracy = np.nan, 0.0
            if np.isfinite(total) and np.isfinite(w).all():
                valid, accuracy = evaluate_classifier(network, params, task.valid)
            if not np.isfinite(valid):
                stopped = "diverged"
                break
            history.train.append(total / len(order))
            history.valid.append(valid)
            history.accuracy.append(accuracy)
            bar.set_postfix_str(f"valid {accuracy:.1%}")
            if recipe.keep == "last" or (accuracy, -valid) > best:
                kept[:], best, epoch = w, (accuracy, -valid), len(history)
        w[:] = kept
        valid, accuracy = np.inf, 0.0
        test, test_accuracy = np.inf, 0.0
        if epoch:
            valid, accuracy = history.valid[epoch - 1], history.accuracy[epoch - 1]
            test, test_accuracy = evaluate_classifier(network, params, task.test)
    return ClassifierRun(
        network=network,
        recipe=recipe,
        seed=seed,
        source=task.source,
        params={name: array.copy() for name, array in params.items()},
        history=history,
        epoch=epoch,
        valid=float(valid),
        test=float(test),
        valid_accuracy=float(accuracy),
        test_accuracy=float(test_accuracy),
        stopped=stopped,
        seconds=time.perf_counter() - began,
    )


def evaluate_classifier(
    network: Classifier, params: Params, pairs: Sequence[Pair]
) -> tuple[float, float]:
    """Loss in nats a sequence, and the part of all answers that are right.

    For "sigmoid" every output is an answer, and right if it is on the target's side of ½; for
    "softmax" the likeliest class is.
    """
    xs, targets = zip(*pairs, strict=True)
    p = network.predict(params, xs)
    target: Array = np.stack(targets)
    if network.loss == "softmax":
        p_target = p[np.arange(len(p)), target]
        return float(-np.log(p_target + TINY).mean()), float((p.argmax(axis=1) == target).mean())
    right = (p > 0.5) == (target > 0.5)
    E = target * np.log(p + TINY) + (1 - target) * np.log(1 - p + TINY)
    return float(-E.sum(axis=1).mean()), float(right.mean())


def check_fit(network: Classifier, task: Task) -> None:
    """Refuse a task that the classifier cannot read or answer."""
    if task.answer != "sequence":
        raise ValueError(
            "task must have one answer a sequence (train and train_stream take others), got "
            f"{task.name}: answer {task.answer}"
        )
    if (network.embedding > 0) != (task.form == "tokens"):
        what = "1 or more for tokens" if task.form == "tokens" else f"0 for {task.form}"
        raise ValueError(f"network.embedding must be {what}, got {network.embedding}")
    if task.form == "pictures":
        _, width, channels = task.train[0][0].shape
        if network.inputs != width * channels:
            raise ValueError(
                f"network.inputs must be {width * channels}, the width {width} times the "
                f"channels {channels} of a picture, which is read row by row, got {network.inputs}"
            )
    else:
        check_agree(network, task, "inputs")
    check_agree(network, task, "outputs", "loss")


def _flat(params: Params) -> tuple[Array, Params]:
    """All arrays in one vector, and the same as views of it."""
    vector = np.concatenate([array.ravel() for array in params.values()])
    views, at = {}, 0
    for name, array in params.items():
        views[name] = vector[at : at + array.size].reshape(array.shape)
        at += array.size
    return vector, views

"""The paper's recipe: online gradient descent with momentum, noise and early stopping."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike
from tqdm.auto import tqdm

from lstmlab.cells import Array, Params
from lstmlab.tasks import Task
from lstmlab.training.checks import (
    above_0,
    check_agree,
    check_kinds,
    check_seed,
    from_0,
    settle_numbers,
    settle_wholes,
)
from lstmlab.training.engine import Engine, NumpyEngine, fastest
from lstmlab.training.history import History, Run
from lstmlab.training.losses import LOSSES, Target
from lstmlab.training.network import Network


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train (Greff et al., sections IV-B and IV-D).

    Parameters
    ----------
    lr : float
        Learning rate. What is applied is `lr * (1 - momentum)`.
    momentum : float
        μ, at least 0 and below 1.
    nesterov : bool
        Nesterov's momentum; otherwise the classical one.
    noise : float
        Standard deviation of the Gaussian noise added to every input, drawn anew at every visit.
    clip : float, optional
        Clip every entry of the gradient to [-clip, clip]; None leaves it alone.
    epochs : int
        At most so many passes over the training set.
    patience : int
        Stop after more than so many epochs without improvement on the validation set.
    std : float
        Standard deviation of the first weights.
    """

    lr: float
    momentum: float = 0.9
    nesterov: bool = True
    noise: float = 0.0
    clip: float | None = None
    epochs: int = 150
    patience: int = 15
    std: float = 0.1

    def __post_init__(self) -> None:
        settle_numbers(self, "lr", right=above_0, what="a finite number above 0")
        settle_numbers(
            self, "momentum", right=lambda mu: 0 <= mu < 1, what="at least 0 and below 1"
        )
        settle_numbers(self, "noise", "std", right=from_0, what="a finite number, 0 or more")
        settle_wholes(self, "epochs")
        settle_wholes(self, "patience", least=0)
        if self.clip is not None:
            settle_numbers(self, "clip", right=above_0, what="None or a finite number above 0")
        if not isinstance(self.nesterov, bool):
            raise ValueError(f"nesterov must be True or False, got {self.nesterov!r}")

    @property
    def rate(self) -> float:
        """The learning rate that is applied, lr · (1 - momentum)."""
        return self.lr * (1 - self.momentum)


def train(
    network: Network,
    task: Task,
    recipe: Recipe,
    *,
    seed: int = 0,
    engine: Callable[[Network, Params], Engine] | None = None,
    dtype: DTypeLike = np.float32,
    progress: bool = True,
) -> Run:
    """Train a network on a task and return the weights that did best on its validation set.

    Parameters
    ----------
    network : Network
        Its `inputs`, `outputs` and `loss` must be the task's.
    task : Task
    recipe : Recipe
    seed : int
        Fixes the first weights, the order of the sequences and the noise.
    engine : callable, optional
        Makes an `Engine` from a network and its first weights; the fastest there is if not given.
    dtype : float32 or float64
    progress : bool
        Show a bar with the epoch, the time left and the best validation loss so far.

    Returns
    -------
    Run

    Raises
    ------
    TypeError
        If network, task or recipe is something else.
    ValueError
        If network and task do not fit each other.

    Notes
    -----
    One update after each sequence, in a new random order each epoch. A loss that is NaN or
    infinite ends the run, which is then reported as diverged with the best weights so far.

    The best epoch is the one with the lowest validation score, and patience waits for a lower one.
    The score is what the task is judged by, as in the paper: the loss for music, the frame error
    rate for speech, the character error rate for handwriting. Where the error stays the same, a
    lower loss is an improvement: a CTC network reads nothing at all for its first epochs.
    """
    check_kinds(network=(network, Network), task=(task, Task), recipe=(recipe, Recipe))
    _check_fit(network, task)
    seed = check_seed(seed)
    began = time.perf_counter()
    streams = np.random.SeedSequence(seed).spawn(3)
    for_weights, for_order, for_noise = (np.random.default_rng(stream) for stream in streams)
    params = network.init(for_weights, recipe.std, dtype)
    if engine is None:
        engine = fastest() if network.compiles else NumpyEngine
    machine = engine(network, params)
    sets = {
        name: _cast(getattr(task, name), network, dtype) for name in ("train", "valid", "test")
    }

    by_error = bool(task.metric) and task.metric == LOSSES[network.loss].metric
    history = History(metric=task.metric)
    best = (np.inf, np.inf)
    stopped: Literal["patience", "epochs", "diverged"] = "epochs"
    bar = tqdm(range(recipe.epochs), unit="epoch", disable=not progress, leave=False)
    with np.errstate(over="ignore", invalid="ignore"), bar:  # a run may diverge, and says so
        for epoch in bar:
            total, frames = 0.0, 0
            for k in for_order.permutation(len(sets["train"])):
                x, target = sets["train"][k]
                if recipe.noise > 0:
                    x = x + recipe.noise * for_noise.standard_normal(x.shape, x.dtype)
                total += machine.step(
                    x,
                    target,
                    rate=recipe.rate,
                    momentum=recipe.momentum,
                    nesterov=recipe.nesterov,
                    clip=recipe.clip,
                )
                frames += len(x)
                if not np.isfinite(total):
                    break
            valid, error = np.nan, None
            if np.isfinite(total):
                valid, error = _judge(machine, sets["valid"], by_error)
            if not np.isfinite(valid):
                stopped = "diverged"
                break
            history.train.append(total / frames)
            history.valid.append(valid)
            if error is not None:
                history.error.append(error)
            score = (valid if error is None else error, valid)
            if score < best:
                best, params = score, machine.weights()
                bar.set_postfix_str(f"valid {best[0]:.3f}")
            elif epoch + 1 - history.best_epoch > recipe.patience:
                stopped = "patience"
                break
        machine.load(params)
        test, test_error = np.inf, np.inf if by_error else None
        if history.valid:
            test, test_error = _judge(machine, sets["test"], by_error)
    return Run(
        network=network,
        recipe=recipe,
        seed=seed,
        source=task.source,
        params=params,
        history=history,
        valid=float(best[1]),
        test=float(test),
        stopped=stopped,
        seconds=time.perf_counter() - began,
        valid_error=float(best[0]) if by_error else None,
        test_error=test_error,
    )


def evaluate(
    cost: Callable[[Array, Target], float], sequences: Sequence[tuple[Array, Target]]
) -> float:
    """Loss a frame: summed over all sequences, divided by the number of all their frames."""
    return sum(cost(x, target) for x, target in sequences) / sum(len(x) for x, _ in sequences)


def evaluate_error(
    assess: Callable[[Array, Target], tuple[float, int]],
    sequences: Sequence[tuple[Array, Target]],
) -> tuple[float, float]:
    """Loss a frame, and mistakes over the number of all targets' entries.

    Parameters
    ----------
    assess : callable
        (x, target) -> the loss of one sequence and its mistakes, as an engine's `assess`: frames
        for "softmax"; for "ctc" labels inserted, deleted or replaced.
    sequences : sequence of (x, target)

    Raises
    ------
    ValueError
        If the targets have no entries at all.
    """
    entries = sum(len(target) for _, target in sequences)
    if not entries:
        raise ValueError("targets must hold 1 label or more, got none")
    found = [assess(x, target) for x, target in sequences]
    loss = sum(E for E, _ in found) / sum(len(x) for x, _ in sequences)
    return loss, sum(mistakes for _, mistakes in found) / entries


def _judge(
    machine: Engine, sequences: Sequence[tuple[Array, Target]], by_error: bool
) -> tuple[float, float | None]:
    """Loss a frame, and the error rate if the task is judged by it."""
    if by_error:
        return evaluate_error(machine.assess, sequences)
    return evaluate(machine.cost, sequences), None


def _check_fit(network: Network, task: Task) -> None:
    if (task.form, task.answer) != ("frames", "frame"):
        raise ValueError(
            "task must be frames with an answer for every frame (train_classifier and train_stream "
            f"take others), got {task.name}: {task.form}, answer {task.answer}"
        )
    check_agree(network, task, "inputs", "outputs", "loss")


def _cast(
    sequences: Sequence[tuple[Array, Target]], network: Network, dtype: DTypeLike
) -> list[tuple[Array, Target]]:
    return [(x.astype(dtype), LOSSES[network.loss].cast(target, dtype)) for x, target in sequences]

"""The paper's recipe: online gradient descent with momentum, noise and early stopping."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike
from tqdm.auto import tqdm

from lstmlab.cells import Array, Params
from lstmlab.tasks import Task
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
        def require(name: str, kind: type, right: Callable[[Any], bool], what: str) -> None:
            value = getattr(self, name)
            known = (int, np.integer) if kind is int else (int, float, np.number)
            if isinstance(value, bool) or not isinstance(value, known) or not right(value):
                raise ValueError(f"{name} must be {what}, got {value!r}")
            object.__setattr__(self, name, kind(value))  # a NumPy scalar would promote float32

        require("lr", float, lambda lr: 0 < lr < np.inf, "a finite number above 0")
        require("momentum", float, lambda mu: 0 <= mu < 1, "at least 0 and below 1")
        require("noise", float, lambda std: 0 <= std < np.inf, "a finite number, 0 or more")
        require("epochs", int, lambda n: n >= 1, "a whole number, 1 or more")
        require("patience", int, lambda n: n >= 0, "a whole number, 0 or more")
        require("std", float, lambda std: 0 <= std < np.inf, "a finite number, 0 or more")
        if self.clip is not None:
            require("clip", float, lambda c: 0 < c < np.inf, "None or a finite number above 0")
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
    ValueError
        If network and task do not fit each other.

    Notes
    -----
    One update after each sequence, in a new random order each epoch. A loss that is NaN or
    infinite ends the run, which is then reported as diverged with the best weights so far.
    """
    _check_fit(network, task)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be a whole number, 0 or more, got {seed!r}")
    began = time.perf_counter()
    streams = np.random.SeedSequence(seed).spawn(3)
    for_weights, for_order, for_noise = (np.random.default_rng(stream) for stream in streams)
    params = network.init(for_weights, recipe.std, dtype)
    if engine is None:  # compiled code knows the paper's eight switches alone
        engine = NumpyEngine if network.cell.extras else fastest()
    machine = engine(network, params)
    sets = {
        name: _cast(getattr(task, name), network, dtype) for name in ("train", "valid", "test")
    }

    history = History(metric=task.metric)
    best = np.inf
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
            valid = evaluate(machine.cost, sets["valid"]) if np.isfinite(total) else np.nan
            if not np.isfinite(valid):
                stopped = "diverged"
                break
            history.train.append(total / frames)
            history.valid.append(valid)
            if valid < best:
                best, params = valid, machine.weights()
                bar.set_postfix_str(f"valid {best:.3f}")
            elif epoch + 1 - history.best_epoch > recipe.patience:
                stopped = "patience"
                break
        machine.load(params)
        test = evaluate(machine.cost, sets["test"]) if history.valid else np.inf
    return Run(
        network=network,
        recipe=recipe,
        seed=int(seed),
        source=task.source,
        params=params,
        history=history,
        valid=float(best),
        test=float(test),
        stopped=stopped,
        seconds=time.perf_counter() - began,
    )


def evaluate(
    cost: Callable[[Array, Target], float], sequences: Sequence[tuple[Array, Target]]
) -> float:
    """Loss a frame: summed over all sequences, divided by the number of all their frames."""
    return sum(cost(x, target) for x, target in sequences) / sum(len(x) for x, _ in sequences)


def _check_fit(network: Network, task: Task) -> None:
    for name in ("inputs", "outputs", "loss"):
        ours, theirs = getattr(network, name), getattr(task, name)
        if ours != theirs:
            raise ValueError(f"network.{name} must be the task's, {theirs!r}, got {ours!r}")


def _cast(
    sequences: Sequence[tuple[Array, Target]], network: Network, dtype: DTypeLike
) -> list[tuple[Array, Target]]:
    return [(x.astype(dtype), LOSSES[network.loss].cast(target, dtype)) for x, target in sequences]

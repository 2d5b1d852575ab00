"""Training on one long sequence, window by window, as char-RNNs are (Newhouse, section 2)."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray
from tqdm.auto import tqdm

from lstmlab.cells import Array, Params, State, Trace, backward, forward
from lstmlab.tasks import Task
from lstmlab.tasks.task import Pair
from lstmlab.training.checks import (
    above_0,
    check_agree,
    check_kinds,
    check_one_of,
    check_seed,
    from_0,
    settle_numbers,
    settle_wholes,
)
from lstmlab.training.losses import LOSSES
from lstmlab.training.network import Network
from lstmlab.training.updates import RULES

Codes = NDArray[np.integer]


class Streamer(Protocol):
    """Learns from windows that follow each other, and keeps its state from one to the next."""

    def step(self, x: Codes, target: Codes, *, rate: float, clip: float | None) -> float:
        """One update from one window; returns its loss in nats before the update."""

    def score(self, x: Codes, target: Codes) -> float:
        """The loss of a window in nats; the state moves on."""

    def forget(self) -> None:
        """Go back to the state of a first step: all zeros."""

    def weights(self) -> Params:
        """A copy of the weights."""


@dataclass(frozen=True, kw_only=True)
class StreamRecipe:
    """How to train on one long sequence.

    Parameters
    ----------
    lr : float
        Learning rate of the rule.
    length : int
        Steps of a window, so many does the gradient reach back; the state is carried on.
    updates : int
        Windows that are learned from. At the end of the text it begins anew, from zeros.
    clip : float, optional
        Every entry of the gradient is clipped to [-clip, clip].
    rule : {"adagrad", "adam", "rmsprop", "sgd"}
    std : float
        Standard deviation of the first weights.
    every : int
        Updates between two looks at the validation text.

    Raises
    ------
    ValueError
        If one is out of range; the message names it.
    """

    lr: float = 0.1
    length: int = 25
    updates: int = 2000
    clip: float | None = 5.0
    rule: str = "adagrad"
    std: float = 0.01
    every: int = 500

    def __post_init__(self) -> None:
        settle_wholes(self, "length", "updates", "every")
        given = ("lr",) if self.clip is None else ("lr", "clip")
        settle_numbers(self, *given, right=above_0, what="a finite number, above 0")
        settle_numbers(self, "std", right=from_0, what="a finite number, 0 or more")
        check_one_of("rule", self.rule, RULES)


@dataclass(frozen=True)
class StreamRun:
    """A finished training run on a text.

    Attributes
    ----------
    network, recipe, seed
        What was asked for.
    source : str
        Where the text came from.
    params : dict of str to ndarray
        The weights that did best on the validation text.
    updates : list of int
        After how many updates it was looked at.
    train, valid : list of float
        Nats a character, over the windows since the last look, and on the validation text.
    test : float
        Nats a character on the test text with `params`.
    stopped : {"updates", "diverged"}
    seconds : float
        Wall-clock time.
    """

    network: Network
    recipe: StreamRecipe
    seed: int
    source: str
    params: Params
    updates: list[int] = field(repr=False)
    train: list[float] = field(repr=False)
    valid: list[float] = field(repr=False)
    test: float
    stopped: Literal["updates", "diverged"]
    seconds: float

    def __str__(self) -> str:
        why = "all updates done" if self.stopped == "updates" else "the loss became infinite or NaN"
        best = min(self.valid, default=np.inf)
        return (
            f"{self.source}, seed {self.seed}: test {self.test:.3f} nats per character "
            f"(valid {best:.3f}) after {self.updates[-1] if self.updates else 0} updates; "
            f"stopped: {why}"
        )


class NumpyStreamer:
    """The plain one: the layer, the softmax and BPTT as the book writes them.

    Parameters
    ----------
    network : Network
        That reads in one direction, with the loss "softmax".
    params : dict of str to ndarray
    rule : str
        One of `RULES`.
    """

    def __init__(self, network: Network, params: Params, rule: str = "adagrad") -> None:
        check_network(network)
        network.check(params, params["W_y"].dtype)
        self.network = network
        self._dtype = params["W_y"].dtype
        self._params = {name: array.copy() for name, array in params.items()}
        self._rules = {
            name: RULES[rule](array.size, array.dtype) for name, array in params.items()
        }
        self._last: State = {}

    def step(self, x: Codes, target: Codes, *, rate: float, clip: float | None) -> float:
        """One update from one window; returns its loss in nats before the update."""
        a, trace = self._read(x)
        E, delta = LOSSES["softmax"].cross_entropy(a, target)
        if not np.isfinite(E):
            return E
        block = {name: w for name, w in self._params.items() if name not in ("W_y", "b_y")}
        grads = backward(block, trace, delta @ self._params["W_y"]).params
        grads |= {"W_y": delta.T @ trace.y, "b_y": delta.sum(axis=0)}
        for name, g in grads.items():
            g = g if clip is None else np.clip(g, -clip, clip)
            self._rules[name](self._params[name].reshape(-1), g.reshape(-1), rate)
        return E

    def score(self, x: Codes, target: Codes) -> float:
        """The loss of a window in nats; the state moves on."""
        return LOSSES["softmax"].cross_entropy(self._read(x)[0], target)[0]

    def forget(self) -> None:
        """Go back to the state of a first step: all zeros."""
        self._last = {}

    def weights(self) -> Params:
        """A copy of the weights."""
        return {name: array.copy() for name, array in self._params.items()}

    def _read(self, x: Codes) -> tuple[Array, Trace]:
        block = {name: w for name, w in self._params.items() if name not in ("W_y", "b_y")}
        frames = one_hot(x, self.network.inputs, self._dtype)
        trace = forward(block, frames, self.network.cell, **self._last)
        self._last = trace.last
        return trace.y @ self._params["W_y"].T + self._params["b_y"], trace


def train_stream(
    network: Network,
    task: Task,
    recipe: StreamRecipe,
    *,
    seed: int = 0,
    engine: Callable[[Network, Params, str], Streamer] | None = None,
    dtype: DTypeLike = np.float32,
    progress: bool = True,
) -> StreamRun:
    """Train a network on a text, character by character.

    Parameters
    ----------
    network : Network
        In one direction, with the loss "softmax", whose inputs and outputs are the task's.
    task : Task
        Of tokens with an answer for every frame, one long sequence a split.
    recipe : StreamRecipe
    seed : int
        Fixes the first weights.
    engine : callable, optional
        Makes a `Streamer` from a network, its first weights and the name of a rule; the fastest
        there is if not given.
    dtype : float32 or float64
    progress : bool
        Show a bar with the updates, the time left and the last validation loss.

    Returns
    -------
    StreamRun

    Raises
    ------
    TypeError
        If network, task or recipe is something else.
    ValueError
        If network and task do not fit each other, or seed or dtype is none.
    """
    check_kinds(network=(network, Network), task=(task, Task), recipe=(recipe, StreamRecipe))
    check_network(network)
    if task.form != "tokens" or task.answer != "frame":
        raise ValueError(
            "task must be tokens with an answer for every frame (train and train_classifier take "
            f"others), got {task.name}: {task.form}, answer {task.answer}"
        )
    check_agree(network, task, "inputs", "outputs")
    seed = check_seed(seed)
    began = time.perf_counter()
    params = network.init(np.random.default_rng(seed), recipe.std, dtype)
    make = engine or _fastest(network)
    machine = make(network, params, recipe.rule)

    updates: list[int] = []
    train: list[float] = []
    valid: list[float] = []
    best, stopped = np.inf, "updates"
    total, characters = 0.0, 0
    read = _endless(machine, task, recipe.length)
    bar = tqdm(range(1, recipe.updates + 1), unit="update", disable=not progress, leave=False)
    with np.errstate(over="ignore", invalid="ignore"), bar:
        for made in bar:
            x, target = next(read)
            E = machine.step(x, target, rate=recipe.lr, clip=recipe.clip)
            total, characters = total + E, characters + len(x)
            if not np.isfinite(E):
                stopped = "diverged"
                break
            if made % recipe.every and made < recipe.updates:
                continue
            now = machine.weights()
            loss = evaluate_stream(make(network, now, recipe.rule), task.valid)
            if not np.isfinite(loss):
                stopped = "diverged"
                break
            updates.append(made)
            train.append(total / characters)
            valid.append(loss)
            total, characters = 0.0, 0
            bar.set_postfix_str(f"valid {loss:.3f}")
            if loss < best:
                best, params = loss, now
        test = evaluate_stream(make(network, params, recipe.rule), task.test) if valid else np.inf
    return StreamRun(
        network=network,
        recipe=recipe,
        seed=seed,
        source=task.source,
        params=params,
        updates=updates,
        train=train,
        valid=valid,
        test=float(test),
        stopped="diverged" if stopped == "diverged" else "updates",
        seconds=time.perf_counter() - began,
    )


def evaluate_stream(machine: Streamer, pairs: Sequence[Pair], length: int = 1000) -> float:
    """Nats a character on whole sequences, each from a state of zeros.

    Parameters
    ----------
    machine : Streamer
        Its state is forgotten.
    pairs : sequence of (x, target)
    length : int
        How much is read at once; it makes no difference to the result but for rounding.
    """
    total, characters = 0.0, 0
    for x, target in pairs:
        machine.forget()
        for first in range(0, len(x), length):
            piece = slice(first, first + length)
            total += machine.score(x[piece], target[piece])
        characters += len(x)
    machine.forget()
    return total / characters


def one_hot(x: Codes, inputs: int, dtype: DTypeLike) -> Array:
    """Frames that are 1 at a token and 0 elsewhere, (T, M)."""
    frames = np.zeros((len(x), inputs), dtype)
    frames[np.arange(len(x)), x] = 1
    return frames


def _endless(machine: Streamer, task: Task, length: int) -> Iterator[tuple[Codes, Codes]]:
    """The windows of the training text in order, again and again; each time from zeros."""
    while True:
        for x, target in task.train:
            machine.forget()
            for first in range(0, len(x), length):
                yield x[first : first + length], target[first : first + length]


def check_network(network: Network) -> None:
    if network.directions != 1 or network.loss != "softmax":
        raise ValueError(
            f"network must read in one direction and have the loss 'softmax', got {network}"
        )


def _fastest(network: Network) -> Callable[[Network, Params, str], Streamer]:
    if network.compiles:
        try:
            from lstmlab.training.compiled_stream import CompiledStreamer
        except ImportError:
            return NumpyStreamer
        return CompiledStreamer
    return NumpyStreamer

"""The objective of Newhouse's study: a small network that has read some text."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import SRN
from lstmlab.search.searcher import check_count, check_number, check_seed
from lstmlab.search.space import Params, Value
from lstmlab.tasks import Task, load
from lstmlab.training import Network

Loss: TypeAlias = Literal["summed", "per character"]

KEPT = 0.999
"""How much of the smoothed loss stays at an update."""
USUAL = 25
"""Characters in a window of the char-RNN, by which `steps` are turned into characters."""


@dataclass(frozen=True)
class CharRNN:
    """Train the paper's network for some steps; the objective is its loss (Procedure).

    One hidden layer of simple recurrent units and a softmax read a text in windows of `length`
    characters, each from the state after the last one, and learn from every window once: Adagrad
    on a gradient by BPTT, each entry clipped to ±5. First weights are drawn from N(0, 0.01²),
    biases are 0. This is the char-RNN that the author built on.

    Parameters
    ----------
    steps : int
        α, windows that are read.
    loss : {"summed", "per character"}
        "summed", as the author's code has it: L ← 0.999 L + 0.001 E from L = T ln V on, with E
        summed over the T characters of a window, and V characters in the alphabet. After 100 steps
        nine tenths of it are T ln V still, so it is low for short windows. "per character" is the
        mean over all characters that were read, each predicted before it was learned from, in
        nats; every network reads as many.
    characters : int, optional
        How many those are: 25 `steps` unless given. Only for "per character"; the last window may
        be shorter.
    text : str
        The source of the text, as for `lstmlab.tasks.load`: "generated" is the same everywhere;
        what "auto" finds at first has to be found by every worker.
    root : str or Path, optional
        As for `load`.
    clip, std : float
        Where gradients are clipped, and the standard deviation of the first weights.

    Attributes
    ----------
    data : str
        Where the text came from.

    Raises
    ------
    ValueError, MissingDataError
        If an argument is none of these, or there is no such text.

    Notes
    -----
    It needs the compiled kernel, which the first call compiles, for some seconds. Text, like the
    network, begins anew at its end, with the state at zeros. A network whose loss is not finite
    has the value NaN, which `run` records as a failed trial.
    """

    steps: int = 100
    loss: Loss = field(default="summed", kw_only=True)
    characters: int | None = field(default=None, kw_only=True)
    text: str = field(default="generated", kw_only=True, repr=False)
    root: str | Path | None = field(default=None, kw_only=True, repr=False)
    clip: float = field(default=5.0, kw_only=True)
    std: float = field(default=0.01, kw_only=True)
    data: str = field(init=False)

    def __post_init__(self) -> None:
        check_count(self.steps, "steps")
        if self.loss not in ("summed", "per character"):
            raise ValueError(f"loss must be 'summed' or 'per character', got {self.loss!r}")
        if self.characters is not None:
            check_count(self.characters, "characters")
            if self.loss == "summed":
                raise ValueError(
                    "characters must be None for the loss 'summed', which reads "
                    f"steps · length of them, got {self.characters}"
                )
        check_number(self.clip, "clip", np.nextafter(0, 1), np.inf, "a finite number, above 0")
        check_number(self.std, "std", 0, np.inf, "a finite number, 0 or more")
        object.__setattr__(self, "data", _load(self.text, self.root).source)

    def __call__(self, params: Params, seed: int) -> dict[str, object]:
        """Train with these `hidden`, `length` and `lr`; a row of the table of trials.

        Returns
        -------
        dict of str to object
            `value`; `smoothed` and `nats`, the two losses; `last`, nats per character over the
            last tenth of the windows; `updates` and `characters`, how many were read; `weights`,
            how many numbers the network has; `source` of the text; `seconds` of this thread.

        Raises
        ------
        ValueError
            If hidden or length is no whole number above 0, lr is not above 0, or one is missing.
        """
        hidden, length = (_whole(params, name) for name in ("hidden", "length"))
        lr = check_number(
            params.get("lr"), "params['lr']", np.nextafter(0, 1), np.inf, "a finite number, above 0"
        )
        task = self._task()
        began = time.thread_time()  # other trials may be under way in this process
        network = self.network(hidden, task)
        losses, read = self._train(network, task, length, lr, check_seed(seed))
        nats = float(losses.sum() / read.sum())
        smoothed = smooth(losses, length * np.log(task.inputs))
        late = slice(-max(len(losses) // 10, 1), None)
        return {
            "value": smoothed if self.loss == "summed" else nats,
            "smoothed": smoothed,
            "nats": nats,
            "last": float(losses[late].sum() / read[late].sum()),
            "updates": len(losses),
            "characters": int(read.sum()),
            "weights": network.size,
            "source": task.source,
            "seconds": time.thread_time() - began,
        }

    def network(self, hidden: int, task: Task) -> Network:
        """The network of a trial."""
        return Network(task.inputs, hidden, task.outputs, SRN, "softmax")

    def windows(self, length: int) -> NDArray[np.int64]:
        """How many characters each window of a trial holds."""
        if self.loss == "summed":
            return np.full(self.steps, length)
        characters = USUAL * self.steps if self.characters is None else self.characters
        whole, rest = divmod(characters, length)
        return np.array([length] * whole + [rest] * (rest > 0))

    def _train(
        self, network: Network, task: Task, length: int, lr: float, seed: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The loss of every window, in nats, and its characters."""
        from lstmlab.training.compiled_adagrad import AdagradReader

        params = network.init(np.random.default_rng(seed), self.std)
        for bias in ("b_z", "b_y"):
            params[bias][:] = 0
        reader = AdagradReader(network, params, task.train[0][0])
        read = self.windows(length)
        losses = [
            reader.read(len(same), int(same[0]), rate=lr, clip=self.clip)
            for same in (read[read == length], read[read != length])
            if len(same)
        ]
        return np.concatenate(losses), read

    def _task(self) -> Task:
        task = _load(self.text, self.root)
        if task.source != self.data:
            raise FileNotFoundError(
                f"the study is on {self.data}, and this worker finds {task.source}: set "
                "LSTMLAB_DATA where the worker is started"
            )
        return task


def smooth(losses: NDArray[np.float64], start: float) -> float:
    """L after L ← 0.999 L + 0.001 E for every loss E, from `start` on."""
    n = len(losses)
    return float(KEPT**n * start + (1 - KEPT) * (KEPT ** np.arange(n)[::-1] @ losses))


def _whole(params: Params, name: str) -> int:
    value: Value = params.get(name)
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return check_count(whole, f"params[{name!r}]")


@lru_cache(maxsize=2)
def _load(source: str, root: str | Path | None) -> Task:
    return load("shakespeare", source=source, root=root)

"""Tasks that are drawn from a seed and nothing else: there is no file to find and none to fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.records import Record
from lstmlab.tasks.task import GENERATED, SPLITS, Split, Task, check_request

SOURCES = ("auto", GENERATED)


@dataclass(frozen=True)
class Generated:
    """A data set that is drawn, as `lstmlab.tasks.load` wants it.

    Parameters
    ----------
    name : str
        What it is loaded as.
    draw : callable
        (rng, count) -> so many sequences (x, target).
    inputs, outputs : int
        M and K.
    sizes : tuple of int
        How many sequences training, validation and test set have.
    loss, metric : str
        As in `Task`.
    what, default : str
        What is to be learned, and what is drawn, for the data set's record.
    """

    name: str
    draw: Callable[[np.random.Generator, int], Split]
    inputs: int
    outputs: int
    sizes: tuple[int, int, int]
    loss: str = "sigmoid"
    metric: str = "nats per frame"
    what: str = ""
    default: str = ""

    @property
    def RECORD(self) -> Record:
        """What the command line and the data page say of it."""
        return Record(task=self.name, title="", what=self.what, default=self.default)

    def load(
        self,
        source: str = "auto",
        root: str | Path | None = None,
        download: bool = False,
        seed: int = 0,
    ) -> Task:
        """Draw the three splits; each has a generator of its own, made of the seed and its place.

        `root` and `download` are what `lstmlab.tasks.load` passes on; nothing is looked for.

        Raises
        ------
        ValueError
            If `source` is neither "auto" nor "generated", or `seed` is below 0.
        """
        seed = check_request(self.name, source, SOURCES, seed)
        train, valid, test = (
            self.draw(np.random.default_rng([seed, place]), self.sizes[place])
            for place in range(len(SPLITS))
        )
        return Task(
            name=self.name, source=GENERATED, train=train, valid=valid, test=test,
            inputs=self.inputs, outputs=self.outputs, loss=self.loss, metric=self.metric, seed=seed,
        )  # fmt: skip

    def available(self, root: str | Path | None = None) -> str:
        """Name the source that "auto" takes: there is one."""
        return GENERATED


def check_whole(name: str, value: int, least: int = 1) -> int:
    """Refuse anything but a whole number of `least` or more; return it as an int."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number, {least} or more, got {value!r}")
    return int(value)


def check_codes(name: str, codes: Iterable[int], size: int) -> NDArray[np.int64]:
    """Refuse anything but whole numbers from 0 to `size` - 1; return them as an array, (T,)."""
    wanted = f"{name} must hold whole numbers from 0 to {size - 1}"
    found = np.asarray(codes if isinstance(codes, np.ndarray) else list(codes))
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise ValueError(f"{wanted}, (T,), got {found.dtype} {found.shape}")
    wrong = np.flatnonzero((found < 0) | (found >= size))
    if len(wrong):
        raise ValueError(f"{wanted}, got {found[wrong[0]]}")
    return found.astype(np.int64)

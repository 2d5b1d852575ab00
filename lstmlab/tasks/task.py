"""What every data set becomes: a `Task`, ready for training and for a caption."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Target = NDArray[np.float32] | NDArray[np.integer]
Split = list[tuple[Array, Target]]

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True, eq=False)
class Task:
    """A data set in three splits, with what it is and where it comes from.

    Parameters
    ----------
    name : str
        What it was loaded as, such as "music".
    source : str
        "embedded", "generated", the real set's name, such as "JSB Chorales", or
        "NAME (own file)" for a reader's own data.
    train, valid, test : list of (x, target)
        Sequences: x float32 (T, M); target float32 (T, K) with entries from 0 to 1, or, where the
        loss is "softmax", classes from 0 to K - 1 as whole numbers (T,).
    inputs, outputs : int
        M and K.
    loss : str
        What is minimised: "sigmoid" is cross-entropy, summed over the K outputs; "softmax" is
        cross-entropy of one class a frame.
    metric : str
        What a score is counted in, such as "nats per frame".
    seed : int, optional
        The seed of generated data.
    title : str, optional
        What a caption calls the data; made up from `source` where it is left out.

    Raises
    ------
    ValueError
        If a split is empty, or a sequence has another shape or dtype.
    """

    name: str
    source: str
    train: Split = field(repr=False)
    valid: Split = field(repr=False)
    test: Split = field(repr=False)
    inputs: int
    outputs: int
    loss: str = "sigmoid"
    metric: str = "nats per frame"
    seed: int | None = None
    title: str = ""

    def __post_init__(self) -> None:
        for split in SPLITS:
            if not self.split(split):
                raise ValueError(f"{split} must hold 1 sequence or more, got none")
            for number, (x, target) in enumerate(self.split(split)):
                self._check(f"{split}[{number}]", x, target)

    def _check(self, where: str, x: Array, target: Target) -> None:
        """Refuse a sequence of another shape, dtype or range than the loss asks for."""
        classes = self.loss == "softmax"
        shapes = (len(x), self.inputs), (len(x),) if classes else (len(x), self.outputs)
        if (x.shape, target.shape) != shapes:
            raise ValueError(
                f"{where} must have shapes {shapes[0]}, {shapes[1]}, got {x.shape}, {target.shape}"
            )
        whole = np.issubdtype(target.dtype, np.integer)
        if x.dtype != np.float32 or not (whole if classes else target.dtype == np.float32):
            kind = "whole numbers" if classes else "float32"
            raise ValueError(f"{where} must be float32, {kind}, got {x.dtype}, {target.dtype}")
        top = self.outputs - 1 if classes else 1
        if len(x) and not (target.min() >= 0 and target.max() <= top):
            raise ValueError(
                f"{where} must have targets from 0 to {top}, got {target.min()} to {target.max()}"
            )

    def split(self, name: str) -> Split:
        """Give the sequences of "train", "valid" or "test"; a ValueError for any other name."""
        splits = {"train": self.train, "valid": self.valid, "test": self.test}
        if name not in splits:
            raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {name!r}")
        return splits[name]

    @property
    def caption(self) -> str:
        """One line for the caption of every figure and table: what data, and how much of it."""
        seed = "" if self.seed is None else f" (seed {self.seed})"
        title = self.title or (
            f"{self.source} {self.name}{seed}"
            if self.source in ("embedded", "generated")
            else self.source
            if self.source.endswith("(own file)")
            else f"{self.source} (real)"
        )
        sizes = "/".join(str(len(self.split(split))) for split in SPLITS)
        return f"{title}, {sizes} sequences"

"""What every data set becomes: a `Task`, ready for training and for a caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Target = NDArray[np.float32] | NDArray[np.integer]
Split = list[tuple[Array, Target]]

GENERATED = "generated"
SPLITS = ("train", "valid", "test")
METRICS = {"softmax": "frame error rate", "ctc": "character error rate"}
"""What a task with one of these losses may be judged by instead of the loss."""


def check_request(name: str, source: str, sources: Sequence[str], seed: int) -> int:
    """Refuse a source that a data set does not have, or what is no seed; return the seed."""
    if source not in sources:
        known = ", ".join(map(repr, sources))
        raise ValueError(f"source must be one of {known} for {name}, got {source!r}")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be a whole number, 0 or more, got {seed!r}")
    return int(seed)


@dataclass(frozen=True, eq=False)
class Task:
    """A data set in three splits, with what it is and where it comes from.

    Parameters
    ----------
    name : str
        What it was loaded as, such as "music".
    source : str
        "embedded", "generated", the real set's name, such as "JSB Chorales", or
        "NAME (own file)" or "NAME (own folder)" for a reader's own data.
    train, valid, test : list of (x, target)
        Sequences: x float32 (T, M); target float32 (T, K) with entries from 0 to 1, or, where the
        loss is "softmax", classes from 0 to K - 1 as whole numbers (T,), or, where it is "ctc",
        labels from 1 to K - 1 as whole numbers (U,), as many as fit into T frames.
    inputs, outputs : int
        M and K.
    loss : str
        What is minimised: "sigmoid" is cross-entropy, summed over the K outputs; "softmax" is
        cross-entropy of one class a frame; "ctc" is that of labels without times, and output 0 is
        the blank.
    metric : str
        What a network is judged by, and training stopped: the loss, in "nats per frame", or "frame
        error rate" (softmax), or "character error rate" (ctc).
    seed : int, optional
        The seed of generated data.
    title : str, optional
        What a caption calls the data; made up from `source` where it is left out.

    Raises
    ------
    ValueError
        If a split is empty, or a sequence has another shape or dtype, or the metric is one of
        another loss.
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
        if self.metric in METRICS.values() and self.metric != METRICS.get(self.loss):
            raise ValueError(f"metric must be one of the loss {self.loss!r}, got {self.metric!r}")
        for split in SPLITS:
            if not self.split(split):
                raise ValueError(f"{split} must hold 1 sequence or more, got none")
            for number, (x, target) in enumerate(self.split(split)):
                self._check(f"{split}[{number}]", x, target)

    def _check(self, where: str, x: Array, target: Target) -> None:
        """Refuse a sequence of another shape, dtype or range than the loss asks for."""
        classes, labels = self.loss in METRICS, self.loss == "ctc"
        of_target = (len(x),) if classes else (len(x), self.outputs)
        shapes = (len(x), self.inputs), target.shape[:1] if labels else of_target
        if (x.shape, target.shape) != shapes:
            raise ValueError(
                f"{where} must have shapes {shapes[0]}, {shapes[1]}, got {x.shape}, {target.shape}"
            )
        whole = np.issubdtype(target.dtype, np.integer)
        if x.dtype != np.float32 or not (whole if classes else target.dtype == np.float32):
            kind = "whole numbers" if classes else "float32"
            raise ValueError(f"{where} must be float32, {kind}, got {x.dtype}, {target.dtype}")
        least, top = int(labels), self.outputs - 1 if classes else 1
        if target.size and not (target.min() >= least and target.max() <= top):
            raise ValueError(
                f"{where} must have targets from {least} to {top}, "
                f"got {target.min()} to {target.max()}"
            )
        twins = int(np.count_nonzero(target[1:] == target[:-1])) if labels else 0
        needed = max(1, len(target) + twins)
        if labels and needed > len(x):
            raise ValueError(
                f"{where} must have labels that fit into its {len(x)} frames, got {len(target)} "
                f"that need {needed}"
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
            if self.source.endswith(("(own file)", "(own folder)"))
            else f"{self.source} (real)"
        )
        sizes = "/".join(str(len(self.split(split))) for split in SPLITS)
        return f"{title}, {sizes} sequences"

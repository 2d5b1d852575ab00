"""What every data set becomes: a `Task`, ready for training and for a caption."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Split = list[tuple[Array, Array]]

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True, eq=False)
class Task:
    """A data set in three splits, with what it is and where it comes from.

    Parameters
    ----------
    name : str
        What it was loaded as, such as "music".
    source : str
        "embedded", "generated", or the real set's name, such as "JSB Chorales".
    train, valid, test : list of (x, target)
        Sequences: x float32 (T, M), target float32 (T, K).
    inputs, outputs : int
        M and K.
    loss : str
        What is minimised; "sigmoid" is cross-entropy, summed over the K outputs.
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
                raise ValueError(f"{split}: there are no sequences; 1 or more would be right")
            for number, (x, target) in enumerate(self.split(split)):
                right = (len(x), self.inputs), (len(x), self.outputs)
                if (x.shape, target.shape) != right:
                    raise ValueError(
                        f"{split}[{number}]: shapes {x.shape}, {target.shape}; "
                        f"{right[0]}, {right[1]} would be right"
                    )
                if {x.dtype, target.dtype} != {np.dtype(np.float32)}:
                    raise ValueError(
                        f"{split}[{number}]: dtypes {x.dtype}, {target.dtype}; "
                        "float32 would be right"
                    )

    def split(self, name: str) -> Split:
        """Give the sequences of "train", "valid" or "test"; a ValueError for any other name."""
        splits = {"train": self.train, "valid": self.valid, "test": self.test}
        if name not in splits:
            raise ValueError(f"split: {name!r} is unknown; one of {', '.join(SPLITS)} is right")
        return splits[name]

    @property
    def caption(self) -> str:
        """One line for the caption of every figure and table: what data, and how much of it."""
        seed = "" if self.seed is None else f" (seed {self.seed})"
        title = self.title or (
            f"{self.source} {self.name}{seed}"
            if self.source in ("embedded", "generated")
            else f"{self.source} (real)"
        )
        sizes = "/".join(str(len(self.split(split))) for split in SPLITS)
        return f"{title}, {sizes} sequences"

"""What every data set becomes: a `Task`, ready for training and for a caption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Target = NDArray[Any]
Pair = tuple[Array, Target]
Split = Sequence[Pair]

GENERATED = "generated"
SPLITS = ("train", "valid", "test")
FORMS = ("frames", "tokens", "pictures")
"""What an x can be."""
ANSWERS = ("frame", "sequence", "tokens")
"""What a target can belong to: every frame, the whole sequence, or it is a sequence of its own."""
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


class Pictures(Sequence[Pair]):
    """Pictures of one size, each with its class, kept in one block of memory.

    Parameters
    ----------
    x : ndarray of uint8, (n, height, width, channels)
    classes : ndarray of whole numbers, (n,)

    Raises
    ------
    ValueError
        If the shapes or dtypes are others.
    """

    def __init__(self, x: NDArray[np.uint8], classes: NDArray[np.integer]) -> None:
        if x.ndim != 4 or x.dtype != np.uint8:
            raise ValueError(
                f"x must be uint8 (n, height, width, channels), got {x.dtype} {x.shape}"
            )
        if classes.shape != x.shape[:1] or classes.dtype.kind not in "iu":
            raise ValueError(
                f"classes must be whole numbers ({len(x)},), got {classes.dtype} {classes.shape}"
            )
        self.x, self.classes = x, classes

    def __len__(self) -> int:
        return len(self.x)

    @overload
    def __getitem__(self, place: int) -> Pair: ...
    @overload
    def __getitem__(self, place: slice) -> Pictures: ...
    def __getitem__(self, place: int | slice) -> Pair | Pictures:
        if isinstance(place, slice):
            return Pictures(self.x[place], self.classes[place])
        return self.x[place], np.asarray(self.classes[place])

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))


class Texts(Sequence[Pair]):
    """Texts, each with one answer, laid end to end in one block of memory.

    Parameters
    ----------
    tokens : ndarray of whole numbers, (n,)
        Of all texts.
    lengths : ndarray of whole numbers, (texts,)
        1 or more each, n in all.
    targets : ndarray, (texts, K)

    Raises
    ------
    ValueError
        If the shapes or lengths are others.
    """

    def __init__(
        self, tokens: NDArray[np.integer], lengths: NDArray[np.integer], targets: Target
    ) -> None:
        if tokens.ndim != 1 or tokens.dtype.kind not in "iu":
            raise ValueError(
                f"tokens must be whole numbers (n,), got {tokens.dtype} {tokens.shape}"
            )
        if lengths.ndim != 1 or lengths.min(initial=1) < 1 or lengths.sum() != len(tokens):
            raise ValueError(
                f"lengths must be 1 or more each and {len(tokens)} in all, got {lengths!r}"
            )
        if len(targets) != len(lengths):
            raise ValueError(f"targets must be {len(lengths)}, got {len(targets)}")
        self.tokens, self.lengths, self.targets = tokens, lengths, targets
        self._ends = np.cumsum(lengths, dtype=np.int64).tolist()

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> Pair: ...
    @overload
    def __getitem__(self, place: slice) -> list[Pair]: ...
    def __getitem__(self, place: int | slice) -> Pair | list[Pair]:
        if isinstance(place, slice):
            return [self[n] for n in range(len(self))[place]]
        end = self._ends[place]
        begin = end - int(self.lengths[place])
        return self.tokens[begin:end], self.targets[place]

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))


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
    train, valid, test : sequence of (x, target)
        What x and target are, `form`, `answer` and `loss` say.
    inputs, outputs : int
        M and K.
    loss : str
        What is minimised: "sigmoid" is cross-entropy, summed over the K outputs; "softmax" is
        cross-entropy of one class; "ctc" is that of labels without times, and output 0 is the
        blank.
    metric : str
        What a network is judged by, and training stopped: the loss, in "nats per frame", or "frame
        error rate" (softmax), or "character error rate" (ctc), or what the data set's own chapter
        names.
    seed : int, optional
        The seed of generated data.
    title : str, optional
        What a caption calls the data; made up from `source` where it is left out.
    form : {"frames", "tokens", "pictures"}
        x is float32 (T, M); or whole numbers from 0 to M - 1, (T,), each of which stands for a
        frame that is 1 there and 0 elsewhere; or uint8 (height, width, channels), M numbers in all.
    answer : {"frame", "sequence", "tokens"}
        There is a target for every frame: float32 (T, K) with entries from 0 to 1, or, where the
        loss is "softmax", classes from 0 to K - 1 as whole numbers (T,); where it is "ctc", the
        target is labels from 1 to K - 1, (U,), as many as fit into T frames. Or there is one for
        the whole sequence: float32 (K,), or a class, a whole number (). Or it is tokens from 0 to
        K - 1, (U,).
    vocabulary, labels : tuple of str
        What the M inputs and the K outputs are called, where they have names.
    unit : str
        What there are so many of, such as "reviews".

    Raises
    ------
    ValueError
        If a split is empty, or a sequence has another shape, dtype or range, or the metric is one
        of another loss.
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
    form: str = "frames"
    answer: str = "frame"
    vocabulary: tuple[str, ...] = field(default=(), repr=False)
    labels: tuple[str, ...] = field(default=(), repr=False)
    unit: str = "sequences"

    def __post_init__(self) -> None:
        if self.metric in METRICS.values() and self.metric != METRICS.get(self.loss):
            raise ValueError(f"metric must be one of the loss {self.loss!r}, got {self.metric!r}")
        for name, known in (("form", FORMS), ("answer", ANSWERS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known}, got {getattr(self, name)!r}")
        if self.answer != "frame" and (self.loss == "ctc" or self.metric in METRICS.values()):
            raise ValueError(
                f"answer must be 'frame' for {self.loss}, {self.metric}, got {self.answer!r}"
            )
        for name, size in (("vocabulary", self.inputs), ("labels", self.outputs)):
            if len(getattr(self, name)) not in (0, size):
                raise ValueError(
                    f"{name} must hold {size} names or none, got {len(getattr(self, name))}"
                )
        for split in SPLITS:
            pairs = self.split(split)
            if not pairs:
                raise ValueError(f"{split} must hold 1 sequence or more, got none")
            if isinstance(pairs, Pictures):
                self._check_x(split, pairs.x[0])
                self._check_range(split, pairs.classes, 0, self.outputs - 1)
                continue
            if isinstance(pairs, Texts) and self.answer == "sequence":
                self._check_x(split, pairs.tokens)
                self._check_target(split, 1, np.asarray(pairs.targets[0]))
                top = self.outputs - 1 if self.loss in METRICS else 1
                self._check_range(split, pairs.targets, 0, top)
                continue
            for number, (x, target) in enumerate(pairs):
                where = f"{split}[{number}]"
                self._check_x(where, x)
                self._check_target(where, len(x), target)

    def _check_x(self, where: str, x: Array) -> None:
        """Refuse an x that is not of the task's form."""
        if self.form == "frames":
            right = x.shape == (len(x), self.inputs) and x.dtype == np.float32
            what = f"float32 (T, {self.inputs})"
        elif self.form == "tokens":
            right = x.ndim == 1 and len(x) > 0 and x.dtype.kind in "iu"
            what = "whole numbers (T,), one or more"
        else:
            right = x.ndim == 3 and x.size == self.inputs and x.dtype == np.uint8
            what = f"uint8 (height, width, channels), {self.inputs} in all"
        if not right:
            raise ValueError(f"{where} must have x of {what}, got {x.dtype} {x.shape}")
        if self.form == "frames" and not np.isfinite(x).all():
            raise ValueError(f"{where} must have x of finite numbers, got NaN or infinity")
        if self.form == "tokens":
            self._check_range(where, x, 0, self.inputs - 1, "x")

    def _check_target(self, where: str, T: int, target: Target) -> None:
        """Refuse a target that is not what answer and loss ask for."""
        K, classes = self.outputs, self.loss in METRICS
        of_frame = (T,) if classes else (T, K)
        of_sequence = () if classes else (K,)
        free = self.loss == "ctc" or self.answer == "tokens"
        shape = target.shape[:1] if free else of_sequence if self.answer == "sequence" else of_frame
        right = target.dtype.kind in "iu" if classes else target.dtype == np.float32
        if target.shape != shape or not right:
            kind = "whole numbers" if classes else "float32"
            size = "(U,)" if free else f"{shape}"
            raise ValueError(
                f"{where} must have a target of {kind} {size}, got {target.dtype} {target.shape}"
            )
        least, top = int(self.loss == "ctc"), K - 1 if classes else 1
        self._check_range(where, target, least, top)
        if self.answer == "tokens" and not len(target):
            raise ValueError(f"{where} must have a target of 1 token or more, got none")
        if self.loss == "ctc":
            needed = max(1, len(target) + int(np.count_nonzero(target[1:] == target[:-1])))
            if needed > T:
                raise ValueError(
                    f"{where} must have labels that fit into its {T} frames, got {len(target)} "
                    f"that need {needed}"
                )

    def _check_range(
        self, where: str, numbers: Array, least: int, top: int, what: str = "targets"
    ) -> None:
        if numbers.size and not (numbers.min() >= least and numbers.max() <= top):
            raise ValueError(
                f"{where} must have {what} from {least} to {top}, "
                f"got {numbers.min()} to {numbers.max()}"
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
        return f"{title}, {sizes} {self.unit}"

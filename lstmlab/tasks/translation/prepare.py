"""Parallel text as a task: pieces are learnt from the training text, and every sentence cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.generated import check_whole
from lstmlab.tasks.store import DataError
from lstmlab.tasks.task import SPLITS, Split, Task
from lstmlab.tasks.translation.subwords import END, SPECIAL, Subwords, learn

Sentences = Sequence[tuple[str, str]]

LARGEST = 100_000  # pieces of a language


@dataclass(frozen=True, eq=False)
class Translation:
    """A task, and what turns its codes into text and text into codes.

    Attributes
    ----------
    task : Task
        x is the pieces of a sentence, (T,), and target those of its translation and </s>, (U,);
        both int32. Vocabulary and labels are the pieces of the two languages.
    source, target : Subwords
        The two languages.
    sentences : dict of str to list of (str, str)
        The text of every pair of each split, for BLEU's references.
    """

    task: Task
    source: Subwords = field(repr=False)
    target: Subwords = field(repr=False)
    sentences: Mapping[str, Sentences] = field(repr=False)

    def encode(self, text: str) -> NDArray[np.int32]:
        """The x of a sentence to be translated, (T,)."""
        return self.source.encode(text)

    def decode(self, codes: Iterable[int]) -> str:
        """The text of a translation, up to its </s>."""
        return self.target.decode(codes)

    def references(self, split: str = "test") -> list[str]:
        """The translations of a split as they were written."""
        self.task.split(split)
        return [target for _, target in self.sentences[split]]


def prepare(
    splits: Mapping[str, Sentences],
    source: str,
    *,
    size: int,
    longest: int,
    coverage: float = 1.0,
    title: str = "",
    dropped: Mapping[str, int] | None = None,
    seed: int | None = None,
) -> Translation:
    """Make the task of parallel text.

    Parameters
    ----------
    splits : mapping of str to sequence of (str, str)
        The sentences of each split, and their translations.
    source : str
        As in `Task`.
    size : int
        How many pieces either language has, at most. They are learnt from the training text alone.
    longest : int
        A pair of the training text that has more pieces, on one side, is dropped; those of
        validation and test text are kept, so that their scores compare with others'.
    coverage : float
        As in `learn`.
    title : str
        As in `Task`; how many pairs were dropped is added, unless it is empty.
    dropped : mapping of str to int, optional
        How many pairs were dropped before, and why.
    seed : int, optional
        The seed of generated data.

    Raises
    ------
    ValueError
        As `learn`; or as DataError, if no pair is left.
    """
    size = check_whole("size", size, len(SPECIAL) + 1)
    longest = check_whole("longest", longest)
    if size > LARGEST:
        raise ValueError(f"size must be {LARGEST:,} or less, got {size:,}")
    spoken = [learn([pair[side] for pair in splits["train"]], size, coverage=coverage)
              for side in (0, 1)]  # fmt: skip
    counts = dict(dropped or {})
    coded: dict[str, Split] = {}
    kept: dict[str, Sentences] = {}
    for split in SPLITS:
        rows = [(pair, *_coded(spoken, pair)) for pair in splits[split]]
        some = [row for row in rows if len(row[1]) and len(row[2]) > 1]
        short = [
            row for row in some if split != "train" or max(len(row[1]), len(row[2]) - 1) <= longest
        ]
        if not short:
            raise DataError(
                f"{title or source}: {split} must have a pair of 1 to {longest} pieces a side, "
                "got none"
            )
        counts["blank"] = counts.get("blank", 0) + len(rows) - len(some)
        counts["long"] = counts.get("long", 0) + len(some) - len(short)
        kept[split] = [pair for pair, _, _ in short]
        coded[split] = [(x, target) for _, x, target in short]
    said = ", ".join(f"{count:,} {why}" for why, count in counts.items() if count)
    task = Task(
        name="translation", source=source, train=coded["train"], valid=coded["valid"],
        test=coded["test"], inputs=len(spoken[0].pieces), outputs=len(spoken[1].pieces),
        loss="softmax", metric="BLEU", seed=seed,
        title=f"{title}, dropped {said}" if title and said else title,
        form="tokens", answer="tokens", vocabulary=spoken[0].pieces, labels=spoken[1].pieces,
        unit="pairs",
    )  # fmt: skip
    return Translation(task, spoken[0], spoken[1], kept)


def _coded(
    spoken: Sequence[Subwords], pair: tuple[str, str]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    x, target = (language.encode(text) for language, text in zip(spoken, pair, strict=True))
    return x, np.append(target, np.int32(END))

"""Sentences and their translations, padded to one length where they are computed together."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from lstmlab.tasks.task import Split
from lstmlab.tasks.translation.subwords import BEGIN, PAD


class Sentences:
    """A split of a translation task.

    Parameters
    ----------
    pairs : sequence of (ndarray, ndarray)
        Pieces of a sentence, (T,), and of its translation and </s>, (U,).
    device : str
        Where they are put.

    Attributes
    ----------
    lengths, target_lengths : Tensor of int64, (n,), on the CPU
        T and U of each.
    """

    def __init__(self, pairs: Split, device: str = "cpu") -> None:
        self.device = device
        self.lengths, self.target_lengths = (
            torch.tensor([len(pair[side]) for pair in pairs], device="cpu") for side in (0, 1)
        )
        self._x, self._targets = (
            pad_sequence(
                [torch.from_numpy(pair[side].astype(np.int64)) for pair in pairs],
                batch_first=True, padding_value=PAD,
            ).to(device)
            for side in (0, 1)
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.lengths)

    def padded(self, some: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Some pairs, as long as their longest.

        Parameters
        ----------
        some : Tensor of int64, (B,), on the CPU
            Their places.

        Returns
        -------
        x : (B, T)
        lengths : (B,), on the CPU
        before : (B, U)
            <s> and the translation without its last piece: what the decoder is given.
        after : (B, U)
            The translation with its </s>: what it should say.
        """
        T, U = int(self.lengths[some].max()), int(self.target_lengths[some].max())
        there = some.to(self.device)
        x, after = self._x[there, :T], self._targets[there, :U]
        begin = torch.full_like(after[:, :1], BEGIN)
        return x, self.lengths[some], torch.cat([begin, after[:, :-1]], 1), after

    def batches(self, size: int, examples: int, rng: np.random.Generator) -> list[Tensor]:
        """The first examples in batches of about the same length each, in random order.

        Which pairs of one length come together is drawn anew each time, as is the batches' order.
        """
        drawn = rng.permutation(examples)
        by_length = drawn[np.argsort(self.target_lengths.numpy()[drawn], kind="stable")]
        batches = torch.from_numpy(by_length).split(size)
        return [batches[n] for n in rng.permutation(len(batches))]

    def in_order(self, size: int) -> tuple[Tensor, ...]:
        """All of them, as they come."""
        places: tuple[Tensor, ...] = torch.arange(len(self), device="cpu").split(size)
        return places

"""What recurrent torch modules share: the forms their input may have, layers, both directions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstmlab.cells.autograd import State
from lstmlab.cells.params import Params

Run = Callable[[str, Tensor, int], tuple[Tensor, State]]
"""(suffix of the weights, x (T, B, M), number of the state) -> outputs (T, B, N), last state."""


def check_input(input: object, input_size: int, batch_first: bool, own: Tensor) -> None:
    """Refuse what is not a batch, a sequence or packed sequences for a layer.

    Parameters
    ----------
    input : Tensor or PackedSequence
    input_size : int
        M.
    batch_first : bool
    own : Tensor
        A weight of the layer: the input has its dtype and device.

    Raises
    ------
    TypeError
        If it is something else.
    ValueError
        If it has another shape, dtype or device.
    """
    if not isinstance(input, Tensor | PackedSequence):
        raise TypeError(f"input must be a Tensor or a PackedSequence, got {type(input).__name__}")
    packed = isinstance(input, PackedSequence)
    frames = input.data if isinstance(input, PackedSequence) else input
    right = frames.dim() == 2 if packed else frames.dim() in (2, 3)
    if not right or frames.shape[-1] != input_size or 0 in frames.shape:
        M = input_size
        shape = f"(B, T, {M})" if batch_first else f"(T, B, {M})"
        wanted = f"frames of {M}" if packed else f"shape {shape} or (T, {M}), T and B 1 or more"
        raise ValueError(f"input must have {wanted}, got {tuple(frames.shape)}")
    if (frames.dtype, frames.device) != (own.dtype, own.device):
        raise ValueError(
            f"input must be {own.dtype} on {own.device} as the weights are, "
            f"got {frames.dtype} on {frames.device}"
        )


def tensors(params: Params) -> dict[str, Tensor]:
    """Arrays as tensors, whatever their order in memory: all of them, before one is used."""
    return {
        name: torch.from_numpy(np.array(array, array.dtype.newbyteorder("="), order="C"))
        for name, array in params.items()
    }


@dataclass(frozen=True)
class Sequences:
    """A batch as layers want it, and the form that it came in.

    Attributes
    ----------
    x : Tensor, (T, B, M)
        Of packed sequences the longest comes first.
    live : list of int, (T,)
        How many of the B sequences have step t.
    lengths : Tensor of int, (B,), or None
        Of packed sequences.
    input : Tensor or PackedSequence
    batch_first : bool
    """

    x: Tensor
    live: list[int]
    lengths: Tensor | None
    input: Tensor | PackedSequence
    batch_first: bool

    @classmethod
    def of(cls, input: Tensor | PackedSequence, batch_first: bool) -> "Sequences":
        """Take (T, B, M), or (B, T, M) with `batch_first`, or (T, M), or packed sequences."""
        if not isinstance(input, PackedSequence):
            x = input if input.dim() == 3 else input[:, None]
            if batch_first and input.dim() == 3:
                x = x.transpose(0, 1)
            return cls(x, [x.shape[1]] * x.shape[0], None, input, batch_first)
        x, lengths = pad_packed_sequence(input)
        if input.sorted_indices is not None:
            x = x.index_select(1, input.sorted_indices)
            lengths = lengths[input.sorted_indices.cpu()]
        return cls(x, input.batch_sizes.tolist(), lengths, input, batch_first)

    @property
    def single(self) -> bool:
        """Whether it was one sequence without a batch axis."""
        return isinstance(self.input, Tensor) and self.input.dim() == 2

    def check_state(self, name: str, state: object, count: int, width: int) -> None:
        """Refuse a first state that is not (count, B, width), or (count, width) for a single one.

        Raises
        ------
        ValueError
            If it is not a tensor of this shape, or of another dtype or device than x.
        """
        B, x = self.x.shape[1], self.x
        shape = (count, width) if self.single else (count, B, width)
        if not isinstance(state, Tensor) or tuple(state.shape) != shape:
            got = tuple(state.shape) if isinstance(state, Tensor) else type(state).__name__
            raise ValueError(f"{name} must have shape {shape}, got {got}")
        if (state.dtype, state.device) != (x.dtype, x.device):
            raise ValueError(
                f"{name} must be {x.dtype} on {x.device} as the input is, "
                f"got {state.dtype} on {state.device}"
            )

    def taken(self, state: Tensor) -> Tensor:
        """A first state, (count, B, ·) or (count, ·), in the order of x."""
        if isinstance(self.input, PackedSequence) and self.input.sorted_indices is not None:
            return state.index_select(1, self.input.sorted_indices)
        return state[:, None] if self.single else state

    def given(self, state: Tensor) -> Tensor:
        """A last state, (count, B, ·), in the form of the first."""
        if isinstance(self.input, PackedSequence) and self.input.unsorted_indices is not None:
            return state.index_select(1, self.input.unsorted_indices)
        return state[:, 0] if self.single else state

    def outputs(self, y: Tensor) -> Tensor | PackedSequence:
        """Outputs (T, B, ·) in the form of the input."""
        if isinstance(self.input, PackedSequence):
            packed = pack_padded_sequence(y, self.lengths)
            indices = self.input.sorted_indices, self.input.unsorted_indices
            return PackedSequence(packed.data, packed.batch_sizes, *indices)
        if self.single:
            return y[:, 0]
        return y.transpose(0, 1) if self.batch_first else y

    def reversal(self) -> Tensor:
        """For every step and sequence the step to read instead, (T, B): its own inverse.

        Each sequence is turned by itself: its padding stays behind it.
        """
        T, B = self.x.shape[:2]
        steps = torch.arange(T, device=self.x.device)[:, None]
        if self.lengths is None:
            return (T - 1 - steps).expand(T, B)
        ends = self.lengths.to(self.x.device)[None]
        return torch.where(steps < ends, ends - 1 - steps, steps)

    def through(
        self, layers: int, directions: int, run: Run, *, dropout: float, training: bool
    ) -> tuple[Tensor, list[State]]:
        """Layer over layer, and in each one direction or two side by side.

        Returns
        -------
        Tensor, (T, B, directions · N)
            Outputs of the last layer.
        list of State
            Last states, of every layer and direction.
        """
        x, last = self.x, list[State]()
        backwards = self.reversal() if directions == 2 else None
        for layer in range(layers):
            y, state = run(f"_l{layer}", x, len(last))
            last.append(state)
            if backwards is not None:
                turned = reordered(x, backwards)
                y_reverse, state = run(f"_l{layer}_reverse", turned, len(last))
                last.append(state)
                y = torch.cat([y, reordered(y_reverse, backwards)], dim=2)
            x = y
            if dropout and layer < layers - 1:
                x = nn.functional.dropout(x, dropout, training)
        return x, last


def reordered(x: Tensor, steps: Tensor) -> Tensor:
    """Every sequence of x (T, B, ·) with its steps in another order, (T, B)."""
    return x.gather(0, steps[:, :, None].expand(x.shape))

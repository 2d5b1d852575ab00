"""The GRU as a torch module: `torch.nn.GRU`, with the reset gate where Cho et al. have it."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstmlab.cells.gru import check_params
from lstmlab.cells.params import Params
from lstmlab.cells.sequences import Sequences, check_input, tensors

PARTS = ("_r", "_z", "")  # torch's order, by the book's names: W_r, W_z, W


class GRU(nn.GRU):  # type: ignore[misc]
    """Layers of gated recurrent units, to be used where `torch.nn.GRU` is.

    Parameters
    ----------
    input_size, hidden_size : int
    reset_after : bool
        Whether the reset gate stands behind the recurrent matrix of the candidate, as in torch:
        then this is torch's module, with its speed. Otherwise it stands before, as in Cho et al.
        (2014), and the arithmetic is made of torch's operations, step by step.
    **options
        As `torch.nn.GRU`: num_layers, bidirectional, batch_first, dropout, bias, device, dtype.

    Notes
    -----
    The parameters have torch's names and shapes, and a `state_dict` of `torch.nn.GRU` loads. It
    gives torch's numbers with `reset_after=True`. Before the matrix, the candidate's two biases are
    simply added.
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, reset_after: bool = False, **options: Any
    ) -> None:
        if not isinstance(reset_after, bool):
            raise TypeError(f"reset_after must be True or False, got {reset_after!r}")
        super().__init__(input_size, hidden_size, **options)
        self.reset_after = reset_after

    def extra_repr(self) -> str:
        """The arguments that are not at their default."""
        return str(super().extra_repr()) + ", reset_after=True" * self.reset_after

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Run all layers; takes and gives what `torch.nn.GRU` does."""
        if self.reset_after:
            found: tuple[Tensor | PackedSequence, Tensor] = super().forward(input, hx)
            return found
        check_input(input, self.input_size, self.batch_first, self.weight_ih_l0)
        sequences = Sequences.of(input, self.batch_first)
        x, directions = sequences.x, 2 if self.bidirectional else 1
        count = self.num_layers * directions
        if hx is None:
            first = x.new_zeros(count, x.shape[1], self.hidden_size)
        else:
            sequences.check_state("hx", hx, count, self.hidden_size)
            first = sequences.taken(hx)

        def run(suffix: str, x: Tensor, n: int) -> tuple[Tensor, tuple[Tensor]]:
            return self._run(suffix, x, first[n], sequences.live)

        y, last = sequences.through(
            self.num_layers, directions, run, dropout=self.dropout, training=self.training
        )
        return sequences.outputs(y), sequences.given(torch.stack([h for h, in last]))

    def _run(
        self, suffix: str, x: Tensor, h: Tensor, live: list[int]
    ) -> tuple[Tensor, tuple[Tensor]]:
        """One layer in one direction, the reset gate before the matrix."""
        N = self.hidden_size
        W, U = getattr(self, f"weight_ih{suffix}"), getattr(self, f"weight_hh{suffix}")
        bars, outputs = x @ W.T, []
        if self.bias:
            bars = bars + getattr(self, f"bias_ih{suffix}") + getattr(self, f"bias_hh{suffix}")
        for n, bar in zip(live, bars, strict=True):
            before = h[:n]
            gates = torch.sigmoid(bar[:n, : 2 * N] + before @ U[: 2 * N].T)
            r, z = gates.split(N, dim=1)
            candidate = torch.tanh(bar[:n, 2 * N :] + (r * before) @ U[2 * N :].T)
            new = z * before + (1 - z) * candidate
            outputs.append(torch.cat([new, new.new_zeros(len(h) - n, N)]))
            h = torch.cat([new, h[n:]])
        return torch.stack(outputs), (h,)

    def load_params(self, params: Params, layer: int = 0, *, reverse: bool = False) -> None:
        """Take weights as `gru.init_params` makes them, with this module's `reset_after`.

        Raises
        ------
        ValueError, TypeError
            If they are not those of such a layer, or have other shapes.
        """
        M, N, _ = check_params(params, self.reset_after)
        suffix = f"_l{layer}" + "_reverse" * reverse
        if not hasattr(self, "weight_ih" + suffix):
            raise ValueError(f"layer and reverse must name a part of {self}, got {suffix!r}")
        if not self.bias:
            raise ValueError("params have biases, and this module was made with bias=False")
        W, U, b, b_U = (
            getattr(self, name + suffix)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        if (3 * N, M) != tuple(W.shape):
            raise ValueError(
                f"params must have {self.hidden_size} units and {W.shape[1]} inputs, "
                f"got {N} and {M}"
            )
        given = tensors(params)
        with torch.no_grad():
            b_U.zero_()
            for n, part in enumerate(PARTS):
                place = slice(n * N, (n + 1) * N)
                for tensor, letter in ((W, "W"), (U, "U"), (b, "b")):
                    tensor[place] = given[letter + part]
            if self.reset_after:
                b_U[2 * N :] = given["b_U"]

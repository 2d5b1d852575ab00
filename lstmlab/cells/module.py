"""The LSTM in all variants as a torch module, with the manners of `torch.nn.LSTM`."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstmlab.cells.autograd import Compiled, State, Weights, plain, rows
from lstmlab.cells.params import Params, check_params, check_positive, output_size, param_shapes
from lstmlab.cells.variants import Cell, SimpleRecurrent, as_cell

BARE = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_ph", "weight_gh", "weight_hr",
        "weight_sh", "weight_qh")  # fmt: skip
"""What the parameters of one direction are called, before `_l0`, `_l0_reverse` and so on."""


class LSTM(nn.Module):
    """Layers of LSTM blocks of any variant, to be used where `torch.nn.LSTM` is.

    Parameters
    ----------
    input_size, hidden_size : int
        M, and N of every layer and direction.
    variant : Variant, SRN or the name of one
    num_layers : int
    bidirectional : bool
        A second set of blocks reads the sequence backwards; outputs stand side by side.
    batch_first : bool
        Batches are (B, T, ·), not (T, B, ·). States are not affected.
    dropout : float
        Share of outputs set to 0 between layers, in training.
    bias : bool
    proj_size : int
        P, the length of the outputs, smaller than N; 0 for none. The same as a variant with
        `projection=P`.
    device, dtype

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0 : Parameter, (parts · N, M), (parts · N, N)
        `W` and `R`, one part below the other in torch's order: input gate, forget gate, block
        input, output gate. A second layer has the suffix `_l1`, a second direction `_reverse`.
    bias_ih_l0, bias_hh_l0 : Parameter, (parts · N,)
        Two biases that are added, as in torch.
    weight_ph_l0 : Parameter, (gates, N)
        Peepholes, in the order i, f, o, if the variant has them.
    weight_gh_l0 : Parameter, (gates · N, gates · N)
        Full gate recurrence, if the variant has it: rows by the gate that hears, columns by the
        gate that is heard.
    weight_hr_l0 : Parameter, (P, N)
        The projection, if there is one; `weight_hh_l0` is then (parts · N, P).
    weight_sh_l0 : Parameter, (gates, N)
        Slopes, if the variant has them. They are 1 at first.
    weight_qh_l0 : Parameter, (gates, gates, N)
        The cortex, if the variant has one: first by the gate that hears, then by the gate heard.

    Notes
    -----
    `forward(input, (h_0, c_0))` takes and gives what `torch.nn.LSTM` does: batches, single
    sequences without a batch axis, and packed sequences of different lengths. With full gate
    recurrence or a cortex a state has a third part, the gates, (layers · directions, B, gates · N).

    `LSTM(…, variant="NP")`, with or without `proj_size`, is `torch.nn.LSTM`: either loads the
    other's `state_dict`. First weights are drawn as torch draws them, uniform within 1/√N;
    `load_params` brings in others.

    On a CPU, in float32 and float64 and where Numba is installed, the arithmetic is the compiled
    kernel's. Its gradient cannot be differentiated again; torch says so if one tries. Elsewhere,
    and for a variant with a switch beyond the paper's eight (projection, slopes, cortex), which the
    kernel does not know, it is made of torch's own operations.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        variant: Cell | str = "V",
        num_layers: int = 1,
        bidirectional: bool = False,
        batch_first: bool = False,
        dropout: float = 0.0,
        bias: bool = True,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size = check_positive("input_size", input_size)
        self.hidden_size = check_positive("hidden_size", hidden_size)
        self.num_layers = check_positive("num_layers", num_layers)
        for name, value in (("bidirectional", bidirectional), ("batch_first", batch_first),
                            ("bias", bias)):  # fmt: skip
            if not isinstance(value, bool):
                raise TypeError(f"{name} must be True or False, got {value!r}")
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(f"dropout must be a number from 0 to 1, got {dropout!r}")
        self.variant, self.cell = variant, _projected(as_cell(variant), proj_size)
        self.proj_size = self.cell.projection
        param_shapes(self.cell, input_size, hidden_size)  # refuses a projection to too many outputs
        self.bidirectional, self.batch_first, self.bias = bidirectional, batch_first, bias
        self.dropout = float(dropout)
        made = {"device": device, "dtype": dtype}
        N, parts, gates = hidden_size, len(self.cell.parts), len(self.cell.gates)
        P = output_size(self.cell, N)
        for layer in range(num_layers):
            M = input_size if layer == 0 else P * self._directions
            shapes: dict[str, tuple[int, ...]] = {
                "weight_ih": (parts * N, M), "weight_hh": (parts * N, P)
            }  # fmt: skip
            if bias:
                shapes |= {"bias_ih": (parts * N,), "bias_hh": (parts * N,)}
            if self.cell.projection:
                shapes["weight_hr"] = (P, N)
            if self.cell.peepholes and gates:
                shapes["weight_ph"] = (gates, N)
            if self.cell.full_gate_recurrence:
                shapes["weight_gh"] = (gates * N, gates * N)
            if self.cell.slopes:
                shapes["weight_sh"] = (gates, N)
            if self.cell.cortex:
                shapes["weight_qh"] = (gates, gates, N)
            for suffix in self._suffixes(layer):
                for name, shape in shapes.items():
                    self.register_parameter(
                        name + suffix, nn.Parameter(torch.empty(shape, **made))
                    )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, uniformly from -1/√N to 1/√N; slopes become 1."""
        limit = 1 / math.sqrt(self.hidden_size)
        for name, weight in self.named_parameters():
            if name.startswith("weight_sh"):
                nn.init.ones_(weight)
            else:
                nn.init.uniform_(weight, -limit, limit)

    def flatten_parameters(self) -> None:
        """Do nothing: there is no flat copy to keep. It is here because torch's module has it."""

    def extra_repr(self) -> str:
        """The arguments that are not at their default."""
        said = f"{self.input_size}, {self.hidden_size}, variant={self.variant!r}"
        defaults = {"num_layers": 1, "bidirectional": False, "batch_first": False, "dropout": 0.0,
                    "bias": True, "proj_size": 0}  # fmt: skip
        for name, default in defaults.items():
            if getattr(self, name) != default:
                said += f", {name}={getattr(self, name)!r}"
        return said

    def forward(
        self, input: Tensor | PackedSequence, hx: Sequence[Tensor] | None = None
    ) -> tuple[Tensor | PackedSequence, tuple[Tensor, ...]]:
        """Run all layers over sequences.

        Parameters
        ----------
        input : Tensor, (T, B, M), or (B, T, M) with `batch_first`, or (T, M); or PackedSequence
        hx : tuple of Tensor, optional
            (h_0, c_0), each (layers · directions, B, N), without B for a single sequence; with a
            projection h_0 is P long; with full gate recurrence or a cortex also the gates. Zero if
            not given.

        Returns
        -------
        Tensor or PackedSequence
            Outputs of the last layer, in the form of the input, directions · N (or P) wide.
        tuple of Tensor
            (h_n, c_n), or with the gates, as `hx`.

        Raises
        ------
        ValueError, TypeError
            If shapes, dtypes or devices do not fit.
        """
        self._check_input(input)
        if isinstance(input, PackedSequence):
            x, lengths = pad_packed_sequence(input)
            if input.sorted_indices is not None:  # the longest first
                x = x.index_select(1, input.sorted_indices)
                lengths = lengths[input.sorted_indices.cpu()]
            live = input.batch_sizes.tolist()
        else:
            x = input if input.dim() == 3 else input[:, None]
            if self.batch_first and input.dim() == 3:
                x = x.transpose(0, 1)
            lengths, live = None, [x.shape[1]] * x.shape[0]
        single = not isinstance(input, PackedSequence) and input.dim() == 2
        order = input.sorted_indices if isinstance(input, PackedSequence) else None
        states = self._states(hx, x, single, order)

        last: list[State] = []
        for layer in range(self.num_layers):
            outputs = []
            for suffix in self._suffixes(layer):
                backwards = reversal(lengths, x) if suffix.endswith("_reverse") else None
                seen = x if backwards is None else reordered(x, backwards)
                y, state = self._run(suffix, seen, states[len(last)], live)
                outputs.append(y if backwards is None else reordered(y, backwards))
                last.append(state)
            x = torch.cat(outputs, dim=2) if len(outputs) > 1 else outputs[0]
            if self.dropout and layer < self.num_layers - 1:
                x = nn.functional.dropout(x, self.dropout, self.training)

        hx_n = tuple(torch.stack(part) for part in zip(*last, strict=True))
        if isinstance(input, PackedSequence):
            packed = pack_padded_sequence(x, lengths)
            if input.unsorted_indices is not None:
                hx_n = tuple(part.index_select(1, input.unsorted_indices) for part in hx_n)
            indices = input.sorted_indices, input.unsorted_indices
            return PackedSequence(packed.data, packed.batch_sizes, *indices), hx_n
        if single:
            return x[:, 0], tuple(part[:, 0] for part in hx_n)
        return x.transpose(0, 1) if self.batch_first else x, hx_n

    def params(self, layer: int = 0, *, reverse: bool = False) -> Params:
        """The weights of one layer and direction as the book writes them: `W_z R_z b_z …`.

        The sum of torch's two biases is `b`. Copies, on the CPU.
        """
        own = self._own(f"_l{layer}" + ("_reverse" if reverse else ""))
        return {
            name: tensor[place].detach().cpu().numpy().copy()
            for name, tensor, place in self._named(own)
        }

    def load_params(self, params: Params, layer: int = 0, *, reverse: bool = False) -> None:
        """Take weights as `init_params` makes them; the second of torch's biases becomes 0.

        Raises
        ------
        ValueError, TypeError
            If they are not those of this variant, or have other shapes.
        """
        M, N, _ = check_params(params, self.cell)
        own = self._own(f"_l{layer}" + ("_reverse" if reverse else ""))
        if (N, M) != (self.hidden_size, own["weight_ih"].shape[1]):
            raise ValueError(
                f"params must have {self.hidden_size} blocks and {own['weight_ih'].shape[1]} "
                f"inputs, got {N} and {M}"
            )
        if not self.bias:
            raise ValueError("params have biases, and this module was made with bias=False")
        with torch.no_grad():
            own["bias_hh"].zero_()
            for name, tensor, place in self._named(own, summed=False):
                tensor[place] = torch.from_numpy(params[name]).to(tensor)

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: self._directions]

    def _own(self, suffix: str) -> dict[str, Tensor]:
        """The parameters with this suffix, without it."""
        own = {name: getattr(self, name + suffix) for name in BARE if hasattr(self, name + suffix)}
        if not own:
            raise ValueError(f"layer and reverse must name a part of {self}, got {suffix!r}")
        return own

    def _named(
        self, own: dict[str, Tensor], *, summed: bool = True
    ) -> Iterator[tuple[str, Tensor, Any]]:
        """The book's name of every array, the tensor it is part of, and which part."""
        N, names = self.hidden_size, rows(self.cell)
        bias = None
        if self.bias:
            bias = own["bias_ih"] + own["bias_hh"] if summed else own["bias_ih"]
        for part in self.cell.parts:
            first = N * names.index(part)
            place = slice(first, first + N)
            yield f"W_{part}", own["weight_ih"], place
            yield f"R_{part}", own["weight_hh"], place
            if "weight_ph" in own and part != "z":
                yield f"p_{part}", own["weight_ph"], self.cell.gates.index(part)
            if "weight_sh" in own and part != "z":
                yield f"s_{part}", own["weight_sh"], self.cell.gates.index(part)
            if bias is not None:
                yield f"b_{part}", bias, place
        if "weight_gh" in own:
            for m, b in enumerate(self.cell.gates):
                for n, a in enumerate(self.cell.gates):
                    block = slice(m * N, (m + 1) * N), slice(n * N, (n + 1) * N)
                    yield f"R_{a}{b}", own["weight_gh"], block
        if "weight_qh" in own:
            for m, b in enumerate(self.cell.gates):
                for n, a in enumerate(self.cell.gates):
                    yield f"q_{a}{b}", own["weight_qh"], (m, n)
        if "weight_hr" in own:
            yield "W_r", own["weight_hr"], slice(None)

    def _run(
        self, suffix: str, x: Tensor, state: State, live: list[int]
    ) -> tuple[Tensor, State]:
        """One layer in one direction."""
        own = self._own(suffix)
        bias = own["bias_ih"] + own["bias_hh"] if self.bias else None
        weights = Weights(own["weight_ih"], own["weight_hh"], bias,
                          *map(own.get, BARE[4:]))  # fmt: skip
        if self.cell.extras or not _compiled(x):
            return plain(self.cell, x, state, live, weights)
        y, c, gates = (*state, None)[:3]
        outputs, *last = Compiled.apply(
            self.cell, np.array(live), x, y, c, gates, weights.ih, weights.hh, weights.bias,
            weights.peepholes, weights.gates,
        )  # fmt: skip
        return outputs, tuple(last)

    def _check_input(self, input: Tensor | PackedSequence) -> None:
        if not isinstance(input, Tensor | PackedSequence):
            raise TypeError(
                f"input must be a Tensor or a PackedSequence, got {type(input).__name__}"
            )
        packed = isinstance(input, PackedSequence)
        frames = input.data if packed else input
        right = frames.dim() == 2 if packed else frames.dim() in (2, 3)
        if not right or frames.shape[-1] != self.input_size or 0 in frames.shape:
            M = self.input_size
            shape = f"(B, T, {M})" if self.batch_first else f"(T, B, {M})"
            wanted = f"frames of {M}" if packed else f"shape {shape} or (T, {M}), T and B 1 or more"
            raise ValueError(f"input must have {wanted}, got {tuple(frames.shape)}")
        own = self.weight_ih_l0
        if (frames.dtype, frames.device) != (own.dtype, own.device):
            raise ValueError(
                f"input must be {own.dtype} on {own.device} as the weights are, "
                f"got {frames.dtype} on {frames.device}"
            )

    def _states(
        self, hx: Sequence[Tensor] | None, x: Tensor, single: bool, order: Tensor | None
    ) -> list[State]:
        """The first state of every layer and direction."""
        count, B, N = self.num_layers * self._directions, x.shape[1], self.hidden_size
        widths = [output_size(self.cell, N), N]
        if self.cell.fed_back:
            widths.append(len(self.cell.fed_back) * N)
        if hx is None:
            return [tuple(x.new_zeros(B, width) for width in widths) for _ in range(count)]
        if isinstance(hx, Tensor) or len(hx) != len(widths):
            parts = "(h_0, c_0, gates_0)" if len(widths) == 3 else "(h_0, c_0)"
            raise ValueError(f"hx must be a tuple {parts}, got {type(hx).__name__}")
        parts_of: list[Tensor] = []
        for name, part, width in zip(("h_0", "c_0", "gates_0"), hx, widths, strict=False):
            shape = (count, width) if single else (count, B, width)
            if not isinstance(part, Tensor) or tuple(part.shape) != shape:
                got = tuple(part.shape) if isinstance(part, Tensor) else type(part).__name__
                raise ValueError(f"{name} of hx must have shape {shape}, got {got}")
            if (part.dtype, part.device) != (x.dtype, x.device):
                raise ValueError(
                    f"{name} of hx must be {x.dtype} on {x.device} as the input is, "
                    f"got {part.dtype} on {part.device}"
                )
            part = part[:, None] if single else part
            parts_of.append(part if order is None else part.index_select(1, order))
        return [tuple(part[n] for part in parts_of) for n in range(count)]


def _projected(cell: Cell, size: int) -> Cell:
    """The cell with the projection that `proj_size` asks for."""
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise ValueError(f"proj_size must be a whole number, 0 or more, got {size!r}")
    if not size or cell.projection == size:
        return cell
    if isinstance(cell, SimpleRecurrent) or cell.projection:
        has = f"a projection to {cell.projection}" if cell.projection else "no projection"
        raise ValueError(f"proj_size must fit the variant, which has {has}, got {size}")
    return replace(cell, projection=size)


def _compiled(x: Tensor) -> bool:
    """Whether the kernel can compute with this tensor."""
    if x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64):
        return False
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True


def reversal(lengths: Tensor | None, x: Tensor) -> Tensor:
    """For every step and sequence the step to read instead, so that each is read backwards."""
    steps = torch.arange(x.shape[0], device=x.device)[:, None]
    if lengths is None:
        return (x.shape[0] - 1 - steps).expand(x.shape[:2])
    ends = lengths.to(x.device)[None]
    return torch.where(steps < ends, ends - 1 - steps, steps)


def reordered(x: Tensor, steps: Tensor) -> Tensor:
    return x.gather(0, steps[:, :, None].expand(x.shape))

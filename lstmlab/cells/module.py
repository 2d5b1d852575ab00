"""The LSTM in all variants as a torch module, with the manners of `torch.nn.LSTM`."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstmlab.cells import naming
from lstmlab.cells.autograd import Compiled, State, Weights, plain
from lstmlab.cells.params import Params, check_params, check_positive, output_size, param_shapes
from lstmlab.cells.sequences import Sequences, check_input, tensors
from lstmlab.cells.variants import Cell, SimpleRecurrent, as_cell


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
        number = isinstance(dropout, int | float) and not isinstance(dropout, bool)
        if not number or not 0 <= dropout <= 1:
            raise ValueError(f"dropout must be a number from 0 to 1, got {dropout!r}")
        self.variant, self.cell = variant, _projected(as_cell(variant), proj_size)
        self.proj_size = self.cell.projection
        param_shapes(self.cell, input_size, hidden_size)  # refuses a projection to too many outputs
        self.bidirectional, self.batch_first, self.bias = bidirectional, batch_first, bias
        self.dropout = float(dropout)
        for layer in range(num_layers):
            M = input_size
            if layer > 0:
                M = output_size(self.cell, hidden_size) * self._directions
            for suffix in self._suffixes(layer):
                for name, shape in naming.shapes(self.cell, M, hidden_size, bias).items():
                    weight = torch.empty(shape, device=device, dtype=dtype)
                    self.register_parameter(name + suffix, nn.Parameter(weight))
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
        check_input(input, self.input_size, self.batch_first, self.weight_ih_l0)
        sequences = Sequences.of(input, self.batch_first)
        states = self._states(hx, sequences)

        def run(suffix: str, x: Tensor, n: int) -> tuple[Tensor, State]:
            return self._run(suffix, x, states[n], sequences.live)

        y, last = sequences.through(
            self.num_layers, self._directions, run, dropout=self.dropout, training=self.training
        )
        parts = (torch.stack(part) for part in zip(*last, strict=True))
        return sequences.outputs(y), tuple(map(sequences.given, parts))

    def params(self, layer: int = 0, *, reverse: bool = False) -> Params:
        """The weights of one layer and direction as the book writes them: `W_z R_z b_z …`.

        The sum of torch's two biases is `b`. Copies, on the CPU.
        """
        own = self._own(f"_l{layer}" + ("_reverse" if reverse else ""))
        b = own["bias_ih"] + own["bias_hh"] if self.bias else None
        return {
            name: tensor[place].detach().cpu().numpy().copy()
            for name, tensor, place in naming.named(self.cell, self.hidden_size, own, b)
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
        given = tensors(params)
        with torch.no_grad():
            own["bias_hh"].zero_()
            for name, tensor, place in naming.named(self.cell, N, own, own["bias_ih"]):
                tensor[place] = given[name]

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: self._directions]

    def _own(self, suffix: str) -> dict[str, Tensor]:
        """The parameters with this suffix, without it."""
        there = [name for name in naming.BARE if hasattr(self, name + suffix)]
        own = {name: getattr(self, name + suffix) for name in there}
        if not own:
            raise ValueError(f"layer and reverse must name a part of {self}, got {suffix!r}")
        return own

    def _run(
        self, suffix: str, x: Tensor, state: State, live: list[int]
    ) -> tuple[Tensor, State]:
        """One layer in one direction."""
        own = self._own(suffix)
        bias = own["bias_ih"] + own["bias_hh"] if self.bias else None
        weights = Weights(own["weight_ih"], own["weight_hh"], bias,
                          *map(own.get, naming.BARE[4:]))  # fmt: skip
        if self.cell.extras or not _compiled(x):
            return plain(self.cell, x, state, live, weights)
        y, c, gates = (*state, None)[:3]
        outputs, *last = Compiled.apply(
            self.cell, np.array(live), x, y, c, gates, weights.ih, weights.hh, weights.bias,
            weights.peepholes, weights.gates,
        )  # fmt: skip
        return outputs, tuple(last)

    def _states(self, hx: Sequence[Tensor] | None, sequences: Sequences) -> list[State]:
        """The first state of every layer and direction."""
        x, N, count = sequences.x, self.hidden_size, self.num_layers * self._directions
        widths = [output_size(self.cell, N), N]
        if self.cell.fed_back:
            widths.append(len(self.cell.fed_back) * N)
        if hx is None:
            return [tuple(x.new_zeros(x.shape[1], width) for width in widths)] * count
        if not isinstance(hx, tuple | list) or len(hx) != len(widths):
            parts = "(h_0, c_0, gates_0)" if len(widths) == 3 else "(h_0, c_0)"
            raise ValueError(f"hx must be a tuple {parts}, got {type(hx).__name__}")
        for name, part, width in zip(("h_0", "c_0", "gates_0"), hx, widths, strict=False):
            sequences.check_state(f"{name} of hx", part, count, width)
        return list(zip(*map(sequences.taken, hx), strict=True))


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

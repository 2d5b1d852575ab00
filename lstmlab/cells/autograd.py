"""One layer in one direction as a function of torch tensors, with its gradient.

`Compiled` runs on the kernel, `plain` in torch's own operations: slower, but on any device. Both
take x (T, B, M), the state, `live` (how many of the B sequences have step t; the longest come
first) and the weights, and give the outputs (T, B, N) and the last state of every sequence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from lstmlab.cells.params import Array
from lstmlab.cells.variants import Cell, SimpleRecurrent, Variant

ORDER = "ifzo"  # torch's order of the parts, from the top of a weight matrix to the bottom


@dataclass(frozen=True)
class Weights:
    """The weights of one direction, as torch lays them out.

    Attributes
    ----------
    ih, hh : Tensor, (parts · N, M), (parts · N, N)
        `W` and `R` of the parts there are, in the order i, f, z, o.
    bias : Tensor, (parts · N,), or None
    peepholes : Tensor, (gates, N), or None
        p of the gates there are, in the order i, f, o.
    gates : Tensor, (gates · N, gates · N), or None
        Full gate recurrence: rows by the gate that hears, columns by the gate that is heard.
    projection : Tensor, (P, N), or None
        `W_r`; `hh` is then (parts · N, P). The kernel does not know it, nor the two below.
    slopes : Tensor, (gates, N), or None
        s of the gates there are, in the order i, f, o.
    cortex : Tensor, (gates, gates, N), or None
        q: first by the gate that hears, then by the gate that is heard.
    """

    ih: Tensor
    hh: Tensor
    bias: Tensor | None
    peepholes: Tensor | None
    gates: Tensor | None
    projection: Tensor | None = None
    slopes: Tensor | None = None
    cortex: Tensor | None = None


State = tuple[Tensor, ...]
"""y (B, N or P) and c (B, N); with full gate recurrence or a cortex the gates, (B, gates · N)."""


def rows(cell: Cell) -> list[str]:
    """The parts of a cell in torch's order."""
    return [part for part in ORDER if part in cell.parts]


def plain(
    cell: Cell, x: Tensor, state: State, live: Sequence[int], weights: Weights
) -> tuple[Tensor, State]:
    """The forward pass in torch's operations; torch differentiates it, twice if asked to."""
    T, B, _ = x.shape
    N = weights.hh.shape[0] // len(cell.parts)
    bars = x @ weights.ih.T
    if weights.bias is not None:
        bars = bars + weights.bias
    y, c, *more = state
    gates = more[0] if more else None
    p, s = {}, {}
    if weights.peepholes is not None:
        p = dict(zip(cell.gates, weights.peepholes, strict=True))
    if weights.slopes is not None:
        s = dict(zip(cell.gates, weights.slopes, strict=True))
    names, outputs = rows(cell), []
    memory = not isinstance(cell, SimpleRecurrent)
    bends = isinstance(cell, Variant) and cell.output_activation
    for t in range(T):
        n = live[t]
        before = c[:n]
        a = bars[t, :n] + y[:n] @ weights.hh.T
        bar = dict(zip(names, a.split(N, dim=1), strict=True))
        if gates is not None and weights.gates is not None:
            heard = gates[:n] @ weights.gates.T
            for gate, part in zip(cell.gates, heard.split(N, dim=1), strict=True):
                bar[gate] = bar[gate] + part
        if gates is not None and weights.cortex is not None:
            was = dict(zip(cell.gates, gates[:n].split(N, dim=1), strict=True))
            for gate in cell.gates:
                if gate != "o":
                    bar[gate] = bar[gate] + _cortex(cell, weights.cortex, gate, was)
        new, kept = _new_cell(cell, bar, p, s, before)
        now = new + kept if memory else new
        squashed = torch.tanh(now) if bends else now
        out = squashed
        opened = dict(bar)
        if "o" in bar:
            seen = bar["o"] + p["o"] * now if p else bar["o"]
            if weights.cortex is not None:
                seen = seen + _cortex(cell, weights.cortex, "o", opened | {"o": was["o"]})
            opened["o"] = torch.sigmoid(s["o"] * seen if s else seen)
            out = squashed * opened["o"]
        if weights.projection is not None:
            out = out @ weights.projection.T
        outputs.append(torch.cat([out, out.new_zeros(B - n, out.shape[1])]) if n < B else out)
        y = torch.cat([out, y[n:]])
        c = torch.cat([now, c[n:]])
        if gates is not None:
            gates = torch.cat([torch.cat([opened[gate] for gate in cell.gates], 1), gates[n:]])
    return torch.stack(outputs), (y, c) if gates is None else (y, c, gates)


def _cortex(cell: Cell, q: Tensor, gate: str, heard: dict[str, Tensor]) -> Tensor:
    """What a gate hears of the gates of its own block."""
    own = q[cell.gates.index(gate)]
    return torch.stack([q_a * heard[a] for a, q_a in zip(cell.gates, own, strict=True)]).sum(0)


def _new_cell(
    cell: Cell, bar: dict[str, Tensor], p: dict[str, Tensor], s: dict[str, Tensor], c: Tensor
) -> tuple[Tensor, Tensor]:
    """What comes into the cell, and what stays; `bar` takes the gates i and f."""
    z = bar["z"]
    if not isinstance(cell, Variant) or cell.input_activation:
        z = torch.tanh(z)
    for gate in "if":
        if gate in bar:
            seen = bar[gate] + p[gate] * c if p else bar[gate]
            bar[gate] = torch.sigmoid(s[gate] * seen if s else seen)
    new = z * bar["i"] if "i" in bar else z
    if isinstance(cell, Variant) and cell.coupled:
        return new, c * (1 - bar["i"])
    return new, c * bar["f"] if "f" in bar else c


class Compiled(torch.autograd.Function):
    """The layer on the kernel. Its gradient is worked out by hand and cannot be differentiated."""

    @staticmethod
    def forward(
        ctx: Any, cell: Cell, live: Array, x: Tensor, *tensors: Tensor | None
    ) -> tuple[Tensor, ...]:
        """Outputs and last state; tensors are y, c, gates and the fields of `Weights`."""
        from lstmlab.cells.compiled_batch import Held, layer_of
        from lstmlab.cells.kernel import layer as kernel

        T, B, M = x.shape
        y0, c0, gates0, *weights = (None if one is None else _array(one) for one in tensors)
        N = y0.shape[1]  # type: ignore[union-attr]
        layer = layer_of(cell, M, N, _array(x).dtype)
        w = layer.views(kernel.vector(layer.size, layer.dtype))
        for theirs, ours in _places(layer, weights, w):
            ours[...] = theirs.T
        held = Held(layer, T, B, live)
        room = held.room
        room.Y[0, :, :N], room.C[0, :, :N] = y0, c0
        if gates0 is not None:
            _gates(layer, room.gates0)[...] = gates0.reshape(B, -1, N)
        steps = np.ascontiguousarray(_array(x)).reshape(T * B, M)
        kernel.run(steps, w, room, N, layer.switches)

        ctx.layer, ctx.w, ctx.held, ctx.steps = layer, w, held, steps
        ctx.shapes = [None if one is None else one.shape for one in weights]
        ctx.lengths = (room.live[:, None] > np.arange(B)).sum(axis=0)
        last = (ctx.lengths, np.arange(B))
        found = [room.Y[1:, :, :N], room.Y[last][:, :N], room.C[last][:, :N]]
        if gates0 is not None:
            kept = room.A[ctx.lengths - 1, np.arange(B), layer.H :]
            found.append(_gates(layer, kept).reshape(B, -1))
        return tuple(map(_tensor, found))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """From gradients of the outputs and of the last state to those of everything else."""
        from lstmlab.cells.compiled_batch import turned
        from lstmlab.cells.kernel import layer as kernel

        layer, w, room = ctx.layer, ctx.w, ctx.held.room
        T, B, _ = room.A.shape
        N = layer.blocks
        dy, dy_last, dc_last, *dgates_last = map(_array, gradients)
        room.DY[..., :N] = dy
        room.DY[ctx.lengths - 1, np.arange(B), :N] += dy_last
        room.dc[:, :N] = dc_last
        for dgates in dgates_last:
            _gates(layer, room.dgates)[...] = dgates.reshape(B, -1, N)
        R_T, W_T = turned(w.R), turned(w.W)
        kernel.run_back(w, R_T, room, layer.switches)
        moved = layer.views(kernel.vector(layer.size, layer.dtype))
        kernel.learn_layer(ctx.steps, room, w, moved, layer.switches, None)

        dx = kernel.zeros((T * B, W_T.shape[1]), layer.dtype)
        dy0 = kernel.zeros((B, layer.H), layer.dtype)
        kernel.run_out(room, W_T, R_T, dx, dy0)
        dgates0 = _gates(layer, room.dgates).reshape(B, -1) if dgates_last else None
        weights = [None if shape is None else np.empty(shape, layer.dtype) for shape in ctx.shapes]
        for theirs, ours in _places(layer, weights, moved):
            theirs[...] = ours.T
        dx = dx[:, : layer.inputs].reshape(T, B, -1)
        found = [dx, dy0[:, :N], room.dc[:, :N], dgates0, *weights]
        return None, None, *(None if one is None else _tensor(one) for one in found)


def _array(tensor: Tensor) -> Array:
    found: Array = tensor.detach().numpy()
    return found


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.array(array, order="C"))


def _gates(layer: Any, wide: Array) -> Array:
    """The gates in a padded array (B, ·), as (B, gates, N)."""
    g = len(layer.cell.gates)
    return wide[:, : g * layer.H].reshape(len(wide), g, layer.H)[:, :, : layer.blocks]


def _places(layer: Any, theirs: Sequence[Array | None], ours: Any) -> Iterator[tuple[Array, Array]]:
    """Each piece of the weights as torch lays it out, and its transpose in the kernel's arrays."""
    N, H, cell = layer.blocks, layer.H, layer.cell
    ih, hh, bias, peepholes, gates = theirs
    for n, part in enumerate(cell.parts):
        first = N * rows(cell).index(part)
        their, own = slice(first, first + N), slice(n * H, n * H + N)
        yield ih[their], ours.W[:, own]  # type: ignore[index]
        yield hh[their], ours.R[:N, own]  # type: ignore[index]
        if bias is not None:
            yield bias[their], ours.b[own]
    for n in range(len(cell.gates)):
        own = slice(n * H, n * H + N)
        if peepholes is not None:
            yield peepholes[n], ours.p[own]
        if gates is not None:
            for m in range(len(cell.gates)):
                heard = slice(m * H, m * H + N)
                yield (gates[n * N : (n + 1) * N, m * N : (m + 1) * N],
                       ours.R_gates[heard, own])  # fmt: skip

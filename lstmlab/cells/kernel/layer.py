"""A layer of blocks as the compiled loops want it: weights in one vector, arrays in one room."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lstmlab.cells.kernel.block import OFF, ON, backward, forward
from lstmlab.cells.kernel.lanes import LANES, compiled
from lstmlab.cells.kernel.products import WIDE, learn, learn_peephole, learn_sum, product
from lstmlab.cells.params import Array, Params, param_shapes
from lstmlab.cells.variants import Cell, SimpleRecurrent

Switches = tuple[tuple[()] | None, ...]
FGR = 7  # place of full gate recurrence among the switches
ALIGNED = 64  # bytes of a cache line


class Weights(NamedTuple):
    """The weights of a layer (or their gradient), as views of one vector.

    H is N rounded up, G the length of a row of all parts: z, then the gates in the order i, f, o.

    Attributes
    ----------
    W, R, R_gates : ndarray, (M, G), (H, G), (g·H, g·H)
        `W_z W_i …` and so on, each transposed, side by side; g is the number of gates.
    p, b : ndarray, (g·H,), (G,)
    """

    W: Array
    R: Array
    R_gates: Array
    p: Array
    b: Array


class Room(NamedTuple):
    """Everything that a pass over (T, B) steps writes.

    Attributes
    ----------
    A, D : ndarray, (T, B, G)
        z and the gates; the deltas.
    C, Y : ndarray, (T + 1, B, H)
        Cell and output, from the first state on.
    H_c, DY : ndarray, (T, B, H)
        h(c), and Δ, which the backward pass turns into δy.
    dc, dgates, gates0 : ndarray, (B, H), (B, g·H), (B, g·H)
    live : ndarray of int, (T,)
        How many of the sequences have a step t; they are sorted, the longest first.
    """

    A: Array
    D: Array
    C: Array
    Y: Array
    H_c: Array
    DY: Array
    dc: Array
    dgates: Array
    gates0: Array
    live: NDArray[np.int64]


def first_steps(room: Room, T: int) -> Room:
    """The first T steps of a room for one sequence."""
    return room._replace(
        A=room.A[:T], D=room.D[:T], C=room.C[: T + 1], Y=room.Y[: T + 1], H_c=room.H_c[:T],
        DY=room.DY[:T], live=room.live[:T],
    )  # fmt: skip


def switches(cell: Cell) -> Switches:
    """The switches of a variant, or of the SRN, as `block.step` takes them.

    Raises
    ------
    ValueError
        If the variant has a switch beyond the paper's eight: the loops know those alone.
    """
    if cell.extras:
        raise ValueError(
            f"variant must be made of the paper's eight switches to be compiled, got {cell}"
        )
    if isinstance(cell, SimpleRecurrent):
        return (OFF, OFF, OFF, ON, OFF, OFF, OFF, OFF, OFF)
    return tuple(
        ON if on else OFF
        for on in (
            *(gate in cell.gates for gate in "ifo"),
            cell.input_activation,
            cell.output_activation,
            cell.coupled,
            cell.peepholes,
            cell.full_gate_recurrence,
            True,  # it has a memory
        )
    )


def vector(size: int, dtype: DTypeLike) -> Array:
    """Zeros that begin at a cache line."""
    width = np.dtype(dtype).itemsize
    room = np.zeros(size + ALIGNED // width, dtype)
    skipped = -room.ctypes.data % ALIGNED // width
    return room[skipped : skipped + size]


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """An array of zeros that begins at a cache line."""
    return vector(math.prod(shape), dtype).reshape(shape)


def rounded(size: int, multiple: int) -> int:
    """`size`, or the next multiple above it."""
    return -(-size // multiple) * multiple


class Layer:
    """Where the weights of a layer lie in a vector, and which arrays its passes need.

    Parameters
    ----------
    cell : Variant or SimpleRecurrent
    inputs, blocks : int
        M and N.
    dtype : float32 or float64
    many : bool
        Made for several sequences at once, which wants rows twice as long.

    Attributes
    ----------
    size : int
        Length of the vector; padding included.
    H, G : int
        Blocks and row length, padding included.
    switches : tuple
    names : list of str
        Of the arrays of weights, in their order.
    """

    def __init__(
        self, cell: Cell, inputs: int, blocks: int, dtype: DTypeLike, *, many: bool = False
    ) -> None:
        self.cell, self.inputs, self.blocks = cell, inputs, blocks
        self.dtype = np.dtype(dtype)
        self.switches = switches(cell)
        self.H = rounded(blocks, WIDE if many else LANES)
        gates = len(cell.gates) * self.H
        self._gates = rounded(gates, 4 * LANES) if cell.full_gate_recurrence else 0
        self.G = rounded(self.H + max(gates, self._gates), 4 * LANES)
        peepholes = gates if cell.peepholes else 0
        self._shapes: tuple[tuple[int, ...], ...] = (
            (inputs, self.G), (self.H, self.G), (self._gates, self._gates), (peepholes,), (self.G,)
        )  # fmt: skip
        sizes = [rounded(math.prod(shape), 4 * LANES) for shape in self._shapes]
        self._starts = np.cumsum([0, *sizes]).tolist()
        self.size = int(self._starts[-1])
        self.names = list(param_shapes(cell, inputs, blocks))

    def views(self, numbers: Array) -> Weights:
        """The arrays of a vector of `size` numbers."""
        return Weights(*(
            numbers[start : start + math.prod(shape)].reshape(shape)
            for start, shape in zip(self._starts, self._shapes, strict=False)
        ))  # fmt: skip

    def pack(self, params: Params, views: Weights) -> None:
        """Write weights, as `init_params` makes them, where they belong; the rest becomes 0."""
        for view in views:
            view[...] = 0
        for name, place in self._places(views):
            place[...] = params[name].T

    def unpack(self, views: Weights) -> Params:
        """The weights, or their gradient, under the paper's names."""
        found = {name: place.T.copy() for name, place in self._places(views)}
        return {name: found[name] for name in self.names}

    def room(self, steps: int, sequences: int = 1) -> Room:
        """New arrays for T steps of B sequences, all zero."""
        T, B, H, G, g = steps, sequences, self.H, self.G, self._gates
        new = partial(zeros, dtype=self.dtype)
        return Room(
            A=new((T, B, G)), D=new((T, B, G)), C=new((T + 1, B, H)), Y=new((T + 1, B, H)),
            H_c=new((T, B, H)), DY=new((T, B, H)), dc=new((B, H)), dgates=new((B, g)),
            gates0=new((B, g)), live=np.full(T, B),
        )  # fmt: skip

    def _places(self, views: Weights) -> Iterator[tuple[str, Array]]:
        """Name of each array of weights, and where its transpose lies."""
        N, H = self.blocks, self.H
        for n, part in enumerate(self.cell.parts):
            own = slice(n * H, n * H + N)
            yield f"W_{part}", views.W[:, own]
            yield f"R_{part}", views.R[:N, own]
            yield f"b_{part}", views.b[own]
            if part != "z" and self.cell.peepholes:
                yield f"p_{part}", views.p[(n - 1) * H : (n - 1) * H + N]
        if self.cell.full_gate_recurrence:
            for m, a in enumerate(self.cell.gates):
                for n, b in enumerate(self.cell.gates):
                    yield (f"R_{a}{b}",
                           views.R_gates[m * H : m * H + N, n * H : n * H + N])  # fmt: skip


@compiled
def run(x: Any, w: Any, room: Any, blocks: int, switches: Any) -> None:
    """Forward over x, (T·B, M), from the state in the room."""
    T, B, G = room.A.shape
    product(x, w.W, w.b, 0, room.A.reshape(T * B, G))
    forward(room.A, room.C, room.H_c, room.Y, w.R, w.p, w.R_gates, room.gates0, room.live,
            blocks, switches[FGR], switches)  # fmt: skip


@compiled
def run_back(w: Any, R_T: Any, room: Any, switches: Any) -> None:
    """Backward from room.DY and room.dc to the deltas in room.D."""
    backward(room.A, room.C, room.H_c, room.D, room.DY, room.dc, room.dgates, w.R, R_T, w.p,
             w.R_gates, room.live, switches[FGR], switches)  # fmt: skip


@compiled
def run_out(room: Any, W_T: Any, R_T: Any, dx: Any, dy0: Any) -> None:
    """From the deltas to the gradients of the input and of the first output; both begin at 0."""
    T, B, G = room.D.shape
    product(room.D.reshape(T * B, G), W_T, dx, dx.shape[1], dx)
    product(room.D[0], R_T, dy0, dy0.shape[1], dy0)


@compiled
def learn_layer(x: Any, room: Any, w: Any, v: Any, switches: Any, update: Any) -> None:
    """From the deltas to the gradient of every weight: kept in v, or applied to w."""
    T, B, G = room.A.shape
    H = room.C.shape[2]
    D = room.D.reshape(T * B, G)
    learn(x, D, w.W, v.W, update)
    learn(room.Y[:T].reshape(T * B, H), D, w.R, v.R, update)
    learn_sum(D, w.b, v.b, update)
    _learn_between_cell_and_gates(room, D, w, v, update, *switches)


@compiled
def _learn_between_cell_and_gates(
    room: Any, D: Any, w: Any, v: Any, update: Any,
    i: Any, f: Any, o: Any, g: Any, h: Any, coupled: Any, peepholes: Any, fgr: Any, memory: Any,
) -> None:  # fmt: skip
    """The gradients of peepholes and of full gate recurrence."""
    T, B, H = room.H_c.shape
    if peepholes is not None:
        before, now = room.C[:T].reshape(T * B, H), room.C[1:].reshape(T * B, H)
        gate = 0
        if i is not None:
            learn_peephole(D, gate + H, before, w.p, v.p, gate, update)
            gate += H
        if f is not None:
            learn_peephole(D, gate + H, before, w.p, v.p, gate, update)
            gate += H
        if o is not None:
            learn_peephole(D, gate + H, now, w.p, v.p, gate, update)
    if fgr is not None:
        shape = T * B, len(w.R_gates)
        gates, deltas = np.empty(shape, D.dtype), np.empty(shape, D.dtype)
        for t in range(T):
            for b in range(B):
                for k in range(len(w.R_gates)):
                    gates[t * B + b, k] = room.A[t - 1, b, H + k] if t else room.gates0[b, k]
                    deltas[t * B + b, k] = room.D[t, b, H + k]
        learn(gates, deltas, w.R_gates, v.R_gates, update)

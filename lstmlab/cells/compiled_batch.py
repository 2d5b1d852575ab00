"""Batches on the kernel: layers and rooms that are made once and used again."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from lstmlab.cells.kernel.layer import (
    Layer,
    Room,
    learn_layer,
    rounded,
    run,
    run_back,
    run_out,
    vector,
    zeros,
)
from lstmlab.cells.kernel.products import WIDE
from lstmlab.cells.params import Array, Params
from lstmlab.cells.variants import Cell

Back = Callable[[Array], tuple[Array, Params]]
"""∂E/∂y (T, B, N) -> ∂E/∂x (T, B, M) and ∂E/∂(weights)."""


@lru_cache(64)
def layer_of(cell: Cell, inputs: int, blocks: int, dtype: np.dtype[Any]) -> Layer:
    """The layer of a cell for batches."""
    return Layer(cell, inputs, blocks, dtype, many=True)


class Held:
    """A room for one pass, which goes back for the next one of its size when nobody needs it.

    Memory that the system has just given costs more to touch than to fill with numbers.
    """

    free: ClassVar[dict[tuple[object, ...], list[Room]]] = {}
    MOST = 2**28  # bytes that are kept

    def __init__(self, layer: Layer, T: int, B: int, live: Array) -> None:
        self.key = layer, T, B
        try:
            self.room = self.free[self.key].pop()
        except LookupError:
            self.room = layer.room(T, B)
        else:
            if self.room.live[-1] < B or live[-1] < B:  # sequences that end leave rows untouched
                for array in (self.room.C, self.room.Y, self.room.D):
                    array[...] = 0
            for array in (self.room.dc, self.room.dgates, self.room.gates0):
                array[...] = 0
        self.room.live[:] = live

    def __del__(self) -> None:
        kept = sum(array.nbytes for rooms in self.free.values() for room in rooms for array in room)
        if kept + sum(array.nbytes for array in self.room) <= self.MOST:
            self.free.setdefault(self.key, []).append(self.room)


def turned(W: Array) -> Array:
    """The transpose, its rows as long as the kernel wants them."""
    M, G = W.shape
    transpose = zeros((G, rounded(M, WIDE)), W.dtype)
    transpose[:, :M] = W.T
    return transpose


def batch(cell: Cell, params: Params, x: Array, live: Array) -> tuple[Array, Back]:
    """Outputs of a layer for a batch, from zero states, and what differentiates them.

    Parameters
    ----------
    cell : Variant or SRN
    params : dict of str to ndarray
        As `lstmlab.cells.init_params` makes them.
    x : ndarray, (T, B, M)
        Sequences that have ended are padded; the longest come first.
    live : ndarray of int, (T,)
        How many of the sequences have a step t.

    Returns
    -------
    ndarray, (T, B, N)
        0 where a sequence has ended.
    callable
        To be called once; ∂E/∂y must be 0 where a sequence has ended.
    """
    T, B, M = x.shape
    layer = layer_of(cell, M, len(params["b_z"]), x.dtype)
    N = layer.blocks
    w = layer.views(vector(layer.size, x.dtype))
    layer.pack(params, w)
    held = Held(layer, T, B, live)
    room = held.room
    room.Y[0], room.C[0] = 0, 0
    steps = np.ascontiguousarray(x).reshape(T * B, M)
    run(steps, w, room, N, layer.switches)

    def back(dy: Array) -> tuple[Array, Params]:
        room = held.room  # the room is this pass's for as long as somebody may call this
        room.DY[..., :N], room.DY[..., N:] = dy, 0  # what a pass that diverged left would stay
        R_T, W_T = turned(w.R), turned(w.W)
        run_back(w, R_T, room, layer.switches)
        gradient = layer.views(vector(layer.size, x.dtype))
        learn_layer(steps, room, w, gradient, layer.switches, None)
        dx = zeros((T * B, W_T.shape[1]), x.dtype)
        run_out(room, W_T, R_T, dx, zeros((B, layer.H), x.dtype))
        return dx[:, :M].reshape(T, B, M), layer.unpack(gradient)

    return room.Y[1:, :, :N].copy(), back

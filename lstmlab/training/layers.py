"""Layers over batches of sequences of different lengths, in both directions, and pooling."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import Array, Cell, Params, backward, forward

Lengths = NDArray[np.integer]
Back = Callable[[Array], tuple[Array, Params]]
"""∂E/∂(outputs) -> ∂E/∂(inputs) and ∂E/∂(weights)."""


def read(cell: Cell, params: Params, x: Array, lengths: Lengths) -> tuple[Array, Back]:
    """Outputs of one layer for a batch, and what differentiates them.

    Parameters
    ----------
    cell : Variant or SRN
    params : dict of str to ndarray
    x : ndarray, (T, B, M)
        Padded where a sequence has ended; what the padding holds makes no difference.
    lengths : ndarray of int, (B,)
        The longest first.

    Returns
    -------
    ndarray, (T, B, N)
        Where a sequence has ended it means nothing.
    callable
        To be called once, with zeros where a sequence has ended.
    """
    batch = None if cell.extras else _compiled_batch()
    if batch is not None:
        live = np.count_nonzero(lengths[None] > np.arange(len(x))[:, None], axis=1)
        return batch(cell, params, x, live)
    trace = forward(params, x, cell)

    def back(dy: Array) -> tuple[Array, Params]:
        gradients = backward(params, trace, dy)
        return gradients.x, gradients.params

    return trace.y, back


@cache
def _compiled_batch() -> Callable[..., tuple[Array, Back]] | None:
    """The same on the compiled kernel, or None without Numba."""
    try:
        from lstmlab.cells.compiled_batch import batch
    except ImportError:
        return None
    return batch


def turned_round(x: Array, lengths: Lengths) -> Array:
    """Every sequence backwards within its own length, (T, B, ·); its own inverse."""
    T, B = x.shape[:2]
    steps = np.arange(T)[:, None]
    places = np.where(steps < lengths, lengths - 1 - steps, steps)
    return np.asarray(x[places, np.arange(B)])


class Pooled(NamedTuple):
    """A sequence in one vector.

    Attributes
    ----------
    s : ndarray, (B, P)
    back : callable
        ∂E/∂s -> ∂E/∂y (T, B, P) and ∂E/∂(weights).
    alpha : ndarray, (T, B)
        How much of it each step is, 0 where a sequence has ended.
    """

    s: Array
    back: Back
    alpha: Array


def pool(how: str, params: Params, y: Array, lengths: Lengths, blocks: int) -> Pooled:
    """Make one vector of the outputs of every sequence.

    Parameters
    ----------
    how : {"last", "mean", "attention"}
        The output of the last step (of a direction that reads backwards, its own last: the first
        in time); the mean over the steps; or the mean with weights α that are learned,
        α^t ∝ exp ⟨v_a, tanh(W_a y^t + b_a)⟩.
    params : dict of str to ndarray
        `W_a` (A, P), `b_a` (A,) and `v_a` (A,) for attention.
    y : ndarray, (T, B, P)
        Outputs in the order of time, those of each direction side by side.
    lengths : ndarray of int, (B,)
    blocks : int
        Outputs of the first direction.
    """
    there = np.arange(len(y))[:, None] < lengths
    if how == "last":
        return _last(y, lengths, blocks)
    if how == "mean":
        return _weighted(y, (there / lengths).astype(y.dtype))
    return _attention(params, y, there)


def _last(y: Array, lengths: Lengths, blocks: int) -> Pooled:
    T, B, P = y.shape
    rows = np.arange(B)
    first, second = slice(0, blocks), slice(blocks, P)
    s = np.concatenate([y[lengths - 1, rows, first], y[0, :, second]], axis=1)
    alpha = np.zeros((T, B), y.dtype)
    alpha[lengths - 1, rows] = 1

    def back(ds: Array) -> tuple[Array, Params]:
        dy = np.zeros_like(y)
        dy[lengths - 1, rows, first] = ds[:, first]
        dy[0, :, second] += ds[:, second]
        return dy, {}

    return Pooled(s, back, alpha)


def _weighted(y: Array, alpha: Array) -> Pooled:
    s = np.einsum("tb,tbp->bp", alpha, y)
    return Pooled(s, lambda ds: (alpha[..., None] * ds, {}), alpha)


def _attention(params: Params, y: Array, there: NDArray[Any]) -> Pooled:
    u = np.tanh(y @ params["W_a"].T + params["b_a"])
    e = np.where(there, u @ params["v_a"], -np.inf)
    alpha = np.exp(e - e.max(axis=0))
    alpha /= alpha.sum(axis=0)
    s, _, _ = _weighted(y, alpha)

    def back(ds: Array) -> tuple[Array, Params]:
        of_alpha = np.einsum("bp,tbp->tb", ds, np.where(there[..., None], y, 0))
        de = alpha * (of_alpha - (alpha * of_alpha).sum(axis=0))
        du = de[..., None] * params["v_a"] * (1 - u**2)
        grads = {
            "W_a": np.einsum("tba,tbp->ap", du, y),
            "b_a": du.sum(axis=(0, 1)),
            "v_a": np.einsum("tb,tba->a", de, u),
        }
        return alpha[..., None] * ds + du @ params["W_a"], grads

    return Pooled(s, back, alpha)

"""Sums over time and batch that turn deltas into the gradients of weights."""

import numpy as np

from lstmlab.cells.params import Array


def shifted(sequence: Array, first: Array) -> Array:
    """The sequence one step earlier: first, sequence[0], …, sequence[-2]."""
    return np.concatenate([first[None], sequence[:-1]])


def outer(delta: Array, value: Array) -> Array:
    """Σ ⟨delta, value⟩ over time and batch, as one matrix product: (N, M)."""
    return delta.reshape(-1, delta.shape[-1]).T @ value.reshape(-1, value.shape[-1])


def total(array: Array) -> Array:
    """The sum over time and batch: (N,)."""
    return np.asarray(array.reshape(-1, array.shape[-1]).sum(axis=0))

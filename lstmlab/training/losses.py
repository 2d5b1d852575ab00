"""Losses of the output layer: each gives E and its delta ∂E/∂(pre-activation)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lstmlab.cells import Array, sigmoid
from lstmlab.cells.params import check_array, check_finite

Target = NDArray[Any]


def sigmoid_cross_entropy(a: Array, target: Target) -> tuple[float, Array]:
    """Independent yes/no outputs: -Σ [k log p + (1 - k) log(1 - p)] with p = σ(a), in nats.

    Parameters
    ----------
    a : ndarray, (T, K)
        Pre-activations.
    target : ndarray, (T, K)
        Each entry between 0 and 1.

    Returns
    -------
    float
        E, summed over time and outputs.
    ndarray, (T, K)
        ∂E/∂a = σ(a) - target.
    """
    return float(np.sum(np.logaddexp(0, a) - target * a)), sigmoid(a) - target


def softmax_cross_entropy(a: Array, target: Target) -> tuple[float, Array]:
    """One class a frame: -Σ log softmax(a)[target], in nats.

    Parameters
    ----------
    a : ndarray, (T, K)
        Pre-activations.
    target : ndarray of integers, (T,)
        The class of every frame.

    Returns
    -------
    float
        E, summed over time.
    ndarray, (T, K)
        ∂E/∂a = softmax(a) - onehot(target).
    """
    p = softmax(a)
    frames = np.arange(len(a))
    shifted = a - a.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    delta = p.copy()
    delta[frames, target] -= 1
    return float(-log_p[frames, target].sum()), delta


def softmax(a: Array) -> Array:
    """e^a / Σ e^a over the last axis, without overflow."""
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def check_probabilities(target: Target, a: Array) -> None:
    """Refuse a target that is not (T, K) of numbers from 0 to 1 in the dtype of `a`."""
    check_array("target", target, a.shape, a.dtype)
    check_finite("target", target)
    if target.min() < 0 or target.max() > 1:
        raise ValueError(
            f"target must hold numbers from 0 to 1, got {target.min()} to {target.max()}"
        )


def check_classes(target: Target, a: Array) -> None:
    """Refuse a target that is not (T,) of whole numbers from 0 to K - 1."""
    T, K = a.shape
    right = isinstance(target, np.ndarray) and np.issubdtype(target.dtype, np.integer)
    if not right or target.shape != (T,) or target.min() < 0 or target.max() >= K:
        raise ValueError(f"target must be {T} whole numbers from 0 to {K - 1}, got {target!r}")


@dataclass(frozen=True)
class Loss:
    """Everything that training has to know of a loss.

    Attributes
    ----------
    cross_entropy : callable
        (a, target) -> E in nats, and ∂E/∂a.
    probabilities : callable
        Pre-activations a to probabilities.
    check_target : callable
        (target, a) -> None; raises where the target does not fit.
    in_dtype : bool
        Whether targets are numbers of the network's dtype (otherwise they are classes).
    """

    cross_entropy: Callable[[Array, Target], tuple[float, Array]]
    probabilities: Callable[[Array], Array]
    check_target: Callable[[Target, Array], None]
    in_dtype: bool

    def cast(self, target: Target, dtype: DTypeLike) -> Target:
        """The target as a network of this dtype wants it."""
        return target.astype(dtype) if self.in_dtype else target


LOSSES = {
    "sigmoid": Loss(sigmoid_cross_entropy, sigmoid, check_probabilities, in_dtype=True),
    "softmax": Loss(softmax_cross_entropy, softmax, check_classes, in_dtype=False),
}
"""What a network can be trained with; another loss is another entry."""

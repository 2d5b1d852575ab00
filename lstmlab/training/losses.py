"""Losses of the output layer: each gives E and its delta ∂E/∂(pre-activation)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import Array, sigmoid

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


@dataclass(frozen=True)
class Loss:
    """A loss with the function that turns pre-activations into probabilities."""

    name: str
    cross_entropy: Callable[[Array, Target], tuple[float, Array]]
    probabilities: Callable[[Array], Array]


LOSSES = {
    "sigmoid": Loss("sigmoid", sigmoid_cross_entropy, sigmoid),
    "softmax": Loss("softmax", softmax_cross_entropy, softmax),
}

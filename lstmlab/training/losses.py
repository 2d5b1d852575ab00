"""Losses of the output layer: each gives E and its delta ∂E/∂(pre-activation)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lstmlab.cells import Array, sigmoid
from lstmlab.cells.params import check_array, check_finite
from lstmlab.training import ctc
from lstmlab.training.reading import edit_distance

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


def ctc_loss(a: Array, target: Target) -> tuple[float, Array]:
    """Labels without their times: -log p(target | x) over all alignments, in nats.

    Parameters
    ----------
    a : ndarray, (T, K)
        Pre-activations; class 0 is the blank.
    target : ndarray of integers, (U,)
        Labels from 1 to K - 1, none or more.

    Returns
    -------
    float
        E of the whole sequence.
    ndarray, (T, K)
        ∂E/∂a.

    Raises
    ------
    ValueError
        If the target is anything else, or does not fit into T frames.
    """
    check_labels(target, a)  # neither compiled code nor torch looks whether class k is there
    E, delta = _fastest_ctc()(a, target)
    return E, delta.astype(a.dtype, copy=False)


@cache
def _fastest_ctc() -> Callable[[Array, Target], tuple[float, Array]]:
    """Ours compiled, or else torch's, a third as fast, or else ours in NumPy, a tenth."""
    try:
        from lstmlab.training.compiled_ctc import ctc as by_numba
    except ImportError:
        try:
            import torch  # noqa: F401
        except ImportError:
            return lambda a, target: ctc.ctc(a.astype(float), target)
        return ctc_by_torch
    return by_numba


def ctc_by_torch(a: Array, target: Target) -> tuple[float, Array]:
    """`ctc_loss` as torch computes it.

    Raises
    ------
    ImportError
        If torch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise ImportError("CTC by torch needs torch: pip install torch") from error
    u = torch.tensor(a, dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.ctc_loss(
        u.log_softmax(1), torch.tensor(target.astype(np.int64))[None], [len(a)], [len(target)],
        blank=ctc.BLANK, reduction="sum",
    )  # fmt: skip
    loss.backward()
    return loss.item(), u.grad.numpy()


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


def check_labels(target: Target, a: Array) -> None:
    """Refuse a target that is not whole numbers from 1 to K - 1, or does not fit into T frames."""
    T, K = a.shape
    right = isinstance(target, np.ndarray) and np.issubdtype(target.dtype, np.integer)
    if not right or target.ndim != 1 or not np.all((target >= 1) & (target < K)):
        raise ValueError(f"target must be whole numbers from 1 to {K - 1}, got {target!r}")
    needed = max(1, ctc.frames_needed(target))
    if needed > T:
        raise ValueError(
            f"target must fit into the {T} frames of x, got {len(target)} labels that need "
            f"{needed}: a frame each, and one between two that are the same"
        )


def read_frames(a: Array) -> Target:
    """The likeliest class of each frame, (T,)."""
    return np.asarray(a.argmax(axis=1))


def wrong_frames(a: Array, target: Target) -> int:
    """Frames whose likeliest class is not the target's."""
    return int(np.count_nonzero(read_frames(a) != target))


def wrong_labels(a: Array, target: Target) -> int:
    """Edit distance between what the best path reads and the target."""
    return edit_distance(ctc.best_path(a), target)


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
    metric : str
        What mistakes are counted as; empty where there is only the loss.
    read : callable, optional
        Pre-activations a to what they say, in the form of a target.
    mistakes : callable, optional
        (a, target) -> how many of the target's entries are read wrongly. Their number over that of
        the entries is the metric.
    """

    cross_entropy: Callable[[Array, Target], tuple[float, Array]]
    probabilities: Callable[[Array], Array]
    check_target: Callable[[Target, Array], None]
    in_dtype: bool
    metric: str = ""
    read: Callable[[Array], Target] | None = None
    mistakes: Callable[[Array, Target], int] | None = None

    def cast(self, target: Target, dtype: DTypeLike) -> Target:
        """The target as a network of this dtype wants it."""
        return target.astype(dtype) if self.in_dtype else target

    def count(self, a: Array, target: Target) -> int:
        """How many entries of a checked target are read wrongly."""
        if self.mistakes is None:
            raise ValueError("loss must be softmax or ctc to count mistakes, got sigmoid")
        return self.mistakes(a, target)


LOSSES = {
    "sigmoid": Loss(sigmoid_cross_entropy, sigmoid, check_probabilities, in_dtype=True),
    "softmax": Loss(
        softmax_cross_entropy, softmax, check_classes, in_dtype=False,
        metric="frame error rate", read=read_frames, mistakes=wrong_frames,
    ),
    "ctc": Loss(
        ctc_loss, softmax, check_labels, in_dtype=False,
        metric="character error rate", read=ctc.best_path, mistakes=wrong_labels,
    ),
}
"""What a network can be trained with; another loss is another entry."""

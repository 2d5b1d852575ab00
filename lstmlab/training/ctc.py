"""Connectionist temporal classification: from a sequence to labels that nobody has aligned to it.

Graves, Fernández, Gomez and Schmidhuber, "Connectionist Temporal Classification: Labelling
Unsegmented Sequence Data with Recurrent Neural Networks", ICML 2006, in the paper's letters: l is
the labelling, l' the same with a blank before, between and after its labels, y the outputs, α and β
the forward and backward variables. They are kept as logarithms, so that nothing underflows.

The network has one output more than there are labels. Class 0 is the blank, as in torch (in the
paper it is the last one); the labels are 1 to K - 1.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import Array

Labels = NDArray[np.integer[Any]]
BLANK = 0


def ctc(a: Array, l: Labels) -> tuple[float, Array]:
    """-log p(l | x), over all alignments of l, in nats.

    Parameters
    ----------
    a : ndarray, (T, K)
        Pre-activations u of the softmax.
    l : ndarray of integers, (U,)
        The labels in their order, without blanks; there may be none.

    Returns
    -------
    float
        E. Infinite where l does not fit into T frames.
    ndarray, (T, K)
        ∂E/∂a = y - (the share of p(l | x) that is at each class in each frame), equation 16.
    """
    log_y, l_ = log_softmax(a), extended(l)
    log_α, log_β = forward_variables(log_y, l_), backward_variables(log_y, l_)
    log_p = np.logaddexp.reduce(log_α[-1, -2:])  # equation 8
    share = np.exp(log_α + log_β - log_y[:, l_] - log_p)  # equation 14; sums to 1 in each frame
    delta = np.exp(log_y)
    for s, k in enumerate(l_):
        delta[:, k] -= share[:, s]
    return float(-log_p), delta


def forward_variables(log_y: Array, l_: Labels) -> Array:
    """log α, (T, S): frames 1 to t read the first s entries of l', the s-th in frame t.

    Equations 6 and 7. A path stays, goes one entry on, or leaves out a blank between two labels
    that differ.

    Parameters
    ----------
    log_y : ndarray, (T, K)
    l_ : ndarray of integers, (S,)
        l' of `extended`.
    """
    T, S = len(log_y), len(l_)
    may_jump = (l_[2:] != BLANK) & (l_[2:] != l_[:-2])
    log_α = np.full((T, S), -np.inf, log_y.dtype)
    log_α[0, :2] = log_y[0, l_[:2]]
    for t in range(1, T):
        before, reached = log_α[t - 1], log_α[t - 1].copy()
        reached[1:] = np.logaddexp(reached[1:], before[:-1])
        reached[2:][may_jump] = np.logaddexp(reached[2:], before[:-2])[may_jump]
        log_α[t] = reached + log_y[t, l_]
    return log_α


def backward_variables(log_y: Array, l_: Labels) -> Array:
    """log β, (T, S): frames t to T read the entries of l' from s on, the s-th in frame t.

    Equations 9 and 10, which are 6 and 7 with time and l' turned round.
    """
    return forward_variables(log_y[::-1], l_[::-1])[::-1, ::-1]


def extended(l: Labels) -> Labels:
    """l', (2U + 1,): the labelling with a blank before, between and after its labels."""
    l_ = np.full(2 * len(l) + 1, BLANK)
    l_[1::2] = l
    return l_


def frames_needed(l: Labels) -> int:
    """The shortest input that l fits: a frame a label, and a blank between equal neighbours."""
    return len(l) + int(np.sum(l[1:] == l[:-1]))


def collapse(path: Labels) -> Labels:
    """B(π): what a path reads, which is each run of a class once, then no blanks (section 3.1)."""
    new = np.ones(len(path), bool)
    new[1:] = path[1:] != path[:-1]
    return np.asarray(path[new & (path != BLANK)])


def best_path(a: Array) -> Labels:
    """The labelling of the likeliest path: best path decoding (section 3.2).

    Parameters
    ----------
    a : ndarray, (T, K)
        Pre-activations or probabilities: the largest counts.

    Returns
    -------
    ndarray of integers, (U,)
        Labels without blanks; not always the likeliest labelling, which has many paths.
    """
    return collapse(a.argmax(axis=1))


def log_softmax(a: Array) -> Array:
    """log of e^a / Σ e^a over the last axis, without overflow."""
    shifted = a - a.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))

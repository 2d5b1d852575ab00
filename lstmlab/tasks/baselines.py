"""What a score is worth: two predictors that learn nothing but frequencies.

Both give the negative log-likelihood of a split in nats a frame, summed over the keys, as Greff et
al. (section V) report it for the JSB Chorales. A network has to be better than the second to have
understood anything that goes beyond a key's own last frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.task import Split, Task

Array64 = NDArray[np.float64]


def marginal_nll(task: Task, split: str = "test") -> float:
    """Score the guess that every key goes down as often as it does in training, whatever came.

    Parameters
    ----------
    task : Task
        A task whose targets are 0 or 1 (loss "sigmoid").
    split : str
        "train", "valid" or "test".

    Returns
    -------
    float
        Nats a frame. On the test set of the JSB Chorales it is 11.09.

    Raises
    ------
    ValueError
        If the task's loss is another, or there is no such split.

    Notes
    -----
    P(k) = (times key k is down + 1) / (frames + 2), counted over the training targets.
    """
    _, target = _frames(task, "train")
    chance = (target.sum(axis=0) + 1) / (len(target) + 2)
    return _nll(chance, _frames(task, split)[1])


def bigram_nll(task: Task, split: str = "test") -> float:
    """Score the guess that a key goes down as often as it does after being down, or up, before.

    Parameters
    ----------
    task : Task
        A task whose targets are 0 or 1 (loss "sigmoid"), each the next frame of its input.
    split : str
        "train", "valid" or "test".

    Returns
    -------
    float
        Nats a frame. On the test set of the JSB Chorales it is 10.49.

    Raises
    ------
    ValueError
        If the task's loss is another, inputs and outputs differ in number, or there is no such
        split.

    Notes
    -----
    P(k down at t | k down at t-1) = (times both are down + 1) / (times k is down at t-1 + 2), and
    the same for up at t-1, counted over the training set.
    """
    if task.inputs != task.outputs:
        raise ValueError(
            f"task must have as many inputs as outputs, got {task.inputs} and {task.outputs}"
        )
    x, target = _frames(task, "train")
    after_down = ((x * target).sum(axis=0) + 1) / (x.sum(axis=0) + 2)
    after_up = (((1 - x) * target).sum(axis=0) + 1) / ((1 - x).sum(axis=0) + 2)
    x, target = _frames(task, split)
    return _nll(np.where(x == 1, after_down, after_up), target)


def _frames(task: Task, split: str) -> tuple[Array64, Array64]:
    """Join the sequences of a split: x (sum of T, M) and target (sum of T, K)."""
    if task.loss != "sigmoid":
        raise ValueError(f"task must have the loss 'sigmoid', got {task.loss!r}")
    pairs: Split = task.split(split)
    x = np.concatenate([x for x, _ in pairs]).astype(np.float64)
    return x, np.concatenate([target for _, target in pairs]).astype(np.float64)


def _nll(chance: Array64, target: Array64) -> float:
    likelihood = np.where(target == 1, chance, 1 - chance)
    return float(-np.log(likelihood).sum(axis=1).mean())

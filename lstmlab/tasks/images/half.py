"""Pictures at half their size, for where whole ones would take too long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstmlab.tasks.task import SPLITS, Pictures, Task


def halved(task: Task) -> Task:
    """The same pictures at half the size: every 2 x 2 pixels become their mean, rounded.

    Parameters
    ----------
    task : Task
        Of pictures with even sides.

    Returns
    -------
    Task
        Its title names the size.

    Raises
    ------
    ValueError
        If it is of something else, or a side is odd.
    """
    train, valid, test = (_halved(_of(task, split)) for split in SPLITS)
    height, width, _ = train.x.shape[1:]
    return replace(
        task, train=train, valid=valid, test=test, inputs=task.inputs // 4, vocabulary=(),
        title=f"{task.title or task.source} at {height} x {width}",
    )  # fmt: skip


def _halved(pictures: Pictures) -> Pictures:
    n, height, width, channels = pictures.x.shape
    if height % 2 or width % 2:
        raise ValueError(f"task must have pictures of even sides, got {height} x {width}")
    blocks = pictures.x.reshape(n, height // 2, 2, width // 2, 2, channels)
    mean = (blocks.sum(axis=(2, 4), dtype=np.uint16) + 2) // 4
    return Pictures(mean.astype(np.uint8), pictures.classes)


def _of(task: Task, split: str) -> Pictures:
    pictures = task.split(split)
    if not isinstance(pictures, Pictures):
        raise ValueError(f"task must be of pictures, got {task.name!r}")
    return pictures

"""A line of writing as strokes of a pen, and as what a network reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
INPUTS = 4


def halved(stroke: Floats) -> Floats:
    """Every second point of a stroke, counted from its end, so that the pen's lifting stays."""
    return stroke[::-1][::2][::-1]


def features(strokes: Sequence[Floats], *, subsample: bool = True) -> Floats:
    """Describe a line of writing, a frame a point (Greff et al., section IV-A.2).

    Parameters
    ----------
    strokes : sequence of ndarray, (points, 3)
        x and y of the pen, in any unit, and the time in seconds; a stroke ends where it is lifted.
    subsample : bool
        Keep half of the points, as the paper does; it does not say which. Here every stroke keeps
        its last one, and every second before it.

    Returns
    -------
    ndarray, (T, 4)
        Δx and Δy since the point before (0 at the first), seconds since the stroke began, and 1
        where the pen is lifted after this point.

    Raises
    ------
    ValueError
        If there is no stroke, or a stroke is no such array of finite numbers.
    """
    if not len(strokes):
        raise ValueError("strokes must be 1 or more, got none")
    for number, stroke in enumerate(strokes):
        if not isinstance(stroke, np.ndarray) or stroke.dtype.kind not in "iuf":
            got = stroke.dtype if isinstance(stroke, np.ndarray) else type(stroke).__name__
            raise ValueError(f"strokes[{number}] must be an array of numbers, got {got}")
        if stroke.ndim != 2 or stroke.shape[1] != 3 or not len(stroke):
            raise ValueError(f"strokes[{number}] must have shape (points, 3), got {stroke.shape}")
        if not np.isfinite(stroke).all():
            raise ValueError(f"strokes[{number}] must be finite, got NaN or infinity")
    kept = [halved(stroke) if subsample else stroke for stroke in strokes]
    seconds = [own[:, 2] - stroke[0, 2] for own, stroke in zip(kept, strokes, strict=True)]
    lifted = np.zeros(sum(map(len, kept)))
    lifted[np.cumsum([len(own) for own in kept]) - 1] = 1
    points = np.concatenate(kept)[:, :2]
    moved = np.diff(points, axis=0, prepend=points[:1])
    return np.column_stack([moved, np.concatenate(seconds), lifted])

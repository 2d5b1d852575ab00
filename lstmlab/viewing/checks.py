"""Checks of what a picture is asked to show."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import NDArray


def whole(value: object, name: str, low: int | None = None, high: int | None = None) -> int:
    """Check a whole number, within low...high where these are given, and return it as an int.

    Raises
    ------
    ValueError
        If it is anything else, 1.0 and True included.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    inside = number is not None and not (
        (low is not None and number < low) or (high is not None and number > high)
    )
    if number is None or not inside:
        within = "" if low is None or high is None else f" in {low}...{high}"
        raise ValueError(f"{name} must be a whole number{within}, got {value!r}")
    return number


def finite(values: NDArray[np.float64], name: str) -> None:
    """Refuse NaN and infinity with a ValueError that says where the first one is."""
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        at = tuple(int(n) for n in wrong[0])
        place = ", ".join(map(str, at))
        raise ValueError(f"{name} must hold finite numbers, got {values[at]} at [{place}]")

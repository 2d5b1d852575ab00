"""Piano rolls: what was played, and what a network expected."""

from __future__ import annotations

import operator
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from lstmlab.viewing.figure import Figure
from lstmlab.viewing.style import ACCENT, QUANTITIES, SHADE, WASH, WIDTH, annotate, style

LOWEST_MIDI = 21
"""MIDI number of the piano's lowest key, A0: column 0 of a roll."""

KEYS = 88

_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_BLACK = frozenset({1, 3, 6, 8, 10})


def note_name(midi: int) -> str:
    """Name of a MIDI pitch in scientific notation: 60 is C4, the middle C."""
    return f"{_NAMES[midi % 12]}{midi // 12 - 1}"


def held_notes(roll: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Join frames in which a key stays down: (key, first frame, frames), by key, then time."""
    notes = []
    for key in np.flatnonzero(roll.any(axis=0)):
        down = np.concatenate(([0], roll[:, key].astype(int), [0]))
        edges = np.flatnonzero(np.diff(down))
        notes += [(int(key), int(a), int(b - a)) for a, b in pairwise(edges) if down[a + 1]]
    return notes


def as_roll(roll: ArrayLike, name: str = "roll") -> NDArray[np.float64]:
    """Check a piano roll (T, 88) with values in 0...1 and return it as floats.

    Raises
    ------
    ValueError
        If the shape or a value is not a roll's.
    """
    values = np.asarray(roll, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != KEYS or not len(values):
        raise ValueError(f"{name} must have shape (T, {KEYS}) with T >= 1, got {values.shape}")
    if not (np.isfinite(values).all() and values.min() >= 0.0 and values.max() <= 1.0):
        raise ValueError(
            f"{name} must hold values in 0...1, got {values.min():.4g}...{values.max():.4g}"
        )
    return values


def piano_roll(
    roll: ArrayLike,
    prediction: ArrayLike | None = None,
    *,
    keys: tuple[int, int] | None = None,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw a piano roll, cropped to the keys in use, time to the right.

    Parameters
    ----------
    roll : array, (T, 88)
        1 where a key is down, 0 elsewhere; key 0 is A0 (MIDI 21).
    prediction : array, (T, 88), optional
        The probability a network gave each key in the same frame: a blue shade under the notes,
        which are then drawn as outlines.
    keys : pair of int, optional
        Lowest and highest MIDI number to show, so that several figures have one size; by default
        the keys in use.
    title, caption : str, optional
        Above and below the figure.

    Raises
    ------
    ValueError
        If a roll does not have shape (T, 88) with values in 0...1, the two shapes differ, or
        `keys` is not a range of the piano.
    """
    truth = as_roll(roll) > 0.5
    shade = None if prediction is None else as_roll(prediction, "prediction")
    if shade is not None and shade.shape != truth.shape:
        raise ValueError(
            f"prediction must have the shape of roll, {truth.shape}, got {shade.shape}"
        )
    low, high = _used_range(truth, shade) if keys is None else _range(keys)
    with style():
        height = float(np.clip(0.085 * (high - low + 1) + 0.9, 2.2, 4.6))
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        _keyboard(axes, low, high)
        if shade is not None:
            image = axes.imshow(
                np.ma.masked_less(shade.T, 0.02),
                aspect="auto", interpolation="nearest", origin="lower", cmap=SHADE, vmin=0, vmax=1,
                extent=(0, len(truth), LOWEST_MIDI - 0.5, LOWEST_MIDI + KEYS - 0.5), zorder=1.5,
            )  # fmt: skip
            bar = figure.colorbar(image, ax=axes, pad=0.015, fraction=0.04, aspect=30)
            bar.set_label("predicted probability")
        for key, start, frames in held_notes(truth):
            axes.add_patch(_note(key + LOWEST_MIDI, start, frames, outlined=shade is not None))
        axes.set(xlabel="frame", xlim=(0, len(truth)), ylim=(low - 0.5, high + 0.5))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        annotate(figure, title, caption)
    return figure


def _range(keys: tuple[int, int]) -> tuple[int, int]:
    """Check `keys` and return them as ints."""
    try:
        low, high = (operator.index(key) for key in keys)
    except (TypeError, ValueError):
        low, high = 0, 0
    if not LOWEST_MIDI <= low < high < LOWEST_MIDI + KEYS:
        raise ValueError(
            f"keys must be two rising MIDI numbers in {LOWEST_MIDI}...{LOWEST_MIDI + KEYS - 1}, "
            f"got {keys!r}"
        )
    return low, high


def _used_range(truth: NDArray[np.bool_], shade: NDArray[np.float64] | None) -> tuple[int, int]:
    """Lowest and highest MIDI pitch to show: the keys in use and two on either side."""
    used = truth.any(axis=0)
    if shade is not None:
        used = used | (shade > 0.1).any(axis=0)
    keys = np.flatnonzero(used)
    if not len(keys):
        return 48, 72
    return max(int(keys[0]) - 2, 0) + LOWEST_MIDI, min(int(keys[-1]) + 2, KEYS - 1) + LOWEST_MIDI


def _keyboard(axes: Axes, low: int, high: int) -> None:
    """Shade the black keys' rows, draw a line under each C, and name the keys."""
    for midi in range(low, high + 1):
        if midi % 12 in _BLACK:
            axes.axhspan(midi - 0.5, midi + 0.5, color=WASH, linewidth=0.0, zorder=0.5)
        if midi % 12 == 0:
            axes.axhline(midi - 0.5, color="#d4d9de", linewidth=0.8, zorder=0.6)
    named = {0, 4, 7} if high - low <= 40 else {0, 7}
    pitches = [midi for midi in range(low, high + 1) if midi % 12 in named]
    axes.set_yticks(pitches, [note_name(midi) for midi in pitches])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _note(midi: int, start: int, frames: int, *, outlined: bool) -> Rectangle:
    """A bar for one held note; outlined ones have a white rim that parts them from any shade."""
    inset = 0.06
    bar = Rectangle(
        (start + inset, midi - 0.38), frames - 2 * inset, 0.76,
        facecolor="none" if outlined else QUANTITIES["c"].color,
        edgecolor=ACCENT if outlined else "#00406b",
        linewidth=1.2 if outlined else 0.6, zorder=2.0, gid="note",
    )  # fmt: skip
    if outlined:
        bar.set_path_effects([Stroke(linewidth=2.2, foreground="white"), Normal()])
    return bar

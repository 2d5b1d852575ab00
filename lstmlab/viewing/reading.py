"""Text on a background that says what a network made of every piece of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from lstmlab.viewing.checks import finite
from lstmlab.viewing.figure import Figure
from lstmlab.viewing.style import DIVERGING, INK, SEQUENTIAL, WIDTH, annotate, style

MOST = 4000  # pieces that can be drawn in reasonable time
RETURN = "↵"
BETWEEN = 0.2  # light of a colour on which white and dark ink are read equally well


def reading(
    pieces: Sequence[str],
    values: ArrayLike,
    *,
    label: str,
    limits: tuple[float, float] = (-1.0, 1.0),
    width: int = 72,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw a text piece by piece, in type of one width, each on the colour of its value.

    Parameters
    ----------
    pieces : sequence of str
        Characters, or words; the end of a line is drawn as ↵ and ends it. Words are set apart.
    values : array_like, (T,)
        A number for every piece.
    label : str
        What the numbers are, beside the colour bar.
    limits : tuple of float
        Where the colours end; numbers beyond have the last one. Limits of two signs get the
        diverging scale, whose middle is grey.
    width : int
        Characters a line.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no pieces or too many, a value is missing or not finite, or the limits are not
        in order.
    """
    numbers = np.asarray(values, dtype=float)
    if not 0 < len(pieces) <= MOST:
        raise ValueError(f"pieces must be 1 to {MOST} texts, got {len(pieces)}")
    if numbers.shape != (len(pieces),):
        raise ValueError(f"values must have shape ({len(pieces)},), got {numbers.shape}")
    finite(numbers, label)
    low, high = limits
    if not low < high:
        raise ValueError(f"limits must be a smaller and a larger number, got {limits}")
    gap = 0 if all(len(piece) == 1 for piece in pieces) else 1
    places, rows = _places(pieces, width, gap)
    with style():
        height = 0.19 * rows + 0.5 + 0.3 * bool(title) + 0.25 * bool(caption)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        colours = DIVERGING if low < 0 < high else SEQUENTIAL
        image = ScalarMappable(Normalize(low, high, clip=True), colours)
        size = 8.4 * min(1.0, 72 / width)
        for piece, value, (row, column) in zip(pieces, numbers, places, strict=True):
            shown = RETURN if piece == "\n" else piece
            fill = image.to_rgba(value)
            axes.add_patch(
                Rectangle((column, row + 0.04), len(shown), 0.92, facecolor=fill, edgecolor="none")
            )
            dark = _light(tuple(fill)) < BETWEEN
            axes.text(
                column + len(shown) / 2, row + 0.5, shown, ha="center", va="center",
                family="monospace", fontsize=size, color="white" if dark else INK,
                parse_math=False,
            )  # fmt: skip
        axes.set(xlim=(0, width), ylim=(rows, 0))
        axes.set_aspect("auto")
        axes.set_axis_off()
        bar = figure.colorbar(image, ax=axes, pad=0.01, fraction=0.03, aspect=30)
        bar.outline.set_visible(False)
        bar.set_label(label)
        annotate(figure, title, caption)
    return figure


def _light(colour: Sequence[float]) -> float:
    """Relative luminance of a colour, from 0 to 1 (WCAG 2)."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3])
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _places(pieces: Sequence[str], width: int, gap: int) -> tuple[list[tuple[int, int]], int]:
    """Row and column of every piece, and how many rows there are."""
    places, row, column = [], 0, 0
    for piece in pieces:
        if column and column + len(piece) > width:
            row, column = row + 1, 0
        places.append((row, column))
        column += len(piece) + gap
        if piece == "\n":
            row, column = row + 1, 0
    return places, row + (1 if column else 0)

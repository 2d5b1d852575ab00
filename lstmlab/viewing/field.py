"""A quantity over a plane: many cells in colour, with contour lines that carry the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import matplotlib.figure
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize, TwoSlopeNorm
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import ArrayLike, NDArray

from lstmlab.viewing.figure import Figure
from lstmlab.viewing.style import DIVERGING, INK, MUTED, SEQUENTIAL, WIDTH, annotate, style

MOST_LEVELS = 6

_Array = NDArray[np.float64]


def field(
    values: ArrayLike,
    *,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    xlabel: str = "",
    ylabel: str = "",
    log: bool = True,
    limits: tuple[float, float] | None = None,
    levels: Sequence[float] | None = None,
    label: str = "",
    title: str | None = None,
    caption: str | None = None,
) -> matplotlib.figure.Figure:
    """Draw a matrix of many cells as a coloured plane, where `heatmap` would print every number.

    Where the scale reaches to both sides of 1 (of 0 if not `log`), blue is below and yellow above,
    and each side has its own half of the colours: only the contour lines and the colour bar say
    how far a value is from the middle. Lightness rises from the lowest value to the highest, so
    the same holds in greyscale.

    Parameters
    ----------
    values : array_like, (rows, columns)
        The first row is at `y[0]`, the lowest. With `log`, none is negative. NaN and infinity are
        hatched; 0 on a logarithmic scale is drawn as the scale's lowest value.
    x, y : array_like, (columns,) and (rows,), optional
        Where the cells are centred, rising; 1, 2, 3, … if not given. A cell reaches halfway to the
        next.
    xlabel, ylabel : str
        What the axes show, with units.
    log : bool
        Colours follow the logarithm of the values.
    limits : pair of float, optional
        Lowest and highest value of the scale; values beyond them get its end colours. By default
        the lowest and highest finite value. Give them where several fields are to be compared.
    levels : sequence of float, optional
        Values at which to draw contour lines: none for (). By default a few round values within
        `limits`: powers of ten with `log`, where that spans two decades or more.
    label : str
        What the values are, with their unit; it stands at the colour bar.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        One pair of axes and a colour bar at its right.

    Raises
    ------
    ValueError
        If `values` is no matrix of two rows and two columns or more, holds no finite value that
        the scale can show, or a negative one with `log`; if `x` or `y` has not its length or does
        not rise; if `limits` are not two rising numbers, positive with `log`; or a level is not
        finite, or not positive with `log`.
    """
    cells = np.asarray(values, dtype=np.float64)
    if cells.ndim != 2 or min(cells.shape) < 2:
        raise ValueError(f"values must be (rows, columns), two or more each, got {cells.shape}")
    usable = np.isfinite(cells)
    if log and (cells[usable] < 0).any():
        raise ValueError(f"values must not be negative on a log scale, got {cells[usable].min():g}")
    shown = cells[usable & (cells > 0)] if log else cells[usable]
    if not shown.size:
        kind = "positive finite" if log else "finite"
        raise ValueError(f"values must hold a {kind} number, got none in {cells.shape}")
    across = _positions(x, cells.shape[1], "x")
    up = _positions(y, cells.shape[0], "y")
    low, high = (float(shown.min()), float(shown.max())) if limits is None else _limits(limits, log)
    heights = np.where(usable, cells, np.nan)
    if log:
        heights = np.log10(np.where(heights == 0, min(low, float(shown.min())), heights))
        low, high = float(np.log10(low)), float(np.log10(high))
    at = _levels(levels, (low, high), log)
    at = at[(at > np.nanmin(heights)) & (at < np.nanmax(heights))]
    low, high, norm, colours = _scale(low, high, log)
    with style():
        figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.patch.set(hatch="////", edgecolor=MUTED, linewidth=0.0)
        mesh = axes.pcolormesh(
            _edges(across), _edges(up), np.ma.masked_invalid(heights), norm=norm, cmap=colours
        )
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.spines[:].set_visible(False)
        for given, axis in ((x, axes.xaxis), (y, axes.yaxis)):
            if given is None:
                axis.set_major_locator(MaxNLocator(integer=True))
        if at.size:
            _contours(axes, across, up, heights, at, log)
        if not usable.all():
            axes.text(
                1.0, 1.01, "hatched: not a finite number", transform=axes.transAxes, ha="right",
                va="bottom", fontsize=8.0, color=MUTED,
            ).set_in_layout(False)  # fmt: skip
        extend = _extend(heights[usable], low, high)
        bar = figure.colorbar(mesh, ax=axes, pad=0.02, fraction=0.06, aspect=25, extend=extend)
        bar.outline.set_visible(False)
        bar.set_label(label)
        bar.ax.set_yscale("linear")  # equal ratios are equally long, whatever colours they get
        ticks = _round(low, high, log)
        bar.set_ticks(ticks[(ticks >= low) & (ticks <= high)].tolist())
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(value, log)))
        bar.ax.minorticks_off()
        annotate(figure, title, caption)
    return figure


def _positions(given: ArrayLike | None, count: int, name: str) -> _Array:
    """Centres of the cells along one axis."""
    if given is None:
        return np.arange(1, count + 1, dtype=np.float64)
    at = np.asarray(given, dtype=np.float64)
    if at.shape != (count,):
        raise ValueError(f"{name} must have shape ({count},), got {at.shape}")
    if not (np.isfinite(at).all() and (np.diff(at) > 0).all()):
        raise ValueError(f"{name} must be finite numbers that rise, got {at}")
    return at


def _edges(centres: _Array) -> _Array:
    """Borders of the cells: halfway between centres, and as far beyond the first and last."""
    between = 0.5 * (centres[1:] + centres[:-1])
    ends = 2 * centres[[0, -1]] - between[[0, -1]]
    return np.concatenate([ends[:1], between, ends[1:]])


def _limits(given: tuple[float, float], log: bool) -> tuple[float, float]:
    """The scale's ends, checked."""
    ends = np.asarray(given, dtype=np.float64)
    fine = ends.shape == (2,) and bool(np.isfinite(ends).all()) and ends[0] < ends[1]
    if not fine or (log and ends[0] <= 0):
        positive = "positive " if log else ""
        raise ValueError(f"limits must be two rising {positive}numbers, got {given!r}")
    return float(ends[0]), float(ends[1])


def _round(low: float, high: float, log: bool) -> _Array:
    """A few heights from low to high whose values are round."""
    even = MaxNLocator(MOST_LEVELS, steps=[1, 2, 2.5, 5, 10])
    if not log:
        return np.asarray(even.tick_values(low, high), dtype=np.float64)
    if high - low >= 2:
        powers = MaxNLocator(MOST_LEVELS, integer=True, steps=[1, 2, 3, 4, 5, 10])
        return np.asarray(powers.tick_values(low, high), dtype=np.float64)
    decades = np.arange(np.floor(low), np.ceil(high) + 1)
    found: _Array = (decades[:, None] + np.log10([1.0, 2.0, 5.0])).ravel()
    if ((low <= found) & (found <= high)).sum() >= 3:
        return found
    values = np.asarray(even.tick_values(10**low, 10**high), dtype=np.float64)
    return np.asarray(np.log10(values[values > 0]), dtype=np.float64)


def _levels(given: Sequence[float] | None, ends: tuple[float, float], log: bool) -> _Array:
    """Heights of the contour lines, rising."""
    if given is None:
        return _round(*ends, log)
    levels = np.asarray(given, dtype=np.float64)
    if levels.ndim != 1 or not np.isfinite(levels).all() or (log and (levels <= 0).any()):
        positive = "positive " if log else ""
        raise ValueError(f"levels must be finite {positive}numbers, got {given!r}")
    return np.unique(np.log10(levels) if log else levels)


def _scale(low: float, high: float, log: bool) -> tuple[float, float, Normalize, Colormap]:
    """The ends of the colours, and which height gets which.

    Each side of 1 on a logarithmic scale has half the colours and spans at least a decade, so that
    1.01 does not look like 10.
    """
    if low < 0 < high:
        if log:
            low, high = min(low, -1.0), max(high, 1.0)
            return low, high, TwoSlopeNorm(0.0, vmin=low, vmax=high), DIVERGING
        high = max(-low, high)
        return -high, high, Normalize(-high, high), DIVERGING
    if low == high:
        low, high = low - 0.5, high + 0.5
    return low, high, Normalize(low, high), SEQUENTIAL


def _extend(heights: _Array, low: float, high: float) -> Literal["neither", "both", "min", "max"]:
    """At which ends of the colour bar values go on beyond it."""
    below, above = bool((heights < low).any()), bool((heights > high).any())
    if below and above:
        return "both"
    return "min" if below else "max" if above else "neither"


def _contours(
    axes: Axes, across: _Array, up: _Array, heights: _Array, levels: _Array, log: bool
) -> None:
    """Draw labelled lines of equal value, dark in a white casing; the line at 1 is thicker."""
    lines = axes.contour(
        across,
        up,
        np.ma.masked_invalid(heights),
        levels=levels,
        colors=INK,
        linestyles="solid",
        linewidths=[1.8 if log and level == 0 else 0.9 for level in levels],
    )
    casing: list[patheffects.AbstractPathEffect] = [
        patheffects.withStroke(linewidth=2.6, foreground="white")
    ]
    lines.set_path_effects(casing)
    for text in axes.clabel(lines, fmt=lambda level: _number(level, log), fontsize=8):
        text.set_path_effects(casing)


def _number(height: float, log: bool) -> str:
    """A height of the scale as the value it stands for."""
    if not log:
        return f"{height:.4g}".replace("-", "−")
    whole = round(height)
    if abs(height - whole) > 1e-9:
        return f"{10**height:.3g}"
    return f"{10**whole:g}" if -2 < whole < 3 else f"$10^{{{whole}}}$"

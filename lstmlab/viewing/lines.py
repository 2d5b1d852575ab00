"""Quick pictures for a chapter's own numbers: curves on one pair of axes, and bars."""

from collections.abc import Mapping
from itertools import cycle

import matplotlib.figure
import numpy as np
from numpy.typing import ArrayLike

from lstmlab.viewing.checks import finite
from lstmlab.viewing.figure import Figure
from lstmlab.viewing.style import ACCENT, DIVERGING, INK, MUTED, QUANTITIES, WIDTH, annotate, style

OTHERS = (
    (INK, "-"),
    (ACCENT, (0.0, (5.0, 1.6))),
    (QUANTITIES["c"].color, (0.0, (1.0, 1.2))),
    (QUANTITIES["i"].color, (0.0, (6.0, 1.5, 1.2, 1.5))),
)


def lines(
    curves: Mapping[str, ArrayLike],
    *,
    x: ArrayLike | None = None,
    xlabel: str = "step",
    ylabel: str = "",
    ylim: tuple[float, float] | None = None,
    log: bool = False,
    mark: tuple[float, float] | None = None,
    title: str | None = None,
    caption: str | None = None,
) -> matplotlib.figure.Figure:
    """Draw curves over a common axis.

    Parameters
    ----------
    curves : mapping of str to array_like, each (T,)
        A label that is a quantity of the block ("z", "i", …) gets that quantity's look; any other
        label gets a colour and line style of its own, four at most.
    x : array_like, (T,), optional
        Positions; 1, 2, 3, … if not given, as steps are counted.
    xlabel, ylabel : str
        What the axes show, with units.
    ylim : pair of float, optional
        Lowest and highest value to show.
    log : bool
        Logarithmic y axis.
    mark : pair of float, optional
        A point to put a ring around.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        One pair of axes, the legend at its right. A value that is not finite leaves a gap.

    Raises
    ------
    ValueError
        If there is no curve, one is not one-dimensional or has not the length of the others, or
        more than four have no look of their own.
    """
    if not curves:
        raise ValueError("curves must hold at least one curve, got none")
    values = {label: np.asarray(curve, dtype=float) for label, curve in curves.items()}
    steps = len(next(iter(values.values())))
    at = 1 + np.arange(steps) if x is None else np.asarray(x, dtype=float)
    for label, curve in values.items():
        if curve.shape != at.shape or curve.ndim != 1:
            raise ValueError(f"curves[{label!r}] must have shape {at.shape}, got {curve.shape}")
    if sum(label not in QUANTITIES for label in values) > len(OTHERS):
        others = [label for label in values if label not in QUANTITIES]
        raise ValueError(
            f"curves must hold at most {len(OTHERS)} that are not quantities, got {len(others)}"
        )
    looks = cycle(OTHERS)
    with style():
        figure = Figure(figsize=(WIDTH, 2.6), layout="constrained")
        axes = figure.subplots()
        for label, curve in values.items():
            known = QUANTITIES.get(label)
            color, dashes = (known.color, known.linestyle) if known else next(looks)
            name = f"{known.symbol} {known.words}" if known else label
            axes.plot(at, curve, color=color, linestyle=dashes, label=name)
        if mark is not None:
            axes.plot(*mark, "o", markersize=9, markerfacecolor="none", markeredgecolor=INK)
        axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
        if ylim is not None:
            axes.set_ylim(ylim)
        axes.margins(x=0.01)
        axes.grid(axis="y")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        annotate(figure, title, caption)
    return figure


def bars(
    values: Mapping[str, float],
    *,
    ylabel: str = "",
    ylim: tuple[float, float] | None = None,
    title: str | None = None,
    caption: str | None = None,
) -> matplotlib.figure.Figure:
    """Draw one labelled bar for each value.

    Parameters
    ----------
    values : mapping of str to float
        Label and height of each bar, from left to right.
    ylabel : str
        What the heights are, with their unit.
    ylim : pair of float, optional
        Lowest and highest value to show.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        Each bar carries its value: whole if one of them is 10,000 or more, else with two decimals.

    Raises
    ------
    ValueError
        If there is no value or one is not finite.
    """
    if not values:
        raise ValueError("values must hold at least one bar, got none")
    for label, value in values.items():
        if not np.isfinite(value):
            raise ValueError(f"values[{label!r}] must be a finite number, got {value}")
    with style():
        figure = Figure(figsize=(WIDTH, 2.6), layout="constrained")
        axes = figure.subplots()
        drawn = axes.bar(list(values), list(values.values()), width=0.62, color=MUTED)
        large = max(values.values()) >= 1e4
        axes.bar_label(drawn, fmt="{:,.0f}" if large else "{:,.2f}", fontsize=8)
        axes.set_ylabel(ylabel)
        axes.set_ylim(ylim) if ylim else axes.margins(y=0.15)
        annotate(figure, title, caption)
    return figure


def heatmap(
    panels: Mapping[str, ArrayLike],
    *,
    limit: float | None = None,
    xlabel: str = "",
    ylabel: str = "",
    title: str | None = None,
    caption: str | None = None,
) -> matplotlib.figure.Figure:
    """Draw small matrices side by side on one signed colour scale, each entry with its number.

    Parameters
    ----------
    panels : mapping of str to array_like, each (rows, columns)
        Title and matrix of each panel.
    limit : float, optional
        The scale runs from -limit to limit; by default to the largest entry of all.
    xlabel, ylabel : str
        What columns and rows are.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        A panel each, and one colour bar at the right. Rows run from top to bottom.

    Raises
    ------
    ValueError
        If there is no panel, one is not a matrix with at least one entry, an entry is not finite,
        or `limit` is not positive.
    """
    matrices = {label: np.asarray(panel, dtype=float) for label, panel in panels.items()}
    if not matrices:
        raise ValueError("panels must hold at least one matrix, got none")
    for label, matrix in matrices.items():
        if matrix.ndim != 2 or not matrix.size:
            raise ValueError(f"panels[{label!r}] must be a matrix, got shape {matrix.shape}")
        finite(matrix, f"panels[{label!r}]")
    if limit is not None and not (limit > 0 and np.isfinite(limit)):
        raise ValueError(f"limit must be a positive number, got {limit}")
    limit = limit or max(float(np.abs(matrix).max()) for matrix in matrices.values()) or 1.0
    with style():
        figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
        row = figure.subplots(1, len(matrices), squeeze=False)[0]
        for axes, (label, matrix) in zip(row, matrices.items(), strict=True):
            image = axes.imshow(matrix, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
            for (n, m), entry in np.ndenumerate(matrix):
                ink = "white" if entry < 0.2 * limit else INK
                axes.text(m, n, f"{entry:.3f}", ha="center", va="center", color=ink, fontsize=8)
            axes.set(title=label, xlabel=xlabel, ylabel=ylabel)
            axes.set_xticks(range(matrix.shape[1]))
            axes.set_yticks(range(matrix.shape[0]))
        figure.colorbar(image, ax=row.tolist(), shrink=0.9)
        annotate(figure, title, caption)
    return figure

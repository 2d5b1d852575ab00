"""What hyperparameters did: figures 4 to 6 of Greff et al., from analyses of variance."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from lstmlab.viewing.boxes import boxes
from lstmlab.viewing.figure import Figure
from lstmlab.viewing.style import (
    DIVERGING,
    INK,
    MUTED,
    PALE,
    SEQUENTIAL,
    WIDTH,
    LineStyle,
    annotate,
    style,
)

if TYPE_CHECKING:
    import pandas as pd

    from lstmlab.evidence import Fanova, Side, Surface

_ERROR = "#0072b2"
_SECONDS = "#009e73"

Array = NDArray[np.float64]

__all__ = ["boxes", "interactions", "marginals", "shares"]


def marginals(
    error: Fanova,
    seconds: Fanova | None = None,
    names: Sequence[str] | None = None,
    *,
    points: int = 100,
    ylabel: str | None = None,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw what each hyperparameter does when the others are averaged out (figure 4).

    Parameters
    ----------
    error : Fanova
        Of the error: the upper row. The shade is one standard deviation over the trees to each
        side, the points are the trials.
    seconds : Fanova, optional
        Of the training time: the lower row.
    names : sequence of str, optional
        The hyperparameters, from left to right; all of them if not given.
    points : int
        Places on each curve.
    ylabel : str, optional
        What the error is, with its unit; the name of the target if not given.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        A row of axes for each analysis, a column for each hyperparameter, in the coordinates of the
        cube: 0…1 along each side, whose labels are in own units.

    Raises
    ------
    ValueError
        If a name is no hyperparameter of both.
    """
    names = list(error.names if names is None else names)
    rows: list[tuple[Fanova, str, str, LineStyle]]
    rows = [(error, ylabel or error.target, _ERROR, "-")]
    if seconds is not None:
        rows.append((seconds, "seconds", _SECONDS, (0.0, (5.0, 1.6))))
    with style():
        figure = Figure(figsize=(WIDTH, 0.5 + 2.1 * len(rows)), layout="constrained")
        grid = figure.subplots(len(rows), len(names), squeeze=False, sharex="col", sharey="row")
        for (fanova, label, color, dashes), line in zip(rows, grid, strict=True):
            for axes, name in zip(line, names, strict=True):
                side = _side(fanova, name)
                axes.grid(axis="y")
                axes.plot(
                    side.place(fanova.used[name]), fanova.used[fanova.target], "o", color=MUTED,
                    markersize=1.8, markeredgewidth=0, gid=f"trials {name}", rasterized=True,
                    alpha=float(np.clip(100 / len(fanova.used), 0.15, 0.5)),
                )  # fmt: skip
                _curve(axes, side, fanova.marginal(name, points), color, dashes)
                axes.set_xlim(0, 1)
                _own_units(axes.xaxis, side)
            line[0].set_ylabel(label)
        for axes, name in zip(grid[-1], names, strict=True):
            axes.set_xlabel(_words(name))
        annotate(figure, title, caption)
    return figure


def shares(
    fanova: Fanova,
    *,
    pairs: bool = True,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw which share of the variance each hyperparameter, pair and the rest explain (figure 5).

    The paper's pies have become bars: lengths are compared more exactly than angles, a bar can
    carry the standard deviation over the trees, and one percent is still seen.

    Parameters
    ----------
    fanova : Fanova
    pairs : bool
        Whether pairs have bars of their own; otherwise they are part of "higher order".
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        Bars from the largest to the smallest: hyperparameters, then pairs (hatched), then the rest.
    """
    importance = fanova.importance(pairs=pairs)
    alone = importance.iloc[: len(fanova.names)].sort_values("fraction", ascending=False)
    both = importance.iloc[len(fanova.names) : -1].sort_values("fraction", ascending=False)
    labels = [*alone.index, *both.index, importance.index[-1]]
    looks = [(_ERROR, "")] * len(alone) + [(PALE, "////")] * len(both) + [(MUTED, "")]
    with style():
        figure = Figure(figsize=(WIDTH, 0.9 + 0.26 * len(labels)), layout="constrained")
        axes = figure.subplots()
        axes.grid(axis="x")
        for n, (label, (color, hatch)) in enumerate(zip(labels, looks, strict=True)):
            share, std = importance.loc[label]
            axes.barh(
                n, share, 0.62, color=color, hatch=hatch, edgecolor="white", linewidth=0, gid=label
            )
            axes.errorbar(share, n, xerr=std, color=INK, linewidth=1.0, capsize=2.5)
            axes.annotate(
                f"{share:.1%} ± {std:.1%}", (share + std, n), xytext=(5, 0), fontsize=8.0,
                textcoords="offset points", va="center",
            )  # fmt: skip
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
        axes.set_xlim(0, max(0.1, 1.25 * float(importance.sum(axis=1).max())))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel(f"share of the variance of {fanova.target} (± over the trees)")
        annotate(figure, title, caption)
    return figure


def interactions(
    fanova: Fanova,
    names: Sequence[str] | None = None,
    *,
    points: int = 30,
    label: str | None = None,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw every pair of hyperparameters: what they do together, and only together (figure 6).

    Parameters
    ----------
    fanova : Fanova
    names : sequence of str, optional
        The hyperparameters, two or more; all of them if not given.
    points : int
        At most so many cells along each side of a map.
    label : str, optional
        What is predicted, with its unit; the name of the target if not given.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        Two lower triangles of maps, a row and a column a hyperparameter. Left the total marginals,
        dark where low; right the interactions alone, grey at zero. Each triangle has one scale of
        colours, and the two scales differ: an interaction that looks strong may be small.

    Raises
    ------
    ValueError
        If there are fewer than two names, or one is no hyperparameter.
    """
    names = list(fanova.names if names is None else names)
    if len(names) < 2:
        raise ValueError(f"names must be at least two hyperparameters, got {len(names)}")
    found = {
        (x, y): fanova.interaction(x, y, points)
        for n, y in enumerate(names) for x in names[:n]
    }  # fmt: skip
    low = float(min(surface.total.min() for surface in found.values()))
    high = float(max(surface.total.max() for surface in found.values()))
    most = max(float(np.abs(surface.interaction).max()) for surface in found.values()) or 1.0
    what = label or fanova.target
    with style():
        figure = Figure(figsize=(WIDTH, 1.1 + 0.95 * len(names)), layout="constrained")
        left, right = figure.subfigures(1, 2, wspace=0.04, squeeze=False)[0]
        total = {pair: surface.total for pair, surface in found.items()}
        alone = {pair: surface.interaction for pair, surface in found.items()}
        _triangle(left, fanova, found, total, SEQUENTIAL, Normalize(low, high), what)
        _triangle(
            right, fanova, found, alone, DIVERGING, Normalize(-most, most), f"{what}: interaction"
        )
        annotate(figure, title, caption)
    return figure


def _curve(
    axes: Axes, side: Side, curve: pd.DataFrame, color: str, dashes: LineStyle
) -> None:
    """A marginal and its spread over the trees: a curve, or of a category a point each."""
    at, name = side.place(curve["value"]), side.name
    mean, std = curve["mean"].to_numpy(), curve["std"].to_numpy()
    if side.choices:
        axes.errorbar(at, mean, std, fmt="none", ecolor=color, capsize=2.5, gid=f"spread {name}")
        axes.plot(at, mean, "D", color=color, gid=f"mean {name}")
    else:
        axes.fill_between(
            at, mean - std, mean + std, color=color, alpha=0.3, linewidth=0, gid=f"spread {name}"
        )
        axes.plot(at, mean, color=color, linestyle=dashes, gid=f"mean {name}")


def _triangle(
    figure: SubFigure,
    fanova: Fanova,
    found: dict[tuple[str, str], Surface],
    heights: dict[tuple[str, str], Array],
    colours: Colormap,
    norm: Normalize,
    label: str,
) -> None:
    """A map for each pair: columns are all names but the last, rows all but the first."""
    across = list(dict.fromkeys(x for x, _ in found))
    up = list(dict.fromkeys(y for _, y in found))
    grid = figure.subplots(len(up), len(across), squeeze=False)
    for n, y in enumerate(up):
        for m, x in enumerate(across):
            axes = grid[n, m]
            if (x, y) not in found:
                axes.set_axis_off()
                continue
            sides = _side(fanova, x), _side(fanova, y)
            edges = [
                _edges(side.place(values))
                for side, values in zip(sides, (found[x, y].a, found[x, y].b), strict=True)
            ]
            mesh = axes.pcolormesh(
                *edges, heights[x, y].T, cmap=colours, norm=norm, gid=f"{x} × {y}", rasterized=True
            )
            axes.spines[:].set_visible(False)
            _own_units(axes.xaxis, sides[0], 3)
            _own_units(axes.yaxis, sides[1], 3)
            axes.tick_params(labelsize=7, labelbottom=n == len(up) - 1, labelleft=m == 0, length=2)
            axes.set_xlabel(_words(x) if n == len(up) - 1 else "", fontsize=8)
            axes.set_ylabel(_words(y) if m == 0 else "", fontsize=8)
    bar = figure.colorbar(mesh, ax=grid.ravel().tolist(), location="top", fraction=0.05, aspect=30)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7)
    bar.set_label(label, fontsize=8)


def _side(fanova: Fanova, name: str) -> Side:
    """The side of the cube with this name, a category's choices in the order given."""
    return replace(fanova.side(name), order=())


def _edges(centres: Array) -> Array:
    """Borders of cells halfway between their centres; the first and last reach to the ends."""
    return np.concatenate([[0.0], (centres[1:] + centres[:-1]) / 2, [1.0]])


def _own_units(axis: Axis, side: Side, most: int = 5) -> None:
    """Label an axis of the cube, 0…1, in the hyperparameter's own units."""
    powers = False
    if side.choices:
        ticks = np.arange(len(side.choices), dtype=np.float64)
    elif side.log:
        ticks = 10.0 ** np.arange(np.ceil(np.log10(side.low)), np.floor(np.log10(side.high)) + 1)
        powers = len(ticks) > 3
        if len(ticks) < 2:
            decades = 10.0 ** np.arange(np.floor(np.log10(side.low)), np.log10(side.high))
            ticks = np.outer(decades, [1, 2, 5]).ravel()
    else:
        ticks = np.asarray(
            MaxNLocator(most - 1, integer=side.whole).tick_values(side.low, side.high)
        )
    ticks = ticks[(side.low <= ticks) & (ticks <= side.high)]
    if not len(ticks):  # no round number between the ends, or no room for one
        half = (side.step or 0.0) / 2
        ticks, powers = np.unique([side.low + half, side.high - half]), False
    if not side.choices:
        ticks = ticks[:: -(-len(ticks) // most)]
    words = [
        str(side.choices[int(tick)]) if side.choices
        else f"$10^{{{round(np.log10(tick))}}}$" if powers
        else f"{tick:g}".replace("-", "−")
        for tick in ticks.tolist()
    ]  # fmt: skip
    axis.set_ticks(side.to_unit(ticks).tolist(), words)
    if len(side.choices) > 3 and axis is axis.axes.xaxis:
        axis.set_tick_params(rotation=90)


def _words(name: str) -> str:
    """A hyperparameter's name in short lines."""
    return textwrap.fill(name.replace("_", " "), 12)

"""Searches racing: the best they have found, against what they have spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from lstmlab.viewing.figure import Figure
from lstmlab.viewing.style import WIDTH, LineStyle, annotate, style

if TYPE_CHECKING:
    import pandas as pd

_LOOKS: tuple[tuple[str, LineStyle, str], ...] = (
    ("#5f6b76", (0.0, (1.0, 1.2)), "x"),
    ("#0072b2", "-", "o"),
    ("#d55e00", (0.0, (5.0, 1.6)), "s"),
    ("#009e73", (0.0, (5.0, 1.2, 1.0, 1.2)), "^"),
    ("#cc79a7", (0.0, (2.6, 1.2)), "D"),
)
_COLUMNS = ("method", "budget", "low", "median", "high")
_GAP = 0.075


def races(
    found: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    xlabel: str = "evaluations",
    ylabel: str = "best found",
    log: tuple[bool, bool] = (True, False),
    names: Mapping[str, str] | None = None,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw how far each search has come within each budget: median and quartiles.

    Parameters
    ----------
    found : DataFrame, or mapping of str to DataFrame
        Tables as `lstmlab.evidence.contest` gives them, with columns `method`, `budget`, `low`,
        `median` and `high`; a panel each, with the key as its title. At most five methods in all.
        A budget without a finite median is left out.
    xlabel, ylabel : str
        What is spent, and what is found, with units.
    log : pair of bool
        Whether the two axes are logarithmic.
    names : mapping of str to str, optional
        What a method is called in the figure, if not as in the table.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        A line of medians and a band between the quartiles for each method. Names stand at the ends
        of the lines, or below if there are several panels. A method has one look in all panels.

    Raises
    ------
    ValueError
        If a column is missing, there is nothing to draw, or there are more than five methods.
    """
    panels = dict(found) if isinstance(found, Mapping) else {"": found}
    missing = [name for table in panels.values() for name in _COLUMNS if name not in table]
    if missing:
        raise ValueError(
            f"found must have columns {', '.join(_COLUMNS)}, got none called {missing[0]}"
        )
    drawn = {name: table[np.isfinite(table["median"])] for name, table in panels.items()}
    methods = list(dict.fromkeys(m for table in drawn.values() for m in table["method"]))
    if not 1 <= len(methods) <= len(_LOOKS) or any(not len(table) for table in drawn.values()):
        raise ValueError(
            f"found must hold 1 to {len(_LOOKS)} methods with medians in each panel, "
            f"got {len(methods)}"
        )
    called = {method: (names or {}).get(method, method) for method in methods}
    with style():
        figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
        row = figure.subplots(1, len(drawn), squeeze=False, sharey=True)[0]
        for axes, (name, table) in zip(row, drawn.items(), strict=True):
            _panel(axes, table, methods, called)
            axes.set(title=name, xlabel=xlabel)
            axes.grid(axis="y")
        row[0].set_ylabel(ylabel)
        for axes in row:
            _scales(axes, log)
        if len(row) == 1:
            _at_ends(row[0], drawn[next(iter(drawn))], methods, called)
        else:
            lines = {line.get_label(): line for axes in row for line in axes.get_lines()}
            figure.legend(
                [lines[called[m]] for m in methods], [called[m] for m in methods],
                loc="outside lower left", ncols=min(5, len(methods)), handlelength=2.4,
            )  # fmt: skip
        annotate(figure, title, caption)
    return figure


def _panel(
    axes: Axes, table: pd.DataFrame, methods: Sequence[str], called: Mapping[str, str]
) -> None:
    for n, method in enumerate(methods):
        color, dashes, marker = _LOOKS[n]
        one = table[table["method"] == method].sort_values("budget")
        if one.empty:
            continue
        axes.fill_between(
            one["budget"], one["low"], one["high"], color=color, alpha=0.13, linewidth=0,
            gid=f"quartiles {method}",
        )  # fmt: skip
        axes.plot(
            one["budget"], one["median"], color=color, linestyle=dashes, marker=marker,
            markersize=3.2, label=called[method], gid=f"median {method}",
        )  # fmt: skip


def _scales(axes: Axes, log: tuple[bool, bool]) -> None:
    for logarithmic, axis in zip(log, ("x", "y"), strict=True):
        if not logarithmic:
            continue
        getattr(axes, f"set_{axis}scale")("log")
        one = getattr(axes, f"{axis}axis")
        low, high = sorted(one.get_view_interval())
        subs = (1.0, 2.0, 5.0) if high / low < 200 else (1.0,)
        one.set_major_locator(LogLocator(subs=subs))
        one.set_minor_locator(NullLocator())
        one.set_major_formatter(FuncFormatter(lambda at, _: f"{at:,.6g}"))


def _at_ends(
    axes: Axes, table: pd.DataFrame, methods: Sequence[str], called: Mapping[str, str]
) -> None:
    """Names at the right, each at the height of its line's end, or as near as others allow."""
    last = {
        method: one.sort_values("budget")["median"].iloc[-1]
        for method, one in table.groupby("method")
    }
    scale = axes.transData + axes.transAxes.inverted()
    edge = axes.get_xlim()[1]
    heights = {m: float(scale.transform((edge, end))[1]) for m, end in last.items()}
    order = sorted(heights, key=lambda m: heights[m])
    at = _apart([heights[m] for m in order])
    for method, height in zip(order, at, strict=True):
        axes.text(
            1.015, height, called[method], transform=axes.transAxes, va="center", fontsize=8.5,
            color=_LOOKS[list(methods).index(method)][0], gid=f"name {method}",
        )  # fmt: skip


def _apart(heights: Sequence[float]) -> list[float]:
    """The rising heights, moved as far as it takes for a gap between each two, and within 0…1."""
    gaps = _GAP * np.arange(len(heights))
    down = np.array(heights) - gaps
    placed = np.array([
        max(min(down[i : j + 1].mean() for j in range(k, len(down))) for i in range(k + 1))
        for k in range(len(down))
    ])  # the nearest rising sequence (isotonic regression)
    return list(np.clip(placed, 0.0, 1.0 - gaps[-1]) + gaps)

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
        A line of medians and a band between the quartiles for each method, which has one look in
        all panels; the names stand below.

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
        figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
        grid = figure.add_gridspec(2, len(drawn), height_ratios=(1, 0.14))
        row = [figure.add_subplot(grid[0, 0])]
        row += [figure.add_subplot(grid[0, n], sharey=row[0]) for n in range(1, len(drawn))]
        below = figure.add_subplot(grid[1, :])
        below.set_axis_off()
        for axes, (name, table) in zip(row, drawn.items(), strict=True):
            _panel(axes, table, methods)
            axes.set(title=name, xlabel=xlabel)
            axes.grid(axis="y")
        row[0].set_ylabel(ylabel)
        for axes in row:
            _scales(axes, log)
        lines = {line.get_gid(): line for axes in row for line in axes.get_lines()}
        below.legend(
            [lines[f"median {method}"] for method in methods], [called[m] for m in methods],
            loc="upper left", borderaxespad=0, ncols=3, handlelength=2.6,
        )  # fmt: skip
        annotate(figure, title, caption)
    return figure


def _panel(axes: Axes, table: pd.DataFrame, methods: Sequence[str]) -> None:
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
            markersize=3.2, gid=f"median {method}",
        )  # fmt: skip


def _scales(axes: Axes, log: tuple[bool, bool]) -> None:
    for logarithmic, axis in zip(log, ("x", "y"), strict=True):
        if not logarithmic:
            continue
        getattr(axes, f"set_{axis}scale")("log")
        one = getattr(axes, f"{axis}axis")
        low, high = sorted(one.get_view_interval())
        subs = (1.0, 2.0, 5.0) if high / low < 1000 else (1.0,)
        one.set_major_locator(LogLocator(subs=subs, numticks=12))
        one.set_minor_locator(NullLocator())
        one.set_major_formatter(FuncFormatter(lambda at, _: f"{at:,.6g}"))


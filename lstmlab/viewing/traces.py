"""What happens inside a block over time: one block's gates, or one quantity of all blocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lstmlab.cells import Trace
from lstmlab.viewing.checks import finite, whole
from lstmlab.viewing.figure import Figure
from lstmlab.viewing.style import (
    DIVERGING,
    MUTED,
    QUANTITIES,
    SEQUENTIAL,
    WIDTH,
    Look,
    annotate,
    style,
)


def gate_trace(
    trace: Trace,
    block: int = 0,
    batch: int = 0,
    names: Sequence[str] = ("z", "i", "f", "c", "o", "y"),
    *,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw one block's quantities over time, one small panel each, in the paper's letters.

    Parameters
    ----------
    trace : Trace
        What `lstmlab.cells.forward` returned.
    block : int
        Which of the N blocks.
    batch : int
        Which of the B sequences, where the trace has a batch.
    names : sequence of str
        Which of z, i, f, o, c, y, from top to bottom.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        A gate's panel runs from 0 (closed) to 1 (open); z, c and y have a line at zero.

    Raises
    ------
    ValueError
        If a name is unknown or given twice, `block` or `batch` is no whole number or out of range,
        or a value to be drawn is not finite.
    """
    if not names or len(set(names)) != len(names):
        raise ValueError(f"names must be one or more different letters, got {tuple(names)!r}")
    rows = {name: _sequence(trace, name, batch) for name in names}
    blocks = next(iter(rows.values())).shape[1]
    block = whole(block, "block", 0, blocks - 1)
    for name, values in rows.items():
        finite(values[:, block], f"{QUANTITIES[name].words} {name} of block {block}")
    with style():
        height = 0.62 * len(names) + 0.45 + 0.3 * bool(title) + 0.25 * bool(caption)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, values) in zip(panels, rows.items(), strict=True):
            _panel(axes, QUANTITIES[name], values[:, block], name)
        panels[-1].set_xlabel("time step")
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
        annotate(figure, title, caption)
    return figure


def activations(
    trace: Trace,
    name: str = "y",
    batch: int = 0,
    *,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw one quantity of all blocks as a heat map, blocks from top to bottom, time to the right.

    Parameters
    ----------
    trace : Trace
        What `lstmlab.cells.forward` returned.
    name : str
        One of z, i, f, o, c, y. Gates run from 0 to 1; the others are centred on zero.
    batch : int
        Which of the B sequences, where the trace has a batch.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        A row for each block and a colour bar.

    Raises
    ------
    ValueError
        If the name is unknown, `batch` is no whole number or out of range, or a value is not
        finite.
    """
    values = _sequence(trace, name, batch).T
    look = QUANTITIES[name]
    finite(values.T, f"{look.words} {name}")
    low, high = look.limits or (-1.0, 1.0)
    reach = max(float(np.abs(values).max(initial=0.0)), high)
    with style():
        height = float(np.clip(0.9 + 0.09 * values.shape[0], 1.8, 5.0))
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        image = axes.imshow(
            values,
            extent=(0.5, values.shape[1] + 0.5, values.shape[0] - 0.5, -0.5),
            aspect="auto",
            interpolation="nearest",
            cmap=SEQUENTIAL if low == 0.0 else DIVERGING,
            vmin=0.0 if low == 0.0 else -reach,
            vmax=reach,
        )
        axes.set(xlabel="time step", ylabel="block")
        axes.spines[:].set_visible(False)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(integer=True))
        bar = figure.colorbar(image, ax=axes, pad=0.015, fraction=0.05, aspect=30)
        bar.outline.set_visible(False)
        bar.set_label(f"{look.words} {look.symbol}")
        annotate(figure, title, caption)
    return figure


def _sequence(trace: Trace, name: str, batch: int) -> NDArray[np.float64]:
    """Values (T, N) of one quantity for one sequence."""
    if name not in QUANTITIES:
        raise ValueError(f"name must be one of {', '.join(QUANTITIES)}, got {name!r}")
    values = np.asarray(getattr(trace, name), dtype=np.float64)
    sequences = values.shape[1] if values.ndim == 3 else 1
    batch = whole(batch, "batch", 0, sequences - 1)
    return values[:, batch] if values.ndim == 3 else values


def _panel(axes: Axes, look: Look, values: NDArray[np.float64], name: str) -> None:
    """Draw one quantity over time with its letter at the left and its name inside."""
    time = 1 + np.arange(len(values))  # steps are counted from 1
    low, high = look.limits or (-1.0, 1.0)
    reach = max(float(np.abs(values).max(initial=0.0)), high)
    low = 0.0 if low == 0.0 else -reach
    axes.axhline(0.0, color=MUTED, linewidth=0.6)
    if low == 0.0:
        axes.axhline(1.0, color=MUTED, linewidth=0.6, linestyle=(0.0, (1.0, 3.0)))
    axes.fill_between(time, 0.0, values, color=look.color, alpha=0.22, linewidth=0.0)
    axes.plot(
        time,
        values,
        color=look.color,
        marker=look.marker if len(time) <= 40 else "",
        markersize=3.0,
        gid=name,
        label=look.words,
    )
    margin = 0.12 * (reach - low)
    axes.set_ylim(low - margin, reach + margin)
    axes.set_xlim(0.5, len(time) + 0.5)
    axes.set_yticks([0.0, 1.0] if low == 0.0 else [-_round(reach), 0.0, _round(reach)])
    axes.set_ylabel(look.symbol, rotation=0, fontsize=13, ha="right", va="center", labelpad=8)
    axes.text(
        1.0, 1.02, look.words, transform=axes.transAxes, ha="right", va="bottom",
        fontsize=8.0, color=MUTED,
    )  # fmt: skip
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(length=2.5)


def _round(reach: float) -> float:
    """Largest tick of at most two digits within `reach`."""
    step = 10.0 ** (np.floor(np.log10(reach)) - 1)
    return float(np.floor(reach / step + 1e-9) * step)

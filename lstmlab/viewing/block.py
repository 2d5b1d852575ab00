"""The LSTM block as a picture: every part under the paper's letter, for any variant."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping

import numpy as np

from lstmlab.cells import VARIANTS, Variant, as_variant
from lstmlab.viewing.circuit import gate, gate_recurrence, inputs, loop, main_row, peepholes
from lstmlab.viewing.figure import Figure
from lstmlab.viewing.pen import Pen
from lstmlab.viewing.style import MUTED, WIDTH, annotate, style

PARTS = (
    "x", "recurrence", "z", "i", "f", "o", "c", "loop", "h", "y",
    "p_i", "p_f", "p_o", "coupling", "gate_recurrence",
)  # fmt: skip
"""The parts of the drawing, as `highlight` takes them. "x" is the input line, "recurrence" the way
of y back to the input, "loop" the constant error carousel, "h" the output activation."""

VALUES = ("z", "i", "f", "o", "c", "c_prev", "y")

_GROUPS = {"peepholes": ("p_i", "p_f", "p_o"), "gates": ("i", "f", "o")}


def draw_block(
    variant: Variant | str = "V",
    values: Mapping[str, float] | None = None,
    highlight: Collection[str] | None = None,
    *,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw the LSTM block of one variant (Greff et al., sections II-A and IV-C).

    Parameters
    ----------
    variant : Variant or str
        A part the variant lacks is a dashed outline; what it changes is marked in vermilion.
    values : mapping of str to float, optional
        Any of z, i, f, o, c, c_prev, y for one block at one step. Each part shows its number and
        fills up to it: a gate from 0 to 1, z and y from the middle at 0 to 1 or -1, the cell from
        the middle to 2 or -2. Products are shown where both factors are given.
    highlight : collection of str, optional
        Names from `PARTS`, or "gates" or "peepholes": these are drawn strongly, the rest pale.
    title, caption : str, optional
        Above and below the figure. Without a title the figure says which variant it shows.

    Returns
    -------
    Figure
        Each artist's `gid` is the part it belongs to ("ghost:i" where input gate i is missing).

    Raises
    ------
    ValueError
        If the variant, a value's name or a part's name is unknown, or a value is not finite.
    """
    which = as_variant(variant)
    shown = {name: float(value) for name, value in (values or {}).items()}
    for name, value in shown.items():
        if name not in VALUES:
            raise ValueError(f"values may name {', '.join(VALUES)}, got {name!r}")
        if not np.isfinite(value):
            raise ValueError(f"values must be finite numbers, got {name} = {value}")
    strong = None if highlight is None else _parts(highlight)
    with style():
        notes = textwrap.wrap(caption or "", 112)
        low = 0.02 - 0.32 * max(len(notes) - 1, 0)
        height = 0.5 * (7.2 - low)  # half an inch a unit, and the title above
        figure = Figure(figsize=(WIDTH, height + 0.26))
        axes = figure.add_axes((0.0, 0.0, 1.0, height / (height + 0.26)))
        axes.set(xlim=(0.0, 14.4), ylim=(low, 7.2), aspect="equal")
        axes.set_axis_off()
        pen = Pen(axes, strong)
        main_row(pen, which, shown)
        loop(pen, which, shown)
        inputs(pen, which)
        for letter in "ifo":
            gate(pen, which, letter, shown)
        peepholes(pen, which)
        if which.full_gate_recurrence:
            gate_recurrence(pen, which)
        _legend(pen, which, "\n".join(notes))
        annotate(figure, title or _name(which), None)
    return figure


def _parts(highlight: Collection[str]) -> frozenset[str]:
    """Resolve the groups in `highlight` and refuse unknown names."""
    names = {highlight} if isinstance(highlight, str) else set(highlight)
    for name in names - set(PARTS) - set(_GROUPS):
        raise ValueError(f"highlight may name {', '.join((*PARTS, *_GROUPS))}, got {name!r}")
    return frozenset(part for name in names for part in _GROUPS.get(name, (name,)))


def _changes(variant: Variant) -> list[str]:
    """What sets a variant apart from V, in words."""
    return [
        words
        for words, changed in (
            ("no input gate, i = 1", not variant.input_gate),
            ("no forget gate, f = 1", not variant.forget_gate),
            ("no output gate, o = 1", not variant.output_gate),
            ("no input activation, g(x) = x", not variant.input_activation),
            ("no output activation, h(x) = x", not variant.output_activation),
            ("coupled gates, f = 1 − i", variant.coupled),
            ("no peepholes", not variant.peepholes),
            ("full gate recurrence", variant.full_gate_recurrence),
        )
        if changed
    ]


def _name(variant: Variant) -> str:
    """The paper's name of the variant, and what it changes."""
    name = next((name for name, known in VARIANTS.items() if known == variant), None)
    changes = ", ".join(_changes(variant)) or "the vanilla LSTM block"
    return f"{name}: {changes}" if name else f"LSTM block: {changes}"


def _legend(pen: Pen, variant: Variant, caption: str) -> None:
    """Explain the signs in one line at the bottom, or write the caption there."""
    axes = pen.axes
    if caption:
        axes.text(0.15, 0.35, caption, fontsize=8, color=MUTED, va="top")
        return
    words = "× product    + sum    thin line: peephole"
    missing = len(variant.gates) < 3 - variant.coupled or not variant.peepholes
    if missing or not variant.output_activation:
        words += "    dashed: missing"
    axes.text(14.25, 0.2, words, fontsize=7.5, color=MUTED, va="center", ha="right")

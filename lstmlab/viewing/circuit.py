"""The wires and boxes of the block's drawing, at fixed places, for `block.draw_block`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lstmlab.cells import Variant
from lstmlab.viewing.pen import Pen
from lstmlab.viewing.style import ACCENT, INK, MUTED, QUANTITIES

_ROW, _GATES, _RAIL, _BUS = 1.75, 4.98, 6.0, 6.6  # heights of the cell, the gates, the inputs
_TOP = 3.44  # height of the loop's upper side
_X = {"z": 1.75, "i": 4.1, "sum": 5.55, "f": 6.45, "c": 7.4, "h": 9.65, "o": 11.35, "y": 12.95}
_GATE_WORDS = {"i": "input gate", "f": "forget gate", "o": "output gate"}
_CELL_SCALE = 2.0


def _has(variant: Variant, gate: str) -> bool:
    """Whether the variant has the gate at all, with weights or coupled."""
    return {"i": variant.input_gate, "f": variant.forget_gate, "o": variant.output_gate}[gate]


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _signed(value: float, scale: float = 1.0) -> tuple[float, float]:
    """Level from the middle of a box to `value`, cut off at its edge."""
    return 0.5, 0.5 + 0.5 * float(np.clip(value / scale, -1.0, 1.0))


def main_row(pen: Pen, variant: Variant, shown: Mapping[str, float]) -> None:
    """Draw z, the product with i, the sum, the cell, h, the product with o, and y."""
    x, row = _X, _ROW
    z, c, y = (QUANTITIES[name].color for name in "zcy")
    _activated(pen, "z", (x["z"], row), variant.input_activation, z, shown.get("z"))
    pen.wire("z", [(x["z"] + 0.75, row), (x["i"] - 0.29, row)], z)
    pen.wire("z", [(x["i"] + 0.27, row), (x["sum"] - 0.29, row)], z)
    ghost = not variant.input_gate
    pen.sign("i", (x["i"], row), "×", color=QUANTITIES["i"].color, ghost=ghost)
    pen.wire("c", [(x["sum"] + 0.27, row), (x["c"] - 0.74, row)], c)
    pen.sign("c", (x["sum"], row), "+", color=c)
    cell = shown.get("c")
    level = None if cell is None else _signed(cell, _CELL_SCALE)
    pen.box("c", (x["c"], row), c, size=(1.44, 1.44), round_=True, level=level)
    pen.text("c", (x["c"], row + (0.2 if cell is not None else 0.0)), r"$c^{t}$", size=15)
    if cell is not None:
        pen.text("c", (x["c"], row - 0.27), _number(cell), bold=True)
    pen.text("c", (x["c"], row - 0.98), "cell", size=8, color=MUTED)
    pen.wire("c", [(x["c"] + 0.72, row), (x["h"] - 0.66, row)], c)
    h_end = x["h"] + 0.64
    pen.wire("h", [(h_end, row), (x["o"] - 0.29, row)], c)
    _output_activation(pen, variant, cell)
    pen.wire("y", [(x["o"] + 0.27, row), (x["y"] - 0.57, row)], y)
    pen.sign("o", (x["o"], row), "×", color=QUANTITIES["o"].color, ghost=not variant.output_gate)
    level = None if "y" not in shown else _signed(shown["y"])
    pen.box("y", (x["y"], row), y, size=(1.1, 1.1), round_=True, level=level)
    pen.text("y", (x["y"], row + (0.18 if level else 0.0)), r"$y^{t}$", size=14)
    if level:
        pen.text("y", (x["y"], row - 0.24), _number(shown["y"]), size=8.5, bold=True)
    pen.text("y", (x["y"], row - 0.81), "block output", size=8, color=MUTED)
    pen.wire("y", [(x["y"] + 0.55, row), (14.3, row)], y)
    if {"z", "i"} <= set(shown):
        at = (0.5 * (x["i"] + x["sum"]), row - 0.28)
        pen.text("z", at, _number(shown["z"] * shown["i"]), size=8, color=MUTED)


def _activated(
    pen: Pen, part: str, at: tuple[float, float], active: bool, color: str, value: float | None
) -> None:
    """Draw the block input's box with its activation function or its number."""
    level = None if value is None else _signed(value)
    pen.box(part, at, color, level=level)
    pen.text(part, (at[0] - 0.4, at[1]), r"$z$", size=15)
    if value is None:
        shape, ink = ("tanh", MUTED) if active else ("identity", ACCENT)
        pen.curve(part, (at[0] + 0.27, at[1]), shape, ink)
    else:
        pen.text(part, (at[0] + 0.22, at[1]), _number(value), bold=True)
    pen.text(part, (at[0], at[1] - 0.76), "block input", size=8, color=MUTED)
    if not active:
        pen.text(part, (at[0], at[1] - 1.08), r"$g(x)=x$", size=9, color=ACCENT)


def _output_activation(pen: Pen, variant: Variant, cell: float | None) -> None:
    """Draw h, or a dashed outline with the straight line that takes its place."""
    at = (_X["h"], _ROW)
    on = variant.output_activation
    if not on:
        ends = [(at[0] - 0.66, _ROW), (at[0] + 0.66, _ROW)]
        pen.wire("h", ends, QUANTITIES["c"].color, arrow=False)
    pen.box("h", at, INK, size=(1.28, 1.0), ghost=not on)
    if cell is not None:
        pen.text("h", (at[0] - 0.38, at[1]), r"$h$", size=13)
        value = float(np.tanh(cell)) if on else cell
        pen.text("h", (at[0] + 0.17, at[1]), _number(value), size=8.5, bold=True)
    else:
        pen.text("h", (at[0] - 0.35, at[1]), r"$h$", size=13)
        pen.curve("h", (at[0] + 0.22, at[1]), "tanh" if on else "identity", MUTED if on else ACCENT)
    if on:
        pen.text("h", (at[0], at[1] - 0.76), "output activation", size=8, color=MUTED)
    else:
        pen.text("h", (at[0], at[1] - 0.76), r"$h(x)=x$", size=9, color=ACCENT)


def loop(pen: Pen, variant: Variant, shown: Mapping[str, float]) -> None:
    """Draw the constant error carousel: the cell's value comes back, times the forget gate."""
    x, c = _X, QUANTITIES["c"].color
    up = [(x["c"], _ROW + 0.72), (x["c"], _TOP), (x["f"] + 0.29, _TOP)]
    down = [(x["f"] - 0.27, _TOP), (x["sum"], _TOP), (x["sum"], _ROW + 0.29)]
    pen.wire("loop", up, c)
    pen.wire("loop", down, c)
    pen.sign("f", (x["f"], _TOP), "×", color=QUANTITIES["f"].color, ghost=not variant.forget_gate)
    if not variant.forget_gate:
        pen.wire("loop", [(x["f"] + 0.27, _TOP), (x["f"] - 0.27, _TOP)], c, arrow=False)
    words = r"$c^{\,t-1}$"
    pen.text("loop", (x["c"] - 0.12, _TOP - 0.4), words, size=9.5, ha="right", color=c)
    if "c_prev" in shown:
        at = (x["c"] - 0.12, _TOP - 0.71)
        pen.text("loop", at, _number(shown["c_prev"]), size=8, ha="right", color=MUTED)
        if "f" in shown:
            at = (x["sum"] - 0.12, _TOP - 0.6)
            kept = _number(shown["c_prev"] * shown["f"])
            pen.text("loop", at, kept, size=8, ha="right", color=MUTED)


def inputs(pen: Pen, variant: Variant) -> None:
    """Draw the line that brings x and the last output to z and the gates, and y's way back."""
    y = QUANTITIES["y"].color
    pen.wire("recurrence", [(_X["y"], _ROW + 0.55), (_X["y"], 3.7)], y)
    pen.wire("recurrence", [(_X["y"], 4.28), (_X["y"], _BUS), (_X["o"], _BUS)], y, arrow=False)
    pen.text("recurrence", (_X["y"] - 0.75, _BUS + 0.3), r"$y^{\,t-1}$", size=12)
    pen.box("recurrence", (_X["y"], 4.0), INK, size=(0.94, 0.56))
    pen.text("recurrence", (_X["y"], 4.0), "1 step", size=7.5)
    last = max([_X[g] for g in "ifo" if g in variant.gates], default=_X["z"])
    pen.wire("x", [(0.75, _BUS), (max(last, _X["o"]), _BUS)], INK, arrow=False)
    pen.text("x", (0.4, _BUS), r"$x^{t}$", size=13)
    pen.wire("z", [(_X["z"], _BUS), (_X["z"], _ROW + 0.52)], INK)
    pen.joint("z", (_X["z"], _BUS))
    pen.text("z", (_X["z"] + 0.14, 3.3), r"$W_z,\,R_z,\,b_z$", size=9, ha="left", color=MUTED)


def gate(pen: Pen, variant: Variant, gate: str, shown: Mapping[str, float]) -> None:
    """Draw one gate with its weights and the wire to its product, or what is left of it."""
    look, at = QUANTITIES[gate], (_X[gate], _GATES)
    end = _TOP if gate == "f" else _ROW
    has, own = _has(variant, gate), gate in variant.gates
    value = shown.get(gate) if has else None
    pen.box(gate, at, look.color, ghost=not has, level=None if value is None else (0.0, value))
    wire = [(at[0], _GATES - 0.5), (at[0], end + 0.29)]
    pen.wire(gate, wire, look.color, ghost=not has)
    side, ha = (0.9, "left") if gate == "f" else (-0.9, "right")
    if not has:
        pen.text(gate, at, rf"${gate}=1$", size=12, color=ACCENT)
    elif not own:
        if value is None:
            pen.text(gate, at, r"$f=1-i$", size=11.5)
        else:
            pen.text(gate, (at[0] - 0.42, at[1]), look.symbol, size=15)
            pen.text(gate, (at[0] + 0.2, at[1]), _number(value), bold=True)
        pen.wire("coupling", [(_X["i"] + 0.75, _GATES), (at[0] - 0.77, _GATES)], ACCENT)
        below = (at[0] + 0.9, _GATES - 0.36)
        pen.text("coupling", below, "no weights of its own", size=8, ha="left", color=ACCENT)
    else:
        pen.text(gate, (at[0] - 0.42, at[1]), look.symbol, size=15)
        if value is None:
            pen.curve(gate, (at[0] + 0.24, at[1]), "sigmoid")
        else:
            pen.text(gate, (at[0] + 0.2, at[1]), _number(value), bold=True)
        pen.wire(gate, [(at[0], _BUS), (at[0], _GATES + 0.52)], INK)
        pen.joint(gate, (at[0], _BUS))
        weights = rf"$W_{gate},\,R_{gate},\,b_{gate}$"
        height = _BUS - 0.32 if variant.full_gate_recurrence else 0.5 * (_BUS + _GATES + 0.5)
        pen.text(gate, (at[0] + 0.14, height), weights, size=9, ha="left", color=MUTED)
    pen.text(gate, (at[0] + side, _GATES), _GATE_WORDS[gate], size=8, ha=ha, color=MUTED)


def peepholes(pen: Pen, variant: Variant) -> None:
    """Draw the peepholes: i and f look at the cell of the step before, o at the cell now."""
    ghost = not variant.peepholes
    c, low, high = QUANTITIES["c"].color, _GATES - 0.52, 4.02
    at = {"i": _X["i"] + 0.42, "f": _X["f"] + 0.42, "o": _X["o"] - 0.42}
    right, before = _X["c"] + 0.62, _TOP - 0.42
    old = [(_X["c"], before), (right, before), (right, high)]  # leaves the loop: c^{t-1}
    new = [(8.5, _ROW), (8.5, high)]  # leaves the row: c^t
    ways = {
        gate: [*(new if gate == "o" else old), (at[gate], high), (at[gate], low)] for gate in "ifo"
    }
    for gate in variant.gates:
        part = f"p_{gate}"
        pen.wire(part, ways[gate], c, thin=True, ghost=ghost, turn=0.2)
        if not ghost:
            pen.joint(part, ways[gate][0], c)
            x = _X[gate] + (0.56 if gate != "o" else -0.56)
            ha = "left" if gate != "o" else "right"
            pen.text(part, (x, 4.25), rf"$p_{gate}$", size=9.5, ha=ha, color=c)


def gate_recurrence(pen: Pen, variant: Variant) -> None:
    """Draw the rail that carries every gate's last output to every gate."""
    gates = variant.gates
    ends = (_X[gates[0]] - 0.55, _X[gates[-1]] + 0.55)
    part = "gate_recurrence"
    pen.wire(part, [(ends[0], _RAIL), (ends[1], _RAIL)], ACCENT, thin=True, arrow=False)
    for gate in gates:
        out, into, top = _X[gate] - 0.5, _X[gate] + 0.5, _GATES + 0.5
        pen.wire(part, [(out, top), (out, _RAIL)], ACCENT, thin=True, arrow=False)
        pen.wire(part, [(into, _RAIL), (into, top + 0.02)], ACCENT, thin=True)
        pen.joint(part, (out, _RAIL), ACCENT)
        pen.joint(part, (into, _RAIL), ACCENT)
    words = ", ".join(rf"{gate}^{{\,t-1}}" for gate in gates)
    pen.text(part, (9.1, _RAIL - 0.3), f"${words}$", size=9.5, color=ACCENT)

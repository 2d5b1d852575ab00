"""An update rule as a tree, as in Bello et al., figure 2: operands below, the step at the top."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Literal

from lstmlab.optimizers.graph import Graph, uses
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.tokens import TOKENS
from lstmlab.optimizers.writing import operand_latex
from lstmlab.viewing.figure import Figure
from lstmlab.viewing.pen import Pen
from lstmlab.viewing.style import INK, MUTED, QUANTITIES, WIDTH, annotate, style

_COLORS = {
    "operand": QUANTITIES["c"].color,
    "unary": QUANTITIES["f"].color,
    "binary": MUTED,
    "result": QUANTITIES["z"].color,
}
_SIZE, _APART, _RISE = (1.5, 0.72), 1.75, 1.35
_SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷", "left": "left"}
_WORDS = {"+": "sum", "-": "difference", "*": "product", "/": "quotient", "-x": "minus"}


@dataclass
class _Part:
    """A box of the drawing: what it says, its kind, the boxes below it that lead to it and the
    columns in which they do."""

    says: str
    kind: Literal["operand", "unary", "binary", "result"]
    below: tuple[int, ...] = ()
    level: int = 0
    x: float = 0.0
    ways: list[float] = field(default_factory=list)


def draw_rule(
    rule: Rule, *, groups: bool = False, title: str | None = None, caption: str | None = None
) -> Figure:
    """Draw a rule as a tree (Bello et al., 2017, figure 2).

    Parameters
    ----------
    rule : Rule
        An operand is drawn wherever it is used, a shared value once. The left one of two
        arguments enters at the left.
    groups : bool
        Draw the token string instead, group by group: also `x`, `left`, and the results r1, r2, ...
        that join the operands.
    title, caption : str, optional
        Above and below the figure. Without a title, the formula.

    Returns
    -------
    Figure
        Blue boxes are operands, orange ones functions of one value, grey ones of two, and light
        blue ones the results of groups; the boxes and words of each carry these kinds, "operand",
        "unary", "binary" and "result", as `gid`. `describe_rule` puts the tree in words.

    Raises
    ------
    TypeError
        If `rule` is no `Rule`.
    """
    if not isinstance(rule, Rule):
        raise TypeError(f"rule must be a Rule, got {type(rule).__name__}")
    parts = _of_tokens(rule) if groups else _of_graph(rule.written)
    _place(parts)
    columns = [x for part in parts for x in (part.x, *part.ways)]
    right = max(columns) + 0.5 * _SIZE[0] + 0.2
    left = min(columns) - 0.5 * _SIZE[0] - 0.2
    top = _RISE * max(part.level for part in parts) + 1.25
    inches = min(0.55, WIDTH / (right - left))
    height = inches * (top + 0.6)
    room = 0.3 + (0.3 if caption else 0.0)
    with style():
        figure = Figure(figsize=(WIDTH, height + room))
        axes = figure.add_axes((0.0, (room - 0.3) / (height + room), 1.0, height / (height + room)))
        half = 0.5 * WIDTH / inches
        middle = 0.5 * (left + right)
        axes.set(xlim=(middle - half, middle + half), ylim=(-0.6, top), aspect="equal")
        axes.set_axis_off()
        _draw(Pen(axes), parts, 9.0 * inches / 0.55)
        annotate(figure, title or _shortened(f"${rule.latex()}$", str(rule)), caption)
    return figure


def describe_rule(rule: Rule) -> str:
    """The tree of a rule in words, as a figure's text alternative.

    Examples
    --------
    >>> describe_rule(Rule.parse("m * exp(v)"))
    'The rule m * exp(v) as a tree: from the operands m, v by exp, product to the step.'
    """
    graph = rule.written
    operands = ", ".join(dict.fromkeys(_operand(graph, k) for k in range(len(graph)) if not
                                       graph[k].args))  # fmt: skip
    functions = ", ".join(_WORDS.get(node.op, node.op) for node in graph if node.args)
    by = f" by {functions}" if functions else ", as it is,"
    one = "operand" if "," not in operands else "operands"
    return f"The rule {rule} as a tree: from the {one} {operands}{by} to the step."


def _operand(graph: Graph, place: int) -> str:
    node = graph[place]
    return f"{node.value:g}" if node.op == "const" else node.op


def _label(op: str) -> str:
    """What a function's box says."""
    if TOKENS[op].kind == "binary":
        return _SIGNS[op]
    amount = TOKENS[op].amount
    for family in ("clip", "drop"):
        if op.startswith(family) and amount is not None:
            return f"{family} {op.removeprefix(family)}"
    return {"-x": "−x", "log": "log |x|", "sqrt": "√|x|"}.get(op, op)


def _of_graph(graph: Graph) -> list[_Part]:
    """The boxes of a graph, operands anew wherever they are used unless they are a shared draw."""
    parts: list[_Part] = []
    found: dict[int, int] = {}
    used = uses(graph)

    def box(place: int) -> int:
        node = graph[place]
        if not node.args and not (node.random and used[place] > 1):
            parts.append(_Part(f"${operand_latex(node)}$", "operand"))
            return len(parts) - 1
        if place not in found:
            below = tuple(box(arg) for arg in node.args)
            kind = TOKENS[node.op].kind
            says = _label(node.op) if node.args else f"${operand_latex(node)}$"
            parts.append(_Part(says, kind, below))
            found[place] = len(parts) - 1
        return found[place]

    box(len(graph) - 1)
    return parts


def _of_tokens(rule: Rule) -> list[_Part]:
    """The boxes of a token string: five of each group, and its result."""
    parts: list[_Part] = []
    results: list[int] = []
    tokens = rule.tokens
    for start in range(0, len(tokens), 5):
        arms = []
        for operand, unary in zip(tokens[start : start + 2], tokens[start + 2 : start + 4],
                                  strict=True):  # fmt: skip
            arms.append(_arm(parts, results, operand, unary))
        parts.append(_Part(_label(tokens[start + 4]), "binary", tuple(arms)))
        if start + 5 < len(tokens):
            parts.append(_Part(f"$r_{{{start // 5 + 1}}}$", "result", (len(parts) - 1,)))
        results.append(len(parts) - 1)
    return parts


def _arm(parts: list[_Part], results: list[int], operand: str, unary: str) -> int:
    """The boxes of an operand, or a result's, and of the function of it."""
    earlier = [f"r{k + 1}" for k in range(len(results))]
    if operand in earlier:
        below = results[earlier.index(operand)]
    else:
        (node,) = Rule.from_tokens(
            [operand, "1", "x", "x", "left"], ("const", "decay")
        ).written  # fmt: skip
        parts.append(_Part(f"${operand_latex(node)}$", "operand"))
        below = len(parts) - 1
    parts.append(_Part("x" if unary == "x" else _label(unary), "unary", (below,)))
    return len(parts) - 1


def _place(parts: list[_Part]) -> None:
    """Give every box its level, right under the lowest that it leads to, and its place on it."""
    above: dict[int, int] = {}
    for part in parts:
        part.level = 1 + max((parts[k].level for k in part.below), default=-1)
    for place in range(len(parts) - 1, -1, -1):
        parts[place].level = above.get(place, parts[place].level)
        for k in parts[place].below:
            above[k] = min(above.get(k, parts[place].level), parts[place].level - 1)
    columns = count()
    roots = [k for k in range(len(parts) - 1, -1, -1) if k not in above]
    placed: set[int] = set()
    for root in roots:
        _place_under(parts, root, columns, placed)
    for level in range(max(part.level for part in parts) + 1):
        row = sorted((part for part in parts if part.level == level), key=lambda part: part.x)
        for one, other in pairwise(row):
            other.x = max(other.x, one.x + _APART)


def _place_under(parts: list[_Part], place: int, columns: Iterator[int], placed: set[int]) -> None:
    """Put a box over the middle of those that lead to it; one that is shared has a wire beside."""
    part = parts[place]
    placed.add(place)
    for k in part.below:
        if k in placed:
            part.ways.append(_APART * next(columns))
        else:
            _place_under(parts, k, columns, placed)
            part.ways.append(parts[k].x)
    part.x = sum(part.ways) / len(part.ways) if part.ways else _APART * next(columns)


def _draw(pen: Pen, parts: list[_Part], size: float) -> None:
    for part in parts:
        for order, (k, way) in enumerate(zip(part.below, part.ways, strict=True)):
            side = 0.0 if len(part.below) == 1 else (-0.35, 0.35)[order]
            _wire(pen, parts[k], way, part, side)
    for part in parts:
        at = (part.x, _RISE * part.level)
        pen.box(part.kind, at, _COLORS[part.kind], size=_SIZE)
        words = size * (1.25 if part.kind != "unary" and _is_symbol(part.says) else 1.0)
        pen.text(part.kind, at, part.says, size=words)
    root = parts[-1]
    end = (root.x, _RISE * root.level + 0.5 * _SIZE[1])
    pen.wire("wire", [end, (end[0], end[1] + 0.4)], INK, thin=True)
    pen.text("step", (end[0] + 0.2, end[1] + 0.25), r"$\times(-\lambda)=\Delta w$", size=size,
             ha="left", color=MUTED)  # fmt: skip


def _is_symbol(says: str) -> bool:
    """Whether it is one letter or sign, with its hat and power."""
    return len(re.sub(r"[\\${}]|hat|gamma|varepsilon", "", says)) <= 3


def _wire(pen: Pen, low: _Part, way: float, high: _Part, side: float) -> None:
    """Draw a wire from a box up its column, past what lies between, to a box that needs it."""
    points = [(low.x, _RISE * low.level + 0.5 * _SIZE[1])]
    if high.level - low.level > 1:
        points += [
            (way, _RISE * (low.level + 1)), (way, _RISE * (high.level - 1) + 0.5 * _SIZE[1]),
        ]  # fmt: skip
    pen.wire("wire", [*points, (high.x + side, _RISE * high.level - 0.5 * _SIZE[1])], thin=True)


def _shortened(title: str, text: str) -> str:
    """The title, or the beginning of the formula's text where the title is longer than a line."""
    return title if len(text) <= 76 else f"{text[:75]}…"

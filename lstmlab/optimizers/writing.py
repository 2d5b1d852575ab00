"""Writes a graph as a formula, for `parsing.parse` and for LaTeX."""

from __future__ import annotations

from lstmlab.optimizers.graph import Graph, Node, uses
from lstmlab.optimizers.tokens import TOKENS

_SUM, _PRODUCT, _MINUS, _ATOM = 1, 2, 3, 4
_LEVELS = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "-x": _MINUS}


def formula(graph: Graph) -> str:
    """The graph in the language of `parsing`, with as few brackets as it needs.

    A value that is used more than once gets a name, r1, r2, ..., unless it is an operand, or one
    function of an operand, and not random.
    """
    written = _Writer(graph, latex=False)
    return "; ".join([*(f"{name} = {text}" for name, text in written.named), written.result])


def latex(graph: Graph) -> str:
    r"""The graph in LaTeX, without dollar signs; Matplotlib can set it, too.

    Every `noise` has a number where there is more than one. δ stands in every denominator.
    """
    written = _Writer(graph, latex=True)
    lines = [*(rf"{name} = {text}" for name, text in written.named), written.result]
    return r",\quad ".join(lines)


def leaf(op: str, value: float | None) -> str:
    """An operand as it stands in a formula and in a token string."""
    if op == "const":
        return repr(value)
    return f"restarts({value:g})" if op == "restarts" else op


def operand_latex(node: Node) -> str:
    """An operand in LaTeX."""
    if node.op == "const" and node.value is not None:
        return _number(node.value)
    return rf"f_{{{node.value:g}}}(t)" if node.op == "restarts" else TOKENS[node.op].latex


class _Writer:
    """Writes node after node: its text, and how strongly its parts hold together."""

    def __init__(self, graph: Graph, *, latex: bool) -> None:
        self._latex = latex
        self._graph = graph
        self._noises = [k for k, node in enumerate(graph) if node.op == "noise"]
        self._texts: list[tuple[str, int]] = []
        self.named: list[tuple[str, str]] = []
        used, short = uses(graph), _short(graph)
        for place, times in enumerate(used):
            text, level = self._node(place)
            if times > 1 and not short[place]:
                number = len(self.named) + 1
                name = f"r_{{{number}}}" if latex else f"r{number}"
                self.named.append((name, text))
                text, level = name, _ATOM
            self._texts.append((text, level))
        self.result = self._texts[-1][0]

    def _node(self, place: int) -> tuple[str, int]:
        node = self._graph[place]
        if not node.args:
            return self._operand(place)
        template = TOKENS[node.op].latex if self._latex else TOKENS[node.op].text
        level = _LEVELS.get(node.op, _ATOM)
        if self._latex and node.op == "/":
            level = _ATOM  # the bar holds both sides together
        held = level if level < _ATOM else 0
        text = template.replace("<x>", self._held(node.args[0], held))
        if len(node.args) == 2:
            right = held if node.op in ("+", "*") and self._latex else held + bool(held)
            text = text.replace("<y>", self._held(node.args[1], right, after=bool(held)))
        return text, level

    def _operand(self, place: int) -> tuple[str, int]:
        node = self._graph[place]
        level = _PRODUCT if node.op.endswith("*w") else _ATOM
        if not self._latex:
            return leaf(node.op, node.value), level
        text = operand_latex(node)
        if node.op == "noise" and len(self._noises) > 1:
            text += f"_{{{self._noises.index(place) + 1}}}"
        return text, level

    def _held(self, place: int, level: int, *, after: bool = False) -> str:
        """A part, in brackets if it holds together less than its place needs, or is a minus."""
        text, own = self._texts[place]
        if own >= level and not (own == _MINUS and (after or level == _MINUS)):
            return text
        return rf"\left({text}\right)" if self._latex else f"({text})"


def _short(graph: Graph) -> list[bool]:
    """Whether each node is written out wherever it is used: an operand or a function of one."""
    return [
        not node.random
        and len(node.args) < 2
        and all(not graph[arg].args and not graph[arg].random for arg in node.args)
        for node in graph
    ]


def _number(value: float) -> str:
    digits, _, power = f"{value:.6g}".partition("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}" if power else digits

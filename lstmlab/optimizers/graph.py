"""An update rule as a graph: operands, and functions of earlier nodes. A shared value is one node.

`noise` and `drop` are drawn once a node, so that a value used twice is the same value twice, and
two nodes alike are two draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from lstmlab.optimizers.tokens import TOKENS, extension_of

MAX_NODES = 128
"""No rule has more nodes; the paper's largest, four groups, have at most 20."""

MAX_DEPTH = 64
"""No rule has more nodes between an operand and its result."""

_ARGUMENTS = {"operand": 0, "unary": 1, "binary": 2}


@dataclass(frozen=True, slots=True)
class Node:
    """An operand, or a function of earlier nodes.

    Attributes
    ----------
    op : str
        A token's name: "g", "exp", "clip1e-4", "+"; see `tokens`.
    args : tuple of int
        Indices of earlier nodes: none for an operand, one or two for a function.
    value : float, optional
        The number of "const", or how many cosines "restarts" has.
    """

    op: str
    args: tuple[int, ...] = ()
    value: float | None = None

    @property
    def random(self) -> bool:
        """Whether it is drawn anew at every step: noise and drop."""
        return TOKENS[self.op].random


Graph: TypeAlias = tuple[Node, ...]
"""Nodes in an order in which each comes after its arguments; the last one is the result."""


def check_graph(nodes: Iterable[Node]) -> Graph:
    """The nodes as a graph.

    Raises
    ------
    TypeError
        If one is no `Node`.
    ValueError
        If there is none or there are more than `MAX_NODES`, a token is unknown, a function has
        the wrong number of arguments or one that is no earlier node, a value is missing or not
        allowed, or the depth is above `MAX_DEPTH`.
    """
    graph = tuple(nodes)
    if not 1 <= len(graph) <= MAX_NODES:
        raise ValueError(f"a rule must have 1 to {MAX_NODES} nodes, got {len(graph)}")
    for place, node in enumerate(graph):
        _check_node(place, node)
    if (deepest := max(depths(graph))) > MAX_DEPTH:
        raise ValueError(f"a rule must be at most {MAX_DEPTH} deep, got {deepest}")
    return graph


def _check_node(place: int, node: object) -> None:
    if not isinstance(node, Node):
        raise TypeError(f"a rule must be made of Node, got {node!r} at {place}")
    if node.op not in TOKENS:
        raise ValueError(f"node {place} must have a token of the language, got {node.op!r}")
    wanted = _ARGUMENTS[TOKENS[node.op].kind]
    if len(node.args) != wanted or not all(
        isinstance(arg, int) and 0 <= arg < place for arg in node.args
    ):
        raise ValueError(
            f"node {place}, {node.op!r}, must have {wanted} earlier nodes as arguments, "
            f"got {node.args!r}"
        )
    if node.op == "const":
        check_constant(node.value)
    elif node.op == "restarts":
        check_restarts(node.value)
    elif node.value is not None:
        raise ValueError(f"node {place}, {node.op!r}, must have no value, got {node.value!r}")


def check_constant(value: object) -> float:
    """A constant of a rule; ValueError if it is not finite, or below 0 (write -x of it)."""
    if not isinstance(value, float) or not math.isfinite(value) or math.copysign(1, value) < 0:
        raise ValueError(f"a constant must be a finite float of 0 or more, got {value!r}")
    return value


def check_restarts(value: object) -> float:
    """The number of cosines of `restarts`; ValueError if it is not a whole one from 1 to 1000."""
    if not isinstance(value, float) or not value.is_integer() or not 1 <= value <= 1000:
        raise ValueError(f"restarts must have a whole number from 1 to 1000, got {value!r}")
    return value


def depths(graph: Graph) -> list[int]:
    """For every node, the number of nodes on the longest way from an operand to it."""
    found: list[int] = []
    for node in graph:
        found.append(1 + max((found[arg] for arg in node.args), default=0))
    return found


def uses(graph: Graph) -> list[int]:
    """How often every node is an argument."""
    found = [0] * len(graph)
    for node in graph:
        for arg in node.args:
            found[arg] += 1
    return found


def memory(graph: Graph) -> tuple[str, ...]:
    """The running averages that a graph needs, of "m", "v" and "gamma" in this order."""
    needed = {name for node in graph for name in TOKENS[node.op].memory}
    return tuple(name for name in ("m", "v", "gamma") if name in needed)


def extensions(graph: Graph) -> tuple[str, ...]:
    """The extensions of the language that a graph uses, in alphabetical order."""
    return tuple(sorted({name for node in graph if (name := extension_of(node.op)) is not None}))


class Builder:
    """Collects nodes; equal ones become one, except noise and drop, each of which is a draw."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._places: dict[tuple[str, tuple[int, ...], float | None], int] = {}

    def add(self, op: str, *args: int, value: float | None = None) -> int:
        """The place of a node, a new one unless it is there already and is not random."""
        said = (op, args, value)
        place = None if TOKENS[op].random else self._places.get(said)
        if place is None:
            place = self._places[said] = len(self.nodes)
            self.nodes.append(Node(op, args, value))
        return place

    def graph(self, result: int) -> Graph:
        """What leads to a result, in the order of a walk from it, left before right."""
        order: dict[int, int] = {}
        ahead = [result]
        while ahead:
            place = ahead[-1]
            wanted = [arg for arg in self.nodes[place].args if arg not in order]
            if wanted:
                ahead.append(wanted[0])
                continue
            ahead.pop()
            order.setdefault(place, len(order))
        return tuple(
            Node(node.op, tuple(order[arg] for arg in node.args), node.value)
            for node in (self.nodes[place] for place in order)
        )


def resolve(graph: Graph) -> Graph:
    """A graph of what is computed, in the order in which it is written.

    `x` and `left` are gone, and so is what leads nowhere; a number 1 is the operand 1; the sign
    of g or m is that operand; and what is written twice and not random is one node.
    """
    build = Builder()
    found: list[int] = []
    for node in graph:
        args = [found[arg] for arg in node.args]
        if node.op in ("x", "left"):
            found.append(args[0])
        elif node.op == "sign" and (whose := build.nodes[args[0]].op) in ("g", "m"):
            found.append(build.add(f"sign({whose})"))
        elif node.op == "const" and node.value == 1.0:
            found.append(build.add("1"))
        else:
            found.append(build.add(node.op, *args, value=node.value))
    return build.graph(found[-1])

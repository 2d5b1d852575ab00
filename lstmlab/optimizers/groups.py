"""Token strings: groups of (operand 1, operand 2, unary 1, unary 2, binary), as a controller
writes them (Bello et al., 2017, section 3.1), to a graph and back.

The result of group k joins the operands as r1, r2, ...; the last group's is the rule. A result
that is used twice is one value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from lstmlab.optimizers.graph import (
    MAX_NODES,
    Builder,
    Graph,
    check_constant,
    check_restarts,
    uses,
)
from lstmlab.optimizers.parsing import check_extensions
from lstmlab.optimizers.tokens import BINARY, OPERANDS, TOKENS, UNARY, extension_of
from lstmlab.optimizers.writing import leaf

SLOTS = ("operand 1", "operand 2", "unary 1", "unary 2", "binary")
"""The five tokens of a group, in their order."""

_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_RESTARTS = re.compile(r"restarts\(([0-9]{1,4})\)")


def read(tokens: Sequence[str], extensions: Collection[str] = ()) -> Graph:
    """The graph of a token string, with `x` and `left` as nodes, and with what leads nowhere.

    Raises
    ------
    TypeError
        If `tokens` is no sequence of str.
    ValueError
        If their number is not a multiple of 5, one is not of the kind that its place asks for, or
        belongs to an extension that is not allowed.
    """
    allowed = check_extensions(extensions)
    if isinstance(tokens, str) or not isinstance(tokens, Sequence):
        raise TypeError(f"tokens must be a list of str, got {type(tokens).__name__}")
    if not tokens or len(tokens) % 5 or len(tokens) > 5 * MAX_NODES:
        raise ValueError(f"tokens must be 1 to {MAX_NODES} groups of 5, got {len(tokens)} tokens")
    build, results = Builder(), list[int]()
    for start in range(0, len(tokens), 5):
        ends = [_operand(build, results, tokens, start + k, allowed) for k in (0, 1)]
        arms = [
            build.add(_function(tokens, start + 2 + k, allowed), end) for k, end in enumerate(ends)
        ]
        results.append(build.add(_function(tokens, start + 4, allowed), *arms))
    return tuple(build.nodes)


def _operand(
    build: Builder, results: list[int], tokens: Sequence[str], place: int, allowed: frozenset[str]
) -> int:
    token = tokens[place]
    earlier = [f"r{k + 1}" for k in range(len(results))]
    if token in earlier:
        return results[earlier.index(token)]
    op, value = operand_of(token)
    if op is None:
        known = ", ".join((*OPERANDS, *earlier))
        raise ValueError(f"tokens[{place}] must be an operand ({known}), got {token!r}")
    _check_allowed(op, place, allowed)
    return build.add(op, value=value)


def operand_of(token: object) -> tuple[str | None, float | None]:
    """The node that an operand's token stands for: its op, None if it is none, and its value."""
    if not isinstance(token, str):
        raise TypeError(f"a token must be a str, got {token!r}")
    if match := _RESTARTS.fullmatch(token):
        return "restarts", check_restarts(float(match[1]))
    if token != "1" and _NUMBER.fullmatch(token):
        return "const", check_constant(float(token))
    known = token in OPERANDS or token in ("linear", "cosine")
    return (token if known else None), None


def _function(tokens: Sequence[str], place: int, allowed: frozenset[str]) -> str:
    token = tokens[place]
    kind, known = ("unary", (*UNARY, "sqrt")) if place % 5 < 4 else ("binary", BINARY)
    if token not in known:
        names = ", ".join(UNARY if kind == "unary" else BINARY)
        raise ValueError(f"tokens[{place}] must be a {kind} function ({names}), got {token!r}")
    _check_allowed(token, place, allowed)
    return token


def _check_allowed(op: str, place: int, allowed: frozenset[str]) -> None:
    extension = extension_of(op)
    if extension is not None and extension not in allowed:
        raise ValueError(
            f"tokens[{place}], {op!r}, is an extension, to be allowed by "
            f"extensions=({extension!r},)"
        )


def write(graph: Graph) -> tuple[str, ...]:
    """A token string of a resolved graph: one group for every binary function, and one with
    `left` for every other value that is needed as an operand."""
    names: dict[int, str] = {}
    groups: list[str] = []
    for place in _results(graph):
        node = graph[place]
        if len(node.args) == 2:
            arms = [_arm(graph, names, arg) for arg in node.args]
            binary = node.op
        else:
            operand, unary = _arm(graph, names, place)
            arms, binary = [(operand, unary), ("g" if operand == "1" else "1", "x")], "left"
        groups += [arms[0][0], arms[1][0], arms[0][1], arms[1][1], binary]
        names[place] = f"r{len(names) + 1}"
    return tuple(groups)


def _results(graph: Graph) -> list[int]:
    """The nodes that are a group's result, in their order."""
    used = uses(graph)
    nested = {arg for node in graph if len(node.args) == 1 for arg in node.args if graph[arg].args}
    return [
        place
        for place, node in enumerate(graph)
        if len(node.args) == 2
        or place in nested
        or place == len(graph) - 1
        or (TOKENS[node.op].random and used[place] > 1)
    ]


def _arm(graph: Graph, names: dict[int, str], place: int) -> tuple[str, str]:
    """What a group has for a node: an operand, and a function of it."""
    node = graph[place]
    if place in names:
        return names[place], "x"
    if not node.args:
        return leaf(node.op, node.value), "x"
    return _arm(graph, names, node.args[0])[0], node.op

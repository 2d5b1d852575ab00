"""A rule as a loop written for it alone, which Numba compiles: the fastest engine, after a second.

The loop is written from the checked graph, a line for each node out of fixed pieces and numbers;
no text of a user's goes in. `source` shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lstmlab.optimizers import draws, primitives
from lstmlab.optimizers.compiled import NUMBERS, Compiled
from lstmlab.optimizers.evaluate import AVERAGES, Step
from lstmlab.optimizers.graph import Graph, Node, memory
from lstmlab.optimizers.primitives import OPTIONS, view
from lstmlab.optimizers.tokens import DECAYS, TOKENS

_OPERANDS = {
    "g": "g",
    "g^2": "g * g",
    "g^3": "g * g * g",
    "m": "m * correction1",
    "v": "v * correction2",
    "gamma": "gamma * correction3",
    "sign(g)": "sign(g)",
    "sign(m)": "sign(m)",
    "1": "like(g, 1.0)",
    "adam": "m * correction1 / (sqrt(v * correction2) + delta)",
    "rmsprop": "g / (sqrt(v * correction2) + delta)",
}

_UNARY = {
    "x": "{0}",
    "-x": "-{0}",
    "exp": "exp({0})",
    "log": "log({0})",
    "sign": "sign({0})",
    "sqrt": "sqrt({0})",
}

_BINARY = {
    "+": "{0} + {1}",
    "-": "{0} - {1}",
    "*": "{0} * {1}",
    "/": "{0} / ({1} + delta)",
    "left": "{0}",
}

_POWERS = {"m": "g", "v": "(g * g)", "gamma": "(g * g * g)"}

MAX_KEPT = 64
"""Loops that are kept compiled, for rules that are used again."""


def source(graph: Graph) -> str:
    """The loop of a graph, as Python.

    Parameters
    ----------
    graph : tuple of Node
        Of a rule, which has checked it.

    Returns
    -------
    str
        A function `sweep`. Weights, gradients and averages end in an underscore, a weight's own
        have none; r0, r1, … are the values of the nodes.
    """
    told = [*NUMBERS, *(f"decay{n}" for n, node in enumerate(graph) if node.op in DECAYS)]
    drawn = [n for n, node in enumerate(graph) if node.random]
    lines = ["def sweep(w_, g_, m_, v_, gamma_, first, numbers, seeds):", "    apart()"]
    lines += [f"    {name} = numbers[{k}]" for k, name in enumerate(told)]
    lines += [f"    seed{n} = seeds[{k}]" for k, n in enumerate(drawn)]
    lines += ["    for i in range(len(w_)):", "        w, g = w_[i], g_[i]"]
    for name in memory(graph):
        k = AVERAGES.index(name) + 1
        lines.append(f"        {name} = beta{k} * {name}_[i] + rest{k} * {_POWERS[name]}")
        lines.append(f"        {name}_[i] = {name}")
    lines += [f"        r{n} = {_value(n, node)}" for n, node in enumerate(graph)]
    lines.append(f"        w_[i] = w - lr * r{len(graph) - 1}")
    return "\n".join(lines) + "\n"


def _value(n: int, node: Node) -> str:
    """The right side of a node's line."""
    op, args = node.op, [f"r{arg}" for arg in node.args]
    amount = TOKENS[op].amount
    if op in _OPERANDS:
        return _OPERANDS[op]
    if op in _UNARY:
        return _UNARY[op].format(*args)
    if op in _BINARY:
        return _BINARY[op].format(*args)
    if op in DECAYS:
        return f"decay{n}"
    if op == "noise":
        return f"like(g, noise(seed{n}, first + i))"
    if op == "const":
        return f"like(g, {float(node.value or 0.0)!r})"
    assert amount is not None
    if op.endswith("*w"):
        return f"like(g, {amount!r}) * w"
    if op.startswith("clip"):
        return f"clip({args[0]}, like(g, {amount!r}))"
    return f"drop({args[0]}, {draws.threshold(amount)}, seed{n}, first + i)"


@lru_cache(maxsize=MAX_KEPT)
def compiled(graph: Graph) -> Callable[..., None]:
    """Machine code for a graph, of numbers, seeds and a table; made at the first call."""
    names = ("apart", "like", "sign", "exp", "log", "clip", "sqrt", "drop", "noise")
    found: dict[str, Callable[..., None]] = {name: getattr(primitives, name) for name in names}
    exec(compile(source(graph), "<rule>", "exec"), found)
    sweep = njit(found["sweep"], **OPTIONS)

    def update(numbers, seeds, table, lr, delta, betas, t):  # type: ignore[no-untyped-def]
        primitives.apart()
        primitives.tell(numbers, lr, delta, betas, t)
        for p in range(table.shape[1]):
            n = table[5, p]
            sweep(
                view(table[0, p], n, numbers),
                view(table[1, p], n, numbers),
                view(table[2, p], n, numbers),
                view(table[3, p], n, numbers),
                view(table[4, p], n, numbers),
                table[6, p],
                numbers,
                seeds,
            )

    made: Callable[..., None] = njit(update, **OPTIONS)
    return made


class Generated(Compiled):
    """The engine with a loop for this rule alone.

    Parameters
    ----------
    graph : tuple of Node
        Of the rule.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._update = compiled(graph)

    def call(
        self,
        numbers: NDArray[np.floating],
        seeds: NDArray[np.uint64],
        table: NDArray[np.int64],
        step: Step,
        lr: float,
    ) -> None:
        """Make a step."""
        self._update(numbers, seeds, table, lr, float(step.delta), step.betas, step.t)

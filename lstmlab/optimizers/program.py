"""A rule as a program for the machine of `machine`: one instruction a node, and few registers.

Registers hold a block of numbers each. Sources below 0 are no registers but the block of weights
itself: its weights, gradients and averages.
"""

from __future__ import annotations

from typing import NamedTuple

from lstmlab.optimizers import draws
from lstmlab.optimizers.compiled import NUMBERS
from lstmlab.optimizers.evaluate import AVERAGES
from lstmlab.optimizers.graph import Graph, Node, memory
from lstmlab.optimizers.tokens import DECAYS, TOKENS

SOURCES = {"w": -1, "g": -2, "m": -3, "v": -4, "gamma": -5}
"""What an instruction can read besides registers, in the order of a table's columns."""

(KEEP, SQUARE, CUBE, DESCEND, FILL, SCALE, RATIO, NOISE, EXP, LOG, SIGN, SQRT, CLIP, DROP,
 ADD, SUBTRACT, MULTIPLY, DIVIDE) = range(18)  # fmt: skip


class Instruction(NamedTuple):
    """What to do, where to write, from where to read, and two more numbers, if it needs them.

    `i` and `j` are places among the numbers of a step; for DROP and NOISE, `i` is the draw, and for
    DROP `j` the threshold.
    """

    op: int
    out: int = 0
    x: int = SOURCES["w"]
    y: int = SOURCES["w"]
    i: int = 0
    j: int = 0


class Program:
    """The instructions for a graph.

    Attributes
    ----------
    instructions : list of Instruction
    constants : list of float
        They stand behind `NUMBERS` and the decays.
    registers : int
        How many are written to.
    """

    def __init__(self, graph: Graph) -> None:
        self.instructions: list[Instruction] = []
        self.constants: list[float] = []
        self.registers = 0
        self._free: list[int] = []
        self._decays = [n for n, node in enumerate(graph) if node.op in DECAYS]
        self._drawn = 0
        for name in memory(graph):
            k = AVERAGES.index(name)
            beta = NUMBERS.index(f"beta{k + 1}")
            average, g = SOURCES[name], SOURCES["g"]
            self._add((KEEP, SQUARE, CUBE)[k], out=average, x=g, i=beta, j=beta + 1)
        last = {arg: n for n, node in enumerate(graph) for arg in node.args}
        places: list[int] = []
        for n, node in enumerate(graph):
            places.append(self._place(n, node, [places[arg] for arg in node.args]))
            ended = {places[arg] for arg, end in last.items() if end == n}
            held = {places[arg] for arg, end in last.items() if arg <= n < end}
            self._free += sorted(place for place in ended - held - {places[n]} if place >= 0)
        self._add(DESCEND, out=SOURCES["w"], x=places[-1], i=NUMBERS.index("lr"))

    def _add(self, op: int, **fields: int) -> None:
        self.instructions.append(Instruction(op, **fields))

    def _into(self, op: int, **fields: int) -> int:
        """Add an instruction that writes to a register, and say to which."""
        if not self._free:
            self._free.append(self.registers)
            self.registers += 1
        out = self._free.pop()
        self._add(op, out=out, **fields)
        return out

    def _constant(self, value: float) -> int:
        """The place of a constant among the numbers."""
        if value not in self.constants:
            self.constants.append(value)
        return len(NUMBERS) + len(self._decays) + self.constants.index(value)

    def _place(self, n: int, node: Node, args: list[int]) -> int:
        """Where the value of a node is, after instructions that put it there."""
        kind = TOKENS[node.op].kind
        if kind == "operand":
            return self._operand(n, node)
        if kind == "unary":
            return self._unary(node.op, args[0])
        if node.op == "left":
            return args[0]
        op = {"+": ADD, "-": SUBTRACT, "*": MULTIPLY, "/": DIVIDE}[node.op]
        return self._into(op, x=args[0], y=args[1])

    def _operand(self, n: int, node: Node) -> int:
        correction = NUMBERS.index("correction1")
        g, m, v = SOURCES["g"], SOURCES["m"], SOURCES["v"]
        match node.op:
            case "g":
                return g
            case "g^2":
                return self._into(MULTIPLY, x=g, y=g)
            case "g^3":
                square = self._into(MULTIPLY, x=g, y=g)
                cube = self._into(MULTIPLY, x=square, y=g)
                self._free.append(square)
                return cube
            case "m" | "v" | "gamma":
                k = AVERAGES.index(node.op)
                return self._into(SCALE, x=SOURCES[node.op], i=correction + k)
            case "sign(g)":
                return self._into(SIGN, x=g)
            case "sign(m)":
                return self._into(SIGN, x=m)
            case "adam":
                return self._into(RATIO, x=m, y=v, i=correction, j=correction + 1)
            case "rmsprop":
                return self._into(RATIO, x=g, y=v, i=self._constant(1.0), j=correction + 1)
            case "noise":
                self._drawn += 1
                return self._into(NOISE, i=self._drawn - 1)
            case "1" | "const":
                return self._into(FILL, i=self._constant(node.value or float(node.op == "1")))
        if node.op in DECAYS:
            return self._into(FILL, i=len(NUMBERS) + self._decays.index(n))
        return self._into(SCALE, x=SOURCES["w"], i=self._constant(_amount(node.op)))

    def _unary(self, op: str, x: int) -> int:
        match op:
            case "x":
                return x
            case "-x":
                return self._into(SCALE, x=x, i=self._constant(-1.0))
            case "exp" | "log" | "sign" | "sqrt":
                return self._into({"exp": EXP, "log": LOG, "sign": SIGN, "sqrt": SQRT}[op], x=x)
        if op.startswith("clip"):
            return self._into(CLIP, x=x, i=self._constant(_amount(op)))
        self._drawn += 1
        return self._into(DROP, x=x, i=self._drawn - 1, j=draws.threshold(_amount(op)))


def _amount(op: str) -> float:
    amount = TOKENS[op].amount
    assert amount is not None
    return amount

"""A machine for rules: compiled once, it runs any of them, block after block of the weights.

A rule becomes a program (see `program`). Each instruction works on a block of weights that fits
into the fastest memory, so that what it costs to read the program is shared by many weights.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lstmlab.optimizers import program
from lstmlab.optimizers.compiled import Compiled
from lstmlab.optimizers.evaluate import Step
from lstmlab.optimizers.graph import Graph
from lstmlab.optimizers.primitives import (
    apart,
    clip,
    drop,
    exp,
    kept,
    log,
    noise,
    part,
    sign,
    sqrt,
    tell,
    view,
)

BLOCK = 1024
"""Numbers in a register."""

KEEP, SQUARE, CUBE, DESCEND = program.KEEP, program.SQUARE, program.CUBE, program.DESCEND
FILL, SCALE, RATIO, NOISE = program.FILL, program.SCALE, program.RATIO, program.NOISE
EXP, LOG, SIGN, SQRT = program.EXP, program.LOG, program.SIGN, program.SQRT
CLIP, DROP, ADD = program.CLIP, program.DROP, program.ADD
SUBTRACT, MULTIPLY, DIVIDE = program.SUBTRACT, program.MULTIPLY, program.DIVIDE


@part
def _keep(average, g, beta, rest):
    apart()
    for j in range(len(g)):
        average[j] = beta * average[j] + rest * g[j]


@part
def _square(average, g, beta, rest):
    apart()
    for j in range(len(g)):
        average[j] = beta * average[j] + rest * (g[j] * g[j])


@part
def _cube(average, g, beta, rest):
    apart()
    for j in range(len(g)):
        average[j] = beta * average[j] + rest * (g[j] * g[j] * g[j])


@part
def _descend(w, x, lr):
    apart()
    for j in range(len(w)):
        w[j] = w[j] - lr * x[j]


@part
def _fill(out, number):
    for j in range(len(out)):
        out[j] = number


@part
def _scale(out, x, number):
    apart()
    for j in range(len(out)):
        out[j] = x[j] * number


@part
def _ratio(out, x, y, above, below, delta):
    apart()
    for j in range(len(out)):
        out[j] = x[j] * above / (math.sqrt(y[j] * below) + delta)


@part
def _noise(out, seed, first):
    for j in range(len(out)):
        out[j] = noise(seed, first + j)


@part
def _exp(out, x):
    apart()
    for j in range(len(out)):
        out[j] = exp(x[j])


@part
def _log(out, x):
    apart()
    for j in range(len(out)):
        out[j] = log(x[j])


@part
def _sign(out, x):
    apart()
    for j in range(len(out)):
        out[j] = sign(x[j])


@part
def _sqrt(out, x):
    apart()
    for j in range(len(out)):
        out[j] = sqrt(x[j])


@part
def _clip(out, x, bound):
    apart()
    for j in range(len(out)):
        out[j] = clip(x[j], bound)


@part
def _drop(out, x, threshold, seed, first):
    apart()
    for j in range(len(out)):
        out[j] = drop(x[j], threshold, seed, first + j)


@part
def _add(out, x, y):
    apart()
    for j in range(len(out)):
        out[j] = x[j] + y[j]


@part
def _subtract(out, x, y):
    apart()
    for j in range(len(out)):
        out[j] = x[j] - y[j]


@part
def _multiply(out, x, y):
    apart()
    for j in range(len(out)):
        out[j] = x[j] * y[j]


@part
def _divide(out, x, y, delta):
    apart()
    for j in range(len(out)):
        out[j] = x[j] / (y[j] + delta)


@part
def _block(instruction, numbers, seeds, n, first, out, x, y):
    """Carry out one instruction on n numbers, the first of which is weight `first`."""
    apart()
    op, i, j = instruction[0], instruction[4], instruction[5]
    out, x, y = view(out, n, numbers), view(x, n, numbers), view(y, n, numbers)
    if op == KEEP:
        _keep(out, x, numbers[i], numbers[j])
    elif op == SQUARE:
        _square(out, x, numbers[i], numbers[j])
    elif op == CUBE:
        _cube(out, x, numbers[i], numbers[j])
    elif op == DESCEND:
        _descend(out, x, numbers[i])
    elif op == FILL:
        _fill(out, numbers[i])
    elif op == SCALE:
        _scale(out, x, numbers[i])
    elif op == RATIO:
        _ratio(out, x, y, numbers[i], numbers[j], numbers[1])
    elif op == NOISE:
        _noise(out, seeds[i], first)
    elif op == EXP:
        _exp(out, x)
    elif op == LOG:
        _log(out, x)
    elif op == SIGN:
        _sign(out, x)
    elif op == SQRT:
        _sqrt(out, x)
    elif op == CLIP:
        _clip(out, x, numbers[i])
    elif op == DROP:
        _drop(out, x, j, seeds[i], first)
    elif op == ADD:
        _add(out, x, y)
    elif op == SUBTRACT:
        _subtract(out, x, y)
    elif op == MULTIPLY:
        _multiply(out, x, y)
    elif op == DIVIDE:
        _divide(out, x, y, numbers[1])


@kept
def _run(instructions, numbers, seeds, table, registers, lr, delta, betas, t):
    """Carry out a program on all blocks of all parameters of a table; registers is an address."""
    apart()
    tell(numbers, lr, delta, betas, t)
    size = numbers.itemsize
    for p in range(table.shape[1]):
        length, offset = table[5, p], table[6, p]
        for start in range(0, length, BLOCK):
            n = min(BLOCK, length - start)
            for k in range(len(instructions)):
                ends = instructions[k]
                addresses = (
                    _address(ends[1], table, p, start, registers, size),
                    _address(ends[2], table, p, start, registers, size),
                    _address(ends[3], table, p, start, registers, size),
                )
                _block(ends, numbers, seeds, n, offset + start, *addresses)


@part
def _address(place, table, p, start, registers, size):
    """Where a register is, or for a place below 0 a block of weights, gradients or averages."""
    if place < 0:
        return table[-1 - place, p] + start * size
    return registers + place * BLOCK * size


class Machine(Compiled):
    """The engine that runs any rule without compiling it.

    Parameters
    ----------
    graph : tuple of Node
        Of the rule.
    """

    def __init__(self, graph: Graph) -> None:
        made = program.Program(graph)
        super().__init__(graph, tuple(made.constants))
        self.instructions = np.array(made.instructions, dtype=np.int64)
        self._registers = np.zeros(made.registers * BLOCK, dtype=np.float64)
        self._address = self._registers.ctypes.data

    def call(
        self,
        numbers: NDArray[np.floating],
        seeds: NDArray[np.uint64],
        table: NDArray[np.int64],
        step: Step,
        lr: float,
    ) -> None:
        """Make a step."""
        _run(
            self.instructions, numbers, seeds, table, self._address,
            lr, float(step.delta), step.betas, step.t,
        )  # fmt: skip

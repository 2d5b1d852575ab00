"""Where the weights of the book are in the parameters of the torch module."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from lstmlab.cells.autograd import rows
from lstmlab.cells.params import output_size
from lstmlab.cells.variants import Cell

BARE = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_ph", "weight_gh", "weight_hr",
        "weight_sh", "weight_qh")  # fmt: skip
"""What the parameters of one direction are called, before `_l0`, `_l0_reverse` and so on."""


def shapes(cell: Cell, inputs: int, blocks: int, bias: bool) -> dict[str, tuple[int, ...]]:
    """Name and shape of every parameter of one direction, in the order of `torch.nn.LSTM`."""
    N, parts, gates = blocks, len(cell.parts), len(cell.gates)
    P = output_size(cell, N)
    found: dict[str, tuple[int, ...]] = {
        "weight_ih": (parts * N, inputs), "weight_hh": (parts * N, P)
    }  # fmt: skip
    if bias:
        found |= {"bias_ih": (parts * N,), "bias_hh": (parts * N,)}
    if cell.projection:
        found["weight_hr"] = (P, N)
    if cell.peepholes and gates:
        found["weight_ph"] = (gates, N)
    if cell.full_gate_recurrence:
        found["weight_gh"] = (gates * N, gates * N)
    if cell.slopes:
        found["weight_sh"] = (gates, N)
    if cell.cortex:
        found["weight_qh"] = (gates, gates, N)
    return found


def named(
    cell: Cell, blocks: int, own: Mapping[str, Tensor], bias: Tensor | None
) -> Iterator[tuple[str, Tensor, Any]]:
    """The book's name of every array, the tensor it is part of, and which part.

    Parameters
    ----------
    cell : Variant or SRN
    blocks : int
        N.
    own : mapping of str to Tensor
        The parameters of one direction, by their bare names.
    bias : Tensor, (parts · N,), or None
        What stands for b: torch has two biases that are added.
    """
    N, names = blocks, rows(cell)
    for part in cell.parts:
        first = N * names.index(part)
        place = slice(first, first + N)
        yield f"W_{part}", own["weight_ih"], place
        yield f"R_{part}", own["weight_hh"], place
        if "weight_ph" in own and part != "z":
            yield f"p_{part}", own["weight_ph"], cell.gates.index(part)
        if "weight_sh" in own and part != "z":
            yield f"s_{part}", own["weight_sh"], cell.gates.index(part)
        if bias is not None:
            yield f"b_{part}", bias, place
    for m, b in enumerate(cell.gates):
        for n, a in enumerate(cell.gates):
            if "weight_gh" in own:
                block = slice(m * N, (m + 1) * N), slice(n * N, (n + 1) * N)
                yield f"R_{a}{b}", own["weight_gh"], block
            if "weight_qh" in own:
                yield f"q_{a}{b}", own["weight_qh"], (m, n)
    if "weight_hr" in own:
        yield "W_r", own["weight_hr"], slice(None)

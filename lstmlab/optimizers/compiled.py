"""What the compiled engines share: addresses, numbers and seeds for one call of machine code."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.graph import increment_version

from lstmlab.optimizers import draws
from lstmlab.optimizers.evaluate import Step
from lstmlab.optimizers.flat import Bucket, G, W
from lstmlab.optimizers.graph import Graph
from lstmlab.optimizers.tokens import DECAYS

NUMBERS = (
    "lr", "delta", "beta1", "rest1", "beta2", "rest2", "beta3", "rest3",
    "correction1", "correction2", "correction3",
)  # fmt: skip
"""What every rule is told at a step, in this order (see `primitives.tell`). The decays of the rule
follow, and then its constants."""

_DTYPES = {torch.float32: np.float32, torch.float64: np.float64}


class Compiled:
    """An engine that calls machine code with the addresses of weights and gradients.

    Parameters
    ----------
    graph : tuple of Node
        Of the rule.
    constants : tuple of float
    """

    def __init__(self, graph: Graph, constants: tuple[float, ...] = ()) -> None:
        self.decays = [node for node in graph if node.op in DECAYS]
        self.draws = sum(node.random for node in graph)
        blank = [0.0] * (len(NUMBERS) + len(self.decays))
        self._numbers = {
            dtype: np.array([*blank, *constants], numpy) for dtype, numpy in _DTYPES.items()
        }
        self._seeds = np.zeros(self.draws, np.uint64)

    def call(
        self,
        numbers: NDArray[np.floating],
        seeds: NDArray[np.uint64],
        table: NDArray[np.int64],
        step: Step,
        lr: float,
    ) -> None:
        """Make a step with the parameters in some rows of a bucket's table.

        `numbers` holds decays and constants, and has room for `NUMBERS`; `seeds` has one a draw.
        """
        raise NotImplementedError

    def __call__(
        self, bucket: Bucket, first: int, last: int, gradients: list[Tensor], step: Step, lr: float
    ) -> None:
        """Move parameters first … last - 1, and their averages."""
        params, table = bucket.part(first, last)
        weights = params
        if not all(map(Tensor.is_contiguous, params)):
            weights = [p.detach().contiguous() for p in params]
            table = table.copy()
            table[W] = list(map(Tensor.data_ptr, weights))
        table[G] = list(map(Tensor.data_ptr, gradients))
        numbers = self._numbers[bucket.dtype]
        for n, node in enumerate(self.decays, start=len(NUMBERS)):
            numbers[n] = step.decay(node)
        for n in range(self.draws):
            self._seeds[n] = draws.stream(step.key, step.t, n)
        self.call(numbers, self._seeds, table, step, lr)
        increment_version(params)
        if weights is not params:
            with torch.no_grad():
                torch._foreach_copy_(params, weights)

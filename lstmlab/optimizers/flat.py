"""The parameters of a group side by side: their running averages, in one vector each, and steps.

An engine is given a run of a bucket's parameters, those that have a gradient and have taken equally
many steps, which is nearly always the whole bucket; and gradients that were checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmlab.optimizers.evaluate import AVERAGES, Step
from lstmlab.optimizers.options import check_gradient, compilable

W, G, LENGTH, OFFSET = 0, 1, 5, 6
"""Rows of a bucket's table: addresses of weights, gradients and the three averages in between,
how many numbers, and how many come before them."""

_bytes = attrgetter("nbytes")

Known: TypeAlias = Mapping[Tensor, Mapping[str, Tensor]]
"""What an optimizer keeps for each parameter: "step" and its averages."""


class Bucket:
    """Parameters of one dtype on one device.

    Parameters
    ----------
    params : list of Parameter
    memory : tuple of str
        The running averages to keep.
    key : int
        From which its draws follow.
    known : mapping
        Steps and averages from earlier, by parameter; copied. What is not there starts at 0.

    Attributes
    ----------
    averages : dict of str to Tensor, (n,)
        n is the number of weights; parameters one after the other, each row by row.
    steps : Tensor of int64, (parameters,), on the CPU
    table : ndarray of int64, (7, parameters)
        Where everything is, for compiled engines; the addresses of weights and gradients are those
        of the last step.
    """

    def __init__(
        self, params: list[Tensor], memory: tuple[str, ...], key: int, known: Known
    ) -> None:
        self.params, self.key = params, key
        self.device, self.dtype = params[0].device, params[0].dtype
        self.compilable = compilable(params[0])
        self.sizes = [p.numel() for p in params]
        self.bytes = [p.nbytes for p in params]
        self.offsets = [0, *np.cumsum(self.sizes).tolist()]
        self.averages = {
            name: torch.zeros(self.offsets[-1], dtype=self.dtype, device=self.device)
            for name in memory
        }
        self.steps = torch.zeros(len(params), dtype=torch.int64, device="cpu")
        self._steps = self.steps.numpy()
        for n, p in enumerate(params):
            kept = known.get(p, {})
            self.steps[n] = int(kept.get("step", 0))
            for name, view in self.state(n).items():
                if name in kept and name != "step":
                    view.copy_(kept[name])
        self._equal = self._common()
        self._addresses = [-1] * len(params)
        self.table = np.zeros((7, len(params)), dtype=np.int64)
        self.table[LENGTH], self.table[OFFSET] = self.sizes, self.offsets[:-1]
        for name, average in self.averages.items():
            row = 2 + AVERAGES.index(name)
            self.table[row] = [a.data_ptr() for a in average.split(self.sizes)]

    def state(self, n: int) -> dict[str, Tensor]:
        """Step and averages of a parameter, as views of those of the bucket."""
        first, last = self.offsets[n : n + 2]
        shape = self.params[n].shape
        found = {name: average[first:last].view(shape) for name, average in self.averages.items()}
        return {"step": self.steps[n], **found}

    def part(self, first: int, last: int) -> tuple[list[Tensor], NDArray[np.int64]]:
        """Parameters first … last - 1, and their table."""
        if last - first == len(self.params):
            return self.params, self.table
        return self.params[first:last], self.table[:, first:last]

    def checked(self, first: int, gradients: list[Tensor]) -> list[Tensor]:
        """The gradients of parameters from a first one on, each row by row.

        Raises
        ------
        RuntimeError
            If a gradient is sparse, or it or its parameter is not what it was.

        Notes
        -----
        It is done at every step: addresses and bytes are looked at, and the rest if one is new.
        """
        last = first + len(gradients)
        params, held = self.params[first:last], self.bytes[first:last]
        dense = all(map(Tensor.is_contiguous, gradients))  # a sparse one is not, either
        if not dense:
            for g in gradients:
                check_gradient(g)
        addresses = list(map(Tensor.data_ptr, params))
        moved = addresses != self._addresses[first:last]
        same = list(map(_bytes, params)) == held == list(map(_bytes, gradients))
        if moved or not same:
            self._check(first, gradients)
        if moved:
            self._addresses[first:last] = self.table[W, first:last] = addresses
        return gradients if dense else [g.contiguous() for g in gradients]

    def _check(self, first: int, gradients: list[Tensor]) -> None:
        last = first + len(gradients)
        params, sizes = self.params[first:last], self.sizes[first:last]
        for p, size in zip([*params, *gradients], [*sizes, *sizes], strict=True):
            if (p.numel(), p.dtype, p.device) != (size, self.dtype, self.device):
                raise RuntimeError(
                    f"a parameter was {size} numbers of {self.dtype} on {self.device} at the first "
                    f"step, and it or its gradient is {p.numel()} of {p.dtype} on {p.device} now: "
                    f"make a new RuleOptimizer after a model is moved"
                )

    def saved(self) -> list[Tensor]:
        """Copies of all that a step changes."""
        return [tensor.detach().clone() for tensor in self._changing()]

    @torch.no_grad()
    def restore(self, saved: list[Tensor]) -> None:
        """Put copies back."""
        for tensor, copy in zip(self._changing(), saved, strict=True):
            tensor.copy_(copy)
        self._equal = self._common()

    def finite(self) -> bool:
        """Whether all weights and averages are."""
        held = (*self.params, *self.averages.values())
        return all(bool(x.detach().isfinite().all()) for x in held)

    def _changing(self) -> list[Tensor]:
        return [*self.params, *self.averages.values(), self.steps]

    def runs(self, gradients: Sequence[Tensor | None]) -> list[tuple[int, int, int]]:
        """The runs of parameters that have a gradient and have taken equally many steps.

        Returns
        -------
        list of (first, last, t)
            Parameters first … last - 1, and which step the next one is for them.
        """
        there = [g is not None for g in gradients]
        if self._equal is not None and False not in there:
            return [(0, len(there), self._equal + 1)]
        found: list[tuple[int, int, int]] = []
        for n, (here, t) in enumerate(zip(there, self._steps.tolist(), strict=True)):
            if here and found and found[-1][1:] == (n, t + 1):
                found[-1] = (found[-1][0], n + 1, t + 1)
            elif here:
                found.append((n, n + 1, t + 1))
        return found

    def count(self, first: int, last: int, t: int) -> None:
        """Note that a run has taken its step t."""
        if last - first == len(self.params):
            self._equal = t
            self._steps.fill(t)
        else:
            self._steps[first:last] = t
            self._equal = self._common()

    def _common(self) -> int | None:
        """The number of steps of all parameters, if it is the same."""
        least, most = int(self._steps.min()), int(self._steps.max())
        return least if least == most else None


class Engine(Protocol):
    """Makes steps by one rule."""

    def __call__(
        self, bucket: Bucket, first: int, last: int, gradients: list[Tensor], step: Step, lr: float
    ) -> None:
        """Move parameters first … last - 1 of a bucket, and its averages; one gradient for each."""

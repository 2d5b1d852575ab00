"""A little training to compare optimizers by: the same weights and gradients for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

SHAPES = ((3, 5), (1,), (1030,), (2, 3, 2, 2))


def weights(dtype: torch.dtype = torch.float64, seed: int = 0) -> list[Tensor]:
    """Parameters of several shapes."""
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(shape, dtype=dtype, generator=generator).requires_grad_() for shape in SHAPES
    ]


def gradients(steps: int, dtype: torch.dtype = torch.float64) -> Iterator[list[Tensor]]:
    """Gradients for as many steps; the second half is smaller."""
    generator = torch.Generator().manual_seed(1)
    for t in range(steps):
        size = 1.0 if t < steps // 2 else 0.1
        yield [size * torch.randn(shape, dtype=dtype, generator=generator) for shape in SHAPES]


def train(
    make: Callable[[list[Tensor]], torch.optim.Optimizer],
    steps: int = 100,
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """The weights after some steps, one after the other."""
    params = weights(dtype)
    optimizer = make(params)
    for given in gradients(steps, dtype):
        for p, g in zip(params, given, strict=True):
            p.grad = g
        optimizer.step()
    return flat(params)


def flat(params: list[Tensor]) -> Tensor:
    """All numbers of all parameters, copied."""
    return torch.cat([p.detach().reshape(-1) for p in params])

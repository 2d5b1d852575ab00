"""A little training to compare optimizers by: the same weights and gradients for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

ENGINES = ("foreach", "machine", "generated")
DRAWN = "drop(m, 0.3) * exp(gamma) + noise"
"""A rule that draws."""
SHAPES = ((3, 5), (1,), (1030,), (2, 3, 2, 2))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def weights(dtype: torch.dtype = torch.float64, seed: int = 0) -> list[Tensor]:
    """Parameters of several shapes."""
    drawn = generator(seed)
    return [torch.randn(shape, dtype=dtype, generator=drawn).requires_grad_() for shape in SHAPES]


def gradients(steps: int, dtype: torch.dtype = torch.float64) -> Iterator[list[Tensor]]:
    """Gradients for as many steps; the second half is smaller."""
    drawn = generator(1)
    for t in range(steps):
        size = 1.0 if t < steps // 2 else 0.1
        yield [size * torch.randn(shape, dtype=dtype, generator=drawn) for shape in SHAPES]


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

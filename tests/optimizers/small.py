"""Policies so small that all of their strings can be listed, and the batches they write."""

from __future__ import annotations

import torch
from torch import Tensor

from lstmlab.optimizers import Grammar, Policy
from lstmlab.optimizers.learning import Batch

TINY = Grammar(1, operands=("g", "m", "v"), unary=("x", "exp"), binary=("*", "-"))
"""48 strings."""


def made(
    grammar: Grammar = TINY,
    *,
    units: int = 3,
    spread: float = 1.0,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> Policy:
    generator = torch.Generator().manual_seed(seed)
    return Policy(grammar, units=units, spread=spread, generator=generator, dtype=dtype)


def listed(policy: Policy) -> Tensor:
    """All strings of a small grammar, as actions."""
    return policy.actions(list(policy.grammar.strings()))


def batch_of(policy: Policy, actions: Tensor, rewards: Tensor) -> Batch:
    """A batch that the policy itself has written."""
    return Batch(actions, policy.log_prob(actions).detach(), rewards)


def written(policy: Policy, n: int, seed: int, scale: float = 1.0, shift: float = 0.0) -> Batch:
    """A batch with random rewards."""
    generator = torch.Generator().manual_seed(seed)
    actions = policy.sample(n, generator)
    rewards = scale * torch.randn(n, generator=generator, dtype=torch.float64) + shift
    return batch_of(policy, actions, rewards)


def weights(policy: Policy) -> list[Tensor]:
    return [weight.detach().clone() for weight in policy.parameters()]


def same(a: list[Tensor], b: list[Tensor]) -> bool:
    """To the bit."""
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))

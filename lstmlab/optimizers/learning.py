"""What learning from rewards has in common: a batch, its surrogate, a report, and the baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import torch
from torch import Tensor

from lstmlab.search.searcher import check_number

if TYPE_CHECKING:
    from lstmlab.optimizers.policy import Policy

State: TypeAlias = Mapping[str, object]
"""What a learner remembers: tensors, numbers, and dicts and lists of them."""

ENTROPY = 0.0015
"""The weight of the entropy, for rewards from 0 to 1: Bello et al. (2017, section 4.2) have such a
penalty; the number is from later descriptions, and unconfirmed."""

MOST = 10.0
"""The largest weight that a string gets for having become likelier since it was written."""


@dataclass(frozen=True)
class Batch:
    """Strings that a policy wrote, and what they earned.

    Attributes
    ----------
    actions : LongTensor, (B, L)
        The places of their tokens, as the policy has them.
    log_prob : Tensor, (B,)
        log π(string) under the policy that wrote them, which may be older than the one that learns.
    rewards : Tensor, (B,)
    failed : Tensor of bool, (B,), optional
        Whose reward is not its own, but stands for a failure; nobody's if not given.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype is another, there is no string, or a number is not finite.
    """

    actions: Tensor
    log_prob: Tensor
    rewards: Tensor
    failed: Tensor | None = None

    def __post_init__(self) -> None:
        for name in ("actions", "log_prob", "rewards", "failed"):
            given = getattr(self, name)
            if not isinstance(given, Tensor) and (name, given) != ("failed", None):
                raise TypeError(f"{name} must be a Tensor, got {given!r}")
        if self.actions.ndim != 2 or not len(self.actions) or self.actions.dtype != torch.int64:
            raise ValueError(
                "actions must be a LongTensor of shape (B, L) with B 1 or more, "
                f"got {self.actions.dtype} of shape {tuple(self.actions.shape)}"
            )
        for name in ("log_prob", "rewards"):
            numbers: Tensor = getattr(self, name)
            if numbers.is_complex():
                raise TypeError(f"{name} must be real numbers, got {numbers.dtype}")
            if numbers.shape != self.actions.shape[:1]:
                raise ValueError(
                    f"{name} must have the shape ({len(self.actions)},), one number a string, "
                    f"got {tuple(numbers.shape)}"
                )
            if not bool(torch.isfinite(numbers).all()):
                raise ValueError(f"{name} must be finite numbers, got {numbers.tolist()}")
        *_, failed = self.parts()
        if failed.dtype != torch.bool or failed.shape != self.rewards.shape:
            raise ValueError(
                f"failed must be of bool and of the shape ({len(self.actions)},), "
                f"got {failed.dtype} of shape {tuple(failed.shape)}"
            )

    def parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Actions, log-probabilities, rewards, and whether each string failed."""
        nobody = torch.zeros_like(self.rewards, dtype=torch.bool)
        failed = nobody if self.failed is None else self.failed
        return self.actions, self.log_prob, self.rewards, failed

    @classmethod
    def joined(cls, batches: Sequence[Batch]) -> Batch:
        """Several batches as one, on the device of the last one's strings.

        Each string keeps the probability with which it was written, and what it earned; but one
        that failed earns the least of all.
        """
        device = batches[-1].actions.device
        actions, log_prob, rewards, failed = (
            torch.cat([part.to(device) for part in parts])
            for parts in zip(*(one.parts() for one in batches), strict=True)
        )
        return cls(actions, log_prob, torch.where(failed, rewards.min(), rewards), failed)


@dataclass(frozen=True)
class Report:
    """What an update did.

    Attributes
    ----------
    mean_reward, baseline : float
        Of the batch; what was subtracted from its rewards.
    entropy : float
        Of the policy before the update, in nats a string: the mean over the strings learned from.
    gradient_norm : float
        ‖∇‖ of the surrogate before the update; ∞ if it is not finite, and then no step is taken.
    surrogate : tuple of float
        Before the update and after it; without a lag the first is mean reward - baseline and the
        entropy's part.
    kl : float
        KL(before ‖ after) in nats, the mean over the prefixes of the strings learned from; 0 where
        no step was taken.
    accepted : bool
        Whether a step was taken.
    backtracks : int or None
        How many times the line search shortened the step; None for a learner without one.
    """

    mean_reward: float
    baseline: float
    entropy: float
    gradient_norm: float
    surrogate: tuple[float, float]
    kl: float
    accepted: bool
    backtracks: int | None = None


class Learner(Protocol):
    """Makes strings that earned more than the baseline more likely."""

    def update(self, policy: Policy, batch: Batch, baseline: float) -> Report:
        """Change the weights of a policy after a batch, or leave them as they are."""

    def state_dict(self) -> dict[str, object]:
        """All that an update depends on besides its arguments; `torch.save` can keep it."""

    def load_state_dict(self, state: State) -> None:
        """Go on from a state; ValueError if it is another learner's."""


@dataclass(frozen=True)
class Seen:
    """What a policy thinks of a batch.

    Attributes
    ----------
    log_probs : Tensor, (B, L, K)
        log π(a | prefix) for every token at every prefix that is visited, -∞ where forbidden.
    log_prob : Tensor, (B,)
        log π(string).
    entropy : Tensor, (B,)
        Σ over positions of the entropy at the prefix visited.
    """

    log_probs: Tensor
    log_prob: Tensor
    entropy: Tensor

    @classmethod
    def of(cls, policy: Policy, actions: Tensor) -> Seen:
        """One pass through the policy."""
        log_probs = policy.distributions(actions)
        chosen = actions.to(log_probs.device)[..., None]
        log_prob = log_probs.gather(-1, chosen)[..., 0].sum(-1)
        allowed = torch.isfinite(log_probs)
        finite = torch.where(allowed, log_probs, 0.0)
        entropy = -torch.where(allowed, finite.exp() * finite, 0.0).sum((-2, -1))
        return cls(log_probs, log_prob, entropy)

    def surrogate(self, worth: Worth) -> Tensor:
        """What an update makes larger; see `Worth`. In float64."""
        ratio = torch.exp((self.log_prob - worth.log_prob).double())
        reward = (worth.weight * ratio * worth.advantage).mean()
        return reward + worth.entropy * self.entropy.double().mean()

    def kl(self, new: Seen) -> float:
        """KL(self ‖ new) in nats, the mean over the prefixes visited."""
        old = self.log_probs.detach()
        allowed = torch.isfinite(old)
        differences = torch.where(allowed, old - new.log_probs.detach(), 0.0)
        return float((torch.where(allowed, old.exp(), 0.0) * differences).sum(-1).mean())


@dataclass(frozen=True)
class Worth:
    r"""What a batch is worth to a policy π that is about to change: the surrogate of an update,

        mean( w · π'(s)/π(s) · (R - b) ) + β · mean( entropy of π' ),    w = π(s) / π_old(s)

    where π_old is the policy that wrote the strings s (Schulman et al., 2015, equation 14). At
    π' = π = π_old its gradient is that of REINFORCE, mean( ∇log π(s) · (R - b) ).

    Attributes
    ----------
    log_prob : Tensor, (B,)
        log π(s).
    weight : Tensor, (B,)
        w, which is 1 without a lag; where it is above `MOST` it counts as that (Ionides, 2008), so
        that one string cannot outweigh all others.
    advantage : Tensor, (B,)
        R - b.
    entropy : float
        β.
    """

    log_prob: Tensor
    weight: Tensor
    advantage: Tensor
    entropy: float

    @classmethod
    def of(cls, seen: Seen, batch: Batch, baseline: float, entropy: float) -> Worth:
        """Of a batch, as the policy sees it before the update."""
        log_prob = seen.log_prob.detach()
        weight = torch.exp(log_prob.double() - batch.log_prob.to(log_prob.device).double())
        advantage = batch.rewards.to(log_prob.device).double() - baseline
        return cls(log_prob, weight.clamp(max=MOST), advantage, entropy)


def gradients(policy: Policy, value: Tensor) -> list[Tensor]:
    """∂value/∂weights, one a weight of the policy; 0 where it does not depend on it."""
    weights = list(policy.parameters())
    return list(torch.autograd.grad(value, weights, retain_graph=True, materialize_grads=True))


def norm(tensors: list[Tensor]) -> float:
    """√Σx² of all numbers of all tensors, summed in float64; ∞ if one is not finite."""
    length = float(torch.stack([x.double().pow(2).sum() for x in tensors]).sum().sqrt())
    return math.inf if math.isnan(length) else length


class Baseline:
    """The exponential moving average of the rewards (Bello et al., 2017, section 3.2).

    After the batches 1, 2, …, n with mean rewards R₁, …, Rₙ it is

        Σ_k decayⁿ⁻ᵏ R_k / Σ_k decayⁿ⁻ᵏ

    that is, corrected for its start as Adam's averages are: the first batch is not averaged with a
    0 that nobody earned.

    Parameters
    ----------
    decay : float
        From 0, for the last batch alone, to below 1.

    Notes
    -----
    A batch is compared with the batches before it: what its own strings earned does not enter its
    baseline, which would bias the gradient. Only the first batch has none before it, and is
    compared with its own mean. Batches that TRPO learns from again are compared with the baseline
    of now, into which they have entered by then.
    """

    def __init__(self, decay: float = 0.9) -> None:
        self.decay = check_number(decay, "decay", 0, 1, "from 0 to below 1")
        if self.decay == 1:
            raise ValueError("decay must be from 0 to below 1, got 1.0")
        self._sum = self._weight = 0.0

    def __repr__(self) -> str:
        return f"Baseline({self.decay!r})"

    @property
    def value(self) -> float | None:
        """The average of the rewards so far; None before the first."""
        return self._sum / self._weight if self._weight else None

    def take(self, rewards: Tensor) -> float:
        """What to subtract from the rewards of the next batch, which are then averaged in.

        Raises
        ------
        ValueError
            If there is no reward, or one is not finite.
        """
        if not rewards.numel() or not bool(torch.isfinite(rewards).all()):
            raise ValueError(f"rewards must be finite numbers, got {rewards.tolist()}")
        mean = float(rewards.double().mean())
        before = self.value
        self._sum = self.decay * self._sum + mean
        self._weight = self.decay * self._weight + 1.0
        return mean if before is None else before

    def state_dict(self) -> dict[str, object]:
        """The decay and the two sums."""
        return {"decay": self.decay, "sum": self._sum, "weight": self._weight}

    def load_state_dict(self, state: State) -> None:
        """Go on from a state; ValueError if it is that of another decay."""
        check_state(state, {"decay": self.decay}, "a Baseline")
        self._sum, self._weight = (float(state[name]) for name in ("sum", "weight"))  # type: ignore[arg-type]


def check_state(state: State, settings: Mapping[str, object], whose: str) -> None:
    """See that a state is that of the same settings; ValueError, which names the other, if not."""
    if not isinstance(state, Mapping):
        raise TypeError(f"state must be a dict, as state_dict() returns it, got {state!r}")
    for name, mine in settings.items():
        if name not in state or state[name] != mine:
            raise ValueError(
                f"state must be that of {whose} with {name}={mine!r}, "
                f"got {state.get(name, 'none of that name')!r}"
            )

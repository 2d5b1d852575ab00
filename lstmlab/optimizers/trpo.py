"""TRPO: the natural gradient, followed as far as a bound on the KL divergence allows."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from lstmlab.optimizers.conjugate import conjugate_gradient
from lstmlab.optimizers.learning import (
    ENTROPY,
    Batch,
    Report,
    Seen,
    State,
    Worth,
    check_state,
    gradients,
    norm,
)
from lstmlab.search.searcher import check_count, check_number

if TYPE_CHECKING:
    from lstmlab.optimizers.policy import Policy

SHORTER = 0.5
"""By which factor the line search shortens a step."""
TOLERANCE = 1e-2
"""Of the conjugate gradients, relative to the gradient."""


class TRPO:
    """Trust region policy optimization (Schulman et al., 2015, section 6 and appendix C).

    With the gradient g of the surrogate (`learning.Worth`) and the Fisher matrix F of the policy at
    the prefixes that the batch visits, conjugate gradients solve

        (F + damping · 1) x = g

    and the weights go to θ + √(2 · max_kl / xᵀF x) · x, at which the KL divergence would be max_kl
    if it were quadratic. A line search halves the step until the surrogate is larger than before
    and the divergence, measured, at most max_kl; if no step fulfils both, the weights stay as they
    were, to the bit.

    Parameters
    ----------
    max_kl : float
        The largest KL(before ‖ after) in nats, as a mean over the prefixes visited; that of whole
        strings is L times as large.
    entropy : float
        β, the weight of the entropy.
    damping : float
        What is added to F's diagonal. F is singular: a batch says nothing of most directions. With
        little damping a step changes what the few prefixes seen have for themselves; with more, it
        changes what they share.
    cg_steps : int
        At most so many products with F.
    backtracks : int
        At most so many halvings.
    reuse : int
        From how many batches a step learns: the last one, and so many less one before it.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    Bello et al. say nothing of the line search or of these numbers. A step of the length that the
    bound allows is taken however little a batch says; five strings say little, so that steps learn
    from earlier batches again. The surrogate's weights w count those as the policy of now would
    have written them. Adam averages gradients for REINFORCE, which is not better for reusing
    batches.
    """

    def __init__(
        self,
        max_kl: float = 0.01,
        entropy: float = ENTROPY,
        damping: float = 0.1,
        cg_steps: int = 10,
        backtracks: int = 10,
        reuse: int = 4,
    ) -> None:
        self.max_kl = check_number(max_kl, "max_kl", math.ulp(0.0), math.inf, "above 0")
        self.entropy = check_number(entropy, "entropy", 0, math.inf, "0 or more")
        self.damping = check_number(damping, "damping", 0, math.inf, "0 or more")
        self.cg_steps = check_count(cg_steps, "cg_steps")
        self.backtracks = check_count(backtracks, "backtracks", least=0)
        self.reuse = check_count(reuse, "reuse")
        self._recent: deque[Batch] = deque(maxlen=self.reuse)
        self._policy: Policy | None = None

    @property
    def settings(self) -> dict[str, float]:
        """The arguments, by their names."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __repr__(self) -> str:
        return f"TRPO({', '.join(f'{name}={value!r}' for name, value in self.settings.items())})"

    def update(self, policy: Policy, batch: Batch, baseline: float) -> Report:
        """Take one step, or none.

        Parameters
        ----------
        policy : Policy
            Always the same, as it wrote the batches that are learned from again.
        batch : Batch
        baseline : float
            b, which is subtracted from the rewards, those of earlier batches too.

        Raises
        ------
        ValueError
            If the policy is another than before.
        """
        if self._policy not in (None, policy):
            raise ValueError("policy must be the one of the updates before, got another")
        mean_reward = float(batch.rewards.double().mean())
        last = batch
        batch = Batch.joined([*self._recent, last][-self.reuse :])
        seen = Seen.of(policy, batch.actions)
        worth = Worth.of(seen, batch, baseline, self.entropy)
        self._policy = policy  # nothing is left to be refused
        self._recent.append(last)
        surrogate = seen.surrogate(worth)
        g = gradients(policy, surrogate)
        length = norm(g)
        before = after = float(surrogate.detach())
        kl, accepted, backtracks = 0.0, False, 0
        if 0 < length < math.inf:
            direction = self.direction(policy, seen, g)
            accepted, backtracks, kl, after = self._search(policy, batch, seen, worth, direction)
        return Report(
            mean_reward=mean_reward,
            baseline=float(baseline),
            entropy=float(seen.entropy.detach().mean()),
            gradient_norm=length,
            surrogate=(before, after),
            kl=kl,
            accepted=accepted,
            backtracks=backtracks,
        )

    def direction(self, policy: Policy, seen: Seen, g: list[Tensor]) -> list[Tensor]:
        """The whole step, √(2 · max_kl / xᵀF x) · x with (F + damping · 1) x = g."""
        F = fisher_product(policy, seen.log_probs)
        b = flat(g)
        b = b / b.abs().max()  # how long g is does not matter, and its square could overflow
        x = conjugate_gradient(
            lambda v: F(v).add_(v, alpha=self.damping), b, self.cg_steps, TOLERANCE
        )
        curvature = float(x @ b - self.damping * (x @ x))  # xᵀF x: the residual is orthogonal to x
        if not 0 < curvature < math.inf:
            return [torch.zeros_like(part) for part in g]
        step = math.sqrt(2 * self.max_kl / curvature) * x
        return [
            part.view_as(like)
            for part, like in zip(step.split([like.numel() for like in g]), g, strict=True)
        ]

    def _search(
        self, policy: Policy, batch: Batch, seen: Seen, worth: Worth, step: list[Tensor]
    ) -> tuple[bool, int, float, float]:
        """Whether a step was taken, how often it was halved, its KL and the surrogate there."""
        weights = list(policy.parameters())
        old = [weight.detach().clone() for weight in weights]
        with torch.no_grad():
            before = float(seen.surrogate(worth))
            for halved in range(self.backtracks + 1):
                for weight, start, delta in zip(weights, old, step, strict=True):
                    weight.copy_(start + SHORTER**halved * delta)
                new = Seen.of(policy, batch.actions)
                after, kl = float(new.surrogate(worth)), seen.kl(new)
                if before < after < math.inf and kl <= self.max_kl:
                    return True, halved, kl, after
            for weight, start in zip(weights, old, strict=True):
                weight.copy_(start)
        return False, self.backtracks, 0.0, before

    def state_dict(self) -> dict[str, object]:
        """The settings, and the batches that the next steps learn from again."""
        return {**self.settings, "recent": [batch.parts() for batch in self._recent]}

    def load_state_dict(self, state: State) -> None:
        """Go on from a state, with a policy as it was then; ValueError if it is that of other
        settings."""
        check_state(state, self.settings, "a TRPO")
        self._policy = None
        recent = cast("list[tuple[Tensor, Tensor, Tensor, Tensor]]", state["recent"])
        self._recent = deque((Batch(*batch) for batch in recent), maxlen=self.reuse)


def flat(tensors: Sequence[Tensor]) -> Tensor:
    """All numbers of all tensors, one after the other."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def fisher_product(policy: Policy, log_probs: Tensor) -> Callable[[Tensor], Tensor]:
    """v ↦ F v, where F is the Fisher matrix of a policy, the mean over prefixes of

        Σ_a p(a) ∇log p(a) ∇log p(a)ᵀ

    which is the Hessian of the mean KL(before ‖ after) at the weights before.

    Parameters
    ----------
    policy : Policy
    log_probs : Tensor, (B, L, K)
        What `policy.distributions` returned, with its graph.

    Notes
    -----
    With J for the Jacobian of the log-probabilities, F v = Jᵀ (p ⊙ J v) / (B L). Jᵀu is what
    going backward computes; it is linear in u, so that going backward through it, for u, gives J v.
    Differentiating the divergence twice gives the same numbers in about twice as long.
    """
    weights = list(policy.parameters())
    p = log_probs.detach().exp() / log_probs.shape[:2].numel()
    u = torch.zeros_like(p, requires_grad=True)

    def backward(d: Tensor, *, differentiable: bool = False) -> Tensor:
        """Jᵀ d."""
        parts = torch.autograd.grad(
            log_probs, weights, d, retain_graph=True, create_graph=differentiable,
            materialize_grads=True,
        )  # fmt: skip
        return flat(parts)

    J_t_u = backward(u, differentiable=True)

    def product(v: Tensor) -> Tensor:
        (J_v,) = torch.autograd.grad(J_t_u, u, v, retain_graph=True)
        return backward(p * J_v)

    return product

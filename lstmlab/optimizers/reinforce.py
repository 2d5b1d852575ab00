"""REINFORCE: a step along the gradient of the expected reward, estimated from what was drawn."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import torch

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
from lstmlab.search.searcher import check_number

if TYPE_CHECKING:
    from lstmlab.optimizers.policy import Policy


class Reinforce:
    """REINFORCE (Williams, 1992), with Adam.

    The gradient is that of the surrogate (`learning.Worth`) where the policy is now,

        mean( w · ∇log π(s) · (R - b) ) + β · mean( ∇entropy )

    with w = π(s) / π_old(s), which is 1 if the strings s were written by π itself. With a lag they
    were written by the policy before, and w keeps the gradient that of π's expected reward.

    Parameters
    ----------
    lr : float
        Adam's learning rate.
    entropy : float
        β, the weight of the entropy.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    Adam's averages begin with the first update and belong to one policy: an update of another
    policy is refused. The rate of 1e-5 that is told of a reimplementation of Bello et al. (2017)
    would hardly move it within a thousand strings.
    """

    def __init__(self, lr: float = 1e-3, entropy: float = ENTROPY) -> None:
        self.lr = check_number(lr, "lr", math.ulp(0.0), math.inf, "above 0")
        self.entropy = check_number(entropy, "entropy", 0, math.inf, "0 or more")
        self._adam: torch.optim.Adam | None = None
        self._state: dict[str, object] | None = None

    def __repr__(self) -> str:
        return f"Reinforce(lr={self.lr!r}, entropy={self.entropy!r})"

    def update(self, policy: Policy, batch: Batch, baseline: float) -> Report:
        """Take one step of Adam; none where the gradient is not finite.

        Parameters
        ----------
        policy : Policy
        batch : Batch
        baseline : float
            b, which is subtracted from the rewards.
        """
        seen = Seen.of(policy, batch.actions)
        worth = Worth.of(seen, batch, baseline, self.entropy)
        adam = self._optimizer(policy)
        surrogate = seen.surrogate(worth)
        g = gradients(policy, surrogate)
        length = norm(g)
        before = after = float(surrogate.detach())
        kl, accepted = 0.0, length < math.inf
        if accepted:
            for weight, part in zip(policy.parameters(), g, strict=True):
                weight.grad = -part
            adam.step()
            adam.zero_grad()
            with torch.no_grad():
                new = Seen.of(policy, batch.actions)
                kl, after = seen.kl(new), float(new.surrogate(worth))
        return Report(
            mean_reward=float(batch.rewards.double().mean()),
            baseline=float(baseline),
            entropy=float(seen.entropy.detach().mean()),
            gradient_norm=length,
            surrogate=(before, after),
            kl=kl,
            accepted=accepted,
        )

    def _optimizer(self, policy: Policy) -> torch.optim.Adam:
        """Adam on the weights of a policy, with the state that was loaded."""
        weights = list(policy.parameters())
        if self._adam is None:
            self._adam = torch.optim.Adam(weights, lr=self.lr)
            if self._state is not None:
                self._adam.load_state_dict(self._state)
        mine = self._adam.param_groups[0]["params"]
        if len(mine) != len(weights) or any(a is not b for a, b in zip(mine, weights, strict=True)):
            raise ValueError("policy must be the one of the updates before, got another")
        return self._adam

    def state_dict(self) -> dict[str, object]:
        """The settings, and Adam's averages."""
        adam = self._state if self._adam is None else self._adam.state_dict()
        return {"lr": self.lr, "entropy": self.entropy, "adam": copy.deepcopy(adam)}

    def load_state_dict(self, state: State) -> None:
        """Go on from a state, with any policy of the same shapes; ValueError if it is not one of
        the same settings."""
        check_state(state, {"lr": self.lr, "entropy": self.entropy}, "a Reinforce")
        self._adam, self._state = None, copy.deepcopy(state["adam"])  # type: ignore[assignment]

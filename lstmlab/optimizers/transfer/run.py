"""Training by a rule, epoch by epoch, whatever the network is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from lstmlab.optimizers.evaluate import BETAS
from lstmlab.optimizers.optimizer import RuleOptimizer
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.tokens import EXTENSIONS
from lstmlab.optimizers.zoo import ZOO
from lstmlab.tasks.generated import check_whole

Betas: TypeAlias = tuple[float, float, float]
Measures: TypeAlias = Mapping[str, float]
Loss: TypeAlias = tuple[Tensor, int]
"""A mean, in nats, and over how many pictures or pieces."""
Ready: TypeAlias = Callable[[], object]
Told: TypeAlias = Callable[[int, Measures], object]


@dataclass(frozen=True)
class Run:
    """What became of a training.

    Attributes
    ----------
    epochs : tuple of mapping of str to float
        Of each finished epoch: "loss", the mean over it in nats a picture or piece, each before its
        update; "valid" and "test", accuracy or BLEU after it; and what else was measured.
    updates : int
        Made.
    seconds : float
        Wall-clock time.
    failed : str
        Why it was given up, or "".
    network : Module or None
        As it was left.
    """

    epochs: tuple[Measures, ...]
    updates: int
    seconds: float
    failed: str = ""
    network: nn.Module | None = field(default=None, repr=False, compare=False)

    def final(self, what: str) -> float:
        """A measure after the last epoch; "valid" and "test" of a run that failed are 0."""
        if self.failed or not self.epochs:
            return 0.0 if what in ("valid", "test") else math.nan
        return self.epochs[-1][what]

    def best(self, what: str) -> float:
        """A measure after the epoch with the best "valid", the first of equal ones.

        A run that failed is judged by the epochs it finished; without any, as in `final`.
        """
        if not self.epochs:
            return self.final(what)
        return max(self.epochs, key=lambda epoch: epoch["valid"])[what]


@dataclass(frozen=True)
class Randomness:
    """Three streams that follow from one seed."""

    weights: torch.Generator
    order: np.random.Generator
    draws: torch.Generator = field(repr=False)

    @classmethod
    def of(cls, seed: int) -> Randomness:
        """For the first weights, the order of what is trained on, and a rule's own draws."""
        first, order, draws = np.random.SeedSequence(check_whole("seed", seed, 0)).spawn(3)
        return cls(_torch(first), np.random.default_rng(order), _torch(draws))


def _torch(stream: np.random.SeedSequence) -> torch.Generator:
    return torch.Generator().manual_seed(int(stream.generate_state(1)[0]))


def read_rule(optimizer: Rule | str) -> Rule:
    """The rule of a name in `ZOO`, such as "adam" or "momentum", or of a formula.

    A formula may have the extensions of the language, such as "cosine * g".

    Raises
    ------
    ValueError, TypeError
        If it is neither.
    """
    if isinstance(optimizer, str):
        named = ZOO.get(optimizer.strip())
        return named.rule if named else Rule.parse(optimizer, tuple(EXTENSIONS))
    if not isinstance(optimizer, Rule):
        raise TypeError(f"optimizer must be a Rule, a name or a formula, got {optimizer!r}")
    return optimizer


def train(
    net: nn.Module,
    rule: Rule,
    *,
    lr: float,
    epochs: int,
    batches: Callable[[], Sequence[Tensor]],
    loss: Callable[[Tensor], Loss],
    judge: Callable[[], Measures],
    betas: Betas = BETAS,
    clip: float | None = None,
    draws: torch.Generator | None = None,
    engine: str = "auto",
    ready: Ready | None = None,
    told: Told | None = None,
) -> Run:
    """Train a network by a rule, and give it up when its loss is no number any more.

    Parameters
    ----------
    net : Module
    rule : Rule
    lr, betas, draws, engine
        As for `RuleOptimizer`, which calls the third `generator`. A decay in the rule ends with the
        last update.
    epochs : int
    batches : callable
        An epoch's batches, whatever they are: as many each time.
    loss : callable
        Of a batch.
    judge : callable
        What is measured after an epoch, "valid" at least; a FloatingPointError if outputs are not
        finite.
    clip : float, optional
        The gradient's norm at most: a longer one is scaled down to it.
    ready : callable, optional
        Called once, when nothing is left to be refused and the first update comes next.
    told : callable, optional
        Told the number of every epoch that ends, from 1, and its measures.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above.
    """
    epochs = check_whole("epochs", epochs)
    if clip is not None:
        check_clip(clip)
    began = time.perf_counter()
    params = list(net.parameters())
    first = batches()
    optimizer = RuleOptimizer(
        params, rule, lr, betas=betas, generator=draws, steps=epochs * len(first), engine=engine
    )

    def update(mean: Tensor) -> None:
        optimizer.zero_grad()
        mean.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(params, clip)
        optimizer.step()

    if ready is not None:
        ready()
    finished: list[Measures] = []
    updates, failed = 0, ""
    for number in range(1, epochs + 1):
        net.train()
        made, mean = _epoch(map(loss, first if number == 1 else batches()), update)
        updates += made
        if not math.isfinite(mean):
            failed = f"the loss was {mean} after {updates} updates"
            break
        net.eval()
        try:
            finished.append({"loss": mean, **judge()})
        except FloatingPointError:
            failed = f"outputs were not finite after epoch {number}"
            break
        if told is not None:
            told(number, finished[-1])
    return Run(tuple(finished), updates, time.perf_counter() - began, failed, net)


def check_clip(clip: object) -> None:
    """ValueError if a gradient's norm cannot be held below it."""
    if isinstance(clip, bool) or not isinstance(clip, Real) or not 0 < float(clip) < math.inf:
        raise ValueError(f"clip must be a number above 0, or None, got {clip!r}")


def _epoch(losses: Iterable[Loss], update: Callable[[Tensor], None]) -> tuple[int, float]:
    """How many updates were made, and the mean loss; or the first that is not finite, and stop."""
    updates, seen, total = 0, 0, 0.0
    for mean, count in losses:
        value = float(mean.detach())
        if not math.isfinite(value):
            return updates, value
        update(mean)
        updates, seen, total = updates + 1, seen + count, total + count * value
    return updates, total / seen

"""The filter for what a search has found: the best run longer, and the hopeless stop early.

A search keeps what was lucky once. Bello et al. (2017, section 5.2) therefore run dozens of their
best rules for more epochs and stop those early that show less promise; how, they do not say. Here
it goes by stages, in each of which a rule is trained with seeds that it has not met before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np

from lstmlab.optimizers.reward import RuleReward, best_rate
from lstmlab.optimizers.rule import Rule
from lstmlab.search.searcher import check_seed
from lstmlab.tasks.generated import check_whole

TUNING = 2
"""With how many seeds a rule's rate is chosen."""


@dataclass(frozen=True)
class Stage:
    """One round of the filter.

    Parameters
    ----------
    epochs : int
        Of every training.
    seeds : int
        Trainings of each rule.
    keep : int, optional
        How many rules go on to the next; all if not given. After the last stage none goes on, so
        that there it says nothing.

    Raises
    ------
    ValueError
        If one is not a whole number, 1 or more.
    """

    epochs: int
    seeds: int
    keep: int | None = None

    def __post_init__(self) -> None:
        check_whole("epochs", self.epochs)
        check_whole("seeds", self.seeds)
        if self.keep is not None:
            check_whole("keep", self.keep)


STAGES = (Stage(5, 3, 20), Stage(15, 3, 10), Stage(15, 5))
"""As long as in the search, three times as long, and once more to judge without choosing."""


class Trainer(Protocol):
    """What trains: `FromReward`, or something that keeps what it has made before.

    An accuracy that is no finite number counts as 0.
    """

    @property
    def rates(self) -> Sequence[float]:
        """Learning rates that are tried."""

    def first(self, rule: Rule, lr: float, seed: int) -> float:
        """The accuracy after an epoch; 0 for a training that is given up."""

    def whole(self, rule: Rule, lr: float, seed: int, epochs: int) -> tuple[float, float]:
        """Accuracies after a whole training, of validation and test; 0 and 0 if it fails."""


@dataclass(frozen=True)
class FromReward:
    """Trains as a `RuleReward` does."""

    reward: RuleReward

    @property
    def rates(self) -> tuple[float, ...]:
        """Those that are tried."""
        return self.reward.rates

    def first(self, rule: Rule, lr: float, seed: int) -> float:
        """The accuracy after an epoch; 0 for a training that is given up."""
        return self.reward.tried(rule, lr, seed).reward

    def whole(self, rule: Rule, lr: float, seed: int, epochs: int) -> tuple[float, float]:
        """Accuracies after a whole training, of validation and test; 0 and 0 if it fails."""
        run = self.reward.train(rule, lr, seed, epochs, test=True)
        return run.reward, run.test or 0.0


@dataclass
class Standing:
    """How a rule has fared.

    Attributes
    ----------
    rule : Rule
    lr : float or None
        Its rate; None if every rate was given up, which ends it before the first stage.
    tried : tuple of float
        At each rate the accuracy after an epoch, in the mean of `TUNING` seeds.
    valid, test : list of list of float
        Of each stage that it was in, the accuracies by seed.
    """

    rule: Rule
    lr: float | None
    tried: tuple[float, ...]
    valid: list[list[float]] = field(default_factory=list)
    test: list[list[float]] = field(default_factory=list)

    @property
    def stages(self) -> int:
        """In how many it was."""
        return len(self.valid)

    @property
    def score(self) -> float:
        """The mean accuracy of the last stage it was in, on the validation set."""
        return float(np.mean(self.valid[-1])) if self.valid else 0.0


Found: TypeAlias = Rule | tuple[Rule, float]
"""A rule, or one with its reward, as `Controller.best` has them."""


def finalists(
    rules: Iterable[Found],
    trainer: Trainer | RuleReward,
    stages: Iterable[Stage] = STAGES,
    *,
    seed: int = 0,
    beside: Iterable[Found] = (),
) -> list[Standing]:
    """Filter rules by longer trainings.

    Parameters
    ----------
    rules : iterable of Rule
        The best of a search, best first; equal ones count once. Pairs of a rule and its reward are
        taken as well, as `Controller.best` gives them; the filter does not look at the reward.
    trainer : Trainer or RuleReward
    stages : iterable of Stage
        In the last, whose seeds are new as well, nobody is chosen: its accuracies are free of the
        luck of being chosen.
    seed : int
        Fixes the seeds of all trainings, which are the same for all rules.
    beside : iterable of Rule
        To compare with: trained in every stage, wherever they stand, and never counted.

    Returns
    -------
    list of Standing
        Of all rules: those first that came further, of those that came as far the better first.
        Those that are left after the last stage are ordered by the stage before it, by which they
        were chosen; where there is one stage, by that.

    Raises
    ------
    ValueError
        If there is no rule or no stage, or the seed is none.
    TypeError
        If one of `rules` or `beside` is no rule, such as a formula, or a stage or the trainer is
        none.
    """
    check_seed(seed)
    stages = _stages(stages)
    training: Trainer = FromReward(trainer) if isinstance(trainer, RuleReward) else trainer
    if isinstance(training, type) or not hasattr(training, "whole"):
        raise TypeError(f"trainer must be a RuleReward or a Trainer, got {trainer!r}")
    known = _rules("beside", beside)
    chosen = list(dict.fromkeys([*_rules("rules", rules), *known]))
    if not chosen:
        raise ValueError("rules must be 1 or more, got none")
    *seeds, tuning = _seeds(seed, [*(stage.seeds for stage in stages), TUNING])
    standings = [_tuned(training, rule, tuning) for rule in chosen]
    left = [standing for standing in standings if standing.lr is not None]
    for number, (stage, own) in enumerate(zip(stages, seeds, strict=True), start=1):
        for standing in left:
            _enter(training, standing, stage, own)
        if number < len(stages):
            best = sorted((one for one in left if one.rule not in known), key=_by_score)
            goes_on = {one.rule for one in best[: stage.keep]} | known.keys()
            left = [one for one in left if one.rule in goes_on]
    return sorted(standings, key=lambda one: _place(one, len(stages)))


def _stages(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Stages, 1 or more; an error if they are none."""
    if not isinstance(stages, Iterable):
        raise TypeError(f"stages must be a list of Stages, got {stages!r}")
    found = tuple(stages)
    for stage in found:
        if not isinstance(stage, Stage):
            raise TypeError(f"stages must be Stages, such as Stage(5, 3, 10), got {stage!r}")
    if not found:
        raise ValueError("stages must be 1 or more, got none")
    return found


def _rules(name: str, found: Iterable[Found]) -> dict[Rule, None]:
    """Different rules, in their order; TypeError if one is none."""
    rules: dict[Rule, None] = {}
    for one in found:
        rule = one[0] if isinstance(one, tuple) and len(one) == 2 else one
        if not isinstance(rule, Rule):
            raise TypeError(f"{name} must be Rules, such as Rule.parse('g + m'), got {one!r}")
        rules[rule] = None
    return rules


def _seeds(seed: int, counts: Sequence[int]) -> list[list[int]]:
    """Seeds for every purpose, none of them twice."""
    drawn = np.random.SeedSequence(seed).generate_state(sum(counts))
    ends = np.cumsum(counts)
    return [[int(n) for n in some] for some in np.split(drawn, ends[:-1])]


def _tuned(training: Trainer, rule: Rule, seeds: Sequence[int]) -> Standing:
    """A rule with its rate: of equal ones the smallest."""
    tried = tuple(
        float(np.mean([_finite(training.first(rule, lr, seed)) for seed in seeds]))
        for lr in training.rates
    )
    return Standing(rule, best_rate(training.rates, tried) if any(tried) else None, tried)


def _enter(training: Trainer, standing: Standing, stage: Stage, seeds: Sequence[int]) -> None:
    """Train a rule in a stage."""
    assert standing.lr is not None
    ends = [training.whole(standing.rule, standing.lr, seed, stage.epochs) for seed in seeds]
    standing.valid.append([_finite(valid) for valid, _ in ends])
    standing.test.append([_finite(test) for _, test in ends])


def _finite(accuracy: float) -> float:
    return accuracy if math.isfinite(accuracy) else 0.0


def _by_score(standing: Standing) -> float:
    return -standing.score


def _place(standing: Standing, stages: int) -> tuple[int, float]:
    """By which they are ordered: how far, and how well in the stage that decided."""
    valid = standing.valid
    decided = valid[:-1] if standing.stages == stages > 1 else valid
    return -standing.stages, -float(np.mean(decided[-1])) if decided else 0.0

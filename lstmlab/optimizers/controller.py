"""The controller: a searcher whose proposals are written by a network that learns from rewards."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Literal, TypedDict

import numpy as np
import torch
from optuna.trial import FrozenTrial, TrialState
from torch import Tensor

from lstmlab.optimizers.devices import check_device
from lstmlab.optimizers.grammar import Grammar, Tokens
from lstmlab.optimizers.learning import Baseline, Batch, Learner, Report, check_state
from lstmlab.optimizers.policy import Policy
from lstmlab.optimizers.reinforce import Reinforce
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.spelling import check_grammar, space_of
from lstmlab.optimizers.trpo import TRPO
from lstmlab.search.searcher import Base, Direction, check_count, claim
from lstmlab.search.space import Params

LEARNERS: dict[str, Callable[[], Learner]] = {"trpo": TRPO, "reinforce": Reinforce}
WEIGHTS, STRINGS = 0, 1
"""What a generator is for: with the seed, and a batch's number, its own seed."""
LARGEST = torch.finfo(torch.float32).max
"""Of all rewards."""


@dataclass
class Pending:
    """A batch of strings that have not all been told.

    Attributes
    ----------
    actions : LongTensor, (B, L)
    log_prob : Tensor, (B,)
        Under the policy that wrote them.
    rewards : list of float or None
        Of the first so many of them; None where a trial failed.
    """

    actions: Tensor
    log_prob: Tensor
    rewards: list[float | None] = field(default_factory=list)


class State(TypedDict):
    """What `Controller.state_dict` returns, and `torch.save` can keep."""

    seed: int
    batch: int
    direction: Direction
    grammar: str
    units: int
    baseline_decay: float
    policy: dict[str, Tensor]
    learner: dict[str, object]
    baseline: dict[str, object]
    batches: int
    asked: int
    out: list[tuple[Tensor, Tensor, list[float | None]]]
    worst: float
    told: list[tuple[list[str], float]]
    reports: list[dict[str, object]]


class Controller(Base):
    """Neural optimizer search (Bello et al., 2017, section 3.2).

    A policy writes batches of rules; of every batch, the learner makes those rules more likely
    that earned more than the moving average of earlier rewards.

    Parameters
    ----------
    grammar : Grammar
    learner : {"trpo", "reinforce"} or Learner
        A new one: it remembers what it needs of this policy.
    units : int
        Of the policy.
    batch : int
        Rules a batch; 5 in the paper.
    seed : int
        Fixes the first weights and, with each batch's number, the draws of its strings.
    direction : {"minimize", "maximize"}
        To be minimized, a value v is a reward of -v.
    device : str or torch.device
        Where the policy is. A GPU sums in another order, and so finds other rules.
    baseline_decay : float
        Of the moving average, from 0 to below 1.

    Attributes
    ----------
    policy : Policy
    learner : Learner
    baseline : Baseline
    reports : list of Report
        What each update did.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.

    Notes
    -----
    The lag is 1: a batch is written while the one before is computed, by a policy that has learned
    from the batches before that. `run` therefore gives the same rules with any number of workers,
    and after an interruption: it asks a new controller again and tells it what the storage holds,
    which brings back the weights, the baseline and the learner as they were. For the same reason
    torch uses one thread here.

    A failed trial has a reward of 0, or the worst so far if that is less: it never looks better
    than one that did not fail. A value that float32 cannot hold counts as a failure.

    The defaults are for rewards from about 0 to 1, such as accuracies. The moving average remembers
    each batch for dozens of others, so that one value of a million hides all differences between
    ordinary ones: bound a loss that may explode, as in ``min(loss, 10)``.
    """

    lag = 1

    def __init__(
        self,
        grammar: Grammar | None = None,
        *,
        learner: Literal["trpo", "reinforce"] | Learner = "trpo",
        units: int = 150,
        batch: int = 5,
        seed: int = 0,
        direction: Direction = "maximize",
        device: str | torch.device = "cpu",
        baseline_decay: float = 0.9,
    ) -> None:
        self.grammar = check_grammar(Grammar() if grammar is None else grammar)
        check_device(device)
        super().__init__(space_of(self.grammar), seed=seed, direction=direction)
        self.batch = check_count(batch, "batch")
        self.learner = _learner(learner)
        self.baseline = Baseline(baseline_decay)
        first = _generator(self.seed, WEIGHTS)
        self.policy = Policy(self.grammar, units=units, generator=first).to(device)
        self.reports: list[Report] = []
        self._told: dict[Tokens, float] = {}
        self._out: deque[Pending] = deque()  # batches with strings that have not been told
        self._ready: deque[Tokens] = deque()  # strings of them that have not been asked for
        self._asked: deque[Tokens] = deque()  # and those that have
        self._batches = 0
        self._worst = 0.0

    def __repr__(self) -> str:
        return f"Controller({self.grammar}, learner={self.learner}, seed={self.seed})"

    def ask(self, n: int = 1) -> list[Params]:
        """The next n strings; they are drawn a batch at a time, by the policy as it is."""
        n = check_count(n)
        while len(self._ready) < n:
            self._write()
        strings = [self._ready.popleft() for _ in range(n)]
        self._asked.extend(strings)
        return [dict(zip(self.space, tokens, strict=True)) for tokens in strings]

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Learn from every batch whose last trial is among these.

        Raises
        ------
        ValueError
            If a trial is not the next of those that were asked for.
        """
        for trial in trials:
            tokens = tuple(map(trial.params.get, self.space))
            if not self._asked or tokens != self._asked[0]:
                wanted = " ".join(self._asked[0]) if self._asked else "none"
                raise ValueError(
                    "trials must be those that were asked for, in their order: the next is "
                    f"{wanted}, got {' '.join(map(str, tokens))}"
                )
            pending = self._out[0]
            pending.rewards.append(self._reward(trial, self._asked.popleft()))
            if len(pending.rewards) == len(pending.actions):
                self._learn(self._out.popleft())

    def best(self, n: int = 1) -> list[tuple[Rule, float]]:
        """The n different rules with the largest rewards so far, and these.

        Rewards are noisy: the largest is on average more than the rule is worth.
        """
        n, found = check_count(n), dict[Rule, float]()
        for tokens, reward in sorted(self._told.items(), key=lambda item: -item[1]):
            if len(found) == n:
                break
            found.setdefault(Rule.from_tokens(tokens, self.grammar.extensions), reward)
        return list(found.items())

    def greedy(self) -> Rule:
        """The rule of the policy's likeliest tokens; see `Policy.greedy`."""
        with _one_thread():
            (tokens,) = self.policy.tokens(self.policy.greedy()[None])
        return Rule.from_tokens(tokens, self.grammar.extensions)

    def state_dict(self) -> dict[str, object]:
        """All that the next proposals depend on, and what `reports` and `best` say.

        Generators need no more than the number of batches written: each batch has its own. It is
        for a loop of one's own: `run` begins with a new controller, and tells it all trials.
        """
        return {
            **self._same(),
            "policy": {name: x.clone() for name, x in self.policy.state_dict().items()},
            "learner": self.learner.state_dict(),
            "baseline": self.baseline.state_dict(),
            "batches": self._batches,
            "asked": len(self._asked),
            "out": [(p.actions, p.log_prob, list(p.rewards)) for p in self._out],
            "worst": self._worst,
            "told": [(list(tokens), reward) for tokens, reward in self._told.items()],
            "reports": [asdict(report) for report in self.reports],
        }

    def load_state_dict(self, state: State) -> None:
        """Go on from a state; ValueError if it is that of a controller made with other arguments,
        and then nothing has changed."""
        check_state(state, self._same(), "a Controller")
        if missing := State.__required_keys__ - set(state):
            raise ValueError(f"state must have {sorted(missing)[0]!r}, as state_dict() returns it")
        self.learner.load_state_dict(state["learner"])
        self.baseline.load_state_dict(state["baseline"])
        self.policy.load_state_dict(state["policy"])
        self._batches, self._worst = state["batches"], state["worst"]
        device = self.policy.E.device
        self._out = deque(
            Pending(actions.to(device), log_prob.to(device), list(rewards))
            for actions, log_prob, rewards in state["out"]
        )
        waiting = [
            tokens
            for pending in self._out
            for tokens in self.policy.tokens(pending.actions)[len(pending.rewards) :]
        ]
        self._asked, self._ready = (
            deque(waiting[: state["asked"]]),
            deque(waiting[state["asked"] :]),
        )
        self._told = {tuple(tokens): reward for tokens, reward in state["told"]}
        self.reports = [Report(**report) for report in state["reports"]]  # type: ignore[arg-type]
        if self._batches:
            claim(self)

    def _same(self) -> dict[str, object]:
        """What a controller that goes on from a state must have in common with it."""
        return {
            "seed": self.seed,
            "batch": self.batch,
            "direction": self.direction,
            "grammar": repr(self.grammar),
            "units": self.policy.units,
            "baseline_decay": self.baseline.decay,
        }

    def _write(self) -> None:
        """Draw a batch."""
        with _one_thread(), torch.no_grad():
            actions = self.policy.sample(self.batch, _generator(self.seed, STRINGS, self._batches))
            self._out.append(Pending(actions, self.policy.log_prob(actions)))
        self._ready.extend(self.policy.tokens(actions))
        self._batches += 1

    def _reward(self, trial: FrozenTrial, tokens: Tokens) -> float | None:
        """What a trial earned; None if it failed."""
        if trial.state != TrialState.COMPLETE or trial.value is None:
            return None
        reward = trial.value if self.direction == "maximize" else -trial.value
        if abs(reward) > LARGEST:
            return None
        self._worst = min(self._worst, reward)
        self._told[tokens] = max(reward, self._told.get(tokens, reward))
        return reward

    def _learn(self, batch: Pending) -> None:
        earned = [self._worst if reward is None else reward for reward in batch.rewards]
        rewards = torch.tensor(earned, dtype=torch.float64, device="cpu")
        failed = torch.tensor([one is None for one in batch.rewards], device=self.policy.E.device)
        # While all have failed, nobody knows what a failure should be compared with.
        baseline = self.baseline.take(rewards) if self._told else self._worst
        with _one_thread():
            told = Batch(batch.actions, batch.log_prob, rewards.to(batch.log_prob), failed)
            report = self.learner.update(self.policy, told, baseline)
        self.reports.append(report)


def _learner(learner: str | Learner) -> Learner:
    """A learner, by its name or as it was given."""
    if isinstance(learner, str):
        if learner not in LEARNERS:
            raise ValueError(f"learner must be 'trpo', 'reinforce' or a Learner, got {learner!r}")
        return LEARNERS[learner]()
    if isinstance(learner, type) or not all(
        callable(getattr(learner, name, None))
        for name in ("update", "state_dict", "load_state_dict")
    ):
        raise TypeError(f"learner must be 'trpo', 'reinforce' or a Learner, got {learner!r}")
    return learner


def _generator(*key: int) -> torch.Generator:
    """A generator of its own for each key."""
    (seed,) = np.random.SeedSequence(key).generate_state(1, np.uint64)
    return torch.Generator("cpu").manual_seed(int(seed >> 1))


@contextmanager
def _one_thread() -> Iterator[None]:
    """So that sums do not depend on the number of cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

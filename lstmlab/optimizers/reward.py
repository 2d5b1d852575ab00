"""What a rule is worth: the reward that a search over rules maximizes.

Bello et al. (2017, section 4.2) train a small network by the rule for one short epoch at each of
seven learning rates and at the best of them for five; the reward is the accuracy on pictures that
were held out.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import torch

from lstmlab.optimizers.child import ChildRun, Hopeless, train_child
from lstmlab.optimizers.devices import check_name
from lstmlab.optimizers.evaluate import BETAS, DELTA
from lstmlab.optimizers.grammar import Grammar
from lstmlab.optimizers.landscapes import RATES
from lstmlab.optimizers.options import check_engine, check_options
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.spelling import any_rule, check_grammar
from lstmlab.search.space import Value
from lstmlab.tasks import Task, load
from lstmlab.tasks.generated import check_whole
from lstmlab.tasks.images.half import halved
from lstmlab.tasks.task import Pictures


@dataclass(frozen=True)
class RuleRun:
    """What came of a rule.

    Attributes
    ----------
    reward : float
        The accuracy after the last epoch at the best rate; 0 if there is none.
    lr : float or None
        The best rate after an epoch, of equal ones the smallest; None if every rate was given up.
    tried : tuple of float
        The accuracy after an epoch at each rate; 0 where it was given up.
    accuracy : tuple of float
        After each epoch at the best rate.
    updates : int
        Made in all of these trainings.
    failed, stopped : str
        Why there is no reward: a loss or a weight that is no number, or no promise. "" if there is
        one.
    """

    reward: float
    lr: float | None
    tried: tuple[float, ...]
    accuracy: tuple[float, ...]
    updates: int
    failed: str = ""
    stopped: str = ""


@dataclass(frozen=True)
class RuleReward:
    """The objective of a search over rules, for `lstmlab.search.run` with direction "maximize".

    Parameters
    ----------
    grammar : Grammar
        Whose strings a search writes: for the record, which is part of what a study is. What a
        rule is worth does not depend on it, so that a string of any other is judged as well.
    source : str
        Of the task "images": "embedded" for scikit-learn's digits, "auto" for CIFAR-10 where it
        is.
    halved : bool
        Whether the pictures are shrunk to half their size.
    examples : int
        How many training pictures are used, the first of the task: an epoch.
    held_out : int, optional
        How many pictures judge the training at the best rate: the validation set, and training
        pictures beyond `examples` if more are wanted. The validation set if not given; it alone
        chooses the rate.
    batch : int
        Pictures an update.
    epochs : int
        Of the training at the best rate.
    filters : int
        Of `ChildNet`.
    rates : tuple of float
        Learning rates to be tried for an epoch.
    engine : str
        Of `RuleOptimizer`; "auto" is the block machine on a CPU, which needs nothing compiled for
        a new rule.
    hopeless : Hopeless, optional
        When a rate is given up; None to let all run their epoch. At the best rate nothing is.
    device : str
        Where to, such as "cuda".
    betas : tuple of float
        Of `RuleOptimizer`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above; when it is called, also if the pictures are not there or
        are too few, or torch has no such device.

    Notes
    -----
    The sizes are ours, for the digits, so that a rule costs less than a third of a second of one
    core; the paper has 10,000 pictures of CIFAR-10, minibatches of 100, 32 filters and 5,000
    pictures held out. The training at the best rate begins anew, with other first weights than
    those on which the rate was chosen, so that the luck of a rate is not in the reward.

    Examples
    --------
    >>> reward = RuleReward(Grammar(1), epochs=1)
    >>> reward.of(Rule.parse("adam"), seed=0).lr
    0.01
    """

    grammar: Grammar = field(default_factory=Grammar)
    source: str = "embedded"
    halved: bool = False
    examples: int = 500
    held_out: int | None = 600
    batch: int = 20
    epochs: int = 5
    filters: int = 16
    rates: tuple[float, ...] = RATES
    engine: str = "auto"
    hopeless: Hopeless | None = field(default_factory=Hopeless)
    device: str = "cpu"
    betas: tuple[float, float, float] = BETAS

    def __post_init__(self) -> None:
        check_grammar(self.grammar)
        for name in ("examples", "batch", "epochs", "filters"):
            check_whole(name, getattr(self, name))
        if self.held_out is not None:
            check_whole("held_out", self.held_out)
        if not isinstance(self.rates, tuple) or not self.rates:
            raise ValueError(f"rates must be a tuple of learning rates, got {self.rates!r}")
        for lr in self.rates:
            if isinstance(lr, bool) or not isinstance(lr, int | float) or not 0 < lr < math.inf:
                raise ValueError(f"rates must be finite and above 0, got {lr!r}")
        if not isinstance(self.halved, bool):
            raise TypeError(f"halved must be True or False, got {self.halved!r}")
        check_engine(self.engine)
        if not isinstance(self.hopeless, Hopeless | None):
            raise TypeError(f"hopeless must be a Hopeless or None, got {self.hopeless!r}")
        check_name(self.device)
        options = {"lr": self.rates[0], "betas": self.betas, "delta": DELTA, "steps": None}
        check_options(options, Rule.parse("g"))
        # Plain numbers, so that equal rewards are said alike in the record of a study.
        object.__setattr__(self, "rates", tuple(map(float, self.rates)))
        object.__setattr__(self, "betas", tuple(map(float, self.betas)))

    def __call__(self, params: Mapping[str, Value], seed: int) -> dict[str, object]:
        """What `run` writes down of a trial: the reward as "value", and how it came about.

        Parameters
        ----------
        params : dict of str
            A point of `space_of(grammar)`, or of the space of another grammar.
        seed : int
            Fixes first weights, the order of the pictures, and the rule's own draws.

        Returns
        -------
        dict
            "value", and of `RuleRun` "lr", "tried", "accuracy", "updates", "failed", "stopped"; the
            "formula"; and "spent", seconds of the processor. A rule that cannot be trained has the
            value 0: it is no failed trial.

        Raises
        ------
        ValueError
            If these are no tokens of a rule.
        """
        rule = any_rule(params)
        began = time.process_time()
        worth = self.of(rule, seed)
        return {
            "value": worth.reward, "formula": str(rule), "lr": worth.lr,
            "tried": list(worth.tried), "accuracy": list(worth.accuracy),
            "updates": worth.updates, "failed": worth.failed, "stopped": worth.stopped,
            "spent": time.process_time() - began,
        }  # fmt: skip

    def of(self, rule: Rule, seed: int) -> RuleRun:
        """What a rule is worth, whether or not it is one of the grammar's."""
        first, second = (int(n) for n in np.random.SeedSequence(seed).generate_state(2))
        tries = [self.tried(rule, lr, first) for lr in self.rates]
        updates = sum(run.updates for run in tries)
        tried = tuple(run.reward for run in tries)
        if not any(tried):
            failed, stopped = _given_up(tries)
            return RuleRun(0.0, None, tried, (), updates, failed, stopped)
        lr = best_rate(self.rates, tried)
        run = self.train(rule, lr, second)
        failed = f"at the rate {lr:g} {run.failed}" if run.failed else ""
        return RuleRun(run.reward, lr, tried, run.accuracy, updates + run.updates, failed)

    def tried(self, rule: Rule, lr: float, seed: int) -> ChildRun:
        """An epoch at a rate, given up if it is hopeless."""
        task = _prepared(self.source, self.halved, self.examples, None)
        return self._train(task, rule, lr, seed, 1, self.hopeless)

    def train(
        self, rule: Rule, lr: float, seed: int, epochs: int | None = None, *, test: bool = False
    ) -> ChildRun:
        """A whole training, of `epochs` if no others are given; ValueError if those are none."""
        epochs = self.epochs if epochs is None else epochs
        return self._train(self.task, rule, lr, seed, epochs, None, test)

    def _train(
        self,
        task: Task,
        rule: Rule,
        lr: float,
        seed: int,
        epochs: int,
        hopeless: Hopeless | None,
        test: bool = False,
    ) -> ChildRun:
        """On one thread, whatever torch's number of threads is."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return train_child(
                rule, task, lr=lr, epochs=epochs, batch=self.batch, seed=seed,
                examples=self.examples, filters=self.filters, engine=self.engine, test=test,
                hopeless=hopeless, device=self.device, betas=self.betas,
            )  # fmt: skip
        finally:
            torch.set_num_threads(threads)

    @property
    def task(self) -> Task:
        """The pictures, with those that judge as its validation set."""
        return _prepared(self.source, self.halved, self.examples, self.held_out)


def best_rate(rates: Sequence[float], tried: Sequence[float]) -> float:
    """The rate with the largest accuracy after an epoch; of equal ones the smallest."""
    best = max(tried)
    return min(lr for lr, accuracy in zip(rates, tried, strict=True) if accuracy == best)


@lru_cache(maxsize=4)
def _prepared(source: str, half: bool, examples: int, held_out: int | None) -> Task:
    task = load("images", source=source)
    task = halved(task) if half else task
    train, valid = task.train, task.valid
    if not isinstance(train, Pictures) or not isinstance(valid, Pictures):
        raise ValueError(f"source must have pictures, got {source!r}")
    if held_out is None:
        return task
    most = len(valid.x) + max(len(train.x) - examples, 0)
    if held_out > most:
        raise ValueError(
            f"held_out must be {most} or less, what {examples} examples leave, got {held_out}"
        )
    spare = slice(examples, examples + max(held_out - len(valid.x), 0))
    x = np.concatenate([valid.x, train.x[spare]])[:held_out]
    classes = np.concatenate([valid.classes, train.classes[spare]])[:held_out]
    return replace(task, valid=Pictures(x, classes))


def _given_up(tries: list[ChildRun]) -> tuple[str, str]:
    """Why there is no reward, where no rate has one: failed if all failed, else stopped."""
    ends = Counter("failed" if run.failed else "stopped" for run in tries)
    if not ends["stopped"]:
        return f"at every rate, first: {tries[0].failed}", ""
    also = f", {ends['failed']} failed" if ends["failed"] else ""
    return "", f"{ends['stopped']} of {len(tries)} rates showed no promise{also}"

"""The filter for the rules that the searches found, and the best of them beside known ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lstmlab.optimizers.filtering import STAGES, Stage, Standing, finalists
from lstmlab.optimizers.landscapes import RATES
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.zoo import CLASSICS, FOUND, ZOO
from lstmlab.results import Row
from lstmlab.results.kept import Kept
from lstmlab.results.written_search import SOURCE

BESIDE = (*CLASSICS, "powersign")
"""With which the best are compared; places in `ZOO`."""
DOZENS = 24
"""How many rules of each depth enter."""
SEED = 1_000_003
"""Of the filter; no search has had it."""
NOISE = 5
"""With how many seeds the noise of the reward is measured."""

Piece = list[float]


@dataclass(frozen=True)
class Candidate:
    """A rule that was sampled.

    Attributes
    ----------
    rule : Rule
    groups : int
        Of the strings among which it was found; the lesser number if it was in both.
    method : str
        What found it: "random", "trpo" or "both".
    searched : float
        Its mean reward in the searches.
    samples : int
        How often they sampled it.
    """

    rule: Rule
    groups: int
    method: str
    searched: float
    samples: int


def candidates(rows: Sequence[Row], dozens: int = DOZENS) -> list[Candidate]:
    """Of each depth the rules with the best mean rewards, rules that are equal taken together.

    Parameters
    ----------
    rows : sequence of dict
        Of `written_search.sample_rows`, of all searches.
    dozens : int
        How many of each depth.
    """
    samples: dict[Rule, list[Row]] = {}
    for row in rows:
        samples.setdefault(Rule.from_tokens(str(row["tokens"]).split()), []).append(row)
    found = [_candidate(rule, own) for rule, own in samples.items()]
    found.sort(key=lambda one: -one.searched)
    depths = sorted({one.groups for one in found})
    return [one for depth in depths for one in [c for c in found if c.groups == depth][:dozens]]


def _candidate(rule: Rule, rows: Sequence[Row]) -> Candidate:
    methods = {str(row["method"]) for row in rows}
    return Candidate(
        rule,
        min(int(row["groups"]) for row in rows),
        methods.pop() if len(methods) == 1 else "both",
        float(np.mean([float(row["reward"]) for row in rows])),
        len(rows),
    )


class KeptTrainer:
    """Trains as the searches did, each training once; a `filtering.Trainer`."""

    rates = RATES

    def __init__(self, kept: Kept[Piece]) -> None:
        from lstmlab.optimizers.reward import RuleReward

        self.reward = RuleReward(source=SOURCE)
        self._kept = kept

    def first(self, rule: Rule, lr: float, seed: int) -> float:
        """The accuracy after an epoch; 0 for a training that is given up."""
        return self._get(
            rule, f"{lr:g}, {seed}", lambda: [self.reward.tried(rule, lr, seed).reward]
        )[0]

    def whole(self, rule: Rule, lr: float, seed: int, epochs: int) -> tuple[float, float]:
        """Accuracies after a whole training, of validation and test; 0 and 0 if it fails."""

        def make() -> Piece:
            run = self.reward.train(rule, lr, seed, epochs, test=True)
            return [run.reward, run.test or 0.0]

        valid, test = self._get(rule, f"{lr:g}, {seed}, {epochs}", make)
        return valid, test

    def judged(self, rule: Rule, seed: int) -> tuple[float, float]:
        """The reward of a rule and its rate, 0 if it has none."""

        def make() -> Piece:
            run = self.reward.of(rule, seed)
            return [run.reward, run.lr or 0.0]

        reward, lr = self._get(rule, f"reward, {seed}", make)
        return reward, lr

    def _get(self, rule: Rule, what: str, make: Callable[[], Piece]) -> Piece:
        return self._kept.get(f"{' '.join(rule.tokens)}: {what}", make)


def noise_rows(trainer: KeptTrainer) -> list[Row]:
    """The reward of every known rule with several seeds, equal rules once."""
    names: dict[Rule, str] = {}
    for name in (*BESIDE, "addsign", *FOUND):
        names.setdefault(ZOO[name].rule, name)
    rows: list[Row] = []
    for rule, name in names.items():
        for seed in range(NOISE):
            reward, lr = trainer.judged(rule, SEED + seed)
            rows.append({
                "source": SOURCE, "name": name, "formula": str(rule), "seed": seed,
                "reward": round(reward, 4), "lr": lr or "",
            })  # fmt: skip
    return rows


@dataclass(frozen=True)
class Filtered:
    """What the filter came to: standings in their order, and what the searches knew of them."""

    standings: Sequence[Standing]
    known: Mapping[Rule, Candidate]
    stages: Sequence[Stage]

    def names(self) -> dict[Rule, str]:
        """The known rules by their names, the others that came to the end as "written-1", ..."""
        named = {ZOO[name].rule: name for name in BESIDE}
        left = [one.rule for one in self.standings if one.stages == len(self.stages)]
        new = [rule for rule in left if rule not in named]
        return named | {rule: f"written-{n}" for n, rule in enumerate(new, start=1)}

    def about(self, standing: Standing) -> Row:
        """Who a rule is."""
        candidate = self.known.get(standing.rule)
        return {
            "source": SOURCE,
            "groups": candidate.groups if candidate else "",
            "name": self.names().get(standing.rule, ""),
            "formula": str(standing.rule),
            "method": candidate.method if candidate else "",
            "searched": round(candidate.searched, 4) if candidate else "",
            "samples": candidate.samples if candidate else "",
            "lr": "" if standing.lr is None else standing.lr,
        }


def filtered(rows: Sequence[Row], trainer: KeptTrainer) -> Filtered:
    """Let the best of the searches, and the known rules, go through the filter."""
    found = candidates(rows)
    beside = [ZOO[name].rule for name in BESIDE]
    standings = finalists([one.rule for one in found], trainer, STAGES, seed=SEED, beside=beside)
    return Filtered(standings, {one.rule: one for one in found}, STAGES)


def finalist_rows(done: Filtered) -> list[Row]:
    """A row for every rule that came to the end: means over the seeds, standard deviations."""
    rows: list[Row] = []
    for one in done.standings:
        if one.stages < len(done.stages):
            continue
        last = done.stages[-1]
        row = done.about(one) | {"epochs": last.epochs, "seeds": last.seeds}
        measures = {"fresh": one.valid[0], "valid": one.valid[-1], "test": one.test[-1]}
        for what, values in measures.items():
            row[what] = round(float(np.mean(values)), 4)
            row[f"{what}_sd"] = round(float(np.std(values, ddof=1)), 4)
        rows.append(row)
    return rows


def filter_rows(done: Filtered) -> list[Row]:
    """A row for every rule that entered: the mean accuracy of each stage that it was in."""
    rows: list[Row] = []
    for one in done.standings:
        row = done.about(one) | {"stages": one.stages}
        for n in range(len(done.stages)):
            here = n < one.stages
            row[f"valid_{n + 1}"] = round(float(np.mean(one.valid[n])), 4) if here else ""
        rows.append(row)
    return rows

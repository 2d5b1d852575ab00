"""The searches over rules: a controller that learns by TRPO, beside strings drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from optuna.trial import FrozenTrial

from lstmlab.optimizers.grammar import Grammar
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.spelling import UniformRules, params_of, tokens_of
from lstmlab.results import Row
from lstmlab.search import Searcher, Serial, restore, run
from lstmlab.search.ledger import own_trials, seed_of
from lstmlab.search.outcome import Objective
from lstmlab.search.storage import peek

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "embedded"
METHODS = ("random", "trpo")
SEEDS = (0, 1, 2)
SAMPLES = {1: 400, 2: 600}
"""How many rules each search samples, by the number of groups in a string."""
BATCH = 5
"""Rules a batch, after which the policy is updated; as in the paper."""
MAX_KL, DAMPING = 0.01, 0.1
"""Of TRPO; its bound is in nats, a mean over places. Chosen on synthetic rewards."""
WINDOW = 50
"""Of how many rewards a curve shows the mean."""
EVERY = 10
"""A curve has a point for so many samples."""


@dataclass(frozen=True)
class Arm:
    """One search, over all strings of the paper's full lists under its three constraints.

    Attributes
    ----------
    groups : int
        Of the strings: 1 or 2, the depth of the tree.
    method : str
        One of `METHODS`.
    seed : int
    """

    groups: int
    method: str
    seed: int

    @property
    def name(self) -> str:
        """Of its study, and of the file that it is in."""
        return f"{self.method}-{self.groups}-{self.seed}"

    @property
    def grammar(self) -> Grammar:
        """What is searched."""
        return Grammar(self.groups)

    def searcher(self) -> Searcher:
        """A new one."""
        if self.method == "random":
            return UniformRules(self.grammar, seed=self.seed, batch=BATCH)
        from lstmlab.optimizers.controller import Controller
        from lstmlab.optimizers.trpo import TRPO

        learner = TRPO(max_kl=MAX_KL, damping=DAMPING, reuse=1)
        return Controller(self.grammar, learner=learner, batch=BATCH, seed=self.seed)

    def objective(self) -> Objective:
        """The reward."""
        from lstmlab.optimizers.reward import RuleReward

        return RuleReward(self.grammar, source=SOURCE)


ARMS = tuple(Arm(groups, method, seed) for groups in (2, 1) for seed in SEEDS for method in METHODS)


def searched(
    arm: Arm, samples: int, folder: Path | None = None, begun: Sequence[Row] = ()
) -> list[FrozenTrial]:
    """The trials of a search, in the order in which they were asked for.

    Parameters
    ----------
    arm : Arm
    samples : int
        How many.
    folder : Path, optional
        Where its journal is; what is in it is not trained again.
    begun : sequence of dict
        Rows of `sample_rows` to go on from, if there is no journal yet.
    """
    storage = folder / f"{arm.name}.journal" if folder else None
    known = peek(storage, arm.name) if storage else None
    if known is None and begun:
        known = restore(_trials(arm, begun), arm.searcher(), storage=storage, name=arm.name)
    if known is None or len(own_trials(known)) < samples:
        known = run(
            arm.searcher(), arm.objective(), samples, executor=Serial(),
            storage=storage or known, name=arm.name, progress=False,
        )  # fmt: skip
    trials = sorted(own_trials(known), key=lambda trial: int(trial.user_attrs["number"]))
    return trials[:samples]


def _trials(arm: Arm, rows: Sequence[Row]) -> pd.DataFrame:
    """Rows that were shipped, as `restore` wants them."""
    import pandas as pd

    return pd.DataFrame([
        {
            "number": row["number"], "value": float(row["reward"]), "state": "complete",
            "seed": seed_of(arm.seed, int(row["number"])), "spent": float(row["seconds"]),
            **params_of(arm.grammar, str(row["tokens"]).split()),
            "formula": str(row["formula"]), "lr": row["lr"] or None,
            **{why: row["ended"] if row["ended"] == why else "" for why in ("failed", "stopped")},
        }
        for row in rows
    ])  # fmt: skip


def sample_rows(arm: Arm, trials: Sequence[FrozenTrial]) -> list[Row]:
    """A row for every rule that was sampled; rewards in full, for a controller to learn from."""
    rows: list[Row] = []
    for trial in trials:
        about = trial.user_attrs
        lr = about.get("lr")
        rows.append({
            "source": SOURCE, "groups": arm.groups, "method": arm.method, "seed": arm.seed,
            "number": about["number"], "tokens": " ".join(tokens_of(arm.grammar, trial.params)),
            "formula": about["formula"], "reward": trial.value or 0.0,
            "lr": "" if lr is None else lr,
            "ended": "failed" if about["failed"] else "stopped" if about["stopped"] else "",
            "seconds": round(about["spent"], 2),
        })  # fmt: skip
    return rows


def curve_rows(rows: Sequence[Row]) -> list[Row]:
    """How the rewards of one search went, from its rows of `sample_rows`."""
    rewards = np.array([float(row["reward"]) for row in rows])
    seen: set[Rule] = set()
    points: list[Row] = []
    for n, row in enumerate(rows, start=1):
        seen.add(Rule.from_tokens(str(row["tokens"]).split()))
        if n % EVERY:
            continue
        recent = rewards[max(0, n - WINDOW) : n]
        points.append({
            **{what: row[what] for what in ("source", "groups", "method", "seed")},
            "number": n, "mean": round(float(recent.mean()), 4),
            "best": round(float(rewards[:n].max()), 4),
            "trains": round(float((recent > 0).mean()), 4), "distinct": len(seen),
        })  # fmt: skip
    return points

"""The nine trials of Newhouse's paper, walked again; and the same walks over noise alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from lstmlab.cells import Array
from lstmlab.results import Row
from lstmlab.results.newhouse_noise import noisy_descents, noisy_trials
from lstmlab.results.newhouse_pieces import SOURCE, OutOfTime, WhileTimeLasts, summed
from lstmlab.results.newhouse_walks import EVERY, LEGS, STARTS, H, Leg, Reported, Walk, gradient_at
from lstmlab.search.newhouse import PAPER, SPACE, TRIALS, Trial

ENDS = ("1A", "1B", "1C")
"""The paper's tables of end points alone."""
INTENSIVE = (100, 100)
"""α and β of the gradient at the end of a walk."""
DEAR = 100
"""The α of the trials that are not walked to their ends."""


def walks() -> list[Walk]:
    """All runs of all trials, at their starts."""
    return [Walk(trial, size) for trial in TRIALS for size in trial.step_sizes]


@dataclass
class Trials:
    """What has been walked, and gradients on the way.

    Attributes
    ----------
    walks : list of Walk
        One for each trial and step size.
    gradients : list of (Walk, α, β, Leg)
    """

    walks: list[Walk] = field(default_factory=walks)
    gradients: list[tuple[Walk, int, int, Leg]] = field(default_factory=list)

    def go(self, pieces: WhileTimeLasts[Leg], dear: int) -> None:
        """Walk as far as time allows, first what costs least.

        Parameters
        ----------
        pieces : WhileTimeLasts
        dear : int
            So many steps of the paper's 10,000 are made where α is 100; those walks take turns.
        """
        cheap = [walk for walk in self.walks if walk.trial.alpha < DEAR]
        cheap.sort(key=lambda walk: (walk.trial.method == "gradient descent", walk.trial.alpha))
        for walk in cheap:
            _carry(walk, pieces, walk.trial.steps)
        for steps in range(LEGS[DEAR], dear + 1, LEGS[DEAR]):
            for walk in self.walks:
                if walk.trial.alpha == DEAR:
                    _carry(walk, pieces, steps)
        for walk, alpha, beta, (step, _, place) in self.wanted():
            make = partial(gradient_at, place, step, beta, summed(alpha))
            try:
                leg = pieces.get(f"gradient/{walk.name}/{step}/{alpha}/{beta}", make)
            except OutOfTime:
                continue
            self.gradients.append((walk, alpha, beta, leg))

    def wanted(self) -> list[tuple[Walk, int, int, Reported]]:
        """Where the paper computed its intensive gradients, with their α and β: the ends first."""
        ends = [
            (walk, *INTENSIVE, walk.points[-1])
            for walk in self.walks
            if walk.points and walk.trial.number not in (4, 5)
        ]
        ways = [
            (walk, alpha, beta, point)
            for walk in self.walks
            if walk.trial.intensive
            for every, alpha, beta in [walk.trial.intensive]
            for point in walk.points
            if point[0] and point[0] % every == 0
        ]
        return ends + sorted(ways, key=lambda way: -way[3][0])


def _carry(walk: Walk, pieces: WhileTimeLasts[Leg], steps: int) -> None:
    try:
        walk.carry(pieces, steps)
    except OutOfTime:
        return


def printed_end(trial: Trial, size: float) -> tuple[float, ...] | None:
    """The last place of a walk that the paper prints."""
    for figure in ENDS:
        if (trial.number, size) in PAPER[figure]:
            return PAPER[figure][trial.number, size]
    rows = [PAPER[figure].get((trial.number, 90)) for figure in STARTS]
    return next((row for row in rows if row is not None), None)


def _named(prefix: str, place: Sequence[float] | None) -> Row:
    """Columns for a place, empty if there is none."""
    if place is None:
        return {f"{prefix}{name}": "" for name in SPACE}
    return {f"{prefix}{name}": float(f"{x:.10g}") for name, x in zip(SPACE, place, strict=True)}


def trial_tables(done: Trials) -> dict[str, list[Row]]:
    """Ends, paths and gradients of the walks over networks.

    Returns
    -------
    dict of str to list of dict
        "": for each trial and step size its `steps`, `of` how many in the paper, `trainings`,
        start, end, and the `paper_…` end. "paths": the points at the reporting interval, and the
        `kind` of step that was taken there. "gradients": parts and `magnitude`, times h as in the
        paper, with α and β.
    """
    tables: dict[str, list[Row]] = {"": [], "paths": [], "gradients": []}
    for walk in done.walks:
        if walk.points:
            about: Row = {"trial": walk.trial.number, "size": walk.size}
            tables[""].append({"source": SOURCE} | about | _ended(walk))
            tables["paths"] += [
                about | {"step": step, "kind": kind} | _named("", place)
                for step, kind, place in walk.points
            ]
    for walk, alpha, beta, leg in done.gradients:
        step, _, parts = leg["points"][0]
        scaled = [H * part for part in parts]
        tables["gradients"].append({
            "trial": walk.trial.number, "size": walk.size, "step": step, "alpha": alpha,
            "beta": beta, **_named("", scaled), "magnitude": float(np.linalg.norm(scaled)),
            "trainings": leg["trainings"],
        })  # fmt: skip
    return tables


def _ended(walk: Walk) -> Row:
    trial = walk.trial
    return {
        "method": trial.update or trial.method, "alpha": trial.alpha, "beta": trial.beta,
        "seed": walk.seed, "steps": walk.steps, "of": trial.steps, "trainings": walk.trainings,
        **_named("start_", walk.points[0][2]), **_named("end_", walk.points[-1][2]),
        **_named("paper_", printed_end(trial, walk.size)),
    }  # fmt: skip


def noise_arrays() -> dict[str, Array]:
    """The walks over noise: "step-0.1" and so on of gradient descent, and those of `noisy_trials`.

    Each (walks, reports, 3), with the steps of its reports under the same name and "-steps".
    """
    descent = TRIALS[4]
    found = noisy_trials()
    for size in descent.step_sizes:
        found[f"step-{size}"] = noisy_descents(size, descent.steps, EVERY)
        found[f"step-{size}-steps"] = np.arange(0.0, descent.steps + 1, EVERY)
    return {name: array.astype(np.float32) for name, array in found.items()}

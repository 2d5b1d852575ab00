"""Walks of Newhouse's methods over the relaxed loss of networks, in legs that are kept.

A walk of gradient descent or of Newton's method knows nothing but where it is, so it is computed in
legs, each begun where the last one ended, and can be carried on; a quasi-Newton walk is one leg.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypedDict

import numpy as np

from lstmlab.results.newhouse_pieces import WhileTimeLasts, summed
from lstmlab.search.climber import Climber
from lstmlab.search.downhill import GradientDescent
from lstmlab.search.newhouse import PAPER, SPACE, Trial
from lstmlab.search.newton import Newton
from lstmlab.search.outcome import Objective
from lstmlab.search.quasi import QuasiNewton
from lstmlab.search.relaxed import Relaxed

Point = dict[str, float]
Reported = tuple[int, str, list[float]]
"""How many steps had been made, the kind of the next one, and where that was."""

H = 1e-8
EVERY = 100
"""Steps between two points of a path of which the paper has the end alone."""
LEGS = {1: 1000, 10: 500, 100: 100}
"""Steps of a leg of gradient descent, by α."""
STARTS = ("3A", "3B", "4A", "4B")
"""The paper's tables that begin with a start."""
SEED = 0


class Leg(TypedDict):
    """A stretch of a walk, or a gradient at its end.

    Attributes
    ----------
    points : list of [step, kind, point]
        At the reporting interval, at the start and at the end; of a gradient, its parts.
    trainings : int
    """

    points: list[Reported]
    trainings: int


@dataclass
class Walk:
    """One run of one trial, as far as it has come.

    Attributes
    ----------
    trial : Trial
    size : float
        Length of a step along the gradient.
    seed : int
        Of the start, if the paper does not tell it, and of all trainings.
    objective : callable, optional
        What is walked over; the paper's loss on the real text unless given.
    points : list of [step, kind, point]
    trainings : int
    over : bool
        Whether the method has ended before its last step.
    """

    trial: Trial
    size: float
    seed: int = SEED
    objective: Objective | None = None
    points: list[Reported] = field(default_factory=list)
    trainings: int = 0
    over: bool = False

    @property
    def name(self) -> str:
        """The trial, the step size and the seed."""
        return f"{self.trial.number}/{self.size}/{self.seed}"

    @property
    def steps(self) -> int:
        """How many have been made."""
        return self.points[-1][0] if self.points else 0

    @property
    def at(self) -> Point:
        """Where it stands."""
        place = self.points[-1][2] if self.points else start(self.trial, self.size, self.seed)
        return dict(zip(SPACE, place, strict=True))

    def carry(self, pieces: WhileTimeLasts[Leg], steps: int) -> None:
        """Walk until so many steps have been made; OutOfTime if time is over before."""
        steps = min(steps, self.trial.steps)
        each = LEGS[self.trial.alpha] if self.trial.method == "gradient descent" else steps
        while not self.over and self.steps < steps:
            make = partial(self.walked, min(each, steps - self.steps))
            leg = pieces.get(f"walk/{self.name}/{self.steps}", make)
            self.points = self.points[:-1] + leg["points"]
            self.trainings += leg["trainings"]
            self.over = self.points[-1][1] == "over"

    def walked(self, steps: int) -> Leg:
        """The next leg, of so many steps."""
        relaxed = Relaxed(
            self.objective or summed(self.trial.alpha), SPACE, mode="fresh",
            repetitions=self.trial.beta,
            seed=_seed(self.trial.number, round(1000 * self.size), self.steps, self.seed),
        )  # fmt: skip
        points = reports(self.climber(steps), relaxed, self.trial.every or EVERY, self.steps)
        return {"points": points, "trainings": relaxed.trainings}

    def climber(self, steps: int) -> Climber:
        """The trial's method with the paper's settings, for so many steps from here."""
        trial, seed = self.trial, self.seed
        match trial.method:
            case "gradient descent":
                return GradientDescent(
                    SPACE, step=self.size, h=H, steps=steps, start=self.at, seed=seed
                )
            case "Newton":
                return Newton(
                    SPACE, multiplier=trial.multiplier, fallback=self.size, steps=steps,
                    start=self.at, seed=seed,
                )  # fmt: skip
        return QuasiNewton(
            SPACE, update=trial.update or "bfgs", steps=steps, start=self.at, seed=seed
        )


def reports(
    climber: Climber, relaxed: Callable[[Point], float], every: int, done: int = 0
) -> list[Reported]:
    """Let a method go to its end; where it was after every so many steps, and at last.

    Parameters
    ----------
    climber : Climber
        A new one.
    relaxed : callable
        The relaxed objective, a function of points.
    every : int
    done : int
        How many steps were made before. The last point's kind is "over" if the method ended before
        its last step.
    """
    iterates = climber.walk(relaxed)
    points = [
        (done + it.step, it.kind, [float(it.point[name]) for name in SPACE])
        for it in iterates
        if (done + it.step) % every == 0 or it is iterates[-1]
    ]
    if climber.ended != "steps":
        points[-1] = (points[-1][0], "over", points[-1][2])
    return points


def start(trial: Trial, size: float, seed: int) -> list[float]:
    """Where a trial starts: the paper's place if it tells it, or uniform from 0 to 10."""
    for figure in STARTS:
        printed = PAPER[figure].get((trial.number, 0))
        if printed is not None:
            return list(printed)
    rng = np.random.default_rng([seed, trial.number, round(1000 * size)])
    return [float(x) for x in rng.uniform(0, 10, len(SPACE))]


def gradient_at(place: Sequence[float], step: int, beta: int, objective: Objective) -> Leg:
    """The paper's intensive gradient: forward differences of means of β trainings, over h."""
    relaxed = Relaxed(objective, SPACE, mode="fresh", repetitions=beta, seed=step)
    parts = relaxed.forward(dict(zip(SPACE, place, strict=True)), H).tolist()
    return {"points": [(step, "gradient", parts)], "trainings": relaxed.trainings}


def _seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])

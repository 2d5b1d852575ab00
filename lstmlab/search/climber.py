"""Methods that step from a point to the next, as searchers: they ask for what a step needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from optuna.trial import FrozenTrial

from lstmlab.search.coordinates import Box, Place, Raw
from lstmlab.search.cube import Array
from lstmlab.search.relaxation import ARCH, arch, corners, numeric
from lstmlab.search.searcher import Base, Direction, check_count, check_number
from lstmlab.search.space import Params, Space

if TYPE_CHECKING:
    import pandas as pd

Climb: TypeAlias = Generator[list[Place], list[float], None]
"""A method: it yields points, and is sent what the relaxed objective costs at each."""
Slope: TypeAlias = Generator[list[Place], list[float], tuple[float, Array]]
"""A part of a method that finds the cost at a place and the gradient there."""
COLUMNS = ("step", "kind", "gradient", "trainings")


@dataclass(frozen=True)
class Iterate:
    """A point that a method has come to.

    Attributes
    ----------
    step : int
        How many steps have led there: 0 at the start.
    point : dict of str to float
        Integers as the relaxation has them, anywhere between two.
    value : float
        The relaxed objective there as a cost (of a search that maximizes, its negative); NaN if
        the method does not ask for it.
    gradient : tuple of d floats
        In the method's coordinates; empty if the method ended before it was asked for.
    kind : str
        Which step it takes from there, such as "gradient"; "end" if none.
    trainings : int
        How many trials have been told by then.
    """

    step: int
    point: Place
    value: float
    gradient: tuple[float, ...]
    kind: str
    trainings: int


class Climber(Base):
    """A searcher around a method that steps over the relaxed objective (Newhouse, Procedure).

    A subclass writes the method as a generator, `climb`: it yields a list of points, at which it
    wants to know the relaxed objective, and is sent their costs. This class asks for the trials
    at the integer corners of those points, all of a request in one batch, and answers for corners
    out of bounds from the arches.

    Parameters
    ----------
    space : dict of str to optuna distribution
        Without categories.
    start : dict of str to float, optional
        If not given, drawn with the seed: every coordinate uniform between 0 and 10 as in the
        paper, or anywhere in the box.
    boxed : bool
        Coordinates in the unit box, logarithmic where they can be, instead of raw ones.
    fresh : bool
        Train anew whenever a corner is asked for, as the paper, so that a difference of two values
        is one of two random initialisations as well. If not, a corner is trained once and
        remembered.
    repetitions : int
        Trainings of a corner whose mean is its value: the paper's β.
    steps : int
        After so many the search ends.
    tolerance : float
        It ends when the gradient's norm is less than this.
    seed, direction
        As for every searcher.

    Attributes
    ----------
    iterates : list of Iterate
        Every point that it has come to, with the step that it took from there.
    trainings : int
        How many trials have been told.
    ended : str or None
        Why no more will be asked for: "steps", "tolerance", or what the method says.

    Notes
    -----
    A failed trial costs as much as the worst that has been told by the time its corner is used,
    and 10⁶, as much as the foot of an arch, if all have failed. A point with a coordinate that is
    not finite costs infinity and is not trained.
    """

    def __init__(
        self,
        space: Space,
        *,
        start: Mapping[str, float] | None = None,
        boxed: bool = False,
        fresh: bool = True,
        repetitions: int = 1,
        steps: int = 10_000,
        tolerance: float = 1e-4,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(space, seed=seed, direction=direction)
        taken = [name for name in numeric(self.space) if name in COLUMNS]
        if taken:
            raise ValueError(f"space must not name a hyperparameter {taken[0]!r}: `path` has it")
        self.coordinates: Raw | Box = (Box if boxed else Raw)(self.space)
        rng = np.random.default_rng([self.seed, 0])
        self.start = self.coordinates.draw(rng) if start is None else self.coordinates.vector(start)
        self.fresh = fresh
        self.repetitions = check_count(repetitions, "repetitions")
        self.steps = check_count(steps, "steps", least=0)
        self.tolerance = check_number(tolerance, "tolerance", 0, np.inf, "0 or more")
        self.iterates: list[Iterate] = []
        self.trainings = 0
        self.ended: str | None = None
        self.bounds = {name: (d.low, d.high) for name, d in numeric(self.space).items()}
        self._method: Climb | None = None
        self._known: dict[tuple[float, ...], float] = {}  # the costs of corners, remembered
        self._worst = -math.inf
        self._request: list[list[_Share]] = []
        self._wanted: list[Params] = []
        self._told: list[FrozenTrial] = []
        self._asked = 0

    def climb(self) -> Climb:
        """The method, to be written by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} must have a method climb()")

    def begin(self) -> None:
        """Find out what the method wants first, so that `batch` says how much that is.

        The last line of a subclass's constructor; without it the first batch is one trial.
        """
        if self._method is None:
            self._method = self.climb()
            self._go_on(None)

    def ask(self, n: int = 1) -> list[Params]:
        """The corners that the method waits for; none until all of them are told."""
        n = check_count(n)
        self.begin()
        proposals = self._wanted[self._asked :][:n]
        self._asked += len(proposals)
        return [dict(params) for params in proposals]

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Go on once all that the method waits for is told."""
        if len(self._told) + len(trials) > self._asked:
            raise ValueError(
                f"trials must be those that were asked for, got {len(self._told) + len(trials)} "
                f"where {self._asked} are out"
            )
        self._told.extend(trials)
        if self._wanted and len(self._told) == len(self._wanted):
            told = sorted(self._told, key=lambda trial: trial.number)
            self._go_on(self._values([self.cost(trial) for trial in told]))

    def walk(self, relaxed: Callable[[Place], float]) -> list[Iterate]:
        """Let the method go to its end over a function of points, such as `Relaxed`; no trials.

        Arches and means are then the function's own, and `trainings` counts its calls.

        Returns
        -------
        list of Iterate

        Raises
        ------
        ValueError
            If the search has been told of trials before.
        """
        if self._asked:
            raise ValueError("walk must begin with a new searcher, got one that has been asked")
        self.iterates, self.ended, self.trainings = [], None, 0
        method, values = self.climb(), None
        sign = 1 if self.direction == "minimize" else -1
        while True:
            try:
                points = method.send(values)  # type: ignore[arg-type]
            except StopIteration:
                self._end()
                return self.iterates
            self.trainings += len(points)
            costs = [sign * float(relaxed(p)) if _finite(p) else math.inf for p in points]
            self._worst = max([self._worst, *filter(math.isfinite, costs)])
            values = [
                self._finite(cost) if _finite(p) else cost
                for p, cost in zip(points, costs, strict=True)
            ]

    def path(self) -> pd.DataFrame:
        """The iterates as a table: one row a step, its gradient by its norm."""
        import pandas as pd

        rows = [
            {
                "step": it.step, **it.point, "value": it.value,
                "gradient": norm(np.array(it.gradient)) if it.gradient else math.nan,
                "kind": it.kind, "trainings": it.trainings,
            }
            for it in self.iterates
        ]  # fmt: skip
        columns = ["step", *self.space, "value", "gradient", "kind", "trainings"]
        return pd.DataFrame(rows, columns=columns)

    def at(self, x: Array) -> Place:
        """The point at coordinates x, (d,)."""
        return self.coordinates.point(x)

    def note(
        self, x: Array, kind: str, value: float = math.nan, gradient: Array | None = None
    ) -> None:
        """Write down that the method has come to x, and which step it takes from there."""
        g = () if gradient is None else tuple(gradient.tolist())
        step = len(self.iterates)
        self.iterates.append(Iterate(step, self.at(x), value, g, kind, self.trainings))

    def flat(self, gradient: Array) -> str | None:
        """Why the search ends at a gradient, (d,), or None if it does not."""
        if not np.isfinite(gradient).all():
            return "gradient not finite"
        return "tolerance" if norm(gradient) < self.tolerance else None

    def forward(self, x: Array, h: float) -> Slope:
        """The cost at x and the gradient by forward differences, as the paper's listing has it.

        For every coordinate both f(x + h) and f(x) are asked for, (f(x + h) - f(x)) / h.

        Returns
        -------
        value : float
            The first of the costs at x.
        gradient : (d,)
        """
        ahead = [self.at(x + h * e) for e in np.eye(len(x))]
        values = yield [point for step in ahead for point in (step, self.at(x))]
        stepped, stayed = np.array(values).reshape(-1, 2).T
        with np.errstate(invalid="ignore", over="ignore"):
            return float(stayed[0]), (stepped - stayed) / h

    def _go_on(self, values: list[float] | None) -> None:
        """Let the method go on until it wants a training, or ends."""
        assert self._method is not None
        self._wanted, self._told, self._asked, self.batch = [], [], 0, 1
        try:
            while not self._wanted:
                self._want(self._method.send(values))  # type: ignore[arg-type]
                values = None if self._wanted else self._values([])
        except StopIteration:
            self._end()
            return
        self.batch = len(self._wanted)

    def _end(self) -> None:
        self.ended = self.ended or "steps"

    def _want(self, points: list[Place]) -> None:
        """Note the corners of a request, and which of them are to be trained."""
        out: dict[tuple[float, ...], range] = {}
        self._request = [self._shares(point, out) for point in points]

    def _shares(self, point: Place, out: dict[tuple[float, ...], range]) -> list[_Share]:
        if not _finite(point):
            return [_Share(1.0, cost=math.inf)]
        found = []
        for corner in corners(point, self.space, drop=True):
            key = tuple(corner.params.values())
            cost = arch(corner.params, self.bounds)
            if cost is not None or (key in self._known and not self.fresh):
                found.append(_Share(corner.weight, key, cost=cost))
                continue
            if self.fresh or key not in out:
                first = len(self._wanted)
                out[key] = range(first, first + self.repetitions)
                self._wanted.extend([dict(corner.params)] * self.repetitions)
            found.append(_Share(corner.weight, key, trials=out[key]))
        return found

    def _values(self, costs: list[float]) -> list[float]:
        """What the points of the request cost, once all their corners are known."""
        self.trainings += len(costs)
        self._worst = max([self._worst, *filter(math.isfinite, costs)])
        return [
            _mean([share.weight for share in point], [self._cost(share, costs) for share in point])
            for point in self._request
        ]

    def _finite(self, cost: float) -> float:
        """A cost, or that of a failed training."""
        if math.isfinite(cost):
            return cost
        return self._worst if math.isfinite(self._worst) else ARCH

    def _cost(self, share: _Share, costs: list[float]) -> float:
        if share.cost is not None:
            return share.cost
        if share.trials:
            cost = sum(costs[n] for n in share.trials) / len(share.trials)
            if not self.fresh:
                self._known[share.key] = cost
        else:
            cost = self._known[share.key]
        return self._finite(cost)


@dataclass(frozen=True)
class _Share:
    """What a corner adds to a point: its weight, and where its cost is."""

    weight: float
    key: tuple[float, ...] = ()
    trials: range = range(0)
    cost: float | None = None


def norm(x: Array) -> float:
    """The Euclidean length of x, (d,), also where its square overflows."""
    return math.hypot(*x.tolist())


def _mean(weights: list[float], costs: list[float]) -> float:
    """Σ w f for weights that add up to 1: to the bit f if all are the same, as on an arch."""
    first = costs[0]
    if not math.isfinite(first):
        return first
    return first + sum(w * (cost - first) for w, cost in zip(weights, costs, strict=True))


def _finite(point: Place) -> bool:
    return all(map(math.isfinite, point.values()))

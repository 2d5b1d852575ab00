"""An objective of whole and real numbers as a function with a gradient and a Hessian."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal, Self, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from lstmlab.search.ledger import seed_of
from lstmlab.search.outcome import Objective, Outcome
from lstmlab.search.relaxation import (
    Corner,
    Point,
    arch,
    check_point,
    numeric,
    relaxed_names,
    stencil,
    weighted,
)
from lstmlab.search.repeated import Repeated, common
from lstmlab.search.searcher import check_number, check_seed
from lstmlab.search.space import Numeric, Params, Space
from lstmlab.search.workers import Crew, Executors, Job, Serial

__all__ = ["Mode", "Relaxed", "common"]

Mode: TypeAlias = Literal["fresh", "common"]
Array: TypeAlias = NDArray[np.float64]

SHARE = 0.04
"""Half of a difference, as a share of the range: a factor of 1.45 from 10⁻⁴ to 1 by factors."""


@dataclass(eq=False)
class Relaxed:
    """The multilinear relaxation of an objective (Newhouse, Procedure).

    Parameters
    ----------
    objective : callable
        (params, seed) -> a float, or a dict with a float as "value", as for `run`.
    space : dict of str to Float- or IntDistribution
    mode : {"fresh", "common"}
        "fresh": every call draws new seeds, as in the paper, so that two values at one point
        differ, and a difference of them over h is noise over h. "common": all corners have the
        same seeds, and a corner is evaluated once, however often it is asked for.
    repetitions : int
        β, evaluations of a corner that are averaged, each with a seed of its own.
    seed : int
        Fixes the seeds of all calls.
    arches : bool
        Outside of the bounds the value is that of `arch`, without a training. If not, the objective
        is asked there as well.
    executor : concurrent.futures.Executor, callable, int or dask client, optional
        Who evaluates the corners of a call, as for `run`; this process unless given.
    width : float or dict of str to float, optional
        How far the differences in a real hyperparameter reach to each side, in its coordinate: its
        logarithm where its distribution is logarithmic, itself if not. 4 % of the range unless
        given.

    Attributes
    ----------
    trainings : int
        How often the objective has been called.
    failed : int
        How many corners had no finite value.

    Notes
    -----
    A corner whose evaluation raises, or is NaN or infinite, is NaN, and so is what is computed from
    it; the first one warns. Derivatives in an integer are the exact ones of the relaxation, per
    unit; those in a real number are central differences in its coordinate. A difference that would
    reach over a bound is taken beside it, inside. With an executor that is made here (a number or
    a function), `close` lets it go, as does the end of a `with`.
    """

    objective: Objective = field(repr=False)
    space: Space
    mode: Mode = field(default="fresh", kw_only=True)
    repetitions: int = field(default=1, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    arches: bool = field(default=True, kw_only=True)
    executor: Executors = field(default=None, kw_only=True, repr=False)
    width: float | Mapping[str, float] | None = field(default=None, kw_only=True)
    trainings: int = field(default=0, init=False)
    failed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.mode not in ("fresh", "common"):
            raise ValueError(f"mode must be 'fresh' or 'common', got {self.mode!r}")
        self._distributions = numeric(self.space)
        self._integers = relaxed_names(self.space)
        self._widths = self._checked_widths()
        check_seed(self.seed)
        shared = self.seed if self.mode == "common" else None
        once = Repeated(self.objective, self.repetitions, shared)
        self._crew = Crew(once, Serial() if self.executor is None else self.executor)
        self._values: dict[tuple[float, ...], float] = {}
        self._jobs: dict[int, tuple[float, ...]] = {}
        self._asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the executor go, if it was made here."""
        self._crew.close(at_once=False)

    def __call__(self, point: Point) -> float:
        """The relaxed objective at a point; corners of weight 0 are not evaluated."""
        return self._combined([stencil(point, self.space)])[0]

    def partial(self, point: Point, name: str) -> float:
        """The derivative in one hyperparameter, exact if it is an integer.

        Raises
        ------
        ValueError
            If the space has no `name`, or the point does not fit it.
        """
        return self._combined([self._derivative(point, (name,))])[0]

    def gradient(self, point: Point) -> Array:
        """All derivatives, (d,), in the space's order; corners that they share are evaluated once.

        With k integers and r real numbers (1 + 2r) 2ᵏ evaluations, or fewer: 12 in the paper's
        space.
        """
        return np.array(self._combined([self._derivative(point, (a,)) for a in self.space]))

    def hessian(self, point: Point) -> Array:
        """All second derivatives, (d, d), in the space's order.

        In two different integers they are exact, and in one twice they are 0. In the paper's space
        it takes the 12 evaluations of the gradient, and in "common" mode no other ones.
        """
        names = list(self.space)
        pairs = [(i, j) for i in range(len(names)) for j in range(i + 1)]
        found = np.empty((len(names), len(names)))
        values = self._combined([self._derivative(point, (names[i], names[j])) for i, j in pairs])
        for (i, j), second in zip(pairs, values, strict=True):
            found[i, j] = found[j, i] = second
        return found

    def forward(self, point: Point, h: float = 1e-8) -> Array:
        """The paper's gradient, (d,): forward differences over h in every coordinate as it stands.

        Each difference is of two calls of the relaxed objective, (f(v + h eᵢ) - f(v)) / h, as in
        the paper's listing: with fresh seeds it is the difference of two draws, over h.
        """
        h = check_number(h, "h", np.nextafter(0, 1), np.inf, "a finite number, above 0")
        v = check_point(point, self.space)
        return np.array([(self(v | {name: v[name] + h}) - self(v)) / h for name in self.space])

    def _derivative(self, point: Point, along: Sequence[str]) -> list[Corner]:
        """The corners, and the weights with which they make up a first or second derivative."""
        for name in along:
            if name not in self.space:
                raise ValueError(f"name must be one of {', '.join(self.space)}, got {name!r}")
        x = check_point(point, self.space)
        integers = [name for name in along if name in self._integers]
        if len(set(integers)) < len(integers):
            return []  # linear between two neighbours
        reals = [
            [(name, *node) for node in self._nodes(name, x[name], along.count(name))]
            for name in dict.fromkeys(along)
            if name not in self._integers
        ]
        found = []
        for nodes in product(*reals):
            moved = x | {name: at for name, at, _ in nodes}
            factor = math.prod(weight for _, _, weight in nodes)
            found += [
                Corner(corner.params, factor * corner.weight)
                for corner in stencil(moved, self.space, integers)
            ]
        return found

    def _nodes(self, name: str, x: float, order: int) -> list[tuple[float, float]]:
        """Where a real hyperparameter is looked at for a derivative, and with which weights."""
        distribution, w = self._distributions[name], self._widths[name]
        if w == 0:
            return []  # a range of one value
        if distribution.log and x <= 0:
            raise ValueError(f"point[{name!r}] must be above 0 where its range is by factors: {x}")
        u, low, high = (_coordinate(distribution, a) for a in (x, *_ends(distribution)))
        middle = min(max(u, low + w), high - w) if low <= u <= high else u
        weights = {-1: -0.5 / w, 1: 0.5 / w} if order == 1 else {-1: w**-2, 0: -2 / w**2, 1: w**-2}
        return [
            (_back(distribution, middle + side * w) if side or middle != u else x, weight)
            for side, weight in weights.items()
        ]

    def _combined(self, sums: Sequence[list[Corner]]) -> list[float]:
        """Several weighted sums over corners, each corner evaluated once."""
        known = self._evaluated(c.params for corners in sums for c in corners if c.weight != 0)
        return [weighted(corners, lambda params: known[_key(params)]) for corners in sums]

    def _evaluated(self, wanted: Iterable[dict[str, float]]) -> dict[tuple[float, ...], float]:
        """The values of corners, from memory, from the arches or from the objective."""
        known = self._values if self.mode == "common" else {}
        for params in {_key(params): params for params in wanted}.values():
            outside = arch(params, self._distributions) if self.arches else None
            if outside is not None:
                known[_key(params)] = outside
            elif _key(params) not in known:
                self._jobs[self._asked] = _key(params)
                seed = seed_of(self.seed, self._asked)
                self._crew.add(Job(self._asked, cast(Params, dict(params)), seed))
                self._asked += 1
        while len(self._crew):
            job, outcome = self._crew.next()
            known[self._jobs.pop(job.number)] = self._value(outcome)
            self.trainings += self.repetitions
        return known

    def _value(self, outcome: Outcome) -> float:
        if outcome.value is not None:
            return outcome.value
        if not self.failed:
            warnings.warn(f"a corner is NaN: {outcome.reason}", RuntimeWarning, stacklevel=2)
        self.failed += 1
        return math.nan

    def _checked_widths(self) -> dict[str, float]:
        """How far each real hyperparameter's difference reaches; at most over half its range."""
        reals = [name for name in self.space if name not in self._integers]
        given = self.width if isinstance(self.width, Mapping) else {}
        for name in given:
            if name not in reals:
                raise ValueError(
                    f"width must name real hyperparameters ({', '.join(reals)}), got {name!r}"
                )
        widths = {}
        for name in reals:
            low, high = (
                _coordinate(self._distributions[name], a) for a in _ends(self._distributions[name])
            )
            wish = given.get(name) if isinstance(self.width, Mapping) else self.width
            if wish is None:
                wish = SHARE * (high - low)
            else:
                check_number(wish, "width", np.nextafter(0, 1), np.inf, "a finite number, above 0")
            widths[name] = min(wish, (high - low) / 2)
        return widths


def _key(params: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(params.values())


def _ends(distribution: Numeric) -> tuple[float, float]:
    return distribution.low, distribution.high


def _coordinate(distribution: Numeric, x: float) -> float:
    return math.log(x) if distribution.log else x


def _back(distribution: Numeric, u: float) -> float:
    """The value at a coordinate; at the ends of the range the ends, to the bit."""
    for end in _ends(distribution):
        if math.isclose(u, _coordinate(distribution, end), rel_tol=1e-14, abs_tol=1e-14):
            return end
    return math.exp(u) if distribution.log else u

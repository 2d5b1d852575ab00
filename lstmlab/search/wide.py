"""Newton's method that works on hyperparameters: wide differences, a bowl for a model, a box.

Of a quadratic model of d coordinates the gradient and the diagonal of the Hessian take 2d trainings
beside a known place, and each mixed derivative one more. The differences begin nearly as wide as
the box and narrow as the search does; what they ask is on the lattice, so a value is one training.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias, TypedDict

import numpy as np

from lstmlab.search.climber import Climb, Climber
from lstmlab.search.coordinates import Box, Place
from lstmlab.search.cube import Array
from lstmlab.search.customary import parabola
from lstmlab.search.quadratic import definite, golden, lowest
from lstmlab.search.searcher import Direction, check_count, check_number
from lstmlab.search.space import Space

SHORT = 0.3
"""A neighbour that is nearer than this share of the width, at an end of its side, is too near."""
SETTLED = 1e-4
"""A real side is not looked at more narrowly than this share of it."""


class Widths(TypedDict, total=False):
    """The arguments of `CustomaryNewton`."""

    width: float
    narrowing: float
    narrowest: float
    trainings: int
    reach: float
    apart: float
    start: Mapping[str, float] | None
    fresh: bool
    repetitions: int
    steps: int
    tolerance: float
    seed: int
    direction: Direction


@dataclass(frozen=True)
class Model:
    """What a step knows: f(x + s) ≈ value + gᵀs + ½ sᵀHs, and the best place of its stencil.

    `beside` is how far the nearer neighbour is along every side.
    """

    x: Array
    value: float
    g: Array
    H: Array
    beside: Array
    best: Array
    least: float


Look: TypeAlias = Generator[list[Place], list[float], Model]
Move: TypeAlias = Generator[list[Place], list[float], None]


class CustomaryNewton(Climber):
    """Newton's method with the customary repairs; `Newton.customary` makes it.

    A step takes a stencil around x (both neighbours along every side, and for as many pairs of
    sides as the trainings allow, in turn, the corner between the better neighbours), makes a bowl
    of the model (`quadratic.definite`), goes to its lowest place within the box and `reach`
    widths, and trains there. x becomes the best place of all those. Mixed derivatives that were not
    measured anew are remembered from the last time.

    On an objective without noise (`narrowest` 1) the widths shrink to neighbouring values, and an
    integer that is all but independent of the others is searched for on its own: once all mixed
    derivatives are known, -H_ji / H_jj is how far the others' minimum moves with integer i. The one
    with the least of it for one value of its range, if it is less than `apart` for the whole
    range, is searched along its line by golden section, where it need be no parabola and may
    have a kink. Newton's method then goes on in the others, and in all when those have settled.

    Parameters
    ----------
    space : dict of str to optuna distribution
        Without categories.
    width : float
        Of the first stencil, in sides of the box.
    narrowing : float
        What a width is multiplied by after a step that stayed within `reach`.
    narrowest : float
        Widths do not shrink below x · narrowest and x / narrowest, as narrower differences are
        noise; 1 if there is none.
    trainings : int
        At most so many in a step; 2d + 1 or more. 12 are enough for five coordinates.
    reach : float
        The longest step, in widths.
    apart : float
        How far a side may move the others' minimum to be searched on its own; 0 for never.
    start, fresh, repetitions, steps, tolerance, seed, direction
        As for every `Climber`; without `start` it begins anywhere in the box.

    Attributes
    ----------
    model : Model or None
        The last one.

    Notes
    -----
    Every trial of a searcher has another seed; an objective made with `relaxed.common` has the same
    at every place, so that differences are of the hyperparameters alone.

    With `narrowest` 1 it is within one integer of the lowest place of `lstm-log`, in each of three,
    from 492 of 500 starts after 60 trainings (the start's and five steps) and from 500 after 100.
    `width`, `narrowing` and `apart` were chosen there and on log(1 + zᵀAz) in logarithms. Without
    the search of single integers it is there from 1 start in 12 after 60 trainings: the longest
    sequence has a kink where it is best, and a parabola through a kink points beside it.

    With noise of standard deviation 0.01 there, the median regret after 70 trainings (40 starts) is
    0.013, 0.011, 0.008 and 0.004 for `narrowest` 1, 1.25, 2 and 3; random search's is 0.024.

    The start's training is not one of a step. The search ends ("settled") where no step leads to a
    better place and no width can shrink; or ("tolerance") where the gradient is shorter than
    `tolerance`, such as 0, and no neighbour is better.
    """

    def __init__(
        self,
        space: Space,
        *,
        width: float = 0.4,
        narrowing: float = 0.4,
        narrowest: float = 2.0,
        trainings: int = 12,
        reach: float = 1.5,
        apart: float = 0.05,
        start: Mapping[str, float] | None = None,
        fresh: bool = False,
        repetitions: int = 1,
        steps: int = 1000,
        tolerance: float = 1e-9,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(
            space, start=start, boxed=True, fresh=fresh, repetitions=repetitions, steps=steps,
            tolerance=tolerance, seed=seed, direction=direction,
        )  # fmt: skip
        positive, below_1 = np.nextafter(0, 1), np.nextafter(1, 0)
        self.width = check_number(width, "width", positive, 1, "more than 0, at most 1")
        self.narrowing = check_number(narrowing, "narrowing", positive, below_1, "between 0 and 1")
        self.narrowest = check_number(narrowest, "narrowest", 1, np.inf, "1 or more")
        self.most = check_count(trainings, "trainings", least=2 * len(self.space) + 1)
        self.reach = check_number(reach, "reach", positive, np.inf, "more than 0")
        self.apart = check_number(apart, "apart", 0, np.inf, "0 or more")
        assert isinstance(self.coordinates, Box)
        self.box = self.coordinates
        self.model: Model | None = None
        self.begin()

    def climb(self) -> Climb:
        """Step after step, ever narrower, to a place whose neighbours are no better."""
        d = len(self.space)
        self._x, self._H, self._free = self.box.snap(self.start), np.zeros((d, d)), list(range(d))
        self._w, self._floor = np.full(d, self.width), self._narrowest()
        self._pairs, self._measured = list(combinations(range(d), 2)), set[tuple[int, int]]()
        self._lines = self.narrowest == 1 and self.apart > 0
        [self._value] = yield [self.box.lattice(self._x)]
        while len(self.iterates) < self.steps:
            self.model = yield from self._look()
            yield from self._step(self.model)
            if self.ended:
                return
            if self._lines and len(self._measured) == len(self._pairs):
                alone = self._independent(self.model)
                self._lines = alone is None
                yield from self._line(alone)
        self.note(self._x, "end", self._value)

    def _narrowest(self) -> Array:
        """The least width of every side, (d,): a factor of `narrowest`, or its last step."""
        one = np.full(len(self.space), SETTLED)
        for i, d in enumerate(self.box.space.values()):
            if d.step is not None and d.low < d.high:
                last = self.box.vector(self._top | {list(self.space)[i]: d.high - d.step})
                one[i] = 1 - last[i]
        span = np.where(self.box.span > 0, self.box.span, 1.0)
        least = np.maximum(one, math.log(self.narrowest) / span)
        return np.asarray(np.minimum(least, self.width))

    @property
    def _top(self) -> Place:
        return {name: d.high for name, d in self.box.space.items()}

    def _look(self) -> Look:
        """Train the stencil around x: neighbours along every free side, corners between some."""
        x, value, d = self._x, self._value, len(self._x)
        beside = [(i, place) for i in self._free for place in self._beside(i)]
        costs = yield [self.box.lattice(place) for _, place in beside]
        g, ends, gain, near = np.zeros((4, d))
        known = [(value, x)]
        for k, i in enumerate(self._free):
            (_, left), (_, right) = beside[2 * k : 2 * k + 2]
            below, above = costs[2 * k : 2 * k + 2]
            g[i], h = parabola(x[i], value, left[i], below, right[i], above)
            self._H[i, i] = 0.0 if math.isnan(h) else h
            near[i] = min(abs(left[i] - x[i]), abs(right[i] - x[i]))
            end, cost = (left, below) if below < above else (right, above)
            ends[i], gain[i] = end[i] - x[i], cost - value
            known.append((cost, end))
        room = self.most - 1 - 2 * len(self._free)
        pairs = [p for p in self._pairs if p[0] in self._free and p[1] in self._free][:room]
        self._pairs = [p for p in self._pairs if p not in pairs] + pairs
        corners = [x + np.where(np.isin(np.arange(d), pair), ends, 0.0) for pair in pairs]
        costs = yield [self.box.lattice(corner) for corner in corners]
        for (i, j), corner, cost in zip(pairs, corners, costs, strict=True):
            area = ends[i] * ends[j]
            mixed = (cost - value - gain[i] - gain[j]) / area if area else 0.0
            self._H[i, j] = self._H[j, i] = mixed
            self._measured.add((i, j))
            known.append((cost, corner))
        least, best = min(known, key=lambda pair: pair[0])
        return Model(x, value, g, self._H.copy(), near, best, least)

    def _beside(self, i: int) -> tuple[Array, Array]:
        """x's neighbours along side i: one at each side of it, or at an end both at one."""
        x, w = self._x, self._w[i]
        left, right = self.box.beside(x, i, -w), self.box.beside(x, i, w)
        no_left, no_right = x[i] - left[i] < SHORT * w, right[i] - x[i] < SHORT * w
        if no_left and not no_right:
            left = self.box.beside(x, i, 2 * w)
        elif no_right and not no_left:
            right = self.box.beside(x, i, -2 * w)
        return (x, right) if left[i] == right[i] else (left, right)

    def _step(self, model: Model) -> Move:
        """Train where the model is lowest, and go to the best place of all."""
        self.ended = self.flat(model.g) if model.least == model.value else None
        if self.ended:
            self.note(model.x, "end", model.value, model.g)
            return
        s, turned = self._newton(model)
        there = self.box.snap(self.box.project(model.x + s))
        [cost] = yield [self.box.lattice(there)]
        kind = "modified" if turned else "newton"
        if not cost < model.least:
            kind, there, cost = "neighbour", model.best, model.least
        if not cost < model.value:
            kind = "narrower"
        self._narrow(model, s, cost, missed=kind in ("neighbour", "narrower"))
        self._x, self._value = there, cost
        if kind == "narrower":
            self._settle()
        self.note(model.x, "end" if self.ended else kind, model.value, model.g)

    def _newton(self, model: Model) -> tuple[Array, bool]:
        """The step to the lowest place of the bowl, and whether the model was none, in widths."""
        free = np.array(self._free)
        w, x = np.maximum(self._w, model.beside)[free], model.x[free]
        g, H = w * model.g[free], model.H[np.ix_(free, free)] * np.outer(w, w)
        bowl = definite(H, 1e-3 * max(np.abs(H).max(), np.abs(g).max()))
        s = np.zeros(len(model.x))
        low, high = np.maximum(-self.reach, -x / w), np.minimum(self.reach, (1 - x) / w)
        s[free] = w * lowest(g, bowl, low, high)
        return s, bool(np.abs(bowl - H).max() > 1e-9 * np.abs(H).max())

    def _narrow(self, model: Model, s: Array, cost: float, *, missed: bool) -> None:
        """Less wide along the sides where the step was short; wider where it was as long as may be.

        Wider only if the model said what came of it, within a half; less if it led nowhere.
        """
        promised = float(model.g @ s + s @ model.H @ s / 2)
        right = abs(cost - model.value - promised) < 0.5 * abs(promised)
        long = np.abs(s) >= (self.reach - 0.01) * self._w
        far = 1.5 if right and not missed else 0.5 if missed else 1.0
        w = np.clip(self._w * np.where(long, far, self.narrowing), self._floor, self.width)
        self._w[self._free] = w[self._free]

    def _settle(self) -> None:
        """Go on in all coordinates, or end if that is where no step was better."""
        if len(self._free) == len(self._x) and not self.fresh and (self._w <= self._floor).all():
            self.ended = "settled"
        if len(self._free) < len(self._x):
            self._w = self._w_line.copy()
        self._free = list(range(len(self._x)))

    def _independent(self, model: Model) -> int | None:
        """The integer that moves the others' minima least; None if that is too far."""
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = np.abs(model.H) / np.abs(np.diag(model.H))[:, None]
        np.fill_diagonal(moved, 0.0)
        shift = np.nan_to_num(moved, nan=0.0).max(axis=0)
        integers = {
            i: shift[i] / ((d.high - d.low) / d.step)
            for i, d in enumerate(self.box.space.values())
            if d.step is not None and d.low < d.high and shift[i] < self.apart
        }
        return min(integers, key=lambda i: integers[i]) if integers else None

    def _line(self, i: int | None) -> Move:
        """Golden section along integer i, as many steps as it takes; then the others go on."""
        if i is None:
            return
        name, d = list(self.box.space.items())[i]
        assert d.step is not None
        point = self.box.lattice(self._x)
        last = round((d.high - d.low) / d.step)
        known = {round((point[name] - d.low) / d.step): self._value}
        n, asked = golden(known, 0, last), 0
        while n is not None and len(self.iterates) < self.steps:
            [known[n]] = yield [point | {name: d.low + n * d.step}]
            n, asked = golden(known, 0, last), asked + 1
            if n is None or asked == self.most:
                best = min(known, key=lambda n: known[n])
                self._x = self.box.vector(point | {name: d.low + best * d.step})
                self.note(self._x, "line", known[best])
                self._value, asked = known[best], 0
        self._free, self._w_line = [j for j in self._free if j != i], self._w.copy()

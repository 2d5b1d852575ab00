"""Where a point lies for a method that steps through a space: as it is, or in the unit box."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from lstmlab.search.cube import Array
from lstmlab.search.relaxation import check_point, numeric
from lstmlab.search.space import Numeric, Space

Place = dict[str, float]
"""A value for every hyperparameter; an integer one need be no integer."""


class Raw:
    """The hyperparameters' own values, which may leave their bounds, as in Newhouse's paper."""

    def __init__(self, space: Space) -> None:
        self.space = numeric(space)

    def vector(self, point: Mapping[str, float]) -> Array:
        """The coordinates of a point, (d,), in the order of the space."""
        return np.array(list(check_point(point, self.space).values()))

    def point(self, x: Array) -> Place:
        """The point at x, (d,)."""
        return dict(zip(self.space, x.tolist(), strict=True))

    def project(self, x: Array) -> Array:
        """x as it is: nothing is out of bounds."""
        return x

    def draw(self, rng: np.random.Generator) -> Array:
        """A start as the paper's: every coordinate uniform between 0 and 10 (Procedure)."""
        return rng.uniform(0.0, 10.0, len(self.space))


class Box:
    """The unit box: 0 and 1 are the ends of every hyperparameter.

    One whose range lies above 0 has a logarithmic side, on which equal factors are equally far,
    whatever scale its distribution is drawn on; another has a linear one.

    Attributes
    ----------
    space : dict of str to optuna distribution
    span : (d,) floats
        How long the sides are in ln(value), linear ones as if they were ln 20 ≈ 3 long.
    """

    LINEAR = math.log(20)

    def __init__(self, space: Space) -> None:
        self.space = numeric(space)
        self._sides = [_Side(distribution) for distribution in self.space.values()]
        self.span = np.array([
            math.log(side.high / side.low) if side.log else self.LINEAR for side in self._sides
        ])  # fmt: skip

    def vector(self, point: Mapping[str, float]) -> Array:
        """The coordinates of a point, (d,); ValueError if it lies outside of the bounds."""
        values = check_point(point, self.space)
        for side, (name, value) in zip(self._sides, values.items(), strict=True):
            if not side.low <= value <= side.high:
                ends = f"{side.low:g}…{side.high:g}"
                raise ValueError(f"point[{name!r}] must be in {ends}, got {value:g}")
        return self._vector(values.values())

    def point(self, x: Array) -> Place:
        """The point at x, (d,); for a place outside of the box, the nearest inside."""
        sides = zip(self._sides, x.tolist(), strict=True)
        return dict(zip(self.space, (side.value(u) for side, u in sides), strict=True))

    def lattice(self, x: Array) -> Place:
        """The point nearest to x whose integers are integers."""
        values = zip(self._sides, self.point(x).values(), strict=True)
        return dict(zip(self.space, (side.nearest(v) for side, v in values), strict=True))

    def snap(self, x: Array) -> Array:
        """The coordinates of `lattice(x)`."""
        return self._vector(self.lattice(x).values())

    def project(self, x: Array) -> Array:
        """The nearest place in the box."""
        return np.asarray(np.clip(x, 0.0, 1.0))

    def beside(self, x: Array, i: int, by: float) -> Array:
        """The place on the lattice that is `by` from x, (d,), on it, along side i.

        An integer moves by one step at least; at an end of the side it stays where it is.
        """
        side, moved = self._sides[i], x.copy()
        value = side.nearest(side.value(x[i]))
        there = side.nearest(side.value(x[i] + by))
        if there == value and side.step is not None:
            there = value + math.copysign(side.step, by)
            there = value if not side.low <= there <= side.high else there
        moved[i] = side.unit(there)
        return moved

    def draw(self, rng: np.random.Generator) -> Array:
        """A start anywhere in the box."""
        return rng.random(len(self.space))

    def _vector(self, values: Iterable[float]) -> Array:
        return np.array([s.unit(v) for s, v in zip(self._sides, values, strict=True)])


class _Side:
    """One side of the box."""

    def __init__(self, distribution: Numeric) -> None:
        self.low, self.high = float(distribution.low), float(distribution.high)
        self.step = distribution.step
        self.log = self.low > 0

    def unit(self, value: float) -> float:
        """Where a value is, 0 to 1; in the middle of a side without length."""
        if self.low == self.high:
            return 0.5
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def value(self, unit: float) -> float:
        """What is there; to the bit at the ends."""
        if unit <= 0 or unit >= 1:
            return self.low if unit <= 0 else self.high
        if self.log:
            found = self.low * math.exp(unit * math.log(self.high / self.low))
        else:
            found = self.low + unit * (self.high - self.low)
        return min(max(found, self.low), self.high)

    def nearest(self, value: float) -> float:
        """The nearest value on the lattice, where there is one."""
        if self.step is None:
            return value
        return self.low + self.step * round((value - self.low) / self.step)

"""The unit cube of a search space: each hyperparameter is one side of it.

A draw from the space is uniform on the cube: a logarithmic side is even in the logarithm, each
value of an integer or of a grid owns a cell as wide as its step (an integer k the numbers from
k - 1/2 to k + 1/2, also where the side is logarithmic), and the choices of a category own cells of
equal width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Array = NDArray[np.float64]
Choice = str | int | float | bool | None


@dataclass(frozen=True)
class Side:
    """One side of the unit cube: a hyperparameter.

    Attributes
    ----------
    name : what the hyperparameter is called.
    low, high : where the side begins and ends, in the hyperparameter's own units; a category's
        choices are counted 0, 1, 2, ….
    log : whether the side is even in the logarithm.
    step : the width of a cell in own units; None where every number is allowed.
    whole : whether the values are whole numbers.
    choices : a category's choices; empty for numbers.
    order : the cell of each choice, counted from 0; if empty, they lie in the order given.
    """

    name: str
    low: float
    high: float
    log: bool = False
    step: float | None = None
    whole: bool = False
    choices: tuple[Choice, ...] = ()
    order: tuple[int, ...] = ()

    @staticmethod
    def of(name: str, distribution: BaseDistribution) -> Side:
        """The side of an Optuna distribution.

        Raises
        ------
        TypeError
            If it is no Optuna distribution.
        """
        from optuna.distributions import (
            CategoricalDistribution,
            FloatDistribution,
            IntDistribution,
        )

        if isinstance(distribution, CategoricalDistribution):
            choices = tuple(distribution.choices)
            return Side(name, -0.5, len(choices) - 0.5, step=1.0, choices=choices)
        if not isinstance(distribution, (FloatDistribution, IntDistribution)):
            raise TypeError(
                f"space[{name!r}] must be an Optuna distribution, got {distribution!r}"
            )
        step = None if distribution.step is None else float(distribution.step)
        half = (step or 0.0) / 2
        low, high = distribution.low - half, distribution.high + half
        whole = isinstance(distribution, IntDistribution)
        return Side(name, low, high, distribution.log, step, whole)

    def place(self, values: ArrayLike | Sequence[Choice]) -> Array:
        """Where values in own units are on the side, (n,) numbers in 0…1.

        Raises
        ------
        ValueError
            If one is no value of this hyperparameter.
        """
        if self.choices:
            cells = np.asarray(self.order or range(len(self.choices)))
            return self.to_unit(cells[self._counted(values)].astype(np.float64))
        try:
            numbers = np.asarray(values, dtype=np.float64).ravel()
        except (TypeError, ValueError):
            raise ValueError(f"{self.name} must be numbers, got {values!r}") from None
        wrong = ~((self.low <= numbers) & (numbers <= self.high))
        if self.step is not None:
            nearest = self._nearest(numbers)
            wrong |= ~(np.abs(numbers - nearest) <= 1e-6 * self.step)
            numbers = nearest
        if wrong.any():
            first = np.asarray(values, dtype=np.float64).ravel()[wrong][0]
            raise ValueError(f"{self.name} must be {self._range()}, got {first:g}")
        return self.to_unit(numbers)

    def values(self, unit: Array) -> NDArray[np.object_] | NDArray[np.int64] | Array:
        """The values at places (n,) of the side; anywhere in a cell, the value that owns it."""
        numbers = self.from_unit(unit)
        if self.step is None:
            return numbers
        nearest = self._nearest(numbers)
        if self.choices:
            found = np.empty(len(nearest), dtype=object)
            owner = np.argsort(self.order or range(len(self.choices)))
            found[:] = [self.choices[owner[int(cell)]] for cell in nearest]
            return found
        return nearest.astype(np.int64) if self.whole else nearest

    def cells(self, unit: Array) -> tuple[Array, Array]:
        """Where the cells begin and end in which places (n,) lie; where there are none, the place.

        Returns
        -------
        low, high : (n,)
        """
        if self.step is None:
            return unit, unit
        value = self._nearest(self.from_unit(unit))
        return self.to_unit(value - self.step / 2), self.to_unit(value + self.step / 2)

    def spread(self, points: int) -> Array:
        """At most this many places, evenly over the side, each the place of a different value.

        Of a category they are those of all choices, in the order given.
        """
        if self.choices:
            return self.place(self.choices)
        if self.step is None:
            return np.linspace(0.0, 1.0, points) if self.low < self.high else np.array([0.5])
        cells = round((self.high - self.low) / self.step)
        if cells <= points:
            return self.to_unit(self.low + self.step * (np.arange(cells, dtype=np.float64) + 0.5))
        middles = (np.arange(points, dtype=np.float64) + 0.5) / points
        return self.to_unit(np.unique(self._nearest(self.from_unit(middles))))

    def sorted_by(self, values: Sequence[Choice], target: Array) -> Side:
        """The side with a category's cells in the order of the mean targets of its choices.

        Of all ways to divide the choices in two, the best for the squared error then is a border
        between two cells (Fisher 1958), and a tree can find it. Choices without a value come last.
        """
        if not self.choices:
            return self
        counted = self._counted(values)
        means = [
            target[counted == k].mean() if (counted == k).any() else np.inf
            for k in range(len(self.choices))
        ]
        ranks = np.argsort(np.argsort(means, kind="stable"))
        return replace(self, order=tuple(ranks.tolist()))

    def borders(self, thresholds: Array) -> Array:
        """Where a tree's thresholds (n,) on this side really divide it: between two cells.

        A tree splits halfway between two values that it has seen, which may be within the cell of
        a value it has not seen; that value goes to one side with its whole cell.
        """
        if self.step is None:
            return thresholds
        value = self._nearest(self.from_unit(thresholds))
        # scikit-learn compares in single precision
        right = self.to_unit(value).astype(np.float32) > thresholds
        return self.to_unit(value + np.where(right, -0.5, 0.5) * self.step)

    def to_unit(self, numbers: Array) -> Array:
        """Where any numbers between low and high are on the side, values or not."""
        if self.low == self.high:
            return np.full(len(numbers), 0.5)
        if self.log:
            unit = np.log(numbers / self.low) / np.log(self.high / self.low)
        else:
            unit = (numbers - self.low) / (self.high - self.low)
        return np.asarray(np.clip(unit, 0.0, 1.0))

    def from_unit(self, unit: Array) -> Array:
        """The numbers at places of the side, values or not."""
        if self.log:
            numbers = self.low * np.exp(unit * np.log(self.high / self.low))
        else:
            numbers = self.low + (self.high - self.low) * unit
        return np.asarray(np.clip(numbers, self.low, self.high), dtype=np.float64)

    def _counted(self, values: ArrayLike | Sequence[Choice]) -> NDArray[np.intp]:
        """Which of the choices each value is, counted from 0."""
        given = np.asarray(values, dtype=object).ravel().tolist()
        for value in given:
            if value not in self.choices:
                raise ValueError(f"{self.name} must be one of {self.choices}, got {value!r}")
        return np.array([self.choices.index(value) for value in given], dtype=np.intp)

    def _nearest(self, numbers: Array) -> Array:
        """The value whose cell each number is in."""
        assert self.step is not None
        cells = round((self.high - self.low) / self.step)
        cell = np.floor((numbers - self.low) / self.step)
        return self.low + self.step * (np.clip(cell, 0, cells - 1) + 0.5)

    def _range(self) -> str:
        half = (self.step or 0.0) / 2
        steps = f" in steps of {self.step:g}" if self.step not in (None, 1) else ""
        kind = "a whole number in " if self.whole else "in "
        return f"{kind}{self.low + half:g}…{self.high - half:g}{steps}"

"""Grid search: every combination of a few values of each hyperparameter."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial

from lstmlab.search.searcher import Base, Direction, check_count
from lstmlab.search.space import Params, Space, Value, held, place


class GridSearch(Base):
    """Try every combination, the last hyperparameter of the space changing fastest.

    Parameters
    ----------
    space : dict of str to optuna distribution
    levels : int, or dict of str to int or list
        How many values of each hyperparameter: evenly spaced on its scale from low to high, which
        for a log scale means equal factors. Or the values themselves. Where steps or whole numbers
        allow fewer, there are fewer; a category that is not in the dict keeps all its choices.
    seed : int
        For the objective; the grid itself has nothing random.
    direction : {"minimize", "maximize"}

    Examples
    --------
    >>> from optuna.distributions import FloatDistribution
    >>> grid = GridSearch({"lr": FloatDistribution(1e-4, 1e-2, log=True)}, levels=3)
    >>> [round(params["lr"], 4) for params in grid.ask(5)]
    [0.0001, 0.001, 0.01]
    """

    batch = 1024
    lag = 1

    def __init__(
        self,
        space: Space,
        levels: int | Mapping[str, int | Sequence[Value]] = 3,
        *,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(space, seed=seed, direction=direction)
        if isinstance(levels, Mapping) and (unknown := set(levels) - set(self.space)):
            raise ValueError(
                f"levels must name hyperparameters of the space ({', '.join(self.space)}), "
                f"got {', '.join(sorted(map(str, unknown)))}"
            )
        self.levels: dict[str, list[Value]] = {
            name: _values(name, distribution, levels)
            for name, distribution in self.space.items()
        }
        self._left: Iterator[tuple[Value, ...]] = product(*self.levels.values())

    def __len__(self) -> int:
        return math.prod(len(values) for values in self.levels.values())

    def ask(self, n: int = 1) -> list[Params]:
        """The next n combinations; fewer, and then none, at the end of the grid."""
        return [
            dict(zip(self.space, values, strict=True))
            for values in islice(self._left, check_count(n))
        ]

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Nothing is learned."""


def _values(
    name: str, distribution: BaseDistribution, levels: int | Mapping[str, int | Sequence[Value]]
) -> list[Value]:
    given: object = levels.get(name) if isinstance(levels, Mapping) else levels
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if isinstance(given, Sequence) and not isinstance(given, str):
        return _listed(name, distribution, given)
    if isinstance(distribution, CategoricalDistribution):
        if isinstance(levels, Mapping) and name in levels:
            raise ValueError(f"levels[{name!r}] must list some of its choices, got {given!r}")
        return list(distribution.choices)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 1:
        raise ValueError(
            f"levels of {name!r} must be a whole number, 1 or more, or values, got {given!r}"
        )
    given = int(given)
    at = [0.5] if given == 1 else [k / (given - 1) for k in range(given)]
    return list(dict.fromkeys(place(distribution, u) for u in at))


def _listed(name: str, distribution: BaseDistribution, values: Sequence[Value]) -> list[Value]:
    """Values somebody wrote down, if the space holds them all."""
    if not values:
        raise ValueError(f"levels[{name!r}] must hold 1 value or more, got none")
    return list(dict.fromkeys(held(f"levels[{name!r}]", distribution, v) for v in values))

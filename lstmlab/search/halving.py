"""Box halving: evaluate the corners of a box, and go on in the half box at the best one."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from lstmlab.search.searcher import Base, Direction, check_count
from lstmlab.search.space import Numeric, Params, Space, Value, place


class BoxHalving(Base):
    """Halve the box in every dimension around its best vertex (Newhouse, "Alternatives").

    The first box is the whole space, each hyperparameter on its own scale from 0 to 1. Its 2^d
    vertices are evaluated; the next box is the one of half the width in every dimension that lies
    at the best of them. A vertex that has been evaluated before is not asked for again, and its
    value stands.

    Parameters
    ----------
    space : dict of str to optuna distribution
        Numbers only: the half of a list of categories has no meaning.
    tolerance : float
        The search is over once the box is no wider than this share of the space; its cost is
        therefore known: at most 2^d vertices for each of the ⌈log₂(1 / tolerance)⌉ + 1 boxes.
    seed, direction
        As for every searcher.
    """

    def __init__(
        self,
        space: Space,
        *,
        tolerance: float = 2**-7,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(space, seed=seed, direction=direction)
        self._scales: dict[str, Numeric] = {}
        for name, distribution in self.space.items():
            if not isinstance(distribution, FloatDistribution | IntDistribution):
                raise ValueError(f"space must hold numbers only, got {name!r}: {distribution}")
            self._scales[name] = distribution
        if isinstance(tolerance, bool) or not 0 < tolerance <= 1:
            raise ValueError(f"tolerance must be above 0 and at most 1, got {tolerance!r}")
        self.tolerance = tolerance
        self.batch = 2 ** len(self.space)
        self.low, self.width = np.zeros(len(self.space)), 1.0
        self._cost: dict[tuple[Value, ...], float] = {}
        self._out: set[tuple[Value, ...]] = set()

    @property
    def box(self) -> dict[str, tuple[float, float]]:
        """Where it is searching: the ends of the box, in each hyperparameter's own units."""
        return {
            name: (place(scale, u), place(scale, min(u + self.width, 1.0)))
            for (name, scale), u in zip(self._scales.items(), self.low, strict=True)
        }

    def ask(self, n: int = 1) -> list[Params]:
        """Vertices of the box that nobody has evaluated; none while results are out."""
        n = check_count(n)
        while not (new := self._new()) and not self._out and self.width > self.tolerance:
            self._halve()
        self._out.update(new[:n])
        return [dict(zip(self.space, vertex, strict=True)) for vertex in new[:n]]

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Note what the vertices cost."""
        for trial in trials:
            vertex = tuple(trial.params[name] for name in self.space)
            self._cost[vertex] = self.cost(trial)
            self._out.discard(vertex)

    def _vertices(self) -> dict[tuple[Value, ...], np.ndarray[tuple[int], np.dtype[np.float64]]]:
        """The values at each vertex of the box, and where it lies on the scales."""
        corners = (
            np.minimum(self.low + self.width * np.array(ends), 1.0)
            for ends in product((0, 1), repeat=len(self.space))
        )
        scales = self._scales.values()
        return {
            tuple(place(scale, u) for scale, u in zip(scales, corner, strict=True)): corner
            for corner in corners
        }

    def _new(self) -> list[tuple[Value, ...]]:
        return [v for v in self._vertices() if v not in self._cost and v not in self._out]

    def _halve(self) -> None:
        vertices = self._vertices()
        best = vertices[min(vertices, key=lambda vertex: self._cost[vertex])]
        self.width /= 2
        self.low = np.where(best > self.low, self.low + self.width, self.low)

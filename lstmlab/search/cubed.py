"""What searchers share that think in places of the unit cube."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from optuna.trial import FrozenTrial

from lstmlab.search.cube import Array, Side
from lstmlab.search.searcher import Base, Direction, check_count
from lstmlab.search.space import Params, Space, Value, draw
from lstmlab.search.start import latin_hypercube


class Cubed(Base):
    """Looks at what is known, and proposes one place of the unit cube after another.

    Proposal number k has a random generator of its own, seeded by (seed, k). The first `startup`
    are a Latin hypercube, and as long as no trial has a value there is one such after the other.
    """

    def __init__(
        self, space: Space, *, startup: int, batch: int, seed: int, direction: Direction
    ) -> None:
        super().__init__(space, seed=seed, direction=direction)
        self.startup = check_count(startup, "startup")
        self.batch = check_count(batch, "batch")
        self.sides = [Side.of(name, one) for name, one in self.space.items()]
        self._asked = 0
        self._out: list[tuple[Value, ...]] = []
        self._known: list[tuple[float, int, Array]] = []  # cost, number, place: best first

    def ask(self, n: int = 1) -> list[Params]:
        """The next n proposals."""
        return [self._propose() for _ in range(check_count(n))]

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Learn what trials came to, also ones that this searcher did not ask for."""
        for trial in trials:
            if set(trial.params) != set(self.space):
                raise ValueError(
                    f"trials must be of {', '.join(self.space)}, got {', '.join(trial.params)}"
                )
            values = tuple(trial.params[name] for name in self.space)
            if values in self._out:
                self._out.remove(values)
            self._known.append((self.cost(trial), trial.number, self._place(values)))
        self._known.sort(key=lambda known: known[:2])

    def best_place(self, rng: np.random.Generator) -> Array:
        """Where to look next, (d,), now that something is known."""
        raise NotImplementedError

    def known(self) -> tuple[Array, Array]:
        """Costs (n,), rising, and places (n, d) of all trials; failed ones cost infinity."""
        return _costs(self._known), _stacked((place for *_, place in self._known), self.sides)

    def out(self) -> Array:
        """Places of proposals without a result: (n, d)."""
        return _stacked(map(self._place, self._out), self.sides)

    def _propose(self) -> Params:
        number = self._asked
        learned = bool(self._known) and np.isfinite(self._known[0][0])
        if number < self.startup or not learned:
            block, row = divmod(number, self.startup)
            rng = np.random.default_rng([self.seed, block, self.startup])
            place = latin_hypercube(self.startup, len(self.sides), rng)[row]
        else:
            place = self.best_place(np.random.default_rng([self.seed, number]))
        self._asked += 1
        params = {
            name: draw(distribution, u)
            for (name, distribution), u in zip(self.space.items(), place.tolist(), strict=True)
        }
        self._out.append(tuple(params.values()))
        return params

    def _place(self, values: Sequence[Value]) -> Array:
        places = [
            side.place([value])[0] for side, value in zip(self.sides, values, strict=True)
        ]
        return np.array(places)


def _costs(known: Sequence[tuple[float, int, Array]]) -> Array:
    return np.array([cost for cost, *_ in known])


def _stacked(places: Iterable[Array], sides: Sequence[Side]) -> Array:
    """Places (n, d) as one array, also if there are none."""
    return np.array(list(places)).reshape(-1, len(sides))

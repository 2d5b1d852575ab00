"""Particle swarms: each particle is drawn to its own best place and to that of all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from optuna.trial import FrozenTrial

from lstmlab.search.cube import Array
from lstmlab.search.searcher import Base, Direction, check_count, check_number
from lstmlab.search.space import Params, Space, draw
from lstmlab.search.start import latin_hypercube


class ParticleSwarm(Base):
    """Particle swarm optimisation (Kennedy and Eberhart 1995), Poudel et al.'s future work.

    Every particle has a place x in the unit cube and a velocity v, and remembers the best place p
    where it has been; g is the best of all p. From one round to the next

        v ← w v + c₁ r₁ ⊙ (p - x) + c₂ r₂ ⊙ (g - x),    x ← x + v

    with r₁ and r₂ uniform on [0, 1] in every dimension. A particle that would leave the cube stops
    at its border and loses the velocity that took it there.

    Parameters
    ----------
    space : dict of str to optuna distribution
        A whole number is the cell of the cube in which a particle is, a category the cell of its
        choice in the order given.
    particles : int
    inertia, own, all_ : float
        w, c₁ and c₂; by default those of Clerc and Kennedy (2002), with which a swarm contracts.
    seed, direction
        As for every searcher.

    Notes
    -----
    The first round is a Latin hypercube; velocities begin within half a side of the cube. A failed
    trial is worse than any other.
    """

    def __init__(
        self,
        space: Space,
        *,
        particles: int = 10,
        inertia: float = 0.7298,
        own: float = 1.4962,
        all_: float = 1.4962,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(space, seed=seed, direction=direction)
        self.batch = self.particles = check_count(particles, "particles")
        for name, value in (("inertia", inertia), ("own", own), ("all_", all_)):
            check_number(value, name, 0, np.inf, "0 or more")
        self.inertia, self.own, self.all_ = inertia, own, all_
        rng = np.random.default_rng([self.seed, 0])
        shape = particles, len(self.space)
        self.x = latin_hypercube(*shape, rng)
        self.v = rng.uniform(-0.5, 0.5, shape)
        self.p = self.x.copy()
        self.p_cost = np.full(particles, np.inf)
        self.round = self._asked = 0
        self._told: list[FrozenTrial] = []

    @property
    def g(self) -> Array:
        """The best place that any particle has been at."""
        return np.asarray(self.p[np.argmin(self.p_cost)])

    def ask(self, n: int = 1) -> list[Params]:
        """Where the next particles are; none until all of a round are told."""
        n = check_count(n)
        if self._asked == self.particles and not self._waits():
            self._move()
        places = self.x[self._asked :][:n]
        self._asked += len(places)
        return [
            {
                name: draw(distribution, u)
                for (name, distribution), u in zip(self.space.items(), place, strict=True)
            }
            for place in places.tolist()
        ]

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Note what the particles found."""
        self._told.extend(trials)
        if len(self._told) > self._asked:
            raise ValueError(
                f"trials must be those that were asked for, got {len(self._told)} "
                f"where {self._asked} are out"
            )

    def _waits(self) -> bool:
        return len(self._told) < self.particles

    def _move(self) -> None:
        """Remember the best places, and go on to the next."""
        told = sorted(self._told, key=lambda trial: trial.number)
        cost = np.array([self.cost(trial) for trial in told])
        better = cost < self.p_cost
        self.p_cost = np.where(better, cost, self.p_cost)
        self.p = np.where(better[:, None], self.x, self.p)
        self.round += 1
        rng = np.random.default_rng([self.seed, self.round])
        r_1, r_2 = rng.random((2, *self.x.shape))
        self.v = (
            self.inertia * self.v
            + self.own * r_1 * (self.p - self.x)
            + self.all_ * r_2 * (self.g - self.x)
        )
        x = self.x + self.v
        self.v = np.where((x < 0) | (x > 1), 0.0, self.v)
        self.x = np.clip(x, 0.0, 1.0)
        self._asked, self._told = 0, []

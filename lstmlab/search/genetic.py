"""Genetic search: genomes of bits, bred from the fittest (Poudel et al., section III-3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from lstmlab.search.cube import Side
from lstmlab.search.searcher import Base, Direction, check_count, check_number
from lstmlab.search.space import Params, Space, Value, draw

Fitness: TypeAlias = Callable[[float], float] | Literal["value", "rank"]

APPROACHES: dict[str, dict[str, Any]] = {
    "I": {"elite": 1, "power": 4, "retrain": True},
    "II": {"elite": 10, "power": 4, "retrain": False},
    "III": {"elite": 10, "power": 2, "retrain": False},
    "short": {"population": 10, "elite": 5, "power": 4, "mutation": 1.0, "fitness": "rank"},
}
"""What the paper's three approaches set, and one of this book's for a hundred evaluations or fewer.

"short" breeds twice as many generations from the same evaluations, and changes every child: with a
mutation of 0.3 many children are copies of one another.
"""


@dataclass(frozen=True)
class Gene:
    """How many bits a hyperparameter has, and what the number that they write means.

    Attributes
    ----------
    bits : int
    unit : float, optional
        The value is so many times the number, but not less than the lowest of the space: the
        paper's code, where 10 bits and 1/2000 are learning rates from 0.0005 to 0.5115. If None,
        the numbers are equal parts of the hyperparameter's own scale, and each stands for the value
        in its middle.
    """

    bits: int
    unit: float | None = None


class Genome:
    """The code of a space: strings of 0 and 1, one gene after the other.

    Parameters
    ----------
    space : dict of str to optuna distribution
    genes : dict of str to Gene, optional
        For those that are named; others get the bits that their values need, a real number 10, and
        equal parts of their scale.

    Attributes
    ----------
    borders : tuple of int
        Where genes begin and the last one ends.
    """

    def __init__(self, space: Space, genes: Mapping[str, Gene] | None = None) -> None:
        if not isinstance(genes or {}, Mapping):
            raise TypeError(f"genes must be a dict such as {{'lr': Gene(10)}}, got {genes!r}")
        given = dict(genes or {})
        unknown = set(given) - set(space)
        if unknown:
            raise ValueError(
                f"genes must be of {', '.join(space)}, got one of {sorted(unknown)[0]!r}"
            )
        self.space = dict(space)
        self.genes = {
            name: _checked(name, given.get(name) or _gene_of(distribution), distribution)
            for name, distribution in space.items()
        }
        self._sides = {name: Side.of(name, distribution) for name, distribution in space.items()}
        ends = accumulate((gene.bits for gene in self.genes.values()), initial=0)
        self.borders: tuple[int, ...] = tuple(ends)

    def __len__(self) -> int:
        return int(self.borders[-1])

    def decode(self, genome: str) -> Params:
        """The hyperparameters that a genome stands for."""
        if not isinstance(genome, str) or len(genome) != len(self) or set(genome) - {"0", "1"}:
            raise ValueError(f"genome must be {len(self)} times 0 or 1, got {genome!r}")
        return {
            name: self._value(name, int(genome[begin:end], 2))
            for name, begin, end in zip(
                self.genes, self.borders, self.borders[1:], strict=False
            )
        }

    def encode(self, params: Mapping[str, Value]) -> str:
        """A genome that stands for these hyperparameters, as near as its bits allow."""
        if set(params) != set(self.space):
            raise ValueError(f"params must be of {', '.join(self.space)}, got {', '.join(params)}")
        return "".join(
            format(self._number(name, params[name]), f"0{gene.bits}b")
            for name, gene in self.genes.items()
        )

    def _value(self, name: str, number: int) -> Value:
        gene, distribution = self.genes[name], self.space[name]
        if gene.unit is None:
            return draw(distribution, (number + 0.5) / 2**gene.bits)
        assert isinstance(distribution, FloatDistribution | IntDistribution)
        value = min(max(number * gene.unit, distribution.low), distribution.high)
        return round(value) if isinstance(distribution, IntDistribution) else float(value)

    def _number(self, name: str, value: Value) -> int:
        gene, side = self.genes[name], self._sides[name]
        place = side.place([value])
        if gene.unit is not None:
            assert isinstance(value, int | float)
            number = round(value / gene.unit)
        else:
            (low,), (high,) = side.cells(place)
            number = int((low + high) / 2 * 2**gene.bits)
        return int(min(max(number, 0), 2**gene.bits - 1))


@dataclass
class Individual:
    """One of a generation.

    Attributes
    ----------
    genome : str
    parents : pair of int, optional
        Places in the generation before from which the first and the second part come.
    cut : int, optional
        At which bit the second part begins.
    flipped : int, optional
        The bit that mutated.
    survivor : bool
        Whether it lived in the generation before.
    value : float, optional
        What the objective returned; nan if it failed, None if it is not known yet.
    """

    genome: str
    parents: tuple[int, int] | None = None
    cut: int | None = None
    flipped: int | None = None
    survivor: bool = False
    value: float | None = None


class Genetic(Base):
    """Breed hyperparameters: the fittest are likelier to be parents, and the best live on.

    A generation is told; its `elite` best pass into the next one. The others are children: two
    parents that are not identical are drawn with

        P(M_i) = fitness(M_i)^power / Σ_n fitness(M_n)^power

    cut between two genes, the same for both; the child has one parent's genes before the cut and
    the other's behind it. With the probability `mutation` one of its bits, all equally likely, is
    flipped.

    Parameters
    ----------
    space : dict of str to optuna distribution
    genes : dict of str to Gene, optional
        The code (`Genome`).
    population : int
        How many individuals a generation has.
    elite : int
        How many of the best pass on as they are.
    power : float
        The more, the likelier the fittest are to be parents; 0 makes all equally likely.
    mutation : float
        Probability that a child mutates.
    retrain : bool
        Evaluate those that pass on again, and believe the new value. Each costs a trial.
    fitness : {"value", "rank"} or function of a value, optional
        What makes a value a fitness, 0 or more. "value": the value itself, which must not be
        negative; for an accuracy that is maximised. "rank": the best of n has n, the worst 1. By
        default "value" if values are maximised, "rank" if they are minimised. Failed trials have 0.
    seed, direction
        As for every searcher.

    Attributes
    ----------
    generations : list of list of Individual
        All so far. The last one may not have been told yet.

    Notes
    -----
    Approaches I to III of the paper are `Genetic.approach("I", …)`. It does not say how a child
    mutates: one flipped bit is this book's reading. Where all parents have the same genome, it is
    crossed with itself. If all have fitness 0, all are equally likely.
    """

    def __init__(
        self,
        space: Space,
        *,
        genes: Mapping[str, Gene] | None = None,
        population: int = 20,
        elite: int = 10,
        power: float = 4,
        mutation: float = 0.3,
        retrain: bool = False,
        fitness: Fitness | None = None,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(space, seed=seed, direction=direction)
        self.code = Genome(self.space, genes)
        if check_count(population, "population") < 2:
            raise ValueError(f"population must be 2 or more, got {population}")
        if isinstance(elite, bool) or not isinstance(elite, int) or not 0 <= elite < population:
            raise ValueError(
                f"elite must be 0 or more and less than population ({population}), got {elite!r}"
            )
        check_number(power, "power", 0, np.inf, "0 or more")
        check_number(mutation, "mutation", 0, 1, "a probability")
        if not (fitness in (None, "value", "rank") or callable(fitness)):
            raise ValueError(f"fitness must be 'value', 'rank' or a function, got {fitness!r}")
        self.batch = self.population = population
        self.elite, self.power, self.mutation = elite, power, mutation
        self.retrain = retrain
        self.fitness = fitness or ("value" if direction == "maximize" else "rank")
        rng = np.random.default_rng([self.seed, 0])
        self.generations = [
            [
                Individual("".join(map(str, rng.integers(0, 2, len(self.code)))))
                for _ in range(population)
            ]
        ]
        self._asked: list[Individual] = []
        self._told: list[FrozenTrial] = []

    @classmethod
    def approach(cls, name: str, space: Space, **options: Any) -> Genetic:
        """The paper's approach "I", "II" or "III", or "short", with any other option beside."""
        if name not in APPROACHES:
            raise ValueError(f"name must be one of {', '.join(APPROACHES)}, got {name!r}")
        return cls(space, **(APPROACHES[name] | options))

    def trials(self, generations: int) -> int:
        """How many evaluations so many generations take."""
        later = self.population if self.retrain else self.population - self.elite
        return self.population + later * (check_count(generations, "generations") - 1)

    def ask(self, n: int = 1) -> list[Params]:
        """Those of the generation that have no value; none until all of them are told."""
        n = check_count(n)
        waiting = [one for one in self.generations[-1] if one.value is None]
        if not waiting:
            self.generations.append(self._breed())
            return self.ask(n)
        new = waiting[len(self._asked) :][:n]
        self._asked.extend(new)
        return [self.code.decode(one.genome) for one in new]

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Note what the generation is worth."""
        self._told.extend(trials)
        if len(self._told) > len(self._asked):
            raise ValueError(
                f"trials must be those that were asked for, got {len(self._told)} "
                f"where {len(self._asked)} are out"
            )
        if len(self._told) < sum(one.value is None for one in self.generations[-1]):
            return
        for one, trial in zip(
            self._asked, sorted(self._told, key=lambda trial: trial.number), strict=True
        ):
            cost = self.cost(trial)
            one.value = trial.value if np.isfinite(cost) else np.nan
        self._asked, self._told = [], []

    def fitnesses(self, generation: Sequence[Individual]) -> NDArray[np.float64]:
        """The fitness of each; 0 for those that failed."""
        values = np.array([one.value for one in generation], dtype=np.float64)
        failed = np.isnan(values)
        if self.fitness == "rank":
            costs = np.where(failed, np.inf, values if self.direction == "minimize" else -values)
            worse = (costs[:, None] < costs).sum(axis=1)
            return np.asarray(np.where(failed, 0.0, 1.0 + worse))
        found = np.zeros(len(values))
        for n in np.flatnonzero(~failed):
            found[n] = values[n] if self.fitness == "value" else self.fitness(values[n])
            if not 0 <= found[n] < np.inf:
                raise ValueError(
                    f"fitness must be 0 or more, got {found[n]} for the value {values[n]}: choose "
                    "fitness='rank' or a function of the value"
                )
        return found

    def chances(self, generation: Sequence[Individual]) -> NDArray[np.float64]:
        """P(M_i): how likely each is to be drawn as a first parent."""
        fitness = self.fitnesses(generation)
        if not fitness.any():
            return np.full(len(fitness), 1 / len(fitness))
        weights = (fitness / fitness.max()) ** self.power * (fitness > 0)
        return np.asarray(weights / weights.sum())

    def _breed(self) -> list[Individual]:
        """The next generation."""
        old = self.generations[-1]
        rng = np.random.default_rng([self.seed, len(self.generations)])
        fitness, chances = self.fitnesses(old), self.chances(old)
        best = np.argsort(-fitness, kind="stable")[: self.elite]
        survivors = [
            Individual(
                old[n].genome, survivor=True, value=None if self.retrain else old[n].value
            )
            for n in best
        ]
        children = [
            self._child(old, chances, rng) for _ in range(self.population - self.elite)
        ]
        return survivors + children

    def _child(
        self, old: Sequence[Individual], chances: NDArray[np.float64], rng: np.random.Generator
    ) -> Individual:
        first = _spun(chances, rng)
        other = chances * [one.genome != old[first].genome for one in old]
        if not other.any():  # nobody else who could be a parent
            other = np.array([one.genome != old[first].genome for one in old], dtype=np.float64)
        second = _spun(other / other.sum(), rng) if other.any() else first
        if rng.random() < 0.5:
            first, second = second, first
        cuts = self.code.borders[1:-1] or self.code.borders[1:]
        cut = cuts[int(rng.integers(len(cuts)))]
        genome = old[first].genome[:cut] + old[second].genome[cut:]
        flipped = None
        if rng.random() < self.mutation:
            flipped = int(rng.integers(len(genome)))
            bit = "1" if genome[flipped] == "0" else "0"
            genome = genome[:flipped] + bit + genome[flipped + 1 :]
        return Individual(genome, (first, second), cut, flipped)


def _spun(chances: NDArray[np.float64], rng: np.random.Generator) -> int:
    """Where a wheel of fortune stops: what `rng.choice` draws, in a fraction of its time."""
    ends = chances.cumsum()
    return int((ends / ends[-1]).searchsorted(rng.random(), side="right"))


def _gene_of(distribution: BaseDistribution) -> Gene:
    """As many bits as the values need."""
    side = Side.of("", distribution)
    if side.step is None:
        return Gene(10)
    values = round((side.high - side.low) / side.step)
    return Gene(max(1, (values - 1).bit_length()))


def _checked(name: str, gene: Gene, distribution: BaseDistribution) -> Gene:
    """A gene whose every number stands for a value of the space."""
    if not isinstance(gene, Gene):
        raise TypeError(f"genes[{name!r}] must be a Gene, got {gene!r}")
    check_count(gene.bits, f"bits of {name!r}")
    if gene.bits > 52:
        raise ValueError(f"bits of {name!r} must be 52 or less, got {gene.bits}")
    if gene.unit is None:
        return gene
    if not isinstance(distribution, FloatDistribution | IntDistribution):
        raise ValueError(f"unit of {name!r} must be None for a category, got {gene.unit!r}")
    most = (2**gene.bits - 1) * gene.unit
    whole = isinstance(distribution, IntDistribution) and gene.unit != round(gene.unit)
    if not gene.unit > 0 or most > (1 + 1e-9) * distribution.high or whole or distribution.low < 0:
        raise ValueError(
            f"unit of {name!r} must make {gene.bits} bits end at {distribution.high:g} or before"
            f"{', in whole numbers' if whole else ''}, got {gene.unit:g}: it ends at {most:g}"
        )
    if distribution.step not in (None, 1):
        raise ValueError(f"unit of {name!r} must be None where there are steps, got {gene.unit!r}")
    return gene

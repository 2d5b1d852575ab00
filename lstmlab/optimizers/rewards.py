"""Rewards that cost nothing, each difficult in a way of its own: to race controllers on.

Like the child network's accuracy they lie between 0 and 1; unlike it, the best one is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lstmlab.optimizers.evaluate import Step, evaluate
from lstmlab.optimizers.grammar import Grammar, Tokens
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.spelling import check_grammar, check_tokens, tokens_of
from lstmlab.search.searcher import check_count, check_seed
from lstmlab.search.space import Value

Array = NDArray[np.float64]


class Reward(Protocol):
    """A reward from 0 to 1 for every string of a grammar."""

    @property
    def grammar(self) -> Grammar:
        """Of which strings it is."""

    @property
    def best(self) -> Tokens:
        """A string whose reward is 1."""

    def reward(self, tokens: Sequence[str]) -> float:
        """What a string earns; ValueError if it is not the grammar's."""

    def __call__(self, params: Mapping[str, Value], seed: int) -> float:
        """The same for a point of `space_of(grammar)`, as `search.run` asks for it."""


class _Objective:
    """A reward as an objective."""

    grammar: Grammar

    def reward(self, tokens: Sequence[str]) -> float:
        raise NotImplementedError

    def __call__(self, params: Mapping[str, Value], seed: int) -> float:
        return self.reward(tokens_of(self.grammar, params))


@dataclass(frozen=True)
class _Hidden(_Objective):
    """A reward that is fixed by a hidden draw; what its parameters are, each class says."""

    grammar: Grammar = field(default_factory=Grammar)
    seed: int = 0

    def __post_init__(self) -> None:
        check_grammar(self.grammar)
        check_seed(self.seed)


@dataclass(frozen=True)
class Matching(_Hidden):
    """The share of the places at which a string agrees with a hidden one.

    What a token earns depends on nothing but itself: a policy that learns each place by itself
    finds the best string.

    Parameters
    ----------
    grammar : Grammar
    seed : int
        Of the hidden string.
    """

    @cached_property
    def best(self) -> Tokens:
        """The hidden string."""
        return self.grammar.sample_string(_rng(self.seed, 1))

    def reward(self, tokens: Sequence[str]) -> float:
        """What a string earns; ValueError if it is not the grammar's."""
        words = check_tokens(self.grammar, tokens)
        return sum(a == b for a, b in zip(words, self.best, strict=True)) / len(self.best)


@dataclass(frozen=True)
class Neighbours(_Hidden):
    """A sum over all pairs of neighbouring tokens, each worth a hidden Gaussian number.

    What a token earns depends on the one before it and the one after it, and is as often bad as
    good: a policy has to learn pairs. The least and the largest sum, found exactly by dynamic
    programming, are the rewards 0 and 1; of a single string it is 1.

    Parameters
    ----------
    grammar : Grammar
    seed : int
        Of the numbers.
    """

    @cached_property
    def worth(self) -> list[dict[tuple[str, str], float]]:
        """Of every pair (token, next token), a table for each place but the last."""
        rng = _rng(self.seed, 2)
        slots = [self.grammar.slot(place) for place in range(5 * self.grammar.groups)]
        return [
            {(a, b): float(rng.standard_normal()) for a in first for b in second}
            for first, second in pairwise(slots)
        ]

    @cached_property
    def best(self) -> Tokens:
        """The string of the largest sum."""
        return self._extreme(1.0)

    @cached_property
    def worst(self) -> Tokens:
        """The string of the least sum, whose reward is 0."""
        return self._extreme(-1.0)

    def reward(self, tokens: Sequence[str]) -> float:
        """What a string earns; ValueError if it is not the grammar's."""
        least, largest = self._ends
        total = self._sum(check_tokens(self.grammar, tokens))
        return (total - least) / (largest - least) if least < largest else 1.0

    @cached_property
    def _ends(self) -> tuple[float, float]:
        return self._sum(self.worst), self._sum(self.best)

    def _sum(self, tokens: Tokens) -> float:
        return sum(table[pair] for table, pair in zip(self.worth, pairwise(tokens), strict=True))

    def _extreme(self, sign: float) -> Tokens:
        """Viterbi's algorithm: the best beginning for every last token, place after place.

        What may follow a beginning depends on its last token alone, and so does what it adds.
        """
        found: dict[str, tuple[float, Tokens]] = {
            token: (0.0, (token,)) for token in self.grammar.choices(())
        }
        for table in self.worth:
            longer: dict[str, tuple[float, Tokens]] = {}
            for last, (total, tokens) in found.items():
                for token in self.grammar.choices(tokens):
                    reached = total + sign * table[last, token]
                    if token not in longer or reached > longer[token][0]:
                        longer[token] = reached, (*tokens, token)
            found = longer
        return max(found.values())[1]


@dataclass(frozen=True)
class Product(_Hidden):
    """The shares of each group's tokens that agree with a hidden string's, multiplied.

    A group is worth as much as the others let it be: with one that is all wrong the reward is 0,
    which it is for most strings at first, and what a token earns grows as the others get better.

    Parameters
    ----------
    grammar : Grammar
    seed : int
        Of the hidden string.
    """

    @cached_property
    def best(self) -> Tokens:
        """The hidden string."""
        return self.grammar.sample_string(_rng(self.seed, 4))

    def reward(self, tokens: Sequence[str]) -> float:
        """What a string earns; ValueError if it is not the grammar's."""
        pairs = list(zip(check_tokens(self.grammar, tokens), self.best, strict=True))
        groups = [pairs[start : start + 5] for start in range(0, len(pairs), 5)]
        return prod(sum(a == b for a, b in group) / 5 for group in groups)


@dataclass(frozen=True)
class Likeness(_Objective):
    """How like a hidden rule's a rule's update is, as the angle between them: 1 - θ/π.

    Both are computed for the same weights, gradients and averages, and an update that is the hidden
    one times a positive number earns 1, one at a right angle 0.5, the opposite 0. What is not
    finite, or 0 everywhere, earns 0. Here tokens mean something: many strings are one rule, most
    are good for nothing, one token can spoil all others, and half of the hidden rule is a plateau
    below the best.

    Parameters
    ----------
    grammar : Grammar
    formula : str
        The hidden rule. By default, one in two thousand strings of two groups earns 0.9.
    seed : int
        Of the tensors.
    size : int
        How many weights.

    Notes
    -----
    Gradients are the averages m plus Gaussian noise as large, and the averages v are about those of
    their squares.
    """

    grammar: Grammar = field(default_factory=Grammar)
    formula: str = "sign(g) + sign(m)"
    seed: int = 0
    size: int = 100

    def __post_init__(self) -> None:
        check_grammar(self.grammar)
        check_seed(self.seed)
        check_count(self.size, "size", least=2)
        if not np.isfinite(self._target).all():
            raise ValueError(
                f"formula must be a rule with a finite update that is not 0, got {self.formula!r}"
            )

    @cached_property
    def best(self) -> Tokens:
        """A string of the hidden rule; ValueError if the grammar has none that is found."""
        tokens = Rule.parse(self.formula, self.grammar.extensions).tokens
        return check_tokens(self.grammar, _lengthened(tokens, self.grammar))

    def reward(self, tokens: Sequence[str]) -> float:
        """What a string earns; ValueError if it is not the grammar's."""
        words = check_tokens(self.grammar, tokens)
        direction = self._direction(Rule.from_tokens(words, self.grammar.extensions))
        if not np.isfinite(direction).all():
            return 0.0
        return 1 - float(np.arccos(np.clip(direction @ self._target, -1, 1))) / np.pi

    def _direction(self, rule: Rule) -> Array:
        """What a rule does to the weights, made 1 long; not finite where it is not, or is 0."""
        w, g, averages = self._tensors
        with np.errstate(all="ignore"):
            update = np.asarray(evaluate(rule.graph, w=w, g=g, averages=averages, step=STEP))
            return np.asarray(update / np.linalg.norm(update))

    @cached_property
    def _target(self) -> Array:
        return self._direction(Rule.parse(self.formula, self.grammar.extensions))

    @cached_property
    def _tensors(self) -> tuple[Array, Array, dict[str, Array]]:
        rng = _rng(self.seed, 3)
        n = self.size
        w, m = rng.standard_normal((2, n))
        g = m + rng.standard_normal(n)
        v = (m**2 + 1) * rng.uniform(0.5, 2, n)
        return w, g, {"m": m, "v": v, "gamma": m**3}


def _rng(seed: int, what: int) -> np.random.Generator:
    """A generator that no searcher has, whatever its seed: it must not know the hidden string."""
    return np.random.default_rng([2017, seed, what])


STEP = Step(t=10**6)
"""So late that the averages have no bias to correct."""


def _lengthened(tokens: Tokens, grammar: Grammar) -> Tokens:
    """The same rule with as many groups as the grammar has, by groups that hand on the last one."""
    groups = len(tokens) // 5
    other = grammar.operands[0]
    for group in range(groups, grammar.groups):
        tokens = (*tokens, f"r{group}", other, "x", "x", "left")
    return tokens


REWARDS: dict[str, type[Matching] | type[Neighbours] | type[Product] | type[Likeness]] = {
    "matching": Matching,
    "neighbours": Neighbours,
    "product": Product,
    "likeness": Likeness,
}
"""By name."""

"""Update rules as points of a search space: a category for every place of a token string."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial

from lstmlab.optimizers.grammar import Grammar, Tokens
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.tokens import EXTENSIONS
from lstmlab.search.searcher import Base, Direction, check_count
from lstmlab.search.space import Params, Value

PLACES = ("op1", "op2", "u1", "u2", "b")
"""What a group's five tokens are called in a space, after the group's number and a dot."""


def names_of(grammar: Grammar) -> tuple[str, ...]:
    """What the places of a grammar's strings are called: "1.op1", "1.op2", ..., "2.b"."""
    return _names(grammar.groups)


def _names(groups: int) -> tuple[str, ...]:
    return tuple(f"{group}.{place}" for group in range(1, groups + 1) for place in PLACES)


def space_of(grammar: Grammar) -> dict[str, BaseDistribution]:
    """The space of a grammar's strings, without its constraints: each place its whole list.

    Returns
    -------
    dict of str to optuna.distributions.CategoricalDistribution
        "1.op1", "1.op2", "1.u1", "1.u2", "1.b", "2.op1" and so on, in the order in which a
        controller writes them, with the choices of `grammar.slot`.

    Examples
    --------
    >>> space_of(Grammar(1))["1.b"]
    CategoricalDistribution(choices=('+', '-', '*', '/', 'left'))
    """
    return {
        name: CategoricalDistribution(grammar.slot(position))
        for position, name in enumerate(names_of(grammar))
    }


def params_of(grammar: Grammar, tokens: Sequence[str]) -> Params:
    """A token string as a point of the grammar's space.

    Raises
    ------
    ValueError
        If it is not a string of the grammar, its constraints included.
    """
    return dict(zip(names_of(grammar), check_tokens(grammar, tokens), strict=True))


def tokens_of(grammar: Grammar, params: Mapping[str, Value]) -> Tokens:
    """The token string of a point of the grammar's space.

    Raises
    ------
    ValueError
        If a place is missing or unknown, or the string breaks a constraint of the grammar.
    """
    names = names_of(grammar)
    return check_tokens(grammar, _in_places(params, names), "params", names)


def rule_of(grammar: Grammar, params: Mapping[str, Value]) -> Rule:
    """The rule of a point of the grammar's space; ValueError as for `tokens_of`."""
    return Rule.from_tokens(tokens_of(grammar, params), grammar.extensions)


def any_rule(params: Mapping[str, Value]) -> Rule:
    """The rule of a point of any grammar's space, whatever its lists and constraints are.

    Raises
    ------
    ValueError
        If a place is missing or unknown, or a token does not fit its place.
    """
    names = _names(max(1, len(params) // len(PLACES)))
    return Rule.from_tokens(list(map(str, _in_places(params, names))), tuple(EXTENSIONS))


def _in_places(params: Mapping[str, Value], names: Sequence[str]) -> tuple[Value, ...]:
    """Values in the order of their names; ValueError if there are others, or one is missing."""
    if set(params) != set(names):
        raise ValueError(f"params must have {', '.join(names)}, got {', '.join(params)}")
    return tuple(params[name] for name in names)


def check_tokens(
    grammar: Grammar,
    tokens: Sequence[Value],
    what: str = "tokens",
    places: Sequence[str] | None = None,
) -> Tokens:
    """A grammar's token string; ValueError, which calls it `what`, if it is none."""
    if isinstance(tokens, str) or len(tokens) != 5 * grammar.groups:
        raise ValueError(f"{what} must be {5 * grammar.groups} tokens, got {tokens!r}")
    words = tuple(token for token in tokens if isinstance(token, str))
    if words in grammar:
        return words
    done: list[str] = []
    for place, token in enumerate(tokens):
        allowed = grammar.choices(done)
        if not isinstance(token, str) or token not in allowed:
            after = f" after {done[-1]!r}" if place % 5 == 1 else ""
            where = repr(places[place]) if places else place
            raise ValueError(
                f"{what}[{where}] must be one of {', '.join(allowed)}{after}, got {token!r}"
            )
        done.append(token)
    return tuple(done)


class UniformRules(Base):
    """Random search: strings drawn uniformly from all that fulfil the grammar's constraints.

    Parameters
    ----------
    grammar : Grammar
    seed : int
    direction : {"minimize", "maximize"}
    batch : int
        How many it likes to be asked for at once.

    Notes
    -----
    `RandomSearch` on the same space would draw forbidden strings, too. String number k has a
    generator of its own, seeded by (seed, k). Many strings are one rule, so that a rule that can
    be written in many ways is drawn more often than another.
    """

    lag = 1
    _asked = 0

    def __init__(
        self,
        grammar: Grammar,
        *,
        seed: int = 0,
        direction: Direction = "maximize",
        batch: int = 5,
    ) -> None:
        super().__init__(space_of(check_grammar(grammar)), seed=seed, direction=direction)
        self.grammar = grammar
        self.batch = check_count(batch, "batch")

    def ask(self, n: int = 1) -> list[Params]:
        """The next n draws."""
        first, self._asked = self._asked, self._asked + check_count(n)
        return [self._draw(number) for number in range(first, self._asked)]

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Nothing is learned."""

    def _draw(self, number: int) -> Params:
        rng = np.random.default_rng([self.seed, number])
        return dict(zip(self.space, self.grammar.sample_string(rng), strict=True))


def check_grammar(grammar: object) -> Grammar:
    """A grammar; TypeError if it is none."""
    if not isinstance(grammar, Grammar):
        raise TypeError(f"grammar must be a Grammar, such as Grammar(groups=2), got {grammar!r}")
    return grammar

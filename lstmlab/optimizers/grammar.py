"""A search space of update rules: its token strings counted, listed and drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import prod

import numpy as np

from lstmlab.optimizers.groups import SLOTS, operand_of
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.tokens import BINARY, OPERANDS, UNARY, extension_of

MAX_GROUPS = 16
"""No grammar has more groups; the paper's have 1, 2 or 4."""

Tokens = tuple[str, ...]


@dataclass(frozen=True)
class Grammar:
    """The token strings that a controller may write (Bello et al., 2017, section 4.1).

    Parameters
    ----------
    groups : int
        1, 2 or 4 in the paper: strings of 5, 10 and 20 tokens, trees of depth 1, 2 and 4.
    operands, unary, binary : tuple of str
        Subsets of the language's tokens; the paper's lists by default. "sqrt", numbers and decays
        may be among them: to list them is to allow the extensions.
    distinct_operands : bool
        The two operands of a group differ.
    reuse : bool
        Every group after the first has the result of an earlier one among its operands.
    final_addition : bool
        The last group's binary function may be "+". The paper forbids it in some searches; two of
        the rules that it prints end in one.

    Raises
    ------
    ValueError
        If there are fewer than 1 or more than `MAX_GROUPS` groups, a token is unknown, double or
        missing, or no string fulfils the constraints.

    Notes
    -----
    The paper's three constraints hold by default; `free()` is the space without them. Without
    them the full lists have 1.5e5, 2.7e10 and 1.2e21 strings of 1, 2 and 4 groups. Many strings
    are one rule (a + b and b + a): what is counted, listed and drawn is strings.

    Examples
    --------
    >>> Grammar(groups=1).free().count()
    154880
    >>> small = Grammar(1, operands=("g", "m"), unary=("x", "sign"), binary=("*",))
    >>> [str(small.rule(n)) for n in range(3)]
    ['g * m', 'g * sign(m)', 'sign(g) * m']
    """

    groups: int = 2
    operands: Tokens = OPERANDS
    unary: Tokens = UNARY
    binary: Tokens = BINARY
    distinct_operands: bool = True
    reuse: bool = True
    final_addition: bool = False

    def __post_init__(self) -> None:
        groups = self.groups
        if isinstance(groups, bool) or not isinstance(groups, int) or not 1 <= groups <= MAX_GROUPS:
            raise ValueError(
                f"groups must be a whole number from 1 to {MAX_GROUPS}, got {groups!r}"
            )
        for name in ("distinct_operands", "reuse", "final_addition"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, got {getattr(self, name)!r}")
        for name in ("operands", "unary", "binary"):
            object.__setattr__(self, name, _tokens(name, getattr(self, name)))
        if self.distinct_operands and len(self.operands) < 2:
            raise ValueError(
                f"operands must be 2 or more where they are to differ, got {self.operands!r}"
            )
        if not self._functions(groups):
            raise ValueError(
                f"binary must have more than '+' for the last group, got {self.binary!r}"
            )

    def free(self) -> Grammar:
        """The same lists without the constraints."""
        return replace(self, distinct_operands=False, reuse=False, final_addition=True)

    def bank(self, group: int) -> Tokens:
        """The operands of a group, counted from 1: the list, and r1, r2, ... of those before it."""
        return (*self.operands, *(f"r{k}" for k in range(1, group)))

    def count(self) -> int:
        """How many token strings there are, exactly."""
        return prod(self._sizes)

    def strings(self) -> Iterator[Tokens]:
        """Every token string once, in the order of `string`: the last group changes fastest."""
        for numbers in product(*map(range, self._sizes)):
            yield self._joined(numbers)

    def string(self, index: int) -> Tokens:
        """The token string at an index from 0 to `count() - 1`.

        Raises
        ------
        IndexError
            If there is none.
        """
        if not 0 <= index < self.count():
            raise IndexError(f"index must be from 0 to {self.count() - 1}, got {index}")
        numbers: list[int] = []
        for size in reversed(self._sizes):
            index, n = divmod(index, size)
            numbers.append(n)
        return self._joined(numbers[::-1])

    def rule(self, index: int) -> Rule:
        """The rule of the token string at an index."""
        return Rule.from_tokens(self.string(index), self.extensions)

    def sample(self, rng: np.random.Generator) -> Rule:
        """The rule of a token string drawn uniformly from all that fulfil the constraints."""
        return Rule.from_tokens(self.sample_string(rng), self.extensions)

    def sample_string(self, rng: np.random.Generator) -> Tokens:
        """A token string drawn uniformly: the constraints leave the groups independent."""
        return self._joined([int(rng.integers(size)) for size in self._sizes])

    def choices(self, before: Sequence[str]) -> Tokens:
        """The tokens that may come next, so that every beginning can be completed.

        For a controller: the logits of all others of `slot(len(before))` are set to -∞.

        Raises
        ------
        ValueError
            If `before` is not the beginning of a string of this grammar, or is a whole one.
        """
        for n, token in enumerate(before):
            if n >= 5 * self.groups or token not in self._next(before[:n]):
                raise ValueError(f"before[{n}] is not allowed by this grammar, got {token!r}")
        if len(before) >= 5 * self.groups:
            raise ValueError(f"before must have less than {5 * self.groups} tokens, it is complete")
        return self._next(before)

    def slot(self, position: int) -> Tokens:
        """All tokens of the list that position belongs to, allowed or not, in their order."""
        if not 0 <= position < 5 * self.groups:
            raise ValueError(f"position must be from 0 to {5 * self.groups - 1}, got {position}")
        kind = SLOTS[position % 5].split()[0]
        if kind == "operand":
            return self.bank(position // 5 + 1)
        return self.unary if kind == "unary" else self.binary

    def __contains__(self, tokens: Sequence[str]) -> bool:
        """Whether a token string is one of this grammar's."""
        return len(tokens) == 5 * self.groups and all(
            token in self._next(tokens[:n]) for n, token in enumerate(tokens)
        )

    @cached_property
    def extensions(self) -> Tokens:
        """The extensions of the paper's language that the lists make use of."""
        ops = (operand_of(token)[0] or token for token in (*self.operands, *self.unary))
        return tuple(sorted({name for op in ops if (name := extension_of(op)) is not None}))

    def _next(self, before: Sequence[str]) -> Tokens:
        """The tokens that may follow a beginning that is allowed."""
        group, place = len(before) // 5 + 1, len(before) % 5
        if place == 1:
            return tuple(second for first, second in self._pairs(group) if first == before[-1])
        if place == 4:
            return self._functions(group)
        return self.slot(len(before))

    def _functions(self, group: int) -> Tokens:
        last = group == self.groups and not self.final_addition
        return tuple(name for name in self.binary if not (last and name == "+"))

    def _pairs(self, group: int) -> list[tuple[str, str]]:
        """The pairs of operands that a group may have."""
        return self._all_pairs[group - 1]

    @cached_property
    def _all_pairs(self) -> list[list[tuple[str, str]]]:
        return [
            [
                (first, second)
                for first, second in product(self.bank(group), repeat=2)
                if not (self.distinct_operands and first == second)
                and not (self.reuse and group > 1 and {first, second} <= set(self.operands))
            ]
            for group in range(1, self.groups + 1)
        ]

    @cached_property
    def _sizes(self) -> list[int]:
        """How many strings of five each group may be."""
        return [
            len(self._pairs(group)) * len(self.unary) ** 2 * len(self._functions(group))
            for group in range(1, self.groups + 1)
        ]

    def _joined(self, numbers: Sequence[int]) -> Tokens:
        """The string whose groups have these indices."""
        groups = (self._group(group, n) for group, n in enumerate(numbers, start=1))
        return tuple(token for group in groups for token in group)

    def _group(self, group: int, n: int) -> Tokens:
        """The five tokens at index n of a group."""
        functions = self._functions(group)
        n, binary = divmod(n, len(functions))
        n, second = divmod(n, len(self.unary))
        pair, first = divmod(n, len(self.unary))
        return (*self._pairs(group)[pair], self.unary[first], self.unary[second], functions[binary])


def _tokens(name: str, tokens: object) -> Tokens:
    """A list of a grammar's tokens; an error that names it if it is none."""
    if isinstance(tokens, str) or not isinstance(tokens, Sequence):
        raise TypeError(f"{name} must be a tuple of str, got {tokens!r}")
    if not tokens or len(set(tokens)) < len(tokens):
        raise ValueError(f"{name} must be 1 or more tokens, all different, got {tokens!r}")
    known = {"unary": (*UNARY, "sqrt"), "binary": BINARY}.get(name, ())
    for token in tokens:
        if token not in known and (name != "operands" or operand_of(token)[0] is None):
            listed = {"operands": OPERANDS, "unary": UNARY, "binary": BINARY}[name]
            raise ValueError(f"{name} may have {', '.join(listed)}, got {token!r}")
    return tuple(tokens)

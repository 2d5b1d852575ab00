"""A search space has as many strings as it says, and draws each of them as often."""

from __future__ import annotations

from collections import Counter
from itertools import islice, product

import numpy as np
import pytest

from lstmlab.optimizers import Grammar, Rule

SMALL = Grammar(2, operands=("g", "m"), unary=("x", "exp"), binary=("*", "+"))


def _by_hand(grammar: Grammar) -> list[tuple[str, ...]]:
    """The strings of two groups that fulfil the constraints, as the paper puts them."""
    o, u, b = grammar.operands, grammar.unary, grammar.binary
    found = []
    for first in product(o, o, u, u, b):
        for second in product((*o, "r1"), (*o, "r1"), u, u, b):
            if grammar.distinct_operands and (first[0] == first[1] or second[0] == second[1]):
                continue
            if grammar.reuse and "r1" not in second[:2]:
                continue
            if not grammar.final_addition and second[4] == "+":
                continue
            found.append((*first, *second))
    return found


@pytest.mark.parametrize(
    ("groups", "count"),
    [(1, 154_880), (2, 27_079_993_600), (4, 154_880 * 174_845 * 196_020 * 218_405)],
)
def test_the_full_lists_have_as_many_strings_as_the_paper_s_space(groups: int, count: int) -> None:
    assert Grammar(groups).free().count() == count
    assert f"{count:.1e}" == {1: "1.5e+05", 2: "2.7e+10", 4: "1.2e+21"}[groups]


@pytest.mark.parametrize("distinct", [True, False])
@pytest.mark.parametrize("reuse", [True, False])
@pytest.mark.parametrize("final", [True, False])
def test_each_constraint_takes_away_what_it_says(distinct: bool, reuse: bool, final: bool) -> None:
    grammar = Grammar(
        2, ("g", "m"), ("x", "exp"), ("*", "+"),
        distinct_operands=distinct, reuse=reuse, final_addition=final,
    )  # fmt: skip
    wanted = _by_hand(grammar)
    strings = list(grammar.strings())
    assert strings == wanted
    assert grammar.count() == len(wanted)
    assert [grammar.string(n) for n in range(len(wanted))] == wanted
    assert all(tokens in grammar for tokens in wanted)
    free = _by_hand(grammar.free())
    assert sum(tokens in grammar for tokens in free) == len(wanted)


def test_the_found_rules_that_end_in_an_addition_need_that_constraint_off() -> None:
    tokens = ("g", "m", "x", "drop0.3", "+")
    assert tokens not in Grammar(1)
    assert tokens in Grammar(1, final_addition=True)


def test_every_string_is_a_rule_of_its_tokens() -> None:
    for number in range(0, SMALL.count(), 7):
        rule = SMALL.rule(number)
        assert rule.tokens == SMALL.string(number)


def test_strings_are_drawn_uniformly() -> None:
    rng = np.random.default_rng(0)
    draws = 40 * SMALL.count()
    drawn = Counter(SMALL.sample_string(rng) for _ in range(draws))
    assert set(drawn) == set(SMALL.strings())
    counts = np.array(list(drawn.values()))
    squared = ((counts - 40) ** 2 / 40).sum()
    freedom = SMALL.count() - 1
    assert abs(squared - freedom) < 4 * np.sqrt(2 * freedom)


def test_the_same_generator_draws_the_same_rules() -> None:
    one, other = np.random.default_rng(3), np.random.default_rng(3)
    grammar = Grammar(4)
    assert [grammar.sample(one) for _ in range(20)] == [grammar.sample(other) for _ in range(20)]


def test_large_spaces_are_listed_lazily_and_indexed_exactly() -> None:
    grammar = Grammar(4)
    assert list(islice(grammar.strings(), 3)) == [grammar.string(n) for n in range(3)]
    last = grammar.string(grammar.count() - 1)
    assert last in grammar
    assert last[-1] == "left"
    for wrong in (-1, grammar.count()):
        with pytest.raises(IndexError, match="index must be from 0 to"):
            grammar.string(wrong)


def test_choices_lead_to_every_string_and_to_no_other() -> None:
    grammar = Grammar(2, operands=("g", "m"), unary=("x",), binary=("*", "+"))
    beginnings: list[tuple[str, ...]] = [()]
    for position in range(10):
        assert all(set(grammar.choices(b)) <= set(grammar.slot(position)) for b in beginnings)
        beginnings = [(*b, token) for b in beginnings for token in grammar.choices(b)]
    assert sorted(beginnings) == sorted(grammar.strings())


def test_choices_of_what_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match=r"before\[1\] is not allowed by this grammar, got 'g'"):
        Grammar(2).choices(["g", "g"])
    with pytest.raises(ValueError, match="it is complete"):
        SMALL.choices(SMALL.string(0))
    with pytest.raises(ValueError, match=r"before\[10\]"):
        SMALL.choices((*SMALL.string(0), "g"))
    with pytest.raises(ValueError, match="position must be from 0 to 9, got 10"):
        SMALL.slot(10)


def test_what_is_listed_beyond_the_paper_is_allowed() -> None:
    grammar = Grammar(1, ("m", "v", "2", "restarts(3)"), ("x", "sqrt"), ("/",))
    assert grammar.extensions == ("const", "decay", "sqrt")
    assert Rule.parse("m / sqrt(v)", ("sqrt",)) in {grammar.rule(n) for n in range(grammar.count())}
    assert Grammar(4).extensions == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"groups": 0}, "groups must be a whole number from 1 to 16, got 0"),
        ({"groups": True}, "groups must be a whole number"),
        ({"operands": ("g",)}, "operands must be 2 or more"),
        ({"operands": ("g", "h")}, "operands may have g, .*, got 'h'"),
        ({"operands": ("g", "r1")}, "got 'r1'"),
        ({"operands": ("g", "g")}, "all different"),
        ({"unary": ()}, "unary must be 1 or more"),
        ({"unary": ("exp", "tan")}, "unary may have x, .*, got 'tan'"),
        ({"binary": ("+",)}, "more than '\\+' for the last group"),
        ({"binary": ("^",)}, "binary may have .*, got '\\^'"),
    ],
)
def test_a_grammar_of_nothing_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grammar(**settings)  # type: ignore[arg-type]


def test_settings_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="operands must be a tuple of str, got 'g'"):
        Grammar(1, operands="g")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="reuse must be True or False, got 1"):
        Grammar(1, reuse=1)  # type: ignore[arg-type]

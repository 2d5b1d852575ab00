"""A token string is a point of a search space and back, and uniform rules are legal and uniform."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from lstmlab.optimizers import Grammar, Rule
from lstmlab.optimizers.spelling import (
    UniformRules,
    any_rule,
    params_of,
    rule_of,
    space_of,
    tokens_of,
)
from lstmlab.search import Serial, rehearse, run, table
from lstmlab.search.space import check_space, settle
from tests.search.made import assert_same, environment

SMALL = Grammar(2, operands=("g", "m"), unary=("x", "exp"), binary=("*", "+"))
RULE = ("g", "m", "x", "sign", "*", "r1", "g", "exp", "x", "*")


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_space_has_a_category_for_every_place_of_a_string(groups: int) -> None:
    grammar = Grammar(groups)
    space = check_space(space_of(grammar))
    places = [
        f"{k}.{name}" for k in range(1, groups + 1) for name in ["op1", "op2", "u1", "u2", "b"]
    ]
    assert list(space) == places
    assert [scale.choices for scale in space.values()] == [
        grammar.slot(position) for position in range(5 * groups)
    ]


def test_params_and_tokens_are_one_string_written_twice() -> None:
    for tokens in SMALL.strings():
        params = params_of(SMALL, tokens)
        assert settle(space_of(SMALL), params) == params
        assert tokens_of(SMALL, params) == tokens
        assert tokens_of(SMALL, dict(reversed(params.items()))) == tokens
    assert params_of(Grammar(), RULE)["2.op1"] == "r1"
    assert rule_of(Grammar(), params_of(Grammar(), RULE)) == Rule.from_tokens(RULE)


def test_a_rule_of_a_grammar_with_extensions_is_read_with_them() -> None:
    grammar = Grammar(1, ("m", "v", "2", "linear"), ("x", "sqrt"), ("/", "*"))
    params = params_of(grammar, ("m", "v", "x", "sqrt", "/"))
    assert rule_of(grammar, params) == Rule.parse("m / sqrt(v)", ("sqrt",))


def test_any_grammars_string_can_be_read_without_it() -> None:
    wide = Grammar(1, ("m", "v", "2", "linear"), ("x", "sqrt"), ("/", "*"))
    for grammar in (SMALL, Grammar(1).free(), wide):
        for n in range(0, grammar.count(), 1 + grammar.count() // 50):
            params = params_of(grammar, grammar.string(n))
            assert any_rule(params) == any_rule(dict(reversed(params.items()))) == grammar.rule(n)


@pytest.mark.parametrize(
    ("place", "token", "message"),
    [
        (1, "g", r"tokens\[1\] must be one of g\^2, .* after 'g', got 'g'"),
        (6, "h", r"tokens\[6\] must be one of .* after 'r1', got 'h'"),
        (5, "r2", r"tokens\[5\] must be one of g, .*, r1, got 'r2'"),
        (5, "m", r"tokens\[6\] must be one of r1 after 'm', got 'g'"),
        (9, "+", r"tokens\[9\] must be one of -, \*, /, left, got '\+'"),
        (3, None, r"tokens\[3\] must be one of x, .*, got None"),
    ],
)
def test_a_string_that_the_grammar_forbids_is_refused(
    place: int, token: str | None, message: str
) -> None:
    wrong = [*RULE[:place], token, *RULE[place + 1 :]]
    with pytest.raises(ValueError, match=message):
        params_of(Grammar(), wrong)  # type: ignore[arg-type]
    params = dict(zip(space_of(Grammar()), wrong, strict=True))
    with pytest.raises(ValueError, match=r"params\['[12]\.(op[12]|u2|b)'\] must be one of"):
        tokens_of(Grammar(), params)


@pytest.mark.parametrize("tokens", [(), RULE[:5], (*RULE, "g"), "ggxx*ggxx*"])
def test_a_string_of_another_length_is_refused(tokens: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="tokens must be 10 tokens, got"):
        params_of(Grammar(), tokens)


def test_params_of_another_space_are_refused() -> None:
    params = params_of(Grammar(), RULE)
    for wrong in ({}, params | {"3.op1": "g"}, dict(list(params.items())[1:])):
        with pytest.raises(ValueError, match=r"params must have 1\.op1, .*, 2\.b, got"):
            tokens_of(Grammar(), wrong)
    with pytest.raises(TypeError, match=r"grammar must be a Grammar.*, got 2"):
        UniformRules(2)  # type: ignore[arg-type]


def test_uniform_rules_are_drawn_uniformly_from_the_legal_strings() -> None:
    draws = 30 * SMALL.count()
    drawn = Counter(tuple(params.values()) for params in UniformRules(SMALL, seed=1).ask(draws))
    assert set(drawn) == set(SMALL.strings())
    squared = sum((count - 30) ** 2 / 30 for count in drawn.values())
    freedom = SMALL.count() - 1
    assert abs(squared - freedom) < 4 * np.sqrt(2 * freedom)


def test_uniform_rules_do_not_depend_on_how_they_are_asked_for() -> None:
    whole = UniformRules(Grammar(), seed=4).ask(12)
    parts = UniformRules(Grammar(), seed=4)
    assert [*parts.ask(5), *parts.ask(), *parts.ask(6)] == whole
    assert UniformRules(Grammar(), seed=5).ask(12) != whole


def test_uniform_rules_run_as_every_searcher_does(tmp_path) -> None:
    def length(params, seed):
        return float(len(str(rule_of(Grammar(), params))))

    searcher = UniformRules(Grammar(), seed=2)
    assert (searcher.batch, searcher.lag, searcher.direction) == (5, 1, "maximize")
    whole = rehearse(searcher, length, 23)
    for trials in (7, 23):
        study = run(UniformRules(Grammar(), seed=2), length, trials, executor=Serial(),
                    storage=tmp_path / "a.journal", progress=False)  # fmt: skip
    assert_same(table(study), whole)


ASKED = """
import sys
import lstmlab.optimizers
print("optuna" in sys.modules, "torch" in sys.modules)
lstmlab.optimizers.UniformRules(lstmlab.optimizers.Grammar(1)).ask(3)
print("torch" in sys.modules, hasattr(lstmlab.optimizers, "nothing"))
"""


def test_the_language_needs_no_optuna_and_uniform_rules_no_torch(root) -> None:
    said = subprocess.run(
        [sys.executable, "-c", ASKED], env=environment(root), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert said.stdout.split("\n")[:2] == ["False False", "False False"]


def test_every_public_name_is_there() -> None:
    pytest.importorskip("torch")
    import lstmlab.optimizers as package

    assert all(hasattr(package, name) for name in package.__all__)
    assert set(package._LATER) <= set(package.__all__) <= set(dir(package))


def test_no_module_has_the_name_of_what_it_holds() -> None:
    """Python would put it in the place of the function or class as soon as it is imported."""
    pytest.importorskip("torch")
    import lstmlab.optimizers as package

    for module in package._LATER.values():
        importlib.import_module(f"lstmlab.optimizers.{module}")
    kinds = {name: type(getattr(package, name)).__name__ for name in package.__all__}
    assert "module" not in kinds.values()
    assert kinds["finalists"] == "function"

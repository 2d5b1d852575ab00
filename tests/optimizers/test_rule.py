"""A rule is a value: it does not change, can be sent away, and is cheap to compare."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from lstmlab.optimizers import Grammar, Node, Rule
from lstmlab.optimizers import rule as module


def test_tokens_are_groups_of_operands_functions_and_what_joins_them() -> None:
    tokens = ["sign(g)", "sign(m)", "x", "x", "*", "g", "r1", "x", "exp", "*"]
    rule = Rule.from_tokens(tokens)
    assert rule == Rule.parse("g * exp(sign(g) * sign(m))")
    assert rule.tokens == tuple(tokens)


def test_a_formula_has_tokens_of_its_own() -> None:
    assert Rule.parse("g * exp(sign(g) * sign(m))").tokens == (
        "sign(g)", "sign(m)", "x", "x", "*", "g", "r1", "x", "exp", "*",
    )  # fmt: skip
    assert Rule.parse("g").tokens == ("g", "1", "x", "x", "left")
    assert Rule.parse("1").tokens == ("1", "g", "x", "x", "left")
    assert Rule.parse("exp(-g)").tokens == (
        "g",
        "1",
        "-x",
        "x",
        "left",
        "r1",
        "1",
        "exp",
        "x",
        "left",
    )


def test_adam_has_two_graphs_in_the_extended_language() -> None:
    """Figure 2 of the paper draws Adam in one step and in two."""
    one = Rule.from_tokens(["m", "v", "x", "sqrt", "/"], ("sqrt",))
    two = Rule.from_tokens(["v", "1", "sqrt", "x", "left", "m", "r1", "x", "x", "/"], ("sqrt",))
    assert one == two == Rule.parse("m / sqrt(v)", ("sqrt",))
    assert one != Rule.parse("adam")  # rounded elsewhere


def test_a_result_that_is_used_twice_is_one_value() -> None:
    shared = Rule.from_tokens(["g", "m", "drop0.3", "x", "left", "r1", "r1", "x", "exp", "*"])
    assert [node.op for node in shared.graph].count("drop0.3") == 1
    assert shared == Rule.parse("r1 = drop(g, 0.3); r1 * exp(r1)")
    assert Rule.from_tokens(shared.tokens) == shared
    apart = Rule.from_tokens(["g", "g", "drop0.3", "drop0.3", "*"])
    assert [node.op for node in apart.graph].count("drop0.3") == 2
    noisy = Rule.parse("r1 = noise; r1 * exp(r1)")
    assert [node.op for node in noisy.graph].count("noise") == 1
    assert Rule.from_tokens(noisy.tokens) == noisy


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([], "1 to 128 groups of 5, got 0 tokens"),
        (["g"] * 6, "got 6 tokens"),
        (["g"] * 645, "got 645 tokens"),
        (["g", "h", "x", "x", "+"], r"tokens\[1\] must be an operand \(g, .*rmsprop\), got 'h'"),
        (["g", "r1", "x", "x", "+"], r"tokens\[1\] must be an operand"),
        (["g", "m", "x", "x", "+", "r2", "g", "x", "x", "+"], r"rmsprop, r1\), got 'r2'"),
        (["g", "m", "x", "cos", "+"], r"tokens\[3\] must be a unary function"),
        (["g", "m", "x", "x", "^"], r"tokens\[4\] must be a binary function"),
        (["g", "2", "x", "x", "+"], r"tokens\[1\], 'const', is an extension"),
        (["m", "v", "x", "sqrt", "/"], r"tokens\[3\], 'sqrt', is an extension"),
        (["g", "linear", "x", "x", "*"], r"extensions=\('decay',\)"),
        (["x = 1", "g", "x", "x", "*"], "must be an operand"),
    ],
)
def test_wrong_tokens_are_refused_at_their_place(tokens: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Rule.from_tokens(tokens)


def test_tokens_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="tokens must be a list of str, got str"):
        Rule.from_tokens("g1xx+")
    with pytest.raises(TypeError, match="a token must be a str, got 1"):
        Rule.from_tokens([1, "g", "x", "x", "+"])  # type: ignore[list-item]


def test_a_string_of_too_many_results_is_refused() -> None:
    deep = ["g", "m", "x", "x", "*"]
    for k in range(1, 80):
        deep += [f"r{k}", "g", "x", "x", "*"]
    with pytest.raises(ValueError, match="64 deep|128 nodes"):
        Rule.from_tokens(deep)


def test_a_rule_does_not_change() -> None:
    rule = Rule.parse("g + m")
    for name in ("graph", "written", "_hash", "anything"):
        with pytest.raises(AttributeError, match="a rule does not change"):
            setattr(rule, name, ())
    with pytest.raises(AttributeError, match="a rule does not change"):
        del rule.graph
    with pytest.raises(AttributeError):
        rule.graph[0].op = "m"  # type: ignore[misc]


def test_a_rule_goes_to_another_process_and_back() -> None:
    rng = np.random.default_rng(0)
    rules = [Grammar(2).sample(rng) for _ in range(50)] + [Rule.parse("drop(g, 0.1)")]
    for rule in rules:
        for back in (pickle.loads(pickle.dumps(rule)), copy.deepcopy(rule)):
            assert back == rule
            assert hash(back) == hash(rule)
            assert (back.tokens, str(back), back.graph) == (rule.tokens, str(rule), rule.graph)


def test_a_rule_of_another_process_hashes_as_here() -> None:
    """Words hash differently in every process, so a hash must not travel."""
    code = (
        "import pickle, sys; from lstmlab.optimizers import Rule; "
        "sys.stdout.buffer.write(pickle.dumps(Rule.parse('m * exp(v)')))"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
    assert pickle.loads(out) in {Rule.parse("exp(v) * m")}


def test_comparing_computes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Rule.parse("g * m + v"), Rule.parse("v + m * g")

    def fail(*_: object) -> None:
        raise AssertionError

    for name in ("canonical", "resolve", "check_graph"):
        monkeypatch.setattr(module, name, fail)
    assert one == other
    assert {one: 1}[other] == 1


def test_a_rule_is_equal_to_no_other_thing() -> None:
    rule = Rule.parse("g")
    assert rule != "g"
    assert rule != rule.graph


def test_a_repr_can_be_read_back() -> None:
    for rule in (Rule.parse("drop(g, 0.1) - m"), Rule.parse("m / sqrt(v)", ("sqrt",))):
        text, allowed = repr(rule).removeprefix("Rule.parse(").removesuffix(")"), rule.extensions
        assert text == (f"{str(rule)!r}, {allowed!r}" if allowed else f"{str(rule)!r}")


def test_a_rule_may_be_made_of_nodes() -> None:
    nodes = [Node("g"), Node("m"), Node("sign", (1,)), Node("x", (0,)), Node("left", (3, 2))]
    assert Rule(nodes) == Rule.parse("g")
    assert str(Rule(nodes)) == "g"

"""The lists are the paper's, and a graph that breaks a rule of the language is refused."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from lstmlab.optimizers import BINARY, OPERANDS, TOKENS, UNARY, Node, Rule
from lstmlab.optimizers.graph import (
    MAX_DEPTH,
    MAX_NODES,
    Builder,
    check_graph,
    depths,
    resolve,
    uses,
)
from lstmlab.optimizers.tokens import DECAYS, EXTENSIONS, decay, extension_of


def test_the_lists_are_those_of_the_paper() -> None:
    assert OPERANDS == (
        "g", "g^2", "g^3", "m", "v", "gamma", "sign(g)", "sign(m)", "1", "noise",
        "1e-4*w", "1e-3*w", "1e-2*w", "1e-1*w", "adam", "rmsprop",
    )  # fmt: skip
    assert UNARY == (
        "x", "-x", "exp", "log", "clip1e-5", "clip1e-4", "clip1e-3",
        "drop0.1", "drop0.3", "drop0.5", "sign",
    )  # fmt: skip
    assert BINARY == ("+", "-", "*", "/", "left")


def test_every_other_token_belongs_to_an_extension() -> None:
    paper = {*OPERANDS, *UNARY, *BINARY}
    assert {name for name in TOKENS if extension_of(name) is None} == paper
    assert {name for names in EXTENSIONS.values() for name in names} == set(TOKENS) - paper


def test_amounts_are_those_of_the_names() -> None:
    for name, token in TOKENS.items():
        digits = name.removeprefix("clip").removeprefix("drop").removesuffix("*w")
        wanted = float(digits) if digits != name else None
        assert token.amount == wanted, name


def test_noise_and_drop_alone_are_random() -> None:
    random = {name for name, token in TOKENS.items() if token.random}
    assert random == {"noise", "drop0.1", "drop0.3", "drop0.5"}


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("g", ()), ("g^2", ()), ("g^3", ()), ("sign(g)", ()), ("1", ()), ("noise", ()),
        ("1e-3*w", ()), ("m", ("m",)), ("sign(m)", ("m",)), ("v", ("v",)),
        ("gamma", ("gamma",)), ("adam", ("m", "v")), ("rmsprop", ("v",)),
    ],
)  # fmt: skip
def test_a_rule_needs_the_averages_of_its_operands(name: str, needs: tuple[str, ...]) -> None:
    assert Rule([Node(name)]).memory == needs


def test_what_is_thrown_away_needs_no_average() -> None:
    assert Rule.parse("left(g, adam)").memory == ()
    assert Rule.from_tokens(["gamma", "v", "x", "x", "+", "g", "m", "x", "x", "*"]).memory == ("m",)
    assert Rule.parse("gamma * adam").memory == ("m", "v", "gamma")


def test_decays_fall_from_one_to_zero() -> None:
    steps = 40
    for op in DECAYS:
        values = [decay(op, t, steps, 4.0 if op == "restarts" else None) for t in range(steps + 5)]
        assert values[0] == 1.0
        assert values[steps:] == [0.0] * 5
        assert all(0 <= value <= 1 for value in values)
    t = np.arange(steps)
    np.testing.assert_allclose([decay("linear", k, steps) for k in t], 1 - t / steps)
    np.testing.assert_allclose(
        [decay("cosine", k, steps) for k in t], (1 + np.cos(np.pi * t / steps)) / 2
    )
    again = [decay("restarts", k, steps, 4.0) for k in t]
    np.testing.assert_allclose(again, 4 * [decay("cosine", k, 10) for k in range(10)], atol=1e-15)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([], "1 to 128 nodes, got 0"),
        ([Node("g")] * (MAX_NODES + 1), "1 to 128 nodes, got 129"),
        ([Node("g"), *(Node("exp", (k,)) for k in range(MAX_DEPTH))], "at most 64 deep, got 65"),
        ([Node("h")], "token of the language, got 'h'"),
        ([Node("__import__('os')")], "token of the language"),
        ([Node("g", (0,))], "'g', must have 0 earlier nodes"),
        ([Node("g"), Node("+", (0,))], "must have 2 earlier nodes"),
        ([Node("exp", (0,))], "must have 1 earlier nodes"),
        ([Node("g"), Node("exp", (-1,))], "must have 1 earlier nodes"),
        ([Node("g", (), 2.0)], "must have no value, got 2.0"),
        ([Node("const")], "finite float of 0 or more, got None"),
        ([Node("const", (), -1.0)], "finite float of 0 or more, got -1.0"),
        ([Node("const", (), math.inf)], "finite float"),
        ([Node("const", (), math.nan)], "finite float"),
        ([Node("restarts", (), 2.5)], "whole number from 1 to 1000, got 2.5"),
        ([Node("restarts")], "whole number from 1 to 1000, got None"),
    ],
)
def test_a_graph_that_is_none_is_refused(nodes: list[Node], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        Rule(nodes)


def test_what_is_no_node_is_refused() -> None:
    with pytest.raises(TypeError, match="made of Node, got 'g'"):
        check_graph(["g"])  # type: ignore[list-item]


def test_equal_values_are_one_node_and_draws_are_not() -> None:
    build = Builder()
    g = build.add("g")
    assert build.add("g") == g
    assert build.add("exp", g) == build.add("exp", g)
    assert build.add("noise") != build.add("noise")
    assert build.add("drop0.3", g) != build.add("drop0.3", g)


def test_resolving_leaves_what_is_computed() -> None:
    graph = resolve((
        Node("g"), Node("sign", (0,)), Node("adam"), Node("x", (1,)), Node("left", (3, 2)),
        Node("const", (), 1.0), Node("+", (4, 5)), Node("exp", (2,)), Node("left", (6, 7)),
    ))  # fmt: skip
    assert graph == (Node("sign(g)"), Node("1"), Node("+", (0, 1)))
    assert depths(graph) == [1, 1, 2]
    assert uses(graph) == [1, 1, 0]


def test_the_language_needs_neither_torch_nor_pandas_nor_matplotlib() -> None:
    code = (
        "import sys; import lstmlab.optimizers as o; o.Rule.parse('g * exp(m)').latex(); "
        "assert not {'torch', 'pandas', 'matplotlib', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

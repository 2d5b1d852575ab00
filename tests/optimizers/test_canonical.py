"""Equality finds what is the same whichever way it is written, and nothing else."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from lstmlab.optimizers import Grammar, Graph, Node, Rule
from lstmlab.optimizers.canonical import canonical

from .meaning import evaluate, operands, same

EVERY = ("sqrt", "const", "decay")

EQUAL = (
    ("g + m", "m + g"),
    ("g * m", "m * g"),
    ("(g + m) * exp(v)", "exp(v) * (m + g)"),
    ("1 * g", "g"),
    ("g * 1", "g"),
    ("-(-g)", "g"),
    ("g * g", "g^2"),
    ("g * (g * g)", "g^3"),
    ("g - (-m)", "g + m"),
    ("-g - m", "-(g + m)"),
    ("-g + m", "m - g"),
    ("-(g - m)", "m - g"),
    ("-(g - g)", "g - g"),
    ("-g * m", "-(g * m)"),
    ("-g * -m", "g * m"),
    ("-g / m", "-(g / m)"),
    ("clip(-g, 1e-4)", "-clip(g, 1e-4)"),
    ("clip(clip(g, 1e-3), 1e-5)", "clip(clip(g, 1e-5), 1e-4)"),
    ("drop(-g, 0.3)", "-drop(g, 0.3)"),
    ("sign(-m)", "-sign(m)"),
    ("sign(sign(v))", "sign(v)"),
    ("sign(clip(adam, 1e-5))", "sign(adam)"),
    ("sign(1)", "1"),
    ("log(-g)", "log(g)"),
    ("log(g - m)", "log(m - g)"),
    ("sqrt(-v)", "sqrt(v)"),
    ("exp(g - m) * v", "v * exp(-(m - g))"),
    ("left(g, adam)", "g"),
    ("noise * g + noise * m", "m * noise + g * noise"),
    ("r1 = drop(g, 0.1); r1 * exp(r1)", "r1 = drop(g, 0.1); exp(r1) * r1"),
    ("r1 = g + m; r1 * exp(r1)", "(g + m) * exp(m + g)"),
    ("1.0 * g", "g"),
    ("2 * g", "g * 2.0"),
)

DIFFERENT = (
    ("g", "m"),
    ("g - m", "m - g"),
    ("g / m", "m / g"),
    ("g / 1", "g"),
    ("1 / (1 / g)", "g"),
    ("g / g", "1"),
    ("g + g", "2 * g"),
    ("(g + m) + v", "g + (m + v)"),
    ("(g * m) * v", "g * (m * v)"),
    ("log(exp(g))", "g"),
    ("exp(-g)", "exp(g)"),
    ("exp(-g)", "1 / exp(g)"),
    ("g / -m", "-(g / m)"),
    ("sign(exp(g))", "1"),
    ("sign(g^3)", "sign(g)"),
    ("sign(v)", "1"),
    ("m / sqrt(v)", "adam"),
    ("g / sqrt(v)", "rmsprop"),
    ("clip(g, 1e-4)", "clip(g, 1e-3)"),
    ("drop(g, 0.1)", "drop(g, 0.3)"),
    ("drop(drop(g, 0.5), 0.5)", "drop(g, 0.5)"),
    ("noise * noise", "r1 = noise; r1 * r1"),
    ("drop(g, 0.3) * drop(g, 0.3)", "r1 = drop(g, 0.3); r1 * r1"),
    ("noise - noise", "r1 = noise; r1 - r1"),
    ("noise * g + noise * m", "r1 = noise; r1 * g + r1 * m"),
    ("restarts(2) * g", "restarts(3) * g"),
    ("2 * g", "3 * g"),
)


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_what_is_the_same_to_the_bit_is_equal_and_hashes_alike(one: str, other: str) -> None:
    left, right = Rule.parse(one, EVERY), Rule.parse(other, EVERY)
    assert left == right
    assert hash(left) == hash(right)
    assert same(left.written, right.written, np.random.default_rng(0))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_can_differ_is_not_equal(one: str, other: str) -> None:
    assert Rule.parse(one, EVERY) != Rule.parse(other, EVERY)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_the_canonical_form_gives_the_numbers_of_what_was_written(groups: int) -> None:
    rng = np.random.default_rng(groups)
    grammar = Grammar(groups, unary=("x", "-x", "exp", "log", "clip1e-4", "clip1e-3", "drop0.3",
                                     "sign", "sqrt")).free()  # fmt: skip
    for _ in range(700):
        rule = grammar.sample(rng)
        assert same(rule.written, rule.graph, rng), rule


@pytest.mark.parametrize("groups", [1, 4])
def test_the_canonical_form_is_its_own(groups: int) -> None:
    rng = np.random.default_rng(10 + groups)
    grammar = Grammar(groups).free()
    for _ in range(500):
        rule = grammar.sample(rng)
        assert canonical(rule.graph) == rule.graph, rule
        assert Rule(rule.graph) == rule


def test_rules_said_to_be_equal_give_the_same_numbers() -> None:
    grammar = Grammar(
        1,
        operands=("g", "m", "g^2", "1", "sign(g)", "adam"),
        unary=("x", "-x", "exp", "log", "clip1e-4", "sign"),
    ).free()
    values = operands(np.random.default_rng(5))
    numbers: dict[Rule, set[bytes]] = defaultdict(set)
    with np.errstate(all="ignore"):
        for tokens in grammar.strings():
            rule = Rule.from_tokens(tokens)
            found = evaluate(rule.written, values, {}) + 0.0  # no negative zeros
            numbers[rule].add(np.nan_to_num(found, nan=123.0).tobytes())
    assert grammar.count() == 6480
    assert max(len(found) for found in numbers.values()) == 1
    assert len(numbers) < grammar.count() / 2


def _rewritten(graph: Graph, rng: np.random.Generator) -> Graph:
    """The graph with sides swapped and minus signs added at random."""
    nodes: list[Node] = []
    found: list[int] = []
    for node in graph:
        args = [found[arg] for arg in node.args]
        if node.op in ("+", "*") and rng.random() < 0.5:
            args.reverse()
        if node.op in ("*", "/", "log", "g") and rng.random() < 0.5:
            nodes += [Node(node.op, tuple(args)), Node("-x", (len(nodes),))]
            nodes.append(Node("-x", (len(nodes) - 1,)))
        elif node.op == "-" and rng.random() < 0.5:
            nodes += [Node("-", tuple(reversed(args))), Node("-x", (len(nodes),))]
        else:
            nodes.append(Node(node.op, tuple(args), node.value))
        found.append(len(nodes) - 1)
    return tuple(nodes)


def test_rewriting_a_rule_by_what_is_exact_leaves_it_equal() -> None:
    rng = np.random.default_rng(21)
    grammar = Grammar(4, unary=("x", "-x", "exp", "log", "clip1e-4", "sign"),
                      operands=("g", "m", "v", "1", "adam", "1e-3*w")).free()  # fmt: skip
    changed = 0
    for _ in range(1000):
        rule = grammar.sample(rng)
        other = Rule(_rewritten(rule.graph, rng))
        assert other == rule, (str(rule), str(other))
        changed += str(other) != str(Rule(rule.graph))
    assert changed > 400


def test_rules_drawn_at_random_are_equal_only_if_their_numbers_are() -> None:
    rng = np.random.default_rng(8)
    grammar = Grammar(2, operands=("g", "m", "noise"), unary=("x", "-x", "drop0.5"),
                      binary=("+", "-", "*", "left")).free()  # fmt: skip
    classes: dict[Rule, Rule] = {}
    met = 0
    for _ in range(3000):
        rule = grammar.sample(rng)
        first = classes.setdefault(rule, rule)
        met += first is not rule
        assert same(first.written, rule.written, rng), (str(first), str(rule))
    assert met > 300

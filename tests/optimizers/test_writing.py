"""What is written is what was read, with no more brackets than it needs."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from lstmlab.optimizers import ZOO, Grammar, Node, Rule
from lstmlab.optimizers.graph import MAX_DEPTH, MAX_NODES
from lstmlab.optimizers.parsing import MAX_LENGTH

EVERY = ("sqrt", "const", "decay")
FULL = Grammar(1).operands


@pytest.mark.parametrize(
    "text",
    [
        "g",
        "(exp(sign(g) * sign(m)) + clip(g, 1e-4)) * g",
        "g - (m - v)",
        "g - m - v",
        "g / (m / v)",
        "g / m / v",
        "g * (m * v)",
        "-(g + m)",
        "-g * m",
        "g - (-m)",
        "-(-g)",
        "exp(-g)",
        "1e-3*w * g",
        "g / (1e-3*w)",
        "-(1e-3*w)",
        "r1 = drop(g, 0.3); r1 * exp(-r1)",
        "r1 = noise; r2 = r1 * g; r2 - exp(r2) * r1",
        "exp(g) * exp(g)",
        "r1 = g + m; r1 * r1",
        "0.6931471805599453 * sqrt(v) * linear + restarts(10)",
        "1e-300 * g",
    ],
)
def test_a_formula_is_written_as_it_was_read(text: str) -> None:
    assert str(Rule.parse(text, EVERY)) == text


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        ("((g)) + (m * v)", "g + m * v"),
        ("(g * m) / v", "g * m / v"),
        ("left(g, m)", "g"),
        ("r1 = g; r1 + r1", "g + g"),
        ("r7 = drop(m, 0.5); r7 / r7", "r1 = drop(m, 0.5); r1 / r1"),
        ("1.0 * g", "1 * g"),
    ],
)
def test_what_is_not_needed_is_left_out(text: str, shorter: str) -> None:
    assert str(Rule.parse(text)) == shorter


def _draw(rng: np.random.Generator, number: int) -> Rule:
    """A rule of 1 to 5 groups, of the paper's language or with all extensions."""
    groups = int(rng.integers(1, 6))
    if number % 4:
        return Grammar(groups).free().sample(rng)
    ours = ("2", "0.1", "1e-07", "linear", "cosine", "restarts(3)")
    return Grammar(groups, (*FULL, *ours), (*Grammar(1).unary, "sqrt")).free().sample(rng)


def test_ten_thousand_rules_go_from_tokens_to_text_and_back() -> None:
    rng = np.random.default_rng(1)
    for number in range(10_000):
        rule = _draw(rng, number)
        read = Rule.parse(str(rule), rule.extensions)
        assert read == rule
        assert str(read) == str(rule)
        again = Rule.from_tokens(read.tokens, read.extensions)
        assert again == rule
        assert again.written == read.written


def _largest(rng: np.random.Generator) -> Rule:
    """A rule at the bounds: every value is shared and every number long."""
    nodes: list[Node] = []
    while len(nodes) < 60:
        nodes.append(Node("const", (), float(rng.uniform(1, 2)) * 1e-300))
    depth = [1] * 60
    while len(nodes) < MAX_NODES:
        one, other = rng.integers(0, len(nodes), 2)
        unary = len(nodes) % 3 == 0
        args = (int(one),) if unary else (int(one), int(other))
        if 1 + max(depth[k] for k in args) <= MAX_DEPTH:
            nodes.append(Node("clip1e-4" if unary else "/", args))
            depth.append(1 + max(depth[k] for k in args))
    return Rule(nodes)


def test_the_largest_rules_have_a_text_that_can_be_read() -> None:
    rng = np.random.default_rng(2)
    longest = 0
    for _ in range(50):
        rule = _largest(rng)
        assert Rule.parse(str(rule), rule.extensions) == rule
        assert Rule.from_tokens(rule.tokens, rule.extensions) == rule
        longest = max(longest, len(str(rule)))
    chain = [Node("const", (), 2.2250738585072014e-308)]
    for k in range(MAX_DEPTH - 1):
        chain.append(Node("/", (k, k)))
    assert Rule.parse(str(Rule(chain)), ("const",)) == Rule(chain)
    assert longest < MAX_LENGTH


def test_the_deepest_brackets_can_be_read() -> None:
    nodes = [Node("g"), Node("m")]
    for _ in range((MAX_DEPTH - 1) // 2):
        nodes += [Node("/", (1, len(nodes) - 1)), Node("-x", (len(nodes),))]
    rule = Rule(nodes)
    assert Rule.parse(str(rule)) == rule


@pytest.mark.parametrize("name", ZOO)
def test_the_latex_of_a_named_rule_can_be_set(name: str) -> None:
    MathTextParser("path").parse(f"${ZOO[name].rule.latex()}$")


def test_latex_of_any_rule_can_be_set_and_tells_draws_apart() -> None:
    rng, parser = np.random.default_rng(3), MathTextParser("path")
    for number in range(150):
        parser.parse(f"${_draw(rng, number).latex()}$")
    assert Rule.parse("noise").latex() == r"\varepsilon"
    assert Rule.parse("noise * noise").latex() == r"\varepsilon_{1} \cdot \varepsilon_{2}"
    shared = Rule.parse("r1 = drop(g, 0.3); r1 * r1").latex()
    assert shared == r"r_{1} = \mathrm{drop}(g,\,0.3),\quad r_{1} \cdot r_{1}"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("m * exp(v)", r"\hat{m} \cdot e^{\hat{v}}"),
        ("m / sqrt(v)", r"\frac{\hat{m}}{\sqrt{|\hat{v}|} + \delta}"),
        ("(g + m) * v", r"\left(g + \hat{m}\right) \cdot \hat{v}"),
        ("g - (m - v)", r"g - \left(\hat{m} - \hat{v}\right)"),
        ("g + (m + v)", r"g + \hat{m} + \hat{v}"),
        ("g * (m / v)", r"g \cdot \frac{\hat{m}}{\hat{v} + \delta}"),
        ("exp(g - m)", r"e^{g - \hat{m}}"),
        ("log(1e-3*w)", r"\log|10^{-3}\,w|"),
        ("restarts(10) * 1e-7", r"f_{10}(t) \cdot 1 \cdot 10^{-7}"),
        ("gamma", r"\hat{\gamma}"),
    ],
)
def test_latex_says_what_is_meant(text: str, latex: str) -> None:
    assert Rule.parse(text, EVERY).latex() == latex

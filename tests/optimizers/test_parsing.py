"""Whatever text is read, a rule comes of it or a ParseError with the place that is wrong."""

from __future__ import annotations

import ast
import pickle
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lstmlab.optimizers
from lstmlab.optimizers import Grammar, Node, ParseError, Rule
from lstmlab.optimizers.parsing import MAX_LENGTH, MAX_NESTING

LANGUAGE = (
    "tokens", "graph", "words", "parsing", "writing",
    "groups", "canonical", "rule", "grammar", "zoo",
)  # fmt: skip

WRONG = (
    ("", 0, "expected an operand"),
    ("   ", 3, "expected an operand"),
    ("g +", 3, "expected an operand"),
    ("g $ m", 2, "'$' is not in the language"),
    ("foo $", 0, "unknown name 'foo'"),
    ("ADAM * g", 0, "adam?"),
    ("g * clipp(m, 1e-4)", 4, "clip?"),
    ("g m", 2, "expected +, -, *, / or the end"),
    ("(g + m", 6, "expected ')'"),
    ("g)", 1, "expected +"),
    ("exp g", 4, "expected '('"),
    ("exp(g, m)", 5, "expected ')'"),
    ("clip(g)", 6, "expected ','"),
    ("clip(g, m)", 8, "expected a number"),
    ("clip(g, 0.5)", 8, "1e-5, 1e-4, 1e-3"),
    ("drop(g, 0.2)", 8, "0.1, 0.3, 0.5"),
    ("m + w", 4, "1e-4*w"),
    ("5e-4*w", 0, "1e-4, 1e-3, 1e-2, 1e-1"),
    ("g^4", 2, "g^2 and g^3"),
    ("m^2", 1, "expected +"),
    ("momentum", 0, "unknown name 'momentum'; the rule of this name is ZOO['momentum'].rule"),
    ("g + sgd", 4, "ZOO['sgd'].rule"),
    ("sqrt(v)", 0, "to be allowed by Rule.parse(..., extensions=('sqrt',))"),
    ("2 * g", 0, "extensions=('const',)"),
    ("g / sqrt(v)", 4, "extensions=('sqrt',)"),
    ("linear * g", 0, "extensions=('decay',)"),
    ("restarts(3) * g", 0, "extensions=('decay',)"),
    ("g + r1", 4, "no value yet"),
    ("r1 = g; m", 0, "never used"),
    ("r1 = g; r1 = m; r1", 8, "has a value already"),
    ("r1 = r1; g", 5, "no value yet"),
    ("r1 = g m; r1", 7, "expected ';'"),
    ("r0 = g; r0", 0, "unknown name"),
    ("x = g; x", 0, "unknown name"),
    ("g = m; g", 2, "expected +"),
    ("__import__('os')", 0, "unknown name"),
    ("g.real", 1, "'.' is not in the language"),
    ("lambda: g", 0, "unknown name"),
    ("g ** m", 3, "expected an operand"),
    ("١ * g", 0, "is not in the language"),
    ("g\x00", 1, "is not in the language"),
    ("g \ud800", 2, "is not in the language"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "position", "reason"), WRONG)
def test_a_wrong_text_is_refused_at_its_place(text: str, position: int, reason: str) -> None:
    with pytest.raises(ParseError) as caught:
        Rule.parse(text)
    assert isinstance(caught.value, ValueError)
    assert caught.value.position == position
    assert reason in str(caught.value)
    assert f"position {position}" in str(caught.value)


def test_an_error_points_at_the_wrong_word() -> None:
    with pytest.raises(ParseError) as caught:
        Rule.parse("g + m * foo / v")
    _, shown, mark = str(caught.value).split("\n")
    assert shown[mark.index("^") :] == "foo / v"


def test_an_error_goes_to_another_process_whole() -> None:
    with pytest.raises(ParseError) as caught:
        Rule.parse("g + + m")
    back = pickle.loads(pickle.dumps(caught.value))
    assert (back.reason, back.text, back.position) == (
        caught.value.reason, "g + + m", 4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "graph"),
    [
        ("g", [Node("g")]),
        ("g + m * v", [Node("g"), Node("m"), Node("v"), Node("*", (1, 2)), Node("+", (0, 3))]),
        ("g - m - v", [Node("g"), Node("m"), Node("-", (0, 1)), Node("v"), Node("-", (2, 3))]),
        ("g / m * v", [Node("g"), Node("m"), Node("/", (0, 1)), Node("v"), Node("*", (2, 3))]),
        ("-g * m", [Node("g"), Node("-x", (0,)), Node("m"), Node("*", (1, 2))]),
        ("g / 1e-3*w", [Node("g"), Node("1e-3*w"), Node("/", (0, 1))]),
        ("0.001 * w", [Node("1e-3*w")]),
        ("sign( (g) )", [Node("sign(g)")]),
        ("r1 = noise; r1 / r1", [Node("noise"), Node("/", (0, 0))]),
        ("noise / noise", [Node("noise"), Node("noise"), Node("/", (0, 1))]),
        ("exp(g) / exp(g)", [Node("g"), Node("exp", (0,)), Node("/", (1, 1))]),
        ("left(m, noise)", [Node("m")]),
        ("clip(drop(gamma, .3), 0.0001)",
         [Node("gamma"), Node("drop0.3", (0,)), Node("clip1e-4", (1,))]),
    ],
)  # fmt: skip
def test_signs_bind_as_in_arithmetic_and_names_share(text: str, graph: list[Node]) -> None:
    assert list(Rule.parse(text).written) == graph


def test_extensions_are_read_where_they_are_allowed() -> None:
    rule = Rule.parse("0.5 * m / sqrt(v) * restarts(4)", ("sqrt", "const", "decay"))
    assert rule.extensions == ("const", "decay", "sqrt")
    assert Node("const", (), 0.5) in rule.graph
    assert Node("restarts", (), 4.0) in rule.graph
    for number in ("0", "1001", "2.5", "m"):
        with pytest.raises(ParseError):
            Rule.parse(f"restarts({number})", ("decay",))
    with pytest.raises(ParseError, match="too large"):
        Rule.parse("1e999 * g", ("const",))


def test_arguments_that_are_no_text_or_no_extension_are_refused() -> None:
    with pytest.raises(TypeError, match="text must be a str"):
        Rule.parse(b"g")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="extensions may name sqrt, const, decay, got 'cbrt'"):
        Rule.parse("g", ("cbrt",))
    with pytest.raises(TypeError, match="extensions must be a tuple"):
        Rule.parse("g", "sqrt")


def _deep(depth: int) -> str:
    return "exp(" * depth + "g" + ")" * depth


def test_length_depth_and_size_are_bounded() -> None:
    with pytest.raises(ParseError, match="characters") as caught:
        Rule.parse("g" + " " * MAX_LENGTH)
    assert caught.value.position == MAX_LENGTH
    for opening in "(-":
        with pytest.raises(ParseError, match="are open") as caught:
            Rule.parse(opening * (MAX_LENGTH - 1) + "g")
        assert caught.value.position == MAX_NESTING
    assert len(Rule.parse(_deep(63)).graph) == 64
    with pytest.raises(ParseError, match="64 deep"):
        Rule.parse(_deep(64))
    with pytest.raises(ParseError, match="64 deep"):
        Rule.parse(" + ".join(["g"] * 65))
    with pytest.raises(ParseError, match="128 nodes"):
        Rule.parse(" + ".join(["noise"] * 2000))


def _garbage(rng: np.random.Generator) -> Iterator[str]:
    """Noise of several kinds: of any characters, of the language's, and of formulas spoilt."""
    pieces = [*"gmvw123()*/+-,;=^. ", "exp", "log", "clip", "sign", "1e-4", "r1", "noise", "adam"]
    grammar, letters = Grammar(2), list(string.printable + "λ−·²\u2028\U0001f40d")
    while True:
        yield "".join(map(chr, rng.integers(0, 0x10FFFF, rng.integers(1, 40))))
        yield "".join(rng.choice(letters, rng.integers(1, 60)))
        yield "".join(rng.choice(pieces, rng.integers(1, 30)))
        text = str(grammar.sample(rng))
        at = int(rng.integers(len(text)))
        yield text[:at] + text[at + 1 :]
        yield text[:at] + str(rng.choice(letters)) + text[at:]
        yield text[:at]


def test_ten_thousand_garbage_texts_give_a_parse_error_with_its_position() -> None:
    refused = read = 0
    for text in _garbage(np.random.default_rng(0)):
        try:
            rule = Rule.parse(text)
        except ParseError as error:
            refused += 1
            wrong = error
        else:  # a formula that was spoilt may still be one
            read += 1
            assert Rule.parse(str(rule)) == rule
            continue
        assert 0 <= wrong.position <= len(text)
        assert wrong.text == text
        if refused == 10_000:
            break
    assert read < 2000


def test_what_follows_a_formula_is_wrong_where_it_begins() -> None:
    rng = np.random.default_rng(4)
    for _ in range(300):
        text = str(Grammar(2).sample(rng))
        for tail in (" $", " )", " g", " 1", " ;"):
            with pytest.raises(ParseError) as caught:
                Rule.parse(text + tail)
            assert caught.value.position == len(text) + 1


_heard: list[str] = []
_listening = [False]


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _listening[0] and event in ("exec", "compile", "import", "open", "os.system"):
        _heard.append(event)


def test_no_text_is_ever_run() -> None:
    Rule.parse("g + m")
    sys.addaudithook(_hook)
    _heard.clear()
    texts = _garbage(np.random.default_rng(9))
    _listening[0] = True
    try:
        for _ in range(1500):
            text = next(texts)
            try:
                rule = Rule.parse(text)
                str(rule), rule.latex(), rule.tokens
            except ParseError:
                pass
        heard = list(_heard)
        eval("1")  # the hook does hear
    finally:
        _listening[0] = False
    assert heard == []
    assert _heard


@pytest.mark.parametrize("module", LANGUAGE)
def test_the_language_has_no_call_that_runs_text(module: str) -> None:
    (folder,) = lstmlab.optimizers.__path__
    tree = ast.parse((Path(folder) / f"{module}.py").read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"eval", "exec", "compile", "__import__", "globals"}

"""The named rules are those of their sources."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lstmlab.optimizers import CLASSICS, FOUND, ZOO, Rule, addsign, named, powersign

from .meaning import evaluate, operands

VALUES = operands(np.random.default_rng(0))
G, M, V = VALUES["g"], VALUES["m"], VALUES["v"]
S = np.sign(G) * np.sign(M)
KEEP = np.random.default_rng(1).uniform(size=G.size)


def _clip(x: np.ndarray, bound: float) -> np.ndarray:
    return np.minimum(np.maximum(x, -bound), bound)


def _drop(x: np.ndarray, share: float) -> np.ndarray:
    return np.where(KEEP > share, x, 0.0)


with np.errstate(all="ignore"):
    TABLE_1 = [
        (np.exp(S) + _clip(G, 1e-4)) * G,
        _clip(M, 1e-4) * np.exp(V),
        M * np.exp(V),
        G * np.exp(S),
        _drop(G, 0.3) * np.exp(S),
        M * np.exp(G * G),
        _drop(M, 0.1) / (np.exp(G * G) + 1e-8),
        _drop(G, 0.1) * np.exp(S),
        _clip(VALUES["rmsprop"], 1e-5) + _drop(M, 0.3),
        VALUES["adam"] * np.exp(S),
        VALUES["adam"] * np.exp(M),
        G + _drop(M, 0.3),
        _drop(M, 0.1) * np.exp(G * G * G),
        G - _clip(G * G, 1e-4),
        np.exp(G) - np.exp(M),
        _drop(M, 0.3) * np.exp(VALUES["1e-3*w"]),
    ]


def _value(rule: Rule) -> np.ndarray:
    draws = {k: KEEP for k, node in enumerate(rule.graph) if node.random}
    with np.errstate(all="ignore"):
        return evaluate(rule.graph, VALUES, draws)


def test_the_found_rules_are_the_sixteen_of_table_1() -> None:
    assert len(FOUND) == len(TABLE_1) == len({named(name) for name in FOUND}) == 16
    for name, wanted in zip(FOUND, TABLE_1, strict=True):
        np.testing.assert_array_equal(_value(named(name)), wanted, err_msg=str(named(name)))


def test_the_classics_are_one_operand_each_in_five_tokens() -> None:
    wanted = {"sgd": "g", "momentum": "m", "rmsprop": "rmsprop", "adam": "adam"}
    assert dict.fromkeys(CLASSICS) == dict.fromkeys(wanted)
    for name, operand in wanted.items():
        assert named(name).tokens == (operand, "1", "x", "x", "left")


def test_memory_is_what_the_paper_says_of_its_rules() -> None:
    """Section 5.3: the rule g·e^(sign g · sign m) keeps one average, Adam two."""
    assert named("found-4").memory == ("m",)
    assert named("adam").memory == ("m", "v")
    assert named("found-14").memory == named("sgd").memory == ()


@pytest.mark.parametrize("name", ZOO)
def test_every_rule_is_written_and_read_and_has_a_source(name: str) -> None:
    known = ZOO[name]
    assert known.name == name
    assert known.title
    assert known.source
    rule = known.rule
    assert Rule.parse(str(rule), rule.extensions) == rule
    assert Rule.from_tokens(rule.tokens, rule.extensions) == rule


def test_names_are_of_different_rules_but_for_powersign() -> None:
    same = [name for name in ZOO if named(name) == named("powersign")]
    assert same == ["found-4", "powersign"]
    assert len({known.rule for known in ZOO.values()}) == len(ZOO) - 1


@pytest.mark.parametrize("alpha", [math.e, 2.0, 1.5, 0.5, 1, 10])
def test_powersign_is_alpha_to_the_product_of_signs(alpha: float) -> None:
    known = np.isfinite(S)  # numpy has 1^nan = 1
    with np.errstate(all="ignore"):
        power, added = alpha**S * G, (alpha + S) * G
    np.testing.assert_allclose(_value(powersign(alpha))[known], power[known], rtol=1e-14)
    np.testing.assert_allclose(_value(addsign(alpha))[known], added[known], rtol=1e-14)


@pytest.mark.parametrize(("decay", "factor"), [("linear", 0.75), ("cosine", 0.85)])
def test_a_decay_multiplies_the_signs(decay: str, factor: float) -> None:
    np.testing.assert_allclose(_value(powersign(decay=decay)), np.exp(factor * S) * G, rtol=1e-14)
    np.testing.assert_allclose(_value(addsign(2.0, decay)), (2.0 + factor * S) * G, rtol=1e-14)


def test_restarts_are_counted() -> None:
    rule = powersign(2.0, "restarts", restarts=20)
    assert 20.0 in [node.value for node in rule.graph if node.op == "restarts"]
    np.testing.assert_allclose(_value(rule), 2.0 ** (0.35 * S) * G, rtol=1e-14)
    assert powersign(2.0).extensions == ("const",)
    assert powersign().extensions == addsign().extensions == ()


def test_wrong_names_and_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="name must be one of sgd, .*, got 'adagrad'"):
        named("adagrad")
    with pytest.raises(ValueError, match="alpha must be above 0"):
        powersign(0)
    with pytest.raises(ValueError, match="alpha must be finite and not below 0, got -1"):
        addsign(-1)
    with pytest.raises(TypeError, match="alpha must be a number, got '2'"):
        addsign("2")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="decay must be None or one of linear, cosine, restarts"):
        powersign(decay="step")
    with pytest.raises(ValueError, match="restarts must be the number of cosines"):
        powersign(decay="restarts")
    with pytest.raises(ValueError, match="restarts must be the number of cosines"):
        powersign(decay="linear", restarts=3)

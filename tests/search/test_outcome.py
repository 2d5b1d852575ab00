"""Whatever an objective does, its trial ends: complete, or failed with its reason."""

import asyncio
import math
import sys
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution

from lstmlab.search import GridSearch, RandomSearch, Serial, run, table
from lstmlab.search.outcome import evaluate

SPACE = {"x": FloatDistribution(0.0, 1.0)}


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError


class Unshowable:
    def __repr__(self):
        raise RuntimeError("no picture")


def returning(answer):
    """What becomes of a trial whose objective returns this."""
    return evaluate(lambda params, seed: answer, {"x": 0.5}, 0)


def raising(error):
    def objective(params, seed):
        raise error

    return evaluate(objective, {"x": 0.5}, 0)


@pytest.mark.parametrize(
    "answer",
    [
        1.5, np.float32(1.5), np.float64(1.5), np.array(1.5), Fraction(3, 2), {"value": 1.5},
        MappingProxyType({"value": np.float16(1.5)}),
    ],
    ids=repr,
)  # fmt: skip
def test_a_number_is_a_value(answer):
    outcome = returning(answer)
    assert (outcome.value, outcome.reason, outcome.kept) == (1.5, None, {})
    assert type(outcome.value) is float
    assert returning(3).value == 3.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_no_finite_number_is_a_failure_and_keeps_the_rest(value):
    outcome = returning({"value": value, "epochs": 3})
    assert (outcome.value, outcome.kept) == (None, {"epochs": 3})
    assert outcome.reason == f"the value is {float(value)}"
    assert returning(value).reason == outcome.reason


@pytest.mark.parametrize(
    "answer", [None, "1.5", True, np.True_, 1j, Decimal("1.5"), [1.5], np.ones(2), {}, {"loss": 1}]
)
def test_what_is_no_number_is_a_failure_that_shows_it(answer):
    outcome = returning(answer)
    assert outcome.value is None
    assert outcome.reason.startswith(
        "TypeError: the objective must return a number, or a dict with a number as its 'value', got"
    )


def test_what_cannot_even_be_shown_is_a_failure():
    assert returning(Unshowable()).reason.startswith("RuntimeError: no picture")
    assert "Unprintable: which cannot say what it is" in raising(Unprintable()).reason


@pytest.mark.parametrize("name", ["number", "seed", "state", "reason", "x"])
def test_a_name_that_is_taken_is_a_failure(name):
    outcome = returning({"value": 1.0, name: 2})
    assert f"the objective must not return '{name}': that column is taken" in outcome.reason


@pytest.mark.parametrize("name", [3, None, "", "a\nb", "a\r", "\ud800"], ids=ascii)
def test_a_name_that_no_column_can_have_is_a_failure(name):
    reason = returning({"value": 1.0, name: 2}).reason
    assert f"the objective must not return {name!r}: it names no column" in reason


@pytest.mark.parametrize(
    "thing",
    [{1, 2}, object(), lambda: 1, b"bytes", 1j, Unshowable(), 10**5000, "\ud800", ["a\udfff"]],
    ids=["set", "object", "function", "bytes", "complex", "unshowable", "huge", "half", "halves"],
)
def test_what_json_cannot_keep_is_a_failure(thing):
    outcome = returning({"value": 1.0, "thing": thing})
    assert outcome.value is None
    assert outcome.reason.startswith(("TypeError", "RuntimeError", "ValueError: Exceeds"))


def test_what_numpy_made_is_kept_as_plain_numbers():
    kept = returning(
        {"value": 1, "n": np.int64(3), "curve": np.arange(3), "yes": np.True_, "t": (1, 2)}
    ).kept
    assert kept == {"n": 3, "curve": [0, 1, 2], "yes": True, "t": [1, 2]}
    assert type(kept["n"]) is int
    assert type(kept["yes"]) is bool


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero (test_outcome.py, line "),
        (SystemExit(3), "SystemExit: 3 (test_outcome.py, line "),
        (MemoryError(), "MemoryError:  (test_outcome.py, line "),
        (asyncio.CancelledError(), "CancelledError:  (test_outcome.py, line "),
        (GeneratorExit(), "GeneratorExit:  (test_outcome.py, line "),
        (RecursionError("deep"), "RecursionError: deep (test_outcome.py, line "),
    ],
)
def test_whatever_is_raised_is_a_failure_that_says_where(error, says):
    outcome = raising(error)
    assert outcome.value is None
    assert outcome.reason.startswith(says)


def test_ctrl_c_is_no_failure():
    with pytest.raises(KeyboardInterrupt):
        raising(KeyboardInterrupt())


def test_a_long_reason_is_cut():
    assert len(raising(ValueError("x" * 10_000)).reason) < 600


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=30))
def test_any_reason_can_be_written_down_in_utf_8(text):
    raising(ValueError(text)).reason.encode()


@pytest.mark.parametrize("where", [None, "a.db", "a.journal"])
@pytest.mark.parametrize("executor", [Serial(), 2], ids=["here", "processes"])
def test_every_kind_of_end_is_written_down_and_the_study_goes_on(where, executor, tmp_path):
    kinds = ("fine", "raise", "nan", "inf", "exit", "word", "taken", "object", "none", "text")
    space = {"kind": CategoricalDistribution(kinds)}

    def objective(params, seed):
        params["kind"], kind = "changed", params["kind"]
        if kind == "raise":
            raise ArithmeticError("a \0 and a \ud800\r\nin two lines, ∞")
        if kind == "exit":
            sys.exit("enough")
        return {
            "fine": {"value": 1.0, "note": "a\r\nb\0"},
            "nan": math.nan,
            "inf": {"value": math.inf, "note": "∞"},
            "word": "one",
            "taken": {"value": 1.0, "seed": 3},
            "object": {"value": 1.0, "thing": object()},
            "text": {"value": 1e-300, "note": "1"},
        }.get(kind)

    study = run(
        GridSearch(space), objective, 100, executor=executor,
        storage=where and tmp_path / where, progress=False,
    )  # fmt: skip
    found = table(study).set_index("kind")
    assert list(found.index) == list(kinds)
    assert list(found.value.dropna()) == [1.0, 1e-300]
    assert set(found.index[found.state == "complete"]) == {"fine", "text"}
    assert found.reason.notna().equals(found.state == "failed")
    said = dict(found.reason.dropna())
    assert said.pop("raise").startswith("ArithmeticError: a \0 and a \\ud800\r\nin two lines, ∞ (")
    assert said.pop("exit").startswith("SystemExit: enough (test_outcome.py, line")
    assert said.pop("nan") == "the value is nan"
    assert said.pop("inf") == "the value is inf"
    assert said.pop("word").endswith("got 'one'")
    assert said.pop("none").endswith("got None")
    assert "'seed': that column is taken (number, seed, state, reason, kind)" in said.pop("taken")
    assert "numbers, words, lists or dicts, got <object object" in said.pop("object")
    assert not said
    assert found.note["fine"] == "a\r\nb\0"
    assert [t.state for t in study.trials].count(optuna.trial.TrialState.FAIL) == 8


def test_params_that_an_objective_changes_are_written_down_as_they_were():
    def objective(params, seed):
        params["x"], params["y"] = 5, 6
        return 1.0

    study = run(RandomSearch(SPACE), objective, 3, executor=Serial(), progress=False)
    assert list(table(study).x) == [params["x"] for params in RandomSearch(SPACE).ask(3)]


def test_an_objective_may_give_its_own_seconds():
    study = run(
        RandomSearch(SPACE), lambda p, seed: {"value": 1.0, "seconds": 123.5}, 1,
        executor=Serial(), progress=False,
    )  # fmt: skip
    assert list(table(study).seconds) == [123.5]

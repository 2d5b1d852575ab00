"""Which exercises there are; `check` never raises for what an answer is or does."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Iterator

import pytest

import lstmlab
from lstmlab.exercises import EXERCISES, Feedback, Wrong, check, exercise, load, parts
from lstmlab.exercises.registry import BROKEN

from .garbage import GARBAGE


@pytest.fixture
def registered() -> Iterator[None]:
    """Exercises that a test registers are forgotten after it."""
    load("network")
    before = dict(EXERCISES)
    yield
    EXERCISES.clear()
    EXERCISES.update(before)


def test_check_is_the_package_s_and_nothing_heavy_comes_with_the_package() -> None:
    assert lstmlab.check is check
    code = (
        "import sys, lstmlab, lstmlab.cells; "
        "print([m for m in sys.modules if m.startswith(('lstmlab.ex', 'matplotlib', 'IPython'))]); "
        "lstmlab.check; print('lstmlab.exercises' in sys.modules, 'matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "True False"]


def test_the_package_has_no_other_hidden_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        lstmlab.chekc  # noqa: B018


@pytest.mark.parametrize(
    ("id", "complaint"),
    [
        ("network.half-lief", r"such as 'network.half-life'.*, got the text 'network.half-lief'"),
        ("half-life", "must be the id of an exercise, such as 'network.half-life'"),
        ("networks.half-life", "such as 'network.half-life'"),
        ("", "must be the id of an exercise"),
        (None, "got None"),
        (3, "got 3"),
    ],
)
def test_an_unknown_exercise_is_the_caller_s_slip_and_the_closest_is_named(
    id: object, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        check(id, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("id", "kind", "complaint"),
    [
        ("half-life", "derive", "id must have the form"),
        ("network.Half_Life", "derive", "id must have the form"),
        ("network.x", "easy", "kind must be one of recall, derive, build, got 'easy'"),
    ],
)
def test_an_exercise_needs_an_id_and_a_kind(id: str, kind: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        exercise(id, kind=kind)


@pytest.mark.usefixtures("registered")
def test_an_id_is_unique_but_a_module_may_be_loaded_again() -> None:
    def one(answer: object) -> None:
        return None

    exercise("network.a-test", kind="recall")(one)
    exercise("network.a-test", kind="recall")(one)
    other = types.FunctionType(one.__code__, {"__name__": "lstmlab.exercises.network.other"})
    other.__module__ = "lstmlab.exercises.network.other"
    with pytest.raises(ValueError, match="id must be unique, got 'network.a-test'"):
        exercise("network.a-test", kind="recall")(other)


@pytest.mark.usefixtures("registered")
def test_a_remark_is_added_to_right() -> None:
    @exercise("network.a-test", kind="recall")
    def remark(answer: object) -> str:
        return "So it is."

    assert check("network.a-test", 1) == Feedback("network.a-test", True, "So it is.")


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), RecursionError()])
def test_whatever_escapes_a_check_is_still_kind(error: BaseException) -> None:
    @exercise("network.a-test", kind="recall")
    def careless(answer: object) -> None:
        raise error

    feedback = check("network.a-test", 1)
    assert not feedback
    assert feedback.mistake == BROKEN
    assert type(error).__name__ in feedback.says
    assert feedback.hint


@pytest.mark.usefixtures("registered")
def test_a_reader_can_interrupt_a_check() -> None:
    @exercise("network.a-test", kind="recall")
    def endless(answer: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("network.a-test", 1)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("name", GARBAGE)
def test_a_check_that_trusts_its_answer_does_not_let_garbage_through_as_an_error(name: str) -> None:
    """Even a check written without the helpers ends in feedback."""

    @exercise("network.a-test", kind="recall")
    def trusting(answer: object) -> None:
        if not (answer == 1 and len(repr(answer)) < 10):
            raise Wrong("no", "No.", hint="No.")

    assert not check("network.a-test", GARBAGE[name]())


def test_the_parts_of_the_book_that_have_exercises() -> None:
    assert "network" in parts()
    with pytest.raises(ValueError, match="part must be one of .*network"):
        load("nowhere")

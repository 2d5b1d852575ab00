"""What every exercise promises, tested for each chapter that says which wrong answers it knows.

A chapter's tests are a class of two or three attributes:

    class TestTheBlock(Promises):
        chapter = "1-2-the-block"
        wrong = {"network.half-life": [(upside_down, "upside-down"), (straight, "straight-line")]}
        right = {"network.half-life": [another_way_to_write_it]}   # may be left out
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

import nbformat
import numpy as np
import pytest
from exercise_cells import Found, added, exercises, first_code, kept
from nbformat import NotebookNode

from lstmlab import check
from lstmlab.exercises import EXERCISES, Feedback, load
from lstmlab.exercises.feedback import UNWRITTEN
from lstmlab.exercises.registry import BROKEN

from .garbage import GARBAGE

ROOT = Path(__file__).resolve().parent.parent.parent

Wrongs = Mapping[str, Sequence[tuple[object, str]]]


@cache
def read(chapter: str) -> NotebookNode:
    """The notebook of a chapter of the book."""
    return nbformat.read(ROOT / "book" / f"{chapter}.ipynb", as_version=4)


def found(chapter: str, id: str) -> Found:
    """An exercise as `chapter` holds it."""
    held = {one.id: one for one in exercises(read(chapter))}
    assert id in held, f"book/{chapter}.ipynb has no exercise labelled {id}"
    return held[id]


def run_cell(chapter: str, source: str) -> dict[str, object]:
    """What a cell defines, run after the chapter's first code cell and nothing else."""
    names: dict[str, object] = {"__name__": "__main__"}
    for text in (first_code(read(chapter)), source):
        exec(compile(text, f"<{chapter}>", "exec"), names)
    return names


def answer_of(chapter: str, cells: Found, source: str) -> object:
    """What a cell defines under the name that the solution hands to `check`."""
    name = cells.function
    assert name, f'the solution of {cells.id} must end in check("{cells.id}", its_function)'
    return run_cell(chapter, source)[name]


def is_kind(feedback: Feedback) -> None:
    """A refusal says something and hints at something; no traceback, no failure of ours."""
    assert not feedback.right
    assert feedback.mistake != BROKEN, feedback.says
    for text in (feedback.says, feedback.hint):
        assert text.strip()
        assert "Traceback" not in text
        assert len(text) < 600, text
    assert repr(feedback)
    assert feedback._repr_html_()


class Promises:
    """The tests; the parameters come from ``conftest.py``."""

    chapter: ClassVar[str]
    wrong: ClassVar[Wrongs]
    right: ClassVar[Mapping[str, Sequence[object]]] = {}

    def test_the_solution_on_the_page_is_right(
        self, exercise: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        cells = found(self.chapter, exercise)
        feedback = check(exercise, answer_of(self.chapter, cells, cells.solution))
        assert feedback.right, repr(feedback)
        assert capsys.readouterr().err == ""

    def test_the_stub_is_not_written_yet(self, exercise: str) -> None:
        cells = found(self.chapter, exercise)
        assert check(exercise, answer_of(self.chapter, cells, cells.stub)).mistake == UNWRITTEN

    def test_the_stub_is_part_of_the_solution(self, exercise: str) -> None:
        cells = found(self.chapter, exercise)
        rest = iter(cells.solution.splitlines())
        assert [line for line in kept(cells.stub) if line not in rest] == []
        assert added(cells.stub, cells.solution), "nothing is left to write"

    def test_a_right_answer_in_another_form_is_right(self, exercise: str, other: object) -> None:
        feedback = check(exercise, other)
        assert feedback.right, repr(feedback)

    def test_a_wrong_answer_gets_the_hint_meant_for_it(
        self, exercise: str, answer: object, mistake: str
    ) -> None:
        feedback = check(exercise, answer)
        assert not feedback.right
        assert feedback.mistake == mistake, repr(feedback)
        is_kind(feedback)

    def test_two_plausible_mistakes_or_more_are_recognised(self, exercise: str) -> None:
        assert len({slug for _, slug in self.wrong[exercise]}) >= 2

    def test_no_feedback_gives_the_solution_away(
        self, exercise: str, answer: object, mistake: str
    ) -> None:
        cells = found(self.chapter, exercise)
        secret = [line.strip() for line in added(cells.stub, cells.solution)
                  if not line.startswith("check(")]  # fmt: skip
        secret += [line.removeprefix("return ") for line in secret if line.startswith("return ")]
        said = repr(check(exercise, answer))
        assert [line for line in secret if len(line) > 3 and line in said] == []

    def test_garbage_gets_a_kind_message(
        self, exercise: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """One test for all of it: there are over 100 kinds, for each of many exercises."""
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        failed: dict[str, str] = {}
        for name, make in GARBAGE.items():
            try:
                is_kind(check(exercise, make()))
            except Exception as error:
                failed[name] = f"{type(error).__name__}: {error}"
        assert failed == {}
        assert capfd.readouterr() == ("", "")
        assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    def test_the_verdict_is_the_same_twice_and_the_answer_is_left_as_it_was(
        self, exercise: str, answer: object, mistake: str
    ) -> None:
        before = copy.deepcopy(answer)
        assert check(exercise, answer) == check(exercise, answer)
        if not callable(answer):
            np.testing.assert_equal(answer, before)

    def test_the_class_speaks_of_every_exercise_of_its_chapter_and_no_other(self) -> None:
        load(next(iter(self.wrong)).partition(".")[0])
        modules = {EXERCISES[id].chapter for id in self.wrong}
        assert len(modules) == 1
        assert {id for id, one in EXERCISES.items() if one.chapter in modules} == set(self.wrong)
        assert set(self.right) <= set(self.wrong)


def parameters(cls: type[Promises], names: Sequence[str]) -> tuple[list[str], list[object]]:
    """Names and values with which a test of `cls` that asks for `names` is run."""
    if "mistake" in names:
        return ["exercise", "answer", "mistake"], [
            pytest.param(id, answer, slug, id=f"{id}-{slug}")
            for id, wrongs in cls.wrong.items() for answer, slug in wrongs
        ]  # fmt: skip
    if "other" in names:
        return ["exercise", "other"], [
            pytest.param(id, answer, id=f"{id}-{n}")
            for id, answers in cls.right.items() for n, answer in enumerate(answers)
        ]  # fmt: skip
    return ["exercise"], [pytest.param(id, id=id) for id in cls.wrong]

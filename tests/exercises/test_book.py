"""The exercises of the book as a whole: each id is in one chapter, one check and one test."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

import nbformat
import pytest
from exercise_cells import Found, exercises

import tests.exercises
from lstmlab.exercises import KINDS, Exercise, load, parts

from .harness import ROOT, Promises

CHAPTERS = sorted((ROOT / "book").glob("[1-9]-*.ipynb"))
LEAST = 3


@cache
def held() -> dict[str, tuple[str, Found]]:
    """Every exercise of the chapters, and the chapter that holds it."""
    return {
        one.id: (path.stem, one)
        for path in sorted((ROOT / "book").glob("*.ipynb"))
        for one in exercises(nbformat.read(path, as_version=4))
    }


@cache
def promised() -> dict[str, type[Promises]]:
    """Every exercise that a class of promises tests."""
    for part in parts():
        package = importlib.import_module(f"{tests.exercises.__name__}.{part}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return {id: cls for cls in Promises.__subclasses__() for id in cls.wrong}


def registered() -> list[Exercise]:
    """Every exercise that has a check."""
    return [one for part in parts() for one in load(part)]


every = pytest.mark.parametrize("one", registered(), ids=lambda one: one.id)


@every
def test_a_check_has_its_exercise_in_a_chapter_and_of_the_same_kind(one: Exercise) -> None:
    assert one.id in held(), f"no chapter has an exercise labelled {one.id}"
    assert held()[one.id][1].kind == one.kind


@every
def test_a_check_has_wrong_answers_tested_against_its_chapter(one: Exercise) -> None:
    assert one.id in promised(), f"no class in tests/exercises names wrong answers of {one.id}"
    assert len({slug for _, slug in promised()[one.id].wrong[one.id]}) >= 2
    assert one.id in held(), f"no chapter has an exercise labelled {one.id}"
    assert promised()[one.id].chapter == held()[one.id][0]


def test_every_exercise_of_a_chapter_has_a_check() -> None:
    assert sorted(set(held()) - {one.id for one in registered()}) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_three_exercises_and_every_kind(path: Path) -> None:
    kinds = [one.kind for chapter, one in held().values() if chapter == path.stem]
    assert len(kinds) >= LEAST
    assert set(kinds) == set(KINDS)


def test_no_id_is_used_in_two_chapters() -> None:
    ids = [one.id for path in CHAPTERS for one in exercises(nbformat.read(path, as_version=4))]
    assert sorted({id for id in ids if ids.count(id) > 1}) == []

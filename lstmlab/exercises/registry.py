"""Which exercises there are, and the one function a reader calls."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass

from lstmlab.exercises.feedback import Feedback, Wrong
from lstmlab.exercises.reading import describe, raised

KINDS = ("recall", "derive", "build")
BROKEN = "check-failed"
ID = re.compile(r"([a-z]+)\.([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")

Check = Callable[[object], str | None]


@dataclass(frozen=True)
class Exercise:
    """One exercise of the book.

    Attributes
    ----------
    id : str
        "part.name"; also the label on the page and the mark of its cells.
    kind : str
        One of ``KINDS``.
    check : callable
        Takes an answer; raises `Wrong`, or returns nothing or a sentence to add to "Right".
    """

    id: str
    kind: str
    check: Check

    @property
    def chapter(self) -> str:
        """Name of the module that holds the check: one module a chapter."""
        return self.check.__module__.rpartition(".")[2]


EXERCISES: dict[str, Exercise] = {}


def exercise(id: str, *, kind: str) -> Callable[[Check], Check]:
    """Register the decorated function as the check of the exercise `id`.

    Parameters
    ----------
    id : str
        "part.name" in lower-case words with hyphens, unique in the book: "network.half-life".
    kind : str
        "recall", "derive" or "build".

    Raises
    ------
    ValueError
        If the id has another form or is taken, or the kind is another.
    """
    if not ID.fullmatch(id):
        raise ValueError(f'id must have the form "part.some-name", got {id!r}')
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")

    def register(function: Check) -> Check:
        taken = EXERCISES.get(id)
        if taken is not None and taken.check.__module__ != function.__module__:
            raise ValueError(f"id must be unique, got {id!r}, which {taken.chapter} has")
        EXERCISES[id] = Exercise(id, kind, function)
        return function

    return register


def parts() -> list[str]:
    """Parts of the book that have exercises: the sub-packages of ``lstmlab.exercises``."""
    package = importlib.import_module("lstmlab.exercises")
    return [module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg]


def load(part: str) -> list[Exercise]:
    """Import the checks of `part`, one module a chapter, and return its exercises, sorted by id.

    Raises
    ------
    ValueError
        If the book has no such part.
    """
    if part not in parts():
        raise ValueError(f"part must be one of {', '.join(parts())}, got {part!r}")
    package = importlib.import_module(f"lstmlab.exercises.{part}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return [EXERCISES[id] for id in sorted(EXERCISES) if id.startswith(f"{part}.")]


def find(id: str) -> Exercise:
    """The exercise with this id.

    Raises
    ------
    ValueError
        If there is none; the message names the closest ids.
    """
    text = str(id) if issubclass(type(id), str) else ""
    part = text.partition(".")[0]
    known = [entry.id for name in parts() if name == part or part not in parts()
             for entry in load(name)]
    if text in known:
        return EXERCISES[text]
    close = difflib.get_close_matches(text, known, n=3, cutoff=0.5) or known[:3]
    raise ValueError(
        f"exercise must be the id of an exercise, such as {' or '.join(map(repr, close))}, "
        f"got {describe(id)}"
    )


def check(exercise: str, answer: object) -> Feedback:
    """Is this answer right? If not, what is wrong, and a hint.

    Parameters
    ----------
    exercise : str
        The id that stands with the exercise, such as "network.half-life".
    answer : object
        A value, or the function that the exercise asks you to write: the function itself, not a
        call of it. It is not changed, and its functions are called with copies.

    Returns
    -------
    Feedback
        Shows itself as the last line of a cell; true if the answer is right.

    Raises
    ------
    ValueError
        If no exercise has this id. Whatever the answer is or does raises nothing.
    """
    entry = find(exercise)
    try:
        remark = entry.check(answer)
    except Wrong as wrong:
        return Feedback(entry.id, False, wrong.says, wrong.hint, wrong.mistake)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # an answer may raise SystemExit, or worse, when looked at
        return Feedback(
            entry.id,
            False,
            f"This answer could not be checked: looking at it raises {raised(error)}.",
            "Give a plain number, array, dict or function, in the form that the exercise shows.",
            BROKEN,
        )
    return Feedback(entry.id, True, remark or "")

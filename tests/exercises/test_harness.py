"""The promises would notice: each is broken once, on a small chapter, and is seen to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from nbformat import NotebookNode

from lstmlab.exercises import EXERCISES, Wrong, exercise, load
from lstmlab.exercises.answers import call, close, function, number

from ..book.chapters import SOLUTION, STUB, chapter
from ..book.chapters import exercise as cells
from . import harness
from .harness import Promises

ID = "network.a-promise"
LINE = "return np.log(share) / np.log(f)"
FAILS = (AssertionError, pytest.fail.Exception)


class Chapter(Promises):
    __test__ = False
    chapter = "a-chapter"
    wrong = {ID: [(lambda f: 1.0, "constant"), (lambda f: -1.0, "negative")]}


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Exercises that a test registers are forgotten after it."""
    load("network")
    before = dict(EXERCISES)
    yield
    EXERCISES.clear()
    EXERCISES.update(before)


def registered(hint: str = "Start from what is left.") -> None:
    """A sound check of the small chapter's exercise."""

    @exercise(ID, kind="derive")
    def half_life(answer: object) -> None:
        f = function(answer, "f")
        for keep, want in ((0.5, 1.0), (0.25, 0.5)):
            steps = number(call(f, keep))
            if steps < 0:
                raise Wrong("negative", "Time does not run backwards.", hint=hint)
            if not close(steps, want):
                raise Wrong("constant", "It is the same for every f.", hint=hint)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the book hold one chapter with one exercise, of this stub and this solution."""

    def show(stub: str = STUB, solution: str = SOLUTION) -> None:
        own = solution.replace("network.half-life", ID)
        notebook: NotebookNode = chapter(*cells(stub, own, id=ID))
        monkeypatch.setattr(harness, "read", lambda chapter: notebook)

    return show


def garbage(promises: Promises, capfd: pytest.CaptureFixture[str]) -> None:
    promises.test_garbage_gets_a_kind_message(ID, capfd)


def test_a_sound_exercise_keeps_every_promise(shown: Callable[..., None]) -> None:
    registered()
    shown()
    promises = Chapter()
    promises.test_the_stub_is_not_written_yet(ID)
    promises.test_the_stub_is_part_of_the_solution(ID)
    promises.test_two_plausible_mistakes_or_more_are_recognised(ID)
    for answer, mistake in Chapter.wrong[ID]:
        promises.test_a_wrong_answer_gets_the_hint_meant_for_it(ID, answer, mistake)
        promises.test_no_feedback_gives_the_solution_away(ID, answer, mistake)
        promises.test_the_verdict_is_the_same_twice_and_the_answer_is_left_as_it_was(
            ID, answer, mistake
        )


def test_a_sound_check_is_kind_to_garbage(capfd: pytest.CaptureFixture[str]) -> None:
    registered()
    garbage(Chapter(), capfd)


def test_a_check_that_accepts_garbage_is_seen(capfd: pytest.CaptureFixture[str]) -> None:
    exercise(ID, kind="derive")(lambda answer: None)
    with pytest.raises(FAILS):
        garbage(Chapter(), capfd)


def test_a_check_that_trusts_its_answer_is_seen(capfd: pytest.CaptureFixture[str]) -> None:
    @exercise(ID, kind="derive")
    def trusting(answer: object) -> None:
        if not answer < 1:  # type: ignore[operator]
            raise Wrong("no", "No.", hint="No.")

    with pytest.raises(FAILS):
        garbage(Chapter(), capfd)


def test_a_check_that_prints_is_seen(capfd: pytest.CaptureFixture[str]) -> None:
    @exercise(ID, kind="derive")
    def noisy(answer: object) -> None:
        print("hm")
        raise Wrong("no", "No.", hint="No.")

    with pytest.raises(FAILS):
        garbage(Chapter(), capfd)


def test_a_hint_that_holds_the_solution_is_seen(shown: Callable[..., None]) -> None:
    registered(hint=f"Try `{LINE.removeprefix('return ')}`.")
    shown()
    with pytest.raises(FAILS):
        Chapter().test_no_feedback_gives_the_solution_away(ID, lambda f: -1.0, "negative")


def test_a_wrong_answer_that_gets_another_hint_is_seen() -> None:
    registered()
    with pytest.raises(FAILS):
        Chapter().test_a_wrong_answer_gets_the_hint_meant_for_it(ID, lambda f: 1.0, "negative")


def test_a_solution_that_is_wrong_is_seen(
    shown: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    registered()
    shown()
    Chapter().test_the_solution_on_the_page_is_right(ID, capsys)
    shown(solution=SOLUTION.replace("share = 0.5", "share = 0.6"))
    with pytest.raises(FAILS):
        Chapter().test_the_solution_on_the_page_is_right(ID, capsys)


def test_a_solution_that_needs_another_cell_of_the_chapter_is_seen(
    shown: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    registered()
    shown(solution=SOLUTION.replace("share = 0.5", "share = from_another_cell"))
    with pytest.raises((*FAILS, NameError)):
        Chapter().test_the_solution_on_the_page_is_right(ID, capsys)


@pytest.mark.parametrize("line", [LINE, "return 0", "pass"])
def test_a_stub_that_is_written_is_seen(shown: Callable[..., None], line: str) -> None:
    registered()
    shown(stub=STUB.replace("raise NotImplementedError", line))
    with pytest.raises(FAILS):
        Chapter().test_the_stub_is_not_written_yet(ID)


def test_a_stub_that_is_no_part_of_the_solution_is_seen(shown: Callable[..., None]) -> None:
    shown(stub=STUB.replace("0.5", "0.7"))
    with pytest.raises(FAILS):
        Chapter().test_the_stub_is_part_of_the_solution(ID)

"""An exercise that a reader could not solve, or that shows its solution, is refused by name."""

from __future__ import annotations

from collections.abc import Callable

import exercise_cells
import notebooks
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from .chapters import ID, SOLUTION, STUB, chapter, code, exercise

OTHER = "network.another"
LINE = "return np.log(share) / np.log(f)"
RAISE = "raise NotImplementedError"


def faults(notebook: NotebookNode) -> list[str]:
    return list(exercise_cells.exercise_faults(notebook))


def test_sound_exercises_have_no_faults() -> None:
    other = exercise(
        STUB, SOLUTION.replace(ID, OTHER), id=OTHER, kind="build", title="Once more, with $x^2$"
    )
    other[4].outputs[0].data["text/plain"] += "\nSo it is."
    notebook = chapter(*exercise(), *other)
    assert faults(notebook) == []
    assert list(notebooks.faults(notebook)) == []
    first, second = exercise_cells.exercises(notebook)
    assert (first.id, first.title, first.kind, first.function) == (
        ID, "Half a memory", "derive", "half_life"
    )  # fmt: skip
    assert first.text == "Return the number of steps."
    assert (second.id, second.title) == (OTHER, "Once more, with $x^2$")
    assert exercise_cells.first_code(notebook).startswith("import numpy")


def test_a_chapter_without_exercises_has_no_faults_of_theirs() -> None:
    notebook = chapter()
    notebook.cells = [cell for cell in notebook.cells if cell.source != "## Exercises"]
    assert faults(notebook) == []


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        (exercise(STUB.replace("0.5", "0.6")), "line in its stub that its solution lacks"),
        (exercise(STUB.replace("(f)", "(g)")), "other arguments in its stub"),
        (exercise(STUB.replace("half_life", "halve")), "does not define half_life in both"),
        (exercise(STUB.replace(RAISE, "return 0")), "has no 'raise Not"),
        (exercise(STUB, SOLUTION.replace(LINE, RAISE)), "has a solution with 'raise Not"),
        (exercise(STUB.replace(RAISE, f"{LINE}\n    {RAISE}")), "leaves nothing to write"),
        (exercise(STUB, SOLUTION.partition("check")[0]), "does not end its solution with"),
        (exercise(STUB, SOLUTION.replace("life)", "life(1))")), "does not end its solution with"),
        (exercise(STUB.replace("share =", "share = =")), "is not Python"),
        (exercise(kind="easy"), "of the kind 'easy'"),
        (exercise(why=""), "wants its solution to open with"),
        (exercise(text=""), "of no six cells"),
        (exercise(title="With `code`"), "of no six cells"),
        (exercise(id="Half Life"), "of no six cells"),
        (exercise()[:-1], "wants its cell 6"),
        (exercise()[1:], "of no six cells"),
        ([exercise()[0], *exercise()[2:]], "wants its cell 2 to be code, tagged exercise-stub"),
        ([*exercise(id=OTHER)[:3], *exercise()], f"{OTHER} wants its solution to open with"),
        ([*exercise(), *exercise()], f"exercise {ID} is there twice"),
        ([*exercise(), code("exercise-solution", "1", ID)], "of no six cells"),
    ],
    ids=[
        "another line", "other arguments", "another name", "no raise", "raise in the solution",
        "nothing to write", "no check", "a call in the check", "syntax", "kind", "no reason",
        "no text", "code in the title", "id", "not ended", "not begun", "no stub", "no solution",
        "twice", "a stray solution",
    ],
)  # fmt: skip
def test_a_broken_exercise_is_named(cells: list[NotebookNode], fault: str) -> None:
    found = faults(chapter(*cells))
    assert any(fault in line for line in found), found


def retag(cells: list[NotebookNode]) -> None:
    cells[1].metadata["tags"] = []


def rename(cells: list[NotebookNode]) -> None:
    cells[4].metadata["exercise"] = OTHER


def unfold(cells: list[NotebookNode]) -> None:
    cells[3].source = cells[3].source.replace(":class: dropdown\n", "")


def fail(cells: list[NotebookNode]) -> None:
    cells[4].outputs[0].data["text/plain"] = f"{ID}: Not yet.\nNo."


def forget(cells: list[NotebookNode]) -> None:
    cells[4].outputs = []


def talk(cells: list[NotebookNode]) -> None:
    cells[1].outputs = list(cells[4].outputs)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (retag, "wants its cell 2"),
        (rename, "wants its cell 5"),
        (unfold, "wants its solution to open with"),
        (fail, "is not right, or was not run"),
        (forget, "is not right, or was not run"),
        (talk, "has a stub that prints or shows"),
    ],
)
def test_a_cell_that_is_not_marked_or_not_right_is_named(
    spoil: Callable[[list[NotebookNode]], None], fault: str
) -> None:
    cells = exercise()
    spoil(cells)
    found = faults(chapter(*cells))
    assert any(fault in line for line in found), found


def test_exercises_stand_in_their_section_before_the_two_closing_ones() -> None:
    late = chapter()
    late.cells[-1:-1] = exercise()
    assert any('outside the section "## Exercises"' in line for line in faults(late))
    early = chapter(*exercise(), new_markdown_cell("## One more thing"))
    assert any("just before the two closing ones" in line for line in faults(early))
    assert faults(chapter()) == ["has a section of exercises and no exercise"]


def test_what_is_left_to_write_is_what_the_stub_lacks() -> None:
    assert exercise_cells.added(STUB, SOLUTION) == [
        "    return np.log(share) / np.log(f)", f'check("{ID}", half_life)'
    ]  # fmt: skip
    assert exercise_cells.kept(STUB) == STUB.splitlines()[:3]


def test_the_raise_may_stand_where_the_lines_go() -> None:
    stub = f"def f(x):\n    for y in x:\n        {RAISE}('your lines')\n    return y"
    solution = f'def f(x):\n    for y in x:\n        y = 2\n    return y\n\n\ncheck("{ID}", f)'
    assert faults(chapter(*exercise(stub, solution))) == []

"""Student notebooks: no solution, no output, nothing that only pages understand, always fresh."""

from __future__ import annotations

import json
import re
from pathlib import Path

import execute
import nbformat
import pytest
import student_runs
import students
from exercise_cells import CHECK_TAG, SOLUTION_TAG, UNSOLVED, added, exercises
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from notebooks import chapters, faults, place_setup, student_path
from plain_markdown import Book, references

from .chapters import ID, SOLUTION, STUB, chapter, exercise

NOTEBOOKS = chapters()
every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
LINE = "return np.log(share) / np.log(f)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A book of two chapters; the second refers to the first."""
    book = tmp_path / "book"
    book.mkdir()
    (book / "references.bib").write_text("", "utf-8")
    shown = new_code_cell("1 + 1", metadata={"tags": ["hide-input"]})
    shown.outputs = [new_output("execute_result", {"text/plain": "2"}, execution_count=1)]
    first = chapter(*exercise(), title="The block, $x$")
    first.cells.insert(2, shown)
    nbformat.write(first, book / "1-2-the-block.ipynb")
    second = chapter(title="Another")
    second.cells[2].source = f"After {{doc}}`1-2-the-block`, as in {{ref}}`{ID}`."
    nbformat.write(second, book / "1-3-another.ipynb")
    return book


def made(folder: Path, name: str) -> NotebookNode:
    """The student version of a chapter in `folder`."""
    return students.student(
        nbformat.read(folder / name, as_version=4), students.book_in(folder)
    )


def test_a_solution_becomes_a_check_and_all_outputs_go(folder: Path) -> None:
    notebook = made(folder, "1-2-the-block.ipynb")
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.source for cell in code][-2:] == [STUB, f'check("{ID}", half_life)']
    assert [cell.metadata.get("exercise") for cell in code][-2:] == [ID, ID]
    assert CHECK_TAG in code[-1].metadata.tags
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    text = json.dumps(notebook)
    assert LINE not in text
    assert "Each step keeps" not in text  # why the solution is what it is
    assert SOLUTION_TAG not in text


def test_an_exercise_is_a_heading_with_its_number_title_and_kind(folder: Path) -> None:
    cells = [cell.source for cell in made(folder, "1-2-the-block.ipynb").cells]
    assert "### Exercise 1 · Half a memory (derive)\n\nReturn the number of steps." in cells
    assert not any("{" in cell and "}`" in cell for cell in cells)


def test_the_reader_is_told_which_version_this_is_and_where_solutions_are(folder: Path) -> None:
    first = made(folder, "1-2-the-block.ipynb").cells
    second = made(folder, "1-3-another.ipynb").cells
    assert first[1].source.startswith("*This is the version to work in.")
    assert "solutions" in first[1].source
    assert "“The block, $x$”" in first[1].source
    assert "solutions" not in second[1].source  # it has no exercise


def test_a_chapter_refers_to_the_others_student_notebooks(folder: Path) -> None:
    text = made(folder, "1-3-another.ipynb").cells[3].source
    link = "[The block, $x$](1-2-the-block.ipynb)"
    assert text == f"After {link}, as in Exercise 1 in {link}."


def test_code_that_the_page_folds_is_folded_in_the_notebook(folder: Path) -> None:
    (cell,) = [c for c in made(folder, "1-2-the-block.ipynb").cells if c.source == "1 + 1"]
    assert cell.metadata.jupyter.source_hidden is True


def test_the_cell_that_sets_colab_up_stays(folder: Path) -> None:
    notebook = nbformat.read(folder / "1-2-the-block.ipynb", as_version=4)
    place_setup(notebook, "https://example.invalid/a/b@main")
    cells = students.student(notebook, students.book_in(folder)).cells
    assert sum("git+https://example.invalid/a/b@main" in cell.source for cell in cells) == 1


def test_what_has_no_plain_form_names_its_cell(folder: Path) -> None:
    notebook = chapter(new_markdown_cell("See {glue}`x`."))
    with pytest.raises(ValueError, match="cell 4 has a role"):
        students.student(notebook, Book(folder, references(folder), {}))


def test_student_notebooks_are_written_once_and_stale_ones_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(students, "chapters", lambda: sorted(folder.glob("*.ipynb")))
    target = student_path(folder / "1-2-the-block.ipynb")
    assert target == folder.parent / "student" / "1-2-the-block.ipynb"
    assert students.main(["--check"]) == 1
    assert "1-2-the-block.ipynb is not what its chapter gives" in capsys.readouterr().err
    assert not target.exists()
    assert students.main([]) == 0
    assert students.main(["--check"]) == 0
    first = target.read_bytes()
    orphan = target.with_name("1-9-gone.ipynb")
    orphan.write_bytes(first)
    target.write_bytes(first.replace(b"derive", b"recall"))
    assert students.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "1-2-the-block.ipynb is not what its chapter gives" in said
    assert "1-9-gone.ipynb has no chapter" in said
    assert students.main([]) == 0
    assert target.read_bytes() == first
    assert not orphan.exists()


def test_executing_a_chapter_of_the_book_writes_its_student_notebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "BOOK", folder)
    path = folder / "1-2-the-block.ipynb"
    assert execute.main(["--check", str(path)]) == 0
    assert not student_path(path).exists()
    assert execute.main([str(path)]) == 0
    assert students.main(["--check", str(path)]) == 0
    assert list(faults(nbformat.read(path, as_version=4))) == []


def test_a_chapter_without_a_student_notebook_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(execute, "BOOK", folder)
    path = folder / "1-2-the-block.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += "\n\n{glue}`x`"
    nbformat.write(notebook, path)
    before = path.read_bytes()
    assert execute.main([str(path)]) == 1
    assert "no student notebook: cell 0 has a role" in capfd.readouterr().err
    assert path.read_bytes() == before
    assert not student_path(path).exists()


def stored(folder: Path, notebook: NotebookNode) -> Path:
    path = folder / "a.ipynb"
    nbformat.write(notebook, path)
    return path


def test_a_student_notebook_runs_to_its_end_with_nothing_solved(folder: Path) -> None:
    assert student_runs.run(stored(folder, made(folder, "1-2-the-block.ipynb"))) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("1 / 0", "cell 8 raises ZeroDivisionError, not NotImplementedError"),
        ("import os\nos._exit(1)", "the kernel died"),
        (f"raise {UNSOLVED}", ""),
    ],
)
def test_a_cell_may_raise_that_it_is_not_implemented_and_nothing_else(
    folder: Path, source: str, fault: str
) -> None:
    notebook = made(folder, "1-2-the-block.ipynb")
    notebook.cells.insert(8, new_code_cell(source))
    found = student_runs.run(stored(folder, notebook))
    assert len(found) == bool(fault)
    assert not fault or found[0].startswith(fault), found


def test_a_solution_that_leaked_is_named(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    notebook = made(folder, "1-2-the-block.ipynb")
    (stub,) = [cell for cell in notebook.cells if cell.source == STUB]
    stub.source = SOLUTION.partition("\n\n\ncheck")[0]
    path = stored(folder, notebook)
    assert student_runs.main([str(path)]) == 1
    said = capfd.readouterr().err
    assert f"the check of {ID} says ['{ID}: Right.'], not that it is unwritten" in said


def pair(folder: Path, *later: str) -> tuple[NotebookNode, NotebookNode]:
    """A student notebook and its chapter, which has these cells of code after its exercise."""
    path = folder / "1-2-the-block.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells += [new_code_cell(source) for source in later]
    nbformat.write(notebook, path)
    return made(folder, path.name), notebook


FIRST = "import numpy as np\n\nfrom lstmlab import check"
CHECK = f'check("{ID}", half_life)'


@pytest.mark.parametrize("later", [(), ("print(np.pi)",)], ids=["nothing later", "a cell later"])
def test_what_a_proved_chapter_ran_is_not_run_again(folder: Path, later: tuple[str, ...]) -> None:
    left = student_runs.unproved(*pair(folder, *later))
    assert [cell.source for cell in left.cells] == [FIRST, STUB, CHECK]


@pytest.mark.parametrize(
    "later",
    ["print(half_life(0.9))", "def twice(f):\n    return 2 * half_life(f)"],
    ids=["called", "in a function"],
)
def test_a_cell_that_uses_what_an_exercise_defines_is_run_and_so_is_all(
    folder: Path, later: str
) -> None:
    student, chapter = pair(folder, later)
    assert student_runs.unproved(student, chapter) is student


@pytest.mark.parametrize("place", [0, 1, -1], ids=["first", "second", "last"])
def test_a_cell_that_is_not_the_chapters_is_run_and_so_is_all(folder: Path, place: int) -> None:
    student, chapter = pair(folder, "print(np.pi)")
    code = [cell for cell in student.cells if cell.cell_type == "code"]
    code[place].source += "\n1 / 0"
    assert student_runs.unproved(student, chapter) is student


def test_beside_a_proved_chapter_a_leak_and_an_error_are_named_too(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = folder / "1-2-the-block.ipynb"
    target = student_path(path)
    target.parent.mkdir()
    for right, wrong, fault in (
        ("", "", ""),
        ("raise NotImplementedError", LINE, "says ['network.half-life: Right.'], not that"),
        (CHECK, "1 / 0", "raises ZeroDivisionError, not NotImplementedError"),
        (FIRST, FIRST + "\n1 / 0", "raises ZeroDivisionError, not NotImplementedError"),
    ):
        student = made(folder, path.name)
        for cell in student.cells:
            cell.source = cell.source.replace(right, wrong) if right else cell.source
        nbformat.write(student, target)
        assert student_runs.main(["--proved", str(folder), str(target)]) == bool(fault)
        assert fault in capfd.readouterr().err


@every
def test_the_stored_student_notebook_is_what_its_chapter_gives(path: Path) -> None:
    assert students.write([path], keep=False) == []


def test_no_student_notebook_is_without_a_chapter() -> None:
    assert students.drop_orphans(NOTEBOOKS, keep=False) == []


@every
def test_no_student_notebook_holds_a_solution(path: Path) -> None:
    """Each line that a reader is to write is in the chapter, and not in the student notebook."""
    notebook = nbformat.read(path, as_version=4)
    student = nbformat.read(student_path(path), as_version=4)
    cells = [cell.source for cell in student.cells]
    for one in exercises(notebook):
        assert one.stub in cells
        lines = added(one.stub, one.solution)
        assert not any("\n".join(lines[:-1]) in cell for cell in cells)
        assert one.solution not in cells
    assert not any(cell.get("outputs") for cell in student.cells)
    markup = re.compile(r"^[`:]{3,}\{|\{[\w:]+\}`", re.MULTILINE)
    assert [cell.source for cell in student.cells
            if cell.cell_type == "markdown" and markup.search(cell.source)] == []  # fmt: skip

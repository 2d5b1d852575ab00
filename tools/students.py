"""Make the notebooks that readers work in: the chapters without solutions and outputs.

    python tools/students.py                      write student/ from every chapter in book/
    python tools/students.py book/1-2-….ipynb     write this one
    python tools/students.py --check              say which are not what their chapters give

In a student notebook an exercise is a heading, its text, the stub, and a cell that calls
``check``. Everything that only the book's pages understand is plain Markdown.
"""

from __future__ import annotations

import argparse
import copy
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

sys.path.insert(0, str(Path(__file__).resolve().parent))
from exercise_cells import CHECK_TAG, Found, exercises
from notebooks import chapters, student_path
from plain_markdown import Book, Plain, equations, labels, references

NOTE_ID = "version-to-work-in"
NOTE = """
*This is the version to work in. Run the cells from top to bottom; in an exercise, put your own
lines in place of `raise NotImplementedError` and run the cell below it: `check` says whether you
are right, or gives a hint. The outputs, and the solutions, folded below each exercise, are on the
book's page “{title}”.*
"""
PLAIN_NOTE = """
*This is the version to work in. Run the cells from top to bottom; the outputs are on the book's
page “{title}”.*
"""


def numbered(notebook: NotebookNode) -> dict[str, str]:
    """What the page calls each exercise of a chapter: "Exercise 2"."""
    return {one.id: f"Exercise {n}" for n, one in enumerate(exercises(notebook), start=1)}


def book_in(folder: Path) -> Book:
    """What the chapters in a folder may refer to: its files, references, headings, exercises."""
    names: dict[str, str] = {}
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        within = f" in [{heading_of(notebook)}]({path.name})"
        names |= labels(notebook)
        names |= {id: text + within for id, text in numbered(notebook).items()}
    return Book(folder, references(folder), names)


def student(notebook: NotebookNode, book: Book) -> NotebookNode:
    """The student version of a chapter of `book`.

    Raises
    ------
    ValueError
        If a cell holds what plain Markdown has no form for; the message names the cell.
    """
    own = labels(notebook) | numbered(notebook)
    plain = Plain(replace(book, labels={**book.labels, **own}), equations(notebook))
    found = {one.first: one for one in exercises(notebook)}
    numbers = numbered(notebook)
    cells: list[NotebookNode] = []
    for place, cell in enumerate(notebook.cells):
        one = _around(found, place)
        if one is None or place == one.first + 1:
            cells.append(_copied(cell, place, plain))
        elif place == one.first:
            text = f"### {numbers[one.id]} · {one.title} ({one.kind})\n\n{one.text}"
            cells.append(new_markdown_cell(_plain(text, place, plain), id=cell.id))
        elif place == one.first + 2:
            metadata = {"tags": [CHECK_TAG], "exercise": one.id}
            source = f'check("{one.id}", {one.function})'
            cells.append(new_code_cell(source, metadata=metadata, id=cell.id))
    title = _plain(heading_of(notebook), 0, plain)
    note = (NOTE if found else PLAIN_NOTE).format(title=title).strip().replace("\n", " ")
    cells.insert(1, new_markdown_cell(note, id=NOTE_ID))
    return nbformat.from_dict({**notebook, "cells": cells})


def heading_of(notebook: NotebookNode) -> str:
    """The title of a notebook, from its first cell."""
    return str(notebook.cells[0].source).splitlines()[0].lstrip("# ").strip()


def _around(found: dict[int, Found], place: int) -> Found | None:
    """The exercise of whose six cells the cell at `place` is one."""
    return next((found[first] for first in range(place, place - 6, -1) if first in found), None)


def _copied(cell: NotebookNode, place: int, plain: Plain) -> NotebookNode:
    """A cell as a student notebook holds it: Markdown made plain, code without its output."""
    new = copy.deepcopy(cell)
    if cell.cell_type == "markdown":
        new.source = _plain(cell.source, place, plain)
    elif cell.cell_type == "code":
        new.outputs, new.execution_count = [], None
        if "hide-input" in cell.metadata.get("tags", []):
            new.metadata["jupyter"] = {"source_hidden": True}
    return new


def _plain(text: str, place: int, plain: Plain) -> str:
    try:
        return plain(text)
    except ValueError as error:
        raise ValueError(f"cell {place} {error}") from error


def written(notebook: NotebookNode, book: Book) -> str:
    """The file of the student version of a chapter of `book`, to the letter."""
    return nbformat.writes(student(notebook, book)) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write or check student notebooks; return 0 only if all is as it should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all in book/ unless named")
    parser.add_argument("--check", action="store_true", help="write nothing; name what is stale")
    options = parser.parse_args(arguments)
    paths = [path.resolve() for path in options.notebooks] or chapters()
    faults = write(paths, keep=not options.check)
    if not options.notebooks:
        faults += drop_orphans(paths, keep=not options.check)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def write(paths: list[Path], *, keep: bool) -> list[str]:
    """Write the student versions of these chapters, or with `keep` false compare; return faults."""
    faults = []
    books = {folder: book_in(folder) for folder in {path.parent for path in paths}}
    for path in paths:
        target = student_path(path)
        try:
            text = written(nbformat.read(path, as_version=4), books[path.parent])
        except ValueError as error:
            faults.append(f"{path.name}: {error}")
            continue
        if target.is_file() and target.read_text("utf-8") == text:
            continue
        if keep:
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, "utf-8", newline="\n")
        else:
            faults.append(f"student/{path.name} is not what its chapter gives: run `make students`")
    return faults


def drop_orphans(paths: list[Path], *, keep: bool) -> list[str]:
    """Remove student notebooks that none of these chapters gives; with `keep` false name them."""
    given = {student_path(path) for path in paths}
    orphans = sorted({other for path in given for other in path.parent.glob("*.ipynb")} - given)
    if keep:
        for orphan in orphans:
            orphan.unlink()
        return []
    return [f"student/{orphan.name} has no chapter: run `make students`" for orphan in orphans]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("students: interrupted")

"""Run student notebooks from top to bottom, and ask that nothing in them is solved.

    python tools/student_runs.py student/1-2-the-block.ipynb
    python tools/student_runs.py --proved book student/1-2-the-block.ipynb

A cell may raise NotImplementedError, as a stub does, and nothing else. Each check must say that
its exercise is not written yet: if one says that it is right, a solution has leaked. With --proved,
the code that the chapter of that name in the folder holds to the letter is not run a second time.
"""

from __future__ import annotations

import argparse
import ast
import symtable
import sys
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent))
import execute
from exercise_cells import CHECK_TAG, SOLUTION_TAG, STUB_TAG, UNSOLVED, first_code

EXERCISE_TAGS = {STUB_TAG, SOLUTION_TAG, CHECK_TAG}


def run(path: Path, proved: Path | None = None) -> list[str]:
    """Run the student notebook at `path` in a fresh kernel; return what should not be.

    Parameters
    ----------
    path : Path
    proved : Path, optional
        Its chapter, where that is run and proved itself: only what differs is run here.
    """
    notebook = nbformat.read(path, as_version=4)
    if proved is not None:
        notebook = unproved(notebook, nbformat.read(proved, as_version=4))
    try:
        execute.run(notebook, path.parent, tolerated=[UNSOLVED])
    except CellExecutionError as error:
        failed = [str(n) for n, cell in enumerate(notebook.cells) if _failed(cell)]
        return [f"cell {', '.join(failed)} raises {error.ename}, not {UNSOLVED}\n{error}"]
    except CellTimeoutError:
        return [f"a cell takes more than {execute.CELL_TIMEOUT} s"]
    except DeadKernelError:
        return ["the kernel died: it was interrupted, or ran out of memory"]
    return leaks(notebook)


def unproved(student: NotebookNode, chapter: NotebookNode) -> NotebookNode:
    """What is left to run of `student` where `chapter` was: its first code cell, its exercises.

    All is left if a code cell outside the exercises is not the chapter's to the letter, or if one
    after the first exercise uses a name that a stub or a solution defines.
    """
    own = [cell for cell in student.cells if cell.cell_type == "code"]
    code = [cell for cell in chapter.cells if cell.cell_type == "code"]
    shared = [cell.source for cell in own if not _of_exercise(cell)]
    first = next((n for n, cell in enumerate(own) if _of_exercise(cell)), len(own))
    later = [cell.source for cell in own[first:] if not _of_exercise(cell)]
    defined = {name for cell in code if _of_exercise(cell) for name in _defined(cell.source)}
    if shared != [cell.source for cell in code if not _of_exercise(cell)] or any(
        defined & _used(source) for source in later
    ):
        return student
    imports = first_code(student)
    left = [cell for cell in own if _of_exercise(cell) or cell.source == imports]
    return nbformat.from_dict({**student, "cells": left})


def _of_exercise(cell: NotebookNode) -> bool:
    return not EXERCISE_TAGS.isdisjoint(cell.metadata.get("tags", []))


def _defined(source: str) -> set[str]:
    """Names that a cell gives a value outside its functions."""
    symbols = symtable.symtable(source, "<cell>", "exec").get_symbols()
    return {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}


def _used(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def leaks(notebook: NotebookNode) -> list[str]:
    """Checks of an executed student notebook that do not say "not written yet"."""
    found = []
    for n, cell in enumerate(notebook.cells):
        if CHECK_TAG not in cell.metadata.get("tags", []):
            continue
        id = cell.metadata.exercise
        said = [
            str(output.data.get("text/plain", "")).splitlines()[0]
            for output in cell.outputs
            if output.output_type == "execute_result"
        ]
        if said != [f"{id}: Not written yet."]:
            found.append(f"cell {n}: the check of {id} says {said}, not that it is unwritten")
    return found


def _failed(cell: NotebookNode) -> bool:
    """Whether a cell raised something that is not tolerated."""
    return any(
        output.output_type == "error" and output.ename != UNSOLVED
        for output in cell.get("outputs", [])
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the notebooks named in `arguments`; return 0 only if each is as it should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--proved", type=Path, help="folder of their chapters, which are proved")
    options = parser.parse_args(arguments)
    faults = [
        f"{path.name}: {fault}"
        for path in options.notebooks
        for fault in run(path, options.proved and options.proved / path.name)
    ]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("student_runs: interrupted")

"""Run student notebooks from top to bottom, and ask that nothing in them is solved.

    python tools/student_runs.py student/1-2-the-block.ipynb

A cell may raise NotImplementedError, as a stub does, and nothing else. Each check must say that
its exercise is not written yet: if one says that it is right, a solution has leaked.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent))
import execute
from exercise_cells import CHECK_TAG, UNSOLVED


def run(path: Path) -> list[str]:
    """Run the student notebook at `path` in a fresh kernel; return what should not be."""
    notebook = nbformat.read(path, as_version=4)
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
    options = parser.parse_args(arguments)
    faults = [f"{path.name}: {fault}" for path in options.notebooks for fault in run(path)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("student_runs: interrupted")

"""The exercises of a chapter, read from its notebook, and what is wrong with them.

An exercise is six cells in a row: a Markdown cell that opens ``{exercise-start}`` and holds the
text, the stub, ``{exercise-end}``, a cell that opens ``{solution-start}`` and says why, the
solution, and ``{solution-end}``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

STUB_TAG = "exercise-stub"
SOLUTION_TAG = "exercise-solution"
CHECK_TAG = "exercise-check"  # of the cell that calls check in a student notebook
UNSOLVED = "NotImplementedError"
KINDS = ("recall", "derive", "build")
OPENING = re.compile(
    r"\A```\{exercise-start\} (?P<title>[^\n`]+?) \((?P<kind>[a-z]+)\)\n"
    r":label: (?P<id>[a-z]+\.[a-z][a-z0-9-]*)\n```\n+(?P<text>\S.*)\Z",
    re.DOTALL,
)
WHY = re.compile(
    r"\A```\{solution-start\} (?P<id>\S+)\n:class: dropdown\n```\n+(?P<text>\S.*)\Z", re.DOTALL
)
END = "```{exercise-end}\n```"
SOLUTION_END = "```{solution-end}\n```"
DIRECTIVE = re.compile(r"^(?:`{3,}|:{3,})\{(?:exercise|solution)[\w-]*\}", re.MULTILINE)
RAISE = f"raise {UNSOLVED}"


@dataclass(frozen=True)
class Found:
    """One exercise as its chapter holds it.

    Attributes
    ----------
    id, title, kind, text : str
        From the opening cell.
    first : int
        Place of the opening cell in the notebook, counted from 0.
    stub, solution : str
        Source of the two code cells; empty where there is none.
    """

    id: str
    title: str
    kind: str
    text: str
    first: int
    stub: str
    solution: str

    @property
    def function(self) -> str:
        """Name that the solution's last line hands to ``check``; empty if it hands none."""
        last = (self.solution.strip().splitlines() or [""])[-1]
        call = re.fullmatch(rf'check\("{re.escape(self.id)}", (\w+)\)', last)
        return call[1] if call else ""


def exercises(notebook: NotebookNode) -> list[Found]:
    """Every exercise that `notebook` opens, in reading order."""
    found = []
    for place, cell in enumerate(notebook.cells):
        opening = OPENING.match(cell.source) if cell.cell_type == "markdown" else None
        if opening:
            id = opening["id"]
            found.append(
                Found(
                    id,
                    opening["title"],
                    opening["kind"],
                    opening["text"].strip(),
                    place,
                    _marked(notebook, STUB_TAG, id),
                    _marked(notebook, SOLUTION_TAG, id),
                )
            )
    return found


def first_code(notebook: NotebookNode, *, besides: str = "setup-elsewhere") -> str:
    """Source of the first code cell that is the chapter's own: its imports."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and besides not in cell.metadata.get("tags", []):
            return str(cell.source)
    return ""


def kept(stub: str) -> list[str]:
    """Lines of a stub that its solution must hold as well: all but the ``raise``."""
    return [
        line for line in stub.splitlines() if line.strip() and not line.strip().startswith(RAISE)
    ]


def added(stub: str, solution: str) -> list[str]:
    """Lines of a solution that its stub does not hold: what the reader is to write."""
    rest = iter(kept(stub))
    waiting = next(rest, None)
    new = []
    for line in solution.splitlines():
        if line == waiting:
            waiting = next(rest, None)
        elif line.strip():
            new.append(line)
    return new


def exercise_faults(notebook: NotebookNode) -> Iterator[str]:
    """Everything that keeps an exercise from being served, checked and solved.

    Yields
    ------
    str
        One line a fault: the exercise or the cell (counted from 0) and what is wrong.
    """
    found = exercises(notebook)
    cells = notebook.cells
    ids = [one.id for one in found]
    yield from (f"exercise {id} is there twice" for id in sorted({*ids}) if ids.count(id) > 1)
    held = {place for one in found for place in range(one.first, one.first + 6)}
    for place, cell in enumerate(cells):
        tags = cell.metadata.get("tags", [])
        marked = cell.cell_type == "code" and (STUB_TAG in tags or SOLUTION_TAG in tags)
        if place not in held and (
            marked or (cell.cell_type == "markdown" and DIRECTIVE.search(cell.source))
        ):
            yield f"cell {place} is part of an exercise, but of no six cells as CONTRIBUTING asks"
    for one in found:
        wrong = _shape_fault(one, cells[one.first : one.first + 6])
        faults = [wrong] if wrong else [*_pair_faults(one), *_output_faults(one, cells)]
        yield from (f"exercise {one.id} {fault}" for fault in faults)
    yield from _place_faults(notebook, found)


def _shape_fault(one: Found, cells: list[NotebookNode]) -> str | None:
    """The first of the six cells that is not what it must be."""
    code = {1: STUB_TAG, 4: SOLUTION_TAG}
    fixed = {2: END, 5: SOLUTION_END}
    if one.kind not in KINDS:
        return f"is of the kind {one.kind!r}, not one of {', '.join(KINDS)}"
    for n in range(1, 6):
        if n >= len(cells):
            return f"ends after {n} of its 6 cells"
        cell, source = cells[n], cells[n].source
        if n in code:
            mark = (cell.cell_type, cell.metadata.get("exercise"))
            if mark != ("code", one.id) or code[n] not in cell.metadata.get("tags", []):
                return f"wants its cell {n + 1} to be code, tagged {code[n]} and marked with the id"
        elif cell.cell_type != "markdown":
            return f"wants its cell {n + 1} to be Markdown"
        elif n in fixed and source.strip() != fixed[n]:
            return f"wants its cell {n + 1} to be {fixed[n]!r}"
        elif n == 3 and ((why := WHY.match(source)) is None or why["id"] != one.id):
            return "wants its solution to open with its id, `:class: dropdown` and a reason"
    return None


def _pair_faults(one: Found) -> Iterator[str]:
    """Whether the stub is part of the solution, and asks for what the solution adds."""
    if not one.function:
        yield f'does not end its solution with check("{one.id}", the_function)'
        return
    try:
        stub, solution = (_function(text, one.function) for text in (one.stub, one.solution))
    except SyntaxError as error:
        yield f"holds code that is not Python: {error}"
        return
    if stub is None or solution is None:
        yield f"does not define {one.function} in both its stub and its solution"
        return
    if ast.dump(stub.args) != ast.dump(solution.args):
        yield f"gives {one.function} other arguments in its stub than in its solution"
    raises = [ast.unparse(node) for node in ast.walk(stub) if isinstance(node, ast.Raise)]
    if not any(line.startswith(RAISE) for line in raises):
        yield f"has a stub whose {one.function} has no {RAISE!r}"
    if RAISE in one.solution:
        yield f"has a solution with {RAISE!r}"
    rest = iter(one.solution.splitlines())
    gone = [line for line in kept(one.stub) if line not in rest]
    if gone:
        yield f"has a line in its stub that its solution lacks, or has elsewhere: {gone[0]!r}"
    elif len(added(one.stub, one.solution)) < 2:  # the call of check is one of them
        yield "leaves nothing to write: its stub is the whole solution"


def _output_faults(one: Found, cells: list[NotebookNode]) -> Iterator[str]:
    """A solution that was run shows that it is right, and the stub shows nothing."""
    stub, solution = cells[one.first + 1], cells[one.first + 4]
    if stub.get("outputs"):
        yield "has a stub that prints or shows something"
    shown = [str(output.data.get("text/plain", "")) for output in solution.get("outputs", [])
             if output.output_type == "execute_result"]  # fmt: skip
    if not any(text.startswith(f"{one.id}: Right.") for text in shown):
        yield "has a solution that is not right, or was not run"


def _place_faults(notebook: NotebookNode, found: list[Found]) -> Iterator[str]:
    """Exercises stand in their own section, before the two that close the chapter."""
    titles = [
        (place, line[3:].strip())
        for place, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("## ")
    ]
    starts = [place for place, title in titles if title == "Exercises"]
    if not found:
        if starts:
            yield "has a section of exercises and no exercise"
        return
    if len(starts) != 1 or [title for _, title in titles][-3] != "Exercises":
        yield 'wants its exercises in a section "## Exercises" just before the two closing ones'
        return
    after = min(place for place, _ in titles if place > starts[0])
    outside = [one.id for one in found if not starts[0] <= one.first < after]
    if outside:
        yield f'has exercise {outside[0]} outside the section "## Exercises"'


def _marked(notebook: NotebookNode, tag: str, id: str) -> str:
    """Source of the one code cell with this tag that belongs to exercise `id`; else empty."""
    cells = [
        str(cell.source)
        for cell in notebook.cells
        if cell.cell_type == "code"
        and tag in cell.metadata.get("tags", [])
        and cell.metadata.get("exercise") == id
    ]
    return cells[0] if len(cells) == 1 else ""


def _function(source: str, name: str) -> ast.FunctionDef | None:
    """The function of this name at the top level of `source`."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return statement
    return None

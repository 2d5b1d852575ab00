"""Small chapters with exercises, for the tests of what reads and turns them."""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ID = "network.half-life"
STUB = '''def half_life(f):
    """Steps until half is left."""
    share = 0.5
    raise NotImplementedError'''
SOLUTION = f'''def half_life(f):
    """Steps until half is left."""
    share = 0.5
    return np.log(share) / np.log(f)


check("{ID}", half_life)'''


def right(id: str) -> NotebookNode:
    """What ``check`` shows for a right answer."""
    shown = {"text/plain": f"{id}: Right.", "text/html": "<div>Right.</div>"}
    return new_output("execute_result", shown, execution_count=1)


def code(tag: str, source: str, id: str, *outputs: NotebookNode) -> NotebookNode:
    """A code cell of an exercise."""
    metadata = {"tags": [tag], "exercise": id}
    return new_code_cell(source, metadata=metadata, outputs=list(outputs))


def exercise(
    stub: str = STUB,
    solution: str = SOLUTION,
    *,
    id: str = ID,
    title: str = "Half a memory",
    kind: str = "derive",
    text: str = "Return the number of steps.",
    why: str = "Each step keeps $f$.",
) -> list[NotebookNode]:
    """The six cells of an exercise."""
    return [
        new_markdown_cell(f"```{{exercise-start}} {title} ({kind})\n:label: {id}\n```\n{text}"),
        code("exercise-stub", stub, id),
        new_markdown_cell("```{exercise-end}\n```"),
        new_markdown_cell(f"```{{solution-start}} {id}\n:class: dropdown\n```\n{why}"),
        code("exercise-solution", solution, id, right(id)),
        new_markdown_cell("```{solution-end}\n```"),
    ]


def chapter(*cells: NotebookNode, title: str = "The block") -> NotebookNode:
    """A chapter with these cells in its section of exercises, every code cell numbered."""
    notebook = new_notebook(
        cells=[
            new_markdown_cell(f"# {title}\n\n**Core question.** Why?"),
            new_code_cell("import numpy as np\n\nfrom lstmlab import check"),
            new_markdown_cell("## What it is\n\nA cell."),
            new_markdown_cell("## Exercises"),
            *cells,
            new_markdown_cell("## What the paper says, and what you measured"),
            new_markdown_cell("## Summary"),
        ]
    )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    count = 0
    for n, cell in enumerate(notebook.cells):
        cell.id = f"cell-{n}"
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
    return notebook

"""What a reader sees in a notebook: feedback under the cell, and nothing else."""

from __future__ import annotations

from pathlib import Path

import execute
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

BODIES = {
    "stub": "raise NotImplementedError",
    "raises": "ratio = f / 0\n    return ratio",
    "warns": "return np.log(-f)",
    "exits": "raise SystemExit",
}
CELL = """def half_life(f):
    {body}


check("network.half-life", half_life)"""
SAID = {
    "stub": "Not written yet.",
    "raises": "at `ratio = f / 0`",
    "warns": "is nan (NumPy warned: invalid value encountered in log)",
    "exits": "SystemExit",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NotebookNode]:
    """The cells, each run after the other in one kernel."""
    cells = {name: new_code_cell(CELL.format(body=body)) for name, body in BODIES.items()}
    cells["still there"] = new_code_cell("half_life")
    first = new_code_cell("import numpy as np\n\nfrom lstmlab import check")
    folder: Path = tmp_path_factory.mktemp("kernel")
    execute.run(new_notebook(cells=[first, *cells.values()]), folder)
    return cells


@pytest.mark.parametrize("name", SAID)
def test_a_cell_shows_its_feedback_as_text_and_as_html(
    ran: dict[str, NotebookNode], name: str
) -> None:
    (output,) = ran[name].outputs  # no traceback, nothing on stderr
    assert output.output_type == "execute_result"
    assert output.data["text/plain"].startswith("network.half-life: Not")
    assert SAID[name] in output.data["text/plain"]
    assert 'class="lstmlab-feedback"' in output.data["text/html"]


def test_the_kernel_survives_an_answer_that_exits(ran: dict[str, NotebookNode]) -> None:
    assert ran["still there"].outputs[0].output_type == "execute_result"

"""In a notebook's kernel a cell's figure shows once, and a widget comes in both forms."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient", reason="a notebook cannot be run without nbclient")
nbformat = pytest.importorskip("nbformat", reason="a notebook cannot be made without nbformat")

CELLS = {
    "figure": 'from lstmlab.viewing import draw_block, explore, listen\ndraw_block("CIFG")',
    "widget": 'explore(lambda n: draw_block("V", {"i": n / 2}), alt="A block", n=range(3))',
    "locked widget": """
from lstmlab.viewing import Choice, Predict, Step, Toggle
ask = Predict("Which?", ["this", "that"], answer="that", because="It is.")
widget = explore(
    lambda kind, h, t: (draw_block(kind), f"{kind}, {h}, {t}."),
    predict=ask, kind=Choice(["V", "NP"]), h=Toggle(), t=Step([1, 2]),
)
widget""",
    "unlocked by its button": """
import warnings
from ipywidgets import Button, HTML, RadioButtons, Widget
warnings.simplefilter("ignore")  # the list of all widgets is deprecated
def parts(kind):
    return [part for part in Widget.widgets.values() if isinstance(part, kind)]
(question,) = [part for part in parts(RadioButtons) if part.options[0][0] == "this"]
(show,) = [part for part in parts(Button) if part.description == "Show me"]
(forward,) = [part for part in parts(Button) if part.description == "Next"]
print(show.disabled, forward.disabled)
question.value = 0
print(show.disabled, forward.disabled)
show.click()
forward.click()
print(question.disabled, forward.disabled)
said = [part.value for part in parts(HTML)]
print(sum("You chose: this · What happened: that" in text for text in said))
print(sum("V, False, 2." in text for text in said))""",
    "sound": "import numpy as np\nlisten(np.eye(88)[[50, 50, 60]])",
    "pyplot": "import matplotlib.pyplot",
    "figure after pyplot": 'draw_block("CIFG")',
    "figure not last": 'figure = draw_block("CIFG")\nNone',
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    """What each cell showed: one dictionary by MIME type for each output."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    )
    environment = pytest.MonkeyPatch()
    environment.delenv("MPLBACKEND", raising=False)
    environment.setenv("JUPYTER_PLATFORM_DIRS", "1")
    environment.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    try:
        client = nbclient.NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            resources={"metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}},
        )
        client.execute()
    finally:
        environment.undo()
    return {
        name: [output.get("data", output) for output in cell["outputs"]]
        for name, cell in zip(CELLS, notebook.cells, strict=True)
    }


@pytest.mark.parametrize("name", ["figure", "figure after pyplot"])
def test_a_figure_shows_once(outputs: dict[str, list[dict[str, object]]], name: str) -> None:
    (data,) = outputs[name]
    png = base64.b64decode(str(data["image/png"]))
    assert abs(int.from_bytes(png[16:20], "big") - 1440) < 60  # two pixels a page pixel
    assert set(data) == {"text/plain", "image/png"}
    assert str(data["text/plain"]).startswith("<Figure size 1440x770 with 1 Axes")


@pytest.mark.parametrize("name", ["pyplot", "figure not last"])
def test_a_figure_that_is_not_asked_for_does_not_show(
    outputs: dict[str, list[dict[str, object]]], name: str
) -> None:
    assert outputs[name] == []


def test_a_widget_has_its_live_and_its_page_form(
    outputs: dict[str, list[dict[str, object]]],
) -> None:
    (data,) = outputs["widget"]
    assert set(data) == {
        "text/plain", "text/html", "application/vnd.jupyter.widget-view+json",
    }  # fmt: skip
    assert data["text/plain"] == "Explorer(n: 3 values; 3 frames)"


def test_a_locked_widget_is_unlocked_in_the_kernel(
    outputs: dict[str, list[dict[str, object]]],
) -> None:
    (data,) = outputs["locked widget"]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == (
        "Explorer(kind: choice of 2, h: off or on, t: 2 steps; 8 frames; predict first)"
    )
    (printed,) = outputs["unlocked by its button"]
    assert str(printed["text"]).split("\n") == [
        "True True", "False True", "True False", "1", "1", "",
    ]  # fmt: skip


def test_a_sound_shows_its_player(outputs: dict[str, list[dict[str, object]]]) -> None:
    (data,) = outputs["sound"]
    assert "<audio controls" in str(data["text/html"])

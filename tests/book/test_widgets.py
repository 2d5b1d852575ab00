"""A stored widget with a control that leaves something as it was is refused, and named."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lstmlab.viewing import Choice, Figure, Slider, Step, Toggle, explore
from lstmlab.viewing.controls import Control

from .pages import ROOT

import notebooks  # isort: skip  (tools/ is on the path by now)
from widgets import FIGURE, widget_faults, widgets  # isort: skip

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
SLIDER = Slider([1, 2, 3], label="units <N>")
ALL = {
    "slider": SLIDER,
    "choice": Choice(["V & W", "NP", "CIFG"], label="units <N>"),
    "step": Step([1, 2, 3], label="units <N>"),
}


def picture(height: float) -> Figure:
    """A small figure in which one bar has a height."""
    figure = Figure(figsize=(1.0, 0.5))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(-1, 1), ylim=(0, 8))
    axes.bar([0.0], [height])
    return figure


def shown(control: Control, heights: list[float], sentences: list[str]) -> str:
    """The stored form of a widget with one control, whose values show these."""
    at = dict(zip(control.values, zip(heights, sentences, strict=True), strict=True))

    def draw(one: object) -> tuple[Figure, str]:
        height, sentence = at[one]  # type: ignore[index]
        return picture(height), sentence

    return explore(draw, one=control).html


@pytest.mark.parametrize("control", ALL.values(), ids=ALL)
def test_a_control_that_moves_picture_and_sentence_is_no_fault(control: Control) -> None:
    html = shown(control, [1, 2, 3], ["One.", "Two.", "Three."])
    (widget,) = widgets(html)
    assert widget.names == ["units <N>"]
    assert widget.shown == [[*control.shown]]
    assert list(widget_faults(html)) == []


@pytest.mark.parametrize("control", ALL.values(), ids=ALL)
@pytest.mark.parametrize(
    ("heights", "sentences", "places", "still"),
    [
        ([1, 1, 3], ["One.", "Two.", "Three."], [1], "picture"),
        ([1, 2, 1], ["One.", "Two.", "Three."], [2], "picture"),
        ([1, 2, 3], ["One.", "One.", "Three."], [1], "sentence"),
        ([1, 2, 3], ["One.", "Two.", "One."], [2], "sentence"),
        ([1, 1, 1], ["One.", "One.", "One."], [1, 2], "picture and sentence"),
    ],
    ids=["picture, next", "picture, last", "sentence, next", "sentence, last", "everything"],
)
def test_what_a_control_leaves_as_it_was_is_named(
    control: Control, heights: list[float], sentences: list[str], places: list[int], still: str
) -> None:
    texts = control.shown
    assert list(widget_faults(shown(control, heights, sentences))) == [
        f"shows a widget where moving 'units <N>' from {texts[0]} to {texts[n]} "
        f"leaves its {still} as it was"
        for n in places
    ]


def test_of_several_controls_the_one_that_is_stuck_is_named() -> None:
    """It is stuck where the other one starts, and moves elsewhere."""

    def draw(units: int, bias: bool) -> tuple[Figure, str]:
        high = 1 + units + 4 * (bias and units > 1)
        return picture(high), f"A bar of {high}."

    def found(start: int) -> list[str]:
        units = Slider([1, 2, 3], start=start)
        moved = explore(draw, units=units, bias=Toggle(label="bias", texts=("without", "with")))
        assert [widget.names for widget in widgets(moved.html)] == [["units", "bias"]]
        return [*widget_faults(moved.html)]

    assert found(start=2) == found(start=3) == []
    (fault,) = found(start=1)
    assert "moving 'bias' from without to with leaves its picture and sentence" in fault


def test_every_widget_of_an_output_is_looked_at() -> None:
    moves = shown(SLIDER, [1, 2, 3], ["One.", "Two.", "Three."])
    stuck = shown(SLIDER, [1, 2, 3], ["One.", "One.", "Three."])
    for html, count in ((moves + stuck, 1), (stuck + moves, 1), (stuck + stuck, 2)):
        assert len(list(widget_faults(f"<div>{html}</div>"))) == count
    assert list(widget_faults("<p>No widget.</p><label>Nothing</label>")) == []


@pytest.mark.parametrize("part", ["data-control", "application/json"])
def test_a_widget_that_cannot_be_read_is_no_sound_widget(part: str) -> None:
    html = shown(SLIDER, [1, 2, 3], ["One.", "Two.", "Three."])
    (fault,) = widget_faults(html.replace(f'"{part}"', '"x"').replace(f"{part}=", "x="))
    assert "shows a widget of " in fault


def test_a_stored_notebook_with_a_stuck_control_is_refused() -> None:
    sentences = [f"The bar is as high as {n} of eight." for n in ("one", "two", "three")]
    html = shown(SLIDER, [1, 1, 3], sentences)
    cell = new_code_cell("explore(draw)", execution_count=1)
    cell.outputs = [new_output("execute_result", {"text/html": html}, execution_count=1)]
    notebook = new_notebook(cells=[cell], metadata=KERNEL)
    (fault,) = notebooks.faults(notebook)
    assert fault.startswith("cell 0 shows a widget where moving 'units <N>' from 1 to 2 leaves")


def test_every_widget_of_the_chapters_is_read() -> None:
    """What reads them finds as many as the chapters hold, each with its controls."""
    for path in notebooks.chapters(ROOT / "book"):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                html = notebooks.joined(output.get("data", {}).get("text/html", ""))
                held = widgets(html)
                assert len(held) == html.count(f'<figure class="{FIGURE}"')
                assert all(1 <= len(widget.names) == len(widget.start) <= 3 for widget in held)

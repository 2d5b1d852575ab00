"""With a kernel a widget has its live twin: the same controls, words and lock."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from lstmlab.viewing import Choice, Explorer, Predict, Slider, Step, Toggle, explore

from .test_explore import bar, said

widgets = pytest.importorskip("ipywidgets", reason="the live form needs ipywidgets")

Live = Callable[[Explorer], list]  # type: ignore[type-arg]
ASK = Predict("How <high>?", ["low", "high & up"], answer="high & up", because="It is < 1.")


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Live:
    """Shows an explorer as in a kernel, and returns what its outermost box holds."""
    made: list[object] = []

    class Box(widgets.VBox):  # type: ignore[misc, name-defined]
        def __init__(self, children: list[object]) -> None:
            super().__init__(children)
            made.append(self)

    monkeypatch.setattr("lstmlab.viewing.explorer.has_kernel", lambda: True)
    monkeypatch.setattr(widgets, "VBox", Box)

    def show(explorer: Explorer) -> list:  # type: ignore[type-arg]
        bundle = explorer._repr_mimebundle_()
        assert set(bundle) == {
            "text/plain", "text/html", "application/vnd.jupyter.widget-view+json",
        }  # fmt: skip
        return [*made[-1].children]  # type: ignore[attr-defined]

    return show


def test_sliders_move_the_picture_its_description_and_its_sentence(live: Live) -> None:
    two = explore(
        said,
        alt=lambda height, color: f"A bar of height {height} in {color}",
        height=Slider([0.1, 0.5, 0.9], start=0.5, format=".1f"),
        color=Slider(["#0072b2", "#009e73"], label="colour of the bar", start="#009e73"),
    )
    height, color, view = live(two)
    assert [slider.description for slider in (height, color)] == ["height", "colour of the bar"]
    assert [slider.label for slider in (height, color)] == ["0.5", "#009e73"]
    assert not height.disabled
    assert two.says[two.start] in view.value
    height.value = 2
    for part in (two.frames[0.9, "#009e73"].url, two.says[0.9, "#009e73"], two.alt[0.9, "#009e73"]):
        assert part in view.value


def test_every_kind_of_control_moves_the_picture(live: Live) -> None:
    widget = explore(
        lambda variant, h, t: (bar(0.1 * t), f"{variant}, {'with' if h else 'without'} h, {t}."),
        variant=Choice(["V", "NP"]),
        h=Toggle(label="output activation", texts=("cut", "in place")),
        t=Step([3, 6, 7], label="step"),
    )
    variant, toggle, step, view = live(widget)
    assert variant.description == "variant"
    assert "V, without h, 3." in view.value
    variant.value = 1
    assert "NP, without h, 3." in view.value
    box, says = toggle.children
    assert (box.description, says.value) == ("output activation", "cut")
    box.value = True
    assert "NP, with h, 3." in view.value
    assert says.value == "in place"
    name, back, forward, says = step.children
    assert [name.value, back.description, forward.description] == ["step", "Back", "Next"]
    for button, sentence, place in (
        (back, "NP, with h, 3.", "3 (1 of 3)"),
        (forward, "NP, with h, 6.", "6 (2 of 3)"),
        (forward, "NP, with h, 7.", "7 (3 of 3)"),
        (forward, "NP, with h, 7.", "7 (3 of 3)"),
        (back, "NP, with h, 6.", "6 (2 of 3)"),
    ):
        button.click()
        assert sentence in view.value
        assert says.value == place


def test_a_question_locks_the_controls_until_an_answer_is_chosen(live: Live) -> None:
    widget = explore(said, predict=ASK, height=Step([0.2, 0.4]), color=Choice(["red", "blue"]))
    question, step, color, view = live(widget)
    asked, options, button, verdict = question.children
    inputs = [*step.children[1:3], color]
    assert "How &lt;high&gt;?" in asked.value
    assert [text for text, _ in options.options] == [*ASK.options]
    assert options.value is None
    assert button.disabled
    assert verdict.value == ""
    assert all(one.disabled for one in inputs)
    assert "Choose an answer to see what happens." in view.value
    assert widget.frames[widget.start].url not in view.value
    button.click()  # nothing is chosen yet
    assert all(one.disabled for one in inputs)
    options.value = 0
    assert not button.disabled
    assert all(one.disabled for one in inputs)
    assert "Choose an answer" in view.value
    button.click()
    assert "It comes out differently." in verdict.value
    assert "You chose: low · What happened: high &amp; up" in verdict.value
    assert "It is &lt; 1." in verdict.value
    assert options.disabled
    assert not any(one.disabled for one in inputs)
    assert widget.frames[widget.start].url in view.value
    step.children[2].click()
    assert widget.says[0.4, "red"] in view.value


def test_a_picture_that_is_part_of_the_question_shows_and_stays_locked(live: Live) -> None:
    ask = Predict("How high?", ["low", "high"], answer="high", because="It is.", show=True)
    widget = explore(said, predict=ask, height=[0.2, 0.4])
    question, slider, view = live(widget)
    assert slider.disabled
    assert widget.frames[widget.start].url in view.value
    assert "controls unlock when you have chosen" in question.children[3].value
    question.children[1].value = 1
    question.children[2].click()
    assert not slider.disabled
    assert "As you predicted." in question.children[3].value
    assert "controls unlock" not in question.children[3].value


def test_a_process_without_ipython_has_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    from lstmlab.viewing.live import has_kernel

    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not has_kernel()

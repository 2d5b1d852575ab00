"""A control holds different values, each with its own text, and refuses anything else."""

from __future__ import annotations

import numpy as np
import pytest

from lstmlab.viewing import Choice, Control, Explorer, Slider, Step, Toggle, explore

from .test_explore import bar, said

ROWS: list[type[Control]] = [Slider, Choice, Step]
rows = pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)


@rows
def test_a_control_keeps_its_values_and_writes_them(kind: type[Control]) -> None:
    control = kind(np.array([-0.5, 0.25]), start=0.25, format=".1f", label="a weight")
    assert control.values == (-0.5, 0.25)
    assert control.texts == ("−0.5", "0.2")
    assert control.start == 1
    assert control.named("w") == "a weight"
    assert kind([1, 2]).named("forget_bias") == "forget bias"


def test_a_toggle_is_off_or_on() -> None:
    toggle = Toggle()
    assert toggle.values == (False, True)
    assert toggle.start == 0
    assert toggle.texts == toggle.shown == ("off", "on")
    cut = Toggle(label="peepholes", start=True, texts=("cut", "in place"))
    assert (cut.start, cut.texts) == (1, ("cut", "in place"))


def test_a_step_says_how_far_along_it_is() -> None:
    assert Step(range(1, 4)).shown == ("1 of 3", "2 of 3", "3 of 3")
    assert Step([0.1, 0.5]).shown == ("0.1 (1 of 2)", "0.5 (2 of 2)")
    assert Step(["V", "NP"]).texts == ("V", "NP")


@rows
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([np.zeros(2), np.ones(2)], r"must be numbers, texts .* got array\(\[0\., 0\.\]\)"),
        (np.zeros((2, 1)), r"must be numbers, texts .* got array\(\[0\.\]\)"),
        ([[1], [2]], r"must be numbers, texts .* got \[1\]"),
        ([(1, [2]), (3, [4])], r"must be numbers, texts .* got \(1, \[2\]\)"),
        (5, "must be a list or a range, got 5"),
        (None, "must be a list or a range, got None"),
        (np.array(3.0), "must be a list or a range, got array"),
        ([1], r"must be two or more different values, got \(1,\)"),
        ([1, 2, 1], r"must be two or more different values, got \(1, 2, 1\)"),
    ],
)
def test_values_that_no_control_can_stand_at_are_refused(
    kind: type[Control], values: object, message: str
) -> None:
    with pytest.raises(ValueError, match=f"values of a {kind.__name__.lower()} {message}"):
        kind(values)  # type: ignore[arg-type]


@rows
def test_what_a_control_cannot_say_or_start_at_is_refused(kind: type[Control]) -> None:
    name = kind.__name__.lower()
    with pytest.raises(ValueError, match=f"start must be one of the {name}'s values, got 5"):
        kind([1, 2], start=5)
    with pytest.raises(ValueError, match=f"start of a {name} must be numbers, texts"):
        kind([1, 2], start=np.array([1, 2]))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"label of a {name} must be a text, got ' '"):
        kind([1, 2], label=" ")
    with pytest.raises(ValueError, match=r"format must write different values.* got 0\.1, 0\.1"):
        kind([0.11, 0.12], format=".1f")
    with pytest.raises(ValueError, match="format must return a text, got None for 1"):
        kind([1, 2], format=lambda value: None)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"start": 1}, "start of a toggle must be True or False, got 1"),
        ({"texts": "no"}, "texts must be what off and on are called, got 'no'"),
        ({"texts": ("off",)}, "texts must be what off and on are called"),
        ({"texts": ("off", "")}, "texts must be what off and on are called"),
        ({"texts": ("on", "on")}, "format must write different values differently, got on, on"),
        ({"label": ""}, "label of a toggle must be a text, got ''"),
    ],
)
def test_what_no_toggle_can_be_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Toggle(**given)  # type: ignore[arg-type]


def test_draw_gets_the_values_whatever_the_control() -> None:
    seen: list[tuple[object, ...]] = []

    def draw(gate: str, peepholes: bool, t: int) -> tuple[object, str]:
        seen.append((gate, peepholes, t))
        return bar(0.5), f"{gate}, {peepholes}, {t}."

    widget = explore(
        draw,  # type: ignore[arg-type]
        gate=Choice(["i", "f"]), peepholes=Toggle(start=True), t=Step([1, 2]),
    )  # fmt: skip
    assert seen == [(g, p, t) for g in "if" for p in (False, True) for t in (1, 2)]
    assert [*widget.frames] == seen
    assert widget.start == ("i", True, 1)


def test_the_text_form_names_every_control() -> None:
    def shown(**controls: Control) -> str:
        widget: Explorer = explore(lambda **_: bar(0.5), alt="A bar", **controls)
        return str(widget._repr_mimebundle_()["text/plain"])

    assert shown(f=Slider([1, 2, 3])) == "Explorer(f: 3 values; 3 frames)"
    assert shown(variant=Choice(["V", "NP"])) == "Explorer(variant: choice of 2; 2 frames)"
    assert (
        shown(h=Toggle(texts=("cut", "in place")), t=Step(range(4)))
        == "Explorer(h: cut or in place, t: 4 steps; 8 frames)"
    )


def test_controls_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="label must tell the controls apart, got a bar, a bar"):
        explore(said, height=Slider([0.1, 0.2], label="a bar"), color=Toggle(label="a bar"))

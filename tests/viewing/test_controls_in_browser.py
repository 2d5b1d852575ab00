"""Every kind of control moves its picture by keyboard, on a plain page opened from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lstmlab.viewing import Choice, Explorer, Figure, Predict, Slider, Step, Toggle, explore

from .conftest import Show
from .test_explore import bar, said

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def three(variant: str, h: bool, t: int) -> tuple[Figure, str]:
    height = 0.1 * t + 0.05 * h + (0.02 if variant == "NP" else 0.0)
    return bar(height), f"{variant}, h {'on' if h else 'off'}, step {t}."


@pytest.fixture(scope="module")
def kinds() -> Explorer:
    """A choice, a toggle and a step."""
    return explore(
        three,
        variant=Choice(["V", "NP", "FGR"], start="NP"),
        h=Toggle(label="output activation"),
        t=Step([3, 6, 7], label="step, t"),
    )


def _seen(figure: Locator) -> tuple[str, str, str]:
    picture = figure.locator("img")
    return (
        picture.get_attribute("src") or "",
        picture.get_attribute("alt") or "",
        figure.locator("figcaption").inner_text(),
    )


def _expected(widget: Explorer, *key: object) -> tuple[str, str, str]:
    return widget.frames[key].url, widget.alt[key], widget.says[key]


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.outerHTML"))


def test_a_choice_moves_by_arrow_keys(show: Show, kinds: Explorer) -> None:
    page = show(kinds)
    figure = page.locator("figure")
    radios = figure.get_by_role("group", name="variant").get_by_role("radio")
    assert radios.count() == 3
    assert _seen(figure) == _expected(kinds, "NP", False, 3)
    radios.nth(1).focus()
    for key, variant in (("ArrowRight", "FGR"), ("ArrowLeft", "NP"), ("ArrowUp", "V")):
        page.keyboard.press(key)
        assert _seen(figure) == _expected(kinds, variant, False, 3)
        assert figure.get_by_role("radio", name=variant, exact=True).is_checked()


def test_a_toggle_moves_by_the_space_bar(show: Show, kinds: Explorer) -> None:
    page = show(kinds)
    figure = page.locator("figure")
    box = figure.get_by_role("checkbox", name="output activation")
    says = figure.locator("output").nth(0)
    assert says.inner_text() == "off"
    for state, text in ((True, "on"), (False, "off")):
        box.press("Space")
        assert _seen(figure) == _expected(kinds, "NP", state, 3)
        assert (box.is_checked(), says.inner_text()) == (state, text)
    assert box.get_attribute("aria-describedby") == says.get_attribute("id")


def test_steps_go_back_and_forth_and_keep_the_focus_at_their_ends(
    show: Show, kinds: Explorer
) -> None:
    page = show(kinds)
    figure = page.locator("figure")
    steps = figure.get_by_role("group", name="step, t")
    back, forward = (steps.get_by_role("button", name=name) for name in ("Back", "Next"))
    says = steps.locator("output")

    def ends() -> tuple[str | None, str | None]:
        return back.get_attribute("aria-disabled"), forward.get_attribute("aria-disabled")

    assert ends() == ("true", "false")
    forward.focus()
    for key, t, text, at_ends in (
        ("Enter", 6, "6 (2 of 3)", ("false", "false")),
        ("Space", 7, "7 (3 of 3)", ("false", "true")),
        ("Enter", 7, "7 (3 of 3)", ("false", "true")),
        ("ArrowLeft", 6, "6 (2 of 3)", ("false", "false")),
        ("Home", 3, "3 (1 of 3)", ("true", "false")),
        ("ArrowLeft", 3, "3 (1 of 3)", ("true", "false")),
        ("End", 7, "7 (3 of 3)", ("false", "true")),
    ):
        page.keyboard.press(key)
        assert _seen(figure) == _expected(kinds, "NP", False, t)
        assert says.inner_text() == text
        assert ends() == at_ends
        assert "Next" in _focused(page)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert _seen(figure) == _expected(kinds, "NP", False, 6)
    page.keyboard.press("Alt+ArrowRight")  # the browser's own key
    assert _seen(figure) == _expected(kinds, "NP", False, 6)


def test_two_copies_on_a_page_move_alone(show: Show, kinds: Explorer) -> None:
    page = show(kinds, kinds)
    first, second = page.locator("figure").all()
    for figure in (first, second):  # the same radio buttons twice, and each group has its start
        assert figure.get_by_role("radio", name="NP").is_checked()
    second.get_by_role("radio", name="FGR").check()
    second.get_by_role("checkbox").check()
    second.get_by_role("button", name="Next").click()
    assert _seen(first) == _expected(kinds, "NP", False, 3)
    assert _seen(second) == _expected(kinds, "FGR", True, 6)
    assert first.get_by_role("radio", name="NP").is_checked()
    names = page.locator("[role=group]").evaluate_all(
        "all => all.map(e => document.getElementById(e.getAttribute('aria-labelledby')))"
        ".map((name, n) => name.closest('figure') === document.querySelectorAll('figure')[n])"
    )
    assert names == [True, True]
    ids = page.locator("[id]").evaluate_all("all => all.map(e => e.id)")
    assert len(set(ids)) == len(ids)


def test_a_telephone_needs_no_sideways_scrolling(show: Show, kinds: Explorer) -> None:
    nine = ["V", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP", "FGR"]
    wide = explore(
        said,
        predict=Predict(
            "Which of all the things that could happen does happen?",
            ["an answer of many words that has to be broken", "no"], answer="no", because="No.",
        ),
        height=Slider([0.2, 0.4], label="a label that is long"),
    )  # fmt: skip
    many = explore(lambda variant: bar(0.5), alt="A bar", variant=Choice(nine))
    page = show(kinds, wide, many, viewport={"width": 320, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

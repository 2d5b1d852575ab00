"""A question locks its widget until it is answered, on a plain page opened from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lstmlab.viewing import Explorer, Predict, Slider, Step, explore

from .conftest import Show
from .test_explore import said

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ASK = Predict(
    "How high is the bar?", ["low", "half", "high"], answer="half", because="It starts at 0.5."
)
SHOWN = Predict("Which way?", ["up", "down"], answer="up", because="It grows.", show=True)


@pytest.fixture(scope="module")
def locked() -> Explorer:
    return explore(said, predict=ASK, height=Slider([0.1, 0.5, 0.9], start=0.5))


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


def _question(figure: Locator) -> tuple[Locator, Locator, Locator]:
    """The options, the button and the verdict of a locked figure."""
    question = figure.locator(".lstmlab-explore-predict")
    return (
        question.get_by_role("radio"),
        question.get_by_role("button"),
        question.locator("[role=status]"),
    )


def test_until_an_answer_is_chosen_the_picture_is_hidden_and_nothing_moves(
    show: Show, locked: Explorer
) -> None:
    page = show(locked)
    figure = page.locator("figure")
    options, button, verdict = _question(figure)
    assert figure.get_attribute("data-locked") == "all"
    assert figure.get_by_role("slider").is_disabled()
    assert not figure.locator("img").is_visible()
    assert not figure.locator("figcaption").is_visible()
    waiting = figure.get_by_text("Choose an answer to see what happens.")
    assert waiting.is_visible()
    assert waiting.bounding_box() == figure.locator("img").bounding_box()
    assert verdict.inner_text() == ""
    assert button.is_disabled()
    assert figure.get_by_role("group", name="Predict. How high is the bar?").count() == 1
    options.nth(0).focus()
    page.keyboard.press("Space")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert figure.get_attribute("data-locked") == "all"
        assert verdict.inner_text() == ""
        assert button.is_enabled()


@pytest.mark.parametrize(
    ("downs", "word", "chosen"),
    [
        (0, "✗ It comes out differently.", "low"),
        (1, "✓ As you predicted.", "half"),
        (2, "✗ It comes out differently.", "high"),
    ],
)
def test_the_choice_is_shown_beside_what_happened_and_the_controls_unlock(
    show: Show, locked: Explorer, downs: int, word: str, chosen: str
) -> None:
    page = show(locked)
    figure = page.locator("figure")
    options, button, verdict = _question(figure)
    size = figure.locator("img").bounding_box()
    page.get_by_text("before").focus()
    page.keyboard.press("Tab")  # into the question
    page.keyboard.press("Space")
    for _ in range(downs):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert figure.get_attribute("data-locked") is None
    line = f"You chose: {chosen} · What happened: half"
    assert verdict.inner_text().split() == f"{word} {line} It starts at 0.5.".split()
    assert verdict.is_visible()
    assert [option.is_disabled() for option in options.all()] == [True] * 3
    assert options.nth(downs).is_checked()
    assert not figure.get_by_text("Choose an answer").is_visible()
    assert not button.is_visible()
    assert 'type="range"' in _focused(page)
    assert _seen(figure) == _expected(locked, 0.5)
    assert figure.locator("img").is_visible()
    now = figure.locator("img").bounding_box()
    assert size
    assert now
    assert (now["width"], now["height"]) == (size["width"], size["height"])
    page.keyboard.press("ArrowRight")
    assert _seen(figure) == _expected(locked, 0.9)


def test_a_reader_who_does_not_answer_is_not_trapped(show: Show, locked: Explorer) -> None:
    page = show(locked)
    page.get_by_text("before").focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    assert "after" in _focused(page)


def test_the_lock_is_back_after_a_reload(show: Show, locked: Explorer) -> None:
    page = show(locked)
    figure = page.locator("figure")
    options, button, verdict = _question(figure)
    options.nth(1).check()
    button.click()
    assert figure.get_attribute("data-locked") is None
    page.reload()
    assert figure.get_attribute("data-locked") == "all"
    assert not options.nth(1).is_checked()
    assert button.is_disabled()
    assert verdict.inner_text() == ""


def test_a_picture_that_is_part_of_the_question_is_seen_before_it_moves(show: Show) -> None:
    widget = explore(said, predict=SHOWN, height=Step([0.2, 0.4]))
    page = show(widget)
    figure = page.locator("figure")
    options, button, verdict = _question(figure)
    assert figure.get_attribute("data-locked") == "controls"
    assert figure.locator("img").is_visible()
    assert _seen(figure) == _expected(widget, 0.2)
    forward = figure.get_by_role("button", name="Next")
    assert forward.is_disabled()
    hint = figure.get_by_text("The controls unlock when you have chosen an answer.")
    assert hint.is_visible()
    options.nth(0).check()
    button.click()
    assert not hint.is_visible()
    assert "As you predicted." in verdict.inner_text()
    assert "Next" in _focused(page)  # Back has nowhere to go
    page.keyboard.press("Enter")
    assert _seen(figure) == _expected(widget, 0.4)


def test_two_locked_copies_unlock_alone(show: Show, locked: Explorer) -> None:
    page = show(locked, locked)
    first, second = page.locator("figure").all()
    _question(first)[0].nth(0).check()
    options, button, _ = _question(second)
    options.nth(1).check()
    assert _question(first)[0].nth(0).is_checked()
    button.click()
    assert first.get_attribute("data-locked") == "all"
    assert second.get_attribute("data-locked") is None


def test_the_picture_is_hidden_before_the_page_is_fully_read(show: Show, locked: Explorer) -> None:
    """The script that moves things runs when the whole page is there; the lock does not wait."""
    unmoved = locked.html.replace('type="module"', 'type="text/plain"')
    figure = show(unmoved).locator("figure")
    assert figure.get_attribute("data-ready") is None
    assert figure.get_attribute("data-locked") == "all"
    assert not figure.locator("img").is_visible()


def test_on_paper_a_locked_figure_shows_its_picture(show: Show, locked: Explorer) -> None:
    page = show(locked)
    page.emulate_media(media="print")
    figure = page.locator("figure")
    assert figure.locator("img").is_visible()
    assert figure.locator("figcaption").is_visible()
    assert not figure.get_by_text("Choose an answer").is_visible()
    assert not figure.get_by_role("button", name="Show me").is_visible()


def test_without_javascript_a_locked_figure_shows_its_start_and_folds_the_answer(
    show: Show, locked: Explorer
) -> None:
    page = show(locked, java_script_enabled=False)
    figure = page.locator("figure")
    assert figure.locator("img").is_visible()
    assert figure.locator("figcaption").is_visible()
    assert not figure.get_by_text("Choose an answer").is_visible()
    answer, because = figure.locator("details p").all()
    assert (answer.text_content(), because.text_content()) == (ASK.answer, ASK.because)
    assert not answer.is_visible()
    figure.locator("summary").press("Enter")
    answer.wait_for(state="visible")
    assert because.is_visible()
    for part in page.locator("input, button").all():
        assert part.is_disabled()

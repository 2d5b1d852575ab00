"""A widget moves on a plain page opened from a file: by keyboard, twice on a page, and offline."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from lstmlab.viewing import Explorer, Slider, explore
from lstmlab.viewing.frames import Frame

from .test_explore import said

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page


@pytest.fixture(scope="module")
def widget() -> Explorer:
    return explore(
        said,
        alt=lambda height, color: f"A bar of height {height} in {color}",
        height=Slider([0.1, 0.5, 0.9], start=0.5),
        color=Slider(["#0072b2", "#009e73"], label="colour"),
    )


@pytest.fixture
def file(widget: Explorer, tmp_path: Path) -> Path:
    """A page with the widget twice and another one."""
    other = explore(said, alt="A bar", height=[0.2, 0.4])
    path = tmp_path / "page.html"
    body = "\n".join([widget.html, widget.html, other.html])
    path.write_text(
        "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Widgets</title><body>{body}</body>",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """The page, open; afterwards nothing must have gone wrong or been asked for."""
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.locator("figure[data-ready]").nth(2).wait_for()
    yield page
    page.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith(("data:", file.as_uri()))] == []


def _state(figure: Locator) -> tuple[str, str, str, list[str]]:
    picture = figure.locator("img")
    return (
        picture.get_attribute("src") or "",
        picture.get_attribute("alt") or "",
        figure.locator("figcaption").inner_text(),
        figure.locator("output").all_inner_texts(),
    )


def _expected(widget: Explorer, *key: float | str) -> tuple[str, str, str, list[str]]:
    texts = [f"{value:.4g}" if isinstance(value, float) else value for value in key]
    return widget.frames[key].url, widget.alt[key], widget.says[key], texts


def test_keys_move_the_slider_and_all_that_belongs_to_it(page: Page, widget: Explorer) -> None:
    figure = page.locator("figure").nth(0)
    height, color = figure.locator("input").all()
    assert _state(figure) == _expected(widget, 0.5, "#0072b2")
    for key, values in (
        ("ArrowRight", (0.9, "#0072b2")),
        ("Home", (0.1, "#0072b2")),
        ("End", (0.9, "#0072b2")),
        ("ArrowLeft", (0.5, "#0072b2")),
    ):
        height.press(key)
        assert _state(figure) == _expected(widget, *values)
    color.press("ArrowRight")
    assert _state(figure) == _expected(widget, 0.5, "#009e73")
    assert color.get_attribute("aria-valuetext") == "#009e73"


def test_an_overlay_looks_like_the_whole_picture(page: Page, widget: Explorer) -> None:
    assert not widget.frames[0.9, "#0072b2"].whole
    whole = io.BytesIO()
    widget.picture(0.9, "#0072b2").save(whole, format="PNG")
    figure = page.locator("figure").nth(0)
    figure.locator("input").nth(0).press("End")
    picture = figure.locator("img")

    def pixels() -> np.ndarray:
        picture.evaluate("picture => picture.decode()")
        return np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("RGB")).astype(int)

    seen = pixels()
    plain = Frame(whole.getvalue(), "image/png", (400, 200), whole=True)
    picture.evaluate("(picture, url) => { picture.src = url; }", plain.url)
    assert np.abs(seen - pixels()).max() <= 8
    picture.evaluate("(picture, url) => { picture.src = url; }", widget.frames[0.5, "#0072b2"].url)
    assert np.abs(seen - pixels()).max() > 100


def test_a_second_copy_on_the_page_moves_alone(page: Page, widget: Explorer) -> None:
    first, second = page.locator("figure").nth(0), page.locator("figure").nth(1)
    second.locator("input").nth(0).press("End")
    assert _state(first) == _expected(widget, 0.5, "#0072b2")
    assert _state(second) == _expected(widget, 0.9, "#0072b2")


def test_every_slider_has_its_own_name_and_value(page: Page) -> None:
    ids = [slider.get_attribute("id") for slider in page.locator("input").all()]
    assert len(set(ids)) == len(ids) == 5
    for number, names in enumerate((["height", "colour"], ["height", "colour"], ["height"])):
        figure = page.locator("figure").nth(number)
        for name in names:
            slider = figure.get_by_role("slider", name=re.compile(f"^{name}$"))
            assert slider.count() == 1
            slider.press("End")
            ident = slider.get_attribute("id")
            value = figure.locator(f'output[for="{ident}"]').inner_text()
            assert value == slider.get_attribute("aria-valuetext")


def test_a_telephone_needs_no_sideways_scrolling(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_without_javascript_the_start_is_shown(
    browser: Browser, file: Path, widget: Explorer
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    figure = page.locator("figure").nth(0)
    assert _state(figure) == _expected(widget, 0.5, "#0072b2")
    assert figure.locator("input").nth(0).is_disabled()
    assert "need JavaScript" in figure.inner_text()
    context.close()

"""A trace and a piano roll to draw, and a browser to show widgets in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from lstmlab.cells import Trace, forward, init_params
from lstmlab.viewing import Explorer

from ..book.browser import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Show = Callable[..., "Page"]


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Ten blocks over 20 steps of a batch of three sequences, with weights of standard size 0.7."""
    rng = np.random.default_rng(3)
    params = init_params("V", 4, 10, rng=rng, std=0.7)
    return forward(params, rng.normal(size=(20, 3, 4)), "V")


@pytest.fixture
def roll() -> NDArray[np.float64]:
    """Eight frames: C4 (MIDI 60) held for four and struck again, E4 (64) in the last two."""
    roll = np.zeros((8, 88))
    roll[[0, 1, 2, 3, 6], 60 - 21] = 1.0
    roll[6:, 64 - 21] = 1.0
    return roll


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started  # type: ignore[misc]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Opens widgets (or their HTML) as a page from a file; none may log an error."""
    pages: list[Page] = []
    wrong: list[str] = []

    def opened(*widgets: Explorer | str, **context: object) -> Page:
        path = tmp_path / f"page-{len(pages)}.html"
        body = "\n".join(w if isinstance(w, str) else w.html for w in widgets)
        path.write_text(
            "<!doctype html><html lang=en><meta charset=utf-8>"
            "<meta name=viewport content='width=device-width'><title>Widgets</title>"
            f"<body><a href='#'>before</a>{body}<a href='#'>after</a></body></html>",
            encoding="utf-8",
        )
        page = browser.new_page(**context)  # type: ignore[arg-type]
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()
    assert wrong == []

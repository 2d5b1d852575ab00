"""Every chapter as a reader meets it: in a browser, from a server and from a file, offline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .browser import chromium, server
from .explorables import CONTROL, FIGURE, QUESTION, controls, lock_faults, stuck, unlock
from .pages import BUILT, require_built, toc_files

from notebooks import alt_fault  # isort: skip  (tools/ is on the path by now)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
NARROW = 400  # pixels: a telephone
WIDE = 1280
PAGES = toc_files()
WORDS = f"{FIGURE} :is(label, legend, output, figcaption, p, span, button:not(:disabled), strong)"
CONTRAST = 4.5  # between text and its ground, for a reader with low vision (WCAG 2.2, 1.4.3)
STRETCH = 0.02  # of a figure's own ratio of width to height

# Every element given that has text, with its contrast against what lies under it. Colours of any
# notation are read by painting them: the ground of each ancestor from the outermost to the element,
# then the element's own colour.
LABELS = """all => {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", {willReadFrequently: true});
  canvas.width = canvas.height = 1;
  const paint = (colour, opacity) => {
    context.globalAlpha = opacity;
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = rgb => rgb
    .map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  return all.filter(label => label.textContent.trim()).map(label => {
    const chain = [];
    for (let e = label; e; e = e.parentElement) chain.unshift(getComputedStyle(e));
    let ground = paint("white", 1), opacity = 1;
    for (const style of chain) {
      opacity *= Number(style.opacity);
      ground = paint(style.backgroundColor, opacity);
    }
    const ink = paint(getComputedStyle(label).color, opacity);
    const [dark, light] = [luminance(ink), luminance(ground)].sort((a, b) => a - b);
    return {
      text: label.textContent.trim(), ink, ground, contrast: (light + 0.05) / (dark + 0.05),
    };
  });
}"""

# Every image that takes up room on the page, with its own and its shown ratio of width to height.
RATIOS = """all => all.map(image => {
  const style = getComputedStyle(image), box = image.getBoundingClientRect();
  const around = sides => sides.reduce((sum, side) => sum + parseFloat(style[`padding${side}`])
    + parseFloat(style[`border${side}Width`]), 0);
  return {
    alt: image.alt.slice(0, 60),
    natural: image.naturalWidth / image.naturalHeight,
    shown: (box.width - around(["Left", "Right"])) / (box.height - around(["Top", "Bottom"])),
    room: box.width * box.height,
  };
}).filter(image => image.room > 0)"""


@dataclass
class Opened:
    """A page in the browser, with what it said and what it asked for."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require_built()
    with chromium() as started:
        yield started  # type: ignore[misc]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server(require_built()) as started:
        yield started


@pytest.fixture(scope="module", params=["served", "file"])
def base(request: pytest.FixtureRequest, address: str) -> str:
    return address if request.param == "served" else BUILT.as_uri()


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in PAGES],
)
def opened(request: pytest.FixtureRequest, browser: Browser, base: str) -> Iterator[Opened]:
    """A page of the book, loaded, its equations typeset, everything beyond it refused."""
    context = browser.new_context(
        viewport={"width": WIDE, "height": 900}, reduced_motion="reduce", service_workers="block"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    result = Opened(page)

    def ours(url: str) -> bool:
        return url.startswith((base, "data:", "blob:", "about:"))

    def decide(route: object) -> None:
        url = route.request.url  # type: ignore[attr-defined]
        if ours(url):
            route.continue_()  # type: ignore[attr-defined]
        else:
            route.abort()  # type: ignore[attr-defined]

    def note(url: str) -> None:
        if not ours(url):
            result.requests.append(url)

    context.route("**/*", decide)
    page.on("request", lambda request: note(request.url))
    page.on("websocket", lambda socket: result.requests.append(socket.url))
    page.on("requestfailed", lambda request: result.failed.append(request.url))
    page.on(
        "response",
        lambda response: result.failed.append(response.url) if response.status >= 400 else None,
    )
    page.on(
        "console",
        lambda said: result.messages.append(said.text) if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: result.messages.append(str(error)))
    page.goto(f"{base}/{request.param}.html", wait_until="load")
    settle(page)
    yield result
    context.close()


def settle(page: Page) -> None:
    """Wait until equations and fonts are there."""
    if page.locator(".math.notranslate").count():
        page.wait_for_function("window.MathJax?.startup?.promise !== undefined")
        page.evaluate("MathJax.startup.promise")
    page.evaluate("document.fonts.ready.then(() => true)")


def stretched(images: list[dict[str, float]]) -> list[dict[str, float]]:
    """The images shown in another ratio of width to height than their own."""
    return [i for i in images if abs(i["shown"] / i["natural"] - 1) > STRETCH]


def test_page_asks_for_nothing_beyond_the_book(opened: Opened) -> None:
    assert opened.requests == []


def test_everything_a_page_asks_for_is_there(opened: Opened) -> None:
    assert opened.failed == []


def test_page_logs_no_error(opened: Opened) -> None:
    assert opened.messages == []


def test_every_equation_is_typeset(opened: Opened) -> None:
    page = opened.page
    untypeset = page.locator(".math.notranslate").evaluate_all(
        "all => all.filter(m => m.querySelectorAll('mjx-container').length !== 1)"
        ".map(m => m.textContent)"
    )
    assert untypeset == []
    typeset = page.locator("article mjx-container").count()
    assert typeset == page.locator("article .math.notranslate").count()
    assert (
        page.locator("mjx-merror, [data-mjx-error]").evaluate_all(
            "all => all.map(e => e.getAttribute('data-mjx-error') ?? e.textContent)"
        )
        == []
    )


def test_equations_use_the_fonts_of_the_book(opened: Opened) -> None:
    if not opened.page.locator("article mjx-container").count():
        pytest.skip("this page has no equation")
    fonts = opened.page.evaluate(
        "[...document.fonts].filter(f => f.family.startsWith('MJX')).map(f => f.status)"
    )
    assert "loaded" in fonts
    assert "error" not in fonts


def test_every_image_says_what_it_shows(opened: Opened) -> None:
    images = opened.page.locator("article img").evaluate_all(
        "all => all.map(i => ({alt: i.getAttribute('alt'), wide: i.naturalWidth}))"
    )
    assert [fault for image in images if (fault := alt_fault(image["alt"]))] == []
    assert [image for image in images if not image["wide"]] == []


def test_every_explorable_figure_follows_the_contract(opened: Opened) -> None:
    for figure in opened.page.locator(FIGURE).all():
        assert figure.locator(".lstmlab-explore-frame").count() == 1
        assert figure.locator("figcaption.lstmlab-explore-says[aria-live=polite]").count() == 1
        parts = controls(figure)
        assert 1 <= len(parts) <= 3
        for control in parts:
            assert control.name, f"a {control.kind} has no label, so it cannot be named aloud"
        stray = f":is(input, button):not({QUESTION} *, {CONTROL}, {CONTROL} *)"
        assert figure.locator(stray).count() == 0, "a part that the tests here do not move"
        assert figure.locator(QUESTION).count() <= 1


def test_ids_are_unique(opened: Opened) -> None:
    repeated = opened.page.evaluate(
        "(() => { const ids = [...document.querySelectorAll('article [id]')].map(e => e.id);"
        " return ids.filter((id, n) => ids.indexOf(id) !== n); })()"
    )
    assert repeated == []


def test_every_question_locks_its_figure_until_it_is_answered(opened: Opened) -> None:
    page = opened.page
    if not page.locator(f"{FIGURE} {QUESTION}").count():
        pytest.skip("this page asks no question")
    for figure in page.locator(FIGURE).filter(has=page.locator(QUESTION)).all():
        assert lock_faults(figure) == []


def test_every_control_moves_its_figure_by_keyboard(opened: Opened) -> None:
    unlock(opened.page)
    for figure in opened.page.locator(FIGURE).all():
        for control in controls(figure):
            start, _ = control.place
            control.go(0)
            first = control.state()
            control.move(1)
            second = control.state()
            control.go(-1)
            last = control.state()
            control.go(0)
            back = control.state()
            control.move(1)
            control.move(-1)
            returned = control.state()
            control.go(start)
            assert all(first), f"an explorable figure lacks a part: {first}"
            for before, after in ((first, second), (first, last)):
                still = stuck(before, after)
                assert still == [], (
                    f"moving {control.name!r} leaves its {' and '.join(still)} as it was"
                )
            assert back == first
            assert returned == first


def test_page_fits_a_telephone(opened: Opened) -> None:
    page = opened.page
    page.set_viewport_size({"width": NARROW, "height": 800})
    try:
        page.wait_for_function(f"window.innerWidth === {NARROW}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        culprits = page.locator("article *").evaluate_all(
            "(all, limit) => all.filter(e => e.getBoundingClientRect().right > limit + 1"
            " && !e.closest('.cell_output, div.math, pre, .pst-scrollable-table-container'))"
            ".map(e => e.outerHTML.slice(0, 120)).slice(0, 3)",
            NARROW,
        )
        assert wide <= NARROW, f"the page is {wide} px wide; too wide in it: {culprits}"
    finally:
        page.set_viewport_size({"width": WIDE, "height": 900})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_of_explorable_figures_can_be_read_in_both_themes(
    opened: Opened, scheme: str
) -> None:
    page = opened.page
    theme = page.evaluate("document.documentElement.dataset.theme")
    page.evaluate("scheme => { document.documentElement.dataset.theme = scheme; }", scheme)
    try:
        for answered in (False, True):
            if answered:
                unlock(page)
            page.evaluate("document.getAnimations().forEach(a => a.finish())")
            words = page.locator(WORDS).evaluate_all(LABELS)
            assert len(words) >= 2 * page.locator(FIGURE).count()
            assert [word for word in words if word["contrast"] < CONTRAST] == []
    finally:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)


def test_figures_keep_their_ratio_on_a_telephone(opened: Opened) -> None:
    page = opened.page
    page.set_viewport_size({"width": NARROW, "height": 800})
    try:
        page.wait_for_function(f"window.innerWidth === {NARROW}")
        images = page.locator("article img").evaluate_all(RATIOS)
        assert stretched(images) == []
    finally:
        page.set_viewport_size({"width": WIDE, "height": 900})


def test_the_book_has_explorable_and_static_figures(browser: Browser, address: str) -> None:
    """The tests above look at every control and every figure: there are some."""
    moving = figures = 0
    page = browser.new_page()
    for name in PAGES:
        page.goto(f"{address}/{name}.html")
        moving += page.locator(f"{FIGURE} {CONTROL}").count()
        figures += page.locator("article img:not(.lstmlab-explore-frame)").count()
    page.close()
    assert moving
    assert figures


@pytest.mark.parametrize(
    ("ground", "ink", "contrast"),
    [
        ("#000", "#fff", 21.0),
        ("#fff", "#777", 4.48),
        ("#1b222a", "rgb(255 255 255 / 0)", 1.0),
        ("rgb(0 0 0 / 50%)", "color(srgb 0 0 0)", 5.28),
    ],
    ids=["black and white", "just too little", "transparent ink", "half-transparent ground"],
)
def test_a_label_that_cannot_be_read_would_be_seen(
    browser: Browser, ground: str, ink: str, contrast: float
) -> None:
    page = browser.new_page()
    page.set_content(f'<div style="background: {ground}"><label style="color: {ink}">a</label>')
    (label,) = page.locator("label").evaluate_all(LABELS)
    assert label["contrast"] == pytest.approx(contrast, abs=0.05)
    page.close()


@pytest.mark.parametrize(("height", "seen"), [("auto", False), ("80px", True)])
def test_a_stretched_figure_would_be_seen(browser: Browser, height: str, seen: bool) -> None:
    page = browser.new_page()
    drawing = "<svg xmlns='http://www.w3.org/2000/svg' width='200' height='100'/>"
    page.set_content(
        f'<img alt="a" style="width: 100px; height: {height}; padding: 7px; border: 3px solid"'
        f' src="data:image/svg+xml;utf8,{drawing}">'
    )
    images = page.locator("img").evaluate_all(RATIOS)
    assert len(images) == 1
    assert bool(stretched(images)) is seen
    page.close()


def test_the_front_page_leads_to_the_book(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    page.wait_for_url(f"**/{Path(PAGES[0]).name}.html")
    assert page.locator("article h1").count() == 1
    page.close()


def test_a_request_to_elsewhere_would_be_seen(browser: Browser) -> None:
    """The way these tests see trouble works: a script from elsewhere is recorded and refused."""
    page = browser.new_page()
    asked: list[str] = []
    page.route("**/*", lambda route: route.abort())
    page.on("request", lambda request: asked.append(request.url))
    page.set_content('<script src="https://cdn.example/x.js"></script>')
    page.wait_for_timeout(200)
    assert asked == ["https://cdn.example/x.js"]
    page.close()

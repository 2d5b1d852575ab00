"""A widget holds every frame with its words, as HTML that stands alone."""

from __future__ import annotations

import io
import json
from html.parser import HTMLParser

import matplotlib.figure
import numpy as np
import pytest
from PIL import Image

from lstmlab.viewing import Choice, Explorer, Figure, Slider, Step, Toggle, explore
from lstmlab.viewing.frames import encode


def bar(height: float, color: str = "#0072b2") -> Figure:
    """A small figure in which one bar has a height in 0...1."""
    figure = Figure(figsize=(2.0, 1.0))
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set(xlim=(-1, 1), ylim=(0, 1))
    axes.bar([0.0], [height], color=color)
    return figure


def said(height: float, color: str = "#0072b2") -> tuple[Figure, str]:
    return bar(height, color), f"The bar reaches {height:.1f}."


class Page(HTMLParser):
    """Every element of a page with its attributes and the text in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside: list[str] = []
        self.elements.append((tag, {name: value or "" for name, value in attrs}, inside))
        if tag not in ("img", "input"):
            self._open.append(inside)

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for inside in self._open:
            inside.append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str], str]]:
        return [(attrs, "".join(text)) for name, attrs, text in self.elements if name == tag]

    @property
    def data(self) -> dict[str, list]:  # type: ignore[type-arg]
        (text,) = [text for attrs, text in self.all("script") if "json" in attrs.get("type", "")]
        return json.loads(text)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def two() -> Explorer:
    """Two sliders: four heights by two colours, starting at 0.5 and green."""
    return explore(
        said,
        alt=lambda height, color: f"A bar of height {height} in {color}",
        height=Slider(np.linspace(0.1, 0.9, 5)[[0, 2, 3, 4]], start=0.5, format=".1f"),
        color=Slider(["#0072b2", "#009e73"], label="colour of the bar", start="#009e73"),
    )


def test_there_is_a_frame_for_each_combination_the_last_slider_fastest(two: Explorer) -> None:
    heights, colors = (slider.values for slider in two.controls.values())
    assert list(two.frames) == [(height, color) for height in heights for color in colors]
    assert len(heights) == 4
    assert two.start == (0.5, "#009e73")


@pytest.mark.parametrize("height", [0.1, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("color", ["#0072b2", "#009e73"])
def test_a_frame_shows_the_figure_drawn_for_its_values(
    two: Explorer, height: float, color: str
) -> None:
    picture = two.picture(next(k for k in two.frames if np.allclose(k[0], height))[0], color)
    buffer = io.BytesIO()
    bar(height, color).savefig(buffer, dpi=200.0, format="png")
    expected = np.asarray(Image.open(buffer).convert("RGB")).astype(int)
    assert picture.size == (400, 200)
    assert np.abs(np.asarray(picture).astype(int) - expected).max() <= 24


def test_every_frame_has_the_same_size_in_pixels(two: Explorer) -> None:
    assert {frame.size for frame in two.frames.values()} == {(400, 200)}
    for frame in two.frames.values():
        image = Image.open(io.BytesIO(frame.data))
        assert image.size == frame.size
        assert Image.MIME[image.format or ""] == frame.mime


def test_every_frame_has_its_sentence_and_its_description(two: Explorer) -> None:
    assert [*two.says.values()] == [f"The bar reaches {key[0]:.1f}." for key in two.frames]
    assert [*two.alt.values()] == [f"A bar of height {k[0]} in {k[1]}" for k in two.frames]


def test_without_a_sentence_the_values_are_said() -> None:
    one = explore(bar, alt="A bar", height=Slider([0.25, 0.5], label="height of the bar"))
    assert [*one.says.values()] == ["height of the bar: 0.25", "height of the bar: 0.5"]
    assert [*one.alt.values()] == ["A bar", "A bar"]


def test_without_a_description_the_sentence_is_it() -> None:
    one = explore(said, height=[0.2, 0.4])
    assert [*one.alt.values()] == [*one.says.values()]
    assert [*one.alt.values()] == ["The bar reaches 0.2.", "The bar reaches 0.4."]
    ((image, _),) = Page(one.html).all("img")
    assert image["alt"] == "The bar reaches 0.2."


def test_without_a_description_and_a_sentence_the_missing_one_is_named() -> None:
    with pytest.raises(ValueError, match=r"alt must be a description .* got None at height: 0\.2"):
        explore(bar, height=[0.2, 0.4])
    with pytest.raises(ValueError, match="the sentence must be a text, got '' at n: 1"):
        explore(lambda n: (bar(0.5), ""), n=[1, 2])
    with pytest.raises(ValueError, match="alt must be a text, got None at height"):
        explore(said, alt=lambda height: None, height=[0.2, 0.4])  # type: ignore[arg-type, return-value]


def test_draw_gets_plain_python_values() -> None:
    kinds: list[type] = []

    def draw(n: int) -> Figure:
        kinds.append(type(n))
        return bar(0.1 * n)

    explore(draw, alt="A bar", n=np.arange(1, 4))
    assert kinds == [int, int, int]


def test_the_page_has_what_the_contract_asks_for(two: Explorer) -> None:
    page = Page(two.html)
    (figure,) = page.all("figure")
    assert figure[0]["class"] == "lstmlab-explore"
    labels, inputs, outputs = page.all("label"), page.all("input"), page.all("output")
    assert [text for _, text in labels] == ["height", "colour of the bar"]
    assert [a["for"] for a, _ in labels] == [a["id"] for a, _ in inputs]
    assert [a["for"] for a, _ in outputs] == [a["id"] for a, _ in inputs]
    assert [a["type"] for a, _ in inputs] == ["range", "range"]
    assert [(a["min"], a["max"], a["value"]) for a, _ in inputs] == [
        ("0", "3", "1"),
        ("0", "1", "1"),
    ]
    assert [a["aria-valuetext"] for a, _ in inputs] == ["0.5", "#009e73"]
    assert [text for _, text in outputs] == ["0.5", "#009e73"]
    assert ["disabled" in attrs for attrs, _ in page.all("fieldset")] == [True]
    ((image, _),) = page.all("img")
    assert image["class"] == "lstmlab-explore-frame"
    assert image["alt"] == two.alt[two.start]
    assert image["src"] == two.frames[two.start].url
    assert (image["width"], image["height"]) == ("200", "100")
    ((caption, sentence),) = page.all("figcaption")
    assert caption["class"] == "lstmlab-explore-says"
    assert caption["aria-live"] == "polite"
    assert sentence == two.says[two.start]
    assert [a["type"] for a, _ in page.all("script")] == ["application/json", "module"]


def test_the_page_has_every_kind_of_control_under_its_name() -> None:
    page = Page(
        explore(
            lambda **_: bar(0.5),
            alt="A bar",
            variant=Choice(["V", "NP", "FGR"], start="NP"),
            h=Toggle(label="output activation", start=True),
            t=Step([3, 6], label="step, t"),
        ).html
    )
    assert [text for _, text in page.all("legend")] == ["variant"]
    labels = [text.strip() for _, text in page.all("label")]
    assert labels == ["V", "NP", "FGR", "output activation"]
    radios, (box,) = [a for a, _ in page.all("input")][:3], [a for a, _ in page.all("input")][3:]
    assert {(a["type"], a["name"]) for a in radios} == {("radio", radios[0]["name"])}
    assert ["checked" in a for a in radios] == [False, True, False]
    assert box["type"] == "checkbox"
    assert "checked" in box
    assert page.all("label")[3][0]["for"] == box["id"]
    assert [text for _, text in page.all("button")] == ["Back", "Next"]
    (group,) = [a for a, _ in page.all("div") if a.get("role") == "group"]
    assert [text for a, text in page.all("span") if a.get("id") == group["aria-labelledby"]] == [
        "step, t"
    ]
    assert [text for _, text in page.all("output")] == ["on", "3 (1 of 2)"]
    assert page.all("output")[0][0]["id"] == box["aria-describedby"]


def test_the_page_holds_every_frame_in_order(two: Explorer) -> None:
    page = Page(two.html)
    images = [page.all("img")[0][0]["src"], *page.data["overlays"]]
    assert [images[row[0]] for row in page.data["frames"]] == [f.url for f in two.frames.values()]
    assert [row[1] for row in page.data["frames"]] == [*two.alt.values()]
    assert [row[2] for row in page.data["frames"]] == [*two.says.values()]
    assert page.data["shown"] == [["0.1", "0.5", "0.7", "0.9"], ["#0072b2", "#009e73"]]
    assert page.data["start"] == [1, 1]


def test_the_page_asks_for_nothing_from_outside(two: Explorer) -> None:
    for marker in (
        "http:",
        "https:",
        "//cdn",
        "import ",
        "import(",
        "fetch(",
        "require",
        "@import",
    ):
        assert marker not in two.html


def test_the_same_widget_is_the_same_html() -> None:
    first, second = (explore(said, alt="A bar", height=[0.2, 0.4]) for _ in range(2))
    assert first.html == second.html


def test_other_widgets_have_other_ids() -> None:
    def ids(explorer: Explorer) -> set[str]:
        names = ("id", "name", "data-explore")
        elements = [attrs for _, attrs, _ in Page(explorer.html).elements]
        return {attrs[name] for attrs in elements for name in names if name in attrs}

    others = [
        explore(said, alt="A bar", height=[0.2, 0.4]),
        explore(said, alt="A bar", height=[0.2, 0.5]),
        explore(said, alt="Another bar", height=[0.2, 0.4]),
        explore(said, alt="A bar", height=Slider([0.2, 0.4], start=0.4)),
        explore(said, alt="A bar", height=Choice([0.2, 0.4])),
        explore(said, alt="A bar", height=Step([0.2, 0.4])),
    ]
    found = [ids(other) for other in others]
    assert all(found)
    assert len(set.union(*found)) == sum(len(some) for some in found)


HOSTILE = '</script><img src=x onerror="alert(1)"> & "quotes" \u2028 <!--'


def test_no_text_can_break_out_of_the_page() -> None:
    widget = explore(
        lambda name: (bar(0.5), HOSTILE + name),
        alt=lambda name: HOSTILE + name,
        name=Slider([HOSTILE, "b"], label=HOSTILE),
    )
    page = Page(widget.html)
    assert len(page.all("img")) == 1
    assert page.all("img")[0][0]["alt"] == HOSTILE * 2
    assert page.all("figcaption")[0][1] == HOSTILE * 2
    assert page.all("label")[0][1] == HOSTILE
    assert page.all("input")[0][0]["aria-valuetext"] == HOSTILE
    assert page.all("output")[0][1] == HOSTILE
    assert page.data["frames"][1][2] == HOSTILE + "b"
    assert widget.html.count("</script>") == 2
    assert "<!--" not in widget.html


def test_equal_frames_are_stored_once() -> None:
    widget = explore(lambda n: bar(0.5 if n < 3 else 0.8), alt="A bar", n=range(4))
    assert len(Page(widget.html).data["overlays"]) == 1
    assert [row[0] for row in Page(widget.html).data["frames"]] == [0, 0, 0, 1]


def test_a_frame_that_differs_little_weighs_little() -> None:
    def draw(n: int) -> Figure:
        figure = Figure(figsize=(4.0, 3.0))
        axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
        axes.plot(np.random.default_rng(0).normal(size=200))
        axes.text(100, 2, str(n))
        return figure

    start, *others = explore(draw, alt="Noise and a number", n=range(4)).frames.values()
    assert start.whole
    assert not any(frame.whole for frame in others)
    assert max(len(frame.data) for frame in others) < 0.1 * len(start.data)


def test_few_colours_are_kept_exactly() -> None:
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, size=(100, 3), dtype=np.uint8)
    pixels = colors[rng.integers(0, 100, size=(40, 60))]
    (frame,) = encode([Image.fromarray(pixels)])
    np.testing.assert_array_equal(
        np.asarray(Image.open(io.BytesIO(frame.data)).convert("RGB")), pixels
    )


def test_pyplot_keeps_no_figure_of_a_widget() -> None:
    from matplotlib import pyplot

    def draw(n: int) -> matplotlib.figure.Figure:
        figure, axes = pyplot.subplots(figsize=(2, 1))
        axes.plot([0, n])
        return figure

    before = pyplot.get_fignums()
    explore(draw, alt="A line", n=range(3))
    assert pyplot.get_fignums() == before


def test_outside_a_notebook_there_is_html_alone(two: Explorer) -> None:
    assert set(two._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert two._repr_html_() == two.html
    assert repr(two) == "Explorer(height: 4 values, color: 2 values; 8 frames)"


def test_a_wrong_number_of_controls_or_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="one to three controls, got 0: none"):
        explore(bar, alt="A bar")
    with pytest.raises(ValueError, match="one to three controls, got 4: a, b, c, d"):
        explore(bar, alt="A bar", a=[1, 2], b=[1, 2], c=[1, 2], d=[1, 2])
    with pytest.raises(ValueError, match="controls make 64 frames, more than 60"):
        explore(bar, alt="A bar", a=range(8), b=range(8))


def test_wrong_drawings_are_refused() -> None:
    with pytest.raises(TypeError, match="draw must be a function"):
        explore(bar(0.5), alt="A bar", height=[0.1, 0.2])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="draw must return a figure, or"):
        explore(lambda n: n, alt="A bar", n=[1, 2])
    with pytest.raises(ValueError, match="alt must be a text, got ' ' at n: 1"):
        explore(lambda n: bar(0.5), alt=" ", n=[1, 2])
    with pytest.raises(ValueError, match="the sentence must be a text, got '' at n: 1"):
        explore(lambda n: (bar(0.5), ""), alt="A bar", n=[1, 2])
    with pytest.raises(ValueError, match=r"figures of one size, got \(200, 200\) and \(400, 200\)"):
        explore(lambda n: Figure(figsize=(n, 1)), alt="Nothing", n=[1, 2])
    with pytest.raises(ValueError, match=r"density must be in 1\.\.\.3"):
        explore(bar, alt="A bar", density=0.5, height=[0.1, 0.2])


def test_a_widget_that_is_too_heavy_is_refused() -> None:
    def noise(n: int) -> Figure:
        figure = Figure(figsize=(5, 4))
        figure.add_axes((0, 0, 1, 1)).imshow(
            np.random.default_rng(n).random((400, 500)), aspect="auto", interpolation="nearest"
        )
        return figure

    with pytest.raises(ValueError, match="weighs .* kB, more than the 700 kB.* density"):
        explore(noise, alt="Noise", n=range(4))

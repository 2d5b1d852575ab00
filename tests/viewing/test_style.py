"""One look for each quantity, for every reader and every printer."""

from __future__ import annotations

from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import Colormap, to_hex

from lstmlab.viewing import DIVERGING, QUANTITIES, SEQUENTIAL, SHADE, Figure, annotate, style
from lstmlab.viewing.style import luminance


def _greys(colormap: Colormap) -> np.ndarray:
    return np.array([luminance(to_hex(colormap(x))) for x in np.linspace(0, 1, 64)])


@pytest.mark.parametrize(("a", "b"), [*combinations(QUANTITIES, 2)])
def test_two_quantities_differ_without_colour(a: str, b: str) -> None:
    assert QUANTITIES[a].linestyle != QUANTITIES[b].linestyle
    assert QUANTITIES[a].marker != QUANTITIES[b].marker


def test_colours_are_okabe_and_itos_and_each_is_used_once() -> None:
    okabe_ito = {
        "#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7",
    }  # fmt: skip
    used = [look.color for look in QUANTITIES.values()]
    assert set(used) <= okabe_ito
    assert len(set(used)) == len(used)


def test_luminance_is_that_of_the_standard() -> None:
    assert luminance("#ffffff") == pytest.approx(1.0)
    assert luminance("#000000") == 0.0
    assert luminance("#777777") == pytest.approx(0.1845, abs=1e-4)


@pytest.mark.parametrize("colormap", [SEQUENTIAL, DIVERGING], ids=["sequential", "diverging"])
def test_a_colour_map_gets_lighter_all_the_way(colormap: Colormap) -> None:
    assert (np.diff(_greys(colormap)) > 0).all()


def test_the_shade_gets_darker_from_white() -> None:
    assert to_hex(SHADE(0.0)) == "#ffffff"
    assert (np.diff(_greys(SHADE)) < 0).all()


def test_the_diverging_map_is_grey_at_zero_and_coloured_at_both_ends() -> None:
    def chroma(x: float) -> float:
        rgb = DIVERGING(x)[:3]
        return max(rgb) - min(rgb)

    assert chroma(0.5) < 0.03
    assert chroma(0.0) > 0.25
    assert chroma(1.0) > 0.25
    assert DIVERGING(0.0)[2] > DIVERGING(0.0)[0]
    assert DIVERGING(1.0)[0] > DIVERGING(1.0)[2]


def test_style_does_not_leak() -> None:
    before = dict(matplotlib.rcParams)
    with style():
        assert matplotlib.rcParams["axes.spines.top"] is False
    assert dict(matplotlib.rcParams) == before
    with pytest.raises(ZeroDivisionError), style():
        raise ZeroDivisionError
    assert dict(matplotlib.rcParams) == before


def test_a_figure_is_a_png_of_two_pixels_a_page_pixel() -> None:
    data, size = Figure(figsize=(4.0, 2.0))._repr_png_()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") == 800
    assert size == {"width": 400, "height": 200}


def test_a_figures_png_is_the_same_each_time() -> None:
    figure = Figure(figsize=(4.0, 2.0))
    figure.subplots().plot([0, 1, 4])
    assert figure._repr_png_() == figure._repr_png_()


def test_a_long_caption_is_wrapped_within_the_page() -> None:
    with style():
        figure = Figure(figsize=(7.2, 2.0), layout="constrained")
        figure.subplots()
        annotate(figure, "A title", "word " * 60)
    figure.draw_without_rendering()
    box = figure._supxlabel.get_window_extent()  # type: ignore[attr-defined]
    assert box.x1 <= figure.bbox.x1
    assert box.y0 >= 0

"""A field shows what its numbers are, on which side of 1, and where there is no number."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import pytest
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from lstmlab.viewing import DIVERGING, SEQUENTIAL, explore, field
from lstmlab.viewing.frames import render
from lstmlab.viewing.style import luminance

STEPS, SIZES = np.arange(1, 31), np.linspace(0.5, 1.5, 21)
POWERS = SIZES[:, None] ** STEPS  # from 1e-9 to 2e5


def mesh_colours(figure: matplotlib.figure.Figure) -> NDArray[np.float64]:
    """The colour (rows, columns, 4) of each cell."""
    (mesh,) = [c for c in figure.axes[0].collections if type(c).__name__ == "QuadMesh"]
    figure.draw_without_rendering()
    colours: NDArray[np.float64] = mesh.get_facecolor()
    return colours.reshape(*mesh.get_array().shape, 4)


def lines_at(figure: matplotlib.figure.Figure) -> list[float]:
    """The heights of the contour lines."""
    found = [c for c in figure.axes[0].collections if type(c).__name__ == "QuadContourSet"]
    return [float(level) for level in found[0].levels] if found else []


def words(figure: matplotlib.figure.Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_below_1_is_blue_and_above_1_is_yellow() -> None:
    colours = mesh_colours(field(POWERS, x=STEPS, y=SIZES))
    red, blue = colours[..., 0], colours[..., 2]
    assert (blue[POWERS < 0.5] > red[POWERS < 0.5]).all()
    assert (red[POWERS > 2] > blue[POWERS > 2]).all()


def test_a_larger_value_is_a_lighter_one_so_the_side_is_seen_in_greyscale() -> None:
    colours = mesh_colours(field(POWERS)).reshape(-1, 4)
    order = np.argsort(POWERS.ravel())
    greys = np.array([luminance(to_hex(colour)) for colour in colours[order]])
    assert (np.diff(greys) > -1e-6).all()
    assert greys[-1] - greys[0] > 0.5


def test_a_little_above_1_does_not_look_like_ten_times_more() -> None:
    field_of_both = field([[1e-9, 0.1], [1.0, 1.1]])
    nearly, ten = mesh_colours(field_of_both)[1, 1], np.array(DIVERGING(1.0))
    assert np.abs(nearly - DIVERGING(0.5)).max() < 0.2 * np.abs(ten - DIVERGING(0.5)).max()


def test_a_field_on_one_side_of_1_uses_the_whole_sequential_scale() -> None:
    colours = mesh_colours(field([[1e-4, 1e-3], [1e-2, 1e-1]]))
    np.testing.assert_allclose(colours[0, 0], SEQUENTIAL(0.0), atol=0.01)
    np.testing.assert_allclose(colours[1, 1], SEQUENTIAL(1.0), atol=0.01)
    both = mesh_colours(field([[1e-4, 1e-3], [1e-2, 1e-1]], limits=(1e-4, 10)))
    assert both[1, 1, 2] > both[1, 1, 0]  # with limits on both sides, below 1 stays blue


def test_a_linear_field_is_grey_at_0() -> None:
    colours = mesh_colours(field([[-2.0, 0.0], [1.0, 2.0]], log=False))
    np.testing.assert_allclose(colours[0, 1], DIVERGING(0.5), atol=0.01)
    np.testing.assert_allclose(colours[0, 0], DIVERGING(0.0), atol=0.01)


def test_rows_go_up_and_cells_are_centred_where_they_are_said_to_be() -> None:
    axes = field(POWERS, x=STEPS, y=SIZES).axes[0]
    assert axes.get_xlim() == pytest.approx((0.5, 30.5))
    assert axes.get_ylim() == pytest.approx((0.475, 1.525))
    (mesh,) = [c for c in axes.collections if type(c).__name__ == "QuadMesh"]
    np.testing.assert_allclose(mesh.get_array(), np.log10(POWERS))
    uneven = field(np.ones((2, 3)) * [1, 2, 3], x=[0, 1, 10]).axes[0].collections[0]
    np.testing.assert_allclose(uneven.get_coordinates()[0, :, 0], [-0.5, 0.5, 5.5, 14.5])


def test_contour_lines_stand_at_powers_of_ten_with_their_labels() -> None:
    figure = field(POWERS, x=STEPS, y=SIZES)
    levels = lines_at(figure)
    assert len(levels) >= 3
    assert all(level == round(level) for level in levels)
    assert 0.0 in levels
    assert "1" in words(figure)
    assert any(word.startswith("$10^{-") for word in words(figure))
    at_1 = figure.axes[0].collections[1]
    widths = dict(zip(levels, at_1.get_linewidths(), strict=True))
    assert widths[0.0] > max(width for level, width in widths.items() if level)


def test_contour_lines_stand_where_they_are_asked_for() -> None:
    assert lines_at(field(POWERS, levels=(0.5, 100.0))) == pytest.approx(np.log10([0.5, 100]))
    assert lines_at(field(POWERS, levels=())) == []
    assert lines_at(field(POWERS, levels=(1e30,))) == []  # no value is there
    assert lines_at(field(np.full((3, 3), 0.2))) == []
    narrow = lines_at(field([[1.0, 1.1], [1.2, 1.3]]))
    np.testing.assert_allclose(10 ** np.array(narrow), [1.1, 1.2])


def test_limits_fix_the_scale_and_the_bar_says_that_values_go_beyond() -> None:
    limited = field(POWERS, limits=(1e-3, 1e3))
    colours = mesh_colours(limited)
    np.testing.assert_allclose(colours[0, -1], DIVERGING(0.0), atol=0.01)
    np.testing.assert_allclose(colours[-1, -1], DIVERGING(1.0), atol=0.01)
    assert limited.axes[1].get_ylim() == pytest.approx((-3.0, 3.0))
    assert limited.axes[0].collections[0].colorbar.extend == "both"
    for values, extend in ((POWERS.clip(max=1.0), "min"), (POWERS.clip(min=1.0), "max")):
        bar = field(values, limits=(1e-3, 1e3)).axes[0].collections[0].colorbar
        assert bar.extend == extend
    assert field(POWERS).axes[0].collections[0].colorbar.extend == "neither"


def test_cells_without_a_number_are_hatched_and_said_to_be() -> None:
    holed = POWERS.copy()
    holed[3, 4], holed[5, 6] = np.nan, np.inf
    figure = field(holed, levels=())
    colours = mesh_colours(figure)
    assert [tuple(at) for at in np.argwhere(colours[..., 3] == 0)] == [(3, 4), (5, 6)]
    assert figure.axes[0].patch.get_hatch()
    assert words(figure) == ["hatched: not a finite number"]
    assert words(field(POWERS, levels=())) == []
    picture = np.asarray(render(figure, 1.0).convert("L")).astype(int)
    box = figure.axes[0].transData.transform([[4.5, 3.5], [5.5, 4.5]]) * 100 / figure.dpi
    (left, low), (right, high) = box.round().astype(int)
    cell = picture[len(picture) - high + 1 : len(picture) - low - 1, left + 1 : right - 1]
    assert cell.max() > 240  # the white of the page
    assert cell.min() < 200  # and the strokes of the hatching


def test_a_gradient_that_has_vanished_to_0_has_the_lowest_colour() -> None:
    vanished = POWERS.copy()
    vanished[0, -3:] = 0.0
    colours = mesh_colours(field(vanished))
    np.testing.assert_allclose(colours[0, -3:], [DIVERGING(0.0)] * 3, atol=0.01)
    assert field(vanished, limits=(1e-3, 10)).axes[0].collections[0].colorbar.extend == "both"


def test_the_colour_bar_gives_values_and_equal_ratios_equal_lengths() -> None:
    figure = field(POWERS, label="gradient left")
    bar = figure.axes[1]
    assert bar.get_ylabel() == "gradient left"
    assert bar.get_yscale() == "linear"
    figure.draw_without_rendering()
    assert "1" in [tick.get_text() for tick in bar.get_yticklabels()]
    narrow = field([[1.0, 1.1], [1.2, 1.3]]).axes[1]
    narrow.figure.draw_without_rendering()
    texts = [tick.get_text() for tick in narrow.get_yticklabels()]
    assert "1.1" in texts
    assert len(set(texts)) == len(texts)


def test_a_field_makes_a_widget() -> None:
    widget = explore(
        lambda a: (field(POWERS * a, limits=(1e-3, 1e3)), f"Times {a}."), a=[1, 2], density=1.0
    )
    assert len(widget.html) < 100_000


@pytest.mark.parametrize(
    ("values", "given", "message"),
    [
        ([1, 2], {}, r"values must be \(rows, columns\), two or more each, got \(2,\)"),
        ([[1, 2]], {}, r"values must be .* got \(1, 2\)"),
        ([[1, -2], [3, 4]], {}, "values must not be negative on a log scale, got -2"),
        ([[0, 0], [0, 0]], {}, "values must hold a positive finite number"),
        ([[np.nan] * 2] * 2, {"log": False}, "values must hold a finite number"),
        ([[1, 2], [3, 4]], {"x": [1]}, r"x must have shape \(2,\), got \(1,\)"),
        ([[1, 2], [3, 4]], {"y": [2, 1]}, r"y must be finite numbers that rise, got \[2. 1.\]"),
        ([[1, 2], [3, 4]], {"x": [1, np.nan]}, "x must be finite numbers that rise"),
        ([[1, 2], [3, 4]], {"limits": (0, 1)}, r"two rising positive numbers, got \(0, 1\)"),
        ([[1, 2], [3, 4]], {"limits": (2, 1), "log": False}, r"two rising numbers, got \(2, 1\)"),
        ([[1, 2], [3, 4]], {"limits": (1, np.inf)}, "limits must be two rising"),
        ([[1, 2], [3, 4]], {"limits": (1, 2, 3)}, "limits must be two rising"),
        ([[1, 2], [3, 4]], {"levels": [-1.0]}, r"levels must be finite positive .* got \[-1.0\]"),
        ([[1, 2], [3, 4]], {"levels": [np.nan], "log": False}, "levels must be finite numbers"),
    ],
)
def test_bad_input_is_named(values: object, given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        field(values, **given)  # type: ignore[arg-type]

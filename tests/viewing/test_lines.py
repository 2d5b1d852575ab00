import numpy as np
import pytest

from lstmlab.viewing import QUANTITIES, bars, heatmap, lines


def test_a_quantity_has_its_own_look_and_its_words():
    figure = lines({"c": [0, 1, 2], "f": [1, 1, 1]})
    drawn = figure.axes[0].get_lines()
    assert [line.get_color() for line in drawn] == [QUANTITIES[q].color for q in "cf"]
    words = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert "cell" in words[0]
    assert "forget gate" in words[1]


def test_other_curves_differ_in_colour_and_line_style():
    drawn = lines({name: [0, 1] for name in ("one", "two", "three", "four")}).axes[0].get_lines()
    assert len({line.get_color() for line in drawn}) == 4
    assert len({str(line._dash_pattern) for line in drawn}) == 4


def test_the_curves_are_drawn_at_their_places():
    axes = lines({"E": [3.0, 4.0]}, x=[10, 20], log=True, mark=(10, 3.0)).axes[0]
    np.testing.assert_array_equal(axes.get_lines()[0].get_xydata(), [[10, 3], [20, 4]])
    assert axes.get_yscale() == "log"
    assert axes.get_lines()[1].get_markerfacecolor() == "none"


def test_bars_carry_their_values():
    axes = bars({"V": 75_900, "NP": 75_600}, ylim=(0, 1e5)).axes[0]
    assert [patch.get_height() for patch in axes.patches] == [75_900, 75_600]
    assert {"75,900", "75,600"} <= {text.get_text() for text in axes.texts}
    assert axes.get_ylim() == (0, 1e5)
    shares = bars({"V": 1, "NP": 75_600 / 75_900, "FGR": 2.186}).axes[0]
    assert {"1.00", "2.19"} <= {text.get_text() for text in shares.texts}


def test_a_heatmap_has_one_scale_and_every_number():
    figure = heatmap({"a": [[1.0, -2.0]], "b": [[0.5], [0.25]]})
    images = [axes.images[0] for axes in figure.axes[:2]]
    assert {image.get_clim() for image in images} == {(-2.0, 2.0)}
    assert {text.get_text() for text in figure.axes[0].texts} == {"1.000", "-2.000"}


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: lines({}), "at least one curve"),
        (lambda: lines({"c": [1, 2], "f": [1, 2, 3]}), r"curves\['f'\] must have shape \(2,\)"),
        (lambda: lines({"c": [[1, 2]]}), "must have shape"),
        (lambda: lines({str(k): [1] for k in range(5)}), "at most 4 .* got 5"),
        (lambda: bars({"V": float("nan")}), r"values\['V'\] must be a finite number, got nan"),
        (lambda: bars({"V": float("inf")}), r"values\['V'\] must be a finite number, got inf"),
        (
            lambda: heatmap({"a": [[1]], "b": [[1, float("nan")]]}),
            r"panels\['b'\] must hold finite numbers, got nan at \[0, 1\]",
        ),
        (lambda: heatmap({"a": [[]]}), r"panels\['a'\] must be a matrix, got shape \(1, 0\)"),
        (lambda: heatmap({"a": [[1]]}, limit=0), "limit must be a positive number, got 0"),
        (lambda: heatmap({"a": [[1]]}, limit=float("nan")), "limit must be .* got nan"),
        (lambda: bars({}), "at least one bar"),
        (lambda: heatmap({"a": [1, 2]}), r"panels\['a'\] must be a matrix, got shape \(2,\)"),
        (lambda: heatmap({}), "at least one matrix"),
    ],
)
def test_bad_input_is_named(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()

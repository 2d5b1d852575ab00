"""A text that is drawn shows every piece, on the colour of its value, within the page."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from lstmlab.viewing import DIVERGING, SEQUENTIAL, Figure, reading


def _drawn(figure: Figure) -> list[tuple[str, Rectangle]]:
    axes = figure.axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return list(zip((text.get_text() for text in axes.texts), boxes, strict=True))


def test_every_character_stands_on_its_colour() -> None:
    text, values = "To be,\nor $not$", np.linspace(-1, 1, 15)
    drawn = _drawn(reading(list(text[:14]), values[:14], label="y", caption="a line"))
    assert "".join(piece for piece, _ in drawn) == text[:14].replace("\n", "↵")
    for (_, box), value in zip(drawn, values, strict=False):
        assert to_rgba(box.get_facecolor()) == pytest.approx(DIVERGING((value + 1) / 2), abs=0.02)


def test_lines_end_where_the_text_or_the_page_does() -> None:
    drawn = _drawn(reading(list("ab\ncdefg"), np.zeros(8), label="y", width=3))
    rows = [round(box.get_y()) for _, box in drawn]
    assert rows == [0, 0, 0, 1, 1, 1, 2, 2]
    pieces, values = ["not", "bad", "at"], [0.0, 0.5, 1.0]
    words = _drawn(reading(pieces, values, label="p", limits=(0, 1), width=7))
    assert [(box.get_x(), round(box.get_y())) for _, box in words] == [(0, 0), (4, 0), (0, 1)]
    assert to_rgba(words[2][1].get_facecolor()) == pytest.approx(SEQUENTIAL(1.0), abs=0.02)


def test_ink_can_be_read_on_every_colour() -> None:
    figure = reading(list("abcdefghi"), np.linspace(-1, 1, 9), label="y")

    def light(colour: object) -> float:
        r, g, b, _ = to_rgba(colour)  # type: ignore[arg-type]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (r, g, b)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    axes = figure.axes[0]
    for text, (_, box) in zip(axes.texts, _drawn(figure), strict=True):
        pair = sorted([light(text.get_color()), light(box.get_facecolor())])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) > 4, text.get_text()


@pytest.mark.parametrize(
    ("pieces", "values", "options", "message"),
    [
        ([], [], {}, "pieces must be 1 to 4000 texts, got 0"),
        (["a"], [0, 1], {}, r"values must have shape \(1,\), got \(2,\)"),
        (["a"], [np.nan], {}, "y"),
        (["a"], [0], {"limits": (1, 0)}, "limits must be a smaller and a larger number"),
    ],
)
def test_what_cannot_be_drawn_is_refused(pieces, values, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        reading(pieces, values, label="y", **options)

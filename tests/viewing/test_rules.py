"""The drawing of a rule has a box for every part, and says what the rule says."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from lstmlab.optimizers import ZOO, Grammar, Rule, named
from lstmlab.viewing import describe_rule, draw_rule

KINDS = ("operand", "unary", "binary", "result")


def _says(figure: Figure, kind: str) -> Counter[str]:
    texts = figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_gid() == kind)
    return Counter(text.get_text() for text in texts if isinstance(text, Text))


def _boxes(figure: Figure) -> list[Bbox]:
    """The outlines of all boxes, in data units."""
    patches = figure.findobj(
        lambda a: isinstance(a, FancyBboxPatch) and a.get_gid() in KINDS and a.get_zorder() == 4.3
    )
    return [patch.get_path().get_extents() for patch in patches]


@pytest.fixture(scope="module")
def drawn() -> list[Figure]:
    """Rules of all shapes, as trees and as token strings, laid out."""
    rng = np.random.default_rng(0)
    rules = [Grammar(4).free().sample(rng) for _ in range(4)]
    rules += [named(name) for name in ("sgd", "found-1", "found-7", "addsign-rd10")]
    rules.append(Rule.parse("r1 = drop(g, 0.3); exp(-r1) * r1 - noise"))
    figures = [draw_rule(rule, groups=groups) for rule in rules for groups in (False, True)]
    for figure in figures:
        figure.draw_without_rendering()
    return figures


def test_a_tree_has_its_operands_and_functions() -> None:
    figure = named("found-1").draw()
    assert _says(figure, "operand") == {
        "$g$": 2, r"$\mathrm{sign}(g)$": 1, r"$\mathrm{sign}(\hat{m})$": 1,
    }  # fmt: skip
    assert _says(figure, "unary") == {"exp": 1, "clip 1e-4": 1}
    assert _says(figure, "binary") == {"×": 2, "+": 1}
    wires = figure.findobj(FancyArrowPatch)
    assert len(wires) == 4 + 2 + 2 + 1  # of the operands, the functions, the inner ones, the step


def test_a_token_string_is_drawn_with_what_it_leaves_as_it_is() -> None:
    figure = named("sgd").draw(groups=True)
    assert _says(figure, "operand") == {"$g$": 1, "$1$": 1}
    assert _says(figure, "unary") == {"x": 2}
    assert _says(figure, "binary") == {"left": 1}
    figure = named("found-4").draw(groups=True)
    assert _says(figure, "result") == {"$r_{1}$": 1}


def test_a_shared_value_is_drawn_once() -> None:
    figure = Rule.parse("r1 = drop(g, 0.3); r1 * exp(r1)").draw()
    assert _says(figure, "unary") == {"drop 0.3": 1, "exp": 1}
    figure = Rule.parse("r1 = noise; r1 * exp(r1)").draw()
    assert _says(figure, "operand") == {r"$\varepsilon$": 1}
    figure = Rule.parse("drop(g, 0.3) * exp(drop(g, 0.3))").draw()
    assert _says(figure, "unary") == {"drop 0.3": 2, "exp": 1}


def test_no_two_boxes_overlap_and_no_text_leaves_its_figure(drawn: list[Figure]) -> None:
    for figure in drawn:
        boxes = _boxes(figure)
        for n, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:n])
        for text in figure.findobj(Text):
            assert isinstance(text, Text)
            if text.get_text().strip() and text.get_visible():
                extent = text.get_window_extent()
                assert figure.bbox.contains(extent.x0, extent.y0), text.get_text()
                assert figure.bbox.contains(extent.x1, extent.y1), text.get_text()


def test_words_stay_in_their_boxes(drawn: list[Figure]) -> None:
    for figure in drawn:
        (axes,) = figure.axes
        for text in figure.findobj(Text):
            if isinstance(text, Text) and text.get_gid() in KINDS:
                words = text.get_window_extent().transformed(axes.transData.inverted())
                assert words.width < 1.5, text.get_text()
                assert words.height < 0.72, text.get_text()


def test_the_title_and_the_caption_are_ones_own_or_the_formula() -> None:
    rule = Rule.parse("m * exp(v)")
    assert draw_rule(rule).get_suptitle() == r"$\hat{m} \cdot e^{\hat{v}}$"
    figure = draw_rule(rule, title="Found", caption="Table 1, rule 3.")
    assert figure.get_suptitle() == "Found"
    assert figure.get_supxlabel() == "Table 1, rule 3."


@pytest.mark.parametrize("name", ZOO)
def test_a_rule_in_words_is_a_text_alternative(name: str) -> None:
    words = describe_rule(named(name))
    assert str(named(name)) in words
    assert len(words.split()) >= 5
    assert len(words) >= 30


def test_a_rule_in_words_names_what_it_is_made_of() -> None:
    assert describe_rule(Rule.parse("m * exp(v)")) == (
        "The rule m * exp(v) as a tree: from the operands m, v by exp, product to the step."
    )
    assert "by minus to" in describe_rule(Rule.parse("-g"))
    assert "from the operand g, as it is, to the step" in describe_rule(Rule.parse("g"))


def test_what_is_no_rule_is_refused() -> None:
    with pytest.raises(TypeError, match="rule must be a Rule, got str"):
        draw_rule("g")  # type: ignore[arg-type]

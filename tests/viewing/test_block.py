"""The drawing of a block has the parts its variant has, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from lstmlab.cells import VARIANTS, Variant, param_shapes
from lstmlab.viewing import PARTS, draw_block
from lstmlab.viewing.style import luminance

PEEPHOLES = {"p_i", "p_f", "p_o"}
GHOSTS = {
    "V": set(),
    "NIG": {"i"},
    "NFG": {"f"},
    "NOG": {"o"},
    "NIAF": set(),
    "NOAF": {"h"},
    "CIFG": set(),
    "NP": PEEPHOLES,
    "FGR": set(),
}


def _of(figure: Figure, gid: str) -> list[Artist]:
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def _words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]


def _level(figure: Figure, part: str) -> tuple[float, float]:
    """Where a part's fill begins and ends, in heights of its box."""
    (fill,) = _of(figure, f"level:{part}")
    assert isinstance(fill, Rectangle)
    height = 1.44 if part == "c" else 1.1 if part == "y" else 1.0
    middle = 4.98 if part in "ifo" else 1.75
    low = (fill.get_y() - middle) / height + 0.5
    return low, low + fill.get_height() / height


@pytest.mark.parametrize("name", VARIANTS)
def test_missing_parts_are_dashed_outlines(name: str) -> None:
    figure = draw_block(name)
    found = {part for part in PARTS if _of(figure, f"ghost:{part}")}
    assert found == GHOSTS[name]


@pytest.mark.parametrize("name", VARIANTS)
def test_weights_written_are_those_the_variant_has(name: str) -> None:
    text = " ".join(_words(draw_block(name)))
    keys = param_shapes(VARIANTS[name], 3, 2)
    for part in "zifo":
        assert (f"W_{part}" in text) == (f"W_{part}" in keys)
        assert (f"$p_{part}$" in text) == (f"p_{part}" in keys)


@pytest.mark.parametrize("name", VARIANTS)
def test_peepholes_lead_to_gates_with_weights(name: str) -> None:
    figure, variant = draw_block(name), VARIANTS[name]
    drawn = {part for part in PEEPHOLES if _of(figure, part)}
    assert drawn == ({f"p_{gate}" for gate in variant.gates} if variant.peepholes else set())


@pytest.mark.parametrize("name", VARIANTS)
def test_only_cifg_couples_and_only_fgr_has_gate_recurrence(name: str) -> None:
    figure = draw_block(name)
    assert bool(_of(figure, "coupling")) == (name == "CIFG")
    assert bool(_of(figure, "gate_recurrence")) == (name == "FGR")


@pytest.mark.parametrize("name", VARIANTS)
def test_the_loop_of_the_cell_is_in_every_variant(name: str) -> None:
    assert len([a for a in _of(draw_block(name), "loop") if isinstance(a, FancyArrowPatch)]) >= 2


@pytest.mark.parametrize("name", VARIANTS)
def test_the_title_names_the_variant(name: str) -> None:
    assert any(words.startswith(f"{name}: ") for words in _words(draw_block(name)))


@pytest.mark.parametrize("name", VARIANTS)
def test_no_two_texts_overlap_and_none_is_cut_off(name: str) -> None:
    values = {"z": -0.85, "i": 0.95, "f": 0.65, "o": 0.35, "c": -1.2, "c_prev": -0.7, "y": -0.2}
    caption = "One block of a trained network, " * 6
    for figure in (draw_block(name), draw_block(name, values, caption=caption)):
        figure.draw_without_rendering()
        texts = [t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_text().strip()]
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
        page = figure.bbox
        for n, (words, box) in enumerate(boxes):
            assert page.contains(box.x0, box.y0), words
            assert page.contains(box.x1, box.y1), words
            for others, other in boxes[:n]:
                shared = Bbox.intersection(box, other)
                area = 0.0 if shared is None else shared.width * shared.height
                assert area < 0.02 * min(box.width * box.height, other.width * other.height), (
                    words,
                    others,
                )


def test_a_variant_of_ones_own_is_described() -> None:
    figure = draw_block(Variant(peepholes=False, output_gate=False))
    assert "LSTM block: no output gate, o = 1, no peepholes" in _words(figure)
    assert _of(figure, "ghost:o")


def test_values_are_written_on_their_parts() -> None:
    values = {"z": -0.8, "i": 0.9, "f": 0.6, "o": 0.3, "c": 1.02, "c_prev": 0.5, "y": 0.23}
    words = _words(draw_block("V", values))
    assert {"−0.80", "0.90", "0.60", "0.30", "1.02", "0.50", "0.23"} <= set(words)


def test_products_and_the_output_activation_are_computed() -> None:
    words = _words(draw_block("V", {"z": 0.8, "i": 0.9, "f": 0.6, "c": 1.02, "c_prev": 0.55}))
    assert "0.72" in words  # z i
    assert "0.33" in words  # c_prev f
    assert f"{np.tanh(1.02):.2f}" in words
    assert "1.02" in words
    assert f"{np.tanh(1.02):.2f}" not in _words(draw_block("NOAF", {"c": 1.02}))


def test_a_gate_fills_from_the_bottom() -> None:
    assert _level(draw_block("V", {"f": 0.6}), "f") == pytest.approx((0.0, 0.6))


def test_a_signed_value_fills_from_the_middle() -> None:
    assert _level(draw_block("V", {"z": 0.5}), "z") == pytest.approx((0.5, 0.75))
    assert _level(draw_block("V", {"y": -1.0}), "y") == pytest.approx((0.0, 0.5))
    assert _level(draw_block("V", {"c": -7.0}), "c") == pytest.approx((0.0, 0.5))


def test_highlight_leaves_the_rest_pale() -> None:
    figure = draw_block("V", highlight={"f", "peepholes"})

    def darkest(part: str) -> float:
        arrows = [a for a in _of(figure, part) if isinstance(a, FancyArrowPatch)]
        return min(luminance(arrow.get_edgecolor()) for arrow in arrows)  # type: ignore[arg-type]

    assert max(darkest(part) for part in ("f", "p_i", "p_f", "p_o")) < 0.5
    assert min(darkest(part) for part in ("z", "i", "o", "c", "loop", "y", "x")) > 0.6


def test_highlighting_adds_no_part_and_removes_none() -> None:
    def count(figure: Figure) -> int:
        return len(figure.findobj(lambda artist: artist.get_gid() is not None))

    assert count(draw_block("V", highlight=())) == count(draw_block("V"))


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="variant must be one of V, .* got 'GRU'"):
        draw_block("GRU")
    with pytest.raises(ValueError, match="values may name z, .* got 'h'"):
        draw_block("V", {"h": 0.5})
    with pytest.raises(ValueError, match="values must be finite numbers, got c = nan"):
        draw_block("V", {"c": float("nan")})
    with pytest.raises(ValueError, match="highlight may name x, .* got 'g'"):
        draw_block("V", highlight={"g"})

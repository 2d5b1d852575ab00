"""A trace drawn shows that trace's numbers, and refuses what it does not hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lstmlab.cells import Trace, forward, init_params
from lstmlab.viewing import activations, gate_trace


def _line(figure: Figure, name: str) -> Line2D:
    (line,) = figure.findobj(lambda artist: artist.get_gid() == name)
    assert isinstance(line, Line2D)
    return line


@pytest.mark.parametrize("name", ["z", "i", "f", "c", "o", "y"])
def test_a_panel_shows_the_blocks_values(trace: Trace, name: str) -> None:
    figure = gate_trace(trace, block=4, batch=2)
    drawn = np.asarray(_line(figure, name).get_ydata())
    np.testing.assert_array_equal(drawn, getattr(trace, name)[:, 2, 4])


def test_panels_stand_in_the_order_asked_for(trace: Trace) -> None:
    figure = gate_trace(trace, names=("f", "c"))
    assert [axes.get_ylabel() for axes in figure.axes] == ["$f$", "$c$"]
    assert figure.axes[0].get_position().y0 > figure.axes[1].get_position().y0


def test_every_value_is_within_its_panel(trace: Trace) -> None:
    for axes in gate_trace(trace, block=1).axes:
        low, high = axes.get_ylim()
        for line in axes.lines:
            values = np.asarray(line.get_ydata())
            assert ((values >= low) & (values <= high)).all()


def test_title_and_caption_are_on_the_figure(trace: Trace) -> None:
    figure = gate_trace(trace, title="One block", caption="generated chorales (seed 0)")
    written = {text.get_text() for text in figure.texts}
    assert {"One block", "generated chorales (seed 0)"} <= written


def test_a_trace_without_a_batch_can_be_drawn() -> None:
    params = init_params("NOG", 2, 3, rng=np.random.default_rng(0))
    trace = forward(params, np.ones((5, 2)), "NOG")
    np.testing.assert_array_equal(_line(gate_trace(trace), "o").get_ydata(), np.ones(5))


def test_a_cell_that_never_moves_can_be_drawn() -> None:
    params = init_params("V", 2, 3, rng=np.random.default_rng(0), std=0.0)
    trace = forward(params, np.ones((5, 2)), "V")
    assert gate_trace(trace)._repr_png_()[0]
    assert activations(trace, "c")._repr_png_()[0]


@pytest.mark.parametrize("name", ["z", "i", "c", "y"])
def test_the_heat_map_has_a_row_for_each_block(trace: Trace, name: str) -> None:
    (image,) = activations(trace, name, batch=1).axes[0].images
    np.testing.assert_array_equal(np.asarray(image.get_array()), getattr(trace, name)[:, 1].T)


def test_a_gates_heat_map_runs_from_closed_to_open(trace: Trace) -> None:
    assert activations(trace, "f").axes[0].images[0].get_clim() == (0.0, 1.0)


def test_a_signed_heat_map_is_centred_on_zero(trace: Trace) -> None:
    low, high = activations(trace, "c").axes[0].images[0].get_clim()
    assert low == -high
    assert high >= np.abs(trace.c[:, 0]).max()


def test_the_heat_map_has_a_named_colour_bar(trace: Trace) -> None:
    assert "input gate" in activations(trace, "i").axes[1].get_ylabel()


def test_wrong_arguments_are_named(trace: Trace) -> None:
    with pytest.raises(ValueError, match=r"block must be a whole number in 0\.\.\.9, got 10"):
        gate_trace(trace, block=10)
    for draw in (gate_trace, activations):
        for batch in (-1, 3, 1.0, "1", True, None, np.nan):
            with pytest.raises(ValueError, match=r"batch must be a whole number in 0\.\.\.2, got"):
                draw(trace, batch=batch)  # type: ignore[arg-type]
    for block in (1.0, "1", True, None, np.nan):
        with pytest.raises(ValueError, match=r"block must be a whole number in 0\.\.\.9, got"):
            gate_trace(trace, block=block)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="name must be one of z, i, f, o, c, y, got 'g'"):
        activations(trace, "g")
    with pytest.raises(ValueError, match="names must be one or more different letters"):
        gate_trace(trace, names=("i", "i"))


def test_numpys_whole_numbers_are_taken(trace: Trace) -> None:
    figure = gate_trace(trace, block=np.int64(4), batch=np.uint8(2))  # type: ignore[arg-type]
    np.testing.assert_array_equal(_line(figure, "y").get_ydata(), trace.y[:, 2, 4])


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_quantity_that_is_not_finite_is_named(trace: Trace, wrong: float) -> None:
    values = trace.f.copy()
    values[5, 1, 2] = wrong
    broken = dataclasses.replace(trace, f=values)
    with pytest.raises(ValueError, match=rf"forget gate f of block 2 must .* got {wrong} at \[5\]"):
        gate_trace(broken, block=2, batch=1)
    with pytest.raises(ValueError, match=rf"forget gate f must hold .* got {wrong} at \[5, 2\]"):
        activations(broken, "f", batch=1)
    assert gate_trace(broken, block=1, batch=1).axes
    assert activations(broken, "f", batch=0).axes

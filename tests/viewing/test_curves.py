"""Learning curves show both losses, the epoch kept, and what has to be beaten."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from lstmlab.training.history import History
from lstmlab.viewing import learning_curves

TRAIN, VALID = [12.0, 10.0, 9.0, 8.5], [12.5, 10.5, 10.2, 10.4]


def _line(figure: Figure, gid: str) -> tuple[list[float], list[float]]:
    (line,) = figure.findobj(lambda artist: artist.get_gid() == gid)
    return list(line.get_xdata()), list(line.get_ydata())  # type: ignore[attr-defined]


def test_epochs_count_from_one() -> None:
    figure = learning_curves(TRAIN, VALID)
    assert _line(figure, "train") == ([1, 2, 3, 4], TRAIN)
    assert _line(figure, "valid") == ([1, 2, 3, 4], VALID)


def test_the_best_epoch_is_ringed_on_the_validation_curve() -> None:
    figure = learning_curves(TRAIN, VALID, best_epoch=3, ylabel="nats per frame")
    assert _line(figure, "best") == ([3], [10.2])
    assert figure.axes[0].get_ylabel() == "nats per frame"


def test_a_list_with_the_untrained_network_counts_from_zero() -> None:
    figure = learning_curves(TRAIN, VALID, best_epoch=2, first_epoch=0)
    assert _line(figure, "best") == ([2], [10.2])


def test_baselines_are_lines_with_their_names() -> None:
    figure = learning_curves(TRAIN, VALID, baselines={"marginal": 11.1})
    assert _line(figure, "marginal")[1] == [11.1, 11.1]
    assert "marginal 11.1" in [text.get_text() for text in figure.axes[0].texts]


def test_the_curves_differ_in_greyscale() -> None:
    figure = learning_curves(TRAIN, VALID)
    train, valid = figure.axes[0].lines
    assert train.get_linestyle() != valid.get_linestyle()
    assert train.get_marker() != valid.get_marker()


def test_a_run_that_diverged_can_be_drawn() -> None:
    assert learning_curves([9.0, np.inf], [9.5, np.nan], best_epoch=1)._repr_png_()[0]


def test_a_history_plots_itself() -> None:
    figure = History(TRAIN, VALID).plot(title="Run 1")
    assert _line(figure, "best") == ([3], [10.2])


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="equal lengths, got 4 and 3"):
        learning_curves(TRAIN, VALID[:3])
    with pytest.raises(ValueError, match="got 0 and 0"):
        learning_curves([], [])
    with pytest.raises(ValueError, match=r"best_epoch must be a whole number in 1\.\.\.4, got 0"):
        learning_curves(TRAIN, VALID, best_epoch=0)
    with pytest.raises(ValueError, match=r"best_epoch must be .* in 1\.\.\.4, got 1\.5"):
        learning_curves(TRAIN, VALID, best_epoch=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"first_epoch must be a whole number, got 0\.5"):
        learning_curves(TRAIN, VALID, first_epoch=0.5)  # type: ignore[arg-type]

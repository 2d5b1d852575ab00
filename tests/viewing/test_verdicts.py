"""Precision-recall curves and confusion matrices show what `Verdicts` holds."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.cbook import STEP_LOOKUP_MAP

from lstmlab.evidence import Verdicts
from lstmlab.viewing import confusion, precision_recall


def made_up(n: int = 80, seed: int = 0) -> Verdicts:
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.4
    return Verdicts(np.clip(0.4 * y + 0.6 * rng.random(n), 0, 1), y)


def by_gid(figure, gid):  # type: ignore[no-untyped-def]
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def test_a_curve_is_the_verdicts_and_its_area_stands_in_the_legend() -> None:
    shown = {"one": made_up(), "two": made_up(seed=1)}
    figure = precision_recall(shown, caption="made up")
    for name, one in shown.items():
        (curve,), (point,) = by_gid(figure, f"curve {name}"), by_gid(figure, f"point {name}")
        assert curve.get_xdata() == pytest.approx(one.curve.recall)
        assert curve.get_ydata() == pytest.approx(one.curve.precision)
        assert (point.get_xdata()[0], point.get_ydata()[0]) == (one.recall, one.precision)
    (axes,) = figure.axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == [f"{name} ({one.area:.3f})" for name, one in shown.items()]
    shares = [line.get_ydata()[0] for line in by_gid(figure, "guessing")]
    assert sorted(shares) == sorted({one.y.mean() for one in shown.values()})
    styles = {str(by_gid(figure, f"curve {name}")[0].get_linestyle()) for name in shown}
    assert len(styles) == 2


@pytest.mark.parametrize("grades", [2, 5, 1000])
def test_the_area_below_the_drawn_steps_is_the_one_in_the_legend(grades: int) -> None:
    one = made_up(seed=2)
    one = Verdicts(np.round(one.p * grades) / grades, one.y)
    (curve,) = by_gid(precision_recall({"one": one}), "curve one")
    x, y = STEP_LOOKUP_MAP[curve.get_drawstyle()](curve.get_xdata(), curve.get_ydata())
    assert -np.trapezoid(y, x) == pytest.approx(one.area)


def test_a_matrix_has_counts_and_shares_of_the_truth() -> None:
    one = made_up()
    figure = confusion({"one": one, "two": made_up(seed=1)}, classes=("bad", "good"))
    for (truth, verdict), count in np.ndenumerate(one.confusion):
        (text,) = by_gid(figure, f"cell one {truth} {verdict}")
        share = count / one.confusion[truth].sum()
        assert text.get_text() == f"{count:,}\n{share:.0%}"
        assert text.get_position() == (verdict, truth)
    first, second = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["bad", "good"]
    assert [label.get_text() for label in second.get_yticklabels()] == ["", ""]


def test_too_few_and_too_many_are_refused() -> None:
    with pytest.raises(ValueError, match="verdicts must hold 1 to 6 curves, got 0"):
        precision_recall({})
    with pytest.raises(ValueError, match="verdicts must hold 1 to 6 curves, got 7"):
        precision_recall({str(n): made_up() for n in range(7)})
    with pytest.raises(ValueError, match="verdicts must hold 1 matrix or more, got none"):
        confusion({})

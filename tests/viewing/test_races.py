"""Races show medians and quartiles, and one look for each method."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lstmlab.evidence import contest
from lstmlab.viewing import races

BUDGETS = (1, 3, 10, 30)


def table(*methods: str, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    trials = [
        {"method": method, "seed": s, "number": n, "value": rng.random()}
        for method in methods
        for s in range(5)
        for n in range(30)
    ]
    return contest(pd.DataFrame(trials), BUDGETS)


def by_gid(figure, gid):  # type: ignore[no-untyped-def]
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def test_a_line_is_the_medians_and_a_band_the_quartiles() -> None:
    found = table("one", "two")
    figure = races(found)
    for method, own in found.groupby("method"):
        (line,), (band,) = by_gid(figure, f"median {method}"), by_gid(figure, f"quartiles {method}")
        assert list(line.get_xdata()) == list(BUDGETS)
        assert line.get_ydata() == pytest.approx(own["median"].to_numpy())
        corners = band.get_paths()[0].vertices
        for _, row in own.iterrows():
            ys = corners[corners[:, 0] == row["budget"], 1]
            assert (ys.min(), ys.max()) == pytest.approx((row["low"], row["high"]))


def test_every_method_has_a_colour_and_dashes_and_a_marker_of_its_own() -> None:
    names = list("abcde")
    lines = [by_gid(figure, f"median {n}")[0] for figure in [races(table(*names))] for n in names]
    for look in ("get_color", "get_linestyle", "get_marker"):
        assert len({str(getattr(line, look)()) for line in lines}) == (
            5 if look != "get_linestyle" else 2
        )
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 5


def test_names_stand_below_beside_the_look_of_their_line() -> None:
    figure = races(table(*"abcde"), names={"a": "first"})
    legend = figure.axes[-1].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["first", *"bcde"]
    for method, handle in zip("abcde", legend.legend_handles, strict=True):
        (line,) = by_gid(figure, f"median {method}")
        assert handle.get_color() == line.get_color()
        assert handle.get_marker() == line.get_marker()


def test_several_panels_share_looks_and_name_them_below() -> None:
    figure = races({"left": table("one", "two"), "right": table("two", "three", seed=1)})
    left, right, _ = figure.axes
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("left", "right")
    legend = figure.axes[-1].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two", "three"]
    colors = {line.get_color() for line in by_gid(figure, "median two")}
    assert len(by_gid(figure, "median two")) == 2
    assert len(colors) == 1


def test_budgets_that_no_search_reached_are_left_out() -> None:
    found = contest(
        pd.DataFrame([{"method": "m", "seed": 0, "number": n, "value": 1.0} for n in range(5)]),
        (1, 5, 50),
    )
    (line,) = by_gid(races(found), "median m")
    assert list(line.get_xdata()) == [1, 5]


def test_axes_are_logarithmic_where_asked() -> None:
    axes = races(table("m"), log=(False, True), xlabel="seconds", ylabel="error").axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("seconds", "error")


def test_wrong_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="found must have columns .* got none called high"):
        races(table("m").drop(columns="high"))
    with pytest.raises(ValueError, match="1 to 5 methods .* got 6"):
        races(table(*"abcdef"))
    with pytest.raises(ValueError, match="1 to 5 methods .* got 0"):
        races(table("m").assign(median=np.nan))

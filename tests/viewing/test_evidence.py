"""The paper's figures 3 to 6 show the numbers that the evidence holds, also without colour."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lstmlab.evidence import Fanova, best_trials, compare_variants
from lstmlab.viewing import DIVERGING
from lstmlab.viewing.evidence import boxes, interactions, marginals, shares

SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-6, 1e-2, log=True),
    "blocks": IntDistribution(20, 200, log=True),
    "input_noise": FloatDistribution(0.0, 1.0),
    "variant": CategoricalDistribution(["V", "NP", "NOAF", "CIFG"]),
}


def made_up(n: int) -> pd.DataFrame:
    """Trials of four variants: NOAF is worse, FGR fails."""
    rng = np.random.default_rng(0)
    lr, noise = 10 ** rng.uniform(-6, -2, 4 * n), rng.random(4 * n)
    blocks, variant = rng.integers(20, 201, 4 * n), np.repeat(["NP", "V", "NOAF", "CIFG"], n)
    valid = 8 + (np.log10(lr) + 3) ** 2 / 4 + 0.3 * noise + 2.0 * (variant == "NOAF")
    return pd.DataFrame({
        "lr": lr, "blocks": blocks, "input_noise": noise, "variant": variant, "valid": valid,
        "test": valid + rng.normal(0, 0.05, 4 * n), "seconds": blocks / 4, "weights": 500 * blocks,
    })  # fmt: skip


@pytest.fixture(scope="module")
def error() -> Fanova:
    return Fanova(made_up(25), 10, target="test", space=SPACE)


def drawn(where: matplotlib.figure.Figure | Axes, gid: str) -> Artist:
    """The one artist with this name."""
    (found,) = where.findobj(lambda artist: artist.get_gid() == gid)
    return found


def absent(where: Axes, gid: str) -> bool:
    return not where.findobj(lambda artist: artist.get_gid() == gid)


def words(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_xticklabels()]


def test_boxes_show_all_trials_above_and_the_best_below() -> None:
    trials = made_up(60)
    above, below = boxes(trials).axes[:2]
    assert words(above) == words(below) == ["V", "NP", "NOAF", "CIFG"]
    assert above.get_title(loc="left") == "all finished trials: 60 a variant"
    assert below.get_title(loc="left") == "best 10% by valid: 6 a variant"
    for axes, top in ((above, 1.0), (below, 0.1)):
        kept = best_trials(trials, top)
        values = kept.loc[kept["variant"] == "NP", "test"]
        edges = drawn(axes, "box NP").get_path().vertices[:, 1]  # type: ignore[attr-defined]
        assert (edges.min(), edges.max()) == pytest.approx(tuple(values.quantile([0.25, 0.75])))
        assert drawn(axes, "mean NP").get_ydata() == pytest.approx([values.mean()])  # type: ignore[attr-defined]
        assert drawn(axes, "median NP").get_ydata() == pytest.approx([values.median()] * 2)  # type: ignore[attr-defined]


def test_whiskers_reach_over_the_whole_range() -> None:
    trials = made_up(60)
    trials.loc[trials["variant"] == "CIFG", "test"] += np.eye(1, 60, 7)[0] * 30  # an outlier
    (above, *_) = boxes(trials).axes
    assert max(line.get_ydata().max() for line in above.lines) > 35


def test_an_axis_may_end_early_and_says_how_many_lie_beyond() -> None:
    trials = made_up(60)
    trials.loc[trials["variant"] == "CIFG", "test"] += np.eye(1, 60, 7)[0] * 30
    above, below = boxes(trials, upper=20).axes[:2]
    assert above.get_ylim()[1] == 20
    assert above.get_ylim()[0] < trials["test"].min() < above.get_ylim()[0] + 2
    assert drawn(above, "beyond CIFG").get_text() == "1 ↑"  # type: ignore[attr-defined]
    assert absent(above, "beyond V")
    assert below.get_ylim()[1] < 20
    star = drawn(boxes(trials.assign(test=trials["test"] + 9 * (trials["variant"] == "NP")),
                       upper=12).axes[0], "differs NP")  # fmt: skip
    assert star.xy == (1, 12)  # type: ignore[attr-defined]
    for upper in (1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match=f"upper must be finite and above .*, got {upper}"):
            boxes(trials, upper=upper)


def test_stars_may_allow_for_the_cut() -> None:
    trials = made_up(60)
    for cut in (False, True):
        found = compare_variants(trials, top=0.2, cut=cut).significant
        (_, below) = boxes(trials, top=0.2, cut=cut).axes[:2]
        stars = [not absent(below, f"differs {name}") for name in found.index]
        assert stars == found.tolist()


def test_significant_variants_are_marked_by_more_than_colour() -> None:
    trials = made_up(60)
    below = boxes(trials).axes[1]
    found = compare_variants(trials)
    assert found.significant.tolist() == [False, False, True, False]
    worse, same = drawn(below, "box NOAF"), drawn(below, "box NP")
    assert worse.get_hatch()  # type: ignore[attr-defined]
    assert not same.get_hatch()  # type: ignore[attr-defined]
    assert worse.get_linewidth() > 2 * same.get_linewidth()  # type: ignore[attr-defined]
    assert drawn(below, "differs NOAF").get_text() == "*"  # type: ignore[attr-defined]
    assert absent(below, "differs NP")
    legend = [text.get_text() for text in below.get_legend().get_texts()]
    assert "* differs from V: p < 0.05 after 3 tests" in legend


def test_few_trials_are_shown_one_by_one_and_many_are_not() -> None:
    trials = made_up(60)
    above, below = boxes(trials).axes[:2]
    assert absent(above, "points V")
    kept = best_trials(trials)
    points = drawn(below, "points V").get_ydata()  # type: ignore[attr-defined]
    assert sorted(points) == sorted(kept.loc[kept["variant"] == "V", "test"])


def test_bars_behind_the_boxes_are_the_mean_number_of_weights() -> None:
    trials = made_up(60)
    figure = boxes(trials, ylabel="nats a frame")
    assert len(figure.axes) == 4
    heights = [patch.get_height() for patch in figure.axes[3].patches]
    assert heights == pytest.approx(compare_variants(trials).weights.tolist())
    assert figure.axes[1].get_zorder() > figure.axes[3].get_zorder()
    assert figure.get_supylabel() == "nats a frame"
    bare = boxes(trials.drop(columns="weights"))
    assert len(bare.axes) == 2
    legend = [text.get_text() for text in bare.axes[1].get_legend().get_texts()]
    assert not any("weights" in text for text in legend)


def test_a_variant_of_which_every_trial_failed_keeps_its_place_without_a_box() -> None:
    trials = made_up(30).assign(state="complete")
    trials.loc[trials["variant"] == "NP", "state"] = "failed"
    figure = boxes(trials)
    assert words(figure.axes[0]) == ["V", "NP", "NOAF", "CIFG"]
    assert absent(figure.axes[0], "box NP")
    assert figure.axes[0].get_title(loc="left") == "all finished trials: 0 to 30 a variant"
    assert figure._repr_png_()[0]


def test_marginals_show_the_curve_its_spread_and_the_trials(error: Fanova) -> None:
    seconds = Fanova(made_up(25), 10, target="seconds", space=SPACE)
    figure = marginals(error, seconds, ["blocks", "lr"], ylabel="nats a frame")
    grid = np.reshape(np.array(figure.axes), (2, 2))
    assert grid[0, 0].get_ylabel() == "nats a frame"
    assert grid[1, 0].get_ylabel() == "seconds"
    assert [axes.get_xlabel() for axes in grid[1]] == ["blocks", "lr"]
    for row, fanova in zip(grid, (error, seconds), strict=True):
        curve = fanova.marginal("lr")
        line = drawn(row[1], "mean lr")
        np.testing.assert_allclose(line.get_ydata(), curve["mean"])  # type: ignore[attr-defined]
        np.testing.assert_allclose(line.get_xdata(), np.linspace(0, 1, 100), atol=1e-12)  # type: ignore[attr-defined]
        shade = drawn(row[1], "spread lr").get_paths()[0].vertices[:, 1]  # type: ignore[attr-defined]
        assert shade.max() == pytest.approx((curve["mean"] + curve["std"]).max())
        points = drawn(row[1], "trials lr")
        np.testing.assert_array_equal(points.get_ydata(), fanova.used[fanova.target])  # type: ignore[attr-defined]
    upper, lower = (drawn(row[1], "mean lr") for row in grid)
    assert upper.get_linestyle() != lower.get_linestyle()  # type: ignore[attr-defined]


def test_axes_of_the_cube_are_labelled_in_own_units(error: Fanova) -> None:
    lr, blocks, noise, variant = marginals(error).axes
    assert words(lr) == [f"$10^{{{power}}}$" for power in range(-6, -1)]
    np.testing.assert_allclose(lr.get_xticks(), [0, 0.25, 0.5, 0.75, 1])
    assert words(blocks) == ["20", "50", "100", "200"]
    assert blocks.get_xticks()[2] == error.sides[1].place([100])[0]
    assert words(noise) == ["0", "0.25", "0.5", "0.75", "1"]
    assert noise.get_xlabel() == "input noise"
    # in the order given, whatever the order of the cells in the forest's cube
    assert words(variant) == ["V", "NP", "NOAF", "CIFG"]
    means = drawn(variant, "mean variant")
    np.testing.assert_allclose(means.get_xdata(), [0.125, 0.375, 0.625, 0.875])  # type: ignore[attr-defined]
    assert np.argmax(means.get_ydata()) == 2  # type: ignore[attr-defined]
    assert means.get_linestyle() == "None"  # type: ignore[attr-defined]


def test_shares_are_bars_with_their_numbers_from_the_largest_down(error: Fanova) -> None:
    figure = shares(error)
    axes = figure.axes[0]
    importance = error.importance()
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert sorted(labels) == sorted(importance.index)
    assert set(labels[:4]) == set(SPACE)
    assert labels[-1] == "higher order"
    widths = [drawn(axes, label).get_width() for label in labels]  # type: ignore[attr-defined]
    assert widths == pytest.approx(importance.fraction[labels].tolist())
    assert widths[:4] == sorted(widths[:4], reverse=True)
    assert widths[4:10] == sorted(widths[4:10], reverse=True)
    share, std = importance.loc["lr"]
    assert f"{share:.1%} ± {std:.1%}" in [text.get_text() for text in axes.texts]
    assert drawn(axes, "lr × blocks").get_hatch()  # type: ignore[attr-defined]
    assert not drawn(axes, "lr").get_hatch()  # type: ignore[attr-defined]
    alone = shares(error, pairs=False).axes[0]
    assert len(alone.get_yticklabels()) == 5


def test_interactions_are_two_lower_triangles_of_every_pair(error: Fanova) -> None:
    figure = interactions(error, points=8, label="nats")
    left, right = figure.subfigs
    surface = error.interaction("lr", "input_noise", 8)
    for part, values in ((left, surface.total), (right, surface.interaction)):
        assert sum(axes.axison for axes in part.axes[:-1]) == 6
        mesh = drawn(part, "lr × input_noise")  # type: ignore[arg-type]
        np.testing.assert_allclose(mesh.get_array(), values.T)  # type: ignore[attr-defined]
    bars = [part.axes[-1].get_xlabel() for part in (left, right)]
    assert bars == ["nats", "nats: interaction"]


def test_no_interaction_is_grey_and_a_triangle_has_one_scale(error: Fanova) -> None:
    left, right = interactions(error, ["lr", "blocks", "input_noise"], points=8).subfigs
    for part in (left, right):
        scales = {
            mesh.get_clim()  # type: ignore[attr-defined]
            for mesh in part.findobj(lambda artist: "×" in str(artist.get_gid()))
        }
        assert len(scales) == 1
    low, high = scales.pop()
    assert low == -high
    mesh = drawn(right, "lr × blocks")  # type: ignore[arg-type]
    np.testing.assert_allclose(mesh.to_rgba(0.0), DIVERGING(0.5), atol=0.01)  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("error")
def test_constant_targets_and_single_values_can_be_drawn() -> None:
    space = {
        "lr": SPACE["lr"],
        "momentum": FloatDistribution(0.9, 0.9),
        "batch": IntDistribution(21, 45, log=True),
    }
    fanova = Fanova(made_up(5).assign(value=1.0, momentum=0.9, batch=30), 3, space=space)
    curves = marginals(fanova)
    assert [words(axes) for axes in curves.axes[1:]] == [["0.9"], ["21", "45"]]
    for figure in (curves, shares(fanova), interactions(fanova)):
        assert figure._repr_png_()[0]


def test_wrong_arguments_are_named(error: Fanova) -> None:
    with pytest.raises(ValueError, match="names must be at least two hyperparameters, got 1"):
        interactions(error, ["lr"])
    with pytest.raises(ValueError, match="name must be one of lr, .*, got 'size'"):
        marginals(error, names=["size"])
    with pytest.raises(ValueError, match="baseline must be one of NP, V, NOAF, CIFG, got 'W'"):
        boxes(made_up(5), baseline="W")

"""fANOVA is exact: what it says of its forest is what averaging over every grid cell says."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lstmlab.evidence import Fanova
from lstmlab.evidence.boxes import Boxes

Array = NDArray[np.float64]
MIXED: dict[str, BaseDistribution] = {
    "noise": FloatDistribution(0.0, 1.0),
    "lr": FloatDistribution(1e-6, 1e-2, log=True),
    "layers": IntDistribution(1, 5),
    "blocks": IntDistribution(2, 40, log=True),
    "width": IntDistribution(4, 20, step=4),
    "clip": CategoricalDistribution(["no", "yes", "often"]),
}


def table(draws: Mapping[str, object], value: Array) -> pd.DataFrame:
    return pd.DataFrame({**draws, "value": value, "state": "complete"})


@pytest.fixture(scope="module")
def mixed() -> Fanova:
    """A small forest over every kind of hyperparameter, on an uneven surface."""
    rng = np.random.default_rng(3)
    n = 40
    draws: dict[str, Array] = {
        "noise": rng.random(n),
        "lr": 10 ** rng.uniform(-6, -2, n),
        "layers": rng.integers(1, 6, n),
        "blocks": np.exp(rng.uniform(np.log(2), np.log(41), n)).astype(int),
        "width": 4 * rng.integers(1, 6, n),
        "clip": rng.choice(["no", "yes", "often"], n),
    }
    value = (
        (np.log10(draws["lr"]) + 3.5) ** 2 + draws["noise"] * np.log(draws["blocks"])
        + 0.5 * draws["layers"] * (draws["clip"] == "yes") + 0.1 * draws["width"]
    )  # fmt: skip
    return Fanova(table(draws, value), trees=4, space=MIXED)


def cells_of(name: str, thresholds: Array) -> tuple[Array, Array]:
    """Where to ask the forest along one side, and how wide each place is: (cells,), (cells,)."""
    match MIXED[name]:
        case CategoricalDistribution(choices=choices):
            K = len(choices)
            return (np.arange(K) + 0.5) / K, np.full(K, 1 / K)
        case IntDistribution(low=low, high=high, log=log, step=step):
            k = np.arange(low, high + 1, step)
            ends = np.append(k - step / 2, high + step / 2)
            if log:
                ends, k = np.log(ends), np.log(k)
            return (k - ends[0]) / (ends[-1] - ends[0]), np.diff(ends) / (ends[-1] - ends[0])
    edges = np.concatenate([[0.0], np.unique(thresholds), [1.0]])
    return (edges[1:] + edges[:-1]) / 2, np.diff(edges)


def brute_force(fanova: Fanova, tree: object) -> tuple[list[Array], list[Array], Array]:
    """A tree's predictions on the whole product grid, with the grid's places and weights."""
    places, weights = [], []
    for j, name in enumerate(fanova.names):
        inside = tree.tree_  # type: ignore[attr-defined]
        place, weight = cells_of(name, inside.threshold[inside.feature == j])
        places.append(place)
        weights.append(weight)
    grid = np.array(list(product(*places)))
    predicted = tree.predict(grid)  # type: ignore[attr-defined]
    return places, weights, predicted.reshape([len(place) for place in places])


def averaged(values: Array, weights: list[Array], keep: tuple[int, ...]) -> Array:
    """The average over every axis that is not kept."""
    for axis in reversed(range(values.ndim)):
        if axis not in keep:
            values = np.tensordot(values, weights[axis], (axis, 0))
    return values


def test_importances_are_those_of_averaging_over_the_whole_grid(mixed: Fanova) -> None:
    found = {name: [] for name in [*mixed.names, *map(" × ".join, combinations(mixed.names, 2))]}
    for tree in mixed.forest.estimators_:
        places, weights, values = brute_force(mixed, tree)
        mean = averaged(values, weights, ())
        V = averaged((values - mean) ** 2, weights, ())
        V_j = []
        for j, name in enumerate(mixed.names):
            V_j.append(weights[j] @ (averaged(values, weights, (j,)) - mean) ** 2)
            found[name].append(V_j[j] / V)
        for i, j in combinations(range(len(mixed.names)), 2):
            both = averaged(values, weights, (i, j))
            V_ij = weights[i] @ (both - mean) ** 2 @ weights[j] - V_j[i] - V_j[j]
            found[f"{mixed.names[i]} × {mixed.names[j]}"].append(V_ij / V)
    importance = mixed.importance()
    for name, fractions in found.items():
        assert importance.fraction[name] == pytest.approx(np.mean(fractions), abs=1e-10)
        assert importance["std"][name] == pytest.approx(np.std(fractions), abs=1e-10)


def test_marginals_are_those_of_averaging_over_the_whole_grid(mixed: Fanova) -> None:
    for j, name in enumerate(mixed.names):
        side = mixed.sides[j]
        # each tree has its own cells: ask all of them at the places of one of them
        places = brute_force(mixed, mixed.forest.estimators_[0])[0][j]
        curves = []
        for tree in mixed.forest.estimators_:
            own, weights, values = brute_force(mixed, tree)
            tops = np.cumsum(weights[j])
            curve = averaged(values, weights, (j,))
            curves.append(curve[np.minimum(np.searchsorted(tops, places), len(own[j]) - 1)])
        found = mixed.marginal(name, side.values(places))
        predicted = mixed.mean + mixed.scale * np.array(curves)
        np.testing.assert_allclose(found["mean"], predicted.mean(axis=0), rtol=0, atol=1e-10)
        np.testing.assert_allclose(found["std"], predicted.std(axis=0), rtol=0, atol=1e-10)


def test_surfaces_are_those_of_averaging_over_the_whole_grid() -> None:
    rng = np.random.default_rng(5)
    draws = {"lr": 10 ** rng.uniform(-6, -2, 50), "layers": rng.integers(1, 6, 50)}
    draws["noise"] = rng.random(50)
    value = 3 + draws["layers"] * (np.log10(draws["lr"]) + 4) ** 2 + draws["noise"]
    space = {name: MIXED[name] for name in draws}
    fanova = Fanova(table(draws, value), trees=1, space=space)
    (tree,) = fanova.forest.estimators_
    places, weights, values = brute_force(fanova, tree)
    values = fanova.mean + fanova.scale * values
    lr, layers = (fanova.sides[j].values(places[j]) for j in (0, 1))
    surface = fanova.interaction("lr", "layers", (lr, layers))
    both = averaged(values, weights, (0, 1))
    alone = both - averaged(values, weights, (0,))[:, None] - averaged(values, weights, (1,))
    np.testing.assert_allclose(surface.total, both, rtol=0, atol=1e-10)
    np.testing.assert_allclose(
        surface.interaction, alone + averaged(values, weights, ()), rtol=0, atol=1e-10
    )
    np.testing.assert_array_equal(surface.total_std, 0.0)
    assert surface.b.tolist() == [1, 2, 3, 4, 5]
    other = fanova.interaction("layers", "lr", (layers, lr))
    np.testing.assert_allclose(other.total, surface.total.T, rtol=0, atol=1e-12)


def test_the_spread_of_a_surface_is_that_over_the_trees(mixed: Fanova) -> None:
    surface = mixed.interaction("lr", "blocks", (7, 5))
    trees = []
    for boxes in mixed.boxes:
        u, v = mixed.sides[1].place(surface.a), mixed.sides[3].place(surface.b)
        trees.append(mixed.mean + mixed.scale * boxes.marginal(1, 3).at(u, v))
    assert surface.total.shape == (7, 5)
    np.testing.assert_allclose(surface.total, np.mean(trees, axis=0))
    np.testing.assert_allclose(surface.total_std, np.std(trees, axis=0))


def test_the_forest_s_own_predictions_are_the_boxes_values(mixed: Fanova) -> None:
    rng = np.random.default_rng(0)
    cube = rng.random((200, len(mixed.names)))
    cube = np.stack(  # only places of values: within a cell a tree may change, its box does not
        [side.place(side.values(u)) for side, u in zip(mixed.sides, cube.T, strict=True)], axis=1
    )
    for tree, boxes in zip(mixed.forest.estimators_, mixed.boxes, strict=True):
        inside = (boxes.low <= cube[:, None]) & (cube[:, None] <= boxes.high)
        assert (inside.all(axis=2).sum(axis=1) == 1).all()
        values = boxes.value[inside.all(axis=2).argmax(axis=1)]
        np.testing.assert_array_equal(values, tree.predict(cube))


def test_two_leaves_divide_as_on_paper() -> None:
    # f is 1 on the first quarter of a's side and 5 on the rest: f_∅ = 4, V = 3
    low, high = np.array([[0.0, 0.0], [0.25, 0.0]]), np.array([[0.25, 1.0], [1.0, 1.0]])
    boxes = Boxes(low, high, np.array([1.0, 5.0]))
    assert (boxes.f_0, boxes.V) == (4.0, 3.0)
    assert boxes.marginal(0).heights.tolist() == [1.0, 5.0]
    assert boxes.marginal(0).edges[0].tolist() == [0.0, 0.25, 1.0]
    assert boxes.marginal(1).heights.tolist() == [4.0]
    assert boxes.effect(0).heights.tolist() == [-3.0, 1.0]
    assert boxes.effect(0).variance() == 3.0
    assert boxes.effect(1).variance() == 0.0
    assert boxes.effect(0, 1).variance() == 0.0
    assert boxes.marginal(0).at(np.array([0.0, 0.25, 0.26, 1.0])).tolist() == [1, 1, 5, 5]

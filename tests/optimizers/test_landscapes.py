"""Landscapes are what they say, and a path is the rule's."""

from __future__ import annotations

import numpy as np
import pytest

from lstmlab.optimizers import Rule
from lstmlab.optimizers.landscapes import (
    LANDSCAPES,
    RATES,
    Landscape,
    Trajectory,
    best,
    trajectories,
    trajectory,
)

ROSENBROCK, RAVINE = LANDSCAPES["rosenbrock"], LANDSCAPES["ravine"]


@pytest.mark.parametrize("landscape", LANDSCAPES.values(), ids=LANDSCAPES)
def test_gradients_are_those_of_central_differences(landscape: Landscape) -> None:
    w = np.random.default_rng(0).uniform(-3, 3, (200, 2))
    h = 1e-6
    differences = [(landscape.f(w + h * e) - landscape.f(w - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(
        landscape.gradient(w), np.stack(differences, axis=-1), rtol=1e-5, atol=1e-4
    )


@pytest.mark.parametrize("landscape", LANDSCAPES.values(), ids=LANDSCAPES)
def test_the_minima_are_zeros_in_the_window_and_the_start_is_not(landscape: Landscape) -> None:
    low_x, high_x, low_y, high_y = landscape.window
    for x, y in (*landscape.minima, landscape.start):
        assert low_x < x < high_x
        assert low_y < y < high_y
    minima = np.array(landscape.minima)
    np.testing.assert_allclose(landscape.f(minima), 0, atol=1e-20)
    np.testing.assert_allclose(landscape.gradient(minima), 0, atol=1e-10)
    assert landscape.f(np.array(landscape.start)) > 1
    assert (landscape.f(np.random.default_rng(0).uniform(-5, 5, (1000, 2))) > 0).all()


def test_sgd_and_adam_go_the_way_of_their_equations() -> None:
    w, m, v = np.array(ROSENBROCK.start), np.zeros(2), np.zeros(2)
    for t in range(1, 51):
        g = ROSENBROCK.gradient(w)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w = w - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    found = trajectory(Rule.parse("adam"), ROSENBROCK, 0.1, steps=50)
    np.testing.assert_allclose(found.points[-1], w, rtol=1e-12)
    x = trajectory(Rule.parse("g"), RAVINE, 0.001, steps=30).points[:, 0]
    np.testing.assert_allclose(x, RAVINE.start[0] * 0.999 ** np.arange(31), rtol=1e-12)


def test_a_rate_goes_its_way_whatever_other_rates_are_tried() -> None:
    rule = Rule.parse("drop(m, 0.3) + noise")
    found = trajectories(rule, ROSENBROCK, (1e-4, 1e-3), steps=40, seed=3)
    alone = trajectory(rule, ROSENBROCK, 1e-3, steps=40, seed=3)
    np.testing.assert_array_equal(found[1].points, alone.points)
    other = trajectory(rule, ROSENBROCK, 1e-3, steps=40, seed=4)
    assert not np.array_equal(other.points, alone.points)


def test_a_path_that_leaves_the_numbers_is_nan_from_there_on_and_never_the_best() -> None:
    found = trajectories(Rule.parse("g"), ROSENBROCK, (1e-3, 1.0), steps=100)
    assert [path.finite for path in found] == [True, False]
    assert found[1].final == np.inf
    broken = np.isnan(found[1].points).any(axis=1)
    assert not broken[0]
    assert broken[-1]
    assert (np.diff(broken.astype(int)) >= 0).all()
    assert best(found) is found[0]
    with pytest.raises(ValueError, match="one of the trajectories must be finite"):
        best(found[1:])


def test_the_best_rate_ends_lowest() -> None:
    found = trajectories(Rule.parse("adam"), ROSENBROCK, steps=400)
    assert [path.lr for path in found] == list(RATES)
    assert best(found).final == min(path.values[-1] for path in found if path.finite)
    assert best(found).final < 0.01
    assert isinstance(best(found), Trajectory)


def test_a_decay_ends_with_the_path() -> None:
    found = trajectory(Rule.parse("linear * sign(g)", ("decay",)), RAVINE, 0.1, steps=10)
    moves = np.diff(found.points[:, 0])
    np.testing.assert_allclose(moves, 0.1 * (1 - np.arange(10) / 10), rtol=1e-9)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="rates must hold at least one"):
        trajectories(Rule.parse("g"), RAVINE, ())
    with pytest.raises(ValueError, match="steps must be 1 or more, got 0"):
        trajectories(Rule.parse("g"), RAVINE, steps=0)


def test_a_path_is_that_of_the_optimizer_of_torch() -> None:
    torch = pytest.importorskip("torch")
    from lstmlab.optimizers import RuleOptimizer

    rule = Rule.parse("drop(adam, 0.3)")
    p = torch.tensor(ROSENBROCK.start, dtype=torch.float64, requires_grad=True)
    optimizer = RuleOptimizer([p], rule, 0.05, engine="foreach")
    optimizer.param_groups[0]["key"] = 7
    for _ in range(30):
        optimizer.zero_grad()
        ((1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2).backward()
        optimizer.step()
    found = trajectory(rule, ROSENBROCK, 0.05, steps=30, seed=7)
    np.testing.assert_allclose(p.detach().numpy(), found.points[-1], rtol=1e-9)

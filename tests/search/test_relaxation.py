"""The relaxation: the paper's example, exact differences, continuity, and the arches."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from lstmlab.search.newhouse import SPACE
from lstmlab.search.relaxation import (
    Corner,
    arch,
    corners,
    hessian,
    mixed,
    partial,
    stencil,
    value,
    weighted,
)

EXAMPLE = {"hidden": 40.25, "length": 12.8, "lr": 0.1}
STEPS = {"n": IntDistribution(3, 27, step=4), "p": FloatDistribution(0.0, 1.0, step=0.25)}
THREE = {name: IntDistribution(0, 9) for name in "abc"}
number = st.floats(-60, 60).map(lambda x: round(x, 9))


def bumpy(params):
    """Any value anywhere, the same for the same params."""
    return math.sin(37.7 * sum((n + 1) * v for n, v in enumerate(params.values()))) + params["lr"]


def point(h, s, lr=0.1):
    return {"hidden": h, "length": s, "lr": lr}


def test_the_papers_example_corner_by_corner():
    found = corners(EXAMPLE, SPACE)
    assert [corner.params for corner in found] == [
        {"hidden": 40, "length": 12, "lr": 0.1},
        {"hidden": 40, "length": 13, "lr": 0.1},
        {"hidden": 41, "length": 12, "lr": 0.1},
        {"hidden": 41, "length": 13, "lr": 0.1},
    ]
    assert [corner.weight for corner in found] == pytest.approx(
        [0.75 * 0.2, 0.75 * 0.8, 0.25 * 0.2, 0.25 * 0.8], abs=1e-14
    )
    f = [7.0, 5.0, 4.0, 3.0]
    paper = 0.75 * (0.2 * f[0] + 0.8 * f[1]) + 0.25 * (0.2 * f[2] + 0.8 * f[3])
    assert value(EXAMPLE, SPACE, f) == pytest.approx(paper, abs=1e-13)
    assert all(type(corner.params["hidden"]) is int for corner in found)


def test_the_papers_example_differentiated():
    f = [7.0, 5.0, 4.0, 3.0]
    assert partial(EXAMPLE, SPACE, "hidden", f) == pytest.approx(0.2 * (4 - 7) + 0.8 * (3 - 5))
    assert partial(EXAMPLE, SPACE, "length", f) == pytest.approx(0.75 * (5 - 7) + 0.25 * (3 - 4))
    assert mixed(EXAMPLE, SPACE, "hidden", "length", f) == 3 - 4 - 5 + 7
    assert np.array_equal(hessian(EXAMPLE, SPACE, f), [[0, 1], [1, 0]])
    saddle = np.linalg.eigvalsh(hessian(EXAMPLE, SPACE, f))
    assert saddle[0] < 0 < saddle[1]


@given(number, number)
def test_weights_are_shares(h, s):
    found = corners(point(h, s), SPACE)
    assert all(0 <= corner.weight <= 1 for corner in found)
    assert math.fsum(corner.weight for corner in found) == pytest.approx(1, abs=1e-12)
    for name, x in (("hidden", h), ("length", s)):
        mean = math.fsum(corner.weight * corner.params[name] for corner in found)
        assert mean == pytest.approx(x, abs=1e-10)


@given(st.integers(-60, 60), number, st.floats(1e-12, 1e-3))
def test_it_is_continuous_across_integers(h, s, d):
    """In both directions it approaches, as fast as its slope allows, what it is at the integer."""
    there = value(point(h, s), SPACE, bumpy)
    for side in (-1, 1):
        assert abs(value(point(h + side * d, s), SPACE, bumpy) - there) <= 2.1 * d + 1e-12
    assert value(point(float(h), 7.0), SPACE, bumpy) == bumpy({"hidden": h, "length": 7, "lr": 0.1})


@given(number, number, st.floats(0, 1), st.floats(0, 1))
def test_in_a_cell_it_is_linear_in_each_integer_and_the_partial_is_its_slope(h, s, u, v):
    low = math.floor(h)
    a, b = point(low + u * 0.999, s), point(low + v * 0.999, s)
    rise = value(b, SPACE, bumpy) - value(a, SPACE, bumpy)
    slope = partial(point(h, s), SPACE, "hidden", bumpy)
    assert rise == pytest.approx(slope * (b["hidden"] - a["hidden"]), abs=1e-10)
    assert partial(a, SPACE, "hidden", bumpy) == partial(b, SPACE, "hidden", bumpy)


def test_a_partial_is_the_difference_of_two_corners_to_the_bit():
    one = {"hidden": IntDistribution(20, 800), "lr": FloatDistribution(1e-4, 1)}
    f = {40: 0.1, 41: 0.3}
    there = {"hidden": 40.7, "lr": 0.1}
    assert partial(there, one, "hidden", lambda params: f[params["hidden"]]) == 0.3 - 0.1
    assert partial(there | {"hidden": 40.0}, one, "hidden", [0.1, 0.3]) == 0.3 - 0.1


def test_on_an_integer_the_partial_is_the_one_to_the_right():
    f = {39: 5.0, 40: 3.0, 41: 2.5}
    one = {"n": IntDistribution(0, 100)}

    def at(n):
        return partial({"n": n}, one, "n", lambda params: f[params["n"]])

    assert (at(39.999), at(40.0), at(40.001)) == (-2.0, -0.5, -0.5)


def test_steps_are_the_lattice():
    found = corners({"n": 9.0, "p": 0.35}, STEPS)
    assert [c.params for c in found] == [{"n": n, "p": p} for n, p in product((7, 11), (0.25, 0.5))]
    assert [c.weight for c in found] == pytest.approx([0.3, 0.2, 0.3, 0.2])
    f = [1.0, 2.0, 4.0, 8.0]
    assert partial({"n": 9.0, "p": 0.35}, STEPS, "n", f) == pytest.approx((0.6 * 3 + 0.4 * 6) / 4)
    assert mixed({"n": 9.0, "p": 0.35}, STEPS, "n", "p", f) == pytest.approx((8 - 4 - 2 + 1) / 1)
    assert corners({"n": 11, "p": 1.0}, STEPS, drop=True) == [Corner({"n": 11, "p": 1.0}, 1.0)]


def test_steps_of_a_tenth_end_at_the_end():
    space = {"p": FloatDistribution(0.0, 0.3, step=0.1)}
    for p in (0.25, 0.29999, 0.3):
        for corner in corners({"p": p}, space, drop=True):
            assert arch(corner.params, space) is None
            assert space["p"]._contains(corner.params["p"])


def test_three_integers_have_eight_corners_and_a_hessian_without_diagonal():
    f = np.random.default_rng(0).random((2, 2, 2))
    there = {"a": 2.25, "b": 4.5, "c": 7.0}
    found = hessian(there, THREE, f.ravel())
    assert np.diag(found).tolist() == [0, 0, 0]
    assert np.array_equal(found, found.T)
    # the others are weighted: c = 7 takes its lower side alone, b = 4.5 both by half
    second = f[1, 1] - f[1, 0] - f[0, 1] + f[0, 0]
    assert found[0, 1] == pytest.approx(second[0])
    across = f[1, :, 1] - f[1, :, 0] - f[0, :, 1] + f[0, :, 0]
    assert found[0, 2] == pytest.approx(across.mean())


def test_corners_of_weight_0_are_kept_unless_they_are_dropped():
    assert [c.weight for c in corners(point(40, 12.5), SPACE)] == [0.5, 0.5, 0, 0]
    assert [c.weight for c in corners(point(40, 12.5), SPACE, drop=True)] == [0.5, 0.5]


def test_a_nan_counts_where_its_corner_does():
    f = [1.0, 2.0, math.nan, 3.0]
    assert value(point(40, 12.5), SPACE, f) == 1.5
    assert math.isnan(value(point(40.001, 12.5), SPACE, f))
    assert math.isnan(partial(point(40, 12.5), SPACE, "hidden", f))
    assert partial(point(40, 12.5), SPACE, "length", f) == 1.0


def test_a_function_is_not_asked_for_corners_of_weight_0():
    asked = []
    value(point(40, 12.5), SPACE, lambda params: asked.append(params["hidden"]) or 0.0)
    assert asked == [40, 40]


def test_points_outside_of_the_bounds_have_corners_too():
    found = corners(point(-0.25, 3.5), SPACE)
    assert [(c.params["hidden"], c.params["length"]) for c in found] == [
        (-1, 3), (-1, 4), (0, 3), (0, 4),
    ]  # fmt: skip
    assert [c.weight for c in found] == [0.125, 0.125, 0.375, 0.375]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ((40, 12, 0.1), None),
        ((20, 5, 1e-4), None),
        ((800, 40, 1.0), None),
        ((19, 12, 0.1), 1e6 + 391**2),
        ((801, 12, 0.1), 1e6 + 391**2),
        ((40, 4, 0.1), 1e6 + 21**2),
        ((40, 41, 0.1), 1e6 + 16**2),
        ((40, 12, 0.0), 1e6 + 0.25),
        ((40, 12, 7.5), 1e6 + 49),
        ((2, 8, 7.5), 2e6 + 408**2 + 49),
        ((-27, -220, 966.5), 3e6 + 437**2 + 245**2 + 966**2),
    ],
)
def test_the_arches_are_the_listings(params, expected):
    found = arch(point(*params), SPACE)
    assert found == (expected if expected is None else pytest.approx(expected, rel=1e-15))


def test_an_arch_in_general_slopes_to_the_middle():
    bounds = {"n": (10.0, 20.0)}
    assert arch({"n": 9}, bounds) == 1e6 + 36
    assert arch({"n": 4}, {"n": (5.0, 40.0)}, target="middle") == 1e6 + 18.5**2
    assert arch({"n": 4, "other": -9}, {"n": IntDistribution(5, 40)}) == 1e6 + 21**2
    assert [arch({"n": n}, bounds) for n in (10, 20)] == [None, None]
    for a, b in pairwise(range(-100, 10)):
        assert arch({"n": a}, bounds) > arch({"n": b}, bounds)


def test_an_arch_far_away_is_infinite_and_no_error():
    assert arch({"n": 1e200}, {"n": (0.0, 1.0)}) == math.inf


@settings(max_examples=50)
@given(number, number)
def test_a_stencil_of_derivatives_adds_up_to_nothing(h, s):
    for along in (("hidden",), ("length",), ("hidden", "length")):
        found = stencil(point(h, s), SPACE, along)
        assert math.fsum(corner.weight for corner in found) == pytest.approx(0, abs=1e-12)
        assert weighted(found, lambda params: 3.0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: corners({"hidden": 1.0}, SPACE), "point must name hidden, length, lr, got hidden"),
        (lambda: corners(point(math.nan, 5), SPACE), r"point\['hidden'\] must be a finite number"),
        (lambda: corners(point(3, -math.inf), SPACE), r"point\['length'\] must be a finite number"),
        (lambda: corners(point("3", 5), SPACE), r"point\['hidden'\] must be .*'3'"),
        (lambda: corners(point(True, 5), SPACE), r"point\['hidden'\] must be .*True"),
        (
            lambda: corners({"kind": 1}, {"kind": CategoricalDistribution((1, 2))}),
            r"space\['kind'\] must be a Float- or IntDistribution",
        ),
        (lambda: partial(EXAMPLE, SPACE, "lr", [1] * 4), r"\(hidden, length\), got 'lr'"),
        (lambda: mixed(EXAMPLE, SPACE, "lr", "lr", [1] * 4), r"\(hidden, length\), got 'lr'"),
        (lambda: stencil(EXAMPLE, SPACE, ["hidden"] * 2), "along must name .* once"),
        (lambda: value(EXAMPLE, SPACE, [1.0]), "values must be 4, one a corner, got 1"),
        (lambda: arch(EXAMPLE, SPACE, target="centre"), "target must be 'paper' or 'middle'"),
    ],
)  # fmt: skip
def test_what_it_refuses(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_a_space_without_integers_has_one_corner():
    space = {"lr": FloatDistribution(0, 1)}
    assert corners({"lr": 0.3}, space) == [Corner({"lr": 0.3}, 1.0)]
    assert hessian({"lr": 0.3}, space, [1.0]).shape == (0, 0)
    with pytest.raises(ValueError, match="there is none"):
        partial({"lr": 0.3}, space, "lr", [1.0])

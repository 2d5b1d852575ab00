"""The unit cube is the one from which Optuna draws, and every value has its own cell in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna._transform import _SearchSpaceTransform
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lstmlab.search.cube import Side

NUMBERS: list[BaseDistribution] = [
    FloatDistribution(-2.0, 5.0),
    FloatDistribution(1e-6, 1e-2, log=True),
    FloatDistribution(0.5, 3.0, step=0.25),
    IntDistribution(-3, 12),
    IntDistribution(1, 300, log=True),
    IntDistribution(16, 64, step=16),
]


@pytest.mark.parametrize("distribution", NUMBERS)
@given(unit=st.floats(0, 1))
def test_places_are_those_of_optuna_and_lead_back(
    distribution: BaseDistribution, unit: float
) -> None:
    side = Side.of("x", distribution)
    (value,) = side.values(np.array([unit]))
    (place,) = side.place([value])
    cube = _SearchSpaceTransform({"x": distribution}, transform_0_1=True)
    assert place == pytest.approx(cube.transform({"x": value})[0], abs=1e-9)
    assert side.values(np.array([place]))[0] == pytest.approx(value)
    if side.step is None:
        assert place == pytest.approx(unit, abs=1e-9)


@pytest.mark.parametrize("distribution", [d for d in NUMBERS if Side.of("x", d).step])
@given(draw=st.data())
def test_a_threshold_becomes_the_border_of_the_cells_it_lies_between(
    distribution: BaseDistribution, draw: st.DataObject
) -> None:
    side = Side.of("x", distribution)
    places = side.spread(1000)
    first = draw.draw(st.integers(0, len(places) - 2))
    second = draw.draw(st.integers(first + 1, len(places) - 1))
    threshold = float((np.float32(places[first]) + np.float32(places[second])) / 2)
    (border,) = side.borders(np.array([threshold]))
    left = places.astype(np.float32) <= threshold  # as the tree compares
    assert (left == (places < border)).all()
    assert border == pytest.approx(
        float(side.to_unit(side.from_unit(places[left][-1:]) + side.step / 2)[0])  # type: ignore[operator]
    )


def test_an_integer_s_cells_are_as_wide_as_they_are_likely() -> None:
    side = Side.of("blocks", IntDistribution(1, 4, log=True))
    unit = np.linspace(0, 1, 100_001)
    shares = np.bincount(side.values(unit).astype(int))[1:] / len(unit)
    expected = np.diff(np.log([0.5, 1.5, 2.5, 3.5, 4.5])) / np.log(9)
    np.testing.assert_allclose(shares, expected, atol=1e-4)


def test_a_category_s_cells_are_equal_and_can_be_sorted_by_a_target() -> None:
    side = Side.of("clip", CategoricalDistribution(["no", True, None, 3]))
    np.testing.assert_allclose(side.place([None, "no", 3, True]), [0.625, 0.125, 0.875, 0.375])
    assert side.values(side.spread(2)).tolist() == ["no", True, None, 3]
    target = np.array([5.0, 1.0, 3.0, 3.0])
    by_target = side.sorted_by(["no", True, 3, 3], target)
    np.testing.assert_allclose(by_target.place(["no", True, None, 3]), [0.625, 0.125, 0.875, 0.375])
    assert by_target.values(by_target.spread(9)).tolist() == ["no", True, None, 3]
    assert Side.of("x", NUMBERS[0]).sorted_by([1.0], target) == Side.of("x", NUMBERS[0])


def test_places_to_show_are_even_and_none_is_shown_twice() -> None:
    lr = Side.of("lr", NUMBERS[1])
    np.testing.assert_allclose(lr.values(lr.spread(5)), [1e-6, 1e-5, 1e-4, 1e-3, 1e-2])
    few = Side.of("blocks", NUMBERS[4]).values(Side.of("blocks", NUMBERS[4]).spread(20))
    assert len(set(few.tolist())) == len(few) <= 20
    assert np.ptp(np.diff(np.log(few.astype(float)))[-5:]) < 0.05
    assert Side.of("n", NUMBERS[5]).values(Side.of("n", NUMBERS[5]).spread(9)).tolist() == [
        16, 32, 48, 64,
    ]  # fmt: skip


def test_values_outside_their_range_are_named() -> None:
    for distribution, values, says in (
        (NUMBERS[0], [5.1], "x must be in -2…5, got 5.1"),
        (NUMBERS[2], [0.6], "x must be in 0.5…3 in steps of 0.25, got 0.6"),
        (NUMBERS[3], [1, 2.5], "x must be a whole number in -3…12, got 2.5"),
        (NUMBERS[5], [24], "x must be a whole number in 16…64 in steps of 16, got 24"),
        (NUMBERS[1], ["fast"], "x must be numbers, got"),
        (CategoricalDistribution(["a", "b"]), ["c"], r"x must be one of \('a', 'b'\), got 'c'"),
    ):
        with pytest.raises(ValueError, match=says):
            Side.of("x", distribution).place(values)
    with pytest.raises(TypeError, match=r"space\['x'\] must be an Optuna distribution, got 3"):
        Side.of("x", 3)  # type: ignore[arg-type]

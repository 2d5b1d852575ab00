"""lstmlab.search.space: draws have the distributions they should, ends are exact."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from scipy import stats

from lstmlab.search.space import OURS, check_space, draw, place, settle

UNIT = st.floats(0, 1, exclude_max=True)
REAL = st.floats(-1e6, 1e6, allow_subnormal=False)
POSITIVE = st.floats(1e-12, 1e12)


@st.composite
def floats(drawn):
    """Float distributions, linear, log and in steps."""
    kind = drawn(st.sampled_from(["linear", "log", "step"]))
    if kind == "step":
        low, step, steps = drawn(st.tuples(*[st.integers(1, 1000)] * 3))
        return FloatDistribution(low / 100, (low + steps * step) / 100, step=step / 100)
    low, high = sorted(drawn(st.tuples(*[POSITIVE if kind == "log" else REAL] * 2)))
    return FloatDistribution(low, high, log=kind == "log")


@st.composite
def ints(drawn):
    """Int distributions, linear, log and in steps."""
    log = drawn(st.booleans())
    low, high = sorted(drawn(st.tuples(*[st.integers(1 if log else -(10**9), 10**9)] * 2)))
    if log:
        return IntDistribution(low, high, log=True)
    step = drawn(st.integers(1, 1000))
    return IntDistribution(low, low + (high - low) // step * step, step=step)


CHOICES = st.lists(
    st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.none()),
    min_size=1,
    unique=True,
)


@given(st.one_of(floats(), ints()), UNIT)
def test_every_draw_and_place_lies_in_the_distribution(distribution, u):
    for value in (draw(distribution, u), place(distribution, u)):
        assert distribution._contains(distribution.to_internal_repr(value))
        assert type(value) is (int if isinstance(distribution, IntDistribution) else float)


@given(CHOICES, UNIT)
def test_every_draw_of_a_category_is_one_of_its_choices(choices, u):
    assert draw(CategoricalDistribution(choices), u) in choices


@given(st.one_of(floats(), ints()))
def test_place_is_exact_at_both_ends(distribution):
    assert place(distribution, 0.0) == distribution.low
    assert place(distribution, 1.0) == distribution.high


@given(st.one_of(floats(), ints()), UNIT, UNIT)
def test_place_and_draw_never_turn_back(distribution, u, v):
    u, v = sorted((u, v))
    assert place(distribution, u) <= place(distribution, v)
    assert draw(distribution, u) <= draw(distribution, v)


@given(st.one_of(floats(), ints()), UNIT)
def test_a_draw_is_what_a_storage_gives_back(distribution, u):
    params = {"x": draw(distribution, u)}
    assert settle({"x": distribution}, params) == params


@pytest.mark.parametrize("log", [False, True])
def test_draws_of_a_float_are_uniform_on_its_scale(log):
    distribution = FloatDistribution(1e-6, 1e-2, log=log)
    values = np.array([draw(distribution, u) for u in np.random.default_rng(0).random(20_000)])
    values = (np.log10(values) + 6) / 4 if log else (values - 1e-06) / (0.01 - 1e-06)
    assert stats.kstest(values, "uniform").pvalue > 0.01


@pytest.mark.parametrize(
    ("distribution", "shares"),
    [
        (IntDistribution(3, 7), [1 / 5] * 5),
        (IntDistribution(0, 9, step=3), [1 / 4] * 4),
        (FloatDistribution(0.0, 1.0, step=0.25), [1 / 5] * 5),
        (CategoricalDistribution(("V", "NIG", "CIFG")), [1 / 3] * 3),
        (
            IntDistribution(1, 4, log=True),
            [math.log((k + 0.5) / (k - 0.5)) / math.log(4.5 / 0.5) for k in (1, 2, 3, 4)],
        ),
    ],
    ids=str,
)
def test_each_whole_number_step_and_choice_has_its_exact_share(distribution, shares):
    cells = 100_000
    values = [draw(distribution, (k + 0.5) / cells) for k in range(cells)]
    counts = [values.count(value) for value in dict.fromkeys(values)]
    assert counts == pytest.approx(np.array(shares) * cells, abs=1)


def test_steps_do_not_leave_the_range_by_rounding():
    distribution = FloatDistribution(0.1, 0.7, step=0.1)
    values = {draw(distribution, u) for u in np.linspace(0, 1, 1000, endpoint=False)}
    assert len(values) == 7
    assert max(values) <= distribution.high


def test_settle_gives_the_params_in_the_order_and_the_types_of_the_space():
    space = {"lr": FloatDistribution(0, 1), "n": IntDistribution(0, 10)}
    settled = settle(space, {"n": np.int64(3), "lr": 1})
    assert list(settled.items()) == [("lr", 1.0), ("n", 3)]
    assert [type(value) for value in settled.values()] == [float, int]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"lr": 0.1}, "searcher must propose lr, n, got lr"),
        ({"lr": 0.1, "n": 3, "m": 1}, "got lr, n, m"),
        ({"lr": 2.0, "n": 3}, "the searcher's 'lr' must lie in FloatDistribution.*got 2.0"),
        ({"lr": float("nan"), "n": 3}, "'lr' must lie in .*got nan"),
        ({"lr": 0.1, "n": 3.5}, "'n' must lie in IntDistribution.*got 3.5"),
        ({"lr": 0.1, "n": None}, "'n' must lie in .*got None"),
    ],
)
def test_what_the_space_does_not_hold_is_refused(params, says):
    space = {"lr": FloatDistribution(0, 1), "n": IntDistribution(0, 10)}
    with pytest.raises(ValueError, match=says):
        settle(space, params)


@pytest.mark.parametrize(
    ("space", "kind", "says"),
    [
        ([("lr", 1)], TypeError, "space must be a dict .*got list"),
        ({"lr": (0, 1)}, TypeError, "space must map names to Optuna's .*got 'lr'"),
        ({1: FloatDistribution(0, 1)}, TypeError, "space must map names .*got 1"),
        ({}, ValueError, "space must hold 1 hyperparameter or more"),
        *(
            ({name: FloatDistribution(0, 1)}, ValueError, f"a hyperparameter '{name}': that column")
            for name in OURS
        ),
        ({"c": CategoricalDistribution(("a", math.nan))}, ValueError, r"space\['c'\] must.*nan"),
        ({"c": CategoricalDistribution((math.inf, 1.0))}, ValueError, "finite numbers.*got inf"),
    ],
)
def test_what_is_no_space_is_refused(space, kind, says):
    with pytest.raises(kind, match=says):
        check_space(space)


def test_choices_that_no_file_gives_back_are_refused():
    for choice in ((1, 2), [1], np.int64(1), object()):
        with pytest.warns(UserWarning, match="contains"):  # Optuna's own, for a file of its own
            space = {"c": CategoricalDistribution((choice,))}
        with pytest.raises(ValueError, match=r"space\['c'\] must have choices that are None"):
            check_space(space)
    plain = {"c": CategoricalDistribution((None, True, 2, 0.5, "a", np.float64(0.25)))}
    assert check_space(plain) == plain

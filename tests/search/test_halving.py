"""lstmlab.search.halving: known cost, no vertex twice, and the optimum where it must be found."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from lstmlab.search import BoxHalving, Serial, run, table

UNIT = FloatDistribution(0.0, 1.0)


def evaluated(searcher, function, n=None):
    """Ask and tell until the search is over; the vertices in order."""
    asked = []
    while proposals := searcher.ask(n or searcher.batch):
        trials = []
        for params in proposals:
            value = function(**params)
            state = TrialState.FAIL if value is None else TrialState.COMPLETE
            trials.append(
                create_trial(
                    state=state, value=value, params=params, distributions=searcher.space
                )
            )
        searcher.tell(trials)
        asked += proposals
    return asked


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4), st.integers(0, 9))
def test_it_costs_no_more_than_it_says_and_asks_for_no_vertex_twice(target, halvings):
    space = {f"x{k}": UNIT for k in range(len(target))}
    searcher = BoxHalving(space, tolerance=2.0**-halvings)
    asked = evaluated(
        searcher, lambda **x: sum((a - b) ** 2 for a, b in zip(x.values(), target, strict=True))
    )
    assert len(asked) <= 2 ** len(target) * (halvings + 1)
    assert len({tuple(params.values()) for params in asked}) == len(asked)
    assert searcher.width == 2.0**-halvings


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_it_comes_within_its_tolerance_of_the_best_of_a_bowl(target):
    """A separable bowl: the better vertex is the nearer one, in every dimension by itself."""
    space = {f"x{k}": UNIT for k in range(len(target))}
    searcher = BoxHalving(space, tolerance=2.0**-10)
    evaluated(
        searcher, lambda **x: sum((a - b) ** 2 for a, b in zip(x.values(), target, strict=True))
    )
    for (low, high), at in zip(searcher.box.values(), target, strict=True):
        assert low - 2**-10 <= at <= high + 2**-10


@pytest.mark.parametrize("n", [1, 2, 3, 100])
def test_how_many_are_asked_for_at_once_does_not_matter(n):
    def cost(x, y):
        return (x - 0.3) ** 2 + (y - 0.8) ** 2 + x * y / 10

    space = {"x": UNIT, "y": UNIT}
    assert evaluated(BoxHalving(space), cost, n) == evaluated(BoxHalving(space), cost)


def test_it_halves_a_log_scale_by_factors():
    lr = FloatDistribution(1e-6, 1e-2, log=True)
    searcher = BoxHalving({"lr": lr}, tolerance=2**-12)
    asked = evaluated(searcher, lambda lr: (math.log10(lr) + 4.6) ** 2)
    low, high = searcher.box["lr"]
    assert low <= 10**-4.6 <= high
    assert high / low == pytest.approx(10 ** (4 / 2**12))
    assert asked[:3] == [{"lr": 1e-6}, {"lr": 1e-2}, {"lr": pytest.approx(1e-4)}]


@given(st.integers(-20, 200), st.integers(0, 200), st.booleans())
def test_it_finds_the_whole_number_and_stays_within_the_ends(low, width, maximise):
    best = low + width // 3
    space = {"n": IntDistribution(low, low + width)}
    sign = -1 if maximise else 1
    searcher = BoxHalving(
        space, tolerance=2**-10, direction="maximize" if maximise else "minimize"
    )
    asked = [p["n"] for p in evaluated(searcher, lambda n: sign * abs(n - best))]
    assert best in asked
    assert low <= min(asked) <= max(asked) <= low + width
    assert len(set(asked)) == len(asked)


def test_maximising_is_minimising_the_negative():
    def cost(x, y):
        return (x - 0.2) ** 2 + abs(y - 0.6)

    space = {"x": UNIT, "y": FloatDistribution(0.1, 10, log=True)}
    up = BoxHalving(space, direction="maximize")
    assert evaluated(up, lambda **x: -cost(**x)) == evaluated(BoxHalving(space), cost)


def test_failed_vertices_are_worse_than_all_others():
    """Everything above a half fails: the search turns away from it, though it would be best."""
    searcher = BoxHalving({"x": UNIT}, tolerance=2**-8)
    evaluated(searcher, lambda x: None if x > 0.5 else -x)
    low, high = searcher.box["x"]
    assert low <= 0.5 <= high


def test_it_ends_where_every_vertex_fails():
    searcher = BoxHalving({"x": UNIT, "y": UNIT}, tolerance=2**-3)
    assert 4 <= len(evaluated(searcher, lambda **x: None)) <= 16


def test_it_waits_for_the_vertices_that_are_out():
    searcher = BoxHalving({"x": UNIT, "y": UNIT})
    first = searcher.ask(3)
    assert len(first) == 3
    assert len(searcher.ask(3)) == 1
    assert searcher.ask(1) == []
    searcher.tell(
        [create_trial(value=1.0, params=p, distributions=searcher.space) for p in first]
    )
    assert searcher.ask(1) == []


def test_its_boxes_halve_from_the_whole_space_down():
    space = {"lr": FloatDistribution(1e-4, 1.0, log=True), "x": UNIT}
    searcher = BoxHalving(space, tolerance=2**-5)
    widths = [1.0]
    assert searcher.box == {"lr": (1e-4, 1.0), "x": (0.0, 1.0)}
    while proposals := searcher.ask(4):
        searcher.tell(
            [create_trial(value=p["x"], params=p, distributions=space) for p in proposals]
        )
        low, high = searcher.box["x"]
        widths.append(high - low)
    assert all(b in (a, a / 2) for a, b in pairwise(widths))
    assert widths[-1] == 2**-5


def test_the_loop_runs_it_to_its_end():
    space = {"x": UNIT, "n": IntDistribution(1, 64, log=True)}
    study = run(
        BoxHalving(space, tolerance=2**-6),
        lambda params, seed: (params["x"] - 0.4) ** 2 + (math.log2(params["n"]) - 4) ** 2,
        1000,
        executor=Serial(),
        progress=False,
    )
    found = table(study)
    assert len(found) <= 4 * 7
    assert found.value.min() < 1e-3
    assert study.best_params["n"] == 16


@pytest.mark.parametrize(
    ("space", "options", "says"),
    [
        ({"k": CategoricalDistribution("ab")}, {}, "space must hold numbers only, got 'k'"),
        ({"x": UNIT}, {"tolerance": 0}, "tolerance must be above 0 and at most 1, got 0"),
        ({"x": UNIT}, {"tolerance": 2.0}, "tolerance must be .*got 2.0"),
        ({"x": UNIT}, {"tolerance": float("nan")}, "tolerance must be .*got nan"),
        ({"x": UNIT}, {"tolerance": True}, "tolerance must be .*got True"),
    ],
)
def test_wrong_arguments_are_refused(space, options, says):
    with pytest.raises(ValueError, match=says):
        BoxHalving(space, **options)

"""Newton's method: the paper's rows, one step on a quadratic, and few trainings on surfaces."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from lstmlab.search import Newton, Serial, run
from lstmlab.search.newhouse import SPACE, TRIALS
from lstmlab.search.quadratic import (
    definite,
    fold,
    golden,
    lowest,
    mixed_partial,
    newton_step,
    places,
)
from lstmlab.search.surfaces import SURFACES
from tests.search.made import assert_same

PLANE = {name: FloatDistribution(-10, 10) for name in "xyz"}
LSTM = SURFACES["lstm-log"]
BOWL = {
    "hidden": IntDistribution(20, 800),
    "length": IntDistribution(5, 40),
    "lr": FloatDistribution(1e-4, 1, log=True),
}
LOWEST = {"hidden": 150, "length": 20, "lr": 0.02}


def bowl(params, seed=0):
    """A smooth one: in logarithms skewed, coupled, and level far out."""
    z = np.array([math.log(params[name] / LOWEST[name]) for name in BOWL])
    u = np.expm1(0.1 * z) / 0.1
    return math.log1p(u @ (np.full((3, 3), 0.5) + 0.5 * np.eye(3)) @ u)


def followed(searcher, f: Callable, trainings: int) -> list[tuple[float, dict]]:
    """What a searcher asks for, in order, and what it is told; None fails the trial."""
    found = []
    while len(found) < trainings:
        asked = searcher.ask()
        if not asked:
            break
        value = f(asked[0])
        trial = create_trial(
            params=asked[0], distributions=searcher.space, value=value,
            state=TrialState.FAIL if value is None else TrialState.COMPLETE,
        )  # fmt: skip
        trial.number = len(found)
        searcher.tell([trial])
        found.append((value, asked[0]))
    return found


def hits(surface: Callable, space, lowest_: dict, starts: int, trainings: int) -> int:
    """From how many starts the best of so many trainings is within one integer of the lowest."""
    found = 0
    for seed in range(starts):
        searcher = Newton.customary(space, narrowest=1, seed=seed)
        _, params = min(followed(searcher, surface, trainings), key=lambda pair: pair[0])
        found += all(abs(params[name] - value) <= 1 for name, value in lowest_.items())
    return found


@pytest.mark.parametrize("number", [6, 7])
def test_the_arches_alone_give_the_first_rows_of_the_papers_trials(number):
    trial = next(trial for trial in TRIALS if trial.number == number)
    rows = np.array(ROWS[number])
    searcher = Newton(
        SPACE, start=dict(zip(SPACE, rows[0], strict=True)), multiplier=trial.multiplier,
        steps=10,
    )  # fmt: skip
    assert searcher.ask() == []  # all are out of bounds: nothing to train
    path = searcher.path()
    assert path["kind"].tolist() == ["gradient"] * 10 + ["end"]
    names = list(SPACE)
    assert path[names].iloc[0].to_numpy() == pytest.approx(rows[0], abs=1e-12)
    assert path[names].iloc[10].to_numpy() == pytest.approx(rows[1], abs=5e-4)


ROWS = {
    6: [(2.563309, 9.975360, 7.965497), (12.561629, 9.975360, 7.782208)],
    7: [(7.4375, 5.3365, 7.5200), (17.4360, 5.3365, 7.3455)],
}


def test_a_fallback_of_ten_does_not_give_the_papers_rows():
    start = dict(zip(SPACE, ROWS[6][0], strict=True))
    searcher = Newton(SPACE, start=start, steps=10, fallback=10)
    searcher.ask()
    hidden = searcher.path()["hidden"]
    assert hidden.iloc[1] == pytest.approx(ROWS[6][1][0], abs=0.01)  # after one step, not ten
    assert hidden.iloc[-1] > 20


@pytest.mark.parametrize("d", [1, 2, 3])
def test_one_step_is_enough_on_a_quadratic(d):
    rng = np.random.default_rng(d)
    A = rng.normal(size=(d, d))
    A, b = A @ A.T + np.eye(d), rng.normal(size=d)
    space = {name: FloatDistribution(-100, 100) for name in "xyz"[:d]}
    f = lambda p: (x := np.array(list(p.values()))) @ A @ x / 2 - b @ x  # noqa: E731
    searcher = Newton(space, h=1e-6, h_2=1e-3, steps=1, seed=d)
    *_, end = searcher.walk(f)
    assert np.array(list(end.point.values())) == pytest.approx(np.linalg.solve(A, b), abs=1e-4)
    assert searcher.iterates[0].kind == "newton"


def test_a_step_is_multiplied():
    f = lambda p: p["x"] ** 2 + p["y"] ** 2 + p["z"] ** 2  # noqa: E731
    start = {"x": 1.0, "y": 2.0, "z": -1.0}
    searcher = Newton(PLANE, multiplier=0.25, h=1e-6, h_2=1e-3, start=start, steps=1)
    assert searcher.walk(f)[-1].point == pytest.approx({"x": 0.75, "y": 1.5, "z": -0.75}, abs=1e-4)


def test_customary_newton_takes_one_step_on_a_quadratic_in_its_coordinates():
    box = Newton.customary(PLANE).box
    A, at = np.array([[2, 0.5, 0], [0.5, 1, 0.3], [0, 0.3, 1.5]]), np.array([0.4, 0.55, 0.7])
    f = lambda p: (x := box.vector(p) - at) @ A @ x  # noqa: E731
    searcher = Newton.customary(PLANE, start={"x": 0, "y": 0, "z": 0}, steps=1)
    assert box.vector(searcher.walk(f)[-1].point) == pytest.approx(at, abs=1e-9)
    assert searcher.iterates[0].kind == "newton"


def test_mixed_partials_follow_the_listing():
    f = lambda v: v[0] ** 2 * v[1] ** 3 + v[1] * v[2] ** 2  # noqa: E731
    x = [0.5, 1.5, -2.0]
    assert [place.tolist() for place in places(np.zeros(2), (0, 1), 1.0)] == [
        [1, 1], [0, 1], [1, 0], [0, 0],
    ]  # fmt: skip
    assert mixed_partial(f, x, [0]) == pytest.approx(2 * 0.5 * 1.5**3, rel=1e-4)
    assert mixed_partial(f, x, [0, 1], 1e-4) == pytest.approx(6 * 0.5 * 1.5**2, rel=1e-3)
    assert mixed_partial(f, x, [1, 2, 2], 1e-3) == pytest.approx(2, rel=1e-3)
    assert fold([7.0, 5.0, 4.0, 3.0], 0.5) == 4.0
    with pytest.raises(ValueError, match="order must name a coordinate"):
        mixed_partial(f, x, [])


@pytest.mark.parametrize(
    "H", [np.zeros((2, 2)), np.ones((2, 2)), np.full((2, 2), np.nan), [[1, np.inf], [0, 1]]]
)
def test_a_singular_hessian_has_no_step(H):
    assert newton_step(np.ones(2), np.array(H)) is None


def test_a_singular_hessian_leads_against_the_gradient():
    searcher = Newton(PLANE, start=dict.fromkeys("xyz", 1.0), steps=1, fallback=2.5)
    iterates = searcher.walk(lambda p: 3 * p["x"] - 4 * p["y"])
    assert iterates[0].kind == "gradient"
    assert iterates[1].point == pytest.approx({"x": -0.5, "y": 3.0, "z": 1.0}, abs=1e-6)


def test_a_modified_hessian_is_a_bowl():
    rng = np.random.default_rng(0)
    for _ in range(50):
        H = rng.normal(size=(4, 4))
        H, g = H + H.T, rng.normal(size=4)
        bowl_ = definite(H, 0.1)
        assert np.linalg.eigvalsh(bowl_).min() >= 0.1 - 1e-12
        assert g @ newton_step(g, bowl_) < 0
    assert definite(bowl_, 0.01) == pytest.approx(bowl_)


def test_the_step_in_a_box_is_the_lowest_place_of_the_bowl():
    rng = np.random.default_rng(1)
    for _ in range(40):
        H = rng.normal(size=(3, 3))
        H, g = H @ H.T + 0.1 * np.eye(3), rng.normal(size=3)
        low, high = -rng.random(3), rng.random(3)
        low[0] = min(low[0], high[0] * rng.integers(0, 2))
        s, tries = lowest(g, H, low, high), rng.uniform(low, high, (500, 3))
        value = lambda s, g=g, H=H: s @ g + ((s @ H) * s).sum(-1) / 2  # noqa: E731
        assert (low - 1e-12 <= s).all()
        assert (s <= high + 1e-12).all()
        assert value(s) <= value(tries).min() + 1e-12
    assert lowest(np.ones(2), np.eye(2), np.zeros(2), np.zeros(2)).tolist() == [0, 0]


@pytest.mark.parametrize("best", [0, 1, 17, 255, 430, 510])
def test_golden_section_finds_the_lowest_of_511_in_13_values(best):
    kinked = lambda n: 37 * (best - n) if n < best else n - best  # noqa: E731
    known = {200: kinked(200)}
    while (n := golden(known, 0, 510)) is not None:
        assert n not in known
        assert 0 <= n <= 510
        known[n] = kinked(n)
    assert min(known, key=lambda n: known[n]) == best
    assert len(known) <= 13


def test_it_ends_within_one_integer_of_the_lowest_in_60_trainings():
    lowest_ = {"hidden": 97, "epochs": 4, "maxlen": 430}
    assert hits(LSTM.f, LSTM.space, lowest_, starts=100, trainings=60) >= 95


def test_it_does_on_a_smooth_bowl_too():
    lowest_ = {"hidden": 150, "length": 20}
    assert hits(bowl, BOWL, lowest_, starts=100, trainings=60) >= 95


@pytest.mark.parametrize("narrowest", [1, 1.25])
def test_a_step_takes_12_trainings_at_most(narrowest):
    for seed in range(10):
        for surface, space in ((LSTM.f, LSTM.space), (bowl, BOWL)):
            searcher = Newton.customary(space, narrowest=narrowest, seed=seed)
            followed(searcher, surface, 150)
            trainings = [1, *(iterate.trainings for iterate in searcher.iterates)]
            assert np.diff(trainings).max() <= 12
            assert len(trainings) > 4


def test_customary_newton_beats_the_papers():
    regrets = {True: [], False: []}
    for seed in range(10):
        for customary in regrets:
            searcher = (Newton.customary if customary else Newton)(BOWL, seed=seed, steps=50)
            found = followed(searcher, bowl, 100)
            regrets[customary].append(min((value for value, _ in found), default=math.inf))
    assert np.median(regrets[True]) < 0.02 * np.median(regrets[False])


def test_differences_stay_wide_where_there_is_noise():
    rng = np.random.default_rng(0)
    searcher = Newton.customary(BOWL, narrowest=1.25, fresh=True, seed=3)
    followed(searcher, lambda p: bowl(p) + 0.01 * rng.normal(), 200)
    assert (searcher.model.beside * searcher.box.span >= math.log(1.2)).all()
    assert all(iterate.kind != "line" for iterate in searcher.iterates)


def test_it_stays_within_bounds_and_remembers():
    searcher = Newton.customary(BOWL, narrowest=1, seed=1)
    found = followed(searcher, lambda p: -p["hidden"] + p["lr"], 400)
    assert searcher.ended
    keys = [tuple(params.values()) for _, params in found]
    assert len(set(keys)) == len(keys)
    best = min(found, key=lambda pair: pair[0])[1]
    assert best["hidden"] == 800
    for _, params in found:
        assert all(d.low <= params[name] <= d.high for name, d in BOWL.items())


@pytest.mark.parametrize("make", [Newton, Newton.customary])
def test_a_gradient_of_zero_ends_it(make):
    searcher = make(BOWL, start=dict(LOWEST))
    followed(searcher, lambda p: 4.0, 100)
    assert searcher.ended == "tolerance"
    assert searcher.ask() == []


@pytest.mark.parametrize("make", [Newton, Newton.customary])
def test_failed_trainings_count_as_the_worst(make):
    searcher = make(BOWL, start=LOWEST | {"hidden": 151.0, "length": 21.0}, steps=3)
    found = followed(searcher, lambda p: bowl(p) if p["hidden"] < 400 else None, 600)
    assert all(math.isfinite(value) for iterate in searcher.iterates for value in iterate.gradient)
    assert any(value is not None for value, _ in found)


def test_a_step_too_short_to_move_ends_the_paper_s_method_where_nothing_is_new():
    start = {"x": 1.0, "y": 1.0, "z": 1.0}
    steep = lambda p: 1e30 * p["x"] ** 2 + p["y"]  # noqa: E731
    searcher = Newton(PLANE, start=start, multiplier=1e-40, h_2=1e-3, fresh=False, fallback=1e-40)
    searcher.walk(steep)
    assert searcher.ended == "step underflow"


def test_a_gradient_that_is_no_number_ends_it():
    searcher = Newton(PLANE, start=dict.fromkeys("xyz", 9.0), multiplier=1e308, h=1e-6, h_2=1e-3)
    searcher.walk(lambda p: p["x"] * p["x"] + p["y"] * p["y"] + p["z"] * p["z"])
    assert searcher.ended == "gradient not finite"


def test_a_side_of_two_values_or_one_is_no_trouble():
    space = BOWL | {"layers": IntDistribution(1, 2), "depth": IntDistribution(3, 3)}
    for narrowest in (1, 1.25):
        searcher = Newton.customary(space, seed=2, narrowest=narrowest)
        f = lambda p: bowl({name: p[name] for name in BOWL}) + 0.5 * p["layers"]  # noqa: E731
        best = min(followed(searcher, f, 120), key=lambda pair: pair[0])[1]
        assert best["layers"] == 1
        assert best["depth"] == 3


def test_maximizing_is_minimizing_the_negative():
    found = []
    for sign, direction in ((1, "minimize"), (-1, "maximize")):
        for make in (Newton, Newton.customary):
            searcher = make(BOWL, seed=4, direction=direction, start=LOWEST | {"hidden": 80})
            asked = followed(searcher, lambda p, sign=sign: sign * bowl(p), 60)
            found.append([params for _, params in asked])
    assert found[:2] == found[2:]


def test_resumed_and_in_parallel_it_is_the_same(tmp_path):
    objective = lambda params, seed: bowl(params) + 1e-9 * (seed % 7)  # noqa: E731
    make = lambda: Newton.customary(BOWL, seed=4)  # noqa: E731
    whole = run(make(), objective, 40, executor=2, progress=False)
    for trials in (5, 17, 40):
        again = run(
            make(), objective, trials, executor=Serial(), storage=tmp_path / "a.db",
            progress=False,
        )  # fmt: skip
    assert_same(again, whole)


@pytest.mark.parametrize(
    ("make", "says", "options"),
    [
        (Newton, "multiplier must be more than 0, got 0", {"multiplier": 0}),
        (Newton, "fallback must be more than 0, got -1", {"fallback": -1}),
        (Newton, "h must be more than 0, got nan", {"h": math.nan}),
        (Newton, "h_2 must be 1e-150 or more, got 0", {"h_2": 0}),
        (Newton.customary, "width must be more than 0, at most 1, got 2", {"width": 2}),
        (Newton.customary, "narrowing must be between 0 and 1, got 1", {"narrowing": 1}),
        (Newton.customary, "narrowest must be 1 or more, got 0.5", {"narrowest": 0.5}),
        (Newton.customary, "trainings must be a whole number, 7 or more, got 6", {"trainings": 6}),
        (Newton.customary, "reach must be more than 0, got 'far'", {"reach": "far"}),
        (Newton.customary, "apart must be 0 or more, got -1", {"apart": -1}),
    ],
)
def test_wrong_arguments_are_named(make, says, options):
    with pytest.raises(ValueError, match=says):
        make(BOWL, **options)

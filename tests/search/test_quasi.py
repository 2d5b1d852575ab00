"""Quasi-Newton methods as the paper did it, and as it works."""

import math

import numpy as np
import pytest
from optuna.distributions import FloatDistribution

from lstmlab.search import QuasiNewton, RandomSearch, rehearse
from lstmlab.search.relaxation import ARCH
from lstmlab.search.surfaces import SURFACES
from lstmlab.search.updates import UPDATES
from tests.search.test_downhill import SPACE, at, regrets, start

PLANE = {"a": FloatDistribution(-10, 10), "b": FloatDistribution(-10, 10)}
FIXED = {"space": PLANE, "fresh": False, "repetitions": 1, "start": {"a": 4.0, "b": 3.0}}


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize(
    ("begin", "steps", "row_10"),
    [
        ((2.681075, 8.746468, 6.987274), 9, (11.679926, 8.746468, 6.84345)),
        ((9.592970, 5.979446, 1.928359), 10, (19.592908, 5.979446, 1.893177)),
    ],
)
def test_the_fallback_gives_the_papers_first_rows(update, begin, steps, row_10):
    """Trials 8 and 9 begin among the arches, where a line search says nothing that counts."""
    searcher = QuasiNewton(SPACE, update=update, start=start(*begin), steps=steps, repetitions=1)
    rehearse(searcher, lambda params, seed: 100.0 + seed % 7, 1000)
    assert at(searcher, steps) == pytest.approx(row_10, abs=1e-3)
    assert {it.kind for it in searcher.iterates} == {"gradient", "end"}
    assert (searcher.V == np.eye(3)).all()


@pytest.mark.parametrize("update", UPDATES)
def test_its_steps_are_those_of_the_equations(update):
    """p = -V g, α by halving, V by the update; from exact gradients of a quadratic."""
    A = np.array([[3.0, 1.0], [1.0, 2.0]])

    def f(x):
        return float(x @ A @ x / 2)

    searcher = QuasiNewton(update=update, c=1e-4, h=1e-6, steps=5, **FIXED)
    rehearse(searcher, lambda p, seed: f(np.array([p["a"], p["b"]])), 1000)
    x, V = np.array([4.0, 3.0]), np.eye(2)
    assert len(searcher.iterates) > 4
    for it in searcher.iterates[:-1]:
        assert list(it.point.values()) == pytest.approx(x, abs=1e-3)
        assert it.kind == update
        g = A @ x
        p, alpha = -V @ g, 1.0
        while f(x + alpha * p) > f(x) + 1e-4 * alpha * g @ p:
            alpha /= 2
        V = UPDATES[update](V, alpha * p, A @ (alpha * p))
        x = x + alpha * p
    assert f(x) < 1e-6 * f(np.array([4.0, 3.0]))
    assert searcher.V == pytest.approx(V, abs=1e-2)


def test_a_step_that_is_tiny_falls_back_on_the_gradient():
    """On a slope that no α fulfils, 20 halvings leave less than `tiny`; V is as it was."""
    searcher = QuasiNewton(steps=1, fallback=0.5, c=1.0, **FIXED)
    rehearse(searcher, lambda p, seed: abs(p["a"] - 4) + 0 * p["b"], 100)
    assert searcher.iterates[0].kind == "gradient"
    assert at(searcher, 1) == pytest.approx([3.5, 3.0])
    assert (searcher.V == np.eye(2)).all()


def test_a_failed_search_still_moves_as_in_the_paper():
    searcher = QuasiNewton(steps=1, halvings=2, c=0.99, **FIXED)
    found = rehearse(searcher, lambda p, seed: 3 * abs(p["a"] - 4), 100)
    assert searcher.iterates[0].kind == "bfgs"
    assert at(searcher, 1) == pytest.approx([4 - 3 / 4, 3.0])  # α = ½², untried before
    assert found.a.tolist()[:5] == pytest.approx([4 + 1e-8, 4, 4, 4 - 3, 4 - 1.5])


def test_an_update_that_is_not_finite_is_left_out():
    searcher = QuasiNewton(steps=2, c=1e-4, **FIXED)
    rehearse(searcher, lambda p, seed: p["b"], 1000)  # y = 0
    assert searcher.iterates[0].kind == "bfgs"
    assert np.isfinite(searcher.V).all()
    assert searcher.ended == "steps"


def test_what_is_absurd_may_be_wider_than_the_bounds():
    begin = start(100, 20, 5e-5)
    kinds = []
    for sane in (None, {"lr": (1e-6, 1.0)}):
        searcher = QuasiNewton(
            SPACE, start=begin, sane=sane, steps=1, repetitions=1, fresh=False, c=1e-4
        )
        rehearse(searcher, lambda p, seed: p["hidden"] / 100, 1000)
        kinds.append(searcher.iterates[0].kind)
    assert kinds == ["gradient", "bfgs"]


def test_repetitions_are_the_papers_beta():
    searcher = QuasiNewton(SPACE, start=start(100.5, 20.5, 0.5))
    assert searcher.batch == 2 * 3 * 4 * 10


@pytest.mark.parametrize("make", [QuasiNewton, QuasiNewton.customary])
@pytest.mark.parametrize("update", UPDATES)
def test_a_gradient_of_zero_ends_it(make, update):
    searcher = make(SPACE, update=update, start=start(100, 20, 0.5))
    rehearse(searcher, lambda params, seed: -2.0, 1000)
    assert searcher.ended == "tolerance"
    assert searcher.ask(3) == []


@pytest.mark.parametrize("make", [QuasiNewton, QuasiNewton.customary])
def test_where_every_training_fails_it_ends(make):
    searcher = make(SPACE, start=start(100, 20, 0.5))
    found = rehearse(searcher, lambda params, seed: math.nan, 1000)
    assert set(found.state) == {"failed"}
    assert searcher.ended == "tolerance"
    assert searcher.iterates[-1].value == pytest.approx(ARCH)


def test_a_wall_of_failures_is_not_crossed():
    """Half of the box fails; the best that it finds is beside the wall."""

    def objective(params, seed):
        return math.nan if params["a"] > 5 else (params["a"] - 8) ** 2 + params["b"] ** 2

    searcher = QuasiNewton.customary(PLANE, start={"a": 0.0, "b": -7.0})
    found = rehearse(searcher, objective, 200)
    assert 9 < found.value.min() < 10
    assert all(it.point["a"] <= 5 for it in searcher.iterates)


def test_a_bound_is_kept_and_followed():
    """The lowest point is at the end of one side, in the middle of the other."""

    def objective(params, seed):
        return -params["a"] + (params["b"] - 3) ** 2 + 0.02 * params["a"] * params["b"]

    for update in UPDATES:
        searcher = QuasiNewton.customary(PLANE, update=update, start={"a": -8.0, "b": -9.0})
        found = rehearse(searcher, objective, 200)
        assert searcher.ended in ("tolerance", "no neighbour is better")
        best = found.loc[found.value.idxmin()]
        assert best.a == 10.0
        assert best.b == pytest.approx(2.9, abs=0.1)


@pytest.mark.parametrize("update", UPDATES)
def test_pairs_without_curvature_are_left_out_and_ascents_refused(update):
    """On a dome every yᵀs is negative; the way is downhill all the same, to a corner."""
    searcher = QuasiNewton.customary(PLANE, update=update, start={"a": 1.0, "b": -2.0})
    found = rehearse(searcher, lambda p, seed: -(p["a"] ** 2) - 2 * p["b"] ** 2, 200)
    assert searcher.pairs == []
    assert found.value.min() == -300.0
    assert searcher.path().value.is_monotonic_decreasing


@pytest.mark.parametrize("name", ["lstm-log", "lstm-linear"])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_it_beats_the_papers_settings_and_random_search(name, noise):
    surface = SURFACES[name]
    ours = np.median(regrets(QuasiNewton.customary, surface, noise, 70))
    assert ours < 0.05 * np.median(regrets(QuasiNewton, surface, noise, 70, 5))
    assert ours < 0.5 * np.median(regrets(RandomSearch, surface, noise, 70))


@pytest.mark.parametrize(
    ("says", "options"),
    [
        ("update must be 'bfgs' or 'dfp', got 'newton'", {"update": "newton"}),
        ("c must be between 0 and 1, got 0", {"c": 0}),
        ("tau must be between 0 and 1, got 1", {"tau": 1}),
        ("halvings must be a whole number, 0 or more", {"halvings": -1}),
        ("h must be more than 0", {"h": 0}),
        ("tiny must be 0 or more, got -1", {"tiny": -1}),
        ("fallback must be more than 0", {"fallback": 0}),
        ("sane must name some of hidden, length, lr, got 'rate'", {"sane": {"rate": (0, 1)}}),
        (r"sane\['lr'\] must be \(low, high\), got \(1, 0\)", {"sane": {"lr": (1, 0)}}),
    ],
)
def test_wrong_arguments_are_named(says, options):
    with pytest.raises(ValueError, match=says):
        QuasiNewton(SPACE, **options)
    if "update" in options:
        with pytest.raises(ValueError, match=says):
            QuasiNewton.customary(SPACE, **options)

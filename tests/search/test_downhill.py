"""Gradient descent as the paper did it, and as it works."""

import math

import numpy as np
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from lstmlab.search import GradientDescent, RandomSearch, rehearse
from lstmlab.search.customary import parabola
from lstmlab.search.surfaces import SURFACES

SPACE = {
    "hidden": IntDistribution(20, 800),
    "length": IntDistribution(5, 40),
    "lr": FloatDistribution(1e-4, 1),
}


def start(*values):
    """A point of the paper's space."""
    return dict(zip(SPACE, values, strict=True))


def at(searcher, step):
    """The coordinates of an iterate."""
    return list(searcher.iterates[step].point.values())


@pytest.mark.parametrize(
    ("begin", "steps", "row_10"),
    [
        ((2.681075, 8.746468, 6.987274), 9, (11.679926, 8.746468, 6.84345)),  # trial 8
        ((9.592970, 5.979446, 1.928359), 10, (19.592908, 5.979446, 1.893177)),  # trial 9
        ((2.563309, 9.975360, 7.965497), 10, (12.561629, 9.975360, 7.782208)),  # trial 6
        ((7.4375, 5.3365, 7.5200), 10, (17.4360, 5.3365, 7.3455)),  # trial 7
    ],
)
def test_the_arches_alone_give_the_papers_first_rows(begin, steps, row_10):
    """To three decimals; the length to the last, for its partial derivative is exactly 0."""
    searcher = GradientDescent(SPACE, step=1.0, start=start(*begin), steps=steps)
    assert searcher.ended == "steps"
    assert searcher.trainings == 0
    assert at(searcher, -1) == pytest.approx(row_10, abs=1e-3)
    assert at(searcher, -1)[1] == row_10[1]


def test_a_step_is_as_long_as_it_says_and_against_the_gradient():
    searcher = GradientDescent(SPACE, step=0.25, h=1e-6, start=start(100.5, 20.5, 0.5), steps=1)
    assert searcher.batch == 24
    rehearse(searcher, lambda p, seed: 3 * p["hidden"] + 4 * p["length"] + 12 * p["lr"], 24)
    moved = np.subtract(at(searcher, 1), at(searcher, 0))
    assert moved == pytest.approx(-0.25 * np.array([3, 4, 12]) / 13, abs=1e-6)
    assert searcher.iterates[0].gradient == pytest.approx((3, 4, 12), rel=1e-3)


def test_a_fresh_training_is_noise_divided_by_h():
    """What the paper's gradients are: those of its two random initialisations."""

    def objective(params, seed):
        return np.random.default_rng(seed).normal()

    searcher = GradientDescent(SPACE, start=start(100.5, 20.5, 0.5), steps=200)
    rehearse(searcher, objective, 24 * 200)
    slopes = np.array([it.gradient for it in searcher.iterates[:-1]])
    assert 1e7 < np.median(np.abs(slopes)) < 1e9
    assert np.abs(np.mean(np.sign(slopes), axis=0)).max() < 0.25
    known = GradientDescent(SPACE, start=start(100.5, 20.5, 0.5), fresh=False)
    found = rehearse(known, lambda params, seed: 1.0, 100)
    assert len(found) == 8  # four corners at two rates
    assert known.ended == "tolerance"


def test_a_step_lost_in_rounding_has_no_derivative():
    space = {"x": FloatDistribution(0, 1e12), "y": FloatDistribution(0, 10)}
    searcher = GradientDescent(space, start={"x": 1e10, "y": 5.0}, fresh=False, steps=3)
    rehearse(searcher, lambda p, seed: p["x"] / 1e10 + p["y"], 100)
    assert [it.gradient[0] for it in searcher.iterates[:3]] == [0.0] * 3
    assert at(searcher, -1) == [1e10, pytest.approx(4.7)]


@pytest.mark.parametrize("make", [GradientDescent, GradientDescent.customary])
def test_a_gradient_of_zero_ends_it(make):
    searcher = make(SPACE, start=start(100, 20, 0.5))
    found = rehearse(searcher, lambda params, seed: 4.0, 1000)
    assert searcher.ended == "tolerance"
    assert len(found) <= 24
    assert searcher.iterates[-1].kind == "end"
    assert searcher.ask(3) == []


def test_an_arch_too_high_for_a_number_ends_it():
    searcher = GradientDescent(SPACE, start=start(1e200, 20, 0.5))
    assert searcher.ended == "gradient not finite"
    assert searcher.trainings == 0


@pytest.mark.parametrize(
    ("points", "slope", "curvature"),
    [((2.0, 1.0, 4.0), 12.0, 6.0), ((2.0, 2.0, 4.0), 18.0, math.nan),
     ((2.0, 1.0, 2.0), 9.0, math.nan), ((2.0, 2.0, 2.0), 0.0, math.nan)],
)  # fmt: skip
def test_a_parabola_is_differentiated_exactly(points, slope, curvature):
    x, left, right = points
    f = lambda v: 3 * v**2 + 7  # noqa: E731
    found = parabola(x, f(x), left, f(left), right, f(right))
    assert found == pytest.approx((slope, curvature), nan_ok=True)


def test_customary_steps_stay_on_the_lattice_and_never_lead_uphill():
    surface = SURFACES["lstm-log"]
    for seed in range(10):
        searcher = GradientDescent.customary(surface.space, seed=seed)
        found = rehearse(searcher, lambda p, _: surface.f(p), 150)
        assert not found.duplicated(list(surface.space)).any()
        path = searcher.path()
        assert path.value.is_monotonic_decreasing
        for name in ("hidden", "epochs", "maxlen"):
            assert path[name].to_numpy() == pytest.approx(path[name].round().to_numpy(), abs=1e-9)


def regrets(make, surface, noise, trials, seeds=15):
    """What each search has found, without noise."""

    def objective(params, seed):
        return surface.f(params) + noise * np.random.default_rng(seed).normal()

    found = []
    for seed in range(seeds):
        trials_of = rehearse(make(surface.space, seed=seed), objective, trials)
        best = trials_of.loc[trials_of.value.idxmin(), list(surface.space)]
        found.append(surface.regret(best))
    return np.array(found)


@pytest.mark.parametrize("name", ["lstm-log", "lstm-linear"])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_it_beats_the_papers_settings_and_random_search(name, noise):
    surface = SURFACES[name]
    ours = np.median(regrets(GradientDescent.customary, surface, noise, 70))
    assert ours < 0.1 * np.median(regrets(GradientDescent, surface, noise, 70, 5))
    assert ours < 0.7 * np.median(regrets(RandomSearch, surface, noise, 70))


def test_maximizing_is_minimizing_the_negative():
    found = [
        rehearse(make(SPACE, seed=2, direction=direction),
                 lambda p, seed, s=sign: s * (p["hidden"] - p["length"] ** 2), 60)[list(SPACE)]
        for make in (GradientDescent.customary,)
        for sign, direction in ((1, "minimize"), (-1, "maximize"))
    ]  # fmt: skip
    assert found[0].equals(found[1])


@pytest.mark.parametrize(
    ("says", "make", "options"),
    [
        ("step must be more than 0, got 0", GradientDescent, {"step": 0}),
        ("h must be more than 0, got -1", GradientDescent, {"h": -1}),
        ("stride must be more than 0, at most 1, got 2", GradientDescent.customary, {"stride": 2}),
        ("width must be more than 1, got 1", GradientDescent.customary, {"width": 1}),
        ("narrowest must be more than 1, got nan", GradientDescent.customary,
         {"narrowest": math.nan}),
        ("reach must be more than 0, at most 1, got 0", GradientDescent.customary, {"reach": 0}),
        ("halvings must be a whole number, 0 or more", GradientDescent.customary,
         {"halvings": -1}),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(says, make, options):
    with pytest.raises(ValueError, match=says):
        make(SPACE, **options)

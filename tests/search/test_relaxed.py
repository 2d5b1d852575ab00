"""A relaxed objective: its derivatives, its two modes, its counting, and what fails."""

import math
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from lstmlab.search import GridSearch, Serial, local_pool, run, table
from lstmlab.search.ledger import seed_of
from lstmlab.search.newhouse import LOG_SPACE, SPACE
from lstmlab.search.relaxation import hessian as exact_hessian
from lstmlab.search.relaxation import partial as exact_partial
from lstmlab.search.relaxation import value as exact_value
from lstmlab.search.relaxed import Relaxed, common
from lstmlab.search.repeated import Repeated

POINT = {"hidden": 40.25, "length": 12.8, "lr": 0.1}
TWO = {"n": IntDistribution(0, 9), "a": FloatDistribution(0.1, 10, log=True),
       "b": FloatDistribution(-1, 1)}  # fmt: skip


def bowl(params, seed):
    """Smooth in λ by factors, with a term for each pair."""
    h, s, u = params["hidden"] / 10, params["length"] / 10, math.log(params["lr"])
    return h * h + 2 * s * s + 0.5 * u * u + h * s + 0.3 * h * u - s * u


def noisy(params, seed):
    return {"value": bowl(params, seed) + np.random.default_rng(seed).normal(), "seed_": seed}


def rough(params, seed):
    """No two corners are alike."""
    return math.sin(1e4 * params["hidden"] + 1e3 * params["length"] + 1e2 * params["lr"])


def free(values):
    """The same without a seed."""
    return lambda params: values(params, 0)


class Counted:
    """Remembers what it was asked."""

    def __init__(self, objective):
        self.objective, self.asked = objective, []

    def __call__(self, params, seed):
        self.asked.append((tuple(params.values()), seed))
        return self.objective(params, seed)


def test_it_is_the_relaxation_of_the_objective():
    for point in (POINT, {"hidden": 799.5, "length": 39.01, "lr": 0.9}):
        relaxed = Relaxed(rough, SPACE)
        assert relaxed(point) == pytest.approx(exact_value(point, SPACE, free(rough)), abs=1e-15)
        assert relaxed.trainings == 4


def test_derivatives_in_integers_are_the_exact_ones():
    relaxed = Relaxed(rough, SPACE)
    for name in ("hidden", "length"):
        exact = exact_partial(POINT, SPACE, name, free(rough))
        assert relaxed.partial(POINT, name) == pytest.approx(exact, abs=1e-14)
    found, exact = relaxed.hessian(POINT), exact_hessian(POINT, SPACE, free(rough))
    assert found[:2, :2] == pytest.approx(exact, abs=1e-14)


def test_derivatives_by_factors_are_those_in_the_logarithm():
    """Central differences of a quadratic are exact, in the coordinate they are taken in."""
    relaxed = Relaxed(bowl, LOG_SPACE)
    h, s, u = 4.025, 1.28, math.log(0.1)
    assert relaxed.partial(POINT, "lr") == pytest.approx(u + 0.3 * h - s, abs=1e-10)
    found = relaxed.hessian(POINT)
    assert found == pytest.approx(found.T)
    assert found[2] == pytest.approx([0.03, -0.1, 1.0], abs=1e-9)
    assert found[0, 1] == pytest.approx(0.01, abs=1e-12)
    assert np.diag(found)[:2].tolist() == [0, 0]


def test_two_real_numbers_have_a_mixed_derivative():
    def f(params, seed):
        u, b = math.log(params["a"]), params["b"]
        return params["n"] * u * b + 3 * b * b - u * u + 2 * u * b

    relaxed = Relaxed(f, TWO, width={"a": 0.2})
    point = {"n": 4.5, "a": 2.0, "b": 0.25}
    u, b = math.log(2), 0.25
    assert relaxed.gradient(point) == pytest.approx(
        [u * b, 6.5 * b - 2 * u, 4.5 * u + 6 * b + 2 * u]
    )
    assert relaxed.hessian(point) == pytest.approx(
        np.array([[0, b, u], [b, -2, 6.5], [u, 6.5, 6]]), abs=1e-10
    )


def test_a_gradient_and_a_hessian_take_12_trainings_of_common_random_numbers():
    counted = Counted(noisy)
    relaxed = Relaxed(counted, LOG_SPACE, mode="common")
    first = relaxed.gradient(POINT)
    assert relaxed.trainings == len(counted.asked) == 12
    relaxed.hessian(POINT), relaxed(POINT)
    assert np.array_equal(relaxed.gradient(POINT), first)
    assert relaxed.trainings == len(counted.asked) == 12
    corners = [params for params, _ in counted.asked]
    assert len({lr for _, _, lr in corners}) == 3
    assert len(set(corners)) == 12
    assert len({seed for _, seed in counted.asked}) == 1


def test_fresh_calls_have_new_seeds_and_the_same_ones_for_the_same_seed():
    first, again = Counted(noisy), Counted(noisy)
    one, two = Relaxed(first, SPACE, seed=3), Relaxed(again, SPACE, seed=3)
    values = [one(POINT), one(POINT)]
    assert values[0] != values[1]
    assert [two(POINT), two(POINT)] == values
    assert first.asked == again.asked
    assert len({seed for _, seed in first.asked}) == 8
    assert Relaxed(noisy, SPACE, seed=4)(POINT) not in values


def test_in_a_fresh_gradient_both_integers_see_the_same_corners():
    counted = Counted(noisy)
    relaxed = Relaxed(counted, LOG_SPACE)
    gradient = relaxed.gradient(POINT)
    assert len(counted.asked) == 12
    known = {params: noisy(dict(zip(SPACE, params, strict=True)), seed)["value"]
             for params, seed in counted.asked}  # fmt: skip

    def values(params):
        return known[tuple(params.values())]

    for k, name in enumerate(("hidden", "length")):
        assert gradient[k] == pytest.approx(exact_partial(POINT, SPACE, name, values))


def test_repetitions_are_averaged():
    counted = Counted(noisy)
    relaxed = Relaxed(counted, SPACE, repetitions=400)
    integer = {"hidden": 40, "length": 12, "lr": 0.1}
    assert relaxed(integer) == pytest.approx(bowl(integer, 0), abs=0.25)  # five σ of a mean
    assert relaxed.trainings == len(counted.asked) == 400
    assert len({seed for _, seed in counted.asked}) == 400


def test_noise_over_h_is_what_the_papers_gradient_is():
    h = 1e-8
    found = Relaxed(noisy, SPACE).forward(POINT, h)
    assert np.abs(found).min() > 1e5
    calm = Relaxed(noisy, SPACE, mode="common").forward(POINT, h)
    exact = Relaxed(bowl, SPACE).gradient(POINT)
    assert calm[:2] == pytest.approx(Relaxed(common(noisy), SPACE).gradient(POINT)[:2], abs=1e-5)
    assert calm[2] == pytest.approx(10 * (math.log(0.1) + 0.3 * 4.025 - 1.28), abs=1e-3)
    assert exact[2] == pytest.approx(calm[2], rel=0.1)


def test_forward_takes_two_calls_a_coordinate():
    relaxed = Relaxed(noisy, SPACE)
    relaxed.forward(POINT)
    assert relaxed.trainings == 6 * 4


def test_outside_are_the_arches_and_no_trainings():
    relaxed = Relaxed(bowl, SPACE)
    assert relaxed({"hidden": 2.5, "length": 8.0, "lr": 7.0}) == pytest.approx(
        2e6 + (408**2 + 407**2) / 2 + 6.5**2
    )
    assert relaxed.trainings == 0
    gradient = relaxed.gradient({"hidden": 2.5, "length": 8.0, "lr": 7.0})
    assert gradient == pytest.approx([-815, 0, 13], abs=1e-4)
    assert relaxed.trainings == 0
    relaxed({"hidden": 19.5, "length": 8.0, "lr": 0.1})
    assert relaxed.trainings == 1


def test_without_arches_the_objective_is_asked_outside_too():
    relaxed = Relaxed(bowl, SPACE, arches=False)
    point = {"hidden": 2.5, "length": 8.0, "lr": 7.0}
    assert relaxed(point) == pytest.approx(exact_value(point, SPACE, free(bowl)))
    assert relaxed.trainings == 2


@pytest.mark.parametrize("lr", [1e-4, 1.0, 1.01e-4, 0.99])
@pytest.mark.parametrize("space", [SPACE, LOG_SPACE], ids=["plain", "log"])
def test_at_a_bound_differences_stay_inside(lr, space):
    """An arch is a cliff of 10⁶; the derivative is that of the place beside it."""
    counted = Counted(bowl)
    relaxed = Relaxed(counted, space)
    point = {"hidden": 40.5, "length": 12.5, "lr": lr}
    assert np.abs(relaxed.gradient(point)).max() < 1e4
    assert np.abs(relaxed.hessian(point)).max() < 1e6
    assert all(1e-4 <= params[2] <= 1 for params, _ in counted.asked)
    if space is LOG_SPACE:
        assert relaxed.hessian(point)[2, 2] == pytest.approx(1.0, abs=1e-8)


def test_a_range_of_one_value_has_no_slope():
    space = {"n": IntDistribution(0, 9), "a": FloatDistribution(0.5, 0.5)}
    relaxed = Relaxed(lambda params, seed: params["n"] * params["a"], space)
    assert relaxed.gradient({"n": 3.5, "a": 0.5}).tolist() == [0.5, 0]
    assert relaxed.hessian({"n": 3.5, "a": 0.5}).tolist() == [[0, 0], [0, 0]]


def fails_at_41(params, seed):
    if params["hidden"] == 41:
        raise ArithmeticError("diverged")
    return math.inf if params["hidden"] == 42 else bowl(params, seed)


def test_a_corner_that_fails_is_nan_and_warns_once():
    relaxed = Relaxed(fails_at_41, SPACE, mode="common")
    with pytest.warns(RuntimeWarning, match="a corner is NaN: ArithmeticError: diverged"):
        assert math.isnan(relaxed(POINT))
    assert relaxed.failed == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(relaxed({**POINT, "hidden": 42.0}))
        assert np.isnan(relaxed.gradient(POINT)[:2]).all()
        assert math.isfinite(relaxed({**POINT, "hidden": 40.0}))
    assert relaxed.trainings == 4 + 2 + 8  # the failed are known to have failed


def test_the_corners_run_through_the_executor():
    serial = Relaxed(noisy, SPACE, seed=5)
    expected = [serial(POINT), *serial.gradient(POINT)]
    with ThreadPoolExecutor(3) as pool:
        relaxed = Relaxed(noisy, SPACE, seed=5, executor=pool)
        assert [relaxed(POINT), *relaxed.gradient(POINT)] == expected
    with Relaxed(noisy, SPACE, seed=5, executor=lambda: local_pool(2)) as relaxed:
        assert [relaxed(POINT), *relaxed.gradient(POINT)] == expected
        assert relaxed.trainings == serial.trainings


def test_common_ignores_the_trials_seed_and_agrees_with_relaxed():
    objective = pickle.loads(pickle.dumps(common(noisy, seed=7)))
    params = {"hidden": 40, "length": 12, "lr": 0.1}
    assert objective(params, 1) == objective(params, 2) == noisy(params, seed_of(7, 0))
    assert Relaxed(noisy, SPACE, mode="common", seed=7)(params) == objective(params, 0)["value"]
    three = common(noisy, seed=7, repetitions=3)
    values = [noisy(params, seed_of(7, n))["value"] for n in range(3)]
    assert three(params, 1) == {"value": pytest.approx(np.mean(values)), "values": values}
    relaxed = Relaxed(noisy, SPACE, mode="common", repetitions=3, seed=7)
    assert relaxed(params) == three(params, 0)["value"]


def test_repeated_gives_each_trial_its_own_seeds():
    params = {"hidden": 40, "length": 12, "lr": 0.1}
    assert Repeated(noisy)(params, 9) == noisy(params, 9)
    twice = Repeated(noisy, 2)
    assert twice(params, 9)["values"] == [noisy(params, seed_of(9, n))["value"] for n in (0, 1)]
    assert twice(params, 9) != twice(params, 8)


def test_under_run_common_gives_a_trial_the_same_value_whenever_it_runs():
    space = {"hidden": IntDistribution(30, 50, step=10), "length": IntDistribution(9, 9),
             "lr": FloatDistribution(0.1, 0.1)}  # fmt: skip
    values = [
        table(run(GridSearch(space, seed=seed), common(noisy), 3, executor=Serial(),
                  progress=False)).set_index("hidden")["value"]
        for seed in (0, 1)
    ]  # fmt: skip
    assert values[0].to_dict() == values[1].to_dict()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Relaxed(bowl, SPACE, mode="new"), "mode must be 'fresh' or 'common', got 'new'"),
        (lambda: Relaxed(bowl, SPACE, repetitions=0), "repetitions must be a whole number, 1"),
        (lambda: Relaxed(bowl, SPACE, seed=-1), "seed must be a whole number, 0 or more"),
        (lambda: Relaxed(bowl, SPACE, width=0), "width must be a finite number, above 0, got 0"),
        (lambda: Relaxed(bowl, SPACE, width={"hidden": 1}), r"width must name real .*\(lr\)"),
        (lambda: Relaxed(bowl, SPACE).partial(POINT, "size"), "name must be one of hidden"),
        (lambda: Relaxed(bowl, SPACE).forward(POINT, 0), "h must be a finite number, above 0"),
        (lambda: Relaxed(bowl, SPACE)({"lr": 0.1}), "point must name hidden, length, lr, got lr"),
        (
            lambda: Relaxed(bowl, LOG_SPACE).partial({**POINT, "lr": -1.0}, "lr"),
            r"point\['lr'\] must be above 0 .*: -1.0",
        ),
    ],
)  # fmt: skip
def test_what_it_refuses(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_an_objective_is_a_function():
    with pytest.raises(TypeError, match="objective must be a function of params and seed, got 3"):
        Relaxed(3, SPACE)

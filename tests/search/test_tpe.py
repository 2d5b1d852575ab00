"""TPE proposes what looks like the good trials; its promises to the loop are those of all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from lstmlab.search import TPE, GaussianProcess, RandomSearch, Serial, run
from lstmlab.search.surfaces import SURFACES
from tests.search.made import SPACE, assert_same

LINE = {"x": FloatDistribution(0.0, 1.0)}
MAKERS = {"tpe": TPE, "process": GaussianProcess}


def told(searcher, params, value, number):
    trial = create_trial(
        params=params, distributions=searcher.space,
        value=value, state=TrialState.COMPLETE if value is not None else TrialState.FAIL,
    )  # fmt: skip
    trial.number = number
    searcher.tell([trial])


def after(make, f, trials, space=LINE, **options):
    """A searcher that has seen so many trials of f."""
    searcher = make(space, **options)
    for number in range(trials):
        (params,) = searcher.ask()
        told(searcher, params, f(params), number)
    return searcher


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
class TestBoth:
    def test_the_start_has_one_trial_in_every_part_of_every_side(self, make):
        space = SPACE | {"x": FloatDistribution(0, 1)}
        start = make(space, startup=8).ask(8)
        assert sorted(int(8 * params["x"]) for params in start) == list(range(8))
        rates = sorted(np.log10(params["lr"] / SPACE["lr"].low) for params in start)
        width = np.log10(SPACE["lr"].high / SPACE["lr"].low)
        assert [int(8 * rate / width) for rate in rates] == list(range(8))

    def test_the_order_of_telling_does_not_matter(self, make):
        asked = make(SPACE, seed=3, batch=12).ask(12)
        values = np.random.default_rng(0).random(12)
        proposals = []
        for order in (range(12), reversed(range(12)), np.random.default_rng(1).permutation(12)):
            searcher = make(SPACE, seed=3)
            assert searcher.ask(12) == asked
            for number in order:
                told(searcher, asked[number], values[number], int(number))
            proposals.append(searcher.ask(2))
        assert proposals[0] == proposals[1] == proposals[2]

    def test_seeds_differ_and_repeat(self, make):
        f = lambda params: (params["x"] - 0.3) ** 2  # noqa: E731
        first, again, other = (after(make, f, 12, seed=seed).ask() for seed in (1, 1, 2))
        assert first == again != other

    def test_maximizing_is_minimizing_the_negative(self, make):
        f = lambda params: (params["x"] - 0.3) ** 2  # noqa: E731
        down = after(make, f, 14, seed=5).ask()
        up = after(make, lambda p: -f(p), 14, seed=5, direction="maximize").ask()
        assert down == up

    def test_failed_trials_are_not_gone_back_to(self, make):
        f = lambda params: None if params["x"] > 0.4 else params["x"] - 1  # noqa: E731
        searcher = after(make, f, 20)
        ahead = [params["x"] for params in searcher.ask(5)]
        assert np.mean([x > 0.5 for x in ahead]) <= 0.4

    def test_while_all_have_failed_it_goes_on_as_at_the_start(self, make):
        searcher = after(make, lambda params: None, 16, startup=8)
        parts = sorted(int(8 * params["x"]) for params in searcher.ask(8))
        assert parts == list(range(8))

    def test_a_batch_does_not_propose_one_place_many_times(self, make):
        searcher = after(make, lambda params: (params["x"] - 0.3) ** 2, 30)
        places = [params["x"] for params in searcher.ask(6)]
        assert np.ptp(places) > 0.02
        assert len(set(places)) == 6

    def test_all_values_alike_are_no_error(self, make):
        (params,) = after(make, lambda params: 1.0, 15, SPACE).ask()
        assert set(params) == set(SPACE)

    def test_spaces_of_every_kind_are_searched(self, make):
        space = {
            "one": FloatDistribution(0.5, 0.5),
            "same": CategoricalDistribution(["only"]),
            "truth": CategoricalDistribution([True, False, None]),
            "whole": IntDistribution(3, 3),
            "steps": IntDistribution(0, 100, step=25),
            "real": FloatDistribution(1e-9, 1e9, log=True),
        }
        study = run(
            make(space, batch=3), lambda params, seed: abs(np.log(params["real"])), 20,
            executor=Serial(), progress=False,
        )  # fmt: skip
        assert len(study.trials) == 20
        assert study.best_value < 10

    def test_workers_and_batches_do_not_change_the_trials(self, make):
        objective = lambda params, seed: np.log(params["lr"]) ** 2  # noqa: E731
        alone, pair = (
            run(make(SPACE, batch=4, seed=2), objective, 18, executor=executor, progress=False)
            for executor in (Serial(), 2)
        )
        assert_same(alone, pair)

    def test_trials_that_it_did_not_ask_for_teach_it_too(self, make):
        searcher = make(LINE, startup=2)
        for number, x in enumerate(np.linspace(0, 1, 21)):
            told(searcher, {"x": float(x)}, (x - 0.7) ** 2, number)
        searcher.ask(2)
        ahead = [params["x"] for params in searcher.ask(4)]
        assert np.median(ahead) == pytest.approx(0.7, abs=0.1)

    @pytest.mark.parametrize(
        ("says", "options"),
        [
            ("startup must be a whole number, 1 or more, got 0", {"startup": 0}),
            ("candidates must be a whole number, 1 or more, got 2.5", {"candidates": 2.5}),
            ("batch must be a whole number, 1 or more, got True", {"batch": True}),
            ("seed must be", {"seed": -1}),
            ("direction must be", {"direction": "up"}),
        ],
    )
    def test_wrong_arguments_are_named(self, make, says, options):
        with pytest.raises(ValueError, match=says):
            make(LINE, **options)
        with pytest.raises(ValueError, match="space must hold 1"):
            make({})


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_trials_of_another_space_are_refused(make):
    other = make({"y": LINE["x"]})
    with pytest.raises(ValueError, match="trials must be of x, got y"):
        make(LINE).tell([create_trial(params=other.ask()[0], distributions=other.space, value=1)])


@pytest.mark.filterwarnings("error")
def test_huge_values_are_searched_as_small_ones_are():
    small, huge = (
        after(GaussianProcess, lambda p, scale=scale: scale * (p["x"] - 0.3) ** 2, 14).ask()[0]["x"]
        for scale in (1.0, 1e300)
    )
    assert huge == pytest.approx(small, abs=0.02)


def test_gamma_is_a_share():
    for gamma in (0, 1, True, np.nan, "a"):
        with pytest.raises(ValueError, match="gamma must be between 0 and 1, got"):
            TPE(LINE, gamma=gamma)


@settings(max_examples=10)
@given(seed=st.integers(0, 999), gamma=st.sampled_from([0.1, 0.25]), n=st.integers(10, 40))
def test_the_good_trials_are_the_lowest_share(seed, gamma, n):
    rng = np.random.default_rng(seed)
    searcher = TPE(LINE, gamma=gamma)
    xs, values = rng.random(n), rng.random(n)
    for number, (x, value) in enumerate(zip(xs, values, strict=True)):
        told(searcher, {"x": x}, value, number)
    l, g = searcher.densities()
    k = int(np.ceil(gamma * n))
    order = np.argsort(values)
    assert sorted(l.mu[:-1, 0]) == pytest.approx(sorted(xs[order[:k]]))
    assert len(g.mu) == n - k + 1
    improvements = values[order[k]] - values[order[:k]]
    assert l.weights[:-1] / l.weights[-1] == pytest.approx(improvements / improvements.mean())
    assert g.weights == pytest.approx(np.full(n - k + 1, 1 / (n - k + 1)))


def test_what_is_proposed_has_the_largest_ratio_of_the_candidates():
    searcher = after(TPE, lambda params: (params["x"] - 0.3) ** 2, 25, seed=4)
    l, g = searcher.densities()
    candidates = l.draw(64, np.random.default_rng([4, 25]))
    best = candidates[np.argmax(l.density(candidates) / g.density(candidates)), 0]
    assert searcher.ask()[0]["x"] == best


def test_the_process_proposes_where_expected_improvement_is_largest():
    """Against a fine mesh of its own prediction."""
    searcher = after(GaussianProcess, lambda params: np.sin(9 * params["x"]), 14, seed=1)
    process = searcher.fitted()
    mesh = np.linspace(0, 1, 2001)[:, None]
    mean, deviation = process.predict(mesh, return_std=True)
    noise = process.kernel_.k2.noise_level * process._y_train_std**2
    best = process.predict(process.X_train_).min()
    s = np.sqrt(np.maximum(deviation**2 - noise, 1e-18))
    draws = mean + s * np.random.default_rng(0).standard_normal((4000, 1))
    improvement = np.maximum(best - draws, 0).mean(axis=0)
    (params,) = searcher.ask()
    mine = improvement[np.argmin(abs(mesh[:, 0] - params["x"]))]
    assert mine >= 0.9 * improvement.max()


def regret(make, name, trials, seeds):
    surface = SURFACES[name]
    found = []
    for seed in seeds:
        searcher = make(surface.space, seed=seed)
        values = []
        while len(values) < trials:
            for params in searcher.ask():
                values.append(surface.regret(params))
                told(searcher, params, values[-1], len(values))
        found.append(min(values))
    return np.median(found)


@pytest.mark.parametrize("name", ["branin", "lstm-log", "hartmann-3"])
def test_both_beat_random_search_by_far(name):
    random = regret(RandomSearch, name, 50, range(15))
    assert regret(TPE, name, 50, range(15)) < random / 2
    assert regret(GaussianProcess, name, 30, range(3)) < random / 2

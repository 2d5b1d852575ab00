"""Particle swarms move by their equations, and remember the best places."""

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial

from lstmlab.search import ParticleSwarm, RandomSearch, Serial, run
from lstmlab.search.surfaces import SURFACES
from tests.search.made import SPACE, assert_same

PLANE = {"a": FloatDistribution(0.0, 1.0), "b": FloatDistribution(0.0, 1.0)}


def told(searcher, asked, values, order=None):
    """Tell what came of a round."""
    for number in range(len(asked)) if order is None else order:
        trial = create_trial(
            params=asked[number], distributions=searcher.space, value=values[number],
            state=TrialState.FAIL if values[number] is None else TrialState.COMPLETE,
        )  # fmt: skip
        trial.number = int(number)
        searcher.tell([trial])


def test_it_moves_by_its_equations():
    searcher = ParticleSwarm(PLANE, particles=6, seed=2, inertia=0.6, own=1.1, all_=0.9)
    rng = np.random.default_rng(0)
    p, p_cost = searcher.x.copy(), np.full(6, np.inf)
    for turn in range(1, 9):
        x, v = searcher.x.copy(), searcher.v.copy()
        asked = searcher.ask(6)
        assert [list(params.values()) for params in asked] == pytest.approx(x)
        values = rng.random(6)
        told(searcher, asked, values)
        better = values < p_cost
        p, p_cost = np.where(better[:, None], x, p), np.minimum(values, p_cost)
        searcher.ask(1)
        r_1, r_2 = np.random.default_rng([2, turn]).random((2, 6, 2))
        moved = 0.6 * v + 1.1 * r_1 * (p - x) + 0.9 * r_2 * (p[p_cost.argmin()] - x)
        outside = (x + moved < 0) | (x + moved > 1)
        assert searcher.x == pytest.approx(np.clip(x + moved, 0, 1))
        assert searcher.v == pytest.approx(np.where(outside, 0, moved))
        assert searcher.p == pytest.approx(p)
        assert searcher.g == pytest.approx(p[p_cost.argmin()])
        searcher._asked = 0  # the one that was asked to make it move


def test_a_round_waits_for_all_and_any_order_will_do():
    nexts = []
    for order in (range(5), [3, 0, 4, 1, 2]):
        searcher = ParticleSwarm(PLANE, particles=5, seed=1)
        asked = searcher.ask(2) + searcher.ask(9)
        assert len(asked) == 5
        assert searcher.ask(3) == []
        told(searcher, asked, [params["a"] for params in asked], order)
        nexts.append(searcher.ask(5))
    assert nexts[0] == nexts[1]


def test_failed_trials_are_no_best_places():
    searcher = ParticleSwarm(PLANE, particles=5)
    asked = searcher.ask(5)
    told(searcher, asked, [None, 3.0, None, 2.0, None])
    searcher.ask(1)
    assert searcher.g == pytest.approx(list(asked[3].values()))
    assert np.isfinite(searcher.p_cost).sum() == 2


def test_maximizing_is_minimizing_the_negative():
    found = []
    for sign, direction in ((1, "minimize"), (-1, "maximize")):
        study = run(
            ParticleSwarm(PLANE, seed=4, direction=direction),
            lambda params, seed, sign=sign: sign * (params["a"] - params["b"] ** 2),
            40, executor=Serial(), progress=False,
        )  # fmt: skip
        found.append([trial.params for trial in study.trials])
    assert found[0] == found[1]


def test_resumed_and_in_parallel_it_is_the_same(tmp_path):
    objective = lambda params, seed: np.log(params["lr"]) ** 2  # noqa: E731
    whole = run(ParticleSwarm(SPACE, seed=1), objective, 35, executor=2, progress=False)
    for trials in (4, 22, 35):
        again = run(
            ParticleSwarm(SPACE, seed=1), objective, trials, executor=Serial(),
            storage=tmp_path / "a.db", progress=False,
        )  # fmt: skip
    assert_same(again, whole)


@pytest.mark.parametrize("name", ["branin", "lstm-log"])
def test_it_beats_random_search(name):
    surface = SURFACES[name]

    def regret(make):
        studies = (
            run(
                make(surface.space, seed=seed), lambda params, _: surface.regret(params), 70,
                executor=Serial(), progress=False,
            )
            for seed in range(15)
        )  # fmt: skip
        return np.median([study.best_value for study in studies])

    assert regret(ParticleSwarm) < 0.6 * regret(RandomSearch)


def test_categories_are_cells_in_their_order():
    space = {"c": CategoricalDistribution(["a", "b", "c", "d"])}
    searcher = ParticleSwarm(space, particles=8)
    assert sorted(params["c"] for params in searcher.ask(8)) == list("aabbccdd")


@pytest.mark.parametrize(
    ("says", "options"),
    [
        ("particles must be a whole number, 1 or more, got 0", {"particles": 0}),
        ("inertia must be 0 or more, got -1", {"inertia": -1}),
        ("own must be 0 or more, got nan", {"own": np.nan}),
        ("own must be 0 or more, got 'a'", {"own": "a"}),
        ("all_ must be 0 or more, got inf", {"all_": np.inf}),
    ],
)
def test_wrong_arguments_are_named(says, options):
    with pytest.raises(ValueError, match=says):
        ParticleSwarm(PLANE, **options)
    with pytest.raises(ValueError, match="trials must be those that were asked for"):
        told(ParticleSwarm(PLANE), [{"a": 0.5, "b": 0.5}], [1.0])

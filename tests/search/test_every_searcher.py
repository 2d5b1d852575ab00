"""What every searcher does with spaces that cannot be, and with objectives that say nothing."""

import math

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from lstmlab.search import (
    TPE,
    BoxHalving,
    GaussianProcess,
    Genetic,
    GradientDescent,
    GridSearch,
    Newton,
    ParticleSwarm,
    QuasiNewton,
    RandomSearch,
    rehearse,
)

KINDS = [
    TPE,
    BoxHalving,
    GaussianProcess,
    Genetic,
    GridSearch,
    ParticleSwarm,
    RandomSearch,
    GradientDescent,
    QuasiNewton,
    Newton,
    GradientDescent.customary,
    QuasiNewton.customary,
    Newton.customary,
]
SPACE = {"lr": FloatDistribution(1e-4, 1, log=True), "blocks": IntDistribution(1, 200)}
SILENT = {
    "NaN": lambda params, seed: math.nan,
    "infinite": lambda params, seed: math.inf,
    "always 0": lambda params, seed: 0.0,
    "always the same": lambda params, seed: -7.5,
    "an error": lambda params, seed: 1 / 0,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("space", [{}, None, [], {"lr": 0.1}, {"": FloatDistribution(0, 1)}])
def test_a_space_that_is_none_is_refused(kind, space):
    with pytest.raises((ValueError, TypeError), match="space|hyperparameter|name"):
        kind(space)


@pytest.mark.parametrize(
    "make",
    [
        lambda: FloatDistribution(1, 0),
        lambda: IntDistribution(5, 4),
        lambda: FloatDistribution(0, 1, log=True),
        lambda: FloatDistribution(-1, 1, log=True),
        lambda: IntDistribution(0, 9, log=True),
        lambda: FloatDistribution(math.nan, 1),
        lambda: FloatDistribution(0, math.inf),
        lambda: FloatDistribution(-1e308, 1e308),
        lambda: CategoricalDistribution([]),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_ends_the_wrong_way_round_and_the_logarithm_of_zero_are_refused(kind, make):
    with pytest.raises(ValueError, match=r"low|choices|space|nan"):
        kind({"lr": make()})


@pytest.mark.parametrize("what", SILENT)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_an_objective_that_says_nothing_is_searched_to_the_end(kind, what, direction):
    options = {"levels": 5} if kind is GridSearch else {}
    if what == "always the same" and kind is Genetic and direction == "maximize":
        options = {"fitness": "rank"}  # a negative value is no fitness
    searcher = kind(SPACE, seed=1, direction=direction, **options)
    found = rehearse(searcher, SILENT[what], 24)
    if getattr(searcher, "ended", None):  # a climber, where the gradient is 0
        assert 0 < len(found) < 24
        assert searcher.ask(9) == []
    else:
        assert len(found) == 24
    failed = what in ("NaN", "infinite", "an error")
    assert set(found["state"]) == {"failed" if failed else "complete"}
    if failed:
        assert found["reason"].notna().all()


@pytest.mark.parametrize("trials", [25, 26, 1000])
def test_a_search_longer_than_its_grid_ends_with_the_grid(trials):
    found = rehearse(GridSearch(SPACE, 5), lambda params, seed: params["lr"], trials)
    assert len(found) == 25
    assert not found[["lr", "blocks"]].duplicated().any()

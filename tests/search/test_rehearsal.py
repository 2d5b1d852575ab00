"""A search in memory is the search of `run`."""

import math

import pandas as pd
import pytest

from lstmlab.search import (
    TPE,
    BoxHalving,
    GaussianProcess,
    Genetic,
    GridSearch,
    ParticleSwarm,
    RandomSearch,
    Serial,
    rehearse,
    run,
    table,
)
from lstmlab.search.surfaces import SURFACES

SURFACE, NUMBERS = SURFACES["recipe"], SURFACES["lstm-log"]
SEARCHERS = {
    "random": lambda: RandomSearch(SURFACE.space, seed=3),
    "grid": lambda: GridSearch(SURFACE.space, 3, seed=3),
    "halving": lambda: BoxHalving(NUMBERS.space, seed=3),
    "TPE": lambda: TPE(SURFACE.space, seed=3),
    "TPE, in batches": lambda: TPE(SURFACE.space, seed=3, batch=4),
    "process": lambda: GaussianProcess(SURFACE.space, seed=3, startup=38, candidates=50),
    "genetic": lambda: Genetic.approach("I", SURFACE.space, seed=3),
    "swarm": lambda: ParticleSwarm(SURFACE.space, seed=3),
}


def objective(params, seed):
    """Something of both arguments that fails now and then, and keeps more than a value."""
    if seed % 5 == 0:
        return {"value": math.nan, "stopped": "diverged", "seconds": 0.5}
    f = SURFACE.f if "kind" in params else NUMBERS.f
    return {"value": f(params) + seed % 11 / 100, "half": seed / 2, "seconds": 1.5}


@pytest.mark.parametrize("name", SEARCHERS)
@pytest.mark.parametrize("trials", [45, 40])  # within a batch, and at its end
def test_it_is_what_run_does(name, trials):
    expected = table(
        run(SEARCHERS[name](), objective, trials, executor=Serial(), progress=False)
    )
    found = rehearse(SEARCHERS[name](), objective, trials)
    pd.testing.assert_frame_equal(found, expected)
    assert len(found) == trials
    assert (found["state"] == "failed").any()


def test_a_grid_that_ends_ends_the_search():
    assert len(rehearse(GridSearch(SURFACES["branin"].space, 3), lambda p, s: 1.0, 50)) == 9


def test_wrong_arguments_are_named():
    searcher = RandomSearch(SURFACE.space)
    with pytest.raises(TypeError, match="searcher must be a Searcher"):
        rehearse("random", objective, 5)
    with pytest.raises(TypeError, match="objective must be a function"):
        rehearse(searcher, 5, 5)
    with pytest.raises(ValueError, match="trials"):
        rehearse(searcher, objective, 0)

"""Surfaces are lowest where they say."""

import numpy as np
import pytest
from scipy.optimize import minimize

from lstmlab.search.poudel import SPACE
from lstmlab.search.space import draw
from lstmlab.search.surfaces import SURFACES

LOWEST = {
    "branin": [np.pi, 2.275],
    "hartmann-6": [0.20168952, 0.15001069, 0.47687398, 0.27533243, 0.31165162, 0.65730054],
    "hartmann-3": [0.11458889, 0.55564889, 0.85254698],
    "levy-4": [1.0] * 4,
    "ackley-4": [0.0] * 4,
    "rosenbrock-3": [1.0] * 3,
    "lstm-linear": [0.0061942757, 97, 4, 430],
    "lstm-log": [0.0061942757, 97, 4, 430],
    "recipe": [10**-3.1, 2, 0.3, "b"],
}


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_a_surface_is_lowest_where_it_says_and_nowhere_lower(surface):
    best = dict(zip(surface.space, LOWEST[surface.name], strict=True))
    assert surface.regret(best) == pytest.approx(0, abs=1e-6)
    rng = np.random.default_rng(0)
    for _ in range(4000):
        params = {name: draw(one, rng.random()) for name, one in surface.space.items()}
        assert surface.regret(params) > -1e-9


@pytest.mark.parametrize("name", ["branin", "hartmann-3", "hartmann-6"])
def test_a_descent_from_the_lowest_place_does_not_get_lower(name):
    surface = SURFACES[name]
    found = minimize(
        lambda x: surface.regret(dict(zip(surface.space, x, strict=True))), LOWEST[name],
        method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13},
    )  # fmt: skip
    assert found.fun > -1e-8


def test_the_networks_are_over_the_paper_s_ranges():
    assert SURFACES["lstm-linear"].space == SPACE
    for name, one in SURFACES["lstm-log"].space.items():
        assert (one.low, one.high) == (SPACE[name].low, SPACE[name].high)

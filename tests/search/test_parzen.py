"""Parzen densities integrate to 1, are sampled as they say, and are wide as the paper says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from scipy.stats import kstest, truncnorm

from lstmlab.search.cube import Side
from lstmlab.search.parzen import Parzen

REAL = FloatDistribution(1e-4, 1.0, log=True)
WHOLE = IntDistribution(1, 9)
WIDE = IntDistribution(2, 200, log=True)
STEPS = FloatDistribution(0.0, 0.9, step=0.3)
WORDS = CategoricalDistribution(["a", "b", "c"])
MESH = (np.arange(4000) + 0.5) / 4000


def sides(*distributions):
    return [Side.of(f"x{n}", one) for n, one in enumerate(distributions)]


def trials(rng, K, *distributions):
    """Places of random trials: cells at their middles."""
    columns = []
    for side in sides(*distributions):
        u = rng.random(K)
        columns.append(np.mean(side.cells(u), axis=0))
    return np.array(columns).T.reshape(K, len(distributions))


@settings(max_examples=25)
@given(
    seed=st.integers(0, 999), K=st.integers(0, 30),
    distribution=st.sampled_from([REAL, WHOLE, WIDE, STEPS, WORDS]), joint=st.booleans(),
)  # fmt: skip
def test_a_density_of_one_side_integrates_to_1(seed, K, distribution, joint):
    rng = np.random.default_rng(seed)
    parzen = Parzen(
        sides(distribution), trials(rng, K, distribution), rng.random(K) + 0.1, joint=joint
    )
    density = parzen.density(MESH[:, None])
    assert (density > 0).all()
    # the borders of cells lie between points of the mesh
    assert density.mean() == pytest.approx(1, abs=3e-3)


@pytest.mark.parametrize("joint", [True, False])
def test_a_density_of_three_sides_integrates_to_1(joint):
    rng = np.random.default_rng(0)
    kinds = (REAL, WHOLE, WORDS)
    parzen = Parzen(sides(*kinds), trials(rng, 12, *kinds), joint=joint)
    mesh = [(np.arange(n) + 0.5) / n for n in (300, 9, 3)]
    places = np.stack(np.meshgrid(*mesh, indexing="ij"), axis=-1).reshape(-1, 3)
    assert parzen.density(places).mean() == pytest.approx(1, abs=1e-5)


def test_a_real_side_is_the_formula():
    places = np.array([[0.2], [0.5], [0.55]])
    parzen = Parzen(sides(REAL), places)
    # the larger of the distances to the neighbours, 0 and 1 among them; here none is clipped
    widths = [0.3, 0.3, 0.45]
    assert parzen.sigma[:, 0] == pytest.approx([*widths, 1.0])
    u = np.linspace(0, 1, 7)
    windows = [
        truncnorm.pdf(u, (0 - m) / s, (1 - m) / s, m, s)
        for m, s in zip([0.2, 0.5, 0.55, 0.5], [*widths, 1.0], strict=True)
    ]
    assert parzen.density(u[:, None]) == pytest.approx(np.mean(windows, axis=0), rel=1e-12)


def test_windows_are_not_narrower_than_the_clip():
    close = Parzen(sides(REAL), np.array([[0.5], [0.5], [0.5], [0.2], [0.8]]))
    assert close.sigma[1, 0] == pytest.approx(1 / 7)  # its neighbours lie where it does
    many = Parzen(sides(REAL), np.full((500, 1), 0.5))
    assert many.sigma[250, 0] == 0.01


def test_a_whole_number_has_the_mean_over_its_cell():
    places = trials(np.random.default_rng(1), 5, WHOLE)
    whole, real = Parzen(sides(WHOLE), places), Parzen(sides(REAL), places)
    fine = (np.arange(9 * 1000) + 0.5) / 9000
    means = real.density(fine[:, None]).reshape(9, 1000).mean(axis=1)
    middles = (np.arange(9) + 0.5) / 9
    assert whole.density(middles[:, None]) == pytest.approx(means, rel=1e-5)


def test_every_choice_can_come_and_the_known_one_is_likelier():
    parzen = Parzen(sides(WORDS), np.full((6, 1), 0.5))
    a, b, c = parzen.density((np.arange(3)[:, None] + 0.5) / 3)
    assert a == c > 0
    assert b > 2 * a


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("distribution", [REAL, WHOLE, WIDE, STEPS])
def test_draws_have_the_density(distribution, joint):
    rng = np.random.default_rng(2)
    parzen = Parzen(sides(distribution), trials(rng, 6, distribution), joint=joint)
    drawn = parzen.draw(4000, rng)[:, 0]
    smooth = Parzen(sides(REAL), parzen.mu[:-1], joint=joint)
    below = np.append(0, smooth.density(MESH[:, None]).cumsum() / len(MESH))
    cdf = lambda u: np.interp(u, np.linspace(0, 1, len(MESH) + 1), below)  # noqa: E731
    assert kstest(drawn, cdf).pvalue > 1e-3


def test_draws_of_two_sides_go_together_only_if_joint():
    places = np.array([[0.1, 0.1], [0.1, 0.12], [0.9, 0.9], [0.9, 0.88]] * 5)
    kinds = sides(REAL, REAL)
    together, apart = (
        Parzen(kinds, places, joint=joint).draw(2000, np.random.default_rng(3))
        for joint in (True, False)
    )
    assert np.corrcoef(together.T)[0, 1] > 0.5
    assert abs(np.corrcoef(apart.T)[0, 1]) < 0.1


def test_draws_of_a_category_have_its_chances():
    parzen = Parzen(sides(WORDS), np.array([[1 / 6], [1 / 6], [5 / 6]]))
    drawn = parzen.draw(6000, np.random.default_rng(4))[:, 0]
    middles = (np.arange(3) + 0.5) / 3
    shares = [np.mean(np.isclose(drawn, middle)) for middle in middles]
    assert shares == pytest.approx(parzen.density(middles[:, None]) / 3, abs=0.02)


def test_weights_say_how_much_a_window_counts():
    places = np.array([[0.2], [0.8]])
    u = np.array([[0.2], [0.8]])
    even, uneven = (Parzen(sides(REAL), places, np.array(w)) for w in ([1.0, 1.0], [1.9, 0.1]))
    assert even.weights == pytest.approx([1 / 3] * 3)
    assert uneven.density(u)[0] > even.density(u)[0]
    assert uneven.density(u)[1] < even.density(u)[1]

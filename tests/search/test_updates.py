"""Updates of the inverse Hessian, line searches, and the minima that they lead to."""

import itertools

import numpy as np
import pytest
import scipy.optimize as sp
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.search.updates import UPDATES, armijo, backtracking, bfgs, dfp, minimize, wolfe


def quadratic(d, condition, seed):
    """½ xᵀAx - bᵀx with its gradient, a start, and where it is least."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.normal(size=(d, d)))[0]
    A, b = Q @ np.diag(np.geomspace(1, condition, d)) @ Q.T, rng.normal(size=d)
    least = np.linalg.solve(A, b)
    return lambda x: x @ A @ x / 2 - b @ x, lambda x: A @ x - b, 3 * rng.normal(size=d), least


def made(d, seed):
    """A positive definite V, a step, and a change of the gradient along it."""
    rng = np.random.default_rng(seed)
    root, s, y = rng.normal(size=(d, d)), rng.normal(size=d), rng.normal(size=d)
    y = y if s @ y > 0 else -y
    return root @ root.T + np.eye(d), s, y + 0.2 * s * np.sqrt((y @ y) / (s @ s))


@pytest.mark.parametrize("update", UPDATES.values(), ids=UPDATES)
@given(d=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
def test_the_secant_equation_holds(update, d, seed):
    V, s, y = made(d, seed)
    ahead = update(V, s, y)
    assert ahead @ y == pytest.approx(s, abs=1e-10 * max(1, np.abs(ahead).max()))
    assert ahead == pytest.approx(ahead.T, rel=1e-9, abs=1e-10)
    assert np.linalg.eigvalsh(ahead).min() > 0


def test_the_secant_equation_holds_to_1e_10_from_a_unit_matrix():
    for seed in range(200):
        _, s, y = made(4, seed)
        for update in UPDATES.values():
            assert np.abs(update(np.eye(4), s, y) @ y - s).max() < 1e-10


def test_they_are_the_papers_listing_with_columns_for_rows():
    V, s, y = made(3, 1)
    sk, yk = s[None, :], y[None, :]
    sy = yk.dot(sk.T)
    listed = (1 + yk.dot(V).dot(yk.T) / sy) * (sk.T).dot(sk) / sy - (
        V.dot(yk.T).dot(sk) + (sk.T).dot(yk).dot(V)
    ) / sy
    assert bfgs(V, s, y) == pytest.approx(V + listed)
    Vy = V.dot(yk.T)
    listed = (sk.T).dot(sk) / yk.dot(sk.T) - (Vy.dot(yk).dot(V)) / yk.dot(Vy)
    assert dfp(V, s, y) == pytest.approx(V + listed)


def test_each_is_the_others_dual():
    """DFP's V' is the inverse of what BFGS makes of V⁻¹ with s and y exchanged."""
    V, s, y = made(5, 2)
    assert np.linalg.inv(dfp(V, s, y)) == pytest.approx(bfgs(np.linalg.inv(V), y, s))


@pytest.mark.parametrize("update", UPDATES.values(), ids=UPDATES)
def test_an_update_along_which_nothing_curves_is_not_finite(update):
    s, y = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert not np.isfinite(update(np.eye(2), s, y)).all()
    assert not np.isfinite(update(np.eye(2), s, 0 * y)).all()


def test_backtracking_halves_until_armijos_condition_holds():
    known = {1.0: 5.0, 0.5: 1.0, 0.25: 0.7}
    tried = []
    f = lambda x: tried.append(x[0]) or known.get(x[0], 1.0)  # noqa: E731
    found = armijo(f, np.zeros(1), np.ones(1), -1.0, c=0.5)
    assert tried == [0.0, 1.0, 0.5, 0.25]
    assert (found.alpha, found.value, found.met) == (0.25, 0.7, True)
    assert list(itertools.islice(endless(backtracking(1.0, -1.0, tau=0.1)), 3)) == [1.0, 0.1, 0.01]


def endless(line):
    """The step lengths of a search that is never content."""
    alpha = next(line)
    while True:
        yield pytest.approx(alpha)
        alpha = line.send(np.inf)


def test_after_20_halvings_the_next_is_returned_untried():
    tried = []
    found = armijo(lambda x: tried.append(x[0]) or float(x[0]), np.zeros(1), np.ones(1), -1.0)
    assert tried == [0.0] + [0.5**k for k in range(20)]
    assert found.alpha == 0.5**20
    assert not found.met
    assert np.isnan(found.value)


def test_the_papers_c_refuses_a_newton_step_and_the_customary_one_takes_it():
    f, slope = (lambda x: float(x @ x) / 2), -1.0
    x, p = np.ones(1), -np.ones(1)
    assert armijo(f, x, p, slope).alpha == 1.0
    assert armijo(f, x, p, slope, c=0.99).alpha == 0.5**6  # (1 - a)² / 2 ≤ 1/2 - .99 a: a ≤ .02
    assert armijo(f, x, p, slope, c=0.4).alpha == 1.0


def beale(x):
    return sum((v - x[0] + x[0] * x[1] ** k) ** 2 for k, v in enumerate((1.5, 2.25, 2.625), 1))


def beale_slope(x):
    terms = [(v - x[0] + x[0] * x[1] ** k, k) for k, v in enumerate((1.5, 2.25, 2.625), 1)]
    return np.array([
        sum(2 * t * (x[1] ** k - 1) for t, k in terms),
        sum(2 * t * k * x[0] * x[1] ** (k - 1) for t, k in terms),
    ])  # fmt: skip


SMOOTH = {
    **{
        f"Rosenbrock {d}, {seed}": (
            sp.rosen, sp.rosen_der, np.random.default_rng(seed).uniform(-2, 2, d)
        )
        for d, seed in [(2, 0), (2, 1), (3, 2), (5, 3), (10, 4)]
    },
    "Rosenbrock's own start": (sp.rosen, sp.rosen_der, np.array([-1.2, 1.0])),
    "Beale": (beale, beale_slope, np.array([1.0, 1.0])),
    "log cosh": (
        lambda x: np.logaddexp(x, -x).sum() + x @ x / 10,
        lambda x: np.tanh(x) + x / 5,
        np.array([3.0, -2.0, 5.0]),
    ),
    **{f"quadratic {k:g}": quadratic(8, k, 0)[:3] for k in (1, 10, 1e4)},
}  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_bfgs_reaches_scipys_optimum_within_1_5_times_its_iterations(name):
    f, slope, x0 = SMOOTH[name]
    theirs = sp.minimize(f, x0, jac=slope, method="BFGS", options={"gtol": 1e-5})
    ours = minimize(f, slope, x0)
    assert ours.met
    assert ours.value == pytest.approx(theirs.fun, abs=1e-8)
    assert ours.x == pytest.approx(theirs.x, abs=2e-4)
    assert ours.iterations <= 1.5 * theirs.nit
    assert len(ours.path) == ours.iterations + 1
    assert ours.path[0] == pytest.approx(x0)


@pytest.mark.parametrize("condition", [1, 2, 10, 100])
def test_dfp_reaches_it_on_well_scaled_quadratics(condition):
    for seed in range(10):
        f, slope, x0, least = quadratic(2 + seed, condition, seed)
        theirs = sp.minimize(f, x0, jac=slope, method="BFGS", options={"gtol": 1e-5})
        ours = minimize(f, slope, x0, update="dfp")
        assert ours.met
        assert ours.x == pytest.approx(least, abs=1e-4)
        assert ours.iterations <= 1.5 * theirs.nit


def test_dfp_needs_the_better_line_search_and_bfgs_does_not():
    """With the customary 0.9, DFP creeps along Rosenbrock's valley."""
    starts = np.random.default_rng(0).uniform(-2, 2, (5, 4))
    for x0 in starts:
        bfgs, dfp = (
            minimize(sp.rosen, sp.rosen_der, x0, update=u, curvature=0.9, steps=300).iterations
            for u in ("bfgs", "dfp")
        )
        assert dfp > 3 * bfgs


def test_a_step_found_fulfils_the_strong_wolfe_conditions():
    for seed in range(20):
        f, slope, x, _ = quadratic(4, 100, seed)
        g = slope(x)
        m = -g @ g
        phi = lambda a, x=x, g=g, f=f, s=slope: (f(x - a * g), float(s(x - a * g) @ -g))  # noqa: E731
        alpha = wolfe(phi, f(x), m, 1.0, 1e-4, 0.2)
        value, steep = phi(alpha)
        assert value <= f(x) + 1e-4 * alpha * m
        assert abs(steep) <= 0.2 * abs(m)


def test_a_start_at_the_minimum_takes_no_step():
    found = minimize(sp.rosen, sp.rosen_der, np.ones(3))
    assert (found.met, found.iterations, found.evaluations) == (True, 0, 1)


def test_a_function_without_a_minimum_ends():
    found = minimize(lambda x: float(x.sum()), np.ones_like, np.zeros(2), steps=50)
    assert not found.met
    wall = minimize(lambda x: np.nan if x[0] != 1 else 0.0, np.ones_like, np.ones(1))
    assert (wall.met, wall.iterations) == (False, 0)


@pytest.mark.parametrize(
    ("says", "options"),
    [
        ("update must be 'bfgs' or 'dfp', got 'sr1'", {"update": "sr1"}),
        ("c and curvature must be 0 < c < curvature < 1", {"curvature": 1.0}),
        ("x0 must be a vector", {"x0": np.ones((2, 2))}),
        ("f and gradient must be finite at x0", {"x0": [np.nan, 1.0]}),
    ],
)
def test_wrong_arguments_are_named(says, options):
    with pytest.raises(ValueError, match=says):
        minimize(sp.rosen, sp.rosen_der, **({"x0": [0.0, 0.0]} | options))

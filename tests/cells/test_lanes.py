"""What the lanes compute, against NumPy."""

import numpy as np
import pytest
from numba import njit

from lstmlab.cells.kernel import lanes
from lstmlab.cells.kernel.lanes import LANES, load, store
from lstmlab.cells.kernel.products import WIDE, add_dots, add_row, learn, learn_sum, product

DTYPES = [np.float32, np.float64]


def apply(function):
    """A function of lanes, run over a whole array."""

    @njit
    def over(a, out):
        for k in range(0, len(a), LANES):
            store(out, k, function(load(a, k)))

    def compute(a):
        out = np.empty_like(a)
        over(a, out)
        return out

    return compute


tanh = apply(njit(lambda a: lanes.tanh(a)))
sigmoid = apply(lanes.sigmoid)


def test_tanh_is_right_to_four_units_in_the_last_place_in_float32():
    x = np.linspace(-12, 12, 64 * LANES, dtype=np.float32)
    right = np.tanh(x.astype(float))
    assert np.abs(tanh(x) - right).max() < 4.5e-7
    small = np.geomspace(1e-30, 1, 64 * LANES, dtype=np.float32)
    exact = np.tanh(small.astype(float))
    assert (np.abs(tanh(small) - exact) / exact).max() < 5e-7


def test_tanh_is_never_above_1_and_levels_off_within_3e_7_of_it():
    x = np.geomspace(1, 1e30, 64 * LANES, dtype=np.float32)
    assert tanh(x).max() <= 1
    for far in (50, np.inf):
        assert 1 - 3e-7 < tanh(np.float32([far] * LANES))[0] <= 1
        assert -1 <= tanh(np.float32([-far] * LANES))[0] < -1 + 3e-7


@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh_and_sigmoid_keep_nan_and_zero(dtype):
    x = np.zeros(LANES, dtype)
    x[1] = np.nan
    for function, at_zero in ((tanh, 0), (sigmoid, 0.5)):
        found = function(x)
        assert found[0] == at_zero
        assert np.isnan(found[1])
        assert not np.isnan(found[2:]).any()


def test_tanh_in_float64_is_the_library_s():
    x = np.linspace(-30, 30, 16 * LANES)
    assert np.abs(tanh(x) - np.tanh(x)).max() < 3e-16


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", ["+", "-", "*", "/"])
def test_arithmetic_takes_lanes_and_numbers(operation, dtype):
    scope = {"njit": njit, "load": load, "store": store, "LANES": LANES}
    exec(
        "@njit\ndef f(a, b, out):\n"
        f"    store(out, 0, load(a, 0) {operation} load(b, 0))\n"
        f"    store(out, LANES, load(a, 0) {operation} 3)\n"
        f"    store(out, 2 * LANES, 0.5 {operation} load(a, 0))\n",
        scope,
    )
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(1, 2, LANES).astype(dtype) for _ in range(2))
    out = np.empty(3 * LANES, dtype)
    scope["f"](a, b, out)
    wanted = [eval(f"u {operation} v", {"u": u, "v": v})
              for u, v in ((a, b), (a, dtype(3)), (dtype(0.5), a))]  # fmt: skip
    assert np.allclose(out, np.concatenate(wanted), rtol=4 * np.finfo(dtype).eps, atol=0)


@njit
def _totals(a, y):
    lanes.add_totals(
        y, 0,
        load(a, 0), load(a, LANES), load(a, 2 * LANES), load(a, 3 * LANES),
        load(a, 4 * LANES), load(a, 5 * LANES), load(a, 6 * LANES), load(a, 7 * LANES),
    )  # fmt: skip
    return lanes.total(load(a, 2 * LANES))


@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_over_lanes(dtype):
    a = np.random.default_rng(0).standard_normal((8, LANES)).astype(dtype)
    y = np.ones(8, dtype)
    third = _totals(a.ravel(), y)
    tolerance = {"rtol": 0, "atol": 50 * np.finfo(dtype).eps}
    assert np.allclose(y, 1 + a.sum(axis=1), **tolerance)
    assert np.allclose(third, a[2].sum(), **tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [1, 3, 4, 9, 150])
@pytest.mark.parametrize(("K", "lanes"), [(8, 4), (88, 8), (200, 52)])
def test_products_of_small_and_large_matrices(rows, K, lanes, dtype):
    """Small ones stay in the first cache and large ones do not: both ways through are taken."""
    rng = np.random.default_rng(0)
    G = lanes * LANES
    X, W, D = (rng.standard_normal(shape).astype(dtype) for shape in ((rows, K), (K, G), (rows, G)))
    b, A = rng.standard_normal(G).astype(dtype), np.empty((rows, G), dtype)
    tolerance = {"rtol": 0, "atol": 2000 * np.finfo(dtype).eps}
    product(X, W, b, 0, A)
    assert np.allclose(A, b + X @ W, **tolerance)
    before = A.copy()
    product(X, W, A, G, A)
    assert np.allclose(A, before + X @ W, **tolerance)
    a, y = b.copy(), X[0].copy()
    add_row(a, X[0], W)
    assert np.allclose(a, b + X[0] @ W, **tolerance)
    add_dots(y, W, D[0])
    assert np.allclose(y, X[0] + W @ D[0], **tolerance)
    g = np.ones((K, G), dtype)
    learn(X, D, W, g, None)
    assert np.allclose(g, 1 + X.T @ D, **tolerance)
    s = np.ones(G, dtype)
    learn_sum(D, b, s, None)
    assert np.allclose(s, 1 + D.sum(axis=0), **tolerance)


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("clip", [np.inf, 0.5])
def test_learning_moves_weights_as_the_paper_writes_it(nesterov, clip):
    rng = np.random.default_rng(0)
    X, D = rng.standard_normal((6, 5)), rng.standard_normal((6, WIDE))
    w, v = rng.standard_normal((2, 5, WIDE))
    g = np.clip(X.T @ D, -clip, clip)
    new = 0.9 * v + g
    moved = w - 0.01 * ((g + 0.9 * new) if nesterov else new)
    learn(X, D, w, v, (0.01, 0.9, *((1.0, 0.9) if nesterov else (0.0, 1.0)), clip))
    assert np.allclose(v, new)
    assert np.allclose(w, moved)

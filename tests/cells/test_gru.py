"""The GRU: its gradient, its gates, and the two places of the reset gate."""

import dataclasses

import numpy as np
import pytest

from lstmlab.cells import gru

BOTH = pytest.mark.parametrize("reset_after", [False, True], ids=["before", "after"])
SIZES = [(1, 1, 1), (1, 3, 2), (7, 2, 5), (12, 5, 3)]  # T, M, N


@BOTH
@pytest.mark.parametrize("batch", [None, 1, 3])
def test_bptt_agrees_with_central_differences(reset_after, batch):
    for seed, (T, M, N) in enumerate(SIZES):
        errors = gru.gradient_errors(
            steps=T, inputs=M, units=N, batch=batch, reset_after=reset_after, seed=seed
        )
        assert list(errors) == [*gru.param_shapes(M, N, reset_after=reset_after), "x", "h0"]
        assert max(errors.values()) < 1e-7
    assert gru.check_gradients(reset_after=reset_after, batch=batch) < 1e-7


def test_the_check_notices_a_wrong_gradient(monkeypatch):
    right = gru.backward

    def spoiled(params, trace, dh):
        return right(params | {"U_r": 0 * params["U_r"]}, trace, dh)

    monkeypatch.setattr(gru, "backward", spoiled)
    assert gru.check_gradients() > 1e-2


def test_counts_are_those_of_the_formula():
    M, N = 88, 100
    assert gru.count_params(M, N) == 3 * (N * M + N * N + N)
    assert gru.count_params(M, N, reset_after=True) == gru.count_params(M, N) + N


def test_the_update_gate_keeps_and_the_reset_gate_forgets():
    rng = np.random.default_rng(0)
    params = gru.init_params(2, 3, rng=rng)
    x, h0 = rng.standard_normal((4, 2)), rng.standard_normal(3)
    kept = gru.forward(params | {"b_z": np.full(3, 50.0)}, x, h0).h
    np.testing.assert_allclose(kept, np.tile(h0, (4, 1)), atol=1e-12)
    fresh = params | {"b_z": np.full(3, -50.0), "b_r": np.full(3, -50.0)}
    np.testing.assert_allclose(
        gru.forward(fresh, x, h0).h, np.tanh(x @ params["W"].T + params["b"]), atol=1e-12
    )


def test_the_two_places_of_the_reset_gate_differ():
    rng = np.random.default_rng(0)
    params = gru.init_params(2, 3, rng=rng, std=0.5, reset_after=True)
    params["b_U"][:] = 0
    x = rng.standard_normal((4, 2))
    after = gru.forward(params, x, reset_after=True).h
    params.pop("b_U")
    before = gru.forward(params, x).h
    np.testing.assert_allclose(before[0], after[0], atol=1e-15)  # h0 is 0: nothing to reset
    assert np.abs(before[-1] - after[-1]).max() > 1e-4


@BOTH
def test_float32_stays_float32(reset_after):
    params = gru.init_params(
        2, 3, rng=np.random.default_rng(0), dtype=np.float32, reset_after=reset_after
    )
    trace = gru.forward(params, np.ones((4, 2), np.float32), reset_after=reset_after)
    grads = gru.backward(params, trace, np.ones((4, 3), np.float32))
    assert list(grads.params) == list(params)
    arrays = (*grads.params.values(), grads.x, grads.h0, trace.h)
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_what_does_not_fit_is_named():
    rng = np.random.default_rng(0)
    params = gru.init_params(2, 3, rng=rng)
    x = rng.standard_normal((4, 2))
    trace = gru.forward(params, x)
    for fails, error, message in (
        (lambda: gru.forward(params, x, reset_after=True), ValueError, r"missing \['b_U'\]"),
        (lambda: gru.forward({}, x), ValueError, "params must be a dict that holds W"),
        (lambda: gru.forward(params, x[:, :1]), ValueError, r"x must have shape \(T, 2\)"),
        (lambda: gru.forward(params, x[:0]), ValueError, "T and B 1 or more"),
        (lambda: gru.forward(params, x * np.nan), ValueError, "x must be finite"),
        (lambda: gru.forward(params, x, np.ones(2)), ValueError, r"h0 must have shape \(3,\)"),
        (lambda: gru.forward(params, x.astype("f4")), ValueError, "x must be float64"),
        (lambda: gru.backward(params, None, x), TypeError, "trace must be a gru.Trace"),
        (lambda: gru.backward(params, trace, x), ValueError, r"dh must have shape \(4, 3\)"),
        (lambda: gru.param_shapes(0, 3), ValueError, "inputs must be a whole number"),
        (lambda: gru.param_shapes(2, 3, reset_after=1), TypeError, "reset_after must be True"),
        (lambda: gru.gradient_errors(steps=0), ValueError, "steps must be"),
        (lambda: gru.init_params(2, 3, rng=0), TypeError, "rng must be"),
    ):
        with pytest.raises(error, match=message):
            fails()


def test_a_trace_cannot_be_changed():
    trace = gru.forward(gru.init_params(2, 3, rng=np.random.default_rng(0)), np.ones((4, 2)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        trace.h = None

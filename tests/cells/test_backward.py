import dataclasses
import itertools

import numpy as np
import pytest

from lstmlab.cells import (
    SWITCHES,
    VARIANTS,
    Variant,
    backward,
    check_gradients,
    forward,
    gradient_errors,
    init_params,
    numerical_gradient,
    relative_error,
)

CELLS = [*VARIANTS, "SRN"]
SIZES = [(1, 1, 1), (1, 3, 2), (7, 2, 5), (12, 5, 3)]  # T, M, N


@pytest.mark.parametrize("variant", CELLS)
@pytest.mark.parametrize("batch", [None, 1, 3])
@pytest.mark.parametrize("initial_state", [True, False])
def test_bptt_agrees_with_central_differences(variant, batch, initial_state):
    for seed, (T, M, N) in enumerate(SIZES):
        error = check_gradients(
            variant, steps=T, inputs=M, blocks=N, batch=batch,
            initial_state=initial_state, seed=seed,
        )
        assert error <= 1e-7


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize("variant", CELLS)
@pytest.mark.parametrize("batch", [None, 2])
def test_bptt_agrees_with_an_independent_autograd_reading(variant, batch, truncated):
    pytest.importorskip("torch", reason="the autograd reading needs torch")
    from tests.cells.reference import gradients

    for seed, (T, M, N) in enumerate([*SIZES, (40, 6, 8)]):
        rng = np.random.default_rng(seed)
        B = () if batch is None else (batch,)
        params = init_params(variant, M, N, rng=rng, std=0.5)
        x, dy = rng.standard_normal((T, *B, M)), rng.standard_normal((T, *B, N))
        y0, c0, dc_last = rng.standard_normal((3, *B, N))
        gates0 = {k: rng.uniform(size=(*B, N)) for k in "ifo"} if variant == "FGR" else {}
        trace = forward(params, x, variant, y0, c0, gates0)
        ours = backward(params, trace, dy, dc_last, truncated=truncated)
        y, theirs = gradients(variant, params, x, dy, dc_last, y0, c0, gates0, truncated)
        np.testing.assert_allclose(trace.y, y, rtol=0, atol=1e-12)
        found = ours.params | {"x": ours.x, "y0": ours.y0, "c0": ours.c0}
        found |= {f"gate {k}": v for k, v in ours.gates0.items()}
        assert found.keys() == theirs.keys()
        for name, gradient in theirs.items():
            assert relative_error(found[name], gradient) <= 1e-9, name


def legal_variants():
    for switches in itertools.product([True, False], repeat=8):
        try:
            yield Variant(**dict(zip(SWITCHES, switches, strict=True)))
        except ValueError:
            continue


def test_any_legal_combination_of_switches_has_a_right_gradient():
    variants = list(legal_variants())
    assert len(variants) == 152
    for variant in variants:
        assert check_gradients(variant, inputs=2, blocks=2, steps=4) <= 1e-7, variant


def forgets_the_peephole(params, trace, dy, dc_last):
    return backward(params | {"p_o": 0 * params["p_o"]}, trace, dy, dc_last)


def test_the_check_notices_a_wrong_gradient():
    assert check_gradients("V", backward=forgets_the_peephole) > 1e-2


def test_errors_come_array_by_array():
    errors = gradient_errors("V", backward=forgets_the_peephole)
    assert list(errors) == [*init_params("V", 3, 4, rng=np.random.default_rng(0)), "x", "y0", "c0"]
    assert errors["W_z"] > 1e-2  # the cell's delta is wrong
    assert max(gradient_errors("V").values()) == check_gradients("V") < 1e-7
    assert set(gradient_errors("FGR")) > {"R_if", "gates0[i]", "gates0[f]", "gates0[o]"}


FIELDS = ["params", "x", "y0", "c0", "gates0"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("wrong", [lambda g: g + 1e-3, lambda g: g * np.nan])
def test_the_check_looks_at_every_array(field, wrong):
    def spoiled(*arguments):
        right = backward(*arguments)
        array = getattr(right, field)
        bad = {k: wrong(v) for k, v in array.items()} if isinstance(array, dict) else wrong(array)
        return dataclasses.replace(right, **{field: bad})

    assert not check_gradients("FGR", backward=spoiled) < 1e-5


@pytest.mark.parametrize("initial_state", [True, False])
def test_the_check_can_start_from_zeros(initial_state):
    seen = []

    def watch(params, trace, dy, dc_last):
        seen.extend([trace.y0.copy(), trace.c0.copy()])
        return backward(params, trace, dy, dc_last)

    check_gradients("V", initial_state=initial_state, backward=watch)
    assert all(np.all(array) if initial_state else not np.any(array) for array in seen)
    assert seen


@pytest.mark.parametrize(("points", "order"), [(2, 2), (4, 4)])
def test_the_error_of_a_difference_falls_with_its_order(points, order):
    w = np.array([0.3, -1.2, 0.7])
    exact = np.exp(w)
    wide, narrow = (
        relative_error(numerical_gradient(lambda: np.exp(w).sum(), w, step=h, points=points), exact)
        for h in (0.1, 0.05)
    )
    assert wide / narrow == pytest.approx(2**order, rel=0.05)


def test_a_numerical_gradient_has_the_shape_of_its_array_and_leaves_it_as_it_was():
    w = np.arange(6, dtype=np.float32).reshape(2, 3)
    kept = w.copy()
    found = numerical_gradient(lambda: float(np.sum(w.astype(float) ** 2)), w, step=0.5)
    np.testing.assert_allclose(found, 2 * kept, atol=1e-6)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(w, kept)


def test_an_array_is_put_back_even_if_the_loss_raises():
    w = np.ones(3)

    def loss():
        raise RuntimeError("no loss")

    with pytest.raises(RuntimeError, match="no loss"):
        numerical_gradient(loss, w)
    np.testing.assert_array_equal(w, np.ones(3))


@pytest.mark.parametrize(
    ("array", "options", "error", "message"),
    [
        ([1.0], {}, TypeError, "array must be a NumPy array of floats, got list"),
        (np.arange(3), {}, TypeError, "array must be a NumPy array of floats"),
        (np.broadcast_to(1.0, 3), {}, TypeError, "array must be writable"),
        (np.ones(3), {"step": 0}, ValueError, "step must be a finite number above 0, got 0"),
        (np.ones(3), {"step": np.inf}, ValueError, "step must be a finite number above 0"),
        (np.ones(3), {"points": 3}, ValueError, "points must be 2 or 4, got 3"),
        (np.ones(3, np.float32), {"step": 1e-9}, ValueError, "larger than the rounding"),
    ],
)
def test_a_difference_that_cannot_be_taken_is_named(array, options, error, message):
    with pytest.raises(error, match=message):
        numerical_gradient(lambda: 0.0, array, **options)


def test_relative_error_refuses_what_cannot_be_compared():
    with pytest.raises(ValueError, match=r"shape of expected, \(3, 1\)"):
        relative_error(np.zeros(3), np.zeros((3, 1)))
    with pytest.raises(ValueError, match="entries"):
        relative_error(np.zeros(0), np.zeros(0))
    assert np.isnan(relative_error(np.array([np.nan, 0.0]), np.array([1.0, 2.0])))
    assert relative_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])) == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"steps": 2.5}, "steps must"), ({"batch": 0}, "batch must"), ({"step": 0}, "step must")],
)
def test_a_check_that_cannot_be_made_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_gradients("V", **arguments)


def test_a_trace_of_other_weights_is_named():
    rng = np.random.default_rng(0)
    params = init_params("V", 3, 4, rng=rng)
    trace = forward(params, rng.standard_normal((5, 3)), "V")
    small = {k: v.astype(np.float32) for k, v in params.items()}
    with pytest.raises(ValueError, match=r"trace.x must be float32"):
        backward(small, trace, np.zeros((5, 4), np.float32))
    with pytest.raises(ValueError, match=r"trace.x must have shape \(5, 2\)"):
        backward(init_params("V", 2, 4, rng=rng), trace, np.zeros((5, 4)))
    with pytest.raises(ValueError, match=r"trace.y must have shape \(5, 6\)"):
        backward(init_params("V", 3, 6, rng=rng), trace, np.zeros((5, 4)))
    with pytest.raises(TypeError, match="trace must be a Trace"):
        backward(params, None, np.zeros((5, 4)))


@pytest.mark.parametrize("variant", CELLS)
def test_float32_stays_float32_and_close_to_float64(variant):
    rng = np.random.default_rng(0)
    params = init_params(variant, 4, 6, rng=rng, std=0.3)
    x, dy = rng.standard_normal((9, 4)), rng.standard_normal((9, 6))
    exact = backward(params, forward(params, x, variant), dy)
    small = {k: v.astype(np.float32) for k, v in params.items()}
    rough = backward(small, forward(small, x.astype(np.float32), variant), dy.astype(np.float32))
    for name, gradient in rough.params.items():
        assert gradient.dtype == np.float32
        assert relative_error(gradient, exact.params[name]) < 1e-4
    assert rough.x.dtype == rough.y0.dtype == rough.c0.dtype == np.float32


@pytest.mark.parametrize("variant", CELLS)
def test_one_step_has_nothing_to_truncate_but_the_peephole_of_the_output_gate(variant):
    rng = np.random.default_rng(0)
    params = init_params(variant, 3, 4, rng=rng, std=0.5)
    if "p_o" in params:
        params["p_o"][:] = 0
    trace = forward(params, rng.standard_normal((1, 3)), variant)
    dy = rng.standard_normal((1, 4))
    whole, cut = (backward(params, trace, dy, truncated=how).params for how in (False, True))
    for name in params:
        np.testing.assert_array_equal(cut[name], whole[name], err_msg=name)


def test_the_truncated_gradient_reaches_back_along_the_cell_alone():
    rng = np.random.default_rng(0)
    params = init_params("V", 3, 4, rng=rng, std=0.5)
    trace = forward(params, rng.standard_normal((9, 3)), "V")
    grads = backward(params, trace, np.zeros((9, 4)), np.ones(4), truncated=True)
    np.testing.assert_allclose(grads.c0, np.prod(trace.f, axis=0), rtol=1e-12)
    assert not np.any(grads.y0)


def test_the_truncated_gradient_is_not_the_gradient():
    def truncated(*arguments):
        return backward(*arguments, truncated=True)

    for variant in CELLS:
        assert check_gradients(variant, backward=truncated) > 1e-2, variant


def test_truncated_is_a_bool():
    rng = np.random.default_rng(0)
    params = init_params("V", 3, 4, rng=rng)
    trace = forward(params, rng.standard_normal((5, 3)), "V")
    with pytest.raises(TypeError, match="truncated must be True or False, got 1997"):
        backward(params, trace, np.zeros((5, 4)), truncated=1997)


def test_gradients_have_the_keys_and_shapes_of_the_parameters():
    rng = np.random.default_rng(0)
    params = init_params("FGR", 3, 4, rng=rng)
    x = rng.standard_normal((5, 2, 3))
    grads = backward(params, forward(params, x, "FGR"), np.ones((5, 2, 4)))
    assert list(grads.params) == list(params)
    assert all(grads.params[k].shape == params[k].shape for k in params)
    assert grads.x.shape == x.shape
    assert grads.y0.shape == grads.c0.shape == (2, 4)


def test_arguments_are_not_changed():
    rng = np.random.default_rng(0)
    params = init_params("V", 3, 4, rng=rng)
    trace = forward(params, rng.standard_normal((5, 3)), "V")
    dy, dc = rng.standard_normal((5, 4)), rng.standard_normal(4)
    kept = dy.copy(), dc.copy(), trace.c.copy()
    backward(params, trace, dy, dc)
    for now, before in zip((dy, dc, trace.c), kept, strict=True):
        np.testing.assert_array_equal(now, before)


def test_bad_deltas_are_named():
    rng = np.random.default_rng(0)
    params = init_params("V", 3, 4, rng=rng)
    trace = forward(params, rng.standard_normal((5, 3)), "V")
    with pytest.raises(ValueError, match=r"dy must have shape \(5, 4\), got \(4, 4\)"):
        backward(params, trace, np.zeros((4, 4)))
    with pytest.raises(ValueError, match="dy must be float64 .* got float32"):
        backward(params, trace, np.zeros((5, 4), np.float32))
    with pytest.raises(ValueError, match=r"dc_last must have shape \(4,\)"):
        backward(params, trace, np.zeros((5, 4)), np.zeros((1, 4)))


def test_importing_the_cells_needs_numpy_alone():
    import subprocess
    import sys

    heavy = ("torch", "matplotlib", "scipy", "numba", "optuna", "sklearn", "pandas", "tqdm")
    code = f"import sys, lstmlab.cells; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

import numpy as np
import pytest

from lstmlab.cells import SRN, VARIANTS, forward, init_params, sigmoid

RNG = np.random.default_rng
CELLS = [*VARIANTS, "SRN"]


def case(variant="V", T=5, B=None, M=3, N=4, dtype=np.float64, seed=0):
    rng = RNG(seed)
    params = init_params(variant, M, N, rng=rng, std=0.5, dtype=dtype)
    shape = (T, M) if B is None else (T, B, M)
    return params, rng.standard_normal(shape).astype(dtype)


def test_the_vanilla_step_is_the_papers_equations():
    params, x = case(T=1)
    y0, c0 = RNG(1).standard_normal((2, 4))
    p = params
    trace = forward(params, x, "V", y0, c0)
    z = np.tanh(p["W_z"] @ x[0] + p["R_z"] @ y0 + p["b_z"])
    i = sigmoid(p["W_i"] @ x[0] + p["R_i"] @ y0 + p["p_i"] * c0 + p["b_i"])
    f = sigmoid(p["W_f"] @ x[0] + p["R_f"] @ y0 + p["p_f"] * c0 + p["b_f"])
    c = z * i + c0 * f
    o = sigmoid(p["W_o"] @ x[0] + p["R_o"] @ y0 + p["p_o"] * c + p["b_o"])
    for name, value in {"z": z, "i": i, "f": f, "c": c, "o": o, "y": np.tanh(c) * o}.items():
        np.testing.assert_allclose(getattr(trace, name)[0], value, rtol=1e-14, atol=1e-15)


def test_the_srn_is_the_simple_recurrent_network_of_figure_1():
    params, x = case("SRN")
    y = y0 = RNG(1).standard_normal(4)
    trace = forward(params, x, SRN, y0)
    for t in range(len(x)):
        y = np.tanh(params["W_z"] @ x[t] + params["R_z"] @ y + params["b_z"])
        np.testing.assert_allclose(trace.y[t], y, rtol=1e-14)


def test_an_srn_is_a_block_that_keeps_nothing():
    params, x = case("NOAF", B=2)
    params = {name: 0 * w if name[-1] in "ifo" else w for name, w in params.items()}
    params["b_i"][:] = params["b_o"][:] = 40  # both gates open: 1 in float64
    params["b_f"][:] = -800  # and the forget gate shut
    block = forward(params, x, "NOAF")
    srn = forward({name: params[name] for name in ("W_z", "R_z", "b_z")}, x, "SRN")
    for name in "zifocy":
        np.testing.assert_allclose(getattr(block, name), getattr(srn, name), atol=1e-15)


@pytest.mark.parametrize("variant", CELLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_array_changes_its_dtype(variant, dtype):
    params, x = case(variant, dtype=dtype)
    trace = forward(params, x, variant)
    for name in ("z", "i", "f", "o", "c", "y", "z_bar", "y0", "c0"):
        assert getattr(trace, name).dtype == dtype, name


@pytest.mark.parametrize("variant", CELLS)
def test_a_batch_is_its_sequences_side_by_side(variant):
    params, x = case(variant, B=3)
    together = forward(params, x, variant)
    for b in range(3):
        alone = forward(params, x[:, b], variant)
        np.testing.assert_allclose(together.y[:, b], alone.y, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("variant", CELLS)
def test_a_sequence_can_be_cut_and_carried_on(variant):
    params, x = case(variant, T=7)
    whole = forward(params, x, variant)
    first = forward(params, x[:3], variant)
    rest = forward(params, x[3:], variant, **first.last)
    np.testing.assert_allclose(np.concatenate([first.y, rest.y]), whole.y, rtol=1e-13)


def test_missing_gates_stand_at_their_constant():
    for variant, gate in (("NIG", "i"), ("NFG", "f"), ("NOG", "o")):
        trace = forward(*case(variant), variant)
        assert np.all(getattr(trace, gate) == 1)
        assert getattr(trace, f"{gate}_bar") is None
    trace = forward(*case("CIFG"), "CIFG")
    np.testing.assert_array_equal(trace.f, 1 - trace.i)
    assert trace.f_bar is None


def test_cifg_keeps_its_cell_between_minus_one_and_one():
    params, x = case("CIFG", T=300)
    params = {name: 20 * weights for name, weights in params.items()}
    assert np.abs(forward(params, x, "CIFG").c).max() <= 1


def test_sigmoid_does_not_overflow():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(sigmoid(np.array([-1e4, 0, 1e4])), [0, 0.5, 1])


def test_np_is_torchs_lstm():
    torch = pytest.importorskip("torch", reason="torch is compared with only where it is installed")
    M, N, T, B = 5, 7, 20, 3
    layer = torch.nn.LSTM(M, N, dtype=torch.float64)
    weights = {k: v.detach().numpy() for k, v in layer.named_parameters()}
    params = {}
    for k, part in enumerate("ifzo"):  # the order of torch's four blocks of rows
        rows = slice(k * N, (k + 1) * N)
        params[f"W_{part}"] = weights["weight_ih_l0"][rows]
        params[f"R_{part}"] = weights["weight_hh_l0"][rows]
        params[f"b_{part}"] = weights["bias_ih_l0"][rows] + weights["bias_hh_l0"][rows]
    rng = RNG(0)
    x, y0, c0 = (rng.standard_normal(s) for s in ((T, B, M), (B, N), (B, N)))
    theirs, (y_T, c_T) = layer(torch.tensor(x), (torch.tensor(y0)[None], torch.tensor(c0)[None]))
    ours = forward(params, x, "NP", y0, c0)
    np.testing.assert_allclose(ours.y, theirs.detach().numpy(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.c[-1], c_T[0].detach().numpy(), rtol=0, atol=1e-12)


def test_inputs_are_not_changed():
    params, x = case()
    before = {k: v.copy() for k, v in params.items()}, x.copy()
    forward(params, x, "V")
    np.testing.assert_array_equal(x, before[1])
    assert all(np.array_equal(params[k], before[0][k]) for k in params)


def without(params, name):
    return {key: weights for key, weights in params.items() if key != name}


def halves(params):
    return {key: weights.astype(np.float16) for key, weights in params.items()}


def spoil(x, index, value):
    x = x.copy()
    x[index] = value
    return x


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda p, x: (p, x[:, :2]), ValueError, r"x must have shape \(T, 3\).*got \(5, 2\)"),
        (lambda p, x: (p, x[0]), ValueError, r"x must have shape"),
        (lambda p, x: (p, x[:0]), ValueError, r"at least one step"),
        (lambda p, x: (p, x[:, None][:, :0]), ValueError, r"at least one step of one sequence"),
        (lambda p, x: (p, x.tolist()), TypeError, "x must be a NumPy array, got list"),
        (lambda p, x: (p, x.astype(np.float32)), ValueError, "x must be float64 .* got float32"),
        (lambda p, x: (p, x.astype(int)), ValueError, "x must be float64 .* got int64"),
        (lambda p, x: (p, spoil(x, (2, 1), np.nan)), ValueError, r"got nan at index .*2, 1"),
        (lambda p, x: (p, spoil(x, (2, 1), np.inf)), ValueError, "x must be finite, got inf"),
        (lambda p, x: (without(p, "R_f"), x), ValueError, r"missing \['R_f'\]"),
        (lambda p, x: (p | {"W_q": p["W_z"]}, x), ValueError, r"not expected \['W_q'\]"),
        (lambda p, x: (p | {"R_f": p["W_f"]}, x), ValueError, r"'R_f'\] must have shape \(4, 4"),
        (lambda p, x: (p | {"b_f": p["b_f"].astype(np.float32)}, x), ValueError, "must be float64"),
        (lambda p, x: ({}, x), ValueError, "must hold W_z"),
        (lambda p, x: (None, x), TypeError, "params must be a dict of arrays, got NoneType"),
        (lambda p, x: ({"W_z": p["W_z"].astype(np.float16)}, x), ValueError, "missing"),
        (lambda p, x: (halves(p), x), ValueError, "must be float32 or float64"),
    ],
)
def test_bad_input_is_named(change, error, message):
    params, x = case()
    with pytest.raises(error, match=message):
        forward(*change(params, x), "V")


def test_a_bad_initial_state_is_named():
    params, x = case()
    with pytest.raises(ValueError, match=r"y0 must have shape \(4,\), got \(5,\)"):
        forward(params, x, "V", y0=np.zeros(5))
    with pytest.raises(ValueError, match="c0 must be finite"):
        forward(params, x, "V", c0=np.full(4, np.nan))
    with pytest.raises(ValueError, match=r"gates0 must hold only .*\['i'\]"):
        forward(params, x, "V", gates0={"i": np.zeros(4)})
    with pytest.raises(ValueError, match="must be one of V"):
        forward(params, x, "LSTM")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": 0}, "inputs must be a whole number"),
        ({"blocks": 2.5}, "blocks must be a whole number, 1 or more, got 2.5"),
        ({"std": -1.0}, "std must be"),
        ({"std": np.nan}, "std must be"),
        ({"std": None}, "std must be a number that fits"),
        ({"std": 1e300, "dtype": np.float32}, "std must be a number that fits float32"),
        ({"dtype": int}, "dtype must be float32 or float64"),
        ({"dtype": "nonsense"}, "dtype must be float32 or float64"),
    ],
)
def test_init_params_names_what_is_wrong(arguments, message):
    good = {"variant": "V", "inputs": 3, "blocks": 4, "rng": RNG(0)}
    with pytest.raises(ValueError, match=message):
        init_params(**(good | arguments))
    with pytest.raises(TypeError, match="rng must be"):
        init_params(**(good | {"rng": 0}))


def test_initial_weights_have_the_asked_spread():
    params = init_params("V", 60, 60, rng=RNG(0), std=0.1)
    everything = np.concatenate([w.ravel() for w in params.values()])
    assert abs(everything.std() - 0.1) < 0.002
    assert abs(everything.mean()) < 0.002

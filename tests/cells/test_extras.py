"""Projection, slopes and cortex: switches beyond the paper's eight."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from lstmlab.cells import (
    SRN,
    SWITCHES,
    VARIANTS,
    Variant,
    backward,
    check_gradients,
    count_params,
    forward,
    gradient_errors,
    init_params,
    param_shapes,
    relative_error,
)

EXTRAS = [
    dict(zip(("projection", "slopes", "cortex"), on, strict=True))
    for on in itertools.product((0, 2), (False, True), (False, True))
][1:]
ALONE = [extra for extra in EXTRAS if sum(map(bool, extra.values())) == 1]


def with_extras(extras=EXTRAS):
    """Every legal combination of a variant with these extras."""
    return [
        replace(variant, **extra)
        for extra in extras
        for variant in VARIANTS.values()
        if not (variant.full_gate_recurrence and extra["cortex"])
    ]


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize("variant", with_extras(), ids=str)
def test_bptt_agrees_with_central_differences(variant, batch):
    assert check_gradients(variant, steps=5, inputs=2, blocks=3, batch=batch) <= 1e-7


@pytest.mark.parametrize("extra", EXTRAS, ids=str)
def test_any_legal_combination_with_the_eight_switches_has_a_right_gradient(extra):
    counted = 0
    for n, switches in enumerate(itertools.product([True, False], repeat=8)):
        if n % 3:  # a third of them: all would take minutes
            continue
        try:
            variant = Variant(**dict(zip(SWITCHES, switches, strict=True)), **extra)
        except ValueError:
            continue
        counted += 1
        assert check_gradients(variant, inputs=1, blocks=3, steps=3, seed=n) <= 1e-7, variant
    assert counted > 20


def outputs(variant, w, x, y, c, gates, cut):
    """A second reading, of one sequence, a gate at a time, in torch."""
    import torch

    i, f, o = (gates.get(k, torch.zeros_like(c)) for k in "ifo")
    ys = []
    for x_t in x:
        def gate(k, cell, heard, x_t=x_t, y=y):
            if k not in variant.gates:
                return torch.ones_like(cell)
            a = w[f"W_{k}"] @ x_t + w[f"R_{k}"] @ cut(y) + w[f"b_{k}"]
            if variant.peepholes:
                a = a + w[f"p_{k}"] * cut(cell)
            for source in variant.gates:
                if variant.cortex:
                    a = a + w[f"q_{source}{k}"] * cut(heard[source])
                if variant.full_gate_recurrence:
                    a = a + w[f"R_{source}{k}"] @ cut(heard[source])
            return 1 / (1 + torch.exp(-(w[f"s_{k}"] * a if variant.slopes else a)))

        z = w["W_z"] @ x_t + w["R_z"] @ cut(y) + w["b_z"]
        z = torch.tanh(z) if variant.input_activation else z
        before = {"i": i, "f": f, "o": o}
        i, f = gate("i", c, before), gate("f", c, before)
        f = 1 - i if variant.coupled else f
        c = z * i + c * f
        o = gate("o", c, {"i": i, "f": f, "o": o} if variant.cortex else before)
        y = (torch.tanh(c) if variant.output_activation else c) * o
        y = w["W_r"] @ y if variant.projection else y
        ys.append(y)
    return torch.stack(ys), c


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize("variant", with_extras(), ids=str)
def test_bptt_agrees_with_an_independent_autograd_reading(variant, truncated):
    torch = pytest.importorskip("torch", reason="the autograd reading needs torch")
    rng = np.random.default_rng(0)
    T, M, N, P = 7, 3, 4, variant.projection or 4
    params = init_params(variant, M, N, rng=rng, std=0.5)
    x, dy, y0 = (rng.standard_normal(s) for s in ((T, M), (T, P), P))
    c0, dc_last = rng.standard_normal((2, N))
    gates0 = {k: rng.uniform(size=N) for k in variant.fed_back}
    trace = forward(params, x, variant, y0, c0, gates0)
    ours = backward(params, trace, dy, dc_last, truncated=truncated)

    leaves = params | {"x": x, "y0": y0, "c0": c0} | {f"gate {k}": v for k, v in gates0.items()}
    leaves = {name: torch.tensor(v, requires_grad=True) for name, v in leaves.items()}
    gates = {k: leaves[f"gate {k}"] for k in gates0}
    y, c = outputs(variant, leaves, leaves["x"], leaves["y0"], leaves["c0"], gates,
                   torch.Tensor.detach if truncated else lambda a: a)  # fmt: skip
    np.testing.assert_allclose(trace.y, y.detach().numpy(), rtol=0, atol=1e-12)
    ((torch.tensor(dy) * y).sum() + (torch.tensor(dc_last) * c).sum()).backward()
    found = ours.params | {"x": ours.x, "y0": ours.y0, "c0": ours.c0}
    found |= {f"gate {k}": v for k, v in ours.gates0.items()}
    assert found.keys() == leaves.keys()
    for name, leaf in leaves.items():
        gradient = np.zeros_like(found[name]) if leaf.grad is None else leaf.grad.numpy()
        assert relative_error(found[name], gradient) <= 1e-9, name


def test_the_check_sees_every_weight_that_is_new():
    errors = gradient_errors(Variant(projection=2, slopes=True, cortex=True))
    assert {"W_r", "s_i", "s_f", "s_o", "q_ii", "q_fo", "q_oi", "gates0[o]"} <= set(errors)
    for name in ("W_r", "s_f", "q_io", "q_oi", "q_ff"):
        def spoiled(params, trace, dy, dc_last, name=name):
            return backward(params | {name: 0 * params[name]}, trace, dy, dc_last)

        variant = Variant(projection=2, slopes=True, cortex=True)
        assert check_gradients(variant, backward=spoiled) > 1e-3, name


def test_counts_are_those_of_the_formula():
    M, N, P = 88, 100, 30
    V = count_params("V", M, N)
    assert count_params(Variant(slopes=True), M, N) == V + 3 * N
    assert count_params(Variant(cortex=True), M, N) == V + 9 * N
    assert count_params(Variant(cortex=True, coupled=True), M, N) == (
        count_params("CIFG", M, N) + 4 * N
    )
    assert count_params(Variant(projection=P), M, N) == V - 4 * N * (N - P) + P * N
    assert param_shapes(Variant(projection=P), M, N)["R_i"] == (N, P)
    assert param_shapes(Variant(projection=P), M, N)["W_r"] == (P, N)


@pytest.mark.parametrize("variant", with_extras(), ids=str)
def test_the_state_continues_a_sequence(variant):
    rng = np.random.default_rng(0)
    params = init_params(variant, 2, 3, rng=rng, std=0.5)
    x = rng.standard_normal((8, 2, 2))
    whole = forward(params, x, variant)
    first = forward(params, x[:3], variant)
    second = forward(params, x[3:], variant, **first.last)
    np.testing.assert_allclose(second.y, whole.y[3:], rtol=0, atol=1e-14)
    np.testing.assert_allclose(second.c, whole.c[3:], rtol=0, atol=1e-14)


def test_neutral_weights_leave_the_block_as_it_was():
    rng = np.random.default_rng(0)
    params = init_params("V", 3, 4, rng=rng, std=0.5)
    x, dy = rng.standard_normal((6, 3)), rng.standard_normal((6, 4))
    variant = Variant(slopes=True, cortex=True)
    extended = init_params(variant, 3, 4, rng=rng)
    extended |= params
    for name in extended.keys() - params.keys():
        extended[name] = np.full(4, float(name.startswith("s_")))
    plain, other = forward(params, x, "V"), forward(extended, x, variant)
    np.testing.assert_allclose(other.y, plain.y, rtol=0, atol=1e-15)
    ours, theirs = backward(extended, other, dy), backward(params, plain, dy)
    for name in params:
        np.testing.assert_allclose(ours.params[name], theirs.params[name], atol=1e-14)


def test_slopes_are_drawn_around_one():
    params = init_params(Variant(slopes=True), 3, 400, rng=np.random.default_rng(0), std=0.1)
    for gate in "ifo":
        assert abs(params[f"s_{gate}"].mean() - 1) < 0.03
        assert abs(params[f"s_{gate}"].std() - 0.1) < 0.02


def test_a_trace_holds_what_is_projected():
    rng = np.random.default_rng(0)
    variant = Variant(projection=2)
    params = init_params(variant, 3, 4, rng=rng)
    trace = forward(params, rng.standard_normal((5, 3)), variant)
    np.testing.assert_allclose(trace.m, np.tanh(trace.c) * trace.o, atol=1e-15)
    np.testing.assert_allclose(trace.y, trace.m @ params["W_r"].T, atol=1e-15)
    plain = forward(init_params("V", 3, 4, rng=rng), rng.standard_normal((5, 3)), "V")
    assert plain.m is plain.y


def test_the_first_eight_switches_are_the_papers():
    assert len(SWITCHES) == 8
    assert not any(variant.extras for variant in VARIANTS.values())
    assert SRN.extras == ()
    assert Variant(slopes=True, projection=3).extras == ("projection", "slopes")


def test_a_variant_shows_what_is_not_as_in_v():
    assert repr(Variant()) == "Variant()"
    assert repr(Variant(projection=3, coupled=True)) == "Variant(coupled=True, projection=3)"
    assert eval(repr(Variant(cortex=True, peepholes=False))) == Variant(
        cortex=True, peepholes=False
    )


NO_GATES = {"input_gate": False, "forget_gate": False, "output_gate": False}


@pytest.mark.parametrize(
    ("switches", "error", "message"),
    [
        ({"projection": -1}, ValueError, "projection must be a whole number, 0 or more, got -1"),
        ({"projection": 2.0}, ValueError, "projection must be a whole number"),
        ({"projection": True}, ValueError, "projection must be a whole number"),
        ({"slopes": 1}, TypeError, "slopes must be True or False, got 1"),
        ({"cortex": None}, TypeError, "cortex must be True or False, got None"),
        ({"slopes": True, **NO_GATES}, ValueError, "slopes=True is about gates"),
        ({"cortex": True, **NO_GATES}, ValueError, "cortex=True is about gates"),
        ({"cortex": True, "full_gate_recurrence": True}, ValueError, "one of the two"),
    ],
    ids=str,
)
def test_nonsense_is_refused_with_the_reason(switches, error, message):
    with pytest.raises(error, match=message):
        Variant(**switches)


@pytest.mark.parametrize("P", [4, 5])
def test_a_projection_makes_outputs_fewer(P):
    with pytest.raises(ValueError, match=f"projection must be smaller .* blocks, 4, got {P}"):
        param_shapes(Variant(projection=P), 3, 4)


def test_a_projected_state_has_the_length_of_the_output():
    rng = np.random.default_rng(0)
    variant = Variant(projection=2)
    params = init_params(variant, 3, 4, rng=rng)
    x = rng.standard_normal((5, 3))
    with pytest.raises(ValueError, match=r"y0 must have shape \(2,\), got \(4,\)"):
        forward(params, x, variant, np.zeros(4))
    with pytest.raises(ValueError, match=r"dy must have shape \(5, 2\), got \(5, 4\)"):
        backward(params, forward(params, x, variant), np.zeros((5, 4)))
    with pytest.raises(ValueError, match="gates0 must hold only gates that feed others"):
        forward(params, x, variant, gates0={"i": np.zeros(4)})


@pytest.mark.parametrize("extra", ALONE, ids=str)
def test_the_kernel_refuses_what_it_does_not_know(extra):
    pytest.importorskip("numba")
    from lstmlab.cells.kernel.layer import Layer

    with pytest.raises(ValueError, match=r"variant must be made of the paper's eight switches"):
        Layer(Variant(**extra), 3, 4, np.float64)


@pytest.mark.parametrize("extra", [e for e in ALONE if not e["projection"]], ids=str)
def test_the_compiled_engine_refuses_them_and_the_plain_one_trains_them(extra):
    pytest.importorskip("numba")
    from lstmlab.training import Network, NumpyEngine
    from lstmlab.training.compiled import CompiledEngine

    network = Network(3, 5, 2, variant=Variant(**extra))
    rng = np.random.default_rng(0)
    params = network.init(rng, 0.3)
    with pytest.raises(ValueError, match="variant must be made of the paper's eight switches"):
        CompiledEngine(network, params)
    engine = NumpyEngine(network, params)
    x = rng.standard_normal((9, 3)).astype(np.float32)
    target = (x[:, :2] > 0).astype(np.float32)
    losses = [engine.step(x, target, rate=0.05, momentum=0.0) for _ in range(50)]
    assert losses[-1] < 0.8 * losses[0]
    moved = engine.weights()
    assert all(np.abs(moved[name] - params[name]).max() > 0 for name in params)

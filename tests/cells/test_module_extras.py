"""Projection, slopes and cortex in the torch module."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstmlab.cells import LSTM, VARIANTS, Variant, forward, init_params
from tests.cells.test_extras import ALONE, EXTRAS, with_extras

BASES = ("V", "CIFG", "NFG", "NP")
EVERY = [replace(VARIANTS[base], **extra) for base in BASES for extra in EXTRAS]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("shape", ["batch", "single", "packed", "unsorted"])
@pytest.mark.parametrize("batch_first", [False, True], ids=["steps-first", "batch-first"])
def test_projected_without_peepholes_it_is_torchs_lstm(shape, batch_first, dtype):
    """Outputs, states and all gradients; weights by the state dict, both ways."""
    options = {"num_layers": 2, "bidirectional": True, "batch_first": batch_first,
               "proj_size": 2, "dtype": dtype}  # fmt: skip
    torch.manual_seed(0)
    theirs, ours = nn.LSTM(3, 5, **options), LSTM(3, 5, variant="NP", **options)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(4, 9, 3, dtype=dtype) if batch_first else torch.randn(9, 4, 3, dtype=dtype)
    state = torch.randn(4, 4, 2, dtype=dtype), torch.randn(4, 4, 5, dtype=dtype)
    if shape == "single":
        x, state = torch.randn(9, 3, dtype=dtype), tuple(part[:, 0] for part in state)
    x.requires_grad_()
    given = x
    if shape in ("packed", "unsorted"):
        lengths = [9, 6, 6, 2] if shape == "packed" else [2, 6, 9, 5]
        given = pack_padded_sequence(x, lengths, batch_first, enforce_sorted=shape == "packed")
    found = []
    for module in (ours, theirs):
        y, last = module(given, state)
        y = y.data if isinstance(y, nn.utils.rnn.PackedSequence) else y
        loss = (y**3).sum() + sum((part**2).sum() for part in last)
        named = dict(module.named_parameters())
        grads = torch.autograd.grad(loss, [x, *named.values()], retain_graph=True)
        found.append({"y": y, "h": last[0], "c": last[1]}
                     | dict(zip(["x", *named], grads, strict=True)))  # fmt: skip
    assert found[0].keys() == found[1].keys()
    for name, one in found[0].items():
        other = found[1][name]
        assert one.shape == other.shape, name
        scale = max(float(other.detach().abs().max()), 1.0)
        assert float((one - other).detach().abs().max()) / scale < (
            1e-12 if dtype is torch.float64 else 1e-5
        ), name


def test_torch_counts_as_many_weights():
    theirs, ours = nn.LSTM(3, 5, proj_size=2), LSTM(3, 5, variant="NP", proj_size=2)
    sizes = [
        {name: tuple(weight.shape) for name, weight in module.named_parameters()}
        for module in (theirs, ours)
    ]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("variant", with_extras(), ids=str)
def test_its_numbers_are_those_of_the_readable_pass(variant):
    rng = np.random.default_rng(0)
    params = init_params(variant, 3, 5, rng=rng, std=0.5)
    lstm = LSTM(3, 5, variant=variant, dtype=torch.float64)
    lstm.load_params(params)
    again = lstm.params()
    assert list(again) == list(params)
    assert all(np.array_equal(again[name], params[name]) for name in params)
    x = rng.standard_normal((7, 2, 3))
    y, (h, c, *_) = lstm(torch.from_numpy(x))
    trace = forward(params, x, variant)
    assert np.allclose(y.detach().numpy(), trace.y, rtol=0, atol=1e-13)
    assert np.allclose(h[0].detach().numpy(), trace.y[-1], rtol=0, atol=1e-13)
    assert np.allclose(c[0].detach().numpy(), trace.c[-1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("variant", EVERY, ids=str)
def test_torchs_own_gradient_check_passes(variant):
    torch.manual_seed(0)
    lstm = LSTM(2, 3, variant=variant, num_layers=2, bidirectional=True, dtype=torch.float64)
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    names = [name for name, _ in lstm.named_parameters()]

    def run(x, *weights):
        named = dict(zip(names, weights, strict=True))
        y, last = torch.func.functional_call(lstm, named, (x,))
        return y, *last

    assert torch.autograd.gradcheck(run, (x, *lstm.parameters()), fast_mode=True)


@pytest.mark.parametrize("variant", EVERY, ids=str)
def test_each_of_packed_sequences_is_as_if_alone(variant):
    lstm = LSTM(3, 4, variant=variant, bidirectional=True, dtype=torch.float64)
    sequences = [torch.randn(T, 3, dtype=torch.float64) for T in (2, 7, 1, 5)]
    packed, last = lstm(nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False))
    outputs, _ = nn.utils.rnn.pad_packed_sequence(packed)
    for n, sequence in enumerate(sequences):
        alone, state = lstm(sequence)
        assert torch.allclose(outputs[: len(sequence), n], alone, rtol=0, atol=1e-13)
        for together, own in zip(last, state, strict=True):
            assert torch.allclose(together[:, n], own, rtol=0, atol=1e-13)


@pytest.mark.parametrize("extra", ALONE, ids=str)
def test_the_kernel_is_not_asked(extra, monkeypatch):
    from lstmlab.cells import module

    def asked(*_):
        raise AssertionError("the kernel was asked")

    monkeypatch.setattr(module.Compiled, "apply", asked)
    LSTM(3, 4, variant=Variant(**extra))(torch.randn(5, 2, 3))[0].sum().backward()
    monkeypatch.setattr(module, "_compiled", lambda x: True)
    with pytest.raises(AssertionError, match="kernel was asked"):
        LSTM(3, 4)(torch.randn(5, 2, 3))


def test_slopes_begin_at_one():
    lstm = LSTM(3, 4, variant=Variant(slopes=True), num_layers=2)
    assert torch.equal(lstm.weight_sh_l1, torch.ones(3, 4))


def test_proj_size_and_the_switch_are_one_thing():
    named, switched = LSTM(3, 5, proj_size=2), LSTM(3, 5, variant=Variant(projection=2))
    assert named.cell == switched.cell
    assert named.proj_size == switched.proj_size == 2
    assert repr(named) == "LSTM(3, 5, variant='V', proj_size=2)"
    assert LSTM(3, 5, variant=Variant(projection=2), proj_size=2).cell == named.cell


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"proj_size": -1}, "proj_size must be a whole number, 0 or more, got -1"),
        ({"proj_size": True}, "proj_size must be a whole number, 0 or more, got True"),
        ({"proj_size": 5}, "projection must be smaller than the number of blocks, 5, got 5"),
        ({"proj_size": 2, "variant": "SRN"}, "which has no projection, got 2"),
        ({"proj_size": 2, "variant": Variant(projection=3)}, "a projection to 3, got 2"),
    ],
    ids=str,
)
def test_a_projection_that_does_not_fit_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        LSTM(3, 5, **options)

"""The GRU as a torch module, against `torch.nn.GRU` and against the readable passes."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn.utils.rnn import pack_padded_sequence

from lstmlab.cells import GRU, gru, relative_error

BOTH = pytest.mark.parametrize("reset_after", [False, True], ids=["before", "after"])


def made(reset_after, **options):
    torch.manual_seed(0)
    return GRU(3, 5, reset_after=reset_after, dtype=torch.float64, **options)


@BOTH
def test_passes_and_gradients_are_those_of_the_module(reset_after):
    rng = np.random.default_rng(0)
    params = gru.init_params(3, 5, rng=rng, std=0.5, reset_after=reset_after)
    module = made(reset_after)
    module.load_params(params)
    x, h0, dh = (rng.standard_normal(s) for s in ((7, 2, 3), (2, 5), (7, 2, 5)))
    trace = gru.forward(params, x, h0, reset_after=reset_after)
    ours = gru.backward(params, trace, dh)
    x_, h_ = (torch.tensor(array, requires_grad=True) for array in (x, h0))
    y, last = module(x_, h_[None])
    (y * torch.tensor(dh)).sum().backward()
    np.testing.assert_allclose(trace.h, y.detach().numpy(), atol=1e-13)
    np.testing.assert_allclose(trace.h[-1], last[0].detach().numpy(), atol=1e-13)
    parts = ours.params
    theirs = {
        "weight_ih_l0": np.concatenate([parts["W_r"], parts["W_z"], parts["W"]]),
        "weight_hh_l0": np.concatenate([parts["U_r"], parts["U_z"], parts["U"]]),
        "bias_ih_l0": np.concatenate([parts["b_r"], parts["b_z"], parts["b"]]),
        "bias_hh_l0": np.concatenate(
            [parts["b_r"], parts["b_z"], parts["b_U" if reset_after else "b"]]
        ),
    }
    for name, gradient in theirs.items():
        assert relative_error(gradient, getattr(module, name).grad.numpy()) < 1e-12, name
    assert relative_error(ours.x, x_.grad.numpy()) < 1e-12
    assert relative_error(ours.h0, h_.grad.numpy()) < 1e-12


@pytest.mark.parametrize("reset_after", [True, False])
def test_torchs_weights_load_and_give_torchs_numbers_in_its_convention(reset_after):
    options = {"num_layers": 2, "bidirectional": True, "batch_first": True}
    theirs = torch.nn.GRU(3, 5, dtype=torch.float64, **options)
    ours = made(reset_after, **options)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(4, 9, 3, dtype=torch.float64)
    assert torch.equal(ours(x)[0], theirs(x)[0]) == reset_after


def test_with_an_open_reset_gate_the_conventions_are_one():
    """What surrounds the step, every form of input and the gradients, is then torch's."""
    draw = torch.Generator().manual_seed(1)
    for batch_first in (False, True):
        options = {"num_layers": 2, "bidirectional": True, "batch_first": batch_first}
        ours, theirs = made(False, **options), made(True, **options)
        with torch.no_grad():
            for name, bias in ours.named_parameters():
                if name.startswith("bias_ih"):
                    bias[:5] = 60.0
        theirs.load_state_dict(ours.state_dict())
        x = torch.randn(4, 9, 3, dtype=torch.float64, generator=draw)
        x = x if batch_first else x.transpose(0, 1).contiguous()
        h0 = torch.randn(4, 4, 5, dtype=torch.float64, generator=draw)
        for make, state in (
            (x, h0),
            (x, None),
            (x[0], h0[:, 0]),
            (pack_padded_sequence(x, [9, 6, 6, 2], batch_first), h0),
            (pack_padded_sequence(x, [2, 6, 9, 5], batch_first, enforce_sorted=False), h0),
            (pack_padded_sequence(x, [2, 6, 9, 5], batch_first, enforce_sorted=False), None),
        ):
            found = []
            for module in (ours, theirs):
                y, last = module(make, state)
                y = y.data if hasattr(y, "batch_sizes") else y
                loss = (y**3).sum() + (last**2).sum()
                grads = torch.autograd.grad(loss, list(module.parameters()))
                found.append([y, last, *grads])
            for a, b in zip(*found, strict=True):
                assert a.shape == b.shape
                assert torch.allclose(a, b, rtol=1e-10, atol=1e-12)


@BOTH
def test_torchs_own_gradient_check_passes(reset_after):
    module = made(reset_after, num_layers=2)
    x = torch.randn(3, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: module(x), (x,), fast_mode=True)


def test_it_can_be_copied_shown_and_run_without_biases():
    module = made(True)
    assert repr(module) == "GRU(3, 5, reset_after=True)"
    x = torch.randn(3, 3, dtype=torch.float64)
    assert torch.equal(copy.deepcopy(module)(x)[0], module(x)[0])
    plain = made(False, bias=False)
    assert plain(x)[0].shape == (3, 5)
    with pytest.raises(ValueError, match="bias=False"):
        plain.load_params(gru.init_params(3, 5, rng=np.random.default_rng(0)))


def test_what_does_not_fit_is_named():
    module = made(False)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="params must have 5 units and 3 inputs, got 4 and 3"):
        module.load_params(gru.init_params(3, 4, rng=rng))
    with pytest.raises(ValueError, match="layer and reverse must name a part"):
        module.load_params(gru.init_params(3, 5, rng=rng), layer=1)
    with pytest.raises(TypeError, match="reset_after must be True or False, got 1"):
        made(1)
    with pytest.raises(ValueError, match=r"input must have shape \(T, B, 3\)"):
        module(torch.zeros(4, 2, 2, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"hx must have shape \(1, 2, 5\), got \(1, 3, 5\)"):
        module(torch.zeros(4, 2, 3, dtype=torch.float64), torch.zeros(1, 3, 5))


PACKED = torch.nn.utils.rnn.pack_sequence(
    [torch.ones(2, 3), torch.ones(4, 3)], enforce_sorted=False
)


@pytest.mark.parametrize(
    ("x", "hx", "error", "message"),
    [
        ([1.0], None, TypeError, "input must be a Tensor or a PackedSequence, got list"),
        (torch.zeros(0, 2, 3), None, ValueError, "T and B 1 or more"),
        (torch.zeros(4, 0, 3), None, ValueError, "T and B 1 or more"),
        (torch.zeros(4, 2, 2), None, ValueError, r"input must have shape \(T, B, 3\)"),
        (torch.zeros(4, 2, 3).double(), None, ValueError, "input must be torch.float32 on cpu"),
        (PACKED, torch.zeros(1, 3, 4), ValueError, r"hx must have shape \(1, 2, 4\), got"),
        (PACKED, torch.zeros(1, 1, 4), ValueError, r"hx must have shape \(1, 2, 4\), got"),
        (PACKED, torch.zeros(4), ValueError, r"hx must have shape \(1, 2, 4\), got \(4,\)"),
        (torch.zeros(4, 3), torch.zeros(1, 1, 4), ValueError, r"hx must have shape \(1, 4\)"),
        (torch.zeros(4, 2, 3), torch.zeros(1, 2, 4).double(), ValueError, "hx must be torch.float"),
        (torch.zeros(4, 2, 3), (torch.zeros(1, 2, 4),), ValueError, "got tuple"),
    ],
    ids=range(11),
)  # fmt: skip
def test_bad_input_is_named(x, hx, error, message):
    with pytest.raises(error, match=message):
        GRU(3, 4)(x, hx)


@pytest.mark.parametrize("order", ["reversed", "big-endian"])
def test_weights_may_lie_in_memory_as_they_like(order):
    params = gru.init_params(3, 4, rng=np.random.default_rng(0), dtype=np.float32)

    def turn(w):
        return w[..., ::-1].copy()[..., ::-1] if order == "reversed" else w.astype(">f4")

    one, other = GRU(3, 4), GRU(3, 4)
    one.load_params(params)
    other.load_params({name: turn(w) for name, w in params.items()})
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))

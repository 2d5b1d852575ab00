"""The torch module: the manners of `torch.nn.LSTM`, the numbers of the readable passes."""

import copy
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence

from lstmlab.cells import LSTM, VARIANTS, Variant, forward, init_params, module
from lstmlab.cells.autograd import rows

MIXED = Variant(coupled=True, output_activation=False, full_gate_recurrence=True)
EVERY = [*VARIANTS, "SRN", MIXED]
SHAPES = ["batch", "single", "packed", "unsorted"]


@pytest.fixture(params=[True, False], ids=["kernel", "plain"])
def compiled(request, monkeypatch):
    """Every test that asks for it runs both ways."""
    monkeypatch.setattr(module, "_compiled", lambda x: request.param)
    return request.param


def given(shape, dtype, *, batch_first=False, copies=4, D=4, N=5, widths=2):
    """A function that makes the input anew, the leaf it depends on, and a state."""
    generator = torch.Generator().manual_seed(0)

    def draw(*size):
        return torch.randn(*size, dtype=dtype, generator=generator, requires_grad=True)

    if shape == "single":
        x = draw(9, 3)
        return (lambda: x), x, tuple(draw(D, N) for _ in range(widths))
    x = draw(copies, 9, 3) if batch_first else draw(9, copies, 3)
    state = tuple(draw(D, copies, N) for _ in range(widths))
    if shape == "batch":
        return (lambda: x), x, state
    lengths = [9, 6, 6, 2] if shape == "packed" else [2, 6, 9, 5]
    return (
        lambda: pack_padded_sequence(x, lengths, batch_first, enforce_sorted=shape == "packed")
    ), x, state


def everything(lstm, make, x, state):
    """Outputs, last state, and the gradient of a loss on all of it by everything."""
    lstm.zero_grad()
    for leaf in (x, *state):
        leaf.grad = None
    y, last = lstm(make(), state)
    y = y.data if isinstance(y, nn.utils.rnn.PackedSequence) else y
    weights = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
    ((y * weights).sum() + sum((part**3).sum() for part in last)).backward()
    leaves = (x, *state, *lstm.parameters())
    return [part.detach() for part in (y, *last)] + [leaf.grad.clone() for leaf in leaves]


def apart(ours, theirs):
    """Largest difference, relative to the largest entry."""
    assert [one.shape for one in ours] == [one.shape for one in theirs]
    return max(
        float((a - b).abs().max()) / max(float(b.abs().max()), 1.0)
        for a, b in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("batch_first", [False, True], ids=["steps-first", "batch-first"])
def test_without_peepholes_it_is_torchs_lstm(shape, batch_first, dtype, compiled):
    """Outputs, states and all gradients, in every form of input; weights by the state dict."""
    options = {"num_layers": 2, "bidirectional": True, "batch_first": batch_first, "dtype": dtype}
    torch.manual_seed(0)
    theirs, ours = nn.LSTM(3, 5, **options), LSTM(3, 5, variant="NP", **options)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    what = given(shape, dtype, batch_first=batch_first)
    found = apart(everything(ours, *what), everything(theirs, *what))
    assert found < (1e-12 if dtype is torch.float64 else 1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("variant", EVERY, ids=str)
def test_kernel_and_plain_operations_agree(variant, shape, monkeypatch):
    torch.manual_seed(0)
    lstm = LSTM(3, 5, variant=variant, num_layers=2, bidirectional=True, dtype=torch.float64)
    widths = 2
    what = given(shape, torch.float64)
    if lstm.cell.full_gate_recurrence:
        wide = len(lstm.cell.gates) * 5
        size = (4, wide) if shape == "single" else (4, 4, wide)
        gates = torch.rand(*size, dtype=torch.float64, requires_grad=True)
        what, widths = (*what[:2], (*what[2], gates)), 3
    found = []
    for answer in (True, False):
        monkeypatch.setattr(module, "_compiled", lambda x, answer=answer: answer)
        found.append(everything(lstm, *what))
    assert len(found[0]) == 1 + 2 * widths + 1 + len(list(lstm.parameters()))
    assert apart(*found) < 1e-12


@pytest.mark.parametrize("variant", EVERY, ids=str)
def test_its_numbers_are_those_of_the_readable_pass(variant, compiled):
    rng = np.random.default_rng(0)
    params = init_params(variant, 3, 5, rng=rng, std=0.5)
    lstm = LSTM(3, 5, variant=variant, dtype=torch.float64)
    lstm.load_params(params)
    x = rng.standard_normal((7, 2, 3))
    y, (h, c, *_) = lstm(torch.from_numpy(x))
    trace = forward(params, x, variant)
    assert np.allclose(y.detach().numpy(), trace.y, rtol=0, atol=1e-13)
    assert np.allclose(h[0].detach().numpy(), trace.y[-1], rtol=0, atol=1e-13)
    assert np.allclose(c[0].detach().numpy(), trace.c[-1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("variant", EVERY, ids=str)
def test_the_books_weights_go_in_and_come_out(variant):
    params = init_params(variant, 10, 5, rng=np.random.default_rng(0), dtype=np.float32)
    lstm = LSTM(3, 5, variant=variant, num_layers=2, bidirectional=True)
    lstm.load_params(params, layer=1, reverse=True)
    again = lstm.params(layer=1, reverse=True)
    assert list(again) == list(params)
    assert all(np.array_equal(again[name], params[name]) for name in params)


def test_weights_may_lie_in_memory_as_they_like():
    params = init_params("V", 3, 5, rng=np.random.default_rng(0))
    one, other = (LSTM(3, 5, dtype=torch.float64) for _ in range(2))
    one.load_params(params)
    other.load_params({name: w[::-1].copy()[::-1] for name, w in params.items()})
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("variant", EVERY, ids=str)
def test_torchs_own_gradient_check_passes(variant, compiled):
    torch.manual_seed(0)
    lstm = LSTM(2, 3, variant=variant, dtype=torch.float64)
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    names = [name for name, _ in lstm.named_parameters()]

    def run(x, *weights):
        named = dict(zip(names, weights, strict=True))
        y, last = torch.func.functional_call(lstm, named, (x,))
        return y, *last

    assert torch.autograd.gradcheck(run, (x, *lstm.parameters()), fast_mode=True)


def test_a_second_derivative_is_refused_by_the_kernel_and_right_in_plain_operations(monkeypatch):
    lstm = LSTM(2, 3, dtype=torch.float64)
    x = torch.randn(3, 1, 2, dtype=torch.float64, requires_grad=True)

    def penalty():
        loss = (lstm(x)[0] ** 2).sum()
        (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
        return (gradient**2).sum()

    with pytest.raises(RuntimeError, match="once_differentiable"):
        penalty().backward()
    monkeypatch.setattr(module, "_compiled", lambda x: False)
    penalty().backward()
    assert x.grad.abs().max() > 0


def test_a_state_that_is_passed_on_continues_the_sequence(compiled):
    for variant in ("V", "FGR"):
        lstm = LSTM(3, 5, variant=variant, dtype=torch.float64)
        x = torch.randn(9, 2, 3, dtype=torch.float64)
        whole, last = lstm(x)
        first, state = lstm(x[:4])
        second, end = lstm(x[4:], state)
        assert torch.allclose(torch.cat([first, second]), whole, rtol=0, atol=1e-13)
        assert all(torch.allclose(a, b, rtol=0, atol=1e-13)
                   for a, b in zip(end, last, strict=True))  # fmt: skip


def test_each_of_packed_sequences_is_as_if_alone(compiled):
    lstm = LSTM(3, 4, variant="FGR", bidirectional=True, dtype=torch.float64)
    sequences = [torch.randn(T, 3, dtype=torch.float64) for T in (2, 7, 1, 5)]
    packed, last = lstm(pack_sequence(sequences, enforce_sorted=False))
    outputs, _ = nn.utils.rnn.pad_packed_sequence(packed)
    for n, sequence in enumerate(sequences):
        alone, state = lstm(sequence)
        assert torch.allclose(outputs[: len(sequence), n], alone, rtol=0, atol=1e-13)
        for together, own in zip(last, state, strict=True):
            assert torch.allclose(together[:, n], own, rtol=0, atol=1e-13)


def test_dropout_works_between_layers_and_in_training_alone():
    torch.manual_seed(0)
    one, two = LSTM(3, 50, dropout=0.5), LSTM(3, 50, num_layers=2, dropout=0.5)
    x = torch.randn(4, 3)
    assert torch.equal(one(x)[0], one(x)[0])
    assert not torch.equal(two(x)[0], two(x)[0])
    two.eval()
    assert torch.equal(two(x)[0], two(x)[0])


def test_it_learns_with_an_optimizer_of_torchs():
    torch.manual_seed(0)
    lstm, output = LSTM(1, 8), nn.Linear(8, 1)
    adam = torch.optim.Adam([*lstm.parameters(), *output.parameters()], lr=0.02)
    losses = []
    for _ in range(200):
        x = torch.rand(12, 16, 1)
        target = torch.cat([torch.zeros(2, 16, 1), x[:-2]])
        loss = ((output(lstm(x)[0]) - target) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert np.mean(losses[-20:]) < 0.3 * np.mean(losses[:5])


def test_only_what_needs_a_gradient_gets_one(compiled):
    lstm = LSTM(3, 5)
    lstm.weight_hh_l0.requires_grad_(False)
    x = torch.randn(4, 2, 3)
    lstm(x)[0].sum().backward()
    assert lstm.weight_hh_l0.grad is None
    assert lstm.weight_ih_l0.grad.abs().max() > 0
    with torch.no_grad():
        assert not lstm(x)[0].requires_grad


def test_it_can_be_copied_pickled_cast_and_shown():
    lstm = LSTM(3, 5, variant="CIFG", num_layers=2, bidirectional=True, dropout=0.1)
    x = torch.randn(4, 3)
    lstm.eval()
    for twin in (copy.deepcopy(lstm), pickle.loads(pickle.dumps(lstm))):
        assert torch.equal(twin(x)[0], lstm(x)[0])
    assert lstm.double()(x.double())[0].dtype is torch.float64
    assert repr(lstm) == "LSTM(3, 5, variant='CIFG', num_layers=2, bidirectional=True, dropout=0.1)"


def test_half_precision_goes_through_plain_operations():
    lstm = LSTM(3, 5, dtype=torch.bfloat16)
    y, _ = lstm(torch.randn(4, 3, dtype=torch.bfloat16))
    y.sum().backward()
    assert y.dtype is torch.bfloat16
    assert lstm.weight_ih_l0.grad is not None


def test_parts_stand_in_torchs_order():
    assert [rows(LSTM(1, 1, variant=name).cell) for name in ("V", "NFG", "CIFG", "SRN")] == [
        ["i", "f", "z", "o"], ["i", "z", "o"], ["i", "z", "o"], ["z"]
    ]  # fmt: skip


def test_without_biases():
    theirs, ours = nn.LSTM(3, 5, bias=False), LSTM(3, 5, variant="NP", bias=False)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(4, 2, 3)
    assert torch.allclose(ours(x)[0], theirs(x)[0], atol=1e-6)
    with pytest.raises(ValueError, match="bias=False"):
        ours.load_params(init_params("NP", 3, 5, rng=np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"input_size": 0}, ValueError, "input_size must be a whole number, 1 or more, got 0"),
        ({"hidden_size": 2.5}, ValueError, "hidden_size must be"),
        ({"num_layers": 0}, ValueError, "num_layers must be"),
        ({"variant": "W"}, ValueError, "variant must be one of"),
        ({"dropout": "x"}, ValueError, "dropout must be a number from 0 to 1, got 'x'"),
        ({"dropout": 1.5}, ValueError, "dropout must be a number from 0 to 1, got 1.5"),
        ({"bidirectional": 1}, TypeError, "bidirectional must be True or False, got 1"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_bad_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        LSTM(**{"input_size": 3, "hidden_size": 5, **options})


@pytest.mark.parametrize(
    ("x", "hx", "error", "message"),
    [
        ([1.0], None, TypeError, "input must be a Tensor or a PackedSequence, got list"),
        (torch.zeros(4, 2, 2), None, ValueError, r"input must have shape \(T, B, 3\) or \(T, 3\)"),
        (torch.zeros(3), None, ValueError, "input must have shape"),
        (torch.zeros(0, 2, 3), None, ValueError, "T and B 1 or more"),
        (torch.zeros(4, 2, 3).double(), None, ValueError, "input must be torch.float32 on cpu"),
        (pack_sequence([torch.zeros(4, 2)]), None, ValueError, "input must have frames of 3"),
        (pack_sequence([torch.zeros(4, 3).double()]), None, ValueError, "input must be"),
        (torch.zeros(4, 2, 3), torch.zeros(1, 2, 5), ValueError,
         r"hx must be a tuple \(h_0, c_0\)"),
        (torch.zeros(4, 2, 3), (torch.zeros(1, 2, 5),) * 3, ValueError, "hx must be a tuple"),
        (torch.zeros(4, 2, 3), (torch.zeros(1, 2, 4),) * 2, ValueError,
         r"h_0 of hx must have shape \(1, 2, 5\), got \(1, 2, 4\)"),
        (torch.zeros(4, 3), (torch.zeros(1, 1, 5),) * 2, ValueError, r"shape \(1, 5\)"),
        (torch.zeros(4, 2, 3), 3, ValueError, r"hx must be a tuple \(h_0, c_0\), got int"),
        (torch.zeros(4, 3), (torch.zeros(1, 5), torch.zeros(1, 5).double()), ValueError,
         "c_0 of hx must be torch.float32 on cpu"),
    ],
    ids=range(13),
)  # fmt: skip
def test_bad_input_is_named(x, hx, error, message):
    with pytest.raises(error, match=message):
        LSTM(3, 5)(x, hx)

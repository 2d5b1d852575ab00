"""The wide residual network: its size, what it computes, how it begins."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn
from torch.nn import functional as F

from lstmlab.optimizers.transfer import WideResNet


@pytest.mark.parametrize(
    ("depth", "width", "millions"),
    [(40, 1, 0.6), (40, 2, 2.2), (16, 8, 11.0), (22, 8, 17.2), (16, 10, 17.1), (28, 10, 36.5)],
)
def test_it_has_as_many_weights_as_the_paper_says(depth, width, millions):
    """Zagoruyko and Komodakis, table 4, for pictures of 32 x 32 x 3 and ten classes."""
    net = WideResNet((32, 32, 3), 10, depth, width)
    assert round(sum(p.numel() for p in net.parameters()) / 1e6, 1) == millions


@pytest.mark.parametrize(("depth", "width"), [(10, 1), (16, 2), (22, 3)])
def test_depth_counts_its_convolutions_and_width_their_filters(depth, width):
    net = WideResNet((8, 8, 1), 10, depth, width)
    convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    square = [conv for conv in convolutions if conv.kernel_size == (3, 3)]
    assert len(square) == depth - 3
    assert [conv.out_channels for conv in square[1:]] == [
        filters * width for filters in (16, 32, 64) for _ in range(2 * (depth - 4) // 6)
    ]
    assert [conv.stride for conv in square].count((2, 2)) == 2


def conv_of(x, weight, stride=1):
    return F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)


def by_hand(net, x):
    """The authors' program, line for line, on the weights of a network."""
    state = net.state_dict()

    def normed(x, name):
        mean, var, gain, offset = (
            state[f"{name}.{what}"] for what in ("running_mean", "running_var", "weight", "bias")
        )
        scaled = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
        return F.relu(scaled * gain[:, None, None] + offset[:, None, None])

    x = conv_of(x.permute(0, 3, 1, 2) / 255 * 2 - 1, state["first.weight"])
    blocks = len(net.blocks)
    for n in range(blocks):
        name = f"blocks.{n}"
        stride = 2 if n in (blocks // 3, 2 * blocks // 3) else 1
        o1 = normed(x, f"{name}.norm1")
        y = conv_of(o1, state[f"{name}.conv1.weight"], stride)
        z = conv_of(normed(y, f"{name}.norm2"), state[f"{name}.conv2.weight"])
        short = state.get(f"{name}.short.weight")
        x = z + (x if short is None else conv_of(o1, short, stride))
    seen = normed(x, "norm").mean((2, 3))
    return seen @ state["last.weight"].T + state["last.bias"]


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 6, 3), (4, 4, 2)])
def test_it_computes_what_the_authors_program_does(shape):
    generator = torch.Generator().manual_seed(0)
    net = WideResNet(shape, 5, 16, 2, generator=generator).eval()
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for numbers in (layer.running_mean, layer.weight.data, layer.bias.data):
                numbers.normal_(generator=generator)
            layer.running_var.uniform_(0.5, 2, generator=generator)
    pictures = torch.randint(256, (3, *shape), dtype=torch.uint8, generator=generator)
    with torch.no_grad():
        assert torch.allclose(net(pictures), by_hand(net, pictures), rtol=1e-4, atol=1e-4)


def test_first_weights_have_their_spread_and_come_from_the_generator_alone():
    before = torch.get_rng_state()
    one, again, other = (
        WideResNet((8, 8, 1), 10, 16, 4, generator=torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    for (name, p), q, r in zip(
        one.named_parameters(), again.parameters(), other.parameters(), strict=True
    ):
        assert torch.equal(p, q)
        if p.dim() == 4:
            assert not torch.equal(p, r)
            spread = (2 / (p.shape[2] * p.shape[3] * p.shape[0])) ** 0.5
            assert float(p.detach().std()) == pytest.approx(spread, rel=4 / p.numel() ** 0.5), name
    assert not one.last.bias.any()
    assert 0.9 / 16 < one.last.weight.abs().max() <= 1 / 16


def test_it_runs_on_another_device():
    """On "meta" there are shapes and no numbers: what was made on the CPU would not fit."""
    net = WideResNet((8, 8, 1), 10).to("meta")
    assert net(torch.zeros(3, 8, 8, 1, dtype=torch.uint8, device="meta")).shape == (3, 10)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"inputs": (8, 8)}, "inputs must be height, width and channels"),
        ({"inputs": (3, 8, 1)}, r"inputs\[0\] must be a whole number, 4 or more, got 3"),
        ({"inputs": (8, 8, 0)}, r"inputs\[2\] must be a whole number, 1 or more, got 0"),
        ({"classes": 1}, "classes must be a whole number, 2 or more, got 1"),
        ({"depth": 4}, "depth must be a whole number, 10 or more, got 4"),
        ({"depth": 18}, r"depth must be 6n \+ 4, such as 10, 16, 22 or 28, got 18"),
        ({"width": 0}, "width must be a whole number, 1 or more, got 0"),
    ],
)
def test_a_network_that_is_none_is_refused(given, named):
    with pytest.raises(ValueError, match=named):
        WideResNet(**{"inputs": (8, 8, 1), "classes": 10, **given})

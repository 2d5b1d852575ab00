"""Networks for pictures: what they are given, in which precision, and where they are made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from lstmlab.optimizers import ChildNet, WideResNet

SHAPE = (8, 9, 2)
Make = Callable[[], nn.Module]


def child() -> nn.Module:
    return ChildNet(SHAPE, 5, 3, generator=torch.Generator().manual_seed(0))


def wide() -> nn.Module:
    return WideResNet(SHAPE, 5, 10, 1, generator=torch.Generator().manual_seed(0))


def pictures() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(256, (4, *SHAPE), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("make", [child, wide])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_network_of_another_precision_computes_in_it(make: Make, dtype: torch.dtype) -> None:
    logits, exact = make().to(dtype)(pictures()), make()(pictures())
    assert logits.dtype == dtype
    tolerance = 1e-4 if dtype is torch.float64 else 0.2
    torch.testing.assert_close(logits.float(), exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("make", [child, wide])
def test_torchs_default_precision_is_the_networks(make: Make) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        logits = make()(pictures())
        logits.sum().backward()
    finally:
        torch.set_default_dtype(torch.float32)
    assert logits.dtype == torch.float64


@pytest.mark.parametrize("make", [child, wide])
def test_torchs_default_device_changes_nothing(make: Make) -> None:
    """On "meta" there are no numbers: a tensor that was made there could not be used."""
    x, wanted = pictures(), make()(pictures())
    with torch.device("meta"):
        net = make()
        assert torch.equal(net(x), wanted)
    assert all(tensor.device.type == "cpu" for tensor in net.state_dict().values())


@pytest.mark.parametrize("make", [child, wide])
@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (torch.rand(2, *SHAPE), TypeError, "bytes, torch.uint8 from 0 to 255, got torch.float32"),
        (torch.zeros(2, *SHAPE, dtype=torch.int64), TypeError, "got torch.int64"),
        (torch.zeros(2, 2, 8, 9, dtype=torch.uint8), ValueError,
         r"x must be \(B, 8, 9, 2\), got \(2, 2, 8, 9\)"),
        (torch.zeros(2, 16, 18, 2, dtype=torch.uint8), ValueError, r"got \(2, 16, 18, 2\)"),
        (torch.zeros(SHAPE, dtype=torch.uint8), ValueError, r"got \(8, 9, 2\)"),
    ],
)  # fmt: skip
def test_pictures_of_another_form_are_refused(
    make: Make, x: Tensor, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        make()(x)

"""The wide residual network: few layers, each with many filters.

Zagoruyko and Komodakis (2016), "Wide Residual Networks"; Bello et al. (2017, section 5.2) carry the
rules that were found on a small network to it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import skip_init

from lstmlab.optimizers.convnet import scaled
from lstmlab.tasks.generated import check_whole

SMALLEST = 4
"""Pixels a side: two groups of blocks halve them, which leaves one."""
FILTERS = (16, 32, 64)
"""Of the three groups of blocks, at width 1."""


class WideResNet(nn.Module):
    """WRN-depth-width: a convolution, three groups of residual blocks, and a class.

    Parameters
    ----------
    inputs : tuple of int
        Height, width and channels of a picture; 4 pixels or more a side.
    classes : int
        K, 2 or more.
    depth : int
        Layers with weights, 6n + 4 for n blocks a group: 10, 16, 22, 28, …
    width : int
        k: how many times the filters of a plain residual network.
    generator : torch.Generator, optional
        From which the first weights come, on the CPU; torch's own if not given.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    Table 1 of the paper, with its basic block B(3, 3) and without dropout. The first group keeps
    the size of the picture, the second and third halve it, and what is left is averaged over its
    places. A convolution's first weights are normal with variance 2 / (9 · filters out) (He et al.
    2015), as in the authors' program; those of the last layer uniform within 1/√(its inputs).

    Examples
    --------
    >>> net = WideResNet((32, 32, 3), 10, depth=28, width=10)
    >>> f"{sum(p.numel() for p in net.parameters()) / 1e6:.1f} million weights"
    '36.5 million weights'
    """

    def __init__(
        self,
        inputs: tuple[int, int, int],
        classes: int,
        depth: int = 16,
        width: int = 2,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        height, wide, channels = _shape(inputs)
        classes, width = check_whole("classes", classes, 2), check_whole("width", width)
        depth = check_whole("depth", depth, 10)
        if depth % 6 != 4:
            raise ValueError(f"depth must be 6n + 4, such as 10, 16, 22 or 28, got {depth}")
        super().__init__()
        self.inputs, self.classes, self.depth, self.width = (
            (height, wide, channels), classes, depth, width,
        )  # fmt: skip
        self.first = _convolution(channels, FILTERS[0])
        blocks, filters = [], FILTERS[0]
        for group, plain in enumerate(FILTERS):
            for n in range((depth - 4) // 6):
                stride = 2 if group > 0 and n == 0 else 1
                blocks.append(Block(filters, width * plain, stride))
                filters = width * plain
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.BatchNorm2d(filters, device="cpu")
        self.last = skip_init(nn.Linear, filters, classes)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the weights of all convolutions and of the last layer; biases become 0."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                area = layer.kernel_size[0] * layer.kernel_size[1]
                spread = math.sqrt(2 / (area * layer.out_channels))
                nn.init.normal_(layer.weight, 0, spread, generator=generator)
        bound = 1 / math.sqrt(self.last.in_features)
        nn.init.uniform_(self.last.weight, -bound, bound, generator=generator)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of the classes.

        Parameters
        ----------
        x : Tensor of uint8, (B, height, width, channels)
            As `Pictures` have them: 0 to 255, which becomes -1 to 1.

        Returns
        -------
        Tensor, (B, K)
            In the dtype of the weights.

        Raises
        ------
        TypeError, ValueError
            If x is of another dtype or shape: numbers from 0 to 1 would be nearly black.
        """
        x = scaled(x, self.inputs, self.first.weight.dtype)
        seen = F.relu(self.norm(self.blocks(self.first(x))))
        logits: Tensor = self.last(seen.mean((2, 3)))
        return logits


class Block(nn.Module):
    """B(3, 3): x + conv(relu(norm(conv(relu(norm(x)))))), with two convolutions of 3 x 3.

    Parameters
    ----------
    filters, wider : int
        That come in and go out.
    stride : int
        2 halves the picture.

    Notes
    -----
    Where the shape changes, x passes through a convolution of 1 x 1 instead of being added as it
    is, after its normalisation: both ways share that (He et al. 2016, and the authors' program).
    """

    def __init__(self, filters: int, wider: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(filters, device="cpu")
        self.conv1 = _convolution(filters, wider, stride)
        self.norm2 = nn.BatchNorm2d(wider, device="cpu")
        self.conv2 = _convolution(wider, wider)
        same = filters == wider and stride == 1
        self.short = None if same else _convolution(filters, wider, stride, side=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, filters, height, width) to (B, wider, height / stride, width / stride)."""
        ready = F.relu(self.norm1(x))
        residual = self.conv2(F.relu(self.norm2(self.conv1(ready))))
        whole: Tensor = residual + (x if self.short is None else self.short(ready))
        return whole


def _convolution(filters: int, wider: int, stride: int = 1, side: int = 3) -> nn.Conv2d:
    """Without bias, which the normalisation after it would take away."""
    conv: nn.Conv2d = skip_init(
        nn.Conv2d, filters, wider, side, stride=stride, padding=side // 2, bias=False
    )
    return conv


def _shape(inputs: tuple[int, int, int]) -> tuple[int, int, int]:
    if not isinstance(inputs, tuple | list) or len(inputs) != 3:
        raise ValueError(f"inputs must be height, width and channels, got {inputs!r}")
    height, width, channels = inputs
    return (
        check_whole("inputs[0]", height, SMALLEST), check_whole("inputs[1]", width, SMALLEST),
        check_whole("inputs[2]", channels),
    )  # fmt: skip

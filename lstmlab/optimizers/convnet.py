"""The child's network: two small convolutions and a class for each picture."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from lstmlab.tasks.generated import check_whole

SMALLEST = 4
"""Pixels a side: the two poolings leave one of them."""


class ChildNet(nn.Module):
    """Two convolutions of 3 x 3, and a class for each picture.

    Parameters
    ----------
    inputs : tuple of int
        Height, width and channels of a picture; 4 pixels or more a side.
    classes : int
        K, 2 or more.
    filters : int
        Of each convolution.
    generator : torch.Generator, optional
        From which the first weights come, on the CPU; torch's own if not given.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    After each convolution come batch normalisation and max(0, x), in the customary order; the
    paper names both (section 4.2). The rest is our decision: of every 2 x 2 the largest, after
    each, and one linear layer to the K classes. Weights begin as torch has them, uniform within
    1/√(inputs of a neuron), biases at 0. The largest is taken before max(0, x), which gives the
    same and is faster.
    """

    def __init__(
        self,
        inputs: tuple[int, int, int],
        classes: int,
        filters: int = 32,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        height, width, channels = _shape(inputs)
        classes = check_whole("classes", classes, least=2)
        filters = check_whole("filters", filters)
        super().__init__()
        self.inputs, self.classes = (height, width, channels), classes
        self.layers = nn.Sequential(
            *_block(channels, filters),
            *_block(filters, filters),
            nn.Flatten(),
            skip_init(nn.Linear, filters * (height // 4) * (width // 4), classes),
        )
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                bound = 1 / math.sqrt(layer.weight[0].numel())
                nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if isinstance(layer, nn.Linear):
                nn.init.zeros_(layer.bias)

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
        logits: Tensor = self.layers(scaled(x, self.inputs, self.layers[0].weight.dtype))
        return logits


def scaled(pictures: Tensor, inputs: tuple[int, int, int], dtype: torch.dtype) -> Tensor:
    """Bytes (B, height, width, channels) as (B, channels, height, width) from -1 to 1.

    Raises
    ------
    TypeError, ValueError
        If they are no bytes, or their shape is not that of `inputs`.
    """
    if pictures.dtype != torch.uint8:
        raise TypeError(f"x must be bytes, torch.uint8 from 0 to 255, got {pictures.dtype}")
    if pictures.shape[1:] != inputs:
        size = ", ".join(map(str, inputs))
        raise ValueError(f"x must be (B, {size}), got {tuple(pictures.shape)}")
    return pictures.permute(0, 3, 1, 2).to(dtype) / 127.5 - 1


def _block(channels: int, filters: int) -> tuple[nn.Module, ...]:
    """A convolution without bias, which the normalisation would take away, and what follows it."""
    conv = skip_init(nn.Conv2d, channels, filters, 3, padding=1, bias=False)
    return conv, nn.BatchNorm2d(filters, device="cpu"), nn.MaxPool2d(2), nn.ReLU()


def _shape(inputs: tuple[int, int, int]) -> tuple[int, int, int]:
    if not isinstance(inputs, tuple | list) or len(inputs) != 3:
        raise ValueError(f"inputs must be height, width and channels, got {inputs!r}")
    height, width, channels = inputs
    check_whole("inputs[2]", channels)
    for side in range(2):
        check_whole(f"inputs[{side}]", inputs[side], least=SMALLEST)
    return int(height), int(width), int(channels)

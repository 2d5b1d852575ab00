"""Rules that turn a gradient into a step; all weights are one vector."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from lstmlab.cells import Array


class Rule(Protocol):
    """Changes weights in place."""

    def __call__(self, w: Array, g: Array, rate: float) -> None:
        """w, and what the rule remembers, move; g is left alone."""


class Descent:
    """w ← w - ε g."""

    def __init__(self, size: int, dtype: np.dtype[np.floating]) -> None:
        pass

    def __call__(self, w: Array, g: Array, rate: float) -> None:
        """Take a step."""
        w -= rate * g


class Adagrad:
    """m ← m + g²,  w ← w - ε g / √(m + 10⁻⁸) (Duchi et al. 2011): steps that only get smaller."""

    def __init__(self, size: int, dtype: np.dtype[np.floating]) -> None:
        self.m = np.zeros(size, dtype)

    def __call__(self, w: Array, g: Array, rate: float) -> None:
        """Take a step."""
        self.m += g * g
        w -= rate * g / np.sqrt(self.m + 1e-8)


class RMSProp:
    """v ← 0.9 v + 0.1 g²,  w ← w - ε g / (√v + 10⁻⁷): Adagrad that forgets."""

    def __init__(self, size: int, dtype: np.dtype[np.floating]) -> None:
        self.v = np.zeros(size, dtype)

    def __call__(self, w: Array, g: Array, rate: float) -> None:
        """Take a step."""
        self.v += 0.1 * (g * g - self.v)
        w -= rate * g / (np.sqrt(self.v) + 1e-7)


class Adam:
    """RMSProp with a mean of g in place of g, both corrected for their start at 0.

    β₁ = 0.9, β₂ = 0.999 and 10⁻⁷ in the denominator (Kingma and Ba 2015; Keras' constants).
    """

    def __init__(self, size: int, dtype: np.dtype[np.floating]) -> None:
        self.m, self.v, self.steps = np.zeros(size, dtype), np.zeros(size, dtype), 0

    def __call__(self, w: Array, g: Array, rate: float) -> None:
        """Take a step."""
        self.steps += 1
        self.m += 0.1 * (g - self.m)
        self.v += 0.001 * (g * g - self.v)
        rate *= float(np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps))
        w -= rate * self.m / (np.sqrt(self.v) + 1e-7)


RULES: dict[str, Callable[[int, np.dtype[np.floating]], Rule]] = {
    "adam": Adam,
    "rmsprop": RMSProp,
    "adagrad": Adagrad,
    "sgd": Descent,
}
"""What a network can be trained with on batches."""

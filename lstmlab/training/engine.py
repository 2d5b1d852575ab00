"""What does the arithmetic of training. The recipe knows an engine by these five methods."""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Protocol

import numpy as np

from lstmlab.cells import Array, Params
from lstmlab.training.losses import Target
from lstmlab.training.network import Network


class Engine(Protocol):
    """Owns the weights and the momentum, and updates both one sequence at a time."""

    def step(
        self,
        x: Array,
        target: Target,
        *,
        rate: float,
        momentum: float,
        nesterov: bool = True,
        clip: float | None = None,
    ) -> float:
        """One update from one sequence; returns its loss before the update."""

    def cost(self, x: Array, target: Target) -> float:
        """The loss of one sequence, summed over its frames."""

    def assess(self, x: Array, target: Target) -> tuple[float, int]:
        """The same loss, and how many entries of the target are read wrongly."""

    def weights(self) -> Params:
        """A copy of the weights."""

    def load(self, params: Params) -> None:
        """Take these weights and forget the momentum."""


class NumpyEngine:
    """The plain engine: the network's own gradient and the update as the book writes it."""

    def __init__(self, network: Network, params: Params) -> None:
        self.network = network
        self.load(params)

    def step(
        self,
        x: Array,
        target: Target,
        *,
        rate: float,
        momentum: float,
        nesterov: bool = True,
        clip: float | None = None,
    ) -> float:
        """One update from one sequence; returns its loss before the update.

        v ← μ v + ∂E/∂w, then w ← w - ε v (classical) or w ← w - ε (∂E/∂w + μ v) (Nesterov, in the
        form where w is the point looked ahead to). If E is not finite nothing is changed.
        """
        E, grads = self.network.gradient(self._params, x, target)
        if not np.isfinite(E):
            return E
        for name, g in grads.items():
            if clip is not None:
                g = np.clip(g, -clip, clip)
            v = self._velocity[name]
            v *= momentum
            v += g
            self._params[name] -= rate * (g + momentum * v) if nesterov else rate * v
        return E

    def cost(self, x: Array, target: Target) -> float:
        """The loss of one sequence, summed over its frames."""
        return self.network.cost(self._params, x, target)

    def assess(self, x: Array, target: Target) -> tuple[float, int]:
        """The same loss, and how many entries of the target are read wrongly."""
        return self.network.assess(self._params, x, target)

    def weights(self) -> Params:
        """A copy of the weights."""
        return {name: weights.copy() for name, weights in self._params.items()}

    def load(self, params: Params) -> None:
        """Take these weights and forget the momentum."""
        self._params = {name: weights.copy() for name, weights in params.items()}
        self._velocity = {name: np.zeros_like(weights) for name, weights in params.items()}


@cache
def fastest() -> Callable[[Network, Params], Engine]:
    """The engine that trains fastest here: `CompiledEngine`, or without Numba `NumpyEngine`.

    Warns
    -----
    RuntimeWarning
        If Numba cannot be imported; once.
    """
    try:
        from lstmlab.training.compiled import CompiledEngine
    except ImportError as error:
        warnings.warn(
            f"networks are trained by the NumPy engine, several times slower than compiled code, "
            f"for Numba cannot be imported ({error}): pip install numba",
            RuntimeWarning,
            stacklevel=3,
        )
        return NumpyEngine
    return CompiledEngine

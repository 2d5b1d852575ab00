"""A network of gated recurrent units, trained as the others are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from lstmlab.cells import Array, Params, gru
from lstmlab.training.losses import LOSSES, Target
from lstmlab.training.network import Network

OUTPUT = ("W_y", "b_y")


@dataclass(frozen=True)
class GatedNetwork(Network):
    """Inputs → gated recurrent units (`lstmlab.cells.gru`) → output layer → loss.

    Give it to `train` with `engine=NumpyEngine`, the only one that can compute it.

    Parameters
    ----------
    inputs, blocks, outputs : int
        M, N units, and K.
    variant, loss, directions
        As in `Network`; `variant` means nothing here, and `directions` is 1.

    Notes
    -----
    The reset gate stands before the matrix, as in Cho et al. (2014).
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.directions != 1:
            raise ValueError(f"directions must be 1 for gated units, got {self.directions}")

    def init(
        self, rng: np.random.Generator, std: float = 0.1, dtype: DTypeLike = np.float32
    ) -> Params:
        """Draw every weight from N(0, std²)."""
        params = gru.init_params(self.inputs, self.blocks, rng=rng, std=std, dtype=dtype)
        for name, shape in self._output_shapes.items():
            params[name] = (std * rng.standard_normal(shape)).astype(dtype)
        return params

    def predict(self, params: Params, x: Array) -> Array:
        """Probabilities of the outputs, (T, K), for a sequence x of shape (T, M)."""
        return LOSSES[self.loss].probabilities(self._answer(params, x)[0])

    def cost(self, params: Params, x: Array, target: Target) -> float:
        """The loss E of one sequence in nats, summed over its frames."""
        return LOSSES[self.loss].cross_entropy(self._answer(params, x)[0], target)[0]

    def gradient(self, params: Params, x: Array, target: Target) -> tuple[float, Params]:
        """E of one sequence, and ∂E/∂(every weight) by BPTT."""
        a, trace = self._answer(params, x)
        LOSSES[self.loss].check_target(target, a)
        E, delta = LOSSES[self.loss].cross_entropy(a, target)
        grads = gru.backward(_units(params), trace, delta @ params["W_y"]).params
        return E, grads | {"W_y": delta.T @ trace.h, "b_y": delta.sum(axis=0)}

    @property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return gru.param_shapes(self.inputs, self.blocks) | self._output_shapes

    def _answer(self, params: Params, x: Array) -> tuple[Array, gru.Trace]:
        trace = gru.forward(_units(params), x)
        return trace.h @ params["W_y"].T + params["b_y"], trace


def _units(params: Params) -> Params:
    return {name: weights for name, weights in params.items() if name not in OUTPUT}

"""A network of gated recurrent units, trained as the others are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from lstmlab.cells import Array, Params, State, gru
from lstmlab.training.losses import LOSSES, Target
from lstmlab.training.network import Network

OUTPUT = ("W_y", "b_y")


@dataclass(frozen=True)
class GatedNetwork(Network):
    """Inputs → gated recurrent units (`lstmlab.cells.gru`) → output layer → loss.

    `train` computes it with `NumpyEngine`, the only one that can.

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

    def gradient(self, params: Params, x: Array, target: Target) -> tuple[float, Params]:
        """E of one sequence, and ∂E/∂(every weight) by BPTT."""
        trace = self._trace(params, x)
        a = trace.h @ params["W_y"].T + params["b_y"]
        LOSSES[self.loss].check_target(target, a)
        E, delta = LOSSES[self.loss].cross_entropy(a, target)
        grads = gru.backward(_units(params), trace, delta @ params["W_y"]).params
        return E, grads | {"W_y": delta.T @ trace.h, "b_y": delta.sum(axis=0)}

    @property
    def compiles(self) -> bool:
        """Whether the compiled engine knows gated units: it does not."""
        return False

    @property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return gru.param_shapes(self.inputs, self.blocks) | self._output_shapes

    def _answer(self, params: Params, x: Array) -> Array:
        return self._trace(params, x).h @ params["W_y"].T + params["b_y"]

    def _trace(self, params: Params, x: Array) -> gru.Trace:
        self._check_given(params, x)
        return gru.forward(_units(params), x)

    def _step(self, params: Params, x: Array, last: State) -> tuple[Array, State]:
        h = gru.forward(_units(params), x[None], last.get("y0")).h[0]
        return h, {"y0": h}


def _units(params: Params) -> Params:
    return {name: weights for name, weights in params.items() if name not in OUTPUT}

"""A network: one or two layers of LSTM blocks side by side, and an output layer over them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import DTypeLike

from lstmlab.cells import (
    Array,
    Params,
    State,
    Trace,
    Variant,
    as_variant,
    backward,
    count_params,
    forward,
    init_params,
)
from lstmlab.cells.params import check_array, check_finite
from lstmlab.training.losses import LOSSES, Target

REVERSE = "_reverse"


@dataclass(frozen=True)
class Network:
    """Inputs → LSTM blocks → output layer → loss (Greff et al., section IV-B).

    Parameters
    ----------
    inputs, blocks, outputs : int
        M, N (in each direction) and K.
    variant : Variant or str
    loss : {"sigmoid", "softmax"}
        The output activation with its cross-entropy.
    directions : {1, 2}
        2 adds a layer that reads the sequence backwards; the output layer sees both.

    Notes
    -----
    The weights are one flat dict: those of the block under the paper's names (`W_z` …), those of
    the second direction with `_reverse` appended, and the output layer's `W_y` (K, N or 2N) and
    `b_y` (K,).
    """

    inputs: int
    blocks: int
    outputs: int
    variant: Variant | str = "V"
    loss: str = "sigmoid"
    directions: int = 1
    _variant: Variant = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_variant", as_variant(self.variant))
        count_params(self._variant, self.inputs, self.blocks)  # refuses bad sizes
        if isinstance(self.outputs, bool) or not isinstance(self.outputs, int) or self.outputs < 1:
            raise ValueError(f"outputs must be a whole number, 1 or more, got {self.outputs!r}")
        if self.loss not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(LOSSES)}, got {self.loss!r}")
        if self.directions not in (1, 2):
            raise ValueError(f"directions must be 1 or 2, got {self.directions!r}")

    @property
    def size(self) -> int:
        """How many weights the network has."""
        layer = count_params(self._variant, self.inputs, self.blocks)
        return self.directions * layer + self.outputs * (self.directions * self.blocks + 1)

    def init(
        self, rng: np.random.Generator, std: float = 0.1, dtype: DTypeLike = np.float32
    ) -> Params:
        """Draw every weight from N(0, std²) (section IV-B)."""
        params: Params = {}
        for suffix in self._suffixes:
            layer = init_params(
                self._variant, self.inputs, self.blocks, rng=rng, std=std, dtype=dtype
            )
            params |= {name + suffix: weights for name, weights in layer.items()}
        for name, shape in self._output_shapes.items():
            params[name] = (std * rng.standard_normal(shape)).astype(dtype)
        return params

    def predict(self, params: Params, x: Array) -> Array:
        """Probabilities of the outputs, (T, K), for a sequence x of shape (T, M)."""
        return LOSSES[self.loss].probabilities(self._run(params, x)[0])

    def cost(self, params: Params, x: Array, target: Target) -> float:
        """The loss E of one sequence in nats, summed over its frames."""
        a, _ = self._run(params, x)
        self._check_target(target, a)
        return LOSSES[self.loss].cross_entropy(a, target)[0]

    def gradient(self, params: Params, x: Array, target: Target) -> tuple[float, Params]:
        """E of one sequence, and ∂E/∂(every weight) by BPTT.

        Parameters
        ----------
        params : dict of str to ndarray
        x : ndarray, (T, M)
        target : ndarray, (T, K), or (T,) of classes for softmax
        """
        a, traces = self._run(params, x)
        self._check_target(target, a)
        E, delta = LOSSES[self.loss].cross_entropy(a, target)
        y = self._joined(traces)
        dy = np.split(delta @ params["W_y"], self.directions, axis=1)
        grads: Params = {}
        for suffix, trace, dy_layer in zip(self._suffixes, traces, dy, strict=True):
            layer = backward(_layer(params, suffix), trace, _in_time(dy_layer, suffix))
            grads |= {name + suffix: gradient for name, gradient in layer.params.items()}
        grads |= {"W_y": delta.T @ y, "b_y": delta.sum(axis=0)}
        return E, grads

    def stepper(self, params: Params) -> "Stepper":
        """The network as a machine that is fed one frame at a time."""
        return Stepper(self, params)

    @property
    def _suffixes(self) -> tuple[str, ...]:
        return ("", REVERSE)[: self.directions]

    @property
    def _output_shapes(self) -> dict[str, tuple[int, ...]]:
        return {"W_y": (self.outputs, self.directions * self.blocks), "b_y": (self.outputs,)}

    def _run(self, params: Params, x: Array) -> tuple[Array, list[Trace]]:
        """Output pre-activations (T, K) and one trace a direction."""
        if not isinstance(x, np.ndarray) or x.ndim != 2:
            raise ValueError(f"x must be one sequence, an array of shape (T, {self.inputs})")
        for name, shape in self._output_shapes.items():
            if name not in params:
                raise ValueError(f"params must hold {name}, of shape {shape}")
            check_array(f"params[{name!r}]", params[name], shape, x.dtype)
        traces = [
            forward(_layer(params, suffix), _in_time(x, suffix), self._variant)
            for suffix in self._suffixes
        ]
        return self._joined(traces) @ params["W_y"].T + params["b_y"], traces

    def _joined(self, traces: list[Trace]) -> Array:
        outputs = [
            _in_time(trace.y, suffix)
            for suffix, trace in zip(self._suffixes, traces, strict=True)
        ]
        return np.concatenate(outputs, axis=1)

    def _check_target(self, target: Target, a: Array) -> None:
        T, K = a.shape
        if self.loss == "sigmoid":
            check_array("target", target, (T, K), a.dtype)
            check_finite("target", target)
        elif (
            not isinstance(target, np.ndarray)
            or target.shape != (T,)
            or not np.issubdtype(target.dtype, np.integer)
            or not ((target >= 0) & (target < K)).all()
        ):
            raise ValueError(f"target must be {T} whole numbers from 0 to {K - 1}, got {target!r}")


class Stepper:
    """Feed a one-directional network one frame at a time; it keeps its state.

    Parameters
    ----------
    network : Network
        With `directions=1`: nothing can read backwards what has not happened yet.
    params : dict of str to ndarray
    """

    def __init__(self, network: Network, params: Params) -> None:
        if network.directions != 1:
            raise ValueError("a network that reads backwards cannot be fed one frame at a time")
        self._network, self._params = network, params
        self._last: State = {}

    def __call__(self, x: Array) -> Array:
        """Take the frame x (M,) and return the output probabilities (K,)."""
        network, params = self._network, self._params
        trace = forward(_layer(params, ""), x[None], network._variant, **self._last)
        self._last = trace.last
        a = trace.y[0] @ params["W_y"].T + params["b_y"]
        return LOSSES[network.loss].probabilities(a)


def _layer(params: Params, suffix: str) -> Params:
    """The weights of one direction, under the paper's names."""
    own = {name: weights for name, weights in params.items() if name not in ("W_y", "b_y")}
    if suffix:
        return {name.removesuffix(suffix): w for name, w in own.items() if name.endswith(suffix)}
    return {name: weights for name, weights in own.items() if not name.endswith(REVERSE)}


def _in_time(sequence: Array, suffix: str) -> Array:
    """A sequence as the layer with this suffix reads it; its own inverse."""
    return sequence[::-1] if suffix else sequence

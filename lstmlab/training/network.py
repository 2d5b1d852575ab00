"""A network: one or two layers of blocks side by side, and an output layer over them."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from lstmlab.cells import (
    Array,
    Cell,
    Params,
    State,
    Trace,
    as_cell,
    backward,
    forward,
    init_params,
    param_shapes,
)
from lstmlab.cells.params import check_array, check_positive, output_size
from lstmlab.training.checks import check_weights
from lstmlab.training.losses import LOSSES, Target

REVERSE = "_reverse"


@dataclass(frozen=True)
class Network:
    """Inputs → LSTM blocks or SRN units → output layer → loss (Greff et al., section IV-B).

    Parameters
    ----------
    inputs, blocks, outputs : int
        M, N (in each direction) and K.
    variant : Variant, SRN or the name of one
    loss : {"sigmoid", "softmax", "ctc"}
        The output activation with its cross-entropy. "ctc" is a softmax whose targets are labels
        without times (Graves et al. 2006): class 0 is the blank, labels are 1 to `outputs` - 1.
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
    variant: Cell | str = "V"
    loss: str = "sigmoid"
    directions: int = 1
    _variant: Cell = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_variant", as_cell(self.variant))
        for name in ("inputs", "blocks", "outputs"):
            object.__setattr__(self, name, check_positive(name, getattr(self, name)))
        if not isinstance(self.loss, str) or self.loss not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(LOSSES)}, got {self.loss!r}")
        if self.loss == "ctc" and self.outputs < 2:
            raise ValueError(f"outputs must be 2 or more, a blank and a label, got {self.outputs}")
        if type(self.directions) is not int or self.directions not in (1, 2):
            raise ValueError(f"directions must be 1 or 2, got {self.directions!r}")

    @property
    def cell(self) -> Cell:
        """What the layer is made of, as a value."""
        return self._variant

    @property
    def compiles(self) -> bool:
        """Whether the compiled engine knows what the layer is made of."""
        return not self.cell.extras

    @property
    def size(self) -> int:
        """How many weights the network has."""
        return sum(math.prod(shape) for shape in self._shapes.values())

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
        """Probabilities of the outputs, (T, K), for a sequence x of shape (T, M).

        Raises
        ------
        ValueError, TypeError
            If the weights are not this network's or x does not fit.
        """
        return LOSSES[self.loss].probabilities(self._answer(params, x))

    def read(self, params: Params, x: Array) -> Target:
        """What the network says to x: a class a frame for softmax, by best path labels for CTC.

        Raises
        ------
        ValueError, TypeError
            If the loss is "sigmoid", the weights are not this network's or x does not fit.
        """
        loss = LOSSES[self.loss]
        if loss.read is None:
            raise ValueError(f"loss must be softmax or ctc to read classes, got {self.loss!r}")
        return loss.read(self._answer(params, x))

    def assess(self, params: Params, x: Array, target: Target) -> tuple[float, int]:
        """The loss E of one sequence, and how many entries of its target are read wrongly."""
        a = self._answer(params, x)
        LOSSES[self.loss].check_target(target, a)
        return LOSSES[self.loss].cross_entropy(a, target)[0], LOSSES[self.loss].count(a, target)

    def cost(self, params: Params, x: Array, target: Target) -> float:
        """The loss E of one sequence in nats, summed over its frames; errors as in `gradient`."""
        a = self._answer(params, x)
        LOSSES[self.loss].check_target(target, a)
        return LOSSES[self.loss].cross_entropy(a, target)[0]

    def gradient(self, params: Params, x: Array, target: Target) -> tuple[float, Params]:
        """E of one sequence, and ∂E/∂(every weight) by BPTT.

        Parameters
        ----------
        params : dict of str to ndarray
        x : ndarray, (T, M)
        target : ndarray, (T, K), or (T,) of classes for softmax, or (U,) of labels for CTC

        Returns
        -------
        float
            E in nats, summed over the frames.
        dict of str to ndarray
            ∂E/∂(weights), with the keys of `params`.

        Raises
        ------
        ValueError, TypeError
            If the weights are not this network's, or x or target does not fit.
        """
        a, traces = self._run(params, x)
        LOSSES[self.loss].check_target(target, a)
        E, delta = LOSSES[self.loss].cross_entropy(a, target)
        y = self._joined(traces)
        dy = np.split(delta @ params["W_y"], self.directions, axis=1)
        grads: Params = {}
        for suffix, trace, dy_layer in zip(self._suffixes, traces, dy, strict=True):
            layer = backward(_layer(params, suffix), trace, _in_time(dy_layer, suffix))
            grads |= {name + suffix: gradient for name, gradient in layer.params.items()}
        grads |= {"W_y": delta.T @ y, "b_y": delta.sum(axis=0)}
        return E, grads

    def check(self, params: Params, dtype: np.dtype[Any]) -> None:
        """Refuse weights that are not this network's, in names, shapes or dtype."""
        check_weights(params, self._shapes, dtype, "network")

    def stepper(self, params: Params) -> "Stepper":
        """The network as a machine that is fed one frame at a time."""
        return Stepper(self, params)

    def _step(self, params: Params, x: Array, last: State) -> tuple[Array, State]:
        """Outputs of the layer for one frame x (M,), (N,), and what the next one needs."""
        trace = forward(_layer(params, ""), x[None], self._variant, **last)
        return trace.y[0], trace.last

    @property
    def _suffixes(self) -> tuple[str, ...]:
        return ("", REVERSE)[: self.directions]

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight array."""
        layer = param_shapes(self._variant, self.inputs, self.blocks)
        shapes = {name + suffix: s for suffix in self._suffixes for name, s in layer.items()}
        return shapes | self._output_shapes

    @property
    def _output_shapes(self) -> dict[str, tuple[int, ...]]:
        width = self.directions * output_size(self._variant, self.blocks)
        return {"W_y": (self.outputs, width), "b_y": (self.outputs,)}

    def _answer(self, params: Params, x: Array) -> Array:
        """Output pre-activations, (T, K)."""
        return self._run(params, x)[0]

    def _check_given(self, params: Params, x: Array) -> None:
        """Refuse what is no sequence, and weights that are not this network's."""
        if not isinstance(x, np.ndarray) or x.ndim != 2:
            raise ValueError(f"x must be one sequence, an array of shape (T, {self.inputs})")
        self.check(params, x.dtype)

    def _run(self, params: Params, x: Array) -> tuple[Array, list[Trace]]:
        """Output pre-activations (T, K) and one trace a direction."""
        self._check_given(params, x)
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
        known = isinstance(params, dict) and "W_y" in params
        network.check(params, params["W_y"].dtype if known else np.dtype(float))
        self._network, self._params = network, params
        self._last: State = {}

    def __call__(self, x: Array) -> Array:
        """Take the frame x (M,) and return the output probabilities (K,)."""
        network, params = self._network, self._params
        check_array("x", x, (network.inputs,), params["W_y"].dtype)
        y, self._last = network._step(params, x, self._last)
        a = y @ params["W_y"].T + params["b_y"]
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

"""The fast engine: the arithmetic of `NumpyEngine`, compiled by Numba."""

import math
from typing import NoReturn

import numpy as np

from lstmlab.cells import Array, Params
from lstmlab.cells.kernel.layer import Layer, first_steps, rounded, vector, zeros
from lstmlab.cells.kernel.products import WIDE
from lstmlab.cells.params import check_array
from lstmlab.training.compiled_update import (
    NO_LOSS,
    Numbers,
    Space,
    improve,
    predict,
    score,
    step,
)
from lstmlab.training.losses import LOSSES, Target
from lstmlab.training.network import REVERSE, Network


class CompiledEngine:
    """`NumpyEngine` at the speed of compiled code: the same updates, to rounding.

    Parameters
    ----------
    network : Network
    params : dict of str to ndarray
        First weights; their dtype is that of all arithmetic.

    Raises
    ------
    ValueError
        If the variant has a switch beyond the paper's eight, or the network is made of gated units:
        those only `NumpyEngine` computes.

    Notes
    -----
    The first update of a kind of network compiles it, for some seconds; later ones, in other
    processes too, find it on disk. All weights lie in one vector, padded so that rows begin at a
    cache line. A gradient moves its weights while it is still in registers: it is never stored.
    Loss "ctc" is a compiled function of its own, called between the two halves of an update.
    Engines may run in threads of one process: none of this holds Python's lock.
    """

    def __init__(self, network: Network, params: Params) -> None:
        if not network.compiles and not network.cell.extras:
            raise ValueError(f"network must be made of blocks that are compiled, got {network}")
        self.network = network
        self._scored = LOSSES[network.loss]
        self._dtype = params["W_y"].dtype
        self._layer = Layer(network.cell, network.inputs, network.blocks, self._dtype)
        self._suffixes = ("", REVERSE)[: network.directions]
        self._K = rounded(network.outputs, WIDE)
        size = len(self._suffixes) * (self._layer.size + self._layer.H * self._K) + self._K
        self._numbers, self._moved = (vector(size, self._dtype) for _ in range(2))
        self._w, self._v = self._split(self._numbers), self._split(self._moved)
        self._real = vector(self._K, self._dtype)
        self._real[: network.outputs] = 1
        self._no_transpose = zeros((0, 0), self._dtype)
        self._spaces: dict[int, Space] = {}
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
        """One update from one sequence; returns its loss before the update."""
        x, target = self._checked(x, target)
        space = self._space(len(x))
        of_g, of_v = (1.0, momentum) if nesterov else (0.0, 1.0)
        number, layer = self._dtype.type, self._layer
        update = (number(rate), number(momentum), number(of_g), number(of_v),
                  number(math.inf if clip is None else clip))  # fmt: skip
        if self.network.loss != "ctc":
            E = step(x, target, self._w, self._v, space, self._no_transpose,
                     layer.blocks, layer.switches, update)  # fmt: skip
            return self._loss(E, target)
        a = self._predict(x)
        E, delta = self._scored.cross_entropy(a, target)
        if math.isfinite(E):
            space.delta[:, : self.network.outputs] = delta
            improve(x, self._w, self._v, space, self._no_transpose, layer.switches, update)
        return E

    def cost(self, x: Array, target: Target) -> float:
        """The loss of one sequence, summed over its frames."""
        x, target = self._checked(x, target)
        a = self._predict(x)
        if self.network.loss == "ctc":
            return self._scored.cross_entropy(a, target)[0]
        return self._loss(score(target, self._space(len(x))), target)

    def assess(self, x: Array, target: Target) -> tuple[float, int]:
        """The same loss, and how many entries of the target are read wrongly."""
        E = self.cost(x, target)
        return E, self._scored.count(self._outputs(len(x)), target)

    def weights(self) -> Params:
        """A copy of the weights."""
        N, K = self.network.blocks, self.network.outputs
        found: Params = {}
        for suffix, views in zip(self._suffixes, self._w.layers, strict=True):
            own = self._layer.unpack(views)
            found |= {name + suffix: array for name, array in own.items()}
        W_y = [W[:N, :K].T for W in self._w.W_y]
        return found | {"W_y": np.concatenate(W_y, axis=1), "b_y": self._w.b_y[:K].copy()}

    def load(self, params: Params) -> None:
        """Take these weights and forget the momentum."""
        self.network.check(params, self._dtype)
        N, K = self.network.blocks, self.network.outputs
        for n, suffix in enumerate(self._suffixes):
            own = {name: params[name + suffix] for name in self._layer.names}
            self._layer.pack(own, self._w.layers[n])
            self._w.W_y[n][:N, :K] = params["W_y"][:, n * N : (n + 1) * N].T
            for velocity in (*self._v.layers[n], self._v.W_y[n]):
                velocity[...] = 0
        self._w.b_y[:K] = params["b_y"]
        self._v.b_y[:] = 0

    def _split(self, numbers: Array) -> Numbers:
        """The arrays of a vector: those of each direction, then those of the output layer."""
        directions, size, H = len(self._suffixes), self._layer.size, self._layer.H
        layers = tuple(
            self._layer.views(numbers[n * size : (n + 1) * size]) for n in range(directions)
        )
        W_y = numbers[directions * size : -self._K].reshape(directions, H, self._K)
        return Numbers(layers, tuple(W_y), numbers[-self._K :])

    def _predict(self, x: Array) -> Array:
        """Forward: the pre-activations of the outputs, (T, K)."""
        predict(x, self._w, self._space(len(x)), self._layer.blocks, self._layer.switches)
        return self._outputs(len(x))

    def _outputs(self, T: int) -> Array:
        """The pre-activations in the space for T steps, without the padding."""
        return self._space(T).a[:, : self.network.outputs]

    def _checked(self, x: Array, target: Target) -> tuple[Array, Target]:
        """Both in memory order, if they fit the network."""
        network = self.network
        if not isinstance(x, np.ndarray) or x.ndim != 2 or not len(x):
            raise ValueError(f"x must be one sequence, an array of shape (T, {network.inputs})")
        check_array("x", x, (len(x), network.inputs), self._dtype)
        if network.loss == "sigmoid":
            check_array("target", target, (len(x), network.outputs), self._dtype)
        elif network.loss == "ctc":
            self._scored.check_target(target, self._outputs(len(x)))
        elif np.shape(target) != (len(x),) or np.asarray(target).dtype.kind not in "iu":
            self._refuse(target, len(x))
        return np.ascontiguousarray(x), np.ascontiguousarray(target)

    def _loss(self, E: float, target: Target) -> float:
        if E == NO_LOSS:
            self._refuse(target, len(target))
        return E

    def _refuse(self, target: Target, T: int) -> NoReturn:
        """Say what is wrong with a target, as the other engines do."""
        like = np.zeros((T, self.network.outputs), self._dtype)
        self._scored.check_target(target, like)
        raise ValueError(f"target must be what the loss can score, got {target!r}")

    def _space(self, T: int) -> Space:
        """Arrays for T steps: the first part of those for the longest sequence there was."""
        if T not in self._spaces:
            longest = max(self._spaces, default=0)
            if T > longest:
                rooms = tuple(self._layer.room(T) for _ in self._suffixes)
                a, delta = (zeros((T, self._K), self._dtype) for _ in range(2))
                self._spaces = {T: Space(rooms, a, delta, self._real)}
            else:
                whole = self._spaces[longest]
                rooms = tuple(first_steps(room, T) for room in whole.rooms)
                self._spaces[T] = Space(rooms, whole.a[:T], whole.delta[:T], self._real)
        return self._spaces[T]

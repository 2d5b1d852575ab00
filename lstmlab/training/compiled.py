"""The fast engine: the arithmetic of `NumpyEngine`, compiled by Numba."""

import math
from typing import Any, NamedTuple, NoReturn

import numpy as np

from lstmlab.cells import Array, Params
from lstmlab.cells.kernel.lanes import (
    LANES,
    compiled,
    load,
    log_of_product,
    magnitude,
    store,
    tanh,
    total,
)
from lstmlab.cells.kernel.layer import (
    Layer,
    Room,
    Weights,
    first_steps,
    learn_layer,
    rounded,
    run,
    run_back,
    vector,
    zeros,
)
from lstmlab.cells.kernel.products import WIDE, add_dots, clear, learn, learn_sum, product
from lstmlab.cells.params import check_array
from lstmlab.training.losses import LOSSES, Target
from lstmlab.training.network import REVERSE, Network

NO_LOSS = -1.0  # what stands for it where a target is refused; a loss is never below 0
TOGETHER = 100  # factors of ½ or more whose product float32 can hold: one logarithm for all


class Numbers(NamedTuple):
    """The weights of a network, or their velocity, as views of one vector.

    Attributes
    ----------
    layers : tuple of Weights
        One a direction.
    W_y, b_y : tuple of ndarray, (H, K) each; ndarray, (K,)
        The output layer, K rounded up: one matrix for the outputs of each direction.
    """

    layers: tuple[Weights, ...]
    W_y: tuple[Array, ...]
    b_y: Array


class Space(NamedTuple):
    """What a pass over T steps writes.

    Attributes
    ----------
    rooms : tuple of Room
        One a direction.
    a, delta : ndarray, (T, K)
        Pre-activations of the output layer, and ∂E/∂a.
    real : ndarray, (K,)
        1 for the outputs there are, 0 for padding.
    """

    rooms: tuple[Room, ...]
    a: Array
    delta: Array
    real: Array


@compiled
def sigmoid_loss(a: Any, target: Any, real: Any, delta: Any) -> Any:
    """-Σ [k log p + (1 - k) log(1 - p)] with p = σ(a), and its delta p - k.

    With s = ½ tanh(a/2) it is Σ [½|a| + (½ - k) a - log(½ + |s|)], and all factors ½ + |s| lie
    between ½ and 1: many of them share one logarithm. `real` is 1 for the outputs there are, 0 for
    the padding. An entry of the target that is not between 0 and 1 leaves no loss.
    """
    T, K = target.shape
    G = a.shape[1]
    wrong = 0
    for t in range(T):
        for j in range(K):
            k = target[t, j]
            delta[t, j] = k
            wrong += 0 if 0 <= k <= 1 else 1
    if wrong:
        return NO_LOSS
    half = load(a, 0) * 0 + 0.5
    line, factors = half * 0, half * 0 + 1
    E, multiplied = 0.0, 0
    for t in range(T):
        for j in range(0, G, LANES):
            x, there = load(a, t * G + j), load(real, j)
            k = load(delta, t * G + j)
            s = half * tanh(half * x)
            store(delta, t * G + j, (s + half - k) * there)
            line += (half * magnitude(x) + (half - k) * x) * there
            factors *= 1 - there + there * (half + magnitude(s))
            multiplied += 1
            if multiplied == TOGETHER:
                E += total(line) - log_of_product(factors)
                line, factors, multiplied = half * 0, half * 0 + 1, 0
    E += total(line) - log_of_product(factors)
    return E


@compiled
def softmax_loss(a: Any, target: Any, real: Any, delta: Any) -> Any:
    """-Σ log softmax(a)[target], and its delta softmax(a) - onehot; no loss for unknown classes."""
    K = int(real.sum())
    E = 0.0
    for t in range(len(a)):
        if not 0 <= target[t] < K:
            return NO_LOSS
        most = a[t, :K].max()
        for j in range(K):
            delta[t, j] = math.exp(a[t, j] - most)
        below = delta[t, :K].sum()
        for j in range(K):
            delta[t, j] /= below
        E += math.log(below) - (a[t, target[t]] - most)
        delta[t, target[t]] -= 1
    return E


@compiled
def _in_time(sequence: Any, n: int) -> Any:
    """A sequence as direction n reads it; its own inverse."""
    return sequence[::-1].copy() if n else sequence


@compiled
def _outputs(room: Any, n: int) -> Any:
    """y of direction n, (T, H), in the order of time."""
    T, _, H = room.H_c.shape
    return _in_time(room.Y[1:].reshape(T, H), n)


@compiled
def predict(x: Any, w: Any, space: Any, blocks: int, switches: Any) -> None:
    """Forward: from x (T, M) to the pre-activations of the outputs."""
    for n in range(len(w.layers)):
        run(_in_time(x, n), w.layers[n], space.rooms[n], blocks, switches)
        y = _outputs(space.rooms[n], n)
        if n:
            product(y, w.W_y[n], space.a, space.a.shape[1], space.a)
        else:
            product(y, w.W_y[n], w.b_y, 0, space.a)


@compiled
def score(target: Any, space: Any) -> Any:
    """The loss, and its delta: classes (T,) go with softmax, numbers (T, K) with σ."""
    if target.ndim == 1:
        return softmax_loss(space.a, target, space.real, space.delta)
    return sigmoid_loss(space.a, target, space.real, space.delta)


@compiled
def improve(x: Any, w: Any, v: Any, space: Any, R_T: Any, switches: Any, update: Any) -> None:
    """Backward: from the delta of the outputs to new weights w and velocities v."""
    for n in range(len(w.layers)):
        room = space.rooms[n]
        T, _, H = room.H_c.shape
        delta, dy = _in_time(space.delta, n), room.DY.reshape(T, H)
        for t in range(T):
            clear(dy[t])
            add_dots(dy[t], w.W_y[n], delta[t])
        clear(room.dc.ravel())
        clear(room.dgates.ravel())
        run_back(w.layers[n], R_T, room, switches)
    for n in range(len(w.layers)):
        learn(_outputs(space.rooms[n], n), space.delta, w.W_y[n], v.W_y[n], update)
        learn_layer(_in_time(x, n), space.rooms[n], w.layers[n], v.layers[n], switches, update)
    learn_sum(space.delta, w.b_y, v.b_y, update)


@compiled
def step(
    x: Any, target: Any, w: Any, v: Any, space: Any, R_T: Any, blocks: int, switches: Any,
    update: Any,
) -> Any:  # fmt: skip
    """One update, unless the loss is not finite; returns the loss before it."""
    predict(x, w, space, blocks, switches)
    E = score(target, space)
    if math.isfinite(E) and E != NO_LOSS:
        improve(x, w, v, space, R_T, switches, update)
    return E


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
        If the variant has a switch beyond the paper's eight, which only `NumpyEngine` computes.

    Notes
    -----
    The first update of a kind of network compiles it, for some seconds; later ones, in other
    processes too, find it on disk. All weights lie in one vector, padded so that rows begin at a
    cache line. A gradient moves its weights while it is still in registers: it is never stored.
    Loss "ctc" is a compiled function of its own, called between the two halves of an update.
    Engines may run in threads of one process: none of this holds Python's lock.
    """

    def __init__(self, network: Network, params: Params) -> None:
        self.network = network
        self._scored = LOSSES[network.loss]
        self._dtype = params["W_y"].dtype
        self._layer = Layer(network.cell, network.inputs, network.blocks, self._dtype)
        self._suffixes = ("", REVERSE)[: network.directions]
        self._K = rounded(network.outputs, WIDE)
        size = len(self._suffixes) * (self._layer.size + self._layer.H * self._K) + self._K
        self._w, self._v = (self._split(vector(size, self._dtype)) for _ in range(2))
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

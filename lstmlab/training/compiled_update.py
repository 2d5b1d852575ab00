"""One update of a network, compiled: forward, loss, backward, and weights that move."""

import math
from typing import Any, NamedTuple

from lstmlab.cells import Array
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
from lstmlab.cells.kernel.layer import Room, Weights, learn_layer, run, run_back
from lstmlab.cells.kernel.products import add_dots, clear, learn, learn_sum, product

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


@compiled
def adagrad(w: Any, g: Any, m: Any, rate: Any, clip: Any) -> None:
    """m ← m + g²,  w ← w - ε g / √(m + 10⁻⁸), with the gradient clipped; then g is 0 again."""
    tiny = m.dtype.type(1e-8)
    for k in range(len(w)):
        d = clip if g[k] > clip else -clip if g[k] < -clip else g[k]  # NaN stays NaN
        m[k] += d * d
        w[k] -= rate * d / math.sqrt(m[k] + tiny)
        g[k] = 0


@compiled
def read_windows(
    codes: Any, at: Any, x: Any, w: Any, v: Any, space: Any, R_T: Any, blocks: int, switches: Any,
    numbers: Any, g: Any, m: Any, rate: Any, clip: Any, losses: Any,
) -> Any:  # fmt: skip
    """Window after window; where the next one begins. Frames x and gradient g are zeros between."""
    T, room = len(x), space.rooms[0]
    g[:] = 0
    for n in range(len(losses)):
        if at == 0 or at + T >= len(codes):
            at = 0
            room.Y[0], room.C[0] = 0, 0
            room.gates0[...] = 0
        for t in range(T):
            x[t, codes[at + t]] = 1
        predict(x, w, space, blocks, switches)
        E = score(codes[at + 1 : at + T + 1], space)
        losses[n] = E
        if not math.isfinite(E) or E == NO_LOSS:
            return at
        improve(x, w, v, space, R_T, switches, None)
        adagrad(numbers, g, m, rate, clip)
        for t in range(T):
            x[t, codes[at + t]] = 0
        at += T
        room.Y[0] = room.Y[T]
        room.C[0] = room.C[T]
        H, gates = room.Y.shape[2], room.gates0.shape[1]
        room.gates0[...] = room.A[T - 1, :, H : H + gates]
    return at

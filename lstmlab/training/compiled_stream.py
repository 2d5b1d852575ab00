"""The fast one: windows of a text on the compiled kernel."""

import math

import numpy as np

from lstmlab.cells import Array, Params
from lstmlab.training.compiled import CompiledEngine
from lstmlab.training.compiled_update import NO_LOSS, improve, predict, score
from lstmlab.training.network import Network
from lstmlab.training.stream import Codes, check_network, one_hot
from lstmlab.training.updates import RULES


class CompiledStreamer(CompiledEngine):
    """`NumpyStreamer` at the speed of compiled code: the same updates, to rounding.

    Parameters
    ----------
    network : Network
        That reads in one direction, with the loss "softmax".
    params : dict of str to ndarray
    rule : str
        One of `RULES`.

    Raises
    ------
    ValueError
        If the network is another, or has a switch beyond the paper's eight.
    """

    def __init__(self, network: Network, params: Params, rule: str = "adagrad") -> None:
        check_network(network)
        super().__init__(network, params)
        self._rule = RULES[rule](len(self._numbers), self._dtype)
        self._state: tuple[Array, Array, Array]
        self._frames: Array
        self.forget()

    def step(self, x: Codes, target: Codes, *, rate: float, clip: float | None) -> float:  # type: ignore[override]
        """One update from one window; returns its loss in nats before the update."""
        E = self.score(x, target)
        if not math.isfinite(E):
            return E
        frames, space = self._frames, self._space(len(x))
        g = self._moved
        g[:] = 0
        improve(frames, self._w, self._v, space, self._no_transpose, self._layer.switches, None)
        if clip is not None:
            np.clip(g, -clip, clip, out=g)
        self._rule(self._numbers, g, rate)
        return E

    def score(self, x: Codes, target: Codes) -> float:
        """The loss of a window in nats; the state moves on."""
        frames = one_hot(x, self.network.inputs, self._dtype)
        frames, target = self._checked(frames, target)
        space = self._space(len(x))
        (room,) = space.rooms
        room.Y[0], room.C[0], room.gates0[...] = self._state
        predict(frames, self._w, space, self._layer.blocks, self._layer.switches)
        E = float(score(target, space))
        if E == NO_LOSS:
            self._refuse(target, len(target))
        gates = room.A[-1, :, self._layer.H :][:, : room.gates0.shape[1]]
        self._state = (room.Y[len(x)].copy(), room.C[len(x)].copy(), gates.copy())
        self._frames = frames
        return E

    def forget(self) -> None:
        """Go back to the state of a first step: all zeros."""
        room = self._layer.room(1)
        self._state = (room.Y[0], room.C[0], room.gates0)

    def _predict(self, x: Array) -> Array:
        """What `cost` and `assess` read begins at zeros, and leaves the state as it is."""
        (room,) = self._space(len(x)).rooms
        room.Y[0], room.C[0], room.gates0[...] = 0, 0, 0
        return super()._predict(x)

"""The gradient of 1997 at the speed of compiled code."""

import math

from lstmlab.cells import Array, Params
from lstmlab.cells.kernel.layer import learn_layer, run_back
from lstmlab.cells.kernel.products import learn, learn_sum
from lstmlab.training.compiled import CompiledEngine
from lstmlab.training.compiled_update import NO_LOSS, predict, score
from lstmlab.training.losses import Target
from lstmlab.training.network import Network


class TruncatedEngine(CompiledEngine):
    """`CompiledEngine` with the truncated gradient: only the cell carries a delta back in time.

    It makes the updates of `lstmlab.cells.backward(..., truncated=True)`: on the way back, the
    recurrent weights and the peepholes are taken to be 0. They learn all the same.

    Parameters
    ----------
    network : Network
        That reads in one direction, with the loss "sigmoid" or "softmax".
    params : dict of str to ndarray
        First weights.

    Raises
    ------
    ValueError
        If the network is another, or has a switch beyond the paper's eight.
    """

    def __init__(self, network: Network, params: Params) -> None:
        if network.directions != 1 or network.loss == "ctc":
            raise ValueError(
                f"network must read in one direction and not be trained with ctc, got {network}"
            )
        super().__init__(network, params)
        (layer,) = self._w.layers
        self._cut = layer._replace(
            R=0 * layer.R, p=0 * layer.p, R_gates=0 * layer.R_gates
        )

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
        space, number = self._space(len(x)), self._dtype.type
        predict(x, self._w, space, self._layer.blocks, self._layer.switches)
        E = self._loss(score(target, space), target)
        if not math.isfinite(E) or E == NO_LOSS:
            return E
        of_g, of_v = (1.0, momentum) if nesterov else (0.0, 1.0)
        update = (number(rate), number(momentum), number(of_g), number(of_v),
                  number(math.inf if clip is None else clip))  # fmt: skip
        (w,), (v,), (room,) = self._w.layers, self._v.layers, space.rooms
        T, _, H = room.H_c.shape
        room.DY[:, 0] = space.delta @ self._w.W_y[0].T
        room.dc[...], room.dgates[...] = 0, 0
        run_back(self._cut, self._no_transpose, room, self._layer.switches)
        y = room.Y[1:].reshape(T, H)
        learn(y, space.delta, self._w.W_y[0], self._v.W_y[0], update)
        learn_layer(x, room, w, v, self._layer.switches, update)
        learn_sum(space.delta, self._w.b_y, self._v.b_y, update)
        return E

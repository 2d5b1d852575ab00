"""Many updates in one call: a text read window by window with Adagrad, all of it compiled."""

import math

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import Array, Params
from lstmlab.cells.params import check_positive
from lstmlab.training.compiled import CompiledEngine
from lstmlab.training.compiled_update import read_windows
from lstmlab.training.network import Network
from lstmlab.training.stream import Codes, check_network


class AdagradReader(CompiledEngine):
    """`CompiledStreamer` with Adagrad, to rounding, without a line of Python between two updates.

    It is for networks so small, or updates so few, that Python would take most of the time.

    Parameters
    ----------
    network : Network
        That reads in one direction, with the loss "softmax".
    params : dict of str to ndarray
        First weights.
    codes : ndarray of int, (characters,)
        The text.

    Attributes
    ----------
    at : int
        The character with which the next window begins.

    Raises
    ------
    ValueError
        If the network is another, or codes are no array of whole numbers.
    """

    def __init__(self, network: Network, params: Params, codes: Codes) -> None:
        check_network(network)
        if network.outputs != network.inputs:
            raise ValueError(f"network must have as many outputs as inputs, got {network}")
        super().__init__(network, params)
        if np.ndim(codes) != 1 or np.asarray(codes).dtype.kind not in "iu":
            raise ValueError("codes must be whole numbers in an array of shape (characters,)")
        self._codes = np.ascontiguousarray(codes, np.int32)
        self._m = np.zeros_like(self._numbers)
        self.at = 0
        self._state: tuple[Array, Array, Array] | None = None  # at a beginning it is not read

    def read(
        self, updates: int, length: int, *, rate: float, clip: float = math.inf
    ) -> NDArray[np.float64]:
        """Learn from the windows that come next; the loss of each before its update, in nats.

        Where less than a window is left of the text it begins anew, and the state at zeros. At the
        first loss that is not finite it stops: the rest are NaN.

        Parameters
        ----------
        updates, length : int
            How many windows, of how many characters.
        rate, clip : float
            Learning rate; every entry of a gradient is clipped to [-clip, clip].

        Returns
        -------
        ndarray, (updates,)
            Summed over the characters of each window.

        Raises
        ------
        ValueError
            If updates or length is not 1 or more, the text is not longer than a window, or a code
            is none of the inputs.
        """
        length = check_positive("length", length)
        if length >= len(self._codes):
            raise ValueError(
                f"length must be less than the text's {len(self._codes)} characters, got {length}"
            )
        losses = np.full(check_positive("updates", updates), np.nan)
        self._check_ahead(len(losses) * length)
        frames = np.zeros((length, self.network.inputs), self._dtype)
        number, space = self._dtype.type, self._space(length)
        (room,) = space.rooms
        if self._state:
            room.Y[0], room.C[0], room.gates0[...] = self._state
        self.at = read_windows(
            self._codes, self.at, frames, self._w, self._v, space,
            self._no_transpose, self._layer.blocks, self._layer.switches,
            self._numbers, self._moved, self._m, number(rate), number(clip), losses,
        )  # fmt: skip
        self._state = (room.Y[0].copy(), room.C[0].copy(), room.gates0.copy())
        return losses

    def _check_ahead(self, characters: int) -> None:
        """See that what will be read is known; a look at all of a long text would take too long."""
        ahead = self._codes[self.at : self.at + characters + 1]
        codes = ahead if len(ahead) > characters else self._codes
        if codes.min() < 0 or codes.max() >= self.network.inputs:
            raise ValueError(
                f"codes must lie between 0 and {self.network.inputs - 1}, "
                f"got {codes.min()} to {codes.max()}"
            )

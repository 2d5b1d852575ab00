"""What the two passes leave behind: the quantities of the forward pass, and the gradients."""

from dataclasses import dataclass
from typing import TypedDict

from lstmlab.cells.params import Array, Params
from lstmlab.cells.variants import Cell


class State(TypedDict, total=False):
    """What one step hands to the next; keyword arguments of `forward`."""

    y0: Array
    c0: Array
    gates0: dict[str, Array]


@dataclass(frozen=True)
class Trace:
    """Everything a forward pass computed, under the paper's names.

    Arrays have shape (T, N), or (T, B, N) for a batch. A gate the cell lacks is the constant it
    stands for (1, or 1 - i where it is coupled; in an SRN i = o = 1 and f = 0), and its
    pre-activation is None.

    Attributes
    ----------
    variant : Variant or SimpleRecurrent
    x : ndarray, (T, M) or (T, B, M)
        The input.
    z, i, f, o : ndarray
        Block input and gates.
    c, y : ndarray
        Cell and block output.
    z_bar, i_bar, f_bar, o_bar : ndarray or None
        Pre-activations.
    y0, c0 : ndarray, (N,) or (B, N)
        State before the first step.
    gates0 : dict of str to ndarray
        Gate outputs before the first step; empty unless the variant has full gate recurrence or a
        cortex.
    m : ndarray
        h(c) ⊙ o, which a projection turns into y; without one it is y. With a projection y and y0
        are P long, not N.
    """

    variant: Cell
    x: Array
    z: Array
    i: Array
    f: Array
    o: Array
    c: Array
    y: Array
    z_bar: Array
    i_bar: Array | None
    f_bar: Array | None
    o_bar: Array | None
    y0: Array
    c0: Array
    gates0: dict[str, Array]
    m: Array

    @property
    def last(self) -> State:
        """The state after the last step, ready to be passed on: `forward(..., **trace.last)`."""
        gates = {gate: getattr(self, gate)[-1] for gate in self.gates0}
        return {"y0": self.y[-1], "c0": self.c[-1], "gates0": gates}


@dataclass(frozen=True)
class Gradients:
    """Gradients of a loss E, each of the shape of what it belongs to.

    Attributes
    ----------
    params : dict of str to ndarray
        dE/d(weights), with the keys of the parameters; summed over time and batch.
    x : ndarray, (T, M) or (T, B, M)
        dE/dx, for a layer below.
    y0, c0 : ndarray, (N,) or (B, N)
        dE/d(initial state).
    gates0 : dict of str to ndarray
        dE/d(initial gate outputs); empty unless the variant has full gate recurrence or a cortex.
    """

    params: Params
    x: Array
    y0: Array
    c0: Array
    gates0: dict[str, Array]

"""Precise timing: a spike every so many steps, counted from a start signal.

What peepholes were made for (Gers and Schmidhuber, 2000; Gers, Schraudolph and Schmidhuber, 2002):
the input says nothing, so the network has to count steps by itself, and one step more or less
matters. In `timing` a start signal sets the count back at times that cannot be foreseen; with one
signal, at step 1, it is a regular beat. `delay` asks the other way round: how long was that?
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmlab.tasks.generated import Generated, check_whole
from lstmlab.tasks.task import Array, Split

EVERY, STEPS = 10, 100
"""Steps from spike to spike, and steps of a sequence, in the task `timing`."""


def spikes(every: int, steps: int, starts: Sequence[int] = (1,)) -> tuple[Array, Array]:
    """A beat: after a start at step s, spikes at s + every, s + 2 every, … up to the next start.

    Parameters
    ----------
    every : int
        F, 1 or more.
    steps : int
        T.
    starts : sequence of int
        The steps with a start signal, counted from 1, in ascending order. Before the first there
        is no spike, and none at the step of a start.

    Returns
    -------
    ndarray of float32, (T, 1)
        x: 1 at a start, otherwise 0.
    ndarray of float32, (T, 1)
        target: 1 at a spike, otherwise 0.

    Raises
    ------
    ValueError
        If a size is below 1, or the starts are not steps in ascending order.
    """
    every, steps = check_whole("every", every), check_whole("steps", steps)
    at = np.asarray(starts)
    within = at.ndim == 1 and at.size and at.dtype.kind in "iu"
    if not (within and at[0] >= 1 and at[-1] <= steps and np.all(np.diff(at) > 0)):
        raise ValueError(f"starts must be steps from 1 to {steps}, ascending, got {starts!r}")
    x, target = np.zeros((steps, 1), np.float32), np.zeros((steps, 1), np.float32)
    x[at - 1] = 1
    for start, following in zip(at, [*at[1:], steps + 1], strict=True):
        target[start - 1 + every : following - 1 : every] = 1
    return x, target


def delay(apart: int, longest: int, first: int, steps: int) -> tuple[Array, Array]:
    """Two spikes: were they `longest` steps apart, or fewer?

    Parameters
    ----------
    apart : int
        Steps from the first spike to the second.
    longest : int
        What is to be told from anything less.
    first : int
        The step of the first spike, counted from 1.
    steps : int
        T.

    Returns
    -------
    ndarray of float32, (T, 1)
        x: 1 at the two spikes, otherwise 0.
    ndarray of float32, (T, 1)
        target: 1 at the second spike if `apart` is `longest`, otherwise 0.

    Raises
    ------
    ValueError
        If a number is below 1, or the second spike is beyond the last step.
    """
    apart, longest = check_whole("apart", apart), check_whole("longest", longest)
    first, steps = check_whole("first", first), check_whole("steps", steps)
    if first + apart > steps:
        raise ValueError(f"steps must be {first + apart} or more for both spikes, got {steps}")
    x, target = np.zeros((steps, 1), np.float32), np.zeros((steps, 1), np.float32)
    x[[first - 1, first + apart - 1]] = 1
    target[first + apart - 1] = apart == longest
    return x, target


def starts(rng: np.random.Generator, every: int, steps: int) -> list[int]:
    """Draw start signals: the first at step 1, each 1 to 5 beats after the last, on any step."""
    every, steps = check_whole("every", every), check_whole("steps", steps)
    found = [1]
    while (later := found[-1] + int(rng.integers(every, 5 * every + 1))) <= steps:
        found.append(later)
    return found


def beats(
    rng: np.random.Generator, count: int, every: int = EVERY, steps: int = STEPS
) -> Split:
    """Sequences of `spikes` whose starts are drawn."""
    return [
        spikes(every, steps, starts(rng, every, steps)) for _ in range(check_whole("count", count))
    ]


BEATS = Generated(
    "timing", beats, 1, 1, (100, 50, 50), what=f"spike every {EVERY} steps",
    default=f"start signals at unforeseen times in {STEPS} steps",
)  # fmt: skip

"""Is the backward pass right? Compare it with central differences."""

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from lstmlab.cells.backward import backward as exact_backward
from lstmlab.cells.forward import forward
from lstmlab.cells.params import Array, Params, check_positive, init_params, output_size
from lstmlab.cells.trace import Gradients, Trace
from lstmlab.cells.variants import Cell, as_cell

# Offsets, in steps, and weights of the central differences: E(w + 1 h) counts 1/2, and so on.
DIFFERENCES = {
    2: {1: 1 / 2, -1: -1 / 2},
    4: {1: 8 / 12, -1: -8 / 12, 2: -1 / 12, -2: 1 / 12},
}


class Backward(Protocol):
    """A backward pass: takes what `lstmlab.cells.backward` takes, and returns the like."""

    def __call__(self, params: Params, trace: Trace, dy: Array, dc_last: Array) -> Gradients: ...


def relative_error(got: Array, expected: Array) -> float:
    """Largest difference over an array, divided by the largest entry of `expected`.

    NaN if either array holds NaN; the plain difference if `expected` is zero everywhere.

    Raises
    ------
    ValueError
        If the shapes differ or the arrays are empty.
    """
    if got.shape != expected.shape or not got.size:
        raise ValueError(
            f"got must have the shape of expected, {expected.shape}, and entries, got {got.shape}"
        )
    scale = np.max(np.abs(expected))
    difference = np.max(np.abs(got - expected))
    return float(difference) if scale == 0 else float(difference / scale)


def numerical_gradient(
    loss: Callable[[], float], array: Array, *, step: float = 1e-3, points: int = 4
) -> Array:
    """∂E/∂(every entry of an array), by moving each entry up and down and asking for the loss.

    Parameters
    ----------
    loss : callable
        Takes nothing and returns E, computed from `array` as it is at that moment.
    array : ndarray of float32 or float64, any shape
        What E depends on. Its entries are moved one at a time, in place, and put back.
    step : float
        Distance h between neighbouring points of the difference.
    points : {2, 4}
        2 for (E(w + h) - E(w - h)) / 2h, whose error is of order h²; 4 for the central difference
        over ±h and ±2h, whose error is of order h⁴.

    Returns
    -------
    ndarray of float64
        Of the shape of `array`. Each entry takes `points` calls of `loss`.

    Raises
    ------
    TypeError
        If `array` is not an array of floats that can be written to.
    ValueError
        If `step` is not above 0, is lost in the rounding of an entry, or `points` is not 2 or 4.
    """
    if not isinstance(array, np.ndarray) or not np.issubdtype(array.dtype, np.floating):
        raise TypeError(f"array must be a NumPy array of floats, got {type(array).__name__}")
    if not array.flags.writeable:
        raise TypeError("array must be writable: its entries are moved in place")
    if not 0 < step < np.inf:
        raise ValueError(f"step must be a finite number above 0, got {step!r}")
    if points not in DIFFERENCES:
        raise ValueError(f"points must be 2 or 4, got {points!r}")

    def slopes() -> Iterator[float]:
        for index in np.ndindex(array.shape):
            here, slope = array[index].copy(), 0.0
            try:
                for offset, weight in DIFFERENCES[points].items():
                    array[index] = here + array.dtype.type(offset * step)
                    if array[index] == here:
                        raise ValueError(
                            f"step must be larger than the rounding of an entry, got {step!r} "
                            f"at the entry {here} of type {array.dtype}"
                        )
                    slope += weight * loss()
            finally:
                array[index] = here
            yield slope / step

    return np.fromiter(slopes(), float, count=array.size).reshape(array.shape)


def gradient_pairs(
    variant: Cell | str,
    *,
    inputs: int = 3,
    blocks: int = 4,
    steps: int = 6,
    batch: int | None = None,
    initial_state: bool = True,
    std: float = 0.5,
    seed: int = 0,
    step: float = 1e-3,
    backward: Backward = exact_backward,
) -> dict[str, tuple[Array, Array]]:
    """Every gradient of a random network twice: from a backward pass, and from differences.

    The loss is a random linear function of every block output and of the last cell. Every weight,
    every input and every initial value is moved by ±`step` and ±2·`step`: the central difference
    whose error is of order step⁴, so that small gradients do not drown in rounding. All in float64.

    Parameters
    ----------
    variant : Variant, SRN or the name of one
    inputs, blocks, steps : int
        M, N and T.
    batch : int, optional
        B, for a batch; otherwise one unbatched sequence.
    initial_state : bool
        Start from a random state; otherwise from zeros.
    std : float
        Standard deviation of the weights.
    seed : int
        Of weights, input, state and loss.
    step : float
        Distance between the points of the difference.
    backward : callable
        The backward pass to check: called as `backward(params, trace, dy, dc_last)`.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        What `backward` gives and what differences give, of one shape: every weight by its name,
        then `x`, `y0`, `c0`, and with full gate recurrence or a cortex `gates0[i]` ….

    Raises
    ------
    ValueError
        If a size is not a whole number of 1 or more, `std` is below 0, or `step` is not above 0.
    """
    cell = as_cell(variant)
    for name, size in (("steps", steps), ("batch", 1 if batch is None else batch)):
        check_positive(name, size)
    rng = np.random.default_rng(seed)
    shape = () if batch is None else (batch,)
    params = init_params(cell, inputs, blocks, rng=rng, std=std)
    x = rng.standard_normal((steps, *shape, inputs))
    width = output_size(cell, blocks)
    dy = rng.standard_normal((steps, *shape, width))
    dc_last = rng.standard_normal((*shape, blocks))
    scale = 1.0 if initial_state else 0.0
    y0, c0 = (scale * rng.standard_normal((*shape, size)) for size in (width, blocks))
    gates0 = {gate: scale * rng.uniform(size=(*shape, blocks)) for gate in cell.fed_back}

    def loss() -> float:
        trace = forward(params, x, cell, y0, c0, gates0)
        return float(np.sum(dy * trace.y) + np.sum(dc_last * trace.c[-1]))

    got = backward(params, forward(params, x, cell, y0, c0, gates0), dy, dc_last)
    pairs = {name: (got.params[name], array) for name, array in params.items()}
    pairs |= {"x": (got.x, x), "y0": (got.y0, y0), "c0": (got.c0, c0)}
    pairs |= {f"gates0[{gate}]": (got.gates0[gate], gates0[gate]) for gate in cell.fed_back}
    return {
        name: (gradient, numerical_gradient(loss, array, step=step))
        for name, (gradient, array) in pairs.items()
    }


def gradient_errors(
    variant: Cell | str,
    *,
    inputs: int = 3,
    blocks: int = 4,
    steps: int = 6,
    batch: int | None = None,
    initial_state: bool = True,
    std: float = 0.5,
    seed: int = 0,
    step: float = 1e-3,
    backward: Backward = exact_backward,
) -> dict[str, float]:
    """How far a backward pass is from central differences, array by array.

    Parameters and errors are those of `gradient_pairs`.

    Returns
    -------
    dict of str to float
        The `relative_error` of each array. Below 1e-7 when the gradient is right.
    """
    pairs = gradient_pairs(
        variant, inputs=inputs, blocks=blocks, steps=steps, batch=batch,
        initial_state=initial_state, std=std, seed=seed, step=step, backward=backward,
    )  # fmt: skip
    return {name: relative_error(got, expected) for name, (got, expected) in pairs.items()}


def check_gradients(
    variant: Cell | str,
    *,
    inputs: int = 3,
    blocks: int = 4,
    steps: int = 6,
    batch: int | None = None,
    initial_state: bool = True,
    std: float = 0.5,
    seed: int = 0,
    step: float = 1e-3,
    backward: Backward = exact_backward,
) -> float:
    """The largest error that `gradient_errors`, with the same arguments, finds in any array.

    Returns
    -------
    float
        Below 1e-7 when the gradient is right; NaN if any gradient is.
    """
    errors = gradient_errors(
        variant, inputs=inputs, blocks=blocks, steps=steps, batch=batch,
        initial_state=initial_state, std=std, seed=seed, step=step, backward=backward,
    )  # fmt: skip
    return float(np.max(list(errors.values())))  # Python's max would lose a NaN

"""Is the backward pass right? Compare it with central differences."""

from collections.abc import Iterator

import numpy as np

from lstmlab.cells.backward import backward
from lstmlab.cells.forward import forward
from lstmlab.cells.params import Array, check_positive, init_params
from lstmlab.cells.variants import Variant, as_variant


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


def check_gradients(
    variant: Variant | str,
    *,
    inputs: int = 3,
    blocks: int = 4,
    steps: int = 6,
    batch: int | None = None,
    initial_state: bool = True,
    seed: int = 0,
    step: float = 1e-3,
) -> float:
    """Largest relative error of `backward` against central differences, in float64.

    The loss is a random linear function of every block output and of the last cell. Every weight,
    every input and every initial value is moved by ±`step` and ±2·`step`: the central difference
    whose error is of order step⁴, so that small gradients do not drown in rounding.

    Parameters
    ----------
    variant : Variant or str
    inputs, blocks, steps : int
        M, N and T.
    batch : int, optional
        B, for a batch; otherwise one unbatched sequence.
    initial_state : bool
        Start from a random state; otherwise from zeros.
    seed : int
        Of weights, input, state and loss.
    step : float
        Distance between the points of the difference.

    Returns
    -------
    float
        The largest `relative_error` over all arrays; below 1e-7 when the gradient is right.

    Raises
    ------
    ValueError
        If a size is not a whole number of 1 or more, or `step` is not above 0.
    """
    variant = as_variant(variant)
    for name, size in (("steps", steps), ("batch", 1 if batch is None else batch)):
        check_positive(name, size)
    if not 0 < step < np.inf:
        raise ValueError(f"step must be a finite number above 0, got {step!r}")
    rng = np.random.default_rng(seed)
    shape = () if batch is None else (batch,)
    params = init_params(variant, inputs, blocks, rng=rng, std=0.5)
    x = rng.standard_normal((steps, *shape, inputs))
    dy = rng.standard_normal((steps, *shape, blocks))
    dc_last = rng.standard_normal((*shape, blocks))
    scale = 1.0 if initial_state else 0.0
    y0, c0 = (scale * rng.standard_normal((*shape, blocks)) for _ in "yc")
    fed_back = variant.gates if variant.full_gate_recurrence else ()
    gates0 = {gate: scale * rng.uniform(size=(*shape, blocks)) for gate in fed_back}

    def loss() -> float:
        trace = forward(params, x, variant, y0, c0, gates0)
        return float(np.sum(dy * trace.y) + np.sum(dc_last * trace.c[-1]))

    exact = backward(params, forward(params, x, variant, y0, c0, gates0), dy, dc_last)
    pairs = [(exact.params[name], array) for name, array in params.items()]
    pairs += [(exact.x, x), (exact.y0, y0), (exact.c0, c0)]
    pairs += [(exact.gates0[gate], gates0[gate]) for gate in fed_back]

    def slopes(array: Array) -> Iterator[float]:
        for index in np.ndindex(array.shape):
            here, E = array[index], {}
            for k in (-2, -1, 1, 2):
                array[index] = here + k * step
                E[k] = loss()
            array[index] = here
            yield (8 * (E[1] - E[-1]) - (E[2] - E[-2])) / (12 * step)

    errors = [
        relative_error(got, np.fromiter(slopes(array), float).reshape(array.shape))
        for got, array in pairs
    ]
    return float(np.max(errors))  # NaN if any is: Python's max would lose it

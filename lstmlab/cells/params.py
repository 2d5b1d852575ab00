"""The weights of a block, keyed as the paper writes them."""

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lstmlab.cells.variants import Cell, as_cell

Array: TypeAlias = NDArray[np.floating[Any]]
Params: TypeAlias = dict[str, Array]

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def param_shapes(variant: Cell | str, inputs: int, blocks: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight array of a variant or an SRN, with M inputs and N blocks.

    For each part (z, and each gate that has weights): `W` (N, M) from the input, `R` (N, N) from
    the block outputs of the step before, `b` (N,) the bias; for gates with a peephole also `p`
    (N,). Full gate recurrence adds `R_ab` (N, N), which carries gate a's output to gate b.

    Beyond the paper: slopes add `s` (N,) to each gate; a cortex adds `q_ab` (N,), from gate a to
    gate b of the same block; a projection to P outputs adds `W_r` (P, N), and each `R` is (N, P).

    Greff et al., sections II-A and IV-C.

    Raises
    ------
    ValueError
        If `inputs` or `blocks` is not a whole number of 1 or more, or a projection is not to fewer
        outputs than there are blocks.
    """
    variant = as_cell(variant)
    M, N = check_positive("inputs", inputs), check_positive("blocks", blocks)
    if variant.projection >= N:
        raise ValueError(
            f"projection must be smaller than the number of blocks, {N}, got {variant.projection}"
        )
    P = output_size(variant, N)
    shapes: dict[str, tuple[int, ...]] = {}
    for part in variant.parts:
        shapes[f"W_{part}"] = (N, M)
        shapes[f"R_{part}"] = (N, P)
        if part != "z" and variant.peepholes:
            shapes[f"p_{part}"] = (N,)
        if part != "z" and variant.slopes:
            shapes[f"s_{part}"] = (N,)
        shapes[f"b_{part}"] = (N,)
    if variant.full_gate_recurrence:
        shapes |= {f"R_{a}{b}": (N, N) for b in variant.gates for a in variant.gates}
    if variant.cortex:
        shapes |= {f"q_{a}{b}": (N,) for b in variant.gates for a in variant.gates}
    if variant.projection:
        shapes["W_r"] = (P, N)
    return shapes


def output_size(variant: Cell, blocks: int) -> int:
    """The length of y: the number of blocks, or P with a projection."""
    return variant.projection or blocks


def init_params(
    variant: Cell | str,
    inputs: int,
    blocks: int,
    *,
    rng: np.random.Generator,
    std: float = 0.1,
    dtype: DTypeLike = np.float64,
) -> Params:
    """Draw every weight, biases included, from N(0, std²) (Greff et al., section IV-B).

    Slopes are drawn from N(1, std²): around the sigmoid as it is without them.

    Parameters
    ----------
    variant : Variant, SRN or the name of one
    inputs, blocks : int
        M and N, both at least 1.
    rng : numpy.random.Generator
    std : float
        Standard deviation, 0 or more.
    dtype : float32 or float64

    Returns
    -------
    dict of str to ndarray
        Keyed `W_z R_z b_z W_i R_i p_i b_i …`; see `param_shapes`.
    """
    shapes = param_shapes(variant, inputs, blocks)
    params = draw_params(shapes, rng=rng, std=std, dtype=dtype)
    for name in shapes:
        if name.startswith("s_"):
            params[name] += 1
    return params


def draw_params(
    shapes: dict[str, tuple[int, ...]],
    *,
    rng: np.random.Generator,
    std: float,
    dtype: DTypeLike,
) -> Params:
    """Arrays of these shapes, every entry drawn from N(0, std²)."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {rng!r}")
    dtype = check_dtype("dtype", dtype)
    largest = float(np.finfo(dtype).max) / 100  # no draw from N(0, 1) is beyond 100
    if isinstance(std, bool) or not isinstance(std, int | float | np.number) or not (
        0 <= std < largest
    ):
        raise ValueError(f"std must be a number that fits {dtype}, 0 or more, got {std!r}")
    return {
        name: (std * rng.standard_normal(shape)).astype(dtype) for name, shape in shapes.items()
    }


def count_params(variant: Cell | str, inputs: int, blocks: int) -> int:
    """How many weights a variant has, with M inputs and N blocks."""
    return sum(math.prod(shape) for shape in param_shapes(variant, inputs, blocks).values())


def check_params(params: Params, variant: Cell) -> tuple[int, int, np.dtype[Any]]:
    """Check that `params` fits `variant`; return (M, N, dtype)."""
    if not isinstance(params, dict):
        raise TypeError(f"params must be a dict of arrays, got {type(params).__name__}")
    W_z = params.get("W_z")
    if not isinstance(W_z, np.ndarray) or W_z.ndim != 2:
        raise ValueError("params must hold W_z, an array of shape (blocks, inputs)")
    N, M = W_z.shape
    shapes = param_shapes(variant, M, N)
    missing, extra = shapes.keys() - params.keys(), params.keys() - shapes.keys()
    if missing or extra:
        raise ValueError(
            f"params do not fit {variant}: missing {sorted(missing) or 'nothing'}, "
            f"not expected {sorted(extra) or 'nothing'}"
        )
    dtype = check_dtype("params['W_z'].dtype", W_z.dtype)
    for name, shape in shapes.items():
        check_array(f"params[{name!r}]", params[name], shape, dtype)
    return M, N, dtype


def check_array(name: str, array: Array, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse anything but an array of this shape and dtype, saying what was given."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
    if array.dtype != dtype:
        raise ValueError(f"{name} must be {dtype} as the other arrays are, got {array.dtype}")


def check_finite(name: str, array: Array) -> None:
    """Refuse NaN and infinity, saying where the first one is."""
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(k) for k in np.argwhere(~finite)[0])
        raise ValueError(f"{name} must be finite, got {array[where]} at index {where}")


def check_positive(name: str, value: int) -> int:
    """Refuse anything but a whole number of 1 or more; return it as an int."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a whole number, 1 or more, got {value!r}")
    return int(value)


def check_dtype(name: str, dtype: DTypeLike) -> np.dtype[Any]:
    """Refuse anything but float32 or float64; return it as a dtype."""
    for known in FLOATS:
        try:
            if dtype is not None and np.dtype(dtype) == known:
                return known
        except TypeError:
            break
    raise ValueError(f"{name} must be float32 or float64, got {dtype!r}")

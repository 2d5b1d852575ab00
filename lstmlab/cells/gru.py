"""The gated recurrent unit: forward, BPTT and its check, with NumPy alone (Cho et al., 2014).

    r = σ(W_r x + U_r h' + b_r)              reset gate
    z = σ(W_z x + U_z h' + b_z)              update gate
    h̃ = tanh(W x + U (r ⊙ h') + b)           candidate
    h = z ⊙ h' + (1 - z) ⊙ h̃                 with h' = h of the step before

These are equations 5 to 8 of the paper's section 2.3, with biases. The reset gate has two places in
use: here it closes h' before the matrix U, as the paper has it; with `reset_after` it comes after,
h̃ = tanh(W x + b + r ⊙ (U h' + b_U)), as in `torch.nn.GRU`, with one bias more. In the terms of
Greff et al., section III, a GRU has coupled gates (f = z, i = 1 - z), no peepholes, no output
activation function, and an output gate that only the block input listens through.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from lstmlab.cells.forward import sigmoid
from lstmlab.cells.gradcheck import numerical_gradient, relative_error
from lstmlab.cells.params import (
    Array,
    Params,
    check_array,
    check_finite,
    check_positive,
    draw_params,
)
from lstmlab.cells.sums import outer, shifted, total


@dataclass(frozen=True)
class Trace:
    """Everything a forward pass computed; arrays are (T, N), or (T, B, N) for a batch.

    Attributes
    ----------
    x : ndarray, (T, M) or (T, B, M)
    r, z : ndarray
        Reset and update gate.
    candidate : ndarray
        h̃.
    h : ndarray
        The state, which is the output.
    h0 : ndarray, (N,) or (B, N)
        State before the first step.
    reset_after : bool
        Where the reset gate stands.
    """

    x: Array
    r: Array
    z: Array
    candidate: Array
    h: Array
    h0: Array
    reset_after: bool


@dataclass(frozen=True)
class Gradients:
    """Gradients of a loss: by every weight, (T, ·, M) by the input, and by the first state."""

    params: Params
    x: Array
    h0: Array


def param_shapes(
    inputs: int, units: int, *, reset_after: bool = False
) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight array, with M inputs and N units: `W_r U_r b_r … W U b`.

    W (N, M), U (N, N), b (N,) without an index are the candidate's; `reset_after` adds `b_U` (N,).
    """
    M, N = check_positive("inputs", inputs), check_positive("units", units)
    if not isinstance(reset_after, bool):
        raise TypeError(f"reset_after must be True or False, got {reset_after!r}")
    shapes: dict[str, tuple[int, ...]] = {}
    for part in ("_r", "_z", ""):
        shapes |= {f"W{part}": (N, M), f"U{part}": (N, N), f"b{part}": (N,)}
    if reset_after:
        shapes["b_U"] = (N,)
    return shapes


def count_params(inputs: int, units: int, *, reset_after: bool = False) -> int:
    """How many weights a layer has, with M inputs and N units."""
    return sum(math.prod(s) for s in param_shapes(inputs, units, reset_after=reset_after).values())


def init_params(
    inputs: int,
    units: int,
    *,
    rng: np.random.Generator,
    std: float = 0.1,
    dtype: DTypeLike = np.float64,
    reset_after: bool = False,
) -> Params:
    """Draw every weight, biases included, from N(0, std²), as `lstmlab.cells.init_params` does.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what `lstmlab.cells.init_params` takes.
    """
    shapes = param_shapes(inputs, units, reset_after=reset_after)
    return draw_params(shapes, rng=rng, std=std, dtype=dtype)


def forward(
    params: Params, x: Array, h0: Array | None = None, *, reset_after: bool = False
) -> Trace:
    """Run a layer of units over a sequence.

    Parameters
    ----------
    params : dict of str to ndarray
        As `init_params` makes them, with M inputs and N units and the same `reset_after`.
    x : ndarray, (T, M) or (T, B, M)
        One sequence or a batch of B sequences of the same length; T is at least 1.
    h0 : ndarray, (N,) or (B, N), optional
        State before the first step; zero if not given.
    reset_after : bool
        Whether the reset gate stands behind the matrix U, as in torch, not before it.

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not match, the sequence is empty, or x or h0 is not finite.
    """
    M, N, dtype = check_params(params, reset_after)
    if not isinstance(x, np.ndarray) or x.ndim not in (2, 3) or x.shape[-1] != M or not x.size:
        got = x.shape if isinstance(x, np.ndarray) else type(x).__name__
        raise ValueError(
            f"x must have shape (T, {M}) or (T, B, {M}), with T and B 1 or more, got {got}"
        )
    h0 = np.zeros((*x.shape[1:-1], N), dtype) if h0 is None else h0
    for name, array, shape in (("x", x, x.shape), ("h0", h0, (*x.shape[1:-1], N))):
        check_array(name, array, shape, dtype)
        check_finite(name, array)

    bar = {part: x @ params[f"W{part}"].T + params[f"b{part}"] for part in ("_r", "_z", "")}
    U_r, U_z, U = params["U_r"], params["U_z"], params["U"]
    r, z, candidate, h = (np.empty_like(bar[""]) for _ in range(4))
    h_prev = h0
    for t in range(len(x)):
        r[t] = sigmoid(bar["_r"][t] + h_prev @ U_r.T)
        z[t] = sigmoid(bar["_z"][t] + h_prev @ U_z.T)
        if reset_after:
            candidate[t] = np.tanh(bar[""][t] + r[t] * (h_prev @ U.T + params["b_U"]))
        else:
            candidate[t] = np.tanh(bar[""][t] + (r[t] * h_prev) @ U.T)
        h[t] = z[t] * h_prev + (1 - z[t]) * candidate[t]
        h_prev = h[t]
    return Trace(x, r, z, candidate, h, h0, reset_after)


def backward(params: Params, trace: Trace, dh: Array) -> Gradients:
    """Carry ∂E/∂h back to every weight, the input and the first state.

    Parameters
    ----------
    params : dict of str to ndarray
        The weights the trace was made with.
    trace : Trace
    dh : ndarray, (T, N) or (T, B, N)
        ∂E/∂h^t as it comes from the layer above, without recurrent terms.

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit the trace.

    Notes
    -----
    Derived here; the paper leaves it out. `d` holds the gradients at pre-activations.
    """
    if not isinstance(trace, Trace):
        raise TypeError(f"trace must be a gru.Trace, as gru.forward returns it, got {trace!r}")
    M, N, dtype = check_params(params, trace.reset_after)
    check_array("trace.x", trace.x, (*trace.h.shape[:-1], M), dtype)
    check_array("trace.h", trace.h, (*trace.h.shape[:-1], N), dtype)
    check_array("dh", dh, trace.h.shape, dtype)
    r, z, candidate, U = trace.r, trace.z, trace.candidate, params["U"]
    h_prev = shifted(trace.h, trace.h0)
    # What U is multiplied by, and ∂E/∂(its product with that).
    seen = h_prev if trace.reset_after else r * h_prev
    d_product = np.empty_like(z)

    d = {part: np.empty_like(z) for part in ("_r", "_z", "")}
    dh_from_next = np.zeros_like(trace.h0)
    for t in reversed(range(len(z))):
        dh_t = dh[t] + dh_from_next
        d["_z"][t] = dh_t * (h_prev[t] - candidate[t]) * z[t] * (1 - z[t])
        d[""][t] = dh_t * (1 - z[t]) * (1 - candidate[t] ** 2)
        d_product[t] = d[""][t] * r[t] if trace.reset_after else d[""][t]
        dseen = d_product[t] @ U
        if trace.reset_after:
            dr = d[""][t] * (h_prev[t] @ U.T + params["b_U"])
        else:
            dr = dseen * h_prev[t]
        d["_r"][t] = dr * r[t] * (1 - r[t])
        dh_from_next = dh_t * z[t] + d["_r"][t] @ params["U_r"] + d["_z"][t] @ params["U_z"]
        dh_from_next += dseen if trace.reset_after else dseen * r[t]

    grads = {f"W{part}": outer(delta, trace.x) for part, delta in d.items()}
    grads |= {f"b{part}": total(delta) for part, delta in d.items()}
    grads |= {f"U{part}": outer(d[part], h_prev) for part in ("_r", "_z")}
    grads |= {"U": outer(d_product, seen), "b_U": total(d_product)}
    dx = d["_r"] @ params["W_r"] + d["_z"] @ params["W_z"] + d[""] @ params["W"]
    return Gradients({name: grads[name] for name in params}, x=dx, h0=dh_from_next)


def gradient_errors(
    *,
    inputs: int = 3,
    units: int = 4,
    steps: int = 6,
    batch: int | None = None,
    reset_after: bool = False,
    std: float = 0.5,
    seed: int = 0,
) -> dict[str, float]:
    """How far `backward` is from central differences: the `relative_error` of each array.

    The network is random, and the loss a random linear function of every h^t, in float64.

    Returns
    -------
    dict of str to float
        By the name of each weight, then `x` and `h0`; below 1e-7 when the gradient is right.
    """
    check_positive("steps", steps)
    shape = () if batch is None else (check_positive("batch", batch),)
    rng = np.random.default_rng(seed)
    params = init_params(inputs, units, rng=rng, std=std, reset_after=reset_after)
    x = rng.standard_normal((steps, *shape, inputs))
    h0 = rng.standard_normal((*shape, units))
    dh = rng.standard_normal((steps, *shape, units))

    def loss() -> float:
        return float(np.sum(dh * forward(params, x, h0, reset_after=reset_after).h))

    got = backward(params, forward(params, x, h0, reset_after=reset_after), dh)
    pairs = {name: (got.params[name], array) for name, array in params.items()}
    pairs |= {"x": (got.x, x), "h0": (got.h0, h0)}
    return {
        name: relative_error(gradient, numerical_gradient(loss, array))
        for name, (gradient, array) in pairs.items()
    }


def check_gradients(*, reset_after: bool = False, batch: int | None = None, seed: int = 0) -> float:
    """The largest error that `gradient_errors` finds in any array; NaN if any gradient is."""
    errors = gradient_errors(reset_after=reset_after, batch=batch, seed=seed)
    return float(np.max(list(errors.values())))


def check_params(params: Params, reset_after: bool) -> tuple[int, int, np.dtype[Any]]:
    """Check that `params` are those of a GRU; return (M, N, dtype)."""
    if not isinstance(params, dict) or getattr(params.get("W"), "ndim", 0) != 2:
        raise ValueError("params must be a dict that holds W, an array of shape (units, inputs)")
    N, M = params["W"].shape
    shapes = param_shapes(M, N, reset_after=reset_after)
    missing, extra = shapes.keys() - params.keys(), params.keys() - shapes.keys()
    if missing or extra:
        raise ValueError(
            f"params do not fit a GRU with reset_after={reset_after}: missing "
            f"{sorted(missing) or 'nothing'}, not expected {sorted(extra) or 'nothing'}"
        )
    dtype = params["W"].dtype
    for name, shape in shapes.items():
        check_array(f"params[{name!r}]", params[name], shape, dtype)
    return M, N, dtype

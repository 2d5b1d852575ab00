"""Backpropagation through time, derived by hand, all variants (Greff et al., section II-B)."""

from dataclasses import dataclass

import numpy as np

from lstmlab.cells.forward import Trace
from lstmlab.cells.params import Array, Params, check_array, check_params


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
        dE/d(initial gate outputs); empty unless the variant has full gate recurrence.
    """

    params: Params
    x: Array
    y0: Array
    c0: Array
    gates0: dict[str, Array]


def backward(
    params: Params, trace: Trace, dy: Array, dc_last: Array | None = None
) -> Gradients:
    """Carry dE/dy back through a forward pass to every weight, the input and the initial state.

    Parameters
    ----------
    params : dict of str to ndarray
        The weights the trace was made with.
    trace : Trace
        What `forward` returned.
    dy : ndarray, (T, N) or (T, B, N)
        Δ^t = ∂E/∂y^t, as it comes from the layer above, without recurrent terms.
    dc_last : ndarray, (N,) or (B, N), optional
        ∂E/∂c of the last step, where the loss depends on the final cell directly.

    Returns
    -------
    Gradients

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit the trace.

    Notes
    -----
    Greff et al., section II-B; the exact gradient, nothing truncated. `d["i"]` is the paper's δi:
    the gradient at the *pre-activation* of the input gate. FGR's terms are not in the paper.
    """
    if not isinstance(trace, Trace):
        raise TypeError(f"trace must be a Trace, as forward returns it, got {trace!r}")
    variant = trace.variant
    M, N, dtype = check_params(params, variant)
    check_array("trace.x", trace.x, (*trace.x.shape[:-1], M), dtype)
    check_array("trace.y", trace.y, (*trace.y.shape[:-1], N), dtype)
    state = trace.y.shape[1:]
    check_array("dy", dy, trace.y.shape, dtype)
    dc_from_next = np.zeros(state, dtype)
    if dc_last is not None:
        check_array("dc_last", dc_last, state, dtype)
        dc_from_next = dc_last

    z, i, f, o, c = trace.z, trace.i, trace.f, trace.o, trace.c
    c_prev = _shifted(c, trace.c0)
    h_c = np.tanh(c) if variant.output_activation else c
    h_slope = 1 - h_c**2 if variant.output_activation else np.ones_like(c)
    z_slope = 1 - z**2 if variant.input_activation else np.ones_like(z)
    p = {gate: params[f"p_{gate}"] for gate in variant.gates if variant.peepholes}

    d = {part: np.zeros_like(z) for part in variant.parts}
    dy_from_next = np.zeros(state, dtype)
    dgate_from_next = {gate: np.zeros(state, dtype) for gate in trace.gates0}
    for t in reversed(range(len(z))):
        dy_t = dy[t] + dy_from_next
        dc_t = dy_t * o[t] * h_slope[t] + dc_from_next
        if variant.output_gate:
            do = dy_t * h_c[t] + dgate_from_next.get("o", 0)
            d["o"][t] = do * o[t] * (1 - o[t])
            if "o" in p:
                dc_t += p["o"] * d["o"][t]
        if variant.forget_gate and not variant.coupled:
            df = dc_t * c_prev[t] + dgate_from_next.get("f", 0)
            d["f"][t] = df * f[t] * (1 - f[t])
        if variant.input_gate:
            di = dc_t * z[t] + dgate_from_next.get("i", 0)
            if variant.coupled:  # i also closes the forget gate: f = 1 - i
                di -= dc_t * c_prev[t]
            d["i"][t] = di * i[t] * (1 - i[t])
        d["z"][t] = dc_t * i[t] * z_slope[t]

        # What step t-1 will receive from step t.
        dy_from_next = sum((d[part][t] @ params[f"R_{part}"] for part in variant.parts), 0 * dy_t)
        dc_from_next = dc_t * f[t]
        for gate in ("i", "f"):
            if gate in p:
                dc_from_next += p[gate] * d[gate][t]
        for a in dgate_from_next:
            dgate_from_next[a] = sum(
                (d[b][t] @ params[f"R_{a}{b}"] for b in variant.gates), 0 * dy_t
            )

    return Gradients(
        params=_weight_gradients(params, trace, d, c_prev),
        x=sum((d[part] @ params[f"W_{part}"] for part in variant.parts), 0 * trace.x),
        y0=dy_from_next,
        c0=dc_from_next,
        gates0=dgate_from_next,
    )


def _weight_gradients(
    params: Params, trace: Trace, d: dict[str, Array], c_prev: Array
) -> Params:
    """Outer products of deltas with what they were multiplied by, summed over time and batch."""
    variant = trace.variant
    y_prev = _shifted(trace.y, trace.y0)
    grads = {}
    for part in variant.parts:
        grads[f"W_{part}"] = _outer(d[part], trace.x)
        grads[f"R_{part}"] = _outer(d[part], y_prev)
        grads[f"b_{part}"] = _total(d[part])
    if variant.peepholes:
        for gate in variant.gates:
            seen = trace.c if gate == "o" else c_prev
            grads[f"p_{gate}"] = _total(d[gate] * seen)
    for a, gate0 in trace.gates0.items():
        a_prev = _shifted(getattr(trace, a), gate0)
        for b in variant.gates:
            grads[f"R_{a}{b}"] = _outer(d[b], a_prev)
    return {name: grads[name] for name in params}


def _shifted(sequence: Array, first: Array) -> Array:
    """The sequence one step earlier: first, sequence[0], …, sequence[-2]."""
    return np.concatenate([first[None], sequence[:-1]])


def _outer(delta: Array, value: Array) -> Array:
    """Σ ⟨delta, value⟩ over time and batch, as one matrix product: (N, M)."""
    return delta.reshape(-1, delta.shape[-1]).T @ value.reshape(-1, value.shape[-1])


def _total(array: Array) -> Array:
    """The sum over time and batch: (N,)."""
    return np.asarray(array.reshape(-1, array.shape[-1]).sum(axis=0))

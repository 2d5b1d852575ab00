"""Backpropagation through time, derived by hand, all variants (Greff et al., section II-B)."""

import numpy as np

from lstmlab.cells import cortex, srn
from lstmlab.cells.params import Array, Params, check_array, check_params, output_size
from lstmlab.cells.sums import outer, shifted, total
from lstmlab.cells.trace import Gradients, Trace
from lstmlab.cells.variants import SimpleRecurrent, Variant


def backward(
    params: Params,
    trace: Trace,
    dy: Array,
    dc_last: Array | None = None,
    *,
    truncated: bool = False,
) -> Gradients:
    """Carry dE/dy back through a forward pass to every weight, the input and the initial state.

    Parameters
    ----------
    params : dict of str to ndarray
        The weights the trace was made with.
    trace : Trace
        What `forward` returned.
    dy : ndarray, (T, N) or (T, B, N)
        Δ^t = ∂E/∂y^t, as it comes from the layer above, without recurrent terms. With a projection
        it is P wide, as y is.
    dc_last : ndarray, (N,) or (B, N), optional
        ∂E/∂c of the last step, where the loss depends on the final cell directly.
    truncated : bool
        Let only the cell's gradient flow back in time, as in the LSTM of 1997: δc^{t+1} ⊙ f^{t+1}
        reaches step t; what would pass a recurrent weight or a peephole is dropped. An SRN keeps no
        cell, so there each step stands alone.

    Returns
    -------
    Gradients

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit the trace, or `truncated` is not a bool.

    Notes
    -----
    Greff et al., section II-B; the exact gradient unless `truncated`. `d["i"]` is the paper's δi:
    the gradient at the *pre-activation* of the input gate. FGR's terms are not in the paper, and
    neither are those of projection, slopes and cortex.

    The truncation is that of Hochreiter and Schmidhuber (1997); see Greff et al., section III-A.
    Their blocks had no peepholes; those are cut here as every other way into a gate is, p_o within
    a step included. Gradients of y0 and gates0 are then 0.
    """
    if not isinstance(trace, Trace):
        raise TypeError(f"trace must be a Trace, as forward returns it, got {trace!r}")
    if not isinstance(truncated, bool):
        raise TypeError(f"truncated must be True or False, got {truncated!r}")
    M, N, dtype = check_params(params, trace.variant)
    check_array("trace.x", trace.x, (*trace.x.shape[:-1], M), dtype)
    check_array("trace.y", trace.y, (*trace.y.shape[:-1], output_size(trace.variant, N)), dtype)
    state = (*trace.y.shape[1:-1], N)
    check_array("dy", dy, trace.y.shape, dtype)
    dc_from_next = np.zeros(state, dtype)
    if dc_last is not None:
        check_array("dc_last", dc_last, state, dtype)
        dc_from_next = dc_last
    if isinstance(trace.variant, SimpleRecurrent):
        return srn.backward(params, trace, dy, dc_from_next, truncated)
    return _backward(params, trace, trace.variant, dy, dc_from_next, truncated)


def _backward(
    params: Params, trace: Trace, variant: Variant, dy: Array, dc_last: Array, truncated: bool
) -> Gradients:
    z, i, f, o, c = trace.z, trace.i, trace.f, trace.o, trace.c
    c_prev = shifted(c, trace.c0)
    h_c = np.tanh(c) if variant.output_activation else c
    h_slope = 1 - h_c**2 if variant.output_activation else np.ones_like(c)
    z_slope = 1 - z**2 if variant.input_activation else np.ones_like(z)
    p = {gate: params[f"p_{gate}"] for gate in variant.gates if variant.peepholes}
    if truncated:  # no gradient leaves a gate but for its own weights
        p = {}

    d = {part: np.zeros_like(z) for part in variant.parts}
    dy_whole = np.zeros_like(trace.y)  # Δ, and what comes back through R
    steep = {gate: np.zeros_like(z) for gate in variant.gates if variant.slopes}

    def through_slope(gate: str, t: int) -> None:
        """From the delta at s ⊙ bar to the delta at bar."""
        if variant.slopes:
            steep[gate][t] = d[gate][t]
            d[gate][t] *= params[f"s_{gate}"]

    dc_from_next, dy_from_next = dc_last, np.zeros_like(trace.y0)
    dgate_from_next = {gate: np.zeros_like(dc_last) for gate in trace.gates0}
    for t in reversed(range(len(z))):
        dy_whole[t] = dy_t = dy[t] + dy_from_next
        dm_t = dy_t @ params["W_r"] if variant.projection else dy_t
        dc_t = dm_t * o[t] * h_slope[t] + dc_from_next
        dgate = dict(dgate_from_next)
        if variant.output_gate:
            do = dm_t * h_c[t] + dgate.get("o", 0)
            d["o"][t] = do * o[t] * (1 - o[t])
            through_slope("o", t)
            if "o" in p:
                dc_t += p["o"] * d["o"][t]
            if variant.cortex and not truncated:  # o hears i and f of its own step
                cortex.add_within_step(dgate, params, d["o"][t])
        if variant.forget_gate and not variant.coupled:
            df = dc_t * c_prev[t] + dgate.get("f", 0)
            d["f"][t] = df * f[t] * (1 - f[t])
            through_slope("f", t)
        if variant.input_gate:
            di = dc_t * z[t] + dgate.get("i", 0)
            if variant.coupled:  # i also closes the forget gate: f = 1 - i
                di -= dc_t * c_prev[t]
            d["i"][t] = di * i[t] * (1 - i[t])
            through_slope("i", t)
        d["z"][t] = dc_t * i[t] * z_slope[t]

        # What step t-1 will receive from step t.
        dc_from_next = dc_t * f[t]
        for gate in ("i", "f"):
            if gate in p:
                dc_from_next += p[gate] * d[gate][t]
        if truncated:
            continue
        dy_from_next = sum((d[part][t] @ params[f"R_{part}"] for part in variant.parts), 0 * dy_t)
        if variant.cortex:
            dgate_from_next = cortex.across_steps(params, {b: d[b][t] for b in variant.gates})
        if variant.full_gate_recurrence:
            for a in dgate_from_next:
                dgate_from_next[a] = sum(
                    (d[b][t] @ params[f"R_{a}{b}"] for b in variant.gates), 0 * dc_t
                )

    return Gradients(
        params=_weight_gradients(params, trace, variant, d, c_prev, steep, dy_whole),
        x=sum((d[part] @ params[f"W_{part}"] for part in variant.parts), 0 * trace.x),
        y0=dy_from_next,
        c0=dc_from_next,
        gates0=dgate_from_next,
    )


def _weight_gradients(
    params: Params,
    trace: Trace,
    variant: Variant,
    d: dict[str, Array],
    c_prev: Array,
    steep: dict[str, Array],
    dy: Array,
) -> Params:
    """Outer products of deltas with what they were multiplied by, summed over time and batch.

    `steep` holds the deltas at s ⊙ bar, and `dy` is ∂E/∂y, recurrent terms included.
    """
    y_prev = shifted(trace.y, trace.y0)
    grads = {}
    for part in variant.parts:
        grads[f"W_{part}"] = outer(d[part], trace.x)
        grads[f"R_{part}"] = outer(d[part], y_prev)
        grads[f"b_{part}"] = total(d[part])
    if variant.peepholes:
        for gate in variant.gates:
            seen = trace.c if gate == "o" else c_prev
            grads[f"p_{gate}"] = total(d[gate] * seen)
    if variant.full_gate_recurrence:
        for a, gate0 in trace.gates0.items():
            a_prev = shifted(getattr(trace, a), gate0)
            for b in variant.gates:
                grads[f"R_{a}{b}"] = outer(d[b], a_prev)
    grads |= {f"s_{gate}": total(steep[gate] * getattr(trace, f"{gate}_bar")) for gate in steep}
    if variant.cortex:
        grads |= cortex.gradients(trace, d)
    if variant.projection:
        grads["W_r"] = outer(dy, trace.m)
    return {name: grads[name] for name in params}

"""The forward pass of the LSTM block, all variants (Greff et al., sections II-A and IV-C)."""

from collections.abc import Mapping

import numpy as np

from lstmlab.cells import cortex, srn
from lstmlab.cells.params import (
    Array,
    Params,
    check_array,
    check_finite,
    check_params,
    output_size,
)
from lstmlab.cells.trace import Trace
from lstmlab.cells.variants import Cell, SimpleRecurrent, Variant, as_cell


def sigmoid(x: Array) -> Array:
    """The logistic sigmoid 1 / (1 + e^-x), written with tanh so that no exponential overflows."""
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5)


def identity(x: Array) -> Array:
    """What takes the place of tanh where an activation function is left out."""
    return x


def forward(
    params: Params,
    x: Array,
    variant: Cell | str,
    y0: Array | None = None,
    c0: Array | None = None,
    gates0: Mapping[str, Array] | None = None,
) -> Trace:
    """Run a layer of LSTM blocks, or of SRN units, over a sequence.

    Parameters
    ----------
    params : dict of str to ndarray
        As `init_params` makes them, with M inputs and N blocks.
    x : ndarray, (T, M) or (T, B, M)
        One sequence or a batch of B sequences of the same length; T is at least 1.
    variant : Variant, SRN or the name of one
    y0, c0 : ndarray, (N,) or (B, N), optional
        Block output and cell before the first step; zero if not given. In an SRN c0 counts for
        nothing: no step keeps its cell. With a projection y0 is P long.
    gates0 : mapping of str to ndarray, (N,) or (B, N), optional
        With full gate recurrence or a cortex, the outputs of the gates before the first step; zero
        if not given. Other variants have no such state.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not match, the sequence is empty, or `x` or the initial state holds
        NaN or infinity.

    Notes
    -----
    `x` and the initial state are not copied: leave them unchanged until `backward` is done. The
    weights are not searched for NaN and infinity; what they give is what arithmetic gives, and
    training reports it as divergence.

    Greff et al., section II-A. For FGR the output gate sees c^t, as it does in V (the paper prints
    c^{t-1}; see the errata page of the book). Projection, slopes and cortex: see `Variant`.
    """
    cell = as_cell(variant)
    M, N, dtype = check_params(params, cell)
    _check_sequence(x, M, dtype)
    state = (*x.shape[1:-1], N)
    y0 = _initial("y0", y0, (*x.shape[1:-1], output_size(cell, N)), dtype)
    c0 = _initial("c0", c0, state, dtype)
    gates0 = _initial_gates(gates0, cell, state, dtype)
    if isinstance(cell, SimpleRecurrent):
        return srn.forward(params, x, y0, c0)
    return _forward(params, x, cell, y0, c0, gates0)


def _forward(
    params: Params, x: Array, variant: Variant, y0: Array, c0: Array, gates0: dict[str, Array]
) -> Trace:
    T, state, dtype = len(x), c0.shape, x.dtype
    y_prev, c_prev, gates = y0, c0, gates0
    R = {part: params[f"R_{part}"] for part in variant.parts}
    p = {gate: params[f"p_{gate}"] for gate in variant.gates if variant.peepholes}
    s = {gate: params[f"s_{gate}"] if variant.slopes else 1 for gate in variant.gates}
    g = np.tanh if variant.input_activation else identity
    h = np.tanh if variant.output_activation else identity

    # W x + b needs no past: one matrix product for all time steps.
    bar = {part: x @ params[f"W_{part}"].T + params[f"b_{part}"] for part in variant.parts}
    z, i, f, o, c, m = (np.ones((T, *state), dtype) for _ in "zifocm")
    y = np.empty((T, *y0.shape), dtype) if variant.projection else m
    for t in range(T):
        for part in variant.parts:
            bar[part][t] += y_prev @ R[part].T
        if variant.full_gate_recurrence:
            for a in variant.gates:
                for b in variant.gates:
                    bar[b][t] += gates[a] @ params[f"R_{a}{b}"].T
        for gate in ("i", "f"):
            if gate in p:
                bar[gate][t] += p[gate] * c_prev
            if variant.cortex and gate in bar:
                bar[gate][t] += cortex.heard(params, gate, gates)

        z[t] = g(bar["z"][t])
        if variant.input_gate:
            i[t] = sigmoid(s["i"] * bar["i"][t])
        if variant.coupled:
            f[t] = 1 - i[t]
        elif variant.forget_gate:
            f[t] = sigmoid(s["f"] * bar["f"][t])
        c[t] = z[t] * i[t] + c_prev * f[t]
        if variant.output_gate:
            if "o" in p:
                bar["o"][t] += p["o"] * c[t]
            if variant.cortex:
                bar["o"][t] += cortex.heard(params, "o", gates | {"i": i[t], "f": f[t]})
            o[t] = sigmoid(s["o"] * bar["o"][t])
        m[t] = h(c[t]) * o[t]
        if variant.projection:
            y[t] = m[t] @ params["W_r"].T

        y_prev, c_prev = y[t], c[t]
        gates = {gate: value[t] for gate, value in zip("ifo", (i, f, o), strict=True)}

    bars = {f"{part}_bar": bar.get(part) for part in "ifo"}
    return Trace(variant, x, z, i, f, o, c, y, bar["z"], **bars, y0=y0, c0=c0, gates0=gates0, m=m)


def _check_sequence(x: Array, M: int, dtype: np.dtype[np.floating]) -> None:
    if not isinstance(x, np.ndarray):
        raise TypeError(f"x must be a NumPy array, got {type(x).__name__}")
    if x.ndim not in (2, 3) or x.shape[-1] != M:
        raise ValueError(f"x must have shape (T, {M}) or (T, B, {M}), got {x.shape}")
    if 0 in x.shape[:-1]:
        raise ValueError(f"x must hold at least one step of one sequence, got shape {x.shape}")
    check_array("x", x, x.shape, dtype)
    check_finite("x", x)


def _initial(
    name: str, value: Array | None, state: tuple[int, ...], dtype: np.dtype[np.floating]
) -> Array:
    if value is None:
        return np.zeros(state, dtype)
    check_array(name, value, state, dtype)
    check_finite(name, value)
    return value


def _initial_gates(
    gates0: Mapping[str, Array] | None,
    variant: Cell,
    state: tuple[int, ...],
    dtype: np.dtype[np.floating],
) -> dict[str, Array]:
    known = variant.fed_back
    unknown = set(gates0 or ()) - set(known)
    if unknown:
        raise ValueError(
            f"gates0 must hold only gates that feed others, {list(known)}, got {sorted(unknown)}"
        )
    return {gate: _initial(f"gates0[{gate!r}]", (gates0 or {}).get(gate), state, dtype)
            for gate in known}

"""The simple recurrent network: forward and BPTT (Greff et al., Fig. 1, left).

Called by `lstmlab.cells.forward` and `backward`, which check what they are given.
"""

import numpy as np

from lstmlab.cells.params import Array, Params
from lstmlab.cells.sums import outer, shifted, total
from lstmlab.cells.trace import Gradients, Trace
from lstmlab.cells.variants import SRN


def forward(params: Params, x: Array, y0: Array, c0: Array) -> Trace:
    """y^t = tanh(W_z x^t + R_z y^{t-1} + b_z), for x of shape (T, M) or (T, B, M)."""
    W, R, b = params["W_z"], params["R_z"], params["b_z"]
    bar = x @ W.T + b
    y, y_prev = np.empty_like(bar), y0
    for t in range(len(x)):
        bar[t] += y_prev @ R.T
        y[t] = y_prev = np.tanh(bar[t])
    one, none = np.ones_like(y), np.zeros_like(y)
    return Trace(SRN, x, z=y, i=one, f=none, o=one, c=y, y=y, z_bar=bar,
                 i_bar=None, f_bar=None, o_bar=None, y0=y0, c0=c0, gates0={}, m=y)  # fmt: skip


def backward(
    params: Params, trace: Trace, dy: Array, dc_last: Array, truncated: bool
) -> Gradients:
    """δz^t = (Δ^t + R_z^T δz^{t+1}) ⊙ (1 - (y^t)²), and from it every gradient."""
    W, R, y = params["W_z"], params["R_z"], trace.y
    dz = np.empty_like(y)
    dy_from_next = dc_last  # the cell is the output
    for t in reversed(range(len(y))):
        dz[t] = (dy[t] + dy_from_next) * (1 - y[t] ** 2)
        dy_from_next = np.zeros_like(dc_last) if truncated else dz[t] @ R
    weights = {
        "W_z": outer(dz, trace.x),
        "R_z": outer(dz, shifted(y, trace.y0)),
        "b_z": total(dz),
    }
    return Gradients(weights, x=dz @ W, y0=dy_from_next, c0=np.zeros_like(trace.c0), gates0={})

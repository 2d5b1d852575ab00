"""The loops of the block through time, compiled: one source for all variants.

A switch is an argument that is `ON` or `OFF`. The two have different types, and Numba compiles a
function anew for every combination of types it is called with: what is off in a variant is not in
its machine code.
"""

from lstmlab.cells.kernel.lanes import (
    LANES,
    borrowed,
    compiled,
    inlined,
    load,
    sigmoid,
    store,
    tanh,
)
from lstmlab.cells.kernel.products import add_dots, add_row, clear, product

ON, OFF = (), None
FEW = 3  # sequences at once for which matrix times vector is faster than a matrix product


@inlined
def step(a, p, c_prev, c, h_c, y, i, f, o, g, h, coupled, peepholes, fgr, memory):
    """One step: a holds the pre-activations but for the peepholes, and takes z and the gates."""
    H = len(c)
    for k in range(0, H, LANES):
        z, cell = load(a, k), load(c_prev, k)
        gate, peep = k + H, k  # of the gate at hand: its place in a, and in p
        if g is not None:
            z = tanh(z)
            store(a, k, z)
        new, kept = z, cell
        if i is not None:
            bar = load(a, gate)
            if peepholes is not None:
                bar += load(p, peep) * cell
            i_t = sigmoid(bar)
            store(a, gate, i_t)
            new = z * i_t
            if coupled is not None:
                kept = cell - cell * i_t
            gate += H
            peep += H
        if f is not None:
            bar = load(a, gate)
            if peepholes is not None:
                bar += load(p, peep) * cell
            f_t = sigmoid(bar)
            store(a, gate, f_t)
            kept = cell * f_t
            gate += H
            peep += H
        cell = new
        if memory is not None:
            cell = new + kept
        store(c, k, cell)
        out = cell
        if h is not None:
            out = tanh(cell)
        store(h_c, k, out)
        if o is not None:
            bar = load(a, gate)
            if peepholes is not None:
                bar += load(p, peep) * cell
            o_t = sigmoid(bar)
            store(a, gate, o_t)
            out = out * o_t
        store(y, k, out)


@inlined
def unstep(
    a, p, c_prev, h_c, dy, dc, dgates, d, i, f, o, g, h, coupled, peepholes, fgr, memory
):
    """One step back: from δy and what the next step says of c, to the deltas d; dc moves on."""
    H = len(h_c)
    for k in range(0, H, LANES):
        z, cell, out, s = load(a, k), load(c_prev, k), load(h_c, k), load(dy, k)
        peep = k
        if i is not None:
            peep += H
        if f is not None:
            peep += H
        dcell = load(dc, k)
        if o is not None:
            o_t = load(a, peep + H)
            do = s * out
            if fgr is not None:
                do += load(dgates, peep)
            do = do * o_t * (1 - o_t)
            store(d, peep + H, do)
            if peepholes is not None:
                dcell += load(p, peep) * do
            s = s * o_t
        if h is not None:
            s = s * (1 - out * out)
        dcell += s
        dz, back = dcell, dcell
        if memory is None:
            back = dcell * 0
        if f is not None:
            peep -= H
            f_t = load(a, peep + H)
            df = dcell * cell
            if fgr is not None:
                df += load(dgates, peep)
            df = df * f_t * (1 - f_t)
            store(d, peep + H, df)
            back = dcell * f_t
            if peepholes is not None:
                back += load(p, peep) * df
        if i is not None:
            i_t = load(a, k + H)
            di = dcell * z
            if coupled is not None:  # i also closes the forget gate: f = 1 - i
                di = dcell * (z - cell)
                back = dcell - dcell * i_t
            if fgr is not None:
                di += load(dgates, k)
            di = di * i_t * (1 - i_t)
            store(d, k + H, di)
            if peepholes is not None:
                back += load(p, k) * di
            dz = dcell * i_t
        if g is not None:
            dz = dz * (1 - z * z)
        store(d, k, dz)
        store(dc, k, back)


@compiled
def forward(A, C, H_c, Y, R, p, R_gates, gates0, live, blocks, fgr, switches):
    """All steps: A (T, B, ·) holds W x + b, C and Y (T + 1, B, ·) hold the first state.

    Of the B sequences the first live[t] have a step t. (`fgr` is one of the switches, by itself.)
    """
    A, C, H_c, Y = borrowed(A), borrowed(C), borrowed(H_c), borrowed(Y)
    R, p, R_gates, gates0 = borrowed(R), borrowed(p), borrowed(R_gates), borrowed(gates0)
    T, _, H = H_c.shape
    G = A.shape[2]
    for t in range(T):
        B = live[t]
        if B >= FEW:
            product(Y[t, :B], R, A[t].ravel(), G, A[t])
        for b in range(B):
            a = A[t, b]
            if B < FEW:
                add_row(a, Y[t, b], R)
            if fgr is not None:
                add_row(a[H:], A[t - 1, b, H:] if t else gates0[b], R_gates)
            step(a, p, C[t, b], C[t + 1, b], H_c[t, b], Y[t + 1, b], *switches)
            if fgr is not None:  # blocks that are not there must not feed others
                for gate in range(H, G - H + 1, H):
                    for k in range(blocks, H):
                        a[gate + k] = 0


@compiled
def backward(A, C, H_c, D, DY, dc, dgates, R, R_T, p, R_gates, live, fgr, switches):
    """All steps back: DY holds Δ and takes δy, D takes the deltas, dc and dgates end as step 0's.

    R_T is the transpose of R, for many sequences at once.
    """
    A, C, H_c, D, DY = borrowed(A), borrowed(C), borrowed(H_c), borrowed(D), borrowed(DY)
    R, R_T, p, R_gates = borrowed(R), borrowed(R_T), borrowed(p), borrowed(R_gates)
    dc, dgates = borrowed(dc), borrowed(dgates)
    T, _, H = H_c.shape
    for t in range(T - 1, -1, -1):
        B = live[t]
        for b in range(B):
            unstep(A[t, b], p, C[t, b], H_c[t, b], DY[t, b], dc[b], dgates[b], D[t, b], *switches)
            if fgr is not None:
                clear(dgates[b])
                add_dots(dgates[b], R_gates, D[t, b, H:])
            if t and B < FEW:
                add_dots(DY[t - 1, b], R, D[t, b])
        if t and B >= FEW:
            product(D[t, :B], R_T, DY[t - 1].ravel(), H, DY[t - 1])

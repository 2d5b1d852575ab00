"""Matrix products of all sizes that a block needs, compiled.

Every one keeps a piece of its result in registers while it runs through the other two arrays:
eight accumulators, because a processor starts two multiplications a cycle and waits four cycles
for each. Matrices are stored row by row, and a row is a multiple of WIDE numbers long; that of
`add_row`, of 4 · LANES.
"""

import numpy as np

from lstmlab.cells.kernel.lanes import (
    LANES,
    add_totals,
    clamp,
    compiled,
    inlined,
    load,
    spread,
    store,
    total,
)

WIDE = 2 * LANES
CHUNK = 64  # steps of a gradient that are summed up at once
FITS = 32 * 1024  # bytes of a matrix that stays in the first cache from step to step


@compiled
def clear(a):
    """a = 0"""
    for k in range(len(a)):
        a[k] = 0


@compiled
def product(X, W, start, pitch, A):
    """A = start + X W, with row r of start at entry r · pitch (0: the same row for all)."""
    rows, K = X.shape
    G = A.shape[-1]
    for at in range(0, G, WIDE):
        r = 0
        while r + 4 <= rows:  # four rows by two lanes of A
            s = r * pitch + at
            a0, b0 = load(start, s), load(start, s + LANES)
            a1, b1 = load(start, s + pitch), load(start, s + pitch + LANES)
            a2, b2 = load(start, s + 2 * pitch), load(start, s + 2 * pitch + LANES)
            a3, b3 = load(start, s + 3 * pitch), load(start, s + 3 * pitch + LANES)
            for k in range(K):
                u, v = load(W, k * G + at), load(W, k * G + at + LANES)
                x0, x1 = spread(X[r, k]), spread(X[r + 1, k])
                x2, x3 = spread(X[r + 2, k]), spread(X[r + 3, k])
                a0 += x0 * u
                b0 += x0 * v
                a1 += x1 * u
                b1 += x1 * v
                a2 += x2 * u
                b2 += x2 * v
                a3 += x3 * u
                b3 += x3 * v
            q = r * G + at
            store(A, q, a0)
            store(A, q + LANES, b0)
            store(A, q + G, a1)
            store(A, q + G + LANES, b1)
            store(A, q + 2 * G, a2)
            store(A, q + 2 * G + LANES, b2)
            store(A, q + 3 * G, a3)
            store(A, q + 3 * G + LANES, b3)
            r += 4
        while r < rows:  # what is left over, row by row
            a0, b0 = load(start, r * pitch + at), load(start, r * pitch + at + LANES)
            for k in range(K):
                x0 = spread(X[r, k])
                a0 += x0 * load(W, k * G + at)
                b0 += x0 * load(W, k * G + at + LANES)
            store(A, r * G + at, a0)
            store(A, r * G + at + LANES, b0)
            r += 1


@compiled
def add_row(a, y, R):
    """a += y R, for one row y: what every step of the forward pass waits for."""
    K, G = R.shape
    if K * G * R.itemsize > FITS:  # R passes by once, in order, as fast as memory gives it
        for k in range(0, K, 2):
            y0, y1 = spread(y[k]), spread(y[k + 1])
            for at in range(0, G, 4 * LANES):
                r = k * G + at
                a0 = load(a, at) + y0 * load(R, r)
                a1 = load(a, at + LANES) + y0 * load(R, r + LANES)
                a2 = load(a, at + 2 * LANES) + y0 * load(R, r + 2 * LANES)
                a3 = load(a, at + 3 * LANES) + y0 * load(R, r + 3 * LANES)
                store(a, at, a0 + y1 * load(R, r + G))
                store(a, at + LANES, a1 + y1 * load(R, r + G + LANES))
                store(a, at + 2 * LANES, a2 + y1 * load(R, r + G + 2 * LANES))
                store(a, at + 3 * LANES, a3 + y1 * load(R, r + G + 3 * LANES))
    else:  # R is near: columns of it, so that a stays in registers
        for at in range(0, G, 4 * LANES):
            a0, a1 = load(a, at), load(a, at + LANES)
            a2, a3 = load(a, at + 2 * LANES), load(a, at + 3 * LANES)
            for k in range(K):
                r, y0 = k * G + at, spread(y[k])
                a0 += y0 * load(R, r)
                a1 += y0 * load(R, r + LANES)
                a2 += y0 * load(R, r + 2 * LANES)
                a3 += y0 * load(R, r + 3 * LANES)
            store(a, at, a0)
            store(a, at + LANES, a1)
            store(a, at + 2 * LANES, a2)
            store(a, at + 3 * LANES, a3)


@compiled
def add_dots(y, R, d):
    """y += R d, the same matrix the other way: what every step back waits for."""
    K, G = R.shape
    zero = load(d, 0) * 0
    if K * G * R.itemsize > FITS:
        for k in range(K):
            s0, s1 = zero, zero
            for at in range(0, G, WIDE):
                s0 += load(R, k * G + at) * load(d, at)
                s1 += load(R, k * G + at + LANES) * load(d, at + LANES)
            y[k] += total(s0 + s1)
    else:
        for k in range(0, K, 8):
            s0, s1, s2, s3, s4, s5, s6, s7 = zero, zero, zero, zero, zero, zero, zero, zero
            for at in range(0, G, LANES):
                r, u = k * G + at, load(d, at)
                s0 += load(R, r) * u
                s1 += load(R, r + G) * u
                s2 += load(R, r + 2 * G) * u
                s3 += load(R, r + 3 * G) * u
                s4 += load(R, r + 4 * G) * u
                s5 += load(R, r + 5 * G) * u
                s6 += load(R, r + 6 * G) * u
                s7 += load(R, r + 7 * G) * u
            add_totals(y, k, s0, s1, s2, s3, s4, s5, s6, s7)


@inlined
def settle(w, v, at, g, update):
    """What becomes of a gradient g: it is kept in v, or it moves v and the weights w at once."""
    if update is None:
        store(v, at, g)
    else:
        rate, momentum, of_g, of_v, clip = update
        g = clamp(g, clip)
        new = momentum * load(v, at) + g
        store(v, at, new)
        store(w, at, load(w, at) - rate * (of_g * g + of_v * new))


@inlined
def so_far(v, at, update):
    """Where the sum of a gradient begins: at what v holds of it, or anew."""
    if update is None:
        return load(v, at)
    return load(v, at) * 0


@compiled
def learn(X, D, w, v, update):
    """Settle the gradient Xᵀ D: the sum over steps of ⟨x^t, δ^t⟩. Without update it is added to v.

    Columns of D are laid side by side first: far apart in memory, they would fall out of the cache.
    """
    T, M = X.shape
    G = D.shape[-1]
    together = T if update is not None else min(T, CHUNK)
    near = np.empty(together * WIDE, D.dtype)
    for first in range(0, T, together):
        steps = min(together, T - first)
        for at in range(0, G, WIDE):
            for t in range(steps):
                d = (first + t) * G + at
                store(near, t * WIDE, load(D, d))
                store(near, t * WIDE + LANES, load(D, d + LANES))
            m = 0
            while m + 4 <= M:
                q = m * G + at
                a0, b0 = so_far(v, q, update), so_far(v, q + LANES, update)
                a1, b1 = so_far(v, q + G, update), so_far(v, q + G + LANES, update)
                a2, b2 = so_far(v, q + 2 * G, update), so_far(v, q + 2 * G + LANES, update)
                a3, b3 = so_far(v, q + 3 * G, update), so_far(v, q + 3 * G + LANES, update)
                for t in range(steps):
                    u, s = load(near, t * WIDE), load(near, t * WIDE + LANES)
                    x0, x1 = spread(X[first + t, m]), spread(X[first + t, m + 1])
                    x2, x3 = spread(X[first + t, m + 2]), spread(X[first + t, m + 3])
                    a0 += x0 * u
                    b0 += x0 * s
                    a1 += x1 * u
                    b1 += x1 * s
                    a2 += x2 * u
                    b2 += x2 * s
                    a3 += x3 * u
                    b3 += x3 * s
                settle(w, v, q, a0, update)
                settle(w, v, q + LANES, b0, update)
                settle(w, v, q + G, a1, update)
                settle(w, v, q + G + LANES, b1, update)
                settle(w, v, q + 2 * G, a2, update)
                settle(w, v, q + 2 * G + LANES, b2, update)
                settle(w, v, q + 3 * G, a3, update)
                settle(w, v, q + 3 * G + LANES, b3, update)
                m += 4
            while m < M:
                q = m * G + at
                a0, b0 = so_far(v, q, update), so_far(v, q + LANES, update)
                for t in range(steps):
                    x0 = spread(X[first + t, m])
                    a0 += x0 * load(near, t * WIDE)
                    b0 += x0 * load(near, t * WIDE + LANES)
                settle(w, v, q, a0, update)
                settle(w, v, q + LANES, b0, update)
                m += 1


@compiled
def learn_sum(D, w, v, update):
    """Settle Σ_t δ^t, the gradient of biases; added to v without update."""
    T, G = D.shape
    s = np.zeros(G, D.dtype)
    for t in range(T):
        for k in range(0, G, LANES):
            store(s, k, load(s, k) + load(D, t * G + k))
    for k in range(0, G, LANES):
        settle(w, v, k, so_far(v, k, update) + load(s, k), update)


@compiled
def learn_peephole(D, first, C, w, v, at, update):
    """Settle Σ_t δ^t ⊙ c^t at entry `at` of w; the gate's δ begins at column `first` of D."""
    T, G = D.shape
    H = C.shape[1]
    s = np.zeros(H, D.dtype)
    for t in range(T):
        for k in range(0, H, LANES):
            store(s, k, load(s, k) + load(D, t * G + first + k) * load(C, t * H + k))
    for k in range(0, H, LANES):
        settle(w, v, at + k, so_far(v, at + k, update) + load(s, k), update)

"""CTC, compiled by Numba: what `lstmlab.training.ctc` computes, without its logarithms.

Products of hundreds of probabilities leave the range of floating-point numbers. Logarithms keep
them in it, but then each sum costs exponentials. Here such a number is a pair instead, m R^e with
a whole e and m within √R of 1, and a sum is a sum wherever the two e are the same.
"""

import math
from typing import Any

import numpy as np

from lstmlab.cells import Array
from lstmlab.cells.kernel.lanes import compiled, inlined
from lstmlab.training.ctc import BLANK, Labels, extended

R = 2.0**256
LOG_R = math.log(R)
NEVER = -(2**40)  # the exponent of 0


@inlined
def _sum(m: Any, e: Any, n: Any, d: Any) -> Any:
    """m R^e + n R^d."""
    if e == d:
        return m + n, e
    if e > d:
        return (m + n / R if e == d + 1 else m), e
    return (n + m / R if d == e + 1 else n), d


@inlined
def _times(m: Any, e: Any, y: Any, log_y: Any) -> Any:
    """m R^e times y; where y is small, its logarithm counts."""
    if y < 1 / R:
        d = math.ceil(log_y / LOG_R)
        y, e = math.exp(log_y - d * LOG_R), e + d
    m *= y
    if m < R**-0.5:
        return m * R, e - 1
    if m > R**0.5:
        return m / R, e + 1
    return m, e


@inlined
def _number(m: Any, e: Any) -> Any:
    """m R^e, at most 1, as one number, where m is within R √R of 1."""
    if e == 0:
        return m
    return m / R if e == -1 else m * R if e == 1 else 0.0


@compiled
def _variables(y: Any, log_y: Any, l_: Any) -> Any:
    """α without its last factor y, as pairs, (T, S) each; 0 where the end is out of reach."""
    T, S = y.shape
    m, e = np.zeros((T, S)), np.full((T, S), NEVER)
    m[0, :2], e[0, :2] = 1, 0
    α_m, α_e = np.zeros(S + 2), np.full(S + 2, NEVER)  # entry s at s + 2, after two that are 0
    jumps = np.zeros(S, np.bool_)
    for s in range(2, S):
        jumps[s] = l_[s] != BLANK and l_[s] != l_[s - 2]
    for t in range(T):
        m_t, e_t, y_t, log_y_t = m[t], e[t], y[t], log_y[t]
        first, end = max(0, S - 2 * (T - t)), min(S, 2 * t + 2)
        for s in range(end - 1, first - 1, -1):  # downwards: below s are those of the frame before
            if t:
                n, d = _sum(α_m[s + 2], α_e[s + 2], α_m[s + 1], α_e[s + 1])
                if jumps[s]:
                    n, d = _sum(n, d, α_m[s], α_e[s])
                m_t[s], e_t[s] = n, d
            α_m[s + 2], α_e[s + 2] = _times(m_t[s], e_t[s], y_t[s], log_y_t[s])
    return m, e


@compiled
def _ctc(a: Any, l_: Any, delta: Any) -> Any:
    """E, and delta."""
    (T, K), S = a.shape, len(l_)
    y, log_y = np.empty((T, S)), np.empty((T, S))
    for t in range(T):
        a_t, y_t = a[t], delta[t]
        most = a_t.max()
        for k in range(K):
            y_t[k] = math.exp(a_t[k] - most)
        below = y_t.sum()
        log_below = math.log(below)
        for k in range(K):
            y_t[k] /= below
        for s in range(S):
            y[t, s], log_y[t, s] = y_t[l_[s]], a_t[l_[s]] - most - log_below

    m_α, e_α = _variables(y, log_y, l_)
    back = _variables(y[::-1, ::-1].copy(), log_y[::-1, ::-1].copy(), l_[::-1].copy())
    m_β, e_β = back[0][::-1, ::-1], back[1][::-1, ::-1]
    p, p_e = 0.0, NEVER
    for s in range(max(0, S - 2), S):
        n, d = _times(m_α[-1, s], e_α[-1, s], y[-1, s], log_y[-1, s])
        p, p_e = _sum(p, p_e, n, d)
    each = 1 / p
    for t in range(T):
        for s in range(max(0, S - 2 * (T - t)), min(S, 2 * t + 2)):
            n, d = _times(m_α[t, s], e_α[t, s], y[t, s], log_y[t, s])
            delta[t, l_[s]] -= _number(n * m_β[t, s] * each, d + e_β[t, s] - p_e)
    return -(math.log(p) + p_e * LOG_R)


def ctc(a: Array, l: Labels) -> tuple[float, Array]:
    """-log p(l | x) and its delta, as `lstmlab.training.ctc.ctc` gives them, in float64."""
    a = np.ascontiguousarray(a, float)
    delta = np.empty_like(a)
    E = _ctc(a, extended(l), delta)
    return float(E), delta

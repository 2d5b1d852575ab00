"""The exercises of "Every optimizer you know, in five tokens"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lstmlab.cells import Array

from ..harness import Promises

HOLD = {"c", "d", "e"}

Rate = Callable[[int, float, float, float, float], tuple[float, float]]


def corrected(way: Callable[[float, float], tuple[float, float]]) -> Rate:
    """Factors of the rate and of δ, as functions of both corrections."""

    def rate(t: int, lr: float, delta: float, beta_1: float, beta_2: float) -> tuple[float, float]:
        of_rate, of_delta = way(1 - beta_1**t, 1 - beta_2**t)
        return lr * of_rate, delta * of_delta

    return rate


def searched(L: float, beta: float) -> float:
    """By bisection, from the eigenvalues of a step."""
    low, high = 0.0, 1000 / ((1 - beta) * L)
    for _ in range(80):
        lr = (low + high) / 2
        step = np.array([[1 - lr * (1 - beta) * L, -lr * beta], [(1 - beta) * L, beta]])
        low, high = (lr, high) if np.abs(np.linalg.eigvals(step)).max() < 1 else (low, lr)
    return low


def group(*tokens: str) -> Callable[[], list[str]]:
    return lambda: [*tokens]


SIGNS = ("sign(g)", "sign(m)", "x", "x", "+")

Moved = tuple[Array, Array, Array]


def step(
    w: Array, g: Array, m: Array, v: Array, t: int, lr: float, *,
    power: int = 2, c1: bool = True, c2: bool = True, betas: tuple[float, float] = (0.9, 0.999),
    inside: float = 0.0, beside: float = 1e-8, keep_hats: bool = False, old: bool = False,
    up: bool = False,
) -> Moved:  # fmt: skip
    """A step of Adam, or with an option one with a mistake."""
    before = m, v
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * np.abs(g) ** power
    m_hat, v_hat = before if old else (m, v)
    m_hat = m_hat / (1 - betas[0] ** t) if c1 else m_hat
    v_hat = v_hat / (1 - betas[1] ** t) if c2 else v_hat
    with np.errstate(all="ignore"):
        moved = np.nan_to_num(lr * m_hat / (np.sqrt(v_hat + inside) + beside))
    w = w + moved if up else w - moved
    return (w, m_hat, v_hat) if keep_hats else (w, m, v)


def slipped(**options: object) -> Callable[[Array, Array, Array, Array, int, float], Moved]:
    def adam_step(w: Array, g: Array, m: Array, v: Array, t: int, lr: float) -> Moved:
        return step(w, g, m, v, t, lr, **options)  # type: ignore[arg-type]

    return adam_step


class TestClassics(Promises):
    chapter = "7-2-every-optimizer-you-know"
    wrong = {
        "optimizers.classics-hold": [
            (HOLD | {"a"}, "adam-for-nothing"),
            (HOLD | {"b"}, "against-the-gradient"),
            (HOLD | {"f"}, "two-averages"),
            (HOLD | {"g"}, "power-is-safe"),
            (HOLD - {"c"}, "too-small"),
            (lambda: ["c", "e"], "same-number"),
            (HOLD - {"e"}, "scale"),
        ],
        "optimizers.one-rate": [
            (corrected(lambda c1, c2: (c2**0.5 / c1, 1)), "delta-as-it-is"),
            (corrected(lambda c1, c2: (c2**0.5 / c1, c2**-0.5)), "delta-shrunk"),
            (corrected(lambda c1, c2: (c1 / c2**0.5, c2**0.5)), "upside-down"),
            (corrected(lambda c1, c2: (c2 / c1, c2)), "root-forgotten"),
            (corrected(lambda c1, c2: (c2**0.5 / c1, c2)), "half"),
            (corrected(lambda c1, c2: (c2**0.5, c2**0.5)), "rmsprop"),
            (corrected(lambda c1, c2: (1 / c1, 1)), "momentum"),
            (corrected(lambda c1, c2: (1, 1)), "another-rate"),
            (lambda t, lr, delta, beta_1, beta_2: lr, "form"),
        ],
        "optimizers.largest-rate": [
            (lambda L, beta: 2 / L, "sgd"),
            (lambda L, beta: 2 * (1 + beta) / L, "torchs"),
            (lambda L, beta: 2 * (1 - beta) / ((1 + beta) * L), "upside-down"),
            (lambda L, beta: 2 / ((1 - beta) * L), "scaled-sgd"),
            (lambda L, beta: (1 + beta**0.5) ** 2 / ((1 - beta) * L), "fastest"),
            (lambda L, beta: 2 * (1 + beta) * L / (1 - beta), "curvature"),
            (lambda L, beta: 38 / L, "another-limit"),
        ],
        "optimizers.ten-tokens": [
            (
                group("sign(g)", "sign(m)", "x", "x", "*", "r1", "g", "exp", "x", "*"),
                "powersign",
            ),
            ((*SIGNS, "r1", "g", "x", "x", "left"), "signs-alone"),
            (group(*SIGNS, "r1", "g", "x", "x", "*"), "sign-twice"),
            (group(*SIGNS, "g^2", "r1", "x", "x", "*"), "size-squared"),
            (
                group("sign(g)", "sign(m)", "x", "x", "-", "r1", "g^2", "x", "sqrt", "*"),
                "minus",
            ),
            (group(*SIGNS, "r1", "g", "x", "sqrt", "*"), "root-of-g"),
            (group("1", "sign(m)", "x", "x", "+", "r1", "g", "x", "x", "*"), "average-only"),
            (group(*SIGNS, "r1", "m", "x", "x", "*"), "another-rule"),
            (group(*SIGNS, "r1", "sqrt", "x", "x", "*"), "wrong-place"),
            (group("r1", *SIGNS[1:], "r1", "g", "x", "x", "*"), "wrong-place"),
            (group(*SIGNS, "r1", "|g|", "x", "x", "*"), "not-an-option"),
            (group(*SIGNS), "length"),
        ],
        "optimizers.adam-step": [
            (slipped(c1=False, c2=False), "no-correction"),
            (slipped(c2=False), "half-corrected"),
            (slipped(c1=False), "half-corrected"),
            (slipped(keep_hats=True), "corrected-kept"),
            (slipped(inside=1e-8, beside=0.0), "delta-inside"),
            (slipped(beside=0.0), "no-delta"),
            (slipped(up=True), "uphill"),
            (slipped(betas=(0.999, 0.9)), "betas-exchanged"),
            (slipped(power=1), "not-squared"),
            (slipped(old=True), "old-averages"),
            (slipped(betas=(0.9, 0.99)), "another-step"),
            (lambda w, g, m, v, t, lr: (w - lr * g, m), "length"),
        ],
    }
    right = {
        "optimizers.one-rate": [
            corrected(lambda c1, c2: (c2**0.5 / c1, c2**0.5)),
        ],
        "optimizers.largest-rate": [searched],
        "optimizers.ten-tokens": [
            (*SIGNS, "g^2", "r1", "sqrt", "x", "*"),
            group("sign(m)", "sign(g)", "x", "x", "+", "r1", "g^2", "x", "sqrt", "*"),
            group("sign(g)", "sign(m)", "x", "x", "+", "g^2", "r1", "sqrt", "x", "*"),
        ],
        "optimizers.adam-step": [slipped()],
    }

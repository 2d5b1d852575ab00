"""The exercises of "Why plain recurrence forgets": solutions, and the mistakes they know."""

from __future__ import annotations

import numpy as np
import pytest

from lstmlab import check
from lstmlab.cells import backward, forward

from ..harness import Promises

eigvals, length = np.linalg.eigvals, np.linalg.norm


def unit(w, r, b=0.0):
    return {"W_z": np.array([[w]]), "R_z": np.array([[r]]), "b_z": np.array([b])}


def norm(grads):
    return np.sqrt(sum(np.sum(g**2) for g in grads.values()))


def every(change):
    """A wrong clip that does the same to every array, given it, the norm and the threshold."""
    return lambda grads, largest: {n: change(g, norm(grads), largest) for n, g in grads.items()}


class TestForgetting(Promises):
    chapter = "1-1-why-plain-recurrence-forgets"
    wrong = {
        "network.what-is-certain": [
            ({"a", "b", "d"}, "eigenvalues"),
            ({"c"}, "eigenvalues"),
            ({"a", "d", "e"}, "slopes-forgotten"),
            ({"d"}, "bound-forgotten"),
            (set(), "bound-forgotten"),
            (["a"], "turned-round"),
            ({"a", "z"}, "not-an-option"),
        ],
        "network.one-step-back": [
            (lambda d, D, R, y: (D + R @ d) * (1 - y**2), "not-transposed"),
            (lambda d, D, R, y: D + R.T @ d, "no-slope"),
            (lambda d, D, R, y: R.T @ d * (1 - y**2), "no-own-loss"),
            (lambda d, D, R, y: D + R.T @ d * (1 - y**2), "half-a-slope"),
            (lambda d, D, R, y: D * (1 - y**2) + R.T @ d, "half-a-slope"),
            (lambda d, D, R, y: D + R.T @ (d * (1 - y**2)), "slope-too-early"),
            (lambda d, D, R, y: (D + R.T @ (d * (1 - y**2))) * (1 - y**2), "slope-too-early"),
            (lambda d, D, R, y: (D + R.T @ d) * y * (1 - y), "another-slope"),
            (lambda d, D, R, y: D, "not-the-delta"),
            (lambda d, D, R, y: np.outer(D, d), "shape"),
        ],
        "network.spectral-radius": [
            (lambda R, rho: R * rho, "multiplied"),
            (lambda R, rho: R * abs(eigvals(R)).max() / rho, "upside-down"),
            (lambda R, rho: R * rho / length(R, 2), "norm"),
            (lambda R, rho: R * rho / length(R), "norm"),
            (lambda R, rho: R * rho / abs(R).max(), "norm"),
            (lambda R, rho: R * rho / eigvals(R).real.max(), "sign-or-part"),
            (lambda R, rho: R * rho / abs(eigvals(R).real).max(), "sign-or-part"),
            (lambda R, rho: rho * np.eye(len(R)), "another-radius"),
            (lambda R, rho: abs(eigvals(R)).max(), "shape"),
        ],
        "network.clip": [
            (every(lambda g, n, most: np.clip(g, -most, most)), "entry-by-entry"),
            (every(lambda g, n, most: g * min(1, most / length(g))), "each-by-itself"),
            (every(lambda g, n, most: g * min(1, most / n) * (0.5 if n < most else 1)), "touched"),
            (every(lambda g, n, most: g * most / n), "lengthened"),
            (every(lambda g, n, most: g * most / n**2 if n > most else g), "no-root"),
            (lambda grads, most: grads, "not-clipped"),
            (every(lambda g, n, most: g * most / len(g) if n > most else g), "not-that-long"),
            (lambda grads, most: grads["W_z"], "form"),
            (lambda grads, most: {"W_z": grads["W_z"]}, "keys"),
        ],
        "network.latch": [
            (unit(1.0, 0.9), "leaks"),
            (unit(1.0, 1.0), "leaks"),
            (unit(0.0, 2.0), "deaf"),
            (unit(1.0, -2.0), "flips"),
            (unit(1.0, 2.0, 5.0), "one-sided"),
            (unit(-1.0, 2.0), "upside-down"),
            (unit(20.0, 2.0), "shaken"),
            (unit(1.0, 1.25), "shaken"),
            (unit(1.0, 1e6), "huge"),
            (lambda: {"W_z": 1.0, "R_z": 2.0, "b_z": 0.0}, "shape"),
        ],
    }
    right = {
        "network.what-is-certain": [["d", "a"], lambda: ("a", "D")],
        "network.one-step-back": [lambda d, D, R, y: np.diag(1 - y * y) @ (D + d @ R)],
        "network.spectral-radius": [
            lambda R, rho: rho * R / max(map(abs, eigvals(R).tolist())),
        ],
        "network.clip": [every(lambda g, n, most: g / max(1, n / most))],
        "network.latch": [unit(1.0, 2.0), unit(1.5, 3.0), unit(0.05, 2.0), lambda: unit(0.5, 1.8)],
    }


def test_the_remark_on_a_latch_is_what_is_left_of_a_delta():
    w, x, dy = unit(1.0, 2.0), np.eye(151, 1), np.zeros((151, 1))
    dy[-1] = 1
    delta = backward(w, forward(w, x, "SRN"), dy).x
    said = check("network.latch", w).says
    assert f"{float(delta[0, 0] / delta[-1, 0]):.0e} is left" in said


@pytest.mark.parametrize("bias", [0.0, 0.1])
def test_a_latch_may_have_a_little_bias(bias):
    assert check("network.latch", unit(1.0, 2.5, bias))

"""The exercises of "Trusting a gradient": their solutions, and the mistakes they know."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from lstmlab import check
from lstmlab.cells import backward, forward, init_params, numerical_gradient
from lstmlab.exercises.network.gradients import EXPERIMENTS
from lstmlab.exercises.network.planted import FAULTS, PLANTED, pattern

from ..harness import Promises

Loss = Callable[[np.ndarray], float]
Checker = Callable[[Loss, np.ndarray, np.ndarray], object]
UNSEEN = {"W_f", "R_f", "p_f", "b_f", "p_i"}


def central(loss: Loss, w: np.ndarray, h: float = 1e-5, sides: int = 2) -> np.ndarray:
    """Slopes by differences, on copies of w."""
    measured = np.zeros_like(w)
    for index in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[index] += h
        below[index] -= h * (sides - 1)
        measured[index] = (loss(above) - loss(below)) / (sides * h)
    return measured


def relative(gradient: np.ndarray, measured: np.ndarray) -> object:
    return np.max(np.abs(gradient - measured)) / np.max(np.abs(measured))


def checker(
    measure: Callable[[np.ndarray, np.ndarray], object] = relative,
    slopes: Callable[[Loss, np.ndarray], np.ndarray] = central,
) -> Checker:
    """A gradient checker in which one part may be another."""
    return lambda loss, gradient, w: measure(gradient, slopes(loss, w))


def restless(h: float = 1e-5, back: float = 1.0) -> Callable[[Loss, np.ndarray], np.ndarray]:
    """Slopes for which the entries of w are moved in place, and moved back by adding."""

    def slopes(loss: Loss, w: np.ndarray) -> np.ndarray:
        measured = np.zeros_like(w)
        for index in np.ndindex(w.shape):
            w[index] += h
            above = loss(w)
            w[index] -= 2 * h
            measured[index] = (above - loss(w)) / (2 * h)
            w[index] += back * h
        return measured

    return slopes


def never_back(loss: Loss, w: np.ndarray) -> np.ndarray:
    """Right slopes, and then a step of training."""
    measured = central(loss, w)
    w -= 0.1 * measured
    return measured


def by_rows(loss: Loss, w: np.ndarray) -> np.ndarray:
    measured = np.zeros_like(w)
    for row in range(len(w)):
        above, below = w.copy(), w.copy()
        above[row] += 1e-5
        below[row] -= 1e-5
        measured[row] = (loss(above) - loss(below)) / 2e-5
    return measured


def all_but_the_last(loss: Loss, w: np.ndarray) -> np.ndarray:
    measured = np.zeros_like(w)
    for k in range(w.size - 1):
        above, below = w.copy(), w.copy()
        above.flat[k] += 1e-5
        below.flat[k] -= 1e-5
        measured.flat[k] = (loss(above) - loss(below)) / 2e-5
    return measured


def pythons_max(g: np.ndarray, d: np.ndarray) -> object:
    worst = 0.0
    for error in np.abs(g - d).ravel():
        worst = max(worst, float(error))
    return worst / np.max(np.abs(d))


def others(**changed: str) -> dict[str, str]:
    return PLANTED | changed


class TestGradients(Promises):
    chapter = "1-4-trusting-a-gradient"
    wrong = {
        "network.unseen-arrays": [
            (["p_i", "p_f"], "only-direct"),
            (["p_i", "p_f", "p_o"], "new-cell"),
            (["p_i", "p_f", "R_z", "R_i", "R_f", "R_o"], "old-output"),
            (lambda: UNSEEN | {"W_i", "R_i", "b_i"}, "old-output"),
            (lambda: UNSEEN | {"W_i", "b_i"}, "on-offer"),
            (lambda: UNSEEN | {"W_z"}, "alive"),
            (lambda: UNSEEN - {"p_i"}, "one-gate"),
            (lambda: UNSEEN - {"R_f"}, "not-all"),
            (set(), "only-direct"),
            ({"c0"}, "not-an-option"),
        ],
        "network.best-step": [
            (lambda e, E, d3: np.sqrt(e * abs(E) / abs(d3)), "forward"),
            (lambda e, E, d3: e**0.5, "forward"),
            (lambda e, E, d3: (7.5 * e * abs(E) / abs(d3)) ** 0.2, "four-points"),
            (lambda e, E, d3: np.cbrt(6 * e * abs(E) / abs(d3)), "equal-parts"),
            (lambda e, E, d3: np.cbrt(e * abs(E) / abs(d3)), "factor"),
            (lambda e, E, d3: np.cbrt(abs(d3) / (3 * e * abs(E))), "upside-down"),
            (lambda e, E, d3: -np.cbrt(3 * e * abs(E) / abs(d3)), "sign"),
            (lambda e, E, d3: np.cbrt(3 * e / abs(d3)), "size-of-loss"),
            (lambda e, E, d3: np.cbrt(3 * e * E / d3), "size-not-sign"),
            (lambda e, E, d3: (3 * e * E / d3) ** (1 / 3), "size-not-sign"),
            (lambda e, E, d3: 1e-5, "no-minimum"),
        ],
        "network.two-into-one": [
            (lambda coarse, fine: (4 * coarse - fine) / 3, "swapped"),
            (lambda coarse, fine: 2 * fine - coarse, "twice-as-far"),
            (lambda coarse, fine: (coarse + fine) / 2, "average"),
            (lambda coarse, fine: fine, "one-of-them"),
            (lambda coarse, fine: 4 * fine - coarse, "not-a-slope"),
            (lambda coarse, fine: (3 * fine - coarse) / 2, "left-over"),
        ],
        "network.gradient-checker": [
            (checker(lambda g, d: np.max(np.abs(g - d))), "absolute"),
            (checker(lambda g, d: np.max(np.abs(g - d) / np.abs(d))), "each-entry"),
            (checker(lambda g, d: np.mean(np.abs(g - d)) / np.max(np.abs(d))), "other-measure"),
            (checker(lambda g, d: np.linalg.norm(g - d) / np.linalg.norm(d)), "diluted"),
            (checker(lambda g, d: np.max(g - d) / np.max(np.abs(d))), "no-size"),
            (checker(lambda g, d: relative(np.abs(g), np.abs(d))), "sign-blind"),
            (checker(lambda g, d: np.max(np.abs(g - d) / (np.abs(g) + np.abs(d)))), "each-entry"),
            (checker(lambda g, d: np.max(np.abs(g - d)) / np.ptp(d)), "other-measure"),
            (checker(lambda g, d: np.abs(g - d).flat[0] / np.abs(d).flat[0]), "passes-the-wrong"),
            (checker(pythons_max), "loses-nan"),
            (checker(slopes=lambda loss, w: central(loss, w, sides=1)), "one-sided"),
            (checker(slopes=lambda loss, w: central(loss, w, h=1e-11)), "step-too-small"),
            (checker(slopes=lambda loss, w: central(loss, w, h=0.1)), "step-too-large"),
            (checker(slopes=lambda loss, w: central(loss, w) / 2), "fails-the-right"),
            (checker(slopes=restless()), "not-quite-back"),
            (checker(slopes=restless(back=0)), "several-at-once"),
            (checker(slopes=never_back), "left-moved"),
            (checker(slopes=by_rows), "several-at-once"),
            (checker(slopes=all_but_the_last), "not-every-entry"),
            (checker(slopes=lambda loss, w: np.full_like(w, loss(w))), "never-moved"),
            (checker(slopes=lambda loss, w: np.array([loss(e) for e in w.ravel()])), "raises"),
            (checker(lambda g, d: relative(g, d) < 1e-6), "form"),
        ],
        "network.three-planted-errors": [
            (others(A="p_f left out"), "look-alike"),
            (others(B="sign of p_o"), "look-alike"),
            (others(C="R_z transposed"), "look-alike"),
            (others(A="slope of z"), "pattern"),
            (others(B="slope of o"), "pattern"),
            (others(C="y of the wrong step"), "pattern"),
            (others(C="c of the wrong step"), "pattern"),
            (others(C="f left out"), "not-an-option"),
            ({"A": "sign of p_i"}, "keys"),
        ],
    }  # fmt: skip
    right = {
        "network.unseen-arrays": [sorted(UNSEEN), lambda: tuple(UNSEEN)],
        "network.best-step": [
            lambda epsilon, E, third: (3 * epsilon * abs(E / third)) ** (1 / 3),
        ],
        "network.two-into-one": [lambda coarse, fine: fine + (fine - coarse) / 3],
        "network.gradient-checker": [
            checker(),
            checker(lambda g, d: np.max(np.abs(g - d)) / np.max(np.abs(g))),
            checker(slopes=lambda loss, w: central(loss, w, h=1e-4)),
            checker(slopes=lambda loss, w: numerical_gradient(lambda: loss(w), w)),
        ],
        "network.three-planted-errors": [PLANTED, lambda: dict(PLANTED)],
    }


def test_the_unseen_arrays_are_those_whose_gradient_is_zero() -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        w = init_params("V", 3, 4, rng=rng, std=0.5)
        x, dy = rng.standard_normal((1, 3)), rng.standard_normal((1, 4))
        trace = forward(w, x, "V", y0=rng.standard_normal(4))
        gradient = backward(w, trace, dy).params
        zero = {name for name, array in gradient.items() if not array.any()}
        assert check("network.unseen-arrays", zero)


@pytest.mark.parametrize("letter", PLANTED)
def test_every_wrong_choice_for_a_pass_is_spoken_against_by_something_true(letter: str) -> None:
    for name in FAULTS.keys() - {PLANTED[letter]}:
        feedback = check("network.three-planted-errors", others(**{letter: name}))
        assert feedback.mistake in ("pattern", "look-alike")
        assert f'"{name}"' in feedback.says
        assert letter in feedback.says
        assert not any(f'"{other}"' in repr(feedback) for other in FAULTS.keys() - {name})


def test_the_hint_comes_from_the_simplest_experiment_that_tells_the_two_apart() -> None:
    hint = check("network.three-planted-errors", others(A="slope of z")).hint
    assert hint.startswith("With 1 step of V ")
    assert EXPERIMENTS[0] == ("V", 1)
    hint = check("network.three-planted-errors", others(A="p_f left out")).hint
    assert hint.startswith("With 1 step of NIG ")
    both = pattern("p_f left out", "NIG", 1), pattern("A", "NIG", 1)
    assert both == ({"c0"}, set())
    assert "`c0` would be wrong; in A it is not" in hint


def test_wrong_answers_for_all_three_passes_are_told_one_at_a_time() -> None:
    for names in itertools.islice(itertools.permutations(FAULTS, 3), 0, 700, 31):
        answer = dict(zip("ABC", names, strict=True))
        feedback = check("network.three-planted-errors", answer)
        assert bool(feedback) == (answer == PLANTED)

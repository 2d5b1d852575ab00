"""Checks of the exercises in the chapter "Why plain recurrence forgets"."""

from __future__ import annotations

import numpy as np

from lstmlab.cells import Array, Params, backward, forward
from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, weights

STATEMENTS = ("a", "b", "c", "d", "e")
LARGEST_WEIGHT = 1000.0
HELD_FROM = 10  # the step from which on a latch must hold


@exercise("network.what-is-certain", kind="recall")
def what_is_certain(answer: object) -> None:
    """Which statements about a delta on its way back hold for every SRN."""
    chosen = members(answer, STATEMENTS)
    if chosen & {"b", "c"}:
        raise Wrong("eigenvalues", "You trust the spectral radius.",
                    hint="It speaks of one matrix, multiplied again and again. What else is a "
                         "delta multiplied by, and is it the same at every step?")  # fmt: skip
    if "e" in chosen:
        raise Wrong("slopes-forgotten", "You let an orthogonal matrix keep the length of a delta.",
                    hint="It keeps the length of `R_z.T @ dz`. What happens to that at every "
                         "step before it is the delta of the step before?")  # fmt: skip
    if "a" not in chosen:
        raise Wrong(
            "bound-forgotten",
            "One more statement is certain: an upper bound.",
            hint="By how much can the slopes lengthen a vector? And a matrix, at most?",
        )
    if "d" not in chosen:
        raise Wrong("turned-round", "One more statement is certain.",
                    hint="If something cannot happen while a number is small, what do you know "
                         "about the number once it has happened?")  # fmt: skip


@exercise("network.one-step-back", kind="derive")
def one_step_back(answer: object) -> None:
    """δz of one step from δz of the next."""
    f = function(answer, "dz_next", "Delta", "R_z", "y")
    rng = np.random.default_rng(11)
    for N in (3, 6):
        dz_next, Delta = rng.standard_normal((2, N))
        R_z, y = rng.standard_normal((N, N)), np.tanh(rng.standard_normal(N))
        dz = array(call(f, dz_next, Delta, R_z, y), (N,))
        slope, back = 1 - y**2, R_z.T @ dz_next
        if close(dz, (Delta + back) * slope):
            continue
        if close(dz, (Delta + R_z @ dz_next) * slope):
            raise Wrong("not-transposed", "Your delta runs along the weights in their forward "
                        "direction.",
                        hint="`R_z[n, m]` carries unit m to unit n. Which unit must get n's "
                             "delta, and how do you sum over n?")  # fmt: skip
        if close(dz, Delta + back):
            raise Wrong(
                "no-slope",
                "That is ∂E/∂y, one factor before δz.",
                hint="How does y change when its pre-activation does?",
            )
        if close(dz, back * slope):
            raise Wrong("no-own-loss", "The loss at the step itself is missing.",
                        hint="Paths add. What reaches the loss from y without a later "
                             "step?")  # fmt: skip
        if close(dz, Delta + back * slope) or close(dz, Delta * slope + back):
            raise Wrong(
                "half-a-slope",
                "One of the two paths does without the slope of tanh.",
                hint="Both paths begin at y. On which side of tanh is that?",
            )
        if close(dz, Delta + R_z.T @ (dz_next * slope)) or close(
            dz, (Delta + R_z.T @ (dz_next * slope)) * slope
        ):
            raise Wrong("slope-too-early", "A slope is applied before the recurrent weights.",
                        hint="δz of the next step already holds its own slope, at its own y. "
                             "Where on the way back do you meet the y you were given?")  # fmt: skip
        if close(dz, (Delta + back) * y * (1 - y)):
            raise Wrong(
                "another-slope",
                "That is the slope of a logistic sigmoid.",
                hint="Which function squashes here? Write its slope with y alone.",
            )
        raise Wrong("not-the-delta", f"With {N} units this is not δz.",
                    hint="First collect what arrives at y, from the loss and from the next step. "
                         "Then go through tanh.")  # fmt: skip


@exercise("network.spectral-radius", kind="build")
def spectral_radius(answer: object) -> str:
    """A recurrent matrix scaled to a given spectral radius."""
    f = function(answer, "R", "rho")
    rng = np.random.default_rng(3)
    turning = np.array([[0.5, -2.0], [2.0, 0.5]])  # eigenvalues 0.5 ± 2i, of size 2.06
    skew = np.array([[1.5, 5.0], [0.0, -3.0]])  # the largest eigenvalue is negative
    for R, rho in (
        (np.diag([1.0, 4.0]), 1.0), (skew, 0.9), (turning, 1.2),
        (rng.standard_normal((20, 20)), 1.0), (rng.standard_normal((7, 7)), 0.3),
    ):  # fmt: skip
        scaled = array(call(f, R, rho), R.shape)
        eigenvalues = np.linalg.eigvals(R)
        size = np.abs(eigenvalues).max()
        if close(scaled, R * (rho / size)):
            continue
        if close(scaled, R * rho):
            raise Wrong(
                "multiplied",
                "The strength that R already has still counts.",
                hint="What is the spectral radius of 3 R, if that of R is 2?",
            )
        if close(scaled, R * (size / rho)):
            raise Wrong("upside-down", "A matrix that is too strong gets stronger.",
                        hint="Try a diagonal matrix with 4 as its largest entry, and make "
                             "it 1.")  # fmt: skip
        if any(close(scaled, R * (rho / norm)) for norm in _norms(R)):
            raise Wrong("norm", "You scale by a norm: how far R can stretch a vector, or how large "
                        "its entries are.",
                        hint="The spectral radius asks for vectors that keep their direction. "
                             "Which function of `np.linalg` finds them?")  # fmt: skip
        if any(close(scaled, R * (rho / part)) for part in _parts(eigenvalues)):
            raise Wrong("sign-or-part", "Of some eigenvalues you do not take the size.",
                        hint="An eigenvalue may be negative or complex. How far from 0 is "
                             "-3, and how far is 3 + 4i?")  # fmt: skip
        raise Wrong("another-radius", f"Your matrix has not the spectral radius {rho:g}.",
                    hint="What does a factor do to all eigenvalues? Which factor brings the "
                         "largest to where it belongs?")  # fmt: skip
    return "With ρ = 1, and as long as tanh does not bend, a delta about keeps its length."


def _norms(R: Array) -> list[float]:
    """Sizes of a matrix that are not its spectral radius."""
    size = np.linalg.norm
    return [float(size(R, 2)), float(size(R)), float(size(R, 1)), float(size(R, np.inf)),
            float(np.abs(R).max())]  # fmt: skip


def _parts(eigenvalues: np.ndarray) -> list[float]:
    """What one gets for the largest eigenvalue by looking at its sign or its real part."""
    real = eigenvalues.real
    return [float(real.max()), float(np.abs(real).max()), float(eigenvalues[0].real)]


@exercise("network.clip", kind="build")
def clip(answer: object) -> str:
    """A gradient of several arrays, clipped by its norm."""
    f = function(answer, "grads", "largest")
    rng = np.random.default_rng(8)
    shapes = {"W_z": (4, 2), "R_z": (4, 4), "b_z": (4,)}
    for scale, largest in ((3.0, 1.0), (0.5, 0.25), (0.01, 1.0), (1.0, 100.0)):
        grads = {name: scale * rng.standard_normal(shape) for name, shape in shapes.items()}
        parts = [g.ravel() for g in grads.values()]
        all_of_it = np.concatenate(parts)
        norm = float(np.linalg.norm(all_of_it))
        got = np.concatenate([g.ravel() for g in weights(call(f, grads, largest), shapes).values()])
        if close(got, all_of_it * min(1.0, largest / norm)):
            continue
        if norm <= largest:
            if close(got, all_of_it * (largest / norm)):
                raise Wrong("lengthened", "A short gradient comes out longer than it was.",
                            hint="Clipping is for gradients that are too long. What should happen "
                                 "to the others?")  # fmt: skip
            raise Wrong(
                "touched",
                "A gradient that is short enough is changed.",
                hint="Compare its norm with the threshold before you do anything.",
            )
        if close(got, np.clip(all_of_it, -largest, largest)):
            raise Wrong("entry-by-entry", "You clip every entry by itself, and that turns the "
                        "gradient.",
                        hint="The direction stays if all entries are multiplied by one and the "
                             "same number.")  # fmt: skip
        factors = [largest / float(np.linalg.norm(part)) for part in parts]
        pairs = list(zip(parts, factors, strict=True))
        if any(
            close(got, np.concatenate([part * min(most, factor) for part, factor in pairs]))
            for most in (1.0, np.inf)
        ):
            raise Wrong("each-by-itself", "Each array is shortened by a number of its own.",
                        hint="Together they are one vector, and one step of descent. What is "
                             "its length?")  # fmt: skip
        if close(got, all_of_it * (largest / norm**2)):
            raise Wrong(
                "no-root",
                "Your clipped gradient is not as long as the threshold.",
                hint="A sum of squares is the square of a length.",
            )
        if close(got, all_of_it):
            raise Wrong(
                "not-clipped",
                "A gradient that is too long comes out as it was.",
                hint="Are the shortened arrays in the dict that you return?",
            )
        raise Wrong("not-that-long", f"A gradient of norm {norm:.3g} comes out with norm "
                    f"{np.linalg.norm(got):.3g}, or turned; the threshold is {largest:g}.",
                    hint="Find one number for all arrays, so that the norm of all of them "
                         "together is the threshold.")  # fmt: skip
    return "With it no update is longer than the learning rate times the threshold."


@exercise("network.latch", kind="build")
def latch(answer: object) -> str:
    """Weights of one SRN unit that holds the sign of its first input through noise."""
    w: Params = {**weights(answer, {"W_z": (1, 1), "R_z": (1, 1), "b_z": (1,)})}

    def says(first: float, noise: float, seed: int) -> Array:
        x = noise * np.random.default_rng(seed).uniform(-1, 1, (151, 1))
        x[0] = first
        return forward(w, x, "SRN").y[:, 0]

    if max(float(np.abs(one).max()) for one in w.values()) > LARGEST_WEIGHT:
        raise Wrong("huge", f"A weight of your unit is beyond {LARGEST_WEIGHT:g}.",
                    hint="Weights of a few units are enough here, and leave no doubt about "
                         "rounding.")  # fmt: skip
    if not w["W_z"].any():
        raise Wrong(
            "deaf", "Your unit does not hear its input.", hint="Which weight lets the pulse in?"
        )
    plus, minus = says(1, 0, 0), says(-1, 0, 0)
    if np.any(plus[1:] * plus[:-1] < 0):
        raise Wrong(
            "flips",
            "What your unit says changes its sign from step to step.",
            hint="What does a negative loop weight do to a value that comes round?",
        )
    if plus[-1] * minus[-1] > 0 and np.abs([plus[-1], minus[-1]]).min() > 0.1:
        raise Wrong("one-sided", "In the end your unit says the same, whichever input came first.",
                    hint="The two bits should be alike but for their sign. Which weight makes "
                         "one of them special?")  # fmt: skip
    if min(abs(plus[-1]), abs(minus[-1])) < 0.5:
        raise Wrong("leaks", f"After 150 steps of silence your unit says {plus[-1]:.2f} where +1 "
                    f"came first and {minus[-1]:.2f} where -1 did.",
                    hint="Look at the first figure of the chapter: for which loop weights does "
                         "the echo stay, and at least at 0.5?")  # fmt: skip
    if plus[-1] < 0 < minus[-1]:
        raise Wrong(
            "upside-down",
            "Your unit holds the bit with the opposite sign.",
            hint="Which weight decides what the pulse does to the unit?",
        )
    for seed in range(20):
        for first in (1.0, -1.0):
            y = says(first, 0.2, seed)
            lost = np.flatnonzero(y * first < 0.5)
            if lost.size and lost[-1] >= HELD_FROM - 1:
                at = 1 + int(lost[lost >= HELD_FROM - 1][0])
                raise Wrong("shaken", f"With noise between -0.2 and 0.2 your unit loses its hold: "
                            f"at step {at} it says {y[at - 1]:.2f}, where {first:+.0f} came "
                            "first.",
                            hint="The pulse must get in, and the noise, a fifth as large, must not "
                                 "get out what is held. Weigh `W_z` against `R_z`.")  # fmt: skip
    return f"And of a delta {_left(w):.0e} is left when it has gone back through those 150 steps."


def _left(w: Params) -> float:
    """What is left of δz after 150 silent steps back."""
    x = np.zeros((151, 1))
    x[0] = 1
    dy = np.zeros((151, 1))
    dy[-1] = 1
    delta = np.abs(backward(w, forward(w, x, "SRN"), dy).x[:, 0])
    return float(delta[0] / delta[-1]) if delta[-1] > 0 else 0.0

"""Checks of the exercises in the chapter "The block"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import Params, count_params, forward, init_params, param_shapes
from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import (
    array,
    call,
    close,
    function,
    mapping,
    members,
    number,
    weights,
    whole,
)

QUANTITIES = ("z", "i", "f", "c", "o", "y")
SILENT, SPEAKING = 0.05, 0.5  # how loud a block is that says nothing, and one that speaks


@exercise("network.who-notices", kind="recall")
def who_notices(answer: object) -> str:
    """Which quantities of a step change if the cell of the step before is nudged."""
    given = mapping(answer, ("V", "NP"))
    V, NP = members(given["V"], QUANTITIES), members(given["NP"], QUANTITIES)
    for name, found in (("V", V), ("NP", NP)):
        if "z" in found:
            raise Wrong("block-input", f"In {name} the block input z does not change.",
                        hint="Look at the sum inside z: does a cell stand in it, or only what the "
                             "blocks said?")  # fmt: skip
        if not {"c", "y"} <= found:
            raise Wrong("cell-moves-too", f"In {name} more changes than you say.",
                        hint="The old cell is not only looked at. Where else does it stand in the "
                             "six lines, and what is computed from that?")  # fmt: skip
    if not {"i", "f"} <= V:
        raise Wrong("no-peepholes", "In V some gates notice that you have left out.",
                    hint="Which gates look at the cell as it was?")  # fmt: skip
    if "o" not in V:
        raise Wrong("o-is-late", "In V one more gate notices.",
                    hint="This gate acts last. Which cell does it see, and has that one changed?"
                    )  # fmt: skip
    if NP != {"c", "y"}:
        raise Wrong("blind-gates", "In NP you let a gate notice that cannot.",
                    hint="Without peepholes, what is left inside the gates' sums? Has any of it "
                         "changed within this step?")  # fmt: skip
    return "In NP the gates find out one step later, if the block speaks: through y and R."


@exercise("network.half-life", kind="derive")
def half_life(answer: object) -> None:
    """After how many steps a cell with a constant forget gate f holds half of what it held."""
    f = function(answer, "f")
    for forget in (0.5, 0.9, 0.99, 0.37):
        steps = number(call(f, forget))
        want = np.log(0.5) / np.log(forget)
        if close(steps, want):
            continue
        if close(steps, 1 / want):
            raise Wrong("upside-down", "A longer memory comes out as a smaller number.",
                        hint="With f = 0.99 the cell forgets more slowly than with f = 0.5. "
                             "Which of your two logarithms belongs below the line?")  # fmt: skip
        if close(steps, -want):
            raise Wrong("sign", "The number of steps is negative.",
                        hint="The logarithm of a number below 1 is negative. "
                             "How many of them are in your quotient?")  # fmt: skip
        if close(steps, 0.5 / (1 - forget)):
            raise Wrong("straight-line", "This takes away the same amount at every step.",
                        hint="The cell loses a share of what is left. "
                             "What has become of 1 after two steps?")  # fmt: skip
        if close(steps, -1 / np.log(forget)) or close(steps, 1 / (1 - forget)):
            raise Wrong("another-share", "After so many steps about 37% is left, not half.",
                        hint="That is the time to 1/e. Start again from `f ** t`, "
                             "and say what it must be equal to.")  # fmt: skip
        if steps in (np.ceil(want), np.floor(want)):
            raise Wrong("rounded", "The number of steps is rounded to a whole number.",
                        hint="Here the answer is a formula: leave the digits after the "
                             "point as they come.")  # fmt: skip
        raise Wrong("no-half", f"With f = {forget:g} the cell does not hold half after that time.",
                    hint="After t steps it holds `f ** t` of what it held. "
                         "Put your number in for t, and look.")  # fmt: skip


@exercise("network.largest-layer", kind="derive")
def largest_layer(answer: object) -> None:
    """How many vanilla blocks a number of weights pays for."""
    f = function(answer, "budget", "M")
    N, M = 100, 88
    now, more = count_params("V", M, N), count_params("V", M, N + 1)
    budget = now + 11 * (more - now) // 20
    found = whole(call(f, budget, M))
    if found == N + 1:
        raise Wrong("rounded-up", f"{N + 1} blocks with M = {M} cost more than is there.",
                    hint="There is no half block. Which way must you round to stay "
                         "within the budget?")  # fmt: skip
    if found != N:
        raise _uncounted(found, budget, N, M)
    rng = np.random.default_rng(2)
    layers = [(N, M), *rng.integers((20, 1), (400, 200), (6, 2)).tolist()]
    for N, M in layers:
        now, more = count_params("V", M, N), count_params("V", M, N + 1)
        found = whole(call(f, more - 1, M))
        if abs(found - N) > 1:
            raise _uncounted(found, more - 1, N, M)
        if found != N:
            raise Wrong("cheap-blocks", f"For M = {M}, {more - 1} weights pay for {N} blocks only.",
                        hint="You are off by little, so a small part of the count is missing or "
                             "wrong. Which parts grow with N alone?")  # fmt: skip
        if whole(call(f, now, M)) != N:
            raise Wrong("spends-less", f"With M = {M}, {now} weights pay for {N} blocks exactly.",
                        hint="The budget may be spent to the last weight. If your formula is "
                             "right, a root may have come out a hair too small.")  # fmt: skip
    if whole(call(f, 100, 50)) != 0:
        raise Wrong("not-even-one", "Where the budget does not pay for one block, N is 0.",
                    hint="Try your function with a budget of 100 and M = 50.")  # fmt: skip


def _uncounted(found: int, budget: int, N: int, M: int) -> Wrong:
    """What is left out of the count where `found` is far from N blocks."""
    if found == budget // (4 * M + 7):
        return Wrong("no-recurrence", "That many blocks fit if they do not hear each other.",
                     hint="The R grow with the square of N. What does that make of your "
                          "equation?")  # fmt: skip
    half = (M + 1) / 2
    if abs(found - (np.sqrt(half**2 + budget) - half)) < 2:
        return Wrong("one-part", "That many blocks fit if each has one part with weights.",
                     hint="z, i, f and o: each of them has a W, an R and a b.")  # fmt: skip
    much = "cost more than" if found > N else "are not all that you can have for"
    return Wrong("miscounted", f"{found} blocks with M = {M} {much} {budget} weights.",
                 hint=f'Ask `count_params("V", {M}, …)` what they cost.')  # fmt: skip


@exercise("network.coupled-step", kind="build")
def coupled_step(answer: object) -> None:
    """One time step of the variant CIFG."""
    f = function(answer, "w", "x", "y", "c")
    rng = np.random.default_rng(3)
    for M, N in ((3, 4), (1, 1), (2, 6)):
        w = init_params("CIFG", M, N, rng=rng, std=1.0)
        x, y, c = (rng.standard_normal(size) for size in (M, N, N))
        given = mapping(call(f, w, x, y, c), QUANTITIES)
        found = {name: array(given[name], (N,)) for name in QUANTITIES}
        trace = forward(w, x[None], "CIFG", y0=y, c0=c)
        want = {name: getattr(trace, name)[0] for name in QUANTITIES}
        wrong = [name for name in QUANTITIES if not close(found[name], want[name], 1e-9)]
        if wrong:
            raise _misstep(wrong, found, want, c)


def _misstep(
    wrong: list[str],
    found: dict[str, NDArray[np.float64]],
    want: dict[str, NDArray[np.float64]],
    c_prev: NDArray[np.float64],
) -> Wrong:
    """What went wrong in a step of CIFG."""
    z, i, f, o = (want[name] for name in "zifo")
    if "f" in wrong and close(found["f"], i):
        return Wrong("both-open", "Your forget gate opens and shuts together with the input gate.",
                     hint="As much as comes in, so much has to go. What is left of a whole if the "
                          "share i is new?")  # fmt: skip
    if wrong[0] == "f":
        return Wrong("f-not-coupled", "The forget gate is not the one that belongs to i.",
                     hint="It has no weights: it can be computed from i alone.")  # fmt: skip
    if wrong[0] == "c" and close(found["c"], z * f + c_prev * i):
        return Wrong("crossed", "The new value passes the wrong door, and so does the old cell.",
                     hint="Which gate is before the cell's input, which in its loop?")  # fmt: skip
    if wrong == ["o", "y"]:
        return Wrong("old-cell", "All is right up to the cell, and the output gate is not.",
                     hint="The output gate acts last. Which cell does it see by then?")  # fmt: skip
    if wrong == ["y"]:
        advice = "Is the cell squashed on its way out, and gated?"
        if close(found["y"], np.tanh(want["c"] * o)):
            advice = "What is squashed, the cell or what the gate lets through?"
        return Wrong("output", "All is right except for y.", hint=advice)
    return Wrong(f"wrong-{wrong[0]}", f"The first quantity that is wrong is {wrong[0]}.",
                 hint="Compare that line with the one in `step`, letter by letter.")  # fmt: skip


@exercise("network.third-knock", kind="build")
def third_knock(answer: object) -> str:
    """Weights of one block that speaks from the third knock on, until it is cleared."""
    w: Params = dict(weights(answer, param_shapes("V", 2, 1)))
    rng = np.random.default_rng(4)

    y, _ = _listen(w, "." * 200)
    if np.abs(y).max() > SILENT:
        raise Wrong("counts-steps", "The block speaks though nobody has knocked.",
                    hint="What does the cell add at a step without a knock? Look at `b_z` and at "
                         "the input gate.")  # fmt: skip
    y, _ = _listen(w, "kkk...")
    if np.abs(y[:2]).max() > SILENT:
        step = 1 + int(np.argmax(np.abs(y[:2]) > SILENT))
        raise Wrong("too-early", f"The block says {y[step - 1]:.2f} at knock {step} already.",
                    hint="What does the cell hold after two knocks, and after three? The output "
                         "gate has to open between.")  # fmt: skip
    if y[2] < SPEAKING:
        how = "opens, and not far enough" if abs(y[2]) > SILENT else "stays shut"
        raise Wrong("stays-silent", f"At the third knock in a row the block says {y[2]:.2f}.",
                    hint=f"Either its output gate {how}, or its cell is too small to be heard "
                         "through tanh. Print c and o.")  # fmt: skip
    for after, why in (("." * 100, "in the silence after the third knock"),
                       ("k" * 40, "at the knocks after the third")):  # fmt: skip
        y, _ = _listen(w, "kkk" + after)
        if np.min(y[2:]) < SPEAKING:
            raise Wrong("falls-silent", f"The block stops speaking {why}.",
                        hint="What happens to c there? A forget gate that is not quite open leaks, "
                             "and a gate that looks at the cell can be shut by it.")  # fmt: skip
    y, want = _listen(w, "k" + "." * 100 + "k" + "." * 100 + "k..")
    if not _as_wanted(y, want):
        raise Wrong("forgets-knocks", "Three knocks in a row are counted, three with long pauses "
                                      "between them are not.",
                    hint="How much of the first knock is left after 100 steps? Or does something "
                         "come in during the pauses?")  # fmt: skip
    for pattern in ("kkkk!...", "kk!kk.k.", "!kkk", "k!k!k!k."):
        y, want = _listen(w, pattern)
        if not _as_wanted(y, want):
            raise Wrong("deaf-to-clear", "After a clear flag the block does not count from 0.",
                        hint="What must the forget gate be while the flag is up, and what moves "
                             "it there?")  # fmt: skip
    for _ in range(5):
        y, want = _listen(w, "".join(rng.choice([*"k.!"], 300, p=[0.3, 0.6, 0.1])))
        if not _as_wanted(y, want):
            step = 1 + int(np.argmax(~_right_steps(y, want)))
            raise Wrong("now-and-then", f"In a long random sequence step {step} is wrong.",
                        hint="The simple cases are right, so something adds up: make the gates "
                             "rest nearer to 0 and to 1.")  # fmt: skip
    return "It did so in 5 random sequences of 300 steps."


def _listen(w: Params, pattern: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What the block says to a pattern of k (knock), ! (clear) and silence; when it should speak.

    Both of shape (T,).
    """
    x = np.array([[sign == "k", sign == "!"] for sign in pattern], dtype=np.float64)
    with np.errstate(all="ignore"):
        y = forward(w, x, "V").y[:, 0]
    if not np.all(np.isfinite(y)):
        raise Wrong("not-finite", "With these weights the block says NaN.",
                    hint="Weights of a few dozen are large enough for a gate.")  # fmt: skip
    knocks, speaks = 0, np.zeros(len(pattern), dtype=bool)
    for t, sign in enumerate(pattern):
        knocks = 0 if sign == "!" else knocks + (sign == "k")
        speaks[t] = knocks >= 3
    return y.astype(np.float64), speaks


def _right_steps(y: NDArray[np.float64], want: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.where(want, y >= SPEAKING, np.abs(y) <= SILENT)


def _as_wanted(y: NDArray[np.float64], want: NDArray[np.bool_]) -> bool:
    return bool(np.all(_right_steps(y, want)))

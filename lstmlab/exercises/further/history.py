"""Checks of the exercises in the chapter "From 1995 to vanilla"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import Params, forward, gru, param_shapes, sigmoid
from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import (
    array,
    call,
    choice,
    close,
    function,
    mapping,
    number,
    weights,
)
from lstmlab.tasks.timing import spikes, starts

Array = NDArray[np.float64]

MENDED_BY = {
    "fades": "carousel",
    "fills-up": "forget gate",
    "blind": "peepholes",
    "untold": "full gradient",
}
PARTS = tuple(MENDED_BY.values())
MIX_UPS = {
    ("fills-up", "carousel"): (
        "cause-for-cure",
        'The carousel keeps all that comes in; "fills-up" is what that leads to.',
        "What could empty a cell whose loop has the weight 1?",
    ),
    ("fades", "full gradient"): (
        "gradient-for-loop",
        "The whole gradient of a plain recurrent network fades as well: the SRN shows it.",
        "Which part gives an error a way back on which it is multiplied by 1?",
    ),
    ("blind", "full gradient"): (
        "gradient-for-sight",
        'A gradient changes weights. "blind" speaks of what a gate receives.',
        "Which weights lead from a cell to its gates, past a shut output gate?",
    ),
    ("untold", "peepholes"): (
        "sight-for-gradient",
        'A peephole carries numbers forwards. "untold" speaks of what is sent back.',
        "Which of the four is no part of the picture at all?",
    ),
}


@exercise("further.what-mends-what", kind="recall")
def what_mends_what(answer: object) -> str:
    """Which step of the history mends which failure."""
    given = {key: choice(item, PARTS) for key, item in mapping(answer, MENDED_BY).items()}
    for key, part in given.items():
        if (key, part) in MIX_UPS:
            mistake, says, hint = MIX_UPS[key, part]
            raise Wrong(mistake, says, hint=hint)
    off = [key for key in MENDED_BY if given[key] != MENDED_BY[key]]
    if off:
        raise Wrong("mixed-up", f'"{off[0]}" is mended by something else.',
                    hint="Each of the four mends one failure. Begin with the one that you are "
                         "sure of.")  # fmt: skip
    return "In the order of the years: carousel, forget gate, peepholes, full gradient."


@exercise("further.until-deaf", kind="derive")
def until_deaf(answer: object) -> None:
    """After how many symbols the slope of h at a growing cell is down to a given number."""
    f = function(answer, "m", "slope")
    for m, slope in ((2.0, 0.01), (-0.5, 0.1), (7.3, 1e-6), (1.0, 0.5), (-0.04, 1e-3)):
        found = number(call(f, m, slope))
        cell = float(np.arctanh(np.sqrt(1 - slope)))
        want = 12 * cell / abs(m)
        if close(found, want):
            continue
        said = f"For m = {m} and a slope of {slope} you say {found:.4g}."
        if m < 0 and close(found, -want):
            raise Wrong("negative", said, hint="A cell may also grow downwards. What does the "
                        "slope of tanh depend on?")  # fmt: skip
        if close(found, want / 12):
            raise Wrong("in-strings", said, hint="You count strings. How many symbols has a "
                        "string in the mean?")  # fmt: skip
        if close(found, 12 * np.arctanh(1 - slope) / abs(m)) or close(
            found, np.arctanh(1 - slope) / abs(m)
        ):
            raise Wrong("square-forgotten", said, hint="The slope of tanh at c is 1 - tanh² c: "
                        "which power of tanh stands there?")  # fmt: skip
        if close(found, 12 * np.arctanh(slope) / abs(m)):
            raise Wrong("height-for-slope", said, hint="You ask where tanh itself has this "
                        "height. Write down its slope.")  # fmt: skip
        if close(found, cell * abs(m) / 12) or close(found, 12 * cell * abs(m)):
            raise Wrong("upside-down", said, hint="Does it take longer, or less long, if each "
                        "string leaves more?")  # fmt: skip
        raise Wrong("not-there", said, hint="At which c is 1 - tanh² c equal to the slope? How "
                    "many strings until the cell holds that?")  # fmt: skip


@exercise("further.without-peephole", kind="derive")
def without_peephole(answer: object) -> None:
    """The least weight with which a gate that sees tanh(c) tells step F from step F - 1."""
    f = function(answer, "F", "a")
    rise = 2 * np.log(99)
    for F, a in ((10, 0.08), (5, 1.0), (2, 0.3), (40, 0.02), (3, 0.9), (1, 0.5)):
        found = number(call(f, F, a))
        heard = float(np.tanh(a * F) - np.tanh(a * (F - 1)))
        want = float(rise / heard)
        if close(found, want):
            continue
        said = f"For F = {F} and a = {a} you say {found:.4g}."
        if close(found, want / 2):
            raise Wrong("half-the-way", said, hint="From 0.01 to ½ is half the way. To where has "
                        "the gate to go?")  # fmt: skip
        if close(found, rise / a):
            raise Wrong("sees-the-cell", said, hint="That is the peephole's weight. This gate "
                        "hears the cell only through tanh.")  # fmt: skip
        if close(found, rise / np.tanh(a)) and F > 1:
            raise Wrong("tanh-of-the-step", said, hint="The difference of two tanh is not the "
                        "tanh of the difference.")  # fmt: skip
        if close(found, rise / (a * (1 - np.tanh(a * F) ** 2))) or close(
            found, rise / (a * (1 - np.tanh(a * (F - 0.5)) ** 2))
        ):
            raise Wrong("slope-for-difference", said, hint="A slope is right for small steps "
                        "only. Two values of tanh are enough.")  # fmt: skip
        if close(found, rise / (np.tanh(a * (F + 1)) - np.tanh(a * F))):
            raise Wrong("one-late", said, hint="The gate must not have opened one step before "
                        "step F: which step is that?")  # fmt: skip
        if close(found, -want):
            raise Wrong("negative", said, hint="The cell grows. Which of the two values of tanh "
                        "is the larger?")  # fmt: skip
        raise Wrong("not-enough", said, hint="By how much does the pre-activation of a gate rise "
                    "from 0.01 to 0.99? And what the gate sees?")  # fmt: skip


STEPS = 300


@exercise("further.metronome", kind="build")
def metronome(answer: object) -> str:
    """Weights of one V block that spikes every F steps, counted from every start."""
    f = function(answer, "F")
    rng = np.random.default_rng(7)
    for F in (6, 1, 2, 13, 29, 40):
        w: Params = {**weights(call(f, F), param_shapes("V", 1, 1))}
        x, target = spikes(F, STEPS)
        _beat(w, F, x, target, "from a start at step 1")
        x, target = spikes(F, STEPS, starts(rng, F, STEPS))
        _beat(w, F, x, target, "with several starts")
    return "For F from 1 to 40 every spike was on its step, whatever start it was counted from."


def _beat(w: Params, F: int, x: NDArray[np.float32], target: NDArray[np.float32], how: str) -> None:
    """Refuse a block that does not spike where it should."""
    with np.errstate(all="ignore"):
        trace = forward(w, x.astype(float), "V")
    said, due = trace.y[:, 0] > 0.5, target[:, 0] > 0.5
    if np.array_equal(said, due):
        return
    t = int((said != due).argmax())
    found = f"With F = {F}, {how}, the first mistake is at step {1 + t}: y = {trace.y[t, 0]:.2f}."
    spiked = 1 + np.flatnonzero(said)
    if not len(spiked):
        raise Wrong("silent", f"With F = {F} it never says more than ½.",
                    hint="What has the output gate to be told to open, and is there something in "
                         "the cell when it does?")  # fmt: skip
    if said[0] or (how.endswith("step 1") and spiked[0] == F):
        raise Wrong("start-counted", found,
                    hint="The step of a start counts as 0. What comes into the cell at that "
                         "step?")  # fmt: skip
    if how.endswith("starts"):
        raise Wrong("start-ignored", found,
                    hint="At a start the cell must be emptied, however full it is.")  # fmt: skip
    if said[F:].all() or (spiked[0] == F + 1 and len(spiked) > 1 and spiked[1] == F + 2 and F > 1):
        raise Wrong("no-reset", found,
                    hint="After a spike the count has to start anew. Which gate does that, and "
                         "what does it see?")  # fmt: skip
    if spiked[0] == F + 2:
        raise Wrong("one-late", found, hint="The output gate sees the cell of its own step: "
                    "between which two numbers should the threshold lie?")  # fmt: skip
    if len(spiked) > 1 and np.diff(spiked)[0] == F + 1 and spiked[0] == F + 1:
        raise Wrong("reset-late", found, hint="The forget gate sees the cell of the step before, "
                    "and something comes in at the step of the reset too.")  # fmt: skip
    raise Wrong("off-beat", found, hint="If it is right for small F only, the gates leak: how far "
                "from ½ are they, one step before and at the threshold?")  # fmt: skip


@exercise("further.gru-step", kind="build")
def gru_step(answer: object) -> None:
    """One step of a gated recurrent unit."""
    f = function(answer, "w", "x", "h")
    rng = np.random.default_rng(7)
    for M, N in ((3, 4), (1, 1), (5, 2)):
        w = gru.init_params(M, N, rng=rng, std=0.9)
        x, h = rng.standard_normal((1, M)), rng.uniform(-1, 1, N)
        found = array(call(f, w, x[0], h), (N,))
        want = np.asarray(gru.forward(w, x, h).h[0])
        if not close(found, want, 1e-9):
            raise _off(found, w, x[0], h)


def _off(found: Array, w: Params, x: Array, h: Array) -> Wrong:
    """What a step does that is none of a GRU."""
    r, u = (sigmoid(w[f"W_{g}"] @ x + w[f"U_{g}"] @ h + w[f"b_{g}"]) for g in "rz")
    offered = w["W"] @ x + w["b"]
    new = np.tanh(offered + w["U"] @ (r * h))
    if close(found, (1 - u) * h + u * new, 1e-9):
        return Wrong("upside-down", "Where the update gate is open your state is new.",
                     hint="In this book, and in the paper, what does an open update gate "
                          "keep?")  # fmt: skip
    after = np.tanh(offered + r * (w["U"] @ h))
    if close(found, u * h + (1 - u) * after, 1e-9):
        return Wrong("reset-after", "The reset gate stands behind the matrix.",
                     hint="That is the order of many libraries. Which order has the "
                          "equation?")  # fmt: skip
    if close(found, u * h + (1 - u) * np.tanh(offered + w["U"] @ h), 1e-9):
        return Wrong("no-reset", "The reset gate makes no difference.",
                     hint="What does the candidate hear of the old state?")  # fmt: skip
    if close(found, u * r * h + (1 - u) * new, 1e-9):
        return Wrong("reset-kept", "The reset gate also closes what is kept.",
                     hint="The reset gate stands between the old state and the candidate only. "
                          "What is kept, the update gate alone decides.")  # fmt: skip
    if close(found, u * h + new, 1e-9):
        return Wrong("not-coupled", "What comes in is not weighed.",
                     hint="To make room for something new, as much of the old must "
                          "go.")  # fmt: skip
    if close(found, np.tanh(u * h + (1 - u) * new), 1e-9):
        return Wrong("squashed", "The state is squashed once more.",
                     hint="Does a GRU have an output activation?")  # fmt: skip
    if close(found, u * h + (1 - u) * (offered + w["U"] @ (r * h)), 1e-9):
        return Wrong("not-squashed", "The candidate is not squashed.",
                     hint="Look at the candidate's equation once more.")  # fmt: skip
    return Wrong("not-the-step", "The new state is another.",
                 hint="Both gates and the candidate have W, U and b. `w` calls the update gate's "
                      "`W_z`, `U_z`, `b_z`, and the candidate's have no index.")  # fmt: skip

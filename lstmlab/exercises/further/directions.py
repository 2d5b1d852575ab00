"""Checks of the exercises in the chapter "Both directions"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number, several, whole

Array = NDArray[np.float64]
Lengths = NDArray[np.integer]

HEAR = {"q", "r", "t", "u"}


@exercise("further.who-hears", kind="recall")
def who_hears(answer: object) -> str:
    """Which answers can change if frame 7 of 20 does."""
    found = members(answer, "pqrstuvw")
    if found & {"p", "s"} and not found & {"q", "r"}:
        raise Wrong("turned", "You have taken the wrong side of frame 7.",
                    hint="Who reads forwards has heard, when it answers for a frame, that frame "
                         "and those before it.")  # fmt: skip
    if found & {"p", "s"}:
        raise Wrong("other-side", "An answer is among them that was given before frame 7 was read.",
                    hint="For each direction: which frames has it read when it comes to the frame "
                         "it answers for?")  # fmt: skip
    if found & {"v", "w"}:
        raise Wrong("not-so-far", "Five frames beyond frame 1 do not get as far as frame 7.",
                    hint="Count: 1 + 5.")  # fmt: skip
    if "u" not in found:
        raise Wrong("late", "An answer is missing that is given late.",
                    hint="Which frames has a network read when it answers for frame 3 five frames "
                         "late?")  # fmt: skip
    if found != HEAR:
        raise Wrong("missing", "An answer is missing.",
                    hint="A direction has no limit to how far back it may have heard: only its "
                         "own frame is a limit.")  # fmt: skip
    return "What has not been read cannot matter; what has been, may."


@exercise("further.both-weights", kind="derive")
def both_weights(answer: object) -> None:
    """How many weights a network in both directions has."""
    f = function(answer, "M", "N", "K")
    for M, N, K in ((5, 12, 4), (1, 1, 1), (3, 7, 2), (39, 100, 61), (88, 24, 88)):
        found, layer = whole(call(f, M, N, K)), 4 * N * (M + N) + 7 * N
        want = 2 * layer + 2 * K * N + K
        if found == want:
            continue
        said = f"For M = {M}, N = {N}, K = {K} you say {found}."
        if found == layer + K * N + K:
            raise Wrong("one-direction", said, hint="That is a network that reads forwards.")
        if found == 2 * layer + K * N + K:
            raise Wrong("sees-one", said,
                        hint="How many numbers does the output layer see in a frame?")  # fmt: skip
        if found == 2 * (layer + K * N + K):
            raise Wrong("two-networks", said,
                        hint="These are two networks with an output layer each. What do the two "
                             "directions have in common?")  # fmt: skip
        if found == 4 * 2 * N * (M + 2 * N) + 14 * N + 2 * K * N + K:
            raise Wrong("hear-each-other", said,
                        hint="You let each block hear the blocks of both directions. Do "
                             "they?")  # fmt: skip
        if found == want - 6 * N:
            raise Wrong("no-peepholes", said, hint="V has peepholes.")
        if found == want - 8 * N or found == want - 8 * N - K:
            raise Wrong("no-biases", said, hint="Biases are weights as well.")
        raise Wrong("miscounted", said,
                    hint="Count one layer first: W, R, p and b. Then what is there twice, and the "
                         "shape of W_y.")  # fmt: skip


def _entropy(p: float) -> float:
    return float(-p * np.log(p) - (1 - p) * np.log(1 - p))


@exercise("further.two-frames", kind="derive")
def two_frames(answer: object) -> None:
    """The floors of a line of two frames, for the past and for the whole line."""
    f = function(answer, "q", "m")
    for q, m in ((0.5, 0.1), (0.5, 0.3), (0.2, 0.1), (0.7, 0.25), (0.9, 0.45), (0.35, 0.8)):
        past, line = (number(one) for one in several(call(f, q, m), "past", "line"))
        open_ = _entropy(q)
        seen = open_ + _entropy(m) - _entropy(q * (1 - m) + (1 - q) * m)
        want = (open_ + seen) / 2, seen
        if close(past, want[0]) and close(line, want[1]):
            continue
        said = f"For q = {q}, m = {m} you say {past:.4f} and {line:.4f}."
        if close(past, want[1]) and close(line, want[0]):
            raise Wrong("swapped", said,
                        hint="Who has the whole line cannot lose more than who has "
                             "not.")  # fmt: skip
        if close(past, 2 * want[0]) and close(line, 2 * want[1]):
            raise Wrong("per-line", said, hint="That is the loss of the line. How much is it per "
                        "frame?")  # fmt: skip
        if close(past, want[0] / np.log(2)) and close(line, want[1] / np.log(2)):
            raise Wrong("bits", said, hint="A nat is not a bit: take natural logarithms.")
        if close(past, (open_ + _entropy(m)) / 2) and close(line, _entropy(m)):
            raise Wrong("words-alike", said,
                        hint="H(m) is what is open after the sign if both words are equally "
                             "likely beforehand. And if one is rare?")  # fmt: skip
        if close(past, want[0]) and close(line, seen / 2):
            raise Wrong("first-frame-free", said,
                        hint="Who has the whole line answers for two frames. Is anything open in "
                             "the first?")  # fmt: skip
        if close(past, want[0]) and close(line, want[0]):
            raise Wrong("no-looking-ahead", said,
                        hint="Whoever has the whole line knows the sign in the first frame, "
                             "too.")  # fmt: skip
        if close(past, want[0]) or close(line, want[1]):
            raise Wrong("one-of-two", said,
                        hint="One of the two is right. What does the other reader know in each of "
                             "the frames?")  # fmt: skip
        raise Wrong("no-floor", said,
                    hint="Four cases, two words by two signs, have the probabilities q(1 - m), "
                         "qm, … Which of them are left after sign 1, and how likely is each "
                         "then?")  # fmt: skip


@exercise("further.turn", kind="build")
def turn(answer: object) -> None:
    """Each line of a padded batch backwards, its padding left at the end."""
    f = function(answer, "x", "lengths")
    rng = np.random.default_rng(7)
    for T, lengths in ((4, [4, 2]), (5, [1, 5, 3]), (9, [9]), (12, [7, 12, 1, 7, 11]), (6, [4, 4])):
        x = rng.standard_normal((T, len(lengths), 3))
        for n, length in enumerate(lengths):
            x[length:, n] = 0
        given = np.array(lengths)
        found, want = array(call(f, x, given), x.shape), _turned(x, given)
        if close(found, want):
            continue
        said = f"With lines of {', '.join(map(str, lengths))} frames in {T} it is not right."
        if close(found, x[::-1]):
            raise Wrong("padding-first", said,
                        hint="Now padding is what a shorter line begins with. Turn each line "
                             "within its own length.")  # fmt: skip
        if close(found, x):
            raise Wrong("not-turned", said, hint="Nothing has been turned.")
        if close(found, x[:, ::-1]):
            raise Wrong("batch-turned", said, hint="Time is the first axis, the batch the second.")
        if close(found, _turned(x, given - 1)) or close(found, _turned(x, given + 1)):
            raise Wrong("off-by-one", said,
                        hint="The last frame of a line of L frames has the index L - 1, and it "
                             "must come first.")  # fmt: skip
        if close(found, _turned(x, np.full_like(given, given.min()))):
            raise Wrong("shortest", said, hint="Each line has a length of its own.")
        raise Wrong("misplaced", said,
                    hint="Try one line of 2 frames in 4: first its second frame, then its first, "
                         "then the padding.")  # fmt: skip


def _turned(x: Array, lengths: Lengths) -> Array:
    steps = np.arange(len(x))[:, None]
    read = np.where(steps < lengths, lengths - 1 - steps, steps).clip(0, len(x) - 1)
    return np.asarray(np.take_along_axis(x, read[:, :, None], axis=0))


@exercise("further.smoother", kind="build")
def smoother(answer: object) -> None:
    """The smoother of a hidden Markov model, for lines of any length."""
    f = function(answer, "start", "moves", "likely")
    rng = np.random.default_rng(7)
    for S, T in ((2, 5), (2, 1), (3, 8), (5, 40), (4, 3000)):
        start, moves = rng.dirichlet(np.ones(S)), rng.dirichlet(np.ones(S) / 2, S)
        likely = rng.uniform(0.01, 1, (T, S))
        found = array(call(f, start, moves, likely), (T, S), finite=False)
        with np.errstate(all="ignore"):
            if T > 1000 and not np.all(np.isfinite(found)):
                raise Wrong("underflow", f"A line of {T} frames gives 0/0.",
                            hint="Products of thousands of probabilities are 0 to the computer. "
                                 "Scale α and β, each frame by a number of its own."
                            )  # fmt: skip
            found = array(found, (T, S))
            α, β = _passes(start, moves, likely)
            if close(found, _rows(α * β), 1e-8):
                continue
            raise _unlike(found, start, moves, likely)


def _passes(start: Array, moves: Array, likely: Array) -> tuple[Array, Array]:
    """α and β, each row of either scaled to add up to 1."""
    α, β = likely.copy(), np.ones_like(likely) / likely.shape[1]
    α[0] *= start
    α[0] /= α[0].sum()
    for t in range(1, len(likely)):
        α[t] *= α[t - 1] @ moves
        α[t] /= α[t].sum()
    for t in range(len(likely) - 2, -1, -1):
        β[t] = moves @ (likely[t + 1] * β[t + 1])
        β[t] /= β[t].sum()
    return α, β


def _rows(p: Array) -> Array:
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def _unlike(found: Array, start: Array, moves: Array, likely: Array) -> Wrong:
    """What an answer is that is not the smoother."""
    said = f"With {len(start)} states and {len(likely)} frames it is not right."
    α, β = _passes(start, moves, likely)
    if close(found, α, 1e-8):
        return Wrong("filter", said,
                     hint="This is the filter: it knows the past alone. What is known of a frame "
                          "from those after it?")  # fmt: skip
    if not close(found.sum(axis=1), np.ones(len(found)), 1e-6):
        return Wrong("rows", said,
                     hint="Its rows do not add up to 1. Divide each frame by its own "
                          "sum.")  # fmt: skip
    if close(found, _rows(α * β * likely), 1e-8):
        return Wrong("counted-twice", said,
                     hint="A frame's own letter is in α already; β begins with the next "
                          "frame.")  # fmt: skip
    if close(found, _rows(_passes(np.ones_like(start), moves, likely)[0] * β), 1e-8):
        return Wrong("no-start", said, hint="How likely is each state in the first frame?")
    with np.errstate(all="ignore"):
        swapped_α, swapped_β = _passes(start, moves.T, likely)
        mixed = [_rows(α * swapped_β), _rows(swapped_α * β), _rows(swapped_α * swapped_β)]
    if any(close(found, p, 1e-8) for p in mixed if np.all(np.isfinite(p))):
        return Wrong("transposed", said,
                     hint="`moves` leads from its row to its column. α sums over where a state "
                          "came from, β over where it goes.")  # fmt: skip
    return Wrong("no-smoother", said,
                 hint="Take two frames and two states, and compute both rows by hand from the "
                      "four ways through them.")  # fmt: skip

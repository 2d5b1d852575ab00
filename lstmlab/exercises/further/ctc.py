"""Checks of the exercises in the chapter "Reading without segmentation"."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, whole
from lstmlab.training.ctc import (
    BLANK,
    Labels,
    backward_variables,
    collapse,
    extended,
    frames_needed,
    log_softmax,
)

Array = NDArray[np.float64]

READS_AAB, ONE_RUN, TWO_ENDS = {"p", "r", "u"}, {"q", "s"}, {"t"}


@exercise("further.which-paths", kind="recall")
def which_paths(answer: object) -> str:
    """Which of six paths read aab."""
    found = members(answer, "pqrstu")
    if found & ONE_RUN:
        raise Wrong("blank-ignored", "A path is among them that reads ab.",
                    hint="How many runs of a does each path have? Neighbours without a blank "
                         "between are one run, however long it is.")  # fmt: skip
    if found & TWO_ENDS:
        raise Wrong("late-blank", "A path is among them that reads more than three labels.",
                    hint="A blank also keeps two runs of b apart.")  # fmt: skip
    if "r" not in found:
        raise Wrong("runs-last", "A path is missing that has a run of b at its end.",
                    hint="A run of the same class, without a blank in it, is written once: "
                         "whatever its length.")  # fmt: skip
    if found != READS_AAB:
        raise Wrong("missing", "A path is missing.",
                    hint="Blanks at either end are struck as well. Write each run once, then "
                         "strike the blanks, for each of the six.")  # fmt: skip
    return "A path that starts late, ends early or dwells reads the same: that is the point."


@exercise("further.shortest-input", kind="derive")
def shortest_input(answer: object) -> None:
    """The smallest number of frames into which a labelling fits."""
    f = function(answer, "labels")
    rng = np.random.default_rng(7)
    rows = [[1, 2], [1, 1], [3, 3, 3, 1], [4], [2, 1, 2], [5, 5, 1, 5, 5]]
    rows += [rng.integers(1, 4, length).tolist() for length in (9, 17, 30)]
    rows += [[]]
    for labels in rows:
        found, want = whole(call(f, labels)), frames_needed(np.array(labels, int))
        if found == want:
            continue
        said = f"For {labels} you say {found}."
        if not labels:
            raise Wrong("nothing", said, hint="No labels: what is there to place?")
        if found == len(labels):
            raise Wrong("no-blanks", said,
                        hint="Write a path of that many frames for [1, 1], and collapse "
                             "it.")  # fmt: skip
        if labels and found == 2 * len(labels) + 1:
            raise Wrong("all-blanks", said,
                        hint="That is the length of l'. A path may leave out blanks: "
                             "which?")  # fmt: skip
        if found == max(0, 2 * len(labels) - 1):
            raise Wrong("blank-between-all", said,
                        hint="Is a blank needed between two labels that differ?")  # fmt: skip
        if found == len(labels) + len(labels) - len(set(labels)):
            raise Wrong("not-neighbours", said,
                        hint="A label may come back later without harm. Look at [2, 1, 2]: what "
                             "would B make of these as a path?")  # fmt: skip
        raise Wrong("miscounted", said,
                    hint="One frame for each label. Where does a path have to put a blank as "
                         "well?")  # fmt: skip


@exercise("further.number-of-paths", kind="derive")
def number_of_paths(answer: object) -> None:
    """How many paths of T frames read U labels with r repeats."""
    f = function(answer, "T", "U", "r")
    cases = [(7, 2, 0), (4, 2, 1), (5, 0, 0), (6, 3, 2), (7, 1, 0), (30, 7, 3), (3, 2, 0)]
    cases += [(40, 12, 5), (4, 3, 2), (2, 4, 0)]
    for T, U, r in cases:
        found, want = whole(call(f, T, U, r)), (comb(T + U - r, 2 * U) if U + r <= T else 0)
        if found == want:
            continue
        said = f"For T = {T}, U = {U}, r = {r} you say {found}."
        if want == 0:
            raise Wrong("does-not-fit", said,
                        hint="How many frames do these labels need at least?")  # fmt: skip
        if found == comb(T, U):
            raise Wrong(
                "one-frame-each",
                said,
                hint="You place each label in one frame. A label may also last.",
            )
        if r and found == comb(T + U, 2 * U):
            raise Wrong("repeats-forgotten", said,
                        hint="Between two equal labels the pause cannot be empty. What does that "
                             "do to the room there is?")  # fmt: skip
        if r and found == comb(T + U + r, 2 * U):
            raise Wrong("wrong-way", said,
                        hint="Do repeats leave more room, or less?")  # fmt: skip
        if found == comb(T, 2 * U) or found == comb(T - 1, 2 * U):
            raise Wrong("no-empty-pause", said,
                        hint="You give each pause a frame at least. Pauses may be empty: lend "
                             "each one frame, and see how long the row is then.")  # fmt: skip
        if found == comb(T - 1, U - 1) if U else False:
            raise Wrong("no-pauses", said, hint="You cut the row into runs alone. And the blanks?")
        raise Wrong("miscounted", said,
                    hint="Try small ones by hand: with 3 frames, `a` is read by 6 paths and `ab` "
                         "by 5.")  # fmt: skip


@exercise("further.step-back", kind="build")
def step_back(answer: object) -> None:
    """One step of the backward variables."""
    f = function(answer, "after", "y", "entries")
    rng = np.random.default_rng(7)
    for labels in ([1, 2], [1, 1], [2, 2, 1, 3, 3], [], [1], [3, 1, 2, 1, 1, 3]):
        entries = extended(np.array(labels, int))
        log_y = log_softmax(rng.standard_normal((2 + 2 * len(labels), 4)))
        β, y = np.exp(backward_variables(log_y, entries)).astype(float), np.exp(log_y).astype(float)
        for t in range(len(y) - 1):
            after, want = β[t + 1], β[t]
            found = array(call(f, after, y[t], entries), want.shape)
            if not close(found, want, 1e-9):
                raise _off(found, after, y[t], entries)


def _off(found: Array, after: Array, y: Array, entries: Labels) -> Wrong:
    """What a step back does that is not the recursion."""

    def goes(*, jump: str = "right", forward: bool = False, early: bool = False) -> Array:
        order = slice(None, None, -1) if not forward else slice(None)
        old, l_ = (after * y[entries] if early else after)[order], entries[order]
        new = old.copy()
        new[1:] += old[:-1]
        if jump == "in place":
            old = new
        for s in range(2, len(old)):
            allowed = {
                "right": l_[s - 2] != BLANK and l_[s] != l_[s - 2],
                "in place": l_[s - 2] != BLANK and l_[s] != l_[s - 2],
                "never": False,
                "labels": l_[s] != BLANK,
                "always": True,
            }[jump]
            new[s] += old[s - 2] * allowed
        return np.asarray(new[order])

    if close(found, goes(forward=True) * y[entries], 1e-9):
        return Wrong("forward", "This is a step of α.",
                     hint="An ending at s is followed by places further on in l', not before."
                     )  # fmt: skip
    if close(found, goes(), 1e-9):
        return Wrong(
            "y-forgotten",
            "The outputs of the frame are not counted.",
            hint="Here β counts the outputs of its own frame too, as α does.",
        )
    if close(found, goes(early=True), 1e-9):
        return Wrong(
            "y-of-the-next",
            "The outputs are counted at the wrong entries.",
            hint="β of s counts what frame t says at s itself. You count what it says at the "
            "entries that the path goes on to.",
        )
    if close(found, goes(jump="in place") * y[entries], 1e-9):
        return Wrong(
            "in-place",
            "Something is added that had been changed before.",
            hint="All arrows start from the β of the next frame as it was given. Where do you "
            "keep it?",
        )
    if close(found, goes(jump="never") * y[entries], 1e-9):
        return Wrong(
            "no-jump",
            "A path never leaves out a blank.",
            hint="Between two labels that differ the blank is not needed.",
        )
    if close(found, goes(jump="labels") * y[entries], 1e-9):
        return Wrong(
            "through-repeat",
            "A path goes from a label straight to an equal one.",
            hint="What would B make of these two frames?",
        )
    if close(found, goes(jump="always") * y[entries], 1e-9):
        return Wrong(
            "jumps-labels",
            "A path leaves out a label.",
            hint="From a blank, two places on is the next blank: what has been skipped?",
        )
    return Wrong("not-beta", f"With l' = {entries.tolist()} the step is not right.",
                 hint="From s a path stays, goes on by one, or by two. Draw the arrows that "
                      "leave s.")  # fmt: skip


@exercise("further.alignment", kind="build")
def alignment(answer: object) -> None:
    """The likeliest path that reads given labels."""
    f = function(answer, "y", "labels")
    rng = np.random.default_rng(7)
    cases = [(4, [1, 2]), (4, [1, 1]), (1, [2]), (3, [2, 2]), (12, [1, 2, 2, 3]), (9, [3, 3, 3])]
    cases += [(2, [1]), (30, [1, 3, 2, 2, 1]), (900, [1, 2, 3] * 20)]
    for T, row in cases:
        labels = np.array(row, int)
        for _ in range(4):
            log_y = log_softmax(2 * rng.standard_normal((T, 4))).astype(float)
            found = array(call(f, np.exp(log_y), labels), (T,))
            path, want = np.rint(found).astype(int), _likeliest(log_y, labels)
            if not np.array_equal(found, path) or path.min() < 0 or path.max() > 3:
                raise Wrong("no-classes", "The path holds other numbers than classes.",
                            hint="Each entry must be a class, from 0 to K - 1: not a place in l'."
                            )  # fmt: skip
            if np.array_equal(path, want):
                continue
            if np.array_equal(path, log_y.argmax(axis=1)):
                raise Wrong(
                    "best-path",
                    "This path is the best of all, whatever it reads.",
                    hint="Collapse it: does it read the labels that you were given?",
                )
            if np.array_equal(path, want[::-1]):
                raise Wrong(
                    "reversed",
                    "The path runs backwards.",
                    hint="Walking back gives the last frame first.",
                )
            if not np.array_equal(collapse(path), labels):
                raise Wrong("reads-another", f"For the labels {row[:8]} in {T} frames your path "
                            f"reads {collapse(path)[:8].tolist()}.",
                            hint="Which arrows may be followed in the lattice, and at which "
                                 "entries may it start and end?")  # fmt: skip
            ours = log_y[np.arange(T), path].sum()
            best = log_y[np.arange(T), want].sum()
            if not np.isclose(ours, best, rtol=1e-9, atol=0):
                raise Wrong("not-likeliest", f"For the labels {row[:8]} in {T} frames there is a "
                            "likelier path that reads them.",
                            hint="Take the largest of the two or three that lead to an entry, "
                                 "and compare both ends. With many frames, does a product "
                                 "become 0?")  # fmt: skip


def _likeliest(log_y: Array, labels: Labels) -> Labels:
    """The path of largest probability that reads the labels."""
    l_ = extended(labels)
    T, S = len(log_y), len(l_)
    best, back = np.full((T, S), -np.inf), np.zeros((T, S), int)
    best[0, :2] = log_y[0, l_[:2]]
    may_jump = np.zeros(S, bool)
    may_jump[2:] = (l_[2:] != BLANK) & (l_[2:] != l_[:-2])
    for t in range(1, T):
        ways = np.full((3, S), -np.inf)
        ways[0], ways[1, 1:] = best[t - 1], best[t - 1, :-1]
        ways[2, 2:] = np.where(may_jump[2:], best[t - 1, :-2], -np.inf)
        back[t] = ways.argmax(axis=0)
        best[t] = ways.max(axis=0) + log_y[t, l_]
    s = S - 2 + int(best[-1, -1] > best[-1, -2])
    path = np.zeros(T, int)
    for t in reversed(range(T)):
        path[t] = l_[s]
        s -= back[t, s]
    return path

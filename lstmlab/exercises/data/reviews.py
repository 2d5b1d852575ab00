"""Checks of the exercises in the chapter "Reviews"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import Params, forward, init_params
from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number, whole

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Review = NDArray[np.integer]
PAIRS = ("a", "b", "c", "d", "e", "f", "g")
APART = {"b", "d", "g"}
UNK, TURNS = 2, 7
"""Words that the readers made up here know: the unknown one, and one that turns all before it."""


@exercise("data.bag-pairs", kind="recall")
def bag_pairs(answer: object) -> str:
    """Which pairs of texts a bag of words can tell apart."""
    given = members(answer, PAIRS)
    for pair, mistake, says, hint in (
        ("a", "order", "In pair a both texts have the same words.",
         "Write down the words of each text in the order of the alphabet."),
        ("c", "order", "In pair c both texts have the same words.",
         "Write down the words of each text in the order of the alphabet."),
        ("f", "order", "In pair f both texts have the same words.",
         "Write down the words of each text in the order of the alphabet."),
        ("e", "counts", "In pair e a word is there once, and twice.",
         "What does the bag of this page note of a word: that it is there, or how often?"),
    ):  # fmt: skip
        if pair in given:
            raise Wrong(mistake, says, hint=hint)
    for pair, mistake, says, hint in (
        ("b", "not", "In pair b one text has a word that the other has not.",
         "A bag does not understand the word. Does it need to, to give another sum?"),
        ("d", "more-words", "In pair d one text has a word that the other has not.",
         "Compare which words there are, not how many."),
        ("g", "one-word", "In pair g the texts differ in one word.",
         "Does that word have a weight of its own?"),
    ):  # fmt: skip
        if pair not in given:
            raise Wrong(mistake, says, hint=hint)
    return "To tell them apart is one thing. To weigh the difference rightly everywhere is another."


@exercise("data.classifier-weights", kind="derive")
def classifier_weights(answer: object) -> str:
    """How many weights the chapter's classifier has."""
    f = function(answer, "inputs", "embedding", "blocks")
    for K, M, N in ((328, 16, 32), (50, 7, 3), (5003, 32, 64), (11, 2, 19)):
        found = whole(call(f, K, M, N))
        E, layer, out = K * M, 4 * (N * M + N * N + N), N + 1
        if found == E + layer + out:
            continue
        said = f"With {K} words, {M} numbers for each and {N} blocks the number is another."
        for wrong, mistake, hint in (
            (E + layer + 3 * N + out, "peepholes", "The block is NP. What does NP do without?"),
            (E + layer // 4 + out, "one-of-four", "What else has weights in a block?"),
            (E + 3 * layer // 4 + out, "three-of-four",
             "Three gates, and what do they let in and out?"),
            (E + layer - 4 * N + out - 1, "biases",
             "What is added that is multiplied with no input?"),
            (E + layer - 4 * N + out, "biases", "What is added in each block, besides products?"),
            (E + layer + out - 1, "biases", "What is added after the last product?"),
            (layer + out, "embedding", "Where are the numbers kept that stand for a word?"),
            (4 * (N * K + N * N + N) + out, "one-hot",
             "What does the block read: the word's place in a list, or the row looked up for it?"),
            (E + layer, "output", "Who makes one number of the last outputs?"),
            (E + layer - 4 * N * N + out, "recurrent", "What else does a block read at a step?"),
        ):  # fmt: skip
            if found == wrong:
                raise Wrong(mistake, said, hint=hint)
        raise Wrong("another-number", said,
                    hint="Write down the shape of every array from the equations of the section "
                         "“The classifier”, beginning with the embedding.")  # fmt: skip
    return "Nearly half of them are words. With 5,000 words and 64 blocks it would be most."


@exercise("data.noisy-area", kind="derive")
def noisy_area(answer: object) -> str:
    """The area of somebody who knows the truth where a part of the labels is wrong."""
    f = function(answer, "ε")
    for ε in (0.2, 0.05, 0.37, 0.1, 0.0):
        found = number(call(f, ε))
        if close(found, (1 - ε) ** 2 + ε / 2):
            continue
        if close(found, 1 - ε):
            raise Wrong("accuracy", "That is the accuracy.",
                        hint="There are two thresholds that make a difference. Which reviews does "
                             "the lower one call positive?")  # fmt: skip
        if close(found, (1 - ε) ** 2):
            raise Wrong("one-step", "Your curve ends before all positive reviews are found.",
                        hint="Lower the threshold to 0. What are recall and precision "
                             "then?")  # fmt: skip
        if close(found, (1 - ε) ** 2 + ε * (1.5 - ε) / 2):
            raise Wrong("slope", "You join the two points by a straight line.",
                        hint="The sum of the text takes steps: how high is the second one over its "
                             "whole width?")  # fmt: skip
        if close(found, (1 - ε) ** 2 + ε):
            raise Wrong("sure", "Your second step has a precision of 1.",
                        hint="If every review is called positive, how many of them "
                             "are?")  # fmt: skip
        raise Wrong("another-area", f"With ε = {ε:g} the area is another.",
                    hint="Say first how many of the reviews that get a 1 are labelled positive, "
                         "and how many of those labelled positive get a 1.")  # fmt: skip
    return "So an area of 0.93 may be all there is to have."


@exercise("data.masked-forward", kind="build")
def masked_forward(answer: object) -> str:
    """A layer that leaves its state alone where the mask says so, in a batch."""
    f = function(answer, "params", "x", "mask")
    rng = np.random.default_rng(33)
    for T, B, M, N in ((6, 3, 2, 4), (9, 2, 3, 1), (5, 4, 1, 2)):
        params = init_params("NP", M, N, rng=rng, std=0.8)
        x = rng.normal(0, 1.5, (T, B, M))
        mask = np.asarray(rng.random((T, B)) < 0.6)
        mask[0], mask[1] = False, True
        mask[2] = np.arange(B) % 2 == 0
        got = array(call(f, params, x, mask), (T, B, N))
        if close(got, _masked(params, x, mask)):
            continue
        both = mask[..., None]
        for wrong, mistake, says, hint in (
            (_masked(params, x, ~mask), "upside-down", "You skip the words that count.",
             "Where is the mask true: at words to read, or at words to leave out?"),
            (_plain(params, x * both), "zero-input",
             "At a masked step your block reads zeros.",
             "Does a block that reads zeros keep its state? What do its gates do?"),
            (_plain(params, x) * both, "silent",
             "At a masked step your output is 0, and the state goes on.",
             "What is the output after a step that was not made?"),
            (_plain(params, x * both) * both, "silent",
             "At a masked step your output is 0.",
             "What is the output after a step that was not made?"),
            (_masked(params, x, mask, reset=True), "reset",
             "At a masked step your network forgets everything.",
             "The state is to be what it was before, not 0."),
            (_masked(params, x, mask, hold="y"), "cell-runs-on",
             "Your output stays, and your cell does not.",
             "The state of a block is two vectors."),
            (_masked(params, x, mask, hold="c"), "output-runs-on",
             "Your cell stays, and your output does not.",
             "The state of a block is two vectors."),
            (_masked(params, x, np.repeat(mask.any(axis=1, keepdims=True), B, axis=1)),
             "all-together", "Reviews of a batch do not wait for one another in your answer.",
             "Each review has a mask of its own. Which axis of the mask is the batch?"),
            (_plain(params, x), "no-mask", "Your mask changes nothing.",
             "At which line does your code ask the mask?"),
        ):  # fmt: skip
            if close(got, wrong):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-state", "Some of your numbers are others.",
                    hint="Take one review and one masked step. What are y and c before it, and "
                         "what after?")  # fmt: skip
    return "Reviews of any length, with any words left out, can now be read side by side."


def _plain(params: Params, x: Floats) -> Floats:
    """Outputs of a layer that skips nothing."""
    return np.asarray(forward(params, x, "NP").y, np.float64)


def _masked(
    params: Params, x: Floats, mask: Bools, *, hold: str = "yc", reset: bool = False
) -> Floats:
    """Outputs of a layer that keeps what `hold` names where the mask is false."""
    T, B, _ = x.shape
    N = len(params["b_z"])
    y, c, ys = np.zeros((B, N)), np.zeros((B, N)), []
    for t in range(T):
        step = forward(params, x[t : t + 1], "NP", y, c)
        m = mask[t][:, None]
        old_y, old_c = (0 * y, 0 * c) if reset else (y, c)
        y = np.where(m, step.y[0], old_y) if "y" in hold else step.y[0]
        c = np.where(m, step.c[0], old_c) if "c" in hold else step.c[0]
        ys.append(y)
    return np.array(ys)


@exercise("data.leave-one-out", kind="build")
def leave_one_out(answer: object) -> str:
    """How much each word of a review matters to any reader."""
    f = function(answer, "predict", "x")
    rng = np.random.default_rng(5)
    reviews = [np.array(x) for x in (
        [1, 5, 9, 7, 5, 12, 2, 9], [1, 7, 3], [1, *rng.integers(3, 14, 15), 7, 4, 4],
    )]  # fmt: skip
    for predict in (_reader(1, 1.0), _reader(2, 0.8)):
        for x in reviews:
            T = len(x)
            got = array(call(f, predict, x), (T - 1,))
            p = predict([x])[0]
            gone = [np.delete(x, k) for k in range(1, T)]
            want = p - predict(gone)
            if close(got, want, 1e-5):
                continue
            unknown = [np.where(np.arange(T) == k, UNK, x) for k in range(1, T)]
            begun = [x[: k + 1] for k in range(T)]
            for wrong, mistake, says, hint in (
                (-want, "sign", "Your numbers have the opposite sign.",
                 "A word that makes p larger is to have a number above 0."),
                (np.abs(want), "size", "Your numbers have no sign.",
                 "For or against? A reader wants to know."),
                (p - predict(unknown), "unknown", "You put <UNK> in the word's place.",
                 "A word that is left out leaves no gap. How long is the review without it?"),
                (p - predict([x[x != x[k]] for k in range(1, T)]), "everywhere",
                 "A word that occurs twice goes twice in your answer.",
                 "Leave out a place, not a word."),
                (np.diff(predict(begun)), "so-far", "That is how p changes while reading.",
                 "Both readings go to the end of the review."),
                (p - predict([np.delete(x, k) for k in range(T - 1)]), "off-by-one",
                 "Your numbers are those of the words one place before.",
                 "Which word is at place 0, and may it be left out?"),
                (predict(gone), "without", "That is p without the word.",
                 "What was p with it?"),
            ):  # fmt: skip
                if close(got, wrong, 1e-5):
                    raise Wrong(mistake, says, hint=hint)
            raise Wrong("another-number", "Some numbers are others.",
                        hint="Take a review of <START> and two words. Which two texts do you ask "
                             "the reader about, besides the whole?")  # fmt: skip
    return "It asks nothing of the reader but answers, so it works for a bag as for an LSTM."


def _reader(seed: int, decay: float) -> Callable[[Sequence[Review]], Floats]:
    """A reader to whom order matters: one word turns round all that came before it."""
    scores = np.random.default_rng(seed).normal(0, 1, 20)

    def predict(xs: Sequence[Review]) -> Floats:
        found = []
        for x in xs:
            if np.ndim(x) != 1:
                raise ValueError("predict reads a list of reviews, each an array (T,)")
            a = 0.0
            for word in x:
                a = decay * a + scores[word]
                if word == TURNS:
                    a = -a
            found.append(1 / (1 + np.exp(-a)))
        return np.array(found)

    return predict

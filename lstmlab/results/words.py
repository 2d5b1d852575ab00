"""Words that begin alike, from a hidden Markov model, and what can be known of them.

A line is a row of letters, each seen for some frames and now and then misread; the question is, for
each frame, to which of four words it belongs. As the source is known, so is the best that a reader
of the past, of some frames more or of the whole line can say.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstmlab.cells import Array

WORDS, LETTERS = ("bat", "bad", "mat", "mad"), "bmatd"
STAYS = (0.5, 0.75, 0.5)
"""How likely the first, second and third letter of a word are to last one frame more."""
MISREAD = 0.1
SHORTEST, LONGEST = 20, 60
PAIR = np.array([0, 1, 1, 0])
"""The class of each word where the question is only: bat or mad, or one of the other two?"""


Labels = NDArray[np.integer]
Line = tuple[Array, Labels]


def chain() -> tuple[Array, Array, Array]:
    """The hidden Markov model: a state is a word and a letter of it, twelve in all.

    Returns
    -------
    ndarray, (12,)
        How likely a line is to start in each state.
    ndarray, (12, 12)
        From row to column, from one frame to the next.
    ndarray, (12, 5)
        How likely each state is to look like each of the five letters.
    """
    states = [letter for word in WORDS for letter in word]
    start, moves = np.zeros(12), np.zeros((12, 12))
    start[::3] = 1 / 4
    for s in range(12):
        moves[s, s] = STAYS[s % 3]
        if s % 3 < 2:
            moves[s, s + 1] = 1 - moves[s, s]
        else:
            moves[s, ::3] = (1 - moves[s, s]) / 4
    shows = np.full((12, 5), MISREAD / 4)
    shows[range(12), [LETTERS.index(letter) for letter in states]] = 1 - MISREAD
    return start, moves, shows


START, MOVES, SHOWS = chain()


def lines(rng: np.random.Generator, count: int) -> list[Line]:
    """Lines of 20 to 60 frames: letters seen, one-hot (T, 5), and the word at each frame (T,)."""

    def pick(chances: Array) -> Labels:
        return np.asarray((rng.random(count)[:, None] > chances.cumsum(axis=1)[:, :-1]).sum(axis=1))

    s = pick(np.tile(START, (count, 1)))
    states, seen = [], []
    for _ in range(LONGEST):
        states.append(s)
        seen.append(pick(SHOWS[s]))
        s = pick(MOVES[s])
    x, word = np.eye(5, dtype=np.float32)[np.array(seen)], np.array(states) // 3
    lengths = rng.integers(SHORTEST, LONGEST + 1, count)
    return [(x[:T, n], word[:T, n]) for n, T in enumerate(lengths)]


def posterior(x: Array, ahead: int) -> Array:
    """p(word at t | frames 1 to t + ahead), (T, 4): no reader of these frames can do better."""
    likely = x.astype(float) @ SHOWS.T
    α, β = likely.copy(), np.ones_like(likely)
    α[0] *= START
    for t in range(1, len(x)):
        α[t] *= (α[t - 1] / α[t - 1].sum()) @ MOVES
    for _ in range(min(ahead, len(x) - 1)):  # β of all frames at once, each a frame longer
        β[:-1] = (likely[1:] * β[1:]) @ MOVES.T
    p = α * β
    return np.asarray((p / p.sum(axis=1, keepdims=True)).reshape(-1, 4, 3).sum(axis=2))


def pairs(p: Array) -> Array:
    """p(bat or mad) and p(bad or mat), (T, 2), from the probabilities of the words."""
    return np.asarray(p @ np.eye(2)[PAIR])


def known(test: Sequence[Array], ahead: int, question: str = "words") -> list[Array]:
    """The posterior of each line: what can be known, and the measure of who says something."""
    found = [posterior(x, ahead) for x in test]
    return [pairs(p) for p in found] if question == "pairs" else found


def judged(answers: Sequence[Array], right: Sequence[Array]) -> tuple[float, float]:
    """Nats per frame and frame error rate, in the mean over what the right word may be.

    Parameters
    ----------
    answers : sequence of ndarray, (T, K)
        Probabilities of the classes that a reader gives.
    right : sequence of ndarray, (T, K)
        Those given what the reader has seen, as `known` gives them. No reader of just that has
        less than their own loss or error, not even in one frame.
    """
    nats, wrong = 0.0, 0.0
    for p, q in zip(answers, right, strict=True):
        nats -= float((q * np.log(p)).sum())
        wrong += float((1 - q[range(len(q)), p.argmax(axis=1)]).sum())
    frames = sum(len(q) for q in right)
    return nats / frames, wrong / frames

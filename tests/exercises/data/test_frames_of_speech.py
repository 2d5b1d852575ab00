"""The exercises of "Speech, frame by frame": solutions, and the mistakes they know."""

from __future__ import annotations

import numpy as np
from scipy.signal import medfilt

from lstmlab.results import weights
from lstmlab.tasks import load
from lstmlab.tasks.speech import phones
from lstmlab.tasks.speech.features import differences, mel
from lstmlab.training import Network, error_rate

from ..harness import Promises

NAMES = phones.PHONES
Q = NAMES.index("q")


def score(said, read, classes=39, keep=lambda a, b: a is not None, of_all=False, right=False):
    names = [phones.fold(name, classes) for name in NAMES]
    pairs = [(names[a], names[b]) for a, b in zip(said, read, strict=True)]
    kept = [(a == b) == right for a, b in pairs if keep(a, b)]
    return sum(kept) / (len(said) if of_all else len(kept))


def vote(around):
    def answer(read, h):
        T = len(read)
        return np.array([np.bincount(around(read, t, h, T)).argmax() for t in range(T)])

    return answer


def in_place(read, h):
    for t in range(len(read)):
        read[t] = np.bincount(read[max(0, t - h) : t + h + 1]).argmax()
    return read


def inner_only(read, h):
    out = read.copy()
    for t in range(h, len(read) - h):
        out[t] = np.bincount(read[t - h : t + h + 1]).argmax()
    return out


def largest_wins(read, h):
    parts = [read[max(0, t - h) : t + h + 1] for t in range(len(read))]
    return np.array([np.flatnonzero(np.bincount(p) == np.bincount(p).max())[-1] for p in parts])


def padded_with_zeros(x, width):
    wide = np.pad(x, ((width, width), (0, 0)))
    T, steps = len(x), range(1, width + 1)
    rise = sum(k * (wide[width + k :][:T] - wide[width - k :][:T]) for k in steps)
    return rise / (2 * sum(k * k for k in steps))


class TestFramesOfSpeech(Promises):
    chapter = "3-1-speech-frame-by-frame"
    wrong = {
        "data.what-can-be-undone": [
            ({"a", "b", "d", "e", "g"}, "phase"),
            ({"a", "c", "d", "e", "g"}, "fewer-numbers"),
            ({"a", "d", "e", "f", "g"}, "dropped"),
            ({"e", "g"}, "one-to-one"),
            (set(), "one-to-one"),
            ({"d", "g"}, "a-change-of-axes"),
            (["d", "e", "g"], "one-by-one"),
            ({"a", "z"}, "not-an-option"),
        ],
        "data.samples-heard": [
            (lambda length, hop, width: length + 2 * width * hop, "slopes-only"),
            (lambda length, hop, width: (1 + 4 * width) * length, "no-overlap"),
            (lambda length, hop, width: length + width * hop, "sides"),
            (lambda length, hop, width: (1 + 4 * width) * hop, "last-window"),
            (lambda length, hop, width: length, "not-that-many"),
            (lambda length, hop, width: length / 3, "not-whole"),
        ],
        "data.mel-inverse": [
            (lambda m: 700 * 10 ** (m / 2595) - 1, "one-inside"),
            (lambda m: 700 * 10 ** (m / 2595), "forgot-one"),
            (lambda m: 700 * (np.exp(m / 2595) - 1), "natural"),
            (mel, "forward"),
            (lambda m: (10 ** (m / 2595) - 1) / 700, "factor"),
            (lambda m: m, "not-inverse"),
        ],
        "data.slopes": [
            (lambda x, width: -differences(x, width), "turned-round"),
            (lambda x, width: 2 * differences(x, width), "twice"),
            (lambda x, width: differences(x, width) * 2 * sum(k * k for k in range(width + 1)),
             "not-divided"),
            (lambda x, width: differences(x, 1), "one-neighbour"),
            (lambda x, width: differences(x.T, width).T, "other-axis"),
            (padded_with_zeros, "at-the-ends"),
            (lambda x, width: x, "not-the-slope"),
            (lambda x, width: np.diff(x, axis=0), "shape"),
        ],
        "data.folded-error": [
            (lambda said, read: np.mean(said != read), "not-folded"),
            (lambda said, read: np.mean((said != read)[said != Q]), "not-folded"),
            (lambda said, read: score(said, read, keep=lambda a, b: True), "q-scored"),
            (lambda said, read: score(said, read, keep=lambda a, b: a and b), "read-dropped"),
            (lambda said, read: score(said, read, 48), "of-48"),
            (lambda said, read: score(said, read, right=True), "turned-round"),
            (lambda said, read: score(said, read, of_all=True), "of-all"),
            (lambda said, read: score(said, read) * np.sum(said != Q), "a-count"),
            (lambda said, read: 0.5, "another-share"),
        ],
        "data.majority": [
            (lambda read, h: read, "unchanged"),
            (vote(lambda read, t, h, T: read[max(0, t - h) : t + max(h, 1)]), "one-short"),
            (vote(lambda read, t, h, T: read[max(0, t - h) : t + 1]), "one-sided"),
            (vote(lambda read, t, h, T: np.take(read, range(t - h, t + h + 1), mode="wrap")),
             "wrapped"),
            (vote(lambda read, t, h, T: np.take(read, range(t - h, t + h + 1), mode="clip")),
             "ends-vote-twice"),
            (inner_only, "at-the-ends"),
            (lambda read, h: medfilt(np.pad(read, 9, mode="edge"), 2 * h + 1)[9:-9], "median"),
            (in_place, "in-place"),
            (largest_wins, "not-elected"),
            (lambda read, h: read[h:], "shape"),
        ],
    }  # fmt: skip
    right = {
        "data.mel-inverse": [lambda m: 700 * np.expm1(np.asarray(m) / 2595 * np.log(10))],
        "data.slopes": [differences],
        "data.what-can-be-undone": [["a", "d", "e", "g"], lambda: ("g", "e", "d", "a")],
    }


def once(k):
    return k[np.diff(k, prepend=-1) != 0]


def test_what_the_solution_says_of_a_vote_on_the_test_set():
    """Frame and phone error of the shipped network, as "Ask the neighbours" gives them."""
    task = load("speech", source="generated")
    net, w = Network(39, 64, 31, loss="softmax", directions=2), weights("speech", "both")
    said, read = [k for _, k in task.test], [net.read(w, x) for x, _ in task.test]
    around = vote(lambda k, t, h, T: k[max(0, t - h) : t + h + 1])
    found = {}
    for h in (0, 1, 3):
        voted = [around(k, h) for k in read]
        frame = np.mean(np.concatenate(voted) != np.concatenate(said))
        found[h] = frame, error_rate(list(map(once, voted)), list(map(once, said)))
    np.testing.assert_allclose(found[0], (0.28, 0.64), atol=0.005)
    np.testing.assert_allclose(found[1], (0.28, 0.44), atol=0.005)
    np.testing.assert_allclose(found[3], (0.30, 0.36), atol=0.005)

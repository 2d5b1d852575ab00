"""The exercises of "Speech, frame by frame"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number, whole
from lstmlab.tasks.speech import phones
from lstmlab.tasks.speech.features import differences, hertz, mel

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]
STEPS = ("a", "b", "c", "d", "e", "f", "g")


@exercise("data.what-can-be-undone", kind="recall")
def what_can_be_undone(answer: object) -> str:
    """Which steps from the wave to the frame lose nothing."""
    chosen = members(answer, STEPS)
    if "b" in chosen:
        raise Wrong("phase", "Two different sounds can have the same power spectrum.",
                    hint="A tone and the same tone a little later: what differs in the Fourier "
                         "transform, and is it there after squaring the size?")  # fmt: skip
    if "c" in chosen:
        raise Wrong("fewer-numbers", "You want 257 numbers back from 26 sums.",
                    hint="Move some power from one frequency to its neighbour under the same "
                         "triangle, and choose the amount well. Must any band change?")  # fmt: skip
    if "f" in chosen:
        raise Wrong("dropped", "What is not kept cannot be computed.",
                    hint="The cosine waves have nothing to do with each other. Do the first ones "
                         "say anything about the last?")  # fmt: skip
    if not {"d", "g"} <= chosen:
        raise Wrong("one-to-one", "You leave out a step that turns each number into another, and "
                    "different numbers into different ones.",
                    hint="Which function would bring you back from the logarithm? And from "
                         "subtracting and dividing by numbers that you know?")  # fmt: skip
    if "e" not in chosen:
        raise Wrong("a-change-of-axes", "26 bands go into the cosine transform and 26 coefficients "
                    "come out.",
                    hint="The chapter has an assertion about this matrix and its "
                         "transpose.")  # fmt: skip
    if "a" not in chosen:
        raise Wrong("one-by-one", "Pre-emphasis subtracts something, but you can find out what.",
                    hint="The first sample stays as it is. What do you know about the second, "
                         "once you have the first?")  # fmt: skip
    return "What is lost in b, c and f is meant to be lost: it says little about the phone."


@exercise("data.samples-heard", kind="derive")
def samples_heard(answer: object) -> str:
    """Samples that all 39 numbers of a frame depend on."""
    f = function(answer, "length", "hop", "width")
    for length, hop, width in ((400, 160, 3), (200, 80, 1), (512, 100, 4), (320, 160, 0)):
        got = whole(call(f, length, hop, width))
        if got == length + 4 * width * hop:
            continue
        said = f"With {length} samples a window, {hop} from one to the next and slopes over " \
            f"{width} to either side, {got} is not it."  # fmt: skip
        if got == length + 2 * width * hop:
            raise Wrong("slopes-only", said,
                        hint="That is right for the slopes. The slope of the slope needs slopes "
                             "of other frames, and what do those need?")  # fmt: skip
        if got in ((1 + 4 * width) * length, (1 + 2 * width) * length):
            raise Wrong("no-overlap", said,
                        hint="You count windows as if each began where the last one ends. How "
                             "many samples does the next window add?")  # fmt: skip
        if got in (length + width * hop, length + 3 * width * hop, length + 8 * width * hop):
            raise Wrong("sides", said,
                        hint="Slopes look to both sides. Draw the frames in a row, and mark which "
                             "ones the slope of the slope in the middle needs.")  # fmt: skip
        if got in ((1 + 4 * width) * hop, 4 * width * hop):
            raise Wrong("last-window", said,
                        hint="The outermost window is as long as any other. How far does it "
                             "reach?")  # fmt: skip
        raise Wrong("not-that-many", said,
                    hint="First find the outermost frames that matter, then the first sample of "
                         "the one and the last sample of the other.")  # fmt: skip
    return "1,680 samples with the paper's settings: 105 ms, longer than most phones."


@exercise("data.mel-inverse", kind="derive")
def mel_inverse(answer: object) -> str:
    """The frequency in Hz of a number of mels."""
    f = function(answer, "m")
    for m in (1000.0, 150.0, 2840.0, np.array([0.0, 513.0, 2222.0])):
        got, want = array(call(f, m), np.shape(m)), np.asarray(hertz(m))
        if close(got, want):
            continue
        tenth = np.asarray(m) / 2595
        wrong = {
            "one-inside": 700 * 10**tenth - 1,
            "forgot-one": 700 * 10**tenth,
            "natural": 700 * (np.exp(tenth) - 1),
            "forward": np.asarray(mel(m)),
            "factor": (10**tenth - 1) / 700,
        }
        hints = {
            "one-inside": ("Your 1 is taken away after multiplying by 700.",
                           "In which order did the formula put things on? Take them off in the "
                           "opposite one."),
            "forgot-one": ("0 mels do not come out as 0 Hz.",
                           "What stands under the logarithm beside the fraction?"),
            "natural": ("Your result belongs to a natural logarithm.",
                        "Which base has the logarithm in the formula?"),
            "forward": ("You turn hertz into mels once more.",
                        "What is given here is m. Solve for the frequency."),
            "factor": ("Your frequencies come out far too small.",
                       "The frequency was divided by 700 on the way there."),
        }  # fmt: skip
        for name, guess in wrong.items():
            if close(got, guess):
                raise Wrong(name, hints[name][0], hint=hints[name][1])
        raise Wrong("not-inverse", "Going to hertz and back to mels does not end where it began.",
                    hint="Undo one step of the formula at a time, the last one first.")  # fmt: skip
    return "1,000 mels are 1,000 Hz, about: that is how the numbers in it were chosen."


@exercise("data.slopes", kind="build")
def slopes(answer: object) -> str:
    """The slope of each number over its neighbours in time."""
    f = function(answer, "x", "width")
    rng = np.random.default_rng(5)
    for T, D, width in ((9, 3, 2), (12, 2, 3), (6, 4, 1), (3, 2, 2)):
        x = rng.standard_normal((T, D))
        got = array(call(f, x, width), (T, D))
        want = differences(x, width)
        if close(got, want):
            continue
        _known_slopes(got, want, x, width)
        inner = slice(width, T - width)
        if T > 2 * width and close(got[inner], want[inner]):
            raise Wrong("at-the-ends", "Inside the sentence your slopes are right, at its ends "
                        "they are not.",
                        hint="A frame before the first counts as the first itself, and one "
                             "after the last as the last.")  # fmt: skip
        raise Wrong("not-the-slope", f"With {T} frames and width {width} these are not the slopes.",
                    hint="Try a straight line, 0, 3, 6, 9, …, in one column. Away from the ends "
                         "its slope must be 3.")  # fmt: skip
    return "A straight line has its own slope, and noise in a single frame is shared by five."


def _known_slopes(got: Floats, want: Floats, x: Floats, width: int) -> None:
    """Raise for slopes that are wrong in a way we know."""
    if close(got, -want):
        raise Wrong("turned-round", "What rises has a negative slope.",
                    hint="Which frame is later, t + k or t - k?")  # fmt: skip
    if close(got, 2 * want):
        raise Wrong("twice", "Your slopes are twice as steep as they should be.",
                    hint="From t - k to t + k it is 2k frames. Look at the "
                         "denominator.")  # fmt: skip
    squares = sum(k * k for k in range(1, width + 1))
    if width > 1 and close(got, want * 2 * squares):
        raise Wrong("not-divided", "You have the sum above the line, and nothing below it.",
                    hint="What does a straight line give, and what should it?")  # fmt: skip
    if width > 1 and close(got, differences(x, 1)):
        raise Wrong("one-neighbour", "Only the nearest frames count.",
                    hint="The sum runs to `width`.")  # fmt: skip
    if close(got, differences(x.T, width).T):
        raise Wrong("other-axis", "You compare the numbers of one frame with each other.",
                    hint="Time is the first axis of `x`.")  # fmt: skip


@exercise("data.folded-error", kind="build")
def folded_error(answer: object) -> str:
    """Share of wrong frames among 39 classes."""
    f = function(answer, "said", "read")
    rng = np.random.default_rng(9)
    q = phones.PHONES.index(phones.IGNORED)
    for T in (60, 200, 500):
        said = rng.integers(0, len(phones.PHONES), T)
        read = np.where(rng.random(T) < 0.5, said, rng.integers(0, len(phones.PHONES), T))
        near = {"aa": "ao", "bcl": "dcl", "h#": "tcl", "axr": "er", "n": "en"}
        for n, (a, b) in enumerate(near.items()):
            said[4 * n : 4 * n + 4] = phones.PHONES.index(a)
            read[4 * n : 4 * n + 4] = phones.PHONES.index(b)
        said[20:26], read[20:23], read[23:26] = q, q, 0  # never scored
        said[26:33], read[26:33] = 0, q  # scored, and wrong
        got = number(call(f, said, read))
        if close(got, _folded(said, read, 39)):
            continue
        _known_scores(got, said, read, q)
        raise Wrong("another-share", f"Of these {T} frames another share is wrong: "
                    f"{_folded(said, read, 39):.1%}, not {got:.1%}.",
                    hint="Fold the two rows, drop the frames in which q was said, and compare what "
                         "is left.")  # fmt: skip
    return "Folding can only lower an error rate, but for the frames that are no longer counted."


def _folded(said: Classes, read: Classes, classes: int, keep_q: bool = False) -> float:
    """The share of wrong frames after folding to so many classes."""
    fold = [phones.fold(name, classes) for name in phones.PHONES]
    pairs = [(fold[a], fold[b]) for a, b in zip(said, read, strict=True)]
    scored = [(a, b) for a, b in pairs if keep_q or a is not None]
    return float(np.mean([a != b for a, b in scored]))


def _known_scores(got: float, said: Classes, read: Classes, q: int) -> None:
    """Raise for scores that are wrong in a way we know."""
    if close(got, np.mean(said != read)) or close(got, np.mean((said != read)[said != q])):
        raise Wrong("not-folded", "Frames count as wrong whose phones fold to the same name.",
                    hint="Compare the names after folding, not the classes.")  # fmt: skip
    if close(got, _folded(said, read, 39, keep_q=True)):
        raise Wrong("q-scored", "Frames in which the glottal stop was said are scored.",
                    hint="For these `phones.fold` gives no name. Leave them out of both the count "
                         "of the wrong ones and the count of all.")  # fmt: skip
    both = (said != q) & (read != q)
    if close(got, _folded(said[both], read[both], 39)):
        raise Wrong("read-dropped", "Frames that are read as q are left out, though something else "
                    "was said in them.",
                    hint="A network that always says q would then never be wrong.")  # fmt: skip
    if close(got, _folded(said, read, 48)):
        raise Wrong("of-48", "That is the score of the 48 classes.",
                    hint="What is the default of `phones.fold`?")  # fmt: skip
    if close(got, 1 - _folded(said, read, 39)):
        raise Wrong("turned-round", "That is the share of the frames that are right.",
                    hint="An error rate counts the others.")  # fmt: skip
    wrong = _folded(said, read, 39) * np.count_nonzero(said != q)
    if close(got, wrong / len(said)):
        raise Wrong("of-all", "You divide by all frames, those of q included.",
                    hint="A frame that is not scored belongs in neither count.")  # fmt: skip
    if close(got, wrong):
        raise Wrong("a-count", "That is a number of frames.",
                    hint="A share is that, divided by what?")  # fmt: skip


@exercise("data.majority", kind="build")
def majority(answer: object) -> str:
    """Every frame takes the most frequent class around it."""
    f = function(answer, "read", "h")
    rng = np.random.default_rng(13)
    for T, classes, h in ((40, 3, 2), (30, 4, 1), (50, 12, 3), (5, 3, 4), (20, 6, 0)):
        read = np.repeat(rng.integers(0, classes, T), rng.integers(1, 4, T))[:T]
        read[rng.random(T) < 0.3] = rng.integers(0, classes)
        got = array(call(f, read, h), (T,))
        want = _vote(read, _around(T, h))
        if np.array_equal(got, want):
            continue
        _known_votes(got, want, read, h)
        at = int(np.flatnonzero(got != want)[0])
        around = ", ".join(map(str, read[max(0, at - h) : at + h + 1]))
        raise Wrong("not-elected", f"With h = {h}, a frame amid {around} becomes {got[at]:g}.",
                    hint="Count how often each class occurs there. If two are equally frequent, "
                         "the smaller number wins.")  # fmt: skip
    return "And the phone error? Try it on the sentences of the chapter."


def _around(T: int, h: int) -> list[Classes]:
    """The frames that vote, for each of T frames."""
    return [np.arange(max(0, t - h), min(T, t + h + 1)) for t in range(T)]


def _vote(read: Classes, voters: list[Classes]) -> Classes:
    """The most frequent class among the voters of each frame."""
    return np.array([np.bincount(read[who]).argmax() for who in voters])


def _known_votes(got: Floats, want: Classes, read: Classes, h: int) -> None:
    """Raise for votes that are wrong in a way we know."""
    T = len(read)
    around = _around(T, h)
    beyond = [np.arange(t - h, t + h + 1) for t in range(T)]
    if np.array_equal(got, read):
        raise Wrong("unchanged", "Every frame stays what it was.",
                    hint="Is it the votes that you return?")  # fmt: skip
    if h and np.array_equal(got, _vote(read, [who[who < t + h] for t, who in enumerate(around)])):
        raise Wrong("one-short", "The last neighbour on the right has no vote.",
                    hint="A slice `a:b` ends before `b`.")  # fmt: skip
    if np.array_equal(got, _vote(read, [who[who <= t] for t, who in enumerate(around)])):
        raise Wrong("one-sided", "Only frames that came before have a vote.",
                    hint="h frames on either side.")  # fmt: skip
    if np.array_equal(got, _vote(read, [who % T for who in beyond])):
        raise Wrong("wrapped", "At the beginning, frames from the end of the sentence vote.",
                    hint="What does a negative index mean in Python?")  # fmt: skip
    if np.array_equal(got, _vote(read, [np.clip(who, 0, T - 1) for who in beyond])):
        raise Wrong("ends-vote-twice", "At the ends of the sentence a frame votes more than once.",
                    hint="Where there are fewer neighbours, there are fewer votes.")  # fmt: skip
    if T > 2 * h and np.array_equal(got[h : T - h], want[h : T - h]):
        raise Wrong("at-the-ends", "The first and the last frames do not have their vote.",
                    hint="They have neighbours as well, only fewer.")  # fmt: skip
    inner = slice(h, T - h)
    middle = np.array([np.sort(read[who])[len(who) // 2] for who in around])
    if T > 2 * h and np.array_equal(got[inner], middle[inner]):
        raise Wrong("median", "You take the middle of the class numbers.",
                    hint="Classes have no order: between class 3 and class 5 there is not class "
                         "4.")  # fmt: skip
    if np.array_equal(got, _in_place(read, h)):
        raise Wrong("in-place", "Frames that have changed vote as what they became.",
                    hint="Write the results into another array than the one you "
                         "count in.")  # fmt: skip


def _in_place(read: Classes, h: int) -> Classes:
    """Votes that see the results of the votes before them."""
    row = read.copy()
    for t in range(len(row)):
        row[t] = np.bincount(row[max(0, t - h) : t + h + 1]).argmax()
    return row

"""Checks of the exercises in the chapter "Handwriting, stroke by stroke"."""

from __future__ import annotations

import numpy as np

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import (
    array,
    call,
    close,
    function,
    members,
    number,
    several,
    whole,
)
from lstmlab.tasks.handwriting import encode, pen
from lstmlab.training import edit_distance

CHANGES = ("right", "larger", "pause", "slower", "turned", "at once", "clock")
SAME = {"right", "pause", "clock"}


@exercise("data.same-inputs", kind="recall")
def same_inputs(answer: object) -> str:
    """Which changes of a line leave the inputs as they are."""
    given = members(answer, CHANGES)
    for change, mistake, says, hint in (
        ("right", "place", "A line further to the right has other inputs, in your answer.",
         "Which of the four numbers knows where on the board the pen is?"),
        ("clock", "clock", "Another start of the clock changes the inputs, in your answer.",
         "From which moment on is the time of a frame counted?"),
        ("pause", "pause", "A longer pause between strokes changes the inputs, in your answer.",
         "The pen is in the air during the pause. Which frame would know how long that took?"),
    ):  # fmt: skip
        if change not in given:
            raise Wrong(mistake, says, hint=hint)
    for change, mistake, says, hint in (
        ("larger", "size", "Larger writing has the same inputs, in your answer.",
         "What happens to the way from one point to the next?"),
        ("slower", "speed", "Slower writing has the same inputs, in your answer.",
         "How long has a stroke been going on when the pen is half through?"),
        ("turned", "turn", "A board that leans has the same inputs, in your answer.",
         "A stroke to the right would go up a little. What are its two differences?"),
        ("at once", "order", "The order of the strokes does not matter, in your answer.",
         "Which frame comes after the body of the i, and what is its difference in x?"),
    ):  # fmt: skip
        if change in given:
            raise Wrong(mistake, says, hint=hint)
    return "And so the network cannot learn anything from how long someone hesitates."


@exercise("data.blank-share", kind="derive")
def blank_share(answer: object) -> str:
    """The blank's share while all outputs are equal, with twins in the line."""
    f = function(answer, "T", "U", "r")
    for T, U, r in ((40, 7, 0), (12, 10, 2), (90, 6, 3), (31, 4, 1), (400, 3, 0), (9, 5, 4)):
        share = number(call(f, T, U, r))
        blanks = _blanks(T, U, r)
        if close(share, blanks / T):
            continue
        if close(share, 1 - blanks / T):
            raise Wrong("letters", "That is the share of all letters together.",
                        hint="The two add up to 1.")  # fmt: skip
        if close(share, blanks):
            raise Wrong("frames", "That is a number of frames.",
                        hint="A share is a part of the whole line. How long is that?")  # fmt: skip
        if r and close(share, _blanks(T, U, 0) / T):
            raise Wrong("no-twins", "Your formula is right where no neighbours are equal.",
                        hint="Between twins a pause has a frame of its own, whatever you do. Does "
                             "it need one more to be 1 or longer?")  # fmt: skip
        if close(share, ((U + 1) * (T + U + 1 - r) / (2 * U + 1) - (U + 1)) / T):
            raise Wrong("taken-back", "You take back more frames than you have added.",
                        hint="How many pauses got an extra frame, if those between twins got "
                             "none?")  # fmt: skip
        if close(share, (U + 1) / (2 * U + 1)) or close(share, 0.5):
            raise Wrong("long-lines", "That holds for very long lines alone.",
                        hint="Try T = U: there is a single path, and no blank in it.")  # fmt: skip
        raise Wrong("another-share", f"With T = {T}, U = {U} and r = {r} the share is another.",
                    hint="Add frames to the pauses until none can be empty, and say how many "
                         "lengths there are and what they add up to.")  # fmt: skip
    return "It stays below a half until the outputs begin to follow it."


def _blanks(T: int, U: int, r: int) -> float:
    """Frames in pauses, on average over all paths."""
    return (U + 1) * (T + U + 1 - r) / (2 * U + 1) - (U + 1 - r)


@exercise("data.drawing", kind="build")
def drawing(answer: object) -> str:
    """Where the pen was, and in which stroke, from the inputs."""
    f = function(answer, "x")
    rng = np.random.default_rng(11)
    for lengths in ((4, 1, 6), (1,), (2, 2, 5, 1), (9,)):
        strokes = []
        for points in lengths:
            way = rng.normal(0, 5, (points, 2)).cumsum(axis=0)
            strokes.append(np.column_stack([way, 0.01 * np.arange(points)]))
        x = pen.features(strokes, subsample=False)
        gave_places, gave_numbers = several(call(f, x), "places", "numbers")
        places, numbers = array(gave_places, (len(x), 2)), array(gave_numbers, (len(x),))
        want = np.concatenate(strokes)[:, :2]
        order = np.repeat(np.arange(1.0, len(lengths) + 1), lengths)
        if close(numbers, order - 1):
            raise Wrong("from-zero", "Your strokes are counted from 0.",
                        hint="Steps, strokes and frames are counted from 1 in this "
                             "exercise.")  # fmt: skip
        if np.array_equal(numbers, 1 + np.cumsum(x[:, 3])):
            raise Wrong("lifted-early", "The last point of a stroke is counted with the next one.",
                        hint="The mark says that the pen is lifted after this point. Where does "
                             "that point belong?")  # fmt: skip
        if not close(numbers, order):
            raise Wrong("other-strokes", "The points are not divided into the right strokes.",
                        hint="How many marks has the pen made before a given frame?")  # fmt: skip
        if close(places, want - want[0]):
            continue
        if close(places, x[:, :2]):
            raise Wrong("not-summed", "Those are the differences themselves.",
                        hint="What do you do with steps to learn where they led?")  # fmt: skip
        if close(places, np.concatenate([own[:, :2] - own[0, :2] for own in strokes])):
            raise Wrong("every-stroke-anew", "Every stroke of yours begins at the origin.",
                        hint="The first difference of a stroke is the way through the air. Where "
                             "did it start?")  # fmt: skip
        raise Wrong("elsewhere", "Some points are elsewhere.",
                    hint="Take a line of two points by hand: where is the first, and where the "
                         "second?")  # fmt: skip
    return "Nothing of the drawing was lost but its place on the board."


@exercise("data.nearest-word", kind="build")
def nearest_word(answer: object) -> None:
    """The word of a list with the fewest edits, if they are few enough."""
    f = function(answer, "read", "words", "most")
    lists = (["stone", "story", "store"], ["far", "fast", "cat", "car", "eat"], ["ox"])
    for words in lists:
        for read in ("stune", "far", "caat", "stor", "x", "zzzzzz", "fat", "yellow"):
            distances = [edit_distance(encode(read), encode(word)) for word in words]
            best = min(distances)
            for most in (0, 1, 2, 9):
                position = whole(call(f, read, list(words), most))
                want = distances.index(best) if best <= most else -1
                if position == want:
                    continue
                said = f"For {read!r}, the words {', '.join(words)} and most = {most} it says "
                said += f"{position}."
                if best > most and position == distances.index(best):
                    raise Wrong("at-any-price", said,
                                hint="The nearest word may still be far away.")  # fmt: skip
                if best == most and position == -1:
                    raise Wrong("too-strict", said,
                                hint="May there be as many edits as `most`, or must there be "
                                     "fewer?")  # fmt: skip
                last = len(distances) - 1 - distances[::-1].index(best)
                if best <= most and position == last:
                    raise Wrong("the-last-one", said,
                                hint="Two words are equally near. Which is wanted?")  # fmt: skip
                if best <= most and position == want + 1:
                    raise Wrong("from-one", said,
                                hint="Positions in a Python list begin with 0.")  # fmt: skip
                raise Wrong("another-word", said,
                            hint="How many edits does each word of the list need?")  # fmt: skip


@exercise("data.error-bar", kind="build")
def error_bar(answer: object) -> str:
    """A CER and its standard error, each writer left out in turn."""
    f = function(answer, "edits", "lengths")
    rng = np.random.default_rng(5)
    for W in (4, 15, 40):
        n = rng.integers(20, 200, W).astype(float)
        e = rng.binomial(n.astype(int), rng.beta(1, 20, W)).astype(float) + 1
        gave_cer, gave_error = several(call(f, e, n), "cer", "error")
        cer, error = number(gave_cer), number(gave_error)
        want = e.sum() / n.sum()
        without = (e.sum() - e) / (n.sum() - n)
        spread = np.sqrt(np.mean((without - without.mean()) ** 2))
        if close(cer, np.mean(e / n)):
            raise Wrong("mean-of-rates", "Your CER is the mean of the writers' rates.",
                        hint="Then who has written little counts as much as who has written a "
                             "lot. What does the CER divide by what?")  # fmt: skip
        if close(cer, 100 * want):
            raise Wrong("per-cent", "Your CER is in per cent.",
                        hint="A rate of 1 is everything wrong.")  # fmt: skip
        if not close(cer, want):
            raise Wrong("another-cer", "The CER itself is another.",
                        hint="It is a sum over a sum.")  # fmt: skip
        if close(error, np.sqrt(W - 1) * spread):
            continue
        if close(error, spread) or close(error, np.std(without, ddof=1)):
            raise Wrong("no-factor", "That is the spread of the rates with one writer left out.",
                        hint="Leaving one of many out changes little. By which factor does the "
                             "formula make up for it?")  # fmt: skip
        if any(close(error, np.std(e / n, ddof=own)) for own in (0, 1)):
            raise Wrong("spread-of-writers", "That is how much writers differ.",
                        hint="How far one writer is from the others is one thing; how far the CER "
                             "of all of them would be from another set's is another.")  # fmt: skip
        if close(error, np.sqrt(W - 1) * np.sqrt(W) * spread) or close(error, (W - 1) * spread):
            raise Wrong("wrong-factor", "The factor before the sum is another.",
                        hint="Go through the formula once more: a mean, or a sum?")  # fmt: skip
        raise Wrong("another-error", "The CER is right, its standard error is another.",
                    hint="For each writer in turn: what is the CER of the others?")  # fmt: skip
    return "Two such errors to each side is about where another set of writers would put it."

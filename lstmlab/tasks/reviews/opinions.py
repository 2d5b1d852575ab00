"""Reviews that are made up: somebody's opinion of a film, and all that stands around it.

A review tells of the plot, remarks on the acting or the music, says what other films were like and
what other people thought, and somewhere, mostly late, passes its verdict. The verdict alone decides
whether the review is positive. Its remarks agree with it more often than not, which is what a
counter of words can go by; who wants to do better must know what an opinion is about, and whether
"not" or "but" or "they are wrong" turns it round, which takes the order of the words.

The grammar and its words are this project's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmlab.tasks.reviews import lexicon

SHORTEST, LONGEST = 20, 120
"""Words of a review."""
NEGATED = 0.22
"""How often an opinion is given by denying its opposite."""
AGREEING = 0.9
"""How often a remark agrees with the verdict."""
LATE, EARLY = 0.67, 0.25
"""How often the verdict is the last opinion, and how often it comes first; else between."""
CLOSING = 0.5
"""How often a late verdict is followed by one more sentence."""

PLAIN = (
    "{is} {d}{w}", "{is} {d}{w}", "{is} {d}{w}", "{is} {d}{w} from start to finish",
    "{is} not only {w} but {w2}", "struck me as {d}{w}", "{is} there is no denying it {d}{w}",
    "{is} {w} and {w2}",
)  # fmt: skip
DENIED = (
    "{is} not {d}{w}", "{is} not {d}{w}", "{is} never {d}{w}", "{is} not exactly {w}",
    "{is} anything but {w}", "{is} not what i would call {w}",
    "{is} not by any stretch of the imagination {w}", "{is} not to my mind at least {d}{w}",
    "did not strike me as {w}",
)  # fmt: skip
REMARKS = (
    "the {a} {o}", "the {a} {o}", "i think the {a} {o}", "its {a} {o}", "as for the {a} it {o}",
    "the {a} by the way {o}",
)  # fmt: skip
ASIDES = (
    "unlike {x} which {r} it is {n} minutes long", "{x} {r}", "{x} {r}",
    "i remember that {x} {r}", "you may recall that {x} {r}",
    "the same director made {x} which {r}",
)  # fmt: skip
VERDICTS = (
    *("this {f} {o}", "this {f} {o}", "the whole thing {o}", "it {o}") * 3,
    "the {a} {p} but this {f} {o}", "although the {a} {p} this {f} {o}",
    "unlike {x} which {r} this {f} {o}", "{c} said that it {p} and they are wrong",
    "{c} said that it {o} and they are right", "even if the {a} {p} it {o}",
)  # fmt: skip
EARLY_MARKS = ("let me say at once that", "to put it briefly", "first things first")
LATE_MARKS = (
    "overall", "all in all", "in the end", "to sum up", "on balance", "when all is said",
)  # fmt: skip
TALES = (
    "a {who} from {where} {does} a {what} {when}", "a {who} {does} a {what} {when}",
    "it is set in {where} {when}", "the {who} meets a {who2} {when}",
    "{n} years later a {who} comes back to {where}", "there is a {what} and a {who} in it",
    "i saw it in {where} with a {who}", "it was shot in {where} in {n} weeks",
    "nobody knows who {does} the {what}", "then the {what} is gone and a {who} is blamed",
)  # fmt: skip


def write(rng: np.random.Generator, truth: bool | None = None) -> tuple[list[str], bool]:
    """Make up one review.

    Parameters
    ----------
    rng : numpy.random.Generator
    truth : bool, optional
        Which verdict it is to pass; drawn if left out.

    Returns
    -------
    words : list of str
        20 to 120 words, in small letters and without punctuation.
    truth : bool
        Whether its verdict is positive.
    """
    truth = bool(rng.integers(2)) if truth is None else truth
    while True:
        words = " ".join(_sentences(truth, rng)).split()
        if SHORTEST <= len(words) <= LONGEST:
            return words, truth


def _sentences(truth: bool, rng: np.random.Generator) -> list[str]:
    """The review: tales, remarks, asides in any order, and the verdict in its place."""
    around = [tale(rng) for _ in range(rng.integers(1, 4))]
    around += [aside(rng) for _ in range(rng.integers(0, 3))]
    around += [remark(truth == (rng.random() < AGREEING), rng) for _ in range(rng.integers(1, 5))]
    around = [around[place] for place in rng.permutation(len(around))]
    where = rng.random()
    if where < LATE:
        closing = [tale(rng)] if rng.random() < CLOSING else []
        return [*around, f"{_pick(LATE_MARKS, rng)} {verdict(truth, rng)}", *closing]
    early = where < LATE + EARLY
    place = 0 if early else int(rng.integers(1, len(around) + 1))
    mark = _pick(EARLY_MARKS if early else LATE_MARKS, rng)
    return [*around[:place], f"{mark} {verdict(truth, rng)}", *around[place:]]


def opinion(positive: bool, rng: np.random.Generator) -> str:
    """What is said of something, such as "is not exactly dull": good of it, or bad."""
    denied = rng.random() < NEGATED
    words = lexicon.GOOD if positive != denied else lexicon.BAD
    word = _often(words, rng)
    other = _often([other for other in words if other != word], rng)
    degree = f"{_often(lexicon.DEGREES, rng)} " if rng.random() < 0.3 else ""
    return _pick(DENIED if denied else PLAIN, rng).format(
        **{"is": _pick(("is", "was"), rng), "d": degree, "w": word, "w2": other}
    )


def remark(positive: bool, rng: np.random.Generator) -> str:
    """A sentence on one side of the film, good or bad."""
    return _pick(REMARKS, rng).format(a=_often(lexicon.ASPECTS, rng), o=opinion(positive, rng))


def aside(rng: np.random.Generator) -> str:
    """A sentence on something that is not the film, as often good as bad."""
    return _pick(ASIDES, rng).format(
        x=_often(lexicon.OTHERS, rng), r=opinion(bool(rng.integers(2)), rng),
        n=_often(lexicon.NUMBERS, rng),
    )  # fmt: skip


def verdict(positive: bool, rng: np.random.Generator) -> str:
    """A sentence that passes the verdict; what else is in it may well say the opposite."""
    return _pick(VERDICTS, rng).format(
        a=_often(lexicon.ASPECTS, rng), f=_often(lexicon.FILMS, rng),
        x=_often(lexicon.OTHERS, rng), c=_often(lexicon.CROWDS, rng),
        o=opinion(positive, rng), p=opinion(not positive, rng),
        r=opinion(bool(rng.integers(2)), rng),
    )  # fmt: skip


def tale(rng: np.random.Generator) -> str:
    """A sentence without an opinion."""
    return _pick(TALES, rng).format(
        who=_often(lexicon.PEOPLE, rng), who2=_often(lexicon.PEOPLE, rng),
        where=_often(lexicon.PLACES, rng), does=_often(lexicon.DEEDS, rng),
        what=_often(lexicon.THINGS, rng), when=_often(lexicon.TIMES, rng),
        n=_often(lexicon.NUMBERS, rng),
    )  # fmt: skip


def _pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.random() * len(choices))]


def _often(choices: Sequence[str], rng: np.random.Generator) -> str:
    """The k-th of a list about as often as 1 / k, which is how words are used (Zipf's law)."""
    return choices[int((len(choices) + 1) ** rng.random()) - 1]

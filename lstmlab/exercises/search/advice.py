"""Checks of the exercises in the chapter "Advice you can use"."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number
from lstmlab.exercises.answers import whole as whole_number

Floats = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f")


@exercise("search.what-follows", kind="recall")
def what_follows(answer: object) -> str:
    """What does follow from shares of the variance, and from the shape of a valley."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "share-of-loss", "In your answer a share of the variance is a share of the loss.",
         "The variance is that of all rates, the hopeless ones too. How large is it near the best "
         "ones?"),
        ("c", "only-without", "In your answer only losses without interaction can be searched one "
         "knob at a time.", "Multiply a valley over the rates by a factor for each size. Is there "
         "an interaction? Does the best rate move?"),
        ("f", "fewer-is-less", "In your answer an interaction shrinks when fewer rates are looked "
         "at.", "Leave out the rates that make the loss large. What becomes of the share of the "
         "rates, and who gets it?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "sum-moves", "In your answer the best rate can move with the size although the loss "
         "is a sum.", "What does the part that belongs to the size do to two losses of the same "
         "size?"),
        ("d", "stops-early", "In your answer the descent can stop before the bottom of a valley "
         "that has only one.", "Before the bottom, is the next loss ever the higher one?"),
        ("e", "further-off", "In your answer the descent by ten can end more than a factor of ten "
         "from the bottom.", "Between which two neighbours among the rates tried does the bottom "
         "lie? Which rates can be the best of those tried?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "What makes tuning in turn work is that the best place stays, not that nothing changes."


@exercise("search.trials-of-descent", kind="derive")
def trials_of_descent(answer: object) -> str:
    """How many rates a descent tries in a valley that is the same on both sides."""
    f = function(answer, "start", "best", "factor")
    cases = [
        (1.0, 0.0051, 10.0),
        (1.0, 0.0003, 10.0),
        (1.0, 0.021, math.sqrt(10)),
        (3.0, 0.0007, 2.0),
        (0.1, 0.09, 10.0),
        (1.0, 0.06, 4.0),
    ]
    got = [whole_number(call(f, *case)) for case in cases]
    steps = [math.log(start / best) / math.log(factor) for start, best, factor in cases]
    want = [round(m) + 2 for m in steps]
    if got == want:
        return "A start ten times too high costs one more trial by tens, and such trials are short."
    for mistake, other, says, hint in (
        ("last-forgotten", [n - 1 for n in want], "Each time you are one trial short.",
         "How does the descent learn that it has passed the bottom?"),
        ("rounded-down", [math.floor(m) + 2 for m in steps],
         "Where the nearest rate is below the bottom, you stop too early.",
         "The descent goes on as long as the next rate is nearer to the bottom."),
        ("rounded-up", [math.ceil(m) + 2 for m in steps],
         "Where the nearest rate is above the bottom, you go one rate too far.",
         "If the nearest rate is above the bottom, is the next one better?"),
        ("steps-alone", [n - 2 for n in want], "You count the steps down to the bottom.",
         "Count the rates: the one at the start, and the one that is tried in vain."),
        ("always-ten", [round(math.log10(start / best)) + 2 for start, best, _ in cases],
         "You count factors of ten, whatever the factor.",
         "How many steps are there to a factor of ten?"),
    ):  # fmt: skip
        if got == other:
            raise Wrong(mistake, says, hint=hint)
    (start, best, factor), tried = next(
        (case, n) for case, n, right in zip(cases, got, want, strict=True) if n != right
    )
    raise Wrong("another-number", f"From {start:g} by factors of {factor:.3g}, with the bottom at "
                f"{best:g}, it is not {tried}.",
                hint="How many steps of that factor are there from the start to the bottom? Which "
                     "of the rates tried is nearest?")  # fmt: skip


@exercise("search.two-by-two", kind="derive")
def two_by_two(answer: object) -> str:
    """The share of the interaction in the variance of four losses."""
    f = function(answer, "a", "b", "c", "d")
    rng = np.random.default_rng(7)
    for a, b, c, d in (*rng.uniform(8, 12, (5, 4)), (9.0, 8.0, 8.0, 9.0), (9.0, 8.0, 8.5, 7.5)):
        share = number(call(f, float(a), float(b), float(c), float(d)))
        size, rate, both = c + d - a - b, b + d - a - c, a - b - c + d
        squares = size**2 + rate**2 + both**2
        if abs(share - both**2 / squares) < 1e-6:
            continue
        for mistake, other, says, hint in (
            ("not-squared", abs(both) / (abs(size) + abs(rate) + abs(both)),
             "Your parts are not squared.", "A variance is a mean of squares."),
            ("of-the-mains", both**2 / (size**2 + rate**2) if size or rate else math.inf,
             "Your share is of the variance without the interaction.",
             "Below the line stands the whole variance. For 9, 8, 8, 9 the share has to be 1."),
            ("the-rest", 1 - both**2 / squares, "That is what the two explain alone.",
             "For 9, 8, 8.5, 7.5 there is no interaction."),
            ("size-alone", size**2 / squares, "That is the share of the size.",
             "Size and rate are sums of two against two. Which difference is left?"),
            ("rate-alone", rate**2 / squares, "That is the share of the rate.",
             "Size and rate are sums of two against two. Which difference is left?"),
        ):  # fmt: skip
            if abs(share - other) < 1e-6:
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-share", f"For {a:.3g}, {b:.3g}, {c:.3g}, {d:.3g} it is another share.",
                    hint="What does the second rate change with the small network, and what with "
                         "the large one? The interaction is how these two differ.")  # fmt: skip
    return "Three differences of two against two: four numbers have no other parts."


@exercise("search.down-then-beside", kind="build")
def down_then_beside(answer: object) -> str:
    """A descent by ten from 1, and one look to either side of the best."""
    f = function(answer, "loss")
    for bottom, top in ((0.02, math.inf), (0.0016, 0.05), (0.06, math.inf), (0.0003, 0.2)):
        counted, ours = _Counted(_valley(bottom, top)), _Counted(_valley(bottom, top))
        coarse, want = _tuned(ours)
        got = number(call(f, counted))
        asked, expected = counted.asked, ours.asked
        if not asked:
            raise Wrong("no-training", "Your function never calls `loss`.",
                        hint="`loss(1.0)` trains a network with the rate 1.")
        if len(_different(asked)) < len(asked):
            raise Wrong("trained-twice", "One rate is trained more than once.",
                        hint="Keep what was found: a dictionary from rates to losses.")
        if min(asked) > top:
            raise Wrong("stopped-at-divergence", f"Where all rates above {top:g} diverge, yours "
                        "tries none that trains.", hint="Infinity is not below infinity. When has "
                        "the loss begun to fall?")  # fmt: skip
        sides = [rate for rate in expected if abs(math.log10(rate) % 1 - 0.5) < 0.1]
        if any(_between(rate) for rate in asked) and not any(_among(rate, asked) for rate in sides):
            raise Wrong("other-sides", "The rates beside the best are not √10 times and 1/√10 of "
                        "it.",
                        hint="Half a factor of ten is a half on the logarithmic "
                             "scale.")  # fmt: skip
        if not any(_among(rate, asked) for rate in sides):
            raise Wrong("coarse-only", "No rate between the factors of ten is tried.",
                        hint="After the descent come two more trainings.")
        if not all(_among(rate, asked) for rate in sides):
            raise Wrong("sides", "The rates half a factor of ten above and below the best one are "
                        "not both tried.", hint="Which rate is the best when the descent ends: "
                        "the last one?")  # fmt: skip
        if min(asked) < 0.99 * min(expected):
            raise Wrong("too-far", f"With the bottom at {bottom:g} yours goes down to "
                        f"{min(asked):.2g}.", hint="The descent ends with the first loss that is "
                        "not below the best so far.")  # fmt: skip
        if not all(_among(rate, asked) for rate in expected):
            raise Wrong("left-out", "Not all the rates that the text names are tried.",
                        hint="Begin at 1, and divide by 10 each time.")
        if len(asked) > len(expected):
            raise Wrong("more-than-asked", "More rates are tried than the text names.",
                        hint="How many trainings come after the descent?")
        if close(got, want):
            continue
        if close(got, coarse):
            raise Wrong("side-ignored", "The rates to either side are tried, and never chosen.",
                        hint="Among which rates do you look for the lowest loss at the end?")
        raise Wrong("another-rate", "What is returned is not the best of the rates tried.",
                    hint="Return the rate with the lowest loss, not the loss, and not the last "
                         "rate.")  # fmt: skip
    return "Six trainings or so, and the rate is known to about a quarter of a factor of ten."


@exercise("search.transferred", kind="build")
def transferred(answer: object) -> str:
    """What rates that were tuned on one size cost on another."""
    f = function(answer, "valid", "test")
    rng = np.random.default_rng(7)
    for sizes, rates in ((3, 6), (5, 11), (2, 4), (4, 7)):
        valid = rng.uniform(8, 9, (sizes, rates))
        test = valid + rng.normal(0, 0.4, (sizes, rates))
        got = array(call(f, valid, test), (sizes, sizes))
        k, by_test = valid.argmin(axis=1), test.argmin(axis=1)
        want = test[:, k].T - test.min(axis=1)
        if close(got, want):
            continue
        for mistake, other, says, hint in (
            ("transposed", want.T, "Rows and columns have changed places.",
             "The row says where the rate was tuned. Look at an entry off the diagonal."),
            ("chosen-on-test", test[:, by_test].T - test.min(axis=1),
             "The rates are chosen on the test set.",
             "On the diagonal of your matrix are zeros. Who tunes on the test set has no regret, "
             "and no honest number."),
            ("judged-by-validation", valid[:, k].T - valid.min(axis=1),
             "The validation loss chooses, and also judges.",
             "On the diagonal of your matrix are zeros. Which losses has the choice not seen?"),
            ("against-own-rate", test[:, k].T - np.diagonal(test[:, k]),
             "You compare with the rate that the used size would choose itself.",
             "The regret is above the best that there was, and so never below 0."),
            ("not-subtracted", test[:, k].T, "Those are losses, not regrets.",
             "What is the best that a size can do?"),
            ("least-of-all", test[:, k].T - test.min(),
             "You compare all sizes with the best loss of the whole table.",
             "A small network does not regret that it is small: compare it with its own best."),
        ):  # fmt: skip
            if close(got, other):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-matrix", f"With {sizes} sizes and {rates} rates it is another matrix.",
                    hint="Begin with one pair of sizes: which column of `valid` is chosen, and "
                         "which entry of `test` does that read?")  # fmt: skip
    return "That is the table of this page, for one seed that both chooses and judges."


def _valley(bottom: float, top: float) -> Callable[[float], float]:
    """Losses that are least at `bottom`, and infinite where the rate is above `top`."""

    def loss(rate: float) -> float:
        if rate > top:
            return math.inf
        away = math.log10(rate / bottom)
        return 8.0 + 0.4 * away**2

    return loss


def _tuned(loss: Callable[[float], float]) -> tuple[float, float]:
    """The best rate of the descent, and the best with those to either side."""
    tried, rate = {1.0: loss(1.0)}, 1.0
    while not math.isfinite(tried[rate]) or tried[rate] == min(tried.values()):
        rate /= 10
        tried[rate] = loss(rate)
    coarse = min(tried, key=tried.__getitem__)
    for side in (coarse * math.sqrt(10), coarse / math.sqrt(10)):
        tried[side] = loss(side)
    return coarse, min(tried, key=tried.__getitem__)


class _Counted:
    """A loss that remembers for which rates it was asked."""

    def __init__(self, loss: Callable[[float], float]) -> None:
        self.loss = loss
        self.asked: list[float] = []

    def __call__(self, rate: float) -> float:
        if len(self.asked) == 40:
            raise RuntimeError("forty trainings, and no end")
        if not rate > 0:
            raise ValueError(f"a learning rate is above 0, not {rate}")
        self.asked.append(float(rate))
        return self.loss(float(rate))

    def __deepcopy__(self, memo: object) -> _Counted:
        return self  # or a copy would be asked, and not this one


def _among(rate: float, rates: list[float]) -> bool:
    return any(abs(math.log(rate / other)) < 0.01 for other in rates if other > 0)


def _between(rate: float) -> bool:
    """Whether a rate is no power of ten."""
    return 0 < rate < math.inf and abs((math.log10(rate) + 0.5) % 1 - 0.5) > 0.1


def _different(rates: list[float]) -> list[float]:
    """The rates without repeats."""
    found: list[float] = []
    for rate in rates:
        if not _among(rate, found):
            found.append(rate)
    return found

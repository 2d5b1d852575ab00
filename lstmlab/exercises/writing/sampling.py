"""Checks of the exercises in the chapter "A network that writes"."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number
from lstmlab.exercises.answers import whole as whole_number

Array = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f")


@exercise("writing.policy-holds", kind="recall")
def policy_holds(answer: object) -> str:
    """What holds of probabilities, masks, greedy strings and scores."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "mask-is-filter", "In your answer masks do the same as throwing illegal strings "
         "away.", "How likely are (g, r1) and (r1, g) with the one, and with the other?"),
        ("c", "even-tokens-even-strings", "In your answer equally likely tokens make equally "
         "likely strings.", "Does every beginning leave equally many tokens?"),
        ("e", "greedy-is-best", "In your answer the greedy string is the likeliest.",
         "What if the best token at one place leaves sixteen, all alike, at the next?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "sum-not-one", "In your answer the probabilities of all strings need not sum to 1.",
         "What does each softmax sum to? Begin with strings of one token."),
        ("d", "learns-grammar", "In your answer a score pushes a forbidden token's logit.",
         "What is [j = k] - p_j for a token with p_j = 0 that is not written?"),
        ("f", "mean-score", "In your answer the mean of the scores need not be zero.",
         "p ∇ log p is ∇p. Of what is the sum over all strings the gradient?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "What a network prefers before it has learned anything comes from the masks."


_SIZES = ((16, 1), (16, 3), (5, 2), (2, 1), (4, 4))


@exercise("writing.effective-pairs", kind="derive")
def effective_pairs(answer: object) -> str:
    """The effective number of pairs of operands in a later group."""
    f = function(answer, "o", "r")
    got = np.array([number(call(f, o, r)) for o, r in _SIZES])
    want = np.array([_nats(o, r) for o, r in _SIZES])
    if close(got, np.exp(want)):
        return "With more results in the bank the masks distort less: 20 of 32, but 76 of 102."
    for mistake, says, hint, other in (
        ("in-nats", "You return H.", "An effective number is e to the power of it.", lambda o, r:
         _nats(o, r)),
        ("pairs-counted", "You count the pairs that are allowed.", "They are not equally likely: "
         "what is the probability of (r1, g), and of (g, r1)?", lambda o, r:
         r * (o + r - 1) + o * r),
        ("equal-allowed", "In your answer both operands may be the same result.", "After a result, "
         "how many others are there?", lambda o, r: math.exp(_nats(o, r, same=True))),
        ("no-reuse", "In your answer the second operand may be any other.", "After an operand of "
         "the list, which may follow?", lambda o, r: (o + r) * (o + r - 1)),
        ("first-alone", "You have the first operand's entropy alone.", "By the chain rule the "
         "second adds its own, in the mean over the first.", lambda o, r: o + r),
        ("not-weighted", "You weight the two cases alike.", "How often is the first operand a "
         "result, if all o + r are equally likely?", lambda o, r:
         (o + r) * math.sqrt((o + r - 1) * r)),
        ("weights-swapped", "You have the two cases' weights the other way round.", "How often is "
         "the first operand a result?", lambda o, r: math.exp(
             math.log(o + r) + (o * math.log(o + r - 1) + r * math.log(r)) / (o + r))),
    ):  # fmt: skip
        if close(got, np.array([other(o, r) for o, r in _SIZES])):
            raise Wrong(mistake, says, hint=hint)
    n = int(np.argmax(np.abs(got / np.exp(want) - 1)))
    raise Wrong(
        "another-number",
        f"With o = {_SIZES[n][0]} and r = {_SIZES[n][1]} you have {got[n]:.4g}.",
        hint="Take the first operand's entropy, and the mean of the second's over all firsts.",
    )


def _nats(o: int, r: int, *, same: bool = False) -> float:
    """The entropy of a pair; with `same` a result may stand twice."""
    n = o + r
    return math.log(n) + (r * math.log(n if same else n - 1) + o * math.log(r)) / n


@dataclass(frozen=True)
class _Place:
    """Logits, what is allowed, and what was written."""

    a: Array
    allowed: NDArray[np.bool_]
    k: int


def _place(a: Sequence[float], allowed: str, k: int) -> _Place:
    return _Place(np.array(a), np.array([sign == "1" for sign in allowed]), k)


_PLACES = (
    _place((0.3, -1.2, 0.8, 0.1), "1111", 2),
    _place((0.5, 1.5, -0.4, 0.2, -2.0), "10110", 3),
    _place((2.0, 5.0, 1.0), "101", 0),
    _place((0.7, -0.3), "01", 1),
)
_LARGE = _place((1000.0, 998.0, 1003.0, -1000.0), "1101", 1)


def _softmax(place: _Place, *, masked: bool = True) -> Array:
    a = np.where(place.allowed, place.a, -np.inf) if masked else place.a
    e: Array = np.exp(a - a.max())
    p: Array = e / e.sum()
    return p


def _written(place: _Place) -> Array:
    one: Array = (np.arange(len(place.a)) == place.k).astype(float)
    return one


_SCORES: tuple[tuple[str, str, str, Callable[[_Place], Array]], ...] = (
    ("no-mask", "Your softmax is over the forbidden tokens, too.",
     "Which tokens does the sum in p go over?",
     lambda s: _written(s) - _softmax(s, masked=False)),
    ("sign", "Your signs are the other way round.",
     "Does log p of the written token rise or fall when its own logit rises?",
     lambda s: _softmax(s) - _written(s)),
    ("of-p", "These are the derivatives of p, not of log p.",
     "The derivative of log p is that of p, divided by p.",
     lambda s: _softmax(s)[s.k] * (_written(s) - _softmax(s))),
    ("no-sum", "You leave out the logarithm of the sum.",
     "How does log of the sum of all e^a change with a logit?", _written),
    ("own-only", "Your score has an entry for the written token alone.",
     "Do the other logits not stand in the sum?",
     lambda s: _written(s) * (1 - _softmax(s))),
    ("probabilities", "You return the probabilities.",
     "They are a part of it: what is the derivative of a_k itself?", _softmax),
)  # fmt: skip


@exercise("writing.masked-score", kind="derive")
def masked_score(answer: object) -> str:
    """The score of one place by its logits."""
    f = function(answer, "a", "allowed", "k")
    given = [(place, call(f, place.a.copy(), place.allowed.copy(), place.k)) for place in _PLACES]
    got = [array(found, (len(place.a),), finite=False) for place, found in given]
    if all(close(g, _written(s) - _softmax(s)) for g, s in zip(got, _PLACES, strict=True)):
        large = array(call(f, _LARGE.a.copy(), _LARGE.allowed.copy(), _LARGE.k), (4,), finite=False)
        if close(large, _written(_LARGE) - _softmax(_LARGE)):
            return "Its entries sum to zero: what one token gains the others lose."
        raise Wrong("overflow", "With logits around 1000 your score is another.",
                    hint="Take the same number away from all allowed logits first.")  # fmt: skip
    for mistake, says, hint, other in _SCORES:
        if all(close(g, other(s)) for g, s in zip(got, _PLACES, strict=True)):
            raise Wrong(mistake, says, hint=hint)
    if not all(np.isfinite(g).all() for g in got):
        raise Wrong("not-finite", "Where a token is forbidden your score is not a number.",
                    hint="Its probability is 0, and so is its derivative.")  # fmt: skip
    raise Wrong("another-score", "Your derivatives are others.",
                hint="Compare with differences: nudge one logit, and look at log p.")  # fmt: skip


_STRINGS: tuple[tuple[_Place, ...], ...] = (
    _PLACES[:1],
    _PLACES,
    (_PLACES[1], _PLACES[0]),
    (_place((0.1, 0.2, 0.3), "111", 0), _place((1.5, -0.5), "11", 1)),
)
_FORBIDDEN = (_PLACES[0], _place((0.5, 1.5, -0.4), "101", 1))


_RARE = replace(_LARGE, k=3)


def _log_p(string: Sequence[_Place], *, masked: bool = True) -> float:
    return math.fsum(_log_of(place, masked) for place in string)


def _log_of(place: _Place, masked: bool) -> float:
    """log p of a token, also where p itself is too small for a float."""
    a = place.a[place.allowed] if masked else place.a
    return float(place.a[place.k] - a.max() - np.log(np.exp(a - a.max()).sum()))


_LOGS: tuple[tuple[str, str, str, Callable[[Sequence[_Place]], float]], ...] = (
    ("no-mask", "Your softmaxes are over the forbidden tokens, too.",
     "Which tokens share the probability at a place?", lambda s: _log_p(s, masked=False)),
    ("no-log", "You return the probability.", "Its logarithm is asked for.",
     lambda s: math.exp(_log_p(s))),
    ("sign", "Your sign is the other way round.", "The logarithm of a number below 1 is negative.",
     lambda s: -_log_p(s)),
    ("mean", "You return the mean over places.", "The logarithm of a product is a sum.",
     lambda s: _log_p(s) / len(s)),
    ("logits-alone", "You add up logits.", "A logit is not yet log p: what is taken away from it?",
     lambda s: float(sum(place.a[place.k] for place in s))),
    ("last-place", "You have the last place alone.", "Every place adds its own log p.",
     lambda s: _log_p(s[-1:])),
    ("bits", "Your logarithm has another base.", "The book's is the natural one.",
     lambda s: _log_p(s) / math.log(2)),
    ("decades", "Your logarithm has another base.", "The book's is the natural one.",
     lambda s: _log_p(s) / math.log(10)),
)  # fmt: skip


@exercise("writing.string-log-p", kind="build")
def string_log_p(answer: object) -> str:
    """log p of a string, from logits and masks."""
    f = function(answer, "logits", "allowed", "string")

    def found(string: Sequence[_Place]) -> float:
        parts = [place.a.copy() for place in string], [place.allowed.copy() for place in string]
        return number(call(f, *parts, [place.k for place in string]), finite=False)

    got = np.array([found(string) for string in _STRINGS])
    if not close(got, np.array([_log_p(string) for string in _STRINGS])):
        for mistake, says, hint, other in _LOGS:
            if close(got, np.array([other(string) for string in _STRINGS])):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-value", "Your log p is another.",
                    hint="Begin with a string of one token and all tokens allowed.")  # fmt: skip
    if found(_FORBIDDEN) != -math.inf:
        raise Wrong("forbidden-possible", "A string with a forbidden token gets "
                    f"{found(_FORBIDDEN):.3g}.", hint="What is the logarithm of a probability of "
                    "0, and what is -∞ plus a number?")  # fmt: skip
    if not close(found((_LARGE,)), _log_p((_LARGE,))):
        raise Wrong("overflow", "With logits around 1000 your log p is another.",
                    hint="Take the largest allowed logit out of the sum.")  # fmt: skip
    if not close(found((_RARE,)), _log_p((_RARE,))):
        raise Wrong("underflow", "A token that is allowed, with a logit of -1000, gets "
                    f"{found((_RARE,)):.3g}.", hint="e to the power of -2000 is 0 to the computer: "
                    "take the logarithm on paper, before you compute.")  # fmt: skip
    return "This is all that `Policy.log_prob` does once the LSTM has given the logits."


_DARTS: tuple[tuple[tuple[float, ...], float, int], ...] = (
    ((0.2, 0.5, 0.3), 0.1, 0),
    ((0.2, 0.5, 0.3), 0.65, 1),
    ((0.2, 0.5, 0.3), 0.9, 2),
    ((0.5, 0.25, 0.25), 0.5, 1),
    ((0.0, 0.0, 0.6, 0.4), 0.0, 2),
    ((0.25, 0.0, 0.0, 0.75), 0.25, 3),
    ((0.5, 0.5, 0.0), 0.999999, 1),
    ((*(0.1,) * 10, 0.0), math.nextafter(1.0, 0.0), 9),
)


@exercise("writing.draw-token", kind="build")
def draw_token(answer: object) -> str:
    """Which token a dart hits."""
    f = function(answer, "p", "u")
    got = [whole_number(call(f, np.array(p), u)) for p, u, _ in _DARTS]
    want = [k for _, _, k in _DARTS]
    if got == want:
        return "The package's `sample` does this for all strings of a batch at once."
    if all(g == int(np.argmax(p)) for g, (p, _, _) in zip(got, _DARTS, strict=True)):
        raise Wrong("greedy", "You take the likeliest token, wherever the dart is.",
                    hint="Which piece of the strip lies at u?")  # fmt: skip
    if all(g == k + 1 for g, k in zip(got[:4], want[:4], strict=True)):
        raise Wrong("off-by-one", "You are one token too far.",
                    hint="Tokens are counted from 0.")  # fmt: skip
    for n, mistake, says, hint in (
        (4, "hits-forbidden", "A dart at 0 hits a token of probability 0.",
         "A piece of length 0 has no place for a dart: is its right end beyond u?"),
        (5, "hits-forbidden", "A dart hits a token of probability 0.",
         "Where do pieces of length 0 lie, and is their right end beyond u?"),
        (3, "wrong-end", "At 0.5 the dart is at the right end of the first piece.",
         "A piece has its left end and not its right end."),
        (7, "falls-off", "Ten times 0.1 comes to a little less than 1, and a dart falls beyond.",
         "What does the cumulative sum end with? Stretch u to that."),
    ):  # fmt: skip
        if got[n] != want[n] and got[:3] == want[:3]:
            raise Wrong(mistake, says, hint=hint)
    at = next(n for n in range(len(want)) if got[n] != want[n])
    p, u, _ = _DARTS[at]
    shown = ", ".join(f"{x:g}" for x in p)
    raise Wrong("another-token", f"With p = ({shown}) and u = {u:g} you have {got[at]}.",
                hint="Draw the strip, and mark where each piece ends.")  # fmt: skip

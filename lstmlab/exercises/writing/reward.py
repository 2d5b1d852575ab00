"""Checks of the exercises in the chapter "Learning from reward"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number

Array = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f", "g")


@exercise("writing.reward-hold", kind="recall")
def reward_hold(answer: object) -> str:
    """What holds of scores, baselines, natural gradients and line searches."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "shifted-mean", "In your answer a constant in the rewards moves the mean of the "
         "estimate.", "What is the average of the score itself?"),
        ("e", "promise", "In your answer an accepted step cannot make the policy worse.",
         "What is it that the line search measures, and on which strings?"),
        ("g", "short-steps", "In your answer TRPO's steps are short where rewards are near the "
         "baseline.", "Halve the gradient. What becomes of x, and of the step?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "reward-gradient", "In your answer REINFORCE needs more than rewards and scores.",
         "Read the estimate once more: which derivatives stand in it?"),
        ("c", "past-baseline", "In your answer a baseline of earlier batches spoils the mean.",
         "Does it depend on the strings that are drawn now?"),
        ("d", "rewards-themselves", "In your answer the natural gradient is not the rewards.",
         "Multiply F, diag(π) - ππᵀ, by the vector of the rewards."),
        ("f", "measured", "In your answer an accepted step may break the bound.",
         "Which two conditions does a step have to fulfil, and is the divergence measured?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "What is bounded is how far the policy goes, not how wrong it can be."


BATCHES = (1, 2, 5, 10, 100)


@exercise("writing.own-baseline", kind="derive")
def own_baseline(answer: object) -> str:
    """The factor of the gradient if a batch is its own baseline."""
    f = function(answer, "B")
    got = np.array([number(call(f, B)) for B in BATCHES])
    B = np.array(BATCHES, dtype=float)
    if close(got, 1 - 1 / B):
        return "Right in direction and a little short: 0.8 with batches of five."
    for mistake, factor, says, hint in (
        ("unbiased", np.ones_like(B), "In your answer nothing changes.",
         "Each string's own reward is a part of what is subtracted from it."),
        ("the-rest", 1 / B, "That is the part that is lost.", "What is left?"),
        ("sum-of-pairs", 1 - 1 / B**2, "You count one of the pairs of a string with itself.",
         "How many pairs (i, j) with i = j are there?"),
        ("longer", 1 + 1 / B, "In your answer the gradient becomes longer.",
         "The baseline is subtracted. What sign have the terms with i = j?"),
        ("leave-one-out", B / np.maximum(B - 1, 1), "That is the factor that would make up for it.",
         "What is wanted is what happens before anybody makes up for it."),
    ):  # fmt: skip
        if close(got, factor):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong("another-factor", "With your factor the mean is another.",
                hint="Write the estimate as a double sum over i and j. In which of its terms do "
                "reward and score belong to the same string?")  # fmt: skip


CROWDS = (
    (0.5, 3, 0.1), (0.5, 2, 0.0015), (0.9, 116_160, 0.0015), (0.1, 5, 0.05), (0.75, 1000, 1.0),
)  # fmt: skip


@exercise("writing.price-of-entropy", kind="derive")
def price_of_entropy(answer: object) -> str:
    """The advantage that the best string needs for a probability."""
    f = function(answer, "p", "N", "beta")
    got = np.array([number(call(f, *crowd)) for crowd in CROWDS])
    p, N, beta = np.array(CROWDS).T

    if close(got / beta, np.log(N - 1) + np.log(p / (1 - p))):
        return "Half of the probability against two thousand million: 0.032 with β = 0.0015."
    for mistake, price, says, hint in (
        ("itself-too", np.log(N) + np.log(p / (1 - p)), "You count the best string among the "
         "others.", "How many others are there?"),
        ("half-only", np.log(N - 1), "That is right for p = 1/2 alone.",
         "What are the odds p / (1 - p), in terms of Δ?"),
        ("no-crowd", np.log(p / (1 - p)), "Against one other string that would do.",
         "All others together have the probability 1 - p."),
        ("no-odds", np.log(N - 1) + np.log(p), "You compare p with 1.",
         "All others together have 1 - p."),
        ("odds-reversed", np.log(N - 1) - np.log(p / (1 - p)), "A larger p must cost more.",
         "Which of p and 1 - p stands in the numerator?"),
        ("no-logarithm", (N - 1) * p / (1 - p), "The number of the others is in your answer "
         "without its logarithm.", "Solve for Δ: it stands in an exponent."),
    ):  # fmt: skip
        if close(got / beta, price):
            raise Wrong(mistake, says, hint=hint)
    if close(got, np.log(N - 1) + np.log(p / (1 - p))):
        raise Wrong("no-temperature", "Your advantage does not depend on β.",
                    hint="In which unit does π(s) measure rewards?")  # fmt: skip
    raise Wrong("another-advantage", "With your advantage the best string has another probability.",
                hint="Every string has a probability in proportion to exp(R/β). Write down the "
                "odds of the best against all others.")  # fmt: skip


@dataclass(frozen=True)
class _Case:
    p: Array
    rewards: Array
    eps: float


def _cases() -> list[_Case]:
    rng = np.random.default_rng(8)
    cases = [_Case(np.array([0.6, 0.3, 0.1]), np.array([0.3, 0.6, 0.9]), 0.01)]
    for K, eps in ((2, 0.1), (4, 0.003), (7, 0.5)):
        p = rng.dirichlet(np.ones(K)) * 0.9 + 0.1 / K
        cases.append(_Case(p, rng.uniform(-1, 1, K), eps))
    return cases


def _step(case: _Case, x: Array, curvature: float, *, half: float = 2.0) -> Array:
    """Probabilities after √(half ε / curvature) x."""
    new = case.p * np.exp(np.sqrt(half * case.eps / curvature) * x)
    return np.asarray(new / new.sum())


def _right(case: _Case) -> Array:
    x = case.rewards - case.p @ case.rewards
    return _step(case, x, float(case.p @ x**2))


def _along_gradient(case: _Case) -> Array:
    g = case.p * (case.rewards - case.p @ case.rewards)
    return _step(case, g, float(case.p @ g**2 - (case.p @ g) ** 2))


def _linear(case: _Case) -> Array:
    """The probabilities moved, not the logits."""
    x = case.rewards - case.p @ case.rewards
    return case.p * (1 + np.sqrt(2 * case.eps / (case.p @ x**2)) * x)


def _unweighted(case: _Case) -> Array:
    x = case.rewards - case.p @ case.rewards
    return _step(case, x, float(x @ x))


def _no_root(case: _Case) -> Array:
    x = case.rewards - case.p @ case.rewards
    new = case.p * np.exp(2 * case.eps / (case.p @ x**2) * x)
    return np.asarray(new / new.sum())


def _half(case: _Case) -> Array:
    x = case.rewards - case.p @ case.rewards
    return _step(case, x, float(case.p @ x**2), half=1.0)


def _second_moment(case: _Case) -> Array:
    return _step(case, case.rewards, float(case.p @ case.rewards**2))


@exercise("writing.natural-step", kind="build")
def natural_step(answer: object) -> str:
    """The probabilities after a natural gradient step of free logits."""
    f = function(answer, "p", "rewards", "eps")
    cases = _cases()
    got = [
        array(call(f, case.p.copy(), case.rewards.copy(), case.eps), (len(case.p),))
        for case in cases
    ]

    def is_like(way: Callable[[_Case], Array]) -> bool:
        return all(close(mine, way(case)) for mine, case in zip(got, cases, strict=True))

    if is_like(_right):
        even = np.array([0.2, 0.5, 0.3])
        still = array(call(f, even.copy(), np.full(3, 0.25), 0.01), (3,))
        if not close(still, even):
            raise Wrong("equal-rewards", "Where all rewards are equal your policy moves.",
                        hint="There is no direction in which J rises.")  # fmt: skip
        return "The rewards in units of their deviation, times √(2ε)."
    for mistake, way, says, hint in (
        ("gradient", _along_gradient, "Your step goes along the gradient.",
         "F x = g. What is x for free logits?"),
        ("probabilities-moved", _linear, "You move the probabilities in place of the logits.",
         "The step is one of the logits. What does it do to exp(θ)?"),
        ("length-of-x", _unweighted, "Your length takes all tokens alike.",
         "What is xᵀF x, written with π?"),
        ("no-root", _no_root, "Your length is not that of a quadratic.",
         "Solve ½ a² xᵀF x = ε for a."),
        ("half-missing", _half, "With your length the quadratic is ε/2.",
         "Where did the ½ go?"),
        ("not-centred", _second_moment, "In xᵀF x you have left out a mean.",
         "A constant in the rewards must not change the length. Does it change yours?"),
    ):  # fmt: skip
        if is_like(way):
            raise Wrong(mistake, says, hint=hint)
    if not all(close(float(mine.sum()), 1.0) for mine in got):
        raise Wrong("no-distribution", "Your probabilities do not add up to 1.",
                    hint="The softmax divides by a sum.")  # fmt: skip
    raise Wrong("another-step", "Your policy goes elsewhere.",
                hint="First x, then xᵀF x as an average under p, then the length, then the "
                "softmax.")  # fmt: skip


@dataclass(frozen=True)
class _Line:
    """A surrogate and a divergence along a line, a bound, and how many halvings are allowed."""

    surrogate: Callable[[float], float]
    kl: Callable[[float], float]
    bound: float
    most: int


LINES = (
    _Line(lambda t: t, lambda t: 0.5 * t * t, 1.0, 5),
    _Line(lambda t: t, lambda t: 4 * t * t, 1.0, 5),
    _Line(lambda t: t - 3 * t * t, lambda t: t * t, 2.0, 6),
    _Line(lambda t: t - 3 * t * t, lambda t: 100 * t * t, 1.0, 6),
    _Line(lambda t: -t, lambda t: t * t, 5.0, 4),
    _Line(lambda t: t, lambda t: 100 * t * t, 1.0, 3),
    _Line(lambda t: t, lambda t: 64 * t * t, 1.0, 3),
    _Line(lambda t: 2.0, lambda t: 0.0, 1.0, 4),
    _Line(lambda t: 7 - t, lambda t: 0.0, 1.0, 4),
    _Line(lambda t: float("nan") if t > 0.3 else 7 + t, lambda t: 0.0, 1.0, 4),
    _Line(lambda t: float("inf") if t > 0.6 else 7 + t, lambda t: 0.1, 1.0, 4),
    _Line(lambda t: t, lambda t: float("nan") if t > 0.3 else t, 1.0, 4),
)


def _searched(
    line: _Line, *, better: bool = True, near: bool = True, equal: bool = False, less: int = 0,
    strict: bool = False, infinite: bool = False, last: bool = False, above: float | None = None,
) -> float:  # fmt: skip
    """The part of the step, or with an option that of a mistake."""
    before = line.surrogate(0.0) if above is None else above
    for halvings in range(line.most + 1 - less):
        t = 0.5**halvings
        value, kl = line.surrogate(t), line.kl(t)
        higher = value >= before if equal else value > before
        higher = higher and (infinite or value < float("inf"))
        inside = kl < line.bound if strict else kl <= line.bound
        if (higher or not better) and (inside or not near):
            return t
    return 0.5**line.most if last else 0.0


@exercise("writing.line-search", kind="build")
def line_search(answer: object) -> str:
    """The first part of the step that fulfils both conditions."""
    f = function(answer, "surrogate", "kl", "bound", "most")
    got = [number(call(f, one.surrogate, one.kl, one.bound, one.most)) for one in LINES]

    def is_like(way: Callable[[_Line], float]) -> bool:
        return got == [way(line) for line in LINES]

    if is_like(_searched):
        return "Refused steps cost a pass through the network each, and no training."
    for mistake, way, says, hint in (
        ("divergence-only", lambda one: _searched(one, better=False), "You do not look at the "
         "surrogate.", "There are two conditions."),
        ("surrogate-only", lambda one: _searched(one, near=False), "You do not look at the "
         "divergence.", "There are two conditions."),
        ("no-gain", lambda one: _searched(one, equal=True), "You accept a step that gains nothing.",
         "The text says larger."),
        ("one-less", lambda one: _searched(one, less=1), "You try one part too few.",
         "With `most` = 3 the parts are 1, 1/2, 1/4 and 1/8."),
        ("at-the-bound", lambda one: _searched(one, strict=True), "You refuse a divergence that "
         "is just the bound.", "The text says at most."),
        ("infinite", lambda one: _searched(one, infinite=True), "You accept an infinite surrogate.",
         "The text says finite."),
        ("last-anyway", lambda one: _searched(one, last=True), "Where no part passes you take the "
         "last one.", "What does the text ask for there?"),
        ("above-zero", lambda one: _searched(one, above=0.0), "You compare the surrogate with 0.",
         "With which value does the text compare it?"),
    ):  # fmt: skip
        if is_like(way):
            raise Wrong(mistake, says, hint=hint)
    at = next(n for n, line in enumerate(LINES) if got[n] != _searched(line))
    raise Wrong("another-part", f"In one case you take {got[at]:g} of the step, and another part "
                "(or none) is the first to pass.",
                hint="Go through the parts from 1 downwards and stop at the first that fulfils "
                "both conditions.")  # fmt: skip

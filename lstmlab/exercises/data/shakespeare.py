"""Checks of the exercises in the chapter "Shakespeare, one character at a time"."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number

Codes = NDArray[np.integer]
Floats = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f")


@exercise("data.window-reach", kind="recall")
def window_reach(answer: object) -> str:
    """What holds for a network that learns from windows and carries its state on."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "gradient-back", "In your answer the gradient goes back into the window before.",
         "The state at the start of a window is held fixed. What does that say about its "
         "derivative?"),
        ("c", "pays-off", "In your answer the network is taught to store what pays off two windows "
         "later.", "Which weights would have to hear of it, and in which window did they act?"),
        ("f", "state-doubled", "In your answer longer windows make the state reach further.",
         "How far does it reach with the shorter ones?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "state-stops", "In your answer nothing of window 1 is left in window 40.",
         "What is y at the first step of window 2, and where does it come from?"),
        ("d", "use-unlearnt", "In your answer the network cannot learn to use what it happens to "
         "keep.", "Where do the weights act that read a state: before the border or after it?"),
        ("e", "same-cost", "In your answer a longer window costs no more.",
         "How many steps have to be kept until the backward pass is done?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "So long memory can be used, and is not taught: it has to be there by chance."


@exercise("data.smoothed-loss", kind="derive")
def smoothed_loss(answer: object) -> str:
    """The char-RNN's smoothed loss after n windows that all cost the same."""
    f = function(answer, "T", "K", "E", "n")
    for T, K, E, n in ((25, 62, 2.5, 100), (5, 65, 3.1, 1), (40, 90, 1.4, 700), (9, 30, 0.9, 5000)):
        s = number(call(f, T, K, E, n))
        kept = 0.999**n
        if close(s, T * (kept * np.log(K) + (1 - kept) * E)):
            continue
        if close(s, kept * np.log(K) + (1 - kept) * E):
            raise Wrong("a-character", "That is the loss of one character.",
                        hint="The char-RNN adds up the losses of a window.")  # fmt: skip
        if close(s, T * (kept * np.log(K) + 0.001 * E)):
            raise Wrong("last-only", "Only one of the windows has left something.",
                        hint="The window before has been multiplied by 0.999 once, the one before "
                             "that twice. What do all of them add up to?")  # fmt: skip
        if close(s, T * ((1 - kept) * np.log(K) + kept * E)):
            raise Wrong("swapped", "Your loss begins at E and moves towards the first value.",
                        hint="Put n = 0 into it.")  # fmt: skip
        if close(s, T * ((1 - 0.001 * n) * np.log(K) + 0.001 * n * E)):
            raise Wrong("straight", "Your loss falls on a straight line.",
                        hint="Each step takes a thousandth of what is left, not of what there was "
                             "at first.")  # fmt: skip
        if close(s, T * (kept * np.log2(K) + (1 - kept) * E)):
            raise Wrong("bits", "The first value is in bits, the losses are in nats.",
                        hint="Which logarithm has nats for its unit?")  # fmt: skip
        raise Wrong("another-value", f"With T = {T}, K = {K}, E = {E} and n = {n} it is another.",
                    hint="Write down the difference of s and T E. What does one step do to "
                         "it?")  # fmt: skip
    return "After 100 windows more than nine tenths of the way is still to go."


@exercise("data.adagrad-step", kind="derive")
def adagrad_step(answer: object) -> str:
    """What the n-th of n equal gradients does to a weight under Adagrad."""
    f = function(answer, "g", "n", "rate")
    for g, n, rate in ((2.0, 1, 0.1), (0.003, 50, 0.2), (-4.0, 9, 0.1), (-0.5, 1000, 1.0)):
        step = number(call(f, g, n, rate))
        want = -rate * np.sign(g) / np.sqrt(n)
        if close(step, want, tol=1e-3):
            continue
        if close(step, -rate / np.sqrt(n), tol=1e-3):
            raise Wrong("no-sign", "Your weight moves the same way whatever the gradient's sign.",
                        hint="The square has no sign. What stands above the line?")  # fmt: skip
        if close(step, -want, tol=1e-3):
            raise Wrong("uphill", "Your weight moves with the gradient, uphill.",
                        hint="With a gradient above 0, does the weight grow or fall?")  # fmt: skip
        if close(step, want / np.sqrt(n), tol=1e-3):
            raise Wrong("one-over-n", "Your steps fall too fast.",
                        hint="m is a sum of n squares. What is done to it before it "
                             "divides?")  # fmt: skip
        if close(step, -rate * g / np.sqrt(n), tol=1e-3):
            raise Wrong("grows-with-g", "Your step is larger where the gradient is.",
                        hint="The gradient stands above the line, and n of its squares below. "
                             "What is left of its size?")  # fmt: skip
        if n > 1 and close(step, -rate * np.sign(g), tol=1e-3):
            raise Wrong("never-smaller", "All your steps are as large as the first.",
                        hint="How much is m after n gradients?")  # fmt: skip
        raise Wrong("another-step", f"With g = {g}, n = {n} and a rate of {rate} it is another.",
                    hint="Write down m after n equal gradients, then the change of w.")  # fmt: skip
    return "The size of the gradient has dropped out: a rare character's weights move as far."


@exercise("data.temperature", kind="build")
def temperature(answer: object) -> str:
    """Probabilities at another temperature."""
    f = function(answer, "p", "temperature")
    rng = np.random.default_rng(7)
    for K, τ in ((5, 0.5), (9, 2.0), (62, 0.8), (40, 1.0), (62, 0.002)):
        p = rng.dirichlet(np.full(K, 0.5 if τ > 0.01 else 50.0))
        q = array(call(f, p, τ), (K,), finite=False)
        want = _warm(p, τ)
        if close_all(q, want):
            continue
        if not np.isfinite(q).all():
            raise Wrong("underflow", "At a low temperature not all of your probabilities are "
                        "numbers.", hint="A small number to the power of 500 is 0 to the computer, "
                        "and 0 / 0 is nothing. By what could you divide p first, without changing "
                        "the result?")  # fmt: skip
        if close_all(q, _warm(p, 1 / τ)):
            raise Wrong("inverted", "Your text gets wilder as it is cooled.",
                        hint="Below 1 the likely ones should become likelier. Is a square that, or "
                             "a root?")  # fmt: skip
        if close_all(q, want * (p ** (1 / τ)).sum()):
            raise Wrong("no-sum", "Your probabilities do not add up to 1.",
                        hint="What must be done after the power?")  # fmt: skip
        if close_all(q, _softmax(p / τ)):
            raise Wrong("softmax-of-p", "You have taken a softmax of the probabilities.",
                        hint="It is the pre-activations that a softmax divides by the temperature. "
                             "What are these, given p?")  # fmt: skip
        if τ != 1 and close_all(q, p):
            raise Wrong("unchanged", "The probabilities have not changed.",
                        hint="A factor that all have in common drops out again.")  # fmt: skip
        raise Wrong("another-law", f"At temperature {τ} the probabilities are others.",
                    hint="Try p = (0.8, 0.2) at 0.5 by hand: their squares are 0.64 and "
                         "0.04.")  # fmt: skip
    p = np.array([0.5, 0.3, 0.2])
    call(replace(f, value=lambda _, τ: f.value(p, τ)), p, 0.5)  # `call` itself hands out copies
    if not np.array_equal(p, [0.5, 0.3, 0.2]):
        raise Wrong("p-changed", "Your function has changed the p it was given.",
                    hint="Whoever calls it wants p again for the next draw. Which of your lines "
                         "writes into p, instead of making a new array?")  # fmt: skip
    return "With it a bigram model can write, too: some call its lines modern."


def _warm(p: Floats, τ: float) -> Floats:
    q: Floats = (p / p.max()) ** (1 / τ)
    return np.asarray(q / q.sum())


def _softmax(a: Floats) -> Floats:
    e: Floats = np.exp(a - a.max())
    return np.asarray(e / e.sum())


def close_all(q: Floats, want: Floats) -> bool:
    """Whether two distributions are the same to rounding."""
    return bool(np.isfinite(q).all()) and close(q, want)


@exercise("data.bigrams", kind="build")
def bigrams(answer: object) -> str:
    """A model that sees one character back, with room for what it has not seen."""
    f = function(answer, "x", "K")
    rng = np.random.default_rng(11)
    for K, length in ((4, 60), (7, 25), (12, 400)):
        x = _melody(rng, K - 1, length)  # the last code never occurs
        P = array(call(f, x, K), (K, K), finite=False)
        want, plain = bigram_chances(x, K)
        if np.isfinite(P).all() and close(P, want):
            continue
        if np.isfinite(P).all() and close(P, want.T):
            raise Wrong("turned", "Your rows are what follows, your columns what was.",
                        hint="A row belongs to one history: it must add up to 1.")  # fmt: skip
        came = np.isin(np.arange(K), x[:-1])  # something follows these
        if close(P[came], want[came]):
            raise Wrong("no-follower", "After a code that nothing follows, your chances are "
                        "others.", hint="N(h) and D(h) are both 0 there. What does the text say "
                        "of its row?")  # fmt: skip
        if not np.isfinite(P).all() or close(P, plain):
            raise Wrong("no-room", "What was never counted has no chance in your model.",
                        hint="How much weight does the formula give to the shorter history, here "
                             "the single characters?")  # fmt: skip
        if close(P, _added(x, K)):
            raise Wrong("add-one", "You have added 1 to every count.",
                        hint="That gives all characters the same room after any history. The "
                             "formula gives as much as there are kinds that came.")  # fmt: skip
        if close(P, bigram_chances(x, K, level=False)[0]):
            raise Wrong("single-counts", "The single characters have had no room for the new.",
                        hint="The formula holds on their level as well. What is the shorter "
                             "history of a history without characters?")  # fmt: skip
        if close(P, bigram_chances(x, K, kinds=False)[0]):
            raise Wrong("kinds-as-counts", "You count how often h was followed, where the formula "
                        "has the number of different characters that followed it.",
                        hint="For the text abab, how many kinds have followed a?")  # fmt: skip
        if close(P, bigram_chances(x, K, blind=True)[0]):
            raise Wrong("blind", "Your shorter history is guessed blindly; it has counts too.",
                        hint="P(k) has a formula of its own. What does it make of a code that is "
                             "frequent in x?")  # fmt: skip
        if close(P, bigram_chances(x, K, N=np.minimum(_pairs(x, K), 1))[0]):
            raise Wrong("pair-once", "A pair that occurs twice counts once in your model.",
                        hint="For the text abab, what is N(ab), and what is it in your "
                             "array?")  # fmt: skip
        if close(P, bigram_chances(x, K, N=_pairs(x, K).T)[0]):
            raise Wrong("came-before", "Your rows say what came before.",
                        hint="The row of N(hk) is h. Of two neighbours in x, which one is "
                             "that?")  # fmt: skip
        raise Wrong("another-model", f"For {length} codes, numbers below {K}, the chances are "
                    "others.", hint="Check the sums of the rows first. Then count one row by "
                    "hand, for a short x.")  # fmt: skip
    return "On the play it gets to 2.4 nats, from 3.3 for single characters."


def _melody(rng: np.random.Generator, K: int, length: int) -> Codes:
    """Codes 0 to K - 1, some of them far more often than others, each of them at least once."""
    p = rng.dirichlet(np.ones(K))
    return np.concatenate([rng.permutation(K), rng.choice(K, size=length, p=p)])


def _pairs(x: Codes, K: int) -> Floats:
    """How often each code follows each, (K, K)."""
    N = np.zeros((K, K))
    np.add.at(N, (x[:-1], x[1:]), 1)
    return N


def bigram_chances(
    x: Codes,
    K: int,
    *,
    level: bool = True,
    kinds: bool = True,
    blind: bool = False,
    N: Floats | None = None,
) -> tuple[Floats, Floats]:
    """The model that is asked for, or one with a mistake, and the one without room; (K, K) each."""
    single = np.bincount(x, minlength=K).astype(float)
    D = np.count_nonzero(single)
    chance = (single + D / K) / (len(x) + D) if level else single / len(x)
    if blind:
        chance = np.full(K, 1 / K)
    N = _pairs(x, K) if N is None else N
    total = N.sum(axis=1, keepdims=True)
    room = np.count_nonzero(N, axis=1)[:, None] if kinds else total
    mixed = (N + room * chance) / np.maximum(total + room, 1)
    return np.where(total > 0, mixed, chance), N / np.maximum(total, 1)


def _added(x: Codes, K: int) -> Floats:
    N = 1 + _pairs(x, K)
    return np.asarray(N / N.sum(axis=1, keepdims=True))

"""Checks of the exercises in the chapter "Trusting a gradient"."""

from collections.abc import Callable

import numpy as np

from lstmlab.cells import param_shapes
from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import (
    Function,
    call,
    choice,
    close,
    function,
    mapping,
    members,
    number,
)
from lstmlab.exercises.network.planted import FAULTS, PLANTED, pattern
from lstmlab.exercises.network.probe import Probe

ARRAYS = list(param_shapes("V", 1, 1))
CUT_OFF = frozenset({"W_f", "R_f", "p_f", "b_f", "p_i"})


@exercise("network.unseen-arrays", kind="recall")
def unseen_arrays(answer: object) -> None:
    """Which weights have a gradient of 0 after one step from a random y⁰ and c⁰ = 0."""
    found = members(answer, ARRAYS)
    if found == CUT_OFF:
        return
    too_many, missing = found - CUT_OFF, CUT_OFF - found
    if too_many & {"R_z", "R_i", "R_o"}:
        raise Wrong("old-output", "The check does see recurrent weights.",
                    hint="They are multiplied by the old output. Which part of the old state is 0 "
                         "here, and which is random?")  # fmt: skip
    if "p_o" in too_many:
        raise Wrong("new-cell", "The check does see `p_o`.",
                    hint="The output gate acts last. Which cell does its peephole look "
                         "at?")  # fmt: skip
    if too_many & {"W_i", "b_i"}:
        raise Wrong("on-offer", "The check does see what opens the input gate.",
                    hint="Read the equation of δi again: what is the gate's door in front "
                         "of?")  # fmt: skip
    if too_many:
        raise Wrong("alive", f"The check does see `{min(too_many)}`.",
                    hint="Follow the wire from that weight to the output. Is there a factor on it "
                         "that is 0?")  # fmt: skip
    if not found & {"W_f", "b_f"}:
        raise Wrong("only-direct", "There are more. These are some that a zero is multiplied with "
                    "directly.",
                    hint="Write down δf. What is it multiplied by, and which weights get their "
                         "gradient from it?")  # fmt: skip
    if missing == {"p_i"}:
        raise Wrong("one-gate", "One is missing.",
                    hint="You have all that work through one gate. Does another gate look at the "
                         "old cell?")  # fmt: skip
    raise Wrong("not-all", "Some are missing.",
                hint="If a delta is 0, so is every gradient that it is a factor of.")  # fmt: skip


@exercise("network.best-step", kind="derive")
def best_step(answer: object) -> str:
    """The h at which h²/6 |E'''| + ε |E| / h is smallest."""
    f = function(answer, "epsilon", "E", "third")
    for epsilon, E, third in ((2.2e-16, 4.0, 1.5), (1.2e-7, 0.3, 20.0), (1e-10, 100.0, 0.04)):
        size = epsilon * E
        want = (3 * size / third) ** (1 / 3)
        got = number(call(f, epsilon, E, third))
        if close(got, want):
            continue
        if close(got, (6 * size / third) ** (1 / 3)):
            raise Wrong("equal-parts", "There the two errors are of one size.",
                        hint="Their sum is smallest where making h larger adds as much to one as "
                             "it takes from the other: set its derivative to 0.")  # fmt: skip
        if close(got, 1 / want):
            raise Wrong("upside-down", "A computer with more digits gets a larger step.",
                        hint="Which of the two errors wants a large h? Let ε go to 0 and see "
                             "where your h goes.")  # fmt: skip
        if close(got, -want):
            raise Wrong("sign", "The step is negative.",
                        hint="The derivative of 1/h is negative. Move it to the other side of the "
                             "equation before you solve.")  # fmt: skip
        finer = number(call(f, epsilon * 1e-3, E, third))
        power = np.log(got / finer) / np.log(1e3) if got > 0 and finer > 0 else np.nan
        if close(power, 1 / 2, 1e-3):
            raise Wrong("forward", "Your h goes with the square root of ε.",
                        hint="That is the best step of the forward difference, whose error grows "
                             "with h. Here it grows with its square.")  # fmt: skip
        if close(power, 1 / 5, 1e-3):
            raise Wrong("four-points", "Your h goes with the fifth root of ε.",
                        hint="That belongs to an error of order h⁴. Here the first term is of "
                             "order h².")  # fmt: skip
        if close(power, 1 / 3, 1e-3):
            more = number(call(f, epsilon, 8 * E, third))
            if close(more, got):
                raise Wrong("size-of-loss", "Your step does not depend on the size of the loss.",
                            hint="A loss of 1,000 has the same number of digits as a loss of 1. "
                                 "By how much is it rounded?")  # fmt: skip
            raise Wrong("factor", f"The power of ε is right; for ε = {epsilon:g}, E = {E:g} and "
                        f"E''' = {third:g} the step is not.",
                        hint="Differentiate h²/6 and 1/h with care, and keep the "
                             "numbers.")  # fmt: skip
        raise Wrong("no-minimum", f"For ε = {epsilon:g}, E = {E:g} and E''' = {third:g} another "
                    "step makes the sum smaller.",
                    hint="Differentiate the sum by h, set that to 0, and solve for h.")  # fmt: skip
    for E, third in ((-4.0, 1.5), (4.0, -1.5), (-4.0, -1.5)):
        try:
            got = number(call(f, 2.2e-16, E, third))
        except Wrong as wrong:
            if wrong.mistake == "raises":
                raise
            got = np.nan
        if not close(got, (3 * 2.2e-16 * 4.0 / 1.5) ** (1 / 3)):
            raise Wrong("size-not-sign", f"With E = {E:g} and E''' = {third:g} it is wrong.",
                        hint="A step is a length, and an error has a size. What stands between "
                             "vertical bars in the text?")  # fmt: skip
    return "Measure it: the valley of this chapter has its lowest point close to there."


@exercise("network.two-into-one", kind="derive")
def two_into_one(answer: object) -> str:
    """The combination of two central differences in which the errors of order h² cancel."""
    f = function(answer, "coarse", "fine")
    losses: list[tuple[Callable[[float], float], float, float]] = [
        (np.exp, 0.3, float(np.exp(0.3))),
        (np.sin, 1.1, float(np.cos(1.1))),
        (np.tanh, -0.4, float(1 - np.tanh(-0.4) ** 2)),
    ]
    for E, w, slope in losses:
        fine, coarse = ((E(w + h) - E(w - h)) / (2 * h) for h in (0.02, 0.04))
        got = number(call(f, coarse, fine))
        if abs(got - slope) < 1e-6:
            continue
        if close(got, (4 * coarse - fine) / 3, 1e-9):
            raise Wrong("swapped", "That is worse than either of the two.",
                        hint="Which of the two is nearer to the truth, and which of them counts "
                             "four times with you?")  # fmt: skip
        if close(got, 2 * fine - coarse, 1e-9):
            raise Wrong("twice-as-far", "Some of the error is left.",
                        hint="You take the error of the coarse one to be twice that of the fine "
                             "one. What does twice the step do to h²?")  # fmt: skip
        if close(got, (coarse + fine) / 2, 1e-9):
            raise Wrong("average", "The mean lies between the two.",
                        hint="Both are wrong in the same direction. Does the truth lie between "
                             "them?")  # fmt: skip
        if close(got, fine, 1e-9) or close(got, coarse, 1e-9):
            raise Wrong("one-of-them", "That is one of the two as it was.",
                        hint="Write each as E' + a h² with its own step: two equations, and two "
                             "unknowns, E' and a.")  # fmt: skip
        if abs(got - slope) > 0.5 * abs(slope):
            raise Wrong("not-a-slope", f"Two slopes near {slope:.3g} give {got:.3g}.",
                        hint="If both differences are the same number, that number must come out. "
                             "What do the two have to be counted with, together?")  # fmt: skip
        raise Wrong("left-over", "An error of order h² is left.",
                    hint="Write each as E' + a h² with its own step, and add them so that a "
                         "drops out.")  # fmt: skip
    return "Put in what `coarse` and `fine` are, and you have the four-point difference."


@exercise("network.gradient-checker", kind="build")
def gradient_checker(answer: object) -> str:
    """check_gradient(loss, gradient, w): largest difference, relative to the array; w as before."""
    f = function(answer, "loss", "gradient", "w")
    probes = [Probe.random(0, (4,)), Probe.random(1, (3, 2))]
    for probe in probes:
        error = probe.ask(f, probe.gradient)
        probe.complain_of_places()
        if not error < 1e-6:
            raise probe.why_inexact(error)
        probe.complain_of_what_is_left(f)
    flat = Probe(np.array([0.3, np.pi / 2, -0.8]), np.array([1.0, 1e-4, -2.0]), np.zeros(3))
    if flat.ask(f, flat.gradient) > 1e-4:
        raise Wrong("each-entry", "A right gradient with an entry of almost 0 does not pass.",
                    hint="There the rounding of the difference is divided by next to nothing. "
                         "Divide by one number for the whole array.")  # fmt: skip
    for probe in probes:
        _judges(f, probe)
    return "It is the heart of `lstmlab.cells.gradient_errors`."


def _judges(f: Function, probe: Probe) -> None:
    """Complain if `f` lets a wrong gradient pass, or measures it by another measure."""
    right = probe.gradient
    turned = probe.ask(f, -right)
    if turned < 1e-3:
        raise Wrong("sign-blind", "A gradient with every sign wrong passes.",
                    hint="Take the difference first, and its size afterwards.")  # fmt: skip
    if probe.ask(f, -right, scale=1e-6) < 1e-5 * turned:
        raise Wrong("absolute", "If the loss is a million times smaller, so is the error that "
                    "you report: a gradient that is wrong in every sign passes.",
                    hint="Divide by something that shrinks with the loss.")  # fmt: skip
    off = np.zeros((2, right.size))
    off[0, 0] = off[1, -1] = 0.05 * np.max(np.abs(right))  # one entry, by 5% of the largest
    up, down = ([probe.ask(f, right + sign * o.reshape(right.shape)) for o in off]
                for sign in (1, -1))  # fmt: skip
    if min(map(max, up, down)) < 1e-3:
        raise Wrong("passes-the-wrong", "A gradient with one wrong entry passes.",
                    hint="The largest difference counts, wherever it is in the "
                         "array.")  # fmt: skip
    if min(*up, *down) < 1e-3:
        raise Wrong("no-size", "A gradient with one entry too small, or too large, passes.",
                    hint="Which sign does a difference have, and what does the largest of them "
                         "say if all are negative?")  # fmt: skip
    if not 1.9 < turned < 2.1:
        raise Wrong("other-measure", f"With every sign wrong the error is {turned:.3g}, and 2 is "
                    "wanted.",
                    hint="The largest difference over the largest entry of what you measured, "
                         "both without sign.")  # fmt: skip
    if not all(0.045 < error < 0.055 for error in up):
        raise Wrong("diluted", "One entry is off by 5% of the largest, and your error is "
                    f"{min(up):.2g}.",
                    hint="A mean or a norm over all entries hides one that is wrong. What does "
                         "not?")  # fmt: skip
    if probe.ask(f, np.where(right == right.flat[0], np.nan, right)) < 1e-3:
        raise Wrong("loses-nan", "A gradient that holds NaN passes.",
                    hint="Python's `max` keeps its first number when it is compared with NaN. "
                         "What does NumPy's do?")  # fmt: skip


EXPERIMENTS = [
    (variant, steps)
    for variant in ("V", "NP", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG")
    for steps in (1, 2, 3)
]


@exercise("network.three-planted-errors", kind="derive")
def three_planted_errors(answer: object) -> str:
    """Which of ten lines is wrong in each of the passes A, B and C."""
    entries = mapping(answer, PLANTED)
    chosen = {letter: choice(entries[letter], list(FAULTS)) for letter in PLANTED}
    for letter, name in chosen.items():
        if name != PLANTED[letter]:
            raise _speaks_against(name, letter)
    return "Now you have found faults that no loss curve shows."


def _speaks_against(name: str, letter: str) -> Wrong:
    """The first experiment in which the fault `name` and the pass `letter` differ."""
    for variant, steps in EXPERIMENTS:
        expected, seen = (pattern(which, variant, steps) for which in (name, letter))
        if expected == seen:
            continue
        most = sorted(expected ^ seen)[0]
        would, does = ("would be", "is not") if most in expected else ("would not be", "is")
        hint = (f"With {steps} step{'s' if steps > 1 else ''} of {variant} and that line the "
                f"gradient of `{most}` {would} wrong; in {letter} it {does}.")  # fmt: skip
        if variant == "V":
            return Wrong("pattern", f'"{name}" leaves another pattern than {letter}.', hint=hint)
        return Wrong("look-alike", f'In V, "{name}" leaves the same pattern as {letter}. It is '
                     "another line all the same.", hint=hint)  # fmt: skip
    raise ValueError(f"{name!r} and {letter} must differ in some experiment")

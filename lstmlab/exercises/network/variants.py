"""Checks of the exercises in the chapter "Eight ways to change one thing"."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from lstmlab.cells import (
    VARIANTS,
    Params,
    Variant,
    count_params,
    param_shapes,
)
from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import (
    call,
    choice,
    close,
    function,
    mapping,
    number,
    weights,
    whole,
)
from lstmlab.exercises.calling import take
from lstmlab.exercises.network.counting import STEPS, counts, probe, run
from lstmlab.exercises.reading import describe, is_a

WHO = {
    "running-sum": "NFG",
    "no-room": "CIFG",
    "loud": "NOAF",
    "always-listening": "NIG",
    "never-silent": "NOG",
    "deaf-to-cell": "NP",
}

# Wrong variants that people give for a key: the mistake, what is wrong, and a hint.
MIX_UPS = {
    ("loud", "NOG"): (
        "gate-for-function",
        'In NOG a cell that holds 50 says `tanh(50)`, and that is 1: "loud" is another.',
        "What stands between the cell and its output besides the output gate?",
    ),
    ("never-silent", "NOAF"): (
        "gate-for-function",
        'NOAF still has an output gate that can shut: "never-silent" is another.',
        "Look at y once more: which factor can make it 0 although the cell is not?",
    ),
    ("always-listening", "NIAF"): (
        "gate-for-function",
        'NIAF changes how the block input is computed; a gate still decides how much of it enters.',
        "Which factor stands beside z in the line of the cell?",
    ),
    ("running-sum", "CIFG"): (
        "which-forgetting",
        "In CIFG a cell does lose what it held: whenever something is written.",
        "Which variant multiplies the old cell by 1 at every step?",
    ),
    ("no-room", "NFG"): (
        "which-forgetting",
        "In NFG a cell gives up nothing, however much is written.",
        "In which variant does opening one gate shut the other?",
    ),
    ("deaf-to-cell", "NOG"): (
        "another-way-to-see",
        "In NOG the gates have peepholes, and these look at the cell itself.",
        "By how many ways does a gate of V learn of its own cell? Which variant has only one?",
    ),
}


@exercise("network.which-variant", kind="recall")
def which_variant(answer: object) -> None:
    """Which of the nine variants each key speaks of."""
    given = {key: choice(item, list(VARIANTS)) for key, item in mapping(answer, WHO).items()}
    for key, name in given.items():
        if (key, name) in MIX_UPS:
            mistake, says, hint = MIX_UPS[key, name]
            raise Wrong(mistake, says, hint=hint)
    wrong = [key for key in WHO if given[key] != WHO[key]]
    if wrong:
        raise Wrong("another-variant", f'{len(WHO) - len(wrong)} of 6 are right; "{wrong[0]}" '
                    f"is not {given[wrong[0]]}.",
                    hint="Write down the two lines for c and y of the variant you chose, and "
                         "look whether they do what the key says.")  # fmt: skip


@exercise("network.block-of-1997", kind="recall")
def block_of_1997(answer: object) -> str:
    """The block as it was published in 1997, as a `Variant`."""
    given = take(answer)
    if not is_a(given.value, Variant):
        raise Wrong("form", f"{given.said} is {describe(given.value)}, and a Variant is wanted.",
                    hint="Return it as the exercise does: the word `Variant`, and in brackets the "
                         "switches that are not as in V.")  # fmt: skip
    block = given.value
    if block.forget_gate:
        raise Wrong("forget-gate", "This block has a forget gate.",
                    hint="The cell that keeps for ever came first. The gate that clears it is a "
                         "later invention.")  # fmt: skip
    if block.peepholes:
        raise Wrong("peepholes", "The gates of this block look at the cell.",
                    hint="Section III of the paper lists what was added later, and when.")
    if not block.full_gate_recurrence:
        raise Wrong("gates-do-not-hear", "Here the gates hear only the block outputs.",
                    hint="One feature of the first block appeared in none of the later papers. "
                         "It is one of the eight variants.")  # fmt: skip
    kept = {field.name for field in fields(Variant)} - {
        "forget_gate", "peepholes", "full_gate_recurrence"}  # fmt: skip
    for switch in sorted(kept):
        if getattr(block, switch) != getattr(VARIANTS["V"], switch):
            raise Wrong("one-too-many", f"`{switch}` is not as in V.",
                        hint="Both gates that it had, and both activation functions, stay: some "
                             "were left out in some experiments only.")  # fmt: skip
    return "V is three switches away from it; the paper's history says who threw them."


@exercise("network.count-weights", kind="derive")
def count_weights(answer: object) -> None:
    """The number of weights of any legal variant."""
    f = function(answer, "variant", "M", "N")
    for variant, M, N in (
        (VARIANTS["V"], 5, 7),
        (VARIANTS["NP"], 2, 3),
        (VARIANTS["NIG"], 5, 7),
        (VARIANTS["CIFG"], 5, 7),
        (VARIANTS["FGR"], 4, 6),
        (Variant(coupled=True, full_gate_recurrence=True), 3, 5),
        (Variant(output_gate=False, peepholes=False, full_gate_recurrence=True), 6, 2),
        (Variant(forget_gate=False, input_gate=False, output_activation=False), 1, 4),
    ):
        got, want = whole(call(f, variant, M, N)), count_params(variant, M, N)
        if got != want:
            raise _miscounted(got, want, variant, M, N)


def _miscounted(got: int, want: int, variant: Variant, M: int, N: int) -> Wrong:
    """What a wrong count has in it, or lacks."""
    G, part = len(variant.gates), N * M + N * N + N
    off = [s for s in ("input_gate", "forget_gate", "output_gate") if not getattr(variant, s)]
    case = ", ".join([f"M = {M}", f"N = {N}", *(f"no {gate.replace('_', ' ')}" for gate in off)])
    case += ", coupled" * variant.coupled + ", no peepholes" * (not variant.peepholes)
    case = f"({case}{', full gate recurrence' * variant.full_gate_recurrence}): {got}."
    if got == want - (1 + G) * N:
        return Wrong("no-biases", f"The biases are not counted {case}",
                     hint="Each part has three arrays besides a peephole. Which is the "
                          "smallest?")  # fmt: skip
    if got == want - part:
        return Wrong("no-block-input", f"One part is not counted {case}",
                     hint="The gates are not the only parts with weights: look at the first line "
                          "of the forward pass.")  # fmt: skip
    if variant.peepholes and got == want + (3 - G) * N:
        return Wrong("peephole-of-no-gate", f"A gate without weights has a peephole here {case}",
                     hint="Whose weight is a peephole: the cell's or the gate's?")
    if variant.peepholes and got == want + N:
        return Wrong("peephole-of-z", f"There is a peephole too many {case}",
                     hint="Does the block input look at the cell?")
    if variant.coupled and got in (want + part, want + part + N * variant.peepholes,
                                   want + part + N * variant.peepholes + 5 * N * N):
        return Wrong("coupled-gate", f"The coupled forget gate is given weights of its own {case}",
                     hint="What has to be learned about f if f is 1 minus i?")  # fmt: skip
    if variant.full_gate_recurrence and got == want + (9 - G * G) * N * N:
        return Wrong("always-nine", f"Here are nine matrices between the gates {case}",
                     hint="How many gates are there that can speak, and how many that can "
                          "hear?")  # fmt: skip
    if variant.full_gate_recurrence and got == want - (G * G - G) * N * N:
        return Wrong("only-to-itself", f"Each gate hears only itself here {case}",
                     hint="Full gate recurrence has matrices from each gate to each gate.")
    if got == want + (3 - G) * (part + N * variant.peepholes):
        return Wrong("always-four-parts", f"A gate that is not there is counted {case}",
                     hint="Let the number of parts depend on the variant.")
    return Wrong("miscounted", f"The number is {'too large' if got > want else 'too small'} {case}",
                 hint="Count with M = N = 1 by hand: each array then has one entry.")


@exercise("network.largest-cell", kind="derive")
def largest_cell(answer: object) -> None:
    """The tightest bound on a cell with a constant forget gate."""
    bound = function(answer, "f", "t", "c0")
    for f, t, c0 in ((0.9, 7, 0.0), (0.5, 3, 0.0), (0.9, 4, 2.0), (0.7, 6, -3.0), (0.0, 1, 4.0),
                     (0.99, 1, 0.0), (1.0, 12, 2.5), (1.0, 7, -1.0)):  # fmt: skip
        got = number(call(bound, f, t, c0))
        series = float(t) if f == 1 else (1 - f**t) / (1 - f)
        want = abs(c0) * f**t + series
        if close(got, want):
            continue
        case = f"(f = {f:g}, t = {t}, c0 = {c0:g})"
        longer = t + 1.0 if f == 1 else (1 - f ** (t + 1)) / (1 - f)
        if f < 1 and close(got, 1 / (1 - f)):
            raise Wrong("only-the-limit", f"The cell needs time to get that far {case}.",
                        hint="This is where it ends up. How large can it be after one step, and "
                             "after two?")  # fmt: skip
        if close(got, c0 * f**t + series):
            raise Wrong("signed-start", f"This is too small {case}.",
                        hint="The cell may start below 0 and be pushed further down. Which "
                             "quantity is bounded?")  # fmt: skip
        if close(got, series):
            raise Wrong("start-forgotten", f"What was there at the start is missing {case}.",
                        hint="How much of c0 is left after t steps?")
        if close(got, abs(c0) + series):
            raise Wrong("start-kept", f"The start is counted in full {case}.",
                        hint="The forget gate works on everything that is in the cell, c0 "
                             "included.")  # fmt: skip
        if close(got, abs(c0) * f**t + longer) or close(got, abs(c0) * f ** (t + 1) + longer):
            raise Wrong("one-step-too-many", f"There is one term too many {case}.",
                        hint="Write the terms down for t = 1. What came in at this step has not "
                             "been through the forget gate yet.")  # fmt: skip
        if close(got, abs(c0) + t):
            raise Wrong("nothing-lost", f"That holds, but a smaller bound does too {case}.",
                        hint="Where is f in your formula? At each step it takes its share.")
        if got > want:
            raise Wrong("not-the-smallest", f"The cell cannot get that far {case}.",
                        hint="Follow the worst case for two steps by hand: z = 1 and the input "
                             "gate open.")  # fmt: skip
        raise Wrong("exceeded", f"The cell can get further than that {case}.",
                    hint="Follow the worst case for two steps by hand: z = 1 and the input gate "
                         "open.")  # fmt: skip


@exercise("network.counter", kind="build")
def counter(answer: object) -> str:
    """Weights of a NOAF block that counts ones aloud, from each restart."""
    w: Params = {**weights(answer, param_shapes("NOAF", 2, 1))}
    probe(w)
    rng = np.random.default_rng(7)
    worst = 0.0
    for chance in (0.1, 0.5, 0.9):
        for restart in (0.0, 0.02, 0.2):
            x = (rng.random((STEPS, 2)) < (chance, restart)).astype(float)
            worst = max(worst, float(np.abs(run(w, x).y[:, 0] - counts(x)).max()))
    if not worst <= 0.1:
        raise Wrong("miscounts", f"On a sequence of {STEPS} random steps it is {worst:.2f} off.",
                    hint="It is right for short sequences, so small errors add up, or something "
                         "depends on what was counted before. How near to 0 and 1 do your gates "
                         "stand?")  # fmt: skip
    return f"On nine unseen sequences of {STEPS} steps it was never more than {worst:.1g} off."

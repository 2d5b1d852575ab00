"""Checks of the exercises in the chapter "Backpropagation through time, by hand"."""

from __future__ import annotations

import numpy as np

from lstmlab.cells import (
    Array,
    Params,
    Trace,
    backward,
    forward,
    init_params,
    param_shapes,
    relative_error,
    sigmoid,
)
from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import (
    array,
    call,
    close,
    function,
    mapping,
    members,
    number,
    several,
    weights,
)

DELTAS = ("o", "c", "f", "i", "z")


@exercise("network.shut-doors", kind="recall")
def shut_doors(answer: object) -> str:
    """Which deltas of the last step are zero where one gate is shut."""
    given = mapping(answer, ("i", "f", "o"))
    zero = {gate: members(given[gate], DELTAS) for gate in given}
    for gate in "ifo":
        if gate not in zero[gate]:
            raise Wrong("no-slope", f"A shut gate's own delta is zero too, also that of {gate}.",
                        hint="Put 0 for the gate in the last factor of its delta. "
                             "What is the slope of σ there?")  # fmt: skip
    if zero["o"] == {"o"}:
        raise Wrong("only-the-gate", "With the output gate shut more is zero than its own delta.",
                    hint="The loss is heard through y alone. By which paths does it reach the "
                         "cell, and is one of them open?")  # fmt: skip
    if zero["o"] != set(DELTAS):
        raise Wrong("way-round", "With the output gate shut you let a delta pass.",
                    hint="The cell has a second path, through the peephole and δo. "
                         "What is δo here?")  # fmt: skip
    if "c" in zero["i"] | zero["f"]:
        raise Wrong("cell-hears-y", "With the input or the forget gate shut, δc is not zero.",
                    hint="In which line of the last step does δc come about? Do i and f stand in "
                         "it?")  # fmt: skip
    if "z" not in zero["i"]:
        raise Wrong("offer-refused", "With the input gate shut one more delta is zero.",
                    hint="What does the cell learn of z then? By what is δc multiplied on its way "
                         "to z?")  # fmt: skip
    if zero["i"] != {"i", "z"} or zero["f"] != {"f"}:
        raise Wrong("too-many", "With the input or the forget gate shut, fewer deltas are zero.",
                    hint="Go through the three lines below δc and set the gate to 0 in each. "
                         "Which of them hold it?")  # fmt: skip
    return "So a gate that is quite shut cannot learn to open: its own delta is zero."


@exercise("network.deltas-without-h", kind="derive")
def deltas_without_h(answer: object) -> None:
    """δo and δc of a block without output activation function, the variant NOAF."""
    f = function(answer, "dy", "o", "c", "p_o", "dc_next")
    rng = np.random.default_rng(5)
    for N in (1, 4, 7):
        dy, c, p_o, dc_next = rng.standard_normal((4, N))
        o = sigmoid(rng.standard_normal(N))
        gave_do, gave_dc = several(call(f, dy, o, c, p_o, dc_next), "δo", "δc")
        do, dc = array(gave_do, (N,)), array(gave_dc, (N,))
        slope = o * (1 - o)
        want = dy * c * slope
        if close(do, dy * np.tanh(c) * slope):
            raise Wrong("still-squashed", "Your δo is that of a block with h = tanh.",
                        hint="Here y = c ⊙ o. What is ∂y/∂o?")  # fmt: skip
        if close(do, dy * c):
            raise Wrong("not-the-bar", "Your δo is the derivative by o itself.",
                        hint="δo is the derivative by the pre-activation. One more slope lies "
                             "between.")  # fmt: skip
        if not close(do, want):
            raise Wrong("wrong-do", "δo is wrong.",
                        hint="Take the chapter's line for δo, and ask of each factor whether h "
                             "is in it.")  # fmt: skip
        y_path, peephole = dy * o, p_o * want
        if close(dc, y_path + peephole + dc_next):
            continue
        if close(dc, y_path * (1 - np.tanh(c) ** 2) + peephole + dc_next):
            raise Wrong("still-squashed", "Your δc is that of a block with h = tanh.",
                        hint="Here y = c ⊙ o. What is ∂y/∂c?")  # fmt: skip
        if close(dc, y_path * (1 - c**2) + peephole + dc_next):
            raise Wrong("slope-of-what", "Your δc holds the slope of a tanh.",
                        hint="The slope of h belongs there. How steep is h(c) = c?")  # fmt: skip
        if close(dc, y_path + dc_next):
            raise Wrong("no-peephole", "A path from the cell to the loss is missing.",
                        hint="Who looks at the new cell besides y?")  # fmt: skip
        if close(dc, y_path + peephole):
            raise Wrong("no-future", "What the next step sends to the cell is missing.",
                        hint="Paths add. Which argument have you not used?")  # fmt: skip
        raise Wrong("wrong-dc", "δo is right and δc is wrong.",
                    hint="List the paths from c to the loss: what is the slope of each, and what "
                         "arrives at its end?")  # fmt: skip


@exercise("network.forget-bias", kind="derive")
def forget_bias(answer: object) -> str:
    """Which forget bias lets a share of the cell's delta through so many steps."""
    f = function(answer, "share", "steps")
    for share, steps in ((0.5, 10), (0.9, 100), (0.01, 3), (0.4, 59)):
        found = number(call(f, share, steps))
        gate = share ** (1 / steps)
        bias = np.log(gate / (1 - gate))
        if close(found, bias):
            continue
        if close(found, gate):
            raise Wrong("the-gate", "That is where the gate stands, not its bias.",
                        hint="The bias goes through σ to become the gate. Solve that for the "
                             "bias.")  # fmt: skip
        if close(found, -bias):
            raise Wrong("sign", "With that bias the gate is shut as far as it should be open.",
                        hint="Is `sigmoid` of your bias above one half where the share is "
                             "large?")  # fmt: skip
        if close(found, np.log(gate)):
            raise Wrong("not-a-sigmoid", "You have solved for exp, and the gate is a sigmoid.",
                        hint="From f = 1 / (1 + exp(-b)): what is exp(-b)?")  # fmt: skip
        straight = 1 - (1 - share) / steps
        if close(found, np.log(straight / (1 - straight))):
            raise Wrong("straight-line", "You take away the same amount at every step.",
                        hint="Each step multiplies by f. What is left of 1 after two of "
                             "them?")  # fmt: skip
        if close(found, np.log(share / (1 - share))):
            raise Wrong("one-step", "That bias leaves the share after one step.",
                        hint="The gate is passed once a step. Which number, multiplied with itself "
                             "so often, is the share?")  # fmt: skip
        raise Wrong("another-share", f"With that bias {_left(found, steps)} of the delta is left "
                                     f"after {steps} steps, not {share:g}.",
                    hint="First find the f whose power is the share, then the bias that gives "
                         "this f.")  # fmt: skip
    return "A bias near 0, where the paper starts, lets half of it through one step."


def _left(bias: float, steps: int) -> str:
    return f"{float(sigmoid(np.array(bias))) ** steps:.2g}"


@exercise("network.own-backward", kind="build")
def own_backward(answer: object) -> str:
    """Every weight gradient of the variant NP, exact and as in 1997."""
    f = function(answer, "w", "trace", "Delta", "truncated")
    rng = np.random.default_rng(6)
    for T, M, N in ((1, 2, 3), (6, 2, 3), (9, 4, 2)):
        w = init_params("NP", M, N, rng=rng, std=0.8)
        trace = forward(w, rng.standard_normal((T, M)), "NP")
        Delta = rng.standard_normal((T, N))
        shapes = param_shapes("NP", M, N)
        for truncated in (False, True):
            found: Params = dict(weights(call(f, w, trace, Delta, truncated), shapes))
            want = backward(w, trace, Delta, truncated=truncated).params
            if not _same(found, want):
                raise (_inside(found, want) if T == 1 else
                       _through(found, w, trace, Delta, truncated))  # fmt: skip
    return "It agrees with `backward`, exact and truncated."


def _equal(found: Array, want: Array) -> bool:
    with np.errstate(over="ignore"):
        return relative_error(found, want) < 1e-9


def _same(found: Params, want: Params) -> bool:
    return all(_equal(found[name], want[name]) for name in want)


def _inside(found: Params, want: Params) -> Wrong:
    """What is wrong in a sequence of one step, where nothing comes from later."""
    for q in "ofiz":
        if not _equal(found[f"b_{q}"], want[f"b_{q}"]):
            return Wrong(f"delta-{q}", f"With a single step already, δ{q} is wrong.",
                         hint="Its sum over time is the gradient of its bias. Compare your line "
                              "with the one in the chapter; NP has no peepholes.")  # fmt: skip
    if not all(_equal(found[f"R_{q}"], want[f"R_{q}"]) for q in "zifo"):
        return Wrong("same-step", "The gradient of R is not what it should be after one step.",
                     hint="R multiplies what the blocks said one step before. What did they say "
                          "before the first?")  # fmt: skip
    return Wrong("not-outer", "The deltas are right, and the gradients of the W are not.",
                 hint="Which delta, and which x, stand at entry (n, m)?")  # fmt: skip


def _through(found: Params, w: Params, trace: Trace, Delta: Array, truncated: bool) -> Wrong:
    """What is wrong in a longer sequence, where one of a single step is right."""
    exact, cut = (backward(w, trace, Delta, truncated=short).params for short in (False, True))
    if truncated:
        if _same(found, exact):
            return Wrong("never-truncated", "With `truncated` you return the exact gradient.",
                         hint="In 1997 nothing went back through R. Which of the two vectors that "
                              "a step hands on stays 0?")  # fmt: skip
        if _same(found, _gradients(w, trace, Delta, recurrent="cut", carried="not")):
            return Wrong("nothing-flows", "With `truncated` nothing goes back in time at all.",
                         hint="One path was kept in 1997. The chapter calls it a "
                              "carousel.")  # fmt: skip
        return Wrong("cut-elsewhere", "The exact gradient is right, the truncated one is not.",
                     hint="δy is Δ alone then; all else in a step is as before.")  # fmt: skip
    if _same(found, cut):
        return Wrong("always-truncated", "You return the gradient of 1997 where the exact one is "
                                         "asked for.",
                     hint="Without `truncated` a delta also goes back through four R.")  # fmt: skip
    if all(_equal(found[f"b_{q}"], exact[f"b_{q}"]) for q in "zifo"):
        return Wrong("same-step", "The deltas are right, and gradients of R or W are not.",
                     hint="Which y did R multiply at step t, and with which delta does it go "
                          "together?")  # fmt: skip
    if _same(found, _gradients(w, trace, Delta, recurrent="plain")):
        return Wrong("not-transposed", "The deltas take the wrong way through R.",
                     hint="Forward, entry (n, m) carries y of block m to block n. Which way must "
                          "a delta go?")  # fmt: skip
    if _same(found, _gradients(w, trace, Delta, carried="not")):
        return Wrong("cell-not-carried", "Nothing goes back from cell to cell.",
                     hint="The next step kept a share of this cell. What does it send "
                          "back?")  # fmt: skip
    if _same(found, _gradients(w, trace, Delta, carried="by this f")):
        return Wrong("wrong-f", "The cell's delta passes the forget gate of the wrong step.",
                     hint="Which gate did the cell of step t meet on its way to step "
                          "t + 1?")  # fmt: skip
    return Wrong("through-time", "A single step is right, a sequence of several is not.",
                 hint="Two vectors go from each step to the one before: one to y, one to the cell. "
                      "Print both for T = 2.")  # fmt: skip


def _gradients(
    w: Params, trace: Trace, Delta: Array, *, recurrent: str = "transposed", carried: str = "by f"
) -> Params:
    """Gradients of NP from a zero state, right or with one of the mistakes that people make."""
    z, i, f, o, c = trace.z, trace.i, trace.f, trace.o, trace.c
    before = np.zeros_like(c), np.zeros_like(c)
    before[0][1:], before[1][1:] = c[:-1], trace.y[:-1]
    d = {q: np.zeros_like(z) for q in "zifo"}
    dy_next, dc_next = np.zeros_like(z[0]), np.zeros_like(z[0])
    for t in reversed(range(len(z))):
        dy, h = Delta[t] + dy_next, np.tanh(c[t])
        dc = dy * o[t] * (1 - h**2) + (dc_next * f[t] if carried == "by this f" else dc_next)
        d["o"][t] = dy * h * o[t] * (1 - o[t])
        d["f"][t] = dc * before[0][t] * f[t] * (1 - f[t])
        d["i"][t] = dc * z[t] * i[t] * (1 - i[t])
        d["z"][t] = dc * i[t] * (1 - z[t] ** 2)
        dc_next = {"by f": dc * f[t], "by this f": dc, "not": 0 * dc}[carried]
        if recurrent != "cut":
            R = {q: w[f"R_{q}"] if recurrent == "plain" else w[f"R_{q}"].T for q in "zifo"}
            dy_next = np.sum([R[q] @ d[q][t] for q in "zifo"], axis=0)
    grads: Params = {}
    for q in "zifo":
        grads |= {f"W_{q}": d[q].T @ trace.x, f"R_{q}": d[q].T @ before[1],
                  f"b_{q}": d[q].sum(axis=0)}  # fmt: skip
    return grads

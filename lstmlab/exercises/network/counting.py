"""Does a NOAF block count aloud? Sequences that show one mistake each, for the check of that."""

from __future__ import annotations

import numpy as np

from lstmlab.cells import Array, Params, Trace, forward
from lstmlab.exercises import Wrong

STEPS = 300
"""How long it has to count without a slip."""


def probe(w: Params) -> None:
    """Try the block on sequences that each show one mistake."""
    silence = np.zeros((STEPS, 2))
    one = silence.copy()
    one[0, 0] = 1
    if abs(float(run(w, silence[:20]).y[-1, 0])) > 0.05:
        raise Wrong("counts-silence", "After 20 steps with nothing to count it does not say 0.",
                    hint="What does your block input offer when both inputs are 0?")
    trace = run(w, one)
    first, cell = float(trace.y[0, 0]), float(trace.c[0, 0])
    if abs(first - 1) > 0.05 and abs(cell - 1) < 0.05:
        raise Wrong("half-silent", f"After the first one the cell holds {cell:.2f}, and the block "
                    f"says {first:.2f}.",
                    hint="What stands between cell and output in a NOAF block?")  # fmt: skip
    if abs(first - 1) > 0.05:
        raise Wrong("not-one", f"The first one to be counted adds {cell:.2f} to the cell.",
                    hint="What enters the cell is a product of two. Each is squashed: how "
                         "near to 1 does it get with your weights?")  # fmt: skip
    last = float(trace.y[-1, 0])
    if abs(last - first) > 0.05 and trace.f[1:].min() > 0.9999:
        raise Wrong("hears-itself", f"It counts one, and says {last:.2f} at step {STEPS}, with "
                    "nothing in between, although the forget gate stands at 1.",
                    hint="Then something enters the cell in silence. Which weights does the "
                         "block's own output meet?")  # fmt: skip
    if abs(last - first) > 0.05:
        raise Wrong("does-not-keep", f"It counts one, and says {last:.2f} at step {STEPS}, with "
                    "nothing in between.",
                    hint="How near to 1 does the forget gate stand when both inputs "
                         "are 0?")  # fmt: skip
    again = one[:20].copy()
    again[1:6, 0] = 1
    again[10, 1] = 1
    trace = run(w, again)
    y = trace.y[:, 0]
    if abs(y[9] - 6) > 0.05:
        raise _six(w, trace)
    if abs(y[10]) > 0.1 and trace.f[10, 0] < 0.01:
        raise Wrong("restart-counts", f"In the step of a restart the cell is cleared, and still "
                    f"the block says {y[10]:.2f}.",
                    hint="What does your block input offer when the second input alone "
                         "is 1?")  # fmt: skip
    if abs(y[10]) > 0.1:
        raise Wrong("no-restart", f"In the step of a restart it goes from {y[9]:.2f} to "
                    f"{y[10]:.2f}.",
                    hint="Which gate decides how much of the old cell stays, and how large must "
                         "the weight be that shuts it against its bias?")  # fmt: skip
    again[10, 0] = 1
    y = run(w, again).y[:, 0]
    if abs(y[10] - 1) > 0.1:
        raise Wrong("first-lost", f"A one in the step of a restart should be the first; the block "
                    f"says {y[10]:.2f}.",
                    hint="Does the restart shut more than it should? What is held and what comes "
                         "in pass different gates.")  # fmt: skip


def _six(w: Params, trace: Trace) -> Wrong:
    """Why six ones in a row, of which the first counts, are not six."""
    says, cell = f"After six ones in a row it says {trace.y[9, 0]:.2f}.", float(trace.c[9, 0])
    if any(np.any(array) for name, array in w.items() if name[0] in "Rp"):
        return Wrong("not-each", says,
                     hint="The first is counted right. What is different for the second? Look at "
                          "what the block hears of itself.")  # fmt: skip
    if trace.f[1:6].min() < 0.999:
        return Wrong("forgets-at-a-one", says,
                     hint="How near to 1 does the forget gate stand in the step of a one? What is "
                          "held must stay while the next one comes in.")  # fmt: skip
    if abs(cell - 6) < 0.05:
        return Wrong("half-silent", f"{says} The cell holds {cell:.2f}.",
                     hint="How near to 1 does the output gate get with your weights? What it keeps "
                          "back grows with the count.")  # fmt: skip
    return Wrong("not-quite-one", f"{says} Each one adds {cell / 6:.3f} to the cell.",
                 hint="A small error in the first becomes a large one after many. What enters the "
                      "cell is a product of two: how near to 1 does each get?")  # fmt: skip


def run(w: Params, x: Array) -> Trace:
    """What the block does with x (T, 2)."""
    with np.errstate(all="ignore"):
        return forward(w, x, "NOAF")


def counts(x: Array) -> Array:
    """The number of ones in the first column of x since the last one in the second: (T,)."""
    counts, held = np.zeros(len(x)), 0.0
    for t, (one, restart) in enumerate(x):
        held = counts[t] = one + (0 if restart else held)
    return counts

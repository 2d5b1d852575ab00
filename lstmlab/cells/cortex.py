"""Dynamic Cortex Memory: the gates of one block hear each other (Otte et al., 2014).

`q_ab` (N,) carries gate a to gate b of the same block, one weight a block. The input and the forget
gate hear what all gates were one step before. The output gate is computed last: it hears the input
and the forget gate of its own step, and itself one step before.

Called by `lstmlab.cells.forward` and `backward`. Greff et al. give this block one sentence, in
section III, without the steps; these are the steps of the equations as others have quoted them.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from lstmlab.cells.params import Array, Params
from lstmlab.cells.sums import shifted, total
from lstmlab.cells.trace import Trace


def heard(params: Params, b: str, gates: Mapping[str, Array]) -> Array:
    """Σ q_ab ⊙ a over the gates a: what gate b hears, given what they are when it listens."""
    parts = [params[f"q_{a}{b}"] * gates[a] for a in "ifo" if f"q_{a}{b}" in params]
    return np.asarray(sum(parts))


def same_step(a: str, b: str) -> bool:
    """Whether gate b hears gate a of the same step, not of the one before."""
    return b == "o" and a != "o"


def add_within_step(dgate: dict[str, Array], params: Params, delta_o: Array) -> None:
    """Add to ∂E/∂i and ∂E/∂f what the output gate of the same step sends back."""
    for a in "if":
        if f"q_{a}o" in params:
            dgate[a] = dgate[a] + params[f"q_{a}o"] * delta_o


def across_steps(params: Params, deltas: Mapping[str, Array]) -> dict[str, Array]:
    """∂E/∂(every gate at t-1) that comes through the gates at t, given their deltas."""
    return {
        a: np.asarray(
            sum(params[f"q_{a}{b}"] * deltas[b] for b in deltas if not same_step(a, b))
            + np.zeros_like(deltas[a])
        )
        for a in deltas
    }


def gradients(trace: Trace, d: Mapping[str, Array]) -> Params:
    """∂E/∂q_ab: each delta times what it was multiplied by, summed over time and batch."""
    return {f"q_{a}{b}": total(d[b] * value) for a, b, value in _heard(trace)}


def _heard(trace: Trace) -> Iterator[tuple[str, str, Array]]:
    """Every connection, and what went through it."""
    for a, gate0 in trace.gates0.items():
        now = getattr(trace, a)
        before = shifted(now, gate0)
        for b in trace.gates0:
            yield a, b, now if same_step(a, b) else before

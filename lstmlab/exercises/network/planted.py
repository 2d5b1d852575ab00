"""Backward passes with one wrong line each, for the chapter "Trusting a gradient".

Nothing is copied: a faulty pass is the source of `lstmlab.cells.backward` with one line replaced.
If you are looking for A, B and C of the exercise: they are more fun to find from the outside.
"""

import importlib
import inspect
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np

from lstmlab.cells import Gradients, forward, init_params, relative_error
from lstmlab.cells import backward as exact_backward
from lstmlab.cells.gradcheck import Backward

WRONG = 1e-6  # relative error from which an array counts as wrong; the faults here make over 1e-4


@dataclass(frozen=True)
class Fault:
    """A line of the backward pass, and the wrong one in its place.

    Attributes
    ----------
    right : str
        Part of a line that occurs exactly once in the source of `lstmlab.cells.backward`.
    wrong : str
        What stands there instead.
    """

    right: str
    wrong: str


_TO_Y = 'd[part][t] @ params[f"R_{part}"] for part in variant.parts'
_TO_Y_TURNED = (
    'd[part][t] @ (params[f"R_{{part}}"].T if part == "{}" else params[f"R_{{part}}"]) '
    "for part in variant.parts"
)
_TO_C = "dc_from_next += p[gate] * d[gate][t]"

FAULTS: dict[str, Fault] = {
    "slope of o": Fault("do * o[t] * (1 - o[t])", "do * o[t]"),
    "sign of p_o": Fault('dc_t += p["o"] * d["o"][t]', 'dc_t -= p["o"] * d["o"][t]'),
    "slope of tanh c": Fault("dm_t * o[t] * h_slope[t]", "dm_t * o[t]"),
    "slope of z": Fault("dc_t * i[t] * z_slope[t]", "dc_t * i[t]"),
    "c of the wrong step": Fault("df = dc_t * c_prev[t]", "df = dc_t * c[t]"),
    "sign of p_i": Fault(_TO_C, _TO_C.replace("p[gate]", '(-1 if gate == "i" else 1) * p[gate]')),
    "p_f left out": Fault(_TO_C, _TO_C.replace("p[gate]", '(gate != "f") * p[gate]')),
    "R_z transposed": Fault(_TO_Y, _TO_Y_TURNED.format("z")),
    "R_f transposed": Fault(_TO_Y, _TO_Y_TURNED.format("f")),
    "y of the wrong step": Fault("outer(d[part], y_prev)", "outer(d[part], trace.y)"),
}
"""The ten candidates of the exercise, by the names that it gives them."""

OTHERS: dict[str, Fault] = {
    "f left out": Fault("dc_from_next = dc_t * f[t]", "dc_from_next = dc_t.copy()"),
    "never cleared": Fault("dy_from_next = sum(", "dy_from_next = dy_from_next + sum("),
    "mean over the batch": Fault("= total(d[part])", "= total(d[part]) / trace.y[0, ..., 0].size"),
}
"""Three more: the worked example, one that shows at T = 3 only, and one that takes a batch."""

_LETTERS = {"A": "sign of p_i", "B": "slope of tanh c", "C": "R_f transposed", "D": "f left out"}
PLANTED = {letter: _LETTERS[letter] for letter in "ABC"}


@cache
def faulty(name: str) -> Backward:
    """A backward pass of the package with one line replaced.

    Parameters
    ----------
    name : str
        "A", "B" or "C" of the exercise, "D" of the text, or the name of a fault in `FAULTS` or
        `OTHERS`.

    Returns
    -------
    callable
        Takes and returns what `lstmlab.cells.backward` does.

    Raises
    ------
    ValueError
        If there is no fault of this name, or the line to replace does not occur exactly once.
    """
    known = FAULTS | OTHERS
    fault = known.get(_LETTERS.get(name, name))
    if fault is None:
        raise ValueError(f"name must be one of {', '.join([*_LETTERS, *known])}, got {name!r}")
    # By name: the package's function `backward` hides the module that it is in.
    source = inspect.getsource(importlib.import_module("lstmlab.cells.backward"))
    if source.count(fault.right) != 1:
        raise ValueError(f"right must be part of exactly one line, got {fault.right!r}")
    namespace: dict[str, object] = {"__name__": f"{__name__}.faulty"}
    changed = source.replace(fault.right, fault.wrong)
    exec(compile(changed, "a backward pass with one wrong line", "exec"), namespace)
    return cast(Backward, namespace["backward"])


@cache
def pattern(name: str, variant: str, steps: int) -> frozenset[str]:
    """Which gradients the faulty pass `name` gets wrong, in a random network with a random state.

    Returns
    -------
    frozenset of str
        Names of weights, and "x", "y0", "c0".
    """
    rng = np.random.default_rng(0)
    params = init_params(variant, 2, 3, rng=rng, std=0.5)
    x, dy = rng.standard_normal((steps, 2)), rng.standard_normal((steps, 3))
    y0, c0, dc_last = rng.standard_normal((3, 3))
    trace = forward(params, x, variant, y0, c0)

    def arrays(gradients: Gradients) -> dict[str, np.ndarray]:
        return gradients.params | {"x": gradients.x, "y0": gradients.y0, "c0": gradients.c0}

    right = arrays(exact_backward(params, trace, dy, dc_last))
    wrong = arrays(faulty(name)(params, trace, dy, dc_last))
    return frozenset(key for key in right if relative_error(wrong[key], right[key]) > WRONG)

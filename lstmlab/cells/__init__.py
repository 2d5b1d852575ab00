"""The LSTM block in nine variants, and the SRN: forward and backward, with NumPy alone.

`LSTM`, the torch module, is imported when it is first asked for.
"""

from typing import TYPE_CHECKING

from lstmlab.cells.backward import backward
from lstmlab.cells.forward import forward, sigmoid
from lstmlab.cells.gradcheck import (
    check_gradients,
    gradient_errors,
    gradient_pairs,
    numerical_gradient,
    relative_error,
)
from lstmlab.cells.params import Array, Params, count_params, init_params, param_shapes
from lstmlab.cells.trace import Gradients, State, Trace
from lstmlab.cells.variants import (
    SRN,
    VARIANTS,
    Cell,
    SimpleRecurrent,
    Variant,
    as_cell,
    as_variant,
)

if TYPE_CHECKING:
    from lstmlab.cells.module import LSTM

__all__ = [
    "LSTM",
    "SRN",
    "VARIANTS",
    "Array",
    "Cell",
    "Gradients",
    "Params",
    "SimpleRecurrent",
    "State",
    "Trace",
    "Variant",
    "as_cell",
    "as_variant",
    "backward",
    "check_gradients",
    "count_params",
    "forward",
    "gradient_errors",
    "gradient_pairs",
    "init_params",
    "numerical_gradient",
    "param_shapes",
    "relative_error",
    "sigmoid",
]


def __getattr__(name: str) -> object:
    if name == "LSTM":
        from lstmlab.cells.module import LSTM

        return LSTM
    raise AttributeError(f"module 'lstmlab.cells' has no attribute {name!r}")

"""The LSTM block in nine variants, and the SRN: forward and backward, with NumPy alone.

`gru` is the gated recurrent unit in the same style. `LSTM` and `GRU`, the torch modules, are
imported when they are first asked for.
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
    SWITCHES,
    VARIANTS,
    Cell,
    SimpleRecurrent,
    Variant,
    as_cell,
    as_variant,
)

if TYPE_CHECKING:
    from lstmlab.cells.gru_module import GRU
    from lstmlab.cells.module import LSTM

__all__ = [
    "GRU",
    "LSTM",
    "SRN",
    "SWITCHES",
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
    if name == "GRU":
        from lstmlab.cells.gru_module import GRU

        return GRU
    raise AttributeError(f"module 'lstmlab.cells' has no attribute {name!r}")

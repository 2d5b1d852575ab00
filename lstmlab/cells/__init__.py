"""The LSTM block: nine variants, forward and backward, with NumPy alone."""

from lstmlab.cells.backward import Gradients, backward
from lstmlab.cells.forward import State, Trace, forward, sigmoid
from lstmlab.cells.gradcheck import check_gradients, relative_error
from lstmlab.cells.params import Array, Params, count_params, init_params, param_shapes
from lstmlab.cells.variants import VARIANTS, Variant, as_variant

__all__ = [
    "VARIANTS",
    "Array",
    "Gradients",
    "Params",
    "State",
    "Trace",
    "Variant",
    "as_variant",
    "backward",
    "check_gradients",
    "count_params",
    "forward",
    "init_params",
    "param_shapes",
    "relative_error",
    "sigmoid",
]

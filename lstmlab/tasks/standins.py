"""What stands for NumPy's own names in a pickle: each checks what it is given.

Whatever is wrong raises a `DataError`, or one of the errors that `lstmlab.tasks.pickles.BROKEN`
lists.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.store import DataError

KIND = re.compile(r"[biuf][1248]|O8?")


def numbers(
    data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], fortran: bool
) -> NDArray[Any]:
    """Look at bytes as an array, without a copy."""
    size = math.prod(shape) * dtype.itemsize
    if size != len(data):
        raise DataError(f"an array of {shape} {dtype} must have {size:,} bytes, got {len(data):,}")
    if not size:
        return np.empty(shape, dtype)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


@dataclass(frozen=True)
class Global:
    """A name that a pickle may ask for."""

    means: str


GLOBALS = {
    ("numpy.core.multiarray", "_reconstruct"): Global("reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"): Global("reconstruct"),
    ("numpy", "ndarray"): Global("ndarray"),
    ("numpy", "dtype"): Global("dtype"),
    ("_codecs", "encode"): Global("encode"),
    ("__builtin__", "bytes"): Global("no_bytes"),
}


class Dtype:
    """A dtype: its kind and size, and the order of bytes once that is said."""

    def __init__(self, kind: object) -> None:
        text = kind.decode("ascii") if isinstance(kind, bytes) else kind
        if not isinstance(text, str) or not KIND.fullmatch(text):
            raise DataError(f"it must hold arrays of plain numbers, got dtype {ascii(kind)[:40]}")
        self.kind, self.order = text, ""

    def build(self, state: Sequence[Any]) -> None:
        """Take the order of bytes from (version, order, and no parts, names, fields …)."""
        order = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        if order not in ("<", ">", "|", "=") or any(field is not None for field in state[2:5]):
            raise DataError("it must hold arrays of plain numbers, got a dtype with parts")
        self.order = order

    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.order + self.kind) if self.kind[0] != "O" else np.dtype(object)


class Shell:
    """An array that is announced: what its state says makes it one."""

    def build(self, state: Sequence[Any]) -> NDArray[Any]:
        """Make the array of (version, shape, dtype, whether in Fortran's order, contents)."""
        _, shape, kind, fortran, data = state
        if not isinstance(kind, Dtype) or type(shape) is not tuple:
            raise TypeError("an array must have a shape and a dtype")
        if len(shape) > 32 or any(type(n) is not int or not 0 <= n < 1 << 62 for n in shape):
            raise TypeError("a shape must be a few whole numbers")
        dtype = kind.dtype()
        if dtype.kind != "O":
            if type(data) is not bytes:
                raise TypeError("an array of numbers must have bytes")
            return numbers(data, dtype, shape, bool(fortran))
        if type(data) is not list or len(data) != math.prod(shape):
            raise TypeError("an array of objects must have as many as its shape says")
        found = np.empty(len(data), object)
        for place, value in enumerate(data):  # NumPy would look into lists
            found[place] = value
        return found.reshape(shape)  # the list has C's order, whatever the array's was

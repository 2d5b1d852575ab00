"""Pickles read as what they mostly are: lists, texts, numbers and arrays. Nothing is run.

A pickle is a small program, and `pickle` runs it. Here the few instructions that build plain data
are carried out (`lstmlab.tasks.instructions`), on stand-ins for NumPy's constructors, and all
others are refused; no code is looked up by name. What is built is a tree, and never larger than a
multiple of the bytes that came. An `Unpickler` with a list of allowed names would be a tenth as
long, but bounds no memory, and hands hostile bytes to NumPy's own `__setstate__`.
"""

from __future__ import annotations

import re
import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.instructions import LEAVES, Reader
from lstmlab.tasks.standins import numbers
from lstmlab.tasks.store import DataError

DEEPEST = 20  # lists in lists
NPY = re.compile(
    rb"\{'descr': '([<>|=]?)([biuf][1248]|O)', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}L?, ?)*(?:\d{1,18}L?)?)\),? ?\}\s*"
)
BROKEN = (
    IndexError, KeyError, TypeError, ValueError, OverflowError, MemoryError, struct.error,
    AttributeError,
)  # fmt: skip
"""What the instructions below raise where data are missing or of the wrong kind."""


def loads(data: bytes, name: str = "the pickle") -> Any:
    """Read a pickle of protocol 2 to 4 that holds plain data.

    Parameters
    ----------
    data : bytes
    name : str
        What errors call it.

    Returns
    -------
    dict, list, tuple, str, bytes, int, float, bool, None or ndarray
        Texts that Python 2 wrote are bytes. Arrays of numbers can only be read; arrays of objects
        hold such values again.

    Raises
    ------
    DataError
        If it is damaged, or would build or run anything else; the message says what it asks for.
    """
    reader = Reader(data, name)
    try:
        found = reader.read()
        _check_tree(found, name)
    except DataError:
        raise
    except BROKEN as error:
        raise DataError(f"{name} is not a pickle that can be read, at byte {reader.at}") from error
    return found


def array(source: bytes | BinaryIO, name: str = "the array") -> NDArray[Any]:
    """Read one array in NumPy's format .npy, an array of objects with `loads`.

    Parameters
    ----------
    source : bytes or binary file
        A file is read to its end.
    name : str
        What errors call it.

    Returns
    -------
    ndarray
        Of truth values, numbers or objects. It can only be read.

    Raises
    ------
    DataError
        If it is anything else, or announces more or fewer bytes than there are.
    """
    data = source if isinstance(source, bytes) else source.read()
    if data[:6] != b"\x93NUMPY" or data[6:8] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise DataError(f"{name} is not an array in the format .npy")
    begin = 10 if data[6] == 1 else 12
    end = begin + int.from_bytes(data[8:begin], "little")
    said = NPY.fullmatch(data[begin : min(end, begin + 10_000)])
    if said is None or end > len(data):
        raise DataError(f"{name} must be an array of plain numbers, or of objects (.npy)")
    order, kind, fortran, sizes = (part.decode() for part in said.groups())
    shape = tuple(int(size.strip(" L")) for size in sizes.split(",") if size.strip())
    if kind == "O":
        found = loads(data[end:], name)
        if not isinstance(found, np.ndarray) or found.dtype != object or found.shape != shape:
            raise DataError(f"{name} must hold an array of {shape} objects, as its header says")
        return found
    try:
        return numbers(data[end:], np.dtype(order + kind), shape, fortran == "True")
    except BROKEN as error:
        raise DataError(f"{name}: {error}") from error


def _check_tree(top: object, name: str) -> None:
    """Refuse stand-ins that were left over, and lists in lists without end."""
    level: list[Any] = [top]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for kind in set(map(type, level)) - LEAVES - {dict, list, tuple, np.ndarray}:
            raise DataError(f"{name} must hold plain data, got {kind.__name__.strip('_').lower()}")
        for value in level:
            if isinstance(value, dict):
                value = list(value.values())  # keys are text
            elif isinstance(value, np.ndarray) and value.dtype == object:
                value = value.ravel().tolist()
            if isinstance(value, list | tuple) and not LEAVES.issuperset(map(type, value)):
                below += value
        if not below:
            return
        level = below
    raise DataError(f"{name} must have lists in lists {DEEPEST} deep or less, got more")

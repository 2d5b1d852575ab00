"""Look at an answer, whatever it is, without trusting anything that it says about itself.

An answer's own `__repr__`, `__eq__`, `__len__`, `__iter__` or `__class__` may raise, lie or never
end. So nothing here calls them: what a thing is is read from its real type.
"""

from __future__ import annotations

import linecache
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, CoroutineType, GeneratorType
from typing import TypeGuard, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

LONGEST = 160  # characters of an exception's message
LARGEST = 10_000_000  # entries of an array: more is never wanted, and may not fit

_short = reprlib.Repr()
_short.maxstring = _short.maxlong = _short.maxother = 40


@dataclass(frozen=True, eq=False, repr=False)
class Given:
    """A value that a reader gave, how to speak of it, and what NumPy warned of meanwhile."""

    value: object
    said: str = "Your answer"
    warned: str = ""


def is_a(value: object, *types: type[T]) -> TypeGuard[T]:
    """Whether the real type of `value` is one of `types` or derived from one."""
    return issubclass(type(value), types)


def is_scalar(value: object) -> TypeGuard[np.generic[object]]:
    """Whether `value` is one of NumPy's scalars, such as a float64."""
    return issubclass(type(value), np.generic)


def plain(value: object) -> object:
    """`value` as Python's own number or text if it is one of NumPy's, else itself."""
    return value.item() if is_scalar(value) else value


def has(value: object, method: str) -> bool:
    """Whether the real type of `value` defines `method`, such as ``__float__``."""
    return any(method in vars(base) for base in type.mro(type(value)))


def type_name(value: object) -> str:
    """Name of the real type of `value`."""
    return str(vars(type)["__name__"].__get__(type(value)))


def describe(value: object) -> str:
    """What `value` is, in a few words that stand after "is"."""
    if value is None or value is Ellipsis or is_a(value, bool):
        return repr(value)
    if is_a(value, str):
        return f"the text {_short.repr(str.__str__(value))}"
    if is_a(value, np.ndarray):
        return f"an array of shape {_shape(value)}"
    if is_a(value, int, float, complex) or is_scalar(value):
        try:
            return _short.repr(plain(value))
        except ValueError:  # Python does not write numbers of more than 4300 digits
            return "a huge number"
    for kind, words in ((dict, "a dict of"), (list, "a list of"), (tuple, "a tuple of"),
                        (set, "a set of"), (frozenset, "a set of")):  # fmt: skip
        if is_a(value, kind):
            return f"{words} {_counted(kind.__len__(value))}"  # type: ignore[arg-type]
    if is_a(value, type):
        return f"the class {vars(type)['__name__'].__get__(value)}"
    if is_a(value, GeneratorType):
        return "a generator, which has not made its values yet"
    if is_a(value, CoroutineType):
        return "a coroutine, the result of an `async` function"
    if callable(value):
        return "a function"
    return f"an object of type {type_name(value)}"


def raised(error: BaseException) -> str:
    """An exception's name and message, on one line and not too long."""
    try:
        text = " ".join(str(error).split()).replace("`", "'")
    except KeyboardInterrupt:
        raise
    except BaseException:  # an exception of the reader's may fail to write itself
        text = ""
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return f"{type_name(error)}: {text}" if text else type_name(error)


def line_of(error: BaseException, code: CodeType | None) -> str:
    """The source line in the file of `code` at which `error` came up; empty if not known."""
    found, trace = "", error.__traceback__
    while trace is not None:
        if code is not None and trace.tb_frame.f_code.co_filename == code.co_filename:
            found = linecache.getline(code.co_filename, trace.tb_lineno).strip()
        trace = trace.tb_next
    return found.replace("`", "'")


def real(value: object) -> float | None:
    """`value` as a float if it is one real number, else None; True and False are not numbers."""
    if is_a(plain(value), bool, str, bytes, complex, type):
        return None
    if has(value, "__array__") and not is_scalar(value):
        entries = real_array(value)
        return None if entries is None or entries.shape else float(entries)
    if not (has(value, "__float__") or has(value, "__index__")):
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return float("inf")
    except (TypeError, ValueError):
        return None


def real_array(value: object) -> NDArray[np.float64] | None:
    """A copy of `value` as a float64 array if it is one, or nested lists of real numbers."""
    if is_a(value, list, tuple, range):
        return _from_list(value, 0)
    if is_scalar(value) or not has(value, "__array__"):
        number = real(value)
        return None if number is None else np.array(number)
    found = value if is_a(value, np.ndarray) else type(value).__array__(value)  # type: ignore[attr-defined]
    if not is_a(found, np.ndarray) or found.dtype.kind not in "biuf" or found.size > LARGEST:
        return None
    return np.array(found, dtype=np.float64)


def parts(value: object) -> list[object] | None:
    """What a list, tuple, set or array holds, row by row; None for anything else."""
    for kind in (list, tuple, set, frozenset):
        if is_a(value, kind):
            iterator: Iterator[object] = kind.__iter__(value)  # type: ignore[arg-type]
            return list(iterator)
    if is_a(value, np.ndarray) and value.ndim and value.size <= LARGEST:
        return [plain(row) for row in value]
    return None


def length(value: object) -> int | None:
    """How many parts a list, tuple, set or array has; None for anything else."""
    for kind in (list, tuple, set, frozenset):
        if is_a(value, kind):
            return kind.__len__(value)  # type: ignore[arg-type]
    shape = _shape(value) if is_a(value, np.ndarray) else ()
    return shape[0] if shape else None


def _from_list(value: object, depth: int) -> NDArray[np.float64] | None:
    """Nested sequences of numbers of one shape as an array; None if they are anything else."""
    if is_a(value, range):
        return np.array(value, dtype=np.float64) if len(value) <= LARGEST else None
    inner = parts(value)
    if inner is None or depth > 8 or len(inner) > LARGEST:
        return None
    rows = [
        _from_list(entry, depth + 1) if is_a(entry, list, tuple) else real_array(entry)
        for entry in inner
    ]
    if any(row is None for row in rows) or len({row.shape for row in rows if row is not None}) > 1:
        return None
    return np.array(rows, dtype=np.float64)


def _shape(value: object) -> tuple[int, ...]:
    shape: tuple[int, ...] = vars(np.ndarray)["shape"].__get__(value)
    return shape


def _counted(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"

"""Read an answer in the form that an exercise wants, or say kindly that it has another.

Each function takes an answer or what `call` returned, and gives plain data: a float, an int, a
str, a set, a dict, a float64 array of its own. An answer may also be a function without arguments
that returns the value. Whatever does not fit raises `Wrong`, with the form that is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import CoroutineType, GeneratorType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises.calling import Function, call, function, take
from lstmlab.exercises.feedback import Wrong
from lstmlab.exercises.reading import (
    Given,
    describe,
    is_a,
    length,
    parts,
    plain,
    raised,
    real,
    real_array,
)

__all__ = ["Function", "Given", "array", "call", "choice", "close", "function", "mapping",
           "members", "number", "several", "truth", "weights", "whole"]  # fmt: skip

T = TypeVar("T")


def number(answer: object, *, finite: bool = True) -> float:
    """One real number: an int, a float, a NumPy number or an array without axes.

    Raises
    ------
    Wrong
        "form", or "not-finite" for NaN and infinity (unless `finite` is false).
    """
    given = take(answer)
    value = _read(given, real, "a single number")
    if finite and not np.isfinite(value):
        raise _not_finite(given, f"is {value}")
    return value


def whole(answer: object) -> int:
    """One whole number; 3.0 will do.

    Raises
    ------
    Wrong
        "form", "not-finite", or "not-whole".
    """
    given = take(answer)
    value = number(given)
    if value != round(value):
        raise Wrong(
            "not-whole",
            f"{given.said} is {describe(value)}, and a whole number is wanted.",
            hint="What is counted here? Can there be half of one?",
        )
    return round(value)


def truth(answer: object) -> bool:
    """True or False.

    Raises
    ------
    Wrong
        "form".
    """
    given = take(answer)
    value = plain(given.value)
    if not is_a(value, bool):
        raise _form(given, "`True` or `False`")
    return value


def choice(answer: object, options: Sequence[str]) -> str:
    """One of `options`, as it is written there; capitals and outer spaces do not matter.

    Raises
    ------
    Wrong
        "form", or "not-an-option".
    """
    given = take(answer)
    return _option(given.value, options, given.said)


def members(answer: object, allowed: Sequence[str]) -> frozenset[str]:
    """A set (or list, or tuple) of some of `allowed`.

    Raises
    ------
    Wrong
        "form", or "not-an-option" for a member that is not allowed.
    """
    given = take(answer)
    found = parts(given.value)
    if found is None:
        raise _form(given, f"a set, such as `{{{allowed[0]!r}, {allowed[-1]!r}}}`,")
    said = f"A member of {_inner(given.said)}"
    return frozenset(_option(item, allowed, said) for item in sorted(found, key=describe))


def array(
    answer: object, shape: tuple[int | None, ...] | None = None, *, finite: bool = True
) -> NDArray[np.float64]:
    """A copy of an array (or nested lists) of real numbers, None in `shape` for any length.

    Raises
    ------
    Wrong
        "form", "shape", or "not-finite" (unless `finite` is false).
    """
    given = take(answer)
    wanted = "an array of numbers" if shape != () else "a single number"
    value = _read(given, real_array, wanted)
    if shape is not None and not _fits(value.shape, shape):
        letters = tuple("any" if size is None else size for size in shape)
        raise Wrong(
            "shape",
            f"{given.said} has shape {value.shape}, and shape {letters} is wanted.".replace(
                "'any'", "any"
            ),
            hint="Follow the shapes through your lines, one operation at a time.",
        )
    if finite and not np.all(np.isfinite(value)):
        place = tuple(int(n) for n in np.argwhere(~np.isfinite(value))[0])
        at = f" at {list(place)}" if place else ""
        raise _not_finite(given, f"holds {value[place]}{at}")
    return value


def mapping(answer: object, keys: Iterable[str]) -> dict[str, Given]:
    """A dict with exactly these keys, its entries ready for `number`, `array` and the like.

    Raises
    ------
    Wrong
        "form", or "keys".
    """
    given = take(answer)
    if not is_a(given.value, dict):
        raise _form(given, "a dict")
    items: list[tuple[object, object]] = list(dict.items(given.value))
    found = {str.__str__(key): value for key, value in items if is_a(key, str)}
    wanted = list(keys)
    missing = [key for key in wanted if key not in found]
    extra = [key for key in found if key not in wanted]
    if missing or extra or len(found) < len(items):
        complaints = [f"{given.said} has no entry {_listed(missing)}"] if missing else []
        complaints += [f"it has {_listed(extra)}, which is not asked for"] if extra else []
        if not complaints:
            complaints = [f"{given.said} has entries that are not named by a text"]
        raise Wrong("keys", f"{', and '.join(complaints)}.",
                    hint=f"The entries are {_listed(wanted)}.")  # fmt: skip
    said = _inner(given.said)
    return {key: Given(found[key], f'The entry "{key}" of {said}', given.warned) for key in wanted}


def weights(
    answer: object, shapes: Mapping[str, tuple[int | None, ...]]
) -> dict[str, NDArray[np.float64]]:
    """A dict of arrays of these shapes, such as ``lstmlab.cells.param_shapes`` gives.

    Raises
    ------
    Wrong
        As `mapping` and `array`.
    """
    found = mapping(answer, shapes)
    return {name: array(found[name], shape) for name, shape in shapes.items()}


def several(answer: object, *names: str) -> list[Given]:
    """The parts of a tuple or list of this length, as in ``z, c = several(call(f, x), "z", "c")``.

    Raises
    ------
    Wrong
        "form", or "length".
    """
    given = take(answer)
    wanted = f"{len(names)} values, {', '.join(names)},"
    if is_a(given.value, set, frozenset) or (count := length(given.value)) is None:
        raise _form(given, wanted)
    found = parts(given.value) if count == len(names) else None
    if found is None:
        raise Wrong("length", f"{given.said} is {describe(given.value)}, and {wanted} are wanted.",
                    hint="Which of them is missing, or too much?")  # fmt: skip
    said = _inner(given.said)
    return [Given(value, f"{name} in {said}", given.warned)
            for name, value in zip(names, found, strict=True)]  # fmt: skip


def close(
    got: float | NDArray[np.float64], want: float | NDArray[np.float64], tol: float = 1e-6
) -> bool:
    """Whether `got` is `want` to within `tol` of the largest entry of `want` (of 1 if that is 0).

    Arrays of different shapes are not close, and neither is NaN to anything.
    """
    ours, theirs = np.asarray(want, dtype=np.float64), np.asarray(got, dtype=np.float64)
    if ours.shape != theirs.shape:
        return False
    if not ours.size:
        return True
    scale = float(np.max(np.abs(ours))) or 1.0
    return bool(np.max(np.abs(theirs - ours)) <= tol * scale)


def _read(given: Given, reader: Callable[[object], T | None], wanted: str) -> T:
    """What `reader` makes of the value; where it makes nothing, or the value objects, a `Wrong`."""
    try:
        value = reader(given.value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the object's own __float__ or __array__
        raise Wrong(
            "form",
            f"{given.said} is {describe(given.value)}, which cannot be read: {raised(error)}.",
            hint=f"Give {wanted.rstrip(',')} of Python's or NumPy's own.",
        ) from None
    if value is None:
        raise _form(given, wanted)
    return value


def _form(given: Given, wanted: str) -> Wrong:
    says = f"{given.said} is {describe(given.value)}, and {wanted} is wanted."
    return Wrong("form", says.replace(",, ", ", ").replace(", is wanted", " is wanted"),
                 hint=_form_hint(given.value, given.said.startswith("`")))  # fmt: skip


def _form_hint(value: object, returned: bool) -> str:
    if value is None and returned:
        return "Does every way through your function end in `return` with a value?"
    if is_a(value, GeneratorType):
        return "Use `return` where there is `yield`, and square brackets for a list."
    if is_a(value, CoroutineType):
        return "Write `def` without `async`."
    if is_a(value, str, bytes):
        return "Give the value itself, without quotes."
    if is_a(value, np.ndarray):
        return "Is a sum, a mean or an index missing, or one too many?"
    if callable(value):
        return "Give what it returns: call it."
    return "The text of the exercise shows the form."


def _not_finite(given: Given, what: str) -> Wrong:
    warned = f" (NumPy warned: {given.warned})" if given.warned else ""
    return Wrong(
        "not-finite",
        f"{given.said} {what}{warned}, and finite numbers are wanted.",
        hint="Look for a division by zero, the logarithm of 0 or less, and `exp` of large numbers.",
    )


def _option(value: object, options: Sequence[str], said: str) -> str:
    """The option that `value` names; two options that differ in capitals alone are two."""
    item = plain(value)
    if not is_a(item, str, int, float) or is_a(item, bool):
        raise _form(Given(value, said), f"one of {_listed(options)}")
    text = (str.__str__(item) if is_a(item, str) else describe(item)).strip()
    if text in options:
        return text
    alike = [option for option in options if option.casefold() == text.casefold()]
    if len(alike) != 1:
        raise Wrong(
            "not-an-option",
            f"{said} is {describe(value)}, and one of {_listed(options)} is wanted.",
            hint="Write it as it stands in the text of the exercise, in quotes.",
        )
    return alike[0]


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        size in (None, length) for length, size in zip(shape, wanted, strict=True)
    )


def _inner(said: str) -> str:
    """The name of a whole in the middle of a sentence."""
    return said[0].lower() + said[1:]


def _listed(names: Sequence[str]) -> str:
    """Names in quotes, the last after "and"."""
    quoted = [f'"{name}"' for name in names]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))

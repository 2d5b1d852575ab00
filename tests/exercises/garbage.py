"""What a check may be handed by accident or by malice. Each entry makes it anew."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from unittest.mock import MagicMock

import numpy as np

DUNDERS = (
    "__repr__", "__str__", "__eq__", "__hash__", "__bool__", "__len__", "__iter__", "__getitem__",
    "__contains__", "__float__", "__int__", "__index__", "__array__", "__call__", "__lt__",
    "__format__", "__add__", "__deepcopy__", "__getattr__", "__getattribute__",
)  # fmt: skip


def hostile(name: str, *bases: type, error: type[BaseException] = RuntimeError) -> object:
    """An object whose method `name` raises; ``"all"`` of them for every method."""

    def refuse(*_: object, **__: object) -> object:
        raise error("leave me alone")

    names = DUNDERS if name == "all" else (name,)
    members: dict[str, object] = dict.fromkeys(names, refuse)
    if name in ("all", "__class__"):
        members["__class__"] = property(refuse)
    return type("Hostile", bases or (object,), members)()


def self_holding() -> list[object]:
    inner: list[object] = []
    inner.append(inner)
    return inner


def endless(_: object = None) -> Iterator[int]:
    yield from itertools.count()


async def later(*_: object) -> float:
    return 1.0


async def stream(*_: object) -> AsyncIterator[float]:
    yield 1.0


def deeper(*arguments: object) -> object:
    return deeper(*arguments)


def gives(value: object) -> Callable[..., object]:
    """A function of anything that returns `value`."""
    return lambda *_, **__: value


def breaks(error: BaseException) -> Callable[..., object]:
    """A function of anything that raises `error`."""

    def function(*_: object, **__: object) -> object:
        raise error

    return function


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


def overflowing(*_: object) -> object:
    return np.exp(np.array(1e6)) * 0


VALUES: dict[str, Callable[[], object]] = {
    "None": lambda: None,
    "an ellipsis": lambda: ...,
    "not implemented": lambda: NotImplemented,
    "a text": lambda: "one half",
    "an empty text": lambda: "",
    "a very long text": lambda: "x" * 100_000,
    "bytes": lambda: b"\x00",
    "nan": lambda: float("nan"),
    "infinity": lambda: -np.inf,
    "a number too large for a float": lambda: 10**400,
    "a number too long to write": lambda: 10**5000,
    "a complex number": lambda: 1j,
    "an empty list": list,
    "a ragged list": lambda: [[1, 2], [3]],
    "a list that holds itself": self_holding,
    "a list of objects": lambda: [object(), None],
    "an empty dict": dict,
    "a dict with odd keys": lambda: {1: 2, None: 3, (): 4},
    "a set of sets": lambda: {frozenset({1}), None},
    "an object": object,
    "a class": lambda: int,
    "a module": lambda: np,
    "an exception": lambda: ValueError("me"),
    "an empty array": lambda: np.zeros((0,)),
    "an array of a shape nobody wants": lambda: np.zeros((7, 3, 2, 5)),
    "an array of nan": lambda: np.full((3,), np.nan),
    "an array of objects": lambda: np.array([object(), None], dtype=object),
    "an array of texts": lambda: np.array(["a", "b"]),
    "an array that does not fit in memory": lambda: np.broadcast_to(0.0, (10**7, 10**7)),
    "a record array": lambda: np.zeros(2, dtype=[("a", float)]),
    "a date": lambda: np.datetime64("2020-01-01"),
    "a range without end, nearly": lambda: range(10**15),
    "an endless iterator": itertools.count,
    "a generator": endless,
    "a mock": MagicMock,
}
FUNCTIONS: dict[str, Callable[[], object]] = {
    "a builtin": lambda: len,
    "of nine arguments": lambda: lambda a, b, c, d, e, f, g, h, i: 1,
    "that raises": lambda: breaks(ZeroDivisionError("division by zero")),
    "that exits": lambda: breaks(SystemExit(1)),
    "that ends a generator": lambda: breaks(GeneratorExit()),
    "that raises what cannot be written": lambda: breaks(Unspeakable()),
    "that raises at length": lambda: breaks(ValueError("`no` " * 10_000)),
    "that never returns to itself": lambda: deeper,
    "that is not written": lambda: breaks(NotImplementedError()),
    "that is asynchronous": lambda: later,
    "that streams": lambda: stream,
    "that yields without end": lambda: lambda *_: endless(),
    "that overflows": lambda: overflowing,
    "that gives itself": lambda: deeper.__class__,
}

GARBAGE: dict[str, Callable[[], object]] = {
    **VALUES,
    **{f"a function {name}": make for name, make in FUNCTIONS.items()},
    **{
        f"a function that gives {name}": (lambda make=make: gives(make()))
        for name, make in VALUES.items()
        if name != "a generator"
    },
    **{
        f"an object without {name}": (lambda name=name: hostile(name))
        for name in (*DUNDERS, "__class__", "all")
    },
    **{
        f"a {base.__name__} without {name}": (lambda name=name, base=base: hostile(name, base))
        for base in (list, dict, set, str, float)
        for name in ("__repr__", "__eq__", "__len__", "__iter__", "__float__", "all")
    },
    **{
        f"a function that gives an object without {name}": (
            lambda name=name: gives(hostile(name, error=SystemExit))
        )
        for name in ("__float__", "__array__", "__iter__", "all")
    },
}

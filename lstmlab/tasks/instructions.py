"""The instructions of a pickle that build plain data.

`lstmlab.tasks.pickles` reads with them. Whatever is wrong raises a `DataError`, or one of the
errors that `lstmlab.tasks.pickles.BROKEN` lists.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from lstmlab.tasks.standins import GLOBALS, Dtype, Global, Shell
from lstmlab.tasks.store import DataError

MOST = 1 << 20  # lists, tuples, dicts and notes, each of which takes a byte or two to ask for
LEAVES = frozenset({bytes, str, int, float, bool, type(None)})


class Reader:
    """Carries out a pickle's instructions, from the first byte to the last."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._name = data, name
        self.at = 0
        self.stack: list[Any] = []
        self._below: list[list[Any]] = []  # the stacks under each mark
        self._memo: dict[int, Any] = {}
        self._made = 0  # lists, tuples, dicts and notes
        self._encoded = 0  # characters

    def read(self) -> object:
        data, actions = self._data, _ACTIONS
        while True:
            code = data[self.at]
            self.at += 1
            if code == 0x4B:  # BININT1 and BININT2 are most of what there is
                self.stack.append(data[self.at])
                self.at += 1
            elif code == 0x4D:
                self.stack.append(data[self.at] | data[self.at + 1] << 8)
                self.at += 2
            elif code in actions:
                actions[code](self)
            elif code == 0x2E:  # STOP
                break
            else:
                raise DataError(
                    f"{self._name} must hold plain data, got instruction 0x{code:02x} at byte "
                    f"{self.at - 1}; it was not carried out"
                )
        if self.at != len(data) or len(self.stack) != 1 or self._below:
            raise ValueError("a pickle must end with one value")
        return self.stack[0]

    # Data that lie in the pickle

    def take(self, size: int) -> bytes:
        piece = self._data[self.at : self.at + size]
        if len(piece) != size:
            raise IndexError("the pickle breaks off")
        self.at += size
        return piece

    def whole(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), "little", signed=signed)

    def line(self) -> str:
        end = self._data.index(b"\n", self.at, self.at + 200)
        text = self.take(end - self.at).decode("ascii")
        self.at += 1
        return text

    def push(self, value: object) -> None:
        self.stack.append(value)

    # Lists, tuples and dicts

    def count(self) -> None:
        self._made += 1
        if self._made > MOST:
            raise DataError(f"{self._name} must hold {MOST:,} lists, dicts and tuples or fewer")

    def push_new(self, value: object) -> None:
        self.count()
        self.stack.append(value)

    def mark(self) -> None:
        self.count()
        self._below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        values, self.stack = self.stack, self._below.pop()
        return values

    def tuple_of(self, count: int) -> None:
        values = [self.stack.pop() for _ in range(count)]
        self.push_new(tuple(values[::-1]))

    def extend(self, values: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise TypeError("only a list can be extended")
        self.stack[-1].extend(values)

    def set_items(self, values: list[Any]) -> None:
        target, keys = self.stack[-1], values[::2]
        if type(target) is not dict or len(values) % 2:
            raise TypeError("only a dict has items")
        if any(type(key) not in (str, bytes) for key in keys):
            raise DataError(f"{self._name} must have dicts with text as keys")
        target.update(zip(keys, values[1::2], strict=True))

    # Notes

    def note(self, place: int) -> None:
        self.count()
        self._memo[place] = self.stack[-1]

    def recall(self, place: int) -> None:
        """Take a value again, if that makes no list or array part of two others, or of itself."""
        value = self._memo[place]
        flat = type(value) is tuple and len(value) < 9 and LEAVES.issuperset(map(type, value))
        if not (flat or type(value) in LEAVES or isinstance(value, Global | Dtype)):
            raise DataError(
                f"{self._name} must hold every list, dict and array once, got one again at byte "
                f"{self.at}"
            )
        self.stack.append(value)

    # What `pickle` would look up and call

    def find(self, module: object, name: object) -> None:
        if type(module) is not str or type(name) is not str or (module, name) not in GLOBALS:
            raise DataError(
                f"{self._name} must hold plain data, got something that asks for "
                f"{ascii(module)[:60]}, {ascii(name)[:60]}; it was not looked up"
            )
        self.stack.append(GLOBALS[module, name])

    def call(self) -> None:
        given, asked = self.stack.pop(), self.stack.pop()
        means = asked.means if isinstance(asked, Global) else ""
        if type(given) is not tuple or means in ("", "ndarray"):
            raise TypeError("only what was asked for by name can be called")
        try:
            self.stack.append(getattr(self, means)(*given))
        except DataError as error:
            raise DataError(f"{self._name}: {error}") from error

    def reconstruct(self, kind: object, shape: object, code: object) -> Shell:
        if kind != Global("ndarray") or shape != (0,) or code not in (b"b", "b"):
            raise TypeError("an array is announced as empty bytes")
        return Shell()

    def dtype(self, kind: object, *_: object) -> Dtype:
        return Dtype(kind)

    def encode(self, text: str, code: str) -> bytes:
        if type(text) is not str or code != "latin1":
            raise TypeError("text stands for bytes in latin1 alone")
        self._encoded += len(text)
        if self._encoded > len(self._data):
            raise DataError("it must hold every text once, got one again and again")
        return text.encode("latin-1")

    def no_bytes(self) -> bytes:
        return b""

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if type(state) is not tuple or not isinstance(target, Shell | Dtype):
            raise TypeError("only an array or a dtype has a state")
        try:
            made = target.build(state)
        except DataError as error:
            raise DataError(f"{self._name}: {error}") from error
        if made is not None:
            self.stack[-1] = made


def _float(reader: Reader) -> float:
    value: float = struct.unpack(">d", reader.take(8))[0]
    return value


def _text(size: int) -> Callable[[Reader], None]:
    return lambda r: r.push(r.take(r.whole(size)).decode("utf-8", "surrogatepass"))


def _bytes(size: int) -> Callable[[Reader], None]:
    return lambda r: r.push(r.take(r.whole(size)))


def _global(reader: Reader) -> None:
    reader.find(reader.line(), reader.line())


def _stack_global(reader: Reader) -> None:
    reader.tuple_of(2)
    reader.find(*reader.stack.pop())


_ACTIONS: dict[int, Callable[[Reader], object]] = {
    ord("N"): lambda r: r.push(None),
    0x88: lambda r: r.push(True),
    0x89: lambda r: r.push(False),
    ord("J"): lambda r: r.push(r.whole(4, signed=True)),
    0x8A: lambda r: r.push(r.whole(r.whole(1), signed=True)),
    ord("G"): lambda r: r.push(_float(r)),
    ord("U"): _bytes(1),
    ord("T"): _bytes(4),
    ord("C"): _bytes(1),
    ord("B"): _bytes(4),
    0x8E: _bytes(8),
    0x8C: _text(1),
    ord("X"): _text(4),
    0x8D: _text(8),
    ord("]"): lambda r: r.push_new([]),
    ord("}"): lambda r: r.push_new({}),
    ord(")"): lambda r: r.push(()),
    ord("("): Reader.mark,
    ord("l"): lambda r: r.push(r.since_mark()),
    ord("t"): lambda r: r.push(tuple(r.since_mark())),
    0x85: lambda r: r.tuple_of(1),
    0x86: lambda r: r.tuple_of(2),
    0x87: lambda r: r.tuple_of(3),
    ord("a"): lambda r: r.extend([r.stack.pop()]),
    ord("e"): lambda r: r.extend(r.since_mark()),
    ord("s"): lambda r: r.set_items([r.stack.pop(), r.stack.pop()][::-1]),
    ord("u"): lambda r: r.set_items(r.since_mark()),
    ord("q"): lambda r: r.note(r.whole(1)),
    ord("r"): lambda r: r.note(r.whole(4)),
    0x94: lambda r: r.note(len(r._memo)),
    ord("h"): lambda r: r.recall(r.whole(1)),
    ord("j"): lambda r: r.recall(r.whole(4)),
    ord("c"): _global,
    0x93: _stack_global,
    ord("R"): Reader.call,
    ord("b"): Reader.build,
    0x80: lambda r: r.take(1),  # PROTO
    0x95: lambda r: r.take(8),  # FRAME
}
"""Instructions by their code: those of protocols 2 to 4 that plain data need."""

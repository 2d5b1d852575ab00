"""Tar archives as a stream, in few lines, so that every number in a header is checked before use.

`tarfile` reads a header of any announced size into memory, and, in the Python versions that this
package runs on, may go backwards or round in circles where a size is below 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from lstmlab.tasks.store import DataError

BLOCK = 512
NOTHING = bytes(BLOCK)
LONGEST_NOTE = 1 << 20  # bytes of a header that holds a long name, or other notes on a member
FILES, FOLDER = (b"0", b"\0", b"7"), b"5"
OF_NEXT, OF_ALL, LONG_NAME, LONG_TARGET = b"x", b"g", b"L", b"K"
OTHERS = {b"1": "a link", b"2": "a link", b"3": "a device", b"4": "a device", b"6": "a pipe"}


class Accept(Protocol):
    """What checks a member's name and size before it is read, and gives the plain name."""

    def __call__(self, name: str, size: int, *, folder: bool) -> str: ...


class Stream:
    """Bytes that come in chunks, taken in pieces of any size, and no more of them than expected.

    Parameters
    ----------
    chunks : iterator of bytes
    archive : str
        What errors call it.
    most : int
        How many bytes it may give in all.
    """

    def __init__(self, chunks: Iterator[bytes], archive: str, most: int) -> None:
        self._chunks, self._archive, self._left = chunks, archive, most
        self._chunk, self._at = b"", 0

    def take(self, size: int) -> bytes:
        """Give the next bytes; a DataError if there are fewer."""
        return b"".join(self._pieces(size))

    def skip(self, size: int) -> None:
        """Pass over the next bytes; a DataError if there are fewer."""
        for _ in self._pieces(size):
            pass

    def rest(self) -> Iterator[bytes]:
        """Give what is left, in pieces."""
        yield self._chunk[self._at :]
        while self._next():
            yield self._chunk

    def _pieces(self, size: int) -> Iterator[bytes]:
        while size:
            if self._at == len(self._chunk) and not self._next():
                raise DataError(f"{self._archive} breaks off (is it truncated?)")
            piece = self._chunk[self._at : self._at + size]
            self._at += len(piece)
            size -= len(piece)
            yield piece

    def _next(self) -> bool:
        self._chunk, self._at = next(self._chunks, b""), 0
        self._left -= len(self._chunk)
        if self._left < 0:
            raise DataError(f"{self._archive} must not unpack to more than it may hold, got more")
        return bool(self._chunk)


def tar_members(
    stream: Stream, archive: str, accept: Accept, wanted: Callable[[str], bool] | None
) -> Iterator[tuple[str, bytes]]:
    """Read the files of a tar stream; `lstmlab.tasks.archives.members` says what is refused."""
    notes: dict[str, str] = {}
    first = True
    while (block := stream.take(BLOCK)) != NOTHING or first:
        kind, name, size = _header(block, archive, first)
        first = False
        if kind in (OF_NEXT, OF_ALL, LONG_NAME, LONG_TARGET):
            notes |= _notes(kind, _contents(stream, size, LONGEST_NOTE, archive), archive)
            continue
        name = notes.get("path", name)
        if "size" in notes:
            size = _number(notes["size"].encode(), 10, f"{archive}: the size of {name!r}")
        notes = {}
        folder = kind == FOLDER or (kind == b"\0" and name.endswith("/"))
        if kind not in FILES and not folder:
            what = OTHERS.get(kind, f"something of kind {ascii(kind)[1:]}")
            raise DataError(f"{archive}: {ascii(name)[:80]} must be a file or a folder, got {what}")
        if folder and size:
            raise DataError(f"{archive}: the folder {ascii(name)[:80]} must have 0 bytes")
        plain = accept(name, size, folder=folder)
        if folder:
            continue
        if wanted is None or wanted(plain):
            data = stream.take(size)
            stream.skip(-size % BLOCK)
            yield plain, data
        else:
            stream.skip(size + -size % BLOCK)
    # One block of zeros was the first of two; what follows only fills up.
    if stream.take(BLOCK) != NOTHING or any(piece.strip(b"\0") for piece in stream.rest()):
        raise DataError(f"{archive} must end with blocks of zeros, got something else")


def _header(block: bytes, archive: str, first: bool) -> tuple[bytes, str, int]:
    """The kind, name and size of a member: a header's own, which notes may replace."""
    said = block[148:156].strip(b" \0")
    own = sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
    if not said.isdigit() or said.strip(b"01234567") or int(said, 8) != own:
        if first:
            raise DataError(f"{archive} is not an archive (.tar, .tar.gz, .tar.bz2, .tar.xz, .zip)")
        raise DataError(f"{archive} is damaged: the checksum of a header is wrong")
    name = block[:100].split(b"\0")[0]
    if block[257:263] == b"ustar\0" and (prefix := block[345:500].split(b"\0")[0]):
        name = prefix + b"/" + name
    text = _text(name, archive)
    where = f"{archive}: the size of {ascii(text)[:80]}"
    if block[124] == 0x80:  # more than octal digits can say: a binary number
        size = int.from_bytes(block[125:136], "big")
    else:
        size = _number(block[124:136].strip(b" \0") or b"0", 8, where)
    return block[156:157], text, size


def _contents(stream: Stream, size: int, most: int, archive: str) -> bytes:
    if size > most:
        raise DataError(f"{archive} must have names and notes of {most:,} bytes, got {size:,}")
    data = stream.take(size)
    stream.skip(-size % BLOCK)
    return data


def _notes(kind: bytes, data: bytes, archive: str) -> dict[str, str]:
    """What a header says about the next member: {"path", "size"}, as far as it does."""
    if kind == LONG_TARGET:
        return {}
    if kind == LONG_NAME:
        return {"path": _text(data.split(b"\0")[0], archive)}
    found = {}
    while data:
        digits, _, _ = data[:20].partition(b" ")
        length = _number(digits, 10, f"{archive}: the length of a note")
        key, equals, value = data[len(digits) + 1 : length - 1].partition(b"=")
        if not equals or data[length - 1 : length] != b"\n":
            raise DataError(f"{archive} is damaged: a note on a member must be 'length key=value'")
        if key.startswith(b"GNU.sparse"):
            raise DataError(f"{archive} must hold whole files, got one with holes")
        if key in (b"path", b"size"):
            if kind == OF_ALL:
                raise DataError(f"{archive} must not give every member one {key.decode()}")
            found[key.decode()] = _text(value, archive)
        data = data[length:]
    return found


def _number(digits: bytes, base: int, where: str) -> int:
    known = b"0123456789"[:base]
    if not digits or digits.strip(known) or len(digits) > 20:
        raise DataError(f"{where} must be a number, got {ascii(digits)[1:][:40]}")
    return int(digits, base)


def _text(name: bytes, archive: str) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{archive}: {ascii(name)[1:][:80]} must be a name in UTF-8") from error

"""The file that arrays are kept in: plain bytes behind a header, each with its checksum.

A line says what it is; then come the length and sha256 of the header, the header (JSON), and the
bytes of the arrays. The header lists name, kind, shape and place of each array, and the sha256 of
every 4 MiB. The bytes that were checked are the ones that are returned.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lstmlab.whole import whole

Arrays = Mapping[str, NDArray[Any]]
Facts = Mapping[str, Any]

MAGIC = b"lstmlab arrays 1\n"
LONGEST_HEADER = 1 << 22
PIECE = 1 << 22  # bytes that one checksum covers
ALIGNED = 64
PLAIN = re.compile(r"[<>|][biufSU][1-9]\d*")


class Damaged(Exception):
    """A file is not what was written; the message says why."""


class Entry:
    """A file of arrays, opened: its facts are read and checked, its arrays not yet.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    facts : dict
        What `write` was told; empty if another version of this package wrote it.

    Raises
    ------
    Damaged
        If it is anything else, a link among them.
    OSError
        If it is not there, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise Damaged("it is no file")
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        self._file: BinaryIO = os.fdopen(os.open(path, flags), "rb")
        try:
            self._header = _header(self._file)
            self.facts: Facts = self._header.get("facts", {})
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Entry:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Read the arrays into one block of memory; `Damaged` if a byte is not as it was."""
        block = self._block()
        try:
            return {name: _array(block, *said) for name, *said in self._header["arrays"]}
        except (TypeError, ValueError, OverflowError) as error:
            raise Damaged(f"its header cannot be read ({error})") from error

    def _block(self) -> NDArray[np.uint8]:
        """Read all bytes; they are checked while the next ones are read."""
        pieces, size = self._header["pieces"], self._header["size"]
        found = os.fstat(self._file.fileno()).st_size - self._file.tell()
        if found != size or len(pieces) != -(-size // PIECE):
            raise Damaged(f"it must have {size:,} bytes of arrays, got {found:,}")
        block = np.empty(size, np.uint8)
        with ThreadPoolExecutor(2) as pool:
            sums = []
            for at in range(0, size, PIECE):
                view = block.data[at : at + PIECE]
                if self._file.readinto(view) < len(view):  # type: ignore[attr-defined]
                    raise Damaged("it breaks off")
                sums.append(pool.submit(hashlib.sha256, view))
            if [done.result().hexdigest() for done in sums] != pieces:
                raise Damaged("its checksum is wrong")
        return block


def _header(file: BinaryIO) -> dict[str, Any]:
    """Read and check the header; empty for one of another version."""
    begin = file.read(len(MAGIC) + 8 + 32)
    if not begin.startswith(MAGIC):
        if re.match(rb"lstmlab arrays \d+\n", begin):
            return {}
        raise Damaged("it begins with something else")
    length = int.from_bytes(begin[len(MAGIC) : len(MAGIC) + 8], "little")
    if length > LONGEST_HEADER:
        raise Damaged("its header is too long")
    text = file.read(length)
    if hashlib.sha256(text).digest() != begin[len(MAGIC) + 8 :]:
        raise Damaged("the checksum of its header is wrong")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"its header cannot be read ({error})") from error
    known = {"facts": dict, "arrays": list, "size": int, "pieces": list}
    if not isinstance(header, dict) or any(
        not isinstance(header.get(key), kind) for key, kind in known.items()
    ):
        raise Damaged("its header says something else")
    return header


def _array(block: NDArray[np.uint8], kind: str, shape: list[int], at: int) -> NDArray[Any]:
    if not PLAIN.fullmatch(kind):
        raise Damaged(f"it holds an array of kind {kind!r}")
    dtype = np.dtype(kind)
    return block[at : at + math.prod(shape) * dtype.itemsize].view(dtype).reshape(shape)


def write(path: Path, facts: Facts, arrays: Arrays) -> None:
    """Put arrays into a file, whole or not at all: under a temporary name first.

    Parameters
    ----------
    path : Path
        Whatever is there is replaced.
    facts : mapping
        What JSON can hold.
    arrays : mapping of str to ndarray
        Their dtypes must be plain (`PLAIN`).

    Raises
    ------
    OSError
        If it cannot be written; nothing is left then.
    """
    blocks: list[memoryview] = []
    listed, size = [], 0
    for name, array in arrays.items():
        listed.append([name, array.dtype.str, list(array.shape), size])
        plain = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        padding = -plain.nbytes % ALIGNED
        blocks += [plain.data, memoryview(bytes(padding))]
        size += plain.nbytes + padding
    pieces = [hashlib.sha256(b"".join(parts)).hexdigest() for parts in _pieces(blocks)]
    header = json.dumps({"facts": facts, "arrays": listed, "size": size, "pieces": pieces}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as file:
        file.write(MAGIC + len(header).to_bytes(8, "little") + hashlib.sha256(header).digest())
        file.write(header)
        file.writelines(blocks)


def _pieces(blocks: list[memoryview]) -> Iterator[list[memoryview]]:
    """Cut bytes that lie in several blocks into pieces of `PIECE` bytes."""
    parts: list[memoryview] = []
    room = PIECE
    for block in blocks:
        at = 0
        while at < len(block):
            parts.append(block[at : at + room])
            at += len(parts[-1])
            room -= len(parts[-1])
            if not room:
                yield parts
                parts, room = [], PIECE
    if parts:
        yield parts

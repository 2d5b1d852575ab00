"""Finished pieces of a long computation, noted in a file as they end, to go on from later."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import lstmlab

Piece = TypeVar("Piece")
BEGIN = b'{"name": '
"""How every line of the file begins."""


class Kept(Generic[Piece]):
    """Pieces that are computed once each.

    Parameters
    ----------
    plan : object
        What pieces depend on that their names do not say, such as a recipe, as plain data: its
        `repr` tells whether a piece was made by the same plan.
    path : Path, optional
        A file of one line of JSON a piece; without it they are kept as long as this object.

    Attributes
    ----------
    asked : dict of str to object
        Every piece that `get` was asked for.
    seconds : float
        What those cost, whenever they were computed.

    Raises
    ------
    ValueError
        If a line of the file is not what `get` writes, or was made by another plan or version of
        lstmlab. A last line that a kill has cut off is no error: its piece is computed again, and
        takes its place.
    OSError
        If the file cannot be written, as in a folder that is not there.
    """

    def __init__(self, plan: object, path: Path | None = None) -> None:
        self.path = path
        self._plan = hashlib.sha256(f"{lstmlab.__version__} {plan!r}".encode()).hexdigest()[:16]
        self.asked: dict[str, Piece] = {}
        self.seconds = 0.0
        self._made: dict[str, tuple[Piece, float]] = {}
        self._end, self._half = 0, b""
        if path is not None:
            with path.open("ab"):  # what cannot be written is an error before anything is computed
                pass
            self._read(path)

    def get(self, name: str, make: Callable[[], Piece]) -> Piece:
        """The piece of this name: what `make` returns, which has to be plain data.

        It is on the disk before this returns; an OSError if it cannot be written, which leaves the
        file as it was.
        """
        if name not in self._made:
            began = time.process_time()
            piece = make()
            seconds = time.process_time() - began
            self._note({"name": name, "seconds": seconds, "plan": self._plan, "piece": piece})
            self._made[name] = piece, seconds
        piece, seconds = self._made[name]
        if name not in self.asked:
            self.seconds += seconds
        self.asked[name] = piece
        return piece

    def _read(self, path: Path) -> None:
        data = path.read_bytes()
        end = data.rfind(b"\n") + 1
        lines, half = data[:end].splitlines(), data[end:]
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
                self._made[entry["name"]] = entry["piece"], float(entry["seconds"])
            except (ValueError, TypeError, KeyError) as error:
                raise self._refusal(number, line) from error
            if entry.get("plan") != self._plan:
                raise ValueError(
                    f"{path}, line {number} must be a piece of the same plan, got one of other "
                    "settings or of another version of lstmlab; name another file"
                )
        if half and not (half.startswith(BEGIN) or BEGIN.startswith(half)):
            raise self._refusal(len(lines) + 1, half)
        self._end, self._half = end, half

    def _refusal(self, number: int, line: bytes) -> ValueError:
        return ValueError(f"{self.path}, line {number} must be a finished piece, got {line[:40]!r}")

    def _note(self, entry: dict[str, object]) -> None:
        """Add a line to the file, all of it or nothing."""
        if self.path is None:
            return
        self._take_away_half()
        left = memoryview(json.dumps(entry).encode() + b"\n")
        with self.path.open("ab", buffering=0) as file:
            end = file.tell()
            try:
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except BaseException:
                file.truncate(end)
                raise

    def _take_away_half(self) -> None:
        """Remove what a kill has cut off, unless another process has finished it meanwhile."""
        if self.path is None or not self._half:
            return
        with self.path.open("r+b") as file:
            file.seek(self._end)
            if file.read() == self._half:
                file.truncate(self._end)
        self._half = b""

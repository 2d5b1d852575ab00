"""IAM-OnDB as a folder: strokes of every line in XML, transcriptions, and lists of the splits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.store import DataError

Floats = NDArray[np.float64]

SIZES = (5355, 2956, 3859)
"""Lines for training, validation and test (Greff et al., section IV-A.2)."""

LISTS = {
    "train": ("trainset.txt",),
    "valid": ("testset_v.txt", "testset_t.txt"),
    "test": ("testset_f.txt",),
}
"""The lists of boards in each split; the two validation sets are joined."""

DROPPED = "a08-551z"
"""A board of the training set: its line "11%" has a character that no stroke is there for."""

STROKES, TEXTS = "lineStrokes", "ascii"
BOARD = re.compile(r"[a-z]\d\d-\d{3}[a-z]?", re.ASCII)
LONGEST = 1 << 24  # bytes of a file


@dataclass(frozen=True)
class Line:
    """One line of a board, on disk.

    Attributes
    ----------
    name : str
        Such as "a01-000u-01".
    path : Path
        Its strokes.
    text : str
        What is written there.
    """

    name: str
    path: Path
    text: str

    def strokes(self) -> list[Floats]:
        """The pen's way: for each stroke x, y and seconds, (points, 3)."""
        return parse_strokes(_bytes(self.path), self.path.name)


def parse_strokes(data: bytes, name: str = "the file") -> list[Floats]:
    """Read the strokes of a line: elements Stroke, and in them Point with x, y and time.

    Parameters
    ----------
    data : bytes
        XML. A document type is refused, with whatever entities it would have had expanded.
    name : str
        What errors call it.

    Returns
    -------
    list of ndarray, (points, 3)
        x, y and seconds. Strokes without a point are left out.

    Raises
    ------
    DataError
        If it is no such XML, a number is missing or not finite, or there is no point at all.
    """
    found: list[list[tuple[float, ...]]] = []
    parser = expat.ParserCreate()

    def doctype(*_: object) -> None:
        raise DataError(f"{name} must have no document type (DOCTYPE)")

    def begin(tag: str, said: dict[str, str]) -> None:
        if tag == "Stroke":
            found.append([])
        elif tag == "Point":
            where = f"{name}, line {parser.CurrentLineNumber}"
            if not found:
                raise DataError(f"{where} must have its Point within a Stroke")
            found[-1].append(tuple(_number(said, field, where) for field in ("x", "y", "time")))

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = begin
    try:
        parser.Parse(data, True)
    except DataError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # an encoding may be unknown
        raise DataError(f"{name} is not XML that can be read: {error}") from error
    strokes = [np.array(points) for points in found if points]
    if not strokes:
        raise DataError(f"{name} must hold a stroke with a point or more, got none")
    return strokes


def _number(said: dict[str, str], field: str, where: str) -> float:
    text = said.get(field, "")
    try:
        value = float(text) if text.isascii() and "_" not in text else np.nan
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise DataError(f"{where} must have a Point with a number {field}, got {said.get(field)!r}")
    return value


def parse_transcription(data: bytes, name: str = "the file") -> list[str]:
    """Read the lines of a board: those after "CSR:", as they were corrected.

    Raises
    ------
    DataError
        If it is not ASCII, or has no such part, or the part is empty.
    """
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise DataError(f"{name} must be ASCII, got byte {error.start}") from error
    before, marked, after = text.partition("CSR:")
    if not marked:
        raise DataError(f"{name} must have a part CSR:, got {before[:40]!r}")
    lines = [line.strip() for line in after.splitlines() if line.strip()]
    if not lines:
        raise DataError(f"{name} must have lines after CSR:, got none")
    return lines


def find(folder: Path) -> Path | None:
    """The folder that holds lineStrokes and ascii: this one, or one in it."""
    if not folder.is_dir():
        return None
    children = sorted(child for child in folder.iterdir() if child.is_dir())
    for place in (folder, *children):
        if (place / STROKES).is_dir() and (place / TEXTS).is_dir():
            return place
    return None


def lines(folder: Path) -> dict[str, list[Line]]:
    """List the lines of each split, with what is written there; strokes are not read.

    Parameters
    ----------
    folder : Path
        What `find` gives. The split lists lie in it, or in a folder within it.

    Returns
    -------
    dict of str to list of Line
        In the order of the lists. The board a08-551z is left out.

    Raises
    ------
    DataError
        If a list, a transcription or a line's strokes are missing, or their numbers differ, or a
        board is listed twice.
    """
    found: dict[str, list[Line]] = {}
    listed: dict[str, str] = {}
    for split, names in LISTS.items():
        boards = []
        for name in names:
            for board in _boards(folder, name):
                if board in listed:
                    raise DataError(
                        f"{name} must list boards that are listed once, got {board}, which is "
                        f"in {listed[board]} already"
                    )
                listed[board] = name
                boards.append(board)
        kept = [board for board in boards if board != DROPPED]
        found[split] = [line for board in kept for line in board_lines(folder, board)]
        if not found[split]:
            raise DataError(f"{folder} must have lines for {split}, got none")
    return found


def board_lines(folder: Path, board: str) -> list[Line]:
    """The lines of one board, such as "a01-000u"."""
    form = board[:7]
    text = folder / TEXTS / form[:3] / form / f"{board}.txt"
    written = parse_transcription(_bytes(text), text.name)
    drawn = sorted((folder / STROKES / form[:3] / form).glob(f"{board}-[0-9][0-9].xml"))
    if len(drawn) != len(written):
        raise DataError(
            f"{board} must have as many files of strokes as lines of text, got {len(drawn)} and "
            f"{len(written)}"
        )
    for number, path in enumerate(drawn, start=1):
        if path.stem != f"{board}-{number:02}":
            raise DataError(
                f"{board} must have strokes from 01 to {len(drawn):02}, got {path.name} as number "
                f"{number}"
            )
    return [Line(path.stem, path, line) for path, line in zip(drawn, written, strict=True)]


def _boards(folder: Path, name: str) -> list[str]:
    """The boards of a list: one name a line."""
    places = [folder / name, *sorted(folder.glob(f"*/{name}"))]
    for place in places:
        if place.is_file():
            said = _bytes(place).decode("ascii", "replace").split()
            for board in said:
                if not BOARD.fullmatch(board):
                    raise DataError(f"{name} must list boards such as a01-000u, got {board[:20]!r}")
            return said
    raise DataError(f"{folder} must hold the list {name}, which is not there")


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise DataError(f"{path.name} is missing: it should be {path}")
    if path.stat().st_size > LONGEST:
        raise DataError(f"{path.name} must be smaller than {LONGEST:,} bytes")
    return path.read_bytes()

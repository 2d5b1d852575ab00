"""What the results on Newhouse's study share: networks, and pieces computed while time lasts."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from lstmlab.cells import Params as Arrays
from lstmlab.results import Row
from lstmlab.results.kept import Kept
from lstmlab.results.making import publish
from lstmlab.search.newhouse import CharRNN
from lstmlab.search.outcome import Objective

Piece = TypeVar("Piece")
SOURCE = "Tiny Shakespeare"
CHARACTERS = 5_000
"""Read by every network whose loss is per character; 200 updates at the char-RNN's length of 25."""


def summed(steps: int) -> CharRNN:
    """The paper's objective on the real text, with α = `steps`."""
    return CharRNN(steps, text=SOURCE)


def per_character(characters: int = CHARACTERS) -> CharRNN:
    """Mean nats per character of networks that have all read as much of the real text."""
    return CharRNN(loss="per character", characters=characters, text=SOURCE)


def loss_of(objective: Objective, params: Mapping[str, float], seed: int) -> float:
    """The value of one training; infinite if it is none."""
    answer = objective(dict(params), seed)
    value = answer["value"] if isinstance(answer, Mapping) else answer
    return float(value) if math.isfinite(value) else math.inf  # type: ignore[arg-type]


class OutOfTime(Exception):
    """A piece has not been computed yet, and no more are begun."""


class WhileTimeLasts(Generic[Piece]):
    """Kept pieces, to which new ones are added for so many minutes.

    Parameters
    ----------
    kept : Kept
        Pieces that are there already are always given.
    minutes : float
        No piece is begun later than this after now, by the clock on the wall.
    """

    def __init__(self, kept: Kept[Piece], minutes: float = float("inf")) -> None:
        self.kept = kept
        self._until = time.monotonic() + 60 * minutes

    def get(self, name: str, make: Callable[[], Piece]) -> Piece:
        """The piece of this name; OutOfTime if it would have to be begun too late."""

        def in_time() -> Piece:
            if time.monotonic() >= self._until:
                raise OutOfTime(name)
            return make()

        return self.kept.get(name, in_time)

    def all(self, works: Mapping[str, Callable[[], Piece]]) -> dict[str, Piece]:
        """Of these pieces those that are there, or that there is time for, in this order."""
        found: dict[str, Piece] = {}
        for name, make in works.items():
            try:
                found[name] = self.get(name, make)
            except OutOfTime:
                continue
        return found


def published(
    part: str,
    tables: Mapping[str, Sequence[Row]],
    seconds: float,
    arrays: Mapping[str, Arrays] | None = None,
    *,
    options: str = "",
) -> None:
    """Record what there is of a part; nothing if its main table has no row yet.

    Parameters
    ----------
    part : str
    tables, arrays
        As for `lstmlab.results.record`; those that are empty are left out.
    seconds : float
        What it cost.
    options : str
        Of the command line, that it needs beside the part to come to as much.
    """
    if tables.get(""):
        publish(
            f"newhouse-{part}",
            {name: rows for name, rows in tables.items() if rows},
            {name: held for name, held in (arrays or {}).items() if held},
            command=f"newhouse --part {part} {options}".strip(),
            seconds=seconds,
            by="compiled engine, float32",
            sources=[SOURCE],
        )

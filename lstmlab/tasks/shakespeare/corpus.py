"""A text as codes: what surrounds it is taken off, and it is cut into three splits."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.store import DataError
from lstmlab.tasks.task import Split, Task

Codes = NDArray[np.int32]

SHORTEST = 200  # characters
PARTS = 90, 95  # per cent of the text where training and validation end
ROOM = 40  # a cut goes back to a line end within this fraction of the text

_MARKER = r"^\*\*\* ?{} OF TH(?:E|IS) PROJECT GUTENBERG EBOOK[^*]{{0,200}}\*\*\*[ \t]*$"
_START, _END = (re.compile(_MARKER.format(word), re.M | re.I) for word in ("START", "END"))
_TITLE = re.compile(r"^Title:[ \t]*The Complete Works of William Shakespeare[ \t]*$", re.M | re.I)


def is_complete_works(text: str) -> bool:
    """Whether a text is Project Gutenberg's number 100: by its title line and START marker."""
    start = _START.search(text)
    return start is not None and _TITLE.search(text, 0, start.start()) is not None


def body(text: str, name: str) -> str:
    """Take off Project Gutenberg's header and footer, and empty lines around a text.

    Parameters
    ----------
    text : str
        Any text. It has a header if a line is the marker "*** START OF THE PROJECT GUTENBERG
        EBOOK … ***", and the footer begins at the next line "*** END OF …".
    name : str
        What errors call it.

    Raises
    ------
    DataError
        If there is a header and no footer, or fewer than 200 characters are left.
    """
    if start := _START.search(text):
        end = _END.search(text, start.end())
        if end is None:
            raise DataError(
                f"{name} must have a line *** END OF … *** after its *** START OF … ***, "
                "got none; is it complete?"
            )
        text = text[start.end() : end.start()]
    text = text.strip("\n")
    if len(text) < SHORTEST:
        raise DataError(f"{name} must hold {SHORTEST} characters or more, got {len(text)}")
    return text + "\n"


def make_task(text: str, source: str, name: str, note: str = "", seed: int | None = None) -> Task:
    """Make the task of a text: each split is one long pair.

    Parameters
    ----------
    text : str
        What `body` gives. The first 90 % are for training, the next 5 % for validation, the rest
        for the test; a split ends at the last line end in the 2.5 % before its place, if there is
        one.
    source : str
        As in `Task`.
    name, note : str
        What stands before and after the number of characters in the task's title.
    seed : int, optional
        The seed of a generated text.

    Returns
    -------
    Task
        x is int32 (T,), the codes of a split but the last, and target those but the first.
        Vocabulary and labels are the characters of the whole text, sorted; a code is a place there.
    """
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    characters, codes = np.unique(points, return_inverse=True)
    named = tuple(map(chr, characters.tolist()))
    first, second = (_cut(text, len(text) * part // 100) for part in PARTS)
    train, valid, test = (
        _pair(codes[begin:end].astype(np.int32))
        for begin, end in ((0, first), (first, second), (second, len(text)))
    )
    return Task(
        name="shakespeare", source=source, train=train, valid=valid, test=test,
        inputs=len(named), outputs=len(named), loss="softmax", metric="nats per character",
        seed=seed, title=f"{name}, {len(text):,} characters{note}", form="tokens",
        vocabulary=named, labels=named, unit="texts",
    )  # fmt: skip


def _cut(text: str, at: int) -> int:
    """The place after the last line end before `at`, or `at` where there is none near."""
    found = text.rfind("\n", at - len(text) // ROOM, at)
    return at if found < 0 else found + 1


def _pair(codes: Codes) -> Split:
    return [(codes[:-1], codes[1:])]

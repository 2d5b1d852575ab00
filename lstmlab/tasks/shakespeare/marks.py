"""What a reader of a play keeps in mind: whether a quotation is open, and where the line is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def quoted(text: str) -> NDArray[np.bool_]:
    """Whether a quotation is open after each character, (T,): from the mark that opens it on.

    A blank line ends a speech, and what is still open with it.
    """
    return _inside(text, '"', '"')


def bracketed(text: str) -> NDArray[np.bool_]:
    """Whether a stage direction, in [brackets], is open after each character, (T,)."""
    return _inside(text, "[", "]")


def column(text: str) -> NDArray[np.int64]:
    """How many characters of its line stand up to each character, (T,); 0 at the line's end."""
    found, at = np.zeros(len(text), np.int64), 0
    for place, character in enumerate(text):
        at = 0 if character == "\n" else at + 1
        found[place] = at
    return found


def _inside(text: str, opening: str, closing: str) -> NDArray[np.bool_]:
    found, inside, before = np.zeros(len(text), bool), False, ""
    for place, character in enumerate(text):
        if inside and (character == closing or (character, before) == ("\n", "\n")):
            inside = False
        elif character == opening:
            inside = True
        found[place] = inside
        before = character
    return found

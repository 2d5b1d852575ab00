"""The 81 characters of IAM-OnDB (Greff et al., section IV-A.2), and the classes they become."""

from __future__ import annotations

import string

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.store import DataError

Labels = NDArray[np.int64]

CHARACTERS = (
    string.ascii_lowercase + string.ascii_uppercase + string.digits + " !\"#&'()*+,-./[]:;?"
)
"""Character k is class k + 1: class 0 is the blank of CTC."""

_CLASS = {character: k for k, character in enumerate(CHARACTERS, start=1)}


def encode(text: str, where: str = "text") -> Labels:
    """The classes of a line's characters, (U,).

    Raises
    ------
    DataError
        If a character is none of the 81; `where` is what the message calls the line.
    """
    for place, character in enumerate(text, start=1):
        if character not in _CLASS:
            raise DataError(
                f"{where} must be of the 81 characters of IAM-OnDB, got {character!a} at "
                f"place {place}"
            )
    return np.array([_CLASS[character] for character in text], np.int64)


def decode(labels: NDArray[np.integer]) -> str:
    """The text of classes from 1 to 81.

    Raises
    ------
    ValueError
        If they are anything else, such as the blank, 0.
    """
    for place, k in enumerate(labels, start=1):
        whole = isinstance(k, int | np.integer) and not isinstance(k, bool)
        if not whole or not 1 <= k <= len(CHARACTERS):
            raise ValueError(
                f"labels must be classes from 1 to {len(CHARACTERS)}, got {k!r} at place {place}"
            )
    return "".join(CHARACTERS[k - 1] for k in labels)

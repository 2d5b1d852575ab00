"""How wrong a reading is: labels to insert, delete or replace."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any]]


def edit_distance(a: Labels, b: Labels) -> int:
    """Fewest insertions, deletions and substitutions that make b of a (Levenshtein).

    Parameters
    ----------
    a, b : ndarray of integers, (U,) and (V,)
        Any lengths, 0 too.
    """
    steps = np.arange(len(b) + 1)
    row = steps  # row[j]: distance of what has been read of a to the first j of b
    for label in a:
        found = row + 1  # without this label
        found[1:] = np.minimum(found[1:], row[:-1] + (b != label))
        row = np.minimum.accumulate(found - steps) + steps  # with labels of b put in
    return int(row[-1])


def error_rate(hypotheses: Sequence[Labels], references: Sequence[Labels]) -> float:
    """Edit distances, summed, over the lengths of the references, summed.

    The label error rate of characters is the character error rate (CER). It can exceed 1.

    Parameters
    ----------
    hypotheses, references : sequence of ndarray of integers
        What was read, and what is right.

    Raises
    ------
    ValueError
        If they differ in number, or the references have no labels at all.
    """
    if len(hypotheses) != len(references):
        raise ValueError(
            f"hypotheses must be {len(references)}, as references are, got {len(hypotheses)}"
        )
    labels = sum(map(len, references))
    if not labels:
        raise ValueError("references must hold 1 label or more, got none")
    return sum(map(edit_distance, hypotheses, references)) / labels

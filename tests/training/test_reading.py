"""Edit distances and error rates."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.training.reading import edit_distance, error_rate

WORDS = st.lists(st.integers(1, 3), max_size=8).map(tuple)


@cache
def naive(a, b):
    """The definition: the last labels are kept or replaced, one is deleted, or one is put in."""
    if not a or not b:
        return len(a) + len(b)
    return min(naive(a[:-1], b[:-1]) + (a[-1] != b[-1]), naive(a[:-1], b) + 1, naive(a, b[:-1]) + 1)


@given(WORDS, WORDS)
def test_the_distance_is_the_recursions(a, b):
    assert edit_distance(np.array(a, int), np.array(b, int)) == naive(a, b)


def test_a_distance_of_words():
    def numbers(word):
        return np.array([ord(letter) for letter in word])

    assert edit_distance(numbers("kitten"), numbers("sitting")) == 3
    assert edit_distance(numbers("lstm"), numbers("lstm")) == 0


def test_the_rate_weighs_labels_not_sequences():
    right, empty = np.array([1, 2, 3, 4]), np.array([], int)
    assert error_rate([right, empty], [right, np.array([7])]) == 1 / 5
    assert error_rate([right], [np.array([9])]) == 4  # more was read than there is


@pytest.mark.parametrize(
    ("references", "message"),
    [
        ([np.array([1])], "hypotheses must be 1, as references are, got 2"),
        ([np.array([], int)] * 2, "references must hold 1 label or more, got none"),
    ],
    ids=["number", "empty"],
)
def test_a_rate_of_nothing_is_refused(references, message):
    with pytest.raises(ValueError, match=message):
        error_rate([np.array([1])] * 2, references)

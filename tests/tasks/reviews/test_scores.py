"""Scores of verdicts: by their definitions, and as scikit-learn has them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.tasks.reviews.scores import accuracy, average_precision, pr_curve

judged = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1)), min_size=1, max_size=40)


def test_a_small_case_by_hand():
    p, y = [0.9, 0.8, 0.8, 0.4, 0.1], [1, 0, 1, 1, 0]
    precision, recall, thresholds = pr_curve(p, y)
    assert np.allclose(precision, [1, 2 / 3, 3 / 4, 3 / 5])
    assert np.allclose(recall, [1 / 3, 2 / 3, 1, 1])
    assert np.allclose(thresholds, [0.9, 0.8, 0.4, 0.1])
    assert average_precision(p, y) == pytest.approx(1 / 3 + 2 / 9 + 1 / 4)
    assert accuracy(p, y) == pytest.approx(3 / 5)


@settings(max_examples=200)
@given(judged)
def test_it_is_what_scikit_learn_says_equal_scores_included(said):
    from sklearn.metrics import accuracy_score, average_precision_score

    p, y = np.array([score / 6 for score, _ in said]), np.array([label for _, label in said])
    assert accuracy(p, y) == pytest.approx(accuracy_score(y, p > 0.5))
    if y.any():
        assert average_precision(p[:, None], y[:, None]) == pytest.approx(
            average_precision_score(y, p)
        )


def test_its_ends_are_1_and_the_share_of_positives():
    y = np.arange(100) % 4 == 0
    assert average_precision(y.astype(float), y) == 1
    assert average_precision(np.full(100, 0.3), y) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("p", "y", "message"),
    [
        ([0.1], [0, 1], r"p and y must have one shape, \(n,\) or \(n, 1\), got \(1,\) and \(2,\)"),
        ([], [], "p and y must have one shape"),
        (0.5, 1, "p and y must have one shape"),
        ([[0.1, 0.2]], [[0, 1]], "p and y must have one shape"),
        ([np.nan], [1], "p must be finite"),
        ([0.5], [2], "y must hold 0 and 1, got other numbers"),
    ],
)
def test_what_cannot_be_scored_is_refused(p, y, message):
    for score in (accuracy, average_precision):
        with pytest.raises(ValueError, match=message):
            score(p, y)


def test_without_a_positive_review_there_is_no_curve():
    with pytest.raises(ValueError, match="y must hold a positive review or more, got none"):
        average_precision([0.2, 0.4], [0, 0])

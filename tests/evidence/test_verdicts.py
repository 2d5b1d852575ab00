"""What a classifier's probabilities are worth is what scikit-learn says, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from lstmlab.evidence import Verdicts
from lstmlab.tasks.reviews.scores import average_precision

P = [0.9, 0.8, 0.4, 0.5, 0.6, 0.1]
Y = [1, 0, 1, 1, 0, 0]


def test_a_small_case_by_hand() -> None:
    found = Verdicts(P, Y)
    # 0.5 is not above the threshold
    assert found.confusion.tolist() == [[1, 2], [2, 1]]
    assert (found.accuracy, found.precision, found.recall) == pytest.approx((1 / 3,) * 3)
    assert found.f1 == pytest.approx(1 / 3)
    assert Verdicts(P, Y, 0.3).confusion.tolist() == [[1, 2], [0, 3]]
    # in order of p: right, wrong, wrong, right, right, wrong
    assert found.area == pytest.approx((1 + 2 / 4 + 3 / 5) / 3)
    assert repr(found).startswith("Verdicts(6: accuracy 0.333, precision 0.333")


@settings(max_examples=30)
@given(seed=st.integers(0, 9999), n=st.integers(2, 200), threshold=st.sampled_from([0, 0.3, 0.5]))
def test_it_is_what_scikit_learn_says(seed: int, n: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    y = np.append([0, 1], rng.integers(0, 2, n - 2))
    p = np.round(np.clip(0.3 * y + 0.7 * rng.random(n), 0, 1), rng.integers(1, 6))
    found, said = Verdicts(p[:, None], y[:, None].astype(bool), threshold), p > threshold
    assert found.accuracy == pytest.approx(metrics.accuracy_score(y, said), abs=1e-12)
    for name, score in (
        ("precision", metrics.precision_score), ("recall", metrics.recall_score),
        ("f1", metrics.f1_score),
    ):  # fmt: skip
        assert getattr(found, name) == pytest.approx(score(y, said, zero_division=0), abs=1e-12)
    assert found.area == pytest.approx(average_precision(p, y), abs=1e-12)
    curve = found.curve
    assert found.trapezoid == pytest.approx(metrics.auc(curve.recall, curve.precision))
    k = rng.integers(len(curve.thresholds))
    at = Verdicts(p, y, np.nextafter(curve.thresholds[k], -1).clip(0))
    if curve.thresholds[k] > 0:
        assert (at.precision, at.recall) == pytest.approx((curve.precision[k], curve.recall[k]))


def test_perfect_reversed_and_mute_classifiers() -> None:
    perfect, reversed_ = Verdicts(Y, Y), Verdicts(1 - np.array(Y), Y)
    assert (perfect.f1, perfect.area, perfect.accuracy) == (1, 1, 1)
    assert (reversed_.f1, reversed_.accuracy) == (0, 0)
    mute = Verdicts(np.full(6, 0.2), Y)
    assert (mute.precision, mute.recall, mute.f1, mute.area) == (0, 0, 0, 0.5)


@pytest.mark.parametrize(
    ("says", "arguments"),
    [
        (r"one shape.*got \(6,\) and \(5,\)", (P, Y[:5])),
        (r"one shape", ([], [])),
        (r"one shape.*got \(3, 2\)", (np.reshape(P, (3, 2)), np.reshape(Y, (3, 2)))),
        ("p must be probabilities", ([1.2, *P[1:]], Y)),
        ("p must be probabilities", ([np.nan, *P[1:]], Y)),
        ("y must hold both 0 and 1", (P, [2, *Y[1:]])),
        ("y must hold both 0 and 1", (P, [1] * 6)),
        ("threshold must be in 0…1, got 2", (P, Y, 2)),
    ],
)
def test_wrong_arguments_are_named(says: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=says):
        Verdicts(*arguments)  # type: ignore[arg-type]

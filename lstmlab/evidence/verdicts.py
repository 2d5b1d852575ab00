"""What a classifier's probabilities are worth: confusion, precision and recall, F1, area."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Verdicts:
    """The probabilities that a classifier gives, beside the truth (Poudel et al., section IV).

    Parameters
    ----------
    p : array_like, (n,) or (n, 1)
        The probability that each is positive.
    y : array_like, (n,) or (n, 1)
        1 or True where it is.
    threshold : float
        Above it one is taken for positive.

    Raises
    ------
    ValueError
        If the shapes differ, p does not lie in 0…1, y holds anything but 0 and 1, or only one of
        the two.
    """

    def __init__(self, p: ArrayLike, y: ArrayLike, threshold: float = 0.5) -> None:
        chance, truth = np.asarray(p, dtype=np.float64), np.asarray(y)
        n = chance.size
        if not n or chance.shape != truth.shape or chance.shape not in ((n,), (n, 1)):
            raise ValueError(
                f"p and y must have one shape, (n,) or (n, 1), got {chance.shape} and {truth.shape}"
            )
        if not ((0 <= chance) & (chance <= 1)).all():
            raise ValueError("p must be probabilities in 0…1, got others")
        if not np.isin(truth, (0, 1)).all() or truth.min() == truth.max():
            raise ValueError("y must hold both 0 and 1, and nothing else")
        if isinstance(threshold, bool) or not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be in 0…1, got {threshold!r}")
        self.p: NDArray[np.float64] = chance.ravel()
        self.y: NDArray[np.bool_] = truth.ravel().astype(bool)
        self.threshold = threshold

    def __repr__(self) -> str:
        return (
            f"Verdicts({len(self.p)}: accuracy {self.accuracy:.3f}, precision "
            f"{self.precision:.3f}, recall {self.recall:.3f}, F1 {self.f1:.3f}, area "
            f"{self.area:.3f})"
        )

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """How many: a row for each truth, a column for each verdict, negative first: (2, 2)."""
        from sklearn.metrics import confusion_matrix

        return np.asarray(confusion_matrix(self.y, self.p > self.threshold, labels=[False, True]))

    @property
    def accuracy(self) -> float:
        """The share of right verdicts."""
        return float(np.trace(self.confusion) / len(self.p))

    @property
    def precision(self) -> float:
        """Of those taken for positive, the share that are; 0 if none are taken."""
        return _share(self.confusion[1, 1], self.confusion[:, 1])

    @property
    def recall(self) -> float:
        """Of those that are positive, the share taken for it."""
        return _share(self.confusion[1, 1], self.confusion[1])

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, 2 PR / (P + R); 0 if both are 0."""
        hits = self.confusion[1, 1]
        return float(2 * hits / (self.confusion[1].sum() + self.confusion[:, 1].sum()))

    @cached_property
    def curve(self) -> Curve:
        """Precision and recall at every threshold that makes a difference."""
        from sklearn.metrics import precision_recall_curve

        return Curve(*precision_recall_curve(self.y, self.p))

    @cached_property
    def area(self) -> float:
        """The area under the precision-recall curve as steps (average precision).

        The paper's "AUC"; it does not say by which rule it was computed. `trapezoid` is another.
        """
        from sklearn.metrics import average_precision_score

        return float(average_precision_score(self.y, self.p))

    @property
    def trapezoid(self) -> float:
        """The area under straight lines between the curve's points, which is a little flattering.

        Between two points precision does not go along a straight line (Davis and Goadrich 2006).
        """
        return float(np.trapezoid(self.curve.precision[::-1], self.curve.recall[::-1]))


@dataclass(frozen=True)
class Curve:
    """A precision-recall curve, from the lowest threshold to the highest.

    Attributes
    ----------
    precision, recall : (m + 1,)
        The last point is precision 1 at recall 0, which no threshold gives.
    thresholds : (m,)
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def _share(hits: np.int64, of: NDArray[np.int64]) -> float:
    total = int(of.sum())
    return float(hits / total) if total else 0.0

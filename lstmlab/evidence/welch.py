"""Two samples: do their means differ, by how much, and how sure is that?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]
NOTHING: Interval = (float("nan"), float("nan"))


@dataclass(frozen=True)
class Welch:
    """Welch's t-test of two means, whose variances may differ.

    Attributes
    ----------
    difference : mean of the sample less mean of the other.
    error : its standard error.
    t, df, p : statistic, degrees of freedom, two-sided p.
    """

    difference: float
    error: float
    t: float
    df: float
    p: float

    def interval(self, alpha: float = 0.05) -> Interval:
        """The confidence interval of the difference at level 1 - alpha."""
        from scipy.special import stdtrit

        check_alpha(alpha)
        half = float(stdtrit(self.df, 1 - alpha / 2)) * self.error
        return self.difference - half, self.difference + half


def welch(sample: ArrayLike, other: ArrayLike, *, more: float = 0.0) -> Welch:
    """Welch's t-test (Welch 1947), as Greff et al. use it in section V-A.

        t  = (x̄ - ȳ) / √(a + b),   a = s_x² / n,   b = s_y² / m
        df = (a + b)² / (a² / (n - 1) + b² / (m - 1))

    Parameters
    ----------
    sample, other : array_like, (n,) and (m,)
    more : float
        What else the difference varies with, which the spread within the samples does not show: a
        variance, added to a + b. The degrees of freedom stay as they are.

    Returns
    -------
    Welch
        With nan in place of what does not exist: everything but the difference if a sample has
        fewer than two numbers, or both are constant, if only to a float's precision.
    """
    from scipy.special import stdtr

    x, y, scale = _scaled(_numbers(sample, "sample"), _numbers(other, "other"))
    nan = float("nan")
    if not (len(x) and len(y)):
        return Welch(nan, nan, nan, nan, nan)
    if not more >= 0:
        raise ValueError(f"more must be a variance, 0 or more, got {more!r}")
    difference = float(x.mean() - y.mean())
    if min(len(x), len(y)) < 2 or (_constant(x) and _constant(y)):
        return Welch(difference * scale, nan, nan, nan, nan)
    a, b = float(x.var(ddof=1)) / len(x), float(y.var(ddof=1)) / len(y)
    if not a + b > 0:
        return Welch(difference * scale, nan, nan, nan, nan)
    error = float(np.sqrt(a + b + more / scale / scale))
    share = a / (a + b)  # a² alone may be too small for a float
    df = 1 / (share**2 / (len(x) - 1) + (1 - share) ** 2 / (len(y) - 1))
    t = difference / error
    p = float(2 * stdtr(df, -abs(t)))
    return Welch(difference * scale, error * scale, t, float(df), p)


def hedges_g(
    sample: ArrayLike, other: ArrayLike, alpha: float = 0.05
) -> tuple[float, Interval]:
    """Hedges' g: the difference of two means in standard deviations, and its interval.

        g = J (x̄ - ȳ) / s,   J = Γ(k/2) / (√(k/2) Γ((k - 1)/2)),   k = n + m - 2

    where s is the pooled standard deviation and J removes the bias of small samples (Hedges 1981).
    The interval holds those true effects δ for which the observed t = (x̄ - ȳ) / (s √(1/n + 1/m))
    is not in an outer alpha/2 of the noncentral t distribution with k degrees of freedom and
    noncentrality δ / √(1/n + 1/m) (Steiger and Fouladi 1997). Unlike the usual large-sample formula
    it is exact for normal samples of equal variance, however small.

    Returns
    -------
    g : float
    interval : pair of float
        nan where a sample has fewer than two numbers, or both are constant, if only to a float's
        precision.
    """
    from scipy.special import gammaln, nctdtrinc

    check_alpha(alpha)
    x, y, _ = _scaled(_numbers(sample, "sample"), _numbers(other, "other"))
    n, m = len(x), len(y)
    if min(n, m) < 2 or (_constant(x) and _constant(y)):
        return float("nan"), NOTHING
    k = n + m - 2
    s = np.sqrt(((n - 1) * x.var(ddof=1) + (m - 1) * y.var(ddof=1)) / k)
    if not s > 0:
        return float("nan"), NOTHING
    J = np.exp(gammaln(k / 2) - gammaln((k - 1) / 2)) / np.sqrt(k / 2)
    root = float(np.sqrt(1 / n + 1 / m))
    d = (x.mean() - y.mean()) / s
    low, high = (float(nctdtrinc(k, p, d / root)) for p in (1 - alpha / 2, alpha / 2))
    return float(J * d), (root * low, root * high)


def bootstrap_interval(
    sample: ArrayLike,
    other: ArrayLike,
    *,
    rng: np.random.Generator,
    draws: int = 10_000,
    alpha: float = 0.05,
) -> Interval:
    """An interval of the difference of two means that supposes no shape of their distributions.

    Both samples are drawn again with replacement; the interval holds the middle 1 - alpha of the
    differences (Efron's percentile interval). It is too narrow for samples of fewer than about ten.

    Raises
    ------
    ValueError
        If a sample is empty, `draws` is not positive or alpha is not between 0 and 1.
    """
    check_alpha(alpha)
    x, y = _numbers(sample, "sample"), _numbers(other, "other")
    if not (len(x) and len(y)):
        raise ValueError(f"both samples must hold numbers, got {len(x)} and {len(y)}")
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    means = [z[rng.integers(0, len(z), (draws, len(z)))].mean(axis=1) for z in (x, y)]
    low, high = np.quantile(means[0] - means[1], [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


def check_alpha(alpha: object) -> None:
    """Refuse what is no level of significance."""
    if not isinstance(alpha, float | np.floating) or not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, got {alpha!r}")


def _scaled(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Both samples between -1 and 1, so that squares are floats, and the power of 2 for that."""
    largest = max(np.abs(numbers).max(initial=0.0) for numbers in (x, y))
    power = int(np.frexp(largest)[1])
    return np.ldexp(x, -power), np.ldexp(y, -power), float(np.ldexp(1.0, power))


def _numbers(sample: ArrayLike, name: str) -> NDArray[np.float64]:
    numbers = np.asarray(sample, dtype=np.float64)
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be a list of finite numbers, got {sample!r}")
    return numbers


def _constant(numbers: NDArray[np.float64]) -> bool:
    return bool((numbers == numbers[0]).all())

"""Densities over the unit cube, made of windows around trials."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from lstmlab.search.cube import Array, Side

ROOT_2PI = float(np.sqrt(2 * np.pi))
OTHERS = 4.0
"""How much is believed in choices that a window has not seen. With 1 one search in four stays with
a wrong choice on the surface `recipe`, with 4 one in fifteen; it was chosen on that one."""


class Parzen:
    """A Parzen estimator: the mean of a window around each trial and one as wide as the cube.

        p(u) = Σ_k w_k Π_j N(u_j; μ_kj, σ_kj),   each normal density cut off at 0 and 1

    The last window lies in the middle of the cube with σ = 1: what is believed without a trial. A
    value that owns a cell of its side, such as a whole number, has the mean over its cell. On the
    side of a category a window is not normal: its own choice counts 1 more than each of them, which
    all count `OTHERS` / (K + 1).

    Parameters
    ----------
    sides : sequence of Side, d of them
    places : (K, d)
        Where the trials lie in the unit cube.
    weights : (K,), optional
        What each trial's window counts; by default 1, as much as the last window does.
    joint : bool
        If not, every side has a mixture of its own, and their product is the density:
        Π_j Σ_k w_k N(u_j; μ_kj, σ_kj) (Bergstra et al. 2011, section 4).

    Attributes
    ----------
    weights : (K + 1,)
        w_k; they sum to 1.
    mu, sigma : (K + 1, d)

    Notes
    -----
    A window is as wide as the larger of the distances to the next trials on its left and right, 0
    and 1 counted as trials, but not narrower than 1 / (2 + K) or 1/100 (section 4.2 of that paper,
    which says "clipped to remain in a reasonable range" and not to which).
    """

    def __init__(
        self,
        sides: Sequence[Side],
        places: Array,
        weights: Array | None = None,
        *,
        joint: bool = True,
    ) -> None:
        self.sides, self.joint = sides, joint
        counts = np.append(np.ones(len(places)) if weights is None else weights, 1.0)
        self.weights = counts / counts.sum()
        self.mu = np.vstack([places, np.full(len(sides), 0.5)])
        self.sigma = np.vstack([_widths(places), np.ones(len(sides))])
        self._below = ndtr(-self.mu / self.sigma)
        self._inside = ndtr((1 - self.mu) / self.sigma) - self._below

    def density(self, places: Array) -> Array:
        """The density at places (n, d); its integral over the cube is 1: (n,)."""
        windows = [self.windows(j, places[:, j]) for j in range(len(self.sides))]
        if self.joint:
            return np.asarray(np.prod(windows, axis=0) @ self.weights)
        return np.asarray(np.prod([window @ self.weights for window in windows], axis=0))

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """n places drawn from the density: (n, d)."""
        d = len(self.sides)
        kernels = rng.choice(len(self.weights), (n, 1 if self.joint else d), p=self.weights)
        u = rng.random((n, d))
        places = np.empty((n, d))
        for j, side in enumerate(self.sides):
            k = kernels[:, 0 if self.joint else j]
            if side.choices:
                chance = self._choices(j)[k].cumsum(axis=1)
                choice = (u[:, j, None] >= chance[:, :-1]).sum(axis=1)
                places[:, j] = (choice + 0.5) / len(side.choices)
            else:
                z = ndtri(self._below[k, j] + u[:, j] * self._inside[k, j])
                places[:, j] = np.clip(self.mu[k, j] + self.sigma[k, j] * z, 0.0, 1.0)
        return places

    def windows(self, j: int, places: Array) -> Array:
        """Side j's windows at places (n,) of it, each with integral 1: (n, K + 1)."""
        side, mu, sigma, inside = (
            self.sides[j], self.mu[:, j], self.sigma[:, j], self._inside[:, j],
        )  # fmt: skip
        if side.choices:
            K = len(side.choices)
            cells = np.minimum((places * K).astype(int), K - 1)
            return np.asarray(K * self._choices(j)[:, cells]).T
        if side.step is None:
            z = (places[:, None] - mu) / sigma
            return np.asarray(np.exp(-z * z / 2) / (ROOT_2PI * sigma * inside))
        low, high = (border[:, None] for border in side.cells(places))
        mass = ndtr((high - mu) / sigma) - ndtr((low - mu) / sigma)
        return np.asarray(mass / ((high - low) * inside))

    def _choices(self, j: int) -> Array:
        """The probability of each choice of a category in each window: (K + 1, choices)."""
        choices = len(self.sides[j].choices)
        chance = np.full((len(self.weights), choices), OTHERS / len(self.weights))
        own = (self.mu[:-1, j] * choices).astype(int)
        chance[np.arange(len(own)), own] += 1.0
        return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def _widths(places: Array) -> Array:
    """How wide the window around each place (K, d) is."""
    trials, d = places.shape
    order = places.argsort(axis=0)
    ends = np.vstack([np.zeros(d), np.take_along_axis(places, order, axis=0), np.ones(d)])
    gaps = np.diff(ends, axis=0)
    widths = np.empty_like(places)
    np.put_along_axis(widths, order, np.maximum(gaps[:-1], gaps[1:]), axis=0)
    return np.asarray(np.maximum(widths, 1 / min(100, 2 + trials)))

"""Gaussian processes: a belief about the objective everywhere, and where it may be improved."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from lstmlab.search.cube import Array
from lstmlab.search.cubed import Cubed
from lstmlab.search.searcher import Direction, check_count
from lstmlab.search.space import Space

if TYPE_CHECKING:
    from sklearn.gaussian_process import GaussianProcessRegressor

LENGTHS = (0.05, 20.0)
"""Between which the kernel's length scales are looked for, in sides of the cube."""
NOISE = (1e-6, 1.0)
"""Between which the variance of the noise is looked for, as a share of the values' variance."""


class GaussianProcess(Cubed):
    """Bayesian optimisation by expected improvement (Snoek, Larochelle and Adams 2012).

    What is known of the objective f is a normal distribution at every place x of the unit cube,
    with mean m(x) and deviation s(x): a Gaussian process with the Matérn 5/2 kernel, one length
    scale for each side, and noise, fitted by marginal likelihood. Proposed is the place where the
    improvement over the best known mean b that is to be expected is largest:

        EI(x) = (b - m) Φ(z) + s φ(z),    z = (b - m) / s

    Parameters
    ----------
    space : dict of str to optuna distribution
        A whole number is judged at the middle of its cell; a category has a side for each choice.
    startup : int
        So many trials are a Latin hypercube.
    candidates : int
        At how many places EI is computed, in each of four rounds: first anywhere, then closer and
        closer to the best of the round before.
    batch : int
        How many it likes to be asked for at once. A proposal without a result counts as if it had
        come to the mean m that is expected of it.
    seed, direction
        As for every searcher.

    Notes
    -----
    A failed trial counts as if it had come to the worst value so far. b is the lowest m at a place
    that has been tried, so one lucky value of a noisy objective is not believed. A cost far above
    the others would make all else look flat: what is further above the median than the best is
    below it counts as if it were just as far.
    """

    def __init__(
        self,
        space: Space,
        *,
        startup: int = 10,
        candidates: int = 500,
        batch: int = 1,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(space, startup=startup, batch=batch, seed=seed, direction=direction)
        self.candidates = check_count(candidates, "candidates")

    def fitted(self) -> GaussianProcessRegressor:
        """The process over places as `coded`, of costs from 0, the best, to 1, the worst."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

        costs, places = self.known()
        median = np.median(costs)
        worst = 2 * median - costs[0] if median < np.inf else costs[np.isfinite(costs)].max()
        costs = np.minimum(costs, worst)
        costs = (costs - costs[0]) / (costs.max() - costs[0] or 1.0)  # squares of huge ones are inf
        coded = self.coded(places)
        kernel = ConstantKernel(1.0, (1e-2, 1e2)) * Matern(
            np.full(coded.shape[1], 0.5), LENGTHS, nu=2.5
        ) + WhiteKernel(1e-2, NOISE)
        process = GaussianProcessRegressor(
            kernel, normalize_y=True, n_restarts_optimizer=1, random_state=self.seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a scale at its bound is no fault
            process.fit(coded, costs)
            out = self.coded(self.out())
            if len(out):  # believed, with the kernel as it is
                believed = np.append(costs, process.predict(out))
                process = GaussianProcessRegressor(
                    process.kernel_, normalize_y=True, optimizer=None
                ).fit(np.vstack([coded, out]), believed)
        return process

    def coded(self, places: Array) -> Array:
        """Places (n, d) as the kernel sees them: cells at their middles, choices on own sides."""
        columns: list[Array] = []
        for side, u in zip(self.sides, places.T, strict=True):
            low, high = side.cells(u)
            if side.choices:
                middles = (np.arange(len(side.choices)) + 0.5) / len(side.choices)
                own = (low[:, None] < middles) & (middles < high[:, None])
                columns.append(own.astype(np.float64))
            else:
                columns.append((low + high)[:, None] / 2)
        return np.hstack(columns)

    def best_place(self, rng: np.random.Generator) -> Array:
        """Where the expected improvement is largest."""
        process = self.fitted()
        best = float(process.predict(process.X_train_).min())
        noise = process.kernel_.k2.noise_level * float(process._y_train_std) ** 2
        centre = self.known()[1][0]
        width = np.inf
        for width in (np.inf, 0.2, 0.05, 0.01):
            shape = self.candidates, len(self.sides)
            if np.isinf(width):
                places = rng.random(shape)
            else:
                places = np.clip(centre + width * rng.standard_normal(shape), 0.0, 1.0)
                places[0] = centre
            mean, deviation = process.predict(self.coded(places), return_std=True)
            s = np.sqrt(np.maximum(deviation**2 - noise, 1e-18))
            z = (best - mean) / s
            density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
            centre = places[np.argmax((best - mean) * ndtr(z) + s * density)]
        return np.asarray(centre)

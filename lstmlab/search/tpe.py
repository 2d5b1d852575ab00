"""The tree-structured Parzen estimator: try what looks like the good trials."""

from __future__ import annotations

from math import ceil

import numpy as np

from lstmlab.search.cube import Array
from lstmlab.search.cubed import Cubed
from lstmlab.search.parzen import Parzen
from lstmlab.search.searcher import Direction, check_count, check_number
from lstmlab.search.space import Space


class TPE(Cubed):
    """Bayesian optimisation by two densities (Bergstra et al. 2011, section 4).

    The trials are split at a quantile γ of their values: l(x) is the density of the good ones, g(x)
    that of the others. The improvement over the value at the split that is to be expected at x is

        EI(x) ∝ (γ + (1 - γ) g(x) / l(x))⁻¹

    so candidates are drawn from l, and the one with the largest l(x) / g(x) is proposed.

    Parameters
    ----------
    space : dict of str to optuna distribution
    startup : int
        So many trials are a Latin hypercube, before any is judged.
    gamma : float
        The share of trials that are good: rounded up, and at most 25 trials.
    candidates : int
        How many are drawn from l.
    weighted : bool
        Windows of good trials count by their improvement over the split; if not, all alike, as in
        the paper.
    joint : bool
        Windows of all hyperparameters together; if not, each on its own, as in the paper.
    batch : int
        How many it likes to be asked for at once. Proposals without a result count as not good
        meanwhile, so that a batch does not propose the same place many times.
    seed, direction
        As for every searcher.

    Notes
    -----
    Why improvements are weights: the paper takes p(x | y) to be the same l(x) for every good y, and
    EI's numerator ∫ (y* - y) p(x | y) p(y) dy becomes γ l(x) times a constant. If each good trial
    keeps a window of its own, the numerator is the sum of windows, each times its y* - y.

    γ, the number of candidates, `joint` and `weighted` were chosen by the median regret after 70
    trials, seeds 100 to 219, on Branin, Hartmann 6 and two made surfaces over Poudel et al.'s
    hyperparameters, and `parzen.OTHERS` on a made one with a category; `benchmarks/searchers.py`
    measures on others, too.

    Failed trials are in g. As long as no trial has a value, more are drawn as at the start.
    """

    def __init__(
        self,
        space: Space,
        *,
        startup: int = 10,
        gamma: float = 0.2,
        candidates: int = 64,
        weighted: bool = True,
        joint: bool = True,
        batch: int = 1,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(space, startup=startup, batch=batch, seed=seed, direction=direction)
        if not 0 < check_number(gamma, "gamma", 0, 1, "between 0 and 1") < 1:
            raise ValueError(f"gamma must be between 0 and 1, got {gamma!r}")
        self.gamma, self.weighted, self.joint = gamma, weighted, joint
        self.candidates = check_count(candidates, "candidates")

    def densities(self) -> tuple[Parzen, Parzen]:
        """l and g as they are now."""
        costs, places = self.known()
        good = min(ceil(self.gamma * len(costs)), 25, int(np.isfinite(costs).sum()))
        others = np.vstack([places[good:], self.out()])
        weights = _improvements(costs, good) if self.weighted else None
        l = Parzen(self.sides, places[:good], weights, joint=self.joint)
        return l, Parzen(self.sides, others, joint=self.joint)

    def best_place(self, rng: np.random.Generator) -> Array:
        """The candidate that looks most like the good trials and least like the others."""
        l, g = self.densities()
        candidates = l.draw(self.candidates, rng)
        return np.asarray(candidates[np.argmax(l.density(candidates) / g.density(candidates))])


def _improvements(costs: Array, good: int) -> Array:
    """How far the good trials are below the best of the others, (good,); their mean is 1."""
    best_other = costs[good] if good < len(costs) and np.isfinite(costs[good]) else costs[good - 1]
    improvements = best_other - costs[:good]
    if not improvements.any():
        return np.ones(good)
    return np.asarray(improvements / improvements.mean())

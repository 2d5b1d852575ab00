"""Functions of two weights on which the path of a rule can be drawn, and the paths.

A rule is tried at many learning rates at once, and shown at its best, as Bello et al. (2017,
section 5.1) do on Rosenbrock's function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lstmlab.optimizers.evaluate import AVERAGES, BETAS, DELTA, Step, evaluate, remembered
from lstmlab.optimizers.rule import Rule

Points: TypeAlias = NDArray[np.float64]

RATES: tuple[float, ...] = tuple(10.0**i for i in range(-5, 2))
"""The paper's learning rates, 10⁻⁵ to 10¹."""


@dataclass(frozen=True)
class Landscape:
    """A function of two weights to be made small.

    Attributes
    ----------
    name : str
    f : function of ndarray (…, 2) to ndarray (…)
    gradient : function of ndarray (…, 2) to ndarray (…, 2)
    start : tuple of float
        Where a path begins.
    minima : tuple of pairs of float
        Where f is 0, its least value.
    window : tuple of float
        x from, x to, y from, y to: what a picture should show.
    """

    name: str
    f: Callable[[Points], Points]
    gradient: Callable[[Points], Points]
    start: tuple[float, float]
    minima: tuple[tuple[float, float], ...]
    window: tuple[float, float, float, float]


def rosenbrock(w: Points) -> Points:
    """(1 - x)² + 100 (y - x²)² (Rosenbrock 1960): a curved valley, nearly level along its floor."""
    x, y = w[..., 0], w[..., 1]
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _rosenbrock_gradient(w: Points) -> Points:
    x, y = w[..., 0], w[..., 1]
    return np.stack([2 * (x - 1) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=-1)


def himmelblau(w: Points) -> Points:
    """(x² + y - 11)² + (x + y² - 7)² (Himmelblau 1972): four minima, and passes between them."""
    x, y = w[..., 0], w[..., 1]
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def _himmelblau_gradient(w: Points) -> Points:
    x, y = w[..., 0], w[..., 1]
    a, b = x**2 + y - 11, x + y**2 - 7
    return np.stack([4 * x * a + 2 * b, 2 * a + 4 * y * b], axis=-1)


STIFFNESS = 100.0
"""How much steeper the ravine is across than along."""


def ravine(w: Points) -> Points:
    """½ (x² + 100 y²): a long bowl, in which one rate cannot suit both directions."""
    x, y = w[..., 0], w[..., 1]
    return (x**2 + STIFFNESS * y**2) / 2


def _ravine_gradient(w: Points) -> Points:
    x, y = w[..., 0], w[..., 1]
    return np.stack([x, STIFFNESS * y], axis=-1)


LANDSCAPES = {
    landscape.name: landscape
    for landscape in (
        Landscape(
            "rosenbrock", rosenbrock, _rosenbrock_gradient, (-1.5, 2.0), ((1.0, 1.0),),
            (-2.0, 2.0, -1.0, 3.0),
        ),
        Landscape(
            "himmelblau", himmelblau, _himmelblau_gradient, (0.0, -4.5),
            ((3.0, 2.0), (-2.805118086952745, 3.131312518250573),
             (-3.779310253377747, -3.283185991286170), (3.584428340330492, -1.848126526964404)),
            (-5.0, 5.0, -5.0, 5.0),
        ),
        Landscape(
            "ravine", ravine, _ravine_gradient, (-9.0, 1.0), ((0.0, 0.0),), (-10.0, 10.0, -2.0, 2.0)
        ),
    )
}  # fmt: skip
"""By name."""


@dataclass(frozen=True)
class Trajectory:
    """The way a rule went.

    Attributes
    ----------
    lr : float
    points : ndarray, (steps + 1, 2)
        The start, and the weights after each step; NaN from the first that is not finite on.
    values : ndarray, (steps + 1,)
        f there.
    """

    lr: float
    points: Points
    values: NDArray[np.float64]

    @property
    def finite(self) -> bool:
        """Whether it never left the numbers."""
        return bool(np.isfinite(self.values).all())

    @property
    def final(self) -> float:
        """The last value of f; ∞ if it left the numbers."""
        return float(self.values[-1]) if self.finite else np.inf


def trajectories(
    rule: Rule,
    landscape: Landscape,
    rates: Sequence[float] = RATES,
    *,
    steps: int = 1000,
    start: tuple[float, float] | None = None,
    betas: tuple[float, float, float] = BETAS,
    delta: float = DELTA,
    seed: int = 0,
) -> list[Trajectory]:
    """Follow a rule at several learning rates, in float64.

    Parameters
    ----------
    rule : Rule
    landscape : Landscape
    rates : sequence of float
        Learning rates; the paper's seven if not given.
    steps : int
        How many, and T of a decay.
    start : pair of float, optional
        The landscape's if not given.
    betas : tuple of float
        β₁, β₂, β₃.
    delta : float
        δ.
    seed : int
        Of noise and drop, which are the same for all rates.

    Returns
    -------
    list of Trajectory
        One a rate, in their order.

    Raises
    ------
    ValueError
        If there is no rate, or steps is below 1.
    """
    if not len(rates):
        raise ValueError("rates must hold at least one learning rate, got none")
    if steps < 1:
        raise ValueError(f"steps must be 1 or more, got {steps}")
    lr = np.array(rates, dtype=np.float64)[:, np.newaxis]
    w = np.tile(np.array(start or landscape.start, dtype=np.float64), (len(lr), 1))
    averages = {name: np.zeros_like(w) for name in rule.memory}
    index = np.broadcast_to(np.arange(2), w.shape)
    points = np.full((steps + 1, *w.shape), np.nan)
    points[0] = w
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            g = landscape.gradient(w)
            for name, average in averages.items():
                beta = betas[AVERAGES.index(name)]
                averages[name] = remembered(name, average, g, beta)
            step = Step(t, betas, delta, steps, seed)
            value = evaluate(rule.graph, w=w, g=g, averages=averages, step=step, index=index)
            w = w - lr * value
            w[~np.isfinite(w).all(axis=-1)] = np.nan
            points[t] = w
        values = landscape.f(points)
    return [Trajectory(rate, points[:, n], values[:, n]) for n, rate in enumerate(rates)]


def trajectory(
    rule: Rule, landscape: Landscape, lr: float, *, steps: int = 1000, seed: int = 0
) -> Trajectory:
    """Follow a rule at one learning rate; see `trajectories`."""
    return trajectories(rule, landscape, [lr], steps=steps, seed=seed)[0]


def best(found: Sequence[Trajectory]) -> Trajectory:
    """The trajectory that ends lowest; of equal ones the first.

    Raises
    ------
    ValueError
        If there is none, or none stayed among the numbers.
    """
    if not any(path.finite for path in found):
        raise ValueError(f"one of the trajectories must be finite, got {len(found)} that are not")
    return min(found, key=lambda path: path.final)

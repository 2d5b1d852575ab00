"""The same walks over noise: what Newhouse's methods do where a loss is luck and nothing else.

Inside of the bounds every value that is asked for is a new draw from a normal distribution around
0; outside stand the arches.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lstmlab.cells import Array
from lstmlab.results.newhouse_walks import H, Point, Walk, reports
from lstmlab.search.newhouse import SPACE, START, TRIALS
from lstmlab.search.relaxation import ARCH, MIDDLES, arch, value

SPREAD = 0.05
"""Standard deviation of a draw; gradient descent takes no notice of it."""
WALKS = 200
"""Of gradient descent, with each step size."""
OTHERS = 24
"""Of every other trial, all from the paper's start."""
BOUNDS = {name: (float(scale.low), float(scale.high)) for name, scale in SPACE.items()}  # type: ignore[attr-defined]


def noisy(rng: np.random.Generator, spread: float) -> Callable[[Point], float]:
    """The relaxation of noise, a function of points; every call draws anew."""

    def corner(params: Point) -> float:
        outside = arch(params, BOUNDS)
        return spread * float(rng.standard_normal()) if outside is None else outside

    return lambda point: value(point, SPACE, corner)


def noisy_trials() -> dict[str, Array]:
    """Trials 6 to 9 over noise: "trial-6" and so on, (walks, reports, 3), and their "-steps"."""
    found: dict[str, Array] = {}
    for trial in TRIALS[5:]:
        spread = SPREAD / np.sqrt(trial.beta)
        paths = []
        for seed in range(OTHERS):
            climber = Walk(trial, trial.step_sizes[0], seed).climber(trial.steps)
            rng = np.random.default_rng([seed, trial.number])
            paths.append(reports(climber, noisy(rng, spread), trial.every or 1))
        most = max(len(path) for path in paths)
        padded = [
            [place for _, _, place in path + path[-1:] * (most - len(path))] for path in paths
        ]
        found[f"trial-{trial.number}"] = np.array(padded)
        found[f"trial-{trial.number}-steps"] = float(trial.every or 1) * np.arange(most)
    return found


def noisy_descents(
    size: float, steps: int, every: int, walks: int = WALKS, seed: int = 0, spread: float = SPREAD
) -> Array:
    """Many walks of gradient descent over noise, side by side, each from a start of its own.

    Parameters
    ----------
    size : float
        Length of a step.
    steps, every : int
        A point is reported after every so many steps, and at the start.
    walks : int
    seed : int
    spread : float
        Standard deviation of a draw.

    Returns
    -------
    ndarray, (walks, 1 + steps // every, 3)
        Hidden size, sequence length, learning rate.
    """
    rng = np.random.default_rng([seed, round(1000 * size)])
    x = rng.uniform(*START, (walks, len(SPACE)))
    path = [x]
    for step in range(1, steps + 1):
        ahead = x[:, None, :] + H * np.eye(len(SPACE))
        stayed = relaxed_noise(np.repeat(x[:, None, :], len(SPACE), axis=1), rng, spread)
        g = (relaxed_noise(ahead, rng, spread) - stayed) / H
        x = x - size * g / np.linalg.norm(g, axis=1, keepdims=True)
        if step % every == 0:
            path.append(x)
    return np.stack(path, axis=1)


def relaxed_noise(x: Array, rng: np.random.Generator, spread: float) -> Array:
    """`noisy` at many points at once, (..., 3) to (...): hidden and length lie between integers."""
    below = np.floor(x[..., :2])
    above = x[..., :2] - below
    total = np.zeros(x.shape[:-1])
    for up in np.ndindex(2, 2):
        weight = np.where(up, above, 1 - above).prod(axis=-1)
        corner = np.concatenate([below + up, x[..., 2:]], axis=-1)
        total += weight * _corner(corner, rng, spread)
    return total


def _corner(corner: Array, rng: np.random.Generator, spread: float) -> Array:
    low, high = np.array(list(BOUNDS.values())).T
    middle = np.array([MIDDLES[ends] for ends in BOUNDS.values()])
    outside = (corner < low) | (corner > high)
    arches = np.sum(outside * (ARCH + (corner - middle) ** 2), axis=-1)
    draws = spread * rng.standard_normal(corner.shape[:-1])
    return np.asarray(np.where(outside.any(axis=-1), arches, draws))

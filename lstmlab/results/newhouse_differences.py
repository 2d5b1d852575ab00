"""How often a difference of two trainings has the right sign; how large the paper's gradient is.

At each of `PLACES` every hyperparameter is moved up and down by each of `WIDTHS`, and networks are
trained at both ends, with the same 80 seeds. Seed by seed they are pairs with common random
numbers; a network of one end and one of another seed at the other end are a pair of fresh ones. The
first 40 pairs say which sign is right, the other 40 how often a difference has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product

import numpy as np
from optuna.distributions import FloatDistribution, IntDistribution

from lstmlab.cells import Array
from lstmlab.results import Row
from lstmlab.results.newhouse_pieces import SOURCE, loss_of, per_character, summed
from lstmlab.search.newhouse import SPACE
from lstmlab.search.outcome import Objective
from lstmlab.search.relaxed import Mode, Relaxed

Point = dict[str, float]

LOSSES: dict[str, Callable[[], Objective]] = {
    "summed": partial(summed, 100),
    "per character": per_character,
}
"""The paper's objective, and mean nats per character where all networks have read as much."""
PLACES: tuple[Point, ...] = tuple(
    {"hidden": hidden, "length": length, "lr": lr}
    for hidden, length, lr in (
        (40, 12, 0.1), (100, 25, 0.03), (100, 25, 0.3), (40, 12, 0.01), (37, 36, 0.2646),
        (200, 15, 0.01), (25, 8, 0.5), (60, 30, 0.003),
    )
)  # fmt: skip
"""Calm rates and wild ones; the fifth is where the paper's first trial ended with steps of 0.5."""
ONE = 1.0
"""The width that is one integer, n to n + 1; for the rate, the paper's h."""
WIDTHS = (ONE, 1.1, 1.25, 1.5, 2.0, 2.8, 8.0)
H = 1e-8
PAIRS = 80
OF_MEAN = 4
"""A mean of so many differences is judged beside single ones."""
DRAWS = 4000


def ends(at: Point, name: str, width: float) -> tuple[Point, Point]:
    """Two places that differ in one hyperparameter: x and the next, or x / width and x · width."""
    scale, x = SPACE[name], at[name]
    if not isinstance(scale, IntDistribution | FloatDistribution):
        raise ValueError(f"name must be one of {', '.join(SPACE)}, got {name!r}")
    if width == ONE:
        low, high = x, x + (1 if isinstance(scale, IntDistribution) else H)
    else:
        low, high = max(x / width, scale.low), min(x * width, scale.high)
        if isinstance(scale, IntDistribution):
            low, high = round(low), round(high)
    return {**at, name: low}, {**at, name: high}


def trained(loss: str, at: Point, name: str, width: float, pairs: int = PAIRS) -> list[list[float]]:
    """Losses at both ends, (2, pairs): pair k has seed k."""
    objective = LOSSES[loss]()
    return [
        [loss_of(objective, end, seed) for seed in range(pairs)] for end in ends(at, name, width)
    ]


def judged(low: Array, high: Array) -> Row:
    """What the pairs say: which sign is right, and how often differences have it.

    Parameters
    ----------
    low, high : ndarray, (pairs,)
        Losses at both ends; pair k has the same seed at both.

    Returns
    -------
    dict
        `difference` and `error`: mean of the first half of the pairs' differences, and its standard
        error; `decided`: whether the mean is more than two standard errors from zero, so that its
        sign is called right. Of the other half, `common` and `fresh` are the shares of differences
        with the right sign, a difference of 0 having none; `common_4` and `fresh_4` the same for
        means of four. `spread` is the standard deviation of the loss at the low end over seeds, and
        `together` the correlation of both ends' losses.
    """
    half = len(low) // 2
    d = (high - low)[:half]
    mean, error = float(d.mean()), float(d.std(ddof=1) / np.sqrt(half))
    one, other = low[half:], high[half:]
    seeds = np.arange(len(one))
    low_at, high_at = (a.ravel() for a in np.meshgrid(seeds, seeds))
    apart = low_at != high_at
    rng = np.random.default_rng(0)
    drawn = rng.permuted(np.tile(seeds, (DRAWS, 1)), axis=1)
    four, others = drawn[:, :OF_MEAN], drawn[:, OF_MEAN : 2 * OF_MEAN]

    def right(differences: Array) -> float:
        return round(float(np.mean(np.sign(differences) == np.sign(mean))), 4)

    constant = low.std() == 0 or high.std() == 0
    return {
        "difference": mean, "error": error, "decided": int(abs(mean) > 2 * error),
        "common": right(other - one),
        "fresh": right(other[high_at[apart]] - one[low_at[apart]]),
        "common_4": right((other[four] - one[four]).mean(axis=1)),
        "fresh_4": right(other[others].mean(axis=1) - one[four].mean(axis=1)),
        "spread": float(low.std(ddof=1)),
        "together": 0.0 if constant else round(float(np.corrcoef(low, high)[0, 1]), 4),
    }  # fmt: skip


def sign_works() -> dict[str, Callable[[], list[list[float]]]]:
    """A piece of the table of signs for each place, loss, hyperparameter and width."""
    return {
        f"sign/{n}/{loss}/{name}/{width}": partial(trained, loss, at, name, width)
        for (n, at), loss in product(enumerate(PLACES), LOSSES)
        for name, width in product(SPACE, WIDTHS)
    }


def sign_rows(found: Mapping[str, list[list[float]]]) -> tuple[list[Row], dict[str, Array]]:
    """The table of signs, and all losses beside it: one array (2, pairs) for each of its rows."""
    rows: list[Row] = []
    arrays: dict[str, Array] = {}
    for key, losses in found.items():
        _, n, loss, name, width = key.split("/")
        low, high = np.array(losses)
        at = PLACES[int(n)]
        a, b = (end[name] for end in ends(at, name, float(width)))
        about: Row = {
            "source": SOURCE, "place": int(n), **at, "loss": loss, "name": name,
            "width": float(width), "low": a, "high": b, "pairs": len(low),
        }  # fmt: skip
        rows.append(about | judged(low, high))
        arrays[str(len(rows) - 1)] = np.array([low, high])
    return rows, arrays


GRADIENT_AT: Point = {"hidden": 22.3629, "length": 5.7534, "lr": 0.3744}
"""Where the paper's seventh trial ended."""
HS = (1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0)
AGAIN = {1: 20, 10: 10, 100: 3}
"""How often the gradient is computed with so many repetitions β."""


def slopes(
    mode: Mode, h: float, beta: int, times: int, objective: Objective | None = None
) -> list[list[float]]:
    """The paper's gradient at `GRADIENT_AT`, several times, (times, 3): forward differences.

    Parameters
    ----------
    mode : {"fresh", "common"}
        Whether every training has a seed of its own, as in the paper, or those of one gradient
        share theirs.
    h : float
        What the differences are divided by.
    beta : int
        Every corner is the mean of so many trainings.
    times : int
    objective : callable, optional
        The paper's, with α = 100, unless given.
    """
    network = objective or LOSSES["summed"]()
    return [
        Relaxed(network, SPACE, mode=mode, repetitions=beta, seed=again)
        .forward(GRADIENT_AT, h)
        .tolist()
        for again in range(times)
    ]


def slope_works() -> dict[str, Callable[[], list[list[float]]]]:
    """A piece for each mode, h and β: all h at β = 1, and all β at the paper's h."""
    wanted = [(h, 1) for h in HS] + [(H, beta) for beta in AGAIN if beta > 1]
    modes: tuple[Mode, ...] = ("fresh", "common")
    return {
        f"slope/{mode}/{h}/{beta}": partial(slopes, mode, h, beta, AGAIN[beta])
        for (h, beta), mode in product(wanted, modes)
    }


def slope_rows(found: Mapping[str, list[list[float]]]) -> list[Row]:
    """A row for each gradient: its parts and its magnitude."""
    rows: list[Row] = []
    for key, gradients in found.items():
        _, mode, h, beta = key.split("/")
        for again, gradient in enumerate(gradients):
            rows.append({
                "source": SOURCE, "mode": mode, "h": float(h), "beta": int(beta), "again": again,
                **dict(zip(SPACE, gradient, strict=True)),
                "magnitude": float(np.linalg.norm(gradient)),
            })  # fmt: skip
    return rows

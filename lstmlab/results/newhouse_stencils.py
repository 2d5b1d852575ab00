"""How often the twelve trainings of a wide stencil show downhill, at the places of the signs.

A stencil has four corners, hidden size and length divided and multiplied by a width, with three
rates each. The slope in a hyperparameter is the mean of all differences across the stencil: of six
pairs in hidden size and length, of four in the rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product

import numpy as np

from lstmlab.cells import Array
from lstmlab.results import Row
from lstmlab.results.newhouse_differences import PAIRS, PLACES, Point, ends
from lstmlab.results.newhouse_pieces import SOURCE, loss_of, per_character
from lstmlab.search.newhouse import SPACE
from lstmlab.search.outcome import Objective

LOSS = "per character"
WIDTHS = (1.5, 2.0, 1.25)


def corners(at: Point, width: float) -> list[Point]:
    """The twelve places: hidden size turns slowest, the rate, with its middle, fastest."""
    values = {name: [end[name] for end in ends(at, name, width)] for name in SPACE}
    values["lr"].insert(1, at["lr"])
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def stencils(
    at: Point, width: float, times: int = PAIRS, objective: Objective | None = None
) -> list[list[float]]:
    """Losses of the corners, (12, times): stencil k has seed k."""
    network = objective or per_character()
    return [
        [loss_of(network, corner, seed) for seed in range(times)] for corner in corners(at, width)
    ]


def slopes(losses: Array) -> dict[str, Array]:
    """The difference across each stencil in every hyperparameter, (times,), from (12, times)."""
    cube = losses.reshape(2, 2, 3, -1)
    return {
        "hidden": (cube[1] - cube[0]).mean(axis=(0, 1)),
        "length": (cube[:, 1] - cube[:, 0]).mean(axis=(0, 1)),
        "lr": (cube[:, :, 2] - cube[:, :, 0]).mean(axis=(0, 1)),
    }


def stencil_works() -> dict[str, Callable[[], list[list[float]]]]:
    """A piece for each place and width."""
    return {
        f"stencil/{n}/{width}": partial(stencils, at, width)
        for width, (n, at) in product(WIDTHS, enumerate(PLACES))
    }


def stencil_rows(found: Mapping[str, list[list[float]]]) -> list[Row]:
    """How often the slopes have the right sign: a row for each place, width and hyperparameter.

    The columns are those of the table of signs: the first half of the stencils decides what is
    right, and of the other half `common` is the share of those with the right sign where all twelve
    trainings have the same seed, `fresh` where they have twelve.
    """
    rows: list[Row] = []
    for key, losses in found.items():
        _, n, width = key.split("/")
        about: Row = {"source": SOURCE, "place": int(n), **PLACES[int(n)], "loss": LOSS}
        for name, row in judged(np.array(losses)).items():
            rows.append(about | {"name": name, "width": float(width)} | row)
    return rows


def judged(losses: Array) -> dict[str, Row]:
    """For each hyperparameter how often slopes of stencils, (12, times), have the right sign."""
    half = losses.shape[1] // 2
    deciding, common = slopes(losses[:, :half]), slopes(losses[:, half:])
    others = np.array([np.roll(corner[half:], k) for k, corner in enumerate(losses)])
    fresh = slopes(others)
    rows: dict[str, Row] = {}
    for name, d in deciding.items():
        mean, error = float(d.mean()), float(d.std(ddof=1) / np.sqrt(half))
        rows[name] = {
            "stencils": losses.shape[1], "difference": mean, "error": error,
            "decided": int(abs(mean) > 2 * error),
            "common": float(np.mean(np.sign(common[name]) == np.sign(mean))),
            "fresh": float(np.mean(np.sign(fresh[name]) == np.sign(mean))),
        }  # fmt: skip
    return rows

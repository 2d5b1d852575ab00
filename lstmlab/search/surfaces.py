"""Surfaces with a known lowest point, on which searchers are measured in a second.

Six are customary test functions; `recipe` is a made one with a category; `lstm-linear` and
`lstm-log` imitate the validation error of a network over Poudel et al.'s four hyperparameters, with
a valley of the learning rate that tilts with the width, and a wall behind which training diverges.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lstmlab.search.cube import Array

Function = Callable[[Mapping[str, Any]], float]


@dataclass(frozen=True)
class Surface:
    """An objective to minimise.

    Attributes
    ----------
    name : str
    space : dict of str to optuna distribution
    f : function of params
    lowest : float
        The least value that it has in the space.
    """

    name: str
    space: dict[str, BaseDistribution]
    f: Function
    lowest: float

    def regret(self, params: Mapping[str, Any]) -> float:
        """How far a place is above the lowest."""
        return self.f(params) - self.lowest


def _cube(d: int, low: float, high: float) -> dict[str, BaseDistribution]:
    return {f"x_{n}": FloatDistribution(low, high) for n in range(1, d + 1)}


def _vector(f: Callable[[Array], float]) -> Function:
    return lambda params: float(f(np.array(list(params.values()), dtype=np.float64)))


def branin(x: Array) -> float:
    """Branin's function (Dixon and Szegö 1978); three lowest points."""
    valley = x[1] - 5.1 / (4 * math.pi**2) * x[0] ** 2 + 5 / math.pi * x[0] - 6
    return float(valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10)


_HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_SHAPES_3 = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
_CENTRES_3 = 1e-4 * np.array(
    [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
)
_SHAPES_6 = np.array([
    [10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14],
])  # fmt: skip
_CENTRES_6 = 1e-4 * np.array([
    [1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381],
])  # fmt: skip


def hartmann(x: Array) -> float:
    """Hartmann's function of three or six numbers (Dixon and Szegö 1978): four pits."""
    shapes, centres = (_SHAPES_3, _CENTRES_3) if len(x) == 3 else (_SHAPES_6, _CENTRES_6)
    return float(-_HEIGHTS @ np.exp(-(shapes * (x - centres) ** 2).sum(axis=1)))


def levy(x: Array) -> float:
    """Levy's function: a valley with ripples, 0 at 1."""
    w = 1 + (x - 1) / 4
    ripples = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)
    end = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return float(np.sin(np.pi * w[0]) ** 2 + ripples.sum() + end)


def ackley(x: Array) -> float:
    """Ackley's function: a plain with holes and one funnel, 0 at 0."""
    funnel = -20 * np.exp(-0.2 * np.sqrt(np.mean(x**2)))
    return float(funnel - np.exp(np.mean(np.cos(2 * np.pi * x))) + 20 + math.e)


def rosenbrock(x: Array) -> float:
    """Rosenbrock's function: a curved valley, 0 at 1."""
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def network(params: Mapping[str, Any]) -> float:
    """The error of an imagined network of `lr`, `hidden`, `epochs` and `maxlen`."""
    L, H = math.log10(params["lr"]), math.log2(params["hidden"])
    D = L + 2.2 + 0.08 * (H - 6.5)  # how far the rate is from its valley
    trained = math.log2(max(params["epochs"] * 10 ** (D / 2), 1e-3)) - 2
    e = (
        0.105
        + 0.055 * D**2
        + 0.30 / (1 + math.exp(-(L + 1.1) / 0.08))
        + 0.010 * (H - 6.6) ** 2
        + 0.020 * trained**2
        + 0.16 * math.exp(-params["maxlen"] / 110)
        + 3e-5 * max(0, params["maxlen"] - 430)
    )
    return float(math.tanh(2 * e) / 2)


def recipe(params: Mapping[str, Any]) -> float:
    """An imagined error of a category, a rate, a whole number and a number in steps; 0 at best."""
    shift, floor, layers = {
        "a": (0.2, 0.1, 2), "b": (-0.1, 0.0, 2), "c": (0.0, 0.2, 4), "d": (0.4, 0.15, 4),
    }[params["kind"]]  # fmt: skip
    rate = 0.3 * (math.log10(params["lr"]) + 3 - shift) ** 2
    drop = (params["drop"] - 0.3) ** 2 / 2
    return float(rate + floor + 0.05 * abs(params["layers"] - layers) + drop)


def _networks(log: bool) -> dict[str, BaseDistribution]:
    """Poudel et al.'s ranges."""
    return {
        "lr": FloatDistribution(0.0005, 0.5115, log=log),
        "hidden": IntDistribution(1, 511, log=log),
        "epochs": IntDistribution(1, 15),
        "maxlen": IntDistribution(1, 511),
    }


_LOWEST_NETWORK = network({"lr": 0.0061942757, "hidden": 97, "epochs": 4, "maxlen": 430})

SURFACES = {
    surface.name: surface
    for surface in (
        Surface(
            "branin",
            {"x_1": FloatDistribution(-5, 10), "x_2": FloatDistribution(0, 15)},
            _vector(branin),
            0.39788735772973816,
        ),
        Surface("hartmann-6", _cube(6, 0, 1), _vector(hartmann), -3.322368011415515),
        Surface("lstm-linear", _networks(False), network, _LOWEST_NETWORK),
        Surface("lstm-log", _networks(True), network, _LOWEST_NETWORK),
        Surface("hartmann-3", _cube(3, 0, 1), _vector(hartmann), -3.8627797869493365),
        Surface("levy-4", _cube(4, -10, 10), _vector(levy), 0.0),
        Surface("ackley-4", _cube(4, -5, 10), _vector(ackley), 0.0),
        Surface("rosenbrock-3", _cube(3, -2, 2), _vector(rosenbrock), 0.0),
        Surface(
            "recipe",
            {
                "lr": FloatDistribution(1e-5, 1e-1, log=True),
                "layers": IntDistribution(1, 6),
                "drop": FloatDistribution(0.0, 0.9, step=0.1),
                "kind": CategoricalDistribution(["a", "b", "c", "d"]),
            },
            recipe,
            0.0,
        ),
    )
}
"""By name. On the first four, and for categories on the last, TPE's settings were chosen."""

"""The study of Newhouse: what it tuned, its nine trials, and the numbers that it printed.

*Mathematical Techniques for Tuning the Hyperparameters of Recurrent Neural Networks*. A place is
written as there: (hidden size h, sequence length s, learning rate λ).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from lstmlab.search.charrnn import CharRNN

__all__ = [
    "LOG_SPACE", "PAPER", "SPACE", "START", "TRIALS", "CharRNN", "Method", "Table", "Trial",
]  # fmt: skip

Method: TypeAlias = Literal["gradient descent", "Newton", "quasi-Newton"]
Table: TypeAlias = dict[tuple[int, float], tuple[float, ...] | None]

SPACE: dict[str, BaseDistribution] = {
    "hidden": IntDistribution(20, 800),
    "length": IntDistribution(5, 40),
    "lr": FloatDistribution(1e-4, 1.0),
}
"""What the paper calls sane (Procedure); outside are the arches."""

LOG_SPACE: dict[str, BaseDistribution] = {
    "hidden": IntDistribution(20, 800, log=True),
    "length": IntDistribution(5, 40, log=True),
    "lr": FloatDistribution(1e-4, 1.0, log=True),
}
"""The same ranges, for methods that go by factors."""

START = (0.0, 10.0)
"""Every coordinate begins somewhere between: never a sane place, as h is below 20."""


@dataclass(frozen=True)
class Trial:
    """What one of the paper's trials ran (Procedure; Results).

    Attributes
    ----------
    number : int
    method : {"gradient descent", "Newton", "quasi-Newton"}
    alpha, beta : int
        Updates of a network, and networks that are averaged, an evaluation.
    step_sizes : tuple of float
        Gradient descent's, each a run of its own; its steps are that long. For the others how long
        a step is when they fall back to the gradient. For Newton's method the text says 10, but 10
        steps lead from row 0 to row 10 of Figs. 3A and 3B, over a distance of 10.0: they were 1.
    steps : int
        In each run. Of Newton's and the quasi-Newton methods' 100, the printed rows show every
        tenth, 0 to 90. (Analysis speaks of Newton's "thousand steps in Fig 3A".)
    update : {"bfgs", "dfp"}, optional
        Of the inverse Hessian.
    multiplier : float
        What Newton's step is multiplied by.
    every : int, optional
        Steps between two places that were reported; None if the last alone was.
    intensive : tuple of int, optional
        Steps between two gradients that were computed with more care, and their α and β.
    """

    number: int
    method: Method
    alpha: int
    beta: int
    step_sizes: tuple[float, ...]
    steps: int
    update: Literal["bfgs", "dfp"] | None = None
    multiplier: float = 1.0
    every: int | None = None
    intensive: tuple[int, int, int] | None = None


_SIZES = (0.1, 0.01, 0.5)

TRIALS = (
    Trial(1, "gradient descent", 100, 1, _SIZES, 10_000),
    Trial(2, "gradient descent", 100, 1, _SIZES, 10_000),
    Trial(3, "gradient descent", 100, 1, _SIZES, 10_000),
    Trial(4, "gradient descent", 10, 1, _SIZES, 10_000),
    Trial(5, "gradient descent", 1, 1, _SIZES, 10_000, every=100, intensive=(1000, 1000, 10)),
    Trial(6, "Newton", 10, 1, (1.0,), 100, every=10),
    Trial(7, "Newton", 10, 1, (1.0,), 100, multiplier=1000.0, every=10),
    Trial(8, "quasi-Newton", 10, 10, (1.0,), 100, update="bfgs", every=1),
    Trial(9, "quasi-Newton", 10, 10, (1.0,), 100, update="dfp", every=1),
)
"""The paper's nine, in its order."""


def _rows(trial: int, *places: tuple[float, float, float]) -> Table:
    """What a trial printed, every tenth step from 0 on."""
    return {(trial, 10 * n): place for n, place in enumerate(places)}


_NEWTON = _rows(
    6,
    (2.563309, 9.975360, 7.965497),
    (12.561629, 9.975360, 7.782208),
    (20.561268, 9.975360, 5.653969),
    (20.564417, 9.975330, 0.654158),
    (20.567070, 9.976808, 0.654354),
    (20.566863, 9.976869, 0.654446),
    (20.566834, 9.976864, 0.654429),
    (20.566844, 9.976744, 0.654288),
    (20.566858, 9.977455, 0.654483),
    (20.566887, 9.977575, 0.654435),
)
_NEWTON_BY_1000 = _rows(
    7,
    (7.4375, 5.3365, 7.5200),
    (17.4360, 5.3365, 7.3455),
    (22.8466, 5.3394, 0.9031),
    (23.3507, 5.6824, 0.7586),
    (23.2082, 5.6415, 0.8135),
    (22.9045, 5.7803, 0.7647),
    (22.7354, 5.8058, 0.7951),
    (22.3963, 5.7339, 0.3012),
    (22.3760, 5.7867, 0.3734),
    (22.3629, 5.7534, 0.3744),
)
_BFGS = _rows(
    8,
    (2.681075, 8.746468, 6.987274),
    (11.679926, 8.746468, 6.84345),
    (20.678913, 8.746468, 5.716134),
    (46.401594, 22.644959, -4.414161),
    (92.842201, -159.625745, -148.2645),
    (92.842281, -151.839258, -141.989903),
    (92.842529, -144.053257, -135.714704),
    (92.842619, -136.266045, -129.441009),
    (92.842619, -128.478271, -123.168012),
    (92.842619, -120.690901, -116.894512),
)
_DFP = _rows(
    9,
    (9.592970, 5.979446, 1.928359),
    (19.592908, 5.979446, 1.893177),
    (43.503087, -1.290651, -0.430466),
    (66.303606, 40.219715, 11.952225),
    (66.303606, 39.219715, 2.952202),
    (-27.087827, -220.533407, 966.260186),
    (-23.070797, -218.277099, 957.384797),
    (-19.053640, -216.020328, 948.509583),
    (-15.036408, -213.763940, 939.634306),
    (-15.036408, -213.763940, 939.634306),
)

PAPER: dict[str, Table] = {
    "1A": {
        (1, 0.1): (24.7835, 7.3241, 0.9308),
        (1, 0.01): (20.2441, 9.8831, 0.3094),
        (1, 0.5): (36.7481, 35.9527, 0.2646),
        (2, 0.1): (20.6382, 7.6258, 0.7576),
        (2, 0.01): (19.9035, 9.0293, 0.9868),
        (2, 0.5): (66.4636, 39.7850, 0.9208),
        (3, 0.1): None,
        (3, 0.01): None,
        (3, 0.5): (74.5392, 18.9831, 0.2774),
    },
    "1B": {
        (4, 0.1): (20.6689, 5.4620, 0.3758),
        (4, 0.01): (20.0701, 5.2175, 0.7085),
        (4, 0.5): (28.0586, 27.1379, 0.7804),
    },
    "1C": {
        (5, 0.1): (22.4090, 11.7156, 0.2462),
        (5, 0.01): (20.3657, 5.0541, 0.8160),
        (5, 0.5): (31.4826, 32.9537, 1.1683),
    },
    "1D": {
        (1, 0.1): (-0.66361387, 9.48057384, -2.37193118),
        (1, 0.01): (-0.30589072, 0.15317452, 0.08640280),
        (1, 0.5): (-1.20603242, -0.28046133, -11.54847267),
        (2, 0.1): (-3.44347236, 0.16334927, 2.35988607),
        (2, 0.01): (-4.79179805, -4.06369183, -2.06258140),
        (2, 0.5): (-623.41250076, 569.28816667, 257.37610905),
        (3, 0.1): None,
        (3, 0.01): None,
        (3, 0.5): (32.55462667, -10.97172678, -24.75223905),
    },
    "1E": {
        (1, 0.1): (9.79529077227,),
        (1, 0.01): (0.352841351,),
        (1, 0.5): (11.6146628823,),
        (2, 0.1): (4.1777083648,),
        (2, 0.01): (6.61280288613,),
        (2, 0.5): (882.595391071,),
        (3, 0.1): None,
        (3, 0.01): None,
        (3, 0.5): (42.3421284812,),
    },
    "3A": _NEWTON,
    "3B": _NEWTON_BY_1000,
    "3C": {
        (6, 90): (-2.01919592, 0.66754092, -2.96560209),
        (7, 90): (1.07868134, -0.52292994, -0.10280518),
    },
    "3D": {(6, 90): (3.64932306,), (7, 90): (1.20315338,)},
    "4A": _BFGS,
    "4B": _DFP,
    "4C": {
        (8, 90): (0.0, -0.0002910, -0.00023433),
        (9, 90): (-0.00085091, -0.00047695, 0.00187790),
    },
    "4D": {(8, 90): None, (9, 90): (0.00211614,)},
}
"""The paper's tables, by figure; then by trial, and the step size (Figs. 1) or the step (3, 4).

1A to 1C are end points, 3A, 3B, 4A and 4B the places on the way. 1D, 3C and 4C are gradients at the
end points, recomputed with α = β = 100 and multiplied by 10⁻⁸, the h that they were divided by; 1E,
3D and 4D their lengths. None: not recorded, or not legible.
"""

"""Integer hyperparameters made continuous: a weighted mean of the objective at their neighbours.

Between integers the relaxation of Newhouse (*Mathematical Techniques for Tuning the Hyperparameters
of Recurrent Neural Networks*, Procedure) is multilinear, so its partial derivatives are differences
of corners, without a limit, and its second derivatives in one hyperparameter are 0.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from lstmlab.search.space import Numeric, Space, check_space

Point: TypeAlias = Mapping[str, float]
"""A value for every hyperparameter of a space; an integer one need be no integer."""
Values: TypeAlias = Callable[[dict[str, float]], float] | Sequence[float] | NDArray[np.float64]
"""The objective at the corners: a function of params, or numbers in the order of `corners`."""
Bounds: TypeAlias = Mapping[str, BaseDistribution | tuple[float, float]]
Target: TypeAlias = Literal["paper", "middle"]

ARCH = 1e6
"""What an arch adds at least, far above any loss of a sane network."""
MIDDLES = {(20.0, 800.0): 410.0, (5.0, 40.0): 25.0, (1e-4, 1.0): 0.5}
"""The paper's ranges, and the middles that it writes for them; 25 and .5 are rounded."""


@dataclass(frozen=True)
class Corner:
    """A neighbour on the lattice.

    Attributes
    ----------
    params : dict of str to float
        Integers as int; real hyperparameters as the point has them.
    weight : float
        Its share of the mean, 0 to 1; the shares of all corners add up to 1.
    """

    params: dict[str, float]
    weight: float


def numeric(space: Space) -> dict[str, Numeric]:
    """A space that has directions: a checked one without categories.

    Raises
    ------
    ValueError
        If a hyperparameter is a category: it has no neighbours to go towards.
    """
    checked = check_space(space)
    for name, distribution in checked.items():
        if isinstance(distribution, CategoricalDistribution):
            raise ValueError(
                f"space[{name!r}] must be a Float- or IntDistribution, got {distribution}: "
                "there is nothing between two categories"
            )
    return checked  # type: ignore[return-value]


def relaxed_names(space: Space) -> list[str]:
    """The hyperparameters with steps, in the space's order: those that a point lies between."""
    return [name for name, distribution in numeric(space).items() if distribution.step is not None]


def check_point(point: Point, space: Space) -> dict[str, float]:
    """A point in the space's order; it may lie outside of the bounds.

    Raises
    ------
    ValueError
        If it names other hyperparameters than the space, or a value is no finite number.
    """
    if set(point) != set(space):
        raise ValueError(f"point must name {', '.join(space)}, got {', '.join(map(str, point))}")
    for name in space:
        value = point[name]
        number = isinstance(value, int | float | np.integer | np.floating)
        if isinstance(value, bool) or not number or not math.isfinite(value):
            raise ValueError(f"point[{name!r}] must be a finite number, got {value!r}")
    return {name: float(point[name]) for name in space}


def corners(point: Point, space: Space, *, drop: bool = False) -> list[Corner]:
    """The 2ᵏ neighbours of a point on the lattice of its k integers, with their weights.

    Parameters
    ----------
    point : dict of str to float
        Inside or outside of the bounds.
    space : dict of str to optuna distribution
        Distributions with a step are relaxed, each IntDistribution among them: below x lies the
        last value low + n·step ≤ x (an integer is its own floor), above it the next. Logarithmic
        ranges are interpolated on the plain scale, as the others are.
    drop : bool
        Leave out corners of weight 0. A point on the lattice then has one corner, itself.

    Returns
    -------
    list of Corner
        Below before above, the space's last integer turning fastest: for the paper's (h, s, λ)
        (⌊h⌋, ⌊s⌋), (⌊h⌋, ⌊s⌋ + 1), (⌊h⌋ + 1, ⌊s⌋), (⌊h⌋ + 1, ⌊s⌋ + 1). A corner outside of the
        bounds is one like the others; see `arch`.

    Raises
    ------
    ValueError
        If the space holds a category, or the point does not fit it (`check_point`).

    Examples
    --------
    >>> from optuna.distributions import FloatDistribution, IntDistribution
    >>> space = {"hidden": IntDistribution(20, 800), "lr": FloatDistribution(1e-4, 1)}
    >>> [corner.params["hidden"] for corner in corners({"hidden": 40.25, "lr": 0.1}, space)]
    [40, 41]
    >>> [corner.weight for corner in corners({"hidden": 40.25, "lr": 0.1}, space)]
    [0.75, 0.25]
    """
    found = stencil(point, space)
    return [corner for corner in found if corner.weight > 0] if drop else found


def stencil(point: Point, space: Space, along: Sequence[str] = ()) -> list[Corner]:
    """The corners with the weights that make their sum a derivative in the integers `along`.

    The relaxation and its derivatives are linear in the corners' values: with `along` empty this
    is the mean, with one name its partial derivative (weights of -1 and 1 over the step in that
    direction, means in all others), with two the mixed one. Order as of `corners`.

    Raises
    ------
    ValueError
        As `corners`; and if `along` names a hyperparameter twice, or one that is not relaxed.
    """
    x, distributions = check_point(point, space), numeric(space)
    names = relaxed_names(space)
    for name in along:
        if name not in names:
            raise ValueError(
                f"name must be an integer hyperparameter ({', '.join(names) or 'there is none'}), "
                f"got {name!r}"
            )
    if len(set(along)) != len(along):
        raise ValueError(f"along must name a hyperparameter once, got {', '.join(along)}")
    sides = [
        _sides(x[name], distribution, differ=name in along)
        for name, distribution in distributions.items()
    ]
    return [
        Corner(
            dict(zip(distributions, (value for value, _ in chosen), strict=True)),
            math.prod(weight for _, weight in chosen),
        )
        for chosen in product(*sides)
    ]


def _sides(x: float, distribution: Numeric, *, differ: bool) -> list[tuple[float, float]]:
    """The values below and above x with their weights; x alone if the distribution has no steps."""
    low, step = distribution.low, distribution.step
    if step is None:
        return [(x, 1.0)]
    start = low % step if isinstance(distribution, IntDistribution) else low
    position = (x - start) / step
    n = math.floor(position)
    above = position - n
    weights = (-1 / step, 1 / step) if differ else (1 - above, above)
    return [(_rung(distribution, start, n + k), weights[k]) for k in (0, 1)]


def _rung(distribution: Numeric, start: float, n: int) -> float:
    """Step n of a distribution; its last one to the bit, where fractions add up to a bit more."""
    value, step = start + n * (distribution.step or 1), distribution.step or 1
    return distribution.high if abs(value - distribution.high) < 1e-9 * step else value


def arch(params: Point, bounds: Bounds, target: Target = "paper") -> float | None:
    """What the objective is outside of the bounds: a bowl that slopes towards them.

    For every bound that is broken, 10⁶ + (x - middle)², added up (Procedure, "sanity checks").

    Parameters
    ----------
    params : dict of str to float
        A corner: the paper has the arches at integers as well, and a mean of them in between.
    bounds : dict of str to optuna distribution or (low, high)
        The ends count as inside. Hyperparameters without bounds are never outside.
    target : {"paper", "middle"}
        The middle of a range; "paper" takes its own for its three ranges (`MIDDLES`).

    Returns
    -------
    float or None
        None if all are inside.
    """
    if target not in ("paper", "middle"):
        raise ValueError(f"target must be 'paper' or 'middle', got {target!r}")
    broken = []
    for name, bound in bounds.items():
        low, high = _ends(name, bound)
        x = float(params[name])
        if not low <= x <= high:
            middle = (low + high) / 2
            if target == "paper":
                middle = MIDDLES.get((low, high), middle)
            broken.append(ARCH + (x - middle) * (x - middle))
    return sum(broken) if broken else None


def _ends(name: str, bound: BaseDistribution | tuple[float, float]) -> tuple[float, float]:
    if isinstance(bound, tuple):
        return bound
    distribution = numeric({name: bound})[name]
    return distribution.low, distribution.high


def value(point: Point, space: Space, values: Values) -> float:
    """The relaxation at a point: the corners' mean, weighted.

    A corner of weight 0 counts for nothing, whatever its value, and a function is not asked for
    it: on the lattice the relaxation is the objective. Any other that is NaN makes the mean NaN.

    Parameters
    ----------
    point, space
        As of `corners`.
    values : function of params, or sequence of 2ᵏ floats
        The objective at the corners; numbers stand in the order of `corners`.
    """
    return weighted(stencil(point, space), values)


def partial(point: Point, space: Space, name: str, values: Values) -> float:
    """The exact partial derivative in an integer: its difference over a step, in the mean.

    With the others held, ∂f/∂h = Σ w_s (f(⌊h⌋ + 1, s) - f(⌊h⌋, s)), the same all along the cell.
    On the lattice, where left and right differ, it is the right-hand one.

    Raises
    ------
    ValueError
        If `name` is no relaxed hyperparameter of the space.
    """
    return weighted(stencil(point, space, (name,)), values)


def mixed(point: Point, space: Space, a: str, b: str, values: Values) -> float:
    """The exact second derivative in two integers, ∂²f/∂a∂b; 0 if they are the same.

    It is a difference of differences: f(a+1, b+1) - f(a+1, b) - f(a, b+1) + f(a, b), in the mean
    over the other integers, over the product of the steps.
    """
    if a == b:
        stencil(point, space, (a,))
        return 0.0
    return weighted(stencil(point, space, (a, b)), values)


def hessian(point: Point, space: Space, values: Values) -> NDArray[np.float64]:
    """The exact second derivatives in the integers, shape (k, k), in the space's order.

    Its diagonal is 0, so it is never definite: for two integers it is [[0, b], [b, 0]], a saddle.
    """
    names = relaxed_names(space)
    known = [float(values(c.params)) for c in corners(point, space)] if callable(values) else values
    found = np.zeros((len(names), len(names)))
    for i, a in enumerate(names):
        for j, b in enumerate(names[:i]):
            found[i, j] = found[j, i] = mixed(point, space, a, b, known)
    return found


def weighted(found: Sequence[Corner], values: Values) -> float:
    """The corners' values, weighted and added up; those of weight 0 are not looked at.

    Raises
    ------
    ValueError
        If numbers are given, and not one for each corner.
    """
    if callable(values):
        return sum((c.weight * float(values(c.params)) for c in found if c.weight != 0), 0.0)
    if len(values) != len(found):
        raise ValueError(f"values must be {len(found)}, one a corner, got {len(values)}")
    pairs = zip(found, values, strict=True)
    return sum((c.weight * float(v) for c, v in pairs if c.weight != 0), 0.0)

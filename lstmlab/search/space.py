"""A space of hyperparameters, a dict of Optuna's distributions, and ways from [0, 1] into it."""

import math
from collections.abc import Mapping
from typing import TypeAlias

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

Space: TypeAlias = Mapping[str, BaseDistribution]
Value: TypeAlias = float | int | str | bool | None
Params: TypeAlias = dict[str, Value]
Numeric: TypeAlias = FloatDistribution | IntDistribution

OURS = ("number", "value", "seconds", "seed", "state", "reason")
"""Columns of every table: the trial's number in the order in which they were asked for, what the
objective returned, wall-clock seconds, the objective's seed, "complete" or "failed", and why."""


def check_space(space: object) -> dict[str, BaseDistribution]:
    """A space as a dict of its own.

    Raises
    ------
    TypeError
        If it is no mapping of names to Optuna distributions.
    ValueError
        If it is empty; a name names no column, or one that every table of trials has (`OURS`); an
        end is not finite; or a category has a choice that no file gives back: other than None, a
        truth value, a finite number or a word.
    """
    if not isinstance(space, Mapping):
        raise TypeError(
            "space must be a dict such as {'lr': FloatDistribution(1e-6, 1e-2, log=True)}, "
            f"got {type(space).__name__}"
        )
    known = FloatDistribution | IntDistribution | CategoricalDistribution
    for name, distribution in space.items():
        if not isinstance(name, str) or not isinstance(distribution, known):
            raise TypeError(
                "space must map names to Optuna's Float-, Int- or CategoricalDistribution, "
                f"got {name!r}: {distribution!r}"
            )
        if not name or not name.isprintable():
            raise ValueError(f"space must not name a hyperparameter {name!r}: it names no column")
        if name in OURS:
            raise ValueError(
                f"space must not name a hyperparameter {name!r}: that column is taken "
                f"({', '.join(OURS)})"
            )
        if isinstance(distribution, CategoricalDistribution):
            _check_choices(name, distribution)
        elif not math.isfinite(distribution.high - distribution.low):
            raise ValueError(
                f"space must have finite ends, got {distribution.low} and {distribution.high} "
                f"for {name!r}"
            )
    if not space:
        raise ValueError("space must hold 1 hyperparameter or more, got none")
    return dict(space)


def _check_choices(name: str, distribution: CategoricalDistribution) -> None:
    for choice in distribution.choices:
        plain = choice is None or isinstance(choice, bool | int | str)
        if not plain and not (isinstance(choice, float) and math.isfinite(choice)):
            raise ValueError(
                f"space[{name!r}] must have choices that are None, truth values, finite numbers "
                f"or words, got {choice!r}"
            )


def settle(space: Space, params: Mapping[str, Value]) -> Params:
    """What a searcher proposes, in the order of the space and as every storage gives it back.

    Raises
    ------
    ValueError
        If it names other hyperparameters than the space, or a value that the space does not hold.
    """
    if set(params) != set(space):
        raise ValueError(f"searcher must propose {', '.join(space)}, got {', '.join(params)}")
    return {
        name: held(f"the searcher's {name!r}", distribution, params[name])
        for name, distribution in space.items()
    }


def held(what: str, distribution: BaseDistribution, value: Value) -> Value:
    """A value as the distribution holds it; ValueError, which calls it `what`, if it does not."""
    try:
        internal = distribution.to_internal_repr(value)
        if distribution._contains(internal):
            found: Value = distribution.to_external_repr(internal)
            return found
    except (ValueError, TypeError):
        pass
    raise ValueError(f"{what} must lie in {distribution}, got {value!r}")


def uncelled(distribution: BaseDistribution, cell: Value) -> Value:
    """What stands for a hyperparameter in a cell of a table, empty ones as None or NaN.

    A column of several kinds holds its choices as words, and None as an empty cell.
    """
    if isinstance(distribution, CategoricalDistribution) and cell not in distribution.choices:
        empty = cell is None or cell != cell
        for choice in distribution.choices:
            if (empty and choice is None) or (not empty and str(choice) == str(cell)):
                return choice
    return cell


def draw(distribution: BaseDistribution, u: float) -> Value:
    """The value below which a share u of the distribution lies: for u uniform on [0, 1), a draw.

    On a log scale equal factors are equally likely. Whole numbers, steps and categories are
    cells of equal width on their scale; of a whole number on a log scale, the cell k - ½ to k + ½.
    """
    if isinstance(distribution, CategoricalDistribution):
        choices = distribution.choices
        return choices[min(int(u * len(choices)), len(choices) - 1)]
    if isinstance(distribution, FloatDistribution) and distribution.step is None:
        return place(distribution, u)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    low, high, step = distribution.low, distribution.high, distribution.step or 1
    if distribution.log:
        return _near(distribution, _between(low - 0.5, high + 0.5, u, log=True))
    return _near(distribution, _between(low - step / 2, high + step / 2, u, log=False))


def place(distribution: Numeric, u: float) -> float | int:
    """The value at u on the scale from low (u = 0) to high (u = 1), as near as steps allow."""
    value = _between(distribution.low, distribution.high, u, log=distribution.log)
    return _near(distribution, value)


def _between(low: float, high: float, u: float, log: bool) -> float:
    if u <= 0 or u >= 1:  # to the bit, where exp(log(low)) may be off
        return low if u <= 0 else high
    if log:
        return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    return low + u * (high - low)


def _near(distribution: Numeric, value: float) -> float | int:
    """The nearest value that the distribution holds."""
    low, high, step = distribution.low, distribution.high, distribution.step
    if step is not None:
        last = round((high - low) / step)
        steps = min(max(round((value - low) / step), 0), last)
        value = high if steps == last else low + steps * step
    value = min(max(value, low), high)
    return int(value) if isinstance(distribution, IntDistribution) else float(value)

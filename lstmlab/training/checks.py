"""What recipes, networks and ways of training refuse in the same words."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from lstmlab.cells import Params
from lstmlab.cells.params import check_array
from lstmlab.tasks.generated import check_whole


def above_0(x: float) -> bool:
    """Whether a number is finite and above 0."""
    return 0 < x < math.inf


def from_0(x: float) -> bool:
    """Whether a number is finite, and 0 or more."""
    return 0 <= x < math.inf


def check_number(name: str, value: float, right: Callable[[float], bool], what: str) -> float:
    """Refuse anything but a number that is right; return it as a float."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not right(value):
        raise ValueError(f"{name} must be {what}, got {value!r}")
    return float(value)


def check_one_of(name: str, value: object, known: Collection[str]) -> None:
    """Refuse anything but a known name, saying which there are."""
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")


def settle_wholes(recipe: object, *names: str, least: int = 1) -> None:
    """Refuse fields of a recipe that are no whole numbers; make what is there Python's own."""
    for name in names:
        object.__setattr__(recipe, name, check_whole(name, getattr(recipe, name), least))


def settle_numbers(
    recipe: object, *names: str, right: Callable[[float], bool], what: str
) -> None:
    """Refuse fields of a recipe that are no such numbers; make what is there Python's own."""
    for name in names:  # a NumPy scalar would promote float32
        object.__setattr__(recipe, name, check_number(name, getattr(recipe, name), right, what))


def check_kinds(**given: tuple[object, type]) -> None:
    """Refuse an argument that is of another kind: each comes with the kind it must be."""
    for name, (value, kind) in given.items():
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be a {kind.__name__}, got {type(value).__name__}")


def check_seed(seed: int) -> int:
    """Refuse anything but a whole number, 0 or more; return it as an int."""
    return check_whole("seed", seed, least=0)


def check_agree(network: object, task: object, *names: str) -> None:
    """Refuse a network that differs from its task in one of these."""
    for name in names:
        ours, theirs = getattr(network, name), getattr(task, name)
        if ours != theirs:
            raise ValueError(f"network.{name} must be the task's, {theirs!r}, got {ours!r}")


def check_weights(
    params: Params, shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype[Any] | None, of: str
) -> None:
    """Refuse weights of other names or shapes, or of a dtype other than this, or else W_y's."""
    if not isinstance(params, dict):
        raise TypeError(
            f"params must be a dict of arrays, such as run.params, got {type(params).__name__}"
        )
    missing, extra = shapes.keys() - params.keys(), params.keys() - shapes.keys()
    if missing or extra:
        raise ValueError(
            f"params do not fit the {of}: missing {sorted(missing) or 'nothing'}, "
            f"not expected {sorted(extra) or 'nothing'}"
        )
    for name, shape in shapes.items():
        check_array(f"params[{name!r}]", params[name], shape, dtype or params["W_y"].dtype)

"""One trial, evaluated: whatever the objective does, something that can be stored comes back."""

import json
import math
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Real
from pathlib import Path
from typing import TypeAlias

import cloudpickle
import numpy as np

from lstmlab.search.space import Params

Plain: TypeAlias = float | int | str | bool | list["Plain"] | dict[str, "Plain"] | None
Answer: TypeAlias = float | Mapping[str, object]
Objective: TypeAlias = Callable[[Params, int], Answer]

RESERVED = ("number", "seed", "state", "reason")


@dataclass(frozen=True)
class Outcome:
    """What became of a trial.

    Attributes
    ----------
    value : float, optional
        What the objective returned, finite; None if the trial failed.
    reason : str, optional
        Why it failed; None if it did not.
    kept : dict
        What else the objective returned.
    began, seconds : float
        When it began, in seconds since 1970, and how long it took.
    """

    value: float | None
    reason: str | None = None
    kept: dict[str, Plain] = field(default_factory=dict)
    began: float = 0.0
    seconds: float = 0.0


def evaluate(objective: Objective, params: Params, seed: int, attempt: int = 0) -> Outcome:
    """Call the objective; an exception, NaN or infinity is a failed trial, with its reason.

    The number of the attempt changes nothing; without it an executor that keeps what equal calls
    came to, as Dask's does, takes a second attempt for the first.
    """
    began, clock = time.time(), time.perf_counter()
    try:
        value, reason, kept = _judge(objective(dict(params), seed), params)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() too
        value, reason, kept = None, _describe(error), {}
    return Outcome(value, reason, kept, began, time.perf_counter() - clock)


def evaluate_pickled(objective: bytes, params: Params, seed: int, attempt: int = 0) -> Outcome:
    """The same in another process, where the objective arrives as cloudpickle packed it."""
    return evaluate(_unpacked(objective), params, seed, attempt)


@lru_cache(maxsize=4)
def _unpacked(objective: bytes) -> Objective:
    unpacked: Objective = cloudpickle.loads(objective)
    return unpacked


def _judge(
    answer: object, params: Params
) -> tuple[float | None, str | None, dict[str, Plain]]:
    """The value, why it is none, and the rest of an objective's answer."""
    kept: dict[str, Plain] = {}
    if isinstance(answer, Mapping):
        rest = dict(answer)
        answer = rest.pop("value", None)
        for name in rest:
            if not isinstance(name, str) or not name or not name.isprintable():
                raise ValueError(f"the objective must not return {name!r}: it names no column")
            if name in RESERVED or name in params:
                raise ValueError(
                    f"the objective must not return {name!r}: that column is taken "
                    f"({', '.join([*RESERVED, *params])})"
                )
        kept = {name: _plain(name, thing) for name, thing in rest.items()}
    if isinstance(answer, np.ndarray) and answer.ndim == 0:
        answer = answer.item()
    if isinstance(answer, bool | np.bool_) or not isinstance(answer, Real):
        raise TypeError(
            "the objective must return a number, or a dict with a number as its 'value', "
            f"got {answer!r}"
        )
    value = float(answer)
    if not math.isfinite(value):
        return None, f"the value is {value}", kept
    return value, None, kept


def _plain(name: str, thing: object) -> Plain:
    """A thing as JSON keeps it; TypeError if JSON cannot."""
    if isinstance(thing, np.generic | np.ndarray):
        thing = thing.tolist()
    try:
        plain: Plain = json.loads(json.dumps(thing, ensure_ascii=False).encode())
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"the objective must return numbers, words, lists or dicts, got {thing!r:.80} "
            f"as {name!r}"
        ) from error
    return plain


def _describe(error: BaseException) -> str:
    """An exception in a line: its kind, what it says, and where it was raised."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__
    ]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    try:
        says = str(error)[:500].encode("utf-8", "backslashreplace").decode()
    except Exception:
        says = "which cannot say what it is"
    return f"{type(error).__name__}: {says}" + where

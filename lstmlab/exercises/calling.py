"""Call what a reader wrote: with copies, and with every mishap turned into a kind word."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, CoroutineType, FunctionType

from lstmlab.exercises.feedback import UNWRITTEN, Wrong
from lstmlab.exercises.reading import Given, describe, is_a, line_of, plain, raised

SHOWN: tuple[type, ...] = (bool, int, float, str)  # arguments that a sentence shows as they are


@dataclass(frozen=True, eq=False, repr=False)
class Function:
    """A reader's function, its name, and what its parameters stand for."""

    value: Callable[..., object]
    name: str
    parameters: tuple[str, ...]


def function(answer: object, *parameters: str) -> Function:
    """Check that an answer is a function of these parameters, named as the exercise names them.

    Raises
    ------
    Wrong
        "form" if it is not a function, "signature" if it takes another number of arguments.
    """
    if not callable(answer) or is_a(answer, type):
        raise Wrong(
            "form",
            f"Your answer is {describe(answer)}, and a function is wanted.",
            hint="Give the name of your function alone, without brackets after it.",
        )
    found = Function(answer, _name(answer), parameters)
    if not _takes(answer, len(parameters)):
        wanted = f"({', '.join(parameters)})"
        raise Wrong(
            "signature",
            f"`{found.name}` cannot be called as `{found.name}{wanted}`.",
            hint="Keep the line with `def` that the exercise gives.",
        )
    return found


def call(f: Function, *arguments: object) -> Given:
    """What `f` returns for copies of `arguments`, to be read by `number`, `array` and the like.

    What it prints stays; what it warns of is kept and mentioned only where the result is not
    finite.

    Raises
    ------
    Wrong
        UNWRITTEN for a NotImplementedError, "raises" for anything else that it raises.
    """
    said = f"`{f.name}({', '.join(_brief(f, n, a) for n, a in enumerate(arguments))})`"
    copies = copy.deepcopy(arguments)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = f.value(*copies)
            if is_a(value, CoroutineType):
                value.close()  # or Python warns that nobody waited for it
        except KeyboardInterrupt:
            raise
        except NotImplementedError:
            raise Wrong(
                UNWRITTEN,
                f"`{f.name}` raises NotImplementedError.",
                hint="Write your lines in place of `raise NotImplementedError`.",
            ) from None
        except BaseException as error:  # SystemExit and its like included
            line = line_of(error, _code(f.value))
            raise Wrong(
                "raises",
                f"{said} raises {raised(error)}{f', at `{line}`' if line else ''}."
                + _shapes(f, arguments),
                hint=_advice(error),
            ) from None
    return Given(value, said, str(caught[0].message) if caught else "")


def take(answer: object) -> Given:
    """An answer's value: itself, or what it returns if it is a function without arguments."""
    if is_a(answer, Given):
        return answer
    if answer is Ellipsis:
        raise Wrong(
            UNWRITTEN, "Your answer is still `...`.", hint="Write your own value in its place."
        )
    return call(function(answer)) if callable(answer) and not is_a(answer, type) else Given(answer)


def _name(value: object) -> str:
    """The name after ``def``; "your function" where there is none."""
    code = _code(value)
    return code.co_name if code is not None and code.co_name.isidentifier() else "your function"


def _code(value: object) -> CodeType | None:
    return value.__code__ if is_a(value, FunctionType) else None


def _takes(value: Callable[..., object], count: int) -> bool:
    """Whether `value` can be called with so many arguments; true where that cannot be known."""
    try:
        signature = inspect.signature(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a built-in without one, or an object that does not like the question
        return True
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def _brief(f: Function, place: int, value: object) -> str:
    """One argument of a call: a number as such, anything else by its parameter's name."""
    if is_a(plain(value), *SHOWN):
        return repr(plain(value))
    return f.parameters[place] if place < len(f.parameters) else "…"


def _shapes(f: Function, arguments: tuple[object, ...]) -> str:
    """What the arguments were that a call shows only by name."""
    shown = [
        f"{name} is {describe(value)}"
        for name, value in zip(f.parameters, arguments, strict=False)
        if not is_a(plain(value), *SHOWN)
    ]
    return f" There {', '.join(shown)}." if shown else ""


def _advice(error: BaseException) -> str:
    if is_a(error, RecursionError):
        return "Your function calls itself, or another that calls it, without an end."
    if is_a(error, SystemExit):
        return "Leave out `exit` and `quit`: they end the whole notebook."
    if is_a(error, NameError):
        return "Was the cell run that defines this name? Is it spelled as there?"
    if is_a(error, KeyError):
        return "Which names does the dict have? Print `list(…)` of it."
    return "Call your function yourself with such arguments, and print what stands on that line."

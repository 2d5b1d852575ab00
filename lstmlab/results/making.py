"""How a result is made from the command line: its options, a rate that is tuned, its record."""

import argparse
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import lstmlab
from lstmlab.cells import Params
from lstmlab.results import Row, record


def command_line(doc: str | None, *, real: str = "") -> argparse.ArgumentParser:
    """The command line of a result whose pieces are kept, to be added to and read.

    Parameters
    ----------
    doc : str
        The module's; its first line is shown.
    real : str
        What `--real` computes on; without it there is no such option.
    """
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    if real:
        parser.add_argument("--real", action="store_true", help=f"on {real}")
    parser.add_argument("--kept", type=Path, help="a file for finished pieces, to go on from")
    return parser


def tuned(
    name: str,
    rates: Sequence[float],
    score: Callable[[float], float],
    best: Callable[..., float] = min,
) -> float:
    """The learning rate of the best score, and of several the first; all scores are printed.

    Parameters
    ----------
    name : str
        Whose rate it is.
    rates : sequence of float
    score : callable
        What a rate comes to on the validation set, on a seed that is not reported.
    best : {min, max}
    """
    tried = {lr: score(lr) for lr in rates}
    print(f"{name}: {tried}", flush=True)
    return best(tried, key=lambda lr: tried[lr])


def publish(
    name: str,
    tables: Mapping[str, Sequence[Row]],
    arrays: Mapping[str, Params] | None = None,
    *,
    command: str,
    seconds: float,
    by: str,
    sources: Sequence[str],
    core: str = "one core",
) -> None:
    """Record a result of this machine and print where it comes from.

    Parameters
    ----------
    name, tables, arrays, sources
        As for `record`.
    command : str
        Module and options, such as "images --real".
    seconds : float
        What it cost.
    by : str
        What computed it, such as "compiled engine, float32".
    core : str
        On what.
    """
    made = record(
        name,
        tables,
        arrays or {},
        command=f"python -m lstmlab.results.{command}",
        seconds=round(seconds),
        machine=f"{core} ({platform.machine()}, {by})",
        sources=sources,
        version=lstmlab.__version__,
    )
    print(made)

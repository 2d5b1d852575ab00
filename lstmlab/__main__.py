"""The command line: ``lstmlab data``, or ``python -m lstmlab data``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress

import lstmlab
from lstmlab.tasks import command as data

COMMANDS = {"data": (data, "the data sets: list, fetch, verify")}
"""Name of each command: its module, with `add_arguments` and `run`, and a line about it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 if all went well, 1 with a line on stderr if not."""
    parser = argparse.ArgumentParser(
        prog="lstmlab", description="LSTMs, and the search for good ones."
    )
    parser.add_argument("--version", action="version", version=f"lstmlab {lstmlab.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, about) in COMMANDS.items():
        module.add_arguments(commands.add_parser(name, help=about, description=module.__doc__))
    options = parser.parse_args(arguments)
    try:
        _say(COMMANDS[options.command][0].run(options))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"lstmlab: {error}\n")
        return 1
    return 0


def _say(text: str) -> None:
    """Write a line to stdout, all the way; an OSError or ValueError where it cannot be written."""
    if sys.stdout is None:  # it was closed before Python began
        raise OSError("stdout is closed: there is nowhere to write to")
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):  # else Python tries again at its end, and complains once more
            sys.stdout.close()
        raise


if __name__ == "__main__":
    sys.exit(main())

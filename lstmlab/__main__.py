"""The command line: ``lstmlab data`` and ``lstmlab odyssey``, or ``python -m lstmlab``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from contextlib import suppress

import lstmlab

COMMANDS = {
    "data": ("lstmlab.tasks.command", "the data sets: list, fetch, verify"),
    "odyssey": ("lstmlab.search.command", "a random search for each variant on one task"),
}
"""Name of each command: its module, with `add_arguments` and `run`, and a line about it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 if all went well, 1 with a line on stderr if not, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="lstmlab", description="LSTMs, and the search for good ones."
    )
    parser.add_argument("--version", action="version", version=f"lstmlab {lstmlab.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (path, about) in COMMANDS.items():
        command = commands.add_parser(name, help=about)
        if name in arguments[:1]:  # what the others need is not imported
            module = importlib.import_module(path)
            command.description = module.__doc__
            module.add_arguments(command)
    options = parser.parse_args(arguments)
    try:
        _say(module.run(options))
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        sys.stderr.write(f"lstmlab: {_reason(error)}\n")
        return 1
    except KeyboardInterrupt as stopped:
        sys.stderr.write(f"lstmlab: {stopped or 'stopped'}\n")
        return 130
    return 0


def _reason(error: Exception) -> str:
    """What went wrong; where a file is closed to this user, which one, and what to do."""
    if not isinstance(error, PermissionError) or error.filename is None:
        return str(error)
    return (
        f"{error.filename} must be open to this user, got: {error.strerror}; change the "
        "permissions of the file and its folder, or move it away"
    )


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

"""Fetch data from the command line: ``python -m lstmlab.tasks fetch music``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lstmlab.tasks import available, names, store
from lstmlab.tasks.music import JSB_CHORALES
from lstmlab.tasks.store import DataFile

FILES: dict[str, DataFile] = {"music": JSB_CHORALES}


def fetch(name: str, into: str | None = None) -> str:
    """Fetch the real data of a task, unless it is there and right; say in a line where it lies."""
    record = FILES[name]
    path = None if into is not None else store.find(record)
    if path is None:
        path = store.fetch(record, into, progress=True)
    else:
        store.verify(record, path)
    return f"{record.name} ({record.size:,} bytes, checksum right): {path}"


def describe() -> str:
    """Say, a line a task, what "auto" would give and where its real data is or is looked for."""
    lines = []
    for name in names:
        path = store.find(FILES[name])
        looked = "looked for in " + ", ".join(str(folder) for folder in store.folders())
        lines.append(f"{name}: {available(name)} ({path or looked})")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 if all went well, 1 with a line on stderr if not."""
    parser = argparse.ArgumentParser(
        prog="python -m lstmlab.tasks", description="The data sets of lstmlab."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what is there, and what 'auto' would take")
    command = commands.add_parser("fetch", help="fetch the real data of a task")
    command.add_argument("name", choices=names)
    command.add_argument("--into", metavar="FOLDER", help="where to (default: the cache)")
    options = parser.parse_args(arguments)
    try:
        said = describe() if options.command == "list" else fetch(options.name, options.into)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The command `lstmlab data`: what data there is, where it lies, and whether it is right."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from lstmlab.tasks import fetching, prepared, records, store
from lstmlab.tasks.records import Record
from lstmlab.tasks.store import DownloadError, MissingDataError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command understands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="every data set, whether it is here, and what replaces it")
    fetch = actions.add_parser("fetch", help="fetch a real set and check it")
    fetch.add_argument("task", choices=list(records()), metavar="TASK")
    fetch.add_argument("--into", metavar="FOLDER", help="where to (default: the cache)")
    verify = actions.add_parser("verify", help="check the real sets that are here")
    verify.add_argument("task", nargs="*", metavar="TASK", help="all that are here unless named")
    actions.add_parser("where", help="the folders that are searched, in order")
    actions.add_parser("forget", help="remove what was kept of real sets that were read")


def run(options: argparse.Namespace) -> str:
    """Do what was asked for and say what came out.

    Raises
    ------
    ValueError, OSError
        As what is called; each is one line.
    """
    if options.action == "fetch":
        return fetch(options.task, options.into)
    if options.action == "verify":
        return verify(options.task)
    if options.action == "where":
        return "\n".join(str(folder) for folder in store.folders())
    if options.action == "forget":
        return f"{prepared.forget() / 1e6:.1f} MB removed from {prepared.folder()}"
    return describe()


def describe() -> str:
    """A block a data set: what it is, whether the real one is here, and what "auto" takes."""
    blocks = []
    for task, record in records().items():
        place = record.place()
        if not record.title:
            lines = [f"{record.what}; drawn from a seed"]
        elif place is not None:
            lines = [f"{record.title}, {record.counts}", f"here: {place}{_as_copy(record, place)}"]
        else:
            lines = [
                f"{record.title}, {record.counts}",
                f"not here; until then {record.default}",
                f"{record.how}",
            ]
        blocks.append("\n".join([task, *(f"    {line}" for line in lines)]))
    looked = "\n".join(f"    {folder}" for folder in store.folders())
    return "\n".join([*blocks, "", "Real sets are looked for in", looked])


def _as_copy(record: Record, place: Path) -> str:
    """What a file is called that is a copy of the real set, and not the set itself."""
    copied = record.copy is not None and place.name == record.copy.filename
    return f" ({record.copy.name})" if record.copy is not None and copied else ""


def fetch(task: str, into: str | None = None) -> str:
    """Fetch the real set of a task unless it is there and right; say in a line where it lies."""
    if into == "":
        raise ValueError('--into must name a folder (this one is "."), got an empty name')
    record = records()[task]
    if record.file is None:
        if not record.title:
            raise DownloadError(f"{task} is drawn from a seed: there is nothing to fetch")
        raise DownloadError(f"{record.title} cannot be fetched. {record.how}")
    path = None if into is not None else store.find(record.file)
    if path is None:
        path = fetching.fetch(record.file, into, progress=True)
    else:
        store.verify(record.file, path)
    return f"{record.title} ({record.file.size:,} bytes, checksum right): {path}"


def verify(tasks: Sequence[str]) -> str:
    """Check real sets: those of some tasks, or all that are here; a line each.

    Raises
    ------
    ValueError
        If there is no such task, or a set is not what was published.
    MissingDataError
        If a named one is not here.
    """
    known = records()
    for task in tasks:
        if task not in known:
            raise ValueError(f"TASK must be one of {', '.join(known)}, got {task!r}")
    lines = []
    for task in tasks or known:
        record = known[task]
        place = record.place()
        if place is not None and record.verify is not None:
            lines.append(f"{task}: {record.verify(place)} ({place})")
        elif tasks and not record.title:
            lines.append(f"{task}: drawn from a seed, nothing to verify")
        elif tasks:
            raise MissingDataError(f"{record.title} is not here. {record.how}")
    return "\n".join(lines) or "no real set is here; `lstmlab data` says how to get them"

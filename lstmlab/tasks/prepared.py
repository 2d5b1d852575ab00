"""What was read from a real set, kept beside the fetched files, so that it is read once.

An entry (`lstmlab.tasks.entries`) is known by its kind and its source. One whose source has changed
is made anew; so is one that is damaged, which is said.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from lstmlab.tasks import entries, store
from lstmlab.tasks.entries import Arrays, Damaged, Entry
from lstmlab.tasks.fetching import STALE

SUFFIX = ".arrays"
KIND = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TEMPORARY = re.compile(r"\..*\.[0-9a-f]{12}\.part")


def prepared(
    source: str | Path,
    kind: str,
    make: Callable[[], Arrays],
    *,
    version: int = 1,
    parts: Sequence[str] = (".",),
) -> dict[str, NDArray[Any]]:
    """Give what `make` makes of a source, from the cache if it was made before.

    Parameters
    ----------
    source : str or Path
        The file or folder that is read. A file is the same as before if its size, times and place
        on the disk are, or else its sha256; a folder, if the files in its parts have the same
        names, sizes and times.
    kind : str
        What is made of it, in small letters, digits and hyphens, such as "images".
    make : callable
        Reads the source and gives arrays of numbers, truth values or text, by their names. What it
        raises is raised here.
    version : int
        Which way it is made: an entry of another version is made anew.
    parts : sequence of str
        The files and folders in a source folder that `make` reads: what changes beside them does
        not count. They may be links, which are followed; links to folders below them are not, so
        `make` has to refuse those.

    Returns
    -------
    dict of str to ndarray
        The same arrays either way. What comes from the cache has been checked against its
        checksum, and shares one block of memory.

    Raises
    ------
    ValueError
        If `kind` is spelt otherwise, or an array holds objects.

    Warns
    -----
    RuntimeWarning
        If an entry is damaged (it is made anew), or cannot be written. Neither changes the result.
    """
    if not KIND.fullmatch(kind):
        raise ValueError(f"kind must be small letters, digits and hyphens, got {kind!r}")
    source = Path(source).absolute()
    marks = _marks(source, parts)
    facts = {"kind": kind, "version": version, "source": str(source), "marks": marks}
    try:
        entry = _entry(source, kind)
    except (OSError, RuntimeError) as error:  # there may be no home
        _warn(f"what {source.name} holds is not kept: there is no cache ({error})")
        return dict(make())
    kept, digest = _kept(entry, facts)
    if kept is not None and not digest:
        return kept
    facts["sha256"] = _sha256(source) if source.is_file() else ""
    found = kept if kept is not None and digest == facts["sha256"] else dict(make())
    for name, array in found.items():
        if not entries.PLAIN.fullmatch(array.dtype.str):
            raise ValueError(f"{name} must hold numbers or text, got {array.dtype}")
    if _marks(source, parts) == marks:  # else it has changed while it was read
        try:
            _tidy(entry)
            entries.write(entry, facts, found)
        except OSError as error:
            _warn(f"what {source.name} holds is not kept: cannot write to {entry.parent} ({error})")
    return found


def folder() -> Path:
    """Give the folder where the entries lie (it may not exist yet)."""
    return store.cache_folder() / "prepared"


def forget() -> int:
    """Remove every entry and say how many bytes they took; an OSError if that is not allowed."""
    try:
        with os.scandir(folder()) as listed:  # unlike glob, it says where it may not look
            found = [Path(entry.path) for entry in listed]
    except FileNotFoundError:
        return 0
    freed = 0
    for path in found:
        if path.name.endswith(SUFFIX) or TEMPORARY.fullmatch(path.name):
            with suppress(FileNotFoundError):  # another process may be faster
                freed += path.stat().st_size
                path.unlink()
    return freed


def _entry(source: Path, kind: str) -> Path:
    """Where the entry lies: one place for a kind and a source, so that none is kept twice."""
    place = hashlib.sha256(os.fsencode(source)).hexdigest()
    return folder() / f"{kind}.{place[:24]}{SUFFIX}"


def _kept(entry: Path, facts: dict[str, Any]) -> tuple[dict[str, NDArray[Any]] | None, str]:
    """Read an entry.

    Returns
    -------
    arrays : dict, or None
        None if there is none, or it was made of another source or another way, or is damaged.
    digest : str
        Empty if the source is the same. Else the sha256 that the file had, which may still be the
        same.
    """
    try:
        with Entry(entry) as opened:
            said = opened.facts
            if any(said.get(key) != facts[key] for key in ("kind", "version", "source")):
                return None, ""
            if said.get("marks") == facts["marks"]:
                return opened.arrays(), ""
            digest = str(said.get("sha256", ""))
            return (opened.arrays(), digest) if digest else (None, "")
    except FileNotFoundError:
        pass
    except (Damaged, OSError) as error:
        _warn(f"{entry} is not what was kept there: {error}; it is made anew", above=1)
    return None, ""


def _marks(source: Path, parts: Sequence[str]) -> list[Any]:
    """What tells, without reading it, that a file or folder is the same as before."""
    if not source.is_dir():
        found = source.stat()
        return [*_times(found), found.st_ino, found.st_dev]
    digest = hashlib.sha256()
    for name in chain.from_iterable(_within(source, part) for part in parts):
        digest.update(os.fsencode(name) + b"\0")
        with suppress(FileNotFoundError):  # a link that leads nowhere is a name alone
            times = _times(os.stat(f"{source}/{name}"))  # noqa: PTH116 - there may be 50,000
            digest.update(repr(times).encode())
    return [digest.hexdigest()]


def _times(found: os.stat_result) -> tuple[int, int, int]:
    """Size and times; the second time changes with the contents, whatever the first is set to."""
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _within(source: Path, part: str) -> Iterator[str]:
    """A part of a folder: every file in it, or its own name if it is none, or a file."""
    return _walk(str(source), f"{part}/") if (source / part).is_dir() else iter((part,))


def _walk(top: str, below: str) -> Iterator[str]:
    """Every file in a folder, in the order of names; links to folders are not followed."""
    with os.scandir(f"{top}/{below}") as listed:
        found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in listed)
    for name, is_folder in found:
        if is_folder:
            yield from _walk(top, f"{below}{name}/")
        else:
            yield f"{below}{name}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tidy(wanted: Path) -> None:
    """Remove what killed writers left, and entries whose source is gone; `wanted` stays."""
    for part in _temporary():
        with suppress(OSError):  # another process may be faster
            if time.time() - part.stat().st_mtime > STALE:
                part.unlink()
    for path in folder().glob(f"*{SUFFIX}"):
        with suppress(OSError, Damaged):
            with Entry(path) as entry:
                source = entry.facts.get("source")
            if path != wanted and source and not Path(str(source)).exists():
                path.unlink()


def _temporary() -> list[Path]:
    return [path for path in folder().glob(".*.part") if TEMPORARY.fullmatch(path.name)]


def _warn(message: str, above: int = 0) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=3 + above)

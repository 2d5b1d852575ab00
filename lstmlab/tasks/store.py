"""Where data files lie, how they are fetched, and how they are known to be the right ones.

A data file is looked for in `root`, then in the folder the environment variable `LSTMLAB_DATA`
names, then in the cache. No file is used, and none is put in its place, before its sha256 is
right; and a file that was there before is never deleted or overwritten, but for what a killed
fetch left behind.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

ENVIRONMENT = "LSTMLAB_DATA"
CHUNK = 1 << 16
TIMEOUT = 30.0  # seconds without an answer
STALE = (
    3600.0  # seconds after which a temporary file that nobody has written to is no longer in use
)


@dataclass(frozen=True)
class DataFile:
    """What is known about one published file.

    Parameters
    ----------
    name : str
        The data set's name, as people say it.
    filename : str
        What the file is called on disk.
    url : str
        Where it is published; empty for a file that ships with the package.
    sha256 : str
        Its checksum, 64 hexadecimal digits.
    size : int
        Its size in bytes.
    licence : str
        What its publisher says about using it.
    """

    name: str
    filename: str
    url: str
    sha256: str
    size: int
    licence: str


class DataError(ValueError):
    """A data file is not what it should be."""


class MissingDataError(FileNotFoundError):
    """A data file is in none of the places where it is looked for."""


class DownloadError(OSError):
    """A data file could not be fetched."""


def cache_folder() -> Path:
    """Give the folder where fetched files lie (it may not exist yet)."""
    from platformdirs import user_cache_path

    return user_cache_path("lstmlab", appauthor=False)


def folders(root: str | Path | None = None) -> list[Path]:
    """List the folders that are searched, in order: `root`, `$LSTMLAB_DATA`, the cache.

    Raises
    ------
    ValueError
        If `$LSTMLAB_DATA` is set and names no folder.
    """
    places = [Path(root)] if root is not None else []
    if named := os.environ.get(ENVIRONMENT):
        if not Path(named).is_dir():
            raise ValueError(f"${ENVIRONMENT} must name a folder that exists, got {named!r}")
        places.append(Path(named))
    return [*places, cache_folder()]


def find(record: DataFile, root: str | Path | None = None) -> Path | None:
    """Find a file by its name. It is not opened, so it may still be a wrong one.

    Parameters
    ----------
    record : DataFile
        What to look for.
    root : str or Path, optional
        A folder to search first, or the file itself, whatever it is called.

    Returns
    -------
    Path or None
        None if it is in none of `folders`.

    Raises
    ------
    MissingDataError
        If `root` is given and there is nothing of that name.
    ValueError
        If `$LSTMLAB_DATA` is set and names no folder.
    """
    if root is not None:
        if Path(root).is_file():
            return Path(root)
        if not Path(root).is_dir():
            raise MissingDataError(
                f"root must be a folder or the file {record.filename}, got {root}, "
                "which is not there"
            )
    for folder in folders(root):
        if (folder / record.filename).is_file():
            return folder / record.filename
    return None


def missing(record: DataFile, how: str, root: str | Path | None = None) -> MissingDataError:
    """Make the error for a file that is nowhere: where it was looked for, and `how` to get it."""
    places = ", ".join(str(folder) for folder in folders(root))
    return MissingDataError(
        f"{record.name}: {record.filename} is in none of {places}. {how}, or put {record.url} there"
    )


def mismatch(record: DataFile, path: Path, sha256: str, size: int) -> DataError:
    """Make the error for a file with the wrong contents."""
    return DataError(
        f"{path} is not {record.name} as published: expected sha256 {record.sha256} "
        f"({record.size} bytes), found {sha256} ({size} bytes). "
        "It was left as it is; move it away to have it fetched again"
    )


def verify(record: DataFile, path: Path) -> None:
    """Check a file's size and sha256 without holding it in memory.

    Raises
    ------
    DataError
        If they are not the record's. The file is left as it is.
    """
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    if digest.hexdigest() != record.sha256:
        raise mismatch(record, path, digest.hexdigest(), size)


def fetch(record: DataFile, folder: str | Path | None = None, *, progress: bool = False) -> Path:
    """Put a published file into a folder, unless it is there already.

    It is written under a temporary name beside its place, hashed on the way, and renamed when all
    of it is there and right: a broken transfer leaves nothing behind. What a killed process left
    under such a name is removed by the next fetch once it is an hour old.

    Parameters
    ----------
    record : DataFile
        What to fetch.
    folder : str or Path, optional
        Where to; the cache if left out. It is made if need be.
    progress : bool
        Whether a progress bar is drawn, on stderr.

    Returns
    -------
    Path
        Where the file lies.

    Raises
    ------
    DataError
        If another file of that name is there already, or what was sent is not the right file.
    DownloadError
        If the network refuses or breaks off, or the folder cannot be written to.
    """
    target = Path(folder if folder is not None else cache_folder()) / record.filename
    _remove_stale(target)
    if target.is_file():
        verify(record, target)
        return target
    if not record.url.startswith(("https://", "http://")):
        raise DownloadError(
            f"{record.name}: url must be a web address (https://…), got {record.url!r}"
        )
    part = target.with_name(f".{record.filename}.{secrets.token_hex(6)}.part")
    disk = partial(_as_error, f"{record.name}: cannot write to {target.parent}")
    network = partial(
        _as_error,
        f"{record.name}: {record.url} could not be fetched; if you can get it another way, "
        f"put it into {target.parent} or a folder that {ENVIRONMENT} names",
    )
    with network():
        request = urllib.request.Request(record.url, headers={"User-Agent": "lstmlab"})
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    try:
        with response, disk():
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("xb") as file, _bar(record, progress) as advance:
                digest, size = hashlib.sha256(), 0
                while size <= record.size:
                    with network():
                        chunk = response.read(CHUNK)
                    if not chunk:
                        break
                    digest.update(chunk)
                    size += file.write(chunk)
                    advance(len(chunk))
                file.flush()
                os.fsync(file.fileno())
        if size < record.size:
            raise DownloadError(
                f"{record.name}: {record.url} broke off after {size} of {record.size} bytes; "
                "nothing was kept"
            )
        if digest.hexdigest() != record.sha256:
            raise DataError(
                f"{record.name}: {record.url} sent another file: expected sha256 {record.sha256} "
                f"({record.size} bytes), found {digest.hexdigest()} "
                f"({size} bytes{' or more' if size > record.size else ''}); nothing was kept"
            )
        with disk():
            part.replace(target)
            _sync_folder(target.parent)
    finally:
        if part.is_file():
            part.unlink()
    return target


@contextmanager
def _as_error(what: str) -> Iterator[None]:
    """Turn a failure of network or disk into a one-line `DownloadError`."""
    try:
        yield
    except DownloadError:
        raise
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DownloadError(f"{what} ({reason})") from error


@contextmanager
def _bar(record: DataFile, progress: bool) -> Iterator[Callable[[int], object]]:
    """Draw a progress bar in bytes, or none; yield what moves it on."""
    if not progress:
        yield lambda count: None
        return
    from tqdm import tqdm

    with tqdm(total=record.size, unit="B", unit_scale=True, desc=record.name) as bar:
        yield bar.update


def _remove_stale(target: Path) -> None:
    """Remove the temporary files of fetches of `target` that were killed."""
    name = re.compile(re.escape(f".{target.name}.") + r"[0-9a-f]{12}\.part")
    parts = target.parent.iterdir() if target.parent.is_dir() else ()
    for part in parts:
        # Another process may remove it first; on some systems a file in use cannot be removed.
        with suppress(OSError):
            if name.fullmatch(part.name) and time.time() - part.stat().st_mtime > STALE:
                part.unlink()


def _sync_folder(folder: Path) -> None:
    """Have the rename itself written to disk, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

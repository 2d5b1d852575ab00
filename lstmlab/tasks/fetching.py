"""How data files are fetched: whole and right, or not at all; and what broke off goes on.

No file is put in its place before its sha256 is right, and a file that was there before is never
deleted or overwritten. What a transfer that broke off has brought so far waits, under a name that
begins with a dot, for the next one.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError

from lstmlab.tasks.store import (
    CHUNK,
    ENVIRONMENT,
    DataError,
    DataFile,
    DownloadError,
    cache_folder,
    verify,
)

TIMEOUT = 30.0  # seconds without an answer
STALE = 3600.0  # seconds after which a file that nobody has written to is no longer in use
ALL_THERE, NOTHING_MORE = 206, 416  # what a server answers to "from this byte on"


class _WrongFile(DataError):
    """What was sent is not what was published."""


def fetch(record: DataFile, folder: str | Path | None = None, *, progress: bool = False) -> Path:
    """Put a published file into a folder, unless it is there already.

    It is written under a temporary name beside its place, and gets its own when all of it is there
    and its checksum right. If the transfer breaks off, what has come is kept, and the next call
    goes on from there, where the server can do that.

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
        If something else of that name is there, before or after the transfer, or what was sent is
        not the right file.
    DownloadError
        If the network refuses or breaks off, or the folder cannot be written to.
    """
    target = Path(folder if folder is not None else cache_folder()) / record.filename
    if target.is_file():
        verify(record, target)
        return target
    if target.exists() or target.is_symlink():
        kind = "a folder" if target.is_dir() else "no file"
        raise DataError(f"{target} must be a file or not be there, got {kind}; it is left as it is")
    if not record.url.startswith(("https://", "http://")):
        raise DownloadError(
            f"{record.name}: url must be a web address (https://…), got {record.url!r}"
        )
    disk = partial(_writing, record, target.parent)
    with disk():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = _claimed(target)
    try:
        begun = part.stat().st_size > 0
        try:
            _transfer(record, part, progress)
        except _WrongFile:
            if not begun:
                raise
            part.write_bytes(b"")  # what was left was not the file's beginning
            _transfer(record, part, progress)
        with disk():
            _put(record, part, target)
            _sync_folder(target.parent)
    except _WrongFile:
        part.unlink()
        raise
    except BaseException:
        _leave(part, target)
        raise
    return target


def _put(record: DataFile, part: Path, target: Path) -> None:
    """Give a checked file its name, unless somebody else was faster: then theirs is checked."""
    try:
        os.link(part, target)  # unlike a rename, it takes no name that is in use
    except OSError:
        if not (target.exists() or target.is_symlink()):  # this disk has no links
            part.replace(target)
            return
        verify(record, target)
    part.unlink()


def _claimed(target: Path) -> Path:
    """A temporary file of our own: with what an earlier transfer left, or empty."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
    name = re.compile(re.escape(f".{target.name}.") + r"[0-9a-f]{12}\.part")
    for left in sorted(target.parent.iterdir()):
        # Another process may take or remove it first; some systems hold on to a file in use.
        with suppress(OSError):
            killed = name.fullmatch(left.name) and time.time() - left.stat().st_mtime > STALE
            if left.is_file() and not left.is_symlink() and (killed or left == _rest(target)):
                if part.exists():
                    left.unlink()
                else:
                    left.rename(part)
    part.touch()
    return part


def _leave(part: Path, target: Path) -> None:
    """Keep what has come for the next transfer, if anything has."""
    with suppress(OSError):
        if part.stat().st_size:
            part.replace(_rest(target))
        else:
            part.unlink()


def _rest(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def _transfer(record: DataFile, part: Path, progress: bool) -> None:
    """Bring the rest of a file and check all of it."""
    disk = partial(_writing, record, part.parent)
    network = partial(
        _as_error,
        f"{record.name}: {record.url} could not be fetched; if you can get it another way, "
        f"put it into {part.parent} or a folder that {ENVIRONMENT} names",
    )
    size = part.stat().st_size
    if size < record.size:
        with network():
            response = _opened(record.url, size)
        with response, disk(), part.open("r+b") as file:
            size = size if response.status == ALL_THERE else 0
            file.truncate(size)
            file.seek(size)
            with _bar(record, size, progress) as advance:
                while size <= record.size:
                    with network():
                        chunk = response.read(CHUNK)
                    if not chunk:
                        break
                    size += file.write(chunk)
                    advance(len(chunk))
            file.flush()
            os.fsync(file.fileno())
    if size < record.size:
        raise DownloadError(
            f"{record.name}: {record.url} broke off after {size} of {record.size} bytes; "
            "the next try goes on from there"
        )
    found = _sha256(part)
    if found != record.sha256:
        raise _WrongFile(
            f"{record.name}: {record.url} sent another file: expected sha256 {record.sha256} "
            f"({record.size} bytes), found {found} "
            f"({size} bytes{' or more' if size > record.size else ''}); nothing was kept"
        )


def _opened(url: str, begin: int) -> HTTPResponse:
    """An answer that begins at a byte, or at the first where the server knows no other way."""
    headers = {"User-Agent": "lstmlab"} | ({"Range": f"bytes={begin}-"} if begin else {})
    try:
        opened: HTTPResponse = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT
        )
    except HTTPError as error:
        if not begin or error.code != NOTHING_MORE:
            raise
        error.close()
        return _opened(url, 0)
    told = opened.headers.get("Content-Range", "")
    if opened.status == ALL_THERE and not told.startswith(f"bytes {begin}-"):
        opened.close()
        if not begin:
            raise HTTPException(f"it sends a part that was not asked for, {told or 'unnamed'!r}")
        return _opened(url, 0)
    return opened


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _as_error(what: str) -> Iterator[None]:
    """Turn a failure of network or disk into a one-line `DownloadError`; a `DataError` stays."""
    try:
        yield
    except (DownloadError, DataError):
        raise
    except (OSError, HTTPException, ValueError) as error:  # urllib raises a ValueError of addresses
        if isinstance(error, HTTPError):
            error.close()
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DownloadError(f"{what} ({reason})") from error


def _writing(record: DataFile, folder: Path) -> AbstractContextManager[None]:
    """Turn a failure of the disk into a `DownloadError` that says what to do."""
    return _as_error(f"{record.name}: cannot write to {folder}, choose another folder")


@contextmanager
def _bar(record: DataFile, size: int, progress: bool) -> Iterator[Callable[[int], object]]:
    """Draw a progress bar in bytes, or none; yield what moves it on."""
    if not progress:
        yield lambda count: None
        return
    from tqdm import tqdm

    with tqdm(
        total=record.size, initial=size, unit="B", unit_scale=True, desc=record.name
    ) as bar:
        yield bar.update


def _sync_folder(folder: Path) -> None:
    """Have the rename itself written to disk, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

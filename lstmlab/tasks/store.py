"""Where data files lie, and how they are known to be the right ones.

A data file is looked for in `root`, then in the folder the environment variable `LSTMLAB_DATA`
names, then in the cache. No file is used before its sha256 is right. `lstmlab.tasks.fetching` puts
files there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = "LSTMLAB_DATA"
CHUNK = 1 << 16


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


@contextmanager
def readable() -> Iterator[None]:
    """Make a DataError of a file or folder that is closed to this user; for what loads data."""
    try:
        yield
    except PermissionError as error:
        raise DataError(
            f"{error.filename} must be open to this user, got: {error.strerror}"
        ) from error


def cache_folder() -> Path:
    """Give the folder where fetched files lie (it may not exist yet)."""
    from platformdirs import user_cache_path

    return user_cache_path("lstmlab", appauthor=False)


def given(root: object) -> Path | None:
    """Check a `root` as it is passed, as `path` does; None stays None."""
    return None if root is None else path("root", root)


def path(name: str, value: object) -> Path:
    """Check a path as it is passed, and put the home folder for its "~".

    Raises
    ------
    ValueError
        If it is empty, no str or Path, or no name that a system could have.
    """
    if not isinstance(value, str | Path) or value == "":
        raise ValueError(f"{name} must be a folder or a file, as str or Path, got {value!r}")
    try:
        place = Path(value).expanduser()
        place.stat()
    except (OSError, RuntimeError, ValueError) as error:
        # Whether it is there is found out by who looks for something in it.
        if not isinstance(error, OSError) or error.errno == errno.ENAMETOOLONG:
            raise ValueError(
                f"{name} must be a path that can be looked up, got {str(value)[:60]!a}: "
                f"{error!s:.60}"
            ) from error
    return place


def absent(root: str | Path, wanted: str, *, kind: str = "file") -> MissingDataError:
    """Make the error for a `root` that is not there, or is neither a folder nor `kind`."""
    what = f"no {kind}" if Path(root).exists() else "not there"
    return MissingDataError(f"root must be {wanted}, got {root}, which is {what}")


def check_found(root: str | Path | None, wanted: str) -> None:
    """Refuse a `root` that was given where nothing was found: no default replaces it unasked.

    Parameters
    ----------
    root : str or Path, optional
        An empty folder is as good as none: nobody has put data there.
    wanted : str
        What was looked for.

    Raises
    ------
    MissingDataError
        It says what the folder holds instead.
    """
    if root is None or not (held := sorted(path.name for path in Path(root).iterdir())):
        return
    some = ", ".join(map(ascii, held[:4])) + (f" and {len(held) - 4} more" if held[4:] else "")
    raise MissingDataError(
        f"root must hold {wanted}, got {root}, which holds {some}; without root the default is used"
    )


def folders(root: str | Path | None = None) -> list[Path]:
    """List the folders that are searched, in order: `root`, `$LSTMLAB_DATA`, the cache.

    Raises
    ------
    ValueError
        If `$LSTMLAB_DATA` is set and names no folder.

    Warns
    -----
    RuntimeWarning
        If there is no home for a cache, or it is closed to this user: then it is left out.
    """
    places = [Path(root)] if root is not None else []
    if named := os.environ.get(ENVIRONMENT):
        if not Path(named).is_dir():
            raise ValueError(f"${ENVIRONMENT} must name a folder that exists, got {named!r}")
        places.append(Path(named))
    try:
        cache = cache_folder()
        with suppress(FileNotFoundError), os.scandir(f"{cache}/."):  # "." asks for entering, too
            pass
    except (OSError, RuntimeError) as error:  # there may be no home
        warnings.warn(f"the cache is not searched: {error}", RuntimeWarning, stacklevel=2)
        return places
    return [*places, cache]


def nowhere(root: str | Path | None = None) -> str:
    """Say where something was looked for in vain: "in none of" the folders."""
    places = ", ".join(str(folder) for folder in folders(root))
    return f"in none of {places}" if places else "in no folder that is searched"


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
            raise absent(root, f"a folder or the file {record.filename}")
    for folder in folders(root):
        if (folder / record.filename).is_file():
            return folder / record.filename
    return None


def missing(record: DataFile, how: str, root: str | Path | None = None) -> MissingDataError:
    """Make the error for a file that is nowhere: where it was looked for, and `how` to get it."""
    return MissingDataError(
        f"{record.name}: {record.filename} is {nowhere(root)}. {how}, or put {record.url} there"
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

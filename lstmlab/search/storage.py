"""Where a study lies: in memory, in SQLite or in a journal, whole after a kill."""

import json
import logging
import os
import signal
import sqlite3
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TypeAlias
from urllib.parse import quote, unquote

import optuna
from filelock import FileLock, Timeout
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import Study
from sqlalchemy.exc import SQLAlchemyError

from lstmlab.search.searcher import Direction

Storage: TypeAlias = str | Path | BaseStorage | Study | None

SQLITE = (".db", ".sqlite", ".sqlite3")
JOURNAL = (".journal", ".log", ".jsonl")
STALE = 1.0
"""Seconds after which the lock that a killed process left at a journal is taken away."""


@contextmanager
def opened(storage: Storage, name: str, direction: Direction) -> Iterator[Study]:
    """The study of this name, made if there is none; for as long as this lasts nobody else's.

    Raises
    ------
    ValueError
        If the file is of no known kind, is damaged, or holds the study in the other direction, or
        there is no such database.
    BlockingIOError
        If another process is running a study in the same file.
    PermissionError
        If the file or its folder must not be written to.
    """
    if isinstance(storage, Study):
        _check_direction(storage, direction)
        yield storage
        return
    if storage is None or isinstance(storage, BaseStorage):
        yield _study(storage or InMemoryStorage(), name, direction)
        return
    path, url = _locate(storage)
    if path is None:
        yield _study(_database(url), name, direction)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    for place in (path.parent, path):
        if place.exists() and not os.access(place, os.W_OK):
            raise PermissionError(f"{place} must not be written to: name another storage")
    with _locked(path):
        if url:
            _check_sqlite(path)
            yield _study(_database(url), name, direction)
        else:
            repair_journal(path)
            _remove_stale_lock(path)
            yield _study(JournalStorage(JournalFileBackend(str(path))), name, direction)


def peek(storage: str | Path, name: str) -> Study | None:
    """A study as it is now, to be read; None if there is none yet."""
    path, url = _locate(storage)
    if path is not None and not path.exists():
        return None
    if path is not None and url:
        _check_sqlite(path)
    elif path is not None:
        with suppress(BlockingIOError), _locked(path):  # a line may be half if another run writes
            repair_journal(path)
    with quiet(), suppress(KeyError):
        kept = _database(url) if url else JournalStorage(JournalFileBackend(str(path)))
        return optuna.load_study(study_name=name, storage=kept)
    return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """While this lasts nobody else runs a study in the file."""
    lock = FileLock(f"{path}.running")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BlockingIOError(
            f"{path} is being written by another run: wait for it, or name another storage"
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # while it is held: whoever waits for it sees that it is gone
            Path(lock.lock_file).unlink()
        lock.release()


def repair_journal(path: Path) -> None:
    """Take away a last line that was cut off while it was written; its trial is run again.

    Warns
    -----
    RuntimeWarning
        If there was one.

    Raises
    ------
    ValueError
        If another line is none of a journal: then the file is left as it is.
    """
    if not path.exists():
        return
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    for number, line in enumerate(data[:end].splitlines(), start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or "op_code" not in entry:
            raise ValueError(
                f"{path}, line {number} must be an entry of an Optuna journal, got {line[:40]!r}: "
                "take back a copy of the file, or name another storage"
            )
    half = data[end:].strip(b"\0")
    if data[end:]:
        if half and not half.startswith(b"{"):
            raise ValueError(f"{path} must be an Optuna journal, but ends with {half[:40]!r}")
        os.truncate(path, end)
        warnings.warn(
            f"{path} ended in the middle of a line: the cut-off line was taken away, and its trial "
            "is run again",
            RuntimeWarning,
            stacklevel=5,
        )


def _locate(storage: str | Path) -> tuple[Path | None, str]:
    """The file, if it is one, and the address of the database, if it is one."""
    text = str(storage)
    if text.startswith("sqlite:///") and ":memory:" not in text:
        return Path(unquote(text.removeprefix("sqlite:///").partition("?")[0])), text
    if "://" in text:
        return None, text
    path = Path(text).expanduser()
    if path.suffix in SQLITE:
        return path, f"sqlite:///{quote(str(path))}"
    if path.suffix in JOURNAL:
        return path, ""
    raise ValueError(
        f"storage must be the address of a database, or a file that ends in "
        f"{', '.join(SQLITE)} (SQLite) or {', '.join(JOURNAL)} (journal), got {text!r}"
    )


def _database(url: str) -> RDBStorage:
    """A database; ValueError, which leaves out its address, for that may hold a password."""
    try:
        return RDBStorage(url)
    except (ImportError, SQLAlchemyError) as error:
        raise ValueError(
            f"storage must be a database that can be opened, got one of {url.split(':')[0]!r}: "
            f"{str(error).splitlines()[0]}"
        ) from error


def _study(storage: BaseStorage, name: str, direction: Direction) -> Study:
    with quiet(), unbroken():
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            direction=direction,
            sampler=optuna.samplers.RandomSampler(),
            pruner=optuna.pruners.NopPruner(),
            load_if_exists=True,
        )
    _check_direction(study, direction)
    return study


def _check_direction(study: Study, direction: Direction) -> None:
    found = [str(found.name).lower() for found in study.directions]
    if found != [direction]:
        raise ValueError(
            f"storage must hold a study to {direction}, but {study.study_name!r} is one to "
            f"{' and '.join(found)}"
        )


@contextmanager
def unbroken() -> Iterator[None]:
    """Ctrl-C waits until something has been written to its end; a second one does not.

    Optuna's lock at a journal cannot be given back by halves: interrupted there, it raises
    something else, or stays.
    """
    answer = signal.getsignal(signal.SIGINT)
    if not callable(answer) or threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting = False

    def wait(number: int, frame: FrameType | None) -> None:
        nonlocal waiting
        if waiting:
            answer(number, frame)
        waiting = True

    signal.signal(signal.SIGINT, wait)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, answer)
        if waiting:
            answer(signal.SIGINT, None)


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna's own messages only from warnings upwards, for a while."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(level, logging.WARNING))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)


def _check_sqlite(path: Path) -> None:
    """Refuse a file that is no SQLite database, or a damaged one."""
    if not path.exists() or not path.stat().st_size:
        return
    try:
        connection = sqlite3.connect(path)
        try:
            (found,) = connection.execute("pragma quick_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found == "database is locked":
        raise BlockingIOError(f"{path} is being written by another program: wait for it")
    if found != "ok":
        raise ValueError(
            f"storage must be a SQLite file, but {path} is damaged or none ({found}): "
            "take back a copy of the file, or name another storage"
        )


def _remove_stale_lock(path: Path) -> None:
    """Take away the lock at a journal if whoever took it is not going to give it back."""
    lock = Path(f"{path}.lock")
    until = time.monotonic() + STALE
    while lock.is_symlink() or lock.exists():
        if time.monotonic() > until:
            lock.unlink(missing_ok=True)
            return
        time.sleep(STALE / 20)

"""The data: every set is loaded by name, and says where it comes from.

`load` gives a `Task`; `available` says which source "auto" would take; `names` lists what can be
loaded, and `records` what is known about it. ``lstmlab data`` says what is here and fetches more.
"""

from pathlib import Path
from typing import Protocol

from lstmlab.tasks import (
    adding,
    copying,
    handwriting,
    images,
    music,
    reber,
    reviews,
    shakespeare,
    speech,
    timing,
    translation,
)
from lstmlab.tasks.records import Record
from lstmlab.tasks.store import DataError, DownloadError, MissingDataError, given, readable
from lstmlab.tasks.task import Task

__all__ = [
    "DataError",
    "DownloadError",
    "MissingDataError",
    "Record",
    "Task",
    "available",
    "load",
    "names",
    "records",
]


class _Source(Protocol):
    """What the module of a data set provides."""

    @property
    def RECORD(self) -> Record: ...

    def load(self, source: str, root: str | Path | None, download: bool, seed: int) -> Task: ...

    def available(self, root: str | Path | None = None) -> str: ...


_TASKS: dict[str, _Source] = {
    "music": music,
    "speech": speech.SPEECH,
    "handwriting": handwriting.HANDWRITING,
    "images": images.IMAGES,
    "reviews": reviews.REVIEWS,
    "shakespeare": shakespeare,
    "translation": translation,
    "reber": reber.ONE_BY_ONE,
    "continual-reber": reber.CONTINUAL,
    "timing": timing.BEATS,
    "adding": adding.ADDING,
    "copy": copying.COPY,
}

#: The tasks that can be loaded.
names = tuple(_TASKS)


@readable()
def load(
    name: str,
    *,
    source: str = "auto",
    root: str | Path | None = None,
    download: bool = False,
    seed: int = 0,
) -> Task:
    """Load a data set by name.

    Parameters
    ----------
    name : str
        One of `names`.
    source : str
        "auto" takes the real set if it is found and the default otherwise; "generated" is the
        default, or "embedded" where it is data that a package ships (chorales, digits); the real
        set's name ("JSB Chorales") or "real" accepts nothing else. A task that has no real set
        knows "auto" and "generated" alone.
    root : str or Path, optional
        Where to look first: a folder or the file itself. After it come the folder `$LSTMLAB_DATA`
        names and the cache. A file of another name is taken as data of your own in the real set's
        format, and its source says so: "NAME (own file)"; its checksum tells the real set. Data of
        your own is, for

        - images: a folder (or an archive of it) of {train,test}/CLASS/NAME.png, or .jpg, .bmp;
        - reviews: a folder (or an archive of it) of {train,test}/{pos,neg}/ID_RATING.txt;
        - shakespeare: a text file of 200 characters or more, in UTF-8;
        - translation: a folder of {train,valid,test}.LANGUAGE for two languages, a sentence a line;
        - music, speech, handwriting: a file or a folder in the real set's form.

        "auto" does not replace a folder that holds something, and nothing of that.
    download : bool
        Whether to fetch the real set, into `root` or the cache, where it is not found.
    seed : int
        The seed of generated data, 0 or more.

    Returns
    -------
    Task

    Raises
    ------
    ValueError
        If an argument is out of range, or `$LSTMLAB_DATA` names no folder; as `DataError`, if a
        file is not what it should be, or closed to this user.
    MissingDataError
        If the real set is asked for and not found (a FileNotFoundError), or there is no `root`, or
        nothing in it that is known.
    DownloadError
        If it cannot be fetched (an OSError).
    """
    return _source(name).load(source, given(root), download, seed)


@readable()
def available(name: str, *, root: str | Path | None = None) -> str:
    """Say which source "auto" would take, without loading anything.

    A file is known by its name here, so that a broken one is still found, and refused, by `load`.

    Parameters
    ----------
    name : str
        One of `names`.
    root : str or Path, optional
        As for `load`.

    Returns
    -------
    str
        The real set's name, "NAME (own file)" for data of your own, or the default, "generated" or
        "embedded", where there is neither.
    """
    return _source(name).available(given(root))


def records() -> dict[str, Record]:
    """What is known about every data set, by the name it is loaded as."""
    return {name: source.RECORD for name, source in _TASKS.items()}


def _source(name: str) -> _Source:
    if not isinstance(name, str) or name not in _TASKS:
        raise ValueError(f"name must be one of {', '.join(names)}, got {name!r}")
    return _TASKS[name]

"""Shakespeare: predict the next character of a text (Newhouse, after the char-RNN).

The real set is a text of yours, or one of two: Tiny Shakespeare, some scenes of his plays, or
Project Gutenberg's number 100, all he wrote, from which the network of the paper learnt. The
default is a generated play (`play`). A split is one long pair (`corpus.make_task`): `windows` gives
it in pieces, and `text` makes codes readable. `ngram_nats` says what is to be beaten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import fetching, store, texts
from lstmlab.tasks.generated import check_codes, check_whole
from lstmlab.tasks.records import Place, Record
from lstmlab.tasks.shakespeare import play
from lstmlab.tasks.shakespeare.corpus import body, is_complete_works, make_task
from lstmlab.tasks.shakespeare.ngrams import ngram_nats
from lstmlab.tasks.store import DataError, DataFile, DownloadError, MissingDataError
from lstmlab.tasks.task import GENERATED, Array, Pair, Target, Task, check_request

__all__ = [
    "RECORD", "available", "codes", "load", "load_file", "load_generated", "ngram_nats", "text",
    "windows",
]  # fmt: skip

COMPLETE, TINY = "Project Gutenberg 100", "Tiny Shakespeare"
SOURCES = ("auto", GENERATED, COMPLETE, TINY, "real")

TINY_SHAKESPEARE = DataFile(
    name=TINY,
    filename="tinyshakespeare.txt",
    url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    size=1_115_394,
    licence="the text is in the public domain",
)
ANYTHING = "input.txt"  # as Tiny Shakespeare is published; it must have the right size, too
WANTED = "pg100.txt or tinyshakespeare.txt (any other text is given as a file)"
FILES = {COMPLETE: ("pg100.txt", "100-0.txt"), TINY: (TINY_SHAKESPEARE.filename, ANYTHING)}
"""What the files of the real sets are called."""


def load(source: str, root: Place, download: bool, seed: int) -> Task:
    """Load the task; `lstmlab.tasks.load` says what the parameters mean."""
    seed = check_request("shakespeare", source, SOURCES, seed)
    if source == GENERATED:
        return load_generated(seed)
    titles = (source,) if source in FILES else tuple(FILES)
    path = find(root, titles)
    if path is None and download:
        if TINY not in titles:
            raise DownloadError(f"{COMPLETE} is not fetched: its file changes. {RECORD.how}")
        path = fetching.fetch(TINY_SHAKESPEARE, root)
    if path is not None:
        return load_file(path, titles=() if source == "auto" else titles)
    if source == "auto":
        store.check_found(root, WANTED)
        return load_generated(seed)
    names = " or ".join(FILES[title][0] for title in titles)
    where = store.nowhere(root)
    raise MissingDataError(f"{' or '.join(titles)}: {names} is {where}. {RECORD.how}")


def available(root: Place = None) -> str:
    """Name the source that "auto" would take."""
    path = find(root)
    if path is None:
        store.check_found(root, WANTED)
        return GENERATED
    known = path.name != ANYTHING
    named = [title for title, names in FILES.items() if known and path.name in names]
    return named[0] if named else _read(path)[0]


def find(root: Place = None, titles: tuple[str, ...] = tuple(FILES)) -> Path | None:
    """Find a text: the file `root`, or one of the real sets' in the folders that are searched.

    Raises
    ------
    MissingDataError
        If `root` is given and there is nothing of that name.
    """
    if root is not None:
        if Path(root).is_file():
            return Path(root)
        if not Path(root).is_dir():
            raise store.absent(root, "a folder or a text file")
    for folder in store.folders(root):
        for path in (folder / name for title in titles for name in FILES[title]):
            if path.is_file() and (
                path.name != ANYTHING or path.stat().st_size == TINY_SHAKESPEARE.size
            ):
                return path
    return None


def load_generated(seed: int = 0) -> Task:
    """Write the play of a seed, and make the task of it."""
    seed = check_request("shakespeare", GENERATED, SOURCES, seed)
    return make_task(play.write(seed), GENERATED, "generated play", f" (seed {seed})", seed)


def load_file(path: Path, *, titles: tuple[str, ...] = ()) -> Task:
    """Load a text.

    Parameters
    ----------
    path : Path
        Tiny Shakespeare, known by its checksum; Project Gutenberg 100, known by its title line and
        START marker, as its file changes from time to time; or any text. A file that bears the
        name of one of the two must be that one.
    titles : tuple of str
        The real sets that are accepted; empty if any text is.

    Returns
    -------
    Task
        Its source is the real set's name, or "NAME (own file)".

    Raises
    ------
    DataError
        If the file is not what it should be.
    """
    source, plain = _read(path)
    if titles and source not in titles:
        raise DataError(
            f'{path} must be {" or ".join(titles)}, got another text; source="auto" takes it as '
            "your own"
        )
    real = " (real)" if source in FILES else ""
    return make_task(body(plain, path.name), source, source, real)


def _read(path: Path) -> tuple[str, str]:
    """The source of a file, and its text."""
    data = texts.read_bytes(path, most=texts.LONGEST)
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 == TINY_SHAKESPEARE.sha256:
        return TINY, texts.parse_text(data, path.name)
    if path.name == TINY_SHAKESPEARE.filename:
        raise store.mismatch(TINY_SHAKESPEARE, path, sha256, len(data))
    plain = texts.parse_text(data, path.name)
    if is_complete_works(plain):
        return COMPLETE, plain
    if path.name in FILES[COMPLETE]:
        raise DataError(
            f"{path} must have a line Title: The Complete Works of William Shakespeare, and after "
            "it a line *** START OF … ***, got none"
        )
    return f"{path.name} (own file)", plain


def text(task: Task, codes: Sequence[int] | Array) -> str:
    """The characters that codes of a task stand for, (T,); a ValueError names one of none."""
    known = task.labels
    return "".join(known[code] for code in check_codes("codes", codes, len(known)).tolist())


def codes(task: Task, text: str) -> NDArray[np.int32]:
    """The codes of a text, (T,); a ValueError names a character that the task does not know."""
    places = {character: code for code, character in enumerate(task.vocabulary)}
    for at, character in enumerate(text):
        if character not in places:
            raise ValueError(
                f"text must be of the task's {len(places)} characters, got {character!a} at "
                f"place {at}"
            )
    return np.array([places[character] for character in text], np.int32)


def windows(x: Array, target: Target, length: int) -> Iterator[Pair]:
    """Give a long pair in pieces, one after the other.

    Parameters
    ----------
    x, target : ndarray, (T, …)
        As in a task's split.
    length : int
        1 or more: what a piece holds; the last one holds what is left, which may be less.

    Raises
    ------
    ValueError
        If `length` is something else, or x and target differ in theirs.
    """
    size = check_whole("length", length)
    if len(x) != len(target):
        raise ValueError(f"x and target must be of one length, got {len(x)} and {len(target)}")
    return (
        (x[begin : begin + size], target[begin : begin + size]) for begin in range(0, len(x), size)
    )


def _verified(path: Path) -> str:
    store.verify(TINY_SHAKESPEARE, path)
    return f"{TINY}, checksum right"


RECORD = Record(
    task="shakespeare",
    title=TINY,
    what="predict the next character of a play",
    publisher="A. Karpathy, char-rnn; the paper read all he wrote, Project Gutenberg's number 100",
    licence=TINY_SHAKESPEARE.licence,
    sizes=(1_003_836, 55_762, 55_796),
    unit="characters",
    default="a generated play of 200,000 characters",
    differs="some 1,000 words in phrases that mean nothing, ten syllables a line; quotation marks, "
    "brackets and names follow rules without exception",
    how="`lstmlab data fetch shakespeare` fetches it (1.1 MB). Project Gutenberg's pg100.txt "
    "(gutenberg.org/ebooks/100) is taken instead where it lies in a folder that is searched, and "
    "any text of 200 characters or more that is given as root",
    file=TINY_SHAKESPEARE,
    find=lambda root: find(root, (TINY,)),
    verify=_verified,
)

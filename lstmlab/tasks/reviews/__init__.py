"""Reviews: say whether a film was liked (Poudel et al., sections III and IV).

The real set is the Large Movie Review Dataset ("IMDB"): 50,000 reviews, as texts (`imdb`) or as
Keras has them (`keras`). The default is made up (`opinions`). A review is <START> and its words, as
numbers by frequency; what is not among the most frequent words is <UNK>. 20,000 and 5,000 of the
25,000 reviews for training are used for training and validation, as in the paper.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import fetching, store
from lstmlab.tasks.generated import check_whole
from lstmlab.tasks.prepared import prepared
from lstmlab.tasks.records import Record
from lstmlab.tasks.reviews import corpus, imdb, keras, opinions
from lstmlab.tasks.reviews.words import (
    first_words,
    last_words,
    masked,
    seen,
    shortened,
    text,
)
from lstmlab.tasks.store import DataError, DataFile
from lstmlab.tasks.task import GENERATED, Task, check_request

__all__ = [
    "REVIEWS", "first_words", "last_words", "load", "load_generated", "masked", "seen", "shortened",
    "text",
]  # fmt: skip

REAL = "IMDB"
SOURCES = ("auto", GENERATED, REAL, "real")
WORDS = 5000
"""How many words are kept (Poudel et al., section III-A)."""
SIZES = (20_000, 5_000, 25_000)
GENERATED_SIZES = (2_000, 500, 1_000)
NOISE = 20
"""One made-up review in so many is labelled wrongly."""
FILES = [12_500] * 4  # in each of the four folders

LICENCE = "free for research, with a citation of Maas et al. (2011)"
ARCHIVE = DataFile(
    name=REAL,
    filename="aclImdb_v1.tar.gz",
    url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
    size=84_125_825,
    licence=LICENCE,
)
LABELLED = DataFile(
    name="IMDB (labelled half)",
    filename="aclImdb-labelled.tar.xz",
    url="",
    sha256="b718084f760da5660c7b1ddb3443b8364f9e43ba2ced5b76ff75b6fad7344e4d",
    size=19_615_640,
    licence=LICENCE,
)
NUMBERS = DataFile(
    name="IMDB as Keras has it",
    filename="imdb.npz",
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz",
    sha256="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    size=17_464_789,
    licence=LICENCE,
)
WANTED = (
    f"{ARCHIVE.filename}, {NUMBERS.filename}, or a folder with {', '.join(imdb.FOLDERS)} "
    "(reviews named ID_RATING.txt)"
)
KERAS = f"{NUMBERS.name} (real)"
"""The title of the ranks: other words, in another order and another split than the texts."""
HOW_TO_GET = (
    'Fetch it with `lstmlab data fetch reviews` or download=True, use source="generated" instead'
)


class Reviews:
    """The data set as `lstmlab.tasks.load` wants it."""

    @property
    def RECORD(self) -> Record:
        """What the command line and the data page say of it."""
        return Record(
            task="reviews",
            title=REAL,
            what="say whether a film was liked, from what was written about it",
            publisher="Maas et al. (2011), Stanford University: Large Movie Review Dataset",
            licence=LICENCE,
            sizes=SIZES,
            unit="reviews",
            default="3,500 made-up reviews",
            differs="some 325 different words where people use 100,000, 60 words a review instead "
            "of 230; one sentence decides, and 5 % of the labels are wrong on purpose",
            how="`lstmlab data fetch reviews` fetches it (84 MB). The unpacked folder aclImdb does "
            "as well, known by its numbers of files, and so does imdb.npz, as Keras has it",
            file=ARCHIVE,
            find=find,
            verify=verify,
        )

    def load(self, source: str, root: str | Path | None, download: bool, seed: int) -> Task:
        """Load it as it is; `lstmlab.tasks.load` says what the parameters mean."""
        return load(source=source, root=root, download=download, seed=seed)

    def available(self, root: str | Path | None = None) -> str:
        """Name the source that "auto" would take."""
        place = find(root)
        if place is None:
            store.check_found(root, WANTED)
            return GENERATED
        if place.is_dir():
            real = imdb.counted(place) == FILES
        else:
            real = place.name in PUBLISHED or _sha256(place) in _KNOWN
        return REAL if real else _own(place)


REVIEWS = Reviews()
PUBLISHED = {record.filename: record for record in (ARCHIVE, LABELLED, NUMBERS)}
_KNOWN = {record.sha256 for record in PUBLISHED.values()}


@store.readable()
def load(
    *,
    words: int = WORDS,
    length: int | None = None,
    source: str = "auto",
    root: str | Path | None = None,
    download: bool = False,
    seed: int = 0,
) -> Task:
    """Load the reviews.

    Parameters
    ----------
    words : int
        How many of the words that are most frequent in training are kept; the others are <UNK>.
    length : int, optional
        How many words of each review are kept: the first, <START> being one of them. All if left
        out.
    source, root, download, seed
        As for `lstmlab.tasks.load`. The split of the real set does not depend on `seed`.

    Returns
    -------
    Task
        x is int32 (T,): 0 stands for <PAD>, which is in no review, 1 for <START>, 2 for <UNK>, 3
        for the most frequent word. The target is 1 for a positive review.

    Raises
    ------
    ValueError
        As `lstmlab.tasks.load`, or if `words` or `length` is below 1.
    """
    words = check_whole("words", words)
    length = None if length is None else check_whole("length", length)
    seed = check_request("reviews", source, SOURCES, seed)
    root = store.given(root)
    place = None if source == GENERATED else find(root)
    if place is None and download and source != GENERATED:
        place = fetching.fetch(ARCHIVE, root)
    if place is not None:
        task = load_place(place, words, must_be_real=source != "auto")
    elif source in ("auto", GENERATED):
        store.check_found(None if source == GENERATED else root, WANTED)
        task = load_generated(seed, words)
    else:
        raise store.missing(ARCHIVE, HOW_TO_GET, root)
    return task if length is None else shortened(task, length)


def find(root: str | Path | None = None) -> Path | None:
    """The real set in `root`, `$LSTMLAB_DATA` or the cache, or None; `root` may be a file.

    Raises
    ------
    MissingDataError
        If `root` is given and there is nothing of that name.
    """
    if root is not None and Path(root).is_file():
        return Path(root)
    if root is not None and not Path(root).is_dir():
        raise store.absent(root, f"a folder or a file such as {ARCHIVE.filename}")
    for folder in store.folders(root):
        for name in PUBLISHED:
            if (folder / name).is_file():
                return folder / name
        if (found := imdb.find(folder)) is not None:
            return found
    return None


def load_place(place: Path, words: int = WORDS, *, must_be_real: bool = True) -> Task:
    """Load an archive, a folder or an imdb.npz.

    Parameters
    ----------
    place : Path
        The real set, or data of your own in the same form. What was read is kept in the cache.
    words : int
        As for `load`.
    must_be_real : bool
        Whether data of your own is refused. A file that bears a published name is always checked
        against its checksum.

    Returns
    -------
    Task
        Its source is "IMDB", or "NAME (own file)" or "NAME (own folder)"; its caption says where
        IMDB is as Keras has it.

    Raises
    ------
    DataError
        If something is not what it should be.
    """
    numbers = place.suffix == ".npz" and place.is_file()
    kind = "reviews-npz" if numbers else "reviews"
    arrays = prepared(place, kind, lambda: _read(place, numbers), parts=imdb.FOLDERS)
    if must_be_real and not arrays["real"]:
        counts, wanted = ("/".join(map(str, n)) for n in (arrays["sizes"].tolist(), SIZES))
        raise DataError(
            f"{place} is not {REAL} as published: it has {counts} reviews (train/valid/test), "
            f'{REAL} has {wanted}, or other bytes; source="auto" takes it as your own data'
        )
    named = keras.names(arrays, words, place) if numbers else imdb.names(arrays, words)
    if not arrays["real"]:
        return corpus.as_task(arrays, named, _own(place))
    return corpus.as_task(arrays, named, REAL, KERAS if numbers else "")


def _read(place: Path, numbers: bool) -> dict[str, NDArray[Any]]:
    """Read what lies at a place, and find out whether it is the real set."""
    if place.is_dir():
        found = imdb.read(place)
        real = imdb.counted(place) == FILES
    else:
        digest = _sha256(place)
        real = digest in _KNOWN
        if place.name in PUBLISHED and not real:
            raise store.mismatch(PUBLISHED[place.name], place, digest, place.stat().st_size)
        found = keras.read(place) if numbers else imdb.read(place)
    return found | {"real": np.array(real)}


def verify(place: Path) -> str:
    """Check the real set; a line that says so, or a DataError."""
    if place.is_file():
        store.verify(PUBLISHED.get(place.name, ARCHIVE), place)
        return f"{REAL}, checksum right"
    sizes = imdb.read(place)["sizes"].tolist()
    if imdb.counted(place) != FILES:
        counts, wanted = ("/".join(map(str, n)) for n in (sizes, SIZES))
        raise DataError(f"{place} has {counts} reviews, {REAL} has {wanted}; is it complete?")
    return f"{REAL}, known by its numbers of files, every file read"


def load_generated(seed: int = 0, words: int = WORDS) -> Task:
    """Make up the reviews of `seed`: 2,000, 500 and 1,000.

    Half of each split is positive. 5 % of the labels are the opposite of what the review says, in
    all three splits, so that nobody who reads can be right more often than 0.95.
    """
    seed = check_request("reviews", GENERATED, SOURCES, seed)
    words = check_whole("words", words)
    drawn = [review for split in range(len(GENERATED_SIZES)) for review in written(seed, split)]
    known: dict[str, int] = {}
    rows = [np.array([known.setdefault(word, len(known)) for word in said], np.int32)
            for said, _, _ in drawn]  # fmt: skip
    ends = np.cumsum(GENERATED_SIZES)
    parts = [np.arange(end - size, end, dtype=np.int32)
             for end, size in zip(ends, GENERATED_SIZES, strict=True)]  # fmt: skip
    numbers, ranked = corpus.by_frequency(rows[: GENERATED_SIZES[0]], list(known))
    labels = np.array([label for _, _, label in drawn])
    arrays = corpus.laid_out(rows, labels, parts, numbers)
    return corpus.as_task(arrays, ranked[:words], GENERATED, seed=seed)


def written(seed: int, split: int) -> list[tuple[list[str], bool, bool]]:
    """The made-up reviews of a split, 0, 1, 2: training, validation, test.

    Returns
    -------
    list of (words, truth, label)
        What the review says, whether it is positive, and whether it is said to be.
    """
    size = GENERATED_SIZES[split]
    rng = np.random.default_rng([seed, split])
    truths = rng.permutation(size) % 2 == 0
    labels = truths.copy()
    for kind in (True, False):
        places = np.flatnonzero(truths == kind)
        labels[rng.choice(places, len(places) // NOISE, replace=False)] = not kind
    return [(opinions.write(rng, bool(truth))[0], bool(truth), bool(label))
            for truth, label in zip(truths, labels, strict=True)]  # fmt: skip


def _own(place: Path) -> str:
    return f"{place.name} (own {'folder' if place.is_dir() else 'file'})"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

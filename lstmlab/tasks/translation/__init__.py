"""Translation: from one language into another, a sentence at a time (Bello et al., section 5.4).

The real set is WMT14's English and German: Europarl, Common Crawl and News Commentary for training,
newstest2013 for validation, newstest2014 as the test. It is put together by its reader, as is any
other parallel text. The default is a made-up language (`language`). `lstmlab.tasks.load` gives the
task alone; `generated`, `read_folder` and `read_files` give a `Translation`, which can also encode
text and knows the references that `bleu` compares with.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from lstmlab.tasks import store
from lstmlab.tasks.records import Place, Record
from lstmlab.tasks.store import DataError, DownloadError, MissingDataError
from lstmlab.tasks.task import GENERATED, SPLITS, Task, check_request
from lstmlab.tasks.translation import language, pairs, subwords
from lstmlab.tasks.translation.language import word_for_word
from lstmlab.tasks.translation.prepare import Translation, prepare
from lstmlab.tasks.translation.scores import Score, bleu

__all__ = [
    "RECORD", "Score", "Translation", "available", "bleu", "decode", "generated", "load",
    "read_files", "read_folder", "word_for_word",
]  # fmt: skip

REAL = "WMT14 En-De"
SOURCES = ("auto", GENERATED, REAL, "real")
SIZE, SIZE_GENERATED = 8000, 200
"""Pieces of a language, of real text and of the default."""
LONGEST = 100
"""Pieces of a sentence for training, at most."""
WANTED = "train, valid and test in two languages, such as train.en and train.de"
COVERAGE = 0.9999
"""What share of real text its characters make up that are pieces."""


def load(source: str, root: Place, download: bool, seed: int) -> Task:
    """Load the task; `lstmlab.tasks.load` says what the parameters mean."""
    seed = check_request("translation", source, SOURCES, seed)
    if source == GENERATED:
        return generated(seed).task
    folder = find(root)
    if folder is not None:
        return read_folder(folder, must_be_real=source != "auto").task
    if download:
        raise DownloadError(f"{REAL} cannot be fetched. {RECORD.how}")
    if source == "auto":
        store.check_found(root, WANTED)
        return generated(seed).task
    raise MissingDataError(f"{REAL} is {store.nowhere(root)}. {RECORD.how}")


def available(root: Place = None) -> str:
    """Name the source that "auto" would take."""
    folder = find(root)
    if folder is None:
        store.check_found(root, WANTED)
        return GENERATED
    return REAL if _named_as_real(folder) else f"{folder.name} (own folder)"


def find(root: Place = None) -> Path | None:
    """The folder with parallel text, in `root`, `$LSTMLAB_DATA` or the cache, or None.

    Raises
    ------
    MissingDataError
        If `root` is given and is no folder.
    """
    if root is not None and not Path(root).is_dir():
        raise store.absent(root, f"a folder that holds {WANTED}", kind="folder")
    found = (pairs.find(place) for place in store.folders(root))
    return next((folder for folder in found if folder is not None), None)


def generated(seed: int = 0, *, size: int = SIZE_GENERATED) -> Translation:
    """Make up 2,000 sentences for training, 200 for validation and 200 as the test.

    Parameters
    ----------
    seed : int
        0 or more.
    size : int
        How many pieces either language has, at most.
    """
    seed = check_request("translation", GENERATED, SOURCES, seed)
    splits = dict(zip(SPLITS, language.draw(seed), strict=True))
    return prepare(splits, GENERATED, size=size, longest=LONGEST, seed=seed)


def read_folder(
    folder: str | Path,
    *,
    direction: str = "",
    size: int = SIZE,
    longest: int = LONGEST,
    must_be_real: bool = False,
) -> Translation:
    """Read parallel text: for each split two files, one sentence a line.

    Parameters
    ----------
    folder : str or Path
        Holds train.LANGUAGE, valid.LANGUAGE (or dev, or newstest2013) and test.LANGUAGE (or
        newstest2014) for two languages, two letters each.
    direction : str
        Such as "de-en". If it is left out, English is translated into the other language, and of
        two others the first into the second.
    size : int
        How many pieces either language has, at most.
    longest : int
        A pair for training that has more pieces, on one side, is dropped.
    must_be_real : bool
        Whether text other than WMT14's is refused.

    Returns
    -------
    Translation
        The source of its task is "WMT14 En-De", or "NAME (own folder)". The caption says how many
        pairs were dropped.

    Raises
    ------
    ValueError
        If the direction or the size is not possible; as DataError, if a file is not what it should
        be, or two have different numbers of lines.
    """
    folder = store.path("folder", folder)
    pair = pairs.direction(folder, direction)
    read = {split: pairs.read(*pairs.files(folder, split, pair)) for split in SPLITS}
    real = pairs.is_wmt14(folder, pair, read)
    if must_be_real and not real:
        lines = "/".join(f"{read[split].lines:,}" for split in SPLITS)
        raise DataError(
            f"{folder} must have newstest2013 (3,000 lines) and newstest2014 (3,003) in en and de, "
            f'got {lines} lines in {" and ".join(pair)}; source="auto" takes it as your own data'
        )
    source = REAL if real else f"{folder.name} (own folder)"
    title = f"{source}{' (real)' if real else ''}, {pair[0]} to {pair[1]}"
    return prepare(
        {split: read[split].pairs for split in SPLITS}, source, size=size, longest=longest,
        coverage=COVERAGE, title=title, dropped=_dropped(*read.values()),
    )  # fmt: skip


def read_files(
    source: str | Path, target: str | Path, *, size: int = SIZE, longest: int = LONGEST
) -> Translation:
    """Read two files, and take the first 90 % for training, then 5 % for validation, and the rest.

    Parameters
    ----------
    source, target : str or Path
        As many lines in both.
    size, longest : int
        As for `read_folder`.

    Raises
    ------
    ValueError
        As for `read_folder`; as DataError, if there are fewer than 20 pairs, too.
    """
    source, target = store.path("source", source), store.path("target", target)
    read = pairs.read(source, target)
    count = len(read.pairs)
    if count < 20:
        raise DataError(f"{source.name} and {target.name} must have 20 pairs or more, got {count}")
    ends = (0, count * 90 // 100, count * 95 // 100, count)
    parts = [read.pairs[begin:end] for begin, end in itertools.pairwise(ends)]
    name = f"{source.name} (own file)"
    return prepare(
        dict(zip(SPLITS, parts, strict=True)), name, size=size, longest=longest, coverage=COVERAGE,
        title=name, dropped=_dropped(read),
    )  # fmt: skip


def decode(task: Task, codes: Iterable[int]) -> str:
    """The text of a translation, up to its </s>: codes are places in the task's labels.

    Raises
    ------
    ValueError
        If the task is another one, or a code stands for no piece.
    """
    if task.labels[: len(subwords.SPECIAL)] != subwords.SPECIAL:
        raise ValueError(f"task must be a translation, got {task.name}")
    return subwords.decode(task.labels, codes)


def _dropped(*read: pairs.Parallel) -> dict[str, int]:
    """How many pairs were left out, and why."""
    return {
        "blank": sum(one.blank for one in read),
        "long": sum(one.long for one in read),
        "with control characters": sum(one.odd for one in read),
    }


def _named_as_real(folder: Path) -> bool:
    names = [name for name, _ in pairs.WMT14.values()]
    return all((folder / f"{name}.{one}").is_file() for name in names for one in ("en", "de"))


def _verified(folder: Path) -> str:
    pair = pairs.direction(folder)
    read = {split: pairs.read(*pairs.files(folder, split, pair)) for split in SPLITS}
    if not pairs.is_wmt14(folder, pair, read):
        raise DataError(f"{folder} must be {REAL}, got other files, or other numbers of lines")
    counts = " / ".join(f"{len(read[split].pairs):,}" for split in SPLITS)
    return f"{REAL}, every line read: {counts} pairs"


RECORD = Record(
    task="translation",
    title=REAL,
    what="translate a sentence into another language",
    publisher="the Workshop on Statistical Machine Translation 2014 (statmt.org/wmt14); about 4.5 "
    "million pairs for training",
    licence="for research; the pages of Europarl, Common Crawl and News Commentary say what holds "
    "for each",
    sizes=(4_500_000, 3_000, 3_003),
    unit="pairs",
    default="2,400 made-up sentences with their translations into a made-up language",
    differs="some 140 words of English and half as many again in the other language, without "
    "exceptions to its grammar; every translation is exact, where newstest2014's is one of many",
    how="Put it together: europarl-v7, commoncrawl and news-commentary-v9 (de-en) of "
    "statmt.org/wmt14, joined in that order to train.en and train.de; and what `sacrebleu -t wmt13 "
    "-l en-de --echo src` prints as newstest2013.en, `--echo ref` as newstest2013.de, and those of "
    "`-t wmt14/full` as newstest2014.en and newstest2014.de. Give the folder as root, or its place "
    f'in `${store.ENVIRONMENT}`; `source="generated"` needs none',
    find=lambda root: find(root),
    verify=_verified,
)

"""Speech: name the phone in every frame of a sentence (Greff et al., section IV-A.1).

The real set is TIMIT: 3,696, 400 and 192 sentences, 61 phones. It is sold, so it is read from your
copy. The default is made-up speech (`voices`), with 31 phones, and other speakers in each split.
Either way a frame is 12 MFCC and the energy, with first and second differences (`features`), each
scaled to mean 0 and deviation 1 over the training set; its class is the phone at its middle.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import store
from lstmlab.tasks.records import Record
from lstmlab.tasks.speech import phones, timit, voices
from lstmlab.tasks.speech.features import Features, Floats
from lstmlab.tasks.store import DataError, DownloadError, MissingDataError
from lstmlab.tasks.task import SPLITS, Split, Task

REAL, GENERATED = "TIMIT", "generated"
SOURCES = ("auto", GENERATED, REAL, "real")
SIZES = ((80, 3), (20, 3), (20, 3))
"""Speakers, and sentences of each, in the default's three splits."""

GENERATED_PHONES = tuple(voices.PHONES)
"""The classes of the default, in order."""

HOW_TO_GET = (
    "TIMIT is sold by the Linguistic Data Consortium (LDC93S1). With a copy, give the folder that "
    f"holds TRAIN and TEST as root, or its place in `${store.ENVIRONMENT}`; "
    '`source="generated"` needs none'
)
Classes = NDArray[np.int64]
Sequence = tuple[Floats, Classes]


def load(source: str, root: str | Path | None, download: bool, seed: int) -> Task:
    """Load the speech task; `lstmlab.tasks.load` says what the parameters mean."""
    if source not in SOURCES:
        known = ", ".join(repr(name) for name in SOURCES)
        raise ValueError(f"source must be one of {known} for speech, got {source!r}")
    seed = operator.index(seed)
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    if source == GENERATED:
        return load_generated(seed)
    folder = find(root)
    if folder is not None:
        return load_folder(folder, must_be_real=source != "auto")
    if download:
        raise DownloadError(f"{REAL} cannot be fetched. {HOW_TO_GET}")
    if source == "auto":
        return load_generated(seed)
    places = ", ".join(str(place) for place in store.folders(root))
    raise MissingDataError(f"{REAL} is in none of {places}. {HOW_TO_GET}")


def available(root: str | Path | None = None) -> str:
    """Name the source that "auto" would take."""
    folder = find(root)
    if folder is None:
        return GENERATED
    found = timit.sentences(folder)
    sizes = tuple(len(found[split]) for split in SPLITS)
    return REAL if sizes == timit.SIZES else _own(folder)


def find(root: str | Path | None = None) -> Path | None:
    """The folder with TRAIN and TEST, in `root`, `$LSTMLAB_DATA` or the cache, or None.

    Raises
    ------
    MissingDataError
        If `root` is given and is no folder.
    """
    if root is not None and not Path(root).is_dir():
        raise MissingDataError(
            f"root must be a folder that holds TRAIN and TEST, got {root}, which is not there"
        )
    for folder in store.folders(root):
        place = timit.find(folder)
        if place is not None:
            return place
    return None


def load_folder(folder: Path, *, must_be_real: bool = True) -> Task:
    """Read TIMIT, or a set of your own in the same form.

    Parameters
    ----------
    folder : Path
        It holds TRAIN and TEST.
    must_be_real : bool
        Whether other numbers of sentences than TIMIT's are refused.

    Returns
    -------
    Task
        Its source is "TIMIT", or "NAME (own folder)".

    Raises
    ------
    DataError
        If a file is not what it should be, or there are other numbers of sentences.
    """
    found = timit.sentences(folder)
    sizes = tuple(len(found[split]) for split in SPLITS)
    if must_be_real and sizes != timit.SIZES:
        counts, wanted = ("/".join(map(str, numbers)) for numbers in (sizes, timit.SIZES))
        raise DataError(
            f"{folder} has {counts} sentences (train/valid/test), {REAL} has {wanted}; "
            'is it complete? source="auto" takes it as your own data'
        )
    of = Features()
    splits = {split: [read(sentence, of) for sentence in found[split]] for split in SPLITS}
    source = REAL if sizes == timit.SIZES else _own(folder)
    return _task(splits, source, len(phones.PHONES))


def read(sentence: timit.Sentence, of: Features) -> Sequence:
    """Features (T, 39) and classes (T,) of one sentence of TIMIT."""
    wave, rate = sentence.samples()
    if rate != of.rate:
        raise DataError(f"{sentence.wave} must have {of.rate} samples a second, got {rate}")
    try:
        x = of.of(wave)
    except ValueError as error:
        raise DataError(f"{sentence.wave}: {error}") from error
    return x, timit.labels(sentence.segments(), of.middles(len(x)))


def load_generated(seed: int = 0) -> Task:
    """Make up the sentences of `seed`: no speaker is in two splits."""
    of = Features(rate=voices.RATE)
    splits: dict[str, list[Sequence]] = {}
    for place, split in enumerate(SPLITS):
        speakers, each = SIZES[place]
        splits[split] = [
            describe(*utterance(seed, place, speaker, number), of)
            for speaker in range(speakers)
            for number in range(each)
        ]
    return _task(splits, GENERATED, len(GENERATED_PHONES), seed)


def utterance(
    seed: int, split: int, speaker: int, number: int
) -> tuple[Floats, list[str], Classes]:
    """One sentence of the default: its sound, its phones, and where they begin.

    Parameters
    ----------
    seed : int
        The data set's.
    split : int
        0, 1, 2: training, validation, test.
    speaker, number : int
        Who, and which sentence, counted from 0.
    """
    who = voices.speaker(np.random.default_rng([seed, split, speaker]))
    rng = np.random.default_rng([seed, split, speaker, number])
    said = voices.sentence(rng)
    wave, begins = voices.speak(said, who, rng)
    return wave, said, begins


def describe(wave: Floats, said: list[str], begins: Classes, of: Features) -> Sequence:
    """Features (T, 39) and classes (T,) of a sentence of the default."""
    x = of.of(wave)
    which = np.searchsorted(begins, of.middles(len(x)), side="right") - 1
    classes = np.array([GENERATED_PHONES.index(phone) for phone in said])
    return x, classes[which]


def _task(
    splits: dict[str, list[Sequence]], source: str, classes: int, seed: int | None = None
) -> Task:
    """Scale all numbers by what they are in training."""
    every = np.concatenate([x for x, _ in splits["train"]])
    mean, deviation = every.mean(axis=0), every.std(axis=0)
    deviation[deviation == 0] = 1

    def scaled(sequences: Iterable[Sequence]) -> Split:
        return [(((x - mean) / deviation).astype(np.float32), k) for x, k in sequences]

    train, valid, test = (scaled(splits[split]) for split in SPLITS)
    return Task(
        name="speech", source=source, train=train, valid=valid, test=test,
        inputs=every.shape[1], outputs=classes, loss="softmax", metric="frame error rate",
        seed=seed,
    )  # fmt: skip


def _own(folder: Path) -> str:
    return f"{folder.name} (own folder)"


def _verified(folder: Path) -> str:
    task = load_folder(folder)
    return f"{task.caption}, every file read"


RECORD = Record(
    task="speech",
    title=REAL,
    what="name the phone in every 10 ms of a sentence",
    publisher="Garofolo et al. (1993), Linguistic Data Consortium, LDC93S1",
    licence="sold by its publisher; may not be passed on",
    sizes=timit.SIZES,
    unit="sentences",
    default="360 sentences of made-up speech",
    differs="31 phones instead of 61, words without meaning, synthetic voices in 3 to 15 dB of "
    "noise; boundaries are exact, where people drew TIMIT's",
    how=HOW_TO_GET,
    find=find,
    verify=_verified,
)

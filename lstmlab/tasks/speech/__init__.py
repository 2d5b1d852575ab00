"""Speech: name the phone in every frame of a sentence (Greff et al., section IV-A.1).

The real set is TIMIT: 3,696, 400 and 192 sentences, 61 phones. It is sold, so it is read from your
copy. The default is made-up speech (`voices`), with 31 phones, and other speakers in each split.
Either way a frame is 12 MFCC and the energy, with first and second differences (`features`), each
scaled to mean 0 and deviation 1 over the training set; its class is the phone at its middle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import store
from lstmlab.tasks.folders import FolderSet, Sequences, changed, made_up
from lstmlab.tasks.records import Record
from lstmlab.tasks.speech import phones, timit, voices
from lstmlab.tasks.speech.features import Features, Floats
from lstmlab.tasks.store import DataError
from lstmlab.tasks.task import GENERATED, SPLITS, Task

SIZES = ((80, 3), (20, 3), (20, 3))
"""Speakers, and sentences of each, in the default's three splits."""

GENERATED_PHONES = tuple(voices.PHONES)
"""The classes of the default, in order."""

Classes = NDArray[np.int64]
Sequence = tuple[Floats, Classes]


def read_all(found: dict[str, list[timit.Sentence]], source: str) -> Task:
    """Read the sentences of TIMIT's form that `timit.sentences` lists."""
    of = Features()
    splits = {split: [read(sentence, of) for sentence in found[split]] for split in SPLITS}
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
    return x, timit.labels(sentence.segments(len(wave)), of.middles(len(x)))


def load_generated(seed: int = 0) -> Task:
    """Make up the sentences of `seed`: no speaker is in two splits."""
    of = Features(rate=voices.RATE)
    splits = made_up(SIZES, lambda *who: describe(*utterance(seed, *who), of))
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


def _task(splits: Sequences, source: str, classes: int, seed: int | None = None) -> Task:
    """Scale all numbers by what they are in training."""
    every = np.concatenate([x for x, _ in splits["train"]])
    mean, deviation = every.mean(axis=0), every.std(axis=0)
    deviation[deviation == 0] = 1
    train, valid, test = changed(splits, lambda x: (x - mean) / deviation)
    return Task(
        name="speech", source=source, train=train, valid=valid, test=test,
        inputs=every.shape[1], outputs=classes, loss="softmax", metric="frame error rate",
        seed=seed,
    )  # fmt: skip


SPEECH = FolderSet(
    Record(
        task="speech",
        title="TIMIT",
        what="name the phone in every 10 ms of a sentence",
        publisher="Garofolo et al. (1993), Linguistic Data Consortium, LDC93S1",
        licence="sold by its publisher; may not be passed on",
        sizes=timit.SIZES,
        unit="sentences",
        default="360 sentences of made-up speech",
        differs="31 phones instead of 61, words without meaning, synthetic voices in 3 to 15 dB of "
        "noise; boundaries are exact, where people drew TIMIT's",
        how="TIMIT is sold by the Linguistic Data Consortium (LDC93S1). With a copy, give the "
        "folder that holds TRAIN and TEST as root, or its place in "
        f'`${store.ENVIRONMENT}`; `source="generated"` needs none',
    ),
    holds="TRAIN and TEST",
    within=timit.find,
    listed=timit.sentences,
    read=read_all,
    generated=load_generated,
)

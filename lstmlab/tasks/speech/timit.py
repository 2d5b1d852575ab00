"""TIMIT as a folder of sentences: sounds, and which phone begins and ends where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.speech import waves
from lstmlab.tasks.speech.phones import PHONES
from lstmlab.tasks.store import DataError
from lstmlab.tasks.task import SPLITS

SIZES = (3696, 400, 192)
"""Sentences for training, validation and test (Greff et al., section IV-A.1)."""

LONGEST_REST = 8000
"""Samples, half a second: a transcript that ends so long before its sound is not all there."""

DIALECTS = frozenset(f"dr{number}" for number in range(1, 9))
_VALIDATION = """
fadg0 faks0 fcal1 fcmh0 fdac1 fdms0 fdrw0 fedw0 fgjd0 fjem0 fjmg0 fjsj0 fkms0 fmah0 fmml0 fnmr0
frew0 fsem0 majc0 mbdg0 mbns0 mbwm0 mcsh0 mdlf0 mdls0 mdvc0 mers0 mgjf0 mglb0 mgwt0 mjar0 mjfc0
mjsw0 mmdb1 mmdm2 mmjr0 mmwh0 mpdf0 mrcs0 mreb0 mrjm4 mrjr0 mroa0 mrtk0 mrws1 mtaa0 mtdt0 mteb0
mthc0 mwjg0
"""
_CORE_TEST = """
fdhc0 felc0 fjlm0 fmgd0 fmld0 fnlp0 fpas0 fpkt0 mbpm0 mcmj0 mdab0 mgrt0 mjdh0 mjln0 mjmp0 mklt0
mlll0 mlnt0 mnjm0 mpam0 mtas1 mtls0 mwbt0 mwew0
"""
VALIDATION = frozenset(_VALIDATION.split())
"""Fifty speakers of the folder TEST who are customarily used for validation."""

CORE_TEST = frozenset(_CORE_TEST.split())
"""The 24 speakers of the core test set."""


@dataclass(frozen=True)
class Segment:
    """A phone from one sample to another.

    Attributes
    ----------
    begin, end : int
        The first sample, and the one after the last.
    phone : str
    """

    begin: int
    end: int
    phone: str


@dataclass(frozen=True)
class Sentence:
    """One sentence of one speaker, on disk.

    Attributes
    ----------
    speaker, name : str
        Such as "faks0" and "sx43", in small letters.
    wave, transcript : Path
        The files .WAV and .PHN.
    """

    speaker: str
    name: str
    wave: Path
    transcript: Path

    def segments(self, samples: int = 0) -> list[Segment]:
        """The phones, one after the other.

        Parameters
        ----------
        samples : int, optional
            How long the sound is.

        Raises
        ------
        DataError
            If the transcript is wrong, or ends half a second or more before the sound.
        """
        try:
            text = self.transcript.read_text("ascii")
        except UnicodeDecodeError as error:
            raise DataError(f"{self._where} must be ASCII, got byte {error.start}") from error
        found = parse_segments(text, self._where)
        if samples - found[-1].end >= LONGEST_REST:
            raise DataError(
                f"{self._where} must go on to the end of the sound's {samples} samples, got "
                f"{found[-1].end} (is it truncated?)"
            )
        return found

    def samples(self) -> tuple[NDArray[np.float64], int]:
        """The sound, from -1 to 1, and samples a second."""
        return waves.read(self.wave)

    @property
    def _where(self) -> str:
        return f"{self.speaker}/{self.transcript.name}"


def parse_segments(text: str, name: str = "the transcript") -> list[Segment]:
    """Read a .PHN file: a line "begin end phone" for each phone, without gaps.

    Parameters
    ----------
    text : str
    name : str
        What errors call it.

    Returns
    -------
    list of Segment

    Raises
    ------
    DataError
        If a line is anything else, a phone is unknown, or the phones leave gaps or overlap.
    """
    found: list[Segment] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        fields = line.split()
        if len(fields) != 3 or not all(
            field.isascii() and field.isdigit() and len(field) < 12 for field in fields[:2]
        ):
            raise DataError(f"{where} must be 'begin end phone', got {line[:40]!r}")
        begin, end, phone = int(fields[0]), int(fields[1]), fields[2]
        if phone not in PHONES:
            raise DataError(f"{where} must have one of TIMIT's 61 phones, got {phone[:20]!r}")
        last = found[-1].end if found else 0
        if begin != last or end <= begin:
            raise DataError(f"{where} must go from {last} to a later sample, got {begin} to {end}")
        found.append(Segment(begin, end, phone))
    if not found:
        raise DataError(f"{name} must hold a phone or more, and is empty")
    return found


def labels(segments: Sequence[Segment], at: NDArray[np.integer]) -> NDArray[np.int64]:
    """The class of the phone at each of some samples, (T,); after the end, that of the last."""
    ends = np.array([segment.end for segment in segments])
    classes = np.array([PHONES.index(segment.phone) for segment in segments])
    which = np.minimum(np.searchsorted(ends, at, side="right"), len(segments) - 1)
    return np.asarray(classes[which])


def find(folder: Path) -> Path | None:
    """The folder that holds TRAIN and TEST: this one, or one in it called TIMIT or data."""
    for place in (folder, *_children(folder, {"timit", "data"})):
        inside = {child.name.lower() for child in _children(place)}
        if {"train", "test"} <= inside:
            return place
    return None


def sentences(folder: Path) -> dict[str, list[Sentence]]:
    """List the sentences of each split, without reading them; SA sentences are left out.

    Parameters
    ----------
    folder : Path
        What `find` gives. Names may be in capitals or not.

    Returns
    -------
    dict of str to list of Sentence
        "train": all of TRAIN; "valid" and "test": the speakers of TEST that are in `VALIDATION`
        and in `CORE_TEST`. In the order of speakers and names.

    Raises
    ------
    DataError
        If a sound has no transcript, or a transcript no sound, or one of them is no file; or a
        sentence is there twice, or a split has none.
    """
    in_split: dict[str, Callable[[str], bool]] = {
        "train": lambda speaker: True,
        "valid": VALIDATION.__contains__,
        "test": CORE_TEST.__contains__,
    }
    found: dict[str, list[Sentence]] = {}
    for split in SPLITS:
        top = _children(folder, {"train" if split == "train" else "test"})
        speakers = [s for d in _each(top, DIALECTS) for s in _children(d) if s.is_dir()]
        own = [s for s in speakers if in_split[split](s.name.lower())]
        found[split] = sorted(
            (sentence for speaker in own for sentence in _of_speaker(speaker)),
            key=lambda sentence: (sentence.speaker, sentence.name),
        )
        if not found[split]:
            raise DataError(f"{folder} must have sentences for {split}, got none")
        for one, other in pairwise(found[split]):
            if (one.speaker, one.name) == (other.speaker, other.name):
                raise DataError(
                    f"{other.wave} must be the only {one.speaker}/{one.name}, got {one.wave} too"
                )
    return found


def _of_speaker(folder: Path) -> list[Sentence]:
    files: dict[str, Path] = {}
    for child in _children(folder):
        other = files.setdefault(child.name.lower(), child)
        if other != child:
            raise DataError(f"{child} must be the only file of that name, got {other.name} too")
    found = []
    for name, file in files.items():
        stem, _, kind = name.partition(".")
        copied = kind == "wav.wav" and f"{stem}.wav" not in files
        if not (kind in ("wav", "phn") or copied) or stem.startswith("sa"):
            continue
        where = f"{folder.name}/{file.name}"
        if not file.is_file():
            got = "a folder" if file.is_dir() else "no file"
            raise DataError(f"{where} must be a file, got {got}")
        if kind == "phn":
            if not {f"{stem}.wav", f"{stem}.wav.wav"} & files.keys():
                raise DataError(f"{where} has no sound {stem}.wav")
            continue
        if f"{stem}.phn" not in files:
            raise DataError(f"{where} has no transcript {stem}.phn")
        found.append(Sentence(folder.name.lower(), stem, file, files[f"{stem}.phn"]))
    return found


def _each(folders: Iterable[Path], names: frozenset[str]) -> list[Path]:
    return [child for folder in folders for child in _children(folder, names)]


def _children(folder: Path, names: Iterable[str] | None = None) -> list[Path]:
    """What is in a folder, in the order of names; only what is called so, in capitals or not."""
    if not folder.is_dir():
        return []
    every = sorted(folder.iterdir())
    return [child for child in every if names is None or child.name.lower() in names]

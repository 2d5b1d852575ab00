"""Generated chorales: four voices that follow the rules, drawn from a seed.

No note of a composer is in them. Harmony walks a Markov chain towards a cadence (`harmony`), the
voices follow without parallel fifths or octaves (`voice_leading`), and this module joins phrases
to chorales. Each is sung in a key that suits a choir and then moved up to the tonic C, as the JSB
Chorales are, by 6 to 17 semitones: how high a piece lies is the first thing a model must find out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.harmony import (
    CADENCE_WEIGHTS,
    NOTE_NAMES,
    Chord,
    Key,
    draw,
    key_plan,
    phrase_harmony,
)
from lstmlab.tasks.voice_leading import ALWAYS, Pitches, Setting, forbidden, lead_voices

Roll = NDArray[np.float32]
Moment = tuple[Pitches, Chord]  # a frame (4,) and its chord

LOWEST_PITCH, KEYS_ON_A_PIANO = 21, 88
#: Sequences for training, validation and test, as in the JSB Chorales.
SPLIT_SIZES = (229, 76, 77)
SHORTEST, LONGEST = 25, 160

#: How often a chorale is in a mode, and the keys a choir sings it in.
MODES = {"major": 202, "minor": 180}
SUNG_IN = {
    "major": {"G": 5, "A": 4, "D": 4, "F": 4, "B-flat": 3, "C": 2, "E-flat": 2, "E": 2},
    "minor": {"A": 5, "G": 5, "D": 3, "E": 3, "B": 3, "C": 2, "F-sharp": 1},
}
#: Beats in a phrase, its fermata included, by metre; how long its last chord is held.
METRES = {"four": 4, "three": 1}
PHRASE_BEATS = {"four": {"8": 8, "10": 1, "6": 1}, "three": {"12": 3, "6": 1}}
FERMATA = {"1": 1, "2": 4, "3": 1}
PHRASES = {"3": 1, "4": 6, "5": 7, "6": 11, "7": 6, "8": 7, "9": 2, "10": 2, "12": 1, "15": 1}
BAR_FORM = 3  # one chorale in three repeats its two opening phrases
TRIES = 20  # how often a phrase is begun again before the whole chorale is


@dataclass(frozen=True, eq=False)
class Chorale:
    """One chorale, with what a reader of its score would write above it.

    Attributes
    ----------
    voices : array (T, 4)
        MIDI numbers of bass, tenor, alto and soprano, a quarter note a frame, tonic C.
    chords : list of Chord
        The harmony of each frame.
    suspended : array (T, 4) of bool
        Notes held over from the frame before into a chord they do not belong to.
    phrase_ends : list of int
        The last frame of each phrase.
    cadences : list of str
        How each phrase ends.
    mode : str
        "major" or "minor".
    sung_in : str
        The key it was composed in, before it was moved up by `shift` semitones.
    shift : int
        6 to 17.
    fermata : int
        Frames for which the last chord of a phrase is held.
    """

    voices: NDArray[np.int64]
    chords: list[Chord]
    suspended: NDArray[np.bool_]
    phrase_ends: list[int]
    cadences: list[str]
    mode: str
    sung_in: str
    shift: int
    fermata: int

    def roll(self) -> Roll:
        """Give the piano roll: (T, 88), 1 where a key is down; column 0 is MIDI 21."""
        return voices_to_roll(self.voices)


@dataclass(frozen=True, eq=False)
class Phrase:
    """One phrase: its four voices and the chords beneath them, frame by frame."""

    setting: Setting
    chords: list[Chord]

    @property
    def start(self) -> Moment:
        """Its first frame and chord."""
        return self.setting.frames[0], self.chords[0]

    @property
    def end(self) -> Moment:
        """Its last frame and chord."""
        return self.setting.frames[-1], self.chords[-1]


def voices_to_roll(voices: NDArray[np.integer]) -> Roll:
    """Turn voices (T, 4) of MIDI numbers 21 to 108 into a piano roll (T, 88)."""
    roll = np.zeros((len(voices), KEYS_ON_A_PIANO), np.float32)
    np.put_along_axis(roll, voices.astype(np.int64) - LOWEST_PITCH, 1, axis=1)
    return roll


def up_to_c(tonic: str) -> int:
    """Count the semitones, 6 to 17, that lift a piece from `tonic` to a C above."""
    return (12 - NOTE_NAMES.index(tonic) - 6) % 12 + 6


def plan_lengths(rng: np.random.Generator) -> list[int]:
    """Draw the beats of each phrase, with `SHORTEST` to `LONGEST` beats in all."""
    while True:
        metre, phrases = draw(METRES, rng), int(draw(PHRASES, rng))
        beats = [int(draw(PHRASE_BEATS[metre], rng)) for _ in range(phrases)]
        beats[-1] += 1
        if SHORTEST <= sum(beats) <= LONGEST:
            return beats


def plan_cadences(phrases: int, rng: np.random.Generator) -> list[str]:
    """Draw how each phrase ends: the last of all is authentic, V to I."""
    return [draw(CADENCE_WEIGHTS, rng) for _ in range(phrases - 1)] + ["authentic"]


def compose_phrase(
    key: Key,
    beats: int,
    cadence: str,
    fermata: int,
    shift: int,
    rng: np.random.Generator,
    *,
    before: Moment | None = None,
    after: Moment | None = None,
    picardy: bool = False,
) -> Phrase | None:
    """Write one phrase of `beats` frames that comes from `before` and may go on to `after`.

    Where the voices run into a corner it is begun again; None after `TRIES` such beginnings.
    """
    for _ in range(TRIES):
        harmony = phrase_harmony(key, beats - fermata + 1, cadence, rng, picardy=picardy)
        chords = harmony + [harmony[-1]] * (fermata - 1)
        setting = lead_voices(chords, fermata, shift, rng, before=before)
        if setting is None:
            continue
        phrase = Phrase(setting, chords)
        if after is None or not forbidden(*phrase.end, after[0][None], after[1], ALWAYS)[0]:
            return phrase
    return None


def compose(rng: np.random.Generator) -> Chorale:
    """Compose one chorale of 25 to 160 frames.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    Chorale
    """
    chorale = None
    while chorale is None:
        chorale = draft(rng)
    return chorale


def draft(rng: np.random.Generator) -> Chorale | None:
    """Plan a chorale and set it phrase by phrase; None if some phrase cannot be joined on."""
    mode = draw(MODES, rng)
    sung_in = draw(SUNG_IN[mode], rng)
    shift, fermata = up_to_c(sung_in), int(draw(FERMATA, rng))
    lengths = plan_lengths(rng)
    keys, cadences = key_plan(mode, len(lengths), rng), plan_cadences(len(lengths), rng)
    picardy = bool(rng.integers(6))
    bar_form = len(lengths) > 4 and not rng.integers(BAR_FORM)
    if bar_form:
        lengths[2:4], keys[2:4], cadences[2:4] = lengths[:2], keys[:2], cadences[:2]

    phrases: list[Phrase] = []
    for number, beats in enumerate(lengths):
        last = number == len(lengths) - 1
        if bar_form and number in (2, 3):
            phrase: Phrase | None = phrases[number - 2]
        else:
            phrase = compose_phrase(
                keys[number],
                beats,
                cadences[number],
                fermata + last,
                shift,
                rng,
                before=phrases[-1].end if phrases else None,
                after=phrases[0].start if bar_form and number == 1 else None,
                picardy=picardy and last,
            )
        if phrase is None:
            return None
        phrases.append(phrase)

    late = [voice for phrase in phrases for voice in phrase.setting.suspended]
    return Chorale(
        voices=np.array([frame for phrase in phrases for frame in phrase.setting.frames]),
        chords=[chord for phrase in phrases for chord in phrase.chords],
        suspended=np.array([[voice == place for place in range(4)] for voice in late]),
        phrase_ends=[int(end) - 1 for end in np.cumsum(lengths)],
        cadences=cadences,
        mode=mode,
        sung_in=f"{sung_in} {mode}",
        shift=shift,
        fermata=fermata,
    )


def compose_all(n: int, seed: int = 0) -> list[Chorale]:
    """Compose `n` chorales. The k-th of a seed is the same however many are asked for.

    Parameters
    ----------
    n : int
        How many, 1 or more.
    seed : int
        0 or more.

    Returns
    -------
    list of Chorale

    Raises
    ------
    ValueError
        If `n` or `seed` is out of range.
    """
    if n < 1:
        raise ValueError(f"n must be 1 chorale or more, got {n}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    return [compose(np.random.default_rng([seed, number])) for number in range(n)]


def generate(n: int = sum(SPLIT_SIZES), seed: int = 0) -> list[Roll]:
    """Generate `n` piano rolls from `seed`: `compose_all`, as rolls (T, 88) of 0 and 1."""
    return [chorale.roll() for chorale in compose_all(n, seed)]


def write_npz(path: str | Path, seed: int = 0) -> None:
    """Write the chorales of `seed` as the package ships those of seed 0.

    Parameters
    ----------
    path : str or Path
        Where to: an .npz with `voices` uint8 (sum of T, 4), `lengths` (382,) and `seed`.
    seed : int
        0 or more.
    """
    chorales = compose_all(sum(SPLIT_SIZES), seed)
    np.savez_compressed(
        Path(path),
        voices=np.concatenate([chorale.voices for chorale in chorales]).astype(np.uint8),
        lengths=np.array([len(chorale.voices) for chorale in chorales], np.uint8),
        seed=np.array(seed),
    )


def read_npz(path: str | Path) -> list[Roll]:
    """Read the piano rolls of a file that `write_npz` wrote. Nothing in it is unpickled."""
    with np.load(Path(path), allow_pickle=False) as data:
        voices, lengths = data["voices"], data["lengths"].astype(np.int64)
    return [voices_to_roll(part) for part in np.split(voices, np.cumsum(lengths)[:-1])]

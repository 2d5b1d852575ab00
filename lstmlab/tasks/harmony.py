"""The harmony of a generated chorale: chords, what may follow what, keys and cadences.

Pitch classes are counted in semitones from C (C = 0, G = 7), with the home key's tonic at C. A
chord is written as a Roman numeral in the key of its phrase: capitals are major, small letters
minor, "o" is diminished, "7" adds a seventh, and "I64" is the tonic over its own fifth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

Weights = Mapping[str, int]

NOTE_NAMES = ("C", "D-flat", "D", "E-flat", "E", "F", "F-sharp", "G", "A-flat", "A", "B-flat", "B")

#: The tones of every chord, in semitones above the tonic: root, third, fifth (and seventh).
TONES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "major": {
        "I": (0, 4, 7), "ii": (2, 5, 9), "ii7": (2, 5, 9, 0), "iii": (4, 7, 11), "IV": (5, 9, 0),
        "V": (7, 11, 2), "V7": (7, 11, 2, 5), "vi": (9, 0, 4), "viio": (11, 2, 5),
        "I64": (0, 4, 7),
    },
    "minor": {
        "i": (0, 3, 7), "I": (0, 4, 7), "iio": (2, 5, 8), "iio7": (2, 5, 8, 0), "III": (3, 7, 10),
        "iv": (5, 8, 0), "V": (7, 11, 2), "V7": (7, 11, 2, 5), "VI": (8, 0, 3),
        "VII": (10, 2, 5), "viio": (11, 2, 5), "i64": (0, 3, 7),
    },
}  # fmt: skip

#: What may follow a chord within a phrase, with how often: a Markov chain for each mode.
FOLLOWS: Mapping[str, Mapping[str, Weights]] = {
    "major": {
        "I": {"I": 1, "IV": 4, "V": 3, "vi": 4, "ii": 3, "viio": 3, "V7": 1, "iii": 2},
        "ii": {"V": 5, "V7": 2, "viio": 1, "ii7": 1},
        "ii7": {"V": 4, "V7": 1},
        "iii": {"vi": 3, "IV": 3},
        "IV": {"I": 4, "V": 4, "ii": 2, "viio": 2, "ii7": 1},
        "V": {"I": 5, "vi": 4, "V7": 2, "V": 1},
        "V7": {"I": 4, "vi": 1},
        "vi": {"ii": 3, "IV": 3, "V": 2, "iii": 1, "I": 1},
        "viio": {"I": 1},
    },
    "minor": {
        "i": {"i": 1, "iv": 4, "V": 3, "VI": 4, "iio": 3, "viio": 3, "V7": 1, "VII": 2},
        "iio": {"V": 4, "V7": 2},
        "iio7": {"V": 4, "V7": 1},
        "III": {"VI": 3, "iv": 3, "VII": 2},
        "iv": {"i": 4, "V": 4, "iio": 1, "iio7": 1, "viio": 1},
        "V": {"i": 5, "VI": 4, "V7": 2, "V": 1},
        "V7": {"i": 4, "VI": 1},
        "VI": {"iv": 3, "iio": 2, "V": 2, "III": 1},
        "VII": {"III": 4},
        "viio": {"i": 1},
    },
}

#: How a phrase ends: its last chords, beat by beat. The last one bears the fermata.
CADENCES: Mapping[str, Mapping[str, Sequence[tuple[str, ...]]]] = {
    "major": {
        "authentic": (
            ("IV", "V", "V7", "I"), ("ii7", "V", "V", "I"), ("ii", "V", "V7", "I"),
            ("I", "V", "V", "I"), ("IV", "I64", "V", "I"), ("ii", "I64", "V7", "I"),
        ),
        "half": (("I", "ii", "V"), ("vi", "IV", "V"), ("I", "IV", "V"), ("V", "I", "V")),
        "deceptive": (("IV", "V", "vi"), ("ii", "V", "vi")),
        "plagal": (("I", "IV", "I"),),
    },
    "minor": {
        "authentic": (
            ("iv", "V", "V7", "i"), ("iio7", "V", "V", "i"), ("iio", "V", "V7", "i"),
            ("i", "V", "V", "i"), ("iv", "i64", "V", "i"), ("iio", "i64", "V7", "i"),
        ),
        "half": (("i", "iio", "V"), ("VI", "iv", "V"), ("i", "iv", "V"), ("V", "i", "V")),
        "deceptive": (("iv", "V", "VI"), ("iio", "V", "VI")),
        "plagal": (("i", "iv", "i"),),
    },
}  # fmt: skip

CADENCE_WEIGHTS: Weights = {"authentic": 11, "half": 6, "deceptive": 2, "plagal": 1}

#: Where a chorale goes from home, as (semitones above the home tonic, mode), with how often.
NEAR_KEYS: Mapping[str, Mapping[tuple[int, str], int]] = {
    "major": {(0, "major"): 9, (7, "major"): 5, (9, "minor"): 3, (5, "major"): 1, (2, "minor"): 1},
    "minor": {(0, "minor"): 9, (3, "major"): 5, (7, "minor"): 2, (5, "minor"): 2, (10, "major"): 1},
}


@dataclass(frozen=True)
class Key:
    """A key: its tonic in semitones above the home tonic, and its mode ("major" or "minor")."""

    tonic: int
    mode: str

    def __str__(self) -> str:
        return f"{NOTE_NAMES[self.tonic]} {self.mode}"


@dataclass(frozen=True)
class Chord:
    """A chord in a key.

    Parameters
    ----------
    numeral : str
        The Roman numeral, a key of ``TONES[key.mode]``.
    key : Key
        The key it is heard in.
    """

    numeral: str
    key: Key

    @property
    def tones(self) -> tuple[int, ...]:
        """Pitch classes of root, third, fifth (and seventh), 0 to 11."""
        steps = TONES[self.key.mode][self.numeral]
        return tuple((self.key.tonic + step) % 12 for step in steps)

    @property
    def bass_tones(self) -> tuple[int, ...]:
        """Pitch classes the bass may take: root or third, and for a "64" the fifth alone."""
        if self.numeral.endswith("64"):
            return (self.tones[2],)
        if "o" in self.numeral:
            return (self.tones[1],)
        return self.tones[:2]

    @property
    def leading_tone(self) -> int | None:
        """Pitch class of the note a semitone below the tonic, where a dominant chord has it."""
        leading = (self.key.tonic + 11) % 12
        return leading if self.is_dominant and leading in self.tones else None

    @property
    def seventh(self) -> int | None:
        """Pitch class of the seventh, or None where the chord is a triad."""
        return self.tones[3] if len(self.tones) == 4 else None

    @property
    def is_dominant(self) -> bool:
        """Whether the chord pulls back to the tonic: V, V7 or viio."""
        return self.numeral in ("V", "V7", "viio")

    def __str__(self) -> str:
        return self.numeral


def draw(weights: Mapping[str, int], rng: np.random.Generator) -> str:
    """Draw a key of `weights` in proportion to its whole-number weight.

    Whole numbers only, so that every platform draws the same.
    """
    names = list(weights)
    return names[draw_index(np.array([weights[name] for name in names]), rng)]


def draw_index(weights: np.ndarray, rng: np.random.Generator) -> int:
    """Draw an index of `weights`, an array (K,) of whole numbers, in proportion to its entry."""
    total = np.cumsum(weights, dtype=np.int64)
    return int(np.searchsorted(total, rng.integers(total[-1]), side="right"))


@cache
def ways(mode: str, start: str, end: str, steps: int) -> int:
    """Weighted number of ways from chord `start` to chord `end` in exactly `steps` steps."""
    if steps == 0:
        return int(start == end)
    follows = FOLLOWS[mode].get(start, {})
    return sum(weight * ways(mode, chord, end, steps - 1) for chord, weight in follows.items())


def walk(mode: str, start: str, end: str, steps: int, rng: np.random.Generator) -> Iterator[str]:
    """Yield the chords after `start` on a random walk that arrives at `end` after `steps` steps.

    Each step follows `FOLLOWS`, weighted by the ways that still lead to `end`: this is the Markov
    chain given where it must arrive.
    """
    chord = start
    for left in range(steps - 1, -1, -1):
        chord = draw(
            {
                after: weight * ways(mode, after, end, left)
                for after, weight in FOLLOWS[mode][chord].items()
            },
            rng,
        )
        yield chord


def phrase_harmony(
    key: Key, beats: int, cadence: str, rng: np.random.Generator, *, picardy: bool = False
) -> list[Chord]:
    """Harmonise a phrase: one chord a beat, from the tonic (now and then V) to a cadence.

    Parameters
    ----------
    key : Key
        The key of the phrase.
    beats : int
        Number of chords; the last bears the fermata.
    cadence : str
        A key of ``CADENCES[key.mode]``.
    rng : numpy.random.Generator
        Where chance comes from.
    picardy : bool
        End a phrase in minor on the major tonic, as most chorales in minor do at their end.

    Returns
    -------
    list of Chord
        `beats` chords.

    Raises
    ------
    ValueError
        If `beats` leaves no time for the cadence and its approach (6 is always enough).
    """
    tonic = "I" if key.mode == "major" else "i"
    formulas = CADENCES[key.mode][cadence]
    approaches = []
    for start, weight in ((tonic, 4), ("V", 1)):
        for formula in formulas:
            steps = beats - len(formula)
            if steps >= 0 and ways(key.mode, start, formula[0], steps):
                approaches += [(start, formula)] * weight
    if not approaches:
        raise ValueError(
            f"beats must be enough for this cadence ({cadence}), as 6 are, got {beats}"
        )
    start, formula = approaches[int(rng.integers(len(approaches)))]
    numerals = [start, *walk(key.mode, start, formula[0], beats - len(formula), rng), *formula[1:]]
    if picardy and numerals[-1] == "i":
        numerals[-1] = "I"
    return [Chord(numeral, key) for numeral in numerals]


def key_plan(mode: str, phrases: int, rng: np.random.Generator) -> list[Key]:
    """Choose a key for each of `phrases` phrases: the first and the last are at home."""
    near = NEAR_KEYS[mode]
    places, weights = list(near), np.array(list(near.values()))
    middle = [places[draw_index(weights, rng)] for _ in range(phrases - 2)]
    return [Key(*place) for place in ((0, mode), *middle, (0, mode))][:phrases]

"""Four voices for a row of chords: what is forbidden, what is preferred, and the choosing.

A voicing is an array (4,) of MIDI numbers, bass first. Each rule is a function of the voicing
before, all candidates for the next one, and the two chords; it says which candidates break it.
Rules forbid, costs prefer, and the next voicing is drawn from what is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.harmony import Chord, draw_index

Pitches = NDArray[np.int64]
Mask = NDArray[np.bool_]
Rule = Callable[[Pitches, Pitches, Chord, Chord], Mask]

VOICES = ("bass", "tenor", "alto", "soprano")
#: Lowest and highest sounding MIDI number of each voice.
RANGES = ((38, 62), (50, 69), (56, 76), (60, 79))
#: The most semitones between a voice and the one above it.
SPACING = (24, 12, 12)

LOW, HIGH = np.array([0, 0, 0, 1, 1, 2]), np.array([1, 2, 3, 2, 3, 3])  # the six pairs of voices
PERFECT = np.isin(np.arange(12), (0, 7))
SINGABLE = np.isin(np.arange(64), (0, 1, 2, 3, 4, 5, 7, 8, 12))
#: Points against a move of 0 to 12 semitones: a step of either size costs the same.
EFFORT = np.array([0, 6, 6, 15, 18, 21, 40, 28, 36, 40, 44, 48, 48])
#: Chances out of 2^24 by points: 8 points make a choice e times less likely.
CHANCE = np.array([round(2**24 * math.exp(-cost / 8)) for cost in range(120)])


# -- what a chord may look like ---------------------------------------------------------------


@cache
def voicings(chord: Chord, shift: int) -> tuple[Pitches, Pitches]:
    """All good ways to set `chord`, for voices whose ranges are moved up by `shift` semitones.

    Returns
    -------
    pitches : array (K, 4)
        Candidates, bass first, no voice above the next.
    cost : array (K,)
        How much each is to be avoided, in points.
    """
    choices = []
    for voice, (low, high) in enumerate(RANGES):
        tones = chord.bass_tones if voice == 0 else chord.tones
        pitches = np.arange(low + shift, high + shift + 1)
        choices.append(pitches[np.isin(pitches % 12, tones)])
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*choices, indexing="ij")], axis=1)
    gaps = np.diff(grid, axis=1)
    grid = grid[((gaps >= 0) & (gaps <= SPACING)).all(axis=1)]
    grid = grid[is_complete(grid, chord) & ~doubles_a_tendency(grid, chord)]
    return grid, setting_cost(grid, chord, shift)


def count_tones(pitches: Pitches, tone: int) -> Pitches:
    """Count the voices of each voicing (K, 4) that sing pitch class `tone`."""
    return np.asarray((pitches % 12 == tone).sum(axis=1))


def is_complete(pitches: Pitches, chord: Chord) -> Mask:
    """Whether root, third and (where there is one) seventh all sound. The fifth may be left out."""
    needed = [tone for place, tone in enumerate(chord.tones) if place != 2]
    if chord.numeral == "viio" or chord.numeral.endswith("64"):
        needed = list(chord.tones)
    sounding = np.stack([count_tones(pitches, tone) > 0 for tone in needed])
    return np.asarray(sounding.all(axis=0))


def doubles_a_tendency(pitches: Pitches, chord: Chord) -> Mask:
    """Whether two voices sing the leading tone or the seventh, which both pull one way."""
    doubled = np.zeros(len(pitches), bool)
    if chord.leading_tone is not None:
        doubled |= count_tones(pitches, chord.leading_tone) > 1
    if chord.seventh is not None:
        doubled |= count_tones(pitches, chord.seventh) > 1
    return doubled


def setting_cost(pitches: Pitches, chord: Chord, shift: int) -> Pitches:
    """Points against a voicing by itself: no fifth, doubled third, inversion, far from centre."""
    root, third, fifth = chord.tones[:3]
    centres = np.array([low + high for low, high in RANGES]) // 2 + shift
    cost = 10 * (count_tones(pitches, fifth) == 0)
    cost = cost + 8 * (count_tones(pitches, third) > 1) * (chord.numeral != "viio")
    cost = cost + 2 * ((pitches[:, 0] % 12 != root) & (len(chord.bass_tones) > 1))
    cost = cost + 6 * (np.diff(pitches, axis=1) == 0).sum(axis=1)
    return np.asarray(cost + np.abs(pitches - centres).sum(axis=1) // 3)


# -- what may not follow what -----------------------------------------------------------------


def parallels(before: Pitches, after: Pitches, was: Chord, now: Chord) -> Mask:
    """Two voices that both move and keep a unison, fifth or octave between them."""
    interval = (before[HIGH] - before[LOW]) % 12
    kept = (after[:, HIGH] - after[:, LOW]) % 12 == interval
    moves = after != before
    return np.asarray((kept & PERFECT[interval] & moves[:, LOW] & moves[:, HIGH]).any(axis=1))


def hidden_fifths(before: Pitches, after: Pitches, was: Chord, now: Chord) -> Mask:
    """Outer voices that move the same way into a fifth or octave while the soprano leaps."""
    bass, soprano = after[:, 0] - before[0], after[:, 3] - before[3]
    perfect = PERFECT[(after[:, 3] - after[:, 0]) % 12]
    return np.asarray(perfect & (bass * soprano > 0) & (np.abs(soprano) > 2))


def overlaps(before: Pitches, after: Pitches, was: Chord, now: Chord) -> Mask:
    """A voice that passes the place its neighbour has just left."""
    rises, falls = after[:, :-1] > before[1:], after[:, 1:] < before[:-1]
    return np.asarray((rises | falls).any(axis=1))


def awkward_leaps(before: Pitches, after: Pitches, was: Chord, now: Chord) -> Mask:
    """A leap no choir likes: a tritone, a seventh, more than an octave, or a raised second."""
    leaps = np.abs(after - before)
    awkward = ~SINGABLE[np.minimum(leaps, 63)].all(axis=1)
    if was.key == now.key and now.key.mode == "minor":
        edges = [(now.key.tonic + 8) % 12, (now.key.tonic + 11) % 12]  # sixth, raised seventh
        across = np.isin(before % 12, edges) & np.isin(after % 12, edges)
        awkward |= (across & (leaps == 3)).any(axis=1)
    return np.asarray(awkward)


def leading_tone_strays(before: Pitches, after: Pitches, was: Chord, now: Chord) -> Mask:
    """A leading tone that does not rise to the tonic (an inner voice may fall to the fifth)."""
    if was.leading_tone is None or was.key != now.key or now.is_dominant:
        return np.zeros(len(after), bool)
    leading = before % 12 == was.leading_tone
    moves = after - before
    inner = np.array([False, True, True, False])
    good = (moves == 1) | (inner & (moves == -4))
    return np.asarray((leading & ~good).any(axis=1))


def seventh_strays(before: Pitches, after: Pitches, was: Chord, now: Chord) -> Mask:
    """A seventh that neither falls by step nor stays."""
    if was.seventh is None:
        return np.zeros(len(after), bool)
    seventh = before % 12 == was.seventh
    moves = after - before
    return np.asarray((seventh & ~np.isin(moves, (0, -1, -2))).any(axis=1))


#: Rules that hold between any two chords, across fermatas too.
ALWAYS: tuple[Rule, ...] = (parallels, overlaps, awkward_leaps)
#: Rules that hold within a phrase.
IN_PHRASE: tuple[Rule, ...] = (*ALWAYS, hidden_fifths, leading_tone_strays, seventh_strays)


def forbidden(
    before: Pitches, was: Chord, after: Pitches, now: Chord, rules: Sequence[Rule] = IN_PHRASE
) -> Mask:
    """Which of the voicings `after` (K, 4) break one of `rules`, coming from `before` (4,)."""
    broken = np.stack([rule(before, after, was, now) for rule in rules])
    return np.asarray(broken.any(axis=0))


# -- what is preferred ------------------------------------------------------------------------


def motion_cost(before: Pitches, after: Pitches, goal: int) -> Pitches:
    """Points against a move: far, a soprano that sits still or strays from its line `goal`."""
    moves = after - before
    still = moves == 0
    effort = EFFORT[np.minimum(np.abs(moves), 12)]
    cost = effort[:, 1:].sum(axis=1) + effort[:, 0] // 2
    cost = cost + 12 * still[:, 3] + 9 * still[:, 0] + 8 * still.all(axis=1)
    cost = cost - 5 * (moves[:, 0] * moves[:, 3] < 0)
    return np.asarray(cost + 2 * np.abs(after[:, 3] - goal))


def opening_cost(after: Pitches, goal: int) -> Pitches:
    """Points against a first voicing: a soprano away from the start of its line."""
    return np.asarray(3 * np.abs(after[:, 3] - goal))


def choose(costs: Pitches, rng: np.random.Generator) -> int:
    """Draw an index, the likelier the lower its cost (see `CHANCE`)."""
    above = np.minimum(costs - costs.min(), len(CHANCE) - 1)
    return draw_index(CHANCE[above], rng)


def melody_line(beats: int, shift: int, rng: np.random.Generator) -> list[int]:
    """Where the soprano of a phrase wants to be, beat by beat: an arch that ends lower."""
    start, top = int(rng.integers(67, 73)), int(rng.integers(71, 77))
    end, peak = int(rng.integers(65, 73)), beats // 2
    rise = [start + (top - start) * beat // peak for beat in range(peak)]
    fall = [top + (end - top) * beat // (beats - peak) for beat in range(beats - peak)]
    return [pitch + shift for pitch in rise + fall]


def suspendable(before: Pitches, now: Pitches, chord: Chord) -> list[int]:
    """List the upper voices that may come late to `now` (4,), holding their note of `before`.

    The voice falls by step into its chord tone, the held note is foreign to the chord, and no other
    upper voice sings the note it is going to.
    """
    voices = []
    for voice in (1, 2, 3):
        others = [int(now[other]) % 12 for other in (1, 2, 3) if other != voice]
        falls = before[voice] - now[voice] in (1, 2)
        dissonant = before[voice] % 12 not in chord.tones
        in_order = voice == 3 or before[voice] <= now[voice + 1]
        if falls and dissonant and in_order and int(now[voice]) % 12 not in others:
            voices.append(voice)
    return voices


@dataclass
class Setting:
    """A phrase set for four voices.

    Attributes
    ----------
    frames : list of array (4,)
        What is sung, beat by beat, bass first.
    suspended : list of int or None
        The voice that holds its last note into the chord of this beat, and resolves on the next.
    """

    frames: list[Pitches] = field(default_factory=list)
    suspended: list[int | None] = field(default_factory=list)


def lead_voices(
    chords: Sequence[Chord],
    fermata: int,
    shift: int,
    rng: np.random.Generator,
    *,
    before: tuple[Pitches, Chord] | None = None,
) -> Setting | None:
    """Set a phrase for four voices, one frame a beat.

    Parameters
    ----------
    chords : sequence of Chord
        The harmony, the held chords of the fermata included.
    fermata : int
        How many beats the last chord is held.
    shift : int
        Semitones by which the voices' ranges are moved up.
    rng : numpy.random.Generator
        Where chance comes from.
    before : (array (4,), Chord), optional
        The chord the phrase comes from.

    Returns
    -------
    Setting or None
        None where the voices ran into a place from which every step is forbidden.
    """
    arrival = len(chords) - fermata
    line = melody_line(len(chords), shift, rng)
    setting = Setting()
    for beat, chord in enumerate(chords):
        after, cost = voicings(chord, shift)
        if beat in (arrival - 1, arrival) and len(chord.bass_tones) > 1:
            rooted = after[:, 0] % 12 == chord.tones[0]
            after, cost = after[rooted], cost[rooted]
        resolves = beat > 0 and setting.suspended[-1] is not None
        late = None
        if before is None:
            now = after[choose(cost + opening_cost(after, line[beat]), rng)]
        elif resolves or beat > arrival:
            now = before[0]
        else:
            allowed = ~forbidden(*before, after, chord, IN_PHRASE if beat else ALWAYS)
            after, cost = after[allowed], cost[allowed]
            if not len(after):
                return None
            now = after[choose(cost + motion_cost(before[0], after, line[beat]), rng)]
            if beat and chords[beat : beat + 2] == [chord, chord] and rng.integers(10) < 7:
                late = next(iter(suspendable(before[0], now, chord)), None)
        sung = now.copy()
        if late is not None and before is not None:
            sung[late] = before[0][late]
        setting.frames.append(sung)
        setting.suspended.append(late)
        before = now, chord
    return setting

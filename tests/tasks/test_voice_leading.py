"""Each rule of voice leading catches its offender and lets a good step pass."""

import numpy as np
import pytest

from lstmlab.tasks import voice_leading
from lstmlab.tasks.harmony import Chord, Key
from lstmlab.tasks.voice_leading import (
    RANGES,
    SPACING,
    awkward_leaps,
    hidden_fifths,
    leading_tone_strays,
    overlaps,
    parallels,
    seventh_strays,
    suspendable,
    voicings,
)

MAJOR, MINOR = Key(0, "major"), Key(0, "minor")
TONIC, IV, V, V7 = (Chord(numeral, MAJOR) for numeral in ("I", "IV", "V", "V7"))


def breaks(rule, before, after, was=TONIC, now=TONIC):
    return bool(rule(np.array(before), np.array([after]), was, now)[0])


def test_parallels_are_fifths_octaves_and_unisons_between_moving_voices():
    assert breaks(parallels, [48, 55, 64, 72], [50, 57, 65, 69])  # fifth, bass and tenor
    assert breaks(parallels, [48, 55, 64, 72], [50, 59, 65, 74])  # octave, bass and soprano
    assert breaks(parallels, [55, 55, 64, 72], [57, 57, 60, 69])  # unison
    assert breaks(parallels, [48, 55, 64, 72], [53, 60, 69, 77])  # everything
    assert breaks(parallels, [53, 55, 60, 72], [48, 57, 64, 76])  # octave, alto and soprano
    assert not breaks(parallels, [48, 55, 64, 72], [48, 57, 65, 72])  # octave that stays
    assert not breaks(parallels, [48, 55, 64, 72], [53, 57, 60, 69])


def test_parallels_include_fifths_reached_in_contrary_motion():
    assert breaks(parallels, [48, 60, 64, 67], [55, 58, 62, 62])


def test_hidden_fifths_need_similar_motion_and_a_leaping_soprano():
    assert breaks(hidden_fifths, [48, 55, 64, 67], [53, 57, 65, 72])
    assert not breaks(hidden_fifths, [48, 55, 64, 70], [53, 57, 65, 72])  # soprano steps
    assert not breaks(hidden_fifths, [55, 59, 62, 67], [48, 60, 64, 72])  # contrary motion


def test_overlap_is_passing_where_a_neighbour_was():
    assert breaks(overlaps, [48, 55, 60, 64], [57, 60, 64, 67])
    assert breaks(overlaps, [48, 55, 64, 72], [48, 55, 58, 63])
    assert not breaks(overlaps, [48, 55, 60, 64], [50, 57, 62, 65])


@pytest.mark.parametrize("leap", [6, 9, 10, 11, 13, -6, -10, -14])
def test_tritones_sevenths_and_leaps_over_an_octave_are_awkward(leap):
    assert breaks(awkward_leaps, [48, 55, 60, 72], [48, 55, 60, 72 + leap])


@pytest.mark.parametrize("leap", [0, 1, 2, 3, 4, 5, 7, 8, 12, -5, -12])
def test_other_leaps_can_be_sung(leap):
    assert not breaks(awkward_leaps, [48, 55, 60, 72], [48, 55, 60, 72 + leap])


def test_the_raised_second_is_awkward_in_minor_only():
    minor = Chord("VI", MINOR), Chord("V", MINOR)
    assert breaks(awkward_leaps, [56, 60, 63, 68], [55, 59, 62, 71], *minor)
    assert not breaks(awkward_leaps, [56, 60, 63, 68], [55, 59, 62, 71])


def test_a_leading_tone_rises_or_falls_to_the_fifth_inside():
    before = [43, 62, 67, 71]
    assert breaks(leading_tone_strays, before, [48, 60, 64, 67], V, TONIC)  # soprano falls
    assert not breaks(leading_tone_strays, before, [48, 60, 67, 72], V, TONIC)
    inside = [43, 59, 67, 74]
    assert not breaks(
        leading_tone_strays, inside, [48, 55, 64, 72], V, TONIC
    )  # tenor, to the fifth
    assert breaks(leading_tone_strays, inside, [48, 64, 67, 72], V, TONIC)
    assert not breaks(leading_tone_strays, before, [43, 62, 67, 71], V, V7)  # still waiting


def test_a_seventh_falls_by_step_or_stays():
    before = [43, 59, 65, 74]
    assert not breaks(seventh_strays, before, [48, 60, 64, 72], V7, TONIC)
    assert breaks(seventh_strays, before, [48, 60, 67, 72], V7, TONIC)
    assert not breaks(seventh_strays, before, [48, 60, 67, 72], V, TONIC)  # no seventh, no rule


@pytest.mark.parametrize("numeral", ["I", "V", "V7", "ii7", "viio", "I64"])
@pytest.mark.parametrize("shift", [6, 17])
def test_voicings_are_in_range_spaced_and_complete(numeral, shift):
    chord = Chord(numeral, MAJOR)
    pitches, cost = voicings(chord, shift)
    assert len(pitches) == len(cost) > 20
    low, high = np.array(RANGES).T + shift
    assert ((pitches >= low) & (pitches <= high)).all()
    gaps = np.diff(pitches, axis=1)
    assert ((gaps >= 0) & (gaps <= SPACING)).all()
    for voicing in pitches % 12:
        assert set(voicing) <= set(chord.tones)
        assert {chord.tones[0], chord.tones[1]} <= set(voicing)
        assert voicing[0] in chord.bass_tones
        for tendency in (chord.leading_tone, chord.seventh):
            assert tendency is None or (voicing == tendency).sum() <= 1
        if chord.seventh is not None:
            assert chord.seventh in voicing


def test_a_suspension_is_a_foreign_note_that_will_fall_by_step():
    before, now = np.array([53, 60, 69, 72]), np.array([55, 62, 67, 71])
    assert suspendable(before, now, V) == [2, 3]  # 9-8 over the bass, and 4-3
    doubled = np.array([55, 67, 67, 71])
    assert suspendable(np.array([53, 65, 69, 72]), doubled, V) == [3]  # G sounds in the tenor
    assert suspendable(np.array([48, 60, 67, 72]), np.array([53, 57, 65, 72]), IV) == [2]


def test_choosing_prefers_the_cheaper():
    rng = np.random.default_rng(0)
    costs = np.array([0, 8, 400])
    drawn = np.bincount([voice_leading.choose(costs, rng) for _ in range(4000)], minlength=3)
    assert drawn[2] == 0
    assert drawn[0] / drawn[1] == pytest.approx(np.e, rel=0.15)

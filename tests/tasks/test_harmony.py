"""The harmony follows its tables and arrives where it should."""

import itertools

import numpy as np
import pytest

from lstmlab.tasks.harmony import (
    CADENCE_WEIGHTS,
    CADENCES,
    FOLLOWS,
    NEAR_KEYS,
    TONES,
    Chord,
    Key,
    draw,
    key_plan,
    phrase_harmony,
    walk,
    ways,
)

MODES = ("major", "minor")


@pytest.mark.parametrize("mode", MODES)
def test_every_chord_of_the_tables_has_tones(mode):
    named = set(FOLLOWS[mode])
    named |= {chord for follows in FOLLOWS[mode].values() for chord in follows}
    named |= {chord for formulas in CADENCES[mode].values() for f in formulas for chord in f}
    assert named <= set(TONES[mode])
    assert set(CADENCES[mode]) == set(CADENCE_WEIGHTS)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("steps", [0, 1, 5])
def test_ways_are_powers_of_the_table_of_weights(mode, steps):
    names = sorted(FOLLOWS[mode])
    table = np.array([[FOLLOWS[mode][a].get(b, 0) for b in names] for a in names], dtype=object)
    power = np.linalg.matrix_power(table, steps)
    counted = [[ways(mode, a, b, steps) for b in names] for a in names]
    assert np.array_equal(power, counted)


def test_a_walk_follows_the_table_and_arrives():
    rng = np.random.default_rng(0)
    for _ in range(50):
        chords = ["I", *walk("major", "I", "ii7", 5, rng)]
        assert len(chords) == 6
        assert chords[-1] == "ii7"
        assert all(b in FOLLOWS["major"][a] for a, b in itertools.pairwise(chords))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cadence", CADENCE_WEIGHTS)
@pytest.mark.parametrize("beats", [6, 7, 10])
def test_a_phrase_has_its_beats_and_its_cadence(mode, cadence, beats):
    chords = phrase_harmony(Key(7, mode), beats, cadence, np.random.default_rng(1))
    numerals = tuple(chord.numeral for chord in chords)
    assert len(numerals) == beats
    assert any(numerals[-len(formula) :] == formula for formula in CADENCES[mode][cadence])
    assert {chord.key for chord in chords} == {Key(7, mode)}


def test_a_picardy_third_ends_a_minor_phrase_in_major():
    rng = np.random.default_rng(0)
    last = phrase_harmony(Key(0, "minor"), 7, "authentic", rng, picardy=True)[-1]
    assert last.tones == (0, 4, 7)
    half = phrase_harmony(Key(0, "minor"), 7, "half", rng, picardy=True)[-1]
    assert half.numeral == "V"


def test_a_phrase_too_short_for_its_cadence_is_refused():
    assert len(phrase_harmony(Key(0, "major"), 4, "authentic", np.random.default_rng(0))) == 4
    with pytest.raises(ValueError, match="beats must be enough for this cadence .* got 3"):
        phrase_harmony(Key(0, "major"), 3, "authentic", np.random.default_rng(0))


def test_tones_move_with_the_key():
    dominant = Chord("V7", Key(7, "major"))
    assert dominant.tones == (2, 6, 9, 0)
    assert dominant.leading_tone == 6
    assert dominant.seventh == 0
    assert dominant.bass_tones == (2, 6)
    assert Chord("I64", Key(0, "major")).bass_tones == (7,)
    assert Chord("viio", Key(0, "minor")).bass_tones == (2,)
    assert Chord("iii", Key(0, "major")).leading_tone is None
    assert str(Key(3, "major")) == "E-flat major"


def test_first_and_last_phrase_are_at_home_and_the_others_near():
    rng = np.random.default_rng(0)
    for mode in MODES:
        for phrases in (2, 3, 9):
            keys = key_plan(mode, phrases, rng)
            assert len(keys) == phrases
            assert keys[0] == keys[-1] == Key(0, mode)
            assert {(key.tonic, key.mode) for key in keys} <= set(NEAR_KEYS[mode])


def test_drawing_is_in_proportion_and_never_of_weight_nought():
    rng = np.random.default_rng(0)
    drawn = [draw({"a": 3, "b": 0, "c": 1}, rng) for _ in range(4000)]
    assert "b" not in drawn
    assert drawn.count("a") / 4000 == pytest.approx(0.75, abs=0.03)

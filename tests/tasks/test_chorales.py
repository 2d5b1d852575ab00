"""The generated chorales keep the rules, look like the real set, and are the same everywhere."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from lstmlab.tasks import chorales, music
from lstmlab.tasks.harmony import CADENCES, NOTE_NAMES
from lstmlab.tasks.voice_leading import (
    RANGES,
    awkward_leaps,
    hidden_fifths,
    leading_tone_strays,
    overlaps,
    parallels,
    seventh_strays,
)

SHIPPED = Path(music.__file__).with_name("generated_chorales.npz")


@pytest.fixture(scope="module")
def pieces():
    return chorales.compose_all(80, seed=7)


@pytest.fixture(scope="module")
def shipped():
    return chorales.read_npz(SHIPPED)


def frames(piece):
    """Pairs of consecutive frames, as lists of four plain numbers."""
    return itertools.pairwise(piece.voices.tolist())


def test_no_two_voices_move_in_parallel_fifths_octaves_or_unisons(pieces):
    # No exception is needed for suspensions: a voice that waits does not move.
    for piece in pieces:
        for before, after in frames(piece):
            for a, b in itertools.combinations(range(4), 2):
                if before[a] != after[a] and before[b] != after[b]:
                    interval = (before[b] - before[a]) % 12
                    assert interval not in (0, 7) or (after[b] - after[a]) % 12 != interval


def test_voices_stay_in_their_ranges_and_do_not_cross(pieces):
    for piece in pieces:
        low, high = np.array(RANGES).T + piece.shift
        assert ((piece.voices >= low) & (piece.voices <= high + 2 * piece.suspended)).all()
        assert (np.diff(piece.voices, axis=1) >= 0).all()


def test_every_note_belongs_to_its_chord_unless_it_is_suspended(pieces):
    for piece in pieces:
        for frame, late, chord in zip(piece.voices, piece.suspended, piece.chords, strict=True):
            foreign = ~np.isin(frame % 12, chord.tones)
            assert np.array_equal(foreign, late)


def test_suspensions_are_prepared_and_resolve_down_by_step_over_the_same_chord(pieces):
    found = 0
    for piece in pieces:
        for frame, voice in zip(*np.nonzero(piece.suspended), strict=True):
            before, held, after = piece.voices[frame - 1 : frame + 2, voice]
            assert before == held
            assert held - after in (1, 2)
            assert piece.chords[frame] == piece.chords[frame + 1]
            others = [other for other in range(4) if other != voice]
            assert np.array_equal(*piece.voices[frame : frame + 2, others])
            found += 1
    assert found > len(pieces)


def test_leading_tones_of_a_cadence_rise_or_fall_to_the_fifth(pieces):
    for piece in pieces:
        for at, (before, after) in enumerate(frames(piece)):
            was, now = piece.chords[at], piece.chords[at + 1]
            if not was.is_dominant or now.is_dominant or was.key != now.key:
                continue
            for voice, pitch in enumerate(before):
                if pitch % 12 == (was.key.tonic + 11) % 12 and at not in piece.phrase_ends:
                    moves = (1, -4) if voice in (1, 2) else (1,)
                    assert after[voice] - pitch in moves


@pytest.mark.parametrize(
    "rule",
    [parallels, overlaps, awkward_leaps, hidden_fifths, leading_tone_strays, seventh_strays],
)
def test_no_step_within_a_phrase_breaks_a_rule_once_suspensions_are_resolved(pieces, rule):
    for piece in pieces:
        resolved = piece.voices.copy()
        late = np.flatnonzero(piece.suspended.any(axis=1))
        resolved[late] = piece.voices[late + 1]
        for at in set(range(len(resolved) - 1)) - set(piece.phrase_ends):
            was, now = piece.chords[at : at + 2]
            assert not rule(resolved[at], resolved[at + 1][None], was, now)[0]


def test_phrases_end_in_the_cadence_they_were_planned_with(pieces):
    for piece in pieces:
        last = len(piece.phrase_ends) - 1
        for number, (end, cadence) in enumerate(
            zip(piece.phrase_ends, piece.cadences, strict=True)
        ):
            arrival = end - piece.fermata + 1 - (number == last)
            mode = piece.chords[end].key.mode
            numerals = [chord.numeral for chord in piece.chords[: arrival + 1]]
            if numerals[-1] == "I" and mode == "minor":
                assert number == last  # a picardy third
                numerals[-1] = "i"
            formulas = CADENCES[mode][cadence]
            assert any(tuple(numerals[-len(formula) :]) == formula for formula in formulas)


def test_the_last_cadence_is_dominant_to_tonic_at_home_in_root_position(pieces):
    for piece in pieces:
        arrival = len(piece.voices) - 1 - piece.fermata
        assert piece.chords[arrival - 1].numeral in ("V", "V7")
        assert piece.chords[-1].tones in ((0, 4, 7), (0, 3, 7))
        assert piece.voices[arrival - 1, 0] % 12 == 7
        assert piece.voices[-1, 0] % 12 == 0


def test_fermatas_are_held(pieces):
    for piece in pieces:
        for end in piece.phrase_ends:
            held = range(end - piece.fermata + 1, end + 1)
            assert len({piece.chords[frame] for frame in held}) == 1
            moved = piece.voices[end] != piece.voices[held[0]]
            assert np.array_equal(moved, piece.suspended[held[0]])


def test_some_chorales_repeat_their_opening_note_for_note(pieces):
    def repeats(piece):
        ends = piece.phrase_ends
        if len(ends) < 5:
            return False
        opening, again = piece.voices[: ends[1] + 1], piece.voices[ends[1] + 1 : ends[3] + 1]
        return np.array_equal(opening, again)

    assert 0.1 < np.mean([repeats(piece) for piece in pieces]) < 0.5


@pytest.mark.parametrize(
    ("tonic", "shift"), [("F-sharp", 6), ("G", 17), ("C", 12), ("A", 15), ("F", 7)]
)
def test_pieces_are_moved_up_to_c_as_the_real_set_is(tonic, shift):
    assert chorales.up_to_c(tonic) == shift


def test_every_key_is_moved_up_by_6_to_17():
    shifts = [chorales.up_to_c(tonic) for tonic in NOTE_NAMES]
    assert sorted(shifts) == list(range(6, 18))


def test_lengths_density_and_range_are_like_the_real_set(shipped):
    lengths = np.array([len(roll) for roll in shipped])
    assert len(lengths) == 382
    assert 25 <= lengths.min() <= lengths.max() <= 160
    assert lengths.mean() == pytest.approx(61, abs=2)
    everything = np.concatenate(shipped)
    assert everything.sum(axis=1).mean() == pytest.approx(3.89, abs=0.03)
    pitches = np.flatnonzero(everything.any(axis=0)) + 21
    assert 43 <= pitches.min() <= pitches.max() <= 96
    kept = [(a * b).sum() / a.sum() for roll in shipped for a, b in itertools.pairwise(roll)]
    assert np.mean(kept) == pytest.approx(0.38, abs=0.02)  # notes that stay


def test_major_and_minor_are_both_there(pieces):
    minor = np.mean([piece.mode == "minor" for piece in pieces])
    assert 0.3 < minor < 0.65
    for piece in pieces:
        assert piece.sung_in.endswith(piece.mode)
        assert piece.chords[0].key.mode == piece.mode


def test_how_long_ago_the_last_fermata_was_says_when_the_next_comes(shipped):
    # The memory a bigram lacks: held frames lie a phrase apart.
    gaps = []
    for roll in shipped[:229]:
        held = [at for at in range(1, len(roll)) if np.array_equal(roll[at], roll[at - 1])]
        gaps += np.diff(held).tolist()
    chance = len(gaps) / sum(len(roll) for roll in shipped[:229])
    waited = [gap for gap in gaps if gap >= 8]
    assert waited.count(8) / len(waited) > 3 * chance


def test_the_shipped_file_is_what_seed_0_generates(shipped):
    assert SHIPPED.stat().st_size < 100_000
    for roll, again in zip(shipped, chorales.generate(382, seed=0), strict=True):
        assert np.array_equal(roll, again)


def test_write_npz_writes_what_read_npz_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(chorales, "SPLIT_SIZES", (3, 1, 1))
    chorales.write_npz(tmp_path / "some.npz", seed=5)
    for roll, again in zip(
        chorales.read_npz(tmp_path / "some.npz"), chorales.generate(5, seed=5), strict=True
    ):
        assert np.array_equal(roll, again)


def test_a_chorale_does_not_depend_on_how_many_are_asked_for():
    few, more = chorales.generate(2, seed=3), chorales.generate(4, seed=3)
    assert all(np.array_equal(a, b) for a, b in zip(few, more, strict=False))
    assert not np.array_equal(few[0], chorales.generate(1, seed=4)[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0, 0), "n must be 1 chorale or more, got 0"), ((3, -1), "seed must be 0 or more, got -1")],
)
def test_impossible_requests_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        chorales.generate(*arguments)

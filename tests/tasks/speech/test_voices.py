"""Made-up speech: the same for a seed, with the boundaries and the formants it says it has."""

from itertools import pairwise

import numpy as np
import pytest

from lstmlab.tasks import load, speech
from lstmlab.tasks.speech import voices

QUIET = {phone: np.ones(3) for phone in voices.PHONES}


def plain(pitch=115.0, noise=60.0):
    """A speaker without an accent, in silence."""
    return voices.Speaker(pitch, 1.0, 1.0, 1.0, noise, QUIET)


def said(*phones, seed=0, who=None):
    return voices.speak(list(phones), who or plain(), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def task():
    return load("speech", source="generated")


def test_it_is_fixed_by_its_seed(monkeypatch):
    monkeypatch.setattr(speech, "SIZES", ((2, 2), (1, 1), (1, 1)))
    first, again, other = (speech.load_generated(seed) for seed in (0, 0, 1))
    for (x, k), (x2, k2) in zip(first.train, again.train, strict=True):
        assert np.array_equal(x, x2)
        assert np.array_equal(k, k2)
    assert any(
        not np.array_equal(a, b)
        for (a, _), (b, _) in zip(first.train, other.train, strict=True)
    )


def test_the_task_is_what_its_caption_says(task):
    assert task.caption == "generated speech (seed 0), 240/60/60 sequences"
    assert (task.inputs, task.outputs) == (39, 31)
    assert (task.loss, task.metric) == ("softmax", "frame error rate")
    heard = np.concatenate([k for _, k in (*task.train, *task.valid, *task.test)])
    shares = np.bincount(heard, minlength=31) / len(heard)
    assert shares.min() > 0.001  # every phone is said
    assert shares.max() < 0.25  # and no guess is right often


def test_no_speaker_is_in_two_splits():
    pitches = [
        voices.speaker(np.random.default_rng([0, split, number])).pitch
        for split in range(3)
        for number in range(20)
    ]
    assert len(set(pitches)) == 60


def test_boundaries_are_whole_settings_and_the_sound_ends_with_the_last():
    wave, begins = said("h#", "s", "iy", "h#")
    assert len(begins) == 5
    assert begins[0] == 0
    assert begins[-1] == len(wave)
    assert np.all(np.diff(begins) >= 2 * voices.CONTROL)
    assert np.all(begins % voices.CONTROL == 0)
    assert np.abs(wave).max() == pytest.approx(0.5)


def test_sound_begins_and_ends_where_the_boundaries_say():
    """In a vowel between two pauses, within 10 ms."""
    wave, begins = said("h#", "aa", "h#")
    loud = np.flatnonzero(np.abs(wave) > 0.05)
    assert abs(loud[0] - begins[1]) < 320
    assert abs(loud[-1] - begins[2]) < 320


@pytest.mark.parametrize("vowel", ["iy", "aa", "uw", "ae"])
def test_a_vowel_is_loudest_at_its_formants(vowel):
    """Overtones next to the first two formants stand out against those between them."""
    wave, begins = said("h#", vowel, vowel, vowel, "h#", who=plain(pitch=90.0))
    middle = wave[begins[2] : begins[2] + 1600]
    power = np.abs(np.fft.rfft(middle * np.hanning(1600), 16_000)) ** 2
    F1, F2, F3 = (int(F) for F in voices.PHONES[vowel].formants)

    def near(hertz, within=60):
        return power[max(0, hertz - within) : hertz + within].max()

    assert near(F1, 100) > 3 * near((F1 + F2) // 2) or F2 - F1 < 600
    assert near(F2, 100) > 3 * near((F2 + F3) // 2) or F3 - F2 < 800


def test_a_hiss_has_no_pitch_and_a_vowel_has():
    """The autocorrelation at the period of the vocal cords."""
    for phone, voiced in (("aa", True), ("s", False)):
        wave, begins = said("h#", phone, phone, phone, "h#", who=plain(pitch=100.0))
        middle = wave[begins[2] : begins[2] + 800]
        correlation = np.correlate(middle, middle, "full")[len(middle) :]
        periods = correlation[120:220].max() / np.sum(middle**2)
        assert periods > 0.4 if voiced else periods < 0.2


def test_the_noise_is_as_loud_as_the_speaker_says():
    loud, _ = said("aa", "iy", who=plain(noise=0.0))
    clean, _ = said("aa", "iy", who=plain(noise=80.0))
    clean = clean * (loud @ clean) / (clean @ clean)
    ratio = 10 * np.log10(np.mean(clean**2) / np.mean((loud - clean) ** 2))
    assert ratio == pytest.approx(0, abs=0.5)


def test_stops_follow_their_closures_and_sentences_begin_and_end_in_silence():
    for seed in range(200):
        phones = voices.sentence(np.random.default_rng(seed))
        assert phones[0] == phones[-1] == "h#"
        assert all(a != b for a, b in pairwise(phones))
        for before, phone in pairwise(phones):
            assert phone not in voices.CLOSURES or before == voices.CLOSURES[phone]


def test_a_frame_has_the_class_of_the_phone_at_its_middle():
    wave, phones, begins = speech.utterance(0, 0, 0, 0)
    x, classes = speech.describe(wave, phones, begins, speech.Features())
    assert len(x) == len(classes)
    for t, k in enumerate(classes):
        at = 160 * t + 200
        assert speech.GENERATED_PHONES[k] == phones[np.flatnonzero(begins <= at)[-1]]

"""MFCC are those of a library that many use, and each step does what its name says."""

import librosa
import numpy as np
import pytest
import scipy.fft
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.tasks.speech import features
from lstmlab.tasks.speech.features import Features

RATE, N, WINDOW, HOP = 16_000, 512, 400, 160


def sound(seed=0, samples=16_000):
    """Noise under a tone that rises."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / RATE
    return 0.3 * np.sin(2 * np.pi * (300 + 900 * t) * t) + 0.05 * rng.standard_normal(samples)


def test_the_filter_bank_is_librosas():
    for filters in (20, 26, 40):
        theirs = librosa.filters.mel(sr=RATE, n_fft=N, n_mels=filters, htk=True, norm=None)
        assert np.abs(features.mel_filters(RATE, N, filters) - theirs).max() < 1e-6


def test_the_cosine_transform_is_scipys():
    for size in (13, 26, 40):
        theirs = scipy.fft.dct(np.eye(size), type=2, norm="ortho", axis=0)
        assert np.abs(features.dct(size) - theirs).max() < 1e-12


def librosas(wave):
    """Logarithms of mel bands, and MFCC, by librosa with the same settings."""
    sharp = np.append(wave[0], wave[1:] - 0.97 * wave[:-1])
    front = np.zeros((N - WINDOW) // 2)  # librosa centres a window in its transform
    back = np.zeros(N)
    power = librosa.feature.melspectrogram(
        y=np.concatenate([front, sharp, back]), sr=RATE, n_fft=N, hop_length=HOP,
        win_length=WINDOW, window="hamming", center=False, power=2.0,
        n_mels=26, htk=True, norm=None,
    )  # fmt: skip
    bands = np.log(power + features.FLOOR)
    return bands.T, librosa.feature.mfcc(S=bands, n_mfcc=13, dct_type=2, norm="ortho").T[:, 1:]


@pytest.mark.parametrize("seed", range(3))
def test_bands_coefficients_and_differences_are_librosas(seed):
    wave, of = sound(seed), Features()
    x = of.of(wave)
    bands, coefficients = librosas(wave)
    T = len(x)
    assert np.abs(of.log_mel(wave) - bands[:T]).max() < 1e-6
    assert np.abs(x[:, :12] - coefficients[:T]).max() < 1e-6
    for first in (0, 13):
        slopes = librosa.feature.delta(x[:, first : first + 13].T, width=5, mode="nearest").T
        assert np.abs(x[:, first + 13 : first + 26] - slopes).max() < 1e-6


def test_there_are_39_numbers_every_10_milliseconds():
    of = Features()
    assert (of.size, of.length, of.hop) == (39, 400, 160)
    for samples, T in ((400, 1), (559, 1), (560, 2), (16_000, 98)):
        assert of.of(sound(samples=samples)).shape == (T, 39)


def test_energy_is_that_of_the_window():
    wave, of = sound(), Features()
    assert of.of(wave)[5, 12] == pytest.approx(np.log(np.sum(wave[800:1200] ** 2) + 1e-10))


def test_louder_sound_changes_the_energy_alone():
    wave, of = sound(), Features()
    soft, loud = of.of(wave), of.of(10 * wave)
    assert np.allclose(loud[:, :12], soft[:, :12], atol=1e-6)
    assert np.allclose(loud[:, 12] - soft[:, 12], 2 * np.log(10), atol=1e-6)


def test_silence_has_features():
    assert np.isfinite(Features().of(np.zeros(1000))).all()


def test_a_tone_is_loudest_in_the_band_it_lies_in():
    of = Features()
    for band in (3, 10, 20):
        corners = features.hertz(np.linspace(0, features.mel(8000), 28))
        tone = np.sin(2 * np.pi * corners[band + 1] * np.arange(4000) / RATE)
        assert np.all(of.log_mel(tone)[1:].argmax(axis=1) == band)


def test_the_slope_of_a_line_is_its_slope():
    line = np.outer(np.arange(20.0), [1, -3])
    for width in (1, 2, 4):
        found = features.differences(line, width)[width:-width]
        assert np.allclose(found, [1, -3], atol=1e-12)


@given(st.floats(0, 1e5))
def test_mel_and_hertz_are_inverse(hertz):
    assert features.hertz(features.mel(hertz)) == pytest.approx(hertz, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("wave", "message"),
    [
        (np.zeros(399), "wave must have a window's 400 samples or more, got 399"),
        (np.full(500, np.nan), "wave must be finite, got NaN"),
        (np.zeros((2, 500)), "wave must be a vector of floats"),
        (np.zeros(500, int), "wave must be a vector of floats, got int64"),
        ([0.0] * 500, "wave must be a vector of floats, got \\[0.0"),
    ],
)
def test_what_is_no_sound_is_refused(wave, message):
    with pytest.raises(ValueError, match=message):
        Features().of(wave)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 0}, "rate must be a whole number, 1 or more, got 0"),
        ({"filters": 26.0}, "filters must be a whole number"),
        ({"window": 0.0}, "window must be a sample's length or more, got 0.0"),
        ({"stride": float("nan")}, "stride must be"),
        ({"window": "x"}, "window must be a sample's length or more, got 'x'"),
        ({"stride": None}, "stride must be a sample's length or more, got None"),
        ({"stride": True}, "stride must be a sample's length or more, got True"),
        ({"window": 1j}, "window must be a sample's length or more, got 1j"),
        ({"preemphasis": None}, "preemphasis must be at least 0 and below 1, got None"),
        ({"preemphasis": "0.97"}, "preemphasis must be at least 0 and below 1, got '0.97'"),
        ({"preemphasis": float("nan")}, "preemphasis must be at least 0 and below 1, got nan"),
        ({"preemphasis": 1.0}, "preemphasis must be at least 0 and below 1, got 1.0"),
        ({"coefficients": 26}, "coefficients must be fewer than the 26 filters, got 26"),
    ],
)
def test_settings_out_of_range_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Features(**options)

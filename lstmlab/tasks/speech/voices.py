"""Made-up speech: a formant synthesiser, with speakers, noise, and phone boundaries known exactly.

It stands in for TIMIT where that is not at hand. A source (pulses of the vocal cords, or noise) is
filtered by the resonances of a vocal tract, the formants, whose places make one vowel differ from
another. Formants glide from phone to phone (coarticulation), and short vowels do not reach theirs.
The vowels are about those of Peterson and Barney (1952). The "language" has syllables, not meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RATE = 16_000
CONTROL = 80
"""Samples between two settings of the vocal tract: 5 ms."""
WINDOW, FFT = 4 * CONTROL, 1024
GLIDE = 13
"""Settings over which formants are smoothed: 65 ms."""
NEUTRAL = np.array([500.0, 1500.0, 2500.0])
BANDWIDTHS = np.array([70.0, 100.0, 150.0, 250.0, 350.0])


@dataclass(frozen=True)
class Phone:
    """How a phone is made.

    Attributes
    ----------
    formants : tuple of float
        The first three resonances in Hz, of a vocal tract of average length.
    voice, noise : float
        How loud the vocal cords are, and the noise of air.
    centre, spread : float
        Where the noise lies, in Hz.
    milliseconds : float
        How long it takes, in the middle.
    """

    formants: tuple[float, float, float]
    voice: float
    noise: float
    centre: float
    spread: float
    milliseconds: float


def _quiet(F1: float, F2: float, F3: float, voice: float, milliseconds: float) -> Phone:
    return Phone((F1, F2, F3), voice, 0, 0, 1, milliseconds)


PHONES: dict[str, Phone] = {
    "h#": _quiet(500, 1500, 2500, 0, 90), "cl": _quiet(300, 1500, 2500, 0, 55),
    "vcl": _quiet(250, 1400, 2400, 0.10, 50),
    "iy": _quiet(270, 2290, 3010, 1, 95), "ih": _quiet(390, 1990, 2550, 1, 75),
    "eh": _quiet(530, 1840, 2480, 1, 85), "ae": _quiet(660, 1720, 2410, 1, 120),
    "aa": _quiet(730, 1090, 2440, 1, 115), "ao": _quiet(570, 840, 2410, 1, 115),
    "uh": _quiet(440, 1020, 2240, 1, 75), "uw": _quiet(300, 870, 2240, 1, 100),
    "er": _quiet(490, 1350, 1690, 1, 100), "ah": _quiet(640, 1190, 2390, 0.9, 65),
    "w": _quiet(300, 650, 2200, 0.6, 60), "y": _quiet(270, 2200, 3000, 0.55, 55),
    "l": _quiet(380, 1000, 2600, 0.55, 60), "r": _quiet(350, 1150, 1500, 0.6, 60),
    "m": _quiet(250, 1100, 2200, 0.35, 65), "n": _quiet(250, 1550, 2500, 0.35, 55),
    "s": Phone((300, 1700, 2600), 0, 0.28, 6300, 1600, 105),
    "sh": Phone((300, 1800, 2500), 0, 0.28, 3300, 1200, 110),
    "f": Phone((300, 1200, 2300), 0, 0.07, 5500, 5000, 95),
    "hh": Phone((500, 1500, 2500), 0, 0.10, 1500, 2500, 60),
    "z": Phone((280, 1700, 2600), 0.22, 0.16, 6300, 1600, 80),
    "v": Phone((280, 1150, 2300), 0.28, 0.05, 5500, 5000, 60),
    "p": Phone((300, 900, 2200), 0, 0.22, 900, 1500, 40),
    "t": Phone((300, 1800, 2700), 0, 0.30, 4500, 2200, 45),
    "k": Phone((300, 1900, 2300), 0, 0.28, 2000, 900, 50),
    "b": Phone((300, 900, 2200), 0.2, 0.15, 800, 1500, 18),
    "d": Phone((300, 1800, 2700), 0.2, 0.20, 4200, 2200, 20),
    "g": Phone((300, 1900, 2300), 0.2, 0.20, 1900, 900, 25),
}  # fmt: skip
"""By name: h# is a pause, cl and vcl the closures before voiceless and voiced stops."""

VOWELS = ("iy", "ih", "eh", "ae", "aa", "ao", "uh", "uw", "er", "ah")
CLOSURES = {"p": "cl", "t": "cl", "k": "cl", "b": "vcl", "d": "vcl", "g": "vcl"}
_BEFORE, _AFTER = "p t k b d g m n s sh f hh z v w y l r", "p t k d m n s z v l r sh f g b"
BEFORE, AFTER = tuple(_BEFORE.split()), tuple(_AFTER.split())
CLUSTERS = frozenset("ptkbdgsf")


@dataclass(frozen=True)
class Speaker:
    """What stays the same from sentence to sentence.

    Attributes
    ----------
    pitch : float
        Of the vocal cords, in Hz.
    tract : float
        Formants are so many times as high as in an average vocal tract: a shorter one.
    tilt : float
        How fast the voice's overtones fade.
    pace : float
        Phones take so many times as long.
    noise : float
        Signal to noise, in dB, where this speaker is recorded.
    accent : dict of str to ndarray
        Factors of the three formants of each phone.
    """

    pitch: float
    tract: float
    tilt: float
    pace: float
    noise: float
    accent: dict[str, Floats]


def speaker(rng: np.random.Generator) -> Speaker:
    """Draw a speaker: a high voice or a low one, each in its own way, in 3 to 15 dB of noise."""
    high = rng.random() < 0.45
    return Speaker(
        pitch=max(70.0, rng.normal(205, 18) if high else rng.normal(115, 14)),
        tract=rng.normal(1.15 if high else 1.0, 0.05),
        tilt=rng.normal(1.0, 0.15),
        pace=0.8 * rng.lognormal(0, 0.12),
        noise=rng.uniform(3, 15),
        accent={phone: rng.normal(1, 0.08, 3) for phone in PHONES},
    )


def sentence(rng: np.random.Generator) -> list[str]:
    """Draw phones: 3 to 6 words of 1 to 3 syllables, a pause at both ends and at times between."""
    phones = ["h#"]
    for _ in range(rng.integers(3, 7)):
        for _ in range(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15])):
            if rng.random() < 0.85:
                before = str(rng.choice(BEFORE))
                phones += _closed(before)
                if before in CLUSTERS and rng.random() < 0.2:
                    phones.append(str(rng.choice(["l", "r", "w"])))
            phones.append(str(rng.choice(VOWELS)))
            if rng.random() < 0.45:
                phones += _closed(str(rng.choice(AFTER)))
        if rng.random() < 0.15:
            phones.append("h#")
    phones.append("h#")
    return [phone for n, phone in enumerate(phones) if n == 0 or phone != phones[n - 1]]


def _closed(consonant: str) -> list[str]:
    """A consonant, with the closure before it if it is a stop."""
    closure = CLOSURES.get(consonant)
    return [consonant] if closure is None else [closure, consonant]


def speak(
    phones: list[str], who: Speaker, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.int64]]:
    """Say some phones.

    Parameters
    ----------
    phones : list of str
        Names of `PHONES`.
    who : Speaker
    rng : numpy.random.Generator
        No phone is said twice in the same way.

    Returns
    -------
    ndarray, (samples,)
        The sound, at 16,000 samples a second, its largest sample ½.
    ndarray of int, (phones + 1,)
        The sample where each phone begins, and the one after the last.
    """
    middle = np.array([PHONES[phone].milliseconds for phone in phones])
    spread = rng.lognormal(0, 0.28, len(phones))
    settings = np.maximum(2, np.round(middle * who.pace * spread / 5)).astype(int)
    ends = np.cumsum(settings)
    formants, voice, noise, bands = _settings(phones, settings, who, rng)
    T = int(ends[-1])

    falling = 1 - 0.15 * np.linspace(0, 1, T)
    wave = 0.12 * np.sin(np.linspace(0, 3 * np.pi, T) + rng.uniform(0, 6))
    pitch = who.pitch * (falling + wave) * np.exp(np.cumsum(rng.normal(0, 0.004, T)))
    sound = _filtered(_pulses(pitch), voice, _voiced(formants, who))
    air = rng.standard_normal(T * CONTROL + WINDOW)
    sound += 1.5 * _filtered(air, noise, bands)
    power = np.sqrt(np.mean(sound**2)) * 10 ** (-who.noise / 20)
    sound += power * rng.standard_normal(len(sound))
    starts = np.concatenate([[0], ends]) * CONTROL
    return 0.5 * sound / np.abs(sound).max(), starts


def _settings(
    phones: list[str], settings: NDArray[np.int64], who: Speaker, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """For every 5 ms: formants (T, 3), loudness of voice and noise (T,), the noise's spectrum."""
    formants, voice, noise, bands = [], [], [], []
    at = np.fft.rfftfreq(FFT, 1 / RATE)
    for phone, long in zip(phones, settings, strict=True):
        made = PHONES[phone]
        reached = 0.78 if phone in VOWELS and long < 12 else 1.0  # short vowels tend to neutral
        target = NEUTRAL + reached * (np.array(made.formants) - NEUTRAL)
        formants.append(target * who.tract * who.accent[phone] * rng.normal(1, 0.025, 3))
        voice.append(made.voice * rng.lognormal(0, 0.15))
        noise.append(made.noise * rng.lognormal(0, 0.2))
        centre = made.centre * (0.75 + 0.25 * who.tract)
        bands.append(np.exp(-0.5 * ((at - centre) / max(made.spread, 300)) ** 2))
    which = np.repeat(np.arange(len(phones)), settings)
    return (
        _smooth(np.array(formants)[which], GLIDE),
        _smooth(np.array(voice)[which], 5),
        _smooth(np.array(noise)[which], 3),
        np.array(bands)[which],
    )


def _smooth(x: Floats, over: int) -> Floats:
    """A moving average with the weights of a bell, the ends held."""
    bell = np.hanning(over + 2)[1:-1]
    columns = x.reshape(len(x), -1).T
    wide = np.pad(columns, ((0, 0), (over // 2, over // 2)), mode="edge")
    found = [np.convolve(column, bell / bell.sum(), "valid") for column in wide]
    return np.array(found).T.reshape(x.shape)


def _pulses(pitch: Floats) -> Floats:
    """One pulse for each period of a pitch (T,) given every 5 ms, between samples if need be."""
    n = len(pitch) * CONTROL
    at = np.interp(np.arange(n), np.arange(len(pitch)) * CONTROL + CONTROL / 2, pitch)
    periods = np.cumsum(at) / RATE
    where = np.interp(np.arange(1, int(periods[-1]) + 1), periods, np.arange(n))
    whole, part = where.astype(int), where % 1
    pulses = np.zeros(n + WINDOW)
    height = np.sqrt(RATE / at[whole])  # the same power at every pitch
    np.add.at(pulses, whole, (1 - part) * height)
    np.add.at(pulses, whole + 1, part * height)
    return pulses


def _voiced(formants: Floats, who: Speaker) -> NDArray[np.complex128]:
    """The spectrum of the voice at every setting, (T, frequencies): tilt, then five resonances."""
    f = np.fft.rfftfreq(FFT, 1 / RATE)
    places = np.column_stack(
        [formants, np.full((len(formants), 2), (3500 * who.tract, 4500 * who.tract))]
    )
    H: NDArray[np.complex128] = np.ones((len(formants), len(f)), complex)
    H *= ((f + 50) / 500) ** -who.tilt
    for place, bandwidth in zip(places.T, BANDWIDTHS, strict=True):
        F = place[:, None]
        H *= F**2 / (F**2 - f**2 + 1j * bandwidth * f)
    return H


def _filtered(source: Floats, loudness: Floats, spectra: NDArray[np.inexact]) -> Floats:
    """Cut a source into windows that overlap, filter each one, and add them up again."""
    T = len(loudness)
    bell = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    cut = np.lib.stride_tricks.sliding_window_view(source, WINDOW)[: T * CONTROL : CONTROL]
    loud = np.flatnonzero(loudness > 1e-3)
    made = np.fft.irfft(
        np.fft.rfft(cut[loud] * bell, FFT) * spectra[loud] * loudness[loud, None], FFT
    )
    sound = np.zeros(T * CONTROL + FFT)
    for t, piece in zip(loud, made, strict=True):
        sound[t * CONTROL : t * CONTROL + FFT] += piece
    return sound[WINDOW // 2 : WINDOW // 2 + T * CONTROL] / 2

"""Sound whose player needs no plug-in and no network: chorales, synthesised, and waves."""

from __future__ import annotations

import base64
import html
import io
import wave
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmlab.viewing.checks import finite, whole
from lstmlab.viewing.music import LOWEST_MIDI, as_roll, held_notes

RATE = 11025
"""Samples a second. The highest note of a chorale and three overtones fit below half of it."""

_OVERTONES = (1.0, 0.42, 0.2, 0.09)
_ATTACK, _RELEASE = 0.03, 0.12  # seconds
_PEAK = 0.9
_HIGHEST = 108  # C8, the highest key, is still below half the sampling rate
_MOST_BYTES = 700_000


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound that shows itself as a player in a notebook and on a page.

    Attributes
    ----------
    samples : array, (S,)
        Mono sound, within -1...1.
    label : str
        What is heard; the player's accessible name.
    rate : int
        Samples a second.
    """

    samples: NDArray[np.float64]
    label: str
    rate: int = RATE

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate

    @property
    def wav(self) -> bytes:
        """The sound as an 8-bit mono WAV file, dithered so that quiet ends fade smoothly."""
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, len(self.samples))).sum(axis=0)
        noise[self.samples == 0.0] = 0.0
        levels = np.clip(np.round(128.0 + 127.0 * self.samples + 0.5 * noise), 0, 255)
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(1)
            file.setframerate(self.rate)
            file.writeframes(levels.astype(np.uint8).tobytes())
        return buffer.getvalue()

    def _repr_html_(self) -> str:
        """A figure with the browser's own player, and the label as its caption."""
        label = html.escape(self.label)
        data = base64.b64encode(self.wav).decode()
        return (
            '<figure class="lstmlab-listen" style="margin:1em 0">'
            f'<audio controls preload="metadata" aria-label="{label}" style="width:100%" '
            f'src="data:audio/wav;base64,{data}"></audio>'
            f"<figcaption>{label} ({self.seconds:.0f} s)</figcaption></figure>"
        )

    def __repr__(self) -> str:
        return f"Sound({self.label!r}, {self.seconds:.1f} s)"


def listen(
    roll: ArrayLike,
    seconds_per_frame: float = 0.35,
    transpose: int = -12,
    label: str = "Piano roll played as sound",
) -> Sound:
    """Play a piano roll with soft organ tones; a key that stays down sounds on.

    Parameters
    ----------
    roll : array, (T, 88)
        1 where a key is down; key 0 is A0 (MIDI 21). Values above 0.5 count as down.
    seconds_per_frame : float
        Length of one frame in seconds.
    transpose : int
        Semitones to shift by. The chorales of the data set lie about an octave too high.
    label : str
        What is heard, in words: the player's name for a screen reader, and its caption.

    Returns
    -------
    Sound
        Never louder than 0.9 of full scale; a silent roll gives silence.

    Raises
    ------
    ValueError
        If the roll is not (T, 88), a length is not positive, `transpose` is no whole number or
        shifts a note above MIDI 108, the label is no text or empty, or the player would weigh more
        than 700 kB.
    """
    down = as_roll(roll) > 0.5
    if not (np.isfinite(seconds_per_frame) and seconds_per_frame > 0):
        raise ValueError(
            f"seconds_per_frame must be a positive number of seconds, got {seconds_per_frame}"
        )
    transpose = whole(transpose, "transpose")
    _check_label(label)
    size = int(np.ceil((len(down) * seconds_per_frame + _RELEASE) * RATE))
    if size * 4 / 3 > _MOST_BYTES:
        raise ValueError(
            f"roll of {len(down)} frames lasts {size / RATE:.0f} s, more than a page should carry "
            f"({_MOST_BYTES * 0.75 / RATE:.0f} s): pass fewer frames, such as roll[:64]"
        )
    samples = np.zeros(size)
    for key, start, frames in held_notes(down):
        midi = key + LOWEST_MIDI + transpose
        if midi > _HIGHEST:
            raise ValueError(
                f"transpose must keep every note at or below MIDI {_HIGHEST}, got {transpose}, "
                f"which moves {midi - transpose} to {midi}"
            )
        first = round(start * seconds_per_frame * RATE)
        tone = _tone(midi, frames * seconds_per_frame)[: size - first]
        samples[first : first + len(tone)] += tone
    peak = float(np.abs(samples).max())
    return Sound(samples * (_PEAK / peak) if peak else samples, label)


def play(wave: ArrayLike, rate: int, label: str) -> Sound:
    """Play a waveform as it is, only louder or softer.

    Parameters
    ----------
    wave : array, (S,)
        One channel, two samples or more.
    rate : int
        Samples a second, from 3,000 (what every browser plays) to 48,000.
    label : str
        What is heard, in words: the player's name for a screen reader, and its caption.

    Returns
    -------
    Sound
        Its largest sample is 0.9 of full scale; silence stays silence.

    Raises
    ------
    ValueError
        If the wave is not one row of finite real numbers, the rate is out of range, the label is no
        text or empty, or the player would weigh more than 700 kB.
    """
    samples = _numbers(wave)
    finite(samples, "wave")
    if samples.ndim != 1 or len(samples) < 2:
        raise ValueError(f"wave must have shape (S,), S at least 2, got {samples.shape}")
    rate = whole(rate, "rate")
    if not 3_000 <= rate <= 48_000:
        raise ValueError(f"rate must be from 3,000 to 48,000 samples a second, got {rate}")
    _check_label(label)
    if len(samples) * 4 / 3 > _MOST_BYTES:
        raise ValueError(
            f"wave lasts {len(samples) / rate:.0f} s, more than a page should carry "
            f"({_MOST_BYTES * 0.75 / rate:.0f} s): pass fewer samples"
        )
    peak = float(np.abs(samples).max())
    # Divided first: _PEAK / peak is infinite where the peak is one of the smallest numbers.
    return Sound(samples / peak * _PEAK if peak else samples, label, rate)


def _numbers(wave: ArrayLike) -> NDArray[np.float64]:
    """A wave as floats; a cast alone would read text and drop what is imaginary."""
    try:
        given = np.asarray(wave)
    except ValueError as error:  # rows of several lengths
        raise ValueError(f"wave must be a row of numbers, got {wave!r:.40}") from error
    if given.dtype.kind not in "biuf":
        raise ValueError(f"wave must be a row of real numbers, got dtype {given.dtype}")
    return given.astype(float)


def _check_label(label: str) -> None:
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"label must be a text that says what is heard, got {label!r}")


def _tone(midi: int, seconds: float) -> NDArray[np.float64]:
    """One note with its overtones: quick soft attack, slow decay, release after its end."""
    time = np.arange(int((seconds + _RELEASE) * RATE)) / RATE
    pitch = 440.0 * 2.0 ** ((midi - 69) / 12)
    wave_form = np.zeros_like(time)
    for n, strength in enumerate(_OVERTONES, start=1):
        if n * pitch < 0.45 * RATE:
            wave_form += strength * np.sin(2.0 * np.pi * n * pitch * time)
    rise = np.clip(time / _ATTACK, 0.0, 1.0)
    fall = np.clip((seconds + _RELEASE - time) / _RELEASE, 0.0, 1.0)
    smooth = np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2
    tone: NDArray[np.float64] = wave_form * smooth * np.exp(-0.35 * time)
    return tone

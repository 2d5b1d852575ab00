"""From a waveform to what a network reads: mel-frequency cepstral coefficients (MFCC).

Greff et al. (section IV-A.1) give each frame 12 MFCC and the energy, with first and second
differences: 39 numbers. Windows are 25 ms long and begin every 10 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FLOOR = 1e-10
"""Added before a logarithm, so that digital silence has one."""


@dataclass(frozen=True)
class Features:
    """How frames are cut and described; the defaults are the paper's.

    Parameters
    ----------
    rate : int
        Samples a second.
    window, stride : float
        Length of a window, and from the begin of one to that of the next, in seconds.
    preemphasis : float
        How much of the sample before is taken from each sample.
    filters : int
        Triangles of the mel filter bank, from 0 Hz to rate/2. The paper does not give their number.
    coefficients : int
        Cepstral coefficients that are kept, from the first after the constant one.
    width : int
        Differences are slopes over so many frames to either side.

    Raises
    ------
    ValueError
        If one of them is out of range.
    """

    rate: int = 16_000
    window: float = 0.025
    stride: float = 0.010
    preemphasis: float = 0.97
    filters: int = 26
    coefficients: int = 12
    width: int = 2

    def __post_init__(self) -> None:
        for name in ("rate", "filters", "coefficients", "width"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number, 1 or more, got {value!r}")
        for name in ("window", "stride"):
            value = getattr(self, name)
            if not _is_number(value) or not 1 <= value * self.rate < np.inf:
                raise ValueError(f"{name} must be a sample's length or more, got {value!r}")
        if not _is_number(self.preemphasis) or not 0 <= self.preemphasis < 1:
            raise ValueError(
                f"preemphasis must be at least 0 and below 1, got {self.preemphasis!r}"
            )
        if self.coefficients >= self.filters:
            raise ValueError(
                f"coefficients must be fewer than the {self.filters} filters, "
                f"got {self.coefficients}"
            )

    @property
    def length(self) -> int:
        """Samples of a window."""
        return round(self.window * self.rate)

    @property
    def hop(self) -> int:
        """Samples from one window to the next."""
        return round(self.stride * self.rate)

    @property
    def size(self) -> int:
        """Numbers a frame."""
        return 3 * (self.coefficients + 1)

    def of(self, wave: NDArray[np.floating]) -> Floats:
        """Describe every frame of a waveform.

        Parameters
        ----------
        wave : ndarray, (samples,)
            One window or more of finite numbers.

        Returns
        -------
        ndarray, (T, 39)
            12 MFCC and the logarithm of the energy; their slopes; the slopes' slopes.

        Raises
        ------
        ValueError
            If it is shorter than a window, or not finite, or no vector of numbers.
        """
        if not isinstance(wave, np.ndarray) or wave.ndim != 1 or wave.dtype.kind != "f":
            got = f"{wave.dtype} {wave.shape}" if isinstance(wave, np.ndarray) else repr(wave)[:40]
            raise ValueError(f"wave must be a vector of floats, got {got}")
        if not np.isfinite(wave).all():
            raise ValueError("wave must be finite, got NaN or infinity")
        if len(wave) < self.length:
            raise ValueError(
                f"wave must have a window's {self.length} samples or more, got {len(wave)}"
            )
        sound = wave.astype(np.float64)
        energy = np.log((self.frames(sound) ** 2).sum(axis=1) + FLOOR)
        static = np.column_stack([self.cepstrum(self.log_mel(sound)), energy])
        slopes = differences(static, self.width)
        return np.hstack([static, slopes, differences(slopes, self.width)])

    def frames(self, wave: Floats) -> Floats:
        """Cut a waveform into overlapping windows, (T, length); what is left over is dropped."""
        cut = np.lib.stride_tricks.sliding_window_view(wave, self.length)
        return np.asarray(cut[:: self.hop])

    def log_mel(self, wave: Floats) -> Floats:
        """The logarithm of the power in each mel band, (T, filters)."""
        sharp = np.append(wave[0], wave[1:] - self.preemphasis * wave[:-1])
        seen = self.frames(sharp) * hamming(self.length)
        n = fft_size(self.length)
        power = np.abs(np.fft.rfft(seen, n)) ** 2
        return np.asarray(np.log(power @ mel_filters(self.rate, n, self.filters).T + FLOOR))

    def cepstrum(self, log_mel: Floats) -> Floats:
        """The cosine transform of the bands, (T, coefficients), without the constant one."""
        return log_mel @ dct(self.filters)[1 : self.coefficients + 1].T

    def middles(self, T: int) -> NDArray[np.int64]:
        """The sample in the middle of each of T windows."""
        return np.arange(T) * self.hop + self.length // 2


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def hamming(length: int) -> Floats:
    """Hamming's window, one period of it: 0.54 - 0.46 cos(2πn / length)."""
    return np.asarray(0.54 - 0.46 * np.cos(2 * np.pi * np.arange(length) / length))


def fft_size(length: int) -> int:
    """The power of two at or above a window's length."""
    return 1 << (length - 1).bit_length()


def mel(hertz: float | Floats) -> Floats:
    """The mel scale, on which equal steps sound equal: 2595 log10(1 + f/700)."""
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def hertz(mels: float | Floats) -> Floats:
    """The inverse of `mel`."""
    return np.asarray(700 * (10 ** (np.asarray(mels) / 2595) - 1))


def mel_filters(rate: int, n: int, filters: int) -> Floats:
    """Triangles of height 1, evenly spaced in mel: the weight of each frequency in each band.

    Parameters
    ----------
    rate : int
        Samples a second.
    n : int
        Samples of the Fourier transform.
    filters : int
        How many; a triangle begins and ends at its neighbours' peaks.

    Returns
    -------
    ndarray, (filters, n // 2 + 1)
    """
    corners = hertz(np.linspace(0, float(mel(rate / 2)), filters + 2))[:, None]
    at = np.fft.rfftfreq(n, 1 / rate)
    rising = (at - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - at) / (corners[2:] - corners[1:-1])
    return np.maximum(0, np.minimum(rising, falling))


def dct(size: int) -> Floats:
    """The cosine transform (DCT-II) as an orthogonal matrix, (size, size)."""
    n = np.arange(size)
    C = np.cos(np.pi / size * np.outer(n, n + 0.5)) * np.sqrt(2 / size)
    C[0] /= np.sqrt(2)
    return np.asarray(C)


def differences(x: Floats, width: int) -> Floats:
    """The slope of the line that fits each number over 2·width + 1 frames best.

    Parameters
    ----------
    x : ndarray, (T, ·)
    width : int
        Beyond the ends the first and the last frame stand still.

    Returns
    -------
    ndarray, (T, ·)
        Δx^t = Σ_k k (x^{t+k} - x^{t-k}) / (2 Σ_k k²), k = 1 to width.
    """
    T = len(x)
    wide = np.pad(x, ((width, width), (0, 0)), mode="edge")
    steps = range(1, width + 1)
    rise = sum(
        k * (wide[width + k : width + k + T] - wide[width - k : width - k + T]) for k in steps
    )
    return np.asarray(rise / (2 * sum(k * k for k in steps)))

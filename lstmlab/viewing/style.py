"""One visual style for every figure: colours, line styles, colour maps, sizes.

Each quantity of the LSTM block keeps one look through the whole book. The colours are those of
Okabe and Ito (2008), which readers with the common colour-vision deficiencies can tell apart, and
every quantity also has its own line style and marker, so a greyscale print loses nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

import matplotlib
import numpy as np
from matplotlib.colors import Colormap, ListedColormap, to_rgb
from numpy.typing import NDArray

LineStyle = str | tuple[float, tuple[float, ...]]

DPI = 200.0
"""Pixels an inch: two for each pixel of a page, so that figures stay sharp."""

WIDTH = 7.2
"""Width of a page column in inches."""

INK = "#1f2933"
MUTED = "#5f6b76"
PALE = "#c3cad1"
WASH = "#f1f3f5"
ACCENT = "#d55e00"


@dataclass(frozen=True)
class Look:
    """How one quantity is drawn, and what it is called.

    Attributes
    ----------
    words : the paper's name for the quantity.
    symbol : the letter, as mathtext.
    color : a colour of the Okabe-Ito palette.
    linestyle, marker : what tells it apart without colour.
    limits : the range its values can take; None where there is no bound.
    """

    words: str
    symbol: str
    color: str
    linestyle: LineStyle
    marker: str
    limits: tuple[float, float] | None


QUANTITIES: Mapping[str, Look] = MappingProxyType(
    {
        "z": Look("block input", r"$z$", "#56b4e9", (0.0, (1.0, 1.2)), "^", (-1.0, 1.0)),
        "i": Look("input gate", r"$i$", "#009e73", (0.0, (5.0, 1.6)), "s", (0.0, 1.0)),
        "f": Look("forget gate", r"$f$", "#e69f00", (0.0, (6.0, 1.5, 1.2, 1.5)), "v", (0.0, 1.0)),
        "o": Look("output gate", r"$o$", "#cc79a7", (0.0, (2.6, 1.2)), "D", (0.0, 1.0)),
        "c": Look("cell", r"$c$", "#0072b2", "-", "o", None),
        "y": Look(
            "block output",
            r"$y$",
            "#000000",
            (0.0, (8.0, 1.2, 1.2, 1.2, 1.2, 1.2)),
            "x",
            (-1.0, 1.0),
        ),
    }
)
"""The look of each quantity, keyed by the paper's letter."""


def _oklab_to_rgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn OKLab colours (K, 3) into sRGB in 0...1, clipped to what a screen can show."""
    to_lms = np.array(
        [
            [1.0, 0.3963377774, 0.2158037573],
            [1.0, -0.1055613458, -0.0638541728],
            [1.0, -0.0894841775, -1.2914855480],
        ]
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((lab @ to_lms.T) ** 3 @ to_linear.T, 0.0, 1.0)
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    rgb: NDArray[np.float64] = np.where(linear <= 0.0031308, 12.92 * linear, curved)
    return np.clip(rgb, 0.0, 1.0)


def _ramp(name: str, stops: list[tuple[float, float, float]]) -> ListedColormap:
    """Colour map through (lightness, chroma, hue in degrees) stops, even in OKLab."""
    light, chroma, hue = np.array(stops).T
    turn = np.deg2rad(hue)
    corners = np.stack([light, chroma * np.cos(turn), chroma * np.sin(turn)], axis=1)
    at = np.linspace(0, len(stops) - 1, 256)
    lab = np.stack([np.interp(at, np.arange(len(stops)), corners[:, k]) for k in range(3)], axis=1)
    return ListedColormap(_oklab_to_rgb(lab), name=name)


SEQUENTIAL: Colormap = matplotlib.colormaps["cividis"]
"""For values from low to high: dark blue to light yellow, evenly perceived."""

DIVERGING: Colormap = _ramp(
    "lstmlab_diverging", [(0.32, 0.13, 262), (0.63, 0.0, 0), (0.94, 0.12, 88)]
)
"""For signed values: grey at zero. Its lightness rises all the way from dark blue to light
yellow, so the sign is still seen in greyscale."""

SHADE: Colormap = _ramp("lstmlab_shade", [(1.0, 0.0, 250), (0.72, 0.09, 250), (0.36, 0.11, 255)])
"""For probabilities on a white page: white at zero, dark blue at one."""


def luminance(color: str) -> float:
    """Relative luminance of a colour (WCAG 2.2), 0 for black and 1 for white."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


@contextmanager
def style() -> Iterator[None]:
    """Draw in the book's style inside a `with` block; Matplotlib's settings are untouched after.

    Examples
    --------
    >>> with style():
    ...     figure = Figure(figsize=(WIDTH, 2.4), layout="constrained")
    ...     axes = figure.subplots()
    """
    with matplotlib.rc_context(
        {
            "font.family": ["DejaVu Sans"],
            "mathtext.fontset": "cm",
            "font.size": 9.0,
            "axes.titlesize": 10.0,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 9.0,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.edgecolor": MUTED,
            "axes.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.facecolor": "white",
            "grid.color": "#e3e7ea",
            "grid.linewidth": 0.7,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "xtick.labelsize": 8.5,
            "ytick.labelsize": 8.5,
            "text.color": INK,
            "legend.frameon": False,
            "legend.fontsize": 8.5,
            "legend.handlelength": 3.2,
            "lines.linewidth": 1.6,
            "lines.markersize": 4.0,
            "figure.facecolor": "white",
            "figure.dpi": DPI,
            "figure.titlesize": 10.5,
            "figure.titleweight": "bold",
        }
    ):
        yield


def annotate(figure: matplotlib.figure.Figure, title: str | None, caption: str | None) -> None:
    """Put a bold title above and a small caption below, both flush left."""
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if caption:
        columns = int(figure.get_figwidth() * 16)
        figure.supxlabel(
            textwrap.fill(caption, columns), x=0.01, ha="left", fontsize=8.0, color=MUTED
        )

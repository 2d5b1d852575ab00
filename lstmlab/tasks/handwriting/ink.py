"""Made-up handwriting: letters of single-stroke fonts, as one of many writers would draw them.

It stands in for IAM-OnDB where that is not at hand. The glyphs are Hershey's, designed by
A. V. Hershey and put into a common form by J. Hurt. A writer has a font, a slant, proportions, a
way of forming each letter, a speed, and a habit: to put the dots of i and the bars of t at once, or
when the word is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.handwriting.alphabet import CHARACTERS

Floats = NDArray[np.float64]

FONTS = ("scripts", "cursive", "futural")
JOINED = "scripts"
"""The font whose letters join."""
DOTTED = frozenset("ij")
"""Letters whose first stroke in the fonts is the dot; here it is their last."""
MARKED = DOTTED | {"t"}
"""Letters whose last stroke, a dot or a bar, may wait for the end of the word."""
TOUCH = 2.6
"""Strokes of neighbours that come so close are one."""
POINT = 0.013
"""Seconds from one point to the next."""


@dataclass(frozen=True)
class Glyph:
    """A letter of a font.

    Attributes
    ----------
    width : float
        How far the pen goes on.
    strokes : tuple of ndarray, (points, 2)
        x from the letter's left edge, y upwards from the base line. A capital is 21 high.
    """

    width: float
    strokes: tuple[Floats, ...]


@cache
def glyphs(font: str) -> dict[str, Glyph]:
    """The 81 characters of a font.

    Raises
    ------
    ImportError
        If the package Hershey-Fonts is not there.
    """
    try:
        from HersheyFonts import HersheyFonts
    except ImportError as error:
        raise ImportError(
            "made-up handwriting needs Hershey-Fonts: pip install Hershey-Fonts"
        ) from error
    fonts = HersheyFonts()
    fonts.load_default_font(font)
    found = {}
    for character in CHARACTERS:
        (glyph,) = fonts.glyphs_for_text(character)
        strokes = [np.array(stroke, float) for stroke in glyph.strokes if len(stroke)]
        if character in DOTTED:
            strokes = [*strokes[1:], strokes[0]]
        found[character] = Glyph(
            float(glyph.char_width),
            tuple((stroke - [glyph.left_offset, 9]) * [1, -1] for stroke in strokes),
        )
    return found


@dataclass(frozen=True)
class Writer:
    """What stays the same from line to line.

    Attributes
    ----------
    font : str
    slant : float
        x for each y.
    width, height : float
        Factors.
    gap, space : float
        Factors of the way from letter to letter and from word to word.
    rise : float
        Slope of the base line, in radians.
    shake : float
        Deviation of a letter's corners from the font's.
    step : float
        Length between two points at full speed.
    delays : bool
        Whether dots and bars wait for the end of the word.
    hand : dict of str to ndarray, (2, 2)
        How this writer distorts each letter.
    """

    font: str
    slant: float
    width: float
    height: float
    gap: float
    space: float
    rise: float
    shake: float
    step: float
    delays: bool
    hand: dict[str, Floats]


def writer(rng: np.random.Generator) -> Writer:
    """Draw a writer."""
    return Writer(
        font=FONTS[rng.choice(len(FONTS), p=[0.5, 0.25, 0.25])],
        slant=rng.normal(0.08, 0.22),
        width=rng.lognormal(0, 0.14),
        height=rng.lognormal(0, 0.1),
        gap=rng.uniform(0.8, 1.25),
        space=rng.uniform(0.8, 1.5),
        rise=rng.normal(0, 0.02),
        shake=rng.uniform(0.15, 0.55),
        step=rng.uniform(1.6, 2.3),
        delays=bool(rng.random() < 0.5),
        hand={character: np.eye(2) + rng.normal(0, 0.07, (2, 2)) for character in CHARACTERS},
    )


def write(text: str, who: Writer, rng: np.random.Generator) -> list[Floats]:
    """Write a line.

    Parameters
    ----------
    text : str
        Of the 81 characters, one of them no space.
    who : Writer
    rng : numpy.random.Generator
        No letter is written twice in the same way.

    Returns
    -------
    list of ndarray, (points, 3)
        Strokes in the order of writing: x, y (upwards) and seconds.

    Raises
    ------
    ValueError
        If a character is none of the 81, or nothing is drawn.
    """
    unknown = sorted(set(text) - set(CHARACTERS))
    if unknown or not text.strip():
        raise ValueError(f"text must be of the 81 characters, one no space, got {text!r}")
    corners = _joined(_placed(text, who, rng), who)
    turn = np.array([[np.cos(who.rise), np.sin(who.rise)], [-np.sin(who.rise), np.cos(who.rise)]])
    strokes: list[Floats] = []
    now = 0.0
    for stroke in corners:
        way = _drawn(stroke @ turn, who.step) + 0.0
        way += rng.normal(0, 0.05, way.shape)
        if strokes:
            jump = float(np.hypot(*(way[0] - strokes[-1][-1, :2])))
            now += rng.uniform(0.08, 0.25) + jump / 150
        times = now + POINT * np.arange(len(way))
        strokes.append(np.column_stack([way, times]))
        now = float(times[-1])
    return strokes


def _placed(
    text: str, who: Writer, rng: np.random.Generator
) -> list[tuple[int, Floats]]:
    """The corners of every stroke where they stand on the line, with the number of its letter."""
    font = glyphs(who.font)
    phase = rng.uniform(0, 2 * np.pi)
    x = 0.0
    placed: list[tuple[int, Floats]] = []
    waiting: list[tuple[int, Floats]] = []
    for number, character in enumerate(text):
        glyph = font[character]
        if character == " ":
            placed, waiting = placed + waiting, []
            x += glyph.width * who.space * rng.uniform(0.85, 1.2)
            continue
        form = who.hand[character] @ (np.eye(2) + rng.normal(0, 0.035, (2, 2)))
        size = rng.lognormal(0, 0.05)
        base = 1.2 * np.sin(x / 90 + phase) + rng.normal(0, 0.35)
        for place, stroke in enumerate(glyph.strokes):
            corners = size * stroke @ form.T + rng.normal(0, who.shake, stroke.shape) + [x, base]
            slanted = (corners + who.slant * corners[:, [1]] * [1, 0]) * [who.width, who.height]
            last = place == len(glyph.strokes) - 1
            late = who.delays and last and character in MARKED
            (waiting if late else placed).append((number, slanted))
        x += glyph.width * who.gap * size
    return placed + waiting


def _joined(placed: list[tuple[int, Floats]], who: Writer) -> list[Floats]:
    """Strokes of neighbouring letters become one where they touch, in the font that joins."""
    strokes: list[Floats] = []
    last = -1
    for number, stroke in placed:
        near = strokes and np.hypot(*(stroke[0] - strokes[-1][-1])) < TOUCH
        if who.font == JOINED and number == last + 1 and near:
            strokes[-1] = np.vstack([strokes[-1], stroke[1:]])
        else:
            strokes.append(stroke)
        last = number
    return strokes


def _drawn(corners: Floats, step: float) -> Floats:
    """A smooth curve through some corners, in points as a pen leaves them: closer in the bends."""
    if len(corners) < 2:
        return corners
    curve = _curve(corners)
    pieces = np.diff(curve, axis=0)
    lengths = np.hypot(*pieces.T)
    angles = np.unwrap(np.arctan2(pieces[:, 1], pieces[:, 0]))
    bend = np.zeros(len(pieces))
    if len(pieces) > 1:
        bend = np.abs(np.gradient(angles)) / np.maximum(lengths, 1e-3)
    bend = np.convolve(bend, np.full(7, 1 / 7), "same")[: len(pieces)]
    speed = (1 + 1.2 * bend) ** (-1 / 3)  # after the two-thirds power law of drawing
    to_an_end = np.minimum(np.arange(len(pieces)), np.arange(len(pieces))[::-1])
    speed *= np.minimum(1, 0.35 + to_an_end / 6)
    time = np.concatenate([[0], np.cumsum(lengths / speed)])
    at = np.linspace(0, time[-1], max(2, round(time[-1] / step) + 1))
    return np.column_stack([np.interp(at, time, column) for column in curve.T])


def _curve(corners: Floats) -> Floats:
    """Catmull and Rom's spline through corners, in pieces of about 0.15."""
    before, after = 2 * corners[0] - corners[1], 2 * corners[-1] - corners[-2]
    wide = np.vstack([before, corners, after])
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    counts = np.maximum(2, (lengths / 0.15).astype(int))
    piece = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    t = ((np.arange(len(piece)) - first[piece]) * (1 / counts)[piece])[:, None]
    a, b, c, d = (wide[piece + place] for place in range(4))
    curve = (
        b + t * (c - a) / 2 + t**2 * (2 * a - 5 * b + 4 * c - d) / 2
        + t**3 * (3 * b - a - 3 * c + d) / 2
    )  # fmt: skip
    return np.vstack([curve, corners[-1:]])

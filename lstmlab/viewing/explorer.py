"""One picture and one to three controls, for a notebook and for a plain page alike."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

import matplotlib.figure
from PIL import Image

from lstmlab.viewing import frames as _frames
from lstmlab.viewing.controls import Control, Slider
from lstmlab.viewing.frames import Frame
from lstmlab.viewing.live import has_kernel, live_bundle
from lstmlab.viewing.page import figure_html
from lstmlab.viewing.predict import Predict

MOST_CONTROLS = 3
MOST_FRAMES = 60
MOST_BYTES = 700_000

Draw = Callable[..., matplotlib.figure.Figure | tuple[matplotlib.figure.Figure, str]]


@dataclass(frozen=True)
class _Shown:
    picture: str
    under: str
    alt: str
    says: str


class Explorer:
    """The frames of one widget, and how they show: made by `explore`.

    Attributes
    ----------
    controls : dict of str to Control
    start : tuple
        The values it starts at.
    frames : dict of tuple to Frame
        One for each combination of values; the last control runs fastest.
    alt, says : dict of tuple to str
        Description of each picture, and the sentence below it.
    predict : Predict or None
        The question that comes first.
    """

    def __init__(
        self,
        controls: Mapping[str, Control],
        frames: Mapping[tuple[Hashable, ...], Frame],
        alt: Mapping[tuple[Hashable, ...], str],
        says: Mapping[tuple[Hashable, ...], str],
        width: int,
        predict: Predict | None = None,
    ) -> None:
        self.controls = dict(controls)
        self.frames = dict(frames)
        self.alt = dict(alt)
        self.says = dict(says)
        self.predict = predict
        self.start = tuple(control.values[control.start] for control in controls.values())
        self.width = width
        self.html = figure_html(
            self.controls, [*frames.values()], [*alt.values()], [*says.values()], width, predict
        )
        if len(self.html) > MOST_BYTES:
            raise ValueError(
                f"the widget weighs {len(self.html) / 1000:.0f} kB, more than the "
                f"{MOST_BYTES // 1000} kB a page should carry: draw a smaller figure, give the "
                f"controls fewer values (now {len(frames)} frames), let less change from frame to "
                "frame, or pass density=1.5"
            )

    def picture(self, *values: Hashable) -> Image.Image:
        """The picture at some values, as a Pillow image."""
        return _frames.compose(self.frames[values], self.frames[self.start])

    def _show(self, at: tuple[int, ...]) -> _Shown:
        """What the live widget shows at some positions."""
        controls = self.controls.values()
        key = tuple(control.values[n] for control, n in zip(controls, at, strict=True))
        under = self.frames[self.start].url
        return _Shown(self.frames[key].url, under, self.alt[key], self.says[key])

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        """The page's form, and with a kernel the live one too."""
        bundle: dict[str, object] = {"text/plain": repr(self), "text/html": self.html}
        if has_kernel():
            across, down = self.frames[self.start].size
            size = (self.width, round(self.width * down / across))
            bundle |= live_bundle(self.controls, self._show, size, self.predict)
        return bundle

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}: {part.outline}" for name, part in self.controls.items())
        asks = "; predict first" if self.predict else ""
        return f"Explorer({parts}; {len(self.frames)} frames{asks})"


def explore(
    draw: Draw,
    *,
    alt: str | Callable[..., str] | None = None,
    predict: Predict | None = None,
    density: float = 2.0,
    **controls: Control | Iterable[Hashable],
) -> Explorer:
    """Draw a figure for every position of one to three controls, and let the reader move them.

    The result shows as a live widget where a kernel runs, and everywhere as HTML that needs
    neither kernel nor network. Its frames are drawn now, once.

    Parameters
    ----------
    draw : callable
        Takes the controls' values by name. Returns a Matplotlib figure, or the figure and a
        sentence that says what it shows, which stands below it and is read aloud.
    alt : str or callable, optional
        Description of the picture; a callable takes the controls' values by name. By default each
        frame is described by its sentence, so `draw` must return one.
    predict : Predict, optional
        A question to answer first: until then the controls are locked, and the picture is hidden
        unless the question shows it.
    density : float
        Image pixels for each page pixel.
    **controls : Control or iterable
        One to three, by the name `draw` takes the value under: a `Slider`, `Choice`, `Toggle` or
        `Step`. A range, a list or an array is a slider.

    Returns
    -------
    Explorer

    Raises
    ------
    TypeError
        If `draw` returns something else than a figure, or a figure and a sentence.
    ValueError
        If there are no or more than three controls, more than 60 frames, figures of different
        sizes, an empty description or sentence, neither of the two, or the widget weighs more
        than 700 kB.

    Examples
    --------
    >>> explore(draw_step, alt="The block at one time step", t=Step(range(1, 17)))
    """
    if not callable(draw):
        raise TypeError(f"draw must be a function that returns a figure, got {draw!r}")
    if not 1.0 <= density <= 3.0:
        raise ValueError(f"density must be in 1...3 image pixels a page pixel, got {density}")
    if predict is not None and not isinstance(predict, Predict):
        raise TypeError(f"predict must be a Predict, got {predict!r}")
    if not 1 <= len(controls) <= MOST_CONTROLS:
        given = ", ".join(controls) or "none"
        raise ValueError(f"explore takes one to three controls, got {len(controls)}: {given}")
    parts = {name: c if isinstance(c, Control) else Slider(c) for name, c in controls.items()}
    count = math.prod(len(part.values) for part in parts.values())
    if count > MOST_FRAMES:
        raise ValueError(
            f"controls make {count} frames, more than {MOST_FRAMES}: give them fewer values"
        )
    keys = list(itertools.product(*(part.values for part in parts.values())))
    texts = itertools.product(*(part.texts for part in parts.values()))
    labels = [part.named(name) for name, part in parts.items()]
    if len(set(labels)) < len(labels):
        raise ValueError(f"label must tell the controls apart, got {', '.join(labels)}")
    pictures, alts, says = [], [], []
    for key, words in zip(keys, texts, strict=True):
        values = dict(zip(parts, key, strict=True))
        figure, sentence = _drawn(draw(**values))
        plain = ", ".join(f"{name}: {text}" for name, text in zip(labels, words, strict=True))
        try:
            pictures.append(_frames.render(figure, density))
        finally:
            _frames.close(figure)
        if alt is not None:
            alts.append(alt(**values) if callable(alt) else alt)
        elif sentence is not None:
            alts.append(sentence)
        else:
            raise ValueError(
                "alt must be a description of the picture where draw returns no sentence, "
                f"got None at {plain}"
            )
        says.append(plain if sentence is None else sentence)
        for name, text in (("the sentence", says[-1]), ("alt", alts[-1])):
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"{name} must be a text, got {text!r} at {plain}")
        if pictures[-1].size != pictures[0].size:
            raise ValueError(
                f"draw must return figures of one size, got {pictures[0].size} and "
                f"{pictures[-1].size} pixels at {plain}"
            )
    start = keys.index(tuple(part.values[part.start] for part in parts.values()))
    encoded = _frames.encode(pictures, start)
    return Explorer(
        parts,
        dict(zip(keys, encoded, strict=True)),
        dict(zip(keys, alts, strict=True)),
        dict(zip(keys, says, strict=True)),
        width=round(pictures[0].size[0] / density),
        predict=predict,
    )


def _drawn(result: object) -> tuple[matplotlib.figure.Figure, str | None]:
    """Take apart what `draw` returned."""
    figure, sentence = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
    if not isinstance(figure, matplotlib.figure.Figure):
        raise TypeError(f"draw must return a figure, or (figure, sentence), got {result!r}")
    return figure, sentence

"""One picture and one or two sliders, for a notebook and for a plain page alike."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import matplotlib.figure
from PIL import Image

from lstmlab.viewing import frames as _frames
from lstmlab.viewing.frames import Frame
from lstmlab.viewing.live import has_kernel, live_bundle
from lstmlab.viewing.page import figure_html

MOST_FRAMES = 60
MOST_BYTES = 700_000

Draw = Callable[..., matplotlib.figure.Figure | tuple[matplotlib.figure.Figure, str]]


class Slider:
    """The positions of one slider.

    Parameters
    ----------
    values : iterable
        Two or more different values: numbers, strings, anything hashable.
    label : str, optional
        Visible name; by default the parameter's name with spaces for underscores.
    start : optional
        The value it starts at; by default the first.
    format : str or callable, optional
        How a value is written: a format such as ".2f", or a function of the value.

    Raises
    ------
    ValueError
        If there are fewer than two values, one is an array or not hashable, a value occurs twice,
        `start` is not among them, or two values would be written alike.
    """

    def __init__(
        self,
        values: Iterable[Hashable],
        *,
        label: str | None = None,
        start: Hashable | None = None,
        format: str | Callable[[Hashable], str] | None = None,
    ) -> None:
        try:
            given = tuple(values)
        except TypeError as error:
            raise ValueError(
                f"values of a slider must be a list or a range, got {values!r}"
            ) from error
        self.values: tuple[Hashable, ...] = tuple(_plain(value, "values") for value in given)
        self.label = label
        if len(self.values) < 2 or len(set(self.values)) < len(self.values):
            raise ValueError(
                f"values of a slider must be two or more different values, got {self.values!r}"
            )
        start = self.values[0] if start is None else _plain(start, "start")
        if start not in self.values:
            raise ValueError(f"start must be one of the slider's values, got {start!r}")
        self.start = self.values.index(start)
        self.texts = tuple(_written(value, format) for value in self.values)
        if len(set(self.texts)) < len(self.texts):
            raise ValueError(
                f"format must write different values differently, got {', '.join(self.texts)}"
            )


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
    sliders : dict of str to Slider
    start : tuple
        The values it starts at.
    frames : dict of tuple to Frame
        One for each combination of values; the last slider runs fastest.
    alt, says : dict of tuple to str
        Description of each picture, and the sentence below it.
    """

    def __init__(
        self,
        sliders: Mapping[str, Slider],
        frames: Mapping[tuple[Hashable, ...], Frame],
        alt: Mapping[tuple[Hashable, ...], str],
        says: Mapping[tuple[Hashable, ...], str],
        width: int,
    ) -> None:
        self.sliders = dict(sliders)
        self.frames = dict(frames)
        self.alt = dict(alt)
        self.says = dict(says)
        self.start = tuple(slider.values[slider.start] for slider in sliders.values())
        self.width = width
        self.html = figure_html(*self._layout(), [*frames.values()], [*alt.values()],
                                [*says.values()], width)  # fmt: skip
        if len(self.html) > MOST_BYTES:
            raise ValueError(
                f"the widget weighs {len(self.html) / 1000:.0f} kB, more than the "
                f"{MOST_BYTES // 1000} kB a page should carry: draw a smaller figure, give the "
                f"sliders fewer values (now {len(frames)} frames), let less change from frame to "
                "frame, or pass density=1.5"
            )

    def picture(self, *values: Hashable) -> Image.Image:
        """The picture at some values, as a Pillow image."""
        return _frames.compose(self.frames[values], self.frames[self.start])

    def _layout(self) -> tuple[list[str], list[Sequence[str]], list[int]]:
        """Labels, texts and starting positions of the sliders."""
        names = [s.label or name.replace("_", " ") for name, s in self.sliders.items()]
        parts = self.sliders.values()
        return names, [slider.texts for slider in parts], [slider.start for slider in parts]

    def _show(self, at: tuple[int, ...]) -> _Shown:
        """What the live widget shows at some positions."""
        sliders = self.sliders.values()
        key = tuple(slider.values[n] for slider, n in zip(sliders, at, strict=True))
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
            bundle |= live_bundle(*self._layout(), self._show, self.width)
        return bundle

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}: {len(s.values)} values" for name, s in self.sliders.items())
        return f"Explorer({parts}; {len(self.frames)} frames)"


def explore(
    draw: Draw,
    *,
    alt: str | Callable[..., str] | None = None,
    density: float = 2.0,
    **sliders: Slider | Iterable[Hashable],
) -> Explorer:
    """Draw a figure for every position of one or two sliders, and let the reader move them.

    The result shows as a live widget where a kernel runs, and everywhere as HTML that needs
    neither kernel nor network. Its frames are drawn now, once.

    Parameters
    ----------
    draw : callable
        Takes the sliders' values by name. Returns a Matplotlib figure, or the figure and a
        sentence that says what it shows, which stands below it and is read aloud.
    alt : str or callable, optional
        Description of the picture; a callable takes the sliders' values by name. By default each
        frame is described by its sentence, so `draw` must return one.
    density : float
        Image pixels for each page pixel.
    **sliders : iterable or Slider
        One or two, by the name `draw` takes the value under: a range, a list, an array.

    Returns
    -------
    Explorer

    Raises
    ------
    TypeError
        If `draw` returns something else than a figure, or a figure and a sentence.
    ValueError
        If there are no or more than two sliders, more than 60 frames, figures of different sizes,
        an empty description or sentence, neither of the two, or the widget weighs more than 700 kB.

    Examples
    --------
    >>> explore(draw_step, alt="The block at one time step", t=range(16))
    """
    if not callable(draw):
        raise TypeError(f"draw must be a function that returns a figure, got {draw!r}")
    if not 1.0 <= density <= 3.0:
        raise ValueError(f"density must be in 1...3 image pixels a page pixel, got {density}")
    if not 1 <= len(sliders) <= 2:
        given = ", ".join(sliders) or "none"
        raise ValueError(f"explore takes one or two sliders, got {len(sliders)}: {given}")
    parts = {name: s if isinstance(s, Slider) else Slider(s) for name, s in sliders.items()}
    count = math.prod(len(slider.values) for slider in parts.values())
    if count > MOST_FRAMES:
        raise ValueError(
            f"sliders make {count} frames, more than {MOST_FRAMES}: give them fewer values"
        )
    names = list(parts)
    keys = list(itertools.product(*(slider.values for slider in parts.values())))
    texts = itertools.product(*(slider.texts for slider in parts.values()))
    pictures, alts, says = [], [], []
    for key, words in zip(keys, texts, strict=True):
        values = dict(zip(names, key, strict=True))
        figure, sentence = _drawn(draw(**values))
        labels = (slider.label or name.replace("_", " ") for name, slider in parts.items())
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
    start = keys.index(tuple(slider.values[slider.start] for slider in parts.values()))
    encoded = _frames.encode(pictures, start)
    return Explorer(
        parts,
        dict(zip(keys, encoded, strict=True)),
        dict(zip(keys, alts, strict=True)),
        dict(zip(keys, says, strict=True)),
        width=round(pictures[0].size[0] / density),
    )


def _drawn(result: object) -> tuple[matplotlib.figure.Figure, str | None]:
    """Take apart what `draw` returned."""
    figure, sentence = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
    if not isinstance(figure, matplotlib.figure.Figure):
        raise TypeError(f"draw must return a figure, or (figure, sentence), got {result!r}")
    return figure, sentence


def _plain(value: Hashable, what: str) -> Hashable:
    """A slider's value, a NumPy scalar as the Python number it holds."""
    item, axes = getattr(value, "item", None), getattr(value, "ndim", 0)
    plain: Hashable = item() if callable(item) and not axes else value
    try:
        if axes:
            raise TypeError("an array is no one value")
        hash(plain)
    except TypeError as error:
        raise ValueError(
            f"{what} of a slider must be numbers, texts or other hashable values, got {value!r}"
        ) from error
    return plain


def _written(value: Hashable, form: str | Callable[[Hashable], str] | None) -> str:
    """A value as the reader sees it."""
    if callable(form):
        return form(value)
    if form is None:
        form = ".4g" if isinstance(value, float) else ""
    text = format(value, form)
    return text.replace("-", "−") if isinstance(value, int | float) else text

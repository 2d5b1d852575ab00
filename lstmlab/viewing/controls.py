"""What the reader moves in a widget: sliders, choices, toggles and steps.

A control is a row of values, each with the text the reader sees. The four kinds differ in how the
reader goes from one value to another; `page` and `live` draw them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import ClassVar, Literal

Format = str | Callable[[Hashable], str]
Kind = Literal["slider", "choice", "toggle", "step"]


class Control:
    """The values of one control; use one of the four kinds below.

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

    Attributes
    ----------
    kind : str
        "slider", "choice", "toggle" or "step".
    values, texts : tuple, (K,)
        The values, and how each is written.
    start : int
        Position of the value it starts at.
    label : str or None

    Raises
    ------
    ValueError
        If there are fewer than two values, one is an array or not hashable, a value occurs twice,
        `start` is not among them, `format` writes two values alike or returns no text, or `label`
        is no text.
    """

    kind: ClassVar[Kind]

    def __init__(
        self,
        values: Iterable[Hashable],
        *,
        label: str | None = None,
        start: Hashable | None = None,
        format: Format | None = None,
    ) -> None:
        try:
            given = tuple(values)
        except TypeError as error:
            raise ValueError(
                f"values of a {self.kind} must be a list or a range, got {values!r}"
            ) from error
        self.values: tuple[Hashable, ...] = tuple(self._plain(v, "values") for v in given)
        if len(self.values) < 2 or len(set(self.values)) < len(self.values):
            raise ValueError(
                f"values of a {self.kind} must be two or more different values, got {self.values!r}"
            )
        if label is not None and not (isinstance(label, str) and label.strip()):
            raise ValueError(f"label of a {self.kind} must be a text, got {label!r}")
        self.label = label
        start = self.values[0] if start is None else self._plain(start, "start")
        if start not in self.values:
            raise ValueError(f"start must be one of the {self.kind}'s values, got {start!r}")
        self.start = self.values.index(start)
        self.texts = tuple(_written(value, format) for value in self.values)
        if len(set(self.texts)) < len(self.texts):
            raise ValueError(
                f"format must write different values differently, got {', '.join(self.texts)}"
            )

    @property
    def shown(self) -> tuple[str, ...]:
        """What stands beside the control at each value."""
        return self.texts

    @property
    def outline(self) -> str:
        """The kind and number of the values, for a line of text."""
        return f"{self.kind} of {len(self.values)}"

    def named(self, name: str) -> str:
        """The visible name of the control under the parameter `name`."""
        return self.label or name.replace("_", " ")

    def _plain(self, value: Hashable, what: str) -> Hashable:
        """A value, a NumPy scalar as the Python number it holds."""
        item, axes = getattr(value, "item", None), getattr(value, "ndim", 0)
        plain: Hashable = item() if callable(item) and not axes else value
        try:
            if axes:
                raise TypeError("an array is no one value")
            hash(plain)
        except TypeError as error:
            raise ValueError(
                f"{what} of a {self.kind} must be numbers, texts or other hashable values, "
                f"got {value!r}"
            ) from error
        return plain


class Slider(Control):
    """Values along a line, for something that has an order and many positions.

    Takes what `Control` takes.

    Examples
    --------
    >>> Slider([0.5, 0.9, 0.99], label="kept at every step, f", start=0.9)
    """

    kind = "slider"

    @property
    def outline(self) -> str:
        """The number of the values, for a line of text."""
        return f"{len(self.values)} values"


class Choice(Control):
    """A few values side by side, all in view: radio buttons.

    Takes what `Control` takes.

    Examples
    --------
    >>> Choice(["V", "NP", "CIFG"], label="variant")
    """

    kind = "choice"


class Toggle(Control):
    """One thing that is there or not: a checkbox. Its values are False and True.

    Parameters
    ----------
    label : str, optional
        Visible name; by default the parameter's name with spaces for underscores.
    start : bool
        Whether it starts switched on.
    texts : pair of str
        What off and on are called.

    Raises
    ------
    ValueError
        If `start` is no bool, `texts` are not two different texts, or `label` is no text.

    Examples
    --------
    >>> Toggle(label="peepholes", start=True, texts=("cut", "in place"))
    """

    kind = "toggle"

    def __init__(
        self,
        *,
        label: str | None = None,
        start: bool = False,
        texts: tuple[str, str] = ("off", "on"),
    ) -> None:
        if not isinstance(start, bool):
            raise ValueError(f"start of a toggle must be True or False, got {start!r}")
        words = texts if isinstance(texts, tuple | list) else ()
        if len(words) != 2 or not all(isinstance(w, str) and w.strip() for w in words):
            raise ValueError(f"texts must be what off and on are called, got {texts!r}")
        super().__init__((False, True), label=label, start=start, format=lambda on: words[bool(on)])

    @property
    def outline(self) -> str:
        """What its two values are called, for a line of text."""
        return " or ".join(self.texts)


class Step(Control):
    """Values to go through one after the other, with the buttons Back and Next.

    Takes what `Control` takes.

    Examples
    --------
    >>> Step(range(1, 21), label="step, t")
    """

    kind = "step"

    @property
    def shown(self) -> tuple[str, ...]:
        """Each value with its place among all: "3 of 20", or "0.5 (3 of 20)"."""
        places = [f"{n} of {len(self.texts)}" for n in range(1, len(self.texts) + 1)]
        return tuple(
            place if text == str(n) else f"{text} ({place})"
            for n, (text, place) in enumerate(zip(self.texts, places, strict=True), start=1)
        )

    @property
    def outline(self) -> str:
        """The number of the values, for a line of text."""
        return f"{len(self.values)} steps"


def _written(value: Hashable, form: Format | None) -> str:
    """A value as the reader sees it."""
    if callable(form):
        words = form(value)
        if not (isinstance(words, str) and words.strip()):
            raise ValueError(f"format must return a text, got {words!r} for {value!r}")
        return words
    if form is None:
        form = ".4g" if isinstance(value, float) else ""
    text = format(value, form)
    return text.replace("-", "−") if isinstance(value, int | float) else text

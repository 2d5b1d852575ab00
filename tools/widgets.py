"""What is wrong with the widgets that a notebook stores: controls that leave something as it was.

A widget of ``lstmlab.viewing.explore`` is stored as HTML that holds every frame with its sentence,
so what a reader's move would show can be read there, without a browser.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

FIGURE = "lstmlab-explore"
NAME = "lstmlab-explore-name"  # a step's; the other controls have a label or a legend
SHOWN = {"picture": 0, "sentence": 2}  # where each stands in a frame's row


@dataclass
class Widget:
    """One stored widget.

    Attributes
    ----------
    names : list of str, (S,)
        What each control is called.
    shown : list of lists of str
        What stands beside each control at each of its values.
    start : list of int, (S,)
        The value each control starts at.
    frames : list of rows
        Picture, description and sentence of every combination; the last control runs fastest.
    """

    names: list[str] = field(default_factory=list)
    shown: list[list[str]] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    frames: list[tuple[int, str, str]] = field(default_factory=list)

    def frame(self, control: int, value: int) -> tuple[int, str, str]:
        """The row with one `control` at a `value` and the others where they start."""
        at = [*self.start]
        at[control] = value
        place = 0
        for n, texts in zip(at, self.shown, strict=True):
            place = place * len(texts) + n
        return self.frames[place]


class _Widgets(HTMLParser):
    """Collects every widget in a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.widgets: list[Widget] = []
        self._unnamed = False  # a control has begun, and its name has not
        self._tag = ""  # the element whose text is being read
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if tag == "figure" and FIGURE in classes:
            self.widgets.append(Widget())
        if not self.widgets:
            return
        if "data-control" in given:
            self._unnamed = True
        elif self._unnamed and (tag in ("label", "legend") or NAME in classes):
            self._unnamed = False
            self._tag, self._text = tag, []
        elif tag == "script" and given.get("type") == "application/json":
            self._tag, self._text = tag, []

    def handle_data(self, data: str) -> None:
        if self._tag:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not self._tag or tag != self._tag:
            return
        text, widget = "".join(self._text).strip(), self.widgets[-1]
        if tag == "script":
            data = json.loads(text)
            widget.shown, widget.start = data["shown"], data["start"]
            widget.frames = data["frames"]
        else:
            widget.names.append(text)
        self._tag = ""


def widgets(html: str) -> list[Widget]:
    """Every widget in `html`, in the order of the page."""
    parser = _Widgets()
    parser.feed(html)
    return parser.widgets


def widget_faults(html: str) -> Iterator[str]:
    """Controls in `html` that leave the picture or the sentence as it was.

    Each control moves from its first value to its second and to its last, as a reader tries it,
    while the others stand where they start.

    Yields
    ------
    str
        One line a fault: the control, its two values, and what they have in common.
    """
    for widget in widgets(html):
        if not widget.names or len(widget.names) != len(widget.shown):
            yield (
                f"shows a widget of {len(widget.names)} controls that holds the values of "
                f"{len(widget.shown)}"
            )
            continue
        for control, (name, texts) in enumerate(zip(widget.names, widget.shown, strict=True)):
            first = widget.frame(control, 0)
            for value in sorted({1, len(texts) - 1}):
                other = widget.frame(control, value)
                still = [what for what, k in SHOWN.items() if first[k] == other[k]]
                if still:
                    yield (
                        f"shows a widget where moving {name!r} from {texts[0]} to {texts[value]} "
                        f"leaves its {' and '.join(still)} as it was"
                    )

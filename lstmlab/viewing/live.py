"""The live form of a widget, for a notebook with a running kernel."""

from __future__ import annotations

import html
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import Protocol


class Shown(Protocol):
    """What the live widget shows for one position of the sliders."""

    @property
    def picture(self) -> str:
        """Address of the picture."""

    @property
    def under(self) -> str:
        """Address of the start picture, which lies under it."""

    @property
    def alt(self) -> str:
        """Description of the picture."""

    @property
    def says(self) -> str:
        """The sentence below it."""


def has_kernel() -> bool:
    """Whether this is a notebook's kernel and ipywidgets can be imported."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel") and importlib.util.find_spec("ipywidgets") is not None


def live_bundle(
    names: Sequence[str],
    labels: Sequence[Sequence[str]],
    start: Sequence[int],
    show: Callable[[tuple[int, ...]], Shown],
    width: int,
) -> dict[str, object]:
    """Build a box of labelled sliders, picture and sentence, and return its widget view.

    Parameters
    ----------
    names, labels, start : sequences, (S,)
        Label, texts of the positions and starting position of each slider.
    show : callable
        Takes the sliders' positions.
    width : int
        Width of the picture in page pixels.
    """
    widgets = importlib.import_module("ipywidgets")
    sliders = [
        widgets.SelectionSlider(
            options=[(text, n) for n, text in enumerate(texts)],
            value=at,
            description=name,
            style={"description_width": "initial"},
            layout={"width": f"min(100%, {width}px)"},
        )
        for name, texts, at in zip(names, labels, start, strict=True)
    ]
    view = widgets.HTML()

    def update(_: object = None) -> None:
        shown = show(tuple(slider.value for slider in sliders))
        view.value = (
            f'<figure style="margin:0;max-width:{width}px"><img src="{shown.picture}" '
            f'alt="{html.escape(shown.alt)}" style="display:block;width:100%;'
            f'background:url({shown.under}) 0 0 / 100% 100%"><figcaption aria-live="polite" '
            f'style="margin-top:.5em;line-height:1.4">{html.escape(shown.says)}</figcaption></figure>'
        )

    for slider in sliders:
        slider.observe(update, names="value")
    update()
    bundle: dict[str, object] = widgets.VBox([*sliders, view])._repr_mimebundle_()
    return {kind: data for kind, data in bundle.items() if kind != "text/plain"}

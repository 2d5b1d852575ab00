"""The live form of a widget, for a notebook with a running kernel."""

from __future__ import annotations

import html
import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from lstmlab.viewing import predict as words
from lstmlab.viewing.controls import Control
from lstmlab.viewing.predict import Predict


class Shown(Protocol):
    """What the live widget shows for one position of the controls."""

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


class _Widget(Protocol):
    """As much of an ipywidget as is used whatever its kind."""

    disabled: bool

    def focus(self) -> None:
        """Take the keyboard's focus."""


@dataclass
class _Part:
    """One control: what is shown, what can be locked, and where it stands."""

    box: object
    inputs: list[_Widget]
    at: Callable[[], int]


def has_kernel() -> bool:
    """Whether this is a notebook's kernel and ipywidgets can be imported."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel") and importlib.util.find_spec("ipywidgets") is not None


def live_bundle(
    controls: Mapping[str, Control],
    show: Callable[[tuple[int, ...]], Shown],
    size: tuple[int, int],
    predict: Predict | None = None,
) -> dict[str, object]:
    """Build a box of question, controls, picture and sentence, and return its widget view.

    Parameters
    ----------
    controls : mapping of str to Control, (S,)
        Each under the name that `draw` takes its value by.
    show : callable
        Takes the controls' positions.
    size : tuple of int
        Width and height of the picture in page pixels.
    predict : Predict, optional
        The question that comes first.
    """
    widgets = importlib.import_module("ipywidgets")
    view = widgets.HTML()
    locked = predict is not None

    def update(_: object = None) -> None:
        hidden = locked and not (predict and predict.show)
        view.value = _waiting(size) if hidden else _figure(show(here()), size[0])

    def here() -> tuple[int, ...]:
        return tuple(part.at() for part in parts)

    def unlock() -> None:
        nonlocal locked
        locked = False
        for part in parts:
            _lock(part, False)
        update()
        parts[0].inputs[0].focus()

    makers = {"slider": _slider, "choice": _choice, "toggle": _toggle, "step": _step}
    parts: list[_Part] = [
        makers[control.kind](control, control.named(name), update, size[0])
        for name, control in controls.items()
    ]
    for part in parts:
        _lock(part, locked)
    question = [] if predict is None else [_question(predict, unlock, size[0])]
    update()
    box = widgets.VBox([*question, *(part.box for part in parts), view])
    bundle: dict[str, object] = box._repr_mimebundle_()
    return {kind: data for kind, data in bundle.items() if kind != "text/plain"}


def _lock(part: _Part, locked: bool) -> None:
    """Disable a control, or enable it."""
    for widget in part.inputs:
        widget.disabled = locked


def _slider(control: Control, name: str, moved: Callable[..., None], width: int) -> _Part:
    """A slider that shows the value's text at its right."""
    slider = importlib.import_module("ipywidgets").SelectionSlider(
        options=[(text, n) for n, text in enumerate(control.texts)],
        value=control.start,
        description=name,
        style={"description_width": "initial"},
        layout={"width": f"min(100%, {width}px)"},
    )
    slider.observe(moved, names="value")
    return _Part(slider, [slider], lambda: int(slider.value))


def _choice(control: Control, name: str, moved: Callable[..., None], width: int) -> _Part:
    """Radio buttons, side by side where this version of ipywidgets can."""
    buttons = importlib.import_module("ipywidgets").RadioButtons
    radios = buttons(
        options=[(text, n) for n, text in enumerate(control.texts)],
        value=control.start,
        description=name,
        style={"description_width": "initial"},
        layout={"width": f"min(100%, {width}px)"},
    )
    if "orientation" in buttons.class_trait_names():
        radios.orientation = "horizontal"
    radios.observe(moved, names="value")
    return _Part(radios, [radios], lambda: int(radios.value))


def _toggle(control: Control, name: str, moved: Callable[..., None], width: int) -> _Part:
    """A checkbox, and what its state is called."""
    widgets = importlib.import_module("ipywidgets")
    box = widgets.Checkbox(
        value=bool(control.start), description=name, indent=False, layout={"width": "auto"}
    )
    says = widgets.Label(control.shown[control.start], layout={"margin": "0 0 0 1em"})

    def flip(_: object) -> None:
        says.value = control.shown[int(box.value)]
        moved()

    box.observe(flip, names="value")
    return _Part(widgets.HBox([box, says]), [box], lambda: int(box.value))


def _step(control: Control, name: str, moved: Callable[..., None], width: int) -> _Part:
    """Two buttons and the place between the first value and the last."""
    widgets = importlib.import_module("ipywidgets")
    back, forward = (
        widgets.Button(description=text, tooltip=f"{name}: {text}", layout={"width": "auto"})
        for text in ("Back", "Next")
    )
    says = widgets.Label(control.shown[control.start])
    at = control.start

    def go(by: int) -> None:
        nonlocal at
        at = min(max(at + by, 0), len(control.shown) - 1)
        says.value = control.shown[at]
        moved()

    back.on_click(lambda _: go(-1))
    forward.on_click(lambda _: go(1))
    box = widgets.HBox([widgets.Label(name), back, forward, says])
    return _Part(box, [forward, back], lambda: at)


def _question(predict: Predict, unlock: Callable[[], None], width: int) -> object:
    """The question with its options and its button; pressing that unlocks the rest."""
    widgets = importlib.import_module("ipywidgets")
    lead = f"<strong>{words.LEAD}</strong> {html.escape(predict.question)}"
    asked = widgets.HTML(f'<div style="max-width:{width}px;line-height:1.4">{lead}</div>')
    options = widgets.RadioButtons(
        options=[(text, n) for n, text in enumerate(predict.options)],
        value=None,
        layout={"width": f"min(100%, {width}px)"},
    )
    button = widgets.Button(description=words.BUTTON, disabled=True)
    verdict = widgets.HTML(words.LOCKED if predict.show else "")

    def chosen(_: object) -> None:
        button.disabled = options.value is None

    def commit(_: object) -> None:
        if options.disabled or options.value is None:
            return
        word, line = predict.verdict(options.value)
        verdict.value = (
            f'<div role="status" style="max-width:{width}px;line-height:1.4">'
            f"<p><strong>{word}</strong> {html.escape(line)}</p>"
            f"<p>{html.escape(predict.because)}</p></div>"
        )
        options.disabled = True
        button.layout.display = "none"
        unlock()

    options.observe(chosen, names="value")
    button.on_click(commit)
    return widgets.VBox([asked, options, button, verdict])


def _figure(shown: Shown, width: int) -> str:
    """The picture and its sentence as HTML."""
    return (
        f'<figure style="margin:0;max-width:{width}px"><img src="{shown.picture}" '
        f'alt="{html.escape(shown.alt)}" style="display:block;width:100%;'
        f'background:url({shown.under}) 0 0 / 100% 100%"><figcaption aria-live="polite" '
        f'style="margin-top:.5em;line-height:1.4">{html.escape(shown.says)}</figcaption></figure>'
    )


def _waiting(size: tuple[int, int]) -> str:
    """What stands in the picture's place while it is hidden."""
    return (
        f'<div style="max-width:{size[0]}px;aspect-ratio:{size[0]}/{size[1]};border:2px dashed;'
        "border-radius:4px;box-sizing:border-box;display:flex;align-items:center;"
        f'justify-content:center">{words.WAIT}</div>'
    )

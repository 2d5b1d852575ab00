"""The plain-page form of a widget: HTML that needs no kernel, no network and no plug-in."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping, Sequence

from lstmlab.viewing import predict as words
from lstmlab.viewing.controls import Control
from lstmlab.viewing.frames import Frame
from lstmlab.viewing.predict import Predict
from lstmlab.viewing.script import LOCK, SCRIPT, STYLE

_FIGURE = """\
<figure class="lstmlab-explore" data-explore="{key}" style="max-width:{width}px">
<style>
{style}</style>
{question}<fieldset class="lstmlab-explore-controls" role="presentation" disabled>
{controls}
</fieldset>
<div class="lstmlab-explore-picture">
<img class="lstmlab-explore-frame" alt="{alt}" src="{src}" width="{width}" height="{height}">{wait}
</div>
<figcaption class="lstmlab-explore-says" aria-live="polite">{says}</figcaption>
<noscript><p>The controls need JavaScript; the picture shows where they start.</p></noscript>
<script type="application/json">{data}</script>
<script type="module">
{script}</script>
</figure>"""

_CONTROLS = {
    "slider": """\
<div class="lstmlab-explore-control" data-control="slider">
<label for="{id}">{label}</label>
<span class="lstmlab-explore-slide">
<input type="range" id="{id}" min="0" max="{last}" step="1" value="{at}" aria-valuetext="{text}" \
autocomplete="off">
<output for="{id}" aria-live="off">{text}</output>
</span>
</div>""",
    "choice": """\
<fieldset class="lstmlab-explore-choice" data-control="choice">
<legend>{label}</legend>
<div class="lstmlab-explore-control">
{options}
</div>
</fieldset>""",
    "toggle": """\
<div class="lstmlab-explore-control" data-control="toggle">
<label for="{id}"><input type="checkbox" id="{id}" aria-describedby="{id}-says" \
autocomplete="off"{checked}> {label}</label>
<output for="{id}" id="{id}-says" aria-live="off">{text}</output>
</div>""",
    "step": """\
<div class="lstmlab-explore-control" data-control="step" role="group" aria-labelledby="{id}">
<span class="lstmlab-explore-name" id="{id}">{label}</span>
<button type="button">Back</button>
<button type="button">Next</button>
<output>{text}</output>
</div>""",
}

_OPTION = """\
<label><input type="radio" name="{name}" value="{n}" autocomplete="off"{checked}> {text}</label>"""

_QUESTION = """\
<script>{lock}</script>
<div class="lstmlab-explore-predict">
<fieldset disabled>
<legend><strong>{lead}</strong> {question}</legend>
{options}
</fieldset>
<p><button type="button" disabled>{button}</button>{hint}</p>
<div role="status"><p><strong hidden></strong> <span hidden></span></p><p hidden></p></div>
<noscript><details><summary>{folded}</summary><p>{answer}</p><p>{because}</p></details></noscript>
</div>
"""


def figure_html(
    controls: Mapping[str, Control],
    frames: Sequence[Frame],
    alts: Sequence[str],
    says: Sequence[str],
    width: int,
    predict: Predict | None = None,
) -> str:
    """Write the figure: question, controls, start picture, the other frames and the script.

    Parameters
    ----------
    controls : mapping of str to Control, (S,)
        Each under the name that `draw` takes its value by.
    frames, alts, says : sequences, (F,)
        Picture, description and sentence of every combination; the last control runs fastest.
    width : int
        Width of the picture on the page, in page pixels.
    predict : Predict, optional
        The question that comes first.

    Returns
    -------
    str
        The same for the same input: ids are made from the content.
    """
    start = [control.start for control in controls.values()]
    shown = [control.shown for control in controls.values()]
    first = 0
    for at, texts in zip(start, shown, strict=True):
        first = first * len(texts) + at
    images = [frames[first].url]
    rows = []
    for frame, alt, sentence in zip(frames, alts, says, strict=True):
        if frame.url not in images:
            images.append(frame.url)
        rows.append([images.index(frame.url), alt, sentence])
    data: dict[str, object] = {
        "overlays": images[1:], "frames": rows, "shown": shown, "start": start,
    }  # fmt: skip
    if predict is not None:
        data["predict"] = {
            "lock": "controls" if predict.show else "all",
            "verdicts": [predict.verdict(n) for n in range(len(predict.options))],
            "because": predict.because,
        }

    def written(key: str) -> str:
        """The figure with ids that begin with `key`."""
        parts = [
            _control(control, f"explore-{key}-{n}", control.named(name))
            for n, (name, control) in enumerate(controls.items())
        ]
        hidden = predict is not None and not predict.show
        return _FIGURE.format(
            key=key,
            style=STYLE,
            question="" if predict is None else _question(predict, f"explore-{key}-predict"),
            controls="\n".join(parts),
            width=width,
            height=round(width * frames[first].size[1] / frames[first].size[0]),
            alt=html.escape(alts[first]),
            src=images[0],
            wait=f'\n<p class="lstmlab-explore-wait">{words.WAIT}</p>' if hidden else "",
            says=html.escape(says[first]),
            data=_json(data),
            script=SCRIPT.replace("KEY", key),
        )

    return written(hashlib.sha256(written("").encode()).hexdigest()[:12])


def _control(control: Control, ident: str, label: str) -> str:
    """Write one control at its start."""
    return _CONTROLS[control.kind].format(
        id=ident,
        label=html.escape(label),
        last=len(control.values) - 1,
        at=control.start,
        text=html.escape(control.shown[control.start]),
        checked=" checked" if control.start else "",
        options=_options(control.texts, ident, control.start),
    )


def _options(texts: Sequence[str], name: str, checked: int | None) -> str:
    """Write radio buttons of one group, a line each."""
    return "\n".join(
        _OPTION.format(
            name=name, n=n, text=html.escape(text), checked=" checked" if n == checked else ""
        )
        for n, text in enumerate(texts)
    )


def _question(predict: Predict, name: str) -> str:
    """Write the question, its options, and the place for the verdict."""
    hint = f" <span data-hint>{words.LOCKED}</span>" if predict.show else ""
    return _QUESTION.format(
        lock=LOCK.replace("HOW", "controls" if predict.show else "all"),
        lead=words.LEAD,
        question=html.escape(predict.question),
        options=_options(predict.options, name, None),
        button=words.BUTTON,
        hint=hint,
        folded=words.FOLDED,
        answer=html.escape(predict.answer),
        because=html.escape(predict.because),
    )


def _json(value: object) -> str:
    """JSON that no sentence can end early: no <, > or & is left in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text

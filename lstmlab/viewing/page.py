"""The plain-page form of a widget: HTML that needs no kernel, no network and no plug-in."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Sequence
from string import Template

from lstmlab.viewing.frames import Frame

SCRIPT = Template("""\
// Move a slider: show that frame's picture, its description, its sentence and its value.
// Frames are laid over the start picture and are transparent wherever they agree with it.
for (const figure of document.querySelectorAll('[data-explore="$key"]:not([data-ready])')) {
  figure.dataset.ready = document.querySelectorAll('[data-explore="$key"][data-ready]').length;
  const picture = figure.querySelector("img");
  const says = figure.querySelector("figcaption");
  const sliders = [...figure.querySelectorAll("input")];
  const outputs = [...figure.querySelectorAll("output")];
  const data = figure.querySelector("[type$$=json]").textContent;
  const { overlays, frames, labels } = JSON.parse(data);
  const images = [picture.src, ...overlays];
  picture.style.background = `url($${picture.src}) 0 0 / 100% 100% content-box`;
  const show = () => {
    const at = sliders.map((slider) => Number(slider.value));
    const [image, alt, sentence] = frames[at.reduce((k, n, j) => k * labels[j].length + n, 0)];
    picture.src = images[image];
    picture.alt = alt;
    if (says.textContent !== sentence) says.textContent = sentence;
    sliders.forEach((slider, j) => {
      slider.setAttribute("aria-valuetext", (outputs[j].value = labels[j][at[j]]));
    });
  };
  sliders.forEach((slider, j) => {
    if (figure.dataset.ready > 0) {  // a second copy on the page: its ids must be its own
      slider.id += "-" + figure.dataset.ready;
      figure.querySelectorAll("label")[j].htmlFor = outputs[j].htmlFor = slider.id;
    }
    slider.disabled = false;
    slider.addEventListener("input", show);
  });
  show();
}
""")

_FIGURE = """\
<figure class="lstmlab-explore" data-explore="{key}" style="margin:1.2em 0;max-width:{width}px">
{sliders}
<img class="lstmlab-explore-frame" alt="{alt}" src="{src}" width="{width}" height="{height}" \
style="display:block;width:100%;height:auto;background:#fff;border-radius:4px">
<figcaption class="lstmlab-explore-says" aria-live="polite" style="margin-top:.5em">{says}\
</figcaption>
<noscript><p>The slider needs JavaScript; the picture shows its starting position.</p></noscript>
<script type="application/json">{data}</script>
<script type="module">
{script}</script>
</figure>"""

_SLIDER = """\
<div style="display:flex;flex-wrap:wrap;align-items:center;gap:.2em .8em;margin-bottom:.4em">
<label for="{id}">{label}</label>
<input type="range" id="{id}" min="0" max="{last}" step="1" value="{at}" aria-valuetext="{text}" \
autocomplete="off" disabled style="flex:1 1 7em;min-width:0;max-width:24em">
<output for="{id}" style="min-width:3em;font-variant-numeric:tabular-nums">{text}</output>
</div>"""


def figure_html(
    names: Sequence[str],
    labels: Sequence[Sequence[str]],
    start: Sequence[int],
    frames: Sequence[Frame],
    alts: Sequence[str],
    says: Sequence[str],
    width: int,
) -> str:
    """Write the figure with its sliders, its start picture, the other frames and the script.

    Parameters
    ----------
    names : sequence of str, (S,)
        Visible label of each slider.
    labels : sequence of sequences of str, (S, ...)
        What each position of each slider is called.
    start : sequence of int, (S,)
        Position each slider starts at.
    frames, alts, says : sequences, (F,)
        Picture, description and sentence of every combination; the last slider runs fastest.
    width : int
        Width of the picture on the page, in page pixels.

    Returns
    -------
    str
        The same for the same input: ids are made from the content.
    """
    first = 0
    for at, texts in zip(start, labels, strict=True):
        first = first * len(texts) + at
    images = [frames[first].url]
    rows = []
    for frame, alt, sentence in zip(frames, alts, says, strict=True):
        if frame.url not in images:
            images.append(frame.url)
        rows.append([images.index(frame.url), alt, sentence])
    data = _json({"overlays": images[1:], "frames": rows, "labels": [list(t) for t in labels]})
    seen = "\n".join([images[0], data, *names])
    key = hashlib.sha256(seen.encode()).hexdigest()[:12]
    sliders = [
        _SLIDER.format(
            id=f"explore-{key}-{n}",
            label=html.escape(name),
            last=len(texts) - 1,
            at=at,
            text=html.escape(texts[at]),
        )
        for n, (name, texts, at) in enumerate(zip(names, labels, start, strict=True))
    ]
    return _FIGURE.format(
        key=key,
        sliders="\n".join(sliders),
        width=width,
        height=round(width * frames[first].size[1] / frames[first].size[0]),
        alt=html.escape(alts[first]),
        src=images[0],
        says=html.escape(says[first]),
        data=data,
        script=SCRIPT.substitute(key=key),
    )


def _json(value: object) -> str:
    """JSON that no sentence can end early: no <, > or & is left in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text

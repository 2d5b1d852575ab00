"""The style and the script that travel inside a widget's HTML."""

STYLE = """\
.lstmlab-explore { margin: 1.2em 0 }
.lstmlab-explore p { margin: .5em 0 }
.lstmlab-explore fieldset { border: 0; margin: 0; min-width: 0; padding: 0 }
.lstmlab-explore legend { float: none; font-size: inherit; margin: 0; padding: 0; width: auto }
.lstmlab-explore label { align-items: baseline; display: inline-flex; gap: .4em }
.lstmlab-explore button[aria-disabled=true] { color: GrayText }
.lstmlab-explore output { font-variant-numeric: tabular-nums; min-width: 3em }
.lstmlab-explore-control {
  align-items: center; display: flex; flex-wrap: wrap; gap: .2em .8em; margin-bottom: .4em;
}
.lstmlab-explore-slide {
  align-items: center; display: flex; flex: 1 1 11em; gap: .8em; min-width: 0;
}
.lstmlab-explore-slide input { flex: 1 1 7em; max-width: 24em; min-width: 0 }
.lstmlab-explore-predict fieldset label { display: flex; padding: .2em 0 }
.lstmlab-explore-predict :disabled label:has(:checked) { font-weight: 600 }
.lstmlab-explore-picture { position: relative }
.lstmlab-explore-frame {
  background: #fff; border-radius: 4px; display: block; height: auto; width: 100%;
}
.lstmlab-explore-says { margin-top: .5em }
.lstmlab-explore .lstmlab-explore-wait { display: none }
@media not print {
  .lstmlab-explore[data-locked=all] .lstmlab-explore-frame { visibility: hidden }
  .lstmlab-explore[data-locked=all] .lstmlab-explore-says { visibility: hidden }
  .lstmlab-explore[data-locked=all] .lstmlab-explore-wait {
    align-items: center; border: 2px dashed; border-radius: 4px; display: flex; inset: 0;
    justify-content: center; margin: 0; padding: 1em; position: absolute; text-align: center;
  }
}
@media print { .lstmlab-explore-predict > p { display: none } }
"""
"""What a widget needs to look right on any page; a page's own style may go further."""

LOCK = """document.currentScript?.closest("figure")?.setAttribute("data-locked", "HOW");"""
"""Locks a figure before its picture is read, so that the picture does not flash up."""

SCRIPT = """\
// The controls choose a frame: its picture, its description, its sentence and their values.
// Frames are laid over the start picture and are transparent wherever they agree with it.
const kinds = {
  slider: {
    read: ([range]) => Number(range.value),
    write: ([range], n, texts) => {
      range.value = n;
      range.setAttribute("aria-valuetext", texts[n]);
    },
  },
  choice: {
    read: (radios) => radios.findIndex((radio) => radio.checked),
    write: (radios, n) => { radios[n].checked = true; },
  },
  toggle: {
    read: ([box]) => Number(box.checked),
    write: ([box], n) => { box.checked = n === 1; },
  },
  step: {  // a button at its end stays in reach, so that it keeps the focus
    write: ([back, next], n, texts) => {
      back.setAttribute("aria-disabled", n === 0);
      next.setAttribute("aria-disabled", n === texts.length - 1);
    },
  },
};
for (const figure of document.querySelectorAll('[data-explore="KEY"]:not([data-ready])')) {
  const one = (which, within = figure) => within.querySelector(which);
  const all = (which, within = figure) => [...within.querySelectorAll(which)];
  const copy = document.querySelectorAll('[data-explore="KEY"][data-ready]').length;
  figure.dataset.ready = copy;
  for (const name of copy ? ["id", "for", "name", "aria-labelledby", "aria-describedby"] : []) {
    for (const part of all(`[${name}^="explore-"]`)) {  // a second copy: its ids are its own
      part.setAttribute(name, `${part.getAttribute(name)}-${copy}`);
    }
  }
  const { overlays, frames, shown, start, predict } = JSON.parse(one("[type$=json]").textContent);
  const panel = one(".lstmlab-explore-controls");
  const picture = one(".lstmlab-explore-frame");
  const says = one(".lstmlab-explore-says");
  const images = [picture.src, ...overlays];
  picture.style.background = `#fff url(${picture.src}) 0 0 / 100% 100% content-box`;
  const at = [...start];
  const controls = all("[data-control]").map((control, j) => {
    const { read, write } = kinds[control.dataset.control];
    const parts = all("input, button", control);
    const texts = shown[j];
    const go = (n) => {
      at[j] = Math.min(Math.max(n, 0), texts.length - 1);
      show();
    };
    if (read) control.addEventListener("input", () => go(read(parts)));
    else {
      parts.forEach((button, k) => button.addEventListener("click", () => go(at[j] + 2 * k - 1)));
      control.addEventListener("keydown", (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
        const n = { ArrowLeft: at[j] - 1, ArrowRight: at[j] + 1, Home: 0, End: texts.length - 1 };
        if (!(event.key in n)) return;
        event.preventDefault();
        go(n[event.key]);
      });
    }
    return () => {
      write(parts, at[j], texts);
      for (const output of all("output", control)) output.value = texts[at[j]];
    };
  });
  const show = () => {
    const [image, alt, sentence] = frames[at.reduce((k, n, j) => k * shown[j].length + n, 0)];
    picture.src = images[image];
    picture.alt = alt;
    if (says.textContent !== sentence) says.textContent = sentence;
    for (const update of controls) update();
  };
  show();
  if (!predict) {
    panel.disabled = false;
    continue;
  }
  const question = one(".lstmlab-explore-predict");
  const [options, button] = [all("input", question), one("button", question)];
  figure.dataset.locked = predict.lock;
  for (const option of options) option.checked = false;
  one("fieldset", question).disabled = false;
  question.addEventListener("input", () => { button.disabled = false; });
  button.addEventListener("click", () => {
    const chosen = options.findIndex((option) => option.checked);
    const verdict = all("[role=status] [hidden]", question);
    [...predict.verdicts[chosen], predict.because].forEach((text, n) => {
      verdict[n].textContent = text;
      verdict[n].hidden = false;
    });
    delete figure.dataset.locked;
    one("fieldset", question).disabled = true;
    panel.disabled = false;
    one("input:not([type=radio]), input:checked, button:not([aria-disabled=true])", panel).focus();
    button.hidden = true;
    for (const hint of all("[data-hint]", question)) hint.hidden = true;
  });
}
"""
"""What moves a widget; KEY stands for the widget's own."""

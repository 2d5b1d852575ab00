"""Explorable figures as the keyboard moves them: their controls, their questions, their locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Locator, Page

FIGURE = "figure.lstmlab-explore"
QUESTION = ".lstmlab-explore-predict"
# A slider, a group of radio buttons, a checkbox, or a group of the buttons Back and Next.
CONTROL = (
    ":is(input[type=range], fieldset:has(> legend):has(input[type=radio]), input[type=checkbox], "
    f"[role=group]:has(button)):not({QUESTION} *)"
)
PARTS = ("frame", "sentence", "value", "spoken value")

# What a screen reader calls a control, and its kind.
NAME = """part => [
  part.type === "fieldset" ? "choice" : part.type ?? "step",
  [...(part.labels ?? [part.querySelector("legend")
    ?? document.getElementById(part.getAttribute("aria-labelledby"))])]
    .map(label => label?.textContent.trim() ?? "").join(" "),
]"""

# Position of its value, and of its last one; a step says them itself.
PLACE = """part => {
  if (part.type === "range") return [Number(part.value), Number(part.max)];
  if (part.type === "checkbox") return [Number(part.checked), 1];
  const radios = [...part.querySelectorAll("input")];
  if (radios.length) return [radios.findIndex(r => r.checked), radios.length - 1];
  return part.querySelector("output").textContent.match(/[0-9]+ of [0-9]+/)[0]
    .split(" of ").map(n => n - 1);
}"""

# Gives the focus to what takes the key, and says whether that has it.
FOCUS = """(part, on) => {
  const held = part.querySelectorAll("button")[Number(on)]
    ?? part.querySelector("input:checked") ?? part;
  held.focus();
  return document.activeElement === held;
}"""

# Frame (each picture under a short name of its own), sentence, and what the control stands at, as
# it is seen and as it is read aloud.
STATE = """part => {
  const figure = part.closest("figure");
  const frame = figure.querySelector(".lstmlab-explore-frame");
  const picture = frame.src ?? frame.innerHTML;
  const known = window.picturesSeen ??= [];
  if (!known.includes(picture)) known.push(picture);
  const words = e => e?.textContent.trim() ?? "";
  const output = [...figure.querySelectorAll("output")].find(o => o.htmlFor.contains(part.id));
  const values = () => {
    if (part.type === "range") return [words(output), part.getAttribute("aria-valuetext") ?? ""];
    if (part.type === "checkbox") return [words(output), part.checked ? "checked" : "not checked"];
    const radio = part.querySelector("input:checked");
    if (radio) return [0, 1].map(() => [...radio.labels].map(words).join(" "));
    const place = part.querySelector("output");
    return [words(place), place?.getAttribute("aria-live") === "off" ? "" : words(place)];
  };
  return [
    picture && `picture ${known.indexOf(picture)}`,
    figure.querySelector(".lstmlab-explore-says[aria-live]").innerText.trim(),
    ...values(),
  ];
}"""

# What of a figure with a question is locked, seen and said.
LOCK = f"""figure => {{
  const all = (which, within = figure) => [...within.querySelectorAll(which)];
  const visible = e => {{
    const {{width, height}} = e.getBoundingClientRect();
    return width * height > 0 && getComputedStyle(e).visibility === "visible";
  }};
  const question = figure.querySelector("{QUESTION}");
  const verdict = question.querySelector("[role=status]");
  const inputs = all(":is(input, button):not({QUESTION} *)");
  return {{
    locked: figure.getAttribute("data-locked"),
    enabled: inputs.filter(e => !e.matches(":disabled")).length,
    disabled: inputs.filter(e => e.matches(":disabled")).length,
    seen: [".lstmlab-explore-frame", ".lstmlab-explore-says"]
      .flatMap(part => all(part)).filter(visible).length,
    told: verdict.innerText.trim(),
    verdict: visible(verdict),
    button: !question.querySelector("button").matches(":disabled"),
    focus: figure.querySelector(":focus:not({QUESTION} *)") !== null,
    open: all("input", question).filter(e => !e.matches(":disabled")).length,
  }};
}}"""


@dataclass
class Control:
    """One control of an explorable figure, moved by keyboard alone.

    Attributes
    ----------
    page : Page
    part : ElementHandle
        Found once: to look for it anew at every move takes longer than the move.
    kind : str
        range, choice, checkbox or step.
    name : str
        What a screen reader calls it.
    """

    page: Page
    part: ElementHandle
    kind: str
    name: str

    @property
    def place(self) -> tuple[int, int]:
        """Position of its value, and of its last one."""
        at, last = self.part.evaluate(PLACE)
        return int(at), int(last)

    def press(self, key: str, *, on: bool = False) -> None:
        """A key on the control; `on` for the second of a step's buttons."""
        assert self.part.evaluate(FOCUS, on), f"{self.name!r} does not take the focus"
        self.page.keyboard.press(key)

    def move(self, by: int) -> None:
        """One value on (1) or back (-1)."""
        if self.kind == "step":
            self.press("Enter", on=by > 0)
        elif self.kind == "checkbox":
            self.press("Space")
        else:
            self.press("ArrowRight" if by > 0 else "ArrowLeft")

    def go(self, to: int) -> None:
        """To some position; -1 is the last."""
        at, last = self.place
        to = last if to < 0 else to
        if self.kind == "range" and to in (0, last):
            self.press("End" if to else "Home")
            return
        for _ in range(abs(to - at)):
            self.move(1 if to > at else -1)

    def state(self) -> tuple[str, ...]:
        """What the figure shows: its frame, its sentence, and this control's two values."""
        return tuple(self.part.evaluate(STATE))


def controls(figure: Locator) -> list[Control]:
    """Every control of an explorable figure, in the order of the keyboard."""
    parts = figure.locator(CONTROL).element_handles()
    return [Control(figure.page, part, *part.evaluate(NAME)) for part in parts]


def answer(figure: ElementHandle) -> str:
    """Choose the first answer to a figure's question by keyboard, and return it."""
    option = figure.query_selector(f"{QUESTION} input[type=radio]")
    button = figure.query_selector(f"{QUESTION} button")
    assert option is not None
    assert button is not None
    option.press("Space")
    chosen = option.evaluate("option => option.labels[0].textContent.trim()")
    button.press("Enter")
    return str(chosen)


def unlock(page: Page) -> None:
    """Answer every question on the page that is still open."""
    for figure in page.query_selector_all(f"{FIGURE}[data-locked]"):
        answer(figure)


def lock_faults(figure: Locator) -> list[str]:
    """What is wrong with the lock of a figure that asks a question, before and after the answer."""
    faults: list[str] = []
    page, held = figure.page, figure.element_handle()
    hidden = held.get_attribute("data-locked") == "all"

    def need(right: object, fault: str) -> None:
        if not right:
            faults.append(fault)

    def locked(when: str) -> None:
        now = held.evaluate(LOCK)
        need(now["locked"] in ("all", "controls"), f"{when}: not marked")
        need(not now["enabled"], f"{when}: a control is enabled")
        need(not hidden or not now["seen"], f"{when}: picture seen")
        need(not now["told"], f"{when}: the outcome is told")

    locked("at first")
    need(not held.evaluate(LOCK)["button"], "the button is enabled without an answer")
    option = held.query_selector(f"{QUESTION} input[type=radio]")
    assert option is not None
    option.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    locked("after moving through the options")
    chosen = answer(held)
    now = held.evaluate(LOCK)
    need(now["locked"] is None, "answered: still marked as locked")
    # A step at its end has a button that says it leads nowhere, which is no lock.
    need(not now["disabled"], "answered: a control is disabled")
    need(now["seen"] == 2, "answered: no picture")
    need(f"You chose: {chosen}" in now["told"], "answered: the choice is not shown")
    need("What happened:" in now["told"], "answered: what happened is not shown")
    need(now["verdict"], "answered: the verdict is hidden")
    need(now["focus"], "answered: the focus is not on a control")
    need(not now["open"], "answered: another answer can be chosen")
    return faults


def stuck(before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    """Parts of an explorable figure that two of its states have in common."""
    return [part for part, a, b in zip(PARTS, before, after, strict=True) if a == b]

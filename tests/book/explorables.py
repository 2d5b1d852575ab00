"""Explorable figures as the keyboard moves them: their controls, their questions, their locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

FIGURE = "figure.lstmlab-explore"
QUESTION = ".lstmlab-explore-predict"
# A slider, a group of radio buttons, a checkbox, or a group of the buttons Back and Next.
CONTROL = (
    ":is(input[type=range], fieldset:has(> legend):has(input[type=radio]), input[type=checkbox], "
    f"[role=group]:has(button)):not({QUESTION} *)"
)
PARTS = ("frame", "sentence", "value", "spoken value")

# What a control stands at, as it is seen and as it is read aloud.
VALUES = """part => {
  const figure = part.closest("figure");
  const words = e => e?.textContent.trim() ?? "";
  const output = [...figure.querySelectorAll("output")].find(o => o.htmlFor.contains(part.id));
  if (part.type === "range") return [words(output), part.getAttribute("aria-valuetext") ?? ""];
  if (part.type === "checkbox") return [words(output), part.checked ? "checked" : "not checked"];
  const radio = part.querySelector("input:checked");
  if (radio) return [0, 1].map(() => [...radio.labels].map(words).join(" "));
  const place = part.querySelector("output");
  return [words(place), place?.getAttribute("aria-live") === "off" ? "" : words(place)];
}"""


@dataclass
class Control:
    """One control of an explorable figure, moved by keyboard alone."""

    figure: Locator
    part: Locator

    @property
    def kind(self) -> str:
        """range, choice, checkbox or step."""
        return str(self.part.evaluate("e => e.type === 'fieldset' ? 'choice' : e.type ?? 'step'"))

    @property
    def name(self) -> str:
        """What a screen reader calls it."""
        return str(
            self.part.evaluate(
                "e => [...(e.labels ?? [e.querySelector('legend')"
                " ?? document.getElementById(e.getAttribute('aria-labelledby'))])]"
                ".map(l => l?.textContent.trim() ?? '').join(' ')"
            )
        )

    @property
    def place(self) -> tuple[int, int]:
        """Position of its value, and of its last one; a step says them itself."""
        at, last = self.part.evaluate(
            """e => {
              if (e.type === "range") return [Number(e.value), Number(e.max)];
              if (e.type === "checkbox") return [Number(e.checked), 1];
              const radios = [...e.querySelectorAll("input")];
              if (radios.length) return [radios.findIndex(r => r.checked), radios.length - 1];
              return e.querySelector("output").textContent.match(/[0-9]+ of [0-9]+/)[0]
                .split(" of ").map(n => n - 1);
            }"""
        )
        return int(at), int(last)

    def move(self, by: int) -> None:
        """One value on (1) or back (-1)."""
        if self.kind == "step":
            self.part.locator("button").nth(int(by > 0)).press("Enter")
        elif self.kind == "checkbox":
            self.part.press("Space")
        else:
            held = self.part.locator("input:checked") if self.kind == "choice" else self.part
            held.press("ArrowRight" if by > 0 else "ArrowLeft")

    def go(self, to: int) -> None:
        """To some position; -1 is the last."""
        at, last = self.place
        to = last if to < 0 else to
        if self.kind == "range" and to in (0, last):
            self.part.press("End" if to else "Home")
            return
        for _ in range(abs(to - at)):
            self.move(1 if to > at else -1)

    def state(self) -> tuple[str, ...]:
        """What the figure shows: its frame, its sentence, and this control's two values."""
        frame = self.figure.locator(".lstmlab-explore-frame")
        return (
            frame.evaluate("frame => frame.src ?? frame.innerHTML"),
            self.figure.locator(".lstmlab-explore-says[aria-live]").inner_text().strip(),
            *self.part.evaluate(VALUES),
        )


def controls(figure: Locator) -> list[Control]:
    """Every control of an explorable figure, in the order of the keyboard."""
    return [Control(figure, part) for part in figure.locator(CONTROL).all()]


def answer(figure: Locator) -> str:
    """Choose the first answer to a figure's question by keyboard, and return it."""
    question = figure.locator(QUESTION)
    option = question.locator("input[type=radio]").first
    option.press("Space")
    chosen = option.evaluate("option => option.labels[0].textContent.trim()")
    question.locator("button").press("Enter")
    return str(chosen)


def unlock(page: Page) -> None:
    """Answer every question on the page that is still open."""
    locked = page.locator(f"{FIGURE}[data-locked]")
    for _ in range(locked.count()):  # each answer makes them one fewer
        answer(locked.first)


def lock_faults(figure: Locator) -> list[str]:
    """What is wrong with the lock of a figure that asks a question, before and after the answer."""
    faults: list[str] = []
    question = figure.locator(QUESTION)
    inputs = figure.locator(f":is(input, button):not({QUESTION} *)")
    seen = [figure.locator(f".lstmlab-explore-{part}") for part in ("frame", "says")]
    hidden = figure.get_attribute("data-locked") == "all"
    verdict = question.locator("[role=status]")

    def need(right: object, fault: str) -> None:
        if not right:
            faults.append(fault)

    def locked(when: str) -> None:
        need(figure.get_attribute("data-locked") in ("all", "controls"), f"{when}: not marked")
        need(all(part.is_disabled() for part in inputs.all()), f"{when}: a control is enabled")
        need(not hidden or not any(part.is_visible() for part in seen), f"{when}: picture seen")
        need(not verdict.inner_text().strip(), f"{when}: the outcome is told")

    locked("at first")
    need(question.locator("button").is_disabled(), "the button is enabled without an answer")
    option = question.locator("input[type=radio]").first
    option.press("Space")
    option.press("ArrowDown")
    option.press("ArrowUp")
    locked("after moving through the options")
    chosen = answer(figure)
    need(figure.get_attribute("data-locked") is None, "answered: still marked as locked")
    # A step at its end has a button that says it leads nowhere, which is no lock.
    need(not inputs.and_(figure.locator(":disabled")).count(), "answered: a control is disabled")
    need(all(part.is_visible() for part in seen), "answered: no picture")
    need(f"You chose: {chosen}" in verdict.inner_text(), "answered: the choice is not shown")
    need("What happened:" in verdict.inner_text(), "answered: what happened is not shown")
    need(verdict.is_visible(), "answered: the verdict is hidden")
    need(
        figure.evaluate(f"f => f.querySelector(':focus:not({QUESTION} *)') !== null"),
        "answered: the focus is not on a control",
    )
    need(
        all(part.is_disabled() for part in question.locator("input").all()),
        "answered: another answer can be chosen",
    )
    return faults


def stuck(before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    """Parts of an explorable figure that two of its states have in common."""
    return [part for part, a, b in zip(PARTS, before, after, strict=True) if a == b]

"""What a reader hears about an answer."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
UNWRITTEN = "not-written-yet"
# The verdict is in the words; sign and colour repeat it, the colour at 3:1 on white and on black.
SIGNS = {
    "Right": ("✓", "#2e8b57"),
    "Not yet": ("✗", "#c8602a"),
    "Not written yet": ("…", "#808080"),
}


class Wrong(Exception):
    """A mistake that a check has recognised; raised by checks, turned into `Feedback`.

    Parameters
    ----------
    mistake : str
        A name for the mistake, in lower-case words with hyphens: "upside-down".
    says : str
        What is wrong, for the reader. Text between backticks is shown as code.
    hint : str
        What to look at next. It helps, and does not give the solution away.

    Raises
    ------
    ValueError
        If `mistake` is not such a name, or a text is empty.
    """

    def __init__(self, mistake: str, says: str, *, hint: str) -> None:
        if not SLUG.fullmatch(mistake):
            raise ValueError(f"mistake must be lower-case words with hyphens, got {mistake!r}")
        for name, text in (("says", says), ("hint", hint)):
            if not text.strip():
                raise ValueError(f"{name} must be a sentence, got {text!r}")
        super().__init__(mistake, says, hint)
        self.mistake, self.says, self.hint = mistake, says.strip(), hint.strip()


@dataclass(frozen=True)
class Feedback:
    """Right, or what is wrong and a hint. Shows itself as text and as HTML; true if right.

    Attributes
    ----------
    exercise : str
        The exercise's id, such as "network.half-life".
    right : bool
    says : str
        One or two sentences.
    hint : str
        Empty if right.
    mistake : str or None
        Name of the recognised mistake; None if right.
    """

    exercise: str
    right: bool
    says: str
    hint: str = ""
    mistake: str | None = None

    def __bool__(self) -> bool:
        return self.right

    @property
    def verdict(self) -> str:
        """"Right", "Not yet", or "Not written yet"."""
        if self.right:
            return "Right"
        return "Not written yet" if self.mistake == UNWRITTEN else "Not yet"

    def __repr__(self) -> str:
        lines = [f"{self.exercise}: {self.verdict}.", self.says]
        if self.hint:
            lines.append(f"Hint: {self.hint}")
        return "\n".join(line for line in lines if line)

    def _repr_html_(self) -> str:
        sign, colour = SIGNS[self.verdict]
        hint = f"<div><strong>Hint.</strong> {_coded(self.hint)}</div>" if self.hint else ""
        return (
            f'<div class="lstmlab-feedback" data-exercise="{self.exercise}" role="status" '
            f'style="border-left: 0.3em solid {colour}; padding: 0.2em 0.8em; color: inherit">'
            f'<div><strong><span aria-hidden="true">{sign}</span> {self.verdict}.</strong> '
            f"{_coded(self.says)}</div>{hint}</div>"
        )


def _coded(text: str) -> str:
    """`text` as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))

"""The words of a formula, and what is said of one that is not in the language."""

from __future__ import annotations

import re
from typing import NamedTuple

_PATTERN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign>[-+*/^(),;=])|(?P<space>[ \t\r\n]+)"
)


class ParseError(ValueError):
    """A formula that is not in the language.

    Attributes
    ----------
    reason : str
        What is wrong, or what was expected.
    text : str
        The formula.
    position : int
        The index in it at which the wrong word begins; its length if it ends too early.
    """

    def __init__(self, reason: str, text: str, position: int) -> None:
        self.reason, self.text, self.position = reason, text, position
        start = max(position - 40, 0)
        shown = "".join(c if c.isprintable() else "?" for c in text[start : position + 30])
        mark = " " * (position - start) + "^"
        super().__init__(f"{reason}, at position {position}\n    {shown}\n    {mark}")

    def __reduce__(self) -> tuple[type[ParseError], tuple[str, str, int]]:
        return ParseError, (self.reason, self.text, self.position)


class Word(NamedTuple):
    """A piece of a formula.

    Attributes
    ----------
    kind : {"number", "name", "sign", "stranger", "end"}
        A stranger is a character that no formula has.
    text : str
    position : int
        The index of its first character.
    """

    kind: str
    text: str
    position: int


def words_of(text: str) -> list[Word]:
    """The words of a formula, in their order, and its end."""
    found, position = [], 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None or match.lastgroup is None:
            found.append(Word("stranger", text[position], position))
            position += 1
            continue
        if match.lastgroup != "space":
            found.append(Word(match.lastgroup, match.group(), position))
        position = match.end()
    return [*found, Word("end", "", len(text))]

"""A question that the reader answers before a widget moves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

MOST_OPTIONS = 6

LEAD = "Predict."
BUTTON = "Show me"
WAIT = "Choose an answer to see what happens."
LOCKED = "The controls unlock when you have chosen an answer."
FOLDED = "What happens"

_TEX = re.compile(r"\$[^$]+\$|\\[A-Za-z(\[]")


@dataclass(frozen=True)
class Predict:
    """A question with a few answers; the widget stays locked until the reader has chosen one.

    Every text is plain: TeX is not typeset in it.

    Attributes
    ----------
    question : str
        What the reader is to predict, one question.
    options : sequence of str
        Two to six different answers, kept as a tuple.
    answer : str
        The option that comes true.
    because : str
        Why, in a sentence or two. It is shown whatever the reader chose.
    show : bool
        True shows the picture with the question, because it is a part of it, and locks the
        controls alone. By default picture and sentence are hidden too.

    Raises
    ------
    ValueError
        If a text is missing, is no text or holds TeX, `options` are not two to six different
        texts, `answer` is not one of them, or `show` is no bool.

    Examples
    --------
    >>> Predict(
    ...     "With f = 0.9, how much of the input is left 20 steps later?",
    ...     ["90%", "about 12%", "nothing"],
    ...     answer="about 12%",
    ...     because="Each step keeps nine tenths: 0.9 to the power of 20 is 0.12.",
    ... )
    """

    question: str
    options: Sequence[str]
    _: KW_ONLY
    answer: str
    because: str
    show: bool = False

    def __post_init__(self) -> None:
        for name in ("question", "answer", "because"):
            _text(getattr(self, name), name)
        if not isinstance(self.options, tuple | list):
            raise ValueError(f"options must be a list of texts, got {self.options!r}")
        for n, option in enumerate(self.options):
            _text(option, f"options[{n}]")
        different = {option.strip() for option in self.options}
        if not 2 <= len(different) == len(self.options) <= MOST_OPTIONS:
            raise ValueError(
                f"options must be 2 to {MOST_OPTIONS} different texts, got {self.options!r}"
            )
        if self.answer not in self.options:
            raise ValueError(
                f"answer must be one of the options {', '.join(map(repr, self.options))}, "
                f"got {self.answer!r}"
            )
        if not isinstance(self.show, bool):
            raise ValueError(f"show must be True or False, got {self.show!r}")
        object.__setattr__(self, "options", tuple(self.options))

    def verdict(self, chosen: int) -> tuple[str, str]:
        """What the reader is told after choosing option `chosen`: how it went, and both answers."""
        option = self.options[chosen]
        word = "✓ As you predicted." if option == self.answer else "✗ It comes out differently."
        return word, f"You chose: {option} · What happened: {self.answer}"


def _text(value: object, name: str) -> None:
    """Refuse what is no text, or would show as raw TeX."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be a text, got {value!r}")
    if _TEX.search(value):
        raise ValueError(f"{name} must be plain text without TeX, got {value!r}")

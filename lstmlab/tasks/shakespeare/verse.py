"""The lines of the generated play: phrases in iambic metre, joined to sentences, and prose.

A phrase is a row of kinds of words (`lexicon`). Of all the ways to give its words beats, those fit
that make 0101… of the length that is asked for; a line of verse is a phrase of ten syllables, or
two of four and six.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence
from functools import cache

import numpy as np

from lstmlab.tasks.shakespeare.lexicon import KINDS

WIDTH = 48  # characters of a line of prose, at most

CLAUSES: tuple[str, ...] = (
    "the noun finds the noun",
    "the adjective noun finds the noun",
    "the noun finds the adjective noun",
    "the adjective noun finds the adjective noun",
    "the noun preposition the noun finds the noun",
    "the noun preposition the noun goes adverb",
    "the adjective noun goes preposition the noun",
    "the noun goes preposition those adjective plural",
    "the noun goes adverb",
    "the noun and adverb the noun will go adverb",
    "the noun is adjective and adjective",
    "the noun that:1 finds the noun is adjective",
    "the noun is adjective",
    "those plural verb the noun",
    "those adjective plural verb the noun",
    "those plural verb the noun preposition the noun",
    "those plural go preposition the noun",
    "those plural are adjective",
    "those plural will go adverb",
    "who will verb the noun",
    "who will verb the adjective noun adverb",
    "who will not:x verb whom adverb",
    "who verb the noun preposition the noun",
    "who verb whom adverb",
    "he finds the noun preposition the noun",
    "he finds whom adverb and goes adverb",
    "he will not:x go",
    "'tis adjective and adjective",
    "'tis adverb the adjective noun of:0 noun",
)
ORDERS: tuple[str, ...] = (
    "verb the noun",
    "verb adverb the noun",
    "verb the noun and verb the noun",
    "verb the adjective noun preposition the noun",
    "go adverb preposition the noun",
    "go preposition the adjective noun adverb",
    "now:0 let:1 the noun verb the noun",
    "now:0 let:1 the adjective noun go adverb",
    "do:0 not:1 verb the noun",
    "oh verb the adjective noun",
)
QUESTIONS: tuple[str, ...] = (
    "where will who verb the noun",
    "where will who verb the adjective noun adverb",
    "where will the noun go",
    "where is the noun",
    "where is the noun that:0 finds the noun",
    "where are those plural that:0 verb the noun",
    "where are those adjective plural and those plural",
    "will who verb the adjective noun adverb",
    "who:x will verb the noun",
)
LINKS: tuple[str, ...] = (
    "and adverb the noun finds the noun",
    "and adverb the adjective noun finds the noun",
    "and adverb the noun is adjective",
    "and all:1 those adjective plural verb the noun",
    "and goes adverb preposition the noun",
    "and finds the noun",
    "and finds the adjective noun preposition the noun",
    "and who will verb the noun adverb",
    "and who verb whom adverb",
    "and who will go",
    "when all:1 the noun goes adverb",
    "when all:1 those plural go preposition the noun",
    "when he will verb whom",
    "when he finds the adjective noun adverb",
    "when adverb he goes",
    "that:0 finds the noun and goes adverb",
    "who:0 verb the noun",
)
PLACES: tuple[str, ...] = (
    "preposition the noun",
    "preposition the adjective noun",
    "preposition those adjective plural",
    "preposition the noun and preposition the noun",
    "preposition the noun of:1 the adjective noun",
    "preposition those plural and the adjective noun",
    "preposition the noun that:1 finds the noun",
)
SAYS = (
    "he said to me", "she cried aloud", "my father swore", "the pilgrims say", "my brother wrote",
    "they sing at night", "the song begins", "my mother says", "the letter reads",
)  # fmt: skip
SAID = (
    "he said, and wept", "and so he died", "she said, and laughed", "so says the law",
    "and that was all", "she said no more",
)  # fmt: skip


def metre(syllables: int) -> str:
    """The beats of so many syllables: 0101…"""
    return ("01" * syllables)[:syllables]


@cache
def scansions(phrase: str, beats: str) -> tuple[tuple[str, ...], ...]:
    """Every way to give the words of a phrase beats that make up these."""
    kind, _, rest = phrase.partition(" ")
    found: list[tuple[str, ...]] = []
    for mine in _beats(kind):
        if mine != "x" and not beats.startswith(mine):
            continue
        left = beats[len(mine) :]
        if rest and left:
            found += [(mine, *others) for others in scansions(rest, left)]
        elif not rest and not left:
            found.append((mine,))
    return tuple(found)


@cache
def fitting(phrases: tuple[str, ...], beats: str) -> tuple[str, ...]:
    """Those of some phrases that can have these beats."""
    return tuple(phrase for phrase in phrases if scansions(phrase, beats))


class Poet:
    """Writes speeches, and comes back to words that were used a little before.

    Parameters
    ----------
    rng : numpy.random.Generator
    present : sequence of str
        The names that may be called, of the lexicon's.
    """

    def __init__(self, rng: np.random.Generator, present: Sequence[str]) -> None:
        self.rng, self.present = rng, present
        self._quotes = False
        self._used: dict[tuple[str, str], str] = {}

    def one(self, items: Sequence[str], skew: float = 1) -> str:
        """One of some items; with a skew above 1, rather one of the first."""
        return items[int(len(items) * self.rng.random() ** skew)]

    def chance(self, p: float) -> bool:
        """True so often."""
        return bool(self.rng.random() < p)

    def verse(self, lines: int) -> list[str]:
        """A speech of so many lines, of ten syllables each; a few have an eleventh."""
        parts: list[str] = []
        sizes: list[int] = []
        mark = ""
        while (left := 10 * lines - sum(sizes)) > 0:
            if not mark and left % 10 == 0 and self.chance(0.3):
                self._quotes = True
                quoted = self.quotation(left // 10)
                self._quotes = False
                parts += [text for text, _ in quoted]
                sizes += [size for _, size in quoted]
                continue
            # What is left of the line, or all of a new one, or its first 4 or 6 syllables.
            size = left % 10 or int(self.one(("10", "10", "10", "4", "4", "6")))
            if not mark and size == 4 and self.chance(0.3):
                parts.append(f"{self.call()}!")
            elif not mark:
                text, mark = self.opening(size)
                parts.append(_capital(text))
            else:
                text, comma = self.link(size)
                parts[-1] += comma
                parts.append(text)
            sizes.append(size)
            if mark and (left == size or self.chance(0.4)):
                parts[-1] += mark
                mark = ""
        return _lines(parts, sizes)

    def prose(self, sentences: int) -> list[str]:
        """A speech of so many sentences, in lines of `WIDTH` characters at most."""
        said = []
        for _ in range(sentences):
            self._quotes = self.chance(0.3)
            text, mark = self.opening()
            text = _capital(text)
            while self.chance(0.6):
                more, comma = self.link()
                text += f"{comma} {more}"
            if self._quotes:
                says = _capital(self.one(SAYS))
                said.append(f'{says}, "{text}{mark}"')
            else:
                said.append(text + mark)
        self._quotes = False
        return textwrap.wrap(" ".join(said), WIDTH, break_on_hyphens=False)

    def quotation(self, lines: int) -> list[tuple[str, int]]:
        """One to three lines, at most so many, in which someone is quoted; with their syllables."""
        says, said = _capital(self.one(SAYS)), self.one(SAID)
        text, mark = self.opening(6)
        text = _capital(text)
        form = int(min(lines, 3) * self.rng.random())
        if form == 0 and self.chance(0.4):
            return [(f'"{text},"', 6), (f"{said}.", 4)]
        if form == 0:
            return [(f'{says}, "{text}{mark}"', 10)]
        more, comma = self.link(10)
        begun = (f'{says}, "{text}{comma}', 10)
        if form == 1:
            return [begun, (f'{more}{mark}"', 10)]
        last, second = self.link(6)
        return [begun, (more + second, 10), (f'{last},"', 6), (f"{said}.", 4)]

    def call(self) -> str:
        """Four syllables that call one of those who are there."""
        name = self.one(self.present)
        if name in KINDS["name"]["10"]:
            return f"{_capital(self.word('oh', 'x'))} {name}, {self.word('go', '1')}"
        if name in KINDS["name"]["01"]:
            return f"{_capital(self.word('oh', 'x'))}, {self.word('oh', 'x')}, {name}"
        return f"{_capital(self.word('oh', 'x'))} {name}"

    def opening(self, syllables: int = 0) -> tuple[str, str]:
        """What a sentence begins with, and the mark it will end with; 0 syllables are prose."""
        phrases = CLAUSES
        if self.chance(0.35):
            phrases = ORDERS if self.chance(0.5) else QUESTIONS
        if syllables and not fitting(phrases, metre(syllables)):
            phrases = CLAUSES
        mark = "?" if phrases is QUESTIONS else "!" if self.chance(0.12) else "."
        return self.phrase(phrases, syllables), mark

    def link(self, syllables: int = 0) -> tuple[str, str]:
        """How a sentence goes on, and the mark before it."""
        if self.chance(0.3):
            return self.phrase(PLACES, syllables), ""
        return self.phrase(LINKS, syllables), self.one(",,,,,;:")

    def phrase(self, phrases: tuple[str, ...], syllables: int) -> str:
        """One of some phrases in so many syllables, or in words that do not scan if 0."""
        if not syllables:
            phrase = self.one(phrases)
            beats = tuple(self.one(_beats(kind)) for kind in phrase.split())
        else:
            target = metre(syllables + (syllables == 10 and self.chance(0.08)))
            phrase = self.one(fitting(phrases, target))
            ways = scansions(phrase, target)
            beats = ways[int(len(ways) * self.rng.random())]
        words = [self.word(*pair) for pair in zip(phrase.split(), beats, strict=True)]
        for place, (word, following) in enumerate(itertools.pairwise(words)):
            if word in "aA" and following.lower().startswith(("a", "e", "i", "o", "u", "honour")):
                words[place] += "n"
        return " ".join(words)

    def word(self, kind: str, beats: str) -> str:
        """A word of a kind with such beats: now and then the one that was used last.

        What Is Quoted Is Written Large, as on the title page of an old book.
        """
        if ":" in kind:
            fixed = kind.split(":")[0]
            return _capital(fixed) if self._quotes else fixed
        key = kind, beats
        if key not in self._used or not self.chance(0.2):
            self._used[key] = self.one(KINDS[kind][beats], skew=1.7)
        return _capital(self._used[key]) if self._quotes else self._used[key]


def _beats(kind: str) -> tuple[str, ...]:
    """What beats a word of a phrase can have."""
    return (kind.split(":")[1],) if ":" in kind else tuple(KINDS[kind])


def _capital(text: str) -> str:
    """The text with its first letter large, after a quotation mark or an apostrophe if need be."""
    first = next(place for place, letter in enumerate(text) if letter.isalpha())
    return text[:first] + text[first].upper() + text[first + 1 :]


def _lines(parts: Sequence[str], sizes: Sequence[int]) -> list[str]:
    """Put parts together to lines of ten syllables, each with a capital."""
    lines: list[str] = []
    syllables = 0
    for part, size in zip(parts, sizes, strict=True):
        if syllables % 10:
            lines[-1] += f" {part}"
        else:
            lines.append(_capital(part))
        syllables += size
    return lines

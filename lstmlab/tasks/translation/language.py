"""A made-up language, and English sentences with their exact translations into it.

What is different from English: an adjective stands after its noun, and the verb of a subordinate
or relative clause at its end; articles and adjectives agree with the noun in gender and number, and
verbs with their subject in number; "does not" and "did not" are one small word before the verb.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# English singular and plural, stem, gender (m or f; only sometimes can the stem tell).
_NOUNS = """
dog dogs drun m, cat cats mira f, wolf wolves garul m, bird birds pili f, horse horses tovar m,
mouse mice sika f, fish fishes olm m, child children beno m, woman women alda f, man men hurk m,
king kings ravo m, queen queens ravel f, teacher teachers lomir m, farmer farmers teska f,
sailor sailors nautel m, house houses kasim f, tree trees arvo m, river rivers flua f,
mountain mountains gorn m, town towns vilna f, ship ships barek m, letter letters skira f,
loaf loaves panur m, song songs kanta f, garden gardens hortel f, stone stones petrok m
"""
# English base, third person, past, stem.
_VERBS = """
see sees saw vid, find finds found trov, love loves loved amir, hear hears heard aud,
follow follows followed sekv, call calls called vok, help helps helped jud, know knows knew kon,
carry carries carried port, watch watches watched rigar, want wants wanted dez, paint paints painted
pikt, leave leaves left las, fear fears feared tem, praise praises praised laud
"""
_ADJECTIVES = """
old vetul, young junor, big grandel, small petim, red rubar, white albin, black negrel, good bonim,
tired lasum, quiet silen, happy felur, sad tristel, strong fortim, strange miral, poor pauv
"""
# English singular and plural ("-": none), stem.
_ARTICLES = "the the k, a - m, - some m, this these t, every - kad, my my nos, your your vos"
_PLACES = "in en, near prok, behind derr, under sob, beside flank"
_WHEN = "because parke, when kand, if sil, although malg, while dum"
_SAYING = "says dizet, thinks penset, hears audet, hopes speret"
_PEOPLE = "he zo, she za, it zu"
_MANY = "they zoi, we nei"

_ENDINGS = {"m": ("o", "oi"), "f": ("a", "ai")}
NOT = "nu"
THAT = "ke"


def _table(text: str) -> list[tuple[str, ...]]:
    return [tuple(row.split()) for row in text.split(",")]


NOUNS, VERBS, ADJECTIVES, ARTICLES, PLACES, WHEN, SAYING, PEOPLE, MANY = map(
    _table,
    (_NOUNS, _VERBS, _ADJECTIVES, _ARTICLES, _PLACES, _WHEN, _SAYING, _PEOPLE, _MANY),
)

Both = tuple[list[str], list[str]]
"""Words in English and in the other language."""


@dataclass(frozen=True)
class _Phrase:
    """A subject or an object."""

    words: Both
    plural: bool


class Speaker:
    """Makes up sentences.

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def sentence(self) -> tuple[str, str]:
        """A sentence and its translation."""
        kind = self.rng.random()
        if kind < 0.45:
            english, other = self.clause()
        elif kind < 0.8:
            english, other = self.clause()
            when, translated = self._one(WHEN)
            more = self.clause(final=True)
            english = [*english, when, *more[0]]
            other = [*other, translated, *more[1]]
        else:
            (who, he), (says, translated) = self._one(PEOPLE[:2]), self._one(SAYING)
            more = self.clause(final=True)
            english = [who, says, "that", *more[0]]
            other = [he, translated, THAT, *more[1]]
        return f"{' '.join(english)}.", f"{' '.join(other)}."

    def clause(self, *, final: bool = False) -> Both:
        """Subject, verb, object, and perhaps a place; with the verb at the end if it is final."""
        subject = self._pronoun() if self._chance(0.2) else self.noun(relative=not final)
        verb = self.verb(plural=subject.plural)
        rest = self.noun().words
        if self._chance(0.25):
            place, translated = self._one(PLACES)
            where = self.noun().words
            rest = [*rest[0], place, *where[0]], [*rest[1], translated, *where[1]]
        return _ordered(subject.words, verb, rest, final=final)

    def noun(self, *, relative: bool = False) -> _Phrase:
        """An article, a noun, perhaps an adjective, and perhaps a relative clause."""
        one, many, stem, gender = self._one(NOUNS)
        plural = self._chance(0.4)
        articles = [row for row in ARTICLES if row[plural] != "-"]
        article = self._one(articles)
        ending = _ENDINGS[gender][plural]
        english, other = [article[plural]], [article[2] + ending]
        if self._chance(0.45):
            adjective, adjective_stem = self._one(ADJECTIVES)
            english, other = [*english, adjective], [*other, adjective_stem + ending]
        english.append(many if plural else one)
        other.insert(1, plural_of(stem) if plural else stem)
        if relative and self._chance(0.2):
            verb = self.verb(plural=plural)
            more = _ordered((["that"], [THAT]), verb, self.noun().words, final=True)
            english, other = english + more[0], other + more[1]
        return _Phrase((english, other), plural)

    def verb(self, *, plural: bool) -> Both:
        """A verb, now or in the past, and perhaps denied."""
        base, third, past, stem = self._one(VERBS)
        before, denied = self._chance(0.35), self._chance(0.2)
        other = [stem + verb_ending(plural=plural, past=before)]
        if denied:
            helper = "did" if before else "do" if plural else "does"
            return [helper, "not", base], [NOT, *other]
        return [past if before else base if plural else third], other

    def _pronoun(self) -> _Phrase:
        plural = self._chance(0.4)
        english, other = self._one(MANY if plural else PEOPLE)
        return _Phrase(([english], [other]), plural)

    def _one(self, rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        return rows[int(len(rows) * self.rng.random())]

    def _chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)


def plural_of(stem: str) -> str:
    """The plural of a noun: -r after a vowel, -en after a consonant."""
    return stem + ("r" if stem[-1] in "aeiou" else "en")


def verb_ending(*, plural: bool, past: bool) -> str:
    """What a verb ends in."""
    return ("isk" if past else "") + ("un" if plural else "et")


def _ordered(subject: Both, verb: Both, rest: Both, *, final: bool) -> Both:
    """Subject, verb and rest in English; in the other language the verb may come last."""
    middle = [*rest[1], *verb[1]] if final else [*verb[1], *rest[1]]
    return [*subject[0], *verb[0], *rest[0]], [*subject[1], *middle]


def dictionary() -> dict[str, str]:
    """What a word means by itself: masculine, and singular where English does not say."""
    words = {"not": NOT, "that": THAT, "do": "", "does": "", "did": ""}
    for one, many, stem in ARTICLES:
        words |= {many: stem + "oi"} if one == "-" else {many: stem + "oi", one: stem + "o"}
    for one, many, stem, _ in NOUNS:
        words |= {one: stem, many: plural_of(stem)}
    for base, third, past, stem in VERBS:
        words[base] = stem + verb_ending(plural=True, past=False)
        words[third] = stem + verb_ending(plural=False, past=False)
        words[past] = stem + verb_ending(plural=False, past=True)
    words |= {english: stem + "o" for english, stem in ADJECTIVES}
    for table in (PLACES, WHEN, SAYING, PEOPLE, MANY):
        for english, other in table:
            words[english] = other
    return words


def word_for_word(english: str) -> str:
    """Look every word of an English sentence up, and leave it where it is."""
    known = dictionary()
    words = english.removesuffix(".").split()
    if unknown := [word for word in words if word not in known]:
        raise ValueError(f"english must be of the words of `dictionary`, got {unknown[0]!r}")
    return f"{' '.join(known[word] for word in words if known[word])}."


def draw(seed: int, sizes: Sequence[int] = (2000, 200, 200)) -> list[list[tuple[str, str]]]:
    """Make up sentences with their translations.

    Parameters
    ----------
    seed : int
        0 or more.
    sizes : sequence of int
        How many each split has; the first is for training.

    Returns
    -------
    list of list of (str, str)
        A list of pairs for each split. No sentence comes twice, in one split or in two; and the
        later splits have no word, on either side, that the first does not have.
    """
    speaker = Speaker(np.random.default_rng(seed))
    splits: list[list[tuple[str, str]]] = []
    met: set[str] = set()
    words: set[str] = set()
    for size in sizes:
        pairs: list[tuple[str, str]] = []
        while len(pairs) < size:
            pair = speaker.sentence()
            new = pair[0] not in met and (not splits or set(" ".join(pair).split()) <= words)
            if new:
                pairs.append(pair)
                met.add(pair[0])
        if not splits:
            words = set(" ".join(word for pair in pairs for word in pair).split())
        splits.append(pairs)
    return splits

"""The generated play is regular: it scans, and what is opened is closed."""

import itertools
import re

import numpy as np
import pytest

from lstmlab.tasks.shakespeare import play, verse
from lstmlab.tasks.shakespeare.lexicon import KINDS

FIXED = """said:1 to:1 me:1 cried:1 aloud:2 father:2 swore:1 pilgrims:2 say:1 brother:2 wrote:1
sing:1 at:1 night:1 song:1 begins:2 mother:2 says:1 letter:2 reads:1 wept:1 died:1 laughed:1 law:1
that:1 was:1 all:1 more:1 no:1 so:1 she:1 he:1 they:1 the:1 my:1 and:1 an:1 of:1 not:1 now:1 let:1
do:1 who:1"""
SYLLABLES = {word: int(n) for word, n in (pair.split(":") for pair in FIXED.split())}
for kinds in KINDS.values():
    for beats, words in kinds.items():
        for entry in words:
            if " " not in entry:
                SYLLABLES[entry.lower()] = len(beats)
SYLLABLES |= {"vain": 1, "too": 1, "late": 1}


def syllables(line):
    return sum(SYLLABLES[word] for word in re.findall(r"[a-z'-]+", line.lower().replace('"', " ")))


@pytest.fixture(scope="module")
def text():
    return play.write(0)


@pytest.fixture(scope="module")
def speeches(text):
    """Speaker and lines of every speech."""
    blocks = [block.split("\n") for block in text.split("\n\n")]
    return [(block[0][:-1], block[1:]) for block in blocks if block[0].endswith(":")]


def test_a_seed_gives_one_play_and_another_seed_another(text):
    assert play.write(0) == text
    assert play.write(1)[:3000] != text[:3000]
    assert 200_000 <= len(text) < 202_000
    assert 55 <= len(set(text)) <= 65


def test_the_length_is_as_asked():
    assert 20_000 <= len(play.write(3, 20_000)) < 24_000


def test_there_are_acts_and_scenes(text):
    assert re.findall(r"^ACT (\w+)$", text, re.M) == ["I", "II", "III", "IV", "V"]
    assert len(re.findall(r"^SCENE [IV]+\. [A-Z][a-z' ]+\.$", text, re.M)) == 20
    assert text.count("[Exeunt.]") == 20


def test_quotation_marks_and_brackets_are_closed_within_a_speech(speeches):
    assert len(speeches) > 1000
    quoted = 0
    for _, lines in speeches:
        said = "\n".join(lines)
        assert said.count('"') % 2 == 0
        assert re.sub(r"\[[^][]*\]", "", said).count("[") == 0
        assert said.count("[") == said.count("]")
        for inside in re.findall(r'"([^"]*)"', said):
            quoted += 1
            assert inside[0].isupper() or inside[0] == "'"
            assert inside[-1] in ",.!?"
            assert len(inside.split()) >= 2
    assert quoted > 150


def test_some_quotations_go_on_over_a_line_end(speeches):
    said = ["\n".join(lines) for _, lines in speeches]
    quotations = [inside for one in said for inside in re.findall(r'"([^"]*)"', one)]
    assert sum("\n" in inside for inside in quotations) > 50


def test_most_lines_of_verse_have_ten_syllables_and_a_capital(speeches):
    prose = set()
    for name, lines in speeches:
        spoken = [line for line in lines if not line.startswith("[")]
        if any(line.strip('"')[0].islower() for line in spoken):
            prose.add(name)
    lines = [
        line
        for name, lines in speeches
        if name not in prose
        for line in lines
        if not line.startswith("[")
    ]
    counts = [syllables(line) for line in lines]
    assert len(prose) == play.COMMONERS
    assert len(lines) > 2000
    assert np.mean([count == 10 for count in counts]) > 0.9
    assert set(counts) <= {10, 11}
    assert np.mean([35 <= len(line) <= 50 for line in lines]) > 0.9


def test_only_who_is_on_the_stage_speaks(text):
    there = set()
    for block in text.split("\n\n"):
        names = set(re.findall(r"\b[A-Z]{3,}\b", block))
        if block.startswith("[Enter"):
            there |= names
        elif block.startswith("[Exeunt"):
            there = set()
        elif block.startswith("[Exit"):
            assert names <= there
            there -= names
        elif block.split("\n")[0].endswith(":"):
            assert {block.split(":")[0]} <= there
            called = set(re.findall(r"[A-Z][a-z]+", block)) & set(play.NAMES)
            assert {name.upper() for name in called} <= there


@pytest.mark.parametrize("name", ["CLAUSES", "ORDERS", "QUESTIONS", "LINKS", "PLACES"])
def test_every_phrase_scans_in_some_length_and_every_length_has_one(name):
    phrases = getattr(verse, name)
    fitting = [set(verse.fitting(phrases, verse.metre(length))) for length in (4, 6, 10, 11)]
    assert all(fitting)
    assert set.union(*fitting) == set(phrases)


def test_a_scansion_alternates():
    for phrase, length in itertools.product(verse.CLAUSES, (4, 6, 10)):
        for beats in verse.scansions(phrase, verse.metre(length)):
            joined = "".join(beats)
            assert len(joined) == length
            assert all(a in ("x", b) for a, b in zip(joined, verse.metre(length), strict=True))


def test_prose_is_wrapped():
    poet = verse.Poet(np.random.default_rng(0), ["Doran"])
    for _ in range(50):
        lines = poet.prose(3)
        assert all(len(line) <= verse.WIDTH for line in lines)
        assert lines[-1][-1] in '.!?"'

"""Made-up handwriting: the same for a seed, readable, with the habits it says it has."""

import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from lstmlab.tasks import handwriting
from lstmlab.tasks.handwriting import CHARACTERS, encode, ink, words


def steady(**changes):
    """A writer without quirks."""
    plain = {character: np.eye(2) for character in CHARACTERS}
    who = replace(ink.writer(np.random.default_rng(0)), font="futural", slant=0.0, width=1.0,
                  height=1.0, rise=0.0, shake=0.0, gap=1.0, delays=False, hand=plain)  # fmt: skip
    return replace(who, **changes)


def test_it_is_fixed_by_its_seed(monkeypatch):
    monkeypatch.setattr(handwriting, "SIZES", ((2, 2), (1, 1), (1, 1)))
    first, again, other = (handwriting.load_generated(seed) for seed in (0, 0, 1))
    for (x, k), (x2, k2) in zip(first.train, again.train, strict=True):
        assert np.array_equal(x, x2)
        assert np.array_equal(k, k2)
    assert any(a.shape != b.shape or not np.array_equal(a, b)
               for (a, _), (b, _) in zip(first.train, other.train, strict=True))  # fmt: skip


def test_the_task_is_what_its_caption_says(monkeypatch):
    monkeypatch.setattr(handwriting, "SIZES", ((30, 2), (3, 2), (3, 2)))
    task = handwriting.load_generated(0)
    assert task.caption == "generated handwriting (seed 0), 60/6/6 sequences"
    assert (task.inputs, task.outputs) == (4, 82)
    x = np.concatenate([x for x, _ in task.train])
    assert np.allclose(x[:, :3].std(axis=0), 1, atol=0.1)
    assert np.abs(x).max() <= 10
    assert set(np.unique(x[:, 3])) == {0, 1}
    frames = sum(len(x) for x, _ in task.train) / sum(len(k) for _, k in task.train)
    assert 8 < frames < 16  # a character


def test_no_writer_is_in_two_splits():
    found = {
        ink.writer(np.random.default_rng([0, split, number])).slant
        for split in range(3)
        for number in range(20)
    }
    assert len(found) == 60


@pytest.mark.parametrize("font", ink.FONTS)
def test_every_character_but_the_space_leaves_ink(font):
    who = steady(font=font)
    for character in CHARACTERS.replace(" ", ""):
        strokes = ink.write(character, who, np.random.default_rng(0))
        assert sum(map(len, strokes)) >= 1
        assert all(np.isfinite(stroke).all() for stroke in strokes)


def test_time_never_runs_backwards_and_the_pen_needs_some_to_jump():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        strokes = ink.write(words.line(rng), ink.writer(rng), rng)
        times = np.concatenate([stroke[:, 2] for stroke in strokes])
        assert np.all(np.diff(times) > 0)
        for one, following in pairwise(strokes):
            assert following[0, 2] - one[-1, 2] >= 0.08


def test_capitals_are_higher_than_small_letters_and_slant_leans_them():
    rng = np.random.default_rng(0)
    high, low = (
        max(stroke[:, 1].max() for stroke in ink.write(text, steady(), rng)) for text in "Hx"
    )
    assert high > 1.3 * low
    upright, leaning = (
        ink.write("l", steady(slant=slant), np.random.default_rng(0))[0] for slant in (0.0, 0.5)
    )
    top, foot = leaning[:, 1].argmax(), leaning[:, 1].argmin()
    assert leaning[top, 0] - leaning[foot, 0] > 0.4 * (leaning[top, 1] - leaning[foot, 1])
    assert np.ptp(upright[:, 0]) < 3


def marks_and_bodies(text, **changes):
    """For every stroke of a line, whether it is a dot or a bar."""
    line = ink.write(text, steady(**changes), np.random.default_rng(0))
    return ["mark" if np.ptp(stroke[:, 1]) < 6 else "body" for stroke in line]


@pytest.mark.parametrize("font", ink.FONTS)
@pytest.mark.parametrize("letter", "ijt")
def test_the_dot_or_bar_is_the_last_stroke_of_a_letter(font, letter):
    found = marks_and_bodies(letter, font=font)
    assert found[-1] == "mark"
    assert "body" in found[:-1]


@pytest.mark.parametrize("font", ink.FONTS)
def test_dots_and_bars_and_nothing_else_wait_for_the_end_of_the_word(font):
    at_once = marks_and_bodies("tilt it", font=font)
    late = marks_and_bodies("tilt it", font=font, delays=True)
    assert late.count("mark") == at_once.count("mark") == 5
    assert late[-2:] == ["mark"] * 2
    first = next(n for n in range(len(late)) if late[n : n + 3] == ["mark"] * 3)
    assert "mark" not in late[:first]
    assert "mark" in at_once[:3]


def test_the_pen_is_slower_in_bends_and_at_the_ends():
    """Points of a straight line are far apart in its middle, close at its ends."""
    way = ink._drawn(np.array([[0.0, 0.0], [60.0, 0.0]]), 2.0)
    steps = np.hypot(*np.diff(way, axis=0).T)
    assert steps[0] < 0.8 * steps[len(steps) // 2]
    assert np.allclose(way[[0, -1]], [[0, 0], [60, 0]])


def test_letters_of_the_joined_font_join_and_others_do_not():
    joined, single = (
        len(ink.write("all", steady(font=font), np.random.default_rng(0)))
        for font in ("scripts", "futural")
    )
    apart = sum(len(ink.glyphs("scripts")[letter].strokes) for letter in "all")
    assert joined < apart
    assert single == sum(len(ink.glyphs("futural")[letter].strokes) for letter in "all")


def test_lines_are_of_the_alphabet_and_use_most_of_it():
    rng = np.random.default_rng(0)
    text = "".join(words.line(rng) + " " for _ in range(2000))
    assert encode(text).max() <= 81
    used = set(text)
    assert set("abcdefghijklmnopqrstuvwxyz0123456789 .,?!;:") <= used
    assert len(used & set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) > 20


@pytest.mark.parametrize("text", ["", "  ", "50%", "caf\u00e9"])
def test_what_cannot_be_written_is_refused(text):
    with pytest.raises(ValueError, match="text must be of the 81 characters, one no space, got"):
        ink.write(text, steady(), np.random.default_rng(0))


def test_without_the_fonts_it_says_what_is_missing(monkeypatch):
    ink.glyphs.cache_clear()
    monkeypatch.setitem(sys.modules, "HersheyFonts", None)
    with pytest.raises(ImportError, match="needs Hershey-Fonts: pip install Hershey-Fonts"):
        ink.glyphs("scripts")
    ink.glyphs.cache_clear()

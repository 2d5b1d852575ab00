"""Words as numbers: what is kept, what is left out, and the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.tasks import reviews
from lstmlab.tasks.reviews import first_words, last_words, masked, shortened
from lstmlab.tasks.reviews.words import FILTERED, tokenise

numbers = st.lists(st.integers(0, 9), max_size=12).map(lambda said: np.array([1, *said], np.int32))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A fine film.<br /><br />Isn't it?", ["a", "fine", "film", "br", "br", "isn't", "it"]),
        ("one\ttwo\r\nthree\nfour\rfive", ["one", "two", "three", "four", "five"]),
        ("'Well-made' (8/10)_", ["'well", "made'", "8", "10"]),
        ("\u00c9t\u00e9\u2026 \u00a3", ["\u00e9t\u00e9\u2026", "\u00a3"]),
        ("one\u00a0two\x85three", ["one", "two", "three"]),
        (" .,\n", []),
    ],
)
def test_words_are_those_that_keras_finds_cut_at_all_white_space(text, words):
    assert tokenise(text) == words


@given(st.text())
def test_no_word_holds_what_is_filtered_or_is_empty(text):
    for word in tokenise(text):
        assert word
        assert not set(word) & set(FILTERED)
        assert word == word.lower()


@given(numbers, st.integers(1, 15))
def test_both_ends_keep_the_start_which_counts(x, n):
    first, last = first_words(x, n), last_words(x, n)
    assert len(first) == len(last) == min(n, len(x))
    assert first[0] == last[0] == 1
    assert first.tolist() == x[:n].tolist()
    assert last[1:].tolist() == x[len(x) - len(last) + 1 :].tolist()


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "3"])
def test_a_number_of_words_is_whole_and_positive(n):
    for keep in (first_words, last_words):
        with pytest.raises(ValueError, match="n must be a whole number, 1 or more, got"):
            keep(np.ones(3, np.int32), n)


@given(numbers)
def test_what_is_masked_is_padding_and_the_unknown(x):
    assert masked(x).tolist() == [word for word in x.tolist() if word not in (0, 2)]


def test_a_shortened_task_is_the_same_otherwise():
    task = reviews.load_generated(1)
    for end, keep in (("first", first_words), ("last", last_words)):
        short = shortened(task, 10, end)
        assert short.caption == task.caption
        assert short.vocabulary == task.vocabulary
        for (x, target), (whole, same) in zip(short.valid, task.valid, strict=True):
            assert np.array_equal(x, keep(whole, 10))
            assert target == same
    assert all(len(x) == 7 for x, _ in reviews.load(source="generated", seed=1, length=7).test)
    with pytest.raises(ValueError, match=r"end must be one of \('first', 'last'\), got 'middle'"):
        shortened(task, 10, "middle")
    with pytest.raises(ValueError, match="length must be a whole number, 1 or more, got 0"):
        shortened(task, 0)


def test_a_review_can_be_read_again():
    task = reviews.load_generated(0)
    words, _, _ = reviews.written(0, 0)[0]
    assert reviews.text(task, task.train[0][0]) == " ".join(["<START>", *words])
    with pytest.raises(ValueError, match=f"x must hold .* from 0 to {task.inputs - 1}, got"):
        reviews.text(task, [1, task.inputs])
    with pytest.raises(ValueError, match="got -1"):
        reviews.text(task, [-1])
    assert reviews.masked([1, 2, 3, 0]).tolist() == [1, 3]
    for wrong in ({"words": 0}, {"seed": -1}):
        with pytest.raises(ValueError, match="must be a whole number"):
            reviews.load_generated(**wrong)

"""Words that begin alike, their floors, and networks that are measured by them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from lstmlab import results
from lstmlab.results import directions, words
from lstmlab.results.directions import BOTH, Reader, says_ahead


def test_every_state_leads_somewhere_and_shows_something():
    start, moves, shows = words.chain()
    np.testing.assert_allclose(start.sum(), 1)
    np.testing.assert_allclose(moves.sum(axis=1), 1)
    np.testing.assert_allclose(shows.sum(axis=1), 1)
    letters = [words.LETTERS[n] for n in shows.argmax(axis=1)]
    assert "".join(letters) == "".join(words.WORDS)


def test_lines_are_what_the_chain_says():
    drawn = words.lines(np.random.default_rng(0), 2000)
    assert {len(x) for x, _ in drawn} == set(range(words.SHORTEST, words.LONGEST + 1))
    for x, word in drawn[:50]:
        assert x.dtype == np.float32
        assert x.shape == (len(word), 5)
        assert np.all(x.sum(axis=1) == 1)
    first = np.array([word[0] for _, word in drawn])
    np.testing.assert_allclose(np.bincount(first, minlength=4) / 2000, 1 / 4, atol=0.04)
    right = "".join(words.WORDS[word[0]][0] for _, word in drawn)
    seen = "".join(words.LETTERS[x[0].argmax()] for x, _ in drawn)
    misread = np.mean([a != b for a, b in zip(right, seen, strict=True)])
    assert abs(misread - words.MISREAD) < 0.03


def one_by_one(x, ahead):
    start, moves, shows = words.chain()
    p = np.zeros((len(x), 4))
    for t in range(len(x)):
        seen = x[: t + ahead + 1].argmax(axis=1)
        for s in product(range(12), repeat=len(seen)):
            chance = start[s[0]] * np.prod(moves[s[:-1], s[1:]]) * np.prod(shows[s, seen])
            p[t, s[t] // 3] += chance
    return p / p.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("ahead", [0, 1, 2, 60])
def test_the_posterior_is_that_of_all_sequences_of_states(ahead):
    x, _ = words.lines(np.random.default_rng(1), 1)[0]
    np.testing.assert_allclose(words.posterior(x[:4], ahead), one_by_one(x[:4], ahead), atol=1e-12)


def test_more_frames_lower_the_floor_and_nobody_gets_below_it():
    test = [x for x, _ in words.lines(np.random.default_rng(2), 30)]
    floors = []
    for ahead in (0, 2, 8, 60):
        right = words.known(test, ahead)
        floors.append(words.judged(right, right))
        others = [words.known(test, 0), words.known(test, 60)]
        others.append([np.full((len(x), 4), 1 / 4) for x in test])
        for answers in others:
            found = words.judged(answers, right)
            assert found[0] >= floors[-1][0] - 1e-12
            assert found[1] >= floors[-1][1] - 1e-12
    assert floors == sorted(floors, reverse=True)


def test_pairs_are_bat_or_mad_and_the_others():
    p = np.array([[0.1, 0.2, 0.3, 0.4]])
    np.testing.assert_allclose(words.pairs(p), [[0.5, 0.5]])
    np.testing.assert_allclose(words.pairs(np.eye(4)), [[1, 0], [0, 1], [0, 1], [1, 0]])


def test_a_late_line_has_its_words_moved():
    x, word = words.lines(np.random.default_rng(3), 1)[0]
    late_x, late_word = Reader(delay=3).late((x, word))
    np.testing.assert_array_equal(late_x[: len(x)], x)
    assert not late_x[len(x) :].any()
    np.testing.assert_array_equal(late_word[3:], word)


@pytest.mark.parametrize("reader", [Reader(blocks=4, delay=2), BOTH])
def test_a_batch_of_lines_is_answered_as_each_line_alone(reader):
    params = reader.network.init(np.random.default_rng(0), std=0.5)
    test = [x for x, _ in words.lines(np.random.default_rng(4), 5)]
    for x, p in zip(test, reader.says(params, test), strict=True):
        late, _ = reader.late((x, np.zeros(len(x), int)))
        alone = reader.network.predict(params, late)[reader.delay :]
        np.testing.assert_allclose(p, alone, atol=1e-6)


def test_a_reader_learns():
    reader = Reader(blocks=4, delay=2)
    untrained = reader.network.init(np.random.default_rng(0))
    test = [x for x, _ in words.lines(np.random.default_rng(5), 40)]
    right = words.known(test, 2)
    params = reader.learn(0.02, 0, updates=600)
    before, after = (words.judged(reader.says(w, test), right)[0] for w in (untrained, params))
    assert after < before - 0.2


@pytest.mark.parametrize("ahead", [0, 3, 60])
def test_starting_so_many_frames_ahead_is_reading_the_line_cut_there(ahead):
    params = BOTH.network.init(np.random.default_rng(0), std=0.5)
    test = [x for x, _ in words.lines(np.random.default_rng(6), 3)]
    for x, p in zip(test, says_ahead(params, test, ahead), strict=True):
        cut = [BOTH.network.predict(params, x[: t + 1 + ahead])[t] for t in range(len(x))]
        np.testing.assert_allclose(p, cut, atol=1e-6)


def test_stacked_layers_answer_either_question():
    pytest.importorskip("torch")
    test = [x for x, _ in words.lines(np.random.default_rng(7), 3)]
    for question, classes, size in (("words", 4, 2162), ("pairs", 2, 2108)):
        says, weights = directions.stacked(question, 1, 13, 0.01, 0, steps=2)
        assert weights == size
        for x, p in zip(test, says(test), strict=True):
            assert p.shape == (len(x), classes)
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)


def test_the_recorded_networks_stay_above_their_floors():
    floors = {
        (row["question"], row["ahead"]): (row["nats"], row["error"])
        for row in results.table("directions", "floors")
    }
    for row in results.table("directions"):
        ahead = words.LONGEST if row["reader"] == "both" else row["delay"]
        assert row["nats"] > floors["words", ahead][0]
        assert row["error"] > floors["words", ahead][1]
    for row in results.table("directions", "ahead"):
        assert row["nats"] > floors["words", row["ahead"]][0]
    for row in results.table("directions", "layers"):
        assert row["nats"] > floors[row["question"], words.LONGEST][0]
        assert len({r["seed"] for r in results.table("directions", "layers")}) == 10

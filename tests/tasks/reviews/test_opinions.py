"""Made-up reviews: the same for a seed, and what order is worth in them."""

from collections import Counter

import numpy as np
import pytest

from lstmlab.tasks import reviews
from lstmlab.tasks.reviews import lexicon, opinions


@pytest.fixture(scope="module")
def task():
    return reviews.load_generated(0)


def labels(task, split):
    return np.array([target[0] for _, target in task.split(split)])


def test_the_task_is_what_its_caption_says(task):
    assert task.caption == "generated reviews (seed 0), 2000/500/1000 reviews"
    assert (task.form, task.answer, task.loss, task.metric) == (
        "tokens", "sequence", "sigmoid", "accuracy"
    )  # fmt: skip
    assert task.vocabulary[:4] == ("<PAD>", "<START>", "<UNK>", "the")
    assert task.inputs == len(task.vocabulary) > 300
    for split in ("train", "valid", "test"):
        assert labels(task, split).mean() == 0.5
        assert all(x.dtype == np.int32 and x[0] == 1 for x, _ in task.split(split))
        assert not any((x[1:] < 2).any() for x, _ in task.split(split))


def test_words_are_ranked_by_the_training_set_alone(task):
    """A word counts once for every time that training says it, in the order of the alphabet."""

    def ranked(*splits):
        said = Counter(
            word for split in splits for words, _, _ in reviews.written(0, split) for word in words
        )
        return tuple(sorted(said, key=lambda word: (-said[word], word)))

    assert task.vocabulary[3:] == ranked(0)
    assert ranked(0) != ranked(0, 1, 2)[: len(ranked(0))]


def test_it_is_fixed_by_its_seed_and_every_split_is_drawn_by_itself():
    first, again, other = (reviews.written(seed, 1) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert reviews.written(3, 2)[:5] != first[:5]


def test_reviews_have_20_to_120_words_and_some_60():
    rng = np.random.default_rng(0)
    lengths = [len(opinions.write(rng)[0]) for _ in range(500)]
    assert 20 <= min(lengths) < max(lengths) <= 120
    assert 55 < np.mean(lengths) < 67


def test_one_label_in_twenty_is_wrong_and_no_class_is_favoured():
    for split, size in enumerate(reviews.GENERATED_SIZES):
        drawn = reviews.written(0, split)
        wrong = [label for _, truth, label in drawn if truth != label]
        assert len(wrong) == size // 20 - (size // 20) % 2
        assert sum(wrong) == len(wrong) // 2


def test_a_review_says_what_it_is_asked_to():
    rng = np.random.default_rng(1)
    assert all(opinions.write(rng, truth)[1] is truth for truth in (True, False) * 5)
    assert {opinions.write(rng)[1] for _ in range(50)} == {True, False}


def test_a_denied_word_is_one_of_the_other_kind(monkeypatch):
    rng = np.random.default_rng(0)
    for share, denies in ((0.0, False), (1.0, True)):
        monkeypatch.setattr(opinions, "NEGATED", share)
        for positive in (True, False):
            right = lexicon.GOOD if positive != denies else lexicon.BAD
            wrong = lexicon.BAD if positive != denies else lexicon.GOOD
            for _ in range(100):
                said = set(opinions.opinion(positive, rng).split())
                assert said & set(right)
                assert not said & set(wrong)


def test_no_word_is_good_and_bad():
    assert not set(lexicon.GOOD) & set(lexicon.BAD)
    assert len(set(lexicon.GOOD)) == len(lexicon.GOOD) == len(set(lexicon.BAD))


def test_early_words_of_a_list_are_more_frequent(task):
    common, rare = (task.vocabulary.index(lexicon.PEOPLE[at]) for at in (0, -1))
    assert common < rare


def test_the_vocabulary_is_cut_where_it_is_asked_to(task):
    small = reviews.load(source="generated", words=50)
    assert small.vocabulary == task.vocabulary[:53]
    for (x, _), (whole, _) in zip(small.test, task.test, strict=True):
        assert np.array_equal(x, np.where(whole < 53, whole, 2))


def test_counting_words_is_not_enough_and_the_end_says_more_than_the_beginning(task):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    def right(task, words):
        count = CountVectorizer(token_pattern=r"\S+", ngram_range=(1, words), binary=True)
        train, test = (
            [reviews.text(task, x) for x, _ in task.split(split)] for split in ("train", "test")
        )
        model = LogisticRegression(C=0.1, solver="liblinear")
        model.fit(count.fit_transform(train), labels(task, "train"))
        return model.score(count.transform(test), labels(task, "test"))

    single, four = right(task, 1), right(task, 4)
    assert 0.65 < single < 0.78
    assert single < four < 0.83
    begins, ends = (right(reviews.shortened(task, 20, end), 4) for end in ("first", "last"))
    assert 0.5 < begins < ends < four - 0.05

"""The made-up language keeps its grammar, and its splits share words but no sentence."""

import pytest

from lstmlab.tasks.translation import bleu, language, word_for_word
from lstmlab.tasks.translation.language import NOUNS, VERBS, draw

STEMS = {stem: gender for *_, stem, gender in NOUNS}
PLURALS = {language.plural_of(stem): gender for *_, stem, gender in NOUNS}
VERB_STEMS = tuple(row[3] for row in VERBS)
ARTICLES = {stem for *_, stem in language.ARTICLES}
ENDINGS = {"m": ("o", "oi"), "f": ("a", "ai")}
VERB_ENDINGS = ("et", "un", "isket", "iskun")
VERB_FORMS = {stem + ending for stem in VERB_STEMS for ending in VERB_ENDINGS}
OPENERS = {other for _, other in language.WHEN} | {language.THAT}


@pytest.fixture(scope="module")
def splits():
    return draw(0)


def test_a_seed_gives_the_same_sentences_and_another_seed_others(splits):
    assert draw(0) == splits
    assert draw(1) != splits
    assert [len(split) for split in splits] == [2000, 200, 200]


@pytest.mark.parametrize("seed", range(3))
def test_no_sentence_comes_twice_and_every_word_is_met_in_training(seed):
    splits = draw(seed)
    english = [one for split in splits for one, _ in split]
    assert len(set(english)) == len(english)
    words = {word for pair in splits[0] for side in pair for word in side.split()}
    assert {
        word for split in splits[1:] for pair in split for word in " ".join(pair).split()
    } <= words


def test_article_and_adjective_agree_with_the_noun_and_the_adjective_follows_it(splits):
    adjectives = {stem for _, stem in language.ADJECTIVES}
    met = 0
    for _, other in splits[0]:
        words = other.removesuffix(".").split()
        for place, word in enumerate(words):
            plural = word in PLURALS
            if not plural and word not in STEMS:
                continue
            ending = ENDINGS[(PLURALS if plural else STEMS)[word]][plural]
            assert words[place - 1].removesuffix(ending) in ARTICLES
            after = words[place + 1] if place + 1 < len(words) else ""
            if any(
                after in (stem + "o", stem + "a", stem + "oi", stem + "ai") for stem in adjectives
            ):
                assert after.removesuffix(ending) in adjectives
                met += 1
    assert met > 1000


def test_the_verb_stands_at_the_end_of_a_subordinate_clause(splits):
    """No relative clause stands after "parke" and its like: the last word is the verb."""
    met = 0
    for _, other in splits[0]:
        words = other.removesuffix(".").split()
        if any(word in OPENERS - {language.THAT} for word in words):
            met += 1
            assert words[-1] in VERB_FORMS
    assert met > 500


def test_english_and_the_other_language_deny_together(splits):
    for english, other in splits[0]:
        assert english.split().count("not") == other.split().count(language.NOT)
        assert len(english.split()) - english.split().count("not") == len(other.split())


def test_a_verb_agrees_with_its_subject():
    for english, other in draw(2, (500,))[0]:
        words = other.removesuffix(".").split()
        if words[0] in ("zoi", "nei"):
            verb = words[2] if words[1] == language.NOT else words[1]
            assert verb in VERB_FORMS
            assert verb.endswith("un"), english
        elif words[0] in ("zo", "za", "zu"):
            verb = words[2] if words[1] == language.NOT else words[1]
            assert verb.endswith("et"), english


def test_bleu_tells_a_dictionary_from_the_grammar(splits):
    references = [other for _, other in splits[2]]
    literal = bleu([word_for_word(english) for english, _ in splits[2]], references)
    assert bleu(references, references).value == pytest.approx(100)
    assert 10 < literal.value < 35
    assert literal.signature.startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")


def test_the_dictionary_says_a_word_as_it_is_by_itself():
    assert word_for_word("the dogs do not see a cat.") == "ko drunen nu vidun mo mira."


@pytest.mark.parametrize(("hypotheses", "references"), [([], []), (["a"], []), (["a"], ["b", "c"])])
def test_bleu_needs_as_many_references(hypotheses, references):
    message = f"must be as many .* got {len(hypotheses)} and {len(references)}"
    with pytest.raises(ValueError, match=message):
        bleu(hypotheses, references)

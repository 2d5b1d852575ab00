"""Parallel text is read pair by pair, becomes pieces, and text again; the rest is refused."""

import os
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.tasks import (
    DataError,
    DownloadError,
    MissingDataError,
    shakespeare,
    store,
    translation,
)
from lstmlab.tasks.translation import available, decode, generated, load, pairs, subwords
from lstmlab.tasks.translation.prepare import prepare
from lstmlab.tasks.translation.subwords import END, SPECIAL, Subwords, learn

ENGLISH = [f"the {a} sees {b} dogs" for a in ("cat", "man", "king", "bird") for b in range(10)]
GERMAN = [f"sie sieht die {b} Hunde nicht, {a}" for a in ("ä", "ö", "ü", "ß") for b in range(10)]


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No data set of this machine is found."""
    monkeypatch.delenv(store.ENVIRONMENT, raising=False)
    monkeypatch.setattr(store, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    return corpus(tmp_path / "data")


def corpus(folder, *, names=("train", "valid", "test"), languages=("en", "de")):
    for name in names:
        for language, lines in zip(languages, (ENGLISH, GERMAN), strict=False):
            write(folder / f"{name}.{language}", lines)
    return folder


def write(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def get(root=None, source="auto", *, download=False, seed=0):
    return load(source, root, download, seed)


# -- the default ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made_up():
    return generated(0)


def test_the_default_is_a_made_up_language(made_up):
    task = made_up.task
    assert task.caption == "generated translation (seed 0), 2000/200/200 pairs"
    assert (task.form, task.answer, task.loss, task.metric) == (
        "tokens",
        "tokens",
        "softmax",
        "BLEU",
    )
    assert (task.inputs, task.outputs) == (200, 200)
    assert task.vocabulary[:4] == task.labels[:4] == SPECIAL
    for x, target in task.train:
        assert x.dtype == target.dtype == np.int32
        assert x.min() >= len(SPECIAL)
        assert np.flatnonzero(target == END).tolist() == [len(target) - 1]


def test_the_record_says_how_many_words_the_default_has(made_up):
    english, other = (
        {word.strip(".,?!").lower() for split in made_up.sentences.values() for pair in split
         for word in pair[side].split()}
        for side in (0, 1)
    )  # fmt: skip
    said = translation.RECORD.differs
    assert f"some {round(len(english), -1)} words of English and half as many again in" in said
    assert round(len(other) / len(english), 1) == 1.5


def test_the_default_is_the_same_every_time(made_up):
    again = get(seed=0)
    assert again.vocabulary == made_up.task.vocabulary
    assert again.labels == made_up.task.labels
    for split in ("train", "valid", "test"):
        for one, two in zip(again.split(split), made_up.task.split(split), strict=True):
            assert np.array_equal(one[0], two[0])
            assert np.array_equal(one[1], two[1])
    assert generated(1).task.caption == "generated translation (seed 1), 2000/200/200 pairs"


def test_decoding_gives_the_references(made_up):
    for split in ("train", "valid", "test"):
        targets = [target for _, target in made_up.task.split(split)]
        assert [made_up.decode(target) for target in targets] == made_up.references(split)
        assert [decode(made_up.task, target) for target in targets] == made_up.references(split)
    x, _ = made_up.task.test[0]
    assert np.array_equal(made_up.encode(made_up.sentences["test"][0][0]), x)


def test_no_piece_is_learnt_from_validation_or_test():
    sentences = list(zip(ENGLISH, GERMAN, strict=True))
    same = dict.fromkeys(("train", "valid", "test"), sentences)
    other = same | {"valid": [("zebra", "Zèbre")], "test": [("quick", "flott")]}
    settings = {"size": 60, "longest": 50}
    one, two = prepare(same, "x", **settings), prepare(other, "x", **settings)
    assert one.source == two.source
    assert one.target == two.target


# -- subwords ---------------------------------------------------------------------------------

KNOWN = learn([*ENGLISH, *GERMAN], 120)
LETTERS = "".join(sorted(set("".join([*ENGLISH, *GERMAN])) - {" "}))
words = st.text(LETTERS, min_size=1, max_size=12)


@settings(max_examples=500)
@given(st.lists(words, min_size=1, max_size=8).map(" ".join))
def test_text_becomes_pieces_and_the_text_again(text):
    codes = KNOWN.encode(text)
    assert KNOWN.decode(codes) == text
    assert KNOWN.decode([*codes, END, *codes]) == text
    assert KNOWN.decode([0, 1, *codes, 0]) == text


@given(st.lists(st.integers(0, len(KNOWN.pieces) - 1), max_size=20))
def test_whatever_a_network_says_is_text(codes):
    text = KNOWN.decode(codes)
    assert subwords.BLANK not in text
    assert not any(special in text for special in ("<pad>", "<s>", "</s>", "<unk>"))


def test_an_unknown_character_is_unknown():
    assert subwords.UNKNOWN in KNOWN.encode("the \u0416 dog")
    assert "\u2047" in KNOWN.decode(KNOWN.encode("the \u0416 dog"))


def test_pieces_travel_as_bytes():
    assert Subwords(KNOWN.model).pieces == KNOWN.pieces
    assert learn([*ENGLISH, *GERMAN], 120).model == KNOWN.model
    assert len(KNOWN.pieces) == 120


def test_learning_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    learn(ENGLISH, 40)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("texts", "size", "message"),
    [
        (
            ENGLISH,
            10,
            r"size must be \d+ or more, for every character and 4 special pieces, got 10",
        ),
        ([], 100, "texts must hold a sentence of 1 to 4192 bytes, got 0 others"),
        (["", "x" * 5000], 100, "texts must hold a sentence of 1 to 4192 bytes, got 2 others"),
        (["\u2585"], 100, "texts must be sentences to learn from, got: "),
    ],
)
def test_what_nothing_can_be_learnt_from_is_refused(texts, size, message):
    with pytest.raises(ValueError, match=message):
        learn(texts, size)


def test_a_text_with_few_pieces_gives_what_it_has():
    assert len(learn(["a b", "b a"], 8000).pieces) < 20


# -- folders ----------------------------------------------------------------------------------


def test_a_folder_of_your_own(folder):
    task = get(folder)
    assert task.caption == "data (own folder), en to de, 40/40/40 pairs"
    assert task.source == available(folder) == "data (own folder)"
    assert decode(task, task.test[0][1]) == GERMAN[0]
    assert get(folder.parent).source == "data (own folder)"


def test_the_direction_can_be_turned(folder):
    turned = translation.read_folder(folder, direction="de-en")
    assert turned.task.caption == "data (own folder), de to en, 40/40/40 pairs"
    assert turned.references() == ENGLISH
    with pytest.raises(ValueError, match="direction must be of de, en, as in en-de, got 'en-fr'"):
        translation.read_folder(folder, direction="en-fr")


def test_of_three_languages_two_are_chosen(folder):
    corpus(folder, languages=("fr", "cs"))
    with pytest.raises(DataError, match="in two languages, got cs, de, en, fr; a direction"):
        get(folder)
    assert translation.read_folder(folder, direction="fr-cs").task.title.endswith("fr to cs")


@pytest.mark.parametrize("name", ["{}.gz", "{}.py", "{}.en.gz", "{}.tok.fr", "{}.md"])
def test_what_is_no_language_is_passed_over(folder, name):
    for split in ("train", "valid", "test"):
        (folder / name.format(split)).write_bytes(b"other")
    assert get(folder).source == "data (own folder)"
    turned = translation.read_folder(folder, direction="de-en")
    assert turned.task.caption.startswith("data (own folder), de")


def test_without_english_the_first_becomes_the_second(tmp_path):
    task = get(corpus(tmp_path, names=("train", "dev", "test"), languages=("fr", "cs")))
    assert task.title.endswith("cs to fr")


def test_wmt14_is_known_by_names_languages_and_lines(tmp_path):
    for name, count in (("train", 50), ("newstest2013", 3000), ("newstest2014", 3003)):
        for language, lines in (("en", ENGLISH), ("de", GERMAN)):
            write(tmp_path / f"{name}.{language}", (lines * 80)[:count])
    task = get(tmp_path, "real")
    assert task.caption == "WMT14 En-De (real), en to de, 50/3000/3003 pairs"
    assert available(tmp_path) == task.source == "WMT14 En-De"
    record = translation.RECORD
    assert record.verify(record.place(tmp_path)).endswith(
        "every line read: 50 / 3,000 / 3,003 pairs"
    )
    for language in ("en", "de"):
        write(tmp_path / f"newstest2014.{language}", ENGLISH)
    with pytest.raises(
        DataError, match=r"must have newstest2013 \(3,000 lines\) .* got 50/3,000/40"
    ):
        get(tmp_path, "WMT14 En-De")
    with pytest.raises(DataError, match="must be WMT14 En-De, got other files"):
        record.verify(tmp_path)
    assert get(tmp_path).source.endswith("(own folder)")


def test_dropped_pairs_are_counted(folder):
    write(folder / "train.en", [*ENGLISH, "", "a", "dog " * 200, "the\x1bdog", "x" * 20_000])
    write(folder / "train.de", [*GERMAN, "b", " \t", "Hund", "Hund", "Hund"])
    write(folder / "test.en", [*ENGLISH, "dog " * 200])
    write(folder / "test.de", [*GERMAN, "Hund"])
    task = get(folder)
    assert task.caption == (
        "data (own folder), en to de, dropped 2 blank, 2 long, 1 with control characters, "
        "40/40/41 pairs"
    )


def test_two_files_are_cut_in_order(folder):
    read = translation.read_files(folder / "train.en", folder / "train.de")
    assert read.task.caption == "train.en (own file), 36/2/2 pairs"
    assert read.references("train") + read.references("valid") + read.references() == GERMAN
    for language in ("en", "de"):
        write(folder / f"few.{language}", ENGLISH[:19])
    with pytest.raises(DataError, match=r"few.en and few.de must have 20 pairs or more, got 19"):
        translation.read_files(folder / "few.en", folder / "few.de")


def test_lines_end_as_they_like_and_other_ends_are_characters(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfone\r\ntwo\nthree\xe2\x80\xa8four")
    (tmp_path / "b").write_bytes(b"eins\nzwei\r\ndrei  vier\r\n")
    read = pairs.read(tmp_path / "a", tmp_path / "b")
    assert read.pairs == [("one", "eins"), ("two", "zwei"), ("three four", "drei vier")]


def test_what_is_missing_says_how_to_get_it(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    assert get(tmp_path / "empty").source == available(tmp_path / "empty") == "generated"
    with pytest.raises(MissingDataError, match="WMT14 En-De is in none of .* europarl-v7"):
        get(tmp_path / "empty", "real")
    with pytest.raises(DownloadError, match="WMT14 En-De cannot be fetched"):
        get(source="real", download=True)
    with pytest.raises(MissingDataError, match="root must be a folder that holds train, valid"):
        get(folder / "train.en")
    with pytest.raises(DataError, match="must have newstest2013"):
        get(folder, "real")
    with pytest.raises(ValueError, match="source must be one of"):
        get(source="WMT14")
    with pytest.raises(ValueError, match="seed must be"):
        get(seed=-1)
    (folder / "test.de").unlink()
    (folder / "test.de").symlink_to(folder / "gone")
    for asked in (get, available):
        with pytest.raises(MissingDataError, match="root must hold train, valid and test in two"):
            asked(folder)
    with pytest.raises(MissingDataError, match="which is no folder"):
        get(folder / "train.en")


def test_the_home_folder_stands_for_a_tilde(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    mine = f"~/{folder.name}"
    assert translation.read_folder(mine).task.source == f"{folder.name} (own folder)"
    files = f"{mine}/train.en", f"{mine}/train.de"
    assert translation.read_files(*files, size=80).task.source == "train.en (own file)"
    with pytest.raises(ValueError, match="folder must be a folder or a file, as str or Path"):
        translation.read_folder("")
    with pytest.raises(ValueError, match="target must be a folder or a file, .*got None"):
        translation.read_files(files[0], None)


def test_paths_may_be_text_and_sizes_are_checked(folder):
    files = str(folder / "train.en"), str(folder / "train.de")
    assert translation.read_files(*files, size=80).task.source == "train.en (own file)"
    for size in (0, 4, -1, None, 1.5, 10**9):
        with pytest.raises(ValueError, match="size must be"):
            translation.read_folder(str(folder), size=size)
    for longest in (0, None, 1.5):
        with pytest.raises(ValueError, match="longest must be a whole number, 1 or more"):
            translation.read_files(*files, size=80, longest=longest)
    with pytest.raises(ValueError, match="seed must be"):
        translation.generated(-1)


def test_texts_and_codes_of_something_else_are_refused():
    task = translation.generated(0).task
    for wrong in ([-1], [10_000], [1.5]):
        with pytest.raises(ValueError, match="codes must hold whole numbers from 0 to"):
            translation.decode(task, wrong)
    with pytest.raises(ValueError, match="task must be a translation, got shakespeare"):
        translation.decode(shakespeare.load_generated(0), [1, 2])
    with pytest.raises(ValueError, match="sequences of texts, got one text"):
        translation.bleu("abc", "abc")
    with pytest.raises(ValueError, match="english must be of the words .* got 'foo'"):
        translation.word_for_word("the foo")


# -- hostile inputs ---------------------------------------------------------------------------

GOOD = b"one\ntwo\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a.en must hold text, got none"),
        (b"one\n", "a.en and a.de must have as many lines, got 1 and 2"),
        (b"one\rtwo\r", "must have as many lines, got 1 and 2"),
        (b"\n\n", "must have a pair of sentences, got 2 blank, 0 too long and 0 with control"),
        (b"one\ntw\x00\n", r"a.en, line 2 \(byte 6\) must be plain text, got a NUL"),
        (b"one\ntw\xc3", r"a.en, line 2 \(byte 6\) must be UTF-8 text, got: breaks off there"),
        (b"one\n\xe4\n", r"a.en, line 2 \(byte 4\) must be UTF-8 text"),
        ("one\ntwo\n".encode("utf-16"), r"a.en, line 1 \(byte 0\) must be UTF-8 text"),
        (b"a" * (10 << 20) + b"\n" + b"b" * (10 << 20), "got 0 blank, 2 too long and 0 with"),
        (b"one\x07\ntwo\x1b[31m", "got 0 blank, 0 too long and 2 with control characters"),
    ],
)
def test_a_file_that_is_no_text_or_does_not_match_is_refused(tmp_path, data, message):
    (tmp_path / "a.en").write_bytes(data)
    (tmp_path / "a.de").write_bytes(GOOD)
    with pytest.raises(DataError, match=message):
        pairs.read(tmp_path / "a.en", tmp_path / "a.de")


@pytest.mark.parametrize("kind", ["huge", "pipe", "folder", "link"])
@pytest.mark.parametrize("which", [0, 1])
def test_what_is_no_file_is_refused(tmp_path, kind, which):
    paths = [tmp_path / "a.en", tmp_path / "a.de"]
    paths[1 - which].write_bytes(GOOD)
    wrong = paths[which]
    if kind == "huge":
        wrong.touch()
        os.truncate(wrong, 10 << 30)
    elif kind == "pipe":
        os.mkfifo(wrong)
    elif kind == "folder":
        wrong.mkdir()
    else:
        wrong.symlink_to(tmp_path / "gone")
    with pytest.raises(DataError, match="must be (a file|of 1,073,741,824 bytes at most)"):
        pairs.read(*paths)


def test_one_huge_word_is_read_and_dropped(folder):
    write(folder / "train.en", [*ENGLISH, "a" * 9000])
    write(folder / "train.de", [*GERMAN, "b" * 9000])
    assert get(folder).caption.endswith("dropped 1 long, 40/40/40 pairs")


parts = st.binary(max_size=5) | st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b"\r",
        b"\x00",
        b"\xef\xbb\xbf",
        b"\xc3",
        b"\xc3\xa9",
        b" ",
        b"ab",
        b"\x85",
        b"\t",
    ]
)
files = st.lists(parts, max_size=10).map(b"".join)


@settings(max_examples=1000)
@given(files, files)
def test_any_two_files_are_read_or_refused(one, two):
    try:
        read = pairs.parse(one, two, "a.en", "a.de")
    except DataError as error:
        said = str(error)
        assert re.match(r"a\.(en|de)(, line \d+ \(byte \d+\)| and a\.de)? must ", said)
        return
    assert read.pairs
    assert len(read.pairs) + read.blank + read.long + read.odd == read.lines
    assert read.lines == one.removesuffix(b"\n").count(b"\n") + 1
    for pair in read.pairs:
        assert all(side and side == " ".join(side.split()) for side in pair)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(words, words), min_size=20, max_size=30))
def test_any_pairs_become_a_task(sentences):
    splits = dict.fromkeys(("train", "valid", "test"), sentences)
    made = prepare(splits, "x", size=100, longest=50)
    assert [made.decode(target) for _, target in made.task.train] == [two for _, two in sentences]

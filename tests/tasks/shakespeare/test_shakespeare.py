"""Texts become codes and codes texts; the real sets are known, and what is no text is refused."""

import hashlib
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.tasks import DataError, DownloadError, MissingDataError, shakespeare, store, texts
from lstmlab.tasks.shakespeare import available, codes, load, ngram_nats, text, windows
from lstmlab.tasks.shakespeare.corpus import body, is_complete_works, make_task
from lstmlab.tasks.shakespeare.ngrams import chances

DATA = os.environ.get(store.ENVIRONMENT)
TINY = "tinyshakespeare.txt"
LINES = "".join(f"Line {n} of my own text, with as many words.\n" for n in range(40))
HEAD = (
    "\ufeffThe Project Gutenberg eBook of The Complete Works of William Shakespeare\r\n\r\n"
    "Title: The Complete Works of William Shakespeare\r\n\r\nAuthor: William Shakespeare\r\n\r\n"
)
START = "*** START OF THE PROJECT GUTENBERG EBOOK THE COMPLETE WORKS OF WILLIAM SHAKESPEARE ***"
END = START.replace("START", "END")


def gutenberg(*, head=HEAD, start=START, end=END):
    return f"{head}{start}\r\n\r\n{LINES}\r\n\r\n{end}\r\n\r\nA licence.\r\n".encode()


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No data set of this machine is found."""
    monkeypatch.delenv(store.ENVIRONMENT, raising=False)
    monkeypatch.setattr(store, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture
def real():
    """Tiny Shakespeare itself, where `$LSTMLAB_DATA` names a folder that has it."""
    path = Path(DATA or ".") / TINY
    if not path.is_file():
        pytest.skip(f"{TINY} is not here")
    return path


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def whole(task):
    """The text that the three splits make up."""
    return "".join(
        text(task, x[:1]) + text(task, target)
        for split in ("train", "valid", "test")
        for x, target in task.split(split)
    )


def get(root=None, source="auto", *, download=False, seed=0):
    return load(source, root, download, seed)


# -- the default ------------------------------------------------------------------------------


def test_the_default_is_a_play():
    task = get(seed=3)
    assert task.caption.startswith("generated play, 200,")
    assert task.caption.endswith(" characters (seed 3), 1/1/1 texts")
    assert (task.source, task.seed) == ("generated", 3)
    assert (task.form, task.answer, task.loss) == ("tokens", "frame", "softmax")
    assert task.metric == "nats per character"
    assert task.vocabulary == task.labels == tuple(sorted(set(whole(task))))
    ((x, target),) = task.train
    assert x.dtype == target.dtype == np.int32
    assert np.array_equal(x[1:], target[:-1])


def test_longer_histories_predict_the_play_better():
    task = get()
    nats = [ngram_nats(task, n) for n in range(1, 6)]
    assert nats == sorted(nats, reverse=True)
    assert nats[0] > 3.0
    assert 1.4 < nats[2] < 1.9


# -- splits, codes, windows -------------------------------------------------------------------


def test_the_text_is_cut_at_line_ends_into_90_5_and_5_per_cent(folder):
    (folder / "mine.txt").write_text(LINES)
    task = get(folder / "mine.txt")
    assert task.caption == f"mine.txt (own file), {len(LINES):,} characters, 1/1/1 texts"
    assert whole(task) == LINES
    ends = np.cumsum([len(x) + 1 for split in (task.train, task.valid) for x, _ in split])
    for end, part in zip(ends, (0.9, 0.95), strict=True):
        assert LINES[end - 1] == "\n"
        assert part - 0.025 <= end / len(LINES) <= part


def test_one_long_line_is_cut_as_well(folder):
    (folder / "mine.txt").write_text("abc" * 100)
    task = get(folder / "mine.txt")
    assert [len(task.split(name)[0][0]) for name in ("train", "valid", "test")] == [269, 14, 15]


@given(st.text("abc \n\u00e9\u2019\U0001f600", min_size=200, max_size=400))
def test_any_text_becomes_codes_and_the_text_again(said):
    task = make_task(said, "x", "x")
    assert whole(task) == said
    assert text(task, codes(task, said)) == said
    assert codes(task, said).dtype == np.int32


def test_an_unknown_character_is_named():
    task = make_task("ab\n" * 100, "x", "x")
    with pytest.raises(ValueError, match=r"task's 3 characters, got '\\xe9' at place 1"):
        codes(task, "a\u00e9")


@given(st.integers(1, 50), st.integers(1, 60))
def test_windows_are_the_whole_in_order(T, length):
    x = np.arange(T)
    pieces = list(windows(x, x + 1, length))
    assert np.array_equal(np.concatenate([a for a, _ in pieces]), x)
    assert np.array_equal(np.concatenate([b for _, b in pieces]), x + 1)
    assert all(len(a) == length for a, _ in pieces[:-1])
    assert 1 <= len(pieces[-1][0]) <= length


def test_a_window_has_a_length():
    for wrong in (0, None, 2.5):
        with pytest.raises(ValueError, match=f"length must be a whole number.* got {wrong}"):
            windows(np.arange(3), np.arange(3), wrong)
    with pytest.raises(ValueError, match="x and target must be of one length, got 3 and 2"):
        windows(np.arange(3), np.arange(2), 2)


def test_codes_that_stand_for_nothing_are_refused():
    generated = shakespeare.load_generated(0)
    assert text(generated, [0, 1]) == "".join(generated.labels[:2])
    for wrong in ([-1], np.array([999]), [1.5], [[1]], [True]):
        with pytest.raises(ValueError, match="codes must hold whole numbers from 0 to"):
            text(generated, wrong)


def test_a_length_of_n_grams_is_a_whole_number():
    generated = shakespeare.load_generated(0)
    for wrong in ("2", None, 2.5, True, 0):
        with pytest.raises(ValueError, match="n must be from 1 to 8"):
            ngram_nats(generated, wrong)


# -- n-grams ----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4), st.integers(0, 1000))
def test_the_chances_after_any_history_sum_to_1(length, seed):
    rng = np.random.default_rng(seed)
    task = make_task("".join(rng.choice(list("abcd\n"), 300)), "x", "x")
    history = rng.integers(task.outputs, size=length)
    grams = np.array([[*history, last] for last in range(task.outputs)])
    chance = chances(task, grams)
    assert chance.min() > 0
    assert chance.sum() == pytest.approx(1)


def test_the_chances_are_witten_and_bells():
    """In "ab" * 90, after a stands b 90 times and nothing else."""
    task = make_task("ab" * 100, "x", "x")
    assert task.train[0][0].shape == (179,)
    b = (90 + 2 * 0.5) / (180 + 2)
    assert chances(task, np.array([[1]])) == pytest.approx([b])
    assert chances(task, np.array([[0, 1]])) == pytest.approx([(90 + b) / 91])
    after_b = (89 + 0.5) / 90  # b ends the text, so it is followed 89 times
    assert chances(task, np.array([[1, 0]])) == pytest.approx([after_b])
    ((x, target),) = task.test
    rows = np.stack([x, target], axis=1)
    assert ngram_nats(task, 2) == pytest.approx(-np.log(chances(task, rows)).mean())


def test_the_first_characters_are_scored_with_the_history_there_is():
    task = make_task(LINES, "x", "x")
    x, target = task.test[0]
    by_hand = [
        -np.log(chances(task, np.append(x[max(0, at - 3) : at + 1], last)[np.newaxis])[0])
        for at, last in enumerate(target)
    ]
    assert ngram_nats(task, 5) == pytest.approx(np.mean(by_hand))


@pytest.mark.parametrize("n", [0, 9])
def test_n_is_from_1_to_8(n):
    with pytest.raises(
        ValueError, match=f"n must be from 1 to 8, and fewer for many characters, got {n}"
    ):
        ngram_nats(make_task(LINES, "x", "x"), n)


# -- the real sets ----------------------------------------------------------------------------


@pytest.fixture
def tiny(folder, monkeypatch):
    """A file made here that stands in for Tiny Shakespeare."""
    data = LINES.encode()
    record = shakespeare.TINY_SHAKESPEARE
    known = (hashlib.sha256(data).hexdigest(), len(data), "made here")
    stand_in = store.DataFile(record.name, TINY, record.url, *known)
    monkeypatch.setattr(shakespeare, "TINY_SHAKESPEARE", stand_in)
    (folder / TINY).write_bytes(data)
    return folder / TINY


@pytest.mark.parametrize("source", ["auto", "real", "Tiny Shakespeare"])
def test_tiny_shakespeare_is_known_by_its_checksum(tiny, source):
    for root in (tiny.parent, tiny):
        task = get(root, source)
        assert task.source == "Tiny Shakespeare"
        assert task.title == f"Tiny Shakespeare, {len(LINES):,} characters (real)"
        assert available(root) == "Tiny Shakespeare"


def test_tiny_shakespeare_is_fetched_where_that_is_asked_for(tiny, tmp_path, monkeypatch):
    asked = []

    def fetch(record, root):
        asked.append((record.filename, root))
        return tiny

    monkeypatch.setattr(shakespeare.fetching, "fetch", fetch)
    (tmp_path / "new").mkdir()
    assert get(tmp_path / "new").source == "generated"
    assert get(tmp_path / "new", "real", download=True).source == "Tiny Shakespeare"
    assert asked == [(TINY, tmp_path / "new")]


def test_braces_in_a_name_are_letters(folder):
    (folder / "{0}{x}.txt").write_text(LINES)
    assert get(folder / "{0}{x}.txt").title.startswith("{0}{x}.txt (own file), 1,")


def test_an_input_txt_is_taken_if_it_can_be_it(tiny):
    tiny.rename(tiny.with_name("input.txt"))
    assert get(tiny.parent).source == available(tiny.parent) == "Tiny Shakespeare"
    tiny.with_name("input.txt").write_text(LINES[:-60] + "\n")
    for asked in (get, available):
        with pytest.raises(MissingDataError, match="root must hold pg100.txt or .* 'input.txt'"):
            asked(tiny.parent)
    given = tiny.with_name("input.txt")
    assert get(given).source == available(given) == "input.txt (own file)"


def test_a_tiny_shakespeare_with_a_wrong_letter_is_refused(tiny):
    tiny.write_text(LINES.replace("my", "my ", 1))
    with pytest.raises(DataError, match="is not Tiny Shakespeare as published: expected sha256"):
        get(tiny.parent)
    with pytest.raises(DataError, match="expected sha256"):
        shakespeare.RECORD.verify(tiny)


@pytest.mark.parametrize("name", ["pg100.txt", "100-0.txt", "mine.txt"])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (START, END),
        (START.replace("THE PROJ", "THIS PROJ"), END.replace("THE PROJ", "THIS PROJ")),
        ("***" + START[4:], "***" + END[4:]),
        (START.replace(" WILLIAM ", " WILLIAM\r\n"), END),
    ],
)
def test_header_and_footer_of_project_gutenberg_are_taken_off(folder, name, start, end):
    (folder / name).write_bytes(gutenberg(start=start, end=end))
    task = get(folder / name)
    assert task.source == "Project Gutenberg 100"
    assert whole(task) == LINES


def test_all_he_wrote_comes_before_tiny_shakespeare(tiny):
    (tiny.parent / "pg100.txt").write_bytes(gutenberg())
    assert get(tiny.parent).source == available(tiny.parent) == "Project Gutenberg 100"
    assert (
        get(tiny.parent, "real").title == f"Project Gutenberg 100, {len(LINES):,} characters (real)"
    )
    assert get(tiny.parent, "Tiny Shakespeare").source == "Tiny Shakespeare"
    assert shakespeare.RECORD.place(tiny.parent) == tiny
    assert shakespeare.RECORD.verify(tiny) == "Tiny Shakespeare, checksum right"


def test_another_book_loses_its_header_too_and_is_your_own(folder):
    head = HEAD.replace("The Complete Works of William Shakespeare", "Songs")
    (folder / "songs.txt").write_bytes(gutenberg(head=head))
    task = get(folder / "songs.txt")
    assert task.source == "songs.txt (own file)"
    assert whole(task) == LINES
    with pytest.raises(DataError, match="must be Project Gutenberg 100 or Tiny Shakespeare, got"):
        get(folder / "songs.txt", "real")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gutenberg(end=""), r"pg100.txt must have a line \*\*\* END OF .* is it complete"),
        (gutenberg(head=""), "must have a line Title: The Complete Works of William Shakespeare"),
        (gutenberg(start="START"), "must have a line Title: .* and after it a line .*START"),
        (HEAD.encode() + f"{START}\nshort\n{END}".encode(), "200 characters or more, got 5"),
        (b"", "pg100.txt must hold text, got none"),
        (gutenberg()[:-3] + b"\xff", "must be UTF-8 text"),
        (gutenberg() + b"\x00", "got the control character 0x00"),
    ],
)
def test_what_is_not_all_he_wrote_is_refused(folder, data, message):
    (folder / "pg100.txt").write_bytes(data)
    with pytest.raises(DataError, match=message):
        get(folder)


def test_a_short_text_is_refused(folder):
    (folder / "mine.txt").write_text("x" * 198 + "\n\n\n")
    with pytest.raises(DataError, match="mine.txt must hold 200 characters or more, got 198"):
        get(folder / "mine.txt")


def test_what_is_missing_says_where_to_get_it(folder):
    assert get(folder).source == available(folder) == "generated"
    with pytest.raises(MissingDataError, match=r"pg100.txt or tinyshakespeare.txt is in none of"):
        get(folder, "real")
    with pytest.raises(DownloadError, match="Project Gutenberg 100 is not fetched"):
        get(folder, "Project Gutenberg 100", download=True)
    with pytest.raises(MissingDataError, match="root must be a folder or a text file, got"):
        get(folder / "absent")
    with pytest.raises(ValueError, match="source must be one of"):
        get(folder, "embedded")
    with pytest.raises(ValueError, match="seed must be"):
        get(seed=-1)


def test_a_huge_file_a_pipe_and_a_dangling_link_are_refused(folder):
    (folder / "huge.txt").touch()
    os.truncate(folder / "huge.txt", 10 << 30)
    with pytest.raises(DataError, match=f"must be of {texts.LONGEST:,} bytes at most"):
        get(folder / "huge.txt")
    os.mkfifo(folder / "pg100.txt")
    (folder / TINY).symlink_to(folder / "gone")
    with pytest.raises(MissingDataError, match="root must hold pg100.txt"):
        get(folder)
    for name, what in (("pg100.txt", "no file"), (TINY, "not there")):
        with pytest.raises(MissingDataError, match=f"folder or a text file, got .* is {what}"):
            get(folder / name)


def test_the_real_file_is_whole_and_of_the_sizes_that_are_told(real):
    task = get(real)
    assert task.source == "Tiny Shakespeare"
    assert task.title == "Tiny Shakespeare, 1,115,394 characters (real)"
    sizes = tuple(len(task.split(name)[0][0]) + 1 for name in ("train", "valid", "test"))
    assert sizes == shakespeare.RECORD.sizes
    assert task.outputs == 65


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data):
    broken = bytearray(gutenberg())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(broken) - 1))
        extra = data.draw(
            st.binary(max_size=4) | st.sampled_from([START.encode(), b"\r", b"\n***"])
        )
        broken[at : at + data.draw(st.integers(0, 300))] = extra
    try:
        plain = texts.parse_text(bytes(broken), "x.txt")
        is_complete_works(plain)
        task = make_task(body(plain, "x.txt"), "x", "x")
    except DataError as error:
        said = str(error)
        assert re.match(r"x\.txt(, line \d+ \(byte \d+\))? must ", said)
        return
    assert whole(task) in plain + "\n"

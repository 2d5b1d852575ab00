"""The reader of IAM-OnDB finds, in files of its form, what they say, and refuses the rest."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.tasks import DataError, DownloadError, MissingDataError, available, handwriting, load
from lstmlab.tasks.handwriting import CHARACTERS, decode, encode, iamondb, pen

from .files import STROKES, board, corpus, xml


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """No data set of this machine is found."""
    monkeypatch.delenv("LSTMLAB_DATA", raising=False)
    monkeypatch.setattr(handwriting.store, "cache_folder", lambda: tmp_path / "cache")


def test_there_are_81_characters_and_class_0_is_the_blank():
    assert len(CHARACTERS) == len(set(CHARACTERS)) == 81
    assert encode(CHARACTERS).tolist() == list(range(1, 82))


@given(st.text(CHARACTERS, max_size=60))
def test_text_becomes_classes_and_text_again(text):
    assert decode(encode(text)) == text


def test_a_character_outside_the_alphabet_is_named():
    with pytest.raises(DataError, match="a01-000u-01 must be of the 81 .* got '%' at place 3"):
        encode("11%", "a01-000u-01")
    with pytest.raises(DataError, match=r"got '\\u2019' at place 1"):
        encode("\u2019")


coordinates = st.floats(-1e5, 1e5).map(lambda value: round(value, 3))
points = st.lists(st.tuples(coordinates, coordinates, coordinates), min_size=1, max_size=9)


@settings(max_examples=500)
@given(st.lists(points, min_size=1, max_size=6))
def test_strokes_are_read_as_they_were_written(strokes):
    found = iamondb.parse_strokes(xml(strokes))
    assert len(found) == len(strokes)
    assert all(np.array_equal(a, np.array(b)) for a, b in zip(found, strokes, strict=True))


def test_strokes_without_a_point_are_left_out():
    assert len(iamondb.parse_strokes(xml([STROKES[0], [], STROKES[1]]))) == 2


BOMB = b"""<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Stroke><Point x="1" y="1" time="1">&b;</Point></Stroke>"""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BOMB, "x.xml must have no document type"),
        (xml(STROKES, head='<!DOCTYPE a SYSTEM "file:///etc/passwd">'), "no document type"),
        (b"", "x.xml is not XML that can be read"),
        (xml(STROKES)[:-10], "is not XML that can be read"),
        (xml([]), "must hold a stroke with a point or more, got none"),
        (xml([[], []]), "must hold a stroke with a point or more, got none"),
        (xml([[(1, "nan", 2)]]), "line 9 must have a Point with a number y, got 'nan'"),
        (xml([[("1e999", 1, 2)]]), "must have a Point with a number x, got '1e999'"),
        (xml(STROKES).replace(b' time="769.05"/', b" /"), "number time, got None"),
        (b'<Point x="1" y="1" time="1"/>', "line 1 must have its Point within a Stroke"),
        (b"<a>" * 100 + b"&unknown;", "is not XML"),
        (xml([[("1_5", 1, 2)]]), "must have a Point with a number x, got '1_5'"),
        (xml([[(1, "&#x661;", 2)]]), "must have a Point with a number y, got '\u0661'"),
        (xml(STROKES, head='<?xml version="1.0" encoding="nowhere"?>'), "x.xml is not XML that"),
        (xml(STROKES, head='<?xml version="1.0" encoding="utf-7"?>'), "x.xml is not XML that can"),
        (xml(STROKES, head='<?xml version="1.0" encoding="big5"?>'), "x.xml is not XML that can"),
        (xml(STROKES, head='<?xml version="1.0" encoding="base64"?>'), "x.xml is not XML that"),
    ],
    ids=range(17),
)
def test_xml_of_another_kind_says_why(data, message):
    with pytest.raises(DataError, match=message):
        iamondb.parse_strokes(data, "x.xml")


@settings(max_examples=500)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data):
    broken = bytearray(xml(STROKES))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(broken) - 1))
        extra = data.draw(st.binary(max_size=4))
        broken[at : at + data.draw(st.integers(0, 8))] = extra
    try:
        found = iamondb.parse_strokes(bytes(broken))
    except DataError:
        return
    assert all(np.isfinite(stroke).all() for stroke in found)


@settings(max_examples=500)
@given(st.binary(max_size=80) | st.text("OCSR:\n ab", max_size=40).map(str.encode))
def test_any_transcription_has_lines_or_is_refused(data):
    try:
        found = iamondb.parse_transcription(data)
    except DataError:
        return
    assert found
    assert all(line == line.strip() != "" for line in found)


def test_a_board_has_its_lines_after_csr(tmp_path):
    board(tmp_path, "a01-000u", ["A MOVE to stop", 'Mr. "G"'])
    lines = iamondb.board_lines(tmp_path, "a01-000u")
    assert [(line.name, line.text) for line in lines] == [
        ("a01-000u-01", "A MOVE to stop"), ("a01-000u-02", 'Mr. "G"')
    ]  # fmt: skip
    assert np.array_equal(lines[0].strokes()[1], STROKES[1])


def test_the_two_validation_sets_are_one_and_the_faulty_board_is_dropped(tmp_path):
    corpus(tmp_path)
    board(tmp_path, "a08-551z", ["11%"])
    with (tmp_path / "trainset.txt").open("a") as file:
        file.write("a08-551z\n")
    task = load("handwriting", root=tmp_path)
    assert task.caption == f"{tmp_path.name} (own folder), 3/6/3 sequences"
    assert (task.inputs, task.outputs) == (4, 82)
    assert (task.loss, task.metric) == ("ctc", "character error rate")


def test_the_whole_corpus_has_the_papers_sizes(tmp_path):
    """12,170 lines in boards of 99: names as in the lists, strokes linked to one file."""
    source = tmp_path / "one.xml"
    source.write_bytes(xml(STROKES))
    lists = {"trainset": 5355, "testset_v": 1438, "testset_t": 1518, "testset_f": 3859}
    for letter, (name, count) in zip("abcd", lists.items(), strict=True):
        boards, number = [], 0
        while count:
            one, here = f"{letter}{number // 999:02}-{number % 999:03}u", min(99, count)
            board(tmp_path, one, ["a"] * here, strokes=STROKES)
            boards.append(one)
            count, number = count - here, number + 1
        (tmp_path / f"{name}.txt").write_text("\n".join(boards))
    assert available("handwriting", root=tmp_path) == "IAM-OnDB"
    task = load("handwriting", source="IAM-OnDB", root=tmp_path)
    assert task.caption == "IAM-OnDB (real), 5355/2956/3859 sequences"
    next((tmp_path / "lineStrokes/a00/a00-000").glob("*-99.xml")).unlink()
    with pytest.raises(DataError, match="a00-000u must have as many files .* got 98 and 99"):
        load("handwriting", root=tmp_path)


def test_a_small_copy_is_not_the_real_set(tmp_path):
    corpus(tmp_path)
    with pytest.raises(DataError, match="has 3/6/3 lines .* has 5355/2956/3859; is it complete"):
        load("handwriting", source="real", root=tmp_path)


@pytest.mark.parametrize("inside", ["", "iamondb", "original"])
def test_the_folder_is_found_where_copies_have_it(tmp_path, inside, monkeypatch):
    corpus(tmp_path / inside)
    assert iamondb.find(tmp_path) == tmp_path / inside
    monkeypatch.setenv("LSTMLAB_DATA", str(tmp_path))
    assert available("handwriting") == f"{(tmp_path / inside).name} (own folder)"


def test_what_is_missing_or_wrong_is_named(tmp_path):
    corpus(tmp_path)
    text = tmp_path / "ascii/a01/a01-000/a01-000u.txt"
    for said, message in (
        ("OCR:\n\na\n", "a01-000u.txt must have a part CSR:"),
        ("CSR:\n\n \n", "must have lines after CSR:, got none"),
        ("CSR:\n\na\nb\n", "a01-000u must have as many files of strokes .* got 1 and 2"),
        ("CSR:\n\n5%\n", "a01-000u-01 must be of the 81 characters .* got '%' at place 2"),
        ("CSR:\n\n\u00e9\n", "a01-000u.txt must be ASCII, got byte 6"),
        ("CSR:\n\n" + "ab" * 9 + "\n", "a01-000u-01 must have text that fits .* 3 frames, got 18"),
        ("CSR:\n\naaa\n", "fits into its 3 frames, got 3 characters that need 5"),
    ):
        text.write_text(said, "utf-8")
        with pytest.raises(ValueError, match=message):
            load("handwriting", root=tmp_path)
    text.unlink()
    with pytest.raises(DataError, match="a01-000u.txt is missing"):
        load("handwriting", root=tmp_path)
    corpus(tmp_path)
    (tmp_path / "trainset.txt").write_text("../../etc\n")
    with pytest.raises(DataError, match=r"trainset.txt must list boards .* got '../../etc'"):
        load("handwriting", root=tmp_path)
    (tmp_path / "trainset.txt").write_text("")
    with pytest.raises(DataError, match="must have lines for train, got none"):
        load("handwriting", root=tmp_path)
    (tmp_path / "trainset.txt").unlink()
    with pytest.raises(DataError, match="must hold the list trainset.txt"):
        load("handwriting", root=tmp_path)


@pytest.mark.parametrize("board", ["a01-000u", "c02-050"])
def test_a_board_that_is_listed_twice_is_named(tmp_path, board):
    """In one list, or in the lists of two splits."""
    corpus(tmp_path)
    for name in ("testset_t.txt", "testset_f.txt"):
        path = tmp_path / name
        whole = path.read_text()
        path.write_text(f"{whole}{board}\n")
        with pytest.raises(DataError, match=f"must list boards .* once, got {board}, which is in"):
            load("handwriting", root=tmp_path)
        path.write_text(whole)
    load("handwriting", root=tmp_path)


@pytest.mark.parametrize("number", ["00", "03", "17"])
def test_the_strokes_of_a_board_are_numbered_from_01_without_gaps(tmp_path, number):
    folder = corpus(tmp_path) / "lineStrokes/a02/a02-050"
    (folder / "a02-050-02.xml").rename(folder / f"a02-050-{number}.xml")
    with pytest.raises(DataError, match=f"from 01 to 02, got a02-050-{number}.xml as number [12]"):
        load("handwriting", root=tmp_path)


@pytest.mark.parametrize("wrong", [0, 82, -1, 1.0, True, "a", None])
def test_only_classes_of_characters_are_read(wrong):
    message = re.escape(f"labels must be classes from 1 to 81, got {wrong!r} at place 2")
    with pytest.raises(ValueError, match=message):
        decode([1, wrong])
    assert decode([1, np.uint8(81)]) == "a?"


def test_without_a_copy_it_says_where_to_get_one(tmp_path):
    assert available("handwriting") == "generated"
    with pytest.raises(MissingDataError, match="University of Bern"):
        load("handwriting", source="real")
    with pytest.raises(DownloadError, match="cannot be fetched"):
        load("handwriting", source="real", download=True)
    with pytest.raises(MissingDataError, match="root must be a folder that holds lineStrokes"):
        load("handwriting", root=tmp_path / "absent")
    with pytest.raises(ValueError, match="source must be one of"):
        load("handwriting", source="TIMIT")
    with pytest.raises(ValueError, match="seed must be a whole number, 0 or more, got -1"):
        load("handwriting", seed=-1)


def test_a_frame_is_the_way_since_the_last_the_strokes_time_and_the_lifting():
    strokes = [np.array([[0, 0, 5.0], [1, 2, 5.1], [3, 4, 5.2]]), np.array([[7, 4, 6.0]])]
    every = pen.features(strokes, subsample=False)
    assert np.allclose(every, [[0, 0, 0, 0], [1, 2, 0.1, 0], [2, 2, 0.2, 1], [4, 0, 0, 1]])
    half = pen.features(strokes)
    assert np.allclose(half, [[0, 0, 0, 0], [3, 4, 0.2, 1], [4, 0, 0, 1]])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.booleans())
def test_the_way_adds_up_and_every_stroke_is_lifted_once(lengths, subsample):
    rng = np.random.default_rng(sum(lengths))
    strokes = [rng.normal(size=(length, 3)) for length in lengths]
    x = pen.features(strokes, subsample=subsample)
    kept = [(length + 1) // 2 if subsample else length for length in lengths]
    assert len(x) == sum(kept)
    assert np.flatnonzero(x[:, 3]).tolist() == (np.cumsum(kept) - 1).tolist()
    first = pen.halved(strokes[0])[0] if subsample else strokes[0][0]
    assert np.allclose(x[:, :2].sum(axis=0), strokes[-1][-1, :2] - first[:2])


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([], "strokes must be 1 or more, got none"),
        ([np.zeros((3, 2))], r"strokes\[0\] must have shape \(points, 3\), got \(3, 2\)"),
        ([np.zeros((1, 3)), np.zeros((0, 3))], r"strokes\[1\] must have shape"),
        ([np.full((1, 3), np.inf)], r"strokes\[0\] must be finite"),
        ([[[0, 0, 0]]], r"strokes\[0\] must be an array of numbers, got list"),
        ([np.zeros((1, 3)), None], r"strokes\[1\] must be an array of numbers, got NoneType"),
        ([0, 0, 0], r"strokes\[0\] must be an array of numbers, got int"),
        ([np.zeros((1, 3), complex)], r"strokes\[0\] must be an array of .* got complex128"),
        ([np.array([["1", "2", "3"]])], r"strokes\[0\] must be an array of numbers, got <U1"),
        ([np.array([[None, 1, 2]])], r"strokes\[0\] must be an array of numbers, got object"),
    ],
)
def test_what_is_no_writing_is_refused(strokes, message):
    with pytest.raises(ValueError, match=message):
        pen.features(strokes)

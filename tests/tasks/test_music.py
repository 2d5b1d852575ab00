"""Music: the parser says what is wrong and where, and `load` takes what it promises."""

import hashlib
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.tasks import DataError, MissingDataError, available, load, music, names, store
from lstmlab.tasks.music import HIGHEST_PITCH, LOWEST_PITCH, parse

NAME = music.JSB_CHORALES.filename
SPLITS = ("train", "valid", "test")


def chorales(train=3, valid=2, test=2, length=5):
    """Make data in the published format, as bytes."""
    rng = np.random.default_rng(0)

    def sequences(count):
        return [
            [sorted(rng.choice(np.arange(21, 109), 4, replace=False).tolist())] * length
            for _ in range(count)
        ]

    content = {"train": sequences(train), "valid": sequences(valid), "test": sequences(test)}
    return json.dumps(content).encode()


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Hide whatever data this machine has."""
    monkeypatch.delenv(store.ENVIRONMENT, raising=False)
    monkeypatch.setattr(store, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture
def real(tmp_path, monkeypatch):
    """A file made here that has the published sizes and stands in for the published one."""
    data = chorales(229, 76, 77, length=3)
    record = music.JSB_CHORALES
    monkeypatch.setattr(
        music,
        "JSB_CHORALES",
        store.DataFile(
            record.name, NAME, record.url, hashlib.sha256(data).hexdigest(), len(data), "made here"
        ),
    )
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / NAME).write_bytes(data)
    return folder


# -- the parser -------------------------------------------------------------------------------


def test_parse_makes_piano_rolls():
    content = {"train": [[[21, 108], [], [60]]], "valid": [[[60], [60, 60]]], "test": [[[], []]]}
    splits = parse(json.dumps(content).encode())
    roll = splits["train"][0]
    assert roll.shape == (3, 88)
    assert roll.dtype == np.float32
    assert [np.flatnonzero(frame).tolist() for frame in roll] == [[0, 87], [], [39]]
    assert splits["valid"][0].sum() == 2
    assert splits["test"][0].sum() == 0


def broken(**changes):
    content = {split: [[[60], [62]], [[60], [62], [64]]] for split in SPLITS}
    content.update(changes)
    return json.dumps({split: value for split, value in content.items() if value != "gone"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("these are notes", "is not JSON: Expecting value at character 0"),
        ("", "is not JSON: it breaks off"),
        (broken()[:-20], "is not JSON: it breaks off"),
        ('{"train": [[[60], [6', "is not JSON: it breaks off"),
        ('{"trai', "is not JSON: it breaks off"),
        ("[" * 100_000, "is not JSON that can be read"),
        ("[1, 2]", "must be an object of 'train', 'valid', 'test', got a list of 2"),
        ("null", "got None"),
        (broken(valid="gone"), "got no 'valid'"),
        (broken(more=[]), "must hold only 'train', 'valid', 'test', got 'more' too"),
        ('{"train": [], "train": []}', "'train' must come once, got it 2 times"),
        (broken(test={}), "test must be a list of sequences, got an object of 0"),
        (broken(test=[]), "test must hold 1 sequence or more, got none"),
        (broken(train=[[[60], [62]], 7]), "train, sequence 1 must be a list of frames, got 7"),
        (broken(train=[[[60], [62]], []]), "train, sequence 1 must have 2 frames or more, got 0"),
        (broken(valid=[[[60]]]), "valid, sequence 0 must have 2 frames or more, got 1"),
        (broken(valid=[[[60], "62"]]), "sequence 0, frame 1 must be a list of pitches, got '62'"),
        (
            broken(valid=[[[60], None]]),
            "valid, sequence 0, frame 1 must be a list of pitches, got None",
        ),
        (
            broken(test=[[[60], [20]]]),
            "test, sequence 0, frame 1 must hold whole MIDI numbers from 21",
        ),
        (broken(test=[[[109], [60]]]), "from 21 to 108, a piano's keys, got 109"),
        (broken(test=[[[-60], [60]]]), "piano's keys, got -60"),
        (broken(test=[[[60.0], [60]]]), "piano's keys, got 60.0"),
        (broken(test=[[["60"], [60]]]), "piano's keys, got '60'"),
        (broken(test=[[[True], [60]]]), "piano's keys, got True"),
        (broken(test=[[[float("nan")], [60]]]), "piano's keys, got nan"),
        (broken(test=[[[float("inf")], [60]]]), "piano's keys, got inf"),
        (broken(test=[[[None], [60]]]), "piano's keys, got None"),
        (broken(test=[[[[60]], [60]]]), "piano's keys, got a list of 1"),
        (broken(test=[[[10**30], [60]]]), "piano's keys, got a number of more than 20 digits"),
        ('{"train": ' + "9" * 5000 + "}", "is not JSON that can be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(text, message):
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        parse(text.encode(), "mine.json")
    assert_clear(str(caught.value))


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(DataError, match=r"mine\.json is not UTF-8 text: byte 1 is wrong"):
        parse(b"{\xff}", "mine.json")


def assert_clear(message):
    assert message.startswith("mine.json")
    assert len(message) < 300
    assert message.isprintable()


def parse_or_say_why(data):
    """Parse, or be told why not in a line; anything but a ValueError fails the test."""
    try:
        splits = parse(data, "mine.json")
    except ValueError as error:
        assert_clear(str(error))
        return
    assert set(splits) == set(SPLITS)
    for rolls in splits.values():
        assert rolls
        assert all(roll.shape[0] >= 2 and roll.shape[1] == 88 for roll in rolls)


pitches = st.integers(LOWEST_PITCH, HIGHEST_PITCH)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | pitches,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=20,
)
good_sequences = st.lists(
    st.lists(st.lists(pitches, max_size=4), min_size=2, max_size=4), min_size=1, max_size=2
)
nearly = st.lists(st.lists(st.lists(pitches | anything, max_size=4), max_size=4), max_size=3)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused_clearly(data):
    parse_or_say_why(data)


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(st.sampled_from([*SPLITS, "extra"]), nearly | anything, max_size=4))
def test_any_json_is_parsed_or_refused_clearly(content):
    parse_or_say_why(json.dumps(content).encode())


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3), st.booleans())
def test_a_damaged_file_is_parsed_or_refused_clearly(at, junk, cut):
    data = chorales()
    at %= len(data)
    parse_or_say_why(data[:at] if cut else data[:at] + junk + data[at + len(junk) :])


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(SPLITS, good_sequences)))
def test_good_data_comes_through_note_for_note(content):
    splits = parse(json.dumps(content).encode())
    for split in SPLITS:
        for frames, roll in zip(content[split], splits[split], strict=True):
            found = [(np.flatnonzero(frame) + 21).tolist() for frame in roll]
            assert found == [sorted(set(frame)) for frame in frames]


# -- loading ----------------------------------------------------------------------------------


def test_the_target_is_the_next_frame():
    task = load("music", source="generated")
    for x, target in task.train[:5]:
        assert x.dtype == target.dtype == np.float32
        assert np.array_equal(x[1:], target[:-1])
        assert not np.shares_memory(x, target)
    assert (task.inputs, task.outputs, task.loss, task.metric) == (88, 88, "sigmoid", task.metric)
    assert task.metric == "nats per frame"


def test_the_default_is_generated_and_says_so():
    task = load("music")
    assert task.source == available("music") == "generated"
    assert task.seed == 0
    assert task.caption == "generated chorales (seed 0), 229/76/77 sequences"
    again = load("music", source="embedded")
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(task.test, again.test, strict=True))


def test_another_seed_is_generated_on_the_fly(monkeypatch):
    monkeypatch.setattr(music, "SPLIT_SIZES", (4, 2, 2))
    task = load("music", source="generated", seed=9)
    assert task.caption == "generated chorales (seed 9), 4/2/2 sequences"
    rolls = music.chorales.generate(8, seed=9)
    assert np.array_equal(task.test[1][1], rolls[7][1:])


def test_a_shipped_file_that_was_changed_is_refused(monkeypatch):
    record = music.SHIPPED
    monkeypatch.setattr(
        music, "SHIPPED", store.DataFile(record.name, record.filename, "", "0" * 64, 1, "")
    )
    with pytest.raises(DataError, match="expected sha256 0000"):
        load("music", source="generated")


@pytest.mark.parametrize("source", ["auto", "JSB Chorales", "real"])
def test_the_real_set_is_found_in_root(real, source):
    for root in (real, str(real), real / NAME):
        task = load("music", source=source, root=root)
        assert task.source == available("music", root=root) == "JSB Chorales"
        assert task.caption == "JSB Chorales (real), 229/76/77 sequences"
        assert task.seed is None


def test_root_comes_before_the_environment_and_the_environment_before_the_cache(
    real, tmp_path, monkeypatch
):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / NAME).write_bytes((real / NAME).read_bytes())
    assert load("music").source == "JSB Chorales"
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / NAME).write_bytes(b"{}")
    monkeypatch.setenv(store.ENVIRONMENT, str(wrong))
    with pytest.raises(DataError, match="wrong"):
        load("music")
    assert load("music", root=real).source == "JSB Chorales"


def test_generated_can_be_had_where_the_real_set_is(real):
    assert load("music", source="generated", root=real).source == "generated"


def test_a_renamed_real_file_is_known_by_its_checksum(real, tmp_path):
    renamed = tmp_path / "bach.json"
    renamed.write_bytes((real / NAME).read_bytes())
    assert load("music", root=renamed).source == "JSB Chorales"
    assert available("music", root=renamed) == "JSB Chorales"


def test_data_of_your_own_goes_by_its_file_name(tmp_path):
    mine = tmp_path / "mine.json"
    mine.write_bytes(chorales())
    task = load("music", root=mine)
    assert task.source == available("music", root=mine) == "mine.json (own file)"
    assert task.caption == "mine.json (own file), 3/2/2 sequences"
    with pytest.raises(DataError, match="not JSB Chorales as published"):
        load("music", source="real", root=mine)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"not music", "is not JSON"),
        (chorales(), "has 3/2/2 sequences; the JSB Chorales have 229/76/77"),
        (chorales()[:-30], "it breaks off"),
        (chorales(229, 76, 77, 2), "some of its notes are others"),
    ],
)
def test_a_corrupt_real_file_is_an_error_and_never_a_fallback(tmp_path, data, why):
    path = tmp_path / NAME
    path.write_bytes(data)
    expected = f"expected sha256 {music.JSB_CHORALES.sha256} (407200 bytes), found "
    expected += f"{hashlib.sha256(data).hexdigest()} ({len(data)} bytes)"
    for source in ("auto", "real"):
        with pytest.raises(DataError, match=re.escape(expected)) as caught:
            load("music", source=source, root=tmp_path)
        assert why in str(caught.value)
        assert str(path) in str(caught.value)
    assert path.read_bytes() == data


def test_a_file_with_the_right_checksum_and_wrong_counts_is_an_error(tmp_path, monkeypatch):
    data = chorales()
    record = store.DataFile("JSB Chorales", NAME, "", hashlib.sha256(data).hexdigest(), 1, "")
    monkeypatch.setattr(music, "JSB_CHORALES", record)
    (tmp_path / NAME).write_bytes(data)
    with pytest.raises(DataError, match="has 3/2/2 sequences"):
        load("music", root=tmp_path)


def test_a_missing_real_set_says_how_to_get_it(tmp_path, monkeypatch):
    (tmp_path / "env").mkdir()
    monkeypatch.setenv(store.ENVIRONMENT, str(tmp_path / "env"))
    with pytest.raises(MissingDataError) as caught:
        load("music", source="JSB Chorales", root=tmp_path)
    for part in (
        str(tmp_path / "env"),
        str(tmp_path / "cache"),
        "lstmlab data fetch music",
        "download=True",
        music.JSB_CHORALES.url,
    ):
        assert part in str(caught.value)


def test_a_root_that_is_not_there_is_an_error(tmp_path):
    for call in (load, available):
        with pytest.raises(
            MissingDataError, match="root must be a folder or the file .* which is not there"
        ):
            call("music", root=tmp_path / "nothing")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "bach"}, "source must be one of 'auto', 'generated'.* got 'bach'"),
        ({"seed": -1}, "seed must be a whole number, 0 or more, got -1"),
        ({"seed": 1.5}, "seed must be a whole number, 0 or more, got 1.5"),
        ({"seed": True}, "seed must be a whole number, 0 or more, got True"),
        ({"seed": "0"}, "seed must be a whole number, 0 or more, got '0'"),
        ({"source": "embedded", "seed": 3}, "seed must be 0 for source=.embedded., got 3"),
    ],
)
def test_impossible_requests_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        load("music", **arguments)


@pytest.mark.parametrize("name", ["musik", [], None, {}, "", 0])
def test_unknown_names_are_refused(name):
    for call in (load, available):
        expected = re.escape(f"name must be one of {', '.join(names)}, got {name!r}")
        with pytest.raises(ValueError, match=expected):
            call(name)


@pytest.mark.parametrize("name", ["JSB Chorales", "generated", "embedded", "auto", "real"])
def test_data_of_your_own_never_passes_for_another_source(tmp_path, name):
    mine = tmp_path / name
    mine.write_bytes(chorales())
    task = load("music", root=mine)
    assert task.source == available("music", root=mine) == f"{name} (own file)"
    assert task.caption == f"{name} (own file), 3/2/2 sequences"
    with pytest.raises(ValueError, match="source must be one of"):
        load("music", source=task.source, root=mine)


def test_an_environment_variable_that_names_no_folder_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "file.json").write_bytes(chorales())
    for value in (str(tmp_path / "file.json"), str(tmp_path / "nothing")):
        monkeypatch.setenv(store.ENVIRONMENT, value)
        for call in (load, available, lambda name: load(name, source="real")):
            with pytest.raises(ValueError, match=r"\$LSTMLAB_DATA must name a folder") as caught:
                call("music")
            assert str(caught.value).endswith(f"got {value!r}")
        assert load("music", source="generated").source == "generated"

"""The reader of TIMIT finds, in files of its form, what they say, and refuses the rest."""

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.tasks import DataError, DownloadError, MissingDataError, available, load, speech
from lstmlab.tasks.speech import timit
from lstmlab.tasks.speech.phones import PHONES, fold

from .files import corpus, riff, sentence, sphere, transcript


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """No data set of this machine is found."""
    monkeypatch.delenv("LSTMLAB_DATA", raising=False)
    monkeypatch.setattr(speech.store, "cache_folder", lambda: tmp_path / "cache")


def test_there_are_61_phones_and_they_fold_to_48_and_39():
    assert len(PHONES) == len(set(PHONES)) == 61
    for classes in (48, 39):
        folded = {fold(phone, classes) for phone in PHONES} - {None}
        assert len(folded) == classes
    assert (fold("q"), fold("zh"), fold("bcl"), fold("bcl", 48)) == (None, "sh", "sil", "vcl")
    with pytest.raises(ValueError, match="phone must be one of TIMIT's 61, got 'xx'"):
        fold("xx")
    with pytest.raises(ValueError, match="classes must be 48 or 39, got 40"):
        fold("aa", 40)


def test_the_whole_corpus_has_the_papers_sizes(tmp_path):
    """462, 50 and 24 speakers with 8 sentences each, and the two SA sentences that are left out."""
    speakers = [f"F{number:03}0" for number in range(462)]
    folders = [tmp_path / f"TRAIN/DR{1 + n % 8}/{name}" for n, name in enumerate(speakers)]
    for n, name in enumerate(sorted(timit.VALIDATION | timit.CORE_TEST | {"mxyz0"})):
        folders.append(tmp_path / f"TEST/DR{1 + n % 8}/{name.upper()}")
    one = tmp_path / "one"
    sentence(one, "SX1", samples=np.arange(560))
    for folder in folders:
        folder.mkdir(parents=True)
        for name in (*(f"SX{n}" for n in range(5)), *(f"SI{n}" for n in range(3)), "SA1", "SA2"):
            (folder / f"{name}.WAV").hardlink_to(one / "SX1.WAV")
            (folder / f"{name}.PHN").hardlink_to(one / "SX1.PHN")
    found = timit.sentences(tmp_path)
    assert tuple(map(len, found.values())) == timit.SIZES == (3696, 400, 192)
    assert available("speech", root=tmp_path) == "TIMIT"
    task = load("speech", source="TIMIT", root=tmp_path)
    assert (task.source, task.inputs, task.outputs) == ("TIMIT", 39, 61)
    assert task.caption == "TIMIT (real), 3696/400/192 sequences"
    shutil.rmtree(tmp_path / "TEST/DR1")
    with pytest.raises(DataError, match="TIMIT has 3696/400/192; is it complete"):
        load("speech", source="real", root=tmp_path)
    assert load("speech", root=tmp_path).source.endswith("(own folder)")


def test_splits_are_by_speaker(tmp_path):
    found = timit.sentences(corpus(tmp_path))
    who = {split: {one.speaker for one in sentences} for split, sentences in found.items()}
    assert who == {"train": {"fcjf0"}, "valid": {"faks0"}, "test": {"mdab0"}}
    assert [one.name for one in found["train"]] == ["sx0", "sx1"]


@pytest.mark.parametrize("inside", ["", "TIMIT", "timit", "data"])
def test_the_folder_is_found_where_copies_have_it(tmp_path, inside, monkeypatch):
    corpus(tmp_path / inside)
    assert timit.find(tmp_path) == tmp_path / inside
    monkeypatch.setenv("LSTMLAB_DATA", str(tmp_path))
    assert available("speech") == f"{(tmp_path / inside).name} (own folder)"


def test_names_may_be_small_and_sounds_may_be_copies_in_riff(tmp_path):
    folder = tmp_path / "train/dr1/fcjf0"
    sentence(folder, "sx2", kind="wav")
    (folder / "sx2.PHN").rename(folder / "sx2.phn")
    corpus(tmp_path)
    sentence(tmp_path / "TRAIN/DR1/FCJF0", "SX0")  # a SPHERE file, and a copy of it
    riff(tmp_path / "TRAIN/DR1/FCJF0/SX0.WAV.wav", np.zeros(720))
    riff(tmp_path / "TRAIN/DR1/FCJF0/SI7.WAV.wav", np.full(720, 99))  # a copy alone
    (tmp_path / "TRAIN/DR1/FCJF0/SI7.PHN").write_text(transcript((0, 720, "h#")))
    found = timit.sentences(tmp_path)["train"]
    assert [(one.name, one.wave.name) for one in found if one.wave.parent.name == "FCJF0"] == [
        ("si7", "SI7.WAV.wav"), ("sx0", "SX0.WAV"), ("sx1", "SX1.WAV")
    ]  # fmt: skip
    assert [one.name for one in found if one.wave.parent.name == "fcjf0"] == ["sx2"]


def test_a_frames_class_is_the_phone_at_its_middle(tmp_path):
    text = transcript((0, 200, "h#"), (200, 361, "aa"), (361, 520, "s"), (520, 900, "h#"))
    corpus(tmp_path)
    sentence(tmp_path / "TRAIN/DR1/FCJF0", "SX0", samples=np.arange(900), text=text)
    for kind in ("WAV", "PHN"):
        (tmp_path / f"TRAIN/DR1/FCJF0/SX1.{kind}").unlink()
    task = load("speech", root=tmp_path)
    (x, classes), *more = task.train
    assert not more
    assert x.shape == (4, 39)  # middles at 200, 360, 520, 680
    assert [PHONES[k] for k in classes] == ["aa", "aa", "h#", "h#"]


def test_features_are_scaled_by_the_training_set(tmp_path):
    corpus(tmp_path, sentences=3)
    rng = np.random.default_rng(1)
    for where in ("TRAIN/DR1/FCJF0", "TEST/DR1/FAKS0"):
        for number in range(3):
            sentence(tmp_path / where, f"SX{number}", samples=rng.integers(-9999, 9999, 5000))
    task = load("speech", root=tmp_path)
    x = np.concatenate([x for x, _ in task.train]).astype(float)
    assert np.abs(x.mean(axis=0)).max() < 1e-5
    assert np.abs(x.std(axis=0) - 1).max() < 1e-4
    assert np.abs(np.concatenate([x for x, _ in task.valid]).mean(axis=0)).max() > 1e-3


@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(1, 9999), st.sampled_from(PHONES)), min_size=1, max_size=30))
def test_a_transcript_is_read_as_it_was_written(pieces):
    ends = np.cumsum([length for length, _ in pieces]).tolist()
    begins = [0, *ends[:-1]]
    segments = [
        timit.Segment(begin, end, phone)
        for begin, end, (_, phone) in zip(begins, ends, pieces, strict=True)
    ]
    text = transcript(*((s.begin, s.end, s.phone) for s in segments))
    assert timit.parse_segments(text) == segments
    at = np.arange(0, ends[-1] + 50, 7)
    for sample, found in zip(at, timit.labels(segments, at), strict=True):
        inside = [s.phone for s in segments if s.begin <= sample < s.end]
        assert PHONES[found] == (inside or [segments[-1].phone])[0]


@settings(max_examples=500)
@given(st.text(max_size=60) | st.text("0123456789 \naha#", max_size=60))
def test_any_text_is_a_transcript_or_refused(text):
    try:
        found = timit.parse_segments(text)
    except DataError:
        return
    assert found[0].begin == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "fcjf0/SX0.PHN must hold a phone or more, and is empty"),
        ("\n \n", "is empty"),
        ("0 300\n", "line 1 must be 'begin end phone', got '0 300'"),
        ("0 300 aa\n0 x bb\n", "line 2 must be 'begin end phone'"),
        ("0 300 AA\n", "line 1 must have one of TIMIT's 61 phones, got 'AA'"),
        ("0 300 aa\n310 400 s\n", "line 2 must go from 300 to a later sample, got 310 to 400"),
        ("0 300 aa\n300 300 s\n", "line 2 must go from 300 to a later sample, got 300 to 300"),
        ("5 300 aa\n", "line 1 must go from 0 to a later sample"),
        ("-5 300 aa\n", "line 1 must be 'begin end phone'"),
    ],
    ids=range(9),
)
def test_a_wrong_transcript_names_its_line(tmp_path, text, message):
    corpus(tmp_path)
    (tmp_path / "TRAIN/DR1/FCJF0/SX0.PHN").write_text(text)
    with pytest.raises(DataError, match=message):
        load("speech", root=tmp_path)


def test_what_is_missing_or_broken_is_named(tmp_path):
    corpus(tmp_path)
    sound, text = (tmp_path / f"TRAIN/DR1/FCJF0/SX0.{kind}" for kind in ("WAV", "PHN"))
    whole = sound.read_bytes()
    sound.write_bytes(whole[:-100])
    with pytest.raises(DataError, match="SX0.WAV breaks off after 670 of 720 samples"):
        load("speech", root=tmp_path)
    sound.write_bytes(sphere(np.zeros(300)))
    with pytest.raises(DataError, match=r"SX0.WAV: wave must have a window's 400 samples"):
        load("speech", root=tmp_path)
    sound.write_bytes(sphere(np.zeros(720), rate=8000))
    with pytest.raises(DataError, match=r"SX0.WAV must have 16000 samples a second, got 8000"):
        load("speech", root=tmp_path)
    sound.write_bytes(whole)
    text.write_bytes(b"0 720 h\xff\n")
    with pytest.raises(DataError, match="SX0.PHN must be ASCII, got byte 7"):
        load("speech", root=tmp_path)
    text.unlink()
    with pytest.raises(DataError, match="FCJF0/SX0.WAV has no transcript sx0.phn"):
        load("speech", root=tmp_path)
    shutil.rmtree(tmp_path / "TEST/DR1")
    sentence(tmp_path / "TRAIN/DR1/FCJF0", "SX0")
    with pytest.raises(DataError, match="must have sentences for valid, got none"):
        load("speech", root=tmp_path)


def test_a_transcript_without_a_sound_is_named(tmp_path):
    folder = corpus(tmp_path) / "TRAIN/DR1/FCJF0"
    (folder / "SA1.WAV").unlink()  # such sentences are left out
    assert len(timit.sentences(tmp_path)["train"]) == 2
    (folder / "SX1.WAV").rename(folder / "SX1.WAV.wav")  # as a copy in RIFF is called
    assert len(timit.sentences(tmp_path)["train"]) == 2
    (folder / "SX1.WAV.wav").unlink()
    with pytest.raises(DataError, match="FCJF0/SX1.PHN has no sound sx1.wav"):
        available("speech", root=tmp_path)


@pytest.mark.parametrize("kind", ["WAV", "PHN"])
def test_a_folder_or_a_link_to_nothing_is_no_file(tmp_path, kind):
    file = corpus(tmp_path) / f"TRAIN/DR1/FCJF0/SX1.{kind}"
    file.unlink()
    file.mkdir()
    with pytest.raises(DataError, match=f"FCJF0/SX1.{kind} must be a file, got a folder"):
        load("speech", root=tmp_path)
    file.rmdir()
    file.symlink_to("nothing")
    with pytest.raises(DataError, match=f"FCJF0/SX1.{kind} must be a file, got no file"):
        load("speech", root=tmp_path)


def test_a_transcript_ends_with_the_sound_or_half_a_second_before(tmp_path):
    folder = corpus(tmp_path) / "TRAIN/DR1/FCJF0"
    sentence(folder, "SX0", samples=np.arange(720 + timit.LONGEST_REST - 1))
    assert len(load("speech", root=tmp_path).train) == 2
    sentence(folder, "SX0", samples=np.arange(720 + timit.LONGEST_REST))
    with pytest.raises(DataError, match="SX0.PHN must go on to the end .* 8720 samples, got 720"):
        load("speech", root=tmp_path)


def test_a_sentence_that_is_there_twice_is_named(tmp_path):
    corpus(tmp_path)
    sentence(tmp_path / "train/dr1/fcjf0", "sx1", kind="wav")
    with pytest.raises(DataError, match="sx1.wav must be the only fcjf0/sx1, got .*SX1.WAV too"):
        load("speech", root=tmp_path)
    shutil.rmtree(tmp_path / "train")
    sentence(tmp_path / "TRAIN/DR2/FCJF0", "SX1")
    with pytest.raises(DataError, match="DR2/FCJF0/SX1.WAV must be the only fcjf0/sx1"):
        load("speech", root=tmp_path)
    shutil.rmtree(tmp_path / "TRAIN/DR2")
    (tmp_path / "TRAIN/DR1/FCJF0/sx1.wav").touch()
    with pytest.raises(DataError, match="sx1.wav must be the only file of that name, got SX1.WAV"):
        load("speech", root=tmp_path)


def test_without_a_copy_it_says_where_to_get_one(tmp_path):
    assert available("speech") == "generated"
    with pytest.raises(MissingDataError, match="Linguistic Data Consortium"):
        load("speech", source="TIMIT")
    with pytest.raises(DownloadError, match=r"cannot be fetched.*LDC93S1"):
        load("speech", source="TIMIT", download=True)
    with pytest.raises(MissingDataError, match="root must be a folder that holds TRAIN and TEST"):
        load("speech", root=tmp_path / "absent")
    with pytest.raises(ValueError, match="source must be one of 'auto', 'generated'"):
        load("speech", source="JSB Chorales")
    with pytest.raises(ValueError, match="seed must be a whole number, 0 or more, got -1"):
        load("speech", seed=-1)

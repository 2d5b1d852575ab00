"""A text file is read whole, or refused with the place where it is wrong."""

import os
import re
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstmlab.tasks import DataError
from lstmlab.tasks.texts import read_text


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.txt"


def test_mark_and_mixed_line_ends_are_taken_off(path):
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n\r\n\xc3\xa9\tx\x0c")
    assert read_text(path) == "one\ntwo\nthree\n\n\u00e9\tx\f"


def test_a_mark_within_the_text_is_a_character(path):
    path.write_text("a\ufeffb", "utf-8")
    assert read_text(path) == "a\ufeffb"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "must hold text, got none"),
        (b"\xef\xbb\xbf", "must hold text, got none"),
        (b"one\ntw\x00o", "a.txt, line 2 (byte 6) must be plain text, got the control .* 0x00"),
        (b"a\r\nb\rc\n\x1b[0m", "a.txt, line 4 (byte 7) must be plain text, .* 0x1b"),
        (b"a\xc2\x85b", "a.txt, line 1 (byte 1) must be plain text, got .* 0x85"),
        (b"abc\x7f", "line 1 (byte 3) must be plain text, got the control character 0x7f"),
        (b"a\nb\xff\n", "a.txt, line 2 (byte 3) must be UTF-8 text, got: invalid start byte"),
        (b"na\xefve", "a.txt, line 1 (byte 2) must be UTF-8 text, got: invalid continuation byte"),
        (b"caf\xc3", "a.txt, line 1 (byte 3) must be UTF-8 text, got: breaks off there"),
        (b"\xed\xa0\x80", "must be UTF-8 text"),
        ("two".encode("utf-16"), "a.txt, line 1 (byte 0) must be UTF-8 text"),
        (b"x" * 101, "must be of 100 bytes at most, got 101"),
    ],
)
def test_what_is_no_text_says_where(path, data, message):
    path.write_bytes(data)
    pattern = message.replace("(byte", r"\(byte").replace(")", r"\)")
    with pytest.raises(DataError, match=pattern):
        read_text(path, most=100)


def test_a_huge_file_is_refused_before_it_is_read(path):
    path.touch()
    os.truncate(path, 10 << 30)
    with pytest.raises(DataError, match="must be of 67,108,864 bytes at most, got 10,737,418,240"):
        read_text(path)


def test_what_is_no_file_is_refused_and_nothing_hangs(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    caught = {}

    def read(name):
        with pytest.raises(DataError) as error:
            read_text(tmp_path / name)
        caught[name] = str(error.value)

    for name in ("folder", "pipe", "link"):
        thread = threading.Thread(target=read, args=[name], daemon=True)
        thread.start()
        thread.join(5)
    assert caught["folder"].endswith("must be a file, got something else")
    assert caught["pipe"].endswith("must be a file, got something else")
    assert caught["link"].endswith("must be a file, got nothing of that name")


def test_a_name_too_long_is_refused(tmp_path):
    with pytest.raises(DataError, match="must be a file that can be read"):
        read_text(tmp_path / ("a" * 5000))


def test_a_line_of_10_mb_is_read(path):
    path.write_bytes(b"a" * (10 << 20))
    assert len(read_text(path)) == 10 << 20


pieces = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\xc3\xa9",
    b"\xf0\x9f\x98\x80",
]
parts = st.binary(max_size=6) | st.sampled_from(pieces)


@settings(max_examples=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(parts, max_size=12).map(b"".join))
def test_any_bytes_are_read_as_they_are_or_refused(path, data):
    path.write_bytes(data)
    try:
        text = read_text(path)
    except DataError as error:
        said = str(error)
        assert re.search(r"a\.txt(, line \d+ \(byte \d+\))? must ", said)
        return
    assert text
    assert not re.search(r"[\x00-\x08\x0b\r\x0e-\x1f\x7f-\x9f]", text)
    wanted = data.decode().removeprefix("\ufeff")
    assert text == "\n".join(re.split("\r\n|\r|\n", wanted))

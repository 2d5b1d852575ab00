"""Sound files: what is right is read to the sample, and everything else is a clear error."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lstmlab.tasks import DataError
from lstmlab.tasks.speech import waves

from .files import riff, sphere

SAMPLES = np.array([0, 1, -1, 32767, -32768, 12345, -54], dtype=np.int16)


@settings(max_examples=500)
@given(
    st.lists(st.integers(-(2**15), 2**15 - 1), min_size=1, max_size=50),
    st.sampled_from(["01", "10"]),
    st.sampled_from([1024, 2048]),
    st.integers(1, 48_000),
)
def test_sphere_is_read_to_the_sample(samples, order, size, rate):
    found, told = waves.parse_sphere(sphere(samples, order=order, size=size, rate=rate))
    assert told == rate
    assert np.array_equal(found * 2**15, samples)


def test_both_kinds_of_file_are_told_apart_by_what_is_in_them(tmp_path):
    (tmp_path / "a.WAV").write_bytes(sphere(SAMPLES))
    riff(tmp_path / "b.WAV", SAMPLES)
    for name in "ab":
        found, rate = waves.read(tmp_path / f"{name}.WAV")
        assert rate == 16_000
        assert np.array_equal(found * 2**15, SAMPLES)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"x.wav must be a NIST SPHERE or RIFF WAVE file, got b''"),
        (b"ID3\x04mp3 perhaps", "must be a NIST SPHERE or RIFF WAVE file"),
        (sphere(SAMPLES, coding="pcm,embedded-shorten-v2.00"),
         r"must hold plain samples .* got 'pcm,embedded-shorten-v2.00'.* decompress"),
        (sphere(SAMPLES, coding="ulaw"), "must hold plain samples"),
        (sphere(SAMPLES)[:-1], "breaks off after 6 of 7 samples"),
        (sphere(SAMPLES)[:1000], "has a header of 1024 bytes, and is 1000 bytes long"),
        (sphere(SAMPLES, channel_count=2), "must have channel_count 1, got '2'"),
        (sphere(SAMPLES, sample_n_bytes=1), "must have sample_n_bytes 2, got '1'"),
        (sphere(SAMPLES, order="1"), "must have sample_byte_format 01 or 10, got '1'"),
        (sphere(SAMPLES, sample_rate=0), "must have a sample_rate of 1 or more, got '0'"),
        (sphere(SAMPLES, sample_count=-7), "must have a sample_count of 1 or more, got '-7'"),
        (sphere(SAMPLES, sample_count="9" * 40), "must have a sample_count"),
        (sphere(SAMPLES).replace(b"end_head", b"end_hoed"), "header lines|without end_head"),
        (b"NIST_1A\n  -5\n", "must begin with NIST_1A and the size of its header"),
        (b"NIST_1A\n999999999\n", "must begin with|has a header of"),
        (b"RIFF\x00\x00", "must be a WAVE file of plain samples"),
    ],
    ids=range(16),
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(tmp_path, data, message):
    (tmp_path / "x.wav").write_bytes(data)
    with pytest.raises(DataError, match=message):
        waves.read(tmp_path / "x.wav")


def test_riff_of_another_form_says_why(tmp_path):
    path = tmp_path / "x.wav"
    riff(path, [*SAMPLES, 0], channels=2)
    with pytest.raises(DataError, match="must have one channel of 16 bits, got 2 of 16"):
        waves.read(path)
    riff(path, SAMPLES)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match="breaks off after 5 of 7 samples"):
        waves.read(path)
    data = bytearray(path.read_bytes())
    data[20] = 3  # float samples
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="must be a WAVE file of plain samples"):
        waves.read(path)


def test_a_header_may_have_comments_and_blank_lines():
    data = sphere(SAMPLES)
    head, body = data[:1024], data[1024:]
    longer = head.replace(b"database_id", b"; a comment\n\ndatabase_id").rstrip().ljust(1024)
    assert np.array_equal(waves.parse_sphere(longer + body)[0] * 2**15, SAMPLES)


GOOD = sphere(SAMPLES)


@settings(max_examples=500)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data):
    """Bytes changed, cut off or put in, anywhere."""
    broken = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, 320) | st.integers(0, len(broken) - 1))
        kind = data.draw(st.sampled_from(["change", "cut", "insert"]))
        if kind == "cut":
            del broken[at : at + data.draw(st.integers(1, 9))]
        else:
            extra = data.draw(st.binary(min_size=1, max_size=6))
            broken[at : at + len(extra) * (kind == "change")] = extra
    try:
        found, rate = waves.parse_sphere(bytes(broken))
    except DataError:
        return
    assert found.ndim == 1
    assert rate >= 1


@example(b"NIST_1A\n   1024\n" + b" " * 2000)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_cleanly(rest):
    with pytest.raises(DataError):
        waves.parse_sphere(b"NIST_1A\n" + rest)

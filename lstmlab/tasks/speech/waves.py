"""Sound files as TIMIT comes in: NIST SPHERE, and RIFF as many copies have it; both end in .WAV."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.store import DataError

Wave = NDArray[np.float64]
SPHERE = b"NIST_1A\n"
LONGEST_HEADER = 1 << 20
FULL = 2**15  # what 1 is in samples of 16 bits


def read(path: Path) -> tuple[Wave, int]:
    """Read one channel of 16-bit samples.

    Parameters
    ----------
    path : Path
        A NIST SPHERE file that is not compressed, or a RIFF WAVE file.

    Returns
    -------
    ndarray, (samples,)
        From -1 to 1.
    int
        Samples a second.

    Raises
    ------
    DataError
        If it is another kind of file, compressed, of several channels, or shorter than it says.
    """
    data = path.read_bytes()
    if data.startswith(SPHERE):
        return parse_sphere(data, path.name)
    if data.startswith(b"RIFF"):
        return _read_riff(path)
    raise DataError(f"{path.name} must be a NIST SPHERE or RIFF WAVE file, got {data[:8]!r}")


def parse_sphere(data: bytes, name: str = "the file") -> tuple[Wave, int]:
    """Read the bytes of a NIST SPHERE file: text that describes the samples, then the samples.

    Parameters
    ----------
    data : bytes
    name : str
        What errors call it.

    Returns
    -------
    ndarray, (samples,)
    int
        Samples a second.

    Raises
    ------
    DataError
        As `read`.
    """
    said = sphere_header(data, name)
    coding = said.get("sample_coding", "pcm")
    if coding != "pcm":
        raise DataError(
            f"{name} must hold plain samples (sample_coding pcm), got {coding!r}: "
            "decompress it first, with sph2pipe for instance"
        )
    wanted = {"channel_count": "1", "sample_n_bytes": "2"}
    for field, value in wanted.items():
        if said.get(field, value) != value:
            raise DataError(f"{name} must have {field} {value}, got {said[field]!r}")
    count, rate = (_whole(said, field, name) for field in ("sample_count", "sample_rate"))
    order = said.get("sample_byte_format", "01")
    if order not in ("01", "10"):
        raise DataError(f"{name} must have sample_byte_format 01 or 10, got {order!r}")
    samples = data[_header_size(data, name) :]
    if len(samples) < 2 * count:
        raise DataError(
            f"{name} breaks off after {len(samples) // 2} of {count} samples (is it truncated?)"
        )
    return _scaled(samples[: 2 * count], "<i2" if order == "01" else ">i2"), rate


def sphere_header(data: bytes, name: str = "the file") -> dict[str, str]:
    """The fields of a SPHERE header by name, their values as text.

    Raises
    ------
    DataError
        If there is no such header, or it does not end.
    """
    size = _header_size(data, name)
    try:
        lines = data[len(SPHERE) : size].decode("ascii").splitlines()[1:]
    except UnicodeDecodeError as error:
        raise DataError(f"{name} must have a header in ASCII, got byte {error.start}") from error
    said: dict[str, str] = {}
    for line in lines:
        if line.strip() == "end_head":
            return said
        if line.startswith(";") or not line.strip():
            continue
        field, kind, value, *_ = [*line.split(maxsplit=2), "", ""]
        if not kind.startswith("-"):
            raise DataError(f"{name} must have header lines 'field -type value', got {line!r}")
        said[field] = value.strip()
    raise DataError(f"{name} has a header without end_head")


def _header_size(data: bytes, name: str) -> int:
    """Bytes of a header, which its second line tells."""
    second = data[len(SPHERE) : len(SPHERE) + 8].split(b"\n")[0].strip()
    if not data.startswith(SPHERE) or not second.isdigit():
        raise DataError(f"{name} must begin with NIST_1A and the size of its header")
    size = int(second)
    if not len(SPHERE) < size <= min(len(data), LONGEST_HEADER):
        raise DataError(f"{name} has a header of {size} bytes, and is {len(data)} bytes long")
    return size


def _whole(said: dict[str, str], field: str, name: str) -> int:
    value = said.get(field, "")
    if not (value.isascii() and value.isdigit()) or len(value) > 12 or int(value) < 1:
        raise DataError(f"{name} must have a {field} of 1 or more, got {value!r}")
    return int(value)


def _read_riff(path: Path) -> tuple[Wave, int]:
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, count = file.getparams()[:4]
            samples = file.readframes(count) if (channels, width) == (1, 2) else b""
    except (wave.Error, EOFError) as error:
        said = str(error) or "it breaks off"
        raise DataError(f"{path.name} must be a WAVE file of plain samples: {said}") from error
    if (channels, width) != (1, 2):
        raise DataError(
            f"{path.name} must have one channel of 16 bits, got {channels} of {8 * width}"
        )
    if count < 1 or rate < 1 or len(samples) < 2 * count:
        raise DataError(
            f"{path.name} breaks off after {len(samples) // 2} of {count} samples "
            "(is it truncated?)"
        )
    return _scaled(samples, "<i2"), rate


def _scaled(samples: bytes, kind: str) -> Wave:
    return np.frombuffer(samples, kind).astype(float) / FULL

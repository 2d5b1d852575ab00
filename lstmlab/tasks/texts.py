"""Text files of the reader's own: read whole, or refused with the place where they are wrong."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from lstmlab.tasks.store import DataError

LONGEST = 1 << 26  # bytes of a text: the complete works of Shakespeare are a tenth of it

_LINE_END = re.compile(rb"\r\n|\r|\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")
_MARK = b"\xef\xbb\xbf"


def read_text(path: Path, *, most: int = LONGEST) -> str:
    r"""Read one file of plain text.

    Parameters
    ----------
    path : Path
        UTF-8, with or without a byte order mark, which is taken off.
    most : int
        The largest size, in bytes. It is looked at before anything is read.

    Returns
    -------
    str
        Line ends are "\n", whatever mixture of "\r\n", "\r" and "\n" they were.

    Raises
    ------
    DataError
        If it is no file of 1 to `most` bytes, not UTF-8, or holds a control character that is
        neither tab nor line end nor form feed. Lines are counted from 1, bytes from 0.
    """
    return parse_text(read_bytes(path, most=most), path.name)


def parse_text(data: bytes, name: str) -> str:
    """Do as `read_text` for what has been read already; `name` is what errors call it."""
    text = decode(data, name)
    if found := _CONTROL.search(data):
        code = ord(found[0].decode())
        raise DataError(
            f"{place(data, found.start(), name)} must be plain text, "
            f"got the control character {code:#04x}"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path, *, most: int) -> bytes:
    """Read a file of 1 to `most` bytes: nothing else is opened, so nothing can hang."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise DataError(f"{path} must be a file, got something else")
        if about.st_size > most:
            raise DataError(f"{path} must be of {most:,} bytes at most, got {about.st_size:,}")
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError as error:
        raise DataError(f"{path} must be a file, got nothing of that name") from error
    except OSError as error:
        raise DataError(f"{path} must be a file that can be read, got: {error.strerror}") from error
    if not data.removeprefix(_MARK):
        raise DataError(f"{path} must hold text, got none")
    if len(data) > most:
        raise DataError(f"{path} must be of {most:,} bytes at most, got more")
    return data


def decode(data: bytes, name: str) -> str:
    """Decode UTF-8 without its byte order mark; a DataError says where it is anything else."""
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        why = "breaks off there" if error.reason == "unexpected end of data" else error.reason
        where = place(data, error.start, name)
        raise DataError(f"{where} must be UTF-8 text, got: {why}") from error


def place(data: bytes, at: int, name: str) -> str:
    """Say where a byte is: the file's name, the line counted from 1, the byte from 0."""
    return f"{name}, line {len(_LINE_END.findall(data[:at])) + 1} (byte {at})"

"""Archives read member by member: nothing is unpacked to disk, and nothing is believed unchecked.

Whoever reads says how many members, and how many bytes of one and of all, are to be expected. An
archive that announces more is refused before it is read; one that unpacks to more, while it is.
"""

from __future__ import annotations

import bz2
import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from lstmlab.tasks.store import DataError
from lstmlab.tasks.tar import BLOCK, Stream, tar_members

CHUNK = 1 << 18
MEMORY = 1 << 28  # bytes that unpacking .xz may need: a dictionary of 64 MiB, or of 128
ZIP = (b"PK\3\4", b"PK\5\6")
LONGEST_NAME = 1000
OF_THE_SYSTEM = re.compile(r"\..*|__MACOSX|Thumbs\.db|desktop\.ini")
"""Files that systems leave in folders; who reads folders passes over them."""
ROOTED = re.compile(r"/|[A-Za-z]:")
BROKEN_ZIP = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, RuntimeError,
    ValueError, OverflowError, MemoryError,
)  # fmt: skip
"""What `zipfile` raises over an archive that is damaged, or of a kind that it cannot read."""

Wanted = Callable[[str], bool]


def members(
    path: str | Path, *, most: int, largest: int, count: int, wanted: Wanted | None = None
) -> Iterator[tuple[str, bytes]]:
    """Read the files of an archive, one after the other, as they are stored.

    Parameters
    ----------
    path : str or Path
        A .tar, plain or packed with gzip, bzip2 or xz, or a .zip; its first bytes tell which.
    most : int
        How many bytes all its files may have together, wanted or not.
    largest : int
        How many bytes one file may have.
    count : int
        How many files and folders it may have.
    wanted : callable, optional
        A name -> whether the file is to be read; all are if left out.

    Yields
    ------
    name : str
        With "/" between its parts, and without "." among them.
    data : bytes
        What the file holds.

    Raises
    ------
    DataError
        If it is no archive, or damaged, or breaks off; if it holds more than the caller expects, a
        link, a device, a name twice, or a name that leads out of a folder; if it is encrypted. What
        was yielded before is right as far as its own checksum says, but the archive is not.
    """
    path = Path(path)
    accept = _Names(path.name, most, largest, count)
    with path.open("rb") as file:
        begin = file.read(BLOCK)
        file.seek(0)
        if len(begin) < BLOCK and not begin.startswith((*UNPACKERS, *ZIP)):
            raise DataError(f"{path.name} is not an archive: it has {len(begin)} bytes")
        if begin.startswith(ZIP):
            yield from _zip_members(file, path.name, accept, wanted)
            return
        chunks = iter(partial(file.read, CHUNK), b"")
        for magic, worker in UNPACKERS.items():
            if begin.startswith(magic):
                chunks = _unpacked(chunks, worker, path.name)
        # Names, padding and the end take some bytes too.
        stream = Stream(chunks, path.name, most=most + 4096 * count + (1 << 20))
        yield from tar_members(stream, path.name, accept, wanted)


class _Names:
    """What an archive has announced so far, checked member by member."""

    def __init__(self, archive: str, most: int, largest: int, count: int) -> None:
        self._archive = archive
        self._most, self.largest, self.count = most, largest, count
        self._files: set[str] = set()
        self._entries = self._bytes = 0

    def __call__(self, name: str, size: int, *, folder: bool) -> str:
        """Check a member and give its name without "." parts."""
        where = f"{self._archive}: {ascii(name)[:80]}"
        parts = PurePosixPath(name).parts
        if ROOTED.match(name) or "\\" in name or ".." in parts:
            raise DataError(f"{where} must be a name within the archive's own folder")
        ugly = len(name) > LONGEST_NAME or any(ord(letter) < 32 for letter in name)
        if ugly or not (parts or folder):
            raise DataError(f"{where} must be a name that can be written")
        self._entries += 1
        if self._entries > self.count:
            raise DataError(f"{self._archive} must hold {self.count:,} members or fewer, got more")
        plain = "/".join(parts)
        if folder:
            return plain
        if plain in self._files:
            raise DataError(f"{where} must be there once, got it twice")
        self._files.add(plain)
        if size > self.largest:
            raise DataError(f"{where} must have {self.largest:,} bytes or fewer, got {size:,}")
        self._bytes += size
        if self._bytes > self._most:
            raise DataError(f"{self._archive} must hold {self._most:,} bytes or fewer, got more")
        return plain


# -- packed streams ---------------------------------------------------------------------------


class _Worker(Protocol):
    """What unpacks one stream: as `bz2.BZ2Decompressor` and `lzma.LZMADecompressor`."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Gzip:
    """`zlib` for one gzip stream, with the interface that `bz2` and `lzma` have."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not (self._full or self._zlib.unconsumed_tail)

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        plain = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        # A full answer may leave more inside, without any input left to show for it.
        self._full = len(plain) == max_length
        return plain


UNPACKERS: dict[bytes, Callable[[], _Worker]] = {
    b"\x1f\x8b": _Gzip,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, MEMORY),
}


def _unpacked(
    packed: Iterator[bytes], make: Callable[[], _Worker], archive: str
) -> Iterator[bytes]:
    """Unpack a file of one stream or more, in chunks of `CHUNK` bytes or fewer."""
    worker, data = make(), b""
    while True:
        if worker.eof:
            # Zeros may fill up the file's last block.
            data = worker.unused_data.lstrip(b"\0")
            while not data:
                data = next(packed, b"")
                if not data:
                    return
                data = data.lstrip(b"\0")
            worker = make()
        elif worker.needs_input:
            data = next(packed, b"")
            if not data:
                raise DataError(f"{archive} breaks off: it is packed, and its end is missing")
        try:
            plain = worker.decompress(data, CHUNK)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError) as error:
            raise DataError(f"{archive} is damaged: it cannot be unpacked ({error})") from error
        data = b""
        if plain:
            yield plain


# -- zip --------------------------------------------------------------------------------------


class _Bounded:
    """A file that gives no more at once than expected: `zipfile` reads a directory in one piece."""

    def __init__(self, file: BinaryIO, archive: str) -> None:
        self._archive, self._read = archive, file.read
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self.most = 0

    def read(self, size: int = -1) -> bytes:
        if size > self.most:
            raise DataError(
                f"{self._archive} must have no more than {self.most:,} bytes there, got {size:,}"
            )
        return self._read(size)


def _zip_members(
    file: BinaryIO, archive: str, accept: _Names, wanted: Wanted | None
) -> Iterator[tuple[str, bytes]]:
    bounded = _Bounded(file, archive)
    bounded.most = 128 * accept.count + (1 << 16)
    try:
        opened = zipfile.ZipFile(bounded)
    except DataError:
        raise
    except BROKEN_ZIP as error:
        raise DataError(f"{archive} is damaged, or breaks off: {_said(error)}") from error
    bounded.most = accept.largest + (1 << 16)
    with opened:
        listed = [(_zip_name(info, archive, accept), info) for info in opened.infolist()]
        for name, info in listed:
            if info.orig_filename.endswith("/") or not (wanted is None or wanted(name)):
                continue
            try:
                data = opened.read(info)
            except DataError:
                raise
            except BROKEN_ZIP as error:
                raise DataError(f"{archive}: {name} is damaged: {_said(error)}") from error
            if len(data) != info.file_size:
                raise DataError(
                    f"{archive}: {name} breaks off after {len(data):,} of {info.file_size:,} bytes"
                )
            yield name, data


def _said(error: BaseException) -> str:
    """What an error says, which may quote any name: kept short, and fit to be printed."""
    return ascii(str(error))[1:-1][:100]


def _zip_name(info: zipfile.ZipInfo, archive: str, accept: _Names) -> str:
    """Check what the archive's directory says of a member; give its name."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        # Names are cp437 by the book, and what many programs write there is UTF-8.
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError as error:
            raise DataError(f"{archive}: {ascii(name)[:80]} must be a name in UTF-8") from error
    plain = accept(name, info.file_size, folder=name.endswith("/"))
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DataError(f"{archive}: {plain} must be a file or a folder, got a link or a device")
    if info.flag_bits & 0x1:
        raise DataError(f"{archive}: {plain} must not be encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(
            f"{archive}: {plain} must be stored or deflated, got method {info.compress_type}"
        )
    return plain

"""Parallel text: two files, one sentence a line, the second the translation of the first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lstmlab.tasks.store import DataError
from lstmlab.tasks.texts import decode, place, read_bytes

LONGEST = 1 << 30  # bytes of a file: the larger one of WMT14 has two thirds of that
LONGEST_LINE = 10_000  # characters

NAMES = {
    "train": ("train",),
    "valid": ("valid", "dev", "newstest2013"),
    "test": ("test", "newstest2014"),
}
"""What the files of each split may be called, before the language."""
WMT14 = {"valid": ("newstest2013", 3000), "test": ("newstest2014", 3003)}
"""What the real set is known by: the names of its splits, and their lines."""

_LANGUAGE = re.compile(r"[a-z]{2}([-_][A-Za-z]{2,4})?", re.ASCII)
_OTHERS = frozenset({"bz", "db", "gz", "js", "md", "py", "rs", "xz"})
"""Endings of two letters that stand for no language."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Parallel:
    """The pairs of two files, and what was left out of them.

    Attributes
    ----------
    pairs : list of (str, str)
        Without blanks around them, and with one where there were several.
    lines : int
        Of each file.
    blank, long, odd : int
        Pairs that were dropped, as one side is empty, has more than `LONGEST_LINE` characters, or
        holds a control character.
    """

    pairs: list[tuple[str, str]]
    lines: int
    blank: int = 0
    long: int = 0
    odd: int = 0


def read(source: Path, target: Path) -> Parallel:
    """Read two files of as many lines.

    Parameters
    ----------
    source, target : Path
        UTF-8, with or without a byte order mark. A line ends with a line feed, or with carriage
        return and line feed; whatever else some call a line end is a character of a line.

    Raises
    ------
    DataError
        If one is no such file, or larger than `LONGEST`; if one has more lines than the other; or
        if no pair is left.
    """
    return parse(
        read_bytes(source, most=LONGEST), read_bytes(target, most=LONGEST), source.name, target.name
    )


def parse(source: bytes, target: bytes, name: str, other: str) -> Parallel:
    """Do as `read` for what has been read already; errors call the files by their names."""
    first, second = _lines(source, name), _lines(target, other)
    if len(first) != len(second):
        raise DataError(
            f"{name} and {other} must have as many lines, got {len(first):,} and {len(second):,}"
        )
    pairs = []
    blank = long = odd = 0
    for one, two in zip(first, second, strict=True):
        pair = " ".join(one.split()), " ".join(two.split())
        if max(len(one), len(two)) > LONGEST_LINE:
            long += 1
        elif _CONTROL.search(one) or _CONTROL.search(two):
            odd += 1
        elif not all(pair):
            blank += 1
        else:
            pairs.append(pair)
    if not pairs:
        raise DataError(
            f"{name} and {other} must have a pair of sentences, got {blank} blank, {long} too "
            f"long and {odd} with control characters"
        )
    return Parallel(pairs, len(first), blank, long, odd)


def _lines(data: bytes, name: str) -> list[str]:
    text = decode(data, name)
    if (at := data.find(b"\x00")) >= 0:
        raise DataError(f"{place(data, at, name)} must be plain text, got a NUL")
    lines = text.removesuffix("\n").split("\n")
    return [line.removesuffix("\r") for line in lines]


def languages(folder: Path) -> tuple[str, ...]:
    """The languages that a folder has files of all three splits in, sorted."""
    if not folder.is_dir():
        return ()
    found = [
        {
            path.suffix[1:]
            for name in names
            for path in folder.glob(f"{name}.*")
            if path.stem == name and path.is_file()  # and not train.en.gz
        }
        for names in NAMES.values()
    ]
    known = set.intersection(*found) - _OTHERS
    return tuple(sorted(language for language in known if _LANGUAGE.fullmatch(language)))


def direction(folder: Path, asked: str = "") -> tuple[str, str]:
    """From which language into which.

    Parameters
    ----------
    folder : Path
    asked : str
        Such as "de-en". If it is left out, English is translated into the other language, and of
        two others the first into the second.

    Raises
    ------
    ValueError
        If the folder has other languages, or it is not clear which are meant.
    """
    known = languages(folder)
    if asked:
        for source in known:
            for target in known:
                if source != target and asked == f"{source}-{target}":
                    return source, target
        raise ValueError(f"direction must be of {', '.join(known)}, as in en-de, got {asked!r}")
    if len(known) != 2:
        raise DataError(
            f"{folder} must have train, valid and test in two languages, got "
            f"{', '.join(known) or 'none'}; a direction chooses two of several"
        )
    first, second = known
    return (second, first) if second == "en" else (first, second)


def find(folder: Path) -> Path | None:
    """The folder that has parallel text: this one, or one in it."""
    if not folder.is_dir():
        return None
    children = sorted(child for child in folder.iterdir() if child.is_dir())
    return next((one for one in (folder, *children) if len(languages(one)) > 1), None)


def files(folder: Path, split: str, pair: tuple[str, str]) -> tuple[Path, Path]:
    """The two files of a split."""
    for name in NAMES[split]:
        source, target = (folder / f"{name}.{language}" for language in pair)
        if source.is_file() and target.is_file():
            return source, target
    wanted = " and ".join(f"{NAMES[split][0]}.{language}" for language in pair)
    raise DataError(f"{folder} must have the files {wanted}, which are not there")


def is_wmt14(folder: Path, pair: tuple[str, str], read: Mapping[str, Parallel]) -> bool:
    """Whether what was read is WMT14's: by languages, names and numbers of lines."""
    return sorted(pair) == ["de", "en"] and all(
        files(folder, split, pair)[0].stem == name and read[split].lines == lines
        for split, (name, lines) in WMT14.items()
    )

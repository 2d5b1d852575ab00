"""Results computed once at full size; each says how it was made, what it cost, and its checksum."""

import csv
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lstmlab.cells import Params
from lstmlab.results.files import Row, csv_bytes, npz_bytes, put

HERE = Path(__file__).parent
NAME = re.compile(r"[a-z0-9-]+")
BROKEN = "is not a whole record: install lstmlab anew, or run what makes the result again"

__all__ = ["Provenance", "Row", "about", "names", "record", "table", "verified", "weights"]


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from.

    Attributes
    ----------
    command : str
        What to run to make it again.
    seconds : float
        What it cost, in seconds of one core.
    machine : str
        On what.
    sources : list of str
        The data it was computed on.
    version : str
        Of lstmlab.
    sha256 : dict of str to str
        Checksum of every file of the result.
    """

    command: str
    seconds: float
    machine: str
    sources: list[str]
    version: str
    sha256: dict[str, str]

    def __str__(self) -> str:
        named = {"generated": "generated data"}
        sources = ", ".join(named.get(source, source) for source in self.sources)
        minutes = f"{self.seconds / 60:.0f}"
        return (
            f"made by `{self.command}` on {sources}: "
            f"{minutes} {'minute' if minutes == '1' else 'minutes'} of {self.machine}"
        )


def names(folder: Path = HERE) -> list[str]:
    """The results that are shipped."""
    return sorted(path.stem for path in folder.glob("*.json"))


def about(name: str, folder: Path = HERE) -> Provenance:
    """Where a result comes from.

    Raises
    ------
    ValueError
        If `names` does not list the name, or the result's JSON is damaged.
    """
    if name not in names(folder):
        raise ValueError(f"name must be one of {', '.join(names(folder))}, got {name!r}")
    return _read(folder / f"{name}.json")


def table(name: str, part: str = "", folder: Path = HERE) -> list[Row]:
    """The rows of a result's table, numbers as numbers.

    Parameters
    ----------
    name : str
        One of `names()`.
    part : str
        "" for the main table; others are named in the result's checksums.

    Raises
    ------
    ValueError
        If there is no such table or the file is not the one that was recorded.
    """
    path = verified(name, f"{name}{part and '-' + part}.csv", folder)
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: _number(text) for key, text in row.items()} for row in csv.DictReader(file)]


def weights(name: str, part: str, folder: Path = HERE) -> Params:
    """Trained weights that belong to a result; errors as in `table`."""
    with np.load(verified(name, f"{name}-{part}.npz", folder), allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def record(
    name: str,
    tables: Mapping[str, Sequence[Row]],
    arrays: Mapping[str, Params],
    *,
    command: str,
    seconds: float,
    machine: str,
    sources: Sequence[str],
    version: str,
    folder: Path = HERE,
) -> Provenance:
    """Write a result: its tables as CSV, its weights as .npz, and where they come from as JSON.

    Every file is written under a temporary name first. Only when all of them are on disk are they
    renamed, the JSON with the checksums last. If anything fails before that, an earlier result of
    the same name stays as it was and no temporary file is left; a result whose writing is killed
    between two renames is refused when it is read.

    Parameters
    ----------
    name : str
        Small letters, digits and hyphens.
    tables : mapping of str to sequence of dict
        Rows of each part, all with the same columns; "" is the main table, other parts are named
        as `name` is.
    arrays : mapping of str to dict of str to array
        Weights of each part.
    command, machine, version : str
        As in `Provenance`.
    seconds : float
        What it cost, more than 0.
    sources : list or tuple of str
        The data it was computed on.
    folder : Path
        Where to; it must exist.

    Returns
    -------
    Provenance
        What the JSON now holds.

    Raises
    ------
    ValueError
        If an argument is not as above, or a file of that name belongs to another result. Nothing
        has been written then.
    OSError
        If the files cannot be written.
    """
    _check(name, tables, arrays, seconds, sources, folder)
    contents = {
        f"{name}{part and '-' + part}.csv": csv_bytes(rows) for part, rows in tables.items()
    }
    contents |= {f"{name}-{part}.npz": npz_bytes(params) for part, params in arrays.items()}
    for other in set(names(folder)) - {name}:
        if taken := sorted(set(contents) & set(_listed(folder / f"{other}.json"))):
            raise ValueError(f"name must leave other results whole, got {taken[0]} of {other!r}")
    made = Provenance(
        command,
        seconds,
        machine,
        list(sources),
        version,
        {file: hashlib.sha256(data).hexdigest() for file, data in contents.items()},
    )
    contents[f"{name}.json"] = (json.dumps(asdict(made), indent=1) + "\n").encode()
    put(contents, folder)
    return made


def _check(
    name: str,
    tables: Mapping[str, Sequence[Row]],
    arrays: Mapping[str, Params],
    seconds: float,
    sources: Sequence[str],
    folder: Path,
) -> None:
    """Refuse what `record` could not read back."""
    for what, given in (("name", [name]), ("tables", tables), ("arrays", arrays)):
        for word in given:
            main = what == "tables" and word == ""
            if not main and not (isinstance(word, str) and NAME.fullmatch(word)):
                raise ValueError(
                    f"{what} must be named by letters a to z, digits and hyphens, got {word!r}"
                )
    for part, rows in tables.items():
        if not rows or not rows[0]:
            raise ValueError(f"tables[{part!r}] must hold 1 row and column or more, got none")
        for at, row in enumerate(rows):
            if set(row) != set(rows[0]):
                raise ValueError(
                    f"tables[{part!r}][{at}] must have the columns {', '.join(rows[0])}, "
                    f"got {', '.join(row) or 'none'}"
                )
    if not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        raise ValueError(f"seconds must be a number above 0, got {seconds!r}")
    if not (
        isinstance(sources, list | tuple)
        and sources
        and all(isinstance(source, str) for source in sources)
    ):
        raise ValueError(f"sources must be a list of one name or more, got {sources!r}")
    if not folder.is_dir():
        raise ValueError(f"folder must be a folder that exists, got {folder}")


def _listed(path: Path) -> Sequence[str]:
    """The files of a result, or none where its JSON cannot be read."""
    try:
        return list(_read(path).sha256)
    except ValueError:
        return []


def _read(path: Path) -> Provenance:
    """A result's JSON; ValueError if it is not what `record` wrote."""
    try:
        made = Provenance(**json.loads(path.read_bytes()))
        whole = (
            all(isinstance(text, str) for text in (made.command, made.machine, made.version))
            and isinstance(made.seconds, int | float)
            and isinstance(made.sources, list)
            and all(isinstance(part, str) for part in (*made.sources, *made.sha256.values()))
        )
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path} {BROKEN} ({error})") from error
    if not whole:
        raise ValueError(f"{path} {BROKEN} (a value has the wrong type)")
    return made


def verified(name: str, file: str, folder: Path = HERE) -> Path:
    """Where a file of a result lies; errors as in `table`."""
    known = about(name, folder).sha256
    if file not in known:
        raise ValueError(f"{name} has no {file}; it has {', '.join(known)}")
    path = folder / file
    if not path.exists():
        raise ValueError(f"{path} is missing; install lstmlab anew ({about(name, folder)})")
    found = _sha256(path)
    if found != known[file]:
        raise ValueError(
            f"{path} is not the file that was recorded: its sha256 is {found}, not {known[file]}"
        )
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _number(text: str) -> str | int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text

"""Results computed once at full size; each says how it was made, what it cost, and its checksum."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lstmlab.cells import Params

HERE = Path(__file__).parent
Row = dict[str, str | int | float]

__all__ = ["Provenance", "about", "names", "record", "table", "weights"]


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
        return (
            f"made by `{self.command}` on {', '.join(self.sources)}: "
            f"{self.seconds / 60:.0f} minutes of {self.machine}"
        )


def names(folder: Path = HERE) -> list[str]:
    """The results that are shipped."""
    return sorted(path.stem for path in folder.glob("*.json"))


def about(name: str, folder: Path = HERE) -> Provenance:
    """Where a result comes from; ValueError for a name that `names` does not list."""
    if name not in names(folder):
        raise ValueError(f"name must be one of {', '.join(names(folder))}, got {name!r}")
    return Provenance(**json.loads((folder / f"{name}.json").read_text("utf-8")))


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
    path = _verified(name, f"{name}{part and '-' + part}.csv", folder)
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: _number(text) for key, text in row.items()} for row in csv.DictReader(file)]


def weights(name: str, part: str, folder: Path = HERE) -> Params:
    """Trained weights that belong to a result; errors as in `table`."""
    with np.load(_verified(name, f"{name}-{part}.npz", folder), allow_pickle=False) as file:
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

    The JSON with the checksums is written last and at once, so that a result is whole or, if it
    was interrupted, refused.
    """
    files = []
    for part, rows in tables.items():
        path = folder / f"{name}{part and '-' + part}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        files.append(path)
    for part, params in arrays.items():
        path = folder / f"{name}-{part}.npz"
        np.savez_compressed(path, allow_pickle=False, **params)
        files.append(path)
    made = Provenance(
        command, seconds, machine, list(sources), version, {f.name: _sha256(f) for f in files}
    )
    new = folder / f"{name}.json.new"
    new.write_text(json.dumps(asdict(made), indent=1) + "\n", "utf-8")
    new.replace(folder / f"{name}.json")
    return made


def _verified(name: str, file: str, folder: Path) -> Path:
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

"""What is known about each data set: one record, which the command line and the data page read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lstmlab.tasks.store import DataFile

Place = str | Path | None


@dataclass(frozen=True)
class Record:
    """A data set, and what stands in for it.

    Attributes
    ----------
    task : str
        What it is loaded as.
    title : str
        The real set's name; empty if there is none: the task is drawn from a seed.
    what : str
        What is to be learned, in a line.
    publisher : str
        Who has the real set, and under which name.
    licence : str
        What the publisher says about using it.
    sizes : tuple of int
        Sequences of the real set for training, validation and test.
    unit : str
        What a sequence is, such as "chorales".
    default : str
        What stands in for it, or what is drawn.
    differs : str
        How the default differs from the real set.
    how : str
        How to get the real set.
    file : DataFile, optional
        The published file, if it can be fetched.
    copy : DataFile, optional
        A copy that is found too, and called by its own name.
    find : callable, optional
        (root) -> where the real set lies, or None.
    verify : callable, optional
        (place) -> a line that says what was found there; a DataError if it is not the real set.
    """

    task: str
    title: str
    what: str
    publisher: str = ""
    licence: str = ""
    sizes: tuple[int, int, int] | None = None
    unit: str = "sequences"
    default: str = ""
    differs: str = ""
    how: str = ""
    file: DataFile | None = None
    copy: DataFile | None = None
    find: Callable[[Place], Path | None] | None = None
    verify: Callable[[Path], str] | None = None

    @property
    def counts(self) -> str:
        """The sizes of the real set, as in "229 / 76 / 77 chorales"."""
        if self.sizes is None:
            return ""
        return f"{' / '.join(f'{size:,}' for size in self.sizes)} {self.unit}"

    def place(self, root: Place = None) -> Path | None:
        """Where the real set lies, or None; errors as `lstmlab.tasks.load` for a wrong root."""
        return None if self.find is None else self.find(root)

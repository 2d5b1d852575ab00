"""Real sets that are folders of the reader's own: found, counted, read, or replaced by a default.

They are sold, or given after registration, so none can be fetched. There is no checksum to know
them by; what is known is how many sequences each split has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks import store
from lstmlab.tasks.records import Place, Record
from lstmlab.tasks.store import DataError, DownloadError, MissingDataError
from lstmlab.tasks.task import GENERATED, SPLITS, Split, Task, check_request

Listed = TypeVar("Listed", bound=Mapping[str, Sized])
Floats = NDArray[np.float64]
Sequences = dict[str, list[tuple[Floats, NDArray[np.int64]]]]
"""(x, target) of each split, x not scaled yet."""


@dataclass(frozen=True)
class FolderSet(Generic[Listed]):
    """A data set as `lstmlab.tasks.load` wants it: a folder where there is one, else made up.

    Parameters
    ----------
    facts : Record
        What is known about it; `find` and `verify` are filled in.
    holds : str
        What the folder holds, for errors.
    within : callable
        A place that is searched -> the folder, in it or it itself, or None.
    listed : callable
        The folder -> the sequences of each split, not read yet.
    read : callable
        (what is listed, source) -> the task.
    generated : callable
        A seed -> the default.
    """

    facts: Record
    holds: str
    within: Callable[[Path], Path | None]
    listed: Callable[[Path], Listed]
    read: Callable[[Listed, str], Task]
    generated: Callable[[int], Task]

    @property
    def RECORD(self) -> Record:
        """What the command line and the data page say of it."""
        return replace(self.facts, find=self.find, verify=self.verify)

    def load(self, source: str, root: Place, download: bool, seed: int) -> Task:
        """Load it; `lstmlab.tasks.load` says what the parameters mean."""
        title, how = self.facts.title, self.facts.how
        seed = check_request(self.facts.task, source, ("auto", GENERATED, title, "real"), seed)
        if source == GENERATED:
            return self.generated(seed)
        folder = self.find(root)
        if folder is not None:
            return self.load_folder(folder, must_be_real=source != "auto")
        if download:
            raise DownloadError(f"{title} cannot be fetched. {how}")
        if source == "auto":
            store.check_found(root, self.holds)
            return self.generated(seed)
        raise MissingDataError(f"{title} is {store.nowhere(root)}. {how}")

    def available(self, root: Place = None) -> str:
        """Name the source that "auto" would take."""
        folder = self.find(root)
        if folder is None:
            store.check_found(root, self.holds)
            return GENERATED
        return self._source(self.listed(folder), folder)

    def find(self, root: Place = None) -> Path | None:
        """The folder, in `root`, `$LSTMLAB_DATA` or the cache, or None.

        Raises
        ------
        MissingDataError
            If `root` is given and is no folder.
        """
        if root is not None and not Path(root).is_dir():
            raise store.absent(root, f"a folder that holds {self.holds}", kind="folder")
        found = (self.within(place) for place in store.folders(root))
        return next((folder for folder in found if folder is not None), None)

    def load_folder(self, folder: Path, *, must_be_real: bool = True) -> Task:
        """Read the real set, or a set of your own in the same form.

        Parameters
        ----------
        folder : Path
            What `find` gives.
        must_be_real : bool
            Whether other numbers of sequences than the real set's are refused.

        Returns
        -------
        Task
            Its source is the real set's name, or "NAME (own folder)".

        Raises
        ------
        DataError
            If a file is not what it should be, or there are other numbers of sequences.
        """
        facts, found = self.facts, self.listed(folder)
        source = self._source(found, folder)
        if must_be_real and source != facts.title:
            counts, wanted = ("/".join(map(str, n)) for n in (_sizes(found), facts.sizes or ()))
            raise DataError(
                f"{folder} has {counts} {facts.unit} (train/valid/test), {facts.title} has "
                f'{wanted}; is it complete? source="auto" takes it as your own data'
            )
        return self.read(found, source)

    def verify(self, folder: Path) -> str:
        """Read all of the real set; a line that says so, or a DataError."""
        return f"{self.load_folder(folder).caption}, every file read"

    def _source(self, found: Listed, folder: Path) -> str:
        real = _sizes(found) == self.facts.sizes
        return self.facts.title if real else f"{folder.name} (own folder)"


def made_up(
    sizes: Sequence[tuple[int, int]],
    make: Callable[[int, int, int], tuple[Floats, NDArray[np.int64]]],
) -> Sequences:
    """The default's sequences: nobody is in two splits.

    Parameters
    ----------
    sizes : sequence of (int, int)
        How many people each split has, and how many sequences there are of each.
    make : callable
        (split, person, number), each counted from 0 -> (x, target).
    """
    return {
        split: [
            make(place, person, number)
            for person in range(sizes[place][0])
            for number in range(sizes[place][1])
        ]
        for place, split in enumerate(SPLITS)
    }


def changed(sequences: Sequences, change: Callable[[Floats], Floats]) -> list[Split]:
    """The three splits with every x changed, and as float32."""
    return [
        [(change(x).astype(np.float32), target) for x, target in sequences[split]]
        for split in SPLITS
    ]


def _sizes(found: Mapping[str, Sized]) -> tuple[int, ...]:
    return tuple(len(found[split]) for split in SPLITS)

"""The files of a result: what is in them, and putting all of them into a folder or none."""

import csv
import io
import secrets
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from lstmlab.cells import Params
from lstmlab.whole import synced

Row = dict[str, str | int | float]


def csv_bytes(rows: Sequence[Row]) -> bytes:
    """A table, with the first row's keys as its header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def npz_bytes(params: Params) -> bytes:
    """Weights as a compressed .npz: the same bytes for the same weights, and nothing pickled."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, array in params.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")
            archive.writestr(entry, member.getvalue(), zipfile.ZIP_DEFLATED)
    return data.getvalue()


def put(contents: Mapping[str, bytes], folder: Path) -> None:
    """Put files into a folder, all of them or none.

    Parameters
    ----------
    contents : mapping of str to bytes
        What each file holds. All are written and synced under temporary names, then renamed in
        this order.
    folder : Path
        Where to.

    Raises
    ------
    OSError
        If that fails. What was there before is put back, and no temporary file is left.
    """
    mark = secrets.token_hex(6)
    new = {file: folder / f".{file}.{mark}.new" for file in contents}
    old = {file: folder / f".{file}.{mark}.old" for file in contents}
    renamed: list[str] = []
    try:
        for file, data in contents.items():
            with synced(new[file]) as written:
                written.write(data)
            if (folder / file).exists():
                shutil.copy2(folder / file, old[file])
        for file in contents:
            renamed.append(file)
            new[file].replace(folder / file)
    except BaseException:
        for file in renamed:
            if old[file].exists():
                old[file].replace(folder / file)
            elif not new[file].exists():  # it was renamed, and there was none before
                (folder / file).unlink(missing_ok=True)
        raise
    finally:
        for path in (*new.values(), *old.values()):
            path.unlink(missing_ok=True)

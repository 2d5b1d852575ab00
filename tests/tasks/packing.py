"""Archives made in memory, and ways to damage bytes, for the tests of `lstmlab.tasks`."""

import io
import tarfile
import zipfile

import numpy as np

KINDS = ("w", "w:gz", "w:bz2", "w:xz", "stored", "deflated")


def packed(files, kind="w", form=tarfile.PAX_FORMAT):
    """An archive of {name: bytes}; a name that ends with "/" is a folder."""
    held = io.BytesIO()
    if kind.startswith("w"):
        with tarfile.open(fileobj=held, mode=kind, format=form) as tar:
            for name, data in files.items():
                tar.addfile(*entry(name, data))
        return held.getvalue()
    method = zipfile.ZIP_STORED if kind == "stored" else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return held.getvalue()


def entry(name, data=b"", kind=None, **more):
    """A tar member and what it holds."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.type = kind or (tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE)
    for key, value in more.items():
        setattr(info, key, value)
    return info, io.BytesIO(data)


def tar_of(*entries, form=tarfile.GNU_FORMAT):
    """A tar of what `entry` gives."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=form) as tar:
        for info, data in entries:
            tar.addfile(info, data)
    return held.getvalue()


def damaged(data, seed):
    """Bytes with one to three places changed, cut out, doubled, zeroed, or the end cut off."""
    rng = np.random.default_rng(seed)
    broken = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at, long = int(rng.integers(0, max(1, len(broken)))), int(rng.integers(1, 40))
        what = rng.integers(0, 6)
        if what == 0:
            broken[at : at + long] = rng.bytes(long)
        elif what == 1:
            del broken[at : at + long]
        elif what == 2:
            broken[at:at] = broken[at : at + long]
        elif what == 3:
            broken[at : at + long] = bytes(long)
        elif what == 4:
            del broken[at:]
        else:
            broken[at : at + 1] = rng.bytes(1)
    return bytes(broken)

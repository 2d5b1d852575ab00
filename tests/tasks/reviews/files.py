"""Reviews in the forms that IMDB has, as the tests write them."""

import io
import pickle
import tarfile
import zipfile

import numpy as np

KINDS = {"train/pos": 9, "train/neg": 3, "test/pos": 10, "test/neg": 1}
SAID = {"pos": "A <b>fine</b> film, isn't it", "neg": "a dull film"}


def texts(train=5, test=2):
    """Name -> contents of a small set."""
    return {
        f"{kind}/{number}_{rating}.txt": f"{SAID[kind[-3:]]} number{number}".encode()
        for kind, rating in KINDS.items()
        for number in range(train if kind.startswith("train") else test)
    }


def folder(place, files=None):
    """Write a small set, or what is given, as a folder aclImdb."""
    for kind in KINDS:
        (place / "aclImdb" / kind).mkdir(parents=True, exist_ok=True)
    for name, data in (texts() if files is None else files).items():
        (place / "aclImdb" / name).write_bytes(data)
    return place / "aclImdb"


def archive(files=None, mode="w:gz", *, top="aclImdb/", extra=()):
    """The same as a tar archive, with members that `tarfile` has made added."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:
        for member in extra:
            tar.addfile(member)
        for name, data in (texts() if files is None else files).items():
            member = tarfile.TarInfo(top + name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def objects(rows):
    """An array of objects, one a row."""
    found = np.empty(len(rows), object)
    for at, row in enumerate(rows):
        found[at] = list(row) if isinstance(row, list) else row  # each list is there once
    return found


def ranks(train=10, test=4):
    """What a small imdb.npz holds."""
    rng = np.random.default_rng(0)
    return {
        f"{kind}_{split}": objects(
            [rng.integers(1, 40, rng.integers(1, 9)).tolist() for _ in range(count)]
        )
        if kind == "x"
        else np.arange(count) % 2
        for split, count in (("train", train), ("test", test))
        for kind in "xy"
    }


def npz(**changes):
    """The same as bytes, with arrays or bytes replaced; None leaves one out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, array in (ranks() | changes).items():
            if array is None:
                continue
            data = array
            if not isinstance(array, bytes):
                member = io.BytesIO()
                np.save(member, array)
                data = member.getvalue()
            packed.writestr(f"{name}.npy", data)
    return out.getvalue()


class Evil:
    """An object whose pickle makes a folder when it is loaded as usual."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.place),)


def evil(place, inside=False):
    """A .npy file with a pickle that would run something."""
    member = io.BytesIO()
    if inside:
        np.save(member, objects([[1], Evil(place)]))
        return member.getvalue()
    np.save(member, objects([[1]] * 10))
    data = member.getvalue()
    end = 10 + int.from_bytes(data[8:10], "little")
    return data[:end] + pickle.dumps(Evil(place))

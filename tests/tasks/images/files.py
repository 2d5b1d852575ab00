"""Small sets of pictures in the forms that the readers know, for their tests."""

import io
import pickle

import numpy as np
from PIL import Image

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
BIN, PY = "cifar-10-batches-bin/", "cifar-10-batches-py/"


def rows(count, seed):
    """Classes (n,) and pixels (n, 3072), planes of red, green and blue."""
    rng = np.random.default_rng(seed)
    return np.arange(count) % 10, rng.integers(0, 256, (count, 3072), dtype=np.uint8)


def binary(sizes=(12, 8), test=5):
    """The files of a binary version."""
    files = {f"{BIN}batches.meta.txt": ("\n".join(NAMES) + "\n\n").encode()}
    for name, (classes, pixels) in _batches(sizes, test):
        block = np.column_stack([classes.astype(np.uint8), pixels])
        files[f"{BIN}{name}.bin"] = block.tobytes()
    return files


def python(sizes=(12, 8), test=5, protocol=2):
    """The files of a Python version, but with text for keys."""
    files = {f"{PY}batches.meta": pickle.dumps({"label_names": NAMES}, protocol)}
    for name, (classes, pixels) in _batches(sizes, test):
        batch = {"data": pixels, "labels": classes.tolist(), "batch_label": name}
        files[f"{PY}{name}"] = pickle.dumps(batch, protocol)
    return files


def _batches(sizes, test):
    for number, size in enumerate(sizes, start=1):
        yield f"data_batch_{number}", rows(size, number)
    yield "test_batch", rows(test, 0)


def picture(seed=0, size=(6, 4), mode="RGB", kind="PNG"):
    """A picture as bytes; size is (width, height)."""
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    held = io.BytesIO()
    Image.fromarray(pixels, mode if mode in ("RGB", "L") else None).save(held, kind)
    return held.getvalue()


def class_folders(train=10, test=3, valid=0, around="", **more):
    """{split}/{class}/{number}.png for two classes."""
    files, seed = {}, 0
    for split, count in (("train", train), ("valid", valid), ("test", test)):
        for label in ("cat", "dog"):
            for number in range(count):
                files[f"{around}{split}/{label}/{number:03}.png"] = picture(seed, **more)
                seed += 1
    return files


def put(folder, files):
    """Write files into a folder."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

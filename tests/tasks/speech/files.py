"""Sentences in the form of TIMIT, as the tests write them."""

import wave

import numpy as np


def sphere(samples, *, rate=16_000, order="01", coding=None, size=1024, **fields):
    """The bytes of a NIST SPHERE file."""
    said = {
        "channel_count": 1, "sample_count": len(samples), "sample_rate": rate,
        "sample_n_bytes": 2, "sample_byte_format": order, "sample_sig_bits": 16,
    }  # fmt: skip
    if coding:
        said["sample_coding"] = coding
    lines = ["NIST_1A", f"{size:7}", "database_id -s5 TIMIT"]
    for name, value in (said | fields).items():
        text = isinstance(value, str)
        lines.append(f"{name} -{f's{len(value)}' if text else 'i'} {value}")
    head = ("\n".join([*lines, "end_head"]) + "\n").encode().ljust(size)
    return head + np.asarray(samples).astype("<i2" if order == "01" else ">i2").tobytes()


def riff(path, samples, *, rate=16_000, channels=1, width=2):
    """Write a RIFF WAVE file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(np.asarray(samples).astype("<i2").tobytes())


def transcript(*segments):
    """The text of a .PHN file."""
    return "".join(f"{begin} {end} {phone}\n" for begin, end, phone in segments)


def sentence(folder, name, *, samples=None, text=None, kind="WAV"):
    """Write the two files of a sentence."""
    folder.mkdir(parents=True, exist_ok=True)
    if samples is None:
        samples = np.random.default_rng(0).integers(-1000, 1000, 720)
    (folder / f"{name}.{kind}").write_bytes(sphere(samples))
    if text is None:
        text = transcript((0, 300, "h#"), (300, 600, "aa"), (600, 720, "h#"))
    (folder / f"{name}.PHN").write_text(text)


def corpus(root, *, sentences=2):
    """A small copy: one speaker for training, one for validation, one of the core test set."""
    for where in ("TRAIN/DR1/FCJF0", "TEST/DR1/FAKS0", "TEST/DR2/MDAB0", "TEST/DR3/MXXX0"):
        for number in range(sentences):
            sentence(root / where, f"SX{number}")
        sentence(root / where, "SA1")
    return root

"""Music: predict the next quarter note of a four-part chorale (Greff et al., section IV-A.3).

The real set is the JSB Chorales: 382 chorales by J. S. Bach, transposed to C major or C minor, one
frame a quarter note. The default is as many generated ones (`lstmlab.tasks.chorales`). Either way a
sequence of T + 1 frames becomes x, its frames but the last, and target, its frames but the first:
the first frame is seen and never predicted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from lstmlab.tasks import chorales, fetching, store
from lstmlab.tasks.chorales import KEYS_ON_A_PIANO, LOWEST_PITCH, SPLIT_SIZES, Roll
from lstmlab.tasks.records import Record
from lstmlab.tasks.store import DataError, DataFile
from lstmlab.tasks.task import GENERATED, SPLITS, Split, Task, check_request

HIGHEST_PITCH = LOWEST_PITCH + KEYS_ON_A_PIANO - 1
REAL = "JSB Chorales"
#: What `source` may be: "real" is short for the JSB Chorales, "embedded" for seed 0 as shipped.
SOURCES = ("auto", GENERATED, "embedded", REAL, "real")

JSB_CHORALES = DataFile(
    name=REAL,
    filename="jsb-chorales-quarter.json",
    url="https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/"
    "9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d/jsb-chorales-quarter.json",
    sha256="2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91",
    size=407_200,
    licence="none is stated, so the file is fetched from its publisher and not passed on",
)
SHIPPED = DataFile(
    name="generated chorales (seed 0)",
    filename="generated_chorales.npz",
    url="",
    sha256="5cb67d679b5795a12f4ba56577cf78607f4d040cfad9ff5ee2139612c8d0a6e9",
    size=34023,
    licence="MIT, as this package",
)
WANTED = f"{JSB_CHORALES.filename} (a file of another name is given as root itself)"
HOW_TO_GET = (
    "Fetch it with `lstmlab data fetch music` or download=True, "
    'use source="generated" instead'
)


def load(source: str, root: str | Path | None, download: bool, seed: int) -> Task:
    """Load the music task; `lstmlab.tasks.load` says what the parameters mean."""
    seed = check_request("music", source, SOURCES, seed)
    if source == "embedded" and seed:
        raise ValueError(f'seed must be 0 for source="embedded", got {seed}')
    if source in (GENERATED, "embedded"):
        return load_generated(seed)
    path = store.find(JSB_CHORALES, root)
    if path is None and download:
        path = fetching.fetch(JSB_CHORALES, root)
    if path is not None:
        return load_file(path, must_be_real=source != "auto")
    if source == "auto":
        store.check_found(root, WANTED)
        return load_generated(seed)
    raise store.missing(JSB_CHORALES, HOW_TO_GET, root)


def available(root: str | Path | None = None) -> str:
    """Name the source that "auto" would take: a file's data, or "generated" where there is none."""
    path = store.find(JSB_CHORALES, root)
    if path is None:
        store.check_found(root, WANTED)
        return GENERATED
    known = path.name == JSB_CHORALES.filename or _is_real(path.read_bytes())
    return REAL if known else _own(path)


def load_generated(seed: int = 0) -> Task:
    """Load the generated chorales of `seed`: those of seed 0 from the file the package ships."""
    if seed == 0:
        path = Path(__file__).with_name(SHIPPED.filename)
        store.verify(SHIPPED, path)
        rolls = chorales.read_npz(path)
    else:
        rolls = chorales.generate(sum(SPLIT_SIZES), seed)
    train, valid = SPLIT_SIZES[0], sum(SPLIT_SIZES[:2])
    splits = {"train": rolls[:train], "valid": rolls[train:valid], "test": rolls[valid:]}
    return _task(splits, GENERATED, f"generated chorales (seed {seed})", seed)


def load_file(path: Path, *, must_be_real: bool = True) -> Task:
    """Load a JSON file of chorales.

    Parameters
    ----------
    path : Path
        The JSB Chorales, known by their checksum, or data of your own in the same format.
    must_be_real : bool
        Whether data of your own is refused. A file that bears the published name is always
        checked against the published checksum.

    Returns
    -------
    Task
        Its source is "JSB Chorales", or "NAME (own file)", which is the name of no real set.

    Raises
    ------
    DataError
        If the file is not what it should be.
    """
    data = path.read_bytes()
    if _is_real(data):
        splits = parse(data, path.name)
        check_sizes(splits, path.name)
        return _task(splits, REAL, f"{REAL} (real)")
    if must_be_real or path.name == JSB_CHORALES.filename:
        error = store.mismatch(JSB_CHORALES, path, hashlib.sha256(data).hexdigest(), len(data))
        raise DataError(f"{error}. {_diagnose(data, path.name)}")
    return _task(parse(data, path.name), _own(path), _own(path))


def _own(path: Path) -> str:
    """What data of your own is called as a source."""
    return f"{path.name} (own file)"


def parse(data: bytes, name: str = "the file") -> dict[str, list[Roll]]:
    """Read chorales: JSON {"train", "valid", "test"} -> sequences -> frames -> MIDI 21 to 108.

    Parameters
    ----------
    data : bytes
        The file's contents. A frame lists the keys that are down; an empty one is a rest, and a
        pitch that is listed twice is one key.
    name : str
        What errors call the file.

    Returns
    -------
    dict of str to list of array (T, 88)
        A piano roll for each sequence of each split, column 0 being MIDI 21.

    Raises
    ------
    DataError
        If it is anything else; the message says which split, sequence and frame, counted from 0.
    """
    try:
        content = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text: byte {error.start} is wrong") from error
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        why = "it breaks off (is it truncated?)" if cut else error.msg
        raise DataError(f"{name} is not JSON: {why} at character {error.pos}") from error
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is not JSON that can be read: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{name} must be an object of {_list(SPLITS)}, got {_show(content)}")
    for split in SPLITS:
        if split not in content:
            raise DataError(f"{name} must be an object of {_list(SPLITS)}, got no {split!r}")
    if extra := sorted(set(content) - set(SPLITS)):
        raise DataError(f"{name} must hold only {_list(SPLITS)}, got {_show(extra[0])} too")
    return {split: _rolls(content[split], f"{name}: {split}") for split in SPLITS}


def check_sizes(splits: Mapping[str, Sequence[Roll]], name: str) -> None:
    """Raise a DataError unless there are 229, 76 and 77 sequences, as in the JSB Chorales."""
    found = tuple(len(splits[split]) for split in SPLITS)
    if found != SPLIT_SIZES:
        raise DataError(
            f"{name} has {found[0]}/{found[1]}/{found[2]} sequences; the {REAL} have "
            f"{'/'.join(map(str, SPLIT_SIZES))} (train/valid/test)"
        )


def _rolls(sequences: object, where: str) -> list[Roll]:
    if not isinstance(sequences, list):
        raise DataError(f"{where} must be a list of sequences, got {_show(sequences)}")
    if not sequences:
        raise DataError(f"{where} must hold 1 sequence or more, got none")
    return [_roll(frames, f"{where}, sequence {at}") for at, frames in enumerate(sequences)]


def _roll(frames: object, where: str) -> Roll:
    if not isinstance(frames, list):
        raise DataError(f"{where} must be a list of frames, got {_show(frames)}")
    if len(frames) < 2:
        raise DataError(f"{where} must have 2 frames or more, got {len(frames)}")
    roll = np.zeros((len(frames), KEYS_ON_A_PIANO), np.float32)
    for at, pitches in enumerate(frames):
        if not isinstance(pitches, list):
            raise DataError(f"{where}, frame {at} must be a list of pitches, got {_show(pitches)}")
        for pitch in pitches:
            if type(pitch) is not int or not LOWEST_PITCH <= pitch <= HIGHEST_PITCH:
                raise DataError(
                    f"{where}, frame {at} must hold whole MIDI numbers from {LOWEST_PITCH} to "
                    f"{HIGHEST_PITCH}, a piano's keys, got {_show(pitch)}"
                )
            roll[at, pitch - LOWEST_PITCH] = 1
    return roll


def _task(
    splits: Mapping[str, Sequence[Roll]], source: str, title: str, seed: int | None = None
) -> Task:
    """Make the task of piano rolls (T + 1, 88): x and target are (T, 88)."""
    train, valid, test = (_pairs(splits[split]) for split in SPLITS)
    return Task(
        name="music",
        source=source,
        train=train,
        valid=valid,
        test=test,
        inputs=KEYS_ON_A_PIANO,
        outputs=KEYS_ON_A_PIANO,
        seed=seed,
        title=title,
    )


def _pairs(rolls: Sequence[Roll]) -> Split:
    """Give x, every frame but the last, and target, every frame but the first, of each roll."""
    return [(roll[:-1].copy(), roll[1:].copy()) for roll in rolls]


def _is_real(data: bytes) -> bool:
    return hashlib.sha256(data).hexdigest() == JSB_CHORALES.sha256


def _diagnose(data: bytes, name: str) -> str:
    """Say what is the matter with a file whose checksum is wrong."""
    try:
        check_sizes(parse(data, name), name)
    except DataError as error:
        return f"What is wrong: {error}"
    return "It can be read, but some of its notes are others"


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object of JSON pairs, refusing a name that comes twice."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{_show(name)} must come once, got it {names.count(name)} times")
    return dict(pairs)


def _show(value: object) -> str:
    """Show a value in a message, kept short."""
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "a list"
        return f"{kind} of {len(value)}"
    if isinstance(value, int) and abs(value) > 10**20:
        return "a number of more than 20 digits"
    text = ascii(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _verified(path: Path) -> str:
    store.verify(JSB_CHORALES, path)
    return f"{REAL}, checksum right"


RECORD = Record(
    task="music",
    title=REAL,
    what="predict the next quarter note of a chorale in four voices",
    publisher="Allan and Williams (2005), Boulanger-Lewandowski et al. (2012); as JSON by C. Z. A. "
    "Huang, JSB-Chorales-dataset, commit 9a7f733",
    licence=JSB_CHORALES.licence,
    sizes=SPLIT_SIZES,
    unit="chorales",
    default="382 generated chorales",
    differs="harmony from a Markov chain, voices led by rules, no key signatures but C major and "
    "minor: a test loss near 8.2 nats a frame where Bach's is near 8.5",
    how="`lstmlab data fetch music` fetches it (0.4 MB)",
    file=JSB_CHORALES,
    find=lambda root: store.find(JSB_CHORALES, root),
    verify=_verified,
)

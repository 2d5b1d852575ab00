"""Write the book's page about data, `book/data.md`, from the records of `lstmlab.tasks`.

    python tools/data_page.py            writes it
    python tools/data_page.py --check    says whether it is what the records say

A test does the latter.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lstmlab.tasks import Record, records

PAGE = Path(__file__).resolve().parent.parent / "book" / "data.md"

HEAD = """\
# Data

Every data set is loaded by name: `lstmlab.tasks.load("music")`. What you get is a `Task` with
sequences for training, validation and test, and with its `source`, which stands in the caption of
every figure. With `source="auto"` it is the real set if your machine has it, and otherwise the
default, which is made up from a seed, needs no network, and never has the real set's name.

The command line says what is here, fetches what may be fetched, and verifies it:

```
lstmlab data                  # every set, and how to get what is not here
lstmlab data fetch music      # with a progress bar; what breaks off goes on
lstmlab data verify           # checksums, and every file of what is a folder
lstmlab data where            # the folders that are searched
lstmlab data forget           # removes what was kept of sets that were read
```

Real sets are looked for in `root=` if you give one, in the folder that the variable `LSTMLAB_DATA`
names, and in the cache of your system. A file with a published checksum is not used before it is
right. Nothing is unpacked, unpickled or executed, and no file of yours is changed.

What takes long to read (reviews, images) is kept in the cache once it was read, with its own
checksum: the second time it is there ten times as fast, or faster.
"""

OWN = """\
## Your own data

`root=` takes data of your own in the form of a real set, as a file or a folder of any name. Its
source is then "NAME (own file)" or "NAME (own folder)". A real file is known by its checksum; a
folder has none, so one with just as many reviews, pictures, sentences or lines as the real set is
called the real set. An archive is a .tar (plain, .gz, .bz2, .xz) or a .zip, and what is larger than
the limits is refused while it is read.

"""

OWN_FORMS = (
    (
        "`images`",
        "a folder, or an archive of it: `train/CLASS/NAME.png`, `test/CLASS/NAME.png`, and "
        "`valid/…` if you have it; without, a tenth of train is set apart",
        ".png, .jpg, .bmp, .ppm, .pgm, all of one size, all RGB or all grey",
        "2 pictures or more; 1 GiB unpacked",
    ),
    (
        "`reviews`",
        "a folder, or an archive of it: `{train,test}/{pos,neg}/ID_RATING.txt`, such as "
        "`train/pos/0_9.txt`; ratings 7 to 10 are positive, 1 to 4 negative; a fifth of train is "
        "for validation",
        "UTF-8 text; or an .npz as Keras has it",
        "5 reviews of each class or more for training, 1 MiB each, 200 MB and 60 million words in "
        "all",
    ),
    (
        "`shakespeare`",
        "one text file; 90 % of it is for training, 5 % for validation",
        "UTF-8 text",
        "200 characters to 64 MiB",
    ),
    (
        "`translation`",
        "a folder: `train.LL`, `valid.LL` (or `dev.LL`) and `test.LL` for two languages LL, such "
        "as `en` and `de`, a sentence a line; two files of any name are read by "
        "`lstmlab.tasks.translation.read_files`",
        "UTF-8 text, as many lines in both languages",
        "1 GiB a file",
    ),
    (
        "`music`",
        '`{"train": …, "valid": …, "test": …}`, each a list of pieces, a piece a list of frames, a '
        "frame a list of the MIDI pitches that sound, from 21 to 108",
        "one JSON file",
        "",
    ),
    ("`speech`", "a folder in TIMIT's form, with `TRAIN` and `TEST`", "as TIMIT's", ""),
    ("`handwriting`", "a folder in IAM-OnDB's form", "as IAM-OnDB's", ""),
)

NOTHING = """\
`images`, `reviews`, `shakespeare` and `translation` do not replace a folder that you name, and in
which nothing of this is found: the error says what was looked for. (The folder that `LSTMLAB_DATA`
names and the cache are still searched after it; an empty folder counts as none.)
"""

DRAWN = """\
## Drawn from a seed

These tasks have no real set. They are what the networks' inventors tested them on, or like it.
"""


def page() -> str:
    """The whole page."""
    every = records().values()
    real = [record for record in every if record.title]
    drawn = [record for record in every if not record.title]
    overview = _table(
        ("name", "real set", "sizes", "licence", "default"),
        [(f"`{r.task}`", r.title, r.counts, r.licence, r.default) for r in real],
    )
    parts = [HEAD, "## Real sets, and what stands in for them\n", overview, *map(_block, real)]
    parts += [OWN + _table(("name", "what lies where", "files", "sizes"), OWN_FORMS), NOTHING]
    if drawn:
        rows = [(f"`{record.task}`", record.what, record.default) for record in drawn]
        parts += [DRAWN, _table(("name", "what is to be learned", "what is drawn"), rows)]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _block(record: Record) -> str:
    """A real set: one row a fact."""
    facts = {
        "the task": record.what,
        "from": record.publisher,
        "licence": record.licence,
        "sizes": f"{record.counts} (training / validation / test)",
        "checksum": _checksum(record),
        "how to get it": record.how,
        "the default": record.default,
        "how it differs": record.differs,
    }
    return f"### `{record.task}`: {record.title}\n\n{_table(('', ''), list(facts.items()))}"


def _checksum(record: Record) -> str:
    if record.file is None:
        return "none is published: it is known by its numbers of sequences, and every file is read"
    return f"sha256 `{record.file.sha256}`, {record.file.size:,} bytes, `{record.file.filename}`"


def main() -> int:
    """Write the page, or compare it; 0 if all is well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    text = page()
    if parser.parse_args().check:
        if PAGE.is_file() and PAGE.read_text("utf-8") == text:
            return 0
        sys.stderr.write(f"data_page: {PAGE.name} is not what the records say: make students\n")
        return 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What the tools and the tests agree on about a chapter's notebook: where it is, what it must hold.

``tools/execute.py`` stores outputs and refuses a notebook that breaks a rule; the tests in
``tests/book`` apply the same rules to what is stored.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

sys.path.insert(0, str(Path(__file__).resolve().parent))
from exercise_cells import exercise_faults
from widgets import widget_faults

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
LARGEST = 1_500_000  # bytes of one notebook file
SHORTEST_ALT = 30  # characters of a figure's text alternative
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# A folder of the machine the notebook ran on, or an address that only works there.
MACHINE = re.compile(
    r"(?<![\w.:/])(?:/(?:home|Users|root|tmp|work|mnt|private/var)/[\w.-]+|[A-Z]:\\\\?Users)"
    r"|file://|https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])"
)
FILE_NAME = re.compile(r"^\S+$|\.(?:png|jpe?g|svg|webp|gif)$|[0-9a-f]{16,}", re.IGNORECASE)


# Marks the cell that installs the package where a chapter is opened without it, as on Colab.
SETUP_TAG = "setup-elsewhere"
SETUP = """
# Opened on Colab, this cell installs the package; elsewhere it does nothing.
from importlib.util import find_spec

if find_spec("lstmlab") is None:
    %pip install --quiet "git+{address}"
"""


def package_address(root: Path = ROOT) -> str:
    """Where pip finds the package, ``URL@BRANCH`` from ``_config.yml``; empty without a URL."""
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    repository = config.get("repository") or {}
    url = str(repository.get("url") or "").strip().rstrip("/")
    branch = str(repository.get("branch") or "").strip()
    return f"{url}@{branch}" if url and branch else url


def place_setup(notebook: NotebookNode, address: str) -> None:
    """Give `notebook` one set-up cell after its title if there is an `address`, else none."""
    notebook.cells = [c for c in notebook.cells if SETUP_TAG not in c.metadata.get("tags", [])]
    if address:
        tags = ["remove-cell", SETUP_TAG]
        source = SETUP.format(address=address).strip()
        cell = new_code_cell(source, metadata={"tags": tags}, id=SETUP_TAG)
        notebook.cells.insert(1, cell)


def chapters(book: Path = BOOK) -> list[Path]:
    """Notebooks of the book, in reading order."""
    return sorted(path for path in book.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def student_path(chapter: Path) -> Path:
    """Where the student version of a chapter is: ``student/`` beside the chapter's folder."""
    return chapter.parent.parent / "student" / chapter.name


def joined(value: str | list[str]) -> str:
    """Text that a notebook stores either whole or as a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def alt_fault(alt: object) -> str | None:
    """What is wrong with a figure's text alternative; None if it says what the figure shows."""
    if not isinstance(alt, str) or not alt.strip():
        return "has no text alternative"
    text = alt.strip()
    if FILE_NAME.search(text):
        return f"has a file name for a text alternative: {text!r}"
    if len(text) < SHORTEST_ALT or len(text.split()) < 5:
        return f"has a text alternative shorter than {SHORTEST_ALT} characters or 5 words: {text!r}"
    return None


class _Images(HTMLParser):
    """Collects the text alternatives of every <img> in a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.alts: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.alts.append(dict(attrs).get("alt"))


def image_alts(html: str) -> list[str | None]:
    """Text alternatives of the images in `html`, None for an image that has none."""
    parser = _Images()
    parser.feed(html)
    return parser.alts


def faults(notebook: NotebookNode) -> Iterator[str]:
    """Everything in an executed notebook that a reader of the page would stumble over.

    Parameters
    ----------
    notebook : NotebookNode
        In format 4, with its outputs.

    Yields
    ------
    str
        One line a fault: the cell (counted from 0) and what is wrong.
    """
    code = [(n, cell) for n, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    if not code:
        yield "has no code cell"
    filled = [(n, cell) for n, cell in code if cell.source.strip()]
    yield from (f"cell {n} is an empty code cell" for n, cell in code if not cell.source.strip())
    for expected, (n, cell) in enumerate(filled, start=1):
        if cell.execution_count != expected:
            yield (
                f"cell {n} has execution count {cell.execution_count}, not {expected}: "
                "the notebook was not run from top to bottom in a fresh kernel"
            )
            break
    if filled and not any(cell.outputs for _, cell in filled):
        yield "has no stored output: run `make execute`"
    for n, cell in code:
        for output in cell.outputs:
            yield from (f"cell {n} {fault}" for fault in _output_faults(cell, output))
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "is not for the kernel python3"
    if "widgets" in notebook.metadata:
        yield "stores widget state, which the page has twice already"
    for n, cell in enumerate(notebook.cells):
        found = MACHINE.search(_readable(cell))
        if found:
            yield f"cell {n} names a place on one machine: {found.group()!r}"
    yield from exercise_faults(notebook)


def _output_faults(cell: NotebookNode, output: NotebookNode) -> Iterator[str]:
    if output.output_type == "error":
        yield f"raises {output.ename}: {output.evalue}"
        return
    if output.output_type == "stream":
        if output.name == "stderr":
            yield f"writes to stderr: {joined(output.text).strip()[:200]!r}"
        return
    html = output.data.get("text/html")
    if html is not None:
        for alt in image_alts(joined(html)):
            fault = alt_fault(alt)
            if fault:
                yield f"shows HTML with an image that {fault}"
        yield from widget_faults(joined(html))
    elif any(kind.startswith("image/") for kind in output.data):
        fault = alt_fault(cell.metadata.get("mystnb", {}).get("image", {}).get("alt"))
        if fault:
            yield (
                f"draws a figure that {fault}; "
                'put one in the cell\'s metadata: {"mystnb": {"image": {"alt": "…"}}}'
            )
    if WIDGET_VIEW in output.data and html is None:
        yield "shows a widget that has no text/html twin, so the page shows nothing"


def _readable(cell: NotebookNode) -> str:
    """Source and textual outputs of a cell, without encoded images."""
    parts = [cell.source]
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            parts.append(joined(output.text))
        elif output.output_type == "error":
            parts.extend(output.traceback)
        else:
            parts.extend(
                joined(value) if isinstance(value, str | list) else json.dumps(value)
                for kind, value in output.data.items()
                if not kind.startswith("image/")
            )
    return re.sub(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]+", "", "\n".join(parts))

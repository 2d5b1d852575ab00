"""What the tests of the book share: its chapters, its table of contents, its built pages."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent.parent
BUILT = ROOT / "_build" / "html"
if str(ROOT / "tools") not in sys.path:
    sys.path.insert(0, str(ROOT / "tools"))


def toc_files() -> list[str]:
    """Every document that _toc.yml names, without suffix, in reading order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [toc["root"]]
    for part in toc.get("parts", [toc]):
        files.extend(chapter["file"] for chapter in part.get("chapters", []))
    return files


def source(name: str) -> Path | None:
    """The notebook or Markdown file of a document that _toc.yml names."""
    for suffix in (".ipynb", ".md"):
        if (ROOT / f"{name}{suffix}").is_file():
            return ROOT / f"{name}{suffix}"
    return None


def page(name: str) -> Path:
    """The built page of a document."""
    return BUILT / f"{name}.html"


def require_built() -> Path:
    """The folder of built pages; skips where there is none, unless `make` asks for it."""
    if not (BUILT / "index.html").is_file():
        message = "the book is not built: run `make book`"
        if os.environ.get("LSTMLAB_REQUIRE_BOOK") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return BUILT


def soup(path: Path) -> BeautifulSoup:
    """The parsed page at `path`."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")

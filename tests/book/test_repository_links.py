"""Binder, Colab and repository links follow from one setting, and are absent without it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .pages import ROOT, soup

import notebooks  # isort: skip  (tools/ is on the path by now)

pytest.importorskip("jupyter_book", reason="Jupyter Book is not installed: run `make install`")

JUPYTER_BOOK = str(Path(sys.executable).with_name("jupyter-book"))
OWNER = "https://github.com/somebody/a-copy"


def build(folder: Path, url: str) -> Path:
    """A book of one page and one notebook with the project's own settings and this address."""
    (folder / "book").mkdir(parents=True)
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "book" / "_static", folder / "book" / "_static")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = url
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "_toc.yml").write_text(
        "format: jb-book\nroot: book/start\nchapters:\n  - file: book/1-9-a-chapter\n",
        encoding="utf-8",
    )
    (folder / "book" / "references.bib").write_text("", encoding="utf-8")
    (folder / "book" / "start.md").write_text("# Start\n", encoding="utf-8")
    notebook = new_notebook(cells=[new_markdown_cell("# A chapter\n\nIts one line: $x^2$.")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "book" / "1-9-a-chapter.ipynb")
    done = subprocess.run(
        [JUPYTER_BOOK, "build", ".", "--all", "-n", "-W", "--keep-going"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "_build" / "html" / "book" / "1-9-a-chapter.html"


def names_by_hand(path: Path, url: str) -> bool:
    """Whether the file at `path` names `url` outside the set-up cell that `make execute` writes."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        notebook = nbformat.reads(text, as_version=4)
        notebooks.place_setup(notebook, "")
        text = nbformat.writes(notebook)
    return url in text


def links(page: Path) -> list[str]:
    """Every address that the page's links name."""
    return [str(tag["href"]) for tag in soup(page).find_all("a", href=True)]


@pytest.fixture(scope="module")
def unset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("unset") / "copy", "")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("published") / "copy", OWNER)


def test_only_the_config_names_the_repository(root: Path) -> None:
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    assert set(config["repository"]) == {"url", "branch", "path_to_book"}
    url = config["repository"]["url"]
    if url:
        others = [*root.glob("book/*.md"), *root.glob("book/*.ipynb"), root / "pyproject.toml"]
        assert [path.name for path in others if names_by_hand(path, url)] == []


@pytest.mark.parametrize(
    ("title", "code", "by_hand"),
    [("# A chapter", "1 + 1", False), (f"# [A]({OWNER})", "1", True), ("# A", f'"{OWNER}"', True)],
    ids=["set-up cell alone", "in the prose", "in the code"],
)
def test_an_address_written_by_hand_is_told_from_the_set_up_cell(
    tmp_path: Path, title: str, code: str, by_hand: bool
) -> None:
    notebook = new_notebook(cells=[new_markdown_cell(title), new_code_cell(code)])
    notebooks.place_setup(notebook, f"{OWNER}@main")
    nbformat.write(notebook, tmp_path / "a.ipynb")
    assert OWNER in (tmp_path / "a.ipynb").read_text(encoding="utf-8")
    assert names_by_hand(tmp_path / "a.ipynb", OWNER) is by_hand


def test_without_a_repository_no_page_links_to_one(unset: Path) -> None:
    dead = ("mybinder", "colab", "github.com/", "None")
    assert [link for link in links(unset) if any(word in link for word in dead)] == []


def test_without_a_repository_the_notebook_can_be_downloaded(unset: Path) -> None:
    downloads = [link for link in links(unset) if link.endswith(".ipynb")]
    assert downloads
    for link in downloads:
        nbformat.validate(nbformat.read((unset.parent / link).resolve(), as_version=4))


def test_with_a_repository_binder_colab_and_source_open_this_chapter(published: Path) -> None:
    found = links(published)
    notebook = "book/1-9-a-chapter.ipynb"
    binder = "https://mybinder.org/v2/gh/somebody/a-copy/main?urlpath=lab/tree/" + notebook
    colab = "https://colab.research.google.com/github/somebody/a-copy/blob/main/" + notebook
    assert [binder, colab, OWNER] == [link for link in (binder, colab, OWNER) if link in found]
    assert any(link.endswith("1-9-a-chapter.ipynb") and "://" not in link for link in found)


def test_with_a_repository_no_page_needs_the_network(published: Path) -> None:
    from .test_links import external_loads

    assert external_loads(published) == []

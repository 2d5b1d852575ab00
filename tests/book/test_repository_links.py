"""Binder, Colab and repository links follow from one setting, and are absent without it.

The same small book shows how exercises look on a page, and which notebooks pages hand out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import exercise_pages
import nbformat
import notebooks
import pytest
import students
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .chapters import STUB, chapter, exercise
from .pages import ROOT, soup

pytest.importorskip("jupyter_book", reason="Jupyter Book is not installed: run `make install`")

JUPYTER_BOOK = str(Path(sys.executable).with_name("jupyter-book"))
OWNER = "https://github.com/somebody/a-copy"


def build(folder: Path, url: str) -> Path:
    """A book with the project's own settings and this address: a page and two notebooks.

    One notebook has a student version; the other, an author's new chapter, has none yet.
    """
    (folder / "book").mkdir(parents=True)
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "book" / "_static", folder / "book" / "_static")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = url
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "_toc.yml").write_text(
        "format: jb-book\nroot: book/start\nchapters:\n"
        "  - file: book/1-8-with-exercises\n  - file: book/1-9-a-chapter\n",
        encoding="utf-8",
    )
    (folder / "book" / "references.bib").write_text("", encoding="utf-8")
    (folder / "book" / "start.md").write_text("# Start\n", encoding="utf-8")
    other = exercise(id="network.another", kind="build", title="With $x^2$")
    nbformat.write(chapter(*exercise(), *other), folder / "book" / "1-8-with-exercises.ipynb")
    assert students.write([folder / "book" / "1-8-with-exercises.ipynb"], keep=True) == []
    last = chapter(*exercise(id="network.third"), title="A chapter")
    last.cells[2].source += "\n\nAs in {ref}`network.another`, $x^2$."
    nbformat.write(last, folder / "book" / "1-9-a-chapter.ipynb")
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


@pytest.mark.parametrize(
    ("name", "notebook"),
    [
        ("1-8-with-exercises", "student/1-8-with-exercises.ipynb"),
        ("1-9-a-chapter", "book/1-9-a-chapter.ipynb"),
    ],
    ids=["the student version", "no student version yet"],
)
def test_with_a_repository_binder_colab_and_source_open_this_chapter(
    published: Path, name: str, notebook: str
) -> None:
    found = links(published.with_name(f"{name}.html"))
    binder = "https://mybinder.org/v2/gh/somebody/a-copy/main?urlpath=lab/tree/" + notebook
    colab = "https://colab.research.google.com/github/somebody/a-copy/blob/main/" + notebook
    assert [binder, colab, OWNER] == [link for link in (binder, colab, OWNER) if link in found]
    opened = [link for link in found if "mybinder" in link or "colab.research" in link]
    assert sorted(opened) == sorted([binder, colab])
    assert any(link.endswith(f"{name}.ipynb") and "://" not in link for link in found)


@pytest.mark.parametrize("build", ["unset", "published"])
def test_the_download_button_serves_the_student_notebook(
    build: str, request: pytest.FixtureRequest
) -> None:
    page = request.getfixturevalue(build).with_name("1-8-with-exercises.html")
    local = [link for link in links(page) if "://" not in link]
    (link,) = {link for link in local if link.endswith(".ipynb")}
    folder = page.parent.parent.parent.parent
    served = (page.parent / link).resolve()
    assert served.read_bytes() == (folder / "student" / served.name).read_bytes()
    cells = [cell.source for cell in nbformat.read(served, as_version=4).cells]
    assert STUB in cells
    assert not any("solution" in cell and "{" in cell for cell in cells)


def test_nothing_of_the_built_book_but_the_page_holds_the_solution(unset: Path) -> None:
    """No other file that is served does: not the source, not the executed notebook."""
    solution = "return np.log(share)"
    site = unset.parent.parent
    holding = [path.relative_to(site).as_posix() for path in site.rglob("*with-exercises*")
               if path.is_file() and solution in path.read_text("utf-8")]  # fmt: skip
    assert holding == []


def test_each_chapter_counts_its_exercises_and_a_title_says_the_kind(unset: Path) -> None:
    def titles(name: str) -> list[str]:
        tags = soup(unset.with_name(f"{name}.html")).select(".exercise .admonition-title")
        return [" ".join(tag.get_text().split()) for tag in tags]

    assert titles("1-9-a-chapter") == ["Exercise 1 · Half a memory derive"]
    assert titles("1-8-with-exercises") == [
        "Exercise 1 · Half a memory derive",
        "Exercise 2 · With \\(x^2\\) build",
    ]


def test_a_solution_is_folded_without_a_script_and_names_its_exercise(unset: Path) -> None:
    page = soup(unset.with_name("1-8-with-exercises.html"))
    folds = page.select("details.lstmlab-solution")
    said = [fold.summary.get_text() for fold in folds if fold.summary]
    assert said == ["Solution to Exercise 1", "Solution to Exercise 2"]
    for fold in folds:
        assert not fold.has_attr("open")
        assert "Each step keeps" in fold.get_text()
        assert "np.log" in fold.get_text()
    assert not page.select(".solution.admonition, .toggle-button")
    outside = [tag for tag in page.select(".highlight") if not tag.find_parent("details")]
    assert outside
    assert not any("return" in tag.get_text() for tag in outside)


def test_an_exercise_can_be_referred_to_from_another_chapter(unset: Path) -> None:
    link = soup(unset).select_one('a[href="1-8-with-exercises.html#network.another"]')
    assert link is not None
    assert link.get_text() == "Exercise 2"


def test_no_id_is_there_twice_on_a_page_with_exercises(unset: Path) -> None:
    page = soup(unset.with_name("1-8-with-exercises.html"))
    ids = [str(tag["id"]) for tag in page.find_all(id=True) if tag.find_parent("article")]
    assert sorted({id for id in ids if ids.count(id) > 1}) == []
    assert "network.half-life" in ids


def test_with_a_repository_no_page_needs_the_network(published: Path) -> None:
    from .test_links import external_loads

    assert external_loads(published) == []


@pytest.mark.parametrize(
    ("url", "opened"),
    [
        ("https://a.org/blob/main/book/x.ipynb", "https://a.org/blob/main/student/x.ipynb"),
        ("https://h.org/?urlpath=lab/tree/a/book/x.ipynb&branch=main",
         "https://h.org/?urlpath=lab/tree/a/student/x.ipynb&branch=main"),
    ],
)  # fmt: skip
def test_a_button_opens_the_student_version(url: str, opened: str) -> None:
    assert exercise_pages.to_student(url, "book/x", Path("student/x.ipynb")) == opened


def test_a_button_that_names_another_file_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="url must name book/x.ipynb"):
        exercise_pages.to_student("https://a.org/book/y.ipynb", "book/x", Path("student/x.ipynb"))

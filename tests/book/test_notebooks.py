"""The chapters as they are stored, read without running them."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from .pages import ROOT, source, toc_files

from notebooks import LARGEST, chapters, faults, package_address, place_setup  # isort: skip  (tools/ is on the path by now)

NOTEBOOKS = chapters()
HEADER = ("**Core question.**", "**You will be able to**", "**Prerequisites.**", "**Minutes.**")
ENDING = {"Summary", "What the paper says, and what you measured"}
chapter = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def headings(path: Path, level: int) -> list[str]:
    """Titles of that level in the Markdown cells of a notebook."""
    found: list[str] = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"^(```|:::).*?^\1", "", cell.source, flags=re.MULTILINE | re.DOTALL)
            found += re.findall(rf"^#{{{level}}} +(.+?) *#*$", prose, flags=re.MULTILINE)
    return found


def test_the_book_has_chapters() -> None:
    assert NOTEBOOKS, "book/ holds no notebook"


@chapter
def test_chapter_was_run_top_to_bottom_and_every_figure_is_described(path: Path) -> None:
    assert list(faults(nbformat.read(path, as_version=4))) == []


@chapter
def test_chapter_installs_the_package_elsewhere_exactly_if_the_project_has_an_address(
    path: Path,
) -> None:
    stored = nbformat.read(path, as_version=4)
    placed = nbformat.read(path, as_version=4)
    place_setup(placed, package_address())
    assert [c.source for c in stored.cells] == [c.source for c in placed.cells], "run make execute"


@chapter
def test_chapter_is_valid_and_small_enough_to_load(path: Path) -> None:
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size <= LARGEST


@chapter
def test_chapter_is_in_the_table_of_contents(path: Path) -> None:
    assert path.relative_to(ROOT).with_suffix("").as_posix() in toc_files()


@chapter
def test_chapter_opens_with_its_question_goals_prerequisites_and_minutes(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    place_setup(notebook, "")
    cells = notebook.cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    opening = "\n".join(cell.source for cell in cells[:2] if cell.cell_type == "markdown")
    assert [part for part in HEADER if part not in opening] == []
    assert re.search(r"\*\*Minutes\.\*\*\s+(?:About )?\d+", opening), "no number of minutes"


@chapter
def test_chapter_has_one_title(path: Path) -> None:
    assert len(headings(path, 1)) == 1


@chapter
def test_chapter_ends_with_a_summary_and_the_paper_beside_the_measurement(path: Path) -> None:
    assert set(headings(path, 2)[-2:]) == ENDING


@pytest.mark.parametrize("name", toc_files())
def test_every_entry_of_the_table_of_contents_exists(name: str) -> None:
    assert source(name) is not None, f"_toc.yml names {name}, and there is no such file"

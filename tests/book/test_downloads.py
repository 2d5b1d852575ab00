"""What the download button of each built page serves, and how the built exercises read."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from exercise_cells import added, exercises
from notebooks import chapters, student_path

from .pages import ROOT, page, require_built, soup

pytestmark = pytest.mark.built
every = pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)


@every
def test_the_download_button_serves_the_student_notebook(path: Path) -> None:
    require_built()
    here = page(path.relative_to(ROOT).with_suffix("").as_posix())
    links = {str(tag["href"]) for tag in soup(here).find_all("a", href=True)}
    served = [here.parent / link for link in links
              if link.endswith(f"{path.stem}.ipynb") and "://" not in link]  # fmt: skip
    assert len(served) == 1
    assert served[0].resolve().read_bytes() == student_path(path).read_bytes()
    nbformat.validate(nbformat.read(served[0].resolve(), as_version=4))


@every
def test_each_exercise_of_a_page_has_its_number_its_stub_and_a_folded_solution(path: Path) -> None:
    require_built()
    tree = soup(page(path.relative_to(ROOT).with_suffix("").as_posix()))
    found = exercises(nbformat.read(path, as_version=4))
    boxes, folds = tree.select("div.exercise.admonition"), tree.select("details.lstmlab-solution")
    assert [box["id"] for box in boxes] == [one.id for one in found]
    assert len(folds) == len(found)
    for n, (one, box, fold) in enumerate(zip(found, boxes, folds, strict=True), start=1):
        title = box.select_one(".admonition-title")
        assert title is not None
        assert title.get_text().startswith(f"Exercise {n}")
        assert title.get_text().endswith(one.kind)
        assert "raise NotImplementedError" in box.get_text()
        assert fold.summary is not None
        assert fold.summary.get_text() == f"Solution to Exercise {n}"
        assert not fold.has_attr("open")
        assert added(one.stub, one.solution)[0].strip() in fold.get_text()
        verdict = fold.select_one(".lstmlab-feedback")
        assert verdict is not None
        assert "Right." in verdict.get_text()

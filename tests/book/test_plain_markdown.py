"""What only the book's pages understand becomes plain Markdown, or is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from plain_markdown import Book, Plain, equations, labels, references

from .chapters import chapter
from .pages import ROOT

import nbformat  # isort: skip

BIB = """
@article{One, author = {Greff, Klaus}, title = {A}, year = {2017}}
@article{Two, author = {Gers, Felix and Schmidhuber, J{\\"u}rgen}, title = {B}, year = {2000}}
@article{Many, author = {de la Cruz, A and Bengio, Y and C, C}, title = {C}, year = {1994}}
@misc{Undated, author = {Newhouse, Laker}, title = {D}, year = {n.d.}}
@misc{Nobody, title = {E}, year = {2001}}
"""


@pytest.fixture
def plain(tmp_path: Path) -> Plain:
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "references.bib").write_text(BIB, "utf-8")
    (folder / "errata.md").write_text("# Errata of the papers\n\nNone.\n", "utf-8")
    nbformat.write(chapter(title="The block"), folder / "1-2-the-block.ipynb")
    names = {"network.x": "Exercise 2", "gates": "The gates"}
    return Plain(Book(folder, references(folder), names), {"forward": 1, "loss": 2})


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("see {doc}`1-2-the-block`", "see [The block](1-2-the-block.ipynb)"),
        ("see {doc}`the {1st} <1-2-the-block>`", "see [the {1st}](1-2-the-block.ipynb)"),
        ("see {doc}`/book/errata`", "see [Errata of the papers](../book/errata.md)"),
        ("[here](1-2-the-block.ipynb#gates)", "[here](1-2-the-block.ipynb#gates)"),
        ("[here](errata.md)", "[here](../book/errata.md)"),
        ("[out](https://example.org/a.md)", "[out](https://example.org/a.md)"),
        ("[down](#gates)", "[down](#gates)"),
        ("{cite:t}`One` says", "Greff (2017) says"),
        ("{cite:t}`One,Two`", "Greff (2017) and Gers and Schmidhuber (2000)"),
        ("so {cite:p}`Two, Many`.", "so (Gers & Schmidhuber, 2000; de la Cruz et al., 1994)."),
        ("so {cite}`Undated`.", "so (Newhouse, n.d.)."),
        ("by {cite:author}`Many` in {cite:year}`Many`", "by de la Cruz et al. in 1994"),
        ("by {eq}`loss`", "by (2)"),
        ("in {ref}`network.x`", "in Exercise 2"),
        ("in {ref}`that section <gates>`", "in that section"),
        ("in {numref}`network.x`", "in Exercise 2"),
        ("{math}`x^2` and {abbr}`BPTT (backpropagation)`", "$x^2$ and BPTT (backpropagation)"),
        ("(gates)=\n## The gates", "## The gates"),
        ("% a comment\nText\n\n+++\n\nMore", "Text\n\nMore"),
        ("$$\na = b\n$$ (forward)", "$$\na = b \\tag{1}\n$$"),
        ("$$a = b$$ (loss)", "$$a = b \\tag{2}\n$$"),
        ("$$\na = b\n$$", "$$\na = b\n$$"),
        ("```{math}\n:label: loss\na = b\n```", "$$\na = b \\tag{2}\n$$"),
        ("```python\nx = {doc}\n```", "```python\nx = {doc}\n```"),
        ("```{code-block} python\nx = 1\n```", "```python\nx = 1\n```"),
        ("`[a](b)` and $f[x](y)$ stay", "`[a](b)` and $f[x](y)$ stay"),
        ("- a\n- b\n\n| a |\n|---|\n| 1 |", "- a\n- b\n\n| a |\n|---|\n| 1 |"),
        ("<details>\n<summary>Q</summary>\n\n{eq}`loss`\n\n</details>",
         "<details>\n<summary>Q</summary>\n\n(2)\n\n</details>"),
    ],
)  # fmt: skip
def test_myst_becomes_what_every_notebook_shows(plain: Plain, myst: str, markdown: str) -> None:
    assert plain(myst) == markdown


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("```{note}\nMind {eq}`loss`.\n```", "> **Note.** Mind (2)."),
        (":::{warning}\nFirst.\n\n- a\n- b\n:::", "> **Warning.** First.\n>\n> - a\n> - b"),
        ("```{note} Right here.\n```", "> **Note.** Right here."),
        ("```{seealso}\nThat.\n```", "> **See also.** That."),
        (
            "````{admonition} Erratum: the sign\n:class: warning\n\nIt is $-1$.\n\n"
            "```python\nx = -1\n```\n````",
            "> **Erratum: the sign.** It is $-1$.\n>\n> ```python\n> x = -1\n> ```",
        ),
        (
            "```{admonition} Why?\n:class: tip dropdown\nSo.\n```",
            "<details>\n<summary><strong>Why?</strong></summary>\n\nSo.\n\n</details>",
        ),
        (
            "::::{note}\n:::{tip}\nIn it.\n:::\n::::",
            "> **Note.**\n>\n> > **Tip.** In it.",
        ),
        (
            "a\n\n```{dropdown} More\nSo.\n```\n\nb",
            "a\n\n<details>\n<summary><strong>More</strong></summary>\n\nSo.\n\n</details>\n\nb",
        ),
    ],
)  # fmt: skip
def test_boxes_become_quotations_and_folds(plain: Plain, myst: str, markdown: str) -> None:
    assert plain(myst) == markdown


@pytest.mark.parametrize(
    ("myst", "complaint"),
    [
        ("{doc}`1-9-nowhere`", "names a page that is not there: 1-9-nowhere"),
        ("[a](nowhere.md)", "links to nowhere.md"),
        ("{eq}`nowhere`", "refers to the equation 'nowhere'"),
        ("{ref}`nowhere`", "refers to the label 'nowhere'"),
        ("{cite:t}`Nowhere`", "cites Nowhere, which references.bib does not hold"),
        ("{cite:t}`Nobody`", "cites Nobody, which has no author"),
        ("{glue}`x`", "has a role that plain Markdown has no form for: {glue}`x`"),
        ("```{list-table}\n* - a\n```", "has a directive that plain Markdown has no form for"),
        ("```{note}\nwithout an end", "has a block that does not end"),
        ("- a\n\n  ```{note}\n  b\n  ```", "has a directive inside another block"),
        ("A claim.[^1]\n\n[^1]: So it is.", "has a footnote"),
    ],
)
def test_what_has_no_plain_form_is_refused(plain: Plain, myst: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint.replace("[", r"\[")):
        plain(myst)


def test_equations_are_numbered_as_on_the_page_and_headings_found_by_label() -> None:
    notebook = new_notebook(cells=[
        new_markdown_cell("(top)=\n# Title\n\n$$a$$\n\n$$b$$ (first)"),
        new_markdown_cell("```{math}\n:label: second\nc\n```\n\n(low)=\n## The *end*"),
        new_markdown_cell("$$\nd\n$$\n\nand\n\n$$\nd\n$$ (third)"),
    ])  # fmt: skip
    assert equations(notebook) == {"first": 1, "second": 2, "third": 3}
    assert labels(notebook) == {"top": "Title", "low": "The *end*"}


def test_the_book_s_own_references_can_be_read() -> None:
    assert "Greff2017" in references(ROOT / "book").entries

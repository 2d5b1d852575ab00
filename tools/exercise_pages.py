"""How exercises look on the book's pages, and which notebook a page hands out.

sphinx-exercise numbers exercises through the whole book and folds a solution by a script. Here
each chapter counts its own, as its student notebook does, and a solution is a ``<details>``: it
opens by keyboard, without a script, and when a reader searches the page.
"""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path
from typing import TypedDict

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_exercise.nodes import exercise_enumerable_node, solution_node

FOLDER = "student"


class Button(TypedDict, total=False):
    """A button, or a group of them, in the header of a page."""

    url: str
    label: str
    buttons: list[Button]


def number_by_chapter(app: Sphinx, env: BuildEnvironment) -> None:
    """Let every chapter's exercises start at 1."""
    for numbers in env.toc_fignumbers.values():
        ids = numbers.get("exercise", {})
        numbers["exercise"] = {id: (n,) for n, id in enumerate(ids, start=1)}


def dress(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give exercises a title that says their kind, and turn solutions into ``<details>``."""
    if app.builder.format != "html":
        return
    numbers = app.env.toc_fignumbers.get(docname, {}).get("exercise", {})
    for node in list(doctree.findall(exercise_enumerable_node)):
        _title(node)
        _open_content(node, "exercise-content")
    for node in list(doctree.findall(solution_node)):
        _open_content(node, "solution-content")
        number = ".".join(map(str, numbers.get(node["target_label"], ())))
        summary = html.escape(f"Solution to Exercise {number}")
        ids = "".join(f' id="{html.escape(id)}"' for id in node["ids"][:1])
        opening = f'<details class="lstmlab-solution"{ids}><summary>{summary}</summary>'
        _replace(node, [
            nodes.raw("", opening, format="html"),
            *node.children[1:],
            nodes.raw("", "</details>", format="html"),
        ])  # fmt: skip


def _title(node: nodes.Element) -> None:
    """From "(The title (kind))", as sphinx-exercise writes it, to "· The title" and the kind."""
    title = node[0]
    last = title[-2] if len(title) > 2 else None
    kind = re.search(r"\s*\((\w+)\)$", last.astext()) if last is not None else None
    if not isinstance(last, nodes.Text) or kind is None:
        return
    words = [nodes.Text("· "), *title.children[1:-2], nodes.Text(last[: kind.start()])]
    title.children = []
    title += [*words, nodes.Text(" "), nodes.inline("", kind[1], classes=["lstmlab-exercise-kind"])]


def _open_content(node: nodes.Element, id: str) -> None:
    """Take the content out of a section whose id every exercise of a page shares."""
    for section in list(node.findall(nodes.section)):
        if id in section["ids"]:
            _replace(section, section.children)


def _replace(node: nodes.Element, others: list[nodes.Node]) -> None:
    """Put `others` where `node` is. Docutils' own would hand its id and classes to the first."""
    place = node.parent.index(node)
    node.parent[place : place + 1] = others


def student_of(app: Sphinx, docname: str) -> Path | None:
    """The student notebook of a page, if it is made from a chapter that has one."""
    source = Path(app.env.doc2path(docname))
    path = source.parent.parent / FOLDER / f"{source.stem}.ipynb"
    return path if source.suffix == ".ipynb" and path.is_file() else None


def launch_student(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, object], doctree: object
) -> None:
    """Let the buttons for Binder and Colab open the student notebook of a page."""
    buttons = context.get("header_buttons")
    if pagename not in app.env.found_docs or not isinstance(buttons, list):
        return
    student = student_of(app, pagename)
    if student is None:
        return
    for group in buttons:
        if group.get("label") == "launch-buttons":
            for button in group["buttons"]:
                button["url"] = to_student(button["url"], pagename, student)


def to_student(url: str, pagename: str, student: Path) -> str:
    """`url` with the file of the student notebook in the place of the page's own notebook.

    Raises
    ------
    ValueError
        If `url` does not name the page's notebook.
    """
    before, own, after = url.rpartition(f"{pagename}.ipynb")
    if not own:
        raise ValueError(f"url must name {pagename}.ipynb, got {url!r}")
    folder = Path(pagename).parent.parent / FOLDER
    return f"{before}{(folder / student.name).as_posix()}{after}"


def serve_students(app: Sphinx, exception: Exception | None) -> None:
    """Put student notebooks where the download buttons of their chapters look."""
    if exception is not None or app.builder.format != "html":
        return
    for docname in app.env.found_docs:
        student = student_of(app, docname)
        if student is not None:
            shutil.copyfile(student, Path(app.outdir) / "_sources" / f"{docname}.ipynb")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the functions above; Sphinx calls this."""
    app.setup_extension("sphinx_exercise")
    app.connect("env-check-consistency", number_by_chapter)
    app.connect("doctree-resolved", dress)
    app.connect("html-page-context", launch_student, priority=600)
    app.connect("build-finished", serve_students)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""MyST Markdown, as the chapters write it, in the plain Markdown that every notebook shows.

Roles and directives mean something to the book's pages alone: JupyterLab and Colab would show
them as they are typed. What is not known here is refused by name, so that nothing comes through
by silence.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import nbformat
from nbformat import NotebookNode
from pybtex.database import BibliographyData, Entry, parse_file

V = TypeVar("V")

FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})(?:\{(?P<name>[\w:-]+)\})?[ ]*(?P<rest>.*)$")
ROLE = re.compile(r"\{(?P<name>[\w:-]+)\}`(?P<text>[^`]+)`")
# Code and mathematics, in which nothing is a link.
VERBATIM = re.compile(
    r"(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|\$\$.+?\$\$|(?<![\\$])\$[^$\n]+\$",
    re.DOTALL,
)
LINK = re.compile(r"(!?\[[^\]]*\])\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")
TARGET = re.compile(r"^\((?P<label>[\w.:-]+)\)=\s*$")
LEFT = re.compile(r"^[ >]*(?:`{3,}|:{3,})\{[\w:-]+\}.*$", re.MULTILINE)
OPTION = re.compile(r"^:(?P<name>[\w-]+):\s*(?P<value>.*)$")
LABELLED = re.compile(r"^\$\$(?P<body>[^$]+)\$\$ *\((?P<label>[\w.:-]+)\) *$", re.MULTILINE)
EQUATION = re.compile(
    LABELLED.pattern + r"|^[`:]{3,}\{math\}[^\n]*\n:label: *(?P<other>\S+)", re.MULTILINE
)
TITLED = re.compile(r"^(?P<title>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)
BOXES = {
    "note", "tip", "hint", "important", "warning", "caution", "attention", "danger", "error",
    "seealso", "admonition", "margin", "sidebar", "dropdown",
}  # fmt: skip
BLOCK = re.compile(r"[>`~|#$]|[-*+] |\d+\. ")  # what begins on a line of its own
FOLDED = {"dropdown", "toggle"}


@dataclass(frozen=True)
class Book:
    """What one chapter may refer to in the others.

    Attributes
    ----------
    folder : Path
        Where the chapters are.
    references : BibliographyData
    labels : dict of str to str
        What a ``{ref}`` to a label says: "Exercise 2", or the heading it stands before.
    """

    folder: Path
    references: BibliographyData
    labels: Mapping[str, str]


def heading(path: Path) -> str:
    """The first heading of a notebook or a Markdown file."""
    cells = (
        [cell.source for cell in nbformat.read(path, as_version=4).cells]
        if path.suffix == ".ipynb"
        else [path.read_text("utf-8")]
    )
    found = re.search(r"^# +(.+?) *$", "\n".join(cells), flags=re.MULTILINE)
    if not found:
        raise ValueError(f"{path.name} has no title")
    return found[1]


def labels(notebook: NotebookNode) -> dict[str, str]:
    """What a ``{ref}`` says to each ``(label)=`` of a notebook: the heading that follows it."""
    found = {}
    for cell in notebook.cells:
        lines = cell.source.splitlines() if cell.cell_type == "markdown" else []
        for line, after in itertools.pairwise(lines):
            target = TARGET.match(line)
            if target and after.startswith("#"):
                found[target["label"]] = after.lstrip("# ").strip()
    return found


def references(folder: Path) -> BibliographyData:
    """What ``references.bib`` in `folder` holds; nothing if there is none."""
    path = folder / "references.bib"
    return parse_file(str(path)) if path.is_file() else BibliographyData()


def equations(notebook: NotebookNode) -> dict[str, int]:
    """Numbers of the labelled equations of a notebook, as its page counts them."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = (one["label"] or one["other"] for one in EQUATION.finditer(text))
    return {label: n for n, label in enumerate(found, start=1)}


class Plain:
    """Turns the Markdown cells of one chapter.

    Parameters
    ----------
    book : Book
    numbers : mapping of str to int
        The chapter's labelled equations: `equations`.
    """

    def __init__(self, book: Book, numbers: Mapping[str, int]) -> None:
        self.book = book
        self.numbers = numbers
        self.roles: dict[str, Callable[[str], str]] = {
            "doc": self._doc,
            "eq": lambda text: f"({self._known(text, self.numbers, 'equation')})",
            "ref": self._ref,
            "numref": self._ref,
            "math": lambda text: f"${text}$",
            "abbr": lambda text: text,
            "term": lambda text: text,
            "cite": self._cite_p,
            "cite:p": self._cite_p,
            "cite:ps": self._cite_p,
            "cite:t": self._cite_t,
            "cite:ts": self._cite_t,
            "cite:author": lambda text: self._authors(text, "and"),
            "cite:year": lambda text: self._year(text),
        }

    def __call__(self, source: str) -> str:
        """`source` without roles and directives.

        Raises
        ------
        ValueError
            If it holds a role, a directive or a link that plain Markdown has no form for.
        """
        text = re.sub(r"\n{3,}", "\n\n", self._blocks(source.splitlines())).strip("\n")
        if left := LEFT.search(text):
            raise ValueError(f"has a directive inside another block: {left.group().strip()}")
        return text

    # Blocks: fences are taken apart line by line, everything else goes through `_prose`.

    def _blocks(self, lines: list[str]) -> str:
        out: list[str] = []
        prose: list[str] = []
        place = 0
        while place < len(lines):
            opening = FENCE.match(lines[place])
            if not opening or (opening["fence"][0] == ":" and not opening["name"]):
                prose.append(lines[place])
                place += 1
                continue
            end = self._end(lines, place, opening["fence"])
            out.append(self._prose(prose))
            prose = []
            body = lines[place + 1 : end]
            out.append(
                self._directive(opening["name"], opening["rest"].strip(), body)
                if opening["name"]
                else "\n".join(lines[place : end + 1])
            )
            place = end + 1
        out.append(self._prose(prose))
        return "\n".join(part for part in out if part)

    @staticmethod
    def _end(lines: list[str], start: int, fence: str) -> int:
        for place in range(start + 1, len(lines)):
            if re.fullmatch(rf"{fence[0]}{{{len(fence)},}}\s*", lines[place]):
                return place
        raise ValueError(f"has a block that does not end: {lines[start]!r}")

    def _directive(self, name: str, argument: str, body: list[str]) -> str:
        options: dict[str, str] = {}
        while body and (option := OPTION.match(body[0])):
            options[option["name"]] = option["value"].strip()
            body = body[1:]
        inner = "\n".join(body).strip("\n")
        if name in BOXES:
            named = name in ("admonition", "dropdown", "margin", "sidebar")
            title = argument if named else {"seealso": "See also"}.get(name, name.capitalize())
            if argument and not named:
                inner = f"{argument}\n{inner}".strip()
            folded = name == "dropdown" or bool(FOLDED & {*options.get("class", "").split()})
            return self._box(self._prose([title]), self._blocks(inner.splitlines()), folded=folded)
        if name == "math":
            label = f" ({options['label']})" if "label" in options else ""
            return self._prose([f"$$\n{inner}\n$${label}"])
        if name in ("code", "code-block"):
            return f"```{argument}\n{inner}\n```"
        if name in ("figure", "image"):
            caption = f"\n\n*{self._prose([inner])}*" if inner else ""
            return self._prose([f"![{options.get('alt', '')}]({argument})"]) + caption
        raise ValueError(f"has a directive that plain Markdown has no form for: {{{name}}}")

    @staticmethod
    def _box(title: str, body: str, *, folded: bool) -> str:
        if folded:
            summary = f"<summary><strong>{title}</strong></summary>"
            return f"<details>\n{summary}\n\n{body}\n\n</details>\n"
        stop = "" if not title or title[-1] in ".?!:" else "."
        space = "\n\n" if BLOCK.match(body) else " "
        text = f"**{title}{stop}**{space}{body}" if title else body
        return textwrap.indent(text, "> ", lambda line: True).replace("> \n", ">\n") + "\n"

    # Prose: everything between fences.

    def _prose(self, lines: list[str]) -> str:
        kept = [line for line in lines
                if not TARGET.match(line) and not line.startswith(("% ", "+++"))]  # fmt: skip
        text = "\n".join(kept)
        if re.search(r"\[\^[\w-]+\]", text):
            raise ValueError("has a footnote, which notebooks do not show: say it in brackets")
        pieces, last = [], 0
        for found in VERBATIM.finditer(text):
            pieces += [LINK.sub(self._link, text[last : found.start()]), found.group()]
            last = found.end()
        text = "".join([*pieces, LINK.sub(self._link, text[last:])])
        return ROLE.sub(self._role, LABELLED.sub(self._equation, text))

    def _equation(self, found: re.Match[str]) -> str:
        number = self._known(found["label"], self.numbers, "equation")
        return f"$${found['body'].rstrip()} \\tag{{{number}}}\n$$"

    def _role(self, found: re.Match[str]) -> str:
        if found["name"] not in self.roles:
            raise ValueError(f"has a role that plain Markdown has no form for: {found.group()}")
        return self.roles[found["name"]](found["text"].strip())

    def _link(self, found: re.Match[str]) -> str:
        """A link to a file of the book, from the folder of the student notebooks."""
        text, target, place = found[1], found[2], found[3] or ""
        path = (self.book.folder / target).resolve()
        if not path.exists():
            raise ValueError(f"links to {target}, which is not there")
        if path.suffix == ".ipynb" and path.parent == self.book.folder.resolve():
            return f"{text}({path.name}{place})"
        return f"{text}(../{self.book.folder.name}/{target}{place})"

    def _doc(self, text: str) -> str:
        titled = TITLED.match(text)
        target = titled["target"] if titled else text
        name = target.removeprefix(f"/{self.book.folder.name}/")
        for suffix in (".ipynb", ".md"):
            path = self.book.folder / f"{name}{suffix}"
            if path.is_file():
                return self._link_to(path, titled["title"] if titled else heading(path))
        raise ValueError(f"names a page that is not there: {target}")

    def _link_to(self, path: Path, title: str) -> str:
        place = path.name if path.suffix == ".ipynb" else f"../{self.book.folder.name}/{path.name}"
        return f"[{title}]({place})"

    def _ref(self, text: str) -> str:
        titled = TITLED.match(text)
        if titled:
            self._known(titled["target"], self.book.labels, "label")
            return titled["title"]
        return str(self._known(text, self.book.labels, "label"))

    @staticmethod
    def _known(name: str, table: Mapping[str, V], what: str) -> V:
        if name not in table:
            raise ValueError(f"refers to the {what} {name!r}, which is not there")
        return table[name]

    # Citations, in author-year form.

    def _cite_p(self, text: str) -> str:
        keys = [key.strip() for key in text.split(",")]
        named = [f"{self._authors(key, '&')}, {self._year(key)}" for key in keys]
        return f"({'; '.join(named)})"

    def _cite_t(self, text: str) -> str:
        keys = [key.strip() for key in text.split(",")]
        return " and ".join(f"{self._authors(key, 'and')} ({self._year(key)})" for key in keys)

    def _authors(self, key: str, joint: str) -> str:
        people = self._entry(key).persons.get("author") or self._entry(key).persons.get("editor")
        if not people:
            raise ValueError(f"cites {key}, which has no author")
        names = [
            " ".join(str(part) for part in (*one.rich_prelast_names, *one.rich_last_names))
            for one in people
        ]
        if len(names) > 2:
            return f"{names[0]} et al."
        return f" {joint} ".join(names)

    def _year(self, key: str) -> str:
        return str(self._entry(key).fields.get("year", "n.d."))

    def _entry(self, key: str) -> Entry:
        if key not in self.book.references.entries:
            raise ValueError(f"cites {key}, which references.bib does not hold")
        return self.book.references.entries[key]

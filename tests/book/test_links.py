"""Every link of the built book leads somewhere, and no page needs the network."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from .pages import BUILT, page, require_built, soup, toc_files

pytestmark = pytest.mark.built

LOADING = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "audio": ("src",),
    "video": ("src", "poster"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "link": ("href",),
}
# <link> relations that name a page rather than load a file.
NAMING = {"canonical", "index", "search", "next", "prev", "author", "license"}
EXTERNAL = re.compile(r"^\s*(?:https?:|wss?:)?//", re.IGNORECASE)
CSS_LOAD = re.compile(r"(?:@import\s+|url\(\s*)[\"']?\s*(?:https?:)?//[^)\"'\s]+", re.IGNORECASE)
CDN = re.compile(
    r"https?://[\w.-]*(?:unpkg\.com|jsdelivr\.net|cloudflare\.com|googleapis\.com|gstatic\.com"
    r"|fontawesome\.com|mathjax\.org)[^\s\"']*"
)


def built_pages() -> list[Path]:
    """Every HTML page of the built book."""
    return sorted(require_built().rglob("*.html"))


@cache
def anchors(path: Path) -> frozenset[str]:
    """Every place in a page that a link may name."""
    tags = soup(path).find_all(True)
    return frozenset(
        str(tag[key]) for tag in tags for key in ("id", "name") if tag.has_attr(key)
    )


def external_loads(path: Path) -> list[str]:
    """Addresses on other machines from which a page takes scripts, styles, fonts or images."""
    tree = soup(path)
    found: list[str] = []
    for name, keys in LOADING.items():
        for tag in tree.find_all(name):
            if name == "link" and NAMING & set(tag.get("rel") or []):
                continue
            found += [str(tag[key]) for key in keys if EXTERNAL.match(str(tag.get(key, "")))]
    for tag in tree.find_all("style"):
        found += CSS_LOAD.findall(tag.get_text())
    for tag in tree.find_all(style=True):
        found += CSS_LOAD.findall(str(tag["style"]))
    for tag in tree.find_all("script"):
        found += CDN.findall(tag.get_text())
    return found


@pytest.mark.parametrize("name", toc_files())
def test_every_document_was_built(name: str) -> None:
    require_built()
    assert page(name).is_file()


@pytest.mark.parametrize("name", toc_files())
def test_internal_links_and_anchors_resolve(name: str) -> None:
    require_built()
    here = page(name)
    broken: list[str] = []
    for tag in soup(here).find_all("a", href=True):
        link = urlsplit(str(tag["href"]))
        if link.scheme or link.netloc:
            continue
        target = (here.parent / unquote(link.path)).resolve() if link.path else here
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(BUILT) or not target.is_file():
            broken.append(f"{tag['href']} (no such file)")
        elif (
            link.fragment
            and target.suffix == ".html"
            and unquote(link.fragment) not in anchors(target)
        ):
            broken.append(f"{tag['href']} (no such place in the page)")
    assert broken == []


@pytest.mark.parametrize("name", toc_files())
def test_files_a_page_loads_exist(name: str) -> None:
    require_built()
    here = page(name)
    tree = soup(here)
    missing: list[str] = []
    for tag_name, keys in LOADING.items():
        for tag in tree.find_all(tag_name):
            for key in keys:
                link = urlsplit(str(tag.get(key, "")))
                if link.scheme or link.netloc or not link.path or key == "srcset":
                    continue
                if not (here.parent / unquote(link.path)).resolve().is_file():
                    missing.append(str(tag[key]))
    assert missing == []


def test_no_page_loads_anything_from_the_network() -> None:
    loads = {path.relative_to(BUILT).as_posix(): external_loads(path) for path in built_pages()}
    assert {path: found for path, found in loads.items() if found} == {}


def test_no_stylesheet_loads_anything_from_the_network() -> None:
    require_built()
    loads = {
        path.relative_to(BUILT).as_posix(): CSS_LOAD.findall(path.read_text(encoding="utf-8"))
        for path in BUILT.rglob("*.css")
    }
    assert loads, "the built book has no stylesheet"
    assert {path: found for path, found in loads.items() if found} == {}


def test_pages_with_equations_take_mathjax_from_the_book() -> None:
    require_built()
    with_equations = 0
    for path in built_pages():
        tree = soup(path)
        if not tree.select(".math.notranslate"):
            continue
        with_equations += 1
        scripts = [str(tag["src"]).split("?")[0] for tag in tree.find_all("script", src=True)]
        local = [link for link in scripts if "mathjax" in link]
        assert len(local) == 1, f"{path.name} loads MathJax {len(local)} times"
        assert (path.parent / local[0]).resolve().is_file()
    assert with_equations, "no page of the book has an equation"

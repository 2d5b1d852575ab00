"""A Sphinx extension: what the book's pages need beyond Jupyter Book's settings.

The pages must work with no network, so MathJax is copied beside them from the installed
``sphinx-mathjax-offline`` package and no script is taken from anywhere else. Links to Binder,
Colab and the repository are made only if ``repository.url`` in ``_config.yml`` names one.
Exercises, and the student notebooks that pages hand out, are in ``exercise_pages``.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

MATHJAX_PACKAGE = "sphinx-mathjax-offline"
# The script with every TeX extension inside, so that a page never loads one later; its fonts;
# and what its right-click menu loads when a reader asks for speech or an expression explorer.
MATHJAX_SCRIPT = "tex-chtml-full.js"
MATHJAX_PARTS = (
    MATHJAX_SCRIPT,
    "output/chtml/fonts/woff-v2",
    "a11y",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
)


def mathjax_folder() -> Path:
    """Folder of the MathJax files that the installed package brings.

    Raises
    ------
    ExtensionError
        If the package is not installed or lacks one of ``MATHJAX_PARTS``.
    """
    spec = find_spec(MATHJAX_PACKAGE)
    if spec is None or spec.origin is None:
        raise ExtensionError(f"{MATHJAX_PACKAGE} is not installed: run `make install`")
    folder = Path(spec.origin).parent / "static" / "mathjax"
    for part in MATHJAX_PARTS:
        if not (folder / part).exists():
            raise ExtensionError(f"{MATHJAX_PACKAGE} has no {part} in {folder}")
    return folder


def copy_mathjax(app: Sphinx) -> None:
    """Put MathJax into ``_static/mathjax`` of the built pages, before they are written."""
    if app.builder.format != "html":
        return
    source = mathjax_folder()
    target = Path(app.outdir) / "_static" / "mathjax"
    for part in MATHJAX_PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        else:
            shutil.copyfile(source / part, target / part)


def configure(app: Sphinx, config: Config) -> None:
    """Point pages at the local MathJax, drop scripts from elsewhere and links that lead nowhere."""
    config.mathjax_path = f"mathjax/{MATHJAX_SCRIPT}"
    # Widgets are shown by their HTML twin, so the pages need neither require.js nor html-manager.
    config.nb_ipywidgets_js = {}
    options = config.html_theme_options
    public = bool(str(options.get("repository_url") or "").strip())
    options["use_repository_button"] = public
    if not public:
        options["launch_buttons"] = {}


def silence_thebe(app: Sphinx) -> None:
    """Keep sphinx-thebe, which Jupyter Book always loads, from adding its CDN script to pages."""
    for event in ("env-before-read-docs", "doctree-resolved"):
        for listener in list(app.events.listeners.get(event, ())):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the functions above; Sphinx calls this."""
    app.setup_extension("exercise_pages")
    app.connect("config-inited", configure, priority=100)
    app.connect("builder-inited", copy_mathjax)
    app.connect("builder-inited", silence_thebe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

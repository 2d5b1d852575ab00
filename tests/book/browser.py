"""A headless Chromium and a local server for the built pages, both without a network."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]



def absent(reason: str) -> None:
    """Skip for want of a browser, or fail where ``LSTMLAB_REQUIRE_BROWSER=1`` asks for one."""
    if os.environ.get("LSTMLAB_REQUIRE_BROWSER") == "1":
        pytest.fail(f"LSTMLAB_REQUIRE_BROWSER=1, and {reason}")
    pytest.skip(f"{reason}: the pages are not tried in a browser")


@contextmanager
def chromium() -> Iterator[object]:
    """The system's Chromium, or else Playwright's own; a test without either is skipped."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        absent("Playwright is not installed")
        return
    path = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            absent(f"no Chromium starts ({str(error).strip().splitlines()[0]})")
            return
        try:
            yield browser
        finally:
            browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line in the log for each."""

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address at which the files of `folder` are served on this machine."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join(timeout=10)

"""A server of one file, and a machine without data sets, for the tests of `lstmlab.tasks`."""

import functools
import http.server
import threading

import pytest

from lstmlab.tasks import fetching, store

from .served import Server


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        running.asked, running.begins = [], []
        thread = threading.Thread(target=functools.partial(running.serve_forever, 0.01))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No data set of this machine is found, and the cache is a fresh folder."""
    monkeypatch.delenv(store.ENVIRONMENT, raising=False)
    monkeypatch.setenv("no_proxy", "*")
    for module in (store, fetching):
        monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "cache")

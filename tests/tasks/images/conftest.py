"""A machine without data sets, whose cache is a fresh folder."""

import pytest

from lstmlab.tasks import fetching, store


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.delenv("LSTMLAB_DATA", raising=False)
    for module in (store, fetching):
        monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"

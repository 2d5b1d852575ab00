"""Data files are looked for in the folders that the reader names, then in the cache."""

import pytest

from lstmlab.tasks import MissingDataError, store

from .served import DATA, NAME, record


@pytest.mark.usefixtures("nowhere")
def test_find_looks_in_root_then_environment_then_cache(server, tmp_path, monkeypatch):
    known = record(server)
    places = [tmp_path / name for name in ("cache", "environment", "root")]
    monkeypatch.setenv(store.ENVIRONMENT, str(places[1]))
    places[2].mkdir()
    places[1].mkdir()
    assert store.find(known, places[2]) is None
    for place in places:
        place.mkdir(exist_ok=True)
        (place / NAME).write_bytes(DATA)
        assert store.find(known, places[2]) == place / NAME
    assert store.folders(places[2]) == places[::-1]
    with pytest.raises(MissingDataError):
        store.find(known, tmp_path / "nothing")


@pytest.mark.usefixtures("nowhere")
def test_what_is_no_file_is_not_found(server, tmp_path):
    known = record(server)
    (tmp_path / "cache" / NAME).mkdir(parents=True)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / NAME).symlink_to("nothing")
    assert store.find(known, tmp_path / "root") is None


def test_the_cache_is_the_systems_own(monkeypatch):
    monkeypatch.undo()
    assert "lstmlab" in str(store.cache_folder())
    assert store.cache_folder().is_absolute()

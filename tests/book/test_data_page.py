"""The page about data says what the records say, and every data set is on it."""

from __future__ import annotations

import data_page

from lstmlab.tasks import records


def test_the_page_is_what_the_records_say() -> None:
    assert data_page.PAGE.read_text("utf-8") == data_page.page()


def test_every_data_set_is_on_it() -> None:
    page = data_page.page()
    for name, record in records().items():
        assert f"`{name}`" in page
        for said in (record.what, record.publisher, record.licence, record.default, record.differs):
            assert said in page


def test_a_page_that_says_something_else_is_noticed(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(data_page, "PAGE", tmp_path / "data.md")
    monkeypatch.setattr("sys.argv", ["data_page", "--check"])
    assert data_page.main() == 1
    assert "make students" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["data_page"])
    assert data_page.main() == 0
    monkeypatch.setattr("sys.argv", ["data_page", "--check"])
    assert data_page.main() == 0

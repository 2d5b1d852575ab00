"""What the command lines of the results share: a rate is tuned, and a record says what was run."""

import platform
import sys
from functools import partial

import pytest

import lstmlab
from lstmlab.results import about, images, making, record, reviews, shakespeare, table
from lstmlab.results.making import command_line, publish, tuned

ROW = {"source": "somewhere", "test": 0.5}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where results are recorded, in place of the package's own folder."""
    monkeypatch.setattr(making, "record", partial(record, folder=tmp_path))
    return tmp_path


def test_the_rate_with_the_best_score_is_taken_and_of_several_the_first(capsys):
    scores = {0.1: 2.0, 0.3: 1.0, 1.0: 1.0, 3.0: 2.0}
    assert tuned("SRN", tuple(scores), scores.__getitem__) == 0.3
    assert tuned("SRN", tuple(scores), scores.__getitem__, max) == 0.1
    assert capsys.readouterr().out == f"SRN: {scores}\n" * 2


def test_what_is_published_says_how_it_was_made(folder, capsys):
    publish("some", {"": [ROW]}, command="some --real", seconds=59.6, by="NumPy, float32",
            sources=["somewhere"])  # fmt: skip
    made = about("some", folder)
    assert made.command == "python -m lstmlab.results.some --real"
    assert made.seconds == 60
    assert made.machine == f"one core ({platform.machine()}, NumPy, float32)"
    assert made.version == lstmlab.__version__
    assert table("some", folder=folder) == [ROW]
    assert capsys.readouterr().out == f"{made}\n"


def test_a_result_without_a_real_set_has_no_such_option(capsys):
    assert vars(command_line("Who is best?\n\nMore.").parse_args([])) == {"kept": None}
    with pytest.raises(SystemExit):
        command_line("Who is best?").parse_args(["--real"])
    assert "--real" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "name", "default", "real", "computed"),
    [
        (images, "images-cifar10", "embedded", images.COPY, ([ROW], "somewhere")),
        (reviews, "reviews-imdb", "generated", "real", ([ROW], [ROW], "somewhere")),
        (shakespeare, "shakespeare-tiny", "generated", "real", ([ROW],) * 3 + ({"b": [0.0]},)),
    ],
)
def test_the_record_names_the_command_that_was_given(
    module, name, default, real, computed, folder, monkeypatch
):
    asked = []

    def compute(source, kept):
        kept.get("piece", lambda: 1)
        kept.seconds = 100.0
        asked.append((source, kept.path))
        return computed

    monkeypatch.setattr(module, "compute", compute)
    short = name.partition("-")[0]
    for options, recorded in (([], short), (["--real"], name)):
        kept = ["--kept", str(folder / "pieces")]
        monkeypatch.setattr(sys, "argv", [short, *options, *kept])
        module.main()
        made = about(recorded, folder)
        assert made.command == " ".join([f"python -m lstmlab.results.{short}", *options])
        assert made.sources == ["somewhere"]
        assert made.seconds == 100
    assert asked == [(default, folder / "pieces"), (real, folder / "pieces")]

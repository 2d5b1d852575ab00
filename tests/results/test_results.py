import json

import numpy as np
import pytest

from lstmlab import results
from lstmlab.results.music import BLOCKS, RECIPE
from lstmlab.tasks import available, load
from lstmlab.training import Network, evaluate

MADE = {
    "command": "python -m nothing",
    "seconds": 90,
    "machine": "one core",
    "sources": ["generated"],
    "version": "0.1.0",
}


def make(folder):
    rows = [{"seed": 0, "test": 8.5, "why": "patience"}, {"seed": 1, "test": 8.25, "why": "epochs"}]
    arrays = {"first": {"W": np.arange(6.0).reshape(2, 3)}}
    return results.record("small", {"": rows, "curves": rows[:1]}, arrays, folder=folder, **MADE)


def test_what_is_recorded_is_read_back(tmp_path):
    made = make(tmp_path)
    assert results.names(tmp_path) == ["small"]
    assert results.about("small", tmp_path) == made
    assert results.table("small", folder=tmp_path)[1] == {"seed": 1, "test": 8.25, "why": "epochs"}
    assert len(results.table("small", "curves", folder=tmp_path)) == 1
    np.testing.assert_array_equal(
        results.weights("small", "first", tmp_path)["W"], np.arange(6.0).reshape(2, 3)
    )
    assert "2 minutes" in str(made)


def test_a_changed_file_is_refused(tmp_path):
    make(tmp_path)
    path = tmp_path / "small.csv"
    path.write_text(path.read_text().replace("8.25", "8.15"))
    with pytest.raises(ValueError, match="not the file that was recorded"):
        results.table("small", folder=tmp_path)


def test_a_missing_file_and_unknown_names_are_named(tmp_path):
    make(tmp_path)
    (tmp_path / "small-first.npz").unlink()
    with pytest.raises(ValueError, match="is missing"):
        results.weights("small", "first", tmp_path)
    with pytest.raises(ValueError, match="name must be one of small, got 'big'"):
        results.table("big", folder=tmp_path)
    with pytest.raises(ValueError, match="has no small-other.csv"):
        results.table("small", "other", tmp_path)


@pytest.mark.parametrize("name", results.names())
def test_every_shipped_result_is_whole_and_says_how_it_was_made(name):
    made = results.about(name)
    assert made.command.startswith("python -m lstmlab.")
    assert made.seconds > 0
    for file in made.sha256:
        part = file.rpartition(".")[0].removeprefix(name).removeprefix("-")
        if file.endswith(".csv"):
            assert results.table(name, part)
        else:
            assert results.weights(name, part)
    assert {row["source"] for row in results.table(name)} == set(made.sources)
    on_disk = {p.name for p in results.HERE.glob(f"{name}*") if p.suffix in (".csv", ".npz")}
    assert on_disk == set(made.sha256)


def test_the_provenance_is_plain_json(tmp_path):
    make(tmp_path)
    assert set(json.loads((tmp_path / "small.json").read_text())) == {*MADE, "sha256"}


def music(source):
    return [row for row in results.table("music-vanilla") if row["source"] == source]


def test_the_vanilla_lstm_is_at_or_below_8_9_nats_a_frame_on_the_real_chorales():
    rows = music("JSB Chorales")
    assert len({row["seed"] for row in rows}) >= 3
    assert max(row["test"] for row in rows) <= 8.9
    assert all(row["lr"] == RECIPE.lr and row["noise"] == RECIPE.noise for row in rows)


@pytest.mark.parametrize(("part", "source"), [("jsb", "JSB Chorales"), ("generated", "generated")])
def test_shipped_weights_give_the_shipped_scores(part, source):
    if source == "JSB Chorales" and available("music") != source:
        pytest.skip("the real chorales are not here: set LSTMLAB_DATA to their folder")
    task = load("music", source=source)
    network = Network(88, BLOCKS, 88)
    params = results.weights("music-vanilla", part)
    for split in ("valid", "test"):
        nll = evaluate(lambda x, k: network.cost(params, x, k), getattr(task, split))
        assert nll == pytest.approx(music(source)[0][split], abs=1e-3)


def test_the_curves_belong_to_the_runs():
    curves = results.table("music-vanilla", "curves")
    for row in results.table("music-vanilla"):
        valid = [
            c["valid"] for c in curves if (c["source"], c["seed"]) == (row["source"], row["seed"])
        ]
        assert len(valid) == row["epochs"]
        assert min(valid) == valid[row["best_epoch"] - 1] == row["valid"]

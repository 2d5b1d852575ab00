import json
import os

import numpy as np
import pytest

from lstmlab import results
from lstmlab.__main__ import COMMANDS
from lstmlab.results import files
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


def test_the_same_weights_give_the_same_bytes():
    weights = {"W": np.arange(6.0), "b": np.zeros(2, np.float32)}
    assert files.npz_bytes(weights) == files.npz_bytes(weights)
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        files.npz_bytes({"W": np.array([None])})


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


@pytest.mark.parametrize(
    ("seconds", "says"), [(60, "1 minute of"), (89, "1 minute of"), (120, "2 minutes of"),
                          (20, "0 minutes of"), (660, "11 minutes of")]
)  # fmt: skip
def test_one_minute_is_not_minutes(seconds, says):
    made = results.Provenance(**MADE | {"seconds": seconds}, sha256={})
    assert f": {says} one core" in str(made)


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


ROWS = [{"seed": 0, "test": 8.5}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "../small"}, r"name must be named by .* got '\.\./small'"),
        ({"name": "Small"}, "name must be named by"),
        ({"name": ""}, "name must be named by"),
        ({"name": "small\n"}, "name must be named by"),
        ({"name": None}, "name must be named by .* got None"),
        ({"tables": {"a/b": ROWS}}, "tables must be named by .* got 'a/b'"),
        ({"arrays": {"": {}}}, "arrays must be named by .* got ''"),
        ({"tables": {"": []}}, r"tables\[''\] must hold 1 row and column or more, got none"),
        ({"tables": {"": [{}]}}, "must hold 1 row and column or more"),
        (
            {"tables": {"": [*ROWS, {"seed": 1}]}},
            r"tables\[''\]\[1\] must have the columns seed, test, got seed",
        ),
        ({"sources": "generated"}, "sources must be a list .* got 'generated'"),
        ({"sources": []}, "sources must be a list"),
        ({"sources": [1]}, "sources must be a list"),
        ({"seconds": 0}, "seconds must be a number above 0, got 0"),
        ({"seconds": float("nan")}, "seconds must be .* got nan"),
        ({"seconds": float("inf")}, "seconds must be .* got inf"),
        ({"seconds": "90"}, "seconds must be .* got '90'"),
    ],
)
def test_what_could_not_be_read_back_is_refused_before_anything_is_written(
    tmp_path, changes, message
):
    given = {"name": "small", "tables": {"": ROWS}, "arrays": {}, "folder": tmp_path, **MADE}
    with pytest.raises(ValueError, match=message):
        results.record(**given | changes)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match="folder must be a folder that exists, got .*nothing"):
        results.record("small", {"": ROWS}, {}, folder=tmp_path / "nothing", **MADE)


def test_a_file_of_another_result_is_never_overwritten(tmp_path):
    make(tmp_path)
    results.record("big-first", {"": ROWS}, {}, folder=tmp_path, **MADE)
    with pytest.raises(ValueError, match="name must leave other .* got big-first.csv of 'big-fir"):
        results.record("big", {"first": ROWS}, {}, folder=tmp_path, **MADE)
    assert results.table("big-first", folder=tmp_path) == ROWS


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fail_at(count, call):
    """Have the call fail with a full disk at its count-th time."""
    left = iter([*[False] * (count - 1), True])

    def wrapped(*args, **kwargs):
        if next(left, False):
            raise OSError(28, "No space left on device")
        return call(*args, **kwargs)

    return wrapped


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize(
    ("owner", "name"), [(os, "fsync"), (results.Path, "replace"), (results.Path, "open")]
)
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch, fresh, owner, name, count):
    """Four files are written, synced and renamed; whichever fails, the old result is whole."""
    if not fresh:
        make(tmp_path)
    before = contents(tmp_path)
    other = [{"seed": 7, "test": 1.5}]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fail_at(count, getattr(owner, name)))
        with pytest.raises(OSError, match="No space left"):
            results.record(
                "small",
                {"": other, "curves": other},
                {"first": {"W": np.zeros(2)}},
                folder=tmp_path,
                **MADE,
            )
    assert contents(tmp_path) == before
    if not fresh:
        assert results.table("small", folder=tmp_path)[1]["test"] == 8.25
        assert results.weights("small", "first", tmp_path)["W"][1, 2] == 5.0


def test_a_result_can_be_made_again(tmp_path):
    make(tmp_path)
    results.record("small", {"": ROWS}, {}, folder=tmp_path, **MADE)
    assert results.table("small", folder=tmp_path) == ROWS
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_record_is_renamed_last(tmp_path, monkeypatch):
    order = []
    replace = results.Path.replace
    monkeypatch.setattr(
        results.Path, "replace", lambda path, to: (order.append(to.name), replace(path, to))
    )
    make(tmp_path)
    assert order == ["small.csv", "small-curves.csv", "small-first.npz", "small.json"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: "{}",
        lambda text: text.replace('"sha256"', '"sha1"'),
        lambda text: text.replace('"version"', '"more": 1, "version"'),
        lambda text: text.replace("90", '"90"'),
        lambda text: json.dumps({**MADE, "sha256": []}),
        lambda text: json.dumps({**MADE, "sha256": {}, "sources": "generated"}),
        lambda text: "\udcff",
    ],
)
def test_a_damaged_record_is_named_with_what_to_do(tmp_path, damage):
    make(tmp_path)
    path = tmp_path / "small.json"
    path.write_bytes(damage(path.read_text()).encode("utf-8", "surrogateescape"))
    for call in (results.about, lambda name, folder: results.table(name, "", folder)):
        with pytest.raises(ValueError, match="is not a whole record: install lstmlab") as caught:
            call("small", tmp_path)
        assert str(caught.value).startswith(str(path))
        assert "run what makes the result again" in str(caught.value)


@pytest.mark.parametrize("name", results.names())
def test_every_shipped_result_is_whole_and_says_how_it_was_made(name):
    made = results.about(name)
    first, second, *_ = made.command.split()
    if first == "lstmlab":  # the command line has it
        assert second in COMMANDS
    else:
        assert made.command.startswith("python -m lstmlab.")
    assert made.seconds > 0
    for file in made.sha256:
        part = file.rpartition(".")[0].removeprefix(name).removeprefix("-")
        if file.endswith(".csv"):
            assert results.table(name, part)
        else:
            assert results.weights(name, part)
    assert {row["source"] for row in results.table(name)} == set(made.sources)


def test_every_file_on_disk_belongs_to_one_result():
    listed = [file for name in results.names() for file in results.about(name).sha256]
    on_disk = {p.name for p in results.HERE.iterdir() if p.suffix in (".csv", ".npz")}
    assert len(listed) == len(set(listed))
    assert on_disk == set(listed)


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

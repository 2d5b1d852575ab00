"""Trials as data: tables come back from files to the bit, and studies from tables."""

import math
import os

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from lstmlab.search import (
    GridSearch,
    RandomSearch,
    Serial,
    read_trials,
    restore,
    run,
    table,
    write_trials,
)
from tests.search.made import KINDS, SPACE, assert_same, searcher, serial, uneven

KEPT = {
    "none": [None] * 6,
    "ints": [1, None, 1 - 2**63, 2**63 - 1, 0, 7],
    "whole": [1, 2, 3, 4, 5, 6],
    "huge": [2**70, 1, -(2**80), None, 2, 3],
    "truths": [True, False, None, True, True, False],
    "both": [True, False, True, True, False, False],
    "numbers": [0.1, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308],
    "round": [1.0, 2.0, -0.0, 1e22, 3.0, 1e16],
    "mixed": [1, 0.5, True, None, 3, 4],
    "words": ["a", "ünï, \"quoted\"", "two\nlines\r\nand more\r", " b ", "'", None],
    "figures": ["1", "2", "03", "1e5", "1_000", None],
    "truth-like": ["True", "False", "True", "True", "True", "False"],
    "nan-like": ["nan", "NaN", "inf", "", "None", "NA"],
    "json-like": ['"a"', '"b"', '"c"', '""', '"d"', '"e"'],
    "empty": ["", "", "", "", "", ""],
    "gaps": ["", None, "a", "", None, "b"],
    "anything": [1, "a", None, 0.5, True, [1]],
    "lists": [[1, 2], [], [0.1], ["a"], [[1], [None]], None],
    "dicts": [{"a": 1}, {}, {"b": {"c": []}}, None, {"a": "x"}, {"a": None}],
    "returns": ["a\rb", "\r", "c", None, "d\r\n", "e"],
    "a, \"name\" µ": [1, 2, 3, 4, 5, 6],
}


def study_of(kept, value=lambda number: number / 7):
    """A study whose trials kept these things; None is not returned at all."""
    length = max(map(len, kept.values()), default=6)
    space = {"n": IntDistribution(0, length - 1), "c": CategoricalDistribution(("1", "True", "x"))}
    grid = GridSearch({"n": space["n"], "c": CategoricalDistribution(("1",))}, length)

    def objective(params, seed):
        n = params["n"]
        own = {name: things[n] for name, things in kept.items() if things[n] is not None}
        return {"value": value(n), **own}

    return run(grid, objective, length, executor=Serial(), progress=False)


def equal(ours, theirs):
    """Two tables are the same, types, order and the last bit included."""
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    assert list(ours.dtypes.items()) == list(theirs.dtypes.items())
    for name in ours.select_dtypes("float64"):
        bits = [np.signbit(column[name]) for column in (ours, theirs)]
        assert np.array_equal(*bits)
    return True


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.parametrize("name", KEPT)
def test_a_table_comes_back_to_the_bit(name, ending, tmp_path):
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    found = table(study_of({name: KEPT[name]}))
    path = write_trials(found, tmp_path / f"trials{ending}")
    assert equal(read_trials(path), found)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("ints", "Int64"), ("whole", "int64"), ("truths", "boolean"), ("both", "bool"),
        ("numbers", "float64"), ("round", "float64"), ("mixed", "float64"), ("words", "str"),
        ("figures", "str"), ("huge", "str"), ("lists", "str"), ("anything", "str"),
        ("none", None),
    ],
)  # fmt: skip
def test_a_column_has_the_type_of_what_it_holds(name, dtype):
    found = table(study_of({name: KEPT[name]}))
    assert (name in found) == (dtype is not None)
    if dtype:
        assert found[name].dtype == dtype


THINGS = {
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(),
    "bool": st.booleans(),
    "text": st.text(st.characters(codec="utf-8")),
    "list": st.lists(st.integers() | st.text(st.characters(codec="utf-8"))),
}


@settings(max_examples=40)
@given(data=st.data())
def test_any_table_comes_back_to_the_bit(data, tmp_path_factory):
    word = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.isprintable)
    names = data.draw(st.lists(word, max_size=3, unique=True))
    taken = {"number", "seed", "state", "reason", "value", "seconds", "n", "c"}
    kept = {
        name: data.draw(st.lists(st.none() | THINGS[data.draw(st.sampled_from(sorted(THINGS)))],
                                 min_size=4, max_size=4))
        for name in names
        if name not in taken
    }  # fmt: skip
    found = table(study_of(kept))
    for ending in (".csv", ".parquet"):
        path = write_trials(found, tmp_path_factory.mktemp("any") / f"trials{ending}")
        assert equal(read_trials(path), found)


def test_a_table_has_a_documented_row_for_each_trial_in_the_order_of_asking():
    found = serial("random")
    study = run(searcher("random"), uneven, 40, executor=2, progress=False)
    assert list(table(study).columns) == [
        "number", "lr", "blocks", "noise", "variant", "value", "curve", "epochs", "seconds",
        "seed", "state", "reason",
    ]  # fmt: skip
    assert list(found.number) == list(range(40))
    assert found.value.isna().equals(found.state == "failed")
    assert found.reason.isna().equals(found.state == "complete")


def test_a_table_without_trials_has_no_rows(tmp_path):
    empty = table(optuna.create_study())
    assert len(empty) == 0
    assert {"number", "value", "state"} <= set(empty)
    assert len(read_trials(write_trials(empty, tmp_path / "none.csv"))) == 0


def test_of_two_trials_with_one_number_the_first_counts():
    """As it does for the loop."""
    study = run(searcher("random"), uneven, 3, executor=Serial(), progress=False)
    first = table(study)
    again = study.trials[1]
    study.add_trial(
        optuna.trial.create_trial(
            value=-9.0, params=again.params, distributions=again.distributions,
            user_attrs=again.user_attrs,
        )
    )  # fmt: skip
    assert equal(table(study), first)
    run(searcher("random"), uneven, 40, executor=Serial(), storage=study, progress=False)
    assert_same(study, serial("random"))


def test_a_table_is_made_of_any_study_of_optunas():
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    assert list(table(study).number) == [0, 1, 2]
    assert table(study).x.equals(table(study).value.rename("x"))


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_file_is_there_whole_or_as_it_was(ending, tmp_path, monkeypatch):
    path = tmp_path / f"trials{ending}"
    found = table(study_of({"n2": [1, 2, 3]}))
    write_trials(found, path)
    before = path.read_bytes()

    def broken(self, where, **options):
        where.write(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr(pd.DataFrame, "to_csv", broken)
    monkeypatch.setattr(pd.DataFrame, "to_parquet", broken)
    with pytest.raises(OSError, match="the disk is full"):
        write_trials(found.iloc[:1], path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_on_the_disk_before_it_takes_a_place(tmp_path, monkeypatch):
    """Or a power cut leaves an empty one."""
    path = tmp_path / "trials.csv"

    def sync(handle):
        assert os.fstat(handle).st_size > 50
        assert not path.exists()
        synced.append(handle)

    synced = []
    monkeypatch.setattr(os, "fsync", sync)
    write_trials(table(study_of({})), path)
    assert len(synced) == 1
    assert path.exists()


@pytest.mark.parametrize("dtype", ["object", "category"])
@pytest.mark.parametrize("name", [name for name in KEPT if name != "none"])
def test_a_table_that_pandas_has_changed_the_types_of_comes_back_as_it_was(name, dtype, tmp_path):
    found = table(study_of({name: KEPT[name]}))
    path = write_trials(found.astype(dtype), tmp_path / "trials.csv")
    assert equal(read_trials(path), found)


def test_what_is_no_table_is_not_written(tmp_path):
    with pytest.raises(TypeError, match="trials must be a table, got list"):
        write_trials([1], tmp_path / "trials.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_as_readable_as_any_other(tmp_path):
    (tmp_path / "other").touch()
    path = write_trials(table(study_of({})), tmp_path / "trials.csv")
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("name", ["trials", "trials.xlsx", "trials.CSV"])
def test_a_name_of_no_known_kind_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"path must end in .csv or .parquet, got"):
        write_trials(table(study_of({})), tmp_path / name)
    with pytest.raises(ValueError, match=r"path must end in .csv or .parquet, got"):
        read_trials(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "trials.csv must be a table of trials, but: No columns"),
        (b"a,b\n1,2\n", "trials.csv must hold trials, but has no column 'number'"),
        (b"number,value\n0,1\n", "must hold trials, but has no column 'state'"),
        (b"number,value,state\n0,1\n1,2,3,4,5\n", "Expected 3 fields"),
        (b"\xff\x00\xfe,\n", "trials.csv must be a table of trials, but: .*utf-8"),
    ],
)
def test_a_file_that_holds_no_trials_is_refused(text, says, tmp_path):
    path = tmp_path / "trials.csv"
    path.write_bytes(text)
    with pytest.raises(ValueError, match=says):
        read_trials(path)


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "trials.parquet"
    path.write_bytes(b"Dear diary")
    with pytest.raises(ValueError, match=r"trials.parquet must be a table of trials, but: "):
        read_trials(path)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_study_goes_on_from_its_table_as_if_it_had_never_stopped(kind, ending, tmp_path):
    first = run(searcher(kind), uneven, 17, executor=Serial(), progress=False)
    path = write_trials(table(first), tmp_path / f"trials{ending}")
    study = restore(read_trials(path), searcher(kind), storage=tmp_path / "a.journal")
    assert_same(study, first)
    run(searcher(kind), uneven, 40, executor=2, storage=study, progress=False)
    assert_same(study, serial(kind))
    assert equal(table(study)[:17], table(study).iloc[:17])
    again = restore(table(study), searcher(kind), storage=tmp_path / "a.journal")
    assert len(again.trials) == 40


def test_a_restored_study_keeps_the_clock():
    first = run(searcher("random"), uneven, 5, executor=Serial(), progress=False)
    again = restore(table(first), searcher("random"))
    assert equal(table(again), table(first))


@pytest.mark.parametrize("name", [name for name in KEPT if name != "none"])
def test_a_table_that_was_restored_is_the_same_table(name):
    kept = {name: KEPT[name]}
    found = table(study_of(kept, value=lambda n: math.nan if n == 1 else n / 7))
    space = {"n": IntDistribution(0, 5), "c": CategoricalDistribution(("1",))}
    assert equal(table(restore(found, GridSearch(space, 6))), found)


CHOICES = [
    ("1", "2"), ("True", "False"), (True, False), (None, "a"), (None, 1), (0.5, 1), (1, "a"),
    (0.1 + 0.2, 1e-300), ("a", True), ("", "a"), (None, True), ("nan", "b"),
]  # fmt: skip


@pytest.mark.parametrize("choices", CHOICES, ids=str)
def test_a_category_of_any_kind_is_restored_from_csv(choices, tmp_path):
    space = {"k": CategoricalDistribution(choices), "x": FloatDistribution(0, 1)}

    def objective(params, seed):
        return params["x"]

    first = run(RandomSearch(space), objective, 8, executor=Serial(), progress=False)
    path = write_trials(table(first), tmp_path / "trials.csv")
    study = restore(read_trials(path), RandomSearch(space))
    run(RandomSearch(space), objective, 12, executor=Serial(), storage=study, progress=False)
    whole = run(RandomSearch(space), objective, 12, executor=Serial(), progress=False)
    assert_same(study, whole)
    assert {repr(t.params["k"]) for t in study.trials} == set(map(repr, choices))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t, "trials must be of a study with seed 8: trial 0 has the seed"),
        (lambda t: t.drop(columns="lr"), "trials must have a column 'lr'"),
        (lambda t: t.drop(columns="seed"), "trials must have a column 'seed'"),
        (lambda t: t.drop(columns="number"), "trials must have a column 'number'"),
    ],
)
def test_a_table_of_another_study_is_refused(change, says):
    first = run(searcher("random"), uneven, 5, executor=Serial(), progress=False)
    with pytest.raises(ValueError, match=says):
        restore(change(table(first)), RandomSearch(SPACE, seed=8))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"state": "FAILED"}, "state of trial 0 must be .*got 'FAILED'"),
        ({"state": None}, "state of trial 0 must be .*got (nan|None)"),
        ({"value": np.inf}, "value of trial 0 must be a finite number, got inf"),
        ({"value": "abc"}, "value of trial 0 must be a finite number, got 'abc'"),
        ({"value": True}, "value of trial 0 must be a finite number, got True"),
        ({"seconds": "abc"}, "seconds of trial 0 must be 0 or more, got 'abc'"),
        ({"seconds": -1.0}, "seconds of trial 0 must be 0 or more, got -1"),
        ({"number": 0.5}, "whole numbers, 0 or more and each once, got 0.5$"),
        ({"number": -1}, "whole numbers, .*got -1$"),
        ({"number": np.nan}, "whole numbers, .*got (nan|None)$"),
        ({"number": "a"}, "whole numbers, .*got 'a'$"),
        ({"seed": None}, "trial 0 has the seed (nan|None)"),
    ],
)  # fmt: skip
def test_a_row_that_is_no_trial_is_refused_before_anything_is_written(changed, says, tmp_path):
    found = table(run(RandomSearch(SPACE), lambda p, s: 1.0, 4, executor=Serial(), progress=False))
    (name, thing), = changed.items()
    found[name] = [thing, *found[name].astype(object)[1:]]
    with pytest.raises(ValueError, match=says):
        restore(found, RandomSearch(SPACE), storage=tmp_path / "a.journal")


def test_two_rows_of_one_number_are_refused():
    found = table(run(searcher("random"), uneven, 4, executor=Serial(), progress=False))
    with pytest.raises(ValueError, match="each once, got 2 twice"):
        restore(pd.concat([found, found[2:3]]), searcher("random"))


def test_what_is_no_table_cannot_be_restored():
    for thing in ([1], "trials.csv", None):
        with pytest.raises(TypeError, match="trials must be a table, got"):
            restore(thing, RandomSearch(SPACE))


def test_a_trial_that_failed_without_a_reason_or_a_clock_is_restored_as_such():
    found = table(run(searcher("random"), uneven, 40, executor=Serial(), progress=False))
    bare = found.assign(reason=None).drop(columns="seconds")
    again = table(restore(bare, searcher("random")))
    failed = again.state == "failed"
    assert failed.any()
    assert set(again.reason[failed]) == {""}
    assert again.reason[~failed].isna().all()
    assert set(again.seconds) == {0.0}
    assert list(again.state) == list(found.state)


def test_a_value_that_the_space_does_not_hold_is_refused():
    found = table(run(searcher("random"), uneven, 5, executor=Serial(), progress=False))
    found.loc[3, "lr"] = 2.0
    with pytest.raises(ValueError, match="'lr' of trial 3 must lie in FloatDistribution.*got 2.0"):
        restore(found, searcher("random"))


def test_a_table_that_was_changed_is_found_out_when_the_study_goes_on():
    found = table(run(searcher("random"), uneven, 5, executor=Serial(), progress=False))
    found.loc[3, "lr"] = 0.5
    study = restore(found, searcher("random"))
    with pytest.raises(ValueError, match="holds trial 3 .*'lr': 0.5.*but the searcher proposes"):
        run(searcher("random"), uneven, 9, executor=Serial(), storage=study, progress=False)

"""What the loop refuses, with words that say what is wrong."""

import subprocess
import sys
import warnings
from dataclasses import dataclass

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution

from lstmlab.search import RandomSearch, Serial, run, table
from lstmlab.search.searcher import Base
from tests.search.made import SPACE, Listener, assert_same, environment, searcher, uneven


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: RandomSearch(SPACE, seed=8), "with seed 7, not 8: choose another name"),
        (lambda: Listener(seed=7), "with searcher RandomSearch, not Listener"),
        (lambda: RandomSearch({"lr": SPACE["lr"]}, seed=7), "with space .*choose another name"),
        (
            lambda: RandomSearch(SPACE, seed=7, direction="maximize"),
            "must hold a study to maximize",
        ),
        (
            lambda: RandomSearch(dict(reversed(SPACE.items())), seed=7),
            "holds trial 0 .*the searcher prop",
        ),
    ],
    ids=["seed", "searcher", "space", "direction", "order"],
)
@pytest.mark.parametrize("where", ["a.db", "a.journal"])
def test_a_study_of_something_else_is_refused_and_left_as_it_is(make, says, where, tmp_path):
    place = tmp_path / where
    first = run(searcher("random"), uneven, 3, executor=Serial(), storage=place, progress=False)
    before = table(first)
    with pytest.raises(ValueError, match=says):
        run(make(), uneven, 6, executor=Serial(), storage=place, progress=False)
    again = run(searcher("random"), uneven, 3, executor=Serial(), storage=place, progress=False)
    assert_same(again, before)


def test_a_study_of_another_version_goes_on_with_a_warning(tmp_path, monkeypatch):
    place = tmp_path / "a.journal"
    run(searcher("random"), uneven, 3, executor=Serial(), storage=place, progress=False)
    with monkeypatch.context() as patch:
        patch.setattr("lstmlab.__version__", "9.9")
        with pytest.warns(RuntimeWarning, match="begun with lstmlab .*, and goes on with 9.9") as w:
            run(searcher("random"), uneven, 4, executor=Serial(), storage=place, progress=False)
        assert [one.filename for one in w] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(searcher("random"), uneven, 5, executor=Serial(), storage=place, progress=False)


@dataclass
class Described:
    """An objective that says what it is."""

    what: object

    def __call__(self, params, seed):
        return 1.0


def test_an_objective_with_a_function_goes_on_in_another_process(tmp_path, root):
    """Where the function lies in memory is another place each time."""
    program = (
        "import sys; from functools import partial; from tests.search.test_refusals import *\n"
        "run(RandomSearch(SPACE), Described([uneven, partial(uneven, seed=1)]), int(sys.argv[1]), "
        "executor=Serial(), storage='a.journal', progress=False)\nprint(hex(id(uneven)))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, str(trials)], cwd=tmp_path, env=environment(root),
            capture_output=True, text=True, check=True,
        ).stdout
        for trials in (1, 2, 3)
    ]  # fmt: skip
    assert len(set(said)) > 1


def test_an_objective_with_another_array_is_another_objective(tmp_path):
    first = np.arange(5_000.0)
    other = first.copy()
    other[2_500] += 1e-12
    place = tmp_path / "a.journal"
    for trials in (1, 2):
        run(RandomSearch(SPACE), Described(first.copy()), trials, executor=Serial(),
            storage=place, progress=False)  # fmt: skip
    for array in (other, first[:-1], first.astype(np.float32)):
        with pytest.raises(ValueError, match=r"objective Described\(what=array.*choose a"):
            run(RandomSearch(SPACE), Described(array), 3, executor=Serial(), storage=place)


def test_a_searcher_that_has_been_asked_before_is_refused():
    study = run(searcher("random"), uneven, 3, executor=Serial(), progress=False)
    used = searcher("random")
    used.ask(3)  # by hand: `run` knows of its own asking
    with pytest.raises(ValueError, match="it has been asked before, and a new one is needed"):
        run(used, uneven, 6, executor=Serial(), storage=study, progress=False)


def test_a_study_that_this_loop_did_not_run_is_refused():
    study = optuna.create_study()
    study.add_trial(optuna.trial.create_trial(value=1.0))
    with pytest.raises(ValueError, match="that this loop did not run: choose another name"):
        run(searcher("random"), uneven, 3, executor=Serial(), storage=study, progress=False)


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        ({"searcher": "random"}, TypeError, "searcher must be a Searcher.*got 'random'.*no ask"),
        ({"objective": 3}, TypeError, "objective must be a function of params and seed, got 3"),
        ({"trials": 0}, ValueError, "trials must be a whole number, 1 or more, got 0"),
        ({"trials": 2.0}, ValueError, "trials must be .*got 2.0"),
        ({"trials": True}, ValueError, "trials must be .*got True"),
        ({"name": ""}, ValueError, "name must be a word, got ''"),
        ({"name": 3}, ValueError, "name must be a word, got 3"),
        ({"executor": 0}, ValueError, "executor must be 1 process or more, got 0"),
        ({"executor": True}, TypeError, "executor must be a concurrent.futures.Executor.*True"),
        ({"executor": "dask"}, TypeError, "executor must be .*got 'dask'"),
        ({"executor": lambda: 3}, TypeError, "executor must make an Executor, got 3"),
        ({"storage": "a.txt"}, ValueError, "storage must be .*or a file that ends in .*'a.txt'"),
        ({"storage": "trials"}, ValueError, "storage must be .*got 'trials'"),
        ({"storage": 3}, ValueError, "storage must be .*got '3'"),
        ({"storage": "foo://me:secret@b"}, ValueError, "database that can be opened, got.*'foo'"),
        ({"storage": "postgresql+none://b"}, ValueError, "storage must be a database that can"),
    ],
)
def test_wrong_arguments_are_refused(arguments, kind, says):
    given = {"searcher": RandomSearch(SPACE), "objective": uneven, "trials": 3} | arguments
    with pytest.raises(kind, match=says):
        run(given.pop("searcher"), given.pop("objective"), given.pop("trials"), **given)


@pytest.mark.parametrize(
    ("attribute", "says"),
    [
        ({"lag": -1}, "the searcher's lag must be a whole number, 0 or more, got -1"),
        ({"lag": 0.5}, "the searcher's lag must be a whole number, 0 or more, got 0.5"),
        ({"batch": 0}, "the searcher's batch must be a whole number, 1 or more, got 0"),
        ({"batch": None}, "the searcher's batch must be .*got None"),
        ({"seed": -3}, "seed must be a whole number, 0 or more, got -3"),
        ({"direction": "up"}, "direction must be 'minimize' or 'maximize', got 'up'"),
        ({"space": {"value": SPACE["lr"]}}, "must not name a hyperparameter 'value'"),
    ],
    ids=str,
)
def test_a_searcher_of_ones_own_is_looked_at_too(attribute, says, tmp_path):
    """It need not begin as ours do."""
    own = RandomSearch(SPACE)
    vars(own).update(attribute)
    with pytest.raises(ValueError, match=says):
        run(own, uneven, 3, executor=Serial(), storage=tmp_path / "a.journal", progress=False)
    assert list(tmp_path.iterdir()) == []


def test_numpys_whole_numbers_are_numbers():
    study = run(RandomSearch(SPACE), uneven, np.int64(3), executor=Serial(), progress=False)
    assert len(study.trials) == 3


def test_what_is_no_study_has_no_table():
    with pytest.raises(TypeError, match="study must be an Optuna study, got str"):
        table("a.journal")


@pytest.mark.parametrize(
    ("proposal", "says"),
    [
        ({"x": 2.0}, "the searcher's 'x' must lie in FloatDistribution.*got 2.0"),
        ({"y": 0.5}, "searcher must propose x, got y"),
        ({}, "searcher must propose x, got"),
    ],
)
def test_a_proposal_outside_the_space_is_refused_before_it_is_evaluated(proposal, says):
    class Astray(Base):
        def ask(self, n=1):
            return [dict(proposal)]

        def tell(self, trials):
            raise AssertionError

    def objective(params, seed):
        raise AssertionError

    with pytest.raises(ValueError, match=says):
        run(Astray({"x": FloatDistribution(0, 1)}), objective, 3, executor=Serial(), progress=False)

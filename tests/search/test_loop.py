"""The same study whoever evaluates it, wherever it lies and however often it is begun again."""

import copy
import multiprocessing
import pickle
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.storages import InMemoryStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend

from lstmlab.evidence import Fanova
from lstmlab.search import GridSearch, RandomSearch, Serial, local_pool, loop, rehearse, run, table
from lstmlab.search.ledger import seed_of
from lstmlab.search.searcher import Base
from tests.search import made
from tests.search.made import KINDS, SPACE, Listener, assert_same, searcher, serial, uneven

SPAWN = multiprocessing.get_context("spawn")  # forking this process, which has threads, warns
TRIALS = 40


@pytest.fixture(scope="module")
def alone():
    """What a serial, uninterrupted run of each kind of searcher gives."""
    return {kind: serial(kind, trials=TRIALS) for kind in KINDS}


def test_the_studies_of_these_tests_hold_every_kind_of_end(alone):
    for found in alone.values():
        assert len(found) == TRIALS
        assert set(found.state) == {"complete", "failed"}
        assert found.reason.dropna().str.extract("(Arith|nan|inf)")[0].nunique() >= 2
    assert not alone["listener-0"].equals(alone["listener-1"])


EXECUTORS = {
    "threads": lambda: ThreadPoolExecutor(5),
    "one process": lambda: 1,
    "two processes": lambda: 2,
    "eight processes": lambda: 8,
    "a factory": lambda: lambda: ThreadPoolExecutor(3),
}


@pytest.mark.parametrize("make", EXECUTORS.values(), ids=EXECUTORS)
def test_who_evaluates_does_not_matter(make, alone):
    study = run(searcher("listener-1"), uneven, TRIALS, executor=make(), progress=False)
    assert_same(study, alone["listener-1"])


@pytest.mark.parametrize("make", [ProcessPoolExecutor, local_pool], ids=["stdlib", "ours"])
def test_a_pool_of_ones_own_gives_the_same_and_can_be_used_again(make, alone):
    pool = make(2, mp_context=SPAWN) if make is ProcessPoolExecutor else make(2)
    with pool:
        for kind in KINDS:
            study = run(searcher(kind), uneven, TRIALS, executor=pool, progress=False)
            assert_same(study, alone[kind])


def opened(journal):
    """A journal as Optuna opens it."""
    return JournalStorage(JournalFileBackend(str(journal)))


PLACES = {
    "db": lambda folder: folder / "a.db",
    "journal": lambda folder: folder / "a.journal",
    "jsonl": lambda folder: str(folder / "a b.jsonl"),
    "a new folder": lambda folder: str(folder / "some/where/a.sqlite3"),
    "an odd name": lambda folder: folder / "50% a?b #1 %41.db",
    "an address": lambda folder: f"sqlite:///{folder}/b.db",
    "a journal object": lambda folder: opened(folder / "c.journal"),
    "a memory object": lambda folder: InMemoryStorage(),
    "a study": lambda folder: optuna.create_study(),
}


@pytest.mark.parametrize(
    ("where", "kind"),
    [(where, kind) for where in ("db", "journal") for kind in KINDS]
    + [(where, "listener-0") for where in PLACES if where not in ("db", "journal")],
)
def test_a_study_in_parts_is_the_same_wherever_it_lies(where, kind, tmp_path, alone):
    place = PLACES[where](tmp_path)
    executors = [Serial(), lambda: ThreadPoolExecutor(4), Serial()]
    for trials, executor in zip((3, 17, TRIALS), executors, strict=True):
        study = run(
            searcher(kind), uneven, trials, executor=executor, storage=place, progress=False
        )
        assert len(table(study)) == trials
    assert_same(study, alone[kind])
    if isinstance(place, Path):  # no lock and nothing else stays behind
        assert list(tmp_path.iterdir()) == [place]


def test_a_study_that_is_complete_is_given_back_as_it_is(tmp_path):
    def objective(params, seed):
        raise AssertionError("it was called")

    place = tmp_path / "a.journal"
    first = run(searcher("random"), uneven, 20, executor=Serial(), storage=place, progress=False)
    for trials in (20, 5):
        again = run(
            searcher("random"), objective, trials, executor=Serial(), storage=place, progress=False
        )
        assert_same(again, first)
    assert len(optuna.load_study(study_name="study", storage=opened(place)).trials) == 20


def test_a_searcher_that_has_been_asked_is_refused_before_anything_is_written(tmp_path):
    """Its next proposal would be written as the first of the new study."""

    def stop(params, seed):
        raise KeyboardInterrupt

    used = searcher("random")
    run(used, uneven, 4, executor=Serial(), progress=False)
    stopped = searcher("random")
    with pytest.raises(KeyboardInterrupt):
        run(stopped, stop, 4, executor=Serial(), storage=tmp_path / "a.journal", progress=False)
    rehearsed = searcher("random")
    rehearse(rehearsed, uneven, 4)
    place = tmp_path / "b.journal"
    for one in (used, stopped, rehearsed, copy.copy(used), pickle.loads(pickle.dumps(used))):
        with pytest.raises(ValueError, match="searcher must be a new one, made as this one was"):
            run(one, uneven, 4, executor=Serial(), storage=place, progress=False)
        with pytest.raises(ValueError, match="searcher must be a new one, made as this one was"):
            rehearse(one, uneven, 4)
    assert not place.exists()


def test_optunas_own_numbers_stay_in_order_when_a_study_goes_on():
    study = run(searcher("random"), uneven, 20, executor=ThreadPoolExecutor(8), progress=False)
    run(searcher("random"), uneven, 30, executor=Serial(), storage=study, progress=False)
    assert [trial.number for trial in study.trials] == list(range(30))


def test_two_studies_lie_in_one_file(tmp_path):
    for kind in ("random", "listener-0"):
        run(
            searcher(kind), uneven, 12, executor=Serial(), storage=tmp_path / "a.db",
            name=kind, progress=False,
        )  # fmt: skip
    for kind in ("random", "listener-0"):
        study = optuna.load_study(study_name=kind, storage=f"sqlite:///{tmp_path}/a.db")
        assert_same(study, serial(kind, trials=12))


def test_a_searcher_that_ends_first_ends_the_study():
    grid = GridSearch({"x": FloatDistribution(0, 1)}, 5)
    study = run(grid, lambda params, seed: params["x"], 100, executor=2, progress=False)
    assert list(table(study).x) == [0.0, 0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(("batch", "lag", "trials"), [(4, 0, 18), (4, 1, 18), (1, 1, 5), (9, 0, 3)])
def test_a_searcher_knows_whole_batches_and_no_more_than_its_lag_allows(batch, lag, trials):
    class Witness(Listener):
        def ask(self, n=1):
            asked.append((n, list(told)))
            return super().ask(n)

        def tell(self, trials):
            told.extend(trial.number for trial in trials)
            super().tell(trials)

    for executor in (Serial(), ThreadPoolExecutor(6)):
        asked, told = [], []
        run(Witness(batch, lag, seed=7), uneven, trials, executor=executor, progress=False)
        knew = [list(range(max(0, k - lag) * batch)) for k in range(-(-trials // batch))]
        assert asked == [(batch, known) for known in knew]


def test_the_seed_is_fixed_by_the_study_and_the_trials_number():
    seeds = {}

    def objective(params, seed):
        seeds[params["lr"]] = seed
        return 1.0

    study = run(searcher("random"), objective, 30, executor=ThreadPoolExecutor(4), progress=False)
    found = table(study)
    assert [seeds[lr] for lr in found.lr] == list(found.seed)
    assert list(found.seed) == [seed_of(7, number) for number in range(30)]
    assert found.seed.nunique() == 30


def test_maximising_finds_the_largest():
    space = {"x": FloatDistribution(0, 1)}
    study = run(
        RandomSearch(space, direction="maximize"), lambda p, seed: p["x"], 50,
        executor=Serial(), progress=False,
    )  # fmt: skip
    assert study.best_value == table(study).value.max()


def test_optunas_own_tools_open_the_file(tmp_path):
    run(
        searcher("random"), uneven, 30, executor=Serial(), storage=tmp_path / "a.db", progress=False
    )
    study = optuna.load_study(study_name="study", storage=f"sqlite:///{tmp_path}/a.db")
    found = table(study)
    assert study.best_value == found.value.min()
    best = found.loc[found.value.idxmin()]
    assert study.best_params == {name: best[name] for name in SPACE}
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=4, seed=0)
    assert set(optuna.importance.get_param_importances(study, evaluator=evaluator)) == set(SPACE)
    assert len(study.trials_dataframe()) == 30
    trial = study.best_trial
    spent = (trial.datetime_complete - trial.datetime_start).total_seconds()
    assert spent == pytest.approx(trial.user_attrs["seconds"], abs=2e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.visualization.matplotlib.plot_optimization_history(study)
        optuna.visualization.matplotlib.plot_slice(study)


def test_trials_that_optuna_adds_to_the_file_are_none_of_the_study(tmp_path):
    """They have numbers of Optuna's, which are those of trials still to come."""
    place = tmp_path / "a.db"
    study = run(searcher("random"), uneven, 10, executor=Serial(), storage=place, progress=False)
    study.optimize(lambda trial: trial.suggest_float("lr", 1e-4, 1, log=True) - 9, n_trials=3)
    run(searcher("random"), uneven, 40, executor=Serial(), storage=place, progress=False)
    assert len(study.trials) == 43
    assert_same(study, serial("random"))
    assert Fanova(study, trees=2).names == sorted(SPACE)


def test_a_searcher_of_numpys_numbers_gives_the_table_of_plain_ones(tmp_path):
    class Numpy(RandomSearch):
        def ask(self, n=1):
            return [
                p | {"lr": np.float64(p["lr"]), "blocks": np.int64(p["blocks"])}
                for p in super().ask(n)
            ]

    def objective(params, seed):
        return params["lr"]

    ours = run(
        Numpy(SPACE), objective, 5, executor=Serial(), storage=tmp_path / "a.db", progress=False
    )
    assert_same(ours, run(RandomSearch(SPACE), objective, 5, executor=Serial(), progress=False))


def test_whole_numbers_too_large_for_a_float_are_found_again(tmp_path):
    class Large(Base):
        asked = 0

        def ask(self, n=1):
            self.asked += 1
            return [{"n": 2**60 + self.asked}]

        def tell(self, trials):
            pass

    space = {"n": optuna.distributions.IntDistribution(0, 2**61)}
    for trials in (2, 4):
        study = run(
            Large(space), lambda p, seed: 1.0, trials, executor=Serial(),
            storage=tmp_path / "a.journal", progress=False,
        )  # fmt: skip
    assert len(table(study)) == 4


def test_progress_says_how_many_the_best_and_the_failed(capsys, monkeypatch):
    monkeypatch.setattr(loop, "tqdm", partial(loop.tqdm, mininterval=0))

    class Stub:
        space, seed, direction, batch, lag = (
            {"x": CategoricalDistribution((3.0, 0.0, 1.5))}, 0, "minimize", 1, 0,
        )  # fmt: skip
        values = (3.0, 0.0, 1.5)

        def ask(self, n=1):
            first, *self.values = self.values or [None]
            return [] if first is None else [{"x": first}]

        def tell(self, trials):
            pass

    def objective(params, seed):
        return 1 / params["x"]

    run(Stub(), objective, 3, executor=Serial())
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "best 0.3333, 1 failed" in shown.rpartition("3/3")[2]
    assert "none finished" not in shown
    run(searcher("random"), uneven, 3, executor=Serial(), progress=False)
    assert capsys.readouterr() == ("", "")


def test_progress_goes_on_from_where_the_study_was(capsys):
    study = run(searcher("random"), uneven, 8, executor=Serial(), progress=False)
    run(searcher("random"), uneven, 9, executor=Serial(), storage=study)
    assert "8/9" in capsys.readouterr().err


def test_it_warns_when_every_trial_has_failed():
    with pytest.warns(RuntimeWarning, match="all 3 trials failed; trial 0: ZeroDivisionError"):
        run(searcher("random"), lambda p, seed: 1 / 0, 3, executor=Serial(), progress=False)


def test_thousands_of_trials_finish():
    study = run(
        searcher("random"), lambda p, seed: p["lr"], 3_000, executor=Serial(), progress=False
    )
    assert list(table(study).number) == list(range(3_000))


def test_lambdas_closures_and_objects_can_be_sent_to_processes():
    offset = np.array([1.0, 2.0])

    class Objective:
        def __call__(self, params, seed):
            return params["lr"] + offset.sum()

    space = {"lr": SPACE["lr"]}
    here = [
        run(RandomSearch(space), objective, 4, executor=Serial(), progress=False)
        for objective in (lambda p, seed: p["lr"] + offset.sum(), Objective())
    ]
    with local_pool(1) as pool:
        there = [
            run(RandomSearch(space), objective, 4, executor=pool, progress=False)
            for objective in (lambda p, seed: p["lr"] + offset.sum(), Objective())
        ]
    for study in (*here[1:], *there):
        assert_same(study, here[0])


def test_an_objective_that_cannot_be_sent_says_so_and_runs_here():
    lock = made.unpicklable()

    def objective(params, seed):
        with lock:
            return 1.0

    with pytest.raises(TypeError, match="objective must be something that can be sent.*Serial()"):
        run(searcher("random"), objective, 2, executor=1, progress=False)
    study = run(searcher("random"), objective, 2, executor=Serial(), progress=False)
    assert list(table(study).value) == [1.0, 1.0]

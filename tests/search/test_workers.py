"""Workers die: the study is the one that a calm machine would have computed."""

import asyncio
import contextlib
import ctypes
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from lstmlab.search import GridSearch, RandomSearch, Serial, local_pool, run, table
from lstmlab.search.workers import DEATHS, TOGETHER
from tests.search.made import assert_same, gone, searcher, serial, steady, uneven

SPAWN = multiprocessing.get_context("spawn")  # forking this process, which has threads, warns
DIED = f"its worker died, {DEATHS} times out of {DEATHS}"
WAYS = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(1),
    "exit-0": lambda: os._exit(0),
    "fault": lambda: ctypes.string_at(0),
}


def stdlib_pool():
    return ProcessPoolExecutor(2, mp_context=SPAWN)


@pytest.mark.parametrize(
    ("executor", "ways"),
    [(1, list(WAYS)), (2, ["killed"]), (4, ["fault"]), (stdlib_pool, ["exit"])],
    ids=["1", "2", "4", "stdlib"],
)
def test_an_objective_that_kills_its_worker_every_time_is_a_failed_trial(executor, ways):
    """And every other trial is complete, whoever was in the same pool."""
    kinds = ("fine", ways[0], "good", "well", *ways[1:], "better", "best")
    space = {"kind": CategoricalDistribution(kinds)}

    def objective(params, seed):
        time.sleep(seed % 10 / 1000)
        WAYS.get(params["kind"], float)()
        return float(seed)

    study = run(GridSearch(space), objective, 100, executor=executor, progress=False)
    found = table(study).set_index("kind")
    assert list(found.index) == list(kinds)
    assert set(found.index[found.state == "failed"]) == set(ways)
    assert set(found.reason.dropna()) == {DIED}
    fine = found[found.state == "complete"]
    assert list(fine.value) == list(fine.seed.astype(float))


@pytest.mark.parametrize("kind", ["random", "listener-1"])
@pytest.mark.parametrize("executor", [2, stdlib_pool], ids=["ours", "stdlib"])
def test_workers_killed_from_outside_make_no_difference(kind, executor, tmp_path):
    """Workers are killed in the middle of their fifth trial or a later one."""
    folder = str(tmp_path)

    def objective(params, seed):
        with open(f"{folder}/{os.getpid()}", "a") as file:  # noqa: PTH123
            file.write(".")
        time.sleep(0.03)
        return uneven(params, seed)

    killed, dead = [], set()

    def reap():
        while not over.wait(0.01):
            for path in tmp_path.iterdir():
                if path.stat().st_size < 5 or path.name in dead or len(killed) == 2:
                    continue
                dead.add(path.name)
                # A pool that lost one worker ends the others by itself.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(path.name), signal.SIGKILL)
                    killed.append(path.name)

    over = threading.Event()
    reaper = threading.Thread(target=reap)
    reaper.start()
    try:
        study = run(searcher(kind), objective, 40, executor=executor, progress=False)
    finally:
        over.set()
        reaper.join()
    assert len(killed) == 2
    assert_same(study, serial(kind))


def test_a_pool_of_ones_own_that_breaks_is_a_clear_error_and_nothing_is_lost(tmp_path):
    space = {"x": FloatDistribution(0.0, 1.0)}

    def objective(params, seed):
        if seed == fatal:
            time.sleep(0.5)
            os._exit(1)
        return params["x"]

    fatal = None
    calm = run(RandomSearch(space), objective, 12, executor=Serial(), progress=False)
    fatal = int(table(calm).seed[5])
    place = tmp_path / "a.journal"
    with (
        stdlib_pool() as pool,
        pytest.raises(RuntimeError, match="executor broke, for one of its workers died, and canno"),
    ):
        run(RandomSearch(space), objective, 12, executor=pool, storage=place, progress=False)
    fatal = None
    seen = []
    study = run(
        RandomSearch(space), lambda p, seed: seen.append(seed) or objective(p, seed), 12,
        executor=Serial(), storage=place, progress=False,
    )  # fmt: skip
    assert_same(study, calm)
    assert len(seen) < 12
    assert fatal not in seen


@pytest.mark.parametrize("make", [stdlib_pool, lambda: local_pool(1), lambda: ThreadPoolExecutor()])
def test_an_executor_that_was_shut_down_is_an_error(make):
    pool = make()
    pool.shutdown()
    with pytest.raises(RuntimeError, match="executor was shut down, or lost its cluster"):
        run(searcher("random"), uneven, 3, executor=pool, progress=False)


def test_an_executor_that_is_shut_down_meanwhile_is_an_error():
    pool = ThreadPoolExecutor(1)

    def objective(params, seed):
        pool.shutdown(wait=False, cancel_futures=True)
        return 1.0

    with pytest.raises(RuntimeError, match="executor was shut down, or lost its cluster"):
        run(searcher("random"), objective, 9, executor=pool, progress=False)


def test_a_worker_that_cannot_read_the_objective_says_so():
    class Elsewhere:
        def __reduce__(self):
            return __import__, ("no_such_module",)

        def __call__(self, params, seed):
            return 1.0

    with pytest.raises(RuntimeError, match="could not run trial 0: ModuleNotFoundError.*no_such"):
        run(searcher("random"), Elsewhere(), 3, executor=1, progress=False)


def test_a_searcher_that_breaks_leaves_no_worker_and_what_has_ended_is_written_down(tmp_path):
    class Breaks(RandomSearch):
        batch, lag = 4, 0

        def tell(self, trials):
            raise ArithmeticError("of its own")

    space = {"x": FloatDistribution(0.0, 1.0)}
    place = tmp_path / "a.db"
    with pytest.raises(ArithmeticError, match="of its own"):
        run(Breaks(space), lambda p, s: {"value": 1.0, "pid": os.getpid()}, 9, executor=2,
            storage=place, progress=False)  # fmt: skip
    found = table(optuna.load_study(study_name="study", storage=f"sqlite:///{place}"))
    assert list(found.number) == [0, 1, 2, 3]
    assert gone(list(found.pid.unique()))


def test_processes_have_one_thread_each_and_leave_ctrl_c_to_their_parent():
    def objective(params, seed):
        ignores = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        return {"value": 1.0, "ignores": ignores, "threads": os.environ["OMP_NUM_THREADS"]}

    found = table(run(searcher("random"), objective, 2, executor=1, progress=False))
    assert set(found.threads) == {"1"}
    assert found.ignores.all()


def test_a_trial_that_is_run_again_is_another_call():
    """Dask's executor gives an equal call the result of the first, which is its worker's death."""

    class KilledWorker(Exception):
        """As Dask's is called."""

    class Deadly(ThreadPoolExecutor):
        def submit(self, *arguments):
            future = Future()
            future.set_exception(KilledWorker())
            calls.append(arguments)
            return future if len(calls) <= 2 else super().submit(*arguments)

    calls = []
    study = run(searcher("random"), uneven, 2, executor=Deadly(1), progress=False)
    first, again, alone, other = calls
    assert (TOGETHER, DEATHS) == (2, 3)  # as `run` and `Crew` say
    assert first[:-1] == again[:-1] == alone[:-1] != other[:-1]
    assert len({call[-1] for call in (first, again, alone)}) == 3
    assert_same(study, run(searcher("random"), uneven, 2, executor=Serial(), progress=False))


def test_no_more_trials_are_under_way_than_two_for_each_worker():
    class Watched(ThreadPoolExecutor):
        most = under_way = 0

        def submit(self, *arguments):
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            future = super().submit(*arguments)
            future.add_done_callback(lambda _: setattr(self, "under_way", self.under_way - 1))
            return future

    pool = Watched(3)
    run(searcher("random"), uneven, 40, executor=pool, progress=False)
    assert pool.most <= 6


class Task:
    """A Dask task: what it came to, or what is raised when its result is fetched."""

    def __init__(self, fetch, cancelled=False):
        self.fetch, self.cancelled = fetch, lambda: cancelled

    async def _result(self):
        return self.fetch()

    def cancel(self):
        pass


def raising(error):
    def fetch():
        raise error

    return fetch


class Client:
    """As much of Dask's client as the loop uses: its first tasks are given, others run at once."""

    def __init__(self, *tasks):
        self.tasks, self.calls, self.loop = list(tasks), 0, self

    def get_executor(self):
        raise AssertionError("Dask's own executor must not be used")

    def submit(self, fn, *args, pure):
        assert not pure
        self.calls += 1
        return self.tasks.pop(0) if self.tasks else Task(lambda: fn(*args))

    def add_callback(self, called):
        threading.Thread(target=lambda: asyncio.run(called())).start()


def test_an_error_while_a_result_is_fetched_reaches_the_loop():
    killed = raising(type("KilledWorker", (Exception,), {})("worker is gone"))
    client = Client(Task(killed), Task(killed))
    study = run(searcher("random"), steady, 6, executor=client, progress=False)
    assert client.calls == 8
    assert_same(study, serial("random", steady, 6))
    for task, says in (
        (Task(raising(MemoryError())), "could not run trial 0: MemoryError"),
        (Task(raising(KeyError()), cancelled=True), "lost its cluster, before trial 0 had ended"),
    ):
        with pytest.raises(RuntimeError, match=says):
            run(searcher("random"), steady, 6, executor=Client(task), progress=False)

"""A Dask cluster of real processes, one of which is killed: the study completes, the same."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from optuna.distributions import CategoricalDistribution

from lstmlab.__main__ import main
from lstmlab.search import GridSearch, Serial, read_trials, run, table
from tests.search.made import assert_same, children, environment, searcher, serial, steady

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the tests look at processes in /proc"),
    pytest.mark.filterwarnings("ignore::Warning:distributed", "ignore::ResourceWarning"),
]

FAILURES = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}


@contextmanager
def processes(root, folder, *commands):
    """Programs of Dask's that run in the background, and end with this, their children too."""
    started = []
    try:
        for number, command in enumerate(commands):
            with (folder / f"{number}.log").open("wb") as log:
                started.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "dask", *command],
                        cwd=root,
                        env=environment(root) | FAILURES,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        yield started
    finally:
        for program in started:
            for child in children(program.pid):  # a nanny would start its worker again
                program.kill()
                with suppress(ProcessLookupError):  # it may have seen its nanny go
                    os.kill(child, signal.SIGKILL)
            program.kill()
            program.wait()


@contextmanager
def cluster(root, folder, *options):
    """A scheduler and two workers on this machine; their client and processes."""
    file = str(folder / "scheduler.json")
    local = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
    scheduler = ["scheduler", "--scheduler-file", file, "--port", "0", *local]
    worker = ["worker", "--scheduler-file", file, "--nthreads", "1", *local, *options]
    worker += ["--local-directory", str(folder)]
    with processes(root, folder, scheduler, worker, worker) as (_, *workers):
        until = time.monotonic() + 60
        while not (folder / "scheduler.json").exists():
            assert time.monotonic() < until, (folder / "0.log").read_text()
            time.sleep(0.05)
        with distributed.Client(scheduler_file=file, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            yield client, workers


@pytest.fixture(scope="module")
def nannied(root, tmp_path_factory):
    """Workers that are started again when they die, as `dask worker` does unless told otherwise."""
    with cluster(root, tmp_path_factory.mktemp("dask")) as (client, _):
        yield client


def wait_for(place, trials):
    """Until a journal holds so many trials."""
    until = time.monotonic() + 60
    while not place.exists() or place.read_bytes().count(b'"op_code":4') < trials:
        assert time.monotonic() < until, "no trials are written"
        time.sleep(0.01)


def killing(pid, place, trials):
    """A thread that kills a process as soon as the file holds so many trials."""

    def kill():
        wait_for(place, trials)
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    killed = []
    thread = threading.Thread(target=kill)
    thread.start()
    return thread, killed


@pytest.mark.parametrize("kind", ["random", "listener-1"])
def test_a_worker_killed_in_the_middle_makes_no_difference(kind, nannied, tmp_path):
    """The study runs through the client's executor."""
    client = nannied
    place = tmp_path / "a.journal"
    worker = min(client.run(os.getpid).values())
    thread, killed = killing(worker, place, 10)
    study = run(
        searcher(kind), steady, 40, executor=client.get_executor(), storage=place, progress=False
    )
    thread.join()
    assert killed == [worker]
    assert_same(study, serial(kind, steady, 40))


def test_a_client_is_an_executor_too_and_lambdas_travel(nannied):
    client = nannied
    offset = 3.0
    study = run(
        searcher("random"), lambda p, seed: p["lr"] + offset, 10, executor=client, progress=False
    )
    assert list(table(study).value) == [lr + offset for lr in table(study).lr]


def test_the_command_gives_its_trials_to_the_cluster(nannied, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["odyssey", "--source", "generated", "--epochs", "1", "--quiet", "--variants", "NP",
               "--trials", "3"]  # fmt: skip
    nannied.wait_for_workers(2, timeout=60)  # one has been killed before
    address = nannied.scheduler_info()["address"]
    assert main([*command, "--dask", address, "--out", "there.csv"]) == 0
    assert "with 2 workers" in capsys.readouterr().err
    assert main([*command, "--workers", "0", "--out", "here.csv", "--name", "here"]) == 0
    assert_same(read_trials("there.csv"), read_trials("here.csv"))


def test_an_objective_that_kills_its_worker_every_time_is_a_failed_trial(nannied):
    client = nannied
    kinds = ("fine", "killed", "good", "better")
    space = {"kind": CategoricalDistribution(kinds)}

    def objective(params, seed):
        if params["kind"] == "killed":
            os._exit(1)
        return float(seed)

    study = run(GridSearch(space), objective, 100, executor=client, progress=False)
    found = table(study).set_index("kind")
    assert list(found.index) == list(kinds)
    assert list(found.index[found.state == "failed"]) == ["killed"]
    assert found.reason["killed"].startswith("its worker died")


def test_a_worker_that_is_not_started_again_is_not_needed(root, tmp_path):
    with cluster(root, tmp_path, "--no-nanny") as (client, workers):
        place = tmp_path / "a.journal"
        thread, killed = killing(workers[1].pid, place, 10)
        study = run(
            searcher("listener-0"), steady, 40, executor=client, storage=place, progress=False
        )
        thread.join()
    assert killed == [workers[1].pid]
    assert_same(study, serial("listener-0", steady, 40))


@contextmanager
def closing_after(client, place, trials):
    """A client that is closed as soon as the file holds so many trials."""
    thread = threading.Thread(target=lambda: (wait_for(place, trials), client.close()))
    thread.start()
    yield
    thread.join()


def test_a_client_that_is_closed_is_an_error_and_no_trial_is_lost(root, tmp_path):
    place = tmp_path / "a.journal"
    with (
        cluster(root, tmp_path, "--no-nanny") as (client, _),
        pytest.raises(RuntimeError, match="executor (was shut down, or lost its|could not run)"),
        closing_after(client, place, 10),
    ):
        run(searcher("random"), steady, 100_000, executor=client, storage=place, progress=False)
    held = place.read_bytes().count(b'"op_code":4')
    assert held >= 10
    study = run(searcher("random"), steady, held + 3, executor=Serial(), storage=place,
                progress=False)  # fmt: skip
    assert_same(study, serial("random", steady, held + 3))

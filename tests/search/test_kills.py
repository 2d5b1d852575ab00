"""A driver may be killed at any moment: no finished trial is lost, none is there twice.

With LSTMLAB_KILLS=17 in the environment there are so many kills in each of six settings, which
takes ten minutes.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from lstmlab.search import table
from tests.search.made import alive, assert_same, children, environment, gone, serial, steady

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the tests look at processes in /proc"
)
KILLS = int(os.environ.get("LSTMLAB_KILLS", "0"))
SETTINGS = [
    ("random", "a.db", 0, 1),
    ("listener-1", "a.journal", 2, 2),
    ("random", "a.journal", 8, 1),
    ("listener-0", "a.db", 2, 1),
    ("listener-1", "a.journal", 0, 1),
]
if KILLS:
    SETTINGS = [
        (("random", "listener-0", "listener-1")[number % 3], where, workers, KILLS)
        for number, (where, workers) in enumerate(
            (where, workers) for where in ("a.journal", "a.db") for workers in (0, 2, 8)
        )
    ]


def said_by(driver):
    """What a driver says after it has begun, once it has ended."""
    return driver.communicate(timeout=300)[0].decode()


@contextmanager
def driving(root, kind, place, workers, trials):
    """A driver that has begun, in a process group of its own; whatever happens it ends."""
    driver = subprocess.Popen(
        [sys.executable, "-m", "tests.search.driver", kind, place, str(workers), str(trials)],
        cwd=root,
        env=environment(root),
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    try:
        assert driver.stdout.readline() == b"begun\n"
        yield driver
    finally:
        driver.kill()
        driver.wait()
        driver.stdout.close()


def held(place):
    """What a file holds, by the trials' numbers: read as Optuna reads it, and not repaired."""
    if not place.exists() or not place.stat().st_size:
        return {}
    if place.suffix == ".db":
        storage = optuna.storages.RDBStorage(f"sqlite:///{place}")
    else:
        storage = JournalStorage(JournalFileBackend(str(place)))
    if not storage.get_all_studies():
        return {}
    trials = optuna.load_study(study_name="study", storage=storage).get_trials(
        states=(TrialState.COMPLETE, TrialState.FAIL)
    )
    numbers = [trial.user_attrs["number"] for trial in trials]
    assert len(set(numbers)) == len(numbers), "a trial is there twice"
    return {
        trial.user_attrs["number"]: (trial.params, trial.value, dict(trial.user_attrs))
        for trial in trials
    }


def wait_for(place, trials):
    """Until the file holds so many trials."""
    until = time.monotonic() + 120
    while written(place) < trials:
        assert time.monotonic() < until, "no trials are written"
        time.sleep(0.05)


def written(place):
    """How many trials a file holds that somebody is writing."""
    if place.suffix == ".journal":
        return place.read_bytes().count(b'"op_code":4') if place.exists() else 0
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(place)) as connection:
        return connection.execute("select count(*) from trials").fetchone()[0]
    return 0


@pytest.mark.parametrize(("kind", "where", "workers", "kills"), SETTINGS)
def test_kill_9_loses_no_finished_trial(kind, where, workers, kills, root, tmp_path):
    """And the table is that of a serial run that nobody disturbed, clocks aside."""
    trials = 30 + 4 * kills
    chance = random.Random(f"{kind} {where} {workers}")
    place, known = tmp_path / where, {}
    for _ in range(kills):
        with driving(root, kind, str(place), workers, trials) as driver:
            time.sleep(chance.uniform(0, 0.4 if not workers else 2.0))
            workers_were = children(driver.pid)
            driver.kill()
        assert gone(workers_were), "a worker outlives its driver"
        now = held(place)
        assert {number: now.get(number) for number in known} == known, "a finished trial is lost"
        known = now
    with driving(root, kind, str(place), workers, trials) as driver:
        said = said_by(driver).splitlines()
    assert said[0] == "done"
    assert all("ended in the middle of a line" in warned for warned in said[1:])
    ended = held(place)
    assert {number: ended[number] for number in known} == known
    assert sorted(ended) == list(range(trials))
    storage = (
        f"sqlite:///{place}"
        if place.suffix == ".db"
        else JournalStorage(JournalFileBackend(str(place)))
    )
    study = optuna.load_study(study_name="study", storage=storage)
    assert_same(table(study), serial(kind, steady, trials))


@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_stops_at_once_and_the_finished_trials_are_in_the_file(workers, root, tmp_path):
    """The signal goes to the whole group, as a terminal sends it."""
    place = tmp_path / "a.journal"
    with driving(root, "random", str(place), workers, 100_000) as driver:
        wait_for(place, 5)
        workers_were = children(driver.pid)
        before = held(place)
        os.killpg(driver.pid, signal.SIGINT)
        said = said_by(driver)
    assert driver.returncode == 0
    assert gone(workers_were)
    after = held(place)
    assert before.items() <= after.items()
    assert said.startswith(f"interrupted: stopped after {len(after)} of 100000 trials: the same")
    assert f"There are {len(after)}." in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.journal"]


@pytest.mark.parametrize("where", ["a.db", "a.journal"])
def test_a_second_driver_in_the_same_file_is_refused(where, root, tmp_path):
    place = tmp_path / where
    with driving(root, "random", str(place), 0, 100_000):
        wait_for(place, 1)
        with driving(root, "random", str(place), 0, 100_000) as second:
            said = said_by(second)
        assert said == (
            f"BlockingIOError: {place} is being written by another run: wait for it, or name "
            "another storage\n"
        )
    with driving(root, "random", str(place), 0, 1) as third:  # the first was killed
        assert said_by(third) == "done\n"


def test_workers_do_not_outlive_their_driver(root, tmp_path):
    place = tmp_path / "a.journal"
    with driving(root, "random", str(place), 2, 100_000) as driver:
        wait_for(place, 5)
        workers = children(driver.pid)
        assert sum(map(alive, workers)) >= 2
        driver.kill()
        assert gone(workers, within=10)

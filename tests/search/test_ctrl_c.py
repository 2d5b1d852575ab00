"""Ctrl-C at any line of what writes a trial: the trial is there, and nothing is left behind."""

import signal
import sys
import threading
from pathlib import Path

import optuna
import pytest

from lstmlab.search import Interrupted, Serial, run, table
from lstmlab.search.storage import unbroken
from tests.search.made import assert_same, searcher, serial, uneven

STORAGES = str(Path(optuna.storages.__file__).parent)
TRIALS = 3


@pytest.fixture(autouse=True)
def answer():
    """Ctrl-C raises, also where the tests themselves were started without it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class AtLine:
    """Ctrl-C at one line, counted over all that Optuna's storages run in a call of add_trial."""

    def __init__(self, line, monkeypatch):
        self.trials, self.lines, self.line = 0, 0, line
        add_trial = optuna.Study.add_trial

        def traced(study, trial):
            self.trials += 1
            before = sys.gettrace()
            sys.settrace(self.enter)
            try:
                add_trial(study, trial)
            finally:
                sys.settrace(before)

        monkeypatch.setattr(optuna.Study, "add_trial", traced)

    def enter(self, frame, event, argument):
        return self.step if frame.f_code.co_filename.startswith(STORAGES) else None

    def step(self, frame, event, argument):
        self.lines += event == "line"
        if event == "line" and self.lines == self.line:
            signal.raise_signal(signal.SIGINT)
        return self.step


def go_on(place):
    return run(
        searcher("random"), uneven, TRIALS, executor=Serial(), storage=place, progress=False
    )


@pytest.mark.parametrize(("where", "apart"), [("a.journal", 5), ("a.db", 89)])
def test_ctrl_c_at_any_line_while_a_trial_is_written(where, apart, tmp_path, monkeypatch):
    undisturbed = table(go_on(None))
    with monkeypatch.context() as patch:
        counted = AtLine(0, patch)
        go_on(tmp_path / "before" / where)
    for line in range(1, counted.lines, apart):
        place = tmp_path / str(line) / where
        with monkeypatch.context() as patch:
            interrupted = AtLine(line, patch)
            with pytest.raises(Interrupted, match=f"after . of {TRIALS} trials") as caught:
                go_on(place)
        ended = [trial.user_attrs["number"] for trial in caught.value.study.trials]
        assert ended == list(range(interrupted.trials))
        assert [path.name for path in place.parent.iterdir()] == [where]
        assert_same(go_on(place), undisturbed)


def test_a_second_ctrl_c_waits_for_nothing():
    done = []

    def twice():
        with unbroken():
            signal.raise_signal(signal.SIGINT)
            done.append(1)
            signal.raise_signal(signal.SIGINT)
            done.append(2)

    with pytest.raises(KeyboardInterrupt):
        twice()
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_is_answered_by_whoever_answered_it_before():
    heard = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    with unbroken():
        signal.raise_signal(signal.SIGINT)
        assert not heard
    assert heard == [signal.SIGINT]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with unbroken():
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_a_study_can_be_run_outside_the_main_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(go_on(None)))
    thread.start()
    thread.join()
    assert_same(found[0], serial("random", uneven, TRIALS))

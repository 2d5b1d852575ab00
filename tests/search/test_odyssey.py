"""The study of Greff et al.: what it searches, what a trial is, and the command that runs it."""

import math
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from lstmlab.__main__ import main
from lstmlab.cells import VARIANTS
from lstmlab.search import Serial, command, forecast, odyssey, read_trials, run, table, write_trials
from lstmlab.search.command import _duration
from lstmlab.search.forecast import an_epoch
from lstmlab.search.odyssey import COLUMNS, Training, searcher, space
from lstmlab.tasks import load
from lstmlab.training import Network, Recipe, train

CLOCKS = ["seconds"]
SMALL = ["--source", "generated", "--epochs", "1", "--quiet"]


@pytest.fixture(autouse=True)
def few(monkeypatch, tmp_path):
    """Sets of a few sequences, and a folder of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LSTMLAB_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    odyssey._load.cache_clear()


def small(monkeypatch):
    """In this process, music of eight, four and four chorales."""
    from dataclasses import replace

    def few_chorales(name, **options):
        task = load(name, **options)
        return replace(
            task, train=task.train[:8], valid=task.valid[:4], test=task.test[:4]
        )

    monkeypatch.setattr(odyssey, "load", few_chorales)


def test_the_space_is_the_papers():
    assert space("music") == {
        "blocks": IntDistribution(20, 200, log=True),
        "lr": FloatDistribution(1e-6, 1e-2, log=True),
        "one_minus_momentum": FloatDistribution(0.01, 1.0, log=True),
        "noise": FloatDistribution(0.0, 1.0),
    }
    assert list(space("speech")) == [*space("music"), "nesterov", "clip"]
    assert space("handwriting") == space("music")
    with pytest.raises(ValueError, match="task must be one of music, speech, handwriting"):
        space("reviews")


def test_the_variants_take_turns_and_draw_their_own():
    draws = searcher("music", seed=4).ask(27)
    assert [params["variant"] for params in draws] == list(VARIANTS) * 3
    assert len({params["lr"] for params in draws}) == 27


def test_the_variants_share_their_draws_if_asked():
    draws = pd.DataFrame(searcher("music", seed=4, shared_draws=True).ask(27))
    by_round = draws.drop(columns="variant").groupby(np.arange(27) // 9)
    assert (by_round.nunique() == 1).all(axis=None)
    assert draws["lr"].nunique() == 3


def test_what_a_variant_draws_does_not_depend_on_the_others():
    alone = searcher("music", ["NP"], seed=4).ask(3)
    among = [params for params in searcher("music", seed=4).ask(27) if params["variant"] == "NP"]
    assert alone == among


def test_an_unknown_variant_is_named():
    with pytest.raises(ValueError, match="variants must be of V, NIG.*got 'LSTM'"):
        searcher("music", ["V", "LSTM"])


def test_a_trial_is_the_papers_training(monkeypatch):
    small(monkeypatch)
    params = {"variant": "NP", "blocks": 20, "lr": 3e-3, "one_minus_momentum": 0.2, "noise": 0.1}
    made = Training("music", "generated", epochs=2)(params, 7)
    task = odyssey.load("music", source="generated")
    again = train(
        Network(88, 20, 88, "NP"),
        task,
        Recipe(lr=3e-3, momentum=0.8, noise=0.1, epochs=2, patience=15),
        seed=7,
        progress=False,
    )
    assert made["value"] == made["valid"] == again.valid
    assert made["test"] == again.test
    assert (made["epochs"], made["best_epoch"]) == (2, again.best_epoch)
    assert made["weights"] == again.network.size
    assert (made["source"], made["task"], made["stopped"]) == ("generated", "music", "epochs")
    assert made["seconds"] > 0


def test_a_trials_seconds_are_its_own_threads(monkeypatch):
    """In a process with several threads the process's clock counts them all."""
    small(monkeypatch)
    readings = iter([5.0, 7.5])
    monkeypatch.setattr(odyssey.time, "thread_time", lambda: next(readings))
    made = Training("music", "generated", epochs=1)(searcher("music").ask()[0], 0)
    assert made["seconds"] == 2.5


def test_speech_and_handwriting_read_in_both_directions_and_are_judged_by_errors():
    for name, loss in (("speech", "softmax"), ("handwriting", "ctc")):
        training = Training(name, "generated")
        task = load(name, source="generated")
        network = training.network({"blocks": 20}, task)
        assert (network.directions, network.loss) == (2, loss)
    recipe = training.recipe(
        {"lr": 1e-3, "one_minus_momentum": 1.0, "noise": 0.0, "nesterov": False, "clip": True}
    )
    assert (recipe.momentum, recipe.nesterov, recipe.clip) == (0.0, False, 1.0)


def test_a_speech_trial_keeps_errors_and_losses(monkeypatch):
    from dataclasses import replace

    def few_sentences(name, **options):
        task = load(name, **options)
        return replace(task, train=task.train[:4], valid=task.valid[:2], test=task.test[:2])

    monkeypatch.setattr(odyssey, "load", few_sentences)
    made = Training("speech", "generated", epochs=1)(
        searcher("speech", ["V"]).ask()[0] | {"blocks": 20}, 0
    )
    assert made["value"] == made["valid"]
    training = Training("speech", "generated", epochs=1)
    params = searcher("speech", ["V"]).ask()[0] | {"blocks": 20}
    task = odyssey.load("speech", source="generated")
    again = train(
        training.network(params, task), task, training.recipe(params), seed=0, progress=False
    )
    assert (made["valid"], made["test"]) == (again.valid_error, again.test_error)
    assert (made["valid_loss"], made["test_loss"]) == (again.valid, again.test)
    assert len({made[what] for what in ("valid", "test", "valid_loss", "test_loss")}) == 4


def test_a_worker_that_finds_other_data_says_so():
    training = Training("music", "generated")
    object.__setattr__(training, "data", "JSB Chorales")
    with pytest.raises(FileNotFoundError, match="study is on JSB Chorales.*finds generated"):
        training(searcher("music").ask()[0], 0)


def test_the_objective_travels_without_its_data():
    assert len(pickle.dumps(Training("music", "generated"))) < 1000


def test_training_says_what_it_is_and_not_where_its_data_lies():
    assert repr(Training("music", "generated", epochs=3)) == (
        "Training(task='music', epochs=3, patience=15, data='generated', "
        "engine='compiled, float32')"
    )


def test_every_column_of_a_table_is_described(monkeypatch):
    small(monkeypatch)
    study = run(
        searcher("music"), Training("music", "generated", epochs=1), 3,
        executor=Serial(), progress=False,
    )  # fmt: skip
    trials = table(study)
    assert set(trials) <= set(COLUMNS)
    described = set(COLUMNS) - {"nesterov", "clip", "valid_loss", "test_loss"}
    assert described == set(trials)


def test_the_forecast_is_the_time_of_an_epoch(monkeypatch):
    small(monkeypatch)
    training = Training("music", "generated", epochs=1)
    one = an_epoch(training, searcher("music", ["V"]))
    all_of_them = an_epoch(training, searcher("music", ["V", "FGR"]))
    assert 0 < one < 60
    assert 0 < all_of_them < 60


def test_the_forecast_counts_each_frame_of_both_sets_once(monkeypatch):
    """Steps of 3 s and looks of 2 s a frame, by a clock that nothing else moves."""
    small(monkeypatch)
    task = odyssey.load("music", source="generated")
    monkeypatch.setattr(forecast, "load", odyssey.load)
    now = [0.0]

    class Engine:
        def __init__(self, network, params):
            pass

        def step(self, x, target, **rates):
            now[0] += 3 * len(x)

        def cost(self, x, target):
            now[0] += 2 * len(x)

    monkeypatch.setattr(forecast, "fastest", lambda: Engine)
    monkeypatch.setattr(forecast.time, "process_time", lambda: now[0])
    found = an_epoch(Training("music", "generated", epochs=1), searcher("music", ["V", "NP"]))
    frames = {name: sum(len(x) for x, _ in getattr(task, name)) for name in ("train", "valid")}
    assert found == pytest.approx(3 * frames["train"] + 2 * frames["valid"])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (119, "119 s"), (121, "2 minutes"), (7300, "2 hours"), (200_000, "2 days")],
)
def test_durations_are_in_words(seconds, words):
    assert _duration(seconds) == words


def test_the_command_runs_a_study_and_goes_on_with_it(capsys):
    command = ["odyssey", *SMALL, "--variants", "V,NP", "--workers", "0"]
    assert main([*command, "--trials", "1"]) == 0
    first = read_trials("odyssey-music-generated.csv")
    assert list(first["variant"]) == ["V", "NP"]
    assert main([*command, "--trials", "2"]) == 0
    both = read_trials("odyssey-music-generated.csv")
    assert len(both) == 4
    pd.testing.assert_frame_equal(both[:2], first)
    said = capsys.readouterr()
    assert "0 of 2 done" in said.err
    assert "2 of 4 done" in said.err
    assert "at most" in said.err
    assert re.search(r"^V +2 +\d", said.out, re.MULTILINE)
    assert main([*command, "--trials", "2"]) == 0
    assert "nothing is left to do" in capsys.readouterr().err


def test_the_command_goes_on_from_a_table(tmp_path):
    command = ["odyssey", *SMALL, "--variants", "NP", "--workers", "0"]
    assert main([*command, "--trials", "2"]) == 0
    whole = read_trials("odyssey-music-generated.csv")
    write_trials(whole[:1], "begun.csv")
    assert main([*command, "--trials", "2", "--begin-with", "begun.csv",
                 "--storage", "new.journal", "--out", "new.parquet"]) == 0  # fmt: skip
    again = read_trials("new.parquet")
    pd.testing.assert_frame_equal(again.drop(columns=CLOCKS), whole.drop(columns=CLOCKS))
    assert again["seconds"][0] == whole["seconds"][0]


def test_a_table_of_another_study_is_refused(capsys):
    command = ["odyssey", *SMALL, "--variants", "NP", "--workers", "0", "--trials", "1"]
    assert main(command) == 0
    assert main([*command, "--begin-with", "odyssey-music-generated.csv", "--seed", "1",
                 "--storage", "new.journal"]) == 1  # fmt: skip
    assert "must be of a study with seed 1" in capsys.readouterr().err
    other = read_trials("odyssey-music-generated.csv").assign(source="JSB Chorales")
    write_trials(other, "real.csv")
    assert main([*command, "--begin-with", "real.csv", "--storage", "new.journal"]) == 1
    assert "--begin-with must be a table with source 'generated'" in capsys.readouterr().err


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["--epochs", "3"], "at most 3 epochs with patience 0, got trial 0 of another"),
        (["--epochs", "1"], "at most 1 epochs with patience 0, got trial 0 of another"),
        (["--patience", "1"], "at most 2 epochs with patience 1, got trial 1 of another"),
        (["--patience", "0"], ""),
    ],
)
def test_a_table_of_another_recipe_is_refused(older, settings, said, capsys, monkeypatch):
    command = ["odyssey", *SMALL, "--epochs", "2", "--patience", "0", "--variants", "NP",
               "--workers", "0", "--trials", "2"]  # fmt: skip
    assert main(command) == 0
    begun = read_trials("odyssey-music-generated.csv")
    assert set(begun["max_epochs"]) == {2}
    assert set(begun["patience"]) == {0}
    begun.loc[1, ["stopped", "epochs", "best_epoch"]] = ["patience", 2, 1]
    if older:
        begun = begun.drop(columns=["max_epochs", "patience"])
    else:
        said = said.replace("trial 1", "trial 0")
    write_trials(begun, "begun.csv")
    capsys.readouterr()
    wrong = main([*command, *settings, "--begin-with", "begun.csv", "--storage", "new.journal"])
    assert wrong == bool(said)
    assert said in capsys.readouterr().err
    assert Path("new.journal").exists() == (not said)


def test_a_table_of_another_engine_is_refused(capsys):
    command = ["odyssey", *SMALL, "--variants", "NP", "--workers", "0", "--trials", "1"]
    assert main(command) == 0
    other = read_trials("odyssey-music-generated.csv").assign(engine="NumPy, float64")
    write_trials(other, "other.csv")
    assert main([*command, "--begin-with", "other.csv", "--storage", "new.journal"]) == 1
    assert "--begin-with must be a table with engine 'compiled" in capsys.readouterr().err


def test_other_settings_are_another_study(capsys):
    command = ["odyssey", *SMALL, "--variants", "NP", "--workers", "0", "--trials", "1"]
    assert main(command) == 0
    assert main([*command, "--patience", "3"]) == 1
    said = capsys.readouterr().err
    assert "patience=15" in said
    assert "choose another name" in said
    assert main([*command, "--patience", "3", "--name", "impatient"]) == 0


def test_an_estimate_trains_nothing(capsys, tmp_path):
    assert main(["odyssey", *SMALL, "--variants", "V", "--trials", "3", "--estimate"]) == 0
    assert "an epoch on one core" in capsys.readouterr().err
    assert not list(tmp_path.glob("odyssey*"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--variants", "LSTM"], "'LSTM' is none of all, V, NIG"),
        (["--trials", "0"], "'0' is no whole number, 1 or more"),
        (["--task", "reviews"], "invalid choice: 'reviews'"),
        (["--workers", "2", "--dask", "tcp://127.0.0.1:1"], "not allowed with"),
        (["--variants", ""], "'' names no variant"),
        (["--variants", "V", ","], "',' names no variant"),
    ],
)
def test_a_wrong_word_is_named_with_what_would_be_right(wrong, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["odyssey", *wrong])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--workers", "-1"], "--workers must be 0 or more, got -1"),
        (["--out", "trials.txt"], "path must end in .csv or .parquet"),
        (["--storage", "trials.txt"], "storage must be"),
        (["--patience", "-1"], "patience must be"),
        (["--seed", "-1"], "seed must be"),
        (["--source", "JSB Chorales"], "is in none of"),
        (["--out", "nowhere/trials.csv"], "--out must lie in a folder that there is, got 'nowhe"),
        (["--out", "a folder.csv"], "--out must be a file that may be written, got 'a folder.csv'"),
        (["--storage", "sqlite://"], "--storage must be a file or a database that stays, got 'sql"),
        (["--storage", "sqlite:///"], "--storage must be a file or a database that stays"),
        (["--storage", "sqlite:///:memory:"], "--storage must be a file or a database that stays"),
        (["--storage", "foo://bar"], "storage must be a database that can be opened, got one of"),
        (["--begin-with", "empty.csv"], "empty.csv must be a table of trials, but: No columns"),
    ],
)
def test_a_wrong_value_is_one_line_before_anything_is_trained(wrong, said, capsys, monkeypatch):
    monkeypatch.setattr(Training, "__call__", None)
    Path("a folder.csv").mkdir()
    Path("empty.csv").touch()
    assert main(["odyssey", *SMALL, "--variants", "NP", "--trials", "1", *wrong]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("lstmlab: ")
    assert said in error


def test_parquet_without_pyarrow_is_one_line_before_anything_is_trained(capsys, monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    monkeypatch.setattr(Training, "__call__", None)
    assert main(["odyssey", *SMALL, "--variants", "NP", "--trials", "1", "--out", "a.parquet"]) == 1
    assert "--out needs pyarrow" in capsys.readouterr().err
    assert main(["odyssey", *SMALL, "--variants", "NP", "--trials", "1", "--estimate"]) == 0


def test_a_cluster_without_workers_is_told_of(capsys, monkeypatch):
    class Client:
        def nthreads(self):
            return {}

        def close(self):
            pass

    monkeypatch.setattr(command, "_client", lambda address: Client())
    assert main(["odyssey", *SMALL, "--variants", "NP", "--dask", "tcp://a:1", "--estimate"]) == 0
    assert "no worker has joined tcp://a:1 yet: dask worker tcp://a:1" in capsys.readouterr().err


def test_shared_draws_and_several_workers_are_what_they_say():
    assert main(["odyssey", *SMALL, "--variants", "V,NP", "--trials", "2", "--shared-draws",
                 "--workers", "2"]) == 0  # fmt: skip
    trials = read_trials("odyssey-music-generated.csv")
    draws = [params | {} for params in searcher("music", ["V", "NP"], shared_draws=True).ask(4)]
    pd.testing.assert_frame_equal(trials[list(draws[0])], pd.DataFrame(draws))
    assert list(trials["lr"][::2]) == list(trials["lr"][1::2])


def test_the_folder_of_the_data_is_looked_into(monkeypatch):
    asked = []

    def look(name, **options):
        asked.append(options["root"])
        return load(name, source="generated")

    monkeypatch.setattr(odyssey, "load", look)
    assert main(["odyssey", *SMALL, "--variants", "NP", "--trials", "1", "--workers", "0",
                 "--root", "here"]) == 0  # fmt: skip
    assert set(asked) == {"here"}


def test_an_estimate_shares_the_work_among_the_workers(capsys, monkeypatch):
    monkeypatch.setattr("lstmlab.search.forecast.an_epoch", lambda objective, searcher: 36.0)
    assert main(["odyssey", "--source", "generated", "--variants", "V,NP", "--trials", "5",
                 "--epochs", "100", "--workers", "2", "--estimate"]) == 0  # fmt: skip
    said = capsys.readouterr().err
    assert "about 36 s an epoch on one core: at most 5 hours with 2 workers" in said
    assert "at least 51 minutes (17 epochs each)" in said


def test_the_summary_is_of_each_variants_best_trial():
    trials = pd.DataFrame({
        "variant": ["V", "NP"] * 3, "value": [3.0, 9.0, 2.0, 7.0, 4.0, np.nan],
        "state": ["complete"] * 5 + ["failed"], "valid": [3.0, 9.0, 2.0, 7.0, 4.0, np.nan],
        "test": [1.0, 2.0, 3.0, 4.0, 5.0, np.nan], "blocks": range(20, 26), "lr": 0.5, "epochs": 7,
    })  # fmt: skip
    _, v, np_ = (line.split() for line in command._summary(trials).splitlines()[-3:])
    assert v == ["V", "3", "0", "2", "3", "22", "0.5", "7"]
    assert np_ == ["NP", "3", "1", "7", "4", "23", "0.5", "7"]


def test_no_cluster_is_one_line(capsys):
    pytest.importorskip("distributed")
    assert main(["odyssey", *SMALL, "--variants", "NP", "--dask", "tcp://nowhere:banana"]) == 1
    assert "no Dask scheduler answers" in capsys.readouterr().err


def test_ctrl_c_leaves_a_table_and_the_same_command_goes_on(tmp_path):
    """In a process of its own, as a reader stops it."""
    package = Path(odyssey.__file__).parents[2]
    program = (
        "import signal, sys; from lstmlab.__main__ import main; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "  # it may have been ignored
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "odyssey", "--source", "generated", "--quiet",
               "--epochs", "2", "--variants", "V", "--workers", "1"]  # fmt: skip
    options = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(package)}}
    journal = tmp_path / "odyssey-music-generated.journal"
    process = subprocess.Popen(
        [*command, "--trials", "500"], stderr=subprocess.PIPE, text=True, **options
    )
    until = time.monotonic() + 120
    while not (journal.exists() and journal.read_bytes().count(b'"op_code":4') >= 2):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"stopped after \d+ of 500 trials", said)
    there = read_trials(tmp_path / "odyssey-music-generated.csv")
    assert len(there) >= 2
    more = len(there) + 1
    subprocess.run([*command, "--trials", str(more)], check=True, capture_output=True, **options)
    whole = read_trials(tmp_path / "odyssey-music-generated.csv")
    assert list(whole["number"]) == list(range(more))
    pd.testing.assert_frame_equal(whole[: len(there)], there)


def test_momentum_is_searched_on_the_scale_that_matters():
    """A step with momentum μ is worth 1 / (1 - μ) steps: that is what is even on a log scale."""
    shares = np.array([params["one_minus_momentum"] for params in searcher("music").ask(4500)])
    assert 0.01 <= shares.min() <= shares.max() <= 1
    assert np.mean(shares < 0.1) == pytest.approx(0.5, abs=0.03)
    assert np.mean(np.log10(shares)) == pytest.approx(-1, abs=0.03)
    assert math.isfinite(float(np.sum(1 / shares)))

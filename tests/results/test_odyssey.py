"""The odyssey on music, and the advice: what is recorded is what was run, to be gone on with."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from lstmlab import results
from lstmlab.cells import VARIANTS
from lstmlab.results import about, advice, making, names, odyssey, record
from lstmlab.search import read_trials, restore, run, table, write_trials
from lstmlab.search.ledger import Ledger, seed_of
from lstmlab.search.odyssey import COLUMNS, Training, check_recipe, searcher, space
from lstmlab.search.outcome import Outcome
from lstmlab.search.storage import opened

SHIPPED = sorted(set(names()) & {odyssey.NAME, *advice.NAMES.values()})
of_music = pytest.mark.skipif(odyssey.NAME not in SHIPPED, reason="not recorded yet")


def made_up(trials):
    """A study of so many trials that nobody trained."""
    asked = searcher("music").ask(trials)
    with opened(None, "made up", "minimize") as study:
        ledger = Ledger(study, searcher("music"))
        for number, params in enumerate(asked):
            failed = number == 5
            kept = {"valid": 9.0 + number, "test": 9.5, "epochs": 3, "source": "JSB Chorales",
                    "engine": "compiled, float32", "weights": 100}  # fmt: skip
            outcome = (
                Outcome(None, "the value is inf", {}, 0.0, 1.5)
                if failed
                else Outcome(9.0 + number, None, kept, 0.0, 1.5)
            )
            ledger.add(number, params, seed_of(0, number), outcome)
    return table(study)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where results are recorded, in place of the package's own folder."""
    monkeypatch.setattr(making, "record", partial(record, folder=tmp_path))
    monkeypatch.setattr(odyssey, "record", partial(record, folder=tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_whole_rounds_are_kept_and_what_came_after_a_gap_is_not():
    study = made_up(30)
    assert len(odyssey.whole_rounds(study)) == 27
    assert len(odyssey.whole_rounds(study[study["number"] != 17])) == 9
    shuffled = study.sample(frac=1, random_state=0)
    assert list(odyssey.whole_rounds(shuffled)["number"]) == list(range(27))
    assert odyssey.whole_rounds(study[study["number"] > 3]).empty


def test_a_recorded_study_is_the_table_that_was_written(folder, capsys):
    study = made_up(20)
    write_trials(study, folder / "study.csv")
    odyssey.main([str(folder / "study.csv")])
    recorded = read_trials(folder / "odyssey-music.csv")
    pd.testing.assert_frame_equal(recorded, study[:18])
    made = about(odyssey.NAME, folder)
    assert made.command == "lstmlab odyssey --task music --trials 2"
    assert made.seconds == 27
    assert made.sources == ["JSB Chorales"]
    assert "18 trials, 2 of each variant" in capsys.readouterr().out
    again = table(restore(recorded, searcher("music")))
    pd.testing.assert_frame_equal(again, recorded)


def of_another_seed(study):
    """What `--seed 1` makes."""
    params = pd.DataFrame(searcher("music", seed=1).ask(len(study)))
    seeds = [seed_of(1, number) for number in study["number"]]
    return study.assign(seed=seeds, **params)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.assign(source="generated"), "must be of JSB Chorales, got generated"),
        (of_another_seed, "must be of a study with seed 0: trial 0"),
        (
            lambda t: t.assign(**pd.DataFrame(searcher("music", shared_draws=True).ask(len(t)))),
            "must have its own draws, got .* as trial 0",
        ),
        (lambda t: t.assign(max_epochs=1), "at most 150 epochs with patience 15, got trial 0"),
        (lambda t: t.assign(patience=1), "at most 150 epochs with patience 15, got trial 0"),
    ],
)
def test_what_another_command_made_is_not_recorded_as_of_this_one(change, says, folder):
    write_trials(change(made_up(18)), folder / "study.csv")
    with pytest.raises(SystemExit, match=says):
        odyssey.main([str(folder / "study.csv")])
    assert not list(folder.glob("*.json"))


def test_less_than_a_round_is_not_recorded(folder):
    write_trials(made_up(8), folder / "study.csv")
    with pytest.raises(SystemExit, match="one trial or more of every variant"):
        odyssey.main([str(folder / "study.csv")])
    assert not list(folder.glob("*.json"))


def test_the_advice_tries_every_rate_with_every_size_and_seed():
    asked = pd.DataFrame(advice.grid().ask(1000))
    assert len(asked) == len(advice.RATES) * len(advice.SIZES) * len(advice.SEEDS)
    assert not asked.duplicated().any()
    assert np.allclose(np.diff(np.log10(advice.RATES)), -0.5, atol=1e-3)
    assert asked["lr"].max() == 1.0


def test_the_same_repeat_is_the_same_seed_at_every_rate(monkeypatch):
    """So a curve over rates is one network trained in many ways."""
    seen = []

    def look(self, params, seed):
        seen.append((params, seed))
        return 1.0

    monkeypatch.setattr(Training, "__call__", look)
    tuning = advice.Tuning(Training("music", "generated"))
    for repeat, number in ((2, 11), (2, 12), (0, 13)):
        tuning({"repeat": repeat, "blocks": 20, "lr": 0.1}, number)
    assert [seed for _, seed in seen] == [2, 2, 0]
    assert seen[0][0]["one_minus_momentum"] == pytest.approx(0.1)
    assert seen[0][0]["noise"] == 0.2


def test_the_advice_is_recorded_from_its_trials(folder, monkeypatch):
    def invented(self, params, seed):
        return {"value": abs(np.log10(params["lr"]) + 2), "seconds": 2.0}

    monkeypatch.setattr(Training, "__call__", invented)
    monkeypatch.setattr(advice, "run", partial(run, executor=advice_serial(), progress=False))
    advice.main([])
    made = about("advice", folder)
    assert (made.sources, made.seconds) == (["generated"], 2 * 165)
    trials = read_trials(folder / "advice.csv")
    assert set(trials.loc[trials["value"] < 1e-3, "lr"]) == {0.01}
    assert set(trials["blocks"]) == set(advice.SIZES)
    assert set(trials) <= set(advice.COLUMNS)


def advice_serial():
    from lstmlab.search import Serial

    return Serial()


@of_music
def test_the_shipped_study_is_balanced_and_says_what_it_is():
    trials = odyssey.trials()
    assert list(trials["number"]) == list(range(len(trials)))
    assert trials["variant"].value_counts().nunique() == 1
    assert set(trials["variant"]) == set(VARIANTS)
    assert set(trials) <= set(COLUMNS)
    done = trials[trials["state"] == "complete"]
    assert (done["value"] == done["valid"]).all()
    assert (done["test"].dropna() > 8).all()  # NaN: it overflows there
    assert (done["best_epoch"] <= done["epochs"]).all()
    assert (done["epochs"] <= 150).all()
    made = about(odyssey.NAME)
    assert made.sources == ["JSB Chorales"]
    assert made.seconds == pytest.approx(trials["seconds"].sum(), abs=1)
    assert f"--trials {len(trials) // 9}" in made.command


@of_music
def test_the_shipped_study_can_be_gone_on_with():
    """Its trials are those that this version would draw, with the same seeds."""
    trials = odyssey.trials()
    asked = searcher("music").ask(len(trials))
    for name in space("music"):
        assert list(trials[name]) == [params[name] for params in asked]
    assert list(trials["seed"]) == [seed_of(0, number) for number in trials["number"]]
    study = restore(trials, searcher("music"))
    pd.testing.assert_frame_equal(table(study), trials)
    odyssey.check(trials)
    for epochs, patience in ((149, 15), (151, 15), (150, 14), (150, 16)):
        with pytest.raises(ValueError, match="got trial . of another recipe"):
            check_recipe(trials, epochs, patience)


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != odyssey.NAME])
def test_the_shipped_advice_has_every_rate_size_and_seed(name):
    (source,) = about(name).sources
    trials = advice.trials(source)
    asked = pd.DataFrame(advice.grid().ask(1000))
    for column in asked:
        assert list(trials[column]) == list(asked[column])
    assert set(trials) <= set(advice.COLUMNS)
    assert trials["value"].notna().mean() > 0.7
    assert set(trials["source"].dropna()) == set(about(name).sources)
    assert results.verified(name, f"{name}.csv").exists()

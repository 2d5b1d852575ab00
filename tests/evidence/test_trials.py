"""Trials come as a table or as a study, and what is no number or no trial is named."""

from __future__ import annotations

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import FloatDistribution

from lstmlab.evidence import as_table, finished


def test_a_table_is_returned_as_it_is_and_needs_no_state() -> None:
    trials = pd.DataFrame({"value": [1.0, np.nan, np.inf], "epochs": [1, 2, 3]})
    assert as_table(trials) is trials
    assert finished(trials).tolist() == [True, True, True]
    assert finished(trials, "epochs", "value").tolist() == [True, False, False]


def test_a_study_becomes_a_row_a_trial_with_failures_and_without_what_is_unfinished() -> None:
    study = optuna.create_study()
    space = {"lr": FloatDistribution(0, 1)}
    for value in (3.0, 1.0):
        trial = study.ask(space)
        trial.set_user_attr("test", value + 0.5)
        study.tell(trial, value)
    study.tell(study.ask(space), state=optuna.trial.TrialState.FAIL)
    study.ask(space)
    table = as_table(study)
    assert table["state"].tolist() == ["complete", "complete", "failed"]
    assert table["test"].tolist()[:2] == [3.5, 1.5]
    assert table["lr"].between(0, 1).all()
    assert finished(table, "value", "test").tolist() == [True, True, False]


def test_a_hole_of_any_kind_is_not_finished() -> None:
    trials = pd.DataFrame({"test": pd.array([1, None], dtype="Int64"), "valid": [None, 2.0]})
    assert finished(trials, "test").tolist() == [True, False]
    assert finished(trials.astype(object), "valid").tolist() == [False, True]


def test_what_cannot_be_read_is_named() -> None:
    two = optuna.create_study(directions=["minimize", "minimize"])
    trials = pd.DataFrame({"value": [1.0], "state": ["complete"], "variant": ["V"]})
    for kind, says, call in (
        (TypeError, "trials must be a table or an Optuna study, got str", lambda: as_table("t")),  # type: ignore[arg-type]
        (ValueError, "trials must have one objective, got 2", lambda: as_table(two)),
        (ValueError, "trials must hold at least one trial", lambda: as_table(trials[:0])),
        (ValueError, "trials must hold at least one", lambda: as_table(optuna.create_study())),
        (ValueError, 'must be "complete" or "failed", got \'COMPLETE\'',
         lambda: as_table(trials.assign(state="COMPLETE"))),
        (ValueError, "trials must have a column 'test', got value, state, variant",
         lambda: finished(trials, "test")),
        (ValueError, r"trials\['variant'\] must hold numbers", lambda: finished(trials, "variant")),
    ):  # fmt: skip
        with pytest.raises(kind, match=says):
            call()

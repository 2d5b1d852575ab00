"""fANOVA's shares sum to one, do not depend on units, and are defined where there is little."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lstmlab.evidence import Fanova
from lstmlab.search import RandomSearch, Serial, read_trials, run, table, write_trials

Array = NDArray[np.float64]
SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-6, 1e-2, log=True),
    "noise": FloatDistribution(0.0, 1.0),
    "blocks": IntDistribution(20, 200, log=True),
}


def drawn(n: int, seed: int) -> pd.DataFrame:
    """Random trials of `SPACE` whose values are eighths, so that adding whole numbers is exact."""
    rng = np.random.default_rng(seed)
    lr, noise = 10 ** rng.uniform(-6, -2, n), rng.random(n)
    blocks = rng.integers(20, 201, n)
    value = (np.log10(lr) + 3.5) ** 2 + noise * np.log(blocks) + rng.standard_normal(n)
    return pd.DataFrame(
        {"lr": lr, "noise": noise, "blocks": blocks, "value": np.rint(8 * value) / 8}
    )


@settings(max_examples=12)
@given(n=st.integers(2, 60), trees=st.integers(1, 5), seed=st.integers(0, 99), pairs=st.booleans())
def test_the_shares_sum_to_one_and_none_is_negative(
    n: int, trees: int, seed: int, pairs: bool
) -> None:
    fanova = Fanova(drawn(n, seed), trees, seed, space=SPACE)
    importance = fanova.importance(pairs=pairs)
    assert np.isfinite(importance).all(axis=None)
    assert (importance >= 0).all(axis=None)
    whole = 1.0 if fanova.total > 0 else 0.0  # very few trials fit into one leaf
    assert importance.fraction.sum() == pytest.approx(whole, abs=1e-12)
    assert len(importance) == (7 if pairs else 4)


@settings(max_examples=12)
@given(seed=st.integers(0, 99), unit=st.floats(1e-3, 1e3), base=st.floats(-5, 5))
def test_units_and_the_base_of_the_logarithm_do_not_matter(
    seed: int, unit: float, base: float
) -> None:
    trials = drawn(80, seed)
    other = trials.assign(lr=trials["lr"] * unit, noise=base + unit * trials["noise"])
    space = {
        "lr": FloatDistribution(1e-6 * unit * 0.999, 1e-2 * unit * 1.001, log=True),
        "noise": FloatDistribution(base, base + unit),
        "blocks": SPACE["blocks"],
    }
    wide = SPACE | {"lr": FloatDistribution(1e-6 * 0.999, 1e-2 * 1.001, log=True)}
    ours = Fanova(trials, 5, space=wide)
    theirs = Fanova(other, 5, space=space)
    np.testing.assert_allclose(theirs.importance(), ours.importance(), rtol=0, atol=1e-5)


@settings(max_examples=12)
@given(seed=st.integers(0, 99), constant=st.integers(-1000, 1000), power=st.integers(-8, 8))
def test_adding_a_constant_to_the_target_or_scaling_it_moves_only_the_curves(
    seed: int, constant: int, power: int
) -> None:
    trials = drawn(64, seed)
    scale = 2.0**power
    other = trials.assign(value=scale * (trials["value"] + constant))
    ours, theirs = Fanova(trials, 5, space=SPACE), Fanova(other, 5, space=SPACE)
    np.testing.assert_allclose(theirs.importance(), ours.importance(), rtol=0, atol=1e-12)
    assert theirs.total == pytest.approx(scale**2 * ours.total)
    np.testing.assert_allclose(
        theirs.marginal("lr")["mean"], scale * (ours.marginal("lr")["mean"] + constant), rtol=1e-9
    )
    assert theirs.oob == pytest.approx(ours.oob)


@pytest.mark.parametrize(
    "choices", [("a", None), ("a", 1), (True, False, None), (0.5, "0.25", None)], ids=str
)
def test_choices_of_every_kind_are_told_apart_in_a_study_and_in_its_table(
    choices: tuple[str | int | float | bool | None, ...], tmp_path: Path
) -> None:
    space = {"c": CategoricalDistribution(choices), "x": FloatDistribution(0, 1)}
    study = run(
        RandomSearch(space), lambda params, seed: choices.index(params["c"]), 40,  # type: ignore[arg-type]
        executor=Serial(), progress=False,
    )  # fmt: skip
    written = read_trials(write_trials(table(study), tmp_path / "a.csv"))
    for trials in (study, table(study), written):
        fanova = Fanova(trials, 8, space=space)
        found = fanova.marginal("c")
        assert found["value"].tolist() == list(choices)
        assert fanova.used["c"].tolist() == [trial.params["c"] for trial in study.trials]
        assert found["mean"].is_monotonic_increasing
        assert fanova.importance().fraction["c"] > 0.9


def test_one_tree_has_no_spread() -> None:
    fanova = Fanova(drawn(60, 0), trees=1, space=SPACE)
    assert (fanova.importance()["std"] == 0).all()
    assert (fanova.marginal("lr")["std"] == 0).all()


def test_the_only_hyperparameter_has_all_of_the_variance() -> None:
    fanova = Fanova(drawn(60, 0), 5, space={"lr": SPACE["lr"]})
    importance = fanova.importance()
    assert list(importance.index) == ["lr", "higher order"]
    assert importance.fraction.tolist() == pytest.approx([1.0, 0.0])


def test_a_constant_target_has_no_variance_to_divide() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fanova = Fanova(drawn(60, 0).assign(value=3.1), 5, space=SPACE)
        assert fanova.total == 0.0
        assert np.isnan(fanova.oob)
        assert (fanova.importance() == 0).all(axis=None)
        assert (fanova.marginal("lr")["mean"] == 3.1).all()
        assert (fanova.interaction("lr", "noise").interaction == 0).all()


def test_two_trials_are_a_single_leaf_that_says_nothing() -> None:
    fanova = Fanova(drawn(2, 0), 5, space=SPACE)
    assert fanova.total == 0.0
    assert (fanova.importance() == 0).all(axis=None)


def test_a_hyperparameter_with_one_value_has_no_importance() -> None:
    trials = drawn(60, 0).assign(clip="no", momentum=0.9)
    space = SPACE | {
        "clip": CategoricalDistribution(["no"]),
        "momentum": FloatDistribution(0.9, 0.9),
    }
    fanova = Fanova(trials, 5, space=space)
    assert (fanova.importance().fraction[["clip", "momentum"]] == 0).all()
    assert fanova.marginal("clip")["value"].tolist() == ["no"]
    assert fanova.marginal("momentum")["value"].tolist() == [0.9]


def test_failed_trials_and_those_without_a_finite_target_are_left_out_and_counted() -> None:
    trials = drawn(60, 0)
    worse = pd.concat([trials, drawn(4, 1)], ignore_index=True)
    worse["state"] = ["complete"] * 63 + ["failed"]
    worse.loc[60:62, "value"] = [np.nan, np.inf, -np.inf]
    worse.loc[63, "lr"] = np.nan  # a failed trial may lack anything
    ours, theirs = Fanova(trials, 5, space=SPACE), Fanova(worse, 5, space=SPACE)
    assert (ours.left_out, theirs.left_out) == (0, 4)
    assert theirs.used.index.tolist() == list(range(60))
    pd.testing.assert_frame_equal(ours.importance(), theirs.importance())


def test_the_same_seed_gives_the_same_forest_and_another_seed_another() -> None:
    trials = drawn(60, 0)
    first, again, other = (Fanova(trials, 5, seed, space=SPACE) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.importance(), again.importance())
    assert not np.allclose(first.importance(), other.importance())


def test_oob_tells_a_surface_from_noise() -> None:
    trials = drawn(300, 0)
    noise = trials.assign(value=np.random.default_rng(0).standard_normal(300))
    assert Fanova(noise, 30, space=SPACE).oob < 0.1
    assert Fanova(trials, 30, space=SPACE).oob > 0.6


def test_oob_is_the_one_of_scikit_learn() -> None:
    fanova = Fanova(drawn(100, 0), 60, space=SPACE)
    trials = drawn(100, 0)
    cube = np.stack([side.place(trials[side.name]) for side in fanova.sides], axis=1)
    target = (trials["value"] - fanova.mean) / fanova.scale
    theirs = fanova.forest.set_params(oob_score=True).fit(cube, target)
    assert fanova.oob == pytest.approx(theirs.oob_score_, abs=1e-6)


def test_marginals_are_in_the_hyperparameter_s_own_units() -> None:
    trials = drawn(60, 0)
    trials["clip"] = np.where(trials["value"] > trials["value"].median(), "often", "no")
    space = SPACE | {"clip": CategoricalDistribution(["no", "yes", "often"])}
    fanova = Fanova(trials, 5, space=space)
    lr = fanova.marginal("lr", 5)["value"]
    np.testing.assert_allclose(lr, [1e-6, 1e-5, 1e-4, 1e-3, 1e-2])
    blocks = fanova.marginal("blocks", 4)["value"]
    assert blocks.dtype == np.int64
    assert len(blocks) == 4
    assert fanova.marginal("blocks", 500)["value"].tolist() == list(range(20, 201))
    clip = fanova.marginal("clip")
    assert clip["value"].tolist() == ["no", "yes", "often"]
    assert clip["mean"][2] > clip["mean"][0]
    assert fanova.marginal("clip", ["often"])["mean"][0] == clip["mean"][2]
    assert fanova.marginal("lr", [3e-4, 1e-5])["value"].tolist() == pytest.approx([3e-4, 1e-5])


def test_a_study_brings_its_own_space() -> None:
    study = optuna.create_study()
    trials = drawn(40, 0)
    space: dict[str, BaseDistribution] = {name: SPACE[name] for name in ("lr", "noise")}
    for _, row in trials.iterrows():
        study.add_trial(
            optuna.trial.create_trial(
                params={name: row[name] for name in space}, distributions=space,
                value=row["value"], user_attrs={"test": 2 * row["value"]},
            )
        )  # fmt: skip
    study.ask(space)  # still running
    study.tell(study.ask(space), state=optuna.trial.TrialState.FAIL)
    ours = Fanova(trials, 5, space=space)
    theirs = Fanova(study, 5)
    assert (theirs.names, theirs.left_out) == (["lr", "noise"], 1)
    pd.testing.assert_frame_equal(ours.importance(), theirs.importance())
    doubled = Fanova(study, 5, target="test")
    assert doubled.total == pytest.approx(4 * ours.total)


def test_wrong_arguments_are_named() -> None:
    trials = drawn(20, 0)
    lr = {"lr": SPACE["lr"]}
    fanova = Fanova(trials, 2, space=SPACE)
    wrong = [
        (TypeError, "trials must be a table or an Optuna study, got list", lambda: Fanova([])),  # type: ignore[arg-type]
        (ValueError, "trials must hold at least one", lambda: Fanova(trials[:0], space=lr)),
        (ValueError, "space must be given with a table", lambda: Fanova(trials)),
        (ValueError, "space must hold at least one", lambda: Fanova(trials, space={})),
        (TypeError, r"space\['lr'\] must be an Optuna", lambda: Fanova(trials, space={"lr": 1})),  # type: ignore[dict-item]
        (ValueError, "column 'size', got lr,", lambda: Fanova(trials, space={"size": lr["lr"]})),
        (ValueError, "column 'test', got lr,", lambda: Fanova(trials, space=lr, target="test")),
        (ValueError, "at least 2 complete .* got 1 of 1", lambda: Fanova(trials[:1], space=lr)),
        (ValueError, "trees must be a whole .* got 0", lambda: Fanova(trials, 0, space=lr)),
        (ValueError, "trees must be .* got True", lambda: Fanova(trials, True, space=lr)),
        (ValueError, "seed must be .* got -1", lambda: Fanova(trials, 5, -1, space=lr)),
        (ValueError, "min_samples_leaf must .* got 0",
         lambda: Fanova(trials, space=lr, min_samples_leaf=0)),
        (ValueError, "max_features must .* got 2",
         lambda: Fanova(trials, space=lr, max_features=2)),
        (ValueError, "max_features must .* got 'a'",
         lambda: Fanova(trials, space=lr, max_features="a")),  # type: ignore[arg-type]
        (TypeError, "space must map names to Optuna distributions, got list",
         lambda: Fanova(trials, space=["lr"])),  # type: ignore[arg-type]
        (ValueError, "lr must be in 1e-06…0.01, got 3",
         lambda: Fanova(trials.assign(lr=3.0), space=lr)),
        (ValueError, "lr must be in .* got nan",
         lambda: Fanova(trials.assign(lr=np.nan), space=lr)),
        (ValueError, "state.* got 'done'", lambda: Fanova(trials.assign(state="done"), space=lr)),
        (ValueError, "must hold numbers", lambda: Fanova(trials.assign(value="x"), space=lr)),
        (ValueError, "name must be one of lr, noise, blocks", lambda: fanova.marginal("size")),
        (ValueError, "a and b must be different", lambda: fanova.interaction("lr", "lr")),
        (ValueError, "points must be .* got 1", lambda: fanova.marginal("lr", 1)),
        (ValueError, "blocks must be a whole number in 20…200, got 20.5",
         lambda: fanova.marginal("blocks", [20.5])),
    ]  # fmt: skip
    for kind, says, call in wrong:
        with pytest.raises(kind, match=says):
            call()

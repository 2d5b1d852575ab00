"""The study of Poudel et al.: its spaces, its methods and its objective."""

import numpy as np
import pytest

from lstmlab.search import TPE, GaussianProcess, Genetic, ParticleSwarm, RandomSearch, rehearse
from lstmlab.search.poudel import (
    BUDGETS,
    GENES,
    IN_GRID,
    LOG_SPACE,
    METHODS,
    SPACE,
    Reading,
    contestant,
    reviews,
)
from lstmlab.search.space import settle
from lstmlab.tasks import load
from lstmlab.tasks.reviews import seen

TINY = Reading("generated", train=40, valid=30, embedding=4)
PARAMS = {"lr": 0.01, "hidden": 3, "epochs": 2, "maxlen": 9}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("space", [SPACE, LOG_SPACE])
def test_every_contestant_searches_the_space_it_is_given(method, space):
    genes = GENES if space is SPACE else None
    trials = 15 if method == "Gaussian process" else 45
    found = rehearse(contestant(method, space, genes, seed=4), lambda p, s: p["lr"], trials)
    assert len(found) == trials
    for trial in found.to_dict("records"):
        params = {name: trial[name] for name in space}
        assert settle(space, params) == params
    assert len(found[list(space)].drop_duplicates()) > trials / 2


def test_the_contestants_are_those_of_the_paper():
    kinds = {method: type(contestant(method, SPACE, GENES)) for method in METHODS}
    assert kinds == {
        "random": RandomSearch, "TPE of 2011": TPE, "TPE": TPE, "swarm": ParticleSwarm,
        "Gaussian process": GaussianProcess,
        **dict.fromkeys(("genetic I", "genetic II", "genetic III", "genetic short"), Genetic),
    }  # fmt: skip
    of_2011, ours = contestant("TPE of 2011", SPACE), contestant("TPE", SPACE)
    assert (of_2011.joint, of_2011.weighted) == (False, False)
    assert (ours.joint, ours.weighted) == (True, True)
    for approach in ("I", "II", "III"):
        search = contestant(f"genetic {approach}", SPACE, GENES)
        assert search.trials(70) == BUDGETS[f"genetic {approach}"]
        assert len(search.code) == 32
        assert search.fitness(0.2) == 0.8  # errors become accuracies
    assert set(IN_GRID) < set(BUDGETS)


def test_an_unknown_contestant_is_named():
    with pytest.raises(ValueError, match="method must be one of random, .* got 'genetic IV'"):
        contestant("genetic IV", SPACE)


def test_the_objective_trains_on_the_first_words_without_unknown_ones():
    task = load("reviews", source="generated")
    short = seen(task, 9)
    for x, _ in short.train[:50]:
        assert len(x) <= 9
        assert x[0] == 1
        assert not (x == 2).any()
    answer = TINY(PARAMS, 7)
    assert answer["value"] == 1 - answer["accuracy"][-1]
    assert len(answer["accuracy"]) == 2
    assert answer["seconds"] > 0
    fast = {**PARAMS, "lr": 0.1, "epochs": 6}
    assert TINY({**fast, "maxlen": 60}, 7)["accuracy"] != TINY(fast, 7)["accuracy"]


def test_the_seed_is_all_the_luck_and_a_repeat_is_a_seed():
    def learned(params, seed):
        return TINY({**params, "lr": 0.1, "epochs": 4}, seed)["accuracy"]

    assert learned(PARAMS, 7) == learned(PARAMS, 7)
    assert learned({**PARAMS, "repeat": 7}, 0) == learned(PARAMS, 7)
    assert len({tuple(learned(PARAMS, seed)) for seed in range(4)}) > 1


def test_a_longer_training_passes_through_every_shorter_one():
    longest = Reading("generated", train=40, valid=30, embedding=4, epochs=5)
    accuracy = longest({**PARAMS, "lr": 0.1}, 3)["accuracy"]
    assert len(accuracy) == 5
    for epochs in (1, 3):
        assert TINY({**PARAMS, "lr": 0.1, "epochs": epochs}, 3)["accuracy"] == accuracy[:epochs]


def test_a_training_that_diverges_has_no_value():
    answer = TINY({**PARAMS, "lr": 1e30}, 0)
    assert np.isnan(answer["value"])
    assert answer["stopped"] == "diverged"


def test_a_search_sees_no_test_review_unless_it_is_asked_to():
    task, whole = reviews("generated", 40, 30), load("reviews", source="generated")
    assert len(task.train) == 40
    for of_search, of_set in zip(task.valid, whole.valid, strict=False):
        assert np.array_equal(of_search[0], of_set[0])
    more = reviews("generated", None, 1500)
    assert (len(more.train), len(more.valid)) == (2000, 1500)
    for wrong in ({"train": 3000}, {"valid": 2000}, {"train": 0}, {"valid": 1.5}):
        with pytest.raises((ValueError, TypeError), match="|".join(wrong)):
            reviews("generated", **wrong)


@pytest.mark.parametrize("name", list(SPACE))
@pytest.mark.parametrize("value", [None, 0, -1, "9", True, np.nan, np.inf])
def test_a_hyperparameter_that_is_no_number_above_0_is_named(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a number above 0, got"):
        TINY({**PARAMS, name: value}, 0)


def test_no_epochs_are_not_taken_for_a_hyperparameter():
    with pytest.raises(ValueError, match="epochs must be a number above 0, got 0"):
        Reading("generated", train=40, valid=30, epochs=0)(PARAMS, 0)

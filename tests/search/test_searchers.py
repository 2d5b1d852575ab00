"""What every searcher promises, and random search, grids and strata in particular."""

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from lstmlab.search import BoxHalving, GridSearch, RandomSearch, Strata
from tests.search.made import SPACE, Listener, searcher

NUMBERS = {"lr": SPACE["lr"], "blocks": SPACE["blocks"]}


def strata(**options):
    searchers = {key: RandomSearch(NUMBERS, seed=seed) for seed, key in enumerate("VNC")}
    return Strata("variant", searchers, **options)


MAKERS = {
    "random": lambda **options: RandomSearch(SPACE, **options),
    "grid": lambda **options: GridSearch(SPACE, 3, **options),
    "halving": lambda **options: BoxHalving(NUMBERS, **options),
    "strata": strata,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
class TestEverySearcher:
    def test_the_same_seed_gives_the_same_proposals(self, make):
        assert make(seed=3).ask(20) == make(seed=3).ask(20)

    @pytest.mark.parametrize("parts", [(7, 3), (1,) * 10, (3, 3, 4), (9, 1)])
    def test_batching_does_not_matter(self, make, parts):
        split = make(seed=3)
        assert [params for n in parts for params in split.ask(n)] == make(seed=3).ask(10)

    def test_proposals_lie_in_the_space(self, make):
        made = make()
        for params in made.ask(50):
            assert list(params) == list(made.space)
            for name, value in params.items():
                scale = made.space[name]
                assert scale._contains(scale.to_internal_repr(value))

    @pytest.mark.parametrize("n", [0, -1, 1.5, True, "2", None])
    def test_asking_for_no_number_is_refused(self, make, n):
        with pytest.raises(ValueError, match="n must be a whole number, 1 or more, got"):
            make().ask(n)


@pytest.mark.parametrize("kind", [RandomSearch, GridSearch, BoxHalving])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": -1}, "seed must be a whole number, 0 or more, got -1"),
        ({"seed": 1.0}, "seed must be a whole number.*got 1.0"),
        ({"seed": True}, "seed must be .*got True"),
        ({"seed": None}, "seed must be .*got None"),
        ({"direction": "down"}, "direction must be 'minimize' or 'maximize', got 'down'"),
    ],
)
def test_wrong_arguments_are_refused(kind, options, says):
    with pytest.raises(ValueError, match=says):
        kind(NUMBERS, **options)


def test_the_space_a_searcher_was_given_may_change_afterwards():
    space = dict(NUMBERS)
    made = RandomSearch(space)
    first = RandomSearch(space).ask(3)
    space.clear()
    assert made.ask(3) == first


@given(st.integers(0, 2**70), st.integers(0, 50))
def test_a_random_trial_does_not_depend_on_those_before_it(seed, before):
    made = RandomSearch(SPACE, seed=seed)
    if before:
        made.ask(before)
    assert made.ask(1)[0] == RandomSearch(SPACE, seed=seed).ask(before + 1)[-1]


def test_random_trials_stay_what_they_were_when_studies_were_computed():
    """A study that is continued in some years must be the same study."""
    proposals = RandomSearch(SPACE, seed=1).ask(200)
    rounded = [[f"{v:.9g}" if isinstance(v, float) else v for v in p.values()] for p in proposals]
    digest = hashlib.sha256(json.dumps(rounded).encode()).hexdigest()
    assert digest[:16] == "ea6a66632d21308a"


def test_random_trials_of_two_seeds_differ_and_none_repeats():
    seen = {p["lr"] for seed in range(20) for p in RandomSearch(SPACE, seed=seed).ask(100)}
    assert len(seen) == 2000


@given(
    st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.booleans(), st.integers(1, 40)
)
def test_a_grid_has_every_combination_once(lr, blocks, kinds, log, n):
    space = {
        "lr": FloatDistribution(0.5, 2.0, log=log),
        "blocks": IntDistribution(1, 1000),
        "kind": CategoricalDistribution(tuple("abcd"[:kinds])),
    }
    grid = GridSearch(space, {"lr": lr, "blocks": blocks})
    proposals = []
    while batch := grid.ask(n):
        proposals += batch
    assert len(proposals) == len(grid) == lr * blocks * kinds
    assert len({tuple(params.values()) for params in proposals}) == len(grid)
    assert grid.ask(1) == []


def test_a_grid_changes_its_last_hyperparameter_fastest():
    space = {"a": IntDistribution(0, 1), "b": IntDistribution(0, 2)}
    asked = [tuple(params.values()) for params in GridSearch(space).ask(9)]
    assert asked == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_a_grid_stands_at_equal_factors_from_end_to_end():
    lr = FloatDistribution(1e-6, 1e-2, log=True)
    values = GridSearch({"lr": lr}, 5).levels["lr"]
    assert values == pytest.approx([1e-6, 1e-5, 1e-4, 1e-3, 1e-2], rel=1e-12)
    assert (values[0], values[-1]) == (1e-6, 1e-2)
    assert GridSearch({"lr": lr}, 1).levels["lr"] == pytest.approx([1e-4])


def test_a_grid_has_no_more_levels_than_whole_numbers_allow():
    space = {"n": IntDistribution(1, 3), "x": FloatDistribution(0, 1, step=0.5)}
    assert GridSearch(space, 100).levels == {"n": [1, 2, 3], "x": [0.0, 0.5, 1.0]}


def test_a_grid_takes_values_as_the_space_holds_them():
    grid = GridSearch(SPACE, {"lr": [1, 0.1, 1.0], "blocks": [np.int64(4)], "noise": 1})
    assert grid.levels["lr"] == [1.0, 0.1]
    assert [type(v) for v in grid.levels["lr"] + grid.levels["blocks"]] == [float, float, int]


def test_a_grid_takes_numpys_numbers_and_arrays():
    space = {"x": FloatDistribution(0, 1), "n": IntDistribution(0, 9)}
    ours = GridSearch(space, {"x": np.linspace(0, 1, 3), "n": np.int64(2)})
    assert ours.levels == {"x": [0.0, 0.5, 1.0], "n": [0, 9]}
    assert GridSearch(space, np.int64(3)).levels == GridSearch(space, 3).levels


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        (0, "levels of 'lr' must be a whole number, 1 or more, or values, got 0"),
        (2.5, "levels of 'lr' must be .*got 2.5"),
        (True, "levels of 'lr' must be .*got True"),
        ({"lr": 2}, "levels of 'blocks' must be .*got None"),
        ({"lr": 2, "blocks": 2, "rate": 3}, r"levels must name .*\(lr, blocks, kind\), got rate"),
        ({"lr": [], "blocks": 2}, r"levels\['lr'\] must hold 1 value or more"),
        ({"lr": [2.0], "blocks": 2}, r"levels\['lr'\] must lie in FloatDistribution.*got 2.0"),
        ({"lr": 2, "blocks": [2.5]}, r"levels\['blocks'\] must lie in .*got 2.5"),
        ({"lr": 2, "blocks": 2, "kind": ["c"]}, r"levels\['kind'\] must lie in .*got 'c'"),
        ({"lr": 2, "blocks": 2, "kind": 2}, r"levels\['kind'\] must list some of its .*got 2"),
        ({"lr": 2, "blocks": 2, "kind": "ab"}, r"levels\['kind'\] must list .*got 'ab'"),
    ],
)
def test_wrong_levels_are_refused(levels, says):
    space = {**NUMBERS, "kind": CategoricalDistribution(("a", "b"))}
    with pytest.raises(ValueError, match=says):
        GridSearch(space, levels)


def finished(params, number, value):
    state = TrialState.FAIL if value is None else TrialState.COMPLETE
    space = {"variant": CategoricalDistribution(("V", "N")), **NUMBERS}
    return create_trial(
        state=state, value=value, params=params, distributions=space,
        user_attrs={"number": number},
    )  # fmt: skip


def test_strata_take_turns_and_each_gets_its_own_searchers_proposals():
    made = strata()
    asked = [params for n in (1, 4, 2, 5) for params in made.ask(n)]
    assert [params["variant"] for params in asked] == list("VNC") * 4
    for seed, key in enumerate("VNC"):
        own = [{k: v for k, v in p.items() if k != "variant"} for p in asked if p["variant"] == key]
        assert own == RandomSearch(NUMBERS, seed=seed).ask(4)


def test_strata_with_one_seed_share_their_draws():
    made = Strata("variant", {key: RandomSearch(NUMBERS, seed=5) for key in "VN"})
    one, two = made.ask(2)
    assert one | {"variant": "N"} == two


def test_a_stratum_that_is_at_its_end_is_passed_over():
    made = Strata(
        "variant", {"V": GridSearch(NUMBERS, 1), "N": GridSearch(NUMBERS, 2)}
    )
    asked = [params["variant"] for n in (3, 1, 4, 4) for params in made.ask(n)]
    assert asked == ["V", "N", "N", "N", "N"]


def test_strata_have_the_lag_of_their_searchers_and_a_batch_of_each():
    made = Strata("stratum", {key: Listener(3, 1, seed=1) for key in "VN"})
    assert (made.batch, made.lag) == (6, 1)


def test_a_stratum_hears_of_its_own_trials_only_and_in_order():
    class Ear(RandomSearch):
        def tell(self, trials):
            self.heard = [trial.user_attrs["number"] for trial in trials]

    ears = {"V": Ear(NUMBERS), "N": Ear(NUMBERS)}
    made = Strata("variant", ears)
    params = made.ask(6)
    made.tell([finished(p, k, None if k == 4 else float(k)) for k, p in enumerate(params)])
    assert ears["V"].heard == [0, 2, 4]
    assert ears["N"].heard == [1, 3, 5]


@pytest.mark.parametrize(
    ("name", "searchers", "says"),
    [
        ("variant", {}, "searchers must be a dict of 1 searcher or more, got {}"),
        ("variant", [RandomSearch(NUMBERS)], "searchers must be a dict of 1 searcher or more"),
        ("lr", {"V": RandomSearch(NUMBERS)}, "name must not be a hyperparameter .*got 'lr'"),
        ("seed", {"V": RandomSearch(NUMBERS)}, "must not name a hyperparameter 'seed'"),
        (
            "variant",
            {"V": RandomSearch(NUMBERS), "N": RandomSearch(SPACE)},
            "searchers must all have the same space",
        ),
        (
            "variant",
            {"V": RandomSearch(NUMBERS), "N": RandomSearch(NUMBERS, direction="maximize")},
            "searchers must all have the same direction",
        ),
        (
            "variant",
            {"V": RandomSearch(NUMBERS), "N": BoxHalving(NUMBERS)},
            "searchers must all have the same batch",
        ),
    ],
)
def test_wrong_strata_are_refused(name, searchers, says):
    with pytest.raises(ValueError, match=says):
        Strata(name, searchers)


def test_the_listener_of_these_tests_hears_every_digit():
    """Or the tests that use it prove nothing."""
    def told(value):
        listener = searcher("listener-0")
        params = listener.ask(1)[0]
        trial = create_trial(value=value, params=params, distributions=SPACE)
        listener.tell([trial])
        return listener.ask(1)

    assert told(0.1) == told(0.1)
    assert told(0.1) != told(0.1 + 1e-17 * 2)

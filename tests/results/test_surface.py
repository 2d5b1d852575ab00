"""The shipped table of trained networks is what its grids say, and can be made again."""

import numpy as np
import pandas as pd
import pytest

from lstmlab.results import about, surface, table
from lstmlab.results.surface import AFTER, GRIDS, OBJECTIVE, SEEDS, Tabulated, grid

PLACE = ["repeat", "hidden", "lr", "maxlen"]


@pytest.fixture(scope="module")
def networks():
    found = pd.DataFrame(table(surface.NAME)).set_index(PLACE)
    return found.assign(**found[AFTER].apply(pd.to_numeric))


def test_every_network_of_the_grids_is_there_once(networks):
    wanted = set()
    for hidden, seeds, every in GRIDS.values():
        one = grid(hidden, seeds, every)
        places = {tuple(place[name] for name in PLACE) for place in one.ask(len(one))}
        assert not wanted & places
        wanted |= places
    assert len(networks) == len(wanted) > 2000
    assert set(networks.index) == wanted
    assert about(surface.NAME).sources == ["generated"]


def test_accuracies_are_shares_and_only_a_network_that_diverged_has_fewer(networks):
    shares = networks[AFTER].to_numpy()
    there = np.isfinite(shares)
    assert ((shares[there] >= 0) & (shares[there] <= 1)).all()
    assert (np.diff(there.astype(int), axis=1) <= 0).all()  # nothing follows a gap
    assert there[:, -1].mean() > 0.99
    assert (networks["seconds"] > 0).all()


@pytest.mark.parametrize("place", [(0, 2, 0.001, 8), (1, 8, 0.008, 16)])
def test_a_network_trained_again_comes_to_the_same(networks, place):
    """To a few reviews: other processors add in another order."""
    repeat, *rest = place
    params = dict(zip(PLACE[1:], rest, strict=True))
    answer = OBJECTIVE({**params, "repeat": repeat}, 12345)
    shipped = networks.loc[place, AFTER].to_numpy(dtype=float)
    assert np.allclose(answer["accuracy"][:5], shipped[:5], atol=0.02)


def test_longer_inputs_and_the_right_rate_are_worth_something(networks):
    best = 1 - networks[AFTER].max(axis=1)
    assert best.groupby("maxlen").min()[128] < best.groupby("maxlen").min()[8] - 0.1
    rates = best.groupby("lr").min()
    assert rates.idxmin() < 0.1
    assert rates[0.5115] > rates.min() + 0.1


def test_the_luck_of_training_is_seen_by_the_noisy_one_alone():
    noisy, mean = Tabulated(), Tabulated(noisy=False)
    place = {"lr": 0.004, "hidden": 30, "epochs": 9, "maxlen": 100}
    each = [noisy(place, seed)["value"] for seed in range(6)]
    assert each[:3] == each[3:]
    assert len(set(each)) == len(SEEDS)
    assert mean(place, 0) == mean(place, 1)
    assert mean(place, 0)["value"] == pytest.approx(np.mean(each))

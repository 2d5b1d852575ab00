"""The shipped table of the blocks that others changed, and the code that made it."""

import numpy as np
import pytest

from lstmlab.results import about, others, table
from lstmlab.results.exams import exam, nearest
from lstmlab.results.history import Full
from lstmlab.results.others import (
    BLOCKS,
    ENTRANTS,
    RATES,
    SEEDS,
    TASKS,
    TUNED_ON,
    WEIGHTS,
    Plain,
    best_rate,
    compete,
    engine,
)


@pytest.mark.parametrize(("M", "K", "weights"), [(7, 7, 600), (88, 88, WEIGHTS)])
def test_all_have_about_the_same_number_of_weights(M, K, weights):
    for make in BLOCKS.values():
        net = nearest(lambda N, make=make: make(M, N, K), weights)
        assert abs(net.size / weights - 1) < 0.1
        params = net.init(np.random.default_rng(0))
        assert net.size == sum(w.size for w in params.values())


def test_a_block_that_is_compiled_is_trained_by_compiled_code_and_no_other():
    fast = {name for name, make in BLOCKS.items() if engine(make(7, 6, 7)) is Full}
    assert fast == {"V", "NP"}


@pytest.mark.parametrize("name", ["GRU", "V, slopes", "NP, projection"])
def test_a_plain_machine_says_yes_where_the_network_gives_more_than_a_half(name):
    net = BLOCKS[name](7, 6, 7)
    params = net.init(np.random.default_rng(1))
    x, _ = exam("strings").train[0]
    says = Plain(net, params).says(x)
    assert np.array_equal(says > 0, net.predict(params, x) > 0.5)


def test_the_rate_is_chosen_by_what_the_task_is_about():
    def run(lr, seed):
        low = lr in {min(rates) for rates in RATES.values()}
        return {"solved": int(low), "updates": 9 if low else 1, "valid": 8.0 - lr}

    assert best_rate("strings", run) == min(RATES["strings"])
    assert best_rate("chorales", run) == max(RATES["chorales"])


def test_the_table_holds_every_run_and_no_seed_that_chose_a_rate():
    rows = table(others.NAME)
    for what in TASKS:
        assert not set(SEEDS[what]) & set(TUNED_ON[what])
        for block in ENTRANTS.get(what, BLOCKS):
            found = [r for r in rows if (r["task"], r["block"]) == (what, block)]
            assert [row["seed"] for row in found] == list(SEEDS[what])
            assert len({row["lr"] for row in found}) == 1
            assert found[0]["lr"] in RATES[what]
    assert about(others.NAME).command == "python -m lstmlab.results.others"


def test_a_cheap_run_of_the_table_comes_out_again():
    rows = [r for r in table(others.NAME) if r["task"] == "strings" and r["solved"]]
    row = min(rows, key=lambda row: (row["block"] != "GRU", row["updates"]))
    again = compete("strings", row["block"], row["lr"], row["seed"])
    assert again["solved"] == 1
    assert abs(again["updates"] - row["updates"]) <= 500

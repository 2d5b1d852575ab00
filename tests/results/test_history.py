"""The shipped table of the ages of the LSTM, and the code that made it."""

import numpy as np
import pytest

from lstmlab.results import about, history, table
from lstmlab.results.exams import exam, fitting, marks, until_mistake
from lstmlab.results.history import (
    BLOCKS,
    GRADIENTS,
    RATES,
    SEEDS,
    TUNED_ON,
    arms,
    best_rate,
    learn,
    without_cells,
)
from lstmlab.tasks import reber


class Saying:
    """A machine that gives the answers it was made with."""

    def __init__(self, says):
        self.answers = says

    def says(self, x):
        return self.answers[: len(x)]


def test_steps_are_counted_up_to_the_first_answer_on_the_wrong_side_of_a_half():
    x, target = np.zeros((4, 1)), np.array([[0.0, 1], [1, 0], [0, 0], [1, 1]])
    said = np.where(target > 0, 0.1, -0.1)
    assert until_mistake(Saying(said), x, target) == 4
    for wrong, until in (((2, 0), 2), ((0, 1), 0)):
        other = said.copy()
        other[wrong] *= -1
        assert until_mistake(Saying(other), x, target) == until
    said[3] = 0  # just ½ is not more than ½
    whole, mean = marks(Saying(said), [(x, target), (x[:3], target[:3])])
    assert (whole, mean) == (0.5, 3.0)


@pytest.mark.parametrize("what", ["strings", "beat 10", "delay 5"])
def test_networks_are_compared_at_about_the_same_number_of_weights(what):
    used = {block for task, block, _ in arms() if task == what}
    sizes = [fitting(BLOCKS[block], exam(what)).size for block in used]
    assert max(sizes) / min(sizes) < 1.13


def test_a_delay_is_tested_where_it_was_not_trained():
    test = exam("delay 5")

    def begin(sequences):
        return {int(x[:, 0].argmax()) for x, _ in sequences}

    assert begin(test.train) == set(range(10))
    assert begin(test.test()) == set(range(10, 30))
    assert {float(t.sum()) for _, t in test.train} == {0.0, 1.0}


def test_a_beat_is_learned_from_five_spikes_at_most_and_tested_on_a_thousand():
    test = exam("beat 7")
    found = [int(t[0][1].sum()) for t in (test.train, test.valid, test.test())]
    assert found == [4, 99, 999]  # the one at the very end is a step too far
    assert test.stops == 14


def test_the_same_seed_learns_the_same_and_another_one_does_not():
    runs = [learn("NP", "truncated", "strings", 0.3, seed, updates=60) for seed in (0, 0, 1)]
    same, other = (
        [np.array_equal(runs[0].params[n], run.params[n]) for n in run.params] for run in runs[1:]
    )
    assert all(same)
    assert not any(other)


def test_both_gradients_start_from_the_same_weights():
    a, b = (learn("V", g, "strings", 1e-12, seed=3, updates=1).params for g in GRADIENTS)
    assert all(np.allclose(a[name], b[name], rtol=0, atol=1e-9) for name in a)


def test_the_rate_is_the_one_that_solves_most_and_then_soonest():
    found = {0.01: (1, 500), 0.03: (3, 9000), 0.1: (3, 8000), 0.3: (3, 8000), 1.0: (0, 20000)}

    def run(lr, seed):
        solved, updates = found[lr]
        until = 5 if lr == 0.3 else 4
        return {"solved": int(seed < 100 + solved), "updates": updates, "until": until}

    assert best_rate(run) == 0.3


def test_the_table_holds_every_run_and_no_seed_that_chose_a_rate():
    rows = table(history.NAME)
    found = [(r["task"], r["block"], r["gradient"], r["seed"]) for r in rows]
    assert len(set(found)) == len(found) == len(arms()) * len(SEEDS)
    assert {row[:3] for row in found} == set(arms())
    assert not set(SEEDS) & set(TUNED_ON)
    for row in rows:
        assert row["lr"] in RATES
        assert row["solved"] or row["updates"] == exam(str(row["task"])).updates
        net = fitting(BLOCKS[str(row["block"])], exam(str(row["task"])))
        assert (row["blocks"], row["weights"]) == (net.blocks, net.size)
    assert about(history.NAME).command == "python -m lstmlab.results.history"


def test_cheap_runs_of_the_table_come_out_again():
    cheap = [r for r in table(history.NAME) if r["solved"] and r["updates"] <= 1000][:4]
    for row in cheap:
        run = learn(row["block"], row["gradient"], row["task"], row["lr"], row["seed"])
        assert run.solved
        assert abs(run.updates - row["updates"]) <= 500, row


def test_without_cells_a_block_whose_cells_are_full_says_the_same():
    rng = np.random.default_rng(0)
    net = fitting(BLOCKS["NFG+NP"], exam("stream"))
    params = net.init(rng, 0.3)
    params["b_z"] = np.where(rng.random(net.blocks) < 0.5, 9, -9).astype(np.float32)
    params["b_i"] += 9  # every cell grows by 1 a step
    text = reber.stream(rng, 400)
    smallest, right = without_cells(params, text)
    assert smallest > 300
    x, target = reber.encode(text)
    assert np.isclose(right, reber.right(net.predict(params, x), target)[100:].mean())


def test_the_signs_table_is_about_the_runs_that_learned_the_stream_without_a_forget_gate():
    found = table(history.NAME, "signs")
    assert [row["seed"] for row in found] == list(SEEDS)
    assert all(0 <= row["right"] <= 1 for row in found)

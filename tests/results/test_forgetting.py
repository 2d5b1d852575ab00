"""The shipped table on who learns to remember, and the code that made it."""

import numpy as np
import pytest

from lstmlab.cells import numerical_gradient, relative_error
from lstmlab.results import about, forgetting, table
from lstmlab.results.forgetting import LAGS, SEEDS, STARTS, TUNED_ON, clipped, learn, sequences
from lstmlab.training.losses import softmax_cross_entropy


def test_a_sequence_shows_its_symbol_once_and_then_fillers_alone():
    x, symbol = sequences(7, 50, np.random.default_rng(0))
    assert x.shape == (8, 50, 8)
    assert x.dtype == np.float32
    assert np.array_equal(x.sum(axis=2), np.ones((8, 50)))
    assert np.array_equal(x[0].argmax(axis=1), symbol)
    assert (x[1:].argmax(axis=2) >= 4).all()
    assert set(symbol) == {0, 1, 2, 3}


def test_networks_are_compared_at_about_the_same_number_of_weights():
    sizes = [start.network.size for start in STARTS.values()]
    assert max(sizes) / min(sizes) < 1.02


@pytest.mark.parametrize("name", STARTS)
def test_a_start_differs_from_the_papers_in_one_array_at_most(name):
    start = STARTS[name]
    ours = start.weights(np.random.default_rng(3))
    papers = start.network.init(np.random.default_rng(3))
    changed = [key for key in papers if not np.array_equal(ours[key], papers[key])]
    assert changed == ([start.name] if start.name else [])
    assert all(w.dtype == np.float32 for w in ours.values())


def test_an_orthogonal_start_keeps_lengths_and_an_identity_keeps_everything():
    rng = np.random.default_rng(1)
    R = STARTS["SRN, R orthogonal"].weights(rng)["R_z"].astype(float)
    np.testing.assert_allclose(R.T @ R, np.eye(len(R)), atol=1e-6)
    assert not np.allclose(R, np.eye(len(R)), atol=0.1)
    R = STARTS["SRN, R identity"].weights(rng)["R_z"]
    np.testing.assert_array_equal(R, np.eye(len(R)))


@pytest.mark.parametrize("name", ["SRN", "LSTM, forget bias 5"])
def test_the_gradient_is_that_of_the_mean_loss_at_the_last_step(name):
    rng = np.random.default_rng(2)
    start = STARTS[name]
    weights = start.weights(rng).items()
    params = {key: w + 0.3 * rng.standard_normal(w.shape) for key, w in weights}
    x, symbol = sequences(4, 3, rng)
    x = x.astype(float)

    def loss() -> float:
        a = forgetting.output(params, x, start.variant)[1]
        return softmax_cross_entropy(a, symbol)[0] / 3

    grads = forgetting.gradient(params, x, symbol, start.variant)
    assert grads.keys() == params.keys()
    for key in params:
        if params[key].size < 150:
            assert relative_error(grads[key], numerical_gradient(loss, params[key])) < 1e-7, key


def test_clipping_keeps_the_direction_and_leaves_short_gradients_alone():
    grads = {"W": np.array([[3.0, 0.0]]), "b": np.array([4.0])}
    short = clipped(grads, 1.0)
    np.testing.assert_allclose(short["W"], [[0.6, 0.0]])
    np.testing.assert_allclose(short["b"], [0.8])
    assert clipped(grads, 5.0) is grads


def test_the_same_seed_learns_the_same_and_another_one_does_not():
    start = STARTS["SRN, R orthogonal"]
    runs = [learn(start, 10, 0.3, varied=True, seed=s, updates=100).accuracy for s in (0, 0, 1)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_the_table_holds_every_run_and_no_seed_that_chose_a_rate():
    rows = table(forgetting.NAME)
    runs = [(r["asked"], r["start"], r["lag"], r["seed"]) for r in rows]
    assert len(set(runs)) == len(runs) == 2 * len(STARTS) * len(LAGS) * len(SEEDS)
    assert not set(SEEDS) & set(TUNED_ON)
    for row in rows:
        assert row["solved"] == (row["valid"] >= forgetting.ENOUGH)
        assert row["solved"] or row["updates"] == forgetting.UPDATES
        assert row["lr"] in forgetting.RATES
    assert about(forgetting.NAME).command == "python -m lstmlab.results.forgetting"


def test_a_cheap_run_of_the_table_comes_out_again():
    rows = [row for row in table(forgetting.NAME) if row["lag"] == 5 and row["seed"] == 0]
    for row in rows:
        if row["start"] != "LSTM":
            run = learn(STARTS[row["start"]], 5, row["lr"], varied=row["asked"] == "varied", seed=0)
            assert run.solved
            assert abs(run.updates - row["updates"]) <= 100, row

"""A network of gated recurrent units trains as the others do."""

import numpy as np
import pytest

from lstmlab.cells import numerical_gradient, relative_error
from lstmlab.tasks import load
from lstmlab.training import NumpyEngine, Recipe, train
from lstmlab.training.gated import GatedNetwork


@pytest.mark.parametrize("loss", ["sigmoid", "softmax"])
def test_its_gradient_is_right(loss):
    network, rng = GatedNetwork(3, 4, 2, loss=loss), np.random.default_rng(0)
    params = network.init(rng, 0.5, np.float64)
    x = rng.standard_normal((7, 3))
    target = rng.integers(0, 2, 7) if loss == "softmax" else rng.uniform(size=(7, 2))
    E, grads = network.gradient(params, x, target)
    assert np.isclose(E, network.cost(params, x, target))
    assert grads.keys() == params.keys()
    for name, g in grads.items():
        moved = numerical_gradient(lambda: network.cost(params, x, target), params[name])
        assert relative_error(g, moved) < 1e-7


def test_its_size_is_the_number_of_its_weights():
    network = GatedNetwork(5, 3, 4)
    params = network.init(np.random.default_rng(0))
    assert network.size == sum(w.size for w in params.values()) == 3 * (15 + 9 + 3) + 16
    assert {w.dtype for w in params.values()} == {np.dtype(np.float32)}


def test_it_learns_by_the_recipe():
    task = load("reber")
    run = train(
        GatedNetwork(7, 5, 7), task, Recipe(lr=0.1, epochs=2), engine=NumpyEngine, progress=False
    )
    assert run.history.valid[1] < run.history.valid[0] < 7 * np.log(2)
    assert np.isclose(run.test, run.history.valid[1], rtol=0.2)


def test_it_reads_in_one_direction():
    with pytest.raises(ValueError, match="directions must be 1 for gated units, got 2"):
        GatedNetwork(3, 4, 2, directions=2)

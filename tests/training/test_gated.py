"""A network of gated recurrent units trains as the others do."""

from dataclasses import replace

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


@pytest.mark.parametrize("loss", ["sigmoid", "softmax", "ctc"])
def test_it_is_assessed_read_and_fed_a_frame_at_a_time_as_any_network(loss):
    network, rng = GatedNetwork(3, 4, 3, loss=loss), np.random.default_rng(0)
    params = network.init(rng, 0.5, np.float64)
    x = rng.standard_normal((6, 3))
    p = network.predict(params, x)
    feed = network.stepper(params)
    assert np.allclose([feed(frame) for frame in x], p, rtol=0, atol=1e-12)
    if loss != "sigmoid":
        target = np.array([1, 2]) if loss == "ctc" else rng.integers(0, 3, 6)
        E, mistakes = network.assess(params, x, target)
        assert np.isclose(E, network.cost(params, x, target))
        assert 0 <= mistakes <= 6
        assert network.read(params, x).ndim == 1


def test_train_takes_the_engine_that_can_compute_it():
    task = load("copy")
    few = replace(task, train=task.train[:20], valid=task.valid[:5], test=task.test[:5])
    run = train(GatedNetwork(10, 4, 9, loss="softmax"), few, Recipe(lr=0.1, epochs=1),
                progress=False)  # fmt: skip
    assert 0 <= run.test_error <= 1
    pytest.importorskip("numba")
    from lstmlab.training.compiled import CompiledEngine
    from lstmlab.training.truncated import TruncatedEngine

    network = GatedNetwork(3, 4, 2)
    for engine in (CompiledEngine, TruncatedEngine):
        with pytest.raises(ValueError, match="network must be made of blocks that are compiled"):
            engine(network, network.init(np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        ("ctc", np.array([10**6])), ("ctc", np.array([0])), ("ctc", np.arange(1, 3).repeat(9)),
        ("softmax", np.full(6, -1)), ("softmax", np.zeros(5, int)), ("softmax", None),
        ("sigmoid", np.full((6, 3), 2.0)), ("sigmoid", np.zeros((5, 3))),
    ],
    ids=range(8),
)  # fmt: skip
def test_a_target_that_does_not_fit_is_named(loss, target):
    network, rng = GatedNetwork(3, 4, 3, loss=loss), np.random.default_rng(0)
    params, x = network.init(rng, dtype=np.float64), rng.standard_normal((6, 3))
    for call in (network.cost, network.gradient):
        with pytest.raises((ValueError, TypeError), match="target must"):
            call(params, x, target)


def test_weights_and_inputs_that_do_not_fit_are_named():
    network, rng = GatedNetwork(3, 4, 3), np.random.default_rng(0)
    params, x = network.init(rng, dtype=np.float64), rng.standard_normal((6, 3))
    with pytest.raises(ValueError, match="x must be one sequence"):
        network.predict(params, x[None])
    with pytest.raises(ValueError, match=r"missing \['W_y'\]"):
        network.predict({name: w for name, w in params.items() if name != "W_y"}, x)
    with pytest.raises(ValueError, match=r"params\['b_y'\] must have shape"):
        network.predict(params | {"b_y": np.zeros(2)}, x)

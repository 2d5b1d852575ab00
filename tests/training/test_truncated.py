"""The engine of the truncated gradient makes the updates of the reference."""

import numpy as np
import pytest

from lstmlab.cells import VARIANTS, Variant, backward, forward
from lstmlab.training import Network
from lstmlab.training.losses import LOSSES
from lstmlab.training.truncated import TruncatedEngine

CELLS = {**VARIANTS, "SRN": "SRN", "1997": Variant(
    forget_gate=False, peepholes=False, full_gate_recurrence=True)}  # fmt: skip


def reference(network, params, x, target):
    block = {name: w for name, w in params.items() if name not in ("W_y", "b_y")}
    trace = forward(block, x, network.cell)
    a = trace.y @ params["W_y"].T + params["b_y"]
    E, delta = LOSSES[network.loss].cross_entropy(a, target)
    grads = backward(block, trace, delta @ params["W_y"], truncated=True).params
    return E, grads | {"W_y": delta.T @ trace.y, "b_y": delta.sum(axis=0)}


@pytest.mark.parametrize("name", ["V", "NP", "NFG", "1997"])
@pytest.mark.parametrize("clip", [None, 0.05])
def test_two_updates_are_those_of_the_reference(name, clip):
    rng = np.random.default_rng(4)
    network = Network(3, 5, 2, variant=CELLS[name])
    params = network.init(rng, 0.5, np.float64)
    machine = TruncatedEngine(network, params)
    velocity = {key: np.zeros_like(w) for key, w in params.items()}
    for steps in (9, 6):
        x = rng.standard_normal((steps, 3))
        target = rng.integers(0, 2, (steps, 2)).astype(float)
        E, grads = reference(network, params, x, target)
        assert np.isclose(machine.cost(x, target), E)
        assert np.isclose(machine.step(x, target, rate=0.1, momentum=0.9, clip=clip), E)
        for key, g in grads.items():
            g = g if clip is None else np.clip(g, -clip, clip)
            velocity[key] = 0.9 * velocity[key] + g
            params[key] = params[key] - 0.1 * (g + 0.9 * velocity[key])
        for key, weights in machine.weights().items():
            assert np.allclose(weights, params[key], rtol=0, atol=1e-12)


def test_a_loss_that_is_not_finite_changes_nothing():
    network = Network(3, 2, 2)
    machine = TruncatedEngine(network, network.init(np.random.default_rng(0)))
    before = machine.weights()
    x = np.full((4, 3), np.inf, np.float32)
    with np.errstate(invalid="ignore"):
        E = machine.step(x, np.zeros((4, 2), np.float32), rate=0.1, momentum=0.9)
    assert not np.isfinite(E)
    assert all(np.array_equal(w, before[name]) for name, w in machine.weights().items())


@pytest.mark.parametrize("changes", [{"directions": 2}, {"loss": "ctc"}])
def test_other_networks_are_refused(changes):
    network = Network(3, 2, 3, **changes)
    with pytest.raises(ValueError, match="network must read in one direction"):
        TruncatedEngine(network, network.init(np.random.default_rng(0)))

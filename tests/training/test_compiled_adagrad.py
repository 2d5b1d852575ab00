"""Many updates in one compiled call are those of the streamer, one by one."""

import numpy as np
import pytest

from lstmlab.cells import SRN
from lstmlab.training import Network
from lstmlab.training.compiled_adagrad import AdagradReader
from lstmlab.training.compiled_update import adagrad
from lstmlab.training.stream import NumpyStreamer

INPUTS = 11
CODES = np.random.default_rng(0).integers(0, INPUTS, 103)


def made(cell=SRN, hidden=13, dtype=np.float64):
    network = Network(INPUTS, hidden, INPUTS, cell, "softmax")
    return network, network.init(np.random.default_rng(1), 0.3, dtype)


@pytest.mark.parametrize("cell", [SRN, "FGR"], ids=["SRN", "FGR"])
@pytest.mark.parametrize(("updates", "length"), [(9, 11), (40, 7), (3, 102)])
def test_it_is_the_plain_streamer_window_after_window(cell, updates, length):
    """The text of 103 characters begins anew where less than a window is left."""
    network, params = made(cell)
    plain, fast = NumpyStreamer(network, params), AdagradReader(network, params, CODES)
    expected, at = [], 0
    for _ in range(updates):
        if at + length >= len(CODES):
            at = 0
            plain.forget()
        x, target = CODES[at : at + length], CODES[at + 1 : at + length + 1]
        expected.append(plain.step(x, target, rate=0.1, clip=0.4))
        at += length
    assert fast.read(updates, length, rate=0.1, clip=0.4) == pytest.approx(expected, rel=1e-9)
    assert fast.at == at
    for name, weights in plain.weights().items():
        assert fast.weights()[name] == pytest.approx(weights, abs=1e-9)


def test_calls_go_on_where_the_last_one_stopped_with_longer_windows_too():
    network, params = made()
    plain, fast = NumpyStreamer(network, params), AdagradReader(network, params, CODES)
    for first, length in ((0, 5), (5, 20), (25, 3)):
        x, target = CODES[first : first + length], CODES[first + 1 : first + length + 1]
        expected = plain.step(x, target, rate=0.1, clip=None)
        assert fast.read(1, length, rate=0.1) == pytest.approx([expected], rel=1e-9)


def test_float32_is_the_same_to_its_rounding():
    network, params = made(dtype=np.float32)
    exact = {name: weights.astype(np.float64) for name, weights in params.items()}
    found = AdagradReader(network, params, CODES).read(30, 9, rate=0.05, clip=5.0)
    expected = AdagradReader(network, exact, CODES).read(30, 9, rate=0.05, clip=5.0)
    assert found == pytest.approx(expected, rel=1e-4)


def test_it_stops_at_a_loss_that_is_not_finite():
    network, params = made(dtype=np.float32)
    reader = AdagradReader(network, params, CODES)
    losses = reader.read(6, 9, rate=3e38)
    ended = np.flatnonzero(~np.isfinite(losses))
    assert 0 < ended[0] < 5
    assert np.isnan(losses[ended[0] + 1 :]).all()


def test_clipping_leaves_nan_as_it_is():
    w, g, m = (np.array(a, np.float64) for a in ([1, 1, 1, 1], [np.nan, np.inf, -9, 0.5], [0] * 4))
    adagrad(w, g, m, 0.1, 5.0)
    assert w == pytest.approx([np.nan, 0.9, 1.1, 0.9], nan_ok=True)
    assert m == pytest.approx([np.nan, 25, 25, 0.25], nan_ok=True)
    assert g.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda n, p: AdagradReader(n, p, CODES.astype(float)), "codes must be whole numbers"),
        (lambda n, p: AdagradReader(n, p, CODES[None]), "codes must be whole numbers"),
        (lambda n, p: AdagradReader(n, p, CODES + 1).read(2, 60, rate=1), "between 0 and 10, got"),
        (lambda n, p: AdagradReader(n, p, CODES - 1).read(1, 102, rate=1), "0 and 10, got -1"),
        (lambda n, p: AdagradReader(n, p, CODES).read(1, 103, rate=1), "length must be less than"),
        (lambda n, p: AdagradReader(n, p, CODES).read(0, 9, rate=1), "updates must be a whole"),
        (lambda n, p: AdagradReader(n, p, CODES).read(1, 0, rate=1), "length must be a whole"),
    ],
)
def test_what_it_refuses(call, says):
    network, params = made()
    with pytest.raises(ValueError, match=says):
        call(network, params)


def test_outputs_are_the_inputs():
    network = Network(INPUTS, 5, INPUTS - 1, SRN, "softmax")
    with pytest.raises(ValueError, match="as many outputs as inputs"):
        AdagradReader(network, network.init(np.random.default_rng(0)), CODES)

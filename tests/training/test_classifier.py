"""A classifier: its gradient against differences, padding, dropout, and what it refuses."""

import numpy as np
import pytest

from lstmlab.training import classifier, layers
from lstmlab.training.classifier import Classifier
from lstmlab.training.losses import LOSSES

KINDS = {
    "one layer": {},
    "peepholes, dropout": {"layers": 2, "directions": 2, "variant": "V", "dropout": 0.3},
    "attention": {"layers": 2, "directions": 2, "pooling": "attention", "loss": "softmax"},
    "numbers, mean": {"embedding": 0, "directions": 2, "pooling": "mean", "variant": "CIFG"},
    "plain units": {"layers": 3, "pooling": "attention", "variant": "SRN", "dropout": 0.2},
    "full gate recurrence": {"directions": 2, "variant": "FGR"},
}
LENGTHS = (3, 5, 1, 4)


def made(rng, **options):
    options = {"embedding": 4} | options
    outputs = 3 if options.get("loss") == "softmax" else 2
    network = Classifier(6, 5, outputs, **options)
    params = network.init(rng, np.float64)
    params = {name: w + 0.3 * rng.standard_normal(w.shape) for name, w in params.items()}
    xs = [
        rng.integers(0, 6, T) if network.embedding else rng.standard_normal((T, 6))
        for T in LENGTHS
    ]
    targets = [
        np.array(rng.integers(0, 3)) if network.loss == "softmax" else rng.random(2)
        for _ in LENGTHS
    ]
    return network, params, xs, targets


@pytest.fixture(params=["compiled", "NumPy"])
def engine(request, monkeypatch):
    """Both ways to read a layer; they are found by the same tests."""
    if request.param == "NumPy":
        monkeypatch.setattr(layers, "_compiled_batch", lambda: None)
    else:
        pytest.importorskip("numba", reason="the compiled layer needs Numba")


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_that_of_central_differences(kind, engine):
    rng = np.random.default_rng(0)
    network, params, xs, targets = made(rng, **KINDS[kind])

    def E():
        return network.gradient(params, xs, targets, np.random.default_rng(1))[0]

    _, grads = network.gradient(params, xs, targets, np.random.default_rng(1))
    assert grads.keys() == network.shapes.keys()
    for name, w in params.items():
        assert grads[name].shape == w.shape
        for place in rng.permutation(w.size)[:12]:
            at, h = np.unravel_index(place, w.shape), 1e-5
            was = w[at]
            w[at] = was + h
            above = E()
            w[at] = was - h
            below = E()
            w[at] = was
            assert abs((above - below) / (2 * h) - grads[name][at]) < 1e-9, (name, at)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_says_what_its_sequences_say_alone(kind, engine):
    network, params, xs, targets = made(np.random.default_rng(2), **KINDS[kind])
    together = network.predict(params, xs)
    alone = np.concatenate([network.predict(params, [x]) for x in xs])
    assert np.allclose(together, alone, rtol=0, atol=1e-12)
    parts = [network.gradient(params, [x], [t]) for x, t in zip(xs, targets, strict=True)]
    E, grads = network.gradient(params, xs, targets)
    assert E == pytest.approx(np.mean([E for E, _ in parts]), abs=1e-12)
    for name, gradient in grads.items():
        mean = np.mean([part[name] for _, part in parts], axis=0)
        assert np.allclose(gradient, mean, rtol=0, atol=1e-12), name


def test_it_is_what_a_loop_over_words_computes():
    """The equations once more, for one direction of one layer without peepholes."""
    network, params, xs, _ = made(np.random.default_rng(3))
    x = xs[1]
    y, c = np.zeros(5), np.zeros(5)

    def bar(part, e):
        return params[f"W_{part}"] @ e + params[f"R_{part}"] @ y + params[f"b_{part}"]

    def σ(a):
        return 1 / (1 + np.exp(-a))

    for word in x:
        e = params["E"][word]
        z, i, f, o = np.tanh(bar("z", e)), σ(bar("i", e)), σ(bar("f", e)), σ(bar("o", e))
        c = z * i + c * f
        y = np.tanh(c) * o
    p = σ(params["W_y"] @ y + params["b_y"])
    assert np.allclose(network.predict(params, [x])[0], p, rtol=0, atol=1e-12)


def test_a_picture_is_read_row_by_row():
    network = Classifier(6, 4, 2, embedding=0, loss="softmax")
    params = network.init(np.random.default_rng(0), np.float64)
    picture = np.random.default_rng(1).integers(0, 256, (5, 2, 3)).astype(np.uint8)
    rows = picture.reshape(5, 6) / 255 - 0.5
    assert np.array_equal(network.predict(params, [picture]), network.predict(params, [rows]))


def test_attention_says_where_it_looks():
    network, params, xs, _ = made(np.random.default_rng(4), pooling="attention", directions=2)
    alpha = network.attention(params, xs[1])
    assert alpha.shape == (5,)
    assert alpha.sum() == pytest.approx(1)
    assert alpha.min() > 0
    last = Classifier(6, 5, 2, embedding=4)
    drawn = last.init(np.random.default_rng(0))
    assert last.attention(drawn, xs[1]).tolist() == [0, 0, 0, 0, 1]


def test_dropout_leaves_out_in_training_alone_and_keeps_the_mean():
    network, params, xs, targets = made(np.random.default_rng(5), dropout=0.5)
    whole = network.gradient(params, xs, targets)[0]
    dropped = [
        network.gradient(params, xs, targets, np.random.default_rng(n))[0] for n in range(20)
    ]
    assert len(set(dropped)) == 20
    p = network.predict(params, xs)
    E = LOSSES["sigmoid"].cross_entropy(np.log(p / (1 - p)), np.stack(targets))[0]
    assert whole == pytest.approx(E / len(xs))
    assert network.gradient(params, xs, targets, np.random.default_rng(7))[0] == dropped[7]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_input_of_every_layer_and_of_the_output_is_dropped_from(depth, monkeypatch):
    network, params, xs, targets = made(np.random.default_rng(6), layers=depth, dropout=0.5)
    whole = network.gradient(params, xs, targets)[0]
    dropped, found = classifier._dropped, []
    for place in range(depth + 1):
        calls = []

        def only_here(x, share, rng, calls=calls, place=place):
            calls.append(share)
            return dropped(x, share if len(calls) == place + 1 else 0.0, rng)

        monkeypatch.setattr(classifier, "_dropped", only_here)
        found.append(network.gradient(params, xs, targets, np.random.default_rng(0))[0])
        assert calls == [0.5] * (depth + 1)
    assert len({whole, *found}) == depth + 2


def test_the_first_weights_are_those_of_keras():
    network = Classifier(100, 20, embedding=30, layers=2, directions=2, pooling="attention")
    params = network.init(np.random.default_rng(0))
    assert network.size == sum(w.size for w in params.values())
    assert abs(params["E"]).max() <= 0.05
    for name in ("W_z", "R_i_2_reverse", "W_f_2"):
        assert 0.9 < abs(params[name]).max() / np.sqrt(6 / sum(params[name].shape)) <= 1
    for name, w in params.items():
        assert w.dtype == np.float32
        if name.startswith("b_"):
            assert (w == name.startswith("b_f")).all(), name
    assert params["W_z_2"].shape == (20, 40)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"blocks": 0}, "blocks must be a whole number, 1 or more, got 0"),
        ({"embedding": -1}, "embedding must be a whole number, 0 or more, got -1"),
        ({"embedding": False}, "embedding must be a whole number, 0 or more, got False"),
        ({"loss": "ctc"}, "loss must be 'sigmoid' or 'softmax', got 'ctc'"),
        ({"directions": 3}, "directions must be 1 or 2, got 3"),
        ({"pooling": "max"}, "pooling must be one of last, mean, attention, got 'max'"),
        ({"dropout": 1}, "dropout must be at least 0 and below 1, got 1"),
        ({"dropout": "half"}, "dropout must be at least 0 and below 1, got 'half'"),
        ({"layers": 1.5}, "layers must be a whole number"),
        ({"variant": "W"}, "variant must be"),
    ],
)
def test_a_network_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Classifier(**{"inputs": 6, "blocks": 5} | options)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([1, 6]), r"x\[0\] must be whole numbers from 0 to 5"),
        (np.array([-1]), "from 0 to 5"),
        (np.array([0.5]), "must be whole numbers"),
        (np.array([], int), "must be an array of one step or more"),
        ([1, 2], "must be an array of one step or more"),
        (np.array([[1]]), "must be whole numbers"),
    ],
)
def test_words_it_does_not_know_are_refused(x, message):
    network = Classifier(6, 5)
    params = network.init(np.random.default_rng(0))
    with pytest.raises(ValueError, match=message):
        network.predict(params, [x])
    with pytest.raises(ValueError, match=message):
        network.gradient(params, [x], [np.ones(1, np.float32)])


def test_numbers_and_weights_that_do_not_fit_are_refused():
    network = Classifier(6, 5, embedding=0)
    params = network.init(np.random.default_rng(0))
    with pytest.raises(ValueError, match="must be float .T, 6., .* got float64 .3, 5."):
        network.predict(params, [np.zeros((3, 5))])
    with pytest.raises(ValueError, match="params do not fit the classifier: missing .'W_y'"):
        network.predict({name: w for name, w in params.items() if name != "W_y"}, [])
    with pytest.raises(ValueError, match=r"params\['b_y'\] must have shape \(1,\)"):
        network.predict(params | {"b_y": np.zeros(2, np.float32)}, [])
    with pytest.raises(ValueError, match="target must hold numbers from 0 to 1, got 2.0 to 2.0"):
        network.gradient(params, [np.zeros((3, 6))], [np.full(1, 2, np.float32)])


def test_a_picture_of_other_numbers_is_refused_as_its_scale_is_not_known():
    network = Classifier(6, 5, 2, embedding=0, loss="softmax")
    params = network.init(np.random.default_rng(0))
    picture = np.zeros((5, 2, 3))
    for wrong in (picture, picture.astype(int), np.zeros((5, 6), int), np.zeros((5, 2, 3, 1))):
        with pytest.raises(ValueError, match=r"or a picture, uint8 \(T, width, channels\) with 6"):
            network.predict(params, [wrong])
    with pytest.raises(ValueError, match=r"x\[0\] must be finite, got nan at index \(0, 1\)"):
        network.predict(params, [np.array([[0, np.nan, 0, 0, 0, 0]])])


def test_a_batch_needs_as_many_targets_and_weights_are_a_dict():
    network = Classifier(6, 5)
    params = network.init(np.random.default_rng(0))
    for xs, targets in (([], []), ([np.array([1])], [])):
        with pytest.raises(ValueError, match="xs and targets must be as many, 1 or more, got"):
            network.gradient(params, xs, targets)
    assert network.predict(params, []).shape == (0, 1)
    with pytest.raises(TypeError, match="params must be a dict of arrays, .* got list"):
        network.predict([params], [np.array([1])])
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got"):
        network.init(np.random.default_rng(0), int)

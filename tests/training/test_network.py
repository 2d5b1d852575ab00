import numpy as np
import pytest

from lstmlab.cells import VARIANTS, numerical_gradient, relative_error
from lstmlab.training import Network
from lstmlab.training.losses import sigmoid_cross_entropy, softmax, softmax_cross_entropy

RNG = np.random.default_rng


@pytest.mark.parametrize("variant", [*VARIANTS, "SRN"])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("loss", ["sigmoid", "softmax", "ctc"])
def test_the_gradient_of_the_whole_network_is_right(variant, directions, loss):
    rng = RNG(0)
    network = Network(2, 3, 4, variant, loss, directions)
    params = network.init(rng, std=0.5, dtype=np.float64)
    x = rng.standard_normal((5, 2))
    target = {
        "sigmoid": (rng.random((5, 4)) < 0.5) * 1.0,
        "softmax": rng.integers(0, 4, 5),
        "ctc": np.array([2, 2, 1]),
    }[loss]
    E, grads = network.gradient(params, x, target)
    assert E == network.cost(params, x, target)
    assert grads.keys() == params.keys()
    for name, array in params.items():
        expected = numerical_gradient(lambda: network.cost(params, x, target), array)
        assert relative_error(grads[name], expected) < 1e-7, name


@pytest.mark.parametrize("directions", [1, 2])
def test_size_counts_the_weights(directions):
    network = Network(5, 6, 7, "FGR", directions=directions)
    assert network.size == sum(w.size for w in network.init(RNG(0)).values())


def test_the_reverse_direction_sees_the_future():
    network = Network(2, 3, 1, directions=2)
    params = network.init(RNG(0), std=1.0, dtype=np.float64)
    x = RNG(1).standard_normal((6, 2))
    other = x.copy()
    other[-1] += 1
    changed = ~np.isclose(network.predict(params, x), network.predict(params, other))
    assert changed.all()
    one = Network(2, 3, 1)
    params = one.init(RNG(0), std=1.0, dtype=np.float64)
    changed = ~np.isclose(one.predict(params, x), one.predict(params, other))
    assert changed[:-1].sum() == 0
    assert changed[-1]


@pytest.mark.parametrize("variant", [*VARIANTS, "SRN"])
def test_a_stepper_says_what_the_whole_sequence_says(variant):
    network = Network(3, 4, 2, variant)
    params = network.init(RNG(0), std=0.5, dtype=np.float64)
    x = RNG(1).standard_normal((7, 3))
    step = network.stepper(params)
    np.testing.assert_allclose([step(frame) for frame in x], network.predict(params, x), rtol=1e-12)


def test_a_stepper_cannot_read_backwards():
    network = Network(3, 4, 2, directions=2)
    with pytest.raises(ValueError, match="reads backwards"):
        network.stepper(network.init(RNG(0)))


def test_sigmoid_cross_entropy_is_the_negative_log_likelihood_and_does_not_overflow():
    a, k = np.array([[0.3, -2.0]]), np.array([[1.0, 0.0]])
    p = 1 / (1 + np.exp(-a))
    E, delta = sigmoid_cross_entropy(a, k)
    assert E == pytest.approx(-np.log(p[0, 0]) - np.log(1 - p[0, 1]), rel=1e-14)
    np.testing.assert_allclose(delta, p - k)
    E, _ = sigmoid_cross_entropy(np.array([[1e4, -1e4]]), np.array([[0.0, 1.0]]))
    assert E == 2e4


def test_softmax_cross_entropy_is_the_negative_log_likelihood_and_does_not_overflow():
    a = np.array([[0.3, -2.0, 1.0], [1e4, 0.0, -1e4]])
    E, delta = softmax_cross_entropy(a, np.array([2, 1]))
    assert E == pytest.approx(-np.log(softmax(a)[0, 2]) + 1e4, rel=1e-12)
    np.testing.assert_allclose(delta.sum(axis=1), 0, atol=1e-15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"variant": "GRU"}, "variant must be one of"),
        ({"inputs": 0}, "inputs must be"),
        ({"blocks": -1}, "blocks must be"),
        ({"outputs": 0}, "outputs must be a whole number, 1 or more, got 0"),
        ({"loss": "mse"}, "loss must be one of sigmoid, softmax, ctc, got 'mse'"),
        ({"loss": "ctc", "outputs": 1}, "outputs must be 2 or more, a blank and a label, got 1"),
        ({"directions": 3}, "directions must be 1 or 2, got 3"),
        ({"directions": True}, "directions must be 1 or 2, got True"),
        ({"loss": []}, "loss must be one of"),
    ],
)
def test_a_bad_network_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Network(**({"inputs": 2, "blocks": 3, "outputs": 4} | arguments))


@pytest.mark.parametrize(
    ("loss", "target", "message"),
    [
        ("sigmoid", np.zeros((4, 4), np.float32), r"target must have shape \(5, 4\)"),
        ("sigmoid", np.full((5, 4), np.nan, np.float32), "target must be finite"),
        ("sigmoid", np.zeros((5, 4)), "target must be float32"),
        ("sigmoid", np.full((5, 4), 9, np.float32), "target must hold numbers from 0 to 1, got 9"),
        ("sigmoid", np.full((5, 4), -0.1, np.float32), "target must hold numbers from 0 to 1"),
        ("softmax", np.array([0, 1, 2, 3, 4]), "target must be 5 whole numbers from 0 to 3"),
        ("softmax", np.zeros(5), "target must be 5 whole numbers"),
        ("ctc", np.array([1, 0]), "target must be whole numbers from 1 to 3, got"),
        ("ctc", np.array([1, 4]), "target must be whole numbers from 1 to 3, got"),
        ("ctc", np.array([1.0]), "target must be whole numbers from 1 to 3, got"),
        ("ctc", np.array([[1]]), "target must be whole numbers from 1 to 3, got"),
        ("ctc", np.array([1, 1, 1, 2]), "must fit into the 5 frames .*, got 4 labels that need 6"),
    ],
)
def test_a_bad_target_is_named(loss, target, message):
    network = Network(2, 3, 4, loss=loss)
    with pytest.raises(ValueError, match=message):
        network.cost(network.init(RNG(0)), np.zeros((5, 2), np.float32), target)


def test_bad_weights_and_inputs_are_named():
    network = Network(2, 3, 4)
    params = network.init(RNG(0))
    x, target = np.zeros((5, 2), np.float32), np.zeros((5, 4), np.float32)
    with pytest.raises(ValueError, match=r"missing \['b_y'\]"):
        network.cost({k: v for k, v in params.items() if k != "b_y"}, x, target)
    with pytest.raises(ValueError, match=r"x must be one sequence"):
        network.cost(params, x[None], target)
    with pytest.raises(ValueError, match=r"x must have shape \(T, 2\)"):
        network.cost(params, np.zeros((5, 3), np.float32), target)


def test_weights_of_another_network_are_named():
    network = Network(2, 3, 4)
    x = np.zeros((5, 2), np.float32)
    with pytest.raises(ValueError, match=r"params\['W_z'\] must have shape \(3, 2\)"):
        network.predict(Network(2, 6, 4).init(RNG(0)), x)
    with pytest.raises(ValueError, match=r"not expected \['R_f_reverse'"):
        network.predict(Network(2, 3, 4, directions=2).init(RNG(0)), x)
    params = network.init(RNG(0))
    with pytest.raises(ValueError, match=r"params\['b_f'\] must be float32"):
        network.predict(params | {"b_f": params["b_f"].astype(float)}, x)


def test_a_stepper_names_what_does_not_fit():
    network = Network(2, 3, 4)
    params = network.init(RNG(0))
    step = network.stepper(params)
    for bad, message in (
        (np.zeros((1, 2), np.float32), r"x must have shape \(2,\)"),
        (np.zeros(2), "x must be float32"),
        ([0.0, 0.0], "x must be a NumPy array"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            step(bad)
    with pytest.raises(ValueError, match="must have shape"):
        network.stepper(Network(2, 6, 4).init(RNG(0)))
    assert step(np.zeros(2, np.float32)).dtype == np.float32


def test_sizes_may_be_numpy_whole_numbers():
    assert Network(np.int64(2), np.int32(3), np.int64(4)) == Network(2, 3, 4)


def test_softmax_probabilities_sum_to_one():
    network = Network(2, 3, 4, loss="softmax")
    p = network.predict(network.init(RNG(0), std=1.0), np.ones((5, 2), np.float32))
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    assert np.ptp(p) > 0.01

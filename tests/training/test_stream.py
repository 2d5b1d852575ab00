"""Training on a text: windows that carry the state on, two engines, sampling."""

from types import SimpleNamespace

import numpy as np
import pytest

from lstmlab.tasks import Task
from lstmlab.training.network import Network
from lstmlab.training.sampling import sample, warmed
from lstmlab.training.stream import (
    NumpyStreamer,
    StreamRecipe,
    _endless,
    evaluate_stream,
    one_hot,
    train_stream,
)

WORD = "abcabd"
"""What follows ab depends on what came three characters before: a state is needed."""
LETTERS = tuple("abcd")


def text(repeats):
    codes = np.array([LETTERS.index(letter) for letter in WORD * repeats], np.int32)
    return [(codes[:-1], codes[1:])]


def task(**changes):
    values = {"name": "letters", "source": "generated", "inputs": 4, "outputs": 4,
              "train": text(60), "valid": text(10), "test": text(10), "loss": "softmax",
              "form": "tokens", "metric": "nats per character",
              "vocabulary": LETTERS, "labels": LETTERS}  # fmt: skip
    return Task(**values | changes)


NETWORK = Network(4, 8, 4, loss="softmax")
RECIPE = StreamRecipe(lr=0.3, length=12, updates=600, std=0.3, every=100)


@pytest.fixture(params=["NumPy", "compiled"])
def streamer(request):
    if request.param == "NumPy":
        return NumpyStreamer
    pytest.importorskip("numba", reason="the compiled streamer needs Numba")
    from lstmlab.training.compiled_stream import CompiledStreamer

    return CompiledStreamer


def test_it_learns_what_needs_a_state(streamer):
    run = train_stream(NETWORK, task(), RECIPE, engine=streamer, progress=False)
    assert run.test < 0.1
    assert run.updates == [100, 200, 300, 400, 500, 600]
    assert run.train[-1] < run.train[0]
    assert evaluate_stream(streamer(NETWORK, run.params), task().test) == pytest.approx(run.test)
    assert "nats per character" in str(run)
    again = train_stream(NETWORK, task(), RECIPE, engine=streamer, progress=False)
    assert again.valid == run.valid


@pytest.mark.parametrize("variant", ["V", "NP", "SRN", "CIFG", "FGR", "NOG", "NFG"])
def test_both_engines_make_the_same_updates(variant):
    pytest.importorskip("numba", reason="the compiled streamer needs Numba")
    from lstmlab.training.compiled_stream import CompiledStreamer

    rng = np.random.default_rng(0)
    network = Network(4, 5, 4, variant=variant, loss="softmax")
    params = network.init(rng, 0.3, np.float64)
    plain, compiled = (make(network, params) for make in (NumpyStreamer, CompiledStreamer))
    for made in range(40):
        x, target = rng.integers(0, 4, (2, 5 if made % 7 else 3))
        if made == 20:
            plain.forget()
            compiled.forget()
        E = plain.step(x, target, rate=0.1, clip=0.5)
        assert compiled.step(x, target, rate=0.1, clip=0.5) == pytest.approx(E, abs=1e-12)
    theirs = compiled.weights()
    for name, w in plain.weights().items():
        assert np.allclose(w, theirs[name], rtol=0, atol=1e-12), name


def test_windows_carry_the_state_on(streamer):
    rng = np.random.default_rng(1)
    params = NETWORK.init(rng, 0.5, np.float64)
    x, target = rng.integers(0, 4, (2, 30))
    whole = streamer(NETWORK, params).score(x, target)
    machine = streamer(NETWORK, params)
    pieces = [machine.score(x[n : n + 7], target[n : n + 7]) for n in range(0, 30, 7)]
    assert sum(pieces) == pytest.approx(whole, abs=1e-10)
    machine.forget()
    assert machine.score(x, target) == pytest.approx(whole, abs=1e-10)
    forgetful = [streamer(NETWORK, params).score(x[n : n + 7], target[n : n + 7])
                 for n in range(0, 30, 7)]  # fmt: skip
    assert abs(sum(forgetful) - whole) > 1e-3


def test_every_pass_through_the_text_begins_from_zeros():
    order = []
    machine = SimpleNamespace(forget=lambda: order.append("forget"))
    whole = task()
    x, target = whole.train[0]
    windows = _endless(machine, whole, 100)
    for _ in range(2):
        for first in range(0, len(x), 100):
            found = next(windows)
            order.append(first)
            assert np.array_equal(found[0], x[first : first + 100])
            assert np.array_equal(found[1], target[first : first + 100])
    assert order == ["forget", 0, 100, 200, 300] * 2


def test_the_compiled_streamer_scores_alone_without_moving_on():
    pytest.importorskip("numba", reason="the compiled streamer needs Numba")
    from lstmlab.training.compiled_stream import CompiledStreamer

    params = NETWORK.init(np.random.default_rng(1), 0.5)
    machine = CompiledStreamer(NETWORK, params)
    x = np.array([0, 1, 2])
    alone = machine.cost(one_hot(x, 4, np.float32), x)
    machine.score(x, x)
    assert machine.cost(one_hot(x, 4, np.float32), x) == alone
    after = machine.score(x, x)
    machine.forget()
    assert machine.score(x, x) == pytest.approx(alone)
    assert after != pytest.approx(alone)


def test_a_run_that_diverges_says_so(streamer):
    recipe = StreamRecipe(lr=1e38, length=7, updates=300, std=0.5, rule="sgd", clip=None, every=10)
    run = train_stream(NETWORK, task(), recipe, engine=streamer, progress=False)
    assert run.stopped == "diverged"
    assert all(np.isfinite(w).all() for w in run.params.values())


def test_what_is_sampled_is_what_was_learned():
    run = train_stream(NETWORK, task(), RECIPE, progress=False)
    start = task().test[0][0][:6]
    drawn = sample(NETWORK, run.params, start, 30, temperature=0, rng=np.random.default_rng(0))
    assert "".join(LETTERS[code] for code in drawn) == WORD * 5
    hot = sample(NETWORK, run.params, start, 400, temperature=5, rng=np.random.default_rng(0))
    assert len(set(hot.tolist())) == 4
    assert "".join(LETTERS[code] for code in hot) != (WORD * 70)[:400]
    again = sample(NETWORK, run.params, start, 400, temperature=5, rng=np.random.default_rng(0))
    assert np.array_equal(hot, again)


def test_temperature_sharpens_and_flattens():
    p = np.array([0.5, 0.3, 0.2, 0.0])
    assert np.allclose(warmed(p, 1), p)
    assert np.allclose(warmed(p, 0.5), p**2 / (p**2).sum())
    assert warmed(p, 0).tolist() == [1, 0, 0, 0]
    assert np.allclose(warmed(p, 1e6), [1 / 3, 1 / 3, 1 / 3, 0], atol=1e-4)
    assert np.allclose(warmed(p, 1e-3), [1, 0, 0, 0])
    for cold in (1e-309, 5e-324):  # 1 / τ is beyond all numbers
        assert warmed(p, cold).tolist() == [1, 0, 0, 0]
    assert warmed(np.array([0.4, 0.4, 0.2]), 1e-309).tolist() == [0.5, 0.5, 0]
    for wrong in (-1, np.nan, np.inf, "hot", True):
        with pytest.raises(ValueError, match="temperature must be a finite number, 0 or more"):
            warmed(p, wrong)


def test_what_cannot_be_sampled_is_refused():
    params = NETWORK.init(np.random.default_rng(0))
    rng = np.random.default_rng(0)
    for start in (np.array([4]), np.array([], int), np.array([0.5]), np.array([[0]])):
        with pytest.raises(ValueError, match="start must be one whole number or more from 0 to 3"):
            sample(NETWORK, params, start, 3, rng=rng)
    with pytest.raises(ValueError, match="length must be a whole number, 0 or more, got -1"):
        sample(NETWORK, params, np.array([0]), -1, rng=rng)
    with pytest.raises(ValueError, match="rng must be a numpy.random.Generator, got 3"):
        sample(NETWORK, params, np.array([0]), 3, rng=3)
    with pytest.raises(ValueError, match="network must say what follows what it reads"):
        sample(Network(4, 8, 3, loss="softmax"), params, np.array([0]), 3, rng=rng)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": 0}, "lr must be a finite number, above 0, got 0"),
        ({"std": -1}, "std must be a finite number, 0 or more, got -1"),
        ({"clip": np.nan}, "clip must be a finite number, above 0, got nan"),
        ({"length": 0}, "length must be a whole number, 1 or more, got 0"),
        ({"updates": True}, "updates must be a whole number"),
        ({"every": "often"}, "every must be a whole number"),
        ({"rule": "newton"}, "rule must be one of adam, rmsprop, adagrad, sgd"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        StreamRecipe(**options)


def test_a_task_or_network_of_another_kind_is_refused():
    both = Network(4, 8, 4, loss="softmax", directions=2)
    with pytest.raises(ValueError, match="network must read in one direction and have the loss"):
        train_stream(both, task(), RECIPE)
    with pytest.raises(ValueError, match="network.inputs must be the task's, 4, got 5"):
        train_stream(Network(5, 8, 4, loss="softmax"), task(), RECIPE)
    x = np.zeros((3, 4), np.float32)
    frames = {name: [(x, np.zeros(3, int))] for name in ("train", "valid", "test")}
    with pytest.raises(ValueError, match="task must be tokens with an answer for every frame"):
        train_stream(NETWORK, task(form="frames", **frames), RECIPE)
    with pytest.raises(ValueError, match="seed must be a whole number, 0 or more, got True"):
        train_stream(NETWORK, task(), RECIPE, seed=True)


def test_what_is_no_network_task_or_recipe_is_named():
    for given, message in (
        (("NP", task(), RECIPE), "network must be a Network, got str"),
        ((NETWORK, [1], RECIPE), "task must be a Task, got list"),
        ((NETWORK, task(), None), "recipe must be a StreamRecipe, got NoneType"),
    ):
        with pytest.raises(TypeError, match=message):
            train_stream(*given)
    with pytest.raises(TypeError, match="params must be a dict of arrays"):
        sample(NETWORK, RECIPE, np.array([0]), 3, rng=np.random.default_rng(0))

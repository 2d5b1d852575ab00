"""The compiled engine does what the plain one does."""

import concurrent.futures
import subprocess
import sys
import threading
import warnings
from functools import partial

import numpy as np
import pytest

from lstmlab.cells import VARIANTS, Variant
from lstmlab.training import Network, NumpyEngine, Recipe, fastest, train
from lstmlab.training.compiled import CompiledEngine
from lstmlab.training.compiled_update import score

from .test_recipe import NETWORK, TASK

MIXED = Variant(coupled=True, output_activation=False, full_gate_recurrence=True)


def data(rng, network, T, dtype):
    x = rng.standard_normal((T, network.inputs)).astype(dtype)
    if network.loss == "softmax":
        return x, rng.integers(network.outputs, size=T)
    if network.loss == "ctc":
        return x, rng.integers(1, network.outputs, size=T // 2)
    return x, rng.random((T, network.outputs)).astype(dtype)


def compared(network, dtype, lengths=(5, 12, 1, 12, 20, 3)):
    """Relative differences in loss, and absolute ones in the weights, after some updates."""
    rng = np.random.default_rng(0)
    params = network.init(rng, 0.3, dtype)
    plain, compiled = NumpyEngine(network, params), CompiledEngine(network, params)
    losses = 0.0
    for n, T in enumerate(lengths):
        x, target = data(rng, network, T, dtype)
        options = {"rate": 0.02, "momentum": 0.9, "nesterov": n % 2 == 0,
                   "clip": None if n % 3 else 0.1}  # fmt: skip
        for ask in ("cost", "step"):
            a, b = (
                engine.cost(x, target) if ask == "cost" else engine.step(x, target, **options)
                for engine in (plain, compiled)
            )
            losses = max(losses, abs(a - b) / a)
    ours, theirs = compiled.weights(), plain.weights()
    assert ours.keys() == theirs.keys()
    return losses, max(np.abs(ours[name] - theirs[name]).max() for name in theirs)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("loss", ["sigmoid", "softmax", "ctc"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("variant", ["V", "FGR", "SRN"])
def test_updates_are_those_of_the_plain_engine(variant, dtype, loss, directions):
    network = Network(7, 19, 9, variant=variant, loss=loss, directions=directions)
    losses, weights = compared(network, dtype)
    assert losses < (1e-6 if dtype is np.float32 else 1e-14)
    assert weights < (1e-5 if dtype is np.float32 else 1e-13)


@pytest.mark.parametrize("variant", [*VARIANTS, MIXED], ids=str)
def test_updates_of_every_variant_are_those_of_the_plain_engine(variant):
    losses, weights = compared(Network(3, 10, 2, variant=variant), np.float32)
    assert losses < 1e-6
    assert weights < 1e-5


@pytest.mark.parametrize("sizes", [(1, 1, 1), (40, 33, 50), (5, 120, 88)], ids=str)
def test_layers_of_all_sizes(sizes):
    losses, weights = compared(Network(*sizes), np.float64)
    assert losses < 1e-13
    assert weights < 1e-12


def test_targets_far_from_what_is_said_cost_what_they_should():
    """Pre-activations of ±40: no logarithm of 0, and one factor of each output is in the loss."""
    network = Network(1, 2, 3)
    params = {name: 0 * w for name, w in network.init(np.random.default_rng(0)).items()}
    params["b_y"] += np.float32([40, -40, 0])
    engine = CompiledEngine(network, params)
    for row, wanted in (([1, 0, 1], np.log(2)), ([0, 1, 0], 80 + np.log(2))):
        target = np.float32([row] * 50)
        assert engine.cost(np.ones((50, 1), np.float32), target) == pytest.approx(
            50 * wanted, rel=1e-5
        )


@pytest.mark.parametrize("outputs", [1, 88, 500, 3000])
def test_many_outputs_that_know_nothing_cost_log_2_each(outputs):
    """Each is a factor of one half, and a product of too many of them would be 0."""
    network = Network(1, 2, outputs)
    params = {name: 0 * w for name, w in network.init(np.random.default_rng(0)).items()}
    engine = CompiledEngine(network, params)
    target = np.zeros((20, outputs), np.float32)
    E = engine.cost(np.ones((20, 1), np.float32), target)
    assert E == pytest.approx(20 * outputs * np.log(2), rel=1e-5)


def test_training_gives_the_same_errors_as_the_plain_engine():
    recipe = Recipe(lr=0.1, noise=0.1, epochs=8)
    runs = [
        train(NETWORK, TASK, recipe, seed=1, engine=engine, dtype=np.float64, progress=False)
        for engine in (CompiledEngine, NumpyEngine)
    ]
    assert np.allclose(runs[0].history.valid, runs[1].history.valid, rtol=1e-9)
    assert runs[0].test == pytest.approx(runs[1].test, rel=1e-9)


def test_a_diverged_run_says_so():
    run = train(NETWORK, TASK, Recipe(lr=1e30, epochs=5), engine=CompiledEngine, progress=False)
    assert run.stopped == "diverged"


def test_a_loss_that_is_not_finite_changes_nothing():
    params = NETWORK.init(np.random.default_rng(0))
    engine = CompiledEngine(NETWORK, params)
    broken = {**params, "b_y": np.full_like(params["b_y"], np.inf)}
    engine.load(broken)
    x, target = TASK.train[0]
    assert not np.isfinite(engine.step(x, np.zeros_like(target), rate=0.1, momentum=0.9))
    assert all(np.array_equal(engine.weights()[name], broken[name]) for name in broken)


@pytest.mark.parametrize(
    ("x", "target", "message"),
    [
        (np.zeros((4, 2), np.float32), np.zeros((4, 1), np.float32), "x must have shape"),
        (np.zeros((4, 1)), np.zeros((4, 1), np.float32), "x must be float32"),
        (np.zeros((0, 1), np.float32), np.zeros((0, 1), np.float32), "x must be one sequence"),
        (np.zeros((4, 1), np.float32), np.full((4, 1), 2, np.float32), "target must hold"),
        (np.zeros((4, 1), np.float32), np.zeros((3, 1), np.float32), "target must have shape"),
    ],
    ids=["x-shape", "x-dtype", "x-empty", "target-range", "target-shape"],
)
def test_bad_input_is_refused_as_by_the_plain_engine(x, target, message):
    engine = CompiledEngine(NETWORK, NETWORK.init(np.random.default_rng(0)))
    with pytest.raises(ValueError, match=message):
        engine.step(x, target, rate=0.1, momentum=0.9)


def test_a_class_that_does_not_exist_is_refused():
    network = Network(1, 2, 3, loss="softmax")
    engine = CompiledEngine(network, network.init(np.random.default_rng(0)))
    for target in (np.array([0, 3]), np.array([-1, 0]), np.array([0.0, 1.0]), np.array([0, 1, 2])):
        for ask in (engine.cost, partial(engine.step, rate=0.1, momentum=0.9)):
            with pytest.raises(ValueError, match="target must be 2 whole numbers from 0 to 2"):
                ask(np.zeros((2, 1), np.float32), target)


@pytest.mark.parametrize("entry", [1.5, -0.1, np.nan, np.inf])
def test_a_refused_target_changes_nothing(entry):
    engine = CompiledEngine(NETWORK, NETWORK.init(np.random.default_rng(0)))
    before = engine.weights()
    target = np.zeros((4, 1), np.float32)
    target[2] = entry
    with pytest.raises(ValueError, match="target must"):
        engine.step(np.zeros((4, 1), np.float32), target, rate=0.1, momentum=0.9)
    assert all(np.array_equal(engine.weights()[name], before[name]) for name in before)


def test_arrays_in_another_order_are_read_rightly():
    network = Network(3, 5, 2)
    rng = np.random.default_rng(0)
    x, target = data(rng, network, 6, np.float32)
    engine = CompiledEngine(network, network.init(rng))
    wanted = engine.cost(x, target)
    assert engine.cost(np.asfortranarray(x), np.asfortranarray(target)) == wanted
    assert engine.cost(np.repeat(x, 2, axis=0)[::2], target) == wanted


def test_it_runs_without_the_lock_so_that_threads_run_at_once():
    """While one thread computes, another goes on: with the lock it would wait for the end."""
    network = Network(8, 64, 8)
    engine = CompiledEngine(network, network.init(np.random.default_rng(0)))
    x, target = data(np.random.default_rng(0), network, 20_000, np.float32)
    engine.cost(x[:2], target[:2])  # compiled
    counted, done = [0], threading.Event()

    def count():
        while not done.is_set():
            counted[0] += 1

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(count)
        before = counted[0]
        score(np.ascontiguousarray(target), engine._space(20_000))
        engine.cost(x, target)
        done.set()
        waiting.result()
    assert counted[0] - before > 1000


def test_without_numba_the_plain_engine_takes_over_with_one_warning():
    script = (
        "import sys, warnings\n"
        "sys.modules['numba'] = None\n"
        "from lstmlab.training import NumpyEngine, fastest\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    assert fastest() is NumpyEngine and fastest() is NumpyEngine\n"
        "(one,) = caught\n"
        "assert one.category is RuntimeWarning and 'pip install numba' in str(one.message)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_with_numba_the_compiled_engine_is_chosen_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fastest() is CompiledEngine

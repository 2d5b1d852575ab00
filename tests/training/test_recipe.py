import numpy as np
import pytest

from lstmlab.cells import Variant
from lstmlab.tasks import Task
from lstmlab.training import Network, NumpyEngine, Recipe, evaluate, train


def tiny_task(n=6, T=12, seed=0):
    """A bit that repeats the one of two steps before: learnable, and never by one step alone."""
    rng = np.random.default_rng(seed)

    def one():
        x = (rng.random((T, 1)) < 0.5).astype(np.float32)
        target = np.concatenate([np.zeros((2, 1), np.float32), x[:-2]])
        return x, target

    sets = {name: [one() for _ in range(n)] for name in ("train", "valid", "test")}
    return Task(
        name="echo", source="generated", inputs=1, outputs=1, loss="sigmoid",
        metric="nats per frame", seed=seed, **sets,
    )


TASK = tiny_task()
NETWORK = Network(1, 5, 1)


def same(a, b):
    return all(np.array_equal(a[k], b[k]) for k in a)


def test_a_seed_fixes_everything():
    recipe = Recipe(lr=0.1, noise=0.1, epochs=3)
    runs = [train(NETWORK, TASK, recipe, seed=s, progress=False) for s in (1, 1, 2)]
    assert runs[0].history == runs[1].history
    assert same(runs[0].params, runs[1].params)
    assert runs[0].history != runs[2].history


def test_it_learns_what_needs_memory():
    run = train(NETWORK, tiny_task(n=20, T=20), Recipe(lr=0.1, epochs=60), progress=False)
    assert run.test < 0.05  # without memory the best is log 2 = 0.69
    assert run.source == "generated"


def test_the_reported_errors_are_those_of_the_returned_weights():
    run = train(NETWORK, TASK, Recipe(lr=0.5, epochs=10), progress=False)
    for name in ("valid", "test"):
        again = evaluate(lambda x, t: NETWORK.cost(run.params, x, t), getattr(TASK, name))
        assert again == pytest.approx(getattr(run, name), rel=1e-6)
    assert run.valid == min(run.history.valid) == run.history.valid[run.best_epoch - 1]


class Scripted(NumpyEngine):
    """An engine whose validation losses are a list, to watch the recipe alone."""

    script: tuple[float, ...] = ()

    def __init__(self, network, params):
        super().__init__(network, params)
        self.calls, self.version = 0, 0

    def step(self, x, target, **options):
        self.version += 1
        return 1.0

    def cost(self, x, target):
        epoch, self.calls = self.calls // 6, self.calls + 1
        return 12 * self.script[min(epoch, len(self.script) - 1)]

    def weights(self):
        return {"version": np.array(self.version)}

    def load(self, params):
        self.loaded = params


def scripted(losses, **recipe):
    engine = type("Engine", (Scripted,), {"script": tuple(losses)})
    return train(NETWORK, TASK, Recipe(lr=1, **recipe), engine=engine, progress=False)


def test_it_stops_after_more_than_patience_epochs_without_improvement():
    run = scripted([3, 2] + [2.5] * 50, patience=15)
    assert run.stopped == "patience"
    assert run.best_epoch == 2
    assert len(run.history) == 2 + 16
    assert run.params["version"] == 2 * len(TASK.train)


def test_an_improvement_resets_the_patience():
    run = scripted([3] + [4] * 15 + [2] + [4] * 50, patience=15)
    assert run.best_epoch == 17
    assert len(run.history) == 17 + 16


def test_it_stops_after_the_last_epoch():
    run = scripted([3, 2, 1] * 50, epochs=2)
    assert run.stopped == "epochs"
    assert len(run.history) == 2


def test_a_loss_that_is_not_finite_ends_the_run_as_diverged_with_the_best_weights():
    run = scripted([3, 2, np.nan, 1])
    assert run.diverged
    assert run.best_epoch == 2
    assert run.params["version"] == 2 * len(TASK.train)
    assert "infinite or NaN" in str(run)


def test_divergence_in_the_first_epoch_returns_the_first_weights_and_no_score():
    class Explodes(NumpyEngine):
        def step(self, x, target, **options):
            return np.inf

    run = train(NETWORK, TASK, Recipe(lr=1), engine=Explodes, progress=False)
    assert run.diverged
    assert run.valid == run.test == np.inf
    assert run.best_epoch == len(run.history) == 0
    assert run.params.keys() == NETWORK.init(np.random.default_rng(0)).keys()


def test_a_real_blow_up_is_reported_as_diverged_without_a_warning():
    network = Network(1, 5, 1, "NOAF")
    run = train(network, tiny_task(T=200), Recipe(lr=1e38, momentum=0.0), progress=False)
    assert run.diverged


def updates(nesterov, momentum, clip=None, steps=3):
    """Weights after some updates, by the engine and by the rule written out for one weight."""
    x, target = TASK.train[0]
    params = NETWORK.init(np.random.default_rng(0), dtype=np.float64)
    engine = NumpyEngine(NETWORK, params)
    w, v = {k: a.copy() for k, a in params.items()}, {k: 0 * a for k, a in params.items()}
    for _ in range(steps):
        options = {"rate": 0.1, "momentum": momentum, "nesterov": nesterov, "clip": clip}
        engine.step(x.astype(float), target.astype(float), **options)
        _, g = NETWORK.gradient(w, x.astype(float), target.astype(float))
        if clip is not None:
            g = {k: np.minimum(clip, np.maximum(-clip, a)) for k, a in g.items()}
        v = {k: momentum * v[k] + g[k] for k in g}
        w = {k: w[k] - 0.1 * (g[k] + momentum * v[k] if nesterov else v[k]) for k in g}
    return engine.weights(), w


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("clip", [None, 0.01])
def test_the_update_is_the_one_written(nesterov, clip):
    ours, expected = updates(nesterov, 0.9, clip)
    for name, weights in ours.items():
        np.testing.assert_allclose(weights, expected[name], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("nesterov", [True, False])
def test_the_update_is_torchs_sgd(nesterov):
    torch = pytest.importorskip("torch", reason="torch is compared with only where it is installed")
    ours, _ = updates(nesterov, 0.9)
    x, target = (a.astype(float) for a in TASK.train[0])
    w = {
        k: torch.tensor(a, requires_grad=True)
        for k, a in NETWORK.init(np.random.default_rng(0), dtype=np.float64).items()
    }
    sgd = torch.optim.SGD(w.values(), lr=0.1, momentum=0.9, nesterov=nesterov)
    for _ in range(3):
        _, g = NETWORK.gradient({k: a.detach().numpy() for k, a in w.items()}, x, target)
        for k, a in w.items():
            a.grad = torch.tensor(g[k])
        sgd.step()
    for k, a in w.items():
        np.testing.assert_allclose(ours[k], a.detach().numpy(), rtol=1e-12, atol=1e-15)


def test_the_applied_rate_is_scaled_by_one_minus_momentum():
    assert Recipe(lr=0.1, momentum=0.9).rate == pytest.approx(0.01)
    rates = []

    class Watch(NumpyEngine):
        def step(self, x, target, *, rate, momentum, **options):
            rates.append((rate, momentum))
            return 1.0

    train(NETWORK, TASK, Recipe(lr=0.1, momentum=0.75, epochs=1), engine=Watch, progress=False)
    assert set(rates) == {(0.1 * (1 - 0.75), 0.75)}
    assert len(rates) == len(TASK.train)


def test_every_epoch_visits_every_sequence_once_in_a_new_order_with_new_noise():
    seen = []

    class Watch(NumpyEngine):
        def step(self, x, target, **options):
            seen.append((x.copy(), target.tobytes()))
            return 1.0

    train(NETWORK, TASK, Recipe(lr=0.1, noise=0.5, epochs=2), engine=Watch, progress=False)
    n = len(TASK.train)
    first, second = [t for _, t in seen[:n]], [t for _, t in seen[n:]]
    assert sorted(first) == sorted(second) == sorted(t.tobytes() for _, t in TASK.train)
    assert first != second
    clean = {t.tobytes(): x for x, t in TASK.train}
    noise = np.concatenate([x - clean[t] for x, t in seen])
    assert abs(noise.std() - 0.5) < 0.08
    assert len({x.tobytes() for x, _ in seen}) == 2 * n


def test_the_task_is_not_changed():
    before = [x.copy() for x, _ in TASK.train]
    train(NETWORK, TASK, Recipe(lr=0.1, noise=0.5, epochs=1), progress=False)
    assert all(np.array_equal(x, b) for (x, _), b in zip(TASK.train, before, strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lr": 0}, "lr must be a finite number above 0, got 0"),
        ({"lr": np.nan}, "lr must be"),
        ({"momentum": 1.0}, "momentum must be at least 0 and below 1, got 1.0"),
        ({"noise": -0.1}, "noise must be"),
        ({"clip": 0.0}, "clip must be None or a finite number above 0"),
        ({"clip": True}, "clip must be None"),
        ({"lr": None}, "lr must be a finite number above 0, got None"),
        ({"lr": "0.1"}, "lr must be a finite number above 0, got '0.1'"),
        ({"nesterov": "no"}, "nesterov must be True or False, got 'no'"),
        ({"epochs": 0}, "epochs must be a whole number, 1 or more, got 0"),
        ({"patience": 1.5}, "patience must be a whole number"),
        ({"std": np.inf}, "std must be"),
    ],
)
def test_a_bad_recipe_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**({"lr": 0.1} | arguments))


def test_a_network_that_does_not_fit_the_task_is_named():
    with pytest.raises(ValueError, match="network.outputs must be the task's, 1, got 2"):
        train(Network(1, 5, 2), TASK, Recipe(lr=1), progress=False)


def test_evaluate_weighs_frames_not_sequences():
    long, short = np.zeros((9, 1)), np.zeros((1, 1))
    mean = evaluate(lambda x, t: 2.0 * len(x), [(long, long), (short, short)])
    assert mean == 2.0
    assert evaluate(lambda x, t: 10.0, [(long, long), (short, short)]) == 2.0


def test_the_history_plots_itself():
    run = train(NETWORK, TASK, Recipe(lr=0.1, epochs=3), progress=False)
    figure = run.history.plot()
    assert figure.axes[0].get_ylabel() == "nats per frame"


def watched(**recipe):
    """The options every update was called with, and the first weights' spread."""
    seen = []

    class Watch(NumpyEngine):
        def __init__(self, network, params):
            super().__init__(network, params)
            seen.append(params)

        def step(self, x, target, **options):
            seen.append(options)
            return 1.0

    train(NETWORK, TASK, Recipe(**({"lr": 1, "epochs": 1} | recipe)), engine=Watch, progress=False)
    return seen[0], seen[1:]


def test_the_recipe_reaches_the_engine():
    _, calls = watched(clip=0.5, nesterov=False, momentum=0.5)
    expected = {"rate": 0.5, "momentum": 0.5, "nesterov": False, "clip": 0.5}
    assert calls == [expected] * len(TASK.train)
    assert watched()[1][0]["nesterov"] is True
    assert watched()[1][0]["clip"] is None


def test_the_first_weights_have_the_recipes_spread():
    for std in (0.0, 0.1, 2.0):
        weights = np.concatenate([w.ravel() for w in watched(std=std)[0].values()])
        assert abs(weights.std() - std) <= 0.15 * std


def test_the_defaults_are_the_papers():
    recipe = Recipe(lr=0.1)
    assert (recipe.epochs, recipe.patience, recipe.std) == (150, 15, 0.1)
    assert recipe.nesterov is True
    assert recipe.clip is None
    assert recipe.noise == 0


def test_validation_and_test_see_no_noise():
    seen = []

    class Watch(NumpyEngine):
        def cost(self, x, target):
            seen.append(x.copy())
            return 1.0

    train(NETWORK, TASK, Recipe(lr=0.1, noise=1.0, epochs=1), engine=Watch, progress=False)
    clean = [x for x, _ in TASK.valid + TASK.test]
    assert all(np.array_equal(a, b) for a, b in zip(seen, clean, strict=True))


def test_the_history_is_loss_a_frame():
    class Constant(NumpyEngine):
        def step(self, x, target, **options):
            return 3.0 * len(x)

        def cost(self, x, target):
            return 2.0 * len(x)

    run = train(NETWORK, TASK, Recipe(lr=0.1, epochs=2), engine=Constant, progress=False)
    assert run.history.train == [3.0, 3.0]
    assert run.history.valid == [2.0, 2.0]
    assert run.best_epoch == 1  # the first of equals
    assert (run.valid, run.test) == (2.0, 2.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numpy_scalars_in_a_recipe_promote_nothing(dtype):
    numbers = {k: np.float64(v) for k, v in {"lr": 0.1, "momentum": 0.5, "noise": 0.2}.items()}
    recipe = Recipe(epochs=np.int64(1), clip=np.float64(0.5), **numbers)
    run = train(NETWORK, TASK, recipe, seed=np.int64(3), dtype=dtype, progress=False)
    assert {w.dtype for w in run.params.values()} == {np.dtype(dtype)}
    assert run.seed == 3


def test_a_run_is_over_at_the_first_loss_that_is_not_finite():
    calls = []

    class Explodes(NumpyEngine):
        def step(self, x, target, **options):
            calls.append(1)
            return np.nan if len(calls) == 2 else 1.0

    assert train(NETWORK, TASK, Recipe(lr=1), engine=Explodes, progress=False).diverged
    assert len(calls) == 2


def test_an_update_with_an_infinite_loss_changes_nothing():
    params = NETWORK.init(np.random.default_rng(0))
    params["b_y"][:] = np.inf
    engine = NumpyEngine(NETWORK, params)
    x, target = TASK.train[0]
    with np.errstate(all="ignore"):
        assert not np.isfinite(engine.step(x, target, rate=1.0, momentum=0.9))
    assert same(engine.weights(), params)


def test_an_engine_keeps_its_own_copy_of_the_weights():
    params = NETWORK.init(np.random.default_rng(0))
    kept = {k: w.copy() for k, w in params.items()}
    engine = NumpyEngine(NETWORK, params)
    engine.step(*TASK.train[0], rate=1.0, momentum=0.9)
    assert same(params, kept)
    engine.weights()["b_y"][:] = 7
    assert not np.any(engine.weights()["b_y"] == 7)


def test_softmax_networks_are_trained_too():
    rng = np.random.default_rng(0)

    def one():
        target = rng.integers(0, 3, 20)
        return np.eye(3, dtype=np.float32)[target], np.concatenate([[0], target[:-1]])

    sets = {name: [one() for _ in range(20)] for name in ("train", "valid", "test")}
    task = Task(name="echo", source="generated", inputs=3, outputs=3, loss="softmax", **sets)
    network = Network(3, 6, 3, loss="softmax", directions=2)
    run = train(network, task, Recipe(lr=0.1, epochs=20), progress=False)
    assert run.test < 0.1  # chance is log 3 = 1.10


@pytest.mark.parametrize("what", [Network(2, 5, 1), Network(1, 5, 1, loss="softmax")])
def test_every_part_of_the_fit_is_checked(what):
    with pytest.raises(ValueError, match="must be the task's"):
        train(what, TASK, Recipe(lr=1), progress=False)


@pytest.mark.parametrize("seed", [None, -1, 0.5, True])
def test_a_seed_must_be_a_whole_number(seed):
    with pytest.raises(ValueError, match="seed must be a whole number, 0 or more"):
        train(NETWORK, TASK, Recipe(lr=1), seed=seed, progress=False)


def test_progress_is_shown_only_when_asked(capsys):
    train(NETWORK, TASK, Recipe(lr=0.1, epochs=1), progress=False)
    assert capsys.readouterr().err == ""
    train(NETWORK, TASK, Recipe(lr=0.1, epochs=1))
    assert "epoch" in capsys.readouterr().err


def test_an_empty_history_says_why_it_cannot_be_drawn():
    with pytest.raises(ValueError, match="at least one finished epoch"):
        scripted([np.nan]).history.plot()


@pytest.mark.parametrize(
    "switches", [{"projection": 2}, {"slopes": True}, {"cortex": True}], ids=lambda s: next(iter(s))
)
@pytest.mark.parametrize("directions", [1, 2])
def test_switches_that_the_compiled_engine_does_not_know_are_trained_by_the_plain_one(
    switches, directions
):
    network = Network(1, 5, 1, variant=Variant(**switches), directions=directions)
    chosen, plain = (
        train(network, TASK, Recipe(lr=0.1, epochs=4), engine=engine, progress=False)
        for engine in (None, NumpyEngine)
    )
    assert chosen.history == plain.history
    assert min(chosen.history.valid) < chosen.history.valid[0]


def test_a_task_without_an_answer_for_every_frame_is_refused():
    words = [(np.array([0, 1, 2]), np.ones(1, np.float32))]
    task = Task("words", "generated", words, words, words, 3, 1, form="tokens", answer="sequence")
    with pytest.raises(ValueError, match="task must be frames .*, got words: tokens, answer seq"):
        train(Network(3, 2, 1), task, Recipe(lr=0.1), progress=False)


def test_what_is_no_network_task_or_recipe_is_named():
    x = [(np.zeros((4, 3), np.float32), np.zeros((4, 1), np.float32))]
    task = Task("zeros", "generated", x, x, x, 3, 1)
    for given, message in (
        ((None, task, Recipe(lr=0.1)), "network must be a Network, got NoneType"),
        ((Network(3, 2, 1), x, Recipe(lr=0.1)), "task must be a Task, got list"),
        ((Network(3, 2, 1), task, 0.1), "recipe must be a Recipe, got float"),
    ):
        with pytest.raises(TypeError, match=message):
            train(*given)

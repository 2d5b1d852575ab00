"""The study of Newhouse: the network as it was trained, and the paper's numbers."""

import math
import pickle

import numpy as np
import pytest

from lstmlab.cells import SRN
from lstmlab.search import RandomSearch, Serial, charrnn, run, table
from lstmlab.search.charrnn import smooth
from lstmlab.search.newhouse import LOG_SPACE, PAPER, SPACE, START, TRIALS, CharRNN
from lstmlab.search.outcome import evaluate
from lstmlab.search.relaxation import arch
from lstmlab.search.relaxed import Relaxed
from lstmlab.tasks import load
from lstmlab.training import Network, StreamRecipe, train_stream
from lstmlab.training.compiled_adagrad import AdagradReader

SMALL = {"hidden": 24, "length": 7, "lr": 0.05}


@pytest.fixture(scope="module")
def task():
    return load("shakespeare", source="generated")


def char_rnn(params, codes, length, lr, steps):
    """The loss of each window, by the equations of the char-RNN in float64."""
    W, R, b, V, c = (params[name].astype(float) for name in ("W_z", "R_z", "b_z", "W_y", "b_y"))
    m = [np.zeros_like(w) for w in (W, R, b, V, c)]
    h, losses = np.zeros(len(b)), []
    for n in range(steps):
        x, target = (codes[n * length + k : (n + 1) * length + k] for k in (0, 1))
        hs, ps, loss = [h], [], 0.0
        for t in range(length):
            hs.append(np.tanh(W[:, x[t]] + R @ hs[-1] + b))
            p = np.exp(V @ hs[-1] + c)
            ps.append(p / p.sum())
            loss -= math.log(ps[-1][target[t]])
        losses.append(loss)
        grads = [np.zeros_like(w) for w in (W, R, b, V, c)]
        dh = np.zeros_like(h)
        for t in reversed(range(length)):
            dy = ps[t].copy()
            dy[target[t]] -= 1
            grads[3] += np.outer(dy, hs[t + 1])
            grads[4] += dy
            dz = (V.T @ dy + dh) * (1 - hs[t + 1] ** 2)
            grads[0][:, x[t]] += dz
            grads[1] += np.outer(dz, hs[t])
            grads[2] += dz
            dh = R.T @ dz
        for w, g, memory in zip((W, R, b, V, c), grads, m, strict=True):
            g = np.clip(g, -5, 5)
            memory += g * g
            w -= lr * g / np.sqrt(memory + 1e-8)
        h = hs[-1]
    return np.array(losses)


def test_it_trains_the_char_rnn(task):
    params = Network(task.inputs, 24, task.inputs, SRN, "softmax").init(
        np.random.default_rng(3), 0.01
    )
    params["b_z"][:], params["b_y"][:] = 0, 0
    losses = char_rnn(params, task.train[0][0], 7, 0.05, 40)
    assert losses[0] == pytest.approx(7 * math.log(task.inputs), rel=1e-3)
    found = CharRNN(40)(SMALL, 3)
    L = 7 * math.log(task.inputs)
    for loss in losses:
        L = 0.999 * L + 0.001 * loss
    assert found["smoothed"] == found["value"] == pytest.approx(L, rel=1e-6)
    assert found["nats"] == pytest.approx(losses.sum() / 280, rel=1e-5)
    assert found["last"] == pytest.approx(losses[-4:].sum() / 28, rel=1e-4)
    assert (found["updates"], found["characters"]) == (40, 280)
    assert found["weights"] == 24 * (task.inputs + 24 + 1) + task.inputs * 25


def test_it_learns(task):
    a, z = CharRNN(50)(SMALL, 0)["last"], CharRNN(2000)(SMALL, 0)["last"]
    assert z < a < math.log(task.inputs)
    assert z < 2.4


def test_the_summed_loss_is_mostly_a_constant():
    """After 100 steps nine tenths are T ln V, so it prefers short windows to good networks."""
    assert smooth(np.zeros(100), 1.0) == pytest.approx(0.999**100) == pytest.approx(0.905, abs=5e-4)
    short, long = ({**SMALL, "length": T} for T in (5, 40))
    summed = [CharRNN(100)(params, 0) for params in (short, long)]
    assert summed[0]["value"] < summed[1]["value"] / 4
    assert summed[0]["last"] > summed[1]["last"]


def test_per_character_every_network_reads_as_much(task):
    objective = CharRNN(20, loss="per character")
    for length, updates in ((5, 100), (7, 72), (40, 13)):
        found = objective({**SMALL, "length": length}, 0)
        assert (found["characters"], found["updates"]) == (500, updates)
        assert found["value"] == found["nats"]
    assert objective.windows(7).tolist() == [7] * 71 + [3]
    few = CharRNN(loss="per character", characters=3)
    assert few.windows(40).tolist() == [3]
    first = few({**SMALL, "length": 40}, 0)
    assert first["value"] == pytest.approx(math.log(task.inputs), rel=1e-3)


def test_windows_of_two_lengths_are_one_text(task):
    """A shorter last window goes on where the others stopped, in text, state and memory."""
    found = CharRNN(loss="per character", characters=30)({**SMALL, "length": 20}, 1)
    params = Network(task.inputs, 24, task.inputs, SRN, "softmax").init(
        np.random.default_rng(1), 0.01
    )
    params["b_z"][:], params["b_y"][:] = 0, 0
    first = char_rnn(params, task.train[0][0], 20, 0.05, 1)
    reader = AdagradReader(
        Network(task.inputs, 24, task.inputs, SRN, "softmax"), params, task.train[0][0]
    )
    rest = [*reader.read(1, 20, rate=0.05, clip=5), *reader.read(1, 10, rate=0.05, clip=5)]
    assert rest[0] == pytest.approx(first[0], rel=1e-5)
    assert found["value"] == pytest.approx(sum(rest) / 30)
    assert reader.at == 30


def test_a_seed_fixes_a_trial():
    objective = pickle.loads(pickle.dumps(CharRNN(10)))
    values = [CharRNN(10)(SMALL, 5)["value"], objective(SMALL, 5)["value"]]
    assert values[0] == values[1] != CharRNN(10)(SMALL, 6)["value"]


def test_it_is_an_objective_for_the_loop():
    study = run(RandomSearch(LOG_SPACE | {"hidden": SPACE["hidden"].__class__(20, 40)}),
                CharRNN(3), 4, executor=Serial(), progress=False)  # fmt: skip
    found = table(study)
    assert (found["state"] == "complete").all()
    assert {"smoothed", "nats", "last", "updates", "characters", "weights", "source"} <= set(found)
    assert set(found["source"]) == {"generated"}


def test_it_can_be_relaxed():
    relaxed = Relaxed(CharRNN(3), SPACE, mode="common")
    there = {"hidden": 24.5, "length": 7.0, "lr": 0.05}
    below, above = (relaxed({**there, "hidden": float(h)}) for h in (24, 25))
    assert relaxed(there) == pytest.approx((below + above) / 2)
    assert relaxed.partial(there, "hidden") == above - below
    assert relaxed.trainings == 2


def test_a_loss_that_is_not_finite_is_a_failed_trial():
    objective = CharRNN(20, clip=1e30, std=1e18)
    outcome = evaluate(objective, {**SMALL, "lr": 1e30}, 0)
    assert outcome.value is None
    assert outcome.reason == "the value is nan"


def test_it_reads_a_text_of_your_own(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("to be or not to be, that is the question\n" * 20)
    objective = CharRNN(200, text="auto", root=file)
    found = objective({"hidden": 20, "length": 10, "lr": 0.1}, 0)
    assert objective.data == found["source"] == "mine.txt (own file)"
    assert found["last"] < 1.0


def test_a_worker_without_the_text_says_so(monkeypatch, task):
    objective = CharRNN(3, text="auto")
    object.__setattr__(objective, "data", "Tiny Shakespeare")  # as where it was made
    monkeypatch.setattr(charrnn, "_load", lambda source, root: task)
    with pytest.raises(FileNotFoundError, match="is on Tiny Shakespeare, .* finds generated"):
        objective(SMALL, 0)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: CharRNN(0), "steps must be a whole number, 1 or more, got 0"),
        (lambda: CharRNN(loss="mean"), "loss must be 'summed' or 'per character', got 'mean'"),
        (lambda: CharRNN(characters=100), "characters must be None for the loss 'summed'"),
        (lambda: CharRNN(loss="per character", characters=0), "characters must be a whole"),
        (lambda: CharRNN(clip=0), "clip must be a finite number, above 0, got 0"),
        (lambda: CharRNN(std=-1), "std must be a finite number, 0 or more, got -1"),
        (lambda: CharRNN(text="bard"), "source must be"),
        (lambda: CharRNN(1)({**SMALL, "hidden": 40.5}, 0), r"params\['hidden'\] must be a whole"),
        (lambda: CharRNN(1)({**SMALL, "length": 0}, 0), r"params\['length'\] must be a whole"),
        (lambda: CharRNN(1)({**SMALL, "lr": 0.0}, 0), r"params\['lr'\] must be a finite number"),
        (lambda: CharRNN(1)({"hidden": 20, "length": 5}, 0), r"params\['lr'\] must .* got None"),
        (lambda: CharRNN(1)(SMALL, -1), "seed must be a whole number, 0 or more"),
    ],
)  # fmt: skip
def test_what_it_refuses(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_whole_numbers_may_come_as_floats():
    whole = CharRNN(2)({"hidden": 24.0, "length": 7.0, "lr": 0.05}, 0)
    assert whole["value"] == CharRNN(2)(SMALL, 0)["value"]


def test_the_ordinary_recipe_for_texts_is_the_same_training(task):
    """`train_stream` with the paper's settings, but for biases that begin at 0."""
    recipe = StreamRecipe(lr=0.05, length=7, updates=40, every=40)
    network = Network(task.inputs, 24, task.inputs, SRN, "softmax")
    nats = train_stream(network, task, recipe, seed=3, progress=False).train[0]
    assert CharRNN(40)(SMALL, 3)["nats"] == pytest.approx(nats, abs=0.02)


@pytest.mark.parametrize(("gradients", "lengths"), [("1D", "1E"), ("3C", "3D"), ("4C", "4D")])
def test_the_papers_gradients_are_as_long_as_it_says(gradients, lengths):
    for key, gradient in PAPER[gradients].items():
        said = PAPER[lengths][key]
        assert (gradient is None) == (said is None) or key == (8, 90)  # not legible
        if gradient and said:
            assert math.hypot(*gradient) == pytest.approx(said[0], rel=3e-6)


def test_the_papers_walks_begin_with_steps_of_length_1():
    """Ten of them: outside of the bounds the methods fall back to the gradient of the arches."""
    for figure, trial in (("3A", 6), ("3B", 7), ("4B", 9)):
        first, tenth = PAPER[figure][trial, 0], PAPER[figure][trial, 10]
        assert math.dist(first, tenth) == pytest.approx(10, abs=0.002)
    assert math.dist(PAPER["4A"][8, 0], PAPER["4A"][8, 10]) == pytest.approx(9, abs=0.002)


def test_every_walk_of_the_paper_begins_among_the_arches():
    for figure in ("3A", "3B", "4A", "4B"):
        (_, first), *rest = sorted(PAPER[figure].items())
        assert all(START[0] <= x <= START[1] for x in first)
        assert arch(dict(zip(SPACE, first, strict=True)), SPACE) is not None
        assert len(rest) == 9
    sane = [arch(dict(zip(SPACE, PAPER[f][t, 90], strict=True)), SPACE) is None
            for f, t in (("3A", 6), ("3B", 7), ("4A", 8), ("4B", 9))]  # fmt: skip
    assert sane == [True, True, False, False]


def test_the_trials_are_the_papers():
    assert [trial.number for trial in TRIALS] == list(range(1, 10))
    assert [(trial.alpha, trial.beta) for trial in TRIALS] == [
        *[(100, 1)] * 3, (10, 1), (1, 1), *[(10, 1)] * 2, *[(10, 10)] * 2,
    ]  # fmt: skip
    assert [trial.update for trial in TRIALS[7:]] == ["bfgs", "dfp"]
    assert TRIALS[6].multiplier == 1000
    for figures in (("1A", (1, 2, 3)), ("1B", (4,)), ("1C", (5,))):
        figure, numbers = figures
        assert set(PAPER[figure]) == {
            (number, size) for number in numbers for size in TRIALS[number - 1].step_sizes
        }

"""The child: what it computes, that a run is made again, and what becomes of hopeless ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F

from lstmlab.optimizers import FOUND, ZOO, RuleOptimizer
from lstmlab.optimizers.child import ChildNet, ChildRun, Hopeless, train_child
from lstmlab.tasks import load
from lstmlab.tasks.images.half import halved
from lstmlab.tasks.task import Pictures

SMALL = {"batch": 20, "examples": 200}


@pytest.fixture(scope="module")
def task():
    return load("images", source="embedded")


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def same(run: ChildRun, other: ChildRun) -> bool:
    return replace(run, seconds=0) == replace(other, seconds=0)


# -- the network --------------------------------------------------------------------------------


def test_it_is_two_convolutions_with_32_filters():
    net = ChildNet((32, 32, 3), 10)
    sizes = [p.numel() for p in net.parameters()]
    assert sizes == [3 * 9 * 32, 32, 32, 32 * 9 * 32, 32, 32, 32 * 8 * 8 * 10, 10]


def test_normalisation_and_rectification_come_after_each_convolution():
    """The paper's order; the largest of 2 x 2 last, where the network takes it earlier."""
    net = ChildNet((9, 8, 2), 5, 3, generator=torch.Generator().manual_seed(0))
    pictures = torch.randint(256, (7, 9, 8, 2), dtype=torch.uint8)
    x = pictures.permute(0, 3, 1, 2) / 255 * 2 - 1
    (first, a, b, second, c, d, W, bias) = net.parameters()
    for weight, gain, offset in ((first, a, b), (second, c, d)):
        x = F.conv2d(x, weight, padding=1)
        x = (x - x.mean((0, 2, 3), keepdim=True)) / (
            x.var((0, 2, 3), keepdim=True, unbiased=False) + 1e-5
        ).sqrt()
        x = F.relu(x * gain[:, None, None] + offset[:, None, None])
        x = F.max_pool2d(x, 2)
    assert torch.allclose(net(pictures), x.flatten(1) @ W.T + bias, atol=1e-5)


def test_first_weights_come_from_the_generator_and_from_no_other():
    before = torch.get_rng_state()
    one, again, other = (
        ChildNet((8, 8, 1), 10, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    for p, q, r in zip(*(net.parameters() for net in (one, again, other)), strict=True):
        assert torch.equal(p, q)
        if p.dim() > 1:
            assert not torch.equal(p, r)
            bound = p[0].numel() ** -0.5
            assert 0.9 * bound < p.detach().abs().max() <= bound


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"inputs": (8, 8)}, "inputs must be height, width and channels"),
        ({"inputs": (8, 3, 1)}, r"inputs\[1\] must be a whole number, 4 or more, got 3"),
        ({"inputs": (8, 8, 0)}, r"inputs\[2\] must be a whole number, 1 or more, got 0"),
        ({"classes": 1}, "classes must be a whole number, 2 or more, got 1"),
        ({"filters": 0.5}, "filters must be a whole number, 1 or more, got 0.5"),
    ],
)
def test_a_network_that_is_none_is_refused(given, named):
    with pytest.raises(ValueError, match=named):
        ChildNet(**{"inputs": (8, 8, 1), "classes": 10, **given})


# -- training -----------------------------------------------------------------------------------


def test_it_learns(task):
    run = train_child("adam", task, lr=0.01, batch=20, epochs=2, test=True)
    assert len(run.accuracy) == len(run.loss) == 2
    assert min(run.accuracy[-1], run.test) > 0.9
    assert run.loss[1] < run.loss[0] < np.log(10)
    assert run.updates == 2 * 60
    assert run.reward == run.accuracy[-1]
    assert not run.failed


def test_a_run_is_made_again_and_leaves_torch_alone(task):
    before = torch.get_rng_state()
    rule = ZOO["found-9"].rule
    runs = [train_child(rule, task, lr=0.01, seed=seed, epochs=2, **SMALL) for seed in (3, 3, 4)]
    assert torch.equal(torch.get_rng_state(), before)
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_a_short_run_is_the_beginning_of_a_long_one(task):
    short, long = (
        train_child("drop(m, 0.1)", task, lr=0.1, epochs=epochs, **SMALL) for epochs in (1, 3)
    )
    assert short.accuracy == long.accuracy[:1]
    assert short.loss == long.loss[:1]


@pytest.mark.parametrize(
    ("rule", "optimizer", "lr"),
    [("g", torch.optim.SGD, 0.05), ("adam", torch.optim.Adam, 0.001)],
)
def test_an_optimizer_of_torch_comes_to_the_same_as_its_rule(task, rule, optimizer, lr):
    ours, theirs = (train_child(one, task, lr=lr, **SMALL) for one in (rule, optimizer))
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-3)
    assert ours.accuracy == pytest.approx(theirs.accuracy, abs=0.01)


def test_a_decay_ends_with_the_last_update(task):
    """Passed as `steps`; 10 updates an epoch, and one of them for what is left over."""
    rule = ZOO["addsign-ld"].rule

    def of(steps):
        return lambda params, lr: RuleOptimizer(params, rule, lr, steps=steps)

    kept = {"lr": 0.1, "epochs": 2, "batch": 20, "examples": 201}
    run = train_child(rule, task, **kept)
    assert same(run, train_child(of(22), task, **kept))
    assert not same(run, train_child(of(20), task, **kept))


def test_a_picture_that_is_left_over_is_a_batch_even_at_the_least_size(task):
    """Every normalisation sees 2 x 2 places or more of it."""
    small = halved(task)
    assert small.train.x.shape[1:3] == (4, 4)
    run = train_child("adam", small, lr=0.01, batch=20, examples=41)
    assert (run.updates, run.failed) == (3, "")


def test_betas_are_those_of_the_optimizer(task):
    betas = (0.5, 0.9, 0.8)

    def known(params, lr):
        return RuleOptimizer(params, "adam", lr, betas=betas)

    run = train_child("adam", task, lr=0.01, betas=betas, **SMALL)
    assert same(run, train_child(known, task, lr=0.01, **SMALL))
    assert not same(run, train_child("adam", task, lr=0.01, **SMALL))


def test_no_more_pictures_are_used_than_asked_for(task):
    x, classes = task.train.x.copy(), task.train.classes
    x[200:] = 255 - x[200:]
    other = replace(task, train=Pictures(x, classes))
    runs = [train_child("g", one, lr=0.1, **SMALL) for one in (task, other)]
    assert same(*runs)
    more = [train_child("g", one, lr=0.1, batch=20, examples=220) for one in (task, other)]
    assert not same(*more)


def test_a_run_whose_loss_is_no_number_is_given_up(task):
    run = train_child("1", task, lr=1e38, epochs=3, test=True, **SMALL)
    assert run.failed == "the loss was nan after 1 updates"
    assert run.updates == 1
    assert run.accuracy == run.loss == ()
    assert run.test is None
    assert run.reward == 0


def test_a_run_that_ends_with_weights_that_are_no_numbers_has_failed(task):
    run = train_child("1", task, lr=1e38, batch=20, examples=20)
    assert run.failed == "outputs were not finite after epoch 1"
    assert run.reward == 0


@pytest.mark.parametrize("name", FOUND)
def test_every_rule_that_was_found_trains_it(task, name):
    """At one of these rates far better than a guess, but for one; at the largest without a crash.

    e^g - e^m is g - m to the first order, and those steps add up to nearly nothing: in the sum of
    all m̂ every g comes again.
    """
    rewards = [
        train_child(ZOO[name].rule, task, lr=lr, epochs=2, **SMALL).reward
        for lr in (0.01, 0.1, 10.0)
    ]
    assert (max(rewards) > 0.4) == (name != "found-15")


# -- hopeless ones ------------------------------------------------------------------------------

CHANCE = np.log(10)


def test_a_loss_that_is_not_below_that_of_a_guess_is_hopeless():
    """In the mean of the window, at the update at which it is judged, and at no other."""
    hopeless = Hopeless(after=4, window=2, margin=0.1)
    for above, last in ((1e-6, 4), (-1e-6, 0)):
        mean = CHANCE - 0.1 + above
        losses = [0.1, 9.0, mean - 1, mean + 1, 9.0, 9.0]
        stopped = [n for n in range(1, 7) if hopeless.verdict(losses[:n], 10)]
        assert stopped == ([last] if last else [])
    said = hopeless.verdict([0.0, 0.0, 3.0, 4.0], 10)
    assert said == "the loss was 3.5 on average in updates 3 to 4"


def test_a_loss_that_has_exploded_is_hopeless_at_once():
    hopeless = Hopeless(after=3, window=1, exploded=2)
    assert hopeless.verdict([2 * CHANCE + 0.01], 10) == "the loss was 4.62 after 0 updates"
    assert hopeless.verdict([1.0, 1.0, 1.0, 1.0, 4.7], 10) == "the loss was 4.7 after 4 updates"
    assert not hopeless.verdict([2 * CHANCE - 0.01], 10)
    assert not hopeless.verdict([1.0, 1.0, 1.0, 1.0, 4.5], 10)


def test_chance_depends_on_the_number_of_classes():
    hopeless = Hopeless(after=1, window=1)
    assert hopeless.verdict([0.7], 2)
    assert not hopeless.verdict([0.69], 2)
    assert not hopeless.verdict([0.7], 3)


def test_a_hopeless_training_is_stopped_and_recorded(task):
    run = train_child("noise", task, lr=0.01, epochs=3, hopeless=Hopeless(after=8), **SMALL)
    assert run.stopped.startswith("the loss was 2.")
    assert run.stopped.endswith("in updates 4 to 8")
    assert (run.updates, run.reward, run.test, run.failed) == (7, 0, None, "")
    assert run.accuracy == run.loss == ()
    wild = train_child("g", task, lr=10.0, epochs=3, hopeless=Hopeless(after=10), **SMALL)
    assert wild.stopped == f"the loss was {wild.stopped.split()[3]} after {wild.updates} updates"
    assert wild.updates < 9


def test_a_training_that_is_not_stopped_is_as_it_would_be_without(task):
    kept = {"lr": 0.01, "epochs": 2, "test": True, **SMALL}
    assert same(
        train_child("adam", task, hopeless=Hopeless(), **kept), train_child("adam", task, **kept)
    )
    assert train_child("noise", task, **kept).stopped == ""


def test_a_training_shorter_than_the_judgement_is_never_judged(task):
    run = train_child("noise", task, lr=0.01, epochs=1, hopeless=Hopeless(after=11), **SMALL)
    assert not run.stopped
    assert run.updates == 10


def test_no_number_is_a_failure_and_no_hopelessness(task):
    run = train_child("1", task, lr=1e38, hopeless=Hopeless(after=2, window=2), **SMALL)
    assert run.failed
    assert not run.stopped


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"after": 0}, "after must be a whole number, 1 or more, got 0"),
        ({"window": 0}, "window must be a whole number, 1 or more, got 0"),
        ({"window": 13}, "window must be 12, `after`, or less, got 13"),
        ({"margin": -0.1}, "margin must be finite and 0 or more, got -0.1"),
        ({"margin": True}, "margin must be a number, got True"),
        ({"exploded": 0.5}, "exploded must be finite and 1 or more, got 0.5"),
        ({"exploded": float("inf")}, "exploded must be finite and 1 or more, got inf"),
    ],
)
def test_a_judgement_that_is_none_is_refused(given, named):
    with pytest.raises(ValueError, match=named):
        Hopeless(**given)


# -- arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"epochs": 0}, "epochs must be a whole number, 1 or more, got 0"),
        ({"batch": 2.5}, "batch must be a whole number, 1 or more, got 2.5"),
        ({"seed": -1}, "seed must be a whole number, 0 or more, got -1"),
        ({"examples": 0}, "examples must be a whole number, 1 or more, got 0"),
        ({"examples": 5000}, "examples must be 1197 or fewer, what task has, got 5000"),
        ({"lr": -1.0}, "lr must be a finite number, 0 or more, got -1.0"),
        ({"betas": (0.9, 1.0, 0.9)}, "betas must be"),
        ({"device": "meta"}, "device must be one that torch has here, .* got 'meta'"),
        ({"device": None}, "device must be a name such as .* got None"),
    ],
)
def test_a_training_that_is_none_is_refused(task, given, named):
    with pytest.raises(ValueError, match=named):
        train_child("g", task, **{"lr": 0.1, **given})


def test_a_task_without_pictures_is_refused():
    with pytest.raises(ValueError, match="task must be of pictures, got 'copy'"):
        train_child("g", load("copy"), lr=0.1)

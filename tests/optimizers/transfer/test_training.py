"""Training by a rule: that it is the rule that trains, that runs are made again, and failures."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn

from lstmlab.optimizers import ZOO, Rule, RuleOptimizer
from lstmlab.optimizers.transfer import (
    Run,
    Translator,
    WideResNet,
    read_rule,
    train_classifier,
    train_translator,
    translate,
)
from lstmlab.optimizers.transfer.run import Randomness, train
from lstmlab.optimizers.transfer.sentences import Sentences
from lstmlab.optimizers.transfer.train import in_batches, nats, nats_held
from lstmlab.tasks import load
from lstmlab.tasks.images.half import halved
from lstmlab.tasks.task import Pictures
from lstmlab.tasks.translation.subwords import BEGIN, END, PAD

SMALL = {"depth": 10, "width": 1, "batch": 20, "examples": 100}
TINY = {"units": 32, "batch": 10}


@pytest.fixture(scope="module")
def task():
    whole = load("images", source="embedded")
    return replace(whole, valid=whole.valid[:60], test=whole.test[:60])


def same(run: Run, other: Run) -> bool:
    return replace(run, seconds=0) == replace(other, seconds=0)


# -- the rule -----------------------------------------------------------------------------------


def test_an_optimizer_is_a_rule_a_formula_or_a_name():
    powersign = ZOO["powersign"].rule
    for said in (powersign, "powersign", "g * exp(sign(g) * sign(m))", str(powersign)):
        assert read_rule(said) == powersign
    assert [str(read_rule(name)) for name in ("sgd", "momentum", "rmsprop", "adam")] == [
        "g", "m", "rmsprop", "adam",
    ]  # fmt: skip
    assert read_rule("cosine * g") == Rule.parse("cosine * g", ("decay",))
    with pytest.raises(ValueError, match="adamw"):
        read_rule("adamw")
    with pytest.raises(TypeError, match="optimizer must be a Rule, a name or a formula, got 3"):
        read_rule(3)


# -- any network --------------------------------------------------------------------------------


def line(**given):
    """w · 1 is made small by a rule, from 3 on: the gradient is always 1."""
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, 3.0)
    one = torch.ones(1, 1)
    run = train(
        net, **{
            "rule": Rule.parse("g"), "lr": 0.5, "epochs": 2, "batches": lambda: [one, one],
            "loss": lambda x: (net(x).sum(), 1),
            "judge": lambda: {"valid": float(net.weight.detach())}, **given,
        },
    )  # fmt: skip
    return float(net.weight.detach()), run


def test_losses_are_those_before_each_update_and_measures_those_after_the_epoch():
    w, run = line()
    assert run.epochs == ({"loss": 2.75, "valid": 2.0}, {"loss": 1.75, "valid": 1.0})
    assert (w, run.updates, run.failed) == (1.0, 4, "")
    assert run.final("valid") == 1.0
    assert run.best("valid") == 2.0
    assert run.best("loss") == 2.75
    assert float(run.network.weight.detach()) == w


def test_means_count_every_picture_once():
    parts = [torch.ones(1, 1), torch.ones(3, 1)]
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, 3.0)
    _, run = line(
        batches=lambda: parts, epochs=1, loss=lambda x: (net(x).mean() * len(x), len(x)),
    )  # fmt: skip
    assert run.epochs[0]["loss"] == (1 * 3 + 3 * 9) / 4


def test_a_gradient_that_is_too_long_is_scaled_down_and_no_other():
    assert line(clip=0.25)[0] == pytest.approx(3 - 4 * 0.5 * 0.25, abs=1e-4)
    assert line(clip=2.0)[0] == 1.0
    for clip in (0, -1.0, math.inf, math.nan, "5", True):
        with pytest.raises(ValueError, match="clip must be a number above 0, or None"):
            line(clip=clip)


def test_a_decay_ends_with_the_last_update():
    rule = read_rule("linear * g")
    w = torch.tensor([3.0], requires_grad=True)
    optimizer = RuleOptimizer([w], rule, 0.5, steps=4)
    for _ in range(4):
        w.grad = torch.ones(1)
        optimizer.step()
    assert line(rule=rule)[0] == pytest.approx(float(w.detach()), rel=1e-6)


def test_betas_reach_the_rule():
    def after(betas):
        grads = iter([1.0, -1.0, 1.0, 1.0] * 2)
        net = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(net.weight)
        train(
            net, Rule.parse("m"), lr=1.0, epochs=1, batches=lambda: [torch.ones(1, 1)] * 4,
            loss=lambda x: (net(x).sum() * next(grads), 1), judge=lambda: {"valid": 0.0},
            betas=betas,
        )  # fmt: skip
        return float(net.weight.detach())

    assert after((0.0, 0.999, 0.999)) == pytest.approx(-2.0)
    assert after((0.5, 0.999, 0.999)) != pytest.approx(-2.0, abs=0.1)


def test_one_is_told_of_every_epoch_that_ends():
    told = []
    _, run = line(told=lambda number, measures: told.append((number, measures)))
    assert told == list(enumerate(run.epochs, start=1))


def test_one_is_called_when_nothing_is_left_to_be_refused_and_before_the_first_update():
    calls = []
    line(ready=lambda: calls.append("ready"), told=lambda number, measures: calls.append(number))
    assert calls == ["ready", 1, 2]
    for wrong in ({"clip": 0}, {"lr": -1.0}, {"epochs": 0}, {"engine": "fast"}):
        with pytest.raises(ValueError, match="must be"):
            line(ready=lambda: calls.append("too early"), **wrong)
    assert "too early" not in calls


def test_a_run_whose_loss_is_no_number_is_given_up():
    _, run = line(rule=Rule.parse("1"), lr=1e38, epochs=9)
    assert run.failed == f"the loss was -inf after {run.updates} updates"
    assert len(run.epochs) == (run.updates) // 2
    assert run.final("valid") == 0


def test_a_run_whose_outputs_are_no_numbers_is_given_up():
    def judge():
        raise FloatingPointError("no numbers")

    _, run = line(judge=judge)
    assert run.failed == "outputs were not finite after epoch 1"
    assert run.epochs == ()
    assert run.updates == 2
    assert run.final("test") == run.best("test") == 0
    assert math.isnan(run.final("loss"))


# -- the Wide ResNet ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "optimizer", "lr"),
    [("sgd", torch.optim.SGD, 0.1), ("adam", torch.optim.Adam, 0.001)],
)
def test_a_classic_trains_it_as_torchs_own_does(task, rule, optimizer, lr):
    """The same pictures in the same order, in a loop of this test's own."""
    run = train_classifier(rule, task, lr=lr, epochs=2, seed=4, **SMALL)
    streams = Randomness.of(4)
    net = WideResNet((8, 8, 1), 10, 10, 1, generator=streams.weights)
    theirs = optimizer(net.parameters(), lr=lr)
    losses = []
    for _ in range(2):
        seen = []
        for some in np.split(streams.order.permutation(100), 5):
            x = torch.from_numpy(task.train.x[some])
            classes = torch.from_numpy(task.train.classes[some].astype(np.int64))
            loss = nn.functional.cross_entropy(net(x), classes)
            theirs.zero_grad()
            loss.backward()
            theirs.step()
            seen.append(float(loss.detach()))
        losses.append(np.mean(seen))
    assert [epoch["loss"] for epoch in run.epochs] == pytest.approx(losses, rel=1e-3)
    net.eval()
    with torch.no_grad():
        right = net(torch.from_numpy(task.valid.x)).argmax(1).numpy() == task.valid.classes
    assert run.final("valid") == pytest.approx(right.mean(), abs=1 / 60)


def test_it_learns(task):
    run = train_classifier("powersign", task, lr=0.1, epochs=4, depth=10, width=1, batch=20,
                           examples=300)  # fmt: skip
    assert len(run.epochs) == 4
    assert run.updates == 4 * 15
    assert min(run.final("valid"), run.final("test")) > 0.8
    assert run.best("valid") >= run.final("valid")
    assert run.epochs[-1]["loss"] < 0.7 < math.log(10)


def test_a_run_is_made_again_and_leaves_torch_alone(task):
    before = torch.get_rng_state()
    runs = [
        train_classifier("drop(m, 0.1) * exp(g)", task, lr=0.01, epochs=1, seed=seed, **SMALL)
        for seed in (3, 3, 4)
    ]
    assert torch.equal(torch.get_rng_state(), before)
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_no_more_pictures_are_used_than_asked_for(task):
    x = task.train.x.copy()
    x[100:] = 255 - x[100:]
    other = replace(task, train=Pictures(x, task.train.classes))
    runs = [train_classifier("g", one, lr=0.1, epochs=1, **SMALL) for one in (task, other)]
    assert same(*runs)


def test_a_picture_that_is_left_over_joins_the_batch_before_it():
    order = torch.randperm(51)
    for batch, sizes in (
        (25, [25, 26]), (50, [51]), (51, [51]), (60, [51]), (17, [17] * 3), (1, [1] * 51),
        (7, [7] * 7 + [2]), (2, [2] * 24 + [3]),
    ):  # fmt: skip
        parts = in_batches(order, batch)
        assert [len(part) for part in parts] == sizes
        assert torch.equal(torch.cat(parts), order)
    (lone,) = in_batches(order[:1], 5)
    assert len(lone) == 1


def test_pictures_of_one_place_at_the_end_are_trained_two_at_a_time_or_more(task):
    small = halved(task)
    kept = {"lr": 0.01, "epochs": 1, "depth": 10, "width": 1}
    run = train_classifier("adam", small, batch=25, examples=51, **kept)
    assert (run.updates, run.failed) == (2, "")
    for wrong in ({"batch": 1}, {"batch": 5, "examples": 1}):
        with pytest.raises(ValueError, match="batch and examples must be 2 or more for .* 4 x 4"):
            train_classifier("adam", small, **kept, **wrong)
    assert train_classifier("adam", task, batch=1, examples=2, **kept).updates == 2


def test_a_rule_that_wrecks_it_is_given_up(task):
    run = train_classifier("1", task, lr=1e38, epochs=3, **SMALL)
    assert run.failed.startswith(("the loss was", "outputs were not finite"))
    assert run.final("valid") == run.final("test") == 0


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"epochs": 0}, "epochs must be a whole number, 1 or more, got 0"),
        ({"batch": 0}, "batch must be a whole number, 1 or more, got 0"),
        ({"seed": -1}, "seed must be a whole number, 0 or more, got -1"),
        ({"examples": 5000}, "examples must be 1197 or fewer, what task has, got 5000"),
        ({"depth": 12}, "depth must be 6n"),
        ({"lr": math.nan}, "lr must be a finite number, 0 or more, got nan"),
        ({"betas": (1.0, 0.9, 0.9)}, "betas must be three numbers from 0 to below 1"),
        ({"engine": "fast"}, "engine must be one of"),
        ({"device": "meta"}, "device must be one that torch has here, .* got 'meta'"),
    ],
)
def test_a_training_that_is_none_is_refused(task, given, named):
    with pytest.raises(ValueError, match=named):
        train_classifier("g", task, **{"lr": 0.1, **given})


def test_a_task_of_something_else_is_refused(translation):
    for other in (translation.task, "digits"):
        with pytest.raises(ValueError, match="task must be of pictures, got"):
            train_classifier("g", other, lr=0.1)
    with pytest.raises(TypeError, match="translation must be a Translation, got"):
        train_translator("g", translation.task, lr=0.1)


def test_a_device_that_torch_has_not_is_refused_by_the_translator_too(translation):
    with pytest.raises(ValueError, match="device must be one that torch has here, .* got 'gpu'"):
        train_translator("g", translation, lr=0.1, device="gpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_it_trains_on_cuda(task, translation):
    on_gpu = train_classifier("adam", task, lr=0.001, epochs=2, device="cuda", **SMALL)
    on_cpu = train_classifier("adam", task, lr=0.001, epochs=2, **SMALL)
    assert on_gpu.epochs[0]["loss"] == pytest.approx(on_cpu.epochs[0]["loss"], rel=0.02)
    run = train_translator("adam", translation, lr=0.01, epochs=2, device="cuda", **TINY)
    there = train_translator("adam", translation, lr=0.01, epochs=2, **TINY)
    assert run.epochs[0]["loss"] == pytest.approx(there.epochs[0]["loss"], rel=0.02)


# -- the translator -----------------------------------------------------------------------------


def test_a_translator_learns_a_small_language(translation):
    run = train_translator("adam", translation, lr=0.01, epochs=6, **TINY)
    assert not run.failed
    assert run.updates == 6 * 30
    assert min(run.final("valid"), run.final("test")) > 75
    assert math.exp(run.epochs[-1]["valid_loss"]) < 1.4
    assert run.epochs[-1]["loss"] < run.epochs[0]["loss"]


def test_a_translation_is_made_again_and_leaves_torch_alone(translation):
    before = torch.get_rng_state()
    runs = [
        train_translator("drop(m, 0.1)", translation, lr=0.5, epochs=1, seed=seed, examples=60,
                         **TINY)
        for seed in (3, 3, 4)
    ]  # fmt: skip
    assert torch.equal(torch.get_rng_state(), before)
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_a_translators_loss_is_that_of_its_pieces_each_counted_once(translation):
    sentences = Sentences(translation.task.valid)
    net = Translator(translation.task.inputs, translation.task.outputs, units=6)
    whole, count = 0.0, 0
    for x, target in translation.task.valid:
        with torch.no_grad():
            logits = net(
                torch.from_numpy(x.astype(np.int64))[None], torch.tensor([len(x)]),
                torch.from_numpy(np.concatenate([[BEGIN], target[:-1]]).astype(np.int64))[None],
            )  # fmt: skip
        log_p = logits[0].log_softmax(1)[range(len(target)), target]
        whole, count = whole - float(log_p.sum()), count + len(target)
    assert nats_held(net, sentences) == pytest.approx(whole / count, rel=1e-5)
    with torch.no_grad():
        mean, number = nats(net, sentences, torch.arange(len(sentences)))
    assert (float(mean), number) == (pytest.approx(whole / count, rel=1e-5), count)


def test_translations_come_in_the_order_of_the_sentences(translation, monkeypatch):
    """A translator that says what it reads, piece for piece, in batches of seven."""
    from lstmlab.optimizers.transfer import train as module

    monkeypatch.setattr(module, "SPOKEN_AT_ONCE", 7)
    net = Translator(translation.task.inputs, translation.task.outputs, units=4)
    monkeypatch.setattr(net, "greedy", lambda x, lengths, longest: x % translation.task.outputs)
    said = translate(net, translation, Sentences(translation.task.valid), 9)
    assert said == [
        translation.decode(x % translation.task.outputs) for x, _ in translation.task.valid
    ]


# -- sentences ----------------------------------------------------------------------------------


def test_a_batch_is_as_long_as_its_longest_and_padded(translation):
    pairs = translation.task.train
    some = torch.tensor([200, 3, 30])
    x, lengths, before, after = Sentences(pairs).padded(some)
    for row, n in enumerate(some.tolist()):
        source, target = pairs[n]
        assert x[row, : len(source)].tolist() == source.tolist()
        assert (x[row, len(source) :] == PAD).all()
        assert lengths[row] == len(source)
        assert after[row, : len(target)].tolist() == target.tolist()
        assert (after[row, len(target) :] == PAD).all()
        assert before[row, 0] == BEGIN
        assert torch.equal(before[row, 1:], after[row, :-1])
        assert target[-1] == END
    assert x.shape[1] == max(len(pairs[n][0]) for n in some)
    assert after.shape[1] == max(len(pairs[n][1]) for n in some)


def test_every_pair_is_in_one_batch_among_others_of_its_length(translation):
    sentences = Sentences(translation.task.train)
    rng = np.random.default_rng(0)
    first, again = (sentences.batches(7, 100, rng) for _ in range(2))
    for batches in (first, again):
        assert sorted(torch.cat(batches).tolist()) == list(range(100))
        assert max(len(some) for some in batches) == 7
        spans = sorted(
            (int(lengths.min()), int(lengths.max()))
            for lengths in (sentences.target_lengths[some] for some in batches)
        )
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    assert [some.tolist() for some in first] != [some.tolist() for some in again]
    longest = [int(sentences.target_lengths[some].max()) for some in first]
    assert longest != sorted(longest)


def test_sentences_lie_where_they_are_asked_to(translation):
    x, lengths, before, after = Sentences(translation.task.valid, "meta").padded(torch.arange(3))
    assert {one.device.type for one in (x, before, after)} == {"meta"}
    assert lengths.device.type == "cpu"

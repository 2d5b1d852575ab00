"""The two networks to which rules are carried, each trained on its task."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from lstmlab.optimizers.devices import check_device
from lstmlab.optimizers.evaluate import BETAS
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.transfer.run import (
    Betas,
    Loss,
    Measures,
    Randomness,
    Ready,
    Run,
    Told,
    read_rule,
    train,
)
from lstmlab.optimizers.transfer.sentences import Sentences
from lstmlab.optimizers.transfer.translator import Translator
from lstmlab.optimizers.transfer.wide_resnet import SMALLEST, WideResNet
from lstmlab.tasks import Task
from lstmlab.tasks.generated import check_whole
from lstmlab.tasks.task import SPLITS, Pictures
from lstmlab.tasks.translation import Translation, bleu
from lstmlab.tasks.translation.subwords import PAD

AT_ONCE = 250
"""Pictures that are judged together."""
SPOKEN_AT_ONCE = 100
"""Sentences that are translated together."""
HELD = ("valid", "test")
"""The splits that are judged."""


def train_classifier(
    optimizer: Rule | str,
    task: Task,
    *,
    lr: float,
    epochs: int = 5,
    batch: int = 128,
    seed: int = 0,
    examples: int | None = None,
    depth: int = 16,
    width: int = 2,
    betas: Betas = BETAS,
    engine: str = "auto",
    device: str = "cpu",
    ready: Ready | None = None,
    told: Told | None = None,
) -> Run:
    """Train a Wide ResNet by a rule.

    Parameters
    ----------
    optimizer : Rule or str
        A rule, its formula, or a name in `ZOO`, such as "sgd", "momentum", "rmsprop" or "adam".
    task : Task
        Of pictures, with a class for each.
    lr : float
        λ, the same at every update unless the rule has a decay.
    epochs : int
        Passes over the examples.
    batch : int
        Pictures an update; 128 as Zagoruyko and Komodakis have it. One that is left over joins the
        batch before it.
    seed : int
        Fixes first weights, order and the rule's own draws. torch's generator is left alone.
    examples : int, optional
        How many training pictures are used, the first of the task; all if not given.
    depth, width : int
        Of `WideResNet`.
    betas, engine
        Of `RuleOptimizer`.
    device : str
        Where to, such as "cuda".
    ready : callable, optional
        Called once, when nothing is left to be refused and the first update comes next.
    told : callable, optional
        Told the number of every epoch that ends, from 1, and its measures.

    Returns
    -------
    Run
        Its measures are "loss" in nats a picture, and "valid" and "test", from 0 to 1. The same for
        the same arguments, apart from its seconds, on the same machine with the same number of
        threads.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, torch has no such device, or the task is of something else;
        or if a batch is one picture of 4 x 4, of which the last layers see one place: a single
        number cannot be normalised.

    Notes
    -----
    Pictures are neither mirrored nor shifted, weights do not decay, and λ is not lowered on the
    way: what is compared is the rule.
    """
    check_device(device)
    rule, batch = read_rule(optimizer), check_whole("batch", batch)
    x, classes = _split(task, "train", device)
    n = check_whole("examples", len(x) if examples is None else examples)
    if n > len(x):
        raise ValueError(f"examples must be {len(x)} or fewer, what task has, got {n}")
    random = Randomness.of(seed)
    net = WideResNet(tuple(x.shape[1:]), task.outputs, depth, width, generator=random.weights)
    _check_places(net, min(batch, n))
    net = net.to(device)
    held = {split: _split(task, split, device) for split in HELD}

    def batches() -> list[Tensor]:
        return in_batches(torch.from_numpy(random.order.permutation(n)).to(device), batch)

    def loss(some: Tensor) -> Loss:
        return nn.functional.cross_entropy(net(x[some]), classes[some]), len(some)

    def judge() -> Measures:
        return {split: accuracy(net, *pictures) for split, pictures in held.items()}

    return train(
        net, rule, lr=lr, epochs=epochs, batches=batches, loss=loss, judge=judge, betas=betas,
        draws=random.draws, engine=engine, ready=ready, told=told,
    )  # fmt: skip


def in_batches(order: Tensor, batch: int) -> list[Tensor]:
    """Places in batches; one that is left over joins the batch before it."""
    parts = list(order.split(batch))
    if len(parts) > 1 and len(parts[-1]) < min(2, batch):
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts


def _check_places(net: WideResNet, batch: int) -> None:
    """ValueError if a normalisation has one number of each filter to go by."""
    height, width, _ = net.inputs
    if batch == 1 and max(height, width) <= SMALLEST:
        raise ValueError(
            f"batch and examples must be 2 or more for pictures of {height} x {width}, of which "
            "the last layers see one place: a single number cannot be normalised"
        )


def _split(task: Task, split: str, device: str) -> tuple[Tensor, Tensor]:
    """Pictures as they are, and their classes."""
    if not isinstance(task, Task) or not isinstance(pictures := task.split(split), Pictures):
        raise ValueError(f"task must be of pictures, got {getattr(task, 'name', task)!r}")
    x = torch.from_numpy(np.ascontiguousarray(pictures.x))
    return x.to(device), torch.from_numpy(pictures.classes.astype(np.int64)).to(device)


def accuracy(net: nn.Module, x: Tensor, classes: Tensor) -> float:
    """The part of pictures whose class is found; a FloatingPointError if logits are not finite."""
    with torch.no_grad():
        logits = torch.cat([net(some) for some in x.split(AT_ONCE)])
    if not bool(logits.isfinite().all()):
        raise FloatingPointError("the network's logits are not finite")
    return int((logits.argmax(1) == classes).sum()) / len(classes)


def train_translator(
    optimizer: Rule | str,
    translation: Translation,
    *,
    lr: float,
    epochs: int = 10,
    batch: int = 25,
    seed: int = 0,
    examples: int | None = None,
    units: int = 64,
    layers: int = 1,
    clip: float | None = 5.0,
    betas: Betas = BETAS,
    engine: str = "auto",
    device: str = "cpu",
    ready: Ready | None = None,
    told: Told | None = None,
) -> Run:
    """Train a `Translator` by a rule.

    Parameters
    ----------
    optimizer, lr, epochs, seed, betas, engine, device, ready, told
        As for `train_classifier`.
    translation : Translation
        As `lstmlab.tasks.translation` makes it.
    batch : int
        Sentences an update, of about the same length each.
    examples : int, optional
        How many training pairs are used, the first of the task; all if not given.
    units, layers : int
        Of `Translator`.
    clip : float, optional
        The gradient's norm at most; 5 as Wu et al. have it. None clips nothing.

    Returns
    -------
    Run
        Its measures are "loss" and "valid_loss" in nats a piece, </s> counted in, whose exp is a
        perplexity; and "valid" and "test", BLEU of greedy translations, 0 to 100.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, or torch has no such device.
    """
    check_device(device)
    rule = read_rule(optimizer)
    if not isinstance(translation, Translation):
        raise TypeError(f"translation must be a Translation, got {translation!r}")
    task = translation.task
    sets = {split: Sentences(task.split(split), device) for split in SPLITS}
    n = check_whole("examples", len(sets["train"]) if examples is None else examples)
    if n > len(sets["train"]):
        raise ValueError(
            f"examples must be {len(sets['train'])} or fewer, what translation has, got {n}"
        )
    random, batch = Randomness.of(seed), check_whole("batch", batch)
    net = Translator(
        task.inputs, task.outputs, units=units, layers=layers, generator=random.weights
    ).to(device)
    longest = int(sets["train"].target_lengths.max())
    references = {split: translation.references(split) for split in HELD}

    def loss(some: Tensor) -> Loss:
        return nats(net, sets["train"], some)

    def judge() -> Measures:
        scores = {
            split: bleu(translate(net, translation, sets[split], longest), references[split]).value
            for split in HELD
        }
        return {"valid_loss": nats_held(net, sets["valid"]), **scores}

    def batches() -> list[Tensor]:
        return sets["train"].batches(batch, n, random.order)

    return train(
        net, rule, lr=lr, epochs=epochs, batches=batches, loss=loss, judge=judge, betas=betas,
        clip=clip, draws=random.draws, engine=engine, ready=ready, told=told,
    )  # fmt: skip


def nats(net: Translator, sentences: Sentences, some: Tensor) -> Loss:
    """Mean cross-entropy of the pieces of some translations, and how many they are."""
    x, lengths, before, after = sentences.padded(some)
    logits = net(x, lengths, before).flatten(0, 1)
    mean = nn.functional.cross_entropy(logits, after.flatten(), ignore_index=PAD)
    return mean, int((after != PAD).sum())


def nats_held(net: Translator, sentences: Sentences) -> float:
    """Mean cross-entropy of all pieces; a FloatingPointError if it is not finite."""
    with torch.no_grad():
        losses = [nats(net, sentences, some) for some in sentences.in_order(SPOKEN_AT_ONCE)]
    mean = sum(float(mean) * count for mean, count in losses) / sum(count for _, count in losses)
    if not math.isfinite(mean):
        raise FloatingPointError("the translator's loss is not finite")
    return mean


def translate(
    net: Translator, translation: Translation, sentences: Sentences, longest: int
) -> list[str]:
    """Greedy translations, as text, in the order of the sentences.

    Parameters
    ----------
    net : Translator
    translation : Translation
        Whose pieces the network writes.
    sentences : Sentences
    longest : int
        Pieces after which a translation is broken off.
    """
    said: list[str] = []
    for some in sentences.in_order(SPOKEN_AT_ONCE):
        x, lengths, _, _ = sentences.padded(some)
        said += map(translation.decode, net.greedy(x, lengths, longest).tolist())
    return said

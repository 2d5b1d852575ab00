"""What rules are carried where: the contestants, the networks, and how long they are trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.zoo import CLASSICS, ZOO
from lstmlab.tasks import load
from lstmlab.tasks.images.half import halved
from lstmlab.tasks.translation import generated

if TYPE_CHECKING:
    from lstmlab.optimizers.transfer.run import Run

COPY = "CIFAR-10 (JPEG copy)"
WRITTEN = {"ours-1": "exp(noise) * drop(adam, 0.1)", "ours-2": "adam - drop(noise, 0.3)"}
"""Two rules of our own search (`lstmlab.results.written`), by their names here: the first of its
finalists, and one that the controller wrote, which ended outside the best ten."""
CONTESTANTS: dict[str, Rule] = {
    name: ZOO[name].rule for name in (*CLASSICS, "powersign", "found-8", "found-10", "found-1")
} | {name: Rule.parse(formula) for name, formula in WRITTEN.items()}
"""The classics, rules of Bello et al.'s table 1, and our own."""
LEFT_OUT = {"transfer-translation": ("found-1", "ours-2")}
"""Contestants that a plan does without, for what it costs."""

Epochs = list[dict[str, float]]
Piece = dict[str, Epochs | float | str]
Train = Callable[[Rule, float, int, int], Piece]
"""Of a rule, λ, a seed and a number of epochs."""


@dataclass(frozen=True)
class Plan:
    """What is computed on one source.

    Attributes
    ----------
    network : str
    source : str
    examples : int or None
        How many training pictures or pairs are used; all if None.
    batch : int
        Pictures or sentences an update.
    tuned, epochs : int
        How long each of the seven rates is tried, and how long the best is trained.
    options : tuple of pairs of str and int
        Of the network.
    judged : str
        What the rates are judged by: "valid", the larger the better, or "valid_loss".
    measures : tuple of str
        Of each epoch.
    """

    network: str
    source: str
    examples: int | None
    batch: int
    tuned: int
    epochs: int
    options: tuple[tuple[str, int], ...]
    judged: str = "valid"
    measures: tuple[str, ...] = ("loss", "valid", "test")


PLANS = {
    "transfer-images": Plan(
        "WRN-16-2", "embedded", None, 50, 2, 5, (("depth", 16), ("width", 2))
    ),
    "transfer-images-cifar10": Plan(
        "WRN-10-1", COPY, 4000, 100, 2, 5, (("depth", 10), ("width", 1))
    ),
    "transfer-translation": Plan(
        "encoder, attention, decoder of 64", "generated", None, 25, 3, 10,
        (("units", 64), ("layers", 1)), "valid_loss", ("loss", "valid_loss", "valid", "test"),
    ),
}  # fmt: skip
PIECES = 400
"""Of each language of the translator: nearly every word is one."""


def contestants(name: str) -> dict[str, Rule]:
    """The rules of a plan."""
    return {one: rule for one, rule in CONTESTANTS.items() if one not in LEFT_OUT.get(name, ())}


def training(name: str) -> tuple[Train, str]:
    """What trains the network of a plan, and the data's name."""
    from lstmlab.optimizers.transfer.train import train_classifier, train_translator

    plan = PLANS[name]
    option = dict(plan.options)
    if plan.judged == "valid_loss":
        pairs = generated(size=PIECES)

        def translator(rule: Rule, lr: float, seed: int, epochs: int) -> Piece:
            return _plain(train_translator(
                rule, pairs, lr=lr, seed=seed, epochs=epochs, batch=plan.batch,
                examples=plan.examples, units=option["units"], layers=option["layers"],
            ))  # fmt: skip

        return translator, pairs.task.source
    whole = load("images", source=plan.source)
    task = halved(whole) if plan.source == COPY else whole

    def classifier(rule: Rule, lr: float, seed: int, epochs: int) -> Piece:
        return _plain(train_classifier(
            rule, task, lr=lr, seed=seed, epochs=epochs, batch=plan.batch,
            examples=plan.examples, depth=option["depth"], width=option["width"],
        ))  # fmt: skip

    return classifier, task.source


def _plain(run: Run) -> Piece:
    epochs = [dict(epoch) for epoch in run.epochs]
    return {
        "epochs": epochs, "updates": run.updates, "seconds": run.seconds, "failed": run.failed,
    }  # fmt: skip

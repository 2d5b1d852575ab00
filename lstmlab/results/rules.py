"""The rules that Bello et al.'s search found, and the classics, on the paper's small network.

    python -m lstmlab.results.rules
    python -m lstmlab.results.rules --real

The first trains on scikit-learn's digits, the second on the JPEG copy of a part of CIFAR-10 (from
`$LSTMLAB_DATA` or the cache), at half its size. Every rule is tried at seven learning rates for an
epoch, with several seeds, and trained at the best of them for five (section 4.2 of the paper); on
the digits, at all seven. With `--kept FILE` finished pieces are noted in a file, to go on from
after a break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from lstmlab.optimizers.landscapes import RATES
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.zoo import CLASSICS, FOUND, ZOO
from lstmlab.results import Row
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line, publish
from lstmlab.tasks import Task, load
from lstmlab.tasks.images.half import halved

if TYPE_CHECKING:
    from lstmlab.optimizers.child import ChildRun

COPY = "CIFAR-10 (JPEG copy)"
NAMES = {"embedded": "rules", COPY: "rules-cifar10"}
CONTESTANTS = (*CLASSICS, "powersign", "addsign", *FOUND)
"""Places in `ZOO`. PowerSign is the fourth rule that was found, under another name."""
CHOICES = ("first", "last")
"""After which epoch the best rate is chosen: the first, as the paper does, or the last."""

Piece = dict[str, list[float] | float | str | None]


@dataclass(frozen=True)
class Plan:
    """What is computed on one source.

    Attributes
    ----------
    halved : bool
        Whether pictures are shrunk to half their size.
    examples : int or None
        How many training pictures are used; all if None.
    batch : int
        Pictures an update.
    epochs : int
        Of a whole training.
    whole : bool
        Whether every rate is trained so long; if not, all for one epoch, and the best so long.
    seeds : tuple of int
    """

    halved: bool
    examples: int | None
    batch: int
    epochs: int
    whole: bool
    seeds: tuple[int, ...]

    @property
    def choices(self) -> tuple[str, ...]:
        """The `CHOICES` that there are: without whole trainings, the first alone."""
        return CHOICES if self.whole else CHOICES[:1]


PLANS = {
    "embedded": Plan(False, None, 20, 5, True, (0, 1, 2, 3, 4)),
    COPY: Plan(True, 10_000, 100, 5, False, (0, 1, 2, 3, 4)),
}


def settings() -> tuple[object, ...]:
    """What a finished piece depends on that its name does not say."""
    return tuple(replace(plan, seeds=()) for plan in PLANS.values())


def prepared(source: str) -> Task:
    """The pictures of a source, at the size of its plan."""
    task = load("images", source=source)
    return halved(task) if PLANS[source].halved else task


def measured(task: Task, plan: Plan, rule: Rule, lr: float, seed: int, epochs: int) -> Piece:
    """One training, as plain data."""
    from lstmlab.optimizers.child import train_child

    run = train_child(
        rule, task, lr=lr, epochs=epochs, batch=plan.batch, seed=seed, examples=plan.examples,
        test=epochs == plan.epochs,
    )  # fmt: skip
    return as_piece(run)


def as_piece(run: ChildRun) -> Piece:
    """What became of a child, as plain data."""
    return {**asdict(run), "accuracy": list(run.accuracy), "loss": list(run.loss)}


class Trainings:
    """The trainings of one source, each made once.

    Parameters
    ----------
    source : str
        One of `PLANS`.
    kept : Kept
        Where finished ones are.
    """

    def __init__(self, source: str, kept: Kept[Piece]) -> None:
        self.source, self.plan, self._kept = source, PLANS[source], kept
        self.task = prepared(source)
        self._names: dict[Rule, str] = {}
        for name in CONTESTANTS:
            self._names.setdefault(ZOO[name].rule, name)

    def get(self, name: str, lr: float, seed: int, epochs: int) -> Piece:
        """One training of a contestant; rules that are equal share theirs."""
        rule = ZOO[name].rule
        make = partial(measured, self.task, self.plan, rule, lr, seed, epochs)
        return self._kept.get(f"{self.source}, {self._names[rule]}, {lr:g}, {seed}, {epochs}", make)

    def try_all(self) -> None:
        """All rates with all seeds, for one epoch or for all."""
        for seed in self.plan.seeds:
            for name in CONTESTANTS:
                found = [self.get(name, lr, seed, self.tried) for lr in RATES]
                print(
                    f"seed {seed}, {name}: {[round(after(one, 1), 3) for one in found]}", flush=True
                )

    @property
    def tried(self) -> int:
        """For how many epochs every rate is trained."""
        return self.plan.epochs if self.plan.whole else 1

    def scores(self, name: str, lr: float, choice: str) -> list[float]:
        """What a rate comes to with each seed, by which it is chosen."""
        epoch = 1 if choice == "first" else self.plan.epochs
        return [after(self.get(name, lr, seed, self.tried), epoch) for seed in self.plan.seeds]

    def chosen(self, name: str, choice: str) -> float:
        """The rate with the best mean; of equal ones the smallest."""
        means = {lr: float(np.mean(self.scores(name, lr, choice))) for lr in RATES}
        return max(means, key=lambda lr: means[lr])

    def ended(self, name: str, lr: float) -> list[Piece]:
        """Trainings of all epochs."""
        return [self.get(name, lr, seed, self.plan.epochs) for seed in self.plan.seeds]


def after(piece: Piece, epoch: int) -> float:
    """Validation accuracy after an epoch, counted from 1; 0 if the training failed before."""
    accuracy = piece["accuracy"]
    assert isinstance(accuracy, list)
    return accuracy[epoch - 1] if epoch <= len(accuracy) else 0.0


def of_training(trainings: Trainings, name: str, lr: float, seed: int, piece: Piece) -> Row:
    """A row of the table of all trainings."""
    row: Row = {
        "source": trainings.task.source, "name": name, "formula": str(ZOO[name].rule), "lr": lr,
        "seed": seed,
    }  # fmt: skip
    accuracy, losses = piece["accuracy"], piece["loss"]
    assert isinstance(accuracy, list)
    assert isinstance(losses, list)
    epochs = range(1, trainings.plan.epochs + 1)
    for what, values in (("valid", accuracy), ("loss", losses)):
        for epoch, value in zip_longest(epochs, values):
            row[f"{what}_{epoch}"] = "" if value is None else round(value, 4)
    test = piece["test"]
    row["test"] = round(test, 4) if isinstance(test, float) else ""
    row["failed"] = str(piece["failed"])
    return row


def of_winner(trainings: Trainings, name: str, choice: str) -> Row:
    """A row of the table of best rates: means over the seeds, with standard deviations.

    A training that failed counts as 0, as the paper's reward does.
    """
    lr = trainings.chosen(name, choice)
    ended = trainings.ended(name, lr)
    tests = [float(test) if isinstance(test := one["test"], float) else 0.0 for one in ended]
    measures = {
        "first": [after(one, 1) for one in ended],
        "valid": [after(one, trainings.plan.epochs) for one in ended],
        "test": tests,
    }
    row: Row = {
        "source": trainings.task.source, "name": name, "formula": str(ZOO[name].rule),
        "choice": choice, "lr": lr, "seeds": len(ended),
        "failed": sum(bool(one["failed"]) for one in ended),
    }  # fmt: skip
    for what, values in measures.items():
        row[what] = round(float(np.mean(values)), 4)
        row[f"{what}_sd"] = round(float(np.std(values, ddof=1)), 4) if len(values) > 1 else ""
    return row


def compute(source: str, kept: Kept[Piece]) -> tuple[dict[str, list[Row]], str]:
    """The table of all trainings, that of the best rates, and the data's name."""
    trainings = Trainings(source, kept)
    plan = trainings.plan
    trainings.try_all()
    best: list[Row] = []
    for name in CONTESTANTS:
        for choice in plan.choices:
            best.append(of_winner(trainings, name, choice))
            print(best[-1], flush=True)
    rows = [
        of_training(trainings, name, lr, seed, trainings.get(name, lr, seed, epochs))
        for name in CONTESTANTS
        for lr in RATES
        for epochs in (_longest(plan, lr, [row for row in best if row["name"] == name]),)
        for seed in plan.seeds
    ]
    return {"": rows, "best": best}, trainings.task.source


def _longest(plan: Plan, lr: float, winners: Sequence[Row]) -> int:
    """For how many epochs a rate was trained."""
    return plan.epochs if plan.whole or any(row["lr"] == lr for row in winners) else 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, and record it."""
    import torch

    options = command_line(__doc__, real="the copy of CIFAR-10").parse_args(arguments)
    source = COPY if options.real else "embedded"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        kept: Kept[Piece] = Kept(settings(), options.kept)
        tables, found = compute(source, kept)
    finally:
        torch.set_num_threads(threads)
    publish(
        NAMES[source],
        tables,
        command="rules" + (" --real" if options.real else ""),
        seconds=kept.seconds,
        by="torch, float32",
        sources=[found],
    )


if __name__ == "__main__":
    main()

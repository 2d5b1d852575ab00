"""How much rules mind the β of their running averages, on the paper's small network.

    python -m lstmlab.results.transfer_betas
    python -m lstmlab.results.transfer_betas --real

The first trains the child on scikit-learn's digits, the second on a part of the JPEG copy of
CIFAR-10 (from `$LSTMLAB_DATA` or the cache) at half its size, by rules that keep averages: at the
rate that is best with the usual β (of seven, on the validation set, with a seed that is not
reported), with every β₁ and β₂ of two lists, and three seeds. β₃ is β₂, as in the paper. With
`--kept FILE` finished trainings are noted in a file, by the rule's formula, to go on from after a
break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product, zip_longest

import numpy as np

from lstmlab.optimizers.evaluate import BETAS
from lstmlab.optimizers.landscapes import RATES
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.zoo import ZOO
from lstmlab.results import Row
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line, publish
from lstmlab.results.rules import Piece, after, as_piece
from lstmlab.results.transfer_plans import COPY, WRITTEN
from lstmlab.tasks import Task, load
from lstmlab.tasks.images.half import halved

BETA1 = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
BETA2 = (0.9, 0.99, 0.999, 0.9999)
CONTESTANTS: dict[str, Rule] = {
    name: ZOO[name].rule for name in ("adam", "powersign", "found-10", "momentum", "rmsprop")
} | {name: Rule.parse(formula) for name, formula in WRITTEN.items()}
TUNED_ON, SEEDS = 0, (1, 2, 3)

Betas = tuple[float, float]


@dataclass(frozen=True)
class Plan:
    """What is computed on one source.

    Attributes
    ----------
    name : str
        Of the result.
    examples : int or None
        How many training pictures are used; all if None.
    batch, epochs : int
        Pictures an update, and passes over the examples.
    """

    name: str
    examples: int | None
    batch: int
    epochs: int


PLANS = {
    "embedded": Plan("transfer-betas", None, 20, 5),
    COPY: Plan("transfer-betas-cifar10", 4000, 50, 3),
}


def grid(rule: Rule) -> list[Betas]:
    """The β₁ and β₂ that a rule is tried with: one it does not use stays as it is."""
    first = BETA1 if "m" in rule.memory else BETAS[:1]
    second = BETA2 if {"v", "gamma"} & set(rule.memory) else BETAS[1:2]
    return list(product(first, second))


def measured(task: Task, plan: Plan, rule: Rule, lr: float, betas: Betas, seed: int) -> Piece:
    """One training of the child, as plain data."""
    from lstmlab.optimizers.child import train_child

    run = train_child(
        rule, task, lr=lr, epochs=plan.epochs, batch=plan.batch, seed=seed,
        examples=plan.examples, betas=(*betas, betas[1]), test=True,
    )  # fmt: skip
    return as_piece(run)


class Trainings:
    """The trainings on one source, each made once.

    Parameters
    ----------
    source : str
        One of `PLANS`.
    kept : Kept
        Where finished ones are.
    """

    def __init__(self, source: str, kept: Kept[Piece]) -> None:
        self.plan, self._kept = PLANS[source], kept
        task = load("images", source=source)
        self.source, self._task = task.source, halved(task) if source == COPY else task

    def get(self, rule: Rule, lr: float, betas: Betas, seed: int) -> Piece:
        """One training."""
        make = partial(measured, self._task, self.plan, rule, lr, betas, seed)
        return self._kept.get(f"{rule}, {lr:g}, {betas[0]:g}, {betas[1]:g}, {seed}", make)

    def chosen(self, rule: Rule) -> float:
        """The rate that is best with the usual β after the last epoch; of equal ones the smallest.

        Accuracies tie easily here, so that equal ones are compared by their last loss.
        """
        tried = {lr: self.get(rule, lr, BETAS[:2], TUNED_ON) for lr in RATES}
        epochs = self.plan.epochs
        return max(tried, key=lambda lr: (after(tried[lr], epochs), -_loss(tried[lr], epochs)))

    def seeds(self, rule: Rule, lr: float, betas: Betas) -> dict[int, Piece]:
        """The trainings that are reported."""
        return {seed: self.get(rule, lr, betas, seed) for seed in SEEDS}


def _loss(piece: Piece, epochs: int) -> float:
    """Of the last epoch; infinite where the training did not come so far."""
    losses = piece["loss"]
    assert isinstance(losses, list)
    return losses[-1] if len(losses) == epochs else np.inf


def _said(rule: Rule, betas: Betas) -> Row:
    """The β of a row; nothing where the rule has no such average."""
    uses = "m" in rule.memory, bool({"v", "gamma"} & set(rule.memory))
    return {
        what: beta if used else ""
        for what, beta, used in zip(("beta1", "beta2"), betas, uses, strict=True)
    }


def of_betas(trainings: Trainings, name: str, rule: Rule, lr: float, betas: Betas) -> Row:
    """Means over the seeds, with standard deviations; a training that failed counts as 0."""
    runs = list(trainings.seeds(rule, lr, betas).values())
    measures = {
        "first": [after(run, 1) for run in runs],
        "valid": [0.0 if run["failed"] else after(run, trainings.plan.epochs) for run in runs],
        "test": [test if isinstance(test := run["test"], float) else 0.0 for run in runs],
    }
    row: Row = {
        "source": trainings.source, "name": name, "formula": str(rule), "lr": lr,
        **_said(rule, betas), "seeds": len(runs),
        "failed": sum(bool(run["failed"]) for run in runs),
    }  # fmt: skip
    for what, values in measures.items():
        row[what] = round(float(np.mean(values)), 4)
        row[f"{what}_sd"] = round(float(np.std(values, ddof=1)), 4)
    return row


def of_run(
    name: str, rule: Rule, lr: float, betas: Betas, seed: int, piece: Piece, epochs: int
) -> Row:
    """A row of the table of all trainings."""
    row: Row = {
        "name": name, "formula": str(rule), "lr": lr, **_said(rule, betas), "seed": seed,
    }  # fmt: skip
    for what, values in (("valid", piece["accuracy"]), ("loss", piece["loss"])):
        assert isinstance(values, list)
        for epoch, value in zip_longest(range(1, epochs + 1), values):
            row[f"{what}_{epoch}"] = "" if value is None else float(f"{value:.5g}")
    test = piece["test"]
    return {
        **row, "test": round(test, 4) if isinstance(test, float) else "",
        "failed": str(piece["failed"]),
    }  # fmt: skip


def compute(
    source: str, kept: Kept[Piece], contestants: dict[str, Rule]
) -> tuple[dict[str, list[Row]], str]:
    """The table of means, that of all trainings, which chose the rate too; and the data's name."""
    trainings = Trainings(source, kept)
    epochs = trainings.plan.epochs
    means: list[Row] = []
    runs: list[Row] = []
    for name, rule in contestants.items():
        lr = trainings.chosen(rule)
        for rate in RATES:
            piece = trainings.get(rule, rate, BETAS[:2], TUNED_ON)
            runs.append(of_run(name, rule, rate, BETAS[:2], TUNED_ON, piece, epochs))
        for betas in grid(rule):
            means.append(of_betas(trainings, name, rule, lr, betas))
            print(means[-1], flush=True)
            for seed, piece in trainings.seeds(rule, lr, betas).items():
                runs.append(of_run(name, rule, lr, betas, seed, piece, epochs))
    return {"": means, "runs": runs}, trainings.source


def settings(source: str) -> tuple[object, ...]:
    """What a finished piece depends on that its name does not say."""
    return source, PLANS[source]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, and record it."""
    import torch

    options = command_line(__doc__, real="the copy of CIFAR-10").parse_args(arguments)
    source = COPY if options.real else "embedded"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        kept: Kept[Piece] = Kept(settings(source), options.kept)
        tables, found = compute(source, kept, CONTESTANTS)
    finally:
        torch.set_num_threads(threads)
    publish(
        PLANS[source].name, tables, command="transfer_betas" + (" --real" if options.real else ""),
        seconds=kept.seconds, by="torch, float32", sources=[found],
    )  # fmt: skip


if __name__ == "__main__":
    main()

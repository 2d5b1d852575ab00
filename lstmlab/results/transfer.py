"""Rules on networks they were not found on: a Wide ResNet, and a translator.

    python -m lstmlab.results.transfer images
    python -m lstmlab.results.transfer images --real
    python -m lstmlab.results.transfer translation

The first trains on scikit-learn's digits, the second on a part of the JPEG copy of CIFAR-10 (from
`$LSTMLAB_DATA` or the cache) at half its size, the third on a made-up language. Every rule is tried
at seven learning rates for a few epochs, with a seed that is not reported, and trained at the best
of them with three others. What is best is said by the validation set: by accuracy, or by the
translator's perplexity. With `--kept FILE` finished trainings are noted in a file, by the rule's
formula, to go on from after a break; `--only` leaves out all rules but some.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from lstmlab.optimizers.landscapes import RATES
from lstmlab.optimizers.rule import Rule
from lstmlab.results import Row
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line, publish
from lstmlab.results.transfer_plans import (
    CONTESTANTS,
    PIECES,
    PLANS,
    Epochs,
    Piece,
    Plan,
    contestants,
    training,
)

TUNED_ON = 0
SEEDS = (1, 2, 3)


class Trainings:
    """The trainings of one plan, each made once.

    Parameters
    ----------
    name : str
        One of `PLANS`.
    kept : Kept
        Where finished ones are.
    """

    def __init__(self, name: str, kept: Kept[Piece]) -> None:
        self.plan, self._kept = PLANS[name], kept
        self._train, self.source = training(name)

    def get(self, rule: Rule, lr: float, seed: int, epochs: int) -> Piece:
        """One training."""
        make = partial(self._train, rule, lr, seed, epochs)
        return self._kept.get(f"{rule}, {lr:g}, {seed}, {epochs}", make)

    def tried(self, rule: Rule) -> dict[float, Piece]:
        """The short trainings at the seven rates."""
        return {lr: self.get(rule, lr, TUNED_ON, self.plan.tuned) for lr in RATES}

    def chosen(self, rule: Rule) -> float:
        """The best rate after its short training; of equal ones the smallest."""
        scores = {lr: score(piece, self.plan) for lr, piece in self.tried(rule).items()}
        return max(scores, key=lambda lr: scores[lr])

    def ended(self, rule: Rule, lr: float) -> dict[int, Piece]:
        """The long trainings at the best rate."""
        return {seed: self.get(rule, lr, seed, self.plan.epochs) for seed in SEEDS}


def score(piece: Piece, plan: Plan) -> float:
    """By what a rate is chosen, the larger the better; a training that failed is the worst."""
    if piece["failed"]:
        return -np.inf
    sign = -1 if plan.judged == "valid_loss" else 1
    return sign * _epochs(piece)[-1][plan.judged]


def said(piece: Piece) -> dict[str, float]:
    """The paper's four numbers: at the end, and at the epoch that is best on the validation set.

    A training that failed ends with 0, and its best epoch is one it finished.
    """
    epochs = _epochs(piece)
    best = max(epochs, key=lambda epoch: epoch["valid"], default={"valid": 0.0, "test": 0.0})
    last = {"valid": 0.0, "test": 0.0} if piece["failed"] else epochs[-1]
    return {
        "final_valid": last["valid"], "final_test": last["test"],
        "best_valid": best["valid"], "best_test": best["test"],
    }  # fmt: skip


def perplexities(piece: Piece, plan: Plan) -> dict[str, float]:
    """e to the loss of the last epoch, on training and validation text, where it is of pieces."""
    if plan.judged != "valid_loss":
        return {}
    last = {} if piece["failed"] else _epochs(piece)[-1]
    with np.errstate(over="ignore"):
        return {
            f"{name}_perplexity": float(np.exp(last.get(what, np.nan)))
            for name, what in (("train", "loss"), ("valid", "valid_loss"))
        }


def _epochs(piece: Piece) -> Epochs:
    epochs = piece["epochs"]
    assert isinstance(epochs, list)
    return epochs


def of_rule(trainings: Trainings, name: str, rule: Rule) -> Row:
    """A row of the table: means over the seeds, with standard deviations."""
    plan, lr = trainings.plan, trainings.chosen(rule)
    ended = trainings.ended(rule, lr)
    row: Row = {
        "source": trainings.source, "network": plan.network, "name": name, "formula": str(rule),
        "lr": lr, "epochs": plan.epochs, "seeds": len(ended),
        "failed": sum(bool(one["failed"]) for one in ended.values()),
    }  # fmt: skip
    for what in (*said(ended[SEEDS[0]]), *perplexities(ended[SEEDS[0]], plan)):
        values = [(said(one) | perplexities(one, plan))[what] for one in ended.values()]
        row[what] = _rounded(float(np.mean(values)))
        row[f"{what}_sd"] = _rounded(float(np.std(values, ddof=1)))
    return row


def of_runs(trainings: Trainings, name: str, rule: Rule) -> Iterable[Row]:
    """A row for every training of a rule, the short ones too."""
    for rate, piece in trainings.tried(rule).items():
        yield _run(trainings.plan, name, rule, rate, TUNED_ON, trainings.plan.tuned, piece)
    yield from of_ended(trainings, name, rule, trainings.chosen(rule))


def of_ended(trainings: Trainings, name: str, rule: Rule, lr: float) -> Iterable[Row]:
    """A row for every long training of a rule at a rate."""
    for seed, piece in trainings.ended(rule, lr).items():
        yield _run(trainings.plan, name, rule, lr, seed, trainings.plan.epochs, piece)


def _run(plan: Plan, name: str, rule: Rule, lr: float, seed: int, epochs: int, piece: Piece) -> Row:
    last = _epochs(piece)[-1] if _epochs(piece) else {}
    return {
        "name": name, "formula": str(rule), "lr": lr, "seed": seed, "epochs": epochs,
        **{what: _rounded(last.get(what, np.nan)) for what in plan.measures},
        **{what: _rounded(value) for what, value in said(piece).items()},
        "failed": str(piece["failed"]),
    }  # fmt: skip


def of_epochs(trainings: Trainings, name: str, rule: Rule) -> Iterable[Row]:
    """A row for every epoch of the long trainings."""
    lr = trainings.chosen(rule)
    for seed, piece in trainings.ended(rule, lr).items():
        for number, epoch in enumerate(_epochs(piece), start=1):
            yield {
                "name": name, "formula": str(rule), "lr": lr, "seed": seed, "epoch": number,
                **{what: _rounded(epoch[what]) for what in trainings.plan.measures},
            }  # fmt: skip


def _rounded(value: float) -> float | str:
    """Five digits; nothing where there is no number."""
    return float(f"{value:.5g}") if np.isfinite(value) else ""


def compute(
    name: str, kept: Kept[Piece], rules: dict[str, Rule]
) -> tuple[dict[str, list[Row]], str]:
    """The table of the rules, of all trainings, and of the epochs; and the data's name."""
    trainings = Trainings(name, kept)
    rows: list[Row] = []
    for one, rule in rules.items():
        rows.append(of_rule(trainings, one, rule))
        print(rows[-1], flush=True)
    tables = {"": rows}
    for part, make in (("runs", of_runs), ("epochs", of_epochs)):
        tables[part] = [row for item in rules.items() for row in make(trainings, *item)]
    return tables, trainings.source


def settings(name: str) -> tuple[object, ...]:
    """What a finished piece depends on that its name does not say."""
    return replace(PLANS[name], tuned=0, epochs=0), PIECES


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, and record it."""
    import torch

    parser = command_line(__doc__, real="the copy of CIFAR-10")
    parser.add_argument("part", choices=("images", "translation"))
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS)
    options = parser.parse_args(arguments)
    if options.real and options.part != "images":
        parser.error("--real goes with images")
    name = f"transfer-{options.part}" + ("-cifar10" if options.real else "")
    words = ["transfer", options.part, *["--real"] * options.real]
    if options.only:
        words += ["--only", *options.only]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        kept: Kept[Piece] = Kept(settings(name), options.kept)
        chosen = {one: CONTESTANTS[one] for one in options.only or contestants(name)}
        tables, found = compute(name, kept, chosen)
    finally:
        torch.set_num_threads(threads)
    publish(
        name, tables, command=" ".join(words), seconds=kept.seconds, by="torch, float32",
        sources=[found],
    )  # fmt: skip


if __name__ == "__main__":
    main()

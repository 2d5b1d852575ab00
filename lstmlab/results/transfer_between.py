"""Three rules as translators, at rates between those of the grid.

    python -m lstmlab.results.transfer_between

`lstmlab.results.transfer` chooses among seven rates, a power of ten apart, by a short training.
Here the rules that have one rate for all weights are trained at 0.3 and at 3 times the chosen one,
as long and with the same seeds. These rates were looked at after the fact, and nothing is chosen
by them. With `--kept FILE` finished trainings are noted in a file, to go on from after a break.
"""

from __future__ import annotations

from collections.abc import Sequence

from lstmlab.results import Row, table, transfer
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line, publish
from lstmlab.results.transfer_plans import CONTESTANTS, Piece

NAME, OF = "transfer-between", "transfer-translation"
RULES = ("sgd", "momentum", "powersign")
ASIDE = (0.3, 3.0)


def rates(name: str) -> tuple[float, ...]:
    """Those beside the rate that was chosen for a rule."""
    chosen = {row["name"]: float(row["lr"]) for row in table(OF)}
    return tuple(float(f"{aside * chosen[name]:.6g}") for aside in ASIDE)


def compute(kept: Kept[Piece]) -> tuple[list[Row], str]:
    """A row for every training, and the data's name."""
    trainings = transfer.Trainings(OF, kept)
    rows: list[Row] = []
    for name in RULES:
        for lr in rates(name):
            ended = transfer.of_ended(trainings, name, CONTESTANTS[name], lr)
            rows += ({"source": trainings.source, **row} for row in ended)
            print(rows[-1], flush=True)
    return rows, trainings.source


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, and record it."""
    import torch

    options = command_line(__doc__).parse_args(arguments)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        kept: Kept[Piece] = Kept(transfer.settings(OF), options.kept)
        rows, found = compute(kept)
    finally:
        torch.set_num_threads(threads)
    publish(
        NAME, {"": rows}, command="transfer_between", seconds=kept.seconds, by="torch, float32",
        sources=[found],
    )  # fmt: skip


if __name__ == "__main__":
    main()

"""Neural optimizer search: rules that a controller wrote for the paper's small network.

    python -m lstmlab.results.written --part search --kept DIR
    python -m lstmlab.results.written --part finalists --kept DIR

The first lets a controller that learns by TRPO and a random search sample rules of one and of two
groups, on scikit-learn's digits; the second takes the best of them through longer trainings, with
fresh seeds, beside the classics. Without `--part` both are computed. Everything that is finished is
kept in DIR; where that has no journal of a search, it goes on from the samples that are shipped.
With `--samples N` every search samples N rules.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from lstmlab.results import Row, names, table
from lstmlab.results.kept import Kept
from lstmlab.results.making import publish
from lstmlab.results.written_finalists import (
    KeptTrainer,
    Piece,
    filter_rows,
    filtered,
    finalist_rows,
    noise_rows,
)
from lstmlab.results.written_search import (
    ARMS,
    SAMPLES,
    SOURCE,
    Arm,
    curve_rows,
    sample_rows,
    searched,
)

NAME, FINALISTS = "written", "written-finalists"
PARTS = ("search", "finalists")
BY = "torch, float32"


def shipped(arm: Arm) -> list[Row]:
    """The samples of a search that are shipped; none if there are none."""
    if NAME not in names():
        return []
    mine = {"groups": arm.groups, "method": arm.method, "seed": arm.seed}
    return [row for row in table(NAME) if mine.items() <= row.items()]


def search(arms: Sequence[Arm], folder: Path | None, samples: int | None = None) -> None:
    """Search, and record every sample, the curves and the noise of the reward."""
    rows: list[Row] = []
    curves: list[Row] = []
    for arm in arms:
        n = samples or SAMPLES[arm.groups]
        own = sample_rows(arm, searched(arm, n, folder, shipped(arm)))
        rows += own
        curves += curve_rows(own)
        print(arm, curves[-1], flush=True)
    kept = pieces(folder)
    noise = noise_rows(KeptTrainer(kept))
    seconds = sum(float(row["seconds"]) for row in rows) + kept.seconds
    publish(
        NAME, {"": rows, "curves": curves, "noise": noise}, command="written --part search",
        seconds=seconds, by=BY, sources=[SOURCE],
    )  # fmt: skip


def finish(folder: Path | None) -> None:
    """Filter the best of the samples that are shipped, and record what came of them."""
    kept = pieces(folder)
    done = filtered(table(NAME), KeptTrainer(kept))
    publish(
        FINALISTS, {"": finalist_rows(done), "filter": filter_rows(done)},
        command="written --part finalists", seconds=kept.seconds, by=BY, sources=[SOURCE],
    )  # fmt: skip


def pieces(folder: Path | None) -> Kept[Piece]:
    """Where finished trainings of known rules and of finalists are."""
    from lstmlab.optimizers.reward import RuleReward

    return Kept(repr(RuleReward(source=SOURCE)), folder and folder / "finalists.jsonl")


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute a part, or both, and record it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=PARTS, help="what is computed; both if not given")
    parser.add_argument("--kept", type=Path, help="a folder for what is finished, to go on from")
    parser.add_argument("--samples", type=int, help="how many rules each search samples")
    options = parser.parse_args(arguments)
    if options.kept is not None:
        options.kept.mkdir(parents=True, exist_ok=True)
    if options.part != "finalists":
        search(ARMS, options.kept, options.samples)
    if options.part != "search":
        finish(options.kept)


if __name__ == "__main__":
    main()

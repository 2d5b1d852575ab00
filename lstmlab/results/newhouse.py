"""Newhouse's study on the real text: signs of differences, a race, the nine trials, a sample.

    python -m lstmlab.results.newhouse --part PART --kept FILE --minutes 15

computes one of `PARTS` on Tiny Shakespeare (from `$LSTMLAB_DATA` or the cache), begins no more
pieces after so many minutes, and writes what there is so far beside this file. Finished pieces are
kept in FILE: the same command goes on from them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from lstmlab.results import Row
from lstmlab.results import newhouse_differences as differences
from lstmlab.results import newhouse_race as racing
from lstmlab.results import newhouse_sample as sampling
from lstmlab.results import newhouse_stencils as wide
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line
from lstmlab.results.newhouse_pieces import CHARACTERS, OutOfTime, WhileTimeLasts, published
from lstmlab.results.newhouse_trials import Trials, noise_arrays, trial_tables
from lstmlab.results.newhouse_walks import LEGS, Leg
from lstmlab.search.newhouse import TRIALS

STEPS = 1000
"""Of the walks with α = 100, of the paper's 10,000."""


def signs(options: argparse.Namespace) -> None:
    """How often a difference has the right sign; and how large the paper's gradient is."""
    plan = CHARACTERS, differences.PLACES, differences.PAIRS, differences.GRADIENT_AT
    kept: Kept[list[list[float]]] = Kept(plan, options.kept)
    pieces = WhileTimeLasts(kept, options.minutes)
    gradients = differences.slope_rows(pieces.all(differences.slope_works()))
    stencils = wide.stencil_rows(pieces.all(wide.stencil_works()))
    rows, losses = differences.sign_rows(pieces.all(differences.sign_works()))
    tables = {"": rows, "gradients": gradients, "stencils": stencils}
    published("signs", tables, kept.seconds, {"pairs": losses})


def race(options: argparse.Namespace) -> None:
    """What each method has found after as many trainings."""
    kept: Kept[list[Row]] = Kept((CHARACTERS, racing.ALPHA, racing.BUDGETS), options.kept)
    found = WhileTimeLasts(kept, options.minutes).all(racing.race_works())
    published("race", {"": racing.whole_seeds(found)}, kept.seconds)


def trials(options: argparse.Namespace) -> None:
    """The paper's nine trials, and walks over noise."""
    kept: Kept[Leg] = Kept((TRIALS, LEGS), options.kept)
    done = Trials()
    done.go(WhileTimeLasts(kept, options.minutes), options.steps)
    steps = f"--steps {options.steps}"
    arrays = {"noise": noise_arrays()}
    published("trials", trial_tables(done), kept.seconds, arrays, options=steps)


def sample(options: argparse.Namespace) -> None:
    """Texts of networks that have been trained for long."""
    plan = sampling.UPDATES, sampling.EVERY, sampling.CHARACTERS
    kept: Kept[sampling.Written] = Kept(plan, options.kept)
    pieces = WhileTimeLasts(kept, options.minutes)
    sets: dict[str, dict[str, float]] = {"paper": sampling.PAPER, "race": sampling.race_winner()}
    try:
        row = pieces.get(f"search/{sampling.LONG}/{sampling.SEARCH}", sampling.sought)["row"]
        whole = {name: int(row[name]) for name in ("hidden", "length")}
        sets["long"] = whole | {"lr": float(row["lr"])}
    except OutOfTime:
        print("the longer search has not been made yet")
    found = pieces.all(sampling.sample_works(sets))
    published("sample", sampling.sample_tables(list(found.values())), kept.seconds)


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "signs": signs, "race": race, "trials": trials, "sample": sample,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute a part and record it."""
    parser = command_line(__doc__)
    parser.add_argument("--part", choices=PARTS, required=True, help="what is computed")
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="begin nothing later (%(default)s)"
    )
    parser.add_argument("--steps", type=int, default=STEPS, help="of trials 1 to 3 (%(default)s)")
    options = parser.parse_args(arguments)
    PARTS[options.part](options)


if __name__ == "__main__":
    main()

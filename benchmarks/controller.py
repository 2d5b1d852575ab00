"""Who needs fewer samples to write a good rule: TRPO, REINFORCE or random search?

    python benchmarks/controller.py                  the shipped race, as a table
    python benchmarks/controller.py --again          run it anew with the settings chosen then
    python benchmarks/controller.py --again --seeds 5 --landscapes matching

The race is that of `lstmlab.results.controller`: three rewards that cost nothing, rules of two
groups, five a batch, a lag of one batch, the same policy, baseline and entropy bonus. What counts
is after how many samples the first rule has earned 0.9 of the best reward; beside it, after how
many the last 50 have in the mean. A run that does not arrive counts as the cap, and how many did
is said. Printed are medians and quartiles over the seeds, and the tuning: what each setting needed
on other seeds. Below stand the others: REINFORCE with the next larger rate, and TRPO that learns
from every batch once ("trpo-1"), on the same seeds. --again takes five minutes of one core. The
exit status is 1 if TRPO's median is not the least of the three on every landscape.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from lstmlab.results import Row, table
from lstmlab.results.controller import CAP, LANDSCAPES, METHODS, NAME, Races, chosen, run_row
from lstmlab.results.kept import Kept


def again(landscapes: Sequence[str], seeds: int) -> list[Row]:
    """The race with the settings of the shipped one."""
    tuning = table(NAME, "tuning")
    races = Races(Kept("not kept"))
    rows = []
    for seed in range(seeds):
        for landscape in landscapes:
            for method in METHODS:
                tried = [row for row in tuning if row["method"] == method]
                setting = chosen(tried) if tried else None
                about: Row = {"landscape": landscape, "method": method, "seed": seed}
                piece = races.get(landscape, method, setting, seed)
                rows.append(run_row(races, about, piece))
    return rows


def needed(rows: Sequence[Row], what: str) -> str:
    """Median and quartiles of the samples, and how many runs arrived."""
    low, middle, high = np.quantile([float(row[what]) for row in rows], [0.25, 0.5, 0.75])
    arrived = sum(row[what.replace("samples", "arrived")] in (True, "True") for row in rows)
    return f"{middle:7.0f} ({low:5.0f} to {high:5.0f}) {arrived:3}/{len(rows)}"


def print_tuning() -> None:
    """What each setting needed."""
    rows = table(NAME, "tuning")
    print("mean samples to 0.9 on the tuning seeds, and how many of the runs arrived")
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = [row for row in rows if row["method"] == method]
        for setting in dict.fromkeys(row["setting"] for row in mine):
            cells = [
                f"{row['landscape']} {float(row['mean']):6.0f} {row['arrived']}/{row['seeds']}"
                for row in mine
                if row["setting"] == setting
            ]
            mark = "  <- chosen" if setting == chosen(mine) else ""
            print(f"  {method:10} {setting:<7}  {'   '.join(cells)}{mark}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--again", action="store_true", help="run it, instead of reading it")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--landscapes", nargs="+", choices=LANDSCAPES, default=LANDSCAPES)
    options = parser.parse_args()
    print_tuning()
    rows = again(options.landscapes, options.seeds) if options.again else table(NAME)
    print(f"\nsamples: median (quartiles) and runs that arrived; one that did not counts as {CAP}")
    print(f"{'':24}{'first rule with 0.9':>31}{'mean of 50 with 0.9':>34}")
    lost = []
    for landscape in options.landscapes:
        medians = {}
        for method in METHODS:
            mine = [r for r in rows if r["landscape"] == landscape and r["method"] == method]
            medians[method] = float(np.median([float(row["samples"]) for row in mine]))
            cells = needed(mine, "samples"), needed(mine, "samples_mean")
            print(f"{landscape:12} {method:11}{cells[0]:>31}{cells[1]:>34}")
        if not medians["trpo"] < min(medians["reinforce"], medians["random"]):
            lost.append(landscape)
    if not options.again:
        others = table(NAME, "others")
        for place in dict.fromkeys(
            (row["landscape"], row["method"], row["setting"]) for row in others
        ):
            mine = [r for r in others if (r["landscape"], r["method"], r["setting"]) == place]
            label = f"{place[0]:12} {place[1]} {place[2]}"
            print(f"{label:30}{needed(mine, 'samples'):>25}")
    if lost:
        sys.exit(f"TRPO does not need the fewest samples on {', '.join(lost)}")


if __name__ == "__main__":
    main()

"""Poudel et al.'s contest, repeated: every method, with many seeds, on networks trained before.

    python -m lstmlab.results.contest

lets each method search the tabulated objective (`lstmlab.results.surface`) with 50 seeds, at the
same numbers of evaluations and at the paper's own, and writes what they found beside this file;
then, as the paper does, a grid over the winners.
"""

import argparse
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from lstmlab.results import Row
from lstmlab.results.making import publish
from lstmlab.results.surface import Tabulated
from lstmlab.search import Genetic, GridSearch, rehearse
from lstmlab.search.poudel import BUDGETS, GENES, IN_GRID, LOG_SPACE, METHODS, SPACE, contestant

NAME = "contest"
SEEDS = range(50)
SPACES = {"linear": SPACE, "log": LOG_SPACE}
EQUAL = 710
MOST = {name: max(EQUAL, BUDGETS.get(name, EQUAL)) for name in METHODS} | {"Gaussian process": 70}
"""To how many evaluations each method is followed."""
MARKS = (1, 5, 10, 20, 30, 40, 50, 60, 70, 100, 140, 200, 300, 400, 500, 600, 710, 1000, 1400)
FOLLOWED = range(10)


def marked(trials: pd.DataFrame, expected: Tabulated) -> list[Row]:
    """What one search had found at each of `MARKS`, and what that is worth."""
    spent = trials["seconds"].cumsum()
    rows: list[Row] = []
    for mark in (mark for mark in MARKS if mark <= len(trials)):
        winner = trials.loc[trials["value"].iloc[:mark].idxmin()]
        rows.append({
            "evaluations": mark,
            "best": round(float(winner["value"]), 6),
            "true": round(error(winner, expected), 6),
            "spent": round(float(spent.iloc[mark - 1]), 2),
        })  # fmt: skip
    return rows


def error(place: "pd.Series[float]", expected: Tabulated) -> float:
    """What a place is worth in the mean of the seeds."""
    return float(expected({name: place[name] for name in SPACE}, 0)["value"])  # type: ignore


def of_generations(search: Genetic) -> list[Row]:
    """How the population fared: accuracies of all, of those that lived on and of the new ones."""
    rows: list[Row] = []
    for number, generation in enumerate(search.generations, 1):
        if any(one.value is None for one in generation):
            break
        right = {
            what: [1 - one.value for one in generation if one.survivor in wanted]  # type: ignore
            for what, wanted in (("all", (True, False)), ("lived", (True,)), ("new", (False,)))
        }
        row: Row = {"generation": number, "best": round(max(right["all"]), 6)}
        for what, accuracies in right.items():
            row[what] = round(float(np.mean(accuracies)), 6) if accuracies else ""
        row["genomes"] = len({one.genome for one in generation})
        rows.append(row)
    return rows


def winners_grid(
    searches: dict[str, pd.DataFrame], seed: int, budgets: dict[str, int], expected: Tabulated
) -> Row:
    """The grid over the best place of each search, and what it adds."""
    best = [
        trials.iloc[: budgets[name]].nsmallest(1, "value").iloc[0]
        for name, trials in searches.items()
        if name in IN_GRID
    ]
    levels = {name: sorted({winner[name] for winner in best}) for name in SPACE}
    grid = GridSearch(SPACE, levels, seed=seed)
    found = rehearse(grid, Tabulated(), len(grid)).nsmallest(1, "value").iloc[0]
    before = min(best, key=lambda winner: float(winner["value"]))
    return {
        "seed": seed,
        "evaluations": len(grid),
        "best_before": round(float(before["value"]), 6),
        "true_before": round(error(before, expected), 6),
        "best": round(float(found["value"]), 6),
        "true": round(error(found, expected), 6),
        "same": bool(all(before[name] == found[name] for name in SPACE)),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Search, and record what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.parse_args(arguments)
    began = time.process_time()
    noisy, expected = Tabulated(), Tabulated(noisy=False)
    found: list[Row] = []
    generations: list[Row] = []
    grids: list[Row] = []
    for seed in SEEDS:
        for space in SPACES:
            searches = {}
            for method, most in MOST.items():
                genes = GENES if space == "linear" else None
                search = contestant(method, SPACES[space], genes, seed)
                searches[method] = trials = rehearse(search, noisy, most)
                about: Row = {"method": method, "space": space, "seed": seed}
                found += [{**about, **row} for row in marked(trials, expected)]
                if isinstance(search, Genetic) and space == "linear" and seed in FOLLOWED:
                    generations += [{**about, **row} for row in of_generations(search)]
            if space == "linear":
                for name, budgets in (("own", BUDGETS), ("equal", dict.fromkeys(BUDGETS, 70))):
                    row = winners_grid(searches, seed, budgets, expected)
                    grids.append({"budgets": name, **row})
        print(f"seed {seed}: {time.process_time() - began:.0f} s", flush=True)
    publish(
        NAME,
        {"": found, "generations": generations, "grids": grids},
        command="contest",
        seconds=time.process_time() - began,
        by="table of networks trained before",
        sources=["generated"],
    )


if __name__ == "__main__":
    main()

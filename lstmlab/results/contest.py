"""Poudel et al.'s contest, repeated: every method, with many seeds, on networks trained before.

    python -m lstmlab.results.contest

lets each method search the tabulated objective (`lstmlab.results.surface`) with 50 seeds, at the
same numbers of evaluations and at the paper's own, and writes what they found beside this file;
then, as the paper does, a grid over the winners.
"""

import argparse
import time
from collections.abc import Sequence
from itertools import chain

import numpy as np
import pandas as pd

from lstmlab.results import Row
from lstmlab.results.making import publish
from lstmlab.results.surface import Tabulated
from lstmlab.search import Genetic, GridSearch, local_pool, rehearse
from lstmlab.search.poudel import BUDGETS, GENES, IN_GRID, LOG_SPACE, METHODS, SPACE, contestant

NAME, SOURCE = "contest", "generated"
SEEDS = range(50)
SPACES = {"linear": SPACE, "log": LOG_SPACE}
EQUAL = 70, 710
"""Evaluations at which all are compared; a Gaussian process thinks too long for the second."""
MOST = {name: max(EQUAL[1], BUDGETS.get(name, 0)) for name in METHODS} | {
    "Gaussian process": EQUAL[0]
}
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


def contested(seed: int) -> tuple[dict[str, list[Row]], float]:
    """The rows of each table that one seed gives, and the seconds it took."""
    began = time.process_time()
    noisy, expected = Tabulated(), Tabulated(noisy=False)
    rows: dict[str, list[Row]] = {"": [], "generations": [], "grids": []}
    for space in SPACES:
        genes = GENES if space == "linear" else None
        searches = {}
        for method, most in MOST.items():
            search = contestant(method, SPACES[space], genes, seed)
            searches[method] = trials = rehearse(search, noisy, most)
            about: Row = {"source": SOURCE, "method": method, "space": space, "seed": seed}
            rows[""] += [{**about, **row} for row in marked(trials, expected)]
            if isinstance(search, Genetic) and space == "linear" and seed in FOLLOWED:
                rows["generations"] += [{**about, **row} for row in of_generations(search)]
        if space == "linear":
            for name, budgets in (("own", BUDGETS), ("equal", dict.fromkeys(BUDGETS, EQUAL[0]))):
                row = winners_grid(searches, seed, budgets, expected)
                rows["grids"].append({"source": SOURCE, "budgets": name, **row})
    return rows, time.process_time() - began


def main(arguments: Sequence[str] | None = None) -> None:
    """Search, and record what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.parse_args(arguments)
    with local_pool() as pool:
        found = list(pool.map(contested, SEEDS))
    publish(
        NAME,
        {
            part: list(chain.from_iterable(rows[part] for rows, _ in found))
            for part in ("", "generations", "grids")
        },
        command="contest",
        seconds=sum(seconds for _, seconds in found),
        by="table of networks trained before",
        sources=[SOURCE],
    )


if __name__ == "__main__":
    main()

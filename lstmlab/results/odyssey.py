"""The study of Greff et al. on music, as far as it has been carried.

    lstmlab odyssey --task music --begin-with lstmlab/results/odyssey-music.csv

goes on with it on the real chorales (from `$LSTMLAB_DATA` or the cache), and after Ctrl-C

    python -m lstmlab.results.odyssey odyssey-music-jsb-chorales.csv

writes the trials beside this file: as many for each variant as all of them have.
"""

import argparse
import platform
from collections.abc import Sequence

import pandas as pd

import lstmlab
from lstmlab.cells import VARIANTS
from lstmlab.results import Row, record, verified
from lstmlab.search import read_trials, restore
from lstmlab.search.odyssey import check_recipe, searcher

NAME, TASK, SOURCE, EPOCHS, PATIENCE = "odyssey-music", "music", "JSB Chorales", 150, 15


def trials() -> pd.DataFrame:
    """The trials; `lstmlab.search.odyssey.COLUMNS` says what the columns are.

    Raises
    ------
    ValueError
        If the file is not the one that was recorded.
    """
    return read_trials(verified(NAME, f"{NAME}.csv"))


def whole_rounds(study: pd.DataFrame) -> pd.DataFrame:
    """The trials before the first round in which one is missing; a round has all variants."""
    numbers = set(study["number"])
    first_missing = next(number for number in range(len(study) + 1) if number not in numbers)
    rounds = first_missing // len(VARIANTS)
    return study[study["number"] < rounds * len(VARIANTS)].sort_values("number")


def rows(study: pd.DataFrame) -> list[Row]:
    """The trials as they are recorded; an empty cell is an empty word."""
    return [
        {str(name): "" if pd.isna(cell) else cell for name, cell in row.items()}
        for row in study.to_dict("records")
    ]


def check(study: pd.DataFrame) -> None:
    """See that whole rounds are what `lstmlab odyssey --task music` makes of the real chorales.

    Raises
    ------
    ValueError
        If they have other data, draws, seeds or epochs.
    """
    if others := set(study["source"].dropna()) - {SOURCE}:
        raise ValueError(f"the table must be of {SOURCE}, got {', '.join(sorted(others))}")
    begun = restore(study, searcher(TASK))
    for number, params in enumerate(searcher(TASK).ask(len(study))):
        found = begun.trials[number].params
        if found != params:
            raise ValueError(f"the table must have its own draws, got {found} as trial {number}")
    check_recipe(study, EPOCHS, PATIENCE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Record a table that `lstmlab odyssey` wrote."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", help="the trials, as `lstmlab odyssey` wrote them")
    study = whole_rounds(read_trials(parser.parse_args(arguments).table))
    if study.empty or set(study["variant"]) != set(VARIANTS):
        raise SystemExit("the table must hold one trial or more of every variant")
    try:
        check(study)
    except ValueError as error:
        raise SystemExit(f"nothing is recorded: {error}") from error
    each = len(study) // len(VARIANTS)
    made = record(
        NAME,
        {"": rows(study)},
        {},
        command=f"lstmlab odyssey --task {TASK} --trials {each}",
        seconds=round(float(study["seconds"].sum())),
        machine=f"one core ({platform.machine()}, {study['engine'].iloc[0]})",
        sources=sorted(set(study["source"].dropna())),
        version=lstmlab.__version__,
    )
    print(f"{len(study)} trials, {each} of each variant; {made}")


if __name__ == "__main__":
    main()

"""Trials as data: a table with one row a trial, and its way into files and back."""

import json
import math
from collections.abc import Hashable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from lstmlab.search.ledger import ABOUT, Ledger, own_trials, seed_of
from lstmlab.search.outcome import Outcome, Plain
from lstmlab.search.searcher import Searcher
from lstmlab.search.space import OURS, held, uncelled
from lstmlab.search.storage import Storage, opened
from lstmlab.search.workers import Job
from lstmlab.whole import whole


def table(study: Study) -> pd.DataFrame:
    """The finished trials of a study, in the order in which they were asked for.

    Trials that Optuna's own tools have added to a study of `run` are not part of it; a TypeError if
    it is no study.

    Returns
    -------
    pandas.DataFrame
        A row a trial: `number`, its hyperparameters, `value` (NaN if it failed), what else the
        objective returned by name, `seconds`, `seed`, `state` ("complete" or "failed"), `reason`.
    """
    if not isinstance(study, Study):
        raise TypeError(f"study must be an Optuna study, got {type(study).__name__}")
    return tabled(own_trials(study), list(study.user_attrs.get(ABOUT, {}).get("space", ())))


def tabled(trials: Sequence[FrozenTrial], params: Sequence[str] = ()) -> pd.DataFrame:
    """Trials that `run` has written down, as `table` gives them; `params` come in this order."""
    rows: dict[int, dict[str, object]] = {}
    for trial in trials:
        kept = dict(trial.user_attrs)
        number = kept.pop("number", trial.number)
        ours = {what: kept.pop(what, None) for what in ("seconds", "seed", "reason")}
        ours["state"] = "complete" if trial.state == TrialState.COMPLETE else "failed"
        rest = {name: _cell(kept[name]) for name in sorted(kept)}
        rows.setdefault(
            number, {"number": number, "value": trial.value, **ours, **trial.params, **rest}
        )
    params = list(params) or sorted({name for trial in trials for name in trial.params})
    others = sorted({name for row in rows.values() for name in row} - {*OURS, *params})
    order = ["number", *params, "value", *others, *OURS[2:]]
    data = {name: [rows[number].get(name) for number in sorted(rows)] for name in order}
    return _typed(pd.DataFrame(data, dtype=object))


def write_trials(trials: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as Parquet or CSV, as its name ends; the file is there whole or not at all.

    Raises
    ------
    TypeError
        If `trials` is no table.
    ValueError
        If the name ends otherwise.
    ImportError
        For Parquet, if pyarrow is missing: `pip install lstmlab[parquet]`.
    """
    path = kind(path)
    if not isinstance(trials, pd.DataFrame):
        raise TypeError(f"trials must be a table, got {type(trials).__name__}")
    trials = _typed(trials)
    with whole(path) as file:
        if path.suffix == ".csv":
            trials.apply(_worded).to_csv(file, mode="wb", index=False, lineterminator="\n")
        else:
            trials.to_parquet(file, index=False)
    return path


def read_trials(path: str | Path) -> pd.DataFrame:
    """The table that `write_trials` wrote, to the bit.

    Raises
    ------
    ValueError
        If the file is no table of trials.
    """
    path = kind(path)
    try:
        if path.suffix == ".csv":
            words = pd.read_csv(path, dtype=str, keep_default_na=False)
            found = pd.DataFrame({name: _parsed(list(words[name])) for name in words}, dtype=object)
        else:
            found = pd.read_parquet(path)
    except ValueError as error:
        raise ValueError(f"{path} must be a table of trials, but: {error}") from error
    if missing := [what for what in ("number", "value", "state") if what not in found]:
        raise ValueError(f"{path} must hold trials, but has no column {missing[0]!r}")
    return _typed(found)


def restore(
    trials: pd.DataFrame, searcher: Searcher, *, storage: Storage = None, name: str = "study"
) -> Study:
    """A study from its table, for `run` to go on with: `run(…, storage=study)`.

    A table does not say by which objective its values are: that it is the same one is up to whoever
    goes on.

    Raises
    ------
    TypeError
        If `trials` is no table.
    ValueError
        If a row is no trial of this searcher and seed, or the storage holds another study. In the
        first case nothing has been written.
    """
    begun = _begun(trials, searcher)
    with opened(storage, name, searcher.direction) as study:
        ledger = Ledger(study, searcher)
        for job, outcome in begun:
            if not ledger.holds(job.number, job.params):
                ledger.add(job.number, job.params, job.seed, outcome)
    return study


def _begun(trials: pd.DataFrame, searcher: Searcher) -> list[tuple[Job, Outcome]]:
    """The trials of a table, and what became of them; ValueError at a row that is none."""
    if not isinstance(trials, pd.DataFrame):
        raise TypeError(f"trials must be a table, got {type(trials).__name__}")
    for what in ("number", "value", "seed", "state", *searcher.space):
        if what not in trials:
            named = ", ".join(map(str, trials))
            raise ValueError(f"trials must have a column {what!r}, got {named}")
    rest = [name for name in trials if name not in (*OURS, *searcher.space)]
    begun: dict[int, tuple[Job, Outcome]] = {}
    for row in trials.to_dict("records"):
        number = row["number"]
        whole = _is_number(number) and number >= 0 and float(number).is_integer()
        if not whole or number in begun:
            raise ValueError(
                f"trials must have whole numbers, 0 or more and each once, got {number!r}"
                f"{' twice' if whole else ''}"
            )
        number = int(number)
        if row["seed"] != seed_of(searcher.seed, number):
            raise ValueError(
                f"trials must be of a study with seed {searcher.seed}: trial {number} has "
                f"the seed {row['seed']}, not {seed_of(searcher.seed, number)}"
            )
        params = {
            what: held(f"{what!r} of trial {number}", scale, uncelled(scale, row[what]))
            for what, scale in searcher.space.items()
        }
        kept = {str(what): _thing(row[what]) for what in rest if not pd.isna(row[what])}
        begun[number] = Job(number, params, int(row["seed"])), _outcome(row, number, kept)
    return list(begun.values())


def _outcome(row: dict[Hashable, Any], number: int, kept: dict[str, Plain]) -> Outcome:
    """What became of a trial, as its row says."""
    state, value = row["state"], row["value"]
    reason, seconds = row.get("reason"), row.get("seconds", 0.0)
    if state not in ("complete", "failed"):
        raise ValueError(
            f'the state of trial {number} must be "complete" or "failed", got {state!r}'
        )
    if state == "complete" and not _is_number(value):
        raise ValueError(f"the value of trial {number} must be a finite number, got {value!r}")
    if not pd.isna(seconds) and not (_is_number(seconds) and seconds >= 0):
        raise ValueError(f"the seconds of trial {number} must be 0 or more, got {seconds!r}")
    spent = 0.0 if pd.isna(seconds) else float(seconds)
    if state == "complete":
        return Outcome(float(value), None, kept, seconds=spent)
    return Outcome(None, "" if pd.isna(reason) else str(reason), kept, seconds=spent)


def _is_number(cell: object) -> bool:
    plain = isinstance(cell, int | float) and not isinstance(cell, bool)
    return plain and math.isfinite(cell)  # type: ignore[arg-type]


def _cell(thing: object) -> object:
    return json.dumps(thing) if isinstance(thing, list | dict) else thing


def _thing(cell: Plain) -> Plain:
    """What `_cell` made a cell of."""
    if isinstance(cell, str) and cell.startswith(("[", "{")):
        with suppress(ValueError):
            thing: Plain = json.loads(cell)
            return thing
    return cell


def _worded(column: "pd.Series[object]") -> "pd.Series[object]":
    """A column for CSV: words between quotes, as JSON has them, where they look like no words."""
    if column.dtype != "str":
        return column
    words = [None if pd.isna(word) else word for word in column]
    plain = not any("\r" in word for word in words if word)  # which CSV takes for a line's end
    if plain and _parsed([word or "" for word in words]) == words:
        return column
    quoted = [None if word is None else json.dumps(word) for word in words]
    return pd.Series(quoted, column.index, dtype=object)


def _parsed(words: list[str]) -> list[object]:
    """A column of a CSV file as booleans, whole numbers, numbers or else words; None if empty."""
    for kind in (_truth, int, float, _unquoted):
        try:
            return [kind(word) if word else None for word in words]
        except ValueError:
            continue
    return [word or None for word in words]


def _truth(word: str) -> bool:
    if word not in ("True", "False"):
        raise ValueError(word)
    return word == "True"


def _unquoted(word: str) -> str:
    found = json.loads(word)
    if not isinstance(found, str):
        raise ValueError(word)
    return found


def _typed(trials: pd.DataFrame) -> pd.DataFrame:
    """Every column as what it holds: whole numbers, numbers, booleans, words; NaN where empty."""
    typed = {}
    for name, column in trials.items():
        column = column.astype(object).where(column.notna(), None)
        known = [thing for thing in column if thing is not None]
        if known and all(isinstance(thing, bool) for thing in known):
            dtype = "bool" if len(known) == len(column) else "boolean"
        elif any(isinstance(thing, int) and thing.bit_length() > 63 for thing in known):
            dtype = "str"  # no column of numbers holds it
        elif known and all(isinstance(thing, int) for thing in known):
            dtype = "int64" if len(known) == len(column) else "Int64"
        elif all(isinstance(thing, float | int) for thing in known) and name != "reason":
            dtype = "float64"
        else:
            dtype = "str"
        typed[name] = column.astype(dtype)
    return pd.DataFrame(typed)


def kind(path: str | Path) -> Path:
    """A path whose name says that it is Parquet or CSV; ValueError if it does not."""
    path = Path(path).expanduser()
    if path.suffix not in (".csv", ".parquet"):
        raise ValueError(f"path must end in .csv or .parquet, got {str(path)!r}")
    return path



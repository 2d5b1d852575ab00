"""The study of Greff et al.: a random search for each variant of the LSTM on one task.

It estimates the time, trains, and writes down every trial as it ends. Stop it with Ctrl-C (or lose
power): the same command goes on where it was, with any number of workers. The trials are in a file
of Optuna's, and at the end in a table.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from lstmlab.cells import VARIANTS

if TYPE_CHECKING:
    import pandas as pd
    from optuna.study import Study

    from lstmlab.search.odyssey import Training
    from lstmlab.search.strata import Strata
    from lstmlab.search.workers import Executors

EXAMPLES = """examples:
  lstmlab odyssey --source generated --trials 2 --epochs 3     a look at it, in a minute
  lstmlab odyssey --task music --trials 200                    the paper's study of music
  lstmlab odyssey --variants V NFG CIFG --trials 20 --workers 8

on many machines, each with lstmlab and the data, in the folder that LSTMLAB_DATA names:
  dask scheduler                                               on one of them
  dask worker tcp://ADDRESS:8786 --nthreads 1 --nworkers -1    on every one
  lstmlab odyssey --task speech --trials 200 --dask tcp://ADDRESS:8786
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command understands."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    say = parser.add_argument
    say("--task", default="music", choices=["music", "speech", "handwriting"])
    say("--variants", nargs="+", default=[list(VARIANTS)], metavar="NAME", type=_names,
        help=f"all (the default), or some of {', '.join(VARIANTS)}")  # fmt: skip
    say("--trials", type=_count, default=200, metavar="N", help="of each variant (default 200)")
    say("--epochs", type=_count, default=150, metavar="N", help="at most so many (default 150)")
    say("--patience", type=int, default=15, metavar="N",
        help="stop after more than so many epochs without improvement (default 15)")  # fmt: skip
    say("--seed", type=int, default=0, help="of the study (default 0)")
    say("--shared-draws", action="store_true", help="the same hyperparameters for every variant")
    say("--source", default="auto", help="the data: auto (the default), generated, or a real set")
    say("--root", metavar="FOLDER", help="where the data is looked for first")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N",
        help="so many processes here (default: one a core; 0: this process)")  # fmt: skip
    where.add_argument("--dask", metavar="ADDRESS", help="the scheduler of a Dask cluster")
    say("--storage", metavar="FILE",
        help="the trials as they end (default odyssey-TASK-DATA.journal)")  # fmt: skip
    say("--name", default="odyssey", help="of the study in the storage (default odyssey)")
    say("--out", metavar="FILE", help="the table, .csv or .parquet (default odyssey-TASK-DATA.csv)")
    say("--begin-with", metavar="TABLE",
        help="go on from a table of the same study, with the same settings")  # fmt: skip
    say("--estimate", action="store_true", help="say how long it would take, and stop")
    say("--quiet", action="store_true", help="no bar")


def run(options: argparse.Namespace) -> str:
    """Do what was asked for and say what came out.

    Raises
    ------
    ValueError, OSError, RuntimeError
        As what is called; each is one line.
    KeyboardInterrupt
        At Ctrl-C, once the table of what there is has been written.
    """
    from lstmlab.search import Interrupted, odyssey, read_trials, restore, table, write_trials
    from lstmlab.search import run as search
    from lstmlab.search.trials import kind

    variants = list(dict.fromkeys(name for names in options.variants for name in names))
    objective = odyssey.Training(
        options.task, options.source, options.root, options.epochs, options.patience
    )
    stem = f"odyssey-{options.task}-{re.sub(r'[^a-z0-9]+', '-', objective.data.lower()).strip('-')}"
    storage, name = options.storage or f"{stem}.journal", options.name
    out = kind(options.out or f"{stem}.csv")
    _check_places(storage, out)
    total = options.trials * len(variants)

    def searcher() -> Strata:
        return odyssey.searcher(
            options.task, variants, seed=options.seed, shared_draws=options.shared_draws
        )

    if options.begin_with and not options.estimate:
        begun = read_trials(options.begin_with)
        for what, ours in (
            ("task", objective.task), ("source", objective.data), ("engine", objective.engine)
        ):  # fmt: skip
            if what in begun and (begun[what].dropna() != ours).any():
                raise ValueError(f"--begin-with must be a table with {what} {ours!r}")
        odyssey.check_recipe(begun, options.epochs, options.patience)
        restore(begun, searcher(), storage=storage, name=name)
    known = _known(storage, name)
    _tell(f"{objective.task}: {objective.data}, {len(variants)} variants, {options.trials} trials "
          f"each, {min(len(known), total)} of {total} done")  # fmt: skip
    _tell(_estimate(objective, searcher(), known, total, _workers(options)))
    if options.estimate:
        return ""
    executor, leave = _executor(options)
    try:
        study = search(
            searcher(), objective, total,
            executor=executor, storage=storage, name=name, progress=not options.quiet,
        )  # fmt: skip
    except Interrupted as stopped:
        write_trials(table(stopped.study), out)
        raise
    finally:
        leave()
    trials = table(study)
    write_trials(trials, out)
    return f"{_summary(trials)}\n{len(trials)} trials: {out}; as a study of Optuna's: {storage}"


def _check_places(storage: str, out: Path) -> None:
    """See that the study and its table have a place to stay, before hours are spent on them."""
    if storage.startswith("sqlite://") and (":memory:" in storage or not storage[9:].strip("/")):
        raise ValueError(f"--storage must be a file or a database that stays, got {storage!r}")
    if not out.parent.is_dir():
        raise ValueError(f"--out must lie in a folder that there is, got {str(out)!r}")
    if out.is_dir() or not os.access(out.parent, os.W_OK):
        raise ValueError(f"--out must be a file that may be written, got {str(out)!r}")
    if out.suffix == ".parquet" and find_spec("pyarrow") is None:
        raise ValueError("--out needs pyarrow to write Parquet: pip install lstmlab[parquet]")


def _estimate(
    objective: Training, searcher: Strata, known: pd.DataFrame, total: int, workers: int
) -> str:
    """How long the rest may take, in a sentence."""
    from lstmlab.search.forecast import an_epoch

    left = total - len(known)
    if left <= 0:
        return "nothing is left to do"
    seconds = an_epoch(objective, searcher)
    per = f"{seconds:.2g} s an epoch on one core"
    hours = _duration(left * objective.epochs * seconds / workers)
    answer = f"about {per}: at most {hours} with {workers} worker{'s' * (workers > 1)}"
    if len(known) >= 10 and "epochs" in known:
        epochs = known["epochs"].mean()
        share = known["epochs"].notna().mean()
        hours = _duration(left * share * epochs * seconds / workers)
        return f"{answer}; {hours} at the {epochs:.0f} epochs a trial that it ran so far"
    least = min(objective.patience + 2, objective.epochs)
    soon = _duration(left * least * seconds / workers)
    return f"{answer} (all {objective.epochs} epochs), at least {soon} ({least} epochs each)"


def _summary(trials: pd.DataFrame) -> str:
    """The best trial of each variant by validation, in a table."""
    import pandas as pd

    if trials["value"].isna().all():
        return "no trial has finished"
    best = trials.loc[trials.groupby("variant")["value"].idxmin().dropna()]
    counted = trials.groupby("variant")["state"].agg(
        trials="size", failed=lambda states: int((states == "failed").sum())
    )
    shown = best.set_index("variant")[["valid", "test", "blocks", "lr", "epochs"]]
    order = [name for name in VARIANTS if name in counted.index]
    with pd.option_context("display.width", 100):
        return str(counted.join(shown).loc[order].to_string(float_format=lambda x: f"{x:.4g}"))


def _known(storage: str, name: str) -> pd.DataFrame:
    """The trials that the storage holds."""
    import pandas as pd

    from lstmlab.search.storage import peek
    from lstmlab.search.trials import table

    study: Study | None = peek(storage, name)
    return pd.DataFrame() if study is None else table(study)


def _executor(options: argparse.Namespace) -> tuple[Executors, Callable[[], None]]:
    """Who works, and how to part from them."""
    if options.dask is None:
        from lstmlab.search import Serial

        return (Serial() if options.workers == 0 else options.workers), lambda: None
    client = _client(options.dask)
    return client, client.close


def _workers(options: argparse.Namespace) -> int:
    """How many work at once."""
    if options.dask is None:
        import loky

        if options.workers is not None and options.workers < 0:
            raise ValueError(f"--workers must be 0 or more, got {options.workers}")
        cores: int = loky.cpu_count()
        return cores if options.workers is None else max(options.workers, 1)
    client = _client(options.dask)
    try:
        threads: dict[str, int] = client.nthreads()
        if not threads:
            _tell(f"no worker has joined {options.dask} yet: dask worker {options.dask}")
        return max(sum(threads.values()), 1)
    finally:
        client.close()


def _client(address: str):  # type: ignore[no-untyped-def]
    try:
        from distributed import Client
    except ImportError as error:
        raise OSError("--dask needs Dask: pip install lstmlab[dask]") from error
    try:
        return Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise OSError(f"no Dask scheduler answers at {address!r} ({error})") from error


def _names(word: str) -> Sequence[str]:
    """Variants as they are typed: all, V, or V,NP."""
    names = list(VARIANTS) if word == "all" else [name for name in word.split(",") if name]
    for name in names:
        if name not in VARIANTS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of all, {', '.join(VARIANTS)}")
    if not names:
        raise argparse.ArgumentTypeError(f"{word!r} names no variant")
    return names


def _count(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number, 1 or more")
    return int(word)


def _duration(seconds: float) -> str:
    for size, unit in ((172800.0, "days"), (7200.0, "hours"), (120.0, "minutes")):
        if seconds >= size:
            of = {"days": 86400, "hours": 3600, "minutes": 60}[unit]
            return f"{seconds / of:.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()

"""One loop for every searcher: ask, evaluate, write down, tell."""

import warnings
from collections import deque
from collections.abc import Sized

from optuna.study import Study
from tqdm.auto import tqdm

from lstmlab.search.ledger import Ledger, own_trials, seed_of
from lstmlab.search.outcome import Objective
from lstmlab.search.searcher import (
    Searcher,
    check_count,
    check_direction,
    check_seed,
    claim,
    claimed,
)
from lstmlab.search.space import check_space, settle
from lstmlab.search.storage import Storage, opened
from lstmlab.search.workers import Crew, Executors, Job


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; `study` holds the trials that had ended, and `run` goes on with it."""

    def __init__(self, study: Study, trials: int) -> None:
        ended = own_trials(study)
        super().__init__(
            f"stopped after {len(ended)} of {trials} trials: the same call, with a new searcher, "
            "goes on with them if storage is a file; if not, give this error's study as storage"
        )
        self.study = study


def run(
    searcher: Searcher,
    objective: Objective,
    trials: int,
    *,
    executor: Executors = None,
    storage: Storage = None,
    name: str = "study",
    progress: bool = True,
) -> Study:
    """Search until the study has so many trials.

    Parameters
    ----------
    searcher : Searcher
        A new one, made as the first time: if the study has been begun before, it is told what came
        of its trials.
    objective : callable
        (params, seed) -> a float, or a dict with a float as "value" and whatever else is to be
        kept of the trial: numbers, words, lists or dicts of them. The seed is fixed by the
        searcher's seed and the trial's number. If it is a dataclass, its fields are part of what
        the study is, and one with others cannot go on with it: what their `repr` says, arrays in
        full, functions by their names. A field with `repr=False` is not looked at.
    trials : int
        How many the study shall have when this returns; those that it has already count.
    executor : concurrent.futures.Executor, callable, int or dask client, optional
        Who evaluates: so many local processes, by default one for each core; `Serial()` for this
        process; any executor; or a function that makes one, which can be made again when one of
        its workers dies and it breaks.
    storage : str, Path, optuna storage or study, optional
        A file that ends in .db, .sqlite or .sqlite3 (SQLite), or in .journal, .log or .jsonl
        (journal), or the address of a database. In memory unless given. A study goes on where it
        was.
    name : str
        Of the study: a storage can hold many.
    progress : bool
        Show a bar with the time left, the best value so far and the number of failed trials.

    Returns
    -------
    optuna.study.Study
        Trials stand in it in the order in which they ended; the attributes of each hold its
        `number` in the order in which they were asked for, its `seed` and its `seconds`, why it
        failed if it did (`reason`), and what the objective returned. `table` puts them in order.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above, or the storage is damaged or holds another study.
    BlockingIOError
        If another process is running a study in the same file.
    OSError
        If a trial cannot be written down, as on a full disk.
    RuntimeError
        If the executor is shut down, or breaks and cannot be made again.
    Interrupted
        At Ctrl-C.

    Warns
    -----
    RuntimeWarning
        If every trial has failed, or the study was begun with another version of lstmlab.

    Notes
    -----
    An exception, NaN or infinity is a failed trial, and so is a trial whose worker dies three
    times. Every trial is in the storage before the next one is waited for, so a kill loses those in
    flight and no others.

    The searcher is asked for whole batches, and told of whole batches, in a fixed order: batch j is
    asked for when batches 0 to j - 1 - `lag` have been told, and no others. What it knows does not
    depend on who ended first, so the same seed gives the same trials with any number of workers
    and interruptions. Where `trials` ends in the middle of a batch, the rest of it waits.
    """
    trials = check(searcher, objective, trials)
    if not isinstance(name, str) or not name:
        raise ValueError(f"name must be a word, got {name!r}")
    with opened(storage, name, searcher.direction) as study:
        ledger = Ledger(study, searcher, objective)
        crew = Crew(objective, executor)
        try:
            with _bar(searcher, ledger, trials, progress) as bar:
                _search(searcher, trials, ledger, crew, bar)
        except BaseException as error:
            try:
                for job, outcome in crew.ended() if ledger.whole else ():
                    ledger.add(job.number, job.params, job.seed, outcome)
            finally:
                crew.close(at_once=True)
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(study, trials) from None
            raise
        crew.close(at_once=False)
    if len(ledger) and ledger.best is None:
        reason = ledger[0].user_attrs.get("reason") if 0 in ledger else ""
        warnings.warn(
            f"all {len(ledger)} trials failed; trial 0: {reason}", RuntimeWarning, stacklevel=2
        )
    return study


def _search(searcher: Searcher, trials: int, ledger: Ledger, crew: Crew, bar: "tqdm[None]") -> None:
    claim(searcher)
    out: deque[range] = deque()  # batches that have been asked for and not told
    asked, may_ask = 0, True
    while True:
        while may_ask and asked < trials and len(out) <= searcher.lag:
            proposals = [settle(searcher.space, p) for p in searcher.ask(searcher.batch)]
            may_ask = bool(proposals)  # if it has none, only results can change that
            batch = range(asked, asked + len(proposals))
            for number, params in zip(batch, proposals, strict=True):
                if number < trials and not ledger.holds(number, params):
                    crew.add(Job(number, params, seed_of(searcher.seed, number)))
            if proposals:
                out.append(batch)
                asked = batch.stop
        if out and all(number in ledger for number in out[0]):
            searcher.tell([ledger[number] for number in out.popleft()])
            may_ask = True
        elif len(crew):
            job, outcome = crew.next()
            ledger.add(job.number, job.params, job.seed, outcome)
            bar.set_postfix_str(_so_far(ledger), refresh=False)
            bar.update()
        else:
            return


def _bar(searcher: Searcher, ledger: Ledger, trials: int, progress: bool) -> "tqdm[None]":
    most = min(trials, len(searcher)) if isinstance(searcher, Sized) else trials
    known = min(len(ledger), most)
    return tqdm(total=most, initial=known, unit="trial", disable=not progress, leave=False)


def _so_far(ledger: Ledger) -> str:
    best = "none finished" if ledger.best is None else f"best {ledger.best:.4g}"
    return best + (f", {ledger.failed} failed" if ledger.failed else "")


def check(searcher: Searcher, objective: Objective, trials: int) -> int:
    """See that the arguments are what they should be; how many trials, as an int."""
    for what in ("ask", "tell", "space", "seed", "direction", "batch", "lag"):
        if not hasattr(searcher, what):
            raise TypeError(
                f"searcher must be a Searcher, such as RandomSearch(space), got {searcher!r}, "
                f"which has no {what}"
            )
    check_space(searcher.space)
    check_seed(searcher.seed)
    check_direction(searcher.direction)
    check_count(searcher.batch, "the searcher's batch")
    check_count(searcher.lag, "the searcher's lag", least=0)
    if not callable(objective):
        raise TypeError(f"objective must be a function of params and seed, got {objective!r}")
    trials = check_count(trials, "trials")
    if claimed(searcher):
        raise ValueError(
            "searcher must be a new one, made as this one was: it has been asked in another call, "
            "and its next proposals depend on that"
        )
    return trials

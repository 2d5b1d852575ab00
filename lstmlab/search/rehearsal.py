"""Searches whose objective costs nothing: a formula, or a table of what has been trained."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from optuna.trial import FrozenTrial

from lstmlab.search.ledger import finished, seed_of
from lstmlab.search.loop import check
from lstmlab.search.outcome import Objective, evaluate
from lstmlab.search.searcher import Searcher, claim
from lstmlab.search.space import settle
from lstmlab.search.trials import tabled

if TYPE_CHECKING:
    import pandas as pd


def rehearse(searcher: Searcher, objective: Objective, trials: int) -> pd.DataFrame:
    """Search as `run` does, in this process and in memory alone.

    The trials are those of `run` with the same searcher, to the bit, with a small part of its
    bookkeeping. A search that is rehearsed on what has been computed before can be repeated with
    many seeds.

    Parameters
    ----------
    searcher, objective, trials
        As for `run`.

    Returns
    -------
    DataFrame
        As `table` gives it.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as `run` wants it.
    """
    trials = check(searcher, objective, trials)
    claim(searcher)
    done: dict[int, FrozenTrial] = {}
    out: deque[range] = deque()  # batches that have been asked for and not told
    asked, may_ask = 0, True
    while True:
        while may_ask and asked < trials and len(out) <= searcher.lag:
            proposals = [settle(searcher.space, params) for params in searcher.ask(searcher.batch)]
            may_ask = bool(proposals)
            batch = range(asked, asked + len(proposals))
            for number, params in zip(batch, proposals, strict=True):
                if number < trials:
                    seed = seed_of(searcher.seed, number)
                    outcome = evaluate(objective, params, seed)
                    done[number] = finished(number, params, seed, outcome, searcher.space)
                    done[number].number = number
            if proposals:
                out.append(batch)
                asked = batch.stop
        if not out or out[0].stop > trials:
            return tabled(list(done.values()), list(searcher.space))
        searcher.tell([done[number] for number in out.popleft()])
        may_ask = True

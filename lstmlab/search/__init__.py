"""The search for good hyperparameters: one loop, many searchers, any number of machines."""

from lstmlab.search.grid import GridSearch
from lstmlab.search.halving import BoxHalving
from lstmlab.search.loop import Interrupted, run
from lstmlab.search.random import RandomSearch
from lstmlab.search.searcher import Searcher
from lstmlab.search.space import Space
from lstmlab.search.strata import Strata
from lstmlab.search.trials import read_trials, restore, table, write_trials
from lstmlab.search.workers import Serial, local_pool

__all__ = [
    "BoxHalving",
    "GridSearch",
    "Interrupted",
    "RandomSearch",
    "Searcher",
    "Serial",
    "Space",
    "Strata",
    "local_pool",
    "read_trials",
    "restore",
    "run",
    "table",
    "write_trials",
]

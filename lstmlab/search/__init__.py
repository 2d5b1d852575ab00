"""The search for good hyperparameters: one loop, many searchers, any number of machines.

The functions of tables are imported when they are first asked for: a worker needs no pandas, and
starts in half the time without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from lstmlab.search.climber import Climber
from lstmlab.search.downhill import GradientDescent
from lstmlab.search.gaussian import GaussianProcess
from lstmlab.search.genetic import Gene, Genetic, Genome
from lstmlab.search.grid import GridSearch
from lstmlab.search.halving import BoxHalving
from lstmlab.search.loop import Interrupted, run
from lstmlab.search.newton import Newton
from lstmlab.search.quasi import QuasiNewton
from lstmlab.search.random import RandomSearch
from lstmlab.search.relaxed import Relaxed
from lstmlab.search.searcher import Searcher
from lstmlab.search.space import Space
from lstmlab.search.strata import Strata
from lstmlab.search.swarm import ParticleSwarm
from lstmlab.search.tpe import TPE
from lstmlab.search.workers import Serial, local_pool

if TYPE_CHECKING:
    from lstmlab.search.rehearsal import rehearse
    from lstmlab.search.trials import read_trials, restore, table, write_trials

__all__ = [
    "TPE",
    "BoxHalving",
    "Climber",
    "GaussianProcess",
    "Gene",
    "Genetic",
    "Genome",
    "GradientDescent",
    "GridSearch",
    "Interrupted",
    "Newton",
    "ParticleSwarm",
    "QuasiNewton",
    "RandomSearch",
    "Relaxed",
    "Searcher",
    "Serial",
    "Space",
    "Strata",
    "local_pool",
    "read_trials",
    "rehearse",
    "restore",
    "run",
    "table",
    "write_trials",
]


_OF_TABLES = {"rehearse": "rehearsal"} | dict.fromkeys(
    ("read_trials", "restore", "table", "write_trials"), "trials"
)


def __getattr__(name: str) -> object:
    if name in _OF_TABLES:
        return getattr(import_module(f"lstmlab.search.{_OF_TABLES[name]}"), name)
    raise AttributeError(f"module 'lstmlab.search' has no attribute {name!r}")

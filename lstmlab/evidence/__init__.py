"""Evidence: what the trials of a search say about variants and hyperparameters."""

from lstmlab.evidence.boxes import Boxes, Steps, leaf_boxes
from lstmlab.evidence.contest import best_so_far, contest
from lstmlab.evidence.fanova import Fanova, Surface
from lstmlab.evidence.ranking import Ranking
from lstmlab.evidence.trials import as_table, finished
from lstmlab.evidence.variants import best_trials, compare_variants, permutation_p
from lstmlab.evidence.verdicts import Curve, Verdicts
from lstmlab.evidence.welch import Welch, bootstrap_interval, hedges_g, welch
from lstmlab.search.cube import Side

__all__ = [
    "Boxes",
    "Curve",
    "Fanova",
    "Ranking",
    "Side",
    "Steps",
    "Surface",
    "Verdicts",
    "Welch",
    "as_table",
    "best_so_far",
    "best_trials",
    "bootstrap_interval",
    "compare_variants",
    "contest",
    "finished",
    "hedges_g",
    "leaf_boxes",
    "permutation_p",
    "welch",
]

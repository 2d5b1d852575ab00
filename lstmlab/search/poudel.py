"""What Poudel et al. search: four hyperparameters of a classifier of reviews, and their genome."""

from __future__ import annotations

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from lstmlab.search.genetic import Gene

SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(0.0005, 0.5115),
    "hidden": IntDistribution(1, 511),
    "epochs": IntDistribution(1, 15),
    "maxlen": IntDistribution(1, 511),
}
"""Learning rate α, numHidden, numEpochs and maxLength (section III), even on their own scales."""

GENES = {
    "lr": Gene(10, 1 / 2000),
    "hidden": Gene(9, 1),
    "epochs": Gene(4, 1),
    "maxlen": Gene(9, 1),
}
"""The genome of 32 bits (section III-3): 0 becomes 0.0005 for the rate, and 1 for the others."""

"""The study of Poudel et al.: four hyperparameters of a classifier of reviews, and their genome."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf, ulp

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from lstmlab.search.gaussian import GaussianProcess
from lstmlab.search.genetic import Gene, Genetic
from lstmlab.search.outcome import Answer
from lstmlab.search.random import RandomSearch
from lstmlab.search.searcher import Searcher, check_count, check_number
from lstmlab.search.space import Params, Space
from lstmlab.search.swarm import ParticleSwarm
from lstmlab.search.tpe import TPE
from lstmlab.tasks import Task, load
from lstmlab.tasks.reviews import seen
from lstmlab.training import BatchRecipe, Classifier, train_classifier

SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(0.0005, 0.5115),
    "hidden": IntDistribution(1, 511),
    "epochs": IntDistribution(1, 15),
    "maxlen": IntDistribution(1, 511),
}
"""Learning rate α, numHidden, numEpochs and maxLength (section III), even on their own scales."""

LOG_SPACE: dict[str, BaseDistribution] = SPACE | {
    "lr": FloatDistribution(0.0005, 0.5115, log=True),
    "hidden": IntDistribution(1, 511, log=True),
}
"""The same ranges, with equal factors of rate and width equally likely."""

GENES = {
    "lr": Gene(10, 1 / 2000),
    "hidden": Gene(9, 1),
    "epochs": Gene(4, 1),
    "maxlen": Gene(9, 1),
}
"""The genome of 32 bits (section III-3): 0 becomes 0.0005 for the rate, and 1 for the others."""

BUDGETS = {
    "random": 70, "TPE of 2011": 70, "genetic I": 1400, "genetic II": 710, "genetic III": 710,
}  # fmt: skip
"""Evaluations of the paper's methods (section III). The TPE of 2011 is what its hyperopt does."""
IN_GRID = ("random", "TPE of 2011", "genetic I", "genetic III")
"""Whose winners the paper combines in a grid at the end (section IV)."""
METHODS = (*BUDGETS, "TPE", "Gaussian process", "genetic short", "swarm")


def contestant(
    method: str, space: Space, genes: Mapping[str, Gene] | None = None, seed: int = 0
) -> Searcher:
    """One of `METHODS`, for errors.

    Approaches I to III have the accuracy, which is 1 less the error, as fitness (section III-3).
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    match method.partition(" "):
        case "genetic", _, "short":
            return Genetic.approach("short", space, genes=genes, seed=seed)
        case "genetic", _, approach:
            return Genetic.approach(
                approach, space, genes=genes, seed=seed, fitness=lambda error: 1 - error
            )
        case "TPE", _, version:
            ours = not version
            return TPE(space, seed=seed, joint=ours, weighted=ours)
        case "Gaussian", _, _:
            return GaussianProcess(space, seed=seed)
        case "swarm", _, _:
            return ParticleSwarm(space, seed=seed)
    return RandomSearch(space, seed=seed)


def numbers(params: Params) -> list[float]:
    """The four hyperparameters in the order of `SPACE`; ValueError if one is no number above 0."""
    what = "a number above 0"
    return [check_number(params.get(name), name, ulp(0.0), inf, what) for name in SPACE]


@lru_cache(maxsize=1)
def all_reviews(source: str) -> Task:
    """`load("reviews", source=source)`, once for a process."""
    return load("reviews", source=source)


@lru_cache(maxsize=2)
def reviews(source: str, train: int | None = None, valid: int | None = None) -> Task:
    """The first so many reviews to train on, and to validate on; all if None.

    A search tests nothing: where `valid` is more than the validation set has, reviews of the test
    set follow, and as a test only one review is left.
    """
    task = all_reviews(source)
    every = [*task.valid, *task.test]
    train = len(task.train) if train is None else check_count(train, "train")
    valid = len(task.valid) if valid is None else check_count(valid, "valid")
    if train > len(task.train) or valid > len(every):
        raise ValueError(
            f"train and valid must be at most {len(task.train)} and {len(every)}, "
            f"got {train} and {valid}"
        )
    return replace(task, train=task.train[:train], valid=every[:valid], test=every[:1])


@dataclass(frozen=True)
class Reading:
    """The objective: train a classifier on the first words of reviews (section III).

    An embedding, one layer of LSTM blocks without peepholes and one output, trained with Adam, 32
    reviews a batch; of `params`, `hidden` is the number of blocks, `lr` the learning rate, `epochs`
    how often all reviews are read and `maxlen` how many words of each, <START> being one.

    Attributes
    ----------
    source : str
        As for `load("reviews", source=…)`.
    train, valid : int, optional
        How many reviews are trained on and validated on; all if None.
    embedding : int
        Numbers that stand for a word; the paper does not say how many.
    epochs : int, optional
        Where they are no hyperparameter. The accuracy after each is what a training of so many
        would have come to.
    """

    source: str = "generated"
    train: int | None = None
    valid: int | None = None
    embedding: int = 16
    epochs: int | None = None

    def task(self) -> Task:
        """The reviews."""
        return reviews(self.source, self.train, self.valid)

    def __call__(self, params: Params, seed: int) -> Answer:
        """The errors on the validation reviews after the last epoch, and the accuracy after each.

        A hyperparameter `repeat`, where there is one, is the seed. A training that diverges has no
        value. `seconds` are those of one core, by its own clock.
        """
        if self.epochs is not None:
            params = {**params, "epochs": self.epochs}
        lr, hidden, epochs, maxlen = numbers(params)
        seed = int(params.get("repeat", seed))  # type: ignore[arg-type]
        task = seen(self.task(), int(maxlen))
        network = Classifier(task.inputs, int(hidden), embedding=self.embedding, variant="NP")
        recipe = BatchRecipe(lr=lr, epochs=int(epochs))
        began = time.thread_time()  # other trials may be under way in this process
        done = train_classifier(network, task, recipe, seed=seed, progress=False)
        seconds = time.thread_time() - began
        accuracy = [round(found, 6) for found in done.history.accuracy]
        right = accuracy[-1] if done.stopped == "epochs" else float("nan")
        return {
            "value": 1 - right,
            "accuracy": accuracy,
            "stopped": done.stopped,
            "seconds": seconds,
        }

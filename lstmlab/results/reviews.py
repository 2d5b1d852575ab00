"""Who understands a review? Bags of words and n-grams against networks that read in order.

    python -m lstmlab.results.reviews
    python -m lstmlab.results.reviews --real

The first computes on the made-up reviews, the second on the texts of IMDB (from `$LSTMLAB_DATA` or
the cache). Every contestant's settings are chosen on the validation set: those of a network with a
seed of its own, then every other seed trains one; on IMDB the rate that is best for the first
network serves all. With `--kept FILE` finished pieces are noted in a file, to go on from after a
break.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from lstmlab.results import Row
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line, publish, tuned
from lstmlab.tasks import Task, load
from lstmlab.tasks.reviews import ARCHIVE, KERAS
from lstmlab.tasks.reviews.scores import accuracy, average_precision
from lstmlab.tasks.reviews.words import seen, text
from lstmlab.tasks.task import SPLITS
from lstmlab.training.batches import BatchRecipe, ClassifierRun, train_classifier
from lstmlab.training.classifier import Classifier

ALL = 10_000  # words: more than any review has
TUNED_ON = 100
PENALTIES = (0.003, 0.03, 0.3, 3.0, 30.0)
SMOOTHINGS = (0.1, 0.3, 1.0, 3.0, 10.0)
NETWORKS: dict[str, dict[str, Any]] = {
    "LSTM": {},
    "LSTM, mean": {"pooling": "mean"},
    "two layers": {"layers": 2},
    "dropout": {"dropout": 0.3},
    "both directions": {"directions": 2},
    "both directions, attention": {"directions": 2, "pooling": "attention"},
}
"""What differs from one layer that reads forwards and answers after the last word."""
COUNTED = ("naive Bayes", "bag of words", "up to four words")
RARE = {"generated": 2, "real": 5}
"""A run of words that occurs in fewer training reviews is not counted."""


@dataclass(frozen=True)
class Plan:
    """What is computed on one source."""

    seeds: Sequence[int]
    blocks: int
    embedding: int
    recipe: BatchRecipe
    rates: Sequence[float]
    length: int
    lengths: Sequence[int]
    length_seeds: Sequence[int]
    networks: Sequence[str]
    one_rate: bool


PLANS = {
    "generated": Plan(
        range(10), 32, 16, BatchRecipe(epochs=15, keep="best"), (0.003, 0.01), ALL,
        (5, 10, 20, 30, 40, 60, 80, ALL), range(5), tuple(NETWORKS), False,
    ),
    "real": Plan(
        range(3), 64, 32, BatchRecipe(epochs=5, keep="best"), (0.001, 0.003), 200,
        (25, 50, 100, 200, 400), range(2),
        ("LSTM", "LSTM, mean", "both directions, attention"), True,
    ),
}  # fmt: skip


def settings() -> tuple[object, ...]:
    """What a finished piece depends on that its name does not say."""
    plans = [
        (source, plan.blocks, plan.embedding, plan.recipe, plan.length)
        for source, plan in PLANS.items()
    ]
    return plans, NETWORKS, PENALTIES, SMOOTHINGS, RARE


def network(task: Task, plan: Plan, name: str) -> Classifier:
    """One of `NETWORKS` for a task."""
    return Classifier(task.inputs, plan.blocks, embedding=plan.embedding, **NETWORKS[name])


def by_counts(task: Task, name: str, rare: int = 1) -> dict[str, float]:
    """One of `COUNTED`: what can be said from which words, or runs of up to four, a review has.

    Naive Bayes takes the words to be independent of each other; the other two are logistic
    regression. Which words there are counts, not how often (Wang and Manning 2012).

    Returns
    -------
    dict
        The penalty or smoothing that did best on the validation set, accuracy there and on the
        test set, the area under the precision-recall curve, and how many weights there are.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB

    runs = (1, 4) if name == "up to four words" else (1, 1)
    counts = CountVectorizer(
        analyzer="word", token_pattern=r"\S+", lowercase=False, binary=True, ngram_range=runs,
        min_df=rare if runs == (1, 4) else 1,
    )  # fmt: skip
    said = {split: [text(task, x) for x, _ in task.split(split)] for split in SPLITS}
    liked = {split: np.array([t[0] for _, t in task.split(split)]) for split in SPLITS}
    x = {"train": counts.fit_transform(said["train"])}
    x |= {split: counts.transform(said[split]) for split in SPLITS[1:]}
    made = (
        [MultinomialNB(alpha=alpha) for alpha in SMOOTHINGS]
        if name == "naive Bayes"
        else [LogisticRegression(C=C, solver="liblinear") for C in PENALTIES]
    )
    models = [model.fit(x["train"], liked["train"]) for model in made]
    best = int(np.argmax([model.score(x["valid"], liked["valid"]) for model in models]))
    p = {split: models[best].predict_proba(x[split])[:, 1] for split in SPLITS}
    return {
        "setting": (SMOOTHINGS if name == "naive Bayes" else PENALTIES)[best],
        "valid": accuracy(p["valid"], liked["valid"]),
        "test": accuracy(p["test"], liked["test"]),
        "area": average_precision(p["test"], liked["test"]),
        "weights": x["train"].shape[1] + 1,
    }


def fit(task: Task, plan: Plan, name: str, lr: float, seed: int) -> ClassifierRun:
    """One network of the result."""
    recipe = replace(plan.recipe, lr=lr)
    return train_classifier(network(task, plan, name), task, recipe, seed=seed, progress=False)


def measured(task: Task, plan: Plan, name: str, lr: float, seed: int) -> dict[str, float]:
    """What a network comes to, as plain numbers."""
    run = fit(task, plan, name, lr, seed)
    xs, targets = zip(*task.test, strict=True)
    p = run.network.predict(run.params, xs)[:, 0].astype(float)
    return {
        "setting": lr, "valid": run.valid_accuracy, "test": run.test_accuracy,
        "area": average_precision(p, np.array([t[0] for t in targets])),
        "weights": run.network.size, "epoch": run.epoch, "seconds": run.seconds,
    }  # fmt: skip


def compute(source: str, kept: Kept[dict[str, float]]) -> tuple[list[Row], list[Row], str]:
    """The contestants at one length, what lengths and ends cost, and the data's name."""
    plan = PLANS[source]
    whole = load("reviews", source=source)
    if whole.title == KERAS:
        raise ValueError(
            f"reviews must be the texts of IMDB, got {KERAS}; put {ARCHIVE.filename} beside it"
        )
    task = seen(whole, plan.length)
    rows: list[Row] = []
    lengths: list[Row] = []

    def add(table: list[Row], found: dict[str, float], **what: str | int) -> None:
        row: Row = {"source": whole.source, **what}
        row |= {"setting": found["setting"], "weights": int(found["weights"])}
        row |= {key: round(found[key], 4) for key in ("valid", "test", "area")}
        table.append(row)
        print(row, flush=True)

    def trained(name: str, lr: float, seed: int) -> dict[str, float]:
        make = partial(measured, task, plan, name, lr, seed)
        return kept.get(f"{source}, {name}, {lr}, {seed}", make)

    def valid(name: str, lr: float) -> float:
        return trained(name, lr, TUNED_ON)["valid"]

    for name in COUNTED:
        found = kept.get(f"{source}, {name}", partial(by_counts, task, name, RARE[source]))
        add(rows, found, contestant=name, seed=0)
    rates = {}
    for name in plan.networks:
        judge = plan.networks[0] if plan.one_rate else name
        rates[name] = tuned(f"{source}, {judge}", plan.rates, partial(valid, judge), max)
        for seed in plan.seeds:
            add(rows, trained(name, rates[name], seed), contestant=name, seed=seed)
    for end in ("first", "last"):
        for length in plan.lengths:
            cut = seen(whole, length, end)
            name = f"{source}, {end} {length}"
            words = int(np.mean([len(x) for x, _ in cut.train]))
            found = kept.get(f"{name}, bag", partial(by_counts, cut, "bag of words"))
            add(lengths, found, contestant="bag of words", end=end, length=length, seed=0,
                words=words)  # fmt: skip
            for seed in plan.length_seeds:
                make = partial(measured, cut, plan, "LSTM", rates["LSTM"], seed)
                same = (end, length) == ("first", plan.length) and seed in plan.seeds
                known = f"{source}, LSTM, {rates['LSTM']}, {seed}"
                found = kept.get(known if same else f"{name}, LSTM, {rates['LSTM']}, {seed}", make)
                add(lengths, found, contestant="LSTM", end=end, length=length, seed=seed,
                    words=words)  # fmt: skip
    return rows, lengths, whole.source


def main() -> None:
    """Compute the tables and record them."""
    options = command_line(__doc__, real="IMDB").parse_args()
    kept: Kept[dict[str, float]] = Kept(settings(), options.kept)
    rows, lengths, source = compute("real" if options.real else "generated", kept)
    publish(
        "reviews-imdb" if options.real else "reviews",
        {"": rows, "lengths": lengths},
        command="reviews" + (" --real" if options.real else ""),
        seconds=kept.seconds,
        by="compiled layers, float32",
        sources=[source],
    )


if __name__ == "__main__":
    main()

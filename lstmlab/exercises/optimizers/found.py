"""Checks of the exercises in the chapter "The rules the machine found"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import call, close, function, members, number, several, whole

Array = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f", "g")


@exercise("optimizers.found-hold", kind="recall")
def found_hold(answer: object) -> str:
    """What holds of the factor, of small gradients, of drops, and of grids."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "same-rate", "In your answer PowerSign has SGD's rate where gradients are noise.",
         "How often do the signs agree there? And what is the factor on average?"),
        ("e", "edge-of-the-grid", "In your answer a best rate at the end of the grid is tuned.",
         "What is known of the rates beyond the end?"),
        ("f", "scale", "In your answer Adam times the factor notices the scale of the loss.",
         "What do Adam and the two signs become if all gradients are 100 times as large?"),
        ("g", "new-rate", "In your answer another rate makes up for another scale of any loss.",
         "Let g double. By what is m · exp(g²) multiplied? Is it the same for all g?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "against", "In your answer PowerSign may have another sign than the gradient.",
         "Which sign has e to any power?"),
        ("c", "exponentials", "In your answer m · exp(v) is not momentum where gradients are "
         "small.", "What is exp(x) for small x?"),
        ("d", "drop", "In your answer momentum with drops does not go 0.7 of the way.",
         "Which part of the weights moves at a step? And are those that move stretched?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "Most of the sixteen formulas are rates and constants in disguise."


BETAS = (0.05, 0.3, 0.5, 0.9, 0.99)


@exercise("optimizers.noise-agrees", kind="derive")
def noise_agrees(answer: object) -> str:
    """How often noise has the sign of its own average."""
    f = function(answer, "beta")
    got = np.array([number(call(f, beta)) for beta in BETAS])

    def is_like(way: Callable[[Array], Array]) -> bool:
        return close(got, way(np.array(BETAS)), 1e-6)

    if is_like(lambda b: 0.5 + np.arcsin(np.sqrt(1 - b**2)) / np.pi):
        return "0.644 with β = 0.9, and 0.545 with 0.99."
    for mistake, way, says, hint in (
        ("coin", lambda b: np.full_like(b, 0.5), "Your signs agree by chance alone.",
         "Is the newest gradient not in the average?"),
        ("weight", lambda b: 1 - b / 2, "You let the newest gradient decide with its weight.",
         "It decides more often than its weight says: the others cancel each other. How large is "
         "their sum?"),
        ("covariance", lambda b: 0.5 + np.arcsin(1 - b) / np.pi, "You have the covariance of "
         "gradient and average in place of their correlation.", "What is the variance of the "
         "average?"),
        ("linear", lambda b: 0.5 + np.sqrt(1 - b**2) / 2, "The correlation is right, the "
         "probability is not.", "Put β = 0.8: with a correlation of 0.6, in which part of the "
         "directions of a plane do the signs agree?"),
        ("apart", lambda b: 0.5 - np.arcsin(np.sqrt(1 - b**2)) / np.pi, "That is how often they "
         "differ.", "With β = 0 the average is the gradient. How often do they agree?"),
        ("twice", lambda b: 2 * np.arcsin(np.sqrt(1 - b**2)) / np.pi, "That is by how much more "
         "often they agree than differ.", "The shares of agreeing and of differing add up to 1."),
        ("variance", lambda b: 0.5 + np.arcsin(np.clip((1 - b) / np.sqrt(1 - b), 0, 1)) / np.pi,
         "The variance of your average is too large.", "The squares of the weights are a "
         "geometric series in β²."),
    ):  # fmt: skip
        if is_like(way):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong("another-share", "With your formula the signs agree in another share of steps.",
                hint="The correlation first: the covariance of g and m over both deviations. Then "
                "the sentence about two normal variables.")  # fmt: skip


ALPHAS = (np.e, 1.5, 2.0, 10.0, 0.5)


@exercise("optimizers.same-family", kind="derive")
def same_family(answer: object) -> str:
    """Which AddSign, at which rate, is a PowerSign."""
    f = function(answer, "alpha")
    rows = [several(call(f, alpha), "kappa", "a") for alpha in ALPHAS]
    got = np.array([[number(part) for part in row] for row in rows])
    alphas = np.array(ALPHAS)
    even, odd = (alphas + 1 / alphas) / 2, (alphas - 1 / alphas) / 2

    def is_like(kappa: Array, a: Array) -> bool:
        return close(got, np.stack([kappa, a], axis=1), 1e-6)

    if is_like(odd, even / odd):
        return "For α = e: 1.175 times the AddSign with 1.313. One family, two names."
    one = np.ones_like(alphas)
    for mistake, kappa, a, says, hint in (
        ("not-divided", odd, even, "Your factor is right, the constant is not.",
         "The factor stands in front of the whole bracket, and so before the constant, too."),
        ("upside-down", odd, odd / even, "Your constant is upside down.",
         "Where the signs agree the bracket is a + 1, where they differ a - 1. What must their "
         "ratio be?"),
        ("other-part", even, odd / even, "You have taken out the other part.",
         "In AddSign the signs stand in the bracket without a factor of their own."),
        ("no-factor", one, even / odd, "The constant is right, the factor is missing.",
         "At what is the step where the signs agree: α, or a + 1?"),
        ("one-case", alphas, 0 * one, "Your rule is right in one of the two cases.",
         "There are two equations: one for signs that agree, one for signs that differ."),
        ("two-numbers", alphas, 1 / alphas, "Those are the two factors that must come out.",
         "Solve κ (a + 1) = α and κ (a - 1) = 1/α for κ and a."),
        ("exchanged", even / odd, odd, "The two numbers have changed places.",
         "The factor first."),
    ):  # fmt: skip
        if is_like(kappa, a):
            raise Wrong(mistake, says, hint=hint)
    at = int(np.argmax(np.abs(got - np.stack([odd, even / odd], axis=1)).max(axis=1)))
    raise Wrong("another-rule", f"For α = {ALPHAS[at]:.3g} yours is another rule.",
                hint="Two equations, one for signs that agree, one for signs that differ; two "
                "unknowns.")  # fmt: skip


@exercise("optimizers.paper-choice", kind="build")
def paper_choice(answer: object) -> str:
    """The rate that the paper's procedure chooses, and what it reports of it."""
    f = function(answer, "accuracy")
    tables = _tables()
    got: list[tuple[int, float]] = []
    for table in tables:
        chosen, reported = several(call(f, table.copy()), "index", "accuracy")
        got.append((whole(chosen), number(reported)))

    def is_like(way: Callable[[Array], tuple[int, float]]) -> bool:
        return all(
            mine[0] == theirs[0] and close(mine[1], theirs[1])
            for mine, theirs in zip(got, map(way, tables), strict=True)
        )

    if is_like(_chosen):
        return "What is reported was not used to choose."
    for mistake, way, says, hint in (
        ("failures-skipped", lambda t: _chosen(t, skip=True), "You leave trainings that failed "
         "out of the mean.", "Is a rate better because those that failed with it are not counted?"),
        ("chosen-late", lambda t: _chosen(t, epoch=-1), "You choose by the last epoch.",
         "What is the accuracy that you then report worth?"),
        ("chosen-anyhow", lambda t: _chosen(t, epoch=None), "You choose by all epochs together.",
         "After which epoch does the paper choose?"),
        ("reported-early", lambda t: _chosen(t, report=0), "You report the epoch by which you "
         "chose.", "How long is the chosen rate trained?"),
        ("reported-best", lambda t: _chosen(t, report=None), "You report the best epoch.",
         "Who tells you, without the test, which epoch is the best?"),
        ("lucky-seed", lambda t: _chosen(t, lucky=True), "You choose by the luckiest seed.",
         "How often does each rate get to play?"),
        ("last-of-equals", lambda t: _chosen(t, last=True), "Of equal rates you take the last.",
         "Of two rates that are equally good the text asks for the smaller."),
    ):  # fmt: skip
        if is_like(way):
            raise Wrong(mistake, says, hint=hint)
    raise Wrong("another-choice", "For some table you choose another rate or report another mean.",
                hint="Failures are 0, first of all. Then a mean over seeds after the first epoch, "
                "and of the chosen rate a mean over seeds after the last.")  # fmt: skip


def _tables() -> list[Array]:
    """Accuracies of 7 rates, S seeds, E epochs; NaN after a failure."""
    rng = np.random.default_rng(5)
    tables = []
    for seeds, epochs in ((5, 5), (3, 2), (4, 3), (6, 5), (5, 4)):
        table = rng.uniform(0.2, 0.9, size=(7, seeds, epochs))
        for _ in range(6):
            table[rng.integers(7), rng.integers(seeds), rng.integers(epochs) :] = np.nan
        table[6, 1:] = np.nan
        table[6, 0] = 0.95  # one seed that did not fail
        tables.append(table)
    tied = np.full((4, 2, 3), 0.5)
    tied[0], tied[3, :, 1:] = 0.25, 0.75
    return [*tables, tied]


def _chosen(
    table: Array, *, skip: bool = False, epoch: int | None = 0, report: int | None = -1,
    lucky: bool = False, last: bool = False,
) -> tuple[int, float]:  # fmt: skip
    """The choice and the report, or with an option those of a mistake."""
    filled = np.nan_to_num(table)
    mean = np.nanmean if skip else np.mean
    used = table if skip else filled
    judged = used if epoch is None else used[:, :, [epoch]]
    score = np.array([np.max(one) if lucky else mean(one) for one in judged])
    index = len(score) - 1 - int(np.argmax(score[::-1])) if last else int(np.argmax(score))
    ends = np.max(used[index], axis=1) if report is None else used[index][:, report]
    return index, float(mean(ends))

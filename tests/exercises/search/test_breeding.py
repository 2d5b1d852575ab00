"""The exercises of "Breeding networks"."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np

from lstmlab.cells import Array
from lstmlab.exercises.search import breeding
from lstmlab.search import Genetic
from lstmlab.search.genetic import Individual
from lstmlab.search.poudel import GENES, SPACE

from ..harness import Promises

HOLD = {"a", "c", "e"}


def power(better: float, worse: float, times: float) -> float:
    return math.log(times) / math.log(better / worse)


def turn(sectors: Array, u: float) -> int:
    return int(np.searchsorted(np.cumsum(sectors), u, side="right"))


def twice_the_same_wheel(fitness: Array, k: float, u_1: float, u_2: float) -> tuple[int, int]:
    P = fitness**k / (fitness**k).sum()
    return turn(P, u_1), turn(P, u_2)


def wheel(
    fitness: Array, k: float, u_1: float, u_2: float, *, enlarge: bool = True,
    strike: bool = False, alike: bool = False,
) -> tuple[int, int]:  # fmt: skip
    P = fitness**k / (fitness**k).sum()
    first = turn(P, u_1)
    rest = np.delete(P, first) if strike else np.where(np.arange(len(P)) == first, 0, P)
    rest = (rest > 0) * 1.0 if alike else rest
    rest = rest / rest.sum() if enlarge else rest
    return first, min(turn(rest, u_2), len(P) - 1)


def by_rank(fitness: Array, k: float, u_1: float, u_2: float) -> tuple[int, int]:
    return wheel(np.sort(fitness)[::-1], k, u_1, u_2)


def children(A: str, B: str, genes: list[int]) -> set[str]:
    cuts = np.cumsum(genes)[:-1]
    return {A[:cut] + B[cut:] for cut in cuts} | {B[:cut] + A[cut:] for cut in cuts}


def uniform(A: str, B: str, genes: list[int]) -> set[str]:
    """Every gene from either parent."""
    edges = [0, *np.cumsum(genes).tolist()]
    parts = [(A[a:b], B[a:b]) for a, b in pairwise(edges)]
    return {"".join(each) for each in product(*parts)} - {A, B}


class TestBreeding(Promises):
    chapter = "5-3-breeding-networks"
    wrong = {
        "search.what-breeding-can": [
            (HOLD | {"b"}, "all-bits-alike"),
            (HOLD | {"d"}, "wheel-alone"),
            (HOLD | {"f"}, "luck-forgotten"),
            (HOLD - {"a"}, "crossover-invents"),
            (HOLD - {"c"}, "neighbours-are-near"),
            (lambda: ["a", "c"], "best-can-fall"),
        ],
        "search.power-for-a-factor": [
            (lambda better, worse, times: times * worse / better, "divided"),
            (lambda better, worse, times: 1 / power(better, worse, times), "upside-down"),
            (lambda better, worse, times: power(worse, better, times), "wrong-way"),
            (lambda better, worse, times: math.log(times) / math.log(better), "worse-forgotten"),
            (lambda better, worse, times: math.log(times) / (better - worse), "difference"),
            (lambda better, worse, times: round(power(better, worse, times)), "rounded"),
            (lambda better, worse, times: 4.0, "another-power"),
        ],
        "search.a-gene-that-changes": [
            (lambda n, p, gene, bits: n * p * gene / bits, "added-up"),
            (lambda n, p, gene, bits: (1 - p * gene / bits) ** n, "nobody"),
            (lambda n, p, gene, bits: (p * gene / bits) ** n, "everybody"),
            (lambda n, p, gene, bits: 1 - (1 - p) ** n, "any-gene"),
            (lambda n, p, gene, bits: 1 - (1 - gene / bits) ** n, "always-mutates"),
            (lambda n, p, gene, bits: p * gene / bits, "one-child"),
            (lambda n, p, gene, bits: 1 - (1 - p / bits) ** (n * gene), "each-bit"),
            (lambda n, p, gene, bits: 0.32, "another-probability"),
        ],
        "search.a-particle-overshoots": [
            (lambda c_1, c_2: 1 / (2 * c_1 * c_2), "falls-short"),
            (lambda c_1, c_2: 1 - 1 / (c_1 * c_2), "each-alone"),
            (lambda c_1, c_2: (1 - 1 / c_1) * (1 - 1 / c_2), "both-alone"),
            (lambda c_1, c_2: 1 - 1 / (c_1 + c_2), "one-number"),
            (lambda c_1, c_2: 1 - 1 / c_1, "one-pull"),
            (lambda c_1, c_2: 1 - 1 / c_2, "one-pull"),
            (lambda c_1, c_2: 0.78, "another-probability"),
        ],
        "search.two-parents": [
            (twice_the_same_wheel, "same-wheel"),
            (lambda fitness, k, a, b: (wheel(fitness, k, a, b)[0],) * 2, "identical"),
            (lambda fitness, k, a, b: wheel(fitness, 1, a, b), "no-power"),
            (by_rank, "sorted"),
            (lambda fitness, k, a, b: wheel(fitness, k, a, b, strike=True), "counted-anew"),
            (lambda fitness, k, a, b: wheel(fitness, k, a, b, alike=True), "all-alike"),
            (lambda fitness, k, a, b: wheel(fitness, k, a, b, enlarge=False), "not-enlarged"),
            (lambda fitness, k, a, b: (len(fitness), 0), "outside"),
            (lambda fitness, k, a, b: wheel(fitness, k, 1 - a, b), "another-first"),
            (lambda fitness, k, a, b: wheel(fitness, k, a, 1 - b), "another-second"),
        ],
        "search.all-children": [
            (lambda A, B, genes: children(A, B, genes) | {A, B}, "parents-too"),
            (lambda A, B, genes: {A[:c] + B[c:] for c in np.cumsum(genes)[:-1]}, "one-order"),
            (lambda A, B, genes: {B[:c] + A[c:] for c in np.cumsum(genes)[:-1]}, "one-order"),
            (lambda A, B, genes: children(A, B, [1] * len(A)), "inside-genes"),
            (
                lambda A, B, genes: {
                    x[:c] + y[c:] for c in genes[:-1] for x, y in ((A, B), (B, A))
                },
                "lengths-as-places",
            ),
            (uniform, "not-a-child"),
            (lambda A, B, genes: {A[: genes[0]] + B[genes[0] :]}, "some-missing"),
            (lambda A, B, genes: {A[: genes[0]] + B}, "another-length"),
            (lambda A, B, genes: len(genes), "no-set"),
        ],
    }
    right = {
        "search.what-breeding-can": [lambda: ("E", "a", "c")],
        "search.power-for-a-factor": [
            lambda better, worse, times: math.log(times) / (math.log(better) - math.log(worse))
        ],
        "search.a-gene-that-changes": [
            lambda n, p, gene, bits: -math.expm1(n * math.log1p(-p * gene / bits))
            if p * gene < bits
            else 1.0
        ],
        "search.a-particle-overshoots": [lambda c_1, c_2: (2 * c_1 - 1 / c_2) / (2 * c_1)],
        "search.two-parents": [lambda fitness, k, a, b: list(wheel(fitness, k, a, b))],
        "search.all-children": [lambda A, B, genes: sorted(children(A, B, genes))],
    }


def test_the_remarks_keep_to_the_numbers() -> None:
    assert round(power(0.9, 0.85, 1.8**4)) == 41
    assert 2.5 < 1 / (1 - (1 - 0.3 * 4 / 32) ** 10) < 3.5


def test_a_particle_overshoots_as_often_as_it_is_said() -> None:
    r_1, r_2 = np.random.default_rng(0).random((2, 100_000))
    for own, all_ in ((1.4962, 1.4962), (1.0, 4.0), (2.5, 1.2)):
        past = float((own * r_1 + all_ * r_2 > 1).mean())
        assert abs(past - (1 - 1 / (2 * own * all_))) < 0.006
    assert round(1 - 1 / (2 * 1.4962**2), 2) == 0.78


def test_the_check_draws_as_the_searcher_does() -> None:
    searcher = Genetic(SPACE, genes=GENES, population=5, elite=1, direction="maximize")
    old = [Individual(format(n, "032b"), value=0.3 + n / 10) for n in range(5)]
    fitness = np.array([one.value for one in old], dtype=np.float64)
    rng, again = np.random.default_rng(3), np.random.default_rng(3)
    for _ in range(50):
        child = searcher._child(old, searcher.chances(old), rng)
        pair = breeding._drawn(fitness, 4, again.random(), again.random())
        assert set(child.parents or ()) == set(pair)
        again.bit_generator.state = rng.bit_generator.state

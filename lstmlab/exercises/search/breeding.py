"""Checks of the exercises in the chapter "Breeding networks"."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import call, close, function, members, number, several, whole
from lstmlab.exercises.reading import is_a, parts

Floats = NDArray[np.float64]

STATEMENTS = ("a", "b", "c", "d", "e", "f")


@exercise("search.what-breeding-can", kind="recall")
def what_breeding_can(answer: object) -> str:
    """What holds of genomes, of selection, and of those who live on."""
    given = members(answer, STATEMENTS)
    for key, mistake, says, hint in (
        ("b", "all-bits-alike", "In your answer all bits of the rate are worth the same.",
         "Flip the first of the ten bits of 0000001111, and read the number."),
        ("d", "wheel-alone", "In your answer only the wheel chooses.",
         "Who is on the wheel? Of the 20, ten are there because of what they did."),
        ("f", "luck-forgotten", "In your answer the best of many noisy numbers is as it should be "
         "on average.", "Let twenty equally good networks be trained once each. Is the highest of "
         "the twenty accuracies what each of them would come to on average?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "crossover-invents", "In your answer crossover makes values that no parent has.",
         "Where may the cut lie, and where not?"),
        ("c", "neighbours-are-near", "In your answer numbers that are neighbours are one flip "
         "apart.", "Write 7 and 8 with four bits, one below the other, and count."),
        ("e", "best-can-fall", "In your answer the noted best of approach III can fall.",
         "What would have to happen for a noted accuracy to become another? Who is trained "
         "again in approach III?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "What never falls need not be what it says."


@exercise("search.power-for-a-factor", kind="derive")
def power_for_a_factor(answer: object) -> str:
    """The power with which one fitness is so many times as likely as another."""
    f = function(answer, "better", "worse", "times")
    for better, worse, times in ((0.9, 0.85, 10.5), (0.8, 0.4, 3.0), (0.91, 0.9, 2.0), (6, 5, 7)):
        k = number(call(f, better, worse, times))
        ratio = better / worse
        want = math.log(times) / math.log(ratio)
        if close(k, want):
            continue
        for mistake, other, says, hint in (
            ("divided", times / ratio, "You divide by the quotient of the accuracies.",
             "The quotient is raised to a power. What undoes that?"),
            ("upside-down", 1 / want,
             "The nearer the two accuracies are, the smaller your power gets.",
             "Nearly equal accuracies need a high power. Which logarithm belongs below the line?"),
            ("wrong-way", -want, "Your power makes the worse one likelier.",
             "With k = 0 both are alike; which way do you have to go from there?"),
            ("worse-forgotten", math.log(times) / math.log(better),
             "Your power does not depend on the worse one's accuracy.",
             "Divide the two probabilities. Which fitnesses are left when the sums have gone?"),
            ("difference", math.log(times) / (better - worse),
             "You take the difference of the accuracies.",
             "The logarithm of a quotient is not the logarithm of a difference."),
            ("rounded", round(want), "Your power is a whole number.",
             "It need not be one: a wheel can have any sectors."),
        ):  # fmt: skip
            if close(k, other):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-power", f"For {better}, {worse} and {times:g} times the power is "
                    "another.", hint="Try accuracies 2 and 1: with which k is one 8 times as "
                    "likely as the other?")  # fmt: skip
    return "For 0.9 and 0.85, to press as hard as fitness⁴ does for 0.9 and 0.5, k must be 41."


@exercise("search.a-gene-that-changes", kind="derive")
def a_gene_that_changes(answer: object) -> str:
    """The probability that in at least one child mutation flips a bit of a gene."""
    f = function(answer, "children", "mutation", "gene", "bits")
    for n, p, gene, bits in ((10, 0.3, 10, 32), (5, 1.0, 9, 32), (19, 0.2, 3, 40), (1, 0.5, 8, 8)):
        got = number(call(f, n, p, gene, bits))
        one = p * gene / bits
        want = 1 - (1 - one) ** n
        if close(got, want):
            continue
        for mistake, other, says, hint in (
            ("added-up", n * one, "You add the probabilities of the children up.",
             "With many children that would be more than 1. It is how many change on average."),
            ("nobody", (1 - one) ** n, "That is the probability that it changes in none of them.",
             "What is the opposite of at least one?"),
            ("everybody", one**n, "That is the probability that it changes in all of them.",
             "At least one may also be exactly one."),
            ("any-gene", 1 - (1 - p) ** n, "Your child counts whichever gene mutates.",
             "Which share of all bits belongs to the gene?"),
            ("always-mutates", 1 - (1 - gene / bits) ** n, "In your answer every child mutates.",
             "First a child has to mutate at all; then the bit has to lie in the gene."),
            ("one-child", one, "That is the probability for a single child.",
             "With more children it is likelier that one of them is changed."),
            ("each-bit", 1 - (1 - p / bits) ** (n * gene),
             "In your answer each bit of a child flips or not, whatever the others do.",
             "A child that mutates flips exactly one bit, so two of a gene never flip together."),
        ):  # fmt: skip
            if close(got, other):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-probability", f"With {n} children, {p:g} and {gene} of {bits} bits "
                    "it is another.", hint="Begin with one child; then ask when none of several "
                    "is changed.")  # fmt: skip
    return "The epochs wait for about three generations of approach II until a bit of theirs flips."


@exercise("search.a-particle-overshoots", kind="derive")
def a_particle_overshoots(answer: object) -> str:
    """The probability that a resting particle flies past the place that pulls at it."""
    f = function(answer, "c_1", "c_2")
    for own, all_ in ((1.4962, 1.4962), (2.5, 1.2), (1.0, 4.0), (1.0, 1.0), (3.0, 3.0)):
        got = number(call(f, own, all_))
        want = 1 - 1 / (2 * own * all_)
        if close(got, want):
            continue
        for mistake, other, says, hint in (
            ("falls-short", 1 - want, "That is the probability that it stays before the place.",
             "What is the opposite of getting too far?"),
            ("each-alone", 1 - 1 / (own * all_),
             "In your answer one of the two pulls has to carry it past alone.",
             "Two pulls that are both too weak can do it together."),
            ("both-alone", (1 - 1 / own) * (1 - 1 / all_),
             "In your answer each of the two pulls has to be strong enough alone.",
             "They are added: a weak one and a strong one may do."),
            ("one-number", 1 - 1 / (own + all_), "In your answer r_1 and r_2 are the same number.",
             "They are drawn one by one: draw the square of both."),
            ("one-pull", 1 - 1 / own, "Only one place pulls at your particle.",
             "p and g are the same place here, but both terms of the formula are there."),
            ("one-pull", 1 - 1 / all_, "Only one place pulls at your particle.",
             "p and g are the same place here, but both terms of the formula are there."),
        ):  # fmt: skip
            if close(got, other):
                raise Wrong(mistake, says, hint=hint)
        raise Wrong("another-probability", f"With {own:g} and {all_:g} it is another.",
                    hint="Draw a square with r_1 to the right and r_2 upwards. Where in it is "
                         "c_1 r_1 + c_2 r_2 below 1?")  # fmt: skip
    return "With the usual 1.4962 more than three of four fly past, and see the other side."


@exercise("search.two-parents", kind="build")
def two_parents(answer: object) -> str:
    """Roulette: two different individuals, by two turns of a wheel."""
    f = function(answer, "fitness", "k", "u_1", "u_2")
    rng = np.random.default_rng(7)
    cases, got = [], []
    for n, k in ((3, 1), (6, 4), (20, 2), (5, 0), (12, 8)):
        for _ in range(12):
            case = rng.uniform(0.4, 0.9, n), k, float(rng.random()), float(rng.random())
            first, second = several(call(f, *case), "first", "second")
            cases.append(case)
            got.append((whole(first), whole(second)))
    if got == [_drawn(*case) for case in cases]:
        return "Two turns of such a wheel make the parents of every child in `Genetic`."
    for mistake, drawn, says, hint in (
        ("same-wheel", lambda F, k, a, b: (_stop(F**k, a), _stop(F**k, b)),
         "Both turns of your wheel have the same sectors.",
         "Where may the second turn not stop?"),
        ("no-power", lambda F, k, a, b: _drawn(F, 1, a, b), "Your sectors do not depend on k.",
         "Look at the formula of P again: what is summed?"),
        ("sorted", lambda F, k, a, b: _drawn(np.sort(F), k, a, b),
         "Your sectors are in the order of the fitness.",
         "A place among the sorted is not a place in the list."),
        ("sorted", lambda F, k, a, b: _drawn(np.sort(F)[::-1], k, a, b),
         "Your sectors are in the order of the fitness.",
         "A place among the sorted is not a place in the list."),
        ("counted-anew", _counted_anew, "Your second parent is counted among the others only.",
         "When the first parent has been struck from the list, everybody behind it has another "
         "number than before."),
        ("all-alike", lambda F, k, a, b: (i := _stop(F**k, a), _stop(_without(F**0.0, i), b)),
         "Your second parent is drawn as if all others were alike.",
         "Their sectors keep their proportions."),
        ("not-enlarged", _not_enlarged,
         "Your second wheel has a gap: its sectors do not fill 0 to 1.",
         "By which factor do the others have to grow?"),
    ):  # fmt: skip
        if got == [drawn(*case) for case in cases]:
            raise Wrong(mistake, says, hint=hint)
    for pair, case in zip(got, cases, strict=True):
        n = len(case[0])
        if not all(0 <= one < n for one in pair):
            raise Wrong("outside", f"You draw numbers {pair[0]} and {pair[1]} of {n}, counted "
                        "from 0.", hint="The last sector ends at 1, also when another one has "
                        "been taken out.")  # fmt: skip
        if pair[0] == pair[1]:
            raise Wrong("identical", "Your two parents are the same individual.",
                        hint="What is left of the first parent's sector at the second turn?")
    if any(pair[0] != _drawn(*case)[0] for pair, case in zip(got, cases, strict=True)):
        raise Wrong("another-first", "Your wheel stops at another first parent.",
                    hint="Where does each sector end? The first end above u_1 counts.")
    raise Wrong("another-second", "Your wheel stops at another second parent.",
                hint="The second wheel has the same sectors in the same order, without the first "
                     "parent's, stretched to fill 0 to 1.")  # fmt: skip


def _stop(sectors: Floats, u: float) -> int:
    """In whose sector u lies, of sectors that are stretched to fill 0 to 1."""
    at, end = 0, 0.0
    for n, sector in enumerate(sectors / sectors.sum()):
        if sector > 0:
            at, end = n, end + sector
            if u < end:
                break
    return at


def _without(sectors: Floats, i: int) -> Floats:
    return np.where(np.arange(len(sectors)) == i, 0.0, sectors)


def _drawn(fitness: Floats, k: float, u_1: float, u_2: float) -> tuple[int, int]:
    first = _stop(fitness**k, u_1)
    return first, _stop(_without(fitness**k, first), u_2)


def _counted_anew(fitness: Floats, k: float, u_1: float, u_2: float) -> tuple[int, int]:
    first = _stop(fitness**k, u_1)
    return first, _stop(np.delete(fitness**k, first), u_2)


def _not_enlarged(fitness: Floats, k: float, u_1: float, u_2: float) -> tuple[int, int]:
    first, P = _stop(fitness**k, u_1), fitness**k / (fitness**k).sum()
    ends = np.cumsum(_without(P, first))
    return first, min(int(np.searchsorted(ends, u_2, side="right")), len(P) - 1)


@exercise("search.all-children", kind="build")
def all_children(answer: object) -> str:
    """Every genome that one-point crossover between genes makes of two parents."""
    f = function(answer, "A", "B", "genes")
    rng = np.random.default_rng(7)
    for genes in ([2, 3, 1], [10, 9, 4, 9], [1, 4, 2, 2, 3], [3, 3]):
        length, borders = sum(genes), np.cumsum(genes)[:-1].tolist()
        A = "".join(map(str, rng.integers(0, 2, length)))
        opposite = "".join("10"[int(bit)] for bit in A)
        for B in (opposite, "".join(map(str, rng.integers(0, 2, length)))):
            given = parts(call(f, A, B, list(genes)).value)
            if given is None or not all(is_a(child, str) for child in given):
                raise Wrong("no-set", "What your function returns is no set of strings.",
                            hint='It should look like `{"0111", "1000"}`.')  # fmt: skip
            found = {str.__str__(child) for child in given if is_a(child, str)}
            want = _children(A, B, borders)
            if found != want:
                _why_children(found, A, B, length, borders)
    return "With four genes of which all differ they are the paper's six."


def _children(A: str, B: str, cuts: list[int]) -> set[str]:
    return {x[:cut] + y[cut:] for cut in cuts for x, y in ((A, B), (B, A))}


def _why_children(found: set[str], A: str, B: str, length: int, borders: list[int]) -> None:
    """What is wrong with a set of children."""
    if any(len(child) != length for child in found):
        raise Wrong("another-length", f"Some of your children do not have {length} bits.",
                    hint="A child has one parent's genes before the cut and the other's from the "
                         "cut on: nothing twice, nothing left out.")  # fmt: skip
    want = _children(A, B, borders)
    cuts = list(range(1, length))
    for mistake, other, says, hint in (
        ("parents-too", want | {A, B}, "Your set holds the parents themselves.",
         "Where does the last gene end, and what would a cut there leave of the other parent?"),
        ("one-order", {A[:cut] + B[cut:] for cut in borders}, "In your children A always comes "
         "first.", "The paper lists six combinations of four genes."),
        ("one-order", {B[:cut] + A[cut:] for cut in borders}, "In your children B always comes "
         "first.", "The paper lists six combinations of four genes."),
        ("inside-genes", _children(A, B, cuts), "Some of your cuts lie inside a gene.",
         "Where does the second gene begin? The numbers in `genes` are lengths, not places."),
        ("lengths-as-places", _children(A, B, np.diff([0, *borders]).tolist()),
         "You cut at the lengths of the genes.",
         "The second gene ends where the first and the second together end."),
    ):  # fmt: skip
        if found == other:
            raise Wrong(mistake, says, hint=hint)
    if found - want:
        raise Wrong("not-a-child", "Some of yours are not what one cut makes of the two.",
                    hint="There is one cut; all genes before it are of one parent, all behind it "
                         "of the other.")  # fmt: skip
    raise Wrong("some-missing", "Some children are missing.",
                hint="With four genes there are three cuts, and two orders for each.")

"""Genomes decode inside their space; selection, crossover, mutation and elitism are the paper's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial
from scipy.stats import binomtest, chisquare

from lstmlab.search import Gene, Genetic, Genome, Serial, run
from lstmlab.search.genetic import Individual, _spun
from lstmlab.search.poudel import GENES, SPACE
from tests.search.made import assert_same

MIXED = {
    "lr": FloatDistribution(1e-6, 1e-2, log=True),
    "blocks": IntDistribution(20, 200, log=True),
    "steps": FloatDistribution(0.0, 0.9, step=0.1),
    "cell": CategoricalDistribution(["V", "NP", None, True]),
    "one": IntDistribution(3, 3),
}


def told(searcher, value_of, generations):
    """A searcher after so many generations."""
    number = 0
    for _ in range(generations):
        trials = []
        for params in searcher.ask(1000):
            value = value_of(params)
            trial = create_trial(
                params=params, distributions=searcher.space, value=value,
                state=TrialState.FAIL if value is None else TrialState.COMPLETE,
            )  # fmt: skip
            trial.number = number
            number += 1
            trials.append(trial)
        searcher.tell(trials)
    return searcher


def bits(n):
    return st.text("01", min_size=n, max_size=n)


class TestGenome:
    def test_the_paper_s_has_32_bits_and_its_borders(self):
        code = Genome(SPACE, GENES)
        assert len(code) == 32
        assert code.borders == (0, 10, 19, 23, 32)

    def test_the_paper_s_ends_and_floors(self):
        code = Genome(SPACE, GENES)
        assert code.decode("0" * 32) == {"lr": 0.0005, "hidden": 1, "epochs": 1, "maxlen": 1}
        assert code.decode("1" * 32) == {"lr": 0.5115, "hidden": 511, "epochs": 15, "maxlen": 511}
        written = "0000001111" + "001010101" + "0011" + "111011011"
        assert code.decode(written) == {"lr": 0.0075, "hidden": 85, "epochs": 3, "maxlen": 475}
        assert code.encode({"lr": 0.0075, "hidden": 85, "epochs": 3, "maxlen": 475}) == written

    @pytest.mark.parametrize("code", [Genome(SPACE, GENES), Genome(SPACE), Genome(MIXED)])
    def test_every_genome_decodes_inside_its_space_and_comes_back_to_the_same(self, code):
        @settings(max_examples=200)
        @given(bits(len(code)))
        def check(genome):
            params = code.decode(genome)
            for name, distribution in code.space.items():
                assert distribution._contains(distribution.to_internal_repr(params[name]))
            assert code.decode(code.encode(params)) == params

        check()

    def test_every_value_of_a_small_side_has_a_genome(self):
        code = Genome({name: MIXED[name] for name in ("steps", "cell", "one")})
        assert [gene.bits for gene in code.genes.values()] == [4, 2, 1]
        found = {
            tuple(code.decode(format(n, "07b")).values()) for n in range(2**7)
        }
        assert len(found) == 10 * 4

    @pytest.mark.parametrize(
        ("says", "genes"),
        [
            ("genes must be of lr, hidden, epochs, maxlen, got one of 'rate'", {"rate": Gene(3)}),
            ("bits of 'lr' must be a whole number, 1 or more, got 0", {"lr": Gene(0)}),
            ("bits of 'lr' must be 52 or less, got 60", {"lr": Gene(60)}),
            ("unit of 'lr' must make 11 bits end at 0.5115 or before", {"lr": Gene(11, 1 / 2000)}),
            ("unit of 'hidden' must .* in whole numbers, got 0.5", {"hidden": Gene(9, 0.5)}),
            ("unit of 'epochs' must make 4 bits end", {"epochs": Gene(4, -1)}),
        ],
    )
    def test_genes_that_do_not_fit_are_refused(self, says, genes):
        with pytest.raises(ValueError, match=says):
            Genome(SPACE, genes)

    def test_units_are_for_numbers_without_steps(self):
        for name in ("cell", "steps"):
            with pytest.raises(ValueError, match=f"unit of '{name}' must be None"):
                Genome(MIXED, {name: Gene(2, 0.1)})

    def test_what_is_no_gene_and_no_params_is_refused(self):
        with pytest.raises(TypeError, match=r"genes must be a dict such as .*, got \[1\]"):
            Genome(SPACE, [1])
        with pytest.raises(TypeError, match=r"genes\['lr'\] must be a Gene, got 3"):
            Genome(SPACE, {"lr": 3})
        with pytest.raises(ValueError, match="params must be of lr, hidden, .*, got lr"):
            Genome(SPACE, GENES).encode({"lr": 0.1})

    @pytest.mark.parametrize("genome", [5, "", "01", "0" * 31 + "2"])
    def test_a_word_that_is_no_genome_is_refused(self, genome):
        with pytest.raises(ValueError, match="genome must be 32 times 0 or 1, got"):
            Genome(SPACE, GENES).decode(genome)


def accuracy(params):
    """Something between 0 and 1 that differs nearly everywhere."""
    return 0.5 + 0.4 * np.sin(params["hidden"] * 7 + params["lr"] * 100 + params["maxlen"])


@pytest.mark.parametrize("approach", ["I", "II", "III", "short"])
class TestApproaches:
    def searcher(self, approach, **options):
        return Genetic.approach(
            approach, SPACE, genes=GENES, seed=3, direction="maximize", **options
        )

    def test_each_child_is_what_it_says_it_is(self, approach):
        searcher = told(self.searcher(approach), accuracy, 12)
        borders = set(searcher.code.borders[1:-1])
        mutated = total = 0
        for old, new in zip(searcher.generations, searcher.generations[1:], strict=False):
            children = [one for one in new if not one.survivor]
            assert len(new) == searcher.population
            assert len(children) == searcher.population - searcher.elite
            for child in children:
                a, b = (old[n].genome for n in child.parents)
                assert a != b
                assert child.cut in borders
                crossed = a[: child.cut] + b[child.cut :]
                differ = [n for n in range(32) if crossed[n] != child.genome[n]]
                assert differ == ([] if child.flipped is None else [child.flipped])
                mutated += child.flipped is not None
                total += 1
        assert binomtest(mutated, total, searcher.mutation).pvalue > 1e-3

    def test_the_best_pass_on_as_they_are(self, approach):
        searcher = told(self.searcher(approach), accuracy, 8)
        for old, new in zip(searcher.generations, searcher.generations[1:], strict=False):
            values = np.array([one.value for one in old])
            kept = [one for one in new if one.survivor]
            order = np.argsort(-values, kind="stable")[: searcher.elite]
            assert [one.genome for one in kept] == [old[n].genome for n in order]
            assert [one.value for one in kept] == values[order].tolist()
        best = [max(one.value for one in each) for each in searcher.generations[:-1]]
        assert best == sorted(best)

    def test_as_many_trainings_as_the_paper_s(self, approach):
        searcher = self.searcher(approach)
        asked = []
        for _ in range(70):
            before = sum(asked)
            asked.append(len(searcher.ask(1000)))
            assert searcher.trials(len(asked)) == before + asked[-1]
            waiting = [one for one in searcher.generations[-1] if one.value is None]
            for one in waiting:
                one.value = 0.5
            searcher._asked = []
        assert sum(asked) == {"I": 1400, "II": 710, "III": 710, "short": 355}[approach]
        assert self.searcher("I", retrain=False).trials(70) == 1331

    def test_resumed_and_in_parallel_it_is_the_same(self, approach, tmp_path):
        objective = lambda params, seed: accuracy(params)  # noqa: E731
        whole = run(self.searcher(approach), objective, 50, executor=2, progress=False)
        for trials in (3, 27, 50):
            again = run(
                self.searcher(approach), objective, trials, executor=Serial(),
                storage=tmp_path / "a.journal", progress=False,
            )  # fmt: skip
        assert_same(again, whole)


def test_what_the_approaches_set_is_the_paper_s():
    one, two, three = (Genetic.approach(name, SPACE, genes=GENES) for name in ("I", "II", "III"))
    assert (one.population, one.elite, one.power, one.retrain) == (20, 1, 4, True)
    assert (two.population, two.elite, two.power, two.retrain) == (20, 10, 4, False)
    assert (three.population, three.elite, three.power, three.retrain) == (20, 10, 2, False)
    assert one.mutation == two.mutation == three.mutation == 0.3
    with pytest.raises(ValueError, match="name must be one of I, II, III, short, got 'IV'"):
        Genetic.approach("IV", SPACE)


def generation(searcher, values):
    """A generation of individuals that all differ, with these values."""
    return [
        Individual(format(n, f"0{len(searcher.code)}b"), value=value)
        for n, value in enumerate(values)
    ]


@pytest.mark.parametrize("power", [0, 1, 2, 4])
def test_parents_are_drawn_by_their_fitness(power):
    """First and second parent of 3,000 children, without swapping, by chi-square."""
    values = [0.9, 0.8, 0.7, 0.6, 0.5, 0.3]
    searcher = Genetic(
        SPACE, genes=GENES, population=6, elite=1, power=power, direction="maximize"
    )
    old = generation(searcher, values)
    P = np.array(values) ** power / (np.array(values) ** power).sum()
    assert searcher.chances(old) == pytest.approx(P)
    rng = np.random.default_rng(0)
    pairs = np.zeros((6, 6))
    for _ in range(3000):
        a, b = searcher._child(old, searcher.chances(old), rng).parents
        pairs[a, b] += 1
    assert not np.diag(pairs).any()
    chance = P[:, None] * P / (1 - P[:, None])  # the second is another one
    np.fill_diagonal(chance, 0)
    both = (chance + chance.T) / 2  # either may give the first part
    other = ~np.eye(6, dtype=bool)
    assert chisquare(pairs[other], 3000 * both[other]).pvalue > 1e-3


def test_the_wheel_stops_where_numpys_choice_does_and_never_at_nobody():
    sectors = np.array([0.0, 3.0, 1.0, 0.0, 5.0, 0.0]) / 9
    ours, theirs = np.random.default_rng(4), np.random.default_rng(4)
    stops = [_spun(sectors, ours) for _ in range(500)]
    assert stops == [int(theirs.choice(6, p=sectors)) for _ in range(500)]
    assert set(stops) == {1, 2, 4}


def test_a_child_has_its_first_part_from_either_parent():
    searcher = Genetic(SPACE, genes=GENES, population=2, elite=0, mutation=0)
    a, b = "0" * 32, "1" * 32
    old = [Individual(a, value=0.1), Individual(b, value=0.2)]
    rng = np.random.default_rng(1)
    found = [searcher._child(old, np.array([0.5, 0.5]), rng).genome for _ in range(1200)]
    shapes = {x[:c] + y[c:] for c in (10, 19, 23) for x, y in ((a, b), (b, a))}
    counts = [found.count(shape) for shape in shapes]
    assert sum(counts) == 1200
    assert chisquare(counts).pvalue > 1e-3


def test_the_flipped_bit_may_be_any():
    searcher = Genetic(SPACE, genes=GENES, population=2, elite=0, mutation=1)
    old = [Individual("0" * 32, value=0.1), Individual("1" * 32, value=0.2)]
    rng = np.random.default_rng(2)
    flipped = [searcher._child(old, np.array([0.5, 0.5]), rng).flipped for _ in range(3200)]
    assert chisquare(np.bincount(flipped, minlength=32)).pvalue > 1e-3


class TestFitness:
    def searcher(self, **options):
        return Genetic(SPACE, genes=GENES, population=4, elite=1, **options)

    def fitnesses(self, values, **options):
        searcher = self.searcher(**options)
        return searcher.fitnesses(generation(searcher, values)).tolist()

    def test_ranks_where_values_are_minimized(self):
        assert self.fitnesses([0.3, -9.0, 0.3, 5.0]) == [2, 4, 2, 1]
        assert self.fitnesses([0.3, np.nan, 0.2, np.nan]) == [3, 0, 4, 0]
        assert self.fitnesses([1.0, 3.0, 2.0, 4.0], direction="maximize", fitness="rank") == [
            1, 3, 2, 4,
        ]  # fmt: skip

    def test_values_or_a_function_of_them(self):
        assert self.fitnesses([0.5, np.nan, 0.0, 1.0], direction="maximize") == [0.5, 0, 0, 1]
        assert self.fitnesses([0.5, 0.2, np.nan, 1.0], fitness=lambda v: 1 - v) == [
            0.5, 0.8, 0, 0,
        ]  # fmt: skip

    def test_a_fitness_below_0_is_refused_and_says_what_to_do(self):
        for options, values in (
            ({"direction": "maximize"}, [1.0, -0.5, 1.0, 1.0]),
            ({"fitness": lambda v: 1 - v}, [1.0, 2.0, 0.1, 0.1]),
            ({"fitness": lambda v: np.nan}, [1.0, 2.0, 0.1, 0.1]),
        ):
            with pytest.raises(ValueError, match="fitness must be 0 or more, .*: choose fitness="):
                self.fitnesses(values, **options)

    @pytest.mark.parametrize("values", [[0.5] * 4, [0.0] * 4, [np.nan] * 4])
    def test_all_alike_are_all_as_likely(self, values):
        searcher = self.searcher(direction="maximize")
        assert searcher.chances(generation(searcher, values)).tolist() == [0.25] * 4

    def test_tiny_and_huge_fitness_can_be_raised_to_a_power(self):
        for scale in (1e-200, 1.0, 1e200):
            searcher = self.searcher(direction="maximize")
            old = generation(searcher, [scale, 2 * scale, 0.0, scale])
            assert searcher.chances(old) == pytest.approx([1 / 18, 16 / 18, 0, 1 / 18])

    def test_who_cannot_be_a_parent_is_one_only_where_nobody_else_is_left(self):
        searcher = self.searcher(direction="maximize", mutation=0)
        rng = np.random.default_rng(0)
        old = generation(searcher, [1.0, 0.0, 0.0, 0.0])
        for _ in range(30):
            assert 0 in searcher._child(old, searcher.chances(old), rng).parents
        same = [Individual("01" * 16, value=0.5) for _ in range(4)]
        child = searcher._child(same, searcher.chances(same), rng)
        assert child.genome == "01" * 16


def test_failed_trials_and_nan_are_never_bred_from():
    searcher = told(
        Genetic(SPACE, genes=GENES, seed=1),
        lambda params: None if params["hidden"] > 300 else params["hidden"] / 500,
        6,
    )
    for old, new in zip(searcher.generations, searcher.generations[1:], strict=False):
        for child in new:
            if child.parents:
                assert not any(np.isnan(old[n].value) for n in child.parents)


def test_trials_that_were_not_asked_for_are_refused():
    searcher = Genetic(SPACE, genes=GENES)
    trial = create_trial(params=Genome(SPACE, GENES).decode("0" * 32), distributions=SPACE, value=1)
    with pytest.raises(ValueError, match="trials must be those that were asked for, got 1 where 0"):
        searcher.tell([trial])


def test_any_order_of_telling_breeds_the_same():
    children = []
    for order in (range(20), np.random.default_rng(0).permutation(20)):
        searcher = Genetic(SPACE, genes=GENES, seed=5)
        asked = [params for n in (7, 13) for params in searcher.ask(n)]
        assert searcher.ask(5) == []
        for number in order:
            trial = create_trial(
                params=asked[number], distributions=SPACE, value=accuracy(asked[number])
            )
            trial.number = int(number)
            searcher.tell([trial])
        children.append(searcher.ask(20))
    assert children[0] == children[1]


@pytest.mark.parametrize(
    ("says", "options"),
    [
        ("population must be 2 or more, got 1", {"population": 1, "elite": 0}),
        ("population must be a whole number, 1 or more, got 2.5", {"population": 2.5}),
        ("elite must be 0 or more and less than population .20., got 20", {"elite": 20}),
        ("elite must be 0 or more and less than population .20., got -1", {"elite": -1}),
        ("power must be 0 or more, got -1", {"power": -1}),
        ("power must be 0 or more, got 'a'", {"power": "a"}),
        ("mutation must be a probability, got None", {"mutation": None}),
        ("mutation must be a probability, got 1.5", {"mutation": 1.5}),
        ("mutation must be a probability, got nan", {"mutation": np.nan}),
        ("fitness must be 'value', 'rank' or a function, got 'best'", {"fitness": "best"}),
    ],
)
def test_wrong_arguments_are_named(says, options):
    with pytest.raises(ValueError, match=says):
        Genetic(SPACE, **options)

"""The rewards to race on are what they say: between 0 and 1, and 1 for the best."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from lstmlab.optimizers import Grammar, Rule, UniformRules
from lstmlab.optimizers.rewards import REWARDS, Likeness, Matching, Neighbours, Product, Reward
from lstmlab.optimizers.spelling import params_of
from lstmlab.search import rehearse

SMALL = Grammar(2, operands=("g", "m"), unary=("x", "exp"), binary=("*", "+"))
GRAMMARS = {
    "1 group": Grammar(1, final_addition=True),
    "2 groups": Grammar(2),
    "free": Grammar(2).free(),
}


def drawn(grammar: Grammar, n: int, seed: int = 0) -> list[tuple[str, ...]]:
    rng = np.random.default_rng(seed)
    return [grammar.sample_string(rng) for _ in range(n)]


@pytest.mark.parametrize("name", REWARDS)
@pytest.mark.parametrize("grammar", GRAMMARS.values(), ids=GRAMMARS)
def test_rewards_lie_between_0_and_that_of_the_best_which_is_1(name: str, grammar: Grammar) -> None:
    landscape: Reward = REWARDS[name](grammar, seed=3)
    assert landscape.best in grammar
    assert landscape.reward(landscape.best) == pytest.approx(1, abs=1e-7)
    rewards = [landscape.reward(tokens) for tokens in drawn(grammar, 300)]
    assert all(0 <= reward <= 1 for reward in rewards)
    assert np.std(rewards) > 0.02


@pytest.mark.parametrize("name", ["matching", "neighbours", "product"])
def test_the_best_and_the_worst_of_a_small_grammar_are_found(name: str) -> None:
    for seed in range(5):
        landscape = REWARDS[name](SMALL, seed=seed)
        rewards = {tokens: landscape.reward(tokens) for tokens in SMALL.strings()}
        best = max(rewards, key=lambda tokens: rewards[tokens])
        assert best == landscape.best
        assert rewards[best] == 1
        if isinstance(landscape, Neighbours):
            assert min(rewards, key=lambda tokens: rewards[tokens]) == landscape.worst
            assert rewards[landscape.worst] == 0


def test_matching_is_the_share_of_tokens_that_agree() -> None:
    landscape = Matching(Grammar(2), seed=1)
    for tokens in drawn(Grammar(2), 50):
        agree = [a == b for a, b in zip(tokens, landscape.best, strict=True)]
        assert landscape.reward(tokens) == sum(agree) / 10


def test_product_is_the_product_of_the_shares_of_the_groups() -> None:
    landscape = Product(Grammar(2), seed=1)
    best = landscape.best
    assert landscape.reward((*best[:4], "-" if best[4] != "-" else "*", *best[5:])) == 0.8
    for tokens in drawn(Grammar(2), 50):
        agree = [a == b for a, b in zip(tokens, best, strict=True)]
        assert landscape.reward(tokens) == pytest.approx(sum(agree[:5]) * sum(agree[5:]) / 25)


def test_neighbours_is_a_sum_over_pairs_on_a_scale_from_worst_to_best() -> None:
    landscape = Neighbours(Grammar(2), seed=1)

    def total(tokens: tuple[str, ...]) -> float:
        return sum(t[pair] for t, pair in zip(landscape.worth, pairwise(tokens), strict=True))

    low, high = total(landscape.worst), total(landscape.best)
    for tokens in drawn(Grammar(2), 50):
        assert landscape.reward(tokens) == pytest.approx((total(tokens) - low) / (high - low))


def test_the_only_string_of_a_grammar_is_the_best_of_its_neighbours() -> None:
    only = Grammar(1, ("g",), ("x",), ("*",), distinct_operands=False)
    assert Neighbours(only).reward(only.string(0)) == 1


def test_what_a_token_is_worth_depends_on_its_neighbours_alone_in_neighbours() -> None:
    landscape = Neighbours(SMALL)
    head, other = ("g", "m", "x", "x", "*"), ("m", "g", "exp", "exp", "*")
    ends = [("r1", "g", "x", "x", "*"), ("r1", "g", "exp", "x", "*")]
    gains = [
        landscape.reward((*start, *ends[1])) - landscape.reward((*start, *ends[0]))
        for start in (head, other)
    ]
    assert gains[0] == pytest.approx(gains[1])
    swapped = [
        landscape.reward(("g", "m", u1, u2, "*", *ends[0])) for u1 in ("x", "exp")
        for u2 in ("x", "exp")
    ]  # fmt: skip
    a, b, c, d = swapped
    assert abs((b - a) - (d - c)) > 1e-3


def angle(a: np.ndarray, b: np.ndarray) -> float:
    return math.acos(min(1.0, a @ b / math.sqrt((a @ a) * (b @ b))))


def test_likeness_is_the_angle_between_updates() -> None:
    landscape = Likeness(Grammar(1), "sign(m)", seed=2)
    w, g, averages = landscape._tensors
    m = averages["m"]
    for tokens, update in {
        ("g", "m", "x", "x", "left"): g,
        ("m", "g", "exp", "x", "*"): np.exp(m) * g,
        ("1", "g", "x", "x", "left"): np.ones_like(g),
        ("1e-1*w", "m", "x", "sign", "-"): 0.1 * w - np.sign(m),
    }.items():
        expected = 1 - angle(update, np.sign(m)) / math.pi
        assert landscape.reward(tokens) == pytest.approx(expected, abs=1e-9)


def test_likeness_does_not_care_how_a_rule_is_written_nor_how_long_its_update_is() -> None:
    landscape = Likeness(Grammar(1), "g * exp(m)")
    for tokens in (
        ("g", "m", "x", "exp", "*"),
        ("m", "g", "exp", "x", "*"),
    ):
        assert landscape.reward(tokens) == pytest.approx(1, abs=1e-7)
    signs = Likeness(Grammar(1), "sign(g)")
    assert signs.reward(("g", "m", "clip1e-5", "x", "left")) == pytest.approx(1, abs=1e-7)
    assert signs.reward(("g", "m", "clip1e-3", "x", "left")) > 0.95
    assert landscape.reward(("sign(g)", "g", "log", "x", "left")) == 0  # log 1 = 0 everywhere
    opposite = Likeness(Grammar(1), "m").reward(("m", "g", "-x", "x", "left"))
    assert opposite == pytest.approx(0, abs=1e-7)


def test_an_update_that_is_not_finite_earns_nothing() -> None:
    landscape = Likeness(Grammar(2))
    overflow = ("gamma", "g", "exp", "x", "left", "r1", "g", "exp", "x", "left")
    with np.errstate(all="ignore"):
        assert not np.isfinite(np.exp(np.exp(landscape._tensors[2]["gamma"]))).all()
    assert landscape.reward(overflow) == 0


@pytest.mark.parametrize("name", REWARDS)
def test_a_reward_is_an_objective_of_a_search_and_the_seed_of_a_trial_changes_nothing(
    name: str,
) -> None:
    landscape = REWARDS[name](Grammar(2))
    found = rehearse(UniformRules(Grammar(2), seed=4), landscape, 12)
    assert len(found) == 12
    tokens = landscape.best
    assert {landscape(params_of(Grammar(2), tokens), seed) for seed in range(3)} == {
        landscape.reward(tokens)
    }
    assert landscape == REWARDS[name](Grammar(2))
    assert repr(landscape) != repr(REWARDS[name](Grammar(2), seed=1))


@pytest.mark.parametrize("name", REWARDS)
def test_seeds_give_different_rewards(name: str) -> None:
    tokens = drawn(Grammar(2), 20)
    one, two, again = (REWARDS[name](Grammar(2), seed=seed) for seed in (0, 1, 0))
    assert [one.reward(t) for t in tokens] != [two.reward(t) for t in tokens]
    assert [one.reward(t) for t in tokens] == [again.reward(t) for t in tokens]


@pytest.mark.parametrize("name", REWARDS)
def test_bad_input_is_named(name: str) -> None:
    landscape = REWARDS[name](Grammar(1))
    with pytest.raises(ValueError, match=r"must be one of .* got 'g'"):
        landscape.reward(("g", "g", "x", "x", "*"))
    with pytest.raises(ValueError, match="tokens must be 5 tokens"):
        landscape.reward(("g", "m"))
    with pytest.raises(ValueError, match="params must have"):
        landscape({"1.op1": "g"}, 0)
    with pytest.raises(ValueError, match="seed must be a whole number"):
        REWARDS[name](Grammar(1), seed=-1)
    with pytest.raises(TypeError, match="grammar must be a Grammar"):
        REWARDS[name]("g")


def test_a_hidden_rule_has_an_update() -> None:
    with pytest.raises(ValueError, match=r"formula must be a rule .* got 'log\(sign\(g\)\)'"):
        Likeness(formula="log(sign(g))")
    with pytest.raises(ValueError, match="size must be a whole number, 2 or more, got 1"):
        Likeness(size=1)
    assert Rule.parse(Likeness().formula) == Rule.from_tokens(Likeness().best[:5])


def test_random_search_does_not_know_the_hidden_string() -> None:
    for seed in range(5):
        landscape = Matching(Grammar(2), seed)
        found = rehearse(UniformRules(Grammar(2), seed=seed), landscape, 200)
        assert found["value"].max() < 0.9

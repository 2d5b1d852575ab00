"""Batches, the surrogate, its gradient, and the baseline are what they are said to be."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor

from lstmlab.optimizers import Policy
from lstmlab.optimizers.learning import (
    MOST,
    Baseline,
    Batch,
    Seen,
    Worth,
    gradients,
    norm,
)

from .small import batch_of, listed, made, weights, written


def flat(tensors: list[Tensor]) -> Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def gradient(policy: Policy, batch: Batch, baseline: float, entropy: float = 0.0) -> Tensor:
    seen = Seen.of(policy, batch.actions)
    return flat(gradients(policy, seen.surrogate(Worth.of(seen, batch, baseline, entropy))))


def rewards_of(actions: Tensor) -> Tensor:
    return torch.sin(actions.double() @ torch.arange(1.0, 6.0, dtype=torch.float64))


def test_what_is_seen_is_what_the_policy_says() -> None:
    policy = made()
    actions = listed(policy)
    seen = Seen.of(policy, actions)
    torch.testing.assert_close(seen.log_prob, policy.log_prob(actions))
    torch.testing.assert_close(seen.entropy, policy.entropy(actions))
    assert seen.kl(seen) == 0


def test_in_expectation_the_gradient_is_that_of_the_expected_reward() -> None:
    """Over all strings, each weighted by its probability, whatever the baseline."""
    policy = made()
    actions = listed(policy)
    rewards = rewards_of(actions)
    p = policy.log_prob(actions).exp()
    exact = flat(gradients(policy, (p * rewards).sum()))
    assert exact.norm() > 0.1
    for baseline in (0.0, 0.4, -3.0):
        singles = [
            gradient(policy, batch_of(policy, row[None], reward[None]), baseline)
            for row, reward in zip(actions, rewards, strict=True)
        ]
        expected = (p.detach()[:, None] * torch.stack(singles)).sum(0)
        torch.testing.assert_close(expected, exact, rtol=1e-9, atol=1e-12)


def test_the_gradient_of_drawn_batches_comes_to_the_exact_one() -> None:
    policy = made()
    actions = listed(policy)
    p = policy.log_prob(actions).exp()
    exact = flat(gradients(policy, (p * rewards_of(actions)).sum()))
    drawn = policy.sample(40_000, torch.Generator().manual_seed(1))
    found = gradient(policy, batch_of(policy, drawn, rewards_of(drawn)), 0.2)
    assert (found - exact).norm() < 0.05 * exact.norm()
    less = gradient(policy, batch_of(policy, drawn[:20], rewards_of(drawn[:20])), 0.2)
    assert (less - exact).norm() > 0.1 * exact.norm()


def test_a_batch_of_an_older_policy_counts_by_its_ratios() -> None:
    """In expectation the gradient is still that of the policy that learns."""
    policy, older = made(seed=0, spread=0.3), made(seed=1, spread=0.3)
    actions = listed(policy)
    rewards, log_prob = rewards_of(actions), older.log_prob(actions).detach()
    p = policy.log_prob(actions).exp()
    assert (p / log_prob.exp()).max() < MOST
    exact = flat(gradients(policy, (p * rewards).sum()))
    expected = sum(
        float(torch.exp(log_prob[k]))
        * gradient(policy, Batch(actions[k, None], log_prob[k, None], rewards[k, None]), 0.3)
        for k in range(len(actions))
    )
    torch.testing.assert_close(expected, exact, rtol=1e-9, atol=1e-12)


def test_ratios_are_those_of_the_probabilities_up_to_the_largest() -> None:
    policy = made()
    actions = listed(policy)[:4]
    now = policy.log_prob(actions).detach()
    older = now - torch.tensor([0.0, math.log(3.0), -math.log(4.0), math.log(1e6)])
    seen = Seen.of(policy, actions)
    worth = Worth.of(seen, Batch(actions, older, torch.ones(4)), 0.5, 0.0)
    torch.testing.assert_close(worth.weight, torch.tensor([1.0, 3.0, 0.25, MOST]).double())
    torch.testing.assert_close(float(seen.surrogate(worth).detach()), 0.5 * (4.25 + MOST) / 4)
    other = made(seed=5)
    moved = Seen.of(other, actions)
    ratio = torch.exp(other.log_prob(actions).detach() - now)
    expected = float((worth.weight * ratio * 0.5).mean())
    assert float(moved.surrogate(worth).detach()) == pytest.approx(expected, rel=1e-12)


def test_the_entropy_is_added_with_its_weight_and_its_gradient() -> None:
    policy = made()
    batch = written(policy, 6, seed=3)
    without, doubled = (gradient(policy, batch, 0.1, entropy) for entropy in (0.0, 2.0))
    entropy = flat(gradients(policy, policy.entropy(batch.actions).mean()))
    torch.testing.assert_close(doubled - without, 2 * entropy, rtol=1e-9, atol=1e-12)
    h = 1e-6
    start = weights(policy)
    with torch.no_grad():
        slopes = []
        for sign in (1, -1):
            for weight, was in zip(policy.parameters(), start, strict=True):
                weight.copy_(was + sign * h)
            slopes.append(float(policy.entropy(batch.actions).mean()))
    assert (slopes[0] - slopes[1]) / (2 * h) == pytest.approx(float(entropy.sum()), rel=1e-5)


def test_where_every_token_is_as_likely_the_entropy_has_no_slope() -> None:
    policy = made(spread=0.0)
    batch = batch_of(policy, listed(policy), torch.zeros(48))
    assert gradient(policy, batch, 0.0, 1.0).norm() < 1e-12
    assert float(Seen.of(policy, batch.actions).entropy[0].detach()) == pytest.approx(math.log(48))


def test_the_divergence_is_the_mean_over_prefixes() -> None:
    one, two = made(seed=1), made(seed=2)
    actions = one.sample(7, torch.Generator().manual_seed(0))
    found = Seen.of(one, actions).kl(Seen.of(two, actions))
    total = 0.0
    for row, tokens in zip(actions, one.tokens(actions), strict=True):
        assert len(row) == 5
        for t in range(5):
            p, q = one.choices(tokens[:t]), two.choices(tokens[:t])
            total += sum(p[token] * math.log(p[token] / q[token]) for token in p)
    assert found == pytest.approx(total / 35, rel=1e-10)
    assert found > 0.01


def test_norms_are_summed_in_double_precision() -> None:
    assert norm([torch.full((3,), 1e30), torch.full((1,), 1e30)]) == pytest.approx(2e30)


ACTIONS = torch.zeros(2, 5, dtype=torch.long)


@pytest.mark.parametrize(
    ("actions", "log_prob", "rewards", "says"),
    [
        (ACTIONS, torch.zeros(2), torch.tensor([0.5, math.nan]), r"rewards must be finite .* nan"),
        (ACTIONS, torch.zeros(2), torch.tensor([0.5, math.inf]), "rewards must be finite numbers"),
        (ACTIONS, torch.tensor([0.0, -math.inf]), torch.zeros(2), "log_prob must be finite"),
        (ACTIONS, torch.zeros(2), torch.zeros(3), r"rewards must have the shape \(2,\).* got \(3,"),
        (ACTIONS, torch.zeros(2, 5), torch.zeros(2), r"log_prob must have the shape \(2,\)"),
        (ACTIONS.float(), torch.zeros(2), torch.zeros(2), "actions must be a LongTensor"),
        (ACTIONS[:0], torch.zeros(0), torch.zeros(0), r"B 1 or more, got .*\(0, 5\)"),
        (ACTIONS[0], torch.zeros(5), torch.zeros(5), r"of shape \(B, L\)"),
    ],
)
def test_a_batch_that_is_none_is_refused(
    actions: Tensor, log_prob: Tensor, rewards: Tensor, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Batch(actions, log_prob, rewards)
    with pytest.raises(TypeError, match=r"rewards must be a Tensor, got \[0.5\]"):
        Batch(ACTIONS, torch.zeros(2), [0.5])
    with pytest.raises(TypeError, match=r"failed must be a Tensor, got \[True, False\]"):
        Batch(ACTIONS, torch.zeros(2), torch.zeros(2), [True, False])
    with pytest.raises(TypeError, match="rewards must be real numbers, got torch.complex64"):
        Batch(ACTIONS, torch.zeros(2), torch.zeros(2, dtype=torch.complex64))
    with pytest.raises(ValueError, match=r"failed must be of bool and of the shape \(2,\), got"):
        Batch(ACTIONS, torch.zeros(2), torch.zeros(2), torch.zeros(2))


def test_the_baseline_is_the_corrected_average_of_the_batches_before() -> None:
    baseline, means = Baseline(0.8), []
    rng = np.random.default_rng(0)
    assert baseline.value is None
    for n in range(30):
        rewards = torch.tensor(rng.random(5))
        expected = (
            float(np.average(means, weights=0.8 ** np.arange(n)[::-1]))
            if means
            else float(rewards.mean())
        )
        assert baseline.take(rewards) == pytest.approx(expected, rel=1e-12)
        means.append(float(rewards.mean()))
    assert baseline.value == pytest.approx(np.average(means, weights=0.8 ** np.arange(30)[::-1]))
    constant = Baseline()
    assert [constant.take(torch.full((5,), 0.7)) for _ in range(4)] == pytest.approx([0.7] * 4)


def test_the_baseline_without_memory_is_the_last_batch() -> None:
    baseline = Baseline(0.0)
    baseline.take(torch.tensor([1.0, 2.0]))
    assert baseline.take(torch.tensor([9.0])) == 1.5
    assert baseline.value == 9


def test_the_baseline_goes_on_from_its_state() -> None:
    one, two = Baseline(0.7), Baseline(0.7)
    for k in range(5):
        one.take(torch.tensor([float(k), 3.0]))
    two.load_state_dict(one.state_dict())
    assert two.value == one.value
    assert two.take(torch.ones(3)) == one.take(torch.ones(3))
    assert two.state_dict() == one.state_dict()
    with pytest.raises(ValueError, match=r"a Baseline with decay=0.5, got 0.7"):
        Baseline(0.5).load_state_dict(one.state_dict())


@pytest.mark.parametrize("decay", [1.0, -0.1, math.nan, "0.9", True])
def test_a_decay_that_is_none_is_refused(decay: object) -> None:
    with pytest.raises(ValueError, match="decay must be from 0 to below 1, got"):
        Baseline(decay)


def test_rewards_that_are_no_numbers_do_not_reach_the_baseline() -> None:
    baseline = Baseline()
    for wrong in (torch.tensor([math.nan]), torch.tensor([])):
        with pytest.raises(ValueError, match="rewards must be finite numbers"):
            baseline.take(wrong)
    assert baseline.value is None

"""TRPO's step is the natural gradient's, and never goes further than it may."""

from __future__ import annotations

import io
import math
from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor

from lstmlab.optimizers import TRPO, Grammar, Policy, trpo
from lstmlab.optimizers.learning import Batch, Seen, Worth, gradients
from lstmlab.optimizers.trpo import fisher_product, flat

from .small import batch_of, listed, made, same, weights, written

TWO = Grammar(2, operands=("g", "m", "v"), unary=("x", "exp"), binary=("*", "-", "+"))


def count(policy: Policy) -> int:
    return sum(weight.numel() for weight in policy.parameters())


def whole(policy: Policy, actions: Tensor) -> Tensor:
    """The Fisher matrix from products with the unit vectors."""
    F = fisher_product(policy, policy.distributions(actions))
    return torch.stack([F(e) for e in torch.eye(count(policy), dtype=torch.float64)])


def test_the_products_are_those_of_the_fisher_matrix_written_out() -> None:
    """The mean over all prefixes of Σ p ∇log p ∇log pᵀ, entry by entry."""
    policy = made(units=2)
    actions = listed(policy)
    log_p = policy.distributions(actions)
    outer = torch.zeros(count(policy), count(policy), dtype=torch.float64)
    for b in range(len(actions)):
        for t in range(5):
            for k in torch.isfinite(log_p[b, t]).nonzero()[:, 0]:
                g = flat(gradients(policy, log_p[b, t, k]))
                outer += log_p[b, t, k].detach().exp() * torch.outer(g, g)
    found = whole(policy, actions)
    torch.testing.assert_close(found, outer / log_p.shape[:2].numel(), rtol=1e-9, atol=1e-13)
    assert torch.linalg.eigvalsh(found)[-1] > 0.01


def test_the_products_are_those_of_the_hessian_of_the_divergence() -> None:
    policy = made(TWO, units=4)
    actions = policy.sample(6, torch.Generator().manual_seed(0))
    old = policy.distributions(actions).detach()
    allowed = torch.isfinite(old)
    log_p = policy.distributions(actions)
    differences = torch.where(allowed, old - torch.where(allowed, log_p, 0.0), 0.0)
    kl = (torch.where(allowed, old.exp(), 0.0) * differences).sum(-1).mean()
    parameters = list(policy.parameters())
    slope = flat(torch.autograd.grad(kl, parameters, create_graph=True))
    assert slope.norm() < 1e-12
    F = fisher_product(policy, policy.distributions(actions))
    for seed in range(3):
        v = torch.randn(count(policy), generator=torch.Generator().manual_seed(seed)).double()
        hessian = flat(torch.autograd.grad(slope @ v, parameters, retain_graph=True))
        torch.testing.assert_close(F(v), hessian, rtol=1e-8, atol=1e-12)
        assert F(v).norm() > 1e-3


def test_the_fisher_matrix_predicts_the_divergence_of_small_steps() -> None:
    policy = made(units=4)
    actions = policy.sample(10, torch.Generator().manual_seed(1))
    seen, start = Seen.of(policy, actions), weights(policy)
    v = torch.randn(count(policy), generator=torch.Generator().manual_seed(2)).double()
    expected = float(v @ fisher_product(policy, seen.log_probs)(v)) / 2
    for h in (1e-3, 1e-4):
        parts = v.split([weight.numel() for weight in start])
        with torch.no_grad():
            for weight, was, part in zip(policy.parameters(), start, parts, strict=True):
                weight.copy_(was + h * part.view_as(was))
        assert seen.kl(Seen.of(policy, actions)) / h**2 == pytest.approx(expected, rel=100 * h)


def test_the_whole_step_is_the_damped_natural_gradient_as_long_as_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trpo, "TOLERANCE", 1e-14)
    policy = made(units=2)
    learner = TRPO(max_kl=0.003, damping=0.05, cg_steps=200, entropy=0.2)
    batch = written(policy, 12, seed=0)
    seen = Seen.of(policy, batch.actions)
    g = gradients(policy, seen.surrogate(Worth.of(seen, batch, 0.1, 0.2)))
    F = whole(policy, batch.actions)
    x = torch.linalg.solve(F + 0.05 * torch.eye(len(F)), flat(g))
    exact = math.sqrt(2 * 0.003 / float(x @ F @ x)) * x
    found = flat(learner.direction(policy, seen, g))
    torch.testing.assert_close(found, exact, rtol=1e-6, atol=1e-9)
    assert float(found @ F @ found) / 2 == pytest.approx(0.003)


SETTINGS: list[dict[str, float]] = [
    {"max_kl": 0.01},
    {"max_kl": 0.1, "damping": 1e-3},
    {"max_kl": 1.0, "damping": 0.0, "entropy": 0.0},
    {"max_kl": 1e-4, "cg_steps": 1, "backtracks": 3},
    {"max_kl": 5.0, "backtracks": 0},
    {"max_kl": 0.02, "entropy": 10.0},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_divergence_never_exceeds_its_bound(
    settings: dict[str, float], dtype: torch.dtype
) -> None:
    """Measured anew, over batches of all kinds, and the surrogate never falls; a step that is
    refused leaves the weights as they were, to the bit."""
    taken = refused = 0
    for seed in range(12):
        learner = TRPO(**settings)
        policy = made(TWO, units=5, spread=(0.08, 1.0, 3.0)[seed % 3], seed=seed, dtype=dtype)
        scale, shift = ((1, 0), (0, 0.5), (1e6, 0), (1e-9, 1), (1e30, -1e30), (0, 0))[seed % 6]
        batch = written(policy, 1 + seed % 7, seed, scale, shift)
        if seed % 2:  # written by a policy before
            batch = Batch(batch.actions, batch.log_prob - torch.randn(()) * 3, batch.rewards)
        baseline = (0.0, 0.5, float(batch.rewards.mean()))[seed % 3]
        seen, start = Seen.of(policy, batch.actions), weights(policy)
        worth = Worth.of(seen, batch, baseline, learner.entropy)
        report = learner.update(policy, batch, baseline)
        after = Seen.of(policy, batch.actions)
        assert seen.kl(after) <= learner.max_kl
        assert report.kl == pytest.approx(seen.kl(after), abs=1e-12)
        numbers = (report.gradient_norm, report.kl, report.entropy, *report.surrogate)
        assert not any(math.isnan(number) for number in numbers)
        if report.accepted:
            taken += 1
            assert bool(after.surrogate(worth) > seen.surrogate(worth))
            assert report.surrogate[1] > report.surrogate[0]
            assert not same(weights(policy), start)
        else:
            refused += 1
            assert report.surrogate[0] == report.surrogate[1]
            assert same(weights(policy), start)
    assert taken > 0
    if settings.get("entropy") == 0:
        assert refused > 0  # with equal rewards there is nothing to learn


def test_a_step_too_long_is_halved_until_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = made(TWO, units=5)
    batch = written(policy, 5, seed=3)
    allowed = TRPO(max_kl=0.5)
    start = weights(policy)
    whole_step = allowed.direction(policy, *_gradient(policy, batch))
    report = allowed.update(policy, batch, 0.0)
    assert report.accepted
    assert report.backtracks is not None
    for weight, was, delta in zip(weights(policy), start, whole_step, strict=True):
        torch.testing.assert_close(weight, was + 0.5**report.backtracks * delta)
    again = made(TWO, units=5)
    monkeypatch.setattr(TRPO, "direction", lambda self, *args: [1e3 * x for x in whole_step])
    report = TRPO(max_kl=0.5).update(again, batch, 0.0)
    assert report.accepted
    assert report.backtracks is not None
    assert report.backtracks > 4
    assert report.kl <= 0.5


def test_a_direction_that_makes_it_worse_is_refused_to_the_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = made(TWO, units=5)
    batch = written(policy, 5, seed=4)
    start = weights(policy)
    backwards = [-x for x in TRPO().direction(policy, *_gradient(policy, batch))]
    monkeypatch.setattr(TRPO, "direction", lambda self, *args: backwards)
    report = TRPO(backtracks=6).update(policy, batch, 0.0)
    assert not report.accepted
    assert report.backtracks == 6
    assert report.kl == 0
    assert same(weights(policy), start)


def _gradient(policy: Policy, batch: Batch) -> tuple[Seen, list[Tensor]]:
    seen = Seen.of(policy, batch.actions)
    return seen, gradients(policy, seen.surrogate(Worth.of(seen, batch, 0.0, TRPO().entropy)))


def test_weights_that_stayed_do_not_hold_on_to_a_graph() -> None:
    policy = made()
    TRPO().update(policy, written(policy, 5, seed=0), 0.0)
    assert all(weight.requires_grad and weight.is_leaf for weight in policy.parameters())
    assert all(weight.grad is None for weight in policy.parameters())


def test_equal_rewards_without_entropy_teach_nothing() -> None:
    policy = made()
    start = weights(policy)
    batch = batch_of(policy, listed(policy), torch.full((48,), 0.5))
    report = TRPO(entropy=0.0).update(policy, batch, 0.5)
    assert not report.accepted
    assert report.gradient_norm == 0
    assert report.backtracks == 0
    assert same(weights(policy), start)


def test_how_large_rewards_are_makes_no_difference() -> None:
    found = []
    for scale in (1.0, 2.0**-80, 2.0**80):
        policy = made(dtype=torch.float32)
        batch = written(policy, 5, seed=1, scale=scale)
        assert TRPO(entropy=0.0).update(policy, batch, 0.0).accepted
        found.append(weights(policy))
    for one, two in pairwise(found):
        for a, b in zip(one, two, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_it_finds_the_string_that_is_rewarded() -> None:
    policy = made(units=8, spread=0.08)
    best = listed(policy)[17]
    learner, generator = TRPO(max_kl=0.05), torch.Generator().manual_seed(0)
    for _ in range(60):
        actions = policy.sample(10, generator)
        rewards = (actions == best).double().mean(1)
        learner.update(policy, batch_of(policy, actions, rewards), float(rewards.mean()))
    assert torch.equal(policy.greedy(), best)
    assert float(policy.log_prob(best[None]).detach().exp()) > 0.5


def test_a_step_learns_from_the_last_batches_and_no_others() -> None:
    policy, learner = made(TWO), TRPO(reuse=3, max_kl=0.1)
    batches = [written(policy, 4, seed=k) for k in range(5)]
    for k, batch in enumerate(batches):
        copy = made(TWO)
        copy.load_state_dict(policy.state_dict())
        joined = Batch.joined(batches[max(0, k - 2) : k + 1])
        assert len(joined.rewards) == 4 * min(k + 1, 3)
        alone = TRPO(reuse=1, max_kl=0.1).update(copy, joined, 0.1)
        report = learner.update(policy, batch, 0.1)
        assert same(weights(policy), weights(copy))
        assert report.surrogate == alone.surrogate
        assert report.mean_reward == pytest.approx(float(batch.rewards.mean()))
        assert report.accepted


def test_the_divergence_stays_within_its_bound_through_a_whole_search() -> None:
    policy, learner = made(TWO, spread=0.08, dtype=torch.float32), TRPO(max_kl=0.02)
    best = policy.sample(1, torch.Generator().manual_seed(8))
    recent: list[Batch] = []
    for k in range(40):
        actions = policy.sample(5, torch.Generator().manual_seed(k))
        recent = [*recent[-3:], batch_of(policy, actions, (actions == best).float().mean(1))]
        joined = Batch.joined(recent).actions
        before = Seen.of(policy, joined)
        report = learner.update(policy, recent[-1], 0.3)
        assert before.kl(Seen.of(policy, joined)) <= 0.02
        assert report.kl <= 0.02


def test_a_failure_earns_the_least_of_all_that_are_learned_from() -> None:
    policy = made()
    failed = torch.tensor([True, False])
    batches = [
        Batch(batch.actions, batch.log_prob, torch.tensor(rewards), failed if n else None)
        for n, rewards in enumerate(([0.5, -0.2], [0.0, 0.1], [-0.7, -1.0]))
        for batch in [written(policy, 2, seed=n)]
    ]
    joined = Batch.joined(batches)
    assert joined.rewards.tolist() == torch.tensor([0.5, -0.2, -1.0, 0.1, -1.0, -1.0]).tolist()
    assert joined.parts()[3].tolist() == [False, False, True, False, True, False]


def test_another_policy_is_refused() -> None:
    learner, a, b = TRPO(), made(), made(seed=9)
    learner.update(a, written(a, 5, seed=0), 0.1)
    before = weights(b), learner.state_dict()
    with pytest.raises(ValueError, match="policy must be the one of the updates before"):
        learner.update(b, written(b, 5, seed=1), 0.1)
    assert same(before[0], weights(b))
    assert len(learner.state_dict()["recent"]) == 1


def test_a_batch_that_is_refused_leaves_nothing_behind() -> None:
    policy, other, learner, twin = made(), made(TWO), TRPO(), TRPO()
    good, bad = written(policy, 5, seed=0), written(other, 5, seed=0)
    with pytest.raises(ValueError, match="actions must be"):
        learner.update(policy, bad, 0.1)
    with pytest.raises(TypeError):
        learner.update(policy, good, None)  # type: ignore[arg-type]
    assert learner.state_dict() == twin.state_dict()
    learner.update(other, bad, 0.1)


def test_it_goes_on_from_its_state() -> None:
    one, two = TRPO(max_kl=0.03), TRPO(max_kl=0.03)
    a, b = made(), made(seed=9)
    for k in range(3):
        one.update(a, written(a, 5, seed=k), 0.1)
    file = io.BytesIO()
    torch.save((a.state_dict(), one.state_dict()), file)
    file.seek(0)
    policy_state, state = torch.load(file, weights_only=True)
    b.load_state_dict(policy_state)
    two.load_state_dict(state)
    for k in range(3, 9):
        batch = written(a, 5, seed=k)
        assert one.update(a, batch, 0.1) == two.update(b, batch, 0.1)
        assert same(weights(a), weights(b))
    with pytest.raises(ValueError, match=r"a TRPO with max_kl=0.01, got 0.03"):
        TRPO().load_state_dict(one.state_dict())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"max_kl": 0.0}, "max_kl must be above 0, got 0.0"),
        ({"max_kl": math.inf}, "max_kl must be above 0, got inf"),
        ({"entropy": -1.0}, "entropy must be 0 or more, got -1.0"),
        ({"damping": -0.1}, "damping must be 0 or more, got -0.1"),
        ({"cg_steps": 0}, "cg_steps must be a whole number, 1 or more, got 0"),
        ({"reuse": 0}, "reuse must be a whole number, 1 or more, got 0"),
        ({"backtracks": -1}, "backtracks must be a whole number, 0 or more, got -1"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        TRPO(**settings)

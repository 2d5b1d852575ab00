"""REINFORCE takes Adam's step along the gradient, and goes on where it was."""

from __future__ import annotations

import io
import math

import pytest

torch = pytest.importorskip("torch")

from lstmlab.optimizers import Policy, Reinforce
from lstmlab.optimizers.learning import Batch, Seen, Worth, gradients

from .small import listed, made, same, weights, written


def test_the_steps_are_those_of_adam_on_the_surrogate() -> None:
    """Against Adam written out: m and v of the gradient, corrected, as Kingma and Ba have them."""
    policy, learner = made(), Reinforce(lr=0.02, entropy=0.1)
    m = v = None
    for t in range(1, 6):
        batch = written(policy, 5, seed=t)
        seen = Seen.of(policy, batch.actions)
        g = gradients(policy, seen.surrogate(Worth.of(seen, batch, 0.3, 0.1)))
        m = [0.1 * x if m is None else 0.9 * m[k] + 0.1 * x for k, x in enumerate(g)]
        v = [1e-3 * x * x if v is None else 0.999 * v[k] + 1e-3 * x * x for k, x in enumerate(g)]
        expected = [
            weight + 0.02 * (a / (1 - 0.9**t)) / ((b / (1 - 0.999**t)).sqrt() + 1e-8)
            for weight, a, b in zip(weights(policy), m, v, strict=True)
        ]
        report = learner.update(policy, batch, 0.3)
        for found, want in zip(weights(policy), expected, strict=True):
            torch.testing.assert_close(found, want, rtol=1e-9, atol=1e-12)
        assert report.accepted
        assert report.backtracks is None


def test_the_report_says_what_was_measured() -> None:
    policy, learner = made(), Reinforce(lr=0.01, entropy=0.0)
    batch = written(policy, 8, seed=1, shift=2.0)
    before = Seen.of(policy, batch.actions)
    report = learner.update(policy, batch, 1.5)
    after = Seen.of(policy, batch.actions)
    assert report.mean_reward == pytest.approx(float(batch.rewards.mean()))
    assert report.baseline == 1.5
    assert report.surrogate[0] == pytest.approx(report.mean_reward - 1.5)
    assert report.surrogate[1] > report.surrogate[0]
    assert report.entropy == pytest.approx(float(before.entropy.detach().mean()))
    assert report.kl == pytest.approx(before.kl(after), rel=1e-9)
    assert report.kl > 0
    assert report.gradient_norm > 0


def test_it_finds_the_string_that_is_rewarded() -> None:
    policy = made(units=8, spread=0.08)
    best = listed(policy)[17]
    learner, generator = Reinforce(lr=0.02), torch.Generator().manual_seed(0)
    for _ in range(150):
        actions = policy.sample(10, generator)
        rewards = (actions == best).double().mean(1)
        batch = Batch(actions, policy.log_prob(actions).detach(), rewards)
        learner.update(policy, batch, float(rewards.mean()))
    assert torch.equal(policy.greedy(), best)
    assert float(policy.log_prob(best[None]).detach().exp()) > 0.5


def test_a_gradient_that_is_no_number_changes_nothing() -> None:
    policy, learner = made(dtype=torch.float32), Reinforce(lr=0.1)
    learner.update(policy, written(policy, 5, seed=0), 0.0)
    before, state = weights(policy), learner.state_dict()["adam"]["state"]
    steps = [float(one["step"]) for one in state.values()]
    report = learner.update(policy, written(policy, 5, seed=1, scale=1e300), 0.0)
    assert not report.accepted
    assert report.kl == 0
    assert not any(math.isnan(x) for x in (report.gradient_norm, *report.surrogate))
    assert same(weights(policy), before)
    assert [float(one["step"]) for one in learner.state_dict()["adam"]["state"].values()] == steps


def test_it_goes_on_from_its_state_to_the_bit() -> None:
    policy, learner = made(), Reinforce(lr=0.01)
    for k in range(3):
        learner.update(policy, written(policy, 5, seed=k), 0.1)
    file = io.BytesIO()
    torch.save((policy.state_dict(), learner.state_dict()), file)
    file.seek(0)
    policy_state, learner_state = torch.load(file, weights_only=True)
    copy, second = made(seed=9), Reinforce(lr=0.01)
    copy.load_state_dict(policy_state)
    second.load_state_dict(learner_state)
    for k in range(3, 6):
        batch = written(policy, 5, seed=k)
        assert learner.update(policy, batch, 0.1) == second.update(copy, batch, 0.1)
    assert same(weights(policy), weights(copy))


def test_a_state_is_not_shared_with_whoever_loaded_it() -> None:
    policy, learner = made(), Reinforce(lr=0.01)
    learner.update(policy, written(policy, 5, seed=0), 0.1)
    second = Reinforce(lr=0.01)
    second.load_state_dict(learner.state_dict())
    before = weights_of(learner)
    copy = made()
    second.update(copy, written(copy, 5, seed=1), 0.1)
    assert same(weights_of(learner), before)


def weights_of(learner: Reinforce) -> list[torch.Tensor]:
    return [one["exp_avg"].clone() for one in learner.state_dict()["adam"]["state"].values()]


def test_a_state_before_the_first_update_is_one() -> None:
    one, two = Reinforce(lr=0.01), Reinforce(lr=0.01)
    two.load_state_dict(one.state_dict())
    a, b = made(), made()
    batch = written(a, 5, seed=0)
    assert one.update(a, batch, 0.0) == two.update(b, batch, 0.0)


def test_states_of_other_settings_and_other_policies_are_refused() -> None:
    learner, policy = Reinforce(lr=0.01), made()
    with pytest.raises(ValueError, match=r"a Reinforce with lr=0.02, got 0.01"):
        Reinforce(lr=0.02).load_state_dict(learner.state_dict())
    learner.update(policy, written(policy, 5, seed=0), 0.0)
    other: Policy = made()
    with pytest.raises(ValueError, match="policy must be the one of the updates before"):
        learner.update(other, written(other, 5, seed=0), 0.0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"lr": 0}, "lr must be above 0, got 0"), ({"entropy": -1}, "entropy must be 0 or more")],
)
def test_bad_settings_are_named(settings: dict[str, float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Reinforce(**settings)

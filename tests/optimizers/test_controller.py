"""A controller proposes legal rules, learns from batches in order, and survives being killed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

torch = pytest.importorskip("torch")

from lstmlab.optimizers import TRPO, Batch, Controller, Grammar, Policy, Reinforce, Report, rule_of
from lstmlab.search import Serial, rehearse, run, table
from lstmlab.search.space import Params
from tests.optimizers.writing import Alike, controller
from tests.search.made import assert_same, environment


class Listener:
    """A learner that notes what it is told, and moves the weights a little by it."""

    def __init__(self) -> None:
        self.heard: list[tuple[Batch, float]] = []

    def update(self, policy: Policy, batch: Batch, baseline: float) -> Report:
        """Weights that no other history has."""
        self.heard.append((batch, baseline))
        with torch.no_grad():
            policy.b_y += (batch.rewards.mean() - baseline) * policy.b_y
        return Report(0.0, baseline, 0.0, 0.0, (0.0, 0.0), 0.0, True)

    def state_dict(self) -> dict[str, object]:
        """How much it has heard."""
        return {"heard": len(self.heard)}

    def load_state_dict(self, state: object) -> None:
        """Nothing is needed."""


def trial(searcher: Controller, params: Params, value: float | None) -> FrozenTrial:
    state = TrialState.FAIL if value is None else TrialState.COMPLETE
    return create_trial(state=state, params=params, distributions=searcher.space, value=value)


def tell(searcher: Controller, asked: list[Params], values: list[float | None]) -> None:
    pairs = zip(asked, values, strict=True)
    searcher.tell([trial(searcher, params, value) for params, value in pairs])


def same(one: object, other: object) -> bool:
    """Whether two states are equal, tensors to the bit."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and set(one) == set(other)
            and all(same(one[key], other[key]) for key in one)
        )
    if isinstance(one, list | tuple):
        return (
            isinstance(other, list | tuple)
            and len(one) == len(other)
            and all(map(same, one, other))
        )
    return bool(one == other)


@pytest.mark.parametrize("learner", ["trpo", "reinforce"])
def test_it_is_a_searcher_whose_rewards_rise(learner: str) -> None:
    given = learner if learner == "trpo" else Reinforce(lr=0.03)
    searcher = controller(given)
    assert (searcher.batch, searcher.lag, searcher.direction) == (5, 1, "maximize")
    found = rehearse(searcher, Alike(luck=False), 400)
    early, late = found["value"][:100].mean(), found["value"][-100:].mean()
    assert late > early + 0.2
    assert len(searcher.reports) == 80
    assert searcher.reports[-1].mean_reward == pytest.approx(found["value"][-5:].mean())
    assert (
        Alike(luck=False)(dict(zip(searcher.space, searcher.greedy().tokens, strict=True)), 1)
        > late - 0.2
    )


def test_what_it_proposes_are_the_policy_s_strings() -> None:
    searcher = controller(learner=Listener())
    grammar = searcher.grammar
    asked = searcher.ask(5)
    assert all(tuple(params.values()) in grammar for params in asked)
    assert all(str(rule_of(grammar, params)) for params in asked)
    tell(searcher, asked, [0.1, 0.2, 0.3, 0.4, 0.5])
    ((batch, baseline),) = searcher.learner.heard
    assert [
        dict(zip(searcher.space, tokens, strict=True))
        for tokens in searcher.policy.tokens(batch.actions)
    ] == asked
    assert batch.rewards.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    fresh = controller(learner=Listener())
    assert torch.equal(batch.log_prob, fresh.policy.log_prob(batch.actions).detach())
    assert baseline == pytest.approx(0.3)


def test_the_lag_is_one_batch() -> None:
    """What the batch before earned does not matter; what the one before that earned does."""

    def third(first: float, second: float) -> list[Params]:
        searcher = controller(learner=Listener())
        one, two = searcher.ask(5), searcher.ask(5)
        tell(searcher, one, [0.1, 0.2, 0.3, 0.4, 0.5])
        three = searcher.ask(5)
        tell(searcher, two, [first] * 5)
        four = searcher.ask(5)
        tell(searcher, three, [second] * 5)
        return [*three, *four]

    assert third(0.0, 0.0)[:5] == third(3.0, 0.0)[:5]
    assert third(3.0, 0.0)[5:] == third(3.0, 9.0)[5:]
    assert third(0.0, 0.0)[5:] != third(90.0, 0.0)[5:]


def test_a_log_prob_is_that_of_the_policy_that_wrote_the_string() -> None:
    searcher = controller(learner=Listener())
    one, two = searcher.ask(5), searcher.ask(5)
    tell(searcher, one, [0.0, 0.0, 0.0, 0.0, 5.0])
    searcher.baseline.take(torch.ones(5))
    tell(searcher, two, [1.0] * 5)
    (first, _), (second, _) = searcher.learner.heard
    fresh = controller(learner=Listener()).policy
    for batch in (first, second):
        assert torch.equal(batch.log_prob, fresh.log_prob(batch.actions).detach())


def test_batches_do_not_depend_on_how_they_are_asked_for_and_told() -> None:
    whole, parts = controller(), controller()
    asked = whole.ask(5)
    assert [*parts.ask(2), *parts.ask(1), *parts.ask(2)] == asked
    values = [0.1, None, 0.3, 0.9, 0.2]
    tell(whole, asked, values)
    for params, value in zip(asked, values, strict=True):
        tell(parts, [params], [value])
    assert same(whole.state_dict(), parts.state_dict())
    assert whole.ask(12) == [*parts.ask(7), *parts.ask(5)]


@pytest.mark.parametrize(
    ("direction", "values", "rewards"),
    [
        ("maximize", [0.5, None, 0.2, 0.1, None], [0.5, 0.0, 0.2, 0.1, 0.0]),
        ("maximize", [None, None, None, None, None], [0.0] * 5),
        ("maximize", [0.5, None, -2.0, 0.1, 0.0], [0.5, -2.0, -2.0, 0.1, 0.0]),
        ("minimize", [0.5, None, 0.2, 3.0, None], [-0.5, -3.0, -0.2, -3.0, -3.0]),
        ("minimize", [-0.5, None, -0.2, -1.0, -0.1], [0.5, 0.0, 0.2, 1.0, 0.1]),
    ],
)
def test_a_failed_trial_earns_nothing_and_never_more_than_another(
    direction: str, values: list[float | None], rewards: list[float]
) -> None:
    searcher = controller(learner=Listener(), direction=direction)
    tell(searcher, searcher.ask(5), values)
    assert searcher.learner.heard[0][0].rewards.tolist() == pytest.approx(rewards)


def test_a_failed_trial_never_looks_better_when_it_is_learned_from_again() -> None:
    """A first batch fails wholly, and the losses that come then are not near 0."""
    learner = TRPO(reuse=4, max_kl=0.05, entropy=0.0)
    searcher = controller(learner, direction="minimize", baseline_decay=0.0)
    tell(searcher, searcher.ask(5), [None] * 5)
    assert searcher.baseline.value is None
    actions = searcher.learner._recent[0].actions
    before = searcher.policy.log_prob(actions).detach().mean()
    for _ in range(3):
        tell(searcher, searcher.ask(5), [2.25] * 5)
        assert searcher.reports[-1].baseline == -2.25
    joined = Batch.joined(searcher.learner._recent)
    assert joined.rewards.tolist() == [-2.25] * 20
    assert torch.equal(searcher.policy.log_prob(actions).detach().mean(), before)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_a_value_too_large_for_float32_is_a_failure(direction: str) -> None:
    def large(params: Params, seed: int) -> float:
        return 1e39 if params["1.op1"] == "g" else 1.0

    searcher = controller(direction=direction)
    found = rehearse(searcher, large, 60)
    assert 0 < (found["value"] > 1e38).sum() < 60
    assert len(searcher.reports) == 12
    assert {abs(reward) for _, reward in searcher.best(100)} == {1.0}


def test_to_minimize_is_to_maximize_what_is_negative() -> None:
    def cost(params: Params, seed: int) -> float:
        return -Alike(luck=False)(params, seed)

    ours = rehearse(controller(direction="minimize"), cost, 60)
    theirs = rehearse(controller(), Alike(luck=False), 60)
    assert_same(ours.assign(value=-ours["value"]), theirs)


def test_the_best_rules_differ_and_come_with_their_rewards() -> None:
    searcher = controller()
    grammar = searcher.grammar
    found = rehearse(searcher, Alike(), 150)
    best = searcher.best(10)
    rules = [rule_of(grammar, dict(row[list(searcher.space)])) for _, row in found.iterrows()]
    rewards: dict[object, float] = {}
    for rule, value in zip(rules, found["value"], strict=True):
        if not np.isnan(value):
            rewards[rule] = max(value, rewards.get(rule, value))
    assert [reward for _, reward in best] == sorted(rewards.values(), reverse=True)[:10]
    assert len({rule for rule, _ in best}) == 10
    assert all(rewards[rule] == reward for rule, reward in best)
    assert controller().best(3) == []
    with pytest.raises(ValueError, match="n must be a whole number"):
        controller().best(0)


@pytest.mark.parametrize("learner", ["trpo", "reinforce"])
@pytest.mark.parametrize("told", [0, 5, 8])
def test_a_state_goes_through_a_file_and_on_in_another_controller(
    learner: str, told: int, tmp_path: Path
) -> None:
    """With a batch out, half of one told and part of one not yet asked for."""
    one = controller(learner)
    rehearse(one, Alike(), 20)
    asked = one.ask(12)
    tell(one, asked[:told], [0.1 * (n % 4) if n % 3 else None for n in range(told)])
    torch.save(one.state_dict(), tmp_path / "a.pt")
    other = controller(learner)
    other.load_state_dict(torch.load(tmp_path / "a.pt", weights_only=True))
    assert same(one.state_dict(), other.state_dict())
    assert one.reports == other.reports
    for searcher in (one, other):
        tell(searcher, asked[told:], [0.2 * (n % 5) for n in range(12 - told)])
    assert one.ask(9) == other.ask(9)
    assert same(one.state_dict(), other.state_dict())
    assert one.best(5) == other.best(5)


@pytest.mark.parametrize("learner", ["trpo", "reinforce"])
def test_a_state_does_not_change_with_its_controller(learner: str) -> None:
    searcher = controller(learner)
    asked = searcher.ask(7)
    tell(searcher, asked[:5], [0.1, 0.2, 0.3, 0.4, 0.5])
    asked = [*asked[2:], *searcher.ask(3)]
    tell(searcher, asked[3:6], [0.1, 0.2, 0.3])
    state = searcher.state_dict()
    kept = io.BytesIO()
    torch.save(state, kept)
    tell(searcher, asked[6:8], [0.9, 0.8])
    kept.seek(0)
    assert same(state, torch.load(kept, weights_only=True))
    assert not same(state, searcher.state_dict())


def test_a_state_of_something_else_is_refused() -> None:
    state = controller().state_dict()
    for other in (controller(seed=6), controller(batch=4), controller(TRPO(max_kl=0.3)),
                  controller(baseline_decay=0.5), controller("reinforce"), controller(units=7),
                  controller(direction="minimize"),
                  Controller(Grammar(operands=("g", "m", "v")), units=12, seed=5)):  # fmt: skip
        before = other.state_dict()
        with pytest.raises(ValueError, match="state must be that of a"):
            other.load_state_dict(state)
        assert same(before, other.state_dict())


@pytest.mark.parametrize("lost", ["policy", "reports", "learner"])
def test_a_state_with_something_missing_changes_nothing(lost: str) -> None:
    searcher = controller()
    rehearse(searcher, Alike(), 20)
    state, other = searcher.state_dict(), controller()
    del state[lost]
    before = other.state_dict()
    with pytest.raises(ValueError, match=f"state must have '{lost}'"):
        other.load_state_dict(state)
    assert same(before, other.state_dict())


def test_a_search_is_not_begun_with_a_state() -> None:
    """It would tell the controller its first trials again."""
    searcher, other = controller(), controller()
    rehearse(searcher, Alike(), 20)
    other.load_state_dict(searcher.state_dict())
    with pytest.raises(ValueError, match="searcher must be a new one"):
        run(other, Alike(), 30, executor=Serial(), progress=False)


def test_results_do_not_depend_on_torch_s_threads() -> None:
    threads = torch.get_num_threads()
    found = []
    try:
        for n in (1, 2):
            torch.set_num_threads(n)
            searcher = controller(units=150)
            rehearse(searcher, Alike(), 25)
            assert torch.get_num_threads() == n
            found.append(searcher.state_dict())
    finally:
        torch.set_num_threads(threads)
    assert same(*found)


def test_another_seed_is_another_search() -> None:
    assert controller(seed=1).ask(5) != controller(seed=2).ask(5)
    one = controller(seed=1)
    assert one.ask(5) != one.ask(5)


def test_every_batch_has_draws_of_its_own() -> None:
    """Also where nothing has been learned in between."""
    searcher = controller(Listener())
    written = []
    for _ in range(6):
        asked = searcher.ask(5)
        tell(searcher, asked, [0.5] * 5)
        written += [tuple(params.values()) for params in asked]
    assert len(set(written)) == 30


def test_two_workers_and_one_find_the_same(tmp_path: Path) -> None:
    searchers = controller(), controller()
    ours = run(searchers[0], Alike(0.002), 43, executor=2, progress=False)
    theirs = run(searchers[1], Alike(0.002), 43, executor=Serial(), progress=False)
    assert_same(table(ours), table(theirs))
    assert same(searchers[0].state_dict(), searchers[1].state_dict())


def test_a_study_of_another_learner_is_not_gone_on_with(tmp_path: Path) -> None:
    place = tmp_path / "a.journal"
    run(controller(), Alike(), 20, executor=Serial(), storage=place, progress=False)
    with pytest.raises(ValueError, match="or is another, which needs another name"):
        run(controller(Reinforce(lr=0.1)), Alike(), 25, executor=Serial(), storage=place,
            progress=False)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda asked: asked[1:], "the next is .*, got"),
        (lambda asked: [*asked, asked[0]], "the next is none, got"),
        (lambda asked: [asked[0] | {"1.u1": "exp"}], "the next is .*, got"),
    ],
)
def test_trials_that_were_not_asked_for_are_refused(
    change: Callable[[list[Params]], list[Params]], message: str
) -> None:
    searcher = controller()
    asked = searcher.ask(5)
    assert asked[0]["1.u1"] != "exp"
    given = change(asked)
    with pytest.raises(ValueError, match=f"asked for, in their order: {message}"):
        tell(searcher, given, [0.1] * len(given))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"learner": "ppo"}, ValueError, "learner must be 'trpo', 'reinforce' or a .*got 'ppo'"),
        ({"learner": TRPO}, TypeError, "learner must be 'trpo', 'reinforce' or a Learner, got <cl"),
        ({"learner": 3}, TypeError, "learner must be .*, got 3"),
        ({"batch": 0}, ValueError, "batch must be a whole number, 1 or more, got 0"),
        ({"units": 0}, ValueError, "units must be a whole number, 1 or more, got 0"),
        ({"seed": -1}, ValueError, "seed must be a whole number, 0 or more, got -1"),
        ({"direction": "up"}, ValueError, "direction must be 'minimize' or 'maximize', got 'up'"),
        ({"baseline_decay": 1.0}, ValueError, "decay must be from 0 to below 1, got 1.0"),
        ({"grammar": 2}, TypeError, "grammar must be a Grammar, .*, got 2"),
        ({"device": "gpu"}, ValueError, "device must be one that torch has here, .*got 'gpu'"),
    ],
)
def test_wrong_settings_are_refused(
    settings: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Controller(**settings)  # type: ignore[arg-type]


def test_the_defaults_are_the_paper_s() -> None:
    searcher = Controller()
    assert searcher.grammar == Grammar(2)
    assert isinstance(searcher.learner, TRPO)
    assert (searcher.policy.units, searcher.batch, searcher.policy.spread) == (150, 5, 0.08)


@pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL")
@pytest.mark.parametrize(
    ("learner", "workers", "stops"), [("trpo", 2, (33, 78)), ("reinforce", 0, (52,))]
)
def test_a_search_that_is_killed_goes_on_as_if_nothing_had_been(
    learner: str, workers: int, stops: tuple[int, ...], root: Path, tmp_path: Path
) -> None:
    """kill -9, in the middle of batches; weights, learner, baseline and rules are those of a
    search that was left alone, to the bit."""
    trials, place, state = 120, tmp_path / "a.journal", tmp_path / "state.pt"
    program = [sys.executable, "-m", "tests.optimizers.writing", learner, str(place), str(workers)]
    for stop in (*stops, None):
        driver = subprocess.Popen(
            [*program, str(trials), str(state)], cwd=root, env=environment(root),
            stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            assert driver.stdout.readline() == b"begun\n"
            if stop is None:
                assert driver.communicate(timeout=300)[0] == b"done\n"
                continue
            while not place.exists() or place.read_text().count('"op_code":4') < stop:
                assert driver.poll() is None, "it ended before it could be killed"
                time.sleep(0.002)
            os.kill(driver.pid, signal.SIGKILL)
        finally:
            driver.kill()
            driver.wait()
            driver.stdout.close()
        assert not state.exists()
    alone = controller(learner)
    wanted = run(alone, Alike(), trials, executor=Serial(), progress=False)
    again = controller(learner)
    found = run(again, Alike(0.004), trials, executor=Serial(), storage=place, progress=False)
    assert_same(table(found), table(wanted))
    ended = torch.load(state, weights_only=True)
    assert len(ended["reports"]) == 24  # all batches; two more are written
    assert same(ended, alone.state_dict())
    assert same(ended, again.state_dict())
    other = controller(learner)
    other.load_state_dict(ended)
    assert other.ask(10) == alone.ask(10)

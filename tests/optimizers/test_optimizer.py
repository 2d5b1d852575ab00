"""A rule as an optimizer of torch: the classics, groups, states, schedulers, and refusals."""

from __future__ import annotations

import copy
import io
import math
import pickle
from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")

from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from lstmlab.optimizers import ZOO, ParseError, Rule, RuleOptimizer, named

from .training import DRAWN, ENGINES, flat, generator, gradients, train, weights


@pytest.mark.parametrize("engine", ENGINES)
def test_sgd_and_adam_are_torchs_to_the_last_digits(engine: str) -> None:
    for rule, peer in ((named("sgd"), torch.optim.SGD), (named("adam"), torch.optim.Adam)):
        found = train(lambda params, rule=rule: RuleOptimizer(params, rule, 0.01, engine=engine))
        wanted = train(lambda params, peer=peer: peer(params, lr=0.01))
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
        assert (found - flat(weights())).abs().mean() > 0.05


class Momentum(torch.optim.Optimizer):
    """The running average with its bias corrected, written out."""

    def __init__(self, params: list[Tensor], lr: float) -> None:
        super().__init__(params, {"lr": lr})
        self.t, self.m = 0, [torch.zeros_like(p) for p in params]

    @torch.no_grad()
    def step(self) -> None:
        self.t += 1
        for p, m in zip(self.param_groups[0]["params"], self.m, strict=True):
            m.mul_(0.9).add_(p.grad, alpha=0.1)
            p.sub_(self.param_groups[0]["lr"] * m / (1 - 0.9**self.t))


class RMSProp(Momentum):
    """g / (√v̂ + δ), written out."""

    @torch.no_grad()
    def step(self) -> None:
        self.t += 1
        for p, v in zip(self.param_groups[0]["params"], self.m, strict=True):
            v.mul_(0.999).addcmul_(p.grad, p.grad, value=0.001)
            p.sub_(0.01 * p.grad / ((v / (1 - 0.999**self.t)).sqrt() + 1e-8))


@pytest.mark.parametrize("engine", ENGINES)
def test_momentum_and_rmsprop_are_what_the_language_defines(engine: str) -> None:
    for name, peer in (("momentum", Momentum), ("rmsprop", RMSProp)):
        rule = named(name)
        found = train(lambda params, rule=rule: RuleOptimizer(params, rule, 0.01, engine=engine))
        wanted = train(lambda params, peer=peer: peer(params, 0.01))
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)


def test_momentum_is_not_torchs_whose_average_has_another_scale_and_bias() -> None:
    found = train(lambda params: RuleOptimizer(params, named("momentum"), 0.01))
    theirs = train(lambda params: torch.optim.SGD(params, lr=0.01, momentum=0.9))
    assert (found - theirs).abs().max() > 0.1


@pytest.mark.parametrize("engine", ENGINES)
def test_groups_have_rates_and_betas_of_their_own(engine: str) -> None:
    def make(params: list[Tensor], adam: Callable[..., torch.optim.Optimizer]) -> object:
        groups = [
            {"params": params[:2], "lr": 0.1},
            {"params": params[2:], "betas": (0.5, 0.9, 0.9) if adam is ours else (0.5, 0.9)},
        ]
        return adam(groups)

    def ours(groups: list[dict[str, object]]) -> RuleOptimizer:
        return RuleOptimizer(groups, "adam", 0.01, engine=engine)

    def theirs(groups: list[dict[str, object]]) -> torch.optim.Adam:
        return torch.optim.Adam(groups, lr=0.01)

    found, wanted = (train(lambda params, f=f: make(params, f)) for f in (ours, theirs))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_parameters_without_a_gradient_wait_as_in_torch(engine: str) -> None:
    def run(make: Callable[[list[Tensor]], torch.optim.Optimizer]) -> Tensor:
        params = weights()
        optimizer = make(params)
        for t, given in enumerate(gradients(12)):
            for n, (p, g) in enumerate(zip(params, given, strict=True)):
                p.grad = g if (t + n) % 3 or t > 8 else None
            optimizer.step()
        return flat(params)

    found = run(lambda params: RuleOptimizer(params, "adam", 0.01, engine=engine))
    wanted = run(lambda params: torch.optim.Adam(params, lr=0.01))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)


def test_averages_are_kept_only_if_the_rule_reads_them() -> None:
    for rule, held in (
        ("g", set()), ("m", {"m"}), ("rmsprop", {"v"}), ("adam", {"m", "v"}), ("gamma", {"gamma"}),
    ):  # fmt: skip
        params = weights()
        optimizer = RuleOptimizer(params, rule, 0.1)
        for p, g in zip(params, next(gradients(2)), strict=True):
            p.grad = g
        assert not optimizer.state
        optimizer.step()
        assert all(set(optimizer.state[p]) == held | {"step"} for p in params)
        assert all(optimizer.state[p][name].shape == p.shape for p in params for name in held)


def steps(optimizer: RuleOptimizer, params: list[Tensor], given: list[list[Tensor]]) -> Tensor:
    for gradient in given:
        for p, g in zip(params, gradient, strict=True):
            p.grad = g
        optimizer.step()
    return flat(params)


def through_a_file(state: dict[str, object]) -> dict[str, object]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_saved_state_goes_on_bit_for_bit_draws_included(engine: str) -> None:
    given = list(gradients(10))
    params = weights()
    optimizer = RuleOptimizer(params, DRAWN, 1e-3, engine=engine, generator=generator(1))
    steps(optimizer, params, given[:5])
    state = through_a_file(optimizer.state_dict())
    others = [p.detach().clone().requires_grad_() for p in params]
    other = RuleOptimizer(others, DRAWN, 0.5, engine=engine, generator=generator(2))
    other.load_state_dict(state)
    assert torch.equal(steps(other, others, given[5:]), steps(optimizer, params, given[5:]))
    assert state["state"][0]["step"] == 5


def test_two_optimizers_that_load_one_state_do_not_share_it() -> None:
    given = list(gradients(4))
    params = weights()
    optimizer = RuleOptimizer(params, "m", 0.1)
    steps(optimizer, params, given[:2])
    others = [p.detach().clone().requires_grad_() for p in params]
    other = RuleOptimizer(others, "m", 0.1)
    other.load_state_dict(optimizer.state_dict())
    before = optimizer.state[params[0]]["m"].clone()
    steps(other, others, given[2:])
    assert torch.equal(optimizer.state[params[0]]["m"], before)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copied_optimizer_goes_on_as_the_first(
    copied: Callable[[tuple[RuleOptimizer, list[Tensor]]], tuple[RuleOptimizer, list[Tensor]]],
) -> None:
    given = list(gradients(6))
    params = weights()
    optimizer = RuleOptimizer(params, DRAWN, 1e-3, generator=generator())
    steps(optimizer, params, given[:3])
    other, others = copied((optimizer, params))
    assert other.rule == optimizer.rule
    assert torch.equal(steps(other, others, given[3:]), steps(optimizer, params, given[3:]))


def test_the_state_of_another_rule_is_refused() -> None:
    optimizer = RuleOptimizer(weights(), "exp(m) * g", 0.1)
    optimizer.load_state_dict(RuleOptimizer(weights(), "g * exp(m)", 0.1).state_dict())
    with pytest.raises(ValueError, match="must be that of the rule"):
        optimizer.load_state_dict(RuleOptimizer(weights(), "m", 0.1).state_dict())
    with pytest.raises(ValueError, match="names no rule"):
        optimizer.load_state_dict(torch.optim.Adam(weights()).state_dict())


def drawn(seed: int | None, engine: str = "machine") -> Tensor:
    own = None if seed is None else generator(seed)
    return train(lambda params: RuleOptimizer(params, DRAWN, 1e-3, engine=engine, generator=own), 3)


def test_draws_follow_from_the_generator_alone() -> None:
    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    torch.manual_seed(3)
    first = drawn(None)
    torch.manual_seed(3)
    assert torch.equal(drawn(None), first)


def test_a_rule_that_draws_nothing_takes_nothing_from_a_generator() -> None:
    own = generator(4)
    before = own.get_state()
    RuleOptimizer(weights(), "adam", 0.1, generator=own)
    assert torch.equal(own.get_state(), before)


def test_groups_draw_apart() -> None:
    params = [torch.zeros(1000, requires_grad=True) for _ in range(2)]
    optimizer = RuleOptimizer(params[:1], "noise", 1.0, generator=generator())
    optimizer.add_param_group({"params": params[1:]})
    for p in params:
        p.grad = torch.zeros(1000)
    optimizer.step()
    assert abs(torch.corrcoef(torch.stack([p.detach() for p in params]))[0, 1]) < 0.15


def test_a_group_added_later_starts_at_its_first_step() -> None:
    def run(adam: Callable[[list[Tensor]], torch.optim.Optimizer]) -> Tensor:
        params, given = weights(), list(gradients(6))
        optimizer = adam(params[:2])
        for t, gradient in enumerate(given):
            if t == 3:
                optimizer.add_param_group({"params": params[2:], "lr": 0.05})
            for p, g in zip(params, gradient, strict=True):
                p.grad = g
            optimizer.step()
        return flat(params)

    found = run(lambda params: RuleOptimizer(params, "adam", 0.01))
    torch.testing.assert_close(
        found, run(lambda params: torch.optim.Adam(params, lr=0.01)), rtol=0, atol=1e-12
    )


def test_a_closure_computes_the_gradient_and_its_loss_is_returned() -> None:
    p = torch.tensor([3.0], requires_grad=True)
    optimizer = RuleOptimizer([p], "g", 0.1)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 9.0
    assert p.item() == pytest.approx(3 - 0.1 * 6)


def test_schedulers_change_the_rate() -> None:
    def run(make: Callable[[list[Tensor]], torch.optim.Optimizer]) -> Tensor:
        params = weights()
        optimizer = make(params)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=20)
        for given in gradients(20):
            steps(optimizer, params, [given])
            schedule.step()
        return flat(params)

    found = run(lambda params: RuleOptimizer(params, "adam", 0.01))
    wanted = run(lambda params: torch.optim.Adam(params, lr=0.01))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)


def test_zero_grad_and_hooks_are_torchs() -> None:
    params, calls = weights(), []
    optimizer = RuleOptimizer(params, "g", 0.1)
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    steps(optimizer, params, [next(gradients(2))])
    optimizer.zero_grad()
    assert calls == [1]
    assert all(p.grad is None for p in params)


def test_torchs_profiler_and_hooks_see_every_step_once() -> None:
    params, given = weights(), list(gradients(3))
    optimizer = RuleOptimizer(params, "g", 0.1)
    steps(optimizer, params, given[:1])
    with torch.profiler.profile() as profile:
        steps(optimizer, params, given[1:2])
    names = [event.name for event in profile.events()]
    assert names.count("Optimizer.step#RuleOptimizer.step") == 1
    seen: list[str] = []
    own = optimizer.register_step_pre_hook(lambda *_: seen.append("own"))
    everyones = register_optimizer_step_post_hook(lambda *_: seen.append("everyone's"))
    steps(optimizer, params, given[2:])
    own.remove()
    everyones.remove()
    steps(optimizer, params, given[2:])
    assert seen == ["own", "everyone's"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_to_weights_that_are_not_finite_is_taken_back_on_request(engine: str) -> None:
    params, given = weights(), list(gradients(3))
    optimizer = RuleOptimizer(params, "exp(m)", 0.1, engine=engine, detect_anomalies=True)
    steps(optimizer, params, given[:2])
    before, m = flat(params), optimizer.state[params[1]]["m"].clone()
    with pytest.raises(FloatingPointError, match=r"exp\(m\).*nothing has changed"):
        steps(optimizer, params, [[torch.full_like(g, 1e6) for g in given[2]]])
    assert torch.equal(flat(params), before)
    assert torch.equal(optimizer.state[params[1]]["m"], m)
    assert optimizer.state[params[1]]["step"] == 2
    unwatched = RuleOptimizer(params, "exp(g)", 0.1, engine=engine)
    steps(unwatched, params, [[torch.full_like(g, 1e6) for g in given[2]]])
    assert not flat(params).isfinite().any()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("rule", "size"), [("clip(m, 1e-3)", math.inf), ("adam", 1e200)])
def test_averages_that_are_not_finite_are_taken_back_too(
    rule: str, size: float, engine: str
) -> None:
    """The weights stay finite, but no gradient would move them any more."""
    params, given = weights(), list(gradients(3))
    optimizer = RuleOptimizer(params, rule, 0.1, engine=engine, detect_anomalies=True)
    steps(optimizer, params, given[:2])
    before, kept = flat(params), copy.deepcopy(optimizer.state_dict()["state"])
    with pytest.raises(FloatingPointError, match="weights or averages that are not finite"):
        steps(optimizer, params, [[torch.full_like(g, size) for g in given[2]]])
    assert torch.equal(flat(params), before)
    torch.testing.assert_close(optimizer.state_dict()["state"], kept, rtol=0, atol=0)
    unwatched = RuleOptimizer(params, rule, 0.1, engine=engine)
    steps(unwatched, params, [[torch.full_like(g, size) for g in given[2]]])
    assert flat(params).isfinite().all()
    assert not unwatched.state[params[0]][unwatched.rule.memory[-1]].isfinite().any()


@pytest.mark.parametrize("engine", ENGINES)
def test_sparse_gradients_are_refused_and_no_step_is_counted(engine: str) -> None:
    layer = nn.Embedding(10, 3, sparse=True)
    optimizer = RuleOptimizer(layer.parameters(), "m", 0.1, engine=engine)
    layer(torch.tensor([1, 2])).sum().backward()
    with pytest.raises(RuntimeError, match=r"dense gradients.*sparse=False"):
        optimizer.step()
    assert optimizer.state[layer.weight]["step"] == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_parameter_that_has_become_another_is_refused(engine: str) -> None:
    for change in (lambda p: p.double(), lambda p: p[:2]):
        p = torch.ones(4, requires_grad=True)
        optimizer = RuleOptimizer([p], "m", 0.1, engine=engine)
        p.grad = torch.ones(4)
        optimizer.step()
        p.data = change(p.data)
        with pytest.raises(RuntimeError, match="make a new RuleOptimizer"):
            optimizer.step()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_trained_by_torchs_operations(dtype: torch.dtype) -> None:
    p = torch.ones(4, dtype=dtype, requires_grad=True)
    q = torch.ones(4, requires_grad=True)
    optimizer = RuleOptimizer([p, q], "sign(m)", 0.5)
    p.grad, q.grad = torch.ones(4, dtype=dtype), torch.ones(4)
    optimizer.step()
    assert p.tolist() == q.tolist() == [0.5] * 4
    with pytest.raises(ValueError, match="float32 or float64 on a CPU"):
        RuleOptimizer([p], "g", 0.1, engine="machine")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"rule": 3}, TypeError, "rule must be a Rule, its formula or its name, got 3"),
        ({"rule": "g *"}, ValueError, "at position 3"),
        ({"lr": -1.0}, ValueError, "lr must be a finite number, 0 or more, got -1.0"),
        ({"lr": math.nan}, ValueError, "lr must be"),
        ({"lr": "fast"}, ValueError, "lr must be"),
        ({"betas": (0.9, 0.999)}, ValueError, "betas must be three numbers"),
        ({"betas": (0.9, 0.999, 1.0)}, ValueError, "betas must be three numbers"),
        ({"delta": -1e-8}, ValueError, "delta must be"),
        ({"steps": 0}, ValueError, "steps must be a whole number"),
        ({"rule": Rule.parse("linear * g", ("decay",))}, ValueError, "steps must be given"),
        ({"engine": "gpu"}, ValueError, "engine must be one of auto, foreach"),
        ({"generator": 3}, TypeError, "generator must be a torch.Generator"),
        ({"detect_anomalies": 1}, TypeError, "detect_anomalies must be True or False"),
        ({"params": [torch.zeros(2, dtype=torch.complex64)]}, TypeError, "complex64"),
        ({"params": [torch.zeros(2, dtype=torch.int64)]}, TypeError, "int64"),
        ({"params": []}, ValueError, "empty parameter list"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_name(
    options: dict[str, object], error: type[Exception], words: str
) -> None:
    given = {"params": [torch.zeros(2, requires_grad=True)], "rule": "g", "lr": 0.1, **options}
    params, rule, lr = given.pop("params"), given.pop("rule"), given.pop("lr")
    with pytest.raises(error, match=words):
        RuleOptimizer(params, rule, lr, **given)


def test_a_group_that_is_refused_is_not_added() -> None:
    optimizer = RuleOptimizer(weights(), "g", 0.1)
    with pytest.raises(TypeError, match="complex64"):
        optimizer.add_param_group({"params": [torch.zeros(2, dtype=torch.complex64)]})
    with pytest.raises(ValueError, match="lr must be"):
        optimizer.add_param_group({"params": [torch.zeros(2)], "lr": -1})
    assert len(optimizer.param_groups) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rule", "a group must not have 'rule': it is the same for all groups"),
        ("key", "must not have 'key'"),
        ("engine", "must not have 'engine'"),
        ("generator", "must not have 'generator'"),
        ("detect_anomalies", "must not have 'detect_anomalies'"),
        ("LR", r"options lr, betas, delta and steps, got 'LR'; lr\?"),
        ("beta", r"got 'beta'; betas\?"),
        ("beta1", r"got 'beta1'; betas\?"),
        ("step", r"got 'step'; steps\?"),
        ("weight_decay", "got 'weight_decay'$"),
        ("momentum", "got 'momentum'$"),
        ("eps", "got 'eps'$"),
    ],
)
def test_an_option_of_a_group_that_would_do_nothing_is_refused(name: str, words: str) -> None:
    params = weights()
    group = {"params": params[:1], name: 0.5}
    with pytest.raises(ValueError, match=words):
        RuleOptimizer([group], "m", 0.1)
    optimizer = RuleOptimizer(params[1:], "m", 0.1)
    with pytest.raises(ValueError, match=words):
        optimizer.add_param_group(group)
    assert len(optimizer.param_groups) == 1


def test_groups_keep_what_people_and_schedulers_put_there() -> None:
    params = weights()
    own = {"name": "first", "lr_scale": 0.1, "initial_lr": 0.2}
    optimizer = RuleOptimizer([{"params": params[:2], **own}, {"params": params[2:]}], "m", 0.1)
    torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=20)
    torch.optim.swa_utils.SWALR(optimizer, 0.05)
    steps(optimizer, params, [next(gradients(2))])
    state = optimizer.state_dict()
    assert {"max_lr", "min_lr", "max_momentum", "swa_lr"} < set(state["param_groups"][1])
    others = weights()
    other = RuleOptimizer([{"params": others[:2]}, {"params": others[2:]}], "m", 0.1)
    other.load_state_dict(through_a_file(state))
    for loaded in (other, copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert loaded.param_groups[0]["name"] == "first"
        assert loaded.param_groups[1]["swa_lr"] == 0.05
    named_params = RuleOptimizer(nn.Linear(2, 1).named_parameters(), "m", 0.1)
    assert named_params.param_groups[0]["param_names"] == ["weight", "bias"]


def test_a_name_of_the_zoo_is_its_rule_and_no_formula_of_another() -> None:
    for name, entry in ZOO.items():
        assert RuleOptimizer(weights(), f" {name} ", 0.1, steps=5).rule == entry.rule
        try:
            read = Rule.parse(name)
        except ParseError:
            continue
        assert read == entry.rule


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_on_cuda_it_makes_the_steps_it_makes_on_a_cpu() -> None:
    def run(device: str) -> Tensor:
        params = [p.detach().to(device).requires_grad_() for p in weights()]
        optimizer = RuleOptimizer(params, DRAWN, 1e-3, generator=generator(1))
        for given in gradients(10):
            steps(optimizer, params, [[g.to(device) for g in given]])
        return flat(params).cpu()

    torch.testing.assert_close(run("cuda"), run("cpu"), rtol=1e-9, atol=1e-9)


def test_powersign_trains_a_network() -> None:
    torch.manual_seed(0)
    x = torch.randn(200, 4)
    target = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = RuleOptimizer(model.parameters(), Rule.parse("g * exp(sign(g) * sign(m))"), lr=0.1)
    loss = nn.BCEWithLogitsLoss()
    first = loss(model(x), target).item()
    for _ in range(300):
        optimizer.zero_grad()
        found = loss(model(x), target)
        found.backward()
        optimizer.step()
    assert found.item() < 0.3 * first

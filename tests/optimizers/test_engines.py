"""Every engine makes the steps that the reference defines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")

from numba import njit

from lstmlab.optimizers import ZOO, Grammar, Node, Rule, RuleOptimizer, primitives
from lstmlab.optimizers.evaluate import Step, evaluate, remembered
from lstmlab.optimizers.generated import source
from lstmlab.optimizers.machine import BLOCK
from lstmlab.optimizers.program import Program

from .training import ENGINES, flat, gradients, train, weights

COMPILED = ("machine", "generated")
BETAS = (0.9, 0.999, 0.999)
FORMATS = (np.float32, np.float64)
MIXED = Rule.parse(
    "r1 = drop(m, 0.3); r2 = log(g^3) * rmsprop; "
    "exp(clip(r2, 1e-3)) * r1 - sign(gamma) / (adam + 1e-2*w) + noise * sign(g) + r2 * r1"
)
CALM = Rule.parse(
    "r1 = drop(m, 0.3); exp(clip(g, 1e-3)) * r1 - log(g^3) * rmsprop + sign(gamma) + noise"
)
DECAYED = Rule.parse(
    "sqrt(v) * g * 0.5 + linear * m - cosine * restarts(3) * g^2", ("sqrt", "const", "decay")
)


def by_reference(rule: Rule, steps: int, lr: float, key: int) -> np.ndarray:
    """What the definition makes of the training, in NumPy."""
    w = flat(weights()).numpy()
    averages = {name: np.zeros_like(w) for name in rule.memory}
    for t, given in enumerate(gradients(steps), start=1):
        g = flat(given).numpy()
        for name, beta in zip(("m", "v", "gamma"), BETAS, strict=True):
            if name in averages:
                averages[name] = remembered(name, averages[name], g, beta)
        step = Step(t, BETAS, 1e-8, 50, key)
        w = w - lr * evaluate(rule.graph, w=w, g=g, averages=averages, step=step)
    return w


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rule", [MIXED, DECAYED], ids=["mixed", "decayed"])
def test_engines_agree_with_the_reference_draws_included(engine: str, rule: Rule) -> None:
    optimizers = []

    def make(params: list[torch.Tensor]) -> RuleOptimizer:
        optimizers.append(
            RuleOptimizer(
                params, rule, 1e-3, engine=engine, steps=50,
                generator=torch.Generator().manual_seed(3),
            )
        )  # fmt: skip
        return optimizers[-1]

    found = train(make, steps=20)
    wanted = by_reference(rule, 20, 1e-3, optimizers[0].param_groups[0]["key"])
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("engine", COMPILED)
def test_in_float32_the_compiled_engines_agree_with_torchs_operations(engine: str) -> None:
    def run(name: str) -> torch.Tensor:
        return train(
            lambda params: RuleOptimizer(
                params, CALM, 1e-3, engine=name, generator=torch.Generator().manual_seed(3)
            ),
            steps=5,
            dtype=torch.float32,
        )

    torch.testing.assert_close(run(engine), run("foreach"), rtol=1e-6, atol=1e-6)


def test_the_machine_runs_every_rule_of_the_zoo_and_random_ones_as_torch_does() -> None:
    rng = np.random.default_rng(0)
    rules = [named.rule for named in ZOO.values()]
    rules += [Grammar(groups=3).sample(rng) for _ in range(150)]
    moved = 0
    for rule in rules:

        def run(engine: str, rule: Rule = rule) -> torch.Tensor:
            return train(
                lambda params: RuleOptimizer(
                    params, rule, 1e-3, engine=engine, steps=9, generator=torch.Generator()
                ),
                steps=3,
            )

        wanted, found = run("foreach"), run("machine")
        calm = wanted.abs() < 100  # beyond, rounding errors of exp and of x / y are as large
        torch.testing.assert_close(found[calm], wanted[calm], rtol=1e-6, atol=1e-6)
        assert torch.equal(found.isfinite(), wanted.isfinite()), str(rule)
        moved += int(calm.any())
    assert moved > 0.9 * len(rules)


@pytest.mark.parametrize("engine", COMPILED)
@pytest.mark.parametrize("n", [1, 15, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_a_parameter_may_have_any_size_and_its_neighbours_stay(engine: str, n: int) -> None:
    held = torch.arange(n + 64, dtype=torch.float32)
    p = held[32 : 32 + n].requires_grad_()
    before = held.clone()
    p.grad = torch.linspace(-1, 1, n)
    RuleOptimizer([p], "g + 1", 0.5, engine=engine).step()
    wanted = before.clone()
    wanted[32 : 32 + n] -= 0.5 * (torch.linspace(-1, 1, n) + 1)
    torch.testing.assert_close(held.detach(), wanted)


@pytest.mark.parametrize("engine", ENGINES)
def test_parameters_and_gradients_that_are_not_contiguous_are_trained_alike(engine: str) -> None:
    base = torch.arange(24.0, dtype=torch.float64).reshape(4, 6)
    g = torch.linspace(-1, 1, 24, dtype=torch.float64).reshape(4, 6)
    drops = torch.Generator().manual_seed(0), torch.Generator().manual_seed(0)
    straight, turned = base.clone().requires_grad_(), base.t().contiguous().t().requires_grad_()
    assert not turned.is_contiguous()
    for p, generator in zip((straight, turned), drops, strict=True):
        optimizer = RuleOptimizer([p], CALM, 0.1, engine=engine, generator=generator)
        for given in (g, g.t().contiguous().t()):
            p.grad = given.clone()
            optimizer.step()
    torch.testing.assert_close(turned.detach(), straight.detach(), rtol=0, atol=1e-15)


@pytest.mark.parametrize("engine", COMPILED)
def test_autograd_sees_that_weights_have_changed(engine: str) -> None:
    p = torch.ones(3, requires_grad=True)
    loss = (p * p).sum()
    p.grad = torch.ones(3)
    RuleOptimizer([p], "g + 1", 0.1, engine=engine).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_generated_loop_reads_like_its_rule() -> None:
    text = source(Rule.parse("g * exp(sign(g) * sign(m))").graph)
    assert "m = beta1 * m_[i] + rest1 * g" in text
    assert "v_[i]" not in text
    assert text.splitlines()[-1].strip().startswith("w_[i] = w - lr * r")


def test_no_text_of_a_graph_that_was_not_checked_becomes_code() -> None:
    for node in (Node("__import__('os')"), Node("const", (), "1.0")):  # type: ignore[arg-type]
        with pytest.raises((KeyError, ValueError)):
            Rule([node])
    with pytest.raises(KeyError):
        source((Node("__import__('os')"),))


def test_a_program_uses_few_registers_and_never_writes_to_what_it_reads() -> None:
    rng = np.random.default_rng(2)
    for _ in range(300):
        made = Program(Grammar(groups=4).sample(rng).graph)
        assert made.registers <= 12
        for instruction in made.instructions:
            if instruction.out >= 0:
                assert instruction.out not in (instruction.x, instruction.y)


@njit
def each(function: Callable[[float], float], x: np.ndarray, out: np.ndarray) -> None:
    for i in range(len(x)):
        out[i] = function(x[i])


def compared(
    function: Callable[[float], float],
    wanted: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
) -> float:
    """The largest error, in units of the last place; NaN and infinities must be the same."""
    found = np.empty_like(x)
    each(function, x, found)
    with np.errstate(all="ignore"):
        exact = wanted(x.astype(np.longdouble)).astype(x.dtype)
    usual = np.isfinite(exact) & (np.abs(exact) > np.finfo(x.dtype).tiny)
    np.testing.assert_allclose(found[~usual], exact[~usual], rtol=0, atol=np.finfo(x.dtype).tiny)
    return float(np.max(np.abs(found[usual] - exact[usual]) / np.spacing(np.abs(exact[usual]))))


ODD = [0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1e-42, -3e-45]


@pytest.mark.parametrize("dtype", FORMATS)
def test_exp_is_within_two_units_in_the_last_place(dtype: type) -> None:
    limit = 1.1 * np.log(np.finfo(dtype).max)
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-limit, limit, 50_000), rng.normal(size=50_000), ODD])
    assert compared(primitives.exp, np.exp, x.astype(dtype)) <= 2


@pytest.mark.parametrize("dtype", FORMATS)
def test_log_is_within_two_units_in_the_last_place(dtype: type) -> None:
    rng = np.random.default_rng(0)
    near, far = 1 + 1e-3 * rng.normal(size=50_000), np.exp(rng.uniform(-80, 80, 50_000))
    x = np.concatenate([near, far, -far, ODD]).astype(dtype)
    assert compared(primitives.log, lambda x: np.log(np.abs(x)), x) <= 2

"""Several groups, dtypes and devices in one optimizer: all of them move, or none."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")

from torch import Tensor

from lstmlab.optimizers import RuleOptimizer, draws

from .training import DRAWN, ENGINES, flat, generator, gradients, train, weights

# -- all or none --------------------------------------------------------------------------------


def sparse(p: Tensor) -> None:
    p.grad = torch.ones(3).to_sparse()


def shorter(p: Tensor) -> None:
    p.data = p.data[:2]
    p.grad = torch.ones(2)


def doubled(p: Tensor) -> None:
    """As many bytes as before, at another address."""
    p.data = torch.ones(2, dtype=torch.float64)
    p.grad = torch.ones(2, dtype=torch.float64)


@pytest.mark.parametrize("spoil", [sparse, shorter, doubled])
@pytest.mark.parametrize("groups", ["two groups", "one group, other steps"])
@pytest.mark.parametrize("detect_anomalies", [False, True])
@pytest.mark.parametrize("engine", ENGINES)
def test_one_gradient_that_is_refused_leaves_all_groups_as_they_were(
    engine: str, detect_anomalies: bool, groups: str, spoil: Callable[[Tensor], None]
) -> None:
    n = 4 if spoil is doubled else 3
    p, q = torch.ones(n, requires_grad=True), torch.ones(n, requires_grad=True)
    given: list[object] = [{"params": [p]}, {"params": [q]}] if groups == "two groups" else [p, q]
    optimizer = RuleOptimizer(given, "m", 0.1, engine=engine, detect_anomalies=detect_anomalies)
    p.grad = torch.ones(n)
    optimizer.step()
    q.grad = torch.ones(n)
    optimizer.step()
    before, m = p.detach().clone(), optimizer.state[p]["m"].clone()
    spoil(q)
    with pytest.raises(RuntimeError, match="dense gradients|make a new RuleOptimizer"):
        optimizer.step()
    assert torch.equal(p, before)
    assert torch.equal(optimizer.state[p]["m"], m)
    assert (optimizer.state[p]["step"], optimizer.state[q]["step"]) == (2, 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_weight_may_move_to_another_place_between_steps(engine: str) -> None:
    def run(moved: bool) -> Tensor:
        params = weights()
        optimizer = RuleOptimizer(params, "adam", 0.1, engine=engine)
        for t, given in enumerate(gradients(6)):
            for n, (p, g) in enumerate(zip(params, given, strict=True)):
                if moved and t == 2 + n % 2:
                    p.data = p.data.clone()
                if moved and t == 4 and p.dim() == 2:
                    p.data = p.data.t().contiguous().t()
                p.grad = g
            optimizer.step()
        return flat(params)

    assert torch.equal(run(moved=True), run(moved=False))


# -- draws --------------------------------------------------------------------------------------


def noise(dtypes: tuple[torch.dtype, ...], engine: str) -> list[Tensor]:
    """What a step moves weights by, of one group."""
    params = [torch.zeros(1000, dtype=dtype, requires_grad=True) for dtype in dtypes]
    optimizer = RuleOptimizer(params, "noise", 1.0, generator=generator(), engine=engine)
    for p in params:
        p.grad = torch.zeros_like(p)
    optimizer.step()
    return [p.detach().double() for p in params]


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_of_other_dtypes_in_one_group_draw_apart(engine: str) -> None:
    single, double = noise((torch.float32, torch.float64), engine)
    assert abs(torch.corrcoef(torch.stack([single, double]))[0, 1]) < 0.15
    (alone,) = noise((torch.float32,), engine)
    assert torch.equal(single, alone)
    wanted = noise((torch.float32, torch.float64), "foreach")
    torch.testing.assert_close([single, double], wanted, rtol=1e-5, atol=1e-8)


def test_the_first_bucket_has_the_key_of_its_group_and_no_other_has() -> None:
    keys = [draws.branch(12345, number) for number in range(1000)]
    assert keys[0] == 12345
    assert len(set(keys)) == 1000
    assert not set(keys[1:]) & {draws.branch(54321, number) for number in range(1000)}


def test_a_saved_state_goes_on_bit_for_bit_with_mixed_dtypes() -> None:
    def made(seed: int) -> tuple[list[Tensor], RuleOptimizer]:
        params = [*weights(torch.float32), *weights(torch.float64)]
        return params, RuleOptimizer(params, DRAWN, 1e-3, generator=generator(seed))

    def steps(params: list[Tensor], optimizer: RuleOptimizer) -> None:
        for single, double in zip(gradients(3, torch.float32), gradients(3), strict=True):
            for p, g in zip(params, [*single, *double], strict=True):
                p.grad = g
            optimizer.step()

    params, optimizer = made(1)
    steps(params, optimizer)
    others, other = made(2)
    with torch.no_grad():
        for p, q in zip(others, params, strict=True):
            p.copy_(q)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    steps(params, optimizer)
    steps(others, other)
    assert all(torch.equal(p, q) for p, q in zip(params, others, strict=True))


def test_torchs_operations_number_the_weights_only_for_a_rule_that_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbered: list[int] = []
    arange = torch.arange

    def counted(*args: int, **kwargs: object) -> Tensor:
        numbered.append(args[-1])
        return arange(*args, **kwargs)

    monkeypatch.setattr(torch, "arange", counted)
    for rule, wanted in (("adam", []), ("noise", [sum(p.numel() for p in weights())])):
        numbered.clear()
        train(lambda params, rule=rule: RuleOptimizer(params, rule, 0.1, engine="foreach"), 1)
        assert numbered == wanted


# -- devices ------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_torchs_default_device_changes_nothing(engine: str) -> None:
    """On "meta" there are no numbers: a tensor that was made there could not be used."""
    params, others, given = weights(), weights(), list(gradients(3))

    def steps(params: list[Tensor]) -> Tensor:
        optimizer = RuleOptimizer(params, DRAWN, 1e-3, engine=engine, generator=generator())
        for gradient in given:
            for p, g in zip(params, gradient, strict=True):
                p.grad = g
            optimizer.step()
        assert optimizer.state[params[0]]["step"].device.type == "cpu"
        return flat(params)

    wanted = steps(params)
    with torch.device("meta"):
        assert torch.equal(steps(others), wanted)
        RuleOptimizer(others, "noise", 0.1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("engine", ["auto", *ENGINES])
def test_a_model_that_moves_to_another_device_after_a_step_is_refused(engine: str) -> None:
    p = torch.ones(4, requires_grad=True)
    optimizer = RuleOptimizer([p], "m", 0.1, engine=engine)
    p.grad = torch.ones(4)
    optimizer.step()
    p.data = p.data.cuda()
    p.grad = torch.ones(4, device="cuda")
    with pytest.raises(RuntimeError, match="make a new RuleOptimizer"):
        optimizer.step()

"""The policy's LSTM is the book's, and its derivatives are those that torch finds by itself."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor

from lstmlab.cells import VARIANTS, forward, init_params
from lstmlab.optimizers import recurrence
from lstmlab.optimizers.recurrence import lstm, plain

L, B, N = 4, 3, 2


def weights(seed: int = 0) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    shapes = [(L, B, 4 * N)] + 4 * [(N, N)]
    return tuple(
        torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in shapes
    )


def test_it_is_the_book_s_lstm_without_peepholes() -> None:
    rng = np.random.default_rng(0)
    params = init_params(VARIANTS["NP"], 5, N, rng=rng, std=1.0)
    x = rng.standard_normal((L, B, 5))
    W, R, b = ([torch.from_numpy(params[f"{name}_{part}"]) for part in "zifo"] for name in "WRb")
    a_x = torch.from_numpy(x) @ torch.cat(W).T + torch.cat(b)
    theirs = forward(params, x, VARIANTS["NP"]).y
    np.testing.assert_allclose(lstm(a_x, *R).numpy(), theirs, rtol=1e-12, atol=1e-14)


def test_its_outputs_are_those_of_the_plain_loop_to_the_bit() -> None:
    at = weights()
    assert torch.equal(lstm(*at), plain(*at))


def test_gradients_and_second_derivatives_are_right() -> None:
    assert torch.autograd.gradcheck(lstm, weights())
    assert torch.autograd.gradgradcheck(lstm, weights())


@pytest.mark.parametrize("steps", [1, 4])
def test_what_a_trust_region_asks_for_takes_the_short_way(
    monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """J v and Jᵀ u: with neither does torch go through the plain loop."""
    a_x, *R = weights()
    at = a_x[:steps].detach().requires_grad_(), *R
    u = torch.zeros(steps, B, N, dtype=torch.float64, requires_grad=True)
    v = [torch.randn(x.shape, dtype=torch.float64) for x in at]
    p = torch.randn(steps, B, N, dtype=torch.float64)

    def products(f) -> tuple[Tensor, ...]:
        y = f(*at)
        J_t_u = torch.autograd.grad(y, at, u, create_graph=True)
        (J_v,) = torch.autograd.grad(J_t_u, u, v, retain_graph=True)
        return J_v, *torch.autograd.grad(y, at, p, retain_graph=True)

    wanted = products(plain)

    def never(*_: Tensor) -> Tensor:
        raise AssertionError("the plain loop was asked for")

    monkeypatch.setattr(recurrence, "plain", never)
    for ours, theirs in zip(products(lstm), wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-13)


def test_third_derivatives_are_refused() -> None:
    at = weights()
    first = torch.autograd.grad(lstm(*at).pow(2).sum(), at, create_graph=True)
    for one in first:
        torch.autograd.grad(one.pow(2).sum(), at, retain_graph=True)
        with pytest.raises(RuntimeError, match="differentiated twice, not three times"):
            torch.autograd.grad(one.pow(2).sum(), at, create_graph=True)

"""Conjugate gradients solve what they should, by products alone."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor

from lstmlab.optimizers.conjugate import conjugate_gradient


def definite(n: int, seed: int, condition: float = 100.0) -> Tensor:
    """A random symmetric matrix with eigenvalues from 1 to `condition`."""
    generator = torch.Generator().manual_seed(seed)
    q, _ = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64))
    values = torch.logspace(0, np.log10(condition), n, dtype=torch.float64)
    return q @ torch.diag(values) @ q.T


def vector(n: int, seed: int) -> Tensor:
    return torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("n", [1, 2, 5, 20, 60])
def test_n_steps_solve_a_system_of_n_equations(n: int) -> None:
    for seed in range(10):
        A, b = definite(n, seed, condition=10), vector(n, seed + 100)
        x = conjugate_gradient(lambda v, A=A: A @ v, b, steps=n, tolerance=0)
        torch.testing.assert_close(A @ x, b, rtol=0, atol=1e-11 * float(b.norm()))


def test_as_many_steps_as_different_eigenvalues_are_enough() -> None:
    q, _ = torch.linalg.qr(definite(30, 0))
    values = torch.tensor([1.0, 7.0, 50.0], dtype=torch.float64).repeat(10)
    A, b = q @ torch.diag(values) @ q.T, vector(30, 1)
    solved = conjugate_gradient(lambda v: A @ v, b, steps=3)
    assert (A @ solved - b).norm() < 1e-11
    assert (A @ conjugate_gradient(lambda v: A @ v, b, steps=2) - b).norm() > 1e-2


def test_each_step_is_the_best_of_its_krylov_space() -> None:
    n, A, b = 12, definite(12, 3), vector(12, 4)
    for steps in range(1, n):
        x = conjugate_gradient(lambda v: A @ v, b, steps=steps, tolerance=0)
        powers = torch.stack([torch.linalg.matrix_power(A, k) @ b for k in range(steps)], dim=1)
        basis, _ = torch.linalg.qr(powers)
        best = basis @ torch.linalg.solve(basis.T @ A @ basis, basis.T @ b)
        torch.testing.assert_close(x, best, rtol=1e-4, atol=1e-6)


def test_it_ends_at_the_tolerance() -> None:
    A, b = definite(50, 5), vector(50, 6)
    products = []

    def product(v: Tensor) -> Tensor:
        products.append(v)
        return A @ v

    x = conjugate_gradient(product, b, steps=50, tolerance=0.1)
    assert (b - A @ x).norm() <= 0.1 * b.norm()
    assert 1 < len(products) < 50
    shorter = conjugate_gradient(lambda v: A @ v, b, steps=len(products) - 1, tolerance=0)
    assert (b - A @ shorter).norm() > 0.1 * b.norm()


def test_nothing_is_solved_by_nothing_and_b_stays_as_it_was() -> None:
    b = torch.zeros(4)
    assert torch.equal(conjugate_gradient(lambda v: v / 0, b), b)
    b = vector(4, 0)
    before = b.clone()
    conjugate_gradient(lambda v: 2 * v, b)
    assert torch.equal(b, before)


@pytest.mark.parametrize(
    ("dtype", "size"),
    [
        (torch.float32, 1e-43), (torch.float32, 1e-25), (torch.float32, 1e20),
        (torch.float32, 1e38), (torch.float64, 1e-320), (torch.float64, 1e-200),
        (torch.float64, 1e300), (torch.float16, 1e-4), (torch.float16, 1e4),
    ],
)  # fmt: skip
def test_what_has_no_square_in_its_dtype_is_solved_as_well(dtype: torch.dtype, size: float) -> None:
    b = torch.tensor([0.25, 0.5, 1.0], dtype=torch.float64).mul(size).to(dtype)
    given = b.clone()
    eigenvalues = torch.tensor([1.0, 2.0, 4.0], dtype=dtype)
    x = conjugate_gradient(lambda v: eigenvalues * v, b, steps=3, tolerance=1e-3)
    wanted = b.double() / eigenvalues
    assert x.dtype == dtype
    assert torch.equal(b, given)
    unit = torch.finfo(dtype).tiny * torch.finfo(dtype).eps  # between numbers near 0
    error = max(2e-3 * float(wanted.max()), unit)
    torch.testing.assert_close(x.double(), wanted, rtol=0, atol=error)


def test_a_power_of_two_before_b_is_one_before_x_digit_for_digit() -> None:
    A, b = definite(20, 7), vector(20, 8)
    x = conjugate_gradient(lambda v: A @ v, b)
    for power in (-900, -3, 5, 900):
        scaled = conjugate_gradient(lambda v: A @ v, b * 2.0**power)
        assert torch.equal(scaled, x * 2.0**power)


@pytest.mark.parametrize("sign", [-1.0, 0.0, float("nan")])
def test_where_the_matrix_is_not_positive_definite_it_stops(sign: float) -> None:
    A = torch.diag(torch.tensor([1.0, 2.0, sign]))
    b = torch.tensor([1.0, 1.0, 0.0])
    A[2, 2] = 0.0 if np.isnan(sign) else sign
    exact = torch.tensor([1.0, 0.5, 0.0])
    torch.testing.assert_close(conjugate_gradient(lambda v: A @ v, b), exact)
    assert torch.equal(conjugate_gradient(lambda v: sign * v, b), torch.zeros(3))


@pytest.mark.parametrize(
    ("b", "steps", "tolerance", "says"),
    [
        (torch.eye(2), 10, 0.1, r"b must be a vector of finite numbers, got the shape \(2, 2\)"),
        (torch.tensor([1.0, float("inf")]), 10, 0.1, "b must be a vector of finite numbers"),
        (torch.ones(2), 0, 0.1, "steps must be a whole number, 1 or more, got 0"),
        (torch.ones(2), 10, -1.0, "tolerance must be 0 or more, got -1.0"),
    ],
)
def test_bad_input_is_named(b: Tensor, steps: int, tolerance: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        conjugate_gradient(lambda v: v, b, steps, tolerance)
    with pytest.raises(TypeError, match="b must be a Tensor, got list"):
        conjugate_gradient(lambda v: v, [1.0])

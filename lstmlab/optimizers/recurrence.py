"""The LSTM of the policy as one function of torch, with its first and second derivatives.

torch differentiates a loop over steps by itself, but makes a gradient as large as R at every one
of them. Here that of all steps is one product; and what trust regions ask for again and again,
the derivative of the outputs in a direction, is one more pass forward.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def lstm(a_x: Tensor, R_z: Tensor, R_i: Tensor, R_f: Tensor, R_o: Tensor) -> Tensor:
    """The outputs of an LSTM without peepholes, from y⁰ = c⁰ = 0 (Greff et al., section II-A).

    Parameters
    ----------
    a_x : Tensor, (L, B, 4N)
        W x + b of the parts z, i, f and o, one after the other.
    R_z, R_i, R_f, R_o : Tensor, (N, N)

    Returns
    -------
    Tensor, (L, B, N)
        y. It can be differentiated twice; a third time raises RuntimeError.
    """
    y: Tensor = _Outputs.apply(a_x, R_z, R_i, R_f, R_o)
    return y


def step(a: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """y and c after a step, (B, N) each, from the pre-activations (B, 4N) and the cells before."""
    z, i, f, o = _parts(a)
    c = z * i + c * f
    return torch.tanh(c) * o, c


def plain(a_x: Tensor, *parts: Tensor) -> Tensor:
    """`lstm` as torch differentiates it by itself."""
    R = torch.cat(parts)
    y = c = a_x.new_zeros(a_x.shape[1], R.shape[1])
    outputs = []
    for a in a_x.unbind():
        y, c = step(torch.addmm(a, y, R.T), c)
        outputs.append(y)
    return torch.stack(outputs)


def _parts(a: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    N = a.shape[-1] // 4
    z, gates = a.split([N, 3 * N], dim=-1)
    i, f, o = torch.sigmoid(gates).chunk(3, dim=-1)
    return torch.tanh(z), i, f, o


class _Outputs(torch.autograd.Function):
    """y of a_x and R."""

    @staticmethod
    def forward(ctx: Any, a_x: Tensor, *parts: Tensor) -> Tensor:
        R = torch.cat(parts)
        y = c = a_x.new_zeros(a_x.shape[1], R.shape[1])
        a_all, c_all, y_all = [], [c], [y]
        for a in a_x.unbind():
            a = torch.addmm(a, y, R.T)
            y, c = step(a, c)
            a_all.append(a)
            c_all.append(c)
            y_all.append(y)
        outputs = torch.stack(y_all)
        slopes = _slopes(torch.stack(a_all), torch.stack(c_all))
        ctx.save_for_backward(a_x, *parts, R, outputs[:-1], *slopes)
        return outputs[1:]

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, ...]:
        a_x, *parts = ctx.saved_tensors[:5]
        gradient: tuple[Tensor, ...] = _Gradient.apply(dy, *ctx.saved_tensors[5:])
        if torch.is_grad_enabled():  # there will be second derivatives
            bent = _Curvature.apply(dy.detach(), a_x, *parts)
            gradient = tuple(map(torch.add, gradient, bent))
        return gradient


def _slopes(a: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """At every step: ∂c/∂(a_z, a_i, a_f), (L, B, 3, N); ∂c/∂c before; ∂y/∂c and ∂y/∂a_o."""
    z, i, f, o = _parts(a)
    h = torch.tanh(c[1:])
    inwards = torch.stack([i * (1 - z * z), z * i * (1 - i), c[:-1] * f * (1 - f)], dim=2)
    return inwards, f, o * (1 - h * h), h * o * (1 - o)


class _Gradient(torch.autograd.Function):
    """∂/∂a_x and ∂/∂R of what has the gradient dy for y: backpropagation through time.

    As a function of dy, of which it is linear; `_Curvature` is what it is of a_x and R.
    """

    @staticmethod
    def forward(ctx: Any, dy: Tensor, R: Tensor, y: Tensor, *slopes: Tensor) -> tuple[Tensor, ...]:
        ctx.save_for_backward(R, y, *slopes)
        inwards, f, y_c, y_o = slopes
        L, B, _, N = inwards.shape
        da = dy.new_empty(L, B, 4, N)
        dc = dy.new_zeros(B, N)
        for t in reversed(range(L)):
            d = dy[t] if t == L - 1 else torch.addmm(dy[t], da[t + 1].view(B, 4 * N), R)
            dc = torch.addcmul(dc, d, y_c[t])
            torch.mul(dc[:, None], inwards[t], out=da[t, :, :3])
            torch.mul(d, y_o[t], out=da[t, :, 3])
            dc = dc * f[t]
        da = da.view(L, B, 4 * N)
        dR = da.flatten(0, 1).T @ y.flatten(0, 1)
        return da, *dR.chunk(4)

    @staticmethod
    def backward(ctx: Any, v_a: Tensor, *v_R: Tensor) -> tuple[Tensor | None, ...]:
        _check_last()
        R, y, *slopes = ctx.saved_tensors
        v = v_a + y @ torch.cat(v_R).T
        return _tangent(v, R, slopes), *(None,) * (2 + len(slopes))


class _Curvature(torch.autograd.Function):
    """Zeros, whose gradient is that of `_Gradient` as a function of a_x and R.

    A node of its own, so that torch leaves it out where only the derivative for dy is asked for.
    """

    @staticmethod
    def forward(ctx: Any, dy: Tensor, *at: Tensor) -> tuple[Tensor, ...]:
        ctx.save_for_backward(dy, *at)
        return tuple(map(torch.zeros_like, at))

    @staticmethod
    def backward(ctx: Any, *v: Tensor) -> tuple[Tensor | None, ...]:
        _check_last()
        dy, *at = ctx.saved_tensors
        with torch.enable_grad():
            at = [x.detach().requires_grad_() for x in at]
            gradient = torch.autograd.grad(plain(*at), at, dy, create_graph=True)
            return None, *torch.autograd.grad(gradient, at, v)


def _check_last() -> None:
    """torch's own `once_differentiable` says nothing where `grad` is told for what to go."""
    if torch.is_grad_enabled():
        raise RuntimeError("an LSTM of this module can be differentiated twice, not three times")


def _tangent(v: Tensor, R: Tensor, slopes: list[Tensor]) -> Tensor:
    """How y changes with a_x in the direction v: the transpose of what gives ∂/∂a_x from dy."""
    inwards, f, y_c, y_o = slopes
    L, B, _, N = inwards.shape
    y, c = v.new_zeros(B, N), v.new_zeros(B, N)
    outputs = []
    for t in range(L):
        a = torch.addmm(v[t], y, R.T).view(B, 4, N)
        c = torch.addcmul((inwards[t] * a[:, :3]).sum(1), c, f[t])
        y = torch.addcmul(c * y_c[t], a[:, 3], y_o[t])
        outputs.append(y)
    return torch.stack(outputs)

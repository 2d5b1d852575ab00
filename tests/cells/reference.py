"""A second, independent reading of the paper's equations, differentiated by torch's autograd.

Written a step, a gate and a sequence at a time, straight from sections II-A and IV-C, sharing no
code with `lstmlab.cells`.
"""

import numpy as np
import torch

ONES = {"NIG": "i", "NFG": "f", "NOG": "o"}


def srn_outputs(weights, x, y, cut):
    """Outputs of simple recurrent units, and their last value, which stands for the cell."""
    ys = []
    for x_t in x:
        y = torch.tanh(weights["W_z"] @ x_t + weights["R_z"] @ cut(y) + weights["b_z"])
        ys.append(y)
    return torch.stack(ys), y


def outputs(name, weights, x, y, c, gates, cut):
    """Block outputs and last cell of one sequence; every argument a torch tensor.

    `cut` is applied wherever a gate or the block input reads something recurrent: the identity, or
    what stops the gradient there, as the LSTM of 1997 did.
    """
    if name == "SRN":
        return srn_outputs(weights, x, y, cut)
    i, f, o = (gates.get(k, torch.zeros_like(c)) for k in "ifo")
    ys = []
    for x_t in x:
        before = {"i": i, "f": f, "o": o}

        def net(k, cell, y=y, before=before, x_t=x_t):
            a = weights[f"W_{k}"] @ x_t + weights[f"R_{k}"] @ cut(y) + weights[f"b_{k}"]
            if name != "NP" and k != "z":
                a = a + weights[f"p_{k}"] * cut(cell)
            if name == "FGR" and k != "z":
                a = a + sum(weights[f"R_{s}{k}"] @ cut(before[s]) for s in "ifo")
            return a

        def gate(k, cell, net=net):
            one = torch.ones_like(cell)
            return one if ONES.get(name) == k else 1 / (1 + torch.exp(-net(k, cell)))

        z = net("z", None) if name == "NIAF" else torch.tanh(net("z", None))
        i = gate("i", c)
        f = 1 - i if name == "CIFG" else gate("f", c)
        c = z * i + c * f
        o = gate("o", c)
        y = (c if name == "NOAF" else torch.tanh(c)) * o
        ys.append(y)
    return torch.stack(ys), c


def gradients(name, params, x, dy, dc_last, y0, c0, gates0, truncated=False):
    """Gradients of Σ dy·y + dc_last·c_T; NumPy in, NumPy out; x is (T, M) or (T, B, M)."""
    def cut(a):
        return a.detach() if truncated else a

    def leaf(a):
        return torch.tensor(np.asarray(a), dtype=torch.float64, requires_grad=True)

    weights = {k: leaf(v) for k, v in params.items()}
    x, y0, c0 = leaf(x), leaf(y0), leaf(c0)
    gates = {k: leaf(v) for k, v in gates0.items()}
    if x.ndim == 2:
        y, c = outputs(name, weights, x, y0, c0, gates, cut)
    else:
        runs = [
            outputs(name, weights, x[:, b], y0[b], c0[b], {k: v[b] for k, v in gates.items()}, cut)
            for b in range(x.shape[1])
        ]
        y, c = torch.stack([r[0] for r in runs], 1), torch.stack([r[1] for r in runs])
    (torch.sum(torch.tensor(dy) * y) + torch.sum(torch.tensor(dc_last) * c)).backward()
    leaves = {**weights, "x": x, "y0": y0, "c0": c0} | {f"gate {k}": v for k, v in gates.items()}
    found = {k: torch.zeros_like(v) if v.grad is None else v.grad for k, v in leaves.items()}
    return y.detach().numpy(), {k: v.numpy() for k, v in found.items()}

"""How fast is a rule? Adam's and PowerSign's, by every engine, against torch's Adam.

    python benchmarks/rules.py

A step of the optimizer alone: gradients are there and stay. float32, one thread. The tensors are
those of a small ConvNet (25 thousand weights) and of an LSTM (a million). The peer is
`torch.optim.Adam` with `foreach`; `fused` is torch's own compiled Adam. All take turns in one
process; the tables show medians and their ratio to the peer. On a busy machine the ratios are
larger than on an idle one, since the peer reads and writes memory more often. The last table says
how long a rule takes until its first step is done: the machine is kept on disk, a generated loop is
made anew.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lstmlab.optimizers import Rule, RuleOptimizer
from lstmlab.results.turns import Work, in_turns

POWERSIGN = "g * exp(sign(g) * sign(m))"
ENGINES = ("generated", "machine", "foreach")
FRESH = ("adam * exp(m)", "clip(m, 1e-4) * exp(v)")


def models() -> Iterator[tuple[str, list[Tensor]]]:
    """Tensors to be trained, by the name of their model."""
    convnet = nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(16, 32, 3), nn.Linear(2048, 10))
    yield "ConvNet", list(convnet.parameters())
    yield "LSTM", list(nn.ModuleList([nn.LSTM(256, 400), nn.Linear(400, 10)]).parameters())


def copies(params: list[Tensor]) -> list[Tensor]:
    """Tensors of the same shapes, with gradients of their own."""
    made = [p.detach().clone().requires_grad_() for p in params]
    for p in made:
        p.grad = 0.01 * torch.randn_like(p)
    return made


def works(params: list[Tensor]) -> dict[str, Work]:
    """A step of each optimizer, each with weights of its own."""
    found: dict[str, Work] = {
        "torch foreach": torch.optim.Adam(copies(params), lr=1e-3, foreach=True).step,
        "torch fused": torch.optim.Adam(copies(params), lr=1e-3, fused=True).step,
    }
    for engine in ENGINES:
        found[engine] = RuleOptimizer(copies(params), "adam", 1e-3, engine=engine).step
    for engine in ENGINES:
        made = RuleOptimizer(copies(params), POWERSIGN, 1e-3, engine=engine)
        found[f"{engine}, PowerSign"] = made.step
    return found


def speed() -> None:
    """Print how long a step takes."""
    for name, params in models():
        size = sum(p.numel() for p in params)
        print(f"\n{name}: {size:,} weights in {len(params)} tensors")
        print("Adam's rule               µs a step   ratio to torch foreach (above 1: faster)")
        found = in_turns(works(params), turns=60, calls=20 if size < 1e5 else 4)
        for label, seconds in found.items():
            ratio = found["torch foreach"] / seconds
            print(f"{label:24}{1e6 * seconds:11.1f}{ratio:11.2f}")
        slower = found["machine"] / found["generated"]
        print(f"the machine takes {slower:.2f} times as long as generated code")


def first() -> None:
    """Print how long it takes until a rule's first step is done."""
    print("\nseconds until the first step of a rule that is new to this process")
    for engine in ENGINES:
        for rule in FRESH:
            params = copies([torch.zeros(1000)])
            began = time.perf_counter()
            RuleOptimizer(params, Rule.parse(rule), 1e-3, engine=engine).step()
            print(f"{engine:12}{rule:28}{time.perf_counter() - began:8.3f}")


def main() -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    speed()
    first()


if __name__ == "__main__":
    main()

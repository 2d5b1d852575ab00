"""How fast is CTC? The loss alone by every way there is, then whole updates by both engines.

    python benchmarks/ctc.py

The loss: T = 300 frames, K = 82 outputs, 30 labels, with its delta, float32 in and out, one thread.
The updates: 39 inputs and 100 blocks in each of two directions, the same T, K and labels, loss and
Nesterov update included. All take turns in one process; times are medians of turns.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from functools import partial

import numpy as np
import torch

from lstmlab.results.turns import in_turns
from lstmlab.training import Network, NumpyEngine, compiled_ctc, ctc
from lstmlab.training.compiled import CompiledEngine
from lstmlab.training.losses import ctc_by_torch

T, M, N, K, U = 300, 39, 100, 82, 30


def by_torch_in_float32(a: np.ndarray, l: np.ndarray) -> np.ndarray:
    """As a program in torch does it."""
    u = torch.from_numpy(a).requires_grad_(True)
    loss = torch.nn.functional.ctc_loss(
        u.log_softmax(1), torch.from_numpy(l)[None], [T], [U], reduction="sum"
    )
    loss.backward()
    return u.grad.numpy()


def main() -> None:
    """Print both tables."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    a, l = rng.standard_normal((T, K)).astype(np.float32), rng.integers(1, K, U)
    ways = {"compiled": compiled_ctc.ctc, "torch, float32": by_torch_in_float32,
            "torch, float64": ctc_by_torch, "NumPy": ctc.ctc}  # fmt: skip
    losses = {name: partial(way, a, l) for name, way in ways.items()}
    for name, seconds in in_turns(losses, turns=50, calls=1).items():
        print(f"CTC, {name:15}{1e3 * seconds:8.2f} ms")

    network = Network(M, N, K, loss="ctc", directions=2)
    params, x = network.init(rng), rng.standard_normal((T, M)).astype(np.float32)
    engines = {"compiled": CompiledEngine(network, params), "NumPy": NumpyEngine(network, params)}
    steps = {
        name: partial(engine.step, x, l, rate=1e-6, momentum=0.9)
        for name, engine in engines.items()
    }
    for name, seconds in in_turns(steps, turns=15, calls=1).items():
        print(f"update, {name:12}{1e3 * seconds:8.2f} ms")


if __name__ == "__main__":
    main()

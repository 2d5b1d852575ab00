"""How fast is one update? The NumPy engine against torch's LSTM.

    python benchmarks/training.py

One sequence per update, T = 61, 88 inputs and outputs, float32, one thread, loss and Nesterov
update included. The peer is `torch.nn.LSTM` (without peepholes) + `Linear` + autograd + `SGD` with
`foreach`. The two take turns in one process; the table shows medians and their ratio.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np

from lstmlab.results.turns import Work, in_turns
from lstmlab.training import Network, NumpyEngine

T, M = 61, 88
BLOCKS = (20, 64, 128, 200)


def ours(blocks: int, x: np.ndarray, target: np.ndarray) -> Work:
    """One update by the NumPy engine."""
    network = Network(M, blocks, M)
    engine = NumpyEngine(network, network.init(np.random.default_rng(0)))
    return lambda: engine.step(x, target, rate=1e-4, momentum=0.9)


def torchs(blocks: int, x: np.ndarray, target: np.ndarray) -> Work:
    """One update by torch."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    layer, output = nn.LSTM(M, blocks), nn.Linear(blocks, M)
    weights = [*layer.parameters(), *output.parameters()]
    sgd = torch.optim.SGD(weights, lr=1e-4, momentum=0.9, nesterov=True, foreach=True)
    x_t, target_t = torch.tensor(x), torch.tensor(target)

    def update() -> None:
        sgd.zero_grad(set_to_none=True)
        y, _ = layer(x_t)
        loss = nn.functional.binary_cross_entropy_with_logits(output(y), target_t, reduction="sum")
        loss.backward()
        sgd.step()

    return update


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    roll = (rng.random((T + 1, M)) < 0.045).astype(np.float32)
    x, target = roll[:-1], roll[1:]
    print("blocks   NumPy engine   torch nn.LSTM   ratio (above 1: NumPy is faster)")
    for blocks in BLOCKS:
        found = in_turns(
            {"ours": ours(blocks, x, target), "torch": torchs(blocks, x, target)}, calls=1
        )
        mine, theirs = found["ours"], found["torch"]
        print(f"{blocks:6}{1e3 * mine:12.2f} ms{1e3 * theirs:13.2f} ms{theirs / mine:8.2f}")


if __name__ == "__main__":
    main()
